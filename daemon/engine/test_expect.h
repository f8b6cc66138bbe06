/* What a test expects beside what happened: matching, and the two timelines side by side (rule-language I.10). */
#ifndef NT_ENGINE_TEST_EXPECT_H
#define NT_ENGINE_TEST_EXPECT_H

#include "base/civil.h"
#include "base/time.h"

#include <glib.h>
#include <stdbool.h>

struct nt_arena;
struct nt_yaml;
struct nt_zone;

struct nt_test_item {
	const char *what, *value; /* "email", "welcome"; "tag", "vip" … */
	nt_time at;               /* expected: NT_NO_TIME is any time */
	nt_time upto;             /* expected: exclusive end of the precision written */
	bool message;             /* happened: it went to the lead */
	const struct nt_test_item *partner; /* what it was matched with; NULL: nothing */
	int line;                 /* expected: in the test's file */
};

/* Pairs what happened, which stands in time order, with what was expected, in whatever order. True: all were found and,
 * with nothing_else, no message is left over. */
bool nt_test_match(GArray *expected, GArray *happened, bool nothing_else);
/* Both timelines in columns side by side, in time order, a line each instant at which they agree: "=" matched, "-"
 * expected only, "+" happened only (a message that nobody expected, if nothing_else; else shown without a mark). Lines
 * have at most `width` characters (not under 60); what is longer goes on below. */
void nt_test_compare(const GArray *expected, const GArray *happened, bool nothing_else, const struct nt_zone *zone,
                     unsigned width, GString *out);
/* An expected value as it was written: "a" or "[a, b]". In the arena. */
const char *nt_test_written(struct nt_arena *arena, const struct nt_yaml *value);

#endif
