#include "engine/plan_private.h"

#include "base/arena.h"
#include "engine/copy.h"
#include "engine/driver.h"
#include "engine/eval.h"
#include "engine/memory.h"
#include "engine/state.h"
#include "rules/program.h"
#include "rules/words.h"

#include <string.h>

#define WEEK (7 * NT_DAY)
#define KEPT (64u << 20) /* bytes of leads that stay decoded */

enum rules { PRESENT, NEW };

/* One crowd under one rule set. */
struct twin {
	struct nt_maker *maker;
	struct nt_crowd *crowd;
	enum rules rules;
	struct nt_driver *driver;
	bool loading;        /* what is seen now is the load's doing */
	GHashTable *whys;    /* loading: "lead\ncampaign\nkey\nleft" -> why; interned */
	struct nt_arena *arena;
};

static struct nt_program *older_program(void *user, const char *hash)
{
	struct nt_maker *maker = ((struct twin *)user)->maker;
	struct nt_program *program = g_hash_table_lookup(maker->older, hash);

	if (program == NULL && maker->planning->older_program != NULL) {
		program = maker->planning->older_program(maker->planning->older_user, hash);
		if (program != NULL)
			g_hash_table_insert(maker->older, g_strdup(hash), program);
	}
	return program != NULL ? nt_program_ref(program) : NULL;
}

/* ---- what is seen ---- */

static void add(struct twin *twin, const struct nt_plan_record *record)
{
	g_array_append_vals(twin->crowd->records[twin->rules], record, 1);
}

static const char *id_of(const struct twin *twin, const char *lead)
{
	const char *kept = g_hash_table_lookup(twin->crowd->known, lead);

	return kept != NULL ? kept : nt_plan_text(twin->maker, lead);
}

/* What is about no lead is the frame's: every other twin would tell it again. */
static void see_message(struct twin *twin, const struct nt_message *message)
{
	struct nt_plan_record told;

	if (message->lead[0] == '\0' && !twin->crowd->sales)
		return;
	if (message->lead[0] == '\0' && nt_plan_read_told(twin->maker, message, twin->rules, &told))
		add(twin, &told);
	add(twin, &(struct nt_plan_record){
		.kind = NT_RECORD_SENT,
		.lead = id_of(twin, message->lead),
		.campaign = nt_plan_text(twin->maker, message->campaign),
		.channel = nt_plan_text(twin->maker, nt_message_channel(message)),
		.template_name = nt_plan_text(twin->maker, message->template_name),
		.rep = message->rep != NULL,
		.at = message->released });
}

static void see_cancelled(struct twin *twin, const char *lead, const struct nt_effect *e)
{
	struct nt_store *store = nt_driver_store(twin->driver);
	struct nt_outbox_row row;

	nt_arena_reset(twin->arena);
	if (!twin->loading || store->ops->outbox_get(store, twin->arena, e->id, &row) != NT_STORE_OK ||
	    row.state != NT_OUTBOX_CANCELLED)
		return;
	add(twin, &(struct nt_plan_record){
		.kind = NT_RECORD_CANCELLED,
		.lead = id_of(twin, lead),
		.campaign = nt_plan_text(twin->maker, row.message.campaign),
		.channel = nt_plan_text(twin->maker, nt_message_channel(&row.message)),
		.template_name = nt_plan_text(twin->maker, row.message.template_name),
		.at = e->at });
}

static void see_note(struct twin *twin, const char *lead, const struct nt_effect *e)
{
	bool entered = strcmp(e->what, "campaign.entered") == 0, left = strcmp(e->what, "campaign.left") == 0;
	bool goal = strcmp(e->what, "campaign.reached_goal") == 0;

	if (!entered && !left && !goal)
		return;
	add(twin, &(struct nt_plan_record){
		.kind = entered ? NT_RECORD_ENTERED : left ? NT_RECORD_LEFT : NT_RECORD_GOAL,
		.lead = id_of(twin, lead),
		.campaign = nt_plan_text(twin->maker, e->campaign),
		.at = e->at });
	if (twin->loading && !goal)
		g_hash_table_insert(twin->whys,
		                    g_strdup_printf("%s\n%s\n%s\n%s", lead, e->campaign, e->key != NULL ? e->key : "",
		                                    e->what),
		                    (void *)(uintptr_t)nt_plan_text(twin->maker, e->detail));
}

static void observe(void *user, const char *lead, const struct nt_input *input, const struct nt_effects *effects)
{
	struct twin *twin = user;

	(void)input;
	for (const struct nt_effect *e = effects->first; e != NULL; e = e->next)
		switch (e->kind) {
		case NT_EFFECT_MESSAGE:
			see_message(twin, e->message);
			break;
		case NT_EFFECT_CANCEL:
			see_cancelled(twin, lead, e);
			break;
		case NT_EFFECT_NOTE:
			see_note(twin, lead, e);
			break;
		case NT_EFFECT_READY:
		case NT_EFFECT_ASSIGN:
		case NT_EFFECT_WITHDRAW:
			g_hash_table_add(twin->crowd->meets, (void *)(uintptr_t)id_of(twin, lead));
			break;
		case NT_EFFECT_SUPPRESS:
		case NT_EFFECT_UNSUPPRESS:
		case NT_EFFECT_TASK: /* what comes of it is the lead's own */
		case NT_EFFECT_TASKS_END:
			break;
		}
}

static void observe_rep(void *user, const struct nt_message *message)
{
	see_message(user, message);
}

static void see_under_way(void *user, const struct nt_outbox_row *row)
{
	struct twin *twin = user;

	add(twin, &(struct nt_plan_record){ .kind = NT_RECORD_UNDER_WAY, .lead = id_of(twin, row->message.lead),
	                                    .at = twin->maker->planning->now });
}

/* ---- places ---- */

struct standing {
	const char *campaign, *key, *step; /* step NULL: at its end */
	int slot, step_slot;
	uint32_t entry;
	bool taken;
};

/* Where a lead is in every campaign; in the arena. */
static struct standing *places_of(struct twin *twin, struct nt_arena *arena, const char *id, unsigned *n)
{
	const struct nt_lead *lead = nt_driver_lead(twin->driver, arena, id);
	struct standing *places;

	*n = 0;
	for (const struct nt_run *run = lead != NULL ? lead->runs : NULL; run != NULL; run = run->next)
		++*n;
	places = nt_arena_array(arena, struct standing, *n + 1);
	*n = 0;
	for (const struct nt_run *run = lead != NULL ? lead->runs : NULL; run != NULL; run = run->next) {
		const struct nt_campaign *campaign = &lead->program->campaigns[run->campaign];

		places[(*n)++] = (struct standing){
			.campaign = campaign->name,
			.slot = run->campaign,
			.key = run->key,
			.step = run->step >= 0 ? campaign->steps[run->step].identity : NULL,
			.step_slot = run->step,
			.entry = run->entry };
	}
	return places;
}

/* All of them before the load; the blobs name steps, so they can wait as they are. */
struct before {
	struct standing *places;
	unsigned n;
};

static const char *words_of(struct twin *twin, const struct nt_program *program, const char *name, const char *step)
{
	int campaign = nt_program_campaign(program, name);
	int slot = campaign >= 0 && step != NULL ? nt_campaign_step(&program->campaigns[campaign], step) : -1;
	GString *words;
	const char *kept;

	if (slot < 0)
		return NULL;
	words = g_string_new(NULL);
	nt_words_step(program, &program->campaigns[campaign], &program->campaigns[campaign].steps[slot], words);
	kept = nt_plan_text(twin->maker, words->str);
	g_string_free(words, TRUE);
	return kept;
}

static const char *why_of(const struct twin *twin, const char *lead, const char *campaign, const char *key_of_run,
                          const char *what)
{
	char *key = g_strdup_printf("%s\n%s\n%s\n%s", lead, campaign, key_of_run, what);
	const char *why = g_hash_table_lookup(twin->whys, key);

	g_free(key);
	return why;
}

/* What a campaign of the old rules is called in the new ones; its old name if it is gone. */
static const char *new_name(const struct twin *twin, const struct standing *was)
{
	const struct nt_program *program = twin->maker->planning->program;
	int campaign = nt_program_campaign_kept(program, was->campaign);

	return campaign >= 0 ? program->campaigns[campaign].name : was->campaign;
}

/* The step of the new campaign that an old one is, by whatever name; -1: it is gone. */
static int kept_step(const struct twin *twin, const struct standing *was)
{
	const struct nt_program *program = twin->maker->planning->program;
	int campaign = was->step != NULL ? nt_program_campaign_kept(program, was->campaign) : -1;

	return campaign >= 0 ? nt_campaign_step_kept(&program->campaigns[campaign], was->step) : -1;
}

static void put_move(struct twin *twin, const char *id, const struct standing *was, const struct standing *is)
{
	const struct nt_planning *planning = twin->maker->planning;
	struct nt_plan_record record = { .kind = NT_RECORD_MOVE, .lead = id, .at = planning->now,
		                         .from_step = -1 };

	record.campaign = nt_plan_text(twin->maker, was != NULL ? new_name(twin, was) : is->campaign);
	if (was != NULL) {
		record.from_campaign = was->slot;
		record.from_step = was->step_slot;
		record.from = nt_plan_text(twin->maker, was->step);
		record.from_words = words_of(twin, planning->base, was->campaign, was->step);
	}
	if (is != NULL) {
		record.to = nt_plan_text(twin->maker, is->step);
		record.to_words = words_of(twin, planning->program, is->campaign, is->step);
	}
	if (was == NULL) {
		record.move = NT_PLAN_ENTERS;
		record.why = why_of(twin, id, is->campaign, is->key, "campaign.entered");
	} else if (is == NULL) {
		record.move = NT_PLAN_LEAVES;
		record.why = why_of(twin, id, record.campaign, was->key, "campaign.left");
	} else {
		int kept = kept_step(twin, was);

		record.move = kept < 0               ? NT_PLAN_MOVES :
		              kept == is->step_slot ? NT_PLAN_STAYS :
		                                       NT_PLAN_GOES_ON;
	}
	add(twin, &record);
}

static void compare_places(struct twin *twin, const char *id, const struct before *before, struct nt_arena *arena)
{
	unsigned n;
	struct standing *after = places_of(twin, arena, id, &n);

	for (unsigned i = 0; i < before->n; i++) {
		const struct standing *was = &before->places[i], *is = NULL;

		for (unsigned k = 0; k < n; k++)
			if (!after[k].taken && after[k].entry == was->entry && strcmp(after[k].key, was->key) == 0 &&
			    strcmp(after[k].campaign, new_name(twin, was)) == 0) {
				is = &after[k];
				after[k].taken = true;
				break;
			}
		put_move(twin, id, was, is);
	}
	for (unsigned k = 0; k < n; k++)
		if (!after[k].taken)
			put_move(twin, id, NULL, &after[k]);
}

/* ---- offers ---- */

struct offered {
	const char *state, *rep, *title;
};

static struct offered offer_of(struct twin *twin, const char *lead)
{
	const struct nt_sales_entry *entry = nt_sales_peek(nt_engine_sales(nt_driver_engine(twin->driver)), lead);

	if (entry == NULL)
		return (struct offered){ 0 };
	return (struct offered){ nt_handoff_name(entry->state), nt_plan_text(twin->maker, entry->rep),
		                 nt_plan_text(twin->maker, entry->title) };
}

static void compare_offers(struct twin *twin, const struct offered *before)
{
	for (unsigned i = 0; i < twin->crowd->n; i++) {
		struct offered now = offer_of(twin, twin->crowd->ids[i]);
		struct nt_plan_offer offer = { .lead = nt_plan_text(twin->maker, twin->crowd->ids[i]),
			                       .title = now.title != NULL ? now.title : before[i].title,
			                       .from_state = before[i].state, .from_rep = before[i].rep,
			                       .to_state = now.state, .to_rep = now.rep };

		if (g_strcmp0(before[i].state, now.state) != 0 || g_strcmp0(before[i].rep, now.rep) != 0)
			g_array_append_val(twin->maker->offers, offer);
	}
}

/* ---- whom broadcasts concern ---- */

/* Those for whom a broadcast's condition holds; only where reps are told of it. */
static void put_concerned(struct twin *twin, const char *id, struct nt_arena *arena)
{
	const struct nt_program *program = twin->maker->planning->program;
	struct nt_eval_context context = { .lead = nt_driver_lead(twin->driver, arena, id),
		                           .now = twin->maker->planning->now };

	for (unsigned c = 0; context.lead != NULL && c < program->n_campaigns; c++)
		for (unsigned i = 0; i < program->campaigns[c].n_enter; i++) {
			const struct nt_enter *way = &program->campaigns[c].enter[i];

			if (way->kind == NT_ENTER_OCCASION && twin->maker->announced[way->occasion] &&
			    nt_holds(way->condition, &context, NULL))
				add(twin, &(struct nt_plan_record){ .kind = NT_RECORD_CONCERNED, .lead = id,
				                                    .at = context.now, .occasion = way->occasion });
		}
}

/* ---- the load, and the week ---- */

static void post_load(struct twin *twin)
{
	struct nt_arena *arena = nt_arena_new();
	struct nt_request *request = nt_arena_new0(arena, struct nt_request);

	request->arena = arena;
	request->kind = NT_REQUEST_LOAD;
	request->program = nt_program_ref(twin->maker->planning->program);
	twin->loading = true;
	nt_driver_post(twin->driver, twin->maker->planning->now, request);
	twin->loading = false;
	nt_arena_free(arena);
}

static void load_and_compare(struct twin *twin)
{
	const struct nt_crowd *crowd = twin->crowd;
	struct nt_arena *kept = nt_arena_new(), *arena = nt_arena_new();
	struct before *before = g_new0(struct before, crowd->n + 1);
	struct offered *offers = g_new0(struct offered, crowd->n + 1);

	for (unsigned i = 0; i < crowd->n; i++) {
		before[i].places = places_of(twin, kept, crowd->ids[i], &before[i].n);
		if (crowd->sales)
			offers[i] = offer_of(twin, crowd->ids[i]);
	}
	post_load(twin);
	for (unsigned i = 0; i < crowd->n; i++) {
		nt_arena_reset(arena);
		compare_places(twin, crowd->ids[i], &before[i], arena);
		if (twin->maker->planning->program->n_announcements > 0)
			put_concerned(twin, crowd->ids[i], arena);
	}
	if (crowd->sales)
		compare_offers(twin, offers);
	g_free(before);
	g_free(offers);
	nt_arena_free(arena);
	nt_arena_free(kept);
}

static struct nt_store *copy(struct twin *twin)
{
	const struct nt_planning *planning = twin->maker->planning;
	struct nt_copy copy = { .from = planning->store, .program = planning->base,
		                .due_before = twin->rules == PRESENT ? planning->now + WEEK + 1 : NT_NO_TIME };
	struct nt_maker *maker = twin->maker;
	bool done;

	copy.to = nt_memory_store_over(planning->store);
	done = twin->crowd->sales ? nt_copy_frame(&copy, &maker->error) : nt_copy_meta(&copy, &maker->error);
	if (done && nt_copy_leads(&copy, twin->crowd->ids, twin->crowd->n, &maker->error)) {
		if (twin->rules == NEW)
			maker->plan->damaged += copy.damaged;
		return copy.to;
	}
	copy.to->ops->free(copy.to);
	return NULL;
}

static bool run_twin(struct nt_maker *maker, struct nt_crowd *crowd, enum rules rules)
{
	const struct nt_planning *planning = maker->planning;
	struct twin twin = { .maker = maker, .crowd = crowd, .rules = rules };
	/* Nothing is loaded under the present rules: nothing asks for the log. */
	struct nt_engine_options options = { .observe = observe, .observe_rep = observe_rep, .user = &twin,
		                             .dry = rules == PRESENT, .keep = KEPT };
	struct nt_store *store = copy(&twin);

	if (store == NULL)
		return false;
	twin.arena = nt_arena_new();
	twin.whys = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	options.older_program = older_program;
	twin.driver = nt_driver_new_over(store, planning->base, &options, &maker->error);
	if (twin.driver != NULL) {
		nt_driver_begin(twin.driver, planning->now);
		if (rules == NEW) {
			store->ops->outbox_each(store, NT_OUTBOX_RELEASED, see_under_way, &twin);
			store->ops->outbox_each(store, NT_OUTBOX_HANDED, see_under_way, &twin);
			load_and_compare(&twin);
		}
		nt_driver_run(twin.driver, planning->now + WEEK, true);
	}
	nt_driver_free(twin.driver);
	g_hash_table_destroy(twin.whys);
	nt_arena_free(twin.arena);
	return twin.driver != NULL;
}

bool nt_crowd_run(struct nt_maker *maker, struct nt_crowd *crowd)
{
	return run_twin(maker, crowd, PRESENT) && run_twin(maker, crowd, NEW);
}
