#include "engine/turn.h"

#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "rules/program.h"

#include <string.h>

#define NAME_LONGEST 128u
#define TEXT_LONGEST 4096u
static const char too_long[] = "is longer than 4096 bytes";
#define PROPERTIES_MOST 64u
#define FIELDS_MOST 256u
#define AHEAD (5 * NT_MINUTE) /* so far a clock of a source may be ahead of ours (II.4) */

void nt_request_refuse(struct nt_request *request, enum nt_answer_code code, const char *field, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	request->code = code;
	request->field = nt_arena_strdup(request->arena, field);
	request->message_text = nt_arena_vprintf(request->arena, format, ap);
	va_end(ap);
}

#define invalid(request, field, ...) (nt_request_refuse((request), NT_ANSWER_INVALID, (field), __VA_ARGS__), false)

/* ---- names and values ---- */

static bool has_control(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return true;
	return false;
}

/* `what` is what it is for people, and the answer's field. */
static bool name_fits(struct nt_request *request, const char *what, const char *name)
{
	if (name == NULL || name[0] == '\0')
		return invalid(request, what, "%s: is missing", what);
	if (strlen(name) > NAME_LONGEST)
		return invalid(request, what, "%s: is longer than %u bytes", what, NAME_LONGEST);
	if (has_control(name))
		return invalid(request, what, "%s: has control characters", what);
	return true;
}

static const char *as_json(struct nt_arena *arena, const struct nt_json *json)
{
	GString *text = g_string_new(NULL);
	struct nt_json_writer w;
	const char *copy;

	nt_json_begin(&w, text);
	nt_json_put_json(&w, NULL, json);
	copy = nt_arena_strndup(arena, text->str, text->len);
	g_string_free(text, TRUE);
	return copy;
}

/* What nobody declared: its type is guessed. */
static struct nt_value guess(struct nt_arena *arena, const struct nt_json *json)
{
	struct nt_value value = NT_NONE;

	switch (json->type) {
	case NT_JSON_NULL:
		break;
	case NT_JSON_BOOL:
		value = NT_YES_NO_VALUE(json->boolean);
		break;
	case NT_JSON_NUMBER:
		value = NT_NUMBER_VALUE(0);
		if (!nt_json_number(json, &value.number))
			value = NT_NONE;
		break;
	case NT_JSON_TEXT:
		value = NT_TEXT_VALUE(json->text);
		break;
	case NT_JSON_ARRAY:
	case NT_JSON_OBJECT:
		value = NT_TEXT_VALUE(as_json(arena, json));
		break;
	}
	return value;
}

static bool is_one_of(const char *const *one_of, const char *text)
{
	for (; *one_of != NULL; one_of++)
		if (strcmp(*one_of, text) == 0)
			return true;
	return false;
}

static const char *all_of(struct nt_arena *arena, const char *const *one_of)
{
	const char *all = *one_of;

	while (*++one_of != NULL)
		all = nt_arena_printf(arena, "%s, %s", all, *one_of);
	return all;
}

/* A path for people: "properties.amount". Made only when there is something to say. */
static bool wrong_value(struct nt_request *request, const char *prefix, const char *name, const char *why)
{
	const char *where = nt_arena_printf(request->arena, "%s%s", prefix, name);

	return invalid(request, where, "%s: %s", where, why);
}

/* Bytes: of a text, of a list as it was written. */
static size_t size_of(struct nt_request *request, const struct nt_json *json)
{
	if (json->type == NT_JSON_TEXT)
		return json->length;
	return json->n > 0 ? strlen(as_json(request->arena, json)) : 0;
}

/* A value against its declaration. */
static bool value_fits(struct nt_request *request, const char *prefix, const struct nt_json *json, enum nt_type type,
                       const char *const *one_of, const struct nt_zone *zone, struct nt_value *out)
{
	const char *why = NULL;

	if (size_of(request, json) > TEXT_LONGEST)
		return wrong_value(request, prefix, json->key, too_long);
	if (!nt_value_from_json(request->arena, json, type, zone, out, &why))
		return wrong_value(request, prefix, json->key, why != NULL ? why : "doesn't fit");
	if (one_of != NULL && nt_type_is_text(out->type) && !is_one_of(one_of, out->text))
		return wrong_value(
			request, prefix, json->key,
			nt_arena_printf(request->arena, "must be one of %s", all_of(request->arena, one_of)));
	return true;
}

static bool undeclared_fits(struct nt_request *request, const char *prefix, const struct nt_json *json)
{
	return size_of(request, json) <= TEXT_LONGEST || wrong_value(request, prefix, json->key, too_long);
}

/* ---- consent beside an event or fields ---- */

static bool consent_fits(struct nt_batch *turn, struct nt_request *request, const struct nt_json *json)
{
	if (json->type != NT_JSON_OBJECT)
		return invalid(request, "consent", "consent: must be an object such as {\"sms\": true}");
	for (const struct nt_json *item = json->first; item != NULL; item = item->next) {
		const char *where = nt_arena_printf(request->arena, "consent.%s", item->key);

		if (nt_program_channel(turn->engine->program, item->key) < 0)
			return invalid(request, where, "%s: there is no such channel", where);
		if (item->type != NT_JSON_BOOL)
			return invalid(request, where, "%s: must be true or false", where);
	}
	return true;
}

static struct nt_input *input_new(struct nt_batch *turn, const struct nt_request *request, enum nt_input_kind kind)
{
	struct nt_input *input = nt_arena_new0(turn->arena, struct nt_input);

	*input = (struct nt_input){ .kind = kind, .now = turn->now, .clock = turn->now };
	input->cause = nt_arena_strdup(turn->arena, request->cause);
	return input;
}

static void step_consents(struct nt_batch *turn, const struct nt_request *request, struct nt_turn_lead *tl,
                          const struct nt_json *consents, const char *how)
{
	const struct nt_json *item;

	for (item = consents != NULL ? consents->first : NULL; item != NULL; item = item->next) {
		struct nt_input *input = input_new(turn, request, NT_INPUT_CONSENT);

		input->consent.channel = nt_program_channel(turn->engine->program, item->key);
		input->consent.given = item->boolean;
		input->consent.how = how;
		input->consent.from = nt_arena_strdup(turn->arena, request->source);
		nt_turn_step(turn, tl, input);
	}
}

/* ---- events ---- */

static bool read_at(struct nt_request *request, const struct nt_json *json, const struct nt_lead *lead, nt_time now,
                    nt_time *at)
{
	struct nt_civil civil;
	bool has_offset;
	const char *why = "must be a time such as 2026-12-01T09:00:00Z";

	if (request->at != NULL)
		*at = *request->at;
	else if (json->type != NT_JSON_TEXT ||
	         !nt_instant_parse(json->text, json->length, &civil, &has_offset, at, &why))
		return invalid(request, "at", "at: %s", why);
	else if (!has_offset)
		*at = nt_civil_instant(lead->zone, &civil);
	if (*at > now + AHEAD)
		return invalid(request, "at", "at: is more than 5 minutes in the future");
	*at = nt_time_earlier(*at, now);
	return true;
}

static bool read_properties(struct nt_batch *turn, struct nt_request *request, const struct nt_json *json,
                            const struct nt_zone *zone, struct nt_event *event)
{
	const struct nt_program *program = turn->engine->program;
	const struct nt_event_type *type = event->type >= 0 ? &program->events[event->type] : NULL;
	struct nt_property_value *values;

	if (json->type != NT_JSON_OBJECT)
		return invalid(request, "properties", "properties: must be an object");
	if (json->n > PROPERTIES_MOST)
		return invalid(request, "properties", "properties: more than %u", PROPERTIES_MOST);
	values = nt_arena_array(request->arena, struct nt_property_value, json->n);
	for (const struct nt_json *item = json->first; item != NULL; item = item->next) {
		struct nt_property_value *value = &values[event->n_properties];
		int slot = type != NULL ? nt_program_property(type, item->key) : -1;

		if (!name_fits(request, "properties", item->key))
			return false;
		if (item->type == NT_JSON_NULL)
			continue;
		value->name = item->key;
		if (slot < 0) {
			if (!undeclared_fits(request, "properties.", item))
				return false;
			value->value = guess(request->arena, item);
		} else if (!value_fits(request, "properties.", item, type->properties[slot].type,
		                       type->properties[slot].one_of, zone, &value->value)) {
			return false;
		}
		event->n_properties++;
	}
	event->properties = values;
	return true;
}

/* The keys of an event; each is looked at once. */
struct event_keys {
	const struct nt_json *id, *event, *at, *properties, *consent;
};

static bool read_keys(struct nt_request *request, struct event_keys *keys)
{
	static const char *const known[] = { "id", "lead", "event", "at", "properties", "consent", NULL };

	if (request->json == NULL || request->json->type != NT_JSON_OBJECT)
		return invalid(request, NULL, "an event must be an object");
	for (const struct nt_json *item = request->json->first; item != NULL; item = item->next) {
		const char *key = item->key, *nearest;

		if (strcmp(key, "id") == 0) {
			keys->id = item;
		} else if (strcmp(key, "event") == 0) {
			keys->event = item;
		} else if (strcmp(key, "at") == 0) {
			keys->at = item->type != NT_JSON_NULL ? item : NULL;
		} else if (strcmp(key, "properties") == 0) {
			keys->properties = item->type != NT_JSON_NULL ? item : NULL;
		} else if (strcmp(key, "consent") == 0) {
			keys->consent = item->type != NT_JSON_NULL ? item : NULL;
		} else if (strcmp(key, "lead") != 0) {
			nearest = nt_nearest(key, known);
			return invalid(request, key,
			               nearest != NULL ? "%s: unknown key (did you mean '%s'?)" : "%s: unknown key%s",
			               key,
			               nearest != NULL ? nearest :
			                                 "; an event has id, lead, event, at, properties, consent");
		}
	}
	return true;
}

static bool read_event(struct nt_batch *turn, struct nt_request *request, const struct nt_lead *lead,
                       const struct event_keys *keys, struct nt_event *event)
{
	const struct nt_program *program = turn->engine->program;

	if (keys->event != NULL && keys->event->type != NT_JSON_TEXT)
		return invalid(request, "event", "event: must be a name such as \"order.placed\"");
	event->name = keys->event != NULL ? keys->event->text : NULL;
	if (!name_fits(request, "event", event->name))
		return false;
	event->type = nt_program_event(program, event->name);
	if (event->type >= 0 && program->events[event->type].builtin)
		return invalid(request, "event", "event: '%s' is told by nurtured itself", event->name);
	if (keys->id != NULL && keys->id->type != NT_JSON_NULL) {
		if (keys->id->type != NT_JSON_TEXT)
			return invalid(request, "id", "id: must be text");
		event->id = keys->id->text;
		if (!name_fits(request, "id", event->id))
			return false;
	}
	event->source = request->source != NULL ? request->source : "";
	event->at = turn->now;
	if (keys->at != NULL && !read_at(request, keys->at, lead, turn->now, &event->at))
		return false;
	if (keys->properties != NULL && !read_properties(turn, request, keys->properties, lead->zone, event))
		return false;
	return keys->consent == NULL || consent_fits(turn, request, keys->consent);
}

static void request_event(struct nt_batch *turn, struct nt_request *request, struct nt_turn_lead *tl)
{
	struct nt_input *input = input_new(turn, request, NT_INPUT_EVENT);
	struct event_keys keys = { 0 };
	bool fresh = true;

	if (!read_keys(request, &keys) || !read_event(turn, request, tl->lead, &keys, &input->event))
		return;
	if (input->event.id != NULL &&
	    !nt_turn_ok(turn, turn->store->ops->put_input(turn->store, input->event.source, input->event.id, tl->id,
	                                                  &fresh)))
		return;
	if (!fresh) {
		turn->counters.duplicates++;
		request->code = NT_ANSWER_DUPLICATE;
		return;
	}
	step_consents(turn, request, tl, keys.consent, "form");
	nt_turn_step(turn, tl, input);
}

/* ---- fields ---- */

/* What nobody declared is kept, but not without end. */
static bool room_for(struct nt_request *request, const struct nt_lead *lead, const struct nt_json *item)
{
	const struct nt_extra_field *extra;
	unsigned n = 0;

	for (extra = lead->extra_fields; extra != NULL; extra = extra->next, n++)
		if (strcmp(extra->name, item->key) == 0)
			return true;
	if (n < FIELDS_MOST || item->type == NT_JSON_NULL)
		return true;
	return invalid(request, item->key, "%s: the lead has %u fields already that no rule declares", item->key,
	               FIELDS_MOST);
}

static bool read_field(struct nt_batch *turn, struct nt_request *request, const struct nt_lead *lead,
                       const struct nt_json *item, struct nt_field_change *change)
{
	const struct nt_program *program = turn->engine->program;
	const struct nt_field *field;

	if (!name_fits(request, "fields", item->key))
		return false;
	change->name = item->key;
	change->field = nt_program_field(program, item->key);
	change->value = NT_NONE;
	if (change->field < 0) {
		change->json = item->type == NT_JSON_NULL ? NULL : as_json(request->arena, item);
		if (strcmp(item->key, "tags") == 0)
			return value_fits(request, "", item, NT_TYPE_LIST, NULL, lead->zone, &change->value);
		return undeclared_fits(request, "", item) && room_for(request, lead, item);
	}
	field = &program->fields[change->field];
	if (change->field == NT_FIELD_ID)
		return (item->type == NT_JSON_TEXT && strcmp(item->text, request->lead) == 0) ||
		       invalid(request, "id", "id: a lead's id can't be changed");
	if (item->type == NT_JSON_NULL)
		return true;
	if (!value_fits(request, "", item, field->type, field->one_of, lead->zone, &change->value))
		return false;
	if (change->field == NT_FIELD_TIME_ZONE && program->zones->find(program->zones, change->value.text) == NULL)
		return invalid(request, "time_zone", "time_zone: there is no time zone '%s'", change->value.text);
	return true;
}

/* What comes with its fields counts when campaigns ask for it in that same step, and is recorded as such in a step of
 * its own right after. A no by a lead that exists waits for that step, which knows what it ends. */
static void grant_ahead(struct nt_batch *turn, struct nt_turn_lead *tl, const struct nt_json *consents)
{
	const struct nt_json *item;

	for (item = consents != NULL ? consents->first : NULL; item != NULL; item = item->next) {
		struct nt_consent *consent = &tl->lead->consent[nt_program_channel(turn->engine->program, item->key)];

		if (tl->lead->exists && !item->boolean)
			continue;
		consent->state = item->boolean ? NT_CONSENT_GIVEN : NT_CONSENT_REFUSED;
		consent->at = turn->now;
	}
}

static void request_fields(struct nt_batch *turn, struct nt_request *request, struct nt_turn_lead *tl)
{
	struct nt_input *input = input_new(turn, request, NT_INPUT_FIELDS);
	const struct nt_json *consents = NULL;
	struct nt_field_change *changes;

	if (request->json == NULL || request->json->type != NT_JSON_OBJECT) {
		nt_request_refuse(request, NT_ANSWER_INVALID, NULL, "a lead's fields must be an object");
		return;
	}
	if (request->json->n > FIELDS_MOST) {
		nt_request_refuse(request, NT_ANSWER_INVALID, NULL, "more than %u fields", FIELDS_MOST);
		return;
	}
	changes = nt_arena_array(request->arena, struct nt_field_change, request->json->n);
	for (const struct nt_json *item = request->json->first; item != NULL; item = item->next) {
		if (strcmp(item->key, "consent") == 0 && nt_program_field(turn->engine->program, "consent") < 0) {
			if (!consent_fits(turn, request, item))
				return;
			consents = item;
			continue;
		}
		if (!read_field(turn, request, tl->lead, item, &changes[input->fields.n]))
			return;
		if (changes[input->fields.n].field != NT_FIELD_ID)
			input->fields.n++;
	}
	input->fields.replace = request->replace;
	input->fields.changes = changes;
	grant_ahead(turn, tl, consents);
	nt_turn_step(turn, tl, input);
	step_consents(turn, request, tl, consents, "api");
}

/* ---- the rest ---- */

static void request_consent(struct nt_batch *turn, struct nt_request *request, struct nt_turn_lead *tl)
{
	struct nt_input *input = input_new(turn, request, NT_INPUT_CONSENT);

	input->consent.channel = -1;
	if (request->given && (request->channel == NULL || request->channel[0] == '\0')) {
		nt_request_refuse(request, NT_ANSWER_INVALID, "channel",
		                  "channel: is missing (consent is given for one channel; a refusal may be for all)");
		return;
	}
	if (request->channel != NULL && request->channel[0] != '\0') {
		input->consent.channel = nt_program_channel(turn->engine->program, request->channel);
		if (input->consent.channel < 0) {
			nt_request_refuse(request, NT_ANSWER_INVALID, "channel", "channel: there is no channel '%s'",
			                  request->channel);
			return;
		}
	}
	input->consent.given = request->given;
	input->consent.how = nt_arena_strdup(turn->arena, request->how);
	input->consent.from = nt_arena_strdup(turn->arena, request->from);
	nt_turn_step(turn, tl, input);
}

static void request_campaign(struct nt_batch *turn, struct nt_request *request, struct nt_turn_lead *tl)
{
	struct nt_input *input = input_new(turn, request, request->input_kind);
	int campaign = request->campaign != NULL ? nt_program_campaign(turn->engine->program, request->campaign) : -1;

	if (campaign < 0) {
		nt_request_refuse(request, NT_ANSWER_INVALID, "campaign", "campaign: there is no campaign '%s'",
		                  request->campaign != NULL ? request->campaign : "");
		return;
	}
	input->start.campaign = campaign;
	input->start.key = request->key != NULL ? nt_arena_strdup(turn->arena, request->key) : "";
	nt_turn_step(turn, tl, input);
}

const char *nt_request_lead(struct nt_request *request)
{
	if (request->kind != NT_REQUEST_INPUT && request->kind != NT_REQUEST_SALES)
		return NULL;
	if (request->lead == NULL && request->kind == NT_REQUEST_INPUT && request->input_kind == NT_INPUT_EVENT)
		request->lead = nt_json_text(request->json, "lead");
	if (request->lead == NULL)
		nt_request_refuse(request, NT_ANSWER_INVALID, "lead", "lead: is missing");
	else if (!nt_lead_id_valid(request->lead))
		nt_request_refuse(request, NT_ANSWER_INVALID, "lead",
		                  "lead: an id is 1 to %d bytes of UTF-8 without control characters and without "
		                  "blanks at its ends",
		                  NT_LEAD_ID_LONGEST);
	else
		return request->lead;
	return NULL;
}

void nt_request_input(struct nt_batch *turn, struct nt_request *request, struct nt_turn_lead *tl)
{
	if (tl->lead == NULL) {
		nt_request_refuse(request, NT_ANSWER_FAILED, "lead", "what is stored of this lead can't be read: %s",
		                  tl->broken);
		return;
	}
	if (!tl->lead->exists && request->input_kind != NT_INPUT_EVENT && request->input_kind != NT_INPUT_FIELDS) {
		nt_request_refuse(request, NT_ANSWER_NOT_FOUND, "lead", "there is no lead '%s'", tl->id);
		return;
	}
	switch (request->input_kind) {
	case NT_INPUT_EVENT:
		request_event(turn, request, tl);
		break;
	case NT_INPUT_FIELDS:
		request_fields(turn, request, tl);
		break;
	case NT_INPUT_CONSENT:
		request_consent(turn, request, tl);
		break;
	case NT_INPUT_START:
	case NT_INPUT_STOP:
		request_campaign(turn, request, tl);
		break;
	case NT_INPUT_ERASE:
		nt_turn_step(turn, tl, input_new(turn, request, NT_INPUT_ERASE));
		break;
	default:
		nt_request_refuse(request, NT_ANSWER_INVALID, NULL, "this can't be asked for");
		break;
	}
}
