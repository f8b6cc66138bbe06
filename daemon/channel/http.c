#include "channel/channel.h"

#include "base/arena.h"
#include "base/bug.h"
#include "channel/provider_private.h"
#include "channel/provider_request.h"
#include "channel/slots.h"
#include "os/clock.h"

#include <curl/curl.h>
#include <ev.h>
#include <string.h>

#define ANSWER_MOST 65536
#define CONNECT_MS 10000L
#define QUEUE_A_CONNECTION 2

/* libcurl's multi interface driven by libev: curl says which sockets and which time-out, libev says when. */
struct http {
	struct nt_channel channel;
	struct nt_http_settings settings;
	struct nt_channel_house house;
	CURLM *multi;
	ev_timer timer;
	GPtrArray *idle;      /* easy handles ready for use */
	unsigned outstanding;
	void (*drained)(void *user);
	void *drained_user;
};

struct transfer {
	struct http *http;
	struct nt_delivery *delivery;
	CURL *easy;
	struct curl_slist *headers;
	GString *answer;
	bool begun;           /* the request is on its way: the other side may act upon it */
	bool repeated;        /* … and would have gone out again */
	char error[CURL_ERROR_SIZE];
};

/* ---- sockets and time ---- */

struct watched { /* a socket's watcher, kept by curl */
	ev_io io;
	struct http *http;
};

static void reap(struct http *http);

/* A time-out of 0 ms is run at once, not at the loop's next turn: measured, a fifth more calls a second. */
static void act(struct http *http, curl_socket_t socket, int what)
{
	int running;

	curl_multi_socket_action(http->multi, socket, what, &running);
	reap(http);
}

static void socket_ready(struct ev_loop *loop, ev_io *io, int events)
{
	struct watched *watched = io->data;
	int what = ((events & EV_READ) != 0 ? CURL_CSELECT_IN : 0) | ((events & EV_WRITE) != 0 ? CURL_CSELECT_OUT : 0);

	(void)loop;
	act(watched->http, io->fd, what);
}

static int watch_socket(CURL *easy, curl_socket_t socket, int what, void *user, void *socket_user)
{
	struct http *http = user;
	struct watched *watched = socket_user;
	int events = ((what & CURL_POLL_IN) != 0 ? EV_READ : 0) | ((what & CURL_POLL_OUT) != 0 ? EV_WRITE : 0);

	(void)easy;
	if (watched != NULL)
		ev_io_stop(http->house.loop, &watched->io);
	if (what == CURL_POLL_REMOVE) {
		g_free(watched);
		curl_multi_assign(http->multi, socket, NULL);
		return 0;
	}
	if (watched == NULL) {
		watched = g_new0(struct watched, 1);
		watched->http = http;
		watched->io.data = watched;
		ev_init(&watched->io, socket_ready);
		curl_multi_assign(http->multi, socket, watched);
	}
	ev_io_set(&watched->io, socket, events);
	ev_io_start(http->house.loop, &watched->io);
	return 0;
}

static void time_out(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)loop;
	(void)events;
	act(timer->data, CURL_SOCKET_TIMEOUT, 0);
}

static int watch_time(CURLM *multi, long ms, void *user)
{
	struct http *http = user;

	(void)multi;
	ev_timer_stop(http->house.loop, &http->timer);
	if (ms < 0)
		return 0;
	ev_timer_set(&http->timer, (double)ms / 1000.0, 0.);
	ev_timer_start(http->house.loop, &http->timer);
	return 0;
}

/* ---- transfers ---- */

static size_t take_answer(char *bytes, size_t size, size_t n, void *user)
{
	struct transfer *transfer = user;

	size_t take = MIN(size * n, ANSWER_MOST - transfer->answer->len);

	g_string_append_len(transfer->answer, bytes, (gssize)take);
	return take; /* less than given ends the transfer: a gateway's answer is short, this one is something else */
}

/* A connection stands and the request goes out now. Where a second one might be a second message there is none: the
 * library repeats a request by itself when a connection that was kept open ends without an answer. */
static int about_to_ask(void *user, char *their_ip, char *our_ip, int their_port, int our_port)
{
	struct transfer *transfer = user;

	(void)their_ip;
	(void)our_ip;
	(void)their_port;
	(void)our_port;
	if (transfer->begun && !transfer->http->settings.provider->idempotent) {
		transfer->repeated = true;
		return CURL_PREREQFUNC_ABORT;
	}
	transfer->begun = true;
	if (transfer->delivery->slot >= 0)
		nt_slots_stage(transfer->http->house.slots, transfer->delivery->slot, NT_SLOT_SENDING);
	return CURL_PREREQFUNC_OK;
}

static void transfer_free(struct transfer *transfer)
{
	curl_slist_free_all(transfer->headers);
	g_string_free(transfer->answer, TRUE);
	g_free(transfer);
}

/* Its time ran out while it waited for a connection of ours: nothing was tried. */
static bool never_started(CURL *easy, CURLcode code)
{
	curl_off_t resolved = 0;
	long connections = 0;

	curl_easy_getinfo(easy, CURLINFO_NAMELOOKUP_TIME_T, &resolved);
	curl_easy_getinfo(easy, CURLINFO_NUM_CONNECTS, &connections);
	return code == CURLE_OPERATION_TIMEDOUT && resolved == 0 && connections == 0;
}

/* No answer. Was there anything that the other side could have acted upon? */
static void classify_failure(const struct transfer *transfer, CURLcode code, struct nt_delivery_outcome *outcome)
{
	const char *text = transfer->repeated           ? "the connection ended without an answer" :
	                   transfer->error[0] != '\0' ? transfer->error :
	                                                 curl_easy_strerror(code);

	outcome->detail = nt_arena_strdup(transfer->delivery->arena, text);
	if (transfer->begun) {
		outcome->result = transfer->http->settings.provider->idempotent ? NT_SEND_TEMPORARY : NT_SEND_IN_DOUBT;
	} else if (never_started(transfer->easy, code)) {
		outcome->result = NT_SEND_UNTOUCHED;
	} else {
		outcome->result = NT_SEND_TEMPORARY;
		outcome->down = true;
	}
}

/* A status line has come: the other side has decided, even if the rest of its answer was cut off or is of no use. */
static bool classify_answer(const struct transfer *transfer, CURLcode code, struct nt_delivery_outcome *outcome)
{
	const struct nt_provider *provider = transfer->http->settings.provider;
	curl_off_t wait = 0;
	long status = 0;

	curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
	if (status < 200 || (code != CURLE_OK && provider->success_prefix != NULL))
		return false;
	nt_call_answer(provider, transfer->delivery, status, transfer->answer->str, transfer->answer->len, outcome);
	if (curl_easy_getinfo(transfer->easy, CURLINFO_RETRY_AFTER, &wait) == CURLE_OK && wait > 0)
		outcome->retry_after = MIN(wait, 86400) * NT_SECOND;
	return true;
}

static void finished(struct http *http, CURL *easy, CURLcode code)
{
	struct nt_delivery_outcome outcome = { 0 };
	struct nt_delivery *delivery;
	struct transfer *transfer;
	char *private;

	curl_easy_getinfo(easy, CURLINFO_PRIVATE, &private);
	transfer = (struct transfer *)private;
	delivery = transfer->delivery;
	if (!classify_answer(transfer, code, &outcome))
		classify_failure(transfer, code, &outcome);
	curl_multi_remove_handle(http->multi, easy);
	curl_easy_reset(easy);
	g_ptr_array_add(http->idle, easy);
	transfer_free(transfer);
	http->outstanding--;
	http->house.done(delivery, &outcome);
	if (http->outstanding == 0 && http->drained != NULL)
		http->drained(http->drained_user);
}

static void reap(struct http *http)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(http->multi, &left)) != NULL)
		if (message->msg == CURLMSG_DONE)
			finished(http, message->easy_handle, message->data.result);
}

static void configure(struct transfer *transfer, const struct nt_call *call)
{
	CURL *easy = transfer->easy;
	bool body = call->length > 0 || strcmp(call->method, "GET") != 0;

	curl_easy_setopt(easy, CURLOPT_URL, call->url);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)transfer->http->settings.timeout_ms);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->error);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_answer);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
	curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
	curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, about_to_ask);
	curl_easy_setopt(easy, CURLOPT_PREREQDATA, transfer);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "nurtured");
	curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
	if (body) {
		curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->length);
		curl_easy_setopt(easy, CURLOPT_POSTFIELDS, call->body);
		curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, call->method);
		transfer->headers = curl_slist_append(transfer->headers, "Expect:");
	}
	if (call->content_type != NULL) {
		char *type = g_strdup_printf("Content-Type: %s", call->content_type);

		transfer->headers = curl_slist_append(transfer->headers, type);
		g_free(type);
	}
	for (const char **header = call->headers; *header != NULL; header++)
		transfer->headers = curl_slist_append(transfer->headers, *header);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer->headers);
	if (call->user != NULL) {
		curl_easy_setopt(easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
		curl_easy_setopt(easy, CURLOPT_USERNAME, call->user);
		curl_easy_setopt(easy, CURLOPT_PASSWORD, call->password != NULL ? call->password : "");
	}
}

static unsigned room(const struct nt_channel *channel)
{
	const struct http *http = (const struct http *)channel;
	unsigned capacity = http->settings.connections * QUEUE_A_CONNECTION;

	return capacity > http->outstanding ? capacity - http->outstanding : 0;
}

static bool send_one(struct nt_channel *channel, struct nt_delivery *delivery)
{
	struct http *http = (struct http *)channel;
	struct nt_delivery_outcome outcome = { .result = NT_SEND_REFUSED };
	struct transfer *transfer;
	struct nt_call call;

	if (room(channel) == 0 || http->drained != NULL)
		return false;
	if (!nt_call_make(http->settings.provider, delivery, http->house.links, nt_clock_now(http->house.clock), &call,
	                  &outcome.detail)) {
		http->house.done(delivery, &outcome);
		return true;
	}
	transfer = g_new0(struct transfer, 1);
	transfer->http = http;
	transfer->delivery = delivery;
	transfer->answer = g_string_new(NULL);
	transfer->easy =
		http->idle->len > 0 ? g_ptr_array_remove_index_fast(http->idle, http->idle->len - 1) : curl_easy_init();
	NT_CHECK(transfer->easy != NULL);
	configure(transfer, &call);
	http->outstanding++;
	NT_CHECK(curl_multi_add_handle(http->multi, transfer->easy) == CURLM_OK);
	return true;
}

static void drain(struct nt_channel *channel, void (*drained)(void *user), void *user)
{
	struct http *http = (struct http *)channel;

	http->drained = drained;
	http->drained_user = user;
	if (http->outstanding == 0)
		drained(user);
}

static void http_free(struct nt_channel *channel)
{
	struct http *http = (struct http *)channel;

	for (guint i = 0; i < http->idle->len; i++)
		curl_easy_cleanup(g_ptr_array_index(http->idle, i));
	curl_multi_cleanup(http->multi);
	ev_timer_stop(http->house.loop, &http->timer);
	g_ptr_array_free(http->idle, TRUE);
	g_free(http);
}

static const struct nt_channel_ops ops = {
	.type = "http",
	.send = send_one,
	.room = room,
	.drain = drain,
	.free = http_free,
};

struct nt_channel *nt_http_channel_new(const char *name, const struct nt_http_settings *settings,
                                       const struct nt_channel_house *house)
{
	struct http *http = g_new0(struct http, 1);

	curl_global_init(CURL_GLOBAL_DEFAULT);
	http->channel = (struct nt_channel){ .ops = &ops, .name = name };
	http->settings = *settings;
	http->house = *house;
	http->idle = g_ptr_array_new();
	http->multi = curl_multi_init();
	NT_CHECK(http->multi != NULL);
	ev_timer_init(&http->timer, time_out, 0., 0.);
	http->timer.data = http;
	curl_multi_setopt(http->multi, CURLMOPT_SOCKETFUNCTION, watch_socket);
	curl_multi_setopt(http->multi, CURLMOPT_SOCKETDATA, http);
	curl_multi_setopt(http->multi, CURLMOPT_TIMERFUNCTION, watch_time);
	curl_multi_setopt(http->multi, CURLMOPT_TIMERDATA, http);
	curl_multi_setopt(http->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)settings->connections);
	curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS, (long)settings->connections);
	return &http->channel;
}
