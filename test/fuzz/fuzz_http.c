/* What an HTTP request brings: the first line is its target, the rest its body. Refused with a reason and a place, or
 * read so that nothing that was read could be read in another way.
 * covers: daemon/http/path.c daemon/http/body.c */
#include "fuzz.h"

#include "base/arena.h"
#include "base/bug.h"
#include "base/json.h"
#include "http/body.h"
#include "http/path.h"
#include "template/escape.h"

#include <glib.h>
#include <string.h>

#define MOST 50

static void put(GString *out, char before, const char *text)
{
	g_string_append_c(out, before);
	nt_escape(out, NT_ESCAPE_URL, text, strlen(text));
}

/* Written anew from its parts it must mean the same. */
static void check_path(struct nt_arena *arena, const char *target)
{
	GString *text = g_string_new(NULL);
	struct nt_path path, again;
	const char *why = NULL;
	long long n;

	if (!nt_path_parse(arena, target, &path, &why)) {
		NT_CHECK(why != NULL && why[0] != '\0');
		g_string_free(text, TRUE);
		return;
	}
	NT_CHECK(path.n_segments <= NT_PATH_SEGMENTS && path.n_parameters <= NT_PATH_PARAMETERS);
	if (path.any) {
		g_string_append_c(text, '*');
	} else if (path.n_segments == 0) {
		g_string_append_c(text, '/');
	}
	for (unsigned i = 0; i < path.n_segments; i++) {
		NT_CHECK(g_utf8_validate(path.segments[i], -1, NULL));
		put(text, '/', path.segments[i]);
	}
	for (unsigned i = 0; i < path.n_parameters; i++) {
		put(text, i == 0 ? '?' : '&', path.parameters[i].name);
		put(text, '=', path.parameters[i].value);
		NT_CHECK(nt_path_parameter(&path, path.parameters[i].name) != NULL);
	}
	if (nt_path_number(&path, "limit", 1, 1000, 100, &n))
		NT_CHECK(n >= 1 && n <= 1000);
	if (text->len <= NT_PATH_LONGEST) {
		NT_CHECK(nt_path_parse(arena, text->str, &again, &why));
		NT_CHECK(again.n_segments == path.n_segments && again.n_parameters == path.n_parameters &&
		         again.any == path.any);
		for (unsigned i = 0; i < path.n_segments; i++)
			NT_CHECK(strcmp(again.segments[i], path.segments[i]) == 0);
		for (unsigned i = 0; i < path.n_parameters; i++)
			NT_CHECK(strcmp(again.parameters[i].name, path.parameters[i].name) == 0 &&
			         strcmp(again.parameters[i].value, path.parameters[i].value) == 0);
	}
	g_string_free(text, TRUE);
}

static unsigned lines_in(const char *text, size_t length)
{
	unsigned n = 1;

	for (size_t i = 0; i < length; i++)
		n += text[i] == '\n';
	return n;
}

static void check_body(struct nt_arena *arena, const char *text, size_t length, enum nt_body_form form)
{
	struct nt_body_error error = { 0 };
	unsigned lines = lines_in(text, length), last = 0;
	struct nt_body body;

	if (!nt_body_parse(arena, text, length, form, MOST, &body, &error)) {
		NT_CHECK(error.message != NULL && error.message[0] != '\0' && error.offset <= length);
		NT_CHECK(error.line >= 1 && error.line <= lines && error.column >= 1 && error.column <= length + 1);
		return;
	}
	NT_CHECK(body.n <= MOST && (body.many || body.n == 1));
	for (unsigned i = 0; i < body.n; i++) {
		const struct nt_body_item *item = &body.items[i];

		NT_CHECK((item->json == NULL) == (item->wrong != NULL));
		NT_CHECK(item->json != NULL || item->line > 0);
		NT_CHECK(item->line == 0 || (item->line > last && item->line <= lines));
		last = item->line;
	}
}

static void check_form(struct nt_arena *arena, const char *text, size_t length)
{
	struct nt_path path = { 0 };
	const char *why = NULL;

	if (!nt_path_parse_form(arena, text, length, &path, &why))
		NT_CHECK(why != NULL);
	for (unsigned i = 0; i < path.n_parameters; i++)
		NT_CHECK(path.parameters[i].name != NULL && path.parameters[i].value != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data, *end = size > 0 ? memchr(text, '\n', size) : NULL;
	size_t first = end != NULL ? (size_t)(end - text) : size, start = end != NULL ? first + 1 : size;
	struct nt_arena *arena = nt_arena_new();

	check_path(arena, nt_arena_strndup(arena, text, first));
	check_body(arena, text + start, size - start, NT_BODY_JSON);
	check_body(arena, text + start, size - start, NT_BODY_LINES);
	check_form(arena, text + start, size - start);
	nt_arena_free(arena);
	return 0;
}
