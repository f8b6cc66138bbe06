/* What new rules would do to a live store, without doing it: what an edit changes, who moves from which step to which,
 * who enters and leaves, what is called back, and what would be sent in the next day and week, next to what the present
 * rules would send. Pure but for the stores' ports: the live one is only read.
 *
 * Leads are taken through both rule sets on twins in memory, some thousand at once; those that meet in the sales queue
 * or among the tasks, where each one's lot depends on the others', all together at the end. So memory goes by those,
 * not by the number of leads. The forecast is exact if nothing comes in from outside; the only thing that leads share
 * and that isn't followed is an address that two of them have and one of them is made to refuse (`suppress:`). */
#ifndef NT_ENGINE_PLAN_H
#define NT_ENGINE_PLAN_H

#include "engine/store.h"
#include "rules/changes.h"

struct nt_diags;
struct nt_json_writer;
struct nt_program;

struct nt_planning {
	struct nt_store *store;       /* a view of it is held all the while */
	struct nt_program *base;      /* the rules of its last load */
	struct nt_program *program;   /* the new ones */
	nt_time now;                  /* the present; not before the store's last instant */
	unsigned at_once;             /* leads; 0: some thousand */
	/* Older rule sets by hash, as for an engine; asked once of each. */
	struct nt_program *(*older_program)(void *user, const char *hash);
	void *older_user;
	void (*progress)(void *user, uint64_t leads, uint64_t total); /* or NULL */
	void *user;
};

#define NT_PLAN_EXAMPLES 3
struct nt_plan_leads { /* how many, and the first of them by id */
	uint64_t n;
	const char *examples[NT_PLAN_EXAMPLES];
	unsigned n_examples;
};

enum nt_plan_kind {
	NT_PLAN_STAYS,   /* at its step, by whatever name */
	NT_PLAN_MOVES,   /* its step is gone */
	NT_PLAN_GOES_ON, /* its step is there, and is over at once */
	NT_PLAN_ENTERS,
	NT_PLAN_LEAVES,
};
struct nt_plan_move {
	enum nt_plan_kind kind;
	const char *campaign;
	const char *from, *from_words; /* step's identity in the old rules, and its words; NULL: enters */
	const char *to, *to_words;     /* in the new rules; NULL: leaves */
	const char *why;               /* enters, leaves: as the timeline says it */
	struct nt_plan_leads leads;
};

struct nt_plan_cancelled { /* released, and called back by the load */
	const char *campaign, *channel, *template_name;
	struct nt_plan_leads leads;
};

/* [0] with the present rules, [1] with the new ones. Within 24 hours, and within seven days, those included. */
struct nt_plan_sent {
	const char *campaign;  /* "": of sales */
	const char *channel, *template_name;
	bool rep;              /* to our own people */
	uint64_t day[2], week[2];
};
struct nt_plan_traffic {
	const char *campaign;
	uint64_t entered_day[2], entered_week[2], goals_week[2], left_week[2];
};

/* A rep who is told of a round of a broadcast within seven days. */
struct nt_plan_told {
	const char *campaign; /* by its new name */
	const char *channel, *template_name, *rep;
	nt_time at;
	const char *when;     /* the round goes out: in words, as the rep reads it */
	const char *to_whom;  /* the broadcast's condition, or "all leads" */
	bool by[2];           /* the present rules, the new ones */
	int occasion;         /* the broadcast, of the new program; -1: only the present rules tell of it */
	uint64_t leads;       /* for whom its condition holds now: an estimate of whom it concerns */
};

struct nt_plan_offer { /* a hand-off that the load itself moves, or makes */
	const char *lead, *title;
	const char *from_state, *from_rep, *to_state, *to_rep; /* state NULL: not in the queue; rep NULL: nobody */
};

struct nt_plan_demand { /* a muddle of steps at which leads stand */
	const struct nt_campaign_change *campaign;
	const struct nt_step_muddle *muddle;
	struct nt_plan_leads leads;
};

struct nt_plan {
	const struct nt_program *base, *program;
	const struct nt_changes *changes;
	nt_time now, loaded;         /* loaded: when the present rules were; NT_NO_TIME: never */
	uint64_t leads, damaged;     /* damaged: can't be read, left out */
	uint64_t under_way;          /* released already, and not called back */
	const struct nt_plan_demand *demands;
	unsigned n_demands;          /* any: don't load these rules */
	const struct nt_plan_move *moves; /* by campaign, kind, step */
	unsigned n_moves;
	const struct nt_plan_cancelled *cancelled;
	unsigned n_cancelled;
	const struct nt_plan_sent *sent;
	unsigned n_sent;
	const struct nt_plan_traffic *traffic;
	unsigned n_traffic;
	const struct nt_plan_told *told; /* by instant, campaign, channel, template, rep */
	unsigned n_told;
	const struct nt_plan_offer *offers; /* by lead */
	unsigned n_offers;
};

/* In the arena; NULL and *why (in the arena) if the store fails. */
const struct nt_plan *nt_plan_make(struct nt_arena *arena, const struct nt_planning *planning, const char **why);

/* For marketers. */
void nt_plan_print(const struct nt_plan *plan, GString *out);
/* Where ids are demanded, and why. */
void nt_plan_report(const struct nt_plan *plan, struct nt_diags *diags);
/* For programs, into an object at hand: "made", "base", "leads", "campaigns", … */
void nt_plan_put_json(const struct nt_plan *plan, struct nt_json_writer *w);
/* For Graphviz: the campaigns that change, and the ways that leads take from steps that are gone. */
void nt_plan_picture(const struct nt_plan *plan, GString *out);

#endif
