/* What remains of past events: rings for windowed functions (rule-language II.2). count and total are *defined* over
 * the ring: the latest `capacity` entries of (time, n, sum); when full the two oldest merge into the later's time. */
#ifndef NT_ENGINE_HISTORY_H
#define NT_ENGINE_HISTORY_H

#include "base/civil.h"
#include "base/number.h"
#include "base/time.h"

#include <stdint.h>

struct nt_arena;
struct nt_zone;

struct nt_ring_entry {
	nt_time at;
	uint64_t n;
	nt_number sum;
};

struct nt_ring_state { /* entries sorted by time, oldest first; memory in the lead's arena */
	struct nt_ring_entry *entries;
	unsigned n, room;
};

/* Inserts in time order (late events too); merges the two oldest if n would exceed capacity. */
void nt_ring_add(struct nt_arena *arena, struct nt_ring_state *ring, unsigned capacity, nt_time at, uint64_t n,
                 nt_number sum);
/* a refund: the exact entry, if still there */
void nt_ring_remove(struct nt_ring_state *ring, nt_time at, uint64_t n, nt_number sum);
/* Drops what no longer lies within d at t. */
void nt_ring_expire(struct nt_ring_state *ring, const struct nt_zone *zone, nt_time t, struct nt_duration d);
uint64_t nt_ring_count(const struct nt_ring_state *ring, const struct nt_zone *zone, nt_time t, struct nt_duration d);
nt_number nt_ring_total(const struct nt_ring_state *ring, const struct nt_zone *zone, nt_time t, struct nt_duration d);
/* The instant at which the count within d falls below k (the k-th greatest expiry); NT_NEVER if it isn't k now. */
nt_time nt_ring_below(const struct nt_ring_state *ring, const struct nt_zone *zone, nt_time t, struct nt_duration d,
                      uint64_t k);
/* The earliest expiry of an entry that counts at t; NT_NEVER. */
nt_time nt_ring_next_expiry(const struct nt_ring_state *ring, const struct nt_zone *zone, nt_time t,
                            struct nt_duration d);

#endif
