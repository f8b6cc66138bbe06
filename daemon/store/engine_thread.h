/* The engine's thread: takes what has arrived as one batch, lets the engine step and commit it, and only then releases
 * the answers (group commit). Owns the store's write connection and the engine; nobody else touches either while it
 * runs. */
#ifndef NT_STORE_ENGINE_THREAD_H
#define NT_STORE_ENGINE_THREAD_H

#include "engine/engine.h"

struct ev_loop;
struct nt_clock;
struct nt_engine_thread;

struct nt_engine_thread_options {
	struct nt_store *store;
	struct nt_engine *engine;
	struct nt_clock *clock;
	struct ev_loop *loop; /* where answered requests' `done` runs */
	/* On the loop thread, after turns that may have released messages: the dispatcher looks for work. */
	void (*turned)(void *user);
	/* On the loop thread: the store has stopped keeping things (full disk …), or keeps them again (code
	 * NT_STORE_OK). */
	void (*trouble)(void *user, int code, const char *message);
	void *user;
};

/* What the loop may know of the engine, as of the last turn. */
struct nt_engine_view {
	nt_time now, due;
	nt_time loaded;      /* when the engine's program was; NT_NO_TIME: not yet */
	struct nt_engine_counters counters;
	unsigned tasks_open, tasks_overdue;
	bool touching;
	const char *trouble; /* interned; NULL: all is well */
	unsigned waiting;    /* requests not yet taken */
	unsigned unanswered; /* requests whose `done` hasn't run */
};

struct nt_engine_thread *nt_engine_thread_start(const struct nt_engine_thread_options *options);
/* Any thread. `done` is called on the loop thread once the batch is durable (or has failed). */
void nt_engine_thread_post(struct nt_engine_thread *thread, struct nt_request *request);
void nt_engine_thread_wake(struct nt_engine_thread *thread); /* the clock was moved */
struct nt_engine_view nt_engine_thread_view(struct nt_engine_thread *thread);
/* nt_best_json() as of the last turn, appended. Any thread. */
void nt_engine_thread_splits(struct nt_engine_thread *thread, GString *out);
/* Runs what has been posted, ends the thread, and delivers the last answers (calls `done` on the calling = loop
 * thread). What those post in turn is answered FAILED. */
void nt_engine_thread_stop(struct nt_engine_thread *thread);

#endif
