/* nurturectl test: runs the tests that rules bring along, on the engine itself with a clock of its own. */
#include "base/diag.h"
#include "base/json.h"
#include "engine/coverage.h"
#include "engine/testrun.h"
#include "main/command.h"
#include "main/ruleset.h"
#include "main/test_report.h"
#include "rules/program.h"

#include <getopt.h>
#include <glib.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define INDENT 2u /* of a report below its test's name */

struct job {
	const struct nt_ruleset *ruleset;
	const char *only;   /* part of a test's name, or NULL */
	const char *output; /* a file for what `format` says; standard output then has the text */
	enum nt_test_format format, shown;
	bool verbose, coverage;
	unsigned width;
	struct nt_test_report report;
};

static bool read_options(int argc, char **argv, struct job *job, const char **config, const char **templates, int *code)
{
	const char *format = NULL;
	bool tap = false, json = false;
	const struct nt_command_option table[] = {
		{ "config", config, NULL },           { "templates", templates, NULL }, { "only", &job->only, NULL },
		{ "format", &format, NULL },          { "output", &job->output, NULL }, { "tap", NULL, &tap },
		{ "coverage", NULL, &job->coverage }, { "json", NULL, &json },
		{ "verbose", NULL, &job->verbose },   { 0 },
	};

	if (!nt_command_options(&nt_command_test, table, argc, argv, code))
		return false;
	if ((format != NULL) + tap + json > 1) {
		*code = nt_command_misused(&nt_command_test, "one of --format, --tap and --json, please");
		return false;
	}
	if (format == NULL)
		format = json ? "json" : tap ? "tap" : "text";
	if (!nt_test_format_find(format, &job->format))
		*code = nt_command_misused(&nt_command_test, "--format is text, tap, junit or json, not '%s'", format);
	else if (optind == argc)
		*code = nt_command_misused(&nt_command_test, "which folder?");
	else
		return true;
	return false;
}

/* `load: FOLDER` of a test; the path counts from the test's file. */
static struct nt_program *load_folder(void *user, const char *test_file, const char *folder, GString *why)
{
	struct job *job = user;
	char *directory = g_path_get_dirname(test_file), *path = g_build_filename(directory, folder, NULL),
	     *wrong = NULL;
	struct nt_diags *diags = nt_diags_new();
	struct nt_program *program = nt_ruleset_load(job->ruleset, path, diags, &wrong);

	if (wrong != NULL)
		g_string_append(why, wrong);
	else if (program == NULL)
		nt_diags_print(diags, why);
	g_free(wrong);
	nt_diags_free(diags);
	g_free(path);
	g_free(directory);
	return program;
}

static void show(const GString *out)
{
	fwrite(out->str, 1, out->len, stdout);
	fflush(stdout);
}

/* Takes what `one` points to. */
static void add_case(struct job *job, struct nt_test_case *one)
{
	GString *out = g_string_new(NULL);

	g_array_append_vals(job->report.cases, one, 1);
	nt_test_report_case(one, job->shown, job->verbose, job->report.cases->len, out);
	show(out);
	g_string_free(out, TRUE);
}

static void run_one(struct job *job, struct nt_program *program, unsigned i, const struct nt_coverage *coverage)
{
	const struct nt_test_options options = { .load = load_folder,
		                                 .user = job,
		                                 .trace = coverage != NULL ? &coverage->trace : NULL,
		                                 .width = job->width };
	const struct nt_test *test = &program->tests[i];
	const struct nt_source *source = test->span.source;
	struct nt_test_case one = { .folder = job->report.folders->len - 1, .name = g_strdup(test->name) };
	struct nt_test_result result = nt_test_run(program, i, &options);
	int column;

	one.campaign = g_strdup(test->campaign >= 0 ? program->campaigns[test->campaign].name : "");
	one.file = g_strdup(source != NULL ? source->path : "");
	if (source != NULL)
		nt_span_position(test->span, &one.line, &column);
	one.passed = result.passed;
	one.report = g_strdup(result.report->str);
	nt_test_result_clear(&result);
	add_case(job, &one);
}

static void keep_coverage(const struct nt_coverage *coverage, struct nt_test_folder *folder)
{
	GString *text = g_string_new(NULL), *json = g_string_new(NULL);
	struct nt_json_writer w;

	nt_coverage_print(coverage, text);
	nt_json_begin(&w, json);
	nt_json_object(&w, NULL);
	nt_json_put_text(&w, "folder", folder->name);
	nt_coverage_put_json(coverage, &w);
	nt_json_end_object(&w);
	folder->coverage = g_string_free(text, FALSE);
	folder->coverage_json = g_string_free(json, FALSE);
}

static void run_tests(struct job *job, struct nt_program *program)
{
	struct nt_coverage *coverage = job->coverage ? nt_coverage_new(program) : NULL;

	for (unsigned i = 0; i < program->n_tests; i++)
		if (job->only == NULL || strstr(program->tests[i].name, job->only) != NULL)
			run_one(job, program, i, coverage);
	if (coverage == NULL)
		return;
	keep_coverage(coverage, &g_array_index(job->report.folders, struct nt_test_folder,
	                                       job->report.folders->len - 1));
	nt_coverage_free(coverage);
}

/* What is only odd is told as text, on standard output; other forms have no place for it. */
static void show_warnings(const struct job *job, struct nt_diags *diags)
{
	GString *found = g_string_new(NULL), *out = g_string_new(NULL);

	nt_diags_print(diags, found);
	if (job->shown == NT_TEST_TEXT)
		g_string_append(out, found->str);
	else if (job->shown == NT_TEST_TAP)
		nt_test_report_indent(found->str, "# ", out);
	show(out);
	g_string_free(found, TRUE);
	g_string_free(out, TRUE);
}

static int run_folder(struct job *job, const char *path)
{
	struct nt_diags *diags = nt_diags_new(); /* sources live here as long as the program does */
	struct nt_test_folder folder = { .name = g_strdup(path) };
	char *why = NULL;
	struct nt_program *program = nt_ruleset_load(job->ruleset, path, diags, &why);
	int code = NT_EXIT_FINE;

	g_array_append_val(job->report.folders, folder);
	if (program != NULL) {
		run_tests(job, program);
		show_warnings(job, diags);
	} else if (why != NULL) {
		code = nt_command_failed(&nt_command_test, "%s", why);
	} else {
		struct nt_test_case one = { .folder = job->report.folders->len - 1, .broken = true };
		GString *found = g_string_new(NULL);

		nt_diags_print(diags, found);
		one.name = g_strdup_printf("%s: the rules are wrong", path);
		one.campaign = g_strdup("");
		one.file = g_strdup("");
		one.report = g_string_free(found, FALSE);
		add_case(job, &one);
		code = NT_EXIT_WRONG;
	}
	g_free(why);
	nt_program_unref(program);
	nt_diags_free(diags);
	return code;
}

static void put_all(const struct job *job, enum nt_test_format format, GString *out)
{
	for (unsigned i = 0; i < job->report.cases->len; i++)
		nt_test_report_case(&g_array_index(job->report.cases, struct nt_test_case, i), format, job->verbose,
		                    i + 1, out);
	nt_test_report_end(&job->report, format, out);
}

static int finish(const struct job *job)
{
	GString *out = g_string_new(NULL);
	int code = NT_EXIT_FINE;

	nt_test_report_end(&job->report, job->shown, out);
	show(out);
	g_string_truncate(out, 0);
	if (job->output != NULL) {
		put_all(job, job->format, out);
		nt_command_write(&nt_command_test, job->output, out, &code);
	}
	g_string_free(out, TRUE);
	for (unsigned i = 0; i < job->report.cases->len; i++)
		if (!g_array_index(job->report.cases, struct nt_test_case, i).passed)
			code = MAX(code, NT_EXIT_WRONG);
	if (job->only != NULL && job->report.cases->len == 0)
		code = nt_command_failed(&nt_command_test, "--only: no test has '%s' in its name", job->only);
	return code;
}

static unsigned width(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col < INDENT)
		size.ws_col = 80;
	return size.ws_col - INDENT;
}

static int run(int argc, char **argv)
{
	struct job job = { .width = width() };
	const char *config = NULL, *templates = NULL;
	struct nt_ruleset ruleset;
	int code = NT_EXIT_FINE, end;
	char *why;

	if (!read_options(argc, argv, &job, &config, &templates, &code))
		return code;
	if (!nt_ruleset_init(&ruleset, config, templates, &why)) {
		code = nt_command_failed(&nt_command_test, "%s", why);
		g_free(why);
		return code;
	}
	job.ruleset = &ruleset;
	job.shown = job.output != NULL ? NT_TEST_TEXT : job.format;
	nt_test_report_init(&job.report);
	for (int i = optind; i < argc; i++) {
		int one = run_folder(&job, argv[i]);

		code = MAX(code, one);
	}
	end = finish(&job);
	nt_test_report_clear(&job.report);
	nt_ruleset_clear(&ruleset);
	return MAX(code, end);
}

const struct nt_command nt_command_test = {
	.name = "test",
	.usage = "test [--config FILE] [--templates FOLDER] [--only TEXT] [--coverage] [--format text|tap|junit|json] "
	         "[--json] [--tap] [--output FILE] [--verbose] FOLDER…",
	.help = "runs the tests that rules bring along, and says which steps and branches they reach; exits 0 when all "
	        "pass, 1 when one fails or rules are wrong, 2 when it couldn't run",
	.run = run,
};
