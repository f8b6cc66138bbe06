#include "template/render.h"

#include "base/arena.h"
#include "base/bug.h"
#include "base/json.h"
#include "template/filter.h"
#include "template/mark.h"

#include <string.h>

#define PIECE 64       /* bytes worked on that cost one step */
#define ARGS 20        /* the parser's limit */

enum jump { RUNNING, BREAKING, CONTINUING, STOPPED };

struct binding {
	const char *name;
	struct nt_datum value;
};

struct renderer {
	struct nt_arena *arena;
	const struct nt_render_input *input;
	struct nt_render_result *result;
	GString *out;
	size_t base;     /* of out, when it was begun */
	size_t held;     /* of the arena, at the start */
	unsigned steps;
	enum jump jump;
	GArray *locals;  /* struct binding: loop variables, innermost last */
	GHashTable *assigned; /* name → struct nt_datum * */
	GHashTable *counters; /* name → int */
	GHashTable *cycles;   /* group → index */
	GHashTable *offsets;  /* loop name → where `offset: continue` goes on */
	struct nt_loop *loop;
	const char *changed;  /* what ifchanged wrote last */
};

static void render_body(struct renderer *r, const struct nt_liquid_body *body);
static struct nt_datum evaluate(struct renderer *r, const struct nt_liquid_expr *expr);

/* ---- limits ---- */

static void stop(struct renderer *r, enum nt_render_limit limit)
{
	if (r->jump != STOPPED)
		r->result->limit = limit;
	r->jump = STOPPED;
}

static void charge(struct renderer *r, size_t steps)
{
	if (steps > NT_RENDER_STEPS - r->steps) {
		stop(r, NT_RENDER_TOO_MANY_STEPS);
		return;
	}
	r->steps += (unsigned)steps;
	if (nt_arena_size(r->arena) > r->held + NT_RENDER_MEMORY)
		stop(r, NT_RENDER_TOO_MUCH_MEMORY);
}

static size_t cost(struct nt_datum value)
{
	if (value.type == NT_DATUM_TEXT)
		return value.length / PIECE;
	return value.type == NT_DATUM_LIST ? value.n : 0;
}

static void check_output(struct renderer *r)
{
	if (r->out->len - r->base > NT_RENDER_OUTPUT) {
		g_string_truncate(r->out, r->base + NT_RENDER_OUTPUT);
		stop(r, NT_RENDER_TOO_LONG);
	}
}

static void note_problem(struct renderer *r, size_t start, const char *filter, const char *message)
{
	struct nt_render_result *result = r->result;

	if (result->n_problems < NT_RENDER_PROBLEMS)
		result->problems[result->n_problems++] =
			(struct nt_render_problem){ .start = start, .filter = filter, .message = message };
}

/* ---- variables ---- */

static struct nt_datum look_up(struct renderer *r, const char *name, size_t length)
{
	const struct nt_datum *assigned;
	gpointer counter;

	for (guint i = r->locals->len; i-- > 0;) {
		const struct binding *local = &g_array_index(r->locals, struct binding, i);

		if (strcmp(local->name, name) == 0)
			return local->value;
	}
	assigned = g_hash_table_lookup(r->assigned, name);
	if (assigned != NULL)
		return *assigned;
	for (unsigned i = 0; i < r->input->n_extras; i++)
		if (strcmp(r->input->extras[i].name, name) == 0)
			return r->input->extras[i].value;
	if (r->input->variables != NULL && r->input->variables->type == NT_JSON_OBJECT)
		for (const struct nt_json *child = r->input->variables->first; child != NULL; child = child->next)
			if (strlen(child->key) == length && memcmp(child->key, name, length) == 0)
				return nt_datum_json(r->arena, child);
	if (g_hash_table_lookup_extended(r->counters, name, NULL, &counter))
		return nt_datum_int(GPOINTER_TO_INT(counter));
	return NT_DATUM_NOTHING;
}

static struct nt_datum take_step(struct renderer *r, struct nt_datum value, const struct nt_liquid_step *step)
{
	if (step->name != NULL)
		return nt_datum_member(r->arena, value, step->name, step->length);
	return nt_datum_index(r->arena, value, evaluate(r, step->index));
}

static struct nt_datum evaluate_path(struct renderer *r, const struct nt_liquid_expr *expr)
{
	const struct nt_liquid_step *step = expr->steps;
	struct nt_datum value;

	if (step->name != NULL) {
		value = look_up(r, step->name, step->length);
	} else {
		struct nt_datum name = evaluate(r, step->index);

		if (name.type != NT_DATUM_TEXT)
			return NT_DATUM_NOTHING;
		value = look_up(r, nt_arena_strndup(r->arena, name.text, name.length), name.length);
	}
	charge(r, 1 + cost(value));
	while ((step = step->next) != NULL && r->jump != STOPPED) {
		value = take_step(r, value, step);
		charge(r, 1 + cost(value));
	}
	return value;
}

static int64_t whole(struct nt_datum value)
{
	bool fraction;
	nt_number number;

	nt_datum_to_number(value, &number, &fraction);
	return number / NT_NUMBER_ONE;
}

static struct nt_datum evaluate_range(struct renderer *r, const struct nt_liquid_expr *expr)
{
	struct nt_datum range = { .type = NT_DATUM_RANGE };

	range.from = whole(evaluate(r, expr->left));
	range.to = whole(evaluate(r, expr->right));
	return range;
}

static bool contains(struct renderer *r, struct nt_datum a, struct nt_datum b)
{
	if (!nt_datum_true(b))
		return false;
	charge(r, cost(a));
	if (a.type == NT_DATUM_LIST) {
		for (size_t i = 0; i < a.n; i++)
			if (nt_datum_equal(a.items[i], b))
				return true;
		return false;
	}
	b = nt_datum_as_text(r->arena, b);
	if (a.type == NT_DATUM_OBJECT) {
		for (const struct nt_json *child = a.json->first; child != NULL; child = child->next)
			if (strlen(child->key) == b.length && memcmp(child->key, b.text, b.length) == 0)
				return true;
		return false;
	}
	return a.type == NT_DATUM_TEXT && memmem(a.text, a.length, b.text, b.length) != NULL;
}

static bool compare(struct renderer *r, const struct nt_liquid_expr *expr)
{
	struct nt_datum a = evaluate(r, expr->left), b = evaluate(r, expr->right);
	int order;

	charge(r, MIN(cost(a), cost(b)));
	switch (expr->kind) {
	case NT_LIQUID_EQ: return nt_datum_equal(a, b);
	case NT_LIQUID_NE: return !nt_datum_equal(a, b);
	case NT_LIQUID_CONTAINS: return contains(r, a, b);
	case NT_LIQUID_LT: return nt_datum_compare(a, b, &order) && order < 0;
	case NT_LIQUID_LE: return nt_datum_compare(a, b, &order) && order <= 0;
	case NT_LIQUID_GT: return nt_datum_compare(a, b, &order) && order > 0;
	case NT_LIQUID_GE: return nt_datum_compare(a, b, &order) && order >= 0;
	default: NT_BUG("no comparison: %d", (int)expr->kind);
	}
}

static struct nt_datum evaluate(struct renderer *r, const struct nt_liquid_expr *expr)
{
	struct nt_datum value;

	charge(r, 1);
	if (r->jump == STOPPED)
		return NT_DATUM_NOTHING;
	switch (expr->kind) {
	case NT_LIQUID_LITERAL: return expr->literal;
	case NT_LIQUID_PATH: return evaluate_path(r, expr);
	case NT_LIQUID_SPAN: return evaluate_range(r, expr);
	case NT_LIQUID_AND:
		value = evaluate(r, expr->left);
		return nt_datum_true(value) ? evaluate(r, expr->right) : value;
	case NT_LIQUID_OR:
		value = evaluate(r, expr->left);
		return nt_datum_true(value) ? value : evaluate(r, expr->right);
	default: return nt_datum_bool(compare(r, expr));
	}
}

/* ---- filters and escaping ---- */

static struct nt_datum arena_text(struct renderer *r, GString *text, enum nt_prepared prepared)
{
	struct nt_datum value = nt_datum_text(nt_arena_strndup(r->arena, text->str, text->len), text->len);

	value.prepared = prepared;
	g_string_free(text, TRUE);
	return value;
}

/* The plain text behind text that is fit for the part already. */
static struct nt_datum plain(struct renderer *r, struct nt_datum value)
{
	GString *text;

	if (value.type != NT_DATUM_TEXT || value.prepared == NT_PREPARED_NO)
		return value;
	if (value.prepared == NT_PREPARED_URL ||
	    (r->input->context != NT_ESCAPE_HTML && r->input->context != NT_ESCAPE_MARKDOWN)) {
		value.prepared = NT_PREPARED_NO;
		return value;
	}
	text = g_string_new(NULL);
	if (r->input->context == NT_ESCAPE_HTML)
		nt_unescape_html(text, value.text, value.length);
	else
		nt_marks_fill(r->input->marks, text, value.text, value.length, NT_MARKS_TEXT);
	return arena_text(r, text, NT_PREPARED_NO);
}

/* Appends a value as the part wants it: the one place where anything reaches the output. */
static void put_value(struct renderer *r, GString *out, struct nt_datum value)
{
	enum nt_escape context = r->input->context;
	struct nt_datum text = nt_datum_as_text(r->arena, value);

	charge(r, cost(text));
	if (value.prepared == NT_PREPARED_PART && context != NT_ESCAPE_HEADER)
		g_string_append_len(out, text.text, (gssize)text.length);
	else if (value.prepared == NT_PREPARED_URL && context == NT_ESCAPE_URL)
		g_string_append_len(out, text.text, (gssize)text.length);
	else if (context == NT_ESCAPE_MARKDOWN)
		nt_marks_put(r->input->marks, out, text.text, text.length, value.prepared == NT_PREPARED_URL);
	else
		nt_escape(out, context, text.text, text.length);
}

static struct nt_datum prepare(struct renderer *r, struct nt_datum value)
{
	GString *text;

	if (value.type == NT_DATUM_NIL || value.prepared == NT_PREPARED_PART)
		return value;
	text = g_string_new(NULL);
	put_value(r, text, value);
	return arena_text(r, text, NT_PREPARED_PART);
}

static bool is_part(struct nt_datum value)
{
	return value.type == NT_DATUM_TEXT && value.prepared == NT_PREPARED_PART;
}

/* Brings input and arguments to one form; says which the result has. */
static enum nt_prepared level(struct renderer *r, const struct nt_filter *filter, struct nt_datum *input,
                              struct nt_datum *args, unsigned n)
{
	enum nt_prepared result = NT_PREPARED_NO;
	bool part = is_part(*input);

	for (unsigned i = 0; i < n; i++)
		part = part || is_part(args[i]);
	if (filter->escaping == NT_FILTER_KEEPS && part) {
		*input = prepare(r, *input);
		for (unsigned i = 0; i < n; i++)
			args[i] = prepare(r, args[i]);
		return NT_PREPARED_PART;
	}
	if (filter->escaping == NT_FILTER_KEEPS && input->prepared == NT_PREPARED_URL)
		result = NT_PREPARED_URL;
	*input = plain(r, *input);
	for (unsigned i = 0; i < n; i++)
		args[i] = plain(r, args[i]);
	return result;
}

static struct nt_datum apply(struct renderer *r, struct nt_datum value, const struct nt_liquid_call *call)
{
	struct nt_datum args[ARGS + 1] = { 0 };
	struct nt_filter_call work = { .arena = r->arena, .args = args, .context = r->input->context,
	                               .now = r->input->now, .zone = r->input->zone, .locale = r->input->locale };
	enum nt_prepared prepared = NT_PREPARED_NO;

	for (const struct nt_liquid_args *arg = call->args; arg != NULL; arg = arg->next) {
		struct nt_datum given = evaluate(r, arg->value);

		if (arg->name != NULL)
			work.keyword = given;
		else if (work.n < ARGS)
			args[work.n++] = given;
	}
	work.input = value;
	if (call->filter->escaping != NT_FILTER_SETS)
		prepared = level(r, call->filter, &work.input, args, work.n);
	charge(r, 1 + cost(work.input));
	if (r->jump == STOPPED)
		return NT_DATUM_NOTHING;
	value = call->filter->apply(&work);
	if (work.too_big)
		stop(r, NT_RENDER_TOO_MUCH_MEMORY);
	if (work.problem != NULL)
		note_problem(r, call->start, call->filter->name, work.problem);
	if (value.type == NT_DATUM_TEXT && call->filter->escaping == NT_FILTER_KEEPS)
		value.prepared = prepared;
	charge(r, cost(value));
	return value;
}

static struct nt_datum evaluate_output(struct renderer *r, const struct nt_liquid_output *output)
{
	struct nt_datum value = evaluate(r, output->value);

	for (const struct nt_liquid_call *call = output->calls; call != NULL && r->jump != STOPPED; call = call->next)
		value = apply(r, value, call);
	return value;
}

/* ---- statements ---- */

static void put_text(struct renderer *r, const struct nt_liquid_node *node)
{
	charge(r, node->text_length / PIECE);
	g_string_append_len(r->out, node->text, (gssize)node->text_length);
	check_output(r);
}

static void put_output(struct renderer *r, struct nt_datum value)
{
	put_value(r, r->out, value);
	check_output(r);
}

static void assign(struct renderer *r, const char *name, struct nt_datum value)
{
	g_hash_table_insert(r->assigned, (gpointer)(uintptr_t)name, nt_arena_copy(r->arena, &value, sizeof value));
}

/* Renders the body aside; the text is fit for the part. */
static struct nt_datum render_aside(struct renderer *r, const struct nt_liquid_body *body)
{
	GString *out = r->out, *aside = g_string_new(NULL);
	size_t base = r->base;

	r->out = aside;
	r->base = 0;
	render_body(r, body);
	r->out = out;
	r->base = base;
	charge(r, aside->len / PIECE);
	return arena_text(r, aside, NT_PREPARED_PART);
}

static void render_if(struct renderer *r, const struct nt_liquid_node *node)
{
	for (const struct nt_liquid_branch *branch = node->branches; branch != NULL; branch = branch->next)
		if (branch->condition == NULL ||
		    nt_datum_true(evaluate(r, branch->condition)) != branch->negate) {
			render_body(r, branch->body);
			return;
		}
}

/* Every value that matches writes its branch; `else` if none before it did. */
static void render_case(struct renderer *r, const struct nt_liquid_node *node)
{
	struct nt_datum value = evaluate(r, node->output.value);
	bool matched = false;

	for (const struct nt_liquid_branch *branch = node->branches; branch != NULL; branch = branch->next) {
		if (branch->values == NULL && !matched)
			render_body(r, branch->body);
		for (const struct nt_liquid_args *arg = branch->values; arg != NULL &&
		     r->jump == RUNNING; arg = arg->next) {
			struct nt_datum other = evaluate(r, arg->value);

			charge(r, MIN(cost(value), cost(other)));
			if (nt_datum_equal(value, other)) {
				matched = true;
				render_body(r, branch->body);
			}
		}
	}
}

/* A `limit` or `offset`: nil counts as not given; false if it is no number. */
static bool loop_number(struct renderer *r, const struct nt_liquid_expr *expr, size_t otherwise, size_t *out)
{
	struct nt_datum value = expr == NULL ? NT_DATUM_NOTHING : evaluate(r, expr);
	nt_number number;
	bool fraction;

	*out = otherwise;
	if (value.type == NT_DATUM_NIL)
		return true;
	if (!nt_datum_to_number(value, &number, &fraction)) {
		note_problem(r, expr->start, NULL, "this is no number");
		return false;
	}
	*out = number < 0 ? 0 : (size_t)(number / NT_NUMBER_ONE);
	return true;
}

static bool loop_slice(struct renderer *r, const struct nt_liquid_node *node, size_t count, size_t *first, size_t *n)
{
	gpointer reached = g_hash_table_lookup(r->offsets, node->loop_name);

	if (node->offset_continue)
		*first = GPOINTER_TO_SIZE(reached);
	else if (!loop_number(r, node->offset, 0, first))
		return false;
	if (!loop_number(r, node->limit, SIZE_MAX, n))
		return false;
	*first = MIN(*first, count);
	*n = MIN(*n, MIN(count - *first, (size_t)NT_RENDER_STEPS + 1));
	g_hash_table_insert(r->offsets, (gpointer)(uintptr_t)node->loop_name, GSIZE_TO_POINTER(*first + *n));
	return true;
}

static void bind(struct renderer *r, guint at, const char *name, struct nt_datum value)
{
	g_array_index(r->locals, struct binding, at) = (struct binding){ .name = name, .value = value };
}

static void render_for(struct renderer *r, const struct nt_liquid_node *node)
{
	struct nt_datum collection = evaluate(r, node->output.value);
	struct nt_loop *loop = nt_arena_new0(r->arena, struct nt_loop);
	size_t first, n;
	guint at = r->locals->len;

	if (!loop_slice(r, node, nt_datum_count(collection), &first, &n))
		return;
	if (n == 0) {
		if (node->otherwise != NULL)
			render_body(r, node->otherwise);
		return;
	}
	*loop = (struct nt_loop){ .parent = r->loop, .name = node->loop_name, .length = (unsigned)n };
	r->loop = loop;
	g_array_set_size(r->locals, at + 2);
	bind(r, at, "forloop", (struct nt_datum){ .type = NT_DATUM_LOOP, .loop = loop });
	for (size_t i = 0; i < n && r->jump != STOPPED; i++) {
		size_t from_start = first + (node->reversed ? n - 1 - i : i);

		loop->index = (unsigned)i;
		bind(r, at + 1, node->text, nt_datum_item(r->arena, collection, from_start));
		charge(r, 1);
		render_body(r, node->body);
		if (r->jump == BREAKING) {
			r->jump = RUNNING;
			break;
		}
		if (r->jump == CONTINUING)
			r->jump = RUNNING;
	}
	g_array_set_size(r->locals, at);
	r->loop = loop->parent;
}

static void render_cycle(struct renderer *r, const struct nt_liquid_node *node)
{
	const struct nt_liquid_args *arg = node->values;
	unsigned n = 0, at;
	char *group;

	if (node->output.value != NULL) {
		struct nt_datum named = nt_datum_as_text(r->arena, evaluate(r, node->output.value));

		group = nt_arena_printf(r->arena, "=%.*s", (int)named.length, named.text);
	} else {
		group = nt_arena_strdup(r->arena, node->text);
	}
	for (const struct nt_liquid_args *a = arg; a != NULL; a = a->next)
		n++;
	at = GPOINTER_TO_UINT(g_hash_table_lookup(r->cycles, group));
	for (unsigned i = 0; i < at && arg != NULL; i++)
		arg = arg->next;
	if (arg != NULL)
		put_output(r, evaluate(r, arg->value));
	g_hash_table_insert(r->cycles, group, GUINT_TO_POINTER(at + 1 >= n ? 0 : at + 1));
}

/* increment writes and then counts up, decrement counts down and then writes. */
static void render_count(struct renderer *r, const struct nt_liquid_node *node)
{
	int value = GPOINTER_TO_INT(g_hash_table_lookup(r->counters, node->text));
	int next = value + node->step;

	put_output(r, nt_datum_int(node->step > 0 ? value : next));
	g_hash_table_insert(r->counters, (gpointer)(uintptr_t)node->text, GINT_TO_POINTER(next));
}

static void render_ifchanged(struct renderer *r, const struct nt_liquid_node *node)
{
	struct nt_datum text = render_aside(r, node->body);

	if (r->changed != NULL && strcmp(r->changed, text.text) == 0)
		return;
	r->changed = text.text;
	g_string_append_len(r->out, text.text, (gssize)text.length);
	check_output(r);
}

static void render_node(struct renderer *r, const struct nt_liquid_node *node)
{
	charge(r, 1);
	if (r->jump != RUNNING)
		return;
	switch (node->kind) {
	case NT_LIQUID_TEXT: put_text(r, node); break;
	case NT_LIQUID_OUTPUT: put_output(r, evaluate_output(r, &node->output)); break;
	case NT_LIQUID_ASSIGN: assign(r, node->text, evaluate_output(r, &node->output)); break;
	case NT_LIQUID_CAPTURE: assign(r, node->text, render_aside(r, node->body)); break;
	case NT_LIQUID_IF: render_if(r, node); break;
	case NT_LIQUID_CASE: render_case(r, node); break;
	case NT_LIQUID_FOR: render_for(r, node); break;
	case NT_LIQUID_BREAK: r->jump = BREAKING; break;
	case NT_LIQUID_CONTINUE: r->jump = CONTINUING; break;
	case NT_LIQUID_CYCLE: render_cycle(r, node); break;
	case NT_LIQUID_COUNT: render_count(r, node); break;
	case NT_LIQUID_IFCHANGED: render_ifchanged(r, node); break;
	}
}

static void render_body(struct renderer *r, const struct nt_liquid_body *body)
{
	for (const struct nt_liquid_node *node = body->first; node != NULL && r->jump == RUNNING; node = node->next)
		render_node(r, node);
}

bool nt_liquid_render(const struct nt_liquid *program, struct nt_arena *arena, const struct nt_render_input *input,
                      GString *out, struct nt_render_result *result)
{
	struct renderer r = { .arena = arena, .input = input, .result = result, .out = out, .base = out->len,
	                      .held = nt_arena_size(arena) };

	NT_CHECK(input->context != NT_ESCAPE_MARKDOWN || input->marks != NULL);
	*result = (struct nt_render_result){ 0 };
	r.locals = g_array_new(FALSE, TRUE, sizeof(struct binding));
	r.assigned = g_hash_table_new(g_str_hash, g_str_equal);
	r.counters = g_hash_table_new(g_str_hash, g_str_equal);
	r.cycles = g_hash_table_new(g_str_hash, g_str_equal);
	r.offsets = g_hash_table_new(g_str_hash, g_str_equal);
	render_body(&r, program->body);
	g_array_free(r.locals, TRUE);
	g_hash_table_destroy(r.assigned);
	g_hash_table_destroy(r.counters);
	g_hash_table_destroy(r.cycles);
	g_hash_table_destroy(r.offsets);
	return result->limit == NT_RENDER_FITS;
}

const char *nt_render_limit_text(enum nt_render_limit limit)
{
	switch (limit) {
	case NT_RENDER_FITS: break;
	case NT_RENDER_TOO_LONG: return "the output is longer than 1 MiB";
	case NT_RENDER_TOO_MANY_STEPS: return "it takes more than 1,000,000 steps";
	case NT_RENDER_TOO_MUCH_MEMORY: return "its values take too much memory";
	}
	return "";
}
