#include "engine/copy.h"

#include "base/arena.h"
#include "engine/codec.h"
#include "engine/state.h"

#include <string.h>

#define LEADS_AT_ONCE 1000u
#define META_CURSOR "cursor" /* loads.c */

/* A store's callbacks can't stop it: the first failure is kept, and the rest does nothing. */
struct copying {
	struct nt_copy *copy;
	const char *why;
};

static bool ok(struct copying *c, struct nt_store *store, int code)
{
	if (code != NT_STORE_OK && c->why == NULL)
		c->why = store->ops->error(store);
	return c->why == NULL;
}

static bool begin(struct copying *c)
{
	return ok(c, c->copy->to, c->copy->to->ops->begin(c->copy->to));
}

/* The batch's number is the engine's: the copy goes on from where the original stands. */
static bool commit(struct copying *c)
{
	struct nt_store *to = c->copy->to;
	struct nt_arena *arena = nt_arena_new();
	const char *batch = NULL;
	bool good = c->why == NULL && ok(c, to, to->ops->meta_get(to, arena, "batch", &batch));

	good = good && ok(c, to, to->ops->commit(to, batch != NULL ? g_ascii_strtoull(batch, NULL, 10) : 0));
	if (!good)
		to->ops->rollback(to);
	nt_arena_free(arena);
	return good;
}

/* ---- what isn't a lead ---- */

/* A pass over all leads begins anew: each store goes through them in an order of its own. */
static void put_meta(void *context, const char *key, const char *value)
{
	struct copying *c = context;

	if (strcmp(key, META_CURSOR) == 0)
		value = " ";
	if (c->why == NULL)
		ok(c, c->copy->to, c->copy->to->ops->meta_put(c->copy->to, key, value));
}

static void put_program(void *context, const char *hash, const void *bytes, size_t length, nt_time at)
{
	struct copying *c = context;

	if (c->why == NULL)
		ok(c, c->copy->to, c->copy->to->ops->program_put(c->copy->to, hash, bytes, length, at));
}

static void put_sales(void *context, const char *lead, const void *bytes, size_t length)
{
	struct copying *c = context;
	const struct nt_store_ops *ops = c->copy->to->ops;

	if (c->why == NULL)
		ok(c, c->copy->to, lead[0] != '\0' ? ops->sales_put(c->copy->to, lead, bytes, length) :
		                                     ops->sales_turns(c->copy->to, bytes, length));
}

bool nt_copy_meta(struct nt_copy *copy, const char **why)
{
	struct copying c = { .copy = copy };

	if (begin(&c)) {
		ok(&c, copy->from, copy->from->ops->meta_each(copy->from, put_meta, &c));
		commit(&c);
	}
	*why = c.why;
	return c.why == NULL;
}

struct subject {
	struct copying *copying;
	const char *kind;
};

static void put_subject(void *context, const char *id, const char *lead, const void *bytes, size_t length)
{
	const struct subject *subject = context;
	struct copying *c = subject->copying;

	if (c->why == NULL)
		ok(c, c->copy->to, c->copy->to->ops->subject_put(c->copy->to, subject->kind, id, lead, bytes, length));
}

static void put_subjects(struct copying *c)
{
	struct nt_store *from = c->copy->from;

	for (unsigned i = 0; nt_subject_kinds[i] != NULL && c->why == NULL; i++) {
		struct subject subject = { c, nt_subject_kinds[i] };

		ok(c, from, from->ops->subject_each(from, subject.kind, NULL, put_subject, &subject));
	}
}

bool nt_copy_frame(struct nt_copy *copy, const char **why)
{
	struct copying c = { .copy = copy };
	struct nt_store *from = copy->from;

	if (begin(&c)) {
		if (ok(&c, from, from->ops->meta_each(from, put_meta, &c)) &&
		    ok(&c, from, from->ops->program_each(from, put_program, &c)))
			ok(&c, from, from->ops->sales_each(from, put_sales, &c));
		put_subjects(&c);
		commit(&c);
	}
	*why = c.why;
	return c.why == NULL;
}

/* ---- messages ---- */

static void put_row(void *context, const struct nt_outbox_row *row)
{
	struct copying *c = context;
	struct nt_store *to = c->copy->to;
	bool done;

	if (c->why == NULL && ok(c, to, to->ops->outbox_put(to, &row->message)) &&
	    ok(c, to, to->ops->outbox_move(to, row->message.id, NT_OUTBOX_RELEASED, row, &done)))
		c->copy->messages++;
}

static bool put_messages(struct copying *c)
{
	static const enum nt_outbox_state under_way[] = { NT_OUTBOX_RELEASED, NT_OUTBOX_HANDED, NT_OUTBOX_IN_DOUBT };
	struct nt_store *from = c->copy->from;

	if (!begin(c))
		return false;
	for (unsigned i = 0; i < G_N_ELEMENTS(under_way); i++)
		if (!ok(c, from, from->ops->outbox_each(from, under_way[i], put_row, c)))
			break;
	return commit(c);
}

static void put_pending(struct copying *c, struct nt_arena *arena, const struct nt_lead *lead)
{
	struct nt_store *from = c->copy->from;

	for (const struct nt_pending *pending = lead->pending; pending != NULL; pending = pending->next) {
		struct nt_outbox_row row;

		if (!ok(c, from, from->ops->outbox_get(from, arena, pending->message, &row)))
			return;
		if (row.state == NT_OUTBOX_RELEASED || row.state == NT_OUTBOX_HANDED || row.state == NT_OUTBOX_IN_DOUBT)
			put_row(c, &row);
	}
}

/* ---- leads ---- */

/* Their timers stand in their own bytes. One that can't be read has none: the engine would only put it to rest. */
static void put_leads(struct copying *c, struct nt_arena *arena, const char *const *ids, unsigned n, bool messages)
{
	struct nt_store *from = c->copy->from, *to = c->copy->to;
	struct nt_blob *blobs = nt_arena_array(arena, struct nt_blob, n);

	if (!ok(c, from, from->ops->load(from, arena, ids, n, blobs)))
		return;
	for (unsigned i = 0; i < n; i++) {
		const struct nt_lead *lead;
		const char *damage;

		if (blobs[i].bytes == NULL)
			continue;
		lead = nt_lead_decode(arena, c->copy->program, ids[i], blobs[i].bytes, blobs[i].length, &damage);
		if (lead == NULL) {
			c->copy->damaged++;
			continue;
		}
		if (c->copy->due_before != NT_NO_TIME && lead->due >= c->copy->due_before && lead->pending == NULL)
			continue;
		if (!ok(c, to, to->ops->save(to, ids[i], blobs[i].bytes, blobs[i].length, NT_NEVER, lead->due)))
			return;
		c->copy->leads++;
		if (messages)
			put_pending(c, arena, lead);
	}
}

bool nt_copy_leads(struct nt_copy *copy, const char *const *ids, unsigned n, const char **why)
{
	struct copying c = { .copy = copy };
	struct nt_arena *arena = nt_arena_new();

	if (begin(&c)) {
		for (unsigned i = 0; i < n && c.why == NULL; i += LEADS_AT_ONCE) {
			nt_arena_reset(arena);
			put_leads(&c, arena, ids + i, MIN(LEADS_AT_ONCE, n - i), true);
		}
		commit(&c);
	}
	nt_arena_free(arena);
	*why = c.why;
	return c.why == NULL;
}

static bool put_all_leads(struct copying *c, uint64_t total)
{
	struct nt_store *from = c->copy->from;
	struct nt_arena *arena = nt_arena_new();
	const char *ids[LEADS_AT_ONCE];
	char *after = g_strdup("");
	unsigned n;

	do {
		nt_arena_reset(arena);
		if (!ok(c, from, from->ops->scan(from, arena, after, LEADS_AT_ONCE, ids, &n)) || !begin(c))
			break;
		put_leads(c, arena, ids, n, false);
		if (!commit(c))
			break;
		if (n > 0) {
			g_free(after);
			after = g_strdup(ids[n - 1]);
		}
		if (c->copy->progress != NULL)
			c->copy->progress(c->copy->user, c->copy->leads, total);
	} while (n == LEADS_AT_ONCE);
	g_free(after);
	nt_arena_free(arena);
	return c->why == NULL;
}

bool nt_copy_all(struct nt_copy *copy, const char **why)
{
	struct copying c = { .copy = copy };
	struct nt_store *from = copy->from;
	uint64_t total = 0;

	if (!ok(&c, from, from->ops->begin(from))) {
		*why = c.why;
		return false;
	}
	if ((copy->progress == NULL || ok(&c, from, from->ops->count_leads(from, &total))) &&
	    nt_copy_frame(copy, &c.why) && put_all_leads(&c, total))
		put_messages(&c);
	from->ops->rollback(from);
	*why = c.why;
	return c.why == NULL;
}
