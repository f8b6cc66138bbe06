/* nurturectl simulate: leads and events from files, or a copy of the live store, through a rule set, in no time. */
#include "base/arena.h"
#include "base/civil.h"
#include "base/diag.h"
#include "engine/simulate.h"
#include "main/command.h"
#include "main/progress.h"
#include "main/ruleset.h"
#include "os/spread.h"
#include "rules/program.h"
#include "store/sqlite.h"

#include <getopt.h>
#include <glib.h>
#include <stdio.h>
#include <string.h>

#define MOST_THREADS 256

struct options {
	const char *config, *templates, *leads, *events, *until, *start, *store, *threads;
	unsigned n_threads; /* 0: as many as there are processors */
	bool json, summary, live;
};

/* The files that it reads: they aren't copied into the diagnostics, whose sources they are. */
struct files {
	struct nt_source leads, events;
	char *leads_text, *events_text;
};

/* Who does the work, and tells how far it is. */
struct hands {
	unsigned threads;
	uint64_t shown;
};

/* A store to begin with, and the rules that it runs. */
struct live {
	const struct nt_ruleset *ruleset;
	struct nt_store *store;
	struct nt_program *base;
};

static bool read_threads(struct options *options, int *code)
{
	guint64 n;

	if (options->threads == NULL)
		return true;
	if (g_ascii_string_to_unsigned(options->threads, 10, 1, MOST_THREADS, &n, NULL)) {
		options->n_threads = (unsigned)n;
		return true;
	}
	*code = nt_command_misused(&nt_command_simulate, "--threads %s: must be a number from 1 to %d",
	                           options->threads, MOST_THREADS);
	return false;
}

static bool read_options(int argc, char **argv, struct options *options, int *code)
{
	const struct nt_command_option table[] = {
		{ "config", &options->config, NULL }, { "templates", &options->templates, NULL },
		{ "leads", &options->leads, NULL },   { "events", &options->events, NULL },
		{ "until", &options->until, NULL },   { "start", &options->start, NULL },
		{ "json", NULL, &options->json },     { "summary", NULL, &options->summary },
		{ "store", &options->store, NULL },   { "live", NULL, &options->live },
		{ "threads", &options->threads, NULL },
		{ 0 },
	};

	if (!nt_command_options(&nt_command_simulate, table, argc, argv, code))
		return false;
	if (options->live)
		options->config = nt_command_config(options->config);
	if (optind + 1 != argc)
		*code = nt_command_misused(&nt_command_simulate,
		                           optind == argc ? "which folder?" : "one folder, please");
	else if (options->live && options->store != NULL)
		*code = nt_command_misused(&nt_command_simulate, "--live or --store, not both");
	else if (options->leads == NULL && options->events == NULL && options->store == NULL && !options->live)
		*code = nt_command_misused(&nt_command_simulate, "give --leads, --events, --store or --live");
	else if (options->until == NULL)
		*code = nt_command_misused(&nt_command_simulate, "--until says when it ends");
	else
		return read_threads(options, code);
	return false;
}

/* On a terminal, a line that is written over; seldom, for it costs. */
static void progress(void *user, nt_time now, uint64_t done, uint64_t total)
{
	struct hands *hands = user;
	GString *text;

	if (!nt_progress_wanted() || total == 0 || (done - hands->shown < total / 200 + 1 && done != total))
		return;
	hands->shown = done;
	text = g_string_new(NULL);
	nt_time_print_utc(now, text);
	fprintf(stderr, "\r%3u%%  %s\033[K", (unsigned)(done * 100 / total), text->str);
	if (done == total)
		fputs("\r\033[K", stderr);
	fflush(stderr);
	g_string_free(text, TRUE);
}

static void show_part(void *user, unsigned done, unsigned n)
{
	if (nt_progress_wanted())
		nt_progress_show(user, done, n);
}

static void spread(void *user, const char *what, unsigned n, void (*work)(void *context, unsigned i), void *context)
{
	const struct hands *hands = user;
	struct nt_progress progress = { .one = what, .many = what };
	struct nt_spread options = { .threads = hands->threads, .done = show_part, .user = &progress };

	nt_spread(&options, n, work, context);
	nt_progress_end(&progress);
}

/* An instant without an offset is read in the rules' own zone. */
static bool read_instant(const char *option, const char *text, const struct nt_program *program, nt_time *t, int *code)
{
	struct nt_civil civil;
	bool has_offset;
	const char *why = "must be a time such as 2026-12-01 or 2026-12-01T09:00:00Z";

	if (!nt_instant_parse(text, strlen(text), &civil, &has_offset, t, &why)) {
		*code = nt_command_misused(&nt_command_simulate, "%s %s: %s", option, text, why);
		return false;
	}
	if (!has_offset)
		*t = nt_civil_instant(program->zones->find(program->zones, program->policy.time_zone), &civil);
	return true;
}

static bool read_file(const char *path, struct nt_source *source, char **text, int *code)
{
	GError *error = NULL;
	gsize length;

	if (path == NULL)
		return true;
	if (!g_file_get_contents(path, text, &length, &error)) {
		*code = nt_command_failed(&nt_command_simulate, "%s", error->message);
		g_error_free(error);
		return false;
	}
	*source = (struct nt_source){ path, *text, length };
	return true;
}

/* ---- the live store ---- */

static struct nt_program *older_program(void *user, const char *hash)
{
	const struct live *live = user;
	char *why = NULL;
	struct nt_program *program = nt_ruleset_load_kept(live->ruleset, live->store, hash, &why);

	g_free(why);
	return program;
}

/* The rules of the last load: its line is the last. */
static struct nt_program *load_base(const struct live *live, char **why)
{
	struct nt_arena *arena = nt_arena_new();
	const char *loads = NULL, *line, *end;
	struct nt_program *base = NULL;
	char hash[65];

	live->store->ops->meta_get(live->store, arena, "loads", &loads);
	for (line = loads; line != NULL && (end = strchr(line, '\n')) != NULL && end[1] != '\0';)
		line = end + 1;
	if (line != NULL && strlen(line) > 65) {
		g_strlcpy(hash, line, sizeof hash);
		base = nt_ruleset_load_kept(live->ruleset, live->store, hash, why);
	} else {
		*why = g_strdup("no rules have been loaded into this store yet");
	}
	nt_arena_free(arena);
	return base;
}

static bool open_live(const struct options *options, struct live *live, int *code)
{
	struct nt_sqlite_options sqlite = { .path = options->live ? live->ruleset->store : options->store,
		                            .mode = NT_SQLITE_READ };
	char *why = NULL;

	if (!options->live && options->store == NULL)
		return true;
	if (sqlite.path == NULL)
		why = g_strdup_printf("%s names no store", options->config);
	else
		live->store = nt_sqlite_store_open(&sqlite, &why);
	if (live->store != NULL)
		live->base = load_base(live, &why);
	if (live->base == NULL) /* one that can't be opened says which it is */
		*code = nt_command_failed(&nt_command_simulate, "%s%s%s", live->store != NULL ? sqlite.path : "",
		                          live->store != NULL ? ": " : "", why);
	g_free(why);
	return live->base != NULL;
}

static void close_live(struct live *live)
{
	nt_program_unref(live->base);
	if (live->store != NULL)
		live->store->ops->free(live->store);
}

static int simulate(const struct options *options, struct live *live, struct nt_program *program,
                    struct nt_diags *diags, struct files *files)
{
	struct hands hands = { .threads = options->n_threads };
	struct nt_simulation simulation = { .program = program, .start = NT_NO_TIME, .json = options->json,
		                            .summary = options->summary, .live = live->store,
		                            .base = live->base, .older_program = older_program,
		                            .older_user = live, .spread = spread, .progress = progress,
		                            .user = &hands };
	GString *out;
	int code = NT_EXIT_FINE;

	if (!read_instant("--until", options->until, program, &simulation.until, &code) ||
	    (options->start != NULL && !read_instant("--start", options->start, program, &simulation.start, &code)) ||
	    !read_file(options->leads, &files->leads, &files->leads_text, &code) ||
	    !read_file(options->events, &files->events, &files->events_text, &code))
		return code;
	simulation.leads = options->leads != NULL ? &files->leads : NULL;
	simulation.events = options->events != NULL ? &files->events : NULL;
	out = g_string_new(NULL);
	if (!nt_simulate(&simulation, diags, out))
		code = NT_EXIT_CANNOT;
	fputs(out->str, stdout);
	g_string_free(out, TRUE);
	return code;
}

static int run(int argc, char **argv)
{
	struct options options = { 0 };
	struct nt_ruleset ruleset;
	struct live live = { .ruleset = &ruleset };
	struct nt_program *program;
	struct nt_diags *diags;
	struct files files = { 0 };
	int code = NT_EXIT_FINE;
	char *why = NULL;

	if (!read_options(argc, argv, &options, &code))
		return code;
	if (!nt_ruleset_init(&ruleset, options.config, options.templates, &why)) {
		code = nt_command_failed(&nt_command_simulate, "%s", why);
		g_free(why);
		return code;
	}
	diags = nt_diags_new();
	program = nt_ruleset_load(&ruleset, argv[optind], diags, &why);
	if (program != NULL && open_live(&options, &live, &code))
		code = simulate(&options, &live, program, diags, &files);
	else if (why != NULL)
		code = nt_command_failed(&nt_command_simulate, "%s", why);
	if (code == NT_EXIT_FINE && nt_diags_errors(diags) > 0)
		code = NT_EXIT_WRONG;
	nt_command_findings(diags, stderr);
	g_free(why);
	nt_program_unref(program);
	close_live(&live);
	nt_diags_free(diags);
	g_free(files.leads_text);
	g_free(files.events_text);
	nt_ruleset_clear(&ruleset);
	return code;
}

const struct nt_command nt_command_simulate = {
	.name = "simulate",
	.usage = "simulate [--config FILE] [--templates FOLDER] [--leads FILE.csv] [--events FILE.ndjson] "
	         "[--store FILE | --live] --until DATE [--start DATE] [--summary] [--json] [--threads N] FOLDER",
	.help = "sends leads and events, or those of a copy of the live store, through a rule set in virtual time: a "
	        "timeline per lead unless --summary, and what it adds up to; findings about rows go to standard error",
	.run = run,
};
