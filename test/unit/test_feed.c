/* The iCalendar feed: whatever texts hold, a reader gets them back, and nothing else. */
#include "os/feed.h"

#include "unit.h"

#include <libical/ical.h>
#include <string.h>

#define NOW 1772445600000 /* 2026-03-02T10:00:00Z */

static char *feed_of(const struct nt_feed_event *events, unsigned n, const char *name)
{
	struct nt_feed *feed = nt_feed_new(name, NOW);

	for (unsigned i = 0; i < n; i++)
		nt_feed_add(feed, &events[i]);
	return nt_feed_end(feed);
}

/* RFC 5545, 3.1: lines of 75 octets at most, without CR LF; a character is never cut in two. */
static void check_lines(const char *text)
{
	assert_true(g_str_has_suffix(text, "END:VCALENDAR\r\n"));
	assert_true(g_utf8_validate(text, -1, NULL));
	while (*text != '\0') {
		const char *end = strstr(text, "\r\n");

		assert_non_null(end);
		assert_in_range(end - text, 1, 75);
		assert_true(g_utf8_validate(text, end - text, NULL));
		for (; text < end; text++)
			assert_true((unsigned char)*text >= 0x20 && *text != 0x7f);
		text = end + 2;
	}
}

static icalcomponent *event_of(icalcomponent *calendar, unsigned i)
{
	icalcomponent *event = icalcomponent_get_first_component(calendar, ICAL_VEVENT_COMPONENT);

	while (i-- > 0)
		event = icalcomponent_get_next_component(calendar, ICAL_VEVENT_COMPONENT);
	return event;
}

static void it_says_what_it_must(void **state)
{
	const struct nt_feed_event events[] = {
		{ .uid = "1@nurtured", .start = NOW + NT_HOUR, .summary = "Spring", .description = "a\nb" },
		{ .uid = "2@nurtured", .start = NOW, .floating = true, .summary = "Weekly", .transparent = true },
	};
	char *text = feed_of(events, 2, "What goes out");

	(void)state;
	check_lines(text);
	assert_true(g_str_has_prefix(text, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//nurtured//"));
	assert_non_null(strstr(text, "\r\nX-WR-CALNAME:What goes out\r\n"));
	assert_non_null(strstr(text, "BEGIN:VEVENT\r\nUID:1@nurtured\r\nDTSTAMP:20260302T100000Z\r\n"
	                             "DTSTART:20260302T110000Z\r\nSUMMARY:Spring\r\n"
	                             "DESCRIPTION:a\\nb\r\nEND:VEVENT\r\n"));
	assert_non_null(strstr(text, "\r\nDTSTART:20260302T100000\r\nSUMMARY:Weekly\r\n"
	                             "TRANSP:TRANSPARENT\r\n"));
	g_free(text);
}

static const char *text_or_none(const char *text)
{
	return text != NULL ? text : "";
}

static void no_text_breaks_out(void **state)
{
	static const char *const nasty[] = {
		"plain", "a;b,c:d\"e\\f", "two\nlines",
		"a\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nSUMMARY:forged", "tab\tbell\a.",
		"ünïcödé ünïcödé ünïcödé ünïcödé ünïcödé ünïcödé ünïcödé ünïcödé ünïcödé ünïcödé ünïcödé",
		"雪雪雪雪雪雪雪雪雪雪雪雪雪雪雪雪雪雪雪雪雪雪雪雪雪雪雪雪雪雪雪雪雪雪雪雪雪雪雪雪雪雪", "\\n", "ends\\", ";", "",
		"a very long line without any blank in it: "
		"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
	};

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(nasty); i++) {
		const struct nt_feed_event event = { .uid = "1@nurtured", .start = NOW, .summary = nasty[i],
			                             .description = nasty[i] };
		char *text = feed_of(&event, 1, nasty[i]), *wanted = g_strdup(nasty[i]);
		icalcomponent *calendar = icalparser_parse_string(text), *back;

		check_lines(text);
		for (char *c = wanted; *c != '\0'; c++)
			if (((unsigned char)*c < 0x20 && *c != '\n') || *c == 0x7f)
				*c = ' ';
		assert_non_null(calendar);
		assert_int_equal(icalcomponent_count_components(calendar, ICAL_VEVENT_COMPONENT), 1);
		assert_int_equal(icalcomponent_count_errors(calendar), 0);
		back = event_of(calendar, 0);
		assert_string_equal(text_or_none(icalcomponent_get_summary(back)), wanted);
		assert_string_equal(text_or_none(icalcomponent_get_description(back)), wanted);
		assert_string_equal(icalcomponent_get_uid(back), "1@nurtured");
		icalcomponent_free(calendar);
		g_free(wanted);
		g_free(text);
	}
}

static void an_empty_one_is_one(void **state)
{
	char *text = feed_of(NULL, 0, "x");

	(void)state;
	check_lines(text);
	assert_null(strstr(text, "VEVENT"));
	g_free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_says_what_it_must),
		cmocka_unit_test(no_text_breaks_out),
		cmocka_unit_test(an_empty_one_is_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
