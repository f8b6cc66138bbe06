/* Inside the dispatcher: what dispatcher.c (all lanes together), dispatcher_lane.c (one of them: claims, hands over,
 * waits) and dispatcher_outcome.c (what became of messages, on its way to the store) share. Loop thread only. */
#ifndef NT_CHANNEL_DISPATCHER_PRIVATE_H
#define NT_CHANNEL_DISPATCHER_PRIVATE_H

#include "channel/dispatcher.h"

#include <ev.h>
#include <glib.h>

struct nt_request;

/* One channel, its limit and what it has in hand. */
struct nt_lane {
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
	struct nt_lane *next;
};

struct nt_dispatcher {
	struct nt_dispatcher_options options;
	struct nt_program *program;
	struct nt_lane *lanes;
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

/* Calls `drained` when that is asked for and nothing is under way. */
void nt_dispatcher_check_drained(struct nt_dispatcher *dispatcher);

/* dispatcher_lane.c */
struct nt_lane *nt_lane_new(struct nt_dispatcher *dispatcher, struct nt_channel *channel,
                            struct nt_channel_limit limit); /* owns the channel */
void nt_lane_free(struct nt_lane *lane); /* and its channel */
void nt_lane_pump(struct nt_lane *lane); /* claims what may go out now, if there may be something */
/* Of a lane's channel: consumes the delivery. */
void nt_lane_delivered(struct nt_delivery *delivery, const struct nt_delivery_outcome *outcome);

/* dispatcher_outcome.c */
void nt_dispatcher_post(struct nt_dispatcher *dispatcher, struct nt_request *request); /* to the engine: counted */
void nt_dispatcher_repost(struct ev_loop *loop, ev_timer *timer, int events); /* what the store couldn't keep */
/* To the store, until it has it; then the slot (-1: none) is released. settling: of what an earlier process left. */
void nt_dispatcher_bring_home(struct nt_dispatcher *dispatcher, const char *message,
                              const struct nt_delivery_outcome *outcome, int slot, bool settling);

#endif
