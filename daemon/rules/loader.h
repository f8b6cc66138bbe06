/* What the builders of a program share while rules are loaded. Internal to rules/: others call nt_rules_load(). */
#ifndef NT_RULES_LOADER_H
#define NT_RULES_LOADER_H

#include "base/diag.h"
#include "rules/expr_parse.h"
#include "rules/keys.h"
#include "rules/load.h"
#include "rules/program.h"
#include "rules/yaml.h"

#include <glib.h>
#include <stdbool.h>

struct nt_arena;

struct nt_document {
	const struct nt_yaml *node;
	bool is_campaign;
	/* by document key; a campaign's document has only the keys that it may hold */
	const struct nt_yaml *keys[NT_DOC_KEYS];
	const struct nt_yaml *body[NT_CAMPAIGN_KEYS];
	int campaign; /* slot; -1 */
};

/* What uses what, for the check that nothing depends on itself. Segments are their slots; these follow them. */
enum { NT_NODE_FIT, NT_NODE_SCORE, NT_NODE_LEVEL, NT_NODES };
struct nt_dependency {
	int from, to; /* segment slot, or n_segments + NT_NODE_... */
	struct nt_span span;
};

/* A campaign that something starts: looked at when all are loaded. */
struct nt_start {
	int campaign, from; /* from: the campaign that starts it, -1 none does */
	struct nt_span span;
};

struct nt_loader {
	struct nt_arena *arena;         /* the program's */
	struct nt_diags *diags;
	struct nt_program *program;
	const struct nt_load_context *context;
	const struct nt_rule_set_files *files;
	struct nt_scope scope;          /* of expressions; its context is reset by nt_load_condition() callers */
	GArray *documents;              /* struct nt_document */
	GArray *rings, *stats, *watchers; /* struct nt_ring, nt_property_stat, nt_watcher */
	GArray *occasions;              /* struct nt_occasion */
	GHashTable *slots;              /* "r IDENTITY", "s IDENTITY" → slot + 1 */
	GArray *dependencies;           /* struct nt_dependency */
	int depends;                    /* who uses what is parsed now; -1 nobody */
	GArray *starts;                 /* struct nt_start */
	GHashTable *values;             /* of the rules' keys (load_expect.c), once asked for; or NULL */
	GHashTable *template_files;     /* "welcome", "welcome/email" of every file, also of those with errors;
	                                 * "welcome/email." if there is one without a locale */
	GHashTable *attachments;        /* path → struct nt_attachment */
	GHashTable *checked_templates;  /* names of marketing email templates looked at */
	bool sender_missed;             /* that the sender has no address was said */
	bool templates_missed;          /* that there are no templates at all was said */
	const char *per;                /* of the campaign that is loaded now */
	int loading;                    /* its slot; -1: none is */
};

/* An array that grows, copied into the arena when it is complete. */
#define nt_load_take(l, array, type, n_out) ((const type *)nt_load_take_array((l), (array), (n_out)))
const void *nt_load_take_array(struct nt_loader *l, GArray *array, unsigned *n); /* frees the GArray */

/* ---- values (load_value.c): false or NULL when the text isn't one, which has been reported ---- */
bool nt_load_name(struct nt_loader *l, const struct nt_yaml *node, const char *what, const char **out);
/* False if it is too long: of "a rep". */
bool nt_load_name_length(struct nt_loader *l, const struct nt_yaml *key, const char *what);
/* joiners: "-", "_" or "-_", whichever the kind of name may hold. Also a wrong name, once reported, is `out`: whatever
 * else is said under it can be looked at. */
bool nt_load_key_name(struct nt_loader *l, const struct nt_yaml *key, const char *what, const char *joiners,
                      const char **out);
bool nt_load_some_time(struct nt_loader *l, const struct nt_yaml *node, struct nt_duration *out); /* not zero */
bool nt_load_duration(struct nt_loader *l, const struct nt_yaml *node, struct nt_duration *out);
bool nt_load_clock(struct nt_loader *l, const struct nt_yaml *node, int *minutes);
/* "year", or a duration such as "2 weeks"; not nothing. */
bool nt_load_every(struct nt_loader *l, const struct nt_yaml *node, struct nt_duration *out);
bool nt_load_windows(struct nt_loader *l, const struct nt_yaml *node, struct nt_windows *out);
bool nt_load_rate(struct nt_loader *l, const struct nt_yaml *node, struct nt_rate *out);
bool nt_load_share(struct nt_loader *l, const struct nt_yaml *node, uint32_t *millionths);
bool nt_load_whole(struct nt_loader *l, const struct nt_yaml *node, int64_t least, int64_t most, int64_t *out);
bool nt_load_number(struct nt_loader *l, const struct nt_yaml *node, nt_number *out);
bool nt_load_date(struct nt_loader *l, const struct nt_yaml *node, int64_t *days);
bool nt_load_zone(struct nt_loader *l, const struct nt_yaml *node, const char **out);
bool nt_load_email(struct nt_loader *l, const struct nt_yaml *node, const char **out);
bool nt_load_phone(struct nt_loader *l, const struct nt_yaml *node, const char **out);
/* on: or when:, one of them; if: beside on: only. False: reported. (goals, exits) */
bool nt_load_either(struct nt_loader *l, const struct nt_yaml *item, const struct nt_key_table *table,
                    const char *title,
                    const struct nt_yaml *on, const struct nt_yaml *when, const struct nt_yaml *filter);
bool nt_load_yes(const struct nt_yaml *node); /* "true" or "yes"; NULL is false */
/* "after 90 days"; also what else is allowed: index into words, or -1 for after. */
bool nt_load_after(struct nt_loader *l, const struct nt_yaml *node, const char *const *words, int *word,
                   struct nt_duration *out);
/* A literal of the type, or one of one_of; as fields, properties and tests write them. */
bool nt_load_literal(struct nt_loader *l, const struct nt_yaml *node, enum nt_type type, const char *const *one_of,
                     struct nt_value *out);

/* `of: anything`; otherwise, in a campaign with a key, an event without that property is reported. */
bool nt_load_of(struct nt_loader *l, const struct nt_yaml *of, const int *events, unsigned n, struct nt_span span);

/* The file that a value names by its path below the rule set's folder; NULL: there is none, which has been reported. */
const struct nt_file *nt_load_other_file(struct nt_loader *l, const struct nt_yaml *node, const char *example);
const struct nt_source *nt_load_source(struct nt_loader *l, const struct nt_file *file); /* a copy in the arena */

/* ---- names (load_name.c): -1 when there is no such thing, which has been reported ---- */
int nt_load_event(struct nt_loader *l, const struct nt_yaml *node);
int nt_load_field(struct nt_loader *l, const struct nt_yaml *key);
int nt_load_campaign(struct nt_loader *l, const struct nt_yaml *node);
int nt_load_started(struct nt_loader *l, const struct nt_yaml *node); /* a campaign that must have a way in by hand */
int nt_load_channel(struct nt_loader *l, const struct nt_yaml *key);
int nt_load_way_to_leads(struct nt_loader *l, const struct nt_yaml *key); /* a channel, but not webhook */
int nt_load_rep(struct nt_loader *l, const struct nt_yaml *node);
/* "team NAME" or "rep NAME"; false: reported, as what is none of `kind`. */
bool nt_load_target(struct nt_loader *l, const struct nt_yaml *node, enum nt_kind kind, enum nt_route_kind *which,
                    int *target);
int nt_load_team(struct nt_loader *l, struct nt_span span, const char *name);
bool nt_load_template(struct nt_loader *l, const struct nt_yaml *node, const char *channel, const char **out);
/* "marketing" or a channel's name */
bool nt_load_suppressed(struct nt_loader *l, const struct nt_yaml *node, const char **out);
const char **nt_load_names(const void *items, unsigned n, size_t size, size_t offset); /* g_free() the array */

/* ---- expressions (load_expr.c) ---- */
void nt_load_scope_init(struct nt_loader *l);
/* Events at hand, and the campaign whose run it is (NULL: none). Holds until the next call. */
void nt_load_scope(struct nt_loader *l, const int *events, unsigned n_events, const int *entry_events,
                   unsigned n_entry_events,
                   bool has_run);
const struct nt_expr *nt_load_condition(struct nt_loader *l, const struct nt_yaml *node); /* NULL gives NULL */
/* `if` and `unless` together; either may be NULL. */
const struct nt_expr *nt_load_if_unless(struct nt_loader *l, const struct nt_yaml *yes, const struct nt_yaml *no);
/* Literal number or "= EXPRESSION". */
bool nt_load_points(struct nt_loader *l, const struct nt_yaml *node, nt_number *points, const struct nt_expr **expr);
bool nt_load_is_expression(const struct nt_yaml *node, size_t *skip); /* begins with "=" */
int nt_load_watcher(struct nt_loader *l, const struct nt_expr *condition, const char *identity);
/* What depends on itself is reported. */
void nt_load_check_cycles(struct nt_loader *l);

/* ---- subjects, in this order ---- */
void nt_load_fields(struct nt_loader *l);
void nt_load_channels(struct nt_loader *l);
const char *nt_load_builtin_channel(unsigned i); /* NULL past the last */
void nt_load_events(struct nt_loader *l);
void nt_load_campaign_names(struct nt_loader *l);
void nt_load_levels(struct nt_loader *l);
void nt_load_segments(struct nt_loader *l);
void nt_load_policy(struct nt_loader *l);
void nt_load_scoring(struct nt_loader *l);
void nt_load_sales(struct nt_loader *l);
void nt_load_campaigns(struct nt_loader *l);
void nt_load_announcements(struct nt_loader *l);
void nt_load_tests(struct nt_loader *l);
void nt_load_check_starts(struct nt_loader *l); /* what is started has a way in by hand */

struct nt_jump { /* a go_to, whose target may come later */
	int step;
	const struct nt_yaml *node;
};
#define NT_JUMPS_MOST 100 /* in a campaign */

/* A list or one of them: the items of either. */
const struct nt_yaml *nt_load_first_item(const struct nt_yaml *node);
const struct nt_yaml *nt_load_next_item(const struct nt_yaml *node, const struct nt_yaml *item);
/* The ways in (load_enter.c). */
void nt_load_enters(struct nt_loader *l, const struct nt_yaml *node, struct nt_campaign *campaign);

struct nt_renamed { /* a `was`, looked at when all names are known */
	int slot; /* step */
	const struct nt_yaml *node;
};

/* Steps of one campaign (load_steps.c). */
struct nt_step_list {
	struct nt_loader *l;
	const char *campaign;
	GArray *steps;            /* struct nt_step */
	GHashTable *identities;   /* identity → its place (struct nt_span *) */
	GHashTable *ordinals;     /* kind and name → how many so far */
	GArray *jumps;            /* struct nt_jump */
	GArray *renames;          /* struct nt_renamed */
	bool has_goal;            /* the campaign */
	bool broken;              /* a step was given up: what could come after what isn't known */
	const int *entry_events;
	unsigned n_entry_events;
};
/* Adds the steps of a list; gives the first's index or -1. `events` are at hand at its beginning. `instant`: only
 * steps that take no time (`do:`). */
int nt_load_steps(struct nt_step_list *list, const struct nt_yaml *node, const int *events, unsigned n_events,
                  bool instant);
/* Where a step stands: around it, and the events at hand there (`event.x`: in `then:` of a wait_for, until the next
 * wait). */
struct nt_place {
	int parent, depth;
	bool instant;
	const int *events;
	unsigned n_events;
};
int nt_load_list(struct nt_step_list *list, const struct nt_yaml *node, struct nt_place *place);
/* The branches of the step at `index` (load_branches.c). Where one has waited, no event is at hand afterwards. */
void nt_load_branches(struct nt_step_list *list, const struct nt_yaml *const *options, int index,
                      struct nt_place *place);
/* best_by: or NULL. */
void nt_load_split(struct nt_step_list *list, const struct nt_yaml *node, const struct nt_yaml *best_by, int index,
                   struct nt_place *place);
void nt_load_choose(struct nt_step_list *list, const struct nt_yaml *node, int index, struct nt_place *place);
/* A schedule's points (load_schedule.c); the event at hand there is at hand in each of them. */
void nt_load_schedule(struct nt_step_list *list, const struct nt_yaml *node, int index, struct nt_place *place);
/* `was` (load_renames.c), looked at when all campaigns, steps, points are there: what it names mustn't be there any
 * more, nor be claimed twice. `was`: of each point, or NULL. */
void nt_load_campaign_renames(struct nt_loader *l);
void nt_load_step_renames(struct nt_step_list *list, struct nt_campaign *campaign);
void nt_load_point_was(struct nt_loader *l, const struct nt_yaml *const *was, struct nt_point *points, unsigned n);
/* Where go_to steps lead, when all steps but those of `do:` are there (load_jumps.c). */
void nt_load_jumps(struct nt_step_list *list);
/* What a message step says of itself (load_message.c): template, with, kind, window, give_up_after. */
bool nt_load_message(struct nt_loader *l, struct nt_step *step, const struct nt_yaml *verb,
                     const struct nt_yaml *const *options);
bool nt_load_first_of(struct nt_loader *l, struct nt_step *step, const struct nt_yaml *verb,
                      const struct nt_yaml *const *options);
/* A template on a channel: it has something for it, and the channel is one that we can send by. */
bool nt_load_way(struct nt_loader *l, const struct nt_yaml *pair, const char *channel, const char **template);
int nt_load_way_to_reps(struct nt_loader *l, const char *template); /* email, or what the template has instead */
bool nt_load_assign(struct nt_loader *l, struct nt_step *step, const struct nt_yaml *verb);
bool nt_load_tell(struct nt_loader *l, struct nt_step *step, const struct nt_yaml *verb,
                  const struct nt_yaml *const *options);
bool nt_load_task(struct nt_loader *l, struct nt_step *step, const struct nt_yaml *verb,
                  const struct nt_yaml *const *options);
bool nt_load_webhook(struct nt_loader *l, struct nt_step *step, const struct nt_yaml *verb,
                     const struct nt_yaml *const *options);
/* What a wait step waits for (load_wait.c). */
bool nt_load_wait_until(struct nt_loader *l, struct nt_step *step, const struct nt_yaml *verb,
                        const struct nt_yaml *const *options);
bool nt_load_wait_for(struct nt_loader *l, struct nt_step *step, const struct nt_yaml *verb,
                      const struct nt_yaml *const *options);

/* Parts of a test (load_expect.c). A time, or with `relative` also +DURATION; NULL is fine. */
bool nt_load_test_instant(struct nt_loader *l, const struct nt_yaml *node, bool relative);
/* The template of a task that some step opens. */
void nt_load_test_task(struct nt_loader *l, const struct nt_yaml *node);
/* An item of `expect`; `elsewhere`: other rules are loaded in the test, and what these bring about isn't known. */
void nt_load_expectation(struct nt_loader *l, const struct nt_yaml *item, bool elsewhere);

/* Every template's channel (load_name.c): one that looks like a known one misspelt would never be sent. */
void nt_load_template_channels(struct nt_loader *l);

/* attach: of a step whose channel or choices are known (load_attach.c). */
#define NT_ATTACH_SIZE (6 << 20) /* a mail's, before base64: relays commonly take 10 MB */
#define NT_ATTACH_FILES 20
void nt_load_attach(struct nt_loader *l, struct nt_step *step, const struct nt_yaml *node);

/* score, stage, tags …: what reads like a field and follows from what happens (load_message.c). */
bool nt_load_is_derived(const char *name);

/* `none` for a field that can't hold that text: told what to write instead. */
bool nt_load_is_none(struct nt_loader *l, const struct nt_yaml *node, enum nt_type type);

/* set: (fields) and with: (load_message.c); the scope has been set. */
const struct nt_assignment *nt_load_assignments(struct nt_loader *l, const struct nt_yaml *mapping, bool fields,
                                                unsigned *n);

#endif
