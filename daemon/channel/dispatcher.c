#include "channel/dispatcher.h"

#include "base/arena.h"
#include "base/bug.h"
#include "channel/slots.h"
#include "os/clock.h"
#include "rules/program.h"
#include "store/engine_thread.h"

#include <ev.h>
#include <string.h>

#define CLAIM_MOST 1000
#define REPOST_S 1.0        /* an outcome that the store couldn't keep is posted again after so long */
#define DOWN_FIRST_MS 1000  /* nothing goes to a channel whose relay can't be reached: so long at first … */
#define DOWN_LONGEST_MS 60000
#define CROWDED_MS 100      /* no slot was free, or no room after all */
#define LOOK_AGAIN_MS 60000 /* the clock may be set while we wait for an instant of it */

/* One channel, its limit and what it has in hand. */
struct lane {
	struct nt_dispatcher *dispatcher;
	struct nt_channel *channel;
	struct nt_channel_limit limit;
	double tokens;
	int64_t refilled;   /* monotonic ms */
	bool dirty;         /* the outbox may hold something for us */
	bool claiming;
	bool leaving;       /* replaced: drains, then is freed */
	bool drained;
	unsigned on_the_wire;
	int64_t down_until, down_pause; /* monotonic ms */
	nt_time next_release;           /* of what the last claim left behind */
	ev_timer wake;      /* tokens, retries that fall due, the end of a pause */
	struct nt_dispatcher_counters counters;
	struct lane *next;
};

struct nt_dispatcher {
	struct nt_dispatcher_options options;
	struct nt_program *program;
	struct lane *lanes;
	uint64_t released_seen;
	bool settled;
	bool draining;
	void (*drained)(void *user);
	void *drained_user;
	unsigned posted;    /* outcomes not yet answered, and claims */
	GQueue failed;      /* outcome requests to post again */
	ev_timer repost;
	/* settling */
	unsigned unsettled;
	struct nt_settled counts;
	void (*settled_done)(void *user, struct nt_settled counts);
	void *settled_user;
};

static void pump(struct lane *lane);

/* ---- outcomes ---- */

struct outcome_context {
	struct nt_dispatcher *dispatcher;
	int slot;
	bool settling;
};

static void check_drained(struct nt_dispatcher *dispatcher)
{
	void (*drained)(void *user);

	if (!dispatcher->draining || dispatcher->drained == NULL || dispatcher->posted > 0 ||
	    dispatcher->failed.length > 0)
		return;
	for (struct lane *lane = dispatcher->lanes; lane != NULL; lane = lane->next)
		if (!lane->drained || lane->on_the_wire > 0)
			return;
	drained = dispatcher->drained;
	dispatcher->drained = NULL;
	drained(dispatcher->drained_user);
}

static void settle_one(struct nt_dispatcher *dispatcher)
{
	if (--dispatcher->unsettled > 0)
		return;
	dispatcher->settled = true;
	nt_slots_settled(dispatcher->options.slots);
	dispatcher->settled_done(dispatcher->settled_user, dispatcher->counts);
	for (struct lane *lane = dispatcher->lanes; lane != NULL; lane = lane->next) {
		lane->dirty = true;
		pump(lane);
	}
}

static void outcome_answered(struct nt_request *request, void *user)
{
	struct outcome_context *context = user;
	struct nt_dispatcher *dispatcher = context->dispatcher;

	dispatcher->posted--;
	if (request->code == NT_ANSWER_FAILED) {
		/* The message has gone out and the store must learn of it: nothing to do but to try until it does. */
		g_queue_push_tail(&dispatcher->failed, request);
		if (!ev_is_active(&dispatcher->repost)) {
			ev_timer_set(&dispatcher->repost, REPOST_S, 0.);
			ev_timer_start(dispatcher->options.loop, &dispatcher->repost);
		}
		return;
	}
	if (context->slot >= 0)
		nt_slots_release(dispatcher->options.slots, context->slot);
	if (request->result == NT_SEND_TEMPORARY || request->result == NT_SEND_UNTOUCHED ||
	    request->result == NT_SEND_IN_DOUBT)
		for (struct lane *lane = dispatcher->lanes; lane != NULL; lane = lane->next)
			lane->dirty = true; /* it may be on the list again */
	if (context->settling)
		settle_one(dispatcher);
	nt_arena_free(request->arena);
	check_drained(dispatcher);
}

static void post(struct nt_dispatcher *dispatcher, struct nt_request *request)
{
	dispatcher->posted++;
	nt_engine_thread_post(dispatcher->options.engine, request);
}

static void repost(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct nt_dispatcher *dispatcher = timer->data;
	struct nt_request *request;

	(void)loop;
	(void)events;
	while ((request = g_queue_pop_head(&dispatcher->failed)) != NULL)
		post(dispatcher, request);
}

static void post_outcome(struct nt_dispatcher *dispatcher, const char *message,
                         const struct nt_delivery_outcome *outcome, int slot, bool settling)
{
	struct nt_arena *arena = nt_arena_new();
	struct nt_request *request = nt_arena_new0(arena, struct nt_request);
	struct outcome_context *context = nt_arena_new0(arena, struct outcome_context);

	context->dispatcher = dispatcher;
	context->slot = slot;
	context->settling = settling;
	request->arena = arena;
	request->kind = NT_REQUEST_OUTCOME;
	request->message = nt_arena_strdup(arena, message);
	request->result = outcome->result;
	request->hard = outcome->hard;
	request->detail = nt_arena_strdup(arena, outcome->detail);
	request->remote_id = nt_arena_strdup(arena, outcome->remote_id);
	request->retry_after = outcome->retry_after;
	request->done = outcome_answered;
	request->user = context;
	post(dispatcher, request);
}

static void count(struct lane *lane, enum nt_send_result result)
{
	switch (result) {
	case NT_SEND_ACCEPTED:
		lane->counters.accepted++;
		break;
	case NT_SEND_TEMPORARY:
		lane->counters.temporary++;
		break;
	case NT_SEND_REFUSED:
		lane->counters.refused++;
		break;
	case NT_SEND_IN_DOUBT:
		lane->counters.in_doubt++;
		break;
	case NT_SEND_UNTOUCHED:
		break;
	}
}

static void note_reach(struct lane *lane, const struct nt_delivery_outcome *outcome)
{
	if (!outcome->down) {
		if (outcome->result != NT_SEND_UNTOUCHED)
			lane->down_pause = 0;
		return;
	}
	if (lane->down_until > nt_clock_monotonic())
		return; /* others of the same failure */
	lane->down_pause = lane->down_pause == 0 ? DOWN_FIRST_MS : MIN(lane->down_pause * 2, DOWN_LONGEST_MS);
	lane->down_until = nt_clock_monotonic() + lane->down_pause;
}

static void delivered(struct nt_delivery *delivery, const struct nt_delivery_outcome *outcome)
{
	struct lane *lane = delivery->owner;

	if (delivery->slot >= 0 && outcome->result != NT_SEND_UNTOUCHED)
		nt_slots_answer(lane->dispatcher->options.slots, delivery->slot, (int)outcome->result, outcome->hard,
		                outcome->detail, outcome->remote_id);
	post_outcome(lane->dispatcher, delivery->row.message.id, outcome, delivery->slot, false);
	lane->on_the_wire--;
	count(lane, outcome->result);
	note_reach(lane, outcome);
	nt_program_unref(delivery->program);
	nt_arena_free(delivery->arena);
	pump(lane);
}

/* ---- claims ---- */

static void refill(struct lane *lane)
{
	int64_t now = nt_clock_monotonic();
	double most = MAX(1.0, (double)lane->limit.n * 1000.0 / (double)MAX(lane->limit.per, 1)); /* a second's worth */

	lane->tokens = MIN(most, lane->tokens + (double)(now - lane->refilled) * lane->limit.n /
	                                                (double)MAX(lane->limit.per, 1));
	lane->refilled = now;
}

static void wake_in(struct lane *lane, int64_t ms)
{
	struct ev_loop *loop = lane->dispatcher->options.loop;

	if (ms < 0)
		return;
	if (ev_is_active(&lane->wake) && ev_timer_remaining(loop, &lane->wake) * 1000 <= (double)ms)
		return;
	ev_timer_stop(loop, &lane->wake);
	ev_timer_set(&lane->wake, (double)ms / 1000.0, 0.);
	ev_timer_start(loop, &lane->wake);
}

static void woken(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct lane *lane = timer->data;

	(void)loop;
	(void)events;
	lane->dirty = true;
	pump(lane);
}

/* `program`: the reference is the delivery's from here. */
static void hand_over(struct lane *lane, const struct nt_outbox_row *row, struct nt_program *program,
                      struct nt_arena *arena)
{
	struct nt_dispatcher *dispatcher = lane->dispatcher;
	struct nt_delivery *delivery = nt_arena_new0(arena, struct nt_delivery);

	delivery->row = *row;
	delivery->arena = arena;
	delivery->program = program;
	delivery->templates = program->templates;
	delivery->slot = nt_slots_take(dispatcher->options.slots, row->message.id);
	delivery->owner = lane;
	lane->on_the_wire++;
	lane->counters.handed++;
	if (delivery->slot < 0 || lane->leaving || !lane->channel->ops->send(lane->channel, delivery)) {
		struct nt_delivery_outcome back = { .result = NT_SEND_UNTOUCHED };

		/* Or it would be claimed again at once, and again, a transaction each. */
		lane->down_until = MAX(lane->down_until, nt_clock_monotonic() + CROWDED_MS);
		delivered(delivery, &back);
	}
}

/* Rows of one claim share the request's arena; deliveries end one by one, so each gets texts of its own. */
static void copy_row(struct nt_arena *arena, const struct nt_outbox_row *from, struct nt_outbox_row *to)
{
	const struct nt_message *m = &from->message;

	*to = *from;
	to->message.id = nt_arena_strdup(arena, m->id);
	to->message.lead = nt_arena_strdup(arena, m->lead);
	to->message.rep = nt_arena_strdup(arena, m->rep);
	to->message.campaign = nt_arena_strdup(arena, m->campaign);
	to->message.key = nt_arena_strdup(arena, m->key);
	to->message.step = nt_arena_strdup(arena, m->step);
	to->message.channel = nt_arena_strdup(arena, m->channel);
	to->message.template_name = nt_arena_strdup(arena, m->template_name);
	to->message.locale = nt_arena_strdup(arena, m->locale);
	to->message.template_hash = nt_arena_strdup(arena, m->template_hash);
	to->message.program_hash = NULL; /* the delivery holds the program itself */
	to->message.address = nt_arena_strdup(arena, m->address);
	to->message.address_name = nt_arena_strdup(arena, m->address_name);
	to->message.values = nt_arena_strdup(arena, m->values);
	to->message.why = nt_arena_strdup(arena, m->why);
	to->owner = to->remote_id = to->detail = NULL;
}

static void claimed(struct nt_request *request, void *user)
{
	struct lane *lane = user;
	unsigned limit = request->limit;

	lane->dispatcher->posted--;
	lane->claiming = false;
	if (request->code != NT_ANSWER_OK) {
		for (unsigned i = 0; i < limit; i++)
			nt_program_unref(request->programs[i]);
		wake_in(lane, 1000);
	} else {
		lane->dirty = lane->dirty || request->n_rows == limit;
		lane->tokens -= request->n_rows;
		lane->next_release = request->next_release;
		lane->counters.held_until = request->held_until;
		if (request->next_release != NT_NEVER)
			wake_in(lane, MIN(LOOK_AGAIN_MS,
			                  nt_clock_wait(lane->dispatcher->options.clock, request->next_release)));
		for (unsigned i = 0; i < request->n_rows; i++) {
			struct nt_arena *arena = nt_arena_new();
			struct nt_outbox_row row;

			copy_row(arena, &request->rows[i], &row);
			hand_over(lane, &row, request->programs[i], arena);
		}
	}
	nt_arena_free(request->arena);
	pump(lane);
	check_drained(lane->dispatcher);
}

/* How many may be claimed now; sets the timer if something but the channel's own room stands in the way. */
static unsigned wanted(struct lane *lane)
{
	int64_t now = nt_clock_monotonic();
	unsigned room = lane->channel->ops->room(lane->channel);

	if (now < lane->down_until) {
		wake_in(lane, lane->down_until - now);
		return 0;
	}
	room = MIN(MIN(room, CLAIM_MOST), nt_slots_room(lane->dispatcher->options.slots));
	if (room == 0 || lane->limit.n == 0)
		return room;
	refill(lane);
	if (lane->tokens < 1) {
		wake_in(lane, 1 + (int64_t)((1 - lane->tokens) * (double)lane->limit.per / lane->limit.n));
		return 0;
	}
	return MIN(room, (unsigned)lane->tokens);
}

static void pump(struct lane *lane)
{
	struct nt_dispatcher *dispatcher = lane->dispatcher;
	struct nt_arena *arena;
	struct nt_request *request;
	unsigned n;

	if (!lane->dirty || lane->claiming || lane->leaving || dispatcher->draining || !dispatcher->settled ||
	    dispatcher->program == NULL)
		return;
	n = wanted(lane);
	if (n == 0)
		return;
	arena = nt_arena_new();
	request = nt_arena_new0(arena, struct nt_request);
	request->arena = arena;
	request->kind = NT_REQUEST_CLAIM;
	request->channel = nt_arena_strdup(arena, lane->channel->name);
	request->limit = n;
	request->programs = nt_arena_array(arena, struct nt_program *, n);
	request->owner = dispatcher->options.owner;
	request->done = claimed;
	request->user = lane;
	lane->claiming = true;
	lane->dirty = false; /* what arrives from now on sets it again */
	post(dispatcher, request);
}

void nt_dispatcher_turned(struct nt_dispatcher *dispatcher)
{
	uint64_t released = nt_engine_thread_view(dispatcher->options.engine).counters.released;
	bool more = released != dispatcher->released_seen;

	dispatcher->released_seen = released;
	for (struct lane *lane = dispatcher->lanes; lane != NULL; lane = lane->next) {
		lane->dirty = lane->dirty || more;
		pump(lane);
	}
}

/* ---- lanes come and go ---- */

struct nt_dispatcher *nt_dispatcher_new(const struct nt_dispatcher_options *options)
{
	struct nt_dispatcher *dispatcher = g_new0(struct nt_dispatcher, 1);

	dispatcher->options = *options;
	g_queue_init(&dispatcher->failed);
	ev_timer_init(&dispatcher->repost, repost, REPOST_S, 0.);
	dispatcher->repost.data = dispatcher;
	return dispatcher;
}

void nt_dispatcher_house(struct nt_dispatcher *dispatcher, const struct nt_links *links, struct nt_channel_house *house)
{
	*house = (struct nt_channel_house){
		.loop = dispatcher->options.loop,
		.clock = dispatcher->options.clock,
		.links = links,
		.slots = dispatcher->options.slots,
		.done = delivered,
	};
}

void nt_dispatcher_add(struct nt_dispatcher *dispatcher, struct nt_channel *channel, struct nt_channel_limit limit)
{
	struct lane *lane = g_new0(struct lane, 1), **end = &dispatcher->lanes;

	lane->dispatcher = dispatcher;
	lane->channel = channel;
	lane->limit = limit;
	lane->tokens = 1;
	lane->refilled = nt_clock_monotonic();
	lane->dirty = true;
	lane->next_release = NT_NEVER;
	lane->counters.channel = channel->name;
	lane->counters.held_until = NT_NO_TIME;
	ev_timer_init(&lane->wake, woken, 0., 0.);
	lane->wake.data = lane;
	while (*end != NULL)
		end = &(*end)->next;
	*end = lane;
	pump(lane);
}

static void lane_free(struct lane *lane)
{
	ev_timer_stop(lane->dispatcher->options.loop, &lane->wake);
	lane->channel->ops->free(lane->channel);
	g_free(lane);
}

static void add_counters(struct nt_dispatcher_counters *to, const struct nt_dispatcher_counters *from)
{
	to->handed += from->handed;
	to->accepted += from->accepted;
	to->temporary += from->temporary;
	to->refused += from->refused;
	to->in_doubt += from->in_doubt;
}

static void keep_counters(struct nt_dispatcher *dispatcher, const struct lane *gone)
{
	for (struct lane *lane = dispatcher->lanes; lane != NULL; lane = lane->next)
		if (!lane->leaving && strcmp(lane->counters.channel, gone->counters.channel) == 0)
			add_counters(&lane->counters, &gone->counters);
}

/* A lane that has left goes after the turn, never inside a callback of its own. */
static void reap(struct nt_dispatcher *dispatcher)
{
	for (struct lane **p = &dispatcher->lanes; *p != NULL;) {
		struct lane *lane = *p;

		if (lane->leaving && lane->drained && !lane->claiming && lane->on_the_wire == 0) {
			*p = lane->next;
			keep_counters(dispatcher, lane);
			lane_free(lane);
		} else {
			p = &lane->next;
		}
	}
}

static void lane_drained(void *user)
{
	struct lane *lane = user;

	lane->drained = true;
	check_drained(lane->dispatcher);
}

void nt_dispatcher_replace(struct nt_dispatcher *dispatcher, struct nt_channel *const *channels,
                           const struct nt_channel_limit *limits, unsigned n)
{
	reap(dispatcher);
	for (struct lane *lane = dispatcher->lanes; lane != NULL; lane = lane->next)
		if (!lane->leaving) {
			lane->leaving = true;
			lane->channel->ops->drain(lane->channel, lane_drained, lane);
		}
	for (unsigned i = 0; i < n; i++)
		nt_dispatcher_add(dispatcher, channels[i], limits[i]);
}

bool nt_dispatcher_leaving(struct nt_dispatcher *dispatcher)
{
	reap(dispatcher);
	for (struct lane *lane = dispatcher->lanes; lane != NULL; lane = lane->next)
		if (lane->leaving)
			return true;
	return false;
}

void nt_dispatcher_set_program(struct nt_dispatcher *dispatcher, struct nt_program *program)
{
	nt_program_unref(dispatcher->program);
	dispatcher->program = nt_program_ref(program);
	for (struct lane *lane = dispatcher->lanes; lane != NULL; lane = lane->next)
		lane->dirty = true; /* its rates may let out more than the old ones */
	nt_dispatcher_turned(dispatcher);
}

void nt_dispatcher_drain(struct nt_dispatcher *dispatcher, void (*drained)(void *user), void *user)
{
	dispatcher->draining = true;
	dispatcher->drained = drained;
	dispatcher->drained_user = user;
	for (struct lane *lane = dispatcher->lanes; lane != NULL; lane = lane->next)
		if (!lane->leaving)
			lane->channel->ops->drain(lane->channel, lane_drained, lane);
	check_drained(dispatcher);
}

void nt_dispatcher_free(struct nt_dispatcher *dispatcher)
{
	struct nt_request *request;

	if (dispatcher == NULL)
		return;
	while (dispatcher->lanes != NULL) {
		struct lane *lane = dispatcher->lanes;

		dispatcher->lanes = lane->next;
		lane_free(lane);
	}
	while ((request = g_queue_pop_head(&dispatcher->failed)) != NULL)
		nt_arena_free(request->arena);
	ev_timer_stop(dispatcher->options.loop, &dispatcher->repost);
	nt_program_unref(dispatcher->program);
	g_free(dispatcher);
}

/* A channel replaced by one of the same name is still the same one to whoever counts. */
unsigned nt_dispatcher_counters(const struct nt_dispatcher *dispatcher, struct nt_dispatcher_counters *out,
                                unsigned room)
{
	unsigned n = 0;

	for (const struct lane *lane = dispatcher->lanes; lane != NULL; lane = lane->next) {
		unsigned i = 0;

		while (i < n && strcmp(out[i].channel, lane->counters.channel) != 0)
			i++;
		if (i == room)
			continue;
		if (i == n) {
			out[n++] = lane->counters;
			out[i].on_the_wire = lane->on_the_wire;
		} else {
			add_counters(&out[i], &lane->counters);
			if (!lane->leaving)
				out[i].held_until = lane->counters.held_until;
			out[i].on_the_wire += lane->on_the_wire;
		}
	}
	return n;
}

bool nt_dispatcher_quiet(const struct nt_dispatcher *dispatcher)
{
	if (!dispatcher->settled || dispatcher->posted > 0 || dispatcher->failed.length > 0 ||
	    dispatcher->released_seen != nt_engine_thread_view(dispatcher->options.engine).counters.released)
		return false;
	for (const struct lane *lane = dispatcher->lanes; lane != NULL; lane = lane->next)
		if (lane->on_the_wire > 0 || (!lane->leaving && (lane->dirty || lane->claiming)))
			return false;
	return true;
}

nt_time nt_dispatcher_next(const struct nt_dispatcher *dispatcher)
{
	nt_time next = NT_NEVER;

	for (const struct lane *lane = dispatcher->lanes; lane != NULL; lane = lane->next)
		if (!lane->leaving)
			next = nt_time_earlier(next, lane->next_release);
	return next;
}

void nt_dispatcher_clock_moved(struct nt_dispatcher *dispatcher)
{
	for (struct lane *lane = dispatcher->lanes; lane != NULL; lane = lane->next) {
		lane->dirty = true;
		pump(lane);
	}
}

/* ---- settling what an earlier process left ---- */

static void settle_row(struct nt_dispatcher *dispatcher, const struct nt_outbox_row *row)
{
	const struct nt_slot *left = nt_slots_find_left(dispatcher->options.slots, row->message.id);
	const char *slash = strchr(dispatcher->options.owner, '/');
	size_t instance = slash != NULL ? (size_t)(slash - dispatcher->options.owner) + 1 : 0;
	bool ours = row->owner != NULL && strncmp(row->owner, dispatcher->options.owner, instance) == 0;
	struct nt_delivery_outcome outcome = { .result = NT_SEND_IN_DOUBT,
		                               .detail = "cut off between the message and its answer" };

	if (ours && left != NULL && left->stage == NT_SLOT_ANSWERED) {
		outcome.result = (enum nt_send_result)left->result;
		outcome.hard = left->hard;
		outcome.detail = left->detail;
		outcome.remote_id = left->remote_id[0] != '\0' ? left->remote_id : NULL;
		dispatcher->counts.recorded++;
	} else if (ours && nt_slots_same_boot(dispatcher->options.slots) &&
	           (left == NULL || left->stage == NT_SLOT_CLAIMED)) {
		outcome.result = NT_SEND_UNTOUCHED;
		outcome.detail = NULL;
		dispatcher->counts.released++;
	} else {
		dispatcher->counts.in_doubt++;
	}
	post_outcome(dispatcher, row->message.id, &outcome, -1, true);
}

void nt_dispatcher_settle(struct nt_dispatcher *dispatcher, const struct nt_outbox_row *rows, unsigned n,
                          void (*settled)(void *user, struct nt_settled counts), void *user)
{
	NT_CHECK(!dispatcher->settled);
	dispatcher->settled_done = settled;
	dispatcher->settled_user = user;
	dispatcher->unsettled = n + 1; /* one for ourselves: an empty list settles too */
	for (unsigned i = 0; i < n; i++)
		settle_row(dispatcher, &rows[i]);
	settle_one(dispatcher);
}
