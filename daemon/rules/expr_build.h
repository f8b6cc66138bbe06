/* What the files of the expression compiler share: tokens (expr_lex.c), grammar (expr_parse.c), kinds (expr_type.c),
 * names (expr_name.c) and functions (expr_function.c). Nobody else includes this; expr_parse.h is the way in.
 *
 * Errors. A syntax error ends the expression: functions give NULL up to the top. A wrong name or kind is reported once
 * and gives the poison node, with which everything agrees, so that the rest is still checked. */
#ifndef NT_RULES_EXPR_BUILD_H
#define NT_RULES_EXPR_BUILD_H

#include "rules/expr_parse.h"
#include "rules/program.h"

#define NT_EXPR_LENGTH 8192 /* bytes of source text */
#define NT_EXPR_NODES 500
#define NT_EXPR_DEPTH 50

enum nt_token_kind {
	NT_TOKEN_BAD, /* reported already */
	NT_TOKEN_END,
	NT_TOKEN_NAME,
	NT_TOKEN_TEXT, /* with its quotes */
	NT_TOKEN_NUMBER,
	NT_TOKEN_DURATION,
	NT_TOKEN_INSTANT, /* date, or date and time */
	NT_TOKEN_TRUE, NT_TOKEN_FALSE, NT_TOKEN_NONE,
	NT_TOKEN_OR, NT_TOKEN_AND, NT_TOKEN_NOT, NT_TOKEN_OR_ELSE,
	NT_TOKEN_EQUAL, NT_TOKEN_NOT_EQUAL, NT_TOKEN_LESS, NT_TOKEN_LESS_EQUAL, NT_TOKEN_GREATER,
	NT_TOKEN_GREATER_EQUAL,
	NT_TOKEN_IN, NT_TOKEN_CONTAINS, NT_TOKEN_STARTS_WITH, NT_TOKEN_ENDS_WITH, NT_TOKEN_MATCHES,
	NT_TOKEN_PLUS, NT_TOKEN_MINUS, NT_TOKEN_STAR, NT_TOKEN_SLASH,
	NT_TOKEN_OPEN, NT_TOKEN_CLOSE, NT_TOKEN_OPEN_LIST, NT_TOKEN_CLOSE_LIST, NT_TOKEN_COMMA, NT_TOKEN_DOT,
};

struct nt_token {
	enum nt_token_kind kind;
	size_t start, length; /* bytes of the parser's text */
};

struct nt_expr_parser {
	struct nt_scope *scope;
	struct nt_span whole;
	const char *text;    /* NUL-terminated */
	size_t length;
	const size_t *places; /* offset in the source of each byte of text, and of its end */
	struct nt_token token; /* the one at hand */
	size_t last_end;      /* where the one before it ended */
	unsigned nodes, depth;
	const struct nt_span *item_places; /* of the list read last */
	GPtrArray *windowed;  /* struct nt_expr: count and total with a duration that have no ring yet */
	struct nt_expr *poison;
};

/* expr_lex.c */
/* Maps the scalar's text onto the source. false (reported) if it is too long. */
bool nt_expr_lex_begin(struct nt_expr_parser *p, const struct nt_yaml *scalar, size_t skip);
void nt_expr_next(struct nt_expr_parser *p); /* moves to the next token */
struct nt_span nt_expr_place(const struct nt_expr_parser *p, size_t start, size_t end);
struct nt_span nt_expr_token_span(const struct nt_expr_parser *p);
char *nt_expr_token_text(const struct nt_expr_parser *p); /* in the arena; of a TEXT without its quotes */

/* expr_parse.c */
struct nt_expr *nt_expr_or(struct nt_expr_parser *p); /* the grammar's top */
struct nt_expr *nt_expr_node(struct nt_expr_parser *p, enum nt_op op, enum nt_type type, struct nt_span span);
struct nt_span nt_expr_join(struct nt_span a, struct nt_span b);

/* expr_type.c */
enum nt_type nt_expr_kind(enum nt_type declared); /* email and phone are text, a date is a time */
const char *nt_expr_kind_name(enum nt_type type); /* "a number" */
/* its text, shortened, in quotes */
const char *nt_expr_snippet(const struct nt_expr_parser *p, const struct nt_expr *e);
bool nt_expr_running(const struct nt_expr *e);    /* moves with the clock: now, since(), until() and what holds them */
struct nt_expr *nt_expr_binary(struct nt_expr_parser *p, enum nt_op op, struct nt_expr *a, struct nt_expr *b);
struct nt_expr *nt_expr_unary(struct nt_expr_parser *p, enum nt_op op, struct nt_expr *a, struct nt_span span);
/* a `in` or `not in` items; all are literals */
struct nt_expr *nt_expr_in_list(struct nt_expr_parser *p, enum nt_op op, struct nt_expr *a, struct nt_expr *list);
bool nt_expr_wanted(struct nt_expr_parser *p, const struct nt_expr *e, enum nt_type want);

/* expr_name.c */
struct nt_expr *nt_expr_named(struct nt_expr_parser *p); /* field, standing value, event.x, function call … */
/* Index of the entry called `name` in an array of structs that begin with their name; -1. */
int nt_expr_find(const void *array, unsigned n, size_t stride, const char *name);
const char *nt_expr_nearest(const void *array, unsigned n, size_t stride, const char *name); /* or NULL */
/* False if it is webhook, which is reported: no lead has an address or a consent there. */
bool nt_expr_way_to_leads(struct nt_expr_parser *p, const char *channel, struct nt_span span);
const char *nt_expr_did_you_mean(struct nt_expr_parser *p, const char *nearest); /* " (did you mean 'x'?)" or "" */
/* Likewise, of an event's properties; where none is near, " (it has x, y)". */
const char *nt_expr_property_instead(struct nt_expr_parser *p, const struct nt_event_type *type, const char *name);

/* expr_function.c */
struct nt_expr *nt_expr_call(struct nt_expr_parser *p, const char *name, struct nt_span span); /* at the '(' */
/* to windowed functions that stand in no comparison with a literal */
void nt_expr_give_rings(struct nt_expr_parser *p);
/* A comparison decided by a literal k needs the latest k + 1 only. */
void nt_expr_give_ring_for(struct nt_expr_parser *p, const struct nt_expr *function, const struct nt_expr *literal);

#endif
