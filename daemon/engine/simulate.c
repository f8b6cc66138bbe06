#include "engine/simulate.h"

#include "base/arena.h"
#include "base/civil.h"
#include "base/csv.h"
#include "base/diag.h"
#include "base/json.h"
#include "engine/codec.h"
#include "engine/copy.h"
#include "engine/driver.h"
#include "engine/memory.h"
#include "engine/tally.h"
#include "engine/timeline.h"
#include "rules/program.h"

#include <string.h>

#define LEADS_A_TURN 500u
#define KEPT ((size_t)512 << 20)
#define PARSED ((size_t)64 << 20) /* parsed, a file takes some six times its room */

struct event {
	const struct nt_json *json;  /* NULL: has to be read again */
	struct nt_timeline *timeline;
	nt_time at;
	const char *channel;         /* of messages; NULL: another event */
	enum nt_outcome outcome;
	size_t start, length;        /* of its line */
};

struct sim {
	const struct nt_simulation *options;
	struct nt_program *program;
	struct nt_diags *diags;
	struct nt_driver *driver;
	struct nt_arena *arena, *turn_arena;
	struct nt_timelines timelines;
	struct nt_tally *tally;
	GArray *events;              /* struct event */
	struct nt_tally_frame frame;
	uint64_t done, total;
	bool outcomes;               /* some events are of messages */
	bool frugal;                 /* events aren't kept as they were read */
};

static struct nt_timeline *timeline_of(struct sim *sim, const char *lead)
{
	unsigned before = g_hash_table_size(sim->timelines.leads);
	struct nt_timeline *timeline = nt_timelines_of(&sim->timelines, lead);
	const struct nt_lead *known;

	if (sim->options->live == NULL || sim->driver == NULL || g_hash_table_size(sim->timelines.leads) == before)
		return timeline;
	known = nt_driver_lead(sim->driver, sim->turn_arena, lead);
	if (known != NULL && known->zone != NULL)
		timeline->zone = known->zone;
	return timeline;
}

static void set_zone(struct sim *sim, const char *lead, const char *name)
{
	const struct nt_zone *zone = sim->program->zones->find(sim->program->zones, name);

	if (zone != NULL)
		timeline_of(sim, lead)->zone = zone;
}

/* ---- what happens ---- */

static void observe(void *user, const char *lead, const struct nt_input *input, const struct nt_effects *effects)
{
	struct sim *sim = user;
	struct nt_timeline *timeline;

	if (input->kind == NT_INPUT_OUTCOME && input->outcome.outcome == NT_OUTCOME_SENT)
		return; /* every message is, at once */
	nt_tally_step(sim->tally, input, effects);
	if (sim->options->summary && !sim->outcomes)
		return;
	timeline = timeline_of(sim, lead);
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
	struct sim *sim = user;

	nt_tally_told(sim->tally, message);
	if (!sim->options->summary)
		nt_timeline_add(&sim->timelines, timeline_of(sim, message->lead),
		                &(struct nt_timeline_line){ message->released, "rep.told", .message = message });
}

/* ---- leads ---- */

static const struct nt_json *row_json(struct sim *sim, const struct nt_csv_row *header, const struct nt_csv_row *row,
                                      const struct nt_zone *zone)
{
	GString *text = g_string_new(NULL), *converted = g_string_new(NULL);
	struct nt_json_writer w;
	struct nt_json_error error;
	const struct nt_json *json;

	nt_json_begin(&w, text);
	nt_json_object(&w, NULL);
	for (unsigned i = 0; i < row->n; i++) {
		int field = nt_program_field(sim->program, header->cells[i]);
		enum nt_type type = field >= 0 ? sim->program->fields[field].type : NT_TYPE_TEXT;
		struct nt_value value;
		const char *why;

		if (row->cells[i][0] == '\0' || field == NT_FIELD_ID)
			continue;
		if (nt_type_is_text(type) ||
		    !nt_value_from_text(sim->turn_arena, row->cells[i], type, zone, &value, &why)) {
			nt_json_put_text(&w, header->cells[i],
			                 row->cells[i]); /* what doesn't fit is refused with its reason */
			continue;
		}
		g_string_truncate(converted, 0);
		nt_value_to_json(&value, converted);
		nt_json_put_raw(&w, header->cells[i], converted->str);
	}
	nt_json_end_object(&w);
	json = nt_json_parse(sim->turn_arena, text->str, text->len, &error);
	g_string_free(text, TRUE);
	g_string_free(converted, TRUE);
	return json;
}

static int column_of(const struct nt_csv_row *header, const char *name)
{
	for (unsigned i = 0; i < header->n; i++)
		if (strcmp(header->cells[i], name) == 0)
			return (int)i;
	return -1;
}

static void progress(struct sim *sim, uint64_t more)
{
	sim->done += more;
	if (sim->options->progress != NULL)
		sim->options->progress(sim->options->user, nt_engine_now(nt_driver_engine(sim->driver)), sim->done,
		                       sim->total);
}

static struct nt_request *request_new(struct sim *sim, enum nt_request_kind kind)
{
	struct nt_request *request = nt_arena_new0(sim->turn_arena, struct nt_request);

	request->arena = sim->turn_arena;
	request->kind = kind;
	request->source = "file";
	return request;
}

static void row_refused(struct sim *sim, const struct nt_csv_row *header, const struct nt_csv_row *row,
                        const struct nt_request *request)
{
	int column = request->field != NULL ? column_of(header, request->field) : -1;
	unsigned cell = column >= 0 ? (unsigned)column : 0;

	sim->frame.refused++;
	nt_diags_error(sim->diags, nt_span_of(sim->options->leads, row->offsets[cell], strlen(row->cells[cell])), "%s",
	               request->message_text);
}

static void post_leads(struct sim *sim, const struct nt_csv_row *header, const struct nt_csv_row *from,
                       const struct nt_csv_row *to, int id)
{
	struct nt_request *first = NULL, **last = &first, *request;
	const struct nt_csv_row *row;
	uint64_t n = 0;

	for (row = from; row != to; row = row->next, n++) {
		request = request_new(sim, NT_REQUEST_INPUT);
		request->input_kind = NT_INPUT_FIELDS;
		request->lead = row->cells[id];
		request->json = row_json(sim, header, row, timeline_of(sim, request->lead)->zone);
		*last = request;
		last = &request->next;
	}
	nt_driver_post(sim->driver, sim->frame.start, first);
	for (row = from, request = first; row != to; row = row->next, request = request->next)
		if (request->code != NT_ANSWER_OK)
			row_refused(sim, header, row, request);
	nt_arena_reset(sim->turn_arena);
	progress(sim, n);
}

static const struct nt_csv_row *read_leads(struct sim *sim, int *id)
{
	struct nt_csv_row *header = nt_csv_parse(sim->arena, sim->options->leads, sim->diags);
	int zone;

	if (header == NULL)
		return NULL;
	*id = column_of(header, "id");
	if (*id < 0) {
		nt_diags_error(sim->diags, nt_span_of(sim->options->leads, 0, 1), "there is no column 'id'");
		return NULL;
	}
	zone = column_of(header, "time_zone");
	for (const struct nt_csv_row *row = header->next; row != NULL; row = row->next) {
		sim->total++;
		if (zone >= 0 && row->cells[zone][0] != '\0')
			set_zone(sim, row->cells[*id], row->cells[zone]);
	}
	return header;
}

/* ---- events ---- */

static void read_event(struct sim *sim, size_t start, size_t length)
{
	const struct nt_source *source = sim->options->events;
	struct nt_span span = nt_span_of(source, start, length);
	struct event event = { .start = start, .length = length };
	struct nt_json_error error;
	const char *lead, *name, *at, *why = NULL;
	struct nt_civil civil;
	bool has_offset;

	event.json = nt_json_parse(sim->frugal ? sim->turn_arena : sim->arena, source->text + start, length, &error);
	if (event.json == NULL) {
		sim->frame.refused++;
		nt_diags_error(sim->diags, nt_span_of(source, start + MIN(error.offset, length), 1), "%s",
		               error.message);
		return;
	}
	lead = nt_json_text(event.json, "lead");
	name = nt_json_text(event.json, "event");
	at = nt_json_text(event.json, "at");
	if (lead == NULL || name == NULL || at == NULL) {
		sim->frame.refused++;
		nt_diags_error(sim->diags, span, "an event needs %s",
		               lead == NULL ? "a lead" : name == NULL ? "an event" : "an at");
		return;
	}
	if (!nt_instant_parse(at, strlen(at), &civil, &has_offset, &event.at, &why)) {
		sim->frame.refused++;
		nt_diags_error(sim->diags, span, "at: %s",
		               why != NULL ? why : "must be a time such as 2026-12-01T09:00:00Z");
		return;
	}
	event.timeline = timeline_of(sim, lead);
	if (!has_offset)
		event.at = nt_civil_instant(event.timeline->zone, &civil);
	if (!nt_driver_outcome(sim->program, name, &event.channel, &event.outcome))
		event.channel = NULL;
	sim->outcomes |= event.channel != NULL;
	if (sim->frugal)
		event.json = NULL;
	g_array_append_val(sim->events, event);
}

static int by_time(const void *a, const void *b)
{
	const struct event *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return x->start < y->start ? -1 : x->start > y->start;
}

static bool is_sorted(const GArray *events)
{
	for (unsigned i = 1; i < events->len; i++)
		if (g_array_index(events, struct event, i).at < g_array_index(events, struct event, i - 1).at)
			return false;
	return true;
}

static void read_events(struct sim *sim)
{
	const struct nt_source *source = sim->options->events;
	size_t start = 0, most = sim->options->keep_parsed != 0 ? sim->options->keep_parsed : PARSED;

	sim->frugal = source->length > most;
	while (start < source->length) {
		const char *end = memchr(source->text + start, '\n', source->length - start);
		size_t length = end != NULL ? (size_t)(end - source->text) - start : source->length - start,
		       next = start + length + 1;

		while (length > 0 && g_ascii_isspace(source->text[start + length - 1]))
			length--;
		if (length > 0)
			read_event(sim, start, length);
		if (sim->frugal)
			nt_arena_reset(sim->turn_arena);
		start = next;
	}
	if (!is_sorted(sim->events))
		g_array_sort(sim->events, by_time);
	sim->total += sim->events->len;
}

static struct nt_request *event_request(struct sim *sim, const struct event *event)
{
	const char *line = sim->options->events->text + event->start;
	const struct nt_json *json = event->json;
	const struct nt_timeline_sent *sent;
	struct nt_request *request;
	struct nt_json_error error;

	if (json == NULL) /* it was well-formed */
		json = nt_json_parse(sim->turn_arena, line, event->length, &error);

	if (event->channel == NULL) {
		request = request_new(sim, NT_REQUEST_INPUT);
		request->input_kind = NT_INPUT_EVENT;
		request->json = json;
		request->at = &event->at;
		request->lead = event->timeline->lead;
		return request;
	}
	request = request_new(sim, NT_REQUEST_OUTCOME);
	request->is_later = true;
	request->later = event->outcome;
	sent = nt_timeline_find_sent(event->timeline, event->channel,
	                             nt_json_text(nt_json_get(json, "properties"), "template"));
	request->message = sent != NULL ? sent->id : "";
	return request;
}

static void post_events(struct sim *sim, unsigned from, unsigned to)
{
	nt_time at = g_array_index(sim->events, struct event, from).at;
	struct nt_request *first = NULL, **last = &first, *request;

	nt_driver_run(sim->driver, at, false); /* so that messages due before are known */
	for (unsigned i = from; i < to; i++) {
		*last = event_request(sim, &g_array_index(sim->events, struct event, i));
		last = &(*last)->next;
	}
	nt_driver_post(sim->driver, at, first);
	request = first;
	for (unsigned i = from; i < to; i++, request = request->next) {
		const struct event *event = &g_array_index(sim->events, struct event, i);

		sim->frame.events += request->code == NT_ANSWER_OK;
		sim->frame.duplicates += request->code == NT_ANSWER_DUPLICATE;
		if (request->code == NT_ANSWER_OK || request->code == NT_ANSWER_DUPLICATE)
			continue;
		sim->frame.refused++;
		nt_diags_error(sim->diags, nt_span_of(sim->options->events, event->start, event->length), "%s",
		               request->message_text);
	}
	nt_arena_reset(sim->turn_arena);
	progress(sim, to - from);
}

/* ---- what comes of it ---- */

static void print(struct sim *sim, GString *out)
{
	struct nt_store *store = nt_driver_store(sim->driver);
	struct nt_json_writer w;

	sim->frame.leads = g_hash_table_size(sim->timelines.leads);
	if (sim->options->live != NULL)
		store->ops->count_leads(store, &sim->frame.leads);
	sim->frame.until = sim->options->until;
	if (!sim->options->summary)
		nt_timelines_print(&sim->timelines, out);
	if (!sim->options->json) {
		if (!sim->options->summary)
			g_string_append_c(out, '\n');
		nt_tally_print(sim->tally, &sim->frame, out);
		return;
	}
	nt_json_begin(&w, out);
	nt_json_object(&w, NULL);
	nt_json_object(&w, "totals");
	nt_tally_put_json(sim->tally, &sim->frame, &w);
	nt_json_end_object(&w);
	nt_json_end_object(&w);
	g_string_append_c(out, '\n');
}

/* ---- beginning ---- */

static struct nt_program *older_program(void *user, const char *hash)
{
	const struct nt_simulation *options = ((struct sim *)user)->options;

	return options->older_program(options->older_user, hash);
}

static void copying(void *user, uint64_t leads, uint64_t total)
{
	struct sim *sim = user;

	if (sim->options->progress != NULL)
		sim->options->progress(sim->options->user, sim->frame.start, leads, MAX(leads, total));
}

/* Who is in which campaign, by the rules that put them there. */
static bool count_inside(struct sim *sim, struct nt_store *store, const struct nt_program *base)
{
	const char *ids[LEADS_A_TURN], *after = "", *why;
	struct nt_blob blobs[LEADS_A_TURN];
	unsigned n = LEADS_A_TURN;
	bool ok = true;

	for (; ok && n == LEADS_A_TURN; after = n > 0 ? nt_arena_strdup(sim->arena, ids[n - 1]) : after) {
		nt_arena_reset(sim->turn_arena);
		ok = store->ops->scan(store, sim->turn_arena, after, LEADS_A_TURN, ids, &n) == NT_STORE_OK &&
		     store->ops->load(store, sim->turn_arena, ids, n, blobs) == NT_STORE_OK;
		for (unsigned i = 0; ok && i < n; i++) {
			const struct nt_lead *lead = nt_lead_decode(sim->turn_arena, base, ids[i], blobs[i].bytes,
			                                            blobs[i].length, &why);
			const struct nt_run *run = lead != NULL ? lead->runs : NULL;

			for (; run != NULL; run = run->next)
				nt_tally_inside(sim->tally, base->campaigns[run->campaign].name);
		}
	}
	return ok;
}

/* The live store's twin. NULL and a diagnostic: it can't be read. */
static struct nt_store *copy_live(struct sim *sim)
{
	const struct nt_program *base = sim->options->base != NULL ? sim->options->base : sim->program;
	struct nt_store *twin = nt_memory_store_over(sim->options->live);
	struct nt_copy copy = { .from = sim->options->live, .to = twin, .program = base, .due_before = NT_NO_TIME,
		                .progress = copying, .user = sim };
	const char *why = NULL;

	if (nt_copy_all(&copy, &why) && count_inside(sim, twin, base)) {
		if (copy.damaged > 0)
			nt_diags_warning(sim->diags, NT_NOWHERE,
			                 "%" G_GUINT64_FORMAT " leads of the store can't be read: they are left out",
			                 copy.damaged);
		return twin;
	}
	nt_diags_error(sim->diags, NT_NOWHERE, "%s", why != NULL ? why : "the store can't be read");
	twin->ops->free(twin);
	return NULL;
}

static bool open_driver(struct sim *sim)
{
	const struct nt_simulation *options = sim->options;
	const struct nt_engine_options engine = { .observe = observe, .observe_rep = observe_rep, .user = sim,
		                                  .older_program = options->older_program != NULL ?
		                                                           older_program : NULL,
		                                  .dry = true, .keep = KEPT };
	struct nt_store *store = options->live != NULL ? copy_live(sim) : nt_memory_store_new();
	const char *why = NULL;

	if (store == NULL)
		return false;
	sim->driver = nt_driver_new_over(store, sim->program, sim->frame.start, &engine, &why);
	if (sim->driver == NULL)
		nt_diags_error(sim->diags, NT_NOWHERE, "%s", why);
	else
		sim->frame.start = nt_engine_now(nt_driver_engine(sim->driver));
	return sim->driver != NULL;
}

/* By the files' own; a store has its own present. */
static bool find_start(struct sim *sim)
{
	sim->frame.start = sim->options->start;
	if (sim->frame.start == NT_NO_TIME && sim->options->live != NULL)
		sim->frame.start = NT_TIME_MIN;
	if (sim->frame.start == NT_NO_TIME && sim->events->len > 0)
		sim->frame.start = g_array_index(sim->events, struct event, 0).at;
	if (sim->frame.start != NT_NO_TIME)
		return true;
	nt_diags_error(sim->diags, NT_NOWHERE, "without events, say when to start");
	return false;
}

/* ---- the run ---- */

static void play_leads(struct sim *sim, const struct nt_csv_row *header, int id)
{
	const struct nt_csv_row *from = header->next;
	unsigned n = 0;

	for (const struct nt_csv_row *row = from; row != NULL; row = row->next)
		if (++n % LEADS_A_TURN == 0 || row->next == NULL) {
			post_leads(sim, header, from, row->next, id);
			from = row->next;
		}
}

static void play_events(struct sim *sim)
{
	unsigned i = 0;

	while (i < sim->events->len && g_array_index(sim->events, struct event, i).at <= sim->options->until) {
		unsigned end = i + 1;

		while (end < sim->events->len && g_array_index(sim->events, struct event, end).at ==
		                                         g_array_index(sim->events, struct event, i).at)
			end++;
		post_events(sim, i, end);
		i = end;
	}
}

static bool run(struct sim *sim)
{
	const struct nt_simulation *options = sim->options;
	const struct nt_csv_row *header = NULL;
	int id = -1;

	if (options->live != NULL && (!find_start(sim) || !open_driver(sim)))
		return false;
	if (options->leads != NULL && (header = read_leads(sim, &id)) == NULL)
		return false;
	if (options->events != NULL)
		read_events(sim);
	if (options->live == NULL && !find_start(sim))
		return false;
	if (sim->frame.start > options->until) {
		nt_diags_error(sim->diags, NT_NOWHERE, "it would end before it starts");
		return false;
	}
	if (options->live == NULL && !open_driver(sim))
		return false;
	if (header != NULL)
		play_leads(sim, header, id);
	play_events(sim);
	nt_driver_run(sim->driver, options->until, true);
	return true;
}

bool nt_simulate(const struct nt_simulation *simulation, struct nt_diags *diags, GString *out)
{
	struct sim sim = { .options = simulation, .program = simulation->program, .diags = diags };
	bool ok;

	sim.arena = nt_arena_new();
	sim.turn_arena = nt_arena_new();
	nt_timelines_init(&sim.timelines, sim.program, simulation->json);
	sim.tally = nt_tally_new(sim.program);
	sim.events = g_array_new(FALSE, FALSE, sizeof(struct event));
	ok = run(&sim);
	if (ok)
		print(&sim, out);
	nt_driver_free(sim.driver);
	g_array_unref(sim.events);
	nt_timelines_clear(&sim.timelines);
	nt_tally_free(sim.tally);
	nt_arena_free(sim.turn_arena);
	nt_arena_free(sim.arena);
	return ok;
}
