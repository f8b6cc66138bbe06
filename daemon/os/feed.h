/* An iCalendar feed being written (RFC 5545), for people's own calendars. Any thread.
 *
 * Texts may be anything that is UTF-8: they can't break out of their line. Lines are folded and end in CR LF. */
#ifndef NT_OS_FEED_H
#define NT_OS_FEED_H

#include "base/time.h"

#include <glib.h>
#include <stdbool.h>

struct nt_feed;

struct nt_feed_event {
	const char *uid;        /* stays the same as long as it is the same event */
	nt_time start;          /* an instant; or, floating, a reading on every reader's wall, as if UTC */
	bool floating;
	const char *summary, *description;
	const char *url;        /* or NULL */
	bool transparent;       /* doesn't make its reader busy */
};

struct nt_feed *nt_feed_new(const char *name, nt_time now);
void nt_feed_add(struct nt_feed *feed, const struct nt_feed_event *event);
/* The file; g_free() it. Frees the feed. NULL: out of libical's mind, which can't be told why. */
char *nt_feed_end(struct nt_feed *feed);

#endif
