/* What is said of conditions without a lead holds for every lead: conditions at random, asked of leads of all kinds.
 * And
 * what a person would see is seen. NT_SEED and NT_RUNS in the environment. */
#include "unit.h"

#include "eval_world.h"
#include "rules/decide.h"

#include <stdlib.h>

#define LEADS (9 * 4 * 3 * 4)

static uint64_t seed;
static struct nt_zones zones;

static unsigned below(unsigned n) /* xorshift64* */
{
	seed ^= seed >> 12;
	seed ^= seed << 25;
	seed ^= seed >> 27;
	return (unsigned)((seed * UINT64_C(2685821657736338717) >> 33) % n);
}

#define PICK(list) ((list)[below(G_N_ELEMENTS(list))])

static void leaf(GString *s)
{
	static const char *const signs[] = { "==", "!=", "<", "<=", ">", ">=" }, *const equal[] = { "==", "!=" };
	static const char *const countries[] = { "\"US\"", "\"CA\"", "\"DE\"" };
	static const char *const numbers[] = { "company_size", "count(\"a.b\")", "count(\"a.b\", 7 days)", "score",
		                               "length(country)", "company_size + 1", "company_size or_else 2" };
	static const char *const days[] = { "0 days", "2 days", "7 days", "30 days", "36 hours" };
	static const char *const words[] = { "vip", "did(\"a.b\")", "did(\"a.b\", 7 days)",
					    "in_segment(\"enterprise\")",
		                             "vip == none", "vip == true", "true", "false", "country != none",
		                             "country == none", "company_size == none" };

	switch (below(6)) {
	case 0:
		g_string_append_printf(s, "country %s %s", PICK(equal), PICK(countries));
		break;
	case 1:
		g_string_append_printf(s, "country %s [%s, %s]", below(2) == 0 ? "in" : "not in", PICK(countries),
		                       PICK(countries));
		break;
	case 2:
		g_string_append_printf(s, "since(last(\"a.b\")) %s %s", PICK(signs), PICK(days));
		break;
	case 3:
		g_string_append(s, PICK(words));
		break;
	default:
		g_string_append_printf(s, "%s %s %d", PICK(numbers), PICK(signs), (int)below(6) - 2);
		break;
	}
}

static void condition(GString *s, unsigned depth)
{
	unsigned pick = depth > 0 ? below(8) : 7;

	if (pick == 0)
		g_string_append(s, "not ");
	if (pick >= 7) {
		leaf(s);
		return;
	}
	g_string_append_c(s, '(');
	condition(s, depth - 1);
	if (pick > 0) {
		g_string_append(s, pick < 4 ? " and " : " or ");
		condition(s, depth - 1);
	}
	g_string_append_c(s, ')');
}

static const struct nt_expr *some_condition(struct world *w, unsigned depth)
{
	const struct nt_expr *e;

	do { /* running durations take no == */
		GString *s = g_string_new(NULL);

		condition(s, depth);
		e = world_condition(w, s->str);
		g_string_free(s, TRUE);
	} while (e == NULL);
	return e;
}

/* The i-th of all kinds. */
static struct nt_lead *lead_at(struct world *w, struct nt_arena *arena, unsigned i, nt_time now)
{
	static const char *const countries[] = { "US", "CA", "AT" };
	static const int ages[] = { 0, 1, 8, 40 }; /* days since the latest a.b; its count goes with it */
	struct nt_lead *lead = nt_lead_new(arena, &w->program, "ann");
	unsigned size = i % 9, country = i / 9 % 4, vip = i / 36 % 3, event = i / 108;

	lead->zone = zone("America/New_York");
	if (size > 0)
		lead->fields[F_COMPANY_SIZE] = NT_NUMBER_VALUE((nt_number)((int)size - 4) * NT_NUMBER_ONE / 2);
	if (country > 0)
		lead->fields[NT_FIELD_COUNTRY] = NT_TEXT_VALUE(countries[country - 1]);
	if (vip > 0)
		lead->fields[F_VIP] = NT_YES_NO_VALUE(vip == 2);
	for (unsigned n = 0; n < event; n++)
		lead_event(lead, E_A_B, now - ages[event] * NT_DAY, 0);
	return lead;
}

static const char *text_of(struct world *w, const struct nt_expr *e)
{
	return nt_expr_written(w->arena, e, 4000);
}

static void check(struct world *w, struct nt_lead *const *leads, nt_time now, struct nt_decider *d)
{
	const struct nt_expr *narrow = some_condition(w, 3), *wide[2] = { some_condition(w, 1), some_condition(w, 1) };
	bool covered = nt_truth_covered(d, narrow, wide, 2);
	enum nt_truth truth = nt_truth_of(d, narrow);

	for (unsigned i = 0; i < LEADS; i++) {
		nt_time until;
		bool holds = lead_holds(leads[i], narrow, now, &until);

		if ((truth == NT_TRUTH_NEVER && holds) || (truth == NT_TRUTH_ALWAYS && !holds))
			fail_msg("%s: not so for lead %u", text_of(w, narrow), i);
		if (covered && holds && !lead_holds(leads[i], wide[0], now, &until) &&
		    !lead_holds(leads[i], wide[1], now, &until))
			fail_msg("%s is covered by %s or %s: not so for lead %u", text_of(w, narrow),
			         text_of(w, wide[0]), text_of(w, wide[1]), i);
	}
}

static void what_is_said_holds_for_every_lead(void **state)
{
	const char *given = getenv("NT_SEED"), *often = getenv("NT_RUNS");
	long runs = often != NULL ? strtol(often, NULL, 10) : 300;
	nt_time now = at("UTC", "2026-06-10 12:00");

	(void)state;
	seed = given != NULL ? strtoull(given, NULL, 0) : UINT64_C(0x2545F4914F6CDD1D);
	print_message("NT_SEED=0x%llx, %ld runs\n", (unsigned long long)seed, runs);
	while (runs-- > 0) {
		struct world *w = world_new();
		struct nt_arena *arena = nt_arena_new();
		struct nt_lead *leads[LEADS];
		struct nt_decider d;

		world_set_zones(w, &zones);
		w->segments[S_ENTERPRISE].condition = world_condition(w, "company_size >= 1");
		w->segments[S_DORMANT].condition = world_condition(w, "count('a.b') < 0");
		w->segments[S_BIG_AND_DORMANT].condition = world_condition(w, "in_segment('dormant')");
		world_condition(w, "count(\"a.b\", 7 days) > company_size"); /* leads have room for its ring */
		nt_decider_init(&d, &w->program, arena);
		for (int k = -2; k < 4; k++) {
			char *text = g_strdup_printf("count(\"a.b\", 7 days) >= %d or count(\"a.b\", 7 days) > %d", k,
						     k);

			world_condition(w, text);
			g_free(text);
		}
		for (unsigned i = 0; i < LEADS; i++)
			leads[i] = lead_at(w, arena, i, now);
		for (unsigned i = 0; i < 20; i++)
			check(w, leads, now, &d);
		nt_arena_free(arena);
		world_free(w);
	}
}

static void says(const char *text, enum nt_truth truth)
{
	struct world *w = world_new();
	struct nt_arena *arena = nt_arena_new();
	const struct nt_expr *e = world_condition(w, text);
	struct nt_decider d;

	assert_non_null(e);
	nt_decider_init(&d, &w->program, arena);
	if (nt_truth_of(&d, e) != truth)
		fail_msg("%s: %d", text, nt_truth_of(&d, e));
	nt_arena_free(arena);
	world_free(w);
}

static void what_a_person_sees_is_seen(void **state)
{
	static const char *const never[] = {
		"country == \"US\" and country == \"CA\"", "company_size > 5 and company_size < 5",
		"country in [\"US\", \"CA\"] and not (country in [\"CA\", \"US\"])", "vip and not vip",
		"country == none and country == \"US\"", "count(\"a.b\") < 0", "score > 0", "count(\"a.b\") + 1 < 1",
		"score > 3 or false", "did(\"a.b\") and vip and not did(\"a.b\")", "length(country) < 0",
		"since(last(\"a.b\")) > 7 days and since(last(\"a.b\")) < 3 days", "fit * 2 > 1", "-engagement > 0",
		"(country == \"US\" or country == \"CA\") and country == \"DE\"",
	}, *const always[] = {
		"count(\"a.b\") >= 0", "score == 0", "did(\"a.b\") or not did(\"a.b\")", "not (score > 0)",
		"country == none or country != none", "not (vip and not vip)", "count(\"a.b\") > 3 or count(\"a.b\") "
		"< 5",
	}, *const open[] = {
		"country != \"US\" or country != \"CA\"", "company_size > 5 or company_size <= 5",
			"score >= company_size",
		"since(last(\"a.b\")) > 30 days and since(last(\"a.b\")) < 1 month", "length(country) >= 0",
		"company_size > 5 and count(\"a.b\") < 5", "company_size * 0 > 1",
			"company_size >= 3 and company_size <= 3",
	};

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(never); i++)
		says(never[i], NT_TRUTH_NEVER);
	for (unsigned i = 0; i < G_N_ELEMENTS(always); i++)
		says(always[i], NT_TRUTH_ALWAYS);
	for (unsigned i = 0; i < G_N_ELEMENTS(open); i++)
		says(open[i], NT_TRUTH_OPEN);
}

static int end(void **state)
{
	(void)state;
	zones_free();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(what_is_said_holds_for_every_lead),
	                                    cmocka_unit_test(what_a_person_sees_is_seen) };

	return cmocka_run_group_tests_name("decide", tests, NULL, end);
}
