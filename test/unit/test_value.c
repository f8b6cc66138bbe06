/* Values at the door: what fits its type, what is refused and why, and how values are written out. */
#include "rules/value.h"

#include "base/arena.h"
#include "base/json.h"
#include "unit.h"
#include "zone_file.h"

#define NY "America/New_York"

static int setup(void **state)
{
	*state = nt_arena_new();
	return 0;
}

static int teardown(void **state)
{
	nt_arena_free(*state);
	return 0;
}

static int end(void **state)
{
	(void)state;
	zones_free();
	return 0;
}

/* The value as JSON, or why it was refused. */
static const char *outcome(struct nt_arena *arena, bool ok, const struct nt_value *value, const char *why)
{
	GString *out = g_string_new(NULL);
	const char *text;

	if (!ok)
		g_string_append(out, why);
	else
		nt_value_to_json(value, out);
	text = nt_arena_strdup(arena, out->str);
	g_string_free(out, TRUE);
	return text;
}

static const char *from_text(struct nt_arena *arena, const char *text, enum nt_type type)
{
	struct nt_value value = NT_NONE;
	const char *why = NULL;
	bool ok = nt_value_from_text(arena, text, type, zone(NY), &value, &why);

	assert_true(!ok || value.type == type);
	return outcome(arena, ok, &value, why);
}

static const char *from_json(struct nt_arena *arena, const char *text, enum nt_type type)
{
	struct nt_json_error error;
	struct nt_json *json = nt_json_parse(arena, text, strlen(text), &error);
	struct nt_value value = NT_NONE;
	const char *why = NULL;
	bool ok;

	assert_non_null(json);
	ok = nt_value_from_json(arena, json, type, zone(NY), &value, &why);
	return outcome(arena, ok, &value, why);
}

static void texts_are_read_by_type(void **state)
{
	static const struct {
		enum nt_type type;
		const char *text, *outcome;
	} cases[] = {
		{ NT_TYPE_TEXT, "02134", "\"02134\"" },
		{ NT_TYPE_TEXT, "", "\"\"" },
		{ NT_TYPE_NUMBER, "12.50", "12.5" },
		{ NT_TYPE_NUMBER, "twelve", "must be a number such as 12.5" },
		{ NT_TYPE_NUMBER, "", "must be a number such as 12.5" },
		{ NT_TYPE_YES_NO, "NO", "false" },
		{ NT_TYPE_YES_NO, "on", "true" },
		{ NT_TYPE_YES_NO, "maybe", "must be true or false" },
		{ NT_TYPE_DATE, "2026-12-01", "\"2026-12-01\"" },
		{ NT_TYPE_DATE, "1969-12-31", "\"1969-12-31\"" },
		{ NT_TYPE_TIME, "2026-12-01 09:00", "\"2026-12-01T14:00:00Z\"" },
		{ NT_TYPE_TIME, "2026-12-01", "\"2026-12-01T05:00:00Z\"" },
		{ NT_TYPE_TIME, "2026-12-01T09:00:00.25+02:00", "\"2026-12-01T07:00:00.250Z\"" },
		{ NT_TYPE_DURATION, "1 day 4 hours", "\"1 day 4 hours\"" },
		{ NT_TYPE_LIST, " a, b ,,c", "[\"a\",\"b\",\"c\"]" },
		{ NT_TYPE_LIST, "", "[]" },
		{ NT_TYPE_EMAIL, "ann@example.org", "\"ann@example.org\"" },
		{ NT_TYPE_EMAIL, "ann@", "must be an email address such as ann@example.org" },
		{ NT_TYPE_EMAIL, "ann@example.org\nBcc: x@y.z", "must be an email address such as ann@example.org" },
		{ NT_TYPE_PHONE, "+1 555 0100", "\"+1 555 0100\"" },
		{ NT_TYPE_PHONE, "call me", "must be a phone number such as +1 555 0100" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
		assert_string_equal(from_text(*state, cases[i].text, cases[i].type), cases[i].outcome);
	assert_true(g_str_has_prefix(from_text(*state, "2026-13-01", NT_TYPE_DATE),
	                             "must be a date such as 2026-12-01: "));
	assert_true(g_str_has_prefix(from_text(*state, "soon", NT_TYPE_TIME),
	                             "must be a time such as 2026-12-01T09:00:00Z"));
	assert_true(g_str_has_prefix(from_text(*state, "3 dayz", NT_TYPE_DURATION),
	                             "must be a duration such as 3 days"));
}

static void json_keeps_its_kinds(void **state)
{
	static const struct {
		enum nt_type type;
		const char *json, *outcome;
	} cases[] = {
		{ NT_TYPE_NUMBER, "12.5", "12.5" },
		{ NT_TYPE_NUMBER, "\"12.5\"", "must be a number such as 12.5" },
		{ NT_TYPE_NUMBER, "null", "null" },
		{ NT_TYPE_YES_NO, "true", "true" },
		{ NT_TYPE_YES_NO, "\"true\"", "must be true or false" },
		{ NT_TYPE_TEXT, "\"x\\u0041\"", "\"xA\"" },
		{ NT_TYPE_TEXT, "5", "must be text" },
		{ NT_TYPE_TEXT, "{}", "must be text" },
		{ NT_TYPE_DATE, "\"2026-12-01\"", "\"2026-12-01\"" },
		{ NT_TYPE_TIME, "1764579600", "must be a time such as 2026-12-01T09:00:00Z" },
		{ NT_TYPE_LIST, "[\"a\",\"b\"]", "[\"a\",\"b\"]" },
		{ NT_TYPE_LIST, "[]", "[]" },
		{ NT_TYPE_LIST, "\"a\"", "must be a list of at most 256 texts" },
		{ NT_TYPE_LIST, "[1]", "must be a list of at most 256 texts" },
		{ NT_TYPE_EMAIL, "null", "null" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
		assert_string_equal(from_json(*state, cases[i].json, cases[i].type), cases[i].outcome);
}

static void sizes_are_bounded(void **state)
{
	GString *text = g_string_new(NULL);

	for (int i = 0; i < 300; i++)
		g_string_append_printf(text, "%d,", i);
	assert_string_equal(from_text(*state, text->str, NT_TYPE_LIST), "must be a list of at most 256 texts");
	while (text->len <= 16384)
		g_string_append_c(text, 'x');
	assert_string_equal(from_text(*state, text->str, NT_TYPE_TEXT), "is too long: a text has at most 16384 bytes");
	g_string_free(text, TRUE);
}

static void equality_and_copies(void **state)
{
	static const char *const ab[] = { "a", "b" }, *const ac[] = { "a", "c" };
	const struct nt_value values[] = {
		NT_NONE, NT_TEXT_VALUE("a"), NT_TEXT_VALUE("b"), NT_NUMBER_VALUE(1), NT_NUMBER_VALUE(2),
		NT_YES_NO_VALUE(true), NT_YES_NO_VALUE(false), NT_TIME_VALUE(1), NT_TIME_VALUE(2),
		{ .type = NT_TYPE_DATE, .date = 1 }, { .type = NT_TYPE_DATE, .date = 2 },
		{ .type = NT_TYPE_DURATION, .duration = { .days = 1 } },
		{ .type = NT_TYPE_DURATION, .duration = { .months = 1 } },
		{ .type = NT_TYPE_DURATION, .duration = { .ms = 1 } },
		{ .type = NT_TYPE_LIST, .list = { ab, 2 } }, { .type = NT_TYPE_LIST, .list = { ac, 2 } },
		{ .type = NT_TYPE_LIST, .list = { ab, 1 } },
	};
	const struct nt_value email = { .type = NT_TYPE_EMAIL, .text = "a" };

	for (size_t i = 0; i < G_N_ELEMENTS(values); i++) {
		struct nt_value copy = nt_value_copy(*state, &values[i]);

		for (size_t j = 0; j < G_N_ELEMENTS(values); j++)
			assert_int_equal(nt_value_equal(&copy, &values[j]), i == j);
	}
	assert_true(nt_value_equal(&values[1], &email));
	assert_ptr_not_equal(nt_value_copy(*state, &values[1]).text, values[1].text);
}

static void other_types(void **state)
{
	struct nt_value time = NT_TIME_VALUE(at(NY, "2026-03-08 23:30")),
		date = nt_value_as(&time, NT_TYPE_DATE, zone(NY));
	struct nt_value text = NT_TEXT_VALUE("x"), back;

	(void)state;
	assert_int_equal(date.date, nt_civil_days(2026, 3, 8));
	back = nt_value_as(&date, NT_TYPE_TIME, zone(NY));
	assert_string_equal(shown(NY, back.time), "Sun 2026-03-08 00:00 EST");
	assert_int_equal(nt_value_as(&text, NT_TYPE_EMAIL, zone(NY)).type, NT_TYPE_EMAIL);
	assert_int_equal(nt_value_as(&text, NT_TYPE_NUMBER, zone(NY)).type, NT_TYPE_NONE);
}

static void names_of_types(void **state)
{
	static const char *const names[] = { "text", "number", "yes_no", "date", "time", "duration", "list", "email",
	                                     "phone" };
	enum nt_type type;

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		assert_true(nt_type_parse(names[i], &type));
		assert_string_equal(nt_type_name(type), names[i]);
	}
	assert_false(nt_type_parse("none", &type));
	assert_false(nt_type_parse("boolean", &type));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(texts_are_read_by_type, setup, teardown),
		cmocka_unit_test_setup_teardown(json_keeps_its_kinds, setup, teardown),
		cmocka_unit_test_setup_teardown(sizes_are_bounded, setup, teardown),
		cmocka_unit_test_setup_teardown(equality_and_copies, setup, teardown),
		cmocka_unit_test_setup_teardown(other_types, setup, teardown),
		cmocka_unit_test(names_of_types),
	};

	return cmocka_run_group_tests_name("value", tests, NULL, end);
}
