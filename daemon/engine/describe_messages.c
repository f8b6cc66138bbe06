/* A lead's messages with what became of them, out of its log. */
#include "engine/describe.h"

#include "base/arena.h"
#include "base/civil.h"
#include "base/json.h"
#include "engine/state.h"
#include "engine/store.h"

#include <string.h>

#define ROWS_MOST 2000 /* a lead with a long life has more; what is older is in its timeline */

struct search {
	struct nt_store *store;
	struct nt_arena *arena;
	unsigned limit, n;
	struct nt_described_message **last;
	GHashTable *outcomes; /* message id -> struct nt_described_outcome, which is met before its message */
};

static nt_time time_of(const struct nt_json *effect, nt_time otherwise)
{
	const char *text = nt_json_text(effect, "at"), *why;
	struct nt_civil civil;
	bool has_offset;
	nt_time t = otherwise;

	if (text != NULL && !nt_instant_parse(text, strlen(text), &civil, &has_offset, &t, &why))
		return otherwise;
	return t;
}

/* Behind "three-tips: " stands what the server said. */
static const char *said(const char *detail)
{
	const char *colon = detail != NULL ? strstr(detail, ": ") : NULL;

	return colon != NULL && colon[2] != '\0' ? colon + 2 : NULL;
}

static void keep_outcome(struct search *search, const char *id, const char *what, const char *detail, nt_time at)
{
	struct nt_described_outcome *outcome = nt_arena_new0(search->arena, struct nt_described_outcome);

	outcome->what = what;
	outcome->at = at;
	outcome->detail = strcmp(what, "message.cancelled") == 0 ? detail : said(detail);
	outcome->next = g_hash_table_lookup(search->outcomes, id);
	g_hash_table_replace(search->outcomes, (gpointer)(uintptr_t)id, outcome);
}

static void find_state(struct search *search, struct nt_described_message *message)
{
	static const char *const words[] = {
		[NT_OUTBOX_RELEASED] = "waits to be sent", [NT_OUTBOX_HANDED] = "is being sent",
		[NT_OUTBOX_ACCEPTED] = "sent",             [NT_OUTBOX_REFUSED] = "refused",
		[NT_OUTBOX_CANCELLED] = "called back",     [NT_OUTBOX_IN_DOUBT] = "in doubt: nurturectl outbox",
	};
	enum nt_outbox_state state;

	if (search->store->ops->outbox_state(search->store, message->id, &state) == NT_STORE_OK &&
	    state < NT_OUTBOX_ABSENT)
		message->state = words[state];
}

static void keep_message(struct search *search, const struct nt_json *effect, const char *what, nt_time at)
{
	const struct nt_json *inner = nt_json_get(effect, "message");
	struct nt_described_message *message;

	if (search->n >= search->limit)
		return;
	message = nt_arena_new0(search->arena, struct nt_described_message);
	message->what = inner != NULL && nt_json_text(inner, "rep") != NULL ? "rep.told" : what;
	message->at = at;
	message->campaign = nt_json_text(effect, "campaign");
	message->step = nt_json_text(effect, "step");
	if (inner != NULL) {
		message->id = nt_json_text(inner, "id");
		message->channel = nt_json_text(inner, "channel");
		message->template_name = nt_json_text(inner, "template");
		message->detail = nt_json_text(inner, "rep");
	} else {
		message->detail = nt_json_text(effect, "detail");
	}
	if (message->id != NULL) {
		message->outcomes = g_hash_table_lookup(search->outcomes, message->id);
		find_state(search, message);
	}
	*search->last = message;
	search->last = &message->next;
	search->n++;
}

static void take_effect(struct search *search, const struct nt_json *effect, nt_time at)
{
	static const char *const begun[] = { "message.released", "message.skipped", "message.given_up", "rep.told" };
	const char *what = nt_json_text(effect, "what"), *id = nt_json_text(effect, "id");

	if (what == NULL)
		return;
	at = time_of(effect, at);
	for (unsigned i = 0; i < G_N_ELEMENTS(begun); i++)
		if (strcmp(what, begun[i]) == 0) {
			keep_message(search, effect, begun[i], at);
			return;
		}
	if (id != NULL && g_str_has_prefix(what, "message."))
		keep_outcome(search, id, what, nt_json_text(effect, "detail"), at);
}

/* A row's effects stand in their order; the newest is wanted first. */
static void take_row(struct search *search, const struct nt_log_row *row)
{
	struct nt_json_error error;
	const struct nt_json *body = nt_json_parse(search->arena, row->body, strlen(row->body), &error);
	const struct nt_json *effects = nt_json_get(body, "effects");
	const struct nt_json **all;
	unsigned n = 0;

	if (effects == NULL || effects->type != NT_JSON_ARRAY)
		return;
	all = nt_arena_array(search->arena, const struct nt_json *, effects->n + 1);
	for (const struct nt_json *effect = effects->first; effect != NULL; effect = effect->next)
		all[n++] = effect;
	while (n > 0)
		take_effect(search, all[--n], row->at);
}

int nt_describe_messages(struct nt_store *store, struct nt_arena *arena, const struct nt_lead *lead, unsigned limit,
                         struct nt_described_message **out)
{
	struct search search = { .store = store, .arena = arena, .limit = limit, .last = out };
	int64_t sequence = lead->log_head;
	int code = NT_STORE_OK;

	*out = NULL;
	search.outcomes = g_hash_table_new(g_str_hash, g_str_equal);
	for (unsigned i = 0; i < ROWS_MOST && sequence > 0 && search.n < limit && code == NT_STORE_OK; i++) {
		struct nt_log_row row;

		code = store->ops->log_read(store, arena, sequence, &row);
		if (code != NT_STORE_OK || row.lead == NULL || strcmp(row.lead, lead->id) != 0)
			break;
		take_row(&search, &row);
		sequence = row.previous;
	}
	g_hash_table_destroy(search.outcomes);
	return code;
}
