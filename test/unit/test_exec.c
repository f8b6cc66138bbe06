/* The exec channel: what a program's end means for the message. */
#include "channel_world.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sysexits.h>

static struct nt_channel *channel;

static int end(void **state)
{
	(void)state;
	world_drain(channel);
	world_end();
	return 0;
}

/* A shell that does `what` with the message on its standard input. */
static void open_with(const char *what, unsigned timeout_ms)
{
	static const char *argv[4] = { "/bin/sh", "-c", NULL, NULL };
	struct nt_exec_settings settings = { .argv = argv, .processes = 2, .timeout_ms = timeout_ms };

	argv[2] = what;
	channel = nt_exec_channel_new("letter", &settings, &world.house);
}

static const struct world_outcome *run(const char *what)
{
	open_with(what, 5000);
	return world_send(channel, delivery(.channel = "letter", .address = "1 Main St", .name = "Ann\nLead: eve"));
}

static void success_keeps_what_was_said(void **state)
{
	const struct world_outcome *o = run("echo printed as job 7; echo more");

	(void)state;
	assert_int_equal(o->result, NT_SEND_ACCEPTED);
	assert_string_equal(o->detail, "printed as job 7");
	assert_int_equal(nt_slots_room(world.slots), 64);
}

static void temporary_by_75(void **state)
{
	const struct world_outcome *o = run("echo the printer is busy >&2; exit 75");

	(void)state;
	assert_int_equal(o->result, NT_SEND_TEMPORARY);
	assert_string_equal(o->detail, "the printer is busy");
	assert_false(o->down);
}

static void no_such_address_by_67(void **state)
{
	const struct world_outcome *o = run("exit 67");

	(void)state;
	assert_int_equal(o->result, NT_SEND_REFUSED);
	assert_true(o->hard);
	assert_string_equal(o->detail, "exit status 67");
}

static void refused_by_any_other(void **state)
{
	const struct world_outcome *o = run("printf 'no \\377\\033[31mway'; exit 1");

	(void)state;
	assert_int_equal(o->result, NT_SEND_REFUSED);
	assert_false(o->hard);
	assert_true(g_utf8_validate(o->detail, -1, NULL));
	assert_null(strchr(o->detail, '\033'));
	assert_true(g_str_has_prefix(o->detail, "no "));
}

static void a_signal_leaves_doubt(void **state)
{
	const struct world_outcome *o = run("kill -TERM $$");

	(void)state;
	assert_int_equal(o->result, NT_SEND_IN_DOUBT);
	assert_string_equal(o->detail, "ended by a signal");
}

/* Children of its own go with it: the pipe that they hold is empty soon after. */
static void too_long_is_killed_with_all_its_children(void **state)
{
	struct pollfd end = { .events = POLLIN };
	const struct world_outcome *o;
	char *script = g_strdup_printf("sleep 1000 & echo $! >%s/child; sleep 1000", world.folder), *file, *text = NULL;
	pid_t child;

	(void)state;
	open_with(script, 300);
	o = world_send(channel, delivery(.channel = "letter"));
	assert_int_equal(o->result, NT_SEND_IN_DOUBT);
	assert_string_equal(o->detail, "took too long and was killed");
	file = g_build_filename(world.folder, "child", NULL);
	assert_true(g_file_get_contents(file, &text, NULL, NULL));
	child = (pid_t)atoi(text);
	end.fd = (int)syscall(SYS_pidfd_open, child, 0); /* fails if it is gone already */
	if (end.fd >= 0) {
		assert_int_equal(poll(&end, 1, 10000), 1);
		close(end.fd);
	}
	g_free(text);
	g_free(file);
	g_free(script);
}

static void the_message_comes_on_standard_input(void **state)
{
	char *script = g_strdup_printf("cat >%s/got", world.folder), *file, *text = NULL;
	static const char expected[] = "Message-Id: 00112233445566778899aabbccddeeff\nDate: "
	                               "2026-03-02T10:00:00Z\nChannel: letter\nTo: 1 Main St\nName: Ann Lead: eve\n"
				       "Lead: ann\nTemplate: sheet\nCampaign: all\nSubject: Hello\nContent-Type: "
	                               "text/plain; charset=utf-8\n\nHi there\n";

	(void)state;
	assert_int_equal(run(script)->result, NT_SEND_ACCEPTED);
	file = g_build_filename(world.folder, "got", NULL);
	assert_true(g_file_get_contents(file, &text, NULL, NULL));
	assert_string_equal(text, expected);
	g_free(text);
	g_free(file);
	g_free(script);
}

static void it_inherits_nothing(void **state)
{
	int fd = fcntl(0, F_DUPFD, 100); /* not close-on-exec, as libraries leave theirs */
	char *script =
		g_strdup_printf("if test -e /proc/$$/fd/%d; then echo open; else echo closed, home=$HOME; fi", fd);
	const struct world_outcome *o = run(script);

	(void)state;
	close(fd);
	g_free(script);
	assert_int_equal(o->result, NT_SEND_ACCEPTED);
	assert_string_equal(o->detail, "closed, home=");
}

static void more_than_it_may_say_is_cut(void **state)
{
	const struct world_outcome *o = run("yes x | tr -d '\\n' | head -c 1000000 2>/dev/null; exit 0");

	(void)state;
	assert_int_equal(o->result, NT_SEND_ACCEPTED);
	assert_int_equal(strlen(o->detail), 180);
}

static void a_program_that_cannot_be_run_is_down(void **state)
{
	static const char *const argv[] = { "/no/such/program", NULL };
	struct nt_exec_settings settings = { .argv = argv, .processes = 1, .timeout_ms = 1000 };
	const struct world_outcome *o;

	(void)state;
	channel = nt_exec_channel_new("letter", &settings, &world.house);
	o = world_send(channel, delivery(.channel = "letter"));
	assert_int_equal(o->result, NT_SEND_TEMPORARY);
	assert_true(o->down);
	assert_string_equal(o->detail, "/no/such/program: No such file or directory");
}

static void no_more_at_a_time_than_allowed(void **state)
{
	struct nt_delivery *third;

	(void)state;
	open_with("exit 0", 5000);
	assert_int_equal(channel->ops->room(channel), 2);
	assert_true(channel->ops->send(channel, delivery(.channel = "letter")));
	assert_true(channel->ops->send(channel, delivery(.channel = "letter")));
	assert_int_equal(channel->ops->room(channel), 0);
	third = delivery(.channel = "letter");
	assert_false(channel->ops->send(channel, third));
	world_drop(third);
	world_wait(2);
	assert_int_equal(channel->ops->room(channel), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(success_keeps_what_was_said, world_setup, end),
		cmocka_unit_test_setup_teardown(temporary_by_75, world_setup, end),
		cmocka_unit_test_setup_teardown(no_such_address_by_67, world_setup, end),
		cmocka_unit_test_setup_teardown(refused_by_any_other, world_setup, end),
		cmocka_unit_test_setup_teardown(a_signal_leaves_doubt, world_setup, end),
		cmocka_unit_test_setup_teardown(too_long_is_killed_with_all_its_children, world_setup, end),
		cmocka_unit_test_setup_teardown(the_message_comes_on_standard_input, world_setup, end),
		cmocka_unit_test_setup_teardown(it_inherits_nothing, world_setup, end),
		cmocka_unit_test_setup_teardown(more_than_it_may_say_is_cut, world_setup, end),
		cmocka_unit_test_setup_teardown(a_program_that_cannot_be_run_is_down, world_setup, end),
		cmocka_unit_test_setup_teardown(no_more_at_a_time_than_allowed, world_setup, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
