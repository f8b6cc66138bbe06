#include "engine/plan_private.h"

#include "base/arena.h"
#include "engine/task.h"
#include "rules/program.h"

#include <string.h>

#define AT_ONCE 10000u

static void unref_program(void *program)
{
	nt_program_unref(program);
}

static void maker_init(struct nt_maker *maker, struct nt_arena *arena, const struct nt_planning *planning)
{
	const struct nt_program *base = planning->base;

	*maker = (struct nt_maker){ .planning = planning, .arena = arena };
	maker->plan = nt_arena_new0(arena, struct nt_plan);
	maker->plan->base = base;
	maker->plan->program = planning->program;
	maker->plan->now = planning->now;
	maker->plan->changes = nt_changes_find(arena, base, planning->program);
	maker->older = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, unref_program);
	maker->texts = g_hash_table_new(g_str_hash, g_str_equal);
	maker->moves = g_hash_table_new(g_str_hash, g_str_equal);
	maker->cancelled = g_hash_table_new(g_str_hash, g_str_equal);
	maker->sent = g_hash_table_new(g_str_hash, g_str_equal);
	maker->traffic = g_hash_table_new(g_str_hash, g_str_equal);
	maker->told = g_hash_table_new(g_str_hash, g_str_equal);
	maker->offers = g_array_new(FALSE, FALSE, sizeof(struct nt_plan_offer));
	maker->standing = nt_arena_array(arena, struct nt_plan_leads *, base->n_campaigns + 1);
	for (unsigned i = 0; i < base->n_campaigns; i++)
		maker->standing[i] = nt_arena_array(arena, struct nt_plan_leads, base->campaigns[i].n_steps + 1);
	nt_plan_find_announced(maker);
}

static void maker_clear(struct nt_maker *maker)
{
	g_hash_table_destroy(maker->older);
	g_hash_table_destroy(maker->texts);
	g_hash_table_destroy(maker->moves);
	g_hash_table_destroy(maker->cancelled);
	g_hash_table_destroy(maker->sent);
	g_hash_table_destroy(maker->traffic);
	g_hash_table_destroy(maker->told);
	g_array_unref(maker->offers);
}

static bool ok(struct nt_maker *maker, int code)
{
	struct nt_store *store = maker->planning->store;

	if (code != NT_STORE_OK && maker->error == NULL)
		maker->error = store->ops->error(store);
	return maker->error == NULL;
}

/* When the rules of the last load were loaded: its line is the last. */
static bool read_loaded(struct nt_maker *maker)
{
	struct nt_store *store = maker->planning->store;
	const char *loads = NULL, *line;

	maker->plan->loaded = NT_NO_TIME;
	if (!ok(maker, store->ops->meta_get(store, maker->arena, "loads", &loads)) || loads == NULL)
		return maker->error == NULL;
	for (line = loads; strchr(line, '\n') != NULL && strchr(line, '\n')[1] != '\0'; line = strchr(line, '\n') + 1)
		;
	if (strlen(line) > 65)
		maker->plan->loaded = g_ascii_strtoll(line + 65, NULL, 10);
	return true;
}

/* ---- crowds ---- */

/* The last crowd's records all count; of an earlier one those of its own leads that met nobody: what is about no lead
 * is seen by every twin. */
static bool counts(const struct nt_crowd *crowd, const char *lead)
{
	return crowd->sales ||
	       (g_hash_table_contains(crowd->known, lead) && !g_hash_table_contains(crowd->meets, lead));
}

static void run_crowd(struct nt_maker *maker, const char *const *ids, unsigned n, GHashTable *last)
{
	struct nt_crowd crowd = { .ids = ids, .n = n, .sales = last == NULL };

	crowd.known = g_hash_table_new(g_str_hash, g_str_equal);
	crowd.meets = g_hash_table_new(g_str_hash, g_str_equal);
	for (unsigned i = 0; i < n; i++)
		g_hash_table_add(crowd.known, (void *)(uintptr_t)ids[i]);
	for (unsigned rules = 0; rules < 2; rules++)
		crowd.records[rules] = g_array_new(FALSE, FALSE, sizeof(struct nt_plan_record));
	if (nt_crowd_run(maker, &crowd))
		for (unsigned rules = 0; rules < 2; rules++)
			for (unsigned i = 0; i < crowd.records[rules]->len; i++) {
				const struct nt_plan_record *r =
					&g_array_index(crowd.records[rules], struct nt_plan_record, i);

				if (counts(&crowd, r->lead))
					nt_plan_tally(maker, r, rules);
			}
	for (unsigned i = 0; i < n && last != NULL; i++)
		if (g_hash_table_contains(crowd.meets, ids[i]))
			g_hash_table_add(last, g_strdup(ids[i]));
	for (unsigned rules = 0; rules < 2; rules++)
		g_array_unref(crowd.records[rules]);
	g_hash_table_destroy(crowd.known);
	g_hash_table_destroy(crowd.meets);
}

static void put_queued(void *context, const char *lead, const void *bytes, size_t length)
{
	(void)bytes;
	(void)length;
	if (lead[0] != '\0')
		g_hash_table_add(context, g_strdup(lead));
}

static void put_tasked(void *context, const char *id, const char *lead, const void *bytes, size_t length)
{
	(void)id;
	(void)bytes;
	(void)length;
	if (lead != NULL)
		g_hash_table_add(context, g_strdup(lead));
}

/* All leads but those of `last`, which grows by those that would meet others. */
static void run_crowds(struct nt_maker *maker, GHashTable *last)
{
	const struct nt_planning *planning = maker->planning;
	struct nt_store *store = planning->store;
	unsigned limit = planning->at_once > 0 ? planning->at_once : AT_ONCE, n = 0;
	const char **ids = g_new(const char *, limit);
	struct nt_arena *arena = nt_arena_new();
	char *after = g_strdup("");
	uint64_t total = 0;

	if (planning->progress != NULL)
		ok(maker, store->ops->count_leads(store, &total));
	do {
		unsigned alone = 0;

		nt_arena_reset(arena);
		if (maker->error != NULL || !ok(maker, store->ops->scan(store, arena, after, limit, ids, &n)))
			break;
		if (n > 0) {
			g_free(after);
			after = g_strdup(ids[n - 1]);
		}
		for (unsigned i = 0; i < n; i++)
			if (!g_hash_table_contains(last, ids[i]))
				ids[alone++] = ids[i];
		if (alone > 0)
			run_crowd(maker, ids, alone, last);
		maker->plan->leads += n;
		if (planning->progress != NULL)
			planning->progress(planning->user, maker->plan->leads, total);
	} while (n == limit);
	g_free(after);
	g_free(ids);
	nt_arena_free(arena);
}

static int by_id(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void run_last(struct nt_maker *maker, GHashTable *last)
{
	unsigned n;
	const char **ids = (const char **)(void *)g_hash_table_get_keys_as_array(last, &n);

	qsort(ids, n, sizeof *ids, by_id);
	if (maker->error == NULL)
		run_crowd(maker, ids, n, NULL);
	g_free(ids);
}

const struct nt_plan *nt_plan_make(struct nt_arena *arena, const struct nt_planning *planning, const char **why)
{
	struct nt_store *store = planning->store;
	GHashTable *last = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	struct nt_maker maker;

	maker_init(&maker, arena, planning);
	if (ok(&maker, store->ops->begin(store)) && read_loaded(&maker) &&
	    ok(&maker, store->ops->sales_each(store, put_queued, last)) &&
	    ok(&maker, store->ops->subject_each(store, NT_SUBJECT_TASK, NULL, put_tasked, last))) {
		run_crowds(&maker, last);
		run_last(&maker, last);
	}
	store->ops->rollback(store);
	if (maker.error == NULL)
		nt_plan_finish(&maker);
	else
		*why = nt_arena_strdup(arena, maker.error);
	maker_clear(&maker);
	g_hash_table_destroy(last);
	return maker.error == NULL ? maker.plan : NULL;
}
