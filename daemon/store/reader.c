#include "store/reader.h"

#include "base/arena.h"
#include "base/bug.h"
#include "os/mailbox.h"
#include "store/sqlite.h"

#include <pthread.h>
#include <signal.h>

struct question {
	void (*ask)(void *user, struct nt_store *store, struct nt_arena *arena);
	void (*done)(void *user);
	void *user;
	struct nt_arena *arena;
};

struct nt_reader {
	pthread_t thread;
	struct nt_store *store;
	struct nt_mailbox *questions, *answers;
};

/* One view of the store for the whole of a question. Without one it is still answered, statement by statement. */
static void answer(struct nt_reader *reader, struct question *question)
{
	struct nt_store *store = reader->store;

	question->arena = nt_arena_new();
	store->ops->begin(store);
	question->ask(question->user, store, question->arena);
	store->ops->rollback(store);
}

static void *run(void *user)
{
	struct nt_reader *reader = user;

	while (!nt_mailbox_closed(reader->questions) || nt_mailbox_length(reader->questions) > 0) {
		struct question *question = nt_mailbox_wait(reader->questions, -1);

		if (question == NULL)
			continue;
		answer(reader, question);
		nt_mailbox_send(reader->answers, question);
	}
	return NULL;
}

static void deliver(void *user, void *item)
{
	struct question *question = item;

	(void)user;
	question->done(question->user);
	nt_arena_free(question->arena);
	g_free(question);
}

struct nt_reader *nt_reader_start(struct ev_loop *loop, const char *path, char **why)
{
	struct nt_sqlite_options options = { .path = path, .mode = NT_SQLITE_READ };
	struct nt_store *store = nt_sqlite_store_open(&options, why);
	struct nt_reader *reader;
	sigset_t all, before;

	if (store == NULL)
		return NULL;
	reader = g_new0(struct nt_reader, 1);
	reader->store = store;
	reader->questions = nt_mailbox_new();
	reader->answers = nt_mailbox_new_loop(loop, deliver, reader);
	sigfillset(&all); /* signals are the loop thread's */
	pthread_sigmask(SIG_SETMASK, &all, &before);
	if (pthread_create(&reader->thread, NULL, run, reader) != 0)
		NT_BUG("pthread_create failed");
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return reader;
}

void nt_reader_ask(struct nt_reader *reader, void (*ask)(void *user, struct nt_store *store, struct nt_arena *arena),
                   void (*done)(void *user), void *user)
{
	struct question *question = g_new0(struct question, 1);

	question->ask = ask;
	question->done = done;
	question->user = user;
	nt_mailbox_send(reader->questions, question);
}

void nt_reader_stop(struct nt_reader *reader)
{
	struct question *question;

	if (reader == NULL)
		return;
	nt_mailbox_close(reader->questions);
	pthread_join(reader->thread, NULL);
	nt_mailbox_flush(reader->answers);
	while ((question = nt_mailbox_wait(reader->questions, 0)) != NULL) { /* asked while the last answers were
		                                                                delivered */
		answer(reader, question);
		deliver(reader, question);
	}
	nt_mailbox_free(reader->answers);
	nt_mailbox_free(reader->questions);
	reader->store->ops->free(reader->store);
	g_free(reader);
}
