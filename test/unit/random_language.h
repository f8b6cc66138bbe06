/* For unit tests: rule sets as chance writes them, with every step, option and way of the language, sales and all.
 *
 * `quiet` leaves out what goes to people (messages, hand-offs, tasks, announcements), whose time depends on when the
 * engine gets round to it; what is left happens at its own instant however late it is done. Templates m1 and m2 for
 * email, sms and letter, call for email and sms, news, visit and new-lead for email. */
#ifndef NT_TEST_RANDOM_LANGUAGE_H
#define NT_TEST_RANDOM_LANGUAGE_H

#include "random_rules.h"
#include "unit.h"

#include "base/diag.h"
#include "program_text.h"

#include <stdio.h>
#include <string.h>

#define DOCUMENTS 17u
#define DATES 6u /* the first so many ways in by the calendar */
#define RULE_SET_DOCUMENTS "\n---\n" /* between any two documents */

struct writer {
	GString *out;
	uint64_t *seed;
	bool quiet, keyed;
	bool handy;     /* an event is at hand: event.x may be asked */
	bool announced; /* reps are told of the campaign's broadcasts */
};

static const char *const lasting[] = { "90 minutes", "1 day", "36 hours", "3 days", "1 week", "1 month",
	                               "1 day 4 hours", "5 days", "20 minutes" };

/* Of a segment, a fit rule or a watcher's own: what doesn't need the score. */
static const char *const still_ones[] = {
	"seats > 3", "country in [\"US\", \"DE\"]", "vip", "vip == none", "ends == none", "starts != none",
	"lower(plan) starts_with \"pro\"", "length(plan) >= 4", "plan contains \"o\" or plan ends_with \"x\"",
	"plan matches \"p?o*\"", "domain(email) == \"example.org\"", "tags contains \"seen\"", "phone == none",
	"seats * 2 - 1 >= seats or_else 4", "seats / 2 < 2", "stage == \"lead\"", "stage in [\"warm\", \"customer\"]",
	"owner == none", "handoff == \"offered\" or handoff == \"waiting\"", "not bounced_hard and not complained",
	"consent_email", "consent_sms or unsubscribed", "created_at < 2026-03-10",
};
static const char *const moving_ones[] = {
	"did(\"a.b\")", "did(\"c.d\", 2 days)", "not did(\"a.b\", 1 month)", "count(\"a.b\") >= 4",
	"count(\"a.b\", 7 days) >= 2", "count(\"c.d\", 36 hours) == 1", "count(\"a.b\", 1 month) < 3",
	"count(\"c.d\", 5 days) > seats", "total(\"a.b\", \"amount\") > 30",
	"total(\"a.b\", \"amount\", 10 days) > 9", "total(\"a.b\", \"amount\", 1 month) / 2 <= 8",
	"last_value(\"a.b\", \"amount\") >= 6", "last_value(\"c.d\", \"page\") == \"home\"",
	"since(last(\"a.b\")) > 4 days", "since(first(\"c.d\")) <= 1 month", "since(starts) >= delay",
	"until(ends) < 3 days", "until(ends) >= 1 week 2 hours", "since(last(\"a.b\")) > since(last(\"c.d\"))",
	"since(created_at) < until(ends)", "since(starts or_else created_at) > 10 days",
	"now >= 2026-03-29 01:30", "now < starts", "today == ends", "today > day_of(created_at) + 20 days",
	"today in [2026-03-08, 2026-03-29, 2026-04-05]", "last(\"c.d\") + 3 days > first(\"a.b\")",
	"day_of(last(\"a.b\")) == today",
};
static const char *const sent_ones[] = {
	"messaged(2 days)", "not messaged(1 week)", "received(\"m1\", 6 days)", "opened(\"m1\")",
	"did(\"task.done\", 5 days)",
	"clicked(\"m2\", 3 days)",
	"replied(\"m1\") or opened(\"m2\", 1 day)", "reachable(\"sms\")", "reachable(\"email\") and seats != none",
	"did(\"email.sent\", 3 days)", "count(\"email.sent\") > 3", "since(last(\"message.skipped\")) > 2 days",
};
static const char *const derived_ones[] = {
	"score >= 12", "score > 30 or seats == 2", "fit < 5", "engagement >= 8", "score == 10",
	"engagement in [4, 5, 6]",
	"score - fit > 7", "level == \"warm\"", "level != \"cold\"", "in_segment(\"busy\")",
	"not in_segment(\"quiet\") and in_segment(\"either\")", "in_campaign(\"one\")", "finished(\"two\")",
	"reached_goal(\"three\") or finished(\"one\")", "fit + seats > score", "did(\"score.crossed\", 5 days)",
	"did(\"campaign.left\", 1 day)", "did(\"lead.changed\", 4 days)",
};
static const char *const handy_ones[] = { "event.page == \"home\"", "event.page != none", "event.order_id == \"X\"" };

static inline void write_condition(struct writer *w, int depth)
{
	uint64_t *seed = w->seed;

	if (depth > 0 && once_in(seed, 3)) {
		static const char *const joints[] = { ") and (", ") or (", ") and not (" };

		g_string_append(w->out, once_in(seed, 4) ? "not ((" : "((");
		write_condition(w, depth - 1);
		g_string_append(w->out, PICK(seed, joints));
		write_condition(w, depth - 1);
		g_string_append(w->out, "))");
	} else if (once_in(seed, 4)) {
		g_string_append(w->out, PICK(seed, still_ones));
	} else if (!w->quiet && once_in(seed, 5)) {
		g_string_append(w->out, PICK(seed, sent_ones));
	} else if (w->handy && once_in(seed, 3)) {
		g_string_append(w->out, PICK(seed, handy_ones));
	} else if (once_in(seed, 2)) {
		g_string_append(w->out, PICK(seed, derived_ones));
	} else {
		g_string_append(w->out, PICK(seed, moving_ones));
	}
}

static inline void write_if(struct writer *w, const char *pad, unsigned rarely)
{
	if (!once_in(w->seed, rarely))
		return;
	g_string_append_printf(w->out, "%s  %s: '", pad, once_in(w->seed, 2) ? "if" : "unless");
	write_condition(w, 1);
	g_string_append(w->out, "'\n");
}

static inline void write_language_steps(struct writer *w, int indent, int depth);

static inline void write_sending(struct writer *w, const char *pad)
{
	static const char *const ones[] = { "email: m1", "email: m2", "email: m1", "sms: m1", "letter: m2",
		                            "first_of: [ sms: m2, email: m1 ]", "first_of: [ letter: m1, sms: m1 ]",
		                            "push: m1", "webhook: crm" };
	static const char *const windows[] = { "mon-sat 06:00-15:00", "daily 21:00-02:30",
		                               "[ mon-wed 09:00-12:00, thu 01:30-03:00 ]" };
	const char *one = PICK(w->seed, ones);
	bool webhook = g_str_has_prefix(one, "webhook");

	g_string_append_printf(w->out, "%s- %s\n", pad, one);
	write_if(w, pad, 4);
	if (once_in(w->seed, 4))
		g_string_append_printf(w->out, "%s  with: { half: \"= score / 2\", by: \"= owner or_else 'nobody'\", "
		                               "word: fixed }\n", pad);
	if (!webhook && once_in(w->seed, 6))
		g_string_append_printf(w->out, "%s  kind: service\n", pad);
	if (!webhook && once_in(w->seed, 5))
		g_string_append_printf(w->out, "%s  window: %s\n", pad, PICK(w->seed, windows));
	if (!webhook && once_in(w->seed, 4))
		g_string_append_printf(w->out, "%s  give_up_after: %s\n", pad, PICK(w->seed, lasting));
}

/* Not for ever: what goes round opens one each time, and all of them pass to each new owner. */
static inline void write_task(struct writer *w, const char *pad)
{
	static const char *const tasks[] = { "call", "call", "visit" };
	const char *task = PICK(w->seed, tasks);

	g_string_append_printf(w->out, "%s- task: %s\n%s  due: %s\n%s  if: 'count(\"campaign.entered\") < 25", pad,
	                       task, pad, PICK(w->seed, lasting), pad);
	if (once_in(w->seed, 5)) {
		g_string_append(w->out, " and (");
		write_condition(w, 1);
		g_string_append(w->out, ")");
	}
	g_string_append(w->out, "'\n");
}

static inline void write_change(struct writer *w, const char *pad)
{
	static const char *const ones[] = {
		"tag: seen", "untag: seen", "tag: other", "points: 5", "points: -3", "points: = seats * 2",
		"{ points: 7, reason: a gift }", "stage: warm", "stage: lead", "set: { seats: 5 }", "set: { seats: 1 }",
		"set: { seats: \"= seats + 1\", plan: pro-x }", "set: { starts: \"= now\", vip: yes }",
		"set: { ends: \"= today + 6 days\" }", "start: three", "{ start: two, if: seats > 2 }",
	};
	static const char *const people[] = {
		"hand_off: it is warm", "hand_off: asked twice", "assign: team east", "assign: rep bob",
		"assign: by_route",
		"{ tell: owner, message: news }", "{ tell: manager, message: news }",
		"{ tell: team west, message: news }",
		"{ tell: rep anna, message: news }", "suppress: sms",
	};

	if (!w->quiet && once_in(w->seed, 4)) {
		write_task(w, pad);
	} else if (!w->quiet && once_in(w->seed, 4)) {
		g_string_append_printf(w->out, "%s- %s\n", pad, PICK(w->seed, people));
	} else if (!w->quiet && once_in(w->seed, 40)) {
		g_string_append_printf(w->out, "%s- suppress: marketing\n", pad);
	} else {
		g_string_append_printf(w->out, "%s- %s\n", pad, PICK(w->seed, ones));
	}
}

static inline void write_then(struct writer *w, int indent, int depth, const char *pad, bool handy,
                              bool ends)
{
	bool before = w->handy;

	if (ends || !once_in(w->seed, 4)) {
		g_string_append_printf(w->out, "%s  then:\n", pad);
		w->handy = handy;
		write_language_steps(w, indent + 4, depth - 1);
		w->handy = before;
	}
	if (ends && once_in(w->seed, 2)) {
		g_string_append_printf(w->out, "%s  else:\n", pad);
		write_language_steps(w, indent + 4, depth - 1);
	}
	w->handy = false;
}

static inline void write_waiting(struct writer *w, int indent, int depth, const char *pad)
{
	static const char *const clocks[] = { "09:00", "02:30", "monday 10:00", "sunday 01:30", "mon-fri 09:00-11:00",
		                              "daily 22:00-02:00", "[ tue 10:00-12:00, sat 01:30-03:00 ]",
		                              "entered + 3 days", "ends - 2 days", "starts + delay",
		                              "2026-03-29 02:30", "'last(\"a.b\") + 1 month'", "2026-04-01" };
	static const char *const events[] = { "c.d", "a.b", "[ a.b, x.y ]", "[ c.d, lead.changed ]", "score.crossed" };
	static const char *const done[] = { "task.done", "[ task.done, c.d ]", "[ x.y, task.done ]" };
	unsigned choice = chance(w->seed) % (depth > 0 ? 5 : 3);
	bool ends;

	if (choice < 2) {
		g_string_append_printf(w->out, "%s- wait: %s\n", pad, PICK(w->seed, lasting));
		write_if(w, pad, 8);
		w->handy = false;
		return;
	}
	if (choice == 2) {
		g_string_append_printf(w->out, "%s- wait_until: %s\n", pad, PICK(w->seed, clocks));
		w->handy = false;
		return;
	}
	if (choice == 3) {
		g_string_append_printf(w->out, "%s- wait_until: '", pad);
		write_condition(w, 1);
		g_string_append(w->out, "'\n");
	} else {
		const char *awaited = !w->quiet && once_in(w->seed, 4) ? PICK(w->seed, done) : PICK(w->seed, events);

		g_string_append_printf(w->out, "%s- wait_for: %s\n", pad, awaited);
		if (strcmp(awaited, "c.d") == 0 && once_in(w->seed, 2))
			g_string_append_printf(w->out, "%s  if: 'event.page == \"home\" or seats > 4'\n", pad);
		if (strcmp(awaited, "task.done") == 0 && once_in(w->seed, 2))
			g_string_append_printf(w->out, "%s  if: 'event.template == \"call\"'\n", pad);
		if (w->keyed)
			g_string_append_printf(w->out, "%s  of: anything\n", pad);
	}
	ends = !once_in(w->seed, 4);
	if (ends)
		g_string_append_printf(w->out, "%s  up_to: %s\n", pad, PICK(w->seed, lasting));
	write_then(w, indent, depth, pad, false, ends);
}

static inline void write_choosing(struct writer *w, int indent, int depth, const char *pad)
{
	bool before = w->handy;

	g_string_append_printf(w->out, "%s- choose:\n", pad);
	for (unsigned n = 1 + chance(w->seed) % 2; n > 0; n--) {
		g_string_append_printf(w->out, "%s    - if: '", pad);
		write_condition(w, 1);
		g_string_append_printf(w->out, "'\n%s      steps:\n", pad);
		w->handy = before;
		write_language_steps(w, indent + 8, depth - 1);
	}
	if (once_in(w->seed, 2)) {
		g_string_append_printf(w->out, "%s    - otherwise:\n", pad);
		w->handy = before;
		write_language_steps(w, indent + 8, depth - 1);
	}
	w->handy = false;
}

static inline void write_splitting(struct writer *w, int indent, int depth, const char *pad)
{
	static const unsigned shares[] = { 50, 10, 90 };
	unsigned share = PICK(w->seed, shares);

	g_string_append_printf(w->out, "%s- split:\n%s    - share: %u%%\n%s      steps:\n", pad, pad, share, pad);
	w->handy = false;
	write_language_steps(w, indent + 8, depth - 1);
	if (once_in(w->seed, 3)) {
		g_string_append_printf(w->out, "%s    - { share: %u%%, hold_out: true }\n", pad, 100 - share);
		return;
	}
	g_string_append_printf(w->out, "%s    - share: %u%%\n%s      steps:\n", pad, 100 - share, pad);
	w->handy = false;
	write_language_steps(w, indent + 8, depth - 1);
	if (!w->quiet && once_in(w->seed, 2))
		g_string_append_printf(w->out, "%s  best_by: %s\n", pad, once_in(w->seed, 2) ? "clicked" : "opened");
}

static inline void write_points(struct writer *w, int indent, int depth, const char *pad)
{
	static const char *const dates[] = { "ends", "starts", "entered", "created_at", "2026-03-29",
		                             "'last(\"c.d\")'" };

	g_string_append_printf(w->out, "%s- schedule:\n", pad);
	for (unsigned n = 1 + chance(w->seed) % 3; n > 0; n--) {
		const char *between = "-";

		if (!once_in(w->seed, 4)) {
			g_string_append_printf(w->out, "%s    %s %s: %s\n", pad, between,
			                       once_in(w->seed, 2) ? "before" : "after", PICK(w->seed, lasting));
			between = " ";
		}
		g_string_append_printf(w->out, "%s    %s of: %s\n", pad, between, PICK(w->seed, dates));
		if (once_in(w->seed, 2))
			g_string_append_printf(w->out, "%s      time: %s\n", pad,
			                       once_in(w->seed, 2) ? "02:30" : "09:00");
		if (once_in(w->seed, 3))
			g_string_append_printf(w->out, "%s      late: send\n", pad);
		g_string_append_printf(w->out, "%s      steps:\n", pad);
		w->handy = false;
		write_language_steps(w, indent + 8, depth - 1);
	}
	w->handy = false;
}

static inline void write_language_step(struct writer *w, int indent, int depth, const char *pad)
{
	switch (chance(w->seed) % (depth > 0 ? 12 : 8)) {
	case 0:
	case 1:
	case 2:
		if (!w->quiet) {
			write_sending(w, pad);
			return;
		} /* fall through */
	case 3:
	case 4:
		write_change(w, pad);
		return;
	case 5:
	case 6:
	case 7:
		write_waiting(w, indent, depth, pad);
		return;
	case 8:
		g_string_append_printf(w->out, "%s- if: '", pad);
		write_condition(w, 1);
		g_string_append(w->out, "'\n");
		write_then(w, indent, depth, pad, w->handy, true);
		return;
	case 9:
		write_choosing(w, indent, depth, pad);
		return;
	case 10:
		write_points(w, indent, depth, pad);
		return;
	default:
		write_splitting(w, indent, depth, pad);
		return;
	}
}

static inline void write_language_steps(struct writer *w, int indent, int depth)
{
	char *pad = g_strnfill((gsize)indent, ' ');

	for (unsigned n = 1 + chance(w->seed) % (depth > 1 ? 6 : 3); n > 0; n--)
		write_language_step(w, indent, depth, pad);
	if (depth > 0 && depth < 3 && once_in(w->seed, 12))
		g_string_append_printf(w->out, "%s- stop:\n%s  if: seats > 3\n", pad, pad);
	g_free(pad);
}

static inline void write_enter(struct writer *w)
{
	static const char *const ways[] = { "on: c.d", "on: lead.changed", "on: score.crossed", "on: campaign.left",
		                            "on: a.b, if: event.amount > 5 or did(\"c.d\")" };
	static const char *const calendar[] = {
		"date: ends", "date: ends, before: 2 days, time: 02:30", "date: ends, after: 1 month, late: enter",
		"date: starts, after: 3 hours", "date: starts, every: week, if: seats > 2",
		"date: created_at, every: 3 days, after: 5 hours", "at: 2026-03-29 02:30, every: day",
		"at: 2026-03-20 22:00, if: score > 3", "at: 2026-03-20T12:00:00Z, every: 36 hours, if: vip",
		"at: 2026-03-08 02:00, zone: Australia/Lord_Howe, every: week", "at: 2026-04-05 01:45",
	};

	static const char *const broadcasts[] = {
		"at: 2026-03-09 10:00, every: 2 weeks, if: seats > 2", "at: 2026-03-29 02:30, every: week",
		"at: 2026-03-20T12:00:00Z, every: 8 days", "at: 2026-04-05 01:45, if: vip",
		"at: 2026-03-08 02:00, zone: Australia/Lord_Howe, every: month",
	};

	g_string_append(w->out, "enter:\n  - on: a.b\n");
	if (w->keyed) {
		g_string_append(w->out, "  - { on: c.d, if: 'event.page != \"away\"' }\n");
		return;
	}
	if (w->announced)
		g_string_append_printf(w->out, "  - { %s }\n", PICK(w->seed, broadcasts));
	if (once_in(w->seed, 2))
		g_string_append_printf(w->out, "  - { %s }\n", PICK(w->seed, ways));
	if (once_in(w->seed, 2)) /* announced broadcasts come seldom enough for what is said before */
		g_string_append_printf(w->out, "  - { %s }\n",
		                       calendar[chance(w->seed) % (w->announced ? DATES : G_N_ELEMENTS(calendar))]);
	for (unsigned n = chance(w->seed) % 3; n > 0; n--) {
		g_string_append(w->out, "  - when: '");
		write_condition(w, 1);
		g_string_append_printf(w->out, "'\n%s", once_in(w->seed, 3) ? "    existing: enter\n" : "");
	}
	g_string_append(w->out, "  - by_hand: true\n");
}

static inline void write_ways_out(struct writer *w)
{
	if (once_in(w->seed, 2))
		g_string_append_printf(w->out, "goal:\n  - { on: x.y, do: [ tag: bought, points: 3 ]%s }\n",
		                       w->keyed && once_in(w->seed, 2) ? ", of: anything" : "");
	if (once_in(w->seed, 2))
		return;
	g_string_append(w->out, "exit:\n  - when: '");
	write_condition(w, 1);
	g_string_append(w->out, once_in(w->seed, 2) ? "'\n" : "'\n    do: [ untag: seen, start: three ]\n");
	if (once_in(w->seed, 3))
		g_string_append_printf(w->out, "  - { on: c.d, if: seats == 4%s }\n", w->keyed ? ", of: anything" : "");
}

static inline void write_language_campaign(struct writer *w, const char *name, bool keyed)
{
	static const char *const agains[] = { "always", "after 3 days", "after 1 month", "always", "never" };
	bool loops = once_in(w->seed, 3);

	w->keyed = keyed;
	w->handy = false;
	g_string_append_printf(w->out, "campaign: %s\npriority: %u\n", name, chance(w->seed) % 10);
	if (keyed)
		g_string_append(w->out, "per: event.order_id\n");
	write_enter(w);
	g_string_append_printf(w->out, "again: %s\n", PICK(w->seed, agains));
	if (once_in(w->seed, 4))
		g_string_append_printf(w->out, "cooldown: %s\n", PICK(w->seed, lasting));
	if (once_in(w->seed, 5))
		g_string_append(w->out, "during: restart\n");
	write_ways_out(w);
	if (once_in(w->seed, 3)) {
		g_string_append(w->out, "pause: '");
		write_condition(w, 1);
		g_string_append(w->out, "'\n");
	}
	g_string_append(w->out, "steps:\n");
	if (loops)
		g_string_append(w->out, "  - { tag: round, id: top }\n  - untag: round\n");
	write_language_steps(w, 2, 2);
	if (loops)
		g_string_append(w->out, "  - wait: 3 days # a round\n  - { go_to: top, if: count(\"a.b\") < 9 }\n");
	if (once_in(w->seed, 2))
		g_string_append(w->out, "  - { go_to: end, unless: 'did(\"c.d\", 6 days)' }\n  - wait: 2 hours\n"
		                        "  - { tag: done, id: end }\n");
	g_string_append(w->out, RULE_SET_DOCUMENTS);
}

static inline void write_sales(struct writer *w)
{
	static const char *const turns[] = { "round_robin", "least_open", "weighted" };
	uint64_t *seed = w->seed;

	g_string_append(w->out, "sales:\n  ready:\n    - { on: x.y, reason: asked, if: seats != 3 }\n"
	                        "    - when: score >= 25\n      unless: stage == \"customer\"\n      reason: score\n");
	if (once_in(seed, 2))
		g_string_append_printf(w->out, "      accept_within: %s\n", PICK(seed, lasting));
	if (once_in(seed, 2))
		g_string_append_printf(w->out, "  again: after %s\n", PICK(seed, lasting));
	g_string_append_printf(w->out,
	        "  reps:\n    anna: { email: anna@example.org, time_zone: Europe/Berlin, hours: mon-fri 09:00-17:30, "
	        "open_at_most: %u, away: [ 2026-03-02..2026-03-12 ] }\n"
	        "    bob: { email: bob@example.org, phone: \"+15550111\", time_zone: America/New_York, "
	        "hours: mon-fri 09:00-17:00 }\n"
	        "    cem: { email: cem@example.org, time_zone: Australia/Lord_Howe, open_at_most: 1, weight: 2, "
	        "away: [ 2026-03-20..2026-04-06 ] }\n", 1 + chance(seed) % 3);
	g_string_append_printf(w->out, "  teams:\n    east: { reps: [ cem, anna ], manager: bob, turn: %s }\n"
	                               "    west: { reps: [ bob, cem ]%s, turn: %s }\n",
	                       PICK(seed, turns), once_in(seed, 2) ? ", manager: anna" : "", PICK(seed, turns));
	g_string_append(w->out, "  route:\n");
	if (once_in(seed, 2))
		g_string_append(w->out, "    - { if: owner != none, to: owner }\n");
	if (once_in(seed, 3))
		g_string_append(w->out, "    - { if: seats > 5, to: rep anna }\n");
	g_string_append(w->out, "    - { if: 'country == \"DE\"', to: team east }\n    - { to: team west }\n"
	                        "  tell: [ email: new-lead ]\n");
	g_string_append_printf(w->out, "  accept_within: %s\n", PICK(seed, lasting));
	if (once_in(seed, 3))
		g_string_append(w->out, "  clock: always\n");
	g_string_append_printf(w->out, "  then: [ %s ]\n",
	                       once_in(seed, 2) ? "next_rep, next_rep, manager" : "manager, next_rep");
	if (once_in(seed, 2))
		g_string_append(w->out, "  after_accept:\n    - { within: 24 hours, then: tell manager }\n"
		                        "    - { within: 3 days, then: next_rep }\n");
	g_string_append(w->out, "  reasons:\n    too_early: { recycle: three, after: 5 days, points: -4 }\n"
	                        "    no_budget: { recycle: three, not_again_for: 9 days }\n"
	                        "    bad_fit: { fit: -5, stage: lost }\n    bad_data: { suppress: marketing }\n"
	                        "    wrong_team: { route_again: true }\n" RULE_SET_DOCUMENTS);
}

static inline void write_announcements(struct writer *w)
{
	static const char *const whom[] = { "team east", "team west", "rep anna", "rep bob" };
	static const char *const before[] = { "2 hours", "3 days", "1 day", "6 days 23 hours", "90 minutes" };

	g_string_append(w->out, "announcements:\n");
	for (unsigned n = 1 + chance(w->seed) % 3; n > 0; n--) {
		const char *to = PICK(w->seed, whom), *early = PICK(w->seed, before);

		g_string_append_printf(w->out, "  - { campaign: two, tell: %s, before: %s, message: %s }\n", to, early,
		                       once_in(w->seed, 3) ? "m1" : "news");
	}
	g_string_append(w->out, RULE_SET_DOCUMENTS);
}

static inline void write_scoring(struct writer *w)
{
	static const char *const halves[] = { "4 days", "36 hours", "2 weeks" };

	g_string_append(w->out, "scoring:\n");
	if (!once_in(w->seed, 4))
		g_string_append_printf(w->out, "  half_life: %s\n", PICK(w->seed, halves));
	g_string_append_printf(w->out,
	        "  fit:\n    - { if: seats > 3, points: 7.5 }\n"
	        "    - { if: 'since(last(\"a.b\")) > 6 days', points: -4 }\n"
	        "    - { if: in_segment(\"busy\"), points: 3 }\n    - { if: vip, points: = seats / 4 }\n"
	        "    - { if: country != none, points: '= count(\"c.d\", 2 days) * 1.5' }\n"
	        "  engagement:\n    - { on: a.b, points: = event.amount, at_most: 30 per %s }\n"
	        "    - { on: c.d, points: 4, if: event.page != \"away\" }\n    - { on: x.y, points: -6 }\n"
	        "    - { on: c.d, points: = seats / 3, at_most: 4 per 2 days }\n"
	        "  levels: { cold: 0, warm: 10, hot: 25 }\n" RULE_SET_DOCUMENTS,
	        once_in(w->seed, 2) ? "week" : "calendar day");
}

/* The text of a rule set, its documents divided by RULE_SET_DOCUMENTS. */
static inline char *random_language(uint64_t *seed, bool quiet)
{
	struct writer w = { .out = g_string_new(NULL), .seed = seed, .quiet = quiet };
	struct random_policy policy;

	write_policy(w.out, seed, &policy);
	g_string_truncate(w.out, w.out->len - strlen("---\n"));
	g_string_append(w.out, RULE_SET_DOCUMENTS
	        "fields:\n  seats: number\n  ends: date\n  starts: time\n  plan: text\n"
	        "  vip: yes_no\n  delay: duration\n"
	        "events:\n  a.b: { amount: number, order_id: text }\n  c.d: { page: text, order_id: text }\n"
	        "  x.y: { order_id: text }\n" RULE_SET_DOCUMENTS
	        "segments:\n  busy: count(\"c.d\", 3 days) >= 2\n"
	        "  quiet: since(last(\"c.d\")) > 6 days and not did(\"a.b\", 4 days)\n"
	        "  either: in_segment(\"busy\") or seats > 4 or until(ends) < 1 week\n" RULE_SET_DOCUMENTS);
	write_scoring(&w);
	if (!quiet)
		write_sales(&w);
	write_language_campaign(&w, "one", false);
	w.announced = !quiet;
	write_language_campaign(&w, "two", false);
	w.announced = false;
	write_language_campaign(&w, "three", false);
	write_language_campaign(&w, "four", true);
	if (!quiet)
		write_announcements(&w);
	g_string_truncate(w.out, w.out->len - strlen(RULE_SET_DOCUMENTS));
	g_string_append_c(w.out, '\n');
	return g_string_free(w.out, FALSE);
}

/* The rules as a program: in one file, or (shuffle not 0) each document in a file of its own, in any order. NULL if
 * they don't load and needn't. */
static inline struct nt_program *language_program(const char *text, uint64_t shuffle, bool must)
{
	static const char mail[] = "---\nsubject: Hello\n---\nHello {{ first_name | default: \"you\" }} {{ half }}\n",
			  plain[] = "Hello\n";
	static const char task[] = "---\nsubject: Call {{ first_name | default: \"them\" }}\n---\nBy {{ task.due }}\n";
	const struct nt_file templates[] = {
		{ "templates/call/email.txt", task, sizeof task - 1 },
		{ "templates/call/sms.txt", plain, sizeof plain - 1 },
		{ "templates/m1/email.txt", mail, sizeof mail - 1 },
		{ "templates/m1/letter.txt", plain, sizeof plain - 1 },
		{ "templates/m1/push.txt", plain, sizeof plain - 1 },
		{ "templates/m1/sms.txt", plain, sizeof plain - 1 },
		{ "templates/m2/email.txt", mail, sizeof mail - 1 },
		{ "templates/m2/letter.txt", plain, sizeof plain - 1 },
		{ "templates/m2/sms.txt", plain, sizeof plain - 1 },
		{ "templates/new-lead/email.txt", mail, sizeof mail - 1 },
		{ "templates/news/email.txt", mail, sizeof mail - 1 },
		{ "templates/visit/email.txt", mail, sizeof mail - 1 },
	};
	char **documents = g_strsplit(text, RULE_SET_DOCUMENTS, -1), paths[DOCUMENTS][8];
	struct nt_file files[DOCUMENTS];
	struct nt_rule_set_files set = { .rules = files, .n_rules = g_strv_length(documents), .templates = templates,
	                                 .n_templates = G_N_ELEMENTS(templates) };
	struct nt_load_context context = { .zones = program_zones() };
	struct nt_diags *diags = nt_diags_new();
	struct nt_program *program;

	assert_in_range(set.n_rules, 1, DOCUMENTS);
	if (shuffle == 0)
		set.n_rules = 1;
	for (unsigned i = set.n_rules; shuffle != 0 && i-- > 1;) {
		unsigned other = chance(&shuffle) % (i + 1);
		char *spare = documents[i];

		documents[i] = documents[other];
		documents[other] = spare;
	}
	for (unsigned i = 0; i < set.n_rules; i++) {
		snprintf(paths[i], sizeof paths[i], "%c.yaml", 'a' + (int)i);
		files[i] = (struct nt_file){ paths[i], documents[i], strlen(documents[i]) };
	}
	if (shuffle == 0)
		files[0] = (struct nt_file){ "a.yaml", text, strlen(text) };
	program = nt_rules_load(&set, &context, diags);
	if (program == NULL && must) {
		GString *out = g_string_new(NULL);

		nt_diags_print(diags, out);
		print_error("%s", out->str);
		g_string_free(out, TRUE);
		fail();
	}
	nt_diags_free(diags);
	g_strfreev(documents);
	return program;
}

#endif
