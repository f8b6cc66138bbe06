/* Values and how long they hold: the table of rule-language II.2 row by row. test_eval_random.c asks at random. */
#include "unit.h"

#include "eval_world.h"

#define NY "America/New_York"
#define BERLIN "Europe/Berlin"
#define NUMBER(x) NT_NUMBER_VALUE(nt_number_from_int(x))

static struct nt_zones zones;

static int setup(void **state)
{
	struct world *w = world_new();

	world_set_zones(w, &zones);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	world_free(*state);
	return 0;
}

static int end(void **state)
{
	(void)state;
	zones_free();
	return 0;
}

static const struct nt_expr *parse(struct world *w, const char *text)
{
	const struct nt_expr *e = world_parse(w, text);

	if (e == NULL)
		print_message("%s", w->out->str);
	assert_non_null(e);
	return e;
}

/* The condition at `now`, and the instant at which it ends ("" never), shown in the lead's zone. */
static void check(const struct nt_lead *lead, const struct nt_expr *e, const char *now, bool holds, const char *until)
{
	const char *name = nt_zone_name(lead->zone);
	nt_time change;
	bool held = lead_holds(lead, e, at(name, now), &change);

	if (held != holds || strcmp(change == NT_NEVER ? "" : shown(name, change), until) != 0)
		print_message("%.*s at %s: %d until %s\n", (int)e->span.length, e->span.source->text + e->span.start,
		              now, held,
		              change == NT_NEVER ? "never" : shown(name, change));
	assert_int_equal(held, holds);
	assert_string_equal(change == NT_NEVER ? "" : shown(name, change), until);
}

/* ---- part III, traces 2 and 3 ---- */

static void trace_two(void **state)
{
	struct world *w = *state;
	const struct nt_expr *e = parse(w, "count(\"a.b\", 7 days) >= 3");
	struct nt_lead *lead = nt_lead_new(w->arena, &w->program, "ann");

	lead->zone = zone(BERLIN);
	lead_event(lead, E_A_B, at(BERLIN, "2026-03-24 12:00"), 0);
	check(lead, e, "2026-03-24 12:00", false, "");
	lead_event(lead, E_A_B, at(BERLIN, "2026-03-26 12:00"), 0);
	check(lead, e, "2026-03-26 12:00", false, "");
	lead_event(lead, E_A_B, at(BERLIN, "2026-03-27 12:00"), 0);
	check(lead, e, "2026-03-27 12:00", true, "Tue 2026-03-31 12:00 CEST");
	lead_event(lead, E_A_B, at(BERLIN, "2026-03-30 09:00"), 0);
	check(lead, e, "2026-03-30 09:00", true, "Thu 2026-04-02 12:00 CEST");
	check(lead, e, "2026-04-02 11:59:59.999", true, "Thu 2026-04-02 12:00 CEST");
	check(lead, e, "2026-04-02 12:00", false, "");
	lead_event(lead, E_A_B, at(BERLIN, "2026-03-28 08:00"), 0);
	check(lead, e, "2026-04-01 10:00", true, "Fri 2026-04-03 12:00 CEST");
}

static void trace_three(void **state)
{
	struct world *w = *state;
	const struct nt_expr *e = parse(w, "since(last(\"app.login\")) > 30 days");
	struct nt_lead *lead = nt_lead_new(w->arena, &w->program, "ann");

	check(lead, e, "2026-03-02 10:00", false, "");
	lead_event(lead, E_APP_LOGIN, at(NY, "2026-01-31 10:00"), 0);
	check(lead, e, "2026-01-31 10:00", false, "Mon 2026-03-02 10:00 EST");
	check(lead, e, "2026-03-02 10:00", true, "");
	lead_event(lead, E_APP_LOGIN, at(NY, "2026-02-10 10:00"), 0);
	check(lead, e, "2026-03-05 12:00", false, "Thu 2026-03-12 10:00 EDT");
	check(lead, e, "2026-03-12 10:00", true, "");
}

/* ---- the table ---- */

static void did_and_templates(void **state)
{
	struct world *w = *state;
	const struct nt_expr *did = parse(w, "did(\"a.b\", 1 month)"), *ever = parse(w, "did(\"a.b\")");
	const struct nt_expr *received = parse(w, "received(\"welcome\", 2 days)"),
		*opened = parse(w, "opened(\"welcome\")");
	const struct nt_expr *messaged = parse(w, "not messaged(2 days)");
	struct nt_lead *lead = nt_lead_new(w->arena, &w->program, "ann");
	struct nt_template_stat stat = { .name = "welcome", .opened = NT_NO_TIME, .clicked = NT_NO_TIME,
	                                 .replied = NT_NO_TIME };

	check(lead, did, "2026-02-28 12:00", false, "");
	check(lead, received, "2026-02-28 12:00", false, "");
	check(lead, messaged, "2026-02-28 12:00", true, "");
	lead_event(lead, E_A_B, at(NY, "2026-01-31 09:00"), 0);
	check(lead, ever, "2026-02-01 09:00", true, "");
	check(lead, did, "2026-02-01 09:00", true, "Sat 2026-02-28 09:00 EST");
	check(lead, did, "2026-02-28 09:00", false, "");
	stat.received = at(NY, "2026-03-07 10:00");
	lead->templates = &stat;
	check(lead, received, "2026-03-07 10:00", true, "Mon 2026-03-09 10:00 EDT");
	check(lead, opened, "2026-03-07 10:00", false, "");
	nt_ring_add(w->arena, &lead->releases, 8, at(NY, "2026-03-07 10:00"), 1, 0);
	check(lead, messaged, "2026-03-07 10:00", false, "Mon 2026-03-09 10:00 EDT");
}

static void counts_against_literals_are_exact(void **state)
{
	static const struct {
		const char *text;
		bool holds;
		const char *until;
	} cases[] = { /* on day 4 three have happened: on days 1, 2, 3 at 12:00; each lasts ten days */
		{ "count('a.b', 10 days) >= 3", true, "Wed 2026-11-11 12:00 EST" },
		{ "count('a.b', 10 days) >= 2", true, "Thu 2026-11-12 12:00 EST" },
		{ "count('a.b', 10 days) > 1", true, "Thu 2026-11-12 12:00 EST" },
		{ "count('a.b', 10 days) > 0.5", true, "Fri 2026-11-13 12:00 EST" },
		{ "count('a.b', 10 days) < 2", false, "Thu 2026-11-12 12:00 EST" },
		{ "count('a.b', 10 days) <= 2", false, "Wed 2026-11-11 12:00 EST" },
		{ "count('a.b', 10 days) <= 3", true, "" },
		{ "count('a.b', 10 days) > 3", false, "" },
		{ "4 > count('a.b', 10 days)", true, "" },
		{ "count('a.b', 10 days) == 3", true, "Wed 2026-11-11 12:00 EST" },
		{ "count('a.b', 10 days) == 1", false, "Thu 2026-11-12 12:00 EST" },
		{ "count('a.b', 10 days) != 0", true, "Fri 2026-11-13 12:00 EST" },
		{ "count('a.b', 10 days) == 4", false, "" },
		{ "count('a.b', 10 days) == 2.5", false, "Wed 2026-11-11 12:00 EST" },
		{ "count('a.b', 10 days) >= -1", true, "" },
		{ "count('a.b', 10 days) < 0", false, "" },
		{ "count('a.b', 10 days) * 2 >= 2", true, "Wed 2026-11-11 12:00 EST" }, /* a bound */
		{ "count('a.b') == 3", true, "" },
	};
	struct world *w = *state;
	const struct nt_expr *e[G_N_ELEMENTS(cases)];
	struct nt_lead *lead;

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
		e[i] = parse(w, cases[i].text);
	lead = nt_lead_new(w->arena, &w->program, "ann");
	lead_event(lead, E_A_B, at(NY, "2026-11-01 12:00"), 0);
	lead_event(lead, E_A_B, at(NY, "2026-11-02 12:00"), 0);
	lead_event(lead, E_A_B, at(NY, "2026-11-03 12:00"), 0);
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
		check(lead, e[i], "2026-11-04 12:00", cases[i].holds, cases[i].until);
}

static void totals(void **state)
{
	struct world *w = *state;
	const struct nt_expr *month = parse(w, "total('order.placed', 'amount', 1 month) > 100");
	const struct nt_expr *all = parse(w, "total('order.placed', 'amount') > 100");
	const struct nt_expr *last = parse(w, "last_value('order.placed', 'amount') < 50");
	struct nt_lead *lead = nt_lead_new(w->arena, &w->program, "ann");

	check(lead, all, "2026-05-01 10:00", false, "");
	check(lead, last, "2026-05-01 10:00", false, "");
	lead_event(lead, E_ORDER_PLACED, at(NY, "2026-05-01 10:00"), nt_number_from_int(90));
	lead_event(lead, E_ORDER_PLACED, at(NY, "2026-05-05 10:00"), nt_number_from_int(40));
	check(lead, month, "2026-05-05 10:00", true, "Mon 2026-06-01 10:00 EDT");
	check(lead, month, "2026-06-01 10:00", false, "Fri 2026-06-05 10:00 EDT");
	check(lead, all, "2026-06-01 10:00", true, "");
	check(lead, last, "2026-06-01 10:00", true, "");
}

static void scores_change_at_their_millisecond(void **state)
{
	struct world *w = *state;
	const struct nt_expr *below = parse(w, "score < 50"), *exact = parse(w, "score == 45"),
		*sum = parse(w, "score + 1 > 5");
	const struct nt_expr *hot = parse(w, "level == 'hot'"), *field = parse(w, "company_size <= score");
	const struct nt_expr *fit = parse(w, "fit >= 10 and engagement >= 40");
	struct nt_lead *lead = nt_lead_new(w->arena, &w->program, "ann");
	nt_time now = at(NY, "2026-05-01 10:00"), until;

	lead->engagement = (struct nt_engagement){ INT64_C(80000000000), now };
	lead->fit = nt_number_from_int(10);
	assert_false(lead_holds(lead, below, now, &until)); /* 90 = 10 + 80; below 49.5 when engagement is below 39.5 */
	assert_int_equal(until, nt_score_crossing(&lead->engagement, lead->fit, now, 14 * NT_DAY, 50));
	assert_false(lead_holds(lead, below, until - 1, &now));
	assert_true(lead_holds(lead, below, until, &now));
	assert_int_equal(now, NT_NEVER);
	now = at(NY, "2026-05-01 10:00");
	assert_false(lead_holds(lead, exact, now, &until));
	assert_true(lead_holds(lead, exact, until, &now));
	assert_false(lead_holds(lead, exact, now, &until));
	now = at(NY, "2026-05-01 10:00");
	assert_true(lead_holds(lead, hot, now, &until));
	assert_int_equal(until, nt_score_crossing(&lead->engagement, lead->fit, now, 14 * NT_DAY, 80));
	assert_false(lead_holds(lead, hot, until, &now));
	now = at(NY, "2026-05-01 10:00");
	assert_true(lead_holds(lead, sum, now, &until));
	assert_int_equal(until, nt_score_next_change(&lead->engagement, lead->fit, now, 14 * NT_DAY));
	assert_true(lead_holds(lead, fit, now, &until));
	assert_int_equal(until, nt_score_crossing(&lead->engagement, 0, now, 14 * NT_DAY, 40));
	assert_false(lead_holds(lead, field, now, &until));
	assert_int_equal(until, NT_NEVER);
	lead->fields[F_COMPANY_SIZE] = NT_NUMBER_VALUE(60500000);
	assert_true(lead_holds(lead, field, now, &until));
	assert_int_equal(until, nt_score_crossing(&lead->engagement, lead->fit, now, 14 * NT_DAY, 61));
}

static void now_and_today(void **state)
{
	static const struct {
		const char *text;
		bool holds;
		const char *until;
	} cases[] = { /* now is 2026-03-05 10:00; signed_at 2026-03-07 12:00; trial_ends 2026-03-08 */
		{ "now >= signed_at", false, "Sat 2026-03-07 12:00 EST" },
		{ "now < signed_at", true, "Sat 2026-03-07 12:00 EST" },
		{ "signed_at < now", false, "Sat 2026-03-07 12:00:00.001 EST" },
		{ "now == signed_at", false, "Sat 2026-03-07 12:00 EST" },
		{ "now >= trial_ends", false, "Sun 2026-03-08 00:00 EST" },
		{ "now > trial_ends - 1 week", true, "" },
		{ "now > 2026-03-08 02:30", false, "Sun 2026-03-08 03:00:00.001 EDT" }, /* in the gap */
		{ "today == trial_ends", false, "Sun 2026-03-08 00:00 EST" },
		{ "today != trial_ends", true, "Sun 2026-03-08 00:00 EST" },
		{ "today == 2026-03-05", true, "Fri 2026-03-06 00:00 EST" },
		{ "today == 2026-03-04", false, "" },
		{ "today == signed_at", false, "" },
		{ "today >= signed_at", false, "Sun 2026-03-08 00:00 EST" },
		{ "today > trial_ends", false, "Mon 2026-03-09 00:00 EDT" },
		{ "today >= trial_ends", false, "Sun 2026-03-08 00:00 EST" },
		{ "today <= trial_ends", true, "Mon 2026-03-09 00:00 EDT" },
		{ "day_of(now) == day_of(signed_at)", false, "Sat 2026-03-07 00:00 EST" },
		{ "today + 3 days == trial_ends", true, "Fri 2026-03-06 00:00 EST" },
		{ "now > today", true, "Fri 2026-03-06 00:00 EST" },
		{ "trial_ends in [2026-03-08, 2026-03-09]", true, "" },
	};
	struct world *w = *state;
	struct nt_lead *lead = nt_lead_new(w->arena, &w->program, "ann");

	lead->fields[F_SIGNED_AT] = NT_TIME_VALUE(at(NY, "2026-03-07 12:00"));
	lead->fields[F_TRIAL_ENDS] = (struct nt_value){ .type = NT_TYPE_DATE, .date = nt_civil_days(2026, 3, 8) };
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
		check(lead, parse(w, cases[i].text), "2026-03-05 10:00", cases[i].holds, cases[i].until);
}

static void since_and_until(void **state)
{
	static const struct {
		const char *text;
		bool holds;
		const char *until;
	} cases[] = { /* now is 2026-03-05 10:00; signed_at 2026-02-28 12:00; trial_ends 2026-03-20 */
		{ "since(signed_at) > 1 month", false, "Sat 2026-03-28 12:00 EDT" },
		{ "since(signed_at) >= 1 month", false, "Sat 2026-03-28 12:00 EDT" },
		{ "since(signed_at) < 1 month", true, "Sat 2026-03-28 12:00 EDT" },
		{ "1 month >= since(signed_at)", true, "Sat 2026-03-28 12:00 EDT" },
		{ "since(signed_at) > 2 days", true, "" },
		{ "since(signed_at) > 200 hours", false, "Sun 2026-03-08 21:00 EDT" },
		{ "until(trial_ends) < 2 weeks", false, "Fri 2026-03-06 00:00 EST" },
		{ "until(trial_ends) <= 2 weeks", false, "Fri 2026-03-06 00:00 EST" },
		{ "until(trial_ends) > 2 weeks", true, "Fri 2026-03-06 00:00 EST" },
		{ "2 weeks > until(trial_ends)", false, "Fri 2026-03-06 00:00 EST" },
		{ "until(trial_ends) < 1 month", true, "" },
		{ "since(signed_at) > since(trial_ends)", true, "" },
		{ "until(signed_at) < until(trial_ends)", true, "" },
		{ "since(signed_at) > until(trial_ends)", false, "Tue 2026-03-10 06:30 EDT" },
		{ "until(trial_ends) >= since(signed_at)", true, "Tue 2026-03-10 06:30 EDT" },
		{ "since(created_at) > 3 days", false, "" },
		{ "since(created_at) < 3 days", false, "" },
		{ "not since(created_at) < 3 days", true, "" },
		{ "since(created_at) == none", true, "" },
		{ "since(signed_at) != none", true, "" },
		{ "(since(created_at) or_else 90 days) > 30 days", true, "" },
		{ "since(created_at or_else signed_at) > 30 days", false, "Mon 2026-03-30 12:00 EDT" },
		{ "since(signed_at) > delay", false, "Sat 2026-03-07 12:00 EST" },
		{ "delay == 7 days", true, "" },
		{ "delay < 1 month", true, "" },
		{ "delay + 1 day > 1 week 1 hour", true, "" },
	};
	struct world *w = *state;
	struct nt_lead *lead = nt_lead_new(w->arena, &w->program, "ann");

	lead->fields[F_SIGNED_AT] = NT_TIME_VALUE(at(NY, "2026-02-28 12:00"));
	lead->fields[F_TRIAL_ENDS] = (struct nt_value){ .type = NT_TYPE_DATE, .date = nt_civil_days(2026, 3, 20) };
	lead->fields[F_DELAY] = (struct nt_value){ .type = NT_TYPE_DURATION, .duration = { .days = 7 } };
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
		check(lead, parse(w, cases[i].text), "2026-03-05 10:00", cases[i].holds, cases[i].until);
}

static void logic_combines_ends(void **state)
{
	static const struct {
		const char *text;
		bool holds;
		const char *until;
	} cases[] = { /* A turns on the 7th, B on the 8th */
		{ "now < 2026-03-07 and now < 2026-03-08", true, "Sat 2026-03-07 00:00 EST" },
		{ "now > 2026-03-07 and now >= 2026-03-08", false, "Sun 2026-03-08 00:00 EST" },
		{ "now < 2026-03-07 and now >= 2026-03-08", false, "Sun 2026-03-08 00:00 EST" },
		{ "now < 2026-03-07 or now < 2026-03-08", true, "Sun 2026-03-08 00:00 EST" },
		{ "now >= 2026-03-07 or now >= 2026-03-08", false, "Sat 2026-03-07 00:00 EST" },
		{ "vip and now >= 2026-03-08", false, "" },
		{ "not vip or now >= 2026-03-08", true, "" },
		{ "not (now < 2026-03-07)", false, "Sat 2026-03-07 00:00 EST" },
		{ "in_segment('enterprise') or in_segment('dormant')", false, "Sat 2026-03-07 00:00 EST" },
		{ "in_segment('big-and-dormant')", false, "" },
		{ "(vip or_else true) and now < 2026-03-07", true, "Sat 2026-03-07 00:00 EST" },
	};
	struct world *w = *state;
	struct nt_lead *lead;

	w->segments[S_ENTERPRISE].condition = parse(w, "company_size >= 500");
	w->segments[S_DORMANT].condition = parse(w, "now >= 2026-03-07");
	w->segments[S_BIG_AND_DORMANT].condition = parse(w, "in_segment('enterprise') and in_segment('dormant')");
	lead = nt_lead_new(w->arena, &w->program, "ann");
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
		check(lead, parse(w, cases[i].text), "2026-03-05 10:00", cases[i].holds, cases[i].until);
	lead->fields[F_COMPANY_SIZE] = NUMBER(500);
	check(lead, parse(w, "in_segment('big-and-dormant') and in_segment('enterprise')"), "2026-03-05 10:00", false,
	      "Sat 2026-03-07 00:00 EST");
}

/* ---- values ---- */

static void missing_values(void **state)
{
	static const char *const false_ones[] = {
		"country == 'US'", "country != 'US'", "country in ['US']", "country not in ['US']", "company_size > 3",
		"not company_size == none", "company_size <= 3", "city contains 'a'", "city matches '*'",
		"company_size / 0 == none and false",
		"5 / 0 > 1", "5 / 0 <= 1", "vip", "vip == false", "interests contains 'x'", "'x' in interests",
		"lower(city) == ''",
		"domain(email) == 'x'", "length(city) >= 0", "trial_ends + 3 days > 2020-01-01",
		"day_of(trial_ends) < now",
		"owner == 'anna'", "handoff == 'offered'", "first('a.b') < now",
		"last_value('order.placed','amount') == 0",
		"-company_size < 3", "company_size + 1 > 0", "in_campaign('trial-nurture')",
		"finished('trial-nurture')",
		"reached_goal('trial-nurture')", "reachable('email')", "consent_sms",
		"bounced_hard or complained or unsubscribed",
	};
	static const char *const true_ones[] = {
		"country == none", "company_size or_else 0 == 0", "5 / 0 == none", "(5 / 0) or_else 7 == 7", "not vip",
		"first('a.b') == none", "count('a.b') == 0", "total('order.placed', 'amount') == 0", "owner == none",
		"handoff == none", "stage == 'lead'", "level == 'cold'", "score == 0 and fit == 0 and engagement == 0",
		"id == 'ann'",
		"length(tags) == 0", "now != none and today == day_of(now)", "consent_email",
		"(company_size or_else 5 / 0) == none",
	};
	struct world *w = *state;
	struct nt_lead *lead;
	nt_time until;

	for (size_t i = 0; i < G_N_ELEMENTS(false_ones); i++)
		parse(w, false_ones[i]);
	for (size_t i = 0; i < G_N_ELEMENTS(true_ones); i++)
		parse(w, true_ones[i]);
	lead = nt_lead_new(w->arena, &w->program, "ann");
	for (size_t i = 0; i < G_N_ELEMENTS(false_ones); i++)
		if (lead_holds(lead, parse(w, false_ones[i]), 0, &until))
			fail_msg("%s holds", false_ones[i]);
	for (size_t i = 0; i < G_N_ELEMENTS(true_ones); i++)
		if (!lead_holds(lead, parse(w, true_ones[i]), 0, &until))
			fail_msg("%s doesn't hold", true_ones[i]);
}

static void present_values(void **state)
{
	static const char *const tags[] = { "vip", "warm-lead" };
	static const char *const true_ones[] = {
		"city starts_with 'Sankt' and city ends_with 'en' and city contains 't G'", "city matches '*G?llen'",
		"city matches 'Sankt*'", "city matches '*'", "not (city matches 'Sankt')", "city matches '*a*t*l*n'",
		"not (city matches '*x*')", "lower(city) == 'sankt gällen'", "length(city) == 12",
		"city != 'sankt gällen'",
		"domain(email) == 'example.org'", "email == 'Ann@Example.ORG'", "'vip' in tags and 'x' not in tags",
		"tags contains 'warm-lead' and not (tags contains 'warm')", "length(tags) == 2",
		"country in ['AT', 'CH']",
		"country not in ['US']", "company_size * 2 - 1 == 99", "company_size / 3 == 16.666667",
		"-company_size < -49",
		"company_size in [49, 50]", "9000000000000 * 9000000000000 > 9000000000000",
		"vip and vip == true and vip != false",
		"consent_sms and reachable('sms') and reachable('email')", "owner == 'anna'", "handoff == 'sent_back'",
		"bounced_hard",
		"in_campaign('trial-nurture')", "finished('welcome-series') and not reached_goal('welcome-series')",
		"postal_code < '5'", "2 + 3 * 4 == 14 and (2 + 3) * 4 == 20",
	};
	struct world *w = *state;
	struct nt_lead *lead = nt_lead_new(w->arena, &w->program, "ann");
	struct nt_run run = { .campaign = C_TRIAL_NURTURE, .key = "" };
	struct nt_campaign_state done = { .name = "welcome-series", .finished = 5, .reached_goal = NT_NO_TIME };
	bool suppressed[N_CHANNELS] = { false };
	nt_time until;

	lead->fields[NT_FIELD_CITY] = NT_TEXT_VALUE("Sankt Gällen");
	lead->fields[NT_FIELD_POSTAL_CODE] = NT_TEXT_VALUE("02134");
	lead->fields[NT_FIELD_COUNTRY] = NT_TEXT_VALUE("CH");
	lead->fields[NT_FIELD_EMAIL] = (struct nt_value){ .type = NT_TYPE_EMAIL, .text = "Ann@Example.ORG" };
	lead->fields[NT_FIELD_PHONE] = (struct nt_value){ .type = NT_TYPE_PHONE, .text = "+15550103" };
	lead->fields[F_COMPANY_SIZE] = NUMBER(50);
	lead->fields[F_VIP] = NT_YES_NO_VALUE(true);
	lead->tags = tags;
	lead->n_tags = 2;
	lead->consent[CH_SMS].state = NT_CONSENT_GIVEN;
	lead->suppressed = suppressed;
	lead->owner = "anna";
	lead->handoff = NT_HANDOFF_SENT_BACK;
	lead->bounced_hard = true;
	lead->runs = &run;
	lead->campaigns = &done;
	for (size_t i = 0; i < G_N_ELEMENTS(true_ones); i++) {
		if (!lead_holds(lead, parse(w, true_ones[i]), 0, &until))
			fail_msg("%s doesn't hold", true_ones[i]);
		assert_true(until == NT_NEVER);
	}
	w->program.policy.suppress_if = parse(w, "bounced_hard or not reachable('sms')");
	assert_false(lead_holds(lead, parse(w, "reachable('email')"), 0, &until));
}

static void event_and_entry(void **state)
{
	static const int one[] = { E_ORDER_PLACED };
	const struct nt_property_value properties[] = { { "amount", NUMBER(30) } },
		entry[] = { { "order_id", NT_TEXT_VALUE("x1") } };
	struct nt_event event = { .name = "order.placed", .type = E_ORDER_PLACED, .properties = properties,
	                          .n_properties = 1 };
	struct nt_run run = { .entered = 1000, .entry_properties = entry, .n_entry_properties = 1 };
	struct world *w = *state;
	struct nt_lead *lead = nt_lead_new(w->arena, &w->program, "ann");
	struct nt_eval_context context = { .lead = lead, .now = 2000, .event = &event, .run = &run };

	w->scope.events = w->scope.entry_events = one;
	w->scope.n_events = w->scope.n_entry_events = 1;
	w->scope.has_run = true;
	assert_int_equal(nt_eval(parse(w, "event.amount * 2"), &context).value.number, 60 * NT_NUMBER_ONE);
	assert_int_equal(nt_eval(parse(w, "event.plan"), &context).value.type, NT_TYPE_NONE);
	assert_string_equal(nt_eval(parse(w, "entry.order_id"), &context).value.text, "x1");
	assert_int_equal(nt_eval(parse(w, "entered + 1 second"), &context).value.time, 2000);
	context.event = NULL;
	assert_int_equal(nt_eval(parse(w, "event.amount"), &context).value.type, NT_TYPE_NONE);
	run.hand = &event;
	assert_int_equal(nt_eval(parse(w, "event.amount"), &context).value.number, 30 * NT_NUMBER_ONE);
	context.run = NULL;
	assert_int_equal(nt_eval(parse(w, "entered"), &context).value.type, NT_TYPE_NONE);
}

static void plain_values(void **state)
{
	struct world *w = *state;
	struct nt_lead *lead = nt_lead_new(w->arena, &w->program, "ann");
	struct nt_result r;

	lead->fields[F_TRIAL_ENDS] = (struct nt_value){ .type = NT_TYPE_DATE, .date = nt_civil_days(2026, 3, 8) };
	r = lead_ask(lead, parse(w, "trial_ends"), 0);
	assert_int_equal(r.value.type, NT_TYPE_DATE);
	r = lead_ask(lead, parse(w, "trial_ends + 1 day 2 hours"), 0);
	assert_string_equal(shown(NY, r.value.time), "Mon 2026-03-09 02:00 EDT");
	r = lead_ask(lead, parse(w, "now + 3 days"), at(NY, "2026-03-06 10:00"));
	assert_string_equal(shown(NY, r.value.time), "Mon 2026-03-09 10:00 EDT");
	r = lead_ask(lead, parse(w, "since(trial_ends)"), at(NY, "2026-03-08 03:00"));
	assert_int_equal(r.value.duration.ms, 2 * NT_HOUR);
	assert_int_equal(r.until, at(NY, "2026-03-08 03:00") + 1);
	r = lead_ask(lead, parse(w, "2026-03-08 02:30"), 0);
	assert_string_equal(shown(NY, r.value.time), "Sun 2026-03-08 03:00 EDT");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(trace_two, setup, teardown),
		cmocka_unit_test_setup_teardown(trace_three, setup, teardown),
		cmocka_unit_test_setup_teardown(did_and_templates, setup, teardown),
		cmocka_unit_test_setup_teardown(counts_against_literals_are_exact, setup, teardown),
		cmocka_unit_test_setup_teardown(totals, setup, teardown),
		cmocka_unit_test_setup_teardown(scores_change_at_their_millisecond, setup, teardown),
		cmocka_unit_test_setup_teardown(now_and_today, setup, teardown),
		cmocka_unit_test_setup_teardown(since_and_until, setup, teardown),
		cmocka_unit_test_setup_teardown(logic_combines_ends, setup, teardown),
		cmocka_unit_test_setup_teardown(missing_values, setup, teardown),
		cmocka_unit_test_setup_teardown(present_values, setup, teardown),
		cmocka_unit_test_setup_teardown(event_and_entry, setup, teardown),
		cmocka_unit_test_setup_teardown(plain_values, setup, teardown),
	};

	return cmocka_run_group_tests_name("eval", tests, NULL, end);
}
