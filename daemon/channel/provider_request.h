/* One call to a gateway: what is sent, and what the answer means. */
#ifndef NT_CHANNEL_PROVIDER_REQUEST_H
#define NT_CHANNEL_PROVIDER_REQUEST_H

#include "channel/channel.h"

#include <glib.h>

struct nt_provider;

struct nt_call { /* in the delivery's arena */
	const char *method, *url, *body, *content_type;
	size_t length;
	const char *user, *password; /* NULL: none */
	const char **headers;        /* "Name: value", NULL-terminated */
};

/* `now`: the time that a webhook is signed with. false and *why: can never be sent. */
bool nt_call_make(const struct nt_provider *provider, struct nt_delivery *delivery, const struct nt_links *links,
                  nt_time now, struct nt_call *out, const char **why);
/* A complete answer. Texts in the delivery's arena. */
void nt_call_answer(const struct nt_provider *provider, struct nt_delivery *delivery, long status, const char *body,
                    size_t length, struct nt_delivery_outcome *out);

/* The header "webhook-signature: v1,…" of Standard Webhooks; timestamp in seconds. */
const char *nt_webhook_signature(struct nt_arena *arena, const char *secret, const char *id, int64_t timestamp,
                                 const GString *body);

#endif
