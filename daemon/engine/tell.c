/* What our own people are told of a lead by a campaign's steps (I.6): at once, nothing holds it back. */
#include "engine/instant.h"

#include "base/arena.h"
#include "template/message.h"

#include <string.h>

int nt_tell_route(struct nt_instant *in)
{
	const struct nt_sales_rules *sales = &in->program->sales;
	unsigned i;

	for (i = 0; i < sales->n_route; i++)
		if (sales->route[i].kind == NT_ROUTE_TEAM &&
		    nt_instant_holds(in, sales->route[i].condition, NULL, NULL, false))
			return sales->route[i].target;
	return -1;
}

/* The team that has this rep; without a rep, or if none has, the one to which the lead would go; -1 none. */
static int team_of(struct nt_instant *in, int rep)
{
	const struct nt_sales_rules *sales = &in->program->sales;
	unsigned i, k;

	for (i = 0; rep >= 0 && i < sales->n_teams; i++)
		for (k = 0; k < sales->teams[i].n_reps; k++)
			if (sales->teams[i].reps[k] == rep)
				return (int)i;
	return nt_tell_route(in);
}

static const char *address_of(const struct nt_instant *in, const struct nt_rep *rep, int channel)
{
	return in->program->channels[channel].address_field == NT_FIELD_PHONE ? rep->phone : rep->email;
}

static void skip(struct nt_instant *in, const struct nt_run *run, const char *why)
{
	nt_instant_note(in, run, "message.skipped", why);
}

static void tell(struct nt_instant *in, struct nt_run *run, const struct nt_step *step, int slot)
{
	const struct nt_rep *rep = &in->program->sales.reps[slot];
	const char *address = address_of(in, rep, step->channel);
	struct nt_effect *effect;

	if (address == NULL) {
		skip(in, run, nt_arena_printf(in->arena, "%s has no address for %s", rep->name,
		                              in->program->channels[step->channel].name));
		return;
	}
	run->released++;
	effect = nt_instant_note(in, run, "rep.told", step->name);
	effect->kind = NT_EFFECT_MESSAGE;
	effect->message = nt_message_new_rep(in, run, step, rep, address);
	effect->channel = effect->message->channel;
}

void nt_tell(struct nt_instant *in, struct nt_run *run, const struct nt_step *step)
{
	const struct nt_sales_rules *sales = &in->program->sales;
	int owner = in->lead->owner != NULL ? nt_program_rep(in->program, in->lead->owner) : -1, team;
	unsigned i;

	switch (step->whom) {
	case NT_WHOM_OWNER:
		if (owner >= 0)
			tell(in, run, step, owner);
		else
			skip(in, run, "the lead has no owner");
		break;
	case NT_WHOM_MANAGER:
		team = team_of(in, owner);
		if (team >= 0 && sales->teams[team].manager >= 0)
			tell(in, run, step, sales->teams[team].manager);
		else
			skip(in, run, "the lead has no team with a manager");
		break;
	case NT_WHOM_TEAM:
		for (i = 0; i < sales->teams[step->who].n_reps; i++)
			tell(in, run, step, sales->teams[step->who].reps[i]);
		break;
	case NT_WHOM_REP:
		tell(in, run, step, step->who);
		break;
	case NT_WHOM_ROUTE: /* assign only */
		break;
	}
}
