/* nurturectl against the control socket: what people read, and exit codes. */
#include "api_world.h"

#include <sys/wait.h>

static GString *said;

static void tell_status(void *user, GString *out)
{
	bool alarm = user != NULL;

	g_string_append_printf(
		out,
		"{\"state\":\"running\",\"last_reload\":null,\"channels\":[{\"channel\":\"email\",\"handed\":3}],"
		"\"splits\":[{\"campaign\":\"trial\",\"step\":\"offer\",\"by\":\"clicked\",\"since\":null,\"arms\":"
		"[{\"share\":4.5,\"leads\":74,\"won\":14,\"hold_out\":false}]}],\"alarms\":[%s]}\n",
		alarm ? "\"the disk is full\"" : "");
}

static bool set_clock(void *user, nt_time t, GString *out)
{
	(void)user;
	g_string_append(out, "the clock only moves forwards");
	return nt_clock_set(world.clock, t);
}

static bool reload(void *user, GString *out)
{
	(void)user;
	g_string_append(out, "rules.yaml:1:1: error: unknown key 'steps'\n");
	return false;
}

static int start(void **state)
{
	(void)state;
	world.options.status = tell_status;
	world.options.clock_set = set_clock;
	world.options.reload = reload;
	world_start();
	said = g_string_new(NULL);
	return 0;
}

static int end(void **state)
{
	(void)state;
	g_string_free(said, TRUE);
	world_end();
	return 0;
}

/* Its exit code; `said` gets standard output, then standard error. Input NULL: none. */
static int run(const char *input, const char *const *arguments)
{
	const char *build = g_getenv("NT_BUILDDIR");
	char *program = g_build_filename(build != NULL ? build : ".", "nurturectl", NULL), *out, *err;
	char *path = g_build_filename(world.folder, "input", NULL);
	GPtrArray *argv = g_ptr_array_new();
	GError *error = NULL;
	int status;

	g_file_set_contents(path, input != NULL ? input : "", -1, NULL);
	g_setenv("NURTURED_SOCKET", world.socket, TRUE);
	g_setenv("INPUT", path, TRUE);
	g_ptr_array_add(argv, (void *)(uintptr_t)"sh");
	g_ptr_array_add(argv, (void *)(uintptr_t)"-c");
	g_ptr_array_add(argv, (void *)(uintptr_t)"exec \"$0\" \"$@\" < \"$INPUT\"");
	g_ptr_array_add(argv, program);
	for (; *arguments != NULL; arguments++)
		g_ptr_array_add(argv, (void *)(uintptr_t)*arguments);
	g_ptr_array_add(argv, NULL);
	if (!g_spawn_sync(NULL, (char **)argv->pdata, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &out, &err, &status,
	                  &error))
		g_error("%s", error->message);
	g_unlink(path);
	g_string_printf(said, "%s%s", out, err);
	g_free(out);
	g_free(err);
	g_free(path);
	g_free(program);
	g_ptr_array_free(argv, TRUE);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

#define ctl(...) run(NULL, (const char *const[]){ __VA_ARGS__, NULL })
#define assert_says(code, text, ...)                             \
	do {                                                     \
		int code_ = ctl(__VA_ARGS__);                    \
		assert_has(said->str, text);                     \
		assert_int_equal(code_, code);                   \
	} while (0)

static void leads_are_shown_set_and_erased(void **state)
{
	(void)state;
	assert_says(0, "ann: stored\n", "lead", "set", "ann", "email=ann@example.org", "first_name=Ann \x1b[31m",
	            "seats=3", "postal_code=\"01234\"");
	ctl("lead", "show", "ann");
	assert_has(said->str, "ann@example.org");
	assert_has(said->str, "01234");
	assert_has(said->str, "score 0");
	ctl("lead", "show", "ann", "--json");
	assert_has(said->str, "\"seats\":3");
	assert_says(1, "nurturectl lead: seats: must be a number", "lead", "set", "ann", "seats=many");
	assert_says(2, "'seats' isn't FIELD=VALUE", "lead", "set", "ann", "seats");
	assert_says(0, "ann: stored\n", "lead", "consent", "ann", "email", "given");
	assert_says(0, "ann: stored\n", "lead", "start", "ann", "welcome");
	assert_says(0, "ann: stored\n", "lead", "stop", "ann", "welcome");
	assert_says(1, "there is no campaign 'nothing'", "lead", "start", "ann", "nothing");
	ctl("lead", "timeline", "ann");
	assert_has(said->str, "campaign.entered       welcome");
	assert_has(said->str, "[nurturectl (uid ");
	assert_says(2, "say --yes", "lead", "erase", "ann");
	assert_says(0, "ann: erased\n", "lead", "erase", "ann", "--yes");
	assert_says(1, "there is no lead 'ann'", "lead", "show", "ann");
	assert_says(2, "usage: nurturectl lead", "lead");
}

static void events_come_from_arguments_and_lines(void **state)
{
	static const char *const many[] = { "event", "-", NULL };
	int code;

	(void)state;
	assert_says(0, "stored\n", "event", "--id", "1", "ann", "order.placed", "amount=12.5", "note=two words");
	assert_says(0, "it came before", "event", "--id", "1", "ann", "order.placed");
	assert_says(1, "properties.amount: must be a number", "event", "ann", "order.placed", "amount=much");
	assert_says(2, "whose event, and which?", "event", "ann");
	code = run("{\"lead\":\"ann\",\"event\":\"page.viewed\",\"id\":\"2\"}\n{\"lead\":\"ann\"}\n", many);
	assert_has(said->str, "1 stored, 0 came before\n");
	assert_has(said->str, "event: is missing");
	assert_int_equal(code, 1);
	ctl("lead", "timeline", "ann", "--limit", "1");
	assert_has(said->str, "event page.viewed");
	assert_has(said->str, "points                 +15 page.viewed");
}

static void the_queue_is_answered(void **state)
{
	(void)state;
	assert_says(0, "the queue is empty", "queue");
	ctl("event", "ann", "demo.requested");
	ctl("event", "bob", "demo.requested");
	assert_says(0, "asked for a demo", "queue", "--state", "offered");
	assert_says(0, "ann: accepted", "queue", "accept", "ann", "anna");
	assert_says(1, "the rules know no such rep", "queue", "accept", "bob", "zoe");
	assert_says(2, "accept LEAD REP", "queue", "accept", "bob");
	assert_says(0, "bob: sent_back", "queue", "send-back", "bob", "too_early");
	assert_says(0, "ann: won", "queue", "won", "ann");
	assert_says(1, "this lead isn't in the queue", "queue", "lost", "ann");
	assert_says(2, "there is no 'queue dance'", "queue", "dance");
}

static void the_outbox_is_listed(void **state)
{
	(void)state;
	assert_says(0, "0 in_doubt", "outbox");
	ctl("lead", "set", "ann", "email=ann@example.org");
	ctl("event", "ann", "order.placed");
	ctl("outbox", "released");
	assert_has(said->str, "ann to ann@example.org");
	assert_has(said->str, "1 released");
	assert_says(1, "there is no such message", "outbox", "retry", "none");
	assert_says(1, "state: must be one of", "outbox", "eaten");
}

static void status_clock_and_reload(void **state)
{
	(void)state;
	assert_says(0, "state                running\nlast reload          -\n", "status");
	assert_has(said->str, "email                           3");
	assert_has(said->str, "\ntrial offer, by clicked                     1     4.5%         74         14\n");
	assert_says(0, "it is 2026-03-02T12:00:00Z", "clock", "2026-03-02T12:00:00Z");
	assert_says(1, "the clock only moves forwards", "clock", "2026-03-02T11:00:00Z");
	assert_says(1, "rules.yaml:1:1: error: unknown key 'steps'", "reload");
	g_setenv("NURTURED_SOCKET", "", TRUE);
	assert_says(2, "the daemon can't be reached through /nowhere", "status", "--socket", "/nowhere");
	assert_says(2, "usage: nurturectl status", "status", "--loud");
}

static void an_alarm_is_an_exit_code(void **state)
{
	(void)state;
	assert_says(1, "ALARM: the disk is full", "status");
}

static int start_alarmed(void **state)
{
	world.options.user = &world;
	return start(state);
}

#define ctl_test(f) cmocka_unit_test_setup_teardown(f, start, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ctl_test(leads_are_shown_set_and_erased),
		ctl_test(events_come_from_arguments_and_lines),
		ctl_test(the_queue_is_answered),
		ctl_test(the_outbox_is_listed),
		ctl_test(status_clock_and_reload),
		cmocka_unit_test_setup_teardown(an_alarm_is_an_exit_code, start_alarmed, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
