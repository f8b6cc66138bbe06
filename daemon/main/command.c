#include "main/command.h"

#include "base/bug.h"
#include "base/diag.h"

#include <getopt.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define NARROWEST 30 /* columns: what is narrower than that isn't read on anyway */

/* ---- what is said ---- */

/* Columns; 0: no terminal, whose reader may want lines whole. */
static unsigned width_of(FILE *out)
{
	struct winsize size;

	if (ioctl(fileno(out), TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
		return 0;
	return MAX(size.ws_col, NARROWEST);
}

static unsigned columns(const char *text, size_t length)
{
	unsigned n = 0;

	for (size_t i = 0; i < length; i++)
		n += ((unsigned char)text[i] & 0xC0) != 0x80;
	return n;
}

/* Up to the next blank, outside brackets if what stands in them has room in a line. */
static size_t word_length(const char *text, unsigned room)
{
	size_t length = 0;
	int depth = 0;

	for (; text[length] != '\0' && (depth > 0 || text[length] != ' '); length++)
		depth += (text[length] == '[') - (text[length] == ']');
	return columns(text, length) > room ? strcspn(text, " ") : length;
}

void nt_command_print(FILE *out, unsigned column, unsigned hang, const char *text)
{
	unsigned width = width_of(out);
	bool first = true;

	while (*text != '\0') {
		size_t length = word_length(text, width > hang ? width - hang : UINT_MAX);
		unsigned wide = columns(text, length);

		if (!first && width > 0 && column + 1 + wide > width) {
			fprintf(out, "\n%*s", (int)hang, "");
			column = hang;
		} else if (!first) {
			fputc(' ', out);
			column++;
		}
		fwrite(text, 1, length, out);
		column += wide;
		text += length + (text[length] == ' ');
		first = false;
	}
	fputc('\n', out);
}

static void print_usage(FILE *out, const struct nt_command *command)
{
	static const char before[] = "usage: nurturectl ";

	fputs(before, out);
	nt_command_print(out, sizeof before - 1, strlen("usage: "), command->usage);
}

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
	print_usage(stderr, command);
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

bool nt_command_put(const char *path, const char *bytes, size_t length, char **why)
{
	GError *error = NULL;
	const char *reason;

	if (g_file_set_contents(path, bytes, (gssize)length, &error))
		return true;
	reason = strrchr(error->message, ':'); /* before that stands a temporary file's name */
	*why = g_strdup_printf("%s can't be written%s", path, reason != NULL ? reason : "");
	g_error_free(error);
	return false;
}

bool nt_command_write(const struct nt_command *command, const char *path, const GString *text, int *code)
{
	char *why;

	if (nt_command_put(path, text->str, text->len, &why))
		return true;
	*code = nt_command_failed(command, "%s", why);
	g_free(why);
	return false;
}

void nt_command_folder_first(char **first, char **second)
{
	char *folder = *second;

	if (g_file_test(*first, G_FILE_TEST_IS_DIR) || !g_file_test(folder, G_FILE_TEST_IS_DIR))
		return;
	*second = *first;
	*first = folder;
}

int nt_command_help(const struct nt_command *command)
{
	print_usage(stdout, command);
	putchar('\n');
	nt_command_print(stdout, 0, 0, command->help);
	return NT_EXIT_FINE;
}

/* ---- options ---- */

static const char *nearest_option(const struct nt_command_option *options, const char *name)
{
	const char *names[NT_COMMAND_OPTIONS + 2] = { "help" };

	for (int i = 0; options[i].name != NULL; i++)
		names[i + 1] = options[i].name;
	return nt_nearest(name, names);
}

/* The option at fault is the last that was looked at; getopt_long says which letter, if it was one. */
static int refuse(const struct nt_command *command, const struct nt_command_option *options, int answer,
                  const char *given)
{
	char *name = g_strndup(given, strcspn(given, "="));
	const char *near;
	int code;

	if (answer == ':' || optopt >= 256) {
		code = nt_command_misused(command, "--%s takes %s value", options[optopt - 256].name,
		                          answer == ':' ? "a" : "no");
	} else if (optopt == 'h') {
		code = nt_command_misused(command, "--help takes no value");
	} else if (optopt != 0) {
		code = nt_command_misused(command, "there is no option '-%c'", optopt);
	} else {
		near = nearest_option(options, name + strspn(name, "-"));
		code = nt_command_misused(command, "there is no option '%s'%s%s%s", name,
		                          near != NULL ? " (did you mean '--" : "", near != NULL ? near : "",
		                          near != NULL ? "'?)" : "");
	}
	g_free(name);
	return code;
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
	while ((option = getopt_long(argc, argv, ":h", table, NULL)) != -1) {
		if (option == 'h') {
			*code = nt_command_help(command);
			return false;
		}
		if (option < 256) {
			*code = refuse(command, options, option, argv[optind - 1]);
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
