/* What a lead's run is doing and waiting for, in the words of its rules: for people. Pure. */
#ifndef NT_ENGINE_WAITING_H
#define NT_ENGINE_WAITING_H

#include "base/time.h"

#include <glib.h>
#include <stdbool.h>

struct nt_lead;
struct nt_run;

struct nt_waiting {
	nt_time until;    /* goes on by then at the latest; a message is tried then. NT_NEVER: not by the clock */
	const char *held; /* static: why it doesn't go on although it is due; or NULL */
};
/* Words: "wait for pricing.viewed", "email three-tips"; appended. */
void nt_waiting_find(const struct nt_lead *lead, const struct nt_run *run, nt_time now, GString *words,
                     struct nt_waiting *waiting);
/* The next round of a way in by the calendar: its instant, or NT_NEVER, and its words ("30 days before renews_on at
 * 09:00"), appended. Whether the lead is let in then is asked then. */
nt_time nt_waiting_occasion(const struct nt_lead *lead, unsigned occasion, GString *words);
bool nt_waiting_is_message(const struct nt_lead *lead, const struct nt_run *run);

#endif
