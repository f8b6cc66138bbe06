/* Campaigns that a lead is in once for each order, cart or ticket: which run an event is about, and when a lead was in
 * for which key (I.6, II.2, II.5). */
#include "engine/instant.h"

#include "base/arena.h"

#include <string.h>

static const char *as_text(struct nt_arena *arena, const struct nt_value *value)
{
	GString *json;
	const char *text;

	if (nt_type_is_text(value->type))
		return value->text[0] != '\0' ? value->text : NULL;
	if (value->type == NT_TYPE_NONE)
		return NULL;
	json = g_string_new(NULL);
	nt_value_to_json(value, json);
	if (json->len >= 2 && json->str[0] == '"') /* dates and times: nothing in them is escaped */
		text = nt_arena_strndup(arena, json->str + 1, json->len - 2);
	else
		text = nt_arena_strndup(arena, json->str, json->len);
	g_string_free(json, TRUE);
	return text;
}

const char *nt_key_of(struct nt_instant *in, const struct nt_campaign *campaign, const struct nt_event *event)
{
	unsigned i;

	for (i = 0; i < event->n_properties; i++)
		if (strcmp(event->properties[i].name, campaign->per) == 0)
			return as_text(in->arena, &event->properties[i].value);
	return NULL;
}

bool nt_key_matches(struct nt_instant *in, const struct nt_run *run, const struct nt_event *event, bool of_anything)
{
	const struct nt_campaign *campaign = &in->program->campaigns[run->campaign];
	const char *key;

	if (campaign->per == NULL || of_anything)
		return true;
	key = nt_key_of(in, campaign, event);
	return key != NULL && strcmp(key, run->key) == 0;
}

nt_time nt_key_last_entry(const struct nt_lead *lead, const char *campaign, const char *key)
{
	const struct nt_key_state *state;

	for (state = lead->keys; state != NULL; state = state->next)
		if (strcmp(state->key, key) == 0 && strcmp(state->campaign, campaign) == 0)
			return state->last_entry;
	return NT_NO_TIME;
}

/* No longer of use: the campaign takes the key in again by now. One that always does is known at its instant only. */
static bool is_over(const struct nt_instant *in, const struct nt_key_state *state)
{
	int slot = nt_program_campaign(in->program, state->campaign);
	const struct nt_campaign *campaign = slot >= 0 ? &in->program->campaigns[slot] : NULL;

	if (campaign == NULL || campaign->again == NT_AGAIN_NEVER)
		return false;
	if (campaign->again == NT_AGAIN_ALWAYS)
		return state->last_entry != in->now;
	return !nt_time_within(in->lead->zone, state->last_entry, in->now, campaign->again_after);
}

void nt_key_entered(struct nt_instant *in, const struct nt_campaign *campaign, const char *key)
{
	struct nt_key_state **link = &in->lead->keys;
	unsigned n = 0;

	while (*link != NULL) {
		const struct nt_key_state *state = *link;

		if (is_over(in, state) ||
		    (strcmp(state->key, key) == 0 && strcmp(state->campaign, campaign->name) == 0)) {
			*link = state->next;
			continue;
		}
		link = &(*link)->next;
		n++;
	}
	if (campaign->again == NT_AGAIN_ALWAYS && n >= NT_KEYS_KEPT)
		return; /* not at the cost of one that must not come again */
	*link = nt_arena_new0(in->arena, struct nt_key_state);
	(*link)->campaign = campaign->name;
	(*link)->key = key;
	(*link)->last_entry = in->now;
	if (n >= NT_KEYS_KEPT)
		in->lead->keys = in->lead->keys->next;
}
