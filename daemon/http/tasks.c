/* Tasks of reps: for programs and nurturectl, and the page behind the link in a rep's mail on which one is marked done.
 * Following the link changes nothing; the button does. */
#include "http/route.h"

#include "base/arena.h"
#include "base/json.h"
#include "channel/links.h"
#include "engine/describe.h"
#include "engine/task.h"
#include "http/page.h"
#include "http/read.h"
#include "store/engine_thread.h"

#include <string.h>

#define ANSWERED_MOST 10000

/* ---- for programs ---- */

/* ?state=open (default), overdue, done, withdrawn, all; ?rep=anna; ?lead=ID */
static bool wanted(const struct nt_exchange *x, const struct nt_task *task)
{
	const char *state = nt_path_parameter(&x->path, "state"), *rep = nt_path_parameter(&x->path, "rep");
	bool fits = strcmp(nt_task_state_name(task->state), state != NULL ? state : "open") == 0;

	if (state != NULL && strcmp(state, "overdue") == 0)
		fits = task->state == NT_TASK_OPEN && task->overdue;
	if (state != NULL && strcmp(state, "all") == 0)
		fits = true;
	return fits && (rep == NULL || g_strcmp0(task->rep, rep) == 0);
}

static void list(struct nt_exchange *x, struct nt_store *store)
{
	struct nt_engine_view view = nt_engine_thread_view(x->api->options.engine);
	struct nt_tasks *tasks = nt_read_tasks(x, store, nt_path_parameter(&x->path, "lead"));
	struct nt_json_writer w;
	unsigned n = 0, left = 0;
	GPtrArray *all;
	GString *text;

	if (tasks == NULL)
		return;
	all = nt_tasks_list(tasks, false);
	text = g_string_new(NULL);
	nt_exchange_json(x, 200, &w);
	nt_json_array(&w, "tasks");
	for (unsigned i = 0; i < all->len; i++) {
		if (!wanted(x, all->pdata[i]))
			continue;
		if (n++ >= ANSWERED_MOST) {
			left++;
			continue;
		}
		g_string_truncate(text, 0);
		nt_describe_task_json(x->program, all->pdata[i], text);
		nt_json_put_raw(&w, NULL, text->str);
	}
	nt_json_end_array(&w);
	nt_json_put_int(&w, "left_off", left);
	nt_json_put_int(&w, "open", view.tasks_open);
	nt_json_put_int(&w, "overdue", view.tasks_overdue);
	nt_exchange_json_end(&w);
	g_string_free(text, TRUE);
	g_ptr_array_free(all, TRUE);
	nt_tasks_free(tasks);
}

void nt_tasks_get(struct nt_exchange *x)
{
	static const char *const states[] = { "open", "overdue", "done", "withdrawn", "all", NULL };
	const char *state = nt_path_parameter(&x->path, "state");

	if (state != NULL && !g_strv_contains(states, state))
		nt_exchange_error(x, 400, "state", "state: must be one of open, overdue, done, withdrawn, all");
	else
		nt_exchange_ask(x, list);
}

static void answered(struct nt_exchange *x)
{
	nt_exchange_answer_request(x, x->arguments[0], "done");
}

/* {"rep": …} says who did it; nothing is needed. */
void nt_tasks_done(struct nt_exchange *x)
{
	static const char *const known[] = { "rep", NULL };
	struct nt_request *request = nt_exchange_requests(x, NT_REQUEST_TASK, 1);
	const struct nt_json *object;

	request->task = x->arguments[0];
	if (x->body->len > 0) {
		object = nt_exchange_object(x);
		if (object == NULL || !nt_exchange_only(x, object, known) ||
		    !nt_exchange_text(x, object, "rep", false, &request->rep))
			return;
	}
	nt_exchange_post(x, request, 1, answered);
}

/* ---- for reps ---- */

static void say_gone(struct nt_exchange *x, unsigned status)
{
	nt_page_message(x, status, "This task is no longer there",
	                "It was done or withdrawn some time ago. There is nothing left for you to do.");
}

static bool read_link(struct nt_exchange *x)
{
	return nt_page_link(x, x->arguments[0], NT_LINK_TASK, "");
}

static bool is_theirs(const struct nt_task *task, const struct nt_link *link)
{
	return g_strcmp0(task->rep, link->name) == 0;
}

static void show_closed(struct nt_exchange *x, const struct nt_task *task)
{
	bool done = task->state == NT_TASK_DONE;
	GString *out = nt_page_begin(x, 200, done ? "Done" : "No longer needed");

	nt_page_paragraph(out, task->text);
	g_string_append(out, "<p class=\"quiet\">");
	g_string_append(out, done ? "Marked done " : "Withdrawn ");
	if (done && task->by != NULL && task->by[0] != '\0') {
		g_string_append(out, "by ");
		nt_page_text(out, task->by);
		g_string_append(out, ", ");
	}
	nt_page_time(out, x, task->rep, task->closed);
	g_string_append(out, ". There is nothing left for you to do.</p>\n");
	nt_page_end(out);
}

static void show_open(struct nt_exchange *x, const struct nt_task *task, const struct nt_lead *lead)
{
	GString *out = nt_page_begin(x, 200, task->text);
	char **lines = task->body != NULL ? g_strsplit(task->body, "\n\n", -1) : NULL;

	for (char **line = lines; line != NULL && *line != NULL; line++)
		nt_page_paragraph(out, *line);
	g_strfreev(lines);
	g_string_append_printf(out, "<p class=\"quiet\">%s", task->overdue ? "Overdue since " : "To be done by ");
	nt_page_time(out, x, task->rep, task->due);
	g_string_append(out, ".</p>\n");
	nt_page_button(out, "do", "done", "It's done");
	g_string_append(out, "<h2>");
	nt_page_text(out, task->title != NULL ? task->title : task->lead);
	g_string_append(out, "</h2>\n");
	if (lead != NULL)
		nt_page_lead(out, lead);
	nt_page_end(out);
}

static void show(struct nt_exchange *x, struct nt_store *store)
{
	const struct nt_link *link = x->data;
	struct nt_tasks *tasks = nt_read_task(x, store, link->id);
	const struct nt_task *task;

	if (tasks == NULL)
		return;
	task = nt_tasks_peek(tasks, link->id);
	if (task == NULL)
		say_gone(x, 410);
	else if (task->state != NT_TASK_OPEN)
		show_closed(x, task);
	else if (is_theirs(task, link))
		show_open(x, task, nt_read_lead(x, store, task->lead));
	else
		nt_page_message(x, 410, "This task has passed on",
		                "Somebody else has it now, with the lead. There is nothing left for you to do.");
	nt_tasks_free(tasks);
}

void nt_task_page_get(struct nt_exchange *x)
{
	if (read_link(x))
		nt_exchange_ask(x, show);
}

static void done(struct nt_exchange *x)
{
	switch (x->requests->code) {
	case NT_ANSWER_OK:
		nt_page_message(x, 200, "Done", "Thank you: this task is off your list.");
		break;
	case NT_ANSWER_DUPLICATE:
		nt_page_message(x, 200, "Done", "This task was marked done before. All is well.");
		break;
	case NT_ANSWER_FAILED:
		nt_page_try_again(x);
		break;
	default:
		say_gone(x, 409);
		break;
	}
}

void nt_task_page_post(struct nt_exchange *x)
{
	static const char *const buttons[] = { "done", NULL };
	struct nt_request *request;
	const struct nt_link *link;

	if (!read_link(x) || nt_page_pressed(x, buttons) == NULL)
		return;
	link = x->data;
	request = nt_exchange_requests(x, NT_REQUEST_TASK, 1);
	request->task = link->id;
	request->rep = link->name;
	request->only_theirs = true;
	request->cause = nt_arena_printf(x->arena, "link of %s", link->name);
	request->source = "task link";
	nt_exchange_post(x, request, 1, done);
}
