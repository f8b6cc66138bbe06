/* Dates in templates: reading what a variable holds, and strftime's letters without the C library's locale. */
#ifndef NT_TEMPLATE_DATE_H
#define NT_TEMPLATE_DATE_H

#include "base/civil.h"
#include "template/datum.h"

/* Where a wall reading was taken: for %z, %Z and %s. */
struct nt_date_place {
	int offset;               /* seconds east of UTC */
	char abbreviation[16];    /* "EST", "UTC" */
	const char *locale;       /* whose names are written; NULL: English */
};

/* Text: "now", "today", a date, a time with or without an offset ("2026-12-01T09:00:00Z"), "March 14, 2016"; number:
 * seconds since 1970. An instant is shown on the zone's clock (NULL: UTC); a reading without an offset stays as it is.
 * Sets all of the place but its locale. False if it is
 * none of these. */
bool nt_date_read(struct nt_datum value, nt_time now, const struct nt_zone *zone, struct nt_civil *civil,
                  struct nt_date_place *place);
/* %a %A %b %B %C %d %D %e %F %h %H %I %j %k %l %L %m %M %n %p %P %r %R %s %S %t %T %u %w %y %Y %z %Z %c %x %X %% with
 * the flags '-' (no padding), '0', '_', '^' (upper case). Names are in the place's language. What is no letter of these
 * is written as it is. */
void nt_date_print(GString *out, const char *format, size_t length, const struct nt_civil *civil,
                   const struct nt_date_place *place);

#endif
