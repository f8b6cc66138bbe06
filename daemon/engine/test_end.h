/* `at_end` of a test: what the lead is when it ends (rule-language I.10). */
#ifndef NT_ENGINE_TEST_END_H
#define NT_ENGINE_TEST_END_H

#include "base/time.h"

#include <stdbool.h>

struct nt_arena;
struct nt_lead;
struct nt_yaml;
struct nt_zone;

struct nt_test_end {
	const struct nt_lead *lead;
	struct nt_arena *arena;
	const struct nt_zone *zone;
	nt_time at;
	/* Of each pair that isn't as the lead is, and what that is. */
	void (*differs)(void *user, const struct nt_yaml *pair, const char *is);
	void *user;
};

bool nt_test_end_is(const struct nt_test_end *end, const struct nt_yaml *at_end);

#endif
