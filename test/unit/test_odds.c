/* Odds of being the best, held against exact ones: for two arms by the finite sum of beta functions, for more by a grid
 * a hundred times as fine in floating point. */
#include "engine/odds.h"

#include "unit.h"

#include <stdbool.h>
#include <string.h>

#define ARMS_MOST 8

static void check_odds(const uint64_t (*arms)[2], unsigned n, const uint32_t *wanted, uint32_t within)
{
	uint64_t trials[ARMS_MOST] = { 0 }, wins[ARMS_MOST] = { 0 };
	uint32_t odds[ARMS_MOST], sum = 0;

	for (unsigned i = 0; i < n; i++) {
		trials[i] = arms[i][0];
		wins[i] = arms[i][1];
	}
	nt_odds_best(trials, wins, n, odds);
	for (unsigned i = 0; i < n; i++) {
		assert_in_range(odds[i], wanted[i] > within ? wanted[i] - within : 0, wanted[i] + within);
		sum += odds[i];
	}
	assert_int_equal(sum, NT_ODDS_ONE);
}

/* The second's. */
static void two(uint64_t trials, uint64_t wins, uint64_t other_trials, uint64_t other_wins, uint32_t wanted,
                uint32_t within)
{
	const uint64_t arms[][2] = { { trials, wins }, { other_trials, other_wins } };
	const uint32_t odds[] = { NT_ODDS_ONE - wanted, wanted };

	check_odds(arms, 2, odds, within);
}

static void of_two_arms_they_are_what_is_known(void **state)
{
	(void)state;
	two(100, 10, 100, 20, 975173, 200);
	two(50, 0, 50, 0, 500000, 200);
	two(50, 0, 50, 1, 752475, 200);
	two(200, 30, 190, 12, 2810, 200);
	two(1000, 10, 1000, 15, 838122, 200);
	two(100000, 1000, 100000, 1050, 866449, 200);
	two(50, 50, 50, 49, 247525, 200);
	two(1000000, 10000, 60, 1, 875427, 5000); /* one is a needle on the grid */
	two(1, 0, 1, 1, 833333, 500);
	two(0, 0, 0, 0, 500000, 200);
	two(1000000000, 0, 1000000000, 1000000000, 1000000, 1);
}

static void of_more_arms_too(void **state)
{
	static const uint64_t three[][2] = { { 100, 10 }, { 120, 14 }, { 90, 15 } },
			      four[][2] = { { 60, 3 }, { 600, 40 }, { 70, 6 }, { 80, 2 } }, one[][2] = { { 7, 3 } };
	static const uint32_t of_three[] = { 67332, 130370, 802298 }, of_four[] = { 186473, 131960, 658442, 23125 },
			      of_one[] = { NT_ODDS_ONE };

	(void)state;
	check_odds(three, 3, of_three, 300);
	check_odds(four, 4, of_four, 300);
	check_odds(one, 1, of_one, 0);
}

/* Whichever way they stand, each arm's odds are its own. */
static void the_order_of_arms_doesnt_matter(void **state)
{
	static const uint64_t trials[] = { 60, 600, 70, 80 }, wins[] = { 3, 40, 6, 2 };
	static const uint64_t other_trials[] = { 80, 70, 600, 60 }, other_wins[] = { 2, 6, 40, 3 };
	uint32_t a[4], b[4];

	(void)state;
	nt_odds_best(trials, wins, 4, a);
	nt_odds_best(other_trials, other_wins, 4, b);
	for (unsigned i = 0; i < 4; i++)
		assert_in_range(a[i], b[3 - i] - 2, b[3 - i] + 2);
}

static void more_wins_make_an_arm_likelier(void **state)
{
	uint32_t before = 0;

	(void)state;
	for (uint64_t wins = 0; wins <= 200; wins += 4) {
		const uint64_t trials[] = { 200, 200, 200 }, all[] = { 20, wins, 60 };
		uint32_t odds[3];

		nt_odds_best(trials, all, 3, odds);
		assert_true(odds[1] >= before);
		before = odds[1];
	}
	assert_true(before > 999000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_two_arms_they_are_what_is_known),
		cmocka_unit_test(of_more_arms_too),
		cmocka_unit_test(the_order_of_arms_doesnt_matter),
		cmocka_unit_test(more_wins_make_an_arm_likelier),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
