/* Ways in by the calendar: a date of the lead's, or a broadcast; each with the times at which it comes round (I.6,
 * II.6).
 *
 * A round has a number from 0, a mark that is the same for every lead and in every zone (its reading on the wall as if
 * that were UTC; it grows with the number), and an instant, which depends on the lead's zone. */
#ifndef NT_RULES_OCCASION_H
#define NT_RULES_OCCASION_H

#include "base/civil.h"
#include "rules/value.h"

#include <stdbool.h>
#include <stdint.h>

struct nt_zone;

struct nt_occasion {
	const char *identity;      /* "renewal date renews_on", "spring at", "spring at 2": state is kept under it */
	int campaign;
	bool repeats;
	struct nt_duration every;  /* date: calendar part only */
	/* date */
	int field;                 /* DATE or TIME; -1: a broadcast */
	bool before;               /* by `shift`, else after */
	struct nt_duration shift;
	int minutes;               /* time of day on the local date that this gives; -1: as it is */
	bool late;                 /* late: enter */
	/* at */
	nt_time reading;           /* on the wall, as if UTC */
	bool everywhere;           /* at one instant for all, */
	const struct nt_zone *zone; /* on this zone's wall; NULL: `behind` UTC */
	nt_time first;             /* of `everywhere`: the instant of round 0 */
	nt_time behind;            /* ms: reading - instant */
};

/* What the rounds are reckoned from: the field's value, or nothing for a broadcast. False: there are none. */
bool nt_occasion_has(const struct nt_occasion *occasion, const struct nt_value *value);
nt_time nt_occasion_mark(const struct nt_occasion *occasion, const struct nt_value *value, int64_t round);
/* In the lead's zone. NT_TIME_MAX: beyond the calendar, never. */
nt_time nt_occasion_instant(const struct nt_occasion *occasion, const struct nt_value *value,
                            const struct nt_zone *zone, int64_t round);
/* The first round whose instant is after t, or whose mark is after t; -1: none. O(log of the number). */
int64_t nt_occasion_after(const struct nt_occasion *occasion, const struct nt_value *value, const struct nt_zone *zone,
                          nt_time t);
int64_t nt_occasion_marked_after(const struct nt_occasion *occasion, const struct nt_value *value, nt_time mark);

#endif
