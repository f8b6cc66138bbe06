/* Liquid: what authors and readers see. With NT_GOLDEN_LIQUID (or the first argument) naming a folder that holds
 * golden_liquid*.json, the cases in there are run too and counted. */
#include "base/arena.h"
#include "base/json.h"
#include "template/mark.h"
#include "template/render.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *golden_folder;

struct outcome {
	GString *out, *diags;
	struct nt_render_result result;
	bool parsed, fits;
};

static struct outcome run(const char *template, size_t length, const struct nt_json *data, enum nt_escape context)
{
	struct outcome outcome = { .out = g_string_new(""), .diags = g_string_new("") };
	struct nt_arena *arena = nt_arena_new();
	struct nt_diags *diags = nt_diags_new();
	const struct nt_source *source = nt_diags_source(diags, "t.txt", template, length);
	const struct nt_liquid *program = nt_liquid_parse(arena, source, 0, length, diags);
	struct nt_render_input input = { .context = context, .variables = data, .now = 1773144000000 };

	if (context == NT_ESCAPE_MARKDOWN)
		input.marks = nt_marks_new(arena);
	outcome.parsed = program != NULL;
	if (program != NULL)
		outcome.fits = nt_liquid_render(program, arena, &input, outcome.out, &outcome.result);
	nt_diags_print(diags, outcome.diags);
	for (unsigned i = 0; i < outcome.result.n_problems; i++)
		outcome.result.problems[i].filter = NULL;
	nt_diags_free(diags);
	nt_arena_free(arena);
	return outcome;
}

static void outcome_free(struct outcome *outcome)
{
	g_string_free(outcome->out, TRUE);
	g_string_free(outcome->diags, TRUE);
}

static void check(enum nt_escape context, const char *template, const char *json, const char *expected)
{
	struct nt_arena *arena = nt_arena_new();
	struct nt_json_error error;
	struct nt_json *data = nt_json_parse(arena, json, strlen(json), &error);
	struct outcome outcome;

	assert_non_null(data);
	outcome = run(template, strlen(template), data, context);
	assert_string_equal(outcome.diags->str, "");
	assert_string_equal(outcome.out->str, expected);
	assert_true(outcome.fits);
	outcome_free(&outcome);
	nt_arena_free(arena);
}

static void check_wrong(const char *template, const char *expected)
{
	struct outcome outcome = run(template, strlen(template), NULL, NT_ESCAPE_TEXT);

	assert_string_equal(outcome.diags->str, expected);
	assert_false(outcome.parsed);
	outcome_free(&outcome);
}

/* ---- what authors write ---- */

static void fills_in(void **state)
{
	(void)state;
	check(NT_ESCAPE_TEXT, "Hi {{ first_name | default: \"there\" }}, {{ company.name }} has {{ company.size }}.",
	      "{\"first_name\":\"\",\"company\":{\"name\":\"Acme\",\"size\":12}}", "Hi there, Acme has 12.");
	check(NT_ESCAPE_TEXT, "[{{ nosuch }}{{ nosuch.deeper[3] }}]", "{}", "[]");
	check(NT_ESCAPE_TEXT, "{% for i in items limit: 2 %}{{ forloop.index }}:{{ i.n }}{% unless forloop.last %}, "
	      "{% endunless %}{% else %}none{% endfor %}",
	      "{\"items\":[{\"n\":\"a\"},{\"n\":\"b\"},{\"n\":\"c\"}]}", "1:a, 2:b");
	check(NT_ESCAPE_TEXT, "{{ amount | times: 1.19 | round: 2 }} {{ n | divided_by: 2 }}",
	      "{\"amount\":99.99,\"n\":5}",
	      "118.99 2");
}

static void dates(void **state)
{
	(void)state;
	check(NT_ESCAPE_TEXT, "{{ at | date: \"%A, %B %-d, %Y at %-I:%M %p\" }}", "{\"at\":\"2026-03-02T15:04:05Z\"}",
	      "Monday, March 2, 2026 at 3:04 PM");
	check(NT_ESCAPE_TEXT, "{{ day | date: '%d.%m.%y %j %e|%^a' }}", "{\"day\":\"2026-03-02\"}",
	      "02.03.26 061  2|MON");
	check(NT_ESCAPE_TEXT, "{{ 'now' | date: '%F %T %z %Z %s' }}", "{}", "2026-03-10 12:00:00 +0000 UTC 1773144000");
	check(NT_ESCAPE_TEXT, "{{ 0 | date: '%Y %q %' }}|{{ 'soon' | date: '%Y' }}", "{}", "1970 %q %|soon");
}

static void says_where_it_is_wrong(void **state)
{
	(void)state;
	check_wrong("Hello\n{{ name | upcas }}\n",
	            "t.txt:2:11: error: unknown filter 'upcas' (did you mean 'upcase'?) [wrong-template]\n"
	            "    2 | {{ name | upcas }}\n      |           ^~~~~\n");
	check_wrong("{% fi x %}", "t.txt:1:4: error: unknown tag 'fi' (did you mean 'if'?) [wrong-template]\n"
	            "    1 | {% fi x %}\n      |    ^~\n");
	check_wrong("{% if x %}a", "t.txt:1:4: error: 'if' isn't closed by {% endif %} [wrong-template]\n"
	            "    1 | {% if x %}a\n      |    ^~\n");
	check_wrong("{% if x = 1 %}{% endif %}", "t.txt:1:9: error: expected '==' (two signs) to compare, found '='"
	            " [wrong-template]\n"
	            "    1 | {% if x = 1 %}{% endif %}\n      |         ^\n");
	check_wrong("{{ x | date }}", "t.txt:1:8: error: filter 'date' takes 1 argument, here are 0 [wrong-template]\n"
	            "    1 | {{ x | date }}\n      |        ^~~~\n");
	check_wrong("{% include 'x' %}", "t.txt:1:4: error: tag 'include' is not supported yet [wrong-template]\n"
	            "    1 | {% include 'x' %}\n      |    ^~~~~~~\n");
	check_wrong("a {{ b", "t.txt:1:3: error: '{{' isn't closed by '}}' [wrong-template]\n"
	            "    1 | a {{ b\n      |   ^~\n");
	check_wrong("{{ 'b }}", "t.txt:1:4: error: this text has no closing quote [wrong-template]\n"
	            "    1 | {{ 'b }}\n      |    ^~\n");
	check_wrong("{% endfor %}", "t.txt:1:4: error: 'endfor' has no place here: nothing is open [wrong-template]\n"
	            "    1 | {% endfor %}\n      |    ^~~~~~\n");
	check_wrong("{{ 'x' | default: 1, alow_false: true }}",
	            "t.txt:1:22: error: filter 'default' has no argument 'alow_false' [wrong-template]\n"
	            "    1 | {{ 'x' | default: 1, alow_false: true }}\n      |                      ^~~~~~~~~~\n");
}

static void reports_all_at_once(void **state)
{
	struct outcome outcome = run("{{ a | b }}{% c %}{{ | }}", 25, NULL, NT_ESCAPE_TEXT);

	(void)state;
	assert_non_null(strstr(outcome.diags->str, "unknown filter 'b'"));
	assert_non_null(strstr(outcome.diags->str, "unknown tag 'c'"));
	assert_non_null(strstr(outcome.diags->str, "expected a value, found '|'"));
	outcome_free(&outcome);
}

static void stops_after_a_hundred_errors(void **state)
{
	GString *many = g_string_new("");
	struct outcome outcome;

	(void)state;
	for (int i = 0; i < 19000; i++)
		g_string_append(many, "{{ | }}");
	outcome = run(many->str, many->len, NULL, NT_ESCAPE_TEXT);
	assert_false(outcome.parsed);
	assert_non_null(strstr(outcome.diags->str, "\n... and 1 more\n"));
	outcome_free(&outcome);
	g_string_free(many, TRUE);
}

/* ---- escaping ---- */

#define NASTY "{\"n\":\"<b>\\\"&'\\r\\nBcc: x\"}"

static void escapes_by_context(void **state)
{
	(void)state;
	check(NT_ESCAPE_HTML, "<p>{{ n }}</p>", NASTY, "<p>&lt;b&gt;&quot;&amp;&#39;\r\nBcc: x</p>");
	check(NT_ESCAPE_TEXT, "{{ n }}", NASTY, "<b>\"&'\r\nBcc: x");
	check(NT_ESCAPE_HEADER, "Hi {{ n }}!", NASTY, "Hi <b>\"&' Bcc: x!");
	check(NT_ESCAPE_URL, "/q?x={{ n }}", NASTY, "/q?x=%3Cb%3E%22%26%27%0D%0ABcc%3A%20x");
	check(NT_ESCAPE_JSON, "{\"a\": \"{{ n }}\", \"b\": {{ n | json }}, \"c\": {{ nosuch | json }}}", NASTY,
	      "{\"a\": \"<b>\\\"&'\\r\\nBcc: x\", \"b\": \"<b>\\\"&'\\r\\nBcc: x\", \"c\": null}");
}

static void raw_is_for_parts_only(void **state)
{
	(void)state;
	check(NT_ESCAPE_HTML, "{{ n | raw }}", NASTY, "<b>\"&'\r\nBcc: x");
	check(NT_ESCAPE_HEADER, "{{ n | raw }}", NASTY, "<b>\"&' Bcc: x");
	check(NT_ESCAPE_HEADER, "{% capture x %}{{ n }}{% endcapture %}{{ x | raw }}", NASTY, "<b>\"&' Bcc: x");
}

static void escapes_once(void **state)
{
	(void)state;
	check(NT_ESCAPE_HTML, "{{ n | escape }} {{ n | escape_once }}", "{\"n\":\"a & b\"}", "a &amp; b a &amp; b");
	check(NT_ESCAPE_HTML, "{% capture x %}<i>{{ n }}</i>{% endcapture %}{{ x }}", "{\"n\":\"a & b\"}",
	      "<i>a &amp; b</i>");
	check(NT_ESCAPE_HTML, "{% capture x %}<i>{{ n }}</i>{% endcapture %}{{ x | append: n }}", "{\"n\":\"<\"}",
	      "<i>&lt;</i>&lt;");
	check(NT_ESCAPE_HTML, "{% capture x %}{{ n }}{% endcapture %}{{ x | upcase }}", "{\"n\":\"a & b\"}",
	      "A &amp; B");
	check(NT_ESCAPE_HTML, "{{ n | newline_to_br }}", "{\"n\":\"<a>\\nb\"}", "&lt;a&gt;<br />\nb");
	check(NT_ESCAPE_URL, "{{ n | url_encode }}", "{\"n\":\"a b&\"}", "a+b%26");
	check(NT_ESCAPE_TEXT, "{{ n | escape }}", "{\"n\":\"a & b\"}", "a &amp; b");
}

/* ---- limits ---- */

static void check_limit(const char *template, enum nt_render_limit limit)
{
	struct outcome outcome = run(template, strlen(template), NULL, NT_ESCAPE_TEXT);

	assert_true(outcome.parsed);
	assert_false(outcome.fits);
	assert_int_equal(outcome.result.limit, limit);
	assert_true(outcome.out->len <= NT_RENDER_OUTPUT);
	outcome_free(&outcome);
}

static void always_ends(void **state)
{
	(void)state;
	check_limit("{% for i in (1..9000000000) %}{% assign x = i %}{% endfor %}", NT_RENDER_TOO_MANY_STEPS);
	check_limit("{% for i in (1..999999) %}0123456789012345678901234567890123456789{% endfor %}",
	            NT_RENDER_TOO_LONG);
	check_limit("{% assign s = '0123456789' %}{% for i in (1..40) %}{% assign s = s | append: s %}{% endfor %}",
	            NT_RENDER_TOO_MUCH_MEMORY);
	check_limit("{% assign s = (1..9000000000) | join: ',' %}", NT_RENDER_TOO_MUCH_MEMORY);
	check_limit("{% for i in (1..9999) %}{% for j in (1..9999) %}{% endfor %}{% endfor %}",
	            NT_RENDER_TOO_MANY_STEPS);
	check_limit("{% for i in (1..99) %}{% capture a %}"
	            "{% for j in (1..99999) %}xxxxxxxxxxxxxxxxxxxxxxxxxxx{% endfor %}"
	            "{% endcapture %}{% endfor %}", NT_RENDER_TOO_LONG);
}

static void nests_so_far(void **state)
{
	GString *deep = g_string_new("");
	struct outcome outcome;

	(void)state;
	for (int i = 0; i < 51; i++)
		g_string_append(deep, "{% if a %}");
	outcome = run(deep->str, deep->len, NULL, NT_ESCAPE_TEXT);
	assert_non_null(strstr(outcome.diags->str,
	                       "t.txt:1:504: error: blocks are nested too deeply (more than 50) [wrong-template]\n"));
	assert_null(strstr(outcome.diags->str, "isn't closed"));
	outcome_free(&outcome);
	g_string_assign(deep, "{{ ");
	for (int i = 0; i < 100000; i++)
		g_string_append(deep, "[");
	g_string_append(deep, "}}");
	outcome = run(deep->str, deep->len, NULL, NT_ESCAPE_TEXT);
	assert_non_null(strstr(outcome.diags->str, "brackets are nested too deeply"));
	outcome_free(&outcome);
	g_string_free(deep, TRUE);
}

/* ---- what it asks for ---- */

static void names_its_variables(void **state)
{
	static const char template[] =
		"{{ first_name }} {{ company | default: 'you' }} {% if event.amount %}{{ event.amount }}{% endif %}"
		"{% assign x = last_name | upcase %}{{ x }}"
		"{% for i in items %}{{ i.name }}{% endfor %}{{ a.b[0].c[k] }}"
		"{% unless city %}{{ city }}{% endunless %}";
	struct nt_arena *arena = nt_arena_new();
	struct nt_diags *diags = nt_diags_new();
	const struct nt_source *source = nt_diags_source(diags, "t", template, sizeof template - 1);
	const struct nt_liquid *program = nt_liquid_parse(arena, source, 0, sizeof template - 1, diags);
	GString *out = g_string_new("");

	(void)state;
	assert_non_null(program);
	for (const struct nt_liquid_use *use = program->uses; use != NULL; use = use->next)
		g_string_append_printf(out, "%s%s ", use->path, use->has_default ? "" : "!");
	assert_string_equal(out->str, "first_name! company event.amount last_name! items k! a.b[0].c! city! ");
	g_string_free(out, TRUE);
	nt_diags_free(diags);
	nt_arena_free(arena);
}

/* ---- the golden cases ---- */

static bool uses_unbuilt(const char *template)
{
	static const char *const unbuilt[] = { "include", "render", "tablerow" };

	for (const char *tag = template; (tag = strstr(tag, "{%")) != NULL; tag += 2) {
		const char *name = tag + 2 + strspn(tag + 2, "- \n\t\r");

		for (size_t i = 0; i < sizeof unbuilt / sizeof *unbuilt; i++)
			if (strncmp(name, unbuilt[i], strlen(unbuilt[i])) == 0)
				return true;
	}
	return false;
}

static bool expected_is(const struct nt_json *test, const char *out)
{
	const struct nt_json *results = nt_json_get(test, "results"), *one = nt_json_get(test, "result");

	if (one != NULL && strcmp(one->text, out) == 0)
		return true;
	for (one = results == NULL ? NULL : results->first; one != NULL; one = one->next)
		if (strcmp(one->text, out) == 0)
			return true;
	return false;
}

static bool golden_passes(const struct nt_json *test)
{
	const struct nt_json *template = nt_json_get(test, "template"), *invalid = nt_json_get(test, "invalid");
	struct outcome outcome = run(template->text, template->length, nt_json_get(test, "data"), NT_ESCAPE_TEXT);
	bool failed = !outcome.parsed || !outcome.fits || outcome.result.n_problems > 0, passed;

	passed = invalid != NULL && invalid->boolean ? failed : !failed && expected_is(test, outcome.out->str);
	if (!passed && getenv("NT_GOLDEN_VERBOSE") != NULL)
		printf("# %s: %s\n#   got '%s' %s\n", nt_json_text(test, "name"), template->text, outcome.out->str,
		       outcome.diags->str);
	outcome_free(&outcome);
	return passed;
}

static void golden(void **state)
{
	GDir *folder = golden_folder == NULL ? NULL : g_dir_open(golden_folder, 0, NULL);
	unsigned passed = 0, total = 0;
	const char *name;

	(void)state;
	if (folder == NULL) {
		printf("# golden-liquid: skipped: no folder\n");
		skip();
	}
	while ((name = g_dir_read_name(folder)) != NULL) {
		char *path = g_build_filename(golden_folder, name, NULL), *text = NULL;
		struct nt_arena *arena = nt_arena_new();
		struct nt_json_error error = { 0 };
		struct nt_json *tests = NULL;
		gsize length = 0;

		if (g_str_has_suffix(name, ".json") && g_file_get_contents(path, &text, &length, NULL))
			tests = nt_json_parse(arena, text, length, &error);
		tests = tests == NULL ? NULL : nt_json_get(tests, "tests")->first;
		for (; tests != NULL; tests = tests->next) {
			total++;
			passed += !uses_unbuilt(nt_json_text(tests, "template")) && golden_passes(tests);
		}
		if (error.message != NULL)
			printf("# %s: %s\n", path, error.message);
		g_free(text);
		g_free(path);
		nt_arena_free(arena);
	}
	g_dir_close(folder);
	printf("# golden-liquid: %u of %u\n", passed, total);
	assert_true(total > 0);
	assert_true(passed * 100 >= total * 90);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fills_in),
		cmocka_unit_test(dates),
		cmocka_unit_test(says_where_it_is_wrong),
		cmocka_unit_test(reports_all_at_once),
		cmocka_unit_test(stops_after_a_hundred_errors),
		cmocka_unit_test(escapes_by_context),
		cmocka_unit_test(raw_is_for_parts_only),
		cmocka_unit_test(escapes_once),
		cmocka_unit_test(always_ends),
		cmocka_unit_test(nests_so_far),
		cmocka_unit_test(names_its_variables),
		cmocka_unit_test(golden),
	};

	golden_folder = argc > 1 ? argv[1] : getenv("NT_GOLDEN_LIQUID");
	return cmocka_run_group_tests_name("liquid", tests, NULL, NULL);
}
