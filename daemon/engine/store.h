/* The store's port: what the engine needs kept. Filled by engine/memory.h (simulate, test) and store/sqlite.h (the
 * daemon); PostgreSQL comes later, so nothing here assumes one process or one shard.
 *
 * One thread owns a struct nt_store. Results live in the arena handed in. Everything read inside begin…commit sees
 * what this batch has put. Errors: a negative code (NT_STORE_*) and a message for people from nt_store_error(). */
#ifndef NT_ENGINE_STORE_H
#define NT_ENGINE_STORE_H

#include "base/time.h"
#include "engine/step.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

struct nt_arena;
struct nt_store;

enum nt_store_code {
	NT_STORE_OK = 0,
	NT_STORE_ERROR = -1,   /* nothing of the batch was kept */
	NT_STORE_FULL = -2,    /* no space: likewise; try again when there is */
	NT_STORE_FENCED = -3,  /* another owner has taken over: stop */
	NT_STORE_UNKNOWN = -4, /* lost the connection during commit: look up the batch number */
};

struct nt_blob {
	const void *bytes; /* NULL: not there */
	size_t length;
};

struct nt_address {
	const char *channel, *address; /* normalised */
};

/* After a hard bounce nothing more is sent there, not even what service needs. */
enum nt_suppression { NT_SUPPRESSION_NONE, NT_SUPPRESSION_SOFT, NT_SUPPRESSION_HARD };

struct nt_due {
	const char *lead;
	nt_time due;
};

/* A row of the log: append-only; rows of one lead are chained by `previous` so that a timeline needs no index. */
struct nt_log_row {
	int64_t sequence;   /* given by log_append */
	int64_t previous;   /* the lead's log_head before; 0 none */
	const char *lead;
	nt_time at;
	const char *program_hash;
	const char *body;   /* JSON: {"input":{…},"effects":[…]} */
};

enum nt_outbox_state { NT_OUTBOX_RELEASED, NT_OUTBOX_HANDED, NT_OUTBOX_ACCEPTED, NT_OUTBOX_REFUSED,
                       NT_OUTBOX_CANCELLED, NT_OUTBOX_IN_DOUBT, NT_OUTBOX_ABSENT };
const char *nt_outbox_state_name(enum nt_outbox_state state); /* "in doubt" */

struct nt_outbox_row {
	struct nt_message message;
	enum nt_outbox_state state;
	nt_time not_before;    /* RELEASED: next try */
	unsigned attempts;     /* tries that ended */
	const char *owner;     /* HANDED: "instance/boot", whose slot file knows more; else NULL */
	int slot;              /* HANDED: worker slot, -1 */
	nt_time changed;
	const char *remote_id; /* the gateway's, or NULL */
	const char *detail;    /* last answer, or why */
};

/* Deep copies: into an arena; into one block of nt_outbox_row_size() bytes. */
struct nt_outbox_row nt_outbox_row_copy(struct nt_arena *arena, const struct nt_outbox_row *row);
size_t nt_outbox_row_size(const struct nt_outbox_row *row);
struct nt_outbox_row *nt_outbox_row_pack(const struct nt_outbox_row *row, void *memory);

struct nt_store_counts {
	uint64_t leads, inputs, log_rows, suppressions, timers, outbox[NT_OUTBOX_ABSENT], queue;
};

/* Kinds of rows that subjects of their own keep. */
#define NT_SUBJECT_TASK "task"
#define NT_SUBJECT_ANNOUNCED "announced"
extern const char *const nt_subject_kinds[]; /* NULL-terminated */

struct nt_store_ops {
	const char *name;
	void (*free)(struct nt_store *store);
	const char *(*error)(struct nt_store *store);

	/* Every write stands between begin and commit; reads may stand outside. commit also sets the meta key "batch"
	 * to the batch's number in decimal. After a failed write or commit only rollback may follow. */
	int (*begin)(struct nt_store *store);
	int (*commit)(struct nt_store *store, uint64_t batch); /* durable when it returns OK */
	void (*rollback)(struct nt_store *store);

	/* leads, by shard (hash of the id); blobs[i] for ids[i] */
	int (*load)(struct nt_store *store, struct nt_arena *arena, const char *const *ids, unsigned n,
	            struct nt_blob *blobs);
	int (*save)(struct nt_store *store, const char *id, const void *bytes, size_t length, nt_time old_due,
	            nt_time due);
	/* Another timer for a lead that is there; its bytes stay. NULL: this store can't, save() does it. */
	int (*set_due)(struct nt_store *store, const char *id, nt_time old_due, nt_time due);
	/* Lead, timer, outbox rows (whatever their state), and the log from log_head back along its chain. The ids of
	 * its inputs are kept, so that a repeated event doesn't bring the lead back. Unknown: nothing. */
	int (*erase)(struct nt_store *store, const char *id, nt_time old_due, int64_t log_head);
	/* Each lead once, in the store's own order, after the one named ("": from the first). */
	int (*scan)(struct nt_store *store, struct nt_arena *arena, const char *after, unsigned limit,
	            const char **ids, unsigned *n);
	int (*count_leads)(struct nt_store *store, uint64_t *n); /* about; for telling of progress */
	/* timers with due <= until, earliest first, then by id. A lead saved with due NT_NEVER has none. */
	int (*due)(struct nt_store *store, struct nt_arena *arena, nt_time until, unsigned limit, struct nt_due *out,
	           unsigned *n);
	int (*next_due)(struct nt_store *store, nt_time *due); /* NT_NEVER if none */

	/* inputs: duplicates by (source, id). put gives false in *fresh if it was there. */
	int (*put_input)(struct nt_store *store, const char *source, const char *id, const char *lead, bool *fresh);

	int (*suppressed)(struct nt_store *store, const struct nt_address *addresses, unsigned n,
	                  enum nt_suppression *out);
	/* The first reason is kept; but a hard one takes the place of a soft one. */
	int (*suppress)(struct nt_store *store, const struct nt_address *address, enum nt_suppression how,
	                const char *reason, nt_time at);
	int (*unsuppress)(struct nt_store *store, const struct nt_address *address);

	int (*log_append)(struct nt_store *store, struct nt_log_row *row); /* sets row->sequence */
	/* row->lead NULL: not there. */
	int (*log_read)(struct nt_store *store, struct nt_arena *arena, int64_t sequence, struct nt_log_row *row);
	/* Of the oldest `limit` rows those from before that instant go; *n says how many. The newest row of all stays,
	 * so that no sequence is given twice. A chain ends where its row is gone. */
	int (*log_prune)(struct nt_store *store, nt_time before, unsigned limit, unsigned *n);

	int (*outbox_put)(struct nt_store *store, const struct nt_message *message); /* the same id again: nothing */
	/* RELEASED rows of a channel with not_before <= now, by not_before, then in the order in which they were put:
	 * become HANDED to owner (slot -1, changed now). A row is put with not_before and changed at its release. */
	int (*outbox_claim)(struct nt_store *store, struct nt_arena *arena, const char *channel, nt_time now,
	                    unsigned limit, const char *owner, struct nt_outbox_row *out, unsigned *n);
	int (*outbox_next)(struct nt_store *store, const char *channel, nt_time *not_before); /* NT_NEVER if none */
	/* State ABSENT: there is none. */
	int (*outbox_get)(struct nt_store *store, struct nt_arena *arena, const char *id, struct nt_outbox_row *out);
	/* Of that, only this: for a lead's messages under way, asked for whenever the lead is loaded. */
	int (*outbox_state)(struct nt_store *store, const char *id, enum nt_outbox_state *state);
	/* Compare and set: only if the row is in `from`; *done says so. State, not_before, attempts, owner, slot,
	 * changed, remote_id and detail are taken from row; the message stays. */
	int (*outbox_move)(struct nt_store *store, const char *id, enum nt_outbox_state from,
	                   const struct nt_outbox_row *row, bool *done);
	/* By id, > after. */
	int (*outbox_list)(struct nt_store *store, struct nt_arena *arena, enum nt_outbox_state state,
	                   const char *after, unsigned limit, struct nt_outbox_row *out, unsigned *n);
	/* What is under way (RELEASED, HANDED or IN_DOUBT), in no order; the row is borrowed. */
	int (*outbox_each)(struct nt_store *store, enum nt_outbox_state state,
	                   void (*each)(void *context, const struct nt_outbox_row *row), void *context);

	/* bytes NULL deletes. */
	int (*sales_put)(struct nt_store *store, const char *lead, const void *bytes, size_t length);
	int (*sales_turns)(struct nt_store *store, const void *bytes, size_t length);
	int (*sales_get)(struct nt_store *store, struct nt_arena *arena, const char *lead,
	                 struct nt_blob *out); /* bytes NULL: there is none */
	/* By lead; "" for the turns, if any were put. */
	int (*sales_each)(struct nt_store *store,
	                  void (*each)(void *context, const char *lead, const void *bytes, size_t length),
	                  void *context);

	/* Other subjects' rows, by their kind and id. lead: the one that the row is about, or NULL; it stays the same.
	 * bytes NULL deletes. */
	int (*subject_put)(struct nt_store *store, const char *kind, const char *id, const char *lead,
	                   const void *bytes, size_t length);
	int (*subject_get)(struct nt_store *store, struct nt_arena *arena, const char *kind, const char *id,
	                   struct nt_blob *out); /* bytes NULL: there is none */
	/* Of one kind, by id; lead NULL: all; else those about this lead, which costs what they are. */
	int (*subject_each)(struct nt_store *store, const char *kind, const char *lead,
	                    void (*each)(void *context, const char *id, const char *lead, const void *bytes,
	                                 size_t length),
	                    void *context);

	/* rule sets by hash: an archive of their sources (rules/archive.h) */
	int (*program_put)(struct nt_store *store, const char *hash, const void *bytes, size_t length, nt_time at);
	int (*program_get)(struct nt_store *store, struct nt_arena *arena, const char *hash, struct nt_blob *out,
	                   nt_time *at);
	/* Those whose archive is kept. */
	int (*program_each)(struct nt_store *store,
	                    void (*each)(void *context, const char *hash, const void *bytes, size_t length, nt_time at),
	                    void *context);

	/* *value NULL: not set. */
	int (*meta_get)(struct nt_store *store, struct nt_arena *arena, const char *key, const char **value);
	int (*meta_put)(struct nt_store *store, const char *key, const char *value); /* NULL deletes */
	/* By key; not what the store keeps there for itself. */
	int (*meta_each)(struct nt_store *store, void (*each)(void *context, const char *key, const char *value),
	                 void *context);
	int (*counts)(struct nt_store *store, struct nt_store_counts *out);
};

/* Implementations embed this as their first member. */
struct nt_store {
	const struct nt_store_ops *ops;
};

#endif
