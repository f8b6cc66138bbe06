#include "engine/turn.h"

#include "base/json.h"
#include "rules/value.h"

static const char *const kinds[] = {
	[NT_INPUT_EVENT] = "event",     [NT_INPUT_FIELDS] = "fields",   [NT_INPUT_TIMER] = "timer",
	[NT_INPUT_OUTCOME] = "outcome", [NT_INPUT_CONSENT] = "consent", [NT_INPUT_START] = "start",
	[NT_INPUT_STOP] = "stop",       [NT_INPUT_HANDOFF] = "handoff", [NT_INPUT_LOAD] = "load",
	[NT_INPUT_ERASE] = "erase",     [NT_INPUT_OWNER] = "owner",     [NT_INPUT_TASK] = "task",
};

static const char *const outcomes[] = {
	[NT_OUTCOME_SENT] = "sent",         [NT_OUTCOME_DELIVERED] = "delivered", [NT_OUTCOME_OPENED] = "opened",
	[NT_OUTCOME_CLICKED] = "clicked",   [NT_OUTCOME_REPLIED] = "replied",     [NT_OUTCOME_BOUNCED] = "bounced",
	[NT_OUTCOME_FAILED] = "failed",     [NT_OUTCOME_COMPLAINED] = "complained",
	[NT_OUTCOME_UNSUBSCRIBED] = "unsubscribed", [NT_OUTCOME_CONFIRMED] = "confirmed",
};

static void put_text(struct nt_json_writer *w, const char *key, const char *text)
{
	if (text != NULL && text[0] != '\0')
		nt_json_put_text(w, key, text);
}

static void put_value(struct nt_json_writer *w, const char *key, const struct nt_value *value)
{
	GString *text;

	if (nt_type_is_text(value->type)) {
		nt_json_put_text(w, key, value->text);
		return;
	}
	if (value->type == NT_TYPE_NUMBER) {
		nt_json_put_number(w, key, value->number);
		return;
	}
	text = g_string_new(NULL);
	nt_value_to_json(value, text);
	nt_json_put_raw(w, key, text->str);
	g_string_free(text, TRUE);
}

static void put_event(struct nt_json_writer *w, const struct nt_input *input)
{
	const struct nt_event *event = &input->event;

	nt_json_put_text(w, "event", event->name);
	put_text(w, "source", event->source);
	put_text(w, "id", event->id);
	if (event->at != input->now)
		nt_json_put_time(w, "at", event->at);
	if (event->n_properties == 0)
		return;
	nt_json_object(w, "properties");
	for (unsigned i = 0; i < event->n_properties; i++)
		put_value(w, event->properties[i].name, &event->properties[i].value);
	nt_json_end_object(w);
}

static void put_fields(struct nt_json_writer *w, const struct nt_input *input)
{
	if (input->fields.replace)
		nt_json_put_bool(w, "replace", true);
	nt_json_object(w, "fields");
	for (unsigned i = 0; i < input->fields.n; i++) {
		const struct nt_field_change *change = &input->fields.changes[i];

		if (change->field < 0)
			nt_json_put_raw(w, change->name, change->json != NULL ? change->json : "null");
		else
			put_value(w, change->name, &change->value);
	}
	nt_json_end_object(w);
}

static void put_input(struct nt_json_writer *w, const struct nt_input *input)
{
	nt_json_object(w, "input");
	nt_json_put_text(w, "kind", kinds[input->kind]);
	switch (input->kind) {
	case NT_INPUT_EVENT:
		put_event(w, input);
		break;
	case NT_INPUT_FIELDS:
		put_fields(w, input);
		break;
	case NT_INPUT_OUTCOME:
		nt_json_put_text(w, "outcome", outcomes[input->outcome.outcome]);
		put_text(w, "message", input->outcome.message);
		put_text(w, "channel", input->outcome.channel);
		put_text(w, "template", input->outcome.template_name);
		put_text(w, "detail", input->outcome.detail);
		break;
	case NT_INPUT_CONSENT:
		nt_json_put_int(w, "channel", input->consent.channel);
		nt_json_put_bool(w, "given", input->consent.given);
		put_text(w, "how", input->consent.how);
		put_text(w, "from", input->consent.from);
		break;
	case NT_INPUT_START:
	case NT_INPUT_STOP:
		nt_json_put_int(w, "campaign", input->start.campaign);
		put_text(w, "key", input->start.key);
		break;
	case NT_INPUT_HANDOFF:
		nt_json_put_text(w, "state", nt_handoff_name(input->handoff.state));
		put_text(w, "rep", input->handoff.rep);
		put_text(w, "reason", input->handoff.reason);
		break;
	case NT_INPUT_OWNER:
		put_text(w, "rep", input->handoff.rep);
		break;
	case NT_INPUT_TASK:
		put_text(w, "template", input->task.template_name);
		put_text(w, "rep", input->task.rep);
		break;
	case NT_INPUT_TIMER:
	case NT_INPUT_LOAD:
	case NT_INPUT_ERASE:
		break;
	}
	put_text(w, "cause", input->cause);
	nt_json_end_object(w);
}

static void put_message(struct nt_json_writer *w, const struct nt_message *message)
{
	nt_json_object(w, "message");
	nt_json_put_text(w, "id", message->id);
	nt_json_put_text(w, "channel", message->channel);
	nt_json_put_text(w, "template", message->template_name);
	put_text(w, "to", message->address);
	put_text(w, "rep", message->rep);
	nt_json_end_object(w);
}

static void put_effect(struct nt_json_writer *w, const struct nt_effect *effect, nt_time at)
{
	nt_json_object(w, NULL);
	put_text(w, "what", effect->what);
	if (effect->at != at)
		nt_json_put_time(w, "at", effect->at);
	put_text(w, "campaign", effect->campaign);
	put_text(w, "key", effect->key);
	put_text(w, "step", effect->step);
	put_text(w, "detail", effect->detail);
	if (effect->message != NULL)
		put_message(w, effect->message);
	put_text(w, "id", effect->id);
	put_text(w, "channel", effect->channel);
	put_text(w, "template", effect->template_name);
	nt_json_end_object(w);
}

void nt_log_body(const struct nt_input *input, const struct nt_effects *effects, GString *out)
{
	struct nt_json_writer w;

	nt_json_begin(&w, out);
	nt_json_object(&w, NULL);
	put_input(&w, input);
	nt_json_array(&w, "effects");
	for (const struct nt_effect *effect = effects->first; effect != NULL; effect = effect->next)
		if (effect->kind != NT_EFFECT_TASKS_END)
			put_effect(&w, effect, input->now);
	nt_json_end_array(&w);
	nt_json_end_object(&w);
}

void nt_log_body_task(const struct nt_task_note *note, GString *out)
{
	struct nt_json_writer w;

	nt_json_begin(&w, out);
	nt_json_object(&w, NULL);
	nt_json_object(&w, "input");
	nt_json_put_text(&w, "kind", "tasks");
	nt_json_end_object(&w);
	nt_json_array(&w, "effects");
	nt_json_object(&w, NULL);
	nt_json_put_text(&w, "what", note->what);
	put_text(&w, "campaign", note->campaign);
	put_text(&w, "key", note->key);
	put_text(&w, "step", note->step);
	nt_json_put_text(&w, "detail", note->detail);
	nt_json_end_object(&w);
	nt_json_end_array(&w);
	nt_json_end_object(&w);
}

void nt_log_body_rep(const struct nt_message *message, GString *out)
{
	struct nt_json_writer w;

	nt_json_begin(&w, out);
	nt_json_object(&w, NULL);
	nt_json_object(&w, "input");
	nt_json_put_text(&w, "kind", "sales");
	nt_json_end_object(&w);
	nt_json_array(&w, "effects");
	nt_json_object(&w, NULL);
	nt_json_put_text(&w, "what", "rep.told");
	nt_json_put_text(&w, "detail", message->why);
	put_message(&w, message);
	nt_json_end_object(&w);
	nt_json_end_array(&w);
	nt_json_end_object(&w);
}
