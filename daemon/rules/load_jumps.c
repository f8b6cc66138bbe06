/* go_to: where it leads, and that no way round is without a wait. */
#define NT_DIAG_CODE NT_CODE_DOES_NOT_FIT

#include "rules/loader.h"

#include <string.h>

static struct nt_step *step_at(const struct nt_step_list *list, int i)
{
	return &g_array_index(list->steps, struct nt_step, i);
}

static int find(const struct nt_step_list *list, const char *identity)
{
	for (unsigned i = 0; i < list->steps->len; i++)
		if (strcmp(step_at(list, (int)i)->identity, identity) == 0)
			return (int)i;
	return -1;
}

/* What comes after a step; behind the last one of a schedule's point, the schedule again. -1: the end. */
static int follow(const struct nt_step_list *list, int step)
{
	while (step >= 0) {
		int parent = step_at(list, step)->parent;

		if (step_at(list, step)->next >= 0)
			return step_at(list, step)->next;
		if (parent >= 0 && step_at(list, parent)->kind == NT_STEP_SCHEDULE)
			return parent;
		step = parent;
	}
	return -1;
}

struct walk {
	const struct nt_step_list *list;
	bool *seen;
	int *stack;
	unsigned n;
};

static void reach(struct walk *walk, int step)
{
	if (step < 0 || walk->seen[step])
		return;
	walk->seen[step] = true;
	walk->stack[walk->n++] = step;
}

static void reach_branch(struct walk *walk, int first, int after)
{
	reach(walk, first >= 0 ? first : after);
}

/* Every step at which a run can be next without time having passed for certain. */
static void reach_next(struct walk *walk, int i)
{
	const struct nt_step *step = step_at(walk->list, i);
	int after = follow(walk->list, i);
	bool otherwise = step->kind == NT_STEP_SPLIT;

	if (step->condition != NULL)
		reach(walk, after);
	switch (step->kind) {
	case NT_STEP_WAIT:
		if (nt_duration_is_zero(step->duration))
			reach(walk, after);
		break;
	case NT_STEP_IF:
	case NT_STEP_WAIT_FOR:
	case NT_STEP_WAIT_CONDITION:
		reach_branch(walk, step->then_first, after);
		reach_branch(walk, step->else_first, after);
		break;
	case NT_STEP_SPLIT:
	case NT_STEP_CHOOSE:
		for (unsigned a = 0; a < step->n_arms; a++) {
			reach_branch(walk, step->arms[a].first, after);
			otherwise = otherwise || step->arms[a].condition == NULL;
		}
		if (!otherwise)
			reach(walk, after);
		break;
	case NT_STEP_SCHEDULE:
		for (unsigned p = 0; p < step->n_points; p++)
			reach_branch(walk, step->schedule[p].first, after);
		reach(walk, after);
		break;
	case NT_STEP_GO_TO:
		reach(walk, step->target);
		break;
	case NT_STEP_STOP:
		break;
	default:
		reach(walk, after);
		break;
	}
}

static bool comes_round(const struct nt_step_list *list, int go_to)
{
	unsigned n = list->steps->len;
	struct walk walk = { .list = list, .seen = g_new0(bool, n), .stack = g_new(int, n) };
	bool round;

	reach(&walk, step_at(list, go_to)->target);
	while (walk.n > 0 && !walk.seen[go_to])
		reach_next(&walk, walk.stack[--walk.n]);
	round = walk.seen[go_to];
	g_free(walk.seen);
	g_free(walk.stack);
	return round;
}

static void resolve(struct nt_step_list *list, const struct nt_jump *jump)
{
	struct nt_loader *l = list->l;
	const char **names;

	step_at(list, jump->step)->target = find(list, jump->node->text);
	if (step_at(list, jump->step)->target >= 0)
		return;
	names = nt_load_names(list->steps->data, list->steps->len, sizeof(struct nt_step),
	                      offsetof(struct nt_step, identity));
	nt_keys_unknown(l->diags, jump->node->span, "step", jump->node->text, "of this campaign", names);
	g_free(names);
}

void nt_load_jumps(struct nt_step_list *list)
{
	struct nt_diags *diags = list->l->diags;

	for (unsigned i = 0; i < list->jumps->len; i++) {
		const struct nt_jump *jump = &g_array_index(list->jumps, struct nt_jump, i);

		if (i == NT_JUMPS_MOST) {
			nt_diags_error(diags, jump->node->key->span, "a campaign takes at most %d 'go_to'",
			               NT_JUMPS_MOST);
			return;
		}
		resolve(list, jump);
	}
	for (unsigned i = 0; i < list->jumps->len && !list->broken; i++) {
		const struct nt_jump *jump = &g_array_index(list->jumps, struct nt_jump, i);

		/* each round has at least one that leads back */
		if (step_at(list, jump->step)->target <= jump->step && comes_round(list, jump->step))
			nt_diags_error(diags, jump->node->span,
			               "this comes round to itself at once: the way back from '%s' needs a 'wait: "
			               "DURATION' that no 'if' passes over",
			               jump->node->text);
	}
}
