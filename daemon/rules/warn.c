#include "rules/warn.h"

#include "base/arena.h"

void nt_warn(struct nt_loader *l)
{
	struct nt_warner w = { .l = l, .program = l->program, .context = l->context, .diags = l->diags,
		               .arena = nt_arena_new() };

	nt_decider_init(&w.decider, w.program, w.arena);
	nt_warn_conditions(&w);
	nt_warn_steps(&w);
	nt_warn_events(&w);
	nt_warn_caps(&w);
	nt_warn_templates(&w);
	nt_warn_words(&w);
	nt_warn_windows(&w);
	nt_warn_sales(&w);
	nt_warn_unused(&w);
	nt_arena_free(w.arena);
}
