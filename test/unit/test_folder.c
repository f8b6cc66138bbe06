/* A rules folder on disk, and what people are told when it can't be read. */
#include "unit.h"

#include "os/folder.h"

#include <errno.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *root;

static void put(const char *path, const char *text)
{
	char *full = g_build_filename(root, path, NULL), *folder = g_path_get_dirname(full);

	assert_int_equal(g_mkdir_with_parents(folder, 0700), 0);
	assert_true(g_file_set_contents(full, text, -1, NULL));
	g_free(folder);
	g_free(full);
}

static void remove_tree(const char *path)
{
	GDir *dir = g_file_test(path, G_FILE_TEST_IS_SYMLINK) ? NULL : g_dir_open(path, 0, NULL);
	const char *name;

	while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
		char *inside = g_build_filename(path, name, NULL);

		remove_tree(inside);
		g_free(inside);
	}
	if (dir != NULL)
		g_dir_close(dir);
	g_remove(path);
}

static int begin(void **state)
{
	char *home = g_get_current_dir();

	(void)state;
	g_free(home);
	root = g_dir_make_tmp("nt-folder-XXXXXX", NULL);
	return root == NULL || chdir(root) != 0;
}

static int end(void **state)
{
	(void)state;
	if (chdir("/") == 0)
		remove_tree(root);
	g_free(root);
	return 0;
}

/* The paths of what was read, rules first; or why it wasn't. */
static void assert_reads(const char *rules, const char *templates, int wanted_code, const char *wanted)
{
	GString *out = g_string_new(NULL);
	char *why = NULL;
	int code = 0;
	struct nt_folder *folder = nt_folder_read(rules, templates, &code, &why);

	if (folder == NULL)
		g_string_append(out, why);
	for (unsigned i = 0; folder != NULL && i < folder->files.n_rules; i++)
		g_string_append_printf(out, "%s ", folder->files.rules[i].path);
	if (folder != NULL)
		g_string_append(out, "|");
	for (unsigned i = 0; folder != NULL && i < folder->files.n_templates; i++)
		g_string_append_printf(out, " %s", folder->files.templates[i].path);
	for (unsigned i = 0; folder != NULL && i < folder->files.n_others; i++)
		g_string_append_printf(out, " +%s", folder->files.others[i].path);
	assert_string_equal(out->str, wanted);
	assert_int_equal(code, wanted_code);
	g_string_free(out, TRUE);
	g_free(why);
	nt_folder_free(folder);
}

static void everything_below_in_byte_order(void **state)
{
	(void)state;
	put("rules/b.yaml", "b: 1\n");
	put("rules/Z.yaml", "");
	put("rules/b/a.yaml", "");
	put("rules/.hidden.yaml", "");
	put("rules/b.yaml~", "");
	put("rules/README", "not rules");
	put("rules/templates/hi/sms.txt", "hi");
	put("templates/hi/email.md", "hi");
	put("mails/hi/email.md", "hi");
	assert_reads("rules", NULL, 0, "rules/Z.yaml rules/b.yaml rules/b/a.yaml | rules/templates/hi/sms.txt");
	assert_reads("rules//", "templates/", 0,
	             "rules/Z.yaml rules/b.yaml rules/b/a.yaml | rules/templates/hi/sms.txt templates/hi/email.md");
	/* a templates folder may have any name */
	assert_reads("rules", "mails", 0,
	             "rules/Z.yaml rules/b.yaml rules/b/a.yaml | rules/templates/hi/sms.txt "
	             "mails/templates/hi/email.md");
	/* and isn't read twice */
	assert_reads("rules", "rules/templates", 0,
	             "rules/Z.yaml rules/b.yaml rules/b/a.yaml | rules/templates/hi/sms.txt");
}

/* What rules name by path; not what lies with the templates. */
static void calendars_and_attachments_beside_the_rules(void **state)
{
	(void)state;
	put("us/a.yaml", "");
	put("us/holidays/b.ics", "BEGIN");
	put("us/holidays/a.ics", "BEGIN");
	put("us/holidays/.c.ics", "BEGIN");
	put("us/holidays/d.ics~", "BEGIN");
	put("us/templates/hi/sms.txt", "hi");
	put("us/templates/hi/no.ics", "hi");
	put("us/attachments/a.pdf", "%PDF");
	put("us/attachments/b/c.yaml", "not rules");
	put("us/attachments/.d", "");
	put("us/b/attachments/e.pdf", "");
	assert_reads("us/", NULL, 0,
	             "us/a.yaml | us/templates/hi/no.ics us/templates/hi/sms.txt +us/attachments/a.pdf "
	             "+us/attachments/b/c.yaml +us/holidays/a.ics +us/holidays/b.ics");
}

static void bytes_are_kept(void **state)
{
	char *why = NULL;
	int code;
	struct nt_folder *folder;

	(void)state;
	put("bytes/a.yaml", "b: \xC3\xB6\r\n");
	folder = nt_folder_read("bytes", NULL, &code, &why);
	assert_non_null(folder);
	assert_int_equal(folder->files.rules[0].length, 7);
	assert_memory_equal(folder->files.rules[0].bytes, "b: \xC3\xB6\r\n", 7);
	nt_folder_free(folder);
}

static void what_cannot_be_read(void **state)
{
	char *large = g_malloc0(NT_FOLDER_FILE_SIZE + 2);

	(void)state;
	assert_reads("nowhere", NULL, -ENOENT, "nowhere: No such file or directory");
	put("empty/README", "");
	assert_reads("empty", NULL, -ENOENT, "empty: there is no *.yaml in this folder");
	put("yml/a.yml", "");
	assert_reads("yml", NULL, -EINVAL, "yml/a.yml: rule files are called *.yaml: rename it");
	put("capitals/a.YAML", "");
	assert_reads("capitals", NULL, -EINVAL, "capitals/a.YAML: rule files are called *.yaml: rename it");
	put("pipe/b.yaml", "");
	assert_int_equal(mkfifo("pipe/a.yaml", 0600), 0);
	assert_reads("pipe", NULL, -EFBIG, "pipe/a.yaml: no regular file");
	memset(large, 'x', NT_FOLDER_FILE_SIZE + 1);
	put("large/a.yaml", large);
	assert_reads("large", NULL, -EFBIG, "large/a.yaml: this file is too large (more than 4 MiB): split it");
	put("loop/a.yaml", "");
	assert_int_equal(symlink(".", "loop/again"), 0);
	assert_reads("loop", NULL, -ELOOP,
	             "loop/again: a link leads back here, into a folder that it lies in: take it away");
	put("below/sub/sub/a.yaml", "");
	assert_int_equal(symlink("../../sub", "below/sub/sub/up"), 0);
	assert_reads("below", NULL, -ELOOP,
	             "below/sub/sub/up: a link leads back here, into a folder that it lies in: take it away");
	put("twice/one/a.yaml", ""); /* that is no loop */
	assert_int_equal(symlink("one", "twice/two"), 0);
	assert_reads("twice", NULL, 0, "twice/one/a.yaml twice/two/a.yaml |");
	put("nowhere-link/a.yaml", "");
	assert_int_equal(symlink("gone.yaml", "nowhere-link/b.yaml"), 0);
	assert_reads("nowhere-link", NULL, -ENOENT, "nowhere-link/b.yaml: this link leads nowhere");
	assert_reads("", NULL, -ENOENT, "'': that is no folder's name");
	assert_reads("rules", "nowhere", -ENOENT, "nowhere: No such file or directory");
	g_free(large);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_below_in_byte_order),
		cmocka_unit_test(calendars_and_attachments_beside_the_rules),
		cmocka_unit_test(bytes_are_kept),
		cmocka_unit_test(what_cannot_be_read),
	};

	return cmocka_run_group_tests_name("folder", tests, begin, end);
}
