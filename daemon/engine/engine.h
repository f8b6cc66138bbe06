/* One engine: owns shards of leads, the sales subject, the tasks and a store. Takes requests in batches, steps, commits
 * once, and only then has answers. Pure but for the store's port: the daemon's engine thread (store/engine_thread.h),
 * simulate and test run the same code. One thread uses an engine. */
#ifndef NT_ENGINE_ENGINE_H
#define NT_ENGINE_ENGINE_H

#include "engine/retry.h"
#include "engine/sales.h"
#include "engine/step.h"
#include "engine/store.h"
#include "engine/task.h"
#include "engine/trace.h"

struct nt_arena;
struct nt_best;
struct nt_engine;
struct nt_program;

enum nt_request_kind {
	NT_REQUEST_INPUT,    /* input to a lead (not OUTCOME) */
	NT_REQUEST_SALES,    /* sales: accept, send back, won, lost */
	NT_REQUEST_CLAIM,    /* dispatcher: up to `limit` messages of `channel` */
	NT_REQUEST_OUTCOME,  /* dispatcher: what became of a handed message */
	NT_REQUEST_LOAD,     /* program: a new rule set */
	NT_REQUEST_SUPPRESS, /* channel, address; lift: undo */
	NT_REQUEST_REPLY,    /* channel, address, text, id: somebody has sent us a text message */
	NT_REQUEST_DECIDE,   /* message that is in doubt; again: send it once more, else give it up */
	NT_REQUEST_TASK,     /* task: is done */
};

enum nt_send_result {
	NT_SEND_ACCEPTED,
	NT_SEND_TEMPORARY,   /* try again */
	NT_SEND_REFUSED,     /* for good; hard: the address doesn't exist (bounced) */
	NT_SEND_IN_DOUBT,    /* cut off between body and answer */
	NT_SEND_UNTOUCHED,   /* claimed, but no byte went out: back to released, no attempt counted */
};

enum nt_answer_code {
	NT_ANSWER_OK,
	NT_ANSWER_DUPLICATE,  /* success; did nothing */
	NT_ANSWER_INVALID,    /* message says what and where; nothing done */
	NT_ANSWER_NOT_FOUND,
	NT_ANSWER_CONFLICT,   /* e.g. the offer has passed on */
	NT_ANSWER_FAILED,     /* the store could not keep it: try again; nothing done */
};

/* Allocated in its own arena, which holds all it points to; whoever posts it gets it back answered, then frees the
 * arena. */
struct nt_request {
	struct nt_arena *arena;
	enum nt_request_kind kind;
	const char *lead;            /* INPUT, SALES */
	/* INPUT: raw, as it came in; the engine checks it against the program that is current when it is stepped */
	enum nt_input_kind input_kind; /* EVENT, FIELDS, CONSENT, START, STOP, ERASE */
	const struct nt_json *json;  /* EVENT: {id?,event,at?,properties?}; FIELDS: the object of fields */
	const nt_time *at;           /* EVENT: what its "at" says, for who has read it already; NULL: it is read here */
	bool replace;                /* FIELDS: PUT */
	const char *source;          /* token name: namespace of ids */
	const char *cause;
	const char *channel;         /* CONSENT ("" all), CLAIM, SUPPRESS */
	bool given;                  /* CONSENT */
	const char *how, *from;
	const char *campaign, *key;  /* START, STOP */
	/* SALES */
	enum nt_sales_verb verb;
	const char *rep, *reason;
	uint64_t offer;
	/* TASK, with rep: who did it, or NULL */
	const char *task;
	bool only_theirs;            /* by link: the task must be the rep's */
	/* CLAIM */
	unsigned limit;
	const char *owner;
	struct nt_outbox_row *rows;  /* answer, in arena */
	unsigned n_rows;
	struct nt_program **programs; /* room for `limit`, or NULL: answer: a reference each, to the rules that released
	                               * the row, or to the present ones if those are unknown */
	nt_time next_release;        /* answer: when something of what is left on the channel may go; NT_NEVER */
	nt_time held_until;          /* answer: policy.rates keeps back until then what is due; NT_NO_TIME: nothing */
	/* OUTCOME */
	const char *message;
	enum nt_send_result result;
	bool hard;
	enum nt_outcome later; /* for outcomes after acceptance (DELIVERED, BOUNCED, COMPLAINED, UNSUBSCRIBED …) … */
	bool is_later;               /* … which this says it is */
	bool again;                  /* DECIDE */
	const char *detail, *remote_id;
	nt_time retry_after;         /* the server's own wish in ms, 0 none */
	/* LOAD */
	struct nt_program *program;  /* reference taken over, unless the answer is FAILED. The program that the engine
	                              * has already: only its archive is kept, if the store lacks it */
	struct nt_blob archive;      /* its sources */
	/* SUPPRESS */
	const char *address;
	bool lift;
	/* REPLY: UTF-8 */
	const char *text;
	const char *id;              /* the gateway's, or NULL: then it isn't idempotent */

	enum nt_answer_code code;
	const char *message_text;    /* for people, with the field's name: why it is INVALID … */
	const char *field;           /* INVALID: name of the field, or NULL */

	/* for whoever posts it */
	void (*done)(struct nt_request *request, void *user);
	void *user;
	struct nt_request *next;
};

struct nt_engine_options {
	struct nt_retry_policy retry;
	/* Called after each commit for every effect in order (live view, simulate, test); may be NULL. */
	void (*observe)(void *user, const char *lead, const struct nt_input *input, const struct nt_effects *effects);
	/* Called after each commit for every message that the sales subject sends. */
	void (*observe_rep)(void *user, const struct nt_message *message);
	void *user;
	struct nt_duration keep_log; /* II.10: older rows of the log go, some a turn; zero: none do */
	const struct nt_trace *trace; /* of every step; NULL: none */
	/* For those who throw the store away unread: nothing is logged, and messages come without their values. Rules
	 * that are loaded find nothing of it in the log that would be new to them. */
	bool dry;
	/* Bytes for leads that stay decoded between turns; 0: none does. With a store that has set_due() such a lead
	 * is written when it has to go, or is asked for by nt_engine_lead(): until then the store's is an older one,
	 * and a turn that fails loses what came since. */
	size_t keep;
	/* Gives an older rule set by hash (compiled from the store's archive), or NULL; the engine keeps the
	 * reference. */
	struct nt_program *(*older_program)(void *user, const char *hash);
};

/* Restores sales, the last instant and the last batch number from the store. Takes a reference on the program. NULL
 * and *why on damage. */
struct nt_engine *nt_engine_new(struct nt_store *store, struct nt_program *program,
                                const struct nt_engine_options *options, const char **why);
void nt_engine_free(struct nt_engine *engine); /* not the store */

/* One turn: all requests (chained), then due timers (at most `timers` leads), the sales subject, and the background
 * pass after a load (at most `touches` leads), in one transaction. `clock` is the present; never goes back:
 * max(clock, last instant) counts. Every request is answered in place. Returns NT_STORE_OK or the store's code; after
 * an error all requests say FAILED and nothing has happened. */
int nt_engine_turn(struct nt_engine *engine, nt_time clock, struct nt_request *requests, unsigned timers,
                   unsigned touches);

nt_time nt_engine_due(struct nt_engine *engine); /* earliest timer (leads, sales); past if there is a backlog */
bool nt_engine_touching(const struct nt_engine *engine); /* the background pass after a load isn't done */
nt_time nt_engine_now(const struct nt_engine *engine);
nt_time nt_engine_loaded(const struct nt_engine *engine); /* when its program was; NT_NO_TIME: not yet */
struct nt_program *nt_engine_program(struct nt_engine *engine); /* borrowed */
/* As it is after the last turn, decoded into the arena; NULL: there is none. */
struct nt_lead *nt_engine_lead(struct nt_engine *engine, struct nt_arena *arena, const char *id);
const struct nt_sales *nt_engine_sales(const struct nt_engine *engine);
/* changes (or NULL): differs if it has changed since. */
const struct nt_best *nt_engine_best(const struct nt_engine *engine, uint64_t *changes);
const struct nt_tasks *nt_engine_tasks(const struct nt_engine *engine);
struct nt_engine_counters {
	uint64_t evaluations; /* of conditions, by steps */
	uint64_t steps, commits, inputs, duplicates, released, skipped, timers_late, rejected, tasks_done;
};
struct nt_engine_counters nt_engine_counters(const struct nt_engine *engine);

#endif
