/* nurturectl queue: the rep queue, listed and answered by hand. */
#include "base/json.h"
#include "main/control.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

struct options {
	const char *rep, *state;
};

static void print_reasons(struct nt_control *control, const struct nt_json *entry)
{
	const struct nt_json *reasons = nt_json_get(entry, "reasons");

	for (const struct nt_json *reason = reasons != NULL ? reasons->first : NULL; reason != NULL;
	     reason = reason->next)
		if (reason->type == NT_JSON_TEXT)
			printf("    %s\n", nt_control_plain(control, reason->text));
	if (strcmp(nt_control_word(control, entry, "accept_by"), "-") != 0)
		printf("    to be answered by %s%s\n", nt_control_word(control, entry, "accept_by"),
		       strcmp(nt_control_word(control, entry, "late"), "yes") == 0 ? ": late" : "");
}

static void print_entry(struct nt_control *control, const struct nt_json *entry)
{
	printf("%-24s %-9s %-12s score %-5s %s\n", nt_control_word(control, entry, "lead"),
	       nt_control_word(control, entry, "state"), nt_control_word(control, entry, "rep"),
	       nt_control_word(control, entry, "score"), nt_control_word(control, entry, "title"));
	print_reasons(control, entry);
}

static int list(struct nt_control *control, const struct options *options)
{
	const struct nt_control_pair pairs[] = { { "rep", options->rep }, { "state", options->state }, { 0 } };

	return nt_control_list(control, nt_control_query(control, "/v1/queue", pairs), "queue", "the queue is empty",
	                       print_entry);
}

static int act(struct nt_control *control, const char *word, const char *lead, const char *rep, const char *reason)
{
	const struct nt_control_pair pairs[] = { { "rep", rep }, { "reason", reason }, { 0 } };

	return nt_control_change(control, "POST", nt_control_path(control, "/v1/queue/*/*", lead, word),
	                         nt_control_object(control, pairs), lead);
}

/* What follows the verb: LEAD, then what `second` says (NULL: nothing more). */
static const struct { const char *verb, *word; bool rep, reason, second_needed; const char *ask; } verbs[] = {
	{ "accept", "accept", true, false, true, "accept LEAD REP" },
	{ "send-back", "send_back", false, true, false, "send-back LEAD [REASON]" },
	{ "won", "won", false, false, false, "won LEAD" },
	{ "lost", "lost", false, true, false, "lost LEAD [REASON]" },
};

static int dispatch(struct nt_control *control, const struct options *options, int argc, char **argv)
{
	const char *verb = argc > 0 ? argv[0] : "list";

	if (strcmp(verb, "list") == 0 && argc <= 1)
		return list(control, options);
	for (unsigned i = 0; i < G_N_ELEMENTS(verbs); i++) {
		const char *second = argc > 2 ? argv[2] : NULL;

		if (strcmp(verbs[i].verb, verb) != 0)
			continue;
		if (argc < 2 || argc > (verbs[i].rep || verbs[i].reason ? 3 : 2) ||
		    (verbs[i].second_needed && second == NULL))
			return nt_command_misused(&nt_command_queue, "%s", verbs[i].ask);
		return act(control, verbs[i].word, argv[1], verbs[i].rep ? second : options->rep,
		           verbs[i].reason ? second : NULL);
	}
	return nt_command_misused(&nt_command_queue, "there is no 'queue %s'", verb);
}

static int run(int argc, char **argv)
{
	struct options options = { 0 };
	const struct nt_command_option table[] = { { "rep", &options.rep, NULL },
		                                   { "state", &options.state, NULL },
		                                   { 0 } };
	struct nt_control control;
	int code;

	if (!nt_control_begin(&control, &nt_command_queue, table, argc, argv, &code))
		return code;
	return nt_control_end(&control, dispatch(&control, &options, argc - optind, argv + optind));
}

const struct nt_command nt_command_queue = {
	.name = "queue",
	.usage = "queue [--rep REP] [--state STATE] [--socket PATH] [--json] "
	         "[list | accept LEAD REP | send-back LEAD [REASON] | won LEAD | lost LEAD [REASON]]",
	.help = "shows which leads wait for which rep and why, and answers for a rep",
	.run = run,
};
