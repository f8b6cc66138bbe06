#define NT_DIAG_CODE NT_CODE_WRONG_TEMPLATE

#include "template/expr.h"

#include "base/arena.h"
#include "base/text.h"
#include "template/filter.h"

#include <string.h>

#define NESTING 16    /* of brackets in an expression */
#define OPERATORS 50  /* and/or in one condition */
#define CALLS 50      /* filters in one chain */
#define ARGS 20

static const struct nt_liquid_expr *parse_primary(struct nt_liquid_parser *p, enum nt_liquid_need need, int depth);

/* ---- helpers ---- */

static struct nt_span span_of(const struct nt_liquid_parser *p, struct nt_lexeme lexeme)
{
	return nt_span_of(p->source, lexeme.start, MAX(lexeme.length, (size_t)1));
}

char *nt_liquid_lexeme_text(const struct nt_liquid_parser *p, struct nt_lexeme lexeme)
{
	return nt_arena_strndup(p->arena, p->source->text + lexeme.start, lexeme.length);
}

void nt_liquid_expected(struct nt_liquid_parser *p, const char *what)
{
	struct nt_lexeme found = p->lex.ahead;

	if (found.kind == NT_LEX_END)
		nt_diags_error(p->diags, span_of(p, found), "expected %s", what);
	else if (found.kind == NT_LEX_WRONG && strchr("\"'", p->source->text[found.start]) != NULL)
		nt_diags_error(p->diags, span_of(p, found), "this text has no closing quote");
	else
		nt_diags_error(p->diags, span_of(p, found), "expected %s, found '%s'", what,
		               nt_liquid_lexeme_text(p, found));
}

bool nt_liquid_accept(struct nt_liquid_parser *p, enum nt_lexeme_kind kind)
{
	if (p->lex.ahead.kind != kind)
		return false;
	nt_lex_take(&p->lex);
	return true;
}

static bool expect(struct nt_liquid_parser *p, enum nt_lexeme_kind kind, const char *what)
{
	if (nt_liquid_accept(p, kind))
		return true;
	nt_liquid_expected(p, what);
	return false;
}

bool nt_liquid_parse_end(struct nt_liquid_parser *p)
{
	struct nt_lexeme found = p->lex.ahead;

	if (found.kind == NT_LEX_END)
		return true;
	if (strcmp(nt_liquid_lexeme_text(p, found), "or_else") == 0)
		nt_diags_error(p->diags, span_of(p, found),
		               "'or_else' is for conditions: a template has | default: \"…\", as in "
		               "{{ first_name | default: \"there\" }}");
	else
		nt_diags_error(p->diags, span_of(p, found), "unexpected '%s'", nt_liquid_lexeme_text(p, found));
	return false;
}

static struct nt_liquid_expr *expr_new(struct nt_liquid_parser *p, enum nt_liquid_expr_kind kind, size_t start)
{
	struct nt_liquid_expr *expr = nt_arena_new0(p->arena, struct nt_liquid_expr);

	expr->kind = kind;
	expr->start = start;
	return expr;
}

/* Its length reaches to what comes next, less white space. */
static void expr_close(struct nt_liquid_parser *p, struct nt_liquid_expr *expr)
{
	size_t end = p->lex.ahead.start;

	while (end > expr->start && g_ascii_isspace(p->source->text[end - 1]))
		end--;
	expr->length = end - expr->start;
}

/* ---- uses ---- */

static char *path_of(const struct nt_liquid_expr *expr)
{
	GString *path = g_string_new(NULL);

	for (const struct nt_liquid_step *step = expr->steps; step != NULL; step = step->next) {
		const struct nt_liquid_expr *index = step->index;

		if (step->name != NULL) {
			if (path->len > 0)
				g_string_append_c(path, '.');
			g_string_append_len(path, step->name, (gssize)step->length);
		} else if (index != NULL && index->kind == NT_LIQUID_LITERAL &&
		           index->literal.type == NT_DATUM_NUMBER) {
			g_string_append_c(path, '[');
			nt_datum_print(index->literal, path);
			g_string_append_c(path, ']');
		} else {
			break;
		}
	}
	return g_string_free(path, FALSE);
}

static bool is_guarded(const struct nt_liquid_parser *p, const char *path)
{
	for (guint i = 0; i < p->guards->len; i++) {
		const char *guard = g_ptr_array_index(p->guards, i);
		size_t n = strlen(guard);

		if (strncmp(path, guard, n) == 0 && (path[n] == '\0' || path[n] == '.' || path[n] == '['))
			return true;
	}
	return false;
}

static void note_use(struct nt_liquid_parser *p, const struct nt_liquid_expr *expr, enum nt_liquid_need need)
{
	char *path = path_of(expr);
	bool has_default = need == NT_LIQUID_OPTIONAL || is_guarded(p, path);
	struct nt_liquid_use *use = g_hash_table_lookup(p->uses, path);

	if (*path == '\0') {
		g_free(path);
		return;
	}
	if (use == NULL) {
		use = nt_arena_new0(p->arena, struct nt_liquid_use);
		use->path = nt_arena_strdup(p->arena, path);
		use->has_default = true;
		use->start = expr->start;
		use->length = expr->length;
		g_hash_table_insert(p->uses, g_strdup(path), use);
		*p->last_use = use;
		p->last_use = &use->next;
	}
	if (use->has_default && !has_default) {
		use->has_default = false;
		use->start = expr->start;
		use->length = expr->length;
	}
	g_free(path);
}

unsigned nt_liquid_guard(struct nt_liquid_parser *p, const struct nt_liquid_expr *condition)
{
	unsigned mark = p->guards->len;

	if (condition == NULL)
		return mark;
	if (condition->kind == NT_LIQUID_PATH) {
		g_ptr_array_add(p->guards, path_of(condition));
		return mark;
	}
	nt_liquid_guard(p, condition->left);
	nt_liquid_guard(p, condition->right);
	return mark;
}

void nt_liquid_unguard(struct nt_liquid_parser *p, unsigned mark)
{
	g_ptr_array_set_size(p->guards, (gint)mark);
}

/* ---- primaries ---- */

static bool keyword(struct nt_liquid_parser *p, struct nt_lexeme name, struct nt_datum *value)
{
	static const struct {
		const char *name;
		struct nt_datum value;
	} words[] = {
		{ "nil", { .type = NT_DATUM_NIL } },   { "null", { .type = NT_DATUM_NIL } },
		{ "true", { .type = NT_DATUM_BOOL, .boolean = true } },
		{ "false", { .type = NT_DATUM_BOOL } },
		{ "empty", { .type = NT_DATUM_EMPTY } }, { "blank", { .type = NT_DATUM_BLANK } },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
		if (nt_lexeme_is(&p->lex, name, words[i].name)) {
			*value = words[i].value;
			return true;
		}
	return false;
}

static struct nt_liquid_expr *literal(struct nt_liquid_parser *p, struct nt_lexeme lexeme, struct nt_datum value)
{
	struct nt_liquid_expr *expr = expr_new(p, NT_LIQUID_LITERAL, lexeme.start);

	expr->length = lexeme.length;
	expr->literal = value;
	return expr;
}

static struct nt_liquid_expr *parse_number(struct nt_liquid_parser *p)
{
	struct nt_lexeme lexeme = nt_lex_take(&p->lex);
	const char *text = p->source->text + lexeme.start;
	nt_number number = 0;

	nt_number_parse(text, lexeme.length, &number);
	return literal(p, lexeme, nt_datum_number(number, memchr(text, '.', lexeme.length) != NULL));
}

static struct nt_liquid_expr *parse_text(struct nt_liquid_parser *p)
{
	struct nt_lexeme lexeme = nt_lex_take(&p->lex);
	size_t length = lexeme.length - 2;

	return literal(p, lexeme,
	               nt_datum_text(nt_arena_strndup(p->arena, p->source->text + lexeme.start + 1, length), length));
}

static const struct nt_liquid_expr *parse_range(struct nt_liquid_parser *p, enum nt_liquid_need need, int depth)
{
	struct nt_liquid_expr *expr = expr_new(p, NT_LIQUID_SPAN, nt_lex_take(&p->lex).start);

	if ((expr->left = parse_primary(p, need, depth)) == NULL || !expect(p, NT_LEX_RANGE, "'..'") ||
	    (expr->right = parse_primary(p, need, depth)) == NULL || !expect(p, NT_LEX_RIGHT, "')'"))
		return NULL;
	expr_close(p, expr);
	return expr;
}

/* [expression] after its '['. */
static bool parse_index(struct nt_liquid_parser *p, struct nt_liquid_step *step, enum nt_liquid_need need, int depth)
{
	const struct nt_liquid_expr *index = parse_primary(p, need, depth);

	if (index == NULL || !expect(p, NT_LEX_CLOSE, "']'"))
		return false;
	step->index = index;
	if (index->kind == NT_LIQUID_LITERAL && index->literal.type == NT_DATUM_TEXT) {
		step->name = index->literal.text;
		step->length = index->literal.length;
	}
	return true;
}

static const struct nt_liquid_expr *parse_path(struct nt_liquid_parser *p, enum nt_liquid_need need, int depth)
{
	struct nt_liquid_expr *expr = expr_new(p, NT_LIQUID_PATH, p->lex.ahead.start);
	const struct nt_liquid_step **tail = &expr->steps;
	struct nt_lexeme lexeme;

	do {
		struct nt_liquid_step *step = nt_arena_new0(p->arena, struct nt_liquid_step);

		lexeme = nt_lex_take(&p->lex);
		if (lexeme.kind == NT_LEX_DOT) {
			if (p->lex.ahead.kind != NT_LEX_NAME) {
				nt_liquid_expected(p, "a name after '.'");
				return NULL;
			}
			lexeme = nt_lex_take(&p->lex);
		}
		if (lexeme.kind == NT_LEX_NAME) {
			step->name = nt_liquid_lexeme_text(p, lexeme);
			step->length = lexeme.length;
		} else if (!parse_index(p, step, need, depth)) {
			return NULL;
		}
		*tail = step;
		tail = &step->next;
	} while (p->lex.ahead.kind == NT_LEX_DOT || p->lex.ahead.kind == NT_LEX_OPEN);
	expr_close(p, expr);
	note_use(p, expr, need);
	return expr;
}

static const struct nt_liquid_expr *parse_primary(struct nt_liquid_parser *p, enum nt_liquid_need need, int depth)
{
	struct nt_lexeme ahead = p->lex.ahead;
	struct nt_datum value;

	if (depth >= NESTING) {
		nt_diags_error(p->diags, span_of(p, ahead), "brackets are nested too deeply (more than %d)", NESTING);
		return NULL;
	}
	switch (ahead.kind) {
	case NT_LEX_NUMBER: return parse_number(p);
	case NT_LEX_TEXT: return parse_text(p);
	case NT_LEX_LEFT: return parse_range(p, need, depth + 1);
	case NT_LEX_OPEN: return parse_path(p, need, depth + 1);
	case NT_LEX_NAME:
		if (!keyword(p, ahead, &value))
			return parse_path(p, need, depth + 1);
		return literal(p, nt_lex_take(&p->lex), value);
	default:
		nt_liquid_expected(p, "a value");
		return NULL;
	}
}

const struct nt_liquid_expr *nt_liquid_parse_expr(struct nt_liquid_parser *p, enum nt_liquid_need need)
{
	return parse_primary(p, need, 0);
}

/* ---- conditions ---- */

static bool comparison(struct nt_liquid_parser *p, enum nt_liquid_expr_kind *kind)
{
	static const struct {
		enum nt_lexeme_kind sign;
		enum nt_liquid_expr_kind kind;
	} signs[] = {
		{ NT_LEX_EQ, NT_LIQUID_EQ }, { NT_LEX_NE, NT_LIQUID_NE }, { NT_LEX_LT, NT_LIQUID_LT },
		{ NT_LEX_LE, NT_LIQUID_LE }, { NT_LEX_GT, NT_LIQUID_GT }, { NT_LEX_GE, NT_LIQUID_GE },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(signs); i++)
		if (nt_liquid_accept(p, signs[i].sign)) {
			*kind = signs[i].kind;
			return true;
		}
	if (!nt_lexeme_is(&p->lex, p->lex.ahead, "contains"))
		return false;
	nt_lex_take(&p->lex);
	*kind = NT_LIQUID_CONTAINS;
	return true;
}

static const struct nt_liquid_expr *parse_comparison(struct nt_liquid_parser *p)
{
	const struct nt_liquid_expr *left = nt_liquid_parse_expr(p, NT_LIQUID_OPTIONAL);
	enum nt_liquid_expr_kind kind;
	struct nt_liquid_expr *expr;

	if (left == NULL || !comparison(p, &kind)) {
		if (left != NULL && p->lex.ahead.kind == NT_LEX_ASSIGN) {
			nt_liquid_expected(p, "'==' (two signs) to compare");
			return NULL;
		}
		return left;
	}
	expr = expr_new(p, kind, left->start);
	expr->left = left;
	expr->right = nt_liquid_parse_expr(p, NT_LIQUID_OPTIONAL);
	expr_close(p, expr);
	return expr->right != NULL ? expr : NULL;
}

/* Liquid has no precedence: "a and b or c" is "a and (b or c)". */
static const struct nt_liquid_expr *parse_chain(struct nt_liquid_parser *p, int operators)
{
	const struct nt_liquid_expr *left = parse_comparison(p);
	struct nt_liquid_expr *expr;
	bool is_and;

	if (left == NULL)
		return NULL;
	is_and = nt_lexeme_is(&p->lex, p->lex.ahead, "and");
	if (!is_and && !nt_lexeme_is(&p->lex, p->lex.ahead, "or"))
		return left;
	if (operators >= OPERATORS) {
		nt_diags_error(p->diags, span_of(p, p->lex.ahead), "more than %d operators in one condition",
		               OPERATORS);
		return NULL;
	}
	nt_lex_take(&p->lex);
	expr = expr_new(p, is_and ? NT_LIQUID_AND : NT_LIQUID_OR, left->start);
	expr->left = left;
	expr->right = parse_chain(p, operators + 1);
	expr_close(p, expr);
	return expr->right != NULL ? expr : NULL;
}

const struct nt_liquid_expr *nt_liquid_parse_condition(struct nt_liquid_parser *p)
{
	return parse_chain(p, 0);
}

/* ---- filter chains ---- */

static void unknown_filter(struct nt_liquid_parser *p, struct nt_lexeme name)
{
	const char **names = nt_filter_names();
	const char *word = nt_liquid_lexeme_text(p, name), *nearest = nt_nearest(word, names);

	if (nearest != NULL)
		nt_diags_error(p->diags, span_of(p, name), "unknown filter '%s' (did you mean '%s'?)", word, nearest);
	else
		nt_diags_error(p->diags, span_of(p, name), "unknown filter '%s'", word);
	g_free(names);
}

static bool parse_arg(struct nt_liquid_parser *p, struct nt_liquid_args *arg)
{
	struct nt_lex before = p->lex;
	struct nt_lexeme name = nt_lex_take(&p->lex);

	if (name.kind == NT_LEX_NAME && nt_liquid_accept(p, NT_LEX_COLON))
		arg->name = nt_liquid_lexeme_text(p, name);
	else
		p->lex = before;
	arg->value = nt_liquid_parse_expr(p, NT_LIQUID_NEEDED);
	return arg->value != NULL;
}

static bool parse_args(struct nt_liquid_parser *p, struct nt_liquid_call *call)
{
	const struct nt_liquid_args **tail = &call->args;
	unsigned n = 0;

	do {
		struct nt_liquid_args *arg = nt_arena_new0(p->arena, struct nt_liquid_args);
		struct nt_lexeme at = p->lex.ahead;

		if (!parse_arg(p, arg))
			return false;
		if (arg->name != NULL && g_strcmp0(arg->name, call->filter->keyword) != 0) {
			nt_diags_error(p->diags, span_of(p, at), "filter '%s' has no argument '%s'", call->filter->name,
			               arg->name);
			return false;
		}
		if (++n > ARGS) {
			nt_diags_error(p->diags, span_of(p, at), "more than %d arguments", ARGS);
			return false;
		}
		call->n += arg->name == NULL;
		*tail = arg;
		tail = &arg->next;
	} while (nt_liquid_accept(p, NT_LEX_COMMA));
	return true;
}

static bool check_args(struct nt_liquid_parser *p, const struct nt_liquid_call *call)
{
	const struct nt_filter *filter = call->filter;
	struct nt_span span = nt_span_of(p->source, call->start, call->length);

	if (call->n >= filter->least && call->n <= filter->most)
		return true;
	if (filter->most == 0)
		nt_diags_error(p->diags, span, "filter '%s' takes no argument", filter->name);
	else if (filter->least == filter->most)
		nt_diags_error(p->diags, span, "filter '%s' takes %u %s, here %s %u", filter->name, filter->least,
		               nt_text_plural(filter->least, "argument", "arguments"),
		               nt_text_plural(call->n, "is", "are"), call->n);
	else
		nt_diags_error(p->diags, span, "filter '%s' takes %u to %u arguments, here %s %u", filter->name,
		               filter->least, filter->most, nt_text_plural(call->n, "is", "are"), call->n);
	return false;
}

static struct nt_liquid_call *parse_call(struct nt_liquid_parser *p)
{
	struct nt_liquid_call *call = nt_arena_new0(p->arena, struct nt_liquid_call);
	struct nt_lexeme name = p->lex.ahead;

	if (name.kind != NT_LEX_NAME) {
		nt_liquid_expected(p, "a filter after '|'");
		return NULL;
	}
	nt_lex_take(&p->lex);
	call->start = name.start;
	call->length = name.length;
	call->filter = nt_filter_lookup(p->source->text + name.start, name.length);
	if (call->filter == NULL) {
		unknown_filter(p, name);
		return NULL;
	}
	if (nt_liquid_accept(p, NT_LEX_COLON) && !parse_args(p, call))
		return NULL;
	return check_args(p, call) ? call : NULL;
}

/* Whether "| default:" comes somewhere in what is left of the line: then a missing variable isn't missed. */
static bool default_ahead(const struct nt_liquid_parser *p)
{
	struct nt_lex lex = p->lex;
	enum nt_lexeme_kind before = NT_LEX_END;

	while (lex.ahead.kind != NT_LEX_END) {
		struct nt_lexeme lexeme = nt_lex_take(&lex);

		if (before == NT_LEX_PIPE && nt_lexeme_is(&lex, lexeme, "default"))
			return true;
		before = lexeme.kind;
	}
	return false;
}

bool nt_liquid_parse_output(struct nt_liquid_parser *p, struct nt_liquid_output *out)
{
	const struct nt_liquid_call **tail = &out->calls;
	unsigned n = 0;

	out->value = nt_liquid_parse_expr(p, default_ahead(p) ? NT_LIQUID_OPTIONAL : NT_LIQUID_NEEDED);
	if (out->value == NULL)
		return false;
	while (nt_liquid_accept(p, NT_LEX_PIPE)) {
		struct nt_liquid_call *call = parse_call(p);

		if (call == NULL)
			return false;
		if (++n > CALLS) {
			nt_diags_error(p->diags, nt_span_of(p->source, call->start, call->length),
			               "more than %d filters in one chain", CALLS);
			return false;
		}
		*tail = call;
		tail = &call->next;
	}
	return nt_liquid_parse_end(p);
}
