#include "engine/broadcast.h"

#include "base/civil.h"
#include "engine/rep.h"
#include "rules/program.h"
#include "template/message.h"

#include <string.h>

#define AHEAD (14 * NT_HOUR)  /* of UTC, in Kiritimati */
#define BEHIND (12 * NT_HOUR)

static bool next_of(const struct nt_program *program, const struct nt_enter *way, nt_time t, struct nt_round *out)
{
	const struct nt_occasion *occasion = &program->occasions[way->occasion];
	int64_t round;

	*out = (struct nt_round){ .campaign = occasion->campaign, .occasion = occasion, .filter = way->filter };
	if (occasion->everywhere) {
		round = nt_occasion_after(occasion, NULL, program->zones->utc, t);
		if (round < 0)
			return false;
		out->mark = nt_occasion_mark(occasion, NULL, round);
		out->first = out->last = nt_occasion_instant(occasion, NULL, program->zones->utc, round);
		return true;
	}
	round = nt_occasion_marked_after(occasion, NULL, t + AHEAD);
	if (round < 0)
		return false;
	out->mark = nt_occasion_mark(occasion, NULL, round);
	out->first = out->mark - AHEAD;
	out->last = out->mark + BEHIND;
	return true;
}

bool nt_broadcast_next(const struct nt_program *program, int campaign, nt_time t, struct nt_round *out)
{
	const struct nt_campaign *c = &program->campaigns[campaign];
	struct nt_round round;
	bool found = false;

	if (t >= NT_TIME_MAX - AHEAD)
		return false;
	for (unsigned i = 0; i < c->n_enter; i++) {
		if (c->enter[i].kind != NT_ENTER_OCCASION || program->occasions[c->enter[i].occasion].field >= 0 ||
		    !next_of(program, &c->enter[i], t, &round) || (found && out->first <= round.first))
			continue;
		*out = round;
		found = true;
	}
	return found;
}

void nt_broadcast_when(const struct nt_round *round, const struct nt_zone *zone, GString *out)
{
	static const char *const days[] = { "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun" };
	struct nt_civil civil = nt_civil_from_utc(round->mark);

	if (round->occasion->everywhere) {
		nt_time_print_local(zone, round->first, out);
		return;
	}
	g_string_append_printf(out, "%s %04d-%02d-%02d %02d:%02d in each lead's own time zone",
	                       days[nt_civil_weekday(nt_civil_days(civil.year, civil.month, civil.day))], civil.year,
	                       civil.month, civil.day, civil.hour, civil.minute);
}

/* ---- its messages ---- */

struct listing {
	const struct nt_program *program;
	GHashTable *seen;
	void (*each)(void *user, const char *channel, const char *template_name, const char *subject);
	void *user;
};

static void list(struct listing *l, int channel, const char *name)
{
	const char *word = l->program->channels[channel].name;
	const struct nt_message_template *found = NULL;

	if (!g_hash_table_add(l->seen, g_strconcat(word, " ", name, NULL)))
		return;
	if (l->program->templates != NULL)
		found = nt_template_set_find(l->program->templates, name, word, NULL);
	l->each(l->user, word, name, found != NULL ? nt_message_template_subject(found) : NULL);
}

void nt_broadcast_messages(const struct nt_program *program, int campaign,
                          void (*each)(void *user, const char *channel, const char *template_name, const char *subject),
                          void *user)
{
	const struct nt_campaign *c = &program->campaigns[campaign];
	struct listing l = { program, g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL), each, user };

	for (unsigned i = 0; i < c->n_steps; i++) {
		const struct nt_step *step = &c->steps[i];

		if (step->kind == NT_STEP_MESSAGE)
			list(&l, step->channel, step->name);
		for (unsigned k = 0; step->kind == NT_STEP_FIRST_OF && k < step->n_choices; k++)
			list(&l, step->choices[k].channel, step->choices[k].name);
	}
	g_hash_table_destroy(l.seen);
}

/* ---- who is told ---- */

unsigned nt_announcement_reps(const struct nt_program *program, const struct nt_announcement *announcement)
{
	return announcement->kind == NT_ROUTE_TEAM ? program->sales.teams[announcement->target].n_reps : 1;
}

int nt_announcement_rep(const struct nt_program *program, const struct nt_announcement *announcement, unsigned i)
{
	return announcement->kind == NT_ROUTE_TEAM ? program->sales.teams[announcement->target].reps[i] :
	                                             announcement->target;
}

nt_time nt_announcement_at(const struct nt_program *program, const struct nt_announcement *announcement,
                           const struct nt_rep *rep, const struct nt_round *round)
{
	return nt_time_minus(nt_rep_zone(program, rep), round->first, announcement->before);
}
