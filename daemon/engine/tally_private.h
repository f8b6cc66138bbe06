/* Shared by tally.c, which counts, and tally_print.c, which tells. */
#ifndef NT_ENGINE_TALLY_PRIVATE_H
#define NT_ENGINE_TALLY_PRIVATE_H

#include "engine/tally.h"

/* Counts are uint64_t in the tally's arena, found by name or by a number. */

struct nt_tally_load { /* when */
	GHashTable *hours;   /* whole hours since the epoch (int64_t) -> count */
	GHashTable *days;    /* local days since the epoch (int64_t) -> count */
	uint64_t of_day[24]; /* by the hour of the clock */
	uint64_t n;
};

struct nt_tally_line { /* of a step */
	GHashTable *sent;     /* "email welcome" -> count */
	GHashTable *told;     /* likewise, to our own people */
	uint64_t opened;      /* tasks */
	GHashTable *skipped;  /* why -> count */
	GHashTable *given_up; /* likewise */
};

struct nt_tally_campaign {
	uint64_t inside, entered, goals;
	GHashTable *left;        /* how -> count */
	GHashTable *not_entered; /* why -> count */
	GHashTable *hand_offs;   /* reason -> count */
	GHashTable *steps;       /* identity -> struct nt_tally_line */
	GHashTable *announced;   /* "email briefing" -> count */
};

struct nt_tally_rep {
	const struct nt_zone *zone;
	struct nt_tally_load offered, messages;
	GHashTable *answers; /* "accepted", "won" … -> count */
};

struct nt_tally_tasks {
	GHashTable *opened; /* template -> count */
	uint64_t before, done, open, overdue; /* the last two: in the end, and overdue ones are open */
};

struct nt_tally {
	const struct nt_program *program;
	const struct nt_zone *zone;
	struct nt_arena *arena;
	GString *scratch;
	GHashTable *campaigns; /* name -> struct nt_tally_campaign */
	GHashTable *reps;      /* name -> struct nt_tally_rep */
	GHashTable *messages;  /* "email welcome" -> count */
	GHashTable *ready;     /* reason -> count */
	struct nt_tally_load load; /* of messages to leads */
	struct nt_tally_tasks tasks;
	GHashTable *announced; /* "email briefing" -> count */
	GPtrArray *tables;     /* all of them, to be freed */
};

#endif
