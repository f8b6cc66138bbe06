/* Many at once: events, and outcomes of messages. Each item is a request of its own to the engine, so a bad one is
 * refused alone; the answers stand in the order of the items. */
#include "http/route.h"

#include "base/arena.h"
#include "base/json.h"

#include <string.h>

/* ---- the answer ---- */

enum { STORED, DUPLICATE, INVALID, FAILED, WORDS };

static const char *const words[WORDS] = { "stored", "duplicate", "invalid", "failed" };

static const unsigned char word_of[] = {
	[NT_ANSWER_OK] = STORED,         [NT_ANSWER_DUPLICATE] = DUPLICATE, [NT_ANSWER_INVALID] = INVALID,
	[NT_ANSWER_NOT_FOUND] = INVALID, [NT_ANSWER_CONFLICT] = INVALID,    [NT_ANSWER_FAILED] = FAILED,
};

static void put_error(struct nt_json_writer *w, const struct nt_request *request)
{
	nt_json_put_text(w, "field", request->field);
	nt_json_put_text(w, "message", request->message_text != NULL ? request->message_text :
	                                                               "the store couldn't keep it; send it again");
}

static void put_result(struct nt_json_writer *w, const struct nt_request *request, const char *name)
{
	unsigned word = word_of[request->code];
	const char *id = request->json != NULL ? nt_json_text(request->json, name) : NULL;

	nt_json_object(w, NULL);
	nt_json_put_text(w, name, id);
	nt_json_put_text(w, "status", words[word]);
	if (word == INVALID || word == FAILED)
		put_error(w, request);
	nt_json_end_object(w);
}

/* 200: something of it was used, and what wasn't is said; 400: nothing was; 503: some must be sent again. */
static void answer(struct nt_exchange *x, const char *name)
{
	unsigned counts[WORDS] = { 0 }, status;
	const struct nt_request *refused = NULL;
	struct nt_json_writer w;

	for (unsigned i = 0; i < x->n_requests; i++) {
		counts[word_of[x->requests[i].code]]++;
		if (refused == NULL && word_of[x->requests[i].code] == INVALID)
			refused = &x->requests[i];
	}
	status = counts[FAILED] > 0 ? 503 : counts[STORED] + counts[DUPLICATE] > 0 || refused == NULL ? 200 : 400;
	x->retry_after = counts[FAILED] > 0 ? 5 : 0;
	nt_exchange_json(x, status, &w);
	if (status == 400) {
		nt_json_object(&w, "error");
		put_error(&w, refused);
		nt_json_end_object(&w);
	}
	for (unsigned i = 0; i < WORDS; i++)
		nt_json_put_int(&w, words[i], counts[i]);
	nt_json_array(&w, "results");
	for (unsigned i = 0; i < x->n_requests; i++)
		put_result(&w, &x->requests[i], name);
	nt_json_end_array(&w);
	nt_exchange_json_end(&w);
}

static void answer_events(struct nt_exchange *x)
{
	answer(x, "id");
}

static void answer_outcomes(struct nt_exchange *x)
{
	answer(x, "message");
}

/* ---- the items ---- */

static void refuse(struct nt_request *request, const char *field, const char *message)
{
	request->code = NT_ANSWER_INVALID;
	request->field = field;
	request->message_text = message;
}

static void make_event(struct nt_request *request)
{
	request->input_kind = NT_INPUT_EVENT;
}

static const struct {
	const char *name;
	enum nt_outcome outcome;
} outcomes[] = {
	{ "delivered", NT_OUTCOME_DELIVERED },   { "opened", NT_OUTCOME_OPENED },
	{ "clicked", NT_OUTCOME_CLICKED },       { "replied", NT_OUTCOME_REPLIED },
	{ "bounced", NT_OUTCOME_BOUNCED },       { "failed", NT_OUTCOME_FAILED },
	{ "complained", NT_OUTCOME_COMPLAINED }, { "unsubscribed", NT_OUTCOME_UNSUBSCRIBED },
};

static void make_outcome(struct nt_request *request)
{
	static const char *const known[] = { "message", "outcome", "detail", NULL };
	const char *name = nt_json_text(request->json, "outcome");
	unsigned i = 0;

	request->is_later = true;
	request->message = nt_json_text(request->json, "message");
	request->detail = nt_json_text(request->json, "detail");
	while (name != NULL && i < G_N_ELEMENTS(outcomes) && strcmp(outcomes[i].name, name) != 0)
		i++;
	for (const struct nt_json *item = request->json->first; item != NULL; item = item->next)
		if (!g_strv_contains(known, item->key))
			refuse(request, item->key, "there may be message, outcome and detail");
	if (request->message == NULL)
		refuse(request, "message", "message: is missing");
	else if (name == NULL || i == G_N_ELEMENTS(outcomes))
		refuse(request, "outcome",
		       "outcome: must be one of delivered, opened, clicked, replied, bounced, "
		       "failed, complained, unsubscribed");
	else
		request->later = outcomes[i].outcome;
	if (request->detail != NULL && strlen(request->detail) > 1000)
		refuse(request, "detail", "detail: is longer than 1000 bytes");
}

static void answer_unusable(struct nt_exchange *x, const struct nt_body_error *error)
{
	struct nt_json_writer w;

	nt_exchange_json(x, error->too_many ? 413 : 400, &w);
	nt_json_object(&w, "error");
	nt_json_put_null(&w, "field");
	nt_json_put_text(&w, "message", error->message);
	if (!error->too_many) {
		nt_json_put_int(&w, "offset", (int64_t)error->offset);
		nt_json_put_int(&w, "line", error->line);
		nt_json_put_int(&w, "column", error->column);
	}
	nt_json_end_object(&w);
	nt_exchange_json_end(&w);
}

/* What becomes of items: of events, of outcomes. */
struct batch {
	enum nt_request_kind kind;
	void (*make)(struct nt_request *request);
	void (*answered)(struct nt_exchange *x);
	struct nt_request *requests;
	unsigned n;
};

static void parse(struct nt_exchange *x, struct nt_store *store)
{
	struct batch *batch = x->data;
	struct nt_request *requests;
	struct nt_body_error error;
	struct nt_body body;

	(void)store;
	if (!nt_body_parse(x->arena, x->body->str, x->body->len, x->form, NT_ITEMS_MOST, &body, &error)) {
		answer_unusable(x, &error);
		return;
	}
	requests = nt_exchange_requests(x, batch->kind, body.n);
	for (unsigned i = 0; i < body.n; i++) {
		requests[i].json = body.items[i].json;
		if (requests[i].json == NULL)
			refuse(&requests[i], NULL, body.items[i].wrong);
		else if (requests[i].json->type != NT_JSON_OBJECT)
			refuse(&requests[i], NULL, "an item must be a JSON object");
		else
			batch->make(&requests[i]);
	}
	batch->requests = requests;
	batch->n = body.n;
}

static void post(struct nt_exchange *x)
{
	const struct batch *batch = x->data;

	if (x->status == 0)
		nt_exchange_post(x, batch->requests, batch->n, batch->answered);
}

#define LARGE (256u * 1024) /* takes some milliseconds to read: not on the loop */

static void take(struct nt_exchange *x, enum nt_request_kind kind, void (*make)(struct nt_request *request),
                 void (*answered)(struct nt_exchange *x))
{
	struct batch *batch = nt_arena_new0(x->arena, struct batch);

	*batch = (struct batch){ .kind = kind, .make = make, .answered = answered };
	x->data = batch;
	if (x->body->len > LARGE) {
		nt_exchange_work(x, parse, post);
		return;
	}
	parse(x, NULL);
	post(x);
}

void nt_events_post(struct nt_exchange *x)
{
	take(x, NT_REQUEST_INPUT, make_event, answer_events);
}

void nt_outcomes_post(struct nt_exchange *x)
{
	take(x, NT_REQUEST_OUTCOME, make_outcome, answer_outcomes);
}
