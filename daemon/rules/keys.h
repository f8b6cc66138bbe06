/* THE key tables: what may stand where in a rule set. They drive parsing, the messages about unknown keys, and the
 * reference (nt_rules_reference). */
#ifndef NT_RULES_KEYS_H
#define NT_RULES_KEYS_H

#include "base/diag.h"

#include <stdbool.h>

struct nt_yaml;

enum nt_kind {
	NT_KIND_TEXT,
	NT_KIND_NAME,
	NT_KIND_DURATION,
	NT_KIND_EVERY,
	NT_KIND_AFTER,
	NT_KIND_CLOCK,
	NT_KIND_DATE,
	NT_KIND_INSTANT,
	NT_KIND_ZONE,
	NT_KIND_WINDOWS,
	NT_KIND_WINDOWS_MAP,
	NT_KIND_RATE,
	NT_KIND_RATES,
	NT_KIND_SHARE,
	NT_KIND_WHOLE,
	NT_KIND_NUMBER,
	NT_KIND_YES_NO,
	NT_KIND_CHOICE,
	NT_KIND_CONDITION,
	NT_KIND_VALUE,
	NT_KIND_EVENT,
	NT_KIND_EVENTS,
	NT_KIND_CAMPAIGN,
	NT_KIND_FIELD,
	NT_KIND_TEMPLATE,
	NT_KIND_TARGET,
	NT_KIND_WHOM,
	NT_KIND_ASSIGN,
	NT_KIND_WAIT_UNTIL,
	NT_KIND_TIME,
	NT_KIND_STEPS,
	NT_KIND_LIST,
	NT_KIND_LIST_OR_ONE,
	NT_KIND_MAP,
	NT_KIND_MAP_OR_LIST,
	NT_KIND_ANY,
	NT_KINDS
};

enum {
	NT_KEY_REQUIRED = 1,
	NT_KEY_EMPTY = 2, /* may stand without a value */
};

struct nt_key {
	const char *name;
	enum nt_kind kind;
	unsigned flags;
	const char *help;
	const char *const *choices; /* NT_KIND_CHOICE: NULL-terminated */
};

struct nt_key_table {
	const char *title;   /* of the reference's section */
	const char *where;   /* "in policy": behind "unknown key 'x'" */
	const char *about;
	const struct nt_key *keys;
	unsigned n;
	const char *free_names; /* instead of keys: what the names are ("the name of a field"), or NULL */
	enum nt_kind free_kind;
};

/* Indices into each table's keys, and into what nt_keys_read() fills. */
enum { NT_DOC_FIELDS, NT_DOC_EVENTS, NT_DOC_SEGMENTS, NT_DOC_SCORING, NT_DOC_POLICY, NT_DOC_SALES, NT_DOC_CAMPAIGN,
       NT_DOC_ANNOUNCEMENTS, NT_DOC_TESTS, NT_DOC_KEYS };
enum { NT_CAMPAIGN_CAMPAIGN, NT_CAMPAIGN_TITLE, NT_CAMPAIGN_PRIORITY, NT_CAMPAIGN_ENTER, NT_CAMPAIGN_AGAIN,
	NT_CAMPAIGN_GOAL,
       NT_CAMPAIGN_EXIT, NT_CAMPAIGN_PAUSE, NT_CAMPAIGN_STEPS, NT_CAMPAIGN_FIELDS, NT_CAMPAIGN_EVENTS,
       NT_CAMPAIGN_SEGMENTS, NT_CAMPAIGN_TESTS, NT_CAMPAIGN_PER, NT_CAMPAIGN_COOLDOWN, NT_CAMPAIGN_DURING,
       NT_CAMPAIGN_WAS, NT_CAMPAIGN_KEYS };
enum { NT_ENTER_KEY_ON, NT_ENTER_KEY_IF, NT_ENTER_KEY_WHEN, NT_ENTER_KEY_EXISTING, NT_ENTER_KEY_BY_HAND,
       NT_ENTER_KEY_DATE, NT_ENTER_KEY_BEFORE, NT_ENTER_KEY_AFTER, NT_ENTER_KEY_TIME, NT_ENTER_KEY_EVERY,
       NT_ENTER_KEY_LATE,
       NT_ENTER_KEY_AT, NT_ENTER_KEY_ZONE, NT_ENTER_KEYS };
enum { NT_OUT_ON, NT_OUT_IF, NT_OUT_WHEN, NT_OUT_DO, NT_OUT_OF, NT_OUT_KEYS };
enum { NT_FIELD_KEY_TYPE, NT_FIELD_KEY_ONE_OF, NT_FIELD_KEYS };
enum { NT_SCORING_HALF_LIFE, NT_SCORING_FIT, NT_SCORING_ENGAGEMENT, NT_SCORING_LEVELS, NT_SCORING_KEYS };
enum { NT_FIT_IF, NT_FIT_POINTS, NT_FIT_KEYS };
enum { NT_ENGAGEMENT_ON, NT_ENGAGEMENT_IF, NT_ENGAGEMENT_POINTS, NT_ENGAGEMENT_AT_MOST, NT_ENGAGEMENT_KEYS };
enum { NT_POLICY_SENDER, NT_POLICY_TIME_ZONE, NT_POLICY_SEND, NT_POLICY_AT_MOST, NT_POLICY_RATES, NT_POLICY_HOLIDAYS,
       NT_POLICY_CONSENT, NT_POLICY_SUPPRESS_IF, NT_POLICY_KEYS };
enum { NT_SENDER_NAME, NT_SENDER_EMAIL, NT_SENDER_ADDRESS, NT_SENDER_PHONE, NT_SENDER_KEYS };
enum { NT_SALES_KEY_READY, NT_SALES_KEY_AGAIN, NT_SALES_KEY_REPS, NT_SALES_KEY_TEAMS, NT_SALES_KEY_ROUTE,
       NT_SALES_KEY_TELL, NT_SALES_KEY_ACCEPT_WITHIN, NT_SALES_KEY_CLOCK, NT_SALES_KEY_THEN, NT_SALES_KEY_AFTER_ACCEPT,
       NT_SALES_KEY_REASONS, NT_SALES_KEYS };
enum { NT_READY_ON, NT_READY_IF, NT_READY_WHEN, NT_READY_UNLESS, NT_READY_REASON, NT_READY_ACCEPT_WITHIN,
	NT_READY_KEYS };
enum { NT_REP_NAME, NT_REP_EMAIL, NT_REP_PHONE, NT_REP_TIME_ZONE, NT_REP_HOURS, NT_REP_OPEN_AT_MOST, NT_REP_AWAY,
	NT_REP_WEIGHT,
       NT_REP_KEYS };
enum { NT_TEAM_REPS, NT_TEAM_MANAGER, NT_TEAM_TURN, NT_TEAM_KEYS };
enum { NT_ROUTE_IF, NT_ROUTE_TO, NT_ROUTE_KEYS };
enum { NT_PROGRESS_WITHIN, NT_PROGRESS_THEN, NT_PROGRESS_KEYS };
enum { NT_REASON_RECYCLE, NT_REASON_AFTER, NT_REASON_NOT_AGAIN_FOR, NT_REASON_POINTS, NT_REASON_FIT, NT_REASON_STAGE,
       NT_REASON_SUPPRESS, NT_REASON_ROUTE_AGAIN, NT_REASON_KEYS };
enum { NT_ANNOUNCE_CAMPAIGN, NT_ANNOUNCE_TELL, NT_ANNOUNCE_BEFORE, NT_ANNOUNCE_MESSAGE, NT_ANNOUNCE_KEYS };
enum { NT_ARM_SHARE, NT_ARM_STEPS, NT_ARM_HOLD_OUT, NT_ARM_KEYS };
enum { NT_POINT_BEFORE, NT_POINT_AFTER, NT_POINT_OF, NT_POINT_TIME, NT_POINT_LATE, NT_POINT_STEPS, NT_POINT_ID,
       NT_POINT_WAS, NT_POINT_KEYS };
enum { NT_CHOICE_IF, NT_CHOICE_STEPS, NT_CHOICE_OTHERWISE, NT_CHOICE_KEYS };
enum { NT_TEST_NAME, NT_TEST_LEAD, NT_TEST_ARMS, NT_TEST_START, NT_TEST_EVENTS, NT_TEST_EXPECT, NT_TEST_UNTIL,
       NT_TEST_WITH_CAMPAIGNS, NT_TEST_KEYS };
enum { NT_HAPPENS_AT, NT_HAPPENS_HAPPENED, NT_HAPPENS_ON, NT_HAPPENS_WITH, NT_HAPPENS_SET, NT_HAPPENS_START,
       NT_HAPPENS_ACCEPT, NT_HAPPENS_SEND_BACK, NT_HAPPENS_WON, NT_HAPPENS_LOST, NT_HAPPENS_LOAD, NT_HAPPENS_CONSENT,
       NT_HAPPENS_DONE, NT_HAPPENS_KEYS };
/* A test's expect item; a channel's name may stand there too. */
enum { NT_EXPECT_AT, NT_EXPECT_TELL, NT_EXPECT_WEBHOOK, NT_EXPECT_TAG, NT_EXPECT_STAGE, NT_EXPECT_OFFER,
	NT_EXPECT_HAND_OFF,
       NT_EXPECT_AT_END, NT_EXPECT_TASK, NT_EXPECT_KEYS };

extern const struct nt_key_table nt_document_keys, nt_campaign_keys, nt_enter_keys, nt_out_keys, nt_field_keys,
	nt_scoring_keys, nt_fit_keys, nt_engagement_keys, nt_policy_keys, nt_sender_keys, nt_sales_keys, nt_ready_keys,
	nt_rep_keys, nt_team_keys, nt_route_keys, nt_progress_keys, nt_reason_keys, nt_arm_keys, nt_choice_keys,
	nt_point_keys, nt_announcement_keys,
	nt_test_keys,
	        nt_happens_keys,
	nt_expect_keys;

/* Steps: verbs, each with the options that it takes (a mask of 1 << NT_OPTION_...). */
enum { NT_OPTION_IF, NT_OPTION_UNLESS, NT_OPTION_ID, NT_OPTION_THEN, NT_OPTION_ELSE, NT_OPTION_UP_TO, NT_OPTION_WITH,
       NT_OPTION_KIND, NT_OPTION_WINDOW, NT_OPTION_GIVE_UP_AFTER, NT_OPTION_REASON, NT_OPTION_ATTACH, NT_OPTION_MESSAGE,
       NT_OPTION_DUE, NT_OPTION_WAS, NT_OPTION_OF, NT_OPTION_BEST_BY, NT_OPTION_KEYS };
enum { NT_VERB_CHANNEL, NT_VERB_WEBHOOK, NT_VERB_WAIT, NT_VERB_WAIT_UNTIL, NT_VERB_WAIT_FOR, NT_VERB_IF, NT_VERB_SPLIT,
       NT_VERB_SET, NT_VERB_TAG, NT_VERB_UNTAG, NT_VERB_POINTS, NT_VERB_STAGE, NT_VERB_SUPPRESS, NT_VERB_HAND_OFF,
       NT_VERB_START, NT_VERB_STOP, NT_VERB_FIRST_OF, NT_VERB_SCHEDULE, NT_VERB_CHOOSE, NT_VERB_ASSIGN, NT_VERB_TELL,
       NT_VERB_TASK, NT_VERB_GO_TO, NT_VERB_KEYS };
extern const struct nt_key_table nt_option_keys, nt_verb_keys;
extern const unsigned nt_verb_options[NT_VERB_KEYS];

/* What to type instead, if the text begins with a no-break space, a long dash or the like, and how many bytes that has;
 * NULL if it doesn't. */
const char *nt_keys_stranger(const char *text, size_t *length);

/* Reads a mapping by its table: out[i] is the value of key i, or NULL. Reports what is no mapping, unknown keys
 * (with the nearest name), missing ones, and values of the wrong shape (then out[i] is
 * NULL). `title` names the thing in messages ("'sender'"). False if it is no mapping. */
bool nt_keys_read(const struct nt_key_table *table, const struct nt_yaml *mapping, const char *title,
                  struct nt_diags *diags, const struct nt_yaml **out);
/* Some key of the mapping is none of the table's: it has had its message, and what is missing may be what was meant. */
bool nt_keys_has_unknown(const struct nt_key_table *table, const struct nt_yaml *mapping);
/* The key's index, or -1. */
int nt_keys_find(const struct nt_key_table *table, const char *name);
/* Whether it is one of the key's choices, if it has any; reports if not. */
bool nt_keys_check_choice(const struct nt_key *key, const struct nt_yaml *value, struct nt_diags *diags);
/* Whether the value has a shape (scalar, list, mapping) that the key takes; reports if not. */
bool nt_keys_check_shape(const struct nt_key *key, const struct nt_yaml *value, struct nt_diags *diags);
/* "unknown WHAT 'x' WHERE (did you mean 'y'?)"; candidates NULL-terminated, or NULL. Gives y, or NULL. */
const char *nt_keys_unknown(struct nt_diags *diags, struct nt_span span, const char *what, const char *name,
                            const char *where, const char *const *candidates);
/* How values of a kind are written, for messages and the reference: "a duration such as 3 days". */
const char *nt_kind_text(enum nt_kind kind);
/* "'3 dayz' is not a duration such as 3 days", or with a reason "'3 dayz' is not a duration: WHY". */
void nt_keys_refuse(struct nt_diags *diags, const struct nt_yaml *node, enum nt_kind kind, const char *why);

/* The shapes that a kind takes. */
enum { NT_SHAPE_SCALAR = 1, NT_SHAPE_LIST = 2, NT_SHAPE_MAP = 4 };
unsigned nt_kind_shapes(enum nt_kind kind);

/* What stands inside a key's value: `through` says how one gets there, a letter a level: m NAME: …, c CHANNEL: …, l a
 * list, o one or a list; at the end a mapping by `to`, or without that a value of `kind`. Where the value itself has
 * the other shapes of its key's kind, these stand, too. `instead`: that key's value may stand for the whole mapping;
 * -1: none's. */
struct nt_key_nest {
	const struct nt_key_table *in;
	unsigned key;
	const char *through;
	const struct nt_key_table *to;
	enum nt_kind kind;
	int instead;
};
const struct nt_key_nest *nt_key_nest(const struct nt_key_table *table, unsigned key); /* NULL: nothing is said of it */

/* All tables of the reference, NULL-terminated. */
extern const struct nt_key_table *const nt_key_tables[];

#endif
