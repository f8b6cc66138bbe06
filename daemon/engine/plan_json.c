#include "engine/plan.h"

#include "base/civil.h"
#include "base/json.h"
#include "rules/program.h"

static void put_facts(struct nt_json_writer *w, const char *key, const struct nt_fact_change *fact)
{
	nt_json_array(w, key);
	for (; fact != NULL; fact = fact->next) {
		nt_json_object(w, NULL);
		nt_json_put_text(w, "key", fact->key);
		nt_json_put_text(w, "before", fact->before);
		nt_json_put_text(w, "after", fact->after);
		nt_json_end_object(w);
	}
	nt_json_end_array(w);
}

static const char *change_of(int before, int after)
{
	return before < 0 ? "added" : after < 0 ? "removed" : "changed";
}

static void put_campaigns(struct nt_json_writer *w, const struct nt_changes *changes)
{
	nt_json_array(w, "campaigns");
	for (unsigned i = 0; i < changes->n_campaigns; i++) {
		const struct nt_campaign_change *campaign = &changes->campaigns[i];

		nt_json_object(w, NULL);
		nt_json_put_text(w, "campaign", campaign->name);
		nt_json_put_text(w, "change", change_of(campaign->before, campaign->after));
		if (campaign->was != NULL)
			nt_json_put_text(w, "was", campaign->was);
		put_facts(w, "facts", campaign->facts);
		nt_json_array(w, "steps");
		for (unsigned k = 0; k < campaign->n_steps; k++) {
			const struct nt_step_change *step = &campaign->steps[k];

			nt_json_object(w, NULL);
			nt_json_put_text(w, "step", step->identity);
			nt_json_put_text(w, "words", step->words);
			nt_json_put_text(w, "change", change_of(step->before, step->after));
			if (step->was != NULL)
				nt_json_put_text(w, "was", step->was);
			nt_json_put_bool(w, "moved", step->moved);
			put_facts(w, "facts", step->facts);
			nt_json_end_object(w);
		}
		nt_json_end_array(w);
		nt_json_end_object(w);
	}
	nt_json_end_array(w);
	put_facts(w, "others", changes->others);
}

static void put_announcements(struct nt_json_writer *w, const struct nt_changes *changes)
{
	nt_json_array(w, "announcements");
	for (unsigned i = 0; i < changes->n_announcements; i++) {
		const struct nt_announcement_change *announcement = &changes->announcements[i];

		nt_json_object(w, NULL);
		nt_json_put_text(w, "campaign", announcement->campaign);
		nt_json_put_text(w, "message", announcement->message);
		nt_json_put_text(w, "change", change_of(announcement->before, announcement->after));
		put_facts(w, "facts", announcement->facts);
		nt_json_end_object(w);
	}
	nt_json_end_array(w);
}

static void put_leads(struct nt_json_writer *w, const struct nt_plan_leads *leads)
{
	nt_json_put_int(w, "leads", (int64_t)leads->n);
	nt_json_array(w, "examples");
	for (unsigned i = 0; i < leads->n_examples; i++)
		nt_json_put_text(w, NULL, leads->examples[i]);
	nt_json_end_array(w);
}

static void put_moves(struct nt_json_writer *w, const struct nt_plan *plan)
{
	static const char *const kinds[] = { [NT_PLAN_STAYS] = "stays", [NT_PLAN_MOVES] = "moves",
		                             [NT_PLAN_GOES_ON] = "goes_on", [NT_PLAN_ENTERS] = "enters",
		                             [NT_PLAN_LEAVES] = "leaves" };

	nt_json_array(w, "moves");
	for (unsigned i = 0; i < plan->n_moves; i++) {
		const struct nt_plan_move *move = &plan->moves[i];

		nt_json_object(w, NULL);
		nt_json_put_text(w, "campaign", move->campaign);
		nt_json_put_text(w, "kind", kinds[move->kind]);
		nt_json_put_text(w, "from", move->from);
		nt_json_put_text(w, "to", move->to);
		nt_json_put_text(w, "why", move->why);
		put_leads(w, &move->leads);
		nt_json_end_object(w);
	}
	nt_json_end_array(w);
}

static void put_cancelled(struct nt_json_writer *w, const struct nt_plan *plan)
{
	nt_json_put_int(w, "under_way", (int64_t)plan->under_way);
	nt_json_array(w, "cancelled");
	for (unsigned i = 0; i < plan->n_cancelled; i++) {
		nt_json_object(w, NULL);
		nt_json_put_text(w, "campaign", plan->cancelled[i].campaign);
		nt_json_put_text(w, "channel", plan->cancelled[i].channel);
		nt_json_put_text(w, "template", plan->cancelled[i].template_name);
		put_leads(w, &plan->cancelled[i].leads);
		nt_json_end_object(w);
	}
	nt_json_end_array(w);
}

static void put_pair(struct nt_json_writer *w, const char *key, const uint64_t n[2])
{
	nt_json_object(w, key);
	nt_json_put_int(w, "present", (int64_t)n[0]);
	nt_json_put_int(w, "new", (int64_t)n[1]);
	nt_json_end_object(w);
}

static void put_forecast(struct nt_json_writer *w, const struct nt_plan *plan)
{
	nt_json_array(w, "sent");
	for (unsigned i = 0; i < plan->n_sent; i++) {
		const struct nt_plan_sent *sent = &plan->sent[i];

		nt_json_object(w, NULL);
		nt_json_put_text(w, "campaign", sent->campaign);
		nt_json_put_text(w, "channel", sent->channel);
		nt_json_put_text(w, "template", sent->template_name);
		nt_json_put_bool(w, "to_reps", sent->rep);
		put_pair(w, "day", sent->day);
		put_pair(w, "week", sent->week);
		nt_json_end_object(w);
	}
	nt_json_end_array(w);
	nt_json_array(w, "traffic");
	for (unsigned i = 0; i < plan->n_traffic; i++) {
		const struct nt_plan_traffic *traffic = &plan->traffic[i];

		nt_json_object(w, NULL);
		nt_json_put_text(w, "campaign", traffic->campaign);
		put_pair(w, "entered_day", traffic->entered_day);
		put_pair(w, "entered_week", traffic->entered_week);
		put_pair(w, "goals_week", traffic->goals_week);
		put_pair(w, "left_week", traffic->left_week);
		nt_json_end_object(w);
	}
	nt_json_end_array(w);
}

static void put_told(struct nt_json_writer *w, const struct nt_plan *plan)
{
	nt_json_array(w, "told");
	for (unsigned i = 0; i < plan->n_told; i++) {
		const struct nt_plan_told *told = &plan->told[i];

		nt_json_object(w, NULL);
		nt_json_put_time(w, "at", told->at);
		nt_json_put_text(w, "campaign", told->campaign);
		nt_json_put_text(w, "channel", told->channel);
		nt_json_put_text(w, "template", told->template_name);
		nt_json_put_text(w, "rep", told->rep);
		nt_json_put_text(w, "when", told->when);
		nt_json_put_text(w, "to_whom", told->to_whom);
		if (told->occasion >= 0)
			nt_json_put_int(w, "leads", (int64_t)told->leads);
		else
			nt_json_put_null(w, "leads");
		nt_json_put_bool(w, "present", told->by[0]);
		nt_json_put_bool(w, "new", told->by[1]);
		nt_json_put_bool(w, "day", told->at <= plan->now + NT_DAY);
		nt_json_end_object(w);
	}
	nt_json_end_array(w);
}

static void put_offers(struct nt_json_writer *w, const struct nt_plan *plan)
{
	nt_json_array(w, "offers");
	for (unsigned i = 0; i < plan->n_offers; i++) {
		nt_json_object(w, NULL);
		nt_json_put_text(w, "lead", plan->offers[i].lead);
		nt_json_put_text(w, "from_state", plan->offers[i].from_state);
		nt_json_put_text(w, "from_rep", plan->offers[i].from_rep);
		nt_json_put_text(w, "to_state", plan->offers[i].to_state);
		nt_json_put_text(w, "to_rep", plan->offers[i].to_rep);
		nt_json_end_object(w);
	}
	nt_json_end_array(w);
}

static void put_demands(struct nt_json_writer *w, const struct nt_plan *plan)
{
	nt_json_array(w, "demands");
	for (unsigned i = 0; i < plan->n_demands; i++) {
		const struct nt_plan_demand *demand = &plan->demands[i];
		const struct nt_campaign *now = &plan->program->campaigns[demand->campaign->after];

		nt_json_object(w, NULL);
		nt_json_put_text(w, "campaign", demand->campaign->name);
		nt_json_put_text(w, "steps", demand->muddle->base);
		nt_json_array(w, "places");
		for (unsigned k = 0; k < demand->muddle->n_after; k++) {
			struct nt_span span = now->steps[demand->muddle->after[k]].span;
			int line, column;

			nt_span_position(span, &line, &column);
			nt_json_object(w, NULL);
			nt_json_put_text(w, "file", span.source->path);
			nt_json_put_int(w, "line", line);
			nt_json_put_int(w, "column", column);
			nt_json_end_object(w);
		}
		nt_json_end_array(w);
		put_leads(w, &demand->leads);
		nt_json_end_object(w);
	}
	nt_json_end_array(w);
}

void nt_plan_put_json(const struct nt_plan *plan, struct nt_json_writer *w)
{
	nt_json_put_time(w, "made", plan->now);
	nt_json_object(w, "base");
	nt_json_put_text(w, "program", plan->base->hash);
	nt_json_put_time(w, "loaded", plan->loaded);
	nt_json_end_object(w);
	nt_json_put_int(w, "leads", (int64_t)plan->leads);
	nt_json_put_int(w, "damaged", (int64_t)plan->damaged);
	put_campaigns(w, plan->changes);
	put_announcements(w, plan->changes);
	put_moves(w, plan);
	put_cancelled(w, plan);
	put_forecast(w, plan);
	put_told(w, plan);
	put_offers(w, plan);
	put_demands(w, plan);
}
