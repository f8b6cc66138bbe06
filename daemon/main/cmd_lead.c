/* nurturectl lead: what is known of a lead and why; changed and erased by hand. */
#include "base/json.h"
#include "main/control.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

struct options {
	const char *limit;
	bool yes;
};

struct call {
	struct nt_control *control;
	const struct options *options;
	const char *lead;
	int argc; /* after the lead */
	char **argv;
};

/* ---- looking ---- */

static int show(const struct call *call)
{
	struct nt_control *c = call->control;
	int code = NT_EXIT_FINE;

	if (nt_control_ask(c, "GET", nt_control_path(c, c->json ? "/v1/leads/*" : "/v1/leads/*?as=text", call->lead),
	                   NULL, &code))
		nt_control_print(c);
	return code;
}

static void print_effect(struct nt_control *c, const struct nt_json *effect)
{
	static const char *const keys[] = { "campaign", "step", "channel", "detail", NULL };
	const struct nt_json *message = nt_json_get(effect, "message");

	printf("    %-22s", nt_control_word(c, effect, "what"));
	for (unsigned i = 0; keys[i] != NULL; i++) /* of a message, all but its campaign and step stands behind it */
		if (nt_json_text(effect, keys[i]) != NULL && (message == NULL || i < 2))
			printf(" %s", nt_control_word(c, effect, keys[i]));
	if (message != NULL)
		printf(" (%s %s to %s)", nt_control_word(c, message, "channel"),
		       nt_control_word(c, message, "template"), nt_control_word(c, message, "to"));
	putchar('\n');
}

static void print_row(struct nt_control *c, const struct nt_json *row)
{
	static const char *const keys[] = { "event", "outcome", "state", "how", "detail", "rep", "reason", NULL };
	const struct nt_json *entry = nt_json_get(row, "entry"), *input = nt_json_get(entry, "input"),
	                     *effects = nt_json_get(entry, "effects");

	printf("%s  %s", nt_control_word(c, row, "at"), nt_control_word(c, input, "kind"));
	for (unsigned i = 0; keys[i] != NULL; i++)
		if (nt_json_text(input, keys[i]) != NULL)
			printf(" %s", nt_control_word(c, input, keys[i]));
	if (nt_json_text(input, "cause") != NULL)
		printf(" [%s]", nt_control_word(c, input, "cause"));
	putchar('\n');
	for (const struct nt_json *effect = effects != NULL ? effects->first : NULL; effect != NULL;
	     effect = effect->next)
		print_effect(c, effect);
}

/* Newest first. */
static int timeline(const struct call *call)
{
	struct nt_control *c = call->control;
	const char *limit = call->options->limit != NULL ? call->options->limit : "100";

	return nt_control_list(c, nt_control_path(c, "/v1/leads/*/timeline?limit=*", call->lead, limit), "timeline",
	                       NULL, print_row);
}

/* ---- changing ---- */

static int change(const struct call *call, const char *method, const char *path, const char *body)
{
	return nt_control_change(call->control, method, path, body, call->lead);
}

static int set(const struct call *call)
{
	GString *body = g_string_new(NULL);
	int code = call->argc > 0 ? NT_EXIT_FINE : nt_command_misused(&nt_command_lead, "set what?");
	struct nt_json_writer w;

	nt_json_begin(&w, body);
	nt_json_object(&w, NULL);
	for (int i = 0; i < call->argc && code == NT_EXIT_FINE; i++)
		if (!nt_control_put_pair(call->control, &w, call->argv[i]))
			code = nt_command_misused(&nt_command_lead, "'%s' isn't FIELD=VALUE", call->argv[i]);
	nt_json_end_object(&w);
	if (code == NT_EXIT_FINE)
		code = change(call, "PATCH", nt_control_path(call->control, "/v1/leads/*", call->lead), body->str);
	g_string_free(body, TRUE);
	return code;
}

static int erase(const struct call *call)
{
	if (!call->options->yes)
		return nt_command_misused(&nt_command_lead, "erasing can't be undone: say --yes");
	return change(call, "DELETE", nt_control_path(call->control, "/v1/leads/*", call->lead), NULL);
}

static int start(const struct call *call)
{
	if (call->argc != 1)
		return nt_command_misused(&nt_command_lead, "which campaign?");
	return change(call, "POST",
	              nt_control_path(call->control, "/v1/leads/*/campaigns/*", call->lead, call->argv[0]), "");
}

static int stop(const struct call *call)
{
	if (call->argc != 1)
		return nt_command_misused(&nt_command_lead, "which campaign?");
	return change(call, "DELETE",
	              nt_control_path(call->control, "/v1/leads/*/campaigns/*", call->lead, call->argv[0]), NULL);
}

static int consent(const struct call *call)
{
	bool given = call->argc > 1 && strcmp(call->argv[1], "given") == 0;
	struct nt_json_writer w;
	GString *body;
	int code;

	if (call->argc != 2 || (!given && strcmp(call->argv[1], "refused") != 0))
		return nt_command_misused(&nt_command_lead,
		                          "consent LEAD CHANNEL given or refused, or LEAD all refused");
	body = g_string_new(NULL);
	nt_json_begin(&w, body);
	nt_json_object(&w, NULL);
	nt_json_put_text(&w, "channel", strcmp(call->argv[0], "all") != 0 ? call->argv[0] : "");
	nt_json_put_bool(&w, "given", given);
	nt_json_put_text(&w, "how", "nurturectl");
	nt_json_end_object(&w);
	code = change(call, "POST", nt_control_path(call->control, "/v1/leads/*/consent", call->lead), body->str);
	g_string_free(body, TRUE);
	return code;
}

static const struct { const char *name; int (*run)(const struct call *call); } verbs[] = {
	{ "show", show }, { "timeline", timeline }, { "set", set },         { "erase", erase },
	{ "start", start }, { "stop", stop },       { "consent", consent },
};

static int dispatch(struct nt_control *control, const struct options *options, int argc, char **argv)
{
	if (argc < 2)
		return nt_command_misused(&nt_command_lead, "what of which lead?");
	for (unsigned i = 0; i < G_N_ELEMENTS(verbs); i++) {
		const struct call call = { control, options, argv[1], argc - 2, argv + 2 };

		if (strcmp(verbs[i].name, argv[0]) == 0)
			return verbs[i].run(&call);
	}
	return nt_command_misused(&nt_command_lead, "there is no 'lead %s'", argv[0]);
}

static int run(int argc, char **argv)
{
	struct options options = { 0 };
	const struct nt_command_option table[] = { { "limit", &options.limit, NULL },
		                                   { "yes", NULL, &options.yes },
		                                   { 0 } };
	struct nt_control control;
	int code;

	if (!nt_control_begin(&control, &nt_command_lead, table, argc, argv, &code))
		return code;
	return nt_control_end(&control, dispatch(&control, &options, argc - optind, argv + optind));
}

const struct nt_command nt_command_lead = {
	.name = "lead",
	.usage = "lead [--socket PATH] [--json] show LEAD | timeline LEAD [--limit N] | set LEAD FIELD=VALUE… | "
	         "erase LEAD --yes | start LEAD CAMPAIGN | stop LEAD CAMPAIGN | consent LEAD CHANNEL given|refused",
	.help = "shows where a lead is in every campaign and why it scores what it scores; changes and erases it",
	.run = run,
};
