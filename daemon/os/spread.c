#include "os/spread.h"

#include <glib.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

struct pieces {
	void (*work)(void *context, unsigned i);
	void *context;
	unsigned n;
	atomic_uint next, done;
};

static bool work_one(struct pieces *pieces)
{
	unsigned i = atomic_fetch_add(&pieces->next, 1);

	if (i >= pieces->n)
		return false;
	pieces->work(pieces->context, i);
	atomic_fetch_add(&pieces->done, 1);
	return true;
}

static void *hand(void *user)
{
	while (work_one(user))
		;
	return NULL;
}

void nt_spread(const struct nt_spread *spread, unsigned n, void (*work)(void *context, unsigned i), void *context)
{
	unsigned threads = spread->threads > 0 ? spread->threads : g_get_num_processors(), started = 0;
	struct pieces pieces = { .work = work, .context = context, .n = n };
	pthread_t *hands;

	threads = MIN(threads, n);
	hands = g_new0(pthread_t, threads);
	while (started + 1 < threads && pthread_create(&hands[started], NULL, hand, &pieces) == 0)
		started++;
	while (work_one(&pieces))
		if (spread->done != NULL)
			spread->done(spread->user, atomic_load(&pieces.done), n);
	for (unsigned i = 0; i < started; i++)
		pthread_join(hands[i], NULL);
	g_free(hands);
}
