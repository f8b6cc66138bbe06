#include "rules/decide.h"

#include "base/arena.h"

#include <string.h>

/* What is known of a condition: its truth, and if all of it is about one subject, for which of its values it holds. */
struct judgement {
	enum nt_truth truth;
	const struct nt_expr *subject; /* NULL: about several, or nothing known */
	int unit;                      /* only what is counted in the same unit is compared */
	struct nt_extent extent;
	bool told;                     /* that it decides itself has been said, further down */
};

static struct judgement judge(struct nt_decider *d, const struct nt_expr *e);

/* ---- sameness ---- */

static bool same_duration(struct nt_duration a, struct nt_duration b)
{
	return a.months == b.months && a.days == b.days && a.ms == b.ms;
}

bool nt_expr_same(const struct nt_expr *a, const struct nt_expr *b)
{
	if (a == b)
		return true;
	if (a == NULL || b == NULL || a->op != b->op || a->type != b->type || a->slot != b->slot ||
	    g_strcmp0(a->name, b->name) != 0 || a->has_duration != b->has_duration ||
	    (a->has_duration && !same_duration(a->duration, b->duration)) || a->n_items != b->n_items)
		return false;
	if ((a->op == NT_OP_LITERAL || a->op == NT_OP_WALL_TIME) && !nt_value_equal(&a->literal, &b->literal))
		return false;
	for (unsigned i = 0; i < a->n_items; i++)
		if (!nt_value_equal(&a->items[i], &b->items[i]))
			return false;
	return nt_expr_same(a->a, b->a) && nt_expr_same(a->b, b->b);
}

const char *nt_expr_written(struct nt_arena *arena, const struct nt_expr *e, size_t most)
{
	const struct nt_source *source = e->span.source;
	size_t length;

	if (source == NULL || e->span.start >= source->length)
		return "this";
	length = MIN(e->span.length, source->length - e->span.start);
	if (length <= most)
		return nt_arena_strndup(arena, source->text + e->span.start, length);
	for (length = most; length > 0 && ((unsigned char)source->text[e->span.start + length] & 0xC0) ==
	     0x80; length--)
		;
	return nt_arena_printf(arena, "%.*s…", (int)length, source->text + e->span.start);
}

/* ---- numbers ---- */

static bool is_standing(const struct nt_expr *e, enum nt_standing standing)
{
	return e->op == NT_OP_STANDING && e->slot == (int)standing;
}

static struct nt_bounds *bounds_of_standing(struct nt_decider *d, const struct nt_expr *e)
{
	return is_standing(e, NT_STANDING_SCORE) ? &d->score : is_standing(e, NT_STANDING_FIT) ? &d->fit :
	       is_standing(e, NT_STANDING_ENGAGEMENT) ? &d->engagement : NULL;
}

static const struct nt_bounds open_bounds = { INT64_MIN, INT64_MAX };

static nt_number add(nt_number a, nt_number b, nt_number open)
{
	return a == open || b == open ? open : nt_number_add(a, b);
}

static nt_number turned(nt_number a)
{
	return a == INT64_MIN ? INT64_MAX : a == INT64_MAX ? INT64_MIN : -a;
}

static struct nt_bounds scaled(struct nt_bounds a, const struct nt_expr *by, bool divide)
{
	nt_number factor = by->literal.number;
	nt_number ends[2] = { a.low, a.high };

	for (int i = 0; i < 2; i++) {
		if (ends[i] == INT64_MIN || ends[i] == INT64_MAX)
			continue;
		if (!divide)
			ends[i] = nt_number_multiply(ends[i], factor);
		else if (!nt_number_divide(ends[i], factor, &ends[i]))
			return open_bounds;
	}
	if (factor < 0)
		return (struct nt_bounds){ ends[1] == INT64_MAX ? INT64_MIN : ends[1],
			                   ends[0] == INT64_MIN ? INT64_MAX : ends[0] };
	return (struct nt_bounds){ ends[0], ends[1] };
}

/* What could be missing makes the whole missing: bounds are those of what is there. */
struct nt_bounds nt_bounds_of(struct nt_decider *d, const struct nt_expr *e)
{
	const struct nt_bounds *standing = bounds_of_standing(d, e);
	struct nt_bounds a, b;

	if (standing != NULL)
		return *standing;
	switch (e->op) {
	case NT_OP_LITERAL:
		return (struct nt_bounds){ e->literal.number, e->literal.number };
	case NT_OP_COUNT:
	case NT_OP_LENGTH:
		return (struct nt_bounds){ 0, INT64_MAX };
	case NT_OP_NEGATE:
		a = nt_bounds_of(d, e->a);
		return (struct nt_bounds){ turned(a.high), turned(a.low) };
	case NT_OP_ADD:
	case NT_OP_SUBTRACT:
		a = nt_bounds_of(d, e->a);
		b = nt_bounds_of(d, e->b);
		if (e->op == NT_OP_SUBTRACT)
			b = (struct nt_bounds){ turned(b.high), turned(b.low) };
		return (struct nt_bounds){ add(a.low, b.low, INT64_MIN), add(a.high, b.high, INT64_MAX) };
	case NT_OP_MULTIPLY:
	case NT_OP_DIVIDE:
		if (e->b->op == NT_OP_LITERAL && e->b->literal.number != 0)
			return scaled(nt_bounds_of(d, e->a), e->b, e->op == NT_OP_DIVIDE);
		if (e->op == NT_OP_MULTIPLY && e->a->op == NT_OP_LITERAL && e->a->literal.number != 0)
			return scaled(nt_bounds_of(d, e->b), e->a, false);
		return open_bounds;
	case NT_OP_OR_ELSE:
		a = nt_bounds_of(d, e->a);
		b = nt_bounds_of(d, e->b);
		return (struct nt_bounds){ MIN(a.low, b.low), MAX(a.high, b.high) };
	default:
		return open_bounds;
	}
}

static bool may_miss(const struct nt_expr *e)
{
	switch (e->op) {
	case NT_OP_COUNT:
	case NT_OP_DID:
	case NT_OP_RECEIVED:
	case NT_OP_OPENED:
	case NT_OP_CLICKED:
	case NT_OP_REPLIED:
	case NT_OP_MESSAGED:
	case NT_OP_REACHABLE:
		return false;
	case NT_OP_STANDING:
		return e->slot == NT_STANDING_LEVEL || e->slot == NT_STANDING_OWNER || e->slot == NT_STANDING_HANDOFF;
	default:
		return true;
	}
}

/* ---- what is told ---- */

/* Only texts say it by themselves; of a score people want to know why. */
static const char *because(struct nt_decider *d, const struct nt_expr *subject, bool above)
{
	struct nt_bounds bounds = nt_bounds_of(d, subject);
	GString *text = g_string_new(NULL);
	const char *out;

	if (bounds_of_standing(d, subject) != NULL && bounds.low == 0 && bounds.high == 0) {
		g_string_printf(text, "nothing gives points, so %s is always 0",
		                nt_expr_written(d->arena, subject, 40));
	} else {
		g_string_printf(text, "%s is %s", nt_expr_written(d->arena, subject, 40),
		                bounds.low == bounds.high ? "always " : above ? "at most " : "at least ");
		nt_number_print(above ? bounds.high : bounds.low, text);
		if (bounds_of_standing(d, subject) != NULL)
			g_string_append(text, above ? ", however many points the scoring rules give" :
			                              ", whatever points the scoring rules take");
	}
	out = nt_arena_strdup(d->arena, text->str);
	g_string_free(text, TRUE);
	return out;
}

static void tell(struct nt_decider *d, struct judgement *j, const struct nt_expr *e, const char *why)
{
	if (d->diags != NULL && !j->told)
		nt_diags_warning(d->diags, NT_CODE_CONSTANT_CONDITION, e->span, "this %s holds: %s",
		                 j->truth == NT_TRUTH_ALWAYS ? "always" : "never", why);
	j->told = true;
}

/* ---- one comparison ---- */

/* Durations are compared where one unit makes that exact. */
static bool measure(const struct nt_value *literal, int *unit, int64_t *out)
{
	const struct nt_duration *duration = &literal->duration;

	*unit = 0;
	if (literal->type == NT_TYPE_NUMBER) {
		*out = literal->number;
	} else if (literal->type == NT_TYPE_YES_NO) {
		*out = literal->yes;
	} else if (literal->type == NT_TYPE_DURATION) {
		if ((duration->months != 0) + (duration->days != 0) + (duration->ms != 0) > 1)
			return false;
		*unit = duration->months != 0 ? 3 : duration->days != 0 ? 2 : 1;
		*out = duration->months != 0 ? duration->months : duration->days != 0 ? duration->days : duration->ms;
	} else {
		return false;
	}
	return true;
}

static int64_t step_of(const struct nt_decider *d, const struct nt_expr *subject)
{
	struct nt_decider copy = *d;

	return bounds_of_standing(&copy, subject) != NULL || subject->op == NT_OP_COUNT || subject->op == NT_OP_LENGTH ?
		       NT_NUMBER_ONE : 1;
}

static bool compared(struct nt_decider *d, const struct nt_expr *e, const struct nt_value *with, struct judgement *j)
{
	int64_t x, step = step_of(d, e->a), low = INT64_MIN, high = INT64_MAX;

	if (nt_type_is_text(with->type) && (e->op == NT_OP_EQUAL || e->op == NT_OP_NOT_EQUAL)) {
		j->extent = nt_extent_of_texts(d->arena, &with->text, 1, e->op == NT_OP_NOT_EQUAL, false);
		return true;
	}
	if (!measure(with, &j->unit, &x) || x == INT64_MIN || x == INT64_MAX)
		return false;
	switch (e->op) {
	case NT_OP_LESS:
		high = x - 1;
		break;
	case NT_OP_LESS_EQUAL:
		high = x;
		break;
	case NT_OP_GREATER:
		low = x + 1;
		break;
	case NT_OP_GREATER_EQUAL:
		low = x;
		break;
	case NT_OP_EQUAL:
	case NT_OP_NOT_EQUAL:
		low = high = x;
		break;
	default:
		return false;
	}
	j->extent = nt_extent_of_numbers(d->arena, low, high, step, false);
	if (e->op == NT_OP_NOT_EQUAL) {
		j->extent = nt_extent_without(d->arena, j->extent);
		j->extent.missing = false;
	}
	return true;
}

static bool listed(struct nt_decider *d, const struct nt_expr *e, struct judgement *j)
{
	const struct nt_expr *list = e->b;
	const char **texts = nt_arena_array(d->arena, const char *, list->n_items + 1);

	if (list->op != NT_OP_LIST || !nt_type_is_text(list->type))
		return false;
	for (unsigned i = 0; i < list->n_items; i++)
		texts[i] = list->items[i].text;
	j->extent = nt_extent_of_texts(d->arena, texts, list->n_items, e->op == NT_OP_NOT_IN, false);
	return true;
}

/* Bounds may say that all or none of the values can be. */
static void hold_against_bounds(struct nt_decider *d, const struct nt_expr *e, struct judgement *j)
{
	struct nt_bounds bounds;
	struct nt_extent possible;

	if (j->extent.of_texts || e->a->type != NT_TYPE_NUMBER)
		return;
	bounds = nt_bounds_of(d, e->a);
	possible = nt_extent_of_numbers(d->arena, bounds.low, bounds.high, j->extent.step, false);
	if (nt_extent_is_empty(nt_extent_both(d->arena, j->extent, possible))) {
		j->truth = NT_TRUTH_NEVER;
		tell(d, j, e, because(d, e->a, j->extent.n > 0 && j->extent.stretches[0].low > bounds.high));
	} else if (!may_miss(e->a) && nt_extent_within(d->arena, possible, j->extent)) {
		j->truth = NT_TRUTH_ALWAYS;
		tell(d, j, e, because(d, e->a, j->extent.stretches[0].low == INT64_MIN));
	}
}

/* Two numbers, neither of them a literal. */
static struct judgement judge_bounds(struct nt_decider *d, const struct nt_expr *e)
{
	struct judgement j = { .truth = NT_TRUTH_OPEN };
	struct nt_bounds a, b;

	if (e->a->type != NT_TYPE_NUMBER || e->b->type != NT_TYPE_NUMBER)
		return j;
	a = nt_bounds_of(d, e->a);
	b = nt_bounds_of(d, e->b);
	if (((e->op == NT_OP_GREATER || e->op == NT_OP_EQUAL) && a.high < b.low && a.high != INT64_MAX) ||
	    ((e->op == NT_OP_LESS || e->op == NT_OP_EQUAL) && a.low > b.high && b.high != INT64_MAX)) {
		j.truth = NT_TRUTH_NEVER;
		tell(d, &j, e, "the two numbers cannot meet");
	}
	return j;
}

static struct judgement judge_comparison(struct nt_decider *d, const struct nt_expr *e)
{
	struct judgement j = { .truth = NT_TRUTH_OPEN };
	bool known;

	if (e->op == NT_OP_IN || e->op == NT_OP_NOT_IN)
		known = listed(d, e, &j);
	else if (e->b->op != NT_OP_LITERAL)
		return judge_bounds(d, e);
	else
		known = compared(d, e, &e->b->literal, &j);
	if (!known)
		return j;
	if (is_standing(e->a, NT_STANDING_LEVEL) && d->program->n_levels == 0) {
		j.truth = NT_TRUTH_NEVER;
		tell(d, &j, e, "scoring has no levels");
		return j;
	}
	j.subject = e->a;
	hold_against_bounds(d, e, &j);
	return j;
}

static struct judgement judge_presence(struct nt_decider *d, const struct nt_expr *e)
{
	struct judgement j = { .truth = NT_TRUTH_OPEN, .subject = e->a };
	bool is_none = e->op == NT_OP_IS_NONE;

	if (nt_type_is_text(e->a->type)) {
		j.extent = nt_extent_of_texts(d->arena, NULL, 0, !is_none, is_none);
	} else if (e->a->type == NT_TYPE_NUMBER || e->a->type == NT_TYPE_YES_NO) {
		j.extent = nt_extent_of_numbers(d->arena, INT64_MIN, INT64_MAX, step_of(d, e->a), !is_none);
		if (is_none)
			j.extent = nt_extent_without(d->arena, j.extent);
		j.extent.missing = is_none;
	} else {
		j.subject = NULL;
	}
	return j;
}

/* ---- several ---- */

static void collect(GPtrArray *parts, enum nt_op op, const struct nt_expr *e)
{
	if (e->op != op) {
		g_ptr_array_add(parts, (gpointer)(uintptr_t)e);
		return;
	}
	collect(parts, op, e->a);
	collect(parts, op, e->b);
}

static bool is_about(const struct judgement *a, const struct judgement *b)
{
	return a->subject != NULL && b->subject != NULL && a->unit == b->unit && a->extent.step == b->extent.step &&
	       a->extent.of_texts == b->extent.of_texts && nt_expr_same(a->subject, b->subject);
}

/* Of `and`: no value is left. Of `or`: all are there, if only of leads of whom the subject is known. */
static void tell_joined(struct nt_decider *d, struct judgement *j, const struct nt_expr *e,
                        const struct nt_expr *subject, bool either)
{
	const char *name = nt_expr_written(d->arena, subject, 40);

	if (d->diags == NULL || j->told)
		return;
	j->told = true;
	if (either)
		nt_diags_warning(d->diags, NT_CODE_CONSTANT_CONDITION, e->span,
		                 "this holds whatever %s is (did you mean 'and'?)", name);
	else
		nt_diags_warning(d->diags, NT_CODE_CONSTANT_CONDITION, e->span,
		                 "this never holds: what it asks of %s excludes each other (did you mean 'or'?)", name);
}

/* Joins the parts of one subject; parts[i] and what follows. The joined extent, and how many it is of. */
static unsigned join(struct nt_decider *d, struct judgement *parts, unsigned n, unsigned i, bool either)
{
	unsigned joined = 1;

	for (unsigned k = i + 1; k < n; k++) {
		if (!is_about(&parts[i], &parts[k]))
			continue;
		parts[i].extent = either ? nt_extent_either(d->arena, parts[i].extent, parts[k].extent) :
		                           nt_extent_both(d->arena, parts[i].extent, parts[k].extent);
		parts[k].subject = NULL;
		joined++;
	}
	return joined;
}

static void judge_joined(struct nt_decider *d, const struct nt_expr *e, struct judgement *parts, unsigned n,
                         struct judgement *j)
{
	bool either = e->op == NT_OP_OR;

	for (unsigned i = 0; i < n; i++) {
		const struct nt_expr *subject = parts[i].subject;
		unsigned joined;

		if (subject == NULL)
			continue;
		joined = join(d, parts, n, i, either);
		if (joined == n) {
			j->subject = subject;
			j->unit = parts[i].unit;
			j->extent = parts[i].extent;
		}
		if (joined == 1 || j->truth != NT_TRUTH_OPEN)
			continue;
		if (!either && nt_extent_is_empty(parts[i].extent)) {
			j->truth = NT_TRUTH_NEVER;
			tell_joined(d, j, e, subject, false);
		} else if (either && nt_extent_has_all_values(parts[i].extent)) {
			if (parts[i].extent.missing || !may_miss(subject))
				j->truth = NT_TRUTH_ALWAYS;
			tell_joined(d, j, e, subject, true);
		}
	}
}

static struct judgement judge_several(struct nt_decider *d, const struct nt_expr *e)
{
	enum nt_truth wins = e->op == NT_OP_OR ? NT_TRUTH_ALWAYS : NT_TRUTH_NEVER;
	struct judgement j = { .truth = NT_TRUTH_OPEN }, *parts;
	GPtrArray *list = g_ptr_array_new();
	unsigned agreed = 0;

	collect(list, e->op, e);
	parts = nt_arena_array(d->arena, struct judgement, list->len);
	for (unsigned i = 0; i < list->len; i++) {
		parts[i] = judge(d, g_ptr_array_index(list, i));
		j.told = j.told || parts[i].told;
		if (parts[i].truth == wins)
			j.truth = wins;
		agreed += parts[i].truth != NT_TRUTH_OPEN && parts[i].truth != wins;
	}
	if (j.truth == NT_TRUTH_OPEN && agreed == list->len)
		j.truth = wins == NT_TRUTH_ALWAYS ? NT_TRUTH_NEVER : NT_TRUTH_ALWAYS;
	if (j.truth == NT_TRUTH_OPEN)
		judge_joined(d, e, parts, list->len, &j);
	g_ptr_array_free(list, TRUE);
	return j;
}

/* ---- the tree ---- */

static struct judgement judge(struct nt_decider *d, const struct nt_expr *e)
{
	struct judgement j = { .truth = NT_TRUTH_OPEN };

	switch (e->op) {
	case NT_OP_LITERAL:
		/* true or false written out was meant */
		j.truth = e->literal.type == NT_TYPE_YES_NO && e->literal.yes ? NT_TRUTH_ALWAYS : NT_TRUTH_NEVER;
		return j;
	case NT_OP_NOT:
		j = judge(d, e->a);
		if (j.subject != NULL)
			j.extent = nt_extent_without(d->arena, j.extent);
		j.truth = j.truth == NT_TRUTH_ALWAYS ? NT_TRUTH_NEVER : j.truth == NT_TRUTH_NEVER ? NT_TRUTH_ALWAYS :
			                                                                            NT_TRUTH_OPEN;
		return j;
	case NT_OP_AND:
	case NT_OP_OR:
		return judge_several(d, e);
	case NT_OP_EQUAL:
	case NT_OP_NOT_EQUAL:
	case NT_OP_LESS:
	case NT_OP_LESS_EQUAL:
	case NT_OP_GREATER:
	case NT_OP_GREATER_EQUAL:
	case NT_OP_IN:
	case NT_OP_NOT_IN:
		return judge_comparison(d, e);
	case NT_OP_IS_NONE:
	case NT_OP_IS_NOT_NONE:
		return judge_presence(d, e);
	case NT_OP_IN_SEGMENT:
		if (d->segments != NULL)
			j.truth = d->segments[e->slot];
		break;
	default:
		break;
	}
	if (e->type == NT_TYPE_YES_NO) { /* a condition by itself: it holds where it is true */
		j.subject = e;
		j.extent = nt_extent_of_numbers(d->arena, 1, 1, 1, false);
	}
	return j;
}

enum nt_truth nt_truth_of(struct nt_decider *d, const struct nt_expr *e)
{
	return e == NULL ? NT_TRUTH_ALWAYS : judge(d, e).truth;
}

/* The parts of `narrow` all hold: one of them alone may be enough. */
static bool part_within(struct nt_decider *d, const struct nt_expr *narrow, const struct nt_expr *const *wide,
                        unsigned n)
{
	struct judgement own = judge(d, narrow), sum = own;
	bool any = false;

	for (unsigned i = 0; i < n; i++) {
		struct judgement other;

		if (wide[i] == NULL || nt_expr_same(narrow, wide[i]))
			return true;
		other = judge(d, wide[i]);
		if (other.truth == NT_TRUTH_ALWAYS)
			return true;
		if (!is_about(&own, &other))
			continue;
		sum.extent = any ? nt_extent_either(d->arena, sum.extent, other.extent) : other.extent;
		any = true;
	}
	return any && nt_extent_within(d->arena, own.extent, sum.extent);
}

bool nt_truth_covered(struct nt_decider *d, const struct nt_expr *narrow, const struct nt_expr *const *wide,
                       unsigned n)
{
	struct nt_arena *arena = d->arena; /* what is found on the way is of no use later */
	struct nt_diags *diags = d->diags;
	GPtrArray *parts = g_ptr_array_new();
	bool within = false;

	d->diags = NULL;
	d->arena = nt_arena_new();
	for (unsigned i = 0; i < n && narrow == NULL; i++)
		within = within || wide[i] == NULL;
	if (narrow != NULL) {
		within = part_within(d, narrow, wide, n);
		collect(parts, NT_OP_AND, narrow);
		for (unsigned i = 0; i < parts->len && !within; i++)
			within = part_within(d, g_ptr_array_index(parts, i), wide, n);
	}
	nt_arena_free(d->arena);
	d->arena = arena;
	d->diags = diags;
	g_ptr_array_free(parts, TRUE);
	return within;
}
