/* What pages for reps show of a lead, and of its tasks. */
#include "http/page.h"

#include "base/civil.h"
#include "channel/links.h"
#include "engine/state.h"
#include "engine/task.h"
#include "http/exchange.h"
#include "rules/program.h"

#include <string.h>

static void put_row(GString *out, const char *name, const char *scheme, const char *value)
{
	if (value == NULL || value[0] == '\0')
		return;
	g_string_append_printf(out, "<dt>%s</dt><dd>", name);
	if (scheme != NULL) {
		g_string_append_printf(out, "<a href=\"%s", scheme);
		nt_page_text(out, value);
		g_string_append(out, "\">");
	}
	nt_page_text(out, value);
	g_string_append(out, scheme != NULL ? "</a></dd>\n" : "</dd>\n");
}

static const char *field(const struct nt_lead *lead, enum nt_builtin_field which)
{
	const struct nt_value *value = &lead->fields[which];

	return nt_type_is_text(value->type) ? value->text : NULL;
}

/* As people read it: texts as they are, lists with commas, the rest as in JSON without its quotes. NULL: nothing. */
static char *words_of(const struct nt_value *value)
{
	GString *text;

	if (value->type == NT_TYPE_NONE)
		return NULL;
	if (nt_type_is_text(value->type))
		return g_strdup(value->text);
	text = g_string_new(NULL);
	if (value->type == NT_TYPE_LIST) {
		for (unsigned i = 0; i < value->list.n; i++)
			g_string_append_printf(text, "%s%s", i > 0 ? ", " : "", value->list.items[i]);
	} else {
		nt_value_to_json(value, text);
		if (text->len >= 2 && text->str[0] == '"') {
			g_string_truncate(text, text->len - 1);
			g_string_erase(text, 0, 1);
		}
	}
	return g_string_free(text, FALSE);
}

void nt_page_lead(GString *out, const struct nt_lead *lead)
{
	static const struct { enum nt_builtin_field field; const char *name, *scheme; } rows[] = {
		{ NT_FIELD_FIRST_NAME, "First name", NULL }, { NT_FIELD_LAST_NAME, "Last name", NULL },
		{ NT_FIELD_COMPANY, "Company", NULL },       { NT_FIELD_PHONE, "Telephone", "tel:" },
		{ NT_FIELD_EMAIL, "Email", "mailto:" },      { NT_FIELD_CITY, "City", NULL },
		{ NT_FIELD_REGION, "Region", NULL },         { NT_FIELD_COUNTRY, "Country", NULL },
	};

	char *stage;

	g_string_append(out, "<dl>\n");
	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++)
		put_row(out, rows[i].name, rows[i].scheme, field(lead, rows[i].field));
	for (unsigned i = NT_BUILTIN_FIELDS; i < lead->program->n_fields; i++) {
		char *value = words_of(&lead->fields[i]),
		     *name = g_strdelimit(g_strdup(lead->program->fields[i].name), "_", ' ');

		name[0] = g_ascii_toupper(name[0]);
		put_row(out, name, NULL, value);
		g_free(value);
		g_free(name);
	}
	stage = g_strdelimit(g_strdup(lead->stage), "_-", ' ');
	put_row(out, "Stage", NULL, stage);
	g_free(stage);
	g_string_append(out, "</dl>\n");
}

void nt_page_time(GString *out, const struct nt_exchange *x, const char *rep, nt_time t)
{
	int slot = rep != NULL ? nt_program_rep(x->program, rep) : -1;
	const char *name = slot >= 0 ? x->program->sales.reps[slot].time_zone : x->program->policy.time_zone;
	const struct nt_zone *zone = x->program->zones->find(x->program->zones, name);

	nt_time_print_local(zone != NULL ? zone : x->program->zones->utc, t, out);
}

void nt_page_task(GString *out, const struct nt_exchange *x, const struct nt_task *task, bool own)
{
	struct nt_link link = { .kind = NT_LINK_TASK, .expires = NT_NEVER };
	GString *url = g_string_new(NULL);

	if (own && x->links != NULL) {
		g_strlcpy(link.id, task->id, sizeof link.id);
		g_strlcpy(link.name, task->rep, sizeof link.name);
		nt_links_make(x->links, &link, url);
		g_string_append(out, "<a href=\"");
		nt_page_text(out, url->str);
		g_string_append(out, "\">");
	}
	nt_page_text(out, task->text);
	g_string_append(out, url->len > 0 ? "</a>, " : ", ");
	g_string_append(out, task->overdue ? "overdue since " : "by ");
	nt_page_time(out, x, task->rep, task->due);
	g_string_free(url, TRUE);
}
