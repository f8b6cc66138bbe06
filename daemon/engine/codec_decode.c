#include "engine/codec.h"

#include "base/arena.h"
#include "base/json.h"
#include "base/zone.h"
#include "engine/codec_value.h"
#include "rules/program.h"

static void add_extra_field(struct nt_decoder *d, struct nt_extra_field ***end, const char *name, const char *json)
{
	struct nt_extra_field *extra = nt_arena_new0(d->arena, struct nt_extra_field);

	extra->name = name;
	extra->json = json;
	**end = extra;
	*end = &extra->next;
}

static bool json_as_field(struct nt_decoder *d, const char *json, int field)
{
	struct nt_json_error error;
	const struct nt_json *tree = nt_json_parse(d->arena, json, strlen(json), &error);
	struct nt_value value;
	const char *why;

	if (tree == NULL || !nt_value_from_json(d->arena, tree, d->program->fields[field].type, d->program->zones->utc,
	                                        &value, &why))
		return false;
	d->lead->fields[field] = value;
	return true;
}

/* A value whose field has another type now, or is declared no longer. */
static void refit_field(struct nt_decoder *d, struct nt_extra_field ***end, const char *name, int field,
                        const struct nt_value *value)
{
	GString *json = g_string_new(NULL);

	nt_value_to_json(value, json);
	if (field < 0 || !json_as_field(d, json->str, field))
		add_extra_field(d, end, name, nt_arena_strdup(d->arena, json->str));
	g_string_free(json, TRUE);
}

static void get_fields(struct nt_decoder *d)
{
	struct nt_lead *lead = d->lead;
	struct nt_extra_field **end = &lead->extra_fields;
	const char **tags;
	unsigned i, n = nt_wire_get_count(&d->r, 3);

	for (i = 0; i < n && !d->r.bad; i++) {
		const char *name = nt_codec_get_name(d);
		struct nt_value value = nt_codec_get_value(d);
		int field = nt_program_field(d->program, name);

		if (d->r.bad || value.type == NT_TYPE_NONE)
			continue;
		if (field >= 0 && (value.type == d->program->fields[field].type ||
		                   (nt_type_is_text(value.type) && nt_type_is_text(d->program->fields[field].type)))) {
			value.type = d->program->fields[field].type;
			lead->fields[field] = value;
		} else {
			refit_field(d, &end, name, field, &value);
		}
	}
	n = nt_wire_get_count(&d->r, 2);
	for (i = 0; i < n && !d->r.bad; i++) {
		const char *name = nt_codec_get_name(d), *json = nt_codec_get_name(d);
		int field = nt_program_field(d->program, name);

		if (d->r.bad)
			return;
		if (field < 0 || lead->fields[field].type != NT_TYPE_NONE || !json_as_field(d, json, field))
			add_extra_field(d, &end, name, json);
	}
	n = nt_wire_get_count(&d->r, 1);
	tags = nt_arena_array(d->arena, const char *, n);
	for (i = 0; i < n; i++)
		tags[i] = nt_codec_get_name(d);
	lead->tags = tags;
	lead->n_tags = n;
	lead->stage = nt_codec_get_name(d);
	lead->owner = nt_wire_get_text(&d->r);
}

static void get_history(struct nt_decoder *d)
{
	struct nt_lead *lead = d->lead;
	struct nt_extra_event **end = &lead->extra_events;
	unsigned i, n = nt_wire_get_count(&d->r, 4);

	for (i = 0; i < n && !d->r.bad; i++) {
		const char *name = nt_codec_get_name(d);
		struct nt_event_stat stat = { .count = nt_wire_get(&d->r) };
		int event = nt_program_event(d->program, name);

		stat.first = nt_codec_get_instant(d);
		stat.last = nt_codec_get_instant(d);
		if (event >= 0) {
			lead->events[event] = stat;
		} else {
			struct nt_extra_event *extra = nt_arena_new0(d->arena, struct nt_extra_event);

			extra->name = name;
			extra->stat = stat;
			*end = extra;
			end = &extra->next;
		}
	}
	n = nt_wire_get_count(&d->r, 4);
	for (i = 0; i < n && !d->r.bad; i++) {
		int slot = nt_program_stat(d->program, nt_codec_get_name(d));
		struct nt_stat_state stat = { .sum = nt_wire_get_signed(&d->r) };

		stat.last = nt_codec_get_value(d);
		stat.last_at = nt_codec_get_instant(d);
		stat.last_id = nt_wire_get_text(&d->r);
		if (slot < 0 || d->r.bad)
			continue;
		nt_codec_check_property(d->program, d->program->stats[slot].event, d->program->stats[slot].property,
		                        &stat.last);
		lead->stats[slot] = stat;
	}
	n = nt_wire_get_count(&d->r, 2);
	for (i = 0; i < n && !d->r.bad; i++) {
		int slot = nt_program_ring(d->program, nt_codec_get_name(d));
		struct nt_ring_state ring;

		nt_codec_get_ring(d, &ring);
		if (slot >= 0)
			lead->rings[slot] = ring;
	}
}

static int points_rule(const struct nt_program *program, const char *identity)
{
	unsigned i;

	for (i = 0; i < program->n_engagement; i++)
		if (strcmp(program->engagement[i].identity, identity) == 0)
			return (int)i;
	return -1;
}

static void get_score(struct nt_decoder *d)
{
	struct nt_lead *lead = d->lead;
	struct nt_score_reason **end = &lead->reasons;
	const char *level;
	unsigned i, n;

	lead->engagement.nano = nt_wire_get_signed(&d->r);
	lead->engagement.t0 = nt_codec_get_instant(d);
	if (lead->engagement.nano != 0 && lead->engagement.t0 == NT_NO_TIME)
		d->r.bad = true;
	lead->fit = nt_wire_get_signed(&d->r);
	lead->fit_extra = nt_wire_get_signed(&d->r);
	n = nt_wire_get_count(&d->r, 2);
	for (i = 0; i < n && !d->r.bad; i++) {
		int slot = points_rule(d->program, nt_codec_get_name(d));
		struct nt_ring_state ring;

		nt_codec_get_ring(d, &ring);
		if (slot >= 0)
			lead->points_rings[slot] = ring;
	}
	n = nt_wire_get_count(&d->r, 4);
	for (i = 0; i < n && !d->r.bad; i++) {
		struct nt_score_reason *reason = nt_arena_new0(d->arena, struct nt_score_reason);

		reason->reason = nt_codec_get_name(d);
		reason->times = nt_codec_get_uint32(d);
		reason->points = nt_wire_get_signed(&d->r);
		reason->last = nt_codec_get_instant(d);
		*end = reason;
		end = &reason->next;
	}
	level = nt_wire_get_text(&d->r);
	lead->level = -1;
	for (i = 0; level != NULL && i < d->program->n_levels; i++)
		if (strcmp(d->program->levels[i].name, level) == 0)
			lead->level = (int)i;
}

static void get_watchers(struct nt_decoder *d, bool same_program)
{
	struct nt_lead *lead = d->lead;
	unsigned i, n = nt_wire_get_count(&d->r, 2);

	for (i = 0; i < d->program->n_watchers; i++)
		lead->watchers_known[i] = same_program;
	for (i = 0; i < n && !d->r.bad; i++) {
		int slot = nt_program_watcher_kept(d->program, nt_codec_get_name(d));

		if (slot >= 0)
			lead->watchers[slot] = lead->watchers_known[slot] = true;
	}
	n = nt_wire_get_count(&d->r, 2);
	for (i = 0; i < n && !d->r.bad; i++) {
		int slot = nt_program_watcher_kept(d->program, nt_codec_get_name(d));

		if (slot >= 0)
			lead->watchers_known[slot] = false;
	}
}

static void get_consent(struct nt_decoder *d)
{
	struct nt_extra_consent **end = &d->lead->extra_consent;
	unsigned i, n = nt_wire_get_count(&d->r, 5);

	for (i = 0; i < n && !d->r.bad; i++) {
		const char *name = nt_codec_get_name(d);
		int channel = nt_program_channel(d->program, name);
		uint64_t state = nt_wire_get(&d->r);
		struct nt_consent consent = { .at = nt_codec_get_instant(d) };

		consent.how = nt_wire_get_text(&d->r);
		consent.from = nt_wire_get_text(&d->r);
		if (state == NT_CONSENT_GIVEN)
			consent.state = NT_CONSENT_GIVEN;
		else if (state == NT_CONSENT_REFUSED)
			consent.state = NT_CONSENT_REFUSED;
		else
			d->r.bad = true;
		if (channel >= 0) {
			d->lead->consent[channel] = consent;
		} else {
			struct nt_extra_consent *extra = nt_arena_new0(d->arena, struct nt_extra_consent);

			extra->channel = name;
			extra->consent = consent;
			*end = extra;
			end = &extra->next;
		}
	}
}

/* ---- names that the program has changed ---- */

/* A campaign as it is called now; one that is gone keeps its name. */
static const char *get_campaign(struct nt_decoder *d, int *slot)
{
	const char *name = nt_codec_get_name(d);

	*slot = d->program->n_renames > 0 ? nt_program_campaign_kept(d->program, name) :
	                                    nt_program_campaign(d->program, name);
	return *slot >= 0 ? d->program->campaigns[*slot].name : name;
}

static const char *get_step(struct nt_decoder *d, int campaign)
{
	const char *name = nt_codec_get_name(d);
	int step = campaign >= 0 ? nt_campaign_step_kept(&d->program->campaigns[campaign], name) : -1;

	return step >= 0 ? d->program->campaigns[campaign].steps[step].identity : name;
}

/* Where two names have become one, a lead may have been in both. */
static void put_campaign_state(struct nt_decoder *d, struct nt_campaign_state ***end, struct nt_campaign_state *state)
{
	struct nt_campaign_state *other = d->program->n_renames > 0 ? nt_lead_campaign(d->lead, state->name) : NULL;

	if (other == NULL) {
		**end = state;
		*end = &state->next;
		return;
	}
	other->entries += MIN(state->entries, UINT32_MAX - other->entries);
	other->last_entry = MAX(other->last_entry, state->last_entry);
	other->finished = MAX(other->finished, state->finished);
	other->reached_goal = MAX(other->reached_goal, state->reached_goal);
}

static void get_past(struct nt_decoder *d)
{
	struct nt_lead *lead = d->lead;
	struct nt_template_stat **templates = &lead->templates;
	struct nt_campaign_state **campaigns = &lead->campaigns;
	struct nt_arm_state **arms = &lead->arms;
	unsigned i, n;
	int slot;

	nt_codec_get_ring(d, &lead->releases);
	n = nt_wire_get_count(&d->r, 5);
	for (i = 0; i < n && !d->r.bad; i++) {
		struct nt_template_stat *stat = *templates = nt_arena_new0(d->arena, struct nt_template_stat);

		templates = &stat->next;
		stat->name = nt_codec_get_name(d);
		stat->received = nt_codec_get_instant(d);
		stat->opened = nt_codec_get_instant(d);
		stat->clicked = nt_codec_get_instant(d);
		stat->replied = nt_codec_get_instant(d);
	}
	n = nt_wire_get_count(&d->r, 5);
	for (i = 0; i < n && !d->r.bad; i++) {
		struct nt_campaign_state *state = nt_arena_new0(d->arena, struct nt_campaign_state);

		state->name = get_campaign(d, &slot);
		state->entries = nt_codec_get_uint32(d);
		state->last_entry = nt_codec_get_instant(d);
		state->finished = nt_codec_get_instant(d);
		state->reached_goal = nt_codec_get_instant(d);
		put_campaign_state(d, &campaigns, state);
	}
	n = nt_wire_get_count(&d->r, 3);
	for (i = 0; i < n && !d->r.bad; i++) {
		struct nt_arm_state *arm = *arms = nt_arena_new0(d->arena, struct nt_arm_state);

		arms = &arm->next;
		arm->campaign = get_campaign(d, &slot);
		arm->step = get_step(d, slot);
		arm->arm = nt_codec_get_int32(d);
		if (arm->arm >= NT_CODEC_ARM_MARKED) {
			arm->mark = nt_codec_get_uint32(d);
			arm->won = arm->arm & NT_CODEC_ARM_WON;
			arm->arm &= NT_CODEC_ARM_MARKED - 1;
			d->r.bad = d->r.bad || arm->mark == 0;
		}
	}
}

static const struct nt_event *get_hand(struct nt_decoder *d)
{
	struct nt_event *hand = nt_arena_new0(d->arena, struct nt_event);

	hand->name = nt_codec_get_name(d);
	hand->at = nt_codec_get_instant(d);
	hand->properties = nt_codec_get_properties(d, hand->name, &hand->n_properties);
	hand->type = nt_program_event(d->program, hand->name);
	return hand;
}

static const char *get_point(struct nt_decoder *d, int campaign, const char *step)
{
	const char *name = nt_codec_get_name(d);
	int slot = campaign >= 0 ? nt_campaign_step(&d->program->campaigns[campaign], step) : -1;
	const struct nt_step *schedule = slot >= 0 ? &d->program->campaigns[campaign].steps[slot] : NULL;
	int point = schedule != NULL ? nt_step_point_kept(schedule, name) : -1;

	return point >= 0 ? schedule->schedule[point].identity : name;
}

/* In the order of the names that count now. Of two that are one now the first counts. */
static void put_point(struct nt_decoder *d, struct nt_schedule_state *state, const char *name, nt_time at)
{
	struct nt_point_state **link = &state->points, *point;

	while (*link != NULL && strcmp((*link)->point, name) < 0)
		link = &(*link)->next;
	if (*link != NULL && strcmp((*link)->point, name) == 0)
		return;
	point = nt_arena_new0(d->arena, struct nt_point_state);
	point->point = name;
	point->at = at;
	point->next = *link;
	*link = point;
}

static struct nt_schedule_state *get_schedules(struct nt_decoder *d, int campaign)
{
	struct nt_schedule_state *first = NULL, **end = &first;
	unsigned i, k, n = nt_wire_get_count(&d->r, 5), points;

	for (i = 0; i < n && !d->r.bad; i++) {
		struct nt_schedule_state *state = *end = nt_arena_new0(d->arena, struct nt_schedule_state);

		end = &state->next;
		state->step = get_step(d, campaign);
		state->arrived = nt_codec_get_instant(d);
		if (nt_wire_get(&d->r) & 1)
			state->hand = get_hand(d);
		points = nt_wire_get_count(&d->r, 3);
		for (k = 0; k < points && !d->r.bad; k++) {
			const char *name = get_point(d, campaign, state->step);

			put_point(d, state, name, nt_wire_get_time(&d->r));
		}
	}
	return first;
}

static void get_run(struct nt_decoder *d)
{
	struct nt_run *run = nt_arena_new0(d->arena, struct nt_run);
	const char *step;
	uint64_t flags;

	get_campaign(d, &run->campaign);
	run->key = nt_codec_get_name(d);
	run->entry = nt_codec_get_uint32(d);
	run->entered = nt_codec_get_instant(d);
	run->entry_at = nt_codec_get_instant(d);
	run->entry_event = nt_wire_get_text(&d->r);
	run->entry_properties = nt_codec_get_properties(d, run->entry_event, &run->n_entry_properties);
	step = nt_wire_get_text(&d->r);
	flags = nt_wire_get(&d->r);
	run->arrived = flags & 1;
	run->held_out = flags & 2;
	run->anchor = nt_codec_get_instant(d);
	run->due = nt_wire_get_time(&d->r);
	run->first_due = nt_wire_get_time(&d->r);
	run->released = nt_codec_get_uint32(d);
	if (flags & 4)
		run->hand = get_hand(d);
	if (flags & 8)
		run->schedules = get_schedules(d, run->campaign);
	if (d->r.bad || run->campaign < 0)
		return;
	run->step = step != NULL ? nt_campaign_step_kept(&d->program->campaigns[run->campaign], step) : -1;
	if (!nt_lead_put_run(d->lead, run) && d->program->campaigns[run->campaign].was == NULL)
		d->r.bad = true; /* else it is in both that are one now: the first counts */
}

static void get_present(struct nt_decoder *d)
{
	struct nt_lead *lead = d->lead;
	struct nt_pending **pending_end = &lead->pending;
	struct nt_recycle **recycle_end = &lead->recycles;
	uint64_t handoff;
	unsigned i, n = nt_wire_get_count(&d->r, 13);

	for (i = 0; i < n && !d->r.bad; i++)
		get_run(d);
	n = nt_wire_get_count(&d->r, 8);
	for (i = 0; i < n && !d->r.bad; i++) {
		struct nt_pending *pending = *pending_end = nt_arena_new0(d->arena, struct nt_pending);
		const char *name;
		uint64_t flags;

		pending_end = &pending->next;
		pending->message = nt_codec_get_name(d);
		name = nt_wire_get_text(&d->r);
		pending->campaign = name != NULL ? nt_program_campaign_kept(d->program, name) : -1;
		pending->key = nt_codec_get_name(d);
		pending->entry = nt_codec_get_uint32(d);
		pending->template_name = nt_codec_get_name(d);
		name = nt_wire_get_text(&d->r);
		pending->channel = name != NULL ? nt_program_channel(d->program, name) : -1;
		pending->released = nt_codec_get_instant(d);
		flags = nt_wire_get(&d->r);
		pending->counts = flags & 1;
		pending->recalled = flags & 2;
	}
	n = nt_wire_get_count(&d->r, 2);
	for (i = 0; i < n && !d->r.bad; i++) {
		int campaign = nt_program_campaign_kept(d->program, nt_codec_get_name(d));
		nt_time due = nt_wire_get_time(&d->r);

		if (campaign < 0)
			continue;
		*recycle_end = nt_arena_new0(d->arena, struct nt_recycle);
		(*recycle_end)->campaign = campaign;
		(*recycle_end)->due = due;
		recycle_end = &(*recycle_end)->next;
	}
	handoff = nt_wire_get(&d->r);
	if (handoff > NT_HANDOFF_SENT_BACK)
		d->r.bad = true;
	else
		lead->handoff = (enum nt_handoff)handoff;
	lead->handoff_since = nt_codec_get_instant(d);
	lead->handoff_closed = nt_codec_get_instant(d);
	lead->ready_quiet_until = nt_wire_get_time(&d->r);
	lead->due = nt_wire_get_time(&d->r);
}

static void get_keys(struct nt_decoder *d)
{
	struct nt_key_state **end = &d->lead->keys;
	unsigned i, n = nt_wire_get_count(&d->r, 3);
	int slot;

	for (i = 0; i < n && !d->r.bad; i++) {
		struct nt_key_state *key = *end = nt_arena_new0(d->arena, struct nt_key_state);

		end = &key->next;
		key->campaign = get_campaign(d, &slot);
		key->key = nt_codec_get_name(d);
		key->last_entry = nt_codec_get_instant(d);
	}
}

static void get_occasions(struct nt_decoder *d)
{
	struct nt_occasion_state **end = &d->lead->occasions;
	unsigned k;
	uint64_t n = nt_wire_get(&d->r);

	if ((n & 1) != 0)
		d->lead->calendar = nt_wire_get_time(&d->r);
	for (n >>= 1; n > 0 && !d->r.bad; n--) { /* each takes bytes, or is bad */
		struct nt_occasion_state *occasion = *end = nt_arena_new0(d->arena, struct nt_occasion_state);

		end = &occasion->next;
		occasion->identity = nt_codec_get_name(d);
		occasion->n = nt_wire_get_count(&d->r, 1);
		if (occasion->n > NT_ROUNDS_KEPT) {
			d->r.bad = true;
			occasion->n = 0;
		}
		for (k = 0; k < occasion->n; k++)
			occasion->marks[k] = nt_codec_get_instant(d);
	}
}

static bool check_frame(const unsigned char *bytes, size_t length, const char **why)
{
	uint64_t kept;

	if (length < NT_WIRE_BODY || memcmp(bytes, NT_WIRE_MAGIC, 3) != 0) {
		*why = "this is no lead's state";
		return false;
	}
	if (bytes[3] > NT_STATE_VERSION) {
		*why = "written by a newer version of nurtured";
		return false;
	}
	memcpy(&kept, bytes + NT_WIRE_SUM, sizeof kept);
	if (bytes[3] == 0 || nt_wire_frame_sum(bytes, length) != kept) {
		*why = "the lead's state is damaged";
		return false;
	}
	return true;
}

struct nt_lead *nt_lead_decode(struct nt_arena *arena, const struct nt_program *program, const char *id,
                               const void *bytes, size_t length, const char **why)
{
	struct nt_decoder d = { .arena = arena, .program = program };
	const unsigned char *copy;
	bool same_program;
	uint64_t flags;

	if (!check_frame(bytes, length, why))
		return NULL;
	copy = nt_arena_copy(arena, bytes, length);
	d.r.at = copy + NT_WIRE_BODY;
	d.r.end = copy + length;
	d.lead = nt_lead_new(arena, program, id);
	memcpy(d.lead->program_hash, copy + NT_WIRE_HASH, 64);
	same_program = memcmp(copy + NT_WIRE_HASH, program->hash, 64) == 0;
	flags = nt_wire_get(&d.r);
	d.lead->exists = flags & 1;
	d.lead->bounced_hard = flags & 2;
	d.lead->complained = flags & 4;
	d.lead->unsubscribed = flags & 8;
	d.lead->last = nt_codec_get_instant(&d);
	d.lead->sequence = nt_wire_get(&d.r);
	d.lead->log_head = nt_wire_get_signed(&d.r);
	get_fields(&d);
	get_history(&d);
	get_score(&d);
	get_watchers(&d, same_program);
	get_consent(&d);
	get_past(&d);
	get_present(&d);
	if (copy[3] >= 2)
		get_keys(&d);
	if (copy[3] >= 3)
		get_occasions(&d);
	if (d.r.bad || d.r.at != d.r.end) {
		*why = "the lead's state is damaged";
		return NULL;
	}
	nt_lead_set_zone(d.lead);
	return d.lead;
}

const char *nt_lead_program_hash(const void *bytes, size_t length)
{
	const char *text = bytes;

	if (text == NULL || length < NT_WIRE_BODY || memcmp(text, NT_WIRE_MAGIC, 3) != 0)
		return NULL;
	return text + NT_WIRE_HASH;
}
