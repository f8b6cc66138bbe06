#include "main/command.h"

#include <stdarg.h>
#include <stdio.h>

static void complain(const struct nt_command *command, const char *format,
                     va_list ap) __attribute__((format(printf, 2, 0)));

static void complain(const struct nt_command *command, const char *format, va_list ap)
{
	fprintf(stderr, "nurturectl %s: ", command->name);
	vfprintf(stderr, format, ap);
	fputc('\n', stderr);
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

int nt_command_help(const struct nt_command *command)
{
	printf("usage: nurturectl %s\n\n%s\n", command->usage, command->help);
	return NT_EXIT_FINE;
}
