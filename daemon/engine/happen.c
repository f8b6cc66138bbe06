/* What happens becomes history: counts, sums, latest values, rings (II.1 (a), II.2, II.4). */
#include "engine/instant.h"

#include "base/arena.h"

#include <string.h>

static void count(struct nt_event_stat *stat, nt_time at)
{
	if (stat->count == 0 || at < stat->first)
		stat->first = at;
	if (stat->count == 0 || at > stat->last)
		stat->last = at;
	stat->count++;
}

static void count_undeclared(struct nt_lead *lead, const char *name, nt_time at)
{
	struct nt_extra_event **link = &lead->extra_events;
	unsigned n = 0;

	for (; *link != NULL; link = &(*link)->next, n++)
		if (strcmp((*link)->name, name) == 0) {
			count(&(*link)->stat, at);
			return;
		}
	if (n >= NT_EVENT_NAMES_KEPT)
		return;
	*link = nt_arena_new0(lead->arena, struct nt_extra_event);
	(*link)->name = nt_arena_strdup(lead->arena, name);
	count(&(*link)->stat, at);
}

static const struct nt_value *property(const struct nt_event *event, const char *name)
{
	unsigned i;

	for (i = 0; i < event->n_properties; i++)
		if (strcmp(event->properties[i].name, name) == 0)
			return &event->properties[i].value;
	return NULL;
}

/* The latest is that of the greatest (at, id); of equal ones the one accepted last. */
static bool is_later(const struct nt_event *event, const struct nt_stat_state *stat)
{
	if (stat->last_at == NT_NO_TIME || event->at != stat->last_at)
		return event->at > stat->last_at;
	return g_strcmp0(event->id, stat->last_id) >= 0;
}

static void keep_stat(struct nt_lead *lead, struct nt_stat_state *stat, const char *name, const struct nt_event *event)
{
	const struct nt_value *value = property(event, name);

	if (value != NULL && value->type == NT_TYPE_NUMBER)
		stat->sum = nt_number_add(stat->sum, value->number);
	if (is_later(event, stat)) {
		stat->last = value != NULL ? nt_value_copy(lead->arena, value) : NT_NONE;
		stat->last_at = event->at;
		stat->last_id = nt_arena_strdup(lead->arena, event->id);
	}
}

static void keep_ring(struct nt_lead *lead, unsigned slot, const struct nt_event *event, nt_time now)
{
	const struct nt_ring *ring = &lead->program->rings[slot];
	const struct nt_value *value = ring->property != NULL ? property(event, ring->property) : NULL;

	if (ring->property != NULL && (value == NULL || value->type != NT_TYPE_NUMBER))
		return;
	nt_ring_expire(&lead->rings[slot], lead->zone, now, ring->duration);
	nt_ring_add(lead->arena, &lead->rings[slot], ring->capacity, event->at, 1, value != NULL ? value->number : 0);
}

void nt_happen_record(struct nt_instant *in, const struct nt_event *event)
{
	const struct nt_program *program = in->program;
	struct nt_lead *lead = in->lead;
	unsigned i;

	if (event->type < 0 || (unsigned)event->type >= program->n_events) {
		count_undeclared(lead, event->name, event->at);
		return;
	}
	count(&lead->events[event->type], event->at);
	for (i = 0; i < program->n_stats; i++)
		if (program->stats[i].event == event->type)
			keep_stat(lead, &lead->stats[i], program->stats[i].property, event);
	for (i = 0; i < program->n_rings; i++)
		if (program->rings[i].event == event->type)
			keep_ring(lead, i, event, in->now);
}

/* ---- what happened before anybody asked ---- */

bool nt_lead_has_gaps(const struct nt_lead *lead, const struct nt_program *from)
{
	const struct nt_program *program = lead->program;
	unsigned i;

	for (i = 0; i < program->n_stats; i++)
		if (nt_program_stat(from, program->stats[i].identity) < 0)
			return true;
	for (i = 0; i < program->n_rings; i++)
		if (nt_program_ring(from, program->rings[i].identity) < 0)
			return true;
	return false;
}

void nt_lead_fill(struct nt_lead *lead, const struct nt_program *from, const struct nt_event *event, nt_time accepted)
{
	const struct nt_program *program = lead->program;
	unsigned i;

	for (i = 0; i < program->n_stats; i++)
		if (program->stats[i].event == event->type && nt_program_stat(from, program->stats[i].identity) < 0)
			keep_stat(lead, &lead->stats[i], program->stats[i].property, event);
	for (i = 0; i < program->n_rings; i++)
		if (program->rings[i].event == event->type && nt_program_ring(from, program->rings[i].identity) < 0)
			keep_ring(lead, i, event, accepted);
}
