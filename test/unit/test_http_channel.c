/* The http channel against a server that does as it is told: answers, drops, silence, floods; what becomes of the
 * message each time. */
#include "channel_world.h"
#include "sink.h"

#include "channel/provider.h"

#include <signal.h>

static const char gateway[] =
	"name: test\nsettings: { url: required }\n"
	"request:\n  method: POST\n  url: \"{{ settings.url }}\"\n  form: { To: \"{{ to }}\", Body: \"{{ text }}\" }\n"
	"success: { status: [200, 202] }\nid: { json: sid }\nhard: { status: 400, json: code, in: [\"21211\"] }\n";

static struct sink *sink;
static struct nt_provider *provider;
static struct nt_channel *channel;

/* ---- the server ---- */

/* A whole request, or false. */
static bool hear_request(struct sink *s, int fd)
{
	GString *text = g_string_new(NULL);
	size_t wanted = SIZE_MAX;
	char some[4096];
	ssize_t n = 1;

	while (n > 0 && text->len < wanted) {
		const char *end, *length;

		n = recv(fd, some, sizeof some, 0);
		if (n > 0)
			g_string_append_len(text, some, n);
		end = strstr(text->str, "\r\n\r\n");
		length = end != NULL ? strstr(text->str, "Content-Length: ") : NULL;
		if (end != NULL)
			wanted = (size_t)(end - text->str) + 4 +
			         (length != NULL && length < end ? strtoul(length + 16, NULL, 10) : 0);
	}
	if (text->len >= wanted)
		sink_hear(s, text->str, text->len);
	n = text->len >= wanted;
	g_string_free(text, TRUE);
	return n != 0;
}

/* "close": before a word. "drop": after the request. "silent": for ever. "flood": without end. Else: an answer; one
 * that has no length ends the connection. */
static void talk(struct sink *s, int fd)
{
	bool more = !sink_was_told(s, "close");

	while (more && hear_request(s, fd)) {
		char *what = sink_next(s, "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n{\"sid\":\"1\"}");

		more = false;
		if (strcmp(what, "silent") == 0) {
			sink_sulk(fd);
		} else if (strcmp(what, "flood") == 0) {
			char *flood = g_strnfill(1 << 20, 'x');

			sink_say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 104857600\r\n\r\n");
			sink_say(fd, flood);
			sink_sulk(fd);
			g_free(flood);
		} else if (strcmp(what, "drop") != 0) {
			sink_say(fd, what);
			more = strstr(what, "Content-Length: ") != NULL;
		}
		g_free(what);
	}
}

static void open_channel(const char *url, unsigned connections, unsigned timeout_ms)
{
	const char *settings[1][2] = { { "url", url } };
	struct nt_diags *diags = nt_diags_new();
	struct nt_http_settings http = { .connections = connections, .timeout_ms = timeout_ms };

	provider =
		nt_provider_load("test.yaml", gateway, sizeof gateway - 1, (const char *const(*)[2])settings, 1, diags);
	assert_non_null(provider);
	nt_diags_free(diags);
	http.provider = provider;
	channel = nt_http_channel_new("sms", &http, &world.house);
}

static void open_webhook(const char *url)
{
	struct nt_http_settings http = { .connections = 2, .timeout_ms = 5000 };

	provider = nt_provider_webhook(url, NULL, 0, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
	http.provider = provider;
	channel = nt_http_channel_new("webhook:crm", &http, &world.house);
}

static int start(void **state)
{
	(void)state;
	world_start();
	sink = sink_start(talk);
	return 0;
}

static int end(void **state)
{
	(void)state;
	world_drain(channel);
	nt_provider_free(provider);
	sink_end(sink);
	world_end();
	return 0;
}

static char *url(void)
{
	static char text[64];

	g_snprintf(text, sizeof text, "http://127.0.0.1:%u/messages", sink->port);
	return text;
}

#define text_message(...) delivery(.channel = "sms", .address = "+15550101", __VA_ARGS__)

static const struct world_outcome *send_to(const char *does)
{
	sink_will(sink, does);
	return world_send(channel, text_message());
}

/* ---- what becomes of it ---- */

static void a_message_is_taken(void **state)
{
	const struct world_outcome *o;

	(void)state;
	open_channel(url(), 2, 5000);
	o = world_send(channel, text_message(.values = "{\"body\":\"Hi & bye = 100%\\nÄ+\"}"));
	assert_int_equal(o->result, NT_SEND_ACCEPTED);
	assert_string_equal(o->remote_id, "1");
	assert_string_equal(o->detail, "200 {\"sid\":\"1\"}");
	assert_false(o->down);
	assert_true(g_str_has_prefix(sink_heard(sink, 0), "POST /messages HTTP/1.1\r\n"));
	assert_true(g_str_has_suffix(sink_heard(sink, 0),
	                             "\r\n\r\nTo=%2B15550101&Body=Hi%20%26%20bye%20%3D%20100%25%0A%C3%84%2B"));
	assert_non_null(strstr(sink_heard(sink, 0), "Content-Type: application/x-www-form-urlencoded\r\n"));
	assert_null(strstr(sink_heard(sink, 0), "Expect:"));
	assert_int_equal(nt_slots_room(world.slots), 64);
}

static void a_connection_carries_many(void **state)
{
	(void)state;
	open_channel(url(), 1, 5000);
	for (unsigned i = 0; i < 20; i++)
		assert_int_equal(world_send(channel, text_message())->result, NT_SEND_ACCEPTED);
	assert_int_equal(sink_count(sink), 20);
	assert_int_equal(sink->connections, 1);
}

static void refusals_say_why(void **state)
{
	const struct world_outcome *o;

	(void)state;
	open_channel(url(), 1, 5000);
	o = send_to("HTTP/1.1 400 Bad Request\r\nContent-Length: 33\r\n\r\n{\"code\":21211,\"message\":\"no\nway\"}");
	assert_int_equal(o->result, NT_SEND_REFUSED);
	assert_false(o->hard); /* a bare line feed is no JSON */
	assert_string_equal(o->detail, "400 {\"code\":21211,\"message\":\"no way\"}");
	o = send_to("HTTP/1.1 400 Bad Request\r\nContent-Length: 14\r\n\r\n{\"code\":21211}");
	assert_int_equal(o->result, NT_SEND_REFUSED);
	assert_true(o->hard);
	o = send_to("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n");
	assert_int_equal(o->result, NT_SEND_REFUSED); /* never followed */
	assert_string_equal(o->detail, "302");
}

static void temporary_ones_say_when(void **state)
{
	const struct world_outcome *o;

	(void)state;
	open_channel(url(), 1, 5000);
	o = send_to("HTTP/1.1 429 Too Many Requests\r\nRetry-After: 120\r\nContent-Length: 4\r\n\r\nslow");
	assert_int_equal(o->result, NT_SEND_TEMPORARY);
	assert_true(o->retry_after == 120000);
	assert_false(o->down);
	o = send_to("HTTP/1.1 503 Service Unavailable\r\nRetry-After: 99999999\r\nContent-Length: 0\r\n\r\n");
	assert_true(o->retry_after == 86400000);
	o = send_to("HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n");
	assert_int_equal(o->result, NT_SEND_TEMPORARY);
	assert_true(o->retry_after == 0);
	o = send_to("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n");
	assert_int_equal(o->result, NT_SEND_TEMPORARY);
}

static void nobody_there_is_down(void **state)
{
	const struct world_outcome *o;
	unsigned port = sink->port;
	char gone[64];

	(void)state;
	sink_end(sink);
	sink = sink_start(talk); /* another port: nobody is left at the first */
	assert_int_not_equal(port, sink->port);
	g_snprintf(gone, sizeof gone, "http://127.0.0.1:%u/", port);
	open_channel(gone, 1, 5000);
	o = world_send(channel, text_message());
	assert_int_equal(o->result, NT_SEND_TEMPORARY);
	assert_true(o->down);
	assert_non_null(strstr(o->detail, "Failed to connect to 127.0.0.1"));
}

static void cut_off_after_the_request_is_in_doubt(void **state)
{
	const struct world_outcome *o;

	(void)state;
	open_channel(url(), 1, 5000);
	o = send_to("drop");
	assert_int_equal(o->result, NT_SEND_IN_DOUBT);
	assert_false(o->down);
	o = send_to("HTTP/1.1 2"); /* an answer that never becomes one */
	assert_int_equal(o->result, NT_SEND_IN_DOUBT);
	assert_int_equal(sink_count(sink), 2);
}

/* On a connection that was kept open the library would ask again by itself: twice the message. */
static void a_kept_connection_that_ends_sends_nothing_twice(void **state)
{
	const struct world_outcome *o;

	(void)state;
	open_channel(url(), 1, 5000);
	assert_int_equal(world_send(channel, text_message())->result, NT_SEND_ACCEPTED);
	o = send_to("drop");
	assert_int_equal(o->result, NT_SEND_IN_DOUBT);
	assert_string_equal(o->detail, "the connection ended without an answer");
	assert_int_equal(sink_count(sink), 2);
	assert_int_equal(world_send(channel, text_message())->result, NT_SEND_ACCEPTED);
}

static void closed_at_once_may_be_tried_again(void **state)
{
	const struct world_outcome *o;

	(void)state;
	open_channel(url(), 1, 5000);
	o = send_to("close");
	/* The request was on its way: nobody can know. */
	assert_true(o->result == NT_SEND_IN_DOUBT || o->result == NT_SEND_TEMPORARY);
	assert_int_equal(sink_count(sink), 0);
}

static void half_an_answer_counts_by_its_status(void **state)
{
	const struct world_outcome *o;

	(void)state;
	open_channel(url(), 1, 5000);
	o = send_to("HTTP/1.1 200 OK\r\nContent-length: 500\r\n\r\n{\"sid\":");
	assert_int_equal(o->result, NT_SEND_ACCEPTED);
}

static void a_flood_is_cut_off(void **state)
{
	const struct world_outcome *o;

	(void)state;
	open_channel(url(), 1, 5000);
	o = send_to("flood");
	assert_int_equal(o->result, NT_SEND_ACCEPTED); /* it did say 200 */
	assert_int_equal(strlen(o->detail), 164);
}

static void silence_is_in_doubt_and_whoever_waited_behind_untouched(void **state)
{
	unsigned in_doubt = 0, untouched = 0;

	(void)state;
	open_channel(url(), 1, 500);
	sink_will(sink, "silent");
	assert_int_equal(channel->ops->room(channel), 2);
	assert_true(channel->ops->send(channel, text_message(.id = "a")));
	assert_true(channel->ops->send(channel, text_message(.id = "b")));
	assert_int_equal(channel->ops->room(channel), 0);
	world_wait(2);
	for (unsigned i = 0; i < 2; i++) {
		const struct world_outcome *o = &g_array_index(world.outcomes, struct world_outcome, i);

		in_doubt += o->result == NT_SEND_IN_DOUBT;
		untouched += o->result == NT_SEND_UNTOUCHED;
		assert_false(o->down);
	}
	assert_int_equal(in_doubt, 1);
	assert_int_equal(untouched, 1);
	assert_int_equal(sink_count(sink), 1);
}

static void a_webhook_is_repeated_with_the_same_key(void **state)
{
	const struct world_outcome *o;
	const char *heard;

	(void)state;
	open_webhook(url());
	sink_will(sink, "drop");
	o = world_send(channel, delivery(.channel = "webhook:crm", .template = "crm", .values = "{\"score\":7}"));
	assert_int_equal(o->result, NT_SEND_TEMPORARY); /* they know it by its key: no doubt */
	sink_will(sink, "HTTP/1.1 204 No Content\r\n\r\n");
	o = world_send(channel, delivery(.channel = "webhook:crm", .template = "crm", .values = "{\"score\":7}"));
	assert_int_equal(o->result, NT_SEND_ACCEPTED);
	heard = sink_heard(sink, 1);
	assert_non_null(strstr(heard, "webhook-id: 00112233445566778899aabbccddeeff\r\n"));
	assert_non_null(strstr(heard, "Idempotency-Key: 00112233445566778899aabbccddeeff\r\n"));
	assert_non_null(strstr(heard, "webhook-timestamp: 1772445600\r\n"));
	assert_non_null(strstr(heard, "webhook-signature: v1,"));
	assert_non_null(strstr(heard,
	                       "\r\n\r\n{\"type\":\"crm\",\"id\":\"00112233445566778899aabbccddeeff\",\"timestamp\":"
	                       "\"2026-03-02T10:00:00Z\",\"lead\":\"ann\",\"campaign\":\"all\",\"data\":{\"score\":7}"
	                       "}"));
}

static void what_cannot_be_made_is_refused_at_once(void **state)
{
	const struct world_outcome *o;

	(void)state;
	open_channel(url(), 1, 5000);
	o = world_send(channel, text_message(.template = "gone"));
	assert_int_equal(o->result, NT_SEND_REFUSED);
	assert_string_equal(o->detail, "template 'gone' for sms is no longer there");
	assert_int_equal(sink->connections, 0);
}

static void a_drain_waits_for_answers(void **state)
{
	(void)state;
	open_channel(url(), 2, 5000);
	assert_true(channel->ops->send(channel, text_message()));
	world_drain(channel);
	assert_int_equal(world.outcomes->len, 1);
	nt_provider_free(provider);
	open_channel(url(), 1, 5000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_message_is_taken, start, end),
		cmocka_unit_test_setup_teardown(a_connection_carries_many, start, end),
		cmocka_unit_test_setup_teardown(refusals_say_why, start, end),
		cmocka_unit_test_setup_teardown(temporary_ones_say_when, start, end),
		cmocka_unit_test_setup_teardown(nobody_there_is_down, start, end),
		cmocka_unit_test_setup_teardown(cut_off_after_the_request_is_in_doubt, start, end),
		cmocka_unit_test_setup_teardown(a_kept_connection_that_ends_sends_nothing_twice, start, end),
		cmocka_unit_test_setup_teardown(closed_at_once_may_be_tried_again, start, end),
		cmocka_unit_test_setup_teardown(half_an_answer_counts_by_its_status, start, end),
		cmocka_unit_test_setup_teardown(a_flood_is_cut_off, start, end),
		cmocka_unit_test_setup_teardown(silence_is_in_doubt_and_whoever_waited_behind_untouched, start, end),
		cmocka_unit_test_setup_teardown(a_webhook_is_repeated_with_the_same_key, start, end),
		cmocka_unit_test_setup_teardown(what_cannot_be_made_is_refused_at_once, start, end),
		cmocka_unit_test_setup_teardown(a_drain_waits_for_answers, start, end),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
