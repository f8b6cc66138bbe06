/* nurturectl reference: keys of the rule language and of nurtured.yaml, and the names of findings, from the very tables
 * that they are read by. */
#include "base/diag_code.h"
#include "main/command.h"
#include "main/ruleset.h"
#include "main/settings.h"
#include "rules/load.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

static void print_findings(GString *out, bool man)
{
	if (!man) {
		nt_diag_codes_print(out);
		return;
	}
	g_string_append(out, ".SS Warnings\n");
	nt_diag_codes_print_man(out, true);
	g_string_append(out, ".SS Errors\n");
	nt_diag_codes_print_man(out, false);
}

static const struct reference {
	const char *name;
	void (*print)(GString *out, bool man);
} references[] = {
	{ "rules", nt_rules_reference },
	{ "config", nt_settings_reference },
	{ "findings", print_findings },
};

static const struct reference *find_reference(const char *name)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(references); i++)
		if (strcmp(name, references[i].name) == 0)
			return &references[i];
	return NULL;
}

/* With --config, the channels that are configured are known too. */
static int print_schema(GString *out, const char *config)
{
	struct nt_ruleset ruleset = { 0 };
	int code = NT_EXIT_FINE;
	char *why;

	if (config == NULL || nt_ruleset_init(&ruleset, config, NULL, &why)) {
		nt_rules_schema(out, (const char *const *)ruleset.channels);
	} else {
		code = nt_command_failed(&nt_command_reference, "%s", why);
		g_free(why);
	}
	if (config != NULL && code == NT_EXIT_FINE)
		nt_ruleset_clear(&ruleset);
	return code;
}

static int print(const struct reference *reference, const char *format, const char *config)
{
	bool man = strcmp(format, "man") == 0, schema = strcmp(format, "json-schema") == 0;
	GString *out;
	int code = NT_EXIT_FINE;

	if (!man && !schema && strcmp(format, "text") != 0)
		return nt_command_misused(&nt_command_reference, "--format is text, man or json-schema, not '%s'",
					  format);
	if (schema && reference != &references[0])
		return nt_command_misused(&nt_command_reference, "there is a schema of 'rules' only");
	out = g_string_new(NULL);
	if (schema)
		code = print_schema(out, config);
	else
		reference->print(out, man);
	fputs(out->str, stdout);
	g_string_free(out, TRUE);
	return code;
}

static int run(int argc, char **argv)
{
	const struct reference *reference = &references[0];
	const char *format = "text", *config = NULL;
	const struct nt_command_option table[] = { { "config", &config, NULL }, { "format", &format, NULL }, { 0 } };
	int code;

	if (!nt_command_options(&nt_command_reference, table, argc, argv, &code))
		return code;
	for (; optind < argc; optind++) {
		reference = find_reference(argv[optind]);
		if (reference == NULL)
			return nt_command_misused(&nt_command_reference, "unknown argument '%s'", argv[optind]);
	}
	return print(reference, format, config);
}

const struct nt_command nt_command_reference = {
	.name = "reference",
	.usage = "reference [--format text|man|json-schema] [--config FILE] [rules | config | findings]",
	.help = "prints every key of the rule language or of nurtured.yaml, or the names of what check finds, as text "
		"or for the manual page; or the rule language as a JSON Schema for editors",
	.run = run,
};
