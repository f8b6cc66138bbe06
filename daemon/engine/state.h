/* All that is known of one lead: O(rules), not O(events) (rule-language II.2).
 *
 * A struct nt_lead lives in an arena, bound to one program: what is declared stands in arrays indexed by the program's
 * slots; what isn't is kept by name in `extra` lists so that nothing is lost and a later program can declare it. It is
 * kept in the store as a versioned blob (codec.h). Only the step functions in engine/ change it. */
#ifndef NT_ENGINE_STATE_H
#define NT_ENGINE_STATE_H

#include "base/time.h"
#include "engine/history.h"
#include "engine/score.h"
#include "rules/value.h"

#include <stdbool.h>
#include <stdint.h>

struct nt_arena;
struct nt_best;
struct nt_program;
struct nt_trace;
struct nt_zone;

struct nt_property_value {
	const char *name;
	struct nt_value value;
};

/* An event as it reaches the core: checked against its declaration, or undeclared (type -1: types are guessed from
 * JSON). */
struct nt_event {
	const char *name;
	int type;            /* program slot, -1 undeclared */
	nt_time at;          /* when it happened; clamped to now */
	const char *source, *id; /* id NULL: not idempotent */
	const struct nt_property_value *properties;
	unsigned n_properties;
};

struct nt_extra_field { /* declared by no rule: kept and shown */
	const char *name, *json;
	struct nt_extra_field *next;
};

struct nt_event_stat { /* of one event name; first and last by `at` */
	uint64_t count;
	nt_time first, last; /* NT_NO_TIME: never */
};
struct nt_extra_event {
	const char *name;
	struct nt_event_stat stat;
	struct nt_extra_event *next;
};
#define NT_EVENT_NAMES_KEPT 1000

struct nt_stat_state { /* of one nt_property_stat */
	nt_number sum;
	struct nt_value last;
	nt_time last_at;     /* NT_NO_TIME: none */
	const char *last_id;
};

struct nt_consent {
	enum { NT_CONSENT_UNKNOWN, NT_CONSENT_GIVEN, NT_CONSENT_REFUSED } state;
	nt_time at;
	const char *how, *from; /* "api", "form", "unsubscribe link" …; source */
};

struct nt_extra_consent { /* on a channel that the program doesn't name: kept */
	const char *channel;
	struct nt_consent consent;
	struct nt_extra_consent *next;
};

struct nt_template_stat { /* one per template that ever went to the lead */
	const char *name;
	nt_time received, opened, clicked, replied; /* latest; NT_NO_TIME */
	struct nt_template_stat *next;
};

struct nt_campaign_state {
	const char *name;    /* also of campaigns that the program no longer has */
	uint32_t entries;
	nt_time last_entry;  /* NT_NO_TIME: never */
	nt_time finished, reached_goal; /* latest; NT_NO_TIME */
	struct nt_campaign_state *next;
};

struct nt_key_state { /* of a campaign with `per` that doesn't always take leads in again; latest entry last */
	const char *campaign, *key;
	nt_time last_entry;
	struct nt_key_state *next;
};
#define NT_KEYS_KEPT 1000 /* of all campaigns; the oldest go */

struct nt_occasion_state { /* rounds of a way in by the calendar that have been asked: marks (rules/occasion.h) */
	const char *identity;
	unsigned n;
#define NT_ROUNDS_KEPT 8 /* the latest asked; the oldest go */
	nt_time marks[NT_ROUNDS_KEPT];
	struct nt_occasion_state *next;
};

struct nt_arm_state { /* the first arm is remembered (II.9) */
	const char *campaign, *step;
	int arm;
	uint32_t mark; /* of the arms as they were (struct nt_step), 0: of a split without best_by, or pinned */
	bool won;      /* it has brought what its split goes by */
	struct nt_arm_state *next;
};

/* Which points of a schedule a run has seen, and when they are to come. `at`: as reckoned last, and from then on fixed
 * once it has come; NT_NEVER: it has fired or been skipped, and does neither again. */
struct nt_point_state {
	const char *point;
	nt_time at;
	struct nt_point_state *next;
};
struct nt_schedule_state {
	const char *step;
	nt_time arrived;             /* NT_NO_TIME: the run has left it, and only what is over is kept */
	const struct nt_event *hand; /* at hand on arrival, for what counts from it; or NULL */
	struct nt_point_state *points;
	struct nt_schedule_state *next;
};

/* Places within a campaign. */
struct nt_run {
	int campaign;           /* program slot */
	const char *key;        /* "" without `per` */
	uint32_t entry;         /* which entry of this lead into this campaign, from 1 */
	nt_time entered;
	nt_time entry_at;       /* `at` of the entry event; entered without one (II.4: goal and exit need `at` >= it) */
	const char *entry_event; /* or NULL */
	const struct nt_property_value *entry_properties;
	unsigned n_entry_properties;
	int step;               /* in campaign->steps; -1: has just ended */
	bool arrived;           /* the step's due has been computed */
	nt_time anchor;         /* when it left the step before: waits count from here */
	nt_time due;            /* waits: end; messages: next try; NT_NEVER: waits for something else */
	nt_time first_due;      /* messages: when first due: order at the gate, give_up_after */
	bool held_out;          /* sends nothing for the rest of the run */
	uint32_t released;      /* messages released so far: makes each one's id its own */
	const struct nt_event *hand; /* event at hand in `then:` of a wait_for, until the next wait */
	struct nt_schedule_state *schedules; /* those that it has come to */
	/* Within one instant, not kept: number of the last event that came before it entered, and before its wait
	 * began. An event is offered only to what stood before it (II.1). */
	unsigned stood, waits;
	bool asked; /* at the gate */
	struct nt_run *next;    /* by campaign slot, then key */
};

/* Released, outcome not yet known. Kept to cancel and to refund. */
struct nt_pending {
	const char *message;    /* id */
	int campaign;           /* slot, -1 gone */
	const char *key;
	uint32_t entry;
	const char *template_name;
	int channel;
	nt_time released;
	bool counts;            /* against caps */
	bool recalled;          /* was to be cancelled when it was handed over already: isn't tried a second time */
	bool handed;            /* set by the shell at load: it can no longer be cancelled */
	struct nt_pending *next;
};

struct nt_score_reason { /* one per rule or `points` reason: why the score is what it is */
	const char *reason;
	uint32_t times;
	nt_number points;       /* sum awarded, undecayed */
	nt_time last;
	struct nt_score_reason *next;
};
#define NT_SCORE_REASONS_KEPT 64

enum nt_handoff { NT_HANDOFF_NONE, NT_HANDOFF_WAITING, NT_HANDOFF_OFFERED, NT_HANDOFF_ACCEPTED, NT_HANDOFF_WON,
                  NT_HANDOFF_LOST, NT_HANDOFF_SENT_BACK };
const char *nt_handoff_name(enum nt_handoff handoff);

struct nt_recycle { /* sent back with `recycle: …, after: …`: enters the campaign then */
	int campaign;
	nt_time due;
	struct nt_recycle *next;
};

struct nt_lead {
	struct nt_arena *arena;
	const struct nt_program *program;
	const char *id;
	bool exists;                 /* false until created */
	char program_hash[65];       /* of the program that last stepped it */
	nt_time last;                /* the last instant stepped; time never goes back below it */
	uint64_t sequence;           /* inputs stepped so far */
	int64_t log_head;            /* the store's newest log row of this lead (chain), 0 none; not the step's */
	const struct nt_zone *zone;  /* derived from time_zone and the policy */
	struct nt_value *fields;     /* [n_fields] */
	struct nt_extra_field *extra_fields;
	const char *const *tags;     /* sorted */
	unsigned n_tags;
	const char *stage, *owner;   /* owner: rep name or NULL */
	struct nt_event_stat *events; /* [n_events] */
	struct nt_extra_event *extra_events;
	struct nt_stat_state *stats; /* [n_stats] */
	struct nt_ring_state *rings; /* [n_rings] (history.h) */
	struct nt_engagement engagement; /* (E, t0) (score.h) */
	nt_number fit;               /* cached by the step: sum of fit rules that hold, and fit_extra */
	nt_number fit_extra;         /* given by reps who sent the lead back */
	struct nt_ring_state *points_rings; /* [program n_engagement], for capped rules */
	struct nt_score_reason *reasons;
	int level;                   /* slot of program->levels at the last instant; -1 below the first or none */
	bool *watchers;              /* [n_watchers]: last value seen */
	bool *watchers_known;        /* [n_watchers]: false for a watcher that this lead has never been asked */
	struct nt_consent *consent;  /* [n_channels] */
	struct nt_extra_consent *extra_consent;
	bool bounced_hard, complained, unsubscribed;
	struct nt_ring_state releases; /* of marketing: for caps and messaged(); room for twice the largest cap */
	struct nt_template_stat *templates;
	struct nt_campaign_state *campaigns;
	struct nt_key_state *keys;
	struct nt_occasion_state *occasions;
	nt_time calendar;            /* when the next round of all comes; NT_NEVER none, NT_NO_TIME not known */
	struct nt_arm_state *arms;
	struct nt_run *runs;
	struct nt_pending *pending;
	struct nt_recycle *recycles;
	enum nt_handoff handoff;
	nt_time handoff_since, handoff_closed; /* NT_NO_TIME */
	nt_time ready_quiet_until;   /* not_again_for; NT_NO_TIME */
	nt_time due;                 /* the one timer: when this lead wants to be stepped next; NT_NEVER */

	/* Handed in by the shell for this step, not kept: is the address on this channel suppressed? [n_channels],
	 * NULL: none is. For input that changes addresses: the address after it. suppressed_hard: after a hard bounce,
	 * which stops service messages too; NULL: what is suppressed on a lead with bounced_hard. */
	bool *suppressed, *suppressed_hard;
	const struct nt_best *best; /* likewise: shares in force; NULL: as the rules say */
	/* Handed from nt_lead_migrate() to the LOAD that follows, not kept: the rounds awaited under the old rules, by
	 * their marks, NT_NEVER none. [n_occasions] or NULL. */
	const nt_time *awaited;
	/* Likewise: who is told where its runs go; NULL: nobody. */
	const struct nt_trace *trace;
	bool dry; /* nobody will write its messages: they need no values */
};

/* A lead that isn't known yet: exists is false, everything at its default. */
struct nt_lead *nt_lead_new(struct nt_arena *arena, const struct nt_program *program, const char *id);

struct nt_event_stat nt_lead_event(const struct nt_lead *lead, int event);
struct nt_campaign_state *nt_lead_campaign(const struct nt_lead *lead, const char *name); /* NULL: never entered */
struct nt_template_stat *nt_lead_template(const struct nt_lead *lead, const char *name);  /* NULL: never received */
/* NULL: not inside; key NULL: any. */
const struct nt_run *nt_lead_run(const struct nt_lead *lead, int campaign, const char *key);
/* Puts a run in its place; false if the lead is in that campaign under that key already. */
bool nt_lead_put_run(struct nt_lead *lead, struct nt_run *run);
/* The address on a channel: normalised for suppression, or as given. NULL if none. Channels without addresses give
 * "". */
const char *nt_lead_address(const struct nt_lead *lead, int channel);
const char *nt_lead_address_key(const struct nt_lead *lead, struct nt_arena *arena, int channel);
/* As suppression knows it: nt_phone_normalize() of telephone and fax, else nt_email_normalize(), no blanks around. */
const char *nt_address_normalise(struct nt_arena *arena, int address_field, const char *address);
bool nt_lead_consents(const struct nt_lead *lead, int channel); /* opt_in / opt_out and what was recorded */
bool nt_lead_reachable(const struct nt_lead *lead, int channel); /* address, consent, no suppression */
/* Sets zone from fields[time_zone] or the policy's; call after fields change. */
void nt_lead_set_zone(struct nt_lead *lead);

#endif
