#include "main/command.h"

#include "base/bug.h"
#include "base/diag.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static void complain(const struct nt_command *command, const char *format,
                     va_list ap) __attribute__((format(printf, 2, 0)));

static void complain(const struct nt_command *command, const char *format, va_list ap)
{
	fprintf(stderr, "nurturectl %s: ", command->name);
	vfprintf(stderr, format, ap);
	fputc('\n', stderr);
}

const char *nt_command_config(const char *given)
{
	const char *named = getenv("NURTURED_CONFIG");

	if (given != NULL)
		return given;
	return named != NULL && named[0] != '\0' ? named : NT_SYSCONFDIR "/nurtured/nurtured.yaml";
}

int nt_command_misused(const struct nt_command *command, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	complain(command, format, ap);
	va_end(ap);
	fprintf(stderr, "usage: nurturectl %s\n", command->usage);
	return NT_EXIT_CANNOT;
}

int nt_command_failed(const struct nt_command *command, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	complain(command, format, ap);
	va_end(ap);
	return NT_EXIT_CANNOT;
}

void nt_command_findings(struct nt_diags *diags, FILE *out)
{
	GString *found = g_string_new(NULL);

	nt_diags_print(diags, found);
	fputs(found->str, out);
	g_string_free(found, TRUE);
}

int nt_command_help(const struct nt_command *command)
{
	printf("usage: nurturectl %s\n\n%s\n", command->usage, command->help);
	return NT_EXIT_FINE;
}

bool nt_command_options(const struct nt_command *command, const struct nt_command_option *options, int argc,
                        char **argv, int *code)
{
	struct option table[NT_COMMAND_OPTIONS + 2] = { { 0 } };
	int n = 0, option;

	for (; options[n].name != NULL; n++) {
		NT_CHECK(n < NT_COMMAND_OPTIONS);
		table[n] = (struct option){ options[n].name, options[n].value != NULL ? required_argument : no_argument,
			                    NULL, 256 + n };
	}
	table[n] = (struct option){ "help", no_argument, NULL, 'h' };
	opterr = 0;
	optind = 1;
	while ((option = getopt_long(argc, argv, "h", table, NULL)) != -1) {
		if (option == 'h') {
			*code = nt_command_help(command);
			return false;
		}
		if (option < 256) {
			*code = nt_command_misused(command, "unknown or incomplete option '%s'", argv[optind - 1]);
			return false;
		}
		if (options[option - 256].value != NULL)
			*options[option - 256].value = optarg;
		else
			*options[option - 256].flag = true;
	}
	*code = NT_EXIT_FINE;
	return true;
}
