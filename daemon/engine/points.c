/* Scores: points for what a lead is and does, and the levels that they reach (I.5, II.4). */
#include "engine/instant.h"

#include "base/arena.h"

#include <string.h>

#define RING_CAPACITY 256
#define LATE (72 * NT_HOUR) /* so long what counted before is kept, whatever it takes */
#define EXPIRED_KEPT 16u    /* and of what is older so many awards, for what is known later still */

static struct nt_score_reason *find_reason(struct nt_lead *lead, const char *text)
{
	struct nt_score_reason **link, **oldest = NULL;
	unsigned n = 0;

	for (link = &lead->reasons; *link != NULL; link = &(*link)->next, n++) {
		if (strcmp((*link)->reason, text) == 0)
			return *link;
		if (oldest == NULL || (*link)->last < (*oldest)->last)
			oldest = link;
	}
	if (n >= NT_SCORE_REASONS_KEPT)
		*oldest = (*oldest)->next;
	for (link = &lead->reasons; *link != NULL; link = &(*link)->next)
		;
	*link = nt_arena_new0(lead->arena, struct nt_score_reason);
	(*link)->reason = nt_arena_strdup(lead->arena, text);
	(*link)->last = NT_NO_TIME;
	return *link;
}

void nt_points_award(struct nt_instant *in, nt_number points, nt_time at, const char *reason)
{
	char digits[40];
	GString number = { digits, 0, sizeof digits }; /* no number is so long that it would grow */
	struct nt_score_reason *kept;

	if (points == 0)
		return;
	nt_engagement_award(&in->lead->engagement, points, at, in->program->half_life);
	kept = find_reason(in->lead, reason);
	kept->times++;
	kept->points = nt_number_add(kept->points, points);
	kept->last = nt_time_later(kept->last, at);
	nt_number_print(points, &number);
	nt_instant_note(in, NULL, "points", nt_arena_join(in->arena, points > 0 ? "+" : "", digits, " ", reason, NULL));
}

/* Awards that count no more, neither lately nor at `at`: a history may be brought in at once, in order. */
static void forget(struct nt_instant *in, const struct nt_rate *rate, struct nt_ring_state *ring, nt_time at)
{
	nt_time t = nt_time_earlier(in->now - LATE, at);
	unsigned n = 0;

	while (n + EXPIRED_KEPT < ring->n &&
	       nt_gate_counts_until(rate, in->lead->zone, ring->entries[n + EXPIRED_KEPT].at) <= t)
		n++;
	if (n == 0)
		return;
	ring->n -= n;
	memmove(ring->entries, ring->entries + n, ring->n * sizeof *ring->entries);
}

/* For how long an award may count at the most, whatever the calendar is like. */
static nt_time longest(const struct nt_rate *rate)
{
	if (rate->calendar)
		return 3 * NT_DAY;
	return ((nt_time)rate->per.months * 31 + rate->per.days + 3) * NT_DAY + rate->per.ms;
}

/* What the cap leaves of an award at `at`. The ring keeps sizes without sign. */
static nt_number clip(struct nt_instant *in, unsigned slot, nt_number points, nt_time at)
{
	const struct nt_rate *rate = &in->program->engagement[slot].at_most;
	struct nt_ring_state *ring = &in->lead->points_rings[slot];
	nt_number left = nt_number_from_int(rate->n), size = points;
	nt_time reach = longest(rate);
	unsigned i;

	if (size < 0)
		size = nt_number_subtract(0, size);
	forget(in, rate, ring, at);
	for (i = ring->n; i-- > 0 && at - ring->entries[i].at < reach;)
		if (ring->entries[i].at <= at && nt_gate_counts_until(rate, in->lead->zone, ring->entries[i].at) > at)
			left = nt_number_subtract(left, ring->entries[i].sum);
	if (left <= 0)
		return 0;
	size = MIN(size, left);
	nt_ring_add(in->arena, ring, RING_CAPACITY, at, 1, size);
	return points < 0 ? -size : size;
}

void nt_points_earn(struct nt_instant *in, const struct nt_event *event)
{
	const struct nt_program *program = in->program;
	struct nt_eval_context context = { .lead = in->lead, .now = in->now, .event = event };
	unsigned i;

	for (i = 0; event->type >= 0 && i < program->n_engagement; i++) {
		const struct nt_points_rule *rule = &program->engagement[i];
		nt_number points = rule->points;

		if (rule->event != event->type || !nt_instant_holds(in, rule->condition, NULL, event, false))
			continue;
		if (rule->points_expr != NULL) {
			struct nt_result result = nt_eval(rule->points_expr, &context);

			points = result.value.type == NT_TYPE_NUMBER ? result.value.number : 0;
		}
		if (points != 0 && rule->capped)
			points = clip(in, i, points, event->at);
		nt_points_award(in, points, event->at, rule->reason != NULL ? rule->reason : event->name);
	}
}

static int level_at(const struct nt_program *program, int64_t score)
{
	int level = -1;

	while (level + 1 < (int)program->n_levels && program->levels[level + 1].from <= score)
		level++;
	return level;
}

static const char *level_name(const struct nt_program *program, int level)
{
	return level >= 0 ? program->levels[level].name : "none";
}

static void cross(struct nt_instant *in, int to, int64_t score)
{
	const struct nt_program *program = in->program;
	int from = in->lead->level;
	struct nt_property_value properties[] = {
		{ "from", NT_TEXT_VALUE(level_name(program, from)) },
		{ "to", NT_TEXT_VALUE(level_name(program, to)) },
		{ "level", NT_TEXT_VALUE(level_name(program, to)) }, /* the same, as it reads in conditions */
		{ "score", NT_NUMBER_VALUE(nt_number_from_int(score)) },
	};

	in->lead->level = to;
	if (in->loading)
		return;
	nt_instant_note(in, NULL, "score.crossed",
	                nt_arena_printf(in->arena, "%s to %s, score %" G_GINT64_FORMAT, level_name(program, from),
	                                level_name(program, to), score));
	in->changed = true;
	if (to >= 0 && in->levels[to])
		return;
	if (to >= 0)
		in->levels[to] = true;
	nt_instant_raise(in, "score.crossed", properties, G_N_ELEMENTS(properties));
}

void nt_points_refresh(struct nt_instant *in)
{
	const struct nt_program *program = in->program;
	struct nt_lead *lead = in->lead;
	struct nt_eval_context context = { .lead = lead, .now = in->now };
	nt_number fit = lead->fit_extra;
	int64_t score;
	int level;
	unsigned i;

	for (i = 0; i < program->n_fit; i++)
		fit = nt_number_add(fit, nt_fit_points(&program->fit[i], &context, &in->until));
	lead->fit = fit;
	if (program->n_levels == 0)
		return;
	score = nt_score_points(&lead->engagement, fit, in->now, program->half_life);
	level = level_at(program, score);
	if (level != lead->level)
		cross(in, level, score);
}

/* Only decay moves the score between instants, and it moves it towards fit: one border can be crossed next. */
nt_time nt_points_next_level(const struct nt_instant *in)
{
	const struct nt_program *program = in->program;
	const struct nt_lead *lead = in->lead;
	int border = lead->engagement.nano > 0 ? lead->level : lead->level + 1;
	int64_t from;

	if (program->half_life == 0 || lead->engagement.nano == 0 || border < 0 || border >= (int)program->n_levels)
		return NT_NEVER;
	from = program->levels[border].from;
	if (lead->engagement.nano > 0 ? nt_number_round(lead->fit) >= from : nt_number_round(lead->fit) < from)
		return NT_NEVER;
	return nt_score_crossing(&lead->engagement, lead->fit, in->now, program->half_life, from);
}
