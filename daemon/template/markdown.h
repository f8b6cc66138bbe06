/* Markdown (CommonMark, by libcmark) to HTML and to plain text that reads well by itself.
 *
 * The author is trusted: HTML in the source stays HTML. Values aren't: they come as marks (mark.h) and show as the text
 * that they are. Links lead to http, https, mailto, tel, sms and relative addresses; any other scheme loses its link.
 * What is left empty by missing values (paragraph, item, emphasis, link) is taken out. */
#ifndef NT_TEMPLATE_MARKDOWN_H
#define NT_TEMPLATE_MARKDOWN_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

struct nt_marks;

#define NT_MARKDOWN_SIZE ((size_t)1024 * 1024 + 1)
#define NT_MARKDOWN_DEPTH 100

/* Appends to html and text (either may be NULL); marks may be NULL. False and *why (static) if the source is larger or
 * nested more deeply than the limits. */
bool nt_markdown_render(const char *source, size_t length, const struct nt_marks *marks, GString *html, GString *text,
                        const char **why);

#endif
