/* Rule sets as chance writes them, a crowd that lives under one, and an edit of it or quite another: what the plan says
 * is what then is. The seed of a failure is printed; NT_PLAN_SEED runs that one, NT_PLAN_RUNS so many. */
#include "plan_world.h"

#include "random_rules.h"

#define LEADS 12

static const char sales[] =
	"---\nsales:\n  ready: [ { when: score >= 9, reason: hot }, { on: x.y, reason: asked } ]\n"
	"  again: after 2 days\n  reps:\n"
	"    anna: { email: anna@example.org, time_zone: Europe/Berlin, hours: mon-fri 09:00-17:30,\n"
	"      open_at_most: 2 }\n"
	"    bob: { email: bob@example.org, time_zone: America/New_York, hours: mon-fri 09:00-17:00,\n"
	"      open_at_most: 3 }\n"
	"  teams: { all: { reps: [ anna, bob ], manager: bob, turn: round_robin } }\n"
	"  route: [ { to: team all } ]\n  tell: [ email: new-lead ]\n  accept_within: 2 hours\n"
	"  then: [ next_rep, manager ]\n";

/* Of rules with reps, some tags become tasks, and reps are told of one campaign's broadcast: all of them seldom
 * enough. */
static void write_for_people(const char *rules, uint64_t *seed, GString *out)
{
	static const char *const whom[] = { "team all", "rep anna", "rep bob" };
	static const char *const before[] = { "2 hours", "20 hours", "90 minutes" };
	char **lines = g_strsplit(rules, "\n", -1);
	char *campaign = NULL, *announced = NULL;

	for (unsigned i = 0; lines[i] != NULL; i++) {
		const char *tag = strstr(lines[i], "- tag: seen");

		if (g_str_has_prefix(lines[i], "campaign: "))
			campaign = lines[i] + strlen("campaign: ");
		if (g_str_has_prefix(lines[i], "  - { at: "))
			announced = campaign;
		if (tag != NULL && once_in(seed, 2))
			g_string_append_printf(out, "%.*s- task: %s\n%.*s  due: %s\n", (int)(tag - lines[i]), lines[i],
			                       once_in(seed, 2) ? "m1" : "m2", (int)(tag - lines[i]), lines[i],
			                       PICK(seed, durations));
		else
			g_string_append_printf(out, "%s\n", lines[i]);
	}
	g_string_append(out, sales);
	for (unsigned n = announced != NULL ? chance(seed) % 3 : 0; n > 0; n--) {
		const char *to = PICK(seed, whom), *early = PICK(seed, before);

		g_string_append_printf(out,
		                       "---\nannouncements: [ { campaign: %s, tell: %s, before: %s, "
		                       "message: m2 } ]\n",
		                       announced, to, early);
	}
	g_strfreev(lines);
}

static char *write_rules(uint64_t *seed, bool with_sales)
{
	struct random_policy policy;
	char *text = random_rules(seed, &policy);
	GString *out = g_string_new(with_sales ? NULL : text);

	if (with_sales)
		write_for_people(text, seed, out);
	g_free(text);
	return g_string_free(out, FALSE);
}

/* Another duration here and there, another condition, a step without its line. */
static char *edit(const char *rules, uint64_t *seed)
{
	char **lines = g_strsplit(rules, "\n", -1);
	GString *out = g_string_new(NULL);

	for (unsigned i = 0; lines[i] != NULL; i++) {
		const char *wait = strstr(lines[i], "wait: "), *up_to = strstr(lines[i], "up_to: ");
		const char *early = strstr(lines[i], ", before: 2 hours, message");
		const char *condition = strstr(lines[i], " if: '"), *message = strstr(lines[i], "- email: ");
		const char *value = wait != NULL ? wait + 6 : up_to != NULL ? up_to + 7 : NULL;

		if (early != NULL && once_in(seed, 2))
			g_string_append_printf(out, "%.*s, before: 5 hours%s\n", (int)(early - lines[i]), lines[i],
			                       early + strlen(", before: 2 hours"));
		else if (value != NULL && once_in(seed, 3))
			g_string_append_printf(out, "%.*s%s\n", (int)(value - lines[i]), lines[i],
			                       PICK(seed, durations));
		else if (condition != NULL && once_in(seed, 3))
			g_string_append_printf(out, "%.*s'%s'\n", (int)(condition + 5 - lines[i]), lines[i],
			                       PICK(seed, conditions));
		else if (message != NULL && once_in(seed, 4))
			g_string_append_printf(out, "%.*stag: instead\n%s\n", (int)(message + 2 - lines[i]), lines[i],
			                       lines[i]);
		else
			g_string_append_printf(out, "%s\n", lines[i]);
	}
	g_strfreev(lines);
	return g_string_free(out, FALSE);
}

static void happen(struct plan_world *w, uint64_t *seed)
{
	static const char *const events[] = { "a.b", "a.b", "c.d", "x.y" };
	char *lead = g_strdup_printf("l%02u", chance(seed) % LEADS), *json;

	if (once_in(seed, 4)) {
		json = g_strdup_printf("{\"seats\":%u,\"ends\":\"2026-04-%02u\"}", chance(seed) % 7,
		                       1 + chance(seed) % 28);
		plan_request(w, NT_INPUT_FIELDS, nt_arena_strdup(w->arena, lead), json);
	} else {
		json = g_strdup_printf("{\"event\":\"%s\",\"properties\":{\"amount\":%u}}", PICK(seed, events),
		                       chance(seed) % 12);
		plan_request(w, NT_INPUT_EVENT, nt_arena_strdup(w->arena, lead), json);
	}
	g_free(json);
	g_free(lead);
}

static void one(uint64_t number)
{
	uint64_t seed = number * 0x9E3779B97F4A7C15u + 1;
	bool with_sales = once_in(&seed, 2);
	char *rules = write_rules(&seed, with_sales), *then;
	struct plan_world *w = plan_world_new(rules, "2026-03-01 10:00");

	for (unsigned i = 0; i < LEADS; i++) {
		char *id = g_strdup_printf("l%02u", i);

		plan_lead(w, id);
		g_free(id);
	}
	for (unsigned i = 0; i < 40; i++) {
		plan_run_to(w, w->now + (nt_time)(chance(&seed) % (20 * NT_HOUR)));
		happen(w, &seed);
	}
	w->at_once = 1 + chance(&seed) % 5;
	then = once_in(&seed, 3) ? write_rules(&seed, with_sales) : edit(rules, &seed);
	plan_make(w, then);
	plan_must_be_true(w);
	plan_world_free(w);
	g_free(rules);
	g_free(then);
}

static void test_what_is_planned_is_what_is(void **state)
{
	const char *seed = g_getenv("NT_PLAN_SEED"), *runs = g_getenv("NT_PLAN_RUNS");
	uint64_t n = runs != NULL ? g_ascii_strtoull(runs, NULL, 10) : 150;

	(void)state;
	if (seed != NULL) {
		one(g_ascii_strtoull(seed, NULL, 10));
		return;
	}
	for (uint64_t i = 1; i <= n; i++) {
		print_message("NT_PLAN_SEED=%u\n", (unsigned)i);
		one(i);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_what_is_planned_is_what_is) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
