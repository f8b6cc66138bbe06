#include "engine/task_private.h"

#include "base/arena.h"
#include "base/bug.h"
#include "engine/rep.h"
#include "rules/program.h"

#include <string.h>

#define KEPT (30 * NT_DAY) /* a closed one, so that its link can say what became of it */

const char *nt_task_state_name(enum nt_task_state state)
{
	static const char *const names[] = { "open", "done", "withdrawn" };

	NT_CHECK((unsigned)state < G_N_ELEMENTS(names));
	return names[state];
}

const char *nt_task_answer_text(enum nt_task_answer answer)
{
	static const char *const texts[] = {
		[NT_TASKS_DONE] = "done",
		[NT_TASKS_UNKNOWN] = "there is no such task",
		[NT_TASKS_ALREADY] = "this task was done before",
		[NT_TASKS_CLOSED] = "this task has been withdrawn",
		[NT_TASKS_BAD_REP] = "the rules know no such rep",
		[NT_TASKS_NOT_YOURS] = "this task has passed on to somebody else",
	};

	NT_CHECK((unsigned)answer < G_N_ELEMENTS(texts));
	return texts[answer];
}

/* ---- one task ---- */

struct nt_task *nt_task_new(const char *id, const char *lead)
{
	struct nt_task *task = g_new0(struct nt_task, 1);

	task->id = g_strdup(id);
	task->lead = g_strdup(lead);
	task->opened = task->due = task->since = task->closed = task->told = NT_NO_TIME;
	task->timer = NT_NEVER;
	return task;
}

void nt_task_free(struct nt_task *task)
{
	char *const texts[] = { task->id, task->lead, task->title, task->campaign, task->key, task->step,
		                task->template_name, task->text, task->body, task->values, task->owner, task->team,
		                task->rep, task->by, task->why };

	for (unsigned i = 0; i < G_N_ELEMENTS(texts); i++)
		g_free(texts[i]);
	g_strfreev(task->channels);
	g_free(task);
}

/* Nobody is told of an overdue task outside working hours. */
static nt_time timer_of(const struct nt_tasks *tasks, const struct nt_task *task, nt_time now)
{
	int rep = task->rep != NULL ? nt_program_rep(tasks->program, task->rep) : -1;

	if (task->state != NT_TASK_OPEN)
		return task->closed + KEPT;
	if (!task->overdue)
		return task->due;
	return task->told == NT_NO_TIME && rep >= 0 ?
	               nt_rep_working(tasks->program, &tasks->program->sales.reps[rep],
	                              nt_time_later(task->due, now)) :
	               NT_NEVER;
}

static void set_timer(struct nt_tasks *tasks, struct nt_task *task, nt_time timer)
{
	if (task->timer == timer)
		return;
	if (task->timer != NT_NEVER)
		g_tree_remove(tasks->timers, task);
	task->timer = timer;
	if (timer != NT_NEVER)
		g_tree_insert(tasks->timers, task, task);
}

static void count(struct nt_tasks *tasks, const struct nt_task *task, int by)
{
	if (task->state != NT_TASK_OPEN)
		return;
	tasks->open += (unsigned)by;
	tasks->overdue += task->overdue ? (unsigned)by : 0;
}

/* Whether they are opened one after the other or read from their rows, a lead's tasks stand in the same order. */
static bool opened_before(const struct nt_task *a, const struct nt_task *b)
{
	return a->opened != b->opened ? a->opened < b->opened : strcmp(a->id, b->id) < 0;
}

void nt_tasks_take(struct nt_tasks *tasks, struct nt_task *task)
{
	GPtrArray *of_lead = g_hash_table_lookup(tasks->of_leads, task->lead);
	unsigned at;

	NT_CHECK(g_hash_table_lookup(tasks->all, task->id) == NULL);
	if (of_lead == NULL) {
		of_lead = g_ptr_array_new();
		g_hash_table_insert(tasks->of_leads, g_strdup(task->lead), of_lead);
	}
	for (at = of_lead->len; at > 0 && opened_before(task, of_lead->pdata[at - 1]);)
		at--;
	g_ptr_array_insert(of_lead, (gint)at, task);
	g_hash_table_insert(tasks->all, task->id, task);
	count(tasks, task, 1);
	set_timer(tasks, task, timer_of(tasks, task, NT_TIME_MIN));
}

static void touch(struct nt_task_step *step, struct nt_task *task)
{
	if (!task->touched)
		g_ptr_array_add(step->effects->changed, nt_arena_strdup(step->effects->arena, task->id));
	task->touched = true;
}

static void drop(struct nt_task_step *step, struct nt_task *task)
{
	struct nt_tasks *tasks = step->tasks;
	GPtrArray *of_lead = g_hash_table_lookup(tasks->of_leads, task->lead);

	touch(step, task);
	count(tasks, task, -1);
	set_timer(tasks, task, NT_NEVER);
	g_hash_table_remove(tasks->all, task->id);
	g_ptr_array_remove(of_lead, task);
	if (of_lead->len == 0)
		g_hash_table_remove(tasks->of_leads, task->lead);
	nt_task_free(task);
}

static void note(struct nt_task_step *step, const struct nt_task *task, const char *what, const char *detail)
{
	struct nt_arena *arena = step->effects->arena;
	struct nt_task_note note = {
		.lead = nt_arena_strdup(arena, task->lead), .what = what,
		.campaign = nt_arena_strdup(arena, task->campaign), .key = nt_arena_strdup(arena, task->key),
		.step = nt_arena_strdup(arena, task->step),
		.template_name = nt_arena_strdup(arena, task->template_name),
		.rep = nt_arena_strdup(arena, task->state == NT_TASK_DONE ? task->by : task->rep), .at = step->now,
		.detail = detail != NULL ? nt_arena_printf(arena, "%s: %s", task->template_name, detail) :
		                           nt_arena_strdup(arena, task->template_name),
		.done = task->state == NT_TASK_DONE,
	};

	if (note.rep != NULL && note.rep[0] == '\0')
		note.rep = NULL;
	g_array_append_val(step->effects->notes, note);
}

/* ---- whose it is ---- */

static int team_of(const struct nt_program *program, int rep)
{
	const struct nt_sales_rules *sales = &program->sales;

	for (unsigned i = 0; rep >= 0 && i < sales->n_teams; i++)
		for (unsigned k = 0; k < sales->teams[i].n_reps; k++)
			if (sales->teams[i].reps[k] == rep)
				return (int)i;
	return -1;
}

const char *nt_task_manager(const struct nt_program *program, const struct nt_task *task)
{
	const struct nt_sales_rules *sales = &program->sales;
	int team = team_of(program, task->owner != NULL ? nt_program_rep(program, task->owner) : -1);

	if (team < 0 && task->team != NULL)
		team = nt_program_team(program, task->team);
	return team >= 0 && sales->teams[team].manager >= 0 ? sales->reps[sales->teams[team].manager].name : NULL;
}

/* Finds out whose it is; who has it anew is told. */
static void give(struct nt_task_step *step, struct nt_task *task)
{
	const struct nt_program *program = step->tasks->program;
	const char *rep = task->owner;

	if (rep == NULL || nt_program_rep(program, rep) < 0)
		rep = nt_task_manager(program, task);
	if (g_strcmp0(rep, task->rep) == 0)
		return;
	if (task->rep != NULL)
		note(step, task, "task.passed",
		     nt_arena_printf(step->effects->arena, "from %s to %s", task->rep, rep != NULL ? rep : "nobody"));
	g_free(task->rep);
	task->rep = g_strdup(rep);
	task->since = step->now;
	touch(step, task);
	if (rep == NULL)
		return;
	if (task->overdue) /* the one message says both */
		task->told = step->now;
	nt_task_tell(step, task, task->overdue ? "task_overdue" : "task");
}

/* ---- verbs ---- */

static void open_task(struct nt_task_step *step, const struct nt_task_effect *from)
{
	struct nt_task *task;

	if (g_hash_table_lookup(step->tasks->all, from->id) != NULL)
		return;
	task = nt_task_new(from->id, from->lead);
	task->title = g_strdup(from->title);
	task->campaign = g_strdup(from->campaign);
	task->key = g_strdup(from->key);
	task->entry = from->entry;
	task->step = g_strdup(from->step);
	task->template_name = g_strdup(from->template_name);
	task->values = g_strdup(from->values);
	task->channels = g_strdupv((char **)(uintptr_t)from->channels);
	task->owner = g_strdup(from->owner);
	task->team = g_strdup(from->team);
	task->opened = from->opened;
	task->due = from->due;
	nt_task_write(step->tasks->program, task);
	nt_tasks_take(step->tasks, task);
	touch(step, task);
	give(step, task);
}

static void close_task(struct nt_task_step *step, struct nt_task *task, enum nt_task_state state)
{
	count(step->tasks, task, -1);
	task->state = state;
	task->closed = step->now;
	touch(step, task);
}

/* Tasks of the lead that are open. A copy, for what follows may take some away. */
static GPtrArray *open_of(const struct nt_tasks *tasks, const char *lead)
{
	const GPtrArray *of_lead = g_hash_table_lookup(tasks->of_leads, lead);
	GPtrArray *open = g_ptr_array_new();

	for (unsigned i = 0; of_lead != NULL && i < of_lead->len; i++)
		if (((struct nt_task *)of_lead->pdata[i])->state == NT_TASK_OPEN)
			g_ptr_array_add(open, of_lead->pdata[i]);
	return open;
}

/* A lead goes through the loads later than its tasks: the run may still have the name of before. */
static bool is_of(const struct nt_program *program, const struct nt_task *task, const struct nt_task_effect *run)
{
	int campaign = nt_program_campaign_kept(program, run->campaign);

	if (strcmp(task->key, run->key) != 0 || task->entry != run->entry)
		return false;
	return strcmp(task->campaign, run->campaign) == 0 ||
	       (campaign >= 0 && strcmp(task->campaign, program->campaigns[campaign].name) == 0);
}

static void withdraw(struct nt_task_step *step, const struct nt_task_effect *run, const char *why)
{
	GPtrArray *open = open_of(step->tasks, run->lead);

	for (unsigned i = 0; i < open->len; i++) {
		struct nt_task *task = open->pdata[i];

		if (!is_of(step->tasks->program, task, run))
			continue;
		close_task(step, task, NT_TASK_WITHDRAWN);
		task->why = g_strdup(why);
		note(step, task, "task.withdrawn", why);
	}
	g_ptr_array_unref(open);
}

static void pass_on(struct nt_task_step *step, const char *lead, const char *owner)
{
	GPtrArray *open = open_of(step->tasks, lead);

	for (unsigned i = 0; i < open->len; i++) {
		struct nt_task *task = open->pdata[i];

		g_free(task->owner);
		task->owner = g_strdup(owner);
		touch(step, task);
		give(step, task);
	}
	g_ptr_array_unref(open);
}

static void erase(struct nt_task_step *step, const char *lead)
{
	GPtrArray *of_lead;

	while ((of_lead = g_hash_table_lookup(step->tasks->of_leads, lead)) != NULL)
		drop(step, of_lead->pdata[0]);
}

static enum nt_task_answer do_task(struct nt_task_step *step, const struct nt_task_input *input)
{
	struct nt_task *task = g_hash_table_lookup(step->tasks->all, input->id);

	if (task == NULL)
		return NT_TASKS_UNKNOWN;
	if (!input->only_theirs && input->rep != NULL && nt_program_rep(step->tasks->program, input->rep) < 0)
		return NT_TASKS_BAD_REP;
	if (task->state != NT_TASK_OPEN)
		return task->state == NT_TASK_DONE ? NT_TASKS_ALREADY : NT_TASKS_CLOSED;
	if (input->only_theirs && g_strcmp0(task->rep, input->rep) != 0)
		return NT_TASKS_NOT_YOURS;
	close_task(step, task, NT_TASK_DONE);
	task->by = g_strdup(input->rep != NULL ? input->rep : "");
	note(step, task, "task.done",
	     input->rep != NULL ? nt_arena_printf(step->effects->arena, "by %s", input->rep) : NULL);
	return NT_TASKS_DONE;
}

/* A task's time has come: it is overdue, its rep works again, or it is long closed. */
static void expire(struct nt_task_step *step, struct nt_task *task)
{
	if (task->state != NT_TASK_OPEN) {
		drop(step, task);
		return;
	}
	touch(step, task);
	if (!task->overdue) {
		task->overdue = true;
		step->tasks->overdue++;
		note(step, task, "task.overdue", task->rep);
		return; /* told when the rep works: perhaps now */
	}
	if (timer_of(step->tasks, task, step->now) > step->now)
		return;
	task->told = step->now;
	nt_task_tell(step, task, "task_overdue");
}

static void set_timers(struct nt_task_step *step)
{
	while (step->timed < step->effects->changed->len) {
		struct nt_task *task = g_hash_table_lookup(step->tasks->all,
		                                           step->effects->changed->pdata[step->timed++]);

		if (task == NULL)
			continue;
		task->touched = false;
		set_timer(step->tasks, task, timer_of(step->tasks, task, step->now));
	}
}

static void timers(struct nt_task_step *step)
{
	GTreeNode *node = g_tree_node_first(step->tasks->timers);

	for (; node != NULL && ((struct nt_task *)g_tree_node_key(node))->timer <= step->now;
	     node = g_tree_node_first(step->tasks->timers)) {
		expire(step, g_tree_node_key(node));
		set_timers(step);
	}
}

/* Its campaign may have another name now: the run that ends under that name takes it along. */
static void rename_campaign(struct nt_task_step *step, struct nt_task *task)
{
	const struct nt_program *program = step->tasks->program;
	int campaign = nt_program_campaign_kept(program, task->campaign);

	if (campaign < 0 || strcmp(program->campaigns[campaign].name, task->campaign) == 0)
		return;
	g_free(task->campaign);
	task->campaign = g_strdup(program->campaigns[campaign].name);
	touch(step, task);
}

static void reload(struct nt_task_step *step)
{
	GPtrArray *all = nt_tasks_list(step->tasks, false);

	for (unsigned i = 0; i < all->len; i++) {
		struct nt_task *task = all->pdata[i];

		if (task->state == NT_TASK_OPEN) {
			rename_campaign(step, task);
			give(step, task);
		}
		set_timer(step->tasks, task, timer_of(step->tasks, task, step->now));
	}
	g_ptr_array_unref(all);
}

enum nt_task_answer nt_tasks_step(struct nt_tasks *tasks, const struct nt_task_input *input,
                                  struct nt_task_effects *effects)
{
	struct nt_task_step step = { tasks, input->now, effects, effects->changed->len };
	enum nt_task_answer answer = NT_TASKS_DONE;

	switch (input->verb) {
	case NT_TASKS_OPEN:
		open_task(&step, input->task);
		break;
	case NT_TASKS_WITHDRAW:
		withdraw(&step, input->task, input->why);
		break;
	case NT_TASKS_OWNER:
		pass_on(&step, input->lead, input->rep);
		break;
	case NT_TASKS_ERASE:
		erase(&step, input->lead);
		break;
	case NT_TASKS_DO:
		answer = do_task(&step, input);
		break;
	case NT_TASKS_TIMER:
		timers(&step);
		break;
	case NT_TASKS_LOAD:
		reload(&step);
		break;
	}
	set_timers(&step);
	return answer;
}

/* ---- the subject ---- */

static int by_timer(const void *a, const void *b, void *user)
{
	const struct nt_task *x = a, *y = b;

	(void)user;
	if (x->timer != y->timer)
		return x->timer < y->timer ? -1 : 1;
	return strcmp(x->id, y->id);
}

static void free_list(void *list)
{
	g_ptr_array_unref(list);
}

struct nt_tasks *nt_tasks_new(const struct nt_program *program)
{
	struct nt_tasks *tasks = g_new0(struct nt_tasks, 1);

	tasks->program = program;
	tasks->all = g_hash_table_new(g_str_hash, g_str_equal);
	tasks->of_leads = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_list);
	tasks->timers = g_tree_new_full(by_timer, NULL, NULL, NULL);
	return tasks;
}

void nt_tasks_free(struct nt_tasks *tasks)
{
	GHashTableIter iter;
	void *task;

	if (tasks == NULL)
		return;
	g_tree_destroy(tasks->timers);
	g_hash_table_destroy(tasks->of_leads);
	g_hash_table_iter_init(&iter, tasks->all);
	while (g_hash_table_iter_next(&iter, NULL, &task))
		nt_task_free(task);
	g_hash_table_destroy(tasks->all);
	g_free(tasks);
}

void nt_tasks_set_program(struct nt_tasks *tasks, const struct nt_program *program)
{
	tasks->program = program;
}

void nt_task_effects_init(struct nt_task_effects *effects, struct nt_arena *arena)
{
	effects->arena = arena;
	effects->messages = g_ptr_array_new();
	effects->changed = g_ptr_array_new();
	effects->notes = g_array_new(FALSE, FALSE, sizeof(struct nt_task_note));
}

void nt_task_effects_clear(struct nt_task_effects *effects)
{
	g_ptr_array_unref(effects->messages);
	g_ptr_array_unref(effects->changed);
	g_array_unref(effects->notes);
}

nt_time nt_tasks_due(const struct nt_tasks *tasks)
{
	GTreeNode *first = g_tree_node_first(tasks->timers);

	return first != NULL ? ((struct nt_task *)g_tree_node_key(first))->timer : NT_NEVER;
}

const struct nt_task *nt_tasks_peek(const struct nt_tasks *tasks, const char *id)
{
	return g_hash_table_lookup(tasks->all, id);
}

unsigned nt_tasks_open(const struct nt_tasks *tasks)
{
	return tasks->open;
}

unsigned nt_tasks_overdue(const struct nt_tasks *tasks)
{
	return tasks->overdue;
}

static int by_due(const void *a, const void *b)
{
	const struct nt_task *x = *(struct nt_task *const *)a, *y = *(struct nt_task *const *)b;

	if (x->due != y->due)
		return x->due < y->due ? -1 : 1;
	return strcmp(x->id, y->id);
}

GPtrArray *nt_tasks_list(const struct nt_tasks *tasks, bool only_open)
{
	GPtrArray *list = g_ptr_array_new();
	GHashTableIter iter;
	void *task;

	g_hash_table_iter_init(&iter, tasks->all);
	while (g_hash_table_iter_next(&iter, NULL, &task))
		if (!only_open || ((struct nt_task *)task)->state == NT_TASK_OPEN)
			g_ptr_array_add(list, task);
	g_ptr_array_sort(list, by_due);
	return list;
}

const struct nt_task *nt_tasks_latest(const struct nt_tasks *tasks, const char *lead, const char *template_name)
{
	const GPtrArray *of_lead = g_hash_table_lookup(tasks->of_leads, lead);
	const struct nt_task *latest = NULL;

	for (unsigned i = 0; of_lead != NULL && i < of_lead->len; i++) {
		const struct nt_task *task = of_lead->pdata[i];

		if (task->state == NT_TASK_OPEN &&
		    (template_name == NULL || strcmp(task->template_name, template_name) == 0) &&
		    (latest == NULL || task->opened >= latest->opened))
			latest = task;
	}
	return latest;
}
