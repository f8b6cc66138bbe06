#include "engine/turn.h"

#include "base/arena.h"
#include "base/bug.h"
#include "engine/codec.h"
#include "engine/phone.h"
#include "rules/program.h"

#include <string.h>

bool nt_turn_ok(struct nt_batch *turn, int code)
{
	if (turn->code == NT_STORE_OK && code != NT_STORE_OK)
		turn->code = code;
	return turn->code == NT_STORE_OK;
}

struct nt_program *nt_engine_older(struct nt_engine *engine, const char *hash)
{
	struct nt_program *program = g_hash_table_lookup(engine->older, hash);

	if (program == NULL && engine->options.older_program != NULL) {
		program = engine->options.older_program(engine->options.user, hash);
		if (program != NULL)
			g_hash_table_insert(engine->older, g_strdup(hash), program);
	}
	return program;
}

struct nt_turn_lead *nt_turn_peek(struct nt_batch *turn, const char *id)
{
	const struct nt_kept *kept;

	if (id == turn->asked) /* often the same is meant, by the same text */
		return turn->answer;
	if (turn->engine->kept == NULL)
		return g_hash_table_lookup(turn->engine->leads, id);
	kept = g_hash_table_lookup(turn->engine->kept, id);
	return kept != NULL ? kept->at_hand : NULL;
}

/* ---- suppression ---- */

static void set_flag(struct nt_lead *lead, unsigned channel, enum nt_suppression how)
{
	lead->suppressed[channel] = how != NT_SUPPRESSION_NONE;
	lead->suppressed_hard[channel] = how == NT_SUPPRESSION_HARD;
}

/* The key of an address as the lead has it now; looked up only when the text itself has changed. */
static bool address_changed(struct nt_turn_lead *tl, int channel)
{
	const char *address = nt_lead_address(tl->lead, channel);

	if (address == tl->addresses[channel])
		return false;
	tl->addresses[channel] = address;
	tl->keys[channel] = address != NULL && address[0] != '\0' ?
	                            nt_lead_address_key(tl->lead, tl->arena, channel) :
	                            NULL;
	set_flag(tl->lead, (unsigned)channel, NT_SUPPRESSION_NONE);
	return tl->keys[channel] != NULL;
}

/* As they were looked up last. */
static bool has_its_addresses(const struct nt_turn_lead *tl)
{
	for (unsigned c = 0; c < tl->lead->program->n_channels; c++)
		if (nt_lead_address(tl->lead, (int)c) != tl->addresses[c])
			return false;
	return true;
}

/* Asks the store of all addresses that are new, of all these leads, at once. */
static void look_up_addresses(struct nt_batch *turn, struct nt_turn_lead *const *leads, unsigned n)
{
	const struct nt_program *program;
	struct nt_address *asked;
	struct nt_lead **owners;
	unsigned *channels, most = 0, count = 0;
	enum nt_suppression *answers;

	for (unsigned i = 0; i < n; i++)
		if (leads[i]->lead != NULL && !has_its_addresses(leads[i]))
			most += leads[i]->lead->program->n_channels;
	if (most == 0)
		return;
	asked = nt_arena_array(turn->arena, struct nt_address, most);
	owners = nt_arena_array(turn->arena, struct nt_lead *, most);
	channels = nt_arena_array(turn->arena, unsigned, most);
	answers = nt_arena_array(turn->arena, enum nt_suppression, most);
	for (unsigned i = 0; i < n; i++) {
		if (leads[i]->lead == NULL || has_its_addresses(leads[i]))
			continue;
		program = leads[i]->lead->program;
		for (unsigned c = 0; c < program->n_channels; c++)
			if (address_changed(leads[i], (int)c)) {
				asked[count] = (struct nt_address){ program->channels[c].name, leads[i]->keys[c] };
				owners[count] = leads[i]->lead;
				channels[count++] = c;
			}
	}
	if (count == 0 || !nt_turn_ok(turn, turn->store->ops->suppressed(turn->store, asked, count, answers)))
		return;
	for (unsigned i = 0; i < count; i++)
		set_flag(owners[i], channels[i], answers[i]);
}

static void prepare_addresses(struct nt_batch *turn, struct nt_turn_lead *tl)
{
	unsigned n = tl->lead->program->n_channels;

	tl->lead->suppressed = nt_arena_array(tl->arena, bool, n);
	tl->lead->suppressed_hard = nt_arena_array(tl->arena, bool, n);
	tl->addresses = nt_arena_array(tl->arena, const char *, n);
	tl->keys = nt_arena_array(tl->arena, const char *, n);
	tl->lead->trace = turn->engine->options.trace;
	tl->lead->dry = turn->engine->options.dry;
}

void nt_turn_flag(struct nt_batch *turn, const char *channel, const char *key, enum nt_suppression how)
{
	turn->engine->suppressions++;
	for (struct nt_turn_lead *tl = turn->first; tl != NULL; tl = tl->next) {
		int c = tl->lead != NULL ? nt_program_channel(tl->lead->program, channel) : -1;

		if (c >= 0 && tl->keys[c] != NULL && strcmp(tl->keys[c], key) == 0)
			set_flag(tl->lead, (unsigned)c, how);
	}
}

/* The addresses that an input is about to give a lead, so that the step's gate knows of their suppression. */
static void look_ahead(struct nt_batch *turn, struct nt_turn_lead *tl, const struct nt_input *input)
{
	const struct nt_program *program = tl->lead->program;

	for (unsigned i = 0; i < input->fields.n; i++) {
		const struct nt_field_change *change = &input->fields.changes[i];

		for (unsigned c = 0; c < program->n_channels; c++) {
			struct nt_address address = { program->channels[c].name, NULL };
			enum nt_suppression how = NT_SUPPRESSION_NONE;

			if (change->field < 0 || program->channels[c].address_field != change->field ||
			    !nt_type_is_text(change->value.type))
				continue;
			address.address = nt_address_normalise(turn->arena, change->field, change->value.text);
			if (nt_turn_ok(turn, turn->store->ops->suppressed(turn->store, &address, 1, &how)))
				set_flag(tl->lead, c, how);
		}
	}
}

/* ---- loading ---- */

static void know_handed(struct nt_batch *turn, struct nt_lead *lead)
{
	for (struct nt_pending *pending = lead->pending; pending != NULL; pending = pending->next) {
		enum nt_outbox_state now;

		if (!nt_turn_ok(turn, turn->store->ops->outbox_state(turn->store, pending->message, &now)))
			return;
		pending->handed = now != NT_OUTBOX_RELEASED;
	}
}

void nt_turn_hand(struct nt_batch *turn, const char *lead, const char *message, bool handed)
{
	struct nt_turn_lead *tl = nt_turn_peek(turn, lead);
	struct nt_pending *pending = tl != NULL && tl->lead != NULL ? tl->lead->pending : NULL;

	for (; pending != NULL; pending = pending->next)
		if (strcmp(pending->message, message) == 0)
			pending->handed = handed;
}

static void decode(struct nt_batch *turn, struct nt_turn_lead *tl, const struct nt_blob *blob)
{
	const struct nt_program *program = turn->engine->program;
	const char *hash = blob->bytes != NULL ? nt_lead_program_hash(blob->bytes, blob->length) : NULL;
	char older[65];

	tl->stored = blob->bytes != NULL;
	tl->stored_due = NT_NEVER;
	if (!tl->stored) {
		nt_turn_renew(turn, tl);
		return;
	}
	if (hash != NULL && memcmp(hash, program->hash, 64) != 0) {
		memcpy(older, hash, 64);
		older[64] = '\0';
		program = nt_engine_older(turn->engine, older);
		if (program == NULL)
			program = turn->engine->program;
	}
	tl->lead = nt_lead_decode(tl->arena, program, tl->id, blob->bytes, blob->length, &tl->broken);
	if (tl->lead == NULL)
		return;
	tl->stored_due = tl->lead->due;
	nt_phone_remember(tl);
	know_handed(turn, tl->lead);
	prepare_addresses(turn, tl);
}

void nt_turn_renew(struct nt_batch *turn, struct nt_turn_lead *tl)
{
	tl->lead = nt_lead_new(tl->arena, turn->engine->program, tl->id);
	prepare_addresses(turn, tl);
}

static bool has_seen(const struct nt_lead *lead, const struct nt_load *load)
{
	return strcmp(load->hash, lead->program_hash) == 0 && lead->last >= load->at;
}

/* Other rules than those that it was last stepped under count now, or zones whose data has changed since. */
static bool is_behind(const struct nt_engine *engine, const struct nt_lead *lead)
{
	const struct nt_load *last = &g_array_index(engine->loads, struct nt_load, engine->loads->len - 1);

	return strcmp(lead->program_hash, engine->program->hash) != 0 || (lead->exists && !has_seen(lead, last));
}

/* The loads that have come since the program that this lead was last stepped under: it goes through each at its
 * instant. */
static void catch_up(struct nt_batch *turn, struct nt_turn_lead *tl)
{
	struct nt_engine *engine = turn->engine;
	const struct nt_program *from = tl->lead->program;
	bool known = strcmp(tl->lead->program_hash, from->hash) == 0;
	unsigned i = engine->loads->len;

	while (i > 0 && !has_seen(tl->lead, &g_array_index(engine->loads, struct nt_load, i - 1)))
		i--;
	if (i == 0) /* older than the history: straight to the last */
		i = engine->loads->len - 1;
	for (; i < engine->loads->len && turn->code == NT_STORE_OK; i++) {
		const struct nt_load *load = &g_array_index(engine->loads, struct nt_load, i);
		const struct nt_program *to = strcmp(load->hash, engine->program->hash) == 0 ?
		                                      engine->program :
		                                      nt_engine_older(engine, load->hash);
		struct nt_input *input = nt_arena_new0(turn->arena, struct nt_input);
		struct nt_effects *effects = nt_arena_new0(turn->arena, struct nt_effects);

		if (to == NULL)
			continue;
		*input = (struct nt_input){ .kind = NT_INPUT_LOAD, .now = load->at, .clock = turn->now };
		nt_effects_init(effects);
		tl->lead->best = turn->engine->best;
		tl->lead = nt_lead_migrate(tl->lead, known ? from : NULL, to, load->at, turn->now, effects);
		prepare_addresses(turn, tl);
		look_up_addresses(turn, &tl, 1);
		nt_turn_effects(turn, tl, input, effects);
		if (known)
			nt_turn_fill(turn, tl, from);
		known = true;
		from = to;
		nt_turn_step(turn, tl, input);
	}
}

/* A lead that has been kept: what the store knows of its messages and addresses may be newer. */
static void recall(struct nt_batch *turn, struct nt_turn_lead *tl)
{
	know_handed(turn, tl->lead);
	if (tl->addresses != NULL)
		return;
	prepare_addresses(turn, tl);
	look_up_addresses(turn, &tl, 1);
}

static void catch_up_if_old(struct nt_batch *turn, struct nt_turn_lead *tl)
{
	if (tl->lead != NULL && is_behind(turn->engine, tl->lead))
		catch_up(turn, tl);
}

void nt_turn_load(struct nt_batch *turn, const char *const *ids, unsigned n)
{
	struct nt_turn_lead **fresh = nt_arena_array(turn->arena, struct nt_turn_lead *, n);
	const char **wanted = nt_arena_array(turn->arena, const char *, n);
	struct nt_blob *blobs;
	unsigned count = 0;

	for (unsigned i = 0; i < n; i++) {
		struct nt_kept *kept = turn->engine->kept != NULL ? nt_keep_find(turn->engine, ids[i]) : NULL;
		struct nt_turn_lead *tl;

		if (kept != NULL ? kept->at_hand != NULL : nt_turn_peek(turn, ids[i]) != NULL)
			continue;
		tl = nt_arena_new0(turn->arena, struct nt_turn_lead);
		tl->id = ids[i];
		turn->asked = ids[i];
		turn->answer = tl;
		tl->arena = turn->arena;
		*turn->last = tl;
		turn->last = &tl->next;
		if (kept == NULL) {
			g_hash_table_insert(turn->engine->leads, (void *)(uintptr_t)tl->id, tl);
		} else if (nt_keep_take(turn, kept, tl)) {
			recall(turn, tl);
			catch_up_if_old(turn, tl);
			continue;
		}
		wanted[count] = tl->id;
		fresh[count++] = tl;
	}
	if (count == 0)
		return;
	blobs = nt_arena_array(turn->arena, struct nt_blob, count);
	if (!nt_turn_ok(turn, turn->store->ops->load(turn->store, turn->arena, wanted, count, blobs)))
		return;
	for (unsigned i = 0; i < count; i++)
		decode(turn, fresh[i], &blobs[i]);
	look_up_addresses(turn, fresh, count);
	for (unsigned i = 0; i < count && turn->code == NT_STORE_OK; i++)
		catch_up_if_old(turn, fresh[i]);
}

struct nt_turn_lead *nt_turn_lead(struct nt_batch *turn, const char *id)
{
	struct nt_turn_lead *tl = nt_turn_peek(turn, id);

	if (tl != NULL)
		return tl;
	id = nt_arena_strdup(turn->arena, id);
	nt_turn_load(turn, &id, 1);
	return nt_turn_peek(turn, id);
}

/* ---- stepping ---- */

void nt_turn_log(struct nt_batch *turn, struct nt_turn_lead *tl, nt_time at, const char *body)
{
	struct nt_log_row row = { .lead = tl->id, .at = at, .program_hash = turn->engine->program->hash, .body = body };

	row.previous = tl->lead->log_head;
	if (nt_turn_ok(turn, turn->store->ops->log_append(turn->store, &row)))
		tl->lead->log_head = row.sequence;
	tl->dirty = true;
}

static void cancel(struct nt_batch *turn, const struct nt_effect *effect)
{
	struct nt_outbox_row row = { .state = NT_OUTBOX_CANCELLED,
		                     .not_before = effect->at,
		                     .slot = -1,
		                     .changed = effect->at,
		                     .detail = effect->detail };
	bool done;

	nt_turn_ok(turn, turn->store->ops->outbox_move(turn->store, effect->id, NT_OUTBOX_RELEASED, &row, &done));
}

static void suppress(struct nt_batch *turn, const struct nt_effect *effect)
{
	struct nt_address address = { effect->channel, effect->address };
	enum nt_suppression how = effect->hard ? NT_SUPPRESSION_HARD : NT_SUPPRESSION_SOFT;
	int code;

	if (effect->kind == NT_EFFECT_SUPPRESS) {
		code = turn->store->ops->suppress(turn->store, &address, how, effect->detail, effect->at);
		if (nt_turn_ok(turn, code)) /* it may be there already, and harder */
			nt_turn_ok(turn, turn->store->ops->suppressed(turn->store, &address, 1, &how));
	} else {
		how = NT_SUPPRESSION_NONE;
		nt_turn_ok(turn, turn->store->ops->unsuppress(turn->store, &address));
	}
	nt_turn_flag(turn, effect->channel, effect->address, how);
}

static void want_sales(struct nt_batch *turn, struct nt_turn_lead *tl, const struct nt_effect *effect)
{
	struct nt_sales_input input = {
		.verb = effect->kind == NT_EFFECT_READY    ? NT_SALES_READY :
		        effect->kind == NT_EFFECT_ASSIGN ? NT_SALES_ASSIGN :
		                                           NT_SALES_WITHDRAW,
		.now = effect->at, .lead = tl->id, .ready = effect->ready,
	};

	g_array_append_val(turn->ready, input);
}

static void want_task(struct nt_batch *turn, const struct nt_effect *effect)
{
	struct nt_task_input input = {
		.verb = effect->kind == NT_EFFECT_TASK ? NT_TASKS_OPEN : NT_TASKS_WITHDRAW,
		.now = effect->at, .lead = effect->task->lead, .task = effect->task, .why = effect->detail,
	};

	g_array_append_val(turn->tasks, input);
}

static void apply(struct nt_batch *turn, struct nt_turn_lead *tl, const struct nt_effect *effect)
{
	switch (effect->kind) {
	case NT_EFFECT_MESSAGE:
		nt_turn_ok(turn, turn->store->ops->outbox_put(turn->store, effect->message));
		turn->counters.released++;
		break;
	case NT_EFFECT_CANCEL:
		cancel(turn, effect);
		break;
	case NT_EFFECT_SUPPRESS:
	case NT_EFFECT_UNSUPPRESS:
		suppress(turn, effect);
		break;
	case NT_EFFECT_READY:
	case NT_EFFECT_ASSIGN:
	case NT_EFFECT_WITHDRAW:
		want_sales(turn, tl, effect);
		break;
	case NT_EFFECT_TASK:
	case NT_EFFECT_TASKS_END:
		want_task(turn, effect);
		break;
	case NT_EFFECT_NOTE:
		if (effect->trial != NULL)
			nt_turn_best_count(turn, effect);
		if (effect->what != NULL && strcmp(effect->what, "message.skipped") == 0)
			turn->counters.skipped++;
		break;
	}
}

void nt_turn_effects(struct nt_batch *turn, struct nt_turn_lead *tl, const struct nt_input *input,
                     const struct nt_effects *effects)
{
	bool quiet = effects->n == 0 && (input->kind == NT_INPUT_TIMER || input->kind == NT_INPUT_LOAD);
	GString *body = turn->engine->scratch;

	for (const struct nt_effect *e = effects->first; e != NULL && turn->code == NT_STORE_OK; e = e->next)
		apply(turn, tl, e);
	turn->counters.evaluations += effects->evaluations;
	tl->dirty = true;
	if (input->kind != NT_INPUT_ERASE && !quiet && !turn->engine->options.dry && turn->code == NT_STORE_OK) {
		g_string_truncate(body, 0);
		nt_log_body(input, effects, body);
		nt_turn_log(turn, tl, input->now, body->str);
	}
	if (turn->engine->options.observe != NULL) {
		struct nt_observed observed = { tl->id, input, effects, NULL };

		g_array_append_val(turn->observed, observed);
	}
}

static void forget(struct nt_batch *turn, struct nt_turn_lead *tl)
{
	struct nt_task_input tasks = { .verb = NT_TASKS_ERASE, .now = turn->now, .lead = tl->id };

	g_array_append_val(turn->tasks, tasks);
	nt_phone_forget(turn, tl);
	/* also one that was never saved: this turn may have logged it */
	nt_turn_ok(turn, turn->store->ops->erase(turn->store, tl->id, tl->stored_due, tl->lead->log_head));
	tl->stored = false;
	tl->stored_due = NT_NEVER;
	tl->dirty = false;
	nt_turn_renew(turn, tl);
}

/* Open tasks go with the lead. */
static void want_owner(struct nt_batch *turn, const struct nt_turn_lead *tl, nt_time at)
{
	struct nt_task_input input = { .verb = NT_TASKS_OWNER, .now = at, .lead = tl->id,
		                         .rep = nt_arena_strdup(turn->arena, tl->lead->owner) };

	g_array_append_val(turn->tasks, input);
}

void nt_turn_step(struct nt_batch *turn, struct nt_turn_lead *tl, const struct nt_input *input)
{
	struct nt_effects *effects = nt_arena_new0(turn->arena, struct nt_effects);
	const char *owner = tl->lead->owner;

	if (turn->code != NT_STORE_OK)
		return;
	if (input->kind == NT_INPUT_FIELDS)
		look_ahead(turn, tl, input);
	nt_effects_init(effects);
	tl->lead->best = turn->engine->best;
	nt_step(tl->lead, input, effects);
	turn->counters.steps++;
	nt_turn_effects(turn, tl, input, effects);
	if (g_strcmp0(owner, tl->lead->owner) != 0)
		want_owner(turn, tl, input->now);
	if (input->kind == NT_INPUT_ERASE)
		forget(turn, tl);
	else
		look_up_addresses(turn, &tl, 1);
}

/* ---- saving ---- */

/* What can't be read keeps its bytes, but its timer would come up again for ever: it is put to rest. */
static void park(struct nt_batch *turn, const struct nt_turn_lead *tl)
{
	struct nt_blob blob;

	turn->counters.rejected++;
	if (tl->stored_due == NT_NEVER)
		return;
	if (nt_turn_ok(turn, turn->store->ops->load(turn->store, turn->arena, &tl->id, 1, &blob)))
		nt_turn_ok(turn, turn->store->ops->save(turn->store, tl->id, blob.bytes, blob.length, tl->stored_due,
		                                        NT_NEVER));
}

void nt_turn_put(struct nt_batch *turn, const struct nt_lead *lead, nt_time stored_due)
{
	GString *bytes = turn->engine->scratch;

	g_string_truncate(bytes, 0);
	nt_lead_encode(lead, bytes);
	nt_turn_ok(turn, turn->store->ops->save(turn->store, lead->id, bytes->str, bytes->len, stored_due, lead->due));
}

void nt_turn_save(struct nt_batch *turn)
{
	for (struct nt_turn_lead *tl = turn->first; tl != NULL && turn->code == NT_STORE_OK; tl = tl->next) {
		if (tl->lead == NULL)
			park(turn, tl);
		if (tl->lead != NULL && tl->dirty && tl->lead->exists)
			nt_phone_keep(turn, tl);
		if (tl->kept != NULL)
			nt_keep_save(turn, tl);
		else if (tl->lead != NULL && tl->dirty && tl->lead->exists)
			nt_turn_put(turn, tl->lead, tl->stored_due);
	}
	turn->first = NULL;
	turn->last = &turn->first;
	turn->asked = NULL;
	g_hash_table_remove_all(turn->engine->leads);
}
