/* The functions of the expression language: one table drives parsing, kinds and the printed reference. */
#ifndef NT_RULES_EXPR_FUNCTION_H
#define NT_RULES_EXPR_FUNCTION_H

#include "rules/expr.h"

enum nt_expr_argument {
	NT_ARGUMENT_NOTHING,
	NT_ARGUMENT_EVENT,    /* names stand in quotes and must be known when the rules are loaded */
	NT_ARGUMENT_PROPERTY, /* of the event before it */
	NT_ARGUMENT_NUMERIC,  /* likewise, a number */
	NT_ARGUMENT_TEMPLATE,
	NT_ARGUMENT_CHANNEL,
	NT_ARGUMENT_SEGMENT,
	NT_ARGUMENT_CAMPAIGN,
	NT_ARGUMENT_DURATION, /* written out, since state is kept for it */
	NT_ARGUMENT_TIME,     /* from here on any expression */
	NT_ARGUMENT_TEXT,
	NT_ARGUMENT_TEXT_OR_LIST,
};

struct nt_expr_function {
	const char *name;
	enum nt_op op;
	enum nt_type type;      /* of the result; NONE: the property's */
	enum nt_expr_argument arguments[3];
	unsigned required;      /* arguments beyond it may be left out */
	const char *signature;  /* "did(event) or did(event, duration)" */
	const char *gives;
};

const struct nt_expr_function *nt_expr_functions(unsigned *n);

/* May no field be called so? Words of the language and what reads like a field. */
bool nt_expr_reserved(const char *name);

#endif
