/* nurturectl reference: the rule language's keys, from the very tables that the rules are read by. */
#include "main/command.h"
#include "rules/load.h"

#include <stdio.h>
#include <string.h>

static int run(int argc, char **argv)
{
	bool man = argc == 2 && strcmp(argv[1], "--man") == 0;
	GString *out;

	if (argc == 2 && strcmp(argv[1], "--help") == 0)
		return nt_command_help(&nt_command_reference);
	if (argc > 1 && !man)
		return nt_command_misused(&nt_command_reference, "unknown argument '%s'", argv[1]);
	out = g_string_new(NULL);
	nt_rules_reference(out, man);
	fputs(out->str, stdout);
	g_string_free(out, TRUE);
	return NT_EXIT_FINE;
}

const struct nt_command nt_command_reference = {
	.name = "reference",
	.usage = "reference [--man]",
	.help = "prints every key of the rule language, as text or for the manual page",
	.run = run,
};
