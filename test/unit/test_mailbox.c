/* Queues between threads: nothing is lost, nothing overtakes, waits end when they should. */
#include "os/mailbox.h"

#include "unit.h"

#include <ev.h>
#include <glib.h>
#include <pthread.h>

#define SENDERS 4
#define EACH 5000

static int numbers[SENDERS * EACH];

static void comes_out_as_it_went_in(void **state)
{
	struct nt_mailbox *mailbox = nt_mailbox_new();

	(void)state;
	assert_null(nt_mailbox_wait(mailbox, 0));
	assert_null(nt_mailbox_wait(mailbox, 1));
	for (unsigned i = 0; i < 3; i++)
		nt_mailbox_send(mailbox, &numbers[i]);
	assert_int_equal(nt_mailbox_length(mailbox), 3);
	for (unsigned i = 0; i < 3; i++)
		assert_ptr_equal(nt_mailbox_wait(mailbox, -1), &numbers[i]);
	assert_int_equal(nt_mailbox_length(mailbox), 0);
	nt_mailbox_free(mailbox);
	nt_mailbox_free(NULL);
}

static void a_poke_ends_one_wait(void **state)
{
	struct nt_mailbox *mailbox = nt_mailbox_new();

	(void)state;
	nt_mailbox_poke(mailbox);
	assert_null(nt_mailbox_wait(mailbox, -1));
	assert_null(nt_mailbox_wait(mailbox, 1)); /* this one waits */
	nt_mailbox_poke(mailbox);
	nt_mailbox_send(mailbox, &numbers[0]);
	assert_ptr_equal(nt_mailbox_wait(mailbox, -1), &numbers[0]); /* an item first */
	assert_null(nt_mailbox_wait(mailbox, -1));
	nt_mailbox_free(mailbox);
}

static void a_closed_one_still_gives_what_it_has(void **state)
{
	struct nt_mailbox *mailbox = nt_mailbox_new();

	(void)state;
	nt_mailbox_send(mailbox, &numbers[0]);
	assert_false(nt_mailbox_closed(mailbox));
	nt_mailbox_close(mailbox);
	assert_true(nt_mailbox_closed(mailbox));
	assert_ptr_equal(nt_mailbox_wait(mailbox, -1), &numbers[0]);
	assert_null(nt_mailbox_wait(mailbox, -1));
	assert_null(nt_mailbox_wait(mailbox, -1));
	nt_mailbox_free(mailbox);
}

static void *wait_for_ever(void *user)
{
	return nt_mailbox_wait(user, -1);
}

static void whoever_waits_is_woken_by_an_item_or_the_end(void **state)
{
	struct nt_mailbox *mailbox = nt_mailbox_new();
	pthread_t threads[2];
	void *got[2];

	(void)state;
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, wait_for_ever, mailbox), 0);
	nt_mailbox_send(mailbox, &numbers[7]);
	nt_mailbox_close(mailbox);
	for (unsigned i = 0; i < 2; i++)
		pthread_join(threads[i], &got[i]);
	assert_true((got[0] == &numbers[7] && got[1] == NULL) || (got[1] == &numbers[7] && got[0] == NULL));
	nt_mailbox_free(mailbox);
}

/* ---- to the loop thread ---- */

struct sender {
	struct nt_mailbox *mailbox;
	unsigned first;
};

static void *send_many(void *user)
{
	struct sender *sender = user;

	for (unsigned i = 0; i < EACH; i++)
		nt_mailbox_send(sender->mailbox, &numbers[sender->first + i]);
	return NULL;
}

struct receiver {
	struct ev_loop *loop;
	unsigned got, last[SENDERS];
	bool in_order;
};

static void receive(void *user, void *item)
{
	struct receiver *r = user;
	unsigned n = (unsigned)((int *)item - numbers), sender = n / EACH;

	r->in_order = r->in_order && n % EACH == r->last[sender];
	r->last[sender]++;
	if (++r->got == SENDERS * EACH)
		ev_break(r->loop, EVBREAK_ALL);
}

static void late(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)timer;
	(void)events;
	ev_break(loop, EVBREAK_ALL);
}

static void the_loop_gets_all_of_many_threads(void **state)
{
	struct receiver receiver = { .loop = ev_loop_new(0), .in_order = true };
	struct nt_mailbox *mailbox = nt_mailbox_new_loop(receiver.loop, receive, &receiver);
	struct sender senders[SENDERS];
	pthread_t threads[SENDERS];
	ev_timer limit;

	(void)state;
	for (unsigned i = 0; i < SENDERS; i++) {
		senders[i] = (struct sender){ mailbox, i * EACH };
		assert_int_equal(pthread_create(&threads[i], NULL, send_many, &senders[i]), 0);
	}
	ev_timer_init(&limit, late, 20., 0.);
	ev_timer_start(receiver.loop, &limit);
	ev_run(receiver.loop, 0);
	for (unsigned i = 0; i < SENDERS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(receiver.got, SENDERS * EACH);
	assert_true(receiver.in_order);
	ev_timer_stop(receiver.loop, &limit);
	nt_mailbox_free(mailbox);
	ev_loop_destroy(receiver.loop);
}

/* What a receiver sends to its own box waits for the loop's next turn. */
static void resend(void *user, void *item)
{
	struct nt_mailbox **mailbox = user;

	numbers[0]++;
	nt_mailbox_send(*mailbox, item);
}

static void a_receiver_cannot_starve_the_loop(void **state)
{
	struct ev_loop *loop = ev_loop_new(0);
	struct nt_mailbox *mailbox = NULL;

	(void)state;
	mailbox = nt_mailbox_new_loop(loop, resend, &mailbox);
	numbers[0] = 0;
	nt_mailbox_send(mailbox, &numbers[1]);
	ev_run(loop, EVRUN_ONCE);
	assert_int_equal(numbers[0], 1);
	ev_run(loop, EVRUN_ONCE);
	assert_int_equal(numbers[0], 2);
	nt_mailbox_flush(mailbox);
	assert_int_equal(numbers[0], 3);
	assert_int_equal(nt_mailbox_length(mailbox), 1);
	nt_mailbox_free(mailbox);
	ev_loop_destroy(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comes_out_as_it_went_in),
		cmocka_unit_test(a_poke_ends_one_wait),
		cmocka_unit_test(a_closed_one_still_gives_what_it_has),
		cmocka_unit_test(whoever_waits_is_woken_by_an_item_or_the_end),
		cmocka_unit_test(the_loop_gets_all_of_many_threads),
		cmocka_unit_test(a_receiver_cannot_starve_the_loop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
