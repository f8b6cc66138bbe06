/* nurturectl check: are the rules right? Findings on standard output. */
#include "base/diag.h"
#include "base/text.h"
#include "main/command.h"
#include "main/ruleset.h"
#include "rules/program.h"

#include <getopt.h>
#include <glib.h>
#include <stdio.h>
#include <string.h>

static const struct format {
	const char *name;
	void (*print)(struct nt_diags *diags, GString *out);
} formats[] = {
	{ "text", nt_diags_print },
	{ "line", nt_diags_print_lines },
	{ "json", nt_diags_print_json },
	{ "github", nt_diags_print_github },
};

struct options {
	const char *config, *templates;
	const struct format *format;
	bool quiet, strict;
};

static bool find_format(const char *name, struct options *options, int *code)
{
	GString *names = g_string_new(NULL);

	for (unsigned i = 0; i < G_N_ELEMENTS(formats); i++) {
		if (strcmp(formats[i].name, name) == 0)
			options->format = &formats[i];
		g_string_append_printf(names, "%s%s", i == 0 ? "" : i + 1 < G_N_ELEMENTS(formats) ? ", " : " or ",
		                       formats[i].name);
	}
	if (options->format == NULL)
		*code = nt_command_misused(&nt_command_check, "--format is %s, not '%s'", names->str, name);
	g_string_free(names, TRUE);
	return options->format != NULL;
}

/* False: *code is the exit code. */
static bool read_options(int argc, char **argv, struct options *options, int *code)
{
	const char *format = NULL;
	bool json = false;
	const struct nt_command_option table[] = {
		{ "config", &options->config, NULL }, { "templates", &options->templates, NULL },
		{ "format", &format, NULL },          { "json", NULL, &json },
		{ "quiet", NULL, &options->quiet },   { "strict", NULL, &options->strict },
		{ 0 },
	};

	if (!nt_command_options(&nt_command_check, table, argc, argv, code))
		return false;
	if (format != NULL && json) {
		*code = nt_command_misused(&nt_command_check, "--format or --json, not both");
		return false;
	}
	if (format == NULL)
		format = json ? "json" : formats[0].name;
	if (!find_format(format, options, code))
		return false;
	if (optind < argc)
		return true;
	*code = nt_command_misused(&nt_command_check, "which folder?");
	return false;
}

static void describe(const char *folder, const struct nt_program *program, unsigned accepted)
{
	unsigned steps = 0;

	for (unsigned i = 0; i < program->n_campaigns; i++)
		steps += program->campaigns[i].n_steps;
	printf("%s: fine (%u %s, %u %s, %u %s, %u %s", folder, program->n_campaigns,
	       nt_text_plural(program->n_campaigns, "campaign", "campaigns"), steps,
	       nt_text_plural(steps, "step", "steps"), program->n_segments,
	       nt_text_plural(program->n_segments, "segment", "segments"), program->n_tests,
	       nt_text_plural(program->n_tests, "test", "tests"));
	if (accepted > 0)
		printf("; %u %s accepted", accepted, nt_text_plural(accepted, "warning", "warnings"));
	puts(")");
}

static void print(struct nt_diags *diags, const struct format *format)
{
	GString *out = g_string_new(NULL);

	format->print(diags, out);
	fputs(out->str, stdout);
	g_string_free(out, TRUE);
}

static int check(const struct nt_ruleset *ruleset, const char *folder, struct nt_diags *diags,
                 const struct options *options)
{
	unsigned accepted = nt_diags_accepted(diags);
	char *why;
	struct nt_program *program = nt_ruleset_load(ruleset, folder, diags, &why);
	int code = NT_EXIT_FINE;

	if (program != NULL) {
		if (options->format == &formats[0] && !options->quiet)
			describe(folder, program, nt_diags_accepted(diags) - accepted);
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
	ruleset.advise = true;
	diags = nt_diags_new();
	for (int i = optind; i < argc; i++) {
		int one = check(&ruleset, argv[i], diags, &options);

		code = MAX(code, one);
	}
	print(diags, options.format);
	if (options.strict && nt_diags_warnings(diags) > 0)
		code = MAX(code, NT_EXIT_WRONG);
	nt_diags_free(diags);
	nt_ruleset_clear(&ruleset);
	return code;
}

const struct nt_command nt_command_check = {
	.name = "check",
	.usage = "check [--config FILE] [--templates FOLDER] [--format text|line|json|github] [--json] [--strict] "
		 "[--quiet] FOLDER…",
	.help = "says what is wrong with rules, and warns of what was hardly meant; exits 0 when all is well, 1 when "
		"rules are wrong (with --strict: at a warning, too), 2 when it couldn't run",
	.run = run,
};
