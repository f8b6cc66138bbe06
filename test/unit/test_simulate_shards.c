/* However leads are divided into shards, and in whatever order those are played: the same bytes. */
#include "engine/simulate.h"

#include "base/diag.h"
#include "os/spread.h"

#include "program_text.h"
#include "unit.h"

#define LEADS 60
#define EVENTS 900

#define ALONE POLICY_TEXT RULES
#define RULES \
	"fields: { seats: number }\n" \
	"events: { a.b: { amount: number }, c.d: {} }\n" \
	"---\n" \
	"scoring: { half_life: 5 days, engagement: [ { on: a.b, points: 5, at_most: 20 per week } ],\n" \
	"  levels: { cold: 0, warm: 10 } }\n" \
	"---\n" \
	"campaign: first\nenter: { on: a.b }\nagain: after 3 days\ngoal: { on: email.clicked }\nexit: { on: c.d }\n" \
	"steps: [ email: m1, wait: 1 day, email: m2, wait: 2 days, sms: m1, tag: done ]\n" \
	"---\n" \
	"campaign: second\nenter: { when: score >= 10 }\n" \
	"steps: [ { split: [ { share: 50%, steps: [ email: m1 ] }, { share: 50%, steps: [ suppress: email ] } ] } ]\n"

static unsigned n_pieces, n_calls;

/* From the last to the first: whoever relies on an order is found out. */
static void backwards(void *user, const char *what, unsigned n, void (*work)(void *context, unsigned i),
                      void *context)
{
	(void)user;
	(void)what;
	n_calls++;
	n_pieces = MAX(n_pieces, n);
	while (n-- > 0)
		work(context, n);
}

static void side_by_side(void *user, const char *what, unsigned n, void (*work)(void *context, unsigned i),
                         void *context)
{
	struct nt_spread four = { .threads = 4 };

	(void)user;
	(void)what;
	n_calls++;
	n_pieces = MAX(n_pieces, n);
	nt_spread(&four, n, work, context);
}

static GString *simulated(const char *rules, int form, unsigned leads_a_shard, const GString *leads,
                          const GString *events, GString *found)
{
	struct nt_program *program = program_of(rules);
	struct nt_diags *diags = nt_diags_new();
	struct nt_simulation simulation = { .program = program, .start = NT_NO_TIME, .until = at("UTC", "2026-07-01"),
		                            .json = (form & 1) != 0, .summary = (form & 2) != 0,
		                            .leads_a_shard = leads_a_shard,
		                            .spread = leads_a_shard % 2 == 0 ? side_by_side : backwards,
		                            .leads = nt_diags_source(diags, "a.csv", leads->str, leads->len),
		                            .events = nt_diags_source(diags, "b", events->str, events->len) };
	GString *out = g_string_new(NULL);

	n_pieces = n_calls = 0;
	assert_true(nt_simulate(&simulation, diags, out));
	nt_diags_print_lines(diags, found);
	nt_diags_free(diags);
	nt_program_unref(program);
	return out;
}

static uint32_t draw(uint32_t *seed, uint32_t below)
{
	*seed = *seed * 1664525u + 1013904223u;
	return (*seed >> 8) % below;
}

/* Some share an address, some events an id; some rows and lines are wrong; some leads come while others are there, or
 * never; some times are of the lead's zone, and none in order. */
static void make_files(uint32_t *seed, bool tied, GString *leads, GString *events)
{
	static const char *const names[] = { "a.b",           "a.b",           "a.b",          "c.d",
		                             "email.clicked", "email.bounced", "sms.complained", "email.unsubscribed" };

	g_string_assign(leads, "id,email,phone,seats,consent_sms,created_at,time_zone\n");
	for (unsigned i = 0; i < LEADS; i++) {
		bool shares = tied && i > 3 && draw(seed, 6) == 0;

		g_string_append_printf(leads, "lead%u,%s%u@example.org,+1 555 01%02u,%s,%s,", i,
		                       shares ? "One" : "one", shares ? i - 1 - draw(seed, 3) : i,
		                       tied && draw(seed, 9) == 0 ? 7 : i,
		                       draw(seed, 20) == 0 ? "many" : "5", draw(seed, 3) == 0 ? "yes" : "");
		switch (draw(seed, 5)) {
		case 0:
			g_string_append_printf(leads, "2026-06-%02u 10:00", draw(seed, 28) + 1);
			break;
		case 1:
			g_string_append_printf(leads, "2026-06-%02uT12:30:00Z", draw(seed, 28) + 1);
			break;
		case 2:
			g_string_append(leads, i % 2 == 0 ? "2025-01-01" : i % 7 == 0 ? "2026-07-02" : "once");
			break;
		}
		g_string_append(leads, i % 3 == 0 ? ",Asia/Tokyo\n" : ",\n");
	}
	g_string_truncate(events, 0);
	for (unsigned i = 0; i < EVENTS; i++) {
		unsigned day = draw(seed, 28) + 1;

		if (draw(seed, 100) == 0)
			g_string_append(events, "{\"lead\":\"lead1\",\n");
		g_string_append_printf(events,
		                       "{\"id\":\"%u\",\"lead\":\"lead%u\",\"event\":\"%s\",\"at\":\"2026-06-%02u"
		                       "%s\",\"properties\":{\"amount\":%s}}\n",
		                       tied && i > 20 && draw(seed, 40) == 0 ? i - 1 - draw(seed, 20) : i,
		                       draw(seed, LEADS + 5),
		                       names[draw(seed, G_N_ELEMENTS(names))], day,
		                       draw(seed, 2) == 0 ? " 10:00" : "T12:30:00Z",
		                       draw(seed, 30) == 0 ? "\"x\"" : "1");
	}
}

static void shards_make_no_difference(void **state)
{
	static const unsigned sizes[] = { 1, 2, 7, 0 };
	GString *leads = g_string_new(NULL), *events = g_string_new(NULL);
	uint32_t seed = 20261128;

	(void)state;
	for (int round = 0; round < 4; round++) {
		make_files(&seed, true, leads, events);
		for (int form = 0; form < 4; form++) {
			GString *found = g_string_new(NULL),
				*whole = simulated(ALONE, form, LEADS * 2, leads, events, found);

			assert_int_equal(n_calls, 1); /* of the file: one shard isn't spread */
			assert_non_null(strstr(found->str, "b:"));
			for (unsigned i = 0; i < G_N_ELEMENTS(sizes); i++) {
				GString *other = g_string_new(NULL),
					*parts = simulated(ALONE, form, sizes[i], leads, events, other);

				assert_string_equal(whole->str, parts->str);
				assert_string_equal(found->str, other->str);
				assert_true(sizes[i] != 1 || n_pieces > 10);
				g_string_free(other, TRUE);
				g_string_free(parts, TRUE);
			}
			g_string_free(found, TRUE);
			g_string_free(whole, TRUE);
		}
	}
	g_string_free(leads, TRUE);
	g_string_free(events, TRUE);
}

#define TOGETHER \
	"{\"id\":\"1\",\"lead\":\"ann\",\"event\":\"a.b\",\"at\":\"2026-06-01T10:00:00Z\"}\n" \
	"{\"id\":\"1\",\"lead\":\"bea\",\"event\":\"a.b\",\"at\":\"2026-06-01T11:00:00Z\"}\n" \
	"{\"lead\":\"ann\",\"event\":\"email.unsubscribed\",\"at\":\"2026-06-01T12:00:00Z\"}\n" \
	"{\"id\":\"2\",\"lead\":\"cyd\",\"event\":\"a.b\",\"at\":\"2026-06-03T11:00:00Z\"}\n"

/* Who comes later is there as the file says, whoever else is in the shard. */
static void leads_come_when_the_file_says(void **state)
{
	GString *leads = g_string_new("id,email,created_at\n"
	                              "ann,a@example.org,2026-06-02T10:00:00Z\n"
	                              "bea,b@example.org,2026-06-01T10:00:00Z\n"
	                              "cyd,c@example.org,\n"
	                              "dan,d@example.org,2026-06-02T10:00:00Z\n"
	                              "eve,e@example.org,2027-01-01\n"),
		*events = g_string_new("{\"lead\":\"ann\",\"event\":\"a.b\",\"at\":\"2026-06-02T10:00:00Z\"}\n"
	                               "{\"lead\":\"cyd\",\"event\":\"a.b\",\"at\":\"2026-06-01T00:00:00Z\"}\n"
	                               "{\"lead\":\"dan\",\"event\":\"a.b\",\"at\":\"2026-06-02T09:00:00Z\"}\n");

	(void)state;
	for (unsigned size = 1; size < 8; size++) {
		GString *found = g_string_new(NULL), *out = simulated(ALONE, 1, size, leads, events, found);

		assert_string_equal(found->str, "b:3:1: warning: this comes before its lead's created_at: the lead "
		                                "begins with it, and has the row's fields only from then on\n");
		assert_non_null(strstr(out->str, "{\"lead\":\"ann\",\"at\":\"2026-06-02T10:00:00Z\",\"what\":"
		                                 "\"lead.created\"}\n{\"lead\":\"ann\",\"at\":\"2026-06-02T10:00:00Z\","
		                                 "\"what\":\"event\""));
		assert_non_null(strstr(out->str, "{\"lead\":\"bea\",\"at\":\"2026-06-01T10:00:00Z\",\"what\":"
		                                 "\"lead.created\""));
		assert_non_null(strstr(out->str, "{\"lead\":\"cyd\",\"at\":\"2026-06-01T00:00:00Z\",\"what\":"
		                                 "\"lead.created\""));
		assert_non_null(strstr(out->str, "{\"lead\":\"dan\",\"at\":\"2026-06-02T09:00:00Z\",\"what\":"
		                                 "\"lead.created\""));
		assert_null(strstr(out->str, "\"eve\""));
		assert_non_null(strstr(out->str, "\"leads\":4,\"events\":3,\"leads_after_end\":1,"));
		g_string_free(found, TRUE);
		g_string_free(out, TRUE);
	}
	g_string_free(leads, TRUE);
	g_string_free(events, TRUE);
}

/* A no at an address that two leads have; an id that came for another lead before. */
static void who_has_to_do_with_each_other_stays_together(void **state)
{
	GString *leads = g_string_new("id,email\nann,a@example.org\nbea,b@example.org\ncyd,A@Example.org\n"),
		*events = g_string_new(TOGETHER), *found = g_string_new(NULL),
		*out = simulated(ALONE, 2, 1, leads, events, found);

	(void)state;
	assert_string_equal(found->str, "");
	assert_non_null(strstr(out->str, "         3  events, 1 repeated\n")); /* with the unsubscribing */
	assert_non_null(strstr(out->str, "         1  sent       email m1\n"));
	if (strstr(out->str, "         1  skipped    email m1: the address for email is suppressed\n") == NULL)
		fail_msg("%s", out->str);
	g_string_free(leads, TRUE);
	g_string_free(events, TRUE);
	g_string_free(found, TRUE);
	g_string_free(out, TRUE);
}

static void rules_in_which_leads_meet_are_not_divided(void **state)
{
	static const char *const meeting[] = {
		ALONE "---\nsales:\n  ready: [ { on: a.b, reason: asked } ]\n"
		      "  reps:\n    anna: { email: anna@example.org, time_zone: UTC, hours: mon-fri 09:00-17:30 }\n"
		      "  teams: { dach: { reps: [ anna ] } }\n"
		      "  route: [ { to: team dach } ]\n  tell: [ email: new-lead ]\n",
		ALONE "---\ncampaign: third\nenter: { on: c.d }\n"
		      "steps: [ { split: [ { share: 50%, steps: [ email: m1 ] },\n"
		      "  { share: 50%, steps: [ email: m2 ] } ], best_by: clicked } ]\n",
		"policy:\n  sender: { name: Ada, email: ada@example.org, address: 1 Main St, phone: \"+1 555 0100\" }\n"
		"  rates: { sms: 60 per hour }\n---\n" RULES,
		ALONE "---\ncampaign: third\nenter: { on: c.d }\nsteps: [ set: { email: x@example.org } ]\n",
	};
	GString *leads = g_string_new(NULL), *events = g_string_new(NULL);
	uint32_t seed = 7;

	(void)state;
	make_files(&seed, false, leads, events);
	for (unsigned i = 0; i < G_N_ELEMENTS(meeting); i++) {
		GString *found = g_string_new(NULL), *out = simulated(meeting[i], 2, 1, leads, events, found);

		assert_int_equal(n_calls, 1); /* only to read the file */
		g_string_free(found, TRUE);
		g_string_free(out, TRUE);
	}
	g_string_free(simulated(ALONE, 2, 1, leads, events, events), TRUE);
	assert_int_equal(n_calls, 2);
	assert_true(n_pieces > LEADS);
	g_string_free(leads, TRUE);
	g_string_free(events, TRUE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shards_make_no_difference),
		cmocka_unit_test(leads_come_when_the_file_says),
		cmocka_unit_test(who_has_to_do_with_each_other_stays_together),
		cmocka_unit_test(rules_in_which_leads_meet_are_not_divided),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
