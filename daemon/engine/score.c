#include "engine/score.h"

#include "base/bug.h"

#define NANO_OF_MICRO 1000
#define POINT INT64_C(1000000000) /* nano-points */
#define SPAN 63                   /* half-lives after which any int64 has decayed to 0 */

typedef unsigned __int128 wide;
typedef __int128 wide_signed;

/* C[i - 1] = floor(2^63 * 2^(-2^-i)), i = 1..32: the square root of 1/2, and each the square root of the one before, in
 * integers of 400 bits (test/unit/test_score.c computes them again):
 *
 *     x = isqrt(1 << 799); 32 times: print((x << 63) >> 400); x = isqrt(x << 400) */
static const uint64_t C[32] = {
	6521908912666391106U, 7755900482342532474U, 8457869449776733335U, 8832331321595618838U,
	9025734193507008925U, 9124017994966720698U, 9173560510430823461U, 9198432556164277330U,
	9210893855724328808U, 9217130834664616069U, 9220250907674776490U, 9221811340221203998U,
	9222591655524303666U, 9222981837935769001U, 9223176935331786072U, 9223274485577403901U,
	9223323261087119912U, 9223347648938705289U, 9223359842888679895U, 9223365939869712687U,
	9223368988361740456U, 9223370512608132184U, 9223371274731422509U, 9223371655793091286U,
	9223371846323931579U, 9223371941589353201U, 9223371989222064381U, 9223372013038420064U,
	9223372024946597928U, 9223372030900686866U, 9223372033877731336U, 9223372035366253572U,
};

const uint64_t *nt_decay_table(void)
{
	return C;
}

/* The factor is built first and E multiplied once: shrinking E bit by bit would round upwards at times, so that a later
 * instant could show more than an earlier one. */
int64_t nt_decay(int64_t nano, nt_time elapsed, nt_time half_life)
{
	uint64_t size = nano < 0 ? -(uint64_t)nano : (uint64_t)nano, m = UINT64_C(1) << 63, f, q;

	NT_CHECK(elapsed >= 0);
	if (half_life <= 0 || nano == 0)
		return nano;
	q = (uint64_t)(elapsed / half_life);
	if (q >= SPAN)
		return 0;
	f = (uint64_t)(((wide)(uint64_t)(elapsed % half_life) << 32) / (uint64_t)half_life);
	for (int i = 1; i <= 32; i++)
		if (f >> (32 - i) & 1)
			m = (uint64_t)((wide)m * C[i - 1] >> 63);
	size = (uint64_t)((wide)size * m >> 63) >> q;
	return nano < 0 ? (int64_t)-size : (int64_t)size;
}

static int64_t saturate(wide_signed n)
{
	if (n > INT64_MAX)
		return INT64_MAX;
	return n < INT64_MIN ? INT64_MIN : (int64_t)n;
}

void nt_engagement_award(struct nt_engagement *e, nt_number points, nt_time at, nt_time half_life)
{
	int64_t nano = saturate((wide_signed)points * NANO_OF_MICRO);

	if (e->t0 == NT_NO_TIME) {
		e->nano = nano;
		e->t0 = at;
	} else if (at > e->t0) {
		e->nano = saturate((wide_signed)nt_decay(e->nano, at - e->t0, half_life) + nano);
		e->t0 = at;
	} else {
		e->nano = saturate((wide_signed)e->nano + nt_decay(nano, e->t0 - at, half_life));
	}
}

int64_t nt_engagement_at(const struct nt_engagement *e, nt_time t, nt_time half_life)
{
	if (e->t0 == NT_NO_TIME)
		return 0;
	return t <= e->t0 ? e->nano : nt_decay(e->nano, t - e->t0, half_life);
}

static int64_t rounded(wide_signed nano)
{
	wide_signed x = nano + POINT / 2, q = x / POINT;

	return saturate(x < 0 && x % POINT != 0 ? q - 1 : q);
}

int64_t nt_score_points(const struct nt_engagement *e, nt_number fit, nt_time t, nt_time half_life)
{
	return rounded((wide_signed)fit * NANO_OF_MICRO + nt_engagement_at(e, t, half_life));
}

int64_t nt_engagement_points(const struct nt_engagement *e, nt_time t, nt_time half_life)
{
	return nt_score_points(e, 0, t, half_life);
}

/* The first ms > t at which `points` has left [low, high], which holds it at t. Decay moves the score one way only, so
 * the first is found by bisection between t and the instant at which all has decayed. */
static nt_time leaves(const struct nt_engagement *e, nt_number fit, nt_time t, nt_time half_life, int64_t low,
                      int64_t high)
{
	nt_time inside = t, outside = NT_TIME_MAX;
	int64_t points;

	if (half_life <= 0 || e->t0 == NT_NO_TIME || e->nano == 0)
		return NT_NEVER;
	if (half_life < (NT_TIME_MAX - e->t0) / SPAN)
		outside = e->t0 + SPAN * half_life;
	if (outside <= t)
		return NT_NEVER;
	points = nt_score_points(e, fit, outside, half_life);
	if (points >= low && points <= high)
		return NT_NEVER;
	while (outside - inside > 1) {
		nt_time middle = inside + (outside - inside) / 2;

		points = nt_score_points(e, fit, middle, half_life);
		if (points >= low && points <= high)
			inside = middle;
		else
			outside = middle;
	}
	return outside;
}

nt_time nt_score_next_change(const struct nt_engagement *e, nt_number fit, nt_time t, nt_time half_life)
{
	int64_t points = nt_score_points(e, fit, t, half_life);

	return leaves(e, fit, t, half_life, points, points);
}

nt_time nt_score_crossing(const struct nt_engagement *e, nt_number fit, nt_time t, nt_time half_life, int64_t k)
{
	if (nt_score_points(e, fit, t, half_life) >= k)
		return leaves(e, fit, t, half_life, k, INT64_MAX);
	return leaves(e, fit, t, half_life, INT64_MIN, k - 1);
}
