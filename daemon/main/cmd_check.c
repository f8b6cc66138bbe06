/* nurturectl check: are the rules right? Findings on standard output. */
#include "base/diag.h"
#include "main/command.h"
#include "main/ruleset.h"
#include "rules/program.h"

#include <getopt.h>
#include <glib.h>
#include <stdio.h>
#include <string.h>

struct options {
	const char *config, *templates;
	bool json, quiet;
};

/* False: *code is the exit code. */
static bool read_options(int argc, char **argv, struct options *options, int *code)
{
	const char *format = "text";
	const struct nt_command_option table[] = {
		{ "config", &options->config, NULL }, { "templates", &options->templates, NULL },
		{ "format", &format, NULL },          { "quiet", NULL, &options->quiet }, { 0 },
	};

	if (!nt_command_options(&nt_command_check, table, argc, argv, code))
		return false;
	options->json = strcmp(format, "json") == 0;
	if (!options->json && strcmp(format, "text") != 0)
		*code = nt_command_misused(&nt_command_check, "--format is text or json, not '%s'", format);
	else if (optind == argc)
		*code = nt_command_misused(&nt_command_check, "which folder?");
	else
		return true;
	return false;
}

static void describe(const char *folder, const struct nt_program *program)
{
	unsigned steps = 0;

	for (unsigned i = 0; i < program->n_campaigns; i++)
		steps += program->campaigns[i].n_steps;
	printf("%s: fine (%u campaigns, %u steps, %u segments, %u tests)\n", folder, program->n_campaigns, steps,
	       program->n_segments, program->n_tests);
}

static void print(struct nt_diags *diags, bool json)
{
	GString *out = g_string_new(NULL);

	if (json)
		nt_diags_print_json(diags, out);
	else
		nt_diags_print(diags, out);
	fputs(out->str, stdout);
	g_string_free(out, TRUE);
}

static int check(const struct nt_ruleset *ruleset, const char *folder, struct nt_diags *diags,
                 const struct options *options)
{
	char *why;
	struct nt_program *program = nt_ruleset_load(ruleset, folder, diags, &why);
	int code = NT_EXIT_FINE;

	if (program != NULL) {
		if (!options->json && !options->quiet)
			describe(folder, program);
	} else if (why != NULL) {
		code = nt_command_failed(&nt_command_check, "%s", why);
		g_free(why);
	} else {
		code = NT_EXIT_WRONG;
	}
	nt_program_unref(program);
	return code;
}

static int run(int argc, char **argv)
{
	struct options options = { 0 };
	struct nt_ruleset ruleset;
	struct nt_diags *diags;
	int code = NT_EXIT_FINE;
	char *why;

	if (!read_options(argc, argv, &options, &code))
		return code;
	if (!nt_ruleset_init(&ruleset, options.config, options.templates, &why)) {
		code = nt_command_failed(&nt_command_check, "%s", why);
		g_free(why);
		return code;
	}
	diags = nt_diags_new();
	for (int i = optind; i < argc; i++) {
		int one = check(&ruleset, argv[i], diags, &options);

		code = MAX(code, one);
	}
	print(diags, options.json);
	nt_diags_free(diags);
	nt_ruleset_clear(&ruleset);
	return code;
}

const struct nt_command nt_command_check = {
	.name = "check",
	.usage = "check [--config FILE] [--templates FOLDER] [--format text|json] [--quiet] FOLDER…",
	.help =
		"says what is wrong with rules; exits 0 when all is well, 1 when rules are wrong, 2 when it "
		"couldn't run",
	.run = run,
};
