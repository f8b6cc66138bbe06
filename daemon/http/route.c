#include "http/route.h"

#include "base/arena.h"
#include "http/server.h"

#include <string.h>

static const struct nt_http_route routes[] = {
	{ "/v1/events", NT_POST, NT_SCOPE_EVENTS, NT_TAKES_BATCH, nt_events_post, .page = false },
	{ "/v1/leads/*", NT_GET, NT_SCOPE_LEADS_READ, NT_TAKES_NOTHING, nt_lead_get, .page = false },
	{ "/v1/leads/*", NT_PUT, NT_SCOPE_LEADS_WRITE, NT_TAKES_JSON, nt_lead_put, .page = false },
	{ "/v1/leads/*", NT_PATCH, NT_SCOPE_LEADS_WRITE, NT_TAKES_JSON, nt_lead_patch, .page = false },
	{ "/v1/leads/*", NT_DELETE, NT_SCOPE_LEADS_WRITE, NT_TAKES_NOTHING, nt_lead_delete, .page = false },
	{ "/v1/leads/*/timeline", NT_GET, NT_SCOPE_LEADS_READ, NT_TAKES_NOTHING, nt_timeline_get, .page = false },
	{ "/v1/leads/*/consent", NT_POST, NT_SCOPE_LEADS_WRITE, NT_TAKES_JSON, nt_lead_consent, .page = false },
	{ "/v1/leads/*/campaigns/*", NT_POST, NT_SCOPE_LEADS_WRITE, NT_TAKES_NOTHING, nt_lead_start, .page = false },
	{ "/v1/leads/*/campaigns/*", NT_DELETE, NT_SCOPE_LEADS_WRITE, NT_TAKES_NOTHING, nt_lead_stop, .page = false },
	{ "/v1/queue", NT_GET, NT_SCOPE_QUEUE, NT_TAKES_NOTHING, nt_queue_get, .page = false },
	{ "/v1/queue/*/accept", NT_POST, NT_SCOPE_QUEUE, NT_TAKES_JSON, nt_queue_accept, .page = false },
	{ "/v1/queue/*/send_back", NT_POST, NT_SCOPE_QUEUE, NT_TAKES_JSON, nt_queue_send_back, .page = false },
	{ "/v1/queue/*/won", NT_POST, NT_SCOPE_QUEUE, NT_TAKES_JSON, nt_queue_won, .page = false },
	{ "/v1/queue/*/lost", NT_POST, NT_SCOPE_QUEUE, NT_TAKES_JSON, nt_queue_lost, .page = false },
	{ "/v1/tasks", NT_GET, NT_SCOPE_QUEUE, NT_TAKES_NOTHING, nt_tasks_get, .page = false },
	{ "/v1/tasks/*/done", NT_POST, NT_SCOPE_QUEUE, NT_TAKES_JSON, nt_tasks_done, .page = false },
	{ "/v1/calendar", NT_GET, NT_SCOPE_QUEUE, NT_TAKES_NOTHING, nt_calendar_get, .page = false },
	{ "/v1/outbox", NT_GET, NT_SCOPE_LEADS_READ, NT_TAKES_NOTHING, nt_outbox_get, .page = false },
	{ "/v1/outbox/*/retry", NT_POST, NT_SCOPE_ADMIN, NT_TAKES_NOTHING, nt_outbox_retry, .page = false },
	{ "/v1/outbox/*/drop", NT_POST, NT_SCOPE_ADMIN, NT_TAKES_NOTHING, nt_outbox_drop, .page = false },
	{ "/v1/outcomes", NT_POST, NT_SCOPE_EVENTS, NT_TAKES_BATCH, nt_outcomes_post, .page = false },
	{ "/v1/suppressions", NT_POST, NT_SCOPE_LEADS_WRITE, NT_TAKES_JSON, nt_suppressions_post, .page = false },
	{ "/v1/suppressions", NT_DELETE, NT_SCOPE_LEADS_WRITE, NT_TAKES_NOTHING, nt_suppressions_delete,
	  .page = false },
	{ "/healthz", NT_GET, 0, NT_TAKES_NOTHING, nt_health_get, .page = false },
	{ "/metrics", NT_GET, NT_SCOPE_METRICS, NT_TAKES_NOTHING, nt_metrics_get, .page = false },
	{ "/u/*", NT_GET, 0, NT_TAKES_NOTHING, nt_unsubscribe_get, .page = true },
	{ "/u/*", NT_POST, 0, NT_TAKES_FORM, nt_unsubscribe_post, .page = true },
	{ "/in/*", NT_GET, 0, NT_TAKES_NOTHING, nt_inbound_get, .page = false },
	{ "/in/*", NT_POST, 0, NT_TAKES_FORM, nt_inbound_post, .page = false },
	{ "/k/*", NT_GET, 0, NT_TAKES_NOTHING, nt_confirm_get, .page = true },
	{ "/k/*", NT_POST, 0, NT_TAKES_FORM, nt_confirm_post, .page = true },
	{ "/r/*", NT_GET, 0, NT_TAKES_NOTHING, nt_rep_get, .page = true },
	{ "/r/*", NT_POST, 0, NT_TAKES_FORM, nt_rep_post, .page = true },
	{ "/t/*", NT_GET, 0, NT_TAKES_NOTHING, nt_task_page_get, .page = true },
	{ "/t/*", NT_POST, 0, NT_TAKES_FORM, nt_task_page_post, .page = true },
	{ "/calendar/*", NT_GET, 0, NT_TAKES_NOTHING, nt_calendar_feed_get, .page = true },
	{ "/control/reload", NT_POST, NT_SCOPE_ADMIN, NT_TAKES_NOTHING, nt_control_reload, .control = true },
	{ "/control/apply", NT_POST, NT_SCOPE_ADMIN, NT_TAKES_JSON, nt_control_apply, .control = true },
	{ "/control/status", NT_GET, NT_SCOPE_ADMIN, NT_TAKES_NOTHING, nt_control_status, .control = true },
	{ "/control/clock", NT_POST, NT_SCOPE_ADMIN, NT_TAKES_JSON, nt_control_clock, .control = true },
};

static bool matches(const char *pattern, const struct nt_path *path, const char **arguments)
{
	unsigned segment = 0, n = 0;

	while (*pattern == '/') {
		size_t length = strcspn(++pattern, "/");

		if (segment == path->n_segments)
			return false;
		if (pattern[0] == '*')
			arguments[n++] = path->segments[segment];
		else if (strlen(path->segments[segment]) != length ||
		         memcmp(path->segments[segment], pattern, length) != 0)
			return false;
		pattern += length;
		segment++;
	}
	return segment == path->n_segments;
}

/* "GET, HEAD, OPTIONS, PUT" */
static const char *names_of(struct nt_arena *arena, unsigned methods)
{
	static const struct { unsigned method; const char *name; } names[] = {
		{ NT_GET, "GET" }, { NT_HEAD, "HEAD" }, { NT_POST, "POST" }, { NT_PUT, "PUT" },
		{ NT_PATCH, "PATCH" }, { NT_DELETE, "DELETE" }, { NT_OPTIONS, "OPTIONS" },
	};
	const char *all = "";

	for (unsigned i = 0; i < G_N_ELEMENTS(names); i++)
		if (methods & names[i].method)
			all = nt_arena_printf(arena, "%s%s%s", all, *all != '\0' ? ", " : "", names[i].name);
	return all;
}

bool nt_route_find(struct nt_exchange *x)
{
	enum nt_method wanted = x->method == NT_HEAD ? NT_GET : x->method;
	bool control = nt_server_is_control(x->server);
	unsigned methods = 0;

	for (unsigned i = 0; i < G_N_ELEMENTS(routes); i++) {
		const char *arguments[2] = { NULL, NULL };

		if ((routes[i].control && !control) ||
		    (!x->path.any && !matches(routes[i].pattern, &x->path, arguments)))
			continue;
		methods |= routes[i].method;
		if (x->path.any || (x->route != NULL && x->route->method == wanted))
			continue;
		x->route = &routes[i]; /* a page's 405 is a page, too */
		memcpy(x->arguments, arguments, sizeof x->arguments);
	}
	if (methods == 0) {
		nt_exchange_error(x, 404, NULL, "there is nothing here");
		return false;
	}
	methods |= NT_OPTIONS | (methods & NT_GET ? NT_HEAD : 0);
	x->allow = names_of(x->arena, methods);
	if (x->method == NT_OPTIONS) {
		nt_exchange_begin(x, 204, NULL);
		return false;
	}
	if (x->route == NULL || x->route->method != wanted) {
		nt_exchange_error(x, 405, NULL, "this can't be done here; what can: %s", x->allow);
		return false;
	}
	x->allow = NULL;
	return true;
}
