/* The store in one SQLite file (WAL, synchronous=FULL): everything the daemon must not forget.
 *
 * A connection belongs to the thread that uses it. The engine's is the only writer; people's questions go through
 * read-only ones. Leads are found by a 63-bit hash of their id as row number (one b-tree instead of two); log and
 * outbox are append-only in row order, so that a batch touches few pages. */
#ifndef NT_STORE_SQLITE_H
#define NT_STORE_SQLITE_H

#include "engine/store.h"

struct nt_diags;

enum nt_sqlite_mode { NT_SQLITE_WRITE, NT_SQLITE_READ };

struct nt_sqlite_options {
	const char *path;
	enum nt_sqlite_mode mode;
	const char *vfs;      /* NULL: the default (tests inject faults with their own) */
};

/* Creates the file and migrates its schema forwards if need be (WRITE). NULL and *why (g_free) if it can't be used: not
 * there, no rights, locked by another daemon, of a newer version, damaged. */
struct nt_store *nt_sqlite_store_open(const struct nt_sqlite_options *options, char **why);
/* Moves the write-ahead log into the file; called when idle. */
void nt_sqlite_store_checkpoint(struct nt_store *store);

#endif
