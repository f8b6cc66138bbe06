/* The rep queue: one subject, its inputs ordered by instant, then lead id (rule-language I.8, II.8). Pure.
 *
 * struct nt_sales holds the open entries in memory; the store keeps one row an entry and one for the turns. Whoever
 * owns it (engine/engine.h) commits nt_sales_changes with the leads' states in one transaction. */
#ifndef NT_ENGINE_SALES_H
#define NT_ENGINE_SALES_H

#include "engine/state.h"
#include "engine/step.h"

struct nt_program;
struct nt_sales;

struct nt_sales_reason {
	const char *text;
	nt_time at;
};

struct nt_sales_entry { /* memory of its own, freed with the entry */
	char *lead;
	enum nt_handoff state;
	uint64_t offer;          /* number of the current offer: unique, goes into the links; 0 none */
	char *rep;               /* offered to or accepted by; NULL while waiting */
	char *team;              /* routed team, NULL */
	char *wanted;            /* who is asked before the team: the owner, or the rep whom a route names; NULL */
	nt_time since;           /* in this state */
	nt_time queued;          /* entered the queue */
	nt_time offered, limit;  /* of the current offer; NT_NO_TIME, NT_NEVER */
	bool has_accept_within;  /* its first reason's own; else sales.accept_within */
	struct nt_duration accept_within;
	unsigned then_done;      /* items of sales.then used up */
	GPtrArray *offered_to;   /* rep names */
	bool late;               /* the last limit has passed */
	nt_time told;            /* manager last told of it */
	unsigned progress_done;  /* after_accept items done */
	GArray *reasons;         /* struct nt_sales_reason, texts owned */
	int64_t score;
	char *title, *values;    /* for lists and messages */
	nt_time due;             /* derived: when it next needs a TIMER */
	bool touched;            /* within a step: it is among the changed */
};

enum nt_sales_verb { NT_SALES_READY, NT_SALES_ACCEPT, NT_SALES_SEND_BACK, NT_SALES_WON, NT_SALES_LOST,
                     NT_SALES_WITHDRAW, NT_SALES_TIMER, NT_SALES_LOAD, NT_SALES_ASSIGN };

struct nt_sales_input {
	enum nt_sales_verb verb;
	nt_time now;
	const char *lead;
	const struct nt_ready_effect *ready;
	const char *rep;         /* who acts; for ACCEPT by hand any rep, by link the offer's */
	uint64_t offer;          /* ACCEPT, SEND_BACK by link: must be the current offer; 0: by hand */
	const char *reason;      /* SEND_BACK: name in sales.reasons, or NULL if the rules have none */
};

enum nt_sales_answer { NT_SALES_DONE, NT_SALES_NO_ENTRY, NT_SALES_NOT_YOURS, NT_SALES_ALREADY, NT_SALES_BAD_REASON,
                       NT_SALES_BAD_REP };
const char *nt_sales_answer_text(enum nt_sales_answer answer); /* for people */

/* What a step of the sales subject asks for. Arrays live as long as nt_sales_effects_clear() isn't called, what they
 * hold in the arena handed in. */
struct nt_sales_effects {
	struct nt_arena *arena;
	GArray *lead_inputs;  /* struct nt_sales_lead_input: HANDOFF inputs to leads, to be stepped in the same batch */
	GPtrArray *messages;  /* struct nt_message *: to reps and managers */
	GPtrArray *changed;   /* const char *: leads whose entry changed or went (look up; absent: delete the row) */
	bool turns_changed;
};
struct nt_sales_lead_input {
	const char *lead;
	enum nt_handoff state;
	const char *rep, *reason;
	nt_time at;
	bool is_owner;        /* an OWNER input: the answer to ASSIGN */
};

void nt_sales_effects_init(struct nt_sales_effects *effects, struct nt_arena *arena);
void nt_sales_effects_clear(struct nt_sales_effects *effects);

/* The program is borrowed, and must outlive the next nt_sales_set_program(): that one takes over the turns of its
 * teams. */
struct nt_sales *nt_sales_new(const struct nt_program *program);
void nt_sales_free(struct nt_sales *sales);
void nt_sales_set_program(struct nt_sales *sales, const struct nt_program *program);
/* From the store at start. false if damaged. When all is there, resume finds out when entries are due, as seen from the
 * last instant before the end. */
bool nt_sales_restore_entry(struct nt_sales *sales, const void *bytes, size_t length);
bool nt_sales_restore_turns(struct nt_sales *sales, const void *bytes, size_t length);
void nt_sales_resume(struct nt_sales *sales, nt_time last);
void nt_sales_encode_entry(const struct nt_sales_entry *entry, GString *out);
void nt_sales_encode_turns(const struct nt_sales *sales, GString *out);

/* now never goes back. ASSIGN: whose turn it is, outside the queue. TIMER: all whose time has come by now; LOAD: after
 * nt_sales_set_program(). */
enum nt_sales_answer nt_sales_step(struct nt_sales *sales, const struct nt_sales_input *input,
                                   struct nt_sales_effects *effects);
nt_time nt_sales_due(const struct nt_sales *sales);
const struct nt_sales_entry *nt_sales_peek(const struct nt_sales *sales, const char *lead);
/* Current offers only. */
const struct nt_sales_entry *nt_sales_peek_offer(const struct nt_sales *sales, uint64_t offer);
/* All entries, oldest first. Free the array, not the entries. */
GPtrArray *nt_sales_list(const struct nt_sales *sales);

#endif
