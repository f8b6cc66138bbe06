/* A message for a program or a folder: for email a whole Internet message (mime.h), for all else a few header lines, an
 * empty line, and the text (or, with "Content-Type: text/html", the page). UTF-8, LF. */
#ifndef NT_CHANNEL_SHEET_H
#define NT_CHANNEL_SHEET_H

#include <glib.h>
#include <stdbool.h>

struct nt_delivery;
struct nt_links;

/* false and *why: can never be sent. */
bool nt_sheet_build(struct nt_delivery *delivery, const struct nt_links *links, GString *out, const char **why);
const char *nt_sheet_extension(const struct nt_delivery *delivery); /* "eml", "txt" */

#endif
