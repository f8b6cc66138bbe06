/* Every expression of a rule set, once, in the order in which people would read it. */
#include "rules/warn.h"

struct each {
	struct nt_warner *w;
	void (*see)(struct nt_warner *w, const struct nt_expr *e, void *user);
	void *user;
};

static void show(struct each *each, const struct nt_expr *e)
{
	if (e != NULL)
		each->see(each->w, e, each->user);
}

static void show_ways_out(struct each *each, const struct nt_way_out *ways, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		show(each, ways[i].condition);
}

static void show_step(struct each *each, const struct nt_step *step)
{
	show(each, step->condition);
	show(each, step->expr);
	for (unsigned i = 0; i < step->n_assignments; i++)
		show(each, step->assignments[i].expr);
	for (unsigned i = 0; i < step->n_arms; i++)
		show(each, step->arms[i].condition);
	for (unsigned i = 0; i < step->n_points; i++)
		show(each, step->schedule[i].of);
}

static void show_campaign(struct each *each, const struct nt_campaign *campaign)
{
	for (unsigned i = 0; i < campaign->n_enter; i++) {
		const struct nt_enter *enter = &campaign->enter[i];

		show(each, enter->condition);
		if (enter->watcher >= 0)
			show(each, each->w->program->watchers[enter->watcher].condition);
	}
	show(each, campaign->pause);
	show_ways_out(each, campaign->goals, campaign->n_goals);
	show_ways_out(each, campaign->exits, campaign->n_exits);
	for (unsigned i = 0; i < campaign->n_steps; i++)
		show_step(each, &campaign->steps[i]);
}

static void show_rules(struct each *each, const struct nt_points_rule *rules, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		show(each, rules[i].condition);
		show(each, rules[i].points_expr);
	}
}

void nt_warn_each_expr(struct nt_warner *w, void (*see)(struct nt_warner *w, const struct nt_expr *e, void *user),
                       void *user)
{
	const struct nt_program *program = w->program;
	struct each each = { .w = w, .see = see, .user = user };

	for (unsigned i = 0; i < program->n_segments; i++)
		show(&each, program->segments[i].condition);
	show_rules(&each, program->fit, program->n_fit);
	show_rules(&each, program->engagement, program->n_engagement);
	show(&each, program->policy.suppress_if);
	for (unsigned i = 0; i < program->n_campaigns; i++)
		show_campaign(&each, &program->campaigns[i]);
	for (unsigned i = 0; i < program->sales.n_ready; i++)
		show(&each, program->sales.ready[i].condition);
	for (unsigned i = 0; i < program->sales.n_route; i++)
		show(&each, program->sales.route[i].condition);
}

void nt_warn_each_part(const struct nt_expr *e, void (*see)(const struct nt_expr *e, void *user), void *user)
{
	if (e == NULL)
		return;
	see(e, user);
	nt_warn_each_part(e->a, see, user);
	nt_warn_each_part(e->b, see, user);
}
