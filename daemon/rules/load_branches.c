/* Branches of a step: then and else, the arms of a split, the items of a choose. */
#include "rules/loader.h"

#include "base/arena.h"

static int load_branch(struct nt_step_list *list, const struct nt_yaml *node, int step, const struct nt_place *around,
                       const int *events, unsigned n_events, bool *waits)
{
	struct nt_place place = { .parent = step,
		                  .depth = around->depth + 1,
		                  .instant = around->instant,
		                  .events = events,
		                  .n_events = n_events };
	int first = node != NULL ? nt_load_list(list, node, &place) : -1;

	*waits = *waits || place.n_events < n_events;
	return first;
}

/* Branches rejoin: where one has waited, the event at hand is gone. */
void nt_load_branches(struct nt_step_list *list, const struct nt_yaml *const *options, int index,
                          struct nt_place *place)
{
	struct nt_step step = g_array_index(list->steps, struct nt_step, index);
	bool for_event = step.kind == NT_STEP_WAIT_FOR;
	bool is_wait = for_event || step.kind == NT_STEP_WAIT_CONDITION, waits = is_wait;
	const int *events = for_event ? step.events : is_wait ? NULL : place->events;
	unsigned n = for_event ? step.n_events : is_wait ? 0 : place->n_events;

	step.then_first = load_branch(list, options[NT_OPTION_THEN], index, place, events, n, &waits);
	step.else_first = load_branch(list, options[NT_OPTION_ELSE], index, place, is_wait ? NULL : place->events,
	                              is_wait ? 0 : place->n_events, &waits);
	g_array_index(list->steps, struct nt_step, index) = step;
	if (waits)
		place->n_events = 0;
}

static bool load_arm(struct nt_step_list *list, const struct nt_yaml *item, int index, struct nt_place *place,
                     uint32_t *total,
                     bool *waits, struct nt_arm *arm)
{
	const struct nt_yaml *keys[NT_ARM_KEYS];
	struct nt_loader *l = list->l;
	uint32_t share = 0;
	bool ok;

	*arm = (struct nt_arm){ .span = item->span, .first = -1 };
	if (!nt_keys_read(&nt_arm_keys, item, "an arm", l->diags, keys))
		return false;
	ok = keys[NT_ARM_SHARE] != NULL && nt_load_share(l, keys[NT_ARM_SHARE], &share);
	*total += share;
	arm->upto = *total;
	arm->hold_out = nt_load_yes(keys[NT_ARM_HOLD_OUT]);
	arm->first = load_branch(list, keys[NT_ARM_STEPS], index, place, place->events, place->n_events, waits);
	if (ok && !arm->hold_out && nt_yaml_get(item, "steps") == NULL && keys[NT_ARM_STEPS] == NULL)
		nt_diags_error(l->diags, item->span, "an arm needs 'steps', or hold_out: true");
	return ok;
}

void nt_load_split(struct nt_step_list *list, const struct nt_yaml *node, int index, struct nt_place *place)
{
	struct nt_loader *l = list->l;
	struct nt_arm *arms = nt_arena_array(l->arena, struct nt_arm, node->n + 1);
	bool ok = true, waits = false;
	uint32_t total = 0;
	unsigned n = 0;

	for (const struct nt_yaml *item = node->first; item != NULL; item = item->next)
		ok = load_arm(list, item, index, place, &total, &waits, &arms[n++]) && ok;
	if (ok && total != 1000000)
		nt_diags_error(l->diags, node->key->span, "the shares of a split total 100%%, not %g%%",
		               total / 10000.0);
	g_array_index(list->steps, struct nt_step, index).arms = arms;
	g_array_index(list->steps, struct nt_step, index).n_arms = n;
	if (waits)
		place->n_events = 0;
}

static bool load_choice(struct nt_step_list *list, const struct nt_yaml *item, int index, struct nt_place *place,
                        bool *waits, struct nt_arm *arm)
{
	const struct nt_yaml *keys[NT_CHOICE_KEYS], *steps;
	struct nt_loader *l = list->l;
	bool is_last = item->next == NULL, has_if, ok = true;

	*arm = (struct nt_arm){ .span = item->span, .first = -1 };
	if (!nt_keys_read(&nt_choice_keys, item, "an item of 'choose'", l->diags, keys))
		return false;
	has_if = nt_yaml_get(item, "if") != NULL;
	steps = keys[NT_CHOICE_STEPS];
	if (keys[NT_CHOICE_OTHERWISE] != NULL) {
		steps = keys[NT_CHOICE_OTHERWISE];
		if (has_if || keys[NT_CHOICE_STEPS] != NULL)
			nt_diags_error(l->diags, steps->key->span,
			               "'otherwise' stands alone: { otherwise: [ STEPS ] }");
		else if (!is_last)
			nt_diags_error(l->diags, steps->key->span,
			               "'otherwise' comes last: what stands behind it is never asked");
	} else if (nt_yaml_get(item, "otherwise") == NULL && !nt_keys_has_unknown(&nt_choice_keys, item) &&
	           (!has_if || nt_yaml_get(item, "steps") == NULL)) {
		nt_diags_error(l->diags, item->span, "an item of 'choose' needs 'if' and 'steps', or 'otherwise'");
	}
	if (keys[NT_CHOICE_IF] != NULL) {
		nt_load_scope(l, place->events, place->n_events, list->entry_events, list->n_entry_events, true);
		arm->condition = nt_load_condition(l, keys[NT_CHOICE_IF]);
		ok = arm->condition != NULL;
	}
	arm->first = load_branch(list, steps, index, place, place->events, place->n_events, waits);
	return ok;
}

void nt_load_choose(struct nt_step_list *list, const struct nt_yaml *node, int index, struct nt_place *place)
{
	struct nt_loader *l = list->l;
	struct nt_arm *arms = nt_arena_array(l->arena, struct nt_arm, node->n + 1);
	bool waits = false;
	unsigned n = 0;

	if (node->first == NULL)
		nt_diags_error(l->diags, node->key->span, "'choose' needs items: { if: CONDITION, steps: [ STEPS ] }");
	for (const struct nt_yaml *item = node->first; item != NULL; item = item->next)
		if (load_choice(list, item, index, place, &waits, &arms[n]))
			n++;
	g_array_index(list->steps, struct nt_step, index).arms = arms;
	g_array_index(list->steps, struct nt_step, index).n_arms = n;
	if (waits)
		place->n_events = 0;
}
