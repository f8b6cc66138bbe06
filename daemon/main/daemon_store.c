#include "main/daemon_private.h"

#include "base/arena.h"
#include "main/settings.h"
#include "os/clock.h"
#include "os/log.h"
#include "store/sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <string.h>
#include <sys/file.h>

/* One daemon a file. The lock goes with the process, however it ends. */
static bool lock_store(struct nt_daemon *daemon)
{
	char *path = g_strconcat(daemon->settings->store_path, ".lock", NULL);

	daemon->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (daemon->lock < 0)
		nt_log(NT_LOG_ERROR, "the store's folder can't be written", "path", path, "why", g_strerror(errno),
		       NULL);
	else if (flock(daemon->lock, LOCK_EX | LOCK_NB) < 0)
		nt_log(NT_LOG_ERROR, "another nurtured is using this store", "path", daemon->settings->store_path,
		       NULL);
	else {
		g_free(path);
		return true;
	}
	g_free(path);
	return false;
}

/* Meta values are written before the engine starts, in a batch of their own. */
static bool put_meta(struct nt_store *store, const char *key, const char *value)
{
	return store->ops->begin(store) == NT_STORE_OK && store->ops->meta_put(store, key, value) == NT_STORE_OK &&
	       store->ops->commit(store, 0) == NT_STORE_OK;
}

/* A store that has lived through virtual time must never meet the real clock, or the other way round: years of timers
 * would be due. */
static bool check_clock_mode(struct nt_daemon *daemon)
{
	const char *mode = nt_clock_kind(daemon->clock) == NT_CLOCK_REAL ? "real" : "virtual", *kept;
	struct nt_arena *arena = nt_arena_new();
	bool good = daemon->store->ops->meta_get(daemon->store, arena, "clock", &kept) == NT_STORE_OK;

	if (good && kept == NULL)
		good = put_meta(daemon->store, "clock", mode);
	else if (good && strcmp(kept, mode) != 0) {
		good = false;
		nt_log(NT_LOG_ERROR,
		       strcmp(kept, "real") == 0
		               ? "this store lives in real time: --clock-speed and --clock-manual need one of their own"
		               : "this store has lived in virtual time: it can't be run on the real clock",
		       "path", daemon->settings->store_path, NULL);
	}
	nt_arena_free(arena);
	return good;
}

/* "instance/boot": the instance stays with the store, the boot is this start of the daemon. */
static bool make_owner(struct nt_daemon *daemon)
{
	struct nt_arena *arena = nt_arena_new();
	const char *instance = NULL;
	bool good = daemon->store->ops->meta_get(daemon->store, arena, "instance", &instance) == NT_STORE_OK;

	if (good && instance == NULL) {
		char *fresh = g_uuid_string_random();

		instance = nt_arena_strdup(arena, fresh);
		g_free(fresh);
		good = put_meta(daemon->store, "instance", instance);
	}
	if (good) {
		char *boot = g_uuid_string_random();

		daemon->owner = g_strdup_printf("%s/%s", instance, boot);
		g_free(boot);
	}
	nt_arena_free(arena);
	return good;
}

bool nt_daemon_open_store(struct nt_daemon *daemon)
{
	struct nt_sqlite_options options = { .path = daemon->settings->store_path, .mode = NT_SQLITE_WRITE };
	char *why = NULL;

	if (!lock_store(daemon))
		return false;
	daemon->store = nt_sqlite_store_open(&options, &why);
	if (daemon->store == NULL) {
		nt_log(NT_LOG_ERROR, "the store can't be opened", "why", why, NULL);
		g_free(why);
		return false;
	}
	if (!check_clock_mode(daemon) || !make_owner(daemon)) {
		const char *said = daemon->store->ops->error(daemon->store);

		if (said[0] != '\0') /* else it has been said */
			nt_log(NT_LOG_ERROR, "the store can't be used", "why", said, NULL);
		return false;
	}
	return true;
}
