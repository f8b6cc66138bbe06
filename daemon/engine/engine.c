#include "engine/turn.h"

#include "base/arena.h"
#include "base/number.h"
#include "engine/announce.h"
#include "engine/best.h"
#include "engine/reply.h"
#include "rules/program.h"

#include <string.h>

#define OLDER_KEPT 3

#define TIMERS_A_TURN 100000u
#define FEW_TIMERS 64u
#define LATE NT_SECOND /* a timer that runs so much after its time counts as late */
#define PRUNED_A_TURN 200u /* of the log; looked for again when so many have gone, or after a while */
#define PRUNE_EVERY NT_HOUR
#define META_INSTANT "instant"
#define META_BATCH "batch"

/* ---- what the store remembers of the engine ---- */

static bool meta(struct nt_engine *engine, const char *key, const char **value)
{
	return engine->store->ops->meta_get(engine->store, engine->arena, key, value) == NT_STORE_OK;
}

/* Everything that a rollback may have left wrong in memory is read anew. */
static bool restore(struct nt_engine *engine, const char **why)
{
	const char *instant, *batch;

	nt_arena_reset(engine->arena);
	if (!meta(engine, META_INSTANT, &instant) || !meta(engine, META_BATCH, &batch) ||
	    engine->store->ops->next_due(engine->store, &engine->due) != NT_STORE_OK) {
		*why = engine->store->ops->error(engine->store);
		return false;
	}
	engine->now = instant != NULL ? g_ascii_strtoll(instant, NULL, 10) : NT_TIME_MIN;
	engine->batch = batch != NULL ? g_ascii_strtoull(batch, NULL, 10) : 0;
	return nt_loads_reread(engine, why) && nt_sales_reread(engine, why) && nt_best_reread(engine, why) &&
	       nt_tasks_reread(engine, why) && nt_announcements_reread(engine, why);
}

static void unref_program(void *program)
{
	nt_program_unref(program);
}

struct nt_engine *nt_engine_new(struct nt_store *store, struct nt_program *program,
                                const struct nt_engine_options *options, const char **why)
{
	struct nt_engine *engine = g_new0(struct nt_engine, 1);
	const char *wrong;

	engine->store = store;
	engine->program = nt_program_ref(program);
	if (options != NULL)
		engine->options = *options;
	if (engine->options.retry.attempts == 0)
		engine->options.retry = nt_retry_default;
	engine->arena = nt_arena_new();
	engine->leads = g_hash_table_new(g_str_hash, g_str_equal);
	nt_keep_new(engine);
	engine->scratch = g_string_sized_new(4096);
	engine->older = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, unref_program);
	engine->loads = g_array_new(FALSE, FALSE, sizeof(struct nt_load));
	engine->ready = g_array_new(FALSE, FALSE, sizeof(struct nt_sales_input));
	engine->wanted = g_array_new(FALSE, FALSE, sizeof(struct nt_task_input));
	engine->observed = g_array_new(FALSE, FALSE, sizeof(struct nt_observed));
	if (restore(engine, &wrong))
		return engine;
	if (why != NULL)
		*why = wrong;
	nt_engine_free(engine);
	return NULL;
}

void nt_engine_free(struct nt_engine *engine)
{
	if (engine == NULL)
		return;
	nt_sales_free(engine->sales);
	nt_best_free(engine->best);
	nt_tasks_free(engine->tasks);
	nt_announcements_free(engine->announcements);
	g_array_unref(engine->ready);
	g_array_unref(engine->wanted);
	g_array_unref(engine->observed);
	g_array_unref(engine->loads);
	g_hash_table_destroy(engine->older);
	g_hash_table_destroy(engine->leads);
	nt_keep_free(engine);
	g_string_free(engine->scratch, TRUE);
	g_free(engine->cursor);
	g_free(engine->zones);
	nt_arena_free(engine->arena);
	nt_program_unref(engine->program);
	g_free(engine);
}

/* ---- timers ---- */

/* All leads that are due by `until`: those at hand, and those of `due`. */
static void run_timers(struct nt_batch *turn, const struct nt_due *due, unsigned n, nt_time until, GHashTable *busy)
{
	const char **ids = nt_arena_array(turn->arena, const char *, n);
	unsigned count = 0;

	for (unsigned i = 0; i < n; i++)
		if (due[i].due <= until && (busy == NULL || !g_hash_table_contains(busy, due[i].lead)))
			ids[count++] = due[i].lead;
	nt_turn_load(turn, ids, count);
	for (unsigned i = 0; i < count && turn->code == NT_STORE_OK; i++) {
		struct nt_turn_lead *tl = nt_turn_lead(turn, ids[i]);
		struct nt_input *input;

		if (tl->lead == NULL)
			tl->stored_due = NT_TIME_MIN;
		if (tl->lead == NULL || tl->lead->due > until)
			continue;
		turn->counters.timers_late += tl->lead->due + LATE < turn->now;
		input = nt_arena_new0(turn->arena, struct nt_input);
		*input = (struct nt_input){ .kind = NT_INPUT_TIMER, .now = tl->lead->due, .clock = turn->now };
		nt_turn_step(turn, tl, input);
	}
	nt_turn_sales(turn);
}

/* ---- requests ---- */

static void request_sales(struct nt_batch *turn, struct nt_request *request)
{
	static const enum nt_answer_code codes[] = {
		[NT_SALES_DONE] = NT_ANSWER_OK,           [NT_SALES_NO_ENTRY] = NT_ANSWER_NOT_FOUND,
		[NT_SALES_NOT_YOURS] = NT_ANSWER_CONFLICT, [NT_SALES_ALREADY] = NT_ANSWER_DUPLICATE,
		[NT_SALES_BAD_REASON] = NT_ANSWER_INVALID, [NT_SALES_BAD_REP] = NT_ANSWER_INVALID,
	};
	struct nt_sales_input input = { .verb = request->verb,
		                        .now = turn->now,
		                        .lead = request->lead,
		                        .rep = request->rep,
		                        .offer = request->offer,
		                        .reason = request->reason };
	enum nt_sales_answer answer;

	if (request->verb < NT_SALES_ACCEPT || request->verb > NT_SALES_LOST) {
		nt_request_refuse(request, NT_ANSWER_INVALID, NULL, "this can't be asked for");
		return;
	}
	nt_turn_sales(turn);
	answer = nt_turn_sales_step(turn, &input);
	nt_turn_sales(turn);
	if (answer == NT_SALES_DONE)
		return;
	nt_request_refuse(request, codes[answer],
	                  answer == NT_SALES_BAD_REASON ? "reason" : answer == NT_SALES_BAD_REP ? "rep" : NULL, "%s",
	                  nt_sales_answer_text(answer));
}

/* A request and what the turn found out about it beforehand. */
struct asked {
	struct nt_request *request;
	const char *lead;          /* NULL: none, or refused */
	struct nt_outbox_row row;  /* OUTCOME */
};

static void answer(struct nt_batch *turn, struct asked *asked)
{
	struct nt_request *request = asked->request;

	if (request->code != NT_ANSWER_OK) {
		turn->counters.rejected++;
		return;
	}
	switch (request->kind) {
	case NT_REQUEST_INPUT:
		turn->counters.inputs++;
		nt_request_input(turn, request, nt_turn_lead(turn, asked->lead));
		turn->counters.rejected += request->code == NT_ANSWER_INVALID;
		break;
	case NT_REQUEST_SALES:
		request_sales(turn, request);
		break;
	case NT_REQUEST_CLAIM:
		nt_request_claim(turn, request);
		break;
	case NT_REQUEST_OUTCOME:
		nt_request_outcome(turn, request, &asked->row);
		break;
	case NT_REQUEST_DECIDE:
		nt_request_decide(turn, request, &asked->row);
		break;
	case NT_REQUEST_LOAD:
		nt_request_load(turn, request);
		break;
	case NT_REQUEST_SUPPRESS:
		nt_request_suppress(turn, request);
		break;
	case NT_REQUEST_REPLY:
		nt_request_reply(turn, request);
		break;
	case NT_REQUEST_TASK:
		nt_request_task(turn, request);
		break;
	}
}

/* Which lead each is about, before any is loaded. */
static struct asked *look_at(struct nt_batch *turn, struct nt_request *requests, unsigned *n)
{
	struct asked *all;
	unsigned i = 0;

	*n = 0;
	for (struct nt_request *r = requests; r != NULL; r = r->next)
		++*n;
	all = nt_arena_array(turn->arena, struct asked, *n);
	for (struct nt_request *r = requests; r != NULL; r = r->next, i++) {
		r->code = NT_ANSWER_OK;
		r->message_text = r->field = NULL;
		all[i].request = r;
		all[i].lead = nt_request_lead(r);
		if (r->kind != NT_REQUEST_OUTCOME && r->kind != NT_REQUEST_DECIDE)
			continue;
		if (nt_turn_ok(turn, turn->store->ops->outbox_get(turn->store, turn->arena, r->message, &all[i].row)) &&
		    all[i].row.state != NT_OUTBOX_ABSENT && all[i].row.message.rep == NULL)
			all[i].lead = all[i].row.message.lead;
	}
	return all;
}

static GHashTable *leads_of(const struct asked *all, unsigned n)
{
	GHashTable *leads = g_hash_table_new(g_str_hash, g_str_equal);

	for (unsigned i = 0; i < n; i++)
		if (all[i].lead != NULL)
			g_hash_table_add(leads, (void *)(uintptr_t)all[i].lead);
	return leads;
}

static void answer_all(struct nt_batch *turn, struct asked *all, unsigned n)
{
	const char **ids = nt_arena_array(turn->arena, const char *, n);
	unsigned i = 0;

	while (i < n && turn->code == NT_STORE_OK) {
		unsigned end = i, count = 0;

		for (; end < n && (end == i || all[end].request->kind != NT_REQUEST_LOAD); end++)
			if (all[end].lead != NULL)
				ids[count++] = all[end].lead;
		if (all[i].request->kind == NT_REQUEST_LOAD) /* first: who follows is loaded under the new program */
			answer(turn, &all[i++]);
		nt_turn_load(turn, ids, count);
		for (; i < end && turn->code == NT_STORE_OK; i++)
			answer(turn, &all[i]);
	}
	nt_turn_sales(turn);
}

/* ---- a turn ---- */

/* The log is kept for a time (II.10). */
static void prune(struct nt_batch *turn)
{
	struct nt_engine *engine = turn->engine;
	struct nt_duration kept = engine->options.keep_log;
	nt_time before;
	unsigned n;

	if (nt_duration_is_zero(kept) || turn->now < engine->prune_at || turn->code != NT_STORE_OK)
		return;
	before = nt_time_minus(engine->program->zones->utc, turn->now, kept);
	if (!nt_turn_ok(turn, turn->store->ops->log_prune(turn->store, before, PRUNED_A_TURN, &n)))
		return;
	engine->prune_at = n == PRUNED_A_TURN ? turn->now : turn->now + PRUNE_EVERY;
}

/* At most `limit`, earliest first. Seldom are there many, and room for all of them costs. */
static struct nt_due *find_due(struct nt_batch *turn, unsigned limit, unsigned *n)
{
	unsigned room = MIN(limit, FEW_TIMERS);
	struct nt_due *due = NULL;

	*n = 0;
	for (; room > 0; room = limit) {
		due = nt_arena_array(turn->arena, struct nt_due, room);
		if (!nt_turn_ok(turn, turn->store->ops->due(turn->store, turn->arena, turn->now, room, due, n)))
			*n = 0;
		if (*n < room || room == limit)
			break;
	}
	return due;
}

/* Order (II.1): timers due before now, then what has come in, then timers due now. A lead that a request is about
 * runs its own earlier timers within its step. */
static void do_turn(struct nt_batch *turn, struct nt_request *requests, unsigned timers, unsigned touches)
{
	struct nt_engine *engine = turn->engine;
	struct nt_due *due;
	unsigned n_due = 0, n_asked;
	nt_time caught_up = turn->now; /* until then no lead is due that this turn leaves to the next */
	struct asked *asked;
	GHashTable *busy;

	nt_keep_trim(turn);
	nt_turn_note_program(turn);
	nt_turn_best_decide(turn);
	due = find_due(turn, engine->due <= turn->now ? MIN(timers, TIMERS_A_TURN) : 0, &n_due);
	if (turn->code != NT_STORE_OK)
		return;
	if (n_due == timers && engine->due <= turn->now)
		caught_up = (n_due > 0 ? due[n_due - 1].due : engine->due) - 1;
	asked = look_at(turn, requests, &n_asked);
	busy = n_due > 0 ? leads_of(asked, n_asked) : NULL;
	run_timers(turn, due, n_due, turn->now - 1, busy);
	nt_turn_sales_timers(turn, nt_time_earlier(caught_up, turn->now - 1));
	nt_turn_tasks_timers(turn, nt_time_earlier(caught_up, turn->now - 1));
	answer_all(turn, asked, n_asked);
	run_timers(turn, due, n_due, turn->now, NULL);
	nt_turn_sales_timers(turn, caught_up);
	nt_turn_tasks_timers(turn, caught_up);
	nt_turn_announce(turn);
	nt_turn_touch(turn, touches);
	prune(turn);
	nt_turn_sales(turn);
	nt_turn_save(turn);
	nt_turn_best_save(turn);
	g_clear_pointer(&busy, g_hash_table_destroy);
}

static void observe(struct nt_batch *turn)
{
	const struct nt_engine_options *options = &turn->engine->options;

	for (unsigned i = 0; i < turn->observed->len; i++) {
		const struct nt_observed *o = &g_array_index(turn->observed, struct nt_observed, i);

		if (o->message != NULL)
			options->observe_rep(options->user, o->message);
		else
			options->observe(options->user, o->lead, o->input, o->effects);
	}
}

static void count(struct nt_engine_counters *sum, const struct nt_engine_counters *turn)
{
	sum->steps += turn->steps;
	sum->evaluations += turn->evaluations;
	sum->commits++;
	sum->inputs += turn->inputs;
	sum->duplicates += turn->duplicates;
	sum->released += turn->released;
	sum->skipped += turn->skipped;
	sum->timers_late += turn->timers_late;
	sum->rejected += turn->rejected;
	sum->tasks_done += turn->tasks_done;
}

/* A commit of which no answer came: the batch number says whether it was kept. */
static bool was_kept(struct nt_batch *turn)
{
	struct nt_engine *engine = turn->engine;
	const char *batch = NULL;

	if (turn->code != NT_STORE_UNKNOWN || !meta(engine, META_BATCH, &batch) || batch == NULL ||
	    g_ascii_strtoull(batch, NULL, 10) != engine->batch + 1)
		return false;
	turn->code = NT_STORE_OK;
	return true;
}

static int put_instant(const struct nt_batch *turn)
{
	char digits[24];
	GString text = { digits, 0, sizeof digits };

	nt_int_print(turn->now, &text);
	return turn->store->ops->meta_put(turn->store, META_INSTANT, digits);
}

static bool finish(struct nt_batch *turn)
{
	struct nt_engine *engine = turn->engine;
	nt_time due = NT_NEVER;

	if (turn->code == NT_STORE_OK && turn->now != engine->now && !engine->options.dry)
		nt_turn_ok(turn, put_instant(turn));
	if (turn->code == NT_STORE_OK)
		nt_turn_ok(turn, turn->store->ops->next_due(turn->store, &due));
	if (turn->code == NT_STORE_OK)
		nt_turn_ok(turn, turn->store->ops->commit(turn->store, engine->batch + 1));
	if (turn->code != NT_STORE_OK && !was_kept(turn))
		return false;
	engine->now = turn->now;
	engine->batch++;
	engine->due = due;
	count(&engine->counters, &turn->counters);
	observe(turn);
	return true;
}

static void fail(struct nt_batch *turn, struct nt_request *requests, struct nt_program *before, bool begun)
{
	struct nt_engine *engine = turn->engine;
	const char *why = NULL, *error = engine->store->ops->error(engine->store);

	for (struct nt_request *r = requests; r != NULL; r = r->next) {
		r->n_rows = 0;
		nt_request_refuse(r, NT_ANSWER_FAILED, NULL, "the store could not keep it: %s", error);
	}
	if (begun)
		engine->store->ops->rollback(engine->store);
	nt_keep_forget(engine);
	if (engine->program != before) {
		nt_program_unref(engine->program);
		engine->program = nt_program_ref(before);
	}
	engine->stale = !restore(engine, &why);
}

/* What the engine keeps in memory is what the store has. */
static bool is_fresh(struct nt_batch *turn)
{
	struct nt_engine *engine = turn->engine;
	const char *why;

	if (engine->stale)
		engine->stale = !restore(engine, &why);
	/* No lead needs an older program any more; messages may, and for a while it is likely to be one of the last. */
	if (engine->cursor == NULL && g_hash_table_size(engine->older) > OLDER_KEPT)
		g_hash_table_remove_all(engine->older);
	return !engine->stale || nt_turn_ok(turn, NT_STORE_ERROR);
}

int nt_engine_turn(struct nt_engine *engine, nt_time clock, struct nt_request *requests, unsigned timers,
                   unsigned touches)
{
	struct nt_program *before = nt_program_ref(engine->program);
	struct nt_batch turn = { .engine = engine, .store = engine->store, .arena = engine->arena,
		                .ready = engine->ready, .tasks = engine->wanted, .observed = engine->observed };

	bool begun = false;

	turn.last = &turn.first;
	nt_arena_reset(engine->arena);
	g_array_set_size(engine->ready, 0);
	g_array_set_size(engine->wanted, 0);
	g_array_set_size(engine->observed, 0);
	g_hash_table_remove_all(engine->leads);
	if (is_fresh(&turn)) {
		turn.now = nt_time_later(clock, engine->now);
		begun = nt_turn_ok(&turn, engine->store->ops->begin(engine->store));
	}
	if (begun)
		do_turn(&turn, requests, timers, touches);
	if (!finish(&turn)) {
		fail(&turn, requests, before, begun);
	} else {
		for (struct nt_request *r = requests; r != NULL; r = r->next)
			if (r->kind == NT_REQUEST_LOAD)
				g_clear_pointer(&r->program, nt_program_unref);
	}
	g_hash_table_remove_all(engine->leads);
	nt_program_unref(before);
	return turn.code;
}

/* ---- looking ---- */

nt_time nt_engine_due(struct nt_engine *engine)
{
	nt_time people = nt_time_earlier(nt_sales_due(engine->sales), nt_tasks_due(engine->tasks));

	return nt_time_earlier(engine->due,
	                       nt_time_earlier(people, nt_announcements_due(engine->announcements)));
}

bool nt_engine_touching(const struct nt_engine *engine)
{
	return engine->cursor != NULL;
}

nt_time nt_engine_now(const struct nt_engine *engine)
{
	return engine->now;
}

nt_time nt_engine_loaded(const struct nt_engine *engine)
{
	return engine->loads->len > 0 ? g_array_index(engine->loads, struct nt_load, engine->loads->len - 1).at :
	                                NT_NO_TIME;
}

struct nt_program *nt_engine_program(struct nt_engine *engine)
{
	return engine->program;
}

const struct nt_sales *nt_engine_sales(const struct nt_engine *engine)
{
	return engine->sales;
}

const struct nt_best *nt_engine_best(const struct nt_engine *engine, uint64_t *changes)
{
	if (changes != NULL)
		*changes = engine->best_changes;
	return engine->best;
}

const struct nt_tasks *nt_engine_tasks(const struct nt_engine *engine)
{
	return engine->tasks;
}

struct nt_engine_counters nt_engine_counters(const struct nt_engine *engine)
{
	return engine->counters;
}
