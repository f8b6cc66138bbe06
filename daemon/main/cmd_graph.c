/* nurturectl graph: a campaign as a picture. */
#include "base/diag.h"
#include "engine/census.h"
#include "main/command.h"
#include "main/drawing.h"
#include "main/progress.h"
#include "main/ruleset.h"
#include "rules/graph.h"
#include "store/sqlite.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct options {
	const char *config, *templates, *format, *output;
	bool live;
};

static bool is_binary(const char *format)
{
	return strcmp(format, "dot") != 0 && strcmp(format, "svg") != 0;
}

static bool read_options(int argc, char **argv, struct options *options, int *code)
{
	const struct nt_command_option table[] = {
		{ "config", &options->config, NULL }, { "templates", &options->templates, NULL },
		{ "format", &options->format, NULL }, { "output", &options->output, NULL },
		{ "live", NULL, &options->live },     { 0 },
	};

	if (!nt_command_options(&nt_command_graph, table, argc, argv, code))
		return false;
	if (options->live)
		options->config = nt_command_config(options->config);
	if (options->format == NULL)
		options->format = options->output != NULL ? nt_drawing_format(options->output) : "svg";
	if (options->format == NULL)
		*code = nt_command_misused(&nt_command_graph, NT_DRAWING_ENDS, options->output);
	else if (!nt_drawing_knows(options->format))
		*code = nt_command_misused(&nt_command_graph, "--format is " NT_DRAWING_FORMATS ", not '%s'",
		                           options->format);
	else if (options->output == NULL && isatty(STDOUT_FILENO) && is_binary(options->format))
		*code = nt_command_misused(&nt_command_graph, "a %s is nothing to read: --output FILE.%s keeps it",
		                           options->format, options->format);
	else if (optind + 2 != argc)
		*code = nt_command_misused(&nt_command_graph, "which campaign, and of which folder?");
	else
		return true;
	return false;
}

static struct nt_store *open_store(const struct options *options, const struct nt_ruleset *ruleset, int *code)
{
	struct nt_sqlite_options sqlite = { .path = ruleset->store, .mode = NT_SQLITE_READ };
	struct nt_store *store = NULL;
	char *why = NULL;

	if (ruleset->store == NULL)
		*code = nt_command_failed(&nt_command_graph, "%s names no store", options->config);
	else if ((store = nt_sqlite_store_open(&sqlite, &why)) == NULL)
		*code = nt_command_failed(&nt_command_graph, "%s", why);
	g_free(why);
	return store;
}

static bool count(const struct options *options, const struct nt_ruleset *ruleset, const struct nt_graph *graph,
                  uint64_t *here, struct nt_graph_counts *counts, int *code)
{
	struct nt_store *store = open_store(options, ruleset, code);
	struct nt_progress progress = { .one = "lead", .many = "leads" };
	struct nt_census census = { .store = store, .program = graph->program, .campaign = graph->campaign };
	const char *why = NULL;

	if (store == NULL)
		return false;
	if (nt_progress_wanted()) {
		census.progress = nt_progress_show;
		census.user = &progress;
	}
	if (!nt_census_count(&census, here, counts, &why))
		*code = nt_command_failed(&nt_command_graph, "%s", why);
	nt_progress_end(&progress);
	store->ops->free(store);
	return why == NULL;
}

static int write_graph(const struct options *options, const GString *dot)
{
	char *why = NULL;
	int code = NT_EXIT_FINE;

	if (!nt_drawing_write(dot->str, options->format, options->output, &why))
		code = nt_command_failed(&nt_command_graph, "%s", why);
	g_free(why);
	return code;
}

static int draw(const struct options *options, const struct nt_ruleset *ruleset, const struct nt_program *program,
                const char *name)
{
	struct nt_graph graph = { .program = program, .campaign = nt_program_campaign(program, name) };
	struct nt_graph_counts counts;
	const char **names;
	const char *near;
	uint64_t *here;
	int code = NT_EXIT_FINE;
	GString *dot;

	if (graph.campaign < 0) {
		names = g_new0(const char *, program->n_campaigns + 1);
		for (unsigned i = 0; i < program->n_campaigns; i++)
			names[i] = program->campaigns[i].name;
		near = nt_nearest(name, names);
		g_free(names);
		return nt_command_failed(&nt_command_graph, "there is no campaign '%s'%s%s%s", name,
		                         near != NULL ? " (did you mean '" : "", near != NULL ? near : "",
		                         near != NULL ? "'?)" : "");
	}
	here = g_new0(uint64_t, program->campaigns[graph.campaign].n_steps + 1);
	if (options->live && count(options, ruleset, &graph, here, &counts, &code))
		graph.counts = &counts;
	if (code == NT_EXIT_FINE) {
		dot = g_string_new(NULL);
		nt_graph_begin(dot);
		nt_graph_campaign(&graph, dot);
		nt_graph_end(dot);
		code = write_graph(options, dot);
		g_string_free(dot, TRUE);
	}
	g_free(here);
	return code;
}

static int run(int argc, char **argv)
{
	struct options options = { 0 };
	struct nt_ruleset ruleset;
	struct nt_program *program;
	struct nt_diags *diags;
	char *why = NULL;
	int code = NT_EXIT_FINE;

	if (!read_options(argc, argv, &options, &code))
		return code;
	if (!nt_ruleset_init(&ruleset, options.config, options.templates, &why)) {
		code = nt_command_failed(&nt_command_graph, "%s", why);
		g_free(why);
		return code;
	}
	nt_command_folder_first(&argv[optind + 1], &argv[optind]);
	diags = nt_diags_new();
	program = nt_ruleset_load(&ruleset, argv[optind + 1], diags, &why);
	if (program != NULL) {
		code = draw(&options, &ruleset, program, argv[optind]);
	} else if (why != NULL) {
		code = nt_command_failed(&nt_command_graph, "%s", why);
	} else {
		code = NT_EXIT_WRONG;
		nt_command_findings(diags, stderr);
	}
	g_free(why);
	nt_program_unref(program);
	nt_diags_free(diags);
	nt_ruleset_clear(&ruleset);
	return code;
}

const struct nt_command nt_command_graph = {
	.name = "graph",
	.usage = "graph [--config FILE] [--templates FOLDER] [--live] [--format dot|svg|png|pdf] [--output FILE] "
		 "CAMPAIGN FOLDER",
	.help = "draws a campaign: ways in, steps, branches, waits, ways out; with --live, how many leads are where",
	.run = run,
};
