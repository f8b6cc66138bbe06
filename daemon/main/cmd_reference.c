/* nurturectl reference: keys of the rule language and of nurtured.yaml, from the very tables that they are read by. */
#include "main/command.h"
#include "main/settings.h"
#include "rules/load.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

static const struct reference {
	const char *name;
	void (*print)(GString *out, bool man);
} references[] = {
	{ "rules", nt_rules_reference },
	{ "config", nt_settings_reference },
};

static int run(int argc, char **argv)
{
	const struct reference *reference = &references[0];
	bool man = false;
	const struct nt_command_option table[] = { { "man", NULL, &man }, { 0 } };
	GString *out;
	int code;

	if (!nt_command_options(&nt_command_reference, table, argc, argv, &code))
		return code;
	for (; optind < argc; optind++) {
		reference = NULL;
		for (unsigned i = 0; i < G_N_ELEMENTS(references); i++)
			if (strcmp(argv[optind], references[i].name) == 0)
				reference = &references[i];
		if (reference == NULL)
			return nt_command_misused(&nt_command_reference, "unknown argument '%s'", argv[optind]);
	}
	out = g_string_new(NULL);
	reference->print(out, man);
	fputs(out->str, stdout);
	g_string_free(out, TRUE);
	return NT_EXIT_FINE;
}

const struct nt_command nt_command_reference = {
	.name = "reference",
	.usage = "reference [--man] [rules | config]",
	.help = "prints every key of the rule language, or of nurtured.yaml, as text or for the manual page",
	.run = run,
};
