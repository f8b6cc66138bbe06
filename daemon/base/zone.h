/* Time zones from TZif data (RFC 9636), read by us because civil time is the core of what we promise.
 *
 * The bytes are handed in (the shell reads files; see os/zones.h). Versions 1-4; beyond the last transition the
 * footer's POSIX TZ string (with its extensions, e.g. Dublin's negative DST) is followed. */
#ifndef NT_BASE_ZONE_H
#define NT_BASE_ZONE_H

#include "base/time.h"

#include <stdbool.h>
#include <stddef.h>

struct nt_zone; /* immutable, shareable between threads */

/* NULL if the data is not TZif or is damaged; *why gets a static text. `name` is copied. */
struct nt_zone *nt_zone_parse(const char *name, const void *data, size_t length, const char **why);
struct nt_zone *nt_zone_utc(void); /* a fresh one, named "UTC" */
void nt_zone_free(struct nt_zone *zone);

const char *nt_zone_name(const struct nt_zone *zone);
/* Offset from UTC in seconds at t (east positive), its abbreviation (owned by the zone), and the instant until which
 * both hold (exclusive, NT_NEVER if none is known). Any out pointer may be NULL. */
int nt_zone_offset(const struct nt_zone *zone, nt_time t, const char **abbreviation, nt_time *until);

/* Where zones come from: the shell fills one (os/zones.h), tests too. find() gives NULL for a name that tzdata
 * doesn't have; the zone lives as long as the source. Must be safe to call from any thread. */
struct nt_zones {
	const struct nt_zone *(*find)(const struct nt_zones *zones, const char *name);
	const struct nt_zone *utc;
	const char *const *(*names)(const struct nt_zones *zones); /* sorted, NULL-terminated: for "did you mean" */
	const char *version; /* other data has another; NULL: it never changes */
};

#endif
