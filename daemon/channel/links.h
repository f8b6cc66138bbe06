/* Signed links: kind, id, action, expiry, key number; anyone may hold one, nobody can make one (libsodium crypto_auth /
 * HMAC-SHA-512-256). BASE/u/TOKEN (unsubscribe), BASE/r/TOKEN (rep answers an offer), BASE/k/TOKEN (confirm),
 * BASE/t/TOKEN (a rep's task), BASE/calendar/TOKEN.ics.
 * Thread-safe. */
#ifndef NT_CHANNEL_LINKS_H
#define NT_CHANNEL_LINKS_H

#include "base/text.h"
#include "base/time.h"

#include <glib.h>
#include <stdbool.h>

enum nt_link_kind { NT_LINK_UNSUBSCRIBE = 'u', NT_LINK_REP = 'r', NT_LINK_CONFIRM = 'k', NT_LINK_TASK = 't',
                    NT_LINK_CALENDAR = 'i' };

struct nt_link {
	enum nt_link_kind kind;
	char action;             /* REP: 'a' accept, 's' send back; else 0 */
	char id[NT_LEAD_ID_LONGEST + 1]; /* message id, the lead of an offer, or a task's id */
	uint64_t number;         /* the offer */
	char name[NT_NAME_LONGEST + 1]; /* the rep; CALENDAR: or "" */
	nt_time expires;         /* NT_NEVER */
};

struct nt_links;
/* keys: the first signs, all verify (rotation). Each 32 bytes at least after reading (hashed to 32). */
struct nt_links *nt_links_new(const char *public_url, const char *const *keys, unsigned n_keys);
void nt_links_free(struct nt_links *links);
const char *nt_links_public_url(const struct nt_links *links);
void nt_links_make(const struct nt_links *links, const struct nt_link *link, GString *url);
/* Path's token part to link; false: forged, damaged or of an unknown key. Expiry is the caller's to check.
 * Constant-time. */
bool nt_links_read(const struct nt_links *links, const char *token, struct nt_link *out);

#endif
