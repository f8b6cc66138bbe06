#include "unit.h"

#include "base/diag.h"

#include <string.h>

static const char text[] = "campaign: x\nsteps:\n\t- \xC3\xBCmial: welcome\n";

static struct nt_span span_of(const struct nt_source *source, const char *what)
{
	return nt_span_of(source, (size_t)(strstr(source->text, what) - source->text), strlen(what));
}

static char *printed(struct nt_diags *diags, void (*print)(struct nt_diags *, GString *))
{
	GString *out = g_string_new(NULL);

	print(diags, out);
	return g_string_free(out, FALSE);
}

static void the_span_is_marked_below_its_line(void **state)
{
	struct nt_diags *diags = nt_diags_new();
	const struct nt_source *source = nt_diags_source(diags, "rules/a.yaml", text, strlen(text));
	char *out;

	(void)state;
	nt_diags_error(diags, span_of(source, "\xC3\xBCmial"), "unknown step '%s'", "\xC3\xBCmial");
	nt_diags_warning(diags, NT_CODE_SHOUTING, span_of(source, "x\nsteps"), "two lines");
	nt_diags_error(diags, NT_NOWHERE, "no rules");
	out = printed(diags, nt_diags_print);
	assert_string_equal(out, "error: no rules\n"
	                         "rules/a.yaml:1:11: warning: two lines [shouting]\n"
	                         "    1 | campaign: x\n"
	                         "      |           ^\n"
	                         "rules/a.yaml:3:4: error: unknown step '\xC3\xBCmial'\n"
	                         "    3 | \t- \xC3\xBCmial: welcome\n"
	                         "      | \t  ^~~~~\n");
	assert_int_equal(nt_diags_errors(diags), 2);
	assert_int_equal(nt_diags_warnings(diags), 1);
	g_free(out);
	nt_diags_free(diags);
}

static void messages_come_in_order_of_place(void **state)
{
	struct nt_diags *diags = nt_diags_new();
	const struct nt_source *b = nt_diags_source(diags, "b", "1\n2\n", 4),
			       *a = nt_diags_source(diags, "a", "1\n", 2);

	(void)state;
	nt_diags_error(diags, nt_span_of(b, 2, 1), "third");
	nt_diags_error(diags, nt_span_of(b, 0, 1), "second");
	nt_diags_error(diags, nt_span_of(b, 2, 1), "fourth");
	nt_diags_error(diags, nt_span_of(a, 0, 1), "first");
	assert_string_equal(nt_diags_peek(diags, 0)->message, "first");
	assert_string_equal(nt_diags_peek(diags, 1)->message, "second");
	assert_string_equal(nt_diags_peek(diags, 2)->message, "third");
	assert_string_equal(nt_diags_peek(diags, 3)->message, "fourth");
	assert_null(nt_diags_peek(diags, 4));
	nt_diags_free(diags);
}

static void a_hundred_are_shown_and_the_rest_counted(void **state)
{
	struct nt_diags *diags = nt_diags_new();
	char *out;

	(void)state;
	for (int i = 0; i < NT_DIAGS_SHOWN + 7; i++)
		nt_diags_error(diags, NT_NOWHERE, "wrong %d", i);
	out = printed(diags, nt_diags_print);
	assert_non_null(strstr(out, "error: wrong 99\n... and 7 more\n"));
	assert_null(strstr(out, "wrong 100"));
	g_free(out);
	nt_diags_free(diags);
}

static void as_json_for_editors(void **state)
{
	struct nt_diags *diags = nt_diags_new();
	const struct nt_source *source = nt_diags_source(diags, "rules/a.yaml", text, strlen(text));
	char *out;

	(void)state;
	nt_diags_error(diags, span_of(source, "\xC3\xBCmial"), "\"\xFF\"");
	nt_diags_warning(diags, NT_CODE_NO_ROUTE, NT_NOWHERE, "x");
	out = printed(diags, nt_diags_print_json);
	assert_string_equal(out,
	                    "[{\"file\":\"\",\"line\":0,\"column\":0,\"end_column\":0,\"severity\":\"warning\","
	                    "\"code\":\"no-route\",\"message\":\"x\"},\n "
	            "{\"file\":\"rules/a.yaml\",\"line\":3,\"column\":4,\"end_column\":9,"
	                    "\"severity\":\"error\",\"code\":\"\",\"message\":\"\\\"\xEF\xBF\xBD\\\"\"}]\n");
	g_free(out);
	nt_diags_free(diags);
}

static void as_lines_for_compilers_and_workflows(void **state)
{
	struct nt_diags *diags = nt_diags_new();
	const struct nt_source *source = nt_diags_source(diags, "rules/a,b.yaml", text, strlen(text));
	char *out;

	(void)state;
	nt_diags_error(diags, span_of(source, "\xC3\xBCmial"), "100%% wrong\nreally");
	nt_diags_warning(diags, NT_CODE_SHOUTING, span_of(source, "x\nsteps"), "two lines");
	nt_diags_error(diags, NT_NOWHERE, "no rules");
	out = printed(diags, nt_diags_print_lines);
	assert_string_equal(out, "error: no rules\n"
	                         "rules/a,b.yaml:1:11: warning: two lines [shouting]\n"
	                         "rules/a,b.yaml:3:4: error: 100% wrong\xEF\xBF\xBDreally\n");
	g_free(out);
	out = printed(diags, nt_diags_print_github);
	assert_string_equal(out, "::error::no rules\n"
	                         "::warning file=rules/a%2Cb.yaml,line=1,col=11,endColumn=12,title=shouting::"
	                         "two lines\n"
	                         "::error file=rules/a%2Cb.yaml,line=3,col=4,endColumn=9::100%25 wrong%0Areally\n");
	g_free(out);
	nt_diags_free(diags);
}

static void the_nearest_name_is_a_likely_slip(void **state)
{
	static const char *const names[] = { "email", "wait", "wait_for", "wait_until", "split", NULL };

	(void)state;
	assert_string_equal(nt_nearest("emial", names), "email");
	assert_string_equal(nt_nearest("wait_untl", names), "wait_until");
	assert_string_equal(nt_nearest("waitfor", names), "wait_for");
	assert_null(nt_nearest("letter", names));
	assert_null(nt_nearest("", names));
}

/* Names stay: what scripts and comments hold is in use somewhere. */
static void each_code_has_a_name_of_its_own(void **state)
{
	(void)state;
	assert_null(nt_diag_code_name(NT_CODE_NONE));
	assert_int_equal(nt_diag_code_find("no-such-thing"), NT_CODE_NONE);
	for (unsigned i = NT_CODE_NONE + 1; i < NT_DIAG_CODES; i++) {
		const char *name = nt_diag_code_name(i);

		assert_non_null(name);
		assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz-"), strlen(name));
		assert_int_equal(nt_diag_code_find(name), i);
		assert_true(nt_diag_code_is_warning(i) == (i >= NT_CODE_ACCEPTS_NOTHING));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_span_is_marked_below_its_line),
		cmocka_unit_test(messages_come_in_order_of_place),
		cmocka_unit_test(a_hundred_are_shown_and_the_rest_counted),
		cmocka_unit_test(as_json_for_editors),
		cmocka_unit_test(as_lines_for_compilers_and_workflows),
		cmocka_unit_test(each_code_has_a_name_of_its_own),
		cmocka_unit_test(the_nearest_name_is_a_likely_slip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
