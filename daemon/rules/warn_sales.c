/* Leads that nobody gets, or gets to know of; reps and teams that no lead comes to. */
#include "rules/warn.h"

#include "base/arena.h"

#include <string.h>

/* The first step that puts leads into the queue, or NULL. */
static const struct nt_step *hand_off(const struct nt_program *program)
{
	for (unsigned c = 0; c < program->n_campaigns; c++)
		for (unsigned i = 0; i < program->campaigns[c].n_steps; i++)
			if (program->campaigns[c].steps[i].kind == NT_STEP_HAND_OFF)
				return &program->campaigns[c].steps[i];
	return NULL;
}

/* Leads come into the queue at all. */
static bool has_queue(const struct nt_program *program)
{
	return hand_off(program) != NULL || program->sales.n_ready > 0;
}

static bool takes_all(struct nt_warner *w)
{
	const struct nt_sales_rules *sales = &w->program->sales;
	const struct nt_expr **conditions = nt_arena_array(w->arena, const struct nt_expr *, sales->n_route + 1);
	const struct nt_expr always = { .op = NT_OP_LITERAL, .type = NT_TYPE_YES_NO,
		                        .literal = NT_YES_NO_VALUE(true) };

	for (unsigned i = 0; i < sales->n_route; i++) {
		if (nt_truth_of(&w->decider, sales->route[i].condition) == NT_TRUTH_ALWAYS)
			return true;
		conditions[i] = sales->route[i].condition;
	}
	return sales->n_route > 0 && nt_truth_covered(&w->decider, &always, conditions, sales->n_route);
}

static void look_at_route(struct nt_warner *w)
{
	const struct nt_sales_rules *sales = &w->program->sales;

	if (takes_all(w))
		return;
	if (sales->n_route == 0)
		nt_diags_warning(w->diags, NT_CODE_NO_ROUTE, sales->span,
		                 "leads that are ready wait, and nobody is told: 'sales' has no 'route'");
	else
		nt_diags_warning(w->diags, NT_CODE_NO_ROUTE, sales->route[sales->n_route - 1].span,
		                 "a lead that fits none of these waits, and nobody is told: add a last item without "
		                 "'if', "
		                 "such as { to: team NAME }");
}

/* ---- who is told ---- */

static bool reaches(const struct nt_program *program, const struct nt_rep *rep)
{
	for (unsigned i = 0; i < program->sales.n_tell; i++) {
		int channel = nt_program_channel(program, program->sales.tell[i].channel);
		int field = channel >= 0 ? program->channels[channel].address_field : -1;

		if (field == NT_FIELD_EMAIL ? rep->email != NULL : field != NT_FIELD_PHONE || rep->phone != NULL)
			return true;
	}
	return false;
}

static bool is_routed(const struct nt_program *program, enum nt_route_kind kind, int target)
{
	for (unsigned i = 0; i < program->sales.n_route; i++)
		if (program->sales.route[i].kind == kind && program->sales.route[i].target == target)
			return true;
	return false;
}

static bool has_step(const struct nt_program *program, enum nt_step_kind kind, enum nt_whom whom, int who)
{
	for (unsigned c = 0; c < program->n_campaigns; c++)
		for (unsigned i = 0; i < program->campaigns[c].n_steps; i++) {
			const struct nt_step *step = &program->campaigns[c].steps[i];

			if (step->kind == kind && step->whom == whom && step->who == who)
				return true;
		}
	return false;
}

/* By a step or an announcement. */
static bool is_told(const struct nt_program *program, enum nt_route_kind kind, int target)
{
	for (unsigned i = 0; i < program->n_announcements; i++)
		if (program->announcements[i].kind == kind && program->announcements[i].target == target)
			return true;
	return has_step(program, NT_STEP_TELL, kind == NT_ROUTE_TEAM ? NT_WHOM_TEAM : NT_WHOM_REP, target);
}

static bool is_in(const struct nt_team *team, int rep)
{
	for (unsigned i = 0; i < team->n_reps; i++)
		if (team->reps[i] == rep)
			return true;
	return team->manager == rep;
}

/* Leads come to them. */
static bool team_gets(const struct nt_program *program, int team)
{
	return is_routed(program, NT_ROUTE_TEAM, team) || has_step(program, NT_STEP_ASSIGN, NT_WHOM_TEAM, team);
}

/* A lead may be offered to him. */
static bool rep_gets(const struct nt_program *program, int rep)
{
	for (unsigned t = 0; t < program->sales.n_teams; t++)
		if (is_in(&program->sales.teams[t], rep) && team_gets(program, (int)t))
			return true;
	return is_routed(program, NT_ROUTE_REP, rep) || has_step(program, NT_STEP_ASSIGN, NT_WHOM_REP, rep);
}

static bool has_team(const struct nt_program *program, int rep)
{
	for (unsigned t = 0; t < program->sales.n_teams; t++)
		if (is_in(&program->sales.teams[t], rep))
			return true;
	return false;
}

static void look_at_reps(struct nt_warner *w, bool queue)
{
	const struct nt_sales_rules *sales = &w->program->sales;

	if (queue && sales->n_reps > 0 && sales->n_tell == 0)
		nt_diags_warning(w->diags, NT_CODE_NOBODY_TOLD, sales->span,
		                 "nobody is told of the leads that are offered: 'sales' has no 'tell'");
	for (unsigned i = 0; i < sales->n_reps; i++) {
		const struct nt_rep *rep = &sales->reps[i];

		if (!rep_gets(w->program, (int)i) && !has_team(w->program, (int)i) &&
		    !is_told(w->program, NT_ROUTE_REP, (int)i))
			nt_diags_warning(w->diags, NT_CODE_IDLE_REP, rep->span,
			                 "no lead comes to rep '%s', who is in no team and no route", rep->name);
		else if (queue && sales->n_tell > 0 && rep_gets(w->program, (int)i) && !reaches(w->program, rep))
			nt_diags_warning(w->diags, NT_CODE_NOBODY_TOLD, rep->span,
			                 "rep '%s' is told of no offer: 'tell' wants a 'phone'",
			                 rep->name);
	}
}

/* ---- teams ---- */

static bool needs_manager(const struct nt_sales_rules *sales)
{
	for (unsigned i = 0; i < sales->n_then; i++)
		if (sales->then[i] == NT_THEN_MANAGER)
			return true;
	for (unsigned i = 0; i < sales->n_after_accept; i++)
		if (sales->after_accept[i].then == NT_AFTER_TELL_MANAGER)
			return true;
	return false;
}

static void look_at_teams(struct nt_warner *w)
{
	const struct nt_sales_rules *sales = &w->program->sales;

	for (unsigned i = 0; i < sales->n_teams; i++) {
		const struct nt_team *team = &sales->teams[i];

		if (!team_gets(w->program, (int)i) && !is_told(w->program, NT_ROUTE_TEAM, (int)i))
			nt_diags_warning(w->diags, NT_CODE_IDLE_TEAM, team->span,
			                 "no lead comes to team '%s': no route leads there",
			                 team->name);
		else if (team->manager < 0 && is_routed(w->program, NT_ROUTE_TEAM, (int)i) && needs_manager(sales))
			nt_diags_warning(w->diags, NT_CODE_NO_MANAGER, team->span,
			                 "team '%s' has no manager, to whom 'then' or 'after_accept' would turn",
			                 	team->name);
	}
}

void nt_warn_sales(struct nt_warner *w)
{
	bool queue = has_queue(w->program);

	if (queue && w->program->sales.n_reps == 0) {
		const struct nt_step *step = hand_off(w->program);

		nt_diags_warning(w->diags, NT_CODE_NO_ROUTE, step != NULL ? step->span : w->program->sales.span,
		                 "nobody ever gets the leads in the queue: the rule set has no sales reps");
		return;
	}
	if (!w->program->sales.present)
		return;
	if (queue)
		look_at_route(w);
	look_at_reps(w, queue);
	look_at_teams(w);
}
