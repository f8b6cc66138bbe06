/* What reps are told of broadcasts within the plan's week, and for how many leads a broadcast's condition holds. */
#include "engine/plan_private.h"

#include "base/arena.h"
#include "base/civil.h"
#include "base/json.h"
#include "engine/broadcast.h"
#include "engine/step.h"
#include "rules/program.h"

#include <string.h>

#define WEEK (7 * NT_DAY)

/* ---- whose condition is asked ---- */

/* When the first of the reps is told of it. */
static nt_time first_told(const struct nt_program *program, const struct nt_announcement *announcement,
                          const struct nt_round *round)
{
	nt_time first = NT_NEVER;

	for (unsigned i = 0; i < nt_announcement_reps(program, announcement); i++) {
		int rep = nt_announcement_rep(program, announcement, i);

		first = nt_time_earlier(first, nt_announcement_at(program, announcement, &program->sales.reps[rep],
		                                                  round));
	}
	return first;
}

void nt_plan_find_announced(struct nt_maker *maker)
{
	const struct nt_program *program = maker->planning->program;

	maker->announced = nt_arena_array(maker->arena, bool, program->n_occasions + 1);
	maker->concerned = nt_arena_array(maker->arena, uint64_t, program->n_occasions + 1);
	for (unsigned i = 0; i < program->n_announcements; i++) {
		const struct nt_announcement *announcement = &program->announcements[i];
		nt_time from = maker->planning->now;
		struct nt_round round;

		while (nt_broadcast_next(program, announcement->campaign, from, &round) &&
		       first_told(program, announcement, &round) <= maker->planning->now + WEEK) {
			maker->announced[round.occasion - program->occasions] = true;
			from = round.first;
		}
	}
}

/* ---- what is told ---- */

static bool read_instant(const char *text, nt_time *t)
{
	struct nt_civil civil;
	bool has_offset = false;

	return text != NULL && nt_instant_parse(text, strlen(text), &civil, &has_offset, t, NULL) && has_offset;
}

bool nt_plan_read_told(struct nt_maker *maker, const struct nt_message *message, unsigned rules,
                       struct nt_plan_record *record)
{
	const struct nt_program *now = maker->planning->program, *own = rules == 0 ? maker->planning->base : now;
	struct nt_arena *arena = nt_arena_new();
	struct nt_json_error error;
	const struct nt_json *values = nt_json_parse(arena, message->values, strlen(message->values), &error);
	const struct nt_json *said = nt_json_get(values, "announcement");
	int campaign = nt_program_campaign(own, message->campaign), kept;
	struct nt_round round;
	nt_time first;
	bool done = said != NULL && campaign >= 0 && read_instant(nt_json_text(said, "first"), &first) &&
	            nt_broadcast_next(own, campaign, first - 1, &round);

	if (done) {
		kept = nt_program_campaign_kept(now, message->campaign);
		*record = (struct nt_plan_record){
			.kind = NT_RECORD_TOLD,
			.lead = "",
			.campaign = nt_plan_text(maker, kept >= 0 ? now->campaigns[kept].name : message->campaign),
			.channel = nt_plan_text(maker, nt_message_channel(message)),
			.template_name = nt_plan_text(maker, message->template_name),
			.rep = true,
			.rep_name = nt_plan_text(maker, message->rep),
			.when = nt_plan_text(maker, nt_json_text(said, "when")),
			.to_whom = nt_plan_text(maker, nt_json_text(said, "to_whom")),
			.occasion = rules == 0 ? -1 : (int)(round.occasion - own->occasions),
			.at = message->released };
	}
	nt_arena_free(arena);
	return done;
}

void nt_plan_tally_told(struct nt_maker *maker, const struct nt_plan_record *r, unsigned rules)
{
	/* instants are told apart by their digits, and in their order: none is before 1970 here */
	char *key = g_strdup_printf("%020" G_GINT64_FORMAT "\n%s\n%s\n%s\n%s\n%s", (gint64)r->at, r->campaign,
	                            r->channel, r->template_name, r->when, r->rep_name);
	struct nt_plan_told *told = nt_plan_entry(maker, maker->told, key, sizeof *told);

	told->campaign = r->campaign;
	told->channel = r->channel;
	told->template_name = r->template_name;
	told->rep = r->rep_name;
	told->at = r->at;
	told->when = r->when;
	if (told->to_whom == NULL || rules == 1)
		told->to_whom = r->to_whom;
	if (rules == 1 || !told->by[1])
		told->occasion = r->occasion;
	told->by[rules] = true;
	g_free(key);
}
