/* Time as the whole program knows it: UTC milliseconds since 1970-01-01, no leap seconds.
 *
 * There is one door through which the present comes in (os/clock.h); everything else is handed a `now`.
 * Durations that are calendar time live in base/civil.h; plain differences of two nt_time are milliseconds. */
#ifndef NT_BASE_TIME_H
#define NT_BASE_TIME_H

#include <stdint.h>

typedef int64_t nt_time; /* ms since the epoch, UTC */

#define NT_NEVER INT64_MAX     /* later than any instant: "does not change", "no timer" */
#define NT_NO_TIME INT64_MIN   /* no instant known: "never happened" */

#define NT_SECOND ((nt_time)1000)
#define NT_MINUTE (60 * NT_SECOND)
#define NT_HOUR (60 * NT_MINUTE)
#define NT_DAY (24 * NT_HOUR)

/* The calendar ends here (9999-12-31T23:59:59.999Z); later instants saturate to it. */
#define NT_TIME_MAX ((nt_time)253402300799999)
#define NT_TIME_MIN ((nt_time)-62135596800000) /* 0001-01-01T00:00:00Z */

static inline nt_time nt_time_earlier(nt_time a, nt_time b) { return a < b ? a : b; }
static inline nt_time nt_time_later(nt_time a, nt_time b) { return a > b ? a : b; }

#endif
