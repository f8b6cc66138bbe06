#include "main/settings.h"

#include "base/arena.h"
#include "base/diag.h"
#include "base/text.h"
#include "channel/provider.h"
#include "main/settings_channels.h"
#include "rules/yaml.h"

#include <string.h>

#define FILE_MOST (1024 * 1024)
#define SECRET_LEAST 32
#define LINK_KEYS_MOST 8 /* as many as links.c verifies with */
#define URL_MOST 200     /* of public_url: a link has to fit into a header's line */

/* ---- tables ---- */

struct top {
	const struct nt_yaml *store, *tokens, *secrets, *channels, *webhooks;
	struct nt_settings *settings;
};

#define IN_SETTINGS(member) offsetof(struct nt_settings, member)

static const struct nt_setting top_table[] = {
	{ "rules", NT_SETTING_PATH, IN_SETTINGS(rules), true, .help = "the folder that holds the rule set" },
	{ "templates", NT_SETTING_PATH, IN_SETTINGS(templates), false,
	  .help = "the folder of message templates, beside the rule set's own" },
	{ "listen", NT_SETTING_TEXT, IN_SETTINGS(listen), false,
	  .help = "address and port of the API: 127.0.0.1:8480 or [::1]:8480" },
	{ "public_url", NT_SETTING_TEXT, IN_SETTINGS(public_url), true,
	  .help = "how people reach it from outside: links in messages begin with it" },
	{ "socket", NT_SETTING_PATH, IN_SETTINGS(socket), false, .fallback_text = "/run/nurtured/control.sock",
	  .help = "the Unix socket for nurturectl" },
	{ "providers", NT_SETTING_PATH, IN_SETTINGS(providers), false, .fallback_text = NT_DATADIR "/providers",
	  .help = "the folder of gateway definitions; default: those that were installed" },
	{ "body_limit", NT_SETTING_SIZE, IN_SETTINGS(body_limit), false, 8 << 20, .least = 1024, .most = 1 << 30,
	  .help = "the largest request body" },
	{ "request_timeout", NT_SETTING_DURATION, IN_SETTINGS(request_timeout_ms), false, 30000, .least = 1000,
	  .most = 600000, .help = "how long a request may take to arrive" },
	{ "connections", NT_SETTING_COUNT, IN_SETTINGS(connections), false, 1000, .least = 10, .most = 60000,
	  .help = "connections to the API at the same time" },
	{ "connections_per_address", NT_SETTING_COUNT, IN_SETTINGS(per_address), false, 0, .least = 0, .most = 60000,
	  .help = "of these, from one address; 0: half of them (behind a proxy all come from one: set it to as many)" },
	{ "stop_within", NT_SETTING_DURATION, IN_SETTINGS(stop_limit_ms), false, 30000, .least = 0, .most = 600000,
	  .help = "how long a stop waits for what is on the wire" },
	{ "log_months", NT_SETTING_COUNT, IN_SETTINGS(log_months), false, 25, .least = 1, .most = 1200,
	  .help = "how many months the log is kept: timelines, and what new rules can ask of the past" },
	{ .key = NULL },
};

/* Sections have code of their own; they stand in the same mapping. */
static const struct {
	const char *key;
	size_t offset;
	bool required;
	const char *help;
} sections[] = {
	{ "store", offsetof(struct top, store), true, "where everything is kept" },
	{ "tokens", offsetof(struct top, tokens), false, "who may use the API" },
	{ "secrets", offsetof(struct top, secrets), true, "keys that sign links" },
	{ "channels", offsetof(struct top, channels), false, "how messages go out" },
	{ "webhooks", offsetof(struct top, webhooks), false, "what webhook steps call" },
};

static const struct nt_setting store_table[] = {
	{ "path", NT_SETTING_PATH, IN_SETTINGS(store_path), true, .help = "the SQLite file" },
	{ .key = NULL },
};

struct token_read {
	const char *secret;
	const struct nt_yaml *scopes;
};
static const struct nt_setting token_table[] = {
	{ "file", NT_SETTING_SECRET, offsetof(struct token_read, secret), true,
	  .help = "the file that holds the token" },
	{ "scopes", NT_SETTING_NODE, offsetof(struct token_read, scopes), true,
	  .help = "what it may do: events, leads:read, leads:write, queue, metrics, admin (all of these, and messages "
	          "in doubt)" },
	{ .key = NULL },
};

static const struct {
	const char *name;
	enum nt_token_scope scope;
} scopes[] = {
	{ "events", NT_SCOPE_EVENTS },   { "leads:read", NT_SCOPE_LEADS_READ }, { "leads:write", NT_SCOPE_LEADS_WRITE },
	{ "queue", NT_SCOPE_QUEUE },     { "metrics", NT_SCOPE_METRICS },       { "admin", NT_SCOPE_ADMIN },
};

struct secrets_read {
	const struct nt_yaml *links;
};
static const struct nt_setting secrets_table[] = {
	{ "links", NT_SETTING_NODE, offsetof(struct secrets_read, links), true,
	  .help = "files that hold keys for links: the first signs, all are accepted" },
	{ .key = NULL },
};

/* ---- sections ---- */

static unsigned read_scopes(struct nt_setting_reader *reader, const struct nt_yaml *list)
{
	static const char *const names[] = { "events", "leads:read", "leads:write", "queue", "metrics", "admin", NULL };
	unsigned result = 0;

	if (list->type != NT_YAML_SEQUENCE) {
		nt_diags_error(reader->diags, list->span, "'scopes' is a list: [ events, \"leads:read\" ]");
		return 0;
	}
	for (const struct nt_yaml *node = list->first; node != NULL; node = node->next) {
		unsigned before = result;
		const char *nearest;

		for (unsigned i = 0; i < G_N_ELEMENTS(scopes); i++)
			if (node->type == NT_YAML_SCALAR && strcmp(scopes[i].name, node->text) == 0)
				result |= scopes[i].scope;
		if (result != before)
			continue;
		nearest = node->type == NT_YAML_SCALAR ? nt_nearest(node->text, names) : NULL;
		nt_diags_error(reader->diags, node->span,
		               "unknown scope '%s'%s%s%s: one of events, leads:read, leads:write, queue, metrics, "
		               "admin",
		               node->type == NT_YAML_SCALAR ? node->text : "…",
		               nearest != NULL ? " (did you mean '" : "", nearest != NULL ? nearest : "",
		               nearest != NULL ? "'?)" : "");
	}
	return result;
}

static void read_tokens(struct nt_setting_reader *reader, const struct nt_yaml *node, struct nt_settings *settings)
{
	if (!nt_settings_is_mapping(reader, node, "tokens"))
		return;
	settings->tokens = nt_arena_array(reader->arena, struct nt_token, node->n + 1);
	for (const struct nt_yaml *entry = node->first; entry != NULL; entry = entry->next) {
		struct token_read read = { 0 };
		struct nt_token *token = &settings->tokens[settings->n_tokens];

		if (!nt_settings_read(reader, entry, "a token", token_table, &read))
			continue;
		if (read.secret[0] != '\0' && strlen(read.secret) < SECRET_LEAST)
			nt_diags_error(reader->diags, entry->key->span,
			               "this token is too short to be safe: make one with `openssl rand -hex 32`");
		*token = (struct nt_token){ .name = nt_arena_strdup(reader->arena, entry->key->text),
			                    .secret = read.secret,
			                    .scopes = read_scopes(reader, read.scopes) };
		settings->n_tokens++;
	}
}

static void read_secrets(struct nt_setting_reader *reader, const struct nt_yaml *node, struct nt_settings *settings)
{
	struct secrets_read read = { 0 };

	if (!nt_settings_read(reader, node, "secrets", secrets_table, &read))
		return;
	if (read.links->type != NT_YAML_SEQUENCE || read.links->n == 0) {
		nt_diags_error(reader->diags, read.links->span, "'links' is a list of files: [ link-key ]");
		return;
	}
	if (read.links->n > LINK_KEYS_MOST)
		nt_diags_error(reader->diags, read.links->span, "at most %d keys are tried: leave the oldest out",
		               LINK_KEYS_MOST);
	settings->link_keys = nt_arena_array(reader->arena, const char *, read.links->n);
	for (const struct nt_yaml *file = read.links->first; file != NULL; file = file->next) {
		const char *key;

		if (file->type != NT_YAML_SCALAR) {
			nt_diags_error(reader->diags, file->span, "a file's name is wanted here");
			continue;
		}
		key = nt_settings_secret(reader, file);
		if (key != NULL && key[0] != '\0' && strlen(key) < SECRET_LEAST)
			nt_diags_error(reader->diags, file->span,
			               "this key is too short to be safe: make one with `openssl rand -hex 32`");
		if (key != NULL)
			settings->link_keys[settings->n_link_keys++] = key;
	}
}

/* ---- the file ---- */

/* The table's keys and the sections stand in one mapping; the sections are read by code of their own. */
static const struct nt_setting *whole_table(struct nt_arena *arena)
{
	struct nt_setting *table =
		nt_arena_array(arena, struct nt_setting, G_N_ELEMENTS(top_table) + G_N_ELEMENTS(sections));
	unsigned n = 0;

	for (; top_table[n].key != NULL; n++)
		table[n] = top_table[n];
	for (unsigned i = 0; i < G_N_ELEMENTS(sections); i++)
		table[n++] = (struct nt_setting){ .key = sections[i].key,
			                          .kind = NT_SETTING_NODE,
			                          .offset = sizeof(struct nt_settings) + sections[i].offset,
			                          .required = sections[i].required,
			                          .help = sections[i].help };
	return table;
}

bool nt_settings_check_keys(const struct nt_yaml *root, struct nt_diags *diags)
{
	struct nt_setting_reader reader = { .arena = nt_diags_arena(diags), .diags = diags };

	if (root->type == NT_YAML_MAPPING)
		return nt_settings_known(&reader, root, "nurtured.yaml", whole_table(reader.arena));
	nt_diags_error(diags, root->span, "nurtured.yaml needs keys and values, such as '%s: …'", top_table[0].key);
	return false;
}

static bool has_port(const char *listen)
{
	const char *colon = strrchr(listen, ':');

	return colon != NULL && g_ascii_string_to_unsigned(colon + 1, 10, 0, 65535, NULL, NULL);
}

static void check_urls(struct nt_setting_reader *reader, const struct nt_yaml *root, const struct nt_settings *settings)
{
	const struct nt_yaml *url = nt_yaml_get(root, "public_url");

	if (settings->public_url != NULL && !g_str_has_prefix(settings->public_url, "https://") &&
	    !g_str_has_prefix(settings->public_url, "http://"))
		nt_diags_error(reader->diags, url->span,
		               "'public_url' begins with https:// (or http:// for trying out)");
	else if (settings->public_url != NULL &&
	         (!nt_settings_is_visible(settings->public_url) || strpbrk(settings->public_url, "<>\"?#") != NULL ||
	          strlen(settings->public_url) > URL_MOST))
		nt_diags_error(reader->diags, url->span,
		               "'public_url' is a plain URL, such as https://hello.example.org, of at most %d "
		               "characters",
		               URL_MOST);
	if (settings->listen != NULL && !has_port(settings->listen))
		nt_diags_error(reader->diags, nt_yaml_get(root, "listen")->span,
		               "'listen' is an address and a port: 127.0.0.1:8480");
}

static void read_root(struct nt_setting_reader *reader, const struct nt_yaml *root, struct nt_settings *settings)
{
	struct {
		struct nt_settings settings;
		struct top top;
	} both = { .settings = *settings };

	nt_settings_read(reader, root, "nurtured.yaml", whole_table(reader->arena), &both);
	*settings = both.settings;
	check_urls(reader, root, settings);
	if (both.top.store != NULL)
		nt_settings_read(reader, both.top.store, "store", store_table, settings);
	if (both.top.secrets != NULL)
		read_secrets(reader, both.top.secrets, settings);
	if (both.top.tokens != NULL)
		read_tokens(reader, both.top.tokens, settings);
	if (both.top.channels != NULL)
		nt_settings_read_channels(reader, both.top.channels, settings);
	if (both.top.webhooks != NULL)
		nt_settings_read_webhooks(reader, both.top.webhooks, settings);
}

struct nt_settings *nt_settings_load(const char *path, struct nt_diags *diags)
{
	struct nt_arena *arena = nt_arena_new();
	struct nt_settings *settings = nt_arena_new0(arena, struct nt_settings);
	char *folder = g_path_get_dirname(path), *text = NULL;
	struct nt_setting_reader reader = {
		.arena = arena, .diags = diags, .folder = folder, .read = g_checksum_new(G_CHECKSUM_SHA256)
	};
	const struct nt_yaml *root;
	GError *error = NULL;
	gsize length;
	int errors = nt_diags_errors(diags);

	settings->arena = arena;
	settings->path = nt_arena_strdup(arena, path);
	if (!g_file_get_contents(path, &text, &length, &error)) {
		nt_diags_error(diags, NT_NOWHERE, "%s", error->message);
		g_error_free(error);
	} else if (length > FILE_MOST) {
		nt_diags_error(diags, NT_NOWHERE, "%s is larger than 1 MiB", path);
	} else {
		g_checksum_update(reader.read, (const guchar *)text, (gssize)length);
		root = nt_yaml_parse(arena, nt_diags_source(diags, path, text, length), diags);
		if (root != NULL)
			read_root(&reader, root, settings);
		else if (nt_diags_errors(diags) == errors)
			nt_diags_error(diags, NT_NOWHERE, "%s is empty", path);
	}
	g_free(text);
	g_free(folder);
	g_strlcpy(settings->fingerprint, g_checksum_get_string(reader.read), sizeof settings->fingerprint);
	g_checksum_free(reader.read);
	if (nt_diags_errors(diags) == errors)
		return settings;
	nt_settings_free(settings);
	return NULL;
}

static void free_providers(struct nt_channel_settings *channels, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		nt_provider_free((struct nt_provider *)(guintptr)channels[i].http.provider);
}

void nt_settings_free(struct nt_settings *settings)
{
	if (settings == NULL)
		return;
	free_providers(settings->channels, settings->n_channels);
	free_providers(settings->webhooks, settings->n_webhooks);
	nt_arena_free(settings->arena);
}

static const char *const *names_of(const struct nt_settings *settings, const struct nt_channel_settings *channels,
                                   unsigned n)
{
	const char **names = nt_arena_array(settings->arena, const char *, n + 1);

	for (unsigned i = 0; i < n; i++)
		names[i] = channels[i].name;
	return names;
}

const char *const *nt_settings_channel_names(const struct nt_settings *settings)
{
	return names_of(settings, settings->channels, settings->n_channels);
}

const char *const *nt_settings_webhook_names(const struct nt_settings *settings)
{
	return names_of(settings, settings->webhooks, settings->n_webhooks);
}

static void print_parts(const struct nt_settings_part *parts, unsigned n, GString *out, bool man)
{
	for (unsigned i = 0; i < n; i++) {
		g_string_append_printf(out, man ? ".SS \"%s\"\n" : "%s\n", parts[i].title);
		nt_settings_table_print(parts[i].table, out, man);
		g_string_append(out, man ? "" : "\n");
	}
}

void nt_settings_reference(GString *out, bool man)
{
	static const struct nt_settings_part parts[] = {
		{ "At the top", top_table },
		{ "store", store_table },
		{ "tokens: NAME", token_table },
		{ "secrets", secrets_table },
	};

	print_parts(parts, G_N_ELEMENTS(parts), out, man);
	print_parts(nt_settings_channel_parts, NT_SETTINGS_CHANNEL_PARTS, out, man);
}
