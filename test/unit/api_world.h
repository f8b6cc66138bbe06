/* For tests of the HTTP side: the real rooms from the store up, in a file of their own, their loop on a thread of its
 * own; a client in words, and one that writes bytes as it likes. */
#ifndef NT_TEST_API_WORLD_H
#define NT_TEST_API_WORLD_H

#include "base/arena.h"
#include "base/diag.h"
#include "channel/links.h"
#include "engine/engine.h"
#include "http/api.h"
#include "os/clock.h"
#include "os/zones.h"
#include "rules/load.h"
#include "rules/program.h"
#include "store/engine_thread.h"
#include "store/reader.h"
#include "store/sqlite.h"

#include "program_text.h"
#include "unit.h"

#include <curl/curl.h>
#include <ev.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_MS 10000 /* nothing here takes as long, unless it is broken */

static const char world_rules[] =
	"policy:\n"
	"  sender: { name: Ada at Example, email: ada@example.org, address: \"1 Main St\", phone: \"+1 555 0100\" }\n"
	"  time_zone: Europe/Berlin\n"
	"---\n"
	"fields:\n  seats: number\n  plan: { type: text, one_of: [ small, big ] }\n"
	"events:\n  order.placed: { amount: number, note: text }\n  demo.requested: {}\n  page.viewed: {}\n"
	"  call.wanted: {}\n"
	"---\n"
	"scoring:\n  engagement: [ { on: page.viewed, points: 15 } ]\n"
	"---\n"
	"campaign: welcome\nenter: [ { on: order.placed }, { by_hand: true } ]\nagain: always\n"
	"steps: [ email: m1, wait: 30 days, email: m1 ]\n"
	"---\n"
	"campaign: calls\nenter: { on: call.wanted }\nagain: always\nsteps: [ { task: call-back, due: 2 days } ]\n"
	"---\n"
	"campaign: spring\ntitle: \"Spring; offer, \\\"2026\\\"\"\n"
	"enter: { at: 2026-04-01 10:00, if: seats > 3 }\nsteps: [ email: m1 ]\n"
	"---\n"
	"campaign: weekly\ntitle: Weekly\nenter: { at: 2026-03-09 09:00, every: 1 week, zone: Europe/Berlin }\n"
	"steps: [ email: m1 ]\n"
	"---\n"
	"announcements: [ { campaign: spring, tell: rep anna, before: 3 days, message: briefing } ]\n"
	"---\n"
	"sales:\n  ready: [ { on: demo.requested, reason: asked for a demo } ]\n"
	"  reps:\n    anna: { email: anna@example.org, time_zone: Europe/Berlin, hours: daily 00:00-23:59 }\n"
	"    bob: { email: bob@example.org, time_zone: Europe/Berlin, hours: daily 00:00-23:59 }\n"
	"  teams: { dach: { reps: [ anna, bob ], manager: bob, turn: round_robin } }\n"
	"  route: [ { to: team dach } ]\n  tell: [ email: new-lead ]\n  then: [ next_rep ]\n"
	"  reasons: { bad_fit: { fit: -50 }, too_early: {} }\n";

struct world {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool up, hold_commits, fail_commits; /* guarded by lock */
	struct nt_api_options options;
	char *folder, *database, *socket;
	const struct nt_zones *zones;
	struct nt_program *program;
	struct nt_clock *clock;
	struct nt_links *links;
	/* the loop thread's */
	struct ev_loop *loop;
	ev_async call;
	void (*function)(struct world *w);
	bool called;
	struct nt_store *store;
	struct nt_store_ops ops;
	int (*commit)(struct nt_store *store, uint64_t batch);
	struct nt_engine *engine;
	struct nt_engine_thread *engine_thread;
	struct nt_reader *reader;
	struct nt_api *api;
	bool idle;
	unsigned port;
	CURL *curl;
};

static struct world world; /* one at a time: the store's commit has no room for a pointer to it */

/* ---- rules ---- */

static inline struct nt_program *world_program(const struct nt_zones *zones)
{
	static const char hello[] = "---\nsubject: Hello\n---\nHello {{ first_name | default: \"you\" }}\n";
	static const char call[] =
		"---\nsubject: Call {{ lead.first_name }}\n---\nShe asked for it.\n\n{{ task_url }}\n";
	const struct nt_file templates[] = {
		{ "templates/briefing/email.txt", hello, sizeof hello - 1 },
		{ "templates/call-back/email.txt", call, sizeof call - 1 },
		{ "templates/m1/email.txt", hello, sizeof hello - 1 },
		{ "templates/new-lead/email.txt", hello, sizeof hello - 1 },
	};

	return program_from(world_rules, templates, G_N_ELEMENTS(templates), zones);
}

/* ---- up and down ---- */

static inline int world_commit(struct nt_store *store, uint64_t batch)
{
	bool fail;

	pthread_mutex_lock(&world.lock);
	while (world.hold_commits)
		pthread_cond_wait(&world.changed, &world.lock);
	fail = world.fail_commits;
	pthread_mutex_unlock(&world.lock);
	return fail ? NT_STORE_FULL : world.commit(store, batch);
}

static inline void world_set(bool *flag, bool value)
{
	pthread_mutex_lock(&world.lock);
	*flag = value;
	pthread_cond_broadcast(&world.changed);
	pthread_mutex_unlock(&world.lock);
}

static inline void world_wait(const bool *flag, bool value)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += PATIENCE_MS / 1000;
	pthread_mutex_lock(&world.lock);
	while (*flag != value)
		if (pthread_cond_timedwait(&world.changed, &world.lock, &until) != 0)
			g_error("waited in vain");
	pthread_mutex_unlock(&world.lock);
}

static inline void world_on_call(struct ev_loop *loop, ev_async *async, int events)
{
	void (*function)(struct world *w);

	(void)loop;
	(void)async;
	(void)events;
	pthread_mutex_lock(&world.lock);
	function = world.function;
	pthread_mutex_unlock(&world.lock);
	function(&world);
	world_set(&world.called, true);
}

/* Runs a function on the loop thread and waits for its end. */
static inline void world_call(void (*function)(struct world *w))
{
	pthread_mutex_lock(&world.lock);
	world.function = function;
	world.called = false;
	pthread_mutex_unlock(&world.lock);
	ev_async_send(world.loop, &world.call);
	world_wait(&world.called, true);
}

static inline void world_stop_loop(struct world *w)
{
	ev_break(w->loop, EVBREAK_ALL);
}

static inline void world_open(struct world *w)
{
	struct nt_sqlite_options sqlite = { .path = w->database, .mode = NT_SQLITE_WRITE };
	struct nt_engine_options engine = { .retry = nt_retry_default };
	struct nt_engine_thread_options thread = { .clock = w->clock };
	const char *words = NULL;
	char *why = NULL;

	w->store = nt_sqlite_store_open(&sqlite, &why);
	if (w->store == NULL)
		g_error("%s", why);
	w->ops = *w->store->ops;
	w->commit = w->ops.commit;
	w->ops.commit = world_commit;
	w->store->ops = &w->ops;
	w->engine = nt_engine_new(w->store, w->program, &engine, &words);
	if (w->engine == NULL)
		g_error("%s", words);
	w->loop = ev_loop_new(0);
	thread.store = w->store;
	thread.engine = w->engine;
	thread.loop = w->loop;
	w->engine_thread = nt_engine_thread_start(&thread);
	w->reader = nt_reader_start(w->loop, w->database, &why);
	if (w->reader == NULL)
		g_error("%s", why);
	w->options.loop = w->loop;
	w->options.engine = w->engine_thread;
	w->options.reader = w->reader;
	w->api = nt_api_new(&w->options, &why);
	if (w->api == NULL)
		g_error("%s", why);
	nt_api_set_program(w->api, w->program);
	w->port = nt_api_port(w->api);
	ev_async_init(&w->call, world_on_call);
	ev_async_start(w->loop, &w->call);
}

static inline void *world_run(void *user)
{
	struct world *w = user;

	world_open(w);
	world_set(&w->up, true);
	ev_run(w->loop, 0);
	nt_api_quiesce(w->api);
	nt_reader_stop(w->reader);
	nt_engine_thread_stop(w->engine_thread);
	nt_api_free(w->api);
	nt_engine_free(w->engine);
	w->ops.free(w->store);
	ev_loop_destroy(w->loop);
	return NULL;
}

static const struct nt_token world_tokens[] = {
	{ "shop", "token-of-the-shop", NT_SCOPE_EVENTS | NT_SCOPE_LEADS_READ | NT_SCOPE_LEADS_WRITE | NT_SCOPE_QUEUE },
	{ "site", "token-of-the-site", NT_SCOPE_EVENTS },
	{ "monitor", "token-of-the-monitor", NT_SCOPE_METRICS },
};

/* Fill world.options with what differs first. */
static inline void world_start(void)
{
	static const char *const keys[] = { "a key of thirty-two bytes, or more" };
	char *why = NULL;

	pthread_mutex_init(&world.lock, NULL);
	pthread_cond_init(&world.changed, NULL);
	world.folder = g_dir_make_tmp("nt-api-XXXXXX", NULL);
	world.database = g_build_filename(world.folder, "nurtured.db", NULL);
	world.socket = g_build_filename(world.folder, "control", NULL);
	world.zones = nt_zones_open(NULL, &why);
	if (world.zones == NULL)
		g_error("%s", why);
	world.program = world_program(world.zones);
	world.clock = nt_clock_new_manual(1772445600000); /* 2026-03-02T10:00:00Z */
	world.links = nt_links_new("http://example.org", keys, 1);
	world.options.clock = world.clock;
	world.options.links = world.links;
	world.options.listen = "127.0.0.1:0";
	world.options.listen_fd = -1;
	world.options.control = world.socket;
	world.options.tokens = world_tokens;
	world.options.n_tokens = G_N_ELEMENTS(world_tokens);
	world.curl = curl_easy_init();
	pthread_create(&world.thread, NULL, world_run, &world);
	world_wait(&world.up, true);
}

static inline void world_end(void)
{
	curl_easy_cleanup(world.curl);
	world_call(world_stop_loop);
	pthread_join(world.thread, NULL);
	nt_program_unref(world.program);
	nt_links_free(world.links);
	nt_clock_free(world.clock);
	nt_zones_close(world.zones);
	for (unsigned i = 0; i < 3; i++) {
		static const char *const ends[] = { "", "-wal", "-shm" };
		char *path = g_strconcat(world.database, ends[i], NULL);

		g_unlink(path);
		g_free(path);
	}
	g_rmdir(world.folder);
	g_free(world.folder);
	g_free(world.database);
	g_free(world.socket);
	memset(&world, 0, sizeof world);
}

/* ---- a client in words ---- */

struct reply {
	long status;
	GString *head, *body;
};

struct asking {
	const char *method, *path, *token, *type, *body, *header;
	size_t length; /* of the body; 0: it is a text */
	bool control, chunked;
};

static inline size_t world_take(char *bytes, size_t size, size_t n, void *to)
{
	g_string_append_len(to, bytes, (gssize)(size * n));
	return size * n;
}

struct chunks {
	const char *bytes;
	size_t left;
};

static inline size_t world_give(char *to, size_t size, size_t n, void *user)
{
	struct chunks *chunks = user;
	size_t most = MIN(size * n, chunks->left);

	memcpy(to, chunks->bytes, most);
	chunks->bytes += most;
	chunks->left -= most;
	return most;
}

static inline struct curl_slist *world_headers(const struct asking *a)
{
	struct curl_slist *list = curl_slist_append(NULL, "Expect:");
	char *text;

	if (a->token != NULL) {
		text = g_strconcat("Authorization: Bearer token-of-the-", a->token, NULL);
		list = curl_slist_append(list, text);
		g_free(text);
	}
	text = g_strconcat("Content-Type:", a->type != NULL ? " " : "", a->type, NULL);
	list = curl_slist_append(list, text);
	g_free(text);
	if (a->header != NULL)
		list = curl_slist_append(list, a->header);
	if (a->chunked)
		list = curl_slist_append(list, "Transfer-Encoding: chunked");
	return list;
}

/* The reply lives until the next. */
static inline struct reply *world_ask(struct asking a)
{
	static struct reply reply;
	struct curl_slist *headers = world_headers(&a);
	struct chunks chunks = { a.body, a.body != NULL ? strlen(a.body) : 0 };
	char *url = g_strdup_printf("http://127.0.0.1:%u%s", world.port, a.path);
	CURLcode code;

	if (reply.head == NULL) {
		reply.head = g_string_new(NULL);
		reply.body = g_string_new(NULL);
	}
	g_string_truncate(reply.head, 0);
	g_string_truncate(reply.body, 0);
	curl_easy_reset(world.curl);
	curl_easy_setopt(world.curl, CURLOPT_URL, url);
	curl_easy_setopt(world.curl, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(world.curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(world.curl, CURLOPT_TIMEOUT_MS, (long)PATIENCE_MS);
	if (a.body != NULL && !a.chunked) {
		curl_easy_setopt(world.curl, CURLOPT_POSTFIELDSIZE, (long)(a.length > 0 ? a.length : strlen(a.body)));
		curl_easy_setopt(world.curl, CURLOPT_POSTFIELDS, a.body);
	}
	if (a.chunked) {
		curl_easy_setopt(world.curl, CURLOPT_POST, 1L);
		curl_easy_setopt(world.curl, CURLOPT_READFUNCTION, world_give);
		curl_easy_setopt(world.curl, CURLOPT_READDATA, &chunks);
	}
	if (strcmp(a.method, "HEAD") == 0)
		curl_easy_setopt(world.curl, CURLOPT_NOBODY, 1L);
	else
		curl_easy_setopt(world.curl, CURLOPT_CUSTOMREQUEST, a.method);
	if (a.control)
		curl_easy_setopt(world.curl, CURLOPT_UNIX_SOCKET_PATH, world.socket);
	curl_easy_setopt(world.curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(world.curl, CURLOPT_WRITEFUNCTION, world_take);
	curl_easy_setopt(world.curl, CURLOPT_WRITEDATA, reply.body);
	curl_easy_setopt(world.curl, CURLOPT_HEADERFUNCTION, world_take);
	curl_easy_setopt(world.curl, CURLOPT_HEADERDATA, reply.head);
	code = curl_easy_perform(world.curl);
	if (code != CURLE_OK)
		g_error("%s %s: %s", a.method, a.path, curl_easy_strerror(code));
	curl_easy_getinfo(world.curl, CURLINFO_RESPONSE_CODE, &reply.status);
	curl_slist_free_all(headers);
	g_free(url);
	return &reply;
}

#define ask(...) world_ask((struct asking){ __VA_ARGS__ })
#define post_json(to, text)                                                                                            \
	ask(.method = "POST", .path = (to), .token = "shop", .type = "application/json", .body = (text))
#define get(from) ask(.method = "GET", .path = (from), .token = "shop")

/* Shows what came instead. */
static inline void assert_status(const struct reply *reply, long expected)
{
	if (reply->status != expected)
		fail_msg("status %ld instead of %ld: %s", reply->status, expected, reply->body->str);
}
#define assert_has(text, part)                                                   \
	do {                                                                     \
		if (strstr((text), (part)) == NULL)                              \
			fail_msg("no \"%s\" in: %s", (part), (text));            \
	} while (0)
#define assert_has_not(text, part)                                               \
	do {                                                                     \
		if (strstr((text), (part)) != NULL)                              \
			fail_msg("there is \"%s\" in: %s", (part), (text));      \
	} while (0)

/* ---- a client that writes bytes ---- */

static inline int raw_open(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)world.port),
		                       .sin_addr = { htonl(INADDR_LOOPBACK) } };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof address) != 0)
		g_error("can't connect");
	return fd;
}

static inline void raw_write(int fd, const char *text)
{
	size_t length = strlen(text);

	if (send(fd, text, length, MSG_NOSIGNAL) != (ssize_t)length)
		g_error("can't write");
}

/* All until the other side closes. The result is the caller's. */
static inline char *raw_read_all(int fd)
{
	GString *out = g_string_new(NULL);
	int64_t until = g_get_monotonic_time() / 1000 + PATIENCE_MS;
	char bytes[4096];

	for (;;) {
		struct pollfd one = { fd, POLLIN, 0 };
		ssize_t n;

		if (poll(&one, 1, (int)MAX(0, until - g_get_monotonic_time() / 1000)) <= 0)
			g_error("the other side neither answers nor closes; so far: %s", out->str);
		n = recv(fd, bytes, sizeof bytes, 0);
		if (n <= 0)
			break;
		g_string_append_len(out, bytes, n);
	}
	close(fd);
	return g_string_free(out, FALSE);
}

/* One line at least of an answer, without waiting for the end. */
static inline char *raw_read_some(int fd)
{
	GString *out = g_string_new(NULL);
	char bytes[4096];

	while (strstr(out->str, "\r\n\r\n") == NULL) {
		struct pollfd one = { fd, POLLIN, 0 };
		ssize_t n;

		if (poll(&one, 1, PATIENCE_MS) <= 0)
			g_error("no answer");
		n = recv(fd, bytes, sizeof bytes, 0);
		if (n <= 0)
			break;
		g_string_append_len(out, bytes, n);
	}
	return g_string_free(out, FALSE);
}

/* ---- looking into the store ---- */

/* The first message to a rep (or to a lead) that is released; false: there is none. Copies into the arena. */
static inline bool world_message(struct nt_arena *arena, bool rep, struct nt_outbox_row *out)
{
	struct nt_sqlite_options sqlite = { .path = world.database, .mode = NT_SQLITE_READ };
	struct nt_outbox_row rows[100];
	char *why = NULL;
	struct nt_store *store = nt_sqlite_store_open(&sqlite, &why);
	unsigned n = 0;
	bool found = false;

	if (store == NULL)
		g_error("%s", why);
	if (store->ops->outbox_list(store, arena, NT_OUTBOX_RELEASED, "", G_N_ELEMENTS(rows), rows, &n) != NT_STORE_OK)
		g_error("%s", store->ops->error(store));
	for (unsigned i = 0; i < n && !found; i++)
		if ((rows[i].message.rep != NULL) == rep) {
			*out = nt_outbox_row_copy(arena, &rows[i]);
			found = true;
		}
	store->ops->free(store);
	return found;
}

/* "/u/…" */
static inline char *world_link(struct nt_link link)
{
	GString *url = g_string_new(NULL);

	nt_links_make(world.links, &link, url);
	g_string_erase(url, 0, (gssize)strlen("http://example.org"));
	return g_string_free(url, FALSE);
}

#endif
