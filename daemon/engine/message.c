/* A message as it is released: its id, where it goes, and the values that it is written with, frozen. */
#include "engine/instant.h"

#include "base/arena.h"
#include "base/json.h"
#include "engine/rep.h"
#include "template/message.h"

#include <string.h>

static const char *text_field(const struct nt_lead *lead, int field)
{
	const struct nt_value *value;

	if ((unsigned)field >= lead->program->n_fields)
		return NULL;
	value = &lead->fields[field];
	return nt_type_is_text(value->type) && value->text[0] != '\0' ? value->text : NULL;
}

static const char *decimal(struct nt_arena *arena, int64_t n)
{
	char digits[24];
	GString text = { digits, 0, sizeof digits }; /* no number is so long that it would grow */

	nt_int_print(n, &text);
	return nt_arena_strdup(arena, digits);
}

/* 32 hex digits of SHA-256(lead LF campaign LF key LF entry LF its instant LF step LF attempt). A lead that was erased
 * and comes back counts its entries from 1 again; its messages are others all the same. */
const char *nt_message_make_id(struct nt_instant *in, const struct nt_run *run, const struct nt_step *step)
{
	GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA256);
	const char *const parts[] = {
		in->lead->id, in->program->campaigns[run->campaign].name, run->key,
		decimal(in->arena, run->entry),
		decimal(in->arena, run->entered), step->identity,
		decimal(in->arena, run->released),
	};
	const char *id;
	unsigned i;

	for (i = 0; i < G_N_ELEMENTS(parts); i++) {
		if (i > 0)
			g_checksum_update(sum, (const guchar *)"\n", 1);
		g_checksum_update(sum, (const guchar *)parts[i], (gssize)strlen(parts[i]));
	}
	id = nt_arena_strndup(in->arena, g_checksum_get_string(sum), 32);
	g_checksum_free(sum);
	return id;
}

static const char *full_name(struct nt_instant *in)
{
	const char *first = text_field(in->lead, NT_FIELD_FIRST_NAME), *last = text_field(in->lead, NT_FIELD_LAST_NAME);

	if (first != NULL && last != NULL)
		return nt_arena_printf(in->arena, "%s %s", first, last);
	return first != NULL ? first : last;
}

static void put_value(struct nt_json_writer *w, GString *scratch, const char *key, const struct nt_value *value)
{
	if (value->type == NT_TYPE_NONE)
		return;
	g_string_truncate(scratch, 0);
	nt_value_to_json(value, scratch);
	nt_json_put_raw(w, key, scratch->str);
}

static void put_properties(struct nt_json_writer *w, GString *scratch, const char *key,
                           const struct nt_property_value *properties, unsigned n)
{
	unsigned i;

	nt_json_object(w, key);
	for (i = 0; i < n; i++)
		put_value(w, scratch, properties[i].name, &properties[i].value);
	nt_json_end_object(w);
}

/* The names beside the lead's own fields. Who comes last wins, and the others are left out, since a key stands once:
 * fields, these, what the step gives. */
static const char *const taken[] = { "score", "fit", "engagement", "level", "stage", "tags", "owner", "sender", "event",
	                             "entry" };

static bool is_given(const struct nt_step *with, const char *name)
{
	unsigned i;

	for (i = 0; with != NULL && i < with->n_assignments; i++)
		if (strcmp(with->assignments[i].name, name) == 0)
			return true;
	return false;
}

static bool is_taken(const char *name, const struct nt_step *with)
{
	unsigned i;

	for (i = 0; i < G_N_ELEMENTS(taken); i++)
		if (strcmp(taken[i], name) == 0)
			return true;
	return is_given(with, name);
}

static void put_owner(struct nt_json_writer *w, const struct nt_lead *lead, const struct nt_step *with)
{
	int slot = lead->owner != NULL ? nt_program_rep(lead->program, lead->owner) : -1;
	const struct nt_rep *rep;

	if (slot < 0 || is_given(with, "owner"))
		return;
	rep = &lead->program->sales.reps[slot];
	nt_json_object(w, "owner");
	nt_json_put_text(w, "id", rep->name);
	nt_json_put_text(w, "name", rep->full_name != NULL ? rep->full_name : rep->name);
	if (rep->email != NULL)
		nt_json_put_text(w, "email", rep->email);
	if (rep->phone != NULL)
		nt_json_put_text(w, "phone", rep->phone);
	nt_json_end_object(w);
}

static void put_standing(struct nt_instant *in, struct nt_json_writer *w, const struct nt_step *with)
{
	const struct nt_lead *lead = in->lead;
	nt_time half_life = in->program->half_life;
	unsigned i;

	if (!is_given(with, "score"))
		nt_json_put_int(w, "score", nt_score_points(&lead->engagement, lead->fit, in->now, half_life));
	if (!is_given(with, "fit"))
		nt_json_put_int(w, "fit", nt_number_round(lead->fit));
	if (!is_given(with, "engagement"))
		nt_json_put_int(w, "engagement", nt_engagement_points(&lead->engagement, in->now, half_life));
	if (lead->level >= 0 && !is_given(with, "level"))
		nt_json_put_text(w, "level", in->program->levels[lead->level].name);
	if (!is_given(with, "stage"))
		nt_json_put_text(w, "stage", lead->stage);
	if (is_given(with, "tags"))
		return;
	nt_json_array(w, "tags");
	for (i = 0; i < lead->n_tags; i++)
		nt_json_put_text(w, NULL, lead->tags[i]);
	nt_json_end_array(w);
}

static void put_fields(const struct nt_lead *lead, struct nt_json_writer *w, GString *scratch,
                       const struct nt_step *with)
{
	unsigned i;

	for (i = 0; i < lead->program->n_fields; i++)
		if (lead->fields[i].type != NT_TYPE_NONE && !is_taken(lead->program->fields[i].name, with))
			put_value(w, scratch, lead->program->fields[i].name, &lead->fields[i]);
}

static void put_sender(const struct nt_policy *policy, struct nt_json_writer *w)
{
	nt_json_object(w, "sender");
	if (policy->sender_name != NULL)
		nt_json_put_text(w, "name", policy->sender_name);
	if (policy->sender_email != NULL)
		nt_json_put_text(w, "email", policy->sender_email);
	if (policy->sender_address != NULL)
		nt_json_put_text(w, "address", policy->sender_address);
	if (policy->sender_phone != NULL)
		nt_json_put_text(w, "phone", policy->sender_phone);
	nt_json_end_object(w);
}

static void put_with(struct nt_instant *in, struct nt_json_writer *w, GString *scratch, const struct nt_run *run,
                     const struct nt_step *step)
{
	struct nt_eval_context context = { .lead = in->lead, .now = in->now, .event = run->hand, .run = run };
	unsigned i;

	for (i = 0; i < step->n_assignments; i++) {
		const struct nt_assignment *assignment = &step->assignments[i];
		struct nt_value value = assignment->literal;

		if (assignment->expr != NULL)
			value = nt_eval(assignment->expr, &context).value;
		put_value(w, scratch, assignment->name, &value);
	}
}

static const char *finish(struct nt_instant *in, GString *out, GString *scratch)
{
	const char *text = nt_arena_strndup(in->arena, out->str, out->len);

	g_string_free(out, TRUE);
	g_string_free(scratch, TRUE);
	return text;
}

static const char *freeze(struct nt_instant *in, const struct nt_run *run, const struct nt_step *step)
{
	GString *out = g_string_sized_new(512), *scratch = g_string_new(NULL);
	struct nt_json_writer w;

	nt_json_begin(&w, out);
	nt_json_object(&w, NULL);
	put_fields(in->lead, &w, scratch, step);
	put_standing(in, &w, step);
	put_owner(&w, in->lead, step);
	if (!is_given(step, "sender"))
		put_sender(&in->program->policy, &w);
	if (run->hand != NULL && !is_given(step, "event"))
		put_properties(&w, scratch, "event", run->hand->properties, run->hand->n_properties);
	if (run->n_entry_properties > 0 && !is_given(step, "entry"))
		put_properties(&w, scratch, "entry", run->entry_properties, run->n_entry_properties);
	put_with(in, &w, scratch, run, step);
	nt_json_end_object(&w);
	return finish(in, out, scratch);
}

/* The lead, where it stands, and why its score is what it is. */
static void put_lead(struct nt_instant *in, struct nt_json_writer *w, GString *scratch)
{
	const struct nt_lead *lead = in->lead;
	const struct nt_eval_context context = { .lead = lead, .now = in->now };
	const struct nt_score_reason *reason;
	unsigned i;

	nt_json_object(w, "lead");
	put_fields(lead, w, scratch, NULL);
	nt_json_end_object(w);
	put_standing(in, w, NULL);
	nt_json_array(w, "why");
	for (i = 0; i < in->program->n_fit; i++) {
		nt_number points = nt_fit_points(&in->program->fit[i], &context, NULL);

		if (points == 0)
			continue;
		nt_json_object(w, NULL);
		nt_json_put_number(w, "points", points);
		nt_json_put_text(w, "reason", in->program->fit[i].reason);
		nt_json_end_object(w);
	}
	for (reason = lead->reasons; reason != NULL; reason = reason->next) {
		nt_json_object(w, NULL);
		nt_json_put_number(w, "points", reason->points);
		nt_json_put_text(w, "reason", reason->reason);
		nt_json_put_int(w, "times", reason->times);
		nt_json_end_object(w);
	}
	nt_json_end_array(w);
}

const char *nt_message_lead_values(struct nt_instant *in)
{
	GString *out = g_string_sized_new(512), *scratch = g_string_new(NULL);
	struct nt_json_writer w;

	nt_json_begin(&w, out);
	nt_json_object(&w, NULL);
	put_lead(in, &w, scratch);
	nt_json_end_object(&w);
	return finish(in, out, scratch);
}

static void put_run(struct nt_instant *in, struct nt_json_writer *w, GString *scratch, const struct nt_run *run)
{
	nt_json_put_text(w, "campaign", in->program->campaigns[run->campaign].title);
	if (run->hand != NULL)
		put_properties(w, scratch, "event", run->hand->properties, run->hand->n_properties);
	if (run->n_entry_properties > 0)
		put_properties(w, scratch, "entry", run->entry_properties, run->n_entry_properties);
	put_owner(w, in->lead, NULL);
}

const char *nt_message_run_values(struct nt_instant *in, const struct nt_run *run)
{
	GString *out = g_string_sized_new(512), *scratch = g_string_new(NULL);
	struct nt_json_writer w;

	nt_json_begin(&w, out);
	nt_json_object(&w, NULL);
	put_lead(in, &w, scratch);
	put_run(in, &w, scratch, run);
	nt_json_end_object(&w);
	return finish(in, out, scratch);
}

/* As with an offer: the lead, and who is told. */
static const char *rep_values(struct nt_instant *in, const struct nt_run *run, const struct nt_rep *rep)
{
	GString *out = g_string_sized_new(512), *scratch = g_string_new(NULL);
	struct nt_json_writer w;

	nt_json_begin(&w, out);
	nt_json_object(&w, NULL);
	put_lead(in, &w, scratch);
	nt_json_put_text(&w, "occasion", "told");
	nt_json_put_text(&w, "lead_id", in->lead->id);
	nt_rep_put(&w, rep);
	put_run(in, &w, scratch, run);
	nt_json_end_object(&w);
	return finish(in, out, scratch);
}

struct nt_message *nt_message_new_rep(struct nt_instant *in, const struct nt_run *run, const struct nt_step *step,
                                      const struct nt_rep *rep, const char *address)
{
	const struct nt_campaign *campaign = &in->program->campaigns[run->campaign];
	const struct nt_message_template *template = NULL;
	struct nt_message *message = nt_arena_new0(in->arena, struct nt_message);
	const char *channel = in->program->channels[step->channel].name;

	if (in->program->templates != NULL)
		template = nt_template_set_find(in->program->templates, step->name, channel, NULL);
	*message = (struct nt_message){
		.id = nt_message_make_id(in, run, step), .lead = in->lead->id, .rep = rep->name,
		.campaign = campaign->name,
		.key = run->key, .entry = run->entry, .step = step->identity, .channel = channel,
		.template_name = step->name,
		.template_hash = template != NULL ? nt_message_template_hash(template) : "",
		.address = address, .address_name = rep->full_name,
		.values = in->lead->dry ? "" : rep_values(in, run, rep),
		.service = true, .released = nt_time_later(in->now, in->clock),
		.why = nt_arena_join(in->arena, campaign->name, ": step ", step->identity, NULL),
	};
	return message;
}

struct nt_message *nt_message_new(struct nt_instant *in, struct nt_run *run, const struct nt_step *step)
{
	const struct nt_lead *lead = in->lead;
	const struct nt_campaign *campaign = &in->program->campaigns[run->campaign];
	struct nt_message *message = nt_arena_new0(in->arena, struct nt_message);
	const struct nt_message_template *template = NULL;
	const char *address = step->channel >= 0 ? nt_lead_address(lead, step->channel) : NULL;

	message->id = nt_message_make_id(in, run, step);
	message->lead = lead->id;
	message->campaign = campaign->name;
	message->key = run->key;
	message->entry = run->entry;
	message->step = step->identity;
	message->channel = step->kind == NT_STEP_WEBHOOK ? nt_arena_printf(in->arena, NT_WEBHOOK_LANE "%s", step->name)
	                                                 : in->program->channels[step->channel].name;
	message->template_name = step->name;
	message->locale = text_field(lead, NT_FIELD_LOCALE);
	if (in->program->templates != NULL)
		template = nt_template_set_find(in->program->templates, step->name,
		                                step->kind == NT_STEP_WEBHOOK ? "webhook" : message->channel,
		                                message->locale);
	message->template_hash = template != NULL ? nt_message_template_hash(template) : "";
	message->program_hash = in->program->hash;
	message->address = address != NULL ? address : "";
	message->address_name = full_name(in);
	message->values = lead->dry ? "" : freeze(in, run, step);
	message->service = step->service || step->kind == NT_STEP_WEBHOOK;
	message->released = in->now;
	message->zone = lead->zone;
	message->why = nt_arena_join(in->arena, campaign->name, ": step ", step->identity, NULL);
	return message;
}

const char *nt_message_channel(const struct nt_message *message)
{
	return g_str_has_prefix(message->channel, NT_WEBHOOK_LANE) ? "webhook" : message->channel;
}
