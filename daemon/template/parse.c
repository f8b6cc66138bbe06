#define NT_DIAG_CODE NT_CODE_WRONG_TEMPLATE

#include "template/parse.h"

#include "base/arena.h"
#include "template/expr.h"

#include <string.h>

/* A tag that begins something: reads what stands after its name, and its block if it has one. NULL after an error. */
typedef struct nt_liquid_node *tag_parser(struct nt_liquid_parser *p, const struct nt_chunk *chunk);

struct tag {
	const char *name;
	tag_parser *parse;
};

static const struct tag *find_tag(const struct nt_liquid_parser *p, const struct nt_chunk *chunk);
static void unknown_tag(struct nt_liquid_parser *p, const struct nt_chunk *chunk, const char *const *stops);

static bool chunk_is(const struct nt_liquid_parser *p, const struct nt_chunk *chunk, const char *name)
{
	return chunk->kind == NT_CHUNK_TAG && chunk->name == strlen(name) &&
	       memcmp(p->source->text + chunk->start, name, chunk->name) == 0;
}

static struct nt_span name_span(const struct nt_liquid_parser *p, const struct nt_chunk *chunk)
{
	return nt_span_of(p->source, chunk->start, MAX(chunk->name, (size_t)1));
}

static struct nt_liquid_node *node_new(struct nt_liquid_parser *p, enum nt_liquid_kind kind,
                                       const struct nt_chunk *chunk)
{
	struct nt_liquid_node *node = nt_arena_new0(p->arena, struct nt_liquid_node);

	node->kind = kind;
	node->start = chunk->start;
	node->length = chunk->length;
	return node;
}

/* The lexer over what stands after the tag's name. */
static void begin_inside(struct nt_liquid_parser *p, const struct nt_chunk *chunk)
{
	nt_lex_begin(&p->lex, p->source, chunk->start + chunk->name, chunk->length - chunk->name);
}

/* ---- bodies ---- */

static struct nt_liquid_node *parse_text(struct nt_liquid_parser *p, const struct nt_chunk *chunk)
{
	struct nt_liquid_node *node = node_new(p, NT_LIQUID_TEXT, chunk);

	node->text = nt_arena_strndup(p->arena, p->source->text + chunk->start, chunk->length);
	node->text_length = chunk->length;
	node->blank = true;
	for (size_t i = 0; i < chunk->length; i++)
		node->blank = node->blank && g_ascii_isspace(node->text[i]);
	return node;
}

static struct nt_liquid_node *parse_output_chunk(struct nt_liquid_parser *p, const struct nt_chunk *chunk)
{
	struct nt_liquid_node *node = node_new(p, NT_LIQUID_OUTPUT, chunk);

	begin_inside(p, chunk);
	return nt_liquid_parse_output(p, &node->output) ? node : NULL;
}

static bool stops_here(const struct nt_liquid_parser *p, const char *const *stops)
{
	for (; *stops != NULL; stops++)
		if (chunk_is(p, p->chunk, *stops))
			return true;
	return false;
}

static struct nt_liquid_node *parse_chunk(struct nt_liquid_parser *p, const char *const *stops)
{
	const struct nt_chunk *chunk = p->chunk;
	const struct tag *tag;

	p->chunk = chunk->next;
	if (nt_diags_errors(p->diags) - p->errors > NT_DIAGS_SHOWN) {
		p->chunk = NULL; /* nobody reads more of them */
		p->stopped = true;
		return NULL;
	}
	if (++p->nodes > NT_LIQUID_NODES) {
		nt_diags_error(p->diags, nt_span_of(p->source, chunk->start, 1), "more than %d pieces in one template",
		               NT_LIQUID_NODES);
		p->chunk = NULL;
		p->stopped = true;
		return NULL;
	}
	if (chunk->kind == NT_CHUNK_TEXT)
		return parse_text(p, chunk);
	if (chunk->kind == NT_CHUNK_OUTPUT)
		return parse_output_chunk(p, chunk);
	tag = find_tag(p, chunk);
	if (tag == NULL) {
		unknown_tag(p, chunk, stops);
		return NULL;
	}
	begin_inside(p, chunk);
	return tag->parse(p, chunk);
}

/* Up to one of the tags in `stops` (left unread), or to the end. */
static struct nt_liquid_body *parse_body(struct nt_liquid_parser *p, const char *const *stops)
{
	struct nt_liquid_body *body = nt_arena_new0(p->arena, struct nt_liquid_body);
	struct nt_liquid_node **tail = &body->first;

	while (p->chunk != NULL && !stops_here(p, stops)) {
		struct nt_liquid_node *node = parse_chunk(p, stops);

		if (node != NULL) {
			*tail = node;
			tail = &node->next;
		}
	}
	return body;
}

static bool body_blank(const struct nt_liquid_body *body)
{
	if (body != NULL)
		for (const struct nt_liquid_node *node = body->first; node != NULL; node = node->next)
			if (!node->blank)
				return false;
	return true;
}

/* A block that can't write anything but white space writes nothing: as in Liquid. */
static void drop_blanks(struct nt_liquid_body *body)
{
	struct nt_liquid_node **link;

	if (body == NULL)
		return;
	link = &body->first;
	while (*link != NULL) {
		if ((*link)->kind == NT_LIQUID_TEXT)
			*link = (*link)->next;
		else
			link = &(*link)->next;
	}
}

static bool enter(struct nt_liquid_parser *p, const struct nt_chunk *chunk)
{
	if (++p->depth <= NT_LIQUID_DEPTH)
		return true;
	nt_diags_error(p->diags, name_span(p, chunk), "blocks are nested too deeply (more than %d)", NT_LIQUID_DEPTH);
	p->chunk = NULL;
	p->stopped = true;
	return false;
}

/* The end tag of the block that `chunk` opened. */
static bool leave(struct nt_liquid_parser *p, const struct nt_chunk *chunk, const char *end)
{
	p->depth--;
	if (p->chunk != NULL && chunk_is(p, p->chunk, end)) {
		begin_inside(p, p->chunk);
		p->chunk = p->chunk->next;
		return nt_liquid_parse_end(p);
	}
	if (!p->stopped && !p->lost)
		nt_diags_error(p->diags, name_span(p, chunk), "'%.*s' isn't closed by {%% %s %%}", (int)chunk->name,
		               p->source->text + chunk->start, end);
	return false;
}

/* ---- names ---- */

/* Liquid lets a number be a variable's name when it is given a value; nobody can read it then. */
static bool parse_name(struct nt_liquid_parser *p, struct nt_liquid_node *node, const char *what)
{
	struct nt_lexeme name = p->lex.ahead;

	if (name.kind != NT_LEX_NAME && name.kind != NT_LEX_NUMBER && name.kind != NT_LEX_TEXT) {
		nt_liquid_expected(p, what);
		return false;
	}
	nt_lex_take(&p->lex);
	if (name.kind == NT_LEX_TEXT) {
		name.start++;
		name.length -= 2;
	}
	node->text = nt_liquid_lexeme_text(p, name);
	node->text_length = name.length;
	g_hash_table_add(p->locals, g_strdup(node->text));
	return true;
}

/* ---- tags without a block ---- */

static struct nt_liquid_node *parse_assign(struct nt_liquid_parser *p, const struct nt_chunk *chunk)
{
	struct nt_liquid_node *node = node_new(p, NT_LIQUID_ASSIGN, chunk);

	node->blank = true;
	if (!parse_name(p, node, "a name after 'assign'"))
		return NULL;
	if (!nt_liquid_accept(p, NT_LEX_ASSIGN)) {
		nt_liquid_expected(p, "'='");
		return NULL;
	}
	return nt_liquid_parse_output(p, &node->output) ? node : NULL;
}

static struct nt_liquid_node *parse_echo(struct nt_liquid_parser *p, const struct nt_chunk *chunk)
{
	struct nt_liquid_node *node = node_new(p, NT_LIQUID_OUTPUT, chunk);

	if (p->lex.ahead.kind == NT_LEX_END)
		return NULL;
	return nt_liquid_parse_output(p, &node->output) ? node : NULL;
}

static struct nt_liquid_node *parse_jump(struct nt_liquid_parser *p, const struct nt_chunk *chunk)
{
	struct nt_liquid_node *node = node_new(p, chunk_is(p, chunk, "break") ? NT_LIQUID_BREAK : NT_LIQUID_CONTINUE,
	                                       chunk);

	node->blank = true;
	return nt_liquid_parse_end(p) ? node : NULL;
}

static struct nt_liquid_node *parse_count(struct nt_liquid_parser *p, const struct nt_chunk *chunk)
{
	struct nt_liquid_node *node = node_new(p, NT_LIQUID_COUNT, chunk);

	node->step = chunk_is(p, chunk, "increment") ? 1 : -1;
	return parse_name(p, node, "a name") && nt_liquid_parse_end(p) ? node : NULL;
}

/* value, value …; false after an error. `or` may stand for the comma in `when`. */
static bool parse_values(struct nt_liquid_parser *p, const struct nt_liquid_args **tail, bool or_too)
{
	do {
		struct nt_liquid_args *arg = nt_arena_new0(p->arena, struct nt_liquid_args);

		if (or_too && nt_lexeme_is(&p->lex, p->lex.ahead, "or"))
			nt_lex_take(&p->lex);
		arg->value = nt_liquid_parse_expr(p, NT_LIQUID_OPTIONAL);
		if (arg->value == NULL)
			return false;
		*tail = arg;
		tail = &arg->next;
	} while (nt_liquid_accept(p, NT_LEX_COMMA) || (or_too && nt_lexeme_is(&p->lex, p->lex.ahead, "or")));
	return nt_liquid_parse_end(p);
}

static struct nt_liquid_node *parse_cycle(struct nt_liquid_parser *p, const struct nt_chunk *chunk)
{
	struct nt_liquid_node *node = node_new(p, NT_LIQUID_CYCLE, chunk);
	struct nt_lex before = p->lex;
	size_t start, end;

	nt_lex_take(&p->lex);
	if (p->lex.ahead.kind == NT_LEX_COLON) {
		p->lex = before;
		node->output.value = nt_liquid_parse_expr(p, NT_LIQUID_OPTIONAL);
		if (node->output.value == NULL || !nt_liquid_accept(p, NT_LEX_COLON))
			return NULL;
	} else {
		p->lex = before;
	}
	end = chunk->start + chunk->length;
	start = MIN(p->lex.ahead.start, end);
	node->text = nt_arena_strndup(p->arena, p->source->text + start, end - start);
	return parse_values(p, &node->values, false) ? node : NULL;
}

/* ---- blocks ---- */

static struct nt_liquid_node *parse_capture(struct nt_liquid_parser *p, const struct nt_chunk *chunk)
{
	static const char *const stops[] = { "endcapture", NULL };
	struct nt_liquid_node *node = node_new(p, NT_LIQUID_CAPTURE, chunk);
	bool good = parse_name(p, node, "a name after 'capture'") && nt_liquid_parse_end(p);

	if (!enter(p, chunk))
		return NULL;
	node->body = parse_body(p, stops);
	node->blank = true;
	return leave(p, chunk, "endcapture") && good ? node : NULL;
}

static struct nt_liquid_node *parse_ifchanged(struct nt_liquid_parser *p, const struct nt_chunk *chunk)
{
	static const char *const stops[] = { "endifchanged", NULL };
	struct nt_liquid_node *node = node_new(p, NT_LIQUID_IFCHANGED, chunk);
	bool good = nt_liquid_parse_end(p);

	if (!enter(p, chunk))
		return NULL;
	node->body = parse_body(p, stops);
	return leave(p, chunk, "endifchanged") && good ? node : NULL;
}

/* `else` with something after it is most likely a forgotten `if`; Liquid ignores it. */
static void parse_else(struct nt_liquid_parser *p)
{
	if (p->lex.ahead.kind != NT_LEX_END)
		nt_diags_warning(p->diags, NT_CODE_NO_EFFECT,
		                 nt_span_of(p->source, p->lex.ahead.start, p->lex.ahead.length),
		                 "what stands after 'else' is ignored (did you mean 'elsif'?)");
}

static struct nt_liquid_node *parse_if(struct nt_liquid_parser *p, const struct nt_chunk *chunk)
{
	bool unless = chunk_is(p, chunk, "unless"), good = true;
	const char *end = unless ? "endunless" : "endif";
	const char *const stops[] = { "elsif", "else", end, NULL };
	struct nt_liquid_node *node = node_new(p, NT_LIQUID_IF, chunk);
	struct nt_liquid_branch **tail = &node->branches;
	bool otherwise = false;

	if (!enter(p, chunk))
		return NULL;
	node->blank = true;
	for (bool first = true; first || (p->chunk != NULL && !chunk_is(p, p->chunk, end)); first = false) {
		struct nt_liquid_branch *branch = nt_arena_new0(p->arena, struct nt_liquid_branch);
		unsigned mark = p->guards->len;

		if (!first) {
			begin_inside(p, p->chunk);
			otherwise = chunk_is(p, p->chunk, "else");
			p->chunk = p->chunk->next;
		}
		if (otherwise) {
			parse_else(p);
		} else {
			branch->condition = nt_liquid_parse_condition(p);
			branch->negate = first && unless;
			good = branch->condition != NULL && nt_liquid_parse_end(p) && good;
			if (!branch->negate)
				nt_liquid_guard(p, branch->condition);
		}
		branch->body = parse_body(p, stops);
		nt_liquid_unguard(p, mark);
		node->blank = node->blank && body_blank(branch->body);
		*tail = branch;
		tail = &branch->next;
	}
	if (node->blank)
		for (struct nt_liquid_branch *branch = node->branches; branch != NULL; branch = branch->next)
			drop_blanks(branch->body);
	return leave(p, chunk, end) && good ? node : NULL;
}

/* What stands before the first `when` is passed over if it is white space, and wrong otherwise. */
static bool parse_before_when(struct nt_liquid_parser *p, const char *const *stops)
{
	const struct nt_chunk *at = p->chunk;
	const struct nt_liquid_body *body = parse_body(p, stops);

	if (body_blank(body) || at == NULL)
		return true;
	nt_diags_error(p->diags, nt_span_of(p->source, at->start, 1), "nothing may stand between 'case' and 'when'");
	return false;
}

static struct nt_liquid_node *parse_case(struct nt_liquid_parser *p, const struct nt_chunk *chunk)
{
	static const char *const stops[] = { "when", "else", "endcase", NULL };
	struct nt_liquid_node *node = node_new(p, NT_LIQUID_CASE, chunk);
	struct nt_liquid_branch **tail = &node->branches;
	bool good;

	node->output.value = nt_liquid_parse_expr(p, NT_LIQUID_OPTIONAL);
	good = node->output.value != NULL && nt_liquid_parse_end(p);
	if (!enter(p, chunk))
		return NULL;
	good = parse_before_when(p, stops) && good;
	node->blank = true;
	while (p->chunk != NULL && !chunk_is(p, p->chunk, "endcase")) {
		struct nt_liquid_branch *branch = nt_arena_new0(p->arena, struct nt_liquid_branch);
		bool when = chunk_is(p, p->chunk, "when");

		begin_inside(p, p->chunk);
		p->chunk = p->chunk->next;
		if (when)
			good = parse_values(p, &branch->values, true) && good;
		else
			parse_else(p);
		branch->body = parse_body(p, stops);
		node->blank = node->blank && body_blank(branch->body);
		*tail = branch;
		tail = &branch->next;
	}
	if (node->blank)
		for (struct nt_liquid_branch *branch = node->branches; branch != NULL; branch = branch->next)
			drop_blanks(branch->body);
	return leave(p, chunk, "endcase") && good ? node : NULL;
}

static bool parse_for_option(struct nt_liquid_parser *p, struct nt_liquid_node *node)
{
	struct nt_lexeme option = p->lex.ahead;
	bool limit = nt_lexeme_is(&p->lex, option, "limit");

	if (nt_lexeme_is(&p->lex, option, "reversed")) {
		nt_lex_take(&p->lex);
		node->reversed = true;
		return true;
	}
	if (!limit && !nt_lexeme_is(&p->lex, option, "offset")) {
		nt_liquid_expected(p, "'limit', 'offset' or 'reversed'");
		return false;
	}
	nt_lex_take(&p->lex);
	if (!nt_liquid_accept(p, NT_LEX_COLON)) {
		nt_liquid_expected(p, "':'");
		return false;
	}
	if (!limit && nt_lexeme_is(&p->lex, p->lex.ahead, "continue")) {
		nt_lex_take(&p->lex);
		node->offset_continue = true;
		return true;
	}
	*(limit ? &node->limit : &node->offset) = nt_liquid_parse_expr(p, NT_LIQUID_OPTIONAL);
	return (limit ? node->limit : node->offset) != NULL;
}

/* item in collection, and its options. */
static bool parse_for_head(struct nt_liquid_parser *p, struct nt_liquid_node *node)
{
	if (!parse_name(p, node, "a name after 'for'"))
		return false;
	if (!nt_lexeme_is(&p->lex, p->lex.ahead, "in")) {
		nt_liquid_expected(p, "'in'");
		return false;
	}
	nt_lex_take(&p->lex);
	node->output.value = nt_liquid_parse_expr(p, NT_LIQUID_OPTIONAL);
	if (node->output.value == NULL)
		return false;
	node->loop_name = nt_arena_printf(p->arena, "%s-%.*s", node->text, (int)node->output.value->length,
	                                  p->source->text + node->output.value->start);
	while (p->lex.ahead.kind != NT_LEX_END) {
		nt_liquid_accept(p, NT_LEX_COMMA);
		if (!parse_for_option(p, node))
			return false;
	}
	return true;
}

static struct nt_liquid_node *parse_for(struct nt_liquid_parser *p, const struct nt_chunk *chunk)
{
	static const char *const stops[] = { "else", "endfor", NULL };
	static const char *const end[] = { "endfor", NULL };
	struct nt_liquid_node *node = node_new(p, NT_LIQUID_FOR, chunk);
	bool good = parse_for_head(p, node);

	if (!enter(p, chunk))
		return NULL;
	node->body = parse_body(p, stops);
	if (p->chunk != NULL && chunk_is(p, p->chunk, "else")) {
		begin_inside(p, p->chunk);
		parse_else(p);
		p->chunk = p->chunk->next;
		node->otherwise = parse_body(p, end);
	}
	node->blank = body_blank(node->body) && body_blank(node->otherwise);
	if (node->blank) {
		drop_blanks(node->body);
		drop_blanks(node->otherwise);
	}
	return leave(p, chunk, "endfor") && good ? node : NULL;
}

/* ---- the table ---- */

static const struct tag tags[] = {
	{ "assign", parse_assign },
	{ "break", parse_jump },
	{ "capture", parse_capture },
	{ "case", parse_case },
	{ "continue", parse_jump },
	{ "cycle", parse_cycle },
	{ "decrement", parse_count },
	{ "echo", parse_echo },
	{ "for", parse_for },
	{ "if", parse_if },
	{ "ifchanged", parse_ifchanged },
	{ "increment", parse_count },
	{ "unless", parse_if },
};

/* Tags of Liquid that aren't here: said so, instead of "unknown". */
static const char *const not_built[] = { "include", "render", "tablerow", "endtablerow", "extends", "block", "layout" };

/* Words that only stand inside something else. */
static const char *const inner[] = {
	"else", "elsif", "when", "endif", "endunless", "endcase", "endfor", "endcapture", "endifchanged", "endraw",
	"endcomment", "enddoc", "raw", "comment", "doc", "liquid",
};

static const struct tag *find_tag(const struct nt_liquid_parser *p, const struct nt_chunk *chunk)
{
	for (size_t i = 0; i < G_N_ELEMENTS(tags); i++)
		if (chunk_is(p, chunk, tags[i].name))
			return &tags[i];
	return NULL;
}

static void unknown_tag(struct nt_liquid_parser *p, const struct nt_chunk *chunk, const char *const *stops)
{
	struct nt_span span = name_span(p, chunk);
	const char *names[G_N_ELEMENTS(tags) + G_N_ELEMENTS(inner) + 1], *nearest;
	char *word = nt_arena_strndup(p->arena, p->source->text + chunk->start, chunk->name);
	size_t n = 0;

	if (chunk->name == 0) {
		nt_diags_error(p->diags, span, "this tag has no name");
		return;
	}
	for (size_t i = 0; i < G_N_ELEMENTS(not_built); i++)
		if (chunk_is(p, chunk, not_built[i])) {
			nt_diags_error(p->diags, span, "tag '%s' is not supported yet", word);
			return;
		}
	for (size_t i = 0; i < G_N_ELEMENTS(tags); i++)
		names[n++] = tags[i].name;
	for (size_t i = 0; i < G_N_ELEMENTS(inner); i++) {
		if (chunk_is(p, chunk, inner[i])) {
			const char *end = NULL;

			if (p->lost) /* it may well belong to the unknown one */
				return;
			while (*stops != NULL)
				end = *stops++;
			p->lost = true;
			if (end != NULL)
				nt_diags_error(p->diags, span, "'%s' has no place here (open until {%% %s %%})", word,
				               end);
			else
				nt_diags_error(p->diags, span, "'%s' has no place here: nothing is open", word);
			return;
		}
		names[n++] = inner[i];
	}
	names[n] = NULL;
	p->lost = true;
	nearest = nt_nearest(word, names);
	if (nearest != NULL)
		nt_diags_error(p->diags, span, "unknown tag '%s' (did you mean '%s'?)", word, nearest);
	else
		nt_diags_error(p->diags, span, "unknown tag '%s'", word);
}

/* ---- the whole ---- */

/* Variables that the program gives itself aren't asked of anybody. */
static const struct nt_liquid_use *foreign_uses(struct nt_liquid_parser *p)
{
	struct nt_liquid_use **link = &p->first_use;

	while (*link != NULL) {
		char *root = g_strndup((*link)->path, strcspn((*link)->path, ".["));

		if (g_hash_table_contains(p->locals, root) || strcmp(root, "forloop") == 0)
			*link = (*link)->next;
		else
			link = &(*link)->next;
		g_free(root);
	}
	return p->first_use;
}

const struct nt_liquid *nt_liquid_parse(struct nt_arena *arena, const struct nt_source *source, size_t start,
                                        size_t length, struct nt_diags *diags)
{
	static const char *const stops[] = { NULL };
	struct nt_liquid_parser p = { .arena = arena, .source = source, .diags = diags };
	struct nt_liquid *program = nt_arena_new0(arena, struct nt_liquid);
	int errors = p.errors = nt_diags_errors(diags);

	if (length > NT_LIQUID_SIZE) {
		nt_diags_error(diags, nt_span_of(source, start, 1), "a template has at most %d bytes", NT_LIQUID_SIZE);
		return NULL;
	}
	p.chunk = nt_chunks(arena, source, start, length, diags);
	p.guards = g_ptr_array_new_with_free_func(g_free);
	p.locals = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	p.uses = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	p.last_use = &p.first_use;
	program->body = parse_body(&p, stops);
	program->uses = foreign_uses(&p);
	g_ptr_array_free(p.guards, TRUE);
	g_hash_table_destroy(p.locals);
	g_hash_table_destroy(p.uses);
	return nt_diags_errors(diags) == errors ? program : NULL;
}
