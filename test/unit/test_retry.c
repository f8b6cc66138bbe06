#include "engine/retry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static nt_time pause_of(const char *message, unsigned attempts)
{
	nt_time at = 0;

	assert_true(nt_retry_at(&nt_retry_default, message, attempts, 1000, &at));
	return at - 1000;
}

static void pauses_grow_to_the_longest(void **state)
{
	nt_time whole = NT_MINUTE, sum = 0;

	(void)state;
	for (unsigned i = 1; i < 20; i++) {
		nt_time pause = pause_of("m1", i);

		assert_true(pause >= whole / 2 && pause <= whole);
		whole = nt_time_earlier(whole * 2, 4 * NT_HOUR);
		sum += pause;
	}
	assert_true(sum > 22 * NT_HOUR && sum < 3 * NT_DAY);
}

static void the_last_attempt_ends_it(void **state)
{
	nt_time at = 7;

	(void)state;
	assert_true(nt_retry_at(&nt_retry_default, "m", 19, 0, &at));
	at = 7;
	assert_false(nt_retry_at(&nt_retry_default, "m", 20, 0, &at));
	assert_false(nt_retry_at(&nt_retry_default, "m", 21, 0, &at));
	assert_int_equal(at, 7);
}

static void jitter_repeats_and_spreads(void **state)
{
	unsigned low = 0;

	(void)state;
	assert_int_equal(pause_of("m1", 3), pause_of("m1", 3));
	for (int i = 0; i < 1000; i++) {
		char id[16];

		snprintf(id, sizeof id, "m%d", i);
		low += pause_of(id, 5) < 12 * NT_MINUTE; /* of 8 to 16 minutes */
	}
	assert_in_range(low, 430, 570);
}

static void odd_policies_hold(void **state)
{
	struct nt_retry_policy policy = { .first = 10 * NT_MINUTE, .longest = NT_MINUTE, .attempts = 3 };
	nt_time at;

	(void)state;
	assert_true(nt_retry_at(&policy, "m", 2, 0, &at));
	assert_true(at >= NT_MINUTE / 2 && at <= NT_MINUTE);
	policy.attempts = 1;
	assert_false(nt_retry_at(&policy, "m", 1, 0, &at));
	policy = (struct nt_retry_policy){ .first = 0, .longest = 0, .attempts = 2 };
	assert_true(nt_retry_at(&policy, "m", 1, 5, &at));
	assert_int_equal(at, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pauses_grow_to_the_longest),
		cmocka_unit_test(the_last_attempt_ends_it),
		cmocka_unit_test(jitter_repeats_and_spreads),
		cmocka_unit_test(odd_policies_hold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
