#include "engine/simulate.h"

#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "engine/codec.h"
#include "engine/copy.h"
#include "engine/driver.h"
#include "engine/memory.h"
#include "engine/simulate_private.h"
#include "rules/program.h"

#define LEADS_AT_ONCE 500u
#define PLAYERS 64u /* enough that no hand is idle for long at the end */

struct nt_timeline *nt_sim_timeline(struct nt_sim *sim, const char *lead)
{
	struct nt_timeline *timeline = nt_timelines_of(&sim->timelines, lead);
	const struct nt_sim_player *player;
	const struct nt_lead *known;
	struct nt_arena *arena;

	if (timeline->number < sim->leads->len)
		return timeline;
	g_ptr_array_add(sim->leads, timeline);
	if (sim->options->live == NULL)
		return timeline;
	arena = nt_arena_new();
	player = sim->players->pdata[0];
	known = nt_driver_lead(player->driver, arena, lead);
	if (known != NULL && known->zone != NULL)
		timeline->zone = known->zone;
	nt_arena_free(arena);
	return timeline;
}

void nt_sim_spread(const struct nt_sim *sim, const char *what, unsigned n, void (*work)(void *context, unsigned i),
                   void *context)
{
	if (sim->options->spread != NULL)
		sim->options->spread(sim->options->user, what, n, work, context);
	else
		for (unsigned i = 0; i < n; i++)
			work(context, i);
}

/* ---- findings ---- */

static void finding_clear(void *memory)
{
	g_free(((struct nt_sim_finding *)memory)->text);
}

GArray *nt_sim_findings_new(void)
{
	GArray *findings = g_array_new(FALSE, FALSE, sizeof(struct nt_sim_finding));

	g_array_set_clear_func(findings, finding_clear);
	return findings;
}

void nt_sim_add_finding(GArray *findings, struct nt_span span, const char *text)
{
	struct nt_sim_finding finding = { span, g_strdup(text) };

	g_array_append_val(findings, finding);
}

void nt_sim_report(struct nt_sim *sim, const GArray *findings)
{
	for (unsigned i = 0; i < findings->len; i++) {
		const struct nt_sim_finding *finding = &g_array_index(findings, struct nt_sim_finding, i);

		nt_diags_error(sim->diags, finding->span, "%s", finding->text);
	}
}

void nt_sim_remark(struct nt_sim_remark *remark, const struct nt_sim_remark *more)
{
	if (more->n > 0 && (remark->n == 0 || more->start < remark->start)) {
		remark->start = more->start;
		remark->length = more->length;
	}
	remark->n += more->n;
}

void nt_sim_say_once(struct nt_sim *sim, const struct nt_sim_remark *remark, const char *what)
{
	if (remark->n == 0)
		return;
	nt_diags_warning(sim->diags, NT_CODE_NONE,
	                 nt_span_of(sim->options->events, remark->start, remark->length), "%s%s", what,
	                 remark->n == 1 ? "" :
	                                  nt_arena_printf(sim->arena, " (in %" G_GUINT64_FORMAT " more %s, too)",
	                                                  remark->n - 1,
	                                                  nt_text_plural(remark->n - 1, "event", "events")));
}

/* ---- what comes of it ---- */

static void print(struct nt_sim *sim, const struct nt_tally *tally, GString *out)
{
	struct nt_json_writer w;

	sim->frame.until = sim->options->until;
	if (!sim->options->summary)
		nt_timelines_print(&sim->timelines, out);
	if (!sim->options->json) {
		if (!sim->options->summary)
			g_string_append_c(out, '\n');
		nt_tally_print(tally, &sim->frame, out);
		return;
	}
	nt_json_begin(&w, out);
	nt_json_object(&w, NULL);
	nt_json_object(&w, "totals");
	nt_tally_put_json(tally, &sim->frame, &w);
	nt_json_end_object(&w);
	nt_json_end_object(&w);
	g_string_append_c(out, '\n');
}

/* ---- a live store ---- */

static void copying(void *user, uint64_t leads, uint64_t total)
{
	struct nt_sim *sim = user;

	if (sim->options->progress != NULL)
		sim->options->progress(sim->options->user, sim->frame.start, leads, MAX(leads, total));
}

/* Who is in which campaign, by the rules that put them there. */
static bool count_inside(struct nt_sim *sim, struct nt_tally *tally, struct nt_store *store,
                         const struct nt_program *base)
{
	struct nt_arena *arena = nt_arena_new();
	const char *ids[LEADS_AT_ONCE], *after = "", *why;
	struct nt_blob blobs[LEADS_AT_ONCE];
	unsigned n = LEADS_AT_ONCE;
	bool ok = true;

	for (; ok && n == LEADS_AT_ONCE; after = n > 0 ? nt_arena_strdup(sim->arena, ids[n - 1]) : after) {
		nt_arena_reset(arena);
		ok = store->ops->scan(store, arena, after, LEADS_AT_ONCE, ids, &n) == NT_STORE_OK &&
		     store->ops->load(store, arena, ids, n, blobs) == NT_STORE_OK;
		for (unsigned i = 0; ok && i < n; i++) {
			const struct nt_lead *lead = nt_lead_decode(arena, base, ids[i], blobs[i].bytes,
			                                            blobs[i].length, &why);
			const struct nt_run *run = lead != NULL ? lead->runs : NULL;

			for (; run != NULL; run = run->next)
				nt_tally_inside(tally, base->campaigns[run->campaign].name);
		}
	}
	nt_arena_free(arena);
	return ok;
}

/* The live store's twin. NULL and a diagnostic: it can't be read. */
static struct nt_store *copy_live(struct nt_sim *sim, struct nt_tally *tally)
{
	const struct nt_program *base = sim->options->base != NULL ? sim->options->base : sim->program;
	struct nt_store *twin = nt_memory_store_over(sim->options->live);
	struct nt_copy copy = { .from = sim->options->live, .to = twin, .program = base, .due_before = NT_NO_TIME,
		                .progress = copying, .user = sim };
	const char *why = NULL;

	if (nt_copy_all(&copy, &why) && count_inside(sim, tally, twin, base)) {
		if (copy.damaged > 0)
			nt_diags_warning(sim->diags, NT_CODE_NONE, NT_NOWHERE,
			                 "%" G_GUINT64_FORMAT " %s left out", copy.damaged,
			                 nt_text_plural(copy.damaged, "lead of the store can't be read: it is",
			                                "leads of the store can't be read: they are"));
		return twin;
	}
	nt_diags_error(sim->diags, NT_NOWHERE, "%s", why != NULL ? why : "the store can't be read");
	twin->ops->free(twin);
	return NULL;
}

static bool open_live(struct nt_sim *sim)
{
	struct nt_sim_player *player = nt_sim_player_new(sim);
	struct nt_store *store = copy_live(sim, player->tally);
	const char *why;

	g_ptr_array_add(sim->players, player); /* who is asked what a lead's zone is, as soon as it opens */
	g_ptr_array_add(sim->shards, nt_sim_shard_new());
	why = store != NULL ? nt_sim_open(player, store) : NULL;
	if (why != NULL)
		nt_diags_error(sim->diags, NT_NOWHERE, "%s", why);
	else if (player->driver != NULL) {
		sim->frame.start = nt_engine_now(nt_driver_engine(player->driver));
		nt_tally_tasks_before(player->tally,
		                      nt_tasks_open(nt_engine_tasks(nt_driver_engine(player->driver))));
	}
	return player->driver != NULL;
}

/* ---- the run ---- */

/* By the files' own; a store has its own present. */
static bool find_start(struct nt_sim *sim)
{
	sim->frame.start = sim->options->start;
	if (sim->frame.start == NT_NO_TIME)
		sim->frame.start = sim->options->live != NULL ? NT_TIME_MIN : sim->earliest;
	if (sim->frame.start != NT_NO_TIME)
		return true;
	nt_diags_error(sim->diags, NT_NOWHERE, "without events, say when to start");
	return false;
}

static void play(void *context, unsigned i)
{
	struct nt_sim *sim = context;
	struct nt_sim_player *player = sim->players->pdata[i];
	unsigned n = sim->players->len, end = (unsigned)((uint64_t)sim->shards->len * (i + 1) / n);

	for (unsigned s = (unsigned)((uint64_t)sim->shards->len * i / n); s < end; s++) {
		nt_sim_play(player, sim->shards->pdata[s]);
		if (sim->options->live == NULL)
			g_clear_pointer(&player->driver, nt_driver_free);
	}
}

static void play_all(struct nt_sim *sim)
{
	unsigned n = MIN(sim->shards->len, PLAYERS);

	while (sim->players->len < n)
		g_ptr_array_add(sim->players, nt_sim_player_new(sim));
	if (n == 1)
		play(sim, 0); /* which tells how far it is */
	else
		nt_sim_spread(sim, "playing", n, play, sim);
}

static void sum_up(struct nt_sim *sim, struct nt_tally *tally)
{
	struct nt_sim_remark consents = { 0 }, early = { 0 };

	for (unsigned i = 0; i < sim->players->len; i++) {
		const struct nt_sim_player *player = sim->players->pdata[i];

		nt_tally_add(tally, player->tally);
		nt_sim_report(sim, player->findings);
		nt_sim_remark(&consents, &player->consents);
		nt_sim_remark(&early, &player->early);
		sim->frame.events += player->taken;
		sim->frame.duplicates += player->duplicates;
		sim->frame.refused += player->refused;
		sim->frame.leads += player->leads;
		sim->frame.leads_after += player->rows_after;
		sim->frame.events_after += player->events_after;
	}
	nt_sim_say_once(sim, &consents,
	                "consent stands among the properties, where it gives none: it belongs beside them");
	nt_sim_say_once(sim, &early,
	                "this comes before its lead's created_at: the lead begins with it, and has the row's fields "
	                "only from then on");
}

static bool run(struct nt_sim *sim)
{
	const struct nt_simulation *options = sim->options;

	if (options->live != NULL && (!find_start(sim) || !open_live(sim)))
		return false;
	if (options->leads != NULL && !nt_sim_read_leads(sim))
		return false;
	if (options->events != NULL)
		nt_sim_read_events(sim);
	if (options->live == NULL && !find_start(sim))
		return false;
	if (sim->frame.start > options->until) {
		nt_diags_error(sim->diags, NT_NOWHERE, "it would end before it starts");
		return false;
	}
	nt_sim_divide(sim);
	play_all(sim);
	return true;
}

static void free_arena(void *arena)
{
	nt_arena_free(arena);
}

bool nt_simulate(const struct nt_simulation *simulation, struct nt_diags *diags, GString *out)
{
	struct nt_sim sim = { .options = simulation, .program = simulation->program, .diags = diags,
		              .earliest = NT_NO_TIME };
	struct nt_tally *tally = nt_tally_new(sim.program);
	bool ok;

	sim.arena = nt_arena_new();
	nt_timelines_init(&sim.timelines, sim.program, simulation->json);
	sim.leads = g_ptr_array_new();
	sim.events = g_array_new(FALSE, FALSE, sizeof(struct nt_sim_event));
	sim.texts = g_ptr_array_new_with_free_func(free_arena);
	sim.shards = g_ptr_array_new_with_free_func(nt_sim_shard_free);
	sim.players = g_ptr_array_new_with_free_func(nt_sim_player_free);
	ok = run(&sim);
	if (ok) {
		sum_up(&sim, tally);
		print(&sim, tally, out);
	}
	g_ptr_array_unref(sim.players);
	g_ptr_array_unref(sim.shards);
	g_ptr_array_unref(sim.texts);
	g_clear_pointer(&sim.events, g_array_unref);
	g_ptr_array_unref(sim.leads);
	nt_timelines_clear(&sim.timelines);
	nt_tally_free(tally);
	nt_arena_free(sim.arena);
	return ok;
}
