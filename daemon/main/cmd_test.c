/* nurturectl test: runs the tests that rules bring along, on the engine itself with a clock of its own. */
#include "base/diag.h"
#include "engine/testrun.h"
#include "main/command.h"
#include "main/ruleset.h"
#include "rules/program.h"

#include <getopt.h>
#include <glib.h>
#include <stdio.h>
#include <string.h>

struct job {
	const struct nt_ruleset *ruleset;
	struct nt_diags *diags;   /* sources live here as long as programs do */
	const char *only;         /* part of a test's name, or NULL */
	bool tap, verbose;
	unsigned n, passed, failed;
};

static bool read_options(int argc, char **argv, struct job *job, const char **config, const char **templates, int *code)
{
	const struct nt_command_option table[] = {
		{ "config", config, NULL },   { "templates", templates, NULL },  { "only", &job->only, NULL },
		{ "tap", NULL, &job->tap }, { "verbose", NULL, &job->verbose }, { 0 },
	};

	if (!nt_command_options(&nt_command_test, table, argc, argv, code))
		return false;
	if (optind < argc)
		return true;
	*code = nt_command_misused(&nt_command_test, "which folder?");
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

/* Indented by four, each line; TAP's comments by "# ". */
static void print_report(const char *report, const char *before)
{
	char **lines = g_strsplit(report, "\n", -1);

	for (unsigned i = 0; lines[i] != NULL; i++)
		if (lines[i][0] != '\0')
			printf("%s%s\n", before, lines[i]);
	g_strfreev(lines);
}

static void run_one(struct job *job, struct nt_program *program, unsigned i)
{
	const struct nt_test *test = &program->tests[i];
	const char *campaign = test->campaign >= 0 ? program->campaigns[test->campaign].name : NULL;
	struct nt_test_result result;

	if (job->only != NULL && strstr(test->name, job->only) == NULL)
		return;
	result = nt_test_run(program, i, load_folder, job);
	job->n++;
	job->passed += result.passed;
	job->failed += !result.passed;
	if (job->tap)
		printf("%s %u - %s%s%s\n", result.passed ? "ok" : "not ok", job->n, campaign != NULL ? campaign : "",
		       campaign != NULL ? ": " : "", test->name);
	else if (!result.passed || job->verbose)
		printf("%s: %s%s%s\n", result.passed ? "passed" : "FAILED", campaign != NULL ? campaign : "",
		       campaign != NULL ? ": " : "", test->name);
	if (!result.passed)
		print_report(result.report->str, job->tap ? "# " : "  ");
	fflush(stdout);
	nt_test_result_clear(&result);
}

static int run_folder(struct job *job, const char *folder)
{
	int errors = nt_diags_errors(job->diags);
	char *why = NULL;
	struct nt_program *program = nt_ruleset_load(job->ruleset, folder, job->diags, &why);

	if (program == NULL && why != NULL) {
		int code = nt_command_failed(&nt_command_test, "%s", why);

		g_free(why);
		return code;
	}
	if (program == NULL) {
		if (job->tap)
			printf("not ok %u - %s: the rules are wrong\n", job->n + 1, folder);
		job->n++;
		job->failed++;
		return errors < nt_diags_errors(job->diags) ? NT_EXIT_WRONG : NT_EXIT_CANNOT;
	}
	for (unsigned i = 0; i < program->n_tests; i++)
		run_one(job, program, i);
	nt_program_unref(program);
	return NT_EXIT_FINE;
}

static void print_diags(const struct job *job)
{
	GString *out = g_string_new(NULL);

	nt_diags_print(job->diags, out);
	if (job->tap)
		print_report(out->str, "# ");
	else
		fputs(out->str, stdout);
	g_string_free(out, TRUE);
}

static int run(int argc, char **argv)
{
	struct job job = { 0 };
	const char *config = NULL, *templates = NULL;
	struct nt_ruleset ruleset;
	int code = NT_EXIT_FINE;
	char *why;

	if (!read_options(argc, argv, &job, &config, &templates, &code))
		return code;
	if (!nt_ruleset_init(&ruleset, config, templates, &why)) {
		code = nt_command_failed(&nt_command_test, "%s", why);
		g_free(why);
		return code;
	}
	job.ruleset = &ruleset;
	job.diags = nt_diags_new();
	for (int i = optind; i < argc; i++) {
		int one = run_folder(&job, argv[i]);

		code = MAX(code, one);
	}
	print_diags(&job);
	if (job.tap)
		printf("1..%u\n", job.n);
	printf("%s%u passed, %u failed\n", job.tap ? "# " : "", job.passed, job.failed);
	if (job.failed > 0)
		code = MAX(code, NT_EXIT_WRONG);
	nt_diags_free(job.diags);
	nt_ruleset_clear(&ruleset);
	return code;
}

const struct nt_command nt_command_test = {
	.name = "test",
	.usage = "test [--config FILE] [--templates FOLDER] [--only TEXT] [--tap] [--verbose] FOLDER…",
	.help = "runs the tests that rules bring along; exits 0 when all pass, 1 when one fails or rules are wrong, "
	        "2 when it couldn't run",
	.run = run,
};
