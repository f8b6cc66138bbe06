/* Steps that take no time: branches, marks, points, hand-offs (I.6, II.9). */
#include "engine/instant.h"

#include "base/arena.h"
#include "base/bug.h"

#include <string.h>

/* Share of the way, in millionths, at which campaign, step and lead stand (II.9). */
static uint32_t lot(const char *campaign, const char *step, const char *lead)
{
	GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA256);
	guint8 digest[32];
	gsize length = sizeof digest;
	uint64_t u = 0;
	int i;

	g_checksum_update(sum, (const guchar *)campaign, -1);
	g_checksum_update(sum, (const guchar *)"\n", 1);
	g_checksum_update(sum, (const guchar *)step, -1);
	g_checksum_update(sum, (const guchar *)"\n", 1);
	g_checksum_update(sum, (const guchar *)lead, -1);
	g_checksum_get_digest(sum, digest, &length);
	g_checksum_free(sum);
	for (i = 0; i < 8; i++)
		u = u << 8 | digest[i];
	return (uint32_t)((unsigned __int128)u * 1000000 >> 64);
}

static unsigned draw(const struct nt_campaign *campaign, const struct nt_step *step, const char *lead)
{
	uint32_t u = lot(campaign->name, step->identity, lead);
	unsigned arm = 0;

	while (arm + 1 < step->n_arms && u >= step->arms[arm].upto)
		arm++;
	return arm;
}

static const struct nt_arm *arm_of(struct nt_instant *in, const struct nt_campaign *campaign,
                                   const struct nt_step *step)
{
	struct nt_arm_state **link;

	for (link = &in->lead->arms; *link != NULL; link = &(*link)->next)
		if (strcmp((*link)->campaign, campaign->name) == 0 && strcmp((*link)->step, step->identity) == 0)
			break;
	if (*link == NULL) {
		*link = nt_arena_new0(in->arena, struct nt_arm_state);
		(*link)->campaign = campaign->name;
		(*link)->step = step->identity;
		(*link)->arm = -1;
	}
	if ((*link)->arm < 0 || (unsigned)(*link)->arm >= step->n_arms)
		(*link)->arm = (int)draw(campaign, step, in->lead->id);
	return &step->arms[(*link)->arm];
}

static int split(struct nt_instant *in, struct nt_run *run, const struct nt_campaign *campaign,
                 const struct nt_step *step)
{
	const struct nt_arm *arm;

	if (step->n_arms == 0)
		return nt_run_follow(campaign, run->step);
	arm = arm_of(in, campaign, step);
	nt_instant_reached(in, run->campaign, NT_REACHED_ARM, run->step, (unsigned)(arm - step->arms));
	nt_instant_note(in, run, "split", nt_arena_printf(in->arena, "arm %u%s", (unsigned)(arm - step->arms) + 1,
	                                                  arm->hold_out ? ", held out" : ""));
	if (arm->hold_out)
		run->held_out = true;
	return arm->first >= 0 ? arm->first : nt_run_follow(campaign, run->step);
}

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
			target = split(in, run, campaign, step);
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
