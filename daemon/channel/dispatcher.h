/* From the outbox to the channels: claims what is due, within each channel's rate and room, and brings outcomes home.
 *
 * Loop thread only. Every claim and every outcome is a request to the engine thread, so nothing is on the wire whose
 * claim isn't durable. Order within a channel: by not_before. */
#ifndef NT_CHANNEL_DISPATCHER_H
#define NT_CHANNEL_DISPATCHER_H

#include "channel/channel.h"

struct nt_dispatcher;
struct nt_engine_thread;

struct nt_dispatcher_options {
	struct ev_loop *loop;
	struct nt_clock *clock;
	struct nt_engine_thread *engine;
	const char *owner;          /* "instance/boot": claims are made in this name */
	struct nt_slots *slots;
};

struct nt_channel_limit {
	unsigned n;        /* at most n … */
	nt_time per;       /* … per so many real ms; 0: no limit */
};

struct nt_dispatcher_counters {
	const char *channel;
	uint64_t handed, accepted, temporary, refused, in_doubt;
	unsigned on_the_wire;
	nt_time held_until; /* by policy.rates something that is due waits until then; NT_NO_TIME: nothing does */
};

struct nt_dispatcher *nt_dispatcher_new(const struct nt_dispatcher_options *options);
void nt_dispatcher_free(struct nt_dispatcher *dispatcher);
/* The dispatcher owns the channel from here. Configure all before the first turn. */
void nt_dispatcher_add(struct nt_dispatcher *dispatcher, struct nt_channel *channel, struct nt_channel_limit limit);
/* After a reload: takes over a new set; channels of the old set are drained and freed behind the scenes. */
void nt_dispatcher_replace(struct nt_dispatcher *dispatcher, struct nt_channel *const *channels,
                           const struct nt_channel_limit *limits, unsigned n);
bool nt_dispatcher_leaving(struct nt_dispatcher *dispatcher); /* channels of an old set are still there */
void nt_dispatcher_set_program(struct nt_dispatcher *dispatcher, struct nt_program *program); /* takes a reference */
/* The engine has committed a turn: there may be something to send. */
void nt_dispatcher_turned(struct nt_dispatcher *dispatcher);
/* Stops claiming; drains all channels; `drained` is called when nothing is on the wire and every outcome has been
 * posted and answered. */
void nt_dispatcher_drain(struct nt_dispatcher *dispatcher, void (*drained)(void *user), void *user);
/* Nothing to claim, nothing on the wire, no outcome that isn't stored: until the clock moves or something comes in,
 * nothing will happen. */
bool nt_dispatcher_quiet(const struct nt_dispatcher *dispatcher);
nt_time nt_dispatcher_next(const struct nt_dispatcher *dispatcher); /* earliest retry that is known of; NT_NEVER */
void nt_dispatcher_clock_moved(struct nt_dispatcher *dispatcher);   /* by hand: what was to wait may be due */
unsigned nt_dispatcher_counters(const struct nt_dispatcher *dispatcher, struct nt_dispatcher_counters *out,
                                unsigned room);
void nt_dispatcher_house(struct nt_dispatcher *dispatcher, const struct nt_links *links,
                         struct nt_channel_house *house); /* fills one for channels */

/* At start-up, before anything is claimed: rows still HANDED (`rows`, borrowed until settled) by an earlier process are
 * settled by what its slot file says: claimed only → released again; answered → recorded; cut off in between → in
 * doubt. Rows of another instance are in doubt. `settled` when all are durable; claiming begins then. */
struct nt_settled {
	unsigned released, recorded, in_doubt;
};
void nt_dispatcher_settle(struct nt_dispatcher *dispatcher, const struct nt_outbox_row *rows, unsigned n,
                          void (*settled)(void *user, struct nt_settled counts), void *user);

#endif
