/* What stands around a message's content: the built-in layout, the bare one, and a company's own. */
#ifndef NT_TEMPLATE_LAYOUT_H
#define NT_TEMPLATE_LAYOUT_H

#include "base/diag.h"
#include "template/render.h"

struct nt_arena;

struct nt_layout {
	const char *name; /* "default", "none", or a file's; with its locale: "brand.de" */
	/* One of both may be missing in a file's; then the default's stands for it (nt_layout_join). */
	const struct nt_liquid *html, *text;
	struct nt_source html_source, text_source; /* path NULL: built in */
};

/* Parsed into the arena. */
const struct nt_layout *nt_layout_default(struct nt_arena *arena);
const struct nt_layout *nt_layout_none(struct nt_arena *arena);

/* What every layout may use besides the message's variables: content, subject, preheader, layout_lang, layout_call
 * ("Questions? Call us:"), layout_unsubscribe ("Unsubscribe"), the last two in the template's language if known here,
 * else in English. */
#define NT_LAYOUT_EXTRAS 6
void nt_layout_extras(struct nt_render_extra extras[NT_LAYOUT_EXTRAS], const char *locale, const char *content,
                      size_t length, const char *subject, const char *preheader);
bool nt_layout_gives(const char *variable);

#endif
