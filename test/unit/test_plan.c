#include "plan_world.h"

#include "base/civil.h"

#include "engine/state.h"

#define RULES(body)                                                                                                 \
	POLICY_TEXT "fields:\n  seats: number\n  plan: text\nevents:\n  a.b: {}\n  c.d: {}\n---\n" body

/* ann stands at the first wait, bob at the second, cem nowhere; at noon of 2026-06-03. */
static struct plan_world *three(const char *rules)
{
	struct plan_world *w = plan_world_new(rules, "2026-06-01 10:00");

	plan_lead(w, "bob");
	plan_lead(w, "cem");
	plan_event(w, "bob", "a.b");
	plan_run_to(w, at("UTC", "2026-06-02 12:00"));
	plan_lead(w, "ann");
	plan_event(w, "ann", "a.b");
	plan_run_to(w, at("UTC", "2026-06-03 12:00"));
	return w;
}

#define OLD                                                                                                         \
	RULES("campaign: one\nenter: { on: a.b }\nsteps:\n"                                                         \
	      "  - { id: first, wait: 2 days }\n  - email: m1\n  - { id: second, wait: 3 days }\n  - email: m2\n")

static char *moves_of(const struct nt_plan *plan)
{
	static const char *const kinds[] = { "stays", "moves", "goes on", "enters", "leaves" };
	GString *out = g_string_new(NULL);

	for (unsigned i = 0; i < plan->n_moves; i++) {
		const struct nt_plan_move *move = &plan->moves[i];

		g_string_append_printf(out, "%s %s", move->campaign, kinds[move->kind]);
		if (move->from != NULL)
			g_string_append_printf(out, " from %s", move->from);
		if (move->to != NULL)
			g_string_append_printf(out, " to %s", move->to);
		if (move->why != NULL)
			g_string_append_printf(out, " (%s)", move->why);
		for (unsigned k = 0; k < move->leads.n_examples; k++)
			g_string_append_printf(out, " %s", move->leads.examples[k]);
		g_string_append(out, "\n");
	}
	return g_string_free(out, FALSE);
}

static char *text_of(const struct nt_plan *plan)
{
	GString *out = g_string_new(NULL);

	nt_plan_print(plan, out);
	return g_string_free(out, FALSE);
}

static void assert_says(const struct nt_plan *plan, const char *words)
{
	char *text = text_of(plan);

	if (strstr(text, words) == NULL)
		fail_msg("'%s' isn't in\n%s", words, text);
	g_free(text);
}

/* Plans the edit, says who moves, and is held to it. */
static void edit(const char *old, const char *now, const char *moves, const char *words)
{
	struct plan_world *w = three(old);
	char *said;

	plan_make(w, now);
	said = moves_of(w->plan);
	assert_string_equal(said, moves);
	g_free(said);
	assert_says(w->plan, words);
	assert_int_equal(w->plan->n_demands, 0);
	plan_must_be_true(w);
	plan_world_free(w);
}

static void test_nothing_changes(void **state)
{
	(void)state;
	edit(OLD, OLD, "one stays from first to first ann\none stays from second to second bob\n",
	     "Nothing changes: these rules say what the present ones say.\n");
}

static void test_a_longer_wait(void **state)
{
	(void)state;
	edit(OLD,
	     RULES("campaign: one\nenter: { on: a.b }\nsteps:\n"
	           "  - { id: first, wait: 4 days }\n  - email: m1\n  - { id: second, wait: 3 days }\n  - email: m2\n"),
	     "one stays from first to first ann\none stays from second to second bob\n",
	     "    ~ wait 4 days (first)\n        wait: 2 days → 4 days\n");
}

/* Over by now: it goes on at once. */
static void test_a_shorter_wait(void **state)
{
	(void)state;
	edit(OLD,
	     RULES("campaign: one\nenter: { on: a.b }\nsteps:\n"
	           "  - { id: first, wait: 1 hour }\n  - email: m1\n  - { id: second, wait: 3 days }\n  - email: m2\n"),
	     "one stays from second to second bob\none goes on from first to second ann\n",
	     "goes on at once from wait 2 days (first) to wait 3 days (second): ann\n");
}

static void test_a_step_that_goes(void **state)
{
	(void)state;
	edit(OLD,
	     RULES("campaign: one\nenter: { on: a.b }\nsteps:\n"
	           "  - email: m1\n  - { id: second, wait: 3 days }\n  - email: m2\n"),
	     "one stays from second to second bob\none moves from first to second ann\n",
	     "    - wait 2 days (first)\n");
}

/* Under another name it is the same step, and the same campaign. */
static void test_a_step_that_is_renamed(void **state)
{
	(void)state;
	edit(OLD,
	     RULES("campaign: one\nenter: { on: a.b }\nsteps:\n"
	           "  - { id: pause, was: first, wait: 2 days }\n  - email: m1\n  - { id: second, wait: 3 days }\n"
	           "  - { id: end, was: email-m2-1, email: m2 }\n"),
	     "one stays from first to pause ann\none stays from second to second bob\n",
	     "    ~ wait 2 days (pause), was first\n    ~ email m2 (end), was email-m2-1\n");
}

static void test_a_campaign_that_is_renamed(void **state)
{
	(void)state;
	edit(OLD,
	     RULES("campaign: uno\nwas: one\nenter: { on: a.b }\nsteps:\n"
	           "  - email: m1\n  - { id: second, wait: 3 days }\n  - email: m2\n"),
	     "uno stays from second to second bob\nuno moves from first to second ann\n",
	     "  ~ uno changes, was one\n");
}

static void test_no_later_step(void **state)
{
	(void)state;
	edit(OLD, RULES("campaign: one\nenter: { on: a.b }\nsteps:\n  - { id: first, wait: 2 days }\n  - email: m1\n"),
	     "one stays from first to first ann\none leaves from second (came to its end) bob\n",
	     "leaves from wait 3 days (second): came to its end: bob\n");
}

/* A step put in before a lead's place doesn't run for it; one after it does. */
static void test_steps_put_in(void **state)
{
	(void)state;
	edit(OLD,
	     RULES("campaign: one\nenter: { on: a.b }\nsteps:\n"
	           "  - { id: first, wait: 2 days }\n  - sms: m1\n  - email: m1\n  - { id: second, wait: 3 days }\n"
	           "  - tag: late\n  - email: m2\n"),
	     "one stays from first to first ann\none stays from second to second bob\n", "    + sms m1 (sms-m1-1)\n");
}

static void test_a_step_that_moves(void **state)
{
	(void)state;
	edit(OLD,
	     RULES("campaign: one\nenter: { on: a.b }\nsteps:\n"
	           "  - { id: first, wait: 2 days }\n  - { id: second, wait: 3 days }\n  - email: m1\n  - email: m2\n"),
	     "one stays from first to first ann\none stays from second to second bob\n",
	     "), stands elsewhere\n");
}

static void test_a_step_put_into_a_branch(void **state)
{
	(void)state;
	edit(OLD,
	     RULES("campaign: one\nenter: { on: a.b }\nsteps:\n"
	           "  - { id: first, wait: 2 days }\n  - if: seats > 3\n    then: [ { email: m1 } ]\n"
	           "  - { id: second, wait: 3 days }\n  - email: m2\n"),
	     "one stays from first to first ann\none stays from second to second bob\n",
	     "    ~ email m1 (email-m1-1), stands elsewhere\n");
}

static void test_conditions_and_options(void **state)
{
	(void)state;
	edit(OLD,
	     RULES("campaign: one\npriority: 7\nenter: { on: a.b, if: seats > 3 }\n"
	           "exit: { when: 'plan == \"big\"' }\nsteps:\n"
	           "  - { id: first, wait: 2 days }\n  - { email: m1, unless: seats == 5, window: daily 09:00-17:00 }\n"
	           "  - { id: second, wait: 3 days }\n  - email: m2\n"),
	     "one stays from first to first ann\none stays from second to second bob\n",
	     "      priority: 5 → 7\n      enter: on a.b → on a.b if seats > 3\n"
	     "      exit: when plan == \"big\" (new)\n"
	     "    ~ email m1 (email-m1-1)\n        unless: seats == 5 (new)\n"
	     "        window: daily 09:00-17:00 (new)\n");
}

static void test_a_campaign_that_goes(void **state)
{
	(void)state;
	edit(OLD, RULES("campaign: two\nenter: { on: c.d }\nsteps: [ tag: x ]\n"),
	     "one leaves from first (the campaign was removed) ann\n"
	     "one leaves from second (the campaign was removed) bob\n",
	     "  - one is removed\n  + two is new: 1 step\n");
}

static void test_who_is_taken_in(void **state)
{
	static const char two[] = "---\ncampaign: two\nenter: { when: seats == none, existing: enter }\n"
				  "steps: [ email: m2, wait: 1 day ]\n";
	char *now = g_strconcat(OLD, two, NULL);

	(void)state;
	edit(OLD, now,
	     "one stays from first to first ann\none stays from second to second bob\n"
	     "two enters to wait-1 (its condition turned true) ann bob cem\n",
	     "enter (its condition turned true), and come to wait 1 day (wait-1): ann, bob, cem\n");
	g_free(now);
}

static void test_other_rules(void **state)
{
	static const char more[] = "---\nsegments:\n  big: seats > 9\n---\nscoring:\n  engagement:\n"
				   "    - { on: a.b, points: 5 }\n";
	char *now = g_strconcat(OLD, more, NULL);

	(void)state;
	edit(OLD, now, "one stays from first to first ann\none stays from second to second bob\n",
	     "Other rules\n  ~ segment big: seats > 9 (new)\n  ~ scoring: 5 points: a.b (new)\n");
	g_free(now);
}

/* Equal steps, another number of them, leads inside: ids are demanded. */
static void test_equals(void **state)
{
#define THE_OLD "  - wait: 2 days\n  - email: m1\n  - wait: 3 days\n  - email: m2\n"
	static const char old[] = RULES("campaign: one\nenter: { on: a.b }\nsteps:\n" THE_OLD);
	static const char now[] =
		RULES("campaign: one\nenter: { on: a.b }\nsteps:\n  - wait: 1 hour\n  - tag: x\n" THE_OLD);
	static const char named[] = RULES("campaign: one\nenter: { on: a.b }\nsteps:\n  - { id: new, wait: 1 hour }\n"
	                                  "  - tag: x\n" THE_OLD);
	struct plan_world *w = three(old);
	struct nt_diags *diags = nt_diags_new();

	(void)state;
	plan_make(w, now);
	assert_int_equal(w->plan->n_demands, 1);
	assert_int_equal(w->plan->demands[0].leads.n, 2);
	assert_string_equal(w->plan->demands[0].muddle->base, "wait");
	nt_plan_report(w->plan, diags);
	assert_string_equal(nt_diags_peek(diags, 0)->message,
	                    "3 steps are equal here where 2 were, and 2 leads stand there (ann, bob): which goes on "
	                    "where? "
	                    "Add 'id:' on lines 15, 17 and 19; a step that was there before takes its old name: "
	                    "'id: wait-1' (line 15 then), 'id: wait-2' (line 17 then)");
	plan_make(w, named);
	assert_int_equal(w->plan->n_demands, 0);
	plan_must_be_true(w);
	plan_world_free(w);
	nt_diags_free(diags);
}

/* Nobody stands there: nothing is demanded. */
static void test_equals_without_leads(void **state)
{
	static const char old[] =
		RULES("campaign: one\nenter: { on: a.b }\nsteps:\n  - { id: x, wait: 9 days }\n  - tag: t\n");
	static const char now[] =
		RULES("campaign: one\nenter: { on: a.b }\nsteps:\n  - { id: x, wait: 9 days }\n  - tag: t\n"
	              "  - wait: 1 day\n  - tag: t\n");
	struct plan_world *w = three(old);

	(void)state;
	plan_make(w, now);
	assert_int_equal(w->plan->n_demands, 0);
	plan_world_free(w);
}

/* Released and not yet handed to a channel: called back with its campaign. */
static void test_what_is_called_back(void **state)
{
	static const char removed[] = RULES("campaign: two\nenter: { on: c.d }\nsteps: [ tag: x ]\n");
	struct plan_world *w = plan_world_new(OLD, "2026-06-01 10:00");

	(void)state;
	plan_lead(w, "ann");
	plan_event(w, "ann", "a.b");
	plan_run_to(w, at("UTC", "2026-06-03 09:59"));
	w->now = at("UTC", "2026-06-03 10:00"); /* the wait ends: nobody hands the message over yet */
	assert_int_equal(nt_engine_turn(nt_driver_engine(w->driver), w->now, NULL, 100, 100), NT_STORE_OK);
	plan_make(w, OLD);
	assert_int_equal(w->plan->under_way, 1);
	assert_int_equal(w->plan->n_cancelled, 0);
	plan_make(w, removed);
	assert_int_equal(w->plan->under_way, 0);
	assert_int_equal(w->plan->n_cancelled, 1);
	assert_string_equal(w->plan->cancelled[0].template_name, "m1");
	assert_says(w->plan, "  1 called back: email m1 of one: ann\n");
	plan_world_free(w);
}

#define SALES(reps, team)                                                                                           \
	"---\nsales:\n  ready: [ { on: c.d, reason: asked } ]\n  reps:\n" reps                                      \
	"  teams: { all: { reps: [ " team " ], manager: bob, turn: round_robin } }\n"                               \
	"  route: [ { to: team all } ]\n  tell: [ email: new-lead ]\n  then: [ next_rep ]\n"
#define ANNA "    anna: { email: anna@example.org, time_zone: UTC, hours: daily 00:00-24:00 }\n"
#define BOB "    bob: { email: bob@example.org, time_zone: UTC, hours: daily 00:00-24:00, open_at_most: 2 }\n"

/* Leads that meet in the queue are taken together: who gets which slot is right although they come one at a time. */
static void test_offers_that_move(void **state)
{
	char *old = g_strconcat(OLD, SALES(ANNA BOB, "anna, bob"), NULL);
	char *now = g_strconcat(OLD, SALES(BOB, "bob"), NULL);
	struct plan_world *w = three(old);
	unsigned from_anna = 0;

	(void)state;
	plan_event(w, "ann", "c.d");
	plan_event(w, "bob", "c.d");
	plan_event(w, "cem", "c.d");
	w->at_once = 1;
	plan_make(w, now);
	for (unsigned i = 0; i < w->plan->n_offers; i++)
		from_anna += strcmp(w->plan->offers[i].from_rep, "anna") == 0;
	assert_int_equal(from_anna, 2);
	assert_int_equal(w->plan->n_offers, 2);
	assert_says(w->plan, "Hand-offs that move at once\n  ann (ann@example.org): offered anna → offered bob\n");
	assert_says(w->plan, "  cem (cem@example.org): offered anna → waiting\n");
	plan_must_be_true(w);
	plan_world_free(w);
	g_free(old);
	g_free(now);
}

/* It is 2026-06-03 12:00. The first leads have the offer on 06-07 20:00 UTC, in Kiritimati. */
#define SPRING(announcements)                                                                                       \
	SALES(ANNA BOB, "anna, bob")                                                                                \
	"---\ncampaign: spring\nenter: { at: 2026-06-08 10:00, if: seats > 3 }\nsteps: [ email: m2 ]\n"             \
	"---\nannouncements:\n" announcements
#define SAY(campaign, whom, before, message)                                                                        \
	"  - { campaign: " campaign ", tell: " whom ", before: " before ", message: " message " }\n"

static char *told_of(const struct nt_plan *plan)
{
	GString *out = g_string_new(NULL);

	for (unsigned i = 0; i < plan->n_told; i++) {
		const struct nt_plan_told *told = &plan->told[i];

		nt_time_print_utc(told->at, out);
		g_string_append_printf(out, " %s %s %s %s%s%s %" G_GUINT64_FORMAT "\n", told->campaign, told->channel,
		                       told->template_name, told->rep, told->by[0] ? " present" : "",
		                       told->by[1] ? " new" : "", told->leads);
	}
	return g_string_free(out, FALSE);
}

/* One announcement sooner, one to another, one gone, one new that is told at once. */
static void test_announcements(void **state)
{
	char *old = g_strconcat(OLD, SPRING(SAY("spring", "team all", "3 days", "m1")
	                                    SAY("spring", "rep bob", "2 days", "m2")
	                                    SAY("spring", "rep bob", "1 day", "m2")), NULL);
	char *now = g_strconcat(OLD, SPRING(SAY("spring", "team all", "4 days", "m1")
	                                    SAY("spring", "rep anna", "2 days", "m2")
	                                    SAY("spring", "rep bob", "1 week", "new-lead")), NULL);
	struct plan_world *w = three(old);
	GString *json = g_string_new(NULL), *dot = g_string_new(NULL);
	struct nt_json_writer writer;
	char *told;

	(void)state;
	plan_request(w, NT_INPUT_FIELDS, "ann", "{\"seats\":9}");
	plan_request(w, NT_INPUT_FIELDS, "cem", "{\"seats\":4}");
	plan_request(w, NT_INPUT_FIELDS, "bob", "{\"seats\":3}");
	plan_event(w, "cem", "c.d"); /* meets others in the queue: counted once all the same */
	w->at_once = 1;
	plan_make(w, now);
	told = told_of(w->plan);
	assert_string_equal(told, "2026-06-03T12:00:00Z spring email new-lead bob new 2\n"
	                          "2026-06-03T20:00:00Z spring email m1 anna new 2\n"
	                          "2026-06-03T20:00:00Z spring email m1 bob new 2\n"
	                          "2026-06-04T20:00:00Z spring email m1 anna present 0\n"
	                          "2026-06-04T20:00:00Z spring email m1 bob present 0\n"
	                          "2026-06-05T20:00:00Z spring email m2 anna new 2\n"
	                          "2026-06-05T20:00:00Z spring email m2 bob present 0\n"
	                          "2026-06-06T20:00:00Z spring email m2 bob present 0\n");
	assert_says(w->plan, "Announcements\n"
	                     "  ~ m1 of spring changes\n      before: 3 days → 4 days\n"
	                     "  ~ m2 of spring changes\n      tell: rep bob → rep anna\n"
	                     "  + new-lead of spring is new: email to rep bob, 7 days before\n"
	                     "  - m2 of spring is removed\n");
	assert_says(w->plan, "Reps are told of what goes out, within 24 hours (+ with the new rules only, - with the "
	                     "present ones only)\n"
	                     "  + 2026-06-03T12:00:00Z spring: email new-lead to bob; it goes out Mon 2026-06-08 10:00 "
	                     "in each lead's own time zone, to about 2 leads: seats > 3\n"
	                     "  + 2026-06-03T20:00:00Z spring: email m1 to anna, bob; it goes out ");
	assert_says(w->plan, "Reps are told of what goes out, within 7 days (+ with the new rules only, - with the "
	                     "present ones only)\n"
	                     "  - 2026-06-04T20:00:00Z spring: email m1 to anna, bob; it goes out Mon 2026-06-08 10:00 "
	                     "in each lead's own time zone, to seats > 3\n");
	nt_json_begin(&writer, json);
	nt_json_object(&writer, NULL);
	nt_plan_put_json(w->plan, &writer);
	nt_json_end_object(&writer);
	assert_non_null(strstr(json->str, "\"announcements\":[{\"campaign\":\"spring\",\"message\":\"m1\","
	                                  "\"change\":\"changed\",\"facts\":[{\"key\":\"before\","
	                                  "\"before\":\"3 days\",\"after\":\"4 days\"}]},"));
	assert_non_null(strstr(json->str, "\"told\":[{\"at\":\"2026-06-03T12:00:00Z\",\"campaign\":\"spring\","
	                                  "\"channel\":\"email\",\"template\":\"new-lead\",\"rep\":\"bob\","
	                                  "\"when\":\"Mon 2026-06-08 10:00 in each lead's own time zone\","
	                                  "\"to_whom\":\"seats > 3\",\"leads\":2,\"present\":false,"
	                                  "\"new\":true,\"day\":true},"));
	assert_non_null(strstr(json->str, "\"leads\":null,\"present\":true,\"new\":false,\"day\":false}"));
	nt_plan_picture(w->plan, dot);
	assert_non_null(strstr(dot->str, "<b>Announcements</b><br/>m1 of spring changes<br/>m2 of spring changes<br/>"
	                                 "new-lead of spring is new<br/>m2 of spring is removed<br/>"
	                                 "reps told in 24 hours: 3, were 0<br/>in 7 days: 4, were 4"));
	plan_must_be_true(w);
	plan_world_free(w);
	g_string_free(json, TRUE);
	g_string_free(dot, TRUE);
	g_free(told);
	g_free(old);
	g_free(now);
}

/* Told already: neither said nor told again, also when the campaign has another name. */
static void test_announcements_that_stay(void **state)
{
#define NAMED(name, was) SALES(ANNA BOB, "anna") "---\ncampaign: " name "\n" was                                    \
	"enter: { at: 2026-06-08 10:00, if: seats > 3 }\nsteps: [ email: m2 ]\n"                                    \
	"---\nannouncements:\n" SAY(name, "team all", "1 week", "m1") SAY(name, "team all", "3 days", "m2")
	char *old = g_strconcat(OLD, NAMED("spring", ""), NULL);
	char *now = g_strconcat(OLD, NAMED("summer", "was: spring\n"), NULL);
	struct plan_world *w = three(old);
	char *told;

	(void)state;
	plan_make(w, now);
	told = told_of(w->plan);
	assert_string_equal(told, "2026-06-04T20:00:00Z summer email m2 anna present new 0\n");
	assert_int_equal(w->plan->changes->n_announcements, 0);
	assert_says(w->plan, "    2026-06-04T20:00:00Z summer: email m2 to anna; it goes out ");
	assert_says(w->plan, "to about 0 leads: seats > 3\n");
	plan_must_be_true(w);
	plan_world_free(w);
	g_free(told);
	g_free(old);
	g_free(now);
}

static void test_json_and_picture(void **state)
{
	struct plan_world *w = three(OLD);
	GString *json = g_string_new(NULL), *dot = g_string_new(NULL);
	struct nt_json_writer writer;
	struct nt_json_error error;

	(void)state;
	plan_make(w, RULES("campaign: one\nenter: { on: a.b }\nsteps:\n  - email: m1\n"
	                   "  - { id: second, wait: 1 day }\n"));
	nt_json_begin(&writer, json);
	nt_json_object(&writer, NULL);
	nt_plan_put_json(w->plan, &writer);
	nt_json_end_object(&writer);
	assert_non_null(nt_json_parse(w->arena, json->str, json->len, &error));
	assert_non_null(strstr(json->str, "{\"campaign\":\"one\",\"kind\":\"moves\",\"from\":\"first\","
	                                  "\"to\":\"second\",\"why\":null,\"leads\":1,\"examples\":[\"ann\"]}"));
	nt_plan_picture(w->plan, dot);
	assert_non_null(strstr(dot->str, "<b>gone</b><br/>wait 2 days"));
	assert_non_null(strstr(dot->str, "label=<1 lead"));
	g_string_free(json, TRUE);
	g_string_free(dot, TRUE);
	plan_world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_changes),      cmocka_unit_test(test_a_longer_wait),
		cmocka_unit_test(test_a_shorter_wait),       cmocka_unit_test(test_a_step_that_goes),
		cmocka_unit_test(test_a_step_that_is_renamed), cmocka_unit_test(test_a_campaign_that_is_renamed),
		cmocka_unit_test(test_no_later_step),        cmocka_unit_test(test_steps_put_in),
		cmocka_unit_test(test_a_step_that_moves),    cmocka_unit_test(test_a_step_put_into_a_branch),
		cmocka_unit_test(test_conditions_and_options), cmocka_unit_test(test_a_campaign_that_goes),
		cmocka_unit_test(test_who_is_taken_in),      cmocka_unit_test(test_other_rules),
		cmocka_unit_test(test_equals),               cmocka_unit_test(test_equals_without_leads),
		cmocka_unit_test(test_what_is_called_back),  cmocka_unit_test(test_offers_that_move),
		cmocka_unit_test(test_json_and_picture),     cmocka_unit_test(test_announcements),
		cmocka_unit_test(test_announcements_that_stay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
