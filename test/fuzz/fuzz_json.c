/* JSON from anyone: refused with a place and a reason, or read so that what is written of it reads the same.
 * What the reader of plain JSON takes, the other reads the same.
 * covers: daemon/base/json.c daemon/base/json_plain.c daemon/base/json_write.c */
#include "fuzz.h"

#include "base/arena.h"
#include "base/bug.h"
#include "base/json_private.h"

#include <string.h>

static GString *written(const struct nt_json *value)
{
	struct nt_json_writer w;
	GString *out = g_string_new(NULL);

	nt_json_begin(&w, out);
	nt_json_put_json(&w, NULL, value);
	return out;
}

static void read_again(struct nt_arena *arena, const struct nt_json *value)
{
	struct nt_json_error error;
	GString *once = written(value);
	struct nt_json *again = nt_json_parse(arena, once->str, once->len, &error);

	NT_CHECK(again != NULL);
	GString *twice = written(again);

	NT_CHECK(g_string_equal(once, twice));
	g_string_free(once, TRUE);
	g_string_free(twice, TRUE);
}

static void look_inside(const struct nt_json *value, int depth)
{
	unsigned n = 0;
	nt_number number;

	NT_CHECK(depth <= NT_JSON_DEPTH);
	NT_CHECK(nt_json_number(value, &number) == (value->type == NT_JSON_NUMBER));
	for (const struct nt_json *child = value->first; child != NULL; child = child->next, n++) {
		NT_CHECK((child->key != NULL) == (value->type == NT_JSON_OBJECT));
		NT_CHECK(child->key == NULL || nt_json_get(value, child->key) == child);
		look_inside(child, depth + 1);
	}
	NT_CHECK(n == value->n);
}

static void read_both_ways(struct nt_arena *arena, const char *text, size_t length)
{
	struct nt_json *plain = nt_json_parse_plain(arena, text, length);
	struct nt_json_error error;

	if (plain == NULL)
		return;
	struct nt_json *any = nt_json_parse_any(arena, text, length, &error);

	NT_CHECK(any != NULL);
	GString *one = written(plain), *other = written(any);

	NT_CHECK(g_string_equal(one, other));
	g_string_free(one, TRUE);
	g_string_free(other, TRUE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nt_arena *arena = nt_arena_new();
	struct nt_json_error error = { 0 };
	struct nt_json *value = nt_json_parse(arena, (const char *)data, size, &error);

	if (value == NULL) {
		NT_CHECK(error.offset <= size && error.message != NULL && error.message[0] != '\0');
	} else {
		look_inside(value, 0);
		read_again(arena, value);
	}
	read_both_ways(arena, (const char *)data, size);
	nt_arena_free(arena);
	return 0;
}
