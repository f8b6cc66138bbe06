#include "engine/simulate_private.h"

#include "base/arena.h"
#include "base/csv.h"
#include "base/json.h"
#include "rules/program.h"

#include <string.h>

#define CONSENT "consent"
#define CONSENT_ON "consent_" /* and a channel's name: as conditions read it */

/* ---- columns ---- */

/* What conditions read of a lead and nobody gives: it follows from the rules, or from what happened. */
static bool is_derived(const char *name)
{
	static const char *const derived[] = { "score",   "fit",          "engagement", "level",       "stage", "owner",
		                               "handoff", "bounced_hard", "complained", "unsubscribed" };

	for (size_t i = 0; i < G_N_ELEMENTS(derived); i++)
		if (strcmp(name, derived[i]) == 0)
			return true;
	return false;
}

static struct nt_sim_column column_of(const struct nt_program *program, const char *name)
{
	struct nt_sim_column column = { NT_SIM_FIELD, nt_program_field(program, name) };

	if (column.slot >= 0)
		return column;
	column.kind = NT_SIM_UNKNOWN;
	if (strcmp(name, "tags") == 0)
		column.kind = NT_SIM_TAGS;
	else if (strcmp(name, CONSENT) == 0)
		column.kind = NT_SIM_CONSENT;
	else if (g_str_has_prefix(name, CONSENT_ON))
		column.slot = nt_program_channel(program, name + strlen(CONSENT_ON));
	if (column.slot >= 0)
		column.kind = NT_SIM_CONSENT_ON;
	return column;
}

/* What a column may be called. */
static const char *const *known_names(struct nt_sim *sim)
{
	const struct nt_program *program = sim->program;
	const char **names = nt_arena_array(sim->arena, const char *, program->n_fields + program->n_channels + 3);
	unsigned n = 0;

	for (unsigned i = 0; i < program->n_fields; i++)
		names[n++] = program->fields[i].name;
	for (unsigned i = 0; i < program->n_channels; i++)
		names[n++] = nt_arena_printf(sim->arena, CONSENT_ON "%s", program->channels[i].name);
	names[n++] = CONSENT;
	names[n++] = "tags";
	names[n] = NULL;
	return names;
}

/* "First Name" and "First-Name" are slips for first_name. */
static const char *nearest(struct nt_arena *arena, const char *name, const char *const *known)
{
	char *plain = nt_arena_strdup(arena, name);

	for (char *c = plain; *c != '\0'; c++)
		*c = *c == ' ' || *c == '-' || *c == '.' ? '_' : g_ascii_tolower(*c);
	return nt_nearest(plain, known);
}

/* Once, however many rows there are. */
static void warn_of(struct nt_sim *sim, const struct nt_csv_row *header, unsigned i)
{
	const char *name = header->cells[i], *meant;
	struct nt_span span = nt_span_of(sim->options->leads, header->offsets[i], strlen(name));

	if (nt_diags_full(sim->diags))
		return;
	if (name[0] == '\0') {
		nt_diags_warning(sim->diags, NT_CODE_NONE, span, "this column has no name");
	} else if (is_derived(name)) {
		nt_diags_warning(sim->diags, NT_CODE_NONE, span,
		                 "column '%s' has no effect: it isn't given, it follows from the rules", name);
	} else {
		meant = nearest(sim->arena, name, known_names(sim));
		nt_diags_warning(sim->diags, NT_CODE_NONE, span,
		                 "column '%s' has no effect: the rules declare no such field%s%s%s", name,
		                 meant != NULL ? " (did you mean '" : "", meant != NULL ? meant : "",
		                 meant != NULL ? "'?)" : "");
	}
}

bool nt_sim_read_header(struct nt_sim *sim, const struct nt_csv_row *header)
{
	struct nt_sim_column *columns = nt_arena_array(sim->arena, struct nt_sim_column, header->n);
	GHashTable *names = g_hash_table_new(g_str_hash, g_str_equal);
	bool ok = true;

	for (unsigned i = 0; i < header->n; i++) {
		const char *name = header->cells[i];

		columns[i] = column_of(sim->program, name);
		if (name[0] != '\0' && !g_hash_table_add(names, (void *)(uintptr_t)name)) {
			nt_diags_error(sim->diags, nt_span_of(sim->options->leads, header->offsets[i], strlen(name)),
			               "there is a column '%s' before this one", name);
			ok = false;
		} else if (columns[i].kind == NT_SIM_UNKNOWN) {
			warn_of(sim, header, i);
		}
	}
	g_hash_table_destroy(names);
	sim->rows.header = header;
	sim->rows.columns = columns;
	return ok;
}

int nt_sim_column_named(const struct nt_sim_rows *rows, const char *field)
{
	const char *dot = strchr(field, '.');
	size_t length = dot != NULL ? (size_t)(dot - field) : strlen(field);
	int found = -1;

	for (unsigned i = 0; i < rows->header->n && found < 0; i++) {
		const char *name = rows->header->cells[i];

		if (strncmp(name, field, length) == 0 &&
		    (name[length] == '\0' || (dot != NULL && name[length] == '_' &&
		                              strcmp(name + length + 1, dot + 1) == 0)))
			found = (int)i;
	}
	return found;
}

/* ---- rows ---- */

struct writing { /* a row as the API would send it */
	struct nt_arena *arena;
	const struct nt_sim_rows *rows;
	const struct nt_csv_row *row;
	struct nt_json_writer w;
	const char *why; /* it can't be sent; NULL: all is well so far */
	int column;      /* where */
};

static bool wrong(struct writing *writing, unsigned column, const char *why)
{
	writing->why = why;
	writing->column = (int)column;
	return false;
}

/* What doesn't fit is refused with its reason, as text. */
static void put_field(struct writing *writing, const struct nt_program *program, unsigned i, const struct nt_zone *zone)
{
	const struct nt_sim_column *column = &writing->rows->columns[i];
	const char *name = writing->rows->header->cells[i], *cell = writing->row->cells[i], *why;
	enum nt_type type = column->kind == NT_SIM_FIELD ? program->fields[column->slot].type :
			    column->kind == NT_SIM_TAGS  ? NT_TYPE_LIST :
							   NT_TYPE_TEXT;
	struct nt_value value;
	GString *json;

	if (nt_type_is_text(type) || !nt_value_from_text(writing->arena, cell, type, zone, &value, &why)) {
		nt_json_put_text(&writing->w, name, cell);
		return;
	}
	json = g_string_new(NULL);
	nt_value_to_json(&value, json);
	nt_json_put_raw(&writing->w, name, json->str);
	g_string_free(json, TRUE);
}

static bool put_consent_on(struct writing *writing, unsigned i)
{
	const char *name = writing->rows->header->cells[i], *why;
	struct nt_value value;

	if (!nt_value_from_text(writing->arena, writing->row->cells[i], NT_TYPE_YES_NO, NULL, &value, &why))
		return wrong(writing, i, nt_arena_printf(writing->arena, "%s: must be yes or no", name));
	nt_json_put_bool(&writing->w, name + strlen(CONSENT_ON), value.yes);
	return true;
}

/* Whether a column of its own says it. */
static bool stands_alone(const struct writing *writing, const char *channel)
{
	for (unsigned i = 0; i < writing->row->n; i++)
		if (writing->rows->columns[i].kind == NT_SIM_CONSENT_ON && writing->row->cells[i][0] != '\0' &&
		    strcmp(writing->rows->header->cells[i] + strlen(CONSENT_ON), channel) == 0)
			return true;
	return false;
}

static bool put_consents(struct writing *writing, unsigned i)
{
	const char *cell = writing->row->cells[i];
	struct nt_json_error error;
	const struct nt_json *json = nt_json_parse(writing->arena, cell, strlen(cell), &error);

	if (json == NULL || json->type != NT_JSON_OBJECT)
		return wrong(writing, i, "consent: must be an object such as {\"sms\": true}; or a column consent_sms "
		                         "says yes or no");
	for (const struct nt_json *item = json->first; item != NULL; item = item->next) {
		if (stands_alone(writing, item->key))
			return wrong(writing, i, nt_arena_printf(writing->arena,
			                                         "consent: for %s it has a column of its own",
			                                         item->key));
		nt_json_put_json(&writing->w, item->key, item);
	}
	return true;
}

static bool put_consent(struct writing *writing)
{
	bool ok = true;

	nt_json_object(&writing->w, CONSENT);
	for (unsigned i = 0; ok && i < writing->row->n; i++) {
		if (writing->row->cells[i][0] == '\0')
			continue;
		if (writing->rows->columns[i].kind == NT_SIM_CONSENT)
			ok = put_consents(writing, i);
		else if (writing->rows->columns[i].kind == NT_SIM_CONSENT_ON)
			ok = put_consent_on(writing, i);
	}
	nt_json_end_object(&writing->w);
	return ok;
}

const struct nt_json *nt_sim_row_json(const struct nt_sim *sim, struct nt_arena *arena, const struct nt_csv_row *row,
                                      const struct nt_zone *zone, int *column, const char **why)
{
	struct writing writing = { .arena = arena, .rows = &sim->rows, .row = row };
	GString *text = g_string_new(NULL);
	const struct nt_json *json = NULL;
	struct nt_json_error error;
	bool consents = false;

	nt_json_begin(&writing.w, text);
	nt_json_object(&writing.w, NULL);
	for (unsigned i = 0; i < row->n; i++) {
		enum nt_sim_column_kind kind = sim->rows.columns[i].kind;

		if (row->cells[i][0] == '\0' || sim->rows.header->cells[i][0] == '\0' || (int)i == sim->rows.id)
			continue;
		if (kind == NT_SIM_CONSENT || kind == NT_SIM_CONSENT_ON)
			consents = true;
		else
			put_field(&writing, sim->program, i, zone);
	}
	if (!consents || put_consent(&writing)) {
		nt_json_end_object(&writing.w);
		json = nt_json_parse(arena, text->str, text->len, &error);
		writing.why = json == NULL ? error.message : NULL;
	}
	*column = writing.column;
	*why = writing.why;
	g_string_free(text, TRUE);
	return json;
}
