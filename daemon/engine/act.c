/* Steps that take no time: branches, marks, points, hand-offs (I.6). */
#include "engine/instant.h"

#include "base/arena.h"
#include "base/bug.h"

#include <string.h>

/* Nothing holds and there is no `otherwise`: goes on behind it. */
static int choose(struct nt_instant *in, const struct nt_run *run, const struct nt_campaign *campaign,
                  const struct nt_step *step)
{
	unsigned arm = 0;

	while (arm < step->n_arms && !nt_instant_holds(in, step->arms[arm].condition, run, run->hand, false))
		arm++;
	nt_instant_reached(in, run->campaign, NT_REACHED_ARM, run->step, arm);
	if (arm < step->n_arms && step->arms[arm].first >= 0)
		return step->arms[arm].first;
	return nt_run_follow(campaign, run->step);
}

static void award(struct nt_instant *in, const struct nt_run *run, const struct nt_campaign *campaign,
                  const struct nt_step *step)
{
	struct nt_eval_context context = { .lead = in->lead, .now = in->now, .event = run->hand, .run = run };
	nt_number points = step->points;
	const char *reason = step->reason;

	if (step->expr != NULL) {
		struct nt_result result = nt_eval(step->expr, &context);

		points = result.value.type == NT_TYPE_NUMBER ? result.value.number : 0;
	}
	if (reason == NULL)
		reason = nt_arena_printf(in->arena, "campaign %s", campaign->name);
	nt_points_award(in, points, in->now, reason);
	in->changed = true;
	nt_points_refresh(in);
}

static void mark(struct nt_instant *in, struct nt_run *run, const struct nt_campaign *campaign,
                 const struct nt_step *step)
{
	switch (step->kind) {
	case NT_STEP_SET:
		nt_change_set(in, run, step);
		break;
	case NT_STEP_TAG:
		if (nt_change_tag(in, step->name, true))
			nt_instant_note(in, run, "tag", step->name);
		break;
	case NT_STEP_UNTAG:
		if (nt_change_tag(in, step->name, false))
			nt_instant_note(in, run, "untag", step->name);
		break;
	case NT_STEP_POINTS:
		award(in, run, campaign, step);
		break;
	case NT_STEP_STAGE:
		nt_change_stage(in, run, step->name);
		break;
	case NT_STEP_SUPPRESS:
		nt_consent_suppress(in, step->name, nt_arena_printf(in->arena, "campaign %s", campaign->name));
		break;
	case NT_STEP_HAND_OFF:
		nt_instant_note(in, run, "hand_off", step->name);
		nt_handoff_ready(in, step->name, NULL);
		break;
	case NT_STEP_ASSIGN:
		nt_assign(in, run, step);
		break;
	case NT_STEP_TELL:
		nt_tell(in, run, step);
		break;
	case NT_STEP_TASK:
		nt_todo_open(in, run, step);
		break;
	case NT_STEP_START:
		nt_instant_start(in, step->campaign,
		                 in->program->campaigns[step->campaign].per != NULL ? run->key : "",
		                 nt_arena_printf(in->arena, "campaign %s", campaign->name));
		break;
	default:
		NT_BUG("step %s takes time", step->identity);
	}
}

void nt_act(struct nt_instant *in, struct nt_run *run, const struct nt_step *step)
{
	const struct nt_campaign *campaign = &in->program->campaigns[run->campaign];
	int target = nt_run_follow(campaign, run->step);
	bool holds;
	int first;

	switch (step->kind) {
	case NT_STEP_IF:
		holds = nt_instant_holds(in, step->expr, run, run->hand, false);
		nt_instant_reached(in, run->campaign, NT_REACHED_STEP, run->step, 0);
		nt_instant_reached(in, run->campaign, holds ? NT_REACHED_THEN : NT_REACHED_ELSE, run->step, 0);
		first = holds ? step->then_first : step->else_first;
		if (first >= 0)
			target = first;
		break;
	case NT_STEP_SPLIT:
		if (nt_run_does(in, run, step))
			target = nt_split_take(in, run, step);
		break;
	case NT_STEP_CHOOSE:
		if (nt_run_does(in, run, step))
			target = choose(in, run, campaign, step);
		break;
	case NT_STEP_GO_TO:
		if (nt_run_does(in, run, step)) {
			target = step->target;
			if (step->hand != campaign->steps[target].hand)
				run->hand = NULL; /* it isn't what the steps there are written for */
		}
		break;
	case NT_STEP_STOP:
		if (nt_run_does(in, run, step))
			target = -1;
		break;
	default:
		if (nt_run_does(in, run, step))
			mark(in, run, campaign, step);
		break;
	}
	nt_run_go(in, run, target);
}
