/* Rule sets and templates beyond what anyone writes: refused in words, at the first thing that is too many. */
#include "unit.h"

#include "load_files.h"
#include "rules/yaml.h"
#include "template/message.h"
#include "template/parse.h"

#define EMAIL "templates/hello/email.md"
#define FRONT "---\nsubject: Hello\n---\n"

/* head, then `one` n times with its number in it, then tail. */
static char *many(const char *head, unsigned n, const char *one, const char *tail)
{
	GString *text = g_string_new(head);
	const char *at = strstr(one, "##");

	for (unsigned i = 0; i < n; i++)
		if (at != NULL)
			g_string_append_printf(text, "%.*s%u%s", (int)(at - one), one, i, at + 2);
		else
			g_string_append(text, one);
	return g_string_free(g_string_append(text, tail), FALSE);
}

static void assert_refused(char *rules, char *template, const char *words)
{
	const char *const files[] = { "a.yaml", rules, template != NULL ? EMAIL : NULL, template, NULL };
	struct loaded loaded = load_files(files);

	if (loaded.program != NULL || strcmp(loaded.says->str, words) != 0)
		fail_msg("wanted: %s\ngot: %.500s", words, loaded.says->str);
	unload(&loaded);
	g_free(rules);
	g_free(template);
}

/* Those that are built in are counted. */
static void as_many_as_there_may_be(void **state)
{
	char *rules = many("fields:\n", 4984, "  f##: text\n", "");
	const char *const files[] = { "a.yaml", rules, NULL };
	struct loaded loaded = load_files(files);

	(void)state;
	assert_string_equal(loaded.says->str, "");
	assert_non_null(loaded.program);
	unload(&loaded);
	g_free(rules);
}

static void too_many_names(void **state)
{
	(void)state;
	assert_refused(many("fields:\n", 5001, "  f##: text\n", ""), NULL,
	               "a.yaml:4986:3: a rule set has at most 5000 fields");
	assert_refused(many("events:\n", 5001, "  e.e##: {}\n", ""), NULL,
	               "a.yaml:4916:3: a rule set has at most 5000 events");
	assert_refused(many("segments:\n", 2001, "  s##: score > 1\n", ""), NULL,
	               "a.yaml:2002:3: a rule set has at most 2000 segments");
}

static void segments_upon_segments(void **state)
{
	GString *rules = g_string_new("segments:\n  s0: score > 1\n");

	(void)state;
	for (unsigned i = 1; i <= 14; i++)
		g_string_append_printf(rules, "  s%u: in_segment(\"s%u\")\n", i, i - 1);
	assert_refused(g_string_free(rules, FALSE), NULL,
	               "a.yaml:16:19: segments that ask segments go 16 deep at most");
}

static void jumps(void **state)
{
	(void)state;
	assert_refused(many("campaign: c\nenter: { by_hand: true }\nsteps:\n", 101,
	                    "  - go_to: end\n    if: score > 5\n", "  - tag: x\n    id: end\n"),
	               NULL, "a.yaml:204:5: a campaign takes at most 100 'go_to'");
}

/* Each is looked at, and their numbers cost no more than their texts. */
static void campaigns_of_one_name(void **state)
{
	char *rules = many("", 20000, "---\ncampaign: c\nenter: { by_hand: true }\n", "");
	const char *const files[] = { "a.yaml", rules, NULL };
	struct loaded loaded = load_files(files);

	(void)state;
	assert_null(loaded.program);
	assert_true(nt_diags_full(loaded.diags));
	unload(&loaded);
	g_free(rules);
}

/* Above one line, and on one: none is read as often as there are others. */
static void comments_that_accept(void **state)
{
	char *above = many("campaign: c\nenter: { by_hand: true }\n", 50000, "# accept: no-phone\n",
	                   "steps:\n- tag: x\n");
	char *beside = many("campaign: d\nenter: { by_hand: true }\nsteps: [ tag: x ]", 50000,
	                    " # accept: no-phone", "\n");
	const char *const files[] = { "a.yaml", above, "b.yaml", beside, NULL };
	struct loaded loaded = load_files(files);

	(void)state;
	assert_non_null(loaded.program);
	unload(&loaded);
	g_free(above);
	g_free(beside);
}

static void a_large_file(void **state)
{
	(void)state;
	assert_refused(many("fields: [", NT_YAML_NODES, "a,", "a]\n"), NULL,
	               "a.yaml:1:400004: this file is too large: split it");
}

#define RULES "policy:\n  sender: { name: A, email: a@example.org, address: x }\n---\n" \
	"campaign: c\nenter: { by_hand: true }\nsteps: [ email: hello ]\n"

static void a_large_template(void **state)
{
	(void)state;
	assert_refused(g_strdup(RULES), many(FRONT, NT_TEMPLATE_SIZE, "a", "\n"),
	               EMAIL ":1:1: a template file has at most 256 KiB");
	assert_refused(g_strdup(RULES), many(FRONT, NT_LIQUID_NODES / 2 + 1, "{{ n }} ", "\n"),
	               EMAIL ":4:80004: more than 20000 pieces in one template");
}

static void many_templates(void **state)
{
	struct nt_template_set *set = nt_template_set_new();
	struct nt_diags *diags = nt_diags_new();

	(void)state;
	for (unsigned i = 0; i < NT_TEMPLATE_FILES + 3; i++) {
		char *path = g_strdup_printf("t%u/sms.txt", i);

		assert_true(nt_template_set_add(set, 0, path, path, "x", 1, diags) == (i != NT_TEMPLATE_FILES));
		g_free(path);
	}
	assert_int_equal(nt_diags_errors(diags), 1);
	assert_string_equal(nt_diags_peek(diags, 0)->message, "there are more than 10,000 template files");
	nt_template_set_free(set);
	nt_diags_free(diags);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_many_as_there_may_be),
		cmocka_unit_test(too_many_names),
		cmocka_unit_test(segments_upon_segments),
		cmocka_unit_test(jumps),
		cmocka_unit_test(campaigns_of_one_name),
		cmocka_unit_test(comments_that_accept),
		cmocka_unit_test(a_large_file),
		cmocka_unit_test(a_large_template),
		cmocka_unit_test(many_templates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
