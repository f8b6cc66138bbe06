/* The lead's side of the rep queue: when it is ready, and what sales reports back (I.8, II.8). */
#include "engine/instant.h"

#include "base/arena.h"
#include "base/civil.h"

#include <string.h>

static bool is_open(enum nt_handoff handoff)
{
	return handoff == NT_HANDOFF_WAITING || handoff == NT_HANDOFF_OFFERED || handoff == NT_HANDOFF_ACCEPTED;
}

static const char *text_field(const struct nt_lead *lead, int field)
{
	const struct nt_value *value = &lead->fields[field];

	return nt_type_is_text(value->type) && value->text[0] != '\0' ? value->text : NULL;
}

/* "Ann Example, Example Ltd" */
const char *nt_handoff_title(struct nt_instant *in)
{
	static const int fields[] = { NT_FIELD_FIRST_NAME, NT_FIELD_LAST_NAME, NT_FIELD_COMPANY };
	GString *title = g_string_new(NULL);
	const char *text;
	unsigned i;

	for (i = 0; i < G_N_ELEMENTS(fields); i++) {
		text = text_field(in->lead, fields[i]);
		if (text == NULL)
			continue;
		if (title->len > 0)
			g_string_append(title, fields[i] == NT_FIELD_COMPANY ? ", " : " ");
		g_string_append(title, text);
	}
	text = text_field(in->lead, NT_FIELD_EMAIL);
	if (title->len == 0)
		g_string_append(title, text != NULL ? text : in->lead->id);
	text = nt_arena_strndup(in->arena, title->str, title->len);
	g_string_free(title, TRUE);
	return text;
}

/* Routes are asked here, where the lead is at hand; sales takes the first that leads to someone. */
static void find_routes(struct nt_instant *in, struct nt_ready_effect *ready)
{
	const struct nt_sales_rules *sales = &in->program->sales;
	int *routes = nt_arena_array(in->arena, int, sales->n_route);
	unsigned i;

	for (i = 0; i < sales->n_route; i++)
		if (nt_instant_holds(in, sales->route[i].condition, NULL, NULL, false))
			routes[ready->n_routes++] = (int)i;
	ready->routes = routes;
}

void nt_handoff_ready(struct nt_instant *in, const char *reason, const struct nt_ready *item)
{
	struct nt_lead *lead = in->lead;
	struct nt_property_value properties[] = { { "reason", NT_TEXT_VALUE(reason) } };
	struct nt_ready_effect *ready = nt_arena_new0(in->arena, struct nt_ready_effect);
	bool enters = !is_open(lead->handoff);

	if (enters) {
		lead->handoff = NT_HANDOFF_WAITING;
		lead->handoff_since = in->now;
		nt_change_stage(in, NULL, "sales_ready");
		nt_instant_raise(in, "lead.ready", properties, G_N_ELEMENTS(properties));
	}
	in->changed = true;
	ready->lead = lead->id;
	ready->reason = reason;
	if (item != NULL) {
		ready->has_accept_within = item->has_accept_within;
		ready->accept_within = item->accept_within;
	}
	ready->owner = lead->owner;
	find_routes(in, ready);
	ready->score = nt_score_points(&lead->engagement, lead->fit, in->now, in->program->half_life);
	ready->title = nt_handoff_title(in);
	ready->values = nt_message_lead_values(in);
	nt_instant_effect(in, NT_EFFECT_READY, enters ? "lead.ready" : "lead.ready_again", reason)->ready = ready;
}

/* `when` items stay quiet for a while after an entry was closed. */
static bool is_quiet(const struct nt_instant *in)
{
	const struct nt_sales_rules *sales = &in->program->sales;
	const struct nt_lead *lead = in->lead;

	if (lead->ready_quiet_until != NT_NO_TIME && in->now < lead->ready_quiet_until)
		return true;
	return sales->has_again && !is_open(lead->handoff) && lead->handoff_closed != NT_NO_TIME &&
	       nt_time_within(lead->zone, lead->handoff_closed, in->now, sales->again);
}

static bool is_ready(struct nt_instant *in, const struct nt_ready *item)
{
	const struct nt_raised *raised;

	if (item->event < 0)
		return item->watcher >= 0 && in->fired[item->watcher] && !is_quiet(in);
	for (raised = in->offered; raised != NULL; raised = raised->next)
		if (raised->event->type == item->event &&
		    nt_instant_holds(in, item->condition, NULL, raised->event, false))
			return true;
	return false;
}

void nt_handoff_pass(struct nt_instant *in)
{
	const struct nt_sales_rules *sales = &in->program->sales;
	unsigned i;

	for (i = 0; i < sales->n_ready; i++)
		if (is_ready(in, &sales->ready[i]))
			nt_handoff_ready(in, sales->ready[i].reason, &sales->ready[i]);
}

/* ---- what sales reports ---- */

static const struct nt_reject_reason *find_reason(const struct nt_program *program, const char *name)
{
	unsigned i;

	for (i = 0; name != NULL && i < program->sales.n_reasons; i++)
		if (strcmp(program->sales.reasons[i].name, name) == 0)
			return &program->sales.reasons[i];
	return NULL;
}

static void recycle(struct nt_instant *in, const struct nt_reject_reason *reason)
{
	struct nt_recycle **link = &in->lead->recycles;

	while (*link != NULL)
		link = &(*link)->next;
	*link = nt_arena_new0(in->arena, struct nt_recycle);
	(*link)->campaign = reason->recycle;
	(*link)->due = in->now;
	if (reason->has_after)
		(*link)->due = nt_time_plus(in->lead->zone, in->now, reason->after);
}

static void send_back(struct nt_instant *in, const struct nt_reject_reason *reason)
{
	struct nt_lead *lead = in->lead;
	const char *why;

	if (reason == NULL)
		return;
	why = nt_arena_printf(in->arena, "sent back: %s", reason->name);
	nt_points_award(in, reason->points, in->now, why);
	lead->fit_extra = nt_number_add(lead->fit_extra, reason->fit);
	if (reason->has_not_again_for)
		lead->ready_quiet_until = nt_time_plus(lead->zone, in->now, reason->not_again_for);
	if (reason->stage != NULL)
		nt_change_stage(in, NULL, reason->stage);
	if (reason->suppress != NULL)
		nt_consent_suppress(in, reason->suppress, why);
	if (reason->recycle >= 0)
		recycle(in, reason);
}

static const char *event_of(enum nt_handoff state)
{
	switch (state) {
	case NT_HANDOFF_OFFERED:
		return "lead.offered";
	case NT_HANDOFF_ACCEPTED:
		return "lead.accepted";
	case NT_HANDOFF_SENT_BACK:
		return "lead.sent_back";
	case NT_HANDOFF_WON:
		return "deal.won";
	case NT_HANDOFF_LOST:
		return "deal.lost";
	default:
		return NULL;
	}
}

/* "offered to anna", "sent_back by anna: too_early" */
static const char *words_for(struct nt_instant *in, enum nt_handoff state, const char *rep, const char *reason)
{
	const char *by = state == NT_HANDOFF_OFFERED ? " to " : " by ";

	return nt_arena_printf(in->arena, "%s%s%s%s%s", nt_handoff_name(state), rep != NULL ? by : "",
	                       rep != NULL ? rep : "", reason != NULL ? ": " : "", reason != NULL ? reason : "");
}

void nt_handoff_apply(struct nt_instant *in, const struct nt_input *input)
{
	struct nt_lead *lead = in->lead;
	enum nt_handoff state = input->handoff.state;
	const char *rep = nt_arena_strdup(in->arena, input->handoff.rep);
	const char *reason = nt_arena_strdup(in->arena, input->handoff.reason);
	struct nt_property_value properties[] = { { "rep", NT_TEXT_VALUE(rep) }, { "reason", NT_TEXT_VALUE(reason) } };

	if (lead->handoff != state) {
		lead->handoff = state;
		lead->handoff_since = in->now;
	}
	if (!is_open(state))
		lead->handoff_closed = in->now;
	if (rep != NULL && (state == NT_HANDOFF_ACCEPTED || input->handoff.accepted_owner))
		lead->owner = rep;
	nt_instant_note(in, NULL, "handoff", words_for(in, state, rep, reason));
	if (state == NT_HANDOFF_WON)
		nt_change_stage(in, NULL, "customer");
	if (state == NT_HANDOFF_SENT_BACK)
		send_back(in, find_reason(in->program, input->handoff.reason));
	if (event_of(state) != NULL)
		nt_instant_raise(in, event_of(state), properties, G_N_ELEMENTS(properties));
	if (state == NT_HANDOFF_SENT_BACK && find_reason(in->program, reason) != NULL &&
	    find_reason(in->program, reason)->route_again)
		nt_handoff_ready(in, nt_arena_printf(in->arena, "sent back: %s", reason), NULL);
}

/* ---- owners without the queue ---- */

static void own(struct nt_instant *in, const struct nt_run *run, const char *rep)
{
	nt_instant_note(in, run, "owner", rep != NULL ? rep : "nobody could take it");
	if (rep == NULL)
		return;
	in->lead->owner = rep;
	in->changed = true;
}

bool nt_assign(struct nt_instant *in, const struct nt_run *run, const struct nt_step *step)
{
	struct nt_ready_effect *ready;
	struct nt_effect *effect;

	if (step->whom == NT_WHOM_REP) {
		own(in, run, in->program->sales.reps[step->who].name);
		return false;
	}
	ready = nt_arena_new0(in->arena, struct nt_ready_effect);
	ready->lead = in->lead->id;
	ready->owner = in->lead->owner;
	ready->team = step->whom == NT_WHOM_TEAM ? step->who : -1;
	if (ready->team < 0)
		find_routes(in, ready);
	effect = nt_instant_note(in, run, "assign", step->name);
	effect->kind = NT_EFFECT_ASSIGN;
	effect->ready = ready;
	return true;
}

void nt_assign_apply(struct nt_instant *in, const struct nt_input *input)
{
	struct nt_run *run;

	own(in, NULL, nt_arena_strdup(in->arena, input->handoff.rep));
	for (run = in->lead->runs; run != NULL; run = run->next) {
		const struct nt_campaign *campaign = &in->program->campaigns[run->campaign];

		if (run->step >= 0 && run->arrived && campaign->steps[run->step].kind == NT_STEP_ASSIGN)
			nt_run_go(in, run, nt_run_follow(campaign, run->step));
	}
}
