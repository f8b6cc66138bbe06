/* A schedule: points that move with their dates, each at most once in a run (I.6, II.3, II.5-II.7).
 *
 * A run that is in a schedule stands at its step, and waits for the next point, or at a step of a point. Either way
 * every pass asks where the points are by now. One whose instant has come is due, and its date no longer moves it: it
 * goes at once, or when the steps of the point before it are done. One that turns out to have passed before it was
 * known, or that its date has moved into the past, is skipped unless it says `late: send`; a new zone and new rules
 * only ever make it due (II.6, II.7). One without a date stands aside until it has one. When no other is left, the run
 * goes on. */
#include "engine/instant.h"

#include "base/arena.h"
#include "base/civil.h"

#include <string.h>

#define OVER NT_NEVER

static const struct nt_campaign *campaign_of(const struct nt_lead *lead, const struct nt_run *run)
{
	return &lead->program->campaigns[run->campaign];
}

static bool is_inside(const struct nt_campaign *campaign, int step, int schedule)
{
	while (step >= 0 && step != schedule)
		step = campaign->steps[step].parent;
	return step >= 0;
}

/* The schedule that the run is in by this state; -1: it has left it. */
static int schedule_of(const struct nt_campaign *campaign, const struct nt_schedule_state *state)
{
	int step = state->arrived != NT_NO_TIME ? nt_campaign_step(campaign, state->step) : -1;

	return step >= 0 && campaign->steps[step].kind == NT_STEP_SCHEDULE ? step : -1;
}

static struct nt_schedule_state *state_of(struct nt_arena *arena, struct nt_run *run, const char *step)
{
	struct nt_schedule_state **link;

	for (link = &run->schedules; *link != NULL; link = &(*link)->next)
		if (strcmp((*link)->step, step) == 0)
			return *link;
	*link = nt_arena_new0(arena, struct nt_schedule_state);
	(*link)->step = step;
	(*link)->arrived = NT_NO_TIME;
	return *link;
}

/* By name, so that the bytes don't tell when those without a date, which aren't written, were met. */
static struct nt_point_state *point_of(struct nt_arena *arena, struct nt_schedule_state *state, const char *point)
{
	struct nt_point_state **link = &state->points, *fresh;

	while (*link != NULL && strcmp((*link)->point, point) < 0)
		link = &(*link)->next;
	if (*link != NULL && strcmp((*link)->point, point) == 0)
		return *link;
	fresh = nt_arena_new0(arena, struct nt_point_state);
	fresh->point = point;
	fresh->at = NT_NO_TIME;
	fresh->next = *link;
	*link = fresh;
	return fresh;
}

/* NT_NO_TIME: its date is missing. */
static nt_time instant_of(const struct nt_lead *lead, const struct nt_run *run, const struct nt_schedule_state *state,
                          const struct nt_point *point)
{
	struct nt_eval_context context = { .lead = lead, .now = state->arrived, .event = state->hand, .run = run };
	struct nt_value value = nt_eval(point->of, &context).value;
	struct nt_civil civil = { 0 };
	nt_time t;

	if (value.type == NT_TYPE_DATE) {
		nt_civil_from_days(value.date, &civil.year, &civil.month, &civil.day);
		t = nt_civil_instant(lead->zone, &civil);
	} else if (value.type == NT_TYPE_TIME && value.time != NT_NEVER && value.time != NT_NO_TIME) {
		t = value.time;
	} else {
		return NT_NO_TIME;
	}
	t = point->before ? nt_time_minus(lead->zone, t, point->offset) : nt_time_plus(lead->zone, t, point->offset);
	if (point->minutes < 0)
		return t;
	civil = nt_civil_at(lead->zone, t);
	civil.hour = point->minutes / 60;
	civil.minute = point->minutes % 60;
	civil.second = civil.millisecond = 0;
	return nt_civil_instant(lead->zone, &civil);
}

/* An event at the very instant comes before it. */
static bool has_come(const struct nt_instant *in, nt_time at)
{
	return at != NT_NO_TIME && (at < in->now || (at == in->now && in->timers));
}

static void look(struct nt_instant *in, struct nt_run *run, int schedule, struct nt_schedule_state *state)
{
	const struct nt_step *step = &campaign_of(in->lead, run)->steps[schedule];
	unsigned i;

	for (i = 0; i < step->n_points; i++) {
		const struct nt_point *point = &step->schedule[i];
		struct nt_point_state *known = point_of(in->arena, state, point->identity);

		if (known->at == OVER || has_come(in, known->at))
			continue;
		known->at = instant_of(in->lead, run, state, point);
		if (known->at == NT_NO_TIME || known->at >= in->now || point->late)
			continue;
		known->at = OVER;
		nt_instant_note(in, run, "point.skipped",
		                nt_arena_printf(in->arena, "%s: its time has passed", point->identity))->step =
			step->identity;
	}
}

/* The earliest that is not over, of equals the first; -1: none has a date. */
static int next_point(struct nt_arena *arena, const struct nt_step *step, struct nt_schedule_state *state, nt_time *at)
{
	int found = -1;
	unsigned i;

	*at = NT_NEVER;
	for (i = 0; i < step->n_points; i++) {
		nt_time t = point_of(arena, state, step->schedule[i].identity)->at;

		if (t == NT_NO_TIME || t >= *at)
			continue;
		*at = t;
		found = (int)i;
	}
	return found;
}

static void set_due(const struct nt_lead *lead, struct nt_run *run)
{
	const struct nt_step *step = run->step >= 0 ? &campaign_of(lead, run)->steps[run->step] : NULL;

	if (step != NULL && step->kind == NT_STEP_SCHEDULE && run->arrived)
		next_point(lead->arena, step, state_of(lead->arena, run, step->identity), &run->due);
}

bool nt_schedule_entered(const struct nt_run *run, const struct nt_step *step)
{
	const struct nt_schedule_state *state;

	for (state = run->schedules; state != NULL; state = state->next)
		if (strcmp(state->step, step->identity) == 0)
			return state->arrived != NT_NO_TIME;
	return false;
}

void nt_schedule_arrive(struct nt_instant *in, struct nt_run *run)
{
	const struct nt_step *step = &campaign_of(in->lead, run)->steps[run->step];
	struct nt_schedule_state *state = state_of(in->arena, run, step->identity);

	if (state->arrived == NT_NO_TIME) {
		state->arrived = in->now;
		state->hand = run->hand;
	}
	look(in, run, run->step, state);
	set_due(in->lead, run);
}

void nt_schedule_watch(struct nt_instant *in, struct nt_run *run)
{
	const struct nt_campaign *campaign = campaign_of(in->lead, run);
	struct nt_schedule_state *state;

	for (state = run->schedules; state != NULL; state = state->next)
		if (schedule_of(campaign, state) >= 0)
			look(in, run, schedule_of(campaign, state), state);
	set_due(in->lead, run);
}

bool nt_schedule_over(struct nt_instant *in, struct nt_run *run, int *target)
{
	const struct nt_campaign *campaign = campaign_of(in->lead, run);
	const struct nt_step *step = &campaign->steps[run->step];
	struct nt_schedule_state *state = state_of(in->arena, run, step->identity);
	nt_time at;
	int next = next_point(in->arena, step, state, &at);

	if (next >= 0 && !has_come(in, at))
		return false;
	*target = nt_run_follow(campaign, run->step);
	run->hand = NULL;
	if (next < 0)
		return true;
	point_of(in->arena, state, step->schedule[next].identity)->at = OVER;
	nt_instant_reached(in, run->campaign, NT_REACHED_ARM, run->step, (unsigned)next);
	nt_instant_note(in, run, "point.reached", step->schedule[next].identity);
	run->hand = state->hand;
	*target = step->schedule[next].first >= 0 ? step->schedule[next].first : run->step;
	return true;
}

void nt_schedule_leave(const struct nt_lead *lead, struct nt_run *run)
{
	const struct nt_campaign *campaign = campaign_of(lead, run);
	struct nt_schedule_state *state;
	struct nt_point_state *point;

	for (state = run->schedules; state != NULL; state = state->next) {
		int schedule = schedule_of(campaign, state);

		if (schedule >= 0 && is_inside(campaign, run->step, schedule))
			continue;
		state->arrived = NT_NO_TIME;
		state->hand = NULL;
		for (point = state->points; point != NULL; point = point->next)
			if (point->at != OVER)
				point->at = NT_NO_TIME;
	}
}

void nt_schedule_reckon(const struct nt_lead *lead, struct nt_run *run, nt_time from)
{
	const struct nt_campaign *campaign = campaign_of(lead, run);
	struct nt_schedule_state *state;
	unsigned i;

	for (state = run->schedules; state != NULL; state = state->next) {
		int schedule = schedule_of(campaign, state);
		const struct nt_step *step = schedule >= 0 ? &campaign->steps[schedule] : NULL;

		for (i = 0; step != NULL && i < step->n_points; i++) {
			struct nt_point_state *known = point_of(lead->arena, state, step->schedule[i].identity);

			/* those not seen yet are new */
			if (known->at != NT_NO_TIME && known->at != OVER && known->at >= from)
				known->at = instant_of(lead, run, state, &step->schedule[i]);
		}
	}
	set_due(lead, run);
}
