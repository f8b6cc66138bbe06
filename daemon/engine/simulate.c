#include "engine/simulate.h"

#include "base/arena.h"
#include "base/civil.h"
#include "base/csv.h"
#include "base/diag.h"
#include "base/json.h"
#include "engine/driver.h"
#include "rules/program.h"

#include <string.h>

#define LEADS_A_TURN 500u

struct event {
	const struct nt_json *json;
	const char *lead, *name;
	nt_time at;
	size_t start, length; /* of its line */
};

struct sent {
	const char *id, *channel, *template_name;
};

struct timeline { /* of one lead */
	GString *lines;
	const struct nt_zone *zone;
	GArray *sent; /* struct sent; only if the events speak of messages */
};

enum total { MESSAGES, SKIPPED, GIVEN_UP, ENTERED, GOALS, HANDED_OFF, OFFERED, TOTALS };
static const char *const total_names[] = { "messages", "skipped", "given up", "entered", "goals", "ready for sales",
	                                   "offered to" };
static const char *const total_keys[] = { "messages", "skipped", "given_up", "entered", "goals", "ready", "offers" };

struct sim {
	const struct nt_simulation *options;
	struct nt_program *program;
	struct nt_diags *diags;
	struct nt_driver *driver;
	struct nt_arena *arena, *turn_arena;
	GHashTable *timelines;       /* lead -> struct timeline */
	GArray *events;              /* struct event */
	GHashTable *totals[TOTALS];  /* name -> count */
	uint64_t n_leads, n_events, n_duplicates, n_refused, done, total;
	nt_time start;
	bool outcomes;               /* some events are of messages */
};

/* ---- timelines ---- */

static void timeline_free(void *memory)
{
	struct timeline *timeline = memory;

	g_string_free(timeline->lines, TRUE);
	if (timeline->sent != NULL)
		g_array_unref(timeline->sent);
	g_free(timeline);
}

static struct timeline *timeline_of(struct sim *sim, const char *lead)
{
	struct timeline *timeline = g_hash_table_lookup(sim->timelines, lead);

	if (timeline != NULL)
		return timeline;
	timeline = g_new0(struct timeline, 1);
	timeline->lines = g_string_new(NULL);
	timeline->zone = sim->program->zones->find(sim->program->zones, sim->program->policy.time_zone);
	if (timeline->zone == NULL)
		timeline->zone = sim->program->zones->utc;
	g_hash_table_insert(sim->timelines, g_strdup(lead), timeline);
	return timeline;
}

static void set_zone(struct sim *sim, const char *lead, const char *name)
{
	const struct nt_zone *zone = sim->program->zones->find(sim->program->zones, name);

	if (zone != NULL)
		timeline_of(sim, lead)->zone = zone;
}

static void count(struct sim *sim, enum total total, const char *name)
{
	void *n = g_hash_table_lookup(sim->totals[total], name);

	g_hash_table_replace(sim->totals[total], g_strdup(name), GUINT_TO_POINTER(GPOINTER_TO_UINT(n) + 1));
}

struct line { /* of a timeline */
	nt_time at;
	const char *what, *detail, *campaign, *step;
	const struct nt_message *message;
};

static void put_json(struct sim *sim, const char *lead, const struct line *line, GString *out)
{
	GString *at = g_string_new(NULL);
	struct nt_json_writer w;

	(void)sim;
	nt_time_print_utc(line->at, at);
	nt_json_begin(&w, out);
	nt_json_object(&w, NULL);
	nt_json_put_text(&w, "lead", lead);
	nt_json_put_text(&w, "at", at->str);
	nt_json_put_text(&w, "what", line->what);
	if (line->campaign != NULL)
		nt_json_put_text(&w, "campaign", line->campaign);
	if (line->step != NULL)
		nt_json_put_text(&w, "step", line->step);
	if (line->message != NULL) {
		nt_json_put_text(&w, "id", line->message->id);
		nt_json_put_text(&w, "channel", nt_message_channel(line->message));
		nt_json_put_text(&w, "template", line->message->template_name);
		nt_json_put_text(&w, "to", line->message->address);
		if (line->message->rep != NULL)
			nt_json_put_text(&w, "rep", line->message->rep);
	}
	if (line->detail != NULL)
		nt_json_put_text(&w, "detail", line->detail);
	nt_json_end_object(&w);
	g_string_append_c(out, '\n');
	g_string_free(at, TRUE);
}

static void put_text(const struct timeline *timeline, const struct line *line, GString *out)
{
	GString *at = g_string_new(NULL);

	nt_time_print_local(timeline->zone, line->at, at);
	g_string_append_printf(out, "  %-25s  ", at->str); /* CET and CEST */
	g_string_free(at, TRUE);
	if (line->message != NULL)
		g_string_append_printf(out, "%-21s %s", nt_message_channel(line->message),
		                       line->message->template_name);
	else if (line->detail != NULL)
		g_string_append_printf(out, "%-21s %s", line->what, line->detail);
	else
		g_string_append(out, line->what);
	if (line->message != NULL && line->message->rep != NULL)
		g_string_append_printf(out, " (to %s)", line->message->rep);
	else if (line->campaign != NULL && line->campaign[0] != '\0')
		g_string_append_printf(out, " (%s)", line->campaign);
	g_string_append_c(out, '\n');
}

static void put_line(struct sim *sim, const char *lead, const struct line *line)
{
	struct timeline *timeline = timeline_of(sim, lead);

	if (sim->options->json)
		put_json(sim, lead, line, timeline->lines);
	else
		put_text(timeline, line, timeline->lines);
}

static void keep_sent(struct sim *sim, const char *lead, const struct nt_message *message)
{
	struct timeline *timeline = timeline_of(sim, lead);
	struct sent sent = { nt_arena_strdup(sim->arena, message->id),
		             nt_arena_strdup(sim->arena, nt_message_channel(message)),
		             nt_arena_strdup(sim->arena, message->template_name) };

	if (timeline->sent == NULL)
		timeline->sent = g_array_new(FALSE, FALSE, sizeof(struct sent));
	g_array_append_val(timeline->sent, sent);
}

static void count_effect(struct sim *sim, const char *lead, const struct nt_effect *e)
{
	char *name;

	if (e->kind == NT_EFFECT_MESSAGE && e->message->rep != NULL)
		return;
	if (e->kind == NT_EFFECT_MESSAGE) {
		name = g_strdup_printf("%s %s", nt_message_channel(e->message), e->message->template_name);
		count(sim, MESSAGES, name);
		g_free(name);
		if (sim->outcomes)
			keep_sent(sim, lead, e->message);
	} else if (e->kind == NT_EFFECT_READY) {
		count(sim, HANDED_OFF, e->ready->reason);
	} else if (strcmp(e->what, "message.skipped") == 0) {
		count(sim, SKIPPED, e->detail != NULL ? e->detail : "");
	} else if (strcmp(e->what, "message.given_up") == 0) {
		count(sim, GIVEN_UP, e->detail != NULL ? e->detail : "");
	} else if (strcmp(e->what, "campaign.entered") == 0) {
		count(sim, ENTERED, e->campaign);
	} else if (strcmp(e->what, "campaign.reached_goal") == 0) {
		count(sim, GOALS, e->campaign);
	}
}

static void observe(void *user, const char *lead, const struct nt_input *input, const struct nt_effects *effects)
{
	struct sim *sim = user;

	if (input->kind == NT_INPUT_OUTCOME && input->outcome.outcome == NT_OUTCOME_SENT)
		return; /* every message is, at once */
	if (input->kind == NT_INPUT_EVENT)
		put_line(sim, lead, &(struct line){ input->event.at, "event", input->event.name, NULL, NULL, NULL });
	if (input->kind == NT_INPUT_HANDOFF && input->handoff.state == NT_HANDOFF_OFFERED)
		count(sim, OFFERED, input->handoff.rep);
	for (const struct nt_effect *e = effects->first; e != NULL; e = e->next) {
		put_line(sim, lead, &(struct line){ e->at, e->what, e->detail, e->campaign, e->step, e->message });
		count_effect(sim, lead, e);
	}
}

static void observe_rep(void *user, const struct nt_message *message)
{
	struct sim *sim = user;

	put_line(sim, message->lead, &(struct line){ message->released, "rep.told", NULL, NULL, NULL, message });
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

	sim->n_refused++;
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
	nt_driver_post(sim->driver, sim->start, first);
	for (row = from, request = first; row != to; row = row->next, request = request->next)
		if (request->code != NT_ANSWER_OK)
			row_refused(sim, header, row, request);
		else
			sim->n_leads++;
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
	const char *at, *channel, *why = NULL;
	enum nt_outcome outcome;
	struct nt_civil civil;
	bool has_offset;

	event.json = nt_json_parse(sim->arena, source->text + start, length, &error);
	if (event.json == NULL) {
		sim->n_refused++;
		nt_diags_error(sim->diags, nt_span_of(source, start + MIN(error.offset, length), 1), "%s",
		               error.message);
		return;
	}
	event.lead = nt_json_text(event.json, "lead");
	event.name = nt_json_text(event.json, "event");
	at = nt_json_text(event.json, "at");
	if (event.lead == NULL || event.name == NULL || at == NULL) {
		sim->n_refused++;
		nt_diags_error(sim->diags, span, "an event needs %s",
		               event.lead == NULL ? "a lead" : event.name == NULL ? "an event" : "an at");
		return;
	}
	if (!nt_instant_parse(at, strlen(at), &civil, &has_offset, &event.at, &why)) {
		sim->n_refused++;
		nt_diags_error(sim->diags, span, "at: %s",
		               why != NULL ? why : "must be a time such as 2026-12-01T09:00:00Z");
		return;
	}
	if (!has_offset)
		event.at = nt_civil_instant(timeline_of(sim, event.lead)->zone, &civil);
	sim->outcomes |= nt_driver_outcome(sim->program, event.name, &channel, &outcome);
	g_array_append_val(sim->events, event);
}

static int by_time(const void *a, const void *b)
{
	const struct event *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return x->start < y->start ? -1 : x->start > y->start;
}

static void read_events(struct sim *sim)
{
	const struct nt_source *source = sim->options->events;
	size_t start = 0;

	while (start < source->length) {
		const char *end = memchr(source->text + start, '\n', source->length - start);
		size_t length = end != NULL ? (size_t)(end - source->text) - start : source->length - start,
		       next = start + length + 1;

		while (length > 0 && g_ascii_isspace(source->text[start + length - 1]))
			length--;
		if (length > 0)
			read_event(sim, start, length);
		start = next;
	}
	g_array_sort(sim->events, by_time);
	sim->total += sim->events->len;
}

static struct nt_request *event_request(struct sim *sim, const struct event *event)
{
	const struct nt_json *properties = nt_json_get(event->json, "properties");
	const char *channel, *wanted = nt_json_text(properties, "template");
	const struct timeline *timeline = timeline_of(sim, event->lead);
	struct nt_request *request;
	enum nt_outcome outcome;

	if (!nt_driver_outcome(sim->program, event->name, &channel, &outcome)) {
		request = request_new(sim, NT_REQUEST_INPUT);
		request->input_kind = NT_INPUT_EVENT;
		request->json = event->json;
		request->lead = event->lead;
		return request;
	}
	request = request_new(sim, NT_REQUEST_OUTCOME);
	request->is_later = true;
	request->later = outcome;
	request->message = "";
	for (unsigned i = timeline->sent != NULL ? timeline->sent->len : 0; i-- > 0;) {
		const struct sent *sent = &g_array_index(timeline->sent, struct sent, i);

		if (strcmp(sent->channel, channel) != 0 || (wanted != NULL && strcmp(sent->template_name, wanted) != 0))
			continue;
		request->message = sent->id;
		break;
	}
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

		sim->n_events += request->code == NT_ANSWER_OK;
		sim->n_duplicates += request->code == NT_ANSWER_DUPLICATE;
		if (request->code == NT_ANSWER_OK || request->code == NT_ANSWER_DUPLICATE)
			continue;
		sim->n_refused++;
		nt_diags_error(sim->diags, nt_span_of(sim->options->events, event->start, event->length), "%s",
		               request->message_text);
	}
	nt_arena_reset(sim->turn_arena);
	progress(sim, to - from);
}

/* ---- totals ---- */

static GList *sorted_keys(GHashTable *table)
{
	return g_list_sort(g_hash_table_get_keys(table), (GCompareFunc)(void (*)(void))strcmp);
}

static void put_totals_json(struct sim *sim, GString *out)
{
	struct nt_json_writer w;

	nt_json_begin(&w, out);
	nt_json_object(&w, NULL);
	nt_json_object(&w, "totals");
	nt_json_put_int(&w, "leads", (int64_t)g_hash_table_size(sim->timelines));
	nt_json_put_int(&w, "events", (int64_t)sim->n_events);
	nt_json_put_int(&w, "duplicates", (int64_t)sim->n_duplicates);
	nt_json_put_int(&w, "refused", (int64_t)sim->n_refused);
	for (int t = 0; t < TOTALS; t++) {
		GList *keys = sorted_keys(sim->totals[t]);

		nt_json_object(&w, total_keys[t]);
		for (GList *key = keys; key != NULL; key = key->next)
			nt_json_put_int(&w, key->data,
			                GPOINTER_TO_UINT(g_hash_table_lookup(sim->totals[t], key->data)));
		nt_json_end_object(&w);
		g_list_free(keys);
	}
	nt_json_end_object(&w);
	nt_json_end_object(&w);
	g_string_append_c(out, '\n');
}

static void put_totals(struct sim *sim, GString *out)
{
	g_string_append(out, "\nTotals from ");
	nt_time_print_utc(sim->start, out);
	g_string_append(out, " to ");
	nt_time_print_utc(sim->options->until, out);
	g_string_append_printf(out, "\n  %8u leads\n  %8" G_GUINT64_FORMAT " events",
	                       g_hash_table_size(sim->timelines), sim->n_events);
	if (sim->n_duplicates > 0)
		g_string_append_printf(out, ", %" G_GUINT64_FORMAT " repeated", sim->n_duplicates);
	if (sim->n_refused > 0)
		g_string_append_printf(out, ", %" G_GUINT64_FORMAT " rows refused", sim->n_refused);
	g_string_append_c(out, '\n');
	for (int t = 0; t < TOTALS; t++) {
		GList *keys = sorted_keys(sim->totals[t]);

		if (keys != NULL)
			g_string_append_printf(out, "%s\n", total_names[t]);
		for (GList *key = keys; key != NULL; key = key->next)
			g_string_append_printf(out, "  %8u %s\n",
			                       GPOINTER_TO_UINT(g_hash_table_lookup(sim->totals[t], key->data)),
			                       (const char *)key->data);
		g_list_free(keys);
	}
}

static void print(struct sim *sim, GString *out)
{
	GList *leads = sorted_keys(sim->timelines);

	for (GList *lead = leads; lead != NULL; lead = lead->next) {
		const struct timeline *timeline = g_hash_table_lookup(sim->timelines, lead->data);

		if (!sim->options->json)
			g_string_append_printf(out, "%s\n", (const char *)lead->data);
		g_string_append_len(out, timeline->lines->str, (gssize)timeline->lines->len);
	}
	g_list_free(leads);
	if (sim->options->json)
		put_totals_json(sim, out);
	else
		put_totals(sim, out);
}

/* ---- the run ---- */

static bool run(struct sim *sim)
{
	const struct nt_simulation *options = sim->options;
	const struct nt_engine_options engine = { .observe = observe, .observe_rep = observe_rep, .user = sim };
	const struct nt_csv_row *header = NULL, *row, *from;
	const char *why = NULL;
	unsigned i = 0, n = 0;
	int id = -1;

	if (options->leads != NULL && (header = read_leads(sim, &id)) == NULL)
		return false;
	if (options->events != NULL)
		read_events(sim);
	sim->start = options->start;
	if (sim->start == NT_NO_TIME && sim->events->len > 0)
		sim->start = g_array_index(sim->events, struct event, 0).at;
	if (sim->start == NT_NO_TIME || sim->start > options->until) {
		nt_diags_error(sim->diags, NT_NOWHERE, sim->start == NT_NO_TIME ? "without events, say when to start" :
		                                                                  "it would end before it starts");
		return false;
	}
	sim->driver = nt_driver_new(sim->program, sim->start, &engine, &why);
	if (sim->driver == NULL) {
		nt_diags_error(sim->diags, NT_NOWHERE, "%s", why);
		return false;
	}
	from = header != NULL ? header->next : NULL;
	for (row = from; row != NULL; row = row->next)
		if (++n % LEADS_A_TURN == 0 || row->next == NULL) {
			post_leads(sim, header, from, row->next, id);
			from = row->next;
		}
	while (i < sim->events->len && g_array_index(sim->events, struct event, i).at <= options->until) {
		unsigned end = i + 1;

		while (end < sim->events->len && g_array_index(sim->events, struct event, end).at ==
		                                         g_array_index(sim->events, struct event, i).at)
			end++;
		post_events(sim, i, end);
		i = end;
	}
	nt_driver_run(sim->driver, options->until, true);
	return true;
}

bool nt_simulate(const struct nt_simulation *simulation, struct nt_diags *diags, GString *out)
{
	struct sim sim = { .options = simulation, .program = simulation->program, .diags = diags };
	bool ok;

	sim.arena = nt_arena_new();
	sim.turn_arena = nt_arena_new();
	sim.timelines = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, timeline_free);
	sim.events = g_array_new(FALSE, FALSE, sizeof(struct event));
	for (int t = 0; t < TOTALS; t++)
		sim.totals[t] = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	ok = run(&sim);
	if (ok)
		print(&sim, out);
	nt_driver_free(sim.driver);
	for (int t = 0; t < TOTALS; t++)
		g_hash_table_destroy(sim.totals[t]);
	g_array_unref(sim.events);
	g_hash_table_destroy(sim.timelines);
	nt_arena_free(sim.turn_arena);
	nt_arena_free(sim.arena);
	return ok;
}
