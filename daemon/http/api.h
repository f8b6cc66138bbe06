/* The HTTP side: libmicrohttpd inside the loop, one route table (http/route.c) for the API, the unsubscribe and rep
 * pages, health and metrics; TCP with bearer tokens and a Unix socket without. Loop thread only.
 *
 * What changes something is a request to the engine's thread and is answered once it is durable; what is only asked for
 * is read on the reader's thread. Order of going down: nt_api_quiesce(); run the loop until nt_api_idle() or until
 * patience ends; stop the reader, then the engine thread (which delivers their last answers); nt_api_free(). */
#ifndef NT_HTTP_API_H
#define NT_HTTP_API_H

#include "base/time.h"

#include <glib.h>
#include <stdbool.h>

struct ev_loop;
struct nt_clock;
struct nt_dispatcher;
struct nt_engine_thread;
struct nt_links;
struct nt_program;
struct nt_provider;
struct nt_reader;

/* What a bearer token may do. */
enum nt_token_scope {
	NT_SCOPE_EVENTS = 1,      /* POST events, outcomes */
	NT_SCOPE_LEADS_READ = 2,  /* leads, timelines, outbox */
	NT_SCOPE_LEADS_WRITE = 4, /* leads, consent, campaigns by hand, suppressions */
	NT_SCOPE_QUEUE = 8,
	NT_SCOPE_METRICS = 16,
	NT_SCOPE_ADMIN = 32,      /* all of these */
};

struct nt_token {
	const char *name;      /* the source of its events */
	const char *secret;    /* compared in constant time */
	unsigned scopes;
};

/* What a plan was made of: rules are loaded only if nothing of it has changed. */
struct nt_api_plan {
	const char *base;      /* the hash of the rules that ran */
	nt_time loaded;        /* when they had been loaded */
	const char *content;   /* the hash of what the new files say (rules/content.h) */
	const char *folder;    /* where they stood */
};

/* A channel whose gateway may bring us messages; both borrowed. */
struct nt_inbound_channel {
	const char *channel;
	const struct nt_provider *provider;
};

struct nt_api_options {
	struct ev_loop *loop;
	struct nt_clock *clock;
	struct nt_engine_thread *engine;
	struct nt_reader *reader;         /* store/reader.h: answers people's questions off the loop */
	struct nt_dispatcher *dispatcher; /* counters; NULL: none */
	const struct nt_links *links;     /* NULL: no links are made, so none is good */
	const char *listen;               /* "127.0.0.1:8480", "[::]:8480"; NULL: none */
	int listen_fd;                    /* from systemd, instead of `listen`; -1 none */
	const char *control;              /* Unix socket path, NULL none; mode 0660 */
	const struct nt_token *tokens;    /* copied */
	unsigned n_tokens;
	const struct nt_inbound_channel *inbound; /* borrowed */
	unsigned n_inbound;
	size_t body_limit;                /* default 8 MiB */
	unsigned timeout_s;               /* default 30: of a whole request, from its first byte */
	unsigned connections;             /* default 1000: those beyond wait to be accepted; control: as many again */
	unsigned per_address;             /* of these, from one address; default: half (a proxy is one address) */
	/* Control socket only; NULL: "can't be done". *out: what people should know (why not; warnings); of `status` a
	 * JSON object. */
	bool (*reload)(void *user, GString *out);
	bool (*apply)(void *user, const struct nt_api_plan *plan, GString *out);
	void (*status)(void *user, GString *out);
	bool (*clock_set)(void *user, nt_time t, GString *out);
	void *user;
};

struct nt_api;
/* Texts are copied; what is pointed to beside them must outlive it. Call nt_api_set_program() before the loop runs.
 * *why: g_free. */
struct nt_api *nt_api_new(const struct nt_api_options *options, char **why);
void nt_api_set_program(struct nt_api *api, struct nt_program *program);     /* takes a reference */
void nt_api_set_links(struct nt_api *api, const struct nt_links *links);      /* reload; borrowed */
void nt_api_set_inbound(struct nt_api *api, const struct nt_inbound_channel *inbound, unsigned n); /* reload */
void nt_api_set_tokens(struct nt_api *api, const struct nt_token *tokens, unsigned n); /* reload; copied */
/* Reload. The old ones must live on until the reader has answered what it was asked before. */
void nt_api_set_links(struct nt_api *api, const struct nt_links *links);
unsigned nt_api_port(const struct nt_api *api);                              /* the real one for port 0 */
void nt_api_quiesce(struct nt_api *api);  /* no new connections; requests in hand are finished */
bool nt_api_idle(const struct nt_api *api);
void nt_api_free(struct nt_api *api); /* cuts what is left */

#endif
