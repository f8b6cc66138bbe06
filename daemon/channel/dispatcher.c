#include "channel/dispatcher_private.h"

#include "base/arena.h"
#include "rules/program.h"
#include "store/engine_thread.h"

#include <string.h>

void nt_dispatcher_check_drained(struct nt_dispatcher *dispatcher)
{
	void (*drained)(void *user);

	if (!dispatcher->draining || dispatcher->drained == NULL || dispatcher->posted > 0 ||
	    dispatcher->failed.length > 0)
		return;
	for (struct nt_lane *lane = dispatcher->lanes; lane != NULL; lane = lane->next)
		if (!lane->drained || lane->on_the_wire > 0)
			return;
	drained = dispatcher->drained;
	dispatcher->drained = NULL;
	drained(dispatcher->drained_user);
}

void nt_dispatcher_turned(struct nt_dispatcher *dispatcher)
{
	uint64_t released = nt_engine_thread_view(dispatcher->options.engine).counters.released;
	bool more = released != dispatcher->released_seen;

	dispatcher->released_seen = released;
	for (struct nt_lane *lane = dispatcher->lanes; lane != NULL; lane = lane->next) {
		lane->dirty = lane->dirty || more;
		nt_lane_pump(lane);
	}
}

struct nt_dispatcher *nt_dispatcher_new(const struct nt_dispatcher_options *options)
{
	struct nt_dispatcher *dispatcher = g_new0(struct nt_dispatcher, 1);

	dispatcher->options = *options;
	g_queue_init(&dispatcher->failed);
	ev_timer_init(&dispatcher->repost, nt_dispatcher_repost, 0., 0.);
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
		.done = nt_lane_delivered,
	};
}

void nt_dispatcher_add(struct nt_dispatcher *dispatcher, struct nt_channel *channel, struct nt_channel_limit limit)
{
	struct nt_lane *lane = nt_lane_new(dispatcher, channel, limit), **end = &dispatcher->lanes;

	while (*end != NULL)
		end = &(*end)->next;
	*end = lane;
	nt_lane_pump(lane);
}

static void add_counters(struct nt_dispatcher_counters *to, const struct nt_dispatcher_counters *from)
{
	to->handed += from->handed;
	to->accepted += from->accepted;
	to->temporary += from->temporary;
	to->refused += from->refused;
	to->in_doubt += from->in_doubt;
}

static void keep_counters(struct nt_dispatcher *dispatcher, const struct nt_lane *gone)
{
	for (struct nt_lane *lane = dispatcher->lanes; lane != NULL; lane = lane->next)
		if (!lane->leaving && strcmp(lane->counters.channel, gone->counters.channel) == 0)
			add_counters(&lane->counters, &gone->counters);
}

/* A lane that has left goes after the turn, never inside a callback of its own. */
static void reap(struct nt_dispatcher *dispatcher)
{
	for (struct nt_lane **p = &dispatcher->lanes; *p != NULL;) {
		struct nt_lane *lane = *p;

		if (lane->leaving && lane->drained && !lane->claiming && lane->on_the_wire == 0) {
			*p = lane->next;
			keep_counters(dispatcher, lane);
			nt_lane_free(lane);
		} else {
			p = &lane->next;
		}
	}
}

static void lane_drained(void *user)
{
	struct nt_lane *lane = user;

	lane->drained = true;
	nt_dispatcher_check_drained(lane->dispatcher);
}

void nt_dispatcher_replace(struct nt_dispatcher *dispatcher, struct nt_channel *const *channels,
                           const struct nt_channel_limit *limits, unsigned n)
{
	reap(dispatcher);
	for (struct nt_lane *lane = dispatcher->lanes; lane != NULL; lane = lane->next)
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
	for (struct nt_lane *lane = dispatcher->lanes; lane != NULL; lane = lane->next)
		if (lane->leaving)
			return true;
	return false;
}

void nt_dispatcher_set_program(struct nt_dispatcher *dispatcher, struct nt_program *program)
{
	nt_program_unref(dispatcher->program);
	dispatcher->program = nt_program_ref(program);
	for (struct nt_lane *lane = dispatcher->lanes; lane != NULL; lane = lane->next)
		lane->dirty = true; /* its rates may let out more than the old ones */
	nt_dispatcher_turned(dispatcher);
}

void nt_dispatcher_drain(struct nt_dispatcher *dispatcher, void (*drained)(void *user), void *user)
{
	dispatcher->draining = true;
	dispatcher->drained = drained;
	dispatcher->drained_user = user;
	for (struct nt_lane *lane = dispatcher->lanes; lane != NULL; lane = lane->next)
		if (!lane->leaving)
			lane->channel->ops->drain(lane->channel, lane_drained, lane);
	nt_dispatcher_check_drained(dispatcher);
}

void nt_dispatcher_free(struct nt_dispatcher *dispatcher)
{
	struct nt_request *request;

	if (dispatcher == NULL)
		return;
	while (dispatcher->lanes != NULL) {
		struct nt_lane *lane = dispatcher->lanes;

		dispatcher->lanes = lane->next;
		nt_lane_free(lane);
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

	for (const struct nt_lane *lane = dispatcher->lanes; lane != NULL; lane = lane->next) {
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
	for (const struct nt_lane *lane = dispatcher->lanes; lane != NULL; lane = lane->next)
		if (lane->on_the_wire > 0 || (!lane->leaving && (lane->dirty || lane->claiming)))
			return false;
	return true;
}

nt_time nt_dispatcher_next(const struct nt_dispatcher *dispatcher)
{
	nt_time next = NT_NEVER;

	for (const struct nt_lane *lane = dispatcher->lanes; lane != NULL; lane = lane->next)
		if (!lane->leaving)
			next = nt_time_earlier(next, lane->next_release);
	return next;
}

void nt_dispatcher_clock_moved(struct nt_dispatcher *dispatcher)
{
	for (struct nt_lane *lane = dispatcher->lanes; lane != NULL; lane = lane->next) {
		lane->dirty = true;
		nt_lane_pump(lane);
	}
}
