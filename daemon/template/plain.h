/* Plain text with wrapped paragraphs, lists and quotes: what the text twin of an email is written with.
 *
 * Lines are at most NT_PLAIN_WIDTH columns wide (East Asian wide characters count two), but a word is never cut, so
 * that long URLs stay whole. No line ends in a space. */
#ifndef NT_TEMPLATE_PLAIN_H
#define NT_TEMPLATE_PLAIN_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

#define NT_PLAIN_WIDTH 76
#define NT_PLAIN_LEVELS 40 /* deeper prefixes are left out */

struct nt_plain_level {
	char first[16], rest[16]; /* what begins its first line, and its others */
	bool begun;
};

/* Zeroed but for `out`, which it appends to. */
struct nt_plain {
	GString *out;
	struct nt_plain_level levels[NT_PLAIN_LEVELS];
	unsigned depth;
	bool begun; /* something was written */
	bool gap;   /* an empty line is due before the next one */
};

/* A list item, a quote: from here on lines begin with these. */
void nt_plain_push(struct nt_plain *plain, const char *first, const char *rest);
void nt_plain_pop(struct nt_plain *plain);
void nt_plain_gap(struct nt_plain *plain); /* an empty line before the next one, unless nothing was written yet */
/* Wraps; runs of spaces are one, '\n' is a line break. */
void nt_plain_paragraph(struct nt_plain *plain, const char *text, size_t length);
/* Each line as it is. */
void nt_plain_lines(struct nt_plain *plain, const char *text, size_t length);
size_t nt_plain_columns(const char *text, size_t length); /* how wide it shows */

/* The text of an HTML document or fragment: paragraphs, lists, "link (url)", alt texts; scripts, styles, the head and
 * what is hidden (display:none) are left out. Never fails: HTML is read as browsers do, roughly. */
void nt_plain_html(struct nt_plain *plain, const char *html, size_t length);

#endif
