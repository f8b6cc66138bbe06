/* Leads and events through a rule set in virtual time: a timeline per lead, and what it adds up to (tally.h). */
#ifndef NT_ENGINE_SIMULATE_H
#define NT_ENGINE_SIMULATE_H

#include "base/time.h"

#include <glib.h>
#include <stdbool.h>

struct nt_csv_row;
struct nt_diags;
struct nt_program;
struct nt_source;
struct nt_store;

struct nt_simulation {
	struct nt_program *program;
	const struct nt_source *leads;   /* CSV: a header of field names, `id` among them; may be NULL */
	const struct nt_source *events;  /* NDJSON: {id?,lead,event,at,properties?}; may be NULL */
	nt_time start, until;            /* start NT_NO_TIME: the earliest event, or the store's last instant */
	/* A store to begin with, of which a copy is made; it is only read. NULL: nobody is there yet. */
	struct nt_store *live;
	const struct nt_program *base;   /* the rules that it runs; NULL: these */
	struct nt_program *(*older_program)(void *user, const char *hash); /* as in struct nt_engine_options */
	void *older_user;
	bool json;                       /* NDJSON instead of text */
	bool summary;                    /* no timelines: what it adds up to alone */
	unsigned leads_a_shard;          /* see engine/simulate_divide.c; 0: the default */
	/* Does work(context, i) for every i below n, in any order, and side by side if it likes; NULL: one after the
	 * other. `what` is done, for people. */
	void (*spread)(void *user, const char *what, unsigned n, void (*work)(void *context, unsigned i),
	               void *context);
	/* Of the copy (in leads), then of the run (in rows) where leads meet each other, so that it can't be spread. */
	void (*progress)(void *user, nt_time now, uint64_t done, uint64_t total);
	void *user;
};
/* Bad rows are reported to diags and left out. false if nothing could be run. The output is the same for the same
 * input, byte for byte. */
bool nt_simulate(const struct nt_simulation *simulation, struct nt_diags *diags, GString *out);

#endif
