#include "engine/retry.h"

#include "base/bug.h"

#include <stdint.h>

const struct nt_retry_policy nt_retry_default = { .first = NT_MINUTE, .longest = 4 * NT_HOUR, .attempts = 20 };

/* FNV-1a over the id, then the attempt, then the finish of splitmix64: every bit depends on every input bit. */
static uint64_t chance(const char *message, unsigned attempts)
{
	uint64_t hash = 14695981039346656037u;

	for (; *message != '\0'; message++)
		hash = (hash ^ (unsigned char)*message) * 1099511628211u;
	hash += attempts * 0x9e3779b97f4a7c15u;
	hash = (hash ^ hash >> 30) * 0xbf58476d1ce4e5b9u;
	hash = (hash ^ hash >> 27) * 0x94d049bb133111ebu;
	return hash ^ hash >> 31;
}

bool nt_retry_at(const struct nt_retry_policy *policy, const char *message, unsigned attempts, nt_time now, nt_time *at)
{
	nt_time pause = policy->first;

	NT_CHECK(attempts >= 1);
	if (attempts >= policy->attempts)
		return false;
	for (unsigned i = 1; i < attempts && pause < policy->longest; i++)
		pause *= 2;
	pause = nt_time_earlier(pause, policy->longest);
	pause -= (nt_time)(chance(message, attempts) % (uint64_t)(pause / 2 + 1));
	*at = now + pause;
	return true;
}
