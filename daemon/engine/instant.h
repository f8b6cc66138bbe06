/* One lead's instant: what nt_step() and its parts share. Nobody else includes this.
 *
 * An instant is a number of passes (II.1): (a) history, fields, points; (b) fit, levels, watchers; (c) goal, exit;
 * (d) waits; (e) entries; (f) sales ready. What (c) to (f) change starts another pass. When a pass changes nothing,
 * what is due at this very instant goes on; when that is quiet too, the gate opens; what it completes starts passes
 * again. */
#ifndef NT_ENGINE_INSTANT_H
#define NT_ENGINE_INSTANT_H

#include "engine/eval.h"
#include "engine/step.h"
#include "engine/trace.h"
#include "rules/program.h"

struct nt_raised { /* an event of this instant, from outside or our own */
	const struct nt_event *event;
	unsigned number; /* from 1, in order */
	struct nt_raised *next;
};

struct nt_start { /* asked for by hand, by a step, by a recycle */
	int campaign;
	const char *key, *why;
	struct nt_start *next;
};

struct nt_entered {
	int campaign;
	const char *key;
	struct nt_entered *next;
};

struct nt_before { /* what ways in by the calendar were reckoned by as the instant began */
	struct nt_value *dates;     /* [n_occasions]: of the fields */
	const struct nt_zone *zone;
	nt_time last;               /* the instant before this one */
	bool known;                 /* lead->calendar holds, as long as none of these changes */
	bool fresh;                 /* these rules haven't counted for this lead before */
};

struct nt_instant {
	struct nt_lead *lead;
	struct nt_arena *arena;
	const struct nt_program *program;
	nt_time now, clock;
	struct nt_effects *effects;
	const char *cause;
	struct nt_raised *offered;                /* in this pass */
	struct nt_raised *raised, **raised_end;   /* for the next */
	unsigned number;                          /* of the last event raised */
	bool timers;                              /* what is due at now goes on */
	bool changed;                             /* this pass did something: there will be another */
	nt_time until;                            /* conditions asked since the pass began hold until here */
	bool *fired, *has_fired;                  /* watchers: in this pass, in this instant */
	bool *levels;                             /* crossed into, in this instant */
	struct nt_start *starts, **starts_end;
	struct nt_entered *entered;               /* in this instant */
	struct nt_before before;
	bool loading;                             /* watchers are learnt, not fired */
	bool follows;                             /* what a step of this lead's asked for is answered */
	unsigned passes;
};

#define NT_INSTANT_PASSES 10000 /* more than any sane rule set can need: rules that chase each other end here */

/* instant.c */
struct nt_effect *nt_instant_effect(struct nt_instant *in, enum nt_effect_kind kind, const char *what,
                                    const char *detail);
/* A note about a run and the step at which it stands; run NULL: about the lead. */
struct nt_effect *nt_instant_note(struct nt_instant *in, const struct nt_run *run, const char *what,
                                  const char *detail);
void nt_instant_offer(struct nt_instant *in, const struct nt_event *event);
/* One of our own events, at now; NONE and NULL texts among the properties are left out. */
void nt_instant_raise(struct nt_instant *in, const char *name, const struct nt_property_value *properties, unsigned n);
bool nt_instant_holds(struct nt_instant *in, const struct nt_expr *condition, const struct nt_run *run,
                      const struct nt_event *event, bool watch);
void nt_instant_start(struct nt_instant *in, int campaign, const char *key, const char *why);
static inline void nt_instant_reached(const struct nt_instant *in, int campaign, enum nt_reached what, int step,
                                      unsigned n)
{
	const struct nt_trace *trace = in->lead->trace;

	if (trace != NULL)
		trace->reached(trace->user, in->program, campaign, what, step, n);
}

/* happen.c */
void nt_happen_record(struct nt_instant *in, const struct nt_event *event);

/* points.c */
void nt_points_award(struct nt_instant *in, nt_number points, nt_time at, const char *reason);
void nt_points_earn(struct nt_instant *in, const struct nt_event *event); /* by the scoring rules */
void nt_points_refresh(struct nt_instant *in); /* fit and level */
nt_time nt_points_next_level(const struct nt_instant *in);

/* change.c */
void nt_change_create(struct nt_instant *in); /* unless it exists */
void nt_change_fields(struct nt_instant *in, const struct nt_input *input);
void nt_change_set(struct nt_instant *in, const struct nt_run *run, const struct nt_step *step);
bool nt_change_tag(struct nt_instant *in, const char *tag, bool there); /* true: it wasn't so before */
bool nt_change_stage(struct nt_instant *in, const struct nt_run *run, const char *stage);

/* wait.c */
bool nt_wait_is(enum nt_step_kind kind);
/* When the wait at which the run stands ends; NT_NEVER: not by the clock. Durations and expressions count from the
 * run's anchor, times of day and windows from `base`. */
nt_time nt_wait_due(const struct nt_lead *lead, const struct nt_run *run, nt_time base);
bool nt_wait_over(struct nt_instant *in, struct nt_run *run, int *target); /* target: where it goes on */
void nt_wait_rezone(struct nt_instant *in);
void nt_wait_arrive(struct nt_instant *in, struct nt_run *run);
/* An event's properties, copied. */
const struct nt_property_value *nt_wait_keep(struct nt_arena *arena, const struct nt_event *event);

/* schedule.c. In the order of a run's life: */
/* The run is in it, or in one of its points. */
bool nt_schedule_entered(const struct nt_run *run, const struct nt_step *step);
void nt_schedule_arrive(struct nt_instant *in, struct nt_run *run);
void nt_schedule_watch(struct nt_instant *in, struct nt_run *run); /* in every pass: where the points are by now */
/* target: a point's steps, or what comes behind the schedule. */
bool nt_schedule_over(struct nt_instant *in, struct nt_run *run, int *target);
void nt_schedule_leave(const struct nt_lead *lead, struct nt_run *run); /* what it isn't in any more, after a move */
/* Points at or after `from` are reckoned anew, and wait for their turn also if they have passed. */
void nt_schedule_reckon(const struct nt_lead *lead, struct nt_run *run, nt_time from);

/* key.c: of campaigns with `per` */
/* The key that an event gives; NULL: it has none. */
const char *nt_key_of(struct nt_instant *in, const struct nt_campaign *campaign, const struct nt_event *event);
/* An event that a goal, exit or wait names concerns this run. */
bool nt_key_matches(struct nt_instant *in, const struct nt_run *run, const struct nt_event *event, bool of_anything);
nt_time nt_key_last_entry(const struct nt_lead *lead, const char *campaign, const char *key); /* NT_NO_TIME: none */
void nt_key_entered(struct nt_instant *in, const struct nt_campaign *campaign, const char *key);

/* run.c */
int nt_run_follow(const struct nt_campaign *campaign, int step); /* what comes after it; -1: the end */
void nt_run_go(struct nt_instant *in, struct nt_run *run, int step);
bool nt_run_does(struct nt_instant *in, const struct nt_run *run, const struct nt_step *step); /* its own condition */
void nt_run_pass(struct nt_instant *in); /* (d) */
void nt_run_leave(struct nt_instant *in); /* (c) */
void nt_run_enter(struct nt_instant *in); /* (e) */
bool nt_run_paused(struct nt_instant *in, const struct nt_run *run);
void nt_run_stop(struct nt_instant *in, int campaign, const char *key); /* by hand */

/* occasion.c: ways in by the calendar */
void nt_occasion_begin(struct nt_instant *in, nt_time last, bool loading); /* before anything happens; last: instant */
/* Nothing has come, and nothing has changed that it is reckoned by: there is no need to look. */
bool nt_occasion_is_quiet(const struct nt_instant *in);
bool nt_occasion_is_due(const struct nt_instant *in);
/* One of its rounds has come. It is asked now, and never again. */
bool nt_occasion_takes(struct nt_instant *in, int occasion);
nt_time nt_occasion_next(const struct nt_lead *lead, unsigned occasion); /* the next round's instant; NT_NEVER */
nt_time nt_occasion_due(struct nt_instant *in); /* the earliest of all */
/* For migrate.c: the rounds that `old_lead` awaits, by the slots of the program that `lead` is bound to. */
void nt_occasion_carry(struct nt_lead *lead, const struct nt_lead *old_lead);

/* act.c: a step that takes no time; goes on to the next */
void nt_act(struct nt_instant *in, struct nt_run *run, const struct nt_step *step);

/* split.c */
int nt_split_take(struct nt_instant *in, struct nt_run *run, const struct nt_step *step); /* where the run goes on */
/* Something became of a message of that campaign and step: it may have won the lead for its arm. */
void nt_split_answered(struct nt_instant *in, const char *campaign_name, const char *step_name, enum nt_outcome outcome,
                       const char *how);
void nt_split_goal(struct nt_instant *in, const struct nt_campaign *campaign);

/* gate.c: true if a message step was completed */
bool nt_gate_is_message(enum nt_step_kind kind);
bool nt_gate_open(struct nt_instant *in);
nt_time nt_gate_give_up(const struct nt_lead *lead, const struct nt_run *run);
/* Until when what was released or awarded at x counts against a rate. */
nt_time nt_gate_counts_until(const struct nt_rate *rate, const struct nt_zone *zone, nt_time x);
/* Why a message that is due doesn't go out at in->now; NULL: nothing that would pass by itself. */
const char *nt_gate_held(struct nt_instant *in, const struct nt_run *run);
void nt_gate_ask_again(struct nt_instant *in); /* deferred messages: something that held them has changed */

const char *nt_handoff_title(struct nt_instant *in); /* "Ann Example, Example Ltd" */
/* handoff.c: who owns the lead. True: the answer has still to come. */
bool nt_assign(struct nt_instant *in, const struct nt_run *run, const struct nt_step *step);
void nt_assign_apply(struct nt_instant *in, const struct nt_input *input);

/* tell.c */
void nt_tell(struct nt_instant *in, struct nt_run *run, const struct nt_step *step);
/* The team to which the lead would go now; -1 none. */
int nt_tell_route(struct nt_instant *in);

/* todo.c: tasks for the lead's owner */
void nt_todo_open(struct nt_instant *in, struct nt_run *run, const struct nt_step *step);
void nt_todo_end(struct nt_instant *in, const struct nt_run *run, const char *why); /* those of this run */
void nt_todo_apply(struct nt_instant *in, const struct nt_input *input);

/* message.c */
struct nt_message *nt_message_new_rep(struct nt_instant *in, const struct nt_run *run, const struct nt_step *step,
                                      const struct nt_rep *rep, const char *address);
struct nt_message *nt_message_new(struct nt_instant *in, struct nt_run *run, const struct nt_step *step);
const char *nt_message_lead_values(struct nt_instant *in); /* JSON of fields and standing: for reps' messages */
/* The same, with campaign, event, entry and owner. */
const char *nt_message_run_values(struct nt_instant *in, const struct nt_run *run);
const char *nt_message_make_id(struct nt_instant *in, const struct nt_run *run, const struct nt_step *step);

/* outcome.c */
void nt_outcome_apply(struct nt_instant *in, const struct nt_input *input);
void nt_consent_apply(struct nt_instant *in, int channel, bool given, const char *how, const char *from);
/* By the rules, not refused by the lead. */
bool nt_consent_is_suppressed(const struct nt_consent *consent);
/* channel NULL: the lead's every one */
void nt_consent_suppress(struct nt_instant *in, const char *what, const char *how);
/* Released messages of a run (campaign -1: all), of a channel (-1: all), marketing ones only if asked. */
void nt_pending_cancel(struct nt_instant *in, int campaign, const char *key, int channel, bool marketing,
                       const char *why);

/* handoff.c */
void nt_handoff_ready(struct nt_instant *in, const char *reason, const struct nt_ready *item);
void nt_handoff_pass(struct nt_instant *in); /* (f) */
void nt_handoff_apply(struct nt_instant *in, const struct nt_input *input);

/* instant.c, for migrate.c: timers due before `until`. */
void nt_instant_timers(struct nt_lead *lead, nt_time until, nt_time clock, struct nt_effects *effects);

#endif
