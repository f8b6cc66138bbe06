/* Announcements through the engine: the row that remembers who was told, reps who come and go, when it is forgotten. */
#include "engine_house.h"

#include "engine/announce.h"

#define HEAD(reps, members) NAMED(reps, members, "spring", "")
#define NAMED(reps, members, name, was) \
	POLICY_TEXT "sales:\n  reps:\n" reps "  teams: { all: { reps: [ " members " ] } }\n---\n" \
	"announcements: [ { campaign: " name ", tell: team all, before: 3 days, message: m1 } ]\n---\n" \
	"campaign: " name "\n" was "title: Spring\nenter: { at: 2026-06-10 10:00, every: 2 weeks }\n" \
	"steps: [ { email: m2, kind: service } ]\n"
#define ANNA "    anna: { email: anna@example.org, time_zone: Europe/Berlin }\n"
#define BOB "    bob: { email: bob@example.org, time_zone: UTC }\n"

static struct house *office(void)
{
	struct house *h = house_of(HEAD(ANNA, "anna"));

	assert_int_equal(turn(h, NULL), NT_STORE_OK);
	return h;
}

/* Who has been told since it was last asked. */
static const char *told(struct house *h)
{
	struct nt_request *r = claim(h, "email");
	const char *all = "";

	for (unsigned i = 0; i < r->n_rows; i++) {
		assert_string_equal(r->rows[i].message.lead, "");
		assert_string_equal(r->rows[i].message.step, "announcement");
		all = nt_arena_printf(h->arena, "%s%s%s", all, i > 0 ? " " : "", r->rows[i].message.rep);
		outcome(h, r->rows[i].message.id, NT_SEND_ACCEPTED, false);
	}
	return all;
}

static void load(struct house *h, const char *text)
{
	struct nt_request *r = request(h, NT_REQUEST_LOAD);

	r->program = program_of(text);
	assert_int_equal(ask(h, r), NT_ANSWER_OK);
}

static void restart(struct house *h)
{
	struct nt_program *program = nt_program_ref(nt_engine_program(h->engine));

	nt_engine_free(h->engine);
	nt_program_unref(h->program);
	h->program = program;
	open_engine(h);
	assert_int_equal(turn(h, NULL), NT_STORE_OK);
}

static void keep_row(void *context, const char *id, const char *lead, const void *bytes, size_t length)
{
	assert_null(lead);
	assert_string_equal(id, NT_ANNOUNCEMENTS_ROW);
	g_string_append_len(context, bytes, (gssize)length);
}

static char *remembered(struct house *h)
{
	GString *out = g_string_new(NULL);

	assert_int_equal(h->store->ops->subject_each(h->store, NT_SUBJECT_ANNOUNCED, NULL, keep_row, out),
	                 NT_STORE_OK);
	return g_string_free(out, FALSE);
}

/* The first leads have it on Tue 2026-06-09 20:00 UTC, in Kiritimati. */
static void who_joins_is_told_and_nobody_twice(void **state)
{
	struct house *h = office();

	(void)state;
	run_to(h, "2026-06-06 19:59");
	assert_string_equal(told(h), "");
	run_to(h, "2026-06-06 20:00");
	assert_string_equal(told(h), "anna");
	load(h, HEAD(ANNA BOB, "anna, bob"));
	assert_string_equal(told(h), "bob");
	restart(h);
	load(h, HEAD(BOB, "bob"));
	load(h, HEAD(ANNA BOB, "bob, anna"));
	run_to(h, "2026-06-09 20:00");
	assert_string_equal(told(h), "");
	run_to(h, "2026-06-20 20:00"); /* the next round */
	assert_string_equal(told(h), "bob anna");
	house_free(h);
}

static void who_joins_when_it_has_begun_is_not_told(void **state)
{
	struct house *h = office();

	(void)state;
	run_to(h, "2026-06-09 20:00");
	assert_string_equal(told(h), "anna");
	load(h, HEAD(ANNA BOB, "anna, bob"));
	assert_string_equal(told(h), "");
	house_free(h);
}

static void another_name_is_no_other_round(void **state)
{
	struct house *h = office();

	(void)state;
	run_to(h, "2026-06-06 20:00");
	assert_string_equal(told(h), "anna");
	load(h, NAMED(ANNA, "anna", "summer", "was: spring\n"));
	assert_string_equal(told(h), "");
	restart(h);
	load(h, NAMED(ANNA, "anna", "summer", ""));
	run_to(h, "2026-06-09 20:00");
	assert_string_equal(told(h), "");
	run_to(h, "2026-06-20 20:00");
	assert_string_equal(told(h), "anna");
	house_free(h);
}

static void what_was_told_is_forgotten_when_it_is_over(void **state)
{
	struct house *h = office();
	char *before, *after;

	(void)state;
	run_to(h, "2026-06-06 20:00");
	before = remembered(h);
	assert_non_null(strstr(before, "\"told\":{\""));
	run_to(h, "2026-06-20 20:00");
	after = remembered(h);
	assert_int_equal(strlen(after), strlen(before)); /* the next round's, and no other */
	assert_string_not_equal(after, before);
	g_free(before);
	g_free(after);
	house_free(h);
}

/* At an instant of its own, though nothing else happens then: neither what else happens nor a restart counts. */
static void it_is_forgotten_two_days_after_it_began(void **state)
{
	struct house *h = office();
	char *row;

	(void)state;
	run_to(h, "2026-06-06 20:00");
	assert_string_equal(told(h), "anna");
	for (int part = 0; part < 2; part++) {
		if (part == 1)
			restart(h);
		run_to(h, part == 0 ? "2026-06-11 19:59" : "2026-06-11 20:00");
		row = remembered(h);
		if (part == 0)
			assert_non_null(strstr(row, "\"told\":{\""));
		else
			assert_string_equal(row, "{\"version\":1,\"told\":{}}");
		g_free(row);
	}
	load(h, POLICY_TEXT "events:\n  a.b: {}\n");
	assert_true(nt_engine_due(h->engine) == NT_NEVER);
	house_free(h);
}

static void rows_come_back_as_they_were(void **state)
{
	static const char *const damaged[] = { "", "x", "{}", "{\"version\":1}", "{\"version\":2,\"told\":{}}",
		                               "{\"version\":1,\"told\":[]}", "{\"version\":1,\"told\":{\"a\":1" };
	static const char endless[] = "{\"version\":1,\"told\":{\"a\":9223372036854775807}}";
	struct house *h = office();
	struct nt_announcements *back = nt_announcements_new(h->program);
	GString *out = g_string_new(NULL);
	char *before;

	(void)state;
	run_to(h, "2026-06-06 20:00");
	before = remembered(h);
	assert_true(nt_announcements_restore(back, before, strlen(before)));
	nt_announcements_encode(back, out);
	assert_string_equal(out->str, before);
	for (size_t i = 0; i < G_N_ELEMENTS(damaged); i++)
		assert_false(nt_announcements_restore(back, damaged[i], strlen(damaged[i])));
	assert_true(nt_announcements_restore(back, endless, strlen(endless)));
	nt_announcements_free(back);
	g_string_free(out, TRUE);
	g_free(before);
	house_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_joins_is_told_and_nobody_twice),
		cmocka_unit_test(who_joins_when_it_has_begun_is_not_told),
		cmocka_unit_test(another_name_is_no_other_round),
		cmocka_unit_test(what_was_told_is_forgotten_when_it_is_over),
		cmocka_unit_test(it_is_forgotten_two_days_after_it_began),
		cmocka_unit_test(rows_come_back_as_they_were),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
