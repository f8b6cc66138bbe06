/* What new rules ask of the past is made from the log: a lead that lived under rules which didn't ask, and one whose
 * rules asked all along, are told apart by nothing (II.10). */
#include "engine_house.h"

#include "engine/copy.h"
#include "rules/program.h"

#include <stdio.h>

#define COMMON \
	POLICY_TEXT \
	"fields:\n  seats: number\nevents:\n  a.b: { amount: number, note: text }\n%s---\n" \
	"scoring:\n  engagement: [ { on: a.b, points: 6 } ]\n  levels: { cold: 0, warm: 10 }\n---\n" \
	"campaign: first\nenter: { on: a.b }\nagain: always\n" \
	"steps: [ email: m1, wait: 1 hour, set: { seats: 3 }, sms: m1, set: { seats: 4 } ]\n" \
	"---\nsegments:\n  big: seats > 3\n%s"

static const char asked[] =
	"  one: count(\"a.b\", 30 days) >= 2\n  two: total(\"a.b\", \"amount\", 10 days) > 3\n"
	"  three: total(\"a.b\", \"amount\") > 3 and last_value(\"a.b\", \"note\") == \"x\"\n"
	"  four: count(\"email.sent\", 30 days) > 1 and count(\"message.skipped\", 30 days) == 0\n"
	"  five: count(\"campaign.left\", 30 days) > 1 or last_value(\"campaign.left\", \"campaign\") == \"first\"\n"
	"  six: count(\"lead.changed\", 30 days) > 1 or count(\"score.crossed\", 1 month) == 1\n"
	"  seven: count(\"x.new\", 30 days) > 1 or total(\"x.new\", \"size\") == 7\n"
	"  seventh: count(\"lead.created\", 30 days) > 0\n"
	"  eight: count(\"email.opened\", 30 days) > 1 or last_value(\"email.opened\", \"template\") == \"m1\"\n";

static struct nt_program *rules_that(bool ask)
{
	char *text = g_strdup_printf(COMMON, ask ? "  x.new: { size: number }\n" : "", ask ? asked : "");
	struct nt_program *program = program_of(text);

	g_free(text);
	return program;
}

static void deliver(struct house *h)
{
	struct nt_request *claimed = claim(h, "email");

	for (unsigned i = 0; i < claimed->n_rows; i++) {
		assert_int_equal(outcome(h, claimed->rows[i].message.id, NT_SEND_ACCEPTED, false), NT_ANSWER_OK);
		assert_int_equal(hear(h, claimed->rows[i].message.id, NT_OUTCOME_OPENED), NT_ANSWER_OK);
	}
}

static void live(struct house *h)
{
	fields(h, "ann", "{\"email\":\"ann@example.org\",\"time_zone\":\"Europe/Berlin\"}");
	for (int i = 0; i < 6; i++) {
		char text[160];

		snprintf(text, sizeof text,
		         "{\"event\":\"a.b\",\"id\":\"i%d\",\"at\":\"2026-05-%dT10:00:00Z\",\"properties\":"
		         "{\"amount\":%d.5,\"note\":\"%s\"}}", i, 31 - i * (i % 2), i, i % 2 == 0 ? "x" : "y");
		event(h, "ann", text);
		deliver(h);
		event(h, "ann", "{\"event\":\"x.new\",\"properties\":{\"size\":3.5}}");
		h->now += 7 * NT_DAY / 2;
		while (nt_engine_due(h->engine) <= h->now)
			assert_int_equal(turn(h, NULL), NT_STORE_OK);
	}
	event(h, "ann", "{\"event\":\"a.b\",\"properties\":{\"amount\":1}}");
}

static void check_same(const struct nt_lead *a, const struct nt_lead *b)
{
	const struct nt_program *program = a->program;

	for (unsigned i = 0; i < program->n_rings; i++) {
		if (a->rings[i].n != b->rings[i].n)
			fail_msg("%s: %u, not %u", program->rings[i].identity, b->rings[i].n, a->rings[i].n);
		for (unsigned k = 0; k < a->rings[i].n; k++) {
			assert_int_equal(a->rings[i].entries[k].at, b->rings[i].entries[k].at);
			assert_int_equal(a->rings[i].entries[k].n, b->rings[i].entries[k].n);
			assert_int_equal(a->rings[i].entries[k].sum, b->rings[i].entries[k].sum);
		}
	}
	for (unsigned i = 0; i < program->n_stats; i++) {
		assert_int_equal(a->stats[i].sum, b->stats[i].sum);
		assert_int_equal(a->stats[i].last_at, b->stats[i].last_at);
		if (!nt_value_equal(&a->stats[i].last, &b->stats[i].last))
			fail_msg("%s: another value", program->stats[i].identity);
	}
}

static void new_functions_know_the_past(void **state)
{
	struct house *asking = house_with(rules_that(true)), *other = house_with(rules_that(false));
	struct nt_request *load = request(other, NT_REQUEST_LOAD);
	const struct nt_lead *a, *b;
	unsigned kept = 0;

	(void)state;
	live(asking);
	live(other);
	load->program = rules_that(true);
	assert_int_equal(ask(other, load), NT_ANSWER_OK);
	a = lead(asking, "ann");
	b = lead(other, "ann");
	check_same(a, b);
	for (unsigned i = 0; i < a->program->n_rings; i++)
		kept += a->rings[i].n > 0;
	assert_int_equal(kept, a->program->n_rings);
	house_free(asking);
	house_free(other);
}

/* What the log no longer has isn't known; what was kept all along isn't touched. */
static void nothing_is_counted_twice(void **state)
{
	struct house *asking = house_with(rules_that(true)), *other = house_with(rules_that(true));
	struct nt_request *load = request(other, NT_REQUEST_LOAD);

	(void)state;
	live(asking);
	live(other);
	load->program = rules_that(false);
	assert_int_equal(ask(other, load), NT_ANSWER_OK);
	load = request(other, NT_REQUEST_LOAD);
	load->program = rules_that(true);
	assert_int_equal(ask(other, load), NT_ANSWER_OK);
	check_same(lead(asking, "ann"), lead(other, "ann"));
	load = request(other, NT_REQUEST_LOAD);
	load->program = program_of(POLICY_TEXT "events:\n  a.b: { amount: number }\n"
	                                       "segments:\n  big: count(\"a.b\") > 1\n");
	assert_int_equal(ask(other, load), NT_ANSWER_OK);
	load = request(other, NT_REQUEST_LOAD);
	load->program = rules_that(true);
	assert_int_equal(ask(other, load), NT_ANSWER_OK);
	check_same(lead(asking, "ann"), lead(other, "ann"));
	house_free(asking);
	house_free(other);
}

/* A plan is made on a twin: there, too, new functions know the past. */
static void a_twin_knows_the_past(void **state)
{
	struct house *asking = house_with(rules_that(true)), *other = house_with(rules_that(false)), twin = { 0 };
	struct nt_copy copy = { .from = other->store, .program = other->program, .due_before = NT_NO_TIME };
	struct nt_request *load;
	const char *why = "";

	(void)state;
	live(asking);
	live(other);
	twin.program = other->program;
	twin.arena = nt_arena_new();
	twin.seen = g_string_new(NULL);
	twin.now = other->now;
	twin.store = copy.to = nt_memory_store_over(other->store);
	assert_true(nt_copy_all(&copy, &why));
	open_engine(&twin);
	load = request(&twin, NT_REQUEST_LOAD);
	load->program = rules_that(true);
	assert_int_equal(ask(&twin, load), NT_ANSWER_OK);
	check_same(lead(asking, "ann"), lead(&twin, "ann"));
	nt_engine_free(twin.engine);
	twin.store->ops->free(twin.store);
	nt_arena_free(twin.arena);
	g_string_free(twin.seen, TRUE);
	house_free(asking);
	house_free(other);
}

/* II.10: the log is kept for so long, and what it no longer has isn't known. */
static void the_log_is_kept_for_a_time(void **state)
{
	struct house *h = house_with(rules_that(false));
	struct nt_engine_options options = { .observe = see, .user = h, .keep_log = { .months = 1 } };
	struct nt_request *load = request(h, NT_REQUEST_LOAD);
	struct nt_store_counts counts, after;
	const struct nt_lead *ann;
	const char *why;
	nt_time last;

	(void)state;
	live(h);
	last = h->now;
	h->store->ops->counts(h->store, &counts);
	nt_engine_free(h->engine);
	h->engine = nt_engine_new(h->store, h->program, &options, &why);
	h->now += 20 * NT_DAY;
	event(h, "ann", "{\"event\":\"a.b\",\"properties\":{\"amount\":4}}");
	load->program = rules_that(true);
	assert_int_equal(ask(h, load), NT_ANSWER_OK);
	h->store->ops->counts(h->store, &after);
	assert_true(after.log_rows > 3 && after.log_rows < counts.log_rows);
	ann = lead(h, "ann");
	assert_true(ann->stats[nt_program_stat(ann->program, "a.b amount")].sum < nt_number_from_int(20));
	assert_int_equal(ann->events[nt_program_event(ann->program, "a.b")].count, 8);
	assert_true(ann->stats[nt_program_stat(ann->program, "a.b amount")].last_at > last);
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
	const struct CMUnitTest tests[] = { cmocka_unit_test(new_functions_know_the_past),
		                            cmocka_unit_test(nothing_is_counted_twice),
		                            cmocka_unit_test(a_twin_knows_the_past),
		                            cmocka_unit_test(the_log_is_kept_for_a_time) };

	return cmocka_run_group_tests(tests, NULL, forget_zones);
}
