#include "main/daemon_private.h"

#include "base/civil.h"
#include "base/json.h"
#include "channel/dispatcher.h"
#include "config.h"
#include "http/api.h"
#include "main/settings.h"
#include "os/clock.h"
#include "rules/program.h"
#include "store/engine_thread.h"

static void put_channels(struct nt_json_writer *w, const struct nt_daemon *daemon)
{
	struct nt_dispatcher_counters counters[64];
	unsigned n = nt_dispatcher_counters(daemon->dispatcher, counters, G_N_ELEMENTS(counters));

	nt_json_array(w, "channels");
	for (unsigned i = 0; i < n; i++) {
		nt_json_object(w, NULL);
		nt_json_put_text(w, "channel", counters[i].channel);
		nt_json_put_int(w, "on_the_wire", counters[i].on_the_wire);
		nt_json_put_int(w, "handed", (int64_t)counters[i].handed);
		nt_json_put_int(w, "accepted", (int64_t)counters[i].accepted);
		nt_json_put_int(w, "temporary", (int64_t)counters[i].temporary);
		nt_json_put_int(w, "refused", (int64_t)counters[i].refused);
		nt_json_put_int(w, "in_doubt", (int64_t)counters[i].in_doubt);
		nt_json_put_time(w, "held_until", counters[i].held_until);
		nt_json_end_object(w);
	}
	nt_json_end_array(w);
}

/* Splits with best_by: what each arm has brought, and what it gets. */
static void put_splits(struct nt_json_writer *w, struct nt_daemon *daemon)
{
	GString *splits = g_string_new(NULL);

	nt_engine_thread_splits(daemon->thread, splits);
	nt_json_put_raw(w, "splits", splits->str);
	g_string_free(splits, TRUE);
}

static void put_alarms(struct nt_json_writer *w, struct nt_daemon *daemon, const struct nt_engine_view *view,
                       nt_time now)
{
	nt_json_array(w, "alarms");
	if (view->trouble != NULL)
		nt_json_put_text(w, NULL, view->trouble);
	if (nt_clock_held(daemon->clock) > 0)
		nt_json_put_text(w, NULL,
		                 "the machine's clock has jumped ahead: time is held until it has stayed there for a "
		                 "minute");
	if (view->now != NT_NO_TIME && view->now > now + NT_MINUTE)
		nt_json_put_text(w, NULL,
		                 "the machine's clock is behind the last instant that was stored: time stands still "
		                 "until it catches up");
	nt_json_end_array(w);
}

/* Nothing will happen until the clock moves on or something comes in. */
static bool is_quiet(struct nt_daemon *daemon, const struct nt_engine_view *view, nt_time now)
{
	return view->trouble == NULL && view->unanswered == 0 && view->due > now && !view->touching &&
	       !daemon->reloading && nt_dispatcher_quiet(daemon->dispatcher);
}

void nt_daemon_status(void *user, GString *out)
{
	static const char *const clocks[] = { "real", "fast", "manual" };
	struct nt_daemon *daemon = user;
	struct nt_engine_view view = nt_engine_thread_view(daemon->thread);
	nt_time now = nt_clock_now(daemon->clock);
	struct nt_json_writer w;

	nt_json_begin(&w, out);
	nt_json_object(&w, NULL);
	nt_json_put_text(&w, "version", PACKAGE_VERSION);
	nt_json_put_text(&w, "state",
	                 daemon->stopping       ? "stopping"
	                 : !daemon->settled     ? "starting"
	                 : view.trouble != NULL ? "in trouble"
	                                        : "running");
	nt_json_put_text(&w, "clock", clocks[nt_clock_kind(daemon->clock)]);
	nt_json_put_time(&w, "now", now);
	nt_json_put_time(&w, "last_instant", view.now > NT_TIME_MIN ? view.now : NT_NO_TIME);
	nt_json_put_time(&w, "next_timer", view.due);
	nt_json_put_time(&w, "next_try", nt_dispatcher_next(daemon->dispatcher));
	nt_json_put_bool(&w, "quiet", is_quiet(daemon, &view, now));
	nt_json_put_int(&w, "port", nt_api_port(daemon->api));
	nt_json_put_text(&w, "program", daemon->program->hash);
	nt_json_put_text(&w, "rules", daemon->settings->rules);
	nt_json_put_text(&w, "last_reload", daemon->last_reload);
	nt_json_put_bool(&w, "applying_new_rules", view.touching || daemon->reloading);
	nt_json_put_int(&w, "waiting", view.waiting);
	nt_json_put_int(&w, "inputs", (int64_t)view.counters.inputs);
	nt_json_put_int(&w, "duplicates", (int64_t)view.counters.duplicates);
	nt_json_put_int(&w, "steps", (int64_t)view.counters.steps);
	nt_json_put_int(&w, "evaluations", (int64_t)view.counters.evaluations);
	nt_json_put_int(&w, "commits", (int64_t)view.counters.commits);
	nt_json_put_int(&w, "released", (int64_t)view.counters.released);
	nt_json_put_int(&w, "skipped", (int64_t)view.counters.skipped);
	nt_json_put_int(&w, "tasks_open", view.tasks_open);
	nt_json_put_int(&w, "tasks_overdue", view.tasks_overdue);
	put_channels(&w, daemon);
	put_splits(&w, daemon);
	put_alarms(&w, daemon, &view, now);
	nt_json_end_object(&w);
	g_string_append_c(out, '\n');
}

bool nt_daemon_clock_set(void *user, nt_time t, GString *out)
{
	struct nt_daemon *daemon = user;

	if (!nt_clock_set(daemon->clock, t)) {
		g_string_append(out, nt_clock_kind(daemon->clock) == NT_CLOCK_MANUAL
		                             ? "the clock only moves forwards"
		                             : "only a daemon started with --clock-manual has a clock to set");
		return false;
	}
	nt_engine_thread_wake(daemon->thread);
	nt_dispatcher_clock_moved(daemon->dispatcher);
	return true;
}
