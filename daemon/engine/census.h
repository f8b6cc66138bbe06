/* How many leads stand where in a campaign, in a store that is only read: for a picture of it with live counts. */
#ifndef NT_ENGINE_CENSUS_H
#define NT_ENGINE_CENSUS_H

#include "engine/store.h"
#include "rules/graph.h"

struct nt_program;

struct nt_census {
	struct nt_store *store;
	const struct nt_program *program;
	int campaign;
	void (*progress)(void *user, uint64_t leads, uint64_t total); /* or NULL */
	void *user;
};

/* One view of the store. `here` has room for the campaign's steps. Leads that can't be read aren't counted. False and
 * *why, which lives as long as the store. */
bool nt_census_count(const struct nt_census *census, uint64_t *here, struct nt_graph_counts *counts,
                       const char **why);

#endif
