/* Campaigns and steps in the words in which they were written: for the plan, for pictures. Pure. */
#ifndef NT_RULES_WORDS_H
#define NT_RULES_WORDS_H

#include "rules/program.h"

#include <glib.h>

/* A thing that is said of a step or campaign: a key of the language, and its value as text; the first is the step's
 * verb. Two steps of which the same is said do the same. */
typedef void nt_words_fact(void *user, const char *key, const char *text);

void nt_words_step_facts(const struct nt_program *program, const struct nt_campaign *campaign,
                         const struct nt_step *step, nt_words_fact *each, void *user);
/* All but its steps and name: title, priority, enter, again, … */
void nt_words_campaign_facts(const struct nt_program *program, const struct nt_campaign *campaign, nt_words_fact *each,
                             void *user);
/* What isn't a campaign: segments, fields, events, scoring, policy, sales. */
void nt_words_other_facts(const struct nt_program *program, nt_words_fact *each, void *user);
/* All but its campaign and template: tell, before, channel. */
void nt_words_announcement_facts(const struct nt_program *program, const struct nt_announcement *announcement,
                                 nt_words_fact *each, void *user);
/* "email to team dach, 3 days before". */
void nt_words_announcement(const struct nt_program *program, const struct nt_announcement *announcement, GString *out);
/* "email welcome", "wait for pricing.viewed": the verb with its value, on one line. */
void nt_words_step(const struct nt_program *program, const struct nt_campaign *campaign, const struct nt_step *step,
                   GString *out);
void nt_words_enter(const struct nt_program *program, const struct nt_enter *way, GString *out);
/* "on order.placed", "when stage == "disqualified""; what its `do:` does isn't said. */
void nt_words_way_out(const struct nt_program *program, const struct nt_way_out *way, GString *out);
/* An expression as it was written, on one line; `unless: x` gives "not (x)". */
void nt_words_expr(const struct nt_expr *expr, GString *out);
void nt_words_point(const struct nt_point *point, GString *out); /* "3 days before renewal at 09:00" */
void nt_words_share(const struct nt_arm *arms, unsigned i, GString *out); /* "33.3%" */

#endif
