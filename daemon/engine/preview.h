/* What a template would say to a lead, without sending it: for preview and for a test to oneself. Pure. */
#ifndef NT_ENGINE_PREVIEW_H
#define NT_ENGINE_PREVIEW_H

#include "base/time.h"

#include <stdbool.h>

struct nt_arena;
struct nt_json;
struct nt_lead;
struct nt_message;
struct nt_program;

/* A lead that isn't in any store: fields as PUT /v1/leads/ID takes them. No campaign runs for it; it has just
 * done the first things that bring points. NULL and *why (in the arena): a field is wrong. */
struct nt_lead *nt_preview_lead(struct nt_arena *arena, struct nt_program *program, const char *id,
                                const struct nt_json *fields, nt_time now, const char **why);

struct nt_preview {
	const char *template_name, *channel;
	const char *locale; /* NULL: the lead's */
};
/* The message as the first step that sends this template would release it at `now`, with its `with:` values; one for
 * our own people as sales.tell, a `tell` or `task` step or an announcement writes it. A template that nothing sends yet
 * gets the lead's values. In the lead's arena; NULL and *why (static): it can't be made. The lead is changed: give it a
 * copy of its own. */
struct nt_message *nt_preview_message(struct nt_lead *lead, const struct nt_preview *preview, nt_time now,
                                      const char **why);

#endif
