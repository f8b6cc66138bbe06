/* nurtured.yaml: everything the daemon needs to know that isn't a rule. One table a section drives parsing, defaults,
 * unknown-key messages and the manual page. */
#ifndef NT_MAIN_SETTINGS_H
#define NT_MAIN_SETTINGS_H

#include "channel/channel.h"
#include "channel/dispatcher.h"
#include "http/api.h"

#include <glib.h>
#include <stdbool.h>

struct nt_diags;
struct nt_yaml;

enum nt_channel_type { NT_CHANNEL_SMTP, NT_CHANNEL_HTTP, NT_CHANNEL_EXEC, NT_CHANNEL_SPOOL };

struct nt_setting_pair {
	const char *pair[2]; /* name, value */
};

struct nt_channel_settings {
	const char *name;
	const char *lane;              /* webhooks: the outbox's channel, "webhook:NAME" */
	enum nt_channel_type type;
	struct nt_channel_limit limit;
	struct nt_smtp_settings smtp;
	struct nt_http_settings http;  /* provider is filled in by settings.c; owned by the settings */
	struct nt_exec_settings exec;
	struct nt_spool_settings spool;
};

struct nt_settings {
	struct nt_arena *arena;
	const char *path;            /* the file */
	const char *rules, *templates, *store_path;
	const char *listen, *public_url, *socket;
	const char *providers;       /* folder */
	int64_t body_limit, request_timeout_ms, connections, per_address, stop_limit_ms, log_months;
	struct nt_token *tokens;
	unsigned n_tokens;
	const char **link_keys;
	unsigned n_link_keys;
	struct nt_channel_settings *channels;
	unsigned n_channels;
	struct nt_channel_settings *webhooks; /* type http; name is the webhook's */
	unsigned n_webhooks;
	struct nt_inbound_channel *inbound;   /* http channels: their gateways may bring us messages */
	unsigned n_inbound;
	char fingerprint[65]; /* SHA-256 of everything that was read: the same, and nothing but the rules can have
	                         changed */
};

/* Reads the file and all that it names (secrets, providers). NULL if there was any error. */
struct nt_settings *nt_settings_load(const char *path, struct nt_diags *diags);
void nt_settings_free(struct nt_settings *settings);
/* For who only wants to know what there is: the file's own keys, and no secrets, are looked at. False: reported. */
bool nt_settings_check_keys(const struct nt_yaml *root, struct nt_diags *diags);
/* Names for the rules' loader, NULL-terminated, in the settings' arena. */
const char *const *nt_settings_channel_names(const struct nt_settings *settings);
const char *const *nt_settings_webhook_names(const struct nt_settings *settings);
/* The reference of the file, from the tables. */
void nt_settings_reference(GString *out, bool man);

#endif
