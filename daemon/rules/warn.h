/* Warnings: rules that load and run, but hardly do what was meant. Looked for when a rule set without errors is
 * checked;
 * whoever only runs it needs none of this. Where something cannot be known nothing is said: no warning is a guess.
 *
 * A file a subject, each with one function here; they share the decider's knowledge of conditions. */
#ifndef NT_RULES_WARN_H
#define NT_RULES_WARN_H

#include "rules/decide.h"
#include "rules/loader.h"

struct nt_message_template;

struct nt_warner {
	struct nt_loader *l;
	const struct nt_program *program;
	const struct nt_load_context *context;
	struct nt_diags *diags;
	struct nt_arena *arena;    /* for the time of the check */
	struct nt_decider decider; /* silent */
};

/* All of them, into l->diags. */
void nt_warn(struct nt_loader *l);

/* Every expression of the rule set, whole; of one expression, every node. */
void nt_warn_each_expr(struct nt_warner *w, void (*see)(struct nt_warner *w, const struct nt_expr *e, void *user),
                       void *user);
void nt_warn_each_part(const struct nt_expr *e, void (*see)(const struct nt_expr *e, void *user), void *user);

void nt_warn_conditions(struct nt_warner *w); /* what always or never holds; what another takes in */
void nt_warn_steps(struct nt_warner *w);      /* never reached; waits that nothing ends; runs that end at once */
void nt_warn_events(struct nt_warner *w);     /* waited for, though nothing sends them; names that nothing has */
void nt_warn_caps(struct nt_warner *w);       /* late, or given up, by the campaign's own messages */
void nt_warn_templates(struct nt_warner *w);  /* values that leads may lack; no way to call us */
void nt_warn_words(struct nt_warner *w);      /* shouting and hard sell in what leads read */
void nt_warn_sales(struct nt_warner *w);      /* leads that nobody gets, or gets to know of */
void nt_warn_windows(struct nt_warner *w);    /* a step's own and policy's that never meet */
void nt_warn_unused(struct nt_warner *w);     /* templates and segments that nothing uses */

/* Every template that a step sends to leads, once, with such a step. */
void nt_warn_each_message(struct nt_warner *w,
                          void (*see)(struct nt_warner *w, const struct nt_message_template *message,
                                      const struct nt_step *step, void *user),
                          void *user);

#endif
