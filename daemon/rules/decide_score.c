/* How far scores can go: what the scoring rules, steps and reasons can give and take. */
#include "rules/decide.h"

#include "base/arena.h"

#include <string.h>

/* Both ends count away from 0; INFINITE: without bound. Doubles are enough here: the sums are bounds. */
#define INFINITE 1e300

struct reach {
	double low, high;
};

static double number(nt_number n)
{
	return n == INT64_MIN ? -INFINITE : n == INT64_MAX ? INFINITE : (double)n / 1e6;
}

static void reach_add(struct reach *r, double low, double high)
{
	r->low += MIN(low, 0);
	r->high += MAX(high, 0);
}

/* 2^-x, or a little more: no libm in the core. */
static double halved(double x)
{
	static const double roots[] = { /* 2^-(1/2), 2^-(1/4), … */
		0.7071067811865476, 0.8408964152537145, 0.9170040432046712, 0.9576032806985737, 0.9785720620877001,
		0.9892280131939755, 0.9945994234836331, 0.9972960560854701, 0.9986471128909702, 0.9993233275026509,
	};
	double out = 1, bit = 1;

	if (x >= 60)
		return 0;
	for (; x >= 1; x -= 1)
		out /= 2;
	for (unsigned i = 0; i < G_N_ELEMENTS(roots); i++) {
		bit /= 2;
		if (x >= bit) {
			x -= bit;
			out *= roots[i];
		}
	}
	return out;
}

/* The shortest that a duration can be. */
static double shortest(struct nt_duration d)
{
	double ms = (double)d.months * 28 * NT_DAY + (double)d.days * NT_DAY + (double)d.ms;

	return d.months != 0 || d.days != 0 ? ms - NT_HOUR : ms;
}

/* So much, again and again after the period, decaying meanwhile: the most that comes together. */
static double piled_up(const struct nt_program *program, double most, double period, bool calendar)
{
	double left;

	if (program->half_life == 0 || period <= 0)
		return INFINITE;
	left = halved(period / (double)program->half_life);
	if (left >= 1)
		return INFINITE;
	/* local days meet at midnight */
	return (calendar ? most : 0) + most / (1 - left);
}

static struct nt_bounds points_of(struct nt_decider *d, nt_number points, const struct nt_expr *expr)
{
	return expr != NULL ? nt_bounds_of(d, expr) : (struct nt_bounds){ points, points };
}

static bool is_once(const struct nt_program *program, int event)
{
	return event >= 0 && strcmp(program->events[event].name, "lead.created") == 0;
}

static void reach_by_rule(struct nt_decider *d, const struct nt_points_rule *rule, struct reach *r)
{
	struct nt_bounds points = points_of(d, rule->points, rule->points_expr);
	double low = number(points.low), high = number(points.high), cap;

	if (nt_truth_of(d, rule->condition) == NT_TRUTH_NEVER)
		return;
	if (rule->capped) {
		cap = piled_up(d->program, (double)rule->at_most.n, shortest(rule->at_most.per),
			       rule->at_most.calendar);
		reach_add(r, low < 0 ? -cap : 0, high > 0 ? cap : 0);
	} else if (is_once(d->program, rule->event)) {
		reach_add(r, low, high);
	} else {
		reach_add(r, low < 0 ? -INFINITE : 0, high > 0 ? INFINITE : 0);
	}
}

static void reach_by_step(struct nt_decider *d, const struct nt_campaign *campaign, const struct nt_step *step,
                          bool loops, struct reach *r)
{
	struct nt_bounds points = points_of(d, step->points, step->expr);
	double low = number(points.low), high = number(points.high);
	bool again = loops || campaign->per != NULL || campaign->restarts || campaign->again == NT_AGAIN_ALWAYS;

	if (!again && campaign->again == NT_AGAIN_NEVER)
		reach_add(r, low, high);
	else if (!again)
		reach_add(r, low < 0 ? -piled_up(d->program, -low, shortest(campaign->again_after), false) : 0,
		          high > 0 ? piled_up(d->program, high, shortest(campaign->again_after), false) : 0);
	else
		reach_add(r, low < 0 ? -INFINITE : 0, high > 0 ? INFINITE : 0);
}

static void reach_by_steps(struct nt_decider *d, struct reach *r)
{
	for (unsigned c = 0; c < d->program->n_campaigns; c++) {
		const struct nt_campaign *campaign = &d->program->campaigns[c];
		bool loops = false;

		for (unsigned i = 0; i < campaign->n_steps; i++)
			loops = loops || campaign->steps[i].kind == NT_STEP_GO_TO;
		for (unsigned i = 0; i < campaign->n_enter; i++)
			loops = loops || campaign->enter[i].comes_round;
		for (unsigned i = 0; i < campaign->n_steps; i++)
			if (campaign->steps[i].kind == NT_STEP_POINTS)
				reach_by_step(d, campaign, &campaign->steps[i], loops, r);
	}
}

static void reach_by_reasons(const struct nt_program *program, struct reach *fit, struct reach *engagement)
{
	for (unsigned i = 0; i < program->sales.n_reasons; i++) {
		const struct nt_reject_reason *reason = &program->sales.reasons[i];

		reach_add(engagement, reason->points < 0 ? -INFINITE : 0, reason->points > 0 ? INFINITE : 0);
		reach_add(fit, reason->fit < 0 ? -INFINITE : 0, reason->fit > 0 ? INFINITE : 0);
	}
}

/* Scores read as whole numbers. */
static struct nt_bounds rounded(struct reach r)
{
	struct nt_bounds out = { INT64_MIN, INT64_MAX };

	if (r.low > -1e9)
		out.low = ((int64_t)(r.low - 0.5)) * NT_NUMBER_ONE;
	if (r.high < 1e9)
		out.high = ((int64_t)(r.high + 0.5)) * NT_NUMBER_ONE;
	return out;
}

static void decide_segments(struct nt_decider *d)
{
	const struct nt_program *program = d->program;
	enum nt_truth *truths = nt_arena_array(d->arena, enum nt_truth, program->n_segments + 1);

	d->segments = truths;
	for (unsigned i = 0; i < program->n_segments; i++) /* one refers only to earlier ones */
		truths[i] = nt_truth_of(d, program->segments[i].condition);
}

void nt_decider_init(struct nt_decider *d, const struct nt_program *program, struct nt_arena *arena)
{
	const struct nt_bounds open = { INT64_MIN, INT64_MAX };
	struct reach fit = { 0, 0 }, engagement = { 0, 0 };

	*d = (struct nt_decider){ .arena = arena, .program = program, .fit = open, .engagement = open, .score = open };
	decide_segments(d);
	for (unsigned i = 0; i < program->n_fit; i++) {
		struct nt_bounds points = points_of(d, program->fit[i].points, program->fit[i].points_expr);

		if (nt_truth_of(d, program->fit[i].condition) != NT_TRUTH_NEVER)
			reach_add(&fit, number(points.low), number(points.high));
	}
	for (unsigned i = 0; i < program->n_engagement; i++)
		reach_by_rule(d, &program->engagement[i], &engagement);
	reach_by_steps(d, &engagement);
	reach_by_reasons(program, &fit, &engagement);
	d->fit = rounded(fit);
	d->engagement = rounded(engagement);
	d->score = rounded((struct reach){ fit.low + engagement.low, fit.high + engagement.high });
	decide_segments(d);
}
