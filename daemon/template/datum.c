#include "template/datum.h"

#include "base/arena.h"
#include "base/json.h"

#include <string.h>

struct nt_datum nt_datum_bool(bool yes)
{
	return (struct nt_datum){ .type = NT_DATUM_BOOL, .boolean = yes };
}

struct nt_datum nt_datum_number(nt_number number, bool fraction)
{
	return (struct nt_datum){ .type = NT_DATUM_NUMBER, .number = number, .fraction = fraction };
}

struct nt_datum nt_datum_int(int64_t n)
{
	return nt_datum_number(nt_number_from_int(n), false);
}

struct nt_datum nt_datum_text(const char *text, size_t length)
{
	return (struct nt_datum){ .type = NT_DATUM_TEXT, .text = text, .length = length };
}

static struct nt_datum number_of_json(const struct nt_json *json)
{
	struct nt_datum value = nt_datum_number(0, strpbrk(json->text, ".eE") != NULL);

	nt_json_number(json, &value.number);
	return value;
}

static struct nt_datum list_of_json(struct nt_arena *arena, const struct nt_json *json)
{
	struct nt_datum *items = nt_arena_array(arena, struct nt_datum, json->n + 1);
	size_t n = 0;

	for (const struct nt_json *item = json->first; item != NULL && n < json->n; item = item->next)
		items[n++] = nt_datum_json(arena, item);
	return (struct nt_datum){ .type = NT_DATUM_LIST, .items = items, .n = n };
}

struct nt_datum nt_datum_json(struct nt_arena *arena, const struct nt_json *json)
{
	if (json == NULL)
		return NT_DATUM_NOTHING;
	switch (json->type) {
	case NT_JSON_NULL: return NT_DATUM_NOTHING;
	case NT_JSON_BOOL: return nt_datum_bool(json->boolean);
	case NT_JSON_NUMBER: return number_of_json(json);
	case NT_JSON_TEXT: return nt_datum_text(json->text, json->length);
	case NT_JSON_ARRAY: return list_of_json(arena, json);
	case NT_JSON_OBJECT: return (struct nt_datum){ .type = NT_DATUM_OBJECT, .json = json };
	}
	return NT_DATUM_NOTHING;
}

bool nt_datum_true(struct nt_datum value)
{
	return value.type != NT_DATUM_NIL && !(value.type == NT_DATUM_BOOL && !value.boolean);
}

bool nt_datum_empty(struct nt_datum value)
{
	switch (value.type) {
	case NT_DATUM_TEXT: return value.length == 0;
	case NT_DATUM_LIST: return value.n == 0;
	case NT_DATUM_OBJECT: return value.json->n == 0;
	case NT_DATUM_EMPTY:
	case NT_DATUM_BLANK: return true;
	default: return false;
	}
}

static bool is_blank(struct nt_datum value)
{
	if (value.type == NT_DATUM_TEXT) {
		for (size_t i = 0; i < value.length; i++)
			if (!g_ascii_isspace(value.text[i]))
				return false;
		return true;
	}
	return !nt_datum_true(value) || (value.type != NT_DATUM_EMPTY && nt_datum_empty(value));
}

static bool json_equal(const struct nt_json *a, const struct nt_json *b)
{
	if (a->type != b->type || a->n != b->n)
		return false;
	switch (a->type) {
	case NT_JSON_NULL: return true;
	case NT_JSON_BOOL: return a->boolean == b->boolean;
	case NT_JSON_TEXT: return a->length == b->length && memcmp(a->text, b->text, a->length) == 0;
	case NT_JSON_NUMBER: return number_of_json(a).number == number_of_json(b).number;
	case NT_JSON_ARRAY:
		for (a = a->first, b = b->first; a != NULL && b != NULL; a = a->next, b = b->next)
			if (!json_equal(a, b))
				return false;
		return true;
	case NT_JSON_OBJECT:
		for (const struct nt_json *x = a->first; x != NULL; x = x->next) {
			const struct nt_json *y = nt_json_get(b, x->key);

			if (y == NULL || !json_equal(x, y))
				return false;
		}
		return true;
	}
	return false;
}

static bool list_equal(struct nt_datum a, struct nt_datum b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (!nt_datum_equal(a.items[i], b.items[i]))
			return false;
	return true;
}

bool nt_datum_equal(struct nt_datum a, struct nt_datum b)
{
	if (a.type == NT_DATUM_EMPTY || a.type == NT_DATUM_BLANK) {
		struct nt_datum swap = a;

		a = b;
		b = swap;
	}
	if (b.type == NT_DATUM_EMPTY)
		return a.type != NT_DATUM_BLANK && nt_datum_empty(a);
	if (b.type == NT_DATUM_BLANK)
		return is_blank(a);
	if (a.type != b.type)
		return false;
	switch (a.type) {
	case NT_DATUM_NIL: return true;
	case NT_DATUM_BOOL: return a.boolean == b.boolean;
	case NT_DATUM_NUMBER: return a.number == b.number;
	case NT_DATUM_TEXT: return a.length == b.length && memcmp(a.text, b.text, a.length) == 0;
	case NT_DATUM_LIST: return list_equal(a, b);
	case NT_DATUM_RANGE: return a.from == b.from && a.to == b.to;
	case NT_DATUM_OBJECT: return json_equal(a.json, b.json);
	case NT_DATUM_LOOP: return a.loop == b.loop;
	default: return false;
	}
}

bool nt_datum_compare(struct nt_datum a, struct nt_datum b, int *order)
{
	int c;

	if (a.type != b.type)
		return false;
	if (a.type == NT_DATUM_NUMBER) {
		*order = (a.number > b.number) - (a.number < b.number);
		return true;
	}
	if (a.type != NT_DATUM_TEXT)
		return false;
	c = memcmp(a.text, b.text, MIN(a.length, b.length));
	*order = c != 0 ? (c > 0) - (c < 0) : (a.length > b.length) - (a.length < b.length);
	return true;
}

bool nt_datum_to_number(struct nt_datum value, nt_number *out, bool *fraction)
{
	const char *text = value.text;
	size_t length = value.length;

	*out = 0;
	*fraction = false;
	if (value.type == NT_DATUM_NUMBER) {
		*out = value.number;
		*fraction = value.fraction;
		return true;
	}
	if (value.type != NT_DATUM_TEXT)
		return false;
	while (length > 0 && g_ascii_isspace(*text))
		text++, length--;
	while (length > 0 && g_ascii_isspace(text[length - 1]))
		length--;
	if (!nt_number_parse(text, length, out))
		return false;
	*fraction = memchr(text, '.', length) != NULL;
	return true;
}

static void print_number(struct nt_datum value, GString *out)
{
	nt_number_print(value.number, out);
	if (value.fraction && value.number % NT_NUMBER_ONE == 0)
		g_string_append(out, ".0");
}

void nt_datum_print(struct nt_datum value, GString *out)
{
	switch (value.type) {
	case NT_DATUM_BOOL:
		g_string_append(out, value.boolean ? "true" : "false");
		break;
	case NT_DATUM_NUMBER:
		print_number(value, out);
		break;
	case NT_DATUM_TEXT:
		g_string_append_len(out, value.text, (gssize)value.length);
		break;
	case NT_DATUM_LIST:
		for (size_t i = 0; i < value.n; i++)
			nt_datum_print(value.items[i], out);
		break;
	case NT_DATUM_RANGE:
		g_string_append_printf(out, "%" G_GINT64_FORMAT "..%" G_GINT64_FORMAT, value.from, value.to);
		break;
	case NT_DATUM_OBJECT:
		nt_datum_print_json(value, out);
		break;
	default:
		break;
	}
}

static void print_range_json(struct nt_datum value, GString *out)
{
	g_string_append_printf(out, "\"%" G_GINT64_FORMAT "..%" G_GINT64_FORMAT "\"", value.from, value.to);
}

void nt_datum_print_json(struct nt_datum value, GString *out)
{
	struct nt_json_writer writer;

	switch (value.type) {
	case NT_DATUM_BOOL:
	case NT_DATUM_NUMBER:
		nt_datum_print(value, out);
		break;
	case NT_DATUM_TEXT:
		nt_json_quote(out, value.text, value.length);
		break;
	case NT_DATUM_LIST:
		g_string_append_c(out, '[');
		for (size_t i = 0; i < value.n; i++) {
			if (i > 0)
				g_string_append_c(out, ',');
			nt_datum_print_json(value.items[i], out);
		}
		g_string_append_c(out, ']');
		break;
	case NT_DATUM_RANGE:
		print_range_json(value, out);
		break;
	case NT_DATUM_OBJECT:
		nt_json_begin(&writer, out);
		nt_json_put_json(&writer, NULL, value.json);
		break;
	default:
		g_string_append(out, "null");
	}
}

struct nt_datum nt_datum_as_text(struct nt_arena *arena, struct nt_datum value)
{
	struct nt_datum text;
	GString *out;

	if (value.type == NT_DATUM_TEXT)
		return value;
	out = g_string_new(NULL);
	nt_datum_print(value, out);
	text = nt_datum_text(nt_arena_strndup(arena, out->str, out->len), out->len);
	g_string_free(out, TRUE);
	return text;
}

static bool is(const char *name, size_t length, const char *word)
{
	return strlen(word) == length && memcmp(name, word, length) == 0;
}

static struct nt_datum loop_member(const struct nt_loop *loop, const char *name, size_t length)
{
	if (is(name, length, "index"))
		return nt_datum_int(loop->index + 1);
	if (is(name, length, "index0"))
		return nt_datum_int(loop->index);
	if (is(name, length, "rindex"))
		return nt_datum_int((int64_t)loop->length - loop->index);
	if (is(name, length, "rindex0"))
		return nt_datum_int((int64_t)loop->length - loop->index - 1);
	if (is(name, length, "first"))
		return nt_datum_bool(loop->index == 0);
	if (is(name, length, "last"))
		return nt_datum_bool(loop->index + 1 >= loop->length);
	if (is(name, length, "length"))
		return nt_datum_int(loop->length);
	if (is(name, length, "name"))
		return nt_datum_text(loop->name, strlen(loop->name));
	if (is(name, length, "parentloop") && loop->parent != NULL)
		return (struct nt_datum){ .type = NT_DATUM_LOOP, .loop = loop->parent };
	return NT_DATUM_NOTHING;
}

static struct nt_datum object_member(struct nt_arena *arena, const struct nt_json *object, const char *name,
                                     size_t length)
{
	for (const struct nt_json *child = object->first; child != NULL; child = child->next)
		if (is(name, length, child->key))
			return nt_datum_json(arena, child);
	if (is(name, length, "size"))
		return nt_datum_int(object->n);
	if (is(name, length, "first") && object->first != NULL)
		return nt_datum_item(arena, (struct nt_datum){ .type = NT_DATUM_OBJECT, .json = object }, 0);
	return NT_DATUM_NOTHING;
}

struct nt_datum nt_datum_member(struct nt_arena *arena, struct nt_datum value, const char *name, size_t length)
{
	size_t n;

	if (value.type == NT_DATUM_OBJECT)
		return object_member(arena, value.json, name, length);
	if (value.type == NT_DATUM_LOOP)
		return loop_member(value.loop, name, length);
	if (value.type == NT_DATUM_TEXT && is(name, length, "size"))
		return nt_datum_int(g_utf8_strlen(value.text, (gssize)value.length));
	if (value.type != NT_DATUM_LIST && value.type != NT_DATUM_RANGE)
		return NT_DATUM_NOTHING;
	n = nt_datum_count(value);
	if (is(name, length, "size"))
		return nt_datum_int((int64_t)n);
	if (n > 0 && is(name, length, "first"))
		return nt_datum_item(arena, value, 0);
	if (n > 0 && is(name, length, "last"))
		return nt_datum_item(arena, value, n - 1);
	return NT_DATUM_NOTHING;
}

struct nt_datum nt_datum_index(struct nt_arena *arena, struct nt_datum value, struct nt_datum index)
{
	int64_t i, n;

	if (index.type == NT_DATUM_TEXT)
		return nt_datum_member(arena, value, index.text, index.length);
	if (index.type != NT_DATUM_NUMBER || (value.type != NT_DATUM_LIST && value.type != NT_DATUM_RANGE))
		return NT_DATUM_NOTHING;
	i = index.number / NT_NUMBER_ONE;
	n = (int64_t)nt_datum_count(value);
	if (i < 0)
		i += n;
	return i >= 0 && i < n ? nt_datum_item(arena, value, (size_t)i) : NT_DATUM_NOTHING;
}

size_t nt_datum_count(struct nt_datum value)
{
	switch (value.type) {
	case NT_DATUM_LIST: return value.n;
	case NT_DATUM_RANGE: return value.to < value.from ? 0 : (size_t)(value.to - value.from) + 1;
	case NT_DATUM_OBJECT: return value.json->n;
	case NT_DATUM_TEXT: return value.length > 0;
	default: return 0;
	}
}

struct nt_datum nt_datum_item(struct nt_arena *arena, struct nt_datum value, size_t i)
{
	const struct nt_json *child;
	struct nt_datum *pair;

	if (value.type == NT_DATUM_LIST)
		return value.items[i];
	if (value.type == NT_DATUM_RANGE)
		return nt_datum_int(value.from + (int64_t)i);
	if (value.type != NT_DATUM_OBJECT)
		return value;
	child = value.json->first;
	while (i-- > 0)
		child = child->next;
	pair = nt_arena_array(arena, struct nt_datum, 2);
	pair[0] = nt_datum_text(child->key, strlen(child->key));
	pair[1] = nt_datum_json(arena, child);
	return (struct nt_datum){ .type = NT_DATUM_LIST, .items = pair, .n = 2 };
}
