/* Rings of past events: half-open windows by the calendar, merging when full, expiries in their own order. */
#include "engine/history.h"

#include "base/arena.h"
#include "unit.h"
#include "zone_file.h"

#include <stdlib.h>

#define NY "America/New_York"
#define DAYS(x) ((struct nt_duration){ .days = (x) })
#define MONTHS(x) ((struct nt_duration){ .months = (x) })
#define POINTS_OF(x) nt_number_from_int(x)

static int setup(void **state)
{
	*state = nt_arena_new();
	return 0;
}

static int teardown(void **state)
{
	nt_arena_free(*state);
	return 0;
}

static int end(void **state)
{
	(void)state;
	zones_free();
	return 0;
}

static void window_is_half_open_by_the_calendar(void **state)
{
	struct nt_ring_state ring = { 0 };
	nt_time x = at(NY, "2026-03-07 10:00"), expiry = at(NY, "2026-03-14 10:00"); /* 167 hours: summer time begins */

	nt_ring_add(*state, &ring, 8, x, 1, POINTS_OF(3));
	assert_int_equal(nt_ring_count(&ring, zone(NY), x - 1, DAYS(7)), 0);
	assert_int_equal(nt_ring_count(&ring, zone(NY), x, DAYS(7)), 1);
	assert_int_equal(nt_ring_count(&ring, zone(NY), expiry - 1, DAYS(7)), 1);
	assert_int_equal(nt_ring_count(&ring, zone(NY), expiry, DAYS(7)), 0);
	assert_int_equal(nt_ring_next_expiry(&ring, zone(NY), x, DAYS(7)), expiry);
	assert_int_equal(nt_ring_next_expiry(&ring, zone(NY), expiry, DAYS(7)), NT_NEVER);
	assert_int_equal(nt_ring_total(&ring, zone(NY), x, DAYS(7)), POINTS_OF(3));
	nt_ring_expire(&ring, zone(NY), expiry - 1, DAYS(7));
	assert_int_equal(ring.n, 1);
	nt_ring_expire(&ring, zone(NY), expiry, DAYS(7));
	assert_int_equal(ring.n, 0);
}

static void late_events_are_sorted_in(void **state)
{
	struct nt_ring_state ring = { 0 };

	nt_ring_add(*state, &ring, 8, 30, 1, 0);
	nt_ring_add(*state, &ring, 8, 10, 1, 0);
	nt_ring_add(*state, &ring, 8, 20, 1, 0);
	nt_ring_add(*state, &ring, 8, 20, 2, 0);
	assert_int_equal(ring.n, 4);
	assert_int_equal(ring.entries[0].at, 10);
	assert_int_equal(ring.entries[1].n, 1);
	assert_int_equal(ring.entries[2].n, 2);
	assert_int_equal(ring.entries[3].at, 30);
}

static void the_two_oldest_merge_when_full(void **state)
{
	struct nt_ring_state ring = { 0 };

	for (nt_time t = 1; t <= 5; t++)
		nt_ring_add(*state, &ring, 3, t * 10, 1, POINTS_OF(t));
	assert_int_equal(ring.n, 3);
	assert_int_equal(ring.entries[0].at, 30);
	assert_int_equal(ring.entries[0].n, 3);
	assert_int_equal(ring.entries[0].sum, POINTS_OF(6));
	assert_int_equal(nt_ring_count(&ring, zone(NY), 50, NT_DURATION_MS(1000)), 5);
	/* older than all: into the oldest's time */
	nt_ring_add(*state, &ring, 3, 5, 1, POINTS_OF(1));
	assert_int_equal(ring.entries[0].at, 30);
	assert_int_equal(ring.entries[0].n, 4);
	nt_ring_add(*state, &ring, 1, 60, 1, 0);
	assert_int_equal(ring.n, 1);
	assert_int_equal(ring.entries[0].at, 60);
	assert_int_equal(ring.entries[0].n, 7);
}

static void refunds_take_the_exact_entry(void **state)
{
	struct nt_ring_state ring = { 0 };

	nt_ring_add(*state, &ring, 8, 10, 1, POINTS_OF(1));
	nt_ring_add(*state, &ring, 8, 10, 1, POINTS_OF(2));
	nt_ring_remove(&ring, 10, 1, POINTS_OF(3));
	nt_ring_remove(&ring, 11, 1, POINTS_OF(2));
	assert_int_equal(ring.n, 2);
	nt_ring_remove(&ring, 10, 1, POINTS_OF(1));
	assert_int_equal(ring.n, 1);
	assert_int_equal(ring.entries[0].sum, POINTS_OF(2));
}

/* 01-30 15:00 and 01-31 09:00 expire in the order 02-28 15:00, 02-28 09:00. */
static void expiries_have_an_order_of_their_own(void **state)
{
	struct nt_ring_state ring = { 0 };
	nt_time now = at(NY, "2026-02-10 12:00");

	nt_ring_add(*state, &ring, 8, at(NY, "2026-01-30 15:00"), 1, 0);
	nt_ring_add(*state, &ring, 8, at(NY, "2026-01-31 09:00"), 1, 0);
	nt_ring_add(*state, &ring, 8, at(NY, "2026-02-01 09:00"), 1, 0);
	assert_int_equal(nt_ring_below(&ring, zone(NY), now, MONTHS(1), 1), at(NY, "2026-03-01 09:00"));
	assert_int_equal(nt_ring_below(&ring, zone(NY), now, MONTHS(1), 2), at(NY, "2026-02-28 15:00"));
	assert_int_equal(nt_ring_below(&ring, zone(NY), now, MONTHS(1), 3), at(NY, "2026-02-28 09:00"));
	assert_int_equal(nt_ring_below(&ring, zone(NY), now, MONTHS(1), 4), NT_NEVER);
	assert_int_equal(nt_ring_below(&ring, zone(NY), now, MONTHS(1), 0), NT_NEVER);
}

/* A literal k needs the latest k + 1: whatever older ones are merged into, "at least k" and its end stay exact. */
static void a_small_ring_decides_like_a_large_one(void **state)
{
	static const struct nt_duration durations[] = { { .months = 1 }, { .days = 7 }, { .ms = 36 * NT_HOUR } };
	const char *given = getenv("NT_SEED");
	unsigned n = 1000;

	srandom(given != NULL ? (unsigned)strtoul(given, NULL, 0) : 7);
	print_message("small and large rings: NT_SEED=%s\n", given != NULL ? given : "7");
	while (n-- > 0) {
		struct nt_ring_state small = { 0 }, large = { 0 };
		struct nt_duration d = durations[random() % 3];
		uint64_t k = 1 + (uint64_t)random() % 4;
		nt_time start = at(NY, "2026-01-20 00:00"), now = start + (5 + random() % 40) * NT_DAY;

		for (int i = (int)(random() % 20); i > 0; i--) {
			nt_time t = start + random() % (now - start);

			nt_ring_add(*state, &small, (unsigned)k + 1, t, 1, 0);
			nt_ring_add(*state, &large, 256, t, 1, 0);
		}
		if (d.months == 0) { /* the k-th latest to expire is the k-th latest */
			assert_int_equal(nt_ring_below(&small, zone(NY), now, d, k),
			                 nt_ring_below(&large, zone(NY), now, d, k));
			assert_int_equal(nt_ring_count(&small, zone(NY), now, d) >= k,
			                 nt_ring_count(&large, zone(NY), now, d) >= k);
		}
		if (nt_ring_count(&large, zone(NY), now, d) >= k) {
			nt_time below = nt_ring_below(&large, zone(NY), now, d, k);

			assert_true(nt_ring_count(&large, zone(NY), below - 1, d) >= k || below - 1 < now);
			assert_true(nt_ring_count(&large, zone(NY), below, d) < k);
		}
		nt_arena_reset(*state);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(window_is_half_open_by_the_calendar, setup, teardown),
		cmocka_unit_test_setup_teardown(late_events_are_sorted_in, setup, teardown),
		cmocka_unit_test_setup_teardown(the_two_oldest_merge_when_full, setup, teardown),
		cmocka_unit_test_setup_teardown(refunds_take_the_exact_entry, setup, teardown),
		cmocka_unit_test_setup_teardown(expiries_have_an_order_of_their_own, setup, teardown),
		cmocka_unit_test_setup_teardown(a_small_ring_decides_like_a_large_one, setup, teardown),
	};

	return cmocka_run_group_tests_name("history", tests, NULL, end);
}
