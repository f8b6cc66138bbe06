/* What can be known of a condition without any lead: that it always holds, that it never does, that it holds whenever
 * another does. Constants are folded; numbers carry bounds (a score is what the scoring rules can give); comparisons of
 * one subject with literals are sets of values. Where nothing is known the answer is "open": never a guess. */
#ifndef NT_RULES_DECIDE_H
#define NT_RULES_DECIDE_H

#include "rules/expr.h"
#include "rules/extent.h"
#include "rules/program.h"

struct nt_arena;
struct nt_diags;

enum nt_truth { NT_TRUTH_OPEN, NT_TRUTH_ALWAYS, NT_TRUTH_NEVER };

/* Millionths; INT64_MIN and INT64_MAX: without bound. */
struct nt_bounds {
	nt_number low, high;
};

struct nt_decider {
	struct nt_arena *arena;
	const struct nt_program *program;
	struct nt_diags *diags;        /* gets a warning for what decides itself; NULL: none */
	struct nt_bounds fit, engagement, score;
	const enum nt_truth *segments; /* by slot; NULL: not known yet */
};

/* Fills the bounds of scores and what is known of segments; `diags` stays NULL. */
void nt_decider_init(struct nt_decider *d, const struct nt_program *program, struct nt_arena *arena);
/* NULL (no condition) always holds. */
enum nt_truth nt_truth_of(struct nt_decider *d, const struct nt_expr *e);
/* Whenever `narrow` holds, one of `wide` does, as far as can be seen. NULL always holds. */
bool nt_truth_covered(struct nt_decider *d, const struct nt_expr *narrow, const struct nt_expr *const *wide,
                       unsigned n);
/* They ask the same. */
bool nt_expr_same(const struct nt_expr *a, const struct nt_expr *b);
/* Of a number. */
struct nt_bounds nt_bounds_of(struct nt_decider *d, const struct nt_expr *e);
/* As written in the source; at most `most` bytes. */
const char *nt_expr_written(struct nt_arena *arena, const struct nt_expr *e, size_t most);

#endif
