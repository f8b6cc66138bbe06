/* How likely each of several arms is to be the best, by what has become of their trials. Whole numbers only, so that
 * every platform agrees. */
#ifndef NT_ENGINE_ODDS_H
#define NT_ENGINE_ODDS_H

#include <stdint.h>

#define NT_ODDS_ONE 1000000u /* millionths */

/* The probability that arm i's rate of success is the highest, given wins[i] of trials[i] (wins <= trials) and nothing
 * known before: each rate is spread as Beta(wins + 1, trials - wins + 1). Fills odds[n], which total NT_ODDS_ONE; n >=
 * 1. To share out by these is to match probabilities (Thompson, "On the likelihood that one unknown probability exceeds
 * another", Biometrika 25, 1933; Scott, "A modern Bayesian look at the multi-armed bandit", Applied Stochastic Models
 * in Business and Industry 26, 2010). Takes time n * n * 2048. */
void nt_odds_best(const uint64_t *trials, const uint64_t *wins, unsigned n, uint32_t *odds);

#endif
