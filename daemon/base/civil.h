/* Civil time: dates, wall clocks, calendar durations, and what rule authors write for them (rule-language I.2, II.2).
 *
 * The calendar runs from NT_TIME_MIN to NT_TIME_MAX; everything saturates there, and nothing here fails or overflows.
 * NT_NEVER and NT_NO_TIME pass through plus and minus unchanged, and print as "never" and "none". */
#ifndef NT_BASE_CIVIL_H
#define NT_BASE_CIVIL_H

#include "base/time.h"

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

struct nt_zone;

/* Proleptic Gregorian; a wall-clock reading, in no zone by itself. */
struct nt_civil {
	int year, month, day;        /* month 1-12, day 1-31 */
	int hour, minute, second;    /* 0-23, 0-59, 0-59 */
	int millisecond;             /* 0-999 */
};

/* Days since 1970-01-01 and back. */
int64_t nt_civil_days(int year, int month, int day);
void nt_civil_from_days(int64_t days, int *year, int *month, int *day);
int nt_civil_month_days(int year, int month);
/* 0 = Monday … 6 = Sunday. */
int nt_civil_weekday(int64_t days);
/* The reading as if it were UTC, and back. */
nt_time nt_civil_utc(const struct nt_civil *civil);
struct nt_civil nt_civil_from_utc(nt_time t);
bool nt_civil_valid(const struct nt_civil *civil);

/* What the wall clock shows at t; and the instant of a wall reading: in a gap the first instant after it, in an
 * overlap the first of the two (II.2). Saturates at the calendar's ends. */
struct nt_civil nt_civil_at(const struct nt_zone *zone, nt_time t);
nt_time nt_civil_instant(const struct nt_zone *zone, const struct nt_civil *civil);
nt_time nt_civil_midnight(const struct nt_zone *zone, nt_time t); /* start of t's local day */
nt_time nt_civil_next_midnight(const struct nt_zone *zone, nt_time t); /* start of the next local day, > t */

/* A duration: calendar part (months, days) and elapsed part (ms). All three have the same sign. */
struct nt_duration {
	int32_t months; /* years count twelve */
	int32_t days;   /* weeks count seven */
	int64_t ms;
};
#define NT_DURATION_MS(x) ((struct nt_duration){ .ms = (x) })

bool nt_duration_is_zero(struct nt_duration d);
/* II.2: years and months (clamped to the month's end), then weeks and days on the wall clock, then ms elapsed.
 * Without a calendar part nothing is resolved. Saturates. minus mirrors plus: ms elapsed, then days and weeks, then
 * months and years (clamped), and that reading resolved. A negative duration turns one into the other. */
nt_time nt_time_plus(const struct nt_zone *zone, nt_time t, struct nt_duration d);
nt_time nt_time_minus(const struct nt_zone *zone, nt_time t, struct nt_duration d);
/* x lies within d at t iff x <= t < plus(x, d). */
bool nt_time_within(const struct nt_zone *zone, nt_time x, nt_time t, struct nt_duration d);

/* Parsers of authors' text. Each reads the whole of text[0..length) (blanks around are fine) and gives false without
 * touching *out if it isn't one. `*why` (optional) gets a static explanation such as "a month has at most 31 days". */
/* "1 day 4 hours"; each unit once, in any order; only seconds take decimals; at most 1000 years; never negative. */
bool nt_duration_parse(const char *text, size_t length, struct nt_duration *out, const char **why);
/* "09:00"; not "24:00", which only a window's end allows. */
bool nt_clock_parse(const char *text, size_t length, int *minutes, const char **why);
/* "mon", "monday", in any case: 0-6. */
bool nt_weekday_parse(const char *text, size_t length, int *weekday);
/* "2026-12-01" */
bool nt_date_parse(const char *text, size_t length, struct nt_civil *out, const char **why);
/* "2026-12-01", "2026-12-01 09:00[:00[.123]]", "…T…Z", "…-05:00". *civil is the reading as written; *has_offset says
 * whether there is an offset, and then *t is the instant (else *t isn't touched). Decimals beyond ms are cut off. */
bool nt_instant_parse(const char *text, size_t length, struct nt_civil *civil, bool *has_offset, nt_time *t,
                      const char **why);
/* How an instant was written: its precision in ms (1 day, 1 minute, 1 second, 1 ms): tests match at it. */
nt_time nt_instant_precision(const char *text, size_t length);

void nt_duration_print(struct nt_duration d, GString *out); /* "1 day 4 hours"; zero is "0 seconds" */
/* "2026-03-02T15:00:00.000Z" without fraction if whole seconds */
void nt_time_print_utc(nt_time t, GString *out);
/* "Mon 2026-03-02 10:00 EST"; seconds and fraction only if not zero */
void nt_time_print_local(const struct nt_zone *zone, nt_time t, GString *out);

#endif
