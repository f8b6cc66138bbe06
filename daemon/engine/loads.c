#include "engine/turn.h"

#include "base/arena.h"
#include "engine/announce.h"
#include "engine/phone.h"
#include "rules/program.h"

#include <string.h>

#define META_LOADS "loads"   /* a line a load: hash, blank, instant */
#define META_ZONES "zones"   /* version of the time zones' data by which the timers were reckoned */
#define META_CURSOR "cursor" /* of the background pass: the last id seen, after a blank; absent: done */

static bool read_loads(struct nt_engine *engine, const char *lines)
{
	while (lines != NULL && *lines != '\0') {
		struct nt_load load = { .at = 0 };
		char *end;

		if (strlen(lines) < 66 || lines[64] != ' ')
			return false;
		memcpy(load.hash, lines, 64);
		load.at = g_ascii_strtoll(lines + 65, &end, 10);
		if (*end != '\n')
			return false;
		g_array_append_val(engine->loads, load);
		lines = end + 1;
	}
	return true;
}

bool nt_loads_reread(struct nt_engine *engine, const char **why)
{
	const struct nt_store_ops *ops = engine->store->ops;
	const char *loads, *cursor, *zones;
	bool whole = false;

	g_array_set_size(engine->loads, 0);
	g_clear_pointer(&engine->cursor, g_free);
	g_clear_pointer(&engine->zones, g_free);
	if (ops->meta_get(engine->store, engine->arena, META_LOADS, &loads) != NT_STORE_OK ||
	    ops->meta_get(engine->store, engine->arena, META_ZONES, &zones) != NT_STORE_OK ||
	    ops->meta_get(engine->store, engine->arena, META_CURSOR, &cursor) != NT_STORE_OK) {
		*why = ops->error(engine->store);
		return false;
	}
	engine->cursor = cursor != NULL ? g_strdup(cursor + 1) : NULL;
	engine->zones = g_strdup(zones);
	*why = "the list of loads is damaged";
	if (!read_loads(engine, loads))
		return false;
	*why = ops->error(engine->store);
	if (!nt_phone_whole(engine, &whole))
		return false;
	if (!whole && engine->loads->len > 0 && engine->cursor == NULL)
		engine->cursor = g_strdup(""); /* an older version wrote this store */
	return true;
}

static const struct nt_load *last_load(const struct nt_engine *engine)
{
	return engine->loads->len > 0 ? &g_array_index(engine->loads, struct nt_load, engine->loads->len - 1) : NULL;
}

static void keep_loads(struct nt_batch *turn)
{
	GString *lines = turn->engine->scratch;

	g_string_truncate(lines, 0);
	for (unsigned i = 0; i < turn->engine->loads->len; i++) {
		const struct nt_load *load = &g_array_index(turn->engine->loads, struct nt_load, i);

		g_string_append_printf(lines, "%s %" G_GINT64_FORMAT "\n", load->hash, (gint64)load->at);
	}
	nt_turn_ok(turn, turn->store->ops->meta_put(turn->store, META_LOADS, lines->str));
}

static void set_cursor(struct nt_batch *turn, const char *cursor)
{
	g_free(turn->engine->cursor);
	turn->engine->cursor = g_strdup(cursor);
	nt_turn_ok(turn,
	           turn->store->ops->meta_put(turn->store, META_CURSOR,
	                                      cursor != NULL ? nt_arena_printf(turn->arena, " %s", cursor) : NULL));
}

/* From this instant on the engine's program counts. The first load of all has no leads to touch. */
static void note_load(struct nt_batch *turn)
{
	struct nt_engine *engine = turn->engine;
	struct nt_log_row row = { .lead = "", .at = turn->now, .program_hash = engine->program->hash,
		                  .body = "{\"input\":{\"kind\":\"load\"},\"effects\":[]}" };
	struct nt_sales_input input = { .verb = NT_SALES_LOAD, .now = turn->now };
	struct nt_task_input tasks = { .verb = NT_TASKS_LOAD, .now = turn->now };
	struct nt_load load = { .at = turn->now };
	bool first = engine->loads->len == 0;

	memcpy(load.hash, engine->program->hash, sizeof load.hash);
	g_array_append_val(engine->loads, load);
	keep_loads(turn);
	if (first)
		nt_phone_set_whole(turn);
	if (!first && !engine->options.dry)
		nt_turn_ok(turn, turn->store->ops->log_append(turn->store, &row));
	if (!first)
		set_cursor(turn, "");
	nt_turn_best_load(turn);
	nt_turn_sales_step(turn, &input);
	nt_turn_tasks_step(turn, &tasks);
	nt_turn_sales(turn);
}

/* Zones whose data has changed move all that was reckoned by them: the same rules count anew from this instant. */
static bool note_zones(struct nt_batch *turn)
{
	struct nt_engine *engine = turn->engine;
	const char *version = engine->program->zones->version;
	bool known = engine->zones != NULL;

	if (version == NULL || (known && strcmp(engine->zones, version) == 0))
		return false;
	g_free(engine->zones);
	engine->zones = g_strdup(version);
	nt_turn_ok(turn, turn->store->ops->meta_put(turn->store, META_ZONES, version));
	return known;
}

void nt_turn_note_program(struct nt_batch *turn)
{
	const struct nt_load *last = last_load(turn->engine);
	bool moved = note_zones(turn);

	if (last == NULL || moved || strcmp(last->hash, turn->engine->program->hash) != 0)
		note_load(turn);
}

void nt_request_load(struct nt_batch *turn, struct nt_request *request)
{
	struct nt_engine *engine = turn->engine;
	struct nt_program *program = request->program;
	const struct nt_load *last = last_load(engine);
	struct nt_blob archive;
	nt_time at;

	if (nt_turn_ok(turn, turn->store->ops->program_get(turn->store, turn->arena, program->hash, &archive, &at)) &&
	    archive.bytes == NULL && request->archive.bytes != NULL)
		nt_turn_ok(turn, turn->store->ops->program_put(turn->store, program->hash, request->archive.bytes,
		                                               request->archive.length, turn->now));
	if (last != NULL && strcmp(last->hash, program->hash) == 0 && strcmp(engine->program->hash, program->hash) == 0)
		return;
	nt_turn_sales(turn);
	nt_turn_save(turn); /* what was stepped so far was stepped under the old one */
	nt_keep_flush(turn);
	if (turn->code != NT_STORE_OK)
		return;
	if (!g_hash_table_contains(engine->older, engine->program->hash))
		g_hash_table_insert(engine->older, g_strdup(engine->program->hash), nt_program_ref(engine->program));
	nt_sales_set_program(engine->sales, program);
	nt_tasks_set_program(engine->tasks, program);
	nt_announcements_set_program(engine->announcements, program);
	nt_program_unref(engine->program);
	engine->program = nt_program_ref(program);
	note_load(turn);
}

/* The pass after a load: every lead that still has an older program is brought to this one, some a turn. */
void nt_turn_touch(struct nt_batch *turn, unsigned limit)
{
	struct nt_engine *engine = turn->engine;
	const char **ids;
	unsigned n = 0;

	if (engine->cursor == NULL || limit == 0 || turn->code != NT_STORE_OK)
		return;
	ids = nt_arena_array(turn->arena, const char *, limit);
	if (!nt_turn_ok(turn, turn->store->ops->scan(turn->store, turn->arena, engine->cursor, limit, ids, &n)))
		return;
	nt_turn_load(turn, ids, n); /* loading moves those that need it */
	for (unsigned i = 0; i < n && turn->code == NT_STORE_OK; i++)
		nt_phone_index(turn, nt_turn_peek(turn, ids[i]));
	if (n == limit) {
		set_cursor(turn, ids[n - 1]);
		return;
	}
	set_cursor(turn, NULL);
	nt_phone_set_whole(turn);
	if (engine->loads->len > 1) {
		g_array_remove_range(engine->loads, 0, engine->loads->len - 1);
		keep_loads(turn);
	}
}
