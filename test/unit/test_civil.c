#include "unit.h"

#include "zone_file.h"

#define NY "America/New_York"
#define BERLIN "Europe/Berlin"

static struct nt_duration duration(const char *text)
{
	struct nt_duration d = { 0 };
	bool negative = text[0] == '-';

	if (!nt_duration_parse(text + negative, strlen(text + negative), &d, NULL))
		g_error("'%s' is no duration", text);
	if (negative)
		d = (struct nt_duration){ -d.months, -d.days, -d.ms };
	return d;
}

static void assert_at(const char *name, nt_time t, const char *expected)
{
	assert_string_equal(shown(name, t), expected);
}

/* --- the calendar --- */

/* Counted day by day over four centuries and more, then at the ends. */
static void days_and_dates_agree(void **state)
{
	int64_t day = nt_civil_days(1590, 1, 1);
	int weekday = nt_civil_weekday(day);

	(void)state;
	for (int year = 1590; year < 2430; year++)
		for (int month = 1; month <= 12; month++)
			for (int d = 1; d <= nt_civil_month_days(year, month);
			     d++, day++, weekday = (weekday + 1) % 7) {
				int y, m, dd;

				nt_civil_from_days(day, &y, &m, &dd);
				if (y != year || m != month || dd != d || nt_civil_days(year, month, d) != day ||
				    nt_civil_weekday(day) != weekday)
					fail_msg("%04d-%02d-%02d reads as %04d-%02d-%02d", year, month, d, y, m, dd);
			}
	assert_int_equal(nt_civil_days(1970, 1, 1), 0);
	assert_int_equal(nt_civil_weekday(0), 3);
	assert_int_equal(nt_civil_weekday(nt_civil_days(2026, 3, 2)), 0);
	assert_int_equal(nt_civil_days(9999, 12, 31) * NT_DAY + NT_DAY - 1, NT_TIME_MAX);
	assert_int_equal(nt_civil_days(1, 1, 1) * NT_DAY, NT_TIME_MIN);
}

static void leap_years(void **state)
{
	(void)state;
	assert_int_equal(nt_civil_month_days(2024, 2), 29);
	assert_int_equal(nt_civil_month_days(2026, 2), 28);
	assert_int_equal(nt_civil_month_days(2000, 2), 29);
	assert_int_equal(nt_civil_month_days(2100, 2), 28);
}

static void readings_round_trip(void **state)
{
	static const nt_time instants[] = { 0, -1, 1, NT_TIME_MIN, NT_TIME_MAX, 951782399999, -62135596799999 };

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(instants); i++) {
		struct nt_civil civil = nt_civil_from_utc(instants[i]);

		assert_true(nt_civil_valid(&civil));
		assert_true(nt_civil_utc(&civil) == instants[i]);
	}
	nt_civil_from_utc(INT64_MIN);
	nt_civil_from_utc(INT64_MAX);
}

/* --- wall clocks --- */

static void a_reading_in_a_gap_is_the_first_instant_after_it(void **state)
{
	(void)state;
	assert_at(NY, at(NY, "2026-03-08 02:00"), "Sun 2026-03-08 03:00 EDT");
	assert_at(NY, at(NY, "2026-03-08 02:30"), "Sun 2026-03-08 03:00 EDT");
	assert_at(NY, at(NY, "2026-03-08 02:59:59.999"), "Sun 2026-03-08 03:00 EDT");
	assert_at(NY, at(NY, "2026-03-08 01:59:59.999"), "Sun 2026-03-08 01:59:59.999 EST");
	assert_at("Australia/Lord_Howe", at("Australia/Lord_Howe", "2026-10-04 02:15"), "Sun 2026-10-04 02:30 +11");
	assert_at("Pacific/Apia", at("Pacific/Apia", "2011-12-30 10:00"), "Sat 2011-12-31 00:00 +14");
	assert_at("America/Sao_Paulo", at("America/Sao_Paulo", "2018-11-04 00:00"), "Sun 2018-11-04 01:00 -02");
}

static void a_reading_in_an_overlap_is_the_first_of_the_two(void **state)
{
	(void)state;
	assert_at(NY, at(NY, "2026-11-01 01:30"), "Sun 2026-11-01 01:30 EDT");
	assert_at(NY, at(NY, "2026-11-01 01:00"), "Sun 2026-11-01 01:00 EDT");
	assert_at(NY, at(NY, "2026-11-01 02:00"), "Sun 2026-11-01 02:00 EST");
	assert_at("Australia/Lord_Howe", at("Australia/Lord_Howe", "2026-04-05 01:45"), "Sun 2026-04-05 01:45 +11");
	assert_at("Europe/Dublin", at("Europe/Dublin", "2050-10-30 01:30"), "Sun 2050-10-30 01:30 IST");
}

static int64_t local_day(const struct nt_zone *here, nt_time t)
{
	struct nt_civil civil = nt_civil_at(here, t);

	return nt_civil_days(civil.year, civil.month, civil.day);
}

/* Every quarter of an hour of years with changes, in zones of every kind. */
static void instants_and_readings_agree(void **state)
{
	static const struct {
		const char *zone;
		int year;
	} cases[] = {
		{ NY, 2026 }, { "Europe/Dublin", 2045 }, { "Australia/Lord_Howe", 2026 }, { "Pacific/Apia", 2011 },
		{ "America/St_Johns", 2006 }, { "Africa/Casablanca", 2025 }, { "America/Havana", 2026 },
		{ "Asia/Manila", 1844 }, { "Antarctica/Troll", 2030 }, { "America/Sao_Paulo", 2018 },
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		const struct nt_zone *here = zone(cases[i].zone);
		struct nt_civil first = { .year = cases[i].year, .month = 1, .day = 1 };
		nt_time start = nt_civil_utc(&first);

		for (nt_time t = start; t < start + 366 * NT_DAY; t += 15 * NT_MINUTE) {
			struct nt_civil civil = nt_civil_at(here, t);
			nt_time again = nt_civil_instant(here, &civil), next = nt_civil_next_midnight(here, t);
			nt_time of_day = nt_civil_midnight(here, t);

			/* The reading's first instant: t itself, or earlier where the clock was put back. */
			if (again > t || t - again > 25 * NT_HOUR ||
			    nt_civil_utc(&civil) - again != nt_zone_offset(here, again, NULL, NULL) * NT_SECOND)
				fail_msg("%s: %s is read as %s", cases[i].zone, shown(cases[i].zone, t),
					 shown(cases[i].zone, again));
			if (of_day > t || next <= t || local_day(here, of_day) != local_day(here, t) ||
			    local_day(here, next) <= local_day(here, t) ||
			    local_day(here, next - 1) > local_day(here, t))
				fail_msg("%s: midnights around %s are wrong", cases[i].zone, shown(cases[i].zone, t));
		}
	}
}

static void midnights(void **state)
{
	(void)state;
	assert_at(NY, nt_civil_midnight(zone(NY), at(NY, "2026-03-08 12:00")), "Sun 2026-03-08 00:00 EST");
	assert_at(NY, nt_civil_next_midnight(zone(NY), at(NY, "2026-03-08 12:00")), "Mon 2026-03-09 00:00 EDT");
	assert_at(NY, nt_civil_next_midnight(zone(NY), at(NY, "2026-03-08 00:00")), "Mon 2026-03-09 00:00 EDT");
	/* A day that begins at 01:00, a day that isn't there. */
	assert_at("America/Sao_Paulo",
	          nt_civil_midnight(zone("America/Sao_Paulo"), at("America/Sao_Paulo", "2018-11-04 12:00")),
	          "Sun 2018-11-04 01:00 -02");
	assert_at("Pacific/Apia", nt_civil_next_midnight(zone("Pacific/Apia"), at("Pacific/Apia", "2011-12-29 12:00")),
	          "Sat 2011-12-31 00:00 +14");
	/* 2006-10-29: from 00:01 back to 23:01 of the day before; its midnight comes twice. */
	assert_at("America/St_Johns",
	          nt_civil_midnight(zone("America/St_Johns"), at("America/St_Johns", "2006-10-29 12:00")),
	          "Sun 2006-10-29 00:00 NDT");
	assert_at("America/St_Johns",
		  nt_civil_next_midnight(zone("America/St_Johns"), at("UTC", "2006-10-29T03:00:00Z")),
		  "Sun 2006-10-29 00:00 NST");
}

/* --- durations --- */

static void plus_takes_calendar_time_on_the_wall_clock(void **state)
{
	static const struct {
		const char *zone, *from, *duration, *to;
	} cases[] = {
		{ NY, "2026-03-07 10:00", "1 day", "Sun 2026-03-08 10:00 EDT" },
		{ NY, "2026-03-07 10:00", "24 hours", "Sun 2026-03-08 11:00 EDT" },
		{ NY, "2026-03-07 02:30", "1 day", "Sun 2026-03-08 03:00 EDT" },
		{ NY, "2026-03-07 02:30", "1 day 4 hours", "Sun 2026-03-08 07:00 EDT" },
		{ NY, "2026-10-31 01:30", "1 day", "Sun 2026-11-01 01:30 EDT" },
		{ NY, "2026-10-31 01:30", "1 day 1 hour", "Sun 2026-11-01 01:30 EST" },
		{ NY, "2026-01-31 09:00", "1 month", "Sat 2026-02-28 09:00 EST" },
		{ NY, "2024-01-31 09:00", "1 month", "Thu 2024-02-29 09:00 EST" },
		{ NY, "2024-02-29 09:00", "1 year", "Fri 2025-02-28 09:00 EST" },
		{ NY, "2026-01-31 09:00", "1 month 1 day", "Sun 2026-03-01 09:00 EST" },
		{ NY, "2026-11-30 09:00", "3 months", "Sun 2027-02-28 09:00 EST" },
		{ NY, "2026-03-02 10:00", "1 week", "Mon 2026-03-09 10:00 EDT" },
		{ BERLIN, "2026-03-26 12:00", "7 days", "Thu 2026-04-02 12:00 CEST" },
		{ BERLIN, "2026-03-27 12:00", "7 days", "Fri 2026-04-03 12:00 CEST" },
		{ "Pacific/Apia", "2011-12-29 10:00", "1 day", "Sat 2011-12-31 00:00 +14" },
		{ "Australia/Lord_Howe", "2026-10-03 02:10", "1 day", "Sun 2026-10-04 02:30 +11" },
		{ "Australia/Lord_Howe", "2026-10-03 12:00", "24 hours", "Sun 2026-10-04 12:30 +11" },
		{ "Europe/Dublin", "2040-03-24 12:00", "1 day", "Sun 2040-03-25 12:00 IST" },
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
		assert_at(cases[i].zone,
			  nt_time_plus(zone(cases[i].zone), at(cases[i].zone, cases[i].from),
				       duration(cases[i].duration)),
			  cases[i].to);
}

static void without_a_calendar_part_nothing_is_resolved(void **state)
{
	nt_time second = at(NY, "2026-11-01T01:30:00-05:00"); /* the later of the two 01:30 */

	(void)state;
	assert_true(nt_time_plus(zone(NY), second, duration("0 seconds")) == second);
	assert_true(nt_time_plus(zone(NY), second, duration("1 hour")) == second + NT_HOUR);
	assert_true(nt_time_minus(zone(NY), second, duration("1 hour")) == second - NT_HOUR);
	/* With one, the reading is, to its first instant. */
	assert_at(NY, nt_time_minus(zone(NY), at(NY, "2026-11-02 01:30"), duration("1 day")),
		  "Sun 2026-11-01 01:30 EDT");
}

static void minus_mirrors_plus(void **state)
{
	static const struct {
		const char *from, *duration, *to;
	} cases[] = {
		{ "2026-03-09 02:30", "1 day", "Sun 2026-03-08 03:00 EDT" },
		{ "2026-03-31 09:00", "1 month", "Sat 2026-02-28 09:00 EST" },
		{ "2024-02-29 09:00", "1 year", "Tue 2023-02-28 09:00 EST" },
		{ "2026-03-09 10:00", "1 day 2 hours", "Sun 2026-03-08 08:00 EDT" },
		{ "2026-03-09 01:00", "1 day 2 hours", "Sat 2026-03-07 23:00 EST" },
		{ "2026-04-01 09:00", "1 month 1 day", "Sat 2026-02-28 09:00 EST" },
		{ "2026-01-15 09:00", "1 month", "Mon 2025-12-15 09:00 EST" },
		{ "2026-03-08 03:30", "1 hour", "Sun 2026-03-08 01:30 EST" },
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
		assert_at(NY, nt_time_minus(zone(NY), at(NY, cases[i].from), duration(cases[i].duration)), cases[i].to);
	assert_true(nt_time_plus(zone(NY), at(NY, "2026-03-31 09:00"), duration("-1 month")) ==
		    at(NY, "2026-02-28 09:00"));
	assert_true(nt_time_minus(zone(NY), at(NY, "2026-03-07 10:00"), duration("-1 day")) ==
		    at(NY, "2026-03-08 10:00"));
}

static void within_is_half_open(void **state)
{
	nt_time x = at(BERLIN, "2026-03-26 12:00"), end = at(BERLIN, "2026-04-02 12:00");

	(void)state;
	assert_true(nt_time_within(zone(BERLIN), x, x, duration("7 days")));
	assert_true(nt_time_within(zone(BERLIN), x, end - 1, duration("7 days")));
	assert_false(nt_time_within(zone(BERLIN), x, end, duration("7 days")));
	assert_false(nt_time_within(zone(BERLIN), x, x - 1, duration("7 days")));
	assert_false(nt_time_within(zone(BERLIN), x, x, duration("0 seconds")));
	assert_false(nt_time_within(zone(BERLIN), NT_NO_TIME, x, duration("7 days")));
	/* A month after 31 January ends on 28 February, at every instant that is asked. */
	assert_true(nt_time_within(zone(NY), at(NY, "2026-01-31 10:00"), at(NY, "2026-02-28 09:59"),
				   duration("1 month")));
	assert_false(nt_time_within(zone(NY), at(NY, "2026-01-31 10:00"), at(NY, "2026-03-01 09:00"),
				    duration("1 month")));
}

static void time_saturates_at_the_calendars_ends(void **state)
{
	static const struct nt_duration long_ones[] = {
		{ .months = INT32_MAX }, { .days = INT32_MAX }, { .ms = INT64_MAX },
		{ .months = INT32_MAX, .days = INT32_MAX, .ms = INT64_MAX },
		{ .months = INT32_MIN, .days = INT32_MIN, .ms = INT64_MIN },
		{ .ms = INT64_MIN }, { .days = INT32_MIN },
	};
	static const char *const zones[] = { "UTC", NY, "Pacific/Apia", "Pacific/Kiritimati" };

	(void)state;
	for (size_t z = 0; z < G_N_ELEMENTS(zones); z++)
		for (size_t i = 0; i < G_N_ELEMENTS(long_ones); i++) {
			bool back = long_ones[i].months < 0 || long_ones[i].days < 0 || long_ones[i].ms < 0;
			nt_time far = back ? NT_TIME_MIN : NT_TIME_MAX, near = back ? NT_TIME_MAX : NT_TIME_MIN;

			/* An end's local reading lies a few hours beyond the calendar; it is cut off there. */
			assert_true(ABS(nt_time_plus(zone(zones[z]), 0, long_ones[i]) - far) <= NT_DAY);
			assert_true(ABS(nt_time_plus(zone(zones[z]), far, long_ones[i]) - far) <= NT_DAY);
			assert_true(ABS(nt_time_minus(zone(zones[z]), 0, long_ones[i]) - near) <= NT_DAY);
			assert_true(ABS(nt_time_minus(zone(zones[z]), near, long_ones[i]) - near) <= NT_DAY);
		}
	assert_true(nt_time_plus(zone("UTC"), 0, (struct nt_duration){ .days = INT32_MAX }) == NT_TIME_MAX);
	assert_true(nt_time_plus(zone(NY), NT_NEVER, duration("1 day")) == NT_NEVER);
	assert_true(nt_time_minus(zone(NY), NT_NO_TIME, duration("1 day")) == NT_NO_TIME);
	assert_at("UTC", nt_civil_next_midnight(zone("UTC"), NT_TIME_MAX), "Fri 9999-12-31 23:59:59.999 UTC");
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
		cmocka_unit_test(days_and_dates_agree),
		cmocka_unit_test(leap_years),
		cmocka_unit_test(readings_round_trip),
		cmocka_unit_test(a_reading_in_a_gap_is_the_first_instant_after_it),
		cmocka_unit_test(a_reading_in_an_overlap_is_the_first_of_the_two),
		cmocka_unit_test(instants_and_readings_agree),
		cmocka_unit_test(midnights),
		cmocka_unit_test(plus_takes_calendar_time_on_the_wall_clock),
		cmocka_unit_test(without_a_calendar_part_nothing_is_resolved),
		cmocka_unit_test(minus_mirrors_plus),
		cmocka_unit_test(within_is_half_open),
		cmocka_unit_test(time_saturates_at_the_calendars_ends),
	};

	return cmocka_run_group_tests(tests, NULL, forget_zones);
}
