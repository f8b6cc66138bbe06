#include "engine/turn.h"

#include "base/arena.h"

static void put_row(struct nt_batch *turn, const char *id)
{
	const struct nt_task *task = nt_tasks_peek(turn->engine->tasks, id);
	GString *bytes = turn->engine->scratch;

	g_string_truncate(bytes, 0);
	if (task != NULL)
		nt_task_encode(task, bytes);
	nt_turn_ok(turn, turn->store->ops->subject_put(turn->store, NT_SUBJECT_TASK, id,
	                                               task != NULL ? task->lead : NULL,
	                                               task != NULL ? bytes->str : NULL, bytes->len));
}

/* What the lead's rules may go by is a step of its own; the rest is told to its timeline. */
static void tell_lead(struct nt_batch *turn, const struct nt_task_note *note, const char *cause)
{
	struct nt_turn_lead *tl = nt_turn_lead(turn, note->lead);
	GString *body = turn->engine->scratch;
	struct nt_input *input;

	if (turn->code != NT_STORE_OK || tl->lead == NULL || !tl->lead->exists)
		return;
	if (!note->done && turn->engine->options.dry)
		return;
	if (!note->done) {
		g_string_truncate(body, 0);
		nt_log_body_task(note, body);
		nt_turn_log(turn, tl, note->at, body->str);
		return;
	}
	input = nt_arena_new0(turn->arena, struct nt_input);
	*input = (struct nt_input){ .kind = NT_INPUT_TASK, .now = note->at, .clock = turn->now, .cause = cause };
	input->task.template_name = note->template_name;
	input->task.campaign = note->campaign;
	input->task.key = note->key;
	input->task.step = note->step;
	input->task.rep = note->rep;
	turn->counters.tasks_done++;
	nt_turn_step(turn, tl, input);
}

static enum nt_task_answer step(struct nt_batch *turn, const struct nt_task_input *input, const char *cause)
{
	struct nt_task_effects effects;
	enum nt_task_answer answer;

	if (turn->code != NT_STORE_OK)
		return NT_TASKS_UNKNOWN;
	nt_task_effects_init(&effects, turn->arena);
	answer = nt_tasks_step(turn->engine->tasks, input, &effects);
	for (unsigned i = 0; i < effects.changed->len && turn->code == NT_STORE_OK; i++)
		put_row(turn, effects.changed->pdata[i]);
	for (unsigned i = 0; i < effects.notes->len && turn->code == NT_STORE_OK; i++)
		tell_lead(turn, &g_array_index(effects.notes, struct nt_task_note, i), cause);
	for (unsigned i = 0; i < effects.messages->len && turn->code == NT_STORE_OK; i++)
		nt_turn_tell(turn, effects.messages->pdata[i]);
	nt_task_effects_clear(&effects);
	return answer;
}

enum nt_task_answer nt_turn_tasks_step(struct nt_batch *turn, const struct nt_task_input *input)
{
	return step(turn, input, NULL);
}

void nt_turn_tasks(struct nt_batch *turn)
{
	while (turn->tasks->len > 0 && turn->code == NT_STORE_OK) {
		GArray *inputs = g_array_copy(turn->tasks);

		g_array_set_size(turn->tasks, 0);
		for (unsigned i = 0; i < inputs->len && turn->code == NT_STORE_OK; i++) {
			struct nt_task_input input = g_array_index(inputs, struct nt_task_input, i);

			nt_turn_tasks_timers(turn, input.now - 1);
			input.now = turn->now; /* people are told now, however late a timer ran */
			step(turn, &input, NULL);
		}
		g_array_unref(inputs);
	}
}

void nt_turn_tasks_timers(struct nt_batch *turn, nt_time until)
{
	struct nt_task_input input = { .verb = NT_TASKS_TIMER, .now = turn->now };

	while (nt_tasks_due(turn->engine->tasks) <= until && turn->code == NT_STORE_OK) {
		step(turn, &input, NULL);
		nt_turn_sales(turn);
	}
}

void nt_request_task(struct nt_batch *turn, struct nt_request *request)
{
	static const enum nt_answer_code codes[] = {
		[NT_TASKS_DONE] = NT_ANSWER_OK,         [NT_TASKS_UNKNOWN] = NT_ANSWER_NOT_FOUND,
		[NT_TASKS_ALREADY] = NT_ANSWER_DUPLICATE, [NT_TASKS_CLOSED] = NT_ANSWER_CONFLICT,
		[NT_TASKS_BAD_REP] = NT_ANSWER_INVALID, [NT_TASKS_NOT_YOURS] = NT_ANSWER_CONFLICT,
	};
	struct nt_task_input input = { .verb = NT_TASKS_DO, .now = turn->now, .id = request->task,
		                       .rep = request->rep, .only_theirs = request->only_theirs };
	enum nt_task_answer answer;

	if (request->task == NULL) {
		nt_request_refuse(request, NT_ANSWER_INVALID, "task", "task: is missing");
		return;
	}
	nt_turn_sales(turn);
	answer = step(turn, &input, request->cause);
	nt_turn_sales(turn);
	if (answer != NT_TASKS_DONE)
		nt_request_refuse(request, codes[answer], answer == NT_TASKS_BAD_REP ? "rep" : NULL, "%s",
		                  nt_task_answer_text(answer));
}

struct restoring {
	struct nt_tasks *tasks;
	bool ok;
};

static void restore(void *context, const char *id, const char *lead, const void *bytes, size_t length)
{
	struct restoring *r = context;

	(void)id;
	(void)lead;
	r->ok &= nt_tasks_restore(r->tasks, bytes, length);
}

bool nt_tasks_reread(struct nt_engine *engine, const char **why)
{
	struct restoring r = { nt_tasks_new(engine->program), true };

	*why = NULL;
	if (engine->store->ops->subject_each(engine->store, NT_SUBJECT_TASK, NULL, restore, &r) != NT_STORE_OK)
		*why = engine->store->ops->error(engine->store);
	else if (!r.ok)
		*why = "a row of the tasks is damaged";
	nt_tasks_free(engine->tasks);
	engine->tasks = r.tasks;
	return *why == NULL;
}
