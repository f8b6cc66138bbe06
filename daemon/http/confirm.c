/* The link that confirms an address (double opt-in). Following it changes nothing, since mail scanners follow links;
 * the button gives consent for the channel that the message came by. Pressing it again is fine. */
#include "http/route.h"

#include "base/arena.h"
#include "channel/links.h"
#include "http/page.h"
#include "http/read.h"
#include "os/clock.h"

/* The message that the link names; false after answering. */
static bool read_link(struct nt_exchange *x)
{
	struct nt_link *link = nt_arena_new0(x->arena, struct nt_link);

	x->data = link;
	if (x->api->options.links == NULL || !nt_links_read(x->api->options.links, x->arguments[0], link) ||
	    link->kind != NT_LINK_CONFIRM) {
		nt_page_message(x, 404, "This link isn't complete",
		                "Part of the address is missing or was changed on the way. Please open the link in the "
		                "message once more.");
		return false;
	}
	if (link->expires < nt_clock_now(x->api->options.clock)) {
		nt_page_message(x, 410, "This link has expired",
		                "It was good for thirty days. If you'd still like to hear from us, sign up once more, "
		                "and we send you a new one.");
		return false;
	}
	return true;
}

static void gone(struct nt_exchange *x)
{
	nt_page_message(x, 410, "There is nothing to confirm any more",
	                "We don't have this request any more. If you'd like to hear from us, please sign up once "
	                "more.");
}

static void show(struct nt_exchange *x, struct nt_store *store)
{
	const char *sender = nt_page_sender(x->program), *address;
	const struct nt_link *link = x->data;
	struct nt_outbox_row row;
	GString *out;

	if (!nt_read_message(x, store, link->id, &row))
		return;
	if (row.state == NT_OUTBOX_ABSENT) {
		gone(x);
		return;
	}
	address = nt_page_veiled(x, row.message.address);
	out = nt_page_begin(x, 200, "One more step");
	g_string_append(out, "<p>Press the button, and you get messages from ");
	nt_page_text(out, sender);
	if (address != NULL) {
		g_string_append(out, " at <strong>");
		nt_page_text(out, address);
		g_string_append(out, "</strong>");
	}
	g_string_append(out, ". You can stop them at any time.</p>\n"
	                     "<form method=\"post\"><input type=\"hidden\" name=\"confirm\" value=\"yes\">"
	                     "<button type=\"submit\">Yes, please</button></form>\n"
	                     "<p class=\"quiet\">If you didn't ask for this, close this page: then nothing is "
	                     "sent.</p>\n");
	nt_page_end(out);
}

void nt_confirm_get(struct nt_exchange *x)
{
	if (read_link(x))
		nt_exchange_ask(x, show);
}

static void done(struct nt_exchange *x)
{
	const struct nt_request *request = x->requests;

	switch (request->code) {
	case NT_ANSWER_FAILED:
		x->retry_after = 60;
		nt_page_message(x, 503, "Please try again",
		                "We couldn't note this just now. Please try again in a minute.");
		break;
	case NT_ANSWER_NOT_FOUND:
		gone(x);
		break;
	case NT_ANSWER_CONFLICT:
		nt_page_message(x, 409, "This link doesn't count any more",
		                "Since it was sent, your address has changed with us, or you asked us to stop. If "
		                "you'd like to hear from us, please sign up once more.");
		break;
	default:
		nt_page_message(x, 200, "Thank you", "That's all: you'll hear from us.");
		break;
	}
}

/* Any body will do. */
void nt_confirm_post(struct nt_exchange *x)
{
	const struct nt_link *link;
	struct nt_request *request;

	if (!read_link(x))
		return;
	link = x->data;
	request = nt_exchange_requests(x, NT_REQUEST_OUTCOME, 1);
	request->message = link->id;
	request->is_later = true;
	request->later = NT_OUTCOME_CONFIRMED;
	request->detail = "by the link in the message";
	request->cause = "confirmation link";
	request->source = "confirmation link";
	nt_exchange_post(x, request, 1, done);
}
