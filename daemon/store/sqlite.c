#include "store/sqlite.h"

#include "base/arena.h"
#include "base/bug.h"
#include "store/schema.h"
#include "store/sqlite_private.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

#define AUTOCHECKPOINT "20000" /* pages: measured, a small one halves the speed of random writes */
#define CACHE_KIB "65536"

#define OUTBOX_COLUMNS                                                                                               \
	"id, state, channel, not_before, attempts, owner, slot, changed, remote_id, detail, lead, rep, campaign,"    \
	" run_key, entry, step, template, locale, template_hash, address, address_name, payload, service, released," \
	" offer, why, (SELECT hash FROM program WHERE program.number = outbox.program), number"

static const char *const sql[NT_SQL_STATEMENTS] = {
	[NT_SQL_BEGIN] = "BEGIN IMMEDIATE",
	[NT_SQL_COMMIT] = "COMMIT",
	[NT_SQL_ROLLBACK] = "ROLLBACK",
	[NT_SQL_LEAD_GET] = "SELECT id, state FROM lead WHERE key = ?1",
	[NT_SQL_LEAD_PUT] = "INSERT INTO lead (key, id, state) VALUES (?1, ?2, ?3)"
			    " ON CONFLICT (key) DO UPDATE SET id = ?2, state = ?3",
	[NT_SQL_LEAD_BURY] = "UPDATE lead SET id = NULL, state = NULL WHERE key = ?1",
	[NT_SQL_LEAD_DELETE] = "DELETE FROM lead WHERE key = ?1",
	[NT_SQL_LEAD_SCAN] = "SELECT id, key FROM lead WHERE key > ?1 AND id IS NOT NULL ORDER BY key LIMIT ?2",
	[NT_SQL_LEAD_COUNT] = "SELECT count(*) FROM lead", /* graves, too */
	[NT_SQL_TIMER_PUT] = "INSERT OR IGNORE INTO timer (due, lead) VALUES (?1, ?2)",
	[NT_SQL_TIMER_DELETE] = "DELETE FROM timer WHERE due = ?1 AND lead = ?2",
	[NT_SQL_TIMER_DUE] = "SELECT lead, due FROM timer WHERE due <= ?1 ORDER BY due, lead LIMIT ?2",
	[NT_SQL_TIMER_NEXT] = "SELECT due FROM timer ORDER BY due LIMIT 1",
	[NT_SQL_INPUT_PUT] = "INSERT OR IGNORE INTO input (hash) VALUES (?1)",
	[NT_SQL_SUPPRESSED] = "SELECT hard FROM suppression WHERE channel = ?1 AND address = ?2",
	[NT_SQL_SUPPRESS] =
		"INSERT INTO suppression (channel, address, reason, at, hard) VALUES (?1, ?2, ?3, ?4, ?5)"
		" ON CONFLICT (channel, address) DO UPDATE SET reason = ?3, at = ?4, hard = ?5 WHERE ?5 > hard",
	[NT_SQL_UNSUPPRESS] = "DELETE FROM suppression WHERE channel = ?1 AND address = ?2",
	[NT_SQL_LOG_PUT] =
		"INSERT INTO log (sequence, previous, lead, at, program, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
	[NT_SQL_LOG_GET] = "SELECT log.previous, log.lead, log.at, program.hash, log.body FROM log"
			   " LEFT JOIN program ON program.number = log.program WHERE log.sequence = ?1",
	[NT_SQL_LOG_LAST] = "SELECT max(sequence) FROM log",
	[NT_SQL_LOG_ERASE] = "DELETE FROM log WHERE sequence = ?1",
	[NT_SQL_LOG_PRUNE] = "DELETE FROM log WHERE at < ?1 AND sequence < (SELECT max(sequence) FROM log)"
			     " AND sequence IN (SELECT sequence FROM log ORDER BY sequence LIMIT ?2)",
	[NT_SQL_OUTBOX_PUT] =
		"INSERT OR IGNORE INTO outbox (id, state, channel, not_before, attempts, slot, changed, lead, rep,"
		" campaign, run_key, entry, step, template, locale, template_hash, address, address_name, payload,"
		" service, released, offer, why, program) VALUES (?1, 0, ?2, ?3, 0, -1, ?4, ?5, ?6, ?7, ?8, ?9, ?10, "
	        "?11, ?12,"
		" ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21)",
	[NT_SQL_OUTBOX_CLAIM] =
		"SELECT " OUTBOX_COLUMNS " FROM outbox WHERE state = 0 AND channel = ?1 AND not_before <= ?2"
		" ORDER BY not_before LIMIT ?3",
	[NT_SQL_OUTBOX_HAND] = "UPDATE outbox SET state = 1, owner = ?1, changed = ?2 WHERE number = ?3",
	[NT_SQL_OUTBOX_NEXT] =
		"SELECT not_before FROM outbox WHERE state = 0 AND channel = ?1 ORDER BY not_before LIMIT 1",
	[NT_SQL_OUTBOX_GET] = "SELECT " OUTBOX_COLUMNS " FROM outbox WHERE id = ?1",
	[NT_SQL_OUTBOX_STATE] = "SELECT state FROM outbox WHERE id = ?1",
	[NT_SQL_OUTBOX_MOVE] =
		"UPDATE outbox SET state = ?1, not_before = ?2, attempts = ?3, owner = ?4, slot = ?5, changed = ?6,"
		" remote_id = ?7, detail = ?8 WHERE id = ?9 AND state = ?10",
	[NT_SQL_OUTBOX_LIST] =
		"SELECT " OUTBOX_COLUMNS " FROM outbox WHERE state = ?1 AND id > ?2 ORDER BY id LIMIT ?3",
	[NT_SQL_OUTBOX_LIST_HELD] =
		"SELECT " OUTBOX_COLUMNS " FROM outbox WHERE state = ?1 AND state IN (1, 5) AND id > ?2"
		" ORDER BY id LIMIT ?3",
	[NT_SQL_OUTBOX_WAITING] = "SELECT " OUTBOX_COLUMNS " FROM outbox INDEXED BY outbox_released WHERE state = 0"
				  " ORDER BY channel, not_before",
	[NT_SQL_OUTBOX_ERASE] = "DELETE FROM outbox WHERE lead = ?1",
	[NT_SQL_SALES_PUT] =
		"INSERT INTO sales (lead, entry) VALUES (?1, ?2) ON CONFLICT (lead) DO UPDATE SET entry = ?2",
	[NT_SQL_SALES_DELETE] = "DELETE FROM sales WHERE lead = ?1",
	[NT_SQL_SALES_GET] = "SELECT entry FROM sales WHERE lead = ?1",
	[NT_SQL_SALES_EACH] = "SELECT lead, entry FROM sales ORDER BY lead",
	[NT_SQL_SUBJECT_PUT] = "INSERT INTO subject (kind, id, row, lead) VALUES (?1, ?2, ?3, ?4)"
	                       " ON CONFLICT (kind, id) DO UPDATE SET row = ?3",
	[NT_SQL_SUBJECT_DELETE] = "DELETE FROM subject WHERE kind = ?1 AND id = ?2",
	[NT_SQL_SUBJECT_GET] = "SELECT row FROM subject WHERE kind = ?1 AND id = ?2",
	[NT_SQL_SUBJECT_EACH] = "SELECT id, lead, row FROM subject WHERE kind = ?1 ORDER BY id",
	[NT_SQL_SUBJECT_OF_LEAD] =
		"SELECT id, lead, row FROM subject INDEXED BY subject_lead WHERE lead = ?2 AND kind = ?1 ORDER BY id",
	[NT_SQL_PROGRAM_PUT] = "INSERT INTO program (hash, archive, at) VALUES (?1, ?2, ?3)"
			       " ON CONFLICT (hash) DO UPDATE SET archive = coalesce(archive, ?2), at = ?3",
	[NT_SQL_PROGRAM_GET] = "SELECT archive, at FROM program WHERE hash = ?1",
	[NT_SQL_PROGRAM_EACH] = "SELECT hash, archive, at FROM program WHERE archive IS NOT NULL ORDER BY hash",
	[NT_SQL_PROGRAM_NUMBER] = "SELECT number FROM program WHERE hash = ?1",
	[NT_SQL_PROGRAM_HASH] = "INSERT OR IGNORE INTO program (hash, at) VALUES (?1, ?2)",
	[NT_SQL_META_GET] = "SELECT value FROM meta WHERE key = ?1",
	[NT_SQL_META_EACH] = "SELECT key, value FROM meta WHERE key <> 'address_key' ORDER BY key",
	[NT_SQL_META_DELETE] = "DELETE FROM meta WHERE key = ?1",
	[NT_SQL_META_PUT] = "INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = ?2",
};

static struct nt_sqlite_store *self(struct nt_store *store)
{
	return (struct nt_sqlite_store *)store;
}

int nt_sqlite_fail(struct nt_sqlite_store *store)
{
	int code = sqlite3_errcode(store->db);

	g_string_assign(store->error, sqlite3_errmsg(store->db));
	if (code == SQLITE_FULL)
		g_string_assign(store->error, "the disk is full");
	return code == SQLITE_FULL ? NT_STORE_FULL : NT_STORE_ERROR;
}

sqlite3_stmt *nt_sqlite_statement(struct nt_sqlite_store *store, enum nt_statement which)
{
	sqlite3_stmt **statement = &store->statements[which];

	if (*statement == NULL &&
	    sqlite3_prepare_v3(store->db, sql[which], -1, SQLITE_PREPARE_PERSISTENT, statement, NULL) != SQLITE_OK) {
		nt_sqlite_fail(store);
		return NULL;
	}
	sqlite3_reset(*statement);
	return *statement;
}

int nt_sqlite_run(struct nt_sqlite_store *store, sqlite3_stmt *statement)
{
	int code = sqlite3_step(statement) == SQLITE_DONE ? NT_STORE_OK : nt_sqlite_fail(store);

	sqlite3_reset(statement);
	return code;
}

void nt_sqlite_bind_text(sqlite3_stmt *statement, int i, const char *text)
{
	if (text == NULL)
		sqlite3_bind_null(statement, i);
	else
		sqlite3_bind_text(statement, i, text, -1, SQLITE_STATIC);
}

/* ---- transactions ---- */

static int run_plain(struct nt_store *store, enum nt_statement which)
{
	sqlite3_stmt *s = nt_sqlite_statement(self(store), which);

	return s != NULL ? nt_sqlite_run(self(store), s) : NT_STORE_ERROR;
}

static int begin(struct nt_store *store)
{
	/* A reader's: one view for all that it asks until it rolls back. It can't be IMMEDIATE, which is a writer's
	 * word. */
	if (sqlite3_db_readonly(self(store)->db, "main") == 1)
		return sqlite3_exec(self(store)->db, "BEGIN", NULL, NULL, NULL) == SQLITE_OK
		               ? NT_STORE_OK
		               : nt_sqlite_fail(self(store));
	return run_plain(store, NT_SQL_BEGIN);
}

static void rollback(struct nt_store *store)
{
	struct nt_sqlite_store *sqlite = self(store);

	for (int i = 0; i < NT_SQL_STATEMENTS; i++)
		sqlite3_reset(sqlite->statements[i]);
	/* After some errors SQLite has rolled back already. */
	if (!sqlite3_get_autocommit(sqlite->db))
		sqlite3_exec(sqlite->db, "ROLLBACK", NULL, NULL, NULL);
	sqlite->log_last = -1;
	g_hash_table_remove_all(sqlite->numbers);
}

static int commit(struct nt_store *store, uint64_t batch)
{
	char number[24];
	int code;

	g_snprintf(number, sizeof number, "%" G_GUINT64_FORMAT, batch);
	code = nt_sqlite_meta_put(store, "batch", number);
	return code == NT_STORE_OK ? run_plain(store, NT_SQL_COMMIT) : code;
}

/* ---- leads: open addressing on row numbers ---- */

static int64_t key_of(const char *id)
{
	unsigned char hash[crypto_shorthash_BYTES];
	static const unsigned char fixed[crypto_shorthash_KEYBYTES] = "nurtured lead k";
	uint64_t key;

	crypto_shorthash(hash, (const unsigned char *)id, strlen(id), fixed);
	memcpy(&key, hash, sizeof key);
	return (int64_t)(GUINT64_FROM_LE(key) >> 1);
}

/* The row of a lead, or the free one where it would go. The statement stays on the row for its columns. */
enum found { FOUND, FREE, FAILED };
static enum found find(struct nt_sqlite_store *store, const char *id, int64_t *key, sqlite3_stmt **row)
{
	int64_t grave = -1;

	for (*key = key_of(id);; *key = *key == INT64_MAX ? 0 : *key + 1) {
		sqlite3_stmt *s = nt_sqlite_statement(store, NT_SQL_LEAD_GET);
		const char *there;
		int code;

		if (s == NULL)
			return FAILED;
		sqlite3_bind_int64(s, 1, *key);
		code = sqlite3_step(s);
		if (code == SQLITE_DONE) {
			sqlite3_reset(s);
			*key = grave >= 0 ? grave : *key;
			return FREE;
		}
		if (code != SQLITE_ROW) {
			nt_sqlite_fail(store);
			return FAILED;
		}
		there = (const char *)sqlite3_column_text(s, 0);
		if (there == NULL && grave < 0)
			grave = *key;
		if (there != NULL && strcmp(there, id) == 0) {
			*row = s;
			return FOUND;
		}
	}
}

static int load(struct nt_store *base, struct nt_arena *arena, const char *const *ids, unsigned n,
                struct nt_blob *blobs)
{
	struct nt_sqlite_store *store = self(base);

	for (unsigned i = 0; i < n; i++) {
		sqlite3_stmt *row;
		int64_t key;

		blobs[i] = (struct nt_blob){ 0 };
		switch (find(store, ids[i], &key, &row)) {
		case FAILED:
			return nt_sqlite_fail(store);
		case FREE:
			break;
		case FOUND:
			blobs[i].length = (size_t)sqlite3_column_bytes(row, 1);
			blobs[i].bytes = nt_arena_copy(arena, sqlite3_column_blob(row, 1), blobs[i].length);
			sqlite3_reset(row);
		}
	}
	return NT_STORE_OK;
}

static int timer_run(struct nt_sqlite_store *store, enum nt_statement which, nt_time due, const char *lead)
{
	sqlite3_stmt *s;

	if (due == NT_NEVER)
		return NT_STORE_OK;
	s = nt_sqlite_statement(store, which);
	if (s == NULL)
		return NT_STORE_ERROR;
	sqlite3_bind_int64(s, 1, due);
	nt_sqlite_bind_text(s, 2, lead);
	return nt_sqlite_run(store, s);
}

static int save(struct nt_store *base, const char *id, const void *bytes, size_t length, nt_time old_due, nt_time due)
{
	struct nt_sqlite_store *store = self(base);
	sqlite3_stmt *row, *s;
	int64_t key;
	int code;

	switch (find(store, id, &key, &row)) {
	case FAILED:
		return nt_sqlite_fail(store);
	case FOUND:
		sqlite3_reset(row);
		break;
	case FREE:
		break;
	}
	s = nt_sqlite_statement(store, NT_SQL_LEAD_PUT);
	if (s == NULL)
		return NT_STORE_ERROR;
	sqlite3_bind_int64(s, 1, key);
	nt_sqlite_bind_text(s, 2, id);
	sqlite3_bind_blob64(s, 3, bytes, length, SQLITE_STATIC);
	code = nt_sqlite_run(store, s);
	if (code == NT_STORE_OK && old_due != due) {
		code = timer_run(store, NT_SQL_TIMER_DELETE, old_due, id);
		if (code == NT_STORE_OK)
			code = timer_run(store, NT_SQL_TIMER_PUT, due, id);
	}
	return code;
}

int nt_sqlite_run_with_key(struct nt_sqlite_store *store, enum nt_statement which, int64_t key)
{
	sqlite3_stmt *s = nt_sqlite_statement(store, which);

	if (s == NULL)
		return NT_STORE_ERROR;
	sqlite3_bind_int64(s, 1, key);
	return nt_sqlite_run(store, s);
}

static int erase(struct nt_store *base, const char *id, nt_time old_due, int64_t log_head)
{
	struct nt_sqlite_store *store = self(base);
	sqlite3_stmt *row, *s;
	bool followed;
	int64_t key;
	int code;

	switch (find(store, id, &key, &row)) {
	case FAILED:
		return nt_sqlite_fail(store);
	case FREE:
		return nt_sqlite_log_erase(store, log_head);
	case FOUND:
		sqlite3_reset(row);
	}
	s = nt_sqlite_statement(store, NT_SQL_LEAD_GET);
	if (s == NULL)
		return NT_STORE_ERROR;
	sqlite3_bind_int64(s, 1, key == INT64_MAX ? 0 : key + 1);
	followed = sqlite3_step(s) == SQLITE_ROW;
	sqlite3_reset(s);
	/* A row behind may have been put there because this one was taken: leave a grave. */
	code = nt_sqlite_run_with_key(store, followed ? NT_SQL_LEAD_BURY : NT_SQL_LEAD_DELETE, key);
	if (code == NT_STORE_OK)
		code = timer_run(store, NT_SQL_TIMER_DELETE, old_due, id);
	if (code == NT_STORE_OK) {
		s = nt_sqlite_statement(store, NT_SQL_OUTBOX_ERASE);
		if (s == NULL)
			return NT_STORE_ERROR;
		nt_sqlite_bind_text(s, 1, id);
		code = nt_sqlite_run(store, s);
	}
	return code == NT_STORE_OK ? nt_sqlite_log_erase(store, log_head) : code;
}

static int scan(struct nt_store *base, struct nt_arena *arena, const char *after, unsigned limit, const char **ids,
                unsigned *n)
{
	struct nt_sqlite_store *store = self(base);
	sqlite3_stmt *s, *row;
	int64_t key = -1;
	int code;

	*n = 0;
	if (after != NULL && after[0] != '\0') {
		enum found found = find(store, after, &key, &row);

		if (found == FAILED)
			return nt_sqlite_fail(store);
		if (found == FOUND)
			sqlite3_reset(row);
		else
			key = key_of(after) - 1; /* erased meanwhile: its neighbours may be asked twice */
	}
	s = nt_sqlite_statement(store, NT_SQL_LEAD_SCAN);
	if (s == NULL)
		return NT_STORE_ERROR;
	sqlite3_bind_int64(s, 1, key);
	sqlite3_bind_int64(s, 2, limit);
	while ((code = sqlite3_step(s)) == SQLITE_ROW && *n < limit)
		ids[(*n)++] = nt_arena_strdup(arena, (const char *)sqlite3_column_text(s, 0));
	if (code != SQLITE_DONE && code != SQLITE_ROW)
		return nt_sqlite_fail(store);
	sqlite3_reset(s);
	return NT_STORE_OK;
}

static int count_leads(struct nt_store *base, uint64_t *n)
{
	sqlite3_stmt *s = nt_sqlite_statement(self(base), NT_SQL_LEAD_COUNT);

	if (s == NULL)
		return NT_STORE_ERROR;
	if (sqlite3_step(s) != SQLITE_ROW)
		return nt_sqlite_fail(self(base));
	*n = (uint64_t)sqlite3_column_int64(s, 0);
	sqlite3_reset(s);
	return NT_STORE_OK;
}

static int due_timers(struct nt_store *base, struct nt_arena *arena, nt_time until, unsigned limit, struct nt_due *out,
                      unsigned *n)
{
	struct nt_sqlite_store *store = self(base);
	sqlite3_stmt *s = nt_sqlite_statement(store, NT_SQL_TIMER_DUE);
	int code;

	*n = 0;
	if (s == NULL)
		return NT_STORE_ERROR;
	sqlite3_bind_int64(s, 1, until);
	sqlite3_bind_int64(s, 2, limit);
	while ((code = sqlite3_step(s)) == SQLITE_ROW && *n < limit) {
		out[*n].lead = nt_arena_strdup(arena, (const char *)sqlite3_column_text(s, 0));
		out[(*n)++].due = sqlite3_column_int64(s, 1);
	}
	if (code != SQLITE_DONE && code != SQLITE_ROW)
		return nt_sqlite_fail(store);
	sqlite3_reset(s);
	return NT_STORE_OK;
}

static int next_due(struct nt_store *base, nt_time *due)
{
	struct nt_sqlite_store *store = self(base);
	sqlite3_stmt *s = nt_sqlite_statement(store, NT_SQL_TIMER_NEXT);
	int code;

	*due = NT_NEVER;
	if (s == NULL)
		return NT_STORE_ERROR;
	code = sqlite3_step(s);
	if (code == SQLITE_ROW)
		*due = sqlite3_column_int64(s, 0);
	else if (code != SQLITE_DONE)
		return nt_sqlite_fail(store);
	sqlite3_reset(s);
	return NT_STORE_OK;
}

/* ---- opening ---- */

static void store_free(struct nt_store *base)
{
	struct nt_sqlite_store *store = self(base);

	for (int i = 0; i < NT_SQL_STATEMENTS; i++)
		sqlite3_finalize(store->statements[i]);
	sqlite3_close(store->db);
	g_hash_table_destroy(store->numbers);
	g_string_free(store->error, TRUE);
	g_free(store);
}

static const char *error(struct nt_store *store)
{
	return self(store)->error->str;
}

static const struct nt_store_ops ops = {
	.name = "sqlite",
	.free = store_free,
	.error = error,
	.begin = begin,
	.commit = commit,
	.rollback = rollback,
	.load = load,
	.save = save,
	.erase = erase,
	.scan = scan,
	.count_leads = count_leads,
	.due = due_timers,
	.next_due = next_due,
	.put_input = nt_sqlite_put_input,
	.suppressed = nt_sqlite_suppressed,
	.suppress = nt_sqlite_suppress,
	.unsuppress = nt_sqlite_unsuppress,
	.log_append = nt_sqlite_log_append,
	.log_read = nt_sqlite_log_read,
	.log_prune = nt_sqlite_log_prune,
	.outbox_put = nt_sqlite_outbox_put,
	.outbox_claim = nt_sqlite_outbox_claim,
	.outbox_next = nt_sqlite_outbox_next,
	.outbox_get = nt_sqlite_outbox_get,
	.outbox_state = nt_sqlite_outbox_state,
	.outbox_move = nt_sqlite_outbox_move,
	.outbox_list = nt_sqlite_outbox_list,
	.outbox_each = nt_sqlite_outbox_each,
	.sales_put = nt_sqlite_sales_put,
	.sales_turns = nt_sqlite_sales_turns,
	.sales_get = nt_sqlite_sales_get,
	.sales_each = nt_sqlite_sales_each,
	.subject_put = nt_sqlite_subject_put,
	.subject_get = nt_sqlite_subject_get,
	.subject_each = nt_sqlite_subject_each,
	.program_put = nt_sqlite_program_put,
	.program_get = nt_sqlite_program_get,
	.program_each = nt_sqlite_program_each,
	.meta_get = nt_sqlite_meta_get,
	.meta_put = nt_sqlite_meta_put,
	.meta_each = nt_sqlite_meta_each,
	.counts = nt_sqlite_counts,
};

static const char write_settings[] =
	"PRAGMA locking_mode = NORMAL; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = OFF;"
	"PRAGMA temp_store = MEMORY; PRAGMA cache_size = -" CACHE_KIB "; PRAGMA wal_autocheckpoint = " AUTOCHECKPOINT
	";"
	"PRAGMA journal_size_limit = 268435456; PRAGMA secure_delete = FAST; PRAGMA mmap_size = 0;";

/* Drawn once and kept beside the data; the list alone, say in a copy of that table, tells nobody's address. */
static bool read_address_key(struct nt_sqlite_store *store, bool draw, char **why)
{
	static const char drawn[] = "INSERT OR IGNORE INTO meta VALUES ('address_key', lower(hex(randomblob(32))))";
	sqlite3_stmt *s = NULL;
	bool done = !draw || sqlite3_exec(store->db, drawn, NULL, NULL, NULL) == SQLITE_OK;

	done = done && sqlite3_prepare_v2(store->db, "SELECT value FROM meta WHERE key = 'address_key'", -1, &s,
	                                  NULL) == SQLITE_OK;
	if (done && sqlite3_step(s) == SQLITE_ROW)
		g_strlcpy(store->address_key, (const char *)sqlite3_column_text(s, 0), sizeof store->address_key);
	if (!done)
		*why = g_strdup(sqlite3_errmsg(store->db));
	sqlite3_finalize(s);
	return done;
}

static bool prepare_file(struct nt_sqlite_store *store, const struct nt_sqlite_options *options, char **why)
{
	sqlite3_busy_timeout(store->db, options->mode == NT_SQLITE_READ ? 2000 : 5000);
	if (options->mode == NT_SQLITE_READ)
		return nt_schema_check(store->db, why) && read_address_key(store, false, why);
	if (sqlite3_exec(store->db, write_settings, NULL, NULL, NULL) != SQLITE_OK) {
		*why = g_strdup(sqlite3_errmsg(store->db));
		return false;
	}
	return nt_schema_migrate(store->db, why) && read_address_key(store, true, why);
}

struct nt_store *nt_sqlite_store_open(const struct nt_sqlite_options *options, char **why)
{
	struct nt_sqlite_store *store = g_new0(struct nt_sqlite_store, 1);
	int flags = options->mode == NT_SQLITE_READ ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
	char *detail = NULL;
	int code;

	NT_CHECK(sodium_init() >= 0);
	store->base.ops = &ops;
	store->error = g_string_new("");
	store->numbers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	store->log_last = -1;
	code = sqlite3_open_v2(options->path, &store->db, flags | SQLITE_OPEN_NOMUTEX, options->vfs);
	if (code == SQLITE_OK && prepare_file(store, options, &detail))
		return &store->base;
	if (detail == NULL)
		detail = g_strdup(store->db != NULL ? sqlite3_errmsg(store->db) : sqlite3_errstr(code));
	if (store->db != NULL && sqlite3_system_errno(store->db) != 0 && code != SQLITE_OK)
		*why = g_strdup_printf("%s: %s (%s)", options->path, detail,
		                       g_strerror(sqlite3_system_errno(store->db)));
	else
		*why = g_strdup_printf("%s: %s", options->path, detail);
	g_free(detail);
	store_free(&store->base);
	return NULL;
}

void nt_sqlite_store_checkpoint(struct nt_store *store)
{
	sqlite3_wal_checkpoint_v2(self(store)->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
}
