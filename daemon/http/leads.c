/* One lead: what is known of it, its fields, consent, campaigns by hand, erasure. */
#include "http/route.h"

#include "base/arena.h"
#include "base/bug.h"
#include "base/json.h"
#include "base/text.h"
#include "engine/codec.h"
#include "engine/describe.h"
#include "engine/state.h"
#include "engine/task.h"
#include "http/read.h"
#include "os/clock.h"

#include <string.h>

#define MESSAGES_SHOWN 20

/* ---- reading ---- */

/* ?as=text: as people read it. */
static void describe(struct nt_exchange *x, struct nt_store *store)
{
	const char *as = nt_path_parameter(&x->path, "as");
	struct nt_lead *lead = nt_read_lead(x, store, x->arguments[0]);
	struct nt_tasks *tasks = lead != NULL ? nt_read_tasks(x, store, lead->id) : NULL;
	struct nt_described_message *messages;
	GPtrArray *open;

	if (tasks == NULL)
		return;
	open = nt_tasks_list(tasks, true);
	if (nt_describe_messages(store, x->arena, lead, MESSAGES_SHOWN, &messages) != NT_STORE_OK) {
		nt_exchange_store_failed(x, store);
	} else if (as != NULL && strcmp(as, "text") == 0) {
		nt_describe_lead_text(lead, x->now, messages, open,
		                      nt_exchange_begin(x, 200, "text/plain; charset=utf-8"));
	} else {
		nt_describe_lead_json(lead, x->now, messages, open, nt_exchange_begin(x, 200, "application/json"));
		g_string_append_c(x->answer, '\n');
	}
	g_ptr_array_free(open, TRUE);
	nt_tasks_free(tasks);
}

static bool id_fits(struct nt_exchange *x)
{
	if (nt_lead_id_valid(x->arguments[0]))
		return true;
	nt_exchange_error(x, 400, "id",
	                  "id: is 1 to %d bytes of UTF-8 without control characters and without blanks at its ends",
	                  NT_LEAD_ID_LONGEST);
	return false;
}

void nt_lead_get(struct nt_exchange *x)
{
	if (id_fits(x))
		nt_exchange_ask(x, describe);
}

/* ---- changing ---- */

static struct nt_request *input(struct nt_exchange *x, enum nt_input_kind kind)
{
	struct nt_request *request = nt_exchange_requests(x, NT_REQUEST_INPUT, 1);

	request->lead = x->arguments[0];
	request->input_kind = kind;
	return request;
}

static void stored(struct nt_exchange *x)
{
	nt_exchange_answer_request(x, x->arguments[0], "stored");
}

static void erased(struct nt_exchange *x)
{
	nt_exchange_answer_request(x, x->arguments[0], "erased");
}

static void put_fields(struct nt_exchange *x, bool replace)
{
	const struct nt_json *object = id_fits(x) ? nt_exchange_object(x) : NULL;
	struct nt_request *request;

	if (object == NULL)
		return;
	request = input(x, NT_INPUT_FIELDS);
	request->json = object;
	request->replace = replace;
	nt_exchange_post(x, request, 1, stored);
}

void nt_lead_put(struct nt_exchange *x)
{
	put_fields(x, true);
}

void nt_lead_patch(struct nt_exchange *x)
{
	put_fields(x, false);
}

void nt_lead_delete(struct nt_exchange *x)
{
	if (id_fits(x))
		nt_exchange_post(x, input(x, NT_INPUT_ERASE), 1, erased);
}

/* {"channel": "sms", "given": true, "how": "form", "from": "https://…"}; without channel: all that is marketing. */
void nt_lead_consent(struct nt_exchange *x)
{
	static const char *const known[] = { "channel", "given", "how", "from", NULL };
	const struct nt_json *object = id_fits(x) ? nt_exchange_object(x) : NULL, *given;
	struct nt_request *request;

	if (object == NULL || !nt_exchange_only(x, object, known))
		return;
	request = input(x, NT_INPUT_CONSENT);
	given = nt_json_get(object, "given");
	if (given == NULL || given->type != NT_JSON_BOOL) {
		nt_exchange_error(x, 400, "given", "given: must be true or false");
		return;
	}
	if (!nt_exchange_text(x, object, "channel", false, &request->channel) ||
	    !nt_exchange_text(x, object, "how", false, &request->how) ||
	    !nt_exchange_text(x, object, "from", false, &request->from))
		return;
	request->given = given->boolean;
	if (request->channel == NULL)
		request->channel = "";
	if (request->how == NULL)
		request->how = "api";
	if (request->from == NULL)
		request->from = x->caller.source;
	if (strlen(request->how) > 200 || strlen(request->from) > 1000) {
		nt_exchange_error(x, 400, "how", "how: at most 200 bytes, and from: at most 1000");
		return;
	}
	nt_exchange_post(x, request, 1, stored);
}

static void by_hand(struct nt_exchange *x, enum nt_input_kind kind)
{
	struct nt_request *request;

	if (!id_fits(x))
		return;
	request = input(x, kind);
	request->campaign = x->arguments[1];
	request->key = nt_path_parameter(&x->path, "key");
	nt_exchange_post(x, request, 1, stored);
}

void nt_lead_start(struct nt_exchange *x)
{
	by_hand(x, NT_INPUT_START);
}

void nt_lead_stop(struct nt_exchange *x)
{
	by_hand(x, NT_INPUT_STOP);
}
