/* Our own events, outcomes and consent: what they record and whom they wake. */
#include "unit.h"

#include "lead_world.h"

#define A_B "events:\n  a.b: { amount: number }\n  c.d: {}\n---\n"
#define PLAIN POLICY "---\n" A_B
#define ANN "{\"email\":\"ann@example.org\",\"phone\":\"+15550101\"}"

static struct lead_world *ann(const char *rules)
{
	struct lead_world *w = world_new(rules);

	world_set(w, "2026-01-01 00:00", ANN);
	return w;
}

static void consent(struct lead_world *w, const char *now, const char *channel, bool given)
{
	struct nt_input input = { .kind = NT_INPUT_CONSENT, .now = world_time(now) };

	world_before(w, input.now);
	input.consent.channel = channel != NULL ? nt_program_channel(w->program, channel) : -1;
	input.consent.given = given;
	input.consent.how = "unsubscribe link";
	world_step(w, &input);
}

static void a_click_is_waited_for(void **state)
{
	struct lead_world *w = ann(PLAIN "campaign: c\nenter: { on: a.b }\nsteps:\n  - email: m1\n"
			"  - wait_for: email.clicked\n"
	                                 "    if: event.template == \"m1\"\n    up_to: 3 days\n"
	                                 "    then: [ tag: clicked ]\n"
	                                 "    else: [ tag: silent ]\n"
	                                 "  - if: clicked(\"m1\", 1 day) and received(\"m1\")\n"
	                                 "    then: [ tag: remembered ]\n");

	(void)state;
	world_event(w, "2026-06-01 10:00", "a.b");
	world_outcome(w, "2026-06-01 11:00", "m2", NT_OUTCOME_CLICKED);
	world_outcome(w, "2026-06-01 12:00", "m1", NT_OUTCOME_CLICKED);
	world_expect(w, "Mon 2026-06-01 10:00 EDT email m1\nMon 2026-06-01 12:00 EDT tag clicked\n"
	                "Mon 2026-06-01 12:00 EDT tag remembered\n");
	assert_int_equal(nt_lead_event(w->lead, nt_program_event(w->program, "email.sent")).count, 1);
	assert_null(w->lead->pending);
	world_free(w);
}

static void what_is_left_undone_wakes_others(void **state)
{
	struct lead_world *w = ann(PLAIN "campaign: c\nenter: { on: a.b }\nsteps:\n  - email: m1\n"
			"    if: country == \"US\"\n---\n"
	                                 "campaign: d\nenter: { on: message.skipped, if: event.template == \"m1\" }\n"
	                                 "steps: [ tag: skipped ]\n---\n"
	                                 "campaign: e\nenter: { on: campaign.left, if: event.campaign == \"c\" }\n"
	                                 "steps: [ tag: left ]\n---\n"
	                                 "campaign: f\nenter: { when: 'finished(\"e\") and not in_campaign(\"c\")' }\n"
	                                 "steps: [ tag: finished ]\n");

	(void)state;
	world_event(w, "2026-06-01 10:00", "a.b");
	world_expect(w, "Mon 2026-06-01 10:00 EDT message.skipped its condition isn't met\n"
	                "Mon 2026-06-01 10:00 EDT tag skipped\nMon 2026-06-01 10:00 EDT tag left\n"
	                "Mon 2026-06-01 10:00 EDT tag finished\n");
	world_free(w);
}

static void a_crossing_says_from_where_to_where(void **state)
{
	struct lead_world *w = ann(PLAIN "scoring:\n  engagement:\n    - on: a.b\n      points: = event.amount\n"
	                                 "  levels: { cold: 0, warm: 10, hot: 50 }\n---\n"
	                                 "campaign: c\n"
	                                 "enter:\n  on: score.crossed\n"
	                                 "  if: event.from == \"cold\" and event.to == \"hot\"\n"
	                                 "steps: [ tag: leapt ]\n");

	(void)state;
	world_happened(w, "2026-06-01 10:00", NULL, "a.b", "{\"amount\":70}");
	world_happened(w, "2026-06-02 10:00", NULL, "a.b", "{\"amount\":-71.2}");
	world_expect(w, "Mon 2026-06-01 10:00 EDT score.crossed cold to hot, score 70\n"
			"Mon 2026-06-01 10:00 EDT tag leapt\n"
	                "Tue 2026-06-02 10:00 EDT score.crossed hot to none, score -1\n");
	world_free(w);
}

static void unsubscribing_stops_marketing_and_no_service(void **state)
{
	struct lead_world *w = ann(PLAIN "campaign: c\nenter: { on: a.b }\nagain: always\nsteps:\n  - email: m1\n"
			"  - email: m2\n    kind: service\n---\n"
	                                 "campaign: d\nenter: { on: email.unsubscribed }\nagain: always\n"
	                                 "steps: [ tag: gone, untag: gone ]\n");

	(void)state;
	w->keeps = true;
	world_event(w, "2026-06-01 10:00", "a.b");
	consent(w, "2026-06-01 10:01", "email", false);
	assert_non_null(strstr(w->all->str, "suppress email: unsubscribe link"));
	assert_true(w->lead->unsubscribed);
	world_event(w, "2026-06-02 10:00", "a.b");
	consent(w, "2026-06-03 10:00", NULL, false); /* once more: nothing new for email */
	consent(w, "2026-06-04 10:00", "email", true);
	consent(w, "2026-06-04 10:00", NULL, true);
	assert_false(w->lead->unsubscribed);
	world_event(w, "2026-06-05 10:00", "a.b");
	world_expect(w, "Mon 2026-06-01 10:00 EDT email m1\nMon 2026-06-01 10:00 EDT email m2\n"
	                "Mon 2026-06-01 10:01 EDT message.cancelled consent refused\n"
	                "Mon 2026-06-01 10:01 EDT tag gone\nMon 2026-06-01 10:01 EDT untag gone\n"
	                "Tue 2026-06-02 10:00 EDT message.skipped no consent for email\n"
	                "Tue 2026-06-02 10:00 EDT email m2\n"
	                "Fri 2026-06-05 10:00 EDT email m1\nFri 2026-06-05 10:00 EDT email m2\n");
	world_free(w);
}

static void what_rules_suppress_is_no_unsubscribing(void **state)
{
	struct lead_world *w = ann(PLAIN "campaign: c\nenter: { on: a.b }\nsteps:\n  - suppress: email\n  - email: m1\n"
			"---\n"
	                                 "campaign: d\nenter: { on: email.unsubscribed }\nsteps: [ tag: gone ]\n");

	(void)state;
	world_event(w, "2026-06-01 10:00", "a.b");
	assert_false(w->lead->unsubscribed);
	world_expect(w, "Mon 2026-06-01 10:00 EDT message.skipped email is suppressed by the rules\n");
	world_free(w);
}

static void a_handed_message_is_past_calling_back(void **state)
{
	struct lead_world *w = ann(PLAIN "campaign: c\nenter: { on: a.b }\nexit: [ on: c.d ]\n"
			"steps: [ email: m1, wait: 1 day, email: m2 ]\n");

	(void)state;
	w->keeps = true;
	world_event(w, "2026-06-01 10:00", "a.b");
	w->lead->pending->handed = true;
	world_event(w, "2026-06-01 11:00", "c.d");
	world_expect(w, "Mon 2026-06-01 10:00 EDT email m1\n");
	world_free(w);
}

static void patience_ends_in_a_pause_too(void **state)
{
	struct lead_world *w = ann(POLICY "---\nfields:\n  held: number\n---\n" A_B "campaign: c\nenter: { on: a.b }\n"
			"pause: held == 1\nsteps:\n"
	                                  "  - email: m1\n    give_up_after: 2 days\n  - tag: after\n");

	(void)state;
	world_set(w, "2026-06-01 09:00", "{\"held\":1}");
	world_event(w, "2026-06-01 10:00", "a.b");
	world_until(w, "2026-06-05 10:00");
	world_expect(w, "Wed 2026-06-03 10:00 EDT message.given_up it could not go out in time\n");
	world_set(w, "2026-06-06 10:00", "{\"held\":0}");
	world_expect(w, "Wed 2026-06-03 10:00 EDT message.given_up it could not go out in time\n"
	                "Sat 2026-06-06 10:00 EDT tag after\n");
	world_free(w);
}

static void patience_ends_while_the_daemon_is_away(void **state)
{
	struct lead_world *w = ann(PLAIN "campaign: c\nenter: { on: a.b }\nsteps:\n  - wait: 1 hour\n  - email: m1\n"
			"    give_up_after: 2 hours\n"
	                                 "  - tag: after\n");

	(void)state;
	world_event(w, "2026-06-01 10:00", "a.b");
	w->clock = world_time("2026-06-01 18:00");
	world_until(w, "2026-06-01 18:00");
	world_expect(w, "Mon 2026-06-01 13:00 EDT message.given_up it could not go out in time\n"
			"Mon 2026-06-01 13:00 EDT tag after\n");
	world_free(w);
}

static void there_may_be_no_time_at_all(void **state)
{
	struct lead_world *w = ann("policy:\n" SENDER "  time_zone: America/New_York\n  send: mon-fri 08:00-20:00\n"
			"---\n" A_B
	                           "campaign: c\nenter: { on: a.b }\nsteps:\n  - email: m1\n"
	                           "    window: sat,sun 10:00-12:00\n  - tag: after\n");

	(void)state;
	world_event(w, "2026-06-01 10:00", "a.b");
	world_expect(w, "Mon 2026-06-01 10:00 EDT message.given_up "
	                "there is no time within 400 days at which it may go out\n"
	                "Mon 2026-06-01 10:00 EDT tag after\n");
	world_free(w);
}

static void rules_that_chase_each_other_come_to_an_end(void **state)
{
	struct lead_world *w = ann(PLAIN "scoring:\n  engagement:\n    - on: score.crossed\n      points: -20\n"
			"      if: event.to == \"warm\"\n"
	                                 "    - on: score.crossed\n      points: 20\n      if: event.to == \"cold\"\n"
	                                 "    - on: a.b\n      points: 15\n"
	                                 "  levels: { cold: -100, warm: 10 }\n---\n"
	                                 "campaign: c\nenter: { when: level == \"warm\" }\nagain: always\n"
	                                 "steps: [ points: -30 ]\n---\n"
	                                 "campaign: d\nenter: { when: level == \"cold\" }\nagain: always\n"
	                                 "steps: [ points: 30 ]\n");

	(void)state;
	world_event(w, "2026-06-01 10:00", "a.b");
	assert_null(strstr(w->timeline->str, "stopped"));
	assert_true(w->timeline->len < 2000);
	world_free(w);
}

/* II.10: names beyond the limit aren't kept; those that are go on counting. */
static void a_thousand_names_are_kept(void **state)
{
	struct lead_world *w = ann(PLAIN);
	unsigned names = 0;

	(void)state;
	for (unsigned i = 0; i < NT_EVENT_NAMES_KEPT + 5; i++) {
		char name[16];

		snprintf(name, sizeof name, "u.n%u", i);
		world_event(w, "2026-06-01 10:00", name);
	}
	world_event(w, "2026-06-02 10:00", "u.n7");
	world_event(w, "2026-06-02 10:00", "a.b");
	for (const struct nt_extra_event *e = w->lead->extra_events; e != NULL; e = e->next, names++)
		if (strcmp(e->name, "u.n7") == 0)
			assert_int_equal(e->stat.count, 2);
	assert_int_equal(names, NT_EVENT_NAMES_KEPT);
	assert_int_equal(nt_lead_event(w->lead, nt_program_event(w->program, "a.b")).count, 1);
	world_free(w);
}

/* II.2: of 300 events 256 are left, the oldest standing for the first 45, at the time of the 45th. */
static void count_is_defined_over_the_ring(void **state)
{
	struct lead_world *w = ann(POLICY "---\nfields:\n  seats: number\n" A_B "campaign: c\n"
	                           "enter: { when: 'count(\"a.b\", 7 days) > seats' }\nagain: always\nsteps:\n"
	                           "  - tag: many\n  - wait_until: 'not (count(\"a.b\", 7 days) > seats)'\n"
	                           "  - untag: many\n");

	(void)state;
	world_set(w, "2026-06-01 00:00", "{\"seats\":299}");
	for (unsigned i = 1; i <= 300; i++) {
		char at[32];

		snprintf(at, sizeof at, "2026-06-01 %02u:%02u", i / 60, i % 60);
		world_event(w, at, "a.b");
	}
	world_until(w, "2026-07-01 00:00");
	assert_string_equal(w->timeline->str, "Mon 2026-06-01 05:00 EDT tag many\n"
	                                      "Mon 2026-06-08 00:45 EDT untag many\n");
	world_free(w);
}

static void late_events_count_but_start_nothing(void **state)
{
	struct lead_world *w = ann(PLAIN "campaign: c\nenter: { on: a.b }\nagain: always\n"
			"steps: [ tag: started, untag: started ]\n---\n"
	                                 "campaign: d\nenter: { when: 'count(\"a.b\", 7 days) >= 2' }\n"
	                                 "steps: [ tag: two ]\n");

	(void)state;
	world_happened(w, "2026-06-10 10:00", "2026-06-07 09:59:59", "a.b", NULL);
	world_happened(w, "2026-06-10 11:00", "2026-06-08 11:00", "a.b", NULL);
	world_expect(w, "Wed 2026-06-10 11:00 EDT tag started\nWed 2026-06-10 11:00 EDT untag started\n"
	                "Wed 2026-06-10 11:00 EDT tag two\n");
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
		cmocka_unit_test(a_click_is_waited_for),
		cmocka_unit_test(what_is_left_undone_wakes_others),
		cmocka_unit_test(a_crossing_says_from_where_to_where),
		cmocka_unit_test(unsubscribing_stops_marketing_and_no_service),
		cmocka_unit_test(what_rules_suppress_is_no_unsubscribing),
		cmocka_unit_test(a_handed_message_is_past_calling_back),
		cmocka_unit_test(patience_ends_in_a_pause_too),
		cmocka_unit_test(patience_ends_while_the_daemon_is_away),
		cmocka_unit_test(there_may_be_no_time_at_all),
		cmocka_unit_test(rules_that_chase_each_other_come_to_an_end),
		cmocka_unit_test(a_thousand_names_are_kept),
		cmocka_unit_test(count_is_defined_over_the_ring),
		cmocka_unit_test(late_events_count_but_start_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, forget_zones);
}
