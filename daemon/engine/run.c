/* Runs: a lead's place in a campaign, from its entry to its end (II.1, II.4, II.5). */
#include "engine/instant.h"

#include "base/arena.h"
#include "base/civil.h"

#include <string.h>

#define TOO_LATE_TO_START (72 * NT_HOUR) /* an event older than this starts no campaign (II.4) */

static const struct nt_campaign *campaign_of(const struct nt_instant *in, const struct nt_run *run)
{
	return &in->program->campaigns[run->campaign];
}

static struct nt_campaign_state *past(struct nt_instant *in, const char *campaign)
{
	struct nt_campaign_state **link;

	for (link = &in->lead->campaigns; *link != NULL; link = &(*link)->next)
		if (strcmp((*link)->name, campaign) == 0)
			return *link;
	*link = nt_arena_new0(in->arena, struct nt_campaign_state);
	(*link)->name = campaign;
	(*link)->last_entry = (*link)->finished = (*link)->reached_goal = NT_NO_TIME;
	return *link;
}

static void raise_about(struct nt_instant *in, const char *name, const struct nt_run *run)
{
	struct nt_property_value properties[] = {
		{ "campaign", NT_TEXT_VALUE(campaign_of(in, run)->name) },
		{ "key", NT_TEXT_VALUE(run->key[0] != '\0' ? run->key : NULL) },
	};

	nt_instant_raise(in, name, properties, G_N_ELEMENTS(properties));
}

/* Takes the run out of the lead's list. What it released but nobody has handed over yet goes with it, and so do its
 * open tasks, unless it has just come to its end. */
static void end(struct nt_instant *in, struct nt_run *run, const char *why, bool cancel)
{
	struct nt_run **link = &in->lead->runs;

	while (*link != run)
		link = &(*link)->next;
	*link = run->next;
	in->changed = true;
	if (cancel) {
		nt_pending_cancel(in, run->campaign, run->key, -1, false, why);
		nt_todo_end(in, run, why);
	}
	nt_instant_note(in, run, "campaign.left", why);
	raise_about(in, "campaign.left", run);
}

static void finish(struct nt_instant *in, struct nt_run *run, const char *why)
{
	past(in, campaign_of(in, run)->name)->finished = in->now;
	end(in, run, why, false);
}

int nt_run_follow(const struct nt_campaign *campaign, int step)
{
	while (step >= 0) {
		int parent = campaign->steps[step].parent;

		if (campaign->steps[step].next >= 0)
			return campaign->steps[step].next;
		if (parent >= 0 && campaign->steps[parent].kind == NT_STEP_SCHEDULE)
			return parent; /* a point is done: which is next? */
		step = parent;
	}
	return -1;
}

void nt_run_go(struct nt_instant *in, struct nt_run *run, int step)
{
	run->step = step;
	run->arrived = false;
	run->anchor = in->now;
	run->due = NT_NEVER;
	run->first_due = NT_NO_TIME;
	nt_schedule_leave(in->lead, run);
	in->changed = true;
}

bool nt_run_does(struct nt_instant *in, const struct nt_run *run, const struct nt_step *step)
{
	bool does = nt_instant_holds(in, step->condition, run, run->hand, false);

	nt_instant_reached(in, run->campaign, does ? NT_REACHED_STEP : NT_REACHED_PASSED, run->step, 0);
	return does;
}

bool nt_run_paused(struct nt_instant *in, const struct nt_run *run)
{
	const struct nt_expr *pause = campaign_of(in, run)->pause;

	return pause != NULL && nt_instant_holds(in, pause, run, run->hand, true);
}

/* ---- (c) goal, exit ---- */

static void do_steps(struct nt_instant *in, const struct nt_run *run, int first, const struct nt_event *event)
{
	struct nt_run shadow = *run; /* walks the list; the run itself is at its end */

	shadow.hand = event;
	shadow.step = first;
	while (shadow.step >= 0) {
		const struct nt_step *step = &campaign_of(in, run)->steps[shadow.step];

		if (nt_wait_is(step->kind) || nt_gate_is_message(step->kind) || step->kind == NT_STEP_STOP)
			return;
		nt_act(in, &shadow, step);
	}
}

/* Does the way lie open? *event: the event that opens it, NULL for a `when`. */
static bool is_open(struct nt_instant *in, const struct nt_run *run, const struct nt_way_out *way,
                    const struct nt_event **event)
{
	const struct nt_raised *raised;

	*event = NULL;
	if (way->event < 0)
		return nt_instant_holds(in, way->condition, run, NULL, true);
	for (raised = in->offered; raised != NULL; raised = raised->next)
		if (raised->event->type == way->event && raised->number > run->stood &&
		    raised->event->at >= run->entry_at &&
		    nt_key_matches(in, run, raised->event, way->of_anything) &&
		    nt_instant_holds(in, way->condition, run, raised->event, false)) {
			*event = raised->event;
			return true;
		}
	return false;
}

static bool leave_by(struct nt_instant *in, struct nt_run *run, const struct nt_way_out *ways, unsigned n, bool goal)
{
	const struct nt_event *event = NULL;
	const char *how, *why;
	unsigned i = 0;

	while (i < n && !is_open(in, run, &ways[i], &event))
		i++;
	if (i == n)
		return false;
	nt_instant_reached(in, run->campaign, goal ? NT_REACHED_GOAL : NT_REACHED_EXIT, -1, i);
	how = event != NULL ? nt_arena_strdup(in->arena, event->name) : "its condition turned true";
	why = nt_arena_printf(in->arena, "%s: %s", goal ? "goal" : "exit", how);
	if (goal) {
		past(in, campaign_of(in, run)->name)->reached_goal = in->now;
		nt_split_goal(in, campaign_of(in, run));
		nt_instant_note(in, run, "campaign.reached_goal", how);
		raise_about(in, "campaign.reached_goal", run);
	}
	end(in, run, why, true);
	do_steps(in, run, ways[i].first_do, event);
	return true;
}

/* An event that would have ended it, had it not come to its end. */
static const char *overtaken_by(struct nt_instant *in, const struct nt_run *run, const struct nt_way_out *ways,
                                unsigned n)
{
	const struct nt_event *event;
	unsigned i;

	for (i = 0; i < n; i++)
		if (ways[i].event >= 0 && is_open(in, run, &ways[i], &event))
			return event->name;
	return NULL;
}

/* What a run released before it came to its end may lie in the outbox still, where a rate or a relay out of reach keeps
 * it: a goal or an exit calls that back, too. */
static void recall_released(struct nt_instant *in)
{
	const struct nt_pending *pending = in->lead->pending, *next;

	for (; pending != NULL && in->offered != NULL; pending = next) {
		struct nt_run ended = { .campaign = pending->campaign, .key = pending->key,
			                .entered = NT_NO_TIME, .entry_at = pending->released, .step = -1 };
		const struct nt_campaign *campaign;
		const char *name;

		next = pending->next;
		if (pending->recalled || pending->campaign < 0 || pending->released >= in->now ||
		    nt_lead_run(in->lead, pending->campaign, pending->key) != NULL)
			continue;
		campaign = campaign_of(in, &ended);
		name = overtaken_by(in, &ended, campaign->goals, campaign->n_goals);
		if (name == NULL)
			name = overtaken_by(in, &ended, campaign->exits, campaign->n_exits);
		if (name == NULL)
			continue;
		nt_pending_cancel(in, pending->campaign, pending->key, -1, false,
		                  nt_arena_printf(in->arena, "%s came before it went out", name));
		next = in->lead->pending; /* others went with it; those that stay are recalled */
	}
}

void nt_run_leave(struct nt_instant *in)
{
	struct nt_run *run, *next;

	for (run = in->lead->runs; run != NULL; run = next) {
		const struct nt_campaign *campaign = campaign_of(in, run);

		next = run->next;
		if (!leave_by(in, run, campaign->goals, campaign->n_goals, true))
			leave_by(in, run, campaign->exits, campaign->n_exits, false);
	}
	recall_released(in);
}

void nt_run_stop(struct nt_instant *in, int campaign, const char *key)
{
	struct nt_run *run, *next;

	if (in->program->campaigns[campaign].per != NULL && key != NULL && key[0] == '\0')
		key = NULL; /* none given: all of them */
	for (run = in->lead->runs; run != NULL; run = next) {
		next = run->next;
		if (run->campaign == campaign && (key == NULL || strcmp(run->key, key) == 0))
			end(in, run, in->cause != NULL ? in->cause : "stopped by hand", true);
	}
}

/* ---- (d) going on ---- */

static void move(struct nt_instant *in, struct nt_run *run)
{
	const struct nt_campaign *campaign = campaign_of(in, run);

	nt_schedule_watch(in, run);
	while (run->step >= 0) {
		const struct nt_step *step = &campaign->steps[run->step];
		int target;

		if (nt_gate_is_message(step->kind)) {
			if (!run->arrived) {
				run->arrived = true;
				run->first_due = run->due = in->now;
			}
			return;
		}
		if (!nt_wait_is(step->kind)) {
			if (nt_run_paused(in, run) || (run->arrived && step->kind == NT_STEP_ASSIGN))
				return; /* an assign's answer is still to come */
			if (step->kind == NT_STEP_ASSIGN &&
			    nt_run_does(in, run, step) && nt_assign(in, run, step)) {
				run->arrived = true;
				return;
			}
			if (step->kind == NT_STEP_ASSIGN) {
				nt_run_go(in, run, nt_run_follow(campaign, run->step));
				continue;
			}
			nt_act(in, run, step);
			continue;
		}
		if (!run->arrived) {
			if (!nt_schedule_entered(run, step) && !nt_run_does(in, run, step)) {
				nt_run_go(in, run, nt_run_follow(campaign, run->step));
				continue;
			}
			nt_wait_arrive(in, run);
		}
		if (!nt_wait_over(in, run, &target))
			return;
		nt_run_go(in, run, target);
	}
	finish(in, run, "came to its end");
}

void nt_run_pass(struct nt_instant *in)
{
	struct nt_run *run, *next;

	for (run = in->lead->runs; run != NULL; run = next) {
		next = run->next;
		move(in, run);
	}
}

/* ---- (e) entries ---- */

static nt_time last_entry(const struct nt_instant *in, const struct nt_campaign *campaign, const char *key)
{
	const struct nt_campaign_state *state = nt_lead_campaign(in->lead, campaign->name);

	if (campaign->per != NULL)
		return nt_key_last_entry(in->lead, campaign->name, key);
	return state != NULL && state->entries > 0 ? state->last_entry : NT_NO_TIME;
}

static bool entered_now(const struct nt_instant *in, int campaign, const char *key)
{
	const struct nt_entered *entered;

	for (entered = in->entered; entered != NULL; entered = entered->next)
		if (entered->campaign == campaign && strcmp(entered->key, key) == 0)
			return true;
	return in->follows && last_entry(in, &in->program->campaigns[campaign], key) == in->now;
}

/* NULL: nothing stands against it. comes_round: `again` doesn't. */
static const char *refusal(struct nt_instant *in, int slot, const char *key, bool comes_round)
{
	const struct nt_campaign *campaign = &in->program->campaigns[slot];
	const struct nt_campaign_state *state;
	nt_time last;

	if (campaign->per != NULL && key[0] == '\0')
		return nt_arena_printf(in->arena, "has no %s to be in it for", campaign->per);
	if (nt_lead_run(in->lead, slot, key) != NULL)
		return "is in it already";
	if (entered_now(in, slot, key))
		return "was in it at this very instant";
	state = nt_lead_campaign(in->lead, campaign->name);
	if (state == NULL || state->entries == 0)
		return NULL;
	if (campaign->has_cooldown && nt_time_within(in->lead->zone, state->last_entry, in->now, campaign->cooldown))
		return "was in it too short a time ago";
	if (campaign->again == NT_AGAIN_ALWAYS || comes_round)
		return NULL;
	last = last_entry(in, campaign, key);
	if (last == NT_NO_TIME)
		return NULL;
	if (campaign->again == NT_AGAIN_NEVER)
		return "was in it before, and again is never";
	if (nt_time_within(in->lead->zone, last, in->now, campaign->again_after))
		return "was in it too short a time ago";
	return NULL;
}

static void enter(struct nt_instant *in, int slot, const char *key, const struct nt_event *event, const char *why)
{
	struct nt_campaign_state *state = past(in, in->program->campaigns[slot].name);
	struct nt_entered *entered = nt_arena_new0(in->arena, struct nt_entered);
	struct nt_run *run = nt_arena_new0(in->arena, struct nt_run);

	entered->campaign = run->campaign = slot;
	entered->key = run->key = nt_arena_strdup(in->arena, key);
	entered->next = in->entered;
	in->entered = entered;
	state->last_entry = in->now;
	if (in->program->campaigns[slot].per != NULL)
		nt_key_entered(in, &in->program->campaigns[slot], run->key);
	run->entry = ++state->entries;
	run->entered = run->entry_at = in->now;
	if (event != NULL) {
		run->entry_at = event->at;
		run->entry_event = nt_arena_strdup(in->arena, event->name);
		run->entry_properties = nt_wait_keep(in->arena, event);
		run->n_entry_properties = event->n_properties;
	}
	run->stood = in->number;
	nt_run_go(in, run, in->program->campaigns[slot].first);
	nt_lead_put_run(in->lead, run);
	nt_instant_note(in, run, "campaign.entered", why);
	raise_about(in, "campaign.entered", run);
}

static void enter_by(struct nt_instant *in, int slot, const struct nt_enter *way, const char *key,
                     const struct nt_event *event, const char *why)
{
	nt_instant_reached(in, slot, NT_REACHED_ENTER, -1, (unsigned)(way - in->program->campaigns[slot].enter));
	enter(in, slot, key, event, why);
}

/* The run that an entry event begins anew: one that stood before the event. */
static struct nt_run *restarted(struct nt_instant *in, int slot, const char *key, const struct nt_raised *raised)
{
	struct nt_run *run = in->lead->runs;

	while (run != NULL && (run->campaign != slot || strcmp(run->key, key) != 0))
		run = run->next;
	return run != NULL && in->program->campaigns[slot].restarts && raised->number > run->stood ? run : NULL;
}

static void enter_on(struct nt_instant *in, int slot, const struct nt_enter *way)
{
	const struct nt_campaign *campaign = &in->program->campaigns[slot];
	const struct nt_raised *raised;

	for (raised = in->offered; raised != NULL; raised = raised->next) {
		const struct nt_event *event = raised->event;
		struct nt_run *run;
		const char *key = "";

		if (event->type != way->event || in->now - event->at > TOO_LATE_TO_START)
			continue;
		if (campaign->per != NULL)
			key = nt_key_of(in, campaign, event);
		if (key == NULL) /* such an event is no entry */
			continue;
		run = restarted(in, slot, key, raised);
		if ((run != NULL ? entered_now(in, slot, key) : refusal(in, slot, key, false) != NULL) ||
		    !nt_instant_holds(in, way->condition, NULL, event, false))
			continue;
		if (run != NULL) /* what it released stays so: the lead has neither left nor converted */
			end(in, run, nt_arena_printf(in->arena, "begun anew by %s", event->name), false);
		enter_by(in, slot, way, key, event, nt_arena_strdup(in->arena, event->name));
		if (campaign->per == NULL)
			return;
	}
}

/* The way in by hand; NULL: there is none. */
static const struct nt_enter *by_hand(const struct nt_campaign *campaign)
{
	unsigned i;

	for (i = 0; i < campaign->n_enter; i++)
		if (campaign->enter[i].kind == NT_ENTER_BY_HAND)
			return &campaign->enter[i];
	return NULL;
}

static void enter_started(struct nt_instant *in, int slot)
{
	const struct nt_campaign *campaign = &in->program->campaigns[slot];
	const struct nt_enter *way = by_hand(campaign);
	const struct nt_start *start;

	for (start = in->starts; start != NULL; start = start->next) {
		const char *why;

		if (start->campaign != slot)
			continue;
		why = way != NULL ? refusal(in, slot, start->key, false) : "doesn't say by_hand: true";
		if (why == NULL)
			enter_by(in, slot, way, start->key, NULL, start->why);
		else
			nt_instant_note(in, NULL, "campaign.not_entered", why)->campaign = campaign->name;
	}
}

static void enter_when(struct nt_instant *in, int slot, const struct nt_enter *way)
{
	if (in->fired[way->watcher] && refusal(in, slot, "", false) == NULL)
		enter_by(in, slot, way, "", NULL, "its condition turned true");
}

static void enter_by_calendar(struct nt_instant *in, int slot, const struct nt_enter *way)
{
	int field = in->program->occasions[way->occasion].field;

	if (!nt_occasion_takes(in, way->occasion) || refusal(in, slot, "", way->comes_round) != NULL ||
	    !nt_instant_holds(in, way->condition, NULL, NULL, false))
		return;
	enter_by(in, slot, way, "", NULL,
	         field >= 0 ? nt_arena_printf(in->arena, "its date %s", in->program->fields[field].name)
	                    : "its broadcast");
}

void nt_run_enter(struct nt_instant *in)
{
	const struct nt_program *program = in->program;
	bool calendar = in->timers && !nt_occasion_is_quiet(in);
	unsigned i, k;

	for (i = 0; i < program->n_campaigns; i++) {
		const struct nt_campaign *campaign = &program->campaigns[i];

		for (k = 0; k < campaign->n_enter; k++) {
			const struct nt_enter *way = &campaign->enter[k];

			if (way->kind == NT_ENTER_ON && in->offered != NULL)
				enter_on(in, (int)i, way);
			else if (way->kind == NT_ENTER_WHEN)
				enter_when(in, (int)i, way);
			else if (way->kind == NT_ENTER_OCCASION && calendar)
				enter_by_calendar(in, (int)i, way);
		}
		if (in->starts != NULL)
			enter_started(in, (int)i);
	}
	in->starts = NULL;
	in->starts_end = &in->starts;
}
