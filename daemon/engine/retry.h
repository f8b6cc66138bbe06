/* When to try a message again: growing, jittered pauses, derived from message id and attempt, so that they survive a
 * restart and a replay repeats them. */
#ifndef NT_ENGINE_RETRY_H
#define NT_ENGINE_RETRY_H

#include "base/time.h"

#include <stdbool.h>

struct nt_retry_policy {
	nt_time first;    /* pause after the first failure */
	nt_time longest;
	unsigned attempts; /* after so many the message is refused */
};
extern const struct nt_retry_policy nt_retry_default; /* 1 minute, doubling to 4 hours, 20 attempts (about 2 days) */

/* attempts: those that have ended, >= 1. false: give up. Jitter is within [0.5, 1.0] of the pause. */
bool nt_retry_at(const struct nt_retry_policy *policy, const char *message, unsigned attempts, nt_time now,
                 nt_time *at);

#endif
