/* The dispatcher with a channel that does as it is told, a real engine thread, and the store in memory. */
#include "channel_world.h"

#include "base/json.h"
#include "channel/dispatcher.h"
#include "engine/engine.h"
#include "engine/memory.h"
#include "store/engine_thread.h"

#define OWNER "here/now"

/* ---- a channel ---- */

struct fake {
	struct nt_channel channel;
	struct nt_channel_house *house;
	unsigned room, most;      /* now free; in all */
	unsigned sent;            /* deliveries taken, ever */
	bool at_once;             /* answers within send */
	bool never;               /* says no to all that is sent */
	GQueue held;              /* struct nt_delivery */
	GString *order;           /* leads, as they came */
	void (*drained)(void *user);
	void *drained_user;
	bool *freed;
};

static void answer(struct fake *fake, struct nt_delivery *delivery, const struct nt_delivery_outcome *outcome)
{
	fake->room++;
	fake->house->done(delivery, outcome);
	if (fake->drained != NULL && fake->held.length == 0)
		fake->drained(fake->drained_user);
}

static bool fake_send(struct nt_channel *channel, struct nt_delivery *delivery)
{
	struct fake *fake = (struct fake *)channel;
	const struct nt_delivery_outcome taken = { .result = NT_SEND_ACCEPTED, .detail = "250 ok", .remote_id = "r1" };

	if (fake->room == 0 || fake->never || fake->drained != NULL)
		return false;
	fake->room--;
	fake->sent++;
	g_string_append_printf(fake->order, "%s ", delivery->row.message.lead);
	if (fake->at_once)
		answer(fake, delivery, &taken);
	else
		g_queue_push_tail(&fake->held, delivery);
	return true;
}

static unsigned fake_room(const struct nt_channel *channel)
{
	return ((const struct fake *)channel)->room;
}

static void fake_drain(struct nt_channel *channel, void (*drained)(void *user), void *user)
{
	struct fake *fake = (struct fake *)channel;

	fake->drained = drained;
	fake->drained_user = user;
	if (fake->held.length == 0)
		drained(user);
}

static void fake_free(struct nt_channel *channel)
{
	struct fake *fake = (struct fake *)channel;

	*fake->freed = true;
	g_string_free(fake->order, TRUE);
	g_free(fake);
}

static const struct nt_channel_ops fake_ops = { "fake", fake_send, fake_room, fake_drain, fake_free };

static bool freed[2];

static struct fake *fake_new(unsigned room, unsigned number)
{
	struct fake *fake = g_new0(struct fake, 1);

	fake->channel = (struct nt_channel){ &fake_ops, "email" };
	fake->house = &world.house;
	fake->room = fake->most = room;
	fake->order = g_string_new(NULL);
	fake->freed = &freed[number];
	freed[number] = false;
	g_queue_init(&fake->held);
	return fake;
}

static void finish(struct fake *fake, enum nt_send_result result)
{
	struct nt_delivery_outcome outcome = { .result = result, .detail = "said so" };

	answer(fake, g_queue_pop_head(&fake->held), &outcome);
}

static void finish_down(struct fake *fake)
{
	const struct nt_delivery_outcome outcome = { .result = NT_SEND_UNTOUCHED,
		                                     .detail = "nobody there",
		                                     .down = true };

	answer(fake, g_queue_pop_head(&fake->held), &outcome);
}

/* ---- the house ---- */

static struct nt_store *store;
static struct nt_store_ops ops;
static int (*real_commit)(struct nt_store *store, uint64_t batch);
static int full; /* atomic */
static struct nt_engine *engine;
static struct nt_engine_thread *thread;
static struct nt_dispatcher *dispatcher;
static struct nt_settled settled_counts;
static bool settled;

static int commit(struct nt_store *s, uint64_t batch)
{
	return __atomic_load_n(&full, __ATOMIC_ACQUIRE) ? NT_STORE_FULL : real_commit(s, batch);
}

static void on_turned(void *user)
{
	(void)user;
	if (dispatcher != NULL)
		nt_dispatcher_turned(dispatcher);
}

static void on_settled(void *user, struct nt_settled counts)
{
	(void)user;
	settled = true;
	settled_counts = counts;
}

static int start_store(void **state)
{
	struct nt_engine_options options = { .retry = nt_retry_default };
	const char *why = NULL;

	world_setup(state);
	full = 0;
	settled = false;
	store = nt_memory_store_new();
	ops = *store->ops;
	real_commit = ops.commit;
	ops.commit = commit;
	store->ops = &ops;
	engine = nt_engine_new(store, world.program, &options, &why);
	assert_non_null(engine);
	return 0;
}

static void start_dispatcher(void)
{
	struct nt_engine_thread_options options = {
		.store = store, .engine = engine, .clock = world.clock, .loop = world.loop, .turned = on_turned
	};
	struct nt_dispatcher_options dispatch = {
		.loop = world.loop, .clock = world.clock, .owner = OWNER, .slots = world.slots
	};

	dispatch.engine = thread = nt_engine_thread_start(&options);
	dispatcher = nt_dispatcher_new(&dispatch);
	nt_dispatcher_set_program(dispatcher, world.program);
	nt_dispatcher_house(dispatcher, world.links, &world.house);
}

static int start(void **state)
{
	start_store(state);
	start_dispatcher();
	nt_dispatcher_settle(dispatcher, NULL, 0, on_settled, NULL);
	assert_true(settled);
	return 0;
}

static void stop_all(void)
{
	nt_engine_thread_stop(thread);
	thread = NULL;
	nt_dispatcher_free(dispatcher);
	dispatcher = NULL;
}

static int end(void **state)
{
	if (thread != NULL)
		stop_all();
	nt_engine_free(engine);
	ops.free(store);
	world_teardown(state);
	return 0;
}

/* Turns the loop until it is so. */
#define until(condition)                                                                         \
	do {                                                                                     \
		ev_timer limit;                                                                  \
		ev_timer_init(&limit, world_too_late, PATIENCE_S, 0.);                           \
		ev_now_update(world.loop);                                                       \
		ev_timer_start(world.loop, &limit);                                              \
		while (!(condition))                                                             \
			ev_run(world.loop, EVRUN_ONCE);                                          \
		ev_timer_stop(world.loop, &limit);                                               \
	} while (0)

static unsigned answered;

static void request_done(struct nt_request *request, void *user)
{
	(void)user;
	answered += request->code == NT_ANSWER_OK;
	nt_arena_free(request->arena);
}

static struct nt_request *request_new(enum nt_request_kind kind)
{
	struct nt_arena *arena = nt_arena_new();
	struct nt_request *request = nt_arena_new0(arena, struct nt_request);

	request->arena = arena;
	request->kind = kind;
	request->done = request_done;
	return request;
}

static struct nt_request *input(const char *lead, enum nt_input_kind kind, const char *json)
{
	struct nt_request *request = request_new(NT_REQUEST_INPUT);
	struct nt_json_error error;

	request->lead = nt_arena_strdup(request->arena, lead);
	request->input_kind = kind;
	request->json = nt_json_parse(request->arena, json, strlen(json), &error);
	request->source = "test";
	assert_non_null(request->json);
	return request;
}

/* Releases the first message to a lead, at once: through the thread, or before it runs. */
static void release(const char *lead)
{
	char *fields = g_strdup_printf("{\"email\":\"%s@example.net\"}", lead);
	struct nt_request *requests[] = { input(lead, NT_INPUT_FIELDS, fields),
		                          input(lead, NT_INPUT_EVENT, "{\"event\":\"trial.started\"}") };

	for (unsigned i = 0; i < G_N_ELEMENTS(requests); i++) {
		unsigned before = answered;

		if (thread != NULL) {
			nt_engine_thread_post(thread, requests[i]);
			until(answered == before + 1);
		} else {
			assert_int_equal(nt_engine_turn(engine, RELEASED, requests[i], 100, 0), NT_STORE_OK);
			request_done(requests[i], NULL);
		}
	}
	g_free(fields);
}

static void release_many(unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		char lead[16];

		g_snprintf(lead, sizeof lead, "l%03u", i);
		release(lead);
	}
}

/* The same rules with a further line of policy. */
static void load(const char *line)
{
	char *text = g_strdup_printf("policy:\n  %s\n%s", line, world_rules + strlen("policy:\n"));
	struct nt_request *request = request_new(NT_REQUEST_LOAD);
	struct nt_program *program = world_program(text);
	unsigned before = answered;

	request->program = nt_program_ref(program);
	request->archive = (struct nt_blob){ "x", 1 };
	nt_engine_thread_post(thread, request);
	until(answered == before + 1);
	nt_dispatcher_set_program(dispatcher, program);
	nt_program_unref(program);
	g_free(text);
}

/* Moves the clock, as a person does. */
static void go_to(nt_time t)
{
	assert_true(nt_clock_set(world.clock, t));
	nt_engine_thread_wake(thread);
	nt_dispatcher_clock_moved(dispatcher);
}

static unsigned count_in(enum nt_outbox_state state)
{
	struct nt_arena *arena = nt_arena_new();
	struct nt_outbox_row *rows = nt_arena_array(arena, struct nt_outbox_row, 1000);
	unsigned n = 0;

	assert_int_equal(store->ops->outbox_list(store, arena, state, "", 1000, rows, &n), NT_STORE_OK);
	nt_arena_free(arena);
	return n;
}

static struct nt_dispatcher_counters counters(void)
{
	struct nt_dispatcher_counters all[4];

	assert_int_equal(nt_dispatcher_counters(dispatcher, all, 4), 1);
	return all[0];
}

static bool quiet(void)
{
	return nt_engine_thread_view(thread).unanswered == 0 && nt_dispatcher_quiet(dispatcher);
}

static const struct nt_channel_limit no_limit = { 0 };

/* ---- claims ---- */

static void oldest_first_and_no_more_than_there_is_room_for(void **state)
{
	struct fake *fake = fake_new(3, 0);

	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		char lead[2] = { (char)('e' - i), '\0' };

		assert_true(nt_clock_set(world.clock, RELEASED + i * NT_SECOND));
		release(lead);
	}
	nt_dispatcher_add(dispatcher, &fake->channel, no_limit);
	until(fake->sent == 3);
	assert_string_equal(fake->order->str, "e d c ");
	assert_int_equal(counters().on_the_wire, 3);
	assert_false(nt_dispatcher_quiet(dispatcher));
	finish(fake, NT_SEND_ACCEPTED);
	until(fake->sent == 4);
	assert_string_equal(fake->order->str, "e d c b ");
	while (fake->sent < 5 || fake->held.length > 0) {
		if (fake->held.length > 0)
			finish(fake, NT_SEND_ACCEPTED);
		ev_run(world.loop, EVRUN_NOWAIT);
	}
	until(quiet());
	assert_int_equal(counters().accepted, 5);
	assert_int_equal(nt_slots_room(world.slots), 64);
	stop_all();
	assert_int_equal(count_in(NT_OUTBOX_ACCEPTED), 5);
}

static void answers_within_send_are_fine(void **state)
{
	struct fake *fake = fake_new(5, 0);

	(void)state;
	release_many(100);
	fake->at_once = true;
	nt_dispatcher_add(dispatcher, &fake->channel, no_limit);
	until(quiet());
	assert_int_equal(fake->sent, 100);
	stop_all();
	assert_int_equal(count_in(NT_OUTBOX_ACCEPTED), 100);
	assert_true(freed[0]);
}

static void what_is_released_later_goes_out_at_once(void **state)
{
	struct fake *fake = fake_new(5, 0);

	(void)state;
	fake->at_once = true;
	nt_dispatcher_add(dispatcher, &fake->channel, no_limit);
	until(quiet());
	assert_int_equal(fake->sent, 0);
	release("ann");
	until(fake->sent == 1);
	release("ben");
	until(fake->sent == 2);
}

static void the_rate_is_kept(void **state)
{
	struct fake *fake = fake_new(100, 0);
	gint64 began;

	(void)state;
	release_many(12);
	fake->at_once = true;
	began = g_get_monotonic_time();
	nt_dispatcher_add(dispatcher, &fake->channel, (struct nt_channel_limit){ .n = 20, .per = 1000 });
	until(fake->sent >= 1);
	assert_int_equal(fake->sent, 1); /* nothing has been saved up yet */
	until(fake->sent == 12);
	assert_in_range(g_get_monotonic_time() - began, 11 * 50000 - 60000, 8000000);
}

/* What the rules allow, by the clock and not by the time that passes here; held messages leave the daemon quiet. */
static void the_rules_rate_is_kept(void **state)
{
	struct fake *fake = fake_new(100, 0);
	nt_time hour = RELEASED + NT_HOUR;

	(void)state;
	fake->at_once = true;
	release_many(9);
	load("rates: { email: 4 per hour }");
	nt_dispatcher_add(dispatcher, &fake->channel, no_limit);
	until(quiet());
	assert_int_equal(fake->sent, 4);
	assert_int_equal(nt_dispatcher_next(dispatcher), hour);
	assert_int_equal(counters().held_until, hour);
	go_to(hour - 1);
	until(quiet());
	assert_int_equal(fake->sent, 4);
	go_to(hour);
	until(quiet());
	assert_int_equal(fake->sent, 8);
	load("at_most: 9 per day");
	until(quiet());
	assert_int_equal(fake->sent, 9);
	assert_true(nt_dispatcher_next(dispatcher) == NT_NEVER);
	assert_true(counters().held_until == NT_NO_TIME);
}

static void few_slots_are_waited_for(void **state)
{
	struct fake *fake = fake_new(100, 0);
	int taken[62];

	(void)state;
	for (unsigned i = 0; i < 62; i++)
		taken[i] = nt_slots_take(world.slots, "elsewhere");
	release_many(6);
	nt_dispatcher_add(dispatcher, &fake->channel, no_limit);
	until(fake->sent == 2);
	finish(fake, NT_SEND_ACCEPTED);
	until(fake->sent == 3);
	while (fake->sent < 6 || fake->held.length > 0) {
		if (fake->held.length > 0)
			finish(fake, NT_SEND_ACCEPTED);
		ev_run(world.loop, EVRUN_NOWAIT);
	}
	until(quiet());
	for (unsigned i = 0; i < 62; i++)
		nt_slots_release(world.slots, taken[i]);
}

static void break_loop(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)timer;
	(void)events;
	ev_break(loop, EVBREAK_ONE);
}

/* It says that it has room and takes nothing: no storm of claims. */
static void a_channel_that_takes_nothing_is_not_pestered(void **state)
{
	struct fake *fake = fake_new(10, 0);
	ev_timer half_a_second;
	uint64_t before;

	(void)state;
	release_many(3);
	fake->never = true;
	before = nt_engine_thread_view(thread).counters.commits;
	nt_dispatcher_add(dispatcher, &fake->channel, no_limit);
	until(counters().handed >= 3);
	ev_timer_init(&half_a_second, break_loop, 0.5, 0.);
	ev_timer_start(world.loop, &half_a_second);
	ev_run(world.loop, 0);
	assert_in_range(nt_engine_thread_view(thread).counters.commits - before, 1, 40);
	fake->never = false;
	fake->at_once = true;
	until(fake->sent == 3);
}

/* ---- pauses and retries ---- */

static void nobody_there_is_left_alone_longer_and_longer(void **state)
{
	struct fake *fake = fake_new(1, 0);
	gint64 at[3];

	(void)state;
	release("ann");
	nt_dispatcher_add(dispatcher, &fake->channel, no_limit);
	for (unsigned i = 0; i < 3; i++) {
		until(fake->sent == i + 1);
		at[i] = g_get_monotonic_time();
		if (i < 2)
			finish_down(fake);
	}
	assert_in_range(at[1] - at[0], 950000, 1900000);
	assert_in_range(at[2] - at[1], 1950000, 3900000);
	finish(fake, NT_SEND_ACCEPTED);
	until(quiet());
}

static void another_try_waits_for_its_time(void **state)
{
	struct fake *fake = fake_new(1, 0);
	nt_time next;

	(void)state;
	release("ann");
	nt_dispatcher_add(dispatcher, &fake->channel, no_limit);
	until(fake->sent == 1);
	finish(fake, NT_SEND_TEMPORARY);
	until(quiet() && nt_dispatcher_next(dispatcher) != NT_NEVER);
	next = nt_dispatcher_next(dispatcher);
	assert_in_range(next - RELEASED, NT_MINUTE / 2, NT_MINUTE);
	go_to(next - 1);
	until(quiet());
	assert_int_equal(fake->sent, 1);
	go_to(next);
	until(fake->sent == 2);
	finish(fake, NT_SEND_ACCEPTED);
	until(quiet());
	assert_true(nt_dispatcher_next(dispatcher) == NT_NEVER);
	assert_int_equal(counters().temporary, 1);
}

static void the_servers_own_wish_counts(void **state)
{
	struct fake *fake = fake_new(1, 0);
	const struct nt_delivery_outcome busy = { .result = NT_SEND_TEMPORARY,
		                                  .detail = "429",
		                                  .retry_after = NT_HOUR };

	(void)state;
	release("ann");
	nt_dispatcher_add(dispatcher, &fake->channel, no_limit);
	until(fake->sent == 1);
	answer(fake, g_queue_pop_head(&fake->held), &busy);
	until(quiet() && nt_dispatcher_next(dispatcher) != NT_NEVER);
	assert_true(nt_dispatcher_next(dispatcher) >= RELEASED + NT_HOUR);
}

/* ---- a store that keeps nothing ---- */

static void outcomes_are_told_until_they_are_kept(void **state)
{
	struct fake *fake = fake_new(1, 0);

	(void)state;
	release("ann");
	nt_dispatcher_add(dispatcher, &fake->channel, no_limit);
	until(fake->sent == 1);
	__atomic_store_n(&full, 1, __ATOMIC_RELEASE);
	finish(fake, NT_SEND_ACCEPTED);
	until(nt_engine_thread_view(thread).trouble != NULL && nt_engine_thread_view(thread).unanswered == 0);
	assert_false(nt_dispatcher_quiet(dispatcher));
	assert_int_equal(nt_slots_room(world.slots), 63); /* the file still knows */
	__atomic_store_n(&full, 0, __ATOMIC_RELEASE);
	until(quiet());
	assert_int_equal(nt_slots_room(world.slots), 64);
	stop_all();
	assert_int_equal(count_in(NT_OUTBOX_ACCEPTED), 1);
}

static void claims_go_on_when_the_store_does(void **state)
{
	struct fake *fake = fake_new(1, 0);

	(void)state;
	release("ann");
	__atomic_store_n(&full, 1, __ATOMIC_RELEASE);
	nt_dispatcher_add(dispatcher, &fake->channel, no_limit);
	until(nt_engine_thread_view(thread).trouble != NULL && nt_engine_thread_view(thread).unanswered == 0);
	assert_int_equal(fake->sent, 0);
	__atomic_store_n(&full, 0, __ATOMIC_RELEASE);
	until(fake->sent == 1); /* by itself */
	finish(fake, NT_SEND_ACCEPTED);
	until(quiet());
}

/* ---- coming and going ---- */

static void on_drained(void *user)
{
	*(bool *)user = true;
}

static void a_drain_waits_for_the_wire_and_the_store(void **state)
{
	struct fake *fake = fake_new(2, 0);
	bool drained = false;

	(void)state;
	release_many(4);
	nt_dispatcher_add(dispatcher, &fake->channel, no_limit);
	until(fake->sent == 2);
	nt_dispatcher_drain(dispatcher, on_drained, &drained);
	finish(fake, NT_SEND_ACCEPTED);
	ev_run(world.loop, EVRUN_NOWAIT);
	assert_false(drained);
	finish(fake, NT_SEND_TEMPORARY);
	assert_false(drained); /* not stored yet */
	until(drained);
	assert_int_equal(fake->sent, 2);
	stop_all();
	assert_int_equal(count_in(NT_OUTBOX_ACCEPTED), 1);
	assert_int_equal(count_in(NT_OUTBOX_RELEASED), 3);
	assert_int_equal(count_in(NT_OUTBOX_HANDED), 0);
}

static void a_drain_with_nothing_to_do_is_over_at_once(void **state)
{
	struct fake *fake = fake_new(2, 0);
	bool drained = false;

	(void)state;
	nt_dispatcher_add(dispatcher, &fake->channel, no_limit);
	until(quiet());
	nt_dispatcher_drain(dispatcher, on_drained, &drained);
	assert_true(drained);
}

/* What has been claimed when the end comes goes back, and is neither lost nor sent. */
static void a_drain_during_a_claim_gives_it_back(void **state)
{
	struct fake *fake = fake_new(2, 0);
	bool drained = false;

	(void)state;
	release_many(2);
	nt_dispatcher_add(dispatcher, &fake->channel, no_limit); /* claims */
	nt_dispatcher_drain(dispatcher, on_drained, &drained);
	until(drained);
	assert_int_equal(fake->sent, 0);
	stop_all();
	assert_int_equal(count_in(NT_OUTBOX_RELEASED), 2);
	assert_int_equal(count_in(NT_OUTBOX_HANDED), 0);
}

static void new_channels_take_over_while_old_ones_finish(void **state)
{
	struct fake *old = fake_new(2, 0), *new = fake_new(10, 1);
	struct nt_channel *channels[] = { &new->channel };

	(void)state;
	release_many(5);
	nt_dispatcher_add(dispatcher, &old->channel, no_limit);
	until(old->sent == 2);
	new->at_once = true;
	nt_dispatcher_replace(dispatcher, channels, &no_limit, 1);
	until(new->sent == 3);
	assert_true(nt_dispatcher_leaving(dispatcher));
	assert_false(freed[0]);
	finish(old, NT_SEND_ACCEPTED);
	finish(old, NT_SEND_ACCEPTED);
	until(quiet());
	assert_int_equal(counters().accepted, 5); /* one line a name */
	assert_false(nt_dispatcher_leaving(dispatcher));
	assert_true(freed[0]);
	assert_int_equal(counters().accepted, 5); /* and none forgotten */
	assert_int_equal(counters().handed, 5);
	release("zoe");
	until(new->sent == 4);
}

static void a_claim_in_flight_goes_to_the_new_channel(void **state)
{
	struct fake *old = fake_new(2, 0), *new = fake_new(10, 1);
	struct nt_channel *channels[] = { &new->channel };

	(void)state;
	release_many(2);
	nt_dispatcher_add(dispatcher, &old->channel, no_limit); /* claims */
	new->at_once = true;
	nt_dispatcher_replace(dispatcher, channels, &no_limit, 1);
	until(new->sent == 2);
	until(quiet());
	assert_false(nt_dispatcher_leaving(dispatcher));
	stop_all();
	assert_int_equal(count_in(NT_OUTBOX_ACCEPTED), 2);
}

/* ---- settling ---- */

/* Claims all that is released, in somebody's name, as a process does that then dies. */
static void claim_as(const char *owner, char ids[][40], unsigned n)
{
	struct nt_request *request = request_new(NT_REQUEST_CLAIM);

	request->channel = "email";
	request->limit = n;
	request->owner = owner;
	request->programs = nt_arena_array(request->arena, struct nt_program *, n);
	assert_int_equal(nt_engine_turn(engine, RELEASED, request, 100, 0), NT_STORE_OK);
	assert_int_equal(request->n_rows, n);
	for (unsigned i = 0; i < n; i++) {
		g_strlcpy(ids[i], request->rows[i].message.id, 40);
		nt_program_unref(request->programs[i]);
	}
	nt_arena_free(request->arena);
}

/* Opens the slot file anew, as the next process does. */
static void next_process(void)
{
	char *path = g_build_filename(world.folder, "slots", NULL), *why = NULL;

	nt_slots_free(world.slots);
	world.slots = nt_slots_open(path, 64, &why);
	assert_non_null(world.slots);
	g_free(path);
}

static void settle_all(void)
{
	struct nt_arena *arena = nt_arena_new();
	struct nt_outbox_row *rows = nt_arena_array(arena, struct nt_outbox_row, 100);
	unsigned n;

	assert_int_equal(store->ops->outbox_list(store, arena, NT_OUTBOX_HANDED, "", 100, rows, &n), NT_STORE_OK);
	start_dispatcher();
	nt_dispatcher_settle(dispatcher, rows, n, on_settled, NULL);
	nt_arena_free(arena);
	until(settled);
}

static void each_stage_is_settled_as_it_should(void **state)
{
	struct fake *fake = fake_new(10, 0);
	char ids[4][40], theirs[1][40];
	int sending, answered_slot;

	(void)state;
	release_many(4);
	claim_as("here/before", ids, 4); /* 0 never got a slot, 1 is claimed, 2 is being sent, 3 was answered */
	nt_slots_take(world.slots, ids[1]);
	sending = nt_slots_take(world.slots, ids[2]);
	answered_slot = nt_slots_take(world.slots, ids[3]);
	nt_slots_stage(world.slots, sending, NT_SLOT_SENDING);
	nt_slots_answer(world.slots, answered_slot, NT_SEND_ACCEPTED, false, "250 taken", "remote-3");
	release("zoe");
	claim_as("elsewhere/now", theirs, 1);
	next_process();
	settle_all();
	assert_int_equal(settled_counts.released, 2);
	assert_int_equal(settled_counts.recorded, 1);
	assert_int_equal(settled_counts.in_doubt, 2);
	nt_dispatcher_add(dispatcher, &fake->channel, no_limit);
	until(fake->sent == 2);
	finish(fake, NT_SEND_ACCEPTED);
	finish(fake, NT_SEND_ACCEPTED);
	until(quiet());
	stop_all();
	assert_int_equal(count_in(NT_OUTBOX_ACCEPTED), 3);
	assert_int_equal(count_in(NT_OUTBOX_IN_DOUBT), 2);
	assert_int_equal(count_in(NT_OUTBOX_HANDED), 0);
}

/* The machine has started anew: what isn't in the file may have been lost from it. */
static void without_a_file_all_is_in_doubt(void **state)
{
	char ids[2][40], *path = g_build_filename(world.folder, "slots", NULL);

	(void)state;
	release_many(2);
	claim_as("here/before", ids, 2);
	g_remove(path);
	next_process();
	settle_all();
	assert_int_equal(settled_counts.in_doubt, 2);
	assert_int_equal(settled_counts.released, 0);
	g_free(path);
}

static void nothing_is_claimed_before_all_is_settled(void **state)
{
	struct fake *fake = fake_new(10, 0);
	struct nt_arena *arena = nt_arena_new();
	struct nt_outbox_row rows[1];
	char ids[1][40];
	unsigned n;

	(void)state;
	release("ann");
	claim_as("elsewhere/now", ids, 1);
	release("ben");
	assert_int_equal(store->ops->outbox_list(store, arena, NT_OUTBOX_HANDED, "", 1, rows, &n), NT_STORE_OK);
	start_dispatcher();
	nt_dispatcher_add(dispatcher, &fake->channel, no_limit);
	__atomic_store_n(&full, 1, __ATOMIC_RELEASE); /* it can't be settled yet */
	nt_dispatcher_settle(dispatcher, rows, n, on_settled, NULL);
	nt_arena_free(arena);
	until(nt_engine_thread_view(thread).trouble != NULL && nt_engine_thread_view(thread).unanswered == 0);
	assert_false(settled);
	assert_int_equal(fake->sent, 0);
	__atomic_store_n(&full, 0, __ATOMIC_RELEASE);
	until(fake->sent == 1);
	assert_true(settled);
	finish(fake, NT_SEND_ACCEPTED);
	until(quiet());
}

/* ---- the engine thread by itself ---- */

static unsigned late_failed;

static void failed_late(struct nt_request *request, void *user)
{
	(void)user;
	late_failed += request->code == NT_ANSWER_FAILED;
	nt_arena_free(request->arena);
}

static void ask_again(struct nt_request *request, void *user)
{
	struct nt_request *again = input("ann", NT_INPUT_FIELDS, "{\"first_name\":\"Ann\"}");

	(void)user;
	nt_arena_free(request->arena);
	again->done = failed_late;
	nt_engine_thread_post(thread, again);
}

static void whatever_is_asked_is_answered_even_at_the_end(void **state)
{
	(void)state;
	late_failed = answered = 0;
	for (unsigned i = 0; i < 50; i++)
		nt_engine_thread_post(thread, input("ben", NT_INPUT_FIELDS, "{\"first_name\":\"Ben\"}"));
	{
		struct nt_request *request = input("ann", NT_INPUT_FIELDS, "{\"first_name\":\"Ann\"}");

		request->done = ask_again;
		nt_engine_thread_post(thread, request);
	}
	nt_engine_thread_stop(thread);
	assert_int_equal(answered, 50);
	assert_int_equal(late_failed, 1);
	thread = NULL;
	nt_dispatcher_free(dispatcher);
	dispatcher = NULL;
	nt_engine_thread_stop(NULL);
}

#define test_of(name) cmocka_unit_test_setup_teardown(name, start, end)
#define store_test_of(name) cmocka_unit_test_setup_teardown(name, start_store, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_of(oldest_first_and_no_more_than_there_is_room_for),
		test_of(answers_within_send_are_fine),
		test_of(what_is_released_later_goes_out_at_once),
		test_of(the_rate_is_kept),
		test_of(the_rules_rate_is_kept),
		test_of(few_slots_are_waited_for),
		test_of(a_channel_that_takes_nothing_is_not_pestered),
		test_of(nobody_there_is_left_alone_longer_and_longer),
		test_of(another_try_waits_for_its_time),
		test_of(the_servers_own_wish_counts),
		test_of(outcomes_are_told_until_they_are_kept),
		test_of(claims_go_on_when_the_store_does),
		test_of(a_drain_waits_for_the_wire_and_the_store),
		test_of(a_drain_with_nothing_to_do_is_over_at_once),
		test_of(a_drain_during_a_claim_gives_it_back),
		test_of(new_channels_take_over_while_old_ones_finish),
		test_of(a_claim_in_flight_goes_to_the_new_channel),
		store_test_of(each_stage_is_settled_as_it_should),
		store_test_of(without_a_file_all_is_in_doubt),
		store_test_of(nothing_is_claimed_before_all_is_settled),
		test_of(whatever_is_asked_is_answered_even_at_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
