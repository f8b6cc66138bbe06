#include "conformance.h"
#include "drop_vfs.h"

#include "base/arena.h"
#include "store/sqlite.h"
#include "store/sqlite_private.h"

#include <glib.h>
#include <glib/gstdio.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>
#include <string.h>
#include <unistd.h>

static char *folder;

static char *fresh_path(void)
{
	static unsigned n;

	return g_strdup_printf("%s/store-%u.db", folder, n++);
}

static struct nt_store *open_at(const char *path, enum nt_sqlite_mode mode, const char *vfs, char **why)
{
	struct nt_sqlite_options options = { .path = path, .mode = mode, .vfs = vfs };

	return nt_sqlite_store_open(&options, why);
}

static struct nt_store *open_sqlite(void *user)
{
	char *path = fresh_path(), *why = NULL;
	struct nt_store *store = open_at(path, NT_SQLITE_WRITE, NULL, &why);

	(void)user;
	if (store == NULL)
		fprintf(stderr, "%s\n", why);
	g_free(path);
	return store;
}

/* ---- durability ---- */

#define BATCHES 40
#define A_BATCH 5

struct promised {
	GPtrArray *answered; /* event ids whose batch was committed */
};

/* Batches of events, until the power fails. What a commit said yes to has been answered. */
static void run_batches(struct nt_store *store, struct promised *promised, unsigned from)
{
	for (unsigned b = from; b < from + BATCHES; b++) {
		char *ids[A_BATCH];
		bool fresh = false;
		int code = store->ops->begin(store);

		for (unsigned i = 0; i < A_BATCH; i++) {
			ids[i] = g_strdup_printf("event-%u-%u", b, i);
			if (code == NT_STORE_OK)
				code = store->ops->put_input(store, "test", ids[i], "lead", &fresh);
			if (code == NT_STORE_OK)
				code = store->ops->save(store, ids[i], "state", 5, NT_NEVER, 1000 + b);
		}
		if (code == NT_STORE_OK)
			code = store->ops->commit(store, b + 1);
		if (code != NT_STORE_OK)
			store->ops->rollback(store);
		for (unsigned i = 0; i < A_BATCH; i++) {
			if (code == NT_STORE_OK)
				g_ptr_array_add(promised->answered, ids[i]);
			else
				g_free(ids[i]);
		}
		if (code != NT_STORE_OK)
			return;
	}
}

static unsigned missing(struct nt_store *store, const struct promised *promised)
{
	unsigned n = 0;

	assert_int_equal(store->ops->begin(store), NT_STORE_OK);
	for (guint i = 0; i < promised->answered->len; i++) {
		bool fresh;

		assert_int_equal(store->ops->put_input(store, "test", g_ptr_array_index(promised->answered, i), "lead",
		                                       &fresh),
		                 NT_STORE_OK);
		n += fresh;
	}
	store->ops->rollback(store);
	return n;
}

/* One life: batches, the power fails at the given write, everything unsynced is lost, a new start. Gives how many
 * answered events are missing. */
static unsigned lose_power_at(unsigned write)
{
	struct promised promised = { g_ptr_array_new_with_free_func(g_free) };
	char *path = fresh_path(), *why = NULL, *shm = g_strconcat(path, "-shm", NULL);
	struct nt_store *store = open_at(path, NT_SQLITE_WRITE, DROP_VFS, &why);
	unsigned lost;

	assert_non_null(store);
	run_batches(store, &promised, 0);
	drop_vfs_fail_at(write);
	run_batches(store, &promised, BATCHES);
	drop_vfs_power_loss();
	store->ops->free(store);
	drop_vfs_power_on();
	unlink(shm); /* memory doesn't survive a machine */
	store = open_at(path, NT_SQLITE_WRITE, DROP_VFS, &why);
	if (store == NULL)
		print_error("write %u: %s\n", write, why);
	assert_non_null(store);
	lost = missing(store, &promised);
	store->ops->free(store);
	g_ptr_array_free(promised.answered, TRUE);
	g_free(path);
	g_free(shm);
	return lost;
}

static void test_power_loss_loses_nothing_answered(void **state)
{
	(void)state;
	for (unsigned write = 1; write <= 120; write++)
		assert_int_equal(lose_power_at(write), 0);
}

/* The test above must be able to fail: with a disk that only says that it has synced it does. */
static void test_lying_disk_is_noticed(void **state)
{
	(void)state;
	drop_vfs_lie(1);
	assert_true(lose_power_at(60) > 0);
	drop_vfs_lie(0);
}

/* ---- opening ---- */

static void test_newer_schema_is_refused(void **state)
{
	char *path = fresh_path(), *why = NULL;
	struct nt_store *store = open_at(path, NT_SQLITE_WRITE, NULL, &why);
	sqlite3 *db;

	(void)state;
	store->ops->free(store);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "PRAGMA user_version = 999", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	assert_null(open_at(path, NT_SQLITE_WRITE, NULL, &why));
	assert_non_null(strstr(why, "newer nurtured (schema 999"));
	g_free(why);
	g_free(path);
}

static void test_what_is_no_store_is_refused(void **state)
{
	char *path = fresh_path(), *why = NULL;

	(void)state;
	assert_true(g_file_set_contents(path,
	                                "This is a letter to my aunt and by no means a database, though it is long "
	                                "enough.",
	                                -1, NULL));
	assert_null(open_at(path, NT_SQLITE_WRITE, NULL, &why));
	assert_non_null(strstr(why, "not a database"));
	g_free(why);
	assert_null(open_at("/nonexistent/folder/x.db", NT_SQLITE_WRITE, NULL, &why));
	assert_non_null(strstr(why, "No such file"));
	g_free(why);
	g_free(path);
}

static void test_reader_sees_commits_and_cannot_write(void **state)
{
	char *path = fresh_path(), *why = NULL;
	struct nt_store *writer = open_at(path, NT_SQLITE_WRITE, NULL, &why), *reader;
	struct nt_arena *arena = nt_arena_new();
	const char *ids[] = { "ann" };
	struct nt_blob blob;

	(void)state;
	reader = open_at(path, NT_SQLITE_READ, NULL, &why);
	assert_non_null(reader);
	assert_int_equal(writer->ops->begin(writer), NT_STORE_OK);
	assert_int_equal(writer->ops->save(writer, "ann", "x", 1, NT_NEVER, NT_NEVER), NT_STORE_OK);
	assert_int_equal(reader->ops->load(reader, arena, ids, 1, &blob), NT_STORE_OK);
	assert_null(blob.bytes);
	assert_int_equal(writer->ops->commit(writer, 1), NT_STORE_OK);
	assert_int_equal(reader->ops->load(reader, arena, ids, 1, &blob), NT_STORE_OK);
	assert_int_equal(blob.length, 1);
	assert_int_not_equal(reader->ops->save(reader, "ann", "y", 1, NT_NEVER, NT_NEVER), NT_STORE_OK);
	reader->ops->free(reader);
	writer->ops->free(writer);
	nt_arena_free(arena);
	g_free(path);
}

/* What a lead refused outlives it; who it was doesn't. */
static void test_suppressed_addresses_cannot_be_read(void **state)
{
	char *path = fresh_path(), *why = NULL;
	struct nt_store *store = open_at(path, NT_SQLITE_WRITE, NULL, &why);
	struct nt_address ann = { "email", "ann@example.org" };
	enum nt_suppression how = NT_SUPPRESSION_NONE;
	sqlite3_stmt *s;
	sqlite3 *db;

	(void)state;
	assert_int_equal(store->ops->begin(store), NT_STORE_OK);
	assert_int_equal(store->ops->suppress(store, &ann, NT_SUPPRESSION_SOFT, "unsubscribed", 5), NT_STORE_OK);
	assert_int_equal(store->ops->commit(store, 1), NT_STORE_OK);
	store->ops->free(store);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, "SELECT length(address), CAST(address AS TEXT) FROM suppression", -1,
	                                    &s, NULL),
	                 SQLITE_OK);
	assert_int_equal(sqlite3_step(s), SQLITE_ROW);
	assert_int_equal(sqlite3_column_int(s, 0), 32);
	assert_null(strstr((const char *)sqlite3_column_text(s, 1), "ann"));
	sqlite3_finalize(s);
	sqlite3_close(db);
	for (int mode = 0; mode < 2; mode++) { /* and are known again, by whoever opens it */
		store = open_at(path, mode == 0 ? NT_SQLITE_WRITE : NT_SQLITE_READ, NULL, &why);
		assert_non_null(store);
		assert_int_equal(store->ops->suppressed(store, &ann, 1, &how), NT_STORE_OK);
		assert_int_equal(how, NT_SUPPRESSION_SOFT);
		store->ops->free(store);
	}
	g_free(path);
}

static void count_subject(void *context, const char *id, const char *lead, const void *bytes, size_t length)
{
	(void)id;
	(void)bytes;
	assert_string_equal(lead, "ann");
	*(unsigned *)context += (unsigned)length;
}

/* Whoever asks for one lead's tasks doesn't go through everybody's: counted in steps of SQLite's machine. */
static void test_a_leads_rows_are_found_without_a_search(void **state)
{
	char *path = fresh_path(), *why = NULL;
	struct nt_store *store = open_at(path, NT_SQLITE_WRITE, NULL, &why);
	unsigned seen = 0;
	sqlite3_stmt *s;
	int steps;

	(void)state;
	assert_int_equal(store->ops->begin(store), NT_STORE_OK);
	for (unsigned i = 0; i < 5000; i++) {
		char *id = g_strdup_printf("t%u", i), *lead = g_strdup_printf("lead-%u", i);

		assert_int_equal(store->ops->subject_put(store, "task", id, i % 1000 == 7 ? "ann" : lead, "x", 1),
		                 NT_STORE_OK);
		g_free(lead);
		g_free(id);
	}
	assert_int_equal(store->ops->commit(store, 1), NT_STORE_OK);
	assert_int_equal(store->ops->subject_each(store, "task", "ann", count_subject, &seen), NT_STORE_OK);
	assert_int_equal(seen, 5);
	s = ((struct nt_sqlite_store *)(void *)store)->statements[NT_SQL_SUBJECT_OF_LEAD];
	steps = sqlite3_stmt_status(s, SQLITE_STMTSTATUS_VM_STEP, 0);
	assert_true(steps > 0 && steps < 200);
	assert_int_equal(sqlite3_stmt_status(s, SQLITE_STMTSTATUS_SORT, 0), 0);
	store->ops->free(store);
	g_free(path);
}

/* Schema 2 kept tasks without their leads beside them. */
static void test_tasks_of_before_get_their_leads(void **state)
{
	static const char before[] =
		"DROP INDEX subject_lead; ALTER TABLE subject DROP COLUMN lead; PRAGMA user_version = 2;"
		"INSERT INTO subject (kind, id, row) VALUES ('task', 'a', CAST('{\"lead\":\"ann\"}' AS BLOB)),"
		" ('announced', 'told', CAST('{\"lead\":\"bob\"}' AS BLOB));";
	char *path = fresh_path(), *why = NULL;
	struct nt_store *store = open_at(path, NT_SQLITE_WRITE, NULL, &why);
	unsigned seen = 0;
	sqlite3 *db;

	(void)state;
	store->ops->free(store);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, before, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	assert_null(open_at(path, NT_SQLITE_READ, NULL, &why));
	g_free(why);
	store = open_at(path, NT_SQLITE_WRITE, NULL, &why);
	assert_non_null(store);
	assert_int_equal(store->ops->subject_each(store, "task", "ann", count_subject, &seen), NT_STORE_OK);
	assert_int_equal(seen, strlen("{\"lead\":\"ann\"}"));
	assert_int_equal(store->ops->subject_each(store, "announced", "bob", count_subject, &seen), NT_STORE_OK);
	assert_int_equal(seen, strlen("{\"lead\":\"ann\"}"));
	store->ops->free(store);
	g_free(path);
}

static void remove_folder(void)
{
	GDir *dir = g_dir_open(folder, 0, NULL);
	const char *name;

	while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
		char *path = g_build_filename(folder, name, NULL);

		unlink(path);
		g_free(path);
	}
	if (dir != NULL)
		g_dir_close(dir);
	rmdir(folder);
	g_free(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_power_loss_loses_nothing_answered),
		cmocka_unit_test(test_lying_disk_is_noticed),
		cmocka_unit_test(test_newer_schema_is_refused),
		cmocka_unit_test(test_what_is_no_store_is_refused),
		cmocka_unit_test(test_suppressed_addresses_cannot_be_read),
		cmocka_unit_test(test_a_leads_rows_are_found_without_a_search),
		cmocka_unit_test(test_tasks_of_before_get_their_leads),
		cmocka_unit_test(test_reader_sees_commits_and_cannot_write),
	};
	int failed;

	/* The faults are the VFS's; a real disk's slowness would add nothing but minutes. */
	if (access("/dev/shm", W_OK) == 0)
		g_setenv("TMPDIR", "/dev/shm", TRUE);
	folder = g_dir_make_tmp("nurtured-store-XXXXXX", NULL);
	drop_vfs_register();
	failed = nt_store_conformance("sqlite", open_sqlite, NULL);
	failed += cmocka_run_group_tests_name("sqlite file", tests, NULL, NULL);
	remove_folder();
	return failed;
}
