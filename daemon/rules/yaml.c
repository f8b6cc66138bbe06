#define NT_DIAG_CODE NT_CODE_YAML_SYNTAX

#include "rules/yaml.h"

#include "base/arena.h"
#include "rules/yaml_explain.h"

#include <stdint.h>
#include <string.h>
#include <yaml.h>

/* What an alias would bring in: sizes are counted as if it were written out, so that no small file unfolds into a
 * large one. */
struct anchor {
	const struct nt_yaml *node;
	size_t weight;
	int height;
};

/* A node as it is being made. */
struct made {
	struct nt_yaml *node; /* NULL: given up */
	size_t weight;
	int height;
	bool block_scalar, anchored;
};

/* A value has no more commas than that, as far as mending it goes. */
#define PIECES 16

struct parser {
	yaml_parser_t yaml;
	yaml_event_t event;
	struct nt_arena *arena;
	const struct nt_source *source;
	struct nt_diags *diags;
	size_t bom;                     /* bytes before libyaml's index 0 */
	size_t mark_index, mark_offset; /* libyaml counts characters; the last one turned into bytes */
	GHashTable *anchors;            /* name → struct anchor */
	size_t weight;
	bool failed;
};

static struct made parse_node(struct parser *p, int depth);

/* Marks come nearly in order, so the walk from the last one is short. */
static size_t offset_of(struct parser *p, size_t index)
{
	const char *text = p->source->text;

	while (p->mark_index < index && p->mark_offset < p->source->length) {
		p->mark_offset++;
		while (p->mark_offset < p->source->length && ((unsigned char)text[p->mark_offset] & 0xC0) == 0x80)
			p->mark_offset++;
		p->mark_index++;
	}
	while (p->mark_index > index && p->mark_offset > p->bom) {
		p->mark_offset--;
		while (p->mark_offset > p->bom && ((unsigned char)text[p->mark_offset] & 0xC0) == 0x80)
			p->mark_offset--;
		p->mark_index--;
	}
	return p->mark_offset;
}

static struct nt_span event_span(struct parser *p)
{
	size_t start = offset_of(p, p->event.start_mark.index);
	size_t end = offset_of(p, p->event.end_mark.index);

	return nt_span_of(p->source, start, end - start);
}

static void fail(struct parser *p, struct nt_span span, const char *words)
{
	if (!p->failed)
		nt_diags_error(p->diags, span, "%s", words);
	p->failed = true;
}

static void fail_parse(struct parser *p)
{
	struct nt_yaml_problem problem = { .problem = p->yaml.problem, .context = p->yaml.context };

	if (p->failed)
		return;
	p->failed = true;
	problem.at = p->yaml.error == YAML_READER_ERROR ? p->bom + p->yaml.problem_offset :
	                                                  offset_of(p, p->yaml.problem_mark.index);
	problem.context_at = problem.context != NULL ? offset_of(p, p->yaml.context_mark.index) : problem.at;
	nt_yaml_explain(p->source, p->arena, &problem, p->diags);
}

/* The next event; false when the file can't be read on. */
static bool next(struct parser *p)
{
	yaml_event_delete(&p->event);
	if (p->failed)
		return false;
	if (!yaml_parser_parse(&p->yaml, &p->event)) {
		fail_parse(p);
		return false;
	}
	return true;
}

static struct nt_yaml *node_new(struct parser *p, enum nt_yaml_type type, struct nt_span span)
{
	struct nt_yaml *node = nt_arena_new0(p->arena, struct nt_yaml);

	node->type = type;
	node->span = span;
	if (++p->weight > NT_YAML_NODES)
		fail(p, span, "this file is too large: split it");
	return node;
}

static void refuse_tag(struct parser *p, const yaml_char_t *tag)
{
	struct nt_span span;

	if (tag == NULL || p->failed)
		return;
	span = event_span(p);
	p->failed = true;
	if (!nt_yaml_explain_line(p->source, p->arena, span.start, p->diags))
		nt_diags_error(p->diags, nt_span_of(p->source, span.start, 1),
		               "YAML tags ('!') are not part of the rule language: put the value in quotes");
}

static void remember(struct parser *p, char *name, const struct made *made)
{
	struct anchor *anchor;

	if (name == NULL)
		return;
	if (made->node != NULL) {
		anchor = nt_arena_new0(p->arena, struct anchor);
		*anchor = (struct anchor){ .node = made->node, .weight = made->weight, .height = made->height };
		g_hash_table_insert(p->anchors, nt_arena_strdup(p->arena, name), anchor);
	}
	g_free(name);
}

static char *anchor_name(const yaml_char_t *name)
{
	return name == NULL ? NULL : g_strdup((const char *)name);
}

static struct made parse_alias(struct parser *p, int depth)
{
	const char *name = (const char *)p->event.data.alias.anchor;
	const struct anchor *anchor = g_hash_table_lookup(p->anchors, name);
	struct nt_span span = event_span(p);
	struct nt_yaml *node;

	if (anchor == NULL) {
		p->failed = true;
		if (!nt_yaml_explain_line(p->source, p->arena, span.start, p->diags))
			nt_diags_error(p->diags, span, "there is no anchor '&%s' above", name);
		return (struct made){ 0 };
	}
	if (depth + anchor->height > NT_YAML_DEPTH)
		fail(p, span, "nested too deeply");
	p->weight += anchor->weight;
	if (p->weight > NT_YAML_NODES)
		fail(p, span, "this file is too large once its aliases are written out");
	node = nt_arena_copy(p->arena, anchor->node, sizeof *node);
	node->key = NULL;
	node->next = NULL;
	return (struct made){ .node = node, .weight = anchor->weight, .height = anchor->height };
}

static struct made parse_scalar(struct parser *p)
{
	struct nt_span span = event_span(p);
	struct nt_yaml *node;
	yaml_scalar_style_t style = p->event.data.scalar.style;
	struct made made = { .weight = 1, .height = 1 };
	char *anchor = anchor_name(p->event.data.scalar.anchor);

	/* "!" alone is the mark of an explicit non-plain scalar; libyaml gives it as a tag too */
	refuse_tag(p, p->event.data.scalar.tag);
	node = node_new(p, NT_YAML_SCALAR, span);
	node->length = p->event.data.scalar.length;
	node->text = nt_arena_strndup(p->arena, (const char *)p->event.data.scalar.value, node->length);
	node->quoted = style == YAML_SINGLE_QUOTED_SCALAR_STYLE || style == YAML_DOUBLE_QUOTED_SCALAR_STYLE;
	made.anchored = anchor != NULL;
	made.block_scalar = style == YAML_LITERAL_SCALAR_STYLE || style == YAML_FOLDED_SCALAR_STYLE;
	/* an anchor belongs to the event's span: leave the value's own place */
	if (anchor != NULL && !made.block_scalar)
		while (node->span.length > 0 && !node->quoted &&
		       strncmp(p->source->text + node->span.start, node->text,
		               MIN(node->length, node->span.length)) != 0) {
			node->span.start++;
			node->span.length--;
		}
	if (strlen(node->text) != node->length)
		fail(p, span, "a NUL character: remove it");
	made.node = node;
	remember(p, anchor, &made);
	return made;
}

static bool is_plain(const struct nt_yaml *node, const struct nt_source *source)
{
	return node->type == NT_YAML_SCALAR && !node->quoted && node->span.length > 0 &&
	       strchr("|>", source->text[node->span.start]) == NULL;
}

/* { if: plan == #pro }: what closes the map isn't part of the value. */
static size_t without_closers(const char *text, size_t length)
{
	int open = 0;

	for (size_t i = 0; i < length; i++)
		open += (strchr("{[", text[i]) != NULL) - (strchr("}]", text[i]) != NULL);
	for (; length > 0 && strchr(" }]", text[length - 1]) != NULL && (open < 0 || text[length - 1] == ' '); length--)
		open += text[length - 1] != ' ';
	return length;
}

/* `title: Offer #5`: everything from " #" on is a comment, which its author didn't mean. A comment proper stands
 * apart: two blanks before the '#' or one behind it. The value becomes what was meant, so that no second message
 * comes of it. */
static void mend_comment(struct parser *p, struct nt_yaml *node, const char *key)
{
	const char *text = p->source->text;
	size_t end = node->span.start + node->span.length, line = end;
	bool cut_off;

	if (!is_plain(node, p->source))
		return;
	cut_off = nt_yaml_is_cut_off(node->text, node->length);
	if (cut_off)
		while (end < p->source->length && text[end] == ' ')
			end++;
	else if (end < p->source->length && text[end] == ' ')
		end++;
	if (end + 1 >= p->source->length || text[end] != '#' || (!cut_off && g_ascii_isspace(text[end + 1])))
		return;
	for (line = end; line < p->source->length && text[line] != '\n' && text[line] != '\r'; line++)
		;
	node->span.length = node->length = without_closers(text + node->span.start, line - node->span.start);
	node->text = nt_arena_strndup(p->arena, text + node->span.start, node->length);
	nt_diags_error(p->diags, node->span, "%s (' #' begins a comment, so the value ends before it%s)",
	               nt_yaml_put_in_quotes(p->arena, key, node->text, node->length),
	               cut_off ? "" : "; if it is one, write a blank behind the '#'");
}

static bool is_stray(const struct nt_yaml *node)
{
	return node->key != NULL && node->type == NT_YAML_SCALAR && node->span.length == 0 && !node->quoted;
}

static bool looks_like_key(const char *text)
{
	for (; *text != '\0'; text++)
		if (!g_ascii_islower(*text) && !g_ascii_isdigit(*text) && strchr("_-.", *text) == NULL)
			return false;
	return true;
}

/* The value of items[i] was cut off by a comma inside { } or [ ]: reports it, takes the pieces behind it back into the
 * value, so that no second message comes of it, and gives the index of the last piece. */
static unsigned mend(struct parser *p, GPtrArray *items, unsigned i, bool mapping)
{
	struct nt_yaml *node = g_ptr_array_index(items, i);
	const char *text = p->source->text + node->span.start;
	bool cut_off = nt_yaml_is_cut_off(node->text, node->length), odd = false, whole = false;
	unsigned last = i;

	for (unsigned j = i + 1; j < items->len && j <= i + PIECES && !whole; j++) {
		const struct nt_yaml *piece = g_ptr_array_index(items, j);
		const struct nt_yaml *end = mapping ? piece->key : piece;

		/* an alias's place is its anchor's, further up */
		if ((mapping ? !is_stray(piece) : piece->type != NT_YAML_SCALAR) || end->span.start <= node->span.start)
			break;
		odd = odd || (mapping && !looks_like_key(end->text));
		last = j;
		whole = cut_off && !nt_yaml_is_cut_off(text, end->span.start + end->span.length - node->span.start);
	}
	if (last > i && (whole || (mapping && (cut_off || odd)))) {
		const struct nt_yaml *piece = g_ptr_array_index(items, last);
		const struct nt_yaml *end = mapping ? piece->key : piece;

		node->span.length = end->span.start + end->span.length - node->span.start;
		node->text = nt_arena_strndup(p->arena, text, node->span.length);
		node->length = node->span.length;
		nt_diags_error(p->diags, node->span, "%s (inside { } and [ ] a comma ends the value)",
		               nt_yaml_put_in_quotes(p->arena, node->key != NULL ? node->key->text : NULL, text,
		                                     node->length));
		return last;
	}
	return i;
}

static void mend_flow(struct parser *p, GPtrArray *items, bool mapping)
{
	for (unsigned i = 0; i < items->len; i++) {
		const struct nt_yaml *node = g_ptr_array_index(items, i);
		unsigned last;

		if (!is_plain(node, p->source) || (!mapping && !nt_yaml_is_cut_off(node->text, node->length)))
			continue;
		last = mend(p, items, i, mapping);
		if (last > i)
			g_ptr_array_remove_range(items, i + 1, last - i);
	}
}

/* The pairs of `from`, a mapping or a list of them, for keys that aren't there yet (YAML 1.1's merge). */
static void merge(struct parser *p, const struct nt_yaml *from, GPtrArray *items, GHashTable *seen)
{
	if (from->type == NT_YAML_SEQUENCE) {
		for (const struct nt_yaml *item = from->first; item != NULL; item = item->next)
			if (item->type == NT_YAML_MAPPING)
				merge(p, item, items, seen);
			else
				nt_diags_error(p->diags, item->span, "'<<' takes mappings only");
		return;
	}
	if (from->type != NT_YAML_MAPPING) {
		nt_diags_error(p->diags, from->span, "'<<' takes a mapping, such as an alias of one");
		return;
	}
	for (const struct nt_yaml *pair = from->first; pair != NULL; pair = pair->next) {
		struct nt_yaml *copy;

		if (!g_hash_table_add(seen, (gpointer)(uintptr_t)pair->key->text))
			continue;
		copy = nt_arena_copy(p->arena, pair, sizeof *copy);
		g_ptr_array_add(items, copy);
	}
}

static void link_children(struct nt_yaml *node, GPtrArray *items)
{
	struct nt_yaml *previous = NULL;

	node->n = items->len;
	for (unsigned i = 0; i < items->len; i++) {
		struct nt_yaml *item = g_ptr_array_index(items, i);

		item->next = NULL;
		if (previous == NULL)
			node->first = item;
		else
			previous->next = item;
		previous = item;
	}
}

static int line_of(struct nt_span span)
{
	int line, column;

	nt_span_position(span, &line, &column);
	return line;
}

/* Refuses duplicates, brings in merges, links the rest. */
static void finish_mapping(struct parser *p, struct nt_yaml *node, GPtrArray *pairs)
{
	GHashTable *seen = g_hash_table_new(g_str_hash, g_str_equal);
	GHashTable *nodes = g_hash_table_new(g_str_hash, g_str_equal);
	GPtrArray *items = g_ptr_array_new();

	for (unsigned i = 0; i < pairs->len; i++) {
		struct nt_yaml *pair = g_ptr_array_index(pairs, i);
		const struct nt_yaml *before = g_hash_table_lookup(nodes, pair->key->text);

		if (strcmp(pair->key->text, "<<") == 0 && !pair->key->quoted)
			continue;
		if (before != NULL && nt_diags_full(p->diags))
			continue;
		if (before != NULL) {
			nt_diags_error_as(p->diags, NT_CODE_DECLARED_TWICE, pair->key->span,
			                  "'%s' stands here twice (first on line %d)",
			               pair->key->text,
			               line_of(before->key->span));
			continue;
		}
		g_hash_table_insert(nodes, (gpointer)(uintptr_t)pair->key->text, pair);
		g_hash_table_add(seen, (gpointer)(uintptr_t)pair->key->text);
		g_ptr_array_add(items, pair);
	}
	for (unsigned i = 0; i < pairs->len; i++) {
		const struct nt_yaml *pair = g_ptr_array_index(pairs, i);

		if (strcmp(pair->key->text, "<<") == 0 && !pair->key->quoted)
			merge(p, pair, items, seen);
	}
	link_children(node, items);
	g_ptr_array_free(items, TRUE);
	g_hash_table_destroy(nodes);
	g_hash_table_destroy(seen);
}

static bool is_event(const struct parser *p, yaml_event_type_t type)
{
	return p->event.type == type;
}

/* `when: &plan == "x"`: what stands behind an anchor is no value of its own. */
static bool goes_on(const char *text)
{
	static const char *const words[] = { "and ", "or ", "in ", "not in ", "contains ", "matches ", NULL };

	if (strchr("=!<>+-*/&|", text[0]) != NULL)
		return text[0] != '\0';
	for (unsigned i = 0; words[i] != NULL; i++)
		if (strncmp(text, words[i], strlen(words[i])) == 0)
			return true;
	return false;
}

/* A block of text, or an anchor, where a condition was meant: `when: >5`, `when: &x and y`. */
static void check_scalar(struct parser *p, const struct made *value)
{
	if (value->anchored && is_plain(value->node, p->source) && goes_on(value->node->text) &&
	    nt_yaml_explain_line(p->source, p->arena, value->node->span.start, p->diags))
		p->failed = true;
	if (value->block_scalar && value->node->length == 0 &&
	    !nt_yaml_explain_line(p->source, p->arena, value->node->span.start, p->diags))
		fail(p, nt_span_of(p->source, value->node->span.start, 1),
		     "an empty text: if the value begins with '>' or '|', put it in quotes");
}

static struct made parse_mapping(struct parser *p, int depth)
{
	struct made made = { .node = node_new(p, NT_YAML_MAPPING, event_span(p)), .weight = 1, .height = 1 };
	bool flow = p->event.data.mapping_start.style == YAML_FLOW_MAPPING_STYLE;
	char *anchor = anchor_name(p->event.data.mapping_start.anchor);
	GPtrArray *pairs = g_ptr_array_new();
	struct nt_span end;

	refuse_tag(p, p->event.data.mapping_start.tag);
	while (next(p) && !is_event(p, YAML_MAPPING_END_EVENT)) {
		struct made key = parse_node(p, depth + 1), value;

		if (p->failed || !next(p))
			break;
		value = parse_node(p, depth + 1);
		if (p->failed)
			break;
		made.weight += key.weight + value.weight;
		made.height = MAX(made.height, value.height + 1);
		if (key.node->type != NT_YAML_SCALAR) {
			fail(p, key.node->span,
			     "a key has to be a name: put the value in quotes if it begins with a bracket");
			break;
		}
		value.node->key = key.node;
		mend_comment(p, value.node, key.node->text);
		check_scalar(p, &value);
		g_ptr_array_add(pairs, value.node);
	}
	if (!p->failed) {
		end = event_span(p);
		made.node->span.length = end.start + end.length - made.node->span.start;
		if (flow)
			mend_flow(p, pairs, true);
		finish_mapping(p, made.node, pairs);
	}
	remember(p, anchor, &made);
	g_ptr_array_free(pairs, TRUE);
	return made;
}

static struct made parse_sequence(struct parser *p, int depth)
{
	struct made made = { .node = node_new(p, NT_YAML_SEQUENCE, event_span(p)), .weight = 1, .height = 1 };
	bool flow = p->event.data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE;
	char *anchor = anchor_name(p->event.data.sequence_start.anchor);
	GPtrArray *items = g_ptr_array_new();
	struct nt_span end;

	refuse_tag(p, p->event.data.sequence_start.tag);
	while (next(p) && !is_event(p, YAML_SEQUENCE_END_EVENT)) {
		struct made item = parse_node(p, depth + 1);

		if (p->failed)
			break;
		made.weight += item.weight;
		made.height = MAX(made.height, item.height + 1);
		mend_comment(p, item.node, NULL);
		g_ptr_array_add(items, item.node);
	}
	if (!p->failed) {
		end = event_span(p);
		made.node->span.length = end.start + end.length - made.node->span.start;
		if (flow)
			mend_flow(p, items, false);
		link_children(made.node, items);
	}
	remember(p, anchor, &made);
	g_ptr_array_free(items, TRUE);
	return made;
}

/* The node that the event at hand begins. On failure the node may be incomplete and is not used. */
static struct made parse_node(struct parser *p, int depth)
{
	if (depth > NT_YAML_DEPTH) {
		fail(p, event_span(p), "nested too deeply");
		return (struct made){ 0 };
	}
	switch (p->event.type) {
	case YAML_ALIAS_EVENT:
		return parse_alias(p, depth);
	case YAML_SCALAR_EVENT:
		return parse_scalar(p);
	case YAML_SEQUENCE_START_EVENT:
		return parse_sequence(p, depth);
	case YAML_MAPPING_START_EVENT:
		return parse_mapping(p, depth);
	default:
		fail(p, event_span(p), "broken YAML");
		return (struct made){ 0 };
	}
}

static const struct nt_yaml *parse_documents(struct parser *p)
{
	struct nt_yaml *first = NULL, *last = NULL;

	while (next(p) && !is_event(p, YAML_STREAM_END_EVENT)) {
		struct made made;

		if (!is_event(p, YAML_DOCUMENT_START_EVENT))
			continue;
		if (!next(p))
			break;
		p->weight = 0;
		made = parse_node(p, 1);
		if (p->failed)
			break;
		g_hash_table_remove_all(p->anchors);
		if (made.node->type == NT_YAML_SCALAR && made.node->length == 0 && !made.node->quoted)
			continue; /* an empty document */
		if (first == NULL)
			first = made.node;
		else
			last->next = made.node;
		last = made.node;
	}
	yaml_event_delete(&p->event);
	return p->failed ? NULL : first;
}

static bool check_text(const struct nt_source *source, struct nt_diags *diags)
{
	const char *end;

	if (source->length >= 2 && (memcmp(source->text, "\xFF\xFE", 2) == 0 || memcmp(source->text, "\xFE\xFF",
	                                                                               2) == 0)) {
		nt_diags_error(diags, nt_span_of(source, 0, 1), "this file is UTF-16: save it as UTF-8");
		return false;
	}
	if (!g_utf8_validate(source->text, (gssize)source->length, &end)) {
		nt_diags_error(diags, nt_span_of(source, (size_t)(end - source->text), 1), *end == '\0' ?
		               "a NUL character: remove it" : "this is not UTF-8: save the file as UTF-8");
		return false;
	}
	return true;
}

const struct nt_yaml *nt_yaml_parse(struct nt_arena *arena, const struct nt_source *source, struct nt_diags *diags)
{
	struct parser p = { .arena = arena, .source = source, .diags = diags };
	const struct nt_yaml *documents;

	if (!check_text(source, diags))
		return NULL;
	if (source->length >= 3 && memcmp(source->text, "\xEF\xBB\xBF", 3) == 0)
		p.bom = p.mark_offset = 3;
	if (!yaml_parser_initialize(&p.yaml)) {
		fail(&p, nt_span_of(source, 0, 1), "not enough memory");
		return NULL;
	}
	yaml_parser_set_encoding(&p.yaml, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&p.yaml, (const unsigned char *)source->text + p.bom, source->length - p.bom);
	p.anchors = g_hash_table_new(g_str_hash, g_str_equal);
	documents = parse_documents(&p);
	g_hash_table_destroy(p.anchors);
	yaml_parser_delete(&p.yaml);
	return documents;
}

const struct nt_yaml *nt_yaml_get(const struct nt_yaml *mapping, const char *key)
{
	if (mapping == NULL || mapping->type != NT_YAML_MAPPING)
		return NULL;
	for (const struct nt_yaml *pair = mapping->first; pair != NULL; pair = pair->next)
		if (strcmp(pair->key->text, key) == 0)
			return pair;
	return NULL;
}
