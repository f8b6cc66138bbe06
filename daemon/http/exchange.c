#include "http/exchange.h"

#include "base/arena.h"
#include "base/bug.h"
#include "base/json.h"
#include "http/page.h"
#include "http/route.h"
#include "http/server.h"
#include "os/clock.h"
#include "rules/program.h"
#include "store/engine_thread.h"
#include "store/reader.h"

#include <string.h>

static const char json_type[] = "application/json";

struct nt_exchange *nt_exchange_new(struct nt_server *server, struct MHD_Connection *connection, const char *target)
{
	struct nt_arena *arena = nt_arena_new();
	struct nt_exchange *x = nt_arena_new0(arena, struct nt_exchange);
	const char *why = "it is missing";

	x->arena = arena;
	x->server = server;
	x->api = nt_server_api(server);
	x->connection = connection;
	x->api->exchanges++;
	if (target == NULL || !nt_path_parse(arena, target, &x->path, &why))
		x->bad_target = why;
	return x;
}

void nt_exchange_free(struct nt_exchange *x)
{
	NT_CHECK(x->waiting == 0 && x->program == NULL);
	x->api->exchanges--;
	if (x->body != NULL)
		g_string_free(x->body, TRUE);
	if (x->answer != NULL)
		g_string_free(x->answer, TRUE);
	nt_arena_free(x->arena);
}

/* ---- answering ---- */

GString *nt_exchange_begin(struct nt_exchange *x, unsigned status, const char *type)
{
	x->status = status;
	x->type = type;
	if (x->answer == NULL)
		x->answer = g_string_sized_new(256);
	g_string_truncate(x->answer, 0);
	return x->answer;
}

void nt_exchange_json(struct nt_exchange *x, unsigned status, struct nt_json_writer *w)
{
	nt_json_begin(w, nt_exchange_begin(x, status, json_type));
	nt_json_object(w, NULL);
}

void nt_exchange_json_end(struct nt_json_writer *w)
{
	nt_json_end_object(w);
	g_string_append_c(w->out, '\n');
}

void nt_exchange_error(struct nt_exchange *x, unsigned status, const char *field, const char *format, ...)
{
	struct nt_json_writer w;
	va_list ap;
	char *message;

	va_start(ap, format);
	message = g_strdup_vprintf(format, ap);
	va_end(ap);
	if (x->route != NULL && x->route->page) {
		nt_page_message(x, status, status >= 500 ? "Something went wrong" : "That didn't work", message);
	} else {
		nt_exchange_json(x, status, &w);
		nt_json_object(&w, "error");
		nt_json_put_text(&w, "field", field);
		nt_json_put_text(&w, "message", message);
		nt_json_end_object(&w);
		nt_exchange_json_end(&w);
	}
	g_free(message);
}

void nt_exchange_busy(struct nt_exchange *x, const char *why)
{
	x->retry_after = 1;
	nt_exchange_error(x, 503, NULL, "%s; try again in a moment", why);
}

void nt_exchange_store_failed(struct nt_exchange *x, struct nt_store *store)
{
	x->retry_after = 5;
	nt_exchange_error(x, 503, NULL, "the store can't be read: %s", store->ops->error(store));
}

unsigned nt_exchange_status_of(enum nt_answer_code code)
{
	static const unsigned short statuses[] = {
		[NT_ANSWER_OK] = 200,        [NT_ANSWER_DUPLICATE] = 200, [NT_ANSWER_INVALID] = 400,
		[NT_ANSWER_NOT_FOUND] = 404, [NT_ANSWER_CONFLICT] = 409,  [NT_ANSWER_FAILED] = 503,
	};

	NT_CHECK((unsigned)code < G_N_ELEMENTS(statuses));
	return statuses[code];
}

void nt_exchange_answer_request(struct nt_exchange *x, const char *id, const char *word)
{
	const struct nt_request *request = x->requests;
	unsigned status = nt_exchange_status_of(request->code);
	struct nt_json_writer w;

	if (request->code == NT_ANSWER_FAILED)
		x->retry_after = 5;
	if (status != 200) {
		nt_exchange_error(x, status, request->field, "%s",
		                  request->message_text != NULL ? request->message_text :
		                                                  "the store couldn't keep it; try again");
		return;
	}
	nt_exchange_json(x, 200, &w);
	nt_json_put_text(&w, "id", id);
	nt_json_put_text(&w, "status", request->code == NT_ANSWER_DUPLICATE ? "duplicate" : word);
	if (request->message_text != NULL)
		nt_json_put_text(&w, "message", request->message_text);
	nt_exchange_json_end(&w);
}

/* ---- the body ---- */

const struct nt_json *nt_exchange_object(struct nt_exchange *x)
{
	struct nt_body_error error;
	struct nt_body body;

	if (!nt_body_parse(x->arena, x->body->str, x->body->len, NT_BODY_JSON, 1, &body, &error)) {
		struct nt_json_writer w;

		nt_exchange_json(x, 400, &w);
		nt_json_object(&w, "error");
		nt_json_put_null(&w, "field");
		nt_json_put_text(&w, "message", error.message);
		nt_json_put_int(&w, "offset", (int64_t)error.offset);
		nt_json_put_int(&w, "line", error.line);
		nt_json_put_int(&w, "column", error.column);
		nt_json_end_object(&w);
		nt_exchange_json_end(&w);
		return NULL;
	}
	if (body.many || body.items[0].json->type != NT_JSON_OBJECT) {
		nt_exchange_error(x, 400, NULL, "the body must be one JSON object");
		return NULL;
	}
	return body.items[0].json;
}

bool nt_exchange_text(struct nt_exchange *x, const struct nt_json *object, const char *key, bool required,
                      const char **out)
{
	const struct nt_json *value = nt_json_get(object, key);

	*out = NULL;
	if (value == NULL || value->type == NT_JSON_NULL) {
		if (required)
			nt_exchange_error(x, 400, key, "%s: is missing", key);
		return !required;
	}
	if (value->type != NT_JSON_TEXT) {
		nt_exchange_error(x, 400, key, "%s: must be text", key);
		return false;
	}
	*out = value->text;
	return true;
}

bool nt_exchange_only(struct nt_exchange *x, const struct nt_json *object, const char *const *known)
{
	for (const struct nt_json *item = object->first; item != NULL; item = item->next)
		if (!g_strv_contains(known, item->key)) {
			char *all = g_strjoinv(", ", (char **)(uintptr_t)known);

			nt_exchange_error(x, 400, item->key, "%s: unknown key; there may be %s", item->key, all);
			g_free(all);
			return false;
		}
	return true;
}

/* ---- the engine ---- */

struct nt_request *nt_exchange_requests(struct nt_exchange *x, enum nt_request_kind kind, unsigned n)
{
	struct nt_request *requests = nt_arena_array(x->arena, struct nt_request, n);

	for (unsigned i = 0; i < n; i++) {
		requests[i].arena = x->arena;
		requests[i].kind = kind;
		requests[i].source = x->caller.source;
		requests[i].cause = x->caller.cause;
	}
	return requests;
}

/* Until the last is answered the engine's thread may use the arena: nothing else here does. */
static void one_answered(struct nt_request *request, void *user)
{
	struct nt_exchange *x = user;

	(void)request;
	x->api->posted--;
	if (--x->waiting > 0)
		return;
	x->answered(x);
	nt_server_resume(x);
}

static void suspend(struct nt_exchange *x)
{
	if (!x->suspended)
		nt_server_suspend(x);
}

void nt_exchange_post(struct nt_exchange *x, struct nt_request *requests, unsigned n,
                      void (*answered)(struct nt_exchange *x))
{
	unsigned good = 0;

	x->requests = requests;
	x->n_requests = n;
	for (unsigned i = 0; i < n; i++)
		good += requests[i].code == NT_ANSWER_OK;
	if (good == 0) {
		answered(x);
		return;
	}
	if (x->api->stopped || (x->api->posted > 0 && x->api->posted + good > NT_POSTED_MOST)) {
		nt_exchange_busy(x, "too much is waiting to be stored");
		return;
	}
	x->answered = answered;
	x->waiting = good;
	x->api->posted += good;
	suspend(x);
	for (unsigned i = 0; i < n; i++) {
		if (requests[i].code != NT_ANSWER_OK)
			continue;
		requests[i].done = one_answered;
		requests[i].user = x;
		nt_engine_thread_post(x->api->options.engine, &requests[i]);
	}
}

/* ---- the reader ---- */

static void ask(void *user, struct nt_store *store, struct nt_arena *arena)
{
	struct nt_exchange *x = user;

	(void)arena; /* what is found lives as long as the answer is made of it: in the exchange's own */
	x->ask(x, store);
}

static void told(void *user)
{
	struct nt_exchange *x = user;

	x->api->asked--;
	nt_program_unref(x->program);
	x->program = NULL;
	if (x->then != NULL)
		x->then(x);
	if (x->status != 0)
		nt_server_resume(x);
}

void nt_exchange_ask(struct nt_exchange *x, void (*question)(struct nt_exchange *x, struct nt_store *store))
{
	nt_exchange_work(x, question, NULL);
}

void nt_exchange_work(struct nt_exchange *x, void (*work)(struct nt_exchange *x, struct nt_store *store),
                      void (*then)(struct nt_exchange *x))
{
	if (x->api->stopped || x->api->asked >= NT_ASKED_MOST) {
		nt_exchange_busy(x, "too many questions are waiting");
		return;
	}
	x->ask = work;
	x->then = then;
	x->api->asked++;
	x->program = nt_program_ref(x->api->program);
	x->now = nt_clock_now(x->api->options.clock);
	x->links = x->api->options.links;
	suspend(x);
	nt_reader_ask(x->api->options.reader, ask, told, x);
}
