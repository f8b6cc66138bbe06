/* A condition knows when it will change: nothing is polled. Leads to whom nothing happens cost nothing, however much
 * the rules ask and however long it lasts. */
#include "engine_house.h"

#include <stdio.h>

#define LEADS 20000u
#define BATCH 1000u

/* Whatever depends on time, and none of it within thirty days. */
static const char idle_rules[] =
	POLICY_TEXT
	"fields:\n  seats: number\n  renews_on: date\n  born_on: date\n"
	"events:\n  a.b: { amount: number }\n  c.d: {}\n"
	"segments:\n  dormant: since(last(\"a.b\")) > 60 days\n  busy: count(\"a.b\", 90 days) >= 3\n"
	"  rich: total(\"a.b\", \"amount\", 3 months) > 10\n  ending: until(renews_on) < 14 days\n"
	"  quiet: in_segment(\"dormant\") and not did(\"c.d\", 45 days)\n  season: now >= 2026-12-01 09:00\n"
	"---\n"
	"scoring:\n  fit:\n    - if: since(created_at) > 50 days\n      points: 5\n"
	"    - if: seats > 3 or in_segment(\"ending\")\n      points: 7\n"
	"  engagement:\n    - on: a.b\n      points: = event.amount\n  levels: { cold: 0, warm: 10 }\n"
	"---\n"
	"sales:\n  ready: [ { when: score >= 40 and not in_segment(\"quiet\"), reason: score } ]\n"
	"  reps:\n    anna: { email: anna@example.org, time_zone: Europe/Berlin, hours: mon-fri 09:00-17:30 }\n"
	"  teams: { dach: { reps: [ anna ] } }\n  route: [ { to: team dach } ]\n  tell: [ email: new-lead ]\n"
	"---\n"
	"campaign: back\nenter: { when: in_segment(\"quiet\") }\nsteps: [ email: m1 ]\n"
	"---\n"
	"campaign: renewal\nenter: { date: renews_on, before: 30 days, time: 09:00 }\nsteps: [ email: m1 ]\n"
	"---\n"
	"campaign: birthday\nenter: { date: born_on, every: year, time: 09:00 }\nsteps: [ email: m1 ]\n"
	"---\n"
	"campaign: winter\nenter: [ { at: 2026-12-01 09:00 }, { at: 2026-01-05 09:00, every: 6 months } ]\n"
	"steps: [ email: m2 ]\n"
	"---\n"
	"campaign: long\nenter: { on: a.b }\nexit: [ { when: in_segment(\"season\") } ]\n"
	"pause: in_segment(\"rich\")\n"
	"steps:\n  - wait: 40 days\n  - email: m1\n"
	"---\n"
	"campaign: slow\nenter: { on: a.b }\n"
	"steps:\n  - wait_for: c.d\n    up_to: 2 months\n    then: [ tag: x ]\n"
	"  - wait_until: 'did(\"c.d\") or in_segment(\"dormant\")'\n  - email: m1\n";

static void people_come(struct house *h)
{
	for (unsigned i = 0; i < LEADS; i += BATCH) {
		struct nt_request *chain = NULL;

		for (unsigned k = 0; k < BATCH; k++) {
			const char *id = nt_arena_printf(h->arena, "lead-%u", i + k);
			struct nt_request *fields, *happened;

			fields = input(h, NT_INPUT_FIELDS, id,
			               nt_arena_printf(h->arena,
			                               "{\"email\":\"%s@example.org\",\"time_zone\":\"%s\","
			                               "\"renews_on\":\"2026-10-%02u\",\"born_on\":\"1980-09-%02u\"}",
			                               id, k % 2 == 0 ? "Europe/Berlin" : "America/New_York",
			                               1 + k % 28, 1 + k % 28));
			happened = input(h, NT_INPUT_EVENT, id, "{\"event\":\"a.b\",\"properties\":{\"amount\":4}}");
			happened->next = chain;
			fields->next = happened;
			chain = fields;
		}
		assert_int_equal(nt_engine_turn(h->engine, h->now, chain, 100, 100), NT_STORE_OK);
		nt_arena_reset(h->arena);
	}
}

static void nobody_is_asked_while_nothing_happens(void **state)
{
	struct house *h = house_of(idle_rules);
	struct nt_engine_counters before, after;
	nt_time start;

	(void)state;
	people_come(h);
	start = h->now;
	before = nt_engine_counters(h->engine);
	assert_true(before.steps >= LEADS * 2);
	assert_true(before.evaluations > before.steps);
	/* the daemon would not even look; here it looks every hour */
	for (int hour = 0; hour < 30 * 24; hour++) {
		h->now += NT_HOUR;
		assert_int_equal(turn(h, NULL), NT_STORE_OK);
	}
	after = nt_engine_counters(h->engine);
	assert_int_equal(after.steps, before.steps);
	assert_int_equal(after.evaluations, before.evaluations);
	assert_int_equal(after.released, before.released);
	assert_true(nt_engine_due(h->engine) > h->now);

	/* they weren't forgotten: in July the winter comes round, and after forty days the first wait of all ends */
	h->now = start + 40 * NT_DAY + NT_HOUR;
	while (nt_engine_due(h->engine) <= h->now)
		assert_int_equal(nt_engine_turn(h->engine, h->now, NULL, BATCH, 100), NT_STORE_OK);
	after = nt_engine_counters(h->engine);
	assert_int_equal(after.steps, before.steps + LEADS);
	assert_int_equal(after.released, before.released + 2 * LEADS);
	house_free(h);
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
		cmocka_unit_test(nobody_is_asked_while_nothing_happens),
	};

	return cmocka_run_group_tests(tests, NULL, forget_zones);
}
