#include "engine/eval_inner.h"

#include "base/bug.h"
#include "base/zone.h"
#include "rules/program.h"

#include <string.h>

/* What stands on one side of a comparison. All but STILL move with the clock, and are solved for the instant at which
 * the comparison turns. */
enum side_kind { STILL, NOW, TODAY, SINCE, UNTIL, SCORE };

struct side {
	enum side_kind kind;
	struct nt_result result;    /* value (SINCE, UNTIL: of the time), and until when it stays so */
	struct nt_engagement decay; /* SCORE */
	nt_number fit;
};

static struct side side_of(struct nt_evaluation *v, const struct nt_expr *e);

static struct side either(struct nt_evaluation *v, const struct nt_expr *e)
{
	struct side a = side_of(v, e->a), b;

	if (!nt_result_missing(&a.result))
		return a;
	b = side_of(v, e->b);
	b.result.until = nt_time_earlier(a.result.until, b.result.until);
	return b;
}

static struct side score_side(const struct nt_evaluation *v, const struct nt_expr *e)
{
	const struct nt_lead *lead = v->lead;
	struct side s = { .kind = SCORE, .decay = lead->engagement, .fit = lead->fit };

	if (e->slot == NT_STANDING_ENGAGEMENT)
		s.fit = 0;
	if (e->slot == NT_STANDING_FIT)
		s.decay = (struct nt_engagement){ .t0 = NT_NO_TIME };
	s.result.value = NT_NUMBER_VALUE(nt_number_from_int(
		nt_score_points(&s.decay, s.fit, v->now, lead->program->half_life)));
	s.result.until = NT_NEVER; /* the crossing is worked out by whoever knows what it is held against */
	return s;
}

static struct side side_of(struct nt_evaluation *v, const struct nt_expr *e)
{
	struct side s = { .kind = STILL };

	switch (e->op) {
	case NT_OP_OR_ELSE:
		return either(v, e);
	case NT_OP_NOW:
		s.kind = NOW;
		s.result.value = NT_TIME_VALUE(v->now);
		s.result.until = NT_NEVER;
		return s;
	case NT_OP_TODAY:
		s.kind = TODAY;
		s.result.value = NT_TIME_VALUE(nt_civil_midnight(v->lead->zone, v->now));
		s.result.until = NT_NEVER;
		return s;
	case NT_OP_SINCE:
	case NT_OP_UNTIL:
		s.kind = e->op == NT_OP_SINCE ? SINCE : UNTIL;
		s.result = nt_evaluate(v, e->a);
		break;
	case NT_OP_STANDING:
		if (e->slot == NT_STANDING_SCORE || e->slot == NT_STANDING_FIT || e->slot == NT_STANDING_ENGAGEMENT)
			return score_side(v, e);
		s.result = nt_evaluate(v, e);
		break;
	default:
		s.result = nt_evaluate(v, e);
		break;
	}
	if (s.result.value.type == NT_TYPE_DATE)
		s.result.value = NT_TIME_VALUE(nt_result_time(v, &s.result.value));
	return s;
}

/* ---- values that stand still ---- */

static bool decided(enum nt_op op, int order)
{
	switch (op) {
	case NT_OP_EQUAL:
		return order == 0;
	case NT_OP_NOT_EQUAL:
		return order != 0;
	case NT_OP_LESS:
		return order < 0;
	case NT_OP_LESS_EQUAL:
		return order <= 0;
	case NT_OP_GREATER:
		return order > 0;
	default:
		return order >= 0;
	}
}

static int order_of(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

/* Durations without an anchor have no exact order: a month counts as the mean of 400 years, a day as 24 hours. */
static int duration_order(struct nt_duration a, struct nt_duration b)
{
	const __int128 month = 2629746 * NT_SECOND;
	__int128 x = a.months * month + (__int128)a.days * NT_DAY + a.ms;
	__int128 y = b.months * month + (__int128)b.days * NT_DAY + b.ms;

	return (x > y) - (x < y);
}

/* Most texts differ in their first byte. */
static int text_order(const char *a, const char *b)
{
	return a[0] != b[0] ? (unsigned char)a[0] - (unsigned char)b[0] : strcmp(a, b);
}

static int value_order(const struct nt_value *a, const struct nt_value *b)
{
	switch (a->type) {
	case NT_TYPE_NUMBER:
		return order_of(a->number, b->number);
	case NT_TYPE_TIME:
		return order_of(a->time, b->time);
	case NT_TYPE_YES_NO:
		return order_of(a->yes, b->yes);
	case NT_TYPE_DURATION:
		return duration_order(a->duration, b->duration);
	default:
		return text_order(a->text, b->text);
	}
}

/* ---- moving sides: `moving` OP `still` ---- */

/* True from `at` on, false before; or the other way round. */
static struct nt_result turns(const struct nt_evaluation *v, nt_time at, bool to, nt_time until)
{
	bool past = v->now >= at;

	return nt_result_yes_no(past ? to : !to, past ? until : nt_time_earlier(until, at));
}

static bool upwards(enum nt_op op)
{
	return op == NT_OP_GREATER || op == NT_OP_GREATER_EQUAL;
}

/* Holds on [from, to) only; or, for '!=', everywhere else. */
static struct nt_result during(const struct nt_evaluation *v, nt_time from, nt_time to, enum nt_op op, nt_time until)
{
	bool inside = v->now >= from && v->now < to;

	if (v->now < from)
		until = nt_time_earlier(until, from);
	else if (inside)
		until = nt_time_earlier(until, to);
	return nt_result_yes_no(inside == (op == NT_OP_EQUAL), until);
}

static struct nt_result compare_now(const struct nt_evaluation *v, enum nt_op op, nt_time t, nt_time until)
{
	if (op == NT_OP_EQUAL || op == NT_OP_NOT_EQUAL)
		return during(v, t, t + 1, op, until);
	if (op == NT_OP_GREATER || op == NT_OP_LESS_EQUAL)
		t++; /* now > t from the millisecond after it */
	return turns(v, t, upwards(op), until);
}

/* Today is the latest local midnight: it moves from one to the next. */
static struct nt_result compare_today(const struct nt_evaluation *v, enum nt_op op, nt_time t, nt_time until)
{
	const struct nt_zone *zone = v->lead->zone;
	bool midnight = nt_civil_midnight(zone, t) == t;
	nt_time next = nt_civil_next_midnight(zone, t);

	if (op == NT_OP_EQUAL || op == NT_OP_NOT_EQUAL) {
		if (!midnight)
			return nt_result_yes_no(op == NT_OP_NOT_EQUAL, until);
		return during(v, t, next, op, until);
	}
	if (midnight && (op == NT_OP_GREATER_EQUAL || op == NT_OP_LESS))
		next = t;
	return turns(v, next, upwards(op), until);
}

/* II.2: since(x) > or >= d means now >= plus(x, d); until(x) < or <= d means now >= minus(x, d). */
static struct nt_result compare_running(const struct nt_evaluation *v, enum nt_op op, const struct side *running,
                                        const struct side *still)
{
	nt_time t = running->result.value.time, until = nt_time_earlier(running->result.until, still->result.until);
	struct nt_duration d = still->result.value.duration;

	if (running->kind == SINCE)
		return turns(v, nt_time_plus(v->lead->zone, t, d), upwards(op), until);
	return turns(v, nt_time_minus(v->lead->zone, t, d), !upwards(op), until);
}

/* since(a) against until(b): they meet at the middle of a and b. */
static struct nt_result compare_meeting(const struct nt_evaluation *v, enum nt_op op, const struct side *since,
                                        const struct side *until)
{
	nt_time sum = since->result.value.time + until->result.value.time;
	nt_time middle = sum / 2 + (sum % 2 > 0);

	return turns(v, middle, upwards(op), nt_time_earlier(since->result.until, until->result.until));
}

/* points >= k, seen from now. */
static struct nt_result score_reaches(const struct nt_evaluation *v, const struct side *s, int64_t k)
{
	nt_time half_life = v->lead->program->half_life;

	return nt_result_yes_no(nt_score_points(&s->decay, s->fit, v->now, half_life) >= k,
	                        nt_score_crossing(&s->decay, s->fit, v->now, half_life, k));
}

static struct nt_result score_equals(const struct nt_evaluation *v, const struct side *s, int64_t k)
{
	nt_time half_life = v->lead->program->half_life, turn;
	int64_t points = nt_score_points(&s->decay, s->fit, v->now, half_life);

	if (points == k)
		return nt_result_yes_no(true, nt_score_next_change(&s->decay, s->fit, v->now, half_life));
	turn = nt_score_crossing(&s->decay, s->fit, v->now, half_life, points > k ? k + 1 : k);
	if (turn != NT_NEVER && nt_score_points(&s->decay, s->fit, turn, half_life) != k)
		turn = NT_NEVER; /* jumps over k */
	return nt_result_yes_no(false, turn);
}

/* The smallest whole number >= n, and > n. */
static int64_t whole_from(nt_number n)
{
	return n / NT_NUMBER_ONE + (n % NT_NUMBER_ONE > 0);
}

static int64_t whole_above(nt_number n)
{
	return n / NT_NUMBER_ONE + (n % NT_NUMBER_ONE >= 0);
}

static struct nt_result negated(struct nt_result r)
{
	r.value.yes = !r.value.yes;
	return r;
}

static struct nt_result compare_score(const struct nt_evaluation *v, enum nt_op op, const struct side *s,
                                      const struct nt_result *still)
{
	nt_number n = still->value.number;
	struct nt_result r;

	if (op == NT_OP_EQUAL || op == NT_OP_NOT_EQUAL) {
		r = n % NT_NUMBER_ONE == 0 ? score_equals(v, s, n / NT_NUMBER_ONE) : nt_result_yes_no(false, NT_NEVER);
		r = op == NT_OP_EQUAL ? r : negated(r);
	} else {
		r = score_reaches(v, s, op == NT_OP_GREATER_EQUAL || op == NT_OP_LESS ? whole_from(n) : whole_above(n));
		r = upwards(op) ? r : negated(r);
	}
	r.until = nt_time_earlier(r.until, still->until);
	return r;
}

/* ---- count against a literal: the k-th greatest expiry ---- */

static struct nt_result compare_count(const struct nt_evaluation *v, const struct nt_expr *e)
{
	const struct nt_ring_state *ring = &v->lead->rings[e->a->ring];
	const struct nt_zone *zone = v->lead->zone;
	struct nt_duration d = e->a->duration;
	uint64_t count = nt_ring_count(ring, zone, v->now, d);
	nt_number n = e->b->literal.number;
	bool equality = e->op == NT_OP_EQUAL || e->op == NT_OP_NOT_EQUAL, holds;
	int64_t k = e->op == NT_OP_GREATER_EQUAL || e->op == NT_OP_LESS ? whole_from(n) : whole_above(n);
	nt_time until;

	if (equality) {
		holds = n >= 0 && n % NT_NUMBER_ONE == 0 && count == (uint64_t)(n / NT_NUMBER_ONE);
		until = holds ? nt_ring_next_expiry(ring, zone, v->now, d) :
		        n < 0 ? NT_NEVER : nt_ring_below(ring, zone, v->now, d, (uint64_t)k);
		return nt_result_yes_no(holds == (e->op == NT_OP_EQUAL), until);
	}
	if (k <= 0)
		return nt_result_yes_no(upwards(e->op), NT_NEVER);
	holds = count >= (uint64_t)k;
	until = holds ? nt_ring_below(ring, zone, v->now, d, (uint64_t)k) : NT_NEVER;
	return nt_result_yes_no(holds == upwards(e->op), until);
}

/* ---- the comparison ---- */

static bool running(const struct side *s)
{
	return s->kind == SINCE || s->kind == UNTIL;
}

static struct nt_result compare_running_sides(struct nt_evaluation *v, enum nt_op op, const struct side *a,
                                              const struct side *b)
{
	if (!running(b))
		return compare_running(v, op, a, b);
	if (!running(a))
		return compare_running(v, nt_op_mirrored(op), b, a);
	if (a->kind == SINCE && b->kind == UNTIL)
		return compare_meeting(v, op, a, b);
	if (a->kind == UNTIL && b->kind == SINCE)
		return compare_meeting(v, nt_op_mirrored(op), b, a);
	return nt_result_yes_no(decided(a->kind == SINCE ? nt_op_mirrored(op) : op,
	                                order_of(a->result.value.time, b->result.value.time)),
	                        nt_time_earlier(a->result.until, b->result.until));
}

/* A side that moves by itself, read as a value that stands until its next move. */
static struct nt_result as_step(const struct nt_evaluation *v, const struct side *s)
{
	struct nt_result r = s->result;

	if (s->kind == TODAY)
		r.until = nt_civil_next_midnight(v->lead->zone, v->now);
	else if (s->kind == SCORE)
		r.until = nt_score_next_change(&s->decay, s->fit, v->now, v->lead->program->half_life);
	return r;
}

static struct nt_result compare_sides(struct nt_evaluation *v, enum nt_op op, const struct side *a,
                                      const struct side *b)
{
	struct nt_result x, y;

	if (running(a) || running(b))
		return compare_running_sides(v, op, a, b);
	if (b->kind == NOW || (b->kind == TODAY && a->kind == STILL) || (b->kind == SCORE && a->kind == STILL)) {
		const struct side *spare = a;

		a = b;
		b = spare;
		op = nt_op_mirrored(op);
	}
	x = a->result;
	y = as_step(v, b);
	if (a->kind == b->kind && (a->kind == NOW || a->kind == TODAY))
		return nt_result_yes_no(decided(op, 0), nt_time_earlier(a->result.until, b->result.until));
	if (a->kind == NOW || a->kind == TODAY)
		return (a->kind == NOW ? compare_now : compare_today)(v, op, y.value.time,
		                                                      nt_time_earlier(x.until, y.until));
	if (a->kind == SCORE)
		return compare_score(v, op, a, &y);
	return nt_result_yes_no(decided(op, value_order(&x.value, &y.value)), nt_time_earlier(x.until, y.until));
}

/* Neither moves with the clock by itself nor stands for something that does. */
static bool stands_still(const struct nt_expr *e)
{
	switch (e->op) {
	case NT_OP_OR_ELSE:
	case NT_OP_NOW:
	case NT_OP_TODAY:
	case NT_OP_SINCE:
	case NT_OP_UNTIL:
		return false;
	case NT_OP_STANDING:
		return e->slot > NT_STANDING_ENGAGEMENT;
	default:
		return true;
	}
}

static const struct nt_value *as_time(const struct nt_evaluation *v, const struct nt_value *value,
                                      struct nt_value *room)
{
	if (value->type != NT_TYPE_DATE)
		return value;
	*room = NT_TIME_VALUE(nt_result_time(v, value));
	return room;
}

static G_GNUC_NO_INLINE struct nt_verdict compare_worked_out(struct nt_evaluation *v, const struct nt_expr *e)
{
	struct nt_value left, right;
	struct nt_result a, b;
	nt_time until, until_b;
	const struct nt_value *x = nt_peek_value(v, e->a, &a, &until), *y = nt_peek_value(v, e->b, &b, &until_b);

	if (x->type == NT_TYPE_NONE || y->type == NT_TYPE_NONE)
		return (struct nt_verdict){ nt_missing_until(x->type != NT_TYPE_NONE, until, y->type != NT_TYPE_NONE,
			                                     until_b), false };
	x = as_time(v, x, &left);
	y = as_time(v, y, &right);
	return (struct nt_verdict){ nt_time_earlier(until, until_b), decided(e->op, value_order(x, y)) };
}

/* Most comparisons: a field against a literal. */
static struct nt_verdict compare_still(struct nt_evaluation *v, const struct nt_expr *e)
{
	const struct nt_value *x = nt_lying_value(v, e->a), *y = nt_lying_value(v, e->b);

	if (x == NULL || y == NULL || x->type == NT_TYPE_DATE || y->type == NT_TYPE_DATE)
		return compare_worked_out(v, e);
	return (struct nt_verdict){ NT_NEVER, x->type != NT_TYPE_NONE && y->type != NT_TYPE_NONE &&
		                              decided(e->op, value_order(x, y)) };
}

static struct nt_result compare_moving(struct nt_evaluation *v, const struct nt_expr *e)
{
	struct side a = side_of(v, e->a), b = side_of(v, e->b);

	if (nt_result_missing(&a.result) || nt_result_missing(&b.result))
		return nt_result_yes_no(false, nt_result_until(&a.result, &b.result));
	return compare_sides(v, e->op, &a, &b);
}

static bool is_count(const struct nt_expr *e)
{
	return e->a->op == NT_OP_COUNT && e->a->ring >= 0 && e->b->op == NT_OP_LITERAL;
}

static G_GNUC_NO_INLINE struct nt_verdict compare_others(struct nt_evaluation *v, const struct nt_expr *e)
{
	struct nt_result r = is_count(e) ? compare_count(v, e) : compare_moving(v, e);

	return (struct nt_verdict){ r.until, nt_result_holds(&r) };
}

struct nt_verdict nt_decide_comparison(struct nt_evaluation *v, const struct nt_expr *e)
{
	if (stands_still(e->a) && stands_still(e->b) && !is_count(e))
		return compare_still(v, e);
	return compare_others(v, e);
}

struct nt_verdict nt_decide_presence(struct nt_evaluation *v, const struct nt_expr *e)
{
	struct nt_result room;
	struct side a;
	nt_time until;

	if (stands_still(e->a)) {
		bool is_missing = nt_peek_value(v, e->a, &room, &until)->type == NT_TYPE_NONE;

		return (struct nt_verdict){ until, is_missing == (e->op == NT_OP_IS_NONE) };
	}
	a = side_of(v, e->a);
	return (struct nt_verdict){ a.result.until, nt_result_missing(&a.result) == (e->op == NT_OP_IS_NONE) };
}
