/* Expressions of a rule set: their scope, the state that they need, and what depends on what. */
#define NT_DIAG_CODE NT_CODE_DOES_NOT_FIT

#include "rules/loader.h"

#include "base/arena.h"
#include "template/message.h"

#include <string.h>

static int slot_of(struct nt_loader *l, char kind, const char *identity)
{
	char *key = g_strdup_printf("%c %s", kind, identity);
	int slot = GPOINTER_TO_INT(g_hash_table_lookup(l->slots, key)) - 1;

	g_free(key);
	return slot;
}

static void remember(struct nt_loader *l, char kind, const char *identity, unsigned slot)
{
	g_hash_table_insert(l->slots, g_strdup_printf("%c %s", kind, identity), GINT_TO_POINTER((int)slot + 1));
}

static int ring(struct nt_scope *scope, int event, const char *property, struct nt_duration duration, unsigned capacity)
{
	struct nt_loader *l = scope->user;
	GString *name = g_string_new(l->program->events[event].name);
	struct nt_ring new = { .event = event, .property = nt_arena_strdup(l->arena, property), .duration = duration,
	                       .capacity = capacity };
	int slot;

	g_string_append_printf(name, " %s ", property != NULL ? property : "-");
	nt_duration_print(duration, name);
	g_string_append_printf(name, " %u", capacity);
	slot = slot_of(l, 'r', name->str);
	if (slot < 0) {
		slot = (int)l->rings->len;
		new.identity = nt_arena_strdup(l->arena, name->str);
		g_array_append_val(l->rings, new);
		remember(l, 'r', name->str, (unsigned)slot);
	}
	g_string_free(name, TRUE);
	return slot;
}

static int stat(struct nt_scope *scope, int event, const char *property)
{
	struct nt_loader *l = scope->user;
	const char *name = nt_arena_printf(l->arena, "%s %s", l->program->events[event].name, property);
	struct nt_property_stat new = { .identity = name, .event = event, .property = nt_arena_strdup(l->arena,
	                                                                                              property) };
	int slot = slot_of(l, 's', name);

	if (slot < 0) {
		slot = (int)l->stats->len;
		g_array_append_val(l->stats, new);
		remember(l, 's', name, (unsigned)slot);
	}
	return slot;
}

static bool template_exists(struct nt_scope *scope, const char *name, const char **nearest)
{
	struct nt_loader *l = scope->user;
	const struct nt_template_set *set = l->program->templates;

	if (nt_template_set_channels(set, name) != NULL || g_hash_table_contains(l->template_files, name))
		return true;
	if (nearest != NULL)
		*nearest = nt_nearest(name, nt_template_set_names(set));
	return false;
}

static void depends_on(struct nt_loader *l, int to, struct nt_span span)
{
	struct nt_dependency dependency = { .from = l->depends, .to = to, .span = span };

	if (l->depends >= 0)
		g_array_append_val(l->dependencies, dependency);
}

static void uses_segment(struct nt_scope *scope, int segment, struct nt_span span)
{
	depends_on(scope->user, segment, span);
}

static void uses_standing(struct nt_scope *scope, enum nt_standing standing, struct nt_span span)
{
	struct nt_loader *l = scope->user;
	int first = (int)l->program->n_segments;

	if (standing == NT_STANDING_SCORE)
		depends_on(l, first + NT_NODE_SCORE, span);
	else if (standing == NT_STANDING_FIT)
		depends_on(l, first + NT_NODE_FIT, span);
	else if (standing == NT_STANDING_LEVEL)
		depends_on(l, first + NT_NODE_LEVEL, span);
}

void nt_load_scope_init(struct nt_loader *l)
{
	l->scope = (struct nt_scope){
		.arena = l->arena, .diags = l->diags, .program = l->program, .ring = ring, .stat = stat,
		.template_exists = template_exists, .uses_segment = uses_segment, .uses_standing = uses_standing,
			.user = l,
	};
	l->depends = -1;
}

void nt_load_scope(struct nt_loader *l, const int *events, unsigned n_events, const int *entry_events,
                   unsigned n_entry_events,
                   bool has_run)
{
	l->scope.events = events;
	l->scope.n_events = n_events;
	l->scope.entry_events = entry_events;
	l->scope.n_entry_events = n_entry_events;
	l->scope.has_run = has_run;
}

const struct nt_expr *nt_load_condition(struct nt_loader *l, const struct nt_yaml *node)
{
	if (node == NULL || nt_diags_full(l->diags))
		return NULL;
	return nt_expr_parse(&l->scope, node, 0, NT_TYPE_YES_NO, false);
}

const struct nt_expr *nt_load_if_unless(struct nt_loader *l, const struct nt_yaml *yes, const struct nt_yaml *no)
{
	const struct nt_expr *a = nt_load_condition(l, yes), *b = nt_load_condition(l, no);

	return nt_expr_and(l->arena, a, b == NULL ? NULL : nt_expr_not(l->arena, b));
}

bool nt_load_is_expression(const struct nt_yaml *node, size_t *skip)
{
	*skip = 0;
	if (node->type != NT_YAML_SCALAR || node->text[0] != '=')
		return false;
	*skip = 1;
	return true;
}

bool nt_load_points(struct nt_loader *l, const struct nt_yaml *node, nt_number *points, const struct nt_expr **expr)
{
	size_t skip;

	if (!nt_load_is_expression(node, &skip))
		return nt_load_number(l, node, points);
	*expr = nt_expr_parse(&l->scope, node, skip, NT_TYPE_NUMBER, false);
	return *expr != NULL;
}

int nt_load_watcher(struct nt_loader *l, const struct nt_expr *condition, const char *identity)
{
	struct nt_watcher watcher = { .identity = nt_arena_strdup(l->arena, identity), .condition = condition };

	if (condition == NULL)
		return -1;
	g_array_append_val(l->watchers, watcher);
	return (int)l->watchers->len - 1;
}

/* ---- cycles ---- */

#define SEGMENT_LADDER 16 /* evaluation climbs it on the stack */

struct search {
	struct nt_loader *l;
	unsigned n;      /* nodes */
	char *state;     /* 0 unseen, 1 on the way, 2 done */
	int *way;        /* nodes on the way */
	struct nt_span *spans; /* of the uses that led to them */
	unsigned depth;
	unsigned *height; /* longest ladder of uses below a node, itself included */
};

static const char *node_name(struct search *s, int node)
{
	static const char *const derived[] = { [NT_NODE_FIT] = "fit", [NT_NODE_SCORE] = "score", [NT_NODE_LEVEL] =
		"level" };
	int segments = (int)s->l->program->n_segments;

	return node < segments ? s->l->program->segments[node].name : derived[node - segments];
}

static void report(struct search *s, int node, struct nt_span span)
{
	GString *text = g_string_new(NULL);
	unsigned i = s->depth;

	while (i > 0 && s->way[i - 1] != node)
		i--;
	for (i--; i < s->depth; i++) {
		g_string_append_printf(text, "%s → ", node_name(s, s->way[i]));
		/* score is made of fit by itself: then another use in the circle is shown */
		if (span.source == NULL && i + 1 < s->depth)
			span = s->spans[i + 1];
	}
	g_string_append(text, node_name(s, node));
	nt_diags_error(s->l->diags, span, "'%s' depends on itself: %s", node_name(s, node), text->str);
	g_string_free(text, TRUE);
}

static void visit(struct search *s, int node, struct nt_span span)
{
	s->state[node] = 1;
	s->height[node] = 1;
	s->spans[s->depth] = span;
	s->way[s->depth++] = node;
	for (unsigned i = 0; i < s->l->dependencies->len; i++) {
		struct nt_dependency *d = &g_array_index(s->l->dependencies, struct nt_dependency, i);

		if (d->from != node)
			continue;
		if (s->state[d->to] == 1)
			report(s, d->to, d->span);
		else if (s->state[d->to] == 0)
			visit(s, d->to, d->span);
		if (s->height[d->to] == SEGMENT_LADDER)
			nt_diags_error(s->l->diags, d->span, "segments that ask segments go %d deep at most",
			               SEGMENT_LADDER);
		s->height[node] = MAX(s->height[node], s->height[d->to] + 1);
	}
	s->depth--;
	s->state[node] = 2;
}

void nt_load_check_cycles(struct nt_loader *l)
{
	struct search s = { .l = l, .n = l->program->n_segments + NT_NODES };
	int segments = (int)l->program->n_segments;
	struct nt_dependency own[] = { { segments + NT_NODE_SCORE, segments + NT_NODE_FIT, NT_NOWHERE },
	                               { segments + NT_NODE_LEVEL, segments + NT_NODE_SCORE, NT_NOWHERE } };

	g_array_append_vals(l->dependencies, own, G_N_ELEMENTS(own));
	s.state = g_new0(char, s.n);
	s.way = g_new0(int, s.n);
	s.height = g_new0(unsigned, s.n);
	s.spans = g_new0(struct nt_span, s.n);
	for (unsigned i = 0; i < s.n; i++)
		if (s.state[i] == 0)
			visit(&s, (int)i, NT_NOWHERE);
	g_free(s.state);
	g_free(s.way);
	g_free(s.height);
	g_free(s.spans);
}
