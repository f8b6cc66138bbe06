/* The link at the end of every marketing message. Following it changes nothing (mail scanners follow links); the button
 * does, and so does a mail program's own (RFC 8058). Doing it again is fine. */
#include "http/route.h"

#include "base/arena.h"
#include "channel/links.h"
#include "http/page.h"
#include "http/read.h"

#include <string.h>

/* The message that the link names; false after answering. */
static bool read_link(struct nt_exchange *x)
{
	struct nt_link *link = nt_arena_new0(x->arena, struct nt_link);

	x->data = link;
	if (x->api->options.links != NULL && nt_links_read(x->api->options.links, x->arguments[0], link) &&
	    link->kind == NT_LINK_UNSUBSCRIBE)
		return true;
	nt_page_message(x, 404, "This link isn't complete",
	                "Part of the address is missing or was changed on the way. Please open the link in the message "
	                "once more, or "
	                "simply answer the message and tell us to stop.");
	return false;
}

static void show(struct nt_exchange *x, struct nt_store *store)
{
	const char *sender = nt_page_sender(x->program), *address = NULL;
	const struct nt_link *link = x->data;
	struct nt_outbox_row row;
	GString *out;

	if (!nt_read_message(x, store, link->id, &row))
		return;
	if (row.state != NT_OUTBOX_ABSENT)
		address = nt_page_veiled(x, row.message.address);
	out = nt_page_begin(x, 200, "Stop these messages?");
	g_string_append(out, "<p>You get messages from ");
	nt_page_text(out, sender);
	if (address != NULL) {
		g_string_append(out, " at <strong>");
		nt_page_text(out, address);
		g_string_append(out, "</strong>");
	}
	g_string_append(out, ". If you'd rather not, press the button, and we stop writing to you there.</p>\n"
	                     "<form method=\"post\"><input type=\"hidden\" name=\"confirm\" value=\"yes\">"
	                     "<button type=\"submit\">Unsubscribe</button></form>\n"
	                     "<p class=\"quiet\">Answers to your own questions and orders still reach you.</p>\n");
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
		x->retry_after = 60;
		nt_page_message(x, 503, "Please try again",
		                "We couldn't note this just now. Please try again in a minute.");
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
	const struct nt_link *link;
	struct nt_request *request;

	if (!read_link(x))
		return;
	link = x->data;
	request = nt_exchange_requests(x, NT_REQUEST_OUTCOME, 1);
	request->message = link->id;
	request->is_later = true;
	request->later = NT_OUTCOME_UNSUBSCRIBED;
	request->detail = "by the link in the message";
	request->cause = "unsubscribe link";
	request->source = "unsubscribe link";
	nt_exchange_post(x, request, 1, done);
}
