/* A rule set's sources as bytes, and back: whole, or refused. */
#include "rules/archive.h"

#include "base/arena.h"

#include "unit.h"

#include <string.h>

static const char with_nul[] = "a\0b\n";
static const struct nt_file rules[] = { { "rules/a.yaml", "campaign: a\n", 12 }, { "rules/ü.yaml", "", 0 } };
static const struct nt_file templates[] = { { "templates/m/email.txt", with_nul, 4 } };
static const struct nt_file others[] = { { "rules/holidays/us.ics", "BEGIN:VCALENDAR\n", 16 } };

static GString *packed(void)
{
	struct nt_rule_set_files files = { rules, 2, templates, 1, others, 1, "rules" };
	GString *out = g_string_new(NULL);

	nt_archive_pack(&files, out);
	return out;
}

static void assert_file(const struct nt_file *a, const struct nt_file *b)
{
	assert_string_equal(a->path, b->path);
	assert_int_equal(a->length, b->length);
	assert_memory_equal(a->bytes, b->bytes, b->length);
}

static void comes_back_as_it_was(void **state)
{
	struct nt_arena *arena = nt_arena_new();
	struct nt_rule_set_files files;
	GString *bytes = packed();

	(void)state;
	assert_true(nt_archive_unpack(arena, bytes->str, bytes->len, &files));
	assert_int_equal(files.n_rules, 2);
	assert_int_equal(files.n_templates, 1);
	assert_file(&files.rules[0], &rules[0]);
	assert_file(&files.rules[1], &rules[1]);
	assert_file(&files.templates[0], &templates[0]);
	assert_int_equal(files.n_others, 1);
	assert_file(&files.others[0], &others[0]);
	assert_string_equal(files.folder, "rules");
	g_string_free(bytes, TRUE);
	nt_arena_free(arena);
}

/* What versions before kept. */
static void the_first_form_is_still_read(void **state)
{
	static const char first[] = "nurture rules 1\n\0\0\0\1\0\0\0\1a\0\0\0\2b\n\0\0\0";
	struct nt_arena *arena = nt_arena_new();
	struct nt_rule_set_files files;

	(void)state;
	assert_true(nt_archive_unpack(arena, first, sizeof first, &files));
	assert_int_equal(files.n_rules, 1);
	assert_string_equal(files.rules[0].path, "a");
	assert_string_equal(files.rules[0].bytes, "b\n");
	assert_int_equal(files.n_templates + files.n_others, 0);
	assert_null(files.folder);
	nt_arena_free(arena);
}

static void the_same_files_give_the_same_bytes(void **state)
{
	GString *a = packed(), *b = packed();

	(void)state;
	assert_true(g_string_equal(a, b));
	g_string_free(a, TRUE);
	g_string_free(b, TRUE);
}

static void cut_anywhere_it_is_refused(void **state)
{
	GString *bytes = packed();

	(void)state;
	for (size_t n = 0; n < bytes->len; n++) {
		struct nt_arena *arena = nt_arena_new();
		char *part = g_memdup2(bytes->str, n); /* of its own, so that reading past its end is seen */
		struct nt_rule_set_files files;

		assert_false(nt_archive_unpack(arena, part, n, &files));
		g_free(part);
		nt_arena_free(arena);
	}
	g_string_append_c(bytes, 'x');
	{
		struct nt_arena *arena = nt_arena_new();
		struct nt_rule_set_files files;

		assert_false(nt_archive_unpack(arena, bytes->str, bytes->len, &files));
		nt_arena_free(arena);
	}
	g_string_free(bytes, TRUE);
}

/* Any byte changed: refused, or files that can be read to their ends. */
static void damage_does_no_harm(void **state)
{
	static const unsigned char values[] = { 0, 1, 0x7F, 0x80, 0xFF };
	GString *bytes = packed();
	size_t sum = 0;

	(void)state;
	for (size_t i = 0; i < bytes->len; i++)
		for (unsigned v = 0; v < sizeof values; v++) {
			struct nt_arena *arena = nt_arena_new();
			char *copy = g_memdup2(bytes->str, bytes->len);
			struct nt_rule_set_files files;

			copy[i] = (char)values[v];
			if (nt_archive_unpack(arena, copy, bytes->len, &files)) {
				for (unsigned k = 0; k < files.n_rules; k++)
					sum += strlen(files.rules[k].path) +
					       strnlen(files.rules[k].bytes, files.rules[k].length);
				for (unsigned k = 0; k < files.n_templates; k++)
					sum += strlen(files.templates[k].path);
			}
			g_free(copy);
			nt_arena_free(arena);
		}
	assert_true(sum > 0);
	g_string_free(bytes, TRUE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comes_back_as_it_was),
		cmocka_unit_test(the_first_form_is_still_read),
		cmocka_unit_test(the_same_files_give_the_same_bytes),
		cmocka_unit_test(cut_anywhere_it_is_refused),
		cmocka_unit_test(damage_does_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
