/* From a delivery to what the person reads: template, frozen values, signed links. Any thread. */
#ifndef NT_CHANNEL_RENDER_H
#define NT_CHANNEL_RENDER_H

#include "template/message.h"

#include <stdbool.h>

struct nt_attachment;
struct nt_delivery;
struct nt_json;
struct nt_links;

struct nt_letter { /* in the delivery's arena */
	struct nt_rendered rendered;
	const struct nt_json *variables;
	const char *to, *to_name;       /* address as given; name or NULL */
	const char *from, *from_name;   /* sender's email, name; NULL if the rules have none */
	const char *phone;              /* sender's */
	const struct nt_attachment *const *attachments; /* of email; the program's */
	unsigned n_attachments;
	const char *unsubscribe_url;    /* NULL: service messages and our own people */
};

/* false and *why (in the arena): can never be sent (its template is gone, or gave nothing). */
bool nt_letter_render(struct nt_delivery *delivery, const struct nt_links *links, struct nt_letter *out,
                      const char **why);

#endif
