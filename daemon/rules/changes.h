/* What an edit makes different: two rule sets, compared by the identities that leads' places hang on (rule-language
 * II.7), in words. Pure; says nothing of leads. */
#ifndef NT_RULES_CHANGES_H
#define NT_RULES_CHANGES_H

#include "rules/program.h"

struct nt_arena;

struct nt_fact_change {
	const char *key;             /* "wait", "if", "up_to", "text" (of the template) … */
	const char *before, *after;  /* NULL: it wasn't there, isn't any more; of a text: its file */
	struct nt_fact_change *next;
};

struct nt_step_change {
	const char *identity;        /* the new one, or that of a step that is gone */
	const char *was;             /* the old one, if it is another: a rename; or NULL */
	const char *words;           /* "email welcome": as it is, or was */
	int before, after;           /* step of the old campaign, of the new one; -1: not there */
	bool moved;                  /* stands elsewhere among its fellows, or in another branch */
	struct nt_fact_change *facts;
};

/* Steps without an id that can't be told apart any more: the same kind and name, another number of them. Leads that
 * stand at one of them could go on at the wrong one. */
struct nt_step_muddle {
	const char *base;            /* "email-welcome" */
	const int *before, *after;   /* the steps, in order of file */
	unsigned n_before, n_after;
};

struct nt_campaign_change {
	const char *name;
	const char *was;             /* its old name, if it is another: a rename; or NULL */
	int before, after;           /* program slots; -1: not there */
	struct nt_fact_change *facts; /* all but its steps */
	const struct nt_step_change *steps; /* those that differ: in new order, then those that are gone */
	unsigned n_steps;
	const struct nt_step_muddle *muddles;
	unsigned n_muddles;
};

/* Announcements are the same by campaign, template and their number among equals: that is what reps are told once. */
struct nt_announcement_change {
	const char *campaign;        /* by its new name, if it has one */
	const char *message;         /* the template */
	int before, after;           /* of the old program, of the new one; -1: not there */
	struct nt_fact_change *facts; /* of one that is in both */
};

struct nt_changes {
	const struct nt_campaign_change *campaigns; /* those that differ, by name */
	unsigned n_campaigns;
	const struct nt_announcement_change *announcements; /* likewise: in new order, then those that are gone */
	unsigned n_announcements;
	struct nt_fact_change *others; /* key: "policy", "scoring", "sales", "segment busy", "rep anna", … */
	bool none;
};

/* Everything lives in the arena, or in the programs. */
const struct nt_changes *nt_changes_find(struct nt_arena *arena, const struct nt_program *before,
                                         const struct nt_program *after);

#endif
