/* Inside the sales subject: its table of entries, and what its three files (sales.c verbs, sales_offer.c who gets it
 * until when, sales_codec.c bytes) share. */
#ifndef NT_ENGINE_SALES_QUEUE_H
#define NT_ENGINE_SALES_QUEUE_H

#include "engine/sales.h"

struct nt_sales_turn { /* of a team: whose turn it is, by name, so that it survives a load */
	char *rep;
	unsigned used;  /* weighted: offers that this rep has had in a row */
};

struct nt_sales {
	const struct nt_program *program;
	GHashTable *entries;  /* lead -> struct nt_sales_entry */
	GHashTable *turns;    /* team -> struct nt_sales_turn */
	GHashTable *open;     /* rep -> number of offered and accepted leads */
	GHashTable *again;    /* lead -> struct nt_sales_again: sent back to be routed again, within this turn */
	GTree *timers;        /* entries with a due, by (due, lead) */
	unsigned waiting;     /* how many entries wait */
	uint64_t last_offer;
	bool freed;           /* a rep has a slot more than before this step: whoever waits is tried again */
};

struct nt_sales_again {
	GPtrArray *offered_to;
	char *team;
};

/* A step's surroundings. */
struct nt_sales_step {
	struct nt_sales *sales;
	nt_time now;
	struct nt_sales_effects *effects;
};

struct nt_sales_entry *nt_sales_entry_new(const char *lead);
void nt_sales_entry_free(void *entry);
void nt_sales_entry_take(struct nt_sales *sales, struct nt_sales_entry *entry); /* replaces an older one of its lead */
void nt_sales_entry_drop(struct nt_sales_step *step, struct nt_sales_entry *entry);
/* The one door for an entry's state and rep: keeps the open counts right, notes the change, tells the lead. */
void nt_sales_entry_move(struct nt_sales_step *step, struct nt_sales_entry *entry, enum nt_handoff state,
                         const char *rep, const char *reason);
void nt_sales_entry_touch(struct nt_sales_step *step, struct nt_sales_entry *entry);
void nt_sales_turn_set(struct nt_sales *sales, const char *team, const char *rep, unsigned used);
/* By queued, then lead. With `waiting` only those. Free the array. */
GPtrArray *nt_sales_sorted(const struct nt_sales *sales, bool waiting);

/* A waiting entry to whoever may have it; false: nobody is eligible. */
bool nt_sales_place(struct nt_sales_step *step, struct nt_sales_entry *entry);
/* not_team: the one that sent it back; it gets it only if no other is routed to. NULL: none did. */
void nt_sales_route(struct nt_sales_step *step, struct nt_sales_entry *entry, const struct nt_ready_effect *ready,
                    const char *not_team);
/* Who gets it that isn't in the queue: a rep, -1 nobody. The turn moves on. */
int nt_sales_assign(struct nt_sales_step *step, const struct nt_ready_effect *ready);
void nt_sales_expire(struct nt_sales_step *step, struct nt_sales_entry *entry);   /* a time limit has passed */
void nt_sales_reload(struct nt_sales_step *step, struct nt_sales_entry *entry);   /* the program has changed */
void nt_sales_keep_turns(struct nt_sales *sales, const struct nt_program *program); /* from the old one to this */
nt_time nt_sales_entry_due(const struct nt_sales *sales, const struct nt_sales_entry *entry, nt_time now);
/* "offer", "taken_over", "waiting", "late", "no_progress": to a rep, through every way of `tell`. */
void nt_sales_tell(struct nt_sales_step *step, const struct nt_sales_entry *entry, int rep, const char *occasion);
int nt_sales_manager(const struct nt_sales *sales, const struct nt_sales_entry *entry); /* rep, -1 none */

#endif
