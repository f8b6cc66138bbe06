#include "unit.h"

#include "base/window.h"
#include "zone_file.h"

#define NY "America/New_York"
#define BERLIN "Europe/Berlin"

static struct nt_window items[8];

/* A list of windows, separated by ";". Holds until the next call. */
static struct nt_windows windows(const char *text)
{
	char **parts = g_strsplit(text, ";", -1);
	struct nt_windows all = { .items = items };

	for (char **part = parts; *part != NULL && **part != '\0'; part++)
		if (!nt_window_parse(*part, strlen(*part), &items[all.n++], NULL))
			g_error("'%s' is no window", *part);
	g_strfreev(parts);
	return all;
}

static const char *next(const char *name, const char *text, const char *from)
{
	struct nt_windows all = windows(text);

	return shown(name, nt_windows_next(&all, zone(name), at(name, from)));
}

static const char *end(const char *name, const char *text, const char *from)
{
	struct nt_windows all = windows(text);

	return shown(name, nt_windows_end(&all, zone(name), at(name, from)));
}

static bool contain(const char *name, const char *text, const char *t)
{
	struct nt_windows all = windows(text);

	return nt_windows_contain(&all, zone(name), at(name, t));
}

static const char *spend(const char *name, const char *text, const char *from, nt_time ms,
                         bool (*skip)(void *context, int64_t day), void *context)
{
	struct nt_windows all = windows(text);

	return shown(name, nt_windows_spend(&all, zone(name), at(name, from), ms, skip, context));
}

/* --- text --- */

static void windows_are_read_and_printed(void **state)
{
	static const char *const cases[][2] = {
		{ "mon-fri 09:00-17:00", "mon-fri 09:00-17:00" },
		{ "daily 08:00-20:00", "daily 08:00-20:00" },
		{ "sat,sun 10:00-14:00", "sat,sun 10:00-14:00" },
		{ "22:00-02:00", "daily 22:00-02:00" },
		{ "00:00-24:00", "daily 00:00-24:00" },
		{ "mon 22:00-00:00", "mon 22:00-24:00" },
		{ " Monday, Wed - friday  9:00 - 17:30 ", "mon,wed-fri 09:00-17:30" },
		{ "sat-mon 10:00-11:00", "mon,sat,sun 10:00-11:00" },
		{ "mon,tue,wed 10:00-11:00", "mon-wed 10:00-11:00" },
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		GString *out = g_string_new(NULL);
		struct nt_window window;

		if (!nt_window_parse(cases[i][0], strlen(cases[i][0]), &window, NULL))
			fail_msg("'%s' was refused", cases[i][0]);
		nt_window_print(window, out);
		assert_string_equal(out->str, cases[i][1]);
		g_string_free(out, TRUE);
	}
}

static void a_window_past_midnight_ends_on_the_next_day(void **state)
{
	struct nt_window window;

	(void)state;
	assert_true(nt_window_parse("fri 22:00-02:00", 15, &window, NULL));
	assert_int_equal(window.days, 1 << 4);
	assert_int_equal(window.start, 22 * 60);
	assert_int_equal(window.end, 26 * 60);
}

static void wrong_windows_are_refused_with_a_reason(void **state)
{
	static const char *const cases[][2] = {
		{ "", "written like" },
		{ "mon-fri", "written like" },
		{ "weekdays 09:00-17:00", "days are written" },
		{ "mon-fri,, 09:00-17:00", "days are written" },
		{ "mon-fri 09:00", "written like" },
		{ "mon-fri09:00-17:00", "written like" },
		{ "09:00-09:00", "can't end when it begins" },
		{ "24:00-25:00", "between 00:00 and 23:59" },
		{ "09:00-24:01", "between 00:00 and 23:59" },
		{ "09:00-17:00 mon", "written like" },
		{ "9am-5pm", "written like" },
		{ "mon- 09:00-17:00", "days are written" },
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		const char *why = "";
		struct nt_window window;

		if (nt_window_parse(cases[i][0], strlen(cases[i][0]), &window, &why) ||
		    strstr(why, cases[i][1]) == NULL)
			fail_msg("'%s': %s", cases[i][0], why);
	}
}

/* --- membership --- */

static void windows_are_half_open(void **state)
{
	(void)state;
	assert_false(contain(NY, "mon-fri 09:00-17:00", "2026-03-02 08:59:59.999"));
	assert_true(contain(NY, "mon-fri 09:00-17:00", "2026-03-02 09:00"));
	assert_true(contain(NY, "mon-fri 09:00-17:00", "2026-03-02 16:59:59.999"));
	assert_false(contain(NY, "mon-fri 09:00-17:00", "2026-03-02 17:00"));
	assert_false(contain(NY, "mon-fri 09:00-17:00", "2026-03-01 12:00"));
	assert_true(contain(NY, "", "2026-03-01 12:00"));
}

static void past_midnight_it_belongs_to_its_starting_day(void **state)
{
	(void)state;
	assert_true(contain(NY, "fri 22:00-02:00", "2026-03-06 23:00"));
	assert_true(contain(NY, "fri 22:00-02:00", "2026-03-07 01:59"));
	assert_false(contain(NY, "fri 22:00-02:00", "2026-03-07 02:00"));
	assert_false(contain(NY, "fri 22:00-02:00", "2026-03-06 01:00"));
	assert_false(contain(NY, "fri 22:00-02:00", "2026-03-07 22:00"));
}

static void the_next_instant_inside(void **state)
{
	static const char send[] = "mon-fri 08:00-20:00;sat 10:00-16:00";

	(void)state;
	assert_string_equal(next(NY, send, "2026-03-04 10:00"), "Wed 2026-03-04 10:00 EST");
	assert_string_equal(next(NY, send, "2026-03-04 20:00"), "Thu 2026-03-05 08:00 EST");
	assert_string_equal(next(NY, send, "2026-03-07 09:59"), "Sat 2026-03-07 10:00 EST");
	assert_string_equal(next(NY, send, "2026-03-07 16:00"), "Mon 2026-03-09 08:00 EDT");
	assert_string_equal(next(NY, "mon 09:00-10:00", "2026-03-02 10:00"), "Mon 2026-03-09 09:00 EDT");
	assert_string_equal(next(NY, "", "2026-03-07 16:00"), "Sat 2026-03-07 16:00 EST");
}

/* The clock's gap on 2026-03-08 in New York is from 02:00 to 03:00; its overlap on 11-01 from 01:00 to 02:00. */
static void ends_are_resolved_not_read_off_the_wall(void **state)
{
	(void)state;
	assert_string_equal(next(NY, "02:30-04:00", "2026-03-08 00:00"), "Sun 2026-03-08 03:00 EDT");
	assert_string_equal(end(NY, "01:00-02:30", "2026-03-08 01:30"), "Sun 2026-03-08 03:00 EDT");
	/* Swallowed whole: not open on that day. */
	assert_string_equal(next(NY, "02:15-02:45", "2026-03-08 00:00"), "Mon 2026-03-09 02:15 EDT");
	/* Ends at the first 01:30, so the second 01:15 lies outside. */
	assert_string_equal(end(NY, "00:00-01:30", "2026-11-01 00:00"), "Sun 2026-11-01 01:30 EDT");
	assert_false(contain(NY, "00:00-01:30", "2026-11-01T01:15:00-05:00"));
	/* Begins at the first 01:30 and goes on through the second 01:00 to 02:00 EST. */
	assert_true(contain(NY, "01:30-02:00", "2026-11-01T01:15:00-05:00"));
	assert_string_equal(end(NY, "01:30-02:00", "2026-11-01 01:30"), "Sun 2026-11-01 02:00 EST");
	assert_string_equal(next("Pacific/Apia", "fri 09:00-17:00", "2011-12-29 12:00"), "Fri 2012-01-06 09:00 +14");
	/* A day that has begun, although the wall has gone back to the day before. */
	assert_true(contain("America/St_Johns", "sun 00:00-01:00", "2006-10-29T02:45:00Z"));
}

static void touching_windows_are_one(void **state)
{
	(void)state;
	assert_string_equal(end(NY, "mon-fri 09:00-17:00", "2026-03-02 09:00"), "Mon 2026-03-02 17:00 EST");
	assert_string_equal(end(NY, "mon-fri 09:00-17:00", "2026-03-02 08:00"), "Mon 2026-03-02 08:00 EST");
	assert_string_equal(end(NY, "mon 09:00-12:00;mon 12:00-17:00", "2026-03-02 09:00"), "Mon 2026-03-02 17:00 EST");
	assert_string_equal(end(NY, "mon 09:00-13:00;mon 12:00-17:00", "2026-03-02 09:00"), "Mon 2026-03-02 17:00 EST");
	assert_string_equal(end(NY, "mon-wed 00:00-24:00", "2026-03-02 09:00"), "Thu 2026-03-05 00:00 EST");
	assert_string_equal(end(NY, "22:00-02:00", "2026-03-02 23:00"), "Tue 2026-03-03 02:00 EST");
	assert_string_equal(end(NY, "daily 00:00-24:00", "2026-03-02 09:00"), "never");
	assert_string_equal(end(NY, "", "2026-03-02 09:00"), "never");
}

/* At every instant of a year: next and end tell what contain does, minute by minute. */
static void next_and_end_agree_with_contain(void **state)
{
	static const char *const cases[][2] = {
		{ NY, "mon-fri 08:00-20:00;sat 10:00-16:00" },
		{ NY, "22:00-02:30" },
		{ NY, "sun 01:15-02:45;mon 00:00-24:00" },
		{ "Australia/Lord_Howe", "01:45-02:15" },
		{ "Europe/Dublin", "sat,sun 00:30-01:30;22:00-01:00" },
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct nt_windows all = windows(cases[i][1]);
		const struct nt_zone *here = zone(cases[i][0]);
		nt_time t = at("UTC", "2026-02-20T00:00:00Z"), stop = at("UTC", "2026-11-20T00:00:00Z");

		while (t < stop) {
			bool inside = nt_windows_contain(&all, here, t);
			nt_time change = inside ? nt_windows_end(&all, here, t) : nt_windows_next(&all, here, t);

			assert_true(change > t && change - t < 8 * NT_DAY);
			for (nt_time minute = t; minute < change; minute += 5 * NT_MINUTE)
				if (nt_windows_contain(&all, here, minute) != inside)
					fail_msg("%s, %s: %s", cases[i][0], cases[i][1], shown(cases[i][0], minute));
			assert_true(nt_windows_contain(&all, here, change) != inside);
			t = change;
		}
	}
}

/* --- working time --- */

static bool is_away(void *context, int64_t day)
{
	const int64_t *days = context;

	return day >= days[0] && day <= days[1];
}

static void working_time_passes_only_inside(void **state)
{
	(void)state;
	assert_string_equal(spend(BERLIN, "mon-fri 09:00-17:30", "2026-03-27 17:15", 30 * NT_MINUTE, NULL, NULL),
	                    "Mon 2026-03-30 09:15 CEST");
	assert_string_equal(spend(NY, "mon-fri 09:00-17:00", "2026-03-30T09:15:00+02:00", 30 * NT_MINUTE, NULL, NULL),
	                    "Mon 2026-03-30 09:30 EDT");
	assert_string_equal(spend(NY, "mon-fri 09:00-17:00", "2026-03-02 16:30", 30 * NT_MINUTE, NULL, NULL),
	                    "Mon 2026-03-02 17:00 EST");
	assert_string_equal(spend(NY, "mon-fri 09:00-17:00", "2026-03-02 09:00", 16 * NT_HOUR + 1, NULL, NULL),
	                    "Wed 2026-03-04 09:00:00.001 EST");
	assert_string_equal(spend(NY, "", "2026-03-07 12:00", 24 * NT_HOUR, NULL, NULL), "Sun 2026-03-08 13:00 EDT");
	assert_string_equal(spend(NY, "mon 09:00-10:00", "2026-03-07 12:00", 0, NULL, NULL),
			    "Sat 2026-03-07 12:00 EST");
	assert_string_equal(spend(NY, "22:00-02:00", "2026-03-02 21:00", 5 * NT_HOUR, NULL, NULL),
			    "Tue 2026-03-03 23:00 EST");
	assert_string_equal(spend(NY, "mon 09:00-10:00", "2026-03-02 12:00", 100 * NT_HOUR, NULL, NULL), "never");
}

static void days_off_do_not_count(void **state)
{
	int64_t away[] = { nt_civil_days(2026, 3, 27), nt_civil_days(2026, 3, 30) },
		always[] = { INT64_MIN, INT64_MAX };

	(void)state;
	assert_string_equal(spend(BERLIN, "mon-fri 09:00-17:30", "2026-03-26 17:00", NT_HOUR, is_away, away),
	                    "Tue 2026-03-31 09:30 CEST");
	assert_string_equal(spend(BERLIN, "", "2026-03-27 12:00", NT_HOUR, is_away, away), "Tue 2026-03-31 01:00 CEST");
	/* A shift past midnight: the hours that fall on the day off are lost. */
	assert_string_equal(spend(BERLIN, "22:00-02:00", "2026-03-26 23:00", 2 * NT_HOUR, is_away, away),
	                    "Tue 2026-03-31 01:00 CEST");
	assert_string_equal(spend(BERLIN, "daily 09:00-17:30", "2026-03-26 17:00", NT_HOUR, is_away, always), "never");
}

static void nothing_overflows_at_the_calendars_ends(void **state)
{
	struct nt_windows all = windows("mon-fri 09:00-17:00;22:00-02:00");
	static const nt_time ends[] = { NT_TIME_MIN, NT_TIME_MAX, NT_NEVER, NT_NO_TIME, NT_TIME_MAX - NT_DAY };

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(ends); i++) {
		nt_windows_contain(&all, zone(NY), ends[i]);
		nt_windows_next(&all, zone(NY), ends[i]);
		nt_windows_end(&all, zone(NY), ends[i]);
		nt_windows_spend(&all, zone(NY), ends[i], 1000 * NT_HOUR, NULL, NULL);
	}
	all.n = 0;
	assert_true(nt_windows_spend(&all, zone(NY), NT_TIME_MAX - NT_DAY, 1000 * NT_HOUR, NULL, NULL) == NT_NEVER);
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
		cmocka_unit_test(windows_are_read_and_printed),
		cmocka_unit_test(a_window_past_midnight_ends_on_the_next_day),
		cmocka_unit_test(wrong_windows_are_refused_with_a_reason),
		cmocka_unit_test(windows_are_half_open),
		cmocka_unit_test(past_midnight_it_belongs_to_its_starting_day),
		cmocka_unit_test(the_next_instant_inside),
		cmocka_unit_test(ends_are_resolved_not_read_off_the_wall),
		cmocka_unit_test(touching_windows_are_one),
		cmocka_unit_test(next_and_end_agree_with_contain),
		cmocka_unit_test(working_time_passes_only_inside),
		cmocka_unit_test(days_off_do_not_count),
		cmocka_unit_test(nothing_overflows_at_the_calendars_ends),
	};

	return cmocka_run_group_tests(tests, NULL, forget_zones);
}
