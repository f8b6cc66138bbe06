/* Evaluating an expression: its value now and the instant until which it holds if nothing new happens. */
#ifndef NT_ENGINE_EVAL_H
#define NT_ENGINE_EVAL_H

#include "rules/expr.h"

struct nt_event;
struct nt_lead;
struct nt_points_rule;
struct nt_run;

/* Scores are read from lead->engagement and the cached lead->fit: whoever steps the lead recomputes fit when a
 * condition of its rules changes, and takes that instant into the lead's timer. */
struct nt_eval_context {
	const struct nt_lead *lead;
	nt_time now;
	const struct nt_event *event; /* at hand, or NULL: then the run's */
	const struct nt_run *run;     /* for entry.x and entered, or NULL */
};

struct nt_result {
	struct nt_value value;  /* NONE if missing */
	nt_time until;          /* exclusive; NT_NEVER */
};

/* Texts live in the program, the lead or its arena. A date field read as it is gives a DATE (nt_value_as() makes a time
 * of it); whatever is calculated gives a TIME. */
struct nt_result nt_eval(const struct nt_expr *expr, const struct nt_eval_context *context);
/* A condition: a missing value counts as false. expr NULL is true for ever. *until (optional) is lowered to the
 * instant at which the value may change: pass NT_NEVER in. */
bool nt_holds(const struct nt_expr *expr, const struct nt_eval_context *context, nt_time *until);
/* What a rule of `scoring.fit` gives: its points while its condition holds, else 0; *until as above. */
nt_number nt_fit_points(const struct nt_points_rule *rule, const struct nt_eval_context *context, nt_time *until);

#endif
