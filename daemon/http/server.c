#include "http/server.h"

#include "base/bug.h"
#include "http/exchange.h"
#include "http/guard.h"
#include "http/listen.h"
#include "http/route.h"
#include "os/clock.h"
#include "os/log.h"

#include <errno.h>
#include <ev.h>
#include <microhttpd.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define POOL (32 * 1024) /* a connection's memory with the library: request line, headers, a piece of the body */
#define LOOK_MS 1000 /* so often, who is there is looked after */
#define DRAINED_MOST (1u << 20)  /* a refused request's body is read to its end if it is no longer than this */

/* A connection and how long it may take. All have the same time, so the list is in the order of deadlines. */
struct nt_connection {
	struct nt_server *server;
	struct nt_exchange *exchange; /* NULL: between two requests */
	int fd;
	bool listed, gone;            /* gone: when last looked at, nothing more would come */
	int64_t deadline;
	GList link;
};

struct nt_server {
	struct nt_api *api;
	struct MHD_Daemon *mhd;
	bool control;
	int fd;
	ev_io io;
	ev_timer again;               /* the library has more to do */
	ev_timer slow;                /* the first deadline */
	GQueue deadlines;             /* struct nt_connection */
	unsigned connections;
	bool closed;                  /* a connection has been, since */
};

/* ---- running ---- */

static void run(struct nt_server *server)
{
	struct ev_loop *loop = server->api->options.loop;
	MHD_UNSIGNED_LONG_LONG ms;

	server->closed = false;
	MHD_run(server->mhd);
	ev_timer_stop(loop, &server->again);
	if (server->closed) /* who waits for its place is looked for only at the beginning of a run */
		ms = 0;
	if (server->closed || MHD_get_timeout(server->mhd, &ms) == MHD_YES) { /* next round: others get their turn */
		ev_timer_set(&server->again, (double)ms / 1000, 0);
		ev_timer_start(loop, &server->again);
	}
}

static void on_io(struct ev_loop *loop, ev_io *io, int events)
{
	(void)loop;
	(void)events;
	run(io->data);
}

static void on_again(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)loop;
	(void)events;
	run(timer->data);
}

/* ---- deadlines ---- */

static void start_timer(struct nt_server *server)
{
	struct ev_loop *loop = server->api->options.loop;
	struct nt_connection *first = g_queue_peek_head(&server->deadlines);
	int64_t left;

	if (ev_is_active(&server->slow) || first == NULL)
		return;
	left = first->deadline - nt_clock_monotonic();
	ev_timer_set(&server->slow, (double)CLAMP(left, 0, LOOK_MS) / 1000 + 0.001, 0);
	ev_timer_start(loop, &server->slow);
}

static void rest(struct nt_connection *c)
{
	if (c->listed)
		g_queue_unlink(&c->server->deadlines, &c->link);
	c->listed = false;
}

/* So long from now on, whatever it is that is awaited. */
static void grant(struct nt_connection *c)
{
	rest(c);
	c->deadline = nt_clock_monotonic() + (int64_t)c->server->api->options.timeout_s * 1000;
	c->listed = true;
	c->gone = false;
	g_queue_push_tail_link(&c->server->deadlines, &c->link);
	start_timer(c->server);
}

/* The library sees the end of the stream, and closes. One who is in the middle of a request is told why. */
static void cut(struct nt_connection *c)
{
	static const char body[] = "{\"error\":{\"field\":null,\"message\":\"the request took too long\"}}\n";
	struct nt_exchange *x = c->exchange;
	char text[256];
	int n;

	rest(c);
	if (x != NULL && !x->sent) {
		n = g_snprintf(text, sizeof text,
		               "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n"
		               "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
		               sizeof body - 1, body);
		if (send(c->fd, text, (size_t)n, MSG_NOSIGNAL | MSG_DONTWAIT) > 0)
			x->api->answers[4]++;
	}
	shutdown(c->fd, SHUT_RDWR);
}

/* Whether the other side has ended the stream in the middle of a request, or between two, and all it sent has been
 * read. */
static bool has_gone(const struct nt_connection *c)
{
	const struct nt_exchange *x = c->exchange;
	struct pollfd end = { .fd = c->fd, .events = POLLRDHUP };
	ssize_t n;
	char byte;

	if (x != NULL && (x->started || x->sent))
		return false;
	if (poll(&end, 1, 0) != 1)
		return false;
	n = recv(c->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
	return n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
}

/* The library misses an end that arrives together with the last bytes before it (it reads once for each edge that epoll
 * reports). Seen twice, it isn't one that the library is just about to find. */
static void look_for_gone(struct nt_server *server)
{
	for (GList *item = server->deadlines.head, *next; item != NULL; item = next) {
		struct nt_connection *c = item->data;
		bool before = c->gone;

		next = item->next;
		c->gone = has_gone(c);
		if (c->gone && before)
			cut(c);
	}
}

static void on_slow(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct nt_server *server = timer->data;
	struct nt_connection *first;

	(void)loop;
	(void)events;
	while ((first = g_queue_peek_head(&server->deadlines)) != NULL && first->deadline <= nt_clock_monotonic())
		cut(first);
	look_for_gone(server);
	start_timer(server);
}

/* ---- the library's calls ---- */

static struct nt_connection *connection_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	NT_CHECK(info != NULL && info->socket_context != NULL);
	return info->socket_context;
}

static void on_connection(void *user, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode code)
{
	struct nt_server *server = user;
	struct nt_connection *c;

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		c = g_new0(struct nt_connection, 1);
		c->server = server;
		c->link.data = c;
		c->fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
		*context = c;
		server->connections++;
		grant(c);
	} else {
		c = *context;
		rest(c);
		server->connections--;
		server->closed = true;
		g_free(c);
	}
}

/* The request line is there. What is returned is the exchange's name in all further calls. */
static void *on_target(void *user, const char *target, struct MHD_Connection *connection)
{
	struct nt_server *server = user;
	struct nt_connection *c = connection_of(connection);

	c->exchange = nt_exchange_new(server, connection, target);
	grant(c);
	return c->exchange;
}

static void on_completed(void *user, struct MHD_Connection *connection, void **exchange,
                         enum MHD_RequestTerminationCode code)
{
	struct nt_connection *c = connection_of(connection);

	(void)user;
	(void)code;
	if (*exchange == NULL)
		return;
	nt_exchange_free(*exchange);
	*exchange = NULL;
	c->exchange = NULL;
	if (c->server->api->quiesced)
		cut(c);
	else
		grant(c);
}

static void add_header(struct MHD_Response *response, const char *name, const char *value)
{
	NT_CHECK(MHD_add_response_header(response, name, value) == MHD_YES);
}

static void add_headers(const struct nt_exchange *x, struct MHD_Response *response)
{
	char seconds[16];

	if (x->type != NULL)
		add_header(response, "Content-Type", x->type);
	add_header(response, "Cache-Control", "no-store");
	add_header(response, "X-Content-Type-Options", "nosniff");
	if (x->route != NULL && x->route->page) {
		add_header(response, "Content-Security-Policy", x->api->style_policy);
		add_header(response, "Referrer-Policy", "no-referrer");
		add_header(response, "X-Robots-Tag", "noindex, nofollow");
	}
	if (x->allow != NULL)
		add_header(response, "Allow", x->allow);
	if (x->status == 401)
		add_header(response, "WWW-Authenticate", "Bearer");
	if (x->retry_after > 0) {
		g_snprintf(seconds, sizeof seconds, "%u", x->retry_after);
		add_header(response, "Retry-After", seconds);
	}
	if (x->close || x->api->quiesced)
		add_header(response, "Connection", "close");
}

static enum MHD_Result send_answer(struct nt_exchange *x)
{
	size_t length = x->answer->len;
	struct MHD_Response *response =
		MHD_create_response_from_buffer_with_free_callback(length, g_string_free(x->answer, FALSE), g_free);
	enum MHD_Result result;

	x->answer = NULL;
	NT_CHECK(response != NULL);
	add_headers(x, response);
	x->sent = true;
	x->api->answers[MIN(x->status / 100, 5)]++;
	grant(connection_of(x->connection));
	result = MHD_queue_response(x->connection, x->status, response);
	MHD_destroy_response(response);
	return result;
}

/* Headers are complete. A refused request's body is read all the same if it is small and on its way: who closes with
 * unread bytes takes back the answer, too. */
static enum MHD_Result begin(struct nt_exchange *x, const char *method, const char *version)
{
	size_t length;
	bool waits;

	nt_guard_check(x, method, version, &length, &waits);
	if (x->status == 0) {
		x->body = g_string_sized_new(MIN(length, 256 * 1024) + 1);
		return MHD_YES;
	}
	if (length == 0 || (!x->close && !waits && length <= DRAINED_MOST))
		return MHD_YES;
	x->close = true;
	return send_answer(x);
}

static enum MHD_Result take(struct nt_exchange *x, const char *bytes, size_t n)
{
	if (x->status == 0 && x->body->len + n > nt_guard_limit(x)) {
		nt_exchange_error(x, 413, NULL, "the body is longer than %zu bytes", nt_guard_limit(x));
		x->close = true;
	}
	if (x->status == 0) {
		g_string_append_len(x->body, bytes, (gssize)n);
		return MHD_YES;
	}
	x->discarded += n; /* the library takes no answer before the end of the body */
	return x->discarded <= DRAINED_MOST ? MHD_YES : MHD_NO;
}

static enum MHD_Result on_request(void *user, struct MHD_Connection *connection, const char *url, const char *method,
                                  const char *version, const char *bytes, size_t *n, void **context)
{
	struct nt_exchange *x = *context;

	(void)user;
	(void)url;
	(void)connection;
	NT_CHECK(x != NULL);
	if (!x->seen) {
		x->seen = true;
		return begin(x, method, version);
	}
	if (*n > 0) {
		size_t size = *n;

		*n = 0;
		return take(x, bytes, size);
	}
	if (x->status == 0 && !x->started) {
		x->started = true;
		x->route->run(x);
	}
	return x->suspended ? MHD_YES : send_answer(x);
}

void nt_server_suspend(struct nt_exchange *x)
{
	NT_CHECK(!x->suspended);
	x->suspended = true;
	rest(connection_of(x->connection));
	MHD_suspend_connection(x->connection);
}

void nt_server_resume(struct nt_exchange *x)
{
	NT_CHECK(x->suspended && x->status != 0);
	x->suspended = false;
	MHD_resume_connection(x->connection);
	ev_feed_event(x->api->options.loop, &x->server->io, EV_READ);
}

/* ---- up and down ---- */

static void on_log(void *user, const char *format, va_list ap) __attribute__((format(printf, 2, 0)));
static void on_log(void *user, const char *format, va_list ap)
{
	char text[512];

	(void)user;
	g_vsnprintf(text, sizeof text, format, ap);
	nt_log(NT_LOG_DEBUG, "http", "said", g_strchomp(text), NULL);
}

static struct MHD_Daemon *start(struct nt_server *server)
{
	const struct nt_api_options *options = &server->api->options;
	unsigned per_address = options->per_address > 0 ? options->per_address : MAX(1, options->connections / 2);

	return MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0, NULL, NULL,
	                        on_request, server,
	                        MHD_OPTION_EXTERNAL_LOGGER, on_log, NULL,
	                        MHD_OPTION_LISTEN_SOCKET, server->fd,
	                        MHD_OPTION_CONNECTION_LIMIT, options->connections,
	                        MHD_OPTION_PER_IP_CONNECTION_LIMIT, server->control ? 0 : per_address,
	                        MHD_OPTION_CONNECTION_TIMEOUT, 0u,
	                        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)POOL,
	                        MHD_OPTION_STRICT_FOR_CLIENT, 1,
	                        MHD_OPTION_NOTIFY_CONNECTION, on_connection, server,
	                        MHD_OPTION_URI_LOG_CALLBACK, on_target, server,
	                        MHD_OPTION_NOTIFY_COMPLETED, on_completed, server,
	                        MHD_OPTION_END);
}

struct nt_server *nt_server_new(struct nt_api *api, int fd, bool control, char **why)
{
	struct nt_server *server = g_new0(struct nt_server, 1);
	struct ev_loop *loop = api->options.loop;

	server->api = api;
	server->control = control;
	server->fd = fd;
	g_queue_init(&server->deadlines);
	server->mhd = start(server);
	if (server->mhd == NULL) {
		*why = g_strdup("libmicrohttpd didn't start");
		close(fd);
		g_free(server);
		return NULL;
	}
	ev_io_init(&server->io, on_io, MHD_get_daemon_info(server->mhd, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd, EV_READ);
	ev_timer_init(&server->again, on_again, 0, 0);
	ev_timer_init(&server->slow, on_slow, 0, 0);
	server->io.data = server->again.data = server->slow.data = server;
	ev_io_start(loop, &server->io);
	return server;
}

struct nt_api *nt_server_api(const struct nt_server *server)
{
	return server->api;
}

bool nt_server_is_control(const struct nt_server *server)
{
	return server->control;
}

int nt_server_fd(const struct nt_server *server)
{
	return server->fd;
}

unsigned nt_server_connections(const struct nt_server *server)
{
	return server != NULL ? server->connections : 0;
}

void nt_server_quiesce(struct nt_server *server)
{
	if (server == NULL || server->fd < 0)
		return;
	MHD_quiesce_daemon(server->mhd);
	close(server->fd);
	server->fd = -1;
	for (GList *item = server->deadlines.head, *next; item != NULL; item = next) {
		struct nt_connection *c = item->data;

		next = item->next;
		if (c->exchange == NULL)
			cut(c);
	}
}

void nt_server_free(struct nt_server *server)
{
	struct ev_loop *loop;

	if (server == NULL)
		return;
	loop = server->api->options.loop;
	ev_io_stop(loop, &server->io);
	ev_timer_stop(loop, &server->again);
	ev_timer_stop(loop, &server->slow);
	nt_server_quiesce(server);
	MHD_run(server->mhd); /* the last answers */
	MHD_stop_daemon(server->mhd);
	ev_timer_stop(loop, &server->slow);
	g_free(server);
}
