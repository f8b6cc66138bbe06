/* Messages by state; and addresses that nothing goes to. */
#include "http/route.h"

#include "base/arena.h"
#include "base/json.h"
#include "engine/describe.h"
#include "http/read.h"

#include <string.h>

/* "in_doubt" for "in doubt". ABSENT: no such state. */
static enum nt_outbox_state read_state(struct nt_arena *arena, const char *text)
{
	char *plain = nt_arena_strdup(arena, text);

	g_strdelimit(plain, "_-", ' ');
	for (unsigned i = 0; i < NT_OUTBOX_ABSENT; i++)
		if (strcmp(nt_outbox_state_name((enum nt_outbox_state)i), plain) == 0)
			return (enum nt_outbox_state)i;
	return NT_OUTBOX_ABSENT;
}

static void list(struct nt_exchange *x, struct nt_store *store)
{
	const char *after = nt_path_parameter(&x->path, "after");
	enum nt_outbox_state state = read_state(x->arena, nt_path_parameter(&x->path, "state"));
	struct nt_outbox_row *rows;
	struct nt_json_writer w;
	GString *text;
	long long limit;
	unsigned n = 0;

	nt_path_number(&x->path, "limit", 1, 1000, 100, &limit);
	rows = nt_arena_array(x->arena, struct nt_outbox_row, limit);
	if (store->ops->outbox_list(store, x->arena, state, after != NULL ? after : "", (unsigned)limit, rows, &n) !=
	    NT_STORE_OK) {
		nt_exchange_store_failed(x, store);
		return;
	}
	text = g_string_new(NULL);
	nt_exchange_json(x, 200, &w);
	nt_json_array(&w, "messages");
	for (unsigned i = 0; i < n; i++) {
		g_string_truncate(text, 0);
		nt_describe_outbox_json(&rows[i], text);
		nt_json_put_raw(&w, NULL, text->str);
	}
	nt_json_end_array(&w);
	nt_json_put_text(&w, "next", n == limit ? rows[n - 1].message.id : NULL);
	nt_exchange_json_end(&w);
	g_string_free(text, TRUE);
}

void nt_outbox_get(struct nt_exchange *x)
{
	const char *state = nt_path_parameter(&x->path, "state");
	long long limit;

	if (state == NULL || read_state(x->arena, state) == NT_OUTBOX_ABSENT)
		nt_exchange_error(x, 400, "state",
		                  "state: must be one of released, handed, accepted, refused, cancelled, in_doubt");
	else if (!nt_path_number(&x->path, "limit", 1, 1000, 100, &limit))
		nt_exchange_error(x, 400, "limit", "limit: must be a number from 1 to 1000");
	else
		nt_exchange_ask(x, list);
}

static void decided(struct nt_exchange *x)
{
	nt_exchange_answer_request(x, x->arguments[0], x->requests->again ? "released" : "refused");
}

static void decide(struct nt_exchange *x, bool again)
{
	struct nt_request *request = nt_exchange_requests(x, NT_REQUEST_DECIDE, 1);

	request->message = x->arguments[0];
	request->again = again;
	nt_exchange_post(x, request, 1, decided);
}

void nt_outbox_retry(struct nt_exchange *x)
{
	decide(x, true);
}

void nt_outbox_drop(struct nt_exchange *x)
{
	decide(x, false);
}

static void done(struct nt_exchange *x)
{
	nt_exchange_answer_request(x, x->requests->address, x->requests->lift ? "lifted" : "suppressed");
}

static void suppress(struct nt_exchange *x, const char *channel, const char *address, const char *cause, bool lift)
{
	struct nt_request *request = nt_exchange_requests(x, NT_REQUEST_SUPPRESS, 1);

	if (address != NULL && strlen(address) > 512) {
		nt_exchange_error(x, 400, "address", "address: is longer than 512 bytes");
		return;
	}
	request->channel = channel;
	request->address = address;
	request->lift = lift;
	if (cause != NULL)
		request->cause = nt_arena_printf(x->arena, "%s: %.500s", request->cause, cause);
	nt_exchange_post(x, request, 1, done);
}

/* {"channel": "email", "address": "ann@example.org", "reason": "asked by telephone"} */
void nt_suppressions_post(struct nt_exchange *x)
{
	static const char *const known[] = { "channel", "address", "reason", NULL };
	const struct nt_json *object = nt_exchange_object(x);
	const char *channel, *address, *reason;

	if (object != NULL && nt_exchange_only(x, object, known) &&
	    nt_exchange_text(x, object, "channel", true, &channel) &&
	    nt_exchange_text(x, object, "address", true, &address) &&
	    nt_exchange_text(x, object, "reason", false, &reason))
		suppress(x, channel, address, reason, false);
}

/* ?channel=email&address=ann%40example.org */
void nt_suppressions_delete(struct nt_exchange *x)
{
	suppress(x, nt_path_parameter(&x->path, "channel"), nt_path_parameter(&x->path, "address"), NULL, true);
}
