#include "engine/sales.h"

#include "base/arena.h"

#include "program_text.h"
#include "unit.h"

/* The queue and what came out of it since it was last asked, in words. */
struct desk {
	struct nt_program *program;
	struct nt_sales *sales;
	struct nt_arena *arena;
	GString *said;
	int routes[4];
	unsigned n_routes;
	const char *owner;
};

#define REPS                                                                                                         \
	"  reps:\n"                                                                                                  \
	"    anna: { email: anna@example.org, time_zone: Europe/Berlin, hours: mon-fri 09:00-17:30 }\n"              \
	"    cem:  { email: cem@example.org, time_zone: Europe/Berlin, hours: mon-fri 09:00-17:30, away: [ "         \
	"2026-03-27..2026-03-30 ] }\n"                                                                               \
	"    bob:  { email: bob@example.org, time_zone: America/New_York, hours: mon-fri 09:00-17:00 }\n"
#define REST \
	"  tell: [ email: new-lead ]\n" \
	"  accept_within: 30 minutes\n"

static const char dach[] = POLICY_TEXT "sales:\n  ready: [ { when: score >= 80, reason: score } ]\n" REPS
	"  teams: { dach: { reps: [ anna, cem ], manager: bob, turn: round_robin } }\n"
	"  route: [ { if: owner != none, to: owner }, { to: team dach } ]\n" REST
	"  then: [ next_rep, manager ]\n"
	"  after_accept: [ { within: 24 hours, then: tell manager }, { within: 48 hours, then: next_rep } ]\n"
	"  reasons: { too_early: { points: -10 }, bad_fit: { fit: -50 } }\n";

static struct desk desk_of(const char *text)
{
	struct desk d = { .program = program_of(text), .arena = nt_arena_new(), .said = g_string_new(NULL) };

	d.sales = nt_sales_new(d.program);
	d.routes[0] = (int)d.program->sales.n_route - 1; /* the last route always holds */
	d.n_routes = 1;
	return d;
}

static void desk_clear(struct desk *d)
{
	nt_sales_free(d->sales);
	nt_program_unref(d->program);
	nt_arena_free(d->arena);
	g_string_free(d->said, TRUE);
}

static enum nt_sales_answer act(struct desk *d, struct nt_sales_input input)
{
	struct nt_sales_effects effects;
	enum nt_sales_answer answer;

	nt_sales_effects_init(&effects, d->arena);
	answer = nt_sales_step(d->sales, &input, &effects);
	for (unsigned i = 0; i < effects.lead_inputs->len; i++) {
		const struct nt_sales_lead_input *to = &g_array_index(effects.lead_inputs, struct nt_sales_lead_input,
		                                                      i);

		g_string_append_printf(d->said, "%s%s %s%s%s", d->said->len > 0 ? "; " : "", to->lead,
		                       nt_handoff_name(to->state), to->rep != NULL ? " " : "",
		                       to->rep != NULL ? to->rep : "");
	}
	for (unsigned i = 0; i < effects.messages->len; i++) {
		const struct nt_message *m = effects.messages->pdata[i];

		if (strcmp(m->step, "offer") != 0)
			g_string_append_printf(d->said, "%s%s told %s of %s", d->said->len > 0 ? "; " : "", m->rep,
			                       m->step, m->lead);
	}
	nt_sales_effects_clear(&effects);
	return answer;
}

static nt_time berlin(const char *text)
{
	return at("Europe/Berlin", text);
}

static void ready(struct desk *d, nt_time now, const char *lead)
{
	struct nt_ready_effect effect = { .lead = lead,
		                          .reason = "score",
		                          .owner = d->owner,
		                          .routes = d->routes,
		                          .n_routes = d->n_routes,
		                          .score = 81,
		                          .title = lead,
		                          .values = "{\"score\":81}" };

	act(d, (struct nt_sales_input){ .verb = NT_SALES_READY, .now = now, .lead = lead, .ready = &effect });
}

/* All time limits up to `now`, each at its own instant. */
static void run_to(struct desk *d, nt_time now)
{
	while (nt_sales_due(d->sales) <= now)
		act(d, (struct nt_sales_input){ .verb = NT_SALES_TIMER, .now = nt_sales_due(d->sales) });
}

static enum nt_sales_answer say(struct desk *d, nt_time now, enum nt_sales_verb verb, const char *lead, const char *rep)
{
	return act(d, (struct nt_sales_input){
			      .verb = verb, .now = now, .lead = lead, .rep = rep, .reason = "too_early" });
}

#define SAID(d, text)                                       \
	do {                                                \
		assert_string_equal((d)->said->str, (text)); \
		g_string_truncate((d)->said, 0);            \
	} while (0)

static void trace_6(void **state)
{
	struct desk d = desk_of(dach);

	(void)state;
	ready(&d, berlin("2026-03-27 17:15"), "ann");
	SAID(&d, "ann offered anna");
	assert_string_equal(shown("Europe/Berlin", nt_sales_peek(d.sales, "ann")->limit), "Mon 2026-03-30 09:15 CEST");
	ready(&d, berlin("2026-03-27 17:20"), "ann");
	SAID(&d, "");
	assert_int_equal(nt_sales_peek(d.sales, "ann")->reasons->len, 2);
	run_to(&d, berlin("2026-03-30 09:14:59.999"));
	SAID(&d, "");
	run_to(&d, berlin("2026-03-30 09:15"));
	SAID(&d, "ann offered bob");
	assert_string_equal(shown("America/New_York", nt_sales_peek(d.sales, "ann")->limit),
	                    "Mon 2026-03-30 09:30 EDT");
	desk_clear(&d);
}

static void turns_are_fair(void **state)
{
	struct desk d = desk_of(dach);

	(void)state;
	for (int i = 0; i < 5; i++)
		ready(&d, berlin("2026-04-01 10:00") + i, nt_arena_printf(d.arena, "l%d", i));
	SAID(&d, "l0 offered anna; l1 offered cem; l2 offered anna; l3 offered cem; l4 offered anna");
	desk_clear(&d);
}

static void least_open_and_weighted(void **state)
{
	struct desk d = desk_of(POLICY_TEXT "sales:\n  ready: [ { when: score >= 80, reason: score } ]\n" REPS
	                        "  teams: { dach: { reps: [ anna, cem ], manager: bob, turn: least_open } }\n"
	                        "  route: [ { to: team dach } ]\n" REST "  then: [ manager ]\n");

	(void)state;
	ready(&d, berlin("2026-04-01 10:00"), "l0");
	ready(&d, berlin("2026-04-01 10:01"), "l1");
	say(&d, berlin("2026-04-01 10:02"), NT_SALES_ACCEPT, "l0", "anna");
	say(&d, berlin("2026-04-01 10:02"), NT_SALES_WON, "l1", NULL);
	ready(&d, berlin("2026-04-01 10:03"), "l2");
	ready(&d, berlin("2026-04-01 10:04"), "l3");
	SAID(&d, "l0 offered anna; l1 offered cem; l0 accepted anna; l1 won cem; l2 offered cem; l3 offered anna");
	desk_clear(&d);
}

static void the_owner_comes_first_and_costs_no_turn(void **state)
{
	struct desk d = desk_of(dach);

	(void)state;
	d.routes[0] = 0;
	d.routes[1] = 1;
	d.n_routes = 2;
	d.owner = "anna";
	ready(&d, berlin("2026-04-01 10:00"), "l0");
	d.owner = NULL;
	ready(&d, berlin("2026-04-01 10:00"), "l1");
	SAID(&d, "l0 offered anna; l1 offered anna");
	d.owner = "cem"; /* away: gives way to the team, whose turn is his, so it is anna's again */
	ready(&d, berlin("2026-03-28 10:00"), "l2");
	SAID(&d, "l2 offered anna");
	desk_clear(&d);
}

static const char small[] = POLICY_TEXT "sales:\n  ready: [ { when: score >= 80, reason: score } ]\n"
	"  reps:\n"
	"    anna: { email: anna@example.org, time_zone: Europe/Berlin, hours: mon-fri 09:00-17:30, open_at_most: 1,\n"
	"            away: [ 2026-04-03..2026-04-06 ] }\n"
	"    bob:  { email: bob@example.org, time_zone: America/New_York, hours: mon-fri 09:00-17:00 }\n"
	"  teams: { dach: { reps: [ anna ], manager: bob, turn: round_robin } }\n"
	"  route: [ { to: team dach } ]\n" REST "  then: [ next_rep ]\n";

static void who_finds_nobody_waits_in_line(void **state)
{
	struct desk d = desk_of(small);

	(void)state;
	ready(&d, berlin("2026-04-01 10:00"), "l0");
	ready(&d, berlin("2026-04-01 10:01"), "zoe");
	ready(&d, berlin("2026-04-01 10:02"), "abe");
	SAID(&d, "l0 offered anna; bob told waiting of zoe; bob told waiting of abe");
	assert_int_equal(nt_sales_peek(d.sales, "zoe")->state, NT_HANDOFF_WAITING);
	assert_int_equal(say(&d, berlin("2026-04-01 10:05"), NT_SALES_ACCEPT, "l0", "anna"), NT_SALES_DONE);
	SAID(&d, "l0 accepted anna"); /* an accepted lead takes its slot as well */
	assert_int_equal(say(&d, berlin("2026-04-01 11:00"), NT_SALES_LOST, "l0", NULL), NT_SALES_DONE);
	SAID(&d, "l0 lost anna; zoe offered anna");
	act(&d, (struct nt_sales_input){ .verb = NT_SALES_WITHDRAW, .now = berlin("2026-04-01 11:01"), .lead = "zoe" });
	SAID(&d, "abe offered anna");
	desk_clear(&d);
}

static void who_was_away_comes_back(void **state)
{
	struct desk d = desk_of(small);

	(void)state;
	ready(&d, berlin("2026-04-03 10:00"), "l0");
	SAID(&d, "bob told waiting of l0");
	assert_string_equal(shown("Europe/Berlin", nt_sales_due(d.sales)), "Tue 2026-04-07 00:00 CEST");
	run_to(&d, berlin("2026-04-07 00:00"));
	SAID(&d, "l0 offered anna");
	assert_string_equal(shown("Europe/Berlin", nt_sales_peek(d.sales, "l0")->limit), "Tue 2026-04-07 09:30 CEST");
	desk_clear(&d);
}

static void the_last_one_keeps_it_and_the_manager_hears_daily(void **state)
{
	struct desk d = desk_of(small);

	(void)state;
	ready(&d, berlin("2026-04-01 10:00"), "l0");
	run_to(&d, berlin("2026-04-01 10:30"));
	SAID(&d, "l0 offered anna; bob told late of l0");
	assert_true(nt_sales_peek(d.sales, "l0")->late);
	assert_int_equal(nt_sales_peek(d.sales, "l0")->state, NT_HANDOFF_OFFERED);
	assert_string_equal(shown("America/New_York", nt_sales_due(d.sales)), "Thu 2026-04-02 09:00 EDT");
	run_to(&d, berlin("2026-04-06 23:00"));
	SAID(&d, "bob told late of l0; bob told late of l0; bob told late of l0"); /* Thursday, Friday, Monday */
	assert_int_equal(say(&d, berlin("2026-04-07 10:00"), NT_SALES_ACCEPT, "l0", "anna"), NT_SALES_DONE);
	assert_true(nt_sales_due(d.sales) == NT_NEVER);
	desk_clear(&d);
}

static void links_hold_for_the_present_offer_only(void **state)
{
	struct desk d = desk_of(dach);
	struct nt_sales_input accept = { .verb = NT_SALES_ACCEPT, .lead = "ann" },
			      back = { .verb = NT_SALES_SEND_BACK, .lead = "ann" };

	(void)state;
	ready(&d, berlin("2026-04-01 10:00"), "ann");
	accept.offer = nt_sales_peek(d.sales, "ann")->offer;
	assert_ptr_equal(nt_sales_peek_offer(d.sales, accept.offer), nt_sales_peek(d.sales, "ann"));
	run_to(&d, berlin("2026-04-01 10:30"));
	accept.now = back.now = berlin("2026-04-01 10:30");
	assert_null(nt_sales_peek_offer(d.sales, accept.offer));
	assert_int_equal(act(&d, accept), NT_SALES_NOT_YOURS);
	back.offer = accept.offer;
	back.reason = "too_early";
	assert_int_equal(act(&d, back), NT_SALES_NOT_YOURS);
	accept.offer = nt_sales_peek(d.sales, "ann")->offer;
	assert_int_equal(act(&d, accept), NT_SALES_DONE);
	assert_int_equal(act(&d, accept), NT_SALES_ALREADY);
	SAID(&d, "ann offered anna; ann offered cem; ann accepted cem");
	back.offer = accept.offer;
	back.reason = "no_such";
	assert_int_equal(act(&d, back), NT_SALES_BAD_REASON);
	back.reason = NULL;
	assert_int_equal(act(&d, back), NT_SALES_BAD_REASON);
	back.reason = "bad_fit";
	assert_int_equal(act(&d, back), NT_SALES_DONE);
	SAID(&d, "ann sent_back cem");
	assert_int_equal(act(&d, back), NT_SALES_NO_ENTRY);
	assert_int_equal(say(&d, back.now, NT_SALES_ACCEPT, "ann", "anna"), NT_SALES_NO_ENTRY);
	desk_clear(&d);
}

static void anybody_can_take_it_by_hand(void **state)
{
	struct desk d = desk_of(dach);
	uint64_t offer;

	(void)state;
	ready(&d, berlin("2026-04-01 10:00"), "ann");
	offer = nt_sales_peek(d.sales, "ann")->offer;
	assert_int_equal(say(&d, berlin("2026-04-01 10:01"), NT_SALES_ACCEPT, "ann", "dora"), NT_SALES_BAD_REP);
	assert_int_equal(say(&d, berlin("2026-04-01 10:01"), NT_SALES_ACCEPT, "ann", "bob"), NT_SALES_DONE);
	SAID(&d, "ann offered anna; ann accepted bob");
	assert_null(nt_sales_peek_offer(d.sales, offer));
	desk_clear(&d);
}

static void no_progress_is_noticed(void **state)
{
	struct desk d = desk_of(dach);

	(void)state;
	ready(&d, berlin("2026-04-01 10:00"), "ann");
	say(&d, berlin("2026-04-01 10:10"), NT_SALES_ACCEPT, "ann", "anna");
	run_to(&d, berlin("2026-04-02 10:10"));
	SAID(&d, "ann offered anna; ann accepted anna; bob told no_progress of ann");
	run_to(&d, berlin("2026-04-03 10:10"));
	SAID(&d, "ann offered cem");
	desk_clear(&d);
}

static void encoded(const struct desk *d, const char *lead, GString *out)
{
	g_string_truncate(out, 0);
	nt_sales_encode_entry(nt_sales_peek(d->sales, lead), out);
}

static void rows_survive_a_restart(void **state)
{
	struct desk d = desk_of(dach), back = desk_of(dach);
	GString *before = g_string_new(NULL), *after = g_string_new(NULL);
	static const char *const leads[] = { "ann", "bea", "cyd" };

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(leads); i++)
		ready(&d, berlin("2026-04-01 10:00"), leads[i]);
	say(&d, berlin("2026-04-01 10:10"), NT_SALES_ACCEPT, "ann", "anna");
	for (size_t i = 0; i < G_N_ELEMENTS(leads); i++) {
		encoded(&d, leads[i], before);
		assert_true(nt_sales_restore_entry(back.sales, before->str, before->len));
		encoded(&back, leads[i], after);
		assert_string_equal(before->str, after->str);
	}
	g_string_truncate(before, 0);
	nt_sales_encode_turns(d.sales, before);
	assert_true(nt_sales_restore_turns(back.sales, before->str, before->len));
	g_string_truncate(d.said, 0);
	nt_sales_resume(back.sales, berlin("2026-04-01 10:10"));
	assert_true(nt_sales_due(back.sales) == nt_sales_due(d.sales));
	run_to(&d, berlin("2026-04-02 12:00"));
	run_to(&back, berlin("2026-04-02 12:00"));
	ready(&d, berlin("2026-04-02 12:00"), "new");
	ready(&back, berlin("2026-04-02 12:00"), "new");
	assert_string_equal(d.said->str, back.said->str);
	assert_int_equal(nt_sales_peek(d.sales, "new")->offer, nt_sales_peek(back.sales, "new")->offer);
	assert_false(nt_sales_restore_entry(back.sales, "{}", 2));
	assert_false(nt_sales_restore_entry(back.sales, "garbage", 7));
	assert_false(nt_sales_restore_turns(back.sales, "[1", 2));
	g_string_free(before, TRUE);
	g_string_free(after, TRUE);
	desk_clear(&d);
	desk_clear(&back);
}

/* The same without anna. */
static const char without_anna[] = POLICY_TEXT "sales:\n  ready: [ { when: score >= 80, reason: score } ]\n"
	"  reps:\n"
	"    cem:  { email: cem@example.org, time_zone: Europe/Berlin, hours: mon-fri 09:00-17:30 }\n"
	"    bob:  { email: bob@example.org, time_zone: America/New_York, hours: mon-fri 09:00-17:00 }\n"
	"  teams: { dach: { reps: [ cem ], manager: bob, turn: round_robin } }\n"
	"  route: [ { to: team dach } ]\n" REST "  then: [ next_rep, manager ]\n";

/* The daemon ends at the very instant of the return, or before it; nobody looks until days later. */
static void whoever_came_back_in_between_is_seen(void **state)
{
	static const char *const ends[] = { "2026-04-03 10:00", "2026-04-07 00:00" };

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(ends); i++) {
		struct desk d = desk_of(small), back = desk_of(small);
		GString *row = g_string_new(NULL);

		ready(&d, berlin("2026-04-03 10:00"), "l0");
		encoded(&d, "l0", row);
		assert_true(nt_sales_restore_entry(back.sales, row->str, row->len));
		nt_sales_resume(back.sales, berlin(ends[i]));
		act(&back, (struct nt_sales_input){ .verb = NT_SALES_TIMER, .now = berlin("2026-04-08 10:00") });
		SAID(&back, "l0 offered anna");
		g_string_free(row, TRUE);
		desk_clear(&d);
		desk_clear(&back);
	}
}

static void a_removed_rep_loses_all(void **state)
{
	struct desk d = desk_of(dach);
	struct nt_program *next = program_of(without_anna);

	(void)state;
	ready(&d, berlin("2026-04-01 10:00"), "l0");
	ready(&d, berlin("2026-04-01 10:00"), "l1");
	ready(&d, berlin("2026-04-01 10:00"), "l2");
	say(&d, berlin("2026-04-01 10:01"), NT_SALES_ACCEPT, "l0", "anna");
	g_string_truncate(d.said, 0);
	nt_sales_set_program(d.sales, next);
	act(&d, (struct nt_sales_input){ .verb = NT_SALES_LOAD, .now = berlin("2026-04-01 10:05") });
	SAID(&d, "l0 accepted bob; l2 waiting; l2 offered cem; bob told taken_over of l0");
	assert_string_equal(nt_sales_peek(d.sales, "l1")->rep, "cem");
	d.routes[0] = 0;
	ready(&d, berlin("2026-04-01 10:06"), "l3");
	SAID(&d, "l3 offered cem");
	nt_program_unref(d.program);
	d.program = next;
	desk_clear(&d);
}

static void messages_carry_what_reps_need(void **state)
{
	struct desk d = desk_of(dach);
	struct nt_ready_effect effect = { .lead = "ann", .reason = "asked \"now\"", .routes = d.routes, .n_routes = 1,
		                          .score = 81, .title = "Ann", .values = "{\"score\":81}" };
	struct nt_sales_input input = {
		.verb = NT_SALES_READY, .now = berlin("2026-04-01 10:00"), .lead = "ann", .ready = &effect
	};
	struct nt_sales_effects effects;
	const struct nt_message *m;

	(void)state;
	effect.routes = d.routes;
	nt_sales_effects_init(&effects, d.arena);
	nt_sales_step(d.sales, &input, &effects);
	assert_int_equal(effects.messages->len, 1);
	m = effects.messages->pdata[0];
	assert_int_equal(strlen(m->id), 32);
	assert_string_equal(m->address, "anna@example.org");
	assert_string_equal(m->template_name, "new-lead");
	assert_string_equal(m->channel, "email");
	assert_string_equal(m->rep, "anna");
	assert_true(m->service);
	assert_int_equal(m->offer, nt_sales_peek(d.sales, "ann")->offer);
	assert_non_null(strstr(m->values, "{\"score\":81,"));
	assert_non_null(strstr(m->values, "\"reason\":\"asked \\\"now\\\"\""));
	assert_non_null(strstr(m->values, "\"accept_by\":\"2026-04-01T08:30:00Z\""));
	assert_non_null(strstr(m->values, "\"name\":\"anna\""));
	nt_sales_effects_clear(&effects);
	desk_clear(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(trace_6),
		cmocka_unit_test(turns_are_fair),
		cmocka_unit_test(least_open_and_weighted),
		cmocka_unit_test(the_owner_comes_first_and_costs_no_turn),
		cmocka_unit_test(who_finds_nobody_waits_in_line),
		cmocka_unit_test(who_was_away_comes_back),
		cmocka_unit_test(the_last_one_keeps_it_and_the_manager_hears_daily),
		cmocka_unit_test(links_hold_for_the_present_offer_only),
		cmocka_unit_test(anybody_can_take_it_by_hand),
		cmocka_unit_test(no_progress_is_noticed),
		cmocka_unit_test(rows_survive_a_restart),
		cmocka_unit_test(whoever_came_back_in_between_is_seen),
		cmocka_unit_test(a_removed_rep_loses_all),
		cmocka_unit_test(messages_carry_what_reps_need),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	zones_free();
	return failed;
}
