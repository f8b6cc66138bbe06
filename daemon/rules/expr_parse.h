/* Text to typed expression. Errors go to the scope's diagnostics with spans inside the source (the text that people
 * wrote; for a quoted YAML scalar the span starts behind the quote). */
#ifndef NT_RULES_EXPR_PARSE_H
#define NT_RULES_EXPR_PARSE_H

#include "rules/expr.h"

struct nt_arena;
struct nt_diags;
struct nt_program;
struct nt_yaml;

/* Names that an expression may use. The loader fills it; the tables of `program` that hold declarations (fields,
 * events, segments, campaigns, channels) are complete before the first expression is parsed. */
struct nt_scope {
	struct nt_arena *arena;
	struct nt_diags *diags;
	const struct nt_program *program;
	/* State that an expression needs: gives the slot, the same for the same identity. */
	int (*ring)(struct nt_scope *scope, int event, const char *property, struct nt_duration duration,
	            unsigned capacity);
	int (*stat)(struct nt_scope *scope, int event, const char *property);
	bool (*template_exists)(struct nt_scope *scope, const char *name, const char **nearest);
	/* For cycle checks: called for each in_segment(), and for score, fit, engagement, level. */
	void (*uses_segment)(struct nt_scope *scope, int segment, struct nt_span span);
	void (*uses_standing)(struct nt_scope *scope, enum nt_standing standing, struct nt_span span);
	/* Context of the text at hand. */
	/* event types that `event.x` may refer to: x must be declared, with one type, in all of them */
	const int *events;
	unsigned n_events;    /* 0: no event at hand, `event.x` is an error */
	bool has_run;         /* `entry.x` and `entered` are allowed */
	/* events of the campaign's `enter: on`: where entry.x must be declared in at least one */
	const int *entry_events;
	unsigned n_entry_events;
	void *user;
};

/* The whole scalar as a condition (yes_no) or, with `want` not NONE, a value of that type (NONE wanted and any: pass
 * NT_TYPE_NONE to accept every type). NULL if there were errors (reported). `skip` bytes at the start of the text are
 * not part of it (the "=" of an expression value). */
const struct nt_expr *nt_expr_parse(struct nt_scope *scope, const struct nt_yaml *scalar, size_t skip,
                                    enum nt_type want, bool any_type);
/* not x: for `unless`. a and b: for combining. */
const struct nt_expr *nt_expr_not(struct nt_arena *arena, const struct nt_expr *a);
/* either may be NULL */
const struct nt_expr *nt_expr_and(struct nt_arena *arena, const struct nt_expr *a, const struct nt_expr *b);

#endif
