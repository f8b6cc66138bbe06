#include "engine/state.h"

#include "base/arena.h"
#include "base/text.h"
#include "base/zone.h"
#include "engine/score.h"
#include "rules/program.h"

#include <string.h>

static const char *const handoff_names[] = {
	[NT_HANDOFF_NONE] = "none",         [NT_HANDOFF_WAITING] = "waiting", [NT_HANDOFF_OFFERED] = "offered",
	[NT_HANDOFF_ACCEPTED] = "accepted", [NT_HANDOFF_WON] = "won",         [NT_HANDOFF_LOST] = "lost",
	[NT_HANDOFF_SENT_BACK] = "sent_back",
};

const char *nt_handoff_name(enum nt_handoff handoff)
{
	return (unsigned)handoff < G_N_ELEMENTS(handoff_names) ? handoff_names[handoff] : "none";
}

static int level_of_zero(const struct nt_program *program)
{
	int level = -1;

	while (level + 1 < (int)program->n_levels && program->levels[level + 1].from <= 0)
		level++;
	return level;
}

struct nt_lead *nt_lead_new(struct nt_arena *arena, const struct nt_program *program, const char *id)
{
	struct nt_lead *lead = nt_arena_new0(arena, struct nt_lead);
	unsigned i;

	lead->arena = arena;
	lead->program = program;
	lead->id = nt_arena_strdup(arena, id);
	memcpy(lead->program_hash, program->hash, sizeof lead->program_hash);
	lead->last = NT_NO_TIME;
	lead->fields = nt_arena_array(arena, struct nt_value, program->n_fields);
	lead->events = nt_arena_array(arena, struct nt_event_stat, program->n_events);
	for (i = 0; i < program->n_events; i++)
		lead->events[i].first = lead->events[i].last = NT_NO_TIME;
	lead->stats = nt_arena_array(arena, struct nt_stat_state, program->n_stats);
	for (i = 0; i < program->n_stats; i++)
		lead->stats[i].last_at = NT_NO_TIME;
	lead->rings = nt_arena_array(arena, struct nt_ring_state, program->n_rings);
	lead->points_rings = nt_arena_array(arena, struct nt_ring_state, program->n_engagement);
	lead->watchers = nt_arena_array(arena, bool, program->n_watchers);
	lead->watchers_known = nt_arena_array(arena, bool, program->n_watchers);
	lead->consent = nt_arena_array(arena, struct nt_consent, program->n_channels);
	for (i = 0; i < program->n_channels; i++)
		lead->consent[i].at = NT_NO_TIME;
	lead->engagement.t0 = NT_NO_TIME;
	lead->level = level_of_zero(program);
	lead->stage = "lead";
	lead->handoff_since = lead->handoff_closed = lead->ready_quiet_until = NT_NO_TIME;
	lead->due = NT_NEVER;
	lead->calendar = NT_NO_TIME;
	nt_lead_set_zone(lead);
	return lead;
}

struct nt_event_stat nt_lead_event(const struct nt_lead *lead, int event)
{
	if (event < 0 || (unsigned)event >= lead->program->n_events)
		return (struct nt_event_stat){ 0, NT_NO_TIME, NT_NO_TIME };
	return lead->events[event];
}

struct nt_campaign_state *nt_lead_campaign(const struct nt_lead *lead, const char *name)
{
	struct nt_campaign_state *state;

	for (state = lead->campaigns; state != NULL; state = state->next)
		if (strcmp(state->name, name) == 0)
			return state;
	return NULL;
}

struct nt_template_stat *nt_lead_template(const struct nt_lead *lead, const char *name)
{
	struct nt_template_stat *stat;

	for (stat = lead->templates; stat != NULL; stat = stat->next)
		if (strcmp(stat->name, name) == 0)
			return stat;
	return NULL;
}

const struct nt_run *nt_lead_run(const struct nt_lead *lead, int campaign, const char *key)
{
	const struct nt_run *run;

	for (run = lead->runs; run != NULL; run = run->next)
		if (run->campaign == campaign && (key == NULL || strcmp(run->key, key) == 0))
			return run;
	return NULL;
}

bool nt_lead_put_run(struct nt_lead *lead, struct nt_run *run)
{
	struct nt_run **link;

	for (link = &lead->runs; *link != NULL; link = &(*link)->next) {
		int order = (*link)->campaign != run->campaign ? (*link)->campaign - run->campaign
		                                               : strcmp((*link)->key, run->key);

		if (order == 0)
			return false;
		if (order > 0)
			break;
	}
	run->next = *link;
	*link = run;
	return true;
}

const char *nt_lead_address(const struct nt_lead *lead, int channel)
{
	const struct nt_value *value;
	int field;

	if (channel < 0 || (unsigned)channel >= lead->program->n_channels)
		return NULL;
	field = lead->program->channels[channel].address_field;
	if (field < 0 || (unsigned)field >= lead->program->n_fields)
		return "";
	value = &lead->fields[field];
	if (!nt_type_is_text(value->type) || value->text[0] == '\0')
		return NULL;
	return value->text;
}

const char *nt_lead_address_key(const struct nt_lead *lead, struct nt_arena *arena, int channel)
{
	const char *address = nt_lead_address(lead, channel);

	if (address == NULL)
		return NULL;
	return nt_address_normalise(arena, lead->program->channels[channel].address_field, address);
}

const char *nt_address_normalise(struct nt_arena *arena, int address_field, const char *address)
{
	GString *out = g_string_new(NULL);
	const char *copy;

	if (address_field == NT_FIELD_PHONE || address_field == NT_FIELD_FAX)
		nt_phone_normalize(out, address);
	else
		nt_email_normalize(out, address);
	copy = nt_arena_strdup(arena, g_strstrip(out->str));
	g_string_free(out, TRUE);
	return copy;
}

bool nt_lead_consents(const struct nt_lead *lead, int channel)
{
	if (channel < 0 || (unsigned)channel >= lead->program->n_channels)
		return false;
	switch (lead->consent[channel].state) {
	case NT_CONSENT_GIVEN:
		return true;
	case NT_CONSENT_REFUSED:
		return false;
	case NT_CONSENT_UNKNOWN:
		break;
	}
	return !lead->program->channels[channel].opt_in;
}

bool nt_lead_reachable(const struct nt_lead *lead, int channel)
{
	return nt_lead_address(lead, channel) != NULL && nt_lead_consents(lead, channel) &&
	       (lead->suppressed == NULL || !lead->suppressed[channel]);
}

void nt_lead_set_zone(struct nt_lead *lead)
{
	const struct nt_program *program = lead->program;
	const struct nt_zones *zones = program->zones;
	const struct nt_zone *zone = NULL;

	if (program->n_fields > NT_FIELD_TIME_ZONE && nt_type_is_text(lead->fields[NT_FIELD_TIME_ZONE].type))
		zone = zones->find(zones, lead->fields[NT_FIELD_TIME_ZONE].text);
	if (zone == NULL && program->policy.time_zone != NULL)
		zone = zones->find(zones, program->policy.time_zone);
	lead->zone = zone != NULL ? zone : zones->utc;
}
