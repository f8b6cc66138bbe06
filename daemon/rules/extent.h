/* The values of one subject for which something holds: numbers or texts, and whether a missing value is one of them.
 * What two conditions have in common, whether one takes in the other: for whoever looks for conditions that decide
 * nothing. */
#ifndef NT_RULES_EXTENT_H
#define NT_RULES_EXTENT_H

#include <stdbool.h>
#include <stdint.h>

struct nt_arena;

struct nt_stretch { /* both ends belong to it; INT64_MIN and INT64_MAX: without end */
	int64_t low, high;
};

struct nt_extent {
	bool missing;  /* a missing value belongs to it */
	bool of_texts;
	bool all_but;  /* of_texts: all others */
	unsigned n;
	const char *const *texts;           /* of_texts */
	const struct nt_stretch *stretches; /* numbers: ascending, apart from each other */
	int64_t step;                       /* numbers: the distance of neighbours, such as 1000000 for whole ones */
};

/* Numbers from low to high, both counted in; the ends are drawn inwards to whole steps. */
struct nt_extent nt_extent_of_numbers(struct nt_arena *arena, int64_t low, int64_t high, int64_t step, bool missing);
struct nt_extent nt_extent_of_texts(struct nt_arena *arena, const char *const *texts, unsigned n, bool all_but,
                                    bool missing);
/* Both must be of the same kind and step. */
struct nt_extent nt_extent_without(struct nt_arena *arena, struct nt_extent a); /* all else, missing or not */
struct nt_extent nt_extent_both(struct nt_arena *arena, struct nt_extent a, struct nt_extent b);
struct nt_extent nt_extent_either(struct nt_arena *arena, struct nt_extent a, struct nt_extent b);
bool nt_extent_is_empty(struct nt_extent a);
bool nt_extent_has_all_values(struct nt_extent a); /* whatever is said of a missing one */
bool nt_extent_within(struct nt_arena *arena, struct nt_extent a, struct nt_extent b); /* all of a is in b */

#endif
