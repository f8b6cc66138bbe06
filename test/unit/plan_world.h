/* For unit tests of plans: a store that lives in virtual time under one rule set, and what a plan says of another. */
#ifndef NT_TEST_PLAN_WORLD_H
#define NT_TEST_PLAN_WORLD_H

#include "engine/driver.h"
#include "engine/plan.h"

#include "base/arena.h"
#include "base/diag.h"
#include "base/json.h"

#include "program_text.h"
#include "unit.h"

struct plan_world {
	struct nt_arena *arena;
	struct nt_program *before, *after;
	struct nt_driver *driver;
	nt_time now;
	GHashTable *sent;          /* since plan_apply(): "campaign channel template rep" -> how often */
	bool counting;
	const struct nt_plan *plan;
	unsigned at_once;
};

static inline void plan_count(GHashTable *table, const char *key)
{
	unsigned n = GPOINTER_TO_UINT(g_hash_table_lookup(table, key));

	g_hash_table_insert(table, g_strdup(key), GUINT_TO_POINTER(n + 1));
}

static inline void plan_see_message(void *user, const struct nt_message *message)
{
	struct plan_world *w = user;
	char *key = g_strdup_printf("%s %s %s %d", message->campaign, nt_message_channel(message),
	                            message->template_name, message->rep != NULL);

	if (w->counting)
		plan_count(w->sent, key);
	g_free(key);
}

static inline void plan_see(void *user, const char *lead, const struct nt_input *input,
                            const struct nt_effects *effects)
{
	(void)lead;
	(void)input;
	for (const struct nt_effect *e = effects->first; e != NULL; e = e->next)
		if (e->kind == NT_EFFECT_MESSAGE)
			plan_see_message(user, e->message);
}

static inline struct plan_world *plan_world_new(const char *rules, const char *start)
{
	struct plan_world *w = g_new0(struct plan_world, 1);
	struct nt_engine_options options = { .observe = plan_see, .observe_rep = plan_see_message, .user = w };
	const char *why = NULL;

	w->arena = nt_arena_new();
	w->before = program_of(rules);
	w->now = at("UTC", start);
	w->sent = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	w->driver = nt_driver_new(w->before, w->now, &options, &why);
	assert_non_null(w->driver);
	return w;
}

static inline void plan_world_free(struct plan_world *w)
{
	nt_driver_free(w->driver);
	nt_program_unref(w->before);
	nt_program_unref(w->after);
	g_hash_table_destroy(w->sent);
	nt_arena_free(w->arena);
	g_free(w);
}

static inline void plan_run_to(struct plan_world *w, nt_time to)
{
	nt_driver_run(w->driver, to, true);
	w->now = to;
}

static inline struct nt_request *plan_request(struct plan_world *w, enum nt_input_kind kind, const char *lead,
                                              const char *json)
{
	struct nt_request *r = nt_arena_new0(w->arena, struct nt_request);
	struct nt_json_error error;

	r->arena = w->arena;
	r->kind = NT_REQUEST_INPUT;
	r->source = "shop";
	r->input_kind = kind;
	r->lead = lead;
	if (json != NULL) {
		r->json = nt_json_parse(w->arena, json, strlen(json), &error);
		assert_non_null(r->json);
	}
	nt_driver_post(w->driver, w->now, r);
	assert_int_equal(r->code, NT_ANSWER_OK);
	return r;
}

static inline void plan_lead(struct plan_world *w, const char *id)
{
	char *json = g_strdup_printf("{\"email\":\"%s@example.org\",\"phone\":\"+4930123%u\","
	                             "\"time_zone\":\"Europe/Berlin\"}",
	                             id, g_str_hash(id) % 1000);

	plan_request(w, NT_INPUT_FIELDS, nt_arena_strdup(w->arena, id), json);
	g_free(json);
}

static inline void plan_event(struct plan_world *w, const char *lead, const char *name)
{
	char *json = g_strdup_printf("{\"event\":\"%s\"}", name);

	plan_request(w, NT_INPUT_EVENT, nt_arena_strdup(w->arena, lead), json);
	g_free(json);
}

static inline struct nt_program *plan_older(void *user, const char *hash)
{
	(void)user;
	(void)hash;
	return NULL;
}

static inline const struct nt_plan *plan_make(struct plan_world *w, const char *rules)
{
	struct nt_planning planning = { .store = nt_driver_store(w->driver), .base = w->before, .now = w->now,
		                        .at_once = w->at_once, .older_program = plan_older };
	const char *why = NULL;

	nt_program_unref(w->after);
	w->after = planning.program = program_of(rules);
	w->plan = nt_plan_make(w->arena, &planning, &why);
	assert_non_null(w->plan);
	return w->plan;
}

static inline void plan_apply(struct plan_world *w)
{
	struct nt_request *r = nt_arena_new0(w->arena, struct nt_request);

	r->arena = w->arena;
	r->kind = NT_REQUEST_LOAD;
	r->program = nt_program_ref(w->after);
	w->counting = true;
	nt_driver_post(w->driver, w->now, r);
	assert_int_equal(r->code, NT_ANSWER_OK);
}

/* "campaign step" -> how many leads stand there, by the store. */
static inline GHashTable *plan_places(struct plan_world *w)
{
	GHashTable *places = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	struct nt_store *store = nt_driver_store(w->driver);
	const char *ids[200];
	unsigned n;

	assert_int_equal(store->ops->scan(store, w->arena, "", G_N_ELEMENTS(ids), ids, &n), NT_STORE_OK);
	for (unsigned i = 0; i < n; i++) {
		const struct nt_lead *lead = nt_driver_lead(w->driver, w->arena, ids[i]);

		for (const struct nt_run *run = lead->runs; run != NULL; run = run->next) {
			const struct nt_campaign *campaign = &lead->program->campaigns[run->campaign];

			plan_count(places, nt_arena_printf(w->arena, "%s %s", campaign->name,
			                                   campaign->steps[run->step].identity));
		}
	}
	return places;
}

static inline void plan_assert_same(GHashTable *real, GHashTable *said)
{
	GHashTableIter iter;
	void *key, *n;

	g_hash_table_iter_init(&iter, real);
	while (g_hash_table_iter_next(&iter, &key, &n))
		if (n != g_hash_table_lookup(said, key))
			fail_msg("%s: %u, and %u planned", (const char *)key, GPOINTER_TO_UINT(n),
			         GPOINTER_TO_UINT(g_hash_table_lookup(said, key)));
	assert_int_equal(g_hash_table_size(real), g_hash_table_size(said));
}

/* Who is where, as the plan has it. */
static inline GHashTable *plan_said_places(const struct plan_world *w)
{
	GHashTable *places = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	for (unsigned i = 0; i < w->plan->n_moves; i++) {
		const struct nt_plan_move *move = &w->plan->moves[i];
		char *key = g_strdup_printf("%s %s", move->campaign, move->to);

		if (move->kind == NT_PLAN_LEAVES)
			g_free(key);
		else
			g_hash_table_insert(places, key,
			                    GUINT_TO_POINTER(GPOINTER_TO_UINT(g_hash_table_lookup(places, key)) +
			                                     (unsigned)move->leads.n));
	}
	return places;
}

/* What is sent under the new rules within the day or the week, as the plan has it. */
static inline GHashTable *plan_said_sent(const struct plan_world *w, bool week)
{
	GHashTable *sent = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	for (unsigned i = 0; i < w->plan->n_sent; i++) {
		const struct nt_plan_sent *s = &w->plan->sent[i];
		uint64_t n = week ? s->week[1] : s->day[1];

		if (n > 0)
			g_hash_table_insert(sent,
			                    g_strdup_printf("%s %s %s %d", s->campaign, s->channel, s->template_name,
			                                    s->rep),
			                    GUINT_TO_POINTER((unsigned)n));
	}
	return sent;
}

/* Applies it, and holds what was said against what is, then and for a week. */
static inline void plan_must_be_true(struct plan_world *w)
{
	nt_time start = w->now;

	for (int part = 0; part < 3; part++) {
		GHashTable *real, *said = part == 0 ? plan_said_places(w) : plan_said_sent(w, part == 2);

		if (part == 0)
			plan_apply(w);
		else
			plan_run_to(w, start + (part == 1 ? NT_DAY : 7 * NT_DAY));
		real = part == 0 ? plan_places(w) : g_hash_table_ref(w->sent);
		plan_assert_same(real, said);
		g_hash_table_unref(real);
		g_hash_table_unref(said);
	}
}

#endif
