/* What new rules ask of the past (II.10): counts, totals and latest values that the rules before didn't keep are made
 * from the lead's log, event by event, in the order in which they were accepted. */
#include "engine/turn.h"

#include "base/arena.h"
#include "base/civil.h"
#include "base/json.h"
#include "rules/program.h"

#include <string.h>

struct filling {
	struct nt_lead *lead;
	const struct nt_program *from;
	struct nt_arena *arena;
	nt_time accepted; /* of the row */
};

/* Rows of the lead from its newest back; what is older than the log is kept isn't there. */
static GPtrArray *read_rows(struct nt_batch *turn, struct nt_arena *arena, const char *lead, int64_t head)
{
	GPtrArray *rows = g_ptr_array_new();

	while (head != 0) {
		struct nt_log_row *row = nt_arena_new0(arena, struct nt_log_row);

		if (!nt_turn_ok(turn, turn->store->ops->log_read(turn->store, arena, head, row)) || row->lead == NULL ||
		    strcmp(row->lead, lead) != 0)
			break;
		g_ptr_array_add(rows, row);
		head = row->previous < head ? row->previous : 0;
	}
	return rows;
}

static void remember(struct filling *f, const char *name, const char *id, nt_time at,
                     const struct nt_property_value *properties, unsigned n)
{
	struct nt_event event = { .name = name, .type = nt_program_event(f->lead->program, name), .at = at, .id = id,
		                  .properties = properties, .n_properties = n };

	if (event.type >= 0)
		nt_lead_fill(f->lead, f->from, &event, f->accepted);
}

static nt_time time_of(const struct nt_json *object, nt_time otherwise)
{
	const char *text = nt_json_text(object, "at");
	struct nt_civil civil;
	bool has_offset = false;
	nt_time t = otherwise;

	if (text != NULL && nt_instant_parse(text, strlen(text), &civil, &has_offset, &t, NULL) && has_offset)
		return t;
	return otherwise;
}

/* As its declaration reads now; what doesn't fit it, or isn't declared, is left out. */
static void remember_event(struct filling *f, const struct nt_json *input)
{
	const struct nt_json *given = nt_json_get(input, "properties");
	const char *name = nt_json_text(input, "event");
	int type = name != NULL ? nt_program_event(f->lead->program, name) : -1;
	struct nt_property_value *properties;
	unsigned n = 0;

	if (type < 0)
		return;
	properties = nt_arena_array(f->arena, struct nt_property_value, given != NULL ? given->n : 0);
	for (const struct nt_json *item = given != NULL ? given->first : NULL; item != NULL; item = item->next) {
		const struct nt_event_type *event = &f->lead->program->events[type];
		int slot = nt_program_property(event, item->key);
		const char *why;

		if (slot >= 0 && nt_value_from_json(f->arena, item, event->properties[slot].type, f->lead->zone,
		                                    &properties[n].value, &why))
			properties[n++].name = event->properties[slot].name;
	}
	remember(f, name, nt_json_text(input, "id"), time_of(input, f->accepted), properties, n);
}

/* ---- events of our own: effects tell of them ---- */

static bool is(const char *a, const char *b)
{
	return g_strcmp0(a, b) == 0;
}

/* A note about a message or a consent says whose event it raised, if it raised one. */
static const char *raised_on_channel(struct filling *f, const char *what, const char *channel)
{
	if (channel == NULL)
		return NULL;
	if (g_str_has_prefix(what, "message."))
		return nt_arena_printf(f->arena, "%s.%s", channel, what + strlen("message."));
	return is(what, "consent") ? nt_arena_printf(f->arena, "%s.unsubscribed", channel) : NULL;
}

/* The event of our own that an effect has raised; NULL: none. */
static const char *raised_by(struct filling *f, const struct nt_json *input, const struct nt_json *effect,
                             const struct nt_json *before)
{
	static const char *const same[] = { "lead.created", "lead.changed", "lead.ready", "campaign.entered",
		                            "campaign.left", "campaign.reached_goal", "score.crossed",
		                            "message.skipped", "task.done", NULL };
	static const char *const handoffs[][2] = { { "offered", "lead.offered" }, { "accepted", "lead.accepted" },
		                                   { "sent_back", "lead.sent_back" }, { "won", "deal.won" },
		                                   { "lost", "deal.lost" } };
	const char *what = nt_json_text(effect, "what"), *state = nt_json_text(input, "state");

	if (is(nt_json_text(effect, "detail"), NT_WHY_REMOVED))
		return NULL;
	if (what == NULL || g_strv_contains(same, what))
		return what;
	if (strcmp(what, "message.given_up") == 0)
		return "message.skipped";
	if (strcmp(what, "set") == 0) /* a step's fields change together */
		return before != NULL && is(nt_json_text(before, "what"), "set") &&
		                       is(nt_json_text(before, "step"), nt_json_text(effect, "step")) ?
		               NULL :
		               "lead.changed";
	for (size_t i = 0; strcmp(what, "handoff") == 0 && state != NULL && i < G_N_ELEMENTS(handoffs); i++)
		if (strcmp(handoffs[i][0], state) == 0)
			return handoffs[i][1];
	return strcmp(what, "message.released") == 0 ? NULL :
	                                               raised_on_channel(f, what, nt_json_text(effect, "channel"));
}

#define PROPERTIES 8

struct properties {
	struct nt_property_value items[PROPERTIES];
	unsigned n;
};

static void put(struct properties *p, const char *name, const char *text)
{
	if (text == NULL || p->n == PROPERTIES)
		return;
	p->items[p->n].name = name;
	p->items[p->n++].value = NT_TEXT_VALUE(text);
}

/* "cold to warm, score 52" */
static void put_crossing(struct filling *f, struct properties *p, const char *detail)
{
	const char *to = strstr(detail, " to "), *score = strstr(detail, ", score ");

	if (to == NULL || score == NULL || score < to)
		return;
	put(p, "from", nt_arena_strndup(f->arena, detail, (size_t)(to - detail)));
	to += strlen(" to ");
	put(p, "to", nt_arena_strndup(f->arena, to, (size_t)(score - to)));
	put(p, "level", p->items[p->n - 1].value.text);
	p->items[p->n].name = "score";
	p->items[p->n++].value =
		NT_NUMBER_VALUE(nt_number_from_int(g_ascii_strtoll(score + strlen(", score "), NULL, 10)));
}

/* What the event carried, as far as its effect and the input that it came by say so. */
static void put_properties(struct filling *f, struct properties *p, const char *name, const struct nt_json *input,
                           const struct nt_json *effect)
{
	const char *detail = nt_json_text(effect, "detail"), *kind = nt_json_text(input, "kind");

	put(p, "campaign", nt_json_text(effect, "campaign"));
	put(p, "key", nt_json_text(effect, "key"));
	if (is(name, "score.crossed") && detail != NULL) {
		put_crossing(f, p, detail);
	} else if (is(name, "message.skipped")) {
		put(p, "template", nt_json_text(effect, "template"));
		put(p, "channel", nt_json_text(effect, "channel"));
		put(p, "reason", detail);
	} else if (is(name, "lead.ready")) {
		put(p, "reason", detail);
	} else if ((is(kind, "outcome") && nt_json_text(effect, "channel") != NULL) || is(name, "task.done")) {
		put(p, "template", nt_json_text(input, "template"));
		put(p, "detail", nt_json_text(input, "detail"));
		put(p, "rep", nt_json_text(input, "rep"));
	} else if (is(kind, "handoff") && is(nt_json_text(effect, "what"), "handoff")) {
		put(p, "rep", nt_json_text(input, "rep"));
		put(p, "reason", nt_json_text(input, "reason"));
	}
}

/* Effects up to the input's own instant are those of timers that came before it. */
static void remember_effects(struct filling *f, const struct nt_json *input, const struct nt_json *effects,
                             bool before)
{
	const struct nt_json *last = NULL;

	for (const struct nt_json *e = effects != NULL ? effects->first : NULL; e != NULL; last = e, e = e->next) {
		nt_time at = time_of(e, f->accepted);
		const char *name = (at < f->accepted) == before ? raised_by(f, input, e, last) : NULL;
		struct properties properties = { .n = 0 };

		if (name == NULL)
			continue;
		put_properties(f, &properties, name, input, e);
		remember(f, name, NULL, at, properties.items, properties.n);
	}
}

static void remember_row(struct filling *f, const struct nt_log_row *row)
{
	struct nt_json_error error;
	const struct nt_json *body = nt_json_parse(f->arena, row->body, strlen(row->body), &error);
	const struct nt_json *input = nt_json_get(body, "input"), *effects = nt_json_get(body, "effects");

	if (input == NULL)
		return;
	f->accepted = row->at;
	remember_effects(f, input, effects, true);
	if (g_strcmp0(nt_json_text(input, "kind"), "event") == 0)
		remember_event(f, input);
	remember_effects(f, input, effects, false);
}

void nt_turn_fill(struct nt_batch *turn, struct nt_turn_lead *tl, const struct nt_program *from)
{
	struct nt_arena *arena;
	GPtrArray *rows;

	if (tl->lead->log_head == 0 || !nt_lead_has_gaps(tl->lead, from))
		return;
	arena = nt_arena_new();
	rows = read_rows(turn, arena, tl->id, tl->lead->log_head);
	for (unsigned i = rows->len; i-- > 0;) {
		struct filling f = { .lead = tl->lead, .from = from, .arena = nt_arena_new() };

		remember_row(&f, rows->pdata[i]);
		nt_arena_free(f.arena);
	}
	g_ptr_array_unref(rows);
	nt_arena_free(arena);
}
