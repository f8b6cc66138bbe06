/* nurturectl task: what reps have to do, and that it is done. */
#include "base/json.h"
#include "main/control.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

struct options {
	const char *rep, *lead, *state;
};

static void print_task(struct nt_control *control, const struct nt_json *task)
{
	const char *state = nt_control_word(control, task, "state");
	bool open = strcmp(state, "open") == 0, overdue = strcmp(nt_control_word(control, task, "overdue"), "yes") == 0;

	printf("%s  %s  %-9s %-12s %s\n", nt_control_word(control, task, "id"), nt_control_word(control, task, "due"),
	       open && overdue ? "overdue" : state, nt_control_word(control, task, "rep"),
	       nt_control_word(control, task, "text"));
	printf("    %s", nt_control_word(control, task, "lead"));
	if (strcmp(nt_control_word(control, task, "title"), "-") != 0)
		printf(" (%s)", nt_control_word(control, task, "title"));
	printf(", campaign %s", nt_control_word(control, task, "campaign"));
	if (open && strcmp(nt_control_word(control, task, "manager"), "-") != 0)
		printf(", manager %s", nt_control_word(control, task, "manager"));
	if (strcmp(state, "done") == 0)
		printf(", done %s by %s", nt_control_word(control, task, "closed"),
		       strcmp(nt_control_word(control, task, "by"), "-") != 0 ? nt_control_word(control, task, "by") :
		                                                                "hand");
	if (strcmp(state, "withdrawn") == 0)
		printf(", withdrawn %s: %s", nt_control_word(control, task, "closed"),
		       nt_control_word(control, task, "why"));
	putchar('\n');
}

static int list(struct nt_control *control, const struct options *options)
{
	const struct nt_control_pair pairs[] = { { "state", options->state != NULL ? options->state : "open" },
		                                 { "rep", options->rep }, { "lead", options->lead }, { 0 } };

	return nt_control_list(control, nt_control_query(control, "/v1/tasks", pairs), "tasks",
	                       "there are no such tasks", print_task);
}

static int mark(struct nt_control *control, const char *id, const char *rep)
{
	const struct nt_control_pair pairs[] = { { "rep", rep }, { 0 } };

	return nt_control_change(control, "POST", nt_control_path(control, "/v1/tasks/*/done", id),
	                         nt_control_object(control, pairs), id);
}

static int dispatch(struct nt_control *control, const struct options *options, int argc, char **argv)
{
	const char *verb = argc > 0 ? argv[0] : "list";

	if (strcmp(verb, "list") == 0 && argc <= 1)
		return list(control, options);
	if (strcmp(verb, "done") == 0 && (argc == 2 || argc == 3))
		return mark(control, argv[1], argc == 3 ? argv[2] : options->rep);
	if (strcmp(verb, "done") == 0)
		return nt_command_misused(&nt_command_task, "done ID [REP]");
	return nt_command_misused(&nt_command_task, "there is no 'task %s'", verb);
}

static int run(int argc, char **argv)
{
	struct options options = { 0 };
	const struct nt_command_option table[] = { { "rep", &options.rep, NULL },
		                                   { "lead", &options.lead, NULL },
		                                   { "state", &options.state, NULL },
		                                   { 0 } };
	struct nt_control control;
	int code;

	if (!nt_control_begin(&control, &nt_command_task, table, argc, argv, &code))
		return code;
	return nt_control_end(&control, dispatch(&control, &options, argc - optind, argv + optind));
}

const struct nt_command nt_command_task = {
	.name = "task",
	.usage = "task [--rep REP] [--lead LEAD] [--state open|overdue|done|withdrawn|all] [--socket PATH] [--json] "
	         "[list | done ID [REP]]",
	.help = "shows what reps have to do, by when, and marks a task done",
	.run = run,
};
