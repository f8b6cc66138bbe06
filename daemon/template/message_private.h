/* What template_set.c builds and message.c renders. */
#ifndef NT_TEMPLATE_MESSAGE_PRIVATE_H
#define NT_TEMPLATE_MESSAGE_PRIVATE_H

#include "template/layout.h"
#include "template/message.h"

struct nt_front;

/* A front matter value that became a program. */
struct nt_message_part {
	const char *key;     /* "subject", "x-…" */
	const char *written;
	const char *name;    /* x-…: the header's name, "X-Campaign-Note" */
	const struct nt_liquid *program;
	struct nt_message_part *next;
};

struct nt_message_template {
	const char *name, *channel, *locale; /* locale as people write it: "de-AT", "" without */
	enum nt_message_kind kind;
	struct nt_source source;             /* owned by the set */
	struct nt_message_part *parts;
	const struct nt_liquid *body;
	const char *layout_name;             /* as the front matter has it, or NULL */
	size_t layout_start;                 /* where it stands */
	bool document;                       /* html: brings its own <html> */
	const struct nt_layout *layout;      /* NULL: json */
	char hash[65];
};

const struct nt_message_part *nt_message_part_find(const struct nt_message_template *message, const char *key);

/* Reads the file's front matter and body into the template; false if errors were added. The sources' texts are the
 * set's; messages point into `diags`' copy. */
bool nt_message_template_parse(struct nt_message_template *message, struct nt_arena *arena, struct nt_diags *diags);
/* The same for the file of a layout. NULL after errors. */
const struct nt_liquid *nt_layout_parse(const struct nt_source *source, struct nt_arena *arena,
                                        struct nt_diags *diags);

#endif
