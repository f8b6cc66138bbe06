/* Rules of repetition (RFC 5545, RRULE) by days: which dates a yearly, monthly, weekly or counted daily rule gives.
 *
 * Worked out here, in work that is known beforehand: libical gives the same days, but looks for one that never comes
 * (30 February, the 40th day of a month) through all the years that it knows, which takes it seconds a rule. */
#ifndef NT_OS_REPEAT_H
#define NT_OS_REPEAT_H

#include <stdbool.h>
#include <stdint.h>

#define NT_REPEAT_LIST 64 /* items of one BY… */

struct nt_repeat_list {
	int16_t items[NT_REPEAT_LIST];
	unsigned n;
};

enum nt_repeat_each { NT_REPEAT_DAYS, NT_REPEAT_WEEKS, NT_REPEAT_MONTHS, NT_REPEAT_YEARS };

struct nt_repeat {
	enum nt_repeat_each each;
	int interval, count;    /* count 0: none */
	int64_t until;          /* the last day; INT64_MAX: none */
	int week_start;         /* 0 Monday */
	struct nt_repeat_list months, month_days, year_days, weeks, positions;
	struct nt_repeat_list week_days, ordinals; /* side by side: 0 Monday; 0 each, 2 the second, -1 the last */
};

/* "FREQ=YEARLY;BYMONTH=11;BYDAY=4TH". False: *why says what is wrong with it. */
bool nt_repeat_parse(const char *text, struct nt_repeat *repeat, const char **why);
/* Gives each day from `start` to `last`, days since the epoch, in order, until `each` says false. `*work` is how many
 * days may be looked at, and what is left of them. False: it wasn't enough. */
bool nt_repeat_days(const struct nt_repeat *repeat, int64_t start, int64_t last, unsigned *work,
                    bool (*each)(void *user, int64_t day), void *user);

#endif
