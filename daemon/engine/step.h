/* The pure core: an input and a lead's state in, the new state and effects out. No I/O, no clock, no chance. */
#ifndef NT_ENGINE_STEP_H
#define NT_ENGINE_STEP_H

#include "base/time.h"
#include "engine/state.h"

#include <glib.h>

enum nt_input_kind {
	NT_INPUT_EVENT,     /* event */
	NT_INPUT_FIELDS,    /* PUT (replace) or PATCH: fields, extras; creates the lead */
	NT_INPUT_TIMER,     /* its due has come */
	NT_INPUT_OUTCOME,   /* of a message */
	NT_INPUT_CONSENT,
	NT_INPUT_START,     /* a campaign by hand */
	NT_INPUT_STOP,      /* a run by hand */
	NT_INPUT_HANDOFF,   /* from the sales subject */
	NT_INPUT_OWNER,     /* from the sales subject: handoff.rep, NULL nobody, in answer to an assign */
	NT_INPUT_TASK,      /* from the tasks: one of the lead's is done */
	NT_INPUT_LOAD,      /* the program has changed: watchers are asked anew (migrate.h has moved the runs) */
	NT_INPUT_ERASE,
};

enum nt_outcome {
	NT_OUTCOME_SENT,      /* the relay or gateway took it */
	NT_OUTCOME_DELIVERED,
	NT_OUTCOME_OPENED, NT_OUTCOME_CLICKED, NT_OUTCOME_REPLIED,
	NT_OUTCOME_BOUNCED,   /* hard: the address is suppressed on this channel */
	NT_OUTCOME_FAILED,    /* not sent for good, not the address's fault */
	NT_OUTCOME_COMPLAINED,
	NT_OUTCOME_UNSUBSCRIBED,
	NT_OUTCOME_CONFIRMED, /* double opt-in: by the link in a service message */
};

struct nt_field_change {
	const char *name;
	int field;               /* slot, -1 undeclared: json is kept */
	struct nt_value value;   /* NONE deletes */
	const char *json;
};

struct nt_input {
	enum nt_input_kind kind;
	nt_time now;             /* the instant: acceptance time, or the timer's due time */
	nt_time clock;           /* the present, >= now: nothing is released before it */
	const char *cause;       /* for the timeline: "api token shop", "unsubscribe link", … or NULL */
	union {
		struct nt_event event;
		struct {
			bool replace;
			const struct nt_field_change *changes;
			unsigned n;
		} fields;
		struct {
			const char *message;   /* id */
			const char *channel, *template_name;
			const char *campaign, *key, *step; /* identity; NULL: unknown */
			enum nt_outcome outcome;
			const char *detail;    /* what the server said */
			const char *address;   /* where it went; NULL: the lead's present address on that channel */
			nt_time released;      /* 0: not known */
		} outcome;
		struct {
			int channel;           /* -1: all marketing */
			bool given;
			const char *how, *from;
		} consent;
		struct {
			int campaign;
			const char *key;       /* "" */
		} start;                       /* and stop */
		struct {
			enum nt_handoff state;
			const char *rep, *reason; /* reason: of sent_back (name of sales.reasons) */
			bool accepted_owner;
		} handoff;
		struct {
			const char *template_name, *campaign, *key, *step;
			const char *rep;       /* who did it; NULL: by hand */
		} task;
	};
};

enum nt_effect_kind {
	NT_EFFECT_MESSAGE,     /* to the outbox */
	NT_EFFECT_CANCEL,      /* message: released -> cancelled, if it hasn't been handed */
	NT_EFFECT_SUPPRESS,    /* channel + address, until lifted */
	NT_EFFECT_UNSUPPRESS,
	NT_EFFECT_READY,       /* to the sales subject */
	NT_EFFECT_ASSIGN,      /* to the sales subject: ready says of whom; an OWNER input answers */
	NT_EFFECT_WITHDRAW,    /* lead erased: leaves the sales queue */
	NT_EFFECT_TASK,        /* to the tasks: one is opened */
	NT_EFFECT_TASKS_END,   /* to the tasks: the run has ended, task says which; those of its tasks still open go */
	NT_EFFECT_NOTE,        /* for the timeline only */
};

/* Each webhook is a channel of its own in the outbox, "webhook:NAME": one that can't be reached doesn't hold up the
 * others. To rules and people all of them are "webhook". */
struct nt_message;
#define NT_WEBHOOK_LANE "webhook:"
const char *nt_message_channel(const struct nt_message *message);

/* A message with frozen values: all that a worker needs beside template and links. */
struct nt_message {
	const char *id;          /* 32 hex digits: SHA-256 of lead, campaign, key, entry and when, step, attempt */
	const char *lead;        /* "" for messages about no lead */
	const char *rep;         /* to one of our own people; else NULL */
	const char *campaign;    /* name; "" for messages of the sales subject */
	const char *key;
	uint32_t entry;
	const char *step;        /* identity */
	const char *channel, *template_name, *locale, *template_hash;
	const char *program_hash; /* the rules that released it: it keeps their texts */
	const char *address;     /* as given */
	const char *address_name; /* first and last name, or NULL */
	const struct nt_zone *zone; /* the lead's at its release; NULL: not known, or it goes to a rep. Not kept */
	const char *values;      /* JSON object */
	bool service;
	nt_time released;
	uint64_t offer;          /* rep messages: the offer that its links answer; 0 none */
	const char *why;         /* for people: "welcome: step email-welcome-1" */
};

struct nt_ready_effect {
	const char *lead;
	const char *reason;
	bool has_accept_within;
	struct nt_duration accept_within;
	const char *owner;       /* or NULL */
	int team;                /* ASSIGN: of this one; -1 by the routes */
	const int *routes;       /* slots of sales.route whose condition holds, in order */
	unsigned n_routes;
	int64_t score;
	const char *title;       /* "Ann Example, Example Ltd" */
	const char *values;      /* JSON for the rep's message: lead, score, fit, engagement, why[] {points,reason} */
};

struct nt_task_effect {
	const char *lead, *campaign, *key;
	uint32_t entry;
	/* TASK only */
	const char *id;          /* as a message's: 32 hex digits */
	const char *step, *template_name;
	const char *const *channels; /* names, NULL-terminated: by which its owner is told */
	const char *owner, *team; /* the lead's owner; to which team it would go; NULL none */
	const char *title;       /* "Ann Example, Example Ltd" */
	const char *values;      /* JSON for the messages: as nt_ready_effect, and campaign, event, entry */
	nt_time opened, due;
};

/* Timeline words, of every effect: campaign and step that it concerns (or NULL), and by `what` the detail:
 *
 *     message.released       template              message.cancelled     why
 *     message.skipped        why                   message.given_up      why
 *     owner                  the rep, or why nobody
 *     rep.told               template, to one of our own people
 *     task.opened            template              task.done             template: by whom
 *     task.withdrawn         template: why         task.overdue          template: whose it is
 *     task.passed            template: from whom to whom
 *     message.sent, .delivered, .opened, .clicked, .replied, .bounced, .failed, .complained    template: what was said
 *     campaign.entered       event or way in       campaign.not_entered  why (by hand or by a step)
 *     campaign.left          why                   campaign.reached_goal event or condition
 *     point.reached          its identity          point.skipped          its identity: why
 *     split                  arm N                 split.won             arm N: clicked
 *     tag, untag, stage      exactly the name      set                   field
 *     set.refused            field: why it can't hold the value
 *     points                 +15 reason            score.crossed         cold to warm, score 52
 *     suppress, consent      channel: how          hand_off              exactly the reason
 *     handoff                offered to anna …     lead.created, lead.changed, lead.erased
 */
#define NT_WHY_REMOVED "the campaign was removed" /* detail of campaign.left: no event tells of it */

/* For the subject that shares follow: of a note about a split with best_by. */
struct nt_trial {
	unsigned arm;
	uint32_t mark; /* of the arms that it is one of */
	bool won;      /* else: drawn */
};

struct nt_effect {
	enum nt_effect_kind kind;
	nt_time at;
	const char *what, *campaign, *key, *step, *detail;
	struct nt_message *message;   /* MESSAGE */
	const char *id;               /* CANCEL: message id */
	/* SUPPRESS, UNSUPPRESS; NOTE: whose event it raised (email.clicked), or the channel of a message.skipped */
	const char *channel, *address; /* address: normalised */
	const char *template_name;    /* message.skipped, message.given_up */
	bool hard;                    /* SUPPRESS: for service messages too */
	struct nt_ready_effect *ready;
	const struct nt_trial *trial; /* NOTE: or NULL */
	struct nt_task_effect *task;  /* TASK, TASKS_END */
	struct nt_effect *next;
};

struct nt_effects {
	struct nt_effect *first, **last;
	unsigned n;
	uint64_t evaluations; /* of conditions, to find them */
};
void nt_effects_init(struct nt_effects *effects);

/* Runs the lead's timers due before input->now (each at its own instant), then the input, then the timers due at now,
 * each instant until it is quiet, then its gate. After TIMER, timers due by input->clock have run too. lead->due is the
 * next timer. Effects and new state live in the lead's arena; of the input only what effects and state have copied is
 * needed afterwards. lead->program must be the current one (nt_lead_migrate). What a step may do to a lead that was
 * never created: nothing, but for EVENT, FIELDS and CONSENT, which create it. */
void nt_step(struct nt_lead *lead, const struct nt_input *input, struct nt_effects *effects);

/* Moves a lead whose blob was written by `old` (NULL: unknown, and the blob was decoded with another program; steps
 * that this one lacks end their runs) to `program` as of `loaded` (the load's instant): timers due before it run under
 * `old` first (II.7). Gives the lead bound to `program`, in the same arena; step it with NT_INPUT_LOAD at `loaded`
 * next. */
struct nt_lead *nt_lead_migrate(struct nt_lead *old_lead, const struct nt_program *old,
                                const struct nt_program *program, nt_time loaded, nt_time clock,
                                struct nt_effects *effects);

/* II.10: does the lead's program keep something that `from`, under which it was until now, didn't? What happened goes
 * into that, and nowhere else: each event as it was accepted, oldest first. */
bool nt_lead_has_gaps(const struct nt_lead *lead, const struct nt_program *from);
void nt_lead_fill(struct nt_lead *lead, const struct nt_program *from, const struct nt_event *event, nt_time accepted);

#endif
