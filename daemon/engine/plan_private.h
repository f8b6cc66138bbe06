/* Shared by the files that make a plan: plan.c (which leads, when), plan_twin.c (one crowd of leads through a rule
 * set), plan_tally.c (what is counted). Nobody else includes this. */
#ifndef NT_ENGINE_PLAN_PRIVATE_H
#define NT_ENGINE_PLAN_PRIVATE_H

#include "engine/plan.h"

struct nt_lead;
struct nt_message;

enum nt_plan_record_kind { NT_RECORD_SENT, NT_RECORD_ENTERED, NT_RECORD_LEFT, NT_RECORD_GOAL, NT_RECORD_CANCELLED,
                           NT_RECORD_UNDER_WAY, NT_RECORD_MOVE, NT_RECORD_TOLD, NT_RECORD_CONCERNED };

/* A thing that was seen of a lead. All texts but the lead's id live as long as the plan, that as long as its crowd. */
struct nt_plan_record {
	enum nt_plan_record_kind kind;
	const char *lead;
	const char *campaign, *channel, *template_name;
	bool rep;
	nt_time at;
	enum nt_plan_kind move;
	const char *from, *from_words, *to, *to_words, *why;
	const char *rep_name, *when, *to_whom; /* TOLD */
	int occasion; /* of the new rules: CONCERNED; and TOLD, the round's, -1: it is of the old ones only */
	int from_campaign, from_step; /* of the old rules: MOVE; -1 */
};

struct nt_maker {
	const struct nt_planning *planning;
	struct nt_arena *arena;    /* the plan's */
	struct nt_plan *plan;
	GHashTable *older;         /* hash -> struct nt_program */
	GHashTable *texts;         /* interned, in the arena */
	GHashTable *moves, *cancelled, *sent, *traffic, *told; /* key -> struct nt_plan_…, in the arena */
	struct nt_plan_leads **standing; /* [base campaign][step]: leads at steps of the old rules */
	bool *announced;           /* [occasion of the new rules]: reps are told of it within the week */
	uint64_t *concerned;       /* likewise: leads for whom its condition holds */
	GArray *offers;
	uint64_t under_way, called_back;
	const char *error;
};

/* Leads that go through a rule set together. */
struct nt_crowd {
	const char *const *ids;
	unsigned n;
	bool sales;                /* with the sales queue: everything that is seen counts */
	GHashTable *known;         /* id -> itself */
	GHashTable *meets;         /* likewise: met others in sales; belongs into the last crowd */
	GArray *records[2];        /* struct nt_plan_record: under the present rules, under the new ones */
};

/* plan_twin.c: both rule sets. False: maker->error says why. */
bool nt_crowd_run(struct nt_maker *maker, struct nt_crowd *crowd);

/* plan_told.c: what reps are told of broadcasts */
void nt_plan_find_announced(struct nt_maker *maker);
/* The message as a record; false: it is about no broadcast. Texts are kept. */
bool nt_plan_read_told(struct nt_maker *maker, const struct nt_message *message, unsigned rules,
                       struct nt_plan_record *record);
void nt_plan_tally_told(struct nt_maker *maker, const struct nt_plan_record *record, unsigned rules);

/* plan_tally.c */
const char *nt_plan_text(struct nt_maker *maker, const char *text); /* one copy of each; NULL gives NULL */
void nt_plan_tally(struct nt_maker *maker, const struct nt_plan_record *record, unsigned rules);
void nt_plan_count(struct nt_maker *maker, struct nt_plan_leads *leads, const char *id);
/* The entry of that key, made (zeroed) if it isn't there. */
void *nt_plan_entry(struct nt_maker *maker, GHashTable *table, const char *key, size_t size);
void nt_plan_finish(struct nt_maker *maker); /* tables to sorted lists */

#endif
