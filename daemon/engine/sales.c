#include "engine/sales_queue.h"

#include "base/arena.h"
#include "base/bug.h"
#include "rules/program.h"

#include <string.h>

#define REASONS_KEPT 32

const char *nt_sales_answer_text(enum nt_sales_answer answer)
{
	static const char *const texts[] = {
		[NT_SALES_DONE] = "done",
		[NT_SALES_NO_ENTRY] = "this lead isn't in the queue",
		[NT_SALES_NOT_YOURS] = "this offer has passed on to somebody else",
		[NT_SALES_ALREADY] = "this lead has been accepted already",
		[NT_SALES_BAD_REASON] = "this isn't one of the reasons that the rules give",
		[NT_SALES_BAD_REP] = "the rules know no such rep",
	};

	NT_CHECK((unsigned)answer < G_N_ELEMENTS(texts));
	return texts[answer];
}

/* ---- entries ---- */

static void clear_reason(void *reason)
{
	g_free((char *)(uintptr_t)((struct nt_sales_reason *)reason)->text);
}

struct nt_sales_entry *nt_sales_entry_new(const char *lead)
{
	struct nt_sales_entry *entry = g_new0(struct nt_sales_entry, 1);

	entry->lead = g_strdup(lead);
	entry->state = NT_HANDOFF_WAITING;
	entry->since = entry->queued = entry->offered = entry->told = NT_NO_TIME;
	entry->limit = entry->due = NT_NEVER;
	entry->offered_to = g_ptr_array_new_with_free_func(g_free);
	entry->reasons = g_array_new(FALSE, FALSE, sizeof(struct nt_sales_reason));
	g_array_set_clear_func(entry->reasons, clear_reason);
	return entry;
}

void nt_sales_entry_free(void *memory)
{
	struct nt_sales_entry *entry = memory;

	g_free(entry->lead);
	g_free(entry->rep);
	g_free(entry->team);
	g_free(entry->wanted);
	g_free(entry->title);
	g_free(entry->values);
	g_ptr_array_unref(entry->offered_to);
	g_array_unref(entry->reasons);
	g_free(entry);
}

static void count_open(struct nt_sales *sales, const struct nt_sales_entry *entry, int by)
{
	int n;

	if (entry->rep == NULL)
		return;
	n = GPOINTER_TO_INT(g_hash_table_lookup(sales->open, entry->rep)) + by;
	g_hash_table_replace(sales->open, g_strdup(entry->rep), GINT_TO_POINTER(n));
	sales->freed |= by < 0;
}

static void set_due(struct nt_sales *sales, struct nt_sales_entry *entry, nt_time due)
{
	if (entry->due == due)
		return;
	if (entry->due != NT_NEVER)
		g_tree_remove(sales->timers, entry);
	entry->due = due;
	if (due != NT_NEVER)
		g_tree_insert(sales->timers, entry, entry);
}

static void leave(struct nt_sales *sales, struct nt_sales_entry *entry)
{
	set_due(sales, entry, NT_NEVER);
	count_open(sales, entry, -1);
	sales->waiting -= entry->state == NT_HANDOFF_WAITING;
}

void nt_sales_entry_take(struct nt_sales *sales, struct nt_sales_entry *entry)
{
	struct nt_sales_entry *old = g_hash_table_lookup(sales->entries, entry->lead);

	if (old != NULL)
		leave(sales, old);
	g_hash_table_replace(sales->entries, entry->lead, entry);
	count_open(sales, entry, 1);
	sales->waiting += entry->state == NT_HANDOFF_WAITING;
}

void nt_sales_entry_touch(struct nt_sales_step *step, struct nt_sales_entry *entry)
{
	if (!entry->touched)
		g_ptr_array_add(step->effects->changed, nt_arena_strdup(step->effects->arena, entry->lead));
	entry->touched = true;
}

void nt_sales_entry_drop(struct nt_sales_step *step, struct nt_sales_entry *entry)
{
	nt_sales_entry_touch(step, entry);
	leave(step->sales, entry);
	g_hash_table_remove(step->sales->entries, entry->lead);
}

void nt_sales_entry_move(struct nt_sales_step *step, struct nt_sales_entry *entry, enum nt_handoff state,
                         const char *rep, const char *reason)
{
	struct nt_arena *arena = step->effects->arena;
	struct nt_sales_lead_input input = {
		.lead = nt_arena_strdup(arena, entry->lead), .state = state, .rep = nt_arena_strdup(arena, rep),
		.reason = nt_arena_strdup(arena, reason), .at = step->now,
	};

	if (g_strcmp0(entry->rep, rep) != 0) {
		count_open(step->sales, entry, -1);
		g_free(entry->rep);
		entry->rep = g_strdup(rep);
		count_open(step->sales, entry, 1);
	}
	step->sales->waiting += (state == NT_HANDOFF_WAITING) - (entry->state == NT_HANDOFF_WAITING);
	entry->state = state;
	entry->since = step->now;
	entry->late = false;
	entry->told = NT_NO_TIME;
	entry->progress_done = 0;
	if (state != NT_HANDOFF_OFFERED)
		entry->limit = NT_NEVER;
	nt_sales_entry_touch(step, entry);
	g_array_append_val(step->effects->lead_inputs, input);
}

static int by_age(const void *a, const void *b)
{
	const struct nt_sales_entry *x = *(struct nt_sales_entry *const *)a, *y = *(struct nt_sales_entry *const *)b;

	if (x->queued != y->queued)
		return x->queued < y->queued ? -1 : 1;
	return strcmp(x->lead, y->lead);
}

GPtrArray *nt_sales_sorted(const struct nt_sales *sales, bool waiting)
{
	GPtrArray *list = g_ptr_array_new();
	GHashTableIter iter;
	void *entry;

	g_hash_table_iter_init(&iter, sales->entries);
	while (g_hash_table_iter_next(&iter, NULL, &entry))
		if (!waiting || ((struct nt_sales_entry *)entry)->state == NT_HANDOFF_WAITING)
			g_ptr_array_add(list, entry);
	g_ptr_array_sort(list, by_age);
	return list;
}

GPtrArray *nt_sales_list(const struct nt_sales *sales)
{
	return nt_sales_sorted(sales, false);
}

/* ---- the subject ---- */

static void turn_free(void *turn)
{
	g_free(((struct nt_sales_turn *)turn)->rep);
	g_free(turn);
}

void nt_sales_turn_set(struct nt_sales *sales, const char *team, const char *rep, unsigned used)
{
	struct nt_sales_turn *turn = g_new(struct nt_sales_turn, 1);

	*turn = (struct nt_sales_turn){ g_strdup(rep), used };
	g_hash_table_replace(sales->turns, g_strdup(team), turn);
}

static void again_free(void *memory)
{
	struct nt_sales_again *again = memory;

	g_ptr_array_unref(again->offered_to);
	g_free(again->team);
	g_free(again);
}

static int by_due(const void *a, const void *b, void *user)
{
	const struct nt_sales_entry *x = a, *y = b;

	(void)user;
	if (x->due != y->due)
		return x->due < y->due ? -1 : 1;
	return strcmp(x->lead, y->lead);
}

struct nt_sales *nt_sales_new(const struct nt_program *program)
{
	struct nt_sales *sales = g_new0(struct nt_sales, 1);

	sales->program = program;
	sales->entries = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, nt_sales_entry_free);
	sales->turns = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, turn_free);
	sales->open = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	sales->again = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, again_free);
	sales->timers = g_tree_new_full(by_due, NULL, NULL, NULL);
	return sales;
}

void nt_sales_free(struct nt_sales *sales)
{
	if (sales == NULL)
		return;
	g_tree_destroy(sales->timers);
	g_hash_table_destroy(sales->entries);
	g_hash_table_destroy(sales->turns);
	g_hash_table_destroy(sales->open);
	g_hash_table_destroy(sales->again);
	g_free(sales);
}

void nt_sales_set_program(struct nt_sales *sales, const struct nt_program *program)
{
	nt_sales_keep_turns(sales, program);
	sales->program = program;
}

void nt_sales_effects_init(struct nt_sales_effects *effects, struct nt_arena *arena)
{
	effects->arena = arena;
	effects->lead_inputs = g_array_new(FALSE, FALSE, sizeof(struct nt_sales_lead_input));
	effects->messages = g_ptr_array_new();
	effects->changed = g_ptr_array_new();
	effects->turns_changed = false;
}

void nt_sales_effects_clear(struct nt_sales_effects *effects)
{
	g_array_unref(effects->lead_inputs);
	g_ptr_array_unref(effects->messages);
	g_ptr_array_unref(effects->changed);
}

nt_time nt_sales_due(const struct nt_sales *sales)
{
	GTreeNode *first = g_tree_node_first(sales->timers);

	return first != NULL ? ((struct nt_sales_entry *)g_tree_node_key(first))->due : NT_NEVER;
}

const struct nt_sales_entry *nt_sales_peek(const struct nt_sales *sales, const char *lead)
{
	return g_hash_table_lookup(sales->entries, lead);
}

const struct nt_sales_entry *nt_sales_peek_offer(const struct nt_sales *sales, uint64_t offer)
{
	GHashTableIter iter;
	void *entry;

	g_hash_table_iter_init(&iter, sales->entries);
	while (offer != 0 && g_hash_table_iter_next(&iter, NULL, &entry))
		if (((struct nt_sales_entry *)entry)->offer == offer)
			return entry;
	return NULL;
}

/* ---- verbs ---- */

static void add_reason(struct nt_sales_entry *entry, const char *text, nt_time now)
{
	struct nt_sales_reason reason = { NULL, now };

	if (entry->reasons->len >= REASONS_KEPT)
		return;
	reason.text = g_strdup(text);
	g_array_append_val(entry->reasons, reason);
}

static enum nt_sales_answer ready(struct nt_sales_step *step, struct nt_sales_entry *entry,
                                  const struct nt_sales_input *input)
{
	const struct nt_ready_effect *r = input->ready;
	const struct nt_sales_again *again;
	bool fresh = entry == NULL;

	if (fresh) {
		entry = nt_sales_entry_new(r->lead);
		entry->queued = step->now;
		entry->has_accept_within = r->has_accept_within;
		entry->accept_within = r->accept_within;
		nt_sales_entry_take(step->sales, entry);
	}
	add_reason(entry, r->reason, step->now);
	entry->score = r->score;
	g_free(entry->title);
	entry->title = g_strdup(r->title);
	g_free(entry->values);
	entry->values = g_strdup(r->values);
	nt_sales_entry_touch(step, entry);
	if (!fresh)
		return NT_SALES_DONE;
	entry->since = step->now; /* the lead knows that it waits: its own step said so */
	again = g_hash_table_lookup(step->sales->again, r->lead);
	for (unsigned i = 0; again != NULL && i < again->offered_to->len; i++)
		g_ptr_array_add(entry->offered_to, g_strdup(again->offered_to->pdata[i]));
	nt_sales_route(step, entry, r, again != NULL ? again->team : NULL);
	g_hash_table_remove(step->sales->again, r->lead);
	return NT_SALES_DONE;
}

static enum nt_sales_answer accept(struct nt_sales_step *step, struct nt_sales_entry *entry,
                                   const struct nt_sales_input *input)
{
	const char *rep = input->rep;

	if (input->offer != 0) {
		if (entry->offer != input->offer || entry->rep == NULL)
			return NT_SALES_NOT_YOURS;
		rep = entry->rep;
	}
	if (rep == NULL || nt_program_rep(step->sales->program, rep) < 0)
		return NT_SALES_BAD_REP;
	if (entry->state == NT_HANDOFF_ACCEPTED && strcmp(entry->rep, rep) == 0)
		return NT_SALES_ALREADY;
	if (g_strcmp0(entry->rep, rep) != 0)
		entry->offer = 0; /* another's links no longer hold */
	nt_sales_entry_move(step, entry, NT_HANDOFF_ACCEPTED, rep, NULL);
	return NT_SALES_DONE;
}

static const struct nt_reject_reason *find_reason(const struct nt_program *program, const char *name)
{
	const struct nt_sales_rules *rules = &program->sales;

	for (unsigned i = 0; name != NULL && i < rules->n_reasons; i++)
		if (strcmp(rules->reasons[i].name, name) == 0)
			return &rules->reasons[i];
	return NULL;
}

static void remember(struct nt_sales *sales, const struct nt_sales_entry *entry)
{
	struct nt_sales_again *again = g_new0(struct nt_sales_again, 1);

	again->offered_to = g_ptr_array_ref(entry->offered_to);
	again->team = g_strdup(entry->team);
	g_hash_table_replace(sales->again, g_strdup(entry->lead), again);
}

static enum nt_sales_answer send_back(struct nt_sales_step *step, struct nt_sales_entry *entry,
                                      const struct nt_sales_input *input)
{
	const struct nt_reject_reason *reason = find_reason(step->sales->program, input->reason);

	if (input->offer != 0 && entry->offer != input->offer)
		return NT_SALES_NOT_YOURS;
	if (reason == NULL && step->sales->program->sales.n_reasons > 0)
		return NT_SALES_BAD_REASON;
	nt_sales_entry_move(step, entry, NT_HANDOFF_SENT_BACK, entry->rep, input->reason);
	if (reason != NULL && reason->route_again)
		remember(step->sales, entry); /* the lead asks its routes again, and is ready once more */
	nt_sales_entry_drop(step, entry);
	return NT_SALES_DONE;
}

static enum nt_sales_answer close_entry(struct nt_sales_step *step, struct nt_sales_entry *entry,
                                        const struct nt_sales_input *input)
{
	if (input->verb != NT_SALES_WITHDRAW)
		nt_sales_entry_move(step, entry, input->verb == NT_SALES_WON ? NT_HANDOFF_WON : NT_HANDOFF_LOST,
		                    entry->rep, input->reason);
	nt_sales_entry_drop(step, entry);
	return NT_SALES_DONE;
}

static void timers(struct nt_sales_step *step)
{
	GPtrArray *due = g_ptr_array_new();
	GTreeNode *node = g_tree_node_first(step->sales->timers);

	for (; node != NULL && ((struct nt_sales_entry *)g_tree_node_key(node))->due <= step->now;
	     node = g_tree_node_next(node))
		g_ptr_array_add(due, g_tree_node_key(node));
	for (unsigned i = 0; i < due->len; i++) {
		struct nt_sales_entry *entry = due->pdata[i];

		if (entry->state == NT_HANDOFF_WAITING)
			step->sales->freed = true; /* somebody is back */
		else
			nt_sales_expire(step, entry);
	}
	g_ptr_array_unref(due);
}

static void reload(struct nt_sales_step *step)
{
	GPtrArray *all = nt_sales_sorted(step->sales, false);

	for (unsigned i = 0; i < all->len; i++)
		nt_sales_reload(step, all->pdata[i]);
	g_ptr_array_unref(all);
	step->sales->freed = true;
	step->effects->turns_changed = true;
}

/* First in, first out: who waits is tried again. Who still waits may wait for another's return. */
static void place_waiting(struct nt_sales_step *step)
{
	GPtrArray *waiting;

	if (!step->sales->freed || step->sales->waiting == 0) {
		step->sales->freed = false;
		return;
	}
	waiting = nt_sales_sorted(step->sales, true);
	for (unsigned i = 0; i < waiting->len; i++) {
		struct nt_sales_entry *entry = waiting->pdata[i];

		if (!nt_sales_place(step, entry))
			set_due(step->sales, entry, nt_sales_entry_due(step->sales, entry, step->now));
	}
	g_ptr_array_unref(waiting);
	step->sales->freed = false;
}

static void set_dues(struct nt_sales_step *step)
{
	for (unsigned i = 0; i < step->effects->changed->len; i++) {
		struct nt_sales_entry *changed = g_hash_table_lookup(step->sales->entries,
		                                                     step->effects->changed->pdata[i]);

		if (changed == NULL)
			continue;
		changed->touched = false;
		set_due(step->sales, changed, nt_sales_entry_due(step->sales, changed, step->now));
	}
}

void nt_sales_resume(struct nt_sales *sales, nt_time last)
{
	GHashTableIter iter;
	void *entry;

	g_hash_table_iter_init(&iter, sales->entries);
	while (g_hash_table_iter_next(&iter, NULL, &entry))
		set_due(sales, entry, nt_sales_entry_due(sales, entry, last));
	sales->freed = true; /* somebody may have come back at that very instant */
}

static void assign(struct nt_sales_step *step, const struct nt_sales_input *input)
{
	int rep = nt_sales_assign(step, input->ready);
	struct nt_sales_lead_input answer = {
		.lead = nt_arena_strdup(step->effects->arena, input->lead), .at = step->now, .is_owner = true,
		.rep = rep >= 0 ? step->sales->program->sales.reps[rep].name : NULL,
	};

	g_array_append_val(step->effects->lead_inputs, answer);
}

static enum nt_sales_answer act(struct nt_sales_step *step, const struct nt_sales_input *input)
{
	struct nt_sales_entry *entry = NULL;

	if (input->verb == NT_SALES_TIMER) {
		timers(step);
		return NT_SALES_DONE;
	}
	if (input->verb == NT_SALES_LOAD) {
		reload(step);
		return NT_SALES_DONE;
	}
	if (input->verb == NT_SALES_ASSIGN) {
		assign(step, input);
		return NT_SALES_DONE;
	}
	entry = g_hash_table_lookup(step->sales->entries,
	                            input->verb == NT_SALES_READY ? input->ready->lead : input->lead);
	if (input->verb == NT_SALES_READY)
		return ready(step, entry, input);
	if (entry == NULL)
		return NT_SALES_NO_ENTRY;
	if (input->verb == NT_SALES_ACCEPT)
		return accept(step, entry, input);
	if (input->verb == NT_SALES_SEND_BACK)
		return send_back(step, entry, input);
	return close_entry(step, entry, input);
}

enum nt_sales_answer nt_sales_step(struct nt_sales *sales, const struct nt_sales_input *input,
                                   struct nt_sales_effects *effects)
{
	struct nt_sales_step step = { sales, input->now, effects };
	enum nt_sales_answer answer = act(&step, input);

	if (answer != NT_SALES_DONE)
		return answer;
	place_waiting(&step);
	set_dues(&step);
	return answer;
}
