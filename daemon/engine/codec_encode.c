#include "engine/codec.h"

#include "engine/codec_value.h"
#include "rules/program.h"

static void put_fields(GString *out, const struct nt_lead *lead)
{
	const struct nt_program *program = lead->program;
	const struct nt_extra_field *extra;
	unsigned i, n = 0;

	for (i = 0; i < program->n_fields; i++)
		n += lead->fields[i].type != NT_TYPE_NONE;
	nt_wire_put(out, n);
	for (i = 0; i < program->n_fields; i++)
		if (lead->fields[i].type != NT_TYPE_NONE) {
			nt_wire_put_text(out, program->fields[i].name);
			nt_codec_put_value(out, &lead->fields[i]);
		}
	for (n = 0, extra = lead->extra_fields; extra != NULL; extra = extra->next)
		n++;
	nt_wire_put(out, n);
	for (extra = lead->extra_fields; extra != NULL; extra = extra->next) {
		nt_wire_put_text(out, extra->name);
		nt_wire_put_text(out, extra->json);
	}
	nt_wire_put(out, lead->n_tags);
	for (i = 0; i < lead->n_tags; i++)
		nt_wire_put_text(out, lead->tags[i]);
	nt_wire_put_text(out, lead->stage);
	nt_wire_put_text(out, lead->owner);
}

static void put_event_stat(GString *out, const char *name, const struct nt_event_stat *stat)
{
	nt_wire_put_text(out, name);
	nt_wire_put(out, stat->count);
	nt_wire_put_time(out, stat->first);
	nt_wire_put_time(out, stat->last);
}

static void put_events(GString *out, const struct nt_lead *lead)
{
	const struct nt_program *program = lead->program;
	const struct nt_extra_event *extra;
	unsigned i, n = 0;

	for (i = 0; i < program->n_events; i++)
		n += lead->events[i].count > 0;
	for (extra = lead->extra_events; extra != NULL; extra = extra->next)
		n++;
	nt_wire_put(out, n);
	for (i = 0; i < program->n_events; i++)
		if (lead->events[i].count > 0)
			put_event_stat(out, program->events[i].name, &lead->events[i]);
	for (extra = lead->extra_events; extra != NULL; extra = extra->next)
		put_event_stat(out, extra->name, &extra->stat);
}

static void put_history(GString *out, const struct nt_lead *lead)
{
	const struct nt_program *program = lead->program;
	unsigned i, n = 0;

	put_events(out, lead);
	for (i = 0; i < program->n_stats; i++)
		n += lead->stats[i].last_at != NT_NO_TIME || lead->stats[i].sum != 0;
	nt_wire_put(out, n);
	for (i = 0; i < program->n_stats; i++)
		if (lead->stats[i].last_at != NT_NO_TIME || lead->stats[i].sum != 0) {
			nt_wire_put_text(out, program->stats[i].identity);
			nt_wire_put_signed(out, lead->stats[i].sum);
			nt_codec_put_value(out, &lead->stats[i].last);
			nt_wire_put_time(out, lead->stats[i].last_at);
			nt_wire_put_text(out, lead->stats[i].last_id);
		}
	for (n = 0, i = 0; i < program->n_rings; i++)
		n += lead->rings[i].n > 0;
	nt_wire_put(out, n);
	for (i = 0; i < program->n_rings; i++)
		if (lead->rings[i].n > 0) {
			nt_wire_put_text(out, program->rings[i].identity);
			nt_codec_put_ring(out, &lead->rings[i]);
		}
}

static void put_score(GString *out, const struct nt_lead *lead)
{
	const struct nt_program *program = lead->program;
	const struct nt_score_reason *reason;
	unsigned i, n = 0;

	nt_wire_put_signed(out, lead->engagement.nano);
	nt_wire_put_time(out, lead->engagement.t0);
	nt_wire_put_signed(out, lead->fit);
	nt_wire_put_signed(out, lead->fit_extra);
	for (i = 0; i < program->n_engagement; i++)
		n += lead->points_rings[i].n > 0;
	nt_wire_put(out, n);
	for (i = 0; i < program->n_engagement; i++)
		if (lead->points_rings[i].n > 0) {
			nt_wire_put_text(out, program->engagement[i].identity);
			nt_codec_put_ring(out, &lead->points_rings[i]);
		}
	for (n = 0, reason = lead->reasons; reason != NULL; reason = reason->next)
		n++;
	nt_wire_put(out, n);
	for (reason = lead->reasons; reason != NULL; reason = reason->next) {
		nt_wire_put_text(out, reason->reason);
		nt_wire_put(out, reason->times);
		nt_wire_put_signed(out, reason->points);
		nt_wire_put_time(out, reason->last);
	}
	nt_wire_put_text(out, lead->level >= 0 ? program->levels[lead->level].name : NULL);
}

/* Only those that were true: another program asks all anew when it is loaded, the same one knows the rest. */
static void put_watchers(GString *out, const struct nt_lead *lead)
{
	const struct nt_program *program = lead->program;
	unsigned i, n = 0, unknown = 0;

	for (i = 0; i < program->n_watchers; i++) {
		n += lead->watchers_known[i] && lead->watchers[i];
		unknown += !lead->watchers_known[i];
	}
	nt_wire_put(out, n);
	for (i = 0; i < program->n_watchers; i++)
		if (lead->watchers_known[i] && lead->watchers[i])
			nt_wire_put_text(out, program->watchers[i].identity);
	nt_wire_put(out, unknown);
	for (i = 0; unknown > 0 && i < program->n_watchers; i++)
		if (!lead->watchers_known[i])
			nt_wire_put_text(out, program->watchers[i].identity);
}

static void put_one_consent(GString *out, const char *channel, const struct nt_consent *consent)
{
	nt_wire_put_text(out, channel);
	nt_wire_put(out, consent->state);
	nt_wire_put_time(out, consent->at);
	nt_wire_put_text(out, consent->how);
	nt_wire_put_text(out, consent->from);
}

static void put_consent(GString *out, const struct nt_lead *lead)
{
	const struct nt_program *program = lead->program;
	const struct nt_extra_consent *extra;
	unsigned i, n = 0;

	for (i = 0; i < program->n_channels; i++)
		n += lead->consent[i].state != NT_CONSENT_UNKNOWN;
	for (extra = lead->extra_consent; extra != NULL; extra = extra->next)
		n++;
	nt_wire_put(out, n);
	for (i = 0; i < program->n_channels; i++)
		if (lead->consent[i].state != NT_CONSENT_UNKNOWN)
			put_one_consent(out, program->channels[i].name, &lead->consent[i]);
	for (extra = lead->extra_consent; extra != NULL; extra = extra->next)
		put_one_consent(out, extra->channel, &extra->consent);
}

static void put_past(GString *out, const struct nt_lead *lead)
{
	const struct nt_template_stat *stat;
	const struct nt_campaign_state *campaign;
	const struct nt_arm_state *arm;
	unsigned n = 0;

	nt_codec_put_ring(out, &lead->releases);
	for (stat = lead->templates; stat != NULL; stat = stat->next)
		n++;
	nt_wire_put(out, n);
	for (stat = lead->templates; stat != NULL; stat = stat->next) {
		nt_wire_put_text(out, stat->name);
		nt_wire_put_time(out, stat->received);
		nt_wire_put_time(out, stat->opened);
		nt_wire_put_time(out, stat->clicked);
		nt_wire_put_time(out, stat->replied);
	}
	for (n = 0, campaign = lead->campaigns; campaign != NULL; campaign = campaign->next)
		n++;
	nt_wire_put(out, n);
	for (campaign = lead->campaigns; campaign != NULL; campaign = campaign->next) {
		nt_wire_put_text(out, campaign->name);
		nt_wire_put(out, campaign->entries);
		nt_wire_put_time(out, campaign->last_entry);
		nt_wire_put_time(out, campaign->finished);
		nt_wire_put_time(out, campaign->reached_goal);
	}
	for (n = 0, arm = lead->arms; arm != NULL; arm = arm->next)
		n++;
	nt_wire_put(out, n);
	for (arm = lead->arms; arm != NULL; arm = arm->next) {
		nt_wire_put_text(out, arm->campaign);
		nt_wire_put_text(out, arm->step);
		nt_wire_put_signed(out, arm->mark == 0 ? arm->arm :
		                        arm->arm | NT_CODEC_ARM_MARKED | (arm->won ? NT_CODEC_ARM_WON : 0));
		if (arm->mark != 0)
			nt_wire_put(out, arm->mark);
	}
}

static void put_event(GString *out, const struct nt_event *event)
{
	nt_wire_put_text(out, event->name);
	nt_wire_put_time(out, event->at);
	nt_codec_put_properties(out, event->properties, event->n_properties);
}

static void put_schedules(GString *out, const struct nt_run *run)
{
	const struct nt_schedule_state *state;
	const struct nt_point_state *point;
	unsigned n = 0;

	for (state = run->schedules; state != NULL; state = state->next)
		n++;
	nt_wire_put(out, n);
	for (state = run->schedules; state != NULL; state = state->next) {
		nt_wire_put_text(out, state->step);
		nt_wire_put_time(out, state->arrived);
		nt_wire_put(out, state->hand != NULL);
		if (state->hand != NULL)
			put_event(out, state->hand);
		for (n = 0, point = state->points; point != NULL; point = point->next)
			n += point->at != NT_NO_TIME;
		nt_wire_put(out, n);
		for (point = state->points; point != NULL; point = point->next)
			if (point->at != NT_NO_TIME) {
				nt_wire_put_text(out, point->point);
				nt_wire_put_time(out, point->at);
			}
	}
}

static void put_run(GString *out, const struct nt_program *program, const struct nt_run *run)
{
	const struct nt_campaign *campaign = &program->campaigns[run->campaign];

	nt_wire_put_text(out, campaign->name);
	nt_wire_put_text(out, run->key);
	nt_wire_put(out, run->entry);
	nt_wire_put_time(out, run->entered);
	nt_wire_put_time(out, run->entry_at);
	nt_wire_put_text(out, run->entry_event);
	nt_codec_put_properties(out, run->entry_properties, run->n_entry_properties);
	nt_wire_put_text(out, run->step >= 0 ? campaign->steps[run->step].identity : NULL);
	nt_wire_put(out, (uint64_t)run->arrived | (uint64_t)run->held_out << 1 | (uint64_t)(run->hand != NULL) << 2 |
			     (uint64_t)(run->schedules != NULL) << 3);
	nt_wire_put_time(out, run->anchor);
	nt_wire_put_time(out, run->due);
	nt_wire_put_time(out, run->first_due);
	nt_wire_put(out, run->released);
	if (run->hand != NULL)
		put_event(out, run->hand);
	if (run->schedules != NULL)
		put_schedules(out, run);
}

static void put_present(GString *out, const struct nt_lead *lead)
{
	const struct nt_program *program = lead->program;
	const struct nt_run *run;
	const struct nt_pending *pending;
	const struct nt_recycle *recycle;
	unsigned n = 0;

	for (run = lead->runs; run != NULL; run = run->next)
		n++;
	nt_wire_put(out, n);
	for (run = lead->runs; run != NULL; run = run->next)
		put_run(out, program, run);
	for (n = 0, pending = lead->pending; pending != NULL; pending = pending->next)
		n++;
	nt_wire_put(out, n);
	for (pending = lead->pending; pending != NULL; pending = pending->next) {
		nt_wire_put_text(out, pending->message);
		nt_wire_put_text(out, pending->campaign >= 0 ? program->campaigns[pending->campaign].name : NULL);
		nt_wire_put_text(out, pending->key);
		nt_wire_put(out, pending->entry);
		nt_wire_put_text(out, pending->template_name);
		nt_wire_put_text(out, pending->channel >= 0 ? program->channels[pending->channel].name : NULL);
		nt_wire_put_time(out, pending->released);
		nt_wire_put(out, pending->counts | pending->recalled << 1);
	}
	for (n = 0, recycle = lead->recycles; recycle != NULL; recycle = recycle->next)
		n++;
	nt_wire_put(out, n);
	for (recycle = lead->recycles; recycle != NULL; recycle = recycle->next) {
		nt_wire_put_text(out, program->campaigns[recycle->campaign].name);
		nt_wire_put_time(out, recycle->due);
	}
	nt_wire_put(out, lead->handoff);
	nt_wire_put_time(out, lead->handoff_since);
	nt_wire_put_time(out, lead->handoff_closed);
	nt_wire_put_time(out, lead->ready_quiet_until);
	nt_wire_put_time(out, lead->due);
}

static void put_keys(GString *out, const struct nt_lead *lead)
{
	const struct nt_key_state *key;
	unsigned n = 0;

	for (key = lead->keys; key != NULL; key = key->next)
		n++;
	nt_wire_put(out, n);
	for (key = lead->keys; key != NULL; key = key->next) {
		nt_wire_put_text(out, key->campaign);
		nt_wire_put_text(out, key->key);
		nt_wire_put_time(out, key->last_entry);
	}
}

/* Most leads have neither. */
static void put_occasions(GString *out, const struct nt_lead *lead)
{
	const struct nt_occasion_state *occasion;
	unsigned i, n = 0;

	for (occasion = lead->occasions; occasion != NULL; occasion = occasion->next)
		n++;
	nt_wire_put(out, (uint64_t)n << 1 | (lead->calendar != NT_NO_TIME));
	if (lead->calendar != NT_NO_TIME)
		nt_wire_put_time(out, lead->calendar);
	for (occasion = lead->occasions; occasion != NULL; occasion = occasion->next) {
		nt_wire_put_text(out, occasion->identity);
		nt_wire_put(out, occasion->n);
		for (i = 0; i < occasion->n; i++)
			nt_wire_put_time(out, occasion->marks[i]);
	}
}

void nt_lead_encode(const struct nt_lead *lead, GString *out)
{
	size_t start = out->len;
	uint64_t sum;

	g_string_append_len(out, NT_WIRE_MAGIC, 3);
	g_string_append_c(out, NT_STATE_VERSION);
	g_string_append_len(out, lead->program->hash, 64);
	g_string_append_len(out, "\0\0\0\0\0\0\0", 8);
	nt_wire_put(out, (uint64_t)lead->exists | (uint64_t)lead->bounced_hard << 1 | (uint64_t)lead->complained << 2 |
			     (uint64_t)lead->unsubscribed << 3);
	nt_wire_put_time(out, lead->last);
	nt_wire_put(out, lead->sequence);
	nt_wire_put_signed(out, lead->log_head);
	put_fields(out, lead);
	put_history(out, lead);
	put_score(out, lead);
	put_watchers(out, lead);
	put_consent(out, lead);
	put_past(out, lead);
	put_present(out, lead);
	put_keys(out, lead);
	put_occasions(out, lead);
	nt_wire_end(out);
	sum = nt_wire_frame_sum((const unsigned char *)out->str + start, out->len - start);
	memcpy(out->str + start + NT_WIRE_SUM, &sum, sizeof sum);
}
