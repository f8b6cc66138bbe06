/* The yardstick for what a store can do: SQLite alone, rows of 200 bytes with one index, 1,000 a commit, each commit durable.
 * rows FILE SECONDS prints rows a second. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define A_COMMIT 1000

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void run(sqlite3 *db, const char *sql)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK)
		return;
	fprintf(stderr, "rows: %s\n", sqlite3_errmsg(db));
	exit(1);
}

int main(int argc, char **argv)
{
	static const char row[200];
	sqlite3_stmt *insert = NULL;
	unsigned long long random = 88172645463325252ULL, rows = 0;
	double start, until;
	sqlite3 *db;

	if (argc != 3 || sqlite3_open(argv[1], &db) != SQLITE_OK)
		return 2;
	run(db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -65536; PRAGMA wal_autocheckpoint = 20000;"
	        "CREATE TABLE IF NOT EXISTS row (id INTEGER PRIMARY KEY, k INTEGER, body BLOB); CREATE INDEX IF NOT EXISTS row_k ON row (k);");
	sqlite3_prepare_v2(db, "INSERT INTO row (k, body) VALUES (?1, ?2)", -1, &insert, NULL);
	start = now();
	until = start + atof(argv[2]);
	while (now() < until) {
		run(db, "BEGIN IMMEDIATE");
		for (int i = 0; i < A_COMMIT; i++, rows++) {
			random ^= random << 13;
			random ^= random >> 7;
			random ^= random << 17;
			sqlite3_bind_int64(insert, 1, (sqlite3_int64)(random >> 1));
			sqlite3_bind_blob(insert, 2, row, sizeof row, SQLITE_STATIC);
			if (sqlite3_step(insert) != SQLITE_DONE)
				return 1;
			sqlite3_reset(insert);
		}
		run(db, "COMMIT");
	}
	printf("%.0f\n", (double)rows / (now() - start));
	sqlite3_finalize(insert);
	sqlite3_close(db);
	return 0;
}
