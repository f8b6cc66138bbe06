#include "engine/census.h"

#include "base/arena.h"
#include "engine/codec.h"
#include "engine/state.h"

#include <string.h>

#define LEADS_AT_ONCE 1000u

static void count_lead(const struct nt_lead *lead, int campaign, uint64_t *here, struct nt_graph_counts *counts)
{
	const struct nt_campaign_state *past = nt_lead_campaign(lead, lead->program->campaigns[campaign].name);
	bool inside = false;

	for (const struct nt_run *run = lead->runs; run != NULL; run = run->next) {
		if (run->campaign != campaign)
			continue;
		inside = true;
		if (run->step >= 0)
			here[run->step]++;
	}
	counts->inside += inside;
	if (past == NULL)
		return;
	counts->entered++;
	counts->finished += past->finished != NT_NO_TIME;
	counts->goals += past->reached_goal != NT_NO_TIME;
}

static int count_page(const struct nt_census *census, struct nt_arena *arena, const char *const *ids, unsigned n,
                      uint64_t *here, struct nt_graph_counts *counts)
{
	struct nt_blob *blobs = nt_arena_array(arena, struct nt_blob, n);
	int code = census->store->ops->load(census->store, arena, ids, n, blobs);

	for (unsigned i = 0; code == NT_STORE_OK && i < n; i++) {
		const struct nt_lead *lead;
		const char *damage;

		if (blobs[i].bytes == NULL)
			continue;
		lead = nt_lead_decode(arena, census->program, ids[i], blobs[i].bytes, blobs[i].length, &damage);
		if (lead != NULL)
			count_lead(lead, census->campaign, here, counts);
	}
	return code;
}

static int count_all(const struct nt_census *census, uint64_t *here, struct nt_graph_counts *counts)
{
	struct nt_store *store = census->store;
	struct nt_arena *arena = nt_arena_new();
	char *after = g_strdup("");
	const char *ids[LEADS_AT_ONCE];
	uint64_t total = 0, done = 0;
	unsigned n;
	int code = census->progress != NULL ? store->ops->count_leads(store, &total) : NT_STORE_OK;

	do {
		nt_arena_reset(arena);
		n = 0;
		if (code == NT_STORE_OK)
			code = store->ops->scan(store, arena, after, LEADS_AT_ONCE, ids, &n);
		if (code == NT_STORE_OK && n > 0) {
			code = count_page(census, arena, ids, n, here, counts);
			g_free(after);
			after = g_strdup(ids[n - 1]);
		}
		done += n;
		if (census->progress != NULL)
			census->progress(census->user, done, total);
	} while (n == LEADS_AT_ONCE);
	g_free(after);
	nt_arena_free(arena);
	return code;
}

bool nt_census_count(const struct nt_census *census, uint64_t *here, struct nt_graph_counts *counts,
                       const char **why)
{
	struct nt_store *store = census->store;
	int code = store->ops->begin(store);

	memset(here, 0, census->program->campaigns[census->campaign].n_steps * sizeof *here);
	*counts = (struct nt_graph_counts){ .here = here };
	if (code == NT_STORE_OK)
		code = count_all(census, here, counts);
	if (code != NT_STORE_OK)
		*why = store->ops->error(store);
	store->ops->rollback(store);
	return code == NT_STORE_OK;
}
