#include "engine/simulate_private.h"

#include "base/arena.h"
#include "base/csv.h"
#include "base/json.h"
#include "engine/driver.h"
#include "engine/memory.h"
#include "rules/program.h"

#include <string.h>

#define LEADS_A_TURN 500u
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

static void refuse(struct nt_sim_player *player, struct nt_span span, const struct nt_request *request)
{
	player->refused++;
	nt_sim_add_finding(player->findings, span, request->message_text);
}

/* ---- leads ---- */

static const struct nt_json *row_json(struct nt_sim_player *player, const struct nt_csv_row *header,
                                      const struct nt_csv_row *row, const struct nt_zone *zone)
{
	const struct nt_program *program = player->sim->program;
	GString *text = g_string_new(NULL), *converted = g_string_new(NULL);
	struct nt_json_writer w;
	struct nt_json_error error;
	const struct nt_json *json;

	nt_json_begin(&w, text);
	nt_json_object(&w, NULL);
	for (unsigned i = 0; i < row->n; i++) {
		int field = nt_program_field(program, header->cells[i]);
		enum nt_type type = field >= 0 ? program->fields[field].type : NT_TYPE_TEXT;
		struct nt_value value;
		const char *why;

		if (row->cells[i][0] == '\0' || field == NT_FIELD_ID)
			continue;
		if (nt_type_is_text(type) ||
		    !nt_value_from_text(player->arena, row->cells[i], type, zone, &value, &why)) {
			nt_json_put_text(&w, header->cells[i],
			                 row->cells[i]); /* what doesn't fit is refused with its reason */
			continue;
		}
		g_string_truncate(converted, 0);
		nt_value_to_json(&value, converted);
		nt_json_put_raw(&w, header->cells[i], converted->str);
	}
	nt_json_end_object(&w);
	json = nt_json_parse(player->arena, text->str, text->len, &error);
	g_string_free(text, TRUE);
	g_string_free(converted, TRUE);
	return json;
}

static void row_refused(struct nt_sim_player *player, const struct nt_csv_row *row, const struct nt_request *request)
{
	const struct nt_sim *sim = player->sim;
	int column = request->field != NULL ? nt_sim_column(sim->rows.header, request->field) : -1;
	unsigned cell = column >= 0 ? (unsigned)column : 0;

	refuse(player, nt_span_of(sim->options->leads, row->offsets[cell], strlen(row->cells[cell])), request);
}

static void post_leads(struct nt_sim_player *player, const struct nt_sim_shard *shard, unsigned from, unsigned to)
{
	struct nt_request *first = NULL, **last = &first, *request;
	struct nt_sim *sim = player->sim;

	for (unsigned i = from; i < to; i++) {
		const struct nt_csv_row *row = shard->rows->pdata[i];

		request = request_new(player, NT_REQUEST_INPUT);
		request->input_kind = NT_INPUT_FIELDS;
		request->lead = row->cells[sim->rows.id];
		request->json = row_json(player, sim->rows.header, row, nt_sim_timeline(sim, request->lead)->zone);
		*last = request;
		last = &request->next;
	}
	nt_driver_post(player->driver, sim->frame.start, first);
	request = first;
	for (unsigned i = from; i < to; i++, request = request->next)
		if (request->code != NT_ANSWER_OK)
			row_refused(player, shard->rows->pdata[i], request);
	nt_arena_reset(player->arena);
	progress(player, to - from);
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

static struct nt_request *event_request(struct nt_sim_player *player, const struct nt_sim_event *event)
{
	const struct nt_sim *sim = player->sim;
	const struct nt_timeline *timeline = sim->leads->pdata[event->lead];
	const struct nt_timeline_sent *sent;
	struct nt_request *request;
	struct nt_json_error error; /* it was well-formed */
	const char *line = sim->options->events->text + event->start;
	const struct nt_json *json = nt_json_parse(player->arena, line, event->length, &error),
			     *properties = nt_json_get(json, "properties");

	if (event->by_rep)
		return answer_request(player, event, timeline->lead, properties);
	if (event->channel == NULL) {
		request = request_new(player, NT_REQUEST_INPUT);
		request->input_kind = NT_INPUT_EVENT;
		request->json = json;
		request->at = &event->at;
		request->lead = timeline->lead;
		return request;
	}
	request = request_new(player, NT_REQUEST_OUTCOME);
	request->is_later = true;
	request->later = event->outcome;
	sent = nt_timeline_find_sent(timeline, event->channel, nt_json_text(properties, "template"));
	request->message = sent != NULL ? sent->id : "";
	return request;
}

static void post_events(struct nt_sim_player *player, const struct nt_sim_shard *shard, unsigned from, unsigned to)
{
	const struct nt_source *source = player->sim->options->events;
	nt_time at = g_array_index(shard->events, struct nt_sim_event, from).at;
	struct nt_request *first = NULL, **last = &first, *request;

	nt_driver_run(player->driver, at, false); /* so that messages due before are known */
	for (unsigned i = from; i < to; i++) {
		*last = event_request(player, &g_array_index(shard->events, struct nt_sim_event, i));
		last = &(*last)->next;
	}
	nt_driver_post(player->driver, at, first);
	request = first;
	for (unsigned i = from; i < to; i++, request = request->next) {
		const struct nt_sim_event *event = &g_array_index(shard->events, struct nt_sim_event, i);

		player->taken += request->code == NT_ANSWER_OK;
		player->duplicates += request->code == NT_ANSWER_DUPLICATE;
		if (request->code != NT_ANSWER_OK && request->code != NT_ANSWER_DUPLICATE)
			refuse(player, nt_span_of(source, event->start, event->length), request);
	}
	nt_arena_reset(player->arena);
	progress(player, to - from);
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

	player->driver = nt_driver_new_over(store, sim->program, sim->frame.start, &engine, &why);
	return player->driver == NULL ? why : NULL;
}

static void play_leads(struct nt_sim_player *player, const struct nt_sim_shard *shard)
{
	for (unsigned i = 0; i < shard->rows->len; i += LEADS_A_TURN)
		post_leads(player, shard, i, MIN(i + LEADS_A_TURN, shard->rows->len));
}

static void play_events(struct nt_sim_player *player, const struct nt_sim_shard *shard)
{
	const struct nt_sim_event *events = (const void *)shard->events->data;
	unsigned i = 0, n = shard->events->len;

	while (i < n && events[i].at <= player->sim->options->until) {
		unsigned end = i + 1;

		while (end < n && events[end].at == events[i].at)
			end++;
		post_events(player, shard, i, end);
		i = end;
	}
}

void nt_sim_play(struct nt_sim_player *player, struct nt_sim_shard *shard)
{
	const char *why = player->driver == NULL ? nt_sim_open(player, nt_memory_store_new()) : NULL;

	if (why != NULL) {
		nt_sim_add_finding(player->findings, NT_NOWHERE, why);
		return;
	}
	if (!is_sorted(shard->events))
		g_array_sort(shard->events, by_time);
	play_leads(player, shard);
	play_events(player, shard);
	nt_driver_run(player->driver, player->sim->options->until, true);
}
