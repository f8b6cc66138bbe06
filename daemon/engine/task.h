/* Tasks of our own people (rule-language I.6): one subject beside the rep queue. Pure.
 *
 * A task is opened by a lead's step and is the lead owner's until somebody marks it done, or the run that opened it
 * ends by goal, exit or stop. Who accepts the lead later gets its open tasks. Without an owner it is the manager's of
 * the team to which the lead would be routed; without one nobody's, until the lead has an owner. A task's id follows
 * from lead, run and step, so that none is opened twice.
 *
 * struct nt_tasks holds them in memory; the store keeps one row a task, which goes thirty days after it was closed.
 * Whoever owns it (engine/engine.h) commits nt_task_effects with the leads' states in one transaction. */
#ifndef NT_ENGINE_TASK_H
#define NT_ENGINE_TASK_H

#include "base/time.h"
#include "engine/step.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

struct nt_program;
struct nt_tasks;

enum nt_task_state { NT_TASK_OPEN, NT_TASK_DONE, NT_TASK_WITHDRAWN };
const char *nt_task_state_name(enum nt_task_state state);

struct nt_task { /* memory of its own, freed with the task; texts NULL if there is none */
	char *id;                /* 32 hex digits */
	char *lead, *title;      /* "Ann Example, Example Ltd" */
	char *campaign, *key, *step, *template_name;
	uint32_t entry;          /* of the lead into the campaign */
	char *text, *body;       /* as people read it, frozen: one line; the rest, or NULL */
	char *values;            /* JSON for the messages about it */
	char **channels;         /* by which its owner is told */
	char *owner;             /* the lead's, by name */
	char *team;              /* to which the lead would be routed */
	char *rep;               /* whose it is now; NULL nobody's */
	nt_time opened, due;
	nt_time since;           /* it is this rep's */
	enum nt_task_state state;
	nt_time closed;          /* NT_NO_TIME */
	char *by;                /* who marked it done: a rep, or "" for by hand; NULL */
	char *why;               /* of a withdrawn one */
	bool overdue;            /* its due has passed while it was open */
	nt_time told;            /* its rep that it is overdue; NT_NO_TIME */
	nt_time timer;           /* derived: when it next needs a TIMER */
	bool touched;            /* within a step: it is among the changed */
};

enum nt_task_verb {
	NT_TASKS_OPEN,     /* task */
	NT_TASKS_WITHDRAW, /* of a run: task's lead, campaign, key, entry; why */
	NT_TASKS_OWNER,    /* the lead has another owner: rep, or NULL */
	NT_TASKS_ERASE,    /* the lead is gone, and so are they */
	NT_TASKS_DO,       /* id, rep: is done; rep NULL: by hand */
	NT_TASKS_TIMER,
	NT_TASKS_LOAD,     /* after nt_tasks_set_program() */
};

struct nt_task_input {
	enum nt_task_verb verb;
	nt_time now;
	const char *lead;
	const struct nt_task_effect *task;
	const char *id, *rep, *why;
	bool only_theirs;        /* DO: it must be the rep's own, whom the rules may no longer know */
};

enum nt_task_answer { NT_TASKS_DONE, NT_TASKS_UNKNOWN, NT_TASKS_ALREADY, NT_TASKS_CLOSED, NT_TASKS_BAD_REP,
                      NT_TASKS_NOT_YOURS };
const char *nt_task_answer_text(enum nt_task_answer answer); /* for people */

/* For the lead's timeline, and for its rules if it was done. */
struct nt_task_note {
	const char *lead, *what; /* task.done, task.withdrawn, task.overdue, task.passed */
	const char *campaign, *key, *step, *template_name, *rep, *detail;
	nt_time at;
	bool done;
};

struct nt_task_effects { /* as nt_sales_effects: what they hold lives in the arena */
	struct nt_arena *arena;
	GPtrArray *messages; /* struct nt_message * */
	GPtrArray *changed;  /* const char *: ids (look up; absent: delete the row) */
	GArray *notes;       /* struct nt_task_note */
};
void nt_task_effects_init(struct nt_task_effects *effects, struct nt_arena *arena);
void nt_task_effects_clear(struct nt_task_effects *effects);

/* The program is borrowed, and must live until the next nt_tasks_set_program(). */
struct nt_tasks *nt_tasks_new(const struct nt_program *program);
void nt_tasks_free(struct nt_tasks *tasks);
void nt_tasks_set_program(struct nt_tasks *tasks, const struct nt_program *program);
bool nt_tasks_restore(struct nt_tasks *tasks, const void *bytes, size_t length); /* a row; false if damaged */
void nt_task_encode(const struct nt_task *task, GString *out);

/* now never goes back. */
enum nt_task_answer nt_tasks_step(struct nt_tasks *tasks, const struct nt_task_input *input,
                                  struct nt_task_effects *effects);
nt_time nt_tasks_due(const struct nt_tasks *tasks);
const struct nt_task *nt_tasks_peek(const struct nt_tasks *tasks, const char *id);
unsigned nt_tasks_open(const struct nt_tasks *tasks);
unsigned nt_tasks_overdue(const struct nt_tasks *tasks); /* of the open ones, as of the last step */
/* All, or those that are open: by due, then id. Free the array, not the tasks. */
GPtrArray *nt_tasks_list(const struct nt_tasks *tasks, bool only_open);
/* The one of this lead and template (NULL: any) that was opened last and is still open; NULL none. */
const struct nt_task *nt_tasks_latest(const struct nt_tasks *tasks, const char *lead, const char *template_name);
/* The rep who answers for it: the manager of the owner's team, or of the one to which the lead would go; NULL none. */
const char *nt_task_manager(const struct nt_program *program, const struct nt_task *task);

#endif
