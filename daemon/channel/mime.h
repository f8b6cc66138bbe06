/* A letter as an Internet message: RFC 5322, 2045-2047, List-Unsubscribe (RFC 2369) with one click (RFC 8058). Any
 * thread. */
#ifndef NT_CHANNEL_MIME_H
#define NT_CHANNEL_MIME_H

#include <glib.h>
#include <stdbool.h>

struct nt_delivery;
struct nt_letter;

/* Appends the whole message, every line end CR LF, no line over 998 octets, nothing but ASCII. The same delivery always
 * gives the same bytes. false and *why (static): an address that can't stand in a header. */
bool nt_mime_build(const struct nt_delivery *delivery, const struct nt_letter *letter, GString *out, const char **why);
/* A mailbox for the envelope: no space, control character, angle bracket or non-ASCII; one @ with something on either
 * side. */
bool nt_mime_mailbox_ok(const char *address);

#endif
