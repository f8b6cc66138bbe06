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
	const struct nt_control_pair pairs[] = { { "rep", rep }, { 0 } };
	int code = nt_control_list(control, nt_control_query(control, "/v1/calendar", pairs), "calendar",
	                           "nothing goes out at a fixed date within the next 400 days", print_item);

	if (code == NT_EXIT_FINE && !control->json)
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
