/* Dates and broadcasts: when they come round, in every zone there is, and to whom. */
#include "unit.h"

#include "lead_world.h"
#include "rules/occasion.h"

#include <stdlib.h>

#define BROADCAST POLICY "---\ncampaign: c\nenter: { at: 2026-05-04 09:00 }\nagain: always\nsteps: [ email: m1 ]\n"

/* ---- arithmetic ---- */

static uint32_t next_random(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

static const char *const odd_zones[] = { "America/New_York", "Australia/Lord_Howe", "Pacific/Apia",    "Africa/Cairo",
	                                 "America/Santiago", "Etc/GMT+12",          "Europe/Dublin",   "Asia/Kathmandu",
	                                 "America/St_Johns", "Pacific/Kiritimati",  "Asia/Gaza",       "UTC" };

#define PICK_ZONE(seed) odd_zones[next_random(seed) % G_N_ELEMENTS(odd_zones)]

static nt_time random_time(uint32_t *seed)
{
	return at("UTC", "2008-01-01 00:00") + (nt_time)next_random(seed) % (24 * 365) * NT_DAY +
	       (nt_time)next_random(seed) % NT_DAY;
}

static nt_time on_the_wall(const struct nt_zone *z, nt_time reading)
{
	struct nt_civil civil = nt_civil_from_utc(reading);

	return nt_civil_instant(z, &civil);
}

static void random_occasion(struct nt_occasion *o, struct nt_value *date, uint32_t *seed)
{
	static const struct nt_duration every[] = { { .months = 12 }, { .months = 1 }, { .days = 1 }, { .days = 7 },
		                                    { .months = 1, .days = 3 }, { .ms = 7 * NT_HOUR },
		                                    { .days = 2, .ms = NT_MINUTE }, { .months = 7 } };
	const struct nt_zone *z = zone(PICK_ZONE(seed));

	memset(o, 0, sizeof *o);
	o->identity = "c at";
	o->field = next_random(seed) % 2 == 0 ? -1 : 0;
	o->repeats = next_random(seed) % 4 != 0;
	o->every = every[next_random(seed) % G_N_ELEMENTS(every)];
	o->minutes = -1;
	*date = NT_NONE;
	if (o->field < 0) {
		o->reading = random_time(seed);
		o->everywhere = next_random(seed) % 2 == 0;
		if (o->everywhere && next_random(seed) % 2 == 0)
			o->zone = z;
		if (o->everywhere && o->zone == NULL)
			o->behind = (nt_time)(next_random(seed) % 27) * NT_HOUR - 12 * NT_HOUR;
		o->first = o->zone != NULL ? on_the_wall(o->zone, o->reading) : o->reading - o->behind;
		return;
	}
	o->every.ms = 0;
	if (o->every.months == 0 && o->every.days == 0)
		o->every.days = 1;
	o->before = next_random(seed) % 2 == 0;
	o->shift = (struct nt_duration){ .months = (int)(next_random(seed) % 3), .days = (int)(next_random(seed) % 40),
		                         .ms = (nt_time)(next_random(seed) % 3) * NT_HOUR };
	o->minutes = next_random(seed) % 2 == 0 ? -1 : (int)(next_random(seed) % 1440);
	if (next_random(seed) % 2 == 0)
		*date = (struct nt_value){ .type = NT_TYPE_DATE, .date = random_time(seed) / NT_DAY };
	else
		*date = NT_TIME_VALUE(random_time(seed));
}

/* Found by halving, and by counting. */
static void the_next_round_is_the_first_after(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed <= 4000; seed++) {
		uint32_t random = seed * 7919;
		struct nt_occasion o;
		struct nt_value date;
		const struct nt_zone *z;
		int64_t round = 0, found;
		nt_time t;

		random_occasion(&o, &date, &random);
		z = zone(PICK_ZONE(&random));
		t = nt_occasion_instant(&o, &date, z, 0) + (nt_time)(next_random(&random) % 800) * NT_HOUR - NT_DAY;
		if (next_random(&random) % 3 == 0)
			t = nt_occasion_instant(&o, &date, z, o.repeats ? next_random(&random) % 100 : 0);
		while (round < 2000 && nt_occasion_instant(&o, &date, z, round) <= t) {
			assert_true(nt_occasion_mark(&o, &date, round + 1) > nt_occasion_mark(&o, &date, round) ||
			            !o.repeats);
			round += o.repeats ? 1 : 2000;
		}
		found = nt_occasion_after(&o, &date, z, t);
		if (found != (round < 2000 ? round : -1))
			fail_msg("seed %u: round %d, not %d", seed, (int)found, (int)round);
		if (found >= 0) {
			nt_time mark = nt_occasion_mark(&o, &date, found);

			assert_int_equal(nt_occasion_marked_after(&o, &date, mark - 1), found);
			assert_int_equal(nt_occasion_marked_after(&o, &date, mark), o.repeats ? found + 1 : -1);
		}
	}
}

static void the_calendar_ends(void **state)
{
	struct nt_occasion o = { .field = 0, .minutes = -1, .repeats = true, .every = { .months = 12 } };
	struct nt_value last = { .type = NT_TYPE_DATE, .date = nt_civil_days(9999, 12, 31) },
			first = { .type = NT_TYPE_DATE, .date = nt_civil_days(1, 1, 1) };
	const struct nt_zone *z = zone("America/New_York");

	(void)state;
	assert_int_equal(nt_occasion_after(&o, &last, z, NT_TIME_MAX - NT_DAY), 0);
	assert_int_equal(nt_occasion_after(&o, &last, z, NT_TIME_MAX - NT_HOUR), -1);
	assert_int_equal(nt_occasion_after(&o, &last, z, NT_TIME_MAX), -1);
	assert_int_equal(nt_occasion_after(&o, &last, z, 0), 0);
	assert_int_equal(nt_occasion_after(&o, &first, z, at("UTC", "9999-06-01 00:00")), -1);
	assert_int_equal(nt_occasion_after(&o, &first, z, at("UTC", "9997-06-01 00:00")), 9997);
	assert_int_equal(nt_occasion_after(&o, &NT_NONE, z, 0), -1);
	o.before = true;
	o.shift.months = 12000;
	assert_true(nt_occasion_instant(&o, &first, z, 0) < NT_TIME_MIN + NT_DAY);
	o.every = (struct nt_duration){ .ms = NT_MINUTE };
	o.field = -1;
	o.reading = NT_TIME_MIN;
	assert_true(nt_occasion_after(&o, &NT_NONE, z, at("UTC", "9999-06-01 00:00")) > 5000000000);
	assert_int_equal(nt_occasion_after(&o, &NT_NONE, z, NT_TIME_MAX - 1), -1);
}

/* ---- every zone ---- */

static void in_zone(struct lead_world *w, const char *now, const char *name)
{
	char text[128];

	snprintf(text, sizeof text, "{\"time_zone\":\"%s\",\"email\":\"ann@example.org\"}", name);
	world_set(w, now, text);
}

/* The wall shows nine there, as the calendar's own arithmetic says, and each lead gets it once. */
static void at_nine_in_every_zone(void **state)
{
	char *all;

	(void)state;
	assert_true(g_file_get_contents(ZONE_DIRECTORY "tzdata.zi", &all, NULL, NULL));
	char **lines = g_strsplit(all, "\n", -1);
	unsigned n = 0;

	for (char **line = lines; *line != NULL; line++) {
		char **words = g_strsplit(*line, " ", -1);
		const char *name = (*line)[0] == 'Z' && words[1] != NULL ? words[1] : NULL;

		if (name != NULL && strchr(name, '/') != NULL) {
			struct lead_world *w = world_new(BROADCAST);

			in_zone(w, "2026-05-01 10:00", name);
			assert_true(w->lead->due == at(name, "2026-05-04 09:00"));
			world_until(w, "2026-06-01 00:00");
			assert_int_equal(w->releases->len, 1);
			assert_true(g_array_index(w->releases, nt_time, 0) == at(name, "2026-05-04 09:00"));
			world_free(w);
			n++;
		}
		g_strfreev(words);
	}
	assert_true(n > 300);
	g_strfreev(lines);
	g_free(all);
}

/* A lead is awaited from its creation to its own instant; one who moves there from where it was to come still gets it,
 * until UTC-12 has it; nobody twice. Worked out here by what each zone's wall shows. */
static void whoever_moves_gets_it_once(void **state)
{
	unsigned sent = 0, lives = 0;

	(void)state;
	for (uint32_t seed = 1; seed <= 1500; seed++) {
		struct lead_world *w = world_new(BROADCAST);
		uint32_t random = seed;
		const char *name = PICK_ZONE(&random);
		nt_time t = at("UTC", "2026-05-03 12:00") + (nt_time)(next_random(&random) % (40 * 60)) * NT_MINUTE,
			last = at("UTC", "2026-05-04 21:00"), expected = NT_NEVER;
		char text[64];

		for (int i = 0; i < 8; i++) {
			nt_time own = at(name, "2026-05-04 09:00"), until;
			GString *now = g_string_new(NULL);

			nt_time_print_utc(t, now);
			snprintf(text, sizeof text, "%s", now->str);
			g_string_free(now, TRUE);
			in_zone(w, text, name);
			until = i == 7 ? last + NT_DAY
			               : t + 1 + (nt_time)(next_random(&random) % (8 * 60)) * NT_MINUTE;
			if (expected == NT_NEVER && own >= t && own < until)
				expected = own;
			name = PICK_ZONE(&random);
			/* awaited, and passed all at once */
			if (expected == NT_NEVER && own >= until && at(name, "2026-05-04 09:00") < until &&
			    until < last)
				expected = until;
			t = until;
		}
		world_before(w, t + 3 * NT_DAY);
		assert_int_equal(w->releases->len, expected != NT_NEVER);
		if (expected != NT_NEVER && g_array_index(w->releases, nt_time, 0) != expected)
			fail_msg("seed %u", seed);
		sent += expected != NT_NEVER;
		lives++;
		world_free(w);
	}
	assert_true(sent > lives / 4 && sent < lives);
}

/* ---- what is kept ---- */

static void an_idle_lead_keeps_nothing(void **state)
{
	struct lead_world *w = world_new(POLICY "---\nfields: { ends: date }\n---\ncampaign: c\n"
	                                        "enter: [ { at: 2026-05-04 09:00 }, { date: ends } ]\nagain: always\n"
	                                        "steps: [ email: m1 ]\n");

	(void)state;
	world_set(w, "2026-05-01 10:00", "{\"email\":\"ann@example.org\",\"ends\":\"2026-06-01\"}");
	assert_null(w->lead->occasions);
	assert_true(w->lead->due == world_time("2026-05-04 09:00"));
	world_until(w, "2026-05-04 09:00");
	assert_non_null(w->lead->occasions);
	assert_true(w->lead->due == world_time("2026-06-01 00:00"));
	world_until(w, "2026-06-01 00:00");
	assert_string_equal(w->lead->occasions->identity, "c date ends"); /* the broadcast is long past */
	assert_null(w->lead->occasions->next);
	assert_true(w->lead->due == NT_NEVER);
	world_free(w);
}

static void the_last_dates_are_known(void **state)
{
	struct lead_world *w = world_new(POLICY "---\nfields: { ends: date }\n---\ncampaign: c\n"
	                                        "enter: { date: ends, late: enter }\nsteps: [ email: m1 ]\n");
	char now[64], text[64];

	(void)state;
	for (int round = 0; round < 2; round++)
		for (int day = 1; day <= NT_ROUNDS_KEPT; day++) {
			snprintf(now, sizeof now, "2026-0%d-%02d 10:00", 5 + round, day);
			snprintf(text, sizeof text, "{\"email\":\"ann@example.org\",\"ends\":\"2025-01-%02d\"}", day);
			world_set(w, now, text);
		}
	assert_int_equal(w->releases->len, NT_ROUNDS_KEPT);
	assert_int_equal(w->lead->occasions->n, NT_ROUNDS_KEPT);
	world_free(w);
}

/* A zone's data may change between two starts: what was to come and has passed by the new is made up for. */
static void a_round_that_the_zone_data_moved_is_made_up_for(void **state)
{
	struct lead_world *w = world_new(BROADCAST);

	(void)state;
	in_zone(w, "2026-05-01 10:00", "America/New_York");
	w->lead->due = w->lead->calendar = w->lead->due + NT_HOUR; /* as it was reckoned by the old data */
	world_until(w, "2026-05-05 00:00");
	world_expect(w, "Mon 2026-05-04 10:00 EDT email m1\n");
	world_free(w);
}

/* The daemon was down for days: each round is asked at its own instant, but the message of the first is still waiting
 * to go out, so the lead is inside for the others, and gets one. */
static void days_of_silence_end_with_one_message(void **state)
{
	struct lead_world *w = world_new(POLICY "---\ncampaign: c\nenter: { at: 2026-05-04 09:00, every: day }\n"
	                                        "steps: [ email: m1 ]\n");

	(void)state;
	world_set(w, "2026-05-01 10:00", "{\"email\":\"ann@example.org\"}");
	w->clock = world_time("2026-05-08 11:00");
	world_until(w, "2026-05-08 11:00");
	world_expect(w, "Fri 2026-05-08 11:00 EDT email m1\n");
	w->clock = 0;
	world_until(w, "2026-05-09 10:00");
	world_expect(w, "Fri 2026-05-08 11:00 EDT email m1\nSat 2026-05-09 09:00 EDT email m1\n");
	world_free(w);
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
		cmocka_unit_test(the_next_round_is_the_first_after),
		cmocka_unit_test(the_calendar_ends),
		cmocka_unit_test(at_nine_in_every_zone),
		cmocka_unit_test(whoever_moves_gets_it_once),
		cmocka_unit_test(an_idle_lead_keeps_nothing),
		cmocka_unit_test(the_last_dates_are_known),
		cmocka_unit_test(a_round_that_the_zone_data_moved_is_made_up_for),
		cmocka_unit_test(days_of_silence_end_with_one_message),
	};

	return cmocka_run_group_tests(tests, NULL, forget_zones);
}
