/* Inside one turn of the engine: the leads that it touches, each decoded once and saved once, and what their steps
 * ask for. Files: engine.c (the order of a turn), turn.c (leads), turn_sales.c (the queue), loads.c (programs),
 * turn_keep.c (leads between turns), fill.c (the past, for new rules), request.c (what people send), turn_tasks.c
 * (their tasks), turn_announce.c, outbox.c (what the dispatcher asks), log_body.c (what the log keeps). */
#ifndef NT_ENGINE_TURN_H
#define NT_ENGINE_TURN_H

#include "engine/engine.h"

struct nt_json;

/* A lead between turns. It lives in an arena of its own, in which every step leaves what it needed on the way: when
 * that has become much, the lead moves into a fresh one. */
struct nt_kept {
	char *id;
	struct nt_arena *arena;
	size_t size, counted;    /* of the arena: when the lead had moved in; as it is in the engine's sum */
	struct nt_lead *lead;    /* NULL: not known yet */
	const char **addresses, **keys; /* as in struct nt_turn_lead */
	uint64_t suppressions;   /* the engine's count when they were last looked up */
	nt_time stored_due;
	bool stored, unsaved;    /* unsaved: the store's bytes are older */
	struct nt_turn_lead *at_hand; /* in the turn at hand, else NULL */
	GList use;               /* in the engine's order of coming */
	bool used;               /* since it was last passed over */
};

struct nt_turn_lead {
	const char *id;
	struct nt_lead *lead;    /* NULL: what the store has is damaged; `broken` says how */
	const char *broken;
	nt_time stored_due;      /* as the store knows it; NT_NEVER if it has none */
	bool stored, dirty;
	const char **addresses;  /* [n_channels]: the texts that `keys` were made of; compared by pointer */
	const char **keys;       /* [n_channels]: normalised, for suppression; NULL: no address */
	struct nt_kept *kept;    /* NULL: it is for this turn alone */
	struct nt_arena *arena;  /* where it lives */
	const char *phone;       /* as stored: engine/phone.h */
	struct nt_turn_lead *next;
};

/* A load: from `at` on this program counted. */
struct nt_load {
	char hash[65];
	nt_time at;
};

struct nt_observed {
	const char *lead;
	const struct nt_input *input;
	const struct nt_effects *effects;
	const struct nt_message *message; /* of the sales subject: then the rest is NULL */
};

struct nt_batch {
	struct nt_engine *engine;
	struct nt_store *store;
	struct nt_arena *arena;
	nt_time now;
	int code;                       /* the store's first error: sticks, and undoes the turn */
	struct nt_turn_lead *first, **last;
	const char *asked;              /* the text by which the last lead was brought to hand … */
	struct nt_turn_lead *answer;    /* … and that lead */
	GArray *ready;                  /* struct nt_sales_input: READY and WITHDRAW that wait for the sales subject */
	GArray *tasks;                  /* struct nt_task_input: likewise for the tasks */
	GArray *observed;               /* struct nt_observed */
	struct nt_engine_counters counters;
	bool best_changed;              /* it has to be saved */
};

struct nt_engine {
	struct nt_store *store;
	struct nt_program *program;
	struct nt_engine_options options;
	struct nt_sales *sales;
	struct nt_best *best;
	uint64_t best_changes;          /* counts them, so that a view knows when it is old */
	struct nt_tasks *tasks;
	struct nt_announcements *announcements;
	nt_time now;                    /* the last instant */
	uint64_t batch;
	nt_time due;                    /* of leads, as of the last commit */
	struct nt_engine_counters counters;
	struct nt_arena *arena;         /* of the turn at hand */
	GHashTable *leads;              /* of the turn at hand: id -> struct nt_turn_lead */
	GHashTable *kept;               /* id -> struct nt_kept; NULL: none are. Then it stands for `leads` */
	GQueue use;                     /* of them, those to go first first */
	GPtrArray *gone;                /* struct nt_kept that the turn at hand may still need */
	size_t kept_size;               /* of all their arenas */
	uint64_t suppressions;          /* changes so far */
	GString *scratch;
	GHashTable *older;              /* hash -> struct nt_program, referenced; those of blobs not yet moved */
	GArray *loads;                  /* struct nt_load: the history that leads not yet touched may need */
	char *zones;                    /* version of the zones' data that counts; NULL: not known */
	char *cursor;                   /* of the background pass: the last id seen; NULL: it is done */
	GArray *ready, *wanted, *observed; /* kept for their memory */
	nt_time prune_at; /* when the log is looked through next for what is too old */
	bool stale; /* a rollback couldn't be followed by reading: what is here isn't what the store has */
};

/* ---- store ---- */

/* Notes an error. True: go on. */
bool nt_turn_ok(struct nt_batch *turn, int code);

/* ---- leads (turn.c) ---- */

/* Brings those that aren't at hand yet, in one call of the store. */
void nt_turn_load(struct nt_batch *turn, const char *const *ids, unsigned n);
/* Loaded before, or now. Never NULL while turn->code is OK. */
struct nt_turn_lead *nt_turn_lead(struct nt_batch *turn, const char *id);
struct nt_turn_lead *nt_turn_peek(struct nt_batch *turn, const char *id); /* NULL: not at hand */
/* `input` must live as long as the turn. */
void nt_turn_step(struct nt_batch *turn, struct nt_turn_lead *tl, const struct nt_input *input);
/* Does what a step (or a migration) asks for, and logs it. */
void nt_turn_effects(struct nt_batch *turn, struct nt_turn_lead *tl, const struct nt_input *input,
                     const struct nt_effects *effects);
void nt_turn_save(struct nt_batch *turn);  /* all that changed, to the store; then forgets them */
/* Of leads at hand. */
void nt_turn_flag(struct nt_batch *turn, const char *channel, const char *key, enum nt_suppression how);
void nt_turn_hand(struct nt_batch *turn, const char *lead, const char *message, bool handed);    /* likewise */
void nt_turn_log(struct nt_batch *turn, struct nt_turn_lead *tl, nt_time at, const char *body);
struct nt_program *nt_engine_older(struct nt_engine *engine, const char *hash); /* NULL: unknown */

/* An empty lead. */
void nt_turn_renew(struct nt_batch *turn, struct nt_turn_lead *tl);

/* ---- leads between turns (turn_keep.c) ---- */

void nt_keep_new(struct nt_engine *engine);  /* if the options ask for it */
void nt_keep_free(struct nt_engine *engine);
struct nt_kept *nt_keep_find(struct nt_engine *engine, const char *id); /* there, or fresh */
/* Brings it to hand, where it isn't. True: with its lead; else the store has to be asked. */
bool nt_keep_take(struct nt_batch *turn, struct nt_kept *kept, struct nt_turn_lead *tl);
/* After its step: what is to be written, if it isn't left for later. */
void nt_keep_save(struct nt_batch *turn, struct nt_turn_lead *tl);
void nt_keep_trim(struct nt_batch *turn);    /* before a turn: room for those that will come */
void nt_keep_flush(struct nt_batch *turn);   /* writes and forgets all; none is at hand */
void nt_keep_forget(struct nt_engine *engine); /* all, unwritten; none is at hand */
void nt_turn_put(struct nt_batch *turn, const struct nt_lead *lead, nt_time stored_due); /* to the store */

/* ---- sales (turn_sales.c) ---- */

/* What waits for our own people (tasks, then the queue), in order, with all that comes of it. */
void nt_turn_sales(struct nt_batch *turn);
void nt_turn_sales_timers(struct nt_batch *turn, nt_time until); /* those due by then */
enum nt_sales_answer nt_turn_sales_step(struct nt_batch *turn, const struct nt_sales_input *input);
bool nt_sales_reread(struct nt_engine *engine, const char **why); /* the queue as the store has it */
void nt_turn_tell(struct nt_batch *turn, const struct nt_message *message); /* to the outbox, and into the lead's log */

/* ---- tasks (turn_tasks.c) ---- */

void nt_turn_tasks(struct nt_batch *turn); /* what waits */
enum nt_task_answer nt_turn_tasks_step(struct nt_batch *turn, const struct nt_task_input *input);
void nt_turn_tasks_timers(struct nt_batch *turn, nt_time until);
void nt_request_task(struct nt_batch *turn, struct nt_request *request);
bool nt_tasks_reread(struct nt_engine *engine, const char **why);

/* ---- what new rules ask of the past (fill.c) ---- */

/* After the lead was moved to new rules, and all that came of it is logged. */
void nt_turn_fill(struct nt_batch *turn, struct nt_turn_lead *tl, const struct nt_program *from);

/* ---- shares that follow results (turn_best.c) ---- */

bool nt_best_reread(struct nt_engine *engine, const char **why); /* as the store has it */
void nt_turn_best_load(struct nt_batch *turn);   /* the engine's program has changed */
void nt_turn_best_decide(struct nt_batch *turn); /* before anything else: whoever draws in this turn draws by it */
void nt_turn_best_count(struct nt_batch *turn, const struct nt_effect *effect); /* one with a trial */
void nt_turn_best_save(struct nt_batch *turn);

/* ---- announcements (turn_announce.c) ---- */

void nt_turn_announce(struct nt_batch *turn); /* those due by now */
bool nt_announcements_reread(struct nt_engine *engine, const char **why);

/* ---- loads (loads.c) ---- */

bool nt_loads_reread(struct nt_engine *engine, const char **why); /* their history as the store has it */
void nt_turn_note_program(struct nt_batch *turn); /* the engine was opened with another than the last load's */
void nt_request_load(struct nt_batch *turn, struct nt_request *request);
/* The pass after a load: every lead that still has an older program is brought to this one, `limit` a turn. */
void nt_turn_touch(struct nt_batch *turn, unsigned limit);

/* ---- requests (request.c, outbox.c) ---- */

void nt_request_refuse(struct nt_request *request, enum nt_answer_code code, const char *field, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* The lead that a request is about, before anything else is known of it; NULL: none (or none that could be; then it is
 * refused). */
const char *nt_request_lead(struct nt_request *request);
void nt_request_input(struct nt_batch *turn, struct nt_request *request, struct nt_turn_lead *tl);
void nt_request_claim(struct nt_batch *turn, struct nt_request *request);
void nt_request_outcome(struct nt_batch *turn, struct nt_request *request, struct nt_outbox_row *row);
void nt_request_decide(struct nt_batch *turn, struct nt_request *request, const struct nt_outbox_row *row);
void nt_request_suppress(struct nt_batch *turn, struct nt_request *request);

/* ---- log (log_body.c) ---- */

/* {"input":{…},"effects":[…]}; appended. */
void nt_log_body(const struct nt_input *input, const struct nt_effects *effects, GString *out);
void nt_log_body_rep(const struct nt_message *message, GString *out);
void nt_log_body_task(const struct nt_task_note *note, GString *out);

#endif
