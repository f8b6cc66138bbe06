/* nurturectl apply: loads exactly what was planned. */
#include "base/arena.h"
#include "base/json.h"
#include "main/control.h"
#include "main/plan_file.h"

#include <getopt.h>
#include <stdio.h>
#include <sys/stat.h>

#define LARGEST (16 * 1024 * 1024) /* bytes: of more than that JSON isn't read anyway (base/json.h) */

static const char *question(struct nt_control *control, const struct nt_plan_file *file)
{
	GString *text = g_string_new(NULL);
	struct nt_json_writer w;
	const char *kept;

	nt_json_begin(&w, text);
	nt_json_object(&w, NULL);
	nt_json_put_text(&w, "base", file->base);
	nt_json_put_text(&w, "loaded", file->loaded);
	nt_json_put_text(&w, "content", file->content);
	nt_json_put_text(&w, "folder", file->folder);
	nt_json_end_object(&w);
	kept = nt_arena_strdup(control->arena, text->str);
	g_string_free(text, TRUE);
	return kept;
}

static int apply(struct nt_control *control, const char *path)
{
	struct nt_plan_file file;
	GError *error = NULL;
	const char *why = NULL, *message;
	char *text = NULL;
	gsize length = 0;
	int code = NT_EXIT_FINE;
	struct stat about;

	if (stat(path, &about) == 0 && (!S_ISREG(about.st_mode) || about.st_size > LARGEST)) {
		nt_command_failed(&nt_command_apply, "%s: it is no plan of nurturectl plan", path);
		code = NT_EXIT_WRONG;
	} else if (!g_file_get_contents(path, &text, &length, &error)) {
		code = nt_command_failed(&nt_command_apply, "%s", error->message);
		g_error_free(error);
	} else if (!nt_plan_file_read(control->arena, text, length, &file, &why)) {
		nt_command_failed(&nt_command_apply, "%s: %s", path, why);
		code = NT_EXIT_WRONG;
	} else if (nt_control_ask(control, "POST", "/control/apply", question(control, &file), &code)) {
		message = nt_json_text(control->reply, "message");
		if (control->json)
			nt_control_print(control);
		else
			printf("%s%sloaded as planned\n", message != NULL ? message : "", message != NULL ? "\n" : "");
	}
	g_free(text);
	return code;
}

static int run(int argc, char **argv)
{
	struct nt_control control;
	int code;

	if (!nt_control_begin(&control, &nt_command_apply, NULL, argc, argv, &code))
		return code;
	if (optind + 1 != argc)
		return nt_control_end(&control, nt_command_misused(&nt_command_apply, "which plan?"));
	return nt_control_end(&control, apply(&control, argv[optind]));
}

const struct nt_command nt_command_apply = {
	.name = "apply",
	.usage = "apply [--socket PATH] [--json] PLANFILE",
	.help = "loads exactly the rules of a plan; exits 1, and nothing has changed, when they or the daemon's rules "
		"have changed since",
	.run = run,
};
