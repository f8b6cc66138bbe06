/* policy.rates: at most so many messages of a channel, of all leads together, in any stretch of so long.
 *
 * Counted are claims: what has been handed to the channel, service messages and offers to reps too, whatever became of
 * it. How many and when is kept in the store's meta table under "rate CHANNEL PER", written in the transaction that
 * claims, so that neither a reload nor a restart nor a crash lets out more. */
#ifndef NT_ENGINE_RATE_H
#define NT_ENGINE_RATE_H

#include "engine/turn.h"

/* The channel of an outbox row, or of a webhook's lane. How many of `wanted` may go at the turn's instant; if that is
 * fewer, *opens is when the next may, else NT_NO_TIME. */
unsigned nt_rate_room(struct nt_batch *turn, const char *channel, unsigned wanted, nt_time *opens);
/* `n` go now. */
void nt_rate_count(struct nt_batch *turn, const char *channel, unsigned n);
/* One that was claimed has touched nothing: it doesn't count. */
void nt_rate_give_back(struct nt_batch *turn, const char *channel);

#endif
