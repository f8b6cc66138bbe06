/* Changes of what a lead is: fields, tags, stage. */
#include "engine/instant.h"

#include "base/arena.h"
#include "base/civil.h"
#include "base/text.h"

#include <string.h>

void nt_change_create(struct nt_instant *in)
{
	struct nt_lead *lead = in->lead;
	unsigned i;

	if (lead->exists)
		return;
	lead->exists = true;
	if (in->program->n_fields > NT_FIELD_CREATED_AT) {
		lead->fields[NT_FIELD_ID] = NT_TEXT_VALUE(lead->id);
		lead->fields[NT_FIELD_CREATED_AT] = NT_TIME_VALUE(in->now);
	}
	for (i = 0; i < in->program->n_watchers; i++)
		lead->watchers_known[i] = true; /* and false: what is true at creation turns true */
	nt_instant_note(in, NULL, "lead.created", in->cause);
	nt_instant_raise(in, "lead.created", NULL, 0);
}

static bool is_address(const struct nt_program *program, int field)
{
	unsigned i;

	for (i = 0; i < program->n_channels; i++)
		if (program->channels[i].address_field == field)
			return true;
	return false;
}

/* Written in another way, it is the same still. */
static bool same_address(struct nt_instant *in, int field, const struct nt_value *a, const struct nt_value *b)
{
	return nt_type_is_text(a->type) && nt_type_is_text(b->type) &&
	       strcmp(nt_address_normalise(in->arena, field, a->text),
	              nt_address_normalise(in->arena, field, b->text)) == 0;
}

/* What follows from a field's new value. */
static void follow(struct nt_instant *in, int field, const struct nt_value *before)
{
	struct nt_lead *lead = in->lead;
	const struct nt_zone *zone = lead->zone;

	if (field == NT_FIELD_TIME_ZONE) {
		nt_lead_set_zone(lead);
		if (lead->zone != zone)
			nt_wait_rezone(in);
	}
	if (is_address(in->program, field) && !same_address(in, field, before, &lead->fields[field]))
		lead->bounced_hard = false; /* it was the address that bounced */
}

static bool put(struct nt_instant *in, int field, const struct nt_value *value)
{
	struct nt_value *place = &in->lead->fields[field], before = *place;

	if (field == NT_FIELD_ID || (field == NT_FIELD_CREATED_AT && value->type == NT_TYPE_NONE))
		return false; /* a lead has them for ever */
	if (nt_value_equal(place, value))
		return false;
	*place = nt_value_copy(in->arena, value);
	follow(in, field, &before);
	return true;
}

static bool put_extra(struct nt_instant *in, const char *name, const char *json)
{
	struct nt_extra_field **link = &in->lead->extra_fields;

	while (*link != NULL && strcmp((*link)->name, name) != 0)
		link = &(*link)->next;
	if (json == NULL || strcmp(json, "null") == 0) {
		if (*link == NULL)
			return false;
		*link = (*link)->next;
		return true;
	}
	if (*link == NULL) {
		*link = nt_arena_new0(in->arena, struct nt_extra_field);
		(*link)->name = nt_arena_strdup(in->arena, name);
	} else if (strcmp((*link)->json, json) == 0) {
		return false;
	}
	(*link)->json = nt_arena_strdup(in->arena, json);
	return true;
}

static bool put_tags(struct nt_instant *in, const struct nt_value *value)
{
	bool changed = false;
	unsigned i;

	for (i = 0; value->type == NT_TYPE_LIST && i < value->list.n; i++)
		changed |= nt_change_tag(in, value->list.items[i], true);
	for (i = in->lead->n_tags; i-- > 0;) {
		unsigned k = 0, n = value->type == NT_TYPE_LIST ? value->list.n : 0;

		while (k < n && strcmp(value->list.items[k], in->lead->tags[i]) != 0)
			k++;
		if (k == n)
			changed |= nt_change_tag(in, in->lead->tags[i], false);
	}
	return changed;
}

/* PUT: what isn't named goes. */
static bool drop_others(struct nt_instant *in, const struct nt_input *input)
{
	struct nt_lead *lead = in->lead;
	bool *named = nt_arena_array(in->arena, bool, in->program->n_fields);
	struct nt_extra_field *extra;
	bool changed = false;
	unsigned i;

	for (i = 0; i < input->fields.n; i++)
		if (input->fields.changes[i].field >= 0)
			named[input->fields.changes[i].field] = true;
	for (i = 0; i < in->program->n_fields; i++)
		if (!named[i] && lead->fields[i].type != NT_TYPE_NONE)
			changed |= put(in, (int)i, &NT_NONE);
	for (extra = lead->extra_fields; extra != NULL; extra = extra->next) {
		for (i = 0; i < input->fields.n; i++)
			if (strcmp(input->fields.changes[i].name, extra->name) == 0)
				break;
		if (i == input->fields.n)
			changed |= put_extra(in, extra->name, NULL);
	}
	return changed;
}

void nt_change_fields(struct nt_instant *in, const struct nt_input *input)
{
	bool fresh = !in->lead->exists, changed = false;
	unsigned i;

	nt_change_create(in);
	if (input->fields.replace)
		changed |= drop_others(in, input);
	for (i = 0; i < input->fields.n; i++) {
		const struct nt_field_change *change = &input->fields.changes[i];

		if (change->field >= 0)
			changed |= put(in, change->field, &change->value);
		else if (strcmp(change->name, "tags") == 0)
			changed |= put_tags(in, &change->value);
		else
			changed |= put_extra(in, change->name, change->json);
	}
	if (fresh || !changed)
		return;
	nt_instant_note(in, NULL, "lead.changed", in->cause);
	nt_instant_raise(in, "lead.changed", NULL, 0);
}

/* An expression's value as a field takes it: a time becomes the local date and a date its midnight. */
static struct nt_value fit(struct nt_instant *in, struct nt_value value, enum nt_type type)
{
	struct nt_civil civil = { 0 };

	if (value.type == type || value.type == NT_TYPE_NONE)
		return value;
	if (nt_type_is_text(value.type) && nt_type_is_text(type)) {
		value.type = type;
		return value;
	}
	if (value.type == NT_TYPE_TIME && type == NT_TYPE_DATE && value.time != NT_NEVER && value.time != NT_NO_TIME) {
		civil = nt_civil_at(in->lead->zone, value.time);
		return (struct nt_value){ .type = NT_TYPE_DATE,
			                  .date = nt_civil_days(civil.year, civil.month, civil.day) };
	}
	if (value.type == NT_TYPE_DATE && type == NT_TYPE_TIME) {
		nt_civil_from_days(value.date, &civil.year, &civil.month, &civil.day);
		return NT_TIME_VALUE(nt_civil_instant(in->lead->zone, &civil));
	}
	return NT_NONE;
}

/* Why a field can't have a text that was worked out, as the API's door asks of what comes in: NULL if it can. */
static const char *refused(const struct nt_instant *in, int slot, const struct nt_value *value)
{
	const struct nt_field *field = &in->program->fields[slot];
	const char *const *choice = field->one_of;

	if (!nt_type_is_text(value->type))
		return NULL;
	if (field->type == NT_TYPE_EMAIL && !nt_email_valid(value->text))
		return "no email address";
	if (field->type == NT_TYPE_PHONE && !nt_phone_valid(value->text))
		return "no telephone number";
	if (slot == NT_FIELD_TIME_ZONE && in->program->zones->find(in->program->zones, value->text) == NULL)
		return "no time zone";
	while (choice != NULL && *choice != NULL && strcmp(*choice, value->text) != 0)
		choice++;
	return choice != NULL && *choice == NULL ? "none of its values" : NULL;
}

void nt_change_set(struct nt_instant *in, const struct nt_run *run, const struct nt_step *step)
{
	struct nt_eval_context context = { .lead = in->lead, .now = in->now, .event = run->hand, .run = run };
	bool changed = false;
	unsigned i;

	for (i = 0; i < step->n_assignments; i++) {
		const struct nt_assignment *assignment = &step->assignments[i];
		struct nt_value value = assignment->literal;
		const char *why;

		if (assignment->field < 0)
			continue;
		if (assignment->expr != NULL)
			value = nt_eval(assignment->expr, &context).value;
		value = fit(in, value, in->program->fields[assignment->field].type);
		why = refused(in, assignment->field, &value);
		if (why != NULL) {
			why = nt_arena_join(in->arena, assignment->name, ": that is ", why, NULL);
			nt_instant_note(in, run, "set.refused", why);
			continue;
		}
		if (!put(in, assignment->field, &value))
			continue;
		changed = true;
		nt_instant_note(in, run, "set", assignment->name);
	}
	if (!changed)
		return;
	in->changed = true;
	nt_points_refresh(in);
	nt_instant_raise(in, "lead.changed", NULL, 0);
}

bool nt_change_tag(struct nt_instant *in, const char *tag, bool there)
{
	struct nt_lead *lead = in->lead;
	const char **tags;
	unsigned i, n = 0, at = 0;
	bool found;

	while (at < lead->n_tags && strcmp(lead->tags[at], tag) < 0)
		at++;
	found = at < lead->n_tags && strcmp(lead->tags[at], tag) == 0;
	if (found == there)
		return false;
	tags = nt_arena_array(in->arena, const char *, lead->n_tags + 1);
	for (i = 0; i < at; i++)
		tags[n++] = lead->tags[i];
	if (there)
		tags[n++] = nt_arena_strdup(in->arena, tag);
	else
		i++;
	for (; i < lead->n_tags; i++)
		tags[n++] = lead->tags[i];
	lead->n_tags = n;
	lead->tags = tags;
	in->changed = true;
	return true;
}

bool nt_change_stage(struct nt_instant *in, const struct nt_run *run, const char *stage)
{
	if (strcmp(in->lead->stage, stage) == 0)
		return false;
	in->lead->stage = nt_arena_strdup(in->arena, stage);
	in->changed = true;
	nt_instant_note(in, run, "stage", in->lead->stage);
	return true;
}
