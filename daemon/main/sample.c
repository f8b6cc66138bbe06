#include "main/sample.h"

#include "base/arena.h"
#include "base/diag.h"
#include "base/json.h"
#include "channel/channel.h"
#include "channel/links.h"
#include "engine/codec.h"
#include "engine/preview.h"
#include "os/clock.h"
#include "rules/program.h"
#include "store/sqlite.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define NOWHERE "https://preview.invalid" /* RFC 6761, 6.4: never resolves */

/* Somebody to write to, unless the store or the command line says otherwise. */
static const char *const invented[][2] = {
	{ "email", "ann@example.com" },   { "phone", "+1 555 0100" },
	{ "fax", "+1 555 0101" },         { "first_name", "Ann" },
	{ "last_name", "Example" },       { "company", "Example Ltd" },
	{ "city", "Springfield" },        { "postal_code", "62701" },
	{ "postal_address", "1 Main St, Springfield, IL 62701, USA" },
};

/* ---- NAME=VALUE ---- */

/* A number, true, false and null are meant as such; the rest is text. */
static struct nt_json *value_of(struct nt_arena *arena, const char *text)
{
	struct nt_json_error error;
	struct nt_json *value = nt_json_parse(arena, text, strlen(text), &error);

	if (value != NULL)
		return value;
	value = nt_arena_new0(arena, struct nt_json);
	value->type = NT_JSON_TEXT;
	value->text = text;
	value->length = strlen(text);
	return value;
}

static void put(struct nt_json *object, const char *key, struct nt_json *value)
{
	struct nt_json **link = &object->first;

	while (*link != NULL && strcmp((*link)->key, key) != 0)
		link = &(*link)->next;
	value->key = key;
	value->next = *link != NULL ? (*link)->next : NULL;
	object->n += *link == NULL;
	*link = value;
}

/* "event.amount" goes into the object "event", which is made if need be. */
static void put_path(struct nt_arena *arena, struct nt_json *object, const char *path, struct nt_json *value)
{
	const char *dot = strchr(path, '.');
	struct nt_json *inner;
	const char *name;

	if (dot == NULL) {
		put(object, path, value);
		return;
	}
	name = nt_arena_strndup(arena, path, (size_t)(dot - path));
	inner = nt_json_get(object, name);
	if (inner == NULL || inner->type != NT_JSON_OBJECT) {
		inner = nt_arena_new0(arena, struct nt_json);
		inner->type = NT_JSON_OBJECT;
		put(object, name, inner);
	}
	put_path(arena, inner, dot + 1, value);
}

static const char *name_of(struct nt_arena *arena, const char *pair)
{
	return nt_arena_strndup(arena, pair, strcspn(pair, "="));
}

static bool pairs_fit(const struct nt_sample *sample, int *code)
{
	for (int i = 0; i < sample->n_pairs; i++)
		if (strchr(sample->pairs[i], '=') == NULL || sample->pairs[i][0] == '=') {
			*code = nt_command_misused(sample->command, "'%s' isn't NAME=VALUE", sample->pairs[i]);
			return false;
		}
	return true;
}

/* ---- the lead ---- */

static void keep(struct nt_sample *sample, struct nt_lead *lead)
{
	GString *bytes = g_string_new(NULL);

	nt_lead_encode(lead, bytes);
	sample->blob = nt_arena_copy(sample->arena, bytes->str, bytes->len);
	sample->length = bytes->len;
	g_string_free(bytes, TRUE);
}

/* What stands on the command line and isn't a field goes to the message's values only. */
static bool invent(struct nt_sample *sample, int *code)
{
	struct nt_json *fields = nt_arena_new0(sample->arena, struct nt_json);
	struct nt_lead *lead;
	const char *why = NULL;

	fields->type = NT_JSON_OBJECT;
	for (unsigned i = 0; i < G_N_ELEMENTS(invented); i++) {
		struct nt_json *value = nt_arena_new0(sample->arena, struct nt_json);

		value->type = NT_JSON_TEXT;
		value->text = invented[i][1];
		value->length = strlen(value->text);
		put(fields, invented[i][0], value);
	}
	for (int i = 0; i < sample->n_pairs; i++) {
		const char *name = name_of(sample->arena, sample->pairs[i]);

		if (nt_program_field(sample->program, name) > 0)
			put(fields, name, value_of(sample->arena, sample->pairs[i] + strlen(name) + 1));
	}
	sample->lead = "ann";
	lead = nt_preview_lead(sample->arena, sample->program, sample->lead, fields, sample->now, &why);
	if (lead == NULL)
		*code = nt_command_failed(sample->command, "%s", why);
	else
		keep(sample, lead);
	return lead != NULL;
}

static bool read_lead(struct nt_sample *sample, int *code)
{
	const char *path = sample->options->store != NULL ? sample->options->store : sample->ruleset.store, *id;
	struct nt_sqlite_options options = { .path = path, .mode = NT_SQLITE_READ };
	struct nt_blob blob = { 0 };
	struct nt_store *store;
	char *why = NULL;
	int read;

	if (path == NULL) {
		*code = nt_command_failed(sample->command, "%s names no store", sample->options->config);
		return false;
	}
	store = nt_sqlite_store_open(&options, &why);
	if (store == NULL) {
		*code = nt_command_failed(sample->command, "%s", why);
		g_free(why);
		return false;
	}
	id = sample->lead = sample->options->lead;
	read = store->ops->load(store, sample->arena, &id, 1, &blob);
	if (read != NT_STORE_OK)
		*code = nt_command_failed(sample->command, "%s: %s", path, store->ops->error(store));
	else if (blob.bytes == NULL)
		*code = nt_command_failed(sample->command, "there is no lead '%s' in %s", id, path);
	store->ops->free(store);
	sample->blob = blob.bytes;
	sample->length = blob.length;
	return read == NT_STORE_OK && blob.bytes != NULL;
}

/* ---- the whole ---- */

static bool load_rules(struct nt_sample *sample, const char *folder, int *code)
{
	const struct nt_sample_options *options = sample->options;
	char *why = NULL;

	if (!nt_ruleset_init(&sample->ruleset, options->config, options->templates, &why)) {
		*code = nt_command_failed(sample->command, "%s", why);
		g_free(why);
		return false;
	}
	sample->program = nt_ruleset_load(&sample->ruleset, folder, sample->diags, &why);
	if (sample->program != NULL)
		return true;
	*code = NT_EXIT_WRONG;
	if (why != NULL)
		*code = nt_command_failed(sample->command, "%s", why);
	g_free(why);
	nt_command_findings(sample->diags, stderr);
	return false;
}

static void make_links(struct nt_sample *sample)
{
	unsigned char bytes[32];
	char key[65];
	const char *keys[] = { key };

	randombytes_buf(bytes, sizeof bytes);
	sodium_bin2hex(key, sizeof key, bytes, sizeof bytes);
	sample->links = nt_links_new(NOWHERE, keys, 1);
}

static int not_there(const struct nt_sample *sample)
{
	const struct nt_template_set *set = sample->program->templates;
	const char *nearest, *channel = sample->options->channel;
	char *before = g_strndup(sample->template_name, strcspn(sample->template_name, "/"));
	bool is_path = nt_template_set_channels(set, before) != NULL;

	g_free(before);
	if (is_path && strchr(sample->template_name, '/') != NULL)
		return nt_command_failed(sample->command, "'%s' is a file of template '%.*s': name that; --channel and "
		                         "--locale choose", sample->template_name,
		                         (int)strcspn(sample->template_name, "/"), sample->template_name);

	if (channel != NULL && nt_template_set_channels(set, sample->template_name) != NULL)
		return nt_command_failed(sample->command, "template '%s' has no text for %s", sample->template_name,
		                         channel);
	nearest = nt_nearest(sample->template_name, nt_template_set_names(set));
	return nt_command_failed(sample->command, "there is no template '%s'%s%s%s", sample->template_name,
	                         nearest != NULL ? " (did you mean '" : "", nearest != NULL ? nearest : "",
	                         nearest != NULL ? "'?)" : "");
}

bool nt_sample_open(struct nt_sample *sample, int argc, char **argv, int *code)
{
	struct nt_clock *clock;

	if (argc < 2) {
		*code = nt_command_misused(sample->command, argc == 0 ? "which folder?" : "which template?");
		return false;
	}
	sample->arena = nt_arena_new();
	sample->diags = nt_diags_new();
	nt_command_folder_first(&argv[0], &argv[1]);
	sample->template_name = argv[1];
	sample->n_pairs = argc - 2;
	sample->pairs = argv + 2;
	clock = nt_clock_new_real();
	sample->now = nt_clock_now(clock);
	nt_clock_free(clock);
	if (sodium_init() < 0)
		*code = nt_command_failed(sample->command, "no randomness");
	else if (pairs_fit(sample, code) && load_rules(sample, argv[0], code) &&
	         (sample->options->lead != NULL ? read_lead(sample, code) : invent(sample, code))) {
		if (nt_sample_variant(sample, 0) != NULL) {
			make_links(sample);
			return true;
		}
		*code = not_there(sample);
	}
	return false;
}

void nt_sample_clear(struct nt_sample *sample)
{
	nt_links_free(sample->links);
	nt_program_unref(sample->program);
	nt_diags_free(sample->diags);
	nt_arena_free(sample->arena);
	nt_ruleset_clear(&sample->ruleset);
}

static bool is_meant(const struct nt_sample *sample, const struct nt_message_template *variant)
{
	const struct nt_sample_options *options = sample->options;
	const char *channel = nt_message_template_channel(variant);

	if (strcmp(nt_message_template_name(variant), sample->template_name) != 0 ||
	    (options->channel != NULL && strcmp(channel, options->channel) != 0))
		return false;
	/* as a lead with that locale would get it */
	return options->locale == NULL || variant == nt_template_set_find(sample->program->templates,
	                                                                  sample->template_name, channel,
	                                                                  options->locale);
}

const struct nt_message_template *nt_sample_variant(const struct nt_sample *sample, unsigned i)
{
	const struct nt_template_set *set = sample->program->templates;
	const struct nt_message_template *variant;

	for (unsigned k = 0; (variant = nt_template_set_peek(set, k)) != NULL; k++)
		if (is_meant(sample, variant) && i-- == 0)
			return variant;
	return NULL;
}

static const char *overlay(struct nt_sample *sample, const char *values)
{
	struct nt_json_error error;
	struct nt_json *object = nt_json_parse(sample->arena, values, strlen(values), &error);
	GString *text = g_string_new(NULL);
	struct nt_json_writer w;
	const char *copy;

	for (int i = 0; object != NULL && i < sample->n_pairs; i++) {
		const char *name = name_of(sample->arena, sample->pairs[i]);

		put_path(sample->arena, object, name, value_of(sample->arena, sample->pairs[i] + strlen(name) + 1));
	}
	nt_json_begin(&w, text);
	nt_json_put_json(&w, NULL, object);
	copy = nt_arena_strndup(sample->arena, text->str, text->len);
	g_string_free(text, TRUE);
	return copy;
}

struct nt_delivery *nt_sample_delivery(struct nt_sample *sample, const struct nt_message_template *variant,
                                       const char **why)
{
	const char *own = nt_message_template_locale(variant);
	struct nt_preview preview = { sample->template_name, nt_message_template_channel(variant),
		                      sample->options->locale != NULL ? sample->options->locale : own };
	struct nt_delivery *delivery = nt_arena_new0(sample->arena, struct nt_delivery);
	struct nt_lead *lead = nt_lead_decode(sample->arena, sample->program, sample->lead, sample->blob,
	                                      sample->length, why);
	struct nt_message *message = lead != NULL ? nt_preview_message(lead, &preview, sample->now, why) : NULL;

	if (message == NULL)
		return NULL;
	message->values = overlay(sample, message->values);
	message->template_hash = nt_message_template_hash(variant);
	delivery->row.message = *message;
	delivery->row.state = NT_OUTBOX_HANDED;
	delivery->arena = sample->arena;
	delivery->templates = sample->program->templates;
	delivery->program = sample->program;
	delivery->slot = -1;
	return delivery;
}

static bool has_value(const struct nt_json *values, const char *path)
{
	size_t length = strcspn(path, ".[");
	char *name = g_strndup(path, length);
	const struct nt_json *value = nt_json_get(values, name);

	g_free(name);
	if (value == NULL || value->type == NT_JSON_NULL)
		return false;
	return path[length] != '.' || has_value(value, path + length + 1);
}

/* ---- what stands there for nothing ---- */

/* The parts that all texts may ask for, whether they do or not, and those that these do. */
static GPtrArray *names_asked(struct nt_sample *sample)
{
	GPtrArray *names = g_ptr_array_new();
	const struct nt_message_template *variant;

	for (unsigned i = 0; i < sample->program->n_fields; i++)
		g_ptr_array_add(names, (gpointer)(uintptr_t)sample->program->fields[i].name);
	for (unsigned i = 0; (variant = nt_sample_variant(sample, i)) != NULL; i++) {
		struct nt_message_facts facts;

		nt_message_template_check(variant, sample->arena, sample->diags, &facts);
		for (unsigned k = 0; k < facts.n; k++)
			g_ptr_array_add(names, (gpointer)(uintptr_t)nt_arena_strndup(
				sample->arena, facts.variables[k].path, strcspn(facts.variables[k].path, ".[")));
	}
	g_ptr_array_add(names, NULL);
	return names;
}

static const char *const *unused_of(struct nt_sample *sample)
{
	const char **unused = nt_arena_array(sample->arena, const char *, (size_t)sample->n_pairs + 1);
	GPtrArray *names = names_asked(sample);
	const char *const *known = (const char *const *)names->pdata;
	unsigned n = 0;

	for (int i = 0; i < sample->n_pairs; i++) {
		const char *pair = sample->pairs[i], *near;
		const char *name = nt_arena_strndup(sample->arena, pair, strcspn(pair, "=."));

		if (g_strv_contains(known, name))
			continue;
		near = nt_nearest(name, known);
		unused[n++] = nt_arena_printf(sample->arena, "'%s': no text here asks for it, and it is no field%s%s%s",
		                              name, near != NULL ? " (did you mean '" : "", near != NULL ? near : "",
		                              near != NULL ? "'?)" : "");
	}
	g_ptr_array_free(names, TRUE);
	return unused;
}

void nt_sample_warn_of_unused(struct nt_sample *sample)
{
	const char *const *unused = unused_of(sample);

	for (unsigned i = 0; unused[i] != NULL; i++)
		fprintf(stderr, "%s\n", unused[i]);
}

const char *const *nt_sample_missing(struct nt_sample *sample, const struct nt_message_template *variant,
                                     const struct nt_json *variables)
{
	struct nt_message_facts facts;
	const char **missing;
	unsigned n = 0;

	nt_message_template_check(variant, sample->arena, sample->diags, &facts);
	missing = nt_arena_array(sample->arena, const char *, facts.n + 1);
	for (unsigned i = 0; i < facts.n; i++) {
		const struct nt_message_variable *variable = &facts.variables[i];
		int line, column;

		if (variable->has_default || has_value(variables, variable->path))
			continue;
		nt_span_position(variable->span, &line, &column);
		missing[n++] = nt_arena_printf(sample->arena, "%s:%d:%d: %s has no value here, and no default",
		                               variable->span.source->path, line, column, variable->path);
	}
	return missing;
}
