#include "engine/odds.h"

#include "engine/score.h"

#include <glib.h>

/* The integral over all rates, of the density of one arm times the chances that each other lies below, is taken on a
 * grid over the rates that any arm may have. Densities are worked with as logarithms to the base 2, of 32 binary
 * places: products of thousands of factors become sums. */
#define GRID 2048
#define ONE (UINT64_C(1) << 32)    /* a rate of 1; the unit of logarithms */
#define UNIT_BITS 40               /* of densities and chances */
#define SPREAD 8                   /* standard deviations beyond which nothing counts */

typedef unsigned __int128 wide;
typedef __int128 wide_signed;

static uint64_t square_root(uint64_t n)
{
	uint64_t root = 0;

	for (uint64_t bit = UINT64_C(1) << 31; bit > 0; bit >>= 1)
		if ((root + bit) * (root + bit) <= n)
			root += bit;
	return root;
}

/* log2(x / ONE), for 0 < x <= ONE: the binary places come one by one, by squaring. */
static int64_t logarithm(uint64_t x)
{
	int shift = __builtin_clzll(x);
	uint64_t m = x << shift; /* 63 places: 1 <= m < 2 */
	uint32_t places = 0;

	for (int i = 0; i < 32; i++) {
		wide square = (wide)m * m >> 63;
		bool two = square >> 64 != 0;

		places = places << 1 | two;
		m = (uint64_t)(two ? square >> 1 : square);
	}
	return (int64_t)(31 - shift) * (int64_t)ONE + places;
}

/* The rates that an arm may have. */
static void widen(uint64_t trials, uint64_t wins, uint64_t *low, uint64_t *high)
{
	uint64_t mean = (uint64_t)(((wide)(wins + 1) << 32) / (trials + 2));
	uint64_t spread = SPREAD * (square_root((uint64_t)((wide)mean * (ONE - mean) / (trials + 3))) + 1);

	*low = MIN(*low, mean > spread ? mean - spread : 0);
	*high = MAX(*high, MIN(mean + spread, ONE));
}

/* density: in each cell of the grid; below: the chance that the rate lies below its middle. Both add up to 1. */
static void spread_out(uint64_t trials, uint64_t wins, const uint64_t *rates, uint64_t *density, uint64_t *below)
{
	wide_signed *logs = g_new(wide_signed, GRID), highest = 0;
	uint64_t total = 0, sum = 0;

	for (int k = 0; k < GRID; k++) {
		logs[k] = (wide_signed)wins * logarithm(rates[k]) +
		          (wide_signed)(trials - wins) * logarithm(ONE - rates[k]);
		highest = k == 0 || logs[k] > highest ? logs[k] : highest;
	}
	for (int k = 0; k < GRID; k++) {
		wide_signed down = highest - logs[k];

		density[k] = 0;
		if (down < (wide_signed)UNIT_BITS * (wide_signed)ONE)
			density[k] = (uint64_t)nt_decay(INT64_C(1) << UNIT_BITS, (nt_time)down, (nt_time)ONE);
		total += density[k];
	}
	for (int k = 0; k < GRID; k++) {
		below[k] = (uint64_t)(((wide)(2 * sum + density[k]) << (UNIT_BITS - 1)) / total);
		sum += density[k];
		density[k] = (uint64_t)(((wide)density[k] << UNIT_BITS) / total);
	}
	g_free(logs);
}

static uint64_t chance_of(unsigned arm, unsigned n, const uint64_t *density, const uint64_t *below)
{
	uint64_t sum = 0;

	for (int k = 0; k < GRID; k++) {
		uint64_t product = density[arm * GRID + k];

		for (unsigned i = 0; i < n && product > 0; i++)
			if (i != arm)
				product = (uint64_t)((wide)product * below[i * GRID + k] >> UNIT_BITS);
		sum += product;
	}
	return sum;
}

void nt_odds_best(const uint64_t *trials, const uint64_t *wins, unsigned n, uint32_t *odds)
{
	uint64_t *density = g_new(uint64_t, (size_t)n * GRID), *below = g_new(uint64_t, (size_t)n * GRID);
	uint64_t *chances = g_new(uint64_t, n), rates[GRID], low = ONE, high = 0, total = 0;
	uint32_t left = NT_ODDS_ONE;
	unsigned best = 0;

	for (unsigned i = 0; i < n; i++)
		widen(trials[i], wins[i], &low, &high);
	for (unsigned k = 0; k < GRID; k++)
		rates[k] = CLAMP(low + (high - low) * (2 * k + 1) / (2 * GRID), 1, ONE - 1);
	for (unsigned i = 0; i < n; i++)
		spread_out(trials[i], wins[i], rates, density + (size_t)i * GRID, below + (size_t)i * GRID);
	for (unsigned i = 0; i < n; i++) {
		chances[i] = chance_of(i, n, density, below);
		total += chances[i];
		best = chances[i] > chances[best] ? i : best;
	}
	for (unsigned i = 0; i < n; i++) {
		odds[i] = total > 0 ? (uint32_t)((wide)chances[i] * NT_ODDS_ONE / total) : NT_ODDS_ONE / n;
		left -= odds[i];
	}
	odds[best] += left;
	g_free(density);
	g_free(below);
	g_free(chances);
}
