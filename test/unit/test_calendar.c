/* Which days an iCalendar file gives, and what is said of one that gives none. */
#include "os/calendar.h"

#include "base/arena.h"
#include "base/civil.h"

#include "unit.h"

#include <string.h>

static gint by_day(gconstpointer a, gconstpointer b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* The days in order, "2026-12-25 …", or the first error as "LINE: message". g_free() it. */
static char *days_of(const char *text, size_t length)
{
	struct nt_diags *diags = nt_diags_new();
	const struct nt_source *source = nt_diags_source(diags, "us.ics", text, length);
	GArray *days = g_array_new(FALSE, FALSE, sizeof(int64_t));
	GString *out = g_string_new(NULL);
	bool good = nt_calendar_days(source, diags, days);

	assert_int_equal(good, nt_diags_errors(diags) == 0);
	g_array_sort(days, by_day);
	for (unsigned i = 0; good && i < days->len; i++) {
		int year, month, day;

		nt_civil_from_days(g_array_index(days, int64_t, i), &year, &month, &day);
		g_string_append_printf(out, "%s%04d-%02d-%02d", i > 0 ? " " : "", year, month, day);
	}
	if (!good)
		g_string_append_printf(out, "%d: %s", nt_diags_peek(diags, 0)->line, nt_diags_peek(diags, 0)->message);
	g_array_free(days, TRUE);
	nt_diags_free(diags);
	return g_string_free(out, FALSE);
}

static void assert_file(const char *text, const char *wanted)
{
	char *got = days_of(text, strlen(text));

	assert_string_equal(got, wanted);
	g_free(got);
}

#define HEAD "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n"
#define TAIL "END:VCALENDAR\r\n"
#define EVENT(lines) HEAD "BEGIN:VEVENT\r\n" lines "END:VEVENT\r\n" TAIL

static void an_event_is_its_days(void **state)
{
	(void)state;
	assert_file(EVENT("DTSTART;VALUE=DATE:20261225\r\n"), "2026-12-25");
	assert_file(EVENT("DTSTART;VALUE=DATE:20261225\r\nDTEND;VALUE=DATE:20261226\r\n"), "2026-12-25");
	assert_file(EVENT("DTSTART;VALUE=DATE:20261225\r\nDTEND;VALUE=DATE:20261228\r\n"),
	            "2026-12-25 2026-12-26 2026-12-27");
	assert_file(EVENT("DTSTART;VALUE=DATE:20261225\r\nDTEND;VALUE=DATE:20261225\r\n"), "2026-12-25");
	assert_file(EVENT("DTSTART;VALUE=DATE:20261230\r\nDURATION:P3D\r\n"), "2026-12-30 2026-12-31 2027-01-01");
	assert_file(EVENT("DTSTART;VALUE=DATE:20261228\r\nDURATION:P1W\r\n"),
	            "2026-12-28 2026-12-29 2026-12-30 2026-12-31 2027-01-01 2027-01-02 2027-01-03");
	/* times count as the days that they are on, as written */
	assert_file(EVENT("DTSTART;TZID=\"Europe:Berlin;x\":20261224T140000\r\nDTEND:20261226T000000\r\n"),
	            "2026-12-24 2026-12-25");
	assert_file(EVENT("DTSTART:20261224T230000Z\r\nDTEND:20261225T230000Z\r\n"), "2026-12-24 2026-12-25");
	assert_file(EVENT("DTSTART:20161231T235960Z\r\n"), "2016-12-31");
}

static void years_and_floating_feasts(void **state)
{
	(void)state;
	assert_file(EVENT("DTSTART;VALUE=DATE:20261126\r\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH;COUNT=3\r\n"),
	            "2026-11-26 2027-11-25 2028-11-23");
	assert_file(EVENT("DTSTART;VALUE=DATE:19990101\r\nRRULE:FREQ=YEARLY;UNTIL=20020101\r\n"),
	            "2000-01-01 2001-01-01 2002-01-01");
	assert_file(EVENT("DTSTART:20250101T000000\r\nRRULE:FREQ=YEARLY;UNTIL=20270101T120000Z\r\n"),
	            "2025-01-01 2026-01-01 2027-01-01");
	assert_file(EVENT("DTSTART;VALUE=DATE:20261225\r\nDTEND;VALUE=DATE:20261227\r\nRRULE:FREQ=YEARLY;COUNT=2\r\n"),
	            "2026-12-25 2026-12-26 2027-12-25 2027-12-26");
	assert_file(EVENT("DTSTART;VALUE=DATE:20980704\r\nRRULE:FREQ=YEARLY\r\n"), "2098-07-04 2099-07-04 2100-07-04");
	assert_file(EVENT("DTSTART;VALUE=DATE:20240229\r\nRRULE:FREQ=YEARLY;COUNT=2\r\n"), "2024-02-29 2028-02-29");
}

static void dates_more_and_less(void **state)
{
	(void)state;
	assert_file(EVENT("DTSTART;VALUE=DATE:20260403\r\nRDATE;VALUE=DATE:20270326,20280414\r\n"
	                  "RDATE;VALUE=PERIOD:20290330T000000/P1D\r\n"),
	            "2026-04-03 2027-03-26 2028-04-14 2029-03-30");
	assert_file(EVENT("DTSTART;VALUE=DATE:20260101\r\nRRULE:FREQ=MONTHLY;COUNT=5\r\n"
	                  "EXDATE;VALUE=DATE:20260401,20260201\r\n"),
	            "2026-01-01 2026-03-01 2026-05-01");
}

static void cancelled_and_replaced(void **state)
{
	(void)state;
	assert_file(HEAD "BEGIN:VEVENT\nUID:a\nDTSTART:20260101\nRRULE:FREQ=YEARLY;COUNT=3\nEND:VEVENT\n"
	            "BEGIN:VEVENT\nUID:a\nRECURRENCE-ID:20270101\nDTSTART:20270104\nEND:VEVENT\n"
	            "BEGIN:VEVENT\nUID:a\nRECURRENCE-ID:20280101\nDTSTART:20280101\nSTATUS:CANCELLED\nEND:VEVENT\n"
	            "BEGIN:VEVENT\nUID:b\nDTSTART:20270101\nEND:VEVENT\n"
	            "BEGIN:VEVENT\nUID:c\nDTSTART:20261231\nSTATUS:cancelled\nEND:VEVENT\n" TAIL,
	            "2026-01-01 2027-01-01 2027-01-04");
}

/* Zones, alarms, tasks and foreign properties are passed over; lines may be folded; no case matters. */
static void all_else_is_passed_over(void **state)
{
	(void)state;
	assert_file("\xef\xbb\xbf" "begin:vcalendar\n"
	            "BEGIN:VTIMEZONE\nBEGIN:STANDARD\nDTSTART:16010101T000000\nRRULE:FREQ=SECONDLY\nEND:STANDARD\n"
	            "END:VTIMEZONE\n"
	            "BEGIN:VTODO\nDTSTART:20260606\nEND:VTODO\n\n"
	            "BEGIN:VEVENT\nSUMMARY;X=\"a:b\":Christ\n  mas\ndtstart\n\t;value=date:2026\n 1225\n"
	            "BEGIN:VALARM\nDTSTART:nonsense\nTRIGGER:-PT15M\nEND:VALARM\nTRANSP:TRANSPARENT\nEND:VEVENT\n"
	            "end:vcalendar\n",
	            "2026-12-25");
	assert_file(EVENT("DTSTART:20260101\r\n") EVENT("DTSTART:20270101\r\n"), "2026-01-01 2027-01-01");
}

static void what_is_wrong_is_said_with_its_line(void **state)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{ "", "1: an iCalendar file begins with BEGIN:VCALENDAR" },
		{ "hello\n", "1: this is no line of an iCalendar file: NAME:VALUE" },
		{ "Date: today\n", "1: an iCalendar file begins with BEGIN:VCALENDAR" },
		{ "BEGIN:VEVENT\nEND:VEVENT\n", "1: an iCalendar file begins with BEGIN:VCALENDAR" },
		{ HEAD TAIL, "1: there is no event in this file" },
		{ HEAD "BEGIN:VEVENT\nDTSTART:20260101\n", "5: the file ends before END:VEVENT: it is cut off" },
		{ HEAD "BEGIN:VEVENT\nDTSTART:20260101\nEND:VCALENDAR\n", "5: END:VEVENT is wanted here" },
		{ "END:VCALENDAR\n", "1: END without a BEGIN" },
		{ EVENT("SUMMARY:x\n"), "3: this event has no DTSTART" },
		{ EVENT("DTSTART:2026-12-25\n"), "4: DTSTART is no date between 1900 and 2100: write 20261225" },
		{ EVENT("DTSTART:20260230\n"), "4: DTSTART is no date between 1900 and 2100: write 20261225" },
		{ EVENT("DTSTART:22000101\n"), "4: DTSTART is no date between 1900 and 2100: write 20261225" },
		{ EVENT("DTSTART:20260101\nDTEND:20280101\n"),
		  "3: this event lasts longer than a year: is its DTEND right?" },
		{ EVENT("DTSTART:20260101\nDURATION:-P1D\n"), "5: DURATION is no duration: write P1D for a day" },
		{ EVENT("DTSTART:20260101\nDURATION:tomorrow\n"), "5: DURATION is no duration: write P1D for a day" },
		{ EVENT("DTSTART:20260101\nRRULE:FREQ=HOURLY\n"), "5: a holiday repeats by days, not within one" },
		{ EVENT("DTSTART:20260101\nRRULE:FREQ=DAILY\n"),
		  "5: a daily rule needs COUNT or UNTIL, and takes no BY…: without an end no message would ever go "
		  "out" },
		{ EVENT("DTSTART:20260101\nRRULE:FREQ=FORTNIGHTLY\n"),
		  "5: this is no rule of repetition: write FREQ=YEARLY" },
		{ EVENT("DTSTART:20260101\nRRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30\n"),
		  "5: this rule gives no day up to 2100: is it meant so?" },
		{ EVENT("DTSTART:20260101\nRRULE:RSCALE=HEBREW;FREQ=YEARLY\n"),
		  "5: RSCALE isn't supported: give the dates as events of their own" },
		{ EVENT("DTSTART:20260101\nRRULE:FREQ=YEARLY\nRRULE:FREQ=YEARLY\n"), "6: an event has one RRULE" },
		{ EVENT("DTSTART:20260101\nEXRULE:FREQ=YEARLY\n"),
		  "5: EXRULE isn't supported: list the dates in EXDATE" },
		{ EVENT("DTSTART:20260101\nRDATE:20270101,soon\n"),
		  "5: RDATE holds what is no date between 1900 and 2100: write 20261225" },
		{ EVENT("DTSTART:19000101\nRRULE:FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR,SA,SU\n"),
		  "3: the events up to this one repeat more than 50000 times" },
	};

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++)
		assert_file(cases[i].text, cases[i].says);
}

static void what_is_too_much_is_refused(void **state)
{
	GString *text = g_string_new(HEAD);
	char *got;

	(void)state;
	for (unsigned i = 0; i <= NT_CALENDAR_EVENTS; i++)
		g_string_append(text, "BEGIN:VEVENT\nDTSTART:20260101\nEND:VEVENT\n");
	assert_file(text->str, "15003: more than 5000 events in a file");
	g_string_assign(text, HEAD);
	for (unsigned i = 0; i <= NT_CALENDAR_RULES; i++)
		g_string_append(text, "BEGIN:VEVENT\nDTSTART:20260101\nRRULE:FREQ=YEARLY;COUNT=1\nEND:VEVENT\n");
	assert_file(text->str, "805: too many events that repeat in a file: give their dates");
	g_string_assign(text, HEAD);
	for (unsigned i = 0; i < 200; i++)
		g_string_append(text, "BEGIN:VEVENT\nDTSTART:20260101\nDTEND:20270101\nEND:VEVENT\n");
	g_string_append(text, TAIL);
	assert_true(g_str_has_suffix(got = days_of(text->str, text->len),
	                             "the events up to this one cover more than 50000 days"));
	g_free(got);
	/* a rule looks at each day and month of two centuries; two million days are for all: too few for the 27th */
	g_string_assign(text, HEAD);
	for (unsigned i = 0; i < 40; i++)
		g_string_append(text, "BEGIN:VEVENT\nDTSTART:19000101\nRRULE:FREQ=YEARLY;BYYEARDAY=366\nEND:VEVENT\n");
	g_string_append(text, TAIL);
	assert_file(text->str, "109: the rules up to this one are too much to work out: give their dates as events of "
	                       "their own, or add COUNT, UNTIL or BYMONTH");
	g_string_assign(text, "");
	for (unsigned i = 0; i < 9; i++)
		g_string_append(text, "BEGIN:VCALENDAR\n");
	assert_file(text->str, "9: components are nested too deeply");
	g_string_set_size(text, NT_CALENDAR_SIZE + 1);
	memset(text->str, 'x', text->len);
	assert_true(g_str_has_suffix(got = days_of(text->str, text->len),
	                             "this file is too large for holidays (more than 1024 KiB)"));
	g_free(got);
	assert_true(g_str_has_suffix(got = days_of("BEGIN:VCALENDAR\0\n", 17),
	                             "this is no line of an iCalendar file: NAME:VALUE"));
	g_free(got);
	g_string_free(text, TRUE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_event_is_its_days),
		cmocka_unit_test(years_and_floating_feasts),
		cmocka_unit_test(dates_more_and_less),
		cmocka_unit_test(cancelled_and_replaced),
		cmocka_unit_test(all_else_is_passed_over),
		cmocka_unit_test(what_is_wrong_is_said_with_its_line),
		cmocka_unit_test(what_is_too_much_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
