#include "engine/preview.h"

#include "base/arena.h"
#include "engine/codec.h"
#include "engine/driver.h"
#include "engine/instant.h"
#include "engine/sales.h"
#include "engine/task.h"

#include <string.h>

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
	nt_driver_free(driver);
	nt_program_unref(only);
	return lead;
}

/* ---- which step sends it ---- */

static bool is(const struct nt_program *program, int channel, const char *name, const struct nt_preview *preview)
{
	return channel >= 0 && strcmp(program->channels[channel].name, preview->channel) == 0 &&
	       strcmp(name, preview->template_name) == 0;
}

static bool sends(const struct nt_program *program, const struct nt_step *step, const struct nt_preview *preview)
{
	switch (step->kind) {
	case NT_STEP_MESSAGE:
	case NT_STEP_TELL:
		return is(program, step->channel, step->name, preview);
	case NT_STEP_TASK:
		for (unsigned i = 0; i < step->n_ways; i++)
			if (is(program, step->ways[i], step->name, preview))
				return true;
		return false;
	case NT_STEP_FIRST_OF:
		for (unsigned i = 0; i < step->n_choices; i++)
			if (is(program, step->choices[i].channel, step->choices[i].name, preview))
				return true;
		return false;
	case NT_STEP_WEBHOOK:
		return strcmp(preview->channel, "webhook") == 0 && strcmp(step->name, preview->template_name) == 0;
	default:
		return false;
	}
}

/* The step as it sends this template on this channel; without one, a step that does nothing else. */
static struct nt_step find_step(const struct nt_program *program, const struct nt_preview *preview, int *campaign)
{
	struct nt_step step = { .kind = NT_STEP_MESSAGE, .identity = "preview", .parent = -1, .next = -1,
		                .then_first = -1, .else_first = -1 };

	*campaign = 0;
	for (unsigned c = 0; c < program->n_campaigns; c++)
		for (unsigned s = 0; s < program->campaigns[c].n_steps; s++)
			if (sends(program, &program->campaigns[c].steps[s], preview)) {
				step = program->campaigns[c].steps[s];
				*campaign = (int)c;
				c = program->n_campaigns - 1;
				break;
			}
	if (step.kind == NT_STEP_FIRST_OF)
		step.kind = NT_STEP_MESSAGE;
	if (step.kind != NT_STEP_WEBHOOK)
		step.channel = nt_program_channel(program, preview->channel);
	step.name = preview->template_name;
	return step;
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

/* The lead becomes ready in a queue of its own, and the message is what its rep is told then: on a channel by which
 * reps aren't told (yet), what they would be. */
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
	for (unsigned i = 0; i < effects.messages->len && found == NULL; i++) {
		struct nt_message *message = g_ptr_array_index(effects.messages, i);

		if (strcmp(message->template_name, preview->template_name) == 0)
			found = message;
	}
	if (found != NULL && strcmp(found->channel, preview->channel) != 0) {
		int rep = nt_program_rep(in->program, found->rep), channel = nt_program_channel(in->program,
		                                                                                preview->channel);
		bool calls = channel >= 0 && in->program->channels[channel].address_field == NT_FIELD_PHONE;

		found->channel = preview->channel;
		if (calls && rep >= 0 && rules->reps[rep].phone != NULL)
			found->address = rules->reps[rep].phone;
	}
	nt_sales_effects_clear(&effects);
	nt_sales_free(sales);
	return found;
}

static struct nt_message *told(struct nt_instant *in, struct nt_run *run, const struct nt_step *step)
{
	const struct nt_sales_rules *sales = &in->program->sales;
	int rep = in->lead->owner != NULL ? nt_program_rep(in->program, in->lead->owner) : -1;

	if (step->whom == NT_WHOM_REP)
		rep = step->who;
	else if (step->whom == NT_WHOM_TEAM && sales->teams[step->who].n_reps > 0)
		rep = sales->teams[step->who].reps[0];
	if (rep < 0 && sales->n_reps > 0)
		rep = 0;
	if (rep < 0)
		return NULL;
	return nt_message_new_rep(in, run, step, &sales->reps[rep], sales->reps[rep].email);
}

/* The lead gets the task, in a list of its own, and the message is what its owner is told then. */
static struct nt_message *given(struct nt_instant *in, struct nt_run *run, const struct nt_step *step)
{
	const struct nt_sales_rules *sales = &in->program->sales;
	struct nt_task_input input = { .verb = NT_TASKS_OPEN, .now = in->now };
	struct nt_tasks *tasks = nt_tasks_new(in->program);
	struct nt_message *found = NULL;
	struct nt_task_effects effects;
	struct nt_step one = *step;

	if (in->lead->owner == NULL || nt_program_rep(in->program, in->lead->owner) < 0)
		in->lead->owner = sales->reps[0].name; /* a rule set with tasks has reps */
	one.ways = &step->channel;
	one.n_ways = 1;
	nt_todo_open(in, run, &one);
	nt_task_effects_init(&effects, in->arena);
	for (const struct nt_effect *e = in->effects->first; e != NULL; e = e->next) {
		input.task = e->task;
		if (e->kind == NT_EFFECT_TASK)
			nt_tasks_step(tasks, &input, &effects);
	}
	if (effects.messages->len > 0)
		found = g_ptr_array_index(effects.messages, 0);
	nt_task_effects_clear(&effects);
	nt_tasks_free(tasks);
	return found;
}

struct nt_message *nt_preview_message(struct nt_lead *lead, const struct nt_preview *preview, nt_time now,
                                      const char **why)
{
	const struct nt_program *program = lead->program;
	struct nt_effects effects;
	struct nt_instant in = { .lead = lead, .arena = lead->arena, .program = program, .now = now, .clock = now,
		                 .effects = &effects, .until = NT_NEVER };
	struct nt_run run = { .key = "", .entry = 1, .entered = now, .entry_at = now, .anchor = now };
	struct nt_step step;

	nt_effects_init(&effects);
	in.raised_end = &in.raised;
	in.starts_end = &in.starts;
	*why = "no rep could be told";
	if (preview->locale != NULL)
		lead->fields[NT_FIELD_LOCALE] = NT_TEXT_VALUE(preview->locale);
	if (is_sales_tell(&program->sales, preview))
		return offered(&in, preview);
	if (program->n_campaigns == 0) {
		*why = "the rules have no campaign yet";
		return NULL;
	}
	step = find_step(program, preview, &run.campaign);
	if (step.kind == NT_STEP_TELL)
		return told(&in, &run, &step);
	if (step.kind == NT_STEP_TASK && step.channel >= 0)
		return given(&in, &run, &step);
	if (step.kind == NT_STEP_MESSAGE && step.channel < 0) {
		*why = "the rules know no such channel";
		return NULL;
	}
	return nt_message_new(&in, &run, &step);
}
