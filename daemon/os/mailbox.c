#include "os/mailbox.h"

#include <ev.h>
#include <glib.h>
#include <pthread.h>
#include <time.h>

struct nt_mailbox {
	pthread_mutex_t lock;
	pthread_cond_t arrived;
	GQueue items;
	bool poked, closed;
	/* loop thread's */
	struct ev_loop *loop;
	ev_async async;
	void (*receive)(void *user, void *item);
	void *user;
};

struct nt_mailbox *nt_mailbox_new(void)
{
	struct nt_mailbox *mailbox = g_new0(struct nt_mailbox, 1);
	pthread_condattr_t attr;

	pthread_mutex_init(&mailbox->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&mailbox->arrived, &attr);
	pthread_condattr_destroy(&attr);
	g_queue_init(&mailbox->items);
	return mailbox;
}

/* Takes the whole queue first: what a receiver sends meanwhile waits for the next turn, so that it can't starve I/O. */
void nt_mailbox_flush(struct nt_mailbox *mailbox)
{
	GQueue items;
	void *item;

	pthread_mutex_lock(&mailbox->lock);
	items = mailbox->items;
	g_queue_init(&mailbox->items);
	pthread_mutex_unlock(&mailbox->lock);
	while ((item = g_queue_pop_head(&items)) != NULL)
		mailbox->receive(mailbox->user, item);
}

static void drain(struct ev_loop *loop, ev_async *async, int events)
{
	(void)loop;
	(void)events;
	nt_mailbox_flush(async->data);
}

struct nt_mailbox *nt_mailbox_new_loop(struct ev_loop *loop, void (*receive)(void *user, void *item), void *user)
{
	struct nt_mailbox *mailbox = nt_mailbox_new();

	mailbox->loop = loop;
	mailbox->receive = receive;
	mailbox->user = user;
	ev_async_init(&mailbox->async, drain);
	mailbox->async.data = mailbox;
	ev_async_start(loop, &mailbox->async);
	return mailbox;
}

void nt_mailbox_free(struct nt_mailbox *mailbox)
{
	if (mailbox == NULL)
		return;
	if (mailbox->loop != NULL)
		ev_async_stop(mailbox->loop, &mailbox->async);
	g_queue_clear(&mailbox->items);
	pthread_cond_destroy(&mailbox->arrived);
	pthread_mutex_destroy(&mailbox->lock);
	g_free(mailbox);
}

void nt_mailbox_send(struct nt_mailbox *mailbox, void *item)
{
	bool was_empty;

	pthread_mutex_lock(&mailbox->lock);
	was_empty = g_queue_is_empty(&mailbox->items);
	g_queue_push_tail(&mailbox->items, item);
	if (mailbox->loop == NULL)
		pthread_cond_signal(&mailbox->arrived);
	pthread_mutex_unlock(&mailbox->lock);
	if (mailbox->loop != NULL && was_empty)
		ev_async_send(mailbox->loop, &mailbox->async);
}

static struct timespec deadline_in(int64_t ms)
{
	struct timespec deadline;

	clock_gettime(CLOCK_MONOTONIC, &deadline);
	deadline.tv_sec += ms / 1000;
	deadline.tv_nsec += (ms % 1000) * 1000000;
	if (deadline.tv_nsec >= 1000000000) {
		deadline.tv_sec++;
		deadline.tv_nsec -= 1000000000;
	}
	return deadline;
}

void *nt_mailbox_wait(struct nt_mailbox *mailbox, int64_t ms)
{
	struct timespec deadline = { 0 };
	void *item;

	if (ms > 0)
		deadline = deadline_in(ms);
	pthread_mutex_lock(&mailbox->lock);
	while (ms != 0 && g_queue_is_empty(&mailbox->items) && !mailbox->poked && !mailbox->closed) {
		if (ms < 0)
			pthread_cond_wait(&mailbox->arrived, &mailbox->lock);
		else if (pthread_cond_timedwait(&mailbox->arrived, &mailbox->lock, &deadline) != 0)
			break;
	}
	item = g_queue_pop_head(&mailbox->items);
	if (item == NULL)
		mailbox->poked = false;
	pthread_mutex_unlock(&mailbox->lock);
	return item;
}

void nt_mailbox_poke(struct nt_mailbox *mailbox)
{
	pthread_mutex_lock(&mailbox->lock);
	mailbox->poked = true;
	pthread_cond_broadcast(&mailbox->arrived);
	pthread_mutex_unlock(&mailbox->lock);
}

void nt_mailbox_close(struct nt_mailbox *mailbox)
{
	pthread_mutex_lock(&mailbox->lock);
	mailbox->closed = true;
	pthread_cond_broadcast(&mailbox->arrived);
	pthread_mutex_unlock(&mailbox->lock);
}

bool nt_mailbox_closed(struct nt_mailbox *mailbox)
{
	bool closed;

	pthread_mutex_lock(&mailbox->lock);
	closed = mailbox->closed;
	pthread_mutex_unlock(&mailbox->lock);
	return closed;
}

unsigned nt_mailbox_length(struct nt_mailbox *mailbox)
{
	unsigned n;

	pthread_mutex_lock(&mailbox->lock);
	n = mailbox->items.length;
	pthread_mutex_unlock(&mailbox->lock);
	return n;
}
