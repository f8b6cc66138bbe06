/* nurturectl outbox: messages by what became of them; those in doubt are decided by a person. */
#include "base/json.h"
#include "main/control.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

static void print_message(struct nt_control *control, const struct nt_json *message)
{
	const char *to = nt_control_word(control, message, "to");

	printf("%s  %s  %-8s %s for %s", nt_control_word(control, message, "id"),
	       nt_control_word(control, message, "released"), nt_control_word(control, message, "channel"),
	       nt_control_word(control, message, "template"), nt_control_word(control, message, "lead"));
	printf("%s%s\n", to[0] != '\0' && strcmp(to, "-") != 0 ? " to " : "", strcmp(to, "-") != 0 ? to : "");
	printf("    %s", nt_control_word(control, message, "why"));
	if (strcmp(nt_control_word(control, message, "detail"), "-") != 0)
		printf("; %s", nt_control_word(control, message, "detail"));
	putchar('\n');
}

/* All, a thousand at a time. */
static int list(struct nt_control *control, const char *state)
{
	const struct nt_json *messages;
	const char *next = "";
	unsigned n = 0;
	int code = NT_EXIT_FINE;

	while (strcmp(next, "-") != 0) {
		if (!nt_control_ask(control, "GET",
		                    nt_control_path(control, "/v1/outbox?state=*&limit=1000&after=*", state, next),
		                    NULL, &code))
			return code;
		next = nt_control_word(control, control->reply, "next");
		messages = nt_json_get(control->reply, "messages");
		if (control->json || messages == NULL) {
			nt_control_print(control);
			continue;
		}
		for (const struct nt_json *message = messages->first; message != NULL; message = message->next)
			print_message(control, message);
		n += messages->n;
	}
	if (!control->json)
		printf("%u %s\n", n, state);
	return code;
}

static int run(int argc, char **argv)
{
	struct nt_control control;
	const char *word;
	int code, n;

	if (!nt_control_begin(&control, &nt_command_outbox, NULL, argc, argv, &code))
		return code;
	n = argc - optind;
	word = n > 0 ? argv[optind] : "in_doubt";
	if (n == 2 && (strcmp(word, "retry") == 0 || strcmp(word, "drop") == 0))
		code = nt_control_change(&control, "POST",
		                         nt_control_path(&control, "/v1/outbox/*/*", argv[optind + 1], word), "",
		                         argv[optind + 1]);
	else if (n <= 1)
		code = list(&control, word);
	else
		code = nt_command_misused(&nt_command_outbox, "a state, or retry or drop with a message's id");
	return nt_control_end(&control, code);
}

const struct nt_command nt_command_outbox = {
	.name = "outbox",
	.usage = "outbox [--socket PATH] [--json] [released|handed|accepted|refused|cancelled|in_doubt | retry ID | "
	         "drop ID]",
	.help = "lists messages by state (default: in_doubt); sends one that is in doubt again, or gives it up",
	.run = run,
};
