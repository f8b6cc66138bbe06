/* nurturectl reference: keys of the rule language and of nurtured.yaml, from the very tables that they are read by. */
#include "main/command.h"
#include "main/settings.h"
#include "rules/load.h"

#include <stdio.h>
#include <string.h>

static int run(int argc, char **argv)
{
	bool man = false, config = false;
	GString *out;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--help") == 0)
			return nt_command_help(&nt_command_reference);
		if (strcmp(argv[i], "--man") == 0)
			man = true;
		else if (strcmp(argv[i], "config") == 0)
			config = true;
		else if (strcmp(argv[i], "rules") != 0)
			return nt_command_misused(&nt_command_reference, "unknown argument '%s'", argv[i]);
	}
	out = g_string_new(NULL);
	if (config)
		nt_settings_reference(out, man);
	else
		nt_rules_reference(out, man);
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
