#include "engine/simulate_private.h"

#include "base/arena.h"
#include "base/csv.h"
#include "base/json.h"
#include "engine/describe.h"
#include "engine/driver.h"
#include "engine/memory.h"
#include "rules/program.h"

#include <string.h>

#define LEADS_A_TURN 500u
#define MESSAGES_LOOKED_AT 100u
#define KEPT ((size_t)512 << 20)

/* ---- what happens ---- */

static void observe(void *user, const char *lead, const struct nt_input *input, const struct nt_effects *effects)
{
	struct nt_sim_player *player = user;
	struct nt_sim *sim = player->sim;
	struct nt_timeline *timeline;

	if (input->kind == NT_INPUT_OUTCOME && input->outcome.outcome == NT_OUTCOME_SENT)
		return; /* every message is, at once */
	nt_tally_step(player->tally, input, effects);
	if (sim->options->summary && !sim->outcomes)
		return;
	timeline = nt_sim_timeline(sim, lead);
	for (const struct nt_effect *e = effects->first; e != NULL && sim->outcomes; e = e->next)
		if (e->kind == NT_EFFECT_MESSAGE && e->message->rep == NULL)
			nt_timeline_keep_sent(timeline, e->message);
	if (sim->options->summary)
		return;
	if (input->kind == NT_INPUT_EVENT)
		nt_timeline_add(&sim->timelines, timeline,
		                &(struct nt_timeline_line){ .at = input->event.at, "event", input->event.name });
	for (const struct nt_effect *e = effects->first; e != NULL; e = e->next)
		if (e->kind != NT_EFFECT_TASKS_END) /* whether there are any or not */
			nt_timeline_add(&sim->timelines, timeline,
			                &(struct nt_timeline_line){ e->at, e->what, e->detail, e->campaign, e->step,
			                                            e->message });
}

static void observe_rep(void *user, const struct nt_message *message)
{
	struct nt_sim_player *player = user;
	struct nt_sim *sim = player->sim;

	nt_tally_told(player->tally, message);
	if (!sim->options->summary)
		nt_timeline_add(&sim->timelines, nt_sim_timeline(sim, message->lead),
		                &(struct nt_timeline_line){ message->released, "rep.told", .message = message });
}

/* With a single shard, it tells; with many, whoever spreads them does. */
static void progress(struct nt_sim_player *player, uint64_t more)
{
	struct nt_sim *sim = player->sim;

	if (sim->shards->len > 1 || sim->options->progress == NULL)
		return;
	sim->done += more;
	sim->options->progress(sim->options->user, nt_engine_now(nt_driver_engine(player->driver)), sim->done,
	                       sim->total);
}

static struct nt_request *request_new(struct nt_sim_player *player, enum nt_request_kind kind)
{
	struct nt_request *request = nt_arena_new0(player->arena, struct nt_request);

	request->arena = player->arena;
	request->kind = kind;
	request->source = "file";
	return request;
}

static void refuse(struct nt_sim_player *player, struct nt_span span, const char *why)
{
	player->refused++;
	nt_sim_add_finding(player->findings, span, why);
}

/* ---- leads ---- */

static void row_refused(struct nt_sim_player *player, const struct nt_csv_row *row, int column, const char *why)
{
	unsigned cell = column >= 0 ? (unsigned)column : 0;

	refuse(player, nt_span_of(player->sim->options->leads, row->offsets[cell], strlen(row->cells[cell])), why);
}

static struct nt_request *row_request(struct nt_sim_player *player, const struct nt_sim_row *row)
{
	const struct nt_sim *sim = player->sim;
	const struct nt_timeline *timeline = sim->leads->pdata[row->lead];
	struct nt_request *request = request_new(player, NT_REQUEST_INPUT);
	const char *why;
	int column;

	request->input_kind = NT_INPUT_FIELDS;
	request->lead = timeline->lead;
	request->json = nt_sim_row_json(sim, player->arena, row->row, timeline->zone, &column, &why);
	if (request->json != NULL)
		return request;
	row_refused(player, row->row, column, why);
	return NULL;
}

static int by_creation(const void *a, const void *b)
{
	const struct nt_sim_row *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return x->row->offsets[0] < y->row->offsets[0] ? -1 : x->row->offsets[0] > y->row->offsets[0];
}

static void note_later(struct nt_sim_player *player, const struct nt_sim_row *row)
{
	void *number = GUINT_TO_POINTER(row->lead);
	const nt_time *known;

	if (player->later == NULL)
		player->later = g_hash_table_new_full(NULL, NULL, NULL, g_free);
	known = g_hash_table_lookup(player->later, number);
	if (known == NULL || row->at < *known)
		g_hash_table_insert(player->later, number, g_memdup2(&row->at, sizeof row->at));
}

/* Who was created by the start is there at it. What is no time is refused there, with its reason. */
static void time_rows(struct nt_sim_player *player, struct nt_sim_shard *shard)
{
	const struct nt_sim *sim = player->sim;
	struct nt_sim_row *rows = (void *)shard->rows->data;
	bool late = false;

	for (unsigned i = 0; i < shard->rows->len; i++) {
		const struct nt_timeline *timeline = sim->leads->pdata[rows[i].lead];
		const char *cell = sim->rows.created >= 0 ? rows[i].row->cells[sim->rows.created] : "", *why;
		struct nt_value value;

		rows[i].at = sim->frame.start;
		if (cell[0] != '\0' &&
		    nt_value_from_text(player->arena, cell, NT_TYPE_TIME, timeline->zone, &value, &why))
			rows[i].at = nt_time_later(value.time, sim->frame.start);
		late |= rows[i].at > sim->frame.start;
	}
	nt_arena_reset(player->arena);
	if (!late)
		return;
	g_array_sort(shard->rows, by_creation);
	for (unsigned i = 0; i < shard->rows->len; i++)
		note_later(player, &rows[i]);
}

/* ---- events ---- */

static int by_time(const void *a, const void *b)
{
	const struct nt_sim_event *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return x->start < y->start ? -1 : x->start > y->start;
}

static bool is_sorted(const GArray *events)
{
	const struct nt_sim_event *all = (const void *)events->data;

	for (unsigned i = 1; i < events->len; i++)
		if (all[i].at < all[i - 1].at)
			return false;
	return true;
}

/* The rep who answers may go unsaid: it is whoever has the lead. */
static struct nt_request *answer_request(struct nt_sim_player *player, const struct nt_sim_event *event,
                                         const char *lead, const struct nt_json *properties)
{
	const struct nt_sales *sales = nt_engine_sales(nt_driver_engine(player->driver));
	const struct nt_sales_entry *entry = sales != NULL ? nt_sales_peek(sales, lead) : NULL;
	struct nt_request *request = request_new(player, NT_REQUEST_SALES);

	request->verb = event->verb;
	request->lead = lead;
	request->rep = nt_json_text(properties, "rep");
	request->reason = nt_json_text(properties, "reason");
	if (request->rep == NULL && entry != NULL)
		request->rep = nt_arena_strdup(player->arena, entry->rep);
	return request;
}

/* The lead's latest open task, or its latest of that template; by whose it is, unless somebody is said. */
static struct nt_request *task_request(struct nt_sim_player *player, const char *lead, const struct nt_json *properties)
{
	const struct nt_tasks *tasks = nt_engine_tasks(nt_driver_engine(player->driver));
	const struct nt_task *task = nt_tasks_latest(tasks, lead, nt_json_text(properties, "template"));
	struct nt_request *request = request_new(player, NT_REQUEST_TASK);

	request->task = task != NULL ? nt_arena_strdup(player->arena, task->id) : "";
	request->rep = nt_json_text(properties, "rep");
	if (request->rep == NULL && task != NULL)
		request->rep = nt_arena_strdup(player->arena, task->rep);
	return request;
}

/* Consent stands beside the properties. Whoever writes it among them gives none, but where the event declares it. */
static void look_for_consent(struct nt_sim_player *player, const struct nt_sim_event *event,
                             const struct nt_json *json, const struct nt_json *properties)
{
	const struct nt_program *program = player->sim->program;
	const char *name;
	int type;

	if (nt_json_get(properties, "consent") == NULL)
		return;
	name = nt_json_text(json, "event");
	type = name != NULL ? nt_program_event(program, name) : -1;
	if (type < 0 || nt_program_property(&program->events[type], "consent") < 0)
		nt_sim_remark(&player->consents, &(struct nt_sim_remark){ 1, event->start, event->length });
}

/* What happens to a lead before its row comes is hardly meant. */
static void look_for_lead(struct nt_sim_player *player, const struct nt_sim_event *event,
                          const struct nt_timeline *timeline)
{
	const nt_time *comes = player->later != NULL ?
	                               g_hash_table_lookup(player->later, GUINT_TO_POINTER(event->lead)) :
	                               NULL;

	if (comes != NULL && event->at < *comes &&
	    nt_driver_lead(player->driver, player->arena, timeline->lead) == NULL)
		nt_sim_remark(&player->early, &(struct nt_sim_remark){ 1, event->start, event->length });
}

/* One that had gone out before the store was copied; NULL: there is none. */
static const char *earlier_message(struct nt_sim_player *player, const char *id, const char *channel,
                                   const char *template_name)
{
	const struct nt_lead *lead = nt_driver_lead(player->driver, player->arena, id);
	struct nt_described_message *messages = NULL;

	if (lead == NULL || nt_describe_messages(nt_driver_store(player->driver), player->arena, lead,
	                                         MESSAGES_LOOKED_AT, &messages) != NT_STORE_OK)
		return NULL;
	for (const struct nt_described_message *m = messages; m != NULL; m = m->next)
		if (strcmp(m->what, "message.released") == 0 && g_strcmp0(m->channel, channel) == 0 &&
		    (template_name == NULL || g_strcmp0(m->template_name, template_name) == 0))
			return m->id;
	return NULL;
}

/* What became of a message: of the latest on that channel, or of that template. */
static struct nt_request *outcome_request(struct nt_sim_player *player, const struct nt_sim_event *event,
                                          const struct nt_timeline *timeline, const char *template_name)
{
	struct nt_request *request = request_new(player, NT_REQUEST_OUTCOME);
	const struct nt_timeline_sent *sent = nt_timeline_find_sent(timeline, event->channel, template_name);

	request->is_later = true;
	request->later = event->outcome;
	request->message = sent != NULL ? sent->id : NULL;
	if (sent == NULL && player->sim->options->live != NULL)
		request->message = earlier_message(player, timeline->lead, event->channel, template_name);
	if (request->message == NULL)
		request->message = "";
	return request;
}

static const char *why_refused(struct nt_sim_player *player, const struct nt_sim_event *event,
                               const struct nt_request *request)
{
	const char *line = player->sim->options->events->text + event->start, *template_name;
	struct nt_json_error error;

	if ((request->kind != NT_REQUEST_OUTCOME || request->message[0] != '\0') &&
	    (request->kind != NT_REQUEST_TASK || request->task[0] != '\0'))
		return request->message_text;
	template_name = nt_json_text(
		nt_json_get(nt_json_parse(player->arena, line, event->length, &error), "properties"), "template");
	template_name = template_name != NULL ? nt_arena_printf(player->arena, " '%s'", template_name) : "";
	if (event->kind == NT_SIM_TASK_DONE)
		return nt_arena_printf(player->arena, "no task%s of this lead is open", template_name);
	return nt_arena_printf(player->arena, "no %s%s has gone to this lead before", event->channel, template_name);
}

static struct nt_request *event_request(struct nt_sim_player *player, const struct nt_sim_event *event)
{
	const struct nt_sim *sim = player->sim;
	const struct nt_timeline *timeline = sim->leads->pdata[event->lead];
	struct nt_request *request;
	struct nt_json_error error; /* it was well-formed */
	const char *line = sim->options->events->text + event->start;
	const struct nt_json *json = nt_json_parse(player->arena, line, event->length, &error),
			     *properties = nt_json_get(json, "properties");

	switch (event->kind) {
	case NT_SIM_ANSWER:
		return answer_request(player, event, timeline->lead, properties);
	case NT_SIM_TASK_DONE:
		return task_request(player, timeline->lead, properties);
	case NT_SIM_OUTCOME:
		return outcome_request(player, event, timeline, nt_json_text(properties, "template"));
	case NT_SIM_EVENT:
		break;
	}
	look_for_consent(player, event, json, properties);
	look_for_lead(player, event, timeline);
	request = request_new(player, NT_REQUEST_INPUT);
	request->input_kind = NT_INPUT_EVENT;
	request->json = json;
	request->at = &event->at;
	request->lead = timeline->lead;
	return request;
}

/* ---- an instant ---- */

/* Rows and events of a shard, from … to. */
struct part {
	unsigned row, row_end, event, event_end;
};

static void answered_row(struct nt_sim_player *player, const struct nt_sim_row *row, const struct nt_request *request)
{
	if (request->code != NT_ANSWER_OK)
		row_refused(player, row->row,
		            request->field != NULL ? nt_sim_column_named(&player->sim->rows, request->field) : -1,
		            request->message_text);
}

static void answered_event(struct nt_sim_player *player, const struct nt_sim_event *event,
                           const struct nt_request *request)
{
	player->taken += request->code == NT_ANSWER_OK;
	player->duplicates += request->code == NT_ANSWER_DUPLICATE;
	if (request->code != NT_ANSWER_OK && request->code != NT_ANSWER_DUPLICATE)
		refuse(player, nt_span_of(player->sim->options->events, event->start, event->length),
		       why_refused(player, event, request));
}

/* Leads come into being before anything happens to them; both in one turn, for whose timers are due at this instant,
 * they follow its events (II.1), also those of leads that have nothing to do with its rows. */
static void post(struct nt_sim_player *player, const struct nt_sim_shard *shard, nt_time at, const struct part *part)
{
	const struct nt_sim_row *rows = (const void *)shard->rows->data;
	const struct nt_sim_event *events = (const void *)shard->events->data;
	struct nt_request *first = NULL, **last = &first, *request, *first_event = NULL;

	nt_driver_run(player->driver, at, false); /* so that messages due before are known */
	for (unsigned i = part->row; i < part->row_end; i++) {
		*last = row_request(player, &rows[i]);
		if (*last == NULL)
			continue;
		(*last)->user = (void *)(uintptr_t)&rows[i];
		last = &(*last)->next;
	}
	for (unsigned i = part->event; i < part->event_end; i++) {
		*last = event_request(player, &events[i]);
		if (i == part->event)
			first_event = *last;
		last = &(*last)->next;
	}
	nt_driver_post(player->driver, at, first);
	for (request = first; request != first_event; request = request->next)
		answered_row(player, request->user, request);
	for (unsigned i = part->event; i < part->event_end; i++, request = request->next)
		answered_event(player, &events[i], request);
	nt_arena_reset(player->arena);
	progress(player, part->row_end - part->row + part->event_end - part->event);
}

/* ---- the run ---- */

struct nt_sim_player *nt_sim_player_new(struct nt_sim *sim)
{
	struct nt_sim_player *player = g_new0(struct nt_sim_player, 1);

	player->sim = sim;
	player->arena = nt_arena_new();
	player->tally = nt_tally_new(sim->program);
	player->findings = nt_sim_findings_new();
	return player;
}

void nt_sim_player_free(void *memory)
{
	struct nt_sim_player *player = memory;

	nt_driver_free(player->driver);
	nt_arena_free(player->arena);
	nt_tally_free(player->tally);
	g_array_unref(player->findings);
	g_free(player);
}

static struct nt_program *older_program(void *user, const char *hash)
{
	const struct nt_simulation *options = ((struct nt_sim_player *)user)->sim->options;

	return options->older_program(options->older_user, hash);
}

const char *nt_sim_open(struct nt_sim_player *player, struct nt_store *store)
{
	const struct nt_sim *sim = player->sim;
	const struct nt_engine_options engine = { .observe = observe, .observe_rep = observe_rep, .user = player,
		                                  .older_program = sim->options->older_program != NULL ?
		                                                           older_program : NULL,
		                                  .dry = true, .keep = KEPT };
	const char *why = NULL;

	player->driver = nt_driver_new_over(store, sim->program, &engine, &why);
	if (player->driver == NULL)
		return why;
	nt_driver_begin(player->driver, sim->frame.start);
	return NULL;
}

static bool row_at(const struct nt_sim_shard *shard, unsigned i, nt_time *at)
{
	if (i < shard->rows->len)
		*at = g_array_index(shard->rows, struct nt_sim_row, i).at;
	return i < shard->rows->len;
}

static bool event_at(const struct nt_sim_shard *shard, unsigned i, nt_time *at)
{
	if (i < shard->events->len)
		*at = g_array_index(shard->events, struct nt_sim_event, i).at;
	return i < shard->events->len;
}

/* Who is there from the start: so many at a time. */
static unsigned play_first(struct nt_sim_player *player, const struct nt_sim_shard *shard)
{
	nt_time start = player->sim->frame.start, at;
	struct part part = { 0 };

	while (row_at(shard, part.row_end, &at) && at == start) {
		part.row = part.row_end;
		while (part.row_end < part.row + LEADS_A_TURN && row_at(shard, part.row_end, &at) && at == start)
			part.row_end++;
		post(player, shard, start, &part);
	}
	return part.row_end;
}

/* In order of time. */
static void play_all(struct nt_sim_player *player, const struct nt_sim_shard *shard)
{
	struct part part = { .row_end = play_first(player, shard) };
	nt_time at = 0, next = 0;
	unsigned rest;

	for (;;) {
		bool rows = row_at(shard, part.row_end, &at), events = event_at(shard, part.event_end, &next);

		if (!rows || (events && next < at))
			at = next;
		if ((!rows && !events) || at > player->sim->options->until)
			break;
		part.row = part.row_end;
		part.event = part.event_end;
		while (row_at(shard, part.row_end, &next) && next == at)
			part.row_end++;
		while (event_at(shard, part.event_end, &next) && next == at)
			part.event_end++;
		post(player, shard, at, &part);
	}
	player->rows_after += shard->rows->len - part.row_end;
	player->events_after += shard->events->len - part.event_end;
	rest = shard->rows->len - part.row_end + shard->events->len - part.event_end;
	if (rest > 0)
		progress(player, rest);
}

void nt_sim_play(struct nt_sim_player *player, struct nt_sim_shard *shard)
{
	const char *why = player->driver == NULL ? nt_sim_open(player, nt_memory_store_new()) : NULL;
	const struct nt_tasks *tasks;
	struct nt_store *store;
	uint64_t leads = 0;

	if (why != NULL) {
		nt_sim_add_finding(player->findings, NT_NOWHERE, why);
		return;
	}
	if (!is_sorted(shard->events))
		g_array_sort(shard->events, by_time);
	time_rows(player, shard);
	play_all(player, shard);
	nt_driver_run(player->driver, player->sim->options->until, true);
	tasks = nt_engine_tasks(nt_driver_engine(player->driver));
	nt_tally_tasks(player->tally, nt_tasks_open(tasks), nt_tasks_overdue(tasks));
	store = nt_driver_store(player->driver);
	store->ops->count_leads(store, &leads);
	player->leads += leads;
	g_clear_pointer(&player->later, g_hash_table_unref);
}
