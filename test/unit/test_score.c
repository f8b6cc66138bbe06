/* Decay in fixed point: the table, exact halves, no step upwards, awards in any order, instants of change. */
#include "engine/score.h"

#include "unit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define H (14 * NT_DAY)
#define POINT INT64_C(1000000000)
#define POINTS(x) ((nt_number)((x) * 1000000))

typedef unsigned __int128 wide;

static uint64_t seed;

static uint64_t chance(void) /* xorshift64* */
{
	seed ^= seed >> 12;
	seed ^= seed << 25;
	seed ^= seed >> 27;
	return seed * UINT64_C(2685821657736338717);
}

static int64_t between(int64_t low, int64_t high)
{
	return low + (int64_t)(chance() % (uint64_t)(high - low + 1));
}

static void begin(const char *what)
{
	const char *given = getenv("NT_SEED");

	seed = given != NULL ? strtoull(given, NULL, 0) : UINT64_C(0x9E3779B97F4A7C15);
	print_message("%s: NT_SEED=0x%llx\n", what, (unsigned long long)seed);
}

/* ---- the table, by long integers: x = floor(2^126 * 2^(-2^-i)) from the one before ---- */

/* y * y <= x * 2^126, all below 2^126 but the squares */
static bool square_fits(wide y, wide x)
{
	wide a = y >> 64, b = (uint64_t)y, middle = 2 * a * b, low = b * b + (middle << 64);
	wide high = a * a + (middle >> 64) + (low < b * b);

	return high < x >> 2 || (high == x >> 2 && low <= x << 126);
}

static wide root(wide x)
{
	wide y = 0;

	for (int bit = 125; bit >= 0; bit--)
		if (square_fits(y | (wide)1 << bit, x))
			y |= (wide)1 << bit;
	return y;
}

static void table_is_what_it_says(void **state)
{
	wide x = (wide)1 << 125; /* one half */

	(void)state;
	for (int i = 0; i < 32; i++) {
		x = root(x);
		assert_true(nt_decay_table()[i] == (uint64_t)(x >> 63));
	}
}

/* ---- decay ---- */

static void whole_half_lives_are_exact(void **state)
{
	(void)state;
	assert_int_equal(nt_decay(100 * POINT, 0, H), 100 * POINT);
	assert_int_equal(nt_decay(100 * POINT, H, H), 50 * POINT);
	assert_int_equal(nt_decay(100 * POINT, 2 * H, H), 25 * POINT);
	assert_int_equal(nt_decay(-100 * POINT, H, H), -50 * POINT);
	assert_int_equal(nt_decay(100 * POINT, H / 2, H), 70710678118); /* 70.710678118 654… */
	assert_int_equal(nt_decay(-100 * POINT, H / 2, H), -70710678118);
	assert_int_equal(nt_decay(INT64_MAX, 62 * H, H), 1);
	assert_int_equal(nt_decay(INT64_MAX, 63 * H, H), 0);
	assert_int_equal(nt_decay(INT64_MIN, 0, H), INT64_MIN);
	assert_int_equal(nt_decay(INT64_MAX, NT_TIME_MAX, 1), 0);
	assert_int_equal(nt_decay(7 * POINT, 1000 * H, 0), 7 * POINT);
}

static void decay_is_near_the_real_thing(void **state)
{
	(void)state;
	begin("decay against exp2");
	for (int i = 0; i < 20000; i++) {
		int64_t nano = between(-INT64_C(1000000) * POINT, INT64_C(1000000) * POINT),
			h = between(1, 400 * NT_DAY);
		nt_time elapsed = between(0, 20 * h);
		long double real = (long double)nano * exp2l(-(long double)elapsed / h);

		assert_true(fabsl(real - nt_decay(nano, elapsed, h)) <= 2 + fabsl(real) * 1e-9L);
	}
}

static void decay_never_grows(void **state)
{
	(void)state;
	begin("decay never grows");
	for (int i = 0; i < 100000; i++) {
		int64_t nano = (int64_t)(chance() >> (1 + chance() % 60)), h = between(1, 400 * NT_DAY);
		nt_time elapsed = between(0, 3 * h), later = elapsed + (i % 2 == 0 ? 1 : between(1, h));

		assert_true(nt_decay(nano, elapsed, h) >= nt_decay(nano, later, h));
		assert_true(nt_decay(-nano, elapsed, h) == -nt_decay(nano, elapsed, h));
	}
}

/* ---- awards ---- */

static void awards_rebase_reads_do_not(void **state)
{
	struct nt_engagement e = { .t0 = NT_NO_TIME };

	(void)state;
	assert_int_equal(nt_engagement_points(&e, 5, H), 0);
	nt_engagement_award(&e, POINTS(100), 0, H);
	assert_int_equal(nt_engagement_points(&e, H, H), 50);
	assert_int_equal(e.t0, 0);
	assert_int_equal(e.nano, 100 * POINT);
	nt_engagement_award(&e, POINTS(30), H, H);
	assert_int_equal(e.t0, H);
	assert_int_equal(e.nano, 80 * POINT);
	/* one that happened a half-life before t0 counts half */
	nt_engagement_award(&e, POINTS(20), 0, H);
	assert_int_equal(e.t0, H);
	assert_int_equal(e.nano, 90 * POINT);
	nt_engagement_award(&e, POINTS(-10), H, H);
	assert_int_equal(e.nano, 80 * POINT);
	assert_int_equal(nt_engagement_at(&e, 0, H), 80 * POINT);
}

static void awards_saturate(void **state)
{
	struct nt_engagement e = { .t0 = NT_NO_TIME };

	(void)state;
	nt_engagement_award(&e, INT64_MAX, 0, H);
	assert_int_equal(e.nano, INT64_MAX);
	nt_engagement_award(&e, INT64_MAX, 0, H);
	assert_int_equal(e.nano, INT64_MAX);
	nt_engagement_award(&e, INT64_MIN, 0, H);
	nt_engagement_award(&e, INT64_MIN, 0, H);
	assert_int_equal(e.nano, INT64_MIN);
	assert_int_equal(nt_score_points(&e, INT64_MIN, 0, H), -9232595408892);
}

static void order_of_awards_hardly_matters(void **state)
{
	(void)state;
	begin("order of awards");
	for (int i = 0; i < 2000; i++) {
		struct nt_engagement a = { .t0 = NT_NO_TIME }, b = a;
		nt_time at[4];
		nt_number points[4];

		for (int j = 0; j < 4; j++) {
			at[j] = between(0, 60 * NT_DAY);
			points[j] = POINTS(between(-50, 50));
		}
		for (int j = 0; j < 4; j++) {
			nt_engagement_award(&a, points[j], at[j], H);
			nt_engagement_award(&b, points[3 - j], at[3 - j], H);
		}
		assert_int_equal(a.t0, b.t0);
		assert_true(llabs(a.nano - b.nano) < 20); /* nano-points */
	}
}

/* ---- rounding ---- */

static void reads_round_half_up_and_score_rounds_the_sum(void **state)
{
	static const struct nt_engagement cases[] = {
		{ 39 * POINT + POINT / 2, 0 }, { 39 * POINT + POINT / 2 - 1, 0 }, { -POINT / 2, 0 },
			{ -POINT / 2 - 1, 0 },
		{ -POINT - POINT / 2, 0 }, { POINT * 3 / 10, 0 },
	};
	static const int64_t wanted[] = { 40, 39, 0, -1, -1, 0 };

	(void)state;
	for (unsigned i = 0; i < 6; i++)
		assert_int_equal(nt_engagement_points(&cases[i], 0, H), wanted[i]);
	assert_int_equal(nt_score_points(&cases[5], 300000, 0, H), 1);
	assert_int_equal(nt_score_points(&cases[5], -300000, 0, H), 0);
}

/* ---- change ---- */

static void crossing_is_the_first_millisecond(void **state)
{
	struct nt_engagement e = { 100 * POINT, 1000 };
	nt_time t;

	(void)state;
	/* 100 falls below 49.5 */
	t = nt_score_crossing(&e, 0, 1000, H, 50);
	assert_int_equal(nt_engagement_points(&e, t - 1, H), 50);
	assert_int_equal(nt_engagement_points(&e, t, H), 49);
	assert_int_equal(nt_score_crossing(&e, 0, 1000, H, 101), NT_NEVER);
	assert_int_equal(nt_score_crossing(&e, POINTS(60), 1000, H, 50), NT_NEVER);
	assert_int_equal(nt_score_crossing(&e, 0, t, H, 50), NT_NEVER);
	e.nano = -e.nano;
	t = nt_score_crossing(&e, POINTS(100), 1000, H, 50);
	assert_int_equal(nt_score_points(&e, POINTS(100), t - 1, H), 49);
	assert_int_equal(nt_score_points(&e, POINTS(100), t, H), 50);
	assert_int_equal(nt_score_crossing(&e, 0, 1000, 0, -200), NT_NEVER);
	assert_int_equal(nt_score_next_change(&e, 0, 1000, 0), NT_NEVER);
}

/* With a half-life of some milliseconds every one can be looked at. */
static void changes_against_looking_at_every_millisecond(void **state)
{
	(void)state;
	begin("changes, every millisecond");
	for (int i = 0; i < 3000; i++) {
		struct nt_engagement e = { between(-200 * POINT, 200 * POINT), between(0, 50) };
		nt_number fit = between(-POINTS(50), POINTS(50));
		nt_time h = between(1, 40), t = between(0, 100), change = NT_NEVER, crossing = NT_NEVER;
		int64_t k = between(-100, 100), now = nt_score_points(&e, fit, t, h);

		for (nt_time x = t + 1; x < 5000 && (change == NT_NEVER || crossing == NT_NEVER); x++) {
			int64_t points = nt_score_points(&e, fit, x, h);

			if (points != now && change == NT_NEVER)
				change = x;
			if ((points >= k) != (now >= k) && crossing == NT_NEVER)
				crossing = x;
		}
		assert_int_equal(nt_score_next_change(&e, fit, t, h), change);
		assert_int_equal(nt_score_crossing(&e, fit, t, h, k), crossing);
	}
}

/* ---- II.2's recipe in Python's integers: C from isqrt(1 << 799), m built bit by bit, crossings by bisection ---- */

static void decays_as_worked_out_elsewhere(void **state)
{
	static const struct {
		int64_t nano;
		nt_time elapsed, half_life;
		int64_t left;
	} decays[] = {
		{ INT64_C(100000000000), INT64_C(1), INT64_C(1209600000), INT64_C(99999999951) },
		{ INT64_C(100000000000), INT64_C(86400000), INT64_C(1209600000), INT64_C(95169515305) },
		{ INT64_C(-100000000000), INT64_C(86400000), INT64_C(1209600000), INT64_C(-95169515305) },
		{ INT64_C(123456789012345678), INT64_C(129600000), INT64_C(345600000), INT64_C(95198198242471813) },
		{ INT64_C(9223372036854775807), INT64_C(1), INT64_C(1), INT64_C(4611686018427387903) },
		{ INT64_C(9223372036854775807), INT64_C(62), INT64_C(1), INT64_C(1) },
		{ INT64_C(9223372036854775807), INT64_C(63), INT64_C(1), INT64_C(0) },
		{ INT64_C(-9223372036854775807), INT64_C(864000001), INT64_C(259200000), INT64_C(-915074402311179054) },
		{ INT64_C(1), INT64_C(86399999), INT64_C(86400000), INT64_C(0) },
		{ INT64_C(999999999), INT64_C(1123212345), INT64_C(1209600000), INT64_C(525374602) },
		{ INT64_C(7000000000), INT64_C(94608000000), INT64_C(2592000000), INT64_C(0) },
		{ INT64_C(5000000000), INT64_C(1209599999), INT64_C(1209600000), INT64_C(2500000001) },
		{ INT64_C(-91837285633755), INT64_C(128163319295), INT64_C(7776000000), INT64_C(-1003391092) },
		{ INT64_C(-85402913803691), INT64_C(336835654), INT64_C(86400000), INT64_C(-5726495774136) },
		{ INT64_C(32028891519359), INT64_C(33094445), INT64_C(3600000), INT64_C(54727151405) },
		{ INT64_C(-71298693093016), INT64_C(6760025925), INT64_C(1209600000), INT64_C(-1481602004951) },
		{ INT64_C(-38995439084768), INT64_C(54781107), INT64_C(3600000), INT64_C(-1023877849) },
		{ INT64_C(-55077264430607), INT64_C(308944456), INT64_C(345600000), INT64_C(-29639485425745) },
		{ INT64_C(25209538551371), INT64_C(34903907430), INT64_C(7776000000), INT64_C(1122897764991) },
		{ INT64_C(-41047256075342), INT64_C(28921392), INT64_C(3600000), INT64_C(-156636667208) },
	};

	(void)state;
	for (size_t i = 0; i < sizeof decays / sizeof decays[0]; i++)
		assert_true(nt_decay(decays[i].nano, decays[i].elapsed, decays[i].half_life) == decays[i].left);
}

static void crosses_as_worked_out_elsewhere(void **state)
{
	static const struct {
		int64_t nano;
		nt_number fit;
		nt_time half_life;
		int64_t k;
		nt_time at;
	} crossings[] = {
		{ INT64_C(100000000000), INT64_C(0), INT64_C(86400000), 50, INT64_C(87652763) },
		{ INT64_C(100000000000), INT64_C(0), INT64_C(86400000), 51, INT64_C(85159703) },
		{ INT64_C(100000000000), INT64_C(0), INT64_C(86400000), 1, INT64_C(660429175) },
		{ INT64_C(100000000000), INT64_C(20000000), INT64_C(86400000), 50, INT64_C(152168816) },
		{ INT64_C(-100000000000), INT64_C(20000000), INT64_C(86400000), 0, INT64_C(197536682) },
		{ INT64_C(-100000000000), INT64_C(0), INT64_C(1209600000), 0, INT64_C(9246008444) },
		{ INT64_C(80500000000), INT64_C(0), INT64_C(1209600000), 80, INT64_C(21813834) },
		{ INT64_C(80499999999), INT64_C(0), INT64_C(1209600000), 80, INT64_C(21813834) },
		{ INT64_C(80000000000), INT64_C(-7500000), INT64_C(345600000), 60, INT64_C(88417926) },
		{ INT64_C(60000000000), INT64_C(500000), INT64_C(129600000), 40, INT64_C(80544894) },
		{ INT64_C(300000000000), INT64_C(12345678), INT64_C(7776000000), 100, INT64_C(13867083771) },
		{ INT64_C(-40000000000), INT64_C(60000000), INT64_C(1209600000), 50, INT64_C(2334057070) },
		{ INT64_C(1000000000), INT64_C(0), INT64_C(3600000), 1, INT64_C(3600001) },
		{ INT64_C(100000000000), INT64_C(10000000), INT64_C(86400000), 10, NT_NEVER },
	};

	(void)state;
	for (size_t i = 0; i < sizeof crossings / sizeof crossings[0]; i++) {
		struct nt_engagement e = { crossings[i].nano, 1000 };
		nt_time at = nt_score_crossing(&e, crossings[i].fit, 1000, crossings[i].half_life, crossings[i].k);

		assert_true(at == (crossings[i].at == NT_NEVER ? NT_NEVER : crossings[i].at + 1000));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_is_what_it_says),
		cmocka_unit_test(whole_half_lives_are_exact),
		cmocka_unit_test(decay_is_near_the_real_thing),
		cmocka_unit_test(decay_never_grows),
		cmocka_unit_test(awards_rebase_reads_do_not),
		cmocka_unit_test(awards_saturate),
		cmocka_unit_test(order_of_awards_hardly_matters),
		cmocka_unit_test(reads_round_half_up_and_score_rounds_the_sum),
		cmocka_unit_test(crossing_is_the_first_millisecond),
		cmocka_unit_test(changes_against_looking_at_every_millisecond),
		cmocka_unit_test(decays_as_worked_out_elsewhere),
		cmocka_unit_test(crosses_as_worked_out_elsewhere),
	};

	return cmocka_run_group_tests_name("score", tests, NULL, NULL);
}
