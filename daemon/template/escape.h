/* Escaping: how a value is written into a part so that it stays a value there.
 *
 * Every output of a template goes through this, by its part's context. Nothing here fails: bytes that have no place in
 * a context (control characters, invalid UTF-8) are left out or replaced by U+FFFD. No limits of its own: the output is
 * at most 12 times as long as the input. */
#ifndef NT_TEMPLATE_ESCAPE_H
#define NT_TEMPLATE_ESCAPE_H

#include <glib.h>
#include <stddef.h>

enum nt_escape {
	NT_ESCAPE_TEXT,     /* plain text: control characters go, except tab, CR and LF */
	NT_ESCAPE_HTML,     /* element content and quoted attributes: & < > " ' become entities; controls as in TEXT */
	NT_ESCAPE_HEADER,   /* one line: every run of white space and controls is one space, none at either end */
	NT_ESCAPE_URL,      /* a component of a URL: percent-encoded but for the unreserved (RFC 3986, 2.3) */
	NT_ESCAPE_JSON,     /* the inside of a JSON text, without its quotes (RFC 8259, 7) */
	NT_ESCAPE_MARKDOWN, /* inline Markdown that shows exactly this text (CommonMark 2.4, 2.5) */
};

void nt_escape(GString *out, enum nt_escape context, const char *text, size_t length);

/* The text that such escaped HTML stands for: entities of HTML_ESCAPE and numeric ones; others are left as they are. */
void nt_unescape_html(GString *out, const char *html, size_t length);
/* application/x-www-form-urlencoded: '+' is a space; a stray '%' stays. */
void nt_unescape_url(GString *out, const char *text, size_t length);

#endif
