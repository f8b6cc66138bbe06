/* nurturectl's commands: one a file, one line each in nurturectl.c's table. */
#ifndef NT_MAIN_COMMAND_H
#define NT_MAIN_COMMAND_H

#include <glib.h>
#include <stdbool.h>
#include <stdio.h>

struct nt_diags;

/* What a command exits with, beside its own: for scripts and CI. */
enum { NT_EXIT_FINE = 0, NT_EXIT_WRONG = 1, NT_EXIT_CANNOT = 2 };

struct nt_command {
	const char *name;
	const char *usage; /* "check [--config FILE] FOLDER…", without the program's name */
	const char *help;  /* one line */
	int (*run)(int argc, char **argv); /* argv[0] is the command's name; gives the exit code */
};

extern const struct nt_command nt_command_apply;
extern const struct nt_command nt_command_calendar;
extern const struct nt_command nt_command_check;
extern const struct nt_command nt_command_clock;
extern const struct nt_command nt_command_event;
extern const struct nt_command nt_command_graph;
extern const struct nt_command nt_command_lead;
extern const struct nt_command nt_command_outbox;
extern const struct nt_command nt_command_plan;
extern const struct nt_command nt_command_preview;
extern const struct nt_command nt_command_queue;
extern const struct nt_command nt_command_reference;
extern const struct nt_command nt_command_reload;
extern const struct nt_command nt_command_send_test;
extern const struct nt_command nt_command_simulate;
extern const struct nt_command nt_command_status;
extern const struct nt_command nt_command_task;
extern const struct nt_command nt_command_test;

/* One of a command's options: with a value, or a flag. A table of them ends with name NULL. */
struct nt_command_option {
	const char *name;
	const char **value;
	bool *flag;
};
#define NT_COMMAND_OPTIONS 16

/* Reads the options, and --help, which every command has; argv[optind] is then the first argument. False: *code is the
 * exit code. */
bool nt_command_options(const struct nt_command *command, const struct nt_command_option *options, int argc,
                        char **argv, int *code);
/* Where the configuration is needed: what --config says, else NURTURED_CONFIG, else the installed one. */
const char *nt_command_config(const char *given);
/* "nurturectl check: what is wrong" and how to use it, on standard error; gives NT_EXIT_CANNOT. */
int nt_command_misused(const struct nt_command *command, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* "nurturectl check: what could not be done" on standard error; gives NT_EXIT_CANNOT. */
int nt_command_failed(const struct nt_command *command, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Writes a file, whole or not at all. False: *why says that it couldn't be (g_free() it). */
bool nt_command_put(const char *path, const char *bytes, size_t length, char **why);
/* Likewise. False: that has been said, and *code is the exit code. */
bool nt_command_write(const struct nt_command *command, const char *path, const GString *text, int *code);
/* Two arguments of which one is a folder, in whichever order: first and second are exchanged if only the second is
 * one. */
void nt_command_folder_first(char **first, char **second);
/* A line of text; in a terminal, broken between words (not inside brackets) so that it fits, and what goes on is
 * indented by `hang` columns. `column`: where the cursor stands. */
void nt_command_print(FILE *out, unsigned column, unsigned hang, const char *text);
/* What is wrong with rules or configuration, on a stream. */
void nt_command_findings(struct nt_diags *diags, FILE *out);
/* Usage and help on standard output; gives NT_EXIT_FINE. */
int nt_command_help(const struct nt_command *command);

#endif
