/* policy.rates: never more of a channel in any stretch of time, whatever restarts, loads and comes back. */
#include "engine_house.h"

#include "rules/program.h"

#define LIMITED(rates) \
	"policy:\n" \
	"  sender: { name: Ada, email: ada@example.org, address: \"1 Main St\", phone: \"+1 555 0100\" }\n" \
	"  time_zone: America/New_York\n  rates: " rates "\n---\n" \
	"events: { a.b: {}, x.y: {} }\n---\n" \
	"campaign: first\nenter: { on: a.b }\nagain: always\nsteps: [ email: m1 ]\n"

static void use(struct house *h, const char *rules)
{
	nt_engine_free(h->engine);
	nt_program_unref(h->older);
	h->older = h->program;
	h->program = program_of(rules);
	open_engine(h);
}

static struct house *limited(const char *rules, unsigned messages)
{
	struct house *h = house_new();

	use(h, rules);
	for (unsigned i = 0; i < messages; i++) {
		char *id = nt_arena_printf(h->arena, "l%04u", i);

		fields(h, id, nt_arena_printf(h->arena, "{\"email\":\"%s@example.org\"}", id));
		event(h, id, "{\"event\":\"a.b\"}");
	}
	return h;
}

static void assert_claims(struct house *h, unsigned n, const char *held_until)
{
	const struct nt_request *r = claim(h, "email");
	nt_time until = held_until != NULL ? at("UTC", held_until) : NT_NO_TIME;

	assert_int_equal(r->n_rows, n);
	assert_int_equal(r->held_until, until);
	if (held_until != NULL)
		assert_int_equal(r->next_release, until);
}

static void a_stretch_slides_and_a_restart_changes_nothing(void **state)
{
	struct house *h = limited(LIMITED("{ email: 2 per hour }"), 5);

	(void)state;
	assert_claims(h, 2, "2026-06-01 11:00");
	h->now = at("UTC", "2026-06-01 10:59:59.999");
	assert_claims(h, 0, "2026-06-01 11:00");
	h->now = at("UTC", "2026-06-01 11:00");
	assert_claims(h, 2, "2026-06-01 12:00");
	nt_engine_free(h->engine);
	open_engine(h);
	assert_claims(h, 0, "2026-06-01 12:00");
	h->now = at("UTC", "2026-06-01 12:00");
	assert_claims(h, 1, NULL);
	assert_claims(h, 0, NULL); /* nothing waits: nothing is held */
	house_free(h);
}

static void an_hour_counts_from_each_message(void **state)
{
	struct house *h = limited(LIMITED("{ email: 2 per hour }"), 1);

	(void)state;
	assert_claims(h, 1, NULL);
	h->now = at("UTC", "2026-06-01 10:30");
	for (unsigned i = 0; i < 4; i++)
		event(h, "l0000", "{\"event\":\"a.b\"}");
	assert_claims(h, 1, "2026-06-01 11:00");
	h->now = at("UTC", "2026-06-01 11:00");
	assert_claims(h, 1, "2026-06-01 11:30");
	h->now = at("UTC", "2026-06-01 11:30");
	assert_claims(h, 1, "2026-06-01 12:00");
	house_free(h);
}

static void calendar_days_are_those_of_the_policy(void **state)
{
	struct house *h = limited(LIMITED("{ email: 2 per calendar day }"), 4);

	(void)state;
	assert_claims(h, 2, "2026-06-02 04:00"); /* midnight in New York */
	h->now = at("UTC", "2026-06-02 04:00");
	assert_claims(h, 2, NULL);
	house_free(h);
}

static void the_strictest_of_several_counts(void **state)
{
	struct house *h = limited(LIMITED("{ email: [ 2 per minute, 3 per hour ] }"), 6);

	(void)state;
	assert_claims(h, 2, "2026-06-01 10:01");
	h->now = at("UTC", "2026-06-01 10:01");
	assert_claims(h, 1, "2026-06-01 11:00");
	h->now = at("UTC", "2026-06-01 11:00");
	assert_claims(h, 2, "2026-06-01 11:01");
	house_free(h);
}

static void what_touched_nothing_does_not_count_what_failed_does(void **state)
{
	struct house *h = limited(LIMITED("{ email: 1 per hour }"), 2);
	const struct nt_request *r = claim(h, "email");

	(void)state;
	assert_int_equal(r->n_rows, 1);
	assert_int_equal(outcome(h, r->rows[0].message.id, NT_SEND_UNTOUCHED, false), NT_ANSWER_OK);
	r = claim(h, "email");
	assert_int_equal(r->n_rows, 1);
	assert_int_equal(outcome(h, r->rows[0].message.id, NT_SEND_TEMPORARY, false), NT_ANSWER_OK);
	assert_claims(h, 0, "2026-06-01 11:00");
	house_free(h);
}


static void a_load_keeps_what_was_counted(void **state)
{
	struct house *h = limited(LIMITED("{ email: 2 per hour, sms: 1 per hour }"), 6);

	(void)state;
	assert_claims(h, 2, "2026-06-01 11:00");
	use(h, LIMITED("{ email: 3 per hour }"));
	assert_claims(h, 1, "2026-06-01 11:00");
	use(h, LIMITED("{ email: 1 per hour }"));
	assert_claims(h, 0, "2026-06-01 11:00");
	use(h, LIMITED("{ sms: 1 per hour }"));
	assert_claims(h, 3, NULL);
	house_free(h);
}

static void what_the_store_holds_may_be_anything(void **state)
{
	struct house *h = limited(LIMITED("{ email: 2 per hour }"), 3);

	(void)state;
	assert_int_equal(h->store->ops->begin(h->store), NT_STORE_OK);
	assert_int_equal(h->store->ops->meta_put(h->store, "rate email 0 0 3600000", "nonsense 12 x"), NT_STORE_OK);
	assert_int_equal(h->store->ops->commit(h->store, 1000000), NT_STORE_OK);
	nt_engine_free(h->engine);
	open_engine(h);
	assert_claims(h, 2, "2026-06-01 11:00");
	house_free(h);
}

/* Whatever is asked for and when: never more than 300 in any hour, and no time is lost but half a percent. */
static void many_are_counted_in_pieces(void **state)
{
	struct house *h = limited(LIMITED("{ email: 300 per hour }"), 700);
	GRand *random = g_rand_new_with_seed(7);
	nt_time times[700], began = h->now;
	unsigned n = 0;

	(void)state;
	while (n < 700) {
		struct nt_request *r = request(h, NT_REQUEST_CLAIM);

		r->channel = "email";
		r->limit = (unsigned)g_rand_int_range(random, 1, 9);
		r->owner = "box/boot";
		assert_int_equal(ask(h, r), NT_ANSWER_OK);
		for (unsigned i = 0; i < r->n_rows; i++)
			times[n++] = h->now;
		if (n > 300)
			assert_true(times[n - 301] + NT_HOUR <= times[n - 1]);
		if (r->n_rows > 0)
			h->now += g_rand_int_range(random, 0, 20000);
		else
			h->now = r->next_release;
	}
	assert_in_range(times[n - 1] - began, 2 * NT_HOUR, 2 * NT_HOUR + 40 * NT_MINUTE);
	g_rand_free(random);
	house_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stretch_slides_and_a_restart_changes_nothing),
		cmocka_unit_test(an_hour_counts_from_each_message),
		cmocka_unit_test(calendar_days_are_those_of_the_policy),
		cmocka_unit_test(the_strictest_of_several_counts),
		cmocka_unit_test(what_touched_nothing_does_not_count_what_failed_does),
		cmocka_unit_test(a_load_keeps_what_was_counted),
		cmocka_unit_test(what_the_store_holds_may_be_anything),
		cmocka_unit_test(many_are_counted_in_pieces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
