/* How the daemon is: for probes and for Prometheus (text format 0.0.4). */
#include "http/route.h"

#include "base/json.h"
#include "channel/dispatcher.h"
#include "config.h"
#include "http/server.h"
#include "os/clock.h"
#include "store/engine_thread.h"

#include <inttypes.h>

void nt_health_get(struct nt_exchange *x)
{
	struct nt_engine_view view = nt_engine_thread_view(x->api->options.engine);
	struct nt_json_writer w;

	nt_exchange_json(x, view.trouble == NULL ? 200 : 503, &w);
	nt_json_put_text(&w, "status", view.trouble == NULL ? "ok" : "trouble");
	if (view.trouble != NULL)
		nt_json_put_text(&w, "message", view.trouble);
	nt_exchange_json_end(&w);
}

static void put(GString *out, const char *name, const char *type, const char *help, uint64_t value)
{
	g_string_append_printf(out, "# HELP nurtured_%s %s\n# TYPE nurtured_%s %s\nnurtured_%s %" PRIu64 "\n", name,
	                       help, name, type, name, value);
}

/* Label values are channel names from the configuration; quotes and the like are escaped all the same. */
static void put_label(GString *out, const char *value)
{
	for (; *value != '\0'; value++) {
		if (*value == '\\' || *value == '"')
			g_string_append_c(out, '\\');
		if (*value == '\n')
			g_string_append(out, "\\n");
		else
			g_string_append_c(out, *value);
	}
}

static void put_channels(GString *out, const struct nt_dispatcher_counters *all, unsigned n, const char *name,
                         const char *type, const char *help, size_t offset)
{
	if (n == 0)
		return;
	g_string_append_printf(out, "# HELP nurtured_channel_%s %s\n# TYPE nurtured_channel_%s %s\n", name, help, name,
	                       type);
	for (unsigned i = 0; i < n; i++) {
		const char *at = (const char *)&all[i] + offset;
		uint64_t value = offset == offsetof(struct nt_dispatcher_counters, on_the_wire) ?
		                         all[i].on_the_wire :
		                         *(const uint64_t *)(const void *)at;

		g_string_append_printf(out, "nurtured_channel_%s{channel=\"", name);
		put_label(out, all[i].channel);
		g_string_append_printf(out, "\"} %" PRIu64 "\n", value);
	}
}

static void put_engine(GString *out, const struct nt_engine_view *view)
{
	const struct nt_engine_counters *c = &view->counters;

	put(out, "healthy", "gauge", "1 while the store keeps what it is given.", view->trouble == NULL);
	put(out, "inputs_total", "counter", "Events, changes and other inputs taken.", c->inputs);
	put(out, "duplicates_total", "counter", "Events that had come before.", c->duplicates);
	put(out, "rejected_total", "counter", "Requests refused as invalid.", c->rejected);
	put(out, "steps_total", "counter", "Steps of leads.", c->steps);
	put(out, "evaluations_total", "counter", "Conditions that steps have asked.", c->evaluations);
	put(out, "commits_total", "counter", "Transactions of the store.", c->commits);
	put(out, "released_total", "counter", "Messages released to the outbox.", c->released);
	put(out, "skipped_total", "counter", "Messages that were due and not released.", c->skipped);
	put(out, "timers_late_total", "counter", "Timers that ran after their time.", c->timers_late);
	put(out, "tasks_done_total", "counter", "Tasks of reps marked done.", c->tasks_done);
	put(out, "tasks_open", "gauge", "Tasks of reps that are open.", view->tasks_open);
	put(out, "tasks_overdue", "gauge", "Of these, those whose time has passed.", view->tasks_overdue);
	put(out, "waiting", "gauge", "Requests that the engine hasn't taken yet.", view->waiting);
	put(out, "touching", "gauge", "1 while leads are moved to newly loaded rules.", view->touching);
}

static void put_http(GString *out, const struct nt_api *api)
{
	g_string_append(out, "# HELP nurtured_http_answers_total HTTP answers by class of status.\n"
	                     "# TYPE nurtured_http_answers_total counter\n");
	for (unsigned i = 2; i < G_N_ELEMENTS(api->answers); i++)
		g_string_append_printf(out, "nurtured_http_answers_total{class=\"%uxx\"} %" PRIu64 "\n", i,
		                       api->answers[i]);
	put(out, "requests_posted", "gauge", "Parts of HTTP requests that the engine hasn't answered yet.",
	    api->posted);
	put(out, "http_connections", "gauge", "Open connections.",
	    nt_server_connections(api->tcp) + nt_server_connections(api->control));
}

static void put_build(GString *out)
{
	g_string_append(out, "# HELP nurtured_build_info Which nurtured this is.\n# TYPE nurtured_build_info gauge\n"
	                     "nurtured_build_info{version=\"" PACKAGE_VERSION "\"} 1\n");
}

#define CHANNELS_MOST 256

void nt_metrics_get(struct nt_exchange *x)
{
	struct nt_engine_view view = nt_engine_thread_view(x->api->options.engine);
	GString *out = nt_exchange_begin(x, 200, "text/plain; version=0.0.4; charset=utf-8");
	struct nt_dispatcher_counters channels[CHANNELS_MOST];
	unsigned n = x->api->options.dispatcher == NULL ? 0 :
	             nt_dispatcher_counters(x->api->options.dispatcher, channels, CHANNELS_MOST);

#define CHANNEL(name, type, help, field)                                                                               \
	put_channels(out, channels, MIN(n, CHANNELS_MOST), name, type, help,                                           \
	             offsetof(struct nt_dispatcher_counters, field))
	put_build(out);
	put_engine(out, &view);
	CHANNEL("handed_total", "counter", "Messages handed to the channel.", handed);
	CHANNEL("accepted_total", "counter", "Messages that the relay or gateway took.", accepted);
	CHANNEL("temporary_total", "counter", "Tries that failed for now.", temporary);
	CHANNEL("refused_total", "counter", "Messages refused for good.", refused);
	CHANNEL("in_doubt_total", "counter", "Messages cut off between body and answer.", in_doubt);
	CHANNEL("on_the_wire", "gauge", "Messages being sent now.", on_the_wire);
#undef CHANNEL
	put_http(out, x->api);
	g_string_append_printf(
		out,
		"# HELP nurtured_clock_seconds What the daemon's clock shows.\n# TYPE nurtured_clock_seconds gauge\n"
		"nurtured_clock_seconds %.3f\n",
		(double)nt_clock_now(x->api->options.clock) / 1000);
}
