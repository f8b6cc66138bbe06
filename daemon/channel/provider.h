/* Gateways as data: contrib/providers/NAME.yaml says method, URL, headers, form or JSON body, what counts as success
 * and where the gateway's id is.
 *
 *     name: twilio
 *     settings: { account: required, token: secret, from: required }
 *     request:
 *       method: POST
 *       url: https://api.twilio.com/2010-04-01/Accounts/{{ settings.account }}/Messages.json
 *       auth: { user: "{{ settings.account }}", password: "{{ settings.token }}" }
 *       form: { To: "{{ to }}", From: "{{ settings.from }}", Body: "{{ text }}" }
 *     success: { status: [200, 201] }
 *     id: { json: sid }
 *     temporary: { status: [429, 500-599] }
 *     hard: { status: 400, json: code, in: [21211, 21614] }
 *
 * `inbound:` says how text messages come in (channel/inbound.h).
 *
 * Values in a URL are percent-encoded, but for settings; in a header they are one line; form and JSON bodies are
 * encoded as a whole. `idempotent: yes` says that the gateway knows a repeated call by {{ id }}: then one that was cut
 * off is simply repeated. 401, 407, 408, 425, 429 and all from 500 on are temporary, whatever else is. */
#ifndef NT_CHANNEL_PROVIDER_H
#define NT_CHANNEL_PROVIDER_H

#include <glib.h>
#include <stdbool.h>

struct nt_diags;
struct nt_provider;
struct nt_yaml;

/* source: the provider's YAML; settings: the channel's mapping in nurtured.yaml (secrets already read: NAME_file
 * replaced). NULL and diagnostics if anything is unknown, missing or wrong. */
struct nt_provider *nt_provider_load(const char *path, const char *text, size_t length,
                                     const char *const (*settings)[2], unsigned n_settings, struct nt_diags *diags);
/* A webhook from nurtured.yaml: url, headers, secret (signs per Standard Webhooks: webhook-id, webhook-timestamp,
 * webhook-signature). */
struct nt_provider *nt_provider_webhook(const char *url, const char *const (*headers)[2], unsigned n_headers,
                                        const char *secret);
bool nt_provider_header_ok(const char *name); /* RFC 9110, 5.1: a token */
void nt_provider_free(struct nt_provider *provider);

#endif
