#include "unit.h"

#include "zone_file.h"

/* --- durations --- */

static void durations_are_read_and_printed(void **state)
{
	static const char *const cases[][2] = {
		{ "90 minutes", "1 hour 30 minutes" },
		{ "36 hours", "36 hours" },
		{ "3 days", "3 days" },
		{ "1 day", "1 day" },
		{ "2 weeks", "14 days" },
		{ "1 month", "1 month" },
		{ "18 months", "1 year 6 months" },
		{ "1 year", "1 year" },
		{ "1 day 4 hours", "1 day 4 hours" },
		{ "4 hours 1 day", "1 day 4 hours" },
		{ "  10   seconds ", "10 seconds" },
		{ "1.25 seconds", "1.25 seconds" },
		{ "0 days", "0 seconds" },
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		GString *out = g_string_new(NULL);
		struct nt_duration d;

		if (!nt_duration_parse(cases[i][0], strlen(cases[i][0]), &d, NULL))
			fail_msg("'%s' was refused", cases[i][0]);
		nt_duration_print(d, out);
		assert_string_equal(out->str, cases[i][1]);
		g_string_free(out, TRUE);
	}
}

static void negative_durations_are_printed(void **state)
{
	GString *out = g_string_new(NULL);

	(void)state;
	nt_duration_print((struct nt_duration){ .days = -1, .ms = -4 * NT_HOUR }, out);
	assert_string_equal(out->str, "-1 day 4 hours");
	g_string_truncate(out, 0);
	nt_duration_print((struct nt_duration){ INT32_MIN, INT32_MIN, INT64_MIN }, out);
	assert_string_equal(
		out->str, "-178956970 years 8 months 2147483648 days 2562047788015 hours 12 minutes 55.808 seconds");
	g_string_free(out, TRUE);
}

static void calendar_and_elapsed_time_are_told_apart(void **state)
{
	struct nt_duration d;

	(void)state;
	assert_true(nt_duration_parse("1 year 2 months 3 weeks 4 days 5 hours 6 minutes 7 seconds", 58, &d, NULL));
	assert_int_equal(d.months, 14);
	assert_int_equal(d.days, 25);
	assert_int_equal(d.ms, 5 * NT_HOUR + 6 * NT_MINUTE + 7 * NT_SECOND);
	assert_false(nt_duration_is_zero(d));
	assert_true(nt_duration_is_zero(NT_DURATION_MS(0)));
}

static void wrong_durations_are_refused_with_a_reason(void **state)
{
	static const char *const cases[][2] = {
		{ "", "written like" },
		{ "3", "written like" },
		{ "days", "written like" },
		{ "3 dys", "written like" },
		{ "3 d", "written like" },
		{ "-3 days", "written like" },
		{ "3 days,", "written like" },
		{ "3 days 4", "written like" },
		{ "1 day 1 day", "twice" },
		{ "1 day 2 days", "twice" },
		{ "1.5 hours", "decimals" },
		{ "1.2345 seconds", "written like" },
		{ "1001 years", "1000 years" },
		{ "999999999999 years", "1000" },
		{ "9999999999999 days", "written like" },
		{ "999999999999 hours", "1000" },
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct nt_duration d = { 1, 2, 3 };
		const char *why = NULL;

		if (nt_duration_parse(cases[i][0], strlen(cases[i][0]), &d, &why))
			fail_msg("'%s' was taken", cases[i][0]);
		if (strstr(why, cases[i][1]) == NULL)
			fail_msg("'%s': %s", cases[i][0], why);
		assert_true(d.months == 1 && d.days == 2 && d.ms == 3);
	}
}

/* --- clocks, weekdays, dates --- */

static void clocks(void **state)
{
	static const char *const wrong[] = { "",       "9",        "24:00", "09:60",   "9:5",
					     "009:00", "09:00:00", "9am",   "09:00 x", "0x:00" };
	const char *why;
	int minutes = -1;

	(void)state;
	assert_true(nt_clock_parse("09:00", 5, &minutes, NULL));
	assert_int_equal(minutes, 540);
	assert_true(nt_clock_parse(" 23:59 ", 7, &minutes, NULL));
	assert_int_equal(minutes, 1439);
	assert_true(nt_clock_parse("7:05", 4, &minutes, NULL));
	assert_int_equal(minutes, 425);
	for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++)
		if (nt_clock_parse(wrong[i], strlen(wrong[i]), &minutes, &why))
			fail_msg("'%s' was taken", wrong[i]);
	assert_int_equal(minutes, 425);
}

static void weekdays_short_or_long(void **state)
{
	static const char *const wrong[] = { "", "m", "mo", "mond", "mondays", "monday,", "13" };
	int day = -1;

	(void)state;
	assert_true(nt_weekday_parse("mon", 3, &day));
	assert_int_equal(day, 0);
	assert_true(nt_weekday_parse("Sunday", 6, &day));
	assert_int_equal(day, 6);
	assert_true(nt_weekday_parse(" thu ", 5, &day));
	assert_int_equal(day, 3);
	for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++)
		assert_false(nt_weekday_parse(wrong[i], strlen(wrong[i]), &day));
}

static void dates(void **state)
{
	static const char *const wrong[][2] = {
		{ "2026-13-01", "month lies between" }, { "2026-00-01", "month lies between" },
		{ "2026-01-32", "at most 31" },         { "2026-02-29", "doesn't have so many" },
		{ "2026-04-31", "doesn't have so many" }, { "0000-01-01", "year lies between" },
		{ "2026-1-1", "written like" },         { "26-01-01", "written like" },
		{ "2026-01-01 09:00", "written like" }, { "01/02/2026", "written like" },
		{ "2026-01-00", "at most 31" },
	};
	struct nt_civil civil;

	(void)state;
	assert_true(nt_date_parse("2028-02-29", 10, &civil, NULL));
	assert_true(civil.year == 2028 && civil.month == 2 && civil.day == 29 && civil.hour == 0);
	for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
		const char *why = "";

		if (nt_date_parse(wrong[i][0], strlen(wrong[i][0]), &civil, &why) || strstr(why, wrong[i][1]) == NULL)
			fail_msg("'%s': %s", wrong[i][0], why);
	}
}

/* --- instants --- */

static void instants(void **state)
{
	static const struct {
		const char *text;
		bool has_offset;
		const char *utc; /* of the reading, or of the instant */
		nt_time precision;
	} cases[] = {
		{ "2026-12-01", false, "2026-12-01T00:00:00Z", NT_DAY },
		{ "2026-12-01 09:00", false, "2026-12-01T09:00:00Z", NT_MINUTE },
		{ "2026-12-01 9:00", false, "2026-12-01T09:00:00Z", NT_MINUTE },
		{ "2026-12-01T09:00:05", false, "2026-12-01T09:00:05Z", NT_SECOND },
		{ "2026-12-01T09:00:00Z", true, "2026-12-01T09:00:00Z", NT_SECOND },
		{ "2026-12-01T09:00:00.5Z", true, "2026-12-01T09:00:00.500Z", 1 },
		{ "2026-12-01T09:00:00.123999Z", true, "2026-12-01T09:00:00.123Z", 1 },
		{ "2026-12-01T09:00:00-05:00", true, "2026-12-01T14:00:00Z", NT_SECOND },
		{ "2026-12-01 09:00-05:00", true, "2026-12-01T14:00:00Z", NT_MINUTE },
		{ "2026-12-01 09:00 +05:45", true, "2026-12-01T03:15:00Z", NT_MINUTE },
		{ " 2026-12-01t09:00:00z ", true, "2026-12-01T09:00:00Z", NT_SECOND },
		{ "0001-01-01 00:00+23:59", true, "0001-01-01T00:00:00Z", NT_MINUTE },
		{ "9999-12-31 23:59-23:59", true, "9999-12-31T23:59:59.999Z", NT_MINUTE },
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		GString *out = g_string_new(NULL);
		struct nt_civil civil;
		bool has_offset;
		nt_time t = 0;

		if (!nt_instant_parse(cases[i].text, strlen(cases[i].text), &civil, &has_offset, &t, NULL))
			fail_msg("'%s' was refused", cases[i].text);
		assert_int_equal(has_offset, cases[i].has_offset);
		nt_time_print_utc(has_offset ? t : nt_civil_utc(&civil), out);
		assert_string_equal(out->str, cases[i].utc);
		assert_int_equal(nt_instant_precision(cases[i].text, strlen(cases[i].text)), cases[i].precision);
		g_string_free(out, TRUE);
	}
}

static void wrong_instants_are_refused(void **state)
{
	static const char *const wrong[] = {
		"",
		"2026-12-01T",
		"2026-12-01x09:00",
		"2026-12-01 09",
		"2026-12-01 25:00",
		"2026-12-01 09:00:60",
		"2026-12-01 09:00:00.",
		"2026-12-01 09:00Zx",
		"2026-12-01 09:00 EST",
		"2026-12-01 09:00+5",
		"2026-12-01 09:00-24:00",
		"2026-12-01Z",
		"2026-02-30 09:00",
		"2026-12-01 09:00-05:00x",
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
		struct nt_civil civil;
		bool has_offset;
		nt_time t = 42;
		const char *why = NULL;

		if (nt_instant_parse(wrong[i], strlen(wrong[i]), &civil, &has_offset, &t, &why))
			fail_msg("'%s' was taken", wrong[i]);
		assert_non_null(why);
		assert_int_equal(t, 42);
	}
}

static void local_times_show_what_matters(void **state)
{
	(void)state;
	assert_string_equal(shown("America/New_York", at("UTC", "2026-03-02T15:00:00Z")), "Mon 2026-03-02 10:00 EST");
	assert_string_equal(shown("UTC", 1), "Thu 1970-01-01 00:00:00.001 UTC");
	assert_string_equal(shown("UTC", NT_NEVER), "never");
	assert_string_equal(shown("UTC", NT_NO_TIME), "none");
}

static int forget_zones(void **state)
{
	(void)state;
	zones_free();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(durations_are_read_and_printed),
		cmocka_unit_test(negative_durations_are_printed),
		cmocka_unit_test(calendar_and_elapsed_time_are_told_apart),
		cmocka_unit_test(wrong_durations_are_refused_with_a_reason),
		cmocka_unit_test(clocks),
		cmocka_unit_test(weekdays_short_or_long),
		cmocka_unit_test(dates),
		cmocka_unit_test(instants),
		cmocka_unit_test(wrong_instants_are_refused),
		cmocka_unit_test(local_times_show_what_matters),
	};

	return cmocka_run_group_tests(tests, NULL, forget_zones);
}
