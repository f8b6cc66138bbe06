#include "engine/eval_inner.h"

#include "base/arena.h"
#include "rules/program.h"

#include <string.h>

static struct nt_result text_or_none(const char *text)
{
	return nt_result_steady(text == NULL ? NT_NONE : NT_TEXT_VALUE(text));
}

static struct nt_result time_or_none(nt_time t)
{
	return nt_result_steady(t == NT_NO_TIME ? NT_NONE : NT_TIME_VALUE(t));
}

/* ---- what is known of the lead ---- */

static struct nt_result property(const struct nt_property_value *properties, unsigned n, const char *name)
{
	for (unsigned i = 0; i < n; i++)
		if (strcmp(properties[i].name, name) == 0)
			return nt_result_steady(properties[i].value);
	return nt_result_none(NT_NEVER);
}

static struct nt_result points(const struct nt_evaluation *v, struct nt_engagement decay, nt_number fit)
{
	nt_time half_life = v->lead->program->half_life;
	int64_t n = nt_score_points(&decay, fit, v->now, half_life);

	return (struct nt_result){ .value = NT_NUMBER_VALUE(nt_number_from_int(n)),
		                   .until = nt_score_next_change(&decay, fit, v->now, half_life) };
}

/* The last level that the score reaches; it changes where the score crosses that level's start or the next one's. */
static struct nt_result level(const struct nt_evaluation *v)
{
	const struct nt_lead *lead = v->lead;
	const struct nt_program *program = lead->program;
	nt_time half_life = program->half_life, until = NT_NEVER;
	int64_t score = nt_score_points(&lead->engagement, lead->fit, v->now, half_life);
	unsigned n = 0;

	while (n < program->n_levels && program->levels[n].from <= score)
		n++;
	for (unsigned i = n == 0 ? 0 : n - 1; i <= n && i < program->n_levels; i++)
		until = nt_time_earlier(until, nt_score_crossing(&lead->engagement, lead->fit, v->now, half_life,
		                                                 program->levels[i].from));
	return n == 0 ? nt_result_none(until) :
	       (struct nt_result){ .value = NT_TEXT_VALUE(program->levels[n - 1].name), .until = until };
}

static struct nt_result standing(const struct nt_evaluation *v, enum nt_standing which)
{
	static const struct nt_engagement nothing = { .t0 = NT_NO_TIME };
	const struct nt_lead *lead = v->lead;

	switch (which) {
	case NT_STANDING_SCORE:
		return points(v, lead->engagement, lead->fit);
	case NT_STANDING_FIT:
		return points(v, nothing, lead->fit);
	case NT_STANDING_ENGAGEMENT:
		return points(v, lead->engagement, 0);
	case NT_STANDING_LEVEL:
		return level(v);
	case NT_STANDING_STAGE:
		return text_or_none(lead->stage);
	case NT_STANDING_OWNER:
		return text_or_none(lead->owner);
	case NT_STANDING_HANDOFF:
		return text_or_none(lead->handoff == NT_HANDOFF_NONE ? NULL : nt_handoff_name(lead->handoff));
	case NT_STANDING_BOUNCED_HARD:
		return nt_result_yes_no(lead->bounced_hard, NT_NEVER);
	case NT_STANDING_COMPLAINED:
		return nt_result_yes_no(lead->complained, NT_NEVER);
	case NT_STANDING_UNSUBSCRIBED:
		return nt_result_yes_no(lead->unsubscribed, NT_NEVER);
	case NT_STANDING_TAGS:
		break;
	}
	return nt_result_steady((struct nt_value){ .type = NT_TYPE_LIST,
	                                           .list = { .items = lead->tags, .n = lead->n_tags } });
}

/* ---- history ---- */

/* It happened, or last happened within the duration. */
static struct nt_result happened(const struct nt_evaluation *v, const struct nt_expr *e, nt_time last)
{
	if (last == NT_NO_TIME)
		return nt_result_yes_no(false, NT_NEVER);
	if (!e->has_duration)
		return nt_result_yes_no(true, NT_NEVER);
	if (!nt_time_within(v->lead->zone, last, v->now, e->duration))
		return nt_result_yes_no(false, last > v->now ? last : NT_NEVER);
	return nt_result_yes_no(true, nt_time_plus(v->lead->zone, last, e->duration));
}

static struct nt_result messaged(const struct nt_evaluation *v, const struct nt_expr *e)
{
	const struct nt_ring_state *releases = &v->lead->releases;

	return happened(v, e, releases->n == 0 ? NT_NO_TIME : releases->entries[releases->n - 1].at);
}

static struct nt_result template_stat(const struct nt_evaluation *v, const struct nt_expr *e)
{
	const struct nt_template_stat *stat = nt_lead_template(v->lead, e->name);

	if (stat == NULL)
		return nt_result_yes_no(false, NT_NEVER);
	return happened(v, e, e->op == NT_OP_RECEIVED ? stat->received : e->op == NT_OP_OPENED ? stat->opened :
	                      e->op == NT_OP_CLICKED ? stat->clicked : stat->replied);
}

static struct nt_result windowed(const struct nt_evaluation *v, const struct nt_expr *e)
{
	const struct nt_ring_state *ring = &v->lead->rings[e->ring];
	const struct nt_zone *zone = v->lead->zone;
	nt_number n;

	if (e->op == NT_OP_TOTAL)
		n = nt_ring_total(ring, zone, v->now, e->duration);
	else
		n = nt_number_from_int((int64_t)MIN(nt_ring_count(ring, zone, v->now, e->duration),
		                                    (uint64_t)INT64_MAX));
	return (struct nt_result){ .value = NT_NUMBER_VALUE(n),
		                   .until = nt_ring_next_expiry(ring, zone, v->now, e->duration) };
}

static struct nt_result history(const struct nt_evaluation *v, const struct nt_expr *e)
{
	const struct nt_lead *lead = v->lead;

	switch (e->op) {
	case NT_OP_DID:
		return happened(v, e, lead->events[e->slot].count == 0 ? NT_NO_TIME : lead->events[e->slot].last);
	case NT_OP_FIRST:
		return time_or_none(lead->events[e->slot].first);
	case NT_OP_LAST:
		return time_or_none(lead->events[e->slot].last);
	case NT_OP_LAST_VALUE:
		return lead->stats[e->slot].last_at == NT_NO_TIME ? nt_result_none(NT_NEVER) :
			nt_result_steady(lead->stats[e->slot].last);
	case NT_OP_MESSAGED:
		return messaged(v, e);
	case NT_OP_COUNT:
		if (!e->has_duration)
			return nt_result_steady(NT_NUMBER_VALUE(nt_number_from_int(
				(int64_t)MIN(lead->events[e->slot].count, (uint64_t)INT64_MAX))));
		return windowed(v, e);
	case NT_OP_TOTAL:
		return e->has_duration ? windowed(v, e) : nt_result_steady(NT_NUMBER_VALUE(lead->stats[e->slot].sum));
	default:
		return template_stat(v, e);
	}
}

/* ---- places: segments, campaigns, channels ---- */

/* Segments refer to earlier ones only, so this ends; what is asked within a segment is remembered, so that a ladder of
 * segments that each ask the one below twice isn't climbed 2^n times. */
static struct nt_result in_segment(struct nt_evaluation *v, int slot)
{
	const struct nt_program *program = v->lead->program;
	struct nt_result result;

	if (v->segment_depth > 0 && v->segments == NULL)
		v->segments = nt_arena_array(v->lead->arena, struct nt_segment_memo, program->n_segments);
	if (v->segments != NULL && v->segments[slot].known)
		return v->segments[slot].result;
	v->segment_depth++;
	result = nt_evaluate(v, program->segments[slot].condition);
	v->segment_depth--;
	result.value = NT_YES_NO_VALUE(nt_result_holds(&result));
	if (v->segments != NULL)
		v->segments[slot] = (struct nt_segment_memo){ .known = true, .result = result };
	return result;
}

static struct nt_result reachable(struct nt_evaluation *v, int channel)
{
	const struct nt_expr *suppress_if = v->lead->program->policy.suppress_if;
	struct nt_result r;

	if (!nt_lead_reachable(v->lead, channel))
		return nt_result_yes_no(false, NT_NEVER);
	if (suppress_if == NULL || v->in_suppress_if)
		return nt_result_yes_no(true, NT_NEVER);
	v->in_suppress_if = true;
	r = nt_evaluate(v, suppress_if);
	v->in_suppress_if = false;
	return nt_result_yes_no(!nt_result_holds(&r), r.until);
}

static struct nt_result campaign(const struct nt_evaluation *v, const struct nt_expr *e)
{
	const struct nt_campaign_state *state;

	if (e->op == NT_OP_IN_CAMPAIGN)
		return nt_result_yes_no(nt_lead_run(v->lead, e->slot, NULL) != NULL, NT_NEVER);
	state = nt_lead_campaign(v->lead, v->lead->program->campaigns[e->slot].name);
	if (state == NULL)
		return nt_result_yes_no(false, NT_NEVER);
	return nt_result_yes_no((e->op == NT_OP_FINISHED ? state->finished : state->reached_goal) != NT_NO_TIME,
	                        NT_NEVER);
}

/* ---- all that has no operands ---- */

static struct nt_result today(const struct nt_evaluation *v)
{
	return (struct nt_result){ .value = NT_TIME_VALUE(nt_civil_midnight(v->lead->zone, v->now)),
		                   .until = nt_civil_next_midnight(v->lead->zone, v->now) };
}

struct nt_result nt_evaluate_leaf(struct nt_evaluation *v, const struct nt_expr *e)
{
	const struct nt_lead *lead = v->lead;

	switch (e->op) {
	case NT_OP_FIELD:
		return e->slot == NT_FIELD_ID ? text_or_none(lead->id) : nt_result_steady(lead->fields[e->slot]);
	case NT_OP_STANDING:
		return standing(v, (enum nt_standing)e->slot);
	case NT_OP_CONSENT:
		return nt_result_yes_no(nt_lead_consents(lead, e->slot), NT_NEVER);
	case NT_OP_EVENT_PROPERTY:
		return v->event == NULL ? nt_result_none(NT_NEVER) :
			property(v->event->properties, v->event->n_properties, e->name);
	case NT_OP_ENTRY_PROPERTY:
		return v->run == NULL ? nt_result_none(NT_NEVER) :
		       property(v->run->entry_properties, v->run->n_entry_properties, e->name);
	case NT_OP_ENTERED:
		return time_or_none(v->run == NULL ? NT_NO_TIME : v->run->entered);
	case NT_OP_NOW:
		return (struct nt_result){ .value = NT_TIME_VALUE(v->now), .until = v->now + 1 };
	case NT_OP_TODAY:
		return today(v);
	case NT_OP_REACHABLE:
		return reachable(v, e->slot);
	case NT_OP_IN_SEGMENT:
		return in_segment(v, e->slot);
	case NT_OP_IN_CAMPAIGN:
	case NT_OP_FINISHED:
	case NT_OP_REACHED_GOAL:
		return campaign(v, e);
	default:
		return history(v, e);
	}
}
