/* Leads with random lives: what a step does depends on what happened, not on how often it is asked. */
#include "unit.h"

#include "lead_world.h"

static const char rules[] = "policy:\n" SENDER "  time_zone: America/New_York\n"
	"  send: [ mon-fri 08:00-20:00, sat 10:00-16:00 ]\n"
	"  at_most: [ 1 per day, 3 per week ]\n  holidays: [ 2026-03-09, 2026-07-03 ]\n  consent: { sms: opt_out }\n"
	"---\n"
	"fields:\n  seats: number\n  ends: date\n---\n"
	"events:\n  a.b: { amount: number }\n  c.d: { page: text }\n  order.placed: {}\n---\n"
	"scoring:\n  half_life: 5 days\n  fit:\n    - if: seats > 3\n      points: 7\n"
	"    - if: since(last(\"a.b\")) > 10 days\n      points: -20\n"
	"  engagement:\n    - on: a.b\n      points: = event.amount * 3\n      at_most: 60 per week\n"
	"    - on: order.placed\n      points: -15\n"
	"  levels: { cold: 0, warm: 15, hot: 40 }\n---\n"
	"segments:\n  busy: count(\"a.b\", 7 days) >= 3\n  rich: total(\"a.b\", \"amount\", 30 days) > 40\n"
	"  away: since(last(\"c.d\")) > 9 days and not did(\"a.b\", 4 days)\n"
	"  ending: until(ends) < 14 days and until(ends) > 1 day\n---\n"
	"sales:\n  ready:\n    - when: score >= 45\n      reason: score\n  again: after 20 days\n"
	"  reps:\n    bob: { email: bob@example.org, time_zone: America/New_York, hours: mon-fri 09:00-17:00 }\n"
	"  teams:\n    all: { reps: [ bob ] }\n  route:\n    - to: team all\n  tell: [ email: new-lead ]\n---\n"
	"campaign: trial\npriority: 7\nenter: { on: a.b }\nagain: after 30 days\n"
	"goal: { on: order.placed, do: [ tag: bought ] }\n"
	"exit:\n  - when: seats == 0\npause: in_segment(\"busy\")\nsteps:\n  - email: m1\n  - wait: 2 days\n"
	"  - wait_until: 09:00\n"
	"  - email: m2\n    unless: did(\"c.d\", 2 days)\n  - wait_for: c.d\n    up_to: 3 days\n"
	"    then: [ sms: m3, points: 10 ]\n"
	"    else: [ email: m4, set: { seats: 5 } ]\n  - if: score >= 20\n    then: [ hand_off: warm trial, "
	"{ task: m2, due: 1 day } ]\n"
	"  - wait_until: mon-fri 09:00-11:00\n  - email: m5\n    give_up_after: 1 day\n---\n"
	"campaign: back\nenter: { when: in_segment(\"away\") }\nagain: after 20 days\nexit: { on: order.placed }\n"
	"steps:\n  - email: m2\n  - { task: m1, due: 1 month, unless: 'did(\"task.done\", 3 days)' }\n"
	"  - wait_for: task.done\n    if: event.template == \"m1\"\n    up_to: 5 days\n    then: [ tag: called ]\n"
	"    else: [ untag: called ]\n"
	"  - wait_until: did(\"c.d\", 1 day)\n"
	"    up_to: 1 week\n    then: [ tag: back ]\n    else: [ untag: back ]\n---\n"
	"campaign: ending\nenter: { when: in_segment(\"ending\") }\nagain: always\nsteps:\n"
	"  - wait_until: ends - 3 days\n  - email: m3\n---\n"
	"campaign: dates\nenter: [ on: a.b, on: c.d ]\nagain: always\nsteps:\n"
	"  - schedule:\n      - { before: 2 weeks, of: ends, time: 09:00, "
	"steps: [ email: m1, tag: a, wait: 9 days, untag: a ] }\n"
	"      - { before: 3 days, of: ends, id: near, steps: [ sms: m2, wait_for: c.d ] }\n"
	"      - { of: ends, late: send, steps: [ tag: ended ] }\n"
	"      - { after: 1 month, of: entered, time: 02:30, steps: [ email: m5, untag: ended ] }\n"
	"  - { tag: behind }\n  - { wait: 5 days }\n  - { untag: behind }\n---\n"
	"campaign: chatty\nenter: [ on: c.d, on: lead.changed ]\nagain: always\nsteps: [ email: m1, wait: 3 hours, "
	"email: m2, wait: 10 minutes, sms: m3, email: m4, wait: 1 day, email: m5 ]\n---\n"
	"campaign: renewal\nenter: [ { date: ends, before: 10 days, time: 09:00, if: seats > 1 }, "
	"{ date: ends, every: month, late: enter } ]\n"
	"steps: [ email: m4, wait: 2 hours, tag: renewed, untag: renewed ]\n"
	"---\n"
	"campaign: news\nenter: [ { at: 2026-01-05 09:00, every: 5 days }, "
	"{ at: 2026-03-01T12:00:00Z, every: month } ]\n"
	"steps: [ email: m1, points: 1 ]\n---\n"
	"campaign: level\nenter: [ on: score.crossed, when: in_segment(\"rich\") ]\nagain: always\n"
	"steps: [ tag: moved, wait: 1 month, untag: moved ]\n";

static uint32_t next_random(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

static const char *text_of(nt_time t)
{
	static char text[64];
	GString *out = g_string_new(NULL);

	nt_time_print_utc(t, out);
	g_strlcpy(text, out->str, sizeof text);
	g_string_free(out, TRUE);
	return text;
}

static void happen(struct lead_world *w, const char *at, uint32_t choice)
{
	char text[128];

	struct nt_input done = { .kind = NT_INPUT_TASK, .now = world_time(at) };

	switch (choice % 9) {
	case 0:
	case 1:
	case 2:
		snprintf(text, sizeof text, "{\"amount\":%u.5}", choice / 9 % 12);
		world_happened(w, at, NULL, "a.b", text);
		break;
	case 3:
		world_event(w, at, "c.d");
		break;
	case 4:
		world_event(w, at, "order.placed");
		break;
	case 5:
		snprintf(text, sizeof text, "{\"seats\":%u}", choice / 9 % 7);
		world_set(w, at, text);
		break;
	case 6:
		snprintf(text, sizeof text, "{\"ends\":\"2026-%02u-%02u\"}", 1 + choice / 9 % 12,
		         1 + choice / 128 % 28);
		world_set(w, at, text);
		break;
	case 7:
		world_before(w, done.now);
		done.task.template_name = choice / 9 % 3 == 0 ? "m2" : "m1";
		done.task.campaign = "back";
		done.task.key = "";
		done.task.step = "task-m1-1";
		done.task.rep = choice & 64 ? "bob" : NULL;
		world_step(w, &done);
		break;
	default:
		world_set(w, at, choice & 64 ? "{\"time_zone\":\"Australia/Lord_Howe\"}"
		                             : "{\"time_zone\":\"Europe/Berlin\"}");
		break;
	}
}

/* Asks at odd moments in between, when nothing is due. */
static void pester(struct lead_world *w, nt_time from, nt_time to, uint32_t *seed)
{
	for (int i = 0; i < 6; i++) {
		struct nt_input input = { .kind = NT_INPUT_TIMER };

		from += (to - from) / 8 + next_random(seed) % 1000;
		if (from >= to)
			return;
		world_before(w, from);
		input.now = from;
		world_step(w, &input);
	}
}

/* The policy, checked by other means: hours and holidays on the lead's wall clock, no second message within a day, no
 * fourth within a week. */
static void check_policy(struct lead_world *w, unsigned from)
{
	for (unsigned i = from; i < w->releases->len; i++) {
		nt_time t = g_array_index(w->releases, nt_time, i);
		struct nt_civil civil = nt_civil_at(w->lead->zone, t);
		int weekday = nt_civil_weekday(nt_civil_days(civil.year, civil.month, civil.day));

		assert_true(weekday < 5 ? civil.hour >= 8 && civil.hour < 20
		                        : weekday == 5 && civil.hour >= 10 && civil.hour < 16);
		assert_false((civil.month == 3 && civil.day == 9) || (civil.month == 7 && civil.day == 3));
		if (i >= 1)
			assert_false(nt_time_within(w->lead->zone, g_array_index(w->releases, nt_time, i - 1), t,
			                            (struct nt_duration){ .days = 1 }));
		if (i >= 3)
			assert_false(nt_time_within(w->lead->zone, g_array_index(w->releases, nt_time, i - 3), t,
			                            (struct nt_duration){ .days = 7 }));
	}
}

static struct lead_world *live(uint32_t seed, bool pestered)
{
	unsigned checked = 0;
	struct lead_world *w = world_new(rules);
	uint32_t other = ~seed;
	nt_time t = world_time("2026-01-01 00:00"), before;

	world_set(w, text_of(t), "{\"email\":\"ann@example.org\",\"phone\":\"+15550101\"}");
	for (int i = 0; i < 60; i++) {
		before = t;
		t += 1 + (next_random(&seed) % 4 == 0 ? 0 : (nt_time)next_random(&seed) % (5 * NT_DAY));
		if (next_random(&seed) % 8 == 0) /* at the very instant of a timer */
			t = w->lead->due != NT_NEVER && w->lead->due > before ? w->lead->due : t;
		if (pestered)
			pester(w, before, t, &other);
		world_before(w, t);
		check_policy(w, checked);
		checked = w->releases->len;
		happen(w, text_of(t), next_random(&seed));
	}
	world_before(w, t + 60 * NT_DAY);
	check_policy(w, checked);
	return w;
}

static void asking_more_often_changes_nothing(void **state)
{
	unsigned tasks = 0;

	(void)state;
	for (uint32_t seed = 1; seed <= 40; seed++) {
		struct lead_world *calm = live(seed, false), *pestered = live(seed, true);

		if (strcmp(calm->timeline->str, pestered->timeline->str) != 0)
			print_error("seed %u\ncalm:\n%spestered:\n"
					"%s", seed, calm->timeline->str, pestered->timeline->str);
		assert_string_equal(calm->timeline->str, pestered->timeline->str);
		assert_true(calm->timeline->len > 500);
		tasks += strstr(calm->timeline->str, "task.opened") != NULL;
		world_free(calm);
		world_free(pestered);
	}
	assert_true(tasks > 10);
}

static void the_same_life_leaves_the_same_bytes(void **state)
{
	struct lead_world *one = live(7, false), *other = live(7, false);
	GString *a = g_string_new(NULL), *b = g_string_new(NULL);

	(void)state;
	nt_lead_encode(one->lead, a);
	nt_lead_encode(other->lead, b);
	assert_int_equal(a->len, b->len);
	assert_memory_equal(a->str, b->str, a->len);
	g_string_free(a, TRUE);
	g_string_free(b, TRUE);
	world_free(one);
	world_free(other);
}

/* The same rules, with some of these edits. */
static char *edited(uint32_t choice)
{
	static const char *const cuts[][2] = {
		{ "  - wait: 2 days\n", "  - wait: 5 days\n" },    { "  - email: m2\n", "  - email: m5\n" },
		{ "wait_for: c.d\n", "wait_for: order.placed\n" }, { "  - email: m1\n", "" },
		{ "campaign: back", "campaign: forth\nwas: back" },
		{ "levels: { cold: 0,", "levels: { icy: 0," },
		{ "enter: { on: a.b }", "enter: { on: c.d }" }, { "{ before: 2 weeks,", "{ before: 3 weeks," },
		{ "campaign: chatty\n", "campaign: talk\nwas: chatty\n" },
		{ "      - { of: ends, late: send, steps: [ tag: ended ] }\n", "" },
		{ "sms: m2, wait_for: c.d ]", "sms: m2 ]" },         { "      - { before: 3 days, of: ends, id: near,",
		  "      - { after: 1 day, of: ends, id: near," },
	};
	GString *text = g_string_new(rules);

	for (unsigned i = 0; i < G_N_ELEMENTS(cuts); i++) {
		const char *found = choice >> i & 1 ? strstr(text->str, cuts[i][0]) : NULL;

		if (found == NULL)
			continue;
		g_string_insert(text, found - text->str, cuts[i][1]);
		found = strstr(text->str, cuts[i][0]);
		g_string_erase(text, found - text->str, (gssize)strlen(cuts[i][0]));
	}
	return g_string_free(text, FALSE);
}

static void check_sound(const struct lead_world *w)
{
	const struct nt_run *run, *before = NULL;

	assert_true(w->lead->due > w->lead->last);
	for (run = w->lead->runs; run != NULL; before = run, run = run->next) {
		assert_in_range(run->campaign, before != NULL ? before->campaign + 1 : 0, w->program->n_campaigns - 1);
		assert_in_range(run->step, 0, w->program->campaigns[run->campaign].n_steps - 1);
		assert_true(run->arrived || w->program->campaigns[run->campaign].pause != NULL);
	}
}

static void edits_find_every_lead_a_place(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed <= 15; seed++) {
		struct lead_world *w = world_new(rules);
		uint32_t random = seed;
		nt_time t = world_time("2026-01-01 00:00");

		world_set(w, text_of(t), "{\"email\":\"ann@example.org\",\"phone\":\"+15550101\"}");
		for (int i = 0; i < 40; i++) {
			t += 1 + (nt_time)next_random(&random) % (5 * NT_DAY);
			happen(w, text_of(t), next_random(&random));
			check_sound(w);
			if (i % 3 == 0) {
				char *other = edited(next_random(&random));

				world_before(w, t + 1);
				world_load_again(w, text_of(t + NT_HOUR), other);
				check_sound(w);
				g_free(other);
				t += NT_HOUR;
			}
		}
		world_free(w);
	}
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
		cmocka_unit_test(asking_more_often_changes_nothing),
		cmocka_unit_test(the_same_life_leaves_the_same_bytes),
		cmocka_unit_test(edits_find_every_lead_a_place),
	};

	return cmocka_run_group_tests(tests, NULL, forget_zones);
}
