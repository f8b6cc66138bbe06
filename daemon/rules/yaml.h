/* A located YAML tree on libyaml's events: every node knows its place, its text as written and whether it was quoted.
 * Scalars are text; kinds are decided by whoever reads them. Anchors, aliases and merge keys are resolved within limits
 * on size and depth (YAML 1.1 <<); tags are refused; duplicate keys are errors. */
#ifndef NT_RULES_YAML_H
#define NT_RULES_YAML_H

#include "base/diag.h"

#include <stdbool.h>
#include <stddef.h>

struct nt_arena;

enum nt_yaml_type { NT_YAML_SCALAR, NT_YAML_SEQUENCE, NT_YAML_MAPPING };

struct nt_yaml {
	enum nt_yaml_type type;
	struct nt_span span;
	const char *text;  /* SCALAR: value, NUL-terminated */
	size_t length;
	bool quoted;
	const struct nt_yaml *key;   /* within a mapping: the key's node */
	const struct nt_yaml *first, *next;
	unsigned n;
};

#define NT_YAML_DEPTH 32
#define NT_YAML_NODES 200000

/* The documents of one file, chained by `next`; NULL if empty or broken (reported). */
const struct nt_yaml *nt_yaml_parse(struct nt_arena *arena, const struct nt_source *source, struct nt_diags *diags);
const struct nt_yaml *nt_yaml_get(const struct nt_yaml *mapping, const char *key); /* NULL if absent */

#endif
