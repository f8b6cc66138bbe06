/* The inside of Liquid's brackets: expressions, conditions, filter chains. Part of the parser (parse.c), with it only.
 * */
#ifndef NT_TEMPLATE_EXPR_H
#define NT_TEMPLATE_EXPR_H

#include "template/lex.h"
#include "template/parse.h"

struct nt_liquid_parser {
	struct nt_arena *arena;
	const struct nt_source *source;
	struct nt_diags *diags;
	const struct nt_chunk *chunk; /* the next one */
	struct nt_lex lex;            /* over the inside of the current one */
	unsigned depth, nodes;
	int errors;                   /* that were there before */
	bool stopped;                 /* a limit was hit: no more messages */
	bool lost; /* a tag was unknown or out of place: what fits badly after it is no mistake of its own */
	GPtrArray *guards;            /* char *: paths that an enclosing `if` asks for */
	GHashTable *locals;           /* names that the program itself gives a value */
	GHashTable *uses;             /* path → struct nt_liquid_use */
	struct nt_liquid_use *first_use, **last_use;
};

/* What a missing variable does where it is used. */
enum nt_liquid_need { NT_LIQUID_NEEDED, NT_LIQUID_OPTIONAL };

/* Each reports what is wrong and gives NULL (false), leaving the rest of the line unread. */
const struct nt_liquid_expr *nt_liquid_parse_expr(struct nt_liquid_parser *p, enum nt_liquid_need need);
const struct nt_liquid_expr *nt_liquid_parse_condition(struct nt_liquid_parser *p);
bool nt_liquid_parse_output(struct nt_liquid_parser *p, struct nt_liquid_output *out);
/* Reports if something is left in the line. */
bool nt_liquid_parse_end(struct nt_liquid_parser *p);
/* "expected a name after 'assign'" at the next lexeme. */
void nt_liquid_expected(struct nt_liquid_parser *p, const char *what);
bool nt_liquid_accept(struct nt_liquid_parser *p, enum nt_lexeme_kind kind);
char *nt_liquid_lexeme_text(const struct nt_liquid_parser *p, struct nt_lexeme lexeme); /* in the arena */

/* Every path that a condition mentions is guarded until `nt_liquid_unguard` with what this gave. */
unsigned nt_liquid_guard(struct nt_liquid_parser *p, const struct nt_liquid_expr *condition);
void nt_liquid_unguard(struct nt_liquid_parser *p, unsigned mark);

#endif
