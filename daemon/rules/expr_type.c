#define NT_DIAG_CODE NT_CODE_EXPRESSION_TYPE

#include "rules/expr_build.h"

#include "base/arena.h"
#include "base/text.h"

#include <string.h>

#define SNIPPET 32 /* characters of an operand that a message shows */

static const char *const signs[] = {
	[NT_OP_OR] = "or", [NT_OP_AND] = "and", [NT_OP_NOT] = "not", [NT_OP_EQUAL] = "==", [NT_OP_NOT_EQUAL] = "!=",
	[NT_OP_LESS] = "<", [NT_OP_LESS_EQUAL] = "<=", [NT_OP_GREATER] = ">", [NT_OP_GREATER_EQUAL] = ">=",
	[NT_OP_IN] = "in", [NT_OP_NOT_IN] = "not in", [NT_OP_CONTAINS] = "contains",
	[NT_OP_STARTS_WITH] = "starts_with",
	[NT_OP_ENDS_WITH] = "ends_with", [NT_OP_MATCHES] = "matches", [NT_OP_ADD] = "+", [NT_OP_SUBTRACT] = "-",
	[NT_OP_MULTIPLY] = "*", [NT_OP_DIVIDE] = "/", [NT_OP_NEGATE] = "-", [NT_OP_OR_ELSE] = "or_else",
};

enum nt_type nt_expr_kind(enum nt_type declared)
{
	if (nt_type_is_text(declared))
		return NT_TYPE_TEXT;
	return declared == NT_TYPE_DATE ? NT_TYPE_TIME : declared;
}

const char *nt_expr_kind_name(enum nt_type type)
{
	static const char *const names[] = {
		[NT_TYPE_NONE] = "none", [NT_TYPE_TEXT] = "text", [NT_TYPE_NUMBER] = "a number",
		[NT_TYPE_YES_NO] = "a yes_no",
		[NT_TYPE_DATE] = "a date", [NT_TYPE_TIME] = "a time", [NT_TYPE_DURATION] = "a duration",
		[NT_TYPE_LIST] = "a list", [NT_TYPE_EMAIL] = "text", [NT_TYPE_PHONE] = "text",
	};

	return names[type];
}

const char *nt_expr_snippet(const struct nt_expr_parser *p, const struct nt_expr *e)
{
	const struct nt_source *source = e->span.source;
	const char *text, *end;
	size_t length;

	if (source == NULL || e->span.start > source->length)
		return "this";
	text = source->text + e->span.start;
	length = MIN(e->span.length, source->length - e->span.start);
	end = text;
	for (unsigned n = 0; n < SNIPPET && end < text + length; n++)
		end += MAX(g_utf8_skip[(guchar)*end], 1);
	if (end >= text + length && (text[0] == '"' || text[0] == '\''))
		return nt_arena_strndup(p->scope->arena, text, length);
	if (end >= text + length)
		return nt_arena_printf(p->scope->arena, "'%.*s'", (int)length, text);
	return nt_arena_printf(p->scope->arena, "'%.*s…'", (int)(end - text), text);
}

bool nt_expr_running(const struct nt_expr *e)
{
	switch (e->op) {
	case NT_OP_NOW:
	case NT_OP_SINCE:
	case NT_OP_UNTIL:
		return true;
	case NT_OP_ADD:
	case NT_OP_SUBTRACT:
	case NT_OP_OR_ELSE:
		return nt_expr_running(e->a) || nt_expr_running(e->b);
	default:
		return false;
	}
}

/* Stands still, or is now, since() or until() itself: what a comparison can be solved for. */
static bool solvable(const struct nt_expr *e)
{
	if (e->op == NT_OP_OR_ELSE)
		return solvable(e->a) && solvable(e->b);
	return e->op == NT_OP_NOW || e->op == NT_OP_SINCE || e->op == NT_OP_UNTIL || !nt_expr_running(e);
}

static struct nt_expr *node(struct nt_expr_parser *p, enum nt_op op, enum nt_type type, struct nt_expr *a,
                            struct nt_expr *b)
{
	struct nt_expr *e = nt_expr_node(p, op, type, nt_expr_join(a->span, b == NULL ? a->span : b->span));

	if (e != NULL) {
		e->a = a;
		e->b = b;
	}
	return e;
}

/* ---- refusals: reported once, then everything agrees ---- */

/* What the author probably meant when a literal is of the wrong kind. */
static const char *hint(const struct nt_expr_parser *p, enum nt_op op, const struct nt_expr *a, const struct nt_expr *b)
{
	bool sum = op == NT_OP_ADD || op == NT_OP_SUBTRACT;
	const struct nt_expr *literal = b->op == NT_OP_LITERAL ? b : a, *other = literal == b ? a : b;
	struct nt_value value;
	const char *why;

	if (literal->op != NT_OP_LITERAL)
		return "";
	if (literal->type == NT_TYPE_NUMBER &&
	    (other->type == NT_TYPE_DURATION || (sum && other->type == NT_TYPE_TIME)))
		return " (write a unit, as in 30 days)";
	if (other->type == NT_TYPE_TEXT && literal->type != NT_TYPE_NONE && literal->span.source != NULL)
		return nt_arena_printf(p->scope->arena, " (text goes in quotes: \"%.*s\")", (int)literal->span.length,
		                       literal->span.source->text + literal->span.start);
	if (literal->type == NT_TYPE_TEXT && other->type != NT_TYPE_LIST && other->type != NT_TYPE_TIME &&
	    nt_value_from_text(p->scope->arena, literal->literal.text, other->type, NULL, &value, &why))
		return nt_arena_printf(p->scope->arena, " (write %s without quotes)", literal->literal.text);
	if (literal->type == NT_TYPE_TEXT && other->type == NT_TYPE_TIME)
		return " (write a date or time without quotes, as in 2026-12-01)";
	return "";
}

static struct nt_expr *different(struct nt_expr_parser *p, enum nt_op op, const struct nt_expr *a,
                                 const struct nt_expr *b)
{
	nt_diags_error(p->scope->diags, nt_expr_join(a->span, b->span),
	               "'%s' can't take different kinds: %s is %s, %s is %s%s",
	               signs[op], nt_expr_snippet(p, a), nt_expr_kind_name(a->type), nt_expr_snippet(p, b),
	               nt_expr_kind_name(b->type), hint(p, op, a, b));
	return p->poison;
}

static struct nt_expr *unfit(struct nt_expr_parser *p, enum nt_op op, const struct nt_expr *e, const char *wanted)
{
	nt_diags_error(p->scope->diags, e->span, "'%s' wants %s, but %s is %s", signs[op], wanted,
	               nt_expr_snippet(p, e),
	               nt_expr_kind_name(e->type));
	return p->poison;
}

static struct nt_expr *stray_none(struct nt_expr_parser *p, const struct nt_expr *a, const struct nt_expr *b)
{
	const struct nt_expr *none = a->type == NT_TYPE_NONE ? a : b;

	nt_diags_error(p->scope->diags, none->span, "none stands only behind '==' or '!=', as in 'owner == none'");
	return p->poison;
}

static struct nt_expr *refuse(struct nt_expr_parser *p, struct nt_span span, const char *message)
{
	nt_diags_error(p->scope->diags, span, "%s", message);
	return p->poison;
}

/* ---- values that a field may have ---- */

static const char *const *choices_of_property(const struct nt_program *program, int event, const char *name)
{
	int i = nt_expr_find(program->events[event].properties, program->events[event].n_properties,
	                     sizeof(struct nt_property), name);

	return i < 0 ? NULL : program->events[event].properties[i].one_of;
}

static bool among(const char *text, const char *const *choices)
{
	for (; *choices != NULL; choices++)
		if (strcmp(*choices, text) == 0)
			return true;
	return false;
}

/* For event.x that several events have: the choices of the first one, if none of them takes the text. */
static const char *const *choices_of_events(const struct nt_program *program, const int *events, unsigned n,
                                            const char *name, const char *text)
{
	const char *const *first = NULL;

	for (unsigned i = 0; i < n; i++) {
		const char *const *choices = choices_of_property(program, events[i], name);

		if (choices == NULL || among(text, choices))
			return NULL;
		first = first != NULL ? first : choices;
	}
	return first;
}

/* The values that e can have, or NULL if it may have `text`. */
static const char *const *choices_against(struct nt_expr_parser *p, const struct nt_expr *e, const char *text)
{
	static const char *const handoffs[] = { "waiting", "offered", "accepted", "won", "lost", "sent_back", NULL };
	const struct nt_scope *scope = p->scope;
	const struct nt_program *program = scope->program;
	const char *const *choices = NULL;
	const char **levels;

	if (e->op == NT_OP_FIELD) {
		choices = program->fields[e->slot].one_of;
	} else if (e->op == NT_OP_EVENT_PROPERTY) {
		return choices_of_events(program, scope->events, scope->n_events, e->name, text);
	} else if (e->op == NT_OP_ENTRY_PROPERTY) {
		return choices_of_events(program, scope->entry_events, scope->n_entry_events, e->name, text);
	} else if (e->op == NT_OP_STANDING && e->slot == NT_STANDING_HANDOFF) {
		choices = handoffs;
	} else if (e->op == NT_OP_STANDING && e->slot == NT_STANDING_LEVEL && program->n_levels > 0) {
		levels = nt_arena_array(scope->arena, const char *, program->n_levels + 1);
		for (unsigned i = 0; i < program->n_levels; i++)
			levels[i] = program->levels[i].name;
		choices = (const char *const *)levels;
	}
	return choices != NULL && !among(text, choices) ? choices : NULL;
}

/* `lower(country) == "US"` */
static bool in_small_letters(struct nt_expr_parser *p, const struct nt_expr *e, const char *text, struct nt_span span)
{
	char *lower = nt_text_fold(text);
	bool same = strcmp(lower, text) == 0;

	if (!same)
		nt_diags_error(p->scope->diags, span, "%s is in small letters, never '%s': write \"%s\"",
		               nt_expr_snippet(p, e), text, lower);
	g_free(lower);
	return same;
}

/* `country == "USA"` can never hold when country is one of US and CA. */
static bool possible(struct nt_expr_parser *p, const struct nt_expr *e, const struct nt_value *value,
                     struct nt_span span)
{
	const char *const *choices = value->type == NT_TYPE_TEXT ? choices_against(p, e, value->text) : NULL;
	const char *nearest;
	GString *list;

	if (value->type == NT_TYPE_TEXT && (e->op == NT_OP_LOWER || e->op == NT_OP_DOMAIN))
		return in_small_letters(p, e, value->text, span);
	if (choices == NULL)
		return true;
	if (e->op == NT_OP_STANDING && strcmp(value->text, "none") == 0) {
		nt_diags_error(p->scope->diags, span, "write none without quotes");
		return false;
	}
	nearest = nt_nearest(value->text, choices);
	list = g_string_new(NULL);
	for (unsigned i = 0; choices[i] != NULL && i < 12; i++)
		g_string_append_printf(list, "%s%s", i > 0 ? ", " : "", i < 11 ? choices[i] : "…");
	nt_diags_error(p->scope->diags, span, "%s is never '%s': it is one of %s%s", nt_expr_snippet(p, e), value->text,
	               list->str, nt_expr_did_you_mean(p, nearest));
	g_string_free(list, TRUE);
	return false;
}

/* ---- comparisons ---- */

enum nt_op nt_op_mirrored(enum nt_op op)
{
	switch (op) {
	case NT_OP_LESS:
		return NT_OP_GREATER;
	case NT_OP_LESS_EQUAL:
		return NT_OP_GREATER_EQUAL;
	case NT_OP_GREATER:
		return NT_OP_LESS;
	case NT_OP_GREATER_EQUAL:
		return NT_OP_LESS_EQUAL;
	default:
		return op;
	}
}

static struct nt_expr *compare_none(struct nt_expr_parser *p, enum nt_op op, struct nt_expr *a, struct nt_expr *b)
{
	struct nt_expr *e, *operand = a->type == NT_TYPE_NONE ? b : a;

	if (op != NT_OP_EQUAL && op != NT_OP_NOT_EQUAL)
		return stray_none(p, a, b);
	if (operand->type == NT_TYPE_NONE)
		return refuse(p, nt_expr_join(a->span, b->span), "this compares none with itself");
	e = node(p, op == NT_OP_EQUAL ? NT_OP_IS_NONE : NT_OP_IS_NOT_NONE, NT_TYPE_YES_NO, operand, NULL);
	if (e != NULL)
		e->span = nt_expr_join(a->span, b->span);
	return e;
}

/* II.2: what runs is compared by its moment of crossing; equality would hold for a millisecond. */
static struct nt_expr *check_running(struct nt_expr_parser *p, enum nt_op op, const struct nt_expr *a,
                                     const struct nt_expr *b)
{
	struct nt_span span = nt_expr_join(a->span, b->span);

	if (!nt_expr_running(a) && !nt_expr_running(b))
		return NULL;
	if (a->type == NT_TYPE_DURATION && (op == NT_OP_EQUAL || op == NT_OP_NOT_EQUAL))
		return refuse(p, span, "since() and until() never stand still: compare with '<', '<=', '>' or '>='");
	if (!solvable(a) || !solvable(b))
		return refuse(p, span, a->type == NT_TYPE_TIME ?
		              "calculate on the side that stands still: 'trial_ends - 3 days <= now', "
		              "or 'until(trial_ends) <= 3 days'" :
		              "since() and until() can only be compared as they are: calculate on the other side");
	return NULL;
}

static struct nt_expr *compare(struct nt_expr_parser *p, enum nt_op op, struct nt_expr *a, struct nt_expr *b)
{
	bool ordering = op != NT_OP_EQUAL && op != NT_OP_NOT_EQUAL;
	struct nt_expr *e;

	if (a->type == NT_TYPE_NONE || b->type == NT_TYPE_NONE)
		return compare_none(p, op, a, b);
	if (a->type != b->type)
		return different(p, op, a, b);
	if (a->type == NT_TYPE_LIST)
		return refuse(p, nt_expr_join(a->span, b->span),
		              "lists aren't compared: ask with 'contains', as in 'tags contains \"vip\"'");
	if (ordering && a->type == NT_TYPE_YES_NO)
		return unfit(p, op, a, "numbers, texts, times or durations");
	e = check_running(p, op, a, b);
	if (e != NULL)
		return e;
	if (a->op == NT_OP_LITERAL && !possible(p, b, &a->literal, a->span))
		return p->poison;
	if (b->op == NT_OP_LITERAL && !possible(p, a, &b->literal, b->span))
		return p->poison;
	e = node(p, op, NT_TYPE_YES_NO, a, b);
	if (e != NULL && a->op == NT_OP_LITERAL && b->op != NT_OP_LITERAL) {
		/* The literal on the right: one form less to know for whoever evaluates. */
		e->op = nt_op_mirrored(op);
		e->a = b;
		e->b = a;
	}
	if (e != NULL && e->b->op == NT_OP_LITERAL)
		nt_expr_give_ring_for(p, e->a, e->b);
	return e;
}

static struct nt_expr *text_test(struct nt_expr_parser *p, enum nt_op op, struct nt_expr *a, struct nt_expr *b)
{
	bool list_too = op == NT_OP_CONTAINS;

	if (a->type == NT_TYPE_NONE || b->type == NT_TYPE_NONE)
		return stray_none(p, a, b);
	if (a->type != NT_TYPE_TEXT && !(list_too && a->type == NT_TYPE_LIST))
		return unfit(p, op, a, list_too ? "text or a list on its left" : "text on its left");
	if (b->type != NT_TYPE_TEXT)
		return unfit(p, op, b, "text on its right");
	return node(p, op, NT_TYPE_YES_NO, a, b);
}

/* x in LIST-FIELD is LIST-FIELD contains x. */
static struct nt_expr *in_value(struct nt_expr_parser *p, enum nt_op op, struct nt_expr *a, struct nt_expr *b)
{
	if (b->type == NT_TYPE_NONE || a->type == NT_TYPE_NONE)
		return stray_none(p, a, b);
	if (b->type != NT_TYPE_LIST) {
		nt_diags_error(p->scope->diags, b->span, "'%s' wants a list behind it, as in [\"US\", \"CA\"]%s",
		               signs[op],
		               b->type == NT_TYPE_TEXT ? "; whether a text holds another, ask with 'contains'" : "");
		return p->poison;
	}
	if (a->type != NT_TYPE_TEXT)
		return unfit(p, op, a, "text before a list of texts");
	return node(p, op, NT_TYPE_YES_NO, a, b);
}

struct nt_expr *nt_expr_in_list(struct nt_expr_parser *p, enum nt_op op, struct nt_expr *a, struct nt_expr *list)
{
	if (a == p->poison || list->n_items == 0)
		return p->poison;
	if (a->type == NT_TYPE_NONE)
		return stray_none(p, a, list);
	if (a->type == NT_TYPE_LIST)
		return refuse(p, nt_expr_join(a->span, list->span),
		              "a list isn't one of these: ask with 'contains', as in 'tags contains \"vip\"'");
	if (a->type != list->type) {
		nt_diags_error(p->scope->diags, nt_expr_join(a->span, list->span),
		               "'%s' can't take different kinds: %s is %s, the list holds %s", signs[op],
		               nt_expr_snippet(p, a),
		               nt_expr_kind_name(a->type), nt_expr_kind_name(list->type));
		return p->poison;
	}
	if (nt_expr_running(a))
		return refuse(p, a->span, "what moves with the clock is in no list for longer than a millisecond");
	for (unsigned i = 0; i < list->n_items; i++)
		if (!possible(p, a, &list->items[i], p->item_places[i]))
			return p->poison;
	return node(p, op, NT_TYPE_YES_NO, a, list);
}

/* ---- arithmetic ---- */

static struct nt_expr *add(struct nt_expr_parser *p, enum nt_op op, struct nt_expr *a, struct nt_expr *b)
{
	struct nt_span span = nt_expr_join(a->span, b->span);

	if ((a->type == NT_TYPE_DURATION && nt_expr_running(a)) || (b->type == NT_TYPE_DURATION && nt_expr_running(b)))
		return refuse(p, span,
		              "since() and until() can only be compared as they are: calculate on the other side");
	if (a->type == NT_TYPE_NUMBER && b->type == NT_TYPE_NUMBER)
		return node(p, op, NT_TYPE_NUMBER, a, b);
	if (a->type == NT_TYPE_TIME && b->type == NT_TYPE_DURATION)
		return node(p, op, NT_TYPE_TIME, a, b);
	if (op == NT_OP_ADD && a->type == NT_TYPE_DURATION && b->type == NT_TYPE_TIME)
		return node(p, op, NT_TYPE_TIME, b, a);
	if (op == NT_OP_ADD && a->type == NT_TYPE_DURATION && b->type == NT_TYPE_DURATION)
		return node(p, op, NT_TYPE_DURATION, a, b);
	if (a->type == NT_TYPE_TIME && b->type == NT_TYPE_TIME)
		return refuse(p, span, op == NT_OP_SUBTRACT ?
		              "times aren't subtracted: use since() or until(), "
		              "or compare as in 'trial_ends > created_at + 30 days'" :
		              "times aren't added to each other: add a duration such as 3 days");
	if (a->type == NT_TYPE_DURATION && b->type == NT_TYPE_DURATION)
		return refuse(p, span,
		              "durations aren't subtracted from each other: a month less 30 days has no length");
	if (a->type == NT_TYPE_TEXT && b->type == NT_TYPE_TEXT)
		return refuse(p, span, "texts aren't joined here: put both into the template");
	if (a->type == NT_TYPE_NUMBER || a->type == NT_TYPE_TIME)
		return different(p, op, a, b);
	return unfit(p, op, a, "numbers, or a time and a duration");
}

static struct nt_expr *multiply(struct nt_expr_parser *p, enum nt_op op, struct nt_expr *a, struct nt_expr *b)
{
	if (a->type != NT_TYPE_NUMBER)
		return unfit(p, op, a, "numbers");
	if (b->type != NT_TYPE_NUMBER)
		return unfit(p, op, b, "numbers");
	return node(p, op, NT_TYPE_NUMBER, a, b);
}

struct nt_expr *nt_expr_binary(struct nt_expr_parser *p, enum nt_op op, struct nt_expr *a, struct nt_expr *b)
{
	if (a == p->poison || b == p->poison)
		return p->poison;
	switch (op) {
	case NT_OP_OR:
	case NT_OP_AND:
		if (a->type != NT_TYPE_YES_NO)
			return unfit(p, op, a, "conditions on both sides");
		if (op == NT_OP_OR && a->op == NT_OP_EQUAL && b->op == NT_OP_LITERAL && b->type == a->b->type)
			return refuse(p, b->span, "'or' wants a whole condition here: repeat the comparison, or ask "
			                          "with 'in', as in country in [\"US\", \"CA\"]");
		if (b->type != NT_TYPE_YES_NO)
			return unfit(p, op, b, "conditions on both sides");
		return node(p, op, NT_TYPE_YES_NO, a, b);
	case NT_OP_CONTAINS:
	case NT_OP_STARTS_WITH:
	case NT_OP_ENDS_WITH:
	case NT_OP_MATCHES:
		return text_test(p, op, a, b);
	case NT_OP_IN:
	case NT_OP_NOT_IN:
		return in_value(p, op, a, b);
	case NT_OP_EQUAL:
	case NT_OP_NOT_EQUAL:
	case NT_OP_LESS:
	case NT_OP_LESS_EQUAL:
	case NT_OP_GREATER:
	case NT_OP_GREATER_EQUAL:
		return compare(p, op, a, b);
	default:
		break;
	}
	if (a->type == NT_TYPE_NONE || b->type == NT_TYPE_NONE)
		return stray_none(p, a, b);
	if (op == NT_OP_OR_ELSE)
		return a->type == b->type ? node(p, op, a->type, a, b) : different(p, op, a, b);
	return op == NT_OP_ADD || op == NT_OP_SUBTRACT ? add(p, op, a, b) : multiply(p, op, a, b);
}

struct nt_expr *nt_expr_unary(struct nt_expr_parser *p, enum nt_op op, struct nt_expr *a, struct nt_span span)
{
	struct nt_expr *e;

	if (a == p->poison)
		return a;
	if (op == NT_OP_NOT && a->type != NT_TYPE_YES_NO)
		return unfit(p, op, a, "a condition");
	if (op == NT_OP_NEGATE && a->type == NT_TYPE_DURATION)
		return refuse(p, nt_expr_join(span, a->span),
		              "a duration has no sign: subtract it from a time, as in 'trial_ends - 3 days'");
	if (op == NT_OP_NEGATE && a->type != NT_TYPE_NUMBER)
		return unfit(p, op, a, "a number");
	if (op == NT_OP_NEGATE && a->op == NT_OP_LITERAL) {
		a->literal.number = nt_number_subtract(0, a->literal.number);
		a->span = nt_expr_join(span, a->span);
		return a;
	}
	e = node(p, op, a->type, a, NULL);
	if (e != NULL)
		e->span = nt_expr_join(span, a->span);
	return e;
}

bool nt_expr_wanted(struct nt_expr_parser *p, const struct nt_expr *e, enum nt_type want)
{
	if (e->type == nt_expr_kind(want))
		return true;
	if (e->type == NT_TYPE_NONE && want != NT_TYPE_YES_NO)
		nt_diags_error(p->scope->diags, e->span,
		               "none is no value, but %s is needed here: 'set' takes a field away where nothing stands "
		               "behind its colon", nt_expr_kind_name(nt_expr_kind(want)));
	else if (want == NT_TYPE_YES_NO)
		nt_diags_error(p->scope->diags, e->span, "%s is %s, not a condition: compare it with something",
		               nt_expr_snippet(p, e), nt_expr_kind_name(e->type));
	else
		nt_diags_error(p->scope->diags, e->span, "%s is %s, but %s is needed here", nt_expr_snippet(p, e),
		               nt_expr_kind_name(e->type), nt_expr_kind_name(nt_expr_kind(want)));
	return false;
}
