/* The located tree: what stands where, and what rule authors are told of YAML's traps. */
#include "unit.h"

#include "base/arena.h"
#include "base/diag.h"
#include "rules/yaml.h"

#include <glib.h>
#include <string.h>

struct parsed {
	struct nt_arena *arena;
	struct nt_diags *diags;
	const struct nt_yaml *first;
};

static struct parsed parse_bytes(const char *text, size_t length)
{
	struct parsed p = { .arena = nt_arena_new(), .diags = nt_diags_new() };

	p.first = nt_yaml_parse(p.arena, nt_diags_source(p.diags, "r.yaml", text, length), p.diags);
	return p;
}

static struct parsed parse(const char *text)
{
	return parse_bytes(text, strlen(text));
}

static void done(struct parsed *p)
{
	nt_arena_free(p->arena);
	nt_diags_free(p->diags);
}

static void print(const struct nt_yaml *node, GString *out)
{
	const char *between = "";

	if (node->type == NT_YAML_SCALAR) {
		g_string_append_printf(out, node->quoted ? "'%s'" : "%s", node->text);
		return;
	}
	g_string_append_c(out, node->type == NT_YAML_MAPPING ? '{' : '[');
	for (const struct nt_yaml *child = node->first; child != NULL; child = child->next) {
		g_string_append(out, between);
		if (node->type == NT_YAML_MAPPING)
			g_string_append_printf(out, "%s: ", child->key->text);
		print(child, out);
		between = ", ";
	}
	g_string_append_c(out, node->type == NT_YAML_MAPPING ? '}' : ']');
}

/* The documents of a text, one behind the other, as one line. */
static void assert_tree(const char *text, const char *wanted)
{
	struct parsed p = parse(text);
	GString *out = g_string_new(NULL);

	nt_diags_print(p.diags, out);
	assert_string_equal(out->str, "");
	for (const struct nt_yaml *node = p.first; node != NULL; node = node->next) {
		print(node, out);
		if (node->next != NULL)
			g_string_append(out, " | ");
	}
	assert_string_equal(out->str, wanted);
	g_string_free(out, TRUE);
	done(&p);
}

/* All messages, each as "line:column: message". */
static void assert_says(const char *text, const char *wanted)
{
	struct parsed p = parse(text);
	GString *out = g_string_new(NULL);
	const struct nt_diag *diag;

	for (unsigned i = 0; (diag = nt_diags_peek(p.diags, i)) != NULL; i++)
		g_string_append_printf(out, "%s%d:%d: %s", i > 0 ? "\n" : "", diag->line, diag->column, diag->message);
	assert_string_equal(out->str, wanted);
	g_string_free(out, TRUE);
	done(&p);
}

static void keeps_every_character(void **state)
{
	(void)state;
	assert_tree("a: 02134\nb: +15550103\nc: 09:00\nd: NO\ne: on\nf: ~\ng:\nh: 1e3\n",
	            "{a: 02134, b: +15550103, c: 09:00, d: NO, e: on, f: ~, g: , h: 1e3}");
	assert_tree("on: trial.started\nyes: [ no, off ]\n", "{on: trial.started, yes: [no, off]}");
	assert_tree("a: 'it''s'\nb: \"x\\ty\"\n", "{a: 'it's', b: 'x\ty'}");
	assert_tree("steps:\n  - email: welcome\n  - wait: 2 days\n  - { if: x > 1, then: [ tag: y ] }\n",
	            "{steps: [{email: welcome}, {wait: 2 days}, {if: x > 1, then: [{tag: y}]}]}");
	assert_tree("a: >\n  one\n  two\nb: |-\n  x\n", "{a: one two\n, b: x}");
	assert_tree("", "");
	assert_tree("# nothing\n", "");
}

static void reads_documents(void **state)
{
	(void)state;
	assert_tree("a: 1\n---\nb: 2\n---\n# empty\n---\nc: 3\n", "{a: 1} | {b: 2} | {c: 3}");
	assert_tree("\xEF\xBB\xBF" "a: 1\r\nb: [ 2,\r\n 3 ]\r\n", "{a: 1, b: [2, 3]}");
}

static void resolves_aliases_and_merges(void **state)
{
	(void)state;
	assert_tree("a: &x { k: 1, l: 2 }\nb: *x\nc: { <<: *x, l: 3 }\n",
	            "{a: {k: 1, l: 2}, b: {k: 1, l: 2}, c: {l: 3, k: 1}}");
	assert_tree("a: &x { k: 1 }\nb: &y { k: 2, m: 3 }\nc: { <<: [ *x, *y ] }\n",
	            "{a: {k: 1}, b: {k: 2, m: 3}, c: {k: 1, m: 3}}");
	/* an anchor is its document's */
	assert_says("a: &x 1\n---\nb: [ *x ]\n", "3:6: there is no anchor '&x' above");
}

static void locates(void **state)
{
	struct parsed p = parse("\xEF\xBB\xBF" "k\xC3\xBCr: 'w\xC3\xB6rt'\nl: [ a, \xE2\x82\xAC x ]\n");
	const struct nt_yaml *node = p.first->first, *item;
	int line, column;

	(void)state;
	nt_span_position(node->span, &line, &column);
	assert_int_equal(line, 1);
	assert_memory_equal(node->span.source->text + node->span.start, "'w\xC3\xB6rt'", node->span.length);
	assert_memory_equal(node->key->span.source->text + node->key->span.start, "k\xC3\xBCr", node->key->span.length);
	item = nt_yaml_get(p.first, "l")->first->next;
	nt_span_position(item->span, &line, &column);
	assert_int_equal(line, 2);
	assert_int_equal(column, 9);
	assert_int_equal(item->span.length, 5);
	assert_memory_equal(item->span.source->text + item->span.start, "\xE2\x82\xAC x", 5);
	assert_null(nt_yaml_get(p.first, "m"));
	assert_null(nt_yaml_get(item, "m"));
	done(&p);
}

static void an_anchored_value_has_its_own_place(void **state)
{
	struct parsed p = parse("a: &x  3 days\nb: *x\n");
	const struct nt_yaml *node = nt_yaml_get(p.first, "b");

	(void)state;
	assert_string_equal(node->text, "3 days");
	assert_int_equal(node->span.length, 6);
	assert_memory_equal(node->span.source->text + node->span.start, "3 days", 6);
	done(&p);
}

static void a_comma_in_a_flow_map(void **state)
{
	(void)state;
	assert_says("enter: { when: did(\"a.b\", 7 days) }\n",
	            "1:16: put the condition in quotes: when: 'did(\"a.b\", 7 days)' (inside { } and [ ] a comma "
	            "ends the value)");
	assert_says("e: { when: total(\"o.p\", \"amount\", 7 days) > 3, to: x }\n",
	            "1:12: put the condition in quotes: when: 'total(\"o.p\", \"amount\", 7 days) > 3' "
	            "(inside { } and [ ] a comma ends the value)");
	assert_says("r: { hours: sat,sun 10:00-14:00, x: y }\n",
	            "1:13: put the window in quotes: hours: 'sat,sun 10:00-14:00' (inside { } and [ ] a comma ends "
	            "the value)");
	assert_says("s: [ did(\"a.b\", 7 days) ]\n",
	            "1:6: put the value in quotes: 'did(\"a.b\", 7 days)' (inside { } and [ ] a comma ends the value)");
	/* two in one map are two mistakes, not a duplicate key */
	assert_says("e: { if: did(\"a.b\", 7 days), unless: did(\"c.d\", 7 days) }\n",
	            "1:10: put the condition in quotes: if: 'did(\"a.b\", 7 days)' (inside { } and [ ] a comma ends "
	            "the value)\n"
	            "1:38: put the condition in quotes: unless: 'did(\"c.d\", 7 days)' (inside { } and [ ] a comma "
	            "ends the value)");
}

static void a_mended_value_reads_as_meant(void **state)
{
	struct parsed p = parse("e: { when: did(\"a.b\", 7 days) > 1, to: x }\n");
	const struct nt_yaml *map = p.first->first;

	(void)state;
	assert_int_equal(map->n, 2);
	assert_string_equal(nt_yaml_get(map, "when")->text, "did(\"a.b\", 7 days) > 1");
	assert_string_equal(nt_yaml_get(map, "to")->text, "x");
	done(&p);
}

static void values_that_need_quotes(void **state)
{
	static const struct {
		const char *text, *says;
	} traps[] = {
		{ "r: { if: country in [\"US\", \"CA\"], to: x }\n",
		  "1:10: put the condition in quotes: if: 'country in [\"US\", \"CA\"]' (a list inside { } or [ ] "
		  "ends the value)" },
		{ "title: Trial: to paid\n",
		  "1:8: put the value in quotes: title: 'Trial: to paid' (': ' has a meaning of its own in YAML)" },
		{ "if: \"US\" == country\n", "1:5: put the condition in quotes: if: '\"US\" == country' "
		                            "(it begins with a quote, and goes on after the closing one)" },
		{ "if: 'US' == country\nb: 1\n", "1:5: put the condition in quotes: if: '''US'' == country' "
		                                "(it begins with a quote, and goes on after the closing one)" },
		{ "r: { if: \"US\" == country }\n", "1:10: put the condition in quotes: if: '\"US\" == country' "
		                                   "(it begins with a quote, and goes on after the closing one)" },
		{ "when: *x and y\n", "1:7: put the condition in quotes: when: '*x and y' "
		                      "(the character at its beginning has a meaning of its own in YAML)" },
		{ "when: !closed\n", "1:7: put the condition in quotes: when: '!closed' "
		                     "(the character at its beginning has a meaning of its own in YAML)" },
		{ "when: %x\n", "1:7: put the condition in quotes: when: '%x' "
		                "(the character at its beginning has a meaning of its own in YAML)" },
		{ "when: @x\n", "1:7: put the condition in quotes: when: '@x' "
		                "(the character at its beginning has a meaning of its own in YAML)" },
		{ "when: > 5\n", "1:7: put the condition in quotes: when: '> 5' "
		                 "(the character at its beginning has a meaning of its own in YAML)" },
		{ "when: | 5\n", "1:7: put the condition in quotes: when: '| 5' "
		                 "(the character at its beginning has a meaning of its own in YAML)" },
		{ "when: &x == 5\n", "1:7: put the condition in quotes: when: '&x == 5' "
		                     "(the character at its beginning has a meaning of its own in YAML)" },
		{ "title: Offer #5\n",
		  "1:8: put the value in quotes: title: 'Offer #5' (' #' begins a comment, so the value ends before "
		  "it; "
		  "if it is one, write a blank behind the '#')" },
		{ "if: f(\"a # b\")\n", "1:5: put the condition in quotes: if: 'f(\"a # b\")' "
		                       "(' #' begins a comment, so the value ends before it)" },
	};

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(traps); i++)
		assert_says(traps[i].text, traps[i].says);
	assert_tree("points: 15  #per view\nx: 1 # of two\n", "{points: 15, x: 1}");
}

static void broken_yaml_is_told_in_plain_words(void **state)
{
	(void)state;
	assert_says("a:\n\t- b\n", "2:1: indent with spaces: YAML does not allow tabs");
	assert_says("a: \"hot\nb: 1\n", "1:4: this quote is never closed");
	assert_says("a: [ 1, 2\nb: 3\n", "1:4: this '[' is not closed, or a ',' is missing after one of its values");
	assert_says("a: 1\n b: 2\n",
	            "2:3: ': ' is not allowed here: put a value that contains ': ' in quotes, and check the "
	            "indentation");
	assert_says("a: 1\na: 2\n", "2:1: 'a' stands here twice (first on line 1)");
	assert_says("[ a ]: 1\n", "1:1: a key has to be a name: put the value in quotes if it begins with a bracket");
	assert_says("a: !!str x\n",
	            "1:4: put the value in quotes: a: '!!str x' (the character at its beginning has a meaning of "
	            "its own in YAML)");
	assert_says("a: { <<: 1 }\n", "1:10: '<<' takes a mapping, such as an alias of one");
	assert_says("a: \xFF\n", "1:4: this is not UTF-8: save the file as UTF-8");
	assert_says("a: *nobody\n",
	            "1:4: put the value in quotes: a: '*nobody' (YAML reads it as a repetition of what the "
	            "same name behind '&' marks, and above there is none)");
}

static void sizes_are_bounded(void **state)
{
	GString *text = g_string_new("a0: &a0 [ x, x, x, x, x, x, x, x, x, x ]\n");
	struct parsed p;

	(void)state;
	/* ten times the one before, ten times: no memory is worth that */
	for (int i = 1; i < 10; i++) {
		g_string_append_printf(text, "a%d: &a%d [ ", i, i);
		for (int j = 0; j < 10; j++)
			g_string_append_printf(text, "%s*a%d", j > 0 ? ", " : "", i - 1);
		g_string_append(text, " ]\n");
	}
	p = parse(text->str);
	assert_null(p.first);
	assert_int_equal(nt_diags_errors(p.diags), 1);
	assert_non_null(strstr(nt_diags_peek(p.diags, 0)->message, "too large"));
	done(&p);
	g_string_assign(text, "a: ");
	for (int i = 0; i < NT_YAML_DEPTH + 1; i++)
		g_string_append_c(text, '[');
	p = parse(text->str);
	assert_null(p.first);
	assert_string_equal(nt_diags_peek(p.diags, 0)->message, "nested too deeply");
	done(&p);
	p = parse_bytes("a: x\0y\n", 7);
	assert_null(p.first);
	assert_string_equal(nt_diags_peek(p.diags, 0)->message, "a NUL character: remove it");
	done(&p);
	g_string_free(text, TRUE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_every_character),
		cmocka_unit_test(reads_documents),
		cmocka_unit_test(resolves_aliases_and_merges),
		cmocka_unit_test(locates),
		cmocka_unit_test(an_anchored_value_has_its_own_place),
		cmocka_unit_test(a_comma_in_a_flow_map),
		cmocka_unit_test(a_mended_value_reads_as_meant),
		cmocka_unit_test(values_that_need_quotes),
		cmocka_unit_test(broken_yaml_is_told_in_plain_words),
		cmocka_unit_test(sizes_are_bounded),
	};

	return cmocka_run_group_tests_name("yaml", tests, NULL, NULL);
}
