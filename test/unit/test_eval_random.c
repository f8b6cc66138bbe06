/* Conditions and leads at random: a value holds until the instant that was given with it, at whatever instant in
 * between it is asked again; and where II.2 says exact, it changes there. NT_SEED and NT_RUNS in the environment. */
#include "unit.h"

#include "eval_world.h"

#include <stdlib.h>

static uint64_t seed;
static struct nt_zones zones;

static uint64_t chance(void) /* xorshift64* */
{
	seed ^= seed >> 12;
	seed ^= seed << 25;
	seed ^= seed >> 27;
	return seed * UINT64_C(2685821657736338717) >> 8;
}

static unsigned below(unsigned n)
{
	return (unsigned)(chance() % n);
}

static const char *one_of(const char *const *texts, unsigned n)
{
	return texts[below(n)];
}
#define ONE_OF(...) \
	one_of((const char *const[]){ __VA_ARGS__ }, sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *))

/* ---- expressions ---- */

static void duration(GString *s)
{
	g_string_append(s, ONE_OF("90 minutes", "1 day", "36 hours", "7 days", "1 month", "1 day 4 hours", "3 weeks",
	                          "2 months",
	                          "1 second", "1 year", "delay"));
}

static void fixed_duration(GString *s)
{
	g_string_append(s, ONE_OF("90 minutes", "1 day", "36 hours", "7 days", "1 month", "1 day 4 hours", "3 weeks"));
}

static void event(GString *s)
{
	g_string_append(s, ONE_OF("\"a.b\"", "\"app.login\"", "\"order.placed\""));
}

static void moment(GString *s, int depth)
{
	unsigned pick = below(depth > 0 ? 12 : 8);

	if (pick < 2) {
		g_string_append(s, pick == 0 ? "first(" : "last(");
		event(s);
		g_string_append_c(s, ')');
	} else if (pick < 8) {
		g_string_append(s, ONE_OF("trial_ends", "signed_at", "created_at", "2026-03-08", "2026-11-01 01:30",
		                          "2026-04-05",
		                          "2026-03-29T01:00:00Z"));
	} else if (pick < 10) {
		g_string_append_c(s, '(');
		moment(s, depth - 1);
		g_string_append(s, pick == 8 ? " + " : " - ");
		duration(s);
		g_string_append_c(s, ')');
	} else if (pick == 10) {
		g_string_append(s, "day_of(");
		moment(s, depth - 1);
		g_string_append_c(s, ')');
	} else {
		g_string_append_c(s, '(');
		moment(s, depth - 1);
		g_string_append(s, " or_else ");
		moment(s, depth - 1);
		g_string_append_c(s, ')');
	}
}

static void windowed(GString *s)
{
	bool count = below(2) == 0;

	g_string_append(s, count ? "count(" : "total(\"order.placed\", \"amount\"");
	if (count)
		event(s);
	g_string_append(s, ", ");
	fixed_duration(s);
	g_string_append_c(s, ')');
}

static void number(GString *s, int depth)
{
	unsigned pick = below(depth > 0 ? 10 : 7);

	if (pick < 2) {
		g_string_append_printf(s, "%d", (int)below(120) - 20);
	} else if (pick < 4) {
		g_string_append(s, ONE_OF("score", "fit", "engagement", "company_size", "count(\"a.b\")"));
	} else if (pick < 7) {
		windowed(s);
	} else {
		g_string_append_c(s, '(');
		number(s, depth - 1);
		g_string_append(s, ONE_OF(" + ", " - ", " * ", " / ", " or_else "));
		number(s, depth - 1);
		g_string_append_c(s, ')');
	}
}

static void compare(GString *s, bool equality)
{
	g_string_append(s, equality ? ONE_OF(" == ", " != ", " < ", " <= ", " > ", " >= ") :
	                ONE_OF(" < ", " <= ", " > ", " >= "));
}

static void running(GString *s, int depth)
{
	g_string_append(s, ONE_OF("since(", "until("));
	moment(s, depth);
	g_string_append_c(s, ')');
}

/* Forms of which II.2 says that the next change is exact; their operands stand still. */
static void exact(GString *s)
{
	switch (below(6)) {
	case 0:
		g_string_append(s, "did(");
		event(s);
		g_string_append(s, ", ");
		fixed_duration(s);
		g_string_append_c(s, ')');
		break;
	case 1:
		g_string_append(s, "count(");
		event(s);
		g_string_append(s, ", ");
		fixed_duration(s);
		g_string_append_c(s, ')');
		compare(s, false);
		g_string_append_printf(s, "%u", below(5));
		break;
	case 2:
		g_string_append(s, ONE_OF("score", "engagement"));
		compare(s, true);
		g_string_append_printf(s, "%d", (int)below(150) - 40);
		break;
	case 3:
		g_string_append(s, ONE_OF("now", "today"));
		compare(s, true);
		moment(s, 1);
		break;
	case 4:
		running(s, 1);
		compare(s, false);
		duration(s);
		break;
	default:
		running(s, 1);
		compare(s, false);
		running(s, 1);
		break;
	}
}

static void condition(GString *s, int depth)
{
	unsigned pick = below(depth > 0 ? 14 : 10);

	if (pick < 4) {
		exact(s);
	} else if (pick == 4) {
		number(s, 1);
		compare(s, true);
		number(s, 1);
	} else if (pick == 5) {
		g_string_append(s, "today + 3 days");
		compare(s, true);
		moment(s, 1);
	} else if (pick == 6) {
		g_string_append(s, "(");
		running(s, 1);
		g_string_append(s, " or_else 20 days)");
		compare(s, false);
		duration(s);
	} else if (pick == 7) {
		windowed(s);
		compare(s, true);
		g_string_append_printf(s, "%u", below(60));
	} else if (pick < 10) {
		g_string_append(s, ONE_OF("vip", "level == 'warm'", "level != 'cold'", "messaged(3 days)",
		                          "now == none",
		                          "in_segment('dormant')", "in_segment('big-and-dormant')",
		                          "received('welcome', 1 week)",
		                          "engagement in [5, 6, 7]", "today in [2026-03-08, 2026-03-09]",
		                          "reachable('email')"));
	} else if (pick == 10) {
		g_string_append(s, "not (");
		condition(s, depth - 1);
		g_string_append_c(s, ')');
	} else {
		g_string_append_c(s, '(');
		condition(s, depth - 1);
		g_string_append(s, pick == 11 ? ") and (" : ") or (");
		condition(s, depth - 1);
		g_string_append_c(s, ')');
	}
}

/* ---- leads ---- */

static nt_time some_time(nt_time now)
{
	return now - (nt_time)(chance() % (uint64_t)(1 + (nt_time)(400 * NT_DAY >> below(16))));
}

static struct nt_lead *some_lead(struct world *w, struct nt_arena *arena, nt_time now)
{
	static struct nt_template_stat stat = { .name = "welcome" };
	struct nt_lead *lead = nt_lead_new(arena, &w->program, "ann");

	lead->zone = zone(ONE_OF("America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Pacific/Apia", "UTC"));
	for (unsigned n = below(30); n > 0; n--) {
		static const int events[] = { E_A_B, E_APP_LOGIN, E_ORDER_PLACED };

		lead_event(lead, events[below(3)], some_time(now), nt_number_from_int(below(40)));
	}
	if (below(3) > 0)
		lead->fields[F_TRIAL_ENDS] = (struct nt_value){ .type = NT_TYPE_DATE,
		                                                .date = now / NT_DAY - 40 + below(80) };
	if (below(3) > 0)
		lead->fields[F_SIGNED_AT] = NT_TIME_VALUE(some_time(now + 30 * NT_DAY));
	if (below(3) > 0)
		lead->fields[NT_FIELD_CREATED_AT] = NT_TIME_VALUE(some_time(now));
	if (below(3) > 0)
		lead->fields[F_COMPANY_SIZE] = NT_NUMBER_VALUE(nt_number_from_int(below(100)));
	if (below(3) > 0)
		lead->fields[F_VIP] = NT_YES_NO_VALUE(below(2) > 0);
	if (below(3) > 0)
		lead->fields[F_DELAY] = (struct nt_value){ .type = NT_TYPE_DURATION,
		                                           .duration = { .days = 1 + (int)below(20) } };
	if (below(4) > 0)
		lead->engagement = (struct nt_engagement){ (int64_t)below(300000) * 1000000 - INT64_C(100000000000),
		                                           some_time(now) };
	lead->fit = nt_number_from_int((int)below(60) - 20) / 3;
	if (below(2) > 0)
		nt_ring_add(arena, &lead->releases, 4, some_time(now), 1, 0);
	stat.received = some_time(now);
	stat.opened = stat.clicked = stat.replied = NT_NO_TIME;
	if (below(2) > 0)
		lead->templates = &stat;
	return lead;
}

/* ---- the properties ---- */

static void shows(const struct nt_expr *e, const struct nt_lead *lead, nt_time now, nt_time until, nt_time t,
                  const char *what)
{
	const char *name = nt_zone_name(lead->zone);

	fail_msg("%s: %.*s in %s, asked %s, until %s, at %s (%lld)", what, (int)e->span.length,
	         e->span.source->text + e->span.start, name, shown(name, now),
	         until == NT_NEVER ? "never" : shown(name, until),
	         shown(name, t), (long long)t);
}

static void holds_until(const struct nt_expr *e, const struct nt_lead *lead, nt_time now, bool is_exact)
{
	nt_time until, later, end;
	bool value = lead_holds(lead, e, now, &until);

	if (until <= now)
		shows(e, lead, now, until, now, "ends before it begins");
	end = nt_time_earlier(until, now + 500 * NT_DAY);
	for (unsigned i = 0; i < 24; i++) {
		nt_time span = (end - now) >> (i % 12);
		nt_time t = now + (span > 1 ? (nt_time)(chance() % (uint64_t)span) : 0);

		if (i == 0)
			t = end - 1;
		if (lead_holds(lead, e, t, &later) != value)
			shows(e, lead, now, until, t, "overshoots");
		if (later <= t)
			shows(e, lead, now, until, t, "ends before it begins");
	}
	if (is_exact && until != NT_NEVER && lead_holds(lead, e, until, &later) == value)
		shows(e, lead, now, until, until, "nothing changes");
}

static const struct nt_expr *some_condition(struct world *w, bool is_exact)
{
	GString *s = g_string_new(NULL);
	const struct nt_expr *e;

	if (is_exact)
		exact(s);
	else
		condition(s, 3);
	e = world_condition(w, s->str);
	if (e == NULL)
		fail_msg("%s", w->out->str);
	g_string_free(s, TRUE);
	return e;
}

static void run(bool is_exact)
{
	const char *given = getenv("NT_SEED"), *often = getenv("NT_RUNS");
	long runs = often != NULL ? strtol(often, NULL, 10) : 1500;
	const nt_time start = at("UTC", "2026-02-20 00:00");

	seed = given != NULL ? strtoull(given, NULL, 0) : UINT64_C(0x2545F4914F6CDD1D);
	print_message("%s: NT_SEED=0x%llx, %ld runs\n", is_exact ? "exact" : "bounds", (unsigned long long)seed, runs);
	while (runs-- > 0) {
		struct world *w = world_new();
		struct nt_arena *arena = nt_arena_new();
		nt_time now = start + (nt_time)(chance() % (uint64_t)(300 * NT_DAY));
		const struct nt_expr *e;
		struct nt_lead *lead;

		world_set_zones(w, &zones);
		w->segments[S_ENTERPRISE].condition = world_condition(w, "company_size >= 50");
		w->segments[S_DORMANT].condition = world_condition(w, "since(last('app.login')) > 30 days");
		w->segments[S_BIG_AND_DORMANT].condition =
			world_condition(w, "in_segment('enterprise') and in_segment('dormant') or "
			                   "in_segment('enterprise')");
		e = some_condition(w, is_exact);
		if (below(3) == 0) { /* where clocks and months turn */
			static const char *const turns[] = { "2026-03-08T06:59:59Z", "2026-11-01T05:30:00Z",
			                                     "2026-03-29T00:59:59Z",
				                             "2026-02-28T12:00:00Z", "2026-04-04T14:45:00Z" };

			now = at("UTC", turns[below(5)]) + below(7200) * NT_SECOND;
		}
		lead = some_lead(w, arena, now);
		holds_until(e, lead, now, is_exact);
		nt_arena_free(arena);
		world_free(w);
	}
}

static void never_overshoots(void **state)
{
	(void)state;
	run(false);
}

static void exact_where_promised(void **state)
{
	(void)state;
	run(true);
}

static int end(void **state)
{
	(void)state;
	zones_free();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(never_overshoots),
	                                    cmocka_unit_test(exact_where_promised) };

	return cmocka_run_group_tests_name("eval_random", tests, NULL, end);
}
