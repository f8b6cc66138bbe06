/* What a simulation adds up to, for people and as JSON. */
#include "engine/tally.h"

#include "base/arena.h"
#include "base/json.h"
#include "engine/simulate.h"

#include "program_text.h"
#include "unit.h"

#define RULES \
	POLICY_TEXT \
	"events: { a.b: {}, c.d: {} }\n" \
	"---\n" \
	"sales:\n" \
	"  ready: [ { on: c.d, reason: asked } ]\n" \
	"  reps:\n" \
	"    anna: { email: anna@example.org, time_zone: Europe/Berlin, hours: mon-fri 09:00-17:30 }\n" \
	"    bob: { email: bob@example.org, time_zone: America/New_York }\n" \
	"  teams: { dach: { reps: [ anna ], manager: bob } }\n" \
	"  route: [ { to: team dach } ]\n" \
	"  tell: [ email: new-lead ]\n" \
	"---\n" \
	"campaign: first\n" \
	"enter: { on: a.b }\n" \
	"exit: { on: c.d }\n" \
	"steps:\n" \
	"  - email: m1\n" \
	"  - { tell: owner, message: m2 }\n" \
	"  - { tell: rep bob, message: m2 }\n" \
	"  - { task: new-lead, due: 2 days }\n" \
	"  - wait: 30 days\n" \
	"---\n" \
	"campaign: news\n" \
	"enter: { at: 2026-06-10 09:00 }\n" \
	"steps: [ email: m1 ]\n" \
	"---\n" \
	"announcements: [ { campaign: news, tell: team dach, before: 3 days, message: new-lead } ]\n"

static const char leads[] = "id,email,time_zone\n"
			    "ann,ann@example.org,Asia/Tokyo\n"
			    "bea,bea@example.org,Europe/Berlin\n"
			    "cyd,cyd@example.org,\n";
static const char events[] = "{\"lead\":\"ann\",\"event\":\"a.b\",\"at\":\"2026-06-01T08:00:00Z\"}\n"
			     "{\"lead\":\"bea\",\"event\":\"a.b\",\"at\":\"2026-06-01T23:30:00Z\"}\n"
			     "{\"lead\":\"ann\",\"event\":\"c.d\",\"at\":\"2026-06-02T22:30:00Z\"}\n";

static GString *simulated(bool json, bool summary)
{
	struct nt_program *program = program_of(RULES);
	struct nt_diags *diags = nt_diags_new();
	struct nt_simulation simulation = { .program = program, .start = NT_NO_TIME, .json = json, .summary = summary,
		                            .until = at("UTC", "2026-06-12"),
		                            .leads = nt_diags_source(diags, "a.csv", leads, strlen(leads)),
		                            .events = nt_diags_source(diags, "b", events, strlen(events)) };
	GString *out = g_string_new(NULL);

	assert_true(nt_simulate(&simulation, diags, out));
	assert_int_equal(nt_diags_errors(diags) + nt_diags_warnings(diags), 0);
	nt_diags_free(diags);
	nt_program_unref(program);
	return out;
}

/* Each lead's hours, each rep's days; who is told, what is to be done, what was announced. */
static void all_that_goes_out_is_counted(void **state)
{
	static const char wanted[] =
		"from Mon 2026-06-01 04:00 EDT to Thu 2026-06-11 20:00 EDT\n"
		"         3  leads\n"
		"         3  events\n"
		"\nfirst\n"
		"         2  entered\n"
		"         2  sent       email m1\n"
		"         2  skipped    tell m2: the lead has no owner\n"
		"         2  told       email m2\n"
		"         2  opened     task new-lead\n"
		"         1  left       exit: c.d\n"
		"         1  is         in it still\n"
		"\nnews\n"
		"         3  entered\n"
		"         1  announced  email new-lead\n"
		"         3  sent       email m1\n"
		"         3  left       came to its end\n"
		"\nmessages to leads\n"
		"         5  in all, 0.5 a day\n"
		"         2  on the busiest day, Mon 2026-06-01\n"
		"         1  in the busiest hour, from Mon 2026-06-01 04:00 EDT\n"
		"  by the hour of each lead's own day\n"
		"         1  01:00  ##############\n"
		"         3  09:00  ########################################\n"
		"         1  17:00  ##############\n"
		"\ntasks\n"
		"         2  opened     new-lead\n"
		"         1  was        withdrawn\n"
		"         1  is         overdue\n"
		"\nannouncements\n"
		"         1  sent       email new-lead\n"
		"\nready for sales\n"
		"         1  leads      asked\n"
		"\nrep anna\n"
		"         1  lead offered\n"
		"         1  on the busiest day, Wed 2026-06-03\n"
		"         1  in the busiest hour, from Wed 2026-06-03 00:00 CEST\n"
		"         2  messages\n"
		"         1  on the busiest day, Wed 2026-06-03\n"
		"         1  in the busiest hour, from Wed 2026-06-03 00:00 CEST\n"
		"\nrep bob\n"
		"         0  leads offered\n"
		"        14  messages\n"
		"         4  on the busiest day, Mon 2026-06-01\n"
		"         2  in the busiest hour, from Mon 2026-06-01 04:00 EDT\n";
	GString *out = simulated(false, true);

	(void)state;
	assert_string_equal(out->str, wanted);
	g_string_free(out, TRUE);
}

static int64_t number(const struct nt_json *json, const char *key)
{
	const struct nt_json *value = nt_json_get(json, key);

	assert_non_null(value);
	return g_ascii_strtoll(value->text, NULL, 10);
}

static void and_in_json(void **state)
{
	GString *out = simulated(true, true);
	struct nt_arena *arena = nt_arena_new();
	struct nt_json_error error;
	const struct nt_json *totals = nt_json_get(nt_json_parse(arena, out->str, out->len, &error), "totals"),
			     *first = nt_json_get(totals, "campaigns")->first, *news = first->next, *step,
			     *tasks = nt_json_get(totals, "tasks"), *anna = nt_json_get(totals, "reps")->first;

	(void)state;
	step = nt_json_get(first, "steps")->first->next;
	assert_string_equal(nt_json_text(step, "step"), "tell-m2-1");
	assert_int_equal(number(nt_json_get(step, "skipped"), "the lead has no owner"), 2);
	assert_int_equal(number(nt_json_get(step->next, "told"), "email m2"), 2);
	assert_int_equal(number(step->next->next, "tasks"), 2);
	assert_int_equal(number(nt_json_get(news, "announced"), "email new-lead"), 1);
	assert_int_equal(number(nt_json_get(totals, "announcements"), "email new-lead"), 1);
	assert_int_equal(number(nt_json_get(tasks, "opened"), "new-lead"), 2);
	assert_int_equal(number(tasks, "before"), 0);
	assert_int_equal(number(tasks, "done"), 0);
	assert_int_equal(number(tasks, "withdrawn"), 1);
	assert_int_equal(number(tasks, "open"), 1);
	assert_int_equal(number(tasks, "overdue"), 1);
	assert_string_equal(nt_json_text(anna, "rep"), "anna");
	assert_int_equal(number(anna, "told"), number(nt_json_get(anna, "messages"), "n"));
	assert_string_equal(nt_json_text(nt_json_get(nt_json_get(anna, "messages"), "days")->first, "date"),
	                    "2026-06-03");
	nt_arena_free(arena);
	g_string_free(out, TRUE);
}

/* They are about no lead: they come last, and don't count as one. */
static void announcements_are_no_lead(void **state)
{
	GString *out = simulated(false, false), *json = simulated(true, false);

	(void)state;
	assert_memory_equal(out->str, "ann\n", 4);
	if (strstr(out->str, "\n(announcements)\n"
	                     "  Sat 2026-06-06 15:00 EDT   email                 new-lead (to anna)\n\n") == NULL ||
	    strstr(out->str, "\n         3  leads\n") == NULL)
		fail_msg("%s", out->str);
	assert_non_null(strstr(json->str, "{\"lead\":\"\",\"at\":\"2026-06-06T19:00:00Z\",\"what\":\"rep.told\""));
	assert_non_null(strstr(json->str, "\"leads\":3,"));
	g_string_free(out, TRUE);
	g_string_free(json, TRUE);
}

/* Whose task it is, if nobody is said; once. */
static void tasks_are_done(void **state)
{
	static const char lines[] =
		"{\"lead\":\"ann\",\"event\":\"a.b\",\"at\":\"2026-06-01T08:00:00Z\"}\n"
		"{\"lead\":\"bea\",\"event\":\"a.b\",\"at\":\"2026-06-01T08:00:00Z\"}\n"
		"{\"lead\":\"ann\",\"event\":\"task.done\",\"at\":\"2026-06-01T09:00:00Z\"}\n"
		"{\"lead\":\"ann\",\"event\":\"task.done\",\"at\":\"2026-06-01T09:00:01Z\"}\n"
		"{\"lead\":\"bea\",\"event\":\"task.done\",\"at\":\"2026-06-01T09:00:00Z\","
		"\"properties\":{\"template\":\"m1\"}}\n"
		"{\"lead\":\"bea\",\"event\":\"task.done\",\"at\":\"2026-06-01T09:00:00Z\","
		"\"properties\":{\"template\":\"new-lead\",\"rep\":\"zoe\"}}\n"
		"{\"lead\":\"bea\",\"event\":\"task.done\",\"at\":\"2026-06-01T10:00:00Z\","
		"\"properties\":{\"template\":\"new-lead\",\"rep\":\"anna\"}}\n";
	struct nt_program *program = program_of(RULES);
	struct nt_diags *diags = nt_diags_new();
	struct nt_simulation simulation = { .program = program, .start = NT_NO_TIME, .until = at("UTC", "2026-06-12"),
		                            .events = nt_diags_source(diags, "b", lines, strlen(lines)) };
	GString *out = g_string_new(NULL), *found = g_string_new(NULL);

	(void)state;
	assert_true(nt_simulate(&simulation, diags, out));
	nt_diags_print_lines(diags, found);
	assert_string_equal(found->str, "b:4:1: error: no task of this lead is open\n"
	                                "b:5:1: error: no task 'm1' of this lead is open\n"
	                                "b:6:1: error: the rules know no such rep\n");
	if (strstr(out->str, "task.done             new-lead: by bob (first)\n") == NULL ||
	    strstr(out->str, "task.done             new-lead: by anna (first)\n") == NULL ||
	    strstr(out->str, "\ntasks\n         2  opened     new-lead\n         2  were       done\n\n") == NULL)
		fail_msg("%s", out->str);
	g_string_free(out, TRUE);
	g_string_free(found, TRUE);
	nt_diags_free(diags);
	nt_program_unref(program);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_that_goes_out_is_counted),
		cmocka_unit_test(and_in_json),
		cmocka_unit_test(announcements_are_no_lead),
		cmocka_unit_test(tasks_are_done),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	zones_free();
	return failed;
}
