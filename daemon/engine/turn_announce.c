#include "engine/turn.h"

#include "base/arena.h"
#include "engine/announce.h"
#include "rules/program.h"

static void put_row(struct nt_batch *turn)
{
	GString *bytes = turn->engine->scratch;

	g_string_truncate(bytes, 0);
	nt_announcements_encode(turn->engine->announcements, bytes);
	nt_turn_ok(turn, turn->store->ops->subject_put(turn->store, NT_SUBJECT_ANNOUNCED, NT_ANNOUNCEMENTS_ROW,
	                                               NULL, bytes->str, bytes->len));
}

/* They are about no lead: their log rows are in no lead's chain, as those of loads. */
static void log_told(struct nt_batch *turn, const struct nt_message *message)
{
	struct nt_log_row row = { .lead = "", .at = message->released, .program_hash = turn->engine->program->hash };
	GString *body = turn->engine->scratch;

	if (turn->engine->options.dry)
		return;
	g_string_truncate(body, 0);
	nt_log_body_rep(message, body);
	row.body = body->str;
	nt_turn_ok(turn, turn->store->ops->log_append(turn->store, &row));
}

void nt_turn_announce(struct nt_batch *turn)
{
	GPtrArray *messages;

	if (turn->code != NT_STORE_OK || nt_announcements_due(turn->engine->announcements) > turn->now)
		return;
	messages = g_ptr_array_new();
	if (nt_announcements_step(turn->engine->announcements, turn->now, turn->arena, messages))
		put_row(turn);
	for (unsigned i = 0; i < messages->len && turn->code == NT_STORE_OK; i++) {
		nt_turn_tell(turn, messages->pdata[i]);
		log_told(turn, messages->pdata[i]);
	}
	g_ptr_array_unref(messages);
}

struct restoring {
	struct nt_announcements *announcements;
	bool ok;
};

static void restore(void *context, const char *id, const char *lead, const void *bytes, size_t length)
{
	struct restoring *r = context;

	(void)id;
	(void)lead;
	r->ok &= nt_announcements_restore(r->announcements, bytes, length);
}

bool nt_announcements_reread(struct nt_engine *engine, const char **why)
{
	struct restoring r = { nt_announcements_new(engine->program), true };

	*why = NULL;
	if (engine->store->ops->subject_each(engine->store, NT_SUBJECT_ANNOUNCED, NULL, restore, &r) != NT_STORE_OK)
		*why = engine->store->ops->error(engine->store);
	else if (!r.ok)
		*why = "the row of what reps were told is damaged";
	nt_announcements_free(engine->announcements);
	engine->announcements = r.announcements;
	return *why == NULL;
}
