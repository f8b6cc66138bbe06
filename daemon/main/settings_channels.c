#include "main/settings_channels.h"

#include "base/arena.h"
#include "base/diag.h"
#include "base/text.h"
#include "channel/mime.h"
#include "channel/provider.h"
#include "rules/yaml.h"

#include <string.h>

#define CHANNELS_MOST 64 /* channels, and as many webhooks */

/* All channel types read into one struct; each table names what its type takes. */
struct channel_read {
	const char *type;
	struct nt_channel_limit rate;
	const char *host, *user, *password, *ca_file, *hello, *bounce_address, *path, *provider, *url, *secret;
	int64_t port, tls, connections, timeout, per_session;
	const struct nt_yaml *settings, *command, *headers;
};
#define IN_CHANNEL(member) offsetof(struct channel_read, member)
#define COMMON_CHANNEL                                                                                              \
	{ "type", NT_SETTING_TEXT, IN_CHANNEL(type), true, .help = "smtp, http, exec or spool" },                   \
	{                                                                                                           \
		"rate", NT_SETTING_RATE, IN_CHANNEL(rate), false, .help = "at most so many messages: 20 per second" \
	}

enum { TLS_NONE, TLS_IF_OFFERED, TLS_STARTTLS };
static const char *const tls_choices[] = { "none", "if_offered", "starttls", NULL };

static const struct nt_setting smtp_table[] = {
	COMMON_CHANNEL,
	{ "host", NT_SETTING_TEXT, IN_CHANNEL(host), true, .help = "the relay" },
	{ "port", NT_SETTING_COUNT, IN_CHANNEL(port), false, 25, .least = 1, .most = 65535, .help = "its port" },
	{ "tls", NT_SETTING_CHOICE, IN_CHANNEL(tls), false, TLS_IF_OFFERED, .choices = tls_choices,
	  .help = "starttls: never without, and only to the host that the certificate names" },
	{ "ca_file", NT_SETTING_PATH, IN_CHANNEL(ca_file), false,
	  .help = "certificates to trust instead of the system's" },
	{ "auth_user", NT_SETTING_TEXT, IN_CHANNEL(user), false, .help = "log in as" },
	{ "auth_password_file", NT_SETTING_SECRET, IN_CHANNEL(password), false,
	  .help = "the file that holds the password" },
	{ "connections", NT_SETTING_COUNT, IN_CHANNEL(connections), false, 8, .least = 1, .most = 64,
	  .help = "at the same time" },
	{ "messages_per_connection", NT_SETTING_COUNT, IN_CHANNEL(per_session), false, 200, .least = 1, .most = 10000,
	  .help = "then a fresh one" },
	{ "timeout", NT_SETTING_DURATION, IN_CHANNEL(timeout), false, 60000, .least = 1000, .most = 600000,
	  .help = "how long to wait for a reply (five times as long at the end of a message)" },
	{ "hello", NT_SETTING_TEXT, IN_CHANNEL(hello), false, .help = "our name in EHLO" },
	{ "bounce_address", NT_SETTING_TEXT, IN_CHANNEL(bounce_address), false,
	  .help = "where bounces go; default: the sender" },
	{ .key = NULL },
};

static const struct nt_setting http_table[] = {
	COMMON_CHANNEL,
	{ "provider", NT_SETTING_TEXT, IN_CHANNEL(provider), true,
	  .help = "a gateway's definition: a name in the providers folder, or a file" },
	{ "settings", NT_SETTING_NODE, IN_CHANNEL(settings), false,
	  .help = "what the definition asks for; NAME_file reads a secret" },
	{ "connections", NT_SETTING_COUNT, IN_CHANNEL(connections), false, 16, .least = 1, .most = 256,
	  .help = "at the same time" },
	{ "timeout", NT_SETTING_DURATION, IN_CHANNEL(timeout), false, 30000, .least = 1000, .most = 600000,
	  .help = "for a whole request" },
	{ .key = NULL },
};

static const struct nt_setting exec_table[] = {
	COMMON_CHANNEL,
	{ "command", NT_SETTING_NODE, IN_CHANNEL(command), true,
	  .help = "program (an absolute path) and arguments; the message comes on standard input" },
	{ "connections", NT_SETTING_COUNT, IN_CHANNEL(connections), false, 4, .least = 1, .most = 64,
	  .help = "processes at the same time" },
	{ "timeout", NT_SETTING_DURATION, IN_CHANNEL(timeout), false, 60000, .least = 1000, .most = 3600000,
	  .help = "then it is killed" },
	{ .key = NULL },
};

static const struct nt_setting spool_table[] = {
	COMMON_CHANNEL,
	{ "path", NT_SETTING_PATH, IN_CHANNEL(path), true,
	  .help = "the folder: files are written under tmp/ and moved to new/" },
	{ .key = NULL },
};

static const struct nt_setting webhook_table[] = {
	{ "url", NT_SETTING_TEXT, IN_CHANNEL(url), true, .help = "what to POST to" },
	{ "headers", NT_SETTING_NODE, IN_CHANNEL(headers), false, .help = "further headers" },
	{ "secret_file", NT_SETTING_SECRET, IN_CHANNEL(secret), false, .help = "signs calls (Standard Webhooks)" },
	{ "rate", NT_SETTING_RATE, IN_CHANNEL(rate), false, .help = "at most so many calls: 20 per second" },
	{ "connections", NT_SETTING_COUNT, IN_CHANNEL(connections), false, 16, .least = 1, .most = 256,
	  .help = "at the same time" },
	{ "timeout", NT_SETTING_DURATION, IN_CHANNEL(timeout), false, 30000, .least = 1000, .most = 600000,
	  .help = "for a whole call" },
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

static bool not_too_many(struct nt_setting_reader *reader, const struct nt_yaml *node, const char *what)
{
	if (node->n <= CHANNELS_MOST)
		return true;
	nt_diags_error(reader->diags, node->key->span, "at most %d %s", CHANNELS_MOST, what);
	return false;
}

bool nt_settings_is_mapping(struct nt_setting_reader *reader, const struct nt_yaml *node, const char *what)
{
	if (node->type == NT_YAML_MAPPING)
		return true;
	nt_diags_error(reader->diags, node->span, "'%s' needs names, each with its settings below it", what);
	return false;
}

/* Printable ASCII without blanks: what may stand in a line of a protocol. */
bool nt_settings_is_visible(const char *text)
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
	if (node == NULL || !nt_settings_is_mapping(reader, node, "settings"))
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

	channel->http = (struct nt_http_settings){ .connections = (unsigned)read->connections,
		                                   .timeout_ms = (unsigned)read->timeout };
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

static void read_exec(struct nt_setting_reader *reader, const struct channel_read *read,
                      struct nt_channel_settings *channel)
{
	const struct nt_yaml *command = read->command;
	const char **argv;
	unsigned n = 0;

	if (command->type != NT_YAML_SEQUENCE || command->n == 0) {
		nt_diags_error(reader->diags, command->span,
		               "'command' is a list: [ /usr/local/bin/send-fax, --quiet ]");
		return;
	}
	argv = nt_arena_array(reader->arena, const char *, command->n + 1);
	for (const struct nt_yaml *word = command->first; word != NULL; word = word->next)
		argv[n++] = word->type == NT_YAML_SCALAR ? nt_arena_strdup(reader->arena, word->text) : "";
	if (!g_path_is_absolute(argv[0]))
		nt_diags_error(reader->diags, command->first->span,
		               "the program needs its whole path: no search is made for it");
	else if (!g_file_test(argv[0], G_FILE_TEST_IS_EXECUTABLE))
		nt_diags_error(reader->diags, command->first->span,
		               "'%s' can't be run: it isn't there, or isn't executable", argv[0]);
	channel->exec = (struct nt_exec_settings){ .argv = argv,
		                                   .processes = (unsigned)read->connections,
		                                   .timeout_ms = (unsigned)read->timeout };
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
		nt_diags_error(reader->diags, nt_yaml_get(node, "bounce_address")->span,
		               "'bounce_address' is an email address: bounces@example.org");
	if (read->hello != NULL && !nt_settings_is_visible(read->hello))
		nt_diags_error(reader->diags, nt_yaml_get(node, "hello")->span, "'hello' is the name of a host");
	if (!nt_settings_is_visible(read->host))
		nt_diags_error(reader->diags, nt_yaml_get(node, "host")->span,
		               "'host' is the name or address of a host");
	if (read->ca_file == NULL)
		return;
	if (!g_file_get_contents(read->ca_file, &text, &length, &error)) {
		nt_diags_error(reader->diags, nt_yaml_get(node, "ca_file")->span, "%s", error->message);
		g_error_free(error);
	} else if (strstr(text, "-----BEGIN CERTIFICATE-----") == NULL) {
		nt_diags_error(reader->diags, nt_yaml_get(node, "ca_file")->span, "no certificate stands in '%s' (PEM)",
		               read->ca_file);
	} else {
		g_checksum_update(reader->read, (const guchar *)text, (gssize)length); /* a new one is a change */
	}
	g_free(text);
}

static void fill_channel(struct nt_setting_reader *reader, const struct nt_settings *settings,
                         const struct nt_yaml *node, const struct channel_read *read,
                         struct nt_channel_settings *channel)
{
	channel->limit = read->rate;
	switch (channel->type) {
	case NT_CHANNEL_SMTP:
		check_smtp(reader, node, read);
		channel->smtp = (struct nt_smtp_settings){
			.host = read->host,
			.port = (unsigned)read->port,
			.ca_file = read->ca_file,
			.user = read->user,
			.password = read->password,
			.connections = (unsigned)read->connections,
			.messages_per_session = (unsigned)read->per_session,
			.timeout_ms = (unsigned)read->timeout,
			.hello = read->hello,
			.bounce_address = read->bounce_address,
			.tls = read->tls == TLS_NONE       ? NT_TLS_NONE
			       : read->tls == TLS_STARTTLS ? NT_TLS_REQUIRED
			                                   : NT_TLS_IF_OFFERED,
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

void nt_settings_read_channels(struct nt_setting_reader *reader, const struct nt_yaml *node,
                               struct nt_settings *settings)
{
	static const char *const names[] = { "smtp", "http", "exec", "spool", NULL };

	if (!nt_settings_is_mapping(reader, node, "channels") || !not_too_many(reader, node, "channels"))
		return;
	settings->channels = nt_arena_array(reader->arena, struct nt_channel_settings, node->n + 1);
	settings->inbound = nt_arena_array(reader->arena, struct nt_inbound_channel, node->n + 1);
	for (const struct nt_yaml *entry = node->first; entry != NULL; entry = entry->next) {
		const struct nt_yaml *type = entry->type == NT_YAML_MAPPING ? nt_yaml_get(entry, "type") : NULL;
		struct nt_channel_settings *channel = &settings->channels[settings->n_channels];
		struct channel_read read = { 0 };
		unsigned i = 0;

		while (i < G_N_ELEMENTS(channel_types) &&
		       (type == NULL || type->type != NT_YAML_SCALAR || strcmp(type->text, channel_types[i].name) != 0))
			i++;
		if (i == G_N_ELEMENTS(channel_types)) {
			const char *nearest =
				type != NULL && type->type == NT_YAML_SCALAR ? nt_nearest(type->text, names) : NULL;

			nt_diags_error(reader->diags, type != NULL ? type->span : entry->key->span,
			               "channel '%s' needs a type: smtp, http, exec or spool%s%s%s", entry->key->text,
			               nearest != NULL ? " (did you mean '" : "", nearest != NULL ? nearest : "",
			               nearest != NULL ? "'?)" : "");
			continue;
		}
		if (!nt_name_is_hyphenated(entry->key->text))
			nt_diags_error(reader->diags, entry->key->span,
			               "a channel's name is lower-case letters, digits and hyphens");
		if (!nt_settings_read(reader, entry, "a channel", channel_types[i].table, &read))
			continue;
		channel->name = nt_arena_strdup(reader->arena, entry->key->text);
		channel->type = channel_types[i].type;
		fill_channel(reader, settings, entry, &read, channel);
		if (channel->type == NT_CHANNEL_HTTP && channel->http.provider != NULL)
			settings->inbound[settings->n_inbound++] =
				(struct nt_inbound_channel){ channel->name, channel->http.provider };
		settings->n_channels++;
	}
}

static void check_headers(struct nt_setting_reader *reader, const struct nt_yaml *node, const char *const (*headers)[2],
                          unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (!nt_provider_header_ok(headers[i][0]) || strpbrk(headers[i][1], "\r\n") != NULL)
			nt_diags_error(reader->diags, node->key->span,
			               "header '%s': its name is letters, digits and hyphens, its value one line",
			               headers[i][0]);
}

void nt_settings_read_webhooks(struct nt_setting_reader *reader, const struct nt_yaml *node,
                               struct nt_settings *settings)
{
	if (!nt_settings_is_mapping(reader, node, "webhooks") || !not_too_many(reader, node, "webhooks"))
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
			nt_diags_error(reader->diags, nt_yaml_get(entry, "url")->span,
			               "a webhook's URL begins with https:// or http://");
			continue;
		}
		if (!nt_settings_is_visible(read.url))
			nt_diags_error(reader->diags, nt_yaml_get(entry, "url")->span,
			               "a URL holds no blanks, and nothing but ASCII");
		if (!nt_name_is_hyphenated(entry->key->text))
			nt_diags_error(reader->diags, entry->key->span,
			               "a webhook's name is lower-case letters, digits and hyphens");
		headers = read_pairs(reader, read.headers, &n);
		check_headers(reader, read.headers, headers, n);
		webhook->name = nt_arena_strdup(reader->arena, entry->key->text);
		webhook->lane = nt_arena_printf(reader->arena, "webhook:%s", webhook->name);
		webhook->type = NT_CHANNEL_HTTP;
		webhook->limit = read.rate;
		webhook->http =
			(struct nt_http_settings){ .connections = (unsigned)read.connections,
			                           .timeout_ms = (unsigned)read.timeout,
			                           .provider = nt_provider_webhook(read.url, headers, n, read.secret) };
		settings->n_webhooks++;
	}
}

const struct nt_settings_part nt_settings_channel_parts[NT_SETTINGS_CHANNEL_PARTS] = {
	{ "channels: NAME, type smtp", smtp_table },   { "channels: NAME, type http", http_table },
	{ "channels: NAME, type exec", exec_table },   { "channels: NAME, type spool", spool_table },
	{ "webhooks: NAME", webhook_table },
};
