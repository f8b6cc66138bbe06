/* Expressions: typed trees, made once when the rules are loaded (rule-language I.3). engine/eval.h evaluates them to a
 * value and the instant until which it holds. */
#ifndef NT_RULES_EXPR_H
#define NT_RULES_EXPR_H

#include "base/diag.h"
#include "rules/value.h"

enum nt_op {
	NT_OP_LITERAL,      /* literal */
	NT_OP_WALL_TIME,    /* literal: a time written without an offset, as if it were UTC; read in the lead's zone */
	NT_OP_LIST,         /* items[n_items]: literals of one type, right side of `in` */
	NT_OP_FIELD,        /* slot: program field */
	NT_OP_STANDING,     /* slot: enum nt_standing */
	NT_OP_CONSENT,      /* consent_CHANNEL; slot: program channel */
	NT_OP_EVENT_PROPERTY, /* name: property of the event at hand */
	NT_OP_ENTRY_PROPERTY, /* name: property of the event that began the run */
	NT_OP_ENTERED,
	NT_OP_NOW,
	NT_OP_TODAY,
	NT_OP_OR, NT_OP_AND, NT_OP_NOT,
	NT_OP_EQUAL, NT_OP_NOT_EQUAL, NT_OP_LESS, NT_OP_LESS_EQUAL, NT_OP_GREATER, NT_OP_GREATER_EQUAL,
	NT_OP_IN, NT_OP_NOT_IN, NT_OP_CONTAINS, NT_OP_STARTS_WITH, NT_OP_ENDS_WITH, NT_OP_MATCHES,
	NT_OP_IS_NONE, NT_OP_IS_NOT_NONE, /* x == none, x != none: a is the operand */
	NT_OP_ADD, NT_OP_SUBTRACT, NT_OP_MULTIPLY, NT_OP_DIVIDE, NT_OP_NEGATE,
	NT_OP_OR_ELSE,
	/* history; slot: program event. With a duration has_duration is set. */
	NT_OP_DID, NT_OP_COUNT, NT_OP_FIRST, NT_OP_LAST,
	NT_OP_TOTAL, NT_OP_LAST_VALUE,       /* slot: program property stat (struct nt_property_stat) */
	NT_OP_SINCE, NT_OP_UNTIL, NT_OP_DAY_OF, /* a: a time */
	NT_OP_RECEIVED, NT_OP_OPENED, NT_OP_CLICKED, NT_OP_REPLIED, /* name: template */
	NT_OP_MESSAGED,                      /* duration */
	NT_OP_REACHABLE,                     /* slot: program channel */
	NT_OP_IN_SEGMENT,                    /* slot: program segment */
	NT_OP_IN_CAMPAIGN, NT_OP_FINISHED, NT_OP_REACHED_GOAL, /* slot: program campaign */
	NT_OP_LOWER, NT_OP_DOMAIN, NT_OP_LENGTH, /* a */
};

/* What reads like a field but is derived. */
enum nt_standing {
	NT_STANDING_SCORE, NT_STANDING_FIT, NT_STANDING_ENGAGEMENT, NT_STANDING_LEVEL, NT_STANDING_STAGE,
	NT_STANDING_OWNER, NT_STANDING_HANDOFF, NT_STANDING_BOUNCED_HARD, NT_STANDING_COMPLAINED,
	NT_STANDING_UNSUBSCRIBED, NT_STANDING_TAGS,
};

struct nt_expr {
	enum nt_op op;
	enum nt_type type; /* of the result; text for email and phone; time for dates */
	struct nt_span span;
	const struct nt_expr *a, *b;
	struct nt_value literal;
	const struct nt_value *items;
	unsigned n_items;
	int slot;
	int ring; /* windowed count and total: program ring; else -1 */
	const char *name;
	bool has_duration;
	struct nt_duration duration;
};

/* The same comparison with its sides exchanged: < becomes >. Others are their own. */
enum nt_op nt_op_mirrored(enum nt_op op);

#endif
