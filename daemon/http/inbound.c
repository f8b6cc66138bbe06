/* /in/CHANNEL: what gateways bring us. The answer is empty: whatever stood in it, some would send on to the person. */
#include "http/route.h"

#include "base/arena.h"
#include "channel/inbound.h"
#include "channel/links.h"

#include <microhttpd.h>
#include <string.h>

static const char *header(void *user, const char *name)
{
	struct nt_exchange *x = user;

	return MHD_lookup_connection_value(x->connection, MHD_HEADER_KIND, name);
}

static const struct nt_provider *provider_of(const struct nt_exchange *x)
{
	const struct nt_api_options *options = &x->api->options;

	for (unsigned i = 0; i < options->n_inbound; i++)
		if (strcmp(options->inbound[i].channel, x->arguments[0]) == 0)
			return options->inbound[i].provider;
	return NULL;
}

static void done(struct nt_exchange *x)
{
	const struct nt_request *request = x->requests;

	if (request->code == NT_ANSWER_OK || request->code == NT_ANSWER_DUPLICATE) {
		nt_exchange_begin(x, 200, "text/plain; charset=utf-8");
		return;
	}
	x->retry_after = request->code == NT_ANSWER_FAILED ? 5 : 0;
	nt_exchange_error(x, nt_exchange_status_of(request->code), request->field, "%s", request->message_text);
}

static void take(struct nt_exchange *x, const char *method)
{
	const struct nt_provider *provider = provider_of(x);
	const char *(*pairs)[2] = nt_arena_alloc(x->arena, sizeof *pairs * (x->path.n_parameters + 1));
	struct nt_inbound_call call = { .method = method, .parameters = (const char *const (*)[2])pairs,
		                        .n_parameters = x->path.n_parameters, .header = header, .user = x };
	struct nt_inbound_message message;
	struct nt_request *request;

	for (unsigned i = 0; i < x->path.n_parameters; i++) {
		pairs[i][0] = x->path.parameters[i].name;
		pairs[i][1] = x->path.parameters[i].value;
	}
	call.url = nt_arena_printf(x->arena, "%s/in/%s", x->api->options.links != NULL ?
	                           nt_links_public_url(x->api->options.links) : "", x->arguments[0]);
	switch (provider != NULL ? nt_inbound_read(provider, &call, &message) : NT_INBOUND_OFF) {
	case NT_INBOUND_OFF:
		nt_exchange_error(x, 404, NULL, "nothing comes in here");
		return;
	case NT_INBOUND_METHOD:
		nt_exchange_error(x, 405, NULL, "this gateway uses another method");
		return;
	case NT_INBOUND_FORGED:
		nt_exchange_error(x, 403, NULL, "the key or the signature is missing or wrong");
		return;
	case NT_INBOUND_INCOMPLETE:
		nt_exchange_error(x, 400, NULL, "the sender's number or the text is missing");
		return;
	case NT_INBOUND_OK:
		break;
	}
	request = nt_exchange_requests(x, NT_REQUEST_REPLY, 1);
	request->channel = x->arguments[0];
	request->address = message.from;
	request->text = message.text;
	request->id = message.id;
	request->cause = nt_arena_printf(x->arena, "gateway of %s", x->arguments[0]);
	request->source = "gateway";
	nt_exchange_post(x, request, 1, done);
}

void nt_inbound_get(struct nt_exchange *x)
{
	take(x, "GET");
}

void nt_inbound_post(struct nt_exchange *x)
{
	const char *why = NULL;

	if (nt_path_parse_form(x->arena, x->body->str, x->body->len, &x->path, &why))
		take(x, "POST");
	else
		nt_exchange_error(x, 400, NULL, "the form can't be read: %s", why);
}
