/* For unit tests: an engine on the store in memory, and requests in words. */
#ifndef NT_TEST_ENGINE_HOUSE_H
#define NT_TEST_ENGINE_HOUSE_H

#include "engine/engine.h"

#include "base/arena.h"
#include "base/json.h"
#include "engine/codec.h"
#include "engine/memory.h"

#include "program_text.h"
#include "unit.h"

struct house {
	struct nt_program *program;
	struct nt_store *store;
	struct nt_engine *engine;
	struct nt_arena *arena;
	GString *seen;       /* what the observer saw: "ann campaign.entered" … */
	struct nt_program *older;
	nt_time now;
};

#define RULES \
	POLICY_TEXT \
	"fields:\n  seats: number\n  plan: { type: text, one_of: [ small, big ] }\n" \
	"events:\n  a.b: { amount: number, note: text }\n  c.d: {}\n  x.y: {}\n" \
	"---\n" \
	"campaign: first\nenter: { on: a.b }\nagain: always\nexit: [ { on: c.d } ]\n" \
	"steps: [ email: m1, wait: 1 hour, email: m2, tag: done ]\n" \
	"---\n" \
	"sales:\n  ready: [ { on: x.y, reason: asked } ]\n" \
	"  reps:\n    anna: { email: anna@example.org, time_zone: Europe/Berlin, hours: mon-fri 09:00-17:30 }\n" \
	"    bob: { email: bob@example.org, time_zone: Europe/Berlin, hours: mon-fri 09:00-17:30 }\n" \
	"  teams: { dach: { reps: [ anna, bob ], manager: bob, turn: round_robin } }\n" \
	"  route: [ { to: team dach } ]\n  tell: [ email: new-lead ]\n  then: [ next_rep ]\n" \
	"  reasons: { bad_fit: { fit: -50 }, wrong_team: { route_again: true } }\n"

static inline void see(void *user, const char *lead, const struct nt_input *input, const struct nt_effects *effects)
{
	struct house *h = user;

	(void)input;
	for (const struct nt_effect *e = effects->first; e != NULL; e = e->next)
		if (e->kind == NT_EFFECT_MESSAGE)
			g_string_append_printf(h->seen, "%s %s; ", lead, e->message->template_name);
}

static inline struct nt_program *give_older(void *user, const char *hash)
{
	struct house *h = user;

	return h->older != NULL && strcmp(h->older->hash, hash) == 0 ? nt_program_ref(h->older) : NULL;
}

static inline void open_engine(struct house *h)
{
	struct nt_engine_options options = { .observe = see, .older_program = give_older, .user = h };
	const char *why = NULL;

	h->engine = nt_engine_new(h->store, h->program, &options, &why);
	assert_non_null(h->engine);
}

/* Takes the program over. */
static inline struct house *house_with(struct nt_program *program)
{
	struct house *h = g_new0(struct house, 1);

	h->program = program;
	h->store = nt_memory_store_new();
	h->arena = nt_arena_new();
	h->seen = g_string_new(NULL);
	h->now = at("UTC", "2026-06-01 10:00");
	open_engine(h);
	return h;
}

static inline struct house *house_of(const char *rules)
{
	return house_with(program_of(rules));
}

static inline struct house *house_new(void)
{
	return house_of(RULES);
}

static inline void house_free(struct house *h)
{
	nt_engine_free(h->engine);
	h->store->ops->free(h->store);
	nt_program_unref(h->program);
	nt_program_unref(h->older);
	nt_arena_free(h->arena);
	g_string_free(h->seen, TRUE);
	g_free(h);
}

static inline struct nt_request *request(struct house *h, enum nt_request_kind kind)
{
	struct nt_request *r = nt_arena_new0(h->arena, struct nt_request);

	r->arena = h->arena;
	r->kind = kind;
	r->source = "shop";
	return r;
}

static inline struct nt_request *input(struct house *h, enum nt_input_kind kind, const char *lead, const char *json)
{
	struct nt_request *r = request(h, NT_REQUEST_INPUT);
	struct nt_json_error error;

	r->input_kind = kind;
	r->lead = lead;
	if (json != NULL) {
		r->json = nt_json_parse(h->arena, json, strlen(json), &error);
		assert_non_null(r->json);
	}
	return r;
}

static inline int turn(struct house *h, struct nt_request *requests)
{
	return nt_engine_turn(h->engine, h->now, requests, 100, 100);
}

static inline enum nt_answer_code ask(struct house *h, struct nt_request *r)
{
	assert_int_equal(turn(h, r), NT_STORE_OK);
	return r->code;
}

static inline enum nt_answer_code event(struct house *h, const char *lead, const char *json)
{
	return ask(h, input(h, NT_INPUT_EVENT, lead, json));
}

static inline enum nt_answer_code fields(struct house *h, const char *lead, const char *json)
{
	return ask(h, input(h, NT_INPUT_FIELDS, lead, json));
}

static inline struct nt_lead *lead(struct house *h, const char *id)
{
	struct nt_blob blob;
	const char *why;

	assert_int_equal(h->store->ops->load(h->store, h->arena, &id, 1, &blob), NT_STORE_OK);
	if (blob.bytes == NULL)
		return NULL;
	return nt_lead_decode(h->arena, nt_engine_program(h->engine), id, blob.bytes, blob.length, &why);
}

/* Time passes, timers run at their instants. */
static inline void run_to(struct house *h, const char *until)
{
	nt_time end = at("UTC", until);

	while (nt_engine_due(h->engine) <= end) {
		h->now = nt_time_later(h->now, nt_engine_due(h->engine));
		assert_int_equal(turn(h, NULL), NT_STORE_OK);
	}
	h->now = end;
}

#define SEEN(h, text)                                       \
	do {                                                \
		assert_string_equal((h)->seen->str, (text)); \
		g_string_truncate((h)->seen, 0);            \
	} while (0)

static inline struct nt_request *claim(struct house *h, const char *channel)
{
	struct nt_request *r = request(h, NT_REQUEST_CLAIM);

	r->channel = channel;
	r->limit = 10;
	r->owner = "box/boot";
	assert_int_equal(ask(h, r), NT_ANSWER_OK);
	return r;
}

static inline enum nt_answer_code outcome(struct house *h, const char *message, enum nt_send_result result, bool hard)
{
	struct nt_request *r = request(h, NT_REQUEST_OUTCOME);

	r->message = message;
	r->result = result;
	r->hard = hard;
	r->detail = "250 fine";
	return ask(h, r);
}

static inline enum nt_answer_code hear(struct house *h, const char *message, enum nt_outcome later)
{
	struct nt_request *r = request(h, NT_REQUEST_OUTCOME);

	r->message = message;
	r->is_later = true;
	r->later = later;
	return ask(h, r);
}

static inline enum nt_answer_code decide(struct house *h, const char *message, bool again)
{
	struct nt_request *r = request(h, NT_REQUEST_DECIDE);

	r->message = message;
	r->again = again;
	return ask(h, r);
}

static inline struct nt_outbox_row row(struct house *h, const char *message)
{
	struct nt_outbox_row out;

	assert_int_equal(h->store->ops->outbox_get(h->store, h->arena, message, &out), NT_STORE_OK);
	return out;
}

#endif
