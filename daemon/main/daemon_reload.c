#include "main/daemon_private.h"

#include "base/arena.h"
#include "base/diag.h"
#include "channel/links.h"
#include "http/api.h"
#include "main/channels.h"
#include "main/settings.h"
#include "os/calendar.h"
#include "os/folder.h"
#include "os/log.h"
#include "os/notify.h"
#include "rules/archive.h"
#include "rules/content.h"
#include "rules/load.h"
#include "rules/program.h"
#include "store/engine_thread.h"

#include <stdlib.h>
#include <string.h>

#define RELOAD_LATER_S 0.2

struct nt_program *nt_daemon_read_rules(const struct nt_settings *settings, const struct nt_zones *zones,
                                        GString *archive, char content[65], GString *report)
{
	struct nt_load_context context = { .zones = zones, .channels = nt_settings_channel_names(settings),
		                           .webhooks = nt_settings_webhook_names(settings),
		                           .calendar_days = nt_calendar_days };
	struct nt_diags *diags;
	struct nt_program *program;
	struct nt_folder *folder;
	char *why = NULL;
	int code;

	folder = nt_folder_read(settings->rules, settings->templates, &code, &why);
	if (folder == NULL) {
		g_string_append_printf(report, "%s\n", why);
		g_free(why);
		return NULL;
	}
	nt_content_hash(&folder->files, content);
	diags = nt_diags_new();
	program = nt_rules_load(&folder->files, &context, diags);
	nt_diags_print(diags, report);
	if (program != NULL)
		nt_archive_pack(&folder->files, archive);
	nt_diags_free(diags);
	nt_folder_free(folder);
	return program;
}

void nt_daemon_post_load(struct nt_daemon *daemon, struct nt_program *program, const GString *archive,
                         void (*done)(struct nt_request *request, void *user))
{
	struct nt_arena *arena = nt_arena_new();
	struct nt_request *request = nt_arena_new0(arena, struct nt_request);

	request->arena = arena;
	request->kind = NT_REQUEST_LOAD;
	request->program = nt_program_ref(program);
	request->archive =
		(struct nt_blob){ .bytes = nt_arena_copy(arena, archive->str, archive->len), .length = archive->len };
	request->done = done;
	request->user = daemon;
	nt_engine_thread_post(daemon->thread, request);
}

static void note(struct nt_daemon *daemon, const char *text)
{
	g_free(daemon->last_reload);
	daemon->last_reload = g_strdup(text);
}

/* What an earlier reload replaced goes when its channels have gone. */
static void free_old(struct nt_daemon *daemon)
{
	nt_settings_free(daemon->old_settings);
	nt_links_free(daemon->old_links);
	daemon->old_settings = NULL;
	daemon->old_links = NULL;
}

static void take_settings(struct nt_daemon *daemon, struct nt_settings *settings)
{
	struct nt_channel_house house;
	struct nt_channel_list list;

	if (strcmp(settings->fingerprint, daemon->settings->fingerprint) == 0) {
		nt_settings_free(settings);
		return;
	}
	free_old(daemon);
	daemon->old_settings = daemon->settings;
	daemon->old_links = daemon->links;
	daemon->settings = settings;
	daemon->links = nt_links_new(settings->public_url, settings->link_keys, settings->n_link_keys);
	nt_dispatcher_house(daemon->dispatcher, daemon->links, &house);
	nt_channel_list_make(&list, settings, &house);
	nt_dispatcher_replace(daemon->dispatcher, list.channels, list.limits, list.n);
	nt_channel_list_clear(&list);
	nt_api_set_links(daemon->api, daemon->links);
	nt_api_set_inbound(daemon->api, settings->inbound, settings->n_inbound);
	nt_api_set_tokens(daemon->api, settings->tokens, settings->n_tokens);
}

static void loaded(struct nt_request *request, void *user)
{
	struct nt_daemon *daemon = user;
	bool good = request->code == NT_ANSWER_OK;

	daemon->reloading = false;
	if (good && daemon->stopping) {
		/* The next start reads them: no channel is opened any more. */
		nt_program_unref(daemon->loading);
		nt_settings_free(daemon->loading_settings);
	} else if (good) {
		nt_program_unref(daemon->program);
		daemon->program = daemon->loading;
		take_settings(daemon, daemon->loading_settings);
		nt_dispatcher_set_program(daemon->dispatcher, daemon->program);
		nt_api_set_program(daemon->api, daemon->program);
		nt_log(NT_LOG_NOTICE, "rules loaded", "program", daemon->program->hash, NULL);
		note(daemon, "loaded");
	} else {
		nt_program_unref(request->program); /* not taken over */
		nt_program_unref(daemon->loading);
		nt_settings_free(daemon->loading_settings);
		nt_log(NT_LOG_ERROR, "rules not loaded: the old ones go on", "why", request->message_text, NULL);
		note(daemon, "the store couldn't keep the new rules: the old ones go on");
	}
	daemon->loading = NULL;
	daemon->loading_settings = NULL;
	nt_arena_free(request->arena);
	if (!daemon->stopping)
		nt_notify_ready("running");
}

enum attempt { UNDER_WAY, WRONG, LATER };

static bool doors_differ(const struct nt_settings *a, const struct nt_settings *b)
{
	return strcmp(a->store_path, b->store_path) != 0 || g_strcmp0(a->listen, b->listen) != 0 ||
	       strcmp(a->socket, b->socket) != 0;
}

/* A plan holds for the rules, the load and the configuration that it was made for. */
static bool still_runs(struct nt_daemon *daemon, const struct nt_api_plan *plan, GString *out)
{
	nt_time loaded = nt_engine_thread_view(daemon->thread).loaded;

	if (strcmp(daemon->program->hash, plan->base) != 0 || loaded != plan->loaded)
		g_string_append(out, "the daemon has loaded other rules since the plan was made: plan anew\n");
	else if (strcmp(daemon->loading_settings->fingerprint, daemon->settings->fingerprint) != 0)
		g_string_append(out, "the configuration has changed since the daemon read it: 'nurturectl reload' "
		                     "first, then plan anew\n");
	else
		return true;
	return false;
}

static bool is_planned(const struct nt_daemon *daemon, const struct nt_api_plan *plan, const char *content,
                       GString *out)
{
	const char *rules = daemon->loading_settings->rules;
	char *real = realpath(rules, NULL);
	bool same_folder = g_strcmp0(real, plan->folder) == 0;

	free(real);
	if (strcmp(content, plan->content) == 0)
		return true;
	if (same_folder)
		g_string_append_printf(out, "what stands in %s (or its templates) isn't what was planned: plan anew\n",
		                       rules);
	else
		g_string_append_printf(out,
		                       "the plan is of %s, and %s holds something else: bring those files there, then "
		                       "apply the plan again\n",
		                       plan->folder, rules);
	return false;
}

static void read_loading(struct nt_daemon *daemon, const struct nt_api_plan *plan, GString *archive, GString *out)
{
	char content[65] = "";

	daemon->loading = nt_daemon_read_rules(daemon->loading_settings, daemon->zones, archive, content, out);
	if (daemon->loading != NULL && plan != NULL && !is_planned(daemon, plan, content, out))
		g_clear_pointer(&daemon->loading, nt_program_unref);
}

/* Everything is read and checked aside; nothing is touched until all of it is good. `plan` NULL: whatever there is. */
static enum attempt prepare(struct nt_daemon *daemon, const struct nt_api_plan *plan, GString *archive, GString *out)
{
	struct nt_diags *diags = nt_diags_new();
	enum attempt attempt = WRONG;

	daemon->loading_settings = nt_settings_load(daemon->options.config, diags);
	nt_diags_print(diags, out);
	nt_diags_free(diags);
	if (daemon->loading_settings == NULL)
		return WRONG;
	if (doors_differ(daemon->loading_settings, daemon->settings)) {
		g_string_append(out, "'store', 'listen' and 'socket' can't change while the daemon runs: restart it\n");
	} else if (strcmp(daemon->loading_settings->fingerprint, daemon->settings->fingerprint) != 0 &&
	           nt_dispatcher_leaving(daemon->dispatcher)) {
		g_string_append(out, "channels that the last reload replaced still have messages on the wire: try "
		                     "again in a moment\n");
		attempt = LATER;
	} else if (plan == NULL || still_runs(daemon, plan, out)) {
		read_loading(daemon, plan, archive, out);
		attempt = daemon->loading != NULL ? UNDER_WAY : WRONG;
	}
	if (attempt != UNDER_WAY) {
		nt_settings_free(daemon->loading_settings);
		daemon->loading_settings = NULL;
	}
	return attempt;
}

static enum attempt reload(struct nt_daemon *daemon, const struct nt_api_plan *plan, GString *out)
{
	GString *archive;
	enum attempt attempt;

	if (daemon->reloading || daemon->stopping) {
		g_string_append(out, daemon->stopping ? "the daemon is stopping\n"
		                                      : "a reload is under way: try again in a moment\n");
		return daemon->stopping ? WRONG : LATER;
	}
	nt_notify_reloading();
	archive = g_string_new(NULL);
	attempt = prepare(daemon, plan, archive, out);
	if (attempt == UNDER_WAY) {
		daemon->reloading = true;
		nt_daemon_post_load(daemon, daemon->loading, archive, loaded);
	} else if (attempt == LATER) {
		nt_notify_ready("running");
	} else {
		nt_log(NT_LOG_ERROR, "reload refused, nothing has changed", "why", out->str, NULL);
		note(daemon, out->str);
		nt_notify_ready("running; the last reload was refused");
	}
	g_string_free(archive, TRUE);
	return attempt;
}

bool nt_daemon_reload(void *user, GString *out)
{
	return reload(user, NULL, out) == UNDER_WAY;
}

bool nt_daemon_apply(void *user, const struct nt_api_plan *plan, GString *out)
{
	return reload(user, plan, out) == UNDER_WAY;
}

/* A signal has nobody who could try again. */
static void reload_now_or_later(struct nt_daemon *daemon)
{
	GString *out = g_string_new(NULL);

	if (reload(daemon, NULL, out) == LATER) {
		ev_timer_set(&daemon->reload_later, RELOAD_LATER_S, 0.);
		ev_timer_start(daemon->loop, &daemon->reload_later);
	}
	g_string_free(out, TRUE);
}

static void try_again(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)loop;
	(void)events;
	reload_now_or_later(timer->data);
}

void nt_daemon_reload_signal(struct nt_daemon *daemon)
{
	ev_timer_stop(daemon->loop, &daemon->reload_later);
	ev_timer_init(&daemon->reload_later, try_again, RELOAD_LATER_S, 0.);
	daemon->reload_later.data = daemon;
	reload_now_or_later(daemon);
}
