/* Shared by the files of simulate: simulate.c (the whole), simulate_read.c (what the files say), simulate_row.c (a
 * lead's row), simulate_divide.c (who has to do with whom), simulate_play.c (a shard through an engine). Nobody else
 * includes this. */
#ifndef NT_ENGINE_SIMULATE_PRIVATE_H
#define NT_ENGINE_SIMULATE_PRIVATE_H

#include "base/diag.h"
#include "engine/sales.h"
#include "engine/simulate.h"
#include "engine/step.h"
#include "engine/tally.h"
#include "engine/timeline.h"

struct nt_csv_row;
struct nt_json;

enum nt_sim_event_kind {
	NT_SIM_EVENT,
	NT_SIM_OUTCOME,   /* channel and outcome: of a message */
	NT_SIM_ANSWER,    /* verb: what a rep answers */
	NT_SIM_TASK_DONE
};

struct nt_sim_event { /* a line; it is parsed again when its time comes: the trees of all would fill the memory */
	nt_time at;
	enum nt_sim_event_kind kind;
	const char *channel;
	enum nt_outcome outcome;
	enum nt_sales_verb verb;
	unsigned lead;       /* its number among the timelines */
	const char *id;      /* or NULL */
	size_t start, length;
};

enum nt_sim_column_kind {
	NT_SIM_FIELD,      /* slot */
	NT_SIM_TAGS,
	NT_SIM_CONSENT,    /* {"sms": true} */
	NT_SIM_CONSENT_ON, /* slot: a channel; yes or no */
	NT_SIM_UNKNOWN,    /* kept with the lead as the API would; no rule reads it */
};

struct nt_sim_column {
	enum nt_sim_column_kind kind;
	int slot;
};

struct nt_sim_row {
	const struct nt_csv_row *row;
	unsigned lead; /* its number among the timelines */
	nt_time at;    /* when it comes into being: known once its shard is played */
};

struct nt_sim_rows {
	const struct nt_csv_row *header; /* NULL: there is no file */
	const struct nt_sim_column *columns;
	int id, created;                 /* columns; created_at: -1 there is none */
};

/* Something to be said of events once, however many they are. */
struct nt_sim_remark {
	uint64_t n;
	size_t start, length; /* the first of the file */
};

/* Leads that have nothing to do with any others', and all that happens to them. */
struct nt_sim_shard {
	unsigned leads;
	GArray *rows;         /* struct nt_sim_row; as in the file, and in order of time once they are played */
	GArray *events;       /* struct nt_sim_event; in order of time once they are played */
};

/* Plays shards, one after the other, each through an engine of its own. */
struct nt_sim_player {
	struct nt_sim *sim;
	struct nt_driver *driver; /* of the shard at hand */
	struct nt_arena *arena;   /* of a turn */
	struct nt_tally *tally;
	GArray *findings;         /* struct nt_sim_finding */
	GHashTable *later;        /* of the shard's leads that come after the start: number → when; or NULL */
	struct nt_sim_remark consents; /* among the properties, where they give none */
	struct nt_sim_remark early;    /* before their lead comes into being */
	uint64_t leads; /* that there are in the end */
	uint64_t taken, duplicates, refused;
	uint64_t rows_after, events_after; /* the end */
};

/* What is wrong with a row. Files are read, and shards played, side by side: it is reported when that is done. */
struct nt_sim_finding {
	struct nt_span span;
	char *text;           /* g_free */
};

struct nt_sim {
	const struct nt_simulation *options;
	struct nt_program *program;
	struct nt_diags *diags;
	struct nt_arena *arena;
	struct nt_timelines timelines;
	GPtrArray *leads;     /* struct nt_timeline by number */
	struct nt_sim_rows rows;
	GArray *events;       /* struct nt_sim_event, as in the file; NULL once they are divided */
	GPtrArray *texts;     /* struct nt_arena: of their ids */
	GPtrArray *shards;    /* struct nt_sim_shard */
	GPtrArray *players;   /* struct nt_sim_player */
	struct nt_tally_frame frame;
	uint64_t done, total; /* rows and events; done: with one shard */
	nt_time earliest;     /* event; NT_NO_TIME: there is none */
	bool outcomes;        /* some events are of messages */
};

/* A lead's, which may be new. Not while shards are played, unless there is only one. */
struct nt_timeline *nt_sim_timeline(struct nt_sim *sim, const char *lead);
/* Does work(context, i) for each i below n, by the options' hands. */
void nt_sim_spread(const struct nt_sim *sim, const char *what, unsigned n, void (*work)(void *context, unsigned i),
                   void *context);

/* ---- simulate_read.c ---- */

bool nt_sim_read_leads(struct nt_sim *sim); /* false, with a diagnostic: nothing can be made of the file */
void nt_sim_read_events(struct nt_sim *sim);
int nt_sim_column(const struct nt_csv_row *header, const char *name); /* -1: there is none */

/* ---- simulate_row.c ---- */

/* What the columns are. False, with a diagnostic: nothing can be made of them. */
bool nt_sim_read_header(struct nt_sim *sim, const struct nt_csv_row *header);
/* Of what a refusal names: "seats", "consent.sms"; -1: none. */
int nt_sim_column_named(const struct nt_sim_rows *rows, const char *field);
/* As the API would send it; times without an offset are the zone's. NULL: it can't be sent, and why and in which
 * column. */
const struct nt_json *nt_sim_row_json(const struct nt_sim *sim, struct nt_arena *arena, const struct nt_csv_row *row,
                                      const struct nt_zone *zone, int *column, const char **why);

/* ---- simulate_divide.c ---- */

/* Rows and events come into shards: all into one, where the rules let leads meet. */
void nt_sim_divide(struct nt_sim *sim);
struct nt_sim_shard *nt_sim_shard_new(void);
void nt_sim_shard_free(void *shard);

/* ---- simulate_play.c ---- */

struct nt_sim_player *nt_sim_player_new(struct nt_sim *sim);
void nt_sim_player_free(void *player);
/* Over a store, which it takes over. NULL, or why it can't. */
const char *nt_sim_open(struct nt_sim_player *player, struct nt_store *store);
/* A shard's rows, its events, and then to the end; opened before, or over a fresh store. */
void nt_sim_play(struct nt_sim_player *player, struct nt_sim_shard *shard);

/* ---- findings ---- */

GArray *nt_sim_findings_new(void);
void nt_sim_add_finding(GArray *findings, struct nt_span span, const char *text);
void nt_sim_report(struct nt_sim *sim, const GArray *findings); /* as diagnostics */
void nt_sim_remark(struct nt_sim_remark *remark, const struct nt_sim_remark *more);
void nt_sim_say_once(struct nt_sim *sim, const struct nt_sim_remark *remark, const char *what); /* as a warning */

#endif
