/* A plan file from anywhere: refused with a reason, or read so that what counts of it is what it must be, and the same
 * when it is written and read again.
 * covers: daemon/main/plan_file.c */
#include "fuzz.h"

#include "base/arena.h"
#include "base/bug.h"
#include "base/civil.h"
#include "engine/plan.h"
#include "main/plan_file.h"
#include "rules/program.h"

#include <string.h>

static bool is_hash(const char *text)
{
	return text != NULL && strlen(text) == 64 && strspn(text, "0123456789abcdef") == 64;
}

static bool same(const char *a, const char *b)
{
	return a != NULL && b != NULL && strcmp(a, b) == 0;
}

/* As nurturectl plan would have written what counts of it. */
static void write_again(const struct nt_plan_file *file, GString *out)
{
	struct nt_program base = { .n_campaigns = 0 };
	struct nt_changes changes = { .none = true };
	struct nt_plan plan = { .base = &base, .program = &base, .changes = &changes, .loaded = NT_NO_TIME };
	struct nt_civil civil;
	bool has_offset;

	g_strlcpy(base.hash, file->base, sizeof base.hash);
	if (file->loaded != NULL)
		NT_CHECK(nt_instant_parse(file->loaded, strlen(file->loaded), &civil, &has_offset, &plan.loaded, NULL));
	nt_plan_file_write(&plan, file->folder, file->content, out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nt_arena *arena = nt_arena_new();
	GString *text = g_string_new(NULL), *twice = g_string_new(NULL);
	struct nt_plan_file file, again;
	const char *why = NULL;

	if (nt_plan_file_read(arena, (const char *)data, size, &file, &why)) {
		NT_CHECK(is_hash(file.base) && is_hash(file.content) && file.folder != NULL);
		write_again(&file, text);
		NT_CHECK(nt_plan_file_read(arena, text->str, text->len, &again, &why));
		NT_CHECK(same(file.base, again.base) && same(file.content, again.content) &&
		         same(file.folder, again.folder) && (file.loaded == NULL) == (again.loaded == NULL));
		write_again(&again, twice);
		NT_CHECK(g_string_equal(text, twice));
	} else {
		NT_CHECK(why != NULL && why[0] != '\0');
	}
	g_string_free(text, TRUE);
	g_string_free(twice, TRUE);
	nt_arena_free(arena);
	return 0;
}
