#include "channel/dispatcher_private.h"

#include "base/arena.h"
#include "channel/slots.h"
#include "os/clock.h"
#include "rules/program.h"

#include <string.h>

#define CLAIM_MOST 1000
#define DOWN_FIRST_MS 1000  /* nothing goes to a channel whose relay can't be reached: so long at first … */
#define DOWN_LONGEST_MS 60000
#define CROWDED_MS 100      /* no slot was free, or no room after all */
#define LOOK_AGAIN_MS 60000 /* the clock may be set while we wait for an instant of it */

/* ---- what became of a message ---- */

static void count(struct nt_lane *lane, enum nt_send_result result)
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

static void note_reach(struct nt_lane *lane, const struct nt_delivery_outcome *outcome)
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

void nt_lane_delivered(struct nt_delivery *delivery, const struct nt_delivery_outcome *outcome)
{
	struct nt_lane *lane = delivery->owner;

	if (delivery->slot >= 0 && outcome->result != NT_SEND_UNTOUCHED)
		nt_slots_answer(lane->dispatcher->options.slots, delivery->slot, (int)outcome->result, outcome->hard,
		                outcome->detail, outcome->remote_id);
	nt_dispatcher_bring_home(lane->dispatcher, delivery->row.message.id, outcome, delivery->slot, false);
	lane->on_the_wire--;
	count(lane, outcome->result);
	note_reach(lane, outcome);
	nt_program_unref(delivery->program);
	nt_arena_free(delivery->arena);
	nt_lane_pump(lane);
}

/* ---- claims ---- */

static void refill(struct nt_lane *lane)
{
	int64_t now = nt_clock_monotonic();
	double most = MAX(1.0, (double)lane->limit.n * 1000.0 / (double)MAX(lane->limit.per, 1)); /* a second's worth */

	lane->tokens = MIN(most, lane->tokens + (double)(now - lane->refilled) * lane->limit.n /
	                                                (double)MAX(lane->limit.per, 1));
	lane->refilled = now;
}

static void wake_in(struct nt_lane *lane, int64_t ms)
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
	struct nt_lane *lane = timer->data;

	(void)loop;
	(void)events;
	lane->dirty = true;
	nt_lane_pump(lane);
}

/* `program`: the reference is the delivery's from here. */
static void hand_over(struct nt_lane *lane, const struct nt_outbox_row *row, struct nt_program *program,
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
		nt_lane_delivered(delivery, &back);
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
	struct nt_lane *lane = user;
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
	nt_lane_pump(lane);
	nt_dispatcher_check_drained(lane->dispatcher);
}

/* How many may be claimed now; sets the timer if something but the channel's own room stands in the way. */
static unsigned wanted(struct nt_lane *lane)
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

void nt_lane_pump(struct nt_lane *lane)
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
	nt_dispatcher_post(dispatcher, request);
}

/* ---- a lane ---- */

struct nt_lane *nt_lane_new(struct nt_dispatcher *dispatcher, struct nt_channel *channel, struct nt_channel_limit limit)
{
	struct nt_lane *lane = g_new0(struct nt_lane, 1);

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
	return lane;
}

void nt_lane_free(struct nt_lane *lane)
{
	ev_timer_stop(lane->dispatcher->options.loop, &lane->wake);
	lane->channel->ops->free(lane->channel);
	g_free(lane);
}
