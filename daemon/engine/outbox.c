#include "engine/turn.h"

#include "base/arena.h"
#include "engine/rate.h"
#include "rules/program.h"

#include <string.h>

#define MOST_CLAIMED 1000u

/* What is released keeps its content (II.7), and all of it: texts, sender and layout of one version. */
static struct nt_program *program_of(struct nt_batch *turn, const struct nt_message *message)
{
	struct nt_program *present = turn->engine->program, *older;

	if (message->program_hash == NULL || strcmp(message->program_hash, present->hash) == 0)
		return present;
	older = nt_engine_older(turn->engine, message->program_hash);
	return older != NULL ? older : present;
}

static void tell_lead(struct nt_batch *turn, const struct nt_outbox_row *row, enum nt_outcome outcome,
                      const char *detail, const char *cause)
{
	const struct nt_message *message = &row->message;
	struct nt_input *input;
	struct nt_turn_lead *tl;

	if (message->rep != NULL || message->lead[0] == '\0')
		return;
	tl = nt_turn_lead(turn, message->lead);
	if (turn->code != NT_STORE_OK || tl->lead == NULL)
		return;
	input = nt_arena_new0(turn->arena, struct nt_input);
	*input = (struct nt_input){ .kind = NT_INPUT_OUTCOME, .now = turn->now, .clock = turn->now, .cause = cause };
	input->outcome.message = message->id;
	input->outcome.channel = nt_message_channel(message);
	input->outcome.template_name = message->template_name;
	input->outcome.campaign = message->campaign;
	input->outcome.key = message->key;
	input->outcome.step = message->step;
	input->outcome.outcome = outcome;
	input->outcome.detail = detail;
	input->outcome.address = message->address;
	input->outcome.released = message->released;
	nt_turn_step(turn, tl, input);
}

/* From `from` to what `next` says; false if the row wasn't there. */
static bool move(struct nt_batch *turn, struct nt_outbox_row *next, enum nt_outbox_state from)
{
	bool done = false;

	nt_turn_ok(turn, turn->store->ops->outbox_move(turn->store, next->message.id, from, next, &done));
	if (done)
		nt_turn_hand(turn, next->message.lead, next->message.id, next->state != NT_OUTBOX_RELEASED);
	return done;
}

/* ---- handing out ---- */

/* An address may have been suppressed after the release, by another lead who shares it or by hand. */
static bool is_withheld(struct nt_batch *turn, const struct nt_message *message)
{
	const struct nt_program *program = turn->engine->program;
	int channel = message->rep == NULL ? nt_program_channel(program, message->channel) : -1;
	enum nt_suppression how = NT_SUPPRESSION_NONE;
	struct nt_address address;

	if (channel < 0 || message->address[0] == '\0')
		return false;
	address.channel = message->channel;
	address.address = nt_address_normalise(turn->arena, program->channels[channel].address_field, message->address);
	nt_turn_ok(turn, turn->store->ops->suppressed(turn->store, &address, 1, &how));
	return message->service ? how == NT_SUPPRESSION_HARD : how != NT_SUPPRESSION_NONE;
}

static void withhold(struct nt_batch *turn, const struct nt_request *request, const struct nt_outbox_row *row)
{
	static const char why[] = "the address has been suppressed since";
	struct nt_outbox_row next = *row;

	next.state = NT_OUTBOX_CANCELLED;
	next.owner = NULL;
	next.slot = -1;
	next.changed = turn->now;
	next.detail = why;
	if (move(turn, &next, NT_OUTBOX_HANDED))
		tell_lead(turn, row, NT_OUTCOME_FAILED, why, request->cause);
}

/* Those just claimed, without the withheld ones; how many are left. */
static unsigned hand_over(struct nt_batch *turn, const struct nt_request *request, struct nt_outbox_row *rows,
                          unsigned n)
{
	struct nt_program **programs = request->programs != NULL ? request->programs + request->n_rows : NULL;
	unsigned kept = 0;

	for (unsigned i = 0; i < n; i++) {
		nt_turn_hand(turn, rows[i].message.lead, rows[i].message.id, true);
		if (is_withheld(turn, &rows[i].message)) {
			withhold(turn, request, &rows[i]);
			continue;
		}
		if (programs != NULL)
			programs[kept] = nt_program_ref(program_of(turn, &rows[i].message));
		rows[kept++] = rows[i];
	}
	return kept;
}

void nt_request_claim(struct nt_batch *turn, struct nt_request *request)
{
	unsigned limit = MIN(request->limit, MOST_CLAIMED), asked, n;
	nt_time opens;

	limit = nt_rate_room(turn, request->channel, limit, &opens);
	request->rows = nt_arena_array(request->arena, struct nt_outbox_row, limit);
	request->n_rows = 0;
	do { /* fewer than asked for: there are no more */
		struct nt_outbox_row *rows = request->rows + request->n_rows;

		asked = limit - request->n_rows;
		n = 0;
		if (!nt_turn_ok(turn, turn->store->ops->outbox_claim(turn->store, request->arena, request->channel,
		                                                     turn->now, asked, request->owner, rows, &n)))
			return;
		request->n_rows += hand_over(turn, request, rows, n);
	} while (n > 0 && n == asked && request->n_rows < limit);
	nt_rate_count(turn, request->channel, request->n_rows);
	nt_turn_ok(turn, turn->store->ops->outbox_next(turn->store, request->channel, &request->next_release));
	request->held_until = NT_NO_TIME;
	if (request->next_release <= turn->now && nt_rate_room(turn, request->channel, 1, &opens) == 0)
		request->next_release = request->held_until = opens;
}

/* ---- what becomes of them ---- */

/* What was to be cancelled while it was being sent, and hasn't gone out, is cancelled now. */
static bool is_recalled(struct nt_batch *turn, const struct nt_message *message)
{
	const struct nt_pending *pending = NULL;
	const struct nt_turn_lead *tl;

	if (message->rep == NULL && message->lead[0] != '\0') {
		tl = nt_turn_lead(turn, message->lead);
		pending = tl != NULL && tl->lead != NULL ? tl->lead->pending : NULL;
	}
	while (pending != NULL && strcmp(pending->message, message->id) != 0)
		pending = pending->next;
	return pending != NULL && pending->recalled;
}

/* A try has failed, not for good: another, later, unless there were enough. */
static void again(struct nt_batch *turn, const struct nt_request *request, struct nt_outbox_row *next, nt_time wish)
{
	const struct nt_retry_policy *policy = &turn->engine->options.retry;
	nt_time at;

	if (!nt_retry_at(policy, next->message.id, next->attempts, turn->now, &at)) {
		next->state = NT_OUTBOX_REFUSED;
		return;
	}
	next->state = NT_OUTBOX_RELEASED;
	next->not_before = nt_time_later(at, turn->now + nt_time_earlier(wish, policy->longest));
	if (request->result == NT_SEND_IN_DOUBT)
		next->not_before = turn->now;
}

static void recall(struct nt_outbox_row *next)
{
	next->state = NT_OUTBOX_CANCELLED;
	next->detail = "called back before it could go out";
}

static void decide(struct nt_batch *turn, const struct nt_request *request, struct nt_outbox_row *next)
{
	next->attempts += request->result != NT_SEND_UNTOUCHED;
	switch (request->result) {
	case NT_SEND_ACCEPTED:
		next->state = NT_OUTBOX_ACCEPTED;
		break;
	case NT_SEND_TEMPORARY:
		again(turn, request, next, request->retry_after);
		break;
	case NT_SEND_REFUSED:
		next->state = NT_OUTBOX_REFUSED;
		break;
	case NT_SEND_IN_DOUBT:
		/* whoever gets a service message twice has lost less than one who never gets it; marketing is held
		 * and shown */
		if (next->message.service)
			again(turn, request, next, 0);
		else
			next->state = NT_OUTBOX_IN_DOUBT;
		break;
	case NT_SEND_UNTOUCHED:
		nt_rate_give_back(turn, next->message.channel);
		next->state = NT_OUTBOX_RELEASED;
		break;
	}
}

static void sent(struct nt_batch *turn, struct nt_request *request, const struct nt_outbox_row *row)
{
	struct nt_outbox_row next = *row;

	next.owner = NULL;
	next.slot = -1;
	next.changed = turn->now;
	next.detail = request->detail;
	if (request->remote_id != NULL)
		next.remote_id = request->remote_id;
	decide(turn, request, &next);
	if (next.state == NT_OUTBOX_RELEASED && is_recalled(turn, &row->message))
		recall(&next);
	if (!move(turn, &next, NT_OUTBOX_HANDED)) {
		nt_request_refuse(request, NT_ANSWER_CONFLICT, "message", "this message isn't being sent: it is %s",
		                  nt_outbox_state_name(row->state));
		return;
	}
	if (next.state == NT_OUTBOX_ACCEPTED)
		tell_lead(turn, row, NT_OUTCOME_SENT, request->detail, request->cause);
	else if (next.state == NT_OUTBOX_CANCELLED)
		tell_lead(turn, row, NT_OUTCOME_FAILED, next.detail, request->cause);
	else if (next.state == NT_OUTBOX_REFUSED)
		tell_lead(turn, row,
		          request->result == NT_SEND_REFUSED && request->hard ? NT_OUTCOME_BOUNCED :
		                                                                NT_OUTCOME_FAILED,
		          request->detail, request->cause);
}

static bool has_consent(struct nt_batch *turn, const struct nt_message *message)
{
	const struct nt_turn_lead *tl = message->lead[0] != '\0' ? nt_turn_peek(turn, message->lead) : NULL;
	int channel = nt_program_channel(turn->engine->program, nt_message_channel(message));

	return tl != NULL && tl->lead != NULL && channel >= 0 && tl->lead->consent[channel].state == NT_CONSENT_GIVEN;
}

/* Something is heard of a message that was sent. That settles one in doubt, too. */
static void heard(struct nt_batch *turn, struct nt_request *request, const struct nt_outbox_row *row)
{
	struct nt_outbox_row next = *row;

	if (row->state == NT_OUTBOX_IN_DOUBT && request->later != NT_OUTCOME_FAILED) {
		next.state = NT_OUTBOX_ACCEPTED;
		next.changed = turn->now;
		if (move(turn, &next, NT_OUTBOX_IN_DOUBT))
			tell_lead(turn, row, NT_OUTCOME_SENT, NULL, request->cause);
	}
	tell_lead(turn, row, request->later, request->detail, request->cause);
	if (request->later == NT_OUTCOME_CONFIRMED && !has_consent(turn, &row->message))
		nt_request_refuse(request, NT_ANSWER_CONFLICT, "message",
		                  "the address has changed since, or there was a no after it");
}

void nt_request_outcome(struct nt_batch *turn, struct nt_request *request, struct nt_outbox_row *row)
{
	if (row->state == NT_OUTBOX_ABSENT)
		nt_request_refuse(request, NT_ANSWER_NOT_FOUND, "message", "there is no such message");
	else if (request->is_later)
		heard(turn, request, row);
	else
		sent(turn, request, row);
}

/* A person has found out what became of a message in doubt, or takes the risk. */
void nt_request_decide(struct nt_batch *turn, struct nt_request *request, const struct nt_outbox_row *row)
{
	struct nt_outbox_row next = *row;

	if (row->state == NT_OUTBOX_ABSENT) {
		nt_request_refuse(request, NT_ANSWER_NOT_FOUND, "message", "there is no such message");
		return;
	}
	next.state = request->again ? NT_OUTBOX_RELEASED : NT_OUTBOX_REFUSED;
	next.not_before = next.changed = turn->now;
	next.detail = nt_arena_printf(turn->arena, "%s by %s", request->again ? "sent again" : "given up",
	                              request->cause != NULL ? request->cause : "hand");
	if (!move(turn, &next, NT_OUTBOX_IN_DOUBT))
		nt_request_refuse(request, NT_ANSWER_CONFLICT, "message", "this message isn't in doubt: it is %s",
		                  nt_outbox_state_name(row->state));
	else if (request->again)
		turn->counters.released++; /* by which the dispatcher sees that there is something to send */
	else
		tell_lead(turn, row, NT_OUTCOME_FAILED, next.detail, request->cause);
}

void nt_request_suppress(struct nt_batch *turn, struct nt_request *request)
{
	const struct nt_program *program = turn->engine->program;
	int channel = request->channel != NULL ? nt_program_channel(program, request->channel) : -1;
	enum nt_suppression how = NT_SUPPRESSION_NONE;
	struct nt_address address;
	int code;

	if (channel < 0) {
		nt_request_refuse(request, NT_ANSWER_INVALID, "channel", "channel: there is no channel '%s'",
		                  request->channel != NULL ? request->channel : "");
		return;
	}
	if (request->address == NULL || request->address[0] == '\0') {
		nt_request_refuse(request, NT_ANSWER_INVALID, "address", "address: is missing");
		return;
	}
	address.channel = program->channels[channel].name;
	address.address = nt_address_normalise(turn->arena, program->channels[channel].address_field, request->address);
	code = request->lift ? turn->store->ops->unsuppress(turn->store, &address) :
	                       turn->store->ops->suppress(turn->store, &address, NT_SUPPRESSION_SOFT, request->cause,
	                                                  turn->now);
	/* it may have been there already, and harder */
	if (nt_turn_ok(turn, code) &&
	    nt_turn_ok(turn, turn->store->ops->suppressed(turn->store, &address, 1, &how)))
		nt_turn_flag(turn, address.channel, address.address, how);
}
