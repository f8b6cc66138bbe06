/* What only the control socket is asked. */
#include "http/route.h"

#include "base/civil.h"
#include "base/json.h"
#include "config.h"
#include "http/server.h"
#include "os/clock.h"
#include "os/log.h"
#include "rules/program.h"
#include "store/engine_thread.h"

#include <string.h>

static void cannot(struct nt_exchange *x, const char *what)
{
	nt_exchange_error(x, 501, NULL, "this daemon can't %s", what);
}

/* The callee has answered in `text`, or says why not. */
static void pass_on(struct nt_exchange *x, bool fine, GString *text)
{
	if (fine)
		g_string_append(nt_exchange_begin(x, 200, "application/json"), text->str);
	else
		nt_exchange_error(x, 409, NULL, "%s", text->str);
	g_string_free(text, TRUE);
}

void nt_control_reload(struct nt_exchange *x)
{
	GString *text;

	if (x->api->options.reload == NULL) {
		cannot(x, "reload");
		return;
	}
	nt_log(NT_LOG_NOTICE, "reload asked for", "by", x->caller.cause, NULL);
	text = g_string_new(NULL);
	pass_on(x, x->api->options.reload(x->api->options.user, text), text);
}

static void put_time(struct nt_json_writer *w, const char *key, nt_time t)
{
	GString *text;

	if (t == NT_NEVER || t == NT_NO_TIME) {
		nt_json_put_null(w, key);
		return;
	}
	text = g_string_new(NULL);
	nt_time_print_utc(t, text);
	nt_json_put_text(w, key, text->str);
	g_string_free(text, TRUE);
}

static void put_clock(struct nt_json_writer *w, struct nt_clock *clock)
{
	static const char *const kinds[] = { [NT_CLOCK_REAL] = "real", [NT_CLOCK_FAST] = "fast", [NT_CLOCK_MANUAL] = "manual" };

	nt_json_put_text(w, "clock", kinds[nt_clock_kind(clock)]);
	nt_json_put_int(w, "clock_held_ms", nt_clock_held(clock));
	put_time(w, "now", nt_clock_now(clock));
}

static void put_counters(struct nt_json_writer *w, const struct nt_engine_counters *c)
{
	nt_json_object(w, "counters");
	nt_json_put_int(w, "inputs", (int64_t)c->inputs);
	nt_json_put_int(w, "duplicates", (int64_t)c->duplicates);
	nt_json_put_int(w, "rejected", (int64_t)c->rejected);
	nt_json_put_int(w, "steps", (int64_t)c->steps);
	nt_json_put_int(w, "commits", (int64_t)c->commits);
	nt_json_put_int(w, "released", (int64_t)c->released);
	nt_json_put_int(w, "skipped", (int64_t)c->skipped);
	nt_json_end_object(w);
}

void nt_control_status(struct nt_exchange *x)
{
	struct nt_api *api = x->api;
	struct nt_engine_view view = nt_engine_thread_view(api->options.engine);
	struct nt_json_writer w;
	GString *more = g_string_new(NULL);

	nt_exchange_json(x, 200, &w);
	nt_json_put_text(&w, "status", view.trouble == NULL ? "ok" : "trouble");
	nt_json_put_text(&w, "trouble", view.trouble);
	nt_json_put_text(&w, "version", PACKAGE_VERSION);
	put_clock(&w, api->options.clock);
	put_time(&w, "next_timer", view.due);
	nt_json_put_text(&w, "rules", api->program->hash);
	nt_json_put_int(&w, "campaigns", api->program->n_campaigns);
	nt_json_put_bool(&w, "touching", view.touching);
	nt_json_put_int(&w, "waiting", view.waiting);
	nt_json_put_int(&w, "connections", nt_server_connections(api->tcp) + nt_server_connections(api->control));
	put_counters(&w, &view.counters);
	if (api->options.status != NULL)
		api->options.status(api->options.user, more);
	if (more->len > 0) {
		g_string_append_c(x->answer, ',');
		g_string_append(x->answer, more->str);
	}
	g_string_free(more, TRUE);
	nt_exchange_json_end(&w);
}

/* {"to": "2026-12-01T09:00:00Z"}: a manual clock is moved forwards. {"release": true}: a jump that is being held is let go. */
void nt_control_clock(struct nt_exchange *x)
{
	static const char *const known[] = { "to", "release", NULL };
	const struct nt_json *object = nt_exchange_object(x), *release;
	const char *to, *why = "";
	struct nt_civil civil;
	bool has_offset;
	nt_time t = 0;
	GString *text;

	if (object == NULL || !nt_exchange_only(x, object, known) || !nt_exchange_text(x, object, "to", false, &to))
		return;
	release = nt_json_get(object, "release");
	if (to == NULL && release != NULL && release->type == NT_JSON_BOOL && release->boolean) {
		struct nt_json_writer w;

		nt_clock_release(x->api->options.clock);
		nt_exchange_json(x, 200, &w);
		put_time(&w, "now", nt_clock_now(x->api->options.clock));
		nt_exchange_json_end(&w);
		return;
	}
	if (to == NULL || !nt_instant_parse(to, strlen(to), &civil, &has_offset, &t, &why)) {
		nt_exchange_error(x, 400, "to", "to: must be a time such as 2026-12-01T09:00:00Z%s%s", *why != '\0' ? "; " : "", why);
		return;
	}
	if (x->api->options.clock_set == NULL) {
		cannot(x, "have its clock moved");
		return;
	}
	if (!has_offset)
		t = nt_civil_utc(&civil);
	text = g_string_new(NULL);
	pass_on(x, x->api->options.clock_set(x->api->options.user, t, text), text);
}
