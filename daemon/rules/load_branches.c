/* Branches of a step: then and else, the arms of a split, the items of a choose. */
#define NT_DIAG_CODE NT_CODE_DOES_NOT_FIT

#include "rules/loader.h"

#include "base/arena.h"

#include <string.h>

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
		nt_diags_error_as(l->diags, NT_CODE_MISSING_KEY, item->span,
		                  "an arm needs 'steps', or hold_out: true");
	return ok;
}

/* ---- best_by ---- */

/* What makes an arm what it is, and so what its results are results of: its share, what it sends, marks, starts; not
 * how long it waits. FNV-1a. */
static uint32_t mark_arm(const struct nt_step_list *list, const struct nt_arm *arm, unsigned from, uint32_t mark)
{
	GString *text = g_string_new(NULL);

	g_string_append_printf(text, "%u %d\n", arm->upto, arm->hold_out);
	for (unsigned i = from; i < list->steps->len; i++) {
		const struct nt_step *step = &g_array_index(list->steps, struct nt_step, i);
		const char *channel = step->channel >= 0 ? list->l->program->channels[step->channel].name : "";

		if (step->name != NULL)
			g_string_append_printf(text, "%s %s\n", channel, step->name);
		for (unsigned c = 0; c < step->n_choices; c++)
			g_string_append_printf(text, "%s %s\n",
			                       list->l->program->channels[step->choices[c].channel].name,
			                       step->choices[c].name);
	}
	for (const char *p = text->str; *p != '\0'; p++)
		mark = (mark ^ (unsigned char)*p) * 16777619u;
	g_string_free(text, TRUE);
	return mark != 0 ? mark : 1;
}

static bool sends(const struct nt_step_list *list, unsigned from)
{
	for (unsigned i = from; i < list->steps->len; i++) {
		enum nt_step_kind kind = g_array_index(list->steps, struct nt_step, i).kind;

		if (kind == NT_STEP_MESSAGE || kind == NT_STEP_FIRST_OF)
			return true;
	}
	return false;
}

static enum nt_best_by read_best_by(struct nt_step_list *list, const struct nt_yaml *node)
{
	if (node == NULL ||
	    !nt_keys_check_choice(&nt_option_keys.keys[NT_OPTION_BEST_BY], node, list->l->diags))
		return NT_BEST_BY_NONE;
	for (enum nt_best_by by = NT_BEST_BY_OPENED; by < NT_BEST_BY_GOAL; by++)
		if (strcmp(node->text, nt_best_by_name(by)) == 0)
			return by;
	if (!list->has_goal)
		nt_diags_error(list->l->diags, node->span, "this campaign has no 'goal' to go by");
	return NT_BEST_BY_GOAL;
}

static void check_arms(struct nt_loader *l, const struct nt_yaml *best_by, const struct nt_arm *arms, unsigned n)
{
	unsigned rivals = 0;

	for (unsigned i = 0; i < n; i++)
		rivals += !arms[i].hold_out;
	if (rivals < 2)
		nt_diags_error(l->diags, best_by->key->span,
		               "'best_by' needs two arms to choose from; one that is held out keeps its share");
}

void nt_load_split(struct nt_step_list *list, const struct nt_yaml *node, const struct nt_yaml *best_by, int index,
                   struct nt_place *place)
{
	enum nt_best_by by = read_best_by(list, best_by);
	uint32_t mark = 2166136261u;
	struct nt_loader *l = list->l;
	struct nt_arm *arms = nt_arena_array(l->arena, struct nt_arm, node->n + 1);
	bool ok = true, waits = false;
	uint32_t total = 0;
	unsigned n = 0;

	for (const struct nt_yaml *item = node->first; item != NULL; item = item->next, n++) {
		unsigned from = list->steps->len;

		ok = load_arm(list, item, index, place, &total, &waits, &arms[n]) && ok;
		mark = mark_arm(list, &arms[n], from, mark);
		if (ok && !list->broken && by != NT_BEST_BY_NONE && by != NT_BEST_BY_GOAL && !arms[n].hold_out &&
		    !sends(list, from))
			nt_diags_warning(l->diags, NT_CODE_ARM_WITHOUT_MESSAGE, item->span,
			                 "this arm sends no message: it can't be %s, and will lose", best_by->text);
	}
	if (ok && by != NT_BEST_BY_NONE)
		check_arms(l, best_by, arms, n);
	if (ok && total != 1000000)
		nt_diags_error_as(l->diags, NT_CODE_WRONG_VALUE, node->key->span,
		                  "the shares of a split total 100%%, not %g%%",
		               total / 10000.0);
	g_array_index(list->steps, struct nt_step, index).arms = arms;
	g_array_index(list->steps, struct nt_step, index).n_arms = n;
	g_array_index(list->steps, struct nt_step, index).best_by = by;
	g_array_index(list->steps, struct nt_step, index).mark = by != NT_BEST_BY_NONE ? mark : 0;
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
		nt_diags_error_as(l->diags, NT_CODE_MISSING_KEY, item->span,
		                  "an item of 'choose' needs 'if' and 'steps', or 'otherwise'");
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
		nt_diags_error_as(l->diags, NT_CODE_MISSING_KEY, node->key->span,
		                  "'choose' needs items: { if: CONDITION, steps: [ STEPS ] }");
	for (const struct nt_yaml *item = node->first; item != NULL; item = item->next)
		if (load_choice(list, item, index, place, &waits, &arms[n]))
			n++;
	g_array_index(list->steps, struct nt_step, index).arms = arms;
	g_array_index(list->steps, struct nt_step, index).n_arms = n;
	if (waits)
		place->n_events = 0;
}
