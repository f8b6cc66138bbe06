#include "engine/turn.h"

#include "base/arena.h"

#include <string.h>

static void put_row(struct nt_batch *turn, const char *lead)
{
	const struct nt_sales_entry *entry = nt_sales_peek(turn->engine->sales, lead);
	GString *bytes = turn->engine->scratch;

	g_string_truncate(bytes, 0);
	if (entry != NULL)
		nt_sales_encode_entry(entry, bytes);
	nt_turn_ok(turn, turn->store->ops->sales_put(turn->store, lead, entry != NULL ? bytes->str : NULL, bytes->len));
}

void nt_turn_tell(struct nt_batch *turn, const struct nt_message *message)
{
	struct nt_turn_lead *tl = message->lead[0] != '\0' ? nt_turn_lead(turn, message->lead) : NULL;
	GString *body = turn->engine->scratch;

	if (!nt_turn_ok(turn, turn->store->ops->outbox_put(turn->store, message)))
		return;
	turn->counters.released++;
	if (tl != NULL && tl->lead != NULL && tl->lead->exists && !turn->engine->options.dry) {
		g_string_truncate(body, 0);
		nt_log_body_rep(message, body);
		nt_turn_log(turn, tl, message->released, body->str);
	}
	if (turn->engine->options.observe_rep != NULL) {
		struct nt_observed observed = { .message = message };

		g_array_append_val(turn->observed, observed);
	}
}

static void step_lead(struct nt_batch *turn, const struct nt_sales_lead_input *from)
{
	struct nt_turn_lead *tl = nt_turn_lead(turn, from->lead);
	struct nt_input *input;

	if (turn->code != NT_STORE_OK || tl->lead == NULL)
		return;
	input = nt_arena_new0(turn->arena, struct nt_input);
	*input = (struct nt_input){ .kind = from->is_owner ? NT_INPUT_OWNER : NT_INPUT_HANDOFF,
		                    .now = from->at,
		                    .clock = turn->now };
	input->handoff.state = from->state;
	input->handoff.rep = from->rep;
	input->handoff.reason = from->reason;
	input->handoff.accepted_owner = from->state == NT_HANDOFF_ACCEPTED;
	nt_turn_step(turn, tl, input);
}

enum nt_sales_answer nt_turn_sales_step(struct nt_batch *turn, const struct nt_sales_input *input)
{
	struct nt_sales_effects effects;
	enum nt_sales_answer answer;
	GString *turns = turn->engine->scratch;

	if (turn->code != NT_STORE_OK)
		return NT_SALES_NO_ENTRY;
	nt_sales_effects_init(&effects, turn->arena);
	answer = nt_sales_step(turn->engine->sales, input, &effects);
	for (unsigned i = 0; i < effects.changed->len && turn->code == NT_STORE_OK; i++)
		put_row(turn, effects.changed->pdata[i]);
	if (effects.turns_changed && turn->code == NT_STORE_OK) {
		g_string_truncate(turns, 0);
		nt_sales_encode_turns(turn->engine->sales, turns);
		nt_turn_ok(turn, turn->store->ops->sales_turns(turn->store, turns->str, turns->len));
	}
	for (unsigned i = 0; i < effects.lead_inputs->len && turn->code == NT_STORE_OK; i++)
		step_lead(turn, &g_array_index(effects.lead_inputs, struct nt_sales_lead_input, i));
	for (unsigned i = 0; i < effects.messages->len && turn->code == NT_STORE_OK; i++)
		nt_turn_tell(turn, effects.messages->pdata[i]);
	nt_sales_effects_clear(&effects);
	return answer;
}

static int by_instant(const void *a, const void *b)
{
	const struct nt_sales_input *x = a, *y = b;

	if (x->now != y->now)
		return x->now < y->now ? -1 : 1;
	return strcmp(x->lead, y->lead);
}

/* What has come up meanwhile joins those from `next` on; a lead's own next wish comes first, in the place of the one
 * that led to it. */
static unsigned merge(struct nt_batch *turn, GArray *inputs, unsigned next)
{
	for (unsigned i = 0; i < turn->ready->len; i++) {
		struct nt_sales_input *input = &g_array_index(turn->ready, struct nt_sales_input, i);
		unsigned at = next;

		while (at < inputs->len && by_instant(&g_array_index(inputs, struct nt_sales_input, at), input) <= 0)
			at++;
		if (at == next && next > 0)
			g_array_index(inputs, struct nt_sales_input, --next) = *input;
		else
			g_array_insert_val(inputs, at, *input);
	}
	g_array_set_size(turn->ready, 0);
	return next;
}

/* In the order of their instants, then of the leads' ids (II.8), whichever leads a turn has stepped together. */
void nt_turn_sales(struct nt_batch *turn)
{
	GArray *inputs;

	nt_turn_tasks(turn);
	if (turn->ready->len == 0 || turn->code != NT_STORE_OK)
		return;
	inputs = g_array_copy(turn->ready);
	g_array_set_size(turn->ready, 0);
	g_array_sort(inputs, by_instant);
	for (unsigned i = 0; i < inputs->len && turn->code == NT_STORE_OK; i = merge(turn, inputs, i)) {
		struct nt_sales_input input = g_array_index(inputs, struct nt_sales_input, i);

		i++;
		nt_turn_sales_timers(turn, input.now - 1);
		input.now = turn->now; /* people are asked now, however late a timer ran */
		nt_turn_sales_step(turn, &input);
		nt_turn_tasks(turn);
	}
	g_array_unref(inputs);
}

void nt_turn_sales_timers(struct nt_batch *turn, nt_time until)
{
	struct nt_sales_input input = { .verb = NT_SALES_TIMER, .now = turn->now };

	while (nt_sales_due(turn->engine->sales) <= until && turn->code == NT_STORE_OK) {
		nt_turn_sales_step(turn, &input);
		nt_turn_sales(turn);
	}
}

struct restoring {
	struct nt_sales *sales;
	bool ok;
};

static void restore(void *context, const char *lead, const void *bytes, size_t length)
{
	struct restoring *r = context;

	if (lead[0] == '\0')
		r->ok &= nt_sales_restore_turns(r->sales, bytes, length);
	else
		r->ok &= nt_sales_restore_entry(r->sales, bytes, length);
}

bool nt_sales_reread(struct nt_engine *engine, const char **why)
{
	struct restoring r = { nt_sales_new(engine->program), true };

	*why = NULL;
	if (engine->store->ops->sales_each(engine->store, restore, &r) != NT_STORE_OK)
		*why = engine->store->ops->error(engine->store);
	else if (!r.ok)
		*why = "a row of the sales queue is damaged";
	nt_sales_resume(r.sales, engine->now);
	nt_sales_free(engine->sales);
	engine->sales = r.sales;
	return *why == NULL;
}
