#include "engine/turn.h"

#include "base/arena.h"
#include "base/bug.h"
#include "engine/codec.h"

#include <string.h>

#define SLACK (12u * 1024) /* what steps may leave in a lead's arena before it moves */

static void kept_free(void *memory)
{
	struct nt_kept *kept = memory;

	nt_arena_free(kept->arena);
	g_free(kept->id);
	g_free(kept);
}

void nt_keep_new(struct nt_engine *engine)
{
	if (engine->options.keep == 0)
		return;
	engine->kept = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, kept_free);
	engine->gone = g_ptr_array_new_with_free_func(kept_free);
	g_queue_init(&engine->use);
}

void nt_keep_free(struct nt_engine *engine)
{
	if (engine->kept == NULL)
		return;
	g_hash_table_destroy(engine->kept);
	g_ptr_array_unref(engine->gone);
}

void nt_keep_forget(struct nt_engine *engine)
{
	if (engine->kept == NULL)
		return;
	g_hash_table_remove_all(engine->kept);
	g_ptr_array_set_size(engine->gone, 0);
	g_queue_init(&engine->use);
	engine->kept_size = 0;
}

static void count_size(struct nt_engine *engine, struct nt_kept *kept)
{
	size_t size = nt_arena_size(kept->arena);

	engine->kept_size += size - kept->counted;
	kept->counted = size;
}

static bool is_lazy(const struct nt_batch *turn)
{
	return turn->store->ops->set_due != NULL;
}

static void write_out(struct nt_batch *turn, struct nt_kept *kept)
{
	if (kept->unsaved)
		nt_turn_put(turn, kept->lead, kept->stored_due);
	kept->unsaved = false;
}

/* What its last step gave is still to be shown: it goes with the next turn. */
static void drop(struct nt_engine *engine, struct nt_kept *kept)
{
	engine->kept_size -= kept->counted;
	g_queue_unlink(&engine->use, &kept->use);
	g_hash_table_steal(engine->kept, kept->id);
	g_ptr_array_add(engine->gone, kept);
}

/* Into a fresh arena, by way of its bytes. */
static void move(struct nt_batch *turn, struct nt_kept *kept)
{
	struct nt_engine *engine = turn->engine;
	GString *bytes = engine->scratch;
	struct nt_arena *arena = nt_arena_new();
	struct nt_lead *lead;
	const char *why = "";

	g_string_truncate(bytes, 0);
	nt_lead_encode(kept->lead, bytes);
	lead = nt_lead_decode(arena, kept->lead->program, kept->id, bytes->str, bytes->len, &why);
	if (lead == NULL)
		NT_BUG("what was just encoded can't be decoded: %s", why);
	nt_arena_free(kept->arena);
	kept->arena = arena;
	kept->lead = lead;
	kept->addresses = kept->keys = NULL;
	kept->size = nt_arena_size(arena);
	count_size(engine, kept);
}

struct nt_kept *nt_keep_find(struct nt_engine *engine, const char *id)
{
	struct nt_kept *kept = g_hash_table_lookup(engine->kept, id);

	if (kept != NULL) {
		kept->used = true;
		return kept;
	}
	kept = g_new0(struct nt_kept, 1);
	kept->id = g_strdup(id);
	kept->arena = nt_arena_new();
	kept->stored_due = NT_NEVER;
	kept->use.data = kept;
	count_size(engine, kept);
	g_queue_push_tail_link(&engine->use, &kept->use);
	g_hash_table_insert(engine->kept, kept->id, kept);
	return kept;
}

bool nt_keep_take(struct nt_batch *turn, struct nt_kept *kept, struct nt_turn_lead *tl)
{
	if (kept->lead != NULL && nt_arena_size(kept->arena) > kept->size + SLACK)
		move(turn, kept);
	kept->at_hand = tl;
	tl->kept = kept;
	tl->id = kept->id;
	tl->arena = kept->arena;
	if (kept->lead == NULL)
		return false;
	tl->lead = kept->lead;
	tl->stored = kept->stored;
	tl->stored_due = kept->stored_due;
	if (kept->suppressions == turn->engine->suppressions) {
		tl->addresses = kept->addresses;
		tl->keys = kept->keys;
	}
	return true;
}

void nt_keep_save(struct nt_batch *turn, struct nt_turn_lead *tl)
{
	struct nt_kept *kept = tl->kept;

	count_size(turn->engine, kept);
	kept->at_hand = NULL;
	if (kept->size == 0)
		kept->size = kept->counted;
	if (tl->lead == NULL) {
		drop(turn->engine, kept);
		return;
	}
	kept->lead = tl->lead;
	kept->addresses = tl->addresses;
	kept->keys = tl->keys;
	kept->suppressions = turn->engine->suppressions;
	if (tl->dirty && tl->lead->exists && (!tl->stored || !is_lazy(turn))) {
		nt_turn_put(turn, tl->lead, tl->stored_due);
		tl->stored = true;
		tl->stored_due = tl->lead->due;
		kept->unsaved = false;
	} else if (tl->dirty && tl->lead->exists) {
		if (tl->lead->due != tl->stored_due)
			nt_turn_ok(turn, turn->store->ops->set_due(turn->store, tl->id, tl->stored_due, tl->lead->due));
		tl->stored_due = tl->lead->due;
		kept->unsaved = true;
	}
	kept->unsaved = kept->unsaved && tl->stored; /* erased: there is nothing to save */
	kept->stored = tl->stored;
	kept->stored_due = tl->stored_due;
}

void nt_keep_trim(struct nt_batch *turn)
{
	struct nt_engine *engine = turn->engine;

	if (engine->kept == NULL)
		return;
	g_ptr_array_set_size(engine->gone, 0);
	while (engine->kept_size > engine->options.keep && engine->use.head != NULL && turn->code == NT_STORE_OK) {
		struct nt_kept *kept = engine->use.head->data;

		if (kept->used) { /* a second chance */
			kept->used = false;
			g_queue_unlink(&engine->use, &kept->use);
			g_queue_push_tail_link(&engine->use, &kept->use);
			continue;
		}
		write_out(turn, kept);
		drop(engine, kept);
	}
}

void nt_keep_flush(struct nt_batch *turn)
{
	struct nt_engine *engine = turn->engine;

	while (engine->kept != NULL && engine->use.head != NULL && turn->code == NT_STORE_OK) {
		write_out(turn, engine->use.head->data);
		drop(engine, engine->use.head->data);
	}
}

struct nt_lead *nt_engine_lead(struct nt_engine *engine, struct nt_arena *arena, const char *id)
{
	const struct nt_kept *kept = engine->kept != NULL ? g_hash_table_lookup(engine->kept, id) : NULL;
	GString *bytes = engine->scratch;
	struct nt_blob blob;
	const char *why;

	if (kept != NULL && kept->lead != NULL && kept->stored) {
		g_string_truncate(bytes, 0);
		nt_lead_encode(kept->lead, bytes);
		blob = (struct nt_blob){ bytes->str, bytes->len };
	} else if (engine->store->ops->load(engine->store, arena, &id, 1, &blob) != NT_STORE_OK || blob.bytes == NULL) {
		return NULL;
	}
	return nt_lead_decode(arena, engine->program, id, blob.bytes, blob.length, &why);
}
