/* nurturectl status: how the daemon is. */
#include "base/json.h"
#include "main/control.h"

#include <stdio.h>
#include <string.h>

static void print_channels(struct nt_control *control, const struct nt_json *channels)
{
	static const char *const columns[] = { "handed",   "accepted",    "temporary", "refused",
		                               "in_doubt", "on_the_wire", "held_until",
		                               NULL };

	printf("\n%-20s", "channel");
	for (unsigned i = 0; columns[i] != NULL; i++)
		printf(" %12s", columns[i]);
	putchar('\n');
	for (const struct nt_json *channel = channels->first; channel != NULL; channel = channel->next) {
		printf("%-20s", nt_control_word(control, channel, "channel"));
		for (unsigned i = 0; columns[i] != NULL; i++)
			printf(" %12s", nt_control_word(control, channel, columns[i]));
		putchar('\n');
	}
}

static void print_splits(struct nt_control *control, const struct nt_json *splits)
{
	printf("\n%-40s %4s %8s %10s %10s\n", "split", "arm", "share", "leads", "won");
	for (const struct nt_json *split = splits->first; split != NULL; split = split->next) {
		const struct nt_json *arms = nt_json_get(split, "arms");
		unsigned n = 0;

		for (const struct nt_json *arm = arms != NULL ? arms->first : NULL; arm != NULL; arm = arm->next) {
			char *name = g_strdup_printf("%s %s, by %s", nt_control_word(control, split, "campaign"),
			                             nt_control_word(control, split, "step"),
			                             nt_control_word(control, split, "by"));

			printf("%-40s %4u %7s%% %10s %10s\n", n == 0 ? name : "", n + 1,
			       nt_control_word(control, arm, "share"), nt_control_word(control, arm, "leads"),
			       nt_control_word(control, arm, "won"));
			g_free(name);
			n++;
		}
	}
}

static void print_line(const char *key, const char *value)
{
	char *name = g_strdelimit(g_strdup(key), "_", ' ');

	printf("%-20s %s\n", name, value);
	g_free(name);
}

/* Whatever the daemon tells of itself, in its order: a new figure needs no new nurturectl. */
static void print(struct nt_control *control)
{
	const struct nt_json *channels = nt_json_get(control->reply, "channels"),
			     *splits = nt_json_get(control->reply, "splits"),
			     *alarms = nt_json_get(control->reply, "alarms");

	for (const struct nt_json *item = control->reply->first; item != NULL; item = item->next)
		if (item->type != NT_JSON_ARRAY && item->type != NT_JSON_OBJECT)
			print_line(item->key, nt_control_word(control, control->reply, item->key));
	if (channels != NULL && channels->first != NULL)
		print_channels(control, channels);
	if (splits != NULL && splits->first != NULL)
		print_splits(control, splits);
	for (const struct nt_json *alarm = alarms != NULL ? alarms->first : NULL; alarm != NULL; alarm = alarm->next)
		if (alarm->type == NT_JSON_TEXT)
			printf("ALARM: %s\n", nt_control_plain(control, alarm->text));
}

static int run(int argc, char **argv)
{
	struct nt_control control;
	int code;

	if (!nt_control_begin(&control, &nt_command_status, NULL, argc, argv, &code))
		return code;
	if (nt_control_ask(&control, "GET", "/control/status", NULL, &code)) {
		if (control.json || control.reply == NULL)
			nt_control_print(&control);
		else
			print(&control);
		if (nt_json_get(control.reply, "alarms") != NULL && nt_json_get(control.reply, "alarms")->n > 0)
			code = NT_EXIT_WRONG;
	}
	return nt_control_end(&control, code);
}

const struct nt_command nt_command_status = {
	.name = "status",
	.usage = "status [--socket PATH] [--json]",
	.help = "says how the daemon is: clock, rules, what waits, what the channels did, what the arms of a split "
	        "with best_by get and bring; exits 1 when there is an alarm",
	.run = run,
};
