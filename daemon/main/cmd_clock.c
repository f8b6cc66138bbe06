/* nurturectl clock: moves a manual clock; lets a jump of the real one pass. */
#include "base/json.h"
#include "main/control.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

static char *body_of(const char *word)
{
	struct nt_json_writer w;
	GString *out = g_string_new(NULL);

	nt_json_begin(&w, out);
	nt_json_object(&w, NULL);
	if (strcmp(word, "release") == 0)
		nt_json_put_bool(&w, "release", true);
	else
		nt_json_put_text(&w, "to", word);
	nt_json_end_object(&w);
	return g_string_free(out, FALSE);
}

static int run(int argc, char **argv)
{
	struct nt_control control;
	char *body;
	int code;

	if (!nt_control_begin(&control, &nt_command_clock, NULL, argc, argv, &code))
		return code;
	if (optind + 1 != argc)
		return nt_control_end(&control, nt_command_misused(&nt_command_clock, "to which time?"));
	body = body_of(argv[optind]);
	if (nt_control_ask(&control, "POST", "/control/clock", body, &code)) {
		if (control.json)
			nt_control_print(&control);
		else
			printf("it is %s\n", nt_control_word(&control, control.reply, "now"));
	}
	g_free(body);
	return nt_control_end(&control, code);
}

const struct nt_command nt_command_clock = {
	.name = "clock",
	.usage = "clock [--socket PATH] TIME | release",
	.help = "moves the clock of a daemon started with --clock-manual forwards; release: lets a jump of the "
	        "machine's clock pass",
	.run = run,
};
