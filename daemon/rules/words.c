#include "rules/words.h"

#include "base/civil.h"
#include "base/window.h"
#include "base/zone.h"

#include <string.h>

#define MILLIONTHS_A_PERCENT 10000u

struct saying {
	nt_words_fact *each;
	void *user;
	GString *text; /* of the fact at hand */
};

static void tell(struct saying *s, const char *key)
{
	s->each(s->user, key, s->text->str);
	g_string_truncate(s->text, 0);
}

static void tell_text(struct saying *s, const char *key, const char *text)
{
	g_string_assign(s->text, text);
	tell(s, key);
}

/* ---- expressions ---- */

/* As written, blanks and line ends made one blank each. */
static void put_source(struct nt_span span, GString *out)
{
	const char *text = span.source->text + span.start;
	bool blank = false;

	for (size_t i = 0; i < span.length && span.start + i < span.source->length; i++) {
		if (g_ascii_isspace(text[i])) {
			blank = true;
			continue;
		}
		if (text[i] == '\\' && i + 1 < span.length && text[i + 1] == '"') /* in a quoted scalar */
			continue;
		if (blank)
			g_string_append_c(out, ' ');
		blank = false;
		g_string_append_c(out, text[i]);
	}
}

static bool same_place(struct nt_span a, struct nt_span b)
{
	return a.source == b.source && a.start == b.start && a.length == b.length;
}

/* What `unless` makes of a condition stands where the condition does. */
static bool is_unless(const struct nt_expr *expr)
{
	return expr->op == NT_OP_NOT && expr->a != NULL && same_place(expr->span, expr->a->span);
}

/* `if` and `unless` together, or `when` and `unless`, are joined by the loader: each has its own place. */
static bool is_joined(const struct nt_expr *expr)
{
	return expr->op == NT_OP_AND && expr->b != NULL && is_unless(expr->b);
}

void nt_words_expr(const struct nt_expr *expr, GString *out)
{
	if (is_joined(expr)) {
		nt_words_expr(expr->a, out);
		g_string_append(out, " and ");
		nt_words_expr(expr->b, out);
	} else if (is_unless(expr)) {
		g_string_append(out, "not (");
		nt_words_expr(expr->a, out);
		g_string_append_c(out, ')');
	} else if (expr->span.source != NULL) {
		put_source(expr->span, out);
	} else {
		g_string_append(out, "a condition");
	}
}

static void tell_condition(struct saying *s, const struct nt_expr *condition)
{
	bool unless;

	if (condition == NULL)
		return;
	unless = is_unless(condition);
	nt_words_expr(unless ? condition->a : condition, s->text);
	tell(s, unless ? "unless" : "if");
}

static void tell_duration(struct saying *s, const char *key, struct nt_duration duration)
{
	nt_duration_print(duration, s->text);
	tell(s, key);
}

static void tell_windows(struct saying *s, const char *key, const struct nt_windows *windows)
{
	for (unsigned i = 0; i < windows->n; i++) {
		if (i > 0)
			g_string_append(s->text, ", ");
		nt_window_print(windows->items[i], s->text);
	}
	tell(s, key);
}

static void put_assignments(const struct nt_step *step, GString *out)
{
	for (unsigned i = 0; i < step->n_assignments; i++) {
		const struct nt_assignment *assignment = &step->assignments[i];

		g_string_append_printf(out, "%s%s: ", i > 0 ? ", " : "", assignment->name);
		if (assignment->expr != NULL) {
			g_string_append(out, "= ");
			nt_words_expr(assignment->expr, out);
		} else if (assignment->literal.type == NT_TYPE_NONE) {
			g_string_append(out, "none");
		} else {
			nt_value_to_json(&assignment->literal, out);
		}
	}
}

/* ---- branches ---- */

void nt_words_share(const struct nt_arm *arms, unsigned i, GString *out)
{
	uint32_t share = arms[i].upto - (i > 0 ? arms[i - 1].upto : 0);
	uint32_t tenths = (share + MILLIONTHS_A_PERCENT / 20) / (MILLIONTHS_A_PERCENT / 10);

	g_string_append_printf(out, tenths % 10 != 0 ? "%u.%u%%" : "%u%%", tenths / 10, tenths % 10);
}

static void put_arms(const struct nt_step *step, GString *out)
{
	for (unsigned i = 0; i < step->n_arms; i++) {
		if (i > 0)
			g_string_append(out, step->kind == NT_STEP_SPLIT ? " / " : "; ");
		if (step->kind == NT_STEP_SPLIT)
			nt_words_share(step->arms, i, out);
		else if (step->arms[i].condition != NULL)
			nt_words_expr(step->arms[i].condition, out);
		else
			g_string_append(out, "otherwise");
		if (step->arms[i].hold_out)
			g_string_append(out, " hold-out");
	}
}

void nt_words_point(const struct nt_point *point, GString *out)
{
	if (!nt_duration_is_zero(point->offset)) {
		nt_duration_print(point->offset, out);
		g_string_append(out, point->before ? " before " : " after ");
	}
	nt_words_expr(point->of, out);
	if (point->minutes >= 0)
		g_string_append_printf(out, " at %02d:%02d", point->minutes / 60, point->minutes % 60);
	if (point->late)
		g_string_append(out, ", also late");
}

static void put_schedule(const struct nt_step *step, GString *out)
{
	for (unsigned i = 0; i < step->n_points; i++) {
		g_string_append(out, i > 0 ? "; " : "");
		nt_words_point(&step->schedule[i], out);
	}
}

/* ---- verbs ---- */

static void put_clock(const struct nt_step *step, GString *out)
{
	static const char *const days[] = { "monday", "tuesday", "wednesday", "thursday", "friday", "saturday",
		                            "sunday" };

	if (step->weekday >= 0)
		g_string_append_printf(out, "%s ", days[step->weekday]);
	g_string_append_printf(out, "%02d:%02d", step->minutes / 60, step->minutes % 60);
}

static void put_whom(const struct nt_program *program, const struct nt_step *step, GString *out)
{
	switch (step->whom) {
	case NT_WHOM_OWNER:
		g_string_append(out, "owner");
		break;
	case NT_WHOM_MANAGER:
		g_string_append(out, "manager");
		break;
	case NT_WHOM_TEAM:
		g_string_append_printf(out, "team %s", program->sales.teams[step->who].name);
		break;
	case NT_WHOM_REP:
		g_string_append_printf(out, "rep %s", program->sales.reps[step->who].name);
		break;
	case NT_WHOM_ROUTE:
		g_string_append(out, "by_route");
		break;
	}
}

static void put_choices(const struct nt_program *program, const struct nt_step *step, GString *out)
{
	for (unsigned i = 0; i < step->n_choices; i++)
		g_string_append_printf(out, "%s%s %s", i > 0 ? ", " : "",
		                       program->channels[step->choices[i].channel].name, step->choices[i].name);
}

static void put_events(const struct nt_program *program, const struct nt_step *step, GString *out)
{
	for (unsigned i = 0; i < step->n_events; i++)
		g_string_append_printf(out, "%s%s", i > 0 ? " or " : "", program->events[step->events[i]].name);
}

static void put_windows(const struct nt_step *step, GString *out)
{
	for (unsigned i = 0; i < step->window.n; i++) {
		g_string_append(out, i > 0 ? ", " : "");
		nt_window_print(step->window.items[i], out);
	}
}

static void put_points(const struct nt_step *step, GString *out)
{
	if (step->expr != NULL)
		nt_words_expr(step->expr, out);
	else
		nt_number_print(step->points, out);
}

/* A step's value goes to *out; gives its verb. A kind that is missing here doesn't compile. */
static const char *verb(const struct nt_program *program, const struct nt_campaign *campaign,
                        const struct nt_step *step, GString *out)
{
	switch (step->kind) {
	case NT_STEP_MESSAGE:
		g_string_append(out, step->name);
		return program->channels[step->channel].name;
	case NT_STEP_FIRST_OF:
		put_choices(program, step, out);
		return "first_of";
	case NT_STEP_WEBHOOK:
		g_string_append(out, step->name);
		return "webhook";
	case NT_STEP_WAIT:
		nt_duration_print(step->duration, out);
		return "wait";
	case NT_STEP_WAIT_CLOCK:
		put_clock(step, out);
		return "wait_until";
	case NT_STEP_WAIT_WINDOW:
		put_windows(step, out);
		return "wait_until";
	case NT_STEP_WAIT_TIME:
	case NT_STEP_WAIT_CONDITION:
		nt_words_expr(step->expr, out);
		return "wait_until";
	case NT_STEP_WAIT_FOR:
		put_events(program, step, out);
		return "wait_for";
	case NT_STEP_IF:
		nt_words_expr(step->expr, out);
		return "if";
	case NT_STEP_SCHEDULE:
		put_schedule(step, out);
		return "schedule";
	case NT_STEP_SPLIT:
		put_arms(step, out);
		return "split";
	case NT_STEP_CHOOSE:
		put_arms(step, out);
		return "choose";
	case NT_STEP_SET:
		put_assignments(step, out);
		return "set";
	case NT_STEP_TAG:
	case NT_STEP_UNTAG:
		g_string_append(out, step->name);
		return step->kind == NT_STEP_TAG ? "tag" : "untag";
	case NT_STEP_POINTS:
		put_points(step, out);
		return "points";
	case NT_STEP_STAGE:
		g_string_append(out, step->name);
		return "stage";
	case NT_STEP_SUPPRESS:
		g_string_append(out, step->name);
		return "suppress";
	case NT_STEP_HAND_OFF:
		g_string_append(out, step->name);
		return "hand_off";
	case NT_STEP_TELL:
		put_whom(program, step, out);
		return "tell";
	case NT_STEP_ASSIGN:
		put_whom(program, step, out);
		return "assign";
	case NT_STEP_TASK:
		g_string_append(out, step->name);
		return "task";
	case NT_STEP_START:
		g_string_append(out, program->campaigns[step->campaign].name);
		return "start";
	case NT_STEP_STOP:
		return "stop";
	case NT_STEP_GO_TO:
		g_string_append(out, campaign->steps[step->target].identity);
		return "go_to";
	}
	return "";
}

/* Seven days are the default, and not said. */
static void tell_give_up(struct saying *s, const struct nt_step *step)
{
	struct nt_duration d = step->give_up_after;
	bool message = step->kind == NT_STEP_MESSAGE || step->kind == NT_STEP_FIRST_OF || step->kind == NT_STEP_WEBHOOK;

	if (message && !nt_duration_is_zero(d) && (d.months != 0 || d.days != 7 || d.ms != 0))
		tell_duration(s, "give_up_after", d);
}

void nt_words_step_facts(const struct nt_program *program, const struct nt_campaign *campaign,
                         const struct nt_step *step, nt_words_fact *each, void *user)
{
	struct saying s = { each, user, g_string_new(NULL) };
	const char *key = verb(program, campaign, step, s.text);

	tell(&s, key);
	tell_condition(&s, step->condition);
	if (step->kind == NT_STEP_WAIT_FOR)
		tell_condition(&s, step->expr);
	if (step->has_up_to)
		tell_duration(&s, "up_to", step->duration);
	if (step->best_by != NT_BEST_BY_NONE)
		tell_text(&s, "best_by", nt_best_by_name(step->best_by));
	if (step->of_anything)
		tell_text(&s, "of", "anything");
	if (step->service && step->kind != NT_STEP_WEBHOOK)
		tell_text(&s, "kind", "service");
	if (step->has_window && step->kind != NT_STEP_WAIT_WINDOW)
		tell_windows(&s, "window", &step->window);
	tell_give_up(&s, step);
	if (step->kind != NT_STEP_SET && step->n_assignments > 0) {
		put_assignments(step, s.text);
		tell(&s, "with");
	}
	for (unsigned i = 0; i < step->n_attachments; i++)
		tell_text(&s, "attach", step->attachments[i]->path);
	if (step->kind == NT_STEP_TELL)
		tell_text(&s, "message", step->name);
	if (step->kind == NT_STEP_TASK)
		tell_duration(&s, "due", step->duration);
	if (step->reason != NULL && step->kind == NT_STEP_POINTS)
		tell_text(&s, "reason", step->reason);
	g_string_free(s.text, TRUE);
}

void nt_words_step(const struct nt_program *program, const struct nt_campaign *campaign, const struct nt_step *step,
                   GString *out)
{
	GString *value = g_string_new(NULL);
	const char *key = verb(program, campaign, step, value);

	for (; *key != '\0'; key++)
		g_string_append_c(out, *key == '_' ? ' ' : *key);
	if (value->len > 0)
		g_string_append_printf(out, " %s", value->str);
	g_string_free(value, TRUE);
}

/* ---- campaigns ---- */

static void put_if(const struct nt_expr *condition, GString *out)
{
	if (condition == NULL)
		return;
	g_string_append(out, " if ");
	nt_words_expr(condition, out);
}

static void put_reading(nt_time reading, GString *out)
{
	struct nt_civil c = nt_civil_from_utc(reading);

	g_string_append_printf(out, "%04d-%02d-%02d %02d:%02d", c.year, c.month, c.day, c.hour, c.minute);
	if (c.second != 0 || c.millisecond != 0)
		g_string_append_printf(out, ":%02d", c.second);
	if (c.millisecond != 0)
		g_string_append_printf(out, ".%03d", c.millisecond);
}

/* "30 days before renews_on at 09:00" */
static void put_date(const struct nt_program *program, const struct nt_occasion *occasion, GString *out)
{
	if (!nt_duration_is_zero(occasion->shift)) {
		nt_duration_print(occasion->shift, out);
		g_string_append(out, occasion->before ? " before " : " after ");
	} else {
		g_string_append(out, "at ");
	}
	g_string_append(out, program->fields[occasion->field].name);
	if (occasion->minutes >= 0)
		g_string_append_printf(out, " at %02d:%02d", occasion->minutes / 60, occasion->minutes % 60);
}

/* "at 2026-05-04 09:00 of each lead's zone" */
static void put_broadcast(const struct nt_occasion *occasion, GString *out)
{
	g_string_append(out, "at ");
	if (occasion->everywhere && occasion->zone == NULL) {
		nt_time_print_utc(occasion->first, out);
		return;
	}
	put_reading(occasion->reading, out);
	if (occasion->everywhere)
		g_string_append_printf(out, " in %s", nt_zone_name(occasion->zone));
	else
		g_string_append(out, " of each lead's zone");
}

static void put_occasion(const struct nt_program *program, const struct nt_occasion *occasion, GString *out)
{
	if (occasion->field >= 0)
		put_date(program, occasion, out);
	else
		put_broadcast(occasion, out);
	if (occasion->repeats) {
		g_string_append(out, ", every ");
		nt_duration_print(occasion->every, out);
	}
	if (occasion->late)
		g_string_append(out, ", late too");
}

void nt_words_enter(const struct nt_program *program, const struct nt_enter *way, GString *out)
{
	switch (way->kind) {
	case NT_ENTER_ON:
		g_string_append_printf(out, "on %s", program->events[way->event].name);
		put_if(way->condition, out);
		break;
	case NT_ENTER_OCCASION:
		put_occasion(program, &program->occasions[way->occasion], out);
		put_if(way->condition, out);
		break;
	case NT_ENTER_WHEN:
		g_string_append(out, "when ");
		nt_words_expr(program->watchers[way->watcher].condition, out);
		if (way->existing)
			g_string_append(out, ", existing leads too");
		break;
	case NT_ENTER_BY_HAND:
		g_string_append(out, "by hand");
		break;
	}
}

void nt_words_way_out(const struct nt_program *program, const struct nt_way_out *way, GString *out)
{
	if (way->event < 0) {
		g_string_append(out, "when ");
		nt_words_expr(way->condition, out);
		return;
	}
	g_string_append_printf(out, "on %s", program->events[way->event].name);
	put_if(way->condition, out);
	if (way->of_anything)
		g_string_append(out, ", of anything");
}

static void tell_again(struct saying *s, const struct nt_campaign *campaign)
{
	static const char *const words[] = { [NT_AGAIN_NEVER] = "never", [NT_AGAIN_ALWAYS] = "always",
		                             [NT_AGAIN_AFTER] = "after " };

	for (unsigned i = 0; i < campaign->n_enter; i++)
		if (campaign->enter[i].comes_round) { /* it wasn't said */
			tell_text(s, "again", "as it comes round, else never");
			return;
		}
	g_string_append(s->text, words[campaign->again]);
	if (campaign->again == NT_AGAIN_AFTER)
		nt_duration_print(campaign->again_after, s->text);
	tell(s, "again");
}

void nt_words_campaign_facts(const struct nt_program *program, const struct nt_campaign *campaign, nt_words_fact *each,
                             void *user)
{
	struct saying s = { each, user, g_string_new(NULL) };

	tell_text(&s, "title", campaign->title);
	g_string_append_printf(s.text, "%d", campaign->priority);
	tell(&s, "priority");
	for (unsigned i = 0; i < campaign->n_enter; i++) {
		nt_words_enter(program, &campaign->enter[i], s.text);
		tell(&s, "enter");
	}
	tell_again(&s, campaign);
	if (campaign->per != NULL)
		tell_text(&s, "per", campaign->per);
	if (campaign->has_cooldown)
		tell_duration(&s, "cooldown", campaign->cooldown);
	if (campaign->restarts)
		tell_text(&s, "during", "restart");
	for (unsigned i = 0; i < campaign->n_goals; i++) {
		nt_words_way_out(program, &campaign->goals[i], s.text);
		tell(&s, "goal");
	}
	for (unsigned i = 0; i < campaign->n_exits; i++) {
		nt_words_way_out(program, &campaign->exits[i], s.text);
		tell(&s, "exit");
	}
	if (campaign->pause != NULL) {
		nt_words_expr(campaign->pause, s.text);
		tell(&s, "pause");
	}
	g_string_free(s.text, TRUE);
}
