#include "engine/simulate.h"

#include "base/arena.h"
#include "base/json.h"
#include "engine/describe.h"
#include "engine/driver.h"
#include "engine/state.h"
#include "engine/task.h"
#include "engine/testrun.h"

#include "program_text.h"
#include "unit.h"

#define RULES \
	POLICY_TEXT \
	"fields: { seats: number }\n" \
	"events: { a.b: { amount: number }, c.d: {} }\n" \
	"---\n" \
	"scoring: { fit: [ { if: seats == 2, points: 2 } ],\n" \
	"  engagement: [ { on: a.b, points: 5 } ], levels: { cold: 0, warm: 10 } }\n" \
	"---\n" \
	"campaign: first\nenter: { on: a.b }\ngoal: { on: email.clicked }\n" \
	"steps: [ email: m1, wait: 1 day, email: m2, tag: done ]\n"

static const char leads[] = "id,email,seats,time_zone\n"
	"ann,ann@example.org,5,Europe/Berlin\n"
	"bea,bea@example.org,,\n"
	"cyd,cyd@example.org,many,\n";

static const char events[] =
	"{\"id\":\"1\",\"lead\":\"bea\",\"event\":\"a.b\",\"at\":\"2026-06-02 10:00\"}\n"
	"{\"id\":\"2\",\"lead\":\"ann\",\"event\":\"a.b\",\"at\":\"2026-06-01 10:00\",\"properties\":{\"amount\":7}}\n"
	"\n"
	"{\"id\":\"2\",\"lead\":\"ann\",\"event\":\"a.b\",\"at\":\"2026-06-01T09:00:00Z\"}\n"
	"{\"lead\":\"bea\",\"event\":\"email.clicked\",\"at\":\"2026-06-02T15:00:00Z\"}\n"
	"{\"lead\":\"ann\",\"event\":\"a.b\",\"at\":\"2026-06-01T09:00:00Z\",\"properties\":{\"amount\":\"x\"}}\n"
	"{\"event\":\"a.b\",\"at\":\"2026-06-01T09:00:00Z\"}\n"
	"{\"lead\":\"ann\",\n";

static bool simulate(struct nt_program *program, bool json, struct nt_diags *diags, GString *out)
{
	struct nt_simulation simulation = {
		.program = program, .start = NT_NO_TIME, .until = at("UTC", "2026-07-01"), .json = json
	};

	simulation.leads = nt_diags_source(diags, "leads.csv", leads, sizeof leads - 1);
	simulation.events = nt_diags_source(diags, "events.ndjson", events, sizeof events - 1);
	return nt_simulate(&simulation, diags, out);
}

static void a_timeline_per_lead_and_totals(void **state)
{
	static const char wanted[] =
		"ann\n"
		"  Mon 2026-06-01 10:00 CEST  lead.created\n"
		"  Mon 2026-06-01 10:00 CEST  event                 a.b\n"
		"  Mon 2026-06-01 10:00 CEST  points                +5 a.b\n"
		"  Mon 2026-06-01 10:00 CEST  campaign.entered      a.b (first)\n"
		"  Mon 2026-06-01 10:00 CEST  email                 m1 (first)\n"
		"  Tue 2026-06-02 10:00 CEST  email                 m2 (first)\n"
		"  Tue 2026-06-02 10:00 CEST  tag                   done (first)\n"
		"  Tue 2026-06-02 10:00 CEST  campaign.left         came to its end (first)\n"
		"bea\n";
	struct nt_program *program = program_of(RULES);
	struct nt_diags *diags = nt_diags_new();
	GString *out = g_string_new(NULL), *again = g_string_new(NULL);

	(void)state;
	assert_true(simulate(program, false, diags, out));
	assert_memory_equal(out->str, wanted, sizeof wanted - 1);
	assert_non_null(strstr(out->str, "campaign.reached_goal email.clicked (first)"));
	assert_non_null(strstr(out->str, "\n         3  events, 1 repeated, 4 rows refused\n"));
	assert_non_null(strstr(out->str, "\nfirst\n         2  entered\n         2  sent       email m1\n"
	                                 "         1  sent       email m2\n         1  reached the goal, 50%\n"
	                                 "         1  left       came to its end\n"
	                                 "         1  left       goal: email.clicked\n\n"));
	assert_true(simulate(program, false, diags, again));
	assert_string_equal(out->str, again->str);
	g_string_free(out, TRUE);
	g_string_free(again, TRUE);
	nt_diags_free(diags);
	nt_program_unref(program);
}

#define SALES_RULES \
	RULES "---\n" \
	"campaign: second\nenter: { on: c.d }\n" \
	"steps:\n  - sms: m1\n  - { email: m1, give_up_after: 1 hour, window: mon 03:00-03:30 }\n" \
	"  - hand_off: wants it\n  - wait: 1 year\n" \
	"---\n" \
	"sales:\n  ready: [ { on: a.b, reason: asked } ]\n" \
	"  reps:\n    anna: { email: anna@example.org, time_zone: Europe/Berlin, hours: mon-fri 09:00-17:30 }\n" \
	"  teams: { dach: { reps: [ anna ] } }\n  route: [ { to: team dach } ]\n  tell: [ email: new-lead ]\n"

static const char visits[] =
	"{\"lead\":\"ann\",\"event\":\"a.b\",\"at\":\"2026-06-01T08:00:00Z\"}\n"
	"{\"lead\":\"bea\",\"event\":\"a.b\",\"at\":\"2026-06-01T08:59:59Z\"}\n"
	"{\"lead\":\"ann\",\"event\":\"c.d\",\"at\":\"2026-06-02T09:00:00Z\"}\n"
	"{\"lead\":\"dan\",\"event\":\"a.b\",\"at\":\"2026-06-02T09:00:00Z\"}\n";
static const char few[] = "id,email,seats,time_zone\n"
			  "ann,ann@example.org,5,Europe/Berlin\n"
			  "bea,bea@example.org,,\n";
/* The same: other leads first, and another order where the instant is the same. */
static const char other_leads[] = "id,seats,email,time_zone\n"
				  "bea,,bea@example.org,\n"
				  "ann,5,ann@example.org,Europe/Berlin\n";
static const char other_visits[] =
	"{\"event\":\"a.b\",\"lead\":\"dan\",\"at\":\"2026-06-02T09:00:00Z\"}\n"
	"{\"lead\":\"bea\",\"event\":\"a.b\",\"at\":\"2026-06-01T08:59:59Z\"}\n"
	"{\"lead\":\"ann\",\"event\":\"c.d\",\"at\":\"2026-06-02T11:00:00+02:00\"}\n"
	"{\"lead\":\"ann\",\"event\":\"a.b\",\"at\":\"2026-06-01T08:00:00Z\"}\n";

static GString *simulated(const char *rules, bool json, bool summary, const char *csv, const char *lines)
{
	struct nt_program *program = program_of(rules);
	struct nt_diags *diags = nt_diags_new();
	struct nt_simulation simulation = { .program = program, .start = NT_NO_TIME, .json = json, .summary = summary,
		                            .until = at("UTC", "2026-07-01"),
		                            .leads = nt_diags_source(diags, "a.csv", csv, strlen(csv)),
		                            .events = nt_diags_source(diags, "b", lines, strlen(lines)) };
	GString *out = g_string_new(NULL);

	assert_true(nt_simulate(&simulation, diags, out));
	assert_int_equal(nt_diags_errors(diags), 0);
	nt_diags_free(diags);
	nt_program_unref(program);
	return out;
}

#define TASK_RULES \
	RULES "---\n" \
	"sales: { reps: { bob: { email: bob@example.org, time_zone: UTC, hours: daily 00:00-24:00 } },\n" \
	"  teams: { all: { reps: [ bob ] } }, route: [ { to: team all } ] }\n---\n" \
	"campaign: third\nenter: { on: a.b }\nexit: { on: c.d }\n" \
	"steps: [ assign: by_route, { task: m1, due: 1 day }, wait: 1 day ]\n"

static void what_only_the_engine_knows_is_no_line(void **state)
{
	static const char lines[] = "{\"lead\":\"ann\",\"event\":\"a.b\",\"at\":\"2026-06-01T08:00:00Z\"}\n"
				    "{\"lead\":\"ann\",\"event\":\"c.d\",\"at\":\"2026-06-01T09:00:00Z\"}\n";
	GString *out = simulated(TASK_RULES, false, false, few, lines);

	(void)state;
	assert_non_null(strstr(out->str, "task.opened"));
	assert_non_null(strstr(out->str, "campaign.left         exit: c.d (third)"));
	assert_null(strstr(out->str, "tasks.end"));
	g_string_free(out, TRUE);
}

static void what_it_adds_up_to(void **state)
{
	static const char wanted[] =
		"from Mon 2026-06-01 04:00 EDT to Tue 2026-06-30 20:00 EDT\n"
		"         3  leads\n"
		"         4  events\n"
		"\nfirst\n"
		"         3  entered\n"
		"         2  sent       email m1\n"
		"         1  skipped    email m1: no address for email\n"
		"         2  sent       email m2\n"
		"         1  skipped    email m2: no address for email\n"
		"         3  left       came to its end\n"
		"\nsecond\n"
		"         1  entered\n"
		"         1  skipped    sms m1: no consent for sms\n"
		"         1  given up   email m1: it could not go out in time\n"
		"         1  handed     to sales: wants it\n"
		"         1  is         in it still\n"
		"\nmessages to leads\n"
		"         4  in all, 0.1 a day\n"
		"         2  on the busiest day, Mon 2026-06-01\n"
		"         2  in the busiest hour, from Mon 2026-06-01 04:00 EDT\n"
		"  by the hour of each lead's own day\n"
		"         2  04:00  ########################################\n"
		"         2  10:00  ########################################\n"
		"\nready for sales\n"
		"         3  leads      asked\n"
		"         1  leads      wants it\n"
		"\nrep anna\n"
		"         3  leads offered\n"
		"         2  on the busiest day, Mon 2026-06-01\n"
		"         2  in the busiest hour, from Mon 2026-06-01 10:00 CEST\n"
		"         3  messages\n"
		"         2  on the busiest day, Mon 2026-06-01\n"
		"         2  in the busiest hour, from Mon 2026-06-01 10:00 CEST\n";
	GString *out = simulated(SALES_RULES, false, true, few, visits);

	(void)state;
	assert_string_equal(out->str, wanted);
	g_string_free(out, TRUE);
}

static const char answers[] =
	"{\"lead\":\"ann\",\"event\":\"lead.accepted\",\"at\":\"2026-06-01T08:10:00Z\"}\n"
	"{\"lead\":\"bea\",\"event\":\"lead.accepted\",\"at\":\"2026-06-01T09:10:00Z\","
	"\"properties\":{\"rep\":\"anna\"}}\n"
	"{\"lead\":\"ann\",\"event\":\"deal.won\",\"at\":\"2026-06-03T09:00:00Z\"}\n"
	"{\"lead\":\"bea\",\"event\":\"lead.sent_back\",\"at\":\"2026-06-03T09:00:00Z\"}\n";

static void reps_answer(void **state)
{
	char *lines = g_strconcat(visits, answers, NULL);
	GString *out = simulated(SALES_RULES, false, false, few, lines);

	(void)state;
	if (strstr(out->str, "Mon 2026-06-01 10:10 CEST  handoff               accepted by anna\n") == NULL ||
	    strstr(out->str, "Wed 2026-06-03 11:00 CEST  handoff               won by anna\n") == NULL ||
	    strstr(out->str, "Wed 2026-06-03 05:00 EDT   handoff               sent_back by anna\n") == NULL ||
	    strstr(out->str, "         2  leads      accepted\n         1  leads      sent_back\n"
	                     "         1  leads      won\n") == NULL)
		fail_msg("%s", out->str);
	g_string_free(out, TRUE);
	g_free(lines);
}

static void answers_that_fit_nothing_are_refused(void **state)
{
	static const char lines[] =
		"{\"lead\":\"ann\",\"event\":\"lead.accepted\",\"at\":\"2026-06-01T08:10:00Z\"}\n"
		"{\"lead\":\"ann\",\"event\":\"a.b\",\"at\":\"2026-06-01T08:20:00Z\"}\n"
		"{\"lead\":\"ann\",\"event\":\"lead.accepted\",\"at\":\"2026-06-01T08:30:00Z\","
		"\"properties\":{\"rep\":\"zoe\"}}\n";
	struct nt_program *program = program_of(SALES_RULES);
	struct nt_diags *diags = nt_diags_new();
	struct nt_simulation simulation = { .program = program, .start = NT_NO_TIME, .until = at("UTC", "2026-07-01"),
		                            .events = nt_diags_source(diags, "b", lines, sizeof lines - 1) };
	GString *out = g_string_new(NULL);

	(void)state;
	assert_true(nt_simulate(&simulation, diags, out));
	assert_int_equal(nt_diags_errors(diags), 2);
	nt_diags_print_lines(diags, out);
	if (strstr(out->str, "b:1:1: error: this lead isn't in the queue\n") == NULL ||
	    strstr(out->str, "b:3:1: error: the rules know no such rep\n") == NULL)
		fail_msg("%s", out->str);
	g_string_free(out, TRUE);
	nt_diags_free(diags);
	nt_program_unref(program);
}

static void the_same_input_gives_the_same_bytes(void **state)
{
	(void)state;
	for (int form = 0; form < 4; form++) {
		bool json = (form & 1) != 0, summary = (form & 2) != 0;
		GString *once = simulated(SALES_RULES, json, summary, few, visits),
			*twice = simulated(SALES_RULES, json, summary, few, visits),
			*shuffled = simulated(SALES_RULES, json, summary, other_leads, other_visits);

		assert_string_equal(once->str, twice->str);
		assert_string_equal(once->str, shuffled->str);
		assert_true(summary == (strstr(once->str, "campaign.entered") == NULL));
		g_string_free(once, TRUE);
		g_string_free(twice, TRUE);
		g_string_free(shuffled, TRUE);
	}
}

struct shown {
	nt_time now;
	uint64_t done, total;
	unsigned times;
};

static void show(void *user, nt_time now, uint64_t done, uint64_t total)
{
	struct shown *shown = user;

	assert_true(now >= shown->now && done > shown->done && done <= total);
	*shown = (struct shown){ now, done, total, shown->times + 1 };
}

static void progress_is_told(void **state)
{
	struct nt_program *program = program_of(RULES);
	struct nt_diags *diags = nt_diags_new();
	struct shown shown = { 0 };
	struct nt_simulation simulation = { .program = program, .start = NT_NO_TIME, .until = at("UTC", "2026-07-01"),
		                            .leads = nt_diags_source(diags, "a", few, sizeof few - 1),
		                            .events = nt_diags_source(diags, "b", visits, sizeof visits - 1),
		                            .progress = show, .user = &shown };
	GString *out = g_string_new(NULL);

	(void)state;
	assert_true(nt_simulate(&simulation, diags, out));
	assert_int_equal(shown.done, shown.total);
	assert_int_equal(shown.total, 6);
	assert_int_equal(shown.now, at("UTC", "2026-06-02 09:00"));
	assert_int_equal(shown.times, 4); /* the leads, and an instant each */
	g_string_free(out, TRUE);
	nt_diags_free(diags);
	nt_program_unref(program);
}

static void totals_are_json_too(void **state)
{
	GString *out = simulated(SALES_RULES, true, true, few, visits);
	struct nt_arena *arena = nt_arena_new();
	struct nt_json_error error;
	const struct nt_json *totals = nt_json_get(nt_json_parse(arena, out->str, out->len, &error), "totals"),
			     *first = nt_json_get(totals, "campaigns")->first,
			     *step = nt_json_get(first, "steps")->first,
			     *rep = nt_json_get(totals, "reps")->first, *offered = nt_json_get(rep, "offered"),
			     *day = nt_json_get(offered, "days")->first;

	(void)state;
	assert_string_equal(nt_json_get(totals, "leads")->text, "3");
	assert_string_equal(nt_json_text(first, "campaign"), "first");
	assert_string_equal(nt_json_get(first, "entered")->text, "3");
	assert_string_equal(nt_json_get(nt_json_get(step, "sent"), "email m1")->text, "2");
	assert_string_equal(nt_json_text(rep, "rep"), "anna");
	assert_string_equal(nt_json_text(nt_json_get(offered, "hours")->first, "from"), "2026-06-01T08:00:00Z");
	assert_string_equal(nt_json_text(day, "date"), "2026-06-01");
	assert_string_equal(nt_json_get(day, "n")->text, "2");
	assert_int_equal(nt_json_get(nt_json_get(totals, "messages"), "hours_of_day")->n, 24);
	nt_arena_free(arena);
	g_string_free(out, TRUE);
}

/* A store with a lead on her way: what it holds by then, and what becomes of a copy. */
static void a_live_store_is_gone_on_with(void **state)
{
	static const char wanted[] =
		"ann\n"
		"  Tue 2026-06-02 10:00 CEST  email                 m2 (first)\n"
		"  Tue 2026-06-02 10:00 CEST  tag                   done (first)\n"
		"  Tue 2026-06-02 10:00 CEST  campaign.left         came to its end (first)\n"
		"  Wed 2026-06-03 12:00 CEST  event                 c.d\n"
		"\nfrom Mon 2026-06-01 05:00 EDT to Tue 2026-06-30 20:00 EDT\n"
		"         2  leads\n"
		"         1  event\n"
		"\nfirst\n"
		"         1  was        in it before\n"
		"         0  entered\n"
		"         1  sent       email m2\n"
		"         1  left       came to its end\n";
	static const char line[] = "{\"lead\":\"ann\",\"event\":\"c.d\",\"at\":\"2026-06-03T10:00:00Z\"}\n";
	struct nt_program *program = program_of(RULES);
	struct nt_driver *driver = nt_driver_new(program, at("UTC", "2026-06-01 08:00"), NULL, NULL);
	struct nt_store *store = nt_driver_store(driver);
	struct nt_arena *arena = nt_arena_new();
	struct nt_diags *diags = nt_diags_new();
	struct nt_simulation simulation = { .program = program, .start = NT_NO_TIME, .until = at("UTC", "2026-07-01"),
		                            .live = store,
		                            .events = nt_diags_source(diags, "b", line, sizeof line - 1) };
	struct nt_request lead = { .arena = arena, .kind = NT_REQUEST_INPUT, .input_kind = NT_INPUT_FIELDS,
		                   .lead = "ann" }, other = lead, event = lead;
	struct nt_store_counts before, after;
	struct nt_json_error error;
	GString *out = g_string_new(NULL);

	(void)state;
	lead.json = nt_json_parse(arena, "{\"email\":\"a@b.c\",\"time_zone\":\"Europe/Berlin\"}", 45, &error);
	other.lead = "bea";
	other.json = nt_json_parse(arena, "{}", 2, &error);
	event.input_kind = NT_INPUT_EVENT;
	event.json = nt_json_parse(arena, "{\"event\":\"a.b\"}", 15, &error);
	lead.next = &other;
	other.next = &event;
	nt_driver_post(driver, at("UTC", "2026-06-01 08:00"), &lead);
	nt_driver_run(driver, at("UTC", "2026-06-01 09:00"), true);
	event = (struct nt_request){ .arena = arena, .kind = NT_REQUEST_SUPPRESS, .channel = "sms", .address = "1" };
	nt_driver_post(driver, at("UTC", "2026-06-01 09:00"), &event);
	store->ops->counts(store, &before);
	assert_true(nt_simulate(&simulation, diags, out));
	if (strncmp(out->str, wanted, sizeof wanted - 1) != 0)
		fail_msg("%s", out->str);
	store->ops->counts(store, &after);
	assert_memory_equal(&before, &after, sizeof before);
	g_string_free(out, TRUE);
	nt_diags_free(diags);
	nt_arena_free(arena);
	nt_driver_free(driver);
	nt_program_unref(program);
}

/* Nobody has told the run of it, but the store. */
static void what_went_out_before_the_copy_is_clicked(void **state)
{
	static const char line[] =
		"{\"lead\":\"ann\",\"event\":\"email.opened\",\"at\":\"2026-06-01T10:00:00Z\",\"properties\":"
		"{\"template\":\"m1\"}}\n"
		"{\"lead\":\"ann\",\"event\":\"email.clicked\",\"at\":\"2026-06-01T11:00:00Z\"}\n"
		"{\"lead\":\"ann\",\"event\":\"sms.clicked\",\"at\":\"2026-06-01T12:00:00Z\"}\n";
	struct nt_program *program = program_of(RULES);
	struct nt_driver *driver = nt_driver_new(program, at("UTC", "2026-06-01 08:00"), NULL, NULL);
	struct nt_arena *arena = nt_arena_new();
	struct nt_diags *diags = nt_diags_new();
	struct nt_simulation simulation = { .program = program, .start = NT_NO_TIME, .until = at("UTC", "2026-07-01"),
		                            .live = nt_driver_store(driver),
		                            .events = nt_diags_source(diags, "b", line, sizeof line - 1) };
	struct nt_request lead = { .arena = arena, .kind = NT_REQUEST_INPUT, .input_kind = NT_INPUT_FIELDS,
		                   .lead = "ann" }, event = lead;
	struct nt_json_error error;
	GString *out = g_string_new(NULL);

	(void)state;
	lead.json = nt_json_parse(arena, "{\"email\":\"a@b.c\"}", 17, &error);
	lead.next = &event;
	event.input_kind = NT_INPUT_EVENT;
	event.json = nt_json_parse(arena, "{\"event\":\"a.b\"}", 15, &error);
	nt_driver_post(driver, at("UTC", "2026-06-01 08:00"), &lead);
	nt_driver_run(driver, at("UTC", "2026-06-01 09:00"), true);
	assert_true(nt_simulate(&simulation, diags, out));
	if (strstr(out->str, "message.opened        m1 (first)") == NULL ||
	    strstr(out->str, "07:00 EDT   campaign.left         goal: email.clicked (first)\n") == NULL)
		fail_msg("%s", out->str);
	assert_int_equal(nt_diags_errors(diags), 1);
	g_string_free(out, TRUE);
	nt_diags_free(diags);
	nt_arena_free(arena);
	nt_driver_free(driver);
	nt_program_unref(program);
}

#define MOVED_RULES(rep) \
	RULES "---\nsales:\n  ready: [ { on: c.d, reason: asked } ]\n" \
	"  reps: { " rep ": { email: " rep "@example.org, time_zone: UTC, hours: daily 00:00-24:00 } }\n" \
	"  teams: { all: { reps: [ " rep " ] } }\n  route: [ { to: team all } ]\n  tell: [ email: new-lead ]\n"

/* As the store is opened: before there is anything to open of simulate's own. */
static void a_load_that_moves_an_offer_begins_a_timeline(void **state)
{
	static const char wanted[] = "ann\n"
				     "  Mon 2026-06-01 10:00 CEST  handoff               waiting\n"
				     "  Mon 2026-06-01 10:00 CEST  handoff               offered to bob\n"
				     "  Mon 2026-06-01 10:00 CEST  email                 new-lead (to bob)\n";
	struct nt_program *before = program_of(MOVED_RULES("anna")), *after = program_of(MOVED_RULES("bob"));
	struct nt_driver *driver = nt_driver_new(before, at("UTC", "2026-06-01 08:00"), NULL, NULL);
	struct nt_arena *arena = nt_arena_new();
	struct nt_diags *diags = nt_diags_new();
	struct nt_simulation simulation = { .program = after, .base = before, .start = NT_NO_TIME,
		                            .until = at("UTC", "2026-06-01 09:00"),
		                            .live = nt_driver_store(driver) };
	struct nt_request lead = { .arena = arena, .kind = NT_REQUEST_INPUT, .input_kind = NT_INPUT_FIELDS,
		                   .lead = "ann" }, event = lead;
	struct nt_json_error error;
	GString *out = g_string_new(NULL);

	(void)state;
	lead.json = nt_json_parse(arena, "{\"time_zone\":\"Europe/Berlin\"}", 29, &error);
	lead.next = &event;
	event.input_kind = NT_INPUT_EVENT;
	event.json = nt_json_parse(arena, "{\"event\":\"c.d\"}", 15, &error);
	nt_driver_post(driver, at("UTC", "2026-06-01 08:00"), &lead);
	assert_true(nt_simulate(&simulation, diags, out));
	if (strstr(out->str, wanted) == NULL)
		fail_msg("%s", out->str);
	g_string_free(out, TRUE);
	nt_diags_free(diags);
	nt_arena_free(arena);
	nt_driver_free(driver);
	nt_program_unref(before);
	nt_program_unref(after);
}

static void wrong_rows_are_named_and_left_out(void **state)
{
	static const char *const wanted[] = {
		"events.ndjson:6:1: error: properties.amount: ", "events.ndjson:7:1: error: the key 'lead' is missing",
		"events.ndjson:8:", "leads.csv:4:21: error: seats: ",
	};
	struct nt_program *program = program_of(RULES);
	struct nt_diags *diags = nt_diags_new();
	GString *out = g_string_new(NULL), *found = g_string_new(NULL);

	(void)state;
	assert_true(simulate(program, true, diags, out));
	nt_diags_print(diags, found);
	assert_int_equal(nt_diags_errors(diags), 4);
	for (size_t i = 0; i < G_N_ELEMENTS(wanted); i++)
		if (strstr(found->str, wanted[i]) == NULL)
			fail_msg("'%s' isn't in\n%s", wanted[i], found->str);
	assert_non_null(strstr(out->str, "{\"lead\":\"ann\",\"at\":\"2026-06-01T08:00:00Z\",\"what\":\"message."
	                                 "released\",\"campaign\":\"first\""));
	assert_null(strstr(out->str, "\"cyd\""));
	g_string_free(out, TRUE);
	g_string_free(found, TRUE);
	nt_diags_free(diags);
	nt_program_unref(program);
}

static void nothing_to_do_is_said(void **state)
{
	struct nt_program *program = program_of(RULES);
	struct nt_simulation simulation = { .program = program, .start = NT_NO_TIME, .until = at("UTC", "2026-07-01") };
	struct nt_diags *diags = nt_diags_new();
	GString *out = g_string_new(NULL);

	(void)state;
	assert_false(nt_simulate(&simulation, diags, out));
	simulation.start = at("UTC", "2026-08-01");
	assert_false(nt_simulate(&simulation, diags, out));
	simulation.leads = nt_diags_source(diags, "leads.csv", "email\na@b\n", 10);
	assert_false(nt_simulate(&simulation, diags, out));
	assert_string_equal(nt_diags_peek(diags, 0)->message, "without events, say when to start");
	assert_string_equal(nt_diags_peek(diags, 1)->message, "it would end before it starts");
	assert_string_equal(nt_diags_peek(diags, 2)->message, "there is no column 'id'");
	g_string_free(out, TRUE);
	nt_diags_free(diags);
	nt_program_unref(program);
}

/* ---- tests of rules ---- */

#define A_TEST(expect) \
	RULES "tests:\n" \
	"  - name: one\n    lead: { id: ann, email: ann@example.org, time_zone: America/New_York }\n" \
	"    events: [ { at: 2026-06-01 10:00, on: a.b } ]\n    expect: " expect "\n"

static bool passes(const char *text, const char *report)
{
	struct nt_program *program = program_of(text);
	const struct nt_test_options options = { 0 };
	struct nt_test_result result = nt_test_run(program, 0, &options);
	bool passed = result.passed;

	if (report != NULL && strstr(result.report->str, report) == NULL)
		fail_msg("'%s' isn't in\n%s", report, result.report->str);
	nt_test_result_clear(&result);
	nt_program_unref(program);
	return passed;
}

static void tests_pass_and_fail(void **state)
{
	(void)state;
	assert_true(passes(A_TEST("[ email: m1, { at: +1 day, email: m2 }, nothing_else, at_end: { score: 5, tags: [ "
	                          "done ] } ]"),
	                   NULL));
	assert_true(passes(A_TEST("[ { at: 2026-06-02, email: m2 } ]"), NULL));
	assert_false(passes(A_TEST("[ { at: 2026-06-02 10:01, email: m2 } ]"),
	                    "  - Tue 2026-06-02 10:01 EDT  email: m2\n"));
	assert_false(passes(A_TEST("[ { at: 2026-06-02 10:00, email: m2 }, nothing_else ]"),
	                    "  + Mon 2026-06-01 10:00 EDT             email: m1\n"));
	assert_false(passes(A_TEST("[ email: m1, email: m1 ]"), "  - (any time)                email: m1\n"));
	assert_false(passes(A_TEST("[ at_end: { score: 6 } ]"), "at the end score is 5, not 6"));
	assert_false(passes(A_TEST("[ at_end: { tags: [ done, over ] } ]"), "at the end tags is done, not"));
	assert_false(passes(A_TEST("[ at_end: { email: other@example.org } ]"),
	                    "at the end email is \"ann@example.org\", not"));
	assert_true(passes(A_TEST("[ at_end: { owner: none, handoff: none, level: cold } ]"), NULL));
}

#define TWO_TAGS(tags) \
	"policy: { time_zone: UTC }\n---\nevents: { a.b: {} }\n---\ncampaign: x\nenter: { on: a.b }\n" \
	"steps: [ tag: a, tag: b ]\ntests:\n  - name: one\n    lead: { id: ann }\n" \
	"    events: [ { at: 2026-06-01 10:00, on: a.b } ]\n    expect: [ at_end: { tags: " tags " } ]\n"

static void names_at_the_end(void **state)
{
	(void)state;
	assert_true(passes(TWO_TAGS("[ b, a ]"), NULL));
	assert_false(passes(TWO_TAGS("[ a, a ]"), "at the end tags is a, b, not"));
	assert_false(passes(TWO_TAGS("a"), "at the end tags is a, b, not a"));
	assert_false(passes(TWO_TAGS("none"), "at the end tags is a, b, not none"));
}

#define A_TEST_WHEN(keys, events) \
	RULES "tests:\n" \
	"  - name: one\n    lead: { id: ann, email: ann@example.org, time_zone: America/New_York }\n" keys \
	"    events: [ " events " ]\n    expect: [ at_end: { tags: [] } ]\n"

/* An event before the one above it, or before the start, would happen later than it says. */
static void a_test_goes_forward(void **state)
{
	(void)state;
	assert_false(passes(A_TEST_WHEN("", "{ at: 2026-06-02 10:00, set: {} }, { at: 2026-06-01 10:00, set: {} }"),
	                    "events stand in the order of time: this one would come before the one above"));
	assert_false(passes(A_TEST_WHEN("    start: 2026-06-01 10:00\n", "{ at: 2026-06-01 09:59, set: {} }"),
	                    "the test starts after this"));
	assert_false(passes(A_TEST_WHEN("    until: 2026-06-02\n", "{ at: 2026-06-02 00:01, set: {} }"),
	                    "the test would end before its last event"));
	assert_false(passes(A_TEST_WHEN("", "{ at: 2026-06-01 10:00, on: a.b }, "
	                                    "{ on: email.opened, happened: 2026-06-01 }"),
	                    "happens as it is known"));
	assert_true(passes(A_TEST_WHEN("    start: 2026-06-01 10:00\n    until: 2026-06-02 10:00\n",
	                               "{ at: +1 day, set: {} }, { at: 2026-06-02 10:00, set: {} }"), NULL));
}

static void a_report_fits_its_width(void **state)
{
	static const char wanted[] =
		"                              expected             happened\n"
		"  - (any time)                tag: a name so long\n"
		"                              that it goes on\n"
		"                              below\n"
		"    Mon 2026-06-01 10:00 EDT                       email: m1\n"
		"    Tue 2026-06-02 10:00 EDT                       email: m2\n"
		"    Tue 2026-06-02 10:00 EDT                       tag: done\n";
	struct nt_program *program = program_of(A_TEST("[ tag: a name so long that it goes on below ]")
	                                        "---\ncampaign: other\nenter: { by_hand: true }\n"
	                                        "steps: [ tag: a name so long that it goes on below ]\n");
	const struct nt_test_options options = { .width = 59 };
	struct nt_test_result result = nt_test_run(program, 0, &options);

	(void)state;
	assert_non_null(strchr(result.report->str, '\n'));
	assert_string_equal(strchr(result.report->str, '\n') + 1, wanted);
	nt_test_result_clear(&result);
	nt_program_unref(program);
}

static void precision_is_what_was_written(void **state)
{
	(void)state;
	assert_true(passes(A_TEST("[ { at: 2026-06-01T14:00:00Z, email: m1 } ]"), NULL));
	assert_false(passes(A_TEST("[ { at: 2026-06-01T14:00:01Z, email: m1 } ]"), NULL));
	assert_true(passes(A_TEST("[ { at: 2026-06-01T10:00:00.000-04:00, email: m1 } ]"), NULL));
	assert_false(passes(A_TEST("[ { at: +23 hours 59 minutes, email: m2 } ]"), NULL));
}

/* ---- a lead for people ---- */

static void a_lead_is_described(void **state)
{
	static const char given[] = "{\"email\":\"a@b.c\",\"seats\":2,\"x\":{\"y\":1}}";
	struct nt_program *program = program_of(RULES);
	struct nt_driver *driver = nt_driver_new(program, at("UTC", "2026-06-01 10:00"), NULL, NULL);
	struct nt_arena *arena = nt_arena_new();
	struct nt_json_error error;
	struct nt_request request = {
		.arena = arena, .kind = NT_REQUEST_INPUT, .input_kind = NT_INPUT_FIELDS, .lead = "ann"
	};
	GString *out = g_string_new(NULL);
	const struct nt_json *json;
	struct nt_lead *lead;

	(void)state;
	request.json = nt_json_parse(arena, given, sizeof given - 1, &error);
	nt_driver_post(driver, at("UTC", "2026-06-01 10:00"), &request);
	request.input_kind = NT_INPUT_EVENT;
	request.json = nt_json_parse(arena, "{\"event\":\"a.b\"}", 15, &error);
	nt_driver_post(driver, at("UTC", "2026-06-01 10:00"), &request);
	lead = nt_driver_lead(driver, arena, "ann");
	nt_describe_lead_json(lead, at("UTC", "2026-06-01 11:00"), NULL, NULL, out);
	json = nt_json_parse(arena, out->str, out->len, &error);
	assert_non_null(json);
	assert_string_equal(nt_json_text(json, "id"), "ann");
	assert_string_equal(nt_json_text(nt_json_get(json, "fields"), "email"), "a@b.c");
	assert_string_equal(nt_json_get(nt_json_get(nt_json_get(json, "fields"), "x"), "y")->text, "1");
	assert_string_equal(nt_json_get(json, "score")->text, "7");
	assert_string_equal(nt_json_text(nt_json_get(json, "why")->first, "reason"), "seats == 2");
	assert_string_equal(nt_json_text(nt_json_get(json, "campaigns")->first, "step"), "wait-1");
	assert_string_equal(nt_json_text(nt_json_get(json, "campaigns")->first, "until"), "2026-06-02T10:00:00Z");
	assert_string_equal(nt_json_text(json, "due"), "2026-06-02T10:00:00Z");
	g_string_truncate(out, 0);
	nt_describe_lead_text(lead, at("UTC", "2026-06-01 11:00"), NULL, NULL, out);
	assert_non_null(strstr(out->str,
	                       "score 7, cold (fit 2, engagement 5)\n  +2      seats == 2\n  +5      a.b, last Mon"));
	assert_non_null(
		strstr(out->str, "  first, entered Mon 2026-06-01 06:00 EDT by a.b\n"
		                 "    wait-1: wait 1 day, until Tue"));
	g_string_free(out, TRUE);
	nt_arena_free(arena);
	nt_driver_free(driver);
	nt_program_unref(program);
}

/* What leads wrote is in their texts; a screen has room for so many. */
static void open_tasks_are_lines_of_the_screen(void **state)
{
	struct nt_program *program = program_of(RULES);
	struct nt_arena *arena = nt_arena_new();
	struct nt_lead *lead = nt_lead_new(arena, program, "ann");
	char call[] = "Call \033[2J\rAnn\n", anna[] = "anna", write[] = "Write";
	struct nt_task tasks[] = {
		{ .text = call, .rep = anna, .overdue = true, .due = at("UTC", "2026-06-01 10:00") },
		{ .text = write, .due = at("UTC", "2026-06-03 16:00") },
	};
	GPtrArray *list = g_ptr_array_new();
	GString *out = g_string_new(NULL);

	(void)state;
	g_ptr_array_add(list, &tasks[0]);
	g_ptr_array_add(list, &tasks[1]);
	nt_describe_lead_text(lead, at("UTC", "2026-06-01 11:00"), NULL, list, out);
	assert_non_null(strstr(out->str, "\nopen tasks\n"
	                                 "  Call [2J Ann: anna, overdue since Mon 2026-06-01 06:00 EDT\n"
	                                 "  Write: nobody's, due Wed 2026-06-03 12:00 EDT\n"));
	assert_null(strstr(out->str, "more"));
	while (list->len < 23)
		g_ptr_array_add(list, &tasks[1]);
	nt_describe_lead_text(lead, at("UTC", "2026-06-01 11:00"), NULL, list, g_string_truncate(out, 0));
	assert_non_null(strstr(out->str, "  Write: nobody's, due Wed 2026-06-03 12:00 EDT\n"
	                                 "  and 3 more: nurturectl task --lead ann\n"));
	g_string_free(out, TRUE);
	g_ptr_array_free(list, TRUE);
	nt_arena_free(arena);
	nt_program_unref(program);
}

/* A gateway's words, a form's: none of them is a line of the screen, or the terminal's business. */
static void what_others_wrote_steers_no_terminal(void **state)
{
	struct nt_program *program = program_of(RULES);
	struct nt_arena *arena = nt_arena_new();
	struct nt_lead *lead = nt_lead_new(arena, program, "ann");
	const char *tags[] = { "vip\nto come" };
	struct nt_described_outcome opened = { .what = "message.failed", .at = at("UTC", "2026-06-01 10:00"),
		                               .detail = "550 \033]0;root\007no\nmessages" };
	struct nt_described_message message = { .what = "message.released", .at = opened.at, .channel = "email",
		                                .template_name = "m1", .detail = "a\r\302\233" "31mb",
		                                .outcomes = &opened };
	GString *out = g_string_new(NULL);

	(void)state;
	lead->tags = tags;
	lead->n_tags = 1;
	lead->fields[NT_FIELD_CITY] = NT_TEXT_VALUE("\302\233" "2J");
	nt_describe_lead_text(lead, at("UTC", "2026-06-01 11:00"), &message, NULL, out);
	assert_non_null(strstr(out->str, "  tags             vip to come\n"));
	assert_non_null(strstr(out->str, "email m1:, a 31mb failed (550 ]0;root no messages)\n"));
	assert_null(strpbrk(out->str, "\033\007\r"));
	assert_null(strstr(out->str, "\302\233"));
	g_string_free(out, TRUE);
	nt_arena_free(arena);
	nt_program_unref(program);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_timeline_per_lead_and_totals),
		cmocka_unit_test(what_only_the_engine_knows_is_no_line),
		cmocka_unit_test(what_it_adds_up_to),
		cmocka_unit_test(reps_answer),
		cmocka_unit_test(answers_that_fit_nothing_are_refused),
		cmocka_unit_test(the_same_input_gives_the_same_bytes),
		cmocka_unit_test(progress_is_told),
		cmocka_unit_test(totals_are_json_too),
		cmocka_unit_test(a_live_store_is_gone_on_with),
		cmocka_unit_test(what_went_out_before_the_copy_is_clicked),
		cmocka_unit_test(a_load_that_moves_an_offer_begins_a_timeline),
		cmocka_unit_test(wrong_rows_are_named_and_left_out),
		cmocka_unit_test(nothing_to_do_is_said),
		cmocka_unit_test(tests_pass_and_fail),
		cmocka_unit_test(names_at_the_end),
		cmocka_unit_test(a_test_goes_forward),
		cmocka_unit_test(a_report_fits_its_width),
		cmocka_unit_test(precision_is_what_was_written),
		cmocka_unit_test(a_lead_is_described),
		cmocka_unit_test(open_tasks_are_lines_of_the_screen),
		cmocka_unit_test(what_others_wrote_steers_no_terminal),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	zones_free();
	return failed;
}
