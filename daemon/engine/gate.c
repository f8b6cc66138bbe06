/* The gate: which messages that are due are released now, and when the others are asked again (II.3). */
#include "engine/instant.h"

#include "base/arena.h"
#include "base/civil.h"
#include "base/window.h"

#include <string.h>

#define FARTHEST (400 * NT_DAY)
#define PENDING_KEPT 256     /* released messages whose outcome is awaited, per lead */
#define RELEASES_KEPT 4096

bool nt_gate_is_message(enum nt_step_kind kind)
{
	return kind == NT_STEP_MESSAGE || kind == NT_STEP_FIRST_OF || kind == NT_STEP_WEBHOOK;
}

static const struct nt_step *message_of(const struct nt_lead *lead, const struct nt_run *run)
{
	const struct nt_step *step;

	if (run->step < 0 || !run->arrived)
		return NULL;
	step = &lead->program->campaigns[run->campaign].steps[run->step];
	return nt_gate_is_message(step->kind) ? step : NULL;
}

/* Marketing: what caps, hours, holidays and consent are about. */
static bool is_marketing(const struct nt_step *step)
{
	return step->kind == NT_STEP_MESSAGE && !step->service;
}

nt_time nt_gate_give_up(const struct nt_lead *lead, const struct nt_run *run)
{
	const struct nt_step *step = message_of(lead, run);

	if (step == NULL || run->first_due == NT_NO_TIME || nt_duration_is_zero(step->give_up_after))
		return NT_NEVER;
	return nt_time_plus(lead->zone, run->first_due, step->give_up_after);
}

void nt_gate_ask_again(struct nt_instant *in)
{
	struct nt_run *run;

	for (run = in->lead->runs; run != NULL; run = run->next)
		if (message_of(in->lead, run) != NULL && run->due > in->now)
			run->due = in->now;
}

/* ---- why a message is not for this lead ---- */

static bool is_suppressed(const struct nt_lead *lead, const struct nt_step *step)
{
	if (lead->suppressed == NULL || !lead->suppressed[step->channel])
		return false;
	if (is_marketing(step))
		return true;
	return lead->suppressed_hard != NULL ? lead->suppressed_hard[step->channel] : lead->bounced_hard;
}

/* A first_of as the message that it is for this lead now; one without a channel: reachable on none of them. */
static const struct nt_step *resolve(const struct nt_instant *in, const struct nt_step *step)
{
	struct nt_step *found;
	unsigned i;

	if (step->kind != NT_STEP_FIRST_OF)
		return step;
	found = nt_arena_copy(in->arena, step, sizeof *step);
	found->kind = NT_STEP_MESSAGE;
	for (i = 0; i < step->n_choices; i++) {
		found->channel = step->choices[i].channel;
		found->name = step->choices[i].name;
		if (nt_lead_address(in->lead, found->channel) != NULL && !is_suppressed(in->lead, found) &&
		    (step->service || nt_lead_consents(in->lead, found->channel)))
			return found;
	}
	found->channel = -1;
	found->name = NULL;
	return found;
}

static const char *skip_reason(struct nt_instant *in, const struct nt_run *run, const struct nt_step *step)
{
	const struct nt_lead *lead = in->lead;
	const struct nt_policy *policy = &in->program->policy;
	const char *channel;

	if (!nt_run_does(in, run, step))
		return "its condition isn't met";
	if (step->kind == NT_STEP_WEBHOOK)
		return NULL;
	if (run->held_out)
		return "held out for comparison";
	if (step->channel < 0)
		return "reachable on none of its channels";
	channel = in->program->channels[step->channel].name;
	if (is_marketing(step) && !nt_lead_consents(lead, step->channel))
		return nt_arena_printf(in->arena, nt_consent_is_suppressed(&lead->consent[step->channel]) ?
		                       "%s is suppressed by the rules" : "no consent for %s", channel);
	if (nt_lead_address(lead, step->channel) == NULL)
		return nt_arena_printf(in->arena, "no address for %s", channel);
	if (is_suppressed(lead, step))
		return nt_arena_printf(in->arena, "the address for %s is suppressed", channel);
	if (is_marketing(step) && policy->suppress_if != NULL &&
	    nt_instant_holds(in, policy->suppress_if, NULL, NULL, false))
		return "suppressed by the policy";
	return NULL;
}

/* ---- when it may go ---- */

static bool is_holiday(const struct nt_policy *policy, int64_t day)
{
	unsigned low = 0, high = policy->n_holidays;

	while (low < high) {
		unsigned middle = low + (high - low) / 2;

		if (policy->holidays[middle] < day)
			low = middle + 1;
		else
			high = middle;
	}
	return low < policy->n_holidays && policy->holidays[low] == day;
}

static nt_time past_holiday(const struct nt_instant *in, nt_time t)
{
	struct nt_civil civil;

	if (in->program->policy.n_holidays == 0)
		return t;
	civil = nt_civil_at(in->lead->zone, t);
	if (!is_holiday(&in->program->policy, nt_civil_days(civil.year, civil.month, civil.day)))
		return t;
	return nt_civil_next_midnight(in->lead->zone, t);
}

/* A local day ends where the next one begins, which isn't a day after its own first instant where a gap took that. */
nt_time nt_gate_counts_until(const struct nt_rate *rate, const struct nt_zone *zone, nt_time x)
{
	return rate->calendar ? nt_civil_next_midnight(zone, x) : nt_time_plus(zone, x, rate->per);
}

static uint64_t in_force(const struct nt_instant *in, const struct nt_rate *rate, nt_time t, nt_time *next)
{
	const struct nt_ring_state *releases = &in->lead->releases;
	uint64_t n = 0;
	unsigned i;

	*next = NT_NEVER;
	for (i = 0; i < releases->n; i++) {
		nt_time until = nt_gate_counts_until(rate, in->lead->zone, releases->entries[i].at);

		if (until <= t)
			continue;
		n += releases->entries[i].n;
		*next = nt_time_earlier(*next, until);
	}
	return n;
}

/* The first instant from t on at which fewer than rate->n releases count. Releases don't expire in their order: at the
 * end of a month plus() runs backwards. */
static nt_time past_cap(const struct nt_instant *in, const struct nt_rate *rate, nt_time t)
{
	nt_time next;

	while (in_force(in, rate, t, &next) >= rate->n)
		t = next;
	return t;
}

static nt_time once_round(const struct nt_instant *in, const struct nt_step *step, nt_time t)
{
	const struct nt_policy *policy = &in->program->policy;
	unsigned i;

	if (step->has_window)
		t = nt_windows_next(&step->window, in->lead->zone, t);
	if (!is_marketing(step) || t == NT_NEVER)
		return t;
	t = nt_windows_next(&in->program->channels[step->channel].send, in->lead->zone, t);
	if (t == NT_NEVER)
		return t;
	t = past_holiday(in, t);
	for (i = 0; i < policy->n_at_most; i++) {
		if (policy->at_most[i].n == 0)
			return NT_NEVER;
		t = past_cap(in, &policy->at_most[i], t);
	}
	return t;
}

/* The first instant from now on at which nothing stands against it; NT_NEVER: none within 400 days. */
static nt_time opens(const struct nt_instant *in, const struct nt_step *step)
{
	nt_time t = in->now, next;

	for (;;) {
		next = once_round(in, step, t);
		if (next == t)
			return t;
		if (next == NT_NEVER || next > in->now + FARTHEST)
			return NT_NEVER;
		t = next;
	}
}

const char *nt_gate_held(struct nt_instant *in, const struct nt_run *run)
{
	const struct nt_step *step = message_of(in->lead, run);
	const struct nt_policy *policy = &in->program->policy;
	nt_time next;
	unsigned i;

	if (step == NULL)
		return NULL;
	step = resolve(in, step);
	if (step->has_window && !nt_windows_contain(&step->window, in->lead->zone, in->now))
		return "outside its window";
	if (!is_marketing(step) || step->channel < 0)
		return NULL;
	if (!nt_windows_contain(&in->program->channels[step->channel].send, in->lead->zone, in->now))
		return "outside the sending hours";
	if (past_holiday(in, in->now) != in->now)
		return "a holiday";
	for (i = 0; i < policy->n_at_most; i++)
		if (in_force(in, &policy->at_most[i], in->now, &next) >= policy->at_most[i].n)
			return "the lead has had as many as 'at_most' allows";
	return NULL;
}

/* ---- what becomes of it ---- */

static void complete(struct nt_instant *in, struct nt_run *run)
{
	nt_run_go(in, run, nt_run_follow(&in->program->campaigns[run->campaign], run->step));
}

static void pass_over(struct nt_instant *in, struct nt_run *run, const struct nt_step *step, const char *what,
                      const char *why)
{
	struct nt_property_value properties[] = {
		{ "campaign", NT_TEXT_VALUE(in->program->campaigns[run->campaign].name) },
		{ "template", NT_TEXT_VALUE(step->name) },
		{ "channel", NT_TEXT_VALUE(step->channel >= 0 ? in->program->channels[step->channel].name : NULL) },
		{ "reason", NT_TEXT_VALUE(why) },
	};
	struct nt_effect *note;

	note = nt_instant_note(in, run, what, why);
	note->template_name = step->name;
	note->channel = properties[2].value.text;
	nt_instant_raise(in, "message.skipped", properties, G_N_ELEMENTS(properties));
	complete(in, run);
}

static void await_outcome(struct nt_instant *in, const struct nt_run *run, const struct nt_step *step,
                          const struct nt_message *message)
{
	struct nt_pending *pending = nt_arena_new0(in->arena, struct nt_pending);
	struct nt_pending **link;
	unsigned n = 0;

	pending->message = message->id;
	pending->campaign = run->campaign;
	pending->key = run->key;
	pending->entry = run->entry;
	pending->template_name = message->template_name;
	pending->channel = step->channel;
	pending->released = in->now;
	pending->counts = is_marketing(step);
	for (link = &in->lead->pending; *link != NULL; link = &(*link)->next)
		n++;
	*link = pending;
	if (n >= PENDING_KEPT)
		in->lead->pending = in->lead->pending->next;
}

/* Of a first_of. */
static void mark_choice(const struct nt_instant *in, const struct nt_run *run, const struct nt_step *step)
{
	unsigned i;

	for (i = 0; i < step->n_choices; i++)
		if (step->choices[i].channel == step->channel)
			nt_instant_reached(in, run->campaign, NT_REACHED_ARM, run->step, i);
}

static void release(struct nt_instant *in, struct nt_run *run, const struct nt_step *step)
{
	const struct nt_policy *policy = &in->program->policy;
	struct nt_effect *effect;
	struct nt_message *message;
	unsigned i, capacity = 1;

	run->released++;
	mark_choice(in, run, step);
	message = nt_message_new(in, run, step);
	effect = nt_instant_note(in, run, "message.released", message->template_name);
	effect->kind = NT_EFFECT_MESSAGE;
	effect->message = message;
	effect->channel = message->channel;
	await_outcome(in, run, step, message);
	if (is_marketing(step)) {
		for (i = 0; i < policy->n_at_most; i++)
			capacity = MAX(capacity, MIN(policy->at_most[i].n, RELEASES_KEPT));
		/* twice as many: a refund doesn't reach what has been merged */
		nt_ring_add(in->arena, &in->lead->releases, capacity * 2 + 1, in->now, 1, 0);
	}
	complete(in, run);
}

/* true: completed. */
static bool decide(struct nt_instant *in, struct nt_run *run, const struct nt_step *step)
{
	nt_time give_up = nt_gate_give_up(in->lead, run), t;
	const char *why;

	if (in->now >= give_up) {
		pass_over(in, run, step, "message.given_up", "it could not go out in time");
		return true;
	}
	if (in->now < in->clock) { /* nothing is released in the past */
		run->due = nt_time_earlier(in->clock, give_up);
		return false;
	}
	if (nt_run_paused(in, run))
		return false;
	step = resolve(in, step);
	why = skip_reason(in, run, step);
	if (why != NULL) {
		pass_over(in, run, step, "message.skipped", why);
		return true;
	}
	t = opens(in, step);
	if (t == in->now) {
		release(in, run, step);
		return true;
	}
	if (t == NT_NEVER) {
		pass_over(in, run, step, "message.given_up", "there is no time within 400 days at which it may go out");
		return true;
	}
	if (run->due != t)
		run->due = nt_time_earlier(t, give_up);
	return false;
}

/* Priority, then who has waited longest, then campaign and key, in which order the runs stand. */
static bool goes_first(const struct nt_lead *lead, const struct nt_run *a, const struct nt_run *b)
{
	const struct nt_campaign *campaigns = lead->program->campaigns;
	int left = campaigns[a->campaign].priority, right = campaigns[b->campaign].priority;

	if (left != right)
		return left > right;
	return a->first_due < b->first_due;
}

bool nt_gate_open(struct nt_instant *in)
{
	struct nt_run *run, *best;
	unsigned n = 0, asked = 0;

	for (run = in->lead->runs; run != NULL; run = run->next) {
		run->asked = message_of(in->lead, run) == NULL || run->due > in->now;
		n += !run->asked;
	}
	for (; asked < n; asked++) {
		best = NULL;
		for (run = in->lead->runs; run != NULL; run = run->next)
			if (!run->asked && (best == NULL || goes_first(in->lead, run, best)))
				best = run;
		best->asked = true;
		if (decide(in, best, message_of(in->lead, best)))
			return true;
	}
	return false;
}
