/* The smtp channel at a server that keeps every octet: nothing in a message can end it, begin another or add a header.
 */
#include "channel_world.h"
#include "sink.h"

#include "channel/connect.h"

#include <signal.h>

static struct sink *sink;
static struct nt_channel *channel;

/* ---- a server that knows just enough, and hears all ---- */

/* One line with its end, as it came; false when there is no more. */
static bool get_line(int fd, GString *line)
{
	char c;

	g_string_truncate(line, 0);
	while (recv(fd, &c, 1, 0) == 1) {
		g_string_append_c(line, c);
		if (c == '\n')
			return true;
	}
	return false;
}

/* Until CR LF . CR LF, and nothing less (RFC 5321, 4.1.1.4). */
static bool get_message(struct sink *s, int fd)
{
	GString *message = g_string_new(NULL);
	bool whole = false;
	char c;

	while (!whole && recv(fd, &c, 1, 0) == 1) {
		g_string_append_c(message, c);
		whole = message->len >= 5 && memcmp(message->str + message->len - 5, "\r\n.\r\n", 5) == 0;
	}
	if (whole)
		sink_hear(s, message->str, message->len - 3);
	g_string_free(message, TRUE);
	return whole;
}

static void talk(struct sink *s, int fd)
{
	GString *line = g_string_new(NULL);

	sink_say(fd, "220 sink\r\n");
	while (get_line(fd, line)) {
		if (g_str_has_prefix(line->str, "EHLO")) {
			sink_say(fd, "250-sink\r\n250 PIPELINING\r\n");
		} else if (g_str_has_prefix(line->str, "DATA")) {
			sink_say(fd, "354 go on\r\n");
			if (!get_message(s, fd))
				break;
			sink_say(fd, "250 2.0.0 kept\r\n");
		} else if (g_str_has_prefix(line->str, "QUIT")) {
			sink_say(fd, "221 bye\r\n");
			break;
		} else {
			sink_hear(s, line->str, line->len);
			sink_say(fd, "250 ok\r\n");
		}
	}
	g_string_free(line, TRUE);
}

static int start(void **state)
{
	struct nt_smtp_settings settings = { .host = "127.0.0.1",
		                             .connections = 1,
		                             .messages_per_session = 100,
		                             .timeout_ms = 5000,
		                             .hello = "test.example" };

	world_setup(state);
	sink = sink_start(talk);
	settings.port = sink->port;
	channel = nt_smtp_channel_new("email", &settings, &world.house);
	return 0;
}

static int end(void **state)
{
	world_drain(channel);
	sink_end(sink);
	world_teardown(state);
	return 0;
}

/* Everything heard of one message: MAIL, RCPT and the message itself, which is what comes back. */
static const char *sent(struct nt_delivery *d)
{
	unsigned before = sink_count(sink);

	assert_int_equal(world_send(channel, d)->result, NT_SEND_ACCEPTED);
	assert_int_equal(sink_count(sink), before + 3); /* no command that wasn't ours */
	assert_true(g_str_has_prefix(sink_heard(sink, before), "MAIL FROM:<ada@example.org>"));
	assert_string_equal(sink_heard(sink, before + 1), "RCPT TO:<ann@example.net>\r\n");
	return sink_heard(sink, before + 2);
}

/* CR and LF come together only, no line is a dot, and none too long: with dots doubled as they go over the wire. */
static void assert_safe(const char *message)
{
	size_t line = 0;

	for (const char *p = message; *p != '\0'; p++) {
		if (*p == '\n') {
			assert_true(p > message && p[-1] == '\r');
			assert_true(line <= 999);
			line = 0;
		} else {
			if (*p == '\r')
				assert_true(p[1] == '\n');
			assert_false((unsigned char)*p >= 0x80);
			line++;
		}
	}
	assert_null(strstr(message, "\r\n.\r\n"));
}

static void no_body_can_end_a_message(void **state)
{
	static const char *const bodies[] = {
		"a\\n.\\nMAIL FROM:<eve@example.com>\\nRCPT TO:<x@example.com>\\nDATA\\nSubject: x\\n\\nevil\\n.\\n",
		"a\\r.\\rMAIL FROM:<eve@example.com>\\r",
		"a\\r\\n.\\r\\nMAIL FROM:<eve@example.com>\\r\\n",
		"a\\n.\\r\\nMAIL FROM:<eve@example.com>\\n",
		"a\\r\\n.\\nMAIL FROM:<eve@example.com>\\n",
		"a\\r\\r\\n.\\r\\r\\nMAIL FROM:<eve@example.com>\\n",
		".",
		"..",
		".\\n..\\n...\\n. .\\n",
		"\\n\\n\\n.\\n\\n",
		".ä\\n.ö\\nüüüüüüüüüüüüüüüüüüüüüüü\\n.\\n",
		"a\\u2028.\\u2028b",
		"a\\u0085.\\u0085b",
	};

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(bodies); i++) {
		char *values = g_strdup_printf("{\"subject\":\"Hello\",\"body\":\"%s\"}", bodies[i]);

		assert_safe(sent(delivery(.values = values)));
		assert_safe(sent(delivery(.values = values, .template = "page")));
		g_free(values);
	}
	assert_int_equal(sink->connections, 1);
}

static void dots_arrive_as_they_were(void **state)
{
	const char *message, *body;

	(void)state;
	message = sent(delivery(.values = "{\"subject\":\"Hello\",\"body\":\".first\\n.\\n..two\\nlast.\"}"));
	body = strstr(message, "\r\n\r\n");
	assert_non_null(body);
	/* dot-stuffed on the wire; or a dot at a line's start is an encoded one */
	if (strstr(body, "=2E") == NULL)
		assert_non_null(strstr(body, "\r\n..first\r\n..\r\n...two\r\nlast.\r\n"));
}

static void no_field_can_add_a_header(void **state)
{
	static const char values[] =
		"{\"subject\":\"a\\r\\nBcc: "
	        "eve@example.com\\r\\n\\r\\nbody\",\"body\":\"Hi\",\"from_name\":\"b\\nX-Evil: 1\","
		"\"reply_to\":\"c@example.com\\r\\nX-Evil: 2\",\"note\":\"d\\r\\nX-Evil: 3\"}";
	const char *message, *end_of_headers;
	char *head;

	(void)state;
	message = sent(delivery(.values = values, .name = "Ann\r\nX-Evil: 4\r\n\r\nbody"));
	assert_safe(message);
	end_of_headers = strstr(message, "\r\n\r\n");
	head = g_strndup(message, (gsize)(end_of_headers - message));
	assert_null(strstr(head, "\nBcc"));
	assert_null(strstr(head, "\nX-Evil"));
	assert_non_null(strstr(head, "From: "));
	g_free(head);
}

/* Such an address never gets as far as the wire. */
static void no_address_can_add_a_command(void **state)
{
	static const char *const addresses[] = { "ann@example.net>\r\nDATA\r\n",
		                                 "ann@example.net\nRCPT TO:<eve@example.com>",
		                                 "<ann@example.net>",
		                                 "ann@example.net> SIZE=1",
		                                 "a b@example.net",
		                                 "ann@@example.net",
		                                 "@example.net",
		                                 "ann@",
		                                 "ann",
		                                 "",
		                                 "änn@example.net",
		                                 "ann@ex\xC3\xA4mple.net",
		                                 "a,b@example.net" };

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(addresses); i++) {
		const struct world_outcome *o = world_send(channel, delivery(.address = addresses[i]));

		assert_int_equal(o->result, NT_SEND_REFUSED);
		assert_string_equal(o->detail, "the address can't be used in a message");
	}
	assert_int_equal(sink_count(sink), 0);
}

/* 40 ms a message without (see connect.h). */
static void no_message_waits_for_an_acknowledgement(void **state)
{
	unsigned before = nt_connect_count();
	char *body = g_strnfill(6000, 'x'), *values = g_strdup_printf("{\"subject\":\"Hello\",\"body\":\"%s\"}", body);
	gint64 began;

	(void)state;
	sent(delivery(.values = values));
	began = g_get_monotonic_time();
	for (unsigned i = 0; i < 50; i++)
		sent(delivery(.values = values));
	assert_in_range(g_get_monotonic_time() - began, 0, 50 * 39000);
	assert_true(nt_connect_count() > before);
	g_free(values);
	g_free(body);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(no_body_can_end_a_message, start, end),
		cmocka_unit_test_setup_teardown(dots_arrive_as_they_were, start, end),
		cmocka_unit_test_setup_teardown(no_field_can_add_a_header, start, end),
		cmocka_unit_test_setup_teardown(no_address_can_add_a_command, start, end),
		cmocka_unit_test_setup_teardown(no_message_waits_for_an_acknowledgement, start, end),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
