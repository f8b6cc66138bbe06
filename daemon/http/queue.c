/* The rep queue for programs and nurturectl; reps themselves answer by the links in their mails (rep.c). */
#include "http/route.h"

#include "base/json.h"
#include "engine/describe.h"
#include "engine/sales.h"
#include "http/read.h"

#include <string.h>

/* ?rep=anna, ?state=offered */
static bool wanted(const struct nt_exchange *x, const struct nt_sales_entry *entry)
{
	const char *rep = nt_path_parameter(&x->path, "rep"), *state = nt_path_parameter(&x->path, "state");

	return (rep == NULL || g_strcmp0(entry->rep, rep) == 0) &&
	       (state == NULL || strcmp(nt_handoff_name(entry->state), state) == 0);
}

static void list(struct nt_exchange *x, struct nt_store *store)
{
	struct nt_sales *sales = nt_read_queue(x, store, NULL);
	struct nt_json_writer w;
	GPtrArray *entries;
	GString *text;

	if (sales == NULL)
		return;
	entries = nt_sales_list(sales);
	text = g_string_new(NULL);
	nt_exchange_json(x, 200, &w);
	nt_json_array(&w, "queue");
	for (unsigned i = 0; i < entries->len; i++) {
		if (!wanted(x, entries->pdata[i]))
			continue;
		g_string_truncate(text, 0);
		nt_describe_entry_json(entries->pdata[i], text);
		nt_json_put_raw(&w, NULL, text->str);
	}
	nt_json_end_array(&w);
	nt_exchange_json_end(&w);
	g_string_free(text, TRUE);
	g_ptr_array_free(entries, TRUE);
	nt_sales_free(sales);
}

void nt_queue_get(struct nt_exchange *x)
{
	nt_exchange_ask(x, list);
}

static void done(struct nt_exchange *x)
{
	static const char *const done_words[] = { [NT_SALES_ACCEPT] = "accepted", [NT_SALES_SEND_BACK] = "sent_back",
		                                  [NT_SALES_WON] = "won", [NT_SALES_LOST] = "lost" };

	nt_exchange_answer_request(x, x->arguments[0], done_words[x->requests->verb]);
}

/* {"rep": …, "reason": …}; who only says that it is won or lost needs no body. */
static void act(struct nt_exchange *x, enum nt_sales_verb verb)
{
	static const char *const known[] = { "rep", "reason", NULL };
	bool optional = verb == NT_SALES_WON || verb == NT_SALES_LOST;
	struct nt_request *request = nt_exchange_requests(x, NT_REQUEST_SALES, 1);
	const struct nt_json *object;

	request->verb = verb;
	request->lead = x->arguments[0];
	if (!optional || x->body->len > 0) {
		object = nt_exchange_object(x);
		if (object == NULL || !nt_exchange_only(x, object, known) ||
		    !nt_exchange_text(x, object, "rep", verb == NT_SALES_ACCEPT, &request->rep) ||
		    !nt_exchange_text(x, object, "reason", false, &request->reason))
			return;
	}
	nt_exchange_post(x, request, 1, done);
}

void nt_queue_accept(struct nt_exchange *x)
{
	act(x, NT_SALES_ACCEPT);
}

void nt_queue_send_back(struct nt_exchange *x)
{
	act(x, NT_SALES_SEND_BACK);
}

void nt_queue_won(struct nt_exchange *x)
{
	act(x, NT_SALES_WON);
}

void nt_queue_lost(struct nt_exchange *x)
{
	act(x, NT_SALES_LOST);
}
