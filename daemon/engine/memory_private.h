/* Shared by the files that fill the port in memory: memory.c, memory_rows.c, memory_suppression.c, and memory_outbox.c
 * (messages). Nobody else includes this. */
#ifndef NT_ENGINE_MEMORY_PRIVATE_H
#define NT_ENGINE_MEMORY_PRIVATE_H

#include "engine/memory.h"
#include "engine/store.h"

/* Everything is a cell in a table by key. A change puts the cell that it replaces into the journal: commit frees those,
 * rollback puts them back, latest first. Indexes hang on the one door through which a table changes. */
enum nt_cell_table {
	NT_CELL_LEADS, NT_CELL_INPUTS, NT_CELL_SUPPRESSIONS, NT_CELL_OUTBOX, NT_CELL_SALES, NT_CELL_SUBJECTS,
	NT_CELL_PROGRAMS, NT_CELL_META, NT_CELL_TABLES
};

struct nt_cell { /* one block */
	const char *key;            /* behind bytes; SUBJECTS: "KIND ID" */
	nt_time time;               /* LEADS: due; PROGRAMS, SUPPRESSIONS: when put */
	uint64_t order;             /* OUTBOX: order of arrival; SUPPRESSIONS: enum nt_suppression */
	struct nt_outbox_row *row;  /* OUTBOX: in bytes */
	size_t length;
	_Alignas(8) char bytes[];
};

struct nt_log_cell {
	struct nt_log_row row;
	char bytes[];
};

struct nt_cell_change {
	enum nt_cell_table table;
	const char *key;      /* in `old` or in the cell that replaced it */
	struct nt_cell *old;  /* NULL: there was none */
	struct nt_log_cell *log; /* an erased log row: then table doesn't count */
};

struct nt_memory {
	struct nt_store store;
	GHashTable *tables[NT_CELL_TABLES];
	GTree *timers;        /* LEADS with a due, by (due, id) */
	GTree *released;      /* OUTBOX in RELEASED, by (channel, not_before, order) */
	GPtrArray *log;       /* row of sequence i at i - 1; NULL erased */
	GPtrArray *sorted;    /* LEADS by id, or NULL: has to be made anew */
	GArray *journal;
	unsigned log_before;  /* its length at begin */
	uint64_t next_order;
	uint64_t batch;       /* of the last commit: what meta_get("batch") gives; 0: none */
	bool open;
	struct nt_store *below; /* knows suppressions, messages and log rows that this one doesn't; or NULL */
	int64_t log_base;       /* the log's own sequences begin beyond it */
	GHashTable *asked;      /* what it said, by key as in SUPPRESSIONS: enum nt_suppression */
};

struct nt_cell *nt_cell_new(const char *key, const void *bytes, size_t length);
struct nt_cell *nt_memory_look_up(const struct nt_memory *m, enum nt_cell_table table, const char *key);
/* Within a batch; cell NULL deletes. */
void nt_memory_change(struct nt_memory *m, enum nt_cell_table table, const char *key, struct nt_cell *cell);
GPtrArray *nt_memory_sorted(const struct nt_memory *m, enum nt_cell_table table); /* its cells, by key */
char *nt_memory_pair(const char *a, const char *b); /* as one key that can't be mistaken for another pair's; g_free */

/* memory_rows.c */
int nt_memory_sales_put(struct nt_store *store, const char *lead, const void *bytes, size_t length);
int nt_memory_sales_turns(struct nt_store *store, const void *bytes, size_t length);
int nt_memory_sales_get(struct nt_store *store, struct nt_arena *arena, const char *lead, struct nt_blob *out);
int nt_memory_sales_each(struct nt_store *store,
                         void (*each)(void *context, const char *lead, const void *bytes, size_t length),
                         void *context);
int nt_memory_subject_put(struct nt_store *store, const char *kind, const char *id, const char *lead,
                          const void *bytes, size_t length);
int nt_memory_subject_get(struct nt_store *store, struct nt_arena *arena, const char *kind, const char *id,
                          struct nt_blob *out);
int nt_memory_subject_each(struct nt_store *store, const char *kind, const char *lead,
                           void (*each)(void *context, const char *id, const char *lead, const void *bytes,
                                        size_t length),
                           void *context);
int nt_memory_program_put(struct nt_store *store, const char *hash, const void *bytes, size_t length, nt_time at);
int nt_memory_program_get(struct nt_store *store, struct nt_arena *arena, const char *hash, struct nt_blob *out,
                          nt_time *at);
int nt_memory_program_each(struct nt_store *store,
                           void (*each)(void *context, const char *hash, const void *bytes, size_t length,
                                        nt_time at),
                           void *context);

/* memory_suppression.c */
int nt_memory_suppressed(struct nt_store *store, const struct nt_address *addresses, unsigned n,
                         enum nt_suppression *out);
int nt_memory_suppress(struct nt_store *store, const struct nt_address *address, enum nt_suppression how,
                       const char *reason, nt_time at);
int nt_memory_unsuppress(struct nt_store *store, const struct nt_address *address);

/* memory_outbox.c */
int nt_memory_outbox_put(struct nt_store *store, const struct nt_message *message);
int nt_memory_outbox_claim(struct nt_store *store, struct nt_arena *arena, const char *channel, nt_time now,
                           unsigned limit, const char *owner, struct nt_outbox_row *out, unsigned *n);
int nt_memory_outbox_next(struct nt_store *store, const char *channel, nt_time *not_before);
int nt_memory_outbox_get(struct nt_store *store, struct nt_arena *arena, const char *id, struct nt_outbox_row *out);
int nt_memory_outbox_state(struct nt_store *store, const char *id, enum nt_outbox_state *state);
int nt_memory_outbox_move(struct nt_store *store, const char *id, enum nt_outbox_state from,
                          const struct nt_outbox_row *row, bool *done);
int nt_memory_outbox_list(struct nt_store *store, struct nt_arena *arena, enum nt_outbox_state state, const char *after,
                          unsigned limit, struct nt_outbox_row *out, unsigned *n);
int nt_memory_outbox_each(struct nt_store *store, enum nt_outbox_state state,
                          void (*each)(void *context, const struct nt_outbox_row *row), void *context);

#endif
