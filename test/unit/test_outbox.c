#include "engine_house.h"

static const char *first_message(struct house *h)
{
	struct nt_request *r;

	fields(h, "ann", "{\"email\":\"Ann@Example.org\"}");
	event(h, "ann", "{\"event\":\"a.b\"}");
	r = claim(h, "email");
	assert_int_equal(r->n_rows, 1);
	return r->rows[0].message.id;
}

static void a_message_is_accepted_and_timers_go_on(void **state)
{
	struct house *h = house_new();
	const char *m = first_message(h);
	struct nt_outbox_row out;

	(void)state;
	assert_int_equal(row(h, m).state, NT_OUTBOX_HANDED);
	assert_int_equal(outcome(h, m, NT_SEND_ACCEPTED, false), NT_ANSWER_OK);
	out = row(h, m);
	assert_int_equal(out.state, NT_OUTBOX_ACCEPTED);
	assert_int_equal(out.attempts, 1);
	assert_null(out.owner);
	assert_string_equal(out.detail, "250 fine");
	assert_null(lead(h, "ann")->pending);
	assert_int_equal(lead(h, "ann")->templates->received, h->now);
	assert_int_equal(outcome(h, m, NT_SEND_ACCEPTED, false), NT_ANSWER_CONFLICT);
	assert_int_equal(outcome(h, "no-such", NT_SEND_ACCEPTED, false), NT_ANSWER_NOT_FOUND);
	run_to(h, "2026-06-01 10:59:59.999");
	SEEN(h, "ann m1; ");
	run_to(h, "2026-06-01 11:00");
	SEEN(h, "ann m2; ");
	assert_true(nt_engine_due(h->engine) == NT_NEVER);
	assert_int_equal(hear(h, m, NT_OUTCOME_CLICKED), NT_ANSWER_OK);
	assert_int_equal(lead(h, "ann")->templates->clicked, h->now);
	house_free(h);
}

static void a_temporary_failure_is_tried_again(void **state)
{
	struct house *h = house_new();
	const char *m = first_message(h);
	struct nt_outbox_row out;
	unsigned attempts = 1;

	(void)state;
	assert_int_equal(outcome(h, m, NT_SEND_TEMPORARY, false), NT_ANSWER_OK);
	out = row(h, m);
	assert_int_equal(out.state, NT_OUTBOX_RELEASED);
	assert_int_equal(out.attempts, 1);
	assert_true(out.not_before >= h->now + NT_MINUTE / 2 && out.not_before <= h->now + NT_MINUTE);
	assert_int_equal(claim(h, "email")->n_rows, 0);
	for (; row(h, m).state == NT_OUTBOX_RELEASED; attempts++) {
		const struct nt_request *r;

		h->now = row(h, m).not_before;
		r = claim(h, "email");
		for (unsigned i = 0; i < r->n_rows; i++) /* m2 comes along on the way */
			outcome(h, r->rows[i].message.id,
			        strcmp(r->rows[i].message.id, m) == 0 ? NT_SEND_TEMPORARY : NT_SEND_ACCEPTED, false);
		assert_int_equal(row(h, m).attempts, attempts + 1);
	}
	assert_int_equal(attempts, 20);
	assert_int_equal(row(h, m).state, NT_OUTBOX_REFUSED);
	assert_null(lead(h, "ann")->pending);
	assert_false(lead(h, "ann")->bounced_hard);
	house_free(h);
}

static void untouched_costs_no_attempt(void **state)
{
	struct house *h = house_new();
	const char *m = first_message(h);

	(void)state;
	assert_int_equal(outcome(h, m, NT_SEND_UNTOUCHED, false), NT_ANSWER_OK);
	assert_int_equal(row(h, m).attempts, 0);
	assert_string_equal(claim(h, "email")->rows[0].message.id, m);
	house_free(h);
}

static void a_hard_bounce_suppresses_the_address(void **state)
{
	struct house *h = house_new();
	const char *m = first_message(h);
	struct nt_address ann = { "email", "ann@example.org" };
	enum nt_suppression suppressed = NT_SUPPRESSION_NONE;

	(void)state;
	assert_int_equal(outcome(h, m, NT_SEND_REFUSED, true), NT_ANSWER_OK);
	assert_int_equal(row(h, m).state, NT_OUTBOX_REFUSED);
	assert_true(lead(h, "ann")->bounced_hard);
	h->store->ops->suppressed(h->store, &ann, 1, &suppressed);
	assert_int_equal(suppressed, NT_SUPPRESSION_HARD);
	g_string_truncate(h->seen, 0);
	fields(h, "twin", "{\"email\":\"ANN@example.org\"}"); /* an address is suppressed, whoever has it */
	event(h, "twin", "{\"event\":\"a.b\"}");
	SEEN(h, "");
	house_free(h);
}

static void doubt_is_held_for_marketing_only(void **state)
{
	struct house *h = house_new();
	const char *m = first_message(h), *told;

	(void)state;
	assert_int_equal(outcome(h, m, NT_SEND_IN_DOUBT, false), NT_ANSWER_OK);
	assert_int_equal(row(h, m).state, NT_OUTBOX_IN_DOUBT);
	assert_int_equal(claim(h, "email")->n_rows, 0);
	assert_int_equal(hear(h, m, NT_OUTCOME_DELIVERED), NT_ANSWER_OK);
	assert_int_equal(row(h, m).state, NT_OUTBOX_ACCEPTED);
	assert_null(lead(h, "ann")->pending);
	event(h, "ann", "{\"event\":\"x.y\"}");
	told = claim(h, "email")->rows[0].message.id;
	assert_int_equal(outcome(h, told, NT_SEND_IN_DOUBT, false), NT_ANSWER_OK);
	assert_int_equal(row(h, told).state, NT_OUTBOX_RELEASED);
	assert_string_equal(claim(h, "email")->rows[0].message.id, told);
	house_free(h);
}

static void a_person_decides_on_what_is_in_doubt(void **state)
{
	struct house *h = house_new();
	const char *m = first_message(h);

	(void)state;
	assert_int_equal(decide(h, "none", true), NT_ANSWER_NOT_FOUND);
	assert_int_equal(decide(h, m, true), NT_ANSWER_CONFLICT);
	assert_int_equal(outcome(h, m, NT_SEND_IN_DOUBT, false), NT_ANSWER_OK);
	assert_int_equal(decide(h, m, true), NT_ANSWER_OK);
	assert_string_equal(claim(h, "email")->rows[0].message.id, m);
	assert_int_equal(outcome(h, m, NT_SEND_IN_DOUBT, false), NT_ANSWER_OK);
	assert_int_equal(decide(h, m, false), NT_ANSWER_OK);
	assert_int_equal(row(h, m).state, NT_OUTBOX_REFUSED);
	assert_null(lead(h, "ann")->pending);
	assert_int_equal(decide(h, m, false), NT_ANSWER_CONFLICT);
	house_free(h);
}

static void what_is_handed_cannot_be_cancelled(void **state)
{
	struct house *h = house_new();
	const char *m = first_message(h);
	struct nt_outbox_row out[4];
	unsigned n;

	(void)state;
	event(h, "ann", "{\"event\":\"c.d\"}");
	assert_int_equal(row(h, m).state, NT_OUTBOX_HANDED);
	fields(h, "bea", "{\"email\":\"bea@example.org\"}");
	event(h, "bea", "{\"event\":\"a.b\"}");
	h->store->ops->outbox_list(h->store, h->arena, NT_OUTBOX_RELEASED, "", 4, out, &n);
	assert_int_equal(n, 1);
	event(h, "bea", "{\"event\":\"c.d\"}");
	assert_int_equal(row(h, out[0].message.id).state, NT_OUTBOX_CANCELLED);
	house_free(h);
}

static void what_was_called_back_on_its_way_is_not_tried_again(void **state)
{
	static const enum nt_send_result results[] = { NT_SEND_TEMPORARY, NT_SEND_UNTOUCHED };

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(results); i++) {
		struct house *h = house_new();
		const char *m = first_message(h);

		event(h, "ann", "{\"event\":\"c.d\"}");
		nt_engine_free(h->engine);
		open_engine(h); /* it is kept */
		assert_int_equal(outcome(h, m, results[i], false), NT_ANSWER_OK);
		assert_int_equal(row(h, m).state, NT_OUTBOX_CANCELLED);
		assert_null(lead(h, "ann")->pending);
		house_free(h);
	}
}

static void a_claim_and_an_exit_in_one_turn_agree(void **state)
{
	struct house *h = house_new();
	struct nt_request *r = request(h, NT_REQUEST_CLAIM);

	(void)state;
	fields(h, "ann", "{\"email\":\"ann@example.org\"}");
	event(h, "ann", "{\"event\":\"a.b\"}");
	r->channel = "email";
	r->limit = 5;
	r->owner = "box/boot";
	r->next = input(h, NT_INPUT_EVENT, "ann", "{\"event\":\"c.d\"}");
	assert_int_equal(turn(h, r), NT_STORE_OK);
	assert_int_equal(row(h, r->rows[0].message.id).state, NT_OUTBOX_HANDED);
	house_free(h);
}

static void people_can_suppress_and_lift(void **state)
{
	struct house *h = house_new();
	struct nt_request *r = request(h, NT_REQUEST_SUPPRESS);

	(void)state;
	fields(h, "ann", "{\"email\":\"ann@example.org\"}");
	r->channel = "email";
	r->address = " Ann@Example.ORG";
	r->cause = "by hand";
	assert_int_equal(ask(h, r), NT_ANSWER_OK);
	event(h, "ann", "{\"event\":\"a.b\"}");
	SEEN(h, "");
	r->lift = true;
	assert_int_equal(ask(h, r), NT_ANSWER_OK);
	event(h, "ann", "{\"event\":\"c.d\"}");
	event(h, "ann", "{\"event\":\"a.b\"}");
	SEEN(h, "ann m1; ");
	r->channel = "pigeon";
	assert_int_equal(ask(h, r), NT_ANSWER_INVALID);
	house_free(h);
}

static enum nt_answer_code consent(struct house *h, const char *lead, bool given)
{
	struct nt_request *r = input(h, NT_INPUT_CONSENT, lead, NULL);

	r->channel = "email";
	r->given = given;
	return ask(h, r);
}

static void a_no_holds_for_all_who_share_the_address(void **state)
{
	struct house *h = house_new();

	(void)state;
	fields(h, "ann", "{\"email\":\"home@example.org\"}");
	fields(h, "bob", "{\"email\":\"Home@example.org\"}");
	fields(h, "cem", "{\"email\":\"cem@example.org\"}");
	event(h, "ann", "{\"event\":\"a.b\"}");
	event(h, "bob", "{\"event\":\"a.b\"}");
	event(h, "cem", "{\"event\":\"a.b\"}");
	SEEN(h, "ann m1; bob m1; cem m1; ");
	assert_int_equal(consent(h, "ann", false), NT_ANSWER_OK);
	assert_int_equal(claim(h, "email")->n_rows, 1); /* cem's alone: bob's was released, but not yet handed over */
	assert_null(lead(h, "bob")->pending);
	assert_int_equal(consent(h, "bob", true), NT_ANSWER_OK); /* bob takes it back, for the address */
	run_to(h, "2026-06-01 11:00");
	SEEN(h, "bob m2; cem m2; ");
	house_free(h);
}

static void consent_does_not_mend_an_address_that_bounced(void **state)
{
	struct house *h = house_new();
	const char *m = first_message(h);

	(void)state;
	assert_int_equal(outcome(h, m, NT_SEND_REFUSED, true), NT_ANSWER_OK);
	fields(h, "twin", "{\"email\":\"ann@example.org\"}");
	assert_int_equal(consent(h, "twin", true), NT_ANSWER_OK);
	g_string_truncate(h->seen, 0);
	event(h, "twin", "{\"event\":\"a.b\"}");
	SEEN(h, "");
	house_free(h);
}

/* Or whoever sorts out repeats by the id would lose what the second life says. */
static void a_second_life_has_messages_of_its_own(void **state)
{
	struct house *h = house_new();
	const char *m = g_intern_string(first_message(h));

	(void)state;
	assert_int_equal(ask(h, input(h, NT_INPUT_ERASE, "ann", NULL)), NT_ANSWER_OK);
	h->now++;
	assert_string_not_equal(first_message(h), m);
	assert_int_equal(row(h, m).state, NT_OUTBOX_ABSENT);
	house_free(h);
}

/* A number and the agreement to use it come together: what begins with them counts on both. */
static void consent_counts_with_what_it_comes_with(void **state)
{
	struct house *h = house_new();

	(void)state;
	nt_engine_free(h->engine);
	nt_program_unref(h->program);
	h->program = program_of(POLICY_TEXT "events:\n  a.b: {}\n---\ncampaign: hello\nenter: { on: lead.changed }\n"
	                                    "steps: [ sms: m1 ]\n");
	open_engine(h);
	fields(h, "ann", "{}");
	fields(h, "ann", "{\"phone\":\"+15550101\",\"consent\":{\"sms\":true}}");
	SEEN(h, "ann m1; ");
	house_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_is_accepted_and_timers_go_on),
		cmocka_unit_test(a_temporary_failure_is_tried_again),
		cmocka_unit_test(untouched_costs_no_attempt),
		cmocka_unit_test(a_hard_bounce_suppresses_the_address),
		cmocka_unit_test(doubt_is_held_for_marketing_only),
		cmocka_unit_test(a_person_decides_on_what_is_in_doubt),
		cmocka_unit_test(what_is_handed_cannot_be_cancelled),
		cmocka_unit_test(what_was_called_back_on_its_way_is_not_tried_again),
		cmocka_unit_test(a_claim_and_an_exit_in_one_turn_agree),
		cmocka_unit_test(people_can_suppress_and_lift),
		cmocka_unit_test(a_no_holds_for_all_who_share_the_address),
		cmocka_unit_test(consent_does_not_mend_an_address_that_bounced),
		cmocka_unit_test(a_second_life_has_messages_of_its_own),
		cmocka_unit_test(consent_counts_with_what_it_comes_with),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	zones_free();
	return failed;
}
