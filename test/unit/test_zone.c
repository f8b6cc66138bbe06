#include "unit.h"

#include "zone_file.h"

#include <stdio.h>

#define ALL_FROM "1880"
#define ALL_TO "2045"
#define LAST_COMPARED "2045-01-01T00:00:00Z"
#define MOST_SHOWN 10

/* --- every zone against zdump --- */

/* The names of tzdata's own list, without those whose data is the same as that of an earlier one. */
static GPtrArray *distinct_names(void)
{
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
	GHashTable *seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	char *list;

	if (g_file_get_contents(ZONE_DIRECTORY "tzdata.zi", &list, NULL, NULL)) {
		char **lines = g_strsplit(list, "\n", -1);

		for (char **line = lines; *line != NULL; line++) {
			char **words = g_strsplit(*line, " ", 4), *path, *data;
			int name = words[0] == NULL             ? 0
				   : strcmp(words[0], "Z") == 0 ? 1
				   : strcmp(words[0], "L") == 0 ? 2
								: 0;
			gsize length;

			path = name > 0 ? g_strconcat(ZONE_DIRECTORY, words[name], NULL) : NULL;
			if (path != NULL && g_file_get_contents(path, &data, &length, NULL)) {
				char *sum = g_compute_checksum_for_data(G_CHECKSUM_SHA256, (guchar *)data, length);

				if (g_hash_table_add(seen, sum))
					g_ptr_array_add(names, g_strdup(words[name]));
				g_free(data);
			}
			g_free(path);
			g_strfreev(words);
		}
		g_strfreev(lines);
		g_free(list);
	}
	g_hash_table_destroy(seen);
	return names;
}

/* zdump's output for the names, or NULL if it can't be run. */
static char *zdump(const GPtrArray *names, const char *range)
{
	GPtrArray *arguments = g_ptr_array_new();
	char *output = NULL;

	g_ptr_array_add(arguments, (gpointer)(uintptr_t)"zdump");
	g_ptr_array_add(arguments, (gpointer)(uintptr_t)"-V");
	g_ptr_array_add(arguments, (gpointer)(uintptr_t)"-c");
	g_ptr_array_add(arguments, (gpointer)(uintptr_t)range);
	for (unsigned i = 0; i < names->len; i++)
		g_ptr_array_add(arguments, names->pdata[i]);
	g_ptr_array_add(arguments, NULL);
	g_spawn_sync(NULL, (char **)arguments->pdata, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &output, NULL, NULL, NULL);
	g_ptr_array_free(arguments, TRUE);
	return output;
}

static int month_number(const char *name)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	const char *found = strstr(names, name);

	return found == NULL ? 0 : (int)(found - names) / 3 + 1;
}

struct comparison {
	unsigned lines, wrong;
	GHashTable *changes; /* "ZONE T": zdump saw a change there */
};

static void compare_line(struct comparison *all, const char *line)
{
	struct nt_civil utc = { 0 };
	char name[64], month[4], abbreviation[32], *key;
	const char *ours;
	int offset, our_offset;
	nt_time t;

	if (sscanf(line, "%63s %*s %3s %d %d:%d:%d %d UT = %*s %*s %*d %*d:%*d:%*d %*d %31s isdst=%*d gmtoff=%d", name,
	           month, &utc.day, &utc.hour, &utc.minute, &utc.second, &utc.year, abbreviation, &offset) != 9)
		return;
	utc.month = month_number(month);
	t = nt_civil_utc(&utc);
	our_offset = nt_zone_offset(zone(name), t, &ours, NULL);
	all->lines++;
	if ((our_offset != offset || strcmp(ours, abbreviation) != 0) && all->wrong++ < MOST_SHOWN)
		print_error("%s\n  but we say %d %s\n", line, our_offset, ours);
	key = g_strdup_printf("%s %" G_GINT64_FORMAT, name, (gint64)t);
	g_hash_table_add(all->changes, key);
}

/* Cuts the output into lines in place. */
static void compare_lines(struct comparison *all, char *output)
{
	char *end, *stop = output + strlen(output);

	for (char *line = output; (end = memchr(line, '\n', (size_t)(stop - line))) != NULL; line = end + 1) {
		*end = '\0';
		compare_line(all, line);
	}
}

/* Each change that we know of must be one of zdump's. */
static void compare_changes(struct comparison *all, const char *name, nt_time from, nt_time to)
{
	nt_time until;
	char *key;

	for (nt_time t = from;; t = until) {
		nt_zone_offset(zone(name), t, NULL, &until);
		if (until >= to)
			return;
		key = g_strdup_printf("%s %" G_GINT64_FORMAT, name, (gint64)until);

		if (!g_hash_table_contains(all->changes, key) && all->wrong++ < MOST_SHOWN)
			print_error("%s: zdump knows of no change on %s\n", name, shown(name, until));
		g_free(key);
	}
}

static void compare(const GPtrArray *names, const char *range, const char *from, const char *to, unsigned least_lines)
{
	struct comparison all = { .changes = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL) };
	char *output = zdump(names, range);

	if (output == NULL) {
		g_hash_table_destroy(all.changes);
		skip();
	}
	compare_lines(&all, output);
	for (unsigned i = 0; i < names->len; i++)
		compare_changes(&all, names->pdata[i], at("UTC", from), at("UTC", to));
	assert_int_equal(all.wrong, 0);
	assert_true(all.lines >= least_lines);
	g_hash_table_destroy(all.changes);
	g_free(output);
}

static void every_zone_agrees_with_zdump(void **state)
{
	GPtrArray *names = distinct_names();

	(void)state;
	if (names->len == 0) {
		g_ptr_array_free(names, TRUE);
		skip();
	}
	assert_true(names->len > 250);
	compare(names, ALL_FROM "," ALL_TO, ALL_FROM "-01-01T00:00:00Z", LAST_COMPARED, 40000);
	g_ptr_array_free(names, TRUE);
}

static void footers_agree_with_zdump_for_centuries(void **state)
{
	static const char *const interesting[] = {
		"Europe/Dublin",      "Australia/Lord_Howe", "Africa/Casablanca", "Pacific/Apia",    "America/New_York",
		"America/Santiago",   "America/Nuuk",        "Asia/Jerusalem",    "Asia/Gaza",       "Pacific/Chatham",
		"Antarctica/Troll",   "America/Havana",      "Asia/Beirut",       "Africa/Cairo",    "Europe/Chisinau",
		"America/St_Johns",
	};
	GPtrArray *names = g_ptr_array_new();

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(interesting); i++)
		g_ptr_array_add(names, (gpointer)(uintptr_t)interesting[i]);
	compare(names, "2030,2300", "2030-01-01T00:00:00Z", "2300-01-01T00:00:00Z", 10000);
	g_ptr_array_free(names, TRUE);
}

/* --- known readings --- */

static void known_readings(void **state)
{
	static const struct {
		const char *zone, *utc, *local;
	} cases[] = {
		{ "America/New_York", "2026-03-08T06:59:59Z", "Sun 2026-03-08 01:59:59 EST" },
		{ "America/New_York", "2026-03-08T07:00:00Z", "Sun 2026-03-08 03:00 EDT" },
		{ "Europe/Dublin", "2040-07-01T12:00:00Z", "Sun 2040-07-01 13:00 IST" },
		{ "Europe/Dublin", "2040-01-01T12:00:00Z", "Sun 2040-01-01 12:00 GMT" },
		{ "Australia/Lord_Howe", "2026-07-01T00:00:00Z", "Wed 2026-07-01 10:30 +1030" },
		{ "Australia/Lord_Howe", "2050-01-01T00:00:00Z", "Sat 2050-01-01 11:00 +11" },
		{ "Pacific/Apia", "2011-12-30T09:59:59Z", "Thu 2011-12-29 23:59:59 -10" },
		{ "Pacific/Apia", "2011-12-30T10:00:00Z", "Sat 2011-12-31 00:00 +14" },
		{ "Asia/Kathmandu", "2026-01-01T00:00:00Z", "Thu 2026-01-01 05:45 +0545" },
		{ "America/New_York", "1883-11-18T16:00:00Z", "Sun 1883-11-18 11:03:58 LMT" },
		{ "America/New_York", "9999-07-01T00:00:00Z", "Wed 9999-06-30 20:00 EDT" },
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
		assert_string_equal(shown(cases[i].zone, at("UTC", cases[i].utc)), cases[i].local);
}

static void far_ends_are_answered(void **state)
{
	nt_time until;

	(void)state;
	nt_zone_offset(zone("America/New_York"), NT_NEVER, NULL, &until);
	assert_true(until == NT_NEVER);
	assert_int_equal(nt_zone_offset(zone("America/New_York"), NT_NO_TIME, NULL, &until), -17762);
	assert_true(until == at("UTC", "1883-11-18T17:00:00Z"));
}

static void utc_never_changes(void **state)
{
	struct nt_zone *utc = nt_zone_utc();
	const char *abbreviation;
	nt_time until;

	(void)state;
	assert_int_equal(nt_zone_offset(utc, 0, &abbreviation, &until), 0);
	assert_string_equal(abbreviation, "UTC");
	assert_string_equal(nt_zone_name(utc), "UTC");
	assert_true(until == NT_NEVER);
	nt_zone_free(utc);
}

/* --- data made by hand --- */

/* A version 2 file with one type, UTC, no transitions, and that footer. */
static GString *with_footer(const char *footer)
{
	GString *out = g_string_new(NULL);

	for (int block = 0; block < 2; block++) {
		g_string_append_len(out, "TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20);
		g_string_append_len(out, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\4", 24);
		g_string_append_len(out, "\0\0\0\0\0\0UTC\0", 10);
	}
	g_string_append_printf(out, "\n%s\n", footer);
	return out;
}

static struct nt_zone *zone_of_footer(const char *footer)
{
	GString *data = with_footer(footer);
	struct nt_zone *made = nt_zone_parse("Test/Zone", data->str, data->len, NULL);

	g_string_free(data, TRUE);
	return made;
}

static void assert_footer(const char *footer, const char *utc, int offset, const char *expected_until)
{
	struct nt_zone *made = zone_of_footer(footer);
	GString *out = g_string_new(NULL);
	nt_time until;

	assert_non_null(made);
	assert_int_equal(nt_zone_offset(made, at("UTC", utc), NULL, &until), offset);
	nt_time_print_utc(until, out);
	assert_string_equal(out->str, expected_until);
	g_string_free(out, TRUE);
	nt_zone_free(made);
}

static void footers_in_all_their_forms(void **state)
{
	(void)state;
	assert_footer("<-03>3", "2026-01-01T00:00:00Z", -10800, "never");
	assert_footer("<+0545>-5:45", "2026-01-01T00:00:00Z", 20700, "never");
	assert_footer("EST5EDT,0/0,J365/25", "2026-12-31T23:00:00Z", -14400, "never");
	assert_footer("EST5EDT,0/0,J365/25", "2027-01-01T05:00:00Z", -14400, "never");
	assert_footer("EST5EDT,M3.2.0,M11.1.0", "2026-03-08T06:59:59Z", -18000, "2026-03-08T07:00:00Z");
	assert_footer("EST5EDT,M3.2.0,M11.1.0", "2026-03-08T07:00:00Z", -14400, "2026-11-01T06:00:00Z");
	assert_footer("IST-1GMT0,M10.5.0,M3.5.0/1", "2040-07-01T00:00:00Z", 3600, "2040-10-28T01:00:00Z");
	assert_footer("AAA0BBB,J60/0,J300/0", "2028-02-29T12:00:00Z", 0, "2028-03-01T00:00:00Z");
	assert_footer("AAA0BBB,59/0,300/0", "2028-02-28T12:00:00Z", 0, "2028-02-29T00:00:00Z");
	assert_footer("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2026-03-28T12:00:00Z", -7200, "2026-03-29T01:00:00Z");
	assert_footer("AAA0BBB-1:30,M1.1.1/-167,M6.1.1/167", "2026-06-30T00:00:00Z", 0, "2026-12-28T01:00:00Z");
}

static void wrong_footers_are_refused(void **state)
{
	static const char *const wrong[] = {
		"E5", "EST", "EST25", "EST5EDT", "EST5EDT,M3.2.0", "EST5EDT,M13.2.0,M11.1.0", "EST5EDT,M3.6.0,M11.1.0",
		"EST5EDT,M3.2.7,M11.1.0", "EST5EDT,J0,J10", "EST5EDT,366,10", "EST5EDT,M3.2.0/168,M11.1.0",
		"EST5EDT,M3.2.0,M11.1.0 ", "<+1>-1", "<+01-1", "EST5:60", ":America/New_York",
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++)
		if (zone_of_footer(wrong[i]) != NULL)
			fail_msg("'%s' was taken", wrong[i]);
}

/* Cut anywhere, or with any byte changed, the data is refused or answers without harm. */
static void damaged_data_does_no_harm(void **state)
{
	char *data;
	gsize length;

	(void)state;
	assert_true(g_file_get_contents(ZONE_DIRECTORY "Europe/Dublin", &data, &length, NULL));
	for (gsize cut = 0; cut < length; cut++) {
		char *part = g_memdup2(data, cut + 1);
		const char *why = NULL;

		assert_null(nt_zone_parse("x", part, cut, &why));
		assert_non_null(why);
		g_free(part);
	}
	for (gsize i = 0; i < length; i++) {
		char kept = data[i];
		struct nt_zone *made;

		data[i] = (char)(kept ^ 0xA5);
		made = nt_zone_parse("x", data, length, NULL);
		data[i] = kept;
		if (made == NULL)
			continue;
		for (nt_time t = NT_TIME_MIN; t < NT_TIME_MAX; t += 250 * 365 * NT_DAY)
			nt_civil_next_midnight(made, t);
		nt_zone_free(made);
	}
	g_free(data);
}

static void other_data_is_refused(void **state)
{
	GString *data = with_footer("UTC0");
	const char *why = NULL;

	(void)state;
	assert_null(nt_zone_parse("x", "hello", 5, &why));
	assert_string_equal(why, "it isn't TZif data");
	data->str[54 + 31] = 1; /* the leap seconds' count of the second block */
	g_string_insert_len(data, 54 + 44 + 10, "\0\0\0\0\0\0\0\0\0\0\0\1", 12);
	assert_null(nt_zone_parse("x", data->str, data->len, &why));
	assert_non_null(strstr(why, "leap seconds"));
	g_string_free(data, TRUE);
}

static void version_1_is_read_without_footer(void **state)
{
	static const char data[] = "TZif\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
	                           "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\2\0\0\0\10"
	                           "\0\0\0\144" /* 100 s: from here on the second type */
	                           "\1"
	                           "\0\0\0\0\0\0\0\0\16\20\1\4" /* 0, and 3600 s with DST */
	                           "AAA\0BBB";
	struct nt_zone *made = nt_zone_parse("Old/Zone", data, sizeof data, NULL);
	const char *abbreviation;
	nt_time until;

	(void)state;
	assert_non_null(made);
	assert_int_equal(nt_zone_offset(made, 99999, &abbreviation, &until), 0);
	assert_string_equal(abbreviation, "AAA");
	assert_true(until == 100000);
	assert_int_equal(nt_zone_offset(made, 100000, &abbreviation, &until), 3600);
	assert_string_equal(abbreviation, "BBB");
	assert_true(until == NT_NEVER);
	nt_zone_free(made);
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
		cmocka_unit_test(every_zone_agrees_with_zdump),
		cmocka_unit_test(footers_agree_with_zdump_for_centuries),
		cmocka_unit_test(known_readings),
		cmocka_unit_test(far_ends_are_answered),
		cmocka_unit_test(utc_never_changes),
		cmocka_unit_test(footers_in_all_their_forms),
		cmocka_unit_test(wrong_footers_are_refused),
		cmocka_unit_test(damaged_data_does_no_harm),
		cmocka_unit_test(other_data_is_refused),
		cmocka_unit_test(version_1_is_read_without_footer),
	};

	return cmocka_run_group_tests(tests, NULL, forget_zones);
}
