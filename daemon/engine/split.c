/* Splits: which arm a lead gets, and whether the arm has won it (II.9). */
#include "engine/instant.h"

#include "base/arena.h"
#include "engine/best.h"

#include <string.h>

/* ---- the draw ---- */

/* Share of the way, in millionths, at which campaign, step and lead stand. */
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

static unsigned draw(const struct nt_lead *lead, const struct nt_campaign *campaign, const struct nt_step *step)
{
	const uint32_t *shares = nt_best_shares(lead->best, campaign->name, step);
	uint32_t u = lot(campaign->name, step->identity, lead->id);
	unsigned arm = 0;

	while (arm + 1 < step->n_arms && u >= (shares != NULL ? shares[arm] : step->arms[arm].upto))
		arm++;
	return arm;
}

static struct nt_arm_state *state_of(const struct nt_lead *lead, const struct nt_campaign *campaign,
                                     const struct nt_step *step)
{
	struct nt_arm_state *state = lead->arms;

	while (state != NULL &&
	       (strcmp(state->campaign, campaign->name) != 0 || strcmp(state->step, step->identity) != 0))
		state = state->next;
	return state;
}

/* `drawn`: it is the lead's first time. */
static struct nt_arm_state *arm_of(struct nt_instant *in, const struct nt_campaign *campaign,
                                   const struct nt_step *step, bool *drawn)
{
	struct nt_arm_state *state = state_of(in->lead, campaign, step), **link;

	if (state == NULL) {
		for (link = &in->lead->arms; *link != NULL; link = &(*link)->next)
			;
		*link = state = nt_arena_new0(in->arena, struct nt_arm_state);
		state->campaign = campaign->name;
		state->step = step->identity;
		state->arm = -1;
	}
	*drawn = state->arm < 0 || (unsigned)state->arm >= step->n_arms;
	if (*drawn) {
		state->arm = (int)draw(in->lead, campaign, step);
		state->mark = step->mark;
		state->won = false;
	}
	return state;
}

static const struct nt_trial *trial_of(struct nt_instant *in, const struct nt_arm_state *state)
{
	const struct nt_trial trial = { .arm = (unsigned)state->arm, .mark = state->mark, .won = state->won };

	return nt_arena_copy(in->arena, &trial, sizeof trial);
}

int nt_split_take(struct nt_instant *in, struct nt_run *run, const struct nt_step *step)
{
	const struct nt_campaign *campaign = &in->program->campaigns[run->campaign];
	const struct nt_arm_state *state;
	const struct nt_arm *arm;
	struct nt_effect *note;
	bool drawn;

	if (step->n_arms == 0)
		return nt_run_follow(campaign, run->step);
	state = arm_of(in, campaign, step, &drawn);
	arm = &step->arms[state->arm];
	nt_instant_reached(in, run->campaign, NT_REACHED_ARM, run->step, (unsigned)state->arm);
	note = nt_instant_note(in, run, "split", nt_arena_printf(in->arena, "arm %d%s", state->arm + 1,
	                                                         arm->hold_out ? ", held out" : ""));
	if (drawn && step->best_by != NT_BEST_BY_NONE)
		note->trial = trial_of(in, state);
	if (arm->hold_out)
		run->held_out = true;
	return arm->first >= 0 ? arm->first : nt_run_follow(campaign, run->step);
}

/* ---- results ---- */

/* Once per lead and split, and only of arms as they are now. */
static void win(struct nt_instant *in, const struct nt_campaign *campaign, const struct nt_step *step, const char *how)
{
	struct nt_arm_state *state = state_of(in->lead, campaign, step);
	struct nt_effect *note;

	if (state == NULL || state->won || state->mark != step->mark)
		return;
	state->won = true;
	note = nt_instant_note(in, NULL, "split.won", nt_arena_printf(in->arena, "arm %d: %s", state->arm + 1, how));
	note->campaign = campaign->name;
	note->step = step->identity;
	note->trial = trial_of(in, state);
}

static bool holds(const struct nt_campaign *campaign, const struct nt_arm *arm, int step)
{
	int i;

	for (i = arm->first; i >= 0; i = campaign->steps[i].next)
		if (i == step)
			return true;
	return false;
}

static bool is_success(enum nt_best_by by, enum nt_outcome outcome)
{
	switch (by) {
	case NT_BEST_BY_OPENED: /* who does more with it has opened it, whatever the mail program said */
		return outcome == NT_OUTCOME_OPENED || outcome == NT_OUTCOME_CLICKED || outcome == NT_OUTCOME_REPLIED;
	case NT_BEST_BY_CLICKED:
		return outcome == NT_OUTCOME_CLICKED;
	case NT_BEST_BY_REPLIED:
		return outcome == NT_OUTCOME_REPLIED;
	default:
		return false;
	}
}

void nt_split_answered(struct nt_instant *in, const char *campaign_name, const char *step_name, enum nt_outcome outcome,
                       const char *how)
{
	int slot = campaign_name != NULL ? nt_program_campaign_kept(in->program, campaign_name) : -1, step;
	const struct nt_campaign *campaign = slot >= 0 ? &in->program->campaigns[slot] : NULL;

	step = campaign != NULL && step_name != NULL ? nt_campaign_step_kept(campaign, step_name) : -1;
	for (; step >= 0; step = campaign->steps[step].parent) {
		const struct nt_step *split =
			campaign->steps[step].parent >= 0 ? &campaign->steps[campaign->steps[step].parent] : NULL;
		const struct nt_arm_state *state;

		if (split == NULL || !is_success(split->best_by, outcome))
			continue;
		state = state_of(in->lead, campaign, split);
		if (state != NULL && state->arm >= 0 && (unsigned)state->arm < split->n_arms &&
		    holds(campaign, &split->arms[state->arm], step))
			win(in, campaign, split, how);
	}
}

void nt_split_goal(struct nt_instant *in, const struct nt_campaign *campaign)
{
	unsigned i;

	for (i = 0; in->lead->arms != NULL && i < campaign->n_steps; i++)
		if (campaign->steps[i].best_by == NT_BEST_BY_GOAL)
			win(in, campaign, &campaign->steps[i], "goal");
}
