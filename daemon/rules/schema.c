/* The rule language as a JSON Schema, from the tables that the loader reads by.
 *
 * Editors read YAML by its own rules: 7 is a number there and true a truth value, so both are taken where the language
 * reads a text. A step's verbs are told apart by conditions, since a list of alternatives makes editors say "matches
 * none" and no more. */
#include "rules/load.h"

#include "base/json.h"
#include "rules/keys.h"
#include "rules/loader.h"

#include <string.h>

struct schema {
	struct nt_json_writer w;
	const char *const *channels;
};

/* How texts of a kind look, where that is told by a pattern; only what the loader refuses as well is kept out. */
static const char *const patterns[NT_KINDS] = {
	[NT_KIND_DURATION] = "^\\s*([0-9.]+\\s*[a-z]+\\s*)+$",
	[NT_KIND_CLOCK] = "^\\s*[0-9]{1,2}:[0-9]{2}\\s*$",
	[NT_KIND_DATE] = "^\\s*[0-9]{4}-[0-9]{2}-[0-9]{2}\\s*$",
	[NT_KIND_RATE] = "^\\s*[0-9]+\\s+per\\s",
	[NT_KIND_RATES] = "^\\s*[0-9]+\\s+per\\s",
	[NT_KIND_SHARE] = "^\\s*[0-9.]+\\s*%\\s*$",
	[NT_KIND_WHOLE] = "^\\s*[+-]?[0-9]+\\s*$",
	[NT_KIND_EVENT] = "^[^ ]+\\.[^ ]+$",
	[NT_KIND_EVENTS] = "^[^ ]+\\.[^ ]+$",
	[NT_KIND_TARGET] = "^(owner$|team |rep )",
	[NT_KIND_WHOM] = "^(owner$|manager$|team |rep )",
	[NT_KIND_ASSIGN] = "^(by_route$|team |rep )",
};

/* ---- pieces ---- */

static char *slug(const char *title)
{
	char *out = g_ascii_strdown(title, -1);

	for (char *p = out; *p != '\0'; p++)
		if (!g_ascii_isalnum(*p))
			*p = '-';
	return out;
}

static void put_ref(struct nt_json_writer *w, const char *key, const char *name)
{
	char *ref = g_strconcat("#/definitions/", name, NULL);

	nt_json_object(w, key);
	nt_json_put_text(w, "$ref", ref);
	nt_json_end_object(w);
	g_free(ref);
}

static void put_table_ref(struct nt_json_writer *w, const char *key, const struct nt_key_table *table)
{
	char *name = slug(table == &nt_option_keys ? nt_verb_keys.title : table->title);

	put_ref(w, key, name);
	g_free(name);
}

static void put_types(struct nt_json_writer *w, const char *const *types)
{
	nt_json_array(w, "type");
	for (; *types != NULL; types++)
		nt_json_put_text(w, NULL, *types);
	nt_json_end_array(w);
}

/* A number and a truth value are texts to the language; a pattern is held against texts only. */
static void put_scalar(struct nt_json_writer *w, const char *key, enum nt_kind kind)
{
	static const char *const any[] = { "string", "number", "boolean", NULL }, *const text[] = { "string", NULL };
	static const char *const number[] = { "string", "number", NULL }, *const whole[] = { "string", "integer",
		NULL };

	nt_json_object(w, key);
	put_types(w, kind == NT_KIND_WHOLE ? whole : kind == NT_KIND_NUMBER || kind == NT_KIND_SHARE ? number :
	          patterns[kind] != NULL || kind == NT_KIND_ZONE ? text : any);
	if (patterns[kind] != NULL)
		nt_json_put_text(w, "pattern", patterns[kind]);
	nt_json_end_object(w);
}

static void put_list(struct nt_json_writer *w, const char *key, enum nt_kind kind)
{
	nt_json_object(w, key);
	nt_json_put_text(w, "type", "array");
	if (kind == NT_KIND_STEPS)
		put_table_ref(w, "items", &nt_verb_keys);
	else if ((nt_kind_shapes(kind) & NT_SHAPE_SCALAR) != 0)
		put_scalar(w, "items", kind);
	nt_json_end_object(w);
}

/* The shapes that a kind takes, one of them or a choice. */
static void put_shapes(struct nt_json_writer *w, const char *key, enum nt_kind kind, unsigned shapes)
{
	bool several = (shapes & (shapes - 1)) != 0;

	if (several) {
		nt_json_object(w, key);
		nt_json_array(w, "anyOf");
		key = NULL;
	}
	if ((shapes & NT_SHAPE_SCALAR) != 0)
		put_scalar(w, key, kind);
	if ((shapes & NT_SHAPE_LIST) != 0)
		put_list(w, key, kind);
	if ((shapes & NT_SHAPE_MAP) != 0) {
		nt_json_object(w, key);
		nt_json_put_text(w, "type", "object");
		nt_json_end_object(w);
	}
	if (several) {
		nt_json_end_array(w);
		nt_json_end_object(w);
	}
}

static bool is_truth(const char *choice)
{
	return strcmp(choice, "true") == 0 || strcmp(choice, "false") == 0;
}

static void put_choices(struct nt_json_writer *w, const char *key, const char *const *choices)
{
	nt_json_object(w, key);
	nt_json_array(w, "enum");
	for (unsigned i = 0; choices[i] != NULL; i++) {
		nt_json_put_text(w, NULL, choices[i]);
		if (is_truth(choices[i]))
			nt_json_put_bool(w, NULL, strcmp(choices[i], "true") == 0);
	}
	nt_json_end_array(w);
	nt_json_end_object(w);
}

/* ---- what stands inside a value ---- */

static void put_inside(struct schema *s, const char *key, const struct nt_key_nest *nest, const char *through);

static void put_channels(struct schema *s, const struct nt_key_nest *nest, const char *through)
{
	nt_json_object(&s->w, "properties");
	for (unsigned i = 0; s->channels[i] != NULL; i++)
		put_inside(s, s->channels[i], nest, through);
	if (nest->in == &nt_policy_keys && nest->key == NT_POLICY_SEND)
		put_inside(s, "default", nest, through);
	nt_json_end_object(&s->w);
	nt_json_put_bool(&s->w, "additionalProperties", false);
}

static void put_end(struct schema *s, const char *key, const struct nt_key_nest *nest)
{
	if (nest->to == NULL) {
		put_shapes(&s->w, key, nest->kind, nt_kind_shapes(nest->kind));
	} else if (nest->instead < 0) {
		put_table_ref(&s->w, key, nest->to);
	} else {
		nt_json_object(&s->w, key);
		nt_json_array(&s->w, "anyOf");
		put_choices(&s->w, NULL, nest->to->keys[nest->instead].choices);
		put_table_ref(&s->w, NULL, nest->to);
		nt_json_end_array(&s->w);
		nt_json_end_object(&s->w);
	}
}

static void put_inside(struct schema *s, const char *key, const struct nt_key_nest *nest, const char *through)
{
	switch (through[0]) {
	case 'l':
		nt_json_object(&s->w, key);
		nt_json_put_text(&s->w, "type", "array");
		put_inside(s, "items", nest, through + 1);
		nt_json_end_object(&s->w);
		break;
	case 'o':
		nt_json_object(&s->w, key);
		nt_json_array(&s->w, "anyOf");
		put_inside(s, NULL, nest, through + 1);
		nt_json_object(&s->w, NULL);
		nt_json_put_text(&s->w, "type", "array");
		put_inside(s, "items", nest, through + 1);
		nt_json_end_object(&s->w);
		nt_json_end_array(&s->w);
		nt_json_end_object(&s->w);
		break;
	case 'm': /* a name may stand without a value where a mapping would */
		nt_json_object(&s->w, key);
		nt_json_put_text(&s->w, "type", "object");
		nt_json_object(&s->w, "additionalProperties");
		nt_json_array(&s->w, "anyOf");
		put_inside(s, NULL, nest, through + 1);
		if (nest->to != NULL || through[1] != '\0')
			nt_json_put_raw(&s->w, NULL, "{\"enum\":[\"\",null]}");
		nt_json_end_array(&s->w);
		nt_json_end_object(&s->w);
		nt_json_end_object(&s->w);
		break;
	case 'c':
		nt_json_object(&s->w, key);
		nt_json_put_text(&s->w, "type", "object");
		put_channels(s, nest, through + 1);
		nt_json_end_object(&s->w);
		break;
	default:
		put_end(s, key, nest);
		break;
	}
}

/* ---- keys ---- */

static void put_value(struct schema *s, const struct nt_key_table *table, unsigned k)
{
	const struct nt_key *key = &table->keys[k];
	const struct nt_key_nest *nest = nt_key_nest(table, k);
	unsigned shapes = nt_kind_shapes(key->kind);

	if ((key->flags & NT_KEY_EMPTY) != 0)
		nt_json_put_raw(&s->w, NULL, "{\"enum\":[\"\",null]}");
	if (nest != NULL)
		put_inside(s, NULL, nest, nest->through);
	if (nest != NULL && (shapes & NT_SHAPE_SCALAR) == 0)
		return;
	if (key->choices != NULL)
		put_choices(&s->w, NULL, key->choices);
	else
		put_shapes(&s->w, NULL, key->kind, nest != NULL ? shapes & ~NT_SHAPE_MAP : shapes);
}

static void put_key(struct schema *s, const struct nt_key_table *table, unsigned k)
{
	const struct nt_key *key = &table->keys[k];
	char *text = g_strdup_printf("%s\n(%s)", key->help, nt_kind_text(key->kind));

	nt_json_object(&s->w, key->name);
	nt_json_put_text(&s->w, "description", key->kind == NT_KIND_CHOICE ? key->help : text);
	nt_json_array(&s->w, "anyOf");
	put_value(s, table, k);
	nt_json_end_array(&s->w);
	nt_json_end_object(&s->w);
	g_free(text);
}

static void put_keys(struct schema *s, const struct nt_key_table *table)
{
	for (unsigned k = 0; k < table->n; k++)
		if (table != &nt_verb_keys || k != NT_VERB_CHANNEL)
			put_key(s, table, k);
}

static void put_channel_keys(struct schema *s)
{
	const struct nt_key *key = &nt_verb_keys.keys[NT_VERB_CHANNEL];

	for (unsigned i = 0; s->channels[i] != NULL; i++) {
		if (nt_keys_find(&nt_verb_keys, s->channels[i]) >= 0) /* webhook: a verb of its own */
			continue;
		nt_json_object(&s->w, s->channels[i]);
		nt_json_put_text(&s->w, "description", key->help);
		nt_json_array(&s->w, "anyOf");
		put_scalar(&s->w, NULL, key->kind);
		nt_json_end_array(&s->w);
		nt_json_end_object(&s->w);
	}
}

static void put_required(struct schema *s, const struct nt_key_table *table)
{
	nt_json_array(&s->w, "required");
	for (unsigned k = 0; k < table->n; k++)
		if ((table->keys[k].flags & NT_KEY_REQUIRED) != 0)
			nt_json_put_text(&s->w, NULL, table->keys[k].name);
	nt_json_end_array(&s->w);
}

/* ---- steps ---- */

static void put_has(struct nt_json_writer *w, const char *key, const char *name)
{
	nt_json_object(w, key);
	nt_json_array(w, "required");
	nt_json_put_text(w, NULL, name);
	nt_json_end_array(w);
	nt_json_end_object(w);
}

static void put_names(struct schema *s, unsigned verb, const char *name)
{
	nt_json_object(&s->w, "propertyNames");
	nt_json_array(&s->w, "enum");
	nt_json_put_text(&s->w, NULL, name);
	for (unsigned i = 0; i < NT_OPTION_KEYS; i++)
		if ((nt_verb_options[verb] & 1u << i) != 0 && strcmp(nt_option_keys.keys[i].name, name) != 0)
			nt_json_put_text(&s->w, NULL, nt_option_keys.keys[i].name);
	nt_json_end_array(&s->w);
	nt_json_end_object(&s->w);
}

/* Beside this verb only its own options. */
static void put_verb(struct schema *s, unsigned verb, const char *name)
{
	nt_json_object(&s->w, NULL);
	put_has(&s->w, "if", name);
	nt_json_object(&s->w, "then");
	put_names(s, verb, name);
	nt_json_end_object(&s->w);
	nt_json_end_object(&s->w);
}

static void each_verb(struct schema *s, void (*see)(struct schema *s, unsigned verb, const char *name))
{
	for (unsigned v = NT_VERB_CHANNEL + 1; v < NT_VERB_KEYS; v++)
		if (v != NT_VERB_IF)
			see(s, v, nt_verb_keys.keys[v].name);
	for (unsigned i = 0; s->channels[i] != NULL; i++)
		if (nt_keys_find(&nt_verb_keys, s->channels[i]) < 0)
			see(s, NT_VERB_CHANNEL, s->channels[i]);
}

static void put_has_verb(struct schema *s, unsigned verb, const char *name)
{
	(void)verb;
	put_has(&s->w, NULL, name);
}

static void put_step(struct schema *s)
{
	struct nt_json_writer *w = &s->w;

	nt_json_object(w, "properties");
	put_channel_keys(s);
	put_keys(s, &nt_verb_keys);
	for (unsigned i = 0; i < NT_OPTION_KEYS; i++) /* `if` is both */
		if (nt_keys_find(&nt_verb_keys, nt_option_keys.keys[i].name) < 0)
			put_key(s, &nt_option_keys, i);
	nt_json_end_object(w);
	nt_json_put_bool(w, "additionalProperties", false);
	nt_json_array(w, "allOf");
	each_verb(s, put_verb);
	/* without a verb `if` is it */
	nt_json_object(w, NULL);
	nt_json_object(w, "if");
	nt_json_array(w, "anyOf");
	each_verb(s, put_has_verb);
	nt_json_end_array(w);
	nt_json_end_object(w);
	nt_json_put_raw(w, "then", "{}");
	nt_json_object(w, "else");
	nt_json_put_raw(w, "required", "[\"if\"]");
	nt_json_put_raw(w, "anyOf", "[{\"required\":[\"then\"]},{\"required\":[\"else\"]}]");
	put_names(s, NT_VERB_IF, "if");
	nt_json_end_object(w);
	nt_json_end_object(w);
	nt_json_end_array(w);
}

/* ---- tables ---- */

/* A key that needs no value may stand alone, as a word, for the whole item; so may an expectation that is no key. */
static bool has_words(const struct nt_key_table *table)
{
	bool any = table == &nt_expect_keys;

	for (unsigned k = 0; k < table->n; k++)
		any = any || (table->keys[k].flags & NT_KEY_EMPTY) != 0;
	return any;
}

static void put_words(struct nt_json_writer *w, const struct nt_key_table *table)
{
	nt_json_array(w, "enum");
	for (unsigned k = 0; k < table->n; k++)
		if ((table->keys[k].flags & NT_KEY_EMPTY) != 0)
			nt_json_put_text(w, NULL, table->keys[k].name);
	if (table == &nt_expect_keys)
		nt_json_put_text(w, NULL, "nothing_else");
	nt_json_end_array(w);
}

static void put_mapping(struct schema *s, const char *key, const struct nt_key_table *table)
{
	struct nt_json_writer *w = &s->w;

	nt_json_object(w, key);
	nt_json_put_text(w, "description", table->about);
	nt_json_put_text(w, "type", "object");
	if (table == &nt_verb_keys) {
		put_step(s);
	} else {
		nt_json_object(w, "properties");
		if (table == &nt_expect_keys)
			put_channel_keys(s);
		put_keys(s, table);
		nt_json_end_object(w);
		nt_json_put_bool(w, "additionalProperties", false);
		put_required(s, table);
	}
	nt_json_end_object(w);
}

static void put_table(struct schema *s, const struct nt_key_table *table)
{
	char *name = slug(table->title);

	if (!has_words(table)) {
		put_mapping(s, name, table);
	} else {
		nt_json_object(&s->w, name);
		nt_json_object(&s->w, "if");
		nt_json_put_text(&s->w, "type", "string");
		nt_json_end_object(&s->w);
		nt_json_object(&s->w, "then");
		put_words(&s->w, table);
		nt_json_end_object(&s->w);
		put_mapping(s, "else", table);
		nt_json_end_object(&s->w);
	}
	g_free(name);
}

/* ---- the whole ---- */

/* Objects down to the keys of a table get lines of their own, what is inside stands on one. */
static void break_lines(const char *json, GString *out)
{
	bool quoted = false;
	int depth = 0;

	for (const char *p = json; *p != '\0'; p++) {
		if (quoted && *p == '\\') {
			g_string_append_c(out, *p++);
		} else if (*p == '"') {
			quoted = !quoted;
		} else if (!quoted && (*p == '}' || *p == ']') && --depth < 4) {
			g_string_append_c(out, '\n');
			for (int i = 0; i < depth; i++)
				g_string_append(out, "  ");
		}
		g_string_append_c(out, *p);
		if (!quoted && (*p == '{' || *p == '['))
			depth++;
		if (!quoted && (*p == '{' || *p == '[' || *p == ',') && depth <= 4) {
			g_string_append_c(out, '\n');
			for (int i = 0; i < depth; i++)
				g_string_append(out, "  ");
		} else if (!quoted && (*p == ',' || *p == ':')) {
			g_string_append_c(out, ' ');
		}
	}
	g_string_append_c(out, '\n');
}

static const char **all_channels(const char *const *channels)
{
	GPtrArray *all = g_ptr_array_new();

	for (unsigned i = 0; nt_load_builtin_channel(i) != NULL; i++)
		g_ptr_array_add(all, (gpointer)(uintptr_t)nt_load_builtin_channel(i));
	g_ptr_array_add(all, NULL);
	for (unsigned i = 0; channels != NULL && channels[i] != NULL; i++)
		if (!g_strv_contains((const char *const *)all->pdata, channels[i])) {
			all->pdata[all->len - 1] = (gpointer)(uintptr_t)channels[i];
			g_ptr_array_add(all, NULL);
		}
	return (const char **)g_ptr_array_free(all, FALSE);
}

void nt_rules_schema(GString *out, const char *const *channels)
{
	GString *json = g_string_new(NULL);
	struct schema s = { .channels = all_channels(channels) };
	struct nt_json_writer *w = &s.w;

	nt_json_begin(w, json);
	nt_json_object(w, NULL);
	nt_json_put_text(w, "$schema", "http://json-schema.org/draft-07/schema#");
	nt_json_put_text(w, "title", "nurture rules");
	nt_json_put_text(w, "description", nt_document_keys.about);
	/* an empty document is none; one with a campaign holds little else */
	nt_json_put_raw(w, "if", "{\"type\":\"object\",\"anyOf\":[{\"required\":[\"campaign\"]},"
	                         "{\"required\":[\"steps\"]},{\"required\":[\"enter\"]}]}");
	put_table_ref(w, "then", &nt_campaign_keys);
	nt_json_object(w, "else");
	nt_json_put_raw(w, "if", "{\"type\":\"null\"}");
	nt_json_put_raw(w, "then", "{}");
	put_table_ref(w, "else", &nt_document_keys);
	nt_json_end_object(w);
	nt_json_object(w, "definitions");
	for (unsigned i = 0; nt_key_tables[i] != NULL; i++)
		if (nt_key_tables[i] != &nt_option_keys)
			put_table(&s, nt_key_tables[i]);
	nt_json_end_object(w);
	nt_json_end_object(w);
	break_lines(json->str, out);
	g_string_free(json, TRUE);
	g_free((gpointer)(uintptr_t)s.channels);
}
