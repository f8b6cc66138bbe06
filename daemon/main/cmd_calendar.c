/* nurturectl calendar: what goes out at a fixed date, when reps are told of it, and the feed for their calendars. */
#include "base/json.h"
#include "main/control.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

static void print_item(struct nt_control *control, const struct nt_json *item)
{
	const struct nt_json *messages = nt_json_get(item, "messages");
	bool announced = strcmp(nt_control_word(control, item, "kind"), "announcement") == 0;

	printf("%s  %s", nt_control_word(control, item, "at"), nt_control_word(control, item, "title"));
	if (announced) {
		printf(" is announced to %s\n", nt_control_word(control, item, "tell"));
		return;
	}
	printf(": %s\n    to %s\n", nt_control_word(control, item, "when"), nt_control_word(control, item, "to_whom"));
	for (const struct nt_json *message = messages != NULL ? messages->first : NULL; message != NULL;
	     message = message->next)
		printf("    %s %s: %s\n", nt_control_word(control, message, "channel"),
		       nt_control_word(control, message, "template"), nt_control_word(control, message, "subject"));
}

static int show(struct nt_control *control, const char *rep)
{
	const char *path = rep != NULL ? nt_control_path(control, "/v1/calendar?rep=*", rep) : "/v1/calendar";
	const struct nt_json *items;
	int code = NT_EXIT_FINE;

	if (!nt_control_ask(control, "GET", path, NULL, &code))
		return code;
	items = nt_json_get(control->reply, "calendar");
	if (control->json || items == NULL)
		return nt_control_print(control);
	if (items->n == 0)
		puts("nothing goes out at a fixed date within the next 400 days");
	for (const struct nt_json *item = items->first; item != NULL; item = item->next)
		print_item(control, item);
	printf("feed: %s\n", nt_control_word(control, control->reply, "url"));
	return code;
}

static int run(int argc, char **argv)
{
	const char *rep = NULL;
	const struct nt_command_option table[] = { { "rep", &rep, NULL }, { 0 } };
	struct nt_control control;
	int code;

	if (!nt_control_begin(&control, &nt_command_calendar, table, argc, argv, &code))
		return code;
	if (optind < argc)
		return nt_control_end(&control, nt_command_misused(&nt_command_calendar, "it takes no arguments"));
	return nt_control_end(&control, show(&control, rep));
}

const struct nt_command nt_command_calendar = {
	.name = "calendar",
	.usage = "calendar [--rep REP] [--socket PATH] [--json]",
	.help = "shows which broadcasts go out when, when reps are told of them, and the link of the iCalendar feed",
	.run = run,
};
