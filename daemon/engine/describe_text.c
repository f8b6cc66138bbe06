/* A lead for people, on one screen. */
#include "engine/describe.h"

#include "base/civil.h"
#include "engine/state.h"
#include "engine/task.h"
#include "engine/waiting.h"
#include "rules/program.h"
#include "template/escape.h"

#include <string.h>

#define TASKS_SHOWN 20u /* of more, the screen says where they are */

/* What others wrote: on one line. */
static void say_foreign(const char *before, const char *text, const char *after, GString *out)
{
	if (text == NULL)
		return;
	g_string_append(out, before);
	nt_escape(out, NT_ESCAPE_HEADER, text, strlen(text));
	g_string_append(out, after);
}

static void say_time(const struct nt_lead *lead, const char *before, nt_time t, GString *out)
{
	if (t == NT_NO_TIME || t == NT_NEVER)
		return;
	g_string_append(out, before);
	nt_time_print_local(lead->zone, t, out);
}

static void say_field(const char *name, const char *json, GString *out)
{
	gsize length = strlen(json);

	if (length >= 2 && json[0] == '"' && strchr(json, '\\') == NULL) /* plain text needs no quotes */
		g_string_append_printf(out, "  %-16s %.*s\n", name, (int)length - 2, json + 1);
	else
		g_string_append_printf(out, "  %-16s %s\n", name, json);
}

static void say_fields(const struct nt_lead *lead, GString *out)
{
	GString *json = g_string_new(NULL);

	for (unsigned i = 0; i < lead->program->n_fields; i++) {
		if (i == NT_FIELD_ID || lead->fields[i].type == NT_TYPE_NONE)
			continue;
		g_string_truncate(json, 0);
		if (lead->fields[i].type == NT_TYPE_YES_NO) /* as rules write it */
			g_string_append(json, lead->fields[i].yes ? "yes" : "no");
		else if (lead->fields[i].type == NT_TYPE_TIME)
			nt_time_print_local(lead->zone, lead->fields[i].time, json);
		else
			nt_value_to_json(&lead->fields[i], json);
		say_field(lead->program->fields[i].name, json->str, out);
	}
	for (const struct nt_extra_field *extra = lead->extra_fields; extra != NULL; extra = extra->next)
		say_field(extra->name, extra->json, out);
	for (unsigned i = 0; i < lead->n_tags; i++)
		say_foreign(i == 0 ? "  tags             " : ", ", lead->tags[i], i + 1 == lead->n_tags ? "\n" : "",
		            out);
	g_string_free(json, TRUE);
}

struct saying {
	const struct nt_lead *lead;
	GString *out;
};

static void say_reason(void *user, nt_number points, const char *reason, unsigned times, nt_time last)
{
	const struct saying *saying = user;
	GString *text = g_string_new(points >= 0 ? "+" : "");

	nt_number_print(points, text);
	g_string_append_printf(saying->out, "  %-7s %s", text->str, reason);
	if (times > 1)
		g_string_append_printf(saying->out, " (%u times)", times);
	say_time(saying->lead, ", last ", last, saying->out);
	g_string_append_c(saying->out, '\n');
	g_string_free(text, TRUE);
}

static void say_score(const struct nt_lead *lead, nt_time now, GString *out)
{
	nt_time half_life = lead->program->half_life;
	const char *level = lead->level >= 0 ? lead->program->levels[lead->level].name : NULL;

	g_string_append_printf(
		out, "score %" G_GINT64_FORMAT "%s%s (fit %" G_GINT64_FORMAT ", engagement %" G_GINT64_FORMAT ")\n",
		(gint64)nt_score_points(&lead->engagement, lead->fit, now, half_life), level != NULL ? ", " : "",
		level != NULL ? level : "", (gint64)nt_number_round(lead->fit),
		(gint64)nt_engagement_points(&lead->engagement, now, half_life));
	nt_describe_reasons(lead, now, say_reason, &(struct saying){ lead, out });
}

static void say_run(const struct nt_lead *lead, const struct nt_run *run, nt_time now, GString *out)
{
	const char *step = run->step >= 0 ? lead->program->campaigns[run->campaign].steps[run->step].identity : NULL;
	struct nt_waiting waiting;

	g_string_append_printf(out, "  %s", lead->program->campaigns[run->campaign].name);
	say_foreign(run->key[0] != '\0' ? " for " : "", run->key, "", out);
	say_time(lead, ", entered ", run->entered, out);
	if (run->entry_event != NULL)
		g_string_append_printf(out, " by %s", run->entry_event);
	g_string_append_printf(out, "%s\n    %s: ", run->held_out ? ", held out for comparison" : "",
	                       step != NULL ? step : "its end");
	nt_waiting_find(lead, run, now, out, &waiting);
	if (waiting.held != NULL)
		g_string_append_printf(out, " (held: %s)", waiting.held);
	say_time(lead, nt_waiting_is_message(lead, run) ? ", next try " : ", until ", waiting.until, out);
	g_string_append_c(out, '\n');
}

static void say_past(const struct nt_lead *lead, const struct nt_campaign_state *past, GString *out)
{
	g_string_append_printf(out, "  %s", past->name);
	say_time(lead, ", entered ", past->last_entry, out);
	if (past->entries > 1)
		g_string_append_printf(out, " (%u times)", past->entries);
	if (past->reached_goal != NT_NO_TIME && past->reached_goal >= past->last_entry)
		say_time(lead, ", reached its goal ", past->reached_goal, out);
	else if (past->finished != NT_NO_TIME && past->finished >= past->last_entry)
		say_time(lead, ", came to its end ", past->finished, out);
	else
		g_string_append(out, ", left");
	g_string_append_c(out, '\n');
}

static void say_campaigns(const struct nt_lead *lead, nt_time now, GString *out)
{
	bool has_past = false;

	if (lead->runs != NULL)
		g_string_append(out, "campaigns\n");
	for (const struct nt_run *run = lead->runs; run != NULL; run = run->next)
		say_run(lead, run, now, out);
	for (const struct nt_campaign_state *past = lead->campaigns; past != NULL; past = past->next) {
		int slot = nt_program_campaign(lead->program, past->name);

		if ((slot >= 0 && nt_lead_run(lead, slot, NULL) != NULL) || past->entries == 0)
			continue;
		if (!has_past)
			g_string_append(out, "campaigns before\n");
		has_past = true;
		say_past(lead, past, out);
	}
}

static void say_ahead(const struct nt_lead *lead, GString *out)
{
	GString *words = g_string_new(NULL);
	bool any = false;

	for (unsigned i = 0; i < lead->program->n_occasions; i++) {
		nt_time t = nt_waiting_occasion(lead, i, g_string_truncate(words, 0));

		if (t == NT_NEVER)
			continue;
		if (!any)
			g_string_append(out, "to come\n");
		any = true;
		say_time(lead, "  ", t, out);
		g_string_append_printf(out, "  %s (%s)\n",
		                       lead->program->campaigns[lead->program->occasions[i].campaign].name, words->str);
	}
	g_string_free(words, TRUE);
}

static void say_tasks(const struct nt_lead *lead, const GPtrArray *tasks, GString *out)
{
	unsigned n = tasks != NULL ? tasks->len : 0, shown = MIN(n, TASKS_SHOWN);

	if (n > 0)
		g_string_append(out, "open tasks\n");
	for (unsigned i = 0; i < shown; i++) {
		const struct nt_task *task = tasks->pdata[i];

		say_foreign("  ", task->text, "", out);
		g_string_append_printf(out, ": %s, %s", task->rep != NULL ? task->rep : "nobody's",
		                       task->overdue ? "overdue since " : "due ");
		say_time(lead, "", task->due, out);
		g_string_append_c(out, '\n');
	}
	if (n > shown)
		g_string_append_printf(out, "  and %u more: nurturectl task --lead %s\n", n - shown, lead->id);
}

/* "message.opened" is said as "opened". */
static const char *plain(const char *what)
{
	const char *dot = strchr(what, '.');

	return dot != NULL ? dot + 1 : what;
}

static void say_message(const struct nt_lead *lead, const struct nt_described_message *message, GString *out)
{
	const char *to = message->template_name != NULL ? message->template_name : message->step;

	say_time(lead, "  ", message->at, out);
	g_string_append_printf(out, "  %s%s%s", message->channel != NULL ? message->channel : "",
	                       message->channel != NULL ? " " : "", to != NULL ? to : "");
	if (message->campaign != NULL)
		g_string_append_printf(out, " (%s)", message->campaign);
	g_string_append_c(out, ':');
	if (strcmp(message->what, "message.released") != 0)
		g_string_append_printf(out, " %s", strcmp(message->what, "message.given_up") == 0 ? "given up" :
		                                                                                  plain(message->what));
	say_foreign(", ", message->detail, "", out);
	if (message->outcomes == NULL && message->state != NULL)
		g_string_append_printf(out, " %s", message->state);
	for (const struct nt_described_outcome *outcome = message->outcomes; outcome != NULL; outcome = outcome->next) {
		g_string_append_printf(out, "%s %s", outcome != message->outcomes ? "," : "", plain(outcome->what));
		if (outcome->at - message->at >= NT_MINUTE)
			say_time(lead, " ", outcome->at, out);
		say_foreign(" (", outcome->detail, ")", out);
	}
	g_string_append_c(out, '\n');
}

static void say_consents(const struct nt_lead *lead, GString *out)
{
	for (unsigned i = 0; i < lead->program->n_channels; i++) {
		const struct nt_consent *consent = &lead->consent[i];

		if (consent->state == NT_CONSENT_UNKNOWN)
			continue;
		g_string_append_printf(out, "consent for %s %s", lead->program->channels[i].name,
		                       nt_describe_consent(consent));
		say_time(lead, ", ", consent->at, out);
		say_foreign(", ", consent->how, "", out);
		g_string_append_c(out, '\n');
	}
}

/* It goes to terminals: nothing of it may steer one. */
void nt_describe_lead_text(const struct nt_lead *lead, nt_time now, const struct nt_described_message *messages,
                           const GPtrArray *tasks, GString *screen)
{
	GString *out = g_string_new(NULL);

	g_string_append_printf(out, "%s: stage %s, hand-off %s%s%s\n", lead->id, lead->stage,
	                       nt_handoff_name(lead->handoff), lead->owner != NULL ? ", owner " : "",
	                       lead->owner != NULL ? lead->owner : "");
	say_fields(lead, out);
	say_score(lead, now, out);
	say_consents(lead, out);
	say_campaigns(lead, now, out);
	say_tasks(lead, tasks, out);
	say_ahead(lead, out);
	if (messages != NULL)
		g_string_append(out, "messages\n");
	for (; messages != NULL; messages = messages->next)
		say_message(lead, messages, out);
	if (lead->due != NT_NEVER) {
		say_time(lead, "looked at again: ", lead->due, out);
		g_string_append_c(out, '\n');
	}
	nt_escape(screen, NT_ESCAPE_TEXT, out->str, out->len);
	g_string_free(out, TRUE);
}
