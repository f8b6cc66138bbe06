/* A lead under edited rules: where each run goes on (II.7). */
#include "engine/instant.h"

#include "base/arena.h"
#include "base/bug.h"
#include "engine/codec.h"

#include <string.h>

static int step_named(const struct nt_campaign *campaign, const char *identity)
{
	return identity != NULL ? nt_campaign_step_kept(campaign, identity) : -1;
}

/* The first later step, siblings first and then the parents', that the new campaign has too; -1: none. */
static int next_present(const struct nt_campaign *from, int step, const struct nt_campaign *to)
{
	for (step = nt_run_follow(from, step); step >= 0; step = nt_run_follow(from, step)) {
		int found = step_named(to, from->steps[step].identity);

		if (found >= 0)
			return found;
	}
	return -1;
}

/* The step that the run stands at is still there: same anchor, new duration. */
static void stay(struct nt_lead *lead, struct nt_run *run, enum nt_step_kind before, nt_time loaded)
{
	enum nt_step_kind kind = lead->program->campaigns[run->campaign].steps[run->step].kind;

	if (!run->arrived)
		return;
	if (kind == NT_STEP_SCHEDULE && before == kind) {
		return; /* its points are reckoned anew below */
	} else if (nt_wait_is(kind) && nt_wait_is(before) && kind != NT_STEP_SCHEDULE && before != NT_STEP_SCHEDULE) {
		run->due = nt_wait_due(lead, run, run->anchor);
	} else if (nt_gate_is_message(kind) && nt_gate_is_message(before)) {
		run->due = loaded;
	} else {
		run->arrived = false;
		run->due = NT_NEVER;
	}
}

static void enter_now(struct nt_run *run, int step, nt_time loaded)
{
	run->step = step;
	run->arrived = false;
	run->anchor = loaded;
	run->due = NT_NEVER;
}

static void place(struct nt_lead *lead, struct nt_run *run, const struct nt_program *old, const struct nt_run *before,
                  nt_time loaded)
{
	const struct nt_campaign *from = &old->campaigns[before->campaign];

	if (before->step < 0)
		return;
	if (run->step >= 0)
		stay(lead, run, from->steps[before->step].kind, loaded);
	else
		enter_now(run, next_present(from, before->step, &lead->program->campaigns[run->campaign]), loaded);
	nt_schedule_leave(lead, run);
	nt_schedule_reckon(lead, run, loaded);
}

static void note(struct nt_lead *lead, struct nt_effects *effects, nt_time at, enum nt_effect_kind kind,
                 const char *what, const char *campaign, const char *key, const char *id)
{
	struct nt_effect *effect = nt_arena_new0(lead->arena, struct nt_effect);

	effect->kind = kind;
	effect->at = at;
	effect->what = what;
	effect->campaign = nt_arena_strdup(lead->arena, campaign);
	effect->key = key;
	effect->detail = NT_WHY_REMOVED;
	effect->id = id;
	*effects->last = effect;
	effects->last = &effect->next;
	effects->n++;
}

/* Runs of campaigns that are gone end, and what they had released is called back. */
static void report_removed(struct nt_lead *old_lead, const struct nt_program *program, nt_time loaded,
                           struct nt_effects *effects)
{
	const struct nt_program *old = old_lead->program;
	struct nt_pending **link = &old_lead->pending;
	const struct nt_run *run;

	for (run = old_lead->runs; run != NULL; run = run->next)
		if (nt_program_campaign_kept(program, old->campaigns[run->campaign].name) < 0)
			note(old_lead, effects, loaded, NT_EFFECT_NOTE, "campaign.left",
			     old->campaigns[run->campaign].name, run->key, NULL);
	while (*link != NULL) {
		struct nt_pending *pending = *link;
		bool gone = pending->campaign >= 0 &&
		            nt_program_campaign_kept(program, old->campaigns[pending->campaign].name) < 0;

		if (!gone || pending->handed) {
			pending->recalled |= gone;
			link = &pending->next;
			continue;
		}
		note(old_lead, effects, loaded, NT_EFFECT_CANCEL, "message.cancelled",
		     old->campaigns[pending->campaign].name, pending->key, pending->message);
		if (pending->counts)
			nt_ring_remove(&old_lead->releases, pending->released, 1, 0);
		*link = pending->next;
	}
}

/* What the shell handed in for this step isn't part of the bytes. */
static void carry_over(struct nt_lead *lead, const struct nt_lead *old_lead)
{
	const struct nt_program *from = old_lead->program, *to = lead->program;
	const struct nt_pending *before;
	struct nt_pending *after;
	unsigned i;

	for (after = lead->pending, before = old_lead->pending; after != NULL; after = after->next) {
		after->handed = before->handed;
		before = before->next;
	}
	if (old_lead->suppressed != NULL)
		lead->suppressed = nt_arena_array(lead->arena, bool, to->n_channels);
	if (old_lead->suppressed_hard != NULL)
		lead->suppressed_hard = nt_arena_array(lead->arena, bool, to->n_channels);
	for (i = 0; i < to->n_channels; i++) {
		int channel = nt_program_channel(from, to->channels[i].name);

		if (channel >= 0 && lead->suppressed != NULL)
			lead->suppressed[i] = old_lead->suppressed[channel];
		if (channel >= 0 && lead->suppressed_hard != NULL)
			lead->suppressed_hard[i] = old_lead->suppressed_hard[channel];
	}
}

static struct nt_lead *rebind(const struct nt_lead *old_lead, const struct nt_program *program)
{
	GString *bytes = g_string_sized_new(1024);
	struct nt_lead *lead;
	const char *why = "";

	nt_lead_encode(old_lead, bytes);
	lead = nt_lead_decode(old_lead->arena, program, old_lead->id, bytes->str, bytes->len, &why);
	if (lead == NULL)
		NT_BUG("what was just encoded can't be decoded: %s", why);
	g_string_free(bytes, TRUE);
	carry_over(lead, old_lead);
	return lead;
}

/* What was asked before has an answer to compare with; the bytes name only those that were true. */
static void know_watchers(struct nt_lead *lead, const struct nt_lead *old_lead)
{
	unsigned i;

	for (i = 0; i < lead->program->n_watchers; i++) {
		const struct nt_watcher *watcher = &lead->program->watchers[i];
		int slot = nt_program_watcher(old_lead->program, watcher->identity);

		if (slot < 0 && watcher->was != NULL)
			slot = nt_program_watcher(old_lead->program, watcher->was);

		lead->watchers_known[i] = slot >= 0 && old_lead->watchers_known[slot];
	}
}

/* The same rules: it is time zone data that has changed, and times of day and windows count from now (II.6). */
static void count_from_now(const struct nt_lead *lead, struct nt_run *run, nt_time now)
{
	const struct nt_step *steps = lead->program->campaigns[run->campaign].steps;

	if (run->step >= 0 && run->arrived &&
	    (steps[run->step].kind == NT_STEP_WAIT_CLOCK || steps[run->step].kind == NT_STEP_WAIT_WINDOW))
		run->anchor = now;
}

static const struct nt_run *run_before(const struct nt_lead *old_lead, const struct nt_campaign *campaign,
                                       const char *key)
{
	int slot = nt_program_campaign(old_lead->program, campaign->name);
	const struct nt_run *run = slot >= 0 ? nt_lead_run(old_lead, slot, key) : NULL;

	if (run == NULL && campaign->was != NULL)
		slot = nt_program_campaign(old_lead->program, campaign->was);
	return run != NULL || slot < 0 ? run : nt_lead_run(old_lead, slot, key);
}

struct nt_lead *nt_lead_migrate(struct nt_lead *old_lead, const struct nt_program *old,
                                const struct nt_program *program, nt_time loaded, nt_time clock,
                                struct nt_effects *effects)
{
	struct nt_lead *lead;
	struct nt_run *run;

	if (old == NULL) {
		lead = old_lead->program == program ? old_lead : rebind(old_lead, program);
		for (run = lead->runs; run != NULL; run = run->next)
			if (run->step >= 0) {
				stay(lead, run, program->campaigns[run->campaign].steps[run->step].kind, loaded);
				nt_schedule_leave(lead, run);
				nt_schedule_reckon(lead, run, loaded);
			}
		return lead;
	}
	NT_CHECK(old_lead->program == old);
	nt_instant_timers(old_lead, loaded, clock, effects);
	report_removed(old_lead, program, loaded, effects);
	lead = rebind(old_lead, program);
	know_watchers(lead, old_lead);
	nt_occasion_carry(lead, old_lead);
	for (run = lead->runs; run != NULL; run = run->next) {
		const struct nt_run *before = run_before(old_lead, &program->campaigns[run->campaign], run->key);

		if (old == program)
			count_from_now(lead, run, loaded);
		if (before != NULL)
			place(lead, run, old, before, loaded);
	}
	return lead;
}
