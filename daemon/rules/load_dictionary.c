/* fields, events, segments: what a rule set's names mean. */
#define NT_DIAG_CODE NT_CODE_DOES_NOT_FIT

#include "rules/loader.h"

#include "base/arena.h"
#include "rules/expr_function.h"
#include "rules/program_make.h"
#include "rules/synonyms.h"

#include <string.h>

/* More than any company has; few enough that no rule file makes work without end. */
#define FIELDS 5000
#define EVENTS 5000
#define SEGMENTS 2000

static const struct {
	const char *name;
	enum nt_type type;
} builtin_fields[NT_BUILTIN_FIELDS] = {
	[NT_FIELD_ID] = { "id", NT_TYPE_TEXT },
	[NT_FIELD_EMAIL] = { "email", NT_TYPE_EMAIL },
	[NT_FIELD_PHONE] = { "phone", NT_TYPE_PHONE },
	[NT_FIELD_FAX] = { "fax", NT_TYPE_PHONE },
	[NT_FIELD_FIRST_NAME] = { "first_name", NT_TYPE_TEXT },
	[NT_FIELD_LAST_NAME] = { "last_name", NT_TYPE_TEXT },
	[NT_FIELD_COMPANY] = { "company", NT_TYPE_TEXT },
	[NT_FIELD_COUNTRY] = { "country", NT_TYPE_TEXT },
	[NT_FIELD_REGION] = { "region", NT_TYPE_TEXT },
	[NT_FIELD_CITY] = { "city", NT_TYPE_TEXT },
	[NT_FIELD_POSTAL_CODE] = { "postal_code", NT_TYPE_TEXT },
	[NT_FIELD_POSTAL_ADDRESS] = { "postal_address", NT_TYPE_TEXT },
	[NT_FIELD_INCOME_BAND] = { "income_band", NT_TYPE_TEXT },
	[NT_FIELD_TIME_ZONE] = { "time_zone", NT_TYPE_TEXT },
	[NT_FIELD_LOCALE] = { "locale", NT_TYPE_TEXT },
	[NT_FIELD_CREATED_AT] = { "created_at", NT_TYPE_TIME },
};

/* Built-in events and their properties; those of channels stand in channel_verbs. */
static const struct builtin_event {
	const char *name;
	struct nt_property properties[4];
} builtin_events[] = {
	{ "lead.created", { { 0 } } },
	{ "lead.changed", { { 0 } } },
	{ "message.skipped", { { "campaign", NT_TYPE_TEXT, NULL }, { "channel", NT_TYPE_TEXT, NULL },
	                       { "template", NT_TYPE_TEXT, NULL }, { "reason", NT_TYPE_TEXT, NULL } } },
	{ "score.crossed", { { "from", NT_TYPE_TEXT, NULL }, { "to", NT_TYPE_TEXT, NULL },
	                     { "level", NT_TYPE_TEXT, NULL }, { "score", NT_TYPE_NUMBER, NULL } } },
	{ "lead.ready", { { "reason", NT_TYPE_TEXT, NULL } } },
	{ "lead.offered", { { "rep", NT_TYPE_TEXT, NULL } } },
	{ "lead.accepted", { { "rep", NT_TYPE_TEXT, NULL } } },
	{ "lead.sent_back", { { "rep", NT_TYPE_TEXT, NULL }, { "reason", NT_TYPE_TEXT, NULL } } },
	{ "deal.won", { { "rep", NT_TYPE_TEXT, NULL } } },
	{ "deal.lost", { { "rep", NT_TYPE_TEXT, NULL } } },
	{ "task.done", { { "template", NT_TYPE_TEXT, NULL }, { "campaign", NT_TYPE_TEXT, NULL },
	                 { "key", NT_TYPE_TEXT, NULL }, { "rep", NT_TYPE_TEXT, NULL } } },
	{ "campaign.entered", { { "campaign", NT_TYPE_TEXT, NULL } } },
	{ "campaign.left", { { "campaign", NT_TYPE_TEXT, NULL } } },
	{ "campaign.reached_goal", { { "campaign", NT_TYPE_TEXT, NULL } } },
};
static const char *const channel_verbs[] = { "sent", "delivered", "opened", "clicked", "replied", "bounced",
	"complained",
	"unsubscribed", "confirmed" };
static const struct nt_property message_properties[] = {
	{ "campaign", NT_TYPE_TEXT, NULL }, { "template", NT_TYPE_TEXT, NULL }, { "detail", NT_TYPE_TEXT, NULL },
};

static const char *place(struct nt_loader *l, struct nt_span span)
{
	int line, column;

	if (nt_diags_full(l->diags))
		return "";
	nt_span_position(span, &line, &column);
	return nt_arena_printf(l->arena, "%s:%d", span.source->path, line);
}

/* True the first time; else says where the name stood before. `seen`: name → key node. */
static bool is_new(struct nt_loader *l, GHashTable *seen, const struct nt_yaml *key, const char *what)
{
	const struct nt_yaml *before = g_hash_table_lookup(seen, key->text);

	if (before != NULL) {
		nt_diags_error_as(l->diags, NT_CODE_DECLARED_TWICE, key->span,
		                  "%s '%s' is declared twice (first at %s)", what, key->text,
		               place(l, before->span));
		return false;
	}
	g_hash_table_insert(seen, (gpointer)(uintptr_t)key->text, (gpointer)(uintptr_t)key);
	return true;
}

static const char *const *load_one_of(struct nt_loader *l, const struct nt_yaml *node)
{
	const char **items;
	unsigned n = 0;

	if (node == NULL)
		return NULL;
	items = nt_arena_array(l->arena, const char *, node->n + 1);
	for (const struct nt_yaml *item = node->first; item != NULL; item = item->next)
		if (item->type == NT_YAML_SCALAR)
			items[n++] = nt_arena_strdup(l->arena, item->text);
		else
			nt_diags_error_as(l->diags, NT_CODE_WRONG_VALUE, item->span, "one_of holds texts only");
	if (n == 0 && node->n == 0)
		nt_diags_error_as(l->diags, NT_CODE_WRONG_VALUE, node->span,
		                  "one_of is empty: no value would be allowed");
	return items;
}

static bool load_type_name(struct nt_loader *l, const struct nt_yaml *node, enum nt_type *type)
{
	const char *const *types = nt_field_keys.keys[NT_FIELD_KEY_TYPE].choices;
	char *list;

	if (nt_type_parse(node->text, type))
		return true;
	if (nt_nearest(node->text, types) != NULL || nt_synonym(node->text, types) != NULL) {
		nt_keys_unknown(l->diags, node->span, "type", node->text, "", types);
		return false;
	}
	list = g_strjoinv(", ", (gchar **)(uintptr_t)types);
	nt_diags_error_as(l->diags, NT_CODE_UNKNOWN_NAME,
	                  node->span, "unknown type '%s': it is one of %s", node->text, list);
	g_free(list);
	return false;
}

/* `number`, or { type: text, one_of: [US, CA] }. A wrong type counts as text, so that the name is known all the
 * same. */
static void load_type(struct nt_loader *l, const struct nt_yaml *node, enum nt_type *type, const char *const **one_of)
{
	const struct nt_yaml *keys[NT_FIELD_KEYS];
	const char *title = nt_arena_printf(l->arena, "'%s'", node->key->text);

	*type = NT_TYPE_TEXT;
	*one_of = NULL;
	if (node->type == NT_YAML_SCALAR) {
		if (node->length == 0)
			nt_diags_error_as(l->diags, NT_CODE_MISSING_KEY, node->key->span,
			                  "%s needs a type, such as text or number", title);
		else
			load_type_name(l, node, type);
		return;
	}
	if (!nt_keys_read(&nt_field_keys, node, title, l->diags, keys))
		return;
	if (keys[NT_FIELD_KEY_TYPE] != NULL)
		load_type_name(l, keys[NT_FIELD_KEY_TYPE], type);
	*one_of = load_one_of(l, keys[NT_FIELD_KEY_ONE_OF]);
	if (*one_of != NULL && *type != NT_TYPE_TEXT && *type != NT_TYPE_LIST)
		nt_diags_error(l->diags, keys[NT_FIELD_KEY_ONE_OF]->key->span, "one_of goes with text, not with %s",
		               nt_type_name(*type));
}

static bool is_mapping(struct nt_loader *l, const struct nt_yaml *node)
{
	return node != NULL && nt_keys_check_shape(&(struct nt_key){ .name = node->key->text, .kind = NT_KIND_MAP },
	                                           node, l->diags);
}

static bool is_too_many(struct nt_loader *l, const GArray *items, unsigned most, const struct nt_yaml *item,
                        const char *what)
{
	if (items->len < most)
		return false;
	nt_diags_error(l->diags, item->key->span, "a rule set has at most %u %s", most, what);
	return true;
}

void nt_load_fields(struct nt_loader *l)
{
	GArray *fields = g_array_new(FALSE, TRUE, sizeof(struct nt_field));
	GHashTable *seen = g_hash_table_new(g_str_hash, g_str_equal);

	for (unsigned i = 0; i < NT_BUILTIN_FIELDS; i++) {
		struct nt_field field = { .name = builtin_fields[i].name, .type = builtin_fields[i].type,
		                          .builtin = true };

		g_array_append_val(fields, field);
	}
	for (unsigned d = 0; d < l->documents->len; d++) {
		const struct nt_yaml *node = g_array_index(l->documents, struct nt_document, d).keys[NT_DOC_FIELDS];

		for (const struct nt_yaml *item = node != NULL ? node->first : NULL; item != NULL; item = item->next) {
			struct nt_field field = { 0 };
			unsigned builtin = 0;

			while (builtin < NT_BUILTIN_FIELDS &&
			       strcmp(builtin_fields[builtin].name, item->key->text) != 0)
				builtin++;
			if (is_too_many(l, fields, FIELDS, item, "fields"))
				break;
			nt_load_key_name(l, item->key, "field", "_", &field.name);
			if (!is_new(l, seen, item->key, "field"))
				continue;
			if (nt_expr_reserved(field.name)) {
				nt_diags_error(l->diags, item->key->span,
				               "'%s' has a meaning of its own in conditions: give the field another "
				               "name",
				               field.name);
				continue;
			}
			load_type(l, item, &field.type, &field.one_of);
			if (builtin == NT_BUILTIN_FIELDS) {
				g_array_append_val(fields, field);
			} else if (field.type != builtin_fields[builtin].type) {
				nt_diags_error_as(l->diags, NT_CODE_DECLARED_TWICE, item->span,
				                  "field '%s' is built in, as %s", field.name,
				               nt_type_name(builtin_fields[builtin].type));
			} else {
				g_array_index(fields, struct nt_field, builtin).one_of = field.one_of;
			}
		}
	}
	l->program->fields = nt_load_take(l, fields, struct nt_field, &l->program->n_fields);
	g_hash_table_destroy(seen);
	nt_program_index(l->program);
}

static void add_builtin_events(struct nt_loader *l, GArray *events)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(builtin_events); i++) {
		struct nt_event_type event = { .name = builtin_events[i].name, .builtin = true,
		                               .properties = builtin_events[i].properties };

		while (event.n_properties < G_N_ELEMENTS(builtin_events[i].properties) &&
		       event.properties[event.n_properties].name != NULL)
			event.n_properties++;
		g_array_append_val(events, event);
	}
	for (unsigned c = 0; c < l->program->n_channels; c++)
		for (unsigned i = 0; i < G_N_ELEMENTS(channel_verbs); i++) {
			struct nt_event_type event = { .builtin = true, .properties = message_properties,
			                               .n_properties = G_N_ELEMENTS(message_properties) };

			event.name = nt_arena_printf(l->arena, "%s.%s", l->program->channels[c].name, channel_verbs[i]);
			g_array_append_val(events, event);
		}
}

static bool is_event_name(const char *name)
{
	const char *dot = strchr(name, '.');

	if (dot == NULL || dot == name || dot[1] == '\0')
		return false;
	for (const char *p = name; *p != '\0'; p++)
		if (!g_ascii_islower(*p) && !g_ascii_isdigit(*p) && *p != '_' && *p != '-' && *p != '.')
			return false;
	return true;
}

static void load_properties(struct nt_loader *l, const struct nt_yaml *node, struct nt_event_type *event)
{
	GArray *properties = g_array_new(FALSE, TRUE, sizeof(struct nt_property));

	for (const struct nt_yaml *item = node->first; item != NULL; item = item->next) {
		struct nt_property property = { 0 };

		nt_load_key_name(l, item->key, "property", "_", &property.name);
		load_type(l, item, &property.type, &property.one_of);
		g_array_append_val(properties, property);
	}
	event->properties = nt_load_take(l, properties, struct nt_property, &event->n_properties);
}

static bool is_builtin_event(const GArray *events, const char *name)
{
	for (unsigned i = 0; i < events->len && g_array_index(events, struct nt_event_type, i).builtin; i++)
		if (strcmp(g_array_index(events, struct nt_event_type, i).name, name) == 0)
			return true;
	return false;
}

void nt_load_events(struct nt_loader *l)
{
	GArray *events = g_array_new(FALSE, TRUE, sizeof(struct nt_event_type));
	GHashTable *seen = g_hash_table_new(g_str_hash, g_str_equal);

	add_builtin_events(l, events);
	for (unsigned d = 0; d < l->documents->len; d++) {
		const struct nt_yaml *node = g_array_index(l->documents, struct nt_document, d).keys[NT_DOC_EVENTS];

		for (const struct nt_yaml *item = node != NULL ? node->first : NULL; item != NULL; item = item->next) {
			struct nt_event_type event = { .name = nt_arena_strdup(l->arena, item->key->text) };

			if (is_too_many(l, events, EVENTS, item, "events"))
				break;
			if (!is_event_name(event.name))
				nt_diags_error_as(l->diags, NT_CODE_WRONG_VALUE, item->key->span,
				               "'%s' is no name for an event: names are noun.verb, such as "
				               "order.placed",
				               event.name);
			nt_load_name_length(l, item->key, "an event");
			if (is_builtin_event(events, event.name)) {
				nt_diags_error_as(l->diags, NT_CODE_DECLARED_TWICE, item->key->span,
				                  "event '%s' is built in", event.name);
				continue;
			}
			if (!is_new(l, seen, item->key, "event"))
				continue;
			if (item->type != NT_YAML_SCALAR || item->length > 0) {
				if (is_mapping(l, item))
					load_properties(l, item, &event);
			}
			g_array_append_val(events, event);
		}
	}
	l->program->events = nt_load_take(l, events, struct nt_event_type, &l->program->n_events);
	g_hash_table_destroy(seen);
	nt_program_index(l->program);
}

/* ---- segments ---- */

struct found {
	struct nt_segment segment;
	const struct nt_yaml *node;
};

static GArray *find_segments(struct nt_loader *l)
{
	GArray *all = g_array_new(FALSE, TRUE, sizeof(struct found));
	GHashTable *seen = g_hash_table_new(g_str_hash, g_str_equal);

	for (unsigned d = 0; d < l->documents->len; d++) {
		const struct nt_yaml *node = g_array_index(l->documents, struct nt_document, d).keys[NT_DOC_SEGMENTS];

		for (const struct nt_yaml *item = node != NULL ? node->first : NULL; item != NULL; item = item->next) {
			struct found found = { .node = item, .segment.span = item->key->span };

			if (is_too_many(l, all, SEGMENTS, item, "segments"))
				break;
			nt_load_key_name(l, item->key, "segment", "-", &found.segment.name);
			if (is_new(l, seen, item->key, "segment"))
				g_array_append_val(all, found);
		}
	}
	g_hash_table_destroy(seen);
	return all;
}

static void name_segments(struct nt_loader *l, const GArray *all)
{
	struct nt_segment *segments = nt_arena_array(l->arena, struct nt_segment, all->len + 1);

	for (unsigned i = 0; i < all->len; i++)
		segments[i] = g_array_index(all, struct found, i).segment;
	l->program->segments = segments;
	l->program->n_segments = all->len;
	nt_program_index(l->program);
}

/* What each condition uses, found by parsing them once for that alone: slots are given only when the order is known. */
static void find_uses(struct nt_loader *l, const GArray *all)
{
	struct nt_arena *arena = nt_arena_new();
	struct nt_diags *diags = nt_diags_new();
	guint rings = l->rings->len, stats = l->stats->len;

	l->scope.arena = arena;
	l->scope.diags = diags;
	for (unsigned i = 0; i < all->len; i++) {
		l->depends = (int)i;
		if (g_array_index(all, struct found, i).node->type == NT_YAML_SCALAR)
			nt_load_condition(l, g_array_index(all, struct found, i).node);
	}
	l->depends = -1;
	l->scope.arena = l->arena;
	l->scope.diags = l->diags;
	g_array_set_size(l->rings, rings);
	g_array_set_size(l->stats, stats);
	g_hash_table_remove_all(l->slots);
	nt_diags_free(diags);
	nt_arena_free(arena);
}

static void place_segment(const GArray *dependencies, const GArray *all, char *done, unsigned i, GArray *sorted)
{
	done[i] = 1;
	for (unsigned d = 0; d < dependencies->len; d++) {
		struct nt_dependency *use = &g_array_index(dependencies, struct nt_dependency, d);

		if (use->from == (int)i && use->to < (int)all->len && !done[use->to])
			place_segment(dependencies, all, done, (unsigned)use->to, sorted);
	}
	g_array_append_val(sorted, g_array_index(all, struct found, i));
}

/* Those that others use come first; else in file order. */
static GArray *sort_segments(struct nt_loader *l, GArray *all)
{
	GArray *sorted = g_array_new(FALSE, TRUE, sizeof(struct found));
	char *done = g_new0(char, all->len + 1);

	for (unsigned i = 0; i < all->len; i++)
		if (!done[i])
			place_segment(l->dependencies, all, done, i, sorted);
	g_free(done);
	g_array_free(all, TRUE);
	g_array_set_size(l->dependencies, 0);
	return sorted;
}

void nt_load_segments(struct nt_loader *l)
{
	GArray *all = find_segments(l);
	struct nt_segment *segments;

	nt_load_scope(l, NULL, 0, NULL, 0, false);
	name_segments(l, all);
	find_uses(l, all);
	all = sort_segments(l, all);
	name_segments(l, all);
	segments = (struct nt_segment *)(uintptr_t)l->program->segments; /* ours until the program is handed out */
	for (unsigned i = 0; i < all->len; i++) {
		const struct nt_yaml *node = g_array_index(all, struct found, i).node;

		l->depends = (int)i;
		if (nt_keys_check_shape(&(struct nt_key){ .name = node->key->text, .kind = NT_KIND_CONDITION }, node,
		                        l->diags))
			segments[i].condition = nt_load_condition(l, node);
	}
	l->depends = -1;
	g_array_free(all, TRUE);
}
