#include "engine/sales_queue.h"

#include "base/arena.h"
#include "base/json.h"

#include <string.h>

#define SALES_VERSION 1

/* Rows are JSON: few, small, and people look at them. Instants are milliseconds; those that aren't set are left out. */

static void put_time(struct nt_json_writer *w, const char *key, nt_time t)
{
	if (t != NT_NO_TIME && t != NT_NEVER)
		nt_json_put_int(w, key, t);
}

static void put_text(struct nt_json_writer *w, const char *key, const char *text)
{
	if (text != NULL)
		nt_json_put_text(w, key, text);
}

static void put_duration(struct nt_json_writer *w, const char *key, struct nt_duration d)
{
	nt_json_array(w, key);
	nt_json_put_int(w, NULL, d.months);
	nt_json_put_int(w, NULL, d.days);
	nt_json_put_int(w, NULL, d.ms);
	nt_json_end_array(w);
}

void nt_sales_encode_entry(const struct nt_sales_entry *entry, GString *out)
{
	struct nt_json_writer w;

	nt_json_begin(&w, out);
	nt_json_object(&w, NULL);
	nt_json_put_int(&w, "version", SALES_VERSION);
	nt_json_put_text(&w, "lead", entry->lead);
	nt_json_put_text(&w, "state", nt_handoff_name(entry->state));
	nt_json_put_int(&w, "offer", (int64_t)entry->offer);
	put_text(&w, "rep", entry->rep);
	put_text(&w, "team", entry->team);
	put_text(&w, "wanted", entry->wanted);
	put_time(&w, "since", entry->since);
	put_time(&w, "queued", entry->queued);
	put_time(&w, "offered", entry->offered);
	put_time(&w, "limit", entry->limit);
	if (entry->has_accept_within)
		put_duration(&w, "within", entry->accept_within);
	nt_json_put_int(&w, "then", entry->then_done);
	nt_json_array(&w, "to");
	for (unsigned i = 0; i < entry->offered_to->len; i++)
		nt_json_put_text(&w, NULL, entry->offered_to->pdata[i]);
	nt_json_end_array(&w);
	nt_json_put_bool(&w, "late", entry->late);
	put_time(&w, "told", entry->told);
	nt_json_put_int(&w, "progress", entry->progress_done);
	nt_json_array(&w, "reasons");
	for (unsigned i = 0; i < entry->reasons->len; i++) {
		const struct nt_sales_reason *reason = &g_array_index(entry->reasons, struct nt_sales_reason, i);

		nt_json_object(&w, NULL);
		nt_json_put_text(&w, "text", reason->text);
		nt_json_put_int(&w, "at", reason->at);
		nt_json_end_object(&w);
	}
	nt_json_end_array(&w);
	nt_json_put_int(&w, "score", entry->score);
	put_text(&w, "title", entry->title);
	put_text(&w, "values", entry->values);
	nt_json_end_object(&w);
}

void nt_sales_encode_turns(const struct nt_sales *sales, GString *out)
{
	GList *teams = g_list_sort(g_hash_table_get_keys(sales->turns), (GCompareFunc)(void (*)(void))strcmp);
	struct nt_json_writer w;

	nt_json_begin(&w, out);
	nt_json_object(&w, NULL);
	nt_json_put_int(&w, "version", SALES_VERSION);
	nt_json_put_int(&w, "offer", (int64_t)sales->last_offer);
	nt_json_array(&w, "turns");
	for (GList *team = teams; team != NULL; team = team->next) {
		const struct nt_sales_turn *turn = g_hash_table_lookup(sales->turns, team->data);

		nt_json_object(&w, NULL);
		nt_json_put_text(&w, "team", team->data);
		nt_json_put_text(&w, "rep", turn->rep);
		nt_json_put_int(&w, "used", turn->used);
		nt_json_end_object(&w);
	}
	nt_json_end_array(&w);
	nt_json_end_object(&w);
	g_list_free(teams);
}

/* ---- back ---- */

static int64_t get_int(const struct nt_json *object, const char *key, int64_t otherwise)
{
	const struct nt_json *value = nt_json_get(object, key);

	return value != NULL && value->type == NT_JSON_NUMBER ? g_ascii_strtoll(value->text, NULL, 10) : otherwise;
}

static bool get_state(const struct nt_json *object, enum nt_handoff *state)
{
	const char *name = nt_json_text(object, "state");

	for (int i = NT_HANDOFF_WAITING; name != NULL && i <= NT_HANDOFF_ACCEPTED; i++)
		if (strcmp(nt_handoff_name((enum nt_handoff)i), name) == 0) {
			*state = (enum nt_handoff)i;
			return true;
		}
	return false;
}

static void get_within(const struct nt_json *object, struct nt_sales_entry *entry)
{
	const struct nt_json *within = nt_json_get(object, "within");
	const struct nt_json *part = within != NULL ? within->first : NULL;
	int64_t parts[3] = { 0 };

	for (int i = 0; i < 3 && part != NULL; i++, part = part->next)
		parts[i] = part->type == NT_JSON_NUMBER ? g_ascii_strtoll(part->text, NULL, 10) : 0;
	entry->has_accept_within = within != NULL;
	entry->accept_within = (struct nt_duration){ (int32_t)parts[0], (int32_t)parts[1], parts[2] };
}

static void get_lists(const struct nt_json *object, struct nt_sales_entry *entry)
{
	const struct nt_json *to = nt_json_get(object, "to"), *reasons = nt_json_get(object, "reasons"), *item;

	for (item = to != NULL ? to->first : NULL; item != NULL; item = item->next)
		if (item->type == NT_JSON_TEXT)
			g_ptr_array_add(entry->offered_to, g_strdup(item->text));
	for (item = reasons != NULL ? reasons->first : NULL; item != NULL; item = item->next) {
		struct nt_sales_reason reason = { g_strdup(nt_json_text(item, "text")), get_int(item, "at", 0) };

		g_array_append_val(entry->reasons, reason);
	}
}

static const struct nt_json *parse(struct nt_arena *arena, const void *bytes, size_t length)
{
	struct nt_json_error error;
	const struct nt_json *object = nt_json_parse(arena, bytes, length, &error);

	return get_int(object, "version", 0) == SALES_VERSION ? object : NULL;
}

bool nt_sales_restore_entry(struct nt_sales *sales, const void *bytes, size_t length)
{
	struct nt_arena *arena = nt_arena_new();
	const struct nt_json *o = parse(arena, bytes, length);
	const char *lead = nt_json_text(o, "lead");
	struct nt_sales_entry *entry;
	enum nt_handoff state;
	bool ok = lead != NULL && get_state(o, &state);

	if (ok) {
		entry = nt_sales_entry_new(lead);
		entry->state = state;
		entry->offer = (uint64_t)get_int(o, "offer", 0);
		entry->rep = g_strdup(nt_json_text(o, "rep"));
		entry->team = g_strdup(nt_json_text(o, "team"));
		entry->wanted = g_strdup(nt_json_text(o, "wanted"));
		entry->since = get_int(o, "since", NT_NO_TIME);
		entry->queued = get_int(o, "queued", NT_NO_TIME);
		entry->offered = get_int(o, "offered", NT_NO_TIME);
		entry->limit = get_int(o, "limit", NT_NEVER);
		get_within(o, entry);
		entry->then_done = (unsigned)get_int(o, "then", 0);
		get_lists(o, entry);
		entry->late = nt_json_get(o, "late") != NULL && nt_json_get(o, "late")->boolean;
		entry->told = get_int(o, "told", NT_NO_TIME);
		entry->progress_done = (unsigned)get_int(o, "progress", 0);
		entry->score = get_int(o, "score", 0);
		entry->title = g_strdup(nt_json_text(o, "title"));
		entry->values = g_strdup(nt_json_text(o, "values"));
		ok = state == NT_HANDOFF_WAITING || entry->rep != NULL;
		nt_sales_entry_take(sales, entry);
		sales->last_offer = MAX(sales->last_offer, entry->offer);
	}
	nt_arena_free(arena);
	return ok;
}

bool nt_sales_restore_turns(struct nt_sales *sales, const void *bytes, size_t length)
{
	struct nt_arena *arena = nt_arena_new();
	const struct nt_json *o = parse(arena, bytes, length), *turns = nt_json_get(o, "turns");

	for (const struct nt_json *turn = turns != NULL ? turns->first : NULL; turn != NULL; turn = turn->next)
		if (nt_json_text(turn, "team") != NULL && nt_json_text(turn, "rep") != NULL)
			nt_sales_turn_set(sales, nt_json_text(turn, "team"), nt_json_text(turn, "rep"),
			                  (unsigned)get_int(turn, "used", 0));
	sales->last_offer = MAX(sales->last_offer, (uint64_t)get_int(o, "offer", 0));
	nt_arena_free(arena);
	return turns != NULL;
}
