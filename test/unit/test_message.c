#include "base/arena.h"
#include "base/json.h"
#include "template/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* A set of files, and what one of its templates writes. */
struct world {
	struct nt_arena *arena;
	struct nt_diags *diags;
	struct nt_template_set *set;
	GString *said;
};

static struct world *world_new(void)
{
	struct world *world = g_new0(struct world, 1);

	world->arena = nt_arena_new();
	world->diags = nt_diags_new();
	world->set = nt_template_set_new();
	world->said = g_string_new("");
	return world;
}

static void world_free(struct world *world)
{
	nt_template_set_free(world->set);
	nt_diags_free(world->diags);
	nt_arena_free(world->arena);
	g_string_free(world->said, TRUE);
	g_free(world);
}

static void add(struct world *world, int layer, const char *path, const char *text)
{
	char *shown = g_strconcat("templates/", path, NULL);

	nt_template_set_add(world->set, layer, path, shown, text, strlen(text), world->diags);
	g_free(shown);
}

static const char *finish(struct world *world)
{
	nt_template_set_finish(world->set, world->diags);
	nt_diags_print(world->diags, world->said);
	return world->said->str;
}

static bool render(struct world *world, const char *name, const char *channel, const char *json,
                   struct nt_rendered *out, const char **error)
{
	const struct nt_message_template *message = nt_template_set_find(world->set, name, channel, NULL);
	struct nt_json_error wrong;
	struct nt_message_input input = {
		.variables = nt_json_parse(world->arena, json, strlen(json), &wrong),
		.now = 1773144000000,
	};

	assert_non_null(message);
	assert_non_null(input.variables);
	return nt_message_render(message, world->arena, &input, out, error);
}

static struct nt_rendered must_render(struct world *world, const char *name, const char *channel, const char *json)
{
	struct nt_rendered out;
	const char *error = NULL;

	assert_true(render(world, name, channel, json, &out, &error));
	return out;
}

#define LEAD "{\"first_name\":\"Ann\"," \
	"\"sender\":{\"name\":\"Ada at Example\",\"address\":\"1 Main St\\nSpringfield\"," \
	"\"phone\":\"+1 555 0100\"},\"unsubscribe_url\":\"https://example.org/u?t=a&b\"}"

static const char welcome[] =
	"---\n"
	"subject: Welcome, {{ first_name | default: \"friend\" }}!\n"
	"preheader: \"Three things to try\"\n"
	"x-campaign-note: spring {{ first_name }}\n"
	"---\n"
	"# Hi {{ first_name }}\n\n"
	"Try [this](https://example.org/t).\n";

static void an_email(void **state)
{
	struct world *world = world_new();
	struct nt_rendered out;

	(void)state;
	add(world, 0, "welcome/email.md", welcome);
	assert_string_equal(finish(world), "");
	out = must_render(world, "welcome", "email", LEAD);
	assert_string_equal(out.subject, "Welcome, Ann!");
	assert_string_equal(out.preheader, "Three things to try");
	assert_int_equal(out.n_headers, 1);
	assert_string_equal(out.headers[0].name, "X-Campaign-Note");
	assert_string_equal(out.headers[0].value, "spring Ann");
	assert_string_equal(out.text,
	                    "Hi Ann\n======\n\nTry this (https://example.org/t).\n\n--\n"
	                    "Questions? Call us: +1 555 0100\n"
	                    "Ada at Example\n1 Main St\nSpringfield\nUnsubscribe: https://example.org/u?t=a&b\n");
	assert_non_null(strstr(out.html, "<h1>Hi Ann</h1>\n<p>Try <a href=\"https://example.org/t\">this</a>.</p>\n"));
	assert_non_null(strstr(out.html, "<title>Welcome, Ann!</title>"));
	assert_non_null(strstr(out.html, "overflow: hidden;\">Three things to try</div>"));
	assert_non_null(strstr(out.html, "<a href=\"tel:+15550100\""));
	assert_non_null(strstr(out.html, "Ada at Example<br>\n1 Main St<br />\nSpringfield</p>"));
	assert_non_null(strstr(out.html, "<a href=\"https://example.org/u?t=a&amp;b\""));
	assert_null(out.json);
	assert_null(out.problems[0]);
	world_free(world);
}

/* A service message has no unsubscribe link; nobody's name breaks anything. */
static void nasty_values(void **state)
{
	struct world *world = world_new();
	struct nt_rendered out;

	(void)state;
	add(world, 0, "welcome/email.md", welcome);
	assert_string_equal(finish(world), "");
	out = must_render(world, "welcome", "email",
	                  "{\"first_name\":\"<b>*A*</b>\\r\\nBcc: x@example.org\",\"sender\":{\"name\":\"A & B\"}}");
	assert_string_equal(out.subject, "Welcome, <b>*A*</b> Bcc: x@example.org!");
	assert_string_equal(out.text, "Hi <b>*A*</b> Bcc: x@example.org\n================================\n\n"
	                    "Try this (https://example.org/t).\n\n--\nA & B\n");
	assert_non_null(strstr(out.html, "<h1>Hi &lt;b&gt;*A*&lt;/b&gt;<br />\nBcc: x@example.org</h1>"));
	assert_non_null(strstr(out.html, "<title>Welcome, &lt;b&gt;*A*&lt;/b&gt; Bcc: x@example.org!</title>"));
	assert_null(strstr(out.html, "Unsubscribe"));
	assert_null(strstr(out.html, "<b>"));
	world_free(world);
}

static void nothing_known(void **state)
{
	struct world *world = world_new();
	struct nt_rendered out;

	(void)state;
	add(world, 0, "welcome/email.md", welcome);
	assert_string_equal(finish(world), "");
	out = must_render(world, "welcome", "email", "{}");
	assert_string_equal(out.subject, "Welcome, friend!");
	assert_string_equal(out.text, "Hi\n==\n\nTry this (https://example.org/t).\n");
	world_free(world);
}

static void other_kinds(void **state)
{
	struct world *world = world_new();
	struct nt_rendered out;

	(void)state;
	add(world, 0, "hello/sms.txt", "Hi {{ first_name }}, it's <us> & more.\n\n");
	add(world, 0, "hello/webhook.json",
	    "{\"name\": \"{{ first_name }}\", \"all\": {{ items | json }}, \"n\": {{ n }}}");
	add(world, 0, "hello/letter.html", "<p>Dear {{ first_name }},</p>\n<p>bye</p>");
	add(world, 0, "hello/email.html", "---\nsubject: s\n---\n<html><body><p>{{ first_name }}</p></body></html>\n");
	add(world, 0, "plain/email.txt", "---\nsubject: s\n---\nHello {{ first_name }}\n");
	assert_string_equal(finish(world), "");
	out = must_render(world, "hello", "sms", "{\"first_name\":\"Ann\"}");
	assert_string_equal(out.text, "Hi Ann, it's <us> & more.");
	assert_null(out.html);
	out = must_render(world, "hello", "webhook",
	                  "{\"first_name\":\"A \\\"q\\\"\\n\",\"items\":[1,\"<\"],\"n\":2.50}");
	assert_string_equal(out.json, "{\"name\": \"A \\\"q\\\"\\n\", \"all\": [1,\"<\"], \"n\": 2.5}");
	assert_null(out.text);
	out = must_render(world, "hello", "letter", "{\"first_name\":\"<Ann>\"}");
	assert_string_equal(out.text, "Dear <Ann>,\n\nbye");
	assert_non_null(strstr(out.html, "<body>\n<p>Dear &lt;Ann&gt;,</p>\n<p>bye</p>\n</body>"));
	out = must_render(world, "hello", "email", "{\"first_name\":\"Ann\"}");
	assert_string_equal(out.html, "<html><body><p>Ann</p></body></html>\n");
	assert_string_equal(out.text, "Ann\n");
	out = must_render(world, "plain", "email", LEAD);
	assert_null(out.html);
	assert_non_null(strstr(out.text, "Hello Ann\n\n--\nQuestions? Call us: +1 555 0100\n"));
	world_free(world);
}

static void wrong_json_is_not_sent(void **state)
{
	struct world *world = world_new();
	struct nt_rendered out;
	const char *error = NULL;

	(void)state;
	add(world, 0, "hook/webhook.json", "{\"n\": {{ n }}}");
	add(world, 0, "long/sms.txt", "{% for i in (1..99999) %}0123456789012345678901234{% endfor %}");
	assert_string_equal(finish(world), "");
	assert_false(render(world, "hook", "webhook", "{}", &out, &error));
	assert_non_null(strstr(error, "templates/hook/webhook.json: the result is no JSON: "));
	assert_false(render(world, "long", "sms", "{}", &out, &error));
	assert_string_equal(error, "templates/long/sms.txt: the output is longer than 1 MiB");
	world_free(world);
}

static void tells_problems(void **state)
{
	struct world *world = world_new();
	struct nt_rendered out;

	(void)state;
	add(world, 0, "a/sms.txt", "one\n[{{ 5 | divided_by: n }}]");
	assert_string_equal(finish(world), "");
	out = must_render(world, "a", "sms", "{}");
	assert_string_equal(out.text, "one\n[]");
	assert_string_equal(out.problems[0], "templates/a/sms.txt:2: divided_by: division by zero");
	assert_null(out.problems[1]);
	world_free(world);
}

/* ---- lookup ---- */

static const char *path_of(const struct nt_message_template *message)
{
	return message == NULL ? "none" : nt_message_template_path(message);
}

static void falls_back_by_locale(void **state)
{
	struct world *world = world_new();
	const struct nt_template_set *set = world->set;

	(void)state;
	add(world, 0, "w/sms.txt", "en");
	add(world, 0, "w/sms.de.txt", "de");
	add(world, 0, "w/sms.de-AT.txt", "at");
	add(world, 0, "w/push.txt", "push");
	add(world, 0, "a/sms.fr.txt", "fr");
	assert_string_equal(finish(world), "");
	assert_string_equal(path_of(nt_template_set_find(set, "w", "sms", "de-AT")), "templates/w/sms.de-AT.txt");
	assert_string_equal(path_of(nt_template_set_find(set, "w", "sms", "de_at")), "templates/w/sms.de-AT.txt");
	assert_string_equal(path_of(nt_template_set_find(set, "w", "sms", "de-CH")), "templates/w/sms.de.txt");
	assert_string_equal(path_of(nt_template_set_find(set, "w", "sms", "fr")), "templates/w/sms.txt");
	assert_string_equal(path_of(nt_template_set_find(set, "w", "sms", "")), "templates/w/sms.txt");
	assert_string_equal(path_of(nt_template_set_find(set, "w", "sms", NULL)), "templates/w/sms.txt");
	assert_string_equal(path_of(nt_template_set_find(set, "a", "sms", "en")), "none");
	assert_string_equal(path_of(nt_template_set_find(set, "w", "fax", "en")), "none");
	assert_string_equal(nt_template_set_names(set)[0], "a");
	assert_string_equal(nt_template_set_names(set)[1], "w");
	assert_null(nt_template_set_names(set)[2]);
	assert_string_equal(nt_template_set_channels(set, "w")[0], "push");
	assert_string_equal(nt_template_set_channels(set, "w")[1], "sms");
	assert_null(nt_template_set_channels(set, "w")[2]);
	assert_null(nt_template_set_channels(set, "nosuch"));
	assert_string_equal(path_of(nt_template_set_peek(set, 0)), "templates/a/sms.fr.txt");
	assert_null(nt_template_set_peek(set, 5));
	world_free(world);
}

static void the_lower_layer_wins(void **state)
{
	struct world *world = world_new();

	(void)state;
	add(world, 1, "w/sms.txt", "configured");
	add(world, 0, "w/sms.txt", "own");
	add(world, 1, "w/push.txt", "configured");
	assert_string_equal(finish(world), "");
	assert_string_equal(must_render(world, "w", "sms", "{}").text, "own");
	assert_string_equal(must_render(world, "w", "push", "{}").text, "configured");
	world_free(world);
}

static const char *hash_of(const char *text, const char *layout)
{
	struct world *world = world_new();
	const struct nt_message_template *message;
	const char *hash;

	add(world, 0, "w/email.md", text);
	if (layout != NULL)
		add(world, 0, "layouts/brand.html", layout);
	assert_string_equal(finish(world), "");
	message = nt_template_set_find(world->set, "w", "email", NULL);
	assert_int_equal(strlen(nt_message_template_hash(message)), 64);
	assert_ptr_equal(nt_template_set_find_hash(world->set, nt_message_template_hash(message)), message);
	hash = g_intern_string(nt_message_template_hash(message));
	world_free(world);
	return hash;
}

static void hashes_what_decides(void **state)
{
	static const char branded[] = "---\nsubject: s\nlayout: brand\n---\nx";

	(void)state;
	assert_ptr_equal(hash_of("---\nsubject: s\n---\nx", NULL), hash_of("---\nsubject: s\n---\nx", NULL));
	assert_ptr_not_equal(hash_of("---\nsubject: s\n---\nx", NULL), hash_of("---\nsubject: s\n---\ny", NULL));
	assert_ptr_not_equal(hash_of(branded, "a{{ content }}"), hash_of(branded, "b{{ content }}"));
}

/* ---- layouts and facts ---- */

static void a_layout_of_its_own(void **state)
{
	struct world *world = world_new();
	struct nt_rendered out;

	(void)state;
	add(world, 0, "w/email.md", "---\nsubject: S\nlayout: brand\n---\n*Hi* {{ first_name }}");
	add(world, 0, "layouts/brand.html", "<b>{{ subject }}</b>{{ content }}<i>{{ unsubscribe_url }}</i>");
	add(world, 0, "layouts/brand.txt", "{{ content }}~ {{ layout_unsubscribe }}: {{ unsubscribe_url }}");
	assert_string_equal(finish(world), "");
	out = must_render(world, "w", "email",
	                  "{\"first_name\":\"<A>\",\"unsubscribe_url\":\"https://example.org/?a&b\"}");
	assert_string_equal(out.html, "<b>S</b><p><em>Hi</em> &lt;A&gt;</p>\n<i>https://example.org/?a&amp;b</i>");
	assert_string_equal(out.text, "Hi <A>\n~ Unsubscribe: https://example.org/?a&b");
	world_free(world);
}

static void speaks_the_templates_language(void **state)
{
	struct world *world = world_new();
	const struct nt_message_template *message;
	struct nt_message_input input = { .now = 1773144000000 };
	struct nt_json_error wrong;
	struct nt_rendered out;
	const char *error;

	(void)state;
	add(world, 0, "w/email.de-AT.md", "---\nsubject: S\n---\nHallo, {{ 'now' | date: '%A, %-d. %B' }}");
	assert_string_equal(finish(world), "");
	message = nt_template_set_find(world->set, "w", "email", "de-AT");
	input.variables = nt_json_parse(world->arena, LEAD, strlen(LEAD), &wrong);
	assert_true(nt_message_render(message, world->arena, &input, &out, &error));
	assert_non_null(strstr(out.html, "<html lang=\"de-AT\">"));
	assert_non_null(strstr(out.html, ">Abmelden</a>"));
	assert_non_null(strstr(out.html, "<p>Hallo, Dienstag, 10. März</p>"));
	assert_non_null(strstr(out.text, "Fragen? Rufen Sie uns an: +1 555 0100\n"));
	world_free(world);
}

static void check_facts(const char *layout, const char *twin, const char *body, const char *expected)
{
	struct world *world = world_new();
	struct nt_message_facts facts;
	GString *out = g_string_new("");
	char *text = g_strdup_printf("---\nsubject: s {{ city }}\nlayout: %s\n---\n%s", layout == NULL ? "default"
	                             : "brand",
	                             body);

	add(world, 0, "w/email.md", text);
	if (layout != NULL)
		add(world, 0, "layouts/brand.html", layout);
	if (twin != NULL)
		add(world, 0, "layouts/brand.txt", twin);
	assert_string_equal(finish(world), "");
	nt_message_template_check(nt_template_set_find(world->set, "w", "email", NULL), world->arena, world->diags,
	                          &facts);
	for (unsigned i = 0; i < facts.n; i++)
		if (!facts.variables[i].has_default) {
			int line, column;

			nt_span_position(facts.variables[i].span, &line, &column);
			g_string_append_printf(out, "%s@%d:%d ", facts.variables[i].path, line, column);
		}
	g_string_append_printf(out, "subject=%d unsubscribe=%d address=%d phone=%d", facts.has_subject,
	                       facts.has_unsubscribe, facts.has_address, facts.has_phone);
	assert_string_equal(out->str, expected);
	g_string_free(out, TRUE);
	g_free(text);
	world_free(world);
}

static void tells_facts(void **state)
{
	(void)state;
	check_facts(NULL, NULL, "Hi {{ first_name }} {{ last_name | default: 'x' }}",
	            "city@2:15 first_name@5:7 subject=1 unsubscribe=1 address=1 phone=1");
	check_facts("{{ content }}", NULL, "Hi", "city@2:15 subject=1 unsubscribe=0 address=0 phone=0");
	check_facts("{{ content }}{{ unsubscribe_url }}{{ sender.address }}", NULL, "Hi",
	            "city@2:15 unsubscribe_url@1:17 sender.address@1:38 subject=1 unsubscribe=1 address=1 phone=0");
	check_facts("{{ content }}{{ unsubscribe_url }}", "{{ content }}", "Hi",
	            "city@2:15 unsubscribe_url@1:17 subject=1 unsubscribe=0 address=0 phone=0");
	check_facts("{{ content }}", "{{ content }}", "{{ unsubscribe_url }}",
	            "city@2:15 unsubscribe_url@5:4 subject=1 unsubscribe=1 address=0 phone=0");
}

/* ---- mistakes ---- */

static void check_wrong(const char *path, const char *text, const char *expected)
{
	struct world *world = world_new();

	add(world, 0, path, text);
	assert_string_equal(finish(world), expected);
	world_free(world);
}

static void check_front_is_bounded(void)
{
	GString *lines = g_string_new("---\n");

	for (int i = 0; i < 201; i++)
		g_string_append(lines, "#\n");
	g_string_append(lines, "---\n");
	check_wrong("w/sms.txt", lines->str, "templates/w/sms.txt:1:1: error: front matter has at most 200 lines"
	            " [wrong-template]\n"
	            "    1 | ---\n      | ^~~\n");
	g_string_free(lines, TRUE);
}

static void says_what_is_wrong(void **state)
{
	(void)state;
	check_wrong("w/email.md", "---\nlayout: none\n---\n",
	            "templates/w/email.md:1:1: error: this email has no subject (front matter: 'subject: …')"
	            " [wrong-template]\n"
	            "    1 | ---\n      | ^\n");
	check_wrong("w/email.md", "---\nsubjct: x\n---\n",
	            "templates/w/email.md:2:1: error: unknown key 'subjct' (did you mean 'subject'?) [wrong-template]\n"
	            "    2 | subjct: x\n      | ^~~~~~\n");
	check_wrong("w/sms.txt", "---\nnote: a\nnote: b\nwhat\n---\n",
	            "templates/w/sms.txt:3:1: error: 'note' stands here twice [wrong-template]\n"
	            "    3 | note: b\n      | ^~~~\n"
	            "templates/w/sms.txt:4:1: error: expected 'key: value' [wrong-template]\n"
	            "    4 | what\n      | ^~~~\n");
	check_wrong("w/sms.txt", "---\nnote: a\n", "templates/w/sms.txt:1:1: error: this isn't closed by a line '---'"
	            " [wrong-template]\n"
	            "    1 | ---\n      | ^~~\n");
	check_front_is_bounded();
	check_wrong("w/email.md", "---\nsubject: Hi {{ a | upcas }}\n---\n",
	            "templates/w/email.md:2:20: error: unknown filter 'upcas' (did you mean 'upcase'?)"
	            " [wrong-template]\n"
	            "    2 | subject: Hi {{ a | upcas }}\n      |                    ^~~~~\n");
	check_wrong("w/email.md", "---\nsubject: a\nlayout: defaut\n---\n",
	            "templates/w/email.md:3:9: error: there is no layout 'defaut' (did you mean 'default'?)"
	            " [wrong-template]\n"
	            "    3 | layout: defaut\n      |         ^~~~~~\n");
	check_wrong("layouts/brand.html", "<b></b>", "templates/layouts/brand.html:1:1: error: this layout has no "
	            "{{ content }} [wrong-template]\n    1 | <b></b>\n      | ^\n");
	check_wrong("w/sms.txt", "a\n\xff",
	            "templates/w/sms.txt:2:1: error: this is not UTF-8: save the file as UTF-8 [wrong-template]\n"
	            "    2 | \xEF\xBF\xBD\n      | ^\n");
}

static void check_path(const char *path, const char *expected)
{
	struct world *world = world_new();

	add(world, 0, path, "x");
	finish(world);
	if (expected == NULL)
		assert_string_equal(world->said->str, "");
	else
		assert_non_null(strstr(world->said->str, expected));
	world_free(world);
}

static void looks_at_paths(void **state)
{
	(void)state;
	check_path("email.md", "a template is a file NAME/CHANNEL.EXT, one folder deep");
	check_path("a/b/email.md", "one folder deep");
	check_path("a/email", "a template's file ends in .md, .html, .txt or .json");
	check_path("a/email.doc", "a template's file ends in");
	check_path("Welcome/sms.txt", "a template's name has lower-case letters");
	check_path("w/SMS.txt", "a channel's name has lower-case letters");
	check_path("w/sms.german.txt", "between channel and ending stands a locale");
	check_path("layouts/default.html", "are the built-in layouts'");
	check_path("layouts/x.md", "a layout is a file");
	check_path("README.md", NULL);
	check_path(".git/x", NULL);
	check_path("w/.email.md.swp", NULL);
	check_path("w/sms.txt~", NULL);
	check_path("w/brochure.pdf", NULL);
}

static void refuses_two_of_a_kind(void **state)
{
	struct world *world = world_new();

	(void)state;
	add(world, 0, "w/sms.txt", "a");
	add(world, 0, "w/sms.md", "b");
	assert_non_null(strstr(finish(world), "templates/w/sms.md:1:1: error: this is the same template as "
	                       "templates/w/sms.txt; keep one"));
	world_free(world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_email),
		cmocka_unit_test(nasty_values),
		cmocka_unit_test(nothing_known),
		cmocka_unit_test(other_kinds),
		cmocka_unit_test(wrong_json_is_not_sent),
		cmocka_unit_test(tells_problems),
		cmocka_unit_test(falls_back_by_locale),
		cmocka_unit_test(the_lower_layer_wins),
		cmocka_unit_test(hashes_what_decides),
		cmocka_unit_test(a_layout_of_its_own),
		cmocka_unit_test(speaks_the_templates_language),
		cmocka_unit_test(tells_facts),
		cmocka_unit_test(says_what_is_wrong),
		cmocka_unit_test(looks_at_paths),
		cmocka_unit_test(refuses_two_of_a_kind),
	};

	return cmocka_run_group_tests_name("message", tests, NULL, NULL);
}
