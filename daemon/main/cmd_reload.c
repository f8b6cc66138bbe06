/* nurturectl reload: new rules and configuration, all or nothing. */
#include "base/json.h"
#include "main/control.h"

#include <stdio.h>

static int run(int argc, char **argv)
{
	struct nt_control control;
	const char *message;
	int code;

	if (!nt_control_begin(&control, &nt_command_reload, NULL, argc, argv, &code))
		return code;
	if (nt_control_ask(&control, "POST", "/control/reload", "", &code)) {
		message = nt_json_text(control.reply, "message");
		if (control.json)
			nt_control_print(&control);
		else
			printf("%s%sloaded\n", message != NULL ? message : "", message != NULL ? "\n" : "");
	}
	return nt_control_end(&control, code);
}

const struct nt_command nt_command_reload = {
	.name = "reload",
	.usage = "reload [--socket PATH] [--json]",
	.help = "loads rules and configuration anew; exits 1 when something is wrong with them, and nothing "
	        "has changed",
	.run = run,
};
