#include "main/settings.h"

#include "base/arena.h"
#include "base/diag.h"
#include "base/text.h"
#include "channel/mime.h"
#include "channel/provider.h"
#include "main/settings_table.h"
#include "rules/yaml.h"

#include <string.h>

#define FILE_MOST (1024 * 1024)
#define SECRET_LEAST 32
#define LINK_KEYS_MOST 8 /* as many as links.c verifies with */
#define CHANNELS_MOST 64 /* channels, and as many webhooks */
#define URL_MOST 200     /* of public_url: a link has to fit into a header's line */

/* ---- tables ---- */

struct top {
	const struct nt_yaml *store, *tokens, *secrets, *channels, *webhooks;
	struct nt_settings *settings;
};

#define IN_SETTINGS(member) offsetof(struct nt_settings, member)

static const struct nt_setting top_table[] = {
	{ "rules", NT_SETTING_PATH, IN_SETTINGS(rules), true, .help = "the folder that holds the rule set" },
	{ "templates", NT_SETTING_PATH, IN_SETTINGS(templates), false, .help = "the folder of message templates, beside the rule set's own" },
	{ "listen", NT_SETTING_TEXT, IN_SETTINGS(listen), false, .help = "address and port of the API: 127.0.0.1:8480 or [::1]:8480" },
	{ "public_url", NT_SETTING_TEXT, IN_SETTINGS(public_url), true, .help = "how people reach it from outside: links in messages begin with it" },
	{ "socket", NT_SETTING_PATH, IN_SETTINGS(socket), false, .fallback_text = "/run/nurtured/control.sock", .help = "the Unix socket for nurturectl" },
	{ "providers", NT_SETTING_PATH, IN_SETTINGS(providers), false, .fallback_text = NT_DATADIR "/providers", .help = "the folder of gateway definitions; default: those that were installed" },
	{ "body_limit", NT_SETTING_SIZE, IN_SETTINGS(body_limit), false, 8 << 20, .least = 1024, .most = 1 << 30, .help = "the largest request body" },
	{ "request_timeout", NT_SETTING_DURATION, IN_SETTINGS(request_timeout_ms), false, 30000, .least = 1000, .most = 600000, .help = "how long a request may take to arrive" },
	{ "connections", NT_SETTING_COUNT, IN_SETTINGS(connections), false, 1000, .least = 10, .most = 60000, .help = "connections to the API at the same time" },
	{ "connections_per_address", NT_SETTING_COUNT, IN_SETTINGS(per_address), false, 0, .least = 0, .most = 60000, .help = "of these, from one address; 0: half of them (behind a proxy all come from one: set it to as many)" },
	{ "stop_within", NT_SETTING_DURATION, IN_SETTINGS(stop_limit_ms), false, 30000, .least = 0, .most = 600000, .help = "how long a stop waits for what is on the wire" },
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
	{ "file", NT_SETTING_SECRET, offsetof(struct token_read, secret), true, .help = "the file that holds the token" },
	{ "scopes", NT_SETTING_NODE, offsetof(struct token_read, scopes), true, .help = "what it may do: events, leads:read, leads:write, queue, metrics, admin (all of these, and messages in doubt)" },
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
	{ "links", NT_SETTING_NODE, offsetof(struct secrets_read, links), true, .help = "files that hold keys for links: the first signs, all are accepted" },
	{ .key = NULL },
};

/* All channel types read into one struct; each table names what its type takes. */
struct channel_read {
	const char *type;
	struct nt_channel_limit rate;
	const char *host, *user, *password, *ca_file, *hello, *bounce_address, *path, *provider, *url, *secret;
	int64_t port, tls, connections, timeout, per_session;
	const struct nt_yaml *settings, *command, *headers;
};
#define IN_CHANNEL(member) offsetof(struct channel_read, member)
#define COMMON_CHANNEL                                                                                                              \
	{ "type", NT_SETTING_TEXT, IN_CHANNEL(type), true, .help = "smtp, http, exec or spool" },                                   \
	{ "rate", NT_SETTING_RATE, IN_CHANNEL(rate), false, .help = "at most so many messages: 20 per second" }

enum { TLS_NONE, TLS_IF_OFFERED, TLS_STARTTLS };
static const char *const tls_choices[] = { "none", "if_offered", "starttls", NULL };

static const struct nt_setting smtp_table[] = {
	COMMON_CHANNEL,
	{ "host", NT_SETTING_TEXT, IN_CHANNEL(host), true, .help = "the relay" },
	{ "port", NT_SETTING_COUNT, IN_CHANNEL(port), false, 25, .least = 1, .most = 65535, .help = "its port" },
	{ "tls", NT_SETTING_CHOICE, IN_CHANNEL(tls), false, TLS_IF_OFFERED, .choices = tls_choices, .help = "starttls: never without, and only to the host that the certificate names" },
	{ "ca_file", NT_SETTING_PATH, IN_CHANNEL(ca_file), false, .help = "certificates to trust instead of the system's" },
	{ "auth_user", NT_SETTING_TEXT, IN_CHANNEL(user), false, .help = "log in as" },
	{ "auth_password_file", NT_SETTING_SECRET, IN_CHANNEL(password), false, .help = "the file that holds the password" },
	{ "connections", NT_SETTING_COUNT, IN_CHANNEL(connections), false, 8, .least = 1, .most = 64, .help = "at the same time" },
	{ "messages_per_connection", NT_SETTING_COUNT, IN_CHANNEL(per_session), false, 200, .least = 1, .most = 10000, .help = "then a fresh one" },
	{ "timeout", NT_SETTING_DURATION, IN_CHANNEL(timeout), false, 60000, .least = 1000, .most = 600000, .help = "how long to wait for a reply (five times as long at the end of a message)" },
	{ "hello", NT_SETTING_TEXT, IN_CHANNEL(hello), false, .help = "our name in EHLO" },
	{ "bounce_address", NT_SETTING_TEXT, IN_CHANNEL(bounce_address), false, .help = "where bounces go; default: the sender" },
	{ .key = NULL },
};

static const struct nt_setting http_table[] = {
	COMMON_CHANNEL,
	{ "provider", NT_SETTING_TEXT, IN_CHANNEL(provider), true, .help = "a gateway's definition: a name in the providers folder, or a file" },
	{ "settings", NT_SETTING_NODE, IN_CHANNEL(settings), false, .help = "what the definition asks for; NAME_file reads a secret" },
	{ "connections", NT_SETTING_COUNT, IN_CHANNEL(connections), false, 16, .least = 1, .most = 256, .help = "at the same time" },
	{ "timeout", NT_SETTING_DURATION, IN_CHANNEL(timeout), false, 30000, .least = 1000, .most = 600000, .help = "for a whole request" },
	{ .key = NULL },
};

static const struct nt_setting exec_table[] = {
	COMMON_CHANNEL,
	{ "command", NT_SETTING_NODE, IN_CHANNEL(command), true, .help = "program (an absolute path) and arguments; the message comes on standard input" },
	{ "connections", NT_SETTING_COUNT, IN_CHANNEL(connections), false, 4, .least = 1, .most = 64, .help = "processes at the same time" },
	{ "timeout", NT_SETTING_DURATION, IN_CHANNEL(timeout), false, 60000, .least = 1000, .most = 3600000, .help = "then it is killed" },
	{ .key = NULL },
};

static const struct nt_setting spool_table[] = {
	COMMON_CHANNEL,
	{ "path", NT_SETTING_PATH, IN_CHANNEL(path), true, .help = "the folder: files are written under tmp/ and moved to new/" },
	{ .key = NULL },
};

static const struct nt_setting webhook_table[] = {
	{ "url", NT_SETTING_TEXT, IN_CHANNEL(url), true, .help = "what to POST to" },
	{ "headers", NT_SETTING_NODE, IN_CHANNEL(headers), false, .help = "further headers" },
	{ "secret_file", NT_SETTING_SECRET, IN_CHANNEL(secret), false, .help = "signs calls (Standard Webhooks)" },
	{ "rate", NT_SETTING_RATE, IN_CHANNEL(rate), false, .help = "at most so many calls: 20 per second" },
	{ "connections", NT_SETTING_COUNT, IN_CHANNEL(connections), false, 16, .least = 1, .most = 256, .help = "at the same time" },
	{ "timeout", NT_SETTING_DURATION, IN_CHANNEL(timeout), false, 30000, .least = 1000, .most = 600000, .help = "for a whole call" },
	{ .key = NULL },
};

static const struct {
	const char *name;
	enum nt_channel_type type;
	const struct nt_setting *table;
} channel_types[] = {
	{ "smtp", NT_CHANNEL_SMTP, smtp_table },
	{ "http", NT_CHANNEL_HTTP, http_table },
	{ "exec", NT_CHANNEL_EXEC, exec_table },
	{ "spool", NT_CHANNEL_SPOOL, spool_table },
};

/* ---- sections ---- */

static bool not_too_many(struct nt_setting_reader *reader, const struct nt_yaml *node, const char *what)
{
	if (node->n <= CHANNELS_MOST)
		return true;
	nt_diags_error(reader->diags, node->key->span, "at most %d %s", CHANNELS_MOST, what);
	return false;
}

static bool is_mapping(struct nt_setting_reader *reader, const struct nt_yaml *node, const char *what)
{
	if (node->type == NT_YAML_MAPPING)
		return true;
	nt_diags_error(reader->diags, node->span, "'%s' needs names, each with its settings below it", what);
	return false;
}

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
		nt_diags_error(reader->diags, node->span, "unknown scope '%s'%s%s%s: one of events, leads:read, leads:write, queue, metrics, admin",
		               node->type == NT_YAML_SCALAR ? node->text : "…", nearest != NULL ? " (did you mean '" : "", nearest != NULL ? nearest : "", nearest != NULL ? "'?)" : "");
	}
	return result;
}

static void read_tokens(struct nt_setting_reader *reader, const struct nt_yaml *node, struct nt_settings *settings)
{
	if (!is_mapping(reader, node, "tokens"))
		return;
	settings->tokens = nt_arena_array(reader->arena, struct nt_token, node->n + 1);
	for (const struct nt_yaml *entry = node->first; entry != NULL; entry = entry->next) {
		struct token_read read = { 0 };
		struct nt_token *token = &settings->tokens[settings->n_tokens];

		if (!nt_settings_read(reader, entry, "a token", token_table, &read))
			continue;
		if (read.secret[0] != '\0' && strlen(read.secret) < SECRET_LEAST)
			nt_diags_error(reader->diags, entry->key->span, "this token is too short to be safe: make one with `openssl rand -hex 32`");
		*token = (struct nt_token){ .name = nt_arena_strdup(reader->arena, entry->key->text), .secret = read.secret,
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
		nt_diags_error(reader->diags, read.links->span, "at most %d keys are tried: leave the oldest out", LINK_KEYS_MOST);
	settings->link_keys = nt_arena_array(reader->arena, const char *, read.links->n);
	for (const struct nt_yaml *file = read.links->first; file != NULL; file = file->next) {
		const char *key;

		if (file->type != NT_YAML_SCALAR) {
			nt_diags_error(reader->diags, file->span, "a file's name is wanted here");
			continue;
		}
		key = nt_settings_secret(reader, file);
		if (key != NULL && key[0] != '\0' && strlen(key) < SECRET_LEAST)
			nt_diags_error(reader->diags, file->span, "this key is too short to be safe: make one with `openssl rand -hex 32`");
		if (key != NULL)
			settings->link_keys[settings->n_link_keys++] = key;
	}
}

/* Printable ASCII without blanks: what may stand in a line of a protocol. */
static bool is_visible(const char *text)
{
	for (const unsigned char *p = (const unsigned char *)text; *p != '\0'; p++)
		if (*p <= 0x20 || *p >= 0x7F)
			return false;
	return text[0] != '\0';
}

/* Name and value pairs; NAME_file becomes NAME with the file's content. */
static const char *const (*read_pairs(struct nt_setting_reader *reader, const struct nt_yaml *node, unsigned *n))[2]
{
	const char *(*pairs)[2];

	*n = 0;
	if (node == NULL || !is_mapping(reader, node, "settings"))
		return NULL;
	pairs = nt_arena_alloc(reader->arena, sizeof *pairs * (node->n + 1));
	for (const struct nt_yaml *entry = node->first; entry != NULL; entry = entry->next) {
		const char *value = NULL;
		char *name = g_strdup(entry->key->text);

		if (entry->type != NT_YAML_SCALAR)
			nt_diags_error(reader->diags, entry->span, "'%s' needs one value", name);
		else if (g_str_has_suffix(name, "_file"))
			value = nt_settings_secret(reader, entry);
		else
			value = nt_arena_strdup(reader->arena, entry->text);
		if (g_str_has_suffix(name, "_file"))
			name[strlen(name) - strlen("_file")] = '\0';
		if (value != NULL) {
			pairs[*n][0] = nt_arena_strdup(reader->arena, name);
			pairs[(*n)++][1] = value;
		}
		g_free(name);
	}
	return (const char *const (*)[2])pairs;
}

static void read_http(struct nt_setting_reader *reader, const struct nt_settings *settings, const struct nt_yaml *node,
                      const struct channel_read *read, struct nt_channel_settings *channel)
{
	const struct nt_yaml *named = nt_yaml_get(node, "provider");
	bool is_path = strchr(read->provider, '/') != NULL || g_str_has_suffix(read->provider, ".yaml");
	char *file = is_path ? g_strdup(nt_settings_path(reader, read->provider))
	                     : g_strdup_printf("%s/%s.yaml", settings->providers, read->provider);
	char *text = NULL;
	GError *error = NULL;
	gsize length;
	unsigned n;
	const char *const (*pairs)[2] = read_pairs(reader, read->settings, &n);

	channel->http = (struct nt_http_settings){ .connections = (unsigned)read->connections, .timeout_ms = (unsigned)read->timeout };
	if (read->settings != NULL && pairs == NULL) {
		g_free(file);
		return;
	}
	if (!g_file_get_contents(file, &text, &length, &error)) {
		nt_diags_error(reader->diags, named->span, "unknown provider '%s': %s", read->provider, error->message);
		g_error_free(error);
	} else {
		g_checksum_update(reader->read, (const guchar *)text, (gssize)length);
		channel->http.provider = nt_provider_load(file, text, length, pairs, n, reader->diags);
	}
	g_free(text);
	g_free(file);
}

static void read_exec(struct nt_setting_reader *reader, const struct channel_read *read, struct nt_channel_settings *channel)
{
	const struct nt_yaml *command = read->command;
	const char **argv;
	unsigned n = 0;

	if (command->type != NT_YAML_SEQUENCE || command->n == 0) {
		nt_diags_error(reader->diags, command->span, "'command' is a list: [ /usr/local/bin/send-fax, --quiet ]");
		return;
	}
	argv = nt_arena_array(reader->arena, const char *, command->n + 1);
	for (const struct nt_yaml *word = command->first; word != NULL; word = word->next)
		argv[n++] = word->type == NT_YAML_SCALAR ? nt_arena_strdup(reader->arena, word->text) : "";
	if (!g_path_is_absolute(argv[0]))
		nt_diags_error(reader->diags, command->first->span, "the program needs its whole path: no search is made for it");
	else if (!g_file_test(argv[0], G_FILE_TEST_IS_EXECUTABLE))
		nt_diags_error(reader->diags, command->first->span, "'%s' can't be run: it isn't there, or isn't executable", argv[0]);
	channel->exec = (struct nt_exec_settings){ .argv = argv, .processes = (unsigned)read->connections, .timeout_ms = (unsigned)read->timeout };
}

static bool is_this_machine(const char *host)
{
	return strcmp(host, "localhost") == 0 || strcmp(host, "::1") == 0 || g_str_has_prefix(host, "127.");
}

static void check_smtp(struct nt_setting_reader *reader, const struct nt_yaml *node, const struct channel_read *read)
{
	char *text = NULL;
	GError *error = NULL;
	gsize length;

	if ((read->user == NULL) != (read->password == NULL))
		nt_diags_error(reader->diags, node->key->span, "'auth_user' and 'auth_password_file' go together");
	else if (read->user != NULL && read->tls != TLS_STARTTLS && !is_this_machine(read->host))
		nt_diags_error(reader->diags, nt_yaml_get(node, "auth_user")->key->span,
		               "a password needs 'tls: starttls': whoever is in between could read it");
	if (read->bounce_address != NULL && !nt_mime_mailbox_ok(read->bounce_address))
		nt_diags_error(reader->diags, nt_yaml_get(node, "bounce_address")->span, "'bounce_address' is an email address: bounces@example.org");
	if (read->hello != NULL && !is_visible(read->hello))
		nt_diags_error(reader->diags, nt_yaml_get(node, "hello")->span, "'hello' is the name of a host");
	if (!is_visible(read->host))
		nt_diags_error(reader->diags, nt_yaml_get(node, "host")->span, "'host' is the name or address of a host");
	if (read->ca_file == NULL)
		return;
	if (!g_file_get_contents(read->ca_file, &text, &length, &error)) {
		nt_diags_error(reader->diags, nt_yaml_get(node, "ca_file")->span, "%s", error->message);
		g_error_free(error);
	} else if (strstr(text, "-----BEGIN CERTIFICATE-----") == NULL) {
		nt_diags_error(reader->diags, nt_yaml_get(node, "ca_file")->span, "no certificate stands in '%s' (PEM)", read->ca_file);
	} else {
		g_checksum_update(reader->read, (const guchar *)text, (gssize)length); /* a new one is a change */
	}
	g_free(text);
}

static void fill_channel(struct nt_setting_reader *reader, const struct nt_settings *settings, const struct nt_yaml *node,
                         const struct channel_read *read, struct nt_channel_settings *channel)
{
	channel->limit = read->rate;
	switch (channel->type) {
	case NT_CHANNEL_SMTP:
		check_smtp(reader, node, read);
		channel->smtp = (struct nt_smtp_settings){
			.host = read->host, .port = (unsigned)read->port, .ca_file = read->ca_file, .user = read->user,
			.password = read->password, .connections = (unsigned)read->connections,
			.messages_per_session = (unsigned)read->per_session, .timeout_ms = (unsigned)read->timeout, .hello = read->hello,
			.bounce_address = read->bounce_address,
			.tls = read->tls == TLS_NONE ? NT_TLS_NONE : read->tls == TLS_STARTTLS ? NT_TLS_REQUIRED : NT_TLS_IF_OFFERED,
		};
		break;
	case NT_CHANNEL_HTTP:
		read_http(reader, settings, node, read, channel);
		break;
	case NT_CHANNEL_EXEC:
		read_exec(reader, read, channel);
		break;
	case NT_CHANNEL_SPOOL:
		channel->spool = (struct nt_spool_settings){ .path = read->path };
		break;
	}
}

static void read_channels(struct nt_setting_reader *reader, const struct nt_yaml *node, struct nt_settings *settings)
{
	static const char *const names[] = { "smtp", "http", "exec", "spool", NULL };

	if (!is_mapping(reader, node, "channels") || !not_too_many(reader, node, "channels"))
		return;
	settings->channels = nt_arena_array(reader->arena, struct nt_channel_settings, node->n + 1);
	for (const struct nt_yaml *entry = node->first; entry != NULL; entry = entry->next) {
		const struct nt_yaml *type = entry->type == NT_YAML_MAPPING ? nt_yaml_get(entry, "type") : NULL;
		struct nt_channel_settings *channel = &settings->channels[settings->n_channels];
		struct channel_read read = { 0 };
		unsigned i = 0;

		while (i < G_N_ELEMENTS(channel_types) &&
		       (type == NULL || type->type != NT_YAML_SCALAR || strcmp(type->text, channel_types[i].name) != 0))
			i++;
		if (i == G_N_ELEMENTS(channel_types)) {
			const char *nearest = type != NULL && type->type == NT_YAML_SCALAR ? nt_nearest(type->text, names) : NULL;

			nt_diags_error(reader->diags, type != NULL ? type->span : entry->key->span, "channel '%s' needs a type: smtp, http, exec or spool%s%s%s",
			               entry->key->text, nearest != NULL ? " (did you mean '" : "", nearest != NULL ? nearest : "",
			               nearest != NULL ? "'?)" : "");
			continue;
		}
		if (!nt_name_is_hyphenated(entry->key->text))
			nt_diags_error(reader->diags, entry->key->span, "a channel's name is lower-case letters, digits and hyphens");
		if (!nt_settings_read(reader, entry, "a channel", channel_types[i].table, &read))
			continue;
		channel->name = nt_arena_strdup(reader->arena, entry->key->text);
		channel->type = channel_types[i].type;
		fill_channel(reader, settings, entry, &read, channel);
		settings->n_channels++;
	}
}

static void check_headers(struct nt_setting_reader *reader, const struct nt_yaml *node, const char *const (*headers)[2], unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (!nt_provider_header_ok(headers[i][0]) || strpbrk(headers[i][1], "\r\n") != NULL)
			nt_diags_error(reader->diags, node->key->span, "header '%s': its name is letters, digits and hyphens, its value one line",
			               headers[i][0]);
}

static void read_webhooks(struct nt_setting_reader *reader, const struct nt_yaml *node, struct nt_settings *settings)
{
	if (!is_mapping(reader, node, "webhooks") || !not_too_many(reader, node, "webhooks"))
		return;
	settings->webhooks = nt_arena_array(reader->arena, struct nt_channel_settings, node->n + 1);
	for (const struct nt_yaml *entry = node->first; entry != NULL; entry = entry->next) {
		struct nt_channel_settings *webhook = &settings->webhooks[settings->n_webhooks];
		struct channel_read read = { 0 };
		unsigned n;
		const char *const (*headers)[2];

		if (!nt_settings_read(reader, entry, "a webhook", webhook_table, &read))
			continue;
		if (!g_str_has_prefix(read.url, "http://") && !g_str_has_prefix(read.url, "https://")) {
			nt_diags_error(reader->diags, nt_yaml_get(entry, "url")->span, "a webhook's URL begins with https:// or http://");
			continue;
		}
		if (!is_visible(read.url))
			nt_diags_error(reader->diags, nt_yaml_get(entry, "url")->span, "a URL holds no blanks, and nothing but ASCII");
		if (!nt_name_is_hyphenated(entry->key->text))
			nt_diags_error(reader->diags, entry->key->span, "a webhook's name is lower-case letters, digits and hyphens");
		headers = read_pairs(reader, read.headers, &n);
		check_headers(reader, read.headers, headers, n);
		webhook->name = nt_arena_strdup(reader->arena, entry->key->text);
		webhook->lane = nt_arena_printf(reader->arena, "webhook:%s", webhook->name);
		webhook->type = NT_CHANNEL_HTTP;
		webhook->limit = read.rate;
		webhook->http = (struct nt_http_settings){ .connections = (unsigned)read.connections, .timeout_ms = (unsigned)read.timeout,
			                                   .provider = nt_provider_webhook(read.url, headers, n, read.secret) };
		settings->n_webhooks++;
	}
}

/* ---- the file ---- */

/* The table's keys and the sections stand in one mapping; the sections are read by code of their own. */
static const struct nt_setting *whole_table(struct nt_arena *arena)
{
	struct nt_setting *table = nt_arena_array(arena, struct nt_setting, G_N_ELEMENTS(top_table) + G_N_ELEMENTS(sections));
	unsigned n = 0;

	for (; top_table[n].key != NULL; n++)
		table[n] = top_table[n];
	for (unsigned i = 0; i < G_N_ELEMENTS(sections); i++)
		table[n++] = (struct nt_setting){ .key = sections[i].key, .kind = NT_SETTING_NODE, .offset = sizeof(struct nt_settings) + sections[i].offset,
			                          .required = sections[i].required, .help = sections[i].help };
	return table;
}

static bool has_port(const char *listen)
{
	const char *colon = strrchr(listen, ':');

	return colon != NULL && g_ascii_string_to_unsigned(colon + 1, 10, 0, 65535, NULL, NULL);
}

static void check_urls(struct nt_setting_reader *reader, const struct nt_yaml *root, const struct nt_settings *settings)
{
	const struct nt_yaml *url = nt_yaml_get(root, "public_url");

	if (settings->public_url != NULL && !g_str_has_prefix(settings->public_url, "https://") && !g_str_has_prefix(settings->public_url, "http://"))
		nt_diags_error(reader->diags, url->span, "'public_url' begins with https:// (or http:// for trying out)");
	else if (settings->public_url != NULL && (!is_visible(settings->public_url) || strpbrk(settings->public_url, "<>\"?#") != NULL ||
	                                          strlen(settings->public_url) > URL_MOST))
		nt_diags_error(reader->diags, url->span, "'public_url' is a plain URL, such as https://hello.example.org, of at most %d characters",
		               URL_MOST);
	if (settings->listen != NULL && !has_port(settings->listen))
		nt_diags_error(reader->diags, nt_yaml_get(root, "listen")->span, "'listen' is an address and a port: 127.0.0.1:8480");
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
		read_channels(reader, both.top.channels, settings);
	if (both.top.webhooks != NULL)
		read_webhooks(reader, both.top.webhooks, settings);
}

struct nt_settings *nt_settings_load(const char *path, struct nt_diags *diags)
{
	struct nt_arena *arena = nt_arena_new();
	struct nt_settings *settings = nt_arena_new0(arena, struct nt_settings);
	char *folder = g_path_get_dirname(path), *text = NULL;
	struct nt_setting_reader reader = { .arena = arena, .diags = diags, .folder = folder, .read = g_checksum_new(G_CHECKSUM_SHA256) };
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

static const char *const *names_of(const struct nt_settings *settings, const struct nt_channel_settings *channels, unsigned n)
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

void nt_settings_reference(GString *out, bool man)
{
	static const struct {
		const char *title;
		const struct nt_setting *table;
	} parts[] = {
		{ "At the top", top_table },        { "store", store_table },          { "tokens: NAME", token_table },
		{ "secrets", secrets_table },       { "channels: NAME, type smtp", smtp_table }, { "channels: NAME, type http", http_table },
		{ "channels: NAME, type exec", exec_table }, { "channels: NAME, type spool", spool_table }, { "webhooks: NAME", webhook_table },
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(parts); i++) {
		g_string_append_printf(out, man ? ".SS \"%s\"\n" : "%s\n", parts[i].title);
		nt_settings_table_print(parts[i].table, out, man);
		g_string_append(out, man ? "" : "\n");
	}
}
