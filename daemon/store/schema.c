#include "store/schema.h"

#include <glib.h>

/* migrations[i] leads from version i to i + 1. Never edited once released: a change is a further entry. */
static const char *const migrations[NT_SCHEMA_VERSION] = {
	"CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
	/* key: 63-bit hash of id; on a collision the next free one. id NULL: a grave that keeps the chain whole. */
	"CREATE TABLE lead (key INTEGER PRIMARY KEY, id TEXT, state BLOB);"
	"CREATE TABLE timer (due INTEGER NOT NULL, lead TEXT NOT NULL, PRIMARY KEY (due, lead)) WITHOUT ROWID;"
	"CREATE TABLE input (hash BLOB PRIMARY KEY) WITHOUT ROWID;"
	"CREATE TABLE suppression (channel TEXT NOT NULL, address BLOB NOT NULL, reason TEXT NOT NULL, at INTEGER NOT "
	"NULL,"
	" hard INTEGER NOT NULL, PRIMARY KEY (channel, address)) WITHOUT ROWID;"
	"CREATE TABLE program (number INTEGER PRIMARY KEY, hash TEXT NOT NULL UNIQUE, archive BLOB, at INTEGER NOT "
	"NULL);"
	"CREATE TABLE log (sequence INTEGER PRIMARY KEY, previous INTEGER NOT NULL, lead TEXT NOT NULL, at INTEGER NOT "
	"NULL,"
	" program INTEGER NOT NULL, body TEXT NOT NULL);"
	"CREATE TABLE outbox (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, state INTEGER NOT NULL,"
	" channel TEXT NOT NULL, not_before INTEGER NOT NULL, attempts INTEGER NOT NULL, owner TEXT, slot INTEGER NOT "
	"NULL,"
	" changed INTEGER NOT NULL, remote_id TEXT, detail TEXT, lead TEXT NOT NULL, rep TEXT, campaign TEXT NOT NULL,"
	" run_key TEXT NOT NULL, entry INTEGER NOT NULL, step TEXT NOT NULL, template TEXT NOT NULL, locale TEXT,"
	" template_hash TEXT, address TEXT NOT NULL, address_name TEXT, payload TEXT NOT NULL, service INTEGER NOT "
	"NULL,"
	" released INTEGER NOT NULL, offer INTEGER NOT NULL, why TEXT, program INTEGER);"
	/* Only what waits is in the index: it stays as small as the backlog. */
	"CREATE INDEX outbox_released ON outbox (channel, not_before) WHERE state = 0;"
	"CREATE INDEX outbox_lead ON outbox (lead);"
	"CREATE INDEX outbox_handed ON outbox (state, id) WHERE state IN (1, 5);"
	"CREATE TABLE sales (lead TEXT PRIMARY KEY, entry BLOB NOT NULL) WITHOUT ROWID;",
	"CREATE TABLE subject (kind TEXT NOT NULL, id TEXT NOT NULL, row BLOB NOT NULL, PRIMARY KEY (kind, id))"
	" WITHOUT ROWID;",
	/* Whose tasks these are. */
	"ALTER TABLE subject ADD COLUMN lead TEXT;"
	"UPDATE subject SET lead = json_extract(CAST(row AS TEXT), '$.lead') WHERE kind = 'task';"
	"CREATE INDEX subject_lead ON subject (lead, kind) WHERE lead IS NOT NULL;",
};

static bool execute(sqlite3 *db, const char *sql, char **why)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK)
		return true;
	*why = g_strdup(sqlite3_errmsg(db));
	return false;
}

static int version_of(sqlite3 *db, char **why)
{
	sqlite3_stmt *statement;
	int version = -1;

	if (sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &statement, NULL) == SQLITE_OK &&
	    sqlite3_step(statement) == SQLITE_ROW)
		version = sqlite3_column_int(statement, 0);
	else
		*why = g_strdup(sqlite3_errmsg(db));
	sqlite3_finalize(statement);
	return version;
}

static bool newer(int version, char **why)
{
	if (version <= NT_SCHEMA_VERSION)
		return false;
	*why = g_strdup_printf("the store was written by a newer nurtured (schema %d, this one knows %d): install that "
	                       "version",
	                       version, NT_SCHEMA_VERSION);
	return true;
}

bool nt_schema_migrate(sqlite3 *db, char **why)
{
	int version = version_of(db, why);

	if (version < 0 || newer(version, why))
		return false;
	if (version == NT_SCHEMA_VERSION)
		return true;
	if (!execute(db, "BEGIN IMMEDIATE", why))
		return false;
	for (; version < NT_SCHEMA_VERSION; version++) {
		char *set = g_strdup_printf("PRAGMA user_version = %d", version + 1);
		bool done = execute(db, migrations[version], why) && execute(db, set, why);

		g_free(set);
		if (!done) {
			sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
			return false;
		}
	}
	return execute(db, "COMMIT", why);
}

bool nt_schema_check(sqlite3 *db, char **why)
{
	int version = version_of(db, why);

	if (version < 0 || newer(version, why))
		return false;
	if (version == NT_SCHEMA_VERSION)
		return true;
	*why = g_strdup_printf("the store has schema %d and not %d: start nurtured once to bring it up to date",
	                       version, NT_SCHEMA_VERSION);
	return false;
}
