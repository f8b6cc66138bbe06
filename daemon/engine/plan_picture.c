#include "engine/plan.h"

#include "base/text.h"
#include "rules/graph.h"
#include "rules/program.h"

#include <string.h>

/* What changes at a step, in a few words below it. */
static char *note_of(const struct nt_step_change *step)
{
	GString *note = g_string_new(step->before < 0 ? "new" : step->moved ? "stands elsewhere" : "");

	for (const struct nt_fact_change *fact = step->facts; fact != NULL; fact = fact->next) {
		g_string_append_printf(note, "%s%s", note->len > 0 ? "; " : "", fact->key);
		if (fact->before == NULL)
			g_string_append(note, " is new");
		else
			g_string_append_printf(note, " was %s",
			                       strcmp(fact->key, "text") == 0 ? "another" : fact->before);
	}
	return g_string_free(note, FALSE);
}

static int place_of(const struct nt_campaign *campaign, const char *step)
{
	return step != NULL ? nt_campaign_step(campaign, step) : -1;
}

/* The ways from a step that is gone. */
static struct nt_graph_gone gone_of(const struct nt_plan *plan, const struct nt_campaign_change *change,
                                    const struct nt_step_change *step)
{
	GArray *moves = g_array_new(FALSE, FALSE, sizeof(struct nt_graph_move));
	struct nt_graph_gone gone = { .words = step->words };

	for (unsigned i = 0; i < plan->n_moves; i++) {
		const struct nt_plan_move *move = &plan->moves[i];
		struct nt_graph_move way = { place_of(&plan->program->campaigns[change->after], move->to),
			                     move->leads.n };

		if (strcmp(move->campaign, change->name) == 0 && move->from != NULL &&
		    strcmp(move->from, step->identity) == 0)
			g_array_append_val(moves, way);
	}
	gone.n_moves = moves->len;
	gone.moves = (struct nt_graph_move *)(void *)g_array_free(moves, FALSE);
	return gone;
}

static void put_changed(const struct nt_plan *plan, const struct nt_campaign_change *change, GString *out)
{
	const struct nt_campaign *campaign = &plan->program->campaigns[change->after];
	struct nt_graph_step *steps = g_new0(struct nt_graph_step, campaign->n_steps + 1);
	struct nt_graph_gone *gone = g_new0(struct nt_graph_gone, change->n_steps + 1);
	uint64_t *here = g_new0(uint64_t, campaign->n_steps + 1);
	struct nt_graph_counts counts = { .here = here };
	struct nt_graph graph = { .program = plan->program, .campaign = change->after, .steps = steps, .gone = gone,
		                  .counts = &counts, .after = true };

	for (unsigned i = 0; i < campaign->n_steps && change->before < 0; i++)
		steps[i].mark = NT_GRAPH_ADDED;
	for (unsigned i = 0; i < change->n_steps; i++) {
		const struct nt_step_change *step = &change->steps[i];

		if (step->after < 0) {
			gone[graph.n_gone++] = gone_of(plan, change, step);
			continue;
		}
		steps[step->after].mark = step->before < 0 ? NT_GRAPH_ADDED :
		                          step->moved      ? NT_GRAPH_MOVED :
		                                             NT_GRAPH_CHANGED;
		steps[step->after].note = note_of(step);
	}
	for (unsigned i = 0; i < plan->n_moves; i++) {
		int place = strcmp(plan->moves[i].campaign, change->name) == 0 ? place_of(campaign, plan->moves[i].to) :
		                                                                 -1;

		if (place >= 0)
			here[place] += plan->moves[i].leads.n;
	}
	nt_graph_campaign(&graph, out);
	for (unsigned i = 0; i < campaign->n_steps; i++)
		g_free((char *)(uintptr_t)steps[i].note);
	for (unsigned i = 0; i < graph.n_gone; i++)
		g_free((void *)(uintptr_t)gone[i].moves);
	g_free(steps);
	g_free(gone);
	g_free(here);
}

static void put_removed(const struct nt_plan *plan, const struct nt_campaign_change *change, GString *out)
{
	GString *lines = g_string_new("removed");
	uint64_t leads = 0;

	for (unsigned i = 0; i < plan->n_moves; i++)
		if (strcmp(plan->moves[i].campaign, change->name) == 0)
			leads += plan->moves[i].leads.n;
	g_string_append_printf(lines, "\n%" G_GUINT64_FORMAT " %s", leads,
	                       nt_text_plural(leads, "lead leaves", "leads leave"));
	nt_graph_box(change->name, lines->str, true, out);
	g_string_free(lines, TRUE);
}

/* A box beside the campaigns, whose names have no capitals: what changes, and what reps are told. */
static void put_announcements(const struct nt_plan *plan, GString *out)
{
	GString *lines = g_string_new(NULL);
	uint64_t day[2] = { 0 }, week[2] = { 0 };

	for (unsigned i = 0; i < plan->changes->n_announcements; i++) {
		const struct nt_announcement_change *change = &plan->changes->announcements[i];

		g_string_append_printf(lines, "%s of %s %s\n", change->message, change->campaign,
		                       change->before < 0 ? "is new" :
		                       change->after < 0  ? "is removed" :
		                                            "changes");
	}
	for (unsigned i = 0; i < plan->n_told; i++)
		for (unsigned rules = 0; rules < 2; rules++) {
			day[rules] += plan->told[i].by[rules] && plan->told[i].at <= plan->now + NT_DAY;
			week[rules] += plan->told[i].by[rules];
		}
	if (plan->n_told > 0)
		g_string_append_printf(lines,
		                       "reps told in 24 hours: %" G_GUINT64_FORMAT ", were %" G_GUINT64_FORMAT
		                       "\nin 7 days: %" G_GUINT64_FORMAT ", were %" G_GUINT64_FORMAT,
		                       day[1], day[0], week[1], week[0]);
	if (lines->len > 0)
		nt_graph_box("Announcements", lines->str, false, out);
	g_string_free(lines, TRUE);
}

void nt_plan_picture(const struct nt_plan *plan, GString *out)
{
	nt_graph_begin(out);
	for (unsigned i = 0; i < plan->changes->n_campaigns; i++) {
		const struct nt_campaign_change *change = &plan->changes->campaigns[i];

		if (change->after < 0)
			put_removed(plan, change, out);
		else
			put_changed(plan, change, out);
	}
	if (plan->changes->n_campaigns == 0)
		nt_graph_box("no campaign changes", "", false, out);
	put_announcements(plan, out);
	nt_graph_end(out);
}
