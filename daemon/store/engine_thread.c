#include "store/engine_thread.h"

#include "base/bug.h"
#include "engine/best.h"
#include "os/clock.h"
#include "os/mailbox.h"

#include <pthread.h>
#include <signal.h>

#define BATCH 1000        /* requests a turn */
#define GATHER_MS 2       /* wait so long for a batch to fill while there is load … */
#define GATHER_FROM 8     /* … which is: the last batch had so many */
#define GATHER_ENOUGH 256 /* … until so many are there */
#define TIMERS 1000
#define TOUCHES 200
#define PAUSE_ON_TROUBLE_MS 1000
#define LOOK_AGAIN_MS 10000 /* the clock may be set while we wait for an instant of it */

/* What goes to the loop thread after a turn. */
struct turned {
	struct nt_request *answered; /* chain */
	int code;                    /* of the store */
	const char *trouble;         /* interned */
	bool trouble_changed;
};

struct nt_engine_thread {
	struct nt_engine_thread_options options;
	pthread_t thread;
	struct nt_mailbox *requests; /* struct nt_request */
	struct nt_mailbox *turns;    /* struct turned, to the loop */
	unsigned unanswered;         /* atomic: posted by any thread, delivered on the loop's */
	pthread_mutex_t lock;        /* guards view and splits */
	struct nt_engine_view view;
	GString *splits;
	/* engine thread's own */
	unsigned last_batch;
	int code;
	uint64_t best_changes;       /* that splits shows */
};

static void deliver(void *user, void *item)
{
	struct nt_engine_thread *thread = user;
	struct turned *turned = item;
	struct nt_request *request, *next;

	for (request = turned->answered; request != NULL; request = next) {
		next = request->next;
		request->next = NULL;
		__atomic_sub_fetch(&thread->unanswered, 1, __ATOMIC_RELAXED);
		request->done(request, request->user);
	}
	if (turned->trouble_changed && thread->options.trouble != NULL)
		thread->options.trouble(thread->options.user, turned->code, turned->trouble);
	if (thread->options.turned != NULL)
		thread->options.turned(thread->options.user);
	g_free(turned);
}

/* Waits for the first request, a timer or a poke; then takes all that is there, giving a batch a moment to fill under
 * load. */
static struct nt_request *gather(struct nt_engine_thread *thread, int64_t wait_ms)
{
	struct nt_request *first = NULL, **last = &first, *request;
	int64_t until = nt_clock_monotonic() + GATHER_MS;
	unsigned n = 0;

	request = nt_mailbox_wait(thread->requests, wait_ms);
	if (wait_ms != 0)
		until = nt_clock_monotonic() + GATHER_MS;
	while (request != NULL) {
		bool patient = thread->last_batch >= GATHER_FROM && n < GATHER_ENOUGH;
		int64_t left = patient ? until - nt_clock_monotonic() : 0;

		*last = request;
		last = &request->next;
		if (++n >= BATCH)
			break;
		request = nt_mailbox_wait(thread->requests, MAX(0, left)); /* less than 0 would be without end */
	}
	*last = NULL;
	thread->last_batch = n;
	return first;
}

static int64_t time_to_wait(struct nt_engine_thread *thread)
{
	int64_t wait = nt_engine_touching(thread->options.engine)
	                       ? 0
	                       : nt_clock_wait(thread->options.clock, nt_engine_due(thread->options.engine));

	if (thread->code != NT_STORE_OK && wait >= 0)
		wait = MAX(wait, PAUSE_ON_TROUBLE_MS); /* timers can't be kept now: don't spin on them */
	return MIN(wait, LOOK_AGAIN_MS);
}

static void publish(struct nt_engine_thread *thread, const char *trouble)
{
	struct nt_engine *engine = thread->options.engine;
	nt_time due = nt_engine_due(engine);
	uint64_t changes;
	const struct nt_best *best = nt_engine_best(engine, &changes);

	pthread_mutex_lock(&thread->lock);
	thread->view.now = nt_engine_now(engine);
	thread->view.due = due;
	thread->view.loaded = nt_engine_loaded(engine);
	thread->view.counters = nt_engine_counters(engine);
	thread->view.tasks_open = nt_tasks_open(nt_engine_tasks(engine));
	thread->view.tasks_overdue = nt_tasks_overdue(nt_engine_tasks(engine));
	thread->view.touching = nt_engine_touching(engine);
	thread->view.trouble = trouble;
	if (changes != thread->best_changes || thread->splits->len == 0) {
		g_string_truncate(thread->splits, 0);
		nt_best_json(best, thread->splits);
		thread->best_changes = changes;
	}
	pthread_mutex_unlock(&thread->lock);
}

static void turn(struct nt_engine_thread *thread, struct nt_request *requests)
{
	struct nt_store *store = thread->options.store;
	struct turned *turned = g_new0(struct turned, 1);

	turned->code =
		nt_engine_turn(thread->options.engine, nt_clock_now(thread->options.clock), requests, TIMERS, TOUCHES);
	turned->answered = requests;
	if (turned->code != NT_STORE_OK)
		turned->trouble = g_intern_string(store->ops->error(store));
	turned->trouble_changed = (turned->code != NT_STORE_OK) != (thread->code != NT_STORE_OK);
	thread->code = turned->code;
	publish(thread, turned->trouble);
	nt_mailbox_send(thread->turns, turned);
}

static void *run(void *user)
{
	struct nt_engine_thread *thread = user;
	struct nt_engine *engine = thread->options.engine;

	pthread_setname_np(pthread_self(), "engine");
	while (!nt_mailbox_closed(thread->requests) || nt_mailbox_length(thread->requests) > 0) {
		struct nt_request *requests = gather(thread, time_to_wait(thread));

		if (requests != NULL || nt_engine_touching(engine) ||
		    nt_clock_wait(thread->options.clock, nt_engine_due(engine)) == 0)
			turn(thread, requests);
	}
	return NULL;
}

struct nt_engine_thread *nt_engine_thread_start(const struct nt_engine_thread_options *options)
{
	struct nt_engine_thread *thread = g_new0(struct nt_engine_thread, 1);
	sigset_t all, before;

	thread->options = *options;
	thread->requests = nt_mailbox_new();
	thread->turns = nt_mailbox_new_loop(options->loop, deliver, thread);
	pthread_mutex_init(&thread->lock, NULL);
	thread->splits = g_string_new(NULL);
	publish(thread, NULL);
	sigfillset(&all); /* signals are the loop thread's */
	pthread_sigmask(SIG_SETMASK, &all, &before);
	if (pthread_create(&thread->thread, NULL, run, thread) != 0)
		NT_BUG("pthread_create failed");
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return thread;
}

void nt_engine_thread_post(struct nt_engine_thread *thread, struct nt_request *request)
{
	NT_CHECK(request->done != NULL);
	request->next = NULL;
	__atomic_add_fetch(&thread->unanswered, 1, __ATOMIC_RELAXED);
	nt_mailbox_send(thread->requests, request);
}

void nt_engine_thread_wake(struct nt_engine_thread *thread)
{
	nt_mailbox_poke(thread->requests);
}

struct nt_engine_view nt_engine_thread_view(struct nt_engine_thread *thread)
{
	struct nt_engine_view view;

	pthread_mutex_lock(&thread->lock);
	view = thread->view;
	pthread_mutex_unlock(&thread->lock);
	view.waiting = nt_mailbox_length(thread->requests);
	view.unanswered = __atomic_load_n(&thread->unanswered, __ATOMIC_RELAXED);
	return view;
}

void nt_engine_thread_splits(struct nt_engine_thread *thread, GString *out)
{
	pthread_mutex_lock(&thread->lock);
	g_string_append_len(out, thread->splits->str, (gssize)thread->splits->len);
	pthread_mutex_unlock(&thread->lock);
}

/* What was posted while the last answers were delivered: nobody is left to do it, but whoever posted it is told. */
static void refuse_late(struct nt_engine_thread *thread)
{
	struct nt_request *request;

	while ((request = nt_mailbox_wait(thread->requests, 0)) != NULL) {
		request->code = NT_ANSWER_FAILED;
		request->message_text = "the daemon is stopping";
		__atomic_sub_fetch(&thread->unanswered, 1, __ATOMIC_RELAXED);
		request->done(request, request->user);
	}
}

void nt_engine_thread_stop(struct nt_engine_thread *thread)
{
	if (thread == NULL)
		return;
	nt_mailbox_close(thread->requests);
	pthread_join(thread->thread, NULL);
	nt_mailbox_flush(thread->turns);
	refuse_late(thread);
	nt_mailbox_free(thread->turns);
	nt_mailbox_free(thread->requests);
	pthread_mutex_destroy(&thread->lock);
	g_string_free(thread->splits, TRUE);
	g_free(thread);
}
