/* The HTTP side: libmicrohttpd inside the loop, one route table for API, unsubscribe and rep pages; TCP with bearer tokens and a Unix socket
 * without. Loop thread only. */
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
struct nt_reader;

/* What a bearer token may do. */
enum nt_token_scope { NT_SCOPE_EVENTS = 1, NT_SCOPE_LEADS_READ = 2, NT_SCOPE_LEADS_WRITE = 4, NT_SCOPE_QUEUE = 8, NT_SCOPE_METRICS = 16,
                NT_SCOPE_ADMIN = 32 };

struct nt_token {
	const char *name;      /* the source of its events */
	const char *secret;    /* compared in constant time */
	unsigned scopes;
};

struct nt_api_options {
	struct ev_loop *loop;
	struct nt_clock *clock;
	struct nt_engine_thread *engine;
	struct nt_reader *reader;         /* store/reader.h: answers people's questions off the loop */
	struct nt_dispatcher *dispatcher; /* counters */
	const struct nt_links *links;
	const char *listen;               /* "127.0.0.1:8125", "[::]:8125"; NULL: none */
	int listen_fd;                    /* from systemd, -1 none */
	const char *control;              /* Unix socket path, NULL none; mode 0660 */
	const struct nt_token *tokens;
	unsigned n_tokens;
	size_t body_limit;                /* default 8 MiB */
	unsigned timeout_s;               /* default 30: of a whole request, from its first byte */
	unsigned connections;             /* default 1000 */
	/* Control socket only. Answers in *out (JSON); false: *out is the error's text. */
	bool (*reload)(void *user, GString *out);
	void (*status)(void *user, GString *out);
	bool (*clock_set)(void *user, nt_time t, GString *out);
	void *user;
};

struct nt_api;
struct nt_api *nt_api_new(const struct nt_api_options *options, char **why); /* *why: g_free */
void nt_api_set_program(struct nt_api *api, struct nt_program *program);     /* takes a reference */
void nt_api_set_links(struct nt_api *api, const struct nt_links *links);      /* reload; borrowed */
void nt_api_set_tokens(struct nt_api *api, const struct nt_token *tokens, unsigned n); /* reload; copied */
unsigned nt_api_port(const struct nt_api *api);                              /* the real one for port 0 */
void nt_api_quiesce(struct nt_api *api);  /* no new connections; requests in hand are finished */
bool nt_api_idle(const struct nt_api *api);
void nt_api_free(struct nt_api *api);

#endif
