/* The points of a schedule: dates, and the steps that belong to them. */
#define NT_DIAG_CODE NT_CODE_DOES_NOT_FIT

#include "rules/loader.h"

#include "base/arena.h"

#include <string.h>

static bool load_date(struct nt_step_list *list, const struct nt_yaml *node, const struct nt_place *place,
                      struct nt_point *point)
{
	struct nt_loader *l = list->l;
	const struct nt_expr *of;

	nt_load_scope(l, place->events, place->n_events, list->entry_events, list->n_entry_events, true);
	of = nt_expr_parse(&l->scope, node, 0, NT_TYPE_NONE, true);
	if (of == NULL)
		return false;
	point->of = of;
	if (of->type == NT_TYPE_TIME || of->type == NT_TYPE_DATE)
		return true;
	nt_diags_error_as(l->diags, NT_CODE_WRONG_VALUE, node->span,
	                  "'of' takes %s, not a %s", nt_kind_text(NT_KIND_TIME),
	               nt_type_name(of->type));
	return false;
}

static bool load_offset(struct nt_loader *l, const struct nt_yaml *before, const struct nt_yaml *after,
                        struct nt_point *point)
{
	if (before != NULL && after != NULL) {
		nt_diags_error(l->diags, after->key->span, "a point is 'before' its date or 'after' it, not both");
		return false;
	}
	point->before = before != NULL;
	if (before != NULL)
		return nt_load_duration(l, before, &point->offset);
	return after == NULL || nt_load_duration(l, after, &point->offset);
}

static bool load_time(struct nt_loader *l, const struct nt_yaml *node, struct nt_point *point)
{
	const char *why = NULL;

	point->minutes = -1;
	if (node == NULL || nt_clock_parse(node->text, node->length, &point->minutes, &why))
		return true;
	nt_keys_refuse(l->diags, node, NT_KIND_CLOCK, why);
	return false;
}

static bool is_taken(const struct nt_point *points, unsigned n, const char *identity)
{
	for (unsigned i = 0; i < n; i++)
		if (strcmp(points[i].identity, identity) == 0)
			return true;
	return false;
}

/* What it counts from is part of what a point is; how far from it isn't. */
static const char *make_identity(struct nt_loader *l, const struct nt_point *points, unsigned n,
                                 const struct nt_point *point)
{
	bool of_field = point->of != NULL && point->of->op == NT_OP_FIELD;
	const char *name = of_field ? l->program->fields[point->of->slot].name : NULL, *identity;
	unsigned ordinal = 1;

	do
		identity = name != NULL ? nt_arena_printf(l->arena, "point-%s-%u", name, ordinal) :
		                          nt_arena_printf(l->arena, "point-%u", ordinal);
	while (ordinal++ <= n && is_taken(points, n, identity));
	return identity;
}

static void set_identity(struct nt_loader *l, const struct nt_yaml *id, const struct nt_point *points, unsigned n,
                         struct nt_point *point)
{
	if (id == NULL || !nt_load_name(l, id, "point", &point->identity)) {
		point->identity = make_identity(l, points, n, point);
	} else if (is_taken(points, n, point->identity)) {
		nt_diags_error_as(l->diags, NT_CODE_DECLARED_TWICE, id->span,
		                  "two points of this schedule are called '%s'", point->identity);
	}
}

static bool load_point(struct nt_step_list *list, const struct nt_yaml *item, int index, struct nt_place *around,
                       const struct nt_point *points, unsigned n, struct nt_point *point,
                       const struct nt_yaml **was)
{
	struct nt_place place = { .parent = index, .depth = around->depth + 1, .events = around->events,
		                  .n_events = around->n_events };
	const struct nt_yaml *keys[NT_POINT_KEYS];
	struct nt_loader *l = list->l;
	bool ok;

	*point = (struct nt_point){ .span = item->span, .minutes = -1, .first = -1 };
	if (!nt_keys_read(&nt_point_keys, item, "a point", l->diags, keys))
		return false;
	ok = keys[NT_POINT_OF] != NULL && load_date(list, keys[NT_POINT_OF], around, point);
	ok = load_offset(l, keys[NT_POINT_BEFORE], keys[NT_POINT_AFTER], point) && ok;
	ok = load_time(l, keys[NT_POINT_TIME], point) && ok;
	point->late = keys[NT_POINT_LATE] != NULL;
	set_identity(l, keys[NT_POINT_ID], points, n, point);
	*was = keys[NT_POINT_WAS];
	if (keys[NT_POINT_STEPS] != NULL)
		point->first = nt_load_list(list, keys[NT_POINT_STEPS], &place);
	return ok;
}

void nt_load_schedule(struct nt_step_list *list, const struct nt_yaml *node, int index, struct nt_place *place)
{
	struct nt_loader *l = list->l;
	struct nt_point *points = nt_arena_array(l->arena, struct nt_point, node->n + 1);
	const struct nt_yaml **was = nt_arena_array(l->arena, const struct nt_yaml *, node->n + 1);
	unsigned n = 0;

	if (node->first == NULL)
		nt_diags_error_as(l->diags, NT_CODE_MISSING_KEY, node->key->span,
		               "'schedule' needs points: { before: 3 days, of: DATE, steps: [ STEPS ] }");
	for (const struct nt_yaml *item = node->first; item != NULL; item = item->next)
		if (load_point(list, item, index, place, points, n, &points[n], &was[n]))
			n++;
		else
			list->broken = true;
	nt_load_point_was(l, was, points, n);
	g_array_index(list->steps, struct nt_step, index).schedule = points;
	g_array_index(list->steps, struct nt_step, index).n_points = n;
	place->n_events = 0;
}
