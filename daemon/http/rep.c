/* The links in a rep's mail: a page that shows the lead, why it scores what it scores, and what can be done about it.
 * Following a link changes nothing; a button does. */
#include "http/route.h"

#include "base/arena.h"
#include "base/civil.h"
#include "channel/links.h"
#include "engine/describe.h"
#include "engine/sales.h"
#include "engine/state.h"
#include "engine/task.h"
#include "http/page.h"
#include "http/read.h"
#include "os/clock.h"
#include "rules/program.h"

#include <string.h>

static bool read_link(struct nt_exchange *x)
{
	return nt_page_link(x, x->arguments[0], NT_LINK_REP, "") &&
	       !nt_page_link_expired(x, "The queue knows where the lead is now.");
}

static void put_reason(void *user, nt_number points, const char *reason, unsigned times, nt_time last)
{
	GString *out = user;

	(void)last;
	g_string_append_printf(out, "<tr><td>%+lld</td><td>", (long long)nt_number_round(points));
	nt_page_text(out, reason);
	if (times > 1)
		g_string_append_printf(out, " (%u times)", times);
	g_string_append(out, "</td></tr>\n");
}

static void put_why(GString *out, const struct nt_exchange *x, const struct nt_sales_entry *entry,
                    const struct nt_lead *lead)
{
	g_string_append(out, "<h2>Why now</h2>\n<ul>\n");
	for (unsigned i = 0; i < entry->reasons->len; i++) {
		g_string_append(out, "<li>");
		nt_page_text(out, g_array_index(entry->reasons, struct nt_sales_reason, i).text);
		g_string_append(out, "</li>\n");
	}
	g_string_append(out, "</ul>\n");
	if (lead == NULL)
		return;
	g_string_append_printf(out,
	                       "<h2>Score when offered: %lld</h2>\n<table>\n<tr><th>Points</th><th>For</th></tr>\n",
	                       (long long)entry->score);
	nt_describe_reasons(lead, x->now, put_reason, out);
	g_string_append(out, "</table>\n");
}

/* ---- what can be done ---- */

static void put_send_back(GString *out, const struct nt_program *program)
{
	const struct nt_sales_rules *sales = &program->sales;

	g_string_append(out, "<form method=\"post\"><input type=\"hidden\" name=\"do\" value=\"send_back\">\n");
	if (sales->n_reasons > 0)
		g_string_append(out, "<fieldset><legend>Not for you? Say why:</legend>\n");
	for (unsigned i = 0; i < sales->n_reasons; i++) {
		char *words = g_strdelimit(g_strdup(sales->reasons[i].name), "_", ' ');

		g_string_append(out, "<label><input type=\"radio\" name=\"reason\" required value=\"");
		nt_page_text(out, sales->reasons[i].name);
		g_string_append(out, "\"> ");
		nt_page_text(out, words);
		g_string_append(out, "</label>\n");
		g_free(words);
	}
	if (sales->n_reasons > 0)
		g_string_append(out, "</fieldset>\n");
	g_string_append(out, "<button type=\"submit\" class=\"second\">Send back</button></form>\n");
}

static void put_limit(GString *out, const struct nt_exchange *x, const struct nt_sales_entry *entry)
{
	int rep = nt_program_rep(x->program, entry->rep);
	const char *name = rep >= 0 ? x->program->sales.reps[rep].time_zone : NULL;
	const struct nt_zone *zone =
		x->program->zones->find(x->program->zones, name != NULL ? name : x->program->policy.time_zone);

	if (entry->limit == NT_NEVER || entry->limit == NT_NO_TIME || zone == NULL)
		return;
	g_string_append(out, "<p class=\"quiet\">Yours until ");
	nt_time_print_local(zone, entry->limit, out);
	g_string_append(out, ", then it is offered to somebody else.</p>\n");
}

/* What there is still to do with this lead; the rep's own lead to where they are marked done. */
static void put_tasks(GString *out, const struct nt_exchange *x, const char *rep, const GPtrArray *tasks)
{
	if (tasks->len == 0)
		return;
	g_string_append(out, "<h2>Open tasks</h2>\n<ul>\n");
	for (unsigned i = 0; i < tasks->len; i++) {
		const struct nt_task *task = tasks->pdata[i];

		g_string_append(out, "<li>");
		nt_page_task(out, x, task, g_strcmp0(task->rep, rep) == 0);
		g_string_append(out, "</li>\n");
	}
	g_string_append(out, "</ul>\n");
}

static void show_entry(struct nt_exchange *x, const struct nt_sales_entry *entry, const struct nt_link *link,
                       const struct nt_lead *lead, const GPtrArray *tasks)
{
	bool accepted = entry->state == NT_HANDOFF_ACCEPTED;
	GString *out =
		nt_page_begin(x, 200, entry->title != NULL && entry->title[0] != '\0' ? entry->title : entry->lead);

	if (accepted)
		g_string_append(out, "<p>You have accepted this lead.</p>\n");
	else
		put_limit(out, x, entry);
	if (lead != NULL)
		nt_page_lead(out, lead);
	put_why(out, x, entry, lead);
	put_tasks(out, x, entry->rep, tasks);
	g_string_append(out, "<h2>What would you like to do?</h2>\n");
	if (!accepted && link->action != 's')
		nt_page_button(out, "do", "accept", "Accept this lead");
	put_send_back(out, x->program);
	if (!accepted && link->action == 's')
		nt_page_button(out, "do", "accept", "Accept this lead");
	nt_page_end(out);
}

static void say_passed_on(struct nt_exchange *x, unsigned status, const struct nt_sales_entry *entry)
{
	nt_page_message(x, status, "This lead has passed on",
	                entry == NULL ? "It is no longer in the queue: it was sent back, won or lost in the meantime. "
	                                "There is nothing left for you to do." :
	                entry->state == NT_HANDOFF_ACCEPTED ?
	                        "Somebody has accepted it in the meantime. There is nothing left for you to do." :
	                        "The time for this offer is up, and it has been offered to somebody else. "
	                        "There is nothing left for you to do.");
}

static bool is_theirs(const struct nt_sales_entry *entry, const struct nt_link *link)
{
	return entry != NULL && entry->offer == link->number && g_strcmp0(entry->rep, link->name) == 0 &&
	       (entry->state == NT_HANDOFF_OFFERED || entry->state == NT_HANDOFF_ACCEPTED);
}

static void show(struct nt_exchange *x, struct nt_store *store)
{
	const struct nt_link *link = x->data;
	struct nt_sales *sales = nt_read_queue(x, store, link->id);
	const struct nt_sales_entry *entry;

	if (sales == NULL)
		return;
	entry = nt_sales_peek(sales, link->id);
	if (is_theirs(entry, link)) {
		struct nt_tasks *tasks = nt_read_tasks(x, store, link->id);
		GPtrArray *list = tasks != NULL ? nt_tasks_list(tasks, true) : NULL;

		if (tasks != NULL)
			show_entry(x, entry, link, nt_read_lead(x, store, link->id), list);
		if (list != NULL)
			g_ptr_array_free(list, TRUE);
		nt_tasks_free(tasks);
	} else {
		say_passed_on(x, 410, entry);
	}
	nt_sales_free(sales);
}

void nt_rep_get(struct nt_exchange *x)
{
	if (read_link(x))
		nt_exchange_ask(x, show);
}

static void done(struct nt_exchange *x)
{
	const struct nt_request *request = x->requests;

	switch (request->code) {
	case NT_ANSWER_OK:
		if (request->verb == NT_SALES_ACCEPT)
			nt_page_message(x, 200, "It's yours",
			                "You have accepted this lead. Nobody else is asked any more. Good luck!");
		else
			nt_page_message(x, 200, "Sent back",
			                "Thank you: the reason helps to find better ones for you.");
		break;
	case NT_ANSWER_DUPLICATE:
		nt_page_message(x, 200, "It's yours", "You had accepted this lead before. All is well.");
		break;
	case NT_ANSWER_INVALID:
		nt_page_message(x, 400, "One thing is missing", "Please go back and choose a reason.");
		break;
	case NT_ANSWER_NOT_FOUND:
	case NT_ANSWER_CONFLICT:
		nt_page_message(x, 409, "This lead has passed on",
		                "The offer was answered in the meantime, or its time was up. There is nothing left for "
		                "you to do.");
		break;
	case NT_ANSWER_FAILED:
		nt_page_try_again(x);
		break;
	}
}

void nt_rep_post(struct nt_exchange *x)
{
	static const char *const buttons[] = { "accept", "send_back", NULL };
	const char *pressed = read_link(x) ? nt_page_pressed(x, buttons) : NULL;
	const struct nt_link *link = x->data;
	struct nt_request *request;

	if (pressed == NULL)
		return;
	request = nt_exchange_requests(x, NT_REQUEST_SALES, 1);
	request->verb = strcmp(pressed, "accept") == 0 ? NT_SALES_ACCEPT : NT_SALES_SEND_BACK;
	request->lead = link->id;
	request->rep = link->name;
	request->offer = link->number;
	request->reason = nt_path_parameter(&x->path, "reason");
	request->cause = nt_arena_printf(x->arena, "link of %s", link->name);
	request->source = "rep link";
	nt_exchange_post(x, request, 1, done);
}
