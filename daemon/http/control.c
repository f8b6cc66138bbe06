/* What only the control socket is asked. */
#include "http/route.h"

#include "base/civil.h"
#include "base/json.h"
#include "os/clock.h"
#include "os/log.h"

#include <string.h>

static void cannot(struct nt_exchange *x, const char *what)
{
	nt_exchange_error(x, 501, NULL, "this daemon can't %s", what);
}

/* What the daemon says to it, for people: why not, or what there is to note. */
static void answer(struct nt_exchange *x, bool fine, GString *text)
{
	const nt_time now = nt_clock_now(x->api->options.clock);
	GString *at = g_string_new(NULL);
	struct nt_json_writer w;

	g_strchomp(text->str);
	if (fine) {
		nt_time_print_utc(now, at);
		nt_exchange_json(x, 200, &w);
		nt_json_put_text(&w, "status", "done");
		nt_json_put_text(&w, "now", at->str);
		nt_json_put_text(&w, "message", text->str[0] != '\0' ? text->str : NULL);
		nt_exchange_json_end(&w);
	} else {
		nt_exchange_error(x, 409, NULL, "%s", text->str);
	}
	g_string_free(at, TRUE);
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
	answer(x, x->api->options.reload(x->api->options.user, text), text);
}

/* {"base","loaded","content","folder"}: the rules are loaded if they are those, and what runs is what ran. */
void nt_control_apply(struct nt_exchange *x)
{
	static const char *const known[] = { "base", "loaded", "content", "folder", NULL };
	const struct nt_json *object = nt_exchange_object(x);
	struct nt_api_plan plan = { .loaded = NT_NO_TIME };
	struct nt_civil civil;
	const char *loaded;
	bool has_offset = false;
	GString *text;

	if (object == NULL || !nt_exchange_only(x, object, known) ||
	    !nt_exchange_text(x, object, "base", true, &plan.base) ||
	    !nt_exchange_text(x, object, "loaded", true, &loaded) ||
	    !nt_exchange_text(x, object, "content", true, &plan.content) ||
	    !nt_exchange_text(x, object, "folder", true, &plan.folder))
		return;
	if (!nt_instant_parse(loaded, strlen(loaded), &civil, &has_offset, &plan.loaded, NULL) || !has_offset) {
		nt_exchange_error(x, 400, "loaded", "loaded: must be a time such as 2026-12-01T09:00:00Z");
		return;
	}
	if (x->api->options.apply == NULL) {
		cannot(x, "apply a plan");
		return;
	}
	nt_log(NT_LOG_NOTICE, "a plan is to be applied", "by", x->caller.cause, NULL);
	text = g_string_new(NULL);
	answer(x, x->api->options.apply(x->api->options.user, &plan, text), text);
}

void nt_control_status(struct nt_exchange *x)
{
	if (x->api->options.status == NULL)
		cannot(x, "say how it is");
	else
		x->api->options.status(x->api->options.user, nt_exchange_begin(x, 200, "application/json"));
}

/* {"to": "2026-12-01T09:00:00Z"}: a manual clock is moved forwards. {"release": true}: a jump that is held may pass. */
void nt_control_clock(struct nt_exchange *x)
{
	static const char *const known[] = { "to", "release", NULL };
	const struct nt_json *object = nt_exchange_object(x), *release;
	const char *to, *why = NULL;
	struct nt_civil civil;
	bool has_offset;
	nt_time t = 0;
	GString *text;

	if (object == NULL || !nt_exchange_only(x, object, known) || !nt_exchange_text(x, object, "to", false, &to))
		return;
	release = nt_json_get(object, "release");
	if (to == NULL && release != NULL && release->type == NT_JSON_BOOL && release->boolean) {
		nt_clock_release(x->api->options.clock);
		answer(x, true, g_string_new(NULL));
		return;
	}
	if (to == NULL || !nt_instant_parse(to, strlen(to), &civil, &has_offset, &t, &why)) {
		nt_exchange_error(x, 400, "to", "to: must be a time such as 2026-12-01T09:00:00Z%s%s",
		                  why != NULL ? ": " : "", why != NULL ? why : "");
		return;
	}
	if (x->api->options.clock_set == NULL) {
		cannot(x, "have its clock moved");
		return;
	}
	if (!has_offset)
		t = nt_civil_utc(&civil);
	nt_log(NT_LOG_NOTICE, "clock moved", "by", x->caller.cause, "to", to, NULL);
	text = g_string_new(NULL);
	answer(x, x->api->options.clock_set(x->api->options.user, t, text), text);
}
