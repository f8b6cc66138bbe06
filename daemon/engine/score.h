/* Engagement: points that decay with one half-life, in fixed point, the same on every platform (rule-language II.2). */
#ifndef NT_ENGINE_SCORE_H
#define NT_ENGINE_SCORE_H

#include "base/number.h"
#include "base/time.h"

#include <stdbool.h>
#include <stdint.h>

struct nt_engagement {
	int64_t nano; /* nano-points at t0, either sign */
	nt_time t0;   /* NT_NO_TIME: nothing yet */
};

/* half_life in ms, 0: no decay. Rounds towards zero and never grows with `elapsed`. */
int64_t nt_decay(int64_t nano, nt_time elapsed, nt_time half_life); /* elapsed >= 0 */
/* Points earned at `at`, accepted now or earlier: at > t0 rebases the pair, an earlier one is first decayed to t0.
 * Saturates. */
void nt_engagement_award(struct nt_engagement *e, nt_number points, nt_time at, nt_time half_life);
/* nano-points; t < t0 reads as t0 */
int64_t nt_engagement_at(const struct nt_engagement *e, nt_time t, nt_time half_life);
const uint64_t *nt_decay_table(void); /* the 32 factors, for the test that computes them again */

/* floor(x + 1/2) of engagement, and of fit + engagement (score rounds the sum). */
int64_t nt_engagement_points(const struct nt_engagement *e, nt_time t, nt_time half_life);
int64_t nt_score_points(const struct nt_engagement *e, nt_number fit, nt_time t, nt_time half_life);
/* First ms > t at which nt_score_points differs from its value at t; NT_NEVER if it stays. Engagement alone: fit 0. */
nt_time nt_score_next_change(const struct nt_engagement *e, nt_number fit, nt_time t, nt_time half_life);
/* First ms > t at which (points >= k) differs from what it is at t; NT_NEVER. Exact, by bisection. */
nt_time nt_score_crossing(const struct nt_engagement *e, nt_number fit, nt_time t, nt_time half_life, int64_t k);

#endif
