/* A plan as marketers read it. */
#include "engine/plan.h"

#include "base/civil.h"
#include "base/text.h"
#include "rules/program.h"
#include "rules/words.h"

#include <string.h>

#define HASH_SHOWN 12

static void put_number(uint64_t n, GString *out)
{
	char digits[24], *from = digits;
	size_t length = (size_t)g_snprintf(digits, sizeof digits, "%" G_GUINT64_FORMAT, n);

	for (; length > 0; length--) {
		g_string_append_c(out, *from++);
		if (length > 1 && (length - 1) % 3 == 0)
			g_string_append_c(out, ',');
	}
}

static void put_counted(uint64_t n, const char *one, const char *many, GString *out)
{
	put_number(n, out);
	g_string_append_printf(out, " %s", nt_text_plural(n, one, many));
}

static void put_examples(const struct nt_plan_leads *leads, GString *out)
{
	for (unsigned i = 0; i < leads->n_examples; i++)
		g_string_append_printf(out, "%s%s", i > 0 ? ", " : "", leads->examples[i]);
	if (leads->n > leads->n_examples)
		g_string_append(out, " …");
}

/* ---- what changes ---- */

static void put_fact(const struct nt_fact_change *fact, GString *out)
{
	bool text = strcmp(fact->key, "text") == 0;

	if (text && fact->before != NULL && fact->after != NULL)
		g_string_append_printf(out, "another text in %s", fact->after);
	else if (text)
		g_string_append_printf(out, fact->after != NULL ? "a new text, %s" : "the text %s is gone",
		                       fact->after != NULL ? fact->after : fact->before);
	else if (fact->before == NULL)
		g_string_append_printf(out, "%s: %s (new)", fact->key, fact->after);
	else if (fact->after == NULL)
		g_string_append_printf(out, "%s: %s (gone)", fact->key, fact->before);
	else
		g_string_append_printf(out, "%s: %s → %s", fact->key, fact->before, fact->after);
}

static void put_facts(const char *indent, const struct nt_fact_change *fact, GString *out)
{
	for (; fact != NULL; fact = fact->next) {
		g_string_append(out, indent);
		put_fact(fact, out);
		g_string_append_c(out, '\n');
	}
}

static void put_step(const struct nt_step_change *step, GString *out)
{
	g_string_append_printf(out, "    %c %s (%s)", step->before < 0 ? '+' : step->after < 0 ? '-' : '~', step->words,
	                       step->identity);
	if (step->was != NULL)
		g_string_append_printf(out, ", was %s", step->was);
	if (step->moved)
		g_string_append(out, ", stands elsewhere");
	g_string_append_c(out, '\n');
	put_facts("        ", step->facts, out);
}

static void put_campaign(const struct nt_plan *plan, const struct nt_campaign_change *change, GString *out)
{
	if (change->before < 0) {
		g_string_append_printf(out, "  + %s is new: ", change->name);
		put_counted(plan->program->campaigns[change->after].n_steps, "step", "steps", out);
		g_string_append_c(out, '\n');
		return;
	}
	if (change->after < 0) {
		g_string_append_printf(out, "  - %s is removed\n", change->name);
		return;
	}
	g_string_append_printf(out, "  ~ %s changes%s%s\n", change->name, change->was != NULL ? ", was " : "",
	                       change->was != NULL ? change->was : "");
	put_facts("      ", change->facts, out);
	for (unsigned i = 0; i < change->n_steps; i++)
		put_step(&change->steps[i], out);
}

static void put_announcement(const struct nt_plan *plan, const struct nt_announcement_change *change, GString *out)
{
	const char *sign = change->before < 0 ? "+" : change->after < 0 ? "-" : "~";

	g_string_append_printf(out, "  %s %s of %s ", sign, change->message, change->campaign);
	if (change->before >= 0) {
		g_string_append(out, change->after < 0 ? "is removed\n" : "changes\n");
		put_facts("      ", change->facts, out);
		return;
	}
	g_string_append(out, "is new: ");
	nt_words_announcement(plan->program, &plan->program->announcements[change->after], out);
	g_string_append_c(out, '\n');
}

static void put_changes(const struct nt_plan *plan, GString *out)
{
	if (plan->changes->none) {
		g_string_append(out, "Nothing changes: these rules say what the present ones say.\n");
		return;
	}
	if (plan->changes->n_campaigns > 0)
		g_string_append(out, "Campaigns\n");
	for (unsigned i = 0; i < plan->changes->n_campaigns; i++)
		put_campaign(plan, &plan->changes->campaigns[i], out);
	if (plan->changes->n_announcements > 0)
		g_string_append(out, "Announcements\n");
	for (unsigned i = 0; i < plan->changes->n_announcements; i++)
		put_announcement(plan, &plan->changes->announcements[i], out);
	if (plan->changes->others != NULL) {
		g_string_append(out, "Other rules\n");
		put_facts("  ~ ", plan->changes->others, out);
	}
}

/* ---- leads ---- */

static void put_place(const char *words, const char *identity, GString *out)
{
	if (words != NULL)
		g_string_append_printf(out, "%s (%s)", words, identity);
	else
		g_string_append(out, identity != NULL ? identity : "its end");
}

static void put_move(const struct nt_plan_move *move, GString *out)
{
	GString *number = g_string_new(NULL);
	uint64_t n = move->leads.n;

	put_number(n, number);
	g_string_append_printf(out, "  %9s ", number->str);
	g_string_free(number, TRUE);
	switch (move->kind) {
	case NT_PLAN_STAYS:
		g_string_append(out, nt_text_plural(n, "stays at ", "stay at "));
		put_place(move->to_words, move->to, out);
		break;
	case NT_PLAN_MOVES:
	case NT_PLAN_GOES_ON:
		g_string_append(out, move->kind == NT_PLAN_MOVES ?
		                             nt_text_plural(n, "moves from ", "move from ") :
		                             nt_text_plural(n, "goes on at once from ", "go on at once from "));
		put_place(move->from_words, move->from, out);
		g_string_append(out, move->kind == NT_PLAN_MOVES ? ", which is gone, to " : " to ");
		put_place(move->to_words, move->to, out);
		break;
	case NT_PLAN_ENTERS:
		g_string_append_printf(out, "%s (%s), and %s to ", nt_text_plural(n, "enters", "enter"),
		                       move->why != NULL ? move->why : "", nt_text_plural(n, "comes", "come"));
		put_place(move->to_words, move->to, out);
		break;
	case NT_PLAN_LEAVES:
		g_string_append(out, nt_text_plural(n, "leaves from ", "leave from "));
		put_place(move->from_words, move->from, out);
		g_string_append_printf(out, ": %s", move->why != NULL ? move->why : "");
		break;
	}
	g_string_append(out, ": ");
	put_examples(&move->leads, out);
	g_string_append_c(out, '\n');
}

static void put_moves(const struct nt_plan *plan, GString *out)
{
	const char *campaign = "";

	g_string_append(out, "\nWho is where as soon as these rules are loaded\n");
	if (plan->n_moves == 0)
		g_string_append(out, "  nobody is in any campaign\n");
	for (unsigned i = 0; i < plan->n_moves; i++) {
		const struct nt_plan_move *move = &plan->moves[i];

		if (strcmp(campaign, move->campaign) != 0)
			g_string_append_printf(out, "  %s\n", move->campaign);
		campaign = move->campaign;
		put_move(move, out);
	}
}

static void put_cancelled(const struct nt_plan *plan, GString *out)
{
	if (plan->n_cancelled + plan->under_way == 0)
		return;
	g_string_append(out, "\nMessages on their way\n");
	if (plan->under_way > 0) {
		g_string_append(out, "  ");
		put_counted(plan->under_way, "goes out\n", "go out\n", out);
	}
	for (unsigned i = 0; i < plan->n_cancelled; i++) {
		const struct nt_plan_cancelled *cancelled = &plan->cancelled[i];

		g_string_append(out, "  ");
		put_number(cancelled->leads.n, out);
		g_string_append_printf(out, " called back: %s %s of %s: ", cancelled->channel, cancelled->template_name,
		                       cancelled->campaign);
		put_examples(&cancelled->leads, out);
		g_string_append_c(out, '\n');
	}
}

/* ---- the forecast ---- */

static void put_column(uint64_t n, unsigned width, GString *out)
{
	GString *number = g_string_new(NULL);

	put_number(n, number);
	g_string_append_printf(out, "%*s", (int)width, number->str);
	g_string_free(number, TRUE);
}

static void put_row(const char *name, const uint64_t day[2], const uint64_t week[2], GString *out)
{
	g_string_append_printf(out, "  %s%*s", name, (int)MAX(1, 46 - g_utf8_strlen(name, -1)), "");
	put_column(day[0], 9, out);
	put_column(day[1], 9, out);
	put_column(week[0], 11, out);
	put_column(week[1], 9, out);
	g_string_append_c(out, '\n');
}

static void put_sent(const struct nt_plan *plan, GString *out)
{
	uint64_t day[2] = { 0 }, week[2] = { 0 };

	g_string_append_printf(out, "\n%-48s%18s%20s\n%-48s%9s%9s%11s%9s\n", "If nothing else happens, this is sent",
	                       "in 24 hours", "in 7 days", "", "present", "new", "present", "new");
	for (unsigned i = 0; i < plan->n_sent; i++) {
		const struct nt_plan_sent *sent = &plan->sent[i];
		char *name = g_strdup_printf("%s%s%s: %s %s", sent->campaign[0] != '\0' ? sent->campaign : "sales",
		                             sent->rep ? ", to our own" : "", "", sent->channel, sent->template_name);

		put_row(name, sent->day, sent->week, out);
		for (unsigned rules = 0; rules < 2; rules++) {
			day[rules] += sent->day[rules];
			week[rules] += sent->week[rules];
		}
		g_free(name);
	}
	put_row("all", day, week, out);
}

static void put_traffic(const struct nt_plan *plan, GString *out)
{
	if (plan->n_traffic == 0)
		return;
	g_string_append(out, "and so many enter\n");
	for (unsigned i = 0; i < plan->n_traffic; i++) {
		const struct nt_plan_traffic *t = &plan->traffic[i];

		if (t->entered_week[0] + t->entered_week[1] > 0)
			put_row(t->campaign, t->entered_day, t->entered_week, out);
	}
}

static bool told_together(const struct nt_plan_told *a, const struct nt_plan_told *b)
{
	return a->at == b->at && strcmp(a->campaign, b->campaign) == 0 && strcmp(a->channel, b->channel) == 0 &&
	       strcmp(a->template_name, b->template_name) == 0 && strcmp(a->when, b->when) == 0 &&
	       a->by[0] == b->by[0] && a->by[1] == b->by[1];
}

/* A line of those who are told the same at the same time; gives how many they are. */
static unsigned put_told_together(const struct nt_plan *plan, unsigned from, GString *out)
{
	const struct nt_plan_told *told = &plan->told[from];
	unsigned n = 0;

	g_string_append_printf(out, "  %s ", told->by[0] ? told->by[1] ? " " : "-" : "+");
	nt_time_print_utc(told->at, out);
	g_string_append_printf(out, " %s: %s %s to ", told->campaign, told->channel, told->template_name);
	for (; from + n < plan->n_told && told_together(told, told + n); n++)
		g_string_append_printf(out, "%s%s", n > 0 ? ", " : "", told[n].rep);
	g_string_append_printf(out, "; it goes out %s, to ", told->when);
	if (told->occasion >= 0) {
		g_string_append(out, "about ");
		put_counted(told->leads, "lead: ", "leads: ", out);
	}
	g_string_append_printf(out, "%s\n", told->to_whom);
	return n;
}

static void put_told(const struct nt_plan *plan, GString *out)
{
	nt_time day = plan->now + NT_DAY;

	for (unsigned i = 0; i < plan->n_told;) {
		bool first = i == 0 || (plan->told[i].at > day && plan->told[i - 1].at <= day);

		if (first)
			g_string_append_printf(out,
			                       "\nReps are told of what goes out, within %s (+ with the new rules "
			                       "only, - with the present ones only)\n",
			                       plan->told[i].at <= day ? "24 hours" : "7 days");
		i += put_told_together(plan, i, out);
	}
}

static void put_offers(const struct nt_plan *plan, GString *out)
{
	if (plan->n_offers > 0)
		g_string_append(out, "\nHand-offs that move at once\n");
	for (unsigned i = 0; i < plan->n_offers; i++) {
		const struct nt_plan_offer *offer = &plan->offers[i];

		g_string_append_printf(out, "  %s%s%s%s: %s%s%s → %s%s%s\n", offer->lead,
		                       offer->title != NULL ? " (" : "", offer->title != NULL ? offer->title : "",
		                       offer->title != NULL ? ")" : "",
		                       offer->from_state != NULL ? offer->from_state : "not in the queue",
		                       offer->from_rep != NULL ? " " : "",
		                       offer->from_rep != NULL ? offer->from_rep : "",
		                       offer->to_state != NULL ? offer->to_state : "not in the queue",
		                       offer->to_rep != NULL ? " " : "",
		                       offer->to_rep != NULL ? offer->to_rep : "");
	}
}

void nt_plan_print(const struct nt_plan *plan, GString *out)
{
	g_string_append(out, "Plan of ");
	nt_time_print_utc(plan->now, out);
	g_string_append(out, " for ");
	put_counted(plan->leads, "lead", "leads", out);
	g_string_append_printf(out, "; present rules %.*s", HASH_SHOWN, plan->base->hash);
	if (plan->loaded != NT_NO_TIME) {
		g_string_append(out, ", loaded ");
		nt_time_print_utc(plan->loaded, out);
	}
	g_string_append(out, "\n\n");
	put_changes(plan, out);
	put_moves(plan, out);
	put_cancelled(plan, out);
	put_offers(plan, out);
	put_sent(plan, out);
	put_traffic(plan, out);
	put_told(plan, out);
	if (plan->damaged > 0) {
		put_counted(plan->damaged, "lead can't be read and is left out\n",
		            "leads can't be read and are left out\n", out);
	}
}

/* ---- demands ---- */

static void put_lines(const struct nt_campaign *campaign, const int *steps, unsigned n, GString *out)
{
	for (unsigned i = 0; i < n; i++) {
		int line, column;

		nt_span_position(campaign->steps[steps[i]].span, &line, &column);
		g_string_append_printf(out, "%s%d", i == 0 ? "" : i + 1 == n ? " and " : ", ", line);
	}
}

void nt_plan_report(const struct nt_plan *plan, struct nt_diags *diags)
{
	for (unsigned i = 0; i < plan->n_demands; i++) {
		const struct nt_plan_demand *demand = &plan->demands[i];
		const struct nt_step_muddle *muddle = demand->muddle;
		const struct nt_campaign *now = &plan->program->campaigns[demand->campaign->after];
		const struct nt_campaign *before = &plan->base->campaigns[demand->campaign->before];
		GString *text = g_string_new(NULL);

		g_string_append_printf(text, "%u %s here where %u %s, and ", muddle->n_after,
		                       nt_text_plural(muddle->n_after, "step is equal", "steps are equal"),
		                       muddle->n_before, nt_text_plural(muddle->n_before, "was", "were"));
		put_counted(demand->leads.n, "lead stands there (", "leads stand there (", text);
		put_examples(&demand->leads, text);
		g_string_append_printf(text, "): which goes on where? Add 'id:' on %s ",
		                       nt_text_plural(muddle->n_after, "line", "lines"));
		put_lines(now, muddle->after, muddle->n_after, text);
		g_string_append(text, "; a step that was there before takes its old name: ");
		for (unsigned k = 0; k < muddle->n_before; k++) {
			int line, column;

			nt_span_position(before->steps[muddle->before[k]].span, &line, &column);
			g_string_append_printf(text, "%s'id: %s' (line %d then)", k > 0 ? ", " : "",
			                       before->steps[muddle->before[k]].identity, line);
		}
		nt_diags_error(diags, now->steps[muddle->after[0]].span, "%s", text->str);
		g_string_free(text, TRUE);
	}
}
