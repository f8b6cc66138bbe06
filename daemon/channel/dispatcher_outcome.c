#include "channel/dispatcher_private.h"

#include "base/arena.h"
#include "base/bug.h"
#include "channel/slots.h"
#include "store/engine_thread.h"

#include <string.h>

#define REPOST_S 1.0 /* an outcome that the store couldn't keep is posted again after so long */

struct outcome_context {
	struct nt_dispatcher *dispatcher;
	int slot;
	bool settling;
};

static void settle_one(struct nt_dispatcher *dispatcher)
{
	if (--dispatcher->unsettled > 0)
		return;
	dispatcher->settled = true;
	nt_slots_settled(dispatcher->options.slots);
	dispatcher->settled_done(dispatcher->settled_user, dispatcher->counts);
	for (struct nt_lane *lane = dispatcher->lanes; lane != NULL; lane = lane->next) {
		lane->dirty = true;
		nt_lane_pump(lane);
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
		for (struct nt_lane *lane = dispatcher->lanes; lane != NULL; lane = lane->next)
			lane->dirty = true; /* it may be on the list again */
	if (context->settling)
		settle_one(dispatcher);
	nt_arena_free(request->arena);
	nt_dispatcher_check_drained(dispatcher);
}

void nt_dispatcher_post(struct nt_dispatcher *dispatcher, struct nt_request *request)
{
	dispatcher->posted++;
	nt_engine_thread_post(dispatcher->options.engine, request);
}

void nt_dispatcher_repost(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct nt_dispatcher *dispatcher = timer->data;
	struct nt_request *request;

	(void)loop;
	(void)events;
	while ((request = g_queue_pop_head(&dispatcher->failed)) != NULL)
		nt_dispatcher_post(dispatcher, request);
}

void nt_dispatcher_bring_home(struct nt_dispatcher *dispatcher, const char *message,
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
	nt_dispatcher_post(dispatcher, request);
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
	nt_dispatcher_bring_home(dispatcher, row->message.id, &outcome, -1, true);
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
