/* People's questions: a thread with a read-only connection, so that a long answer never stops the engine or the loop.
 */
#ifndef NT_STORE_READER_H
#define NT_STORE_READER_H

#include "engine/store.h"

#include <glib.h>

struct ev_loop;
struct nt_reader;

/* Opens its own connection to the file. NULL and *why (g_free). */
struct nt_reader *nt_reader_start(struct ev_loop *loop, const char *path, char **why);
/* `ask` runs on the reader's thread with its store (inside a read transaction: one consistent view) and a fresh arena;
 * `done` on the loop thread afterwards; the arena is freed after it. */
void nt_reader_ask(struct nt_reader *reader, void (*ask)(void *user, struct nt_store *store, struct nt_arena *arena),
                   void (*done)(void *user), void *user);
void nt_reader_stop(struct nt_reader *reader); /* finishes what was asked */

#endif
