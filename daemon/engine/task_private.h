/* Inside the tasks: what task.c (verbs), task_tell.c (what their owners are told) and task_codec.c (bytes) share. */
#ifndef NT_ENGINE_TASK_PRIVATE_H
#define NT_ENGINE_TASK_PRIVATE_H

#include "engine/task.h"

struct nt_tasks {
	const struct nt_program *program;
	GHashTable *all;      /* id -> struct nt_task */
	GHashTable *of_leads; /* lead -> GPtrArray of struct nt_task */
	GTree *timers;        /* tasks with a timer, by (timer, id) */
	unsigned open, overdue;
};

struct nt_task_step { /* a step's surroundings */
	struct nt_tasks *tasks;
	nt_time now;
	struct nt_task_effects *effects;
	unsigned timed;              /* so many of the changed have their new timers */
};

struct nt_task *nt_task_new(const char *id, const char *lead);
void nt_task_free(struct nt_task *task);
void nt_tasks_take(struct nt_tasks *tasks, struct nt_task *task); /* its id isn't there yet */

/* Writes text and body, from the template of the task's first channel. */
void nt_task_write(const struct nt_program *program, struct nt_task *task);
/* "task", "task_overdue": to its rep, by every way. */
void nt_task_tell(struct nt_task_step *step, const struct nt_task *task, const char *occasion);

#endif
