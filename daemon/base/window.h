/* Windows of the week: "mon-fri 09:00-17:00", "daily 08:00-20:00", "sat,sun 10:00-14:00", "22:00-02:00" (every day),
 * or a list of them (rule-language I.2, II.3).
 *
 * Half-open between endpoints resolved as in II.2; one that passes midnight belongs to its starting day. */
#ifndef NT_BASE_WINDOW_H
#define NT_BASE_WINDOW_H

#include "base/time.h"

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

struct nt_zone;

struct nt_window {
	unsigned char days; /* bit 0 Monday … bit 6 Sunday */
	short start, end;   /* minutes of the day; end 1-2880, above 1440 means the next day */
};

/* A union of windows; n == 0 means "always". */
struct nt_windows {
	const struct nt_window *items;
	unsigned n;
};

bool nt_window_parse(const char *text, size_t length, struct nt_window *out, const char **why);
void nt_window_print(struct nt_window window, GString *out);

bool nt_windows_contain(const struct nt_windows *windows, const struct nt_zone *zone, nt_time t);
/* The first instant >= t inside; t itself if inside; NT_NEVER if none within 400 days. */
nt_time nt_windows_next(const struct nt_windows *windows, const struct nt_zone *zone, nt_time t);
/* The first instant > t at which t's window (or run of touching windows) has ended; t if outside. */
nt_time nt_windows_end(const struct nt_windows *windows, const struct nt_zone *zone, nt_time t);
/* Working time: the instant at which `ms` of time inside the windows have passed since t (II.8: limits of reps).
 * NT_NEVER if not within 400 days. `skip` (optional) says that a local date (days since epoch) doesn't count. */
nt_time nt_windows_spend(const struct nt_windows *windows, const struct nt_zone *zone, nt_time t, nt_time ms,
                         bool (*skip)(void *context, int64_t local_days), void *context);

#endif
