/* Inside a test's run: what testrun.c (the whole of it) and test_events.c (what the test has happen) share. */
#ifndef NT_ENGINE_TESTRUN_PRIVATE_H
#define NT_ENGINE_TESTRUN_PRIVATE_H

#include "engine/testrun.h"

#include "base/time.h"

struct nt_arena;
struct nt_driver;
struct nt_test;
struct nt_yaml;
struct nt_zone;

struct nt_test_sent { /* to find a message when the test says that it was clicked */
	const char *id, *channel, *template_name, *campaign;
};

struct nt_testrun {
	const struct nt_test *test;
	struct nt_program *original, *program; /* program: with only the campaigns of this test */
	const struct nt_test_options *options;
	struct nt_arena *arena;
	struct nt_driver *driver;
	const struct nt_zone *zone;
	const char *lead;
	nt_time start, first, last; /* first: event, from which +DURATION counts; last: the one before */
	GArray *expected, *happened; /* struct nt_test_item */
	GArray *sent;                /* struct nt_test_sent */
	bool nothing_else;
	GString *report;
};

/* Reports where (node NULL: the test itself) and why, and gives false. */
bool nt_testrun_wrong(struct nt_testrun *run, const struct nt_yaml *node, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* The time at that key of the mapping, if it is there; false, and reported: it is none. */
bool nt_testrun_time(struct nt_testrun *run, const struct nt_yaml *mapping, const char *key, nt_time *at);
/* The program in which only the test's campaigns run. By name, for rules that a test loads have slots of their own. */
struct nt_program *nt_testrun_restricted(const struct nt_testrun *run, struct nt_program *program);

/* test_events.c: an item of `events`, which is the first or stands below another; and fields, as `lead` and `set` have
 * them. False, and reported: it can't happen. */
bool nt_testrun_happen(struct nt_testrun *run, const struct nt_yaml *item, bool first);
bool nt_testrun_fields(struct nt_testrun *run, const struct nt_yaml *mapping, nt_time at);

#endif
