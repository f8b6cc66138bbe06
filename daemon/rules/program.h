/* A rule set, compiled: immutable, shared by reference count, safe in every thread.
 *
 * Everything points into one arena. Cross references are indices ("slots") into the arrays of the program; -1 is none.
 * Strings that name state (fields, events, campaigns, step identities, watchers, rings) are what the lead's state is
 * kept under, so that a state outlives the program that made it. */
#ifndef NT_RULES_PROGRAM_H
#define NT_RULES_PROGRAM_H

#include "base/diag.h"
#include "base/window.h"
#include "base/zone.h"
#include "rules/expr.h"
#include "rules/occasion.h"
#include "rules/value.h"

#include <stdint.h>

struct nt_index;
struct nt_template_set;

/* ---- data dictionary ---- */

/* Slots of the fields that the engine itself reads; builtin fields stand first in nt_program.fields, in this order. */
enum nt_builtin_field {
	NT_FIELD_ID, NT_FIELD_EMAIL, NT_FIELD_PHONE, NT_FIELD_FAX, NT_FIELD_FIRST_NAME, NT_FIELD_LAST_NAME,
	NT_FIELD_COMPANY, NT_FIELD_COUNTRY, NT_FIELD_REGION, NT_FIELD_CITY, NT_FIELD_POSTAL_CODE,
	NT_FIELD_POSTAL_ADDRESS, NT_FIELD_INCOME_BAND, NT_FIELD_TIME_ZONE, NT_FIELD_LOCALE, NT_FIELD_CREATED_AT,
	NT_BUILTIN_FIELDS
};

struct nt_field {
	const char *name;
	enum nt_type type;
	bool builtin;
	const char *const *one_of; /* NULL-terminated, or NULL */
};

struct nt_property {
	const char *name;
	enum nt_type type;
	const char *const *one_of;
};

struct nt_event_type {
	const char *name;
	bool builtin;
	const struct nt_property *properties;
	unsigned n_properties;
};

struct nt_segment {
	const char *name;
	const struct nt_expr *condition;
	struct nt_span span;
};

/* State kept for history functions. `identity` names it in the lead's state. */
struct nt_property_stat { /* total(), last_value() without a duration */
	const char *identity; /* "order.placed amount" */
	int event;
	const char *property;
};
struct nt_ring { /* count() and total() with a duration */
	const char *identity; /* "order.placed amount 7 days 256" */
	int event;
	const char *property; /* NULL: counts */
	struct nt_duration duration;
	unsigned capacity; /* k + 1 for a literal k, else 256 */
};

/* A `when` that fires on false-to-true edges: one bit in the lead's state under `identity`. */
struct nt_watcher {
	const char *was;      /* its identity under the campaign's name before; NULL */
	const char *identity; /* "campaign trial-nurture enter 1", "sales ready 2" */
	const struct nt_expr *condition;
};

/* ---- policy ---- */

struct nt_rate {
	uint32_t n;
	bool calendar; /* of calendar days: counts local days */
	struct nt_duration per;
	struct nt_span span;
};

struct nt_points_rule { /* scoring */
	const char *identity;
	struct nt_span span;
	const struct nt_expr *condition;  /* fit: always; engagement: optional filter */
	int event;                        /* engagement; -1 for fit */
	nt_number points;                 /* when points_expr is NULL */
	const struct nt_expr *points_expr;
	bool capped;
	struct nt_rate at_most;           /* n counts points */
	const char *reason;               /* as people read it: "pricing.viewed", "company_size >= 50" */
};

struct nt_level {
	const char *name;
	int64_t from; /* score, whole points */
	struct nt_span span;
};

/* Channels are named by policy and configuration; the engine knows these facts of each. */
struct nt_channel_policy {
	const char *name;        /* "email" */
	int address_field;       /* NT_FIELD_EMAIL, PHONE, FAX, POSTAL_ADDRESS; -1: no address needed (webhook, push) */
	bool opt_in;             /* consent */
	struct nt_windows send;
	const struct nt_rate *rates; /* of all leads together; days are those of policy.time_zone */
	unsigned n_rates;
};

struct nt_policy {
	const char *sender_name, *sender_email, *sender_address, *sender_phone; /* NULL if absent */
	struct nt_span sender_span;
	const char *time_zone;   /* valid zone name; "UTC" if the rules give none */
	const struct nt_rate *at_most;
	unsigned n_at_most;
	const int64_t *holidays; /* local dates as days since the epoch, sorted */
	unsigned n_holidays;
	const struct nt_expr *suppress_if; /* or NULL */
};

/* ---- campaigns ---- */

enum nt_enter_kind { NT_ENTER_ON, NT_ENTER_WHEN, NT_ENTER_BY_HAND, NT_ENTER_OCCASION };

struct nt_enter {
	struct nt_span span;
	enum nt_enter_kind kind;
	int event;                       /* ON */
	const struct nt_expr *condition; /* ON, OCCASION: `if` */
	int watcher;                     /* WHEN */
	bool existing;                   /* WHEN: `existing: enter` */
	int occasion;                    /* OCCASION: `date` or `at` */
	const char *filter;              /* OCCASION: its `if` as written, or NULL */
	bool comes_round;                /* by nature, and the campaign has no `again` that says otherwise */
};

enum nt_again_kind { NT_AGAIN_NEVER, NT_AGAIN_ALWAYS, NT_AGAIN_AFTER };

/* goal and exit */
struct nt_way_out {
	struct nt_span span;
	int event;                       /* -1: `when` */
	const struct nt_expr *condition; /* the event's `if`, or the `when` */
	bool of_anything;                /* whatever the run's key */
	int first_do;                    /* step of `do:`, -1 none */
};

enum nt_step_kind {
	NT_STEP_MESSAGE,    /* channel, template */
	NT_STEP_FIRST_OF,   /* choices: the first channel on which the lead is reachable */
	NT_STEP_WEBHOOK,    /* name; channel is "webhook" */
	NT_STEP_WAIT,       /* duration */
	NT_STEP_WAIT_CLOCK, /* time of day, with weekday or -1 */
	NT_STEP_WAIT_WINDOW,
	NT_STEP_WAIT_TIME,  /* expr gives a time */
	NT_STEP_WAIT_CONDITION, /* expr; up_to; then/else */
	NT_STEP_WAIT_FOR,   /* events, condition filters; up_to; then/else */
	NT_STEP_SCHEDULE,   /* points */
	NT_STEP_IF,         /* expr; then/else */
	NT_STEP_SPLIT,      /* arms */
	NT_STEP_CHOOSE,     /* arms: the first whose condition holds */
	NT_STEP_SET, NT_STEP_TAG, NT_STEP_UNTAG, NT_STEP_POINTS, NT_STEP_STAGE,
	NT_STEP_SUPPRESS,   /* name: "marketing" or a channel */
	NT_STEP_HAND_OFF,   /* name: the reason */
	NT_STEP_TELL,       /* whom, who; name and channel: the message */
	NT_STEP_ASSIGN,     /* whom, who */
	NT_STEP_TASK,       /* name: the template; duration: due; ways: how its owner is told */
	NT_STEP_START,      /* campaign */
	NT_STEP_STOP,
	NT_STEP_GO_TO,      /* target */
};

struct nt_assignment { /* with:, set: */
	const char *name;
	int field;                  /* set: program field; -1 for with */
	struct nt_value literal;    /* when expr is NULL */
	const struct nt_expr *expr;
};

struct nt_arm {
	struct nt_span span;
	uint32_t upto;   /* cumulative share in millionths: first arm with u < upto */
	bool hold_out;
	const struct nt_expr *condition; /* of a choose; NULL: `otherwise` */
	int first;       /* first step, -1 empty */
};

struct nt_rename { /* `was`: what leads know under that name is this */
	const char *was;
	int slot; /* campaign, or step in its campaign */
};

struct nt_point { /* of a schedule */
	struct nt_span span;
	const char *identity;    /* unique in its schedule: the id, else point and ordinal */
	const char *was;         /* or NULL */
	const struct nt_expr *of; /* gives a time or a date */
	bool before;             /* offset is taken off, else added */
	struct nt_duration offset;
	int minutes;             /* time of day on that date; -1: as it falls */
	bool late;               /* also when it has passed on arrival */
	int first;               /* first step, -1 empty */
};

enum nt_best_by { NT_BEST_BY_NONE, NT_BEST_BY_OPENED, NT_BEST_BY_CLICKED, NT_BEST_BY_REPLIED, NT_BEST_BY_GOAL };
const char *nt_best_by_name(enum nt_best_by by); /* "clicked"; NONE: NULL */

enum nt_whom { NT_WHOM_OWNER, NT_WHOM_MANAGER, NT_WHOM_TEAM, NT_WHOM_REP, NT_WHOM_ROUTE };

struct nt_attachment {
	const char *path;      /* as the rules name it: "attachments/price-list.pdf" */
	const char *name;      /* "price-list.pdf": UTF-8 without controls */
	const char *type;      /* "application/pdf" */
	const void *bytes;
	size_t length;
};

struct nt_choice { /* of first_of */
	struct nt_span span;
	int channel;
	const char *name; /* template */
};

struct nt_step {
	enum nt_step_kind kind;
	const char *identity;  /* unique in its campaign: the id, else kind-name-ordinal */
	bool named;            /* it is the id */
	struct nt_span span;
	int parent, next;      /* enclosing step; following sibling: -1 none */
	int depth;
	const struct nt_expr *condition; /* if / unless of the step (not of NT_STEP_IF), or NULL */
	/* by kind */
	int channel;
	const char *name;      /* template, webhook, tag, stage, reason, what to suppress */
	const struct nt_choice *choices; /* FIRST_OF */
	unsigned n_choices;
	const int *ways;       /* TASK: channels */
	unsigned n_ways;
	bool service;          /* kind: service */
	const struct nt_attachment *const *attachments; /* of email */
	unsigned n_attachments;
	const struct nt_assignment *assignments;
	unsigned n_assignments;
	bool has_window;
	struct nt_windows window;
	struct nt_duration give_up_after; /* messages: the default is 7 days; zero: never */
	struct nt_duration duration;      /* WAIT; up_to of WAIT_FOR, WAIT_CONDITION */
	bool has_up_to;
	int minutes, weekday;  /* WAIT_CLOCK */
	/* IF, WAIT_CONDITION, WAIT_TIME; `if` filter of WAIT_FOR; points as an expression */
	const struct nt_expr *expr;
	nt_number points;
	const char *reason;    /* of points */
	const int *events;     /* WAIT_FOR */
	bool of_anything;      /* WAIT_FOR: whatever the run's key */
	unsigned n_events;
	int then_first, else_first;
	const struct nt_arm *arms;
	unsigned n_arms;
	enum nt_best_by best_by; /* SPLIT */
	uint32_t mark;           /* with best_by: of what its arms are; other arms have another. Never 0 */
	const struct nt_point *schedule; /* SCHEDULE; its points, whose steps have it as their parent */
	unsigned n_points;
	int campaign;          /* START */
	enum nt_whom whom;     /* TELL, ASSIGN */
	int who;               /* team or rep */
	int target;            /* GO_TO: a step that isn't in a `do:` */
	const int *hand;       /* one of these events is at hand when a run comes here in order; NULL: none */
};

struct nt_campaign {
	const char *name, *title;
	const char *was; /* its name before, or NULL */
	struct nt_span span;
	int priority; /* 0-9 */
	const struct nt_enter *enter;
	unsigned n_enter;
	enum nt_again_kind again;
	struct nt_duration again_after;
	const char *per; /* the property whose value is a run's key; NULL: one run at a time */
	bool has_cooldown, restarts; /* during: restart */
	struct nt_duration cooldown; /* between entries of one lead, whatever the key */
	const struct nt_way_out *goals;
	unsigned n_goals;
	const struct nt_way_out *exits;
	unsigned n_exits;
	const struct nt_expr *pause;
	const struct nt_step *steps; /* all of them, `do:` lists too, in file order */
	unsigned n_steps;
	const struct nt_index *by_identity; /* of steps */
	const struct nt_rename *renames; /* of steps */
	unsigned n_renames;
	int first; /* first step of `steps:`, -1 empty */
};

/* ---- sales ---- */

struct nt_ready { /* sales.ready item */
	int event;                       /* -1: `when` */
	int watcher;                     /* `when`: watcher over (when and not unless); -1 for events */
	const struct nt_expr *condition; /* events: if and not unless, or NULL */
	const char *reason;
	bool has_accept_within;
	struct nt_duration accept_within;
	struct nt_span span;
};

struct nt_rep {
	const char *name, *full_name, *email, *phone;
	const char *time_zone;
	struct nt_windows hours;
	unsigned open_at_most;   /* 0: no limit */
	const int64_t (*away)[2]; /* inclusive local dates */
	unsigned n_away;
	unsigned weight;          /* turn: weighted; default 1 */
	struct nt_span span;
};

enum nt_turn { NT_TURN_ROUND_ROBIN, NT_TURN_LEAST_OPEN, NT_TURN_WEIGHTED };

struct nt_team {
	const char *name;
	const int *reps;
	unsigned n_reps;
	int manager; /* rep, -1 none */
	enum nt_turn turn;
	struct nt_span span;
};

enum nt_route_kind { NT_ROUTE_OWNER, NT_ROUTE_TEAM, NT_ROUTE_REP };
struct nt_route {
	const struct nt_expr *condition; /* NULL: always */
	enum nt_route_kind kind;
	int target; /* team or rep */
	struct nt_span span;
};

enum nt_then { NT_THEN_NEXT_REP, NT_THEN_MANAGER };

enum nt_after_accept { NT_AFTER_TELL_MANAGER, NT_AFTER_NEXT_REP };
struct nt_progress_limit {
	struct nt_duration within;
	enum nt_after_accept then;
};

struct nt_reject_reason {
	const char *name;
	int recycle;               /* campaign, -1 none */
	bool has_after, has_not_again_for;
	struct nt_duration after, not_again_for;
	nt_number points, fit;     /* 0: none */
	const char *stage, *suppress;
	bool route_again;
};

struct nt_sales_rules {
	bool present;
	struct nt_span span;
	const struct nt_ready *ready;
	unsigned n_ready;
	bool has_again;
	struct nt_duration again;
	const struct nt_rep *reps;
	unsigned n_reps;
	const struct nt_team *teams;
	unsigned n_teams;
	const struct nt_route *route;
	unsigned n_route;
	struct { const char *channel, *template; } tell[4];
	unsigned n_tell;
	bool accept_clock_always;           /* elapsed instead of working time */
	struct nt_duration accept_within;   /* default 30 minutes */
	const enum nt_then *then;
	unsigned n_then;
	const struct nt_progress_limit *after_accept;
	unsigned n_after_accept;
	const struct nt_reject_reason *reasons;
	unsigned n_reasons;
};

/* ---- announcements ---- */

struct nt_announcement {
	int campaign;              /* it has a broadcast among its ways in */
	enum nt_route_kind kind;   /* TEAM or REP */
	int target;
	struct nt_duration before; /* in the rep's zone */
	int channel;
	const char *template_name;
	unsigned ordinal;          /* among those of the same campaign and template */
};

/* ---- tests (run by engine/testrun.h) ---- */

struct nt_yaml;
struct nt_test {
	const char *name;
	struct nt_span span;
	int campaign;               /* runs that campaign alone (with with_campaigns); -1: the whole rule set */
	const int *with_campaigns;
	unsigned n_with_campaigns;
	const struct nt_yaml *node; /* the mapping: engine/testrun.c reads lead, arms, events, expect, until, start */
};

struct nt_program {
	char hash[65]; /* SHA-256 of all sources, hex */
	const struct nt_field *fields;
	unsigned n_fields;
	const struct nt_event_type *events;
	unsigned n_events;
	const struct nt_segment *segments; /* in dependency order: a segment refers only to earlier ones */
	unsigned n_segments;
	const struct nt_property_stat *stats;
	unsigned n_stats;
	const struct nt_ring *rings;
	unsigned n_rings;
	const struct nt_watcher *watchers;
	unsigned n_watchers;
	const struct nt_occasion *occasions; /* in the order of their campaigns */
	unsigned n_occasions;
	const struct nt_points_rule *fit;
	unsigned n_fit;
	const struct nt_points_rule *engagement;
	unsigned n_engagement;
	nt_time half_life; /* ms, 24-hour days; 0: no decay */
	const struct nt_level *levels; /* ascending */
	unsigned n_levels;
	struct nt_policy policy;
	const struct nt_channel_policy *channels;
	unsigned n_channels;
	const struct nt_campaign *campaigns; /* by name */
	unsigned n_campaigns;
	const struct nt_rename *renames; /* of campaigns */
	unsigned n_renames;
	struct nt_sales_rules sales;
	const struct nt_announcement *announcements;
	unsigned n_announcements;
	const struct nt_test *tests;
	unsigned n_tests;
	const struct nt_template_set *templates; /* the rule set's own and the configured ones */
	const struct nt_zones *zones;            /* must outlive the program */
};

struct nt_program *nt_program_ref(struct nt_program *program);
void nt_program_unref(struct nt_program *program);
/* The same program (and hash) in which only these campaigns run: into the others there is no way but by hand, and there
 * they end at once. For tests. Keeps a reference to the original. */
struct nt_program *nt_program_only(struct nt_program *program, const int *campaigns, unsigned n);

/* Lookups by name; -1 if absent. O(1). */
int nt_program_field(const struct nt_program *program, const char *name);
int nt_program_event(const struct nt_program *program, const char *name);
int nt_program_campaign(const struct nt_program *program, const char *name);
int nt_program_channel(const struct nt_program *program, const char *name);
int nt_program_segment(const struct nt_program *program, const char *name);
int nt_program_ring(const struct nt_program *program, const char *identity);
int nt_program_stat(const struct nt_program *program, const char *identity);
int nt_program_watcher(const struct nt_program *program, const char *identity);
int nt_program_occasion(const struct nt_program *program, const char *identity);
int nt_program_rep(const struct nt_program *program, const char *name);
int nt_program_team(const struct nt_program *program, const char *name);
int nt_program_property(const struct nt_event_type *event, const char *name);
int nt_campaign_step(const struct nt_campaign *campaign, const char *identity);
/* Likewise, of names that states keep: also what was called so before. */
int nt_program_campaign_kept(const struct nt_program *program, const char *name);
int nt_program_watcher_kept(const struct nt_program *program, const char *identity);
int nt_campaign_step_kept(const struct nt_campaign *campaign, const char *identity);
/* Of a schedule. */
int nt_step_point_kept(const struct nt_step *schedule, const char *identity);

#endif
