/* Rules of repetition: RFC 5545's own examples, the days that libical gives for rules by chance, and how many days are
 * looked at, whatever the rule asks for. A seed is printed when they differ; NT_REPEAT_SEED, NT_REPEAT_RUNS. */
#include "os/repeat.h"

#include "base/civil.h"

#include "random_rules.h"
#include "unit.h"

#include <libical/ical.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST 400u

struct found {
	int64_t days[MOST];
	unsigned n;
};

static bool keep(void *user, int64_t day)
{
	struct found *found = user;

	found->days[found->n++] = day;
	return found->n < MOST;
}

static void find(const char *rule, int64_t start, int64_t last, struct found *found)
{
	struct nt_repeat repeat;
	const char *why = NULL;
	unsigned work = 1000000;

	found->n = 0;
	if (!nt_repeat_parse(rule, &repeat, &why))
		fail_msg("%s: %s", rule, why);
	assert_true(nt_repeat_days(&repeat, start, last, &work, keep, found));
}

static char *text_of(const struct found *found)
{
	GString *out = g_string_new(NULL);

	for (unsigned i = 0; i < found->n; i++) {
		int year, month, day;

		nt_civil_from_days(found->days[i], &year, &month, &day);
		g_string_append_printf(out, "%s%04d-%02d-%02d", i > 0 ? " " : "", year, month, day);
	}
	return g_string_free(out, FALSE);
}

static void assert_days(const char *rule, int64_t start, const char *wanted)
{
	struct found found;
	char *got;

	find(rule, start, nt_civil_days(2100, 12, 31), &found);
	found.n = MIN(found.n, 6);
	got = text_of(&found);
	assert_string_equal(got, wanted);
	g_free(got);
}

/* RFC 5545, 3.8.5.3, those by days. */
static void the_standards_examples(void **state)
{
	int64_t september = nt_civil_days(1997, 9, 2), friday = nt_civil_days(1997, 9, 5);

	(void)state;
	assert_days("FREQ=DAILY;COUNT=3", september, "1997-09-02 1997-09-03 1997-09-04");
	assert_days("FREQ=DAILY;INTERVAL=10;COUNT=4", september, "1997-09-02 1997-09-12 1997-09-22 1997-10-02");
	assert_days("FREQ=WEEKLY;UNTIL=19970917T000000Z", september, "1997-09-02 1997-09-09 1997-09-16");
	assert_days("FREQ=WEEKLY;INTERVAL=2;WKST=SU", september,
	            "1997-09-02 1997-09-16 1997-09-30 1997-10-14 1997-10-28 1997-11-11");
	assert_days("FREQ=WEEKLY;COUNT=4;WKST=SU;BYDAY=TU,TH", september,
	            "1997-09-02 1997-09-04 1997-09-09 1997-09-11");
	assert_days("FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO", nt_civil_days(1997, 8, 5),
	            "1997-08-05 1997-08-10 1997-08-19 1997-08-24");
	assert_days("FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU", nt_civil_days(1997, 8, 5),
	            "1997-08-05 1997-08-17 1997-08-19 1997-08-31");
	assert_days("FREQ=MONTHLY;COUNT=4;BYDAY=1FR", friday, "1997-09-05 1997-10-03 1997-11-07 1997-12-05");
	assert_days("FREQ=MONTHLY;INTERVAL=2;COUNT=4;BYDAY=1SU,-1SU", nt_civil_days(1997, 9, 7),
	            "1997-09-07 1997-09-28 1997-11-02 1997-11-30");
	assert_days("FREQ=MONTHLY;BYMONTHDAY=-3;COUNT=3", nt_civil_days(1997, 9, 28),
	            "1997-09-28 1997-10-29 1997-11-28");
	assert_days("FREQ=MONTHLY;COUNT=4;BYMONTHDAY=1,-1", nt_civil_days(1997, 9, 30),
	            "1997-09-30 1997-10-01 1997-10-31 1997-11-01");
	assert_days("FREQ=YEARLY;COUNT=4;BYMONTH=6,7", nt_civil_days(1997, 6, 10),
	            "1997-06-10 1997-07-10 1998-06-10 1998-07-10");
	assert_days("FREQ=YEARLY;INTERVAL=3;COUNT=4;BYYEARDAY=1,100,200", nt_civil_days(1997, 1, 1),
	            "1997-01-01 1997-04-10 1997-07-19 2000-01-01");
	assert_days("FREQ=YEARLY;BYDAY=20MO;COUNT=3", nt_civil_days(1997, 5, 19), "1997-05-19 1998-05-18 1999-05-17");
	assert_days("FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO;COUNT=3", nt_civil_days(1997, 5, 12),
	            "1997-05-12 1998-05-11 1999-05-17");
	assert_days("FREQ=YEARLY;BYMONTH=3;BYDAY=TH;COUNT=4", nt_civil_days(1997, 3, 13),
	            "1997-03-13 1997-03-20 1997-03-27 1998-03-05");
	assert_days("FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13;COUNT=3", september, "1998-02-13 1998-03-13 1998-11-13");
	assert_days("FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8;COUNT=3",
	            nt_civil_days(1996, 11, 5), "1996-11-05 2000-11-07 2004-11-02");
	assert_days("FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3", nt_civil_days(1997, 9, 4),
	            "1997-09-04 1997-10-07 1997-11-06");
	assert_days("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2;COUNT=3", nt_civil_days(1997, 9, 29),
	            "1997-09-29 1997-10-30 1997-11-27");
	assert_days("FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5", nt_civil_days(2007, 1, 15),
	            "2007-01-15 2007-01-30 2007-02-15 2007-03-15 2007-03-30");
	assert_days("freq=yearly;byday=4th;bymonth=11;count=2;", nt_civil_days(2026, 1, 1), "2026-11-26 2027-11-25");
	assert_days("FREQ=YEARLY;BYWEEKNO=1;BYDAY=MO;COUNT=2", nt_civil_days(2024, 12, 30), "2024-12-30 2025-12-29");
}

static void what_is_no_rule(void **state)
{
	static const char *const rules[][2] = {
		{ "", "this is no rule of repetition: write FREQ=YEARLY" },
		{ "FREQ", "this is no rule of repetition: write FREQ=YEARLY" },
		{ "BYMONTH=1", "this is no rule of repetition: write FREQ=YEARLY" },
		{ "FREQ=YEARLY;FREQ=YEARLY", "this is no rule of repetition: write FREQ=YEARLY" },
		{ "FREQ=YEARLY;COLOUR=RED", "this is no rule of repetition: write FREQ=YEARLY" },
		{ "FREQ=YEARLY;;BYMONTH=1", "this is no rule of repetition: write FREQ=YEARLY" },
		{ "FREQ=YEARLY;BYMONTH=13", "this is no rule of repetition: write FREQ=YEARLY" },
		{ "FREQ=YEARLY;BYMONTH=-1", "this is no rule of repetition: write FREQ=YEARLY" },
		{ "FREQ=YEARLY;BYMONTH=", "this is no rule of repetition: write FREQ=YEARLY" },
		{ "FREQ=YEARLY;BYMONTHDAY=0", "this is no rule of repetition: write FREQ=YEARLY" },
		{ "FREQ=YEARLY;BYMONTHDAY=1,,2", "this is no rule of repetition: write FREQ=YEARLY" },
		{ "FREQ=YEARLY;BYDAY=MON", "this is no rule of repetition: write FREQ=YEARLY" },
		{ "FREQ=YEARLY;BYDAY=0MO", "this is no rule of repetition: write FREQ=YEARLY" },
		{ "FREQ=YEARLY;BYDAY=1", "this is no rule of repetition: write FREQ=YEARLY" },
		{ "FREQ=YEARLY;INTERVAL=0", "this is no rule of repetition: write FREQ=YEARLY" },
		{ "FREQ=YEARLY;INTERVAL=99999999999", "this is no rule of repetition: write FREQ=YEARLY" },
		{ "FREQ=YEARLY;COUNT=-1", "this is no rule of repetition: write FREQ=YEARLY" },
		{ "FREQ=YEARLY;UNTIL=20260230", "this is no rule of repetition: write FREQ=YEARLY" },
		{ "FREQ=YEARLY;UNTIL=2026", "this is no rule of repetition: write FREQ=YEARLY" },
		{ "FREQ=YEARLY;WKST=1MO", "this is no rule of repetition: write FREQ=YEARLY" },
		{ "FREQ=YEARLY;BYHOUR=9", "a holiday repeats by days, not within one" },
		{ "FREQ=MINUTELY", "a holiday repeats by days, not within one" },
		{ "FREQ=MONTHLY;BYWEEKNO=1", "BYYEARDAY and BYWEEKNO go with FREQ=YEARLY alone" },
		{ "FREQ=WEEKLY;BYMONTHDAY=1", "BYMONTHDAY doesn't go with FREQ=WEEKLY" },
		{ "FREQ=WEEKLY;BYDAY=2MO",
		  "a number in BYDAY goes with FREQ=MONTHLY or FREQ=YEARLY, and not with BYWEEKNO" },
		{ "FREQ=YEARLY;BYSETPOS=1", "BYSETPOS goes with another BY… alone" },
	};
	char *items = g_strnfill(NT_REPEAT_LIST * 2, '1'), *text;
	struct nt_repeat repeat;
	const char *why;

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(rules); i++) {
		assert_false(nt_repeat_parse(rules[i][0], &repeat, &why));
		assert_string_equal(why, rules[i][1]);
	}
	for (unsigned i = 1; i < NT_REPEAT_LIST * 2; i += 2)
		items[i] = ',';
	text = g_strconcat("FREQ=YEARLY;BYMONTHDAY=", items, "1", NULL);
	assert_false(nt_repeat_parse(text, &repeat, &why));
	g_free(items);
	g_free(text);
}

/* ---- libical ---- */

static void write_some(GString *out, uint64_t *seed, const char *name, int most, bool negative)
{
	g_string_append_printf(out, ";%s=", name);
	for (unsigned n = 1 + chance(seed) % 3; n > 0; n--)
		g_string_append_printf(out, "%s%d%s", negative && once_in(seed, 3) ? "-" : "",
		                       1 + (int)(chance(seed) % (unsigned)most), n > 1 ? "," : "");
}

static void write_week_days(GString *out, uint64_t *seed, int ordinals)
{
	static const char *const names[] = { "MO", "TU", "WE", "TH", "FR", "SA", "SU" };

	g_string_append(out, ";BYDAY=");
	for (unsigned n = 1 + chance(seed) % 3; n > 0; n--) {
		if (ordinals > 0 && once_in(seed, 2))
			g_string_append_printf(out, "%s%d", once_in(seed, 3) ? "-" : "",
			                       1 + (int)(chance(seed) % (unsigned)ordinals));
		g_string_append_printf(out, "%s%s", PICK(seed, names), n > 1 ? "," : "");
	}
}

/* Rules on which libical and the standard are of one mind, and that come often enough for it. (It loses the first of
 * FREQ=WEEKLY;INTERVAL=3;BYDAY=SU; of BYDAY=MO,MO it gives each day twice, and counts it so.) */
static char *some_rule(uint64_t *seed)
{
	static const char *const words[] = { "YEARLY", "MONTHLY", "WEEKLY", "YEARLY" };
	const char *word = PICK(seed, words);
	GString *out = g_string_new("FREQ=");
	bool weekly = word[0] == 'W', monthly = word[0] == 'M';

	g_string_append(out, word);
	if (once_in(seed, 3))
		g_string_append_printf(out, ";INTERVAL=%u", 1 + chance(seed) % 4);
	if (!weekly && once_in(seed, 2))
		write_some(out, seed, "BYMONTH", 12, false);
	if (weekly ? strchr(out->str, ';') == NULL : once_in(seed, 2))
		write_week_days(out, seed, weekly ? 0 : 4);
	else if (!weekly && once_in(seed, 2))
		write_some(out, seed, "BYMONTHDAY", 28, true);
	else if (!weekly && !monthly && strchr(out->str + 5, 'B') == NULL)
		write_some(out, seed, "BYYEARDAY", 365, true);
	if (once_in(seed, 4))
		g_string_append(out,
		                once_in(seed, 2) && strchr(out->str, ',') == NULL ? ";COUNT=7" : ";UNTIL=20310615");
	if (once_in(seed, 3))
		g_string_append(out, once_in(seed, 2) ? ";WKST=SU" : ";WKST=MO");
	return g_string_free(out, FALSE);
}

static void find_by_libical(const char *rule, int64_t start, int64_t last, struct found *found)
{
	struct icaltimetype from = { .is_date = 1 }, at;
	struct icalrecurrencetype repeat = icalrecurrencetype_from_string(rule);
	icalrecur_iterator *iterator;

	nt_civil_from_days(start, &from.year, &from.month, &from.day);
	iterator = icalrecur_iterator_new(repeat, from);
	found->n = 0;
	while (iterator != NULL && found->n < MOST && !icaltime_is_null_time(at = icalrecur_iterator_next(iterator))) {
		int64_t day = nt_civil_days(at.year, at.month, at.day);

		if (day > last)
			break;
		if (found->n == 0 || found->days[found->n - 1] != day)
			found->days[found->n++] = day;
	}
	if (iterator != NULL)
		icalrecur_iterator_free(iterator);
}

static void the_days_that_libical_gives(void **state)
{
	const char *first = g_getenv("NT_REPEAT_SEED"), *runs = g_getenv("NT_REPEAT_RUNS");
	unsigned from = first != NULL ? (unsigned)strtoul(first, NULL, 10) : 1, given = 0;
	unsigned n = runs != NULL ? (unsigned)strtoul(runs, NULL, 10) : first != NULL ? 1 : 400;

	(void)state;
	for (unsigned i = from; i < from + n; i++) {
		uint64_t seed = i * 0x9E3779B97F4A7C15u + 1;
		char *rule = some_rule(&seed), *wanted, *got;
		int64_t start = nt_civil_days(2024, 1, 1) + chance(&seed) % 800, last = nt_civil_days(2040, 12, 31);
		struct found found, also;

		find(rule, start, last, &found);
		find_by_libical(rule, start, last, &also);
		got = text_of(&found);
		wanted = text_of(&also);
		if (strcmp(got, wanted) != 0)
			fail_msg("NT_REPEAT_SEED=%u: %s\n%.300s\ninstead of\n%.300s", i, rule, got, wanted);
		given += found.n;
		g_free(rule);
		g_free(got);
		g_free(wanted);
	}
	assert_true(given > n * 5);
}

/* ---- work ---- */

static bool count(void *user, int64_t day)
{
	unsigned *n = user;

	(void)day;
	++*n;
	return true;
}

/* Each day of two centuries and each month or week of them is looked at once at the most, whatever is found. */
static void no_rule_takes_more_than_its_days(void **state)
{
	static const char *const rules[] = {
		"FREQ=YEARLY", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=MONTHLY;BYMONTHDAY=31;BYMONTH=2",
		"FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYSETPOS=40", "FREQ=MONTHLY;BYSETPOS=-31,31;BYDAY=MO",
		"FREQ=YEARLY;BYDAY=MO,TU;BYMONTHDAY=13;BYMONTH=1,2,3,4,5,6,7,8,9,10,11,12;BYSETPOS=-300",
		"FREQ=YEARLY;BYDAY=-53MO;BYMONTH=3", "FREQ=YEARLY;BYWEEKNO=53;BYDAY=MO;BYMONTH=6",
		"FREQ=YEARLY;BYWEEKNO=1;BYYEARDAY=200", "FREQ=YEARLY;BYYEARDAY=366;BYMONTH=1", "FREQ=WEEKLY;BYMONTH=2",
		"FREQ=WEEKLY;BYDAY=MO;BYSETPOS=8", "FREQ=DAILY;COUNT=999999", "FREQ=DAILY;UNTIL=99991231",
		"FREQ=YEARLY;COUNT=999999;BYYEARDAY=1,-1", "FREQ=YEARLY;INTERVAL=32767;BYDAY=MO",
	};
	const unsigned most = 202 * 366 + 202 * 54;
	int64_t last = nt_civil_days(2100, 12, 31);

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(rules); i++) {
		struct nt_repeat repeat;
		const char *why;
		unsigned work = most, given = 0;

		assert_true(nt_repeat_parse(rules[i], &repeat, &why));
		assert_true(nt_repeat_days(&repeat, nt_civil_days(1900, 1, 1), last, &work, count, &given));
		work = 100;
		given = 0;
		if (strstr(rules[i], "INTERVAL") == NULL) {
			assert_false(nt_repeat_days(&repeat, nt_civil_days(1900, 1, 1), last, &work, count, &given));
			assert_int_equal(work, 0);
			assert_true(given <= 100);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_standards_examples),
		cmocka_unit_test(what_is_no_rule),
		cmocka_unit_test(the_days_that_libical_gives),
		cmocka_unit_test(no_rule_takes_more_than_its_days),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
