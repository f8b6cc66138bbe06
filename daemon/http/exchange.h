/* One request and its answer, from the request line to the last byte; what all of this room's files share.
 *
 * Life: server.c makes it when the request line is there, guard.c looks at its headers, a route's function (route.c has
 * the table) gets it once the body is complete. That function either answers at once, or hands it to the engine thread
 * or the reader: then MHD has the connection suspended, and the exchange belongs to that thread until `answered` or the
 * end of `ask`. All else happens on the loop thread. */
#ifndef NT_HTTP_EXCHANGE_H
#define NT_HTTP_EXCHANGE_H

#include "engine/engine.h"
#include "http/api.h"
#include "http/body.h"
#include "http/path.h"

#include <glib.h>

struct MHD_Connection;
struct nt_json;
struct nt_json_writer;
struct nt_http_route;
struct nt_links;
struct nt_server;
struct nt_tokens;

enum nt_method { NT_GET = 1, NT_HEAD = 2, NT_POST = 4, NT_PUT = 8, NT_PATCH = 16, NT_DELETE = 32, NT_OPTIONS = 64 };

struct nt_caller {
	const char *source; /* namespace of event ids: the token's name, "nurturectl" */
	const char *cause;  /* for the timeline: "api token shop", "nurturectl (uid 0)", "unsubscribe link" */
	unsigned scopes;
};

struct nt_exchange {
	struct nt_api *api;
	struct nt_server *server;
	struct MHD_Connection *connection;
	struct nt_arena *arena;      /* all of the exchange, its engine requests too */
	/* the request */
	enum nt_method method;       /* 0: one that nothing here knows */
	struct nt_path path;
	const char *bad_target;      /* why the target can't be read */
	const struct nt_http_route *route; /* NULL: none */
	const char *arguments[2];    /* what stands for the * of its pattern */
	struct nt_caller caller;
	enum nt_body_form form;
	GString *body;
	/* the answer */
	unsigned status;             /* 0: none yet */
	const char *type, *allow;
	unsigned retry_after;        /* seconds, 0 none */
	bool close;                  /* the connection, after it */
	GString *answer;
	/* progress: server.c's and exchange.c's */
	bool seen, started, suspended, sent;
	size_t discarded;
	unsigned waiting;            /* engine requests not yet answered */
	struct nt_request *requests;
	unsigned n_requests;
	void (*answered)(struct nt_exchange *x);
	void (*ask)(struct nt_exchange *x, struct nt_store *store);
	void (*then)(struct nt_exchange *x); /* after asking; NULL: it has been answered */
	struct nt_program *program;  /* while asking: referenced */
	nt_time now;                 /* while asking */
	const struct nt_links *links; /* while asking: a reload may bring others meanwhile */
	void *data;                  /* the route's own, in the arena */
};

struct nt_api {
	struct nt_api_options options;
	struct nt_tokens *tokens;
	struct nt_program *program;
	struct nt_server *tcp, *control;
	bool quiesced, stopped;      /* no new connections; nobody to ask any more */
	unsigned exchanges;          /* in hand */
	unsigned posted, asked;      /* with the engine, with the reader */
	uint64_t answers[6];         /* by hundred of the status, for /metrics */
	char *style_policy;          /* Content-Security-Policy of pages */
};

#define NT_POSTED_MOST 20000u /* more than this wait on the engine: come back later */
#define NT_ASKED_MOST 1000u   /* likewise on the reader */
#define NT_ITEMS_MOST 10000u  /* of one request */

struct nt_exchange *nt_exchange_new(struct nt_server *server, struct MHD_Connection *connection, const char *target);
void nt_exchange_free(struct nt_exchange *x);

/* --- answering; the last one counts --- */

/* Sets status and type; what is appended to the GString is the answer. Empties it first. */
GString *nt_exchange_begin(struct nt_exchange *x, unsigned status, const char *type);
/* {"error":{"field":…,"message":…}}, or a page on routes that are pages. field NULL: none. */
void nt_exchange_error(struct nt_exchange *x, unsigned status, const char *field, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* A JSON object: put members, then nt_exchange_json_end(). */
void nt_exchange_json(struct nt_exchange *x, unsigned status, struct nt_json_writer *w);
void nt_exchange_json_end(struct nt_json_writer *w);
/* 503 with Retry-After. */
void nt_exchange_busy(struct nt_exchange *x, const char *why);
void nt_exchange_store_failed(struct nt_exchange *x, struct nt_store *store);
/* What the engine's code means in HTTP: 200, 400, 404, 409, 503. */
unsigned nt_exchange_status_of(enum nt_answer_code code);
/* The usual answer to one engine request: its refusal, or {"id":…,"status":word}. */
void nt_exchange_answer_request(struct nt_exchange *x, const char *id, const char *word);

/* --- the body --- */

/* The one JSON object that the body must be; NULL after answering what is wrong. */
const struct nt_json *nt_exchange_object(struct nt_exchange *x);
/* Member `key` as text: *out NULL if it isn't there. False after answering: it is something else, or missing and
 * required. */
bool nt_exchange_text(struct nt_exchange *x, const struct nt_json *object, const char *key, bool required,
                      const char **out);
/* False after answering: a member that isn't in the list (NULL-terminated). */
bool nt_exchange_only(struct nt_exchange *x, const struct nt_json *object, const char *const *known);

/* --- elsewhere --- */

/* n requests in one piece, from the exchange's arena, with caller and kind filled in. */
struct nt_request *nt_exchange_requests(struct nt_exchange *x, enum nt_request_kind kind, unsigned n);
/* To the engine; `answered` on the loop thread when all are. What is refused already (its code isn't OK) isn't posted.
 * Answers 503 by itself if too many wait. */
void nt_exchange_post(struct nt_exchange *x, struct nt_request *requests, unsigned n,
                      void (*answered)(struct nt_exchange *x));
/* `ask` on the reader's thread with x->program and x->now set: it answers. */
void nt_exchange_ask(struct nt_exchange *x, void (*ask)(struct nt_exchange *x, struct nt_store *store));
/* What would hold up the loop for too long: `work` on the reader's thread, then `then` on the loop's, which answers or
 * posts. */
void nt_exchange_work(struct nt_exchange *x, void (*work)(struct nt_exchange *x, struct nt_store *store),
                      void (*then)(struct nt_exchange *x));

#endif
