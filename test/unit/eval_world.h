/* A lead in the rule set of expr_world.h, to evaluate expressions on. Parse first: a lead has room for what the program
 * keeps when the lead is made. */
#ifndef NT_TEST_EVAL_WORLD_H
#define NT_TEST_EVAL_WORLD_H

#include "engine/eval.h"
#include "engine/state.h"

#include "expr_world.h"
#include "zone_file.h"

static inline const struct nt_zone *world_find_zone(const struct nt_zones *zones, const char *name)
{
	(void)zones;
	return zone(name);
}

static inline void world_set_zones(struct world *w, struct nt_zones *zones)
{
	*zones = (struct nt_zones){ .find = world_find_zone, .utc = zone("UTC") };
	w->program.zones = zones;
	w->program.policy.time_zone = "America/New_York";
}

/* An event as step() records it. */
static inline void lead_event(struct nt_lead *lead, int event, nt_time t, nt_number amount)
{
	const struct nt_program *program = lead->program;
	struct nt_event_stat *stat = &lead->events[event];

	stat->count++;
	if (stat->first == NT_NO_TIME || t < stat->first)
		stat->first = t;
	if (stat->last == NT_NO_TIME || t > stat->last)
		stat->last = t;
	for (unsigned i = 0; i < program->n_rings; i++)
		if (program->rings[i].event == event)
			nt_ring_add(lead->arena, &lead->rings[i], program->rings[i].capacity, t, 1,
			            program->rings[i].property == NULL ? 0 : amount);
	for (unsigned i = 0; i < program->n_stats; i++)
		if (program->stats[i].event == event && strcmp(program->stats[i].property, "amount") == 0) {
			lead->stats[i].sum = nt_number_add(lead->stats[i].sum, amount);
			if (lead->stats[i].last_at == NT_NO_TIME || t >= lead->stats[i].last_at) {
				lead->stats[i].last_at = t;
				lead->stats[i].last = NT_NUMBER_VALUE(amount);
			}
		}
}

static inline struct nt_result lead_ask(const struct nt_lead *lead, const struct nt_expr *e, nt_time now)
{
	struct nt_eval_context context = { .lead = lead, .now = now };

	return nt_eval(e, &context);
}

static inline bool lead_holds(const struct nt_lead *lead, const struct nt_expr *e, nt_time now, nt_time *until)
{
	struct nt_eval_context context = { .lead = lead, .now = now };

	*until = NT_NEVER;
	return nt_holds(e, &context, until);
}

#endif
