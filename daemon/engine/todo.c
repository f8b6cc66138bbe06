/* Tasks, as the lead's steps see them: opened, withdrawn with their run, done (I.6). The rest is task.h's. */
#include "engine/instant.h"

#include "base/arena.h"
#include "base/civil.h"

static const char *const *channels_of(struct nt_instant *in, const struct nt_step *step)
{
	const char **names = nt_arena_array(in->arena, const char *, step->n_ways + 1);
	unsigned i;

	for (i = 0; i < step->n_ways; i++)
		names[i] = in->program->channels[step->ways[i]].name;
	return names;
}

static struct nt_task_effect *about(struct nt_instant *in, const struct nt_run *run)
{
	struct nt_task_effect *task = nt_arena_new0(in->arena, struct nt_task_effect);

	task->lead = in->lead->id;
	task->campaign = in->program->campaigns[run->campaign].name;
	task->key = run->key;
	task->entry = run->entry;
	return task;
}

void nt_todo_open(struct nt_instant *in, struct nt_run *run, const struct nt_step *step)
{
	struct nt_task_effect *task = about(in, run);
	struct nt_effect *effect;
	int team = nt_tell_route(in);

	run->released++; /* its id is its own */
	task->id = nt_message_make_id(in, run, step);
	task->step = step->identity;
	task->template_name = step->name;
	task->channels = channels_of(in, step);
	task->owner = in->lead->owner;
	task->team = team >= 0 ? in->program->sales.teams[team].name : NULL;
	task->title = nt_handoff_title(in);
	task->values = in->lead->dry ? "" : nt_message_run_values(in, run);
	task->opened = in->now;
	task->due = nt_time_plus(in->lead->zone, in->now, step->duration);
	effect = nt_instant_note(in, run, "task.opened", step->name);
	effect->kind = NT_EFFECT_TASK;
	effect->task = task;
}

static bool has_tasks(const struct nt_campaign *campaign)
{
	unsigned i;

	for (i = 0; i < campaign->n_steps; i++)
		if (campaign->steps[i].kind == NT_STEP_TASK)
			return true;
	return false;
}

/* Nothing in the log says so: each task that goes has a line of its own. */
void nt_todo_end(struct nt_instant *in, const struct nt_run *run, const char *why)
{
	if (has_tasks(&in->program->campaigns[run->campaign]))
		nt_instant_effect(in, NT_EFFECT_TASKS_END, "tasks.end", why)->task = about(in, run);
}

void nt_todo_apply(struct nt_instant *in, const struct nt_input *input)
{
	const char *template_name = nt_arena_strdup(in->arena, input->task.template_name);
	const char *campaign = nt_arena_strdup(in->arena, input->task.campaign);
	const char *key = nt_arena_strdup(in->arena, input->task.key);
	const char *rep = nt_arena_strdup(in->arena, input->task.rep);
	struct nt_property_value properties[] = {
		{ "template", NT_TEXT_VALUE(template_name) },
		{ "campaign", NT_TEXT_VALUE(campaign) },
		{ "key", NT_TEXT_VALUE(key != NULL && key[0] != '\0' ? key : NULL) },
		{ "rep", NT_TEXT_VALUE(rep) },
	};
	struct nt_effect *effect;

	effect = nt_instant_note(in, NULL, "task.done", nt_arena_printf(in->arena, "%s: %s%s", template_name,
	                                                                rep != NULL ? "by " : "by hand",
	                                                                rep != NULL ? rep : ""));
	effect->campaign = campaign;
	effect->key = key;
	effect->step = nt_arena_strdup(in->arena, input->task.step);
	nt_instant_raise(in, "task.done", properties, G_N_ELEMENTS(properties));
}
