#include "base/json_private.h"

#include "base/arena.h"
#include "base/bug.h"

#include <string.h>
#include <yajl/yajl_parse.h>

#define FEW_NAMES 8          /* up to here a walk finds a duplicate faster than a table does */

/* An object or array that is being read. */
struct level {
	struct nt_json *node, *last;
	GHashTable *names; /* borrowed keys; only for objects with many */
};

struct reader {
	struct nt_arena *arena;
	struct level levels[NT_JSON_DEPTH];
	int depth;
	struct nt_json *root;
	const char *key;      /* of the value to come */
	unsigned n_values;
	const char *wrong;    /* why a callback stopped the parser */
};

static int stop(struct reader *r, const char *message)
{
	r->wrong = message;
	return 0;
}

static struct nt_json *add_value(struct reader *r, enum nt_json_type type)
{
	struct nt_json *value;

	if (++r->n_values > NT_JSON_MOST_VALUES) {
		stop(r, nt_arena_printf(r->arena, "more than %u values", NT_JSON_MOST_VALUES));
		return NULL;
	}
	value = nt_arena_new0(r->arena, struct nt_json);
	value->type = type;
	value->key = r->key;
	r->key = NULL;
	if (r->depth == 0) {
		r->root = value;
	} else {
		struct level *level = &r->levels[r->depth - 1];

		if (level->last == NULL)
			level->node->first = value;
		else
			level->last->next = value;
		level->last = value;
		level->node->n++;
	}
	return value;
}

static int on_null(void *context)
{
	return add_value(context, NT_JSON_NULL) != NULL;
}

static int on_boolean(void *context, int yes)
{
	struct nt_json *value = add_value(context, NT_JSON_BOOL);

	if (value == NULL)
		return 0;
	value->boolean = yes != 0;
	return 1;
}

static int add_text(struct reader *r, enum nt_json_type type, const char *text, size_t length)
{
	struct nt_json *value = add_value(r, type);

	if (value == NULL)
		return 0;
	value->text = nt_arena_strndup(r->arena, text, length);
	value->length = length;
	return 1;
}

static int on_number(void *context, const char *text, size_t length)
{
	return add_text(context, NT_JSON_NUMBER, text, length);
}

static int on_text(void *context, const unsigned char *text, size_t length)
{
	return add_text(context, NT_JSON_TEXT, (const char *)text, length);
}

static bool has_name(struct level *level, const char *name)
{
	if (level->node->n > FEW_NAMES) {
		if (level->names == NULL) {
			level->names = g_hash_table_new(g_str_hash, g_str_equal);
			for (struct nt_json *v = level->node->first; v != NULL; v = v->next)
				g_hash_table_add(level->names, (gpointer)(uintptr_t)v->key);
		}
		return !g_hash_table_add(level->names, (gpointer)(uintptr_t)name);
	}
	for (struct nt_json *v = level->node->first; v != NULL; v = v->next)
		if (strcmp(v->key, name) == 0)
			return true;
	return false;
}

static int on_key(void *context, const unsigned char *text, size_t length)
{
	struct reader *r = context;

	r->key = nt_arena_strndup(r->arena, (const char *)text, length);
	if (has_name(&r->levels[r->depth - 1], r->key))
		return stop(r, nt_arena_printf(r->arena, "the name \"%.100s\" stands twice in an object", r->key));
	return 1;
}

static int enter(struct reader *r, enum nt_json_type type)
{
	struct nt_json *node;

	if (r->depth == NT_JSON_DEPTH)
		return stop(r, nt_arena_printf(r->arena, "nested more than %d deep", NT_JSON_DEPTH));
	node = add_value(r, type);
	if (node == NULL)
		return 0;
	r->levels[r->depth++] = (struct level){ .node = node };
	return 1;
}

static int on_object(void *context)
{
	return enter(context, NT_JSON_OBJECT);
}

static int on_array(void *context)
{
	return enter(context, NT_JSON_ARRAY);
}

static int on_end(void *context)
{
	struct reader *r = context;
	struct level *level = &r->levels[--r->depth];

	if (level->names != NULL)
		g_hash_table_destroy(level->names);
	return 1;
}

/* --- what yajl lets pass --- */

static int hex4(const char *p, const char *end)
{
	int code = 0;

	if (end - p < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		int digit = g_ascii_xdigit_value(p[i]);

		if (digit < 0)
			return -1;
		code = code * 16 + digit;
	}
	return code;
}

/* yajl makes "?" of half a surrogate pair and takes \u0000. A backslash outside a text is its own error, which yajl
 * reports; so looking at backslashes alone is enough. */
static const char *check_escapes(const char *text, size_t length, size_t *offset)
{
	const char *end = text + length, *p = text;

	while ((p = memchr(p, '\\', (size_t)(end - p))) != NULL) {
		int code = p + 1 < end && p[1] == 'u' ? hex4(p + 2, end) : -1;

		*offset = (size_t)(p - text);
		if (code == 0)
			return "a text holds \\u0000";
		if (code >= 0xDC00 && code <= 0xDFFF)
			return "a text holds half a surrogate pair";
		if (code >= 0xD800 && code <= 0xDBFF) {
			int low = end - p >= 8 && p[6] == '\\' && p[7] == 'u' ? hex4(p + 8, end) : -1;

			if (low < 0xDC00 || low > 0xDFFF)
				return "a text holds half a surrogate pair";
			p += 6;
		}
		p += MIN((ptrdiff_t)2, end - p);
	}
	return NULL;
}

static const char *check_input(struct nt_arena *arena, const char *text, size_t length, size_t *offset)
{
	const char *valid = text;

	*offset = 0;
	if (length > NT_JSON_MOST_BYTES)
		return nt_arena_printf(arena, "more than %u bytes", NT_JSON_MOST_BYTES);
	if (!g_utf8_validate(text, (gssize)length, &valid)) {
		*offset = (size_t)(valid - text);
		return *valid == '\0' ? "a NUL byte" : "not valid UTF-8";
	}
	return check_escapes(text, length, offset);
}

/* yajl says "lexical error: invalid char in json text.\n"; people get what stands after the colon, or plainer words. */
static const char *parser_message(struct nt_arena *arena, yajl_handle parser)
{
	static const char *const plainer[][2] = {
		{ "premature EOF", "it ends too early" },
		{ "trailing garbage", "something follows its end" },
		{ "unallowed token at this point in JSON text", "this can't stand here" },
		{ "invalid char in json text", "this can't stand here" },
		{ "invalid string in json text", "this can't stand here; texts need double quotes" },
	};
	unsigned char *text = yajl_get_error(parser, 0, NULL, 0);
	const char *colon = strstr((const char *)text, ": "), *start = colon != NULL ? colon + 2 : (const char *)text;
	size_t length = strlen(start);
	const char *message;

	while (length > 0 && (g_ascii_isspace(start[length - 1]) || start[length - 1] == '.'))
		length--;
	message = length == 0 ? "not JSON" : nt_arena_strndup(arena, start, length);
	for (size_t i = 0; i < G_N_ELEMENTS(plainer); i++)
		if (strcmp(message, plainer[i][0]) == 0)
			message = plainer[i][1];
	yajl_free_error(parser, text);
	return message;
}

struct nt_json *nt_json_parse(struct nt_arena *arena, const char *text, size_t length, struct nt_json_error *error)
{
	struct nt_json *root = nt_json_parse_plain(arena, text, length);

	return root != NULL ? root : nt_json_parse_any(arena, text, length, error);
}

struct nt_json *nt_json_parse_any(struct nt_arena *arena, const char *text, size_t length, struct nt_json_error *error)
{
	static const yajl_callbacks callbacks = {
		.yajl_null = on_null, .yajl_boolean = on_boolean, .yajl_number = on_number, .yajl_string = on_text,
		.yajl_start_map = on_object, .yajl_map_key = on_key, .yajl_end_map = on_end,
		.yajl_start_array = on_array, .yajl_end_array = on_end,
	};
	struct reader r = { .arena = arena };
	size_t offset;
	const char *message = check_input(arena, text, length, &offset);
	yajl_handle parser;
	yajl_status status;

	if (message != NULL) {
		*error = (struct nt_json_error){ offset, message };
		return NULL;
	}
	parser = yajl_alloc(&callbacks, NULL, &r);
	NT_CHECK(parser != NULL);
	status = yajl_parse(parser, (const unsigned char *)text, length);
	offset = yajl_get_bytes_consumed(parser);
	if (status == yajl_status_ok) {
		offset = length;
		status = yajl_complete_parse(parser);
	}
	if (status != yajl_status_ok) {
		message = r.wrong != NULL ? r.wrong : parser_message(arena, parser);
		*error = (struct nt_json_error){ MIN(offset, length), message };
		while (r.depth > 0)
			on_end(&r);
	}
	yajl_free(parser);
	return status == yajl_status_ok ? r.root : NULL;
}

/* --- looking inside --- */

struct nt_json *nt_json_get(const struct nt_json *object, const char *key)
{
	if (object == NULL || object->type != NT_JSON_OBJECT)
		return NULL;
	for (struct nt_json *v = object->first; v != NULL; v = v->next)
		if (strcmp(v->key, key) == 0)
			return v;
	return NULL;
}

const char *nt_json_text(const struct nt_json *object, const char *key)
{
	const struct nt_json *value = nt_json_get(object, key);

	return value != NULL && value->type == NT_JSON_TEXT ? value->text : NULL;
}

bool nt_json_number(const struct nt_json *value, nt_number *out)
{
	return value != NULL && value->type == NT_JSON_NUMBER && nt_number_parse(value->text, value->length, out);
}
