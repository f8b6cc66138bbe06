/* Front matter: `key: value` lines between two lines "---" at a file's beginning. */
#ifndef NT_TEMPLATE_FRONT_H
#define NT_TEMPLATE_FRONT_H

#include "base/diag.h"

#include <stdbool.h>
#include <stddef.h>

struct nt_arena;

struct nt_front {
	const char *key;
	size_t key_start;
	size_t start, length; /* of the value in the source, without quotes around it */
	struct nt_front *next;
};

/* The list in order of writing (NULL if there is no front matter, or nothing in it), and where the body begins. A value
 * is the rest of its line; quotes around all of it are taken off. Lines that begin with '#' and empty ones are passed
 * over. Reports lines that are neither, keys given twice, a missing closing line, more than 200 lines. */
struct nt_front *nt_front_parse(struct nt_arena *arena, const struct nt_source *source, struct nt_diags *diags,
                                size_t *body);

#endif
