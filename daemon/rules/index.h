/* Names to slots in O(1): built once, immutable, in an arena. */
#ifndef NT_RULES_INDEX_H
#define NT_RULES_INDEX_H

#include <stddef.h>

struct nt_arena;
struct nt_index;

/* items is an array of n rows of `size` bytes, each with its name (const char *) at `offset`; must outlive the
 * index. */
struct nt_index *nt_index_new(struct nt_arena *arena, const void *items, unsigned n, size_t size, size_t offset);
/* -1 if absent; index may be NULL. Of equals: the first */
int nt_index_find(const struct nt_index *index, const char *name);

#endif
