#define NT_DIAG_CODE NT_CODE_WRONG_VALUE

#include "rules/keys.h"

#include "rules/synonyms.h"
#include "rules/yaml.h"

#include <string.h>

#define SCALAR NT_SHAPE_SCALAR
#define LIST NT_SHAPE_LIST
#define MAP NT_SHAPE_MAP

/* How each kind is written, and in which shapes. */
static const struct {
	unsigned shapes;
	const char *text;
} kinds[NT_KINDS] = {
	[NT_KIND_TEXT] = { SCALAR, "a text" },
	[NT_KIND_NAME] = { SCALAR, "a name" },
	[NT_KIND_DURATION] = { SCALAR, "a duration such as 3 days" },
	[NT_KIND_EVERY] = { SCALAR, "a period such as week, month, year or 10 days" },
	[NT_KIND_AFTER] = { SCALAR, "a text such as after 30 days" },
	[NT_KIND_CLOCK] = { SCALAR, "a time of day such as 09:00" },
	[NT_KIND_DATE] = { SCALAR, "a date such as 2026-12-01" },
	[NT_KIND_INSTANT] = { SCALAR, "a time such as 2026-12-01 09:00" },
	[NT_KIND_ZONE] = { SCALAR, "a time zone such as America/New_York" },
	[NT_KIND_WINDOWS] = { SCALAR | LIST, "a window such as mon-fri 09:00-17:00, or a list of them" },
	[NT_KIND_WINDOWS_MAP] =
		{ SCALAR | LIST | MAP, "a window such as mon-fri 09:00-17:00, a list of them, or a map by channel" },
	[NT_KIND_RATE] = { SCALAR, "a rate such as 2 per day" },
	[NT_KIND_RATES] = { SCALAR | LIST, "a rate such as 2 per day, or a list of them" },
	[NT_KIND_SHARE] = { SCALAR, "a share such as 50%" },
	[NT_KIND_WHOLE] = { SCALAR, "a whole number" },
	[NT_KIND_NUMBER] = { SCALAR, "a number" },
	[NT_KIND_YES_NO] = { SCALAR, "true or false" },
	[NT_KIND_CHOICE] = { SCALAR, "one of" },
	[NT_KIND_CONDITION] = { SCALAR, "a condition on one line" },
	[NT_KIND_VALUE] = { SCALAR, "a value, or = EXPRESSION" },
	[NT_KIND_EVENT] = { SCALAR, "an event's name" },
	[NT_KIND_EVENTS] = { SCALAR | LIST, "an event's name, or a list of them" },
	[NT_KIND_CAMPAIGN] = { SCALAR, "a campaign's name" },
	[NT_KIND_FIELD] = { SCALAR, "a field's name" },
	[NT_KIND_TEMPLATE] = { SCALAR, "a template's name" },
	[NT_KIND_TARGET] = { SCALAR, "owner, team NAME or rep NAME" },
	[NT_KIND_WHOM] = { SCALAR, "owner, manager, team NAME or rep NAME" },
	[NT_KIND_ASSIGN] = { SCALAR, "team NAME, rep NAME or by_route" },
	[NT_KIND_WAIT_UNTIL] = { SCALAR | LIST, "a time of day, a weekday and time, a window, a time or a condition" },
	[NT_KIND_TIME] = { SCALAR, "a date or a time such as trial_ends or entered + 3 days" },
	[NT_KIND_STEPS] = { LIST, "a list of steps" },
	[NT_KIND_LIST] = { LIST, "a list" },
	[NT_KIND_LIST_OR_ONE] = { SCALAR | LIST, "one, or a list" },
	[NT_KIND_MAP] = { MAP, "a mapping (KEY: VALUE)" },
	[NT_KIND_MAP_OR_LIST] = { MAP | LIST, "a mapping such as { on: order.placed }, or a list of them" },
	[NT_KIND_ANY] = { SCALAR | LIST | MAP, "anything" },
};

const char *nt_kind_text(enum nt_kind kind)
{
	return kinds[kind].text;
}

unsigned nt_kind_shapes(enum nt_kind kind)
{
	return kinds[kind].shapes;
}

void nt_keys_refuse(struct nt_diags *diags, const struct nt_yaml *node, enum nt_kind kind, const char *why)
{
	const char *text = nt_kind_text(kind), *example = strstr(text, " such as");

	if (why != NULL && example != NULL)
		nt_diags_error(diags, node->span, "'%s' is not %.*s: %s", node->text, (int)(example - text), text, why);
	else
		nt_diags_error(diags, node->span, "'%s' is not %s%s%s", node->text, text, why != NULL ? ": " : "",
		               why != NULL ? why : "");
}

bool nt_keys_has_unknown(const struct nt_key_table *table, const struct nt_yaml *mapping)
{
	for (const struct nt_yaml *pair = mapping->first; mapping->type == NT_YAML_MAPPING && pair != NULL; pair =
	     pair->next)
		if (nt_keys_find(table, pair->key->text) < 0)
			return true;
	return false;
}

int nt_keys_find(const struct nt_key_table *table, const char *name)
{
	for (unsigned i = 0; i < table->n; i++)
		if (strcmp(table->keys[i].name, name) == 0)
			return (int)i;
	return -1;
}

const char *nt_keys_unknown(struct nt_diags *diags, struct nt_span span, const char *what, const char *name,
                            const char *where, const char *const *candidates)
{
	bool search = candidates != NULL && !nt_diags_full(diags);
	const char *synonym = search ? nt_synonym(name, candidates) : NULL;
	const char *nearest = synonym != NULL ? synonym : search ? nt_nearest(name, candidates) : NULL;
	const char *blank = where[0] != '\0' ? " " : "";

	if (nearest != NULL)
		nt_diags_error_as(diags, NT_CODE_UNKNOWN_NAME, span,
		                  "unknown %s '%s'%s%s (did you mean '%s'?)", what, name, blank, where,
		               nearest);
	else
		nt_diags_error_as(diags, NT_CODE_UNKNOWN_NAME, span, "unknown %s '%s'%s%s", what, name, blank, where);
	return nearest;
}

/* Reports it, and gives the index of the key that was most likely meant and isn't there, or -1: its value is then read
 * as that one's, so that one slip makes one message. */
static int unknown_key(const struct nt_key_table *table, const struct nt_yaml *key, const bool *seen,
                       struct nt_diags *diags)
{
	const char **names = g_new0(const char *, table->n + 1), *nearest;
	int meant = -1;

	if (table == &nt_campaign_keys && nt_keys_find(&nt_document_keys, key->text) >= 0) {
		nt_diags_error_as(diags, NT_CODE_DOES_NOT_FIT, key->span,
		                  "'%s' stands in a document of its own: put a line '---' before it",
		               key->text);
		g_free(names);
		return -1;
	}
	for (unsigned i = 0; i < table->n; i++)
		names[i] = table->keys[i].name;
	nearest = nt_keys_unknown(diags, key->span, "key", key->text, table->where, names);
	if (nearest != NULL && !seen[nt_keys_find(table, nearest)])
		meant = nt_keys_find(table, nearest);
	g_free(names);
	return meant;
}

/* What word processors and web pages put in the place of blanks and hyphens. */
static const struct {
	const char *text, *instead;
} strangers[] = {
	{ "\xC2\xA0", "a no-break space stands here: type a plain blank" },
	{ "\xE2\x80\xAF", "a narrow no-break space stands here: type a plain blank" },
	{ "\xE2\x80\x89", "a thin space stands here: type a plain blank" },
	{ "\xE3\x80\x80", "a wide space stands here: type a plain blank" },
	{ "\xE2\x80\x8B", "an invisible character stands here: delete it" },
	{ "\xE2\x80\x8D", "an invisible character stands here: delete it" },
	{ "\xEF\xBB\xBF", "an invisible character stands here: delete it" },
	{ "\xC2\xAD", "an invisible character stands here: delete it" },
	{ "\xE2\x80\x90", "a dash stands here: type a plain hyphen, '-'" },
	{ "\xE2\x80\x91", "a dash stands here: type a plain hyphen, '-'" },
	{ "\xE2\x80\x93", "a dash stands here: type a plain hyphen, '-'" },
	{ "\xE2\x80\x94", "a dash stands here: type a plain hyphen, '-'" },
	{ "\xE2\x88\x92", "a dash stands here: type a plain hyphen, '-'" },
};

const char *nt_keys_stranger(const char *text, size_t *length)
{
	for (size_t i = 0; i < G_N_ELEMENTS(strangers); i++)
		if (strncmp(text, strangers[i].text, strlen(strangers[i].text)) == 0) {
			*length = strlen(strangers[i].text);
			return strangers[i].instead;
		}
	return NULL;
}

/* In a value that is read for what it means, not taken as it is. An expression finds them itself, since its texts may
 * have them. */
static bool has_stranger(const struct nt_key *key, const struct nt_yaml *value, struct nt_diags *diags)
{
	bool read = key->kind != NT_KIND_TEXT && key->kind != NT_KIND_CONDITION && key->kind != NT_KIND_VALUE &&
	            key->kind != NT_KIND_WAIT_UNTIL && key->kind != NT_KIND_TIME && key->kind != NT_KIND_ANY;
	const char *found, *instead = NULL;
	struct nt_span span = value->span;
	size_t length;

	for (const char *p = value->text; read && value->type == NT_YAML_SCALAR && *p != '\0' && instead == NULL; p++)
		instead = nt_keys_stranger(p, &length);
	if (instead == NULL)
		return false;
	/* as it stands in the file, if it does: a quoted value may have it as an escape */
	for (size_t i = 0; span.source != NULL && i < value->span.length; i++) {
		found = nt_keys_stranger(span.source->text + value->span.start + i, &length);
		if (found != NULL) {
			span = nt_span_of(span.source, value->span.start + i, length);
			break;
		}
	}
	nt_diags_error(diags, span, "%s", instead);
	return true;
}

/* "= EXPRESSION" where nothing is worked out, or where an expression needs no '='; nothing else begins with one. And
 * what only templates have. */
static bool is_expression(const struct nt_key *key, const char *name, const struct nt_yaml *value,
                          struct nt_diags *diags)
{
	if (value->type != NT_YAML_SCALAR || key->kind == NT_KIND_VALUE || key->kind == NT_KIND_ANY)
		return false;
	if (strstr(value->text, "{{") != NULL) {
		nt_diags_error(diags, value->span, "{{ … }} is filled in only in templates: '%s' takes %s", name,
		               nt_kind_text(key->kind));
		return true;
	}
	if (value->text[0] != '=')
		return false;
	if (key->kind == NT_KIND_CONDITION || key->kind == NT_KIND_WAIT_UNTIL || key->kind == NT_KIND_TIME)
		nt_diags_error(diags, value->span, "leave out the '=': '%s' takes an expression by itself", name);
	else
		nt_diags_error(diags, value->span, "'%s' takes %s; = EXPRESSION stands only in with, set and points",
		               name, nt_kind_text(key->kind));
	return true;
}

bool nt_keys_check_shape(const struct nt_key *key, const struct nt_yaml *value, struct nt_diags *diags)
{
	/* "CHANNEL" stands for many; a misspelt key is shown as what it was taken for */
	const char *name = value->key != NULL && strcmp(key->name, "CHANNEL") == 0 ? value->key->text : key->name;
	unsigned shape = value->type == NT_YAML_SCALAR ? SCALAR : value->type == NT_YAML_SEQUENCE ? LIST : MAP;
	bool empty = value->type == NT_YAML_SCALAR && value->length == 0;

	if (empty && (key->flags & NT_KEY_EMPTY) != 0)
		return true;
	if (empty) {
		nt_diags_error(diags, value->key != NULL ? value->key->span : value->span,
		               "'%s' has no value: it takes %s", name,
		               nt_kind_text(key->kind));
		return false;
	}
	if ((kinds[key->kind].shapes & shape) != 0)
		return !is_expression(key, name, value, diags) && !has_stranger(key, value, diags);
	/* a YAML block of several lines makes a long span: the key is where people look */
	nt_diags_error(diags, shape == SCALAR || value->key == NULL ? value->span : value->key->span, "'%s' takes %s",
	               name, nt_kind_text(key->kind));
	return false;
}

bool nt_keys_check_choice(const struct nt_key *key, const struct nt_yaml *value, struct nt_diags *diags)
{
	GString *list;

	if (key->choices == NULL || value->type != NT_YAML_SCALAR || g_strv_contains(key->choices, value->text))
		return true;
	list = g_string_new(NULL);
	for (unsigned i = 0; key->choices[i] != NULL; i++)
		g_string_append_printf(list, "%s%s", i == 0 ? "" : key->choices[i + 1] == NULL ? " or " : ", ",
		                       key->choices[i]);
	nt_diags_error(diags, value->span, "'%s' is %s, not '%s'", key->name, list->str, value->text);
	g_string_free(list, TRUE);
	return false;
}

bool nt_keys_read(const struct nt_key_table *table, const struct nt_yaml *mapping, const char *title,
                  struct nt_diags *diags, const struct nt_yaml **out)
{
	bool *seen, unknown = false;

	for (unsigned i = 0; i < table->n; i++)
		out[i] = NULL;
	if (mapping->type != NT_YAML_MAPPING) {
		nt_diags_error(diags, mapping->span, "%s takes a mapping (KEY: VALUE)", title);
		return false;
	}
	seen = g_new0(bool, table->n);
	for (const struct nt_yaml *pair = mapping->first; pair != NULL; pair = pair->next) {
		int i = nt_keys_find(table, pair->key->text);

		if (i >= 0)
			seen[i] = true;
	}
	for (const struct nt_yaml *pair = mapping->first; pair != NULL; pair = pair->next) {
		int i = nt_keys_find(table, pair->key->text);

		if (i < 0)
			i = unknown_key(table, pair->key, seen, diags);
		unknown = unknown || i < 0;
		if (i < 0)
			continue;
		seen[i] = true;
		if (nt_keys_check_shape(&table->keys[i], pair, diags) &&
		    nt_keys_check_choice(&table->keys[i], pair, diags))
			out[i] = pair;
	}
	for (unsigned i = 0; i < table->n && !unknown; i++)
		if ((table->keys[i].flags & NT_KEY_REQUIRED) != 0 && !seen[i])
			nt_diags_error_as(diags, NT_CODE_MISSING_KEY,
			                  mapping->key != NULL ? mapping->key->span : mapping->span,
			               "%s needs '%s'", title,
			               table->keys[i].name);
	g_free(seen);
	return true;
}
