/* sales: who is ready, who gets whom, and what follows. */
#define NT_DIAG_CODE NT_CODE_WRONG_VALUE

#include "rules/loader.h"

#include "base/arena.h"
#include "rules/program_make.h"

#include <string.h>

static bool is_scalar(struct nt_loader *l, const struct nt_yaml *item, const char *what)
{
	if (item->type == NT_YAML_SCALAR && item->length > 0)
		return true;
	nt_diags_error(l->diags, item->span, "this takes %s", what);
	return false;
}

/* ---- reps and teams ---- */

/* "2026-12-24..2027-01-02" or a single date, both ends inclusive. */
static bool load_days(struct nt_loader *l, const struct nt_yaml *item, int64_t days[2])
{
	const char *dots = item->type == NT_YAML_SCALAR ? strstr(item->text, "..") : NULL;
	struct nt_yaml half = *item;
	size_t quote = item->quoted ? 1 : 0;

	if (dots == NULL) {
		if (!nt_load_date(l, item, &days[0]))
			return false;
		days[1] = days[0];
		return true;
	}
	half.length = (size_t)(dots - item->text);
	half.text = nt_arena_strndup(l->arena, item->text, half.length);
	half.span.start += quote;
	half.span.length = half.length;
	if (!nt_load_date(l, &half, &days[0]))
		return false;
	half.text = dots + 2;
	half.length = strlen(half.text);
	half.span.start += (size_t)(half.text - item->text);
	half.span.length = half.length;
	if (!nt_load_date(l, &half, &days[1]))
		return false;
	if (days[1] < days[0]) {
		nt_diags_error(l->diags, item->span, "'%s' ends before it begins", item->text);
		return false;
	}
	return true;
}

static void load_away(struct nt_loader *l, const struct nt_yaml *node, struct nt_rep *rep)
{
	int64_t (*days)[2] = nt_arena_alloc(l->arena, sizeof(int64_t[2]) * (node->n + 1));

	for (const struct nt_yaml *item = node->first; item != NULL; item = item->next)
		if (load_days(l, item, days[rep->n_away]))
			rep->n_away++;
	rep->away = (const int64_t (*)[2])days;
}

static void load_rep(struct nt_loader *l, const struct nt_yaml *item, GArray *reps)
{
	const struct nt_yaml *keys[NT_REP_KEYS];
	struct nt_rep rep = { .time_zone = l->program->policy.time_zone, .weight = 1, .span = item->key->span };
	int64_t n;

	nt_load_key_name(l, item->key, "rep", "-", &rep.name);
	rep.full_name = rep.name;
	if (nt_keys_read(&nt_rep_keys, item, nt_arena_printf(l->arena, "rep '%s'", rep.name), l->diags, keys)) {
		if (keys[NT_REP_NAME] != NULL)
			rep.full_name = nt_arena_strdup(l->arena, keys[NT_REP_NAME]->text);
		if (keys[NT_REP_EMAIL] != NULL)
			nt_load_email(l, keys[NT_REP_EMAIL], &rep.email);
		if (keys[NT_REP_PHONE] != NULL)
			nt_load_phone(l, keys[NT_REP_PHONE], &rep.phone);
		if (keys[NT_REP_TIME_ZONE] != NULL)
			nt_load_zone(l, keys[NT_REP_TIME_ZONE], &rep.time_zone);
		if (keys[NT_REP_HOURS] != NULL)
			nt_load_windows(l, keys[NT_REP_HOURS], &rep.hours);
		if (keys[NT_REP_OPEN_AT_MOST] != NULL && nt_load_whole(l, keys[NT_REP_OPEN_AT_MOST], 1, 1000000, &n))
			rep.open_at_most = (unsigned)n;
		if (keys[NT_REP_AWAY] != NULL)
			load_away(l, keys[NT_REP_AWAY], &rep);
		if (keys[NT_REP_WEIGHT] != NULL && nt_load_whole(l, keys[NT_REP_WEIGHT], 1, 1000, &n))
			rep.weight = (unsigned)n;
	}
	g_array_append_val(reps, rep);
}

static void load_reps(struct nt_loader *l, const struct nt_yaml *node)
{
	GArray *reps = g_array_new(FALSE, TRUE, sizeof(struct nt_rep));

	for (const struct nt_yaml *item = node != NULL ? node->first : NULL; item != NULL; item = item->next)
		load_rep(l, item, reps);
	l->program->sales.reps = nt_load_take(l, reps, struct nt_rep, &l->program->sales.n_reps);
	nt_program_index(l->program);
}

static void load_members(struct nt_loader *l, const struct nt_yaml *node, struct nt_team *team)
{
	int *reps = nt_arena_array(l->arena, int, node->n + 1);

	for (const struct nt_yaml *item = node->first; item != NULL; item = item->next) {
		int rep = nt_load_rep(l, item);
		bool twice = false;

		for (unsigned i = 0; i < team->n_reps; i++)
			twice = twice || reps[i] == rep;
		if (rep >= 0 && twice)
			nt_diags_error_as(l->diags, NT_CODE_DECLARED_TWICE, item->span,
			                  "rep '%s' stands in this team twice", item->text);
		else if (rep >= 0)
			reps[team->n_reps++] = rep;
	}
	if (node->n == 0)
		nt_diags_error_as(l->diags, NT_CODE_MISSING_KEY, node->span, "a team needs at least one rep");
	team->reps = reps;
}

static void load_teams(struct nt_loader *l, const struct nt_yaml *node)
{
	GArray *teams = g_array_new(FALSE, TRUE, sizeof(struct nt_team));

	for (const struct nt_yaml *item = node != NULL ? node->first : NULL; item != NULL; item = item->next) {
		const struct nt_yaml *keys[NT_TEAM_KEYS];
		struct nt_team team = { .manager = -1, .span = item->key->span };

		nt_load_key_name(l, item->key, "team", "-", &team.name);
		if (nt_keys_read(&nt_team_keys, item, nt_arena_printf(l->arena, "team '%s'", team.name), l->diags,
		                 keys)) {
			if (keys[NT_TEAM_REPS] != NULL)
				load_members(l, keys[NT_TEAM_REPS], &team);
			if (keys[NT_TEAM_MANAGER] != NULL)
				team.manager = nt_load_rep(l, keys[NT_TEAM_MANAGER]);
			if (keys[NT_TEAM_TURN] != NULL)
				team.turn = strcmp(keys[NT_TEAM_TURN]->text, "least_open") == 0 ? NT_TURN_LEAST_OPEN :
				            strcmp(keys[NT_TEAM_TURN]->text, "weighted") == 0   ? NT_TURN_WEIGHTED :
				                                                                  NT_TURN_ROUND_ROBIN;
		}
		g_array_append_val(teams, team);
	}
	l->program->sales.teams = nt_load_take(l, teams, struct nt_team, &l->program->sales.n_teams);
	nt_program_index(l->program);
}

/* ---- readiness ---- */

static void load_ready_item(struct nt_loader *l, const struct nt_yaml *item, GArray *ready)
{
	const struct nt_yaml *keys[NT_READY_KEYS];
	struct nt_ready one = { .event = -1, .watcher = -1, .span = item->span };
	int *event = NULL;

	if (!nt_keys_read(&nt_ready_keys, item, "a 'ready' item", l->diags, keys))
		return;
	if (!nt_load_either(l, item, &nt_ready_keys, "a 'ready' item", keys[NT_READY_ON], keys[NT_READY_WHEN],
	                    keys[NT_READY_IF]))
		return;
	if (keys[NT_READY_ON] != NULL) {
		one.event = nt_load_event(l, keys[NT_READY_ON]);
		if (one.event < 0)
			return;
		one.span = keys[NT_READY_ON]->span;
		event = nt_arena_copy(l->arena, &one.event, sizeof one.event);
	}
	nt_load_scope(l, event, event != NULL, NULL, 0, false);
	one.condition = nt_load_if_unless(l, keys[NT_READY_ON] != NULL ? keys[NT_READY_IF] : keys[NT_READY_WHEN],
	                                  keys[NT_READY_UNLESS]);
	if (keys[NT_READY_WHEN] != NULL) {
		char *identity = g_strdup_printf("sales ready %u", ready->len + 1);

		one.watcher = nt_load_watcher(l, one.condition, identity);
		g_free(identity);
	}
	one.reason = keys[NT_READY_REASON] != NULL ? nt_arena_strdup(l->arena, keys[NT_READY_REASON]->text) : "";
	one.has_accept_within = keys[NT_READY_ACCEPT_WITHIN] != NULL &&
	                        nt_load_some_time(l, keys[NT_READY_ACCEPT_WITHIN], &one.accept_within);
	g_array_append_val(ready, one);
}

/* ---- routing and limits ---- */

static void load_to(struct nt_loader *l, const struct nt_yaml *node, struct nt_route *route)
{
	route->kind = NT_ROUTE_OWNER;
	if (strcmp(node->text, "owner") != 0)
		nt_load_target(l, node, NT_KIND_TARGET, &route->kind, &route->target);
}

static void load_route(struct nt_loader *l, const struct nt_yaml *node)
{
	GArray *routes = g_array_new(FALSE, TRUE, sizeof(struct nt_route));

	nt_load_scope(l, NULL, 0, NULL, 0, false);
	for (const struct nt_yaml *item = node != NULL ? node->first : NULL; item != NULL; item = item->next) {
		const struct nt_yaml *keys[NT_ROUTE_KEYS];
		struct nt_route route = { .target = -1, .span = item->span };

		if (!nt_keys_read(&nt_route_keys, item, "a route", l->diags, keys))
			continue;
		route.condition = nt_load_condition(l, keys[NT_ROUTE_IF]);
		if (keys[NT_ROUTE_TO] != NULL)
			load_to(l, keys[NT_ROUTE_TO], &route);
		g_array_append_val(routes, route);
	}
	l->program->sales.route = nt_load_take(l, routes, struct nt_route, &l->program->sales.n_route);
}

/* [ email: new-lead, sms: new-lead ] */
static void load_tell(struct nt_loader *l, const struct nt_yaml *node)
{
	struct nt_sales_rules *sales = &l->program->sales;

	for (const struct nt_yaml *item = node->first; item != NULL; item = item->next) {
		const struct nt_yaml *pair = item->first;

		if (item->type != NT_YAML_MAPPING || item->n != 1) {
			nt_diags_error(l->diags, item->span, "this takes CHANNEL: TEMPLATE, such as email: new-lead");
			continue;
		}
		if (sales->n_tell == G_N_ELEMENTS(sales->tell)) {
			nt_diags_error(l->diags, item->span, "'tell' takes at most %zu messages",
			               G_N_ELEMENTS(sales->tell));
			return;
		}
		if (nt_load_channel(l, pair->key) < 0)
			continue;
		sales->tell[sales->n_tell].channel = nt_arena_strdup(l->arena, pair->key->text);
		if (nt_load_template(l, pair, pair->key->text, &sales->tell[sales->n_tell].template))
			sales->n_tell++;
	}
}

static void load_then(struct nt_loader *l, const struct nt_yaml *node)
{
	static const char *const words[] = { "next_rep", "manager", NULL };
	enum nt_then *then = nt_arena_array(l->arena, enum nt_then, node->n + 1);
	unsigned n = 0;

	for (const struct nt_yaml *item = node->first; item != NULL; item = item->next) {
		if (!is_scalar(l, item, "next_rep or manager"))
			continue;
		if (!g_strv_contains(words, item->text))
			nt_keys_unknown(l->diags, item->span, "word", item->text, "in 'then': next_rep or manager",
			                words);
		else
			then[n++] = strcmp(item->text, "manager") == 0 ? NT_THEN_MANAGER : NT_THEN_NEXT_REP;
	}
	l->program->sales.then = then;
	l->program->sales.n_then = n;
}

static void load_after_accept(struct nt_loader *l, const struct nt_yaml *node)
{
	GArray *limits = g_array_new(FALSE, TRUE, sizeof(struct nt_progress_limit));

	for (const struct nt_yaml *item = node->first; item != NULL; item = item->next) {
		const struct nt_yaml *keys[NT_PROGRESS_KEYS];
		struct nt_progress_limit limit = { .then = NT_AFTER_NEXT_REP };

		if (!nt_keys_read(&nt_progress_keys, item, "an 'after_accept' item", l->diags, keys) ||
		    keys[NT_PROGRESS_WITHIN] == NULL || keys[NT_PROGRESS_THEN] == NULL ||
		    !nt_load_some_time(l, keys[NT_PROGRESS_WITHIN], &limit.within))
			continue;
		if (strcmp(keys[NT_PROGRESS_THEN]->text, "tell manager") == 0)
			limit.then = NT_AFTER_TELL_MANAGER;
		else if (strcmp(keys[NT_PROGRESS_THEN]->text, "next_rep") != 0)
			nt_diags_error(l->diags, keys[NT_PROGRESS_THEN]->span, "'%s' is not tell manager or next_rep",
			               keys[NT_PROGRESS_THEN]->text);
		g_array_append_val(limits, limit);
	}
	l->program->sales.after_accept = nt_load_take(l, limits, struct nt_progress_limit,
	                                              &l->program->sales.n_after_accept);
}

/* ---- reasons ---- */

static void load_reason(struct nt_loader *l, const struct nt_yaml *item, GArray *reasons)
{
	const struct nt_yaml *keys[NT_REASON_KEYS];
	struct nt_reject_reason reason = { .recycle = -1 };

	nt_load_key_name(l, item->key, "reason", "-_", &reason.name);
	if (item->type == NT_YAML_SCALAR && item->length == 0) {
		g_array_append_val(reasons, reason); /* nothing follows */
		return;
	}
	if (!nt_keys_read(&nt_reason_keys, item, nt_arena_printf(l->arena, "reason '%s'", reason.name), l->diags, keys))
		return;
	if (keys[NT_REASON_RECYCLE] != NULL)
		reason.recycle = nt_load_started(l, keys[NT_REASON_RECYCLE]);
	reason.has_after = keys[NT_REASON_AFTER] != NULL && nt_load_duration(l, keys[NT_REASON_AFTER], &reason.after);
	if (keys[NT_REASON_AFTER] != NULL && nt_yaml_get(item, "recycle") == NULL)
		nt_diags_error_as(l->diags, NT_CODE_DOES_NOT_FIT, keys[NT_REASON_AFTER]->key->span,
		                  "'after' goes with 'recycle'");
	reason.has_not_again_for = keys[NT_REASON_NOT_AGAIN_FOR] != NULL &&
	                           nt_load_duration(l, keys[NT_REASON_NOT_AGAIN_FOR], &reason.not_again_for);
	if (keys[NT_REASON_POINTS] != NULL)
		nt_load_number(l, keys[NT_REASON_POINTS], &reason.points);
	if (keys[NT_REASON_FIT] != NULL)
		nt_load_number(l, keys[NT_REASON_FIT], &reason.fit);
	if (keys[NT_REASON_STAGE] != NULL)
		reason.stage = nt_arena_strdup(l->arena, keys[NT_REASON_STAGE]->text);
	if (keys[NT_REASON_SUPPRESS] != NULL)
		nt_load_suppressed(l, keys[NT_REASON_SUPPRESS], &reason.suppress);
	reason.route_again = nt_load_yes(keys[NT_REASON_ROUTE_AGAIN]);
	g_array_append_val(reasons, reason);
}

static void load_ready(struct nt_loader *l, const struct nt_yaml *node)
{
	GArray *ready = g_array_new(FALSE, TRUE, sizeof(struct nt_ready));

	for (const struct nt_yaml *item = node != NULL ? node->first : NULL; item != NULL; item = item->next)
		load_ready_item(l, item, ready);
	l->program->sales.ready = nt_load_take(l, ready, struct nt_ready, &l->program->sales.n_ready);
}

static void load_reasons(struct nt_loader *l, const struct nt_yaml *node)
{
	GArray *reasons = g_array_new(FALSE, TRUE, sizeof(struct nt_reject_reason));

	for (const struct nt_yaml *item = node != NULL ? node->first : NULL; item != NULL; item = item->next)
		load_reason(l, item, reasons);
	l->program->sales.reasons = nt_load_take(l, reasons, struct nt_reject_reason, &l->program->sales.n_reasons);
}

static void load_body(struct nt_loader *l, const struct nt_yaml *node)
{
	static const char *const no_words[] = { NULL };
	const struct nt_yaml *keys[NT_SALES_KEYS];
	struct nt_sales_rules *sales = &l->program->sales;
	int word;

	if (!nt_keys_read(&nt_sales_keys, node, "sales", l->diags, keys))
		return;
	sales->present = true;
	sales->span = node->key->span;
	sales->accept_within = NT_DURATION_MS(30 * NT_MINUTE);
	load_reps(l, keys[NT_SALES_KEY_REPS]);
	load_teams(l, keys[NT_SALES_KEY_TEAMS]);
	load_ready(l, keys[NT_SALES_KEY_READY]);
	load_route(l, keys[NT_SALES_KEY_ROUTE]);
	load_reasons(l, keys[NT_SALES_KEY_REASONS]);
	sales->has_again = keys[NT_SALES_KEY_AGAIN] != NULL &&
	                   nt_load_after(l, keys[NT_SALES_KEY_AGAIN], no_words, &word, &sales->again);
	if (keys[NT_SALES_KEY_TELL] != NULL)
		load_tell(l, keys[NT_SALES_KEY_TELL]);
	if (keys[NT_SALES_KEY_ACCEPT_WITHIN] != NULL)
		nt_load_some_time(l, keys[NT_SALES_KEY_ACCEPT_WITHIN], &sales->accept_within);
	sales->accept_clock_always = keys[NT_SALES_KEY_CLOCK] != NULL &&
		strcmp(keys[NT_SALES_KEY_CLOCK]->text, "always") == 0;
	if (keys[NT_SALES_KEY_THEN] != NULL)
		load_then(l, keys[NT_SALES_KEY_THEN]);
	if (keys[NT_SALES_KEY_AFTER_ACCEPT] != NULL)
		load_after_accept(l, keys[NT_SALES_KEY_AFTER_ACCEPT]);
}

void nt_load_sales(struct nt_loader *l)
{
	const struct nt_yaml *first = NULL;

	for (unsigned d = 0; d < l->documents->len; d++) {
		const struct nt_yaml *node = g_array_index(l->documents, struct nt_document, d).keys[NT_DOC_SALES];
		int line, column;

		if (node == NULL)
			continue;
		if (first == NULL) {
			first = node;
			load_body(l, node);
			continue;
		}
		nt_span_position(first->key->span, &line, &column);
		nt_diags_error_as(l->diags, NT_CODE_DECLARED_TWICE, node->key->span,
		                  "a rule set has one sales file (the first is at %s:%d)",
		               first->key->span.source->path, line);
	}
}
