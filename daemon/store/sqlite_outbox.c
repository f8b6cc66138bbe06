#include "store/sqlite_private.h"

#include "base/arena.h"

#include <string.h>

/* The order of the columns in every SELECT on outbox. */
enum column {
	ID,
	STATE,
	CHANNEL,
	NOT_BEFORE,
	ATTEMPTS,
	OWNER,
	SLOT,
	CHANGED,
	REMOTE_ID,
	DETAIL,
	LEAD,
	REP,
	CAMPAIGN,
	RUN_KEY,
	ENTRY,
	STEP,
	TEMPLATE,
	LOCALE,
	TEMPLATE_HASH,
	ADDRESS,
	ADDRESS_NAME,
	PAYLOAD,
	SERVICE,
	RELEASED,
	OFFER,
	WHY,
	PROGRAM_HASH,
	NUMBER
};

static struct nt_sqlite_store *self(struct nt_store *store)
{
	return (struct nt_sqlite_store *)store;
}

int nt_sqlite_outbox_put(struct nt_store *store, const struct nt_message *message)
{
	sqlite3_stmt *s;
	const char *const texts[] = { message->lead, message->rep, message->campaign, message->key };
	int64_t program;
	int i = 5;

	if (message->program_hash != NULL) {
		int code = nt_sqlite_program_number(self(store), message->program_hash, message->released, &program);

		if (code != NT_STORE_OK)
			return code;
	}
	s = nt_sqlite_statement(self(store), NT_SQL_OUTBOX_PUT);
	if (s == NULL)
		return NT_STORE_ERROR;
	nt_sqlite_bind_text(s, 1, message->id);
	nt_sqlite_bind_text(s, 2, message->channel);
	sqlite3_bind_int64(s, 3, message->released);
	sqlite3_bind_int64(s, 4, message->released);
	for (unsigned k = 0; k < G_N_ELEMENTS(texts); k++)
		nt_sqlite_bind_text(s, i++, texts[k]);
	sqlite3_bind_int64(s, i++, message->entry);
	nt_sqlite_bind_text(s, i++, message->step);
	nt_sqlite_bind_text(s, i++, message->template_name);
	nt_sqlite_bind_text(s, i++, message->locale);
	nt_sqlite_bind_text(s, i++, message->template_hash);
	nt_sqlite_bind_text(s, i++, message->address);
	nt_sqlite_bind_text(s, i++, message->address_name);
	nt_sqlite_bind_text(s, i++, message->values);
	sqlite3_bind_int(s, i++, message->service);
	sqlite3_bind_int64(s, i++, message->released);
	sqlite3_bind_int64(s, i++, (int64_t)message->offer);
	nt_sqlite_bind_text(s, i++, message->why);
	if (message->program_hash != NULL)
		sqlite3_bind_int64(s, i, program);
	return nt_sqlite_run(self(store), s);
}

static const char *text(struct nt_arena *arena, sqlite3_stmt *s, enum column column)
{
	return nt_arena_strdup(arena, (const char *)sqlite3_column_text(s, (int)column));
}

static void read_row(struct nt_arena *arena, sqlite3_stmt *s, struct nt_outbox_row *out)
{
	struct nt_message *m = &out->message;

	*out = (struct nt_outbox_row){ 0 };
	m->id = text(arena, s, ID);
	m->lead = text(arena, s, LEAD);
	m->rep = text(arena, s, REP);
	m->campaign = text(arena, s, CAMPAIGN);
	m->key = text(arena, s, RUN_KEY);
	m->entry = (uint32_t)sqlite3_column_int64(s, ENTRY);
	m->step = text(arena, s, STEP);
	m->channel = text(arena, s, CHANNEL);
	m->template_name = text(arena, s, TEMPLATE);
	m->locale = text(arena, s, LOCALE);
	m->template_hash = text(arena, s, TEMPLATE_HASH);
	m->address = text(arena, s, ADDRESS);
	m->address_name = text(arena, s, ADDRESS_NAME);
	m->values = text(arena, s, PAYLOAD);
	m->service = sqlite3_column_int(s, SERVICE) != 0;
	m->released = sqlite3_column_int64(s, RELEASED);
	m->offer = (uint64_t)sqlite3_column_int64(s, OFFER);
	m->why = text(arena, s, WHY);
	m->program_hash = text(arena, s, PROGRAM_HASH);
	out->state = (enum nt_outbox_state)sqlite3_column_int(s, STATE);
	out->not_before = sqlite3_column_int64(s, NOT_BEFORE);
	out->attempts = (unsigned)sqlite3_column_int(s, ATTEMPTS);
	out->owner = text(arena, s, OWNER);
	out->slot = sqlite3_column_int(s, SLOT);
	out->changed = sqlite3_column_int64(s, CHANGED);
	out->remote_id = text(arena, s, REMOTE_ID);
	out->detail = text(arena, s, DETAIL);
}

static int read_rows(struct nt_sqlite_store *store, struct nt_arena *arena, sqlite3_stmt *s, unsigned limit,
                     struct nt_outbox_row *out, int64_t *numbers, unsigned *n)
{
	int code;

	*n = 0;
	while ((code = sqlite3_step(s)) == SQLITE_ROW && *n < limit) {
		if (numbers != NULL)
			numbers[*n] = sqlite3_column_int64(s, NUMBER);
		read_row(arena, s, &out[(*n)++]);
	}
	if (code != SQLITE_DONE && code != SQLITE_ROW)
		return nt_sqlite_fail(store);
	sqlite3_reset(s);
	return NT_STORE_OK;
}

int nt_sqlite_outbox_claim(struct nt_store *base, struct nt_arena *arena, const char *channel, nt_time now,
                           unsigned limit, const char *owner, struct nt_outbox_row *out, unsigned *n)
{
	struct nt_sqlite_store *store = self(base);
	sqlite3_stmt *s = nt_sqlite_statement(store, NT_SQL_OUTBOX_CLAIM), *hand;
	int64_t *numbers = nt_arena_array(arena, int64_t, limit);
	int code;

	if (s == NULL)
		return NT_STORE_ERROR;
	nt_sqlite_bind_text(s, 1, channel);
	sqlite3_bind_int64(s, 2, now);
	sqlite3_bind_int64(s, 3, limit);
	code = read_rows(store, arena, s, limit, out, numbers, n);
	for (unsigned i = 0; code == NT_STORE_OK && i < *n; i++) {
		hand = nt_sqlite_statement(store, NT_SQL_OUTBOX_HAND);
		if (hand == NULL)
			return NT_STORE_ERROR;
		nt_sqlite_bind_text(hand, 1, owner);
		sqlite3_bind_int64(hand, 2, now);
		sqlite3_bind_int64(hand, 3, numbers[i]);
		code = nt_sqlite_run(store, hand);
		out[i].state = NT_OUTBOX_HANDED;
		out[i].owner = nt_arena_strdup(arena, owner);
		out[i].changed = now;
	}
	return code;
}

int nt_sqlite_outbox_next(struct nt_store *store, const char *channel, nt_time *not_before)
{
	sqlite3_stmt *s = nt_sqlite_statement(self(store), NT_SQL_OUTBOX_NEXT);
	int code;

	*not_before = NT_NEVER;
	if (s == NULL)
		return NT_STORE_ERROR;
	nt_sqlite_bind_text(s, 1, channel);
	code = sqlite3_step(s);
	if (code == SQLITE_ROW)
		*not_before = sqlite3_column_int64(s, 0);
	else if (code != SQLITE_DONE)
		return nt_sqlite_fail(self(store));
	sqlite3_reset(s);
	return NT_STORE_OK;
}

int nt_sqlite_outbox_get(struct nt_store *store, struct nt_arena *arena, const char *id, struct nt_outbox_row *out)
{
	sqlite3_stmt *s = nt_sqlite_statement(self(store), NT_SQL_OUTBOX_GET);
	unsigned n;
	int code;

	*out = (struct nt_outbox_row){ .state = NT_OUTBOX_ABSENT };
	if (s == NULL)
		return NT_STORE_ERROR;
	nt_sqlite_bind_text(s, 1, id);
	code = read_rows(self(store), arena, s, 1, out, NULL, &n);
	if (code == NT_STORE_OK && n == 0)
		out->state = NT_OUTBOX_ABSENT;
	return code;
}

int nt_sqlite_outbox_state(struct nt_store *store, const char *id, enum nt_outbox_state *state)
{
	sqlite3_stmt *s = nt_sqlite_statement(self(store), NT_SQL_OUTBOX_STATE);
	int code;

	*state = NT_OUTBOX_ABSENT;
	if (s == NULL)
		return NT_STORE_ERROR;
	nt_sqlite_bind_text(s, 1, id);
	code = sqlite3_step(s);
	if (code == SQLITE_ROW)
		*state = (enum nt_outbox_state)sqlite3_column_int(s, 0);
	else if (code != SQLITE_DONE)
		return nt_sqlite_fail(self(store));
	sqlite3_reset(s);
	return NT_STORE_OK;
}

int nt_sqlite_outbox_move(struct nt_store *base, const char *id, enum nt_outbox_state from,
                          const struct nt_outbox_row *row, bool *done)
{
	struct nt_sqlite_store *store = self(base);
	sqlite3_stmt *s = nt_sqlite_statement(store, NT_SQL_OUTBOX_MOVE);
	int code;

	if (s == NULL)
		return NT_STORE_ERROR;
	sqlite3_bind_int(s, 1, (int)row->state);
	sqlite3_bind_int64(s, 2, row->not_before);
	sqlite3_bind_int64(s, 3, row->attempts);
	nt_sqlite_bind_text(s, 4, row->owner);
	sqlite3_bind_int(s, 5, row->slot);
	sqlite3_bind_int64(s, 6, row->changed);
	nt_sqlite_bind_text(s, 7, row->remote_id);
	nt_sqlite_bind_text(s, 8, row->detail);
	nt_sqlite_bind_text(s, 9, id);
	sqlite3_bind_int(s, 10, (int)from);
	code = nt_sqlite_run(store, s);
	*done = code == NT_STORE_OK && sqlite3_changes(store->db) > 0;
	return code;
}

int nt_sqlite_outbox_list(struct nt_store *store, struct nt_arena *arena, enum nt_outbox_state state, const char *after,
                          unsigned limit, struct nt_outbox_row *out, unsigned *n)
{
	/* The partial index answers only a query that names its states. */
	bool held = state == NT_OUTBOX_HANDED || state == NT_OUTBOX_IN_DOUBT;
	sqlite3_stmt *s = nt_sqlite_statement(self(store), held ? NT_SQL_OUTBOX_LIST_HELD : NT_SQL_OUTBOX_LIST);

	*n = 0;
	if (s == NULL)
		return NT_STORE_ERROR;
	sqlite3_bind_int(s, 1, (int)state);
	nt_sqlite_bind_text(s, 2, after != NULL ? after : "");
	sqlite3_bind_int64(s, 3, limit);
	return read_rows(self(store), arena, s, limit, out, NULL, n);
}

int nt_sqlite_outbox_each(struct nt_store *base, enum nt_outbox_state state,
                          void (*each)(void *context, const struct nt_outbox_row *row), void *context)
{
	struct nt_sqlite_store *store = self(base);
	bool waiting = state == NT_OUTBOX_RELEASED;
	sqlite3_stmt *s = nt_sqlite_statement(store, waiting ? NT_SQL_OUTBOX_WAITING : NT_SQL_OUTBOX_LIST_HELD);
	struct nt_arena *arena;
	struct nt_outbox_row row;
	int code;

	if (s == NULL)
		return NT_STORE_ERROR;
	if (!waiting) {
		sqlite3_bind_int(s, 1, (int)state);
		nt_sqlite_bind_text(s, 2, "");
		sqlite3_bind_int64(s, 3, -1);
	}
	arena = nt_arena_new();
	while ((code = sqlite3_step(s)) == SQLITE_ROW) {
		nt_arena_reset(arena);
		read_row(arena, s, &row);
		each(context, &row);
	}
	nt_arena_free(arena);
	if (code != SQLITE_DONE)
		return nt_sqlite_fail(store);
	sqlite3_reset(s);
	return NT_STORE_OK;
}
