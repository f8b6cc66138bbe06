/* Which steps and ways of its campaigns a rule set's tests reach. A way is anything at which a run may go one way or
 * another: in, to a goal, out, `then` or `else`, an arm, an item of a choose or first_of, a point of a schedule, past
 * a step whose own condition says so. */
#ifndef NT_ENGINE_COVERAGE_H
#define NT_ENGINE_COVERAGE_H

#include "base/diag.h"
#include "engine/trace.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

struct nt_json_writer;
struct nt_program;

struct nt_coverage_item {
	int64_t key;          /* made of the next four */
	int campaign;
	enum nt_reached what;
	int step;             /* slot; -1: none */
	unsigned n;
	struct nt_span span;
	bool reached;
};

struct nt_coverage {
	const struct nt_program *program; /* borrowed: of it and of nt_program_only() of it */
	GArray *items;                    /* struct nt_coverage_item, campaign by campaign in file order */
	GHashTable *index;                /* key -> slot + 1 */
	struct nt_trace trace;            /* for those who run its tests */
};

struct nt_coverage *nt_coverage_new(const struct nt_program *program);
void nt_coverage_free(struct nt_coverage *coverage);

struct nt_coverage_sum {
	unsigned steps, steps_reached, ways, ways_reached;
};
struct nt_coverage_sum nt_coverage_sum(const struct nt_coverage *coverage, int campaign); /* -1: all */
/* Of steps and ways together, rounded down; 100 if there are none. */
unsigned nt_coverage_percent(const struct nt_coverage_sum *sum);
/* "no test comes to this step", for people. */
const char *nt_coverage_says(const struct nt_coverage *coverage, const struct nt_coverage_item *item);

/* A line a campaign, then one for each item that no test reaches: FILE:LINE: what, and that line of the file. */
void nt_coverage_print(const struct nt_coverage *coverage, GString *out);
void nt_coverage_put_json(const struct nt_coverage *coverage, struct nt_json_writer *w); /* an object's members */

#endif
