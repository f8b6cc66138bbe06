/* What can go wrong on the wire: requests that two readers could split in two ways, slow ones, large ones, too many;
 * and going down with requests in hand. */
#include "api_world.h"

#define LIMIT 65536

static int start(void **state)
{
	(void)state;
	world.options.body_limit = LIMIT;
	world.options.timeout_s = 1;
	world.options.connections = 40;
	world.options.per_address = 12;
	world_start();
	return 0;
}

static int start_patient(void **state)
{
	(void)state;
	world_start();
	return 0;
}

static int end(void **state)
{
	(void)state;
	world_end();
	return 0;
}

#define HOST "Host: x\r\nAuthorization: Bearer token-of-the-shop\r\n"
#define NEXT "GET /healthz?smuggled HTTP/1.1\r\nHost: x\r\n\r\n"

/* What comes back for these bytes, until the other side closes. */
static char *exchange(const char *bytes)
{
	int fd = raw_open();

	raw_write(fd, bytes);
	return raw_read_all(fd);
}

static unsigned answers_in(const char *text)
{
	unsigned n = 0;

	while ((text = strstr(text, "HTTP/1.1 ")) != NULL) {
		n++;
		text++;
	}
	return n;
}

/* ---- framing ---- */

static void what_could_be_split_in_two_ways_is_refused(void **state)
{
	static const char *const requests[] = {
		"POST /v1/events HTTP/1.1\r\n" HOST "Content-Length: 2\r\nContent-Length: 45\r\n\r\n{}" NEXT,
		"POST /v1/events HTTP/1.1\r\n" HOST "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}" NEXT,
		"POST /v1/events HTTP/1.1\r\n" HOST
		"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" NEXT,
		"POST /v1/events HTTP/1.1\r\n" HOST
		"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" NEXT,
		"POST /v1/events HTTP/1.1\r\n" HOST
		"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n" NEXT,
		"POST /v1/events HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n" NEXT,
		"POST /v1/events HTTP/1.1\r\n" HOST "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" NEXT,
		"POST /v1/events HTTP/1.0\r\n" HOST
		"Transfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n0\r\n\r\n" NEXT,
		"POST /v1/events HTTP/1.1\r\n" HOST "Content-Length : 2\r\n\r\n{}" NEXT,
		"POST /v1/events HTTP/1.1\r\n" HOST "Content-Length\t: 2\r\n\r\n{}" NEXT,
		"POST /v1/events HTTP/1.1\r\n" HOST "Content-Length: +2\r\n\r\n{}" NEXT,
		"POST /v1/events HTTP/1.1\r\n" HOST "Content-Length: 2, 2\r\n\r\n{}" NEXT,
		"POST /v1/events HTTP/1.1\r\n" HOST "Content-Length: 0x2\r\n\r\n{}" NEXT,
		"POST /v1/events HTTP/1.1\r\n" HOST "X: y\rContent-Length: 2\r\n\r\n{}" NEXT,
		"POST /v1/events HTTP/1.1\r\n" HOST "Con tent: y\r\nContent-Length: 0\r\n\r\n" NEXT,
		"POST /v1/events HTTP/1.1\r\n" HOST "Authorization: Bearer other\r\nContent-Length: 2\r\n\r\n{}" NEXT,
	};

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(requests); i++) {
		char *said = exchange(requests[i]);

		if (strncmp(said, "HTTP/1.1 400 ", 13) != 0 || strstr(said, " 200 ") != NULL ||
		    strstr(said, "stored") != NULL)
			fail_msg("%s\nwas answered:\n%s", requests[i], said);
		g_free(said);
	}
}

static void what_is_framed_well_is_taken(void **state)
{
	char *said = exchange("POST /v1/events HTTP/1.1\r\n" HOST "Transfer-Encoding: Chunked\r\n\r\n"
	                      "10\r\n{\"lead\":\"ann\",\"e\r\n15;x=y\r\nvent\":\"page.viewed\"}\r\n0\r\n\r\n"
	                      "POST /v1/events HTTP/1.1\r\n" HOST
	                      "Content-Length: 37\r\n\r\n{\"lead\":\"ann\",\"event\":\"page.viewed\"}\n"
	                      "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");

	(void)state;
	assert_int_equal(answers_in(said), 3);
	assert_has(said, "\"stored\":1");
	assert_has_not(said, "400 Bad");
	assert_has(get("/v1/leads/ann")->body->str, "\"score\":30");
	g_free(said);
}

static void a_broken_request_line_gets_no_further(void **state)
{
	static const char *const requests[] = {
		"GET  HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET\r\n\r\n",
		"GET /v1/leads/a b HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET /healthz HTTP/1.1\r\n\r\n",
		"GET http://x/healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
		"GET /healthz#x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
		"\x16\x03\x01\x02\x01\x01\r\n\r\n",
	};

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(requests); i++) {
		char *said = exchange(requests[i]);

		if (strstr(said, " 200 ") != NULL)
			fail_msg("%s\nwas answered:\n%s", requests[i], said);
		g_free(said);
	}
	assert_status(ask(.method = "GET", .path = "/healthz"), 200);
}

/* ---- sizes ---- */

static void a_body_has_a_limit(void **state)
{
	GString *body = g_string_new("{\"lead\":\"ann\",\"event\":\"page.viewed\",\"id\":\"1\"}");
	struct reply *r;
	char *said;

	(void)state;
	while (body->len < LIMIT)
		g_string_append_c(body, ' ');
	assert_status(post_json("/v1/events", body->str), 200);
	g_string_append_c(body, ' ');
	r = post_json("/v1/events", body->str);
	assert_status(r, 413);
	assert_has(r->body->str, "the body is longer than 65536 bytes");
	r = ask(.method = "POST", .path = "/v1/events", .token = "shop", .type = "application/json", .body = body->str,
	        .chunked = true);
	assert_status(r, 413);
	g_string_truncate(body, LIMIT);
	r = ask(.method = "POST", .path = "/v1/events", .token = "shop", .type = "application/json", .body = body->str,
	        .chunked = true);
	assert_status(r, 200);
	assert_has(r->body->str, "duplicate");
	/* one that is asked for beforehand, or is too long to be read and thrown away, is refused before it is sent */
	said = exchange("POST /v1/events HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 65537\r\n\r\n");
	assert_true(g_str_has_prefix(said, "HTTP/1.1 413 "));
	g_free(said);
	said = exchange("POST /v1/events HTTP/1.1\r\n" HOST "Content-Length: 999999999999\r\n\r\n");
	assert_true(g_str_has_prefix(said, "HTTP/1.1 413 "));
	g_free(said);
	g_string_free(body, TRUE);
}

static void what_is_open_to_all_takes_little(void **state)
{
	GString *body = g_string_new("do=accept&x=");

	(void)state;
	while (body->len < 16384)
		g_string_append_c(body, 'x');
	assert_status(ask(.method = "POST", .path = "/r/x", .body = body->str), 404);
	g_string_append_c(body, 'x');
	assert_status(ask(.method = "POST", .path = "/r/x", .body = body->str), 413);
	assert_status(ask(.method = "POST", .path = "/r/x", .body = body->str, .chunked = true), 413);
	assert_status(ask(.method = "GET", .path = "/healthz", .body = body->str), 413);
	g_string_free(body, TRUE);
}

static void who_may_not_is_told_before_the_body(void **state)
{
	char *said =
		exchange("POST /v1/events HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");

	(void)state;
	assert_true(g_str_has_prefix(said, "HTTP/1.1 401 "));
	assert_int_equal(answers_in(said), 1);
	g_free(said);
}

static void headers_have_a_limit(void **state)
{
	GString *header = g_string_new("X-Long: ");
	struct reply *r;

	(void)state;
	for (int i = 0; i < 16000; i++)
		g_string_append_c(header, 'x');
	assert_status(ask(.method = "GET", .path = "/healthz", .header = header->str), 200);
	for (int i = 0; i < 1000; i++)
		g_string_append_c(header, 'x');
	r = ask(.method = "GET", .path = "/healthz", .header = header->str);
	assert_status(r, 431);
	assert_has(r->body->str, "the headers are longer than");
	for (int i = 0; i < 100000; i++)
		g_string_append_c(header, 'x');
	assert_status(ask(.method = "GET", .path = "/healthz", .header = header->str), 431);
	g_string_free(header, TRUE);
}

/* ---- time ---- */

static void the_slow_are_cut_off(void **state)
{
	static const struct { const char *bytes, *answer; } requests[] = {
		{ "", "" },
		{ "GET /hea", "" },
		{ "GET /healthz HTTP/1.1\r\nHost: x\r\nX: ", "HTTP/1.1 408 " },
		{ "POST /v1/events HTTP/1.1\r\n" HOST "Content-Length: 100\r\n\r\n{\"lead\"", "HTTP/1.1 408 " },
		{ "POST /v1/events HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n8\r\n", "HTTP/1.1 408 " },
	};
	int fds[G_N_ELEMENTS(requests)], idle = raw_open();
	char *said;

	(void)state;
	raw_write(idle, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
	for (unsigned i = 0; i < G_N_ELEMENTS(requests); i++) {
		fds[i] = raw_open();
		raw_write(fds[i], requests[i].bytes);
	}
	for (unsigned i = 0; i < G_N_ELEMENTS(requests); i++) {
		said = raw_read_all(fds[i]);
		if (!g_str_has_prefix(said, requests[i].answer) || (requests[i].answer[0] == '\0' && said[0] != '\0'))
			fail_msg("%s\nwas answered:\n%s", requests[i].bytes, said);
		g_free(said);
	}
	said = raw_read_all(idle); /* between two requests, for as long */
	assert_true(g_str_has_prefix(said, "HTTP/1.1 200 "));
	assert_int_equal(answers_in(said), 1);
	g_free(said);
	assert_has(get("/v1/leads/ann")->body->str, "there is no lead");
}

/* A byte now and then doesn't help: the whole request counts. */
static void a_trickle_is_cut_off(void **state)
{
	int64_t until = g_get_monotonic_time() + PATIENCE_MS * 1000;
	int fd = raw_open();
	char byte;

	(void)state;
	raw_write(fd, "POST /v1/events HTTP/1.1\r\n" HOST "Content-Length: 100000\r\n\r\n");
	for (;;) {
		struct pollfd one = { fd, POLLIN, 0 };

		assert_true(g_get_monotonic_time() < until);
		if (poll(&one, 1, 50) > 0)
			break;
		if (send(fd, " ", 1, MSG_NOSIGNAL) != 1)
			break;
	}
	assert_true(recv(fd, &byte, 1, 0) <= 0 || byte == 'H');
	close(fd);
}

static void connections_from_one_address_are_limited(void **state)
{
	int fds[12], more;
	char *said;

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(fds); i++) {
		fds[i] = raw_open();
		raw_write(fds[i], "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
		said = raw_read_some(fds[i]);
		assert_true(g_str_has_prefix(said, "HTTP/1.1 200 "));
		g_free(said);
	}
	more = raw_open();
	said = raw_read_all(more); /* closed at once */
	assert_string_equal(said, "");
	g_free(said);
	for (unsigned i = 0; i < G_N_ELEMENTS(fds); i++)
		close(fds[i]);
}

static int start_narrow(void **state)
{
	(void)state;
	world.options.connections = 2;
	world.options.per_address = 100;
	world_start();
	return 0;
}

static void who_is_too_many_waits_for_a_place(void **state)
{
	static const char request[] = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
	struct pollfd third = { .events = POLLIN };
	int fds[2];
	char *said;

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(fds); i++) {
		fds[i] = raw_open();
		raw_write(fds[i], request);
		g_free(raw_read_some(fds[i]));
	}
	third.fd = raw_open();
	raw_write(third.fd, request);
	assert_status(ask(.method = "GET", .path = "/healthz", .control = true), 200); /* the loop has been round */
	assert_int_equal(poll(&third, 1, 0), 0);
	close(fds[0]);
	said = raw_read_some(third.fd);
	assert_true(g_str_has_prefix(said, "HTTP/1.1 200 "));
	g_free(said);
	close(third.fd);
	close(fds[1]);
}

/* ---- load ---- */

/* While the store is busy, what waits is bounded; who comes later is told when to come again. */
static void too_much_at_once_is_refused_for_now(void **state)
{
	GString *lines = g_string_new(NULL), *request = g_string_new(NULL);
	int fds[2];
	struct reply *r;

	(void)state;
	for (int i = 0; i < 10000; i++)
		g_string_append(lines, "{}\n");
	g_string_printf(request,
	                "POST /v1/events HTTP/1.1\r\n" HOST
	                "Content-Type: application/x-ndjson\r\nConnection: close\r\n"
	                "Content-Length: %zu\r\n\r\n%s",
	                lines->len, lines->str);
	world_set(&world.hold_commits, true);
	for (unsigned i = 0; i < G_N_ELEMENTS(fds); i++) {
		fds[i] = raw_open();
		raw_write(fds[i], request->str);
	}
	do /* until both are with the engine */
		r = post_json("/v1/events", "[]");
	while (strstr(ask(.method = "GET", .path = "/metrics", .token = "monitor")->body->str,
	              "nurtured_requests_posted 20000") == NULL);
	r = post_json("/v1/events", "{\"lead\":\"ann\",\"event\":\"page.viewed\"}");
	assert_status(r, 503);
	assert_has(r->head->str, "Retry-After: 1");
	assert_status(get("/v1/leads/ann"), 404); /* questions are answered */
	world_set(&world.hold_commits, false);
	for (unsigned i = 0; i < G_N_ELEMENTS(fds); i++) {
		char *said = raw_read_all(fds[i]);

		assert_has(said, "\"invalid\":10000");
		g_free(said);
	}
	assert_status(post_json("/v1/events", "{\"lead\":\"ann\",\"event\":\"page.viewed\"}"), 200);
	g_string_free(request, TRUE);
	g_string_free(lines, TRUE);
}

static void note_idle(struct world *w)
{
	w->idle = nt_api_idle(w->api);
}

static void quiesce(struct world *w)
{
	nt_api_quiesce(w->api);
	note_idle(w);
}

static void requests_in_hand_are_finished_at_the_end(void **state)
{
	int busy = raw_open(), idle = raw_open(), late;
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)world.port),
		                       .sin_addr = { htonl(INADDR_LOOPBACK) } };
	char *said;

	(void)state;
	raw_write(idle, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
	g_free(raw_read_some(idle));
	world_set(&world.hold_commits, true);
	raw_write(busy, "POST /v1/events HTTP/1.1\r\n" HOST
	                "Content-Length: 36\r\n\r\n{\"lead\":\"ann\",\"event\":\"page.viewed\"}");
	while (strstr(ask(.method = "GET", .path = "/metrics", .token = "monitor")->body->str,
	              "nurtured_requests_posted 1\n") == NULL)
		;
	world_call(quiesce);
	assert_false(world.idle);
	late = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(connect(late, (const struct sockaddr *)&address, sizeof address) != 0);
	close(late);
	g_free(raw_read_all(idle));
	world_set(&world.hold_commits, false);
	said = raw_read_all(busy);
	assert_has(said, "\"stored\":1");
	assert_has(said, "Connection: close");
	g_free(said);
	do
		world_call(note_idle);
	while (!world.idle);
}

/* ---- the control socket ---- */

static bool reload(void *user, GString *out)
{
	int *n = user;

	g_string_append(out, ++*n == 1 ? "rules.yaml:1:1: error: no\n" : "");
	return *n > 1;
}

static void tell_status(void *user, GString *out)
{
	(void)user;
	g_string_append(out, "{\"state\":\"running\"}\n");
}

static bool set_clock(void *user, nt_time t, GString *out)
{
	(void)user;
	if (nt_clock_set(world.clock, t))
		return true;
	g_string_append(out, "the clock only moves forwards");
	return false;
}

static int reloads;

static int start_control(void **state)
{
	(void)state;
	reloads = 0;
	world.options.reload = reload;
	world.options.status = tell_status;
	world.options.clock_set = set_clock;
	world.options.user = &reloads;
	world_start();
	return 0;
}

#define control(m, p, b) ask(.method = (m), .path = (p), .body = (b), .control = true)

static void the_control_socket_needs_no_token(void **state)
{
	struct reply *r = control("GET", "/control/status", NULL);

	(void)state;
	assert_status(r, 200);
	assert_string_equal(r->body->str, "{\"state\":\"running\"}\n");
	r = control("POST", "/control/reload", "");
	assert_status(r, 409);
	assert_has(r->body->str, "rules.yaml:1:1: error: no\"");
	assert_status(control("POST", "/control/reload", ""), 200);
	assert_status(control("PUT", "/v1/leads/ann", "{\"seats\":3}"), 200);
	r = control("GET", "/v1/leads/ann/timeline", NULL);
	assert_has(r->body->str, "\"cause\":\"nurturectl (uid ");
	r = control("POST", "/control/clock", "{\"to\":\"2026-03-02T12:00:00Z\"}");
	assert_status(r, 200);
	assert_has(r->body->str, "\"now\":\"2026-03-02T12:00:00Z\"");
	assert_status(control("POST", "/control/clock", "{\"to\":\"2026-03-02T11:00:00Z\"}"), 409);
	r = control("POST", "/control/clock", "{\"to\":\"noon\"}");
	assert_status(r, 400);
	assert_has(r->body->str, "\"field\":\"to\"");
	assert_status(control("GET", "/metrics", NULL), 200);
	assert_status(control("GET", "/control/reload", NULL), 405);
}

static void the_control_socket_is_for_owner_and_group(void **state)
{
	struct stat status;
	char *why = NULL;
	struct nt_api_options options = world.options;

	(void)state;
	assert_int_equal(stat(world.socket, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0660);
	/* and nobody takes it from a daemon that runs */
	options.loop = EV_DEFAULT;
	options.listen = NULL;
	assert_null(nt_api_new(&options, &why));
	assert_has(why, "another nurtured listens on ");
	g_free(why);
	assert_status(control("GET", "/control/status", NULL), 200);
}

static void what_cannot_be_listened_on_is_told(void **state)
{
	static const char *const addresses[] = { "8125",    "127.0.0.1",       "127.0.0.1:x", "::1:80",
		                                 "[::1:80", "127.0.0.1:99999", "192.0.2.1:0" };

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(addresses); i++) {
		struct nt_api_options options = { .loop = EV_DEFAULT, .listen = addresses[i], .listen_fd = -1 };
		char *why = NULL;

		assert_null(nt_api_new(&options, &why));
		assert_has(why, addresses[i]);
		g_free(why);
	}
}

#define with(up, f) cmocka_unit_test_setup_teardown(f, up, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with(start, what_could_be_split_in_two_ways_is_refused),
		with(start, what_is_framed_well_is_taken),
		with(start, a_broken_request_line_gets_no_further),
		with(start, a_body_has_a_limit),
		with(start, what_is_open_to_all_takes_little),
		with(start, who_may_not_is_told_before_the_body),
		with(start, headers_have_a_limit),
		with(start, the_slow_are_cut_off),
		with(start, a_trickle_is_cut_off),
		with(start, connections_from_one_address_are_limited),
		with(start_narrow, who_is_too_many_waits_for_a_place),
		with(start_patient, too_much_at_once_is_refused_for_now),
		with(start_patient, requests_in_hand_are_finished_at_the_end),
		with(start_control, the_control_socket_needs_no_token),
		with(start_control, the_control_socket_is_for_owner_and_group),
		cmocka_unit_test(what_cannot_be_listened_on_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
