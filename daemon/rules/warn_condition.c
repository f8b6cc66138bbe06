/* Conditions that always hold or never do; items of a choose or route that nothing gets to; levels out of reach. */
#include "rules/warn.h"

#include "base/arena.h"

/* Every condition of the rule set, once. */
static void look_at(struct nt_warner *w, const struct nt_expr *e, void *user)
{
	(void)user;
	if (e->type != NT_TYPE_YES_NO)
		return;
	w->decider.diags = w->diags;
	nt_truth_of(&w->decider, e);
	w->decider.diags = NULL;
}

/* ---- one after the other, the first that holds decides ---- */

#define HELD_AGAINST 64 /* items at most: no list makes work without end */

struct list {
	const struct nt_expr **conditions;
	unsigned n;
	bool all; /* one of them always holds */
};

/* The next item: is there anybody left for it? */
static bool is_left(struct nt_warner *w, struct list *before, const struct nt_expr *condition)
{
	bool left = !before->all && nt_truth_of(&w->decider, condition) != NT_TRUTH_NEVER &&
	            (before->n == 0 ||
	             !nt_truth_covered(&w->decider, condition, before->conditions, MIN(before->n, HELD_AGAINST)));
	bool told = nt_truth_of(&w->decider, condition) == NT_TRUTH_NEVER;

	before->all = before->all || nt_truth_of(&w->decider, condition) == NT_TRUTH_ALWAYS;
	before->conditions[before->n++] = condition;
	return left || told;
}

static void look_at_choose(struct nt_warner *w, const struct nt_step *step)
{
	struct list before = { .conditions = nt_arena_array(w->arena, const struct nt_expr *, step->n_arms) };

	for (unsigned i = 0; i < step->n_arms; i++) {
		const struct nt_expr *condition = step->arms[i].condition;

		if (condition != NULL && !is_left(w, &before, condition))
			nt_diags_warning(w->diags, NT_CODE_NEVER_CHOSEN, condition->span,
			                 "this item is never chosen: whenever it holds, one above it does, too (put "
			                 "the "
			                 "narrower one first)");
	}
}

static void look_at_route(struct nt_warner *w)
{
	const struct nt_sales_rules *sales = &w->program->sales;
	struct list before = { .conditions = nt_arena_array(w->arena, const struct nt_expr *, sales->n_route + 1) };

	for (unsigned i = 0; i < sales->n_route; i++)
		if (!is_left(w, &before, sales->route[i].condition)) {
			const struct nt_expr *condition = sales->route[i].condition;

			nt_diags_warning(w->diags, NT_CODE_NEVER_CHOSEN,
			                 condition != NULL ? condition->span : sales->route[i].span,
			                 "no lead comes to this item: the ones above it take them all");
		}
}

/* ---- levels ---- */

static void look_at_levels(struct nt_warner *w)
{
	const struct nt_program *program = w->program;
	nt_number high = w->decider.score.high;

	for (unsigned i = 0; i < program->n_levels; i++)
		if (high != INT64_MAX && nt_number_from_int(program->levels[i].from) > high)
			nt_diags_warning(w->diags, NT_CODE_LEVEL_OUT_OF_REACH, program->levels[i].span,
			                 "no lead gets to level '%s': with all their points the scoring rules give %"
			                 G_GINT64_FORMAT " at most", program->levels[i].name,
			                 nt_number_round(high));
}

void nt_warn_conditions(struct nt_warner *w)
{
	nt_warn_each_expr(w, look_at, NULL);
	look_at_levels(w);
	look_at_route(w);
	for (unsigned c = 0; c < w->program->n_campaigns; c++)
		for (unsigned i = 0; i < w->program->campaigns[c].n_steps; i++)
			if (w->program->campaigns[c].steps[i].kind == NT_STEP_CHOOSE)
				look_at_choose(w, &w->program->campaigns[c].steps[i]);
}
