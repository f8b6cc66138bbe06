#include "engine/history.h"

#include "base/arena.h"
#include "base/bug.h"

#include <stdlib.h>
#include <string.h>

#define FEW 64 /* expiries sorted without asking for memory */

struct expiry {
	nt_time at;
	uint64_t n;
};

/* Between which two distances plus(x, d) - x lies, wherever x stands. Most entries are decided by it, without a look at
 * the calendar. The slack covers what a zone can do: a day skipped or repeated at the date line. */
struct reach {
	nt_time least, most;
};

static struct reach reach_of(struct nt_duration d)
{
	struct reach reach = { d.ms, d.ms };

	if (d.months != 0 || d.days != 0) {
		reach.least += ((nt_time)d.months * 28 + d.days - 3) * NT_DAY;
		reach.most += ((nt_time)d.months * 31 + d.days + 3) * NT_DAY;
	}
	return reach;
}

static bool counts(const struct nt_ring_entry *entry, const struct nt_zone *zone, nt_time t, struct nt_duration d,
                   struct reach reach)
{
	nt_time age = t - entry->at;

	if (age < 0 || age >= reach.most)
		return false;
	return age < reach.least || nt_time_within(zone, entry->at, t, d);
}

/* ---- changes ---- */

static void make_room(struct nt_arena *arena, struct nt_ring_state *ring)
{
	unsigned room = ring->room < 2 ? 4 : ring->room * 2;
	struct nt_ring_entry *entries;

	if (ring->n < ring->room)
		return;
	entries = nt_arena_array(arena, struct nt_ring_entry, room);
	if (ring->n > 0)
		memcpy(entries, ring->entries, ring->n * sizeof *entries);
	ring->entries = entries;
	ring->room = room;
}

static void remove_at(struct nt_ring_state *ring, unsigned i)
{
	memmove(ring->entries + i, ring->entries + i + 1, (ring->n - i - 1) * sizeof *ring->entries);
	ring->n--;
}

static uint64_t add_counts(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

void nt_ring_add(struct nt_arena *arena, struct nt_ring_state *ring, unsigned capacity, nt_time at, uint64_t n,
                 nt_number sum)
{
	unsigned i = ring->n;

	NT_CHECK(capacity > 0);
	make_room(arena, ring);
	while (i > 0 && ring->entries[i - 1].at > at)
		i--;
	memmove(ring->entries + i + 1, ring->entries + i, (ring->n - i) * sizeof *ring->entries);
	ring->entries[i] = (struct nt_ring_entry){ .at = at, .n = n, .sum = sum };
	ring->n++;
	while (ring->n > capacity) {
		ring->entries[1].n = add_counts(ring->entries[1].n, ring->entries[0].n);
		ring->entries[1].sum = nt_number_add(ring->entries[1].sum, ring->entries[0].sum);
		remove_at(ring, 0);
	}
}

void nt_ring_remove(struct nt_ring_state *ring, nt_time at, uint64_t n, nt_number sum)
{
	for (unsigned i = ring->n; i-- > 0;)
		if (ring->entries[i].at == at && ring->entries[i].n == n && ring->entries[i].sum == sum) {
			remove_at(ring, i);
			return;
		}
}

void nt_ring_expire(struct nt_ring_state *ring, const struct nt_zone *zone, nt_time t, struct nt_duration d)
{
	struct reach reach = reach_of(d);
	unsigned kept = 0;

	for (unsigned i = 0; i < ring->n; i++)
		if (ring->entries[i].at > t || counts(&ring->entries[i], zone, t, d, reach))
			ring->entries[kept++] = ring->entries[i];
	ring->n = kept;
}

/* ---- reads ---- */

uint64_t nt_ring_count(const struct nt_ring_state *ring, const struct nt_zone *zone, nt_time t, struct nt_duration d)
{
	struct reach reach = reach_of(d);
	uint64_t n = 0;

	for (unsigned i = 0; i < ring->n; i++)
		if (counts(&ring->entries[i], zone, t, d, reach))
			n = add_counts(n, ring->entries[i].n);
	return n;
}

nt_number nt_ring_total(const struct nt_ring_state *ring, const struct nt_zone *zone, nt_time t, struct nt_duration d)
{
	struct reach reach = reach_of(d);
	nt_number sum = 0;

	for (unsigned i = 0; i < ring->n; i++)
		if (counts(&ring->entries[i], zone, t, d, reach))
			sum = nt_number_add(sum, ring->entries[i].sum);
	return sum;
}

static int latest_first(const void *a, const void *b)
{
	nt_time x = ((const struct expiry *)a)->at, y = ((const struct expiry *)b)->at;

	return (x < y) - (x > y);
}

/* Expiries aren't in the order of the entries: at month ends plus() runs backwards. */
nt_time nt_ring_below(const struct nt_ring_state *ring, const struct nt_zone *zone, nt_time t, struct nt_duration d,
                      uint64_t k)
{
	struct expiry few[FEW], *expiries = ring->n <= FEW ? few : g_new(struct expiry, ring->n);
	struct reach reach = reach_of(d);
	nt_time below = NT_NEVER;
	uint64_t seen = 0;
	size_t n = 0;

	for (unsigned i = 0; i < ring->n; i++)
		if (counts(&ring->entries[i], zone, t, d, reach))
			expiries[n++] = (struct expiry){ nt_time_plus(zone, ring->entries[i].at, d),
			                                 ring->entries[i].n };
	qsort(expiries, n, sizeof *expiries, latest_first);
	for (size_t i = 0; i < n && k > 0 && below == NT_NEVER; i++) {
		seen = add_counts(seen, expiries[i].n);
		if (seen >= k)
			below = expiries[i].at;
	}
	if (expiries != few)
		g_free(expiries);
	return below;
}

nt_time nt_ring_next_expiry(const struct nt_ring_state *ring, const struct nt_zone *zone, nt_time t,
                            struct nt_duration d)
{
	struct reach reach = reach_of(d);
	nt_time next = NT_NEVER;

	for (unsigned i = 0; i < ring->n; i++)
		if (counts(&ring->entries[i], zone, t, d, reach))
			next = nt_time_earlier(next, nt_time_plus(zone, ring->entries[i].at, d));
	return next;
}
