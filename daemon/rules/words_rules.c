/* What isn't a campaign, in words: enough to tell whether two rule sets say the same. */
#include "rules/words.h"

#include "base/civil.h"
#include "base/window.h"

struct saying {
	nt_words_fact *each;
	void *user;
	GString *key, *text;
};

static void tell(struct saying *s)
{
	s->each(s->user, s->key->str, s->text->str);
	g_string_truncate(s->text, 0);
}

static void put_windows(const struct nt_windows *windows, GString *out)
{
	for (unsigned i = 0; i < windows->n; i++) {
		g_string_append(out, i > 0 ? ", " : "");
		nt_window_print(windows->items[i], out);
	}
}

static void put_rate(const struct nt_rate *rate, GString *out)
{
	g_string_append_printf(out, "%u per %s", rate->n, rate->calendar ? "calendar " : "");
	nt_duration_print(rate->per, out);
}

static void put_text(GString *out, const char *before, const char *text)
{
	if (text != NULL)
		g_string_append_printf(out, "%s%s", before, text);
}

static void put_choices(const char *const *one_of, GString *out)
{
	for (unsigned i = 0; one_of != NULL && one_of[i] != NULL; i++)
		g_string_append_printf(out, "%s%s", i == 0 ? ", one of " : ", ", one_of[i]);
}

/* ---- dictionary ---- */

static void tell_dictionary(struct saying *s, const struct nt_program *program)
{
	for (unsigned i = 0; i < program->n_segments; i++) {
		g_string_printf(s->key, "segment %s", program->segments[i].name);
		nt_words_expr(program->segments[i].condition, s->text);
		tell(s);
	}
	for (unsigned i = 0; i < program->n_fields; i++) {
		if (program->fields[i].builtin)
			continue;
		g_string_printf(s->key, "field %s", program->fields[i].name);
		g_string_append(s->text, nt_type_name(program->fields[i].type));
		put_choices(program->fields[i].one_of, s->text);
		tell(s);
	}
	for (unsigned i = 0; i < program->n_events; i++) {
		const struct nt_event_type *event = &program->events[i];

		if (event->builtin)
			continue;
		g_string_printf(s->key, "event %s", event->name);
		for (unsigned k = 0; k < event->n_properties; k++) {
			g_string_append_printf(s->text, "%s%s: %s", k > 0 ? ", " : "", event->properties[k].name,
			                       nt_type_name(event->properties[k].type));
			put_choices(event->properties[k].one_of, s->text);
		}
		tell(s);
	}
}

/* ---- scoring ---- */

static void tell_points(struct saying *s, const struct nt_points_rule *rule)
{
	g_string_assign(s->key, "scoring");
	if (rule->points_expr != NULL)
		nt_words_expr(rule->points_expr, s->text);
	else
		nt_number_print(rule->points, s->text);
	g_string_append_printf(s->text, " points: %s", rule->reason);
	if (rule->condition != NULL && rule->event >= 0) {
		g_string_append(s->text, " if ");
		nt_words_expr(rule->condition, s->text);
	}
	if (rule->capped) {
		g_string_append(s->text, ", at most ");
		put_rate(&rule->at_most, s->text);
	}
	tell(s);
}

static void tell_scoring(struct saying *s, const struct nt_program *program)
{
	for (unsigned i = 0; i < program->n_fit; i++)
		tell_points(s, &program->fit[i]);
	for (unsigned i = 0; i < program->n_engagement; i++)
		tell_points(s, &program->engagement[i]);
	if (program->half_life != 0) {
		g_string_assign(s->key, "half-life");
		nt_duration_print(NT_DURATION_MS(program->half_life), s->text);
		tell(s);
	}
	for (unsigned i = 0; i < program->n_levels; i++) {
		g_string_printf(s->key, "level %s", program->levels[i].name);
		g_string_append_printf(s->text, "from %" G_GINT64_FORMAT, (gint64)program->levels[i].from);
		tell(s);
	}
}

/* ---- policy ---- */

static void tell_policy(struct saying *s, const struct nt_program *program)
{
	const struct nt_policy *policy = &program->policy;

	g_string_assign(s->key, "sender");
	put_text(s->text, "", policy->sender_name);
	put_text(s->text, ", ", policy->sender_email);
	put_text(s->text, ", ", policy->sender_address);
	put_text(s->text, ", ", policy->sender_phone);
	tell(s);
	g_string_assign(s->key, "time zone");
	g_string_append(s->text, policy->time_zone);
	tell(s);
	for (unsigned i = 0; i < policy->n_at_most; i++) {
		g_string_assign(s->key, "at most");
		put_rate(&policy->at_most[i], s->text);
		tell(s);
	}
	for (unsigned i = 0; i < policy->n_holidays; i++) {
		int year, month, day;

		g_string_assign(s->key, "holiday");
		nt_civil_from_days(policy->holidays[i], &year, &month, &day);
		g_string_append_printf(s->text, "%04d-%02d-%02d", year, month, day);
		tell(s);
	}
	if (policy->suppress_if != NULL) {
		g_string_assign(s->key, "suppress if");
		nt_words_expr(policy->suppress_if, s->text);
		tell(s);
	}
	for (unsigned i = 0; i < program->n_channels; i++) {
		g_string_printf(s->key, "channel %s", program->channels[i].name);
		g_string_append(s->text, program->channels[i].opt_in ? "opt_in" : "opt_out");
		if (program->channels[i].send.n > 0)
			g_string_append(s->text, ", ");
		put_windows(&program->channels[i].send, s->text);
		for (unsigned k = 0; k < program->channels[i].n_rates; k++) {
			g_string_append(s->text, ", ");
			put_rate(&program->channels[i].rates[k], s->text);
		}
		tell(s);
	}
}

/* ---- sales ---- */

static void tell_people(struct saying *s, const struct nt_sales_rules *sales)
{
	static const char *const turns[] = { "round_robin", "least_open", "weighted" };

	for (unsigned i = 0; i < sales->n_reps; i++) {
		const struct nt_rep *rep = &sales->reps[i];

		g_string_printf(s->key, "rep %s", rep->name);
		put_text(s->text, "", rep->full_name);
		put_text(s->text, ", ", rep->email);
		put_text(s->text, ", ", rep->phone);
		put_text(s->text, ", ", rep->time_zone);
		g_string_append(s->text, ", ");
		put_windows(&rep->hours, s->text);
		if (rep->open_at_most > 0)
			g_string_append_printf(s->text, ", open at most %u", rep->open_at_most);
		for (unsigned k = 0; k < rep->n_away; k++) {
			int year, month, day;

			for (int end = 0; end < 2; end++) {
				nt_civil_from_days(rep->away[k][end], &year, &month, &day);
				g_string_append_printf(s->text, "%s%04d-%02d-%02d", end == 0 ? ", away " : "..", year,
				                       month, day);
			}
		}
		if (rep->weight > 1)
			g_string_append_printf(s->text, ", weight %u", rep->weight);
		tell(s);
	}
	for (unsigned i = 0; i < sales->n_teams; i++) {
		const struct nt_team *team = &sales->teams[i];

		g_string_printf(s->key, "team %s", team->name);
		for (unsigned k = 0; k < team->n_reps; k++)
			g_string_append_printf(s->text, "%s%s", k > 0 ? ", " : "", sales->reps[team->reps[k]].name);
		if (team->manager >= 0)
			g_string_append_printf(s->text, ", manager %s", sales->reps[team->manager].name);
		g_string_append_printf(s->text, ", %s", turns[team->turn]);
		tell(s);
	}
}

static void tell_routes(struct saying *s, const struct nt_sales_rules *sales)
{
	for (unsigned i = 0; i < sales->n_route; i++) {
		const struct nt_route *route = &sales->route[i];

		g_string_assign(s->key, "route");
		if (route->condition != NULL) {
			g_string_append(s->text, "if ");
			nt_words_expr(route->condition, s->text);
			g_string_append_c(s->text, ' ');
		}
		g_string_append(s->text, "to ");
		if (route->kind == NT_ROUTE_OWNER)
			g_string_append(s->text, "owner");
		else
			g_string_append_printf(s->text, route->kind == NT_ROUTE_TEAM ? "team %s" : "rep %s",
			                       route->kind == NT_ROUTE_TEAM ? sales->teams[route->target].name :
			                                                      sales->reps[route->target].name);
		tell(s);
	}
}

static void tell_limits(struct saying *s, const struct nt_program *program)
{
	const struct nt_sales_rules *sales = &program->sales;

	g_string_assign(s->key, "accept within");
	nt_duration_print(sales->accept_within, s->text);
	if (sales->accept_clock_always)
		g_string_append(s->text, ", at any hour");
	tell(s);
	if (sales->has_again) {
		g_string_assign(s->key, "ready again after");
		nt_duration_print(sales->again, s->text);
		tell(s);
	}
	g_string_assign(s->key, "when an offer runs out");
	for (unsigned i = 0; i < sales->n_then; i++)
		g_string_append_printf(s->text, "%s%s", i > 0 ? ", " : "",
		                       sales->then[i] == NT_THEN_MANAGER ? "manager" : "next_rep");
	tell(s);
	for (unsigned i = 0; i < sales->n_after_accept; i++) {
		g_string_assign(s->key, "without progress");
		nt_duration_print(sales->after_accept[i].within, s->text);
		g_string_append(s->text,
		                sales->after_accept[i].then == NT_AFTER_NEXT_REP ? ": next_rep" : ": tell manager");
		tell(s);
	}
	for (unsigned i = 0; i < sales->n_tell; i++) {
		g_string_assign(s->key, "reps are told by");
		g_string_append_printf(s->text, "%s %s", sales->tell[i].channel, sales->tell[i].template);
		tell(s);
	}
	for (unsigned i = 0; i < sales->n_ready; i++) {
		const struct nt_ready *ready = &sales->ready[i];

		g_string_assign(s->key, "ready");
		g_string_append_printf(s->text, "%s: ", ready->reason);
		if (ready->event >= 0)
			g_string_append_printf(s->text, "on %s ", program->events[ready->event].name);
		if (ready->watcher >= 0)
			nt_words_expr(program->watchers[ready->watcher].condition, s->text);
		else if (ready->condition != NULL)
			nt_words_expr(ready->condition, s->text);
		if (ready->has_accept_within) {
			g_string_append(s->text, ", accept within ");
			nt_duration_print(ready->accept_within, s->text);
		}
		tell(s);
	}
}

static void tell_reasons(struct saying *s, const struct nt_program *program)
{
	for (unsigned i = 0; i < program->sales.n_reasons; i++) {
		const struct nt_reject_reason *reason = &program->sales.reasons[i];

		g_string_printf(s->key, "reason %s", reason->name);
		if (reason->recycle >= 0)
			g_string_append_printf(s->text, "to %s ", program->campaigns[reason->recycle].name);
		if (reason->has_after)
			nt_duration_print(reason->after, s->text);
		if (reason->has_not_again_for) {
			g_string_append(s->text, " not again for ");
			nt_duration_print(reason->not_again_for, s->text);
		}
		g_string_append(s->text, " points ");
		nt_number_print(reason->points, s->text);
		g_string_append(s->text, " fit ");
		nt_number_print(reason->fit, s->text);
		put_text(s->text, " stage ", reason->stage);
		put_text(s->text, " suppress ", reason->suppress);
		if (reason->route_again)
			g_string_append(s->text, " routed again");
		tell(s);
	}
}

/* ---- announcements ---- */

static const char *whom(const struct nt_program *program, const struct nt_announcement *announcement)
{
	return announcement->kind == NT_ROUTE_TEAM ? program->sales.teams[announcement->target].name :
	                                             program->sales.reps[announcement->target].name;
}

void nt_words_announcement_facts(const struct nt_program *program, const struct nt_announcement *announcement,
                                 nt_words_fact *each, void *user)
{
	struct saying s = { each, user, g_string_new("tell"), g_string_new(NULL) };

	g_string_append_printf(s.text, "%s %s", announcement->kind == NT_ROUTE_TEAM ? "team" : "rep",
	                       whom(program, announcement));
	tell(&s);
	g_string_assign(s.key, "before");
	nt_duration_print(announcement->before, s.text);
	tell(&s);
	g_string_assign(s.key, "channel");
	g_string_append(s.text, program->channels[announcement->channel].name);
	tell(&s);
	g_string_free(s.key, TRUE);
	g_string_free(s.text, TRUE);
}

void nt_words_announcement(const struct nt_program *program, const struct nt_announcement *announcement, GString *out)
{
	g_string_append_printf(out, "%s to %s %s, ", program->channels[announcement->channel].name,
	                       announcement->kind == NT_ROUTE_TEAM ? "team" : "rep", whom(program, announcement));
	nt_duration_print(announcement->before, out);
	g_string_append(out, " before");
}

void nt_words_other_facts(const struct nt_program *program, nt_words_fact *each, void *user)
{
	struct saying s = { each, user, g_string_new(NULL), g_string_new(NULL) };

	tell_dictionary(&s, program);
	tell_scoring(&s, program);
	tell_policy(&s, program);
	if (program->sales.present) {
		tell_people(&s, &program->sales);
		tell_routes(&s, &program->sales);
		tell_limits(&s, program);
		tell_reasons(&s, program);
	}
	g_string_free(s.key, TRUE);
	g_string_free(s.text, TRUE);
}
