/* The link that confirms an address (double opt-in). Following it changes nothing, since mail scanners follow links;
 * the button gives consent for the channel that the message came by. Pressing it again is fine. */
#include "http/route.h"

#include "http/page.h"
#include "http/read.h"

/* The message that the link names; false after answering. */
static bool read_link(struct nt_exchange *x)
{
	return nt_page_link(x, x->arguments[0], NT_LINK_CONFIRM, "") &&
	       !nt_page_link_expired(x, "If you'd still like to hear from us, sign up once more, and we send you a new "
	                                "one.");
}

static void gone(struct nt_exchange *x)
{
	nt_page_message(x, 410, "There is nothing to confirm any more",
	                "We don't have this request any more. If you'd like to hear from us, please sign up once "
	                "more.");
}

static void show(struct nt_exchange *x, struct nt_store *store)
{
	const struct nt_link *link = x->data;
	struct nt_outbox_row row;
	GString *out;

	if (!nt_read_message(x, store, link->id, &row))
		return;
	if (row.state == NT_OUTBOX_ABSENT) {
		gone(x);
		return;
	}
	out = nt_page_begin(x, 200, "One more step");
	g_string_append(out, "<p>Press the button, and you get messages from ");
	nt_page_sender_at(out, x, row.message.address);
	g_string_append(out, ". You can stop them at any time.</p>\n");
	nt_page_button(out, "confirm", "yes", "Yes, please");
	g_string_append(out, "<p class=\"quiet\">If you didn't ask for this, close this page: then nothing is "
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
		nt_page_try_again(x);
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
	if (read_link(x))
		nt_page_outcome(x, NT_OUTCOME_CONFIRMED, "confirmation link", done);
}
