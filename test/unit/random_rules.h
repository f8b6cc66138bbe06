/* For unit tests: rule sets as chance writes them, from the language's own grammar, with templates m1 and m2. */
#ifndef NT_TEST_RANDOM_RULES_H
#define NT_TEST_RANDOM_RULES_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

static inline uint32_t chance(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return (uint32_t)(*seed >> 32);
}

static inline bool once_in(uint64_t *seed, unsigned n)
{
	return chance(seed) % n == 0;
}

#define PICK(seed, list) ((list)[chance(seed) % G_N_ELEMENTS(list)])

/* Hours of a day on some days of a week. */
struct hours {
	bool days[7]; /* from Monday */
	int from, to;
};

struct random_policy {
	struct hours send, sms;
	unsigned per_day, per_week, per_month; /* 0: no such cap */
	bool calendar;
	bool sms_opt_in, email_opt_in;
};

static const char *const day_names[] = { "mon", "tue", "wed", "thu", "fri", "sat", "sun" };
static const char *const holidays[] = { "2026-03-09", "2026-03-29", "2026-04-10" };

static inline void random_hours(uint64_t *seed, struct hours *hours)
{
	unsigned n = 0;

	for (int day = 0; day < 7; day++) {
		hours->days[day] = !once_in(seed, 3);
		n += hours->days[day];
	}
	hours->days[chance(seed) % 7] |= n == 0;
	hours->from = (int)(chance(seed) % 12);
	hours->to = hours->from + 3 + (int)(chance(seed) % 9);
}

static inline void write_hours(GString *out, const struct hours *hours)
{
	const char *between = "";

	g_string_append(out, "[ \"");
	for (int day = 0; day < 7; day++)
		if (hours->days[day]) {
			g_string_append_printf(out, "%s%s", between, day_names[day]);
			between = ",";
		}
	g_string_append_printf(out, " %02d:00-%02d:00\" ]", hours->from, hours->to);
}

static inline void write_policy(GString *out, uint64_t *seed, struct random_policy *policy)
{
	const char *between = "";

	random_hours(seed, &policy->send);
	random_hours(seed, &policy->sms);
	policy->per_day = chance(seed) % 3;
	policy->per_week = once_in(seed, 2) ? 0 : policy->per_day + 1 + chance(seed) % 3;
	policy->per_month = once_in(seed, 2) ? 0 : 4 + chance(seed) % 4;
	policy->calendar = once_in(seed, 3);
	policy->sms_opt_in = once_in(seed, 2);
	policy->email_opt_in = once_in(seed, 4);
	g_string_append(out, "policy:\n  sender: { name: Ada, email: ada@example.org, address: \"1 Main St\", phone: "
	                     "\"+1 555 0100\" }\n  time_zone: America/New_York\n  send:\n    default: ");
	write_hours(out, &policy->send);
	g_string_append(out, "\n    sms: ");
	write_hours(out, &policy->sms);
	g_string_append(out, "\n  at_most: [ ");
	if (policy->per_day > 0)
		g_string_append_printf(out, "%u per %sday", policy->per_day, policy->calendar ? "calendar " : "");
	between = policy->per_day > 0 ? ", " : "";
	if (policy->per_week > 0)
		g_string_append_printf(out, "%s%u per week", between, policy->per_week);
	between = policy->per_day > 0 || policy->per_week > 0 ? ", " : "";
	if (policy->per_month > 0)
		g_string_append_printf(out, "%s%u per month", between, policy->per_month);
	g_string_append(out, " ]\n  holidays: [ ");
	for (unsigned i = 0; i < G_N_ELEMENTS(holidays); i++)
		g_string_append_printf(out, "%s%s", i > 0 ? ", " : "", holidays[i]);
	g_string_append_printf(out, " ]\n  consent: { email: %s, sms: %s }\n",
	                       policy->email_opt_in ? "opt_in" : "opt_out", policy->sms_opt_in ? "opt_in" : "opt_out");
	if (once_in(seed, 3))
		g_string_append(out, "  suppress_if: bounced_hard or complained\n");
	g_string_append(out, "---\n");
}

static const char *const conditions[] = {
	"seats > 3", "did(\"c.d\", 2 days)", "not did(\"a.b\", 5 days)", "score >= 12", "in_segment(\"busy\")",
	"count(\"a.b\", 7 days) >= 2", "since(last(\"a.b\")) > 4 days", "messaged(2 days)", "reachable(\"sms\")",
	"received(\"m1\", 6 days)", "total(\"a.b\", \"amount\", 10 days) > 9", "level == \"warm\"", "country == none",
	"consent_email and not unsubscribed", "in_campaign(\"one\")", "reached_goal(\"two\") or finished(\"two\")",
	"now < 2026-04-01 12:00", "today != 2026-03-20", "not in_segment(\"quiet\") and seats != none",
};
static const char *const durations[] = { "10 minutes", "6 hours", "1 day", "2 days 3 hours", "1 week", "1 month",
	                                 "45 minutes", "24 hours" };

static inline void write_message_options(GString *out, uint64_t *seed, const char *pad)
{
	if (once_in(seed, 4))
		g_string_append_printf(out, "%s  %s: '%s'\n", pad, once_in(seed, 2) ? "if" : "unless",
		                       PICK(seed, conditions));
	if (once_in(seed, 6))
		g_string_append_printf(out, "%s  kind: service\n", pad);
	if (once_in(seed, 6))
		g_string_append_printf(out, "%s  window: mon-sat 06:00-15:00\n", pad);
	if (once_in(seed, 5))
		g_string_append_printf(out, "%s  give_up_after: %s\n", pad, PICK(seed, durations));
}

static inline void write_steps(GString *out, uint64_t *seed, int indent, int depth);

static inline void write_wait(GString *out, uint64_t *seed, int indent, int depth, const char *pad)
{
	static const char *const clocks[] = { "09:00", "monday 10:00", "mon-fri 09:00-11:00", "daily 22:00-02:00",
		                              "entered + 3 days", "ends - 2 days", "2026-03-29 02:30" };

	switch (chance(seed) % (depth > 0 ? 4 : 2)) {
	case 0:
		g_string_append_printf(out, "%s- wait: %s\n", pad, PICK(seed, durations));
		return;
	case 1:
		g_string_append_printf(out, "%s- wait_until: %s\n", pad, PICK(seed, clocks));
		return;
	case 2:
		g_string_append_printf(out, "%s- wait_until: '%s'\n", pad, PICK(seed, conditions));
		break;
	default:
		g_string_append_printf(out, "%s- wait_for: c.d\n", pad);
		break;
	}
	g_string_append_printf(out, "%s  up_to: %s\n%s  then:\n", pad, PICK(seed, durations), pad);
	write_steps(out, seed, indent + 4, depth - 1);
	g_string_append_printf(out, "%s  else:\n", pad);
	write_steps(out, seed, indent + 4, depth - 1);
}

static inline void write_branch(GString *out, uint64_t *seed, int indent, int depth, const char *pad)
{
	if (once_in(seed, 2)) {
		g_string_append_printf(out, "%s- if: '%s'\n%s  then:\n", pad, PICK(seed, conditions), pad);
		write_steps(out, seed, indent + 4, depth - 1);
		return;
	}
	g_string_append_printf(out, "%s- split:\n%s    - share: 50%%\n%s      steps:\n", pad, pad, pad);
	write_steps(out, seed, indent + 8, depth - 1);
	if (once_in(seed, 3)) {
		g_string_append_printf(out, "%s    - { share: 50%%, hold_out: true }\n", pad);
		return;
	}
	g_string_append_printf(out, "%s    - share: 50%%\n%s      steps:\n", pad, pad);
	write_steps(out, seed, indent + 8, depth - 1);
	if (once_in(seed, 3))
		g_string_append_printf(out, "%s  best_by: %s\n", pad, once_in(seed, 2) ? "opened" : "clicked");
}

static inline void write_schedule(GString *out, uint64_t *seed, int indent, int depth, const char *pad)
{
	static const char *const dates[] = { "ends", "entered", "created_at", "2026-03-08 02:30", "last(\"c.d\")",
		                             "entered + 3 days" };

	g_string_append_printf(out, "%s- schedule:\n", pad);
	for (unsigned n = 1 + chance(seed) % 3; n > 0; n--) {
		g_string_append_printf(out, "%s    - of: '%s'\n", pad, PICK(seed, dates));
		if (!once_in(seed, 4))
			g_string_append_printf(out, "%s      %s: %s\n", pad, once_in(seed, 2) ? "before" : "after",
			                       PICK(seed, durations));
		if (once_in(seed, 2))
			g_string_append_printf(out, "%s      time: %02u:30\n", pad, chance(seed) % 24);
		if (once_in(seed, 3))
			g_string_append_printf(out, "%s      late: send\n", pad);
		g_string_append_printf(out, "%s      steps:\n", pad);
		write_steps(out, seed, indent + 8, depth - 1);
	}
}

static inline void write_mark(GString *out, uint64_t *seed, const char *pad)
{
	static const char *const marks[] = { "tag: seen", "untag: seen", "points: 5", "points: -3", "stage: warm",
		                             "set: { seats: 5 }", "set: { seats: 1 }", "start: three" };

	if (once_in(seed, 25))
		g_string_append_printf(out, "%s- suppress: %s\n", pad, once_in(seed, 2) ? "marketing" : "sms");
	else
		g_string_append_printf(out, "%s- %s\n", pad, PICK(seed, marks));
}

static inline void write_steps(GString *out, uint64_t *seed, int indent, int depth)
{
	char *pad = g_strnfill((gsize)indent, ' ');

	for (unsigned n = 1 + chance(seed) % (depth > 1 ? 5 : 3); n > 0; n--) {
		switch (chance(seed) % (depth > 0 ? 8 : 6)) {
		case 0:
		case 1:
			g_string_append_printf(out, "%s- email: %s\n", pad, once_in(seed, 2) ? "m1" : "m2");
			write_message_options(out, seed, pad);
			break;
		case 2:
			g_string_append_printf(out, "%s- sms: m1\n", pad);
			write_message_options(out, seed, pad);
			break;
		case 3:
			write_mark(out, seed, pad);
			break;
		case 4:
		case 5:
			write_wait(out, seed, indent, depth, pad);
			break;
		default:
			if (once_in(seed, 3))
				write_schedule(out, seed, indent, depth, pad);
			else
				write_branch(out, seed, indent, depth, pad);
			break;
		}
	}
	g_free(pad);
}

static inline void write_campaign(GString *out, uint64_t *seed, const char *name)
{
	static const char *const ways[] = { "on: a.b", "on: c.d", "on: lead.changed", "on: score.crossed",
		                           "on: email.opened" };
	static const char *const calendar[] = { "date: ends, before: 2 days, time: 09:30", "date: ends, late: enter",
		                                "date: ends, every: week, if: seats > 2",
		                                "date: created_at, every: 3 days, after: 5 hours",
		                                "at: 2026-03-29 02:30, every: day",
		                                "at: 2026-03-20 22:00, if: score > 3",
		                                "at: 2026-03-20T12:00:00Z, every: 36 hours",
		                                "at: 2026-03-08 02:00, zone: Australia/Lord_Howe, every: week" };
	static const char *const agains[] = { "always", "after 3 days", "after 1 month", "always" };

	g_string_append_printf(out, "---\ncampaign: %s\npriority: %u\nenter:\n  - on: a.b\n", name, chance(seed) % 10);
	if (once_in(seed, 2))
		g_string_append_printf(out, "  - { %s }\n", ways[1 + chance(seed) % (G_N_ELEMENTS(ways) - 1)]);
	if (once_in(seed, 2))
		g_string_append_printf(out, "  - when: '%s'\n", PICK(seed, conditions));
	if (once_in(seed, 2))
		g_string_append_printf(out, "  - { %s }\n", PICK(seed, calendar));
	g_string_append_printf(out, "  - by_hand: true\nagain: %s\n", PICK(seed, agains));
	if (once_in(seed, 2))
		g_string_append(out, "goal: { on: x.y, do: [ tag: bought ] }\n");
	if (once_in(seed, 3))
		g_string_append_printf(out, "exit:\n  - when: '%s'\n", PICK(seed, conditions));
	if (once_in(seed, 3))
		g_string_append_printf(out, "pause: %s\n", PICK(seed, conditions));
	g_string_append(out, "steps:\n");
	write_steps(out, seed, 2, 2);
}

/* The text of a rule set; what it promises goes to *policy. */
static inline char *random_rules(uint64_t *seed, struct random_policy *policy)
{
	static const char *const names[] = { "one", "two", "three" };
	GString *out = g_string_new(NULL);

	write_policy(out, seed, policy);
	g_string_append(out, "fields:\n  seats: number\n  ends: date\n"
	                     "events:\n  a.b: { amount: number }\n  c.d: {}\n  x.y: {}\n---\n"
	                     "segments:\n  busy: count(\"c.d\", 3 days) >= 2\n"
	                     "  quiet: since(last(\"c.d\")) > 6 days\n---\n"
	                     "scoring:\n  half_life: 4 days\n  engagement:\n    - on: a.b\n"
	                     "      points: = event.amount\n"
	                     "      at_most: 30 per week\n    - on: c.d\n      points: 4\n"
	                     "  levels: { cold: 0, warm: 10, hot: 25 }\n");
	for (unsigned i = 0; i < G_N_ELEMENTS(names); i++)
		write_campaign(out, seed, names[i]);
	return g_string_free(out, FALSE);
}

#endif
