/* Splits whose shares follow results, on the engine: who is counted, when shares change, and what survives. */
#include "engine/best.h"

#include "base/diag.h"
#include "engine/simulate.h"

#include "engine_house.h"

#define SPLIT(campaign, was, step, more, first, by)                                                               \
	POLICY_TEXT "events: { a.b: {}, c.d: {} }\n---\ncampaign: " campaign "\n" was                              \
		"enter: { on: a.b }\nagain: always\ngoal: { on: c.d }\nsteps:\n  - id: " step "\n" more            \
		"    split:\n      - { share: 45%, steps: [ { email: " first " }, { wait: 1 day } ] }\n"           \
		"      - { share: 45%, steps: [ { if: email != none, then: [ { email: m2 }, { wait: 1 day } ] } ] }\n" \
		"      - { share: 10%, hold_out: true }\n    best_by: " by "\n"

static struct nt_best_split *the_split(struct house *h)
{
	const struct nt_best *best = nt_engine_best(h->engine, NULL);

	assert_int_equal(nt_best_splits(best), 1);
	return nt_best_split(best, 0);
}

/* The lead comes in; the arm that it gets, from 0. `message`: what went to it, or NULL. */
static int come(struct house *h, unsigned i, const char **message)
{
	const char *id = nt_arena_printf(h->arena, "lead-%u", i);
	struct nt_request *r;

	fields(h, id, nt_arena_printf(h->arena, "{\"email\":\"%s@example.org\"}", id));
	assert_int_equal(event(h, id, nt_arena_printf(h->arena, "{\"event\":\"a.b\",\"lead\":\"%s\"}", id)),
	                 NT_ANSWER_OK);
	r = claim(h, "email");
	*message = r->n_rows > 0 ? r->rows[0].message.id : NULL;
	if (*message != NULL)
		outcome(h, *message, NT_SEND_ACCEPTED, false);
	return lead(h, id)->arms->arm;
}

struct tally {
	unsigned leads[3], won[3];
};

/* Of the first arm's leads one in `of` clicks, of the second's every one. */
static struct tally let_come(struct house *h, unsigned from, unsigned to, unsigned of)
{
	struct tally tally = { 0 };

	for (unsigned i = from; i < to; i++) {
		const char *message;
		int arm = come(h, i, &message);

		assert_int_equal(message == NULL, arm == 2);
		tally.leads[arm]++;
		if (arm == 2 || (arm == 0 && tally.leads[0] % of != 0))
			continue;
		tally.won[arm]++;
		hear(h, message, NT_OUTCOME_CLICKED);
		hear(h, message, NT_OUTCOME_CLICKED); /* twice is once */
	}
	return tally;
}

static void check_tally(struct house *h, const struct tally *tally)
{
	for (unsigned a = 0; a < 3; a++) {
		assert_int_equal(the_split(h)->arms[a].trials, tally->leads[a]);
		assert_int_equal(the_split(h)->arms[a].wins, tally->won[a]);
	}
}

static void check_shares(struct house *h, const char *wanted)
{
	char *text = g_strdup_printf("%u %u %u", the_split(h)->arms[0].share, the_split(h)->arms[1].share,
	                             the_split(h)->arms[2].share);

	assert_string_equal(text, wanted);
	g_free(text);
}

#define AS_WRITTEN "450000 450000 100000"
#define DECIDED "45000 855000 100000"

static void go_to(struct house *h, const char *when)
{
	run_to(h, when);
	assert_int_equal(turn(h, NULL), NT_STORE_OK);
}

static const char plain[] = SPLIT("first", "", "ab", "", "m1", "clicked");

static void shares_follow_results_at_the_full_hour(void **state)
{
	struct house *h = house_of(plain);
	struct tally tally = let_come(h, 0, 150, 5), more;
	struct nt_log_row row;
	uint64_t changes, after;

	(void)state;
	check_tally(h, &tally);
	assert_in_range(tally.leads[0], 50, 100);
	go_to(h, "2026-06-01 10:59:59");
	check_shares(h, AS_WRITTEN);
	nt_engine_best(h->engine, &changes);
	go_to(h, "2026-06-01 11:17");
	check_shares(h, DECIDED);
	nt_engine_best(h->engine, &after);
	assert_true(after > changes);
	assert_true(the_split(h)->since == h->now);
	h->store->ops->log_read(h->store, h->arena, the_split(h)->log_head, &row);
	assert_non_null(strstr(row.body, "{\"kind\":\"best\"}"));
	assert_non_null(strstr(row.body, "\"split.shares\",\"campaign\":\"first\",\"step\":\"ab\",\"detail\":"
	                                 "\"4.5% 85.5% 10%; clicked "));
	more = let_come(h, 150, 350, 5);
	assert_in_range(more.leads[0], 1, 20);
	assert_in_range(more.leads[1], 150, 190);
	house_free(h);
}

static void a_lead_keeps_its_first_arm(void **state)
{
	struct house *h = house_of(plain);
	const char *message;
	unsigned one = 0;

	(void)state;
	while (come(h, one, &message) != 0)
		one++;
	let_come(h, one + 1, 150, 5);
	go_to(h, "2026-06-01 12:00");
	check_shares(h, DECIDED);
	go_to(h, "2026-06-03 12:00");
	assert_int_equal(come(h, one, &message), 0);
	house_free(h);
}

static void nothing_is_decided_on_too_few(void **state)
{
	struct house *h = house_of(plain);

	(void)state;
	let_come(h, 0, 60, 5);
	go_to(h, "2026-06-01 12:00");
	check_shares(h, AS_WRITTEN);
	assert_true(nt_best_due(nt_engine_best(h->engine, NULL)) == NT_NEVER); /* until there are new results */
	house_free(h);
}

static void counts_and_shares_survive_a_restart(void **state)
{
	struct house *h = house_of(plain);
	struct tally tally = let_come(h, 0, 150, 5);
	GString *json = g_string_new(NULL);

	(void)state;
	nt_engine_free(h->engine);
	open_engine(h);
	check_tally(h, &tally);
	go_to(h, "2026-06-01 11:00");
	check_shares(h, DECIDED);
	nt_engine_free(h->engine);
	open_engine(h);
	check_shares(h, DECIDED);
	check_tally(h, &tally);
	nt_best_json(nt_engine_best(h->engine, NULL), json);
	assert_non_null(strstr(json->str, "[{\"campaign\":\"first\",\"step\":\"ab\",\"by\":\"clicked\",\"since\":"
	                                  "\"2026-06-01T11:00:00Z\",\"arms\":[{\"share\":4.5,\"leads\":"));
	assert_non_null(strstr(json->str, "{\"share\":10,\"leads\":"));
	g_string_free(json, TRUE);
	house_free(h);
}

static void load(struct house *h, const char *rules)
{
	struct nt_request *load = request(h, NT_REQUEST_LOAD);

	load->program = program_of(rules);
	assert_int_equal(turn(h, load), NT_STORE_OK);
	assert_int_equal(load->code, NT_ANSWER_OK);
}

/* Leads come until one gets the second arm: what it was sent. */
static const char *let_one_in(struct house *h, unsigned i, struct tally *tally)
{
	const char *message;
	int arm;

	do {
		arm = come(h, i++, &message);
		tally->leads[arm]++;
	} while (arm != 1);
	return message;
}

static void another_name_keeps_them_other_arms_begin_anew(void **state)
{
	struct house *h = house_of(plain);
	struct tally tally = let_come(h, 0, 150, 5);
	const char *message;

	(void)state;
	go_to(h, "2026-06-01 11:00");
	message = let_one_in(h, 200, &tally);
	load(h, SPLIT("second", "was: first\n", "sides", "    was: ab\n", "m1", "clicked"));
	assert_string_equal(the_split(h)->step, "sides");
	check_shares(h, DECIDED);
	hear(h, message, NT_OUTCOME_CLICKED); /* of a message that went out under the old name */
	tally.won[1]++;
	check_tally(h, &tally);
	load(h, SPLIT("second", "", "sides", "", "m2", "clicked"));
	check_shares(h, AS_WRITTEN);
	check_tally(h, &(struct tally){ 0 });
	message = let_one_in(h, 300, &(struct tally){ 0 });
	load(h, SPLIT("second", "", "sides", "", "m1", "clicked"));
	hear(h, message, NT_OUTCOME_CLICKED); /* for an arm as it was */
	check_tally(h, &(struct tally){ 0 });
	house_free(h);
}

static void a_goal_counts_and_so_does_more_than_an_open(void **state)
{
	struct house *h = house_of(SPLIT("first", "", "ab", "", "m1", "goal"));
	const char *message;
	int arm = come(h, 0, &message);

	(void)state;
	event(h, "lead-0", "{\"event\":\"c.d\",\"lead\":\"lead-0\"}");
	assert_int_equal(the_split(h)->arms[arm].wins, 1);
	event(h, "lead-0", "{\"event\":\"a.b\",\"lead\":\"lead-0\"}");
	event(h, "lead-0", "{\"event\":\"c.d\",\"lead\":\"lead-0\"}");
	assert_int_equal(the_split(h)->arms[arm].wins, 1);
	assert_int_equal(the_split(h)->arms[arm].trials, 1);
	house_free(h);

	h = house_of(SPLIT("first", "", "ab", "", "m1", "opened"));
	for (unsigned i = 0; (arm = come(h, i, &message)) == 2; i++)
		;
	hear(h, message, NT_OUTCOME_REPLIED);
	assert_int_equal(the_split(h)->arms[arm].wins, 1);
	house_free(h);
}

/* 150 leads at ten and as many at noon; each does c.d five minutes later. */
static GString *simulated(struct nt_program *program)
{
	struct nt_simulation simulation = { .program = program, .start = at("UTC", "2026-06-01 09:00"),
		                            .until = at("UTC", "2026-06-01 13:00") };
	struct nt_diags *diags = nt_diags_new();
	GString *lines = g_string_new(NULL), *out = g_string_new(NULL);

	for (unsigned i = 0; i < 600; i++)
		g_string_append_printf(lines,
		                       "{\"lead\":\"lead-%u\",\"event\":\"%s\",\"at\":\"2026-06-01T%u:%02u:00Z\"}\n",
		                       i % 300, i < 300 ? "a.b" : "c.d", i % 300 < 150 ? 10 : 12, i < 300 ? 0 : 5);
	simulation.events = nt_diags_source(diags, "events.ndjson", lines->str, lines->len);
	assert_true(nt_simulate(&simulation, diags, out));
	nt_diags_free(diags);
	g_string_free(lines, TRUE);
	return out;
}

static unsigned count_of(const char *text, const char *part)
{
	unsigned n = 0;

	for (; (text = strstr(text, part)) != NULL; text++)
		n++;
	return n;
}

static void a_simulation_follows_results_the_same_way_each_time(void **state)
{
	struct nt_program *program = program_of(
		POLICY_TEXT "events: { a.b: {}, c.d: {} }\n---\ncampaign: first\nenter: { on: a.b }\n"
			    "goal: { on: c.d, if: 'tags contains \"two\"' }\nsteps:\n  - split:\n"
			    "      - { share: 50%, steps: [ tag: one, wait: 1 day ] }\n"
			    "      - { share: 50%, steps: [ tag: two, wait: 1 day ] }\n    best_by: goal\n");
	GString *one = simulated(program), *other = simulated(program);

	(void)state;
	assert_string_equal(one->str, other->str);
	assert_in_range(count_of(one->str, "tag                   one"), 50, 100);
	assert_in_range(count_of(one->str, "tag                   two"), 200, 250);
	g_string_free(one, TRUE);
	g_string_free(other, TRUE);
	nt_program_unref(program);
}

static void damage_is_seen(void **state)
{
	static const char *const bad[] = { "x", "first ab clicked 1 2 3\n" };
	struct nt_program *program = program_of(plain);
	struct nt_best *best = nt_best_new(program, NULL);
	GString *text = g_string_new(NULL), *again = g_string_new(NULL);

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++)
		assert_null(nt_best_new(program, bad[i]));
	nt_best_text(best, text);
	nt_best_free(best);
	for (size_t i = 0; i < text->len; i++) { /* read, or refused: nothing else */
		char before = text->str[i];

		text->str[i] = before == '1' ? '9' : '1';
		best = nt_best_new(program, text->str);
		for (unsigned a = 0; best != NULL && a < 3; a++)
			assert_true(nt_best_split(best, 0)->arms[a].wins <= nt_best_split(best, 0)->arms[a].trials);
		nt_best_free(best);
		text->str[i] = before;
	}
	best = nt_best_new(program, text->str);
	nt_best_text(best, again);
	assert_string_equal(text->str, again->str);
	nt_best_free(best);
	nt_program_unref(program);
	g_string_free(text, TRUE);
	g_string_free(again, TRUE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shares_follow_results_at_the_full_hour),
		cmocka_unit_test(a_lead_keeps_its_first_arm),
		cmocka_unit_test(nothing_is_decided_on_too_few),
		cmocka_unit_test(counts_and_shares_survive_a_restart),
		cmocka_unit_test(another_name_keeps_them_other_arms_begin_anew),
		cmocka_unit_test(a_goal_counts_and_so_does_more_than_an_open),
		cmocka_unit_test(a_simulation_follows_results_the_same_way_each_time),
		cmocka_unit_test(damage_is_seen),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	zones_free();
	return failed;
}
