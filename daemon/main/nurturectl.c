/* nurturectl: for people and scripts. This file is the table of commands; each is a file of its own. */
#include "base/diag.h"
#include "main/command.h"

#include "config.h"

#include <errno.h>
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
	for (unsigned i = 0; i < N_COMMANDS; i++) {
		fputs("  ", out);
		nt_command_print(out, 2, 6, commands[i]->usage);
		fputs("        ", out);
		nt_command_print(out, 8, 8, commands[i]->help);
	}
}

static const struct nt_command *find(const char *name)
{
	for (unsigned i = 0; i < N_COMMANDS; i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}

static int unknown(const char *name)
{
	const char *names[N_COMMANDS + 1] = { NULL }, *near;

	for (unsigned i = 0; i < N_COMMANDS; i++)
		names[i] = commands[i]->name;
	near = nt_nearest(name, names);
	fprintf(stderr, "nurturectl: there is no command '%s'%s%s%s; nurturectl --help lists them\n", name,
	        near != NULL ? " (did you mean '" : "", near != NULL ? near : "", near != NULL ? "'?)" : "");
	return NT_EXIT_CANNOT;
}

static int run(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : NULL;
	bool help = name != NULL && strcmp(name, "help") == 0;
	const struct nt_command *command;

	if (name == NULL) {
		print_commands(stderr);
		return NT_EXIT_CANNOT;
	}
	if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || (help && argc == 2)) {
		print_commands(stdout);
		return NT_EXIT_FINE;
	}
	if (strcmp(name, "--version") == 0) {
		puts("nurturectl " PACKAGE_VERSION);
		return NT_EXIT_FINE;
	}
	name = help ? argv[2] : name;
	command = find(name);
	if (command == NULL)
		return unknown(name);
	return help ? nt_command_help(command) : command->run(argc - 1, argv + 1);
}

/* Nobody must take for fine what was never written. */
int main(int argc, char **argv)
{
	int code = run(argc, argv);

	if (fflush(stdout) != 0 || ferror(stdout)) {
		fprintf(stderr, "nurturectl: standard output: %s\n", g_strerror(errno));
		code = NT_EXIT_CANNOT;
	}
	return code;
}
