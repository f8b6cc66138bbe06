/* What the files of a simulation say, and what is said of them. */
#include "engine/simulate.h"

#include "base/diag.h"

#include "program_text.h"
#include "unit.h"

#define RULES \
	POLICY_TEXT \
	"fields: { seats: number, owns_home: yes_no }\n" \
	"events: { a.b: { amount: number }, c.d: { consent: text } }\n" \
	"---\n" \
	"campaign: first\nenter: { on: a.b }\nagain: always\nsteps: [ sms: m1, email: m1 ]\n"

struct played {
	GString *out, *found;
	bool ran;
};

static struct played play(const char *rules, const char *start, const char *csv, const char *lines)
{
	struct nt_program *program = program_of(rules);
	struct nt_diags *diags = nt_diags_new();
	struct nt_simulation simulation = { .program = program, .until = at("UTC", "2026-07-01"),
		                            .start = start != NULL ? at("UTC", start) : NT_NO_TIME };
	struct played played = { .out = g_string_new(NULL), .found = g_string_new(NULL) };

	if (csv != NULL)
		simulation.leads = nt_diags_source(diags, "a.csv", csv, strlen(csv));
	if (lines != NULL)
		simulation.events = nt_diags_source(diags, "b", lines, strlen(lines));
	played.ran = nt_simulate(&simulation, diags, played.out);
	nt_diags_print_lines(diags, played.found);
	nt_diags_free(diags);
	nt_program_unref(program);
	return played;
}

static void played_clear(struct played *played)
{
	g_string_free(played->out, TRUE);
	g_string_free(played->found, TRUE);
}

static void has(const GString *text, const char *piece)
{
	if (strstr(text->str, piece) == NULL)
		fail_msg("'%s' isn't in\n%s", piece, text->str);
}

#define START "2026-06-01 08:00"
#define EVENT "{\"lead\":\"ann\",\"event\":\"a.b\",\"at\":\"2026-06-02T10:00:00Z\""

/* ---- columns ---- */

static void columns_that_nothing_knows_are_named_once(void **state)
{
	struct played played = play(RULES, START,
	                            "id,score,First Name,Owns_Home,consent_sns,seats,tags,shoe,,owner\n"
	                            "ann,50,Ann,yes,yes,3,vip,44,x,bob\n"
	                            "bea,50,Bea,yes,yes,3,vip,44,x,bob\n", NULL);

	(void)state;
	assert_string_equal(played.found->str,
	                    "a.csv:1:4: warning: column 'score' has no effect: it isn't given, it follows from the "
	                    "rules\n"
	                    "a.csv:1:10: warning: column 'First Name' has no effect: the rules declare no such field "
	                    "(did you mean 'first_name'?)\n"
	                    "a.csv:1:21: warning: column 'Owns_Home' has no effect: the rules declare no such field "
	                    "(did you mean 'owns_home'?)\n"
	                    "a.csv:1:31: warning: column 'consent_sns' has no effect: the rules declare no such field "
	                    "(did you mean 'consent_sms'?)\n"
	                    "a.csv:1:54: warning: column 'shoe' has no effect: the rules declare no such field\n"
	                    "a.csv:1:59: warning: this column has no name\n"
	                    "a.csv:1:60: warning: column 'owner' has no effect: it isn't given, it follows from the "
	                    "rules\n");
	has(played.out, "         2  leads\n         0  events\n");
	played_clear(&played);
}

static void a_column_stands_once(void **state)
{
	struct played played = play(RULES, START, "id,seats,seats\nann,1,2\n", NULL);

	(void)state;
	assert_false(played.ran);
	assert_string_equal(played.found->str, "a.csv:1:10: error: there is a column 'seats' before this one\n");
	played_clear(&played);
}

static void consent_is_given_in_cells(void **state)
{
	static const char *const files[] = {
		"id,phone,consent\nann,+1 555 0101,{\"sms\": true}\n",
		"id,phone,consent\nann,+1 555 0101,\"{\"\"sms\"\": true, \"\"email\"\": false}\"\n",
		"id,phone,consent_sms\nann,+1 555 0101,yes\n",
		"id,phone,consent_sms,consent_email\nann,+1 555 0101,TRUE,no\n",
		"id,phone,consent,consent_sms\nann,+1 555 0101,{\"email\": true},yes\n",
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
		struct played played = play(RULES, START, files[i], EVENT "}\n");

		assert_string_equal(played.found->str, "");
		has(played.out, "consent               sms: given, api\n");
		has(played.out, "         1  sent       sms m1\n");
		has(played.out, i % 2 == 1 ? "email: refused, api\n" : "email m1: no address for email\n");
		played_clear(&played);
	}
}

#define NO_OBJECT \
	"a.csv:2:5: error: consent: must be an object such as {\"sms\": true}; or a column consent_sms says yes or no\n"

static void consent_that_is_none_is_refused(void **state)
{
	static const struct {
		const char *csv, *found;
	} wrong[] = {
		{ "id,consent\nann,sms\n", NO_OBJECT },
		{ "id,consent\nann,true\n", NO_OBJECT },
		{ "id,consent_sms\nann,maybe\n", "a.csv:2:5: error: consent_sms: must be yes or no\n" },
		{ "id,consent\nann,{\"fax\": true}\n", NULL },
		{ "id,consent\nann,{\"sns\": true}\n", "a.csv:2:5: error: consent.sns: there is no such channel\n" },
		{ "id,consent\nann,{\"sms\": 1}\n", "a.csv:2:5: error: consent.sms: must be true or false\n" },
		{ "id,consent,consent_sms\nann,{\"sms\": true},no\n",
		  "a.csv:2:5: error: consent: for sms it has a column of its own\n" },
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
		struct played played = play(RULES, START, wrong[i].csv, NULL);

		if (wrong[i].found != NULL) {
			assert_string_equal(played.found->str, wrong[i].found);
			has(played.out, "\n         0  leads\n         0  events, 1 row refused\n");
		}
		played_clear(&played);
	}
}

/* ---- refused rows ---- */

static void refused_rows_are_no_leads(void **state)
{
	struct played played = play(RULES, START,
	                            "id,seats\n"
	                            "ann,5\n"
	                            ",5\n"
	                            "bea,many\n"
	                            "cyd,1\n", NULL);

	(void)state;
	has(played.found, "a.csv:4:5: error: seats: ");
	has(played.found, "a.csv:3:1: error: lead: an id is 1 to 128 bytes");
	has(played.out, "\n         2  leads\n         0  events, 2 rows refused\n");
	has(played.out, "ann\n  Mon 2026-06-01 04:00 EDT   lead.created\ncyd\n");
	played_clear(&played);
}

/* ---- created_at ---- */

static void a_lead_comes_at_its_created_at(void **state)
{
	static const char csv[] = "id,time_zone,seats,created_at\n"
				  "ann,Europe/Berlin,1,2026-06-05\n"
				  "bea,,1,2026-06-03T10:00:00Z\n"
				  "cyd,,1,2019-01-01\n"
				  "dan,,1,\n"
				  "eve,,1,2026-07-01T00:00:00Z\n"
				  "fay,,1,2026-07-01T00:00:00.001Z\n"
				  "gus,,1,soon\n"
				  "hal,,many,2026-06-04\n"
				  "bea,,2,2026-06-04T10:00:00Z\n";
	struct played played = play(RULES, START, csv, "{\"lead\":\"bea\",\"event\":\"a.b\",\"at\":\"2027-01-01\"}\n");

	(void)state;
	has(played.out, "ann\n  Fri 2026-06-05 00:00 CEST  lead.created\n"
	                "bea\n  Wed 2026-06-03 06:00 EDT   lead.created\n  Thu 2026-06-04 06:00 EDT   lead.changed");
	has(played.out, "cyd\n  Mon 2026-06-01 04:00 EDT   lead.created\n"
	                "dan\n  Mon 2026-06-01 04:00 EDT   lead.created\n"
	                "eve\n  Tue 2026-06-30 20:00 EDT   lead.created\n"
	                "\nfrom Mon 2026-06-01 04:00 EDT to Tue 2026-06-30 20:00 EDT\n"
	                "         5  leads, 1 more after the end\n"
	                "         0  events, 1 more after the end, 2 rows refused\n");
	has(played.found, "a.csv:8:8: error: created_at: ");
	has(played.found, "a.csv:9:6: error: seats: ");
	played_clear(&played);
}

/* The field says so, and a broadcast comes to those who are there. */
static void what_comes_before_a_lead_passes_it_by(void **state)
{
	static const char rules[] = POLICY_TEXT
		"campaign: news\nenter: { at: 2026-06-10 09:00 }\nsteps: [ email: m1 ]\n---\n"
		"campaign: hello\nenter: { on: lead.created, if: created_at >= 2026-06-09 }\nsteps: [ tag: hello ]\n";
	struct played played = play(rules, START,
	                            "id,email,created_at\n"
	                            "ann,ann@example.org,2026-06-10 08:59\n"
	                            "bea,bea@example.org,2026-06-11\n"
	                            "cyd,cyd@example.org,2026-06-01\n", NULL);

	(void)state;
	has(played.out, "ann\n  Wed 2026-06-10 08:59 EDT   lead.created\n");
	has(played.out, "\nhello\n         2  entered\n");
	has(played.out, "\nnews\n         2  entered\n         2  sent       email m1\n");
	played_clear(&played);
}

static void the_start_is_that_of_the_events(void **state)
{
	struct played played = play(RULES, NULL, "id,created_at\nann,2019-01-01\nbea,2026-06-03\n", EVENT "}\n");

	(void)state;
	has(played.out, "ann\n  Tue 2026-06-02 06:00 EDT   lead.created\n");
	has(played.out, "bea\n  Wed 2026-06-03 00:00 EDT   lead.created\n");
	played_clear(&played);
	played = play(RULES, NULL, "id,created_at\nann,2019-01-01\n", NULL);
	assert_false(played.ran);
	played_clear(&played);
}

/* It isn't moved to the start: it counts from when it happened. */
static void what_happened_before_the_start_is_history(void **state)
{
	static const char rules[] = POLICY_TEXT "events: { a.b: {} }\n---\n"
		"campaign: first\nenter: { on: a.b }\nagain: always\nsteps: [ tag: fresh ]\n---\n"
		"campaign: second\nenter: { when: 'since(last(\"a.b\")) > 30 days' }\nsteps: [ tag: old ]\n";
	struct played played = play(rules, START, "id,email\nann,ann@example.org\nbea,bea@example.org\n",
	                            "{\"lead\":\"ann\",\"event\":\"a.b\",\"at\":\"2026-05-12T10:00:00Z\"}\n"
	                            "{\"lead\":\"bea\",\"event\":\"a.b\",\"at\":\"2026-05-31T10:00:00Z\"}\n");

	(void)state;
	assert_string_equal(played.found->str, "");
	has(played.out, "  Thu 2026-06-11 06:00 EDT   tag                   old (second)\n");
	has(played.out, "  Mon 2026-06-01 04:00 EDT   tag                   fresh (first)\n");
	has(played.out, "\nfirst\n         1  entered\n");
	has(played.out, "\nsecond\n         2  entered\n");
	played_clear(&played);
}

/* ---- events ---- */

static void what_an_event_lacks_is_said(void **state)
{
	struct played played = play(RULES, START, NULL,
	                            "{\"event\":\"a.b\",\"at\":\"2026-06-01T09:00:00Z\"}\n"
	                            "{\"lead\":\"ann\",\"at\":\"2026-06-01T09:00:00Z\"}\n"
	                            "{\"lead\":\"ann\",\"event\":\"a.b\"}\n"
	                            "{\"lead\":7,\"event\":\"a.b\",\"at\":\"2026-06-01T09:00:00Z\"}\n"
	                            "[1]\n");

	(void)state;
	assert_string_equal(played.found->str,
	                    "b:1:1: error: the key 'lead' is missing: whose event it is: the lead's id\n"
	                    "b:2:1: error: the key 'event' is missing: what happened, such as \"order.placed\"\n"
	                    "b:3:1: error: the key 'at' is missing: when it happened, such as "
	                    "\"2026-12-01T09:00:00Z\"\n"
	                    "b:4:1: error: the key 'lead' must be text: whose event it is: the lead's id\n"
	                    "b:5:1: error: an event must be an object such as {\"lead\": \"ann\", \"event\": "
	                    "\"order.placed\", \"at\": \"2026-12-01T09:00:00Z\"}\n");
	played_clear(&played);
}

static void outcomes_need_a_message(void **state)
{
	struct played played = play(RULES, START, "id,email\nann,ann@example.org\nbea,\n",
	                            EVENT "}\n"
	                            "{\"lead\":\"bea\",\"event\":\"email.unsubscribed\","
	                            "\"at\":\"2026-06-03T10:00:00Z\"}\n"
	                            "{\"lead\":\"ann\",\"event\":\"email.clicked\",\"at\":\"2026-06-03T10:00:00Z\","
	                            "\"properties\":{\"template\":\"m2\"}}\n"
	                            "{\"lead\":\"ann\",\"event\":\"email.clicked\",\"at\":\"2026-06-03T10:00:00Z\","
	                            "\"properties\":{\"template\":\"m1\"}}\n");

	(void)state;
	assert_string_equal(played.found->str, "b:2:1: error: no email has gone to this lead before\n"
	                                       "b:3:1: error: no email 'm2' has gone to this lead before\n");
	played_clear(&played);
}

static void consent_among_the_properties_is_warned_of_once(void **state)
{
	static const char one[] = EVENT ",\"properties\":{\"consent\":{\"sms\":true}}}\n",
			  fine[] = EVENT ",\"consent\":{\"sms\":true}}\n"
				   "{\"lead\":\"ann\",\"event\":\"c.d\",\"at\":\"2026-06-03T10:00:00Z\","
				   "\"properties\":{\"consent\":\"seen\"}}\n";
	char *three = g_strconcat(fine, one, one, one, NULL);
	struct played played = play(RULES, START, NULL, one);

	(void)state;
	assert_string_equal(played.found->str, "b:1:1: warning: consent stands among the properties, where it gives "
	                                       "none: it belongs beside them\n");
	has(played.out, "sms m1: no consent for sms\n");
	played_clear(&played);
	played = play(RULES, START, NULL, three);
	assert_string_equal(played.found->str, "b:3:1: warning: consent stands among the properties, where it gives "
	                                       "none: it belongs beside them (in 2 more events, too)\n");
	played_clear(&played);
	g_free(three);
}

static void events_that_no_rule_declares_are_named_once(void **state)
{
	struct played played = play(RULES, START, "id,email\nann,ann@example.org\n",
	                            "{\"lead\":\"ann\",\"event\":\"a.c\",\"at\":\"2026-06-02T10:00:00Z\"}\n"
	                            "{\"lead\":\"ann\",\"event\":\"a.c\",\"at\":\"2026-06-02T10:00:00Z\"}\n"
	                            "{\"lead\":\"ann\",\"event\":\"shoe.bought\",\"at\":\"2026-06-02T10:00:00Z\"}\n"
	                            "{\"lead\":\"ann\",\"event\":\"a.c\",\"at\":\"2026-06-02T10:00:00Z\"}\n"
	                            EVENT "}\n"
	                            "{\"lead\":\"ann\",\"event\":\"email.opened\",\"at\":\"2026-06-03T10:00:00Z\"}\n");

	(void)state;
	assert_string_equal(played.found->str,
	                    "b:1:1: warning: no rule reads 'a.c': the rules declare no such event (did you mean "
	                    "'a.b'?) (in 2 more events, too)\n"
	                    "b:3:1: warning: no rule reads 'shoe.bought': the rules declare no such event\n");
	has(played.out, "         6  events\n");
	played_clear(&played);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_that_nothing_knows_are_named_once),
		cmocka_unit_test(a_column_stands_once),
		cmocka_unit_test(consent_is_given_in_cells),
		cmocka_unit_test(consent_that_is_none_is_refused),
		cmocka_unit_test(refused_rows_are_no_leads),
		cmocka_unit_test(a_lead_comes_at_its_created_at),
		cmocka_unit_test(what_comes_before_a_lead_passes_it_by),
		cmocka_unit_test(the_start_is_that_of_the_events),
		cmocka_unit_test(what_happened_before_the_start_is_history),
		cmocka_unit_test(what_an_event_lacks_is_said),
		cmocka_unit_test(outcomes_need_a_message),
		cmocka_unit_test(consent_among_the_properties_is_warned_of_once),
		cmocka_unit_test(events_that_no_rule_declares_are_named_once),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	zones_free();
	return failed;
}
