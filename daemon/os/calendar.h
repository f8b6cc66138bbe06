/* The days of an iCalendar file's events (RFC 5545): what `holidays: [ holidays/us.ics ]` reads.
 *
 * Which days count: every local date that an event covers, DTSTART to DTEND (the first day after; a DTEND within a day
 * takes that day too), with its repetitions (RRULE as in os/repeat.h, RDATE, without EXDATE) in the years 2000 to 2100.
 * Times and zones are read as written: a holiday is a date. Cancelled events and replaced instances (RECURRENCE-ID)
 * don't count. Everything else in the file is passed over. Reads no clock, and gives the same for the same bytes. */
#ifndef NT_OS_CALENDAR_H
#define NT_OS_CALENDAR_H

#include "base/diag.h"

#include <glib.h>
#include <stdbool.h>

/* A file is from anyone: what is larger is refused. */
#define NT_CALENDAR_SIZE (1024 * 1024)
#define NT_CALENDAR_EVENTS 5000
#define NT_CALENDAR_RULES 200         /* events with an RRULE */
#define NT_CALENDAR_WORK 2000000u     /* days that all rules together may look at */
#define NT_CALENDAR_DAYS 50000        /* before those that are twice there are taken out */

/* Appends int64_t days since the epoch to `days`, in no order. False: it has errors, which were added to `diags` with
 * their lines. Any thread. Made for struct nt_load_context. */
bool nt_calendar_days(const struct nt_source *source, struct nt_diags *diags, GArray *days);

#endif
