/* A plan file from anywhere: refused with a reason, or read so that what counts of it is what it must be, and the same
 * when it is written and read again.
 * covers: daemon/main/plan_file.c */
#include "fuzz.h"

#include "base/arena.h"
#include "base/bug.h"
#include "base/json.h"
#include "main/plan_file.h"

#include <string.h>

static bool is_hash(const char *text)
{
	return text != NULL && strlen(text) == 64 && strspn(text, "0123456789abcdef") == 64;
}

static bool same(const char *a, const char *b)
{
	return (a == NULL) == (b == NULL) && (a == NULL || strcmp(a, b) == 0);
}

/* Only what counts: what else stands in a plan is for people. */
static void write_again(const struct nt_plan_file *file, GString *out)
{
	struct nt_json_writer w;

	nt_json_begin(&w, out);
	nt_json_object(&w, NULL);
	nt_json_put_text(&w, "format", "nurtured plan");
	nt_json_put_int(&w, "version", 1);
	nt_json_object(&w, "rules");
	nt_json_put_text(&w, "folder", file->folder);
	nt_json_put_text(&w, "content", file->content);
	nt_json_end_object(&w);
	nt_json_object(&w, "base");
	nt_json_put_text(&w, "program", file->base);
	nt_json_put_text(&w, "loaded", file->loaded);
	nt_json_end_object(&w);
	nt_json_array(&w, "demands");
	nt_json_end_array(&w);
	nt_json_end_object(&w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nt_arena *arena = nt_arena_new();
	GString *text = g_string_new(NULL);
	struct nt_plan_file file, again;
	const char *why = NULL;

	if (nt_plan_file_read(arena, (const char *)data, size, &file, &why)) {
		NT_CHECK(is_hash(file.base) && is_hash(file.content) && file.folder != NULL);
		write_again(&file, text);
		NT_CHECK(nt_plan_file_read(arena, text->str, text->len, &again, &why));
		NT_CHECK(same(file.base, again.base) && same(file.content, again.content) &&
		         same(file.folder, again.folder) && same(file.loaded, again.loaded));
	} else {
		NT_CHECK(why != NULL && why[0] != '\0');
	}
	g_string_free(text, TRUE);
	nt_arena_free(arena);
	return 0;
}
