/* Shared by the files that fill the port on SQLite: sqlite.c (opening, transactions, leads,
 * timers), sqlite_records.c (what isn't a lead) and sqlite_outbox.c (messages). */
#ifndef NT_STORE_SQLITE_PRIVATE_H
#define NT_STORE_SQLITE_PRIVATE_H

#include "engine/store.h"

#include <sqlite3.h>

enum nt_statement {
	NT_SQL_BEGIN, NT_SQL_COMMIT, NT_SQL_ROLLBACK,
	NT_SQL_LEAD_GET, NT_SQL_LEAD_PUT, NT_SQL_LEAD_BURY, NT_SQL_LEAD_DELETE, NT_SQL_LEAD_SCAN,
	NT_SQL_LEAD_COUNT,
	NT_SQL_TIMER_PUT, NT_SQL_TIMER_DELETE, NT_SQL_TIMER_DUE, NT_SQL_TIMER_NEXT,
	NT_SQL_INPUT_PUT,
	NT_SQL_SUPPRESSED, NT_SQL_SUPPRESS, NT_SQL_UNSUPPRESS,
	NT_SQL_LOG_PUT, NT_SQL_LOG_GET, NT_SQL_LOG_LAST, NT_SQL_LOG_ERASE, NT_SQL_LOG_PRUNE,
	NT_SQL_OUTBOX_PUT, NT_SQL_OUTBOX_CLAIM, NT_SQL_OUTBOX_HAND, NT_SQL_OUTBOX_NEXT, NT_SQL_OUTBOX_GET,
	NT_SQL_OUTBOX_STATE,
	NT_SQL_OUTBOX_MOVE, NT_SQL_OUTBOX_LIST, NT_SQL_OUTBOX_LIST_HELD, NT_SQL_OUTBOX_WAITING,
	NT_SQL_OUTBOX_ERASE,
	NT_SQL_SALES_PUT, NT_SQL_SALES_DELETE, NT_SQL_SALES_GET, NT_SQL_SALES_EACH,
	NT_SQL_SUBJECT_PUT, NT_SQL_SUBJECT_DELETE, NT_SQL_SUBJECT_GET, NT_SQL_SUBJECT_EACH,
	NT_SQL_SUBJECT_OF_LEAD,
	NT_SQL_PROGRAM_PUT, NT_SQL_PROGRAM_GET, NT_SQL_PROGRAM_EACH, NT_SQL_PROGRAM_NUMBER,
	NT_SQL_PROGRAM_HASH,
	NT_SQL_META_GET, NT_SQL_META_EACH, NT_SQL_META_PUT, NT_SQL_META_DELETE,
	NT_SQL_STATEMENTS
};

struct nt_sqlite_store {
	struct nt_store base;
	sqlite3 *db;
	sqlite3_stmt *statements[NT_SQL_STATEMENTS];
	GString *error;
	int64_t log_last;          /* last sequence given; -1: ask */
	char address_key[65];      /* of the hashes that suppressed addresses are kept as */
	GHashTable *numbers;       /* program hash -> number, of committed or this batch's rows */
};

/* Prepared, reset, unbound. NULL after setting the error. */
sqlite3_stmt *nt_sqlite_statement(struct nt_sqlite_store *store, enum nt_statement which);
/* Runs a statement that gives no rows. */
int nt_sqlite_run(struct nt_sqlite_store *store, sqlite3_stmt *statement);
/* Notes what SQLite said; gives NT_STORE_FULL or NT_STORE_ERROR. */
int nt_sqlite_fail(struct nt_sqlite_store *store);
void nt_sqlite_bind_text(sqlite3_stmt *statement, int i, const char *text); /* NULL binds null; borrowed until reset */

int nt_sqlite_run_with_key(struct nt_sqlite_store *store, enum nt_statement which, int64_t key);

/* sqlite_records.c: inputs, suppressions, log, sales, programs, meta */
int nt_sqlite_put_input(struct nt_store *base, const char *source, const char *id, const char *lead, bool *fresh);
int nt_sqlite_suppressed(struct nt_store *base, const struct nt_address *addresses, unsigned n,
                         enum nt_suppression *out);
int nt_sqlite_suppress(struct nt_store *base, const struct nt_address *address, enum nt_suppression how,
                       const char *reason, nt_time at);
int nt_sqlite_unsuppress(struct nt_store *base, const struct nt_address *address);
int nt_sqlite_log_append(struct nt_store *base, struct nt_log_row *row);
int nt_sqlite_log_read(struct nt_store *base, struct nt_arena *arena, int64_t sequence, struct nt_log_row *row);
int nt_sqlite_log_prune(struct nt_store *base, nt_time before, unsigned limit, unsigned *n);
int nt_sqlite_log_erase(struct nt_sqlite_store *store, int64_t sequence); /* the chain from there back */
int nt_sqlite_sales_put(struct nt_store *base, const char *lead, const void *bytes, size_t length);
int nt_sqlite_sales_turns(struct nt_store *store, const void *bytes, size_t length);
int nt_sqlite_sales_get(struct nt_store *base, struct nt_arena *arena, const char *lead, struct nt_blob *out);
int nt_sqlite_sales_each(struct nt_store *base, void (*each)(void *, const char *, const void *, size_t),
                         void *context);
int nt_sqlite_subject_put(struct nt_store *base, const char *kind, const char *id, const char *lead, const void *bytes,
                          size_t length);
int nt_sqlite_subject_get(struct nt_store *base, struct nt_arena *arena, const char *kind, const char *id,
                          struct nt_blob *out);
int nt_sqlite_subject_each(struct nt_store *base, const char *kind, const char *lead,
                           void (*each)(void *, const char *, const char *, const void *, size_t), void *context);
int nt_sqlite_program_put(struct nt_store *base, const char *hash, const void *bytes, size_t length, nt_time at);
int nt_sqlite_program_get(struct nt_store *base, struct nt_arena *arena, const char *hash, struct nt_blob *out,
                          nt_time *at);
int nt_sqlite_program_each(struct nt_store *base,
                           void (*each)(void *, const char *, const void *, size_t, nt_time), void *context);
/* A program's number, given if it has none yet. */
int nt_sqlite_program_number(struct nt_sqlite_store *store, const char *hash, nt_time at, int64_t *number);
int nt_sqlite_meta_get(struct nt_store *base, struct nt_arena *arena, const char *key, const char **value);
int nt_sqlite_meta_put(struct nt_store *base, const char *key, const char *value);
int nt_sqlite_meta_each(struct nt_store *base, void (*each)(void *, const char *, const char *), void *context);
int nt_sqlite_counts(struct nt_store *base, struct nt_store_counts *out);

/* sqlite_outbox.c */
int nt_sqlite_outbox_put(struct nt_store *store, const struct nt_message *message);
int nt_sqlite_outbox_claim(struct nt_store *store, struct nt_arena *arena, const char *channel, nt_time now,
                           unsigned limit, const char *owner, struct nt_outbox_row *out, unsigned *n);
int nt_sqlite_outbox_next(struct nt_store *store, const char *channel, nt_time *not_before);
int nt_sqlite_outbox_get(struct nt_store *store, struct nt_arena *arena, const char *id, struct nt_outbox_row *out);
int nt_sqlite_outbox_state(struct nt_store *store, const char *id, enum nt_outbox_state *state);
int nt_sqlite_outbox_move(struct nt_store *store, const char *id, enum nt_outbox_state from,
                          const struct nt_outbox_row *row, bool *done);
int nt_sqlite_outbox_list(struct nt_store *store, struct nt_arena *arena, enum nt_outbox_state state, const char *after,
                          unsigned limit, struct nt_outbox_row *out, unsigned *n);
int nt_sqlite_outbox_each(struct nt_store *store, enum nt_outbox_state state,
                          void (*each)(void *context, const struct nt_outbox_row *row), void *context);

#endif
