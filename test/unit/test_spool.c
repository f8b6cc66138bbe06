/* The spool channel: one whole file a message, named by it. */
#include "channel_world.h"

#include <sys/stat.h>

static struct nt_channel *channel;
static char *folder;

static void open_spool(void)
{
	struct nt_spool_settings settings = { .path = folder };

	channel = nt_spool_channel_new("letter", &settings, &world.house);
}

static int start(void **state)
{
	world_setup(state);
	folder = g_build_filename(world.folder, "spool", NULL);
	return 0;
}

static int end(void **state)
{
	world_drain(channel);
	g_free(folder);
	world_teardown(state);
	return 0;
}

/* The only file there, whole. */
static char *only_file(const char *part, const char *name)
{
	char *path = g_build_filename(folder, part, NULL), *text = NULL, *file;
	GDir *dir = g_dir_open(path, 0, NULL);

	assert_non_null(dir);
	assert_string_equal(g_dir_read_name(dir), name);
	assert_null(g_dir_read_name(dir));
	g_dir_close(dir);
	file = g_build_filename(path, name, NULL);
	assert_true(g_file_get_contents(file, &text, NULL, NULL));
	g_free(file);
	g_free(path);
	return text;
}

static bool is_empty(const char *part)
{
	char *path = g_build_filename(folder, part, NULL);
	GDir *dir = g_dir_open(path, 0, NULL);
	bool empty = dir != NULL && g_dir_read_name(dir) == NULL;

	if (dir != NULL)
		g_dir_close(dir);
	g_free(path);
	return empty;
}

static void a_letter_lies_complete_under_new(void **state)
{
	const struct world_outcome *o;
	struct stat st;
	char *text, *path;

	(void)state;
	open_spool();
	o = world_send(channel,
	               delivery(.channel = "letter", .address = "1 Main St", .values = "{\"body\":\"Grüße\"}"));
	assert_int_equal(o->result, NT_SEND_ACCEPTED);
	assert_string_equal(o->detail, "written");
	text = only_file("new", "00112233445566778899aabbccddeeff.txt");
	assert_true(g_str_has_suffix(text, "Content-Type: text/plain; charset=utf-8\n\nGrüße\n"));
	assert_true(is_empty("tmp"));
	path = g_build_filename(folder, "new", "00112233445566778899aabbccddeeff.txt", NULL);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07, 0);
	g_free(path);
	g_free(text);
}

static void mail_is_a_whole_message(void **state)
{
	char *text;

	(void)state;
	open_spool();
	assert_int_equal(world_send(channel, delivery())->result, NT_SEND_ACCEPTED);
	text = only_file("new", "00112233445566778899aabbccddeeff.eml");
	assert_non_null(strstr(text, "\r\nTo: ann@example.net\r\n"));
	assert_non_null(strstr(text, "MIME-Version: 1.0\r\n"));
	g_free(text);
}

static void a_second_try_replaces_the_first(void **state)
{
	char *text;

	(void)state;
	open_spool();
	world_send(channel, delivery(.channel = "letter", .values = "{\"body\":\"first\"}"));
	world_send(channel, delivery(.channel = "letter", .values = "{\"body\":\"second\"}"));
	text = only_file("new", "00112233445566778899aabbccddeeff.txt");
	assert_null(strstr(text, "first"));
	assert_non_null(strstr(text, "second"));
	g_free(text);
}

static void a_folder_that_cannot_be_written_is_down_until_it_can(void **state)
{
	const struct world_outcome *o;
	char *expected;

	(void)state;
	assert_true(g_file_set_contents(folder, "a file stands in the way", -1, NULL));
	open_spool();
	o = world_send(channel, delivery(.channel = "letter"));
	assert_int_equal(o->result, NT_SEND_TEMPORARY);
	assert_true(o->down);
	expected = g_strdup_printf("%s: Not a directory", folder);
	assert_string_equal(o->detail, expected);
	g_free(expected);
	g_remove(folder);
	o = world_send(channel, delivery(.channel = "letter"));
	assert_int_equal(o->result, NT_SEND_ACCEPTED);
}

static void a_link_in_the_way_is_not_followed(void **state)
{
	char *tmp = g_build_filename(folder, "tmp", "00112233445566778899aabbccddeeff.txt", NULL);
	char *victim = g_build_filename(world.folder, "victim", NULL), *text = NULL;

	(void)state;
	open_spool();
	assert_true(g_file_set_contents(victim, "precious", -1, NULL));
	assert_int_equal(symlink(victim, tmp), 0);
	assert_int_equal(world_send(channel, delivery(.channel = "letter"))->result, NT_SEND_TEMPORARY);
	assert_true(g_file_get_contents(victim, &text, NULL, NULL));
	assert_string_equal(text, "precious");
	g_free(text);
	g_free(victim);
	g_free(tmp);
}

static void a_drain_writes_what_it_has(void **state)
{
	(void)state;
	open_spool();
	for (unsigned i = 0; i < 20; i++) {
		char id[33];

		g_snprintf(id, sizeof id, "%032u", i);
		assert_true(channel->ops->send(channel, delivery(.channel = "letter", .id = id)));
	}
	world_drain(channel);
	assert_int_equal(world.outcomes->len, 20);
	for (unsigned i = 0; i < 20; i++)
		assert_int_equal(g_array_index(world.outcomes, struct world_outcome, i).result, NT_SEND_ACCEPTED);
	open_spool();
}

static void what_cannot_be_made_is_refused(void **state)
{
	const struct world_outcome *o;

	(void)state;
	open_spool();
	o = world_send(channel, delivery(.channel = "letter", .values = "[]"));
	assert_int_equal(o->result, NT_SEND_REFUSED);
	assert_string_equal(o->detail, "the message's values are damaged");
	assert_true(is_empty("new"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_letter_lies_complete_under_new, start, end),
		cmocka_unit_test_setup_teardown(mail_is_a_whole_message, start, end),
		cmocka_unit_test_setup_teardown(a_second_try_replaces_the_first, start, end),
		cmocka_unit_test_setup_teardown(a_folder_that_cannot_be_written_is_down_until_it_can, start, end),
		cmocka_unit_test_setup_teardown(a_link_in_the_way_is_not_followed, start, end),
		cmocka_unit_test_setup_teardown(a_drain_writes_what_it_has, start, end),
		cmocka_unit_test_setup_teardown(what_cannot_be_made_is_refused, start, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
