#include "channel/channel.h"

#include "base/arena.h"
#include "base/bug.h"
#include "channel/connect.h"
#include "channel/render.h"
#include "channel/slots.h"
#include "channel/smtp_session.h"
#include "os/clock.h"
#include "os/mailbox.h"

#include <pthread.h>
#include <signal.h>

#define QUEUE_A_WORKER 64 /* deliveries waiting for each worker: hides the time that claims and their commits take */

#define AWAY_MS 500 /* shorter than the dispatcher's first pause, so that nothing is given back twice */

/* Workers take deliveries from one mailbox; each runs sessions of its own and sends outcomes to the loop. */
struct smtp {
	struct nt_channel channel;
	struct nt_smtp_settings settings;
	struct nt_channel_house house;
	struct nt_mailbox *work;     /* struct nt_delivery, to the workers */
	struct nt_mailbox *results;  /* struct result, to the loop */
	pthread_t *threads;
	unsigned outstanding;        /* loop thread: handed over, no outcome yet */
	unsigned running;            /* loop thread: workers that haven't said goodbye */
	void (*drained)(void *user);
	void *drained_user;
	struct nt_smtp_tls *tls;
	int64_t away_until;          /* atomic, monotonic ms: the relay couldn't be reached; nobody else need try */
};

struct result { /* delivery NULL: a worker has ended */
	struct nt_delivery *delivery;
	struct nt_delivery_outcome outcome;
};

/* ---- workers ---- */

static void report(void *user, struct nt_delivery *delivery, const struct nt_delivery_outcome *outcome)
{
	struct smtp *smtp = user;
	struct result *result = g_new0(struct result, 1);

	result->delivery = delivery;
	result->outcome = *outcome;
	result->outcome.detail = nt_arena_strdup(delivery->arena, outcome->detail);
	/* Before the loop hears of it: a process killed in between has still noted the answer. */
	if (delivery->slot >= 0 && outcome->result != NT_SEND_UNTOUCHED)
		nt_slots_answer(smtp->house.slots, delivery->slot, (int)outcome->result, outcome->hard,
		                result->outcome.detail, NULL);
	nt_mailbox_send(smtp->results, result);
}

static struct nt_delivery *more(void *user, int64_t ms)
{
	struct smtp *smtp = user;

	return nt_mailbox_closed(smtp->work) ? NULL : nt_mailbox_wait(smtp->work, ms);
}

static void give_back_rest(struct smtp *smtp)
{
	struct nt_delivery_outcome untouched = { .result = NT_SEND_UNTOUCHED };
	struct nt_delivery *delivery;

	while ((delivery = nt_mailbox_wait(smtp->work, 0)) != NULL)
		report(smtp, delivery, &untouched);
}

static bool is_away(struct smtp *smtp)
{
	return nt_clock_monotonic() < __atomic_load_n(&smtp->away_until, __ATOMIC_RELAXED);
}

static void *work(void *user)
{
	const struct nt_delivery_outcome untouched = { .result = NT_SEND_UNTOUCHED };
	struct smtp *smtp = user;
	struct nt_smtp_session_house house = {
		.settings = &smtp->settings, .links = smtp->house.links, .slots = smtp->house.slots, .tls = smtp->tls,
		.report = report, .more = more, .user = smtp,
	};

	pthread_setname_np(pthread_self(), "smtp");
	while (!nt_mailbox_closed(smtp->work)) {
		struct nt_delivery *delivery = nt_mailbox_wait(smtp->work, -1);

		/* Out of reach: what waits goes back untried, and the dispatcher lets some time pass. */
		if (delivery == NULL)
			continue;
		if (is_away(smtp)) {
			report(smtp, delivery, &untouched);
		} else if (!nt_smtp_session_run(&house, delivery)) {
			__atomic_store_n(&smtp->away_until, nt_clock_monotonic() + AWAY_MS, __ATOMIC_RELAXED);
			give_back_rest(smtp);
		}
	}
	give_back_rest(smtp);
	nt_mailbox_send(smtp->results, g_new0(struct result, 1));
	return NULL;
}

/* ---- loop thread ---- */

static void receive(void *user, void *item)
{
	struct smtp *smtp = user;
	struct result *result = item;

	if (result->delivery != NULL) {
		smtp->outstanding--;
		smtp->house.done(result->delivery, &result->outcome);
	} else if (--smtp->running == 0 && smtp->drained != NULL) {
		smtp->drained(smtp->drained_user);
	}
	g_free(result);
}

static unsigned room(const struct nt_channel *channel)
{
	const struct smtp *smtp = (const struct smtp *)channel;
	unsigned capacity = smtp->settings.connections * QUEUE_A_WORKER;

	return capacity > smtp->outstanding ? capacity - smtp->outstanding : 0;
}

static bool send_one(struct nt_channel *channel, struct nt_delivery *delivery)
{
	struct smtp *smtp = (struct smtp *)channel;

	if (room(channel) == 0 || smtp->drained != NULL)
		return false;
	smtp->outstanding++;
	nt_mailbox_send(smtp->work, delivery);
	return true;
}

static void drain(struct nt_channel *channel, void (*drained)(void *user), void *user)
{
	struct smtp *smtp = (struct smtp *)channel;

	smtp->drained = drained;
	smtp->drained_user = user;
	nt_mailbox_close(smtp->work);
}

static void smtp_free(struct nt_channel *channel)
{
	struct smtp *smtp = (struct smtp *)channel;

	nt_mailbox_close(smtp->work);
	for (unsigned i = 0; i < smtp->settings.connections; i++)
		pthread_join(smtp->threads[i], NULL);
	nt_mailbox_flush(smtp->results);
	nt_mailbox_free(smtp->results);
	nt_mailbox_free(smtp->work);
	nt_smtp_tls_free(smtp->tls);
	g_free(smtp->threads);
	g_free(smtp);
}

static const struct nt_channel_ops ops = {
	.type = "smtp",
	.send = send_one,
	.room = room,
	.drain = drain,
	.free = smtp_free,
};

struct nt_channel *nt_smtp_channel_new(const char *name, const struct nt_smtp_settings *settings,
                                       const struct nt_channel_house *house)
{
	struct smtp *smtp = g_new0(struct smtp, 1);
	sigset_t all, before;

	nt_smtp_session_warm_up();
	smtp->channel = (struct nt_channel){ .ops = &ops, .name = name };
	smtp->settings = *settings;
	smtp->house = *house;
	smtp->tls = nt_smtp_tls_new(settings);
	smtp->work = nt_mailbox_new();
	smtp->results = nt_mailbox_new_loop(house->loop, receive, smtp);
	smtp->threads = g_new0(pthread_t, settings->connections);
	smtp->running = settings->connections;
	sigfillset(&all); /* signals are the loop thread's */
	pthread_sigmask(SIG_SETMASK, &all, &before);
	for (unsigned i = 0; i < settings->connections; i++)
		if (pthread_create(&smtp->threads[i], NULL, work, smtp) != 0)
			NT_BUG("pthread_create failed");
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return &smtp->channel;
}
