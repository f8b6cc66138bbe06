#include "unit.h"

#include "lead_world.h"

#define A_B "events:\n  a.b: { amount: number, page: text }\n  c.d: { amount: number }\n  order.placed: {}\n---\n"
#define BEGIN POLICY "---\n"
#define PLAIN BEGIN A_B

/* Runs the lead from one event to the end of the year. */
static void after_event(const char *rules, const char *event_at, const char *timeline)
{
	struct lead_world *w = world_new(rules);

	world_set(w, "2026-01-01 00:00", "{\"email\":\"ann@example.org\"}");
	world_event(w, event_at, "a.b");
	world_until(w, "2026-12-31");
	world_expect(w, timeline);
	world_free(w);
}

/* ---- steps and waits ---- */

static void waits_count_from_the_step_before(void **state)
{
	(void)state;
	after_event(PLAIN "campaign: c\nenter: { on: a.b }\n"
			"steps: [ email: m1, wait: 2 days, email: m2, wait: 36 hours, email: m3 ]\n",
	            "2026-03-07 10:00",
	            "Sat 2026-03-07 10:00 EST email m1\n"
	            "Mon 2026-03-09 10:00 EDT email m2\n"
	            "Tue 2026-03-10 22:00 EDT email m3\n");
}

static void times_of_day_and_weekdays(void **state)
{
	(void)state;
	after_event(PLAIN "campaign: c\nenter: { on: a.b }\n"
			"steps: [ wait_until: 09:00, email: m1, wait_until: monday 09:00, email: m2,"
	                  " wait_until: entered + 14 days, email: m3 ]\n",
	            "2026-06-02 09:00",
	            "Tue 2026-06-02 09:00 EDT email m1\n"
	            "Mon 2026-06-08 09:00 EDT email m2\n"
	            "Tue 2026-06-16 09:00 EDT email m3\n");
}

static void a_wait_for_takes_one_of_two_ways(void **state)
{
	static const char rules[] = PLAIN "campaign: c\nenter: { on: a.b }\nsteps:\n  - wait_for: c.d\n"
			"    if: event.amount > 5\n"
	                                  "    up_to: 3 days\n    then:\n      - tag: came\n"
	                                  "        if: event.amount > 7\n      - wait: 1 hour\n"
	                                  "      - email: m1\n    else: [ email: m2 ]\n  - email: m3\n";
	struct lead_world *w;

	(void)state;
	after_event(rules, "2026-06-01 10:00", "Thu 2026-06-04 10:00 EDT email m2\n"
			"Thu 2026-06-04 10:00 EDT email m3\n");
	w = world_new(rules);
	world_set(w, "2026-01-01 00:00", "{\"email\":\"ann@example.org\"}");
	world_event(w, "2026-06-01 10:00", "a.b");
	world_happened(w, "2026-06-02 10:00", NULL, "c.d", "{\"amount\":5}");
	world_happened(w, "2026-06-02 11:00", "2026-06-01 09:59", "c.d", "{\"amount\":8}");
	world_happened(w, "2026-06-04 10:00", NULL, "c.d", "{\"amount\":8}"); /* before the wait's end, due now */
	world_until(w, "2026-12-31");
	world_expect(w, "Thu 2026-06-04 10:00 EDT tag came\n"
	                "Thu 2026-06-04 11:00 EDT email m1\nThu 2026-06-04 11:00 EDT email m3\n");
	world_free(w);
}

static void a_condition_is_waited_for(void **state)
{
	static const char rules[] = PLAIN "campaign: c\nenter: { on: a.b }\nsteps:\n"
			"  - wait_until: since(last(\"a.b\")) > 2 days\n"
	                                  "  - email: m1\n  - wait_until: country == \"US\"\n    up_to: 1 day\n"
	                                  "    then: [ email: m2 ]\n"
	                                  "    else: [ email: m3 ]\n";
	struct lead_world *w = world_new(rules);

	(void)state;
	world_set(w, "2026-01-01 00:00", "{\"email\":\"ann@example.org\"}");
	world_event(w, "2026-06-01 10:00", "a.b");
	world_event(w, "2026-06-02 10:00", "a.b");
	world_set(w, "2026-06-04 12:00", "{\"country\":\"US\"}");
	world_until(w, "2026-12-31");
	world_expect(w, "Thu 2026-06-04 10:00 EDT email m1\nThu 2026-06-04 12:00 EDT email m2\n");
	world_free(w);
}

static void an_event_is_offered_only_to_what_stood_before_it(void **state)
{
	(void)state;
	after_event(PLAIN "campaign: c\nenter: { on: a.b }\ngoal: { on: a.b }\nsteps:\n  - wait_for: a.b\n"
			"    up_to: 1 day\n"
	                  "    then: [ email: m1 ]\n    else: [ email: m2 ]\n",
	            "2026-06-01 10:00", "Tue 2026-06-02 10:00 EDT email m2\n");
	after_event(PLAIN "campaign: c\nenter: { on: a.b }\nsteps:\n  - wait_for: a.b\n    up_to: 1 day\n    then:\n"
			"      - wait_for: a.b\n"
	                  "        up_to: 1 day\n        then: [ email: m1 ]\n        else: [ email: m2 ]\n",
	            "2026-06-01 10:00", "");
}

/* ---- in and out ---- */

static void an_edge_enters_once(void **state)
{
	static const char rules[] = BEGIN "fields:\n  seats: number\n---\ncampaign: c\nenter: { when: seats >= 10 }\n"
			"again: always\nsteps: [ email: m1 ]\n";
	struct lead_world *w = world_new(rules);

	(void)state;
	world_set(w, "2026-06-01 10:00", "{\"email\":\"ann@example.org\",\"seats\":12}");
	world_set(w, "2026-06-02 10:00", "{\"seats\":14}");
	world_set(w, "2026-06-03 10:00", "{\"seats\":4}");
	world_set(w, "2026-06-04 10:00", "{\"seats\":14}");
	world_expect(w, "Mon 2026-06-01 10:00 EDT email m1\nThu 2026-06-04 10:00 EDT email m1\n");
	world_free(w);
}

static void the_event_that_ends_a_run_may_start_the_next(void **state)
{
	static const char rules[] = PLAIN "campaign: c\nenter: { on: a.b }\nagain: always\n"
			"goal: { on: a.b, do: [ tag: done ] }\n"
	                                  "exit: [ { on: a.b, do: [ tag: never ] } ]\n"
	                                  "steps: [ email: m1, wait: 3 days, email: m2 ]\n";
	struct lead_world *w = world_new(rules);

	(void)state;
	world_set(w, "2026-01-01 00:00", "{\"email\":\"ann@example.org\"}");
	world_event(w, "2026-06-01 10:00", "a.b");
	world_event(w, "2026-06-02 10:00", "a.b");
	world_until(w, "2026-12-31");
	world_expect(w, "Mon 2026-06-01 10:00 EDT email m1\n"
	                "Tue 2026-06-02 10:00 EDT tag done\nTue 2026-06-02 10:00 EDT email m1\n"
	                "Fri 2026-06-05 10:00 EDT email m2\n");
	assert_int_equal(nt_lead_campaign(w->lead, "c")->entries, 2);
	assert_true(nt_lead_campaign(w->lead, "c")->reached_goal == world_time("2026-06-02 10:00"));
	world_free(w);
}

static void leaving_calls_back_what_nobody_has_taken(void **state)
{
	static const char rules[] = "policy:\n" SENDER "  time_zone: America/New_York\n  at_most: 1 per day\n---\n" A_B
		"campaign: c\nenter: { on: a.b }\nexit: [ on: order.placed ]\n"
		"steps: [ email: m1, wait: 3 days, email: m2 ]\n---\n"
		"campaign: d\nenter: { on: c.d }\nsteps: [ email: m3 ]\n";
	struct lead_world *w = world_new(rules);

	(void)state;
	w->keeps = true;
	world_set(w, "2026-01-01 00:00", "{\"email\":\"ann@example.org\"}");
	world_event(w, "2026-06-01 10:00", "a.b");
	world_event(w, "2026-06-01 11:00", "c.d");
	world_event(w, "2026-06-01 12:00", "order.placed");
	world_until(w, "2026-12-31");
	world_expect(w, "Mon 2026-06-01 10:00 EDT email m1\n"
	                "Mon 2026-06-01 12:00 EDT message.cancelled exit: order.placed\n"
	                "Mon 2026-06-01 12:00 EDT email m3\n"); /* the slot is free again */
	world_free(w);
}

static void what_waits_is_called_back_after_the_end_too(void **state)
{
	static const char rules[] = "policy:\n" SENDER "  time_zone: America/New_York\n  at_most: 1 per day\n---\n" A_B
		"campaign: c\nenter: { on: a.b }\ngoal: { on: c.d, if: event.amount > 5 }\nsteps: [ email: m1 ]\n"
		"---\ncampaign: d\nenter: { on: order.placed }\nsteps: [ email: m3 ]\n";
	struct lead_world *w = world_new(rules);

	(void)state;
	w->keeps = true;
	world_set(w, "2026-01-01 00:00", "{\"email\":\"ann@example.org\"}");
	world_event(w, "2026-06-01 10:00", "a.b");
	world_event(w, "2026-06-01 11:00", "order.placed");
	world_happened(w, "2026-06-01 11:30", NULL, "c.d", "{\"amount\":5}");
	world_happened(w, "2026-06-01 12:00", NULL, "c.d", "{\"amount\":6}");
	world_until(w, "2026-12-31");
	world_expect(w, "Mon 2026-06-01 10:00 EDT email m1\n"
	                "Mon 2026-06-01 12:00 EDT message.cancelled c.d came before it went out\n"
	                "Mon 2026-06-01 12:00 EDT email m3\n");
	assert_true(nt_lead_campaign(w->lead, "c")->reached_goal == NT_NO_TIME);
	world_free(w);
}

static void campaigns_start_each_other_once_an_instant(void **state)
{
	after_event(PLAIN "campaign: c\nenter: [ on: a.b, by_hand: true ]\nagain: always\n"
			"steps: [ tag: c, untag: c, start: d ]\n---\n"
	                  "campaign: d\nenter: { by_hand: true }\nagain: always\n"
	                  "steps: [ tag: d, untag: d, start: c ]\n",
	            "2026-06-01 10:00",
	            "Mon 2026-06-01 10:00 EDT tag c\nMon 2026-06-01 10:00 EDT untag c\n"
	            "Mon 2026-06-01 10:00 EDT tag d\nMon 2026-06-01 10:00 EDT untag d\n"
	            "Mon 2026-06-01 10:00 EDT campaign.not_entered was in it at this very instant\n");
	(void)state;
}

static void a_pause_holds_steps_but_no_waits(void **state)
{
	static const char rules[] = BEGIN "fields:\n  held: yes_no\n---\n" A_B "campaign: c\nenter: { on: a.b }\n"
			"pause: held == yes\n"
	                                  "steps: [ wait: 1 day, tag: one, email: m1, wait: 2 days, email: m2 ]\n";
	struct lead_world *w = world_new(rules);

	(void)state;
	world_set(w, "2026-01-01 00:00", "{\"email\":\"ann@example.org\"}");
	world_event(w, "2026-06-01 10:00", "a.b");
	world_put(w, "2026-06-01 11:00", "{\"email\":\"ann@example.org\",\"held\":true}", true);
	world_until(w, "2026-06-05 15:29");
	world_expect(w, "");
	world_put(w, "2026-06-05 15:30", "{\"email\":\"ann@example.org\",\"held\":null}", true);
	world_until(w, "2026-12-31");
	world_expect(w, "Fri 2026-06-05 15:30 EDT tag one\nFri 2026-06-05 15:30 EDT email m1\n"
			"Sun 2026-06-07 15:30 EDT email m2\n");
	world_free(w);
}

/* ---- the gate ---- */

static void trace_5_priorities_and_patience(void **state)
{
	static const char rules[] = "policy:\n" SENDER "  time_zone: America/New_York\n  send: mon-fri 08:00-20:00\n"
			"  at_most: 1 per day\n---\n"
		"events:\n  first.one: {}\n  to.alpha: {}\n  to.beta: {}\n  to.zeta: {}\n---\n"
		"campaign: before\nenter: { on: first.one }\nsteps: [ email: m1 ]\n---\n"
		"campaign: alpha\nenter: { on: to.alpha }\nsteps: [ email: m2 ]\n---\n"
		"campaign: beta\nenter: { on: to.beta }\nsteps:\n  - email: m3\n    give_up_after: 1 day\n---\n"
		"campaign: zeta\npriority: 9\nenter: { on: to.zeta }\nsteps:\n  - email: m4\n"
		"    unless: country == \"DE\"\n";
	struct lead_world *w = world_new(rules);

	(void)state;
	for (int german = 0; german < 2; german++) {
		world_set(w, "2026-01-01 00:00", "{\"email\":\"ann@example.org\"}");
		world_event(w, "2026-06-01 08:30", "first.one");
		world_event(w, "2026-06-01 09:00", "to.alpha");
		world_event(w, "2026-06-01 09:30", "to.beta");
		world_event(w, "2026-06-01 10:00", "to.zeta");
		if (german)
			world_set(w, "2026-06-01 11:00", "{\"country\":\"DE\"}");
		world_until(w, "2026-12-31");
		world_expect(w, german ? "Mon 2026-06-01 08:30 EDT email m1\n"
		                         "Tue 2026-06-02 08:30 EDT message.skipped its condition isn't met\n"
		                         "Tue 2026-06-02 08:30 EDT email m2\n"
		                         "Tue 2026-06-02 09:30 EDT message.given_up it could not go out in time\n"
		                       : "Mon 2026-06-01 08:30 EDT email m1\n"
		                         "Tue 2026-06-02 08:30 EDT email m4\n"
		                         "Tue 2026-06-02 09:30 EDT message.given_up it could not go out in time\n"
		                         "Wed 2026-06-03 08:30 EDT email m2\n");
		world_free(w);
		w = world_new(rules);
	}
	world_free(w);
}

static void trace_4_a_night_in_between(void **state)
{
	static const char rules[] = "policy:\n" SENDER "  time_zone: America/New_York\n"
			"  send: [ mon-fri 08:00-20:00, sat 10:00-16:00 ]\n"
		"  at_most: [ 1 per day, 3 per week ]\n---\n" A_B
		"campaign: c\nenter: { on: a.b }\nexit: [ on: order.placed ]\n"
		"steps: [ wait: 30 minutes, email: m1, wait: 6 hours, email: m2 ]\n";
	struct lead_world *w;

	(void)state;
	after_event(rules, "2026-06-01 19:45", "Tue 2026-06-02 08:00 EDT email m1\n"
			"Wed 2026-06-03 08:00 EDT email m2\n");
	w = world_new(rules);
	world_set(w, "2026-01-01 00:00", "{\"email\":\"ann@example.org\"}");
	world_event(w, "2026-06-01 19:45", "a.b");
	world_happened(w, "2026-06-02 07:00", "2026-06-01 19:30", "order.placed", NULL);
	assert_non_null(w->lead->runs);
	world_event(w, "2026-06-02 08:00:00.000", "order.placed");
	world_until(w, "2026-12-31");
	world_expect(w, "");
	world_free(w);
}

static void holidays_and_windows_until_nothing_stands_against_it(void **state)
{
	(void)state;
	after_event("policy:\n" SENDER "  time_zone: America/New_York\n  send: mon-fri 08:00-20:00\n"
			"  holidays: [ 2026-12-25 ]\n---\n" A_B
	            "campaign: c\nenter: { on: a.b }\nsteps:\n  - email: m1\n    window: daily 06:00-09:00\n"
	            "  - email: m2\n    kind: service\n",
	            "2026-12-24 21:00", "Mon 2026-12-28 08:00 EST email m1\nMon 2026-12-28 08:00 EST email m2\n");
}

static void nothing_is_released_in_the_past(void **state)
{
	static const char rules[] = PLAIN "campaign: c\nenter: { on: a.b }\n"
			"steps: [ wait: 1 hour, email: m1, wait: 1 hour, tag: two, email: m2 ]\n";
	struct lead_world *w = world_new(rules);

	(void)state;
	world_set(w, "2026-01-01 00:00", "{\"email\":\"ann@example.org\"}");
	world_event(w, "2026-06-01 10:00", "a.b");
	w->clock = world_time("2026-06-01 15:00");
	world_until(w, "2026-06-01 15:00");
	world_expect(w, "Mon 2026-06-01 15:00 EDT email m1\n");
	world_until(w, "2026-06-02 15:00");
	world_expect(w, "Mon 2026-06-01 15:00 EDT email m1\nMon 2026-06-01 16:00 EDT tag two\n"
			"Mon 2026-06-01 16:00 EDT email m2\n");
	world_free(w);
}

static void reasons_to_skip(void **state)
{
	static const char rules[] = "policy:\n" SENDER "  time_zone: America/New_York\n"
			"  suppress_if: country == \"XX\"\n---\n" A_B
		"campaign: c\nenter: { on: a.b }\nagain: always\nsteps:\n  - sms: m1\n  - email: m2\n  - email: m3\n"
		"    kind: service\n";
	struct lead_world *w = world_new(rules);
	int email = nt_program_channel(w->program, "email");

	(void)state;
	world_event(w, "2026-06-01 10:00", "a.b");
	world_set(w, "2026-06-01 11:00", "{\"email\":\"ann@example.org\",\"country\":\"XX\"}");
	world_event(w, "2026-06-02 10:00", "a.b");
	w->suppressed = g_new0(bool, w->program->n_channels);
	w->suppressed[email] = true;
	world_event(w, "2026-06-03 10:00", "a.b");
	world_expect(w, "Mon 2026-06-01 10:00 EDT message.skipped no consent for sms\n"
	                "Mon 2026-06-01 10:00 EDT message.skipped no address for email\n"
	                "Mon 2026-06-01 10:00 EDT message.skipped no address for email\n"
	                "Tue 2026-06-02 10:00 EDT message.skipped no consent for sms\n"
	                "Tue 2026-06-02 10:00 EDT message.skipped suppressed by the policy\n"
	                "Tue 2026-06-02 10:00 EDT email m3\n"
	                "Wed 2026-06-03 10:00 EDT message.skipped no consent for sms\n"
	                "Wed 2026-06-03 10:00 EDT message.skipped the address for email is suppressed\n"
	                "Wed 2026-06-03 10:00 EDT email m3\n"); /* no hard bounce */
	world_free(w);
}

static void a_hard_bounce_ends_it_and_a_new_address_begins_anew(void **state)
{
	static const char rules[] = PLAIN "campaign: c\nenter: { on: a.b }\nagain: always\nsteps:\n  - email: m1\n"
			"    kind: service\n"
	                                  "---\ncampaign: d\nenter: { on: email.bounced }\nsteps: [ tag: bounced ]\n";
	struct lead_world *w = world_new(rules);

	(void)state;
	w->suppressed = g_new0(bool, w->program->n_channels);
	world_set(w, "2026-06-01 09:00", "{\"email\":\"ann@example.org\"}");
	world_event(w, "2026-06-01 10:00", "a.b");
	world_outcome(w, "2026-06-01 10:01", "m1", NT_OUTCOME_BOUNCED);
	assert_non_null(strstr(w->all->str, "suppress email: bounced"));
	assert_true(w->lead->bounced_hard);
	world_event(w, "2026-06-02 10:00", "a.b");
	memset(w->suppressed, 0, w->program->n_channels);
	world_set(w, "2026-06-03 09:00", "{\"email\":\"ann@example.com\"}");
	world_event(w, "2026-06-03 10:00", "a.b");
	world_expect(w, "Mon 2026-06-01 10:00 EDT email m1\nMon 2026-06-01 10:01 EDT tag bounced\n"
	                "Tue 2026-06-02 10:00 EDT message.skipped the address for email is suppressed\n"
	                "Wed 2026-06-03 10:00 EDT email m1\n");
	world_free(w);
}

/* ---- points ---- */

static void points_levels_and_their_decay(void **state)
{
	static const char rules[] = BEGIN A_B "scoring:\n  half_life: 1 day\n  engagement:\n    - on: a.b\n"
			"      points: 50\n      at_most: 80 per week\n"
	                                  "  levels: { cold: 0, warm: 40, hot: 80 }\n---\n"
	                                  "campaign: c\nenter: { on: score.crossed }\nagain: always\n"
	                                  "steps: [ tag: crossed, untag: crossed ]\n";
	struct lead_world *w = world_new(rules);

	(void)state;
	world_event(w, "2026-06-01 10:00", "a.b");
	world_event(w, "2026-06-01 10:00", "a.b");
	world_event(w, "2026-06-01 10:00", "a.b");
	assert_int_equal(world_score(w, "2026-06-01 10:00"), 80);
	world_until(w, "2026-06-02 12:00");
	assert_int_equal(world_score(w, "2026-06-02 10:00"), 40);
	world_expect(w, "Mon 2026-06-01 10:00 EDT score.crossed cold to warm, score 50\n"
	                "Mon 2026-06-01 10:00 EDT tag crossed\nMon 2026-06-01 10:00 EDT untag crossed\n"
	                "Mon 2026-06-01 10:00 EDT score.crossed warm to hot, score 80\n"
	                "Mon 2026-06-01 10:00 EDT tag crossed\nMon 2026-06-01 10:00 EDT untag crossed\n"
	                "Mon 2026-06-01 10:13:01.501 EDT score.crossed hot to warm, score 79\n"
	                "Mon 2026-06-01 10:13:01.501 EDT tag crossed\nMon 2026-06-01 10:13:01.501 EDT untag crossed\n"
	                "Tue 2026-06-02 10:26:07.931 EDT score.crossed warm to cold, score 39\n"
	                "Tue 2026-06-02 10:26:07.931 EDT tag crossed\nTue 2026-06-02 10:26:07.931 EDT untag crossed\n");
	world_free(w);
}

static void idle_leads_have_no_timer(void **state)
{
	static const char rules[] = BEGIN A_B "segments:\n  dormant: since(last(\"a.b\")) > 30 days\n---\n"
	                                  "campaign: c\nenter: { when: in_segment(\"dormant\") }\nagain: always\n"
	                                  "steps: [ email: m1 ]\n";
	struct lead_world *w = world_new(rules);

	(void)state;
	world_set(w, "2026-01-01 00:00", "{\"email\":\"ann@example.org\"}");
	assert_true(w->lead->due == NT_NEVER);
	world_event(w, "2026-01-31 10:00", "a.b");
	assert_true(w->lead->due == world_time("2026-03-02 10:00"));
	world_until(w, "2026-12-31");
	assert_true(w->lead->due == NT_NEVER);
	world_expect(w, "Mon 2026-03-02 10:00 EST email m1\n");
	world_free(w);
}

/* ---- splits ---- */

static void splits_draw_by_name_and_remember(void **state)
{
	static const char rules[] = PLAIN "campaign: promo\nenter: { on: a.b }\nagain: always\nsteps:\n  - id: s\n"
			"    split:\n"
	                                  "      - { share: 1%, steps: [ email: m1 ] }\n"
	                                  "      - { share: 1%, steps: [ email: m2 ] }\n"
	                                  "      - { share: 98%, steps: [ email: m3 ] }\n";
	struct lead_world *w = world_new(rules);

	(void)state;
	world_set(w, "2026-01-01 00:00", "{\"email\":\"ann@example.org\"}");
	world_event(w, "2026-06-01 10:00", "a.b"); /* ann stands at .0168 */
	w->lead->arms->arm = 2;
	world_event(w, "2026-06-02 10:00", "a.b");
	world_expect(w, "Mon 2026-06-01 10:00 EDT email m2\nTue 2026-06-02 10:00 EDT email m3\n");
	world_free(w);
}

/* ---- messages ---- */

static void values_are_frozen_at_release(void **state)
{
	static const char rules[] = PLAIN "campaign: c\nenter: { on: a.b }\nsteps:\n  - wait_for: c.d\n    then:\n"
			"      - email: m1\n"
	                                  "        with: { twice: \"= event.amount * 2\", word: hello, score: high }\n";
	struct lead_world *w = world_new(rules);
	struct nt_json *values;

	(void)state;
	world_set(w, "2026-06-01 09:00", "{\"email\":\"ann@example.org\",\"first_name\":\"Ann\",\"plan\":\"x\"}");
	world_happened(w, "2026-06-01 10:00", NULL, "a.b", "{\"page\":\"home\"}");
	world_happened(w, "2026-06-01 11:00", NULL, "c.d", "{\"amount\":2.5}");
	assert_non_null(w->values);
	values = world_json(w, w->values);
	assert_string_equal(nt_json_text(values, "first_name"), "Ann");
	assert_string_equal(nt_json_text(values, "word"), "hello");
	assert_string_equal(nt_json_text(values, "stage"), "lead");
	assert_string_equal(nt_json_text(values, "score"), "high");
	assert_string_equal(nt_json_get(values, "twice")->text, "5");
	assert_string_equal(nt_json_get(nt_json_get(values, "event"), "amount")->text, "2.5");
	assert_string_equal(nt_json_text(nt_json_get(values, "entry"), "page"), "home");
	assert_string_equal(nt_json_text(nt_json_get(values, "sender"), "phone"), "+1 555 0100");
	assert_int_equal(strlen(w->message_id), 32);
	world_free(w);
}

/* ---- sales ---- */

static void readiness_enters_the_queue_once(void **state)
{
	static const char rules[] = BEGIN A_B "scoring:\n  engagement:\n    - on: a.b\n      points: 60\n---\n"
		"sales:\n  ready:\n    - on: c.d\n      reason: asked\n    - when: score >= 50\n"
		"      unless: stage in [\"customer\"]\n      reason: score\n"
		"  again: after 30 days\n  reps:\n"
		"    bob: { email: bob@example.org, time_zone: America/New_York, hours: mon-fri 09:00-17:00 }\n"
		"  teams:\n    all: { reps: [ bob ] }\n  route:\n    - to: team all\n  tell: [ email: new-lead ]\n"
		"  reasons:\n    too_early: { recycle: later, after: 60 days, points: -40 }\n---\n"
		"campaign: later\nenter: { by_hand: true }\nsteps: [ email: m1 ]\n";
	struct lead_world *w = world_new(rules);
	struct nt_input back = { .kind = NT_INPUT_HANDOFF, .now = world_time("2026-06-01 12:00") };

	(void)state;
	world_set(w, "2026-01-01 00:00", "{\"email\":\"ann@example.org\"}");
	world_event(w, "2026-06-01 10:00", "a.b");
	world_event(w, "2026-06-01 11:00", "c.d");
	assert_int_equal(w->ready->len, 2);
	assert_string_equal(g_ptr_array_index(w->ready, 0), "score");
	assert_string_equal(g_ptr_array_index(w->ready, 1), "asked");
	assert_string_equal(w->lead->stage, "sales_ready");
	assert_int_equal(nt_lead_event(w->lead, nt_program_event(w->program, "lead.ready")).count, 1);
	back.handoff.state = NT_HANDOFF_SENT_BACK;
	back.handoff.rep = "bob";
	back.handoff.reason = "too_early";
	world_step(w, &back);
	assert_int_equal(world_score(w, "2026-06-01 12:00"), 20);
	world_event(w, "2026-06-02 10:00", "a.b"); /* an edge, but within 30 days */
	assert_int_equal(w->ready->len, 2);
	world_event(w, "2026-06-03 10:00", "c.d"); /* an event isn't held back */
	assert_int_equal(w->ready->len, 3);
	world_until(w, "2026-12-31");
	world_expect(w, "Mon 2026-06-01 10:00 EDT stage sales_ready\nFri 2026-07-31 12:00 EDT email m1\n");
	world_free(w);
}

/* ---- edits ---- */

static void an_edit_keeps_the_place(void **state)
{
#define EDITED(steps) PLAIN "campaign: c\nenter: { on: a.b }\nsteps: " steps "\n"
	struct lead_world *w = world_new(EDITED("[ email: m1, wait: 5 days, email: m2, email: m3 ]"));

	(void)state;
	world_set(w, "2026-01-01 00:00", "{\"email\":\"ann@example.org\"}");
	world_event(w, "2026-06-01 10:00", "a.b");
	world_load_again(w, "2026-06-03 10:00", EDITED("[ email: m4, email: m1, wait: 3 days, email: m2, email: m3 ]"));
	assert_true(w->lead->due == world_time("2026-06-04 10:00"));
	world_load_again(w, "2026-06-03 11:00", EDITED("[ email: m1, wait: 1 day, tag: x, email: m3 ]"));
	world_expect(w, "Mon 2026-06-01 10:00 EDT email m1\nWed 2026-06-03 11:00 EDT tag x\n"
			"Wed 2026-06-03 11:00 EDT email m3\n");
	world_free(w);

	w = world_new(EDITED("[ email: m1, wait: 5 days, email: m2, email: m3 ]"));
	world_set(w, "2026-01-01 00:00", "{\"email\":\"ann@example.org\"}");
	world_event(w, "2026-06-01 10:00", "a.b");
	world_load_again(w, "2026-06-03 10:00", EDITED("[ email: m1, email: m3 ]"));
	world_expect(w, "Mon 2026-06-01 10:00 EDT email m1\nWed 2026-06-03 10:00 EDT email m3\n");
	world_free(w);
#undef EDITED
}

static void a_load_fires_no_watcher_but_for_existing_leads(void **state)
{
#define WATCHING(name, more)                                                                                 \
	BEGIN "fields:\n  seats: number\n---\ncampaign: " name "\nenter: { when: seats >= 10" more " }\n" \
	      "again: always\nsteps: [ email: m1 ]\n"
	struct lead_world *w = world_new(POLICY);

	(void)state;
	world_set(w, "2026-01-01 00:00", "{\"email\":\"ann@example.org\",\"seats\":12}");
	world_load_again(w, "2026-06-01 10:00", WATCHING("c", ""));
	world_load_again(w, "2026-06-02 10:00", WATCHING("d", ", existing: enter"));
	world_load_again(w, "2026-06-03 10:00", WATCHING("d", ", existing: enter") "title: other\n");
	world_set(w, "2026-06-04 10:00", "{\"seats\":1}");
	world_set(w, "2026-06-05 10:00", "{\"seats\":100}");
	world_expect(w, "Tue 2026-06-02 10:00 EDT email m1\nFri 2026-06-05 10:00 EDT email m1\n");
	world_free(w);
#undef WATCHING
}

static void a_move_to_another_zone_moves_what_the_calendar_set(void **state)
{
	static const char rules[] = PLAIN "campaign: c\nenter: { on: a.b }\n"
			"steps: [ wait_until: 09:00, email: m1, wait: 1 day, email: m2 ]\n";
	struct lead_world *w = world_new(rules);

	(void)state;
	world_set(w, "2026-01-01 00:00", "{\"email\":\"ann@example.org\"}");
	world_event(w, "2026-06-01 10:00", "a.b");
	world_set(w, "2026-06-01 12:00", "{\"time_zone\":\"Europe/Berlin\"}");
	world_until(w, "2026-12-31");
	world_expect(w, "Tue 2026-06-02 03:00 EDT email m1\nWed 2026-06-03 03:00 EDT email m2\n");
	world_free(w);
}

static void erasing_leaves_nothing_to_do(void **state)
{
	static const char rules[] = PLAIN "campaign: c\nenter: { on: a.b }\n"
			"steps: [ email: m1, wait: 1 day, email: m2 ]\n";
	struct lead_world *w = world_new(rules);
	struct nt_input erase = { .kind = NT_INPUT_ERASE, .now = world_time("2026-06-01 12:00") };

	(void)state;
	w->keeps = true;
	world_set(w, "2026-01-01 00:00", "{\"email\":\"ann@example.org\"}");
	world_event(w, "2026-06-01 10:00", "a.b");
	world_step(w, &erase);
	assert_true(w->lead->due == NT_NEVER);
	assert_false(w->lead->exists);
	world_expect(w, "Mon 2026-06-01 10:00 EDT email m1\n"
			"Mon 2026-06-01 12:00 EDT message.cancelled the lead was erased\n");
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
		cmocka_unit_test(waits_count_from_the_step_before),
		cmocka_unit_test(times_of_day_and_weekdays),
		cmocka_unit_test(a_wait_for_takes_one_of_two_ways),
		cmocka_unit_test(a_condition_is_waited_for),
		cmocka_unit_test(an_event_is_offered_only_to_what_stood_before_it),
		cmocka_unit_test(an_edge_enters_once),
		cmocka_unit_test(the_event_that_ends_a_run_may_start_the_next),
		cmocka_unit_test(leaving_calls_back_what_nobody_has_taken),
		cmocka_unit_test(what_waits_is_called_back_after_the_end_too),
		cmocka_unit_test(campaigns_start_each_other_once_an_instant),
		cmocka_unit_test(a_pause_holds_steps_but_no_waits),
		cmocka_unit_test(trace_5_priorities_and_patience),
		cmocka_unit_test(trace_4_a_night_in_between),
		cmocka_unit_test(holidays_and_windows_until_nothing_stands_against_it),
		cmocka_unit_test(nothing_is_released_in_the_past),
		cmocka_unit_test(reasons_to_skip),
		cmocka_unit_test(a_hard_bounce_ends_it_and_a_new_address_begins_anew),
		cmocka_unit_test(points_levels_and_their_decay),
		cmocka_unit_test(idle_leads_have_no_timer),
		cmocka_unit_test(splits_draw_by_name_and_remember),
		cmocka_unit_test(values_are_frozen_at_release),
		cmocka_unit_test(readiness_enters_the_queue_once),
		cmocka_unit_test(an_edit_keeps_the_place),
		cmocka_unit_test(a_load_fires_no_watcher_but_for_existing_leads),
		cmocka_unit_test(a_move_to_another_zone_moves_what_the_calendar_set),
		cmocka_unit_test(erasing_leaves_nothing_to_do),
	};

	return cmocka_run_group_tests(tests, NULL, forget_zones);
}
