/* scoring: fit, engagement, half-life, levels. Rules of all documents add up; half_life and levels stand once. */
#define NT_DIAG_CODE NT_CODE_WRONG_VALUE

#include "rules/loader.h"

#include "base/arena.h"

#include <string.h>

struct scoring {
	GArray *fit, *engagement;
	GHashTable *identities; /* of engagement rules → count */
	const struct nt_yaml *half_life;
};

static bool is_list_of_mappings(struct nt_loader *l, const struct nt_yaml *item, const char *what)
{
	if (item->type == NT_YAML_MAPPING)
		return true;
	nt_diags_error(l->diags, item->span, "%s is a mapping (KEY: VALUE)", what);
	return false;
}

static void load_fit(struct nt_loader *l, const struct nt_yaml *list, struct scoring *scoring)
{
	for (const struct nt_yaml *item = list != NULL ? list->first : NULL; item != NULL; item = item->next) {
		const struct nt_yaml *keys[NT_FIT_KEYS];
		struct nt_points_rule rule = { .event = -1, .span = item->span };

		if (!is_list_of_mappings(l, item, "a fit rule") || !nt_keys_read(&nt_fit_keys, item, "a fit rule",
		                                                                 l->diags, keys))
			continue;
		nt_load_scope(l, NULL, 0, NULL, 0, false);
		l->depends = (int)l->program->n_segments + NT_NODE_FIT;
		rule.condition = nt_load_condition(l, keys[NT_FIT_IF]);
		if (keys[NT_FIT_POINTS] != NULL)
			nt_load_points(l, keys[NT_FIT_POINTS], &rule.points, &rule.points_expr);
		l->depends = -1;
		if (keys[NT_FIT_IF] != NULL)
			rule.reason = nt_arena_strdup(l->arena, keys[NT_FIT_IF]->text);
		rule.identity = nt_arena_printf(l->arena, "fit %u", scoring->fit->len + 1);
		g_array_append_val(scoring->fit, rule);
	}
}

/* A cap is kept in the lead's state: the rule is known by its event and its place among that event's rules. */
static const char *engagement_identity(struct nt_loader *l, struct scoring *scoring, const char *event)
{
	int n = GPOINTER_TO_INT(g_hash_table_lookup(scoring->identities, event)) + 1;

	g_hash_table_insert(scoring->identities, (gpointer)(uintptr_t)event, GINT_TO_POINTER(n));
	return nt_arena_printf(l->arena, "%s %d", event, n);
}

static void load_engagement(struct nt_loader *l, const struct nt_yaml *list, struct scoring *scoring)
{
	for (const struct nt_yaml *item = list != NULL ? list->first : NULL; item != NULL; item = item->next) {
		const struct nt_yaml *keys[NT_ENGAGEMENT_KEYS];
		struct nt_points_rule rule = { .event = -1, .span = item->span };
		int *event;

		if (!is_list_of_mappings(l, item, "an engagement rule") ||
		    !nt_keys_read(&nt_engagement_keys, item, "an engagement rule", l->diags, keys) ||
		    keys[NT_ENGAGEMENT_ON] == NULL)
			continue;
		rule.event = nt_load_event(l, keys[NT_ENGAGEMENT_ON]);
		if (rule.event < 0)
			continue;
		event = nt_arena_copy(l->arena, &rule.event, sizeof rule.event);
		nt_load_scope(l, event, 1, NULL, 0, false);
		rule.condition = nt_load_condition(l, keys[NT_ENGAGEMENT_IF]);
		if (keys[NT_ENGAGEMENT_POINTS] != NULL)
			nt_load_points(l, keys[NT_ENGAGEMENT_POINTS], &rule.points, &rule.points_expr);
		rule.capped = keys[NT_ENGAGEMENT_AT_MOST] != NULL &&
		              nt_load_rate(l, keys[NT_ENGAGEMENT_AT_MOST], &rule.at_most);
		rule.reason = l->program->events[rule.event].name;
		rule.identity = engagement_identity(l, scoring, rule.reason);
		g_array_append_val(scoring->engagement, rule);
	}
}

/* True the first time that one of the rule set's single values is met. */
static bool is_first(struct nt_loader *l, const struct nt_yaml **kept, const struct nt_yaml *node, const char *name)
{
	int line, column;

	if (node == NULL)
		return false;
	if (*kept == NULL) {
		*kept = node;
		return true;
	}
	nt_span_position((*kept)->key->span, &line, &column);
	nt_diags_error_as(l->diags, NT_CODE_DECLARED_TWICE, node->key->span,
	                  "'%s' stands once in a rule set (first at %s:%d)", name,
	               (*kept)->key->span.source->path, line);
	return false;
}

static void load_half_life(struct nt_loader *l, const struct nt_yaml *node)
{
	struct nt_duration duration;

	if (!nt_load_duration(l, node, &duration))
		return;
	/* a half-life's day is 24 hours (II.2); a month has no fixed length */
	if (duration.months != 0)
		nt_diags_error(l->diags, node->span,
		               "a half-life is in days or shorter: months and years vary in length");
	else if (nt_duration_is_zero(duration))
		nt_diags_error(l->diags, node->span,
		               "a half-life has to be longer than nothing: leave it out for no decay");
	else
		l->program->half_life = duration.days * NT_DAY + duration.ms;
}

static gint by_score(gconstpointer a, gconstpointer b)
{
	const struct nt_level *x = a, *y = b;

	return (x->from > y->from) - (x->from < y->from);
}

static void load_levels(struct nt_loader *l, const struct nt_yaml *node, GArray *levels)
{
	for (const struct nt_yaml *item = node->first; item != NULL; item = item->next) {
		struct nt_level level = { .span = item->key->span };
		bool taken = false;

		if (!nt_load_key_name(l, item->key, "level", "-_", &level.name) ||
		    !nt_load_whole(l, item, -1000000000, 1000000000, &level.from))
			continue;
		for (unsigned i = 0; i < levels->len; i++)
			taken = taken || g_array_index(levels, struct nt_level, i).from == level.from;
		if (taken)
			nt_diags_error_as(l->diags, NT_CODE_DECLARED_TWICE, item->span,
			                  "two levels begin at %" G_GINT64_FORMAT, level.from);
		else
			g_array_append_val(levels, level);
	}
	g_array_sort(levels, by_score);
}

/* Before any condition is read: these may ask for a level by its name. */
void nt_load_levels(struct nt_loader *l)
{
	GArray *levels = g_array_new(FALSE, TRUE, sizeof(struct nt_level));
	const struct nt_yaml *first = NULL;

	for (unsigned d = 0; d < l->documents->len; d++) {
		const struct nt_yaml *node = g_array_index(l->documents, struct nt_document, d).keys[NT_DOC_SCORING];
		const struct nt_yaml *names = node != NULL ? nt_yaml_get(node, "levels") : NULL;

		if (names != NULL && names->type == NT_YAML_MAPPING && is_first(l, &first, names, "levels"))
			load_levels(l, names, levels);
	}
	l->program->levels = nt_load_take(l, levels, struct nt_level, &l->program->n_levels);
}

void nt_load_scoring(struct nt_loader *l)
{
	struct scoring scoring = { .fit = g_array_new(FALSE, TRUE, sizeof(struct nt_points_rule)),
	                           .engagement = g_array_new(FALSE, TRUE, sizeof(struct nt_points_rule)),
	                           .identities = g_hash_table_new(g_str_hash, g_str_equal) };
	struct nt_program *program = l->program;

	for (unsigned d = 0; d < l->documents->len; d++) {
		const struct nt_yaml *node = g_array_index(l->documents, struct nt_document, d).keys[NT_DOC_SCORING];
		const struct nt_yaml *keys[NT_SCORING_KEYS];

		if (node == NULL || !nt_keys_read(&nt_scoring_keys, node, "scoring", l->diags, keys))
			continue;
		load_fit(l, keys[NT_SCORING_FIT], &scoring);
		load_engagement(l, keys[NT_SCORING_ENGAGEMENT], &scoring);
		if (is_first(l, &scoring.half_life, keys[NT_SCORING_HALF_LIFE], "half_life"))
			load_half_life(l, scoring.half_life);
	}
	program->fit = nt_load_take(l, scoring.fit, struct nt_points_rule, &program->n_fit);
	program->engagement = nt_load_take(l, scoring.engagement, struct nt_points_rule, &program->n_engagement);
	g_hash_table_destroy(scoring.identities);
}
