/* For unit tests of the step: one lead, a rule set from text, a clock by hand, a timeline to compare with.
 *
 * After every step the state goes through its bytes. Released messages are taken by their channel at once, unless the
 * world is told otherwise. Times are New York's. */
#ifndef NT_TEST_LEAD_WORLD_H
#define NT_TEST_LEAD_WORLD_H

#include "base/arena.h"
#include "base/json.h"
#include "engine/codec.h"
#include "engine/step.h"
#include "rules/program.h"

#include "program_text.h"

#include <stdio.h>
#include <string.h>

#define NEW_YORK "America/New_York"
#define SENDER                                                                                                    \
	"  sender: { name: Ada, email: ada@example.org, address: \"1 Main St, Springfield, IL 62701, USA\", "    \
	"phone: \"+1 555 0100\" }\n"
#define POLICY "policy:\n" SENDER "  time_zone: America/New_York\n"

struct lead_world {
	struct nt_program *program;
	struct nt_lead *lead;
	GString *timeline;
	GString *all;        /* every effect of the last step: "what detail\n" */
	nt_time clock;       /* later than the instant if set: the daemon is late */
	bool keeps;          /* messages stay released */
	bool *suppressed;
	char *values;        /* of the last message */
	char *message_id;
	GPtrArray *ready;    /* reasons of READY effects */
	GArray *releases;    /* nt_time of each message, in order */
};

/* Templates m1 to m5 for email and sms, and new-lead. */
static inline struct nt_program *world_load(const char *rules)
{
	static const char email[] = "---\nsubject: Hello\n---\nHi {{ first_name }}\n", sms[] = "Hi\n";
	static const char *const names[] = { "m1", "m2", "m3", "m4", "m5", "new-lead" };
	struct nt_file templates[2 * G_N_ELEMENTS(names)];
	char paths[2 * G_N_ELEMENTS(names)][64];
	unsigned n = 0;

	for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
		for (unsigned k = 0; k < 2; k++) {
			struct nt_file *to = &templates[n];

			char *path = paths[n++];

			snprintf(path, sizeof paths[0], "templates/%s/%s", names[i], k == 0 ? "email.md" : "sms.txt");
			*to = (struct nt_file){ path, k == 0 ? email : sms, strlen(k == 0 ? email : sms) };
		}
	}
	return program_from(rules, templates, n, program_zones());
}

static inline struct lead_world *world_new(const char *rules)
{
	struct lead_world *w = g_new0(struct lead_world, 1);

	w->program = world_load(rules);
	w->lead = nt_lead_new(nt_arena_new(), w->program, "ann");
	w->timeline = g_string_new(NULL);
	w->all = g_string_new(NULL);
	w->ready = g_ptr_array_new_with_free_func(g_free);
	w->releases = g_array_new(FALSE, FALSE, sizeof(nt_time));
	return w;
}

static inline void world_free(struct lead_world *w)
{
	nt_arena_free(w->lead->arena);
	nt_program_unref(w->program);
	g_string_free(w->timeline, TRUE);
	g_string_free(w->all, TRUE);
	g_ptr_array_free(w->ready, TRUE);
	g_array_free(w->releases, TRUE);
	g_free(w->values);
	g_free(w->message_id);
	g_free(w->suppressed);
	g_free(w);
}

static inline struct nt_lead *world_through_bytes(struct nt_lead *lead)
{
	struct nt_arena *arena = nt_arena_new();
	GString *bytes = g_string_new(NULL), *again = g_string_new(NULL);
	const char *why = NULL;
	struct nt_lead *copy;

	nt_lead_encode(lead, bytes);
	copy = nt_lead_decode(arena, lead->program, lead->id, bytes->str, bytes->len, &why);
	if (copy == NULL)
		fail_msg("%s", why);
	nt_lead_encode(copy, again);
	assert_int_equal(bytes->len, again->len);
	assert_memory_equal(bytes->str, again->str, bytes->len);
	nt_arena_free(lead->arena);
	g_string_free(bytes, TRUE);
	g_string_free(again, TRUE);
	return copy;
}

static inline void world_show(struct lead_world *w, const struct nt_effect *effect)
{
	static const char *const shown_ones[] = { "tag", "untag", "stage", "message.skipped", "message.given_up",
		                                  "message.cancelled", "campaign.not_entered", "score.crossed",
		                                  "stopped", "task.opened", "task.done", "tasks.end", NULL };
	GString *at = g_string_new(NULL);
	const char *detail = effect->detail != NULL ? effect->detail : "";

	nt_time_print_local(zone(NEW_YORK), effect->at, at);
	if (effect->kind == NT_EFFECT_MESSAGE)
		g_string_append_printf(w->timeline, "%s %s %s\n", at->str, effect->message->channel, detail);
	else if (g_strv_contains(shown_ones, effect->what))
		g_string_append_printf(w->timeline, "%s %s %s\n", at->str, effect->what, detail);
	g_string_append_printf(w->all, "%s %s\n", effect->what, detail);
	g_string_free(at, TRUE);
}

static inline void world_step(struct lead_world *w, struct nt_input *input)
{
	struct nt_effects effects;
	GPtrArray *sent = g_ptr_array_new_with_free_func(g_free);

	nt_effects_init(&effects);
	input->clock = w->clock > input->now ? w->clock : input->now;
	w->lead->suppressed = w->suppressed;
	g_string_truncate(w->all, 0);
	nt_step(w->lead, input, &effects);
	for (const struct nt_effect *effect = effects.first; effect != NULL; effect = effect->next) {
		world_show(w, effect);
		if (effect->kind == NT_EFFECT_READY)
			g_ptr_array_add(w->ready, g_strdup(effect->ready->reason));
		if (effect->kind != NT_EFFECT_MESSAGE)
			continue;
		g_array_append_val(w->releases, effect->at);
		g_free(w->values);
		w->values = g_strdup(effect->message->values);
		g_free(w->message_id);
		w->message_id = g_strdup(effect->message->id);
		g_ptr_array_add(sent, g_strdup(effect->message->id));
		g_ptr_array_add(sent, g_strdup(effect->message->channel));
		g_ptr_array_add(sent, g_strdup(effect->message->template_name));
	}
	w->lead->suppressed = NULL;
	w->lead = world_through_bytes(w->lead);
	for (unsigned i = 0; !w->keeps && i + 2 < sent->len; i += 3) {
		struct nt_input outcome = { .kind = NT_INPUT_OUTCOME, .now = w->lead->last };

		outcome.outcome.message = g_ptr_array_index(sent, i);
		outcome.outcome.channel = g_ptr_array_index(sent, i + 1);
		outcome.outcome.template_name = g_ptr_array_index(sent, i + 2);
		world_step(w, &outcome);
	}
	g_ptr_array_free(sent, TRUE);
}

/* Timers due before t, as the daemon would run them. */
static inline void world_before(struct lead_world *w, nt_time t)
{
	while (w->lead->due < t) {
		struct nt_input input = { .kind = NT_INPUT_TIMER, .now = w->lead->due };

		world_step(w, &input);
	}
}

static inline nt_time world_time(const char *text)
{
	return at(NEW_YORK, text);
}

/* ... and those due at it. */
static inline void world_until(struct lead_world *w, const char *text)
{
	world_before(w, world_time(text) + 1);
}

static inline struct nt_json *world_json(struct lead_world *w, const char *text)
{
	struct nt_json_error error;
	struct nt_json *json = nt_json_parse(w->lead->arena, text, strlen(text), &error);

	if (json == NULL)
		fail_msg("%s: %s", text, error.message);
	return json;
}

/* happened NULL: when it was accepted. */
static inline void world_happened(struct lead_world *w, const char *now, const char *happened, const char *name,
                                  const char *properties)
{
	struct nt_input input = { .kind = NT_INPUT_EVENT, .now = world_time(now) };
	struct nt_property_value values[8] = { 0 };
	const struct nt_json *json;

	world_before(w, input.now);
	input.event.name = name;
	input.event.type = nt_program_event(w->program, name);
	input.event.at = happened != NULL ? world_time(happened) : input.now;
	input.event.properties = values;
	for (json = properties != NULL ? world_json(w, properties)->first : NULL; json != NULL; json = json->next) {
		const struct nt_event_type *event = &w->program->events[input.event.type];
		enum nt_type type = event->properties[nt_program_property(event, json->key)].type;
		struct nt_property_value *value = &values[input.event.n_properties++];
		const char *why = "";

		value->name = json->key;
		if (!nt_value_from_json(w->lead->arena, json, type, w->lead->zone, &value->value, &why))
			fail_msg("%s: %s", json->key, why);
	}
	world_step(w, &input);
}

static inline void world_event(struct lead_world *w, const char *now, const char *name)
{
	world_happened(w, now, NULL, name, NULL);
}

static inline void world_put(struct lead_world *w, const char *now, const char *fields, bool replace)
{
	struct nt_input input = { .kind = NT_INPUT_FIELDS, .now = world_time(now) };
	struct nt_field_change changes[16] = { 0 };
	GPtrArray *texts = g_ptr_array_new_with_free_func(g_free);
	const struct nt_json *json;

	world_before(w, input.now);
	input.fields.changes = changes;
	input.fields.replace = replace;
	for (json = world_json(w, fields)->first; json != NULL; json = json->next) {
		struct nt_field_change *change = &changes[input.fields.n++];
		const char *why = "";
		GString *text = g_string_new(NULL);

		change->name = json->key;
		change->field = nt_program_field(w->program, json->key);
		if (change->field >= 0 &&
		    !nt_value_from_json(w->lead->arena, json, w->program->fields[change->field].type, w->lead->zone,
		                        &change->value, &why))
			fail_msg("%s: %s", json->key, why);
		if (json->type == NT_JSON_NUMBER)
			g_string_append(text, json->text);
		else if (json->type == NT_JSON_TEXT)
			nt_json_quote(text, json->text, json->length);
		else
			g_string_append(text, "null");
		g_ptr_array_add(texts, text->str);
		change->json = g_string_free(text, FALSE);
	}
	world_step(w, &input);
	g_ptr_array_free(texts, TRUE);
}

static inline void world_set(struct lead_world *w, const char *now, const char *fields)
{
	world_put(w, now, fields, false);
}

static inline void world_start(struct lead_world *w, const char *now, const char *campaign)
{
	struct nt_input input = { .kind = NT_INPUT_START, .now = world_time(now) };

	world_before(w, input.now);
	input.start.campaign = nt_program_campaign(w->program, campaign);
	input.start.key = "";
	world_step(w, &input);
}

static inline void world_outcome(struct lead_world *w, const char *now, const char *template, enum nt_outcome outcome)
{
	struct nt_input input = { .kind = NT_INPUT_OUTCOME, .now = world_time(now) };

	world_before(w, input.now);
	input.outcome.message = w->message_id;
	input.outcome.channel = "email";
	input.outcome.template_name = template;
	input.outcome.outcome = outcome;
	world_step(w, &input);
}

static inline void world_load_again(struct lead_world *w, const char *now, const char *rules)
{
	struct nt_input input = { .kind = NT_INPUT_LOAD, .now = world_time(now) };
	struct nt_program *program = world_load(rules);
	struct nt_effects effects;
	struct nt_lead *lead;
	nt_time *awaited;

	nt_effects_init(&effects);
	lead = nt_lead_migrate(w->lead, w->program, program, input.now, input.now, &effects);
	for (const struct nt_effect *effect = effects.first; effect != NULL; effect = effect->next)
		world_show(w, effect);
	awaited = g_memdup2(lead->awaited, program->n_occasions * sizeof *awaited); /* isn't among the bytes */
	w->lead = world_through_bytes(lead);
	w->lead->awaited = nt_arena_copy(w->lead->arena, awaited, program->n_occasions * sizeof *awaited);
	g_free(awaited);
	nt_program_unref(w->program);
	w->program = program;
	world_step(w, &input);
}

static inline void world_expect(struct lead_world *w, const char *timeline)
{
	if (strcmp(w->timeline->str, timeline) != 0)
		print_error("expected:\n%sbut there was:\n%s", timeline, w->timeline->str);
	assert_string_equal(w->timeline->str, timeline);
}

static inline int64_t world_score(struct lead_world *w, const char *t)
{
	return nt_score_points(&w->lead->engagement, w->lead->fit, world_time(t), w->program->half_life);
}

#endif
