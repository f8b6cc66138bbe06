#define NT_DIAG_CODE NT_CODE_EXPRESSION_SYNTAX

#include "rules/expr_parse.h"

#include "base/arena.h"
#include "rules/expr_build.h"
#include "rules/yaml.h"

#include <string.h>

/* Loosest first; each level asks the next:
 *
 *     or → and → not → comparison → sum → product → or_else → minus → primary */

struct operator {
	enum nt_token_kind token;
	enum nt_op op;
};

static const struct operator comparisons[] = {
	{ NT_TOKEN_EQUAL, NT_OP_EQUAL }, { NT_TOKEN_NOT_EQUAL, NT_OP_NOT_EQUAL }, { NT_TOKEN_LESS, NT_OP_LESS },
	{ NT_TOKEN_LESS_EQUAL, NT_OP_LESS_EQUAL }, { NT_TOKEN_GREATER, NT_OP_GREATER },
	{ NT_TOKEN_GREATER_EQUAL, NT_OP_GREATER_EQUAL }, { NT_TOKEN_IN, NT_OP_IN }, { NT_TOKEN_NOT, NT_OP_NOT_IN },
	{ NT_TOKEN_CONTAINS, NT_OP_CONTAINS }, { NT_TOKEN_STARTS_WITH, NT_OP_STARTS_WITH },
	{ NT_TOKEN_ENDS_WITH, NT_OP_ENDS_WITH }, { NT_TOKEN_MATCHES, NT_OP_MATCHES },
};
static const struct operator sums[] = { { NT_TOKEN_PLUS, NT_OP_ADD }, { NT_TOKEN_MINUS, NT_OP_SUBTRACT } };
static const struct operator products[] = { { NT_TOKEN_STAR, NT_OP_MULTIPLY }, { NT_TOKEN_SLASH, NT_OP_DIVIDE } };

static struct nt_expr *parse_unary(struct nt_expr_parser *p);

/* ---- helpers ---- */

struct nt_span nt_expr_join(struct nt_span a, struct nt_span b)
{
	if (a.source == NULL || b.start < a.start)
		return a;
	return nt_span_of(a.source, a.start, b.start + b.length - a.start);
}

/* NULL (reported) when the expression grows too large. */
struct nt_expr *nt_expr_node(struct nt_expr_parser *p, enum nt_op op, enum nt_type type, struct nt_span span)
{
	struct nt_expr *e;

	if (++p->nodes > NT_EXPR_NODES) {
		if (p->nodes == NT_EXPR_NODES + 1)
			nt_diags_error(p->scope->diags, span,
			               "this expression is too long: name parts of it in 'segments'");
		return NULL;
	}
	e = nt_arena_new0(p->scope->arena, struct nt_expr);
	e->op = op;
	e->type = type;
	e->span = span;
	e->slot = e->ring = -1;
	return e;
}

static bool enter(struct nt_expr_parser *p)
{
	if (++p->depth <= NT_EXPR_DEPTH)
		return true;
	nt_diags_error(p->scope->diags, nt_expr_token_span(p), "this expression is nested too deeply");
	return false;
}

static const struct operator *operator_at(const struct nt_expr_parser *p, const struct operator *table, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (table[i].token == p->token.kind)
			return &table[i];
	return NULL;
}

/* What other languages say, where ours wants an operator. */
static const struct habit {
	const char *word, *instead;
} habits[] = {
	{ "is", "write '==', or '== none' for what is missing" },
	{ "isnt", "write '!='" },
	{ "equals", "write '=='" },
	{ "like", "write 'matches', with * for any characters" },
	{ "between", "compare twice: seats >= 5 and seats <= 10" },
	{ "within", "the time goes into the function: did(\"order.placed\", 7 days)" },
	{ "includes", "write 'contains'" },
	{ "has", "write 'contains'" },
	{ "begins_with", "write 'starts_with'" },
	{ "startswith", "write 'starts_with'" },
	{ "endswith", "write 'ends_with'" },
	{ "before", "write '<'" },
	{ "after", "write '>'" },
};

static const char *habit(const struct nt_expr_parser *p)
{
	for (unsigned i = 0; p->token.kind == NT_TOKEN_NAME && i < G_N_ELEMENTS(habits); i++)
		if (strlen(habits[i].word) == p->token.length &&
		    strncmp(habits[i].word, p->text + p->token.start, p->token.length) == 0)
			return habits[i].instead;
	return NULL;
}

static struct nt_expr *unexpected(struct nt_expr_parser *p, const char *wanted)
{
	const char *instead = habit(p);

	if (p->token.kind == NT_TOKEN_END)
		nt_diags_error(p->scope->diags, nt_expr_place(p, p->last_end, p->last_end), "%s is missing here",
		               wanted);
	else if (instead != NULL)
		nt_diags_error(p->scope->diags, nt_expr_token_span(p), "'%.*s' isn't part of the language: %s",
		               (int)p->token.length, p->text + p->token.start, instead);
	else if (p->token.kind != NT_TOKEN_BAD)
		nt_diags_error(p->scope->diags, nt_expr_token_span(p), "%s should stand before '%.*s'", wanted,
		               (int)MIN(p->token.length, (size_t)40), p->text + p->token.start);
	return NULL;
}

/* ---- primary ---- */

static struct nt_expr *literal(struct nt_expr_parser *p, enum nt_type kind, struct nt_value value)
{
	struct nt_expr *e = nt_expr_node(p, NT_OP_LITERAL, kind, nt_expr_token_span(p));

	if (e != NULL)
		e->literal = value;
	nt_expr_next(p);
	return e;
}

static struct nt_expr *parse_instant(struct nt_expr_parser *p)
{
	const char *text = p->text + p->token.start;
	struct nt_value value = { .type = NT_TYPE_TIME };
	struct nt_civil civil = { 0 };
	struct nt_expr *e;
	bool has_offset = false;

	nt_instant_parse(text, p->token.length, &civil, &has_offset, &value.time, NULL);
	if (p->token.length <= strlen("2026-12-01")) {
		value.type = NT_TYPE_DATE;
		value.date = nt_civil_days(civil.year, civil.month, civil.day);
	} else if (!has_offset) {
		value.time = nt_civil_utc(&civil);
	}
	e = literal(p, NT_TYPE_TIME, value);
	if (e != NULL && value.type == NT_TYPE_TIME && !has_offset)
		e->op = NT_OP_WALL_TIME;
	return e;
}

static struct nt_expr *parse_literal(struct nt_expr_parser *p)
{
	const char *text = p->text + p->token.start;
	struct nt_value value = NT_NONE;

	switch (p->token.kind) {
	case NT_TOKEN_TEXT:
		return literal(p, NT_TYPE_TEXT, NT_TEXT_VALUE(nt_expr_token_text(p)));
	case NT_TOKEN_NUMBER:
		value.type = NT_TYPE_NUMBER;
		nt_number_parse(text, p->token.length, &value.number);
		return literal(p, NT_TYPE_NUMBER, value);
	case NT_TOKEN_DURATION:
		value.type = NT_TYPE_DURATION;
		nt_duration_parse(text, p->token.length, &value.duration, NULL);
		return literal(p, NT_TYPE_DURATION, value);
	case NT_TOKEN_INSTANT:
		return parse_instant(p);
	case NT_TOKEN_TRUE:
	case NT_TOKEN_FALSE:
		return literal(p, NT_TYPE_YES_NO, NT_YES_NO_VALUE(p->token.kind == NT_TOKEN_TRUE));
	case NT_TOKEN_NONE:
		return literal(p, NT_TYPE_NONE, value);
	default:
		return unexpected(p, "a value");
	}
}

static struct nt_expr *parse_group(struct nt_expr_parser *p)
{
	struct nt_span open = nt_expr_token_span(p);
	struct nt_expr *e;

	nt_expr_next(p);
	e = nt_expr_or(p);
	if (e == NULL)
		return NULL;
	if (p->token.kind == NT_TOKEN_CLOSE) {
		e->span = nt_expr_join(open, nt_expr_token_span(p));
		nt_expr_next(p);
		return e;
	}
	if (p->token.kind == NT_TOKEN_END) {
		nt_diags_error(p->scope->diags, open, "this '(' is never closed");
		return NULL;
	}
	return unexpected(p, "')' or an operator such as 'and'");
}

static struct nt_expr *parse_primary(struct nt_expr_parser *p)
{
	if (p->token.kind == NT_TOKEN_NAME)
		return nt_expr_named(p);
	if (p->token.kind == NT_TOKEN_OPEN)
		return parse_group(p);
	if (p->token.kind == NT_TOKEN_OPEN_LIST) {
		nt_diags_error(p->scope->diags, nt_expr_token_span(p),
		               "a list stands only behind 'in': country in [\"US\", \"CA\"]");
		return NULL;
	}
	return parse_literal(p);
}

/* ---- the ladder ---- */

static struct nt_expr *parse_unary(struct nt_expr_parser *p)
{
	struct nt_span start = nt_expr_token_span(p);
	struct nt_expr *a;

	if (p->token.kind != NT_TOKEN_MINUS)
		return parse_primary(p);
	if (!enter(p))
		return NULL;
	nt_expr_next(p);
	a = parse_unary(p);
	p->depth--;
	return a == NULL ? NULL : nt_expr_unary(p, NT_OP_NEGATE, a, start);
}

static struct nt_expr *parse_or_else(struct nt_expr_parser *p)
{
	struct nt_expr *a = parse_unary(p), *b;

	while (a != NULL && p->token.kind == NT_TOKEN_OR_ELSE) {
		nt_expr_next(p);
		b = parse_unary(p);
		a = b == NULL ? NULL : nt_expr_binary(p, NT_OP_OR_ELSE, a, b);
	}
	return a;
}

static struct nt_expr *parse_product(struct nt_expr_parser *p)
{
	struct nt_expr *a = parse_or_else(p), *b;
	const struct operator *o;

	while (a != NULL && (o = operator_at(p, products, G_N_ELEMENTS(products))) != NULL) {
		nt_expr_next(p);
		b = parse_or_else(p);
		a = b == NULL ? NULL : nt_expr_binary(p, o->op, a, b);
	}
	return a;
}

static struct nt_expr *parse_sum(struct nt_expr_parser *p)
{
	struct nt_expr *a = parse_product(p), *b;
	const struct operator *o;

	while (a != NULL && (o = operator_at(p, sums, G_N_ELEMENTS(sums))) != NULL) {
		nt_expr_next(p);
		b = parse_product(p);
		a = b == NULL ? NULL : nt_expr_binary(p, o->op, a, b);
	}
	return a;
}

/* Items are literals; times need an offset or be dates, since a list holds plain values. */
static bool list_item(struct nt_expr_parser *p, GArray *items, GArray *places, enum nt_type *kind)
{
	struct nt_expr *item = parse_unary(p);

	if (item == NULL)
		return false;
	if (item == p->poison)
		return true;
	if (item->op == NT_OP_WALL_TIME) {
		nt_diags_error(p->scope->diags, item->span, "in a list, a time needs an offset such as Z or -05:00");
		return false;
	}
	if (item->op != NT_OP_LITERAL || item->type == NT_TYPE_NONE) {
		nt_diags_error(p->scope->diags, item->span, "a list holds values as they are, such as \"US\" or 5");
		return false;
	}
	if (*kind != NT_TYPE_NONE && *kind != item->type) {
		nt_diags_error_as(p->scope->diags, NT_CODE_EXPRESSION_TYPE, item->span,
		               "a list holds values of one kind: the ones before are %s, this is %s",
		               nt_expr_kind_name(*kind), nt_expr_kind_name(item->type));
		return false;
	}
	*kind = item->type;
	g_array_append_val(items, item->literal);
	g_array_append_val(places, item->span);
	return true;
}

static bool list_items(struct nt_expr_parser *p, struct nt_span open, GArray *items, GArray *places, enum nt_type *kind)
{
	for (;;) {
		if (p->token.kind == NT_TOKEN_CLOSE_LIST && items->len == 0) {
			nt_diags_error(p->scope->diags, nt_expr_join(open, nt_expr_token_span(p)),
			               "this list is empty");
			return false;
		}
		if (!list_item(p, items, places, kind))
			return false;
		if (p->token.kind == NT_TOKEN_CLOSE_LIST)
			return true;
		if (p->token.kind == NT_TOKEN_END) {
			nt_diags_error(p->scope->diags, open, "this '[' is never closed");
			return false;
		}
		if (p->token.kind != NT_TOKEN_COMMA) {
			unexpected(p, "',' or ']'");
			return false;
		}
		nt_expr_next(p);
	}
}

static struct nt_expr *parse_list(struct nt_expr_parser *p)
{
	struct nt_span open = nt_expr_token_span(p);
	GArray *items = g_array_new(FALSE, FALSE, sizeof(struct nt_value));
	GArray *places = g_array_new(FALSE, FALSE, sizeof(struct nt_span));
	enum nt_type kind = NT_TYPE_NONE;
	struct nt_expr *list = NULL;

	nt_expr_next(p);
	if (list_items(p, open, items, places, &kind)) {
		list = nt_expr_node(p, NT_OP_LIST, kind, nt_expr_join(open, nt_expr_token_span(p)));
		nt_expr_next(p);
	}
	if (list != NULL) {
		list->n_items = items->len;
		list->items = nt_arena_copy(p->scope->arena, items->data, items->len * sizeof(struct nt_value));
		p->item_places = nt_arena_copy(p->scope->arena, places->data, places->len * sizeof(struct nt_span));
	}
	g_array_free(places, TRUE);
	g_array_free(items, TRUE);
	return list;
}

static struct nt_expr *parse_in(struct nt_expr_parser *p, enum nt_op op, struct nt_expr *a)
{
	struct nt_expr *b;

	if (p->token.kind == NT_TOKEN_OPEN_LIST) {
		b = parse_list(p);
		return b == NULL ? NULL : nt_expr_in_list(p, op, a, b);
	}
	b = parse_sum(p);
	return b == NULL ? NULL : nt_expr_binary(p, op, a, b);
}

static struct nt_expr *parse_comparison(struct nt_expr_parser *p)
{
	struct nt_expr *a = parse_sum(p), *b;
	const struct operator *o = a == NULL ? NULL : operator_at(p, comparisons, G_N_ELEMENTS(comparisons));

	if (o == NULL)
		return a;
	nt_expr_next(p);
	if (o->op == NT_OP_NOT_IN) {
		if (p->token.kind != NT_TOKEN_IN)
			return unexpected(p, "'in' (as in 'not in')");
		nt_expr_next(p);
	}
	if (o->op == NT_OP_IN || o->op == NT_OP_NOT_IN) {
		a = parse_in(p, o->op, a);
	} else {
		b = parse_sum(p);
		a = b == NULL ? NULL : nt_expr_binary(p, o->op, a, b);
	}
	if (a != NULL && operator_at(p, comparisons, G_N_ELEMENTS(comparisons)) != NULL) {
		nt_diags_error(p->scope->diags, nt_expr_token_span(p),
		               "comparisons don't chain: join two with 'and', as in 'a < b and b < c'");
		return NULL;
	}
	return a;
}

static struct nt_expr *parse_not(struct nt_expr_parser *p)
{
	struct nt_span start = nt_expr_token_span(p);
	struct nt_expr *a;

	if (p->token.kind != NT_TOKEN_NOT)
		return parse_comparison(p);
	if (!enter(p))
		return NULL;
	nt_expr_next(p);
	a = parse_not(p);
	p->depth--;
	return a == NULL ? NULL : nt_expr_unary(p, NT_OP_NOT, a, start);
}

static struct nt_expr *parse_and(struct nt_expr_parser *p)
{
	struct nt_expr *a = parse_not(p), *b;

	while (a != NULL && p->token.kind == NT_TOKEN_AND) {
		nt_expr_next(p);
		b = parse_not(p);
		a = b == NULL ? NULL : nt_expr_binary(p, NT_OP_AND, a, b);
	}
	return a;
}

struct nt_expr *nt_expr_or(struct nt_expr_parser *p)
{
	struct nt_expr *a, *b;

	if (!enter(p))
		return NULL;
	a = parse_and(p);
	while (a != NULL && p->token.kind == NT_TOKEN_OR) {
		nt_expr_next(p);
		b = parse_and(p);
		a = b == NULL ? NULL : nt_expr_binary(p, NT_OP_OR, a, b);
	}
	p->depth--;
	return a;
}

/* ---- the way in ---- */

static struct nt_expr *whole(struct nt_expr_parser *p)
{
	struct nt_expr *e;

	nt_expr_next(p);
	if (p->token.kind == NT_TOKEN_END) {
		nt_diags_error(p->scope->diags, p->whole, "an expression is missing here");
		return NULL;
	}
	e = nt_expr_or(p);
	if (e != NULL && p->token.kind == NT_TOKEN_CLOSE) {
		nt_diags_error(p->scope->diags, nt_expr_token_span(p), "this ')' closes nothing");
		return NULL;
	}
	if (e != NULL && p->token.kind != NT_TOKEN_END)
		return unexpected(p, "an operator such as 'and' or '=='");
	return e;
}

const struct nt_expr *nt_expr_parse(struct nt_scope *scope, const struct nt_yaml *scalar, size_t skip,
                                    enum nt_type want, bool any_type)
{
	struct nt_expr poison = { .op = NT_OP_LITERAL };
	struct nt_expr_parser p = { .scope = scope, .poison = &poison };
	int errors = nt_diags_errors(scope->diags);
	struct nt_expr *e = NULL;

	if (scalar->type != NT_YAML_SCALAR) {
		nt_diags_error(scope->diags, scalar->span,
		               "an expression is one line of text "
		               "(put it in quotes if YAML takes it for a list or a mapping)");
		return NULL;
	}
	p.windowed = g_ptr_array_new();
	if (nt_expr_lex_begin(&p, scalar, skip))
		e = whole(&p);
	if (nt_diags_errors(scope->diags) != errors || e == p.poison)
		e = NULL;
	if (e != NULL && !any_type && !nt_expr_wanted(&p, e, want == NT_TYPE_NONE ? NT_TYPE_YES_NO : want))
		e = NULL;
	if (e != NULL)
		nt_expr_give_rings(&p);
	g_ptr_array_free(p.windowed, TRUE);
	return e;
}

static struct nt_expr *combine(struct nt_arena *arena, enum nt_op op, const struct nt_expr *a, const struct nt_expr *b)
{
	struct nt_expr *e = nt_arena_new0(arena, struct nt_expr);

	e->op = op;
	e->type = NT_TYPE_YES_NO;
	e->span = b == NULL ? a->span : nt_expr_join(a->span, b->span);
	e->slot = e->ring = -1;
	e->a = a;
	e->b = b;
	return e;
}

const struct nt_expr *nt_expr_not(struct nt_arena *arena, const struct nt_expr *a)
{
	return combine(arena, NT_OP_NOT, a, NULL);
}

const struct nt_expr *nt_expr_and(struct nt_arena *arena, const struct nt_expr *a, const struct nt_expr *b)
{
	if (a == NULL || b == NULL)
		return a == NULL ? b : a;
	return combine(arena, NT_OP_AND, a, b);
}
