#include "channel/provider_private.h"

#include "base/arena.h"
#include "base/diag.h"
#include "base/json.h"
#include "rules/yaml.h"

#include <stdlib.h>
#include <string.h>

struct reader {
	struct nt_provider *provider;
	const struct nt_source *source;
	struct nt_diags *diags;
};

typedef void (*read_function)(struct reader *r, const struct nt_yaml *node);

struct key {
	const char *name;
	read_function read;
};

static void unknown(struct reader *r, const struct nt_yaml *node, const struct key *keys, unsigned n, const char *where)
{
	const char *names[32] = { NULL };
	const char *nearest;

	for (unsigned i = 0; i < n && i + 1 < G_N_ELEMENTS(names); i++)
		names[i] = keys[i].name;
	nearest = nt_nearest(node->key->text, names);
	if (nearest != NULL)
		nt_diags_error(r->diags, node->key->span, "unknown key '%s' in %s (did you mean '%s'?)",
		               node->key->text, where, nearest);
	else
		nt_diags_error(r->diags, node->key->span, "unknown key '%s' in %s", node->key->text, where);
}

static void read_mapping(struct reader *r, const struct nt_yaml *node, const struct key *keys, unsigned n,
                         const char *where)
{
	if (node->type != NT_YAML_MAPPING) {
		nt_diags_error(r->diags, node->span, "%s needs keys and values", where);
		return;
	}
	for (const struct nt_yaml *entry = node->first; entry != NULL; entry = entry->next) {
		unsigned i = 0;

		while (i < n && strcmp(keys[i].name, entry->key->text) != 0)
			i++;
		if (i < n)
			keys[i].read(r, entry);
		else
			unknown(r, entry, keys, n, where);
	}
}

static const char *text_of(struct reader *r, const struct nt_yaml *node)
{
	if (node->type == NT_YAML_SCALAR)
		return nt_arena_strdup(r->provider->arena, node->text);
	nt_diags_error(r->diags, node->span, "one value is wanted here");
	return NULL;
}

/* A text with {{ values }} in it. The YAML text is parsed as a source of its own: escapes in a quoted scalar have moved
 * its places. */
static const struct nt_liquid *liquid_of(struct reader *r, const struct nt_yaml *node)
{
	const struct nt_source *source;
	const struct nt_liquid *program;
	struct nt_diags *own;

	if (node->type != NT_YAML_SCALAR) {
		nt_diags_error(r->diags, node->span, "one text is wanted here");
		return NULL;
	}
	own = nt_diags_new();
	source = nt_diags_source(own, r->source->path, node->text, node->length);
	program = nt_liquid_parse(r->provider->arena, source, 0, node->length, own);
	if (program == NULL)
		nt_diags_error(r->diags, node->span, "%s", nt_diags_peek(own, 0)->message);
	nt_diags_free(own);
	return program;
}

/* ---- request ---- */

static bool is_literal(const struct nt_yaml *node)
{
	nt_number number;

	return !node->quoted && (strcmp(node->text, "true") == 0 || strcmp(node->text, "false") == 0 ||
	                         strcmp(node->text, "null") == 0 || nt_number_parse(node->text, node->length, &number));
}

static const struct nt_provider_pair *pairs_of(struct reader *r, const struct nt_yaml *node, bool nested)
{
	struct nt_provider_pair *first = NULL, **last = &first;

	if (node->type != NT_YAML_MAPPING) {
		nt_diags_error(r->diags, node->span, "names and values are wanted here");
		return NULL;
	}
	for (const struct nt_yaml *entry = node->first; entry != NULL; entry = entry->next) {
		struct nt_provider_pair *pair = nt_arena_new0(r->provider->arena, struct nt_provider_pair);

		pair->name = nt_arena_strdup(r->provider->arena, entry->key->text);
		pair->nested = nested && entry->type == NT_YAML_MAPPING;
		if (pair->nested)
			pair->children = pairs_of(r, entry, true);
		else if (nested && entry->type == NT_YAML_SCALAR && is_literal(entry))
			pair->literal = nt_arena_strdup(r->provider->arena, entry->text);
		else
			pair->text = liquid_of(r, entry);
		*last = pair;
		last = &pair->next;
	}
	return first;
}

static void read_method(struct reader *r, const struct nt_yaml *node)
{
	r->provider->method = text_of(r, node);
	if (r->provider->method != NULL && strcmp(r->provider->method, "GET") != 0 &&
	    strcmp(r->provider->method, "POST") != 0 && strcmp(r->provider->method, "PUT") != 0)
		nt_diags_error(r->diags, node->span, "'method' is GET, POST or PUT");
}

static void read_url(struct reader *r, const struct nt_yaml *node)
{
	r->provider->url = liquid_of(r, node);
}

bool nt_provider_header_ok(const char *name)
{
	for (const char *p = name; *p != '\0'; p++)
		if (!g_ascii_isalnum(*p) && strchr("!#$%&'*+-.^_`|~", *p) == NULL)
			return false;
	return name[0] != '\0';
}

static void read_headers(struct reader *r, const struct nt_yaml *node)
{
	r->provider->headers = pairs_of(r, node, false);
	for (const struct nt_yaml *entry = node->type == NT_YAML_MAPPING ? node->first : NULL; entry != NULL;
	     entry = entry->next)
		if (!nt_provider_header_ok(entry->key->text))
			nt_diags_error(r->diags, entry->key->span, "'%s' can't be a header's name", entry->key->text);
}

static void read_form(struct reader *r, const struct nt_yaml *node)
{
	r->provider->form = pairs_of(r, node, false);
}

static void read_json(struct reader *r, const struct nt_yaml *node)
{
	r->provider->json = pairs_of(r, node, true);
}

static void read_user(struct reader *r, const struct nt_yaml *node)
{
	r->provider->user = liquid_of(r, node);
}

static void read_password(struct reader *r, const struct nt_yaml *node)
{
	r->provider->password = liquid_of(r, node);
}

static void read_auth(struct reader *r, const struct nt_yaml *node)
{
	static const struct key keys[] = { { "user", read_user }, { "password", read_password } };

	read_mapping(r, node, keys, G_N_ELEMENTS(keys), "auth");
}

static void read_idempotent(struct reader *r, const struct nt_yaml *node)
{
	const char *text = text_of(r, node);
	bool yes = g_strcmp0(text, "yes") == 0 || g_strcmp0(text, "true") == 0;

	if (text != NULL && !yes && strcmp(text, "no") != 0 && strcmp(text, "false") != 0)
		nt_diags_error(r->diags, node->span, "'idempotent' is yes or no");
	r->provider->idempotent = yes;
}

static void read_request(struct reader *r, const struct nt_yaml *node)
{
	static const struct key keys[] = {
		{ "method", read_method }, { "url", read_url }, { "headers", read_headers }, { "form", read_form },
		{ "json", read_json },     { "auth", read_auth }, { "idempotent", read_idempotent },
	};

	read_mapping(r, node, keys, G_N_ELEMENTS(keys), "request");
	if (node->type != NT_YAML_MAPPING)
		return;
	if (nt_yaml_get(node, "url") == NULL)
		nt_diags_error(r->diags, node->key->span, "request needs 'url'");
	if (nt_yaml_get(node, "form") != NULL && nt_yaml_get(node, "json") != NULL)
		nt_diags_error(r->diags, nt_yaml_get(node, "json")->key->span,
		               "a request has one body: 'form' or 'json'");
	if (nt_yaml_get(node, "json") != NULL && g_strcmp0(r->provider->method, "GET") == 0)
		nt_diags_error(r->diags, nt_yaml_get(node, "json")->key->span,
		               "a GET request has no body: use 'form', or POST");
}

/* ---- answers ---- */

static void read_status(struct reader *r, const struct nt_yaml *node, struct nt_provider_statuses *out)
{
	const struct nt_yaml *list = node->type == NT_YAML_SEQUENCE ? node->first : node;

	if (node->type == NT_YAML_SEQUENCE && node->n > G_N_ELEMENTS(out->ranges)) {
		nt_diags_error(r->diags, node->span, "'status' has room for %zu entries: use ranges",
		               G_N_ELEMENTS(out->ranges));
		return;
	}
	for (; list != NULL; list = node->type == NT_YAML_SEQUENCE ? list->next : NULL) {
		char nothing[] = "", *end = nothing;
		long from = list->type == NT_YAML_SCALAR ? strtol(list->text, &end, 10) : 0, to = from;

		if (from > 0 && *end == '-')
			to = strtol(end + 1, &end, 10);
		if (from < 100 || to > 599 || from > to || *end != '\0') {
			nt_diags_error(r->diags, list->span,
			               "'status' is a list of HTTP codes: [200, 201] or [500-599]");
			return;
		}
		out->ranges[out->n].from = (int)from;
		out->ranges[out->n++].to = (int)to;
	}
}

static void read_success_status(struct reader *r, const struct nt_yaml *node)
{
	read_status(r, node, &r->provider->success);
}

static void read_success_body(struct reader *r, const struct nt_yaml *node)
{
	r->provider->success_prefix = text_of(r, node);
}

static void read_success(struct reader *r, const struct nt_yaml *node)
{
	static const struct key keys[] = { { "status", read_success_status }, { "body_begins", read_success_body } };

	read_mapping(r, node, keys, G_N_ELEMENTS(keys), "success");
}

static void read_temporary_status(struct reader *r, const struct nt_yaml *node)
{
	read_status(r, node, &r->provider->temporary);
}

static void read_temporary(struct reader *r, const struct nt_yaml *node)
{
	static const struct key keys[] = { { "status", read_temporary_status } };

	read_mapping(r, node, keys, G_N_ELEMENTS(keys), "temporary");
}

static void read_hard_status(struct reader *r, const struct nt_yaml *node)
{
	read_status(r, node, &r->provider->hard);
}

static void read_hard_json(struct reader *r, const struct nt_yaml *node)
{
	r->provider->hard_json = text_of(r, node);
}

static void read_hard_in(struct reader *r, const struct nt_yaml *node)
{
	const char **in = nt_arena_array(r->provider->arena, const char *, node->n + 1);
	unsigned n = 0;

	if (node->type != NT_YAML_SEQUENCE) {
		nt_diags_error(r->diags, node->span, "'in' is a list of values");
		return;
	}
	for (const struct nt_yaml *item = node->first; item != NULL; item = item->next)
		in[n++] = item->type == NT_YAML_SCALAR ? nt_arena_strdup(r->provider->arena, item->text) : "";
	r->provider->hard_in = in;
}

static void read_hard(struct reader *r, const struct nt_yaml *node)
{
	static const struct key keys[] = { { "status", read_hard_status },
		                           { "json", read_hard_json },
		                           { "in", read_hard_in } };

	read_mapping(r, node, keys, G_N_ELEMENTS(keys), "hard");
	if (node->type == NT_YAML_MAPPING && (nt_yaml_get(node, "json") == NULL) != (nt_yaml_get(node, "in") == NULL))
		nt_diags_error(r->diags, node->key->span,
		               "under 'hard', 'json' names a field and 'in' its values: they go together");
	if (node->type == NT_YAML_MAPPING && nt_yaml_get(node, "status") == NULL)
		nt_diags_error(r->diags, node->key->span, "hard needs 'status'");
}

static void read_id_json(struct reader *r, const struct nt_yaml *node)
{
	r->provider->id_json = text_of(r, node);
}

static void read_id_after(struct reader *r, const struct nt_yaml *node)
{
	r->provider->id_prefix = text_of(r, node);
}

static void read_id(struct reader *r, const struct nt_yaml *node)
{
	static const struct key keys[] = { { "json", read_id_json }, { "after", read_id_after } };

	read_mapping(r, node, keys, G_N_ELEMENTS(keys), "id");
	if (r->provider->id_prefix != NULL && r->provider->id_prefix[0] == '\0')
		nt_diags_error(r->diags, node->span, "'after' is the text before the id: \"id=\"");
}

/* ---- what comes in ---- */

static void read_inbound_method(struct reader *r, const struct nt_yaml *node)
{
	r->provider->inbound.method = text_of(r, node);
	if (r->provider->inbound.method != NULL && strcmp(r->provider->inbound.method, "GET") != 0 &&
	    strcmp(r->provider->inbound.method, "POST") != 0)
		nt_diags_error(r->diags, node->span, "'method' is GET or POST here");
}

static void read_inbound_from(struct reader *r, const struct nt_yaml *node)
{
	r->provider->inbound.from = text_of(r, node);
}

static void read_inbound_text(struct reader *r, const struct nt_yaml *node)
{
	r->provider->inbound.text = text_of(r, node);
}

static void read_inbound_id(struct reader *r, const struct nt_yaml *node)
{
	r->provider->inbound.id = text_of(r, node);
}

static void read_inbound_setting(struct reader *r, const struct nt_yaml *node)
{
	r->provider->inbound.setting = text_of(r, node);
}

static void read_key_parameter(struct reader *r, const struct nt_yaml *node)
{
	r->provider->inbound.key = text_of(r, node);
}

static void read_key(struct reader *r, const struct nt_yaml *node)
{
	static const struct key keys[] = { { "parameter", read_key_parameter }, { "setting", read_inbound_setting } };

	read_mapping(r, node, keys, G_N_ELEMENTS(keys), "key");
	if (node->type == NT_YAML_MAPPING && node->n < 2)
		nt_diags_error(r->diags, node->key->span, "key needs 'parameter' and 'setting'");
}

static void read_signature_header(struct reader *r, const struct nt_yaml *node)
{
	r->provider->inbound.header = text_of(r, node);
}

static void read_signature_scheme(struct reader *r, const struct nt_yaml *node)
{
	const char *text = text_of(r, node);

	if (text != NULL && strcmp(text, "twilio") != 0)
		nt_diags_error(r->diags, node->span, "the only 'scheme' known is twilio");
}

static void read_signature(struct reader *r, const struct nt_yaml *node)
{
	static const struct key keys[] = { { "scheme", read_signature_scheme },
		                           { "header", read_signature_header },
		                           { "setting", read_inbound_setting } };

	read_mapping(r, node, keys, G_N_ELEMENTS(keys), "signature");
	if (node->type == NT_YAML_MAPPING && node->n < 3)
		nt_diags_error(r->diags, node->key->span, "signature needs 'scheme', 'header' and 'setting'");
}

static void read_inbound(struct reader *r, const struct nt_yaml *node)
{
	static const struct key keys[] = {
		{ "method", read_inbound_method }, { "from", read_inbound_from }, { "text", read_inbound_text },
		{ "id", read_inbound_id },         { "key", read_key },           { "signature", read_signature },
	};
	static const char *const needed[] = { "method", "from", "text" };

	read_mapping(r, node, keys, G_N_ELEMENTS(keys), "inbound");
	if (node->type != NT_YAML_MAPPING)
		return;
	for (unsigned i = 0; i < G_N_ELEMENTS(needed); i++)
		if (nt_yaml_get(node, needed[i]) == NULL)
			nt_diags_error(r->diags, node->key->span, "inbound needs '%s'", needed[i]);
	if ((nt_yaml_get(node, "key") == NULL) == (nt_yaml_get(node, "signature") == NULL))
		nt_diags_error(r->diags, node->key->span,
		               "inbound needs 'key' or 'signature', one of them: else anybody could write to us");
}

static void read_name(struct reader *r, const struct nt_yaml *node)
{
	r->provider->name = text_of(r, node);
}

static void read_settings(struct reader *r, const struct nt_yaml *node)
{
	static const char *const kinds[] = { "required", "secret", "optional", NULL };

	if (node->type != NT_YAML_MAPPING) {
		nt_diags_error(r->diags, node->span,
		               "'settings' names what nurtured.yaml has to give: { account: required }");
		return;
	}
	for (const struct nt_yaml *entry = node->first; entry != NULL; entry = entry->next)
		if (entry->type != NT_YAML_SCALAR || !g_strv_contains(kinds, entry->text))
			nt_diags_error(r->diags, entry->span, "a setting is required, secret or optional");
}

/* ---- the whole ---- */

static struct nt_json *settings_object(struct nt_provider *provider, const char *const (*settings)[2], unsigned n)
{
	struct nt_json *object = nt_arena_new0(provider->arena, struct nt_json), **last = &object->first;

	object->type = NT_JSON_OBJECT;
	object->key = "settings";
	for (unsigned i = 0; i < n; i++) {
		struct nt_json *node = nt_arena_new0(provider->arena, struct nt_json);

		node->type = NT_JSON_TEXT;
		node->key = nt_arena_strdup(provider->arena, settings[i][0]);
		node->text = nt_arena_strdup(provider->arena, settings[i][1]);
		node->length = strlen(node->text);
		*last = node;
		last = &node->next;
		object->n++;
	}
	return object;
}

/* What the definition asks for and what nurtured.yaml gives must meet. */
static void check_settings(struct reader *r, const struct nt_yaml *declared)
{
	const struct nt_json *given = r->provider->settings;

	if (declared != NULL && declared->type != NT_YAML_MAPPING)
		return;
	for (const struct nt_yaml *entry = declared != NULL ? declared->first : NULL; entry != NULL;
	     entry = entry->next)
		if (entry->type == NT_YAML_SCALAR &&
		    (strcmp(entry->text, "required") == 0 || strcmp(entry->text, "secret") == 0) &&
		    nt_json_get(given, entry->key->text) == NULL)
			nt_diags_error(r->diags, entry->key->span,
			               "this gateway needs '%s' under 'settings' of its channel%s", entry->key->text,
			               strcmp(entry->text, "secret") == 0 ? " (as …_file: it is a secret)" : "");
	for (const struct nt_json *setting = given->first; setting != NULL; setting = setting->next)
		if (declared == NULL || nt_yaml_get(declared, setting->key) == NULL)
			nt_diags_error(r->diags, NT_NOWHERE, "the gateway '%s' knows no setting '%s'",
			               r->provider->name != NULL ? r->provider->name : "", setting->key);
}

#define KEY_SHORTEST 16

/* Who can guess it can write in anybody's name. */
static void check_inbound(struct reader *r)
{
	const struct nt_provider_inbound *inbound = &r->provider->inbound;
	const char *secret = inbound->setting != NULL ? nt_json_text(r->provider->settings, inbound->setting) : NULL;

	if (inbound->key != NULL && secret != NULL && strlen(secret) < KEY_SHORTEST)
		nt_diags_error(r->diags, NT_NOWHERE, "the gateway's '%s' is too short: give it %d characters or more",
		               inbound->setting, KEY_SHORTEST);
}

static const struct key top_keys[] = {
	{ "name", read_name },       { "settings", read_settings },   { "request", read_request },
	{ "success", read_success }, { "temporary", read_temporary }, { "hard", read_hard },
	{ "id", read_id },           { "inbound", read_inbound },
};

struct nt_provider *nt_provider_load(const char *path, const char *text, size_t length,
                                     const char *const (*settings)[2], unsigned n_settings, struct nt_diags *diags)
{
	struct nt_arena *arena = nt_arena_new();
	struct nt_provider *provider = nt_arena_new0(arena, struct nt_provider);
	struct reader r = { .provider = provider,
		            .source = nt_diags_source(diags, path, text, length),
		            .diags = diags };
	const struct nt_yaml *root;
	int errors = nt_diags_errors(diags);

	provider->arena = arena;
	provider->method = "POST";
	provider->settings = settings_object(provider, settings, n_settings);
	root = nt_yaml_parse(nt_diags_arena(diags), r.source, diags);
	if (root != NULL) {
		read_mapping(&r, root, top_keys, G_N_ELEMENTS(top_keys), "a provider");
		if (nt_yaml_get(root, "request") == NULL)
			nt_diags_error(diags, root->span, "a provider needs 'request'");
		check_settings(&r, nt_yaml_get(root, "settings"));
		check_inbound(&r);
	} else if (nt_diags_errors(diags) == errors) {
		nt_diags_error(diags, NT_NOWHERE, "%s is empty", path);
	}
	if (provider->success.n == 0) {
		provider->success.ranges[0].from = 200;
		provider->success.ranges[0].to = 299;
		provider->success.n = 1;
	}
	if (root != NULL && nt_diags_errors(diags) == errors)
		return provider;
	nt_arena_free(arena);
	return NULL;
}

struct nt_provider *nt_provider_webhook(const char *url, const char *const (*headers)[2], unsigned n_headers,
                                        const char *secret)
{
	struct nt_arena *arena = nt_arena_new();
	struct nt_provider *provider = nt_arena_new0(arena, struct nt_provider);

	provider->arena = arena;
	provider->method = "POST";
	provider->webhook = provider->idempotent = true;
	provider->fixed_url = nt_arena_strdup(arena, url);
	provider->secret = nt_arena_strdup(arena, secret);
	provider->fixed_headers = headers; /* the settings', which outlive us */
	provider->n_fixed_headers = n_headers;
	provider->success.ranges[0].from = 200;
	provider->success.ranges[0].to = 299;
	provider->success.n = 1;
	return provider;
}

void nt_provider_free(struct nt_provider *provider)
{
	if (provider != NULL)
		nt_arena_free(provider->arena);
}
