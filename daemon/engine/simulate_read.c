#include "engine/simulate_private.h"

#include "base/arena.h"
#include "base/civil.h"
#include "base/csv.h"
#include "base/json.h"
#include "engine/driver.h"
#include "rules/program.h"

#include <string.h>

#define CHUNK ((size_t)1 << 20) /* bytes of the file that are read at a time */
#define NAMES_SAID 100u          /* of events that no rule declares */

int nt_sim_column(const struct nt_csv_row *header, const char *name)
{
	for (unsigned i = 0; i < header->n; i++)
		if (strcmp(header->cells[i], name) == 0)
			return (int)i;
	return -1;
}

/* ---- leads ---- */

static void set_zone(struct nt_sim *sim, const char *lead, const char *name)
{
	const struct nt_zone *zone = sim->program->zones->find(sim->program->zones, name);

	if (zone != NULL)
		nt_sim_timeline(sim, lead)->zone = zone;
}

bool nt_sim_read_leads(struct nt_sim *sim)
{
	struct nt_csv_row *header = nt_csv_parse(sim->arena, sim->options->leads, sim->diags);
	int zone;

	if (header == NULL)
		return false;
	sim->rows.id = nt_sim_column(header, "id");
	if (sim->rows.id < 0) {
		nt_diags_error(sim->diags, nt_span_of(sim->options->leads, 0, 1), "there is no column 'id'");
		return false;
	}
	if (!nt_sim_read_header(sim, header))
		return false;
	zone = nt_sim_column(header, "time_zone");
	sim->rows.created = nt_sim_column(header, "created_at");
	for (const struct nt_csv_row *row = header->next; row != NULL; row = row->next) {
		const char *lead = row->cells[sim->rows.id];

		sim->total++;
		nt_sim_timeline(sim, lead);
		if (zone >= 0 && row->cells[zone][0] != '\0')
			set_zone(sim, lead, row->cells[zone]);
	}
	return true;
}

/* ---- events ---- */

struct line { /* an event before its lead is known */
	struct nt_sim_event event;
	const char *lead;
	bool local; /* its time is that of the lead's zone */
	const char *undeclared; /* its name, if it is that; or NULL */
};

struct chunk { /* of the file, from the beginning of a line */
	size_t from, to;
	struct nt_arena *texts;
	GArray *lines;    /* struct line */
	GArray *findings; /* struct nt_sim_finding */
};

struct reading {
	struct nt_sim *sim;
	struct chunk *chunks;
	GHashTable *undeclared; /* name → struct nt_sim_remark */
};

/* What the engine tells of reps is said here for them. */
static bool is_answer(const char *name, enum nt_sales_verb *verb)
{
	static const struct {
		const char *name;
		enum nt_sales_verb verb;
	} answers[] = { { "lead.accepted", NT_SALES_ACCEPT },
		        { "lead.sent_back", NT_SALES_SEND_BACK },
		        { "deal.won", NT_SALES_WON },
		        { "deal.lost", NT_SALES_LOST } };

	for (size_t i = 0; i < G_N_ELEMENTS(answers); i++)
		if (strcmp(name, answers[i].name) == 0) {
			*verb = answers[i].verb;
			return true;
		}
	return false;
}

/* Which of the keys that there must be isn't there. */
static const char *what_lacks(struct nt_arena *arena, const struct nt_json *json)
{
	static const struct {
		const char *key, *what;
	} needed[] = { { "lead", "whose event it is: the lead's id" },
		       { "event", "what happened, such as \"order.placed\"" },
		       { "at", "when it happened, such as \"2026-12-01T09:00:00Z\"" } };
	unsigned i = 0;

	if (json->type != NT_JSON_OBJECT)
		return "an event must be an object such as {\"lead\": \"ann\", \"event\": \"order.placed\", "
		       "\"at\": \"2026-12-01T09:00:00Z\"}";
	while (i + 1 < G_N_ELEMENTS(needed) && nt_json_text(json, needed[i].key) != NULL)
		i++;
	return nt_arena_printf(arena, nt_json_get(json, needed[i].key) == NULL ?
	                                      "the key '%s' is missing: %s" :
	                                      "the key '%s' must be text: %s",
	                       needed[i].key, needed[i].what);
}

static void read_line(const struct nt_sim *sim, struct chunk *chunk, struct nt_arena *arena, size_t start,
                      size_t length)
{
	const struct nt_source *source = sim->options->events;
	struct line line = { .event = { .start = start, .length = length } };
	const char *name, *at, *id, *why = NULL;
	struct nt_json_error error;
	const struct nt_json *json = nt_json_parse(arena, source->text + start, length, &error);
	struct nt_civil civil;
	bool has_offset;

	if (json == NULL) {
		nt_sim_add_finding(chunk->findings, nt_span_of(source, start + MIN(error.offset, length), 1),
		                   error.message);
		return;
	}
	line.lead = nt_json_text(json, "lead");
	name = nt_json_text(json, "event");
	at = nt_json_text(json, "at");
	id = nt_json_text(json, "id");
	if (line.lead == NULL || name == NULL || at == NULL) {
		nt_sim_add_finding(chunk->findings, nt_span_of(source, start, length), what_lacks(arena, json));
		return;
	}
	if (!nt_instant_parse(at, strlen(at), &civil, &has_offset, &line.event.at, &why)) {
		nt_sim_add_finding(chunk->findings, nt_span_of(source, start, length),
		                   nt_arena_printf(arena, "at: %s",
		                                   why != NULL ? why :
		                                                 "must be a time such as "
		                                                 "2026-12-01T09:00:00Z"));
		return;
	}
	line.local = !has_offset;
	if (line.local)
		line.event.at = nt_civil_instant(sim->program->zones->utc, &civil);
	if (nt_driver_outcome(sim->program, name, &line.event.channel, &line.event.outcome))
		line.event.kind = NT_SIM_OUTCOME;
	else if (is_answer(name, &line.event.verb))
		line.event.kind = NT_SIM_ANSWER;
	else if (strcmp(name, "task.done") == 0)
		line.event.kind = NT_SIM_TASK_DONE;
	else if (nt_program_event(sim->program, name) < 0)
		line.undeclared = nt_arena_strdup(chunk->texts, name);
	line.lead = nt_arena_strdup(chunk->texts, line.lead);
	line.event.id = nt_arena_strdup(chunk->texts, id);
	g_array_append_val(chunk->lines, line);
}

static void read_chunk(void *context, unsigned i)
{
	const struct reading *reading = context;
	struct chunk *chunk = &reading->chunks[i];
	const struct nt_source *source = reading->sim->options->events;
	struct nt_arena *arena = nt_arena_new();

	for (size_t start = chunk->from, next; start < chunk->to; start = next) {
		const char *end = memchr(source->text + start, '\n', source->length - start);
		size_t length = end != NULL ? (size_t)(end - source->text) - start : source->length - start;

		next = start + length + 1;
		while (length > 0 && g_ascii_isspace(source->text[start + length - 1]))
			length--;
		if (length > 0)
			read_line(reading->sim, chunk, arena, start, length);
		nt_arena_reset(arena);
	}
	nt_arena_free(arena);
}

static void note_undeclared(GHashTable *undeclared, const struct line *line)
{
	const struct nt_sim_remark one = { 1, line->event.start, line->event.length };
	struct nt_sim_remark *remark = g_hash_table_lookup(undeclared, line->undeclared);

	if (remark == NULL && g_hash_table_size(undeclared) == NAMES_SAID)
		return;
	if (remark == NULL) {
		remark = g_new0(struct nt_sim_remark, 1);
		g_hash_table_insert(undeclared, (void *)(uintptr_t)line->undeclared, remark);
	}
	nt_sim_remark(remark, &one);
}

/* They are taken, as by the API, and may be declared one day; but a slip of the pen looks the same. */
static void say_undeclared(struct nt_sim *sim, GHashTable *undeclared)
{
	const char **names = nt_arena_array(sim->arena, const char *, sim->program->n_events + 1);
	GHashTableIter iter;
	void *name, *remark;

	for (unsigned i = 0; i < sim->program->n_events; i++)
		names[i] = sim->program->events[i].name;
	names[sim->program->n_events] = NULL;
	g_hash_table_iter_init(&iter, undeclared);
	while (g_hash_table_iter_next(&iter, &name, &remark)) { /* printing sorts them */
		const char *meant = nt_nearest(name, names);

		nt_sim_say_once(sim, remark,
		                nt_arena_printf(sim->arena, "no rule reads '%s': the rules declare no such event%s%s%s",
		                                (const char *)name, meant != NULL ? " (did you mean '" : "",
		                                meant != NULL ? meant : "", meant != NULL ? "'?)" : ""));
	}
}

/* In the order of the file. */
static void add_lines(struct nt_sim *sim, const struct chunk *chunk, GHashTable *undeclared)
{
	nt_sim_report(sim, chunk->findings);
	sim->frame.refused += chunk->findings->len;
	for (unsigned i = 0; i < chunk->lines->len; i++) {
		struct line *line = &g_array_index(chunk->lines, struct line, i);
		const struct nt_timeline *timeline = nt_sim_timeline(sim, line->lead);

		line->event.lead = timeline->number;
		if (line->undeclared != NULL)
			note_undeclared(undeclared, line);
		if (line->local) {
			struct nt_civil civil = nt_civil_at(sim->program->zones->utc, line->event.at);

			line->event.at = nt_civil_instant(timeline->zone, &civil);
		}
		sim->outcomes |= line->event.kind == NT_SIM_OUTCOME;
		if (sim->earliest == NT_NO_TIME || line->event.at < sim->earliest)
			sim->earliest = line->event.at;
		g_array_append_val(sim->events, line->event);
	}
}

void nt_sim_read_events(struct nt_sim *sim)
{
	const struct nt_source *source = sim->options->events;
	unsigned n = 0;
	struct reading reading = { sim, nt_arena_array(sim->arena, struct chunk, source->length / CHUNK + 1),
		                   g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free) };

	for (size_t from = 0; from < source->length; n++) {
		struct chunk *chunk = &reading.chunks[n];
		const char *end = source->length - from > CHUNK ?
		                          memchr(source->text + from + CHUNK, '\n', source->length - from - CHUNK) :
		                          NULL;

		*chunk = (struct chunk){ from, end != NULL ? (size_t)(end - source->text) + 1 : source->length,
			                 nt_arena_new(), g_array_new(FALSE, FALSE, sizeof(struct line)),
			                 nt_sim_findings_new() };
		from = chunk->to;
	}
	nt_sim_spread(sim, "reading", n, read_chunk, &reading);
	for (unsigned i = 0; i < n; i++) {
		add_lines(sim, &reading.chunks[i], reading.undeclared);
		g_array_unref(reading.chunks[i].lines);
		g_array_unref(reading.chunks[i].findings);
		g_ptr_array_add(sim->texts, reading.chunks[i].texts);
	}
	say_undeclared(sim, reading.undeclared);
	g_hash_table_destroy(reading.undeclared);
	sim->total += sim->events->len;
}
