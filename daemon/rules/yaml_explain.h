/* YAML's traps, in words for people who write rules (rule-language I.1): a broken or misread line is looked at again as
 * text, and what its author most likely meant is said. */
#ifndef NT_RULES_YAML_EXPLAIN_H
#define NT_RULES_YAML_EXPLAIN_H

#include "base/diag.h"

#include <stdbool.h>
#include <stddef.h>

struct nt_arena;

/* What libyaml said about a file that it could not read; offsets are bytes. */
struct nt_yaml_problem {
	const char *problem, *context; /* libyaml's own words; context may be NULL */
	size_t at, context_at;
};

/* Adds the one error that explains the problem. */
void nt_yaml_explain(const struct nt_source *source, struct nt_arena *arena, const struct nt_yaml_problem *problem,
                     struct nt_diags *diags);
/* If the line at `at` holds `key: VALUE` with a VALUE that has to be quoted, adds that error and gives true. */
bool nt_yaml_explain_line(const struct nt_source *source, struct nt_arena *arena, size_t at, struct nt_diags *diags);

/* "put the condition in quotes: when: 'did(\"a.b\", 7 days)'"; key may be NULL. In the arena. */
const char *nt_yaml_put_in_quotes(struct nt_arena *arena, const char *key, const char *value, size_t length);
/* An open parenthesis, bracket or quote: the value was cut off. */
bool nt_yaml_is_cut_off(const char *text, size_t length);

#endif
