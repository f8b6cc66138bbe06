/* Steps that no run comes to, waits that see nothing, runs that end as they begin. */
#include "rules/warn.h"

#include "base/arena.h"

struct walk {
	struct nt_warner *w;
	const struct nt_campaign *campaign;
	bool *seen;
	int *stack;
	unsigned n;
};

static const struct nt_step *step_at(const struct walk *walk, int i)
{
	return &walk->campaign->steps[i];
}

static void reach(struct walk *walk, int step)
{
	if (step < 0 || walk->seen[step])
		return;
	walk->seen[step] = true;
	walk->stack[walk->n++] = step;
}

/* What comes after a step; -1: the end. */
static int follow(const struct walk *walk, int step)
{
	for (; step >= 0; step = step_at(walk, step)->parent)
		if (step_at(walk, step)->next >= 0)
			return step_at(walk, step)->next;
	return -1;
}

static void reach_branch(struct walk *walk, int first, int after)
{
	reach(walk, first >= 0 ? first : after);
}

static void reach_arms(struct walk *walk, const struct nt_step *step, int after)
{
	for (unsigned i = 0; i < step->n_arms; i++) {
		enum nt_truth truth = nt_truth_of(&walk->w->decider, step->arms[i].condition);

		if (truth != NT_TRUTH_NEVER)
			reach_branch(walk, step->arms[i].first, after);
		if (truth == NT_TRUTH_ALWAYS && step->kind == NT_STEP_CHOOSE)
			return;
	}
	if (step->kind != NT_STEP_SPLIT)
		reach(walk, after);
}

static void reach_next(struct walk *walk, int i)
{
	const struct nt_step *step = step_at(walk, i);
	enum nt_truth own = nt_truth_of(&walk->w->decider, step->condition);
	enum nt_truth truth = step->expr != NULL && step->expr->type == NT_TYPE_YES_NO ?
		                      nt_truth_of(&walk->w->decider, step->expr) : NT_TRUTH_OPEN;
	int after = follow(walk, i);

	if (own != NT_TRUTH_ALWAYS)
		reach(walk, after);
	if (own == NT_TRUTH_NEVER)
		return;
	switch (step->kind) {
	case NT_STEP_STOP:
		break;
	case NT_STEP_GO_TO:
		reach(walk, step->target);
		break;
	case NT_STEP_IF:
		if (truth != NT_TRUTH_NEVER)
			reach_branch(walk, step->then_first, after);
		if (truth != NT_TRUTH_ALWAYS)
			reach_branch(walk, step->else_first, after);
		break;
	case NT_STEP_WAIT_FOR:
	case NT_STEP_WAIT_CONDITION:
		if (truth != NT_TRUTH_NEVER)
			reach_branch(walk, step->then_first, after);
		if (step->has_up_to && (truth != NT_TRUTH_ALWAYS || step->kind == NT_STEP_WAIT_FOR))
			reach_branch(walk, step->else_first, after);
		break;
	case NT_STEP_SPLIT:
	case NT_STEP_CHOOSE:
		reach_arms(walk, step, after);
		break;
	case NT_STEP_SCHEDULE:
		for (unsigned p = 0; p < step->n_points; p++)
			reach(walk, step->schedule[p].first);
		reach(walk, after);
		break;
	default:
		reach(walk, after);
		break;
	}
}

static const char *why_not(const struct nt_step *before)
{
	switch (before->kind) {
	case NT_STEP_STOP:
		return "'stop' before it ends the run";
	case NT_STEP_GO_TO:
		return "'go_to' before it leads away";
	case NT_STEP_WAIT_FOR:
	case NT_STEP_WAIT_CONDITION:
		return before->then_first >= 0 ? "no branch of the wait before it comes back" :
		                                 "the wait before it never ends";
	default:
		return "no branch of the step before it comes back";
	}
}

/* A wait for what never holds has had its message. */
static bool is_told(struct walk *walk, const struct nt_step *step)
{
	return step->kind == NT_STEP_WAIT_CONDITION && nt_truth_of(&walk->w->decider, step->expr) == NT_TRUTH_NEVER;
}

/* The first of a list that isn't reached although the one before it is: the others follow from it. */
static void tell_unreached(struct walk *walk)
{
	for (unsigned i = 0; i < walk->campaign->n_steps; i++) {
		const struct nt_step *before = step_at(walk, (int)i);

		if (!walk->seen[i] || before->next < 0 || walk->seen[before->next] || is_told(walk, before))
			continue;
		nt_diags_warning(walk->w->diags, NT_CODE_UNREACHABLE_STEP, step_at(walk, before->next)->span,
		                 "this step is never reached: %s",
		                 why_not(before));
	}
}

/* ---- waits against the ways out ---- */

static bool takes(struct walk *walk, const struct nt_way_out *ways, unsigned n, const struct nt_step *step, int event)
{
	for (unsigned i = 0; i < n; i++)
		if (ways[i].event == event && nt_truth_of(&walk->w->decider, ways[i].condition) == NT_TRUTH_ALWAYS &&
		    (walk->campaign->per == NULL || ways[i].of_anything || !step->of_anything))
			return true;
	return false;
}

static void look_at_wait(struct walk *walk, const struct nt_step *step)
{
	const struct nt_campaign *campaign = walk->campaign;

	/* a wait with nothing to do then is only another way to give up */
	for (unsigned i = 0; i < step->n_events && step->then_first >= 0; i++) {
		const char *name = walk->w->program->events[step->events[i]].name;
		bool goal = takes(walk, campaign->goals, campaign->n_goals, step, step->events[i]);

		if (goal || takes(walk, campaign->exits, campaign->n_exits, step, step->events[i]))
			nt_diags_warning(walk->w->diags, NT_CODE_WAIT_IN_VAIN, step->span,
			                 "this never sees '%s': the campaign's %s comes first and ends the run (put "
			                 "the steps into its 'do')", name, goal ? "goal" : "exit");
	}
}

/* ---- runs that end as they begin ---- */

static void look_at_way_out(struct walk *walk, const struct nt_way_out *way, const char *what)
{
	const struct nt_campaign *campaign = walk->campaign;

	for (unsigned i = 0; i < campaign->n_enter && way->event < 0 && way->condition != NULL; i++) {
		const struct nt_enter *enter = &campaign->enter[i];
		const struct nt_expr *condition = enter->watcher >= 0 ?
			walk->w->program->watchers[enter->watcher].condition : enter->condition;

		if (condition == NULL ||
		    !nt_truth_covered(&walk->w->decider, condition, &way->condition, 1))
			continue;
		nt_diags_warning(walk->w->diags, NT_CODE_LEAVES_AT_ONCE, way->condition->span,
		                 "whoever enters leaves at once by this %s: it holds whenever the condition of 'enter' "
		                 "does", what);
		return;
	}
}

static void look_at_campaign(struct nt_warner *w, const struct nt_campaign *campaign)
{
	struct walk walk = { .w = w, .campaign = campaign, .seen = nt_arena_array(w->arena, bool,
										  campaign->n_steps + 1),
		             .stack = nt_arena_array(w->arena, int, campaign->n_steps + 1) };

	reach(&walk, campaign->first);
	for (unsigned i = 0; i < campaign->n_goals; i++) {
		reach(&walk, campaign->goals[i].first_do);
		look_at_way_out(&walk, &campaign->goals[i], "goal");
	}
	for (unsigned i = 0; i < campaign->n_exits; i++) {
		reach(&walk, campaign->exits[i].first_do);
		look_at_way_out(&walk, &campaign->exits[i], "exit");
	}
	while (walk.n > 0)
		reach_next(&walk, walk.stack[--walk.n]);
	tell_unreached(&walk);
	for (unsigned i = 0; i < campaign->n_steps; i++)
		if (walk.seen[i] && campaign->steps[i].kind == NT_STEP_WAIT_FOR)
			look_at_wait(&walk, &campaign->steps[i]);
}

void nt_warn_steps(struct nt_warner *w)
{
	for (unsigned i = 0; i < w->program->n_campaigns; i++)
		look_at_campaign(w, &w->program->campaigns[i]);
}
