/* Splits whose shares follow results (`best_by`): a subject of its own, like the sales queue. It counts, per split, how
 * many leads each arm got and how many of them it won, and from time to time decides on shares anew. The draw itself is
 * a lead's step, which is handed the shares in force; leads keep the arm that they drew.
 *
 * A split is known by campaign and step and by the mark of its arms (struct nt_step): edited arms begin at nothing.
 * What arms hold out keeps its share. Pure; owned by one engine. */
#ifndef NT_ENGINE_BEST_H
#define NT_ENGINE_BEST_H

#include "base/time.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

struct nt_best;
struct nt_program;
struct nt_step;
struct nt_trial;

#define NT_BEST_TRIALS 50 /* that each arm must have had before shares are decided on */

struct nt_best_arm {
	uint64_t trials, wins;
	uint32_t share; /* in force, millionths */
	bool hold_out;
};

struct nt_best_split {
	const char *campaign, *step, *by; /* its own; by: "clicked" */
	uint32_t mark;
	unsigned n;
	struct nt_best_arm *arms; /* [n] */
	uint32_t *upto;           /* [n]: in force, as struct nt_arm has them */
	nt_time due;              /* when to decide next: there are new results; NT_NEVER: there are none */
	nt_time since;            /* of the shares in force; NT_NO_TIME: as the rules say */
	int64_t log_head;         /* the log's row of that, 0 none */
};

/* The program's splits, with what `kept` (nt_best_text(), or NULL) says of them: also under names that they had before.
 * NULL if `kept` is damaged. */
struct nt_best *nt_best_new(const struct nt_program *program, const char *kept);
void nt_best_free(struct nt_best *best);
void nt_best_text(const struct nt_best *best, GString *out); /* appended */

unsigned nt_best_splits(const struct nt_best *best);
struct nt_best_split *nt_best_split(const struct nt_best *best, unsigned i); /* in the program's order */
/* Cumulative shares in force, of a program's step; NULL: as its rules say. `best` may be NULL. */
const uint32_t *nt_best_shares(const struct nt_best *best, const char *campaign, const struct nt_step *step);

/* A lead has drawn an arm, or been won by it. False: of no split, or of arms as they were before. */
bool nt_best_count(struct nt_best *best, const char *campaign, const char *step, const struct nt_trial *trial,
                   nt_time now);
nt_time nt_best_due(const struct nt_best *best); /* NT_NEVER: nothing to decide */
/* Shares of a split that is due by now; true if they are other ones. */
bool nt_best_decide(struct nt_best *best, struct nt_best_split *split, nt_time now);

/* "62% 38%; clicked 30 of 200, 12 of 190" */
void nt_best_describe(const struct nt_best_split *split, GString *out);
/* [{"campaign":…,"step":…,"by":…,"since":…,"arms":[{"share":62,"leads":200,"won":30}…]}…] */
void nt_best_json(const struct nt_best *best, GString *out);

#endif
