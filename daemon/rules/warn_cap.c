/* Messages that a campaign's own earlier ones push beyond policy's caps: late by so much, or given up.
 *
 * One pass over the steps, with the ages of the latest marketing messages of the run at each place. Every doubt is
 * taken
 * in the message's favour: a wait for an event takes as long as it may, a step with a condition and a branch are passed
 * the way that sends least, a month of a cap is short and one of a wait is long. What is late then is late always. */
#include "rules/warn.h"

#include "base/arena.h"
#include "base/text.h"

#include <string.h>

#define LATEST 64
#define LONG 1e18 /* ms: no such message */

struct run {
	double ages[LATEST]; /* ms since the latest message, the one before it, … */
	bool ended;          /* nobody comes here */
};

struct pass {
	struct nt_warner *w;
	const struct nt_campaign *campaign;
	const bool *targets; /* of a go_to, by step */
};

static void walk_list(struct pass *pass, int first, struct run *run);

static void forget(struct run *run)
{
	for (unsigned i = 0; i < LATEST; i++)
		run->ages[i] = LONG;
}

static void let_pass(struct run *run, double ms)
{
	for (unsigned i = 0; i < LATEST; i++)
		run->ages[i] = MIN(run->ages[i] + ms, LONG);
}

static void meet(struct run *run, const struct run *other)
{
	if (run->ended)
		*run = *other;
	else
		for (unsigned i = 0; i < LATEST && !other->ended; i++)
			run->ages[i] = MAX(run->ages[i], other->ages[i]);
}

static double longest(struct nt_duration d)
{
	return (double)d.months * 31 * NT_DAY + (double)d.days * NT_DAY + (double)d.ms;
}

/* A day of 23 hours may be among them. */
static double shortest(struct nt_duration d)
{
	double ms = (double)d.months * 28 * NT_DAY + (double)d.days * NT_DAY + (double)d.ms;

	return d.months != 0 || d.days != 0 ? ms - NT_HOUR : ms;
}

/* As people count. */
static double usual(struct nt_duration d)
{
	return (double)d.months * 30 * NT_DAY + (double)d.days * NT_DAY + (double)d.ms;
}

/* ---- one message ---- */

static const char *rate_text(struct nt_warner *w, const struct nt_rate *rate)
{
	const struct nt_source *source = rate->span.source;

	return nt_arena_strndup(w->arena, source->text + rate->span.start, rate->span.length);
}

static const char *length_text(struct nt_warner *w, double ms)
{
	int64_t hours = (int64_t)((ms + NT_HOUR / 2.0) / NT_HOUR), n = hours >= 48 ? (hours + 12) / 24 : MAX(hours, 1);

	return nt_arena_printf(w->arena, "%" G_GINT64_FORMAT " %s%s", n, hours >= 48 ? "day" : "hour",
	                       nt_text_plural((uint64_t)n, "", "s"));
}

/* The cap that holds the message back longest, and for how long at least. */
static const struct nt_rate *held_by(struct nt_warner *w, const struct run *run, double *late)
{
	const struct nt_policy *policy = &w->program->policy;
	const struct nt_rate *found = NULL;

	*late = 0;
	for (unsigned i = 0; i < policy->n_at_most; i++) {
		const struct nt_rate *rate = &policy->at_most[i];
		double left;

		if (rate->calendar || rate->n > LATEST)
			continue;
		left = shortest(rate->per) - run->ages[rate->n - 1];
		if (left > *late) {
			*late = left;
			found = rate;
		}
	}
	return found;
}

static void send(struct pass *pass, const struct nt_step *step, struct run *run)
{
	double late, patience = longest(step->give_up_after);
	const struct nt_rate *rate = held_by(pass->w, run, &late);
	bool given_up = rate != NULL && patience > 0 && late >= patience;
	double shown = rate != NULL ? late + usual(rate->per) - shortest(rate->per) : 0;

	if (given_up)
		nt_diags_warning(pass->w->diags, NT_CODE_OVER_CAP, step->span,
		                 "this message is always given up: policy's '%s' is used up by this campaign's own for "
		                 "%s more, and it waits %s at most (wait longer before it, or send less)",
		                 rate_text(pass->w, rate), length_text(pass->w, shown), length_text(pass->w, patience));
	else if (rate != NULL)
		nt_diags_warning(pass->w->diags, NT_CODE_OVER_CAP, step->span,
		                 "this message always goes out about %s late: policy's '%s' is used up by this "
		                 "campaign's own "
		                 "(wait longer before it, or send less)",
		                 length_text(pass->w, shown), rate_text(pass->w, rate));
	let_pass(run, given_up ? patience : late);
	if (given_up)
		return;
	memmove(run->ages + 1, run->ages, sizeof run->ages - sizeof run->ages[0]);
	run->ages[0] = 0;
}

/* ---- the steps ---- */

static void walk_branch(struct pass *pass, int first, const struct run *before, struct run *sum)
{
	struct run run = *before;

	walk_list(pass, first, &run);
	meet(sum, &run);
}

static void walk_arms(struct pass *pass, const struct nt_step *step, struct run *run)
{
	struct run sum = { .ended = true };
	bool otherwise = step->kind == NT_STEP_SPLIT;

	for (unsigned i = 0; i < step->n_arms; i++) {
		walk_branch(pass, step->arms[i].first, run, &sum);
		otherwise = otherwise || step->arms[i].condition == NULL;
	}
	if (!otherwise)
		meet(&sum, run);
	*run = sum;
}

static void walk_branches(struct pass *pass, const struct nt_step *step, struct run *run)
{
	struct run sum = { .ended = true };
	bool waits = step->kind != NT_STEP_IF;

	if (waits)
		let_pass(run, step->has_up_to ? longest(step->duration) : LONG);
	walk_branch(pass, step->then_first, run, &sum);
	if (!waits || step->has_up_to)
		walk_branch(pass, step->else_first, run, &sum);
	*run = sum;
}

/* Each at a date of its own. */
static void walk_points(struct pass *pass, const struct nt_step *step, struct run *run)
{
	for (unsigned i = 0; i < step->n_points; i++) {
		struct run at_its_date = { .ended = false };

		forget(&at_its_date);
		walk_list(pass, step->schedule[i].first, &at_its_date);
	}
	forget(run);
}

static void walk_step(struct pass *pass, const struct nt_step *step, struct run *run)
{
	switch (step->kind) {
	case NT_STEP_MESSAGE:
	case NT_STEP_FIRST_OF:
		if (!step->service)
			send(pass, step, run);
		break;
	case NT_STEP_WAIT:
		let_pass(run, longest(step->duration));
		break;
	case NT_STEP_WAIT_CLOCK:
		let_pass(run, (step->weekday >= 0 ? 7.0 : 1.0) * NT_DAY);
		break;
	case NT_STEP_WAIT_WINDOW:
		let_pass(run, 7.0 * NT_DAY);
		break;
	case NT_STEP_IF:
	case NT_STEP_WAIT_FOR:
	case NT_STEP_WAIT_CONDITION:
		walk_branches(pass, step, run);
		break;
	case NT_STEP_SPLIT:
	case NT_STEP_CHOOSE:
		walk_arms(pass, step, run);
		break;
	case NT_STEP_STOP:
	case NT_STEP_GO_TO:
		run->ended = true;
		break;
	case NT_STEP_WEBHOOK:
	case NT_STEP_SET:
	case NT_STEP_TAG:
	case NT_STEP_UNTAG:
	case NT_STEP_POINTS:
	case NT_STEP_STAGE:
	case NT_STEP_SUPPRESS:
	case NT_STEP_HAND_OFF:
	case NT_STEP_TELL:
	case NT_STEP_ASSIGN:
	case NT_STEP_TASK:
	case NT_STEP_START:
		break;
	case NT_STEP_SCHEDULE:
		walk_points(pass, step, run);
		break;
	default: /* until some instant of its own */
		forget(run);
		break;
	}
}

static void walk_list(struct pass *pass, int first, struct run *run)
{
	for (int i = first; i >= 0 && !run->ended; i = pass->campaign->steps[i].next) {
		const struct nt_step *step = &pass->campaign->steps[i];
		struct run before = *run;

		if (pass->targets[i])
			forget(run);
		walk_step(pass, step, run);
		if (step->condition != NULL)
			meet(run, &before);
	}
}

void nt_warn_caps(struct nt_warner *w)
{
	for (unsigned c = 0; c < w->program->n_campaigns && w->program->policy.n_at_most > 0; c++) {
		const struct nt_campaign *campaign = &w->program->campaigns[c];
		bool *targets = nt_arena_array(w->arena, bool, campaign->n_steps + 1);
		struct pass pass = { .w = w, .campaign = campaign, .targets = targets };
		struct run run = { .ended = false };

		for (unsigned i = 0; i < campaign->n_steps; i++)
			if (campaign->steps[i].kind == NT_STEP_GO_TO && campaign->steps[i].target >= 0)
				targets[campaign->steps[i].target] = true;
		forget(&run);
		walk_list(&pass, campaign->first, &run);
	}
}
