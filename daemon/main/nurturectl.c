/* nurturectl: for people and scripts. This file is the table of commands; each is a file of its own. */
#include "main/command.h"

#include "config.h"

#include <stdio.h>
#include <string.h>

static const struct nt_command *const commands[] = {
	&nt_command_apply,
	&nt_command_calendar,
	&nt_command_check,
	&nt_command_clock,
	&nt_command_event,
	&nt_command_graph,
	&nt_command_lead,
	&nt_command_outbox,
	&nt_command_plan,
	&nt_command_preview,
	&nt_command_queue,
	&nt_command_reference,
	&nt_command_reload,
	&nt_command_send_test,
	&nt_command_simulate,
	&nt_command_status,
	&nt_command_task,
	&nt_command_test,
};

#define N_COMMANDS (sizeof commands / sizeof commands[0])

static void print_commands(FILE *out)
{
	fputs("usage: nurturectl COMMAND [OPTION…] [ARGUMENT…]\n\n", out);
	for (unsigned i = 0; i < N_COMMANDS; i++)
		fprintf(out, "  %s\n        %s\n", commands[i]->usage, commands[i]->help);
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : NULL;

	if (name == NULL) {
		print_commands(stderr);
		return NT_EXIT_CANNOT;
	}
	if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
		print_commands(stdout);
		return NT_EXIT_FINE;
	}
	if (strcmp(name, "--version") == 0) {
		puts("nurturectl " PACKAGE_VERSION);
		return NT_EXIT_FINE;
	}
	for (unsigned i = 0; i < N_COMMANDS; i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i]->run(argc - 1, argv + 1);
	fprintf(stderr, "nurturectl: there is no command '%s'; nurturectl --help lists them\n", name);
	return NT_EXIT_CANNOT;
}
