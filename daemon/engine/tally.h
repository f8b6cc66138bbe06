/* What a run in virtual time adds up to: per campaign who came, what was sent or not and why, who left and how; what
 * falls to each rep; and when. simulate prints it, for people and as JSON. */
#ifndef NT_ENGINE_TALLY_H
#define NT_ENGINE_TALLY_H

#include "base/time.h"
#include "engine/step.h"

#include <glib.h>

struct nt_json_writer;
struct nt_program;
struct nt_tally;

/* The program is borrowed: names and the order of campaigns and steps come from it, days from its zone. The hours of
 * the day are those of each lead, and days and hours of a rep the rep's own. */
struct nt_tally *nt_tally_new(const struct nt_program *program);
void nt_tally_free(struct nt_tally *tally);

void nt_tally_step(struct nt_tally *tally, const struct nt_input *input, const struct nt_effects *effects);
void nt_tally_told(struct nt_tally *tally, const struct nt_message *message); /* to a rep, not by a lead's step */
void nt_tally_tasks_before(struct nt_tally *tally, uint64_t open);
void nt_tally_tasks(struct nt_tally *tally, uint64_t open, uint64_t overdue); /* in the end */
/* What another has counted, of the same program, is counted here too. */
void nt_tally_add(struct nt_tally *tally, const struct nt_tally *other);
/* A run that was under way before. */
void nt_tally_inside(struct nt_tally *tally, const char *campaign);

/* What only the caller knows. */
struct nt_tally_frame {
	nt_time start, until;
	uint64_t leads, events, duplicates, refused;
	uint64_t leads_after, events_after; /* the end: they don't come into it */
};
void nt_tally_print(const struct nt_tally *tally, const struct nt_tally_frame *frame, GString *out);
void nt_tally_put_json(const struct nt_tally *tally, const struct nt_tally_frame *frame, struct nt_json_writer *w);

#endif
