/* What the pages behind the links in our messages have in common. Following a link changes nothing (mail scanners
 * follow them); a button does, and pressing it again is fine. */
#include "http/page.h"

#include "base/arena.h"
#include "http/exchange.h"
#include "os/clock.h"

bool nt_page_link(struct nt_exchange *x, const char *token, enum nt_link_kind kind, const char *otherwise)
{
	struct nt_link *link = nt_arena_new0(x->arena, struct nt_link);

	x->data = link;
	if (x->api->options.links != NULL && nt_links_read(x->api->options.links, token, link) && link->kind == kind)
		return true;
	nt_page_message(x, 404, "This link isn't complete",
	                nt_arena_printf(x->arena,
	                                "Part of the address is missing or was changed on the way. Please open the "
	                                "link in the message once more%s.", otherwise));
	return false;
}

bool nt_page_link_expired(struct nt_exchange *x, const char *then)
{
	const struct nt_link *link = x->data;

	if (link->expires >= nt_clock_now(x->api->options.clock))
		return false;
	nt_page_message(x, 410, "This link has expired",
	                nt_arena_printf(x->arena, "It was good for thirty days. %s", then));
	return true;
}

void nt_page_sender_at(GString *out, struct nt_exchange *x, const char *address)
{
	const char *veiled = address != NULL ? nt_page_veiled(x, address) : NULL;

	nt_page_text(out, nt_page_sender(x->program));
	if (veiled == NULL)
		return;
	g_string_append(out, " at <strong>");
	nt_page_text(out, veiled);
	g_string_append(out, "</strong>");
}

void nt_page_button(GString *out, const char *name, const char *value, const char *label)
{
	g_string_append_printf(out, "<form method=\"post\"><input type=\"hidden\" name=\"%s\" value=\"%s\">"
	                            "<button type=\"submit\">", name, value);
	nt_page_text(out, label);
	g_string_append(out, "</button></form>\n");
}

const char *nt_page_pressed(struct nt_exchange *x, const char *const *buttons)
{
	const char *pressed, *why = NULL;

	if (!nt_path_parse_form(x->arena, x->body->str, x->body->len, &x->path, &why)) {
		nt_page_message(x, 400, "That didn't work", why);
		return NULL;
	}
	pressed = nt_path_parameter(&x->path, "do");
	if (pressed != NULL && g_strv_contains(buttons, pressed))
		return pressed;
	nt_page_message(x, 400, "That didn't work",
	                buttons[1] != NULL ? "Please use the buttons on the page." :
	                                     "Please use the button on the page.");
	return NULL;
}

void nt_page_outcome(struct nt_exchange *x, enum nt_outcome outcome, const char *source,
                     void (*answered)(struct nt_exchange *x))
{
	struct nt_request *request = nt_exchange_requests(x, NT_REQUEST_OUTCOME, 1);
	const struct nt_link *link = x->data;

	request->message = link->id;
	request->is_later = true;
	request->later = outcome;
	request->detail = "by the link in the message";
	request->cause = source;
	request->source = source;
	nt_exchange_post(x, request, 1, answered);
}

void nt_page_try_again(struct nt_exchange *x)
{
	x->retry_after = 60;
	nt_page_message(x, 503, "Please try again",
	                "We couldn't note this just now. Please try again in a minute.");
}
