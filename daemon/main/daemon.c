#include "main/daemon_private.h"

#include "base/arena.h"
#include "base/bug.h"
#include "base/diag.h"
#include "base/text.h"
#include "channel/dispatcher.h"
#include "channel/links.h"
#include "channel/slots.h"
#include "engine/engine.h"
#include "http/api.h"
#include "main/channels.h"
#include "main/live.h"
#include "main/settings.h"
#include "os/calendar.h"
#include "os/clock.h"
#include "os/log.h"
#include "os/notify.h"
#include "os/zones.h"
#include "rules/archive.h"
#include "rules/load.h"
#include "rules/program.h"
#include "store/engine_thread.h"
#include "store/reader.h"

#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define HANDED_AT_ONCE 1000
#define IDLE_S 0.02 /* how often a stop looks whether the last request has been answered */
#define UMASK 027   /* what we write tells of people: nobody but our own group reads it */

/* ---- before there is anything to lose ---- */

static struct nt_settings *read_settings(const char *config)
{
	struct nt_diags *diags = nt_diags_new();
	struct nt_settings *settings = nt_settings_load(config, diags);
	GString *report = g_string_new(NULL);

	nt_diags_print(diags, report);
	fputs(report->str, stderr);
	g_string_free(report, TRUE);
	nt_diags_free(diags);
	return settings;
}

static struct nt_program *read_rules(const struct nt_settings *settings, const struct nt_zones *zones, GString *archive)
{
	GString *report = g_string_new(NULL);
	char content[65];
	struct nt_program *program = nt_daemon_read_rules(settings, zones, archive, content, report);

	fputs(report->str, stderr);
	g_string_free(report, TRUE);
	return program;
}

static const struct nt_zones *open_zones(void)
{
	char *why = NULL;
	const struct nt_zones *zones = nt_zones_open(NULL, &why);

	if (zones == NULL)
		nt_log(NT_LOG_ERROR, "time zones can't be read: is the package tzdata installed?", "why", why, NULL);
	g_free(why);
	return zones;
}

int nt_daemon_check(const char *config)
{
	struct nt_settings *settings = read_settings(config);
	const struct nt_zones *zones = settings != NULL ? open_zones() : NULL;
	GString *archive = g_string_new(NULL);
	struct nt_program *program = zones != NULL ? read_rules(settings, zones, archive) : NULL;
	int code = program != NULL ? 0 : 1;

	if (code == 0)
		printf("%s: configuration and rules are fine (%u %s)\n", config, program->n_campaigns,
		       nt_text_plural(program->n_campaigns, "campaign", "campaigns"));
	nt_program_unref(program);
	g_string_free(archive, TRUE);
	nt_zones_close(zones);
	nt_settings_free(settings);
	return code;
}

/* ---- the engine ---- */

/* An older version of the rules, from the sources that the store keeps. Called by the engine, on its thread. */
static struct nt_program *older_program(void *user, const char *hash)
{
	struct nt_daemon *daemon = user;
	struct nt_arena *arena = nt_arena_new();
	struct nt_diags *diags = nt_diags_new();
	struct nt_load_context context = { .zones = daemon->zones, .calendar_days = nt_calendar_days };
	struct nt_rule_set_files files;
	struct nt_program *program = NULL;
	struct nt_blob archive;
	nt_time at;

	if (daemon->store->ops->program_get(daemon->store, arena, hash, &archive, &at) == NT_STORE_OK &&
	    archive.bytes != NULL && nt_archive_unpack(arena, archive.bytes, archive.length, &files))
		program = nt_rules_load(&files, &context, diags);
	if (program == NULL)
		nt_log(NT_LOG_WARNING,
		       "an older version of the rules can't be read back: runs move to the new one by their steps' "
		       "names",
		       "program", hash, NULL);
	nt_diags_free(diags);
	nt_arena_free(arena);
	return program;
}

static bool start_engine(struct nt_daemon *daemon)
{
	struct nt_engine_options options = { .retry = nt_retry_default,
		                             .user = daemon,
		                             .older_program = older_program };
	const char *why = NULL;

	options.keep_log.months = (int32_t)daemon->settings->log_months;

	if (daemon->options.live) {
		options.observe = nt_live_observe;
		options.observe_rep = nt_live_observe_rep;
	}
	daemon->engine = nt_engine_new(daemon->store, daemon->program, &options, &why);
	if (daemon->engine == NULL)
		nt_log(NT_LOG_ERROR, "the store can't be used", "why", why, NULL);
	return daemon->engine != NULL;
}

/* ---- what the engine thread tells the loop ---- */

static void turned(void *user)
{
	struct nt_daemon *daemon = user;

	if (daemon->dispatcher != NULL)
		nt_dispatcher_turned(daemon->dispatcher);
}

static void trouble(void *user, int code, const char *message)
{
	(void)user;
	if (code == NT_STORE_OK) {
		nt_log(NT_LOG_NOTICE, "the store keeps things again", NULL);
		nt_notify_status("running");
	} else {
		nt_log(NT_LOG_ERROR, "the store can't keep anything: nothing is accepted or sent until it can", "why",
		       message, NULL);
		nt_notify_status("in trouble: the store can't keep anything");
	}
}

static void started_load(struct nt_request *request, void *user)
{
	(void)user;
	if (request->code != NT_ANSWER_OK) {
		nt_log(NT_LOG_WARNING, "the rules' sources couldn't be kept", "why", request->message_text, NULL);
		nt_program_unref(request->program);
	}
	nt_arena_free(request->arena);
}

/* ---- channels and doors ---- */

static void start_channels(struct nt_daemon *daemon)
{
	struct nt_dispatcher_options options = { .loop = daemon->loop, .clock = daemon->clock, .engine = daemon->thread,
		                                 .owner = daemon->owner, .slots = daemon->slots };
	struct nt_channel_house house;
	struct nt_channel_list list;

	daemon->links =
		nt_links_new(daemon->settings->public_url, daemon->settings->link_keys, daemon->settings->n_link_keys);
	daemon->dispatcher = nt_dispatcher_new(&options);
	nt_dispatcher_set_program(daemon->dispatcher, daemon->program);
	nt_dispatcher_house(daemon->dispatcher, daemon->links, &house);
	nt_channel_list_make(&list, daemon->settings, &house);
	for (unsigned i = 0; i < list.n; i++)
		nt_dispatcher_add(daemon->dispatcher, list.channels[i], list.limits[i]);
	nt_channel_list_clear(&list);
}

static bool start_api(struct nt_daemon *daemon)
{
	struct nt_api_options options = {
		.loop = daemon->loop,
		.clock = daemon->clock,
		.engine = daemon->thread,
		.reader = daemon->reader,
		.dispatcher = daemon->dispatcher,
		.links = daemon->links,
		.listen = daemon->settings->listen,
		.listen_fd = nt_notify_listen_fd(),
		.control = daemon->settings->socket,
		.tokens = daemon->settings->tokens,
		.n_tokens = daemon->settings->n_tokens,
		.inbound = daemon->settings->inbound,
		.n_inbound = daemon->settings->n_inbound,
		.body_limit = (size_t)daemon->settings->body_limit,
		.timeout_s = (unsigned)(daemon->settings->request_timeout_ms / 1000),
		.connections = (unsigned)daemon->settings->connections,
		.per_address = (unsigned)daemon->settings->per_address,
		.reload = nt_daemon_reload,
		.apply = nt_daemon_apply,
		.status = nt_daemon_status,
		.clock_set = nt_daemon_clock_set,
		.user = daemon,
	};
	char *why = NULL;

	daemon->api = nt_api_new(&options, &why);
	if (daemon->api == NULL) {
		nt_log(NT_LOG_ERROR, "the API can't start", "why", why, NULL);
		g_free(why);
		return false;
	}
	nt_api_set_program(daemon->api, daemon->program);
	return true;
}

static void settled(void *user, struct nt_settled counts)
{
	struct nt_daemon *daemon = user;

	daemon->settled = true;
	if (counts.released + counts.recorded + counts.in_doubt > 0) {
		char released[16], recorded[16], in_doubt[16];

		g_snprintf(released, sizeof released, "%u", counts.released);
		g_snprintf(recorded, sizeof recorded, "%u", counts.recorded);
		g_snprintf(in_doubt, sizeof in_doubt, "%u", counts.in_doubt);
		nt_log(NT_LOG_WARNING, "the last run was cut off: messages on the wire are settled", "to_send_again",
		       released, "answered", recorded, "in_doubt", in_doubt, NULL);
	}
	nt_notify_ready("running");
	nt_log(NT_LOG_NOTICE, "ready", NULL);
}

/* What an earlier process had on the wire, all of it; the engine thread doesn't run yet: the store is ours. */
static bool read_handed(struct nt_daemon *daemon, struct nt_arena *arena, GArray *rows)
{
	struct nt_outbox_row *some = nt_arena_array(arena, struct nt_outbox_row, HANDED_AT_ONCE);
	const char *after = "";
	unsigned n;

	do {
		if (daemon->store->ops->outbox_list(daemon->store, arena, NT_OUTBOX_HANDED, after, HANDED_AT_ONCE, some,
		                                    &n) != NT_STORE_OK) {
			nt_log(NT_LOG_ERROR, "the store can't be read", "why", daemon->store->ops->error(daemon->store),
			       NULL);
			return false;
		}
		g_array_append_vals(rows, some, n);
		after = n > 0 ? some[n - 1].message.id : after;
	} while (n == HANDED_AT_ONCE);
	return true;
}

static void start_engine_thread(struct nt_daemon *daemon)
{
	struct nt_engine_thread_options options = { .store = daemon->store,
		                                    .engine = daemon->engine,
		                                    .clock = daemon->clock,
		                                    .loop = daemon->loop,
		                                    .turned = turned,
		                                    .trouble = trouble,
		                                    .user = daemon };

	daemon->thread = nt_engine_thread_start(&options);
}

/* The doors before the first claim: if they can't be opened, nothing may have been handed to a channel. */
static bool open_for_business(struct nt_daemon *daemon)
{
	struct nt_arena *arena = nt_arena_new();
	GArray *handed = g_array_new(FALSE, FALSE, sizeof(struct nt_outbox_row));
	bool good = read_handed(daemon, arena, handed);

	if (good) {
		start_engine_thread(daemon);
		start_channels(daemon);
		good = start_api(daemon);
	}
	if (good)
		nt_dispatcher_settle(daemon->dispatcher, (const struct nt_outbox_row *)(const void *)handed->data,
		                     handed->len, settled, daemon);
	g_array_free(handed, TRUE);
	nt_arena_free(arena);
	return good;
}

/* ---- signals and stopping ---- */

static void end_loop(struct nt_daemon *daemon)
{
	ev_break(daemon->loop, EVBREAK_ALL);
}

static void drained(void *user)
{
	struct nt_daemon *daemon = user;

	daemon->drained = true;
	ev_timer_again(daemon->loop, &daemon->idle);
}

/* Messages are home; requests that were still being read get their answers too. */
static void check_idle(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct nt_daemon *daemon = timer->data;

	(void)loop;
	(void)events;
	if (nt_api_idle(daemon->api))
		end_loop(daemon);
}

static void limit_reached(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct nt_daemon *daemon = timer->data;

	(void)loop;
	(void)events;
	nt_log(NT_LOG_WARNING,
	       daemon->drained ? "some requests never arrived whole: they are dropped"
	                       : "some messages are still on the wire: the next start settles them",
	       NULL);
	daemon->stopped_hard = !daemon->drained;
	end_loop(daemon);
}

static void stop(struct ev_loop *loop, ev_signal *signal, int events)
{
	struct nt_daemon *daemon = signal->data;

	(void)events;
	if (daemon->stopping)
		return;
	daemon->stopping = true;
	nt_log(NT_LOG_NOTICE, "stopping: what is on the wire is finished", NULL);
	nt_notify_stopping("finishing what is on the wire");
	nt_api_quiesce(daemon->api);
	ev_timer_set(&daemon->stop_limit, (double)daemon->settings->stop_limit_ms / 1000.0, 0.);
	ev_timer_start(loop, &daemon->stop_limit);
	nt_dispatcher_drain(daemon->dispatcher, drained, daemon);
}

static void reload(struct ev_loop *loop, ev_signal *signal, int events)
{
	(void)loop;
	(void)events;
	nt_daemon_reload_signal(signal->data);
}

static void watch_signals(struct nt_daemon *daemon)
{
	const struct sigaction ignored = { .sa_handler = SIG_IGN };

	sigaction(SIGPIPE, &ignored, NULL);
	ev_signal_init(&daemon->on_term, stop, SIGTERM);
	ev_signal_init(&daemon->on_int, stop, SIGINT);
	ev_signal_init(&daemon->on_hup, reload, SIGHUP);
	daemon->on_term.data = daemon->on_int.data = daemon->on_hup.data = daemon;
	ev_signal_start(daemon->loop, &daemon->on_term);
	ev_signal_start(daemon->loop, &daemon->on_int);
	ev_signal_start(daemon->loop, &daemon->on_hup);
	ev_timer_init(&daemon->stop_limit, limit_reached, 0., 0.);
	ev_timer_init(&daemon->idle, check_idle, IDLE_S, IDLE_S);
	daemon->stop_limit.data = daemon->idle.data = daemon;
}

static int alive(void *user)
{
	struct nt_daemon *daemon = user;

	/* The loop turns, or we weren't here. Trouble with the disk is no reason to be killed: nothing would be better
	 * after it. */
	return daemon->loop != NULL;
}

/* ---- life ---- */

static void open_clock(struct nt_daemon *daemon)
{
	const struct nt_daemon_options *options = &daemon->options;
	struct nt_clock *real = nt_clock_new_real();
	nt_time start = options->clock_start != NT_NO_TIME ? options->clock_start : nt_clock_now(real);

	if (options->clock_manual)
		daemon->clock = nt_clock_new_manual(start);
	else if (options->clock_speed > 0)
		daemon->clock = nt_clock_new_fast(start, options->clock_speed);
	else
		daemon->clock = real;
	if (daemon->clock != real)
		nt_clock_free(real);
}

static bool open_slots(struct nt_daemon *daemon)
{
	char *path = g_strconcat(daemon->settings->store_path, ".slots", NULL), *why = NULL;

	daemon->slots = nt_slots_open(path, NT_CHANNEL_SLOTS, &why);
	if (daemon->slots == NULL)
		nt_log(NT_LOG_ERROR, "the slot file can't be made", "why", why, NULL);
	g_free(why);
	g_free(path);
	return daemon->slots != NULL;
}

static bool start_reader(struct nt_daemon *daemon)
{
	char *why = NULL;

	daemon->reader = nt_reader_start(daemon->loop, daemon->settings->store_path, &why);
	if (daemon->reader == NULL)
		nt_log(NT_LOG_ERROR, "the store can't be read", "why", why, NULL);
	g_free(why);
	return daemon->reader != NULL;
}

/* In this order: nothing is opened before the rules are known to be good; the store before whoever uses it; the doors
 * last, so that the first request finds a house that works. */
static bool come_up(struct nt_daemon *daemon)
{
	GString *archive = g_string_new(NULL);
	bool up;

	open_clock(daemon);
	up = (daemon->settings = read_settings(daemon->options.config)) != NULL &&
	     (daemon->zones = open_zones()) != NULL &&
	     (daemon->program = read_rules(daemon->settings, daemon->zones, archive)) != NULL &&
	     nt_daemon_open_store(daemon) && open_slots(daemon) && start_engine(daemon) &&
	     start_reader(daemon);
	if (up) {
		watch_signals(daemon);
		up = open_for_business(daemon);
	}
	if (up) {
		nt_daemon_post_load(daemon, daemon->program, archive, started_load);
		nt_notify_watchdog_start(daemon->loop, alive, daemon);
	}
	g_string_free(archive, TRUE);
	return up;
}

/* The other way round. What is still on the wire after the limit stays handed: worker threads can't be stopped, the
 * process is. */
static void go_down(struct nt_daemon *daemon)
{
	nt_notify_watchdog_stop(daemon->loop);
	nt_reader_stop(daemon->reader);
	nt_engine_thread_stop(daemon->thread);
	nt_api_free(daemon->api); /* after these two: their last answers go out through it */
	if (daemon->stopped_hard) {
		daemon->store->ops->free(daemon->store);
		fflush(NULL);
		_exit(daemon->exit_code);
	}
	nt_dispatcher_free(daemon->dispatcher);
	nt_engine_free(daemon->engine);
	if (daemon->store != NULL)
		daemon->store->ops->free(daemon->store);
	nt_slots_free(daemon->slots);
	nt_links_free(daemon->links);
	nt_links_free(daemon->old_links);
	nt_program_unref(daemon->program);
	nt_settings_free(daemon->settings);
	nt_settings_free(daemon->old_settings);
	nt_zones_close(daemon->zones);
	nt_clock_free(daemon->clock);
	if (daemon->lock >= 0)
		close(daemon->lock);
	g_free(daemon->owner);
	g_free(daemon->last_reload);
	ev_loop_destroy(daemon->loop);
	g_free(daemon);
}

int nt_daemon_run(const struct nt_daemon_options *options)
{
	struct nt_daemon *daemon = g_new0(struct nt_daemon, 1);
	int code;

	umask(UMASK);
	daemon->options = *options;
	daemon->lock = -1;
	daemon->loop = ev_default_loop(EVFLAG_AUTO);
	daemon->exit_code = come_up(daemon) ? 0 : 1;
	if (daemon->exit_code == 0)
		ev_run(daemon->loop, 0);
	code = daemon->exit_code;
	if (code == 0)
		nt_log(NT_LOG_NOTICE, daemon->drained ? "stopped" : "stopped before everything was finished", NULL);
	go_down(daemon);
	return code;
}
