#include "engine/eval.h"

#include "base/arena.h"
#include "base/bug.h"
#include "base/text.h"
#include "base/zone.h"
#include "engine/eval_inner.h"
#include "rules/program.h"

#include <string.h>

/* ---- results ---- */

struct nt_result nt_result_steady(struct nt_value value)
{
	return (struct nt_result){ .value = value, .until = NT_NEVER };
}

struct nt_result nt_result_none(nt_time until)
{
	return (struct nt_result){ .value = NT_NONE, .until = until };
}

struct nt_result nt_result_yes_no(bool yes, nt_time until)
{
	return (struct nt_result){ .value = NT_YES_NO_VALUE(yes), .until = until };
}

bool nt_result_missing(const struct nt_result *a)
{
	return a->value.type == NT_TYPE_NONE;
}

nt_time nt_result_until(const struct nt_result *a, const struct nt_result *b)
{
	return nt_missing_until(!nt_result_missing(a), a->until, !nt_result_missing(b), b->until);
}

nt_time nt_result_time(const struct nt_evaluation *v, const struct nt_value *value)
{
	return value->type == NT_TYPE_DATE ? nt_date_midnight(v->lead->zone, value->date) : value->time;
}

bool nt_result_holds(const struct nt_result *r)
{
	return r->value.type == NT_TYPE_YES_NO && r->value.yes;
}

/* ---- operands where they lie ---- */

const struct nt_value *nt_peek_value(struct nt_evaluation *v, const struct nt_expr *e, struct nt_result *room,
                                     nt_time *until)
{
	const struct nt_value *lying = nt_lying_value(v, e);

	*until = NT_NEVER;
	if (lying != NULL)
		return lying;
	*room = nt_evaluate(v, e);
	*until = room->until;
	return &room->value;
}

nt_time nt_missing_until(bool has_a, nt_time a, bool has_b, nt_time b)
{
	if (!has_a)
		return has_b ? a : nt_time_later(a, b);
	return has_b ? nt_time_earlier(a, b) : b;
}

/* ---- logic ---- */

/* One operand that says `decisive` decides: false in an `and`, true in an `or`. The result then holds as long as the
 * most lasting of the deciding operands; otherwise as long as both do. */
static struct nt_verdict both(struct nt_evaluation *v, const struct nt_expr *e, bool decisive)
{
	struct nt_verdict a = nt_decide(v, e->a), b;

	if (a.yes == decisive && a.until == NT_NEVER)
		return a;
	b = nt_decide(v, e->b);
	if (a.yes == decisive) {
		if (b.yes == decisive)
			a.until = nt_time_later(a.until, b.until);
		return a;
	}
	if (b.yes != decisive)
		b.until = nt_time_earlier(a.until, b.until);
	return b;
}

static bool list_has(const struct nt_value *list, const char *text)
{
	for (unsigned i = 0; i < list->list.n; i++)
		if (strcmp(list->list.items[i], text) == 0)
			return true;
	return false;
}

static bool among(const struct nt_evaluation *v, const struct nt_value *value, const struct nt_expr *list)
{
	struct nt_value x = *value;

	if (x.type == NT_TYPE_DATE)
		x = NT_TIME_VALUE(nt_result_time(v, &x));
	for (unsigned i = 0; i < list->n_items; i++) {
		struct nt_value item = list->items[i];

		if (item.type == NT_TYPE_DATE)
			item = NT_TIME_VALUE(nt_result_time(v, &item));
		if (nt_value_equal(&x, &item))
			return true;
	}
	return false;
}

/* What follows stays out of nt_decide(), which every `and` goes through: its frame is to be small. */
static G_GNUC_NO_INLINE struct nt_verdict in(struct nt_evaluation *v, const struct nt_expr *e)
{
	struct nt_result a, b;
	nt_time until, until_b;
	const struct nt_value *x = nt_peek_value(v, e->a, &a, &until), *list;
	bool is_missing = x->type == NT_TYPE_NONE;

	if (e->b->op == NT_OP_LIST)
		return (struct nt_verdict){ until, !is_missing && among(v, x, e->b) == (e->op == NT_OP_IN) };
	list = nt_peek_value(v, e->b, &b, &until_b);
	if (is_missing || list->type == NT_TYPE_NONE)
		return (struct nt_verdict){ nt_missing_until(!is_missing, until, list->type != NT_TYPE_NONE, until_b),
			                    false };
	return (struct nt_verdict){ nt_time_earlier(until, until_b),
		                    list_has(list, x->text) == (e->op == NT_OP_IN) };
}

/* One character on: its first byte, and what continues it. */
static const char *next_character(const char *text)
{
	do
		text++;
	while (((unsigned char)*text & 0xC0) == 0x80);
	return text;
}

/* '*' any run of characters, '?' one. Going back to the last '*' only keeps it quadratic at worst. */
static bool glob(const char *pattern, const char *text)
{
	const char *star = NULL, *retry = NULL;

	while (*text != '\0') {
		if (*pattern == '*') {
			star = ++pattern;
			retry = text;
		} else if (*pattern == '?') {
			pattern++;
			text = next_character(text);
		} else if (*pattern == *text) {
			pattern++;
			text++;
		} else if (star != NULL) {
			pattern = star;
			text = retry = next_character(retry);
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return *pattern == '\0';
}

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);

	return n >= m && memcmp(text + n - m, end, m) == 0;
}

static bool text_test(enum nt_op op, const struct nt_value *a, const char *b)
{
	switch (op) {
	case NT_OP_CONTAINS:
		return a->type == NT_TYPE_LIST ? list_has(a, b) : strstr(a->text, b) != NULL;
	case NT_OP_STARTS_WITH:
		return strncmp(a->text, b, strlen(b)) == 0;
	case NT_OP_ENDS_WITH:
		return ends_with(a->text, b);
	default:
		return glob(b, a->text);
	}
}

static G_GNUC_NO_INLINE struct nt_verdict texts(struct nt_evaluation *v, const struct nt_expr *e)
{
	struct nt_result a, b;
	nt_time until, until_b;
	const struct nt_value *x = nt_peek_value(v, e->a, &a, &until), *y = nt_peek_value(v, e->b, &b, &until_b);

	if (x->type == NT_TYPE_NONE || y->type == NT_TYPE_NONE)
		return (struct nt_verdict){ nt_missing_until(x->type != NT_TYPE_NONE, until, y->type != NT_TYPE_NONE,
			                                     until_b), false };
	return (struct nt_verdict){ nt_time_earlier(until, until_b), text_test(e->op, x, y->text) };
}

/* ---- arithmetic ---- */

static int32_t add_parts(int32_t a, int32_t b)
{
	int64_t sum = (int64_t)a + b;

	return sum > INT32_MAX ? INT32_MAX : sum < INT32_MIN ? INT32_MIN : (int32_t)sum;
}

static struct nt_duration add_durations(struct nt_duration a, struct nt_duration b)
{
	__int128 ms = (__int128)a.ms + b.ms;

	return (struct nt_duration){ .months = add_parts(a.months, b.months), .days = add_parts(a.days, b.days),
		                     .ms = ms > INT64_MAX ? INT64_MAX : ms < INT64_MIN ? INT64_MIN : (int64_t)ms };
}

static struct nt_value calculate(const struct nt_evaluation *v, enum nt_op op, const struct nt_value *a,
                                 const struct nt_value *b)
{
	nt_number n;

	if (a->type == NT_TYPE_DURATION)
		return (struct nt_value){ .type = NT_TYPE_DURATION,
		                          .duration = add_durations(a->duration, b->duration) };
	if (a->type != NT_TYPE_NUMBER) {
		nt_time t = nt_result_time(v, a);

		return NT_TIME_VALUE((op == NT_OP_ADD ? nt_time_plus : nt_time_minus)(v->lead->zone, t, b->duration));
	}
	switch (op) {
	case NT_OP_ADD:
		return NT_NUMBER_VALUE(nt_number_add(a->number, b->number));
	case NT_OP_SUBTRACT:
		return NT_NUMBER_VALUE(nt_number_subtract(a->number, b->number));
	case NT_OP_MULTIPLY:
		return NT_NUMBER_VALUE(nt_number_multiply(a->number, b->number));
	default:
		return nt_number_divide(a->number, b->number, &n) ? NT_NUMBER_VALUE(n) : NT_NONE;
	}
}

static struct nt_result arithmetic(struct nt_evaluation *v, const struct nt_expr *e)
{
	struct nt_result a = nt_evaluate(v, e->a), b = nt_evaluate(v, e->b);

	if (nt_result_missing(&a) || nt_result_missing(&b))
		return nt_result_none(nt_result_until(&a, &b));
	return (struct nt_result){ .value = calculate(v, e->op, &a.value, &b.value), .until = nt_result_until(&a, &b) };
}

static struct nt_result or_else(struct nt_evaluation *v, const struct nt_expr *e)
{
	struct nt_result a = nt_evaluate(v, e->a), b;

	if (!nt_result_missing(&a))
		return a;
	b = nt_evaluate(v, e->b);
	b.until = nt_time_earlier(a.until, b.until);
	return b;
}

/* ---- functions of one value ---- */

static struct nt_value lowered(const struct nt_evaluation *v, const char *text)
{
	char *folded = nt_text_fold(text);
	struct nt_value value = NT_TEXT_VALUE(nt_arena_strdup(v->lead->arena, folded));

	g_free(folded);
	return value;
}

static struct nt_value length_of(const struct nt_value *a)
{
	int64_t n = 0;

	if (a->type == NT_TYPE_LIST)
		n = a->list.n;
	else
		for (const char *p = a->text; *p != '\0'; p = next_character(p))
			n++;
	return NT_NUMBER_VALUE(nt_number_from_int(n));
}

/* since() and until() as plain values, say for a message: elapsed time, true for this millisecond. */
static struct nt_result elapsed(const struct nt_evaluation *v, enum nt_op op, const struct nt_result *a)
{
	nt_time t = nt_result_time(v, &a->value), ms = op == NT_OP_SINCE ? v->now - t : t - v->now;

	return (struct nt_result){ .value = { .type = NT_TYPE_DURATION, .duration = NT_DURATION_MS(ms) },
		                   .until = nt_time_earlier(a->until, v->now + 1) };
}

static struct nt_result unary(struct nt_evaluation *v, const struct nt_expr *e)
{
	struct nt_result a = nt_evaluate(v, e->a);
	const char *domain;

	if (nt_result_missing(&a))
		return a;
	switch (e->op) {
	case NT_OP_NEGATE:
		a.value.number = nt_number_subtract(0, a.value.number);
		return a;
	case NT_OP_DAY_OF:
		a.value = NT_TIME_VALUE(nt_civil_midnight(v->lead->zone, nt_result_time(v, &a.value)));
		return a;
	case NT_OP_LOWER:
		a.value = lowered(v, a.value.text);
		return a;
	case NT_OP_DOMAIN:
		domain = nt_email_domain(a.value.text);
		a.value = domain == NULL ? NT_NONE : lowered(v, domain);
		return a;
	case NT_OP_LENGTH:
		a.value = length_of(&a.value);
		return a;
	default:
		return elapsed(v, e->op, &a);
	}
}

/* ---- the tree ---- */

static struct nt_result literal(const struct nt_evaluation *v, const struct nt_expr *e)
{
	struct nt_civil civil;

	if (e->op == NT_OP_LITERAL)
		return nt_result_steady(e->literal);
	civil = nt_civil_from_utc(e->literal.time);
	return nt_result_steady(NT_TIME_VALUE(nt_civil_instant(v->lead->zone, &civil)));
}

struct nt_result nt_evaluate(struct nt_evaluation *v, const struct nt_expr *e)
{
	struct nt_verdict verdict;

	switch (e->op) {
	case NT_OP_LITERAL:
	case NT_OP_WALL_TIME:
		return literal(v, e);
	case NT_OP_OR:
	case NT_OP_AND:
	case NT_OP_NOT:
	case NT_OP_EQUAL:
	case NT_OP_NOT_EQUAL:
	case NT_OP_LESS:
	case NT_OP_LESS_EQUAL:
	case NT_OP_GREATER:
	case NT_OP_GREATER_EQUAL:
	case NT_OP_IS_NONE:
	case NT_OP_IS_NOT_NONE:
	case NT_OP_IN:
	case NT_OP_NOT_IN:
	case NT_OP_CONTAINS:
	case NT_OP_STARTS_WITH:
	case NT_OP_ENDS_WITH:
	case NT_OP_MATCHES:
		verdict = nt_decide(v, e);
		return nt_result_yes_no(verdict.yes, verdict.until);
	case NT_OP_ADD:
	case NT_OP_SUBTRACT:
	case NT_OP_MULTIPLY:
	case NT_OP_DIVIDE:
		return arithmetic(v, e);
	case NT_OP_OR_ELSE:
		return or_else(v, e);
	case NT_OP_NEGATE:
	case NT_OP_SINCE:
	case NT_OP_UNTIL:
	case NT_OP_DAY_OF:
	case NT_OP_LOWER:
	case NT_OP_DOMAIN:
	case NT_OP_LENGTH:
		return unary(v, e);
	case NT_OP_LIST:
		NT_BUG("a list outside 'in'");
	default:
		return nt_evaluate_leaf(v, e);
	}
}

static G_GNUC_NO_INLINE struct nt_verdict other(struct nt_evaluation *v, const struct nt_expr *e)
{
	struct nt_result r = nt_evaluate(v, e);

	return (struct nt_verdict){ r.until, nt_result_holds(&r) };
}

struct nt_verdict nt_decide(struct nt_evaluation *v, const struct nt_expr *e)
{
	struct nt_verdict verdict;

	switch (e->op) {
	case NT_OP_OR:
	case NT_OP_AND:
		return both(v, e, e->op == NT_OP_OR);
	case NT_OP_NOT:
		verdict = nt_decide(v, e->a);
		verdict.yes = !verdict.yes;
		return verdict;
	case NT_OP_EQUAL:
	case NT_OP_NOT_EQUAL:
	case NT_OP_LESS:
	case NT_OP_LESS_EQUAL:
	case NT_OP_GREATER:
	case NT_OP_GREATER_EQUAL:
		return nt_decide_comparison(v, e);
	case NT_OP_IS_NONE:
	case NT_OP_IS_NOT_NONE:
		return nt_decide_presence(v, e);
	case NT_OP_IN:
	case NT_OP_NOT_IN:
		return in(v, e);
	case NT_OP_CONTAINS:
	case NT_OP_STARTS_WITH:
	case NT_OP_ENDS_WITH:
	case NT_OP_MATCHES:
		return texts(v, e);
	default:
		return other(v, e);
	}
}

static struct nt_evaluation begin(const struct nt_eval_context *context)
{
	struct nt_evaluation v = { .lead = context->lead, .now = context->now, .event = context->event,
	                           .run = context->run };

	if (v.event == NULL && v.run != NULL)
		v.event = v.run->hand;
	return v;
}

struct nt_result nt_eval(const struct nt_expr *expr, const struct nt_eval_context *context)
{
	struct nt_evaluation v = begin(context);

	return nt_evaluate(&v, expr);
}

bool nt_holds(const struct nt_expr *expr, const struct nt_eval_context *context, nt_time *until)
{
	struct nt_evaluation v;
	struct nt_verdict verdict;

	if (expr == NULL)
		return true;
	v = begin(context);
	verdict = nt_decide(&v, expr);
	if (until != NULL)
		*until = nt_time_earlier(*until, verdict.until);
	return verdict.yes;
}

nt_number nt_fit_points(const struct nt_points_rule *rule, const struct nt_eval_context *context, nt_time *until)
{
	struct nt_result r;

	if (!nt_holds(rule->condition, context, until))
		return 0;
	if (rule->points_expr == NULL)
		return rule->points;
	r = nt_eval(rule->points_expr, context);
	if (until != NULL)
		*until = nt_time_earlier(*until, r.until);
	return r.value.type == NT_TYPE_NUMBER ? r.value.number : 0;
}
