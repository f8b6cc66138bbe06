/* nurturectl event: tells the daemon of one event, or of many from standard input. */
#include "base/json.h"
#include "main/control.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINES_A_REQUEST 1000

struct options {
	const char *id, *at;
};

/* Says what was refused; the exit code. */
static int report(struct nt_control *control, unsigned *stored, unsigned *duplicate)
{
	const struct nt_json *results = nt_json_get(control->reply, "results");
	int code = NT_EXIT_FINE;

	for (const struct nt_json *item = results->first; item != NULL; item = item->next) {
		const char *status = nt_control_word(control, item, "status");

		*stored += strcmp(status, "stored") == 0;
		*duplicate += strcmp(status, "duplicate") == 0;
		if (strcmp(status, "invalid") == 0 || strcmp(status, "failed") == 0)
			code = nt_command_failed(&nt_command_event, "%s%s%s",
			                         nt_json_text(item, "id") != NULL ? nt_json_text(item, "id") : "",
			                         nt_json_text(item, "id") != NULL ? ": " : "",
			                         nt_control_word(control, item, "message"));
	}
	return code == NT_EXIT_FINE ? NT_EXIT_FINE : NT_EXIT_WRONG;
}

static int send_lines(struct nt_control *control, const GString *lines, unsigned *stored, unsigned *duplicate)
{
	int code = NT_EXIT_FINE;

	if (!nt_control_send_lines(control, "/v1/events", lines, &code))
		return code;
	code = report(control, stored, duplicate);
	if (control->json)
		nt_control_print(control);
	return code;
}

static int send_input(struct nt_control *control, unsigned *stored, unsigned *duplicate)
{
	GString *lines = g_string_new(NULL);
	char *line = NULL;
	size_t room = 0;
	unsigned n = 0;
	int code = NT_EXIT_FINE, now;
	ssize_t length = 0;

	while (code != NT_EXIT_CANNOT && length >= 0) {
		length = getline(&line, &room, stdin);
		if (length >= 0)
			g_string_append_len(lines, line, length);
		if (lines->len == 0 || (length >= 0 && ++n % LINES_A_REQUEST != 0))
			continue;
		now = send_lines(control, lines, stored, duplicate);
		code = MAX(code, now);
		g_string_truncate(lines, 0);
	}
	g_string_free(lines, TRUE);
	free(line);
	return code;
}

static int send_one(struct nt_control *control, const struct options *options, int argc, char **argv)
{
	GString *body = g_string_new(NULL);
	unsigned stored = 0, duplicate = 0;
	struct nt_json_writer w;
	int code = NT_EXIT_FINE;

	nt_json_begin(&w, body);
	nt_json_object(&w, NULL);
	if (options->id != NULL)
		nt_json_put_text(&w, "id", options->id);
	nt_json_put_text(&w, "lead", argv[0]);
	nt_json_put_text(&w, "event", argv[1]);
	if (options->at != NULL)
		nt_json_put_text(&w, "at", options->at);
	nt_json_object(&w, "properties");
	for (int i = 2; i < argc && code == NT_EXIT_FINE; i++)
		if (!nt_control_put_pair(control, &w, argv[i]))
			code = nt_command_misused(&nt_command_event, "'%s' isn't NAME=VALUE", argv[i]);
	nt_json_end_object(&w);
	nt_json_end_object(&w);
	if (code == NT_EXIT_FINE)
		code = send_lines(control, body, &stored, &duplicate);
	if (code == NT_EXIT_FINE && !control->json)
		puts(duplicate > 0 ? "it came before: nothing done" : "stored");
	g_string_free(body, TRUE);
	return code;
}

static int run(int argc, char **argv)
{
	struct options options = { 0 };
	const struct nt_command_option table[] = { { "id", &options.id, NULL }, { "at", &options.at, NULL }, { 0 } };
	unsigned stored = 0, duplicate = 0;
	struct nt_control control;
	int code;

	if (!nt_control_begin(&control, &nt_command_event, table, argc, argv, &code))
		return code;
	if (argc - optind == 1 && strcmp(argv[optind], "-") == 0) {
		code = send_input(&control, &stored, &duplicate);
		if (!control.json)
			printf("%u stored, %u came before\n", stored, duplicate);
	} else if (argc - optind >= 2) {
		code = send_one(&control, &options, argc - optind, argv + optind);
	} else {
		code = nt_command_misused(&nt_command_event, "whose event, and which?");
	}
	return nt_control_end(&control, code);
}

const struct nt_command nt_command_event = {
	.name = "event",
	.usage = "event [--id ID] [--at TIME] [--socket PATH] [--json] LEAD EVENT [NAME=VALUE…] | -",
	.help = "tells the daemon that something happened; -: many, one JSON object a line on standard input",
	.run = run,
};
