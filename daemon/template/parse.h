/* Liquid into an immutable program.
 *
 * Built: {{ a.b[0] | filter: x, y }}, assign, capture, if/elsif/else, unless, case/when, for/else with limit, offset
 * (also `continue`), reversed, break, continue, cycle, increment, decrement, echo, liquid, ifchanged, raw, comment,
 * doc, {% # … %}. Not built, refused by name: include, render, tablerow, extends, block, and all that isn't Liquid.
 *
 * Everything unknown (tag, filter, a filter's argument) is an error here, never at render time. Limits: 256 KiB of
 * source, 50 levels of nesting, 20,000 nodes. */
#ifndef NT_TEMPLATE_PARSE_H
#define NT_TEMPLATE_PARSE_H

#include "base/diag.h"
#include "template/datum.h"

struct nt_filter;
struct nt_liquid_body;

#define NT_LIQUID_SIZE (256 * 1024)
#define NT_LIQUID_DEPTH 50
#define NT_LIQUID_NODES 20000

/* ---- expressions ---- */

enum nt_liquid_expr_kind {
	NT_LIQUID_LITERAL,
	NT_LIQUID_PATH,   /* root.step[step] */
	NT_LIQUID_SPAN,   /* (left..right) */
	NT_LIQUID_EQ,
	NT_LIQUID_NE,
	NT_LIQUID_LT,
	NT_LIQUID_LE,
	NT_LIQUID_GT,
	NT_LIQUID_GE,
	NT_LIQUID_CONTAINS,
	NT_LIQUID_AND,
	NT_LIQUID_OR,
};

struct nt_liquid_step {
	const char *name; /* .name or ["name"]; NULL if computed */
	size_t length;
	const struct nt_liquid_expr *index; /* [expression] */
	const struct nt_liquid_step *next;
};

struct nt_liquid_expr {
	enum nt_liquid_expr_kind kind;
	size_t start, length; /* in the source */
	struct nt_datum literal;
	const struct nt_liquid_step *steps; /* PATH: the first is the variable itself */
	const struct nt_liquid_expr *left, *right;
};

struct nt_liquid_args {
	const struct nt_liquid_expr *value;
	const char *name; /* "allow_false"; NULL if by position */
	const struct nt_liquid_args *next;
};

struct nt_liquid_call {
	const struct nt_filter *filter;
	size_t start, length; /* of its name */
	const struct nt_liquid_args *args;
	unsigned n; /* by position */
	const struct nt_liquid_call *next;
};

/* expression | filter | filter */
struct nt_liquid_output {
	const struct nt_liquid_expr *value;
	const struct nt_liquid_call *calls;
};

/* ---- statements ---- */

enum nt_liquid_kind {
	NT_LIQUID_TEXT,
	NT_LIQUID_OUTPUT,
	NT_LIQUID_ASSIGN,
	NT_LIQUID_CAPTURE,
	NT_LIQUID_IF,     /* branches; `unless` negates the first */
	NT_LIQUID_CASE,   /* output.value against the branches' values */
	NT_LIQUID_FOR,
	NT_LIQUID_BREAK,
	NT_LIQUID_CONTINUE,
	NT_LIQUID_CYCLE,
	NT_LIQUID_COUNT,  /* increment, decrement */
	NT_LIQUID_IFCHANGED,
};

struct nt_liquid_branch {
	const struct nt_liquid_expr *condition; /* IF; NULL: else */
	bool negate;
	const struct nt_liquid_args *values;    /* CASE; NULL: else */
	struct nt_liquid_body *body;
	struct nt_liquid_branch *next;
};

struct nt_liquid_node {
	enum nt_liquid_kind kind;
	size_t start, length;  /* in the source: for messages */
	const char *text;      /* TEXT; the name of ASSIGN, CAPTURE, FOR, COUNT; the group of CYCLE */
	size_t text_length;
	struct nt_liquid_output output; /* OUTPUT, ASSIGN; value alone: CASE, FOR's collection, CYCLE's group */
	struct nt_liquid_branch *branches;             /* IF, CASE */
	struct nt_liquid_body *body, *otherwise;       /* CAPTURE, FOR, IFCHANGED; FOR's else */
	const struct nt_liquid_expr *limit, *offset;   /* FOR */
	bool offset_continue, reversed;                /* FOR */
	const char *loop_name;                         /* FOR: "item-list" */
	const struct nt_liquid_args *values;           /* CYCLE */
	int step;                                      /* COUNT: 1 or -1 */
	bool blank;                                    /* writes nothing but white space, whatever happens */
	struct nt_liquid_node *next;
};

struct nt_liquid_body {
	struct nt_liquid_node *first;
};

/* ---- what a program asks of its variables ---- */

struct nt_liquid_use {
	const char *path;      /* constant parts, up to the first computed one: "event.amount", "items[0].name" */
	bool has_default;      /* see message.h */
	size_t start, length;
	struct nt_liquid_use *next;
};

struct nt_liquid {
	const struct nt_liquid_body *body;
	const struct nt_liquid_use *uses; /* each path once, in order; without what the program assigns itself */
};

/* The program of source[start..start+length). Everything lives in the arena; the source isn't needed afterwards
 * (offsets in the program still count in it). NULL if errors were added to `diags`. */
const struct nt_liquid *nt_liquid_parse(struct nt_arena *arena, const struct nt_source *source, size_t start,
                                        size_t length, struct nt_diags *diags);

#endif
