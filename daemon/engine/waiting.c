#include "engine/waiting.h"

#include "base/arena.h"
#include "engine/instant.h"
#include "rules/words.h"

static const struct nt_step *step_of(const struct nt_lead *lead, const struct nt_run *run)
{
	return run->step >= 0 ? &lead->program->campaigns[run->campaign].steps[run->step] : NULL;
}

bool nt_waiting_is_message(const struct nt_lead *lead, const struct nt_run *run)
{
	const struct nt_step *step = step_of(lead, run);

	return step != NULL && nt_gate_is_message(step->kind);
}

static const char *find_held(struct nt_instant *in, const struct nt_run *run, const struct nt_step *step)
{
	bool is_due = nt_gate_is_message(step->kind) || !nt_wait_is(step->kind);

	if (is_due && nt_run_paused(in, run))
		return "the campaign is paused for this lead";
	if (step->kind == NT_STEP_ASSIGN)
		return "sales hasn't named anybody yet";
	return nt_gate_held(in, run);
}

void nt_waiting_find(const struct nt_lead *lead, const struct nt_run *run, nt_time now, GString *words,
                     struct nt_waiting *waiting)
{
	const struct nt_step *step = step_of(lead, run);
	struct nt_arena *arena = nt_arena_new();
	/* Only asks: nothing of the lead is changed by it. */
	struct nt_effects effects;
	struct nt_instant in = { .lead = (struct nt_lead *)(uintptr_t)lead, .arena = arena, .program = lead->program,
		                 .now = now, .clock = now, .effects = &effects, .until = NT_NEVER };

	nt_effects_init(&effects);
	*waiting = (struct nt_waiting){ .until = run->due };
	if (step != NULL) {
		nt_words_step(lead->program, &lead->program->campaigns[run->campaign], step, words);
		waiting->held = find_held(&in, run, step);
	}
	nt_arena_free(arena);
}

nt_time nt_waiting_occasion(const struct nt_lead *lead, unsigned occasion, GString *words)
{
	const struct nt_campaign *campaign = &lead->program->campaigns[lead->program->occasions[occasion].campaign];
	nt_time at = lead->exists ? nt_occasion_next(lead, occasion) : NT_NEVER;

	for (unsigned i = 0; at != NT_NEVER && i < campaign->n_enter; i++)
		if (campaign->enter[i].kind == NT_ENTER_OCCASION && campaign->enter[i].occasion == (int)occasion)
			nt_words_enter(lead->program, &campaign->enter[i], words);
	return at;
}
