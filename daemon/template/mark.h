/* Values in Markdown source without the source: a short mark stands for each, and is filled in when the Markdown has
 * been understood. So no value can ever become emphasis, a link, a heading or HTML, nor show a stray backslash, and a
 * code span or a URL shows it rightly too.
 *
 * A mark is made of characters of the last private plane (U+10F700…), which templates may not hold. */
#ifndef NT_TEMPLATE_MARK_H
#define NT_TEMPLATE_MARK_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

struct nt_arena;
struct nt_marks; /* lives in its arena; one owner */

struct nt_marks *nt_marks_new(struct nt_arena *arena);
/* Appends a mark for the text (copied; may be empty). `url`: it is percent-encoded already. */
void nt_marks_put(struct nt_marks *marks, GString *out, const char *text, size_t length, bool url);

enum nt_marks_as {
	NT_MARKS_TEXT, /* as it is */
	NT_MARKS_HTML, /* escaped for HTML */
	NT_MARKS_URL,  /* percent-encoded, unless it begins the URL or is encoded already; '/' stays before a '?' */
};

/* Appends `text` with its marks filled in; damaged or unknown marks vanish. */
void nt_marks_fill(const struct nt_marks *marks, GString *out, const char *text, size_t length, enum nt_marks_as as);
bool nt_marks_any(const char *text, size_t length); /* whether characters of marks are in it */

#endif
