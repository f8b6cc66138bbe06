#include "rules/index.h"

#include "base/arena.h"

#include <stdint.h>
#include <string.h>

struct nt_index { /* open addressing, at most half full */
	const char *items;
	size_t size, offset;
	unsigned mask;
	int slots[];
};

static unsigned hash(const char *name)
{
	uint32_t h = 2166136261u; /* FNV-1a */

	for (; *name != '\0'; name++)
		h = (h ^ (unsigned char)*name) * 16777619u;
	return h ^ h >> 15;
}

static const char *name_of(const struct nt_index *index, int slot)
{
	return *(const char *const *)(const void *)(index->items + (size_t)slot * index->size + index->offset);
}

struct nt_index *nt_index_new(struct nt_arena *arena, const void *items, unsigned n, size_t size, size_t offset)
{
	struct nt_index *index;
	unsigned room = 8;

	while (room < n * 2)
		room *= 2;
	index = nt_arena_alloc(arena, sizeof *index + room * sizeof(int));
	index->items = items;
	index->size = size;
	index->offset = offset;
	index->mask = room - 1;
	for (unsigned i = 0; i < room; i++)
		index->slots[i] = -1;
	for (unsigned i = 0; i < n; i++) {
		unsigned at = hash(name_of(index, (int)i)) & index->mask;

		while (index->slots[at] >= 0 && strcmp(name_of(index, index->slots[at]), name_of(index, (int)i)) != 0)
			at = (at + 1) & index->mask;
		if (index->slots[at] < 0)
			index->slots[at] = (int)i;
	}
	return index;
}

int nt_index_find(const struct nt_index *index, const char *name)
{
	if (index == NULL)
		return -1;
	for (unsigned at = hash(name) & index->mask; index->slots[at] >= 0; at = (at + 1) & index->mask)
		if (strcmp(name_of(index, index->slots[at]), name) == 0)
			return index->slots[at];
	return -1;
}
