/* A campaign as a picture, in the words of Graphviz (dot): ways in, steps, branches, waits, ways out. Pure; who has
 * `dot` makes a drawing of it. Whatever names hold is escaped. */
#ifndef NT_RULES_GRAPH_H
#define NT_RULES_GRAPH_H

#include "rules/program.h"

#include <glib.h>

/* How many leads: of a live store. */
struct nt_graph_counts {
	const uint64_t *here; /* [n_steps]: standing there; NULL: not told */
	uint64_t inside, entered, finished, goals; /* leads that are in it, ever were, last came to its end, its goal */
};

/* How a plan marks the steps of a campaign; [n_steps]. */
enum nt_graph_mark { NT_GRAPH_PLAIN, NT_GRAPH_ADDED, NT_GRAPH_CHANGED, NT_GRAPH_MOVED };
struct nt_graph_step {
	enum nt_graph_mark mark;
	const char *note; /* what has changed; or NULL */
};

/* A step that is no longer there, and where its leads go: step of the campaign, -1: they leave. */
struct nt_graph_gone {
	const char *words;
	const struct nt_graph_move *moves;
	unsigned n_moves;
};
struct nt_graph_move {
	int to;
	uint64_t leads;
};

struct nt_graph {
	const struct nt_program *program;
	int campaign;
	const struct nt_graph_counts *counts; /* or NULL */
	bool after; /* the counts are a plan's: only how many will be at each step */
	const struct nt_graph_step *steps;    /* or NULL */
	const struct nt_graph_gone *gone;
	unsigned n_gone;
};

/* One picture of one campaign, or of several between begin and end. */
void nt_graph_begin(GString *out);
void nt_graph_campaign(const struct nt_graph *graph, GString *out);
/* A campaign of which there is no more to show than its name and a few lines. */
void nt_graph_box(const char *title, const char *lines, bool gone, GString *out);
void nt_graph_end(GString *out);

#endif
