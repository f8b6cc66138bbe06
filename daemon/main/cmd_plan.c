/* nurturectl plan: what new rules would do to the live store, without doing it. */
#include "base/arena.h"
#include "base/civil.h"
#include "base/diag.h"
#include "engine/plan.h"
#include "main/command.h"
#include "main/drawing.h"
#include "main/plan_file.h"
#include "main/progress.h"
#include "main/ruleset.h"
#include "os/clock.h"
#include "rules/program.h"
#include "store/sqlite.h"

#include <getopt.h>
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct options {
	const char *config, *templates, *picture, *output, *at, *folder;
	bool json;
};

/* What a plan is made of. */
struct job {
	const struct options *options;
	struct nt_arena *arena;
	struct nt_diags *diags;
	struct nt_ruleset ruleset;
	struct nt_store *store;
	struct nt_program *base, *program;
	char content[65];
	nt_time now;
};

static bool read_options(int argc, char **argv, struct options *options, int *code)
{
	const struct nt_command_option table[] = {
		{ "config", &options->config, NULL },   { "templates", &options->templates, NULL },
		{ "picture", &options->picture, NULL }, { "output", &options->output, NULL },
		{ "at", &options->at, NULL },           { "json", NULL, &options->json },
		{ 0 },
	};

	if (!nt_command_options(&nt_command_plan, table, argc, argv, code))
		return false;
	options->config = nt_command_config(options->config);
	if (optind + 1 != argc) {
		*code = nt_command_misused(&nt_command_plan, optind == argc ? "which folder?" : "one folder, please");
		return false;
	}
	if (options->picture != NULL && nt_drawing_format(options->picture) == NULL) {
		*code = nt_command_misused(&nt_command_plan, NT_DRAWING_ENDS, options->picture);
		return false;
	}
	options->folder = argv[optind];
	return true;
}

static bool open_store(struct job *job, int *code)
{
	struct nt_sqlite_options sqlite = { .path = job->ruleset.store, .mode = NT_SQLITE_READ };
	char *why = NULL;

	if (job->ruleset.store == NULL)
		*code = nt_command_failed(&nt_command_plan, "%s names no store", job->options->config);
	else if ((job->store = nt_sqlite_store_open(&sqlite, &why)) == NULL)
		*code = nt_command_failed(&nt_command_plan, "%s", why);
	g_free(why);
	return job->store != NULL;
}

static const char *meta(struct job *job, const char *key)
{
	const char *value = NULL;

	job->store->ops->meta_get(job->store, job->arena, key, &value);
	return value;
}

/* The rules of the last load: its line is the last. */
static bool read_base(struct job *job, int *code)
{
	const char *loads = meta(job, "loads"), *line = loads;
	char hash[65], *why = NULL;

	for (const char *end; line != NULL && (end = strchr(line, '\n')) != NULL && end[1] != '\0';)
		line = end + 1;
	if (line == NULL || strlen(line) < 66) {
		*code = nt_command_failed(&nt_command_plan,
		                          "%s: no rules have been loaded yet: there is nothing to compare with",
		                          job->ruleset.store);
		return false;
	}
	g_strlcpy(hash, line, sizeof hash);
	job->base = nt_ruleset_load_kept(&job->ruleset, job->store, hash, &why);
	if (job->base == NULL)
		*code = nt_command_failed(&nt_command_plan, "%s", why);
	g_free(why);
	return job->base != NULL;
}

/* A store of a daemon in virtual time has its own present; no store goes back behind its last instant. */
static bool find_now(struct job *job, int *code)
{
	const char *clock_kept = meta(job, "clock"), *instant = meta(job, "instant"), *why = NULL;
	nt_time last = instant != NULL ? g_ascii_strtoll(instant, NULL, 10) : NT_TIME_MIN;
	struct nt_civil civil;
	bool has_offset;

	job->now = last;
	if (job->options->at != NULL) {
		const char *at = job->options->at;

		if (!nt_instant_parse(at, strlen(at), &civil, &has_offset, &job->now, &why)) {
			*code = nt_command_misused(&nt_command_plan, "--at: %s",
			                           why != NULL ? why : "must be a time such as 2026-12-01T09:00:00Z");
			return false;
		}
		if (!has_offset)
			job->now = nt_civil_utc(&civil);
	} else if (clock_kept == NULL || strcmp(clock_kept, "real") == 0) {
		struct nt_clock *clock = nt_clock_new_real();

		job->now = nt_clock_now(clock);
		nt_clock_free(clock);
	}
	job->now = nt_time_later(job->now, last);
	return true;
}

static bool read_rules(struct job *job, int *code)
{
	char *why = NULL;

	job->program = nt_ruleset_load_content(&job->ruleset, job->options->folder, job->diags, job->content, &why);
	if (job->program == NULL)
		*code = why != NULL ? nt_command_failed(&nt_command_plan, "%s", why) : NT_EXIT_WRONG;
	g_free(why);
	return job->program != NULL;
}

static struct nt_program *older_program(void *user, const char *hash)
{
	struct job *job = user;
	char *why = NULL;
	struct nt_program *program = nt_ruleset_load_kept(&job->ruleset, job->store, hash, &why);

	g_free(why);
	return program;
}

static const struct nt_plan *make(struct job *job, int *code)
{
	struct nt_progress progress = { .one = "lead", .many = "leads" };
	struct nt_planning planning = { .store = job->store, .base = job->base, .program = job->program,
		                        .now = job->now, .older_program = older_program, .older_user = job };
	const struct nt_plan *plan;
	const char *why = NULL;

	if (nt_progress_wanted()) {
		planning.progress = nt_progress_show;
		planning.user = &progress;
	}
	plan = nt_plan_make(job->arena, &planning, &why);
	nt_progress_end(&progress);
	if (plan == NULL)
		*code = nt_command_failed(&nt_command_plan, "%s", why);
	return plan;
}

static void print(FILE *to, const GString *text)
{
	fwrite(text->str, 1, text->len, to);
}

static int draw(const struct job *job, const struct nt_plan *plan)
{
	GString *dot = g_string_new(NULL);
	char *why = NULL;
	int code = NT_EXIT_FINE;

	nt_plan_picture(plan, dot);
	nt_drawing_write(dot->str, nt_drawing_format(job->options->picture), job->options->picture, &why);
	if (why != NULL)
		code = nt_command_failed(&nt_command_plan, "%s", why);
	g_free(why);
	g_string_free(dot, TRUE);
	return code;
}

/* A plan that demands something isn't written: there is nothing to apply. */
static int write_file(const struct job *job, const struct nt_plan *plan, const GString *json)
{
	int code = NT_EXIT_FINE;

	if (plan->n_demands == 0)
		nt_command_write(&nt_command_plan, job->options->output, json, &code);
	return code;
}

static int show(struct job *job, const struct nt_plan *plan)
{
	const struct options *options = job->options;
	GString *json = g_string_new(NULL), *text = g_string_new(NULL);
	char *folder = realpath(options->folder, NULL);
	int code = NT_EXIT_FINE, drawn = NT_EXIT_FINE;

	nt_plan_file_write(plan, folder != NULL ? folder : options->folder, job->content, json);
	if (options->json) {
		print(stdout, json);
	} else {
		nt_plan_print(plan, text);
		print(stdout, text);
	}
	if (options->picture != NULL)
		drawn = draw(job, plan);
	if (options->output != NULL)
		code = write_file(job, plan, json);
	nt_plan_report(plan, job->diags);
	free(folder);
	g_string_free(json, TRUE);
	g_string_free(text, TRUE);
	return MAX(code, drawn);
}

static int plan(struct job *job)
{
	const struct nt_plan *made;
	int code = NT_EXIT_FINE;
	GString *found;

	if (open_store(job, &code) && read_base(job, &code) && find_now(job, &code) && read_rules(job, &code) &&
	    (made = make(job, &code)) != NULL)
		code = show(job, made);
	if (code == NT_EXIT_FINE && nt_diags_errors(job->diags) > 0)
		code = NT_EXIT_WRONG;
	found = g_string_new(NULL);
	nt_diags_print(job->diags, found);
	print(job->options->json ? stderr : stdout, found);
	g_string_free(found, TRUE);
	return code;
}

static int run(int argc, char **argv)
{
	struct options options = { 0 };
	struct job job = { .options = &options };
	char *why = NULL;
	int code = NT_EXIT_FINE;

	if (!read_options(argc, argv, &options, &code))
		return code;
	if (!nt_ruleset_init(&job.ruleset, options.config, options.templates, &why)) {
		code = nt_command_failed(&nt_command_plan, "%s", why);
		g_free(why);
		return code;
	}
	job.arena = nt_arena_new();
	job.diags = nt_diags_new();
	code = plan(&job);
	nt_program_unref(job.base);
	nt_program_unref(job.program);
	if (job.store != NULL)
		job.store->ops->free(job.store);
	nt_diags_free(job.diags);
	nt_arena_free(job.arena);
	nt_ruleset_clear(&job.ruleset);
	return code;
}

const struct nt_command nt_command_plan = {
	.name = "plan",
	.usage = "plan [--config FILE] [--templates FOLDER] [--at TIME] [--json] [--picture FILE] "
		 "[--output PLANFILE] FOLDER",
	.help = "says what new rules would do to the leads of the live store: who moves, enters, leaves, what would be "
		"sent; nothing is changed; exits 1 when rules are wrong or steps need ids",
	.run = run,
};
