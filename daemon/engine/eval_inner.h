/* Between eval.c, eval_lead.c and eval_compare.c; nobody else includes this. */
#ifndef NT_ENGINE_EVAL_INNER_H
#define NT_ENGINE_EVAL_INNER_H

#include "engine/eval.h"
#include "engine/state.h"

struct nt_segment_memo {
	bool known;
	struct nt_result result;
};

struct nt_evaluation {
	const struct nt_lead *lead;
	nt_time now;
	const struct nt_event *event;
	const struct nt_run *run;
	bool in_suppress_if;              /* reachable() asks suppress_if, which may ask reachable() */
	unsigned segment_depth;
	struct nt_segment_memo *segments; /* segments asked within segments: each is worked out once */
};

struct nt_result nt_evaluate(struct nt_evaluation *v, const struct nt_expr *e);
struct nt_result nt_evaluate_leaf(struct nt_evaluation *v, const struct nt_expr *e); /* what is known of the lead */
struct nt_result nt_evaluate_comparison(struct nt_evaluation *v, const struct nt_expr *e);
struct nt_result nt_evaluate_presence(struct nt_evaluation *v, const struct nt_expr *e); /* IS_NONE, IS_NOT_NONE */

struct nt_result nt_result_steady(struct nt_value value);
struct nt_result nt_result_none(nt_time until);
struct nt_result nt_result_yes_no(bool yes, nt_time until);
bool nt_result_holds(const struct nt_result *r); /* yes; a missing value isn't */
bool nt_result_missing(const struct nt_result *a);
/* Until when a result of two operands is missing, of which at least one is; and the earlier end, if neither is. */
nt_time nt_result_until(const struct nt_result *a, const struct nt_result *b);
/* A date as its local midnight; times as they are. The value must be one of both. */
nt_time nt_result_time(const struct nt_evaluation *v, const struct nt_value *value);

#endif
