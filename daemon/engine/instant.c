#include "engine/instant.h"

#include "base/arena.h"

#include <string.h>

#define INSTANTS_AT_ONCE 100000 /* a step catches up with so many; the rest is due at once */

void nt_effects_init(struct nt_effects *effects)
{
	effects->first = NULL;
	effects->last = &effects->first;
	effects->n = 0;
	effects->evaluations = 0;
}

struct nt_effect *nt_instant_effect(struct nt_instant *in, enum nt_effect_kind kind, const char *what,
                                    const char *detail)
{
	struct nt_effect *effect = nt_arena_new0(in->arena, struct nt_effect);

	effect->kind = kind;
	effect->at = in->now;
	effect->what = what;
	effect->detail = detail;
	*in->effects->last = effect;
	in->effects->last = &effect->next;
	in->effects->n++;
	return effect;
}

struct nt_effect *nt_instant_note(struct nt_instant *in, const struct nt_run *run, const char *what, const char *detail)
{
	struct nt_effect *effect = nt_instant_effect(in, NT_EFFECT_NOTE, what, detail);

	if (run != NULL) {
		const struct nt_campaign *campaign = &in->program->campaigns[run->campaign];

		effect->campaign = campaign->name;
		effect->key = run->key;
		effect->step = run->step >= 0 ? campaign->steps[run->step].identity : NULL;
	}
	return effect;
}

void nt_instant_offer(struct nt_instant *in, const struct nt_event *event)
{
	struct nt_raised *raised = nt_arena_new0(in->arena, struct nt_raised);

	raised->event = event;
	raised->number = ++in->number;
	*in->raised_end = raised;
	in->raised_end = &raised->next;
}

void nt_instant_raise(struct nt_instant *in, const char *name, const struct nt_property_value *properties, unsigned n)
{
	struct nt_event *event = nt_arena_new0(in->arena, struct nt_event);
	struct nt_property_value *kept = nt_arena_array(in->arena, struct nt_property_value, n);
	unsigned i;

	event->name = name;
	event->type = nt_program_event(in->program, name);
	event->at = in->now;
	event->properties = kept;
	for (i = 0; i < n; i++)
		if (properties[i].value.type != NT_TYPE_NONE &&
		    !(nt_type_is_text(properties[i].value.type) && properties[i].value.text == NULL))
			kept[event->n_properties++] = properties[i];
	nt_instant_offer(in, event);
}

bool nt_instant_holds(struct nt_instant *in, const struct nt_expr *condition, const struct nt_run *run,
                      const struct nt_event *event, bool watch)
{
	struct nt_eval_context context = { .lead = in->lead, .now = in->now, .event = event, .run = run };

	if (condition == NULL)
		return true;
	in->effects->evaluations++;
	return nt_holds(condition, &context, watch ? &in->until : NULL);
}

void nt_instant_start(struct nt_instant *in, int campaign, const char *key, const char *why)
{
	struct nt_start *start;

	if (campaign < 0 || (unsigned)campaign >= in->program->n_campaigns)
		return;
	start = nt_arena_new0(in->arena, struct nt_start);
	start->campaign = campaign;
	start->key = key != NULL ? key : "";
	start->why = why;
	*in->starts_end = start;
	in->starts_end = &start->next;
	in->changed = true;
}

/* Watchers whose campaign takes in those for whom it is true already. */
static void find_existing(const struct nt_program *program, bool *existing)
{
	unsigned i, k;

	for (i = 0; i < program->n_campaigns; i++)
		for (k = 0; k < program->campaigns[i].n_enter; k++) {
			const struct nt_enter *enter = &program->campaigns[i].enter[k];

			if (enter->kind == NT_ENTER_WHEN && enter->existing && enter->watcher >= 0)
				existing[enter->watcher] = true;
		}
}

/* A watcher that was there before the load and turns at its very instant does so in time, not by what was loaded. */
static bool held_before(const struct nt_instant *in, const struct nt_expr *condition)
{
	struct nt_eval_context context = { .lead = in->lead, .now = in->now - 1 };

	return nt_holds(condition, &context, NULL);
}

static void ask_watchers(struct nt_instant *in)
{
	struct nt_lead *lead = in->lead;
	const struct nt_program *program = in->program;
	bool *existing = NULL;
	unsigned i;

	if (in->loading) {
		existing = nt_arena_array(in->arena, bool, program->n_watchers);
		find_existing(program, existing);
	}
	for (i = 0; i < program->n_watchers; i++) {
		bool holds = nt_instant_holds(in, program->watchers[i].condition, NULL, NULL, true);
		bool fires = holds && !lead->watchers[i];

		if (in->loading)
			fires = fires && (existing[i] || (lead->watchers_known[i] &&
			                                  !held_before(in, program->watchers[i].condition)));
		else
			fires = fires && lead->watchers_known[i];
		in->fired[i] = fires && !in->has_fired[i];
		in->has_fired[i] |= in->fired[i];
		lead->watchers[i] = holds;
		lead->watchers_known[i] = true;
	}
	in->loading = false;
}

static void take_recycles(struct nt_instant *in)
{
	struct nt_recycle **link = &in->lead->recycles;

	while (*link != NULL) {
		struct nt_recycle *recycle = *link;

		if (recycle->due > in->now) {
			link = &recycle->next;
			continue;
		}
		*link = recycle->next;
		nt_instant_start(in, recycle->campaign, "", "sent back by sales");
	}
}

static void pass(struct nt_instant *in)
{
	const struct nt_raised *raised;

	in->until = NT_NEVER;
	in->changed = false;
	in->offered = in->raised;
	in->raised = NULL;
	in->raised_end = &in->raised;
	for (raised = in->offered; raised != NULL; raised = raised->next) {
		nt_happen_record(in, raised->event);
		nt_points_earn(in, raised->event);
	}
	nt_points_refresh(in);
	ask_watchers(in);
	if (in->timers)
		take_recycles(in);
	nt_run_leave(in);
	nt_run_pass(in);
	nt_run_enter(in);
	nt_handoff_pass(in);
}

/* Something other than a message that was due before or is due now. */
static bool has_due(const struct nt_instant *in)
{
	const struct nt_recycle *recycle;
	const struct nt_run *run;

	for (recycle = in->lead->recycles; recycle != NULL; recycle = recycle->next)
		if (recycle->due <= in->now)
			return true;
	for (run = in->lead->runs; run != NULL; run = run->next)
		if (run->due <= in->now && run->step >= 0 &&
		    nt_wait_is(in->program->campaigns[run->campaign].steps[run->step].kind))
			return true;
	return nt_occasion_is_due(in);
}

static void settle(struct nt_instant *in)
{
	for (;;) {
		if (++in->passes > NT_INSTANT_PASSES) {
			nt_instant_note(in, NULL, "stopped", "rules that start each other without end");
			return;
		}
		pass(in);
		if (in->changed || in->raised != NULL)
			continue;
		if (!in->timers) {
			in->timers = true;
			if (has_due(in))
				continue;
		}
		if (!nt_gate_open(in))
			return;
	}
}

/* Runs whose due has come and that are still there are held by a pause: its end is in `until`, and a message's
 * patience may end before. */
static nt_time next_due(struct nt_instant *in)
{
	nt_time due = nt_time_earlier(nt_time_earlier(in->until, nt_points_next_level(in)), nt_occasion_due(in));
	const struct nt_recycle *recycle;
	const struct nt_run *run;

	for (run = in->lead->runs; run != NULL; run = run->next) {
		if (run->due > in->now)
			due = nt_time_earlier(due, run->due);
		else
			due = nt_time_earlier(due, nt_gate_give_up(in->lead, run));
	}
	for (recycle = in->lead->recycles; recycle != NULL; recycle = recycle->next)
		due = nt_time_earlier(due, recycle->due);
	return nt_time_later(due, in->now + 1);
}

static void erase(struct nt_instant *in)
{
	struct nt_lead *lead = in->lead;

	nt_pending_cancel(in, -1, NULL, -1, false, "the lead was erased");
	nt_instant_effect(in, NT_EFFECT_WITHDRAW, "lead.erased", in->cause);
	lead->exists = false;
	lead->runs = NULL;
	lead->recycles = NULL;
	lead->pending = NULL;
}

static void offer_input(struct nt_instant *in, const struct nt_event *given)
{
	struct nt_event *event = nt_arena_copy(in->arena, given, sizeof *given);

	nt_change_create(in);
	event->at = CLAMP(event->at, NT_TIME_MIN, in->now);
	nt_instant_offer(in, event);
}

static void apply(struct nt_instant *in, const struct nt_input *input)
{
	switch (input->kind) {
	case NT_INPUT_EVENT:
		offer_input(in, &input->event);
		break;
	case NT_INPUT_FIELDS:
		nt_change_fields(in, input);
		break;
	case NT_INPUT_TIMER:
		in->timers = true;
		break;
	case NT_INPUT_OUTCOME:
		nt_outcome_apply(in, input);
		break;
	case NT_INPUT_CONSENT:
		nt_change_create(in);
		nt_consent_apply(in, input->consent.channel, input->consent.given, input->consent.how,
		                 input->consent.from);
		break;
	case NT_INPUT_START:
		nt_instant_start(in, input->start.campaign, input->start.key, "by hand");
		break;
	case NT_INPUT_STOP:
		nt_run_stop(in, input->start.campaign, input->start.key);
		break;
	case NT_INPUT_OWNER:
		nt_assign_apply(in, input);
		break;
	case NT_INPUT_HANDOFF:
		nt_handoff_apply(in, input);
		break;
	case NT_INPUT_TASK:
		nt_todo_apply(in, input);
		break;
	case NT_INPUT_LOAD:
		in->loading = true;
		break;
	case NT_INPUT_ERASE:
		erase(in);
		break;
	}
}

static bool creates(const struct nt_input *input)
{
	return input != NULL && (input->kind == NT_INPUT_EVENT || input->kind == NT_INPUT_FIELDS ||
	                         input->kind == NT_INPUT_CONSENT);
}

/* Sales, tasks and the outbox answer what a step asked of them: to the lead it is one instant if the clock says so,
 * else campaigns could start each other by such answers without end. What people do of it (clicks, replies) is new. */
static bool follows(const struct nt_input *input)
{
	if (input == NULL)
		return false;
	if (input->kind == NT_INPUT_OUTCOME)
		return input->outcome.outcome == NT_OUTCOME_SENT || input->outcome.outcome == NT_OUTCOME_FAILED;
	return input->kind == NT_INPUT_OWNER || input->kind == NT_INPUT_HANDOFF || input->kind == NT_INPUT_TASK;
}

static void run_instant(struct nt_lead *lead, nt_time now, nt_time clock, const struct nt_input *input,
                        struct nt_effects *effects)
{
	const struct nt_program *program = lead->program;
	struct nt_instant in = {
		.lead = lead, .arena = lead->arena, .program = program, .now = now, .clock = clock, .effects = effects,
		.cause = input != NULL ? input->cause : NULL, .until = NT_NEVER, .timers = input == NULL,
		.follows = follows(input),
	};
	nt_time last = lead->last;
	struct nt_run *run;

	lead->last = now;
	lead->due = NT_NEVER;
	if (!lead->exists && !creates(input))
		return;
	in.raised_end = &in.raised;
	in.starts_end = &in.starts;
	in.fired = nt_arena_array(lead->arena, bool, program->n_watchers * 2 + program->n_levels);
	in.has_fired = in.fired + program->n_watchers;
	in.levels = in.has_fired + program->n_watchers;
	for (run = lead->runs; run != NULL; run = run->next)
		run->stood = run->waits = 0;
	nt_occasion_begin(&in, last, input != NULL && input->kind == NT_INPUT_LOAD);
	if (input != NULL)
		apply(&in, input);
	if (!lead->exists)
		return;
	settle(&in);
	lead->due = next_due(&in);
}

void nt_instant_timers(struct nt_lead *lead, nt_time until, nt_time clock, struct nt_effects *effects)
{
	unsigned i;

	for (i = 0; i < INSTANTS_AT_ONCE && lead->exists && lead->due < until; i++)
		run_instant(lead, nt_time_later(lead->due, lead->last), clock, NULL, effects);
}

void nt_step(struct nt_lead *lead, const struct nt_input *input, struct nt_effects *effects)
{
	nt_time now = nt_time_earlier(nt_time_later(input->now, lead->last), NT_TIME_MAX);
	nt_time clock = nt_time_later(input->clock, now);

	memcpy(lead->program_hash, lead->program->hash, sizeof lead->program_hash);
	nt_instant_timers(lead, now, clock, effects);
	lead->sequence++;
	run_instant(lead, now, clock, input, effects);
	if (input->kind == NT_INPUT_TIMER)
		nt_instant_timers(lead, clock + 1, clock, effects);
}
