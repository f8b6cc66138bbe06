/* Between eval.c, eval_lead.c and eval_compare.c; nobody else includes this. */
#ifndef NT_ENGINE_EVAL_INNER_H
#define NT_ENGINE_EVAL_INNER_H

#include "engine/eval.h"
#include "engine/state.h"
#include "rules/program.h"

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

/* What a condition comes to: fits into two registers, where a result with its value goes through memory. */
struct nt_verdict {
	nt_time until;
	bool yes; /* a missing value isn't */
};

struct nt_result nt_evaluate(struct nt_evaluation *v, const struct nt_expr *e);
struct nt_verdict nt_decide(struct nt_evaluation *v, const struct nt_expr *e); /* e is yes_no */
struct nt_result nt_evaluate_leaf(struct nt_evaluation *v, const struct nt_expr *e); /* what is known of the lead */
struct nt_verdict nt_decide_comparison(struct nt_evaluation *v, const struct nt_expr *e);
struct nt_verdict nt_decide_presence(struct nt_evaluation *v, const struct nt_expr *e); /* IS_NONE, IS_NOT_NONE */
/* The value where it lies; NULL: it has to be worked out. */
static inline const struct nt_value *nt_lying_value(const struct nt_evaluation *v, const struct nt_expr *e)
{
	if (e->op == NT_OP_LITERAL)
		return &e->literal;
	return e->op == NT_OP_FIELD && e->slot != NT_FIELD_ID ? &v->lead->fields[e->slot] : NULL;
}
/* That, and *until NT_NEVER; else worked out into `room`. Dates as they are. */
const struct nt_value *nt_peek_value(struct nt_evaluation *v, const struct nt_expr *e, struct nt_result *room,
                                     nt_time *until);

struct nt_result nt_result_steady(struct nt_value value);
struct nt_result nt_result_none(nt_time until);
struct nt_result nt_result_yes_no(bool yes, nt_time until);
bool nt_result_holds(const struct nt_result *r); /* yes; a missing value isn't */
bool nt_result_missing(const struct nt_result *a);
/* Until when a result of two operands is missing, of which at least one is; and the earlier end, if neither is. */
nt_time nt_result_until(const struct nt_result *a, const struct nt_result *b);
nt_time nt_missing_until(bool has_a, nt_time a, bool has_b, nt_time b); /* the same */
/* A date as its local midnight; times as they are. The value must be one of both. */
nt_time nt_result_time(const struct nt_evaluation *v, const struct nt_value *value);

#endif
