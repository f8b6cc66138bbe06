#include "engine/preview.h"

#include "base/arena.h"
#include "engine/announce.h"
#include "engine/codec.h"
#include "engine/driver.h"
#include "engine/instant.h"
#include "engine/rep.h"
#include "engine/sales.h"
#include "engine/task.h"

#include <string.h>

#define AWARDS 3u

/* As if it had just done some of what brings points: a rep reads why the score is what it is. */
static void earn(struct nt_lead *lead, nt_time now)
{
	const struct nt_program *program = lead->program;
	struct nt_effects effects;
	struct nt_instant in = { .lead = lead, .arena = lead->arena, .program = program, .now = now, .clock = now,
		                 .effects = &effects, .until = NT_NEVER };

	nt_effects_init(&effects);
	in.raised_end = &in.raised;
	for (unsigned i = 0, n = 0; i < program->n_engagement && n < AWARDS; i++) {
		const struct nt_points_rule *rule = &program->engagement[i];

		if (rule->points_expr != NULL || rule->points <= 0)
			continue;
		nt_points_award(&in, rule->points, now,
		                rule->reason != NULL ? rule->reason : program->events[rule->event].name);
		n++;
	}
	nt_points_refresh(&in);
}

struct nt_lead *nt_preview_lead(struct nt_arena *arena, struct nt_program *program, const char *id,
                                const struct nt_json *fields, nt_time now, const char **why)
{
	struct nt_request request = { .arena = arena, .kind = NT_REQUEST_INPUT, .input_kind = NT_INPUT_FIELDS,
		                      .lead = id, .json = fields, .source = "preview" };
	struct nt_program *only = nt_program_only(program, NULL, 0);
	struct nt_driver *driver = nt_driver_new(only, now, NULL, why);
	struct nt_lead *lead = NULL;
	struct nt_blob blob;
	struct nt_store *store;

	if (driver == NULL) {
		nt_program_unref(only);
		return NULL;
	}
	nt_driver_post(driver, now, &request);
	store = nt_driver_store(driver);
	*why = request.message_text != NULL ? nt_arena_strdup(arena, request.message_text) : "it can't be made";
	if (request.code == NT_ANSWER_OK && store->ops->load(store, arena, &id, 1, &blob) == NT_STORE_OK)
		lead = nt_lead_decode(arena, program, id, blob.bytes, blob.length, why);
	if (lead != NULL)
		earn(lead, now);
	nt_driver_free(driver);
	nt_program_unref(only);
	return lead;
}

/* ---- which step sends it ---- */

struct sought {
	const char *name; /* of a template */
	int channel;      /* -1: by whichever */
};

static bool is(int channel, const char *name, const struct sought *sought)
{
	return channel >= 0 && (sought->channel < 0 || channel == sought->channel) && strcmp(name, sought->name) == 0;
}

static bool is_to_lead(const struct nt_step *step, const struct sought *sought)
{
	if (step->kind == NT_STEP_MESSAGE)
		return is(step->channel, step->name, sought);
	for (unsigned i = 0; i < step->n_choices; i++)
		if (is(step->choices[i].channel, step->choices[i].name, sought))
			return true;
	return false;
}

static bool is_to_rep(const struct nt_step *step, const struct sought *sought)
{
	if (step->kind == NT_STEP_TELL)
		return is(step->channel, step->name, sought);
	for (unsigned i = 0; step->kind == NT_STEP_TASK && i < step->n_ways; i++)
		if (is(step->ways[i], step->name, sought))
			return true;
	return false;
}

static bool is_webhook(const struct nt_step *step, const struct sought *sought)
{
	return step->kind == NT_STEP_WEBHOOK && strcmp(step->name, sought->name) == 0;
}

/* The first of all campaigns; NULL: none. */
static const struct nt_step *find_step(const struct nt_program *program, const struct sought *sought,
                                       bool (*is_it)(const struct nt_step *step, const struct sought *sought),
                                       int *campaign)
{
	for (unsigned c = 0; c < program->n_campaigns; c++)
		for (unsigned s = 0; s < program->campaigns[c].n_steps; s++)
			if (is_it(&program->campaigns[c].steps[s], sought)) {
				*campaign = (int)c;
				return &program->campaigns[c].steps[s];
			}
	return NULL;
}

static const struct nt_announcement *find_announcement(const struct nt_program *program, const struct sought *sought)
{
	for (unsigned i = 0; i < program->n_announcements; i++)
		if (is(program->announcements[i].channel, program->announcements[i].template_name, sought))
			return &program->announcements[i];
	return NULL;
}

/* ---- for our own people ---- */

/* By one of its channels at least. */
static bool is_sales_tell(const struct nt_sales_rules *sales, const struct nt_preview *preview)
{
	for (unsigned i = 0; i < sales->n_tell; i++)
		if (strcmp(sales->tell[i].template, preview->template_name) == 0)
			return true;
	return false;
}

/* Reps aren't told by this channel (yet): what they would be. */
static void change_channel(const struct nt_program *program, struct nt_message *message, const char *channel)
{
	int rep = nt_program_rep(program, message->rep);
	const char *address = rep >= 0 ? nt_rep_address(program, &program->sales.reps[rep], channel) : NULL;

	if (strcmp(message->channel, channel) == 0)
		return;
	message->channel = channel;
	message->address = address != NULL ? address : "";
}

/* The lead becomes ready in a queue of its own, and the message is what its rep is told then. */
static struct nt_message *offered(struct nt_instant *in, const struct nt_preview *preview)
{
	const struct nt_sales_rules *rules = &in->program->sales;
	struct nt_sales *sales = nt_sales_new(in->program);
	struct nt_message *found = NULL;
	struct nt_sales_effects effects;

	nt_handoff_ready(in, rules->n_ready > 0 ? rules->ready[0].reason : "asked for a call", NULL);
	nt_sales_effects_init(&effects, in->arena);
	for (const struct nt_effect *e = in->effects->first; e != NULL; e = e->next)
		if (e->kind == NT_EFFECT_READY)
			nt_sales_step(sales,
			              &(struct nt_sales_input){ .verb = NT_SALES_READY, .now = in->now,
			                                        .lead = in->lead->id, .ready = e->ready },
			              &effects);
	for (unsigned i = 0; i < effects.messages->len; i++) {
		struct nt_message *message = g_ptr_array_index(effects.messages, i);
		bool fits = strcmp(message->channel, preview->channel) == 0;

		if (strcmp(message->template_name, preview->template_name) == 0 && (found == NULL || fits))
			found = message;
		if (found == message && fits)
			break;
	}
	nt_sales_effects_clear(&effects);
	nt_sales_free(sales);
	return found;
}

static int rep_of_team(const struct nt_program *program, const struct nt_team *team, const char *channel)
{
	for (unsigned i = 0; i < team->n_reps; i++)
		if (nt_rep_address(program, &program->sales.reps[team->reps[i]], channel) != NULL)
			return team->reps[i];
	return team->n_reps > 0 ? team->reps[0] : -1;
}

static int manager_of(struct nt_instant *in)
{
	const struct nt_sales_rules *sales = &in->program->sales;
	int team = nt_tell_route(in);

	if (team >= 0 && sales->teams[team].manager >= 0)
		return sales->teams[team].manager;
	for (unsigned i = 0; i < sales->n_teams; i++)
		if (sales->teams[i].manager >= 0)
			return sales->teams[i].manager;
	return -1;
}

/* An invented lead has no owner: then any rep. */
static struct nt_message *told(struct nt_instant *in, struct nt_run *run, const struct nt_step *step)
{
	const struct nt_sales_rules *sales = &in->program->sales;
	const char *channel = in->program->channels[step->channel].name, *address;
	int rep = in->lead->owner != NULL ? nt_program_rep(in->program, in->lead->owner) : -1;

	if (step->whom == NT_WHOM_REP)
		rep = step->who;
	else if (step->whom == NT_WHOM_TEAM)
		rep = rep_of_team(in->program, &sales->teams[step->who], channel);
	else if (step->whom == NT_WHOM_MANAGER)
		rep = manager_of(in);
	if (rep < 0 && sales->n_reps > 0)
		rep = 0;
	if (rep < 0)
		return NULL;
	address = nt_rep_address(in->program, &sales->reps[rep], channel);
	return nt_message_new_rep(in, run, step, &sales->reps[rep], address != NULL ? address : "");
}

/* The lead gets the task, in a list of its own, and the message is what its owner is told then. */
static struct nt_message *given(struct nt_instant *in, struct nt_run *run, const struct nt_step *step,
                                const struct nt_preview *preview)
{
	const struct nt_sales_rules *sales = &in->program->sales;
	struct nt_task_input input = { .verb = NT_TASKS_OPEN, .now = in->now };
	struct nt_tasks *tasks = nt_tasks_new(in->program);
	struct nt_message *found = NULL;
	struct nt_task_effects effects;

	if (in->lead->owner == NULL || nt_program_rep(in->program, in->lead->owner) < 0)
		in->lead->owner = sales->reps[0].name; /* a rule set with tasks has reps */
	nt_todo_open(in, run, step);
	nt_task_effects_init(&effects, in->arena);
	for (const struct nt_effect *e = in->effects->first; e != NULL; e = e->next) {
		input.task = e->task;
		if (e->kind == NT_EFFECT_TASK)
			nt_tasks_step(tasks, &input, &effects);
	}
	for (unsigned i = 0; i < effects.messages->len; i++) {
		struct nt_message *message = g_ptr_array_index(effects.messages, i);

		if (found == NULL || strcmp(message->channel, preview->channel) == 0)
			found = message;
	}
	nt_task_effects_clear(&effects);
	nt_tasks_free(tasks);
	return found;
}

static struct nt_message *to_rep(struct nt_instant *in, struct nt_run *run, const struct sought *sought,
                                 const struct nt_preview *preview)
{
	const struct nt_announcement *announcement = find_announcement(in->program, sought);
	const struct nt_step *step = find_step(in->program, sought, is_to_rep, &run->campaign);

	if (announcement != NULL)
		return nt_announcement_message(in->program, announcement, in->now, in->arena);
	return step->kind == NT_STEP_TELL ? told(in, run, step) : given(in, run, step, preview);
}

static bool is_for_reps(const struct nt_program *program, const struct sought *sought)
{
	int campaign;

	return find_announcement(program, sought) != NULL || find_step(program, sought, is_to_rep, &campaign) != NULL;
}

/* ---- for leads ---- */

/* As the step sends it; without one, as a step that does nothing else. */
static struct nt_message *to_lead(struct nt_instant *in, struct nt_run *run, const struct sought *sought,
                                  bool webhook, const char **why)
{
	const struct nt_step *found = find_step(in->program, sought, webhook ? is_webhook : is_to_lead, &run->campaign);
	struct nt_step step = { .kind = webhook ? NT_STEP_WEBHOOK : NT_STEP_MESSAGE, .identity = "preview",
		                .parent = -1, .next = -1, .then_first = -1, .else_first = -1 };

	if (found != NULL)
		step = *found;
	if (step.kind == NT_STEP_FIRST_OF)
		step.kind = NT_STEP_MESSAGE;
	if (!webhook)
		step.channel = sought->channel;
	step.name = sought->name;
	if (!webhook && step.channel < 0)
		*why = "the rules know no such channel";
	else if (in->program->n_campaigns == 0)
		*why = "the rules have no campaign yet";
	else
		return nt_message_new(in, run, &step);
	return NULL;
}

/* ---- the whole ---- */

struct nt_message *nt_preview_message(struct nt_lead *lead, const struct nt_preview *preview, nt_time now,
                                      const char **why)
{
	const struct nt_program *program = lead->program;
	struct nt_effects effects;
	struct nt_instant in = { .lead = lead, .arena = lead->arena, .program = program, .now = now, .clock = now,
		                 .effects = &effects, .until = NT_NEVER };
	struct nt_run run = { .key = "", .entry = 1, .entered = now, .entry_at = now, .anchor = now };
	struct sought sought = { preview->template_name, nt_program_channel(program, preview->channel) };
	struct sought by_any = { preview->template_name, -1 };
	struct nt_message *message;
	bool webhook = strcmp(preview->channel, "webhook") == 0;
	int campaign;

	nt_effects_init(&effects);
	in.raised_end = &in.raised;
	in.starts_end = &in.starts;
	*why = "no rep could be told";
	if (preview->locale != NULL)
		lead->fields[NT_FIELD_LOCALE] = NT_TEXT_VALUE(preview->locale);
	if (is_sales_tell(&program->sales, preview))
		message = offered(&in, preview);
	else if (webhook || (sought.channel >= 0 && find_step(program, &sought, is_to_lead, &campaign) != NULL))
		return to_lead(&in, &run, &sought, webhook, why);
	else if (sought.channel >= 0 && is_for_reps(program, &sought))
		message = to_rep(&in, &run, &sought, preview);
	else if (find_step(program, &by_any, is_to_lead, &campaign) == NULL && is_for_reps(program, &by_any))
		message = to_rep(&in, &run, &by_any, preview);
	else
		return to_lead(&in, &run, &sought, false, why);
	if (message != NULL)
		change_channel(program, message, preview->channel);
	return message;
}
