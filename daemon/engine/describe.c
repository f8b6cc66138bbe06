#include "engine/describe.h"

#include "base/json.h"
#include "engine/eval.h"
#include "engine/sales.h"
#include "engine/state.h"
#include "engine/store.h"
#include "engine/waiting.h"
#include "engine/task.h"
#include "rules/program.h"

#include <string.h>

static void put_value(struct nt_json_writer *w, const char *key, const struct nt_value *value)
{
	GString *text = g_string_new(NULL);

	nt_value_to_json(value, text);
	nt_json_put_raw(w, key, text->str);
	g_string_free(text, TRUE);
}

static const char *level_of(const struct nt_lead *lead)
{
	return lead->level >= 0 ? lead->program->levels[lead->level].name : NULL;
}

static const char *step_of(const struct nt_lead *lead, const struct nt_run *run)
{
	return run->step >= 0 ? lead->program->campaigns[run->campaign].steps[run->step].identity : NULL;
}

const char *nt_describe_consent(const struct nt_consent *consent)
{
	return consent->state == NT_CONSENT_GIVEN   ? "given" :
	       consent->state == NT_CONSENT_REFUSED ? "refused" :
	                                              "unknown";
}

void nt_describe_reasons(const struct nt_lead *lead, nt_time now, nt_describe_reason_func *each, void *user)
{
	const struct nt_program *program = lead->program;
	const struct nt_eval_context context = { .lead = lead, .now = now };

	for (unsigned i = 0; i < program->n_fit; i++) {
		nt_number points = nt_fit_points(&program->fit[i], &context, NULL);

		if (points != 0)
			each(user, points, program->fit[i].reason, 1, NT_NO_TIME);
	}
	if (lead->fit_extra != 0)
		each(user, lead->fit_extra, "sent back by a rep", 1, NT_NO_TIME);
	for (const struct nt_score_reason *reason = lead->reasons; reason != NULL; reason = reason->next)
		each(user, reason->points, reason->reason, reason->times, reason->last);
}

/* ---- JSON ---- */

static void put_reason(void *user, nt_number points, const char *reason, unsigned times, nt_time last)
{
	struct nt_json_writer *w = user;

	nt_json_object(w, NULL);
	nt_json_put_number(w, "points", points);
	nt_json_put_text(w, "reason", reason);
	nt_json_put_int(w, "times", times);
	nt_json_put_time(w, "last", last);
	nt_json_end_object(w);
}

static void put_fields(struct nt_json_writer *w, const struct nt_lead *lead)
{
	nt_json_object(w, "fields");
	for (unsigned i = 0; i < lead->program->n_fields; i++)
		if (i != NT_FIELD_ID && lead->fields[i].type != NT_TYPE_NONE)
			put_value(w, lead->program->fields[i].name, &lead->fields[i]);
	for (const struct nt_extra_field *extra = lead->extra_fields; extra != NULL; extra = extra->next)
		nt_json_put_raw(w, extra->name, extra->json);
	nt_json_end_object(w);
	nt_json_array(w, "tags");
	for (unsigned i = 0; i < lead->n_tags; i++)
		nt_json_put_text(w, NULL, lead->tags[i]);
	nt_json_end_array(w);
}

static void put_score(struct nt_json_writer *w, const struct nt_lead *lead, nt_time now)
{
	nt_time half_life = lead->program->half_life;

	nt_json_put_int(w, "score", nt_score_points(&lead->engagement, lead->fit, now, half_life));
	nt_json_put_int(w, "fit", nt_number_round(lead->fit));
	nt_json_put_int(w, "engagement", nt_engagement_points(&lead->engagement, now, half_life));
	nt_json_put_text(w, "level", level_of(lead));
	nt_json_array(w, "why");
	nt_describe_reasons(lead, now, put_reason, w);
	nt_json_end_array(w);
}

static void put_consent(struct nt_json_writer *w, const struct nt_lead *lead)
{
	nt_json_object(w, "consent");
	for (unsigned i = 0; i < lead->program->n_channels; i++) {
		const struct nt_consent *consent = &lead->consent[i];

		if (consent->state == NT_CONSENT_UNKNOWN)
			continue;
		nt_json_object(w, lead->program->channels[i].name);
		nt_json_put_text(w, "state", nt_describe_consent(consent));
		nt_json_put_time(w, "at", consent->at);
		nt_json_put_text(w, "how", consent->how);
		nt_json_put_text(w, "from", consent->from);
		nt_json_end_object(w);
	}
	nt_json_end_object(w);
	nt_json_put_bool(w, "bounced_hard", lead->bounced_hard);
	nt_json_put_bool(w, "complained", lead->complained);
	nt_json_put_bool(w, "unsubscribed", lead->unsubscribed);
}

static void put_run(struct nt_json_writer *w, const struct nt_lead *lead, const struct nt_run *run, nt_time now)
{
	GString *words = g_string_new(NULL);
	struct nt_waiting waiting;

	nt_waiting_find(lead, run, now, words, &waiting);
	nt_json_object(w, NULL);
	nt_json_put_text(w, "campaign", lead->program->campaigns[run->campaign].name);
	if (run->key[0] != '\0')
		nt_json_put_text(w, "key", run->key);
	nt_json_put_text(w, "state", "inside");
	nt_json_put_text(w, "step", step_of(lead, run));
	nt_json_put_text(w, "does", words->str);
	nt_json_put_time(w, "since", run->entered);
	nt_json_put_time(w, "until", waiting.until);
	if (waiting.held != NULL)
		nt_json_put_text(w, "held", waiting.held);
	nt_json_end_object(w);
	g_string_free(words, TRUE);
}

static void put_campaigns(struct nt_json_writer *w, const struct nt_lead *lead, nt_time now)
{
	nt_json_array(w, "campaigns");
	for (const struct nt_run *run = lead->runs; run != NULL; run = run->next)
		put_run(w, lead, run, now);
	for (const struct nt_campaign_state *past = lead->campaigns; past != NULL; past = past->next) {
		int slot = nt_program_campaign(lead->program, past->name);

		if (slot >= 0 && nt_lead_run(lead, slot, NULL) != NULL)
			continue;
		nt_json_object(w, NULL);
		nt_json_put_text(w, "campaign", past->name);
		nt_json_put_text(w, "state",
		                 past->reached_goal != NT_NO_TIME && past->reached_goal >= past->last_entry ?
		                         "reached_goal" :
		                         "left");
		nt_json_put_int(w, "entries", past->entries);
		nt_json_put_time(w, "since", past->last_entry);
		nt_json_end_object(w);
	}
	nt_json_end_array(w);
}

static void put_ahead(struct nt_json_writer *w, const struct nt_lead *lead)
{
	GString *words = g_string_new(NULL);

	nt_json_array(w, "to_come");
	for (unsigned i = 0; i < lead->program->n_occasions; i++) {
		nt_time t = nt_waiting_occasion(lead, i, g_string_truncate(words, 0));

		if (t == NT_NEVER)
			continue;
		nt_json_object(w, NULL);
		nt_json_put_time(w, "at", t);
		nt_json_put_text(w, "campaign",
		                 lead->program->campaigns[lead->program->occasions[i].campaign].name);
		nt_json_put_text(w, "way", words->str);
		nt_json_end_object(w);
	}
	nt_json_end_array(w);
	g_string_free(words, TRUE);
}

static void put_message(struct nt_json_writer *w, const struct nt_described_message *message)
{
	nt_json_object(w, NULL);
	nt_json_put_time(w, "at", message->at);
	nt_json_put_text(w, "what", message->what);
	if (message->id != NULL)
		nt_json_put_text(w, "id", message->id);
	nt_json_put_text(w, "campaign", message->campaign);
	nt_json_put_text(w, "step", message->step);
	nt_json_put_text(w, "channel", message->channel);
	nt_json_put_text(w, "template", message->template_name);
	nt_json_put_text(w, "detail", message->detail);
	nt_json_put_text(w, "state", message->state);
	nt_json_array(w, "outcomes");
	for (const struct nt_described_outcome *outcome = message->outcomes; outcome != NULL; outcome = outcome->next) {
		nt_json_object(w, NULL);
		nt_json_put_time(w, "at", outcome->at);
		nt_json_put_text(w, "what", outcome->what);
		nt_json_put_text(w, "detail", outcome->detail);
		nt_json_end_object(w);
	}
	nt_json_end_array(w);
	nt_json_end_object(w);
}

static void put_tasks(struct nt_json_writer *w, const struct nt_lead *lead, const GPtrArray *tasks)
{
	GString *text = g_string_new(NULL);

	nt_json_array(w, "tasks");
	for (unsigned i = 0; tasks != NULL && i < tasks->len; i++) {
		nt_describe_task_json(lead->program, tasks->pdata[i], g_string_truncate(text, 0));
		nt_json_put_raw(w, NULL, text->str);
	}
	nt_json_end_array(w);
	g_string_free(text, TRUE);
}

void nt_describe_lead_json(const struct nt_lead *lead, nt_time now, const struct nt_described_message *messages,
                           const GPtrArray *tasks, GString *out)
{
	struct nt_json_writer w;

	nt_json_begin(&w, out);
	nt_json_object(&w, NULL);
	nt_json_put_text(&w, "id", lead->id);
	put_fields(&w, lead);
	nt_json_put_text(&w, "stage", lead->stage);
	nt_json_put_text(&w, "owner", lead->owner);
	put_score(&w, lead, now);
	put_consent(&w, lead);
	nt_json_put_text(&w, "handoff", nt_handoff_name(lead->handoff));
	put_campaigns(&w, lead, now);
	put_tasks(&w, lead, tasks);
	put_ahead(&w, lead);
	nt_json_array(&w, "messages");
	for (; messages != NULL; messages = messages->next)
		put_message(&w, messages);
	nt_json_end_array(&w);
	nt_json_put_time(&w, "due", lead->due);
	nt_json_end_object(&w);
}

void nt_describe_entry_json(const struct nt_sales_entry *entry, GString *out)
{
	struct nt_json_writer w;

	nt_json_begin(&w, out);
	nt_json_object(&w, NULL);
	nt_json_put_text(&w, "lead", entry->lead);
	nt_json_put_text(&w, "title", entry->title);
	nt_json_put_text(&w, "state", nt_handoff_name(entry->state));
	nt_json_put_text(&w, "rep", entry->rep);
	nt_json_put_text(&w, "team", entry->team);
	nt_json_put_int(&w, "score", entry->score);
	nt_json_put_int(&w, "offer", (int64_t)entry->offer);
	nt_json_put_time(&w, "queued", entry->queued);
	nt_json_put_time(&w, "since", entry->since);
	nt_json_put_time(&w, "accept_by", entry->state == NT_HANDOFF_OFFERED ? entry->limit : NT_NEVER);
	nt_json_put_bool(&w, "late", entry->late);
	nt_json_array(&w, "reasons");
	for (unsigned i = 0; i < entry->reasons->len; i++)
		nt_json_put_text(&w, NULL, g_array_index(entry->reasons, struct nt_sales_reason, i).text);
	nt_json_end_array(&w);
	nt_json_end_object(&w);
}

void nt_describe_task_json(const struct nt_program *program, const struct nt_task *task, GString *out)
{
	struct nt_json_writer w;

	nt_json_begin(&w, out);
	nt_json_object(&w, NULL);
	nt_json_put_text(&w, "id", task->id);
	nt_json_put_text(&w, "lead", task->lead);
	nt_json_put_text(&w, "title", task->title);
	nt_json_put_text(&w, "text", task->text);
	nt_json_put_text(&w, "body", task->body);
	nt_json_put_text(&w, "state", nt_task_state_name(task->state));
	nt_json_put_text(&w, "rep", task->rep);
	nt_json_put_text(&w, "manager", nt_task_manager(program, task));
	nt_json_put_time(&w, "opened", task->opened);
	nt_json_put_time(&w, "due", task->due);
	nt_json_put_bool(&w, "overdue", task->overdue);
	if (task->state != NT_TASK_OPEN)
		nt_json_put_time(&w, "closed", task->closed);
	if (task->state == NT_TASK_DONE)
		nt_json_put_text(&w, "by", task->by != NULL && task->by[0] != '\0' ? task->by : NULL);
	if (task->why != NULL)
		nt_json_put_text(&w, "why", task->why);
	nt_json_put_text(&w, "campaign", task->campaign);
	if (task->key[0] != '\0')
		nt_json_put_text(&w, "key", task->key);
	nt_json_put_text(&w, "step", task->step);
	nt_json_put_text(&w, "template", task->template_name);
	nt_json_end_object(&w);
}

void nt_describe_outbox_json(const struct nt_outbox_row *row, GString *out)
{
	const struct nt_message *message = &row->message;
	struct nt_json_writer w;

	nt_json_begin(&w, out);
	nt_json_object(&w, NULL);
	nt_json_put_text(&w, "id", message->id);
	nt_json_put_text(&w, "lead", message->lead);
	if (message->rep != NULL)
		nt_json_put_text(&w, "rep", message->rep);
	if (message->campaign[0] != '\0')
		nt_json_put_text(&w, "campaign", message->campaign);
	nt_json_put_text(&w, "step", message->step);
	nt_json_put_text(&w, "channel", message->channel);
	nt_json_put_text(&w, "template", message->template_name);
	nt_json_put_text(&w, "to", message->address);
	nt_json_put_text(&w, "state", nt_outbox_state_name(row->state));
	nt_json_put_time(&w, "released", message->released);
	nt_json_put_time(&w, "changed", row->changed);
	if (row->state == NT_OUTBOX_RELEASED)
		nt_json_put_time(&w, "not_before", row->not_before);
	nt_json_put_int(&w, "attempts", row->attempts);
	if (row->remote_id != NULL)
		nt_json_put_text(&w, "remote_id", row->remote_id);
	nt_json_put_text(&w, "detail", row->detail);
	nt_json_put_text(&w, "why", message->why);
	nt_json_end_object(&w);
}

void nt_describe_log_json(const struct nt_log_row *row, GString *out)
{
	struct nt_json_writer w;

	nt_json_begin(&w, out);
	nt_json_object(&w, NULL);
	nt_json_put_int(&w, "sequence", row->sequence);
	nt_json_put_time(&w, "at", row->at);
	nt_json_put_text(&w, "program", row->program_hash);
	nt_json_put_raw(&w, "entry", row->body);
	nt_json_end_object(&w);
}
