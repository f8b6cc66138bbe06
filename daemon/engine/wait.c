/* Waits: for how long, until when, for what (I.6, II.1, II.4-II.6). */
#include "engine/instant.h"

#include "base/arena.h"
#include "base/civil.h"
#include "base/window.h"

bool nt_wait_is(enum nt_step_kind kind)
{
	switch (kind) {
	case NT_STEP_WAIT:
	case NT_STEP_WAIT_CLOCK:
	case NT_STEP_WAIT_WINDOW:
	case NT_STEP_WAIT_TIME:
	case NT_STEP_WAIT_CONDITION:
	case NT_STEP_WAIT_FOR:
	case NT_STEP_SCHEDULE:
		return true;
	default:
		return false;
	}
}

static const struct nt_step *step_of(const struct nt_lead *lead, const struct nt_run *run)
{
	return &lead->program->campaigns[run->campaign].steps[run->step];
}

/* A day that a zone left out, as Samoa its last Friday of 2011: it begins where the next one does. */
static bool is_left_out(const struct nt_zone *zone, int64_t day)
{
	return nt_date_midnight(zone, day) == nt_date_midnight(zone, day + 1);
}

/* The first such time of day, on such a weekday, at or after base. */
static nt_time next_clock(const struct nt_zone *zone, const struct nt_step *step, nt_time base)
{
	struct nt_civil civil = nt_civil_at(zone, base);
	int64_t day = nt_civil_days(civil.year, civil.month, civil.day);
	int i;

	for (i = 0; i < 16; i++, day++) { /* a week without that day, and one with it */
		struct nt_civil reading = { .hour = step->minutes / 60, .minute = step->minutes % 60 };
		nt_time t;

		if ((step->weekday >= 0 && nt_civil_weekday(day) != step->weekday) || is_left_out(zone, day))
			continue;
		nt_civil_from_days(day, &reading.year, &reading.month, &reading.day);
		t = nt_civil_instant(zone, &reading);
		if (t >= base)
			return t;
	}
	return base;
}

static nt_time time_of(const struct nt_lead *lead, const struct nt_run *run, const struct nt_step *step)
{
	struct nt_eval_context context = { .lead = lead, .now = run->anchor, .event = run->hand, .run = run };
	struct nt_result result = nt_eval(step->expr, &context);
	struct nt_civil civil = { 0 };

	if (result.value.type == NT_TYPE_TIME)
		return result.value.time;
	if (result.value.type == NT_TYPE_DATE) {
		nt_civil_from_days(result.value.date, &civil.year, &civil.month, &civil.day);
		return nt_civil_instant(lead->zone, &civil);
	}
	return run->anchor; /* a missing time: at once */
}

nt_time nt_wait_due(const struct nt_lead *lead, const struct nt_run *run, nt_time base)
{
	const struct nt_step *step = step_of(lead, run);
	nt_time t;

	switch (step->kind) {
	case NT_STEP_WAIT:
		return nt_time_plus(lead->zone, run->anchor, step->duration);
	case NT_STEP_WAIT_CLOCK:
		return next_clock(lead->zone, step, base);
	case NT_STEP_WAIT_WINDOW:
		t = nt_windows_next(&step->window, lead->zone, base);
		return t == NT_NEVER ? base : t;
	case NT_STEP_WAIT_TIME:
		return time_of(lead, run, step);
	case NT_STEP_WAIT_CONDITION:
	case NT_STEP_WAIT_FOR:
		return step->has_up_to ? nt_time_plus(lead->zone, run->anchor, step->duration) : NT_NEVER;
	case NT_STEP_SCHEDULE:
		return run->due; /* its own business */
	default:
		return base;
	}
}

const struct nt_property_value *nt_wait_keep(struct nt_arena *arena, const struct nt_event *event)
{
	struct nt_property_value *kept = nt_arena_array(arena, struct nt_property_value, event->n_properties);
	unsigned i;

	for (i = 0; i < event->n_properties; i++) {
		kept[i].name = nt_arena_strdup(arena, event->properties[i].name);
		kept[i].value = nt_value_copy(arena, &event->properties[i].value);
	}
	return kept;
}

static const struct nt_event *keep_event(struct nt_arena *arena, const struct nt_event *event)
{
	struct nt_event *kept = nt_arena_copy(arena, event, sizeof *event);

	kept->name = nt_arena_strdup(arena, event->name);
	kept->source = kept->id = NULL;
	kept->properties = nt_wait_keep(arena, event);
	return kept;
}

void nt_wait_arrive(struct nt_instant *in, struct nt_run *run)
{
	run->arrived = true;
	run->waits = in->number;
	if (step_of(in->lead, run)->kind == NT_STEP_SCHEDULE) {
		nt_schedule_arrive(in, run);
		return;
	}
	run->due = nt_wait_due(in->lead, run, run->anchor);
	if (step_of(in->lead, run)->kind != NT_STEP_WAIT_TIME) /* which may be reckoned from it */
		run->hand = NULL;
}

/* Events that came after the wait began, and happened after it did. */
static const struct nt_event *awaited(struct nt_instant *in, const struct nt_run *run, const struct nt_step *step)
{
	const struct nt_raised *raised;
	unsigned i;

	for (raised = in->offered; raised != NULL; raised = raised->next) {
		const struct nt_event *event = raised->event;

		if (event->type < 0 || raised->number <= run->waits || event->at < run->anchor)
			continue;
		for (i = 0; i < step->n_events; i++)
			if (step->events[i] == event->type && nt_key_matches(in, run, event, step->of_anything) &&
			    nt_instant_holds(in, step->expr, run, event, false))
				return event;
	}
	return NULL;
}

bool nt_wait_over(struct nt_instant *in, struct nt_run *run, int *target)
{
	const struct nt_campaign *campaign = &in->program->campaigns[run->campaign];
	const struct nt_step *step = step_of(in->lead, run);
	const struct nt_event *event;
	enum nt_reached way = NT_REACHED_THEN;
	int first = -1;

	switch (step->kind) {
	case NT_STEP_SCHEDULE:
		return nt_schedule_over(in, run, target);
	case NT_STEP_WAIT_FOR:
		event = awaited(in, run, step);
		if (event != NULL) {
			run->hand = keep_event(in->arena, event);
			first = step->then_first;
			goto over;
		}
		first = step->else_first;
		break;
	case NT_STEP_WAIT_CONDITION:
		if (nt_instant_holds(in, step->expr, run, NULL, true)) {
			first = step->then_first;
			goto over;
		}
		first = step->else_first;
		break;
	case NT_STEP_WAIT_TIME: /* moves with what it is reckoned from */
		run->due = nt_wait_due(in->lead, run, run->anchor);
		break;
	default:
		break;
	}
	if (run->due > in->now || !in->timers)
		return false;
	run->hand = NULL;
	way = NT_REACHED_ELSE;
over:
	nt_instant_reached(in, run->campaign, way, run->step, 0);
	*target = first >= 0 ? first : nt_run_follow(campaign, run->step);
	return true;
}

void nt_wait_rezone(struct nt_instant *in)
{
	struct nt_run *run;

	for (run = in->lead->runs; run != NULL; run = run->next) {
		enum nt_step_kind kind;

		nt_schedule_reckon(in->lead, run, in->timers ? in->now + 1 : in->now);
		if (run->step < 0 || !run->arrived)
			continue;
		kind = step_of(in->lead, run)->kind;
		if (kind == NT_STEP_WAIT_CLOCK || kind == NT_STEP_WAIT_WINDOW)
			run->anchor = in->now; /* where an edited rule will count from, too */
		if (nt_wait_is(kind))
			run->due = nt_wait_due(in->lead, run, in->now);
	}
	nt_gate_ask_again(in);
	in->changed = true;
}
