/* What one store holds, into another: the live store, opened read-only, into its twin in memory, on which plan and
 * simulate try things out. Nothing is written to where it comes from.
 *
 *     copy.from = live; copy.to = nt_memory_store_over(live); copy.program = the rules that live runs;
 *     copy.due_before = NT_NO_TIME;
 *     if (!nt_copy_all(&copy, &why)) …
 *     driver = nt_driver_new_over(copy.to, program, &options, &why);
 *     nt_driver_begin(driver, NT_TIME_MIN);
 *
 * Copied: leads with their timers, the sales queue and its turns, tasks, messages under way, programs, and what the
 * engine keeps of itself (the last instant, loads, …). Not copied: the ids of inputs, and messages whose end is known.
 * Suppressions, those and the log stay where they are: the twin asks (engine/memory.h). */
#ifndef NT_ENGINE_COPY_H
#define NT_ENGINE_COPY_H

#include "engine/store.h"

struct nt_program;

struct nt_copy {
	struct nt_store *from; /* for one view of it all, between its begin and rollback (nt_copy_all sees to that) */
	struct nt_store *to;   /* empty */
	const struct nt_program *program; /* to read leads by; which one wrote them doesn't matter */
	/* After every thousand leads or so; may be NULL. */
	void (*progress)(void *user, uint64_t leads, uint64_t total);
	void *user;
	/* Leads with nothing to do before this are left out; NT_NO_TIME: none is. */
	nt_time due_before;
	uint64_t leads, messages; /* copied so far */
	uint64_t damaged;         /* leads that can't be read: left out */
};

/* All of it. On failure false and *why, which lives as long as the stores. */
bool nt_copy_all(struct nt_copy *copy, const char **why);

/* In parts, for who can't hold all leads at once. Within a view of `from` by the caller. */
bool nt_copy_meta(struct nt_copy *copy, const char **why);  /* what the engine keeps of itself */
bool nt_copy_frame(struct nt_copy *copy, const char **why); /* that, programs, the sales queue and tasks */
/* These, and of their messages those that are under way. */
bool nt_copy_leads(struct nt_copy *copy, const char *const *ids, unsigned n, const char **why);

#endif
