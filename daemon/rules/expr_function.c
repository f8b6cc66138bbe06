#define NT_DIAG_CODE NT_CODE_EXPRESSION_SYNTAX

#include "rules/expr_function.h"

#include "base/arena.h"
#include "rules/expr_build.h"

#include <string.h>

#define RING_DEFAULT 256
#define RING_LARGEST 1001 /* a literal k up to 1000 is counted exactly */

#define EVENT NT_ARGUMENT_EVENT
#define DURATION NT_ARGUMENT_DURATION
#define TEMPLATE NT_ARGUMENT_TEMPLATE

static const struct nt_expr_function functions[] = {
	{ "did", NT_OP_DID, NT_TYPE_YES_NO, { EVENT, DURATION }, 1, "did(event) or did(event, duration)",
	  "true if it happened (ever; within the last …)" },
	{ "count", NT_OP_COUNT, NT_TYPE_NUMBER, { EVENT, DURATION }, 1, "count(event) or count(event, duration)",
	  "how often" },
	{ "first", NT_OP_FIRST, NT_TYPE_TIME, { EVENT }, 1, "first(event)", "when it first happened (none if never)" },
	{ "last", NT_OP_LAST, NT_TYPE_TIME, { EVENT }, 1, "last(event)", "when it last happened (none if never)" },
	{ "total", NT_OP_TOTAL, NT_TYPE_NUMBER, { EVENT, NT_ARGUMENT_NUMERIC, DURATION }, 2,
	  "total(event, property) or total(event, property, duration)", "sum of a numeric property" },
	{ "last_value", NT_OP_LAST_VALUE, NT_TYPE_NONE, { EVENT, NT_ARGUMENT_PROPERTY }, 2,
	  "last_value(event, property)",
	  "that property of the latest such event" },
	{ "since", NT_OP_SINCE, NT_TYPE_DURATION, { NT_ARGUMENT_TIME }, 1, "since(time)", "elapsed duration" },
	{ "until", NT_OP_UNTIL, NT_TYPE_DURATION, { NT_ARGUMENT_TIME }, 1, "until(time)", "remaining duration" },
	{ "day_of", NT_OP_DAY_OF, NT_TYPE_TIME, { NT_ARGUMENT_TIME }, 1, "day_of(time)", "its local midnight" },
	{ "received", NT_OP_RECEIVED, NT_TYPE_YES_NO, { TEMPLATE, DURATION }, 1,
	  "received(template) or received(template, duration)", "true if that message went to the lead" },
	{ "opened", NT_OP_OPENED, NT_TYPE_YES_NO, { TEMPLATE, DURATION }, 1,
	  "opened(template) or opened(template, duration)", "true if the lead opened it; mail scanners don't count" },
	{ "clicked", NT_OP_CLICKED, NT_TYPE_YES_NO, { TEMPLATE, DURATION }, 1,
	  "clicked(template) or clicked(template, duration)",
	  "true if the lead clicked in it; mail scanners don't count" },
	{ "replied", NT_OP_REPLIED, NT_TYPE_YES_NO, { TEMPLATE, DURATION }, 1,
	  "replied(template) or replied(template, duration)", "true if the lead replied to it" },
	{ "messaged", NT_OP_MESSAGED, NT_TYPE_YES_NO, { DURATION }, 1, "messaged(duration)",
	  "whether any marketing message went to the lead in that time" },
	{ "reachable", NT_OP_REACHABLE, NT_TYPE_YES_NO, { NT_ARGUMENT_CHANNEL }, 1, "reachable(channel)",
	  "has an address there, consent, and no suppression" },
	{ "in_segment", NT_OP_IN_SEGMENT, NT_TYPE_YES_NO, { NT_ARGUMENT_SEGMENT }, 1, "in_segment(name)",
	  "true while that segment's condition holds" },
	{ "in_campaign", NT_OP_IN_CAMPAIGN, NT_TYPE_YES_NO, { NT_ARGUMENT_CAMPAIGN }, 1, "in_campaign(name)",
	  "true while the lead is in that campaign" },
	{ "finished", NT_OP_FINISHED, NT_TYPE_YES_NO, { NT_ARGUMENT_CAMPAIGN }, 1, "finished(name)",
	  "true if the lead went through that campaign to its end" },
	{ "reached_goal", NT_OP_REACHED_GOAL, NT_TYPE_YES_NO, { NT_ARGUMENT_CAMPAIGN }, 1, "reached_goal(name)",
	  "true if the lead reached that campaign's goal" },
	{ "lower", NT_OP_LOWER, NT_TYPE_TEXT, { NT_ARGUMENT_TEXT }, 1, "lower(x)",
	  "the text in small letters (Unicode)" },
	{ "domain", NT_OP_DOMAIN, NT_TYPE_TEXT, { NT_ARGUMENT_TEXT }, 1, "domain(email)",
	  "what stands behind the @, in small letters" },
	{ "length", NT_OP_LENGTH, NT_TYPE_NUMBER, { NT_ARGUMENT_TEXT_OR_LIST }, 1, "length(x)",
	  "characters of a text, entries of a list" },
};

#undef EVENT
#undef DURATION
#undef TEMPLATE

/* A call as it is being read. */
struct call {
	const struct nt_expr_function *function;
	struct nt_expr *e;
	bool poisoned;
};

const struct nt_expr_function *nt_expr_functions(unsigned *n)
{
	*n = G_N_ELEMENTS(functions);
	return functions;
}

static const char *const argument_names[] = {
	[NT_ARGUMENT_EVENT] = "an event", [NT_ARGUMENT_PROPERTY] = "a property", [NT_ARGUMENT_NUMERIC] = "a property",
	[NT_ARGUMENT_TEMPLATE] = "a template", [NT_ARGUMENT_CHANNEL] = "a channel", [NT_ARGUMENT_SEGMENT] = "a segment",
	[NT_ARGUMENT_CAMPAIGN] = "a campaign", [NT_ARGUMENT_DURATION] = "a duration", [NT_ARGUMENT_TIME] = "a time",
	[NT_ARGUMENT_TEXT] = "text", [NT_ARGUMENT_TEXT_OR_LIST] = "text or a list",
};

/* ---- arguments that are names ---- */

static void unknown(struct nt_expr_parser *p, struct call *call, const char *what, const char *name,
                    const char *nearest)
{
	nt_diags_error_as(p->scope->diags, NT_CODE_UNKNOWN_NAME, nt_expr_token_span(p),
	                  "unknown %s '%s'%s", what, name,
	               nt_expr_did_you_mean(p, nearest));
	call->poisoned = true;
}

static void slot_of(struct nt_expr_parser *p, struct call *call, const char *what, const char *name, const void *array,
                    unsigned n, size_t stride)
{
	call->e->slot = nt_expr_find(array, n, stride, name);
	if (call->e->slot < 0)
		unknown(p, call, what, name, nt_expr_nearest(array, n, stride, name));
}

static void property_of(struct nt_expr_parser *p, struct call *call, const char *name, bool numeric)
{
	const struct nt_event_type *event;
	int i;

	if (call->poisoned)
		return; /* the event itself is unknown */
	event = &p->scope->program->events[call->e->slot];
	i = nt_expr_find(event->properties, event->n_properties, sizeof(struct nt_property), name);
	if (i < 0) {
		nt_diags_error_as(p->scope->diags, NT_CODE_UNKNOWN_NAME, nt_expr_token_span(p),
		                  "event '%s' declares no property '%s'%s",
		               event->name, name,
		               nt_expr_property_instead(p, event, name));
		call->poisoned = true;
		return;
	}
	call->e->name = event->properties[i].name;
	if (!numeric) {
		call->e->type = nt_expr_kind(event->properties[i].type);
	} else if (event->properties[i].type != NT_TYPE_NUMBER) {
		nt_diags_error_as(p->scope->diags, NT_CODE_EXPRESSION_TYPE, nt_expr_token_span(p),
		                  "total() adds numbers, but '%s' is %s", name,
		               nt_expr_kind_name(nt_expr_kind(event->properties[i].type)));
		call->poisoned = true;
	}
}

static void template_of(struct nt_expr_parser *p, struct call *call, const char *name)
{
	const char *nearest = NULL;

	call->e->name = name;
	if (p->scope->template_exists != NULL && !p->scope->template_exists(p->scope, name, &nearest))
		unknown(p, call, "template", name, nearest);
}

static void name_argument(struct nt_expr_parser *p, struct call *call, enum nt_expr_argument kind, const char *name)
{
	const struct nt_program *program = p->scope->program;

	switch (kind) {
	case NT_ARGUMENT_EVENT:
		slot_of(p, call, "event", name, program->events, program->n_events, sizeof(struct nt_event_type));
		break;
	case NT_ARGUMENT_PROPERTY:
	case NT_ARGUMENT_NUMERIC:
		property_of(p, call, name, kind == NT_ARGUMENT_NUMERIC);
		break;
	case NT_ARGUMENT_TEMPLATE:
		template_of(p, call, name);
		break;
	case NT_ARGUMENT_CHANNEL:
		slot_of(p, call, "channel", name, program->channels, program->n_channels,
		        sizeof(struct nt_channel_policy));
		call->poisoned = !nt_expr_way_to_leads(p, name, nt_expr_token_span(p)) || call->poisoned;
		break;
	case NT_ARGUMENT_CAMPAIGN:
		slot_of(p, call, "campaign", name, program->campaigns, program->n_campaigns,
		        sizeof(struct nt_campaign));
		break;
	case NT_ARGUMENT_SEGMENT:
		slot_of(p, call, "segment", name, program->segments, program->n_segments, sizeof(struct nt_segment));
		if (!call->poisoned && p->scope->uses_segment != NULL)
			p->scope->uses_segment(p->scope, call->e->slot, nt_expr_token_span(p));
		break;
	default:
		break;
	}
}

/* pricing.viewed or open-ticket without quotes: shown with them. */
static void wants_quotes(struct nt_expr_parser *p, enum nt_expr_argument kind)
{
	size_t start = p->token.start, end = start;

	while (g_ascii_isalnum(p->text[end]) || strchr("_.-", p->text[end]) != NULL) {
		if (p->text[end] == '\0')
			break;
		end++;
	}
	nt_diags_error(p->scope->diags, nt_expr_place(p, start, end), "put %s's name in quotes: \"%.*s\"",
	               argument_names[kind], (int)MIN(end - start, (size_t)100), p->text + start);
}

static bool read_name(struct nt_expr_parser *p, struct call *call, enum nt_expr_argument kind)
{
	if (p->token.kind == NT_TOKEN_TEXT) {
		name_argument(p, call, kind, nt_expr_token_text(p));
		nt_expr_next(p);
		return true;
	}
	if (p->token.kind == NT_TOKEN_NAME)
		wants_quotes(p, kind);
	else if (p->token.kind != NT_TOKEN_BAD)
		nt_diags_error(p->scope->diags, nt_expr_token_span(p), "%s's name in quotes should stand here: %s",
		               argument_names[kind], call->function->signature);
	return false;
}

/* ---- other arguments ---- */

static bool read_duration(struct nt_expr_parser *p, struct call *call)
{
	if (p->token.kind != NT_TOKEN_DURATION) {
		if (p->token.kind != NT_TOKEN_BAD)
			nt_diags_error(p->scope->diags, nt_expr_token_span(p),
			               "a duration such as 7 days should stand here%s",
			               p->token.kind == NT_TOKEN_NUMBER ? " (write its unit)" : "");
		return false;
	}
	nt_duration_parse(p->text + p->token.start, p->token.length, &call->e->duration, NULL);
	call->e->has_duration = true;
	if (nt_duration_is_zero(call->e->duration)) {
		nt_diags_error(p->scope->diags, nt_expr_token_span(p), "nothing ever lies within no time");
		call->poisoned = true;
	}
	nt_expr_next(p);
	return true;
}

static bool fits(const struct nt_expr *a, enum nt_expr_argument kind)
{
	if (kind == NT_ARGUMENT_TIME)
		return a->type == NT_TYPE_TIME;
	return a->type == NT_TYPE_TEXT || (kind == NT_ARGUMENT_TEXT_OR_LIST && a->type == NT_TYPE_LIST);
}

/* since("app.login") */
static const char *meant_event(struct nt_expr_parser *p, const struct nt_expr *a)
{
	const struct nt_program *program = p->scope->program;

	if (a->op != NT_OP_LITERAL || a->type != NT_TYPE_TEXT ||
	    nt_expr_find(program->events, program->n_events, sizeof(struct nt_event_type), a->literal.text) < 0)
		return "";
	return nt_arena_printf(p->scope->arena, " (when it last happened: last(\"%s\"))", a->literal.text);
}

static bool read_expression(struct nt_expr_parser *p, struct call *call, enum nt_expr_argument kind)
{
	struct nt_expr *a = nt_expr_or(p);

	if (a == NULL)
		return false;
	call->e->a = a;
	if (a == p->poison) {
		call->poisoned = true;
	} else if (!fits(a, kind)) {
		nt_diags_error_as(p->scope->diags, NT_CODE_EXPRESSION_TYPE, a->span,
		                  "%s() wants %s, but %s is %s%s", call->function->name,
		               argument_names[kind], nt_expr_snippet(p, a), nt_expr_kind_name(a->type),
		               kind == NT_ARGUMENT_TIME ? meant_event(p, a) : "");
		call->poisoned = true;
	} else if (call->e->op == NT_OP_DAY_OF && a->op == NT_OP_NOW) {
		call->e->op = NT_OP_TODAY;
		call->e->a = NULL;
	} else if (nt_expr_running(a)) {
		nt_diags_error_as(p->scope->diags, NT_CODE_EXPRESSION_TYPE, a->span,
		                  "%s() wants a time that stands still", call->function->name);
		call->poisoned = true;
	}
	return true;
}

static bool read_argument(struct nt_expr_parser *p, struct call *call, enum nt_expr_argument kind)
{
	if (kind == NT_ARGUMENT_DURATION)
		return read_duration(p, call);
	return kind < NT_ARGUMENT_DURATION ? read_name(p, call, kind) : read_expression(p, call, kind);
}

/* ---- the call ---- */

static bool wrong_arguments(struct nt_expr_parser *p, const struct call *call)
{
	if (p->token.kind != NT_TOKEN_BAD)
		nt_diags_error(p->scope->diags, p->token.kind == NT_TOKEN_END ? call->e->span : nt_expr_token_span(p),
		               "%s: write %s", p->token.kind == NT_TOKEN_END ? "the closing ')' is missing" :
		               p->token.kind == NT_TOKEN_CLOSE ? "an argument is missing" :
		               p->token.kind == NT_TOKEN_COMMA ? "one argument too many" :
		               "',' or ')' should stand here",
		               call->function->signature);
	return false;
}

static bool read_arguments(struct nt_expr_parser *p, struct call *call)
{
	const struct nt_expr_function *f = call->function;

	for (unsigned i = 0; i < G_N_ELEMENTS(f->arguments) && f->arguments[i] != NT_ARGUMENT_NOTHING; i++) {
		if (i > 0) {
			if (p->token.kind == NT_TOKEN_CLOSE && i >= f->required)
				break;
			if (p->token.kind != NT_TOKEN_COMMA)
				return wrong_arguments(p, call);
			nt_expr_next(p);
		}
		if (p->token.kind == NT_TOKEN_CLOSE)
			return wrong_arguments(p, call);
		if (!read_argument(p, call, f->arguments[i]))
			return false;
	}
	return p->token.kind == NT_TOKEN_CLOSE || wrong_arguments(p, call);
}

/* Without a duration, total() and last_value() read a sum or a value kept for their property. */
static void give_state(struct nt_expr_parser *p, struct nt_expr *e)
{
	if ((e->op == NT_OP_COUNT || e->op == NT_OP_TOTAL) && e->has_duration)
		g_ptr_array_add(p->windowed, e);
	else if (e->op == NT_OP_TOTAL || e->op == NT_OP_LAST_VALUE)
		e->slot = p->scope->stat(p->scope, e->slot, e->name);
}

struct nt_expr *nt_expr_call(struct nt_expr_parser *p, const char *name, struct nt_span span)
{
	int i = nt_expr_find(functions, G_N_ELEMENTS(functions), sizeof(functions[0]), name);
	struct call call = { .function = NULL };

	if (i < 0) {
		bool plain = strcmp(name, "now") == 0 || strcmp(name, "today") == 0;

		nt_diags_error_as(p->scope->diags, NT_CODE_UNKNOWN_NAME,
		                  span, plain ? "'%s' takes no parentheses%s" : "unknown function '%s'%s",
		               name,
		               plain ? "" : nt_expr_did_you_mean(p, nt_expr_nearest(functions, G_N_ELEMENTS(functions),
		                                                                    sizeof(functions[0]), name)));
		return NULL;
	}
	call.function = &functions[i];
	call.e = nt_expr_node(p, functions[i].op, functions[i].type, span);
	nt_expr_next(p);
	if (call.e == NULL || !read_arguments(p, &call))
		return NULL;
	call.e->span = nt_expr_join(span, nt_expr_token_span(p));
	nt_expr_next(p);
	if (call.poisoned)
		return p->poison;
	give_state(p, call.e);
	return call.e;
}

/* ---- rings ---- */

static void give_ring(struct nt_expr_parser *p, struct nt_expr *e, unsigned capacity)
{
	e->ring = p->scope->ring(p->scope, e->slot, e->op == NT_OP_TOTAL ? e->name : NULL, e->duration, capacity);
}

void nt_expr_give_rings(struct nt_expr_parser *p)
{
	for (unsigned i = 0; i < p->windowed->len; i++)
		give_ring(p, p->windowed->pdata[i], RING_DEFAULT);
}

void nt_expr_give_ring_for(struct nt_expr_parser *p, const struct nt_expr *function, const struct nt_expr *literal)
{
	int64_t k = literal->literal.number / NT_NUMBER_ONE;
	unsigned i;

	if (function->op != NT_OP_COUNT || !function->has_duration)
		return;
	if (literal->literal.number % NT_NUMBER_ONE != 0 || k < 0 || k >= RING_LARGEST)
		return;
	if (g_ptr_array_find(p->windowed, function, &i)) {
		give_ring(p, p->windowed->pdata[i], (unsigned)k + 1);
		g_ptr_array_remove_index_fast(p->windowed, i);
	}
}
