/* The clock: jumps of the machine's are held, fast and manual ones do as they are told. */
#include "os/clock.h"

#include "unit.h"

#include <string.h>

#define START 1772445600000 /* 2026-03-02T10:00:00Z */

static nt_time wall;
static int64_t monotonic;

static nt_time read_wall(void)
{
	return wall;
}

static int64_t read_monotonic(void)
{
	return monotonic;
}

static void pass(int64_t ms)
{
	wall += ms;
	monotonic += ms;
}

static struct nt_clock *clock_with(struct nt_clock *clock)
{
	wall = START;
	monotonic = 5000000;
	nt_clock_set_sources(clock, read_wall, read_monotonic);
	return clock;
}

static void the_real_one_follows_small_steps(void **state)
{
	struct nt_clock *clock = clock_with(nt_clock_new_real());

	(void)state;
	assert_int_equal(nt_clock_kind(clock), NT_CLOCK_REAL);
	pass(1234);
	assert_true(nt_clock_now(clock) == START + 1234);
	wall += NT_HOUR; /* set by an hour: believed */
	assert_true(nt_clock_now(clock) == wall);
	assert_true(nt_clock_held(clock) == 0);
	nt_clock_free(clock);
}

static void a_jump_ahead_is_held_for_a_minute(void **state)
{
	struct nt_clock *clock = clock_with(nt_clock_new_real());

	(void)state;
	wall += 30 * NT_DAY;
	assert_true(nt_clock_now(clock) == START);
	assert_true(nt_clock_held(clock) == 30 * NT_DAY);
	pass(59 * NT_SECOND);
	assert_true(nt_clock_now(clock) == START + 59 * NT_SECOND); /* goes on from where it was */
	assert_true(nt_clock_wait(clock, START + NT_MINUTE) == NT_SECOND);
	pass(NT_SECOND);
	assert_true(nt_clock_now(clock) == wall);
	assert_true(nt_clock_held(clock) == 0);
	nt_clock_free(clock);
}

static void a_jump_that_is_taken_back_never_was(void **state)
{
	struct nt_clock *clock = clock_with(nt_clock_new_real());

	(void)state;
	wall += NT_DAY;
	assert_true(nt_clock_now(clock) == START);
	pass(30 * NT_SECOND);
	wall -= NT_DAY;
	assert_true(nt_clock_now(clock) == START + 30 * NT_SECOND);
	assert_true(nt_clock_held(clock) == 0);
	wall += NT_DAY; /* and its minute begins anew */
	assert_true(nt_clock_now(clock) == START + 30 * NT_SECOND);
	pass(45 * NT_SECOND);
	assert_true(nt_clock_held(clock) == NT_DAY);
	nt_clock_free(clock);
}

static void a_person_says_go(void **state)
{
	struct nt_clock *clock = clock_with(nt_clock_new_real());

	(void)state;
	wall += NT_DAY;
	assert_true(nt_clock_held(clock) == NT_DAY);
	nt_clock_release(clock);
	assert_true(nt_clock_held(clock) == 0);
	assert_true(nt_clock_now(clock) == START + NT_DAY);
	nt_clock_free(clock);
}

static void a_jump_back_is_seen_at_once(void **state)
{
	struct nt_clock *clock = clock_with(nt_clock_new_real());

	(void)state;
	wall -= NT_DAY; /* the engine holds its last instant */
	assert_true(nt_clock_now(clock) == START - NT_DAY);
	assert_true(nt_clock_held(clock) == 0);
	assert_true(nt_clock_wait(clock, START) == NT_DAY);
	assert_false(nt_clock_set(clock, START));
	nt_clock_free(clock);
}

static void the_fast_one_runs_ahead(void **state)
{
	struct nt_clock *clock = clock_with(nt_clock_new_fast(START, 86400));

	(void)state;
	assert_int_equal(nt_clock_kind(clock), NT_CLOCK_FAST);
	assert_true(nt_clock_now(clock) == START);
	pass(1000);
	assert_true(nt_clock_now(clock) == START + NT_DAY);
	assert_true(nt_clock_wait(clock, START + 2 * NT_DAY) == 1000);
	assert_true(nt_clock_wait(clock, START + NT_DAY + 1) == 1); /* never early, never a spin */
	assert_true(nt_clock_wait(clock, START) == 0);
	wall += 100 * NT_DAY; /* no business of its */
	assert_true(nt_clock_now(clock) == START + NT_DAY);
	assert_false(nt_clock_set(clock, START + 9 * NT_DAY));
	nt_clock_free(clock);
}

static void the_manual_one_stands(void **state)
{
	struct nt_clock *clock = clock_with(nt_clock_new_manual(START));

	(void)state;
	pass(NT_DAY);
	assert_true(nt_clock_now(clock) == START);
	assert_true(nt_clock_wait(clock, START + 1) == -1);
	assert_true(nt_clock_wait(clock, START) == 0);
	assert_true(nt_clock_set(clock, START + NT_HOUR));
	assert_false(nt_clock_set(clock, START));
	assert_true(nt_clock_set(clock, START + NT_HOUR));
	assert_true(nt_clock_now(clock) == START + NT_HOUR);
	assert_true(nt_clock_held(clock) == 0);
	nt_clock_free(clock);
}

static void never_is_never(void **state)
{
	struct nt_clock *clock = clock_with(nt_clock_new_real());

	(void)state;
	assert_true(nt_clock_wait(clock, NT_NEVER) == -1);
	nt_clock_free(clock);
	nt_clock_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_real_one_follows_small_steps), cmocka_unit_test(a_jump_ahead_is_held_for_a_minute),
		cmocka_unit_test(a_jump_that_is_taken_back_never_was), cmocka_unit_test(a_person_says_go),
		cmocka_unit_test(a_jump_back_is_seen_at_once), cmocka_unit_test(the_fast_one_runs_ahead),
		cmocka_unit_test(the_manual_one_stands), cmocka_unit_test(never_is_never),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
