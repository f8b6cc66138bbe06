/* Windows that never meet: a step's own and policy's send. */
#include "rules/warn.h"

#include "base/arena.h"

#include <string.h>

#define DAY 1440
#define WEEK (7 * DAY)

/* A bit for each minute of the week; no windows: always. */
static void fill(const struct nt_windows *windows, char minutes[WEEK])
{
	memset(minutes, windows->n == 0, WEEK);
	for (unsigned i = 0; i < windows->n; i++)
		for (int day = 0; day < 7; day++)
			for (int m = windows->items[i].start; (windows->items[i].days & 1 << day) != 0 &&
			                                      m < windows->items[i].end; m++)
				minutes[(day * DAY + m) % WEEK] = 1;
}

static bool meet(struct nt_warner *w, const struct nt_windows *a, const struct nt_windows *b)
{
	char *x = nt_arena_alloc(w->arena, WEEK), *y = nt_arena_alloc(w->arena, WEEK);

	if (a->n == 0 || b->n == 0)
		return true;
	fill(a, x);
	fill(b, y);
	for (int i = 0; i < WEEK; i++)
		if (x[i] != 0 && y[i] != 0)
			return true;
	return false;
}

static void look_at_step(struct nt_warner *w, const struct nt_step *step)
{
	const struct nt_channel_policy *channels = w->program->channels;
	bool met = step->kind == NT_STEP_MESSAGE && meet(w, &step->window, &channels[step->channel].send);

	for (unsigned i = 0; i < step->n_choices; i++)
		met = met || meet(w, &step->window, &channels[step->choices[i].channel].send);
	if (!met)
		nt_diags_warning(w->diags, NT_CODE_WINDOW_NEVER_OPENS, step->span,
		                 "this message never goes out: its 'window' and policy's 'send' never meet");
}

void nt_warn_windows(struct nt_warner *w)
{
	for (unsigned c = 0; c < w->program->n_campaigns; c++)
		for (unsigned i = 0; i < w->program->campaigns[c].n_steps; i++) {
			const struct nt_step *step = &w->program->campaigns[c].steps[i];

			if (step->has_window && !step->service &&
			    (step->kind == NT_STEP_MESSAGE || step->kind == NT_STEP_FIRST_OF))
				look_at_step(w, step);
		}
}
