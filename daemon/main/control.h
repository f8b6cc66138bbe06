/* nurturectl's end of the control socket: HTTP over a Unix socket, one question after the other. What is common to the
 * commands that talk to a running daemon: --socket, --json, --help, and how its refusals are told. */
#ifndef NT_MAIN_CONTROL_H
#define NT_MAIN_CONTROL_H

#include "main/command.h"

#include <glib.h>
#include <stdbool.h>

#define NT_CONTROL_SOCKET "/run/nurtured/control.sock"

struct nt_arena;
struct nt_json;
struct nt_json_writer;

struct nt_control {
	const struct nt_command *command;
	const char *socket;           /* --socket, $NURTURED_SOCKET or NT_CONTROL_SOCKET */
	bool json;                    /* --json: what the daemon says, as it says it */
	struct nt_arena *arena;
	/* of the last question */
	GString *body;
	const struct nt_json *reply;  /* NULL: no JSON */
	long status;
};

/* Reads the command's own options (NULL: none) and those common to all; argv[optind] is then the first argument. False:
 * *code is the exit code. */
bool nt_control_begin(struct nt_control *control, const struct nt_command *command,
                      const struct nt_command_option *options, int argc, char **argv, int *code);
/* Frees, and passes the exit code on. */
int nt_control_end(struct nt_control *control, int code);

/* False after saying why on standard error: the daemon isn't there (NT_EXIT_CANNOT) or refuses (NT_EXIT_WRONG). Body
 * NULL: none. */
bool nt_control_ask(struct nt_control *control, const char *method, const char *path, const char *body, int *code);
/* The same for NDJSON: is not refused as long as there are results to show. */
bool nt_control_send_lines(struct nt_control *control, const char *path, const GString *lines, int *code);
/* "/v1/leads/ * /timeline" without the blanks: each star is the next argument, percent-encoded. In the arena. */
const char *nt_control_path(struct nt_control *control, const char *pattern, ...);
/* "/v1/queue?rep=anna" and {"rep":"anna"}: pairs up to one without a name; one without a value is left out. In the
 * arena. */
struct nt_control_pair { const char *name, *value; };
const char *nt_control_query(struct nt_control *control, const char *path, const struct nt_control_pair *pairs);
const char *nt_control_object(struct nt_control *control, const struct nt_control_pair *pairs);
/* Asks for a list and prints it item by item; `nothing` (or NULL) if it is empty. The exit code. */
int nt_control_list(struct nt_control *control, const char *path, const char *member, const char *nothing,
                    void (*print)(struct nt_control *control, const struct nt_json *item));
/* Asks for a change and prints what became of it: "ID: done". The exit code. */
int nt_control_change(struct nt_control *control, const char *method, const char *path, const char *body,
                      const char *id);
/* Standard output gets the reply as it came; gives NT_EXIT_FINE. */
int nt_control_print(const struct nt_control *control);
/* What others wrote goes to a terminal: on one line, without what could steer it. In the arena. */
const char *nt_control_plain(struct nt_control *control, const char *text);
/* Member as people read it: text, number, yes or no, "-" for nothing. In the arena. */
const char *nt_control_word(struct nt_control *control, const struct nt_json *object, const char *key);
/* "NAME=VALUE" as a member: a number, true, false and null are meant as such; "12345" in quotes is a text, and so is
 * all that isn't JSON. False: it has no name. */
bool nt_control_put_pair(struct nt_control *control, struct nt_json_writer *w, const char *text);

#endif
