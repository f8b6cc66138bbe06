#include "store/sqlite_private.h"

#include "base/arena.h"

#include <sodium.h>
#include <string.h>

static struct nt_sqlite_store *self(struct nt_store *store)
{
	return (struct nt_sqlite_store *)store;
}

/* ---- inputs and suppressions ---- */

int nt_sqlite_put_input(struct nt_store *base, const char *source, const char *id, const char *lead, bool *fresh)
{
	struct nt_sqlite_store *store = self(base);
	sqlite3_stmt *s = nt_sqlite_statement(store, NT_SQL_INPUT_PUT);
	crypto_generichash_state state;
	unsigned char hash[16];
	int code;

	(void)lead; /* says the shard; one engine owns all of them here */
	if (s == NULL)
		return NT_STORE_ERROR;
	/* 128 bits: two inputs that meet are less likely than a disk that lies. The NUL keeps source and id apart. */
	crypto_generichash_init(&state, NULL, 0, sizeof hash);
	crypto_generichash_update(&state, (const unsigned char *)source, strlen(source) + 1);
	crypto_generichash_update(&state, (const unsigned char *)id, strlen(id));
	crypto_generichash_final(&state, hash, sizeof hash);
	sqlite3_bind_blob(s, 1, hash, sizeof hash, SQLITE_TRANSIENT);
	code = nt_sqlite_run(store, s);
	*fresh = code == NT_STORE_OK && sqlite3_changes(store->db) > 0;
	return code;
}

/* An address that is suppressed is kept as a keyed hash of channel and address: it has to be known again, not read,
 * and it outlives its lead (rule-language II.10). The channel's name is borrowed until reset. */
static void bind_address(struct nt_sqlite_store *store, sqlite3_stmt *s, const struct nt_address *address)
{
	const char *key = store->address_key;
	crypto_generichash_state state;
	unsigned char hash[32];

	crypto_generichash_init(&state, (const unsigned char *)key, strlen(key), sizeof hash);
	crypto_generichash_update(&state, (const unsigned char *)address->channel, strlen(address->channel) + 1);
	crypto_generichash_update(&state, (const unsigned char *)address->address, strlen(address->address));
	crypto_generichash_final(&state, hash, sizeof hash);
	nt_sqlite_bind_text(s, 1, address->channel);
	sqlite3_bind_blob(s, 2, hash, sizeof hash, SQLITE_TRANSIENT);
}

int nt_sqlite_suppressed(struct nt_store *base, const struct nt_address *addresses, unsigned n,
                         enum nt_suppression *out)
{
	struct nt_sqlite_store *store = self(base);

	for (unsigned i = 0; i < n; i++) {
		sqlite3_stmt *s = nt_sqlite_statement(store, NT_SQL_SUPPRESSED);
		int code;

		if (s == NULL)
			return NT_STORE_ERROR;
		bind_address(store, s, &addresses[i]);
		code = sqlite3_step(s);
		if (code != SQLITE_ROW && code != SQLITE_DONE)
			return nt_sqlite_fail(store);
		out[i] = NT_SUPPRESSION_NONE;
		if (code == SQLITE_ROW)
			out[i] = sqlite3_column_int(s, 0) != 0 ? NT_SUPPRESSION_HARD : NT_SUPPRESSION_SOFT;
		sqlite3_reset(s);
	}
	return NT_STORE_OK;
}

int nt_sqlite_suppress(struct nt_store *base, const struct nt_address *address, enum nt_suppression how,
                       const char *reason, nt_time at)
{
	sqlite3_stmt *s = nt_sqlite_statement(self(base), NT_SQL_SUPPRESS);

	if (s == NULL)
		return NT_STORE_ERROR;
	bind_address(self(base), s, address);
	nt_sqlite_bind_text(s, 3, reason != NULL ? reason : "");
	sqlite3_bind_int64(s, 4, at);
	sqlite3_bind_int(s, 5, how == NT_SUPPRESSION_HARD);
	return nt_sqlite_run(self(base), s);
}

int nt_sqlite_unsuppress(struct nt_store *base, const struct nt_address *address)
{
	sqlite3_stmt *s = nt_sqlite_statement(self(base), NT_SQL_UNSUPPRESS);

	if (s == NULL)
		return NT_STORE_ERROR;
	bind_address(self(base), s, address);
	return nt_sqlite_run(self(base), s);
}

/* ---- log ---- */

/* Rows name their program by a small number: the hash would be a third of the row. */
int nt_sqlite_program_number(struct nt_sqlite_store *store, const char *hash, nt_time at, int64_t *number)
{
	gpointer known = g_hash_table_lookup(store->numbers, hash);
	sqlite3_stmt *s;
	int code;

	*number = GPOINTER_TO_INT(known);
	if (*number != 0)
		return NT_STORE_OK;
	s = nt_sqlite_statement(store, NT_SQL_PROGRAM_HASH);
	if (s == NULL)
		return NT_STORE_ERROR;
	nt_sqlite_bind_text(s, 1, hash);
	sqlite3_bind_int64(s, 2, at);
	code = nt_sqlite_run(store, s);
	if (code != NT_STORE_OK)
		return code;
	s = nt_sqlite_statement(store, NT_SQL_PROGRAM_NUMBER);
	if (s == NULL)
		return NT_STORE_ERROR;
	nt_sqlite_bind_text(s, 1, hash);
	if (sqlite3_step(s) != SQLITE_ROW)
		return nt_sqlite_fail(store);
	*number = sqlite3_column_int64(s, 0);
	sqlite3_reset(s);
	g_hash_table_insert(store->numbers, g_strdup(hash), GINT_TO_POINTER((int)*number));
	return NT_STORE_OK;
}

static int last_sequence(struct nt_sqlite_store *store)
{
	sqlite3_stmt *s = nt_sqlite_statement(store, NT_SQL_LOG_LAST);

	if (s == NULL)
		return NT_STORE_ERROR;
	if (sqlite3_step(s) != SQLITE_ROW)
		return nt_sqlite_fail(store);
	store->log_last = sqlite3_column_int64(s, 0);
	sqlite3_reset(s);
	return NT_STORE_OK;
}

int nt_sqlite_log_append(struct nt_store *base, struct nt_log_row *row)
{
	struct nt_sqlite_store *store = self(base);
	sqlite3_stmt *s;
	int64_t number;
	int code = store->log_last < 0 ? last_sequence(store) : NT_STORE_OK;

	if (code == NT_STORE_OK)
		code = nt_sqlite_program_number(store, row->program_hash, row->at, &number);
	if (code != NT_STORE_OK)
		return code;
	s = nt_sqlite_statement(store, NT_SQL_LOG_PUT);
	if (s == NULL)
		return NT_STORE_ERROR;
	row->sequence = ++store->log_last;
	sqlite3_bind_int64(s, 1, row->sequence);
	sqlite3_bind_int64(s, 2, row->previous);
	nt_sqlite_bind_text(s, 3, row->lead);
	sqlite3_bind_int64(s, 4, row->at);
	sqlite3_bind_int64(s, 5, number);
	nt_sqlite_bind_text(s, 6, row->body);
	return nt_sqlite_run(store, s);
}

int nt_sqlite_log_read(struct nt_store *base, struct nt_arena *arena, int64_t sequence, struct nt_log_row *row)
{
	struct nt_sqlite_store *store = self(base);
	sqlite3_stmt *s = nt_sqlite_statement(store, NT_SQL_LOG_GET);
	int code;

	*row = (struct nt_log_row){ .sequence = sequence };
	if (s == NULL)
		return NT_STORE_ERROR;
	sqlite3_bind_int64(s, 1, sequence);
	code = sqlite3_step(s);
	if (code != SQLITE_ROW && code != SQLITE_DONE)
		return nt_sqlite_fail(store);
	if (code == SQLITE_ROW) {
		row->previous = sqlite3_column_int64(s, 0);
		row->lead = nt_arena_strdup(arena, (const char *)sqlite3_column_text(s, 1));
		row->at = sqlite3_column_int64(s, 2);
		row->program_hash = nt_arena_strdup(arena, (const char *)sqlite3_column_text(s, 3));
		row->body = nt_arena_strdup(arena, (const char *)sqlite3_column_text(s, 4));
	}
	sqlite3_reset(s);
	return NT_STORE_OK;
}

int nt_sqlite_log_prune(struct nt_store *base, nt_time before, unsigned limit, unsigned *n)
{
	struct nt_sqlite_store *store = self(base);
	sqlite3_stmt *s = nt_sqlite_statement(store, NT_SQL_LOG_PRUNE);
	int code;

	*n = 0;
	if (s == NULL)
		return NT_STORE_ERROR;
	sqlite3_bind_int64(s, 1, before);
	sqlite3_bind_int64(s, 2, limit);
	code = nt_sqlite_run(store, s);
	if (code == NT_STORE_OK)
		*n = (unsigned)sqlite3_changes(store->db);
	return code;
}

int nt_sqlite_log_erase(struct nt_sqlite_store *store, int64_t sequence)
{
	while (sequence != 0) {
		sqlite3_stmt *s = nt_sqlite_statement(store, NT_SQL_LOG_GET);
		int64_t previous = 0;
		int code;

		if (s == NULL)
			return NT_STORE_ERROR;
		sqlite3_bind_int64(s, 1, sequence);
		code = sqlite3_step(s);
		if (code == SQLITE_ROW)
			previous = sqlite3_column_int64(s, 0);
		else if (code != SQLITE_DONE)
			return nt_sqlite_fail(store);
		sqlite3_reset(s);
		code = nt_sqlite_run_with_key(store, NT_SQL_LOG_ERASE, sequence);
		if (code != NT_STORE_OK)
			return code;
		sequence = previous;
	}
	return NT_STORE_OK;
}

/* ---- sales, programs, meta ---- */

int nt_sqlite_sales_put(struct nt_store *base, const char *lead, const void *bytes, size_t length)
{
	sqlite3_stmt *s = nt_sqlite_statement(self(base), bytes != NULL ? NT_SQL_SALES_PUT : NT_SQL_SALES_DELETE);

	if (s == NULL)
		return NT_STORE_ERROR;
	nt_sqlite_bind_text(s, 1, lead);
	if (bytes != NULL)
		sqlite3_bind_blob64(s, 2, bytes, length, SQLITE_STATIC);
	return nt_sqlite_run(self(base), s);
}

int nt_sqlite_sales_turns(struct nt_store *store, const void *bytes, size_t length)
{
	return nt_sqlite_sales_put(store, "", bytes, length);
}

/* The one row's only column. */
static int get_row(struct nt_sqlite_store *store, sqlite3_stmt *s, struct nt_arena *arena, struct nt_blob *out)
{
	int code = sqlite3_step(s);

	*out = (struct nt_blob){ 0 };
	if (code != SQLITE_ROW && code != SQLITE_DONE)
		return nt_sqlite_fail(store);
	if (code == SQLITE_ROW) {
		out->length = (size_t)sqlite3_column_bytes(s, 0);
		out->bytes = nt_arena_copy(arena, sqlite3_column_blob(s, 0), out->length);
	}
	sqlite3_reset(s);
	return NT_STORE_OK;
}

int nt_sqlite_sales_get(struct nt_store *base, struct nt_arena *arena, const char *lead, struct nt_blob *out)
{
	sqlite3_stmt *s = nt_sqlite_statement(self(base), NT_SQL_SALES_GET);

	if (s == NULL)
		return NT_STORE_ERROR;
	nt_sqlite_bind_text(s, 1, lead);
	return get_row(self(base), s, arena, out);
}

int nt_sqlite_sales_each(struct nt_store *base, void (*each)(void *, const char *, const void *, size_t), void *context)
{
	sqlite3_stmt *s = nt_sqlite_statement(self(base), NT_SQL_SALES_EACH);
	int code;

	if (s == NULL)
		return NT_STORE_ERROR;
	while ((code = sqlite3_step(s)) == SQLITE_ROW)
		each(context, (const char *)sqlite3_column_text(s, 0), sqlite3_column_blob(s, 1),
		     (size_t)sqlite3_column_bytes(s, 1));
	if (code != SQLITE_DONE)
		return nt_sqlite_fail(self(base));
	sqlite3_reset(s);
	return NT_STORE_OK;
}

int nt_sqlite_subject_put(struct nt_store *base, const char *kind, const char *id, const char *lead, const void *bytes,
                          size_t length)
{
	sqlite3_stmt *s = nt_sqlite_statement(self(base), bytes != NULL ? NT_SQL_SUBJECT_PUT : NT_SQL_SUBJECT_DELETE);

	if (s == NULL)
		return NT_STORE_ERROR;
	nt_sqlite_bind_text(s, 1, kind);
	nt_sqlite_bind_text(s, 2, id);
	if (bytes != NULL) {
		sqlite3_bind_blob64(s, 3, bytes, length, SQLITE_STATIC);
		nt_sqlite_bind_text(s, 4, lead);
	}
	return nt_sqlite_run(self(base), s);
}

int nt_sqlite_subject_get(struct nt_store *base, struct nt_arena *arena, const char *kind, const char *id,
                          struct nt_blob *out)
{
	sqlite3_stmt *s = nt_sqlite_statement(self(base), NT_SQL_SUBJECT_GET);

	if (s == NULL)
		return NT_STORE_ERROR;
	nt_sqlite_bind_text(s, 1, kind);
	nt_sqlite_bind_text(s, 2, id);
	return get_row(self(base), s, arena, out);
}

int nt_sqlite_subject_each(struct nt_store *base, const char *kind, const char *lead,
                           void (*each)(void *, const char *, const char *, const void *, size_t), void *context)
{
	sqlite3_stmt *s = nt_sqlite_statement(self(base), lead != NULL ? NT_SQL_SUBJECT_OF_LEAD : NT_SQL_SUBJECT_EACH);
	int code;

	if (s == NULL)
		return NT_STORE_ERROR;
	nt_sqlite_bind_text(s, 1, kind);
	if (lead != NULL)
		nt_sqlite_bind_text(s, 2, lead);
	while ((code = sqlite3_step(s)) == SQLITE_ROW)
		each(context, (const char *)sqlite3_column_text(s, 0), (const char *)sqlite3_column_text(s, 1),
		     sqlite3_column_blob(s, 2), (size_t)sqlite3_column_bytes(s, 2));
	if (code != SQLITE_DONE)
		return nt_sqlite_fail(self(base));
	sqlite3_reset(s);
	return NT_STORE_OK;
}

int nt_sqlite_program_put(struct nt_store *base, const char *hash, const void *bytes, size_t length, nt_time at)
{
	sqlite3_stmt *s = nt_sqlite_statement(self(base), NT_SQL_PROGRAM_PUT);

	if (s == NULL)
		return NT_STORE_ERROR;
	nt_sqlite_bind_text(s, 1, hash);
	sqlite3_bind_blob64(s, 2, bytes, length, SQLITE_STATIC);
	sqlite3_bind_int64(s, 3, at);
	return nt_sqlite_run(self(base), s);
}

int nt_sqlite_program_get(struct nt_store *base, struct nt_arena *arena, const char *hash, struct nt_blob *out,
                          nt_time *at)
{
	struct nt_sqlite_store *store = self(base);
	sqlite3_stmt *s = nt_sqlite_statement(store, NT_SQL_PROGRAM_GET);
	int code;

	*out = (struct nt_blob){ 0 };
	if (s == NULL)
		return NT_STORE_ERROR;
	nt_sqlite_bind_text(s, 1, hash);
	code = sqlite3_step(s);
	if (code != SQLITE_ROW && code != SQLITE_DONE)
		return nt_sqlite_fail(store);
	if (code == SQLITE_ROW && sqlite3_column_type(s, 0) != SQLITE_NULL) {
		out->length = (size_t)sqlite3_column_bytes(s, 0);
		out->bytes = nt_arena_copy(arena, sqlite3_column_blob(s, 0), out->length);
		*at = sqlite3_column_int64(s, 1);
	}
	sqlite3_reset(s);
	return NT_STORE_OK;
}

int nt_sqlite_program_each(struct nt_store *base,
                           void (*each)(void *, const char *, const void *, size_t, nt_time), void *context)
{
	sqlite3_stmt *s = nt_sqlite_statement(self(base), NT_SQL_PROGRAM_EACH);
	int code;

	if (s == NULL)
		return NT_STORE_ERROR;
	while ((code = sqlite3_step(s)) == SQLITE_ROW)
		each(context, (const char *)sqlite3_column_text(s, 0), sqlite3_column_blob(s, 1),
		     (size_t)sqlite3_column_bytes(s, 1), sqlite3_column_int64(s, 2));
	if (code != SQLITE_DONE)
		return nt_sqlite_fail(self(base));
	sqlite3_reset(s);
	return NT_STORE_OK;
}

int nt_sqlite_meta_get(struct nt_store *base, struct nt_arena *arena, const char *key, const char **value)
{
	struct nt_sqlite_store *store = self(base);
	sqlite3_stmt *s = nt_sqlite_statement(store, NT_SQL_META_GET);
	int code;

	*value = NULL;
	if (s == NULL)
		return NT_STORE_ERROR;
	nt_sqlite_bind_text(s, 1, key);
	code = sqlite3_step(s);
	if (code != SQLITE_ROW && code != SQLITE_DONE)
		return nt_sqlite_fail(store);
	if (code == SQLITE_ROW)
		*value = nt_arena_strdup(arena, (const char *)sqlite3_column_text(s, 0));
	sqlite3_reset(s);
	return NT_STORE_OK;
}

int nt_sqlite_meta_put(struct nt_store *base, const char *key, const char *value)
{
	sqlite3_stmt *s = nt_sqlite_statement(self(base), value != NULL ? NT_SQL_META_PUT : NT_SQL_META_DELETE);

	if (s == NULL)
		return NT_STORE_ERROR;
	nt_sqlite_bind_text(s, 1, key);
	if (value != NULL)
		nt_sqlite_bind_text(s, 2, value);
	return nt_sqlite_run(self(base), s);
}

int nt_sqlite_meta_each(struct nt_store *base, void (*each)(void *, const char *, const char *), void *context)
{
	sqlite3_stmt *s = nt_sqlite_statement(self(base), NT_SQL_META_EACH);
	int code;

	if (s == NULL)
		return NT_STORE_ERROR;
	while ((code = sqlite3_step(s)) == SQLITE_ROW)
		each(context, (const char *)sqlite3_column_text(s, 0), (const char *)sqlite3_column_text(s, 1));
	if (code != SQLITE_DONE)
		return nt_sqlite_fail(self(base));
	sqlite3_reset(s);
	return NT_STORE_OK;
}

static int count(struct nt_sqlite_store *store, const char *query, uint64_t *out)
{
	sqlite3_stmt *s;
	int code = NT_STORE_OK;

	if (sqlite3_prepare_v2(store->db, query, -1, &s, NULL) != SQLITE_OK)
		return nt_sqlite_fail(store);
	if (sqlite3_step(s) == SQLITE_ROW)
		*out = (uint64_t)sqlite3_column_int64(s, 0);
	else
		code = nt_sqlite_fail(store);
	sqlite3_finalize(s);
	return code;
}

int nt_sqlite_counts(struct nt_store *base, struct nt_store_counts *out)
{
	struct nt_sqlite_store *store = self(base);
	const struct {
		const char *query;
		uint64_t *out;
	} queries[] = {
		{ "SELECT count(*) FROM lead WHERE id IS NOT NULL", &out->leads },
		{ "SELECT count(*) FROM input", &out->inputs },
		{ "SELECT count(*) FROM log", &out->log_rows },
		{ "SELECT count(*) FROM suppression", &out->suppressions },
		{ "SELECT count(*) FROM timer", &out->timers },
		{ "SELECT count(*) FROM sales WHERE lead <> ''", &out->queue },
	};
	int code = NT_STORE_OK;

	*out = (struct nt_store_counts){ 0 };
	for (unsigned i = 0; code == NT_STORE_OK && i < G_N_ELEMENTS(queries); i++)
		code = count(store, queries[i].query, queries[i].out);
	for (int state = 0; code == NT_STORE_OK && state < NT_OUTBOX_ABSENT; state++) {
		char *query = g_strdup_printf("SELECT count(*) FROM outbox WHERE state = %d", state);

		code = count(store, query, &out->outbox[state]);
		g_free(query);
	}
	return code;
}
