/* The link at the end of every marketing message. Following it changes nothing (mail scanners follow links); the button
 * does, and so does a mail program's own (RFC 8058). Doing it again is fine. */
#include "http/route.h"

#include "http/page.h"
#include "http/read.h"

#include <string.h>

/* The message that the link names; false after answering. */
static bool read_link(struct nt_exchange *x)
{
	return nt_page_link(x, x->arguments[0], NT_LINK_UNSUBSCRIBE,
	                    ", or simply answer the message and tell us to stop");
}

static void show(struct nt_exchange *x, struct nt_store *store)
{
	const struct nt_link *link = x->data;
	struct nt_outbox_row row;
	GString *out;

	if (!nt_read_message(x, store, link->id, &row))
		return;
	out = nt_page_begin(x, 200, "Stop these messages?");
	g_string_append(out, "<p>You get messages from ");
	nt_page_sender_at(out, x, row.state != NT_OUTBOX_ABSENT ? row.message.address : NULL);
	g_string_append(out, ". If you'd rather not, press the button, and we stop writing to you there.</p>\n");
	nt_page_button(out, "confirm", "yes", "Unsubscribe");
	g_string_append(out, "<p class=\"quiet\">Answers to your own questions and orders still reach you.</p>\n");
	nt_page_end(out);
}

void nt_unsubscribe_get(struct nt_exchange *x)
{
	if (read_link(x))
		nt_exchange_ask(x, show);
}

static void done(struct nt_exchange *x)
{
	const struct nt_request *request = x->requests;
	const char *sender = nt_page_sender(x->api->program);
	char *text;

	if (request->code == NT_ANSWER_FAILED) {
		nt_page_try_again(x);
		return;
	}
	/* the message is gone with its lead: then there is nobody left to write to */
	text = g_strdup_printf(
		"Done: %s won't write to you there any more. A message that is on its way already may still arrive.",
		strcmp(sender, "us") == 0 ? "we" : sender);
	nt_page_message(x, 200, "You're unsubscribed", text);
	g_free(text);
}

/* Any body will do: ours, List-Unsubscribe=One-Click, or none. */
void nt_unsubscribe_post(struct nt_exchange *x)
{
	if (read_link(x))
		nt_page_outcome(x, NT_OUTCOME_UNSUBSCRIBED, "unsubscribe link", done);
}
