#include "http/body.h"

#include "base/arena.h"
#include "base/json.h"

#include <glib.h>
#include <string.h>

static bool is_blank(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (strchr(" \t\r\n", text[i]) == NULL || text[i] == '\0')
			return false;
	return true;
}

/* Line and column of a place; a byte that isn't UTF-8 counts as a character. */
static void find_place(const char *text, size_t offset, unsigned *line, unsigned *column)
{
	size_t start = 0;

	*line = *column = 1;
	for (size_t i = 0; i < offset; i++)
		if (text[i] == '\n') {
			++*line;
			start = i + 1;
		}
	for (size_t i = start; i < offset; i++)
		*column += ((unsigned char)text[i] & 0xC0) != 0x80;
}

static struct nt_json *parse(struct nt_arena *arena, const char *text, size_t length, struct nt_body_error *error)
{
	struct nt_json_error wrong;
	struct nt_json *json = nt_json_parse(arena, text, length, &wrong);

	if (json == NULL) {
		*error = (struct nt_body_error){ .message = wrong.message, .offset = wrong.offset };
		find_place(text, MIN(wrong.offset, length), &error->line, &error->column);
	}
	return json;
}

static bool too_many(struct nt_arena *arena, unsigned most, struct nt_body_error *error)
{
	*error = (struct nt_body_error){ .too_many = true, .line = 1, .column = 1,
		                         .message = nt_arena_printf(arena, "more than %u items in one request", most) };
	return false;
}

static size_t line_length(const char *text, size_t length)
{
	const char *end = memchr(text, '\n', length);

	return end != NULL ? (size_t)(end - text) : length;
}

static unsigned count_lines(const char *text, size_t length)
{
	unsigned n = 0;

	for (size_t i = 0, size; i < length; i += size + 1) {
		size = line_length(text + i, length - i);
		n += !is_blank(text + i, size);
	}
	return n;
}

static bool parse_lines(struct nt_arena *arena, const char *text, size_t length, unsigned most, struct nt_body *out,
                        struct nt_body_error *error)
{
	unsigned n = count_lines(text, length), line = 1;

	if (n > most)
		return too_many(arena, most, error);
	out->many = true;
	out->items = nt_arena_array(arena, struct nt_body_item, n);
	for (size_t i = 0, size; i < length; i += size + 1, line++) {
		struct nt_body_item *item = &out->items[out->n];
		struct nt_body_error wrong;

		size = line_length(text + i, length - i);
		if (is_blank(text + i, size))
			continue;
		item->line = line;
		item->json = parse(arena, text + i, size, &wrong);
		if (item->json == NULL)
			item->wrong =
				nt_arena_printf(arena, "line %u, column %u: %s", line, wrong.column, wrong.message);
		out->n++;
	}
	return true;
}

/* Its first line is an object by itself and something follows. */
static bool looks_like_lines(struct nt_arena *arena, const char *text, size_t length)
{
	struct nt_body_error wrong;
	size_t start = 0, size;
	const struct nt_json *first;

	while (start < length && is_blank(text + start, 1))
		start++;
	if (start == length || text[start] != '{')
		return false;
	size = line_length(text + start, length - start);
	if (is_blank(text + start + size, length - start - size))
		return false;
	first = parse(arena, text + start, size, &wrong);
	return first != NULL && first->type == NT_JSON_OBJECT;
}

bool nt_body_parse(struct nt_arena *arena, const char *text, size_t length, enum nt_body_form form, unsigned most,
                   struct nt_body *out, struct nt_body_error *error)
{
	struct nt_json *json, *item;

	memset(out, 0, sizeof *out);
	if (is_blank(text, length)) {
		*error = (struct nt_body_error){ .message = "there is nothing in it", .line = 1, .column = 1 };
		return false;
	}
	if (form == NT_BODY_LINES || looks_like_lines(arena, text, length))
		return parse_lines(arena, text, length, most, out, error);
	json = parse(arena, text, length, error);
	if (json == NULL)
		return false;
	out->many = json->type == NT_JSON_ARRAY;
	out->n = out->many ? json->n : 1;
	if (out->n > most)
		return too_many(arena, most, error);
	out->items = nt_arena_array(arena, struct nt_body_item, out->n);
	item = out->many ? json->first : json;
	for (unsigned i = 0; i < out->n; i++, item = item->next)
		out->items[i].json = item;
	return true;
}
