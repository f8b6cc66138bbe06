#define NT_DIAG_CODE NT_CODE_UNKNOWN_NAME

#include "rules/expr_build.h"

#include "base/arena.h"
#include "rules/expr_function.h"

#include <string.h>

#define NAMES_SHOWN 12 /* of what there is instead */

static const struct standing {
	const char *name;
	enum nt_standing standing;
	enum nt_type type;
} standings[] = {
	{ "score", NT_STANDING_SCORE, NT_TYPE_NUMBER },
	{ "fit", NT_STANDING_FIT, NT_TYPE_NUMBER },
	{ "engagement", NT_STANDING_ENGAGEMENT, NT_TYPE_NUMBER },
	{ "level", NT_STANDING_LEVEL, NT_TYPE_TEXT },
	{ "stage", NT_STANDING_STAGE, NT_TYPE_TEXT },
	{ "owner", NT_STANDING_OWNER, NT_TYPE_TEXT },
	{ "handoff", NT_STANDING_HANDOFF, NT_TYPE_TEXT },
	{ "bounced_hard", NT_STANDING_BOUNCED_HARD, NT_TYPE_YES_NO },
	{ "complained", NT_STANDING_COMPLAINED, NT_TYPE_YES_NO },
	{ "unsubscribed", NT_STANDING_UNSUBSCRIBED, NT_TYPE_YES_NO },
	{ "tags", NT_STANDING_TAGS, NT_TYPE_LIST },
};

static const char *const words[] = { "now", "today", "entered", "event", "entry", "or", "and", "not", "in", "contains",
	                             "starts_with", "ends_with", "matches", "or_else", "true", "false", "yes", "no",
	                             "none" };

/* What other languages call none. */
static const char *const nothings[] = { "null", "NULL", "Null", "nil", "empty", "missing", "undefined", "blank" };

/* ---- tables of named things ---- */

static const char *name_at(const void *array, size_t stride, unsigned i)
{
	return *(const char *const *)((const char *)array + i * stride);
}

int nt_expr_find(const void *array, unsigned n, size_t stride, const char *name)
{
	for (unsigned i = 0; i < n; i++)
		if (strcmp(name_at(array, stride, i), name) == 0)
			return (int)i;
	return -1;
}

static void collect(GPtrArray *names, const void *array, unsigned n, size_t stride)
{
	for (unsigned i = 0; i < n; i++) {
		const char *name = name_at(array, stride, i);

		g_ptr_array_add(names, g_strdup(name));
	}
}

/* The nearest of the names, which are freed; it points into the tables, found again by its text. */
static char *nearest_of(GPtrArray *names, const char *name)
{
	const char *nearest;
	char *copy;

	g_ptr_array_add(names, NULL);
	nearest = nt_nearest(name, (const char *const *)names->pdata);
	copy = g_strdup(nearest);
	for (unsigned i = 0; i < names->len; i++)
		g_free(names->pdata[i]);
	g_ptr_array_free(names, TRUE);
	return copy;
}

const char *nt_expr_nearest(const void *array, unsigned n, size_t stride, const char *name)
{
	GPtrArray *names = g_ptr_array_new();
	char *nearest;
	int found;

	collect(names, array, n, stride);
	nearest = nearest_of(names, name);
	if (nearest == NULL)
		return NULL;
	found = nt_expr_find(array, n, stride, nearest);
	g_free(nearest);
	return name_at(array, stride, (unsigned)found);
}

const char *nt_expr_did_you_mean(struct nt_expr_parser *p, const char *nearest)
{
	return nearest == NULL ? "" : nt_arena_printf(p->scope->arena, " (did you mean '%s'?)", nearest);
}

bool nt_expr_reserved(const char *name)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(words); i++)
		if (strcmp(words[i], name) == 0)
			return true;
	return g_str_has_prefix(name, "consent_") ||
	       nt_expr_find(standings, G_N_ELEMENTS(standings), sizeof(standings[0]), name) >= 0;
}

/* ---- names that stand alone ---- */

static struct nt_expr *unknown(struct nt_expr_parser *p, const char *name, struct nt_span span)
{
	const struct nt_program *program = p->scope->program;
	GPtrArray *names = g_ptr_array_new();
	unsigned n_functions;
	const struct nt_expr_function *functions = nt_expr_functions(&n_functions);
	char *nearest;

	if (nt_expr_find(functions, n_functions, sizeof(functions[0]), name) >= 0) {
		nt_diags_error_as(p->scope->diags, NT_CODE_EXPRESSION_SYNTAX, span,
		                  "'%s' is a function: write %s", name,
		               functions[nt_expr_find(functions, n_functions, sizeof(functions[0]), name)].signature);
		g_ptr_array_free(names, TRUE);
		return NULL; /* what follows was meant as its argument */
	}
	if (nt_expr_find(program->segments, program->n_segments, sizeof(struct nt_segment), name) >= 0) {
		nt_diags_error_as(p->scope->diags, NT_CODE_EXPRESSION_SYNTAX, span,
		                  "'%s' is a segment: write in_segment(\"%s\")", name, name);
		g_ptr_array_free(names, TRUE);
		return p->poison;
	}
	if (nt_expr_find(nothings, G_N_ELEMENTS(nothings), sizeof(nothings[0]), name) >= 0) {
		nt_diags_error_as(p->scope->diags, NT_CODE_EXPRESSION_SYNTAX,
		                  span, "'%s' isn't part of the language: what is missing is 'none'",
		               name);
		g_ptr_array_free(names, TRUE);
		return p->poison;
	}
	if (strcmp(name, "if") == 0 || strcmp(name, "else") == 0) {
		nt_diags_error_as(p->scope->diags, NT_CODE_EXPRESSION_SYNTAX, span, strcmp(name, "if") == 0 ?
		               "a condition stands here by itself, without 'if'" :
		               "'else' isn't part of a condition: what stands in for a missing value comes after "
		               "'or_else'");
		g_ptr_array_free(names, TRUE);
		return NULL;
	}
	collect(names, program->fields, program->n_fields, sizeof(struct nt_field));
	collect(names, standings, G_N_ELEMENTS(standings), sizeof(standings[0]));
	collect(names, words, 5, sizeof(words[0]));
	collect(names, functions, n_functions, sizeof(functions[0]));
	for (unsigned i = 0; i < program->n_channels; i++)
		g_ptr_array_add(names, g_strconcat("consent_", program->channels[i].name, NULL));
	nearest = nearest_of(names, name);
	nt_diags_error(p->scope->diags, span, "unknown field '%s'%s", name,
	               nearest != NULL ? nt_expr_did_you_mean(p, nearest) :
	               nt_arena_printf(p->scope->arena, " (%stext goes in quotes: \"%s\")",
	                               strcspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") < strlen(name) ? "" :
	                               "declare a field under 'fields'; ", name));
	g_free(nearest);
	return p->poison;
}

bool nt_expr_way_to_leads(struct nt_expr_parser *p, const char *channel, struct nt_span span)
{
	if (strcmp(channel, "webhook") != 0)
		return true;
	nt_diags_error_as(p->scope->diags, NT_CODE_DOES_NOT_FIT,
	                  span, "'webhook' is no way to a lead: it calls a system of our own");
	return false;
}

static struct nt_expr *consent(struct nt_expr_parser *p, const char *name, struct nt_span span)
{
	const struct nt_program *program = p->scope->program;
	const char *channel = name + strlen("consent_");
	int slot = nt_expr_find(program->channels, program->n_channels, sizeof(struct nt_channel_policy), channel);
	struct nt_expr *e;

	if (slot < 0) {
		nt_diags_error(p->scope->diags, span, "unknown channel '%s'%s", channel,
		               nt_expr_did_you_mean(p, nt_expr_nearest(program->channels, program->n_channels,
		                                                       sizeof(struct nt_channel_policy), channel)));
		return p->poison;
	}
	if (!nt_expr_way_to_leads(p, channel, span))
		return p->poison;
	e = nt_expr_node(p, NT_OP_CONSENT, NT_TYPE_YES_NO, span);
	if (e != NULL)
		e->slot = slot;
	return e;
}

static struct nt_expr *standing(struct nt_expr_parser *p, int i, struct nt_span span)
{
	struct nt_expr *e = nt_expr_node(p, NT_OP_STANDING, standings[i].type, span);

	if (e == NULL)
		return NULL;
	e->slot = (int)standings[i].standing;
	if (standings[i].standing <= NT_STANDING_LEVEL && p->scope->uses_standing != NULL)
		p->scope->uses_standing(p->scope, standings[i].standing, span);
	return e;
}

static struct nt_expr *lone_name(struct nt_expr_parser *p, const char *name, struct nt_span span)
{
	const struct nt_program *program = p->scope->program;
	struct nt_expr *e;
	int i;

	if (strcmp(name, "now") == 0)
		return nt_expr_node(p, NT_OP_NOW, NT_TYPE_TIME, span);
	if (strcmp(name, "today") == 0)
		return nt_expr_node(p, NT_OP_TODAY, NT_TYPE_TIME, span);
	if (strcmp(name, "entered") == 0) {
		if (p->scope->has_run)
			return nt_expr_node(p, NT_OP_ENTERED, NT_TYPE_TIME, span);
		nt_diags_error_as(p->scope->diags, NT_CODE_DOES_NOT_FIT, span,
		                  "'entered' has a meaning only inside a campaign");
		return p->poison;
	}
	i = nt_expr_find(program->fields, program->n_fields, sizeof(struct nt_field), name);
	if (i >= 0) {
		e = nt_expr_node(p, NT_OP_FIELD, nt_expr_kind(program->fields[i].type), span);
		if (e != NULL)
			e->slot = i;
		return e;
	}
	i = nt_expr_find(standings, G_N_ELEMENTS(standings), sizeof(standings[0]), name);
	if (i >= 0)
		return standing(p, i, span);
	return g_str_has_prefix(name, "consent_") ? consent(p, name, span) : unknown(p, name, span);
}

/* ---- event.x and entry.x ---- */

static const struct nt_property *property_of(const struct nt_program *program, int event, const char *name)
{
	int i = nt_expr_find(program->events[event].properties, program->events[event].n_properties,
	                     sizeof(struct nt_property), name);

	return i < 0 ? NULL : &program->events[event].properties[i];
}

const char *nt_expr_property_instead(struct nt_expr_parser *p, const struct nt_event_type *type, const char *name)
{
	const char *nearest = nt_expr_nearest(type->properties, type->n_properties, sizeof(struct nt_property), name),
		   *list = "";

	if (nearest != NULL)
		return nt_expr_did_you_mean(p, nearest);
	if (type->n_properties == 0)
		return " (it has none)";
	for (unsigned i = 0; i < type->n_properties && i < NAMES_SHOWN; i++)
		list = nt_arena_printf(p->scope->arena, "%s%s%s", list, i > 0 ? ", " : "", type->properties[i].name);
	return nt_arena_printf(p->scope->arena, " (it has %s%s)", list,
	                       type->n_properties > NAMES_SHOWN ? " …" : "");
}

static struct nt_expr *no_property(struct nt_expr_parser *p, int event, const char *name, struct nt_span span)
{
	const struct nt_event_type *type = &p->scope->program->events[event];

	nt_diags_error(p->scope->diags, span, "event '%s' declares no property '%s'%s", type->name, name,
	               nt_expr_property_instead(p, type, name));
	return p->poison;
}

/* Every event in question must agree on the kind; `all`: and every one must have it. */
static struct nt_expr *property(struct nt_expr_parser *p, enum nt_op op, const int *events, unsigned n, bool all,
                                const char *name, struct nt_span span)
{
	const struct nt_program *program = p->scope->program;
	const struct nt_property *first = NULL;
	const char *first_event = NULL;
	struct nt_expr *e;

	for (unsigned i = 0; i < n; i++) {
		const struct nt_property *found = property_of(program, events[i], name);

		if (found == NULL && all)
			return no_property(p, events[i], name, span);
		if (found != NULL && first != NULL && nt_expr_kind(found->type) != nt_expr_kind(first->type)) {
			nt_diags_error_as(p->scope->diags, NT_CODE_EXPRESSION_TYPE, span,
			                  "property '%s' is %s in event '%s' but %s in '%s'", name,
			               nt_type_name(first->type), first_event, nt_type_name(found->type),
			               program->events[events[i]].name);
			return p->poison;
		}
		if (found != NULL && first == NULL) {
			first = found;
			first_event = program->events[events[i]].name;
		}
	}
	if (first == NULL)
		return no_property(p, events[0], name, span);
	e = nt_expr_node(p, op, nt_expr_kind(first->type), span);
	if (e != NULL)
		e->name = name;
	return e;
}

/* An event's name where a value should stand: order.placed */
static struct nt_expr *dotted(struct nt_expr_parser *p, const char *name, const char *member, struct nt_span span)
{
	const struct nt_program *program = p->scope->program;
	const char *event = nt_arena_printf(p->scope->arena, "%s.%s", name, member);

	if (nt_expr_find(program->events, program->n_events, sizeof(struct nt_event_type), event) >= 0)
		nt_diags_error_as(p->scope->diags, NT_CODE_EXPRESSION_SYNTAX, span,
		                  "'%s' is an event: ask did(\"%s\")", event, event);
	else if (strcmp(name, "lead") == 0)
		nt_diags_error_as(p->scope->diags, NT_CODE_EXPRESSION_SYNTAX,
		                  span, "a lead's fields stand alone: write '%s'", member);
	else
		nt_diags_error(p->scope->diags, span, "unknown name '%s': only 'event.' and 'entry.' have properties",
		               event);
	return p->poison;
}

static bool entry_has(const struct nt_scope *scope, const char *name)
{
	for (unsigned i = 0; scope->has_run && i < scope->n_entry_events; i++)
		if (property_of(scope->program, scope->entry_events[i], name) != NULL)
			return true;
	return false;
}

static struct nt_expr *member(struct nt_expr_parser *p, const char *name, struct nt_span span)
{
	const struct nt_scope *scope = p->scope;
	const char *text;

	nt_expr_next(p);
	if (p->token.length == 0 || !(g_ascii_isalpha(p->text[p->token.start]) || p->text[p->token.start] == '_')) {
		if (p->token.kind != NT_TOKEN_BAD)
			nt_diags_error_as(scope->diags, NT_CODE_EXPRESSION_SYNTAX, span,
			                  "a property's name is missing behind '%s.'", name);
		return NULL;
	}
	text = nt_expr_token_text(p);
	span = nt_expr_join(span, nt_expr_token_span(p));
	nt_expr_next(p);
	if (strcmp(name, "event") == 0) {
		if (scope->n_events > 0)
			return property(p, NT_OP_EVENT_PROPERTY, scope->events, scope->n_events, true, text, span);
		nt_diags_error_as(scope->diags, NT_CODE_DOES_NOT_FIT, span,
		                  "there is no event at hand here: 'event.%s' has no meaning%s", text,
		               entry_has(scope, text) ?
		               nt_arena_printf(scope->arena, " (of the event that began the run: entry.%s)", text) :
		               "");
		return p->poison;
	}
	if (strcmp(name, "entry") != 0)
		return dotted(p, name, text, span);
	if (scope->has_run && scope->n_entry_events > 0)
		return property(p, NT_OP_ENTRY_PROPERTY, scope->entry_events, scope->n_entry_events, false, text, span);
	nt_diags_error_as(scope->diags, NT_CODE_DOES_NOT_FIT, span, scope->has_run ?
	               "no event begins this campaign: 'entry.%s' has no meaning" :
	               "'entry.%s' has a meaning only inside a campaign", text);
	return p->poison;
}

struct nt_expr *nt_expr_named(struct nt_expr_parser *p)
{
	const char *name = nt_expr_token_text(p);
	struct nt_span span = nt_expr_token_span(p);

	nt_expr_next(p);
	if (p->token.kind == NT_TOKEN_OPEN)
		return nt_expr_call(p, name, span);
	if (p->token.kind == NT_TOKEN_DOT)
		return member(p, name, span);
	return lone_name(p, name, span);
}
