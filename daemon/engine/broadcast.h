/* What goes out at a fixed date: the coming rounds of a rule set's broadcasts, and when reps are told of them
 * (rule-language I.9). Pure: it follows from the rules and the time alone. */
#ifndef NT_ENGINE_BROADCAST_H
#define NT_ENGINE_BROADCAST_H

#include "base/time.h"

#include <glib.h>
#include <stdbool.h>

struct nt_announcement;
struct nt_json_writer;
struct nt_occasion;
struct nt_program;
struct nt_rep;
struct nt_zone;

struct nt_round {
	int campaign;
	const struct nt_occasion *occasion;
	nt_time mark;        /* its reading on the wall as if UTC: names the round, whatever else is edited */
	nt_time first, last; /* when it reaches the first lead and the last: the same, if at one instant for all */
	const char *filter;  /* to whom: the condition as it is written; NULL: all leads */
};

/* The first round of the campaign's broadcasts whose `first` is after t. Where each lead has its own time, the first
 * are those 14 hours ahead of UTC, the last those 12 hours behind it. False: none. */
bool nt_broadcast_next(const struct nt_program *program, int campaign, nt_time t, struct nt_round *out);
/* "Tue 2026-12-01 10:00 in each lead's own time zone", or at one instant for all as `zone` reads it. */
void nt_broadcast_when(const struct nt_round *round, const struct nt_zone *zone, GString *out);
/* Each message that the campaign may send, once. */
void nt_broadcast_messages(const struct nt_program *program, int campaign,
                          void (*each)(void *user, const char *channel, const char *template_name, const char *subject),
                          void *user);

/* The reps whom it concerns: how many, and the i-th (a slot). */
unsigned nt_announcement_reps(const struct nt_program *program, const struct nt_announcement *announcement);
int nt_announcement_rep(const struct nt_program *program, const struct nt_announcement *announcement, unsigned i);
/* When this rep is told of the round. */
nt_time nt_announcement_at(const struct nt_program *program, const struct nt_announcement *announcement,
                           const struct nt_rep *rep, const struct nt_round *round);

#endif
