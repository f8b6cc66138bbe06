#include "unit.h"

#include "base/arena.h"
#include "base/json_private.h"

#include <string.h>

static struct nt_arena *arena;

static int begin(void **state)
{
	(void)state;
	arena = nt_arena_new();
	return 0;
}

static int finish(void **state)
{
	(void)state;
	nt_arena_free(arena);
	return 0;
}

static struct nt_json *parse(const char *text)
{
	struct nt_json_error error;
	struct nt_json *value = nt_json_parse(arena, text, strlen(text), &error);

	if (value == NULL)
		fail_msg("%s: %s at %zu", text, error.message, error.offset);
	return value;
}

static void assert_refused(const char *text, size_t length, const char *message)
{
	struct nt_json_error error = { 0 };

	if (nt_json_parse(arena, text, length, &error) != NULL)
		fail_msg("'%s' was taken", text);
	assert_true(error.offset <= length);
	if (strstr(error.message, message) == NULL)
		fail_msg("'%s': %s", text, error.message);
}

static void assert_written(const struct nt_json *value, const char *expected)
{
	struct nt_json_writer w;
	GString *out = g_string_new(NULL);

	nt_json_begin(&w, out);
	nt_json_put_json(&w, NULL, value);
	assert_string_equal(out->str, expected);
	g_string_free(out, TRUE);
}

/* --- reading --- */

static void values_keep_their_order_and_text(void **state)
{
	static const char text[] = "{\"b\":[1,-0.50,1e3,12345678901234567890.123456789],\"a\":null,"
	                           "\"c\":{\"yes\":true,\"no\":false},\"d\":\"\",\"e\":[],\"f\":{}}";

	(void)state;
	assert_written(parse(text), text);
	assert_written(parse(" [ 1 , 2 ]\r\n\t"), "[1,2]");
	assert_written(parse("7"), "7");
	assert_written(parse("\"x\""), "\"x\"");
	assert_written(parse("null"), "null");
}

static void the_tree_can_be_walked(void **state)
{
	struct nt_json *root =
		parse("{\"lead\":\"ann\",\"properties\":{\"amount\":9007199254740993,\"list\":[true,\"x\"]}}");
	struct nt_json *properties = nt_json_get(root, "properties"), *list = nt_json_get(properties, "list");
	nt_number n;

	(void)state;
	assert_int_equal(root->n, 2);
	assert_string_equal(nt_json_text(root, "lead"), "ann");
	assert_null(nt_json_text(root, "properties"));
	assert_null(nt_json_text(root, "absent"));
	assert_null(nt_json_get(list, "x"));
	assert_null(nt_json_get(NULL, "x"));
	assert_string_equal(properties->first->text, "9007199254740993");
	assert_int_equal(list->n, 2);
	assert_true(list->first->boolean);
	assert_null(list->first->key);
	assert_string_equal(list->first->next->text, "x");
	assert_false(nt_json_number(nt_json_get(root, "lead"), &n));
	assert_false(nt_json_number(NULL, &n));
}

static void numbers_are_exact(void **state)
{
	struct nt_json *list = parse("[0.1,123456789.123457,-2]");
	nt_number n;

	(void)state;
	assert_true(nt_json_number(list->first, &n));
	assert_int_equal(n, 100000);
	assert_true(nt_json_number(list->first->next, &n));
	assert_int_equal(n, 123456789123457);
	assert_true(nt_json_number(list->first->next->next, &n));
	assert_int_equal(n, -2000000);
}

static void escapes_are_undone(void **state)
{
	struct nt_json *value = parse("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\uD83D\\uDE00 \\\\ud800\"");

	(void)state;
	assert_string_equal(value->text, "\"\\/\b\f\n\r\t\xC3\xA9\xF0\x9F\x98\x80 \\ud800");
	assert_int_equal(value->length, strlen(value->text));
}

static void what_is_not_json_is_refused_with_a_reason(void **state)
{
	static const char *const cases[][2] = {
		{ "", "ends too early" },
		{ " ", "ends too early" },
		{ "{\"a\":1", "ends too early" },
		{ "\"abc", "ends too early" },
		{ "[1,]", "can't stand here" },
		{ "{\"a\":1,}", "object key" },
		{ "{a:1}", "can't stand here" },
		{ "{\"a\" 1}", "" },
		{ "[1 2]", "" },
		{ "[1]]", "follows its end" },
		{ "{} {}", "follows its end" },
		{ "01", "follows its end" },
		{ "[01]", "" },
		{ "1.", "decimal point" },
		{ "-", "minus" },
		{ "+1", "can't stand here" },
		{ "[1e]", "exponent" },
		{ "NaN", "can't stand here" },
		{ "nul", "can't stand here" },
		{ "'x'", "can't stand here" },
		{ "// x\n1", "comment" },
		{ "/* x */1", "comment" },
		{ "\"a\nb\"", "inside string" },
		{ "\"\\x41\"", "" },
		{ "\"\\u12g4\"", "" },
		{ "\xEF\xBB\xBF{}", "can't stand here" },
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
		assert_refused(cases[i][0], strlen(cases[i][0]), cases[i][1]);
}

/* The plain reader takes it, or leaves it to the other; never does it take what that one refuses. */
static void the_plain_reader_reads_the_same(void **state)
{
	static const char *const plain[] = {
		"{\"lead\":\"ann\",\"at\":\"2026-03-02T10:00:00Z\",\"properties\":{\"n\":-1.50e+3,\"l\":[1,[],{}]}}",
		" [ 1 , 2.5 ]\r\n\t", "7", "-0", "0.1", "\"x\"", "null", "true", "[false,null]", "{}", "[\"\xC3\xA9\"]",
	};
	static const char *const left[] = {
		"",    " ",     "{",      "[1,]",  "{\"a\":1,}", "[1 2]", "[1]]", "{} {}", "01",       "1.",  "-",
		"+1",  "1e",    "nul",    "truex", "\"a",        "'x'",   "\"\\n\"", "\"\xFF\"",  "{\"a\" 1}", "{1:2}",
		"[\"a\nb\"]", "{\"a\":1,\"a\":2}", "[1", "{\"a\"", "{\"a\":", "1x", ".5", "[,1]", "\"a\"b",
	};
	struct nt_json_error error;

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(plain); i++) {
		struct nt_json *value = nt_json_parse_plain(arena, plain[i], strlen(plain[i])),
			       *same = nt_json_parse_any(arena, plain[i], strlen(plain[i]), &error);
		struct nt_json_writer w;
		GString *out = g_string_new(NULL);

		assert_non_null(value);
		nt_json_begin(&w, out);
		nt_json_put_json(&w, NULL, same);
		assert_written(value, out->str);
		g_string_free(out, TRUE);
	}
	for (size_t i = 0; i < G_N_ELEMENTS(left); i++)
		if (nt_json_parse_plain(arena, left[i], strlen(left[i])) != NULL)
			fail_msg("'%s' was taken", left[i]);
	assert_null(nt_json_parse_plain(arena, "\"a\0b\"", 5));
	assert_null(nt_json_parse_plain(arena, "1\0", 2));
}

static void duplicate_names_are_refused(void **state)
{
	GString *text = g_string_new("{");

	(void)state;
	assert_refused("{\"a\":1,\"b\":2,\"a\":3}", 19, "\"a\" stands twice");
	assert_refused("{\"a\":1,\"\\u0061\":3}", 18, "\"a\" stands twice");
	parse("{\"a\":{\"a\":{\"a\":1}},\"b\":{\"a\":1}}");
	for (int i = 0; i < 1000; i++)
		g_string_append_printf(text, "\"name%d\":[{\"name%d\":1}],", i, i);
	g_string_append(text, "\"last\":1}");
	parse(text->str);
	g_string_truncate(text, text->len - strlen("\"last\":1}"));
	g_string_append(text, "\"name3\":1}");
	assert_refused(text->str, text->len, "\"name3\" stands twice");
	g_string_free(text, TRUE);
}

static void text_is_valid_utf8_without_nul(void **state)
{
	static const char *const wrong[] = {
		"\"\xFF\"", "\"\xC0\x80\"", "\"\xED\xA0\x80\"", "\"\xF5\x80\x80\x80\"", "\"\xE2\x82\"", "\"\x80\"",
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++)
		assert_refused(wrong[i], strlen(wrong[i]), "UTF-8");
	assert_refused("\"a\0b\"", 5, "NUL");
	assert_refused("\"\\u0000\"", 8, "\\u0000");
	assert_refused("\"\\ud83d\"", 8, "surrogate");
	assert_refused("\"\\ud83dx\"", 9, "surrogate");
	assert_refused("\"\\ud83d\\u0041\"", 14, "surrogate");
	assert_refused("\"\\ud83d\\ud83d\"", 14, "surrogate");
	assert_refused("\"\\ude00\"", 8, "surrogate");
	assert_refused("{\"\\ude00\":1}", 12, "surrogate");
}

static void depth_and_size_are_bounded(void **state)
{
	GString *text = g_string_new(NULL);

	(void)state;
	for (int i = 0; i < NT_JSON_DEPTH; i++)
		g_string_append_c(text, '[');
	for (int i = 0; i < NT_JSON_DEPTH; i++)
		g_string_append_c(text, ']');
	parse(text->str);
	g_string_prepend(text, "[");
	g_string_append_c(text, ']');
	assert_refused(text->str, text->len, "nested more than 32 deep");
	g_string_assign(text, "[1");
	for (int i = 0; i < 1000000; i++)
		g_string_append(text, ",1");
	g_string_append_c(text, ']');
	assert_refused(text->str, text->len, "more than 1000000 values");
	g_string_set_size(text, (16 << 20) + 1);
	memset(text->str, ' ', text->len);
	assert_refused(text->str, text->len, "more than 16777216 bytes");
	g_string_free(text, TRUE);
}

static void an_error_says_where(void **state)
{
	struct nt_json_error error;

	(void)state;
	assert_null(nt_json_parse(arena, "{\"a\": \"\xFF\"}", 10, &error));
	assert_int_equal(error.offset, 7);
	assert_null(nt_json_parse(arena, "[1, 2, x]", 9, &error));
	assert_in_range(error.offset, 7, 8);
}

/* --- writing --- */

static void the_writer_puts_commas_and_names(void **state)
{
	GString *out = g_string_new(NULL);
	struct nt_json_writer w;

	(void)state;
	nt_json_begin(&w, out);
	nt_json_object(&w, NULL);
	nt_json_put_text(&w, "text", "a\"b");
	nt_json_put_text(&w, "none", NULL);
	nt_json_array(&w, "list");
	nt_json_put_int(&w, NULL, INT64_MIN);
	nt_json_put_number(&w, NULL, -500000);
	nt_json_object(&w, NULL);
	nt_json_end_object(&w);
	nt_json_put_bool(&w, NULL, true);
	nt_json_end_array(&w);
	nt_json_put_bool(&w, "no", false);
	nt_json_put_raw(&w, "raw", "[1]");
	nt_json_put_null(&w, "odd \xC3\xA9 \n");
	nt_json_end_object(&w);
	assert_string_equal(out->str, "{\"text\":\"a\\\"b\",\"none\":null,\"list\":[-9223372036854775808,-0.5,{},true],"
	                              "\"no\":false,\"raw\":[1],\"odd \xC3\xA9 \\n\":null}");
	g_string_free(out, TRUE);
}

static void quoted_text_is_always_valid_json(void **state)
{
	GString *out = g_string_new(NULL);

	(void)state;
	nt_json_quote(out, "a\"\\/\b\f\n\r\t\x01\x1F\x7F \xE2\x82\xAC", 16);
	assert_string_equal(out->str, "\"a\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\x7F \xE2\x82\xAC\"");
	g_string_truncate(out, 0);
	nt_json_quote(out, "x\xFFy\xC0\x80z\xE2\x82", 8);
	assert_string_equal(out->str, "\"x\xEF\xBF\xBDy\xEF\xBF\xBD\xEF\xBF\xBDz\xEF\xBF\xBD\xEF\xBF\xBD\"");
	parse(out->str);
	g_string_truncate(out, 0);
	nt_json_quote(out, "", 0);
	assert_string_equal(out->str, "\"\"");
	g_string_free(out, TRUE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(values_keep_their_order_and_text, begin, finish),
		cmocka_unit_test_setup_teardown(the_tree_can_be_walked, begin, finish),
		cmocka_unit_test_setup_teardown(numbers_are_exact, begin, finish),
		cmocka_unit_test_setup_teardown(escapes_are_undone, begin, finish),
		cmocka_unit_test_setup_teardown(what_is_not_json_is_refused_with_a_reason, begin, finish),
		cmocka_unit_test_setup_teardown(the_plain_reader_reads_the_same, begin, finish),
		cmocka_unit_test_setup_teardown(duplicate_names_are_refused, begin, finish),
		cmocka_unit_test_setup_teardown(text_is_valid_utf8_without_nul, begin, finish),
		cmocka_unit_test_setup_teardown(depth_and_size_are_bounded, begin, finish),
		cmocka_unit_test_setup_teardown(an_error_says_where, begin, finish),
		cmocka_unit_test(the_writer_puts_commas_and_names),
		cmocka_unit_test_setup_teardown(quoted_text_is_always_valid_json, begin, finish),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
