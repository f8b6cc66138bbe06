/* A small rule set made by hand, for tests of expressions: names to parse against, slots to evaluate on. */
#ifndef NT_TEST_EXPR_WORLD_H
#define NT_TEST_EXPR_WORLD_H

#include "base/arena.h"
#include "rules/expr_parse.h"
#include "rules/program.h"
#include "rules/yaml.h"

#include <stdio.h>
#include <string.h>

#define WORLD_STATE 64

enum { F_COMPANY_SIZE = NT_BUILTIN_FIELDS, F_TRIAL_ENDS, F_VIP, F_DELAY, F_SIGNED_AT, F_INTERESTS, F_PLAN, N_FIELDS };
enum { E_A_B, E_ORDER_PLACED, E_PRICING_VIEWED, E_APP_LOGIN, E_CART_FILLED, N_EVENTS };
enum { S_ENTERPRISE, S_DORMANT, S_BIG_AND_DORMANT, N_SEGMENTS };
enum { C_TRIAL_NURTURE, C_WELCOME_SERIES, N_CAMPAIGNS };
enum { CH_EMAIL, CH_SMS, N_CHANNELS };

struct world {
	struct nt_arena *arena;
	struct nt_program program;
	struct nt_field fields[N_FIELDS];
	struct nt_event_type events[N_EVENTS];
	struct nt_segment segments[N_SEGMENTS];
	struct nt_campaign campaigns[N_CAMPAIGNS];
	struct nt_channel_policy channels[N_CHANNELS];
	struct nt_level levels[3];
	struct nt_ring rings[WORLD_STATE];
	struct nt_property_stat stats[WORLD_STATE];
	struct nt_scope scope;
	struct nt_diags *diags;
	GString *out; /* what the last parse printed */
	int segments_used;
};

static const char *const world_countries[] = { "US", "CA", "DE", "AT", "CH", NULL };
static const char *const world_plans[] = { "free", "pro", NULL };
static const struct nt_property order_properties[] = {
	{ "order_id", NT_TYPE_TEXT, NULL }, { "amount", NT_TYPE_NUMBER, NULL }, { "plan", NT_TYPE_TEXT, world_plans },
	{ "due", NT_TYPE_DATE, NULL },
};
static const struct nt_property cart_properties[] = { { "amount", NT_TYPE_NUMBER, NULL },
                                                      { "due", NT_TYPE_TEXT, NULL } };
static const struct nt_property page_property[] = { { "page", NT_TYPE_TEXT, NULL } };

static inline int world_ring(struct nt_scope *scope, int event, const char *property, struct nt_duration duration,
                             unsigned capacity)
{
	struct world *w = scope->user;
	GString *identity = g_string_new(w->events[event].name);
	int slot = -1;

	g_string_append_printf(identity, " %s %d %d %ld %u", property == NULL ? "" : property, duration.months,
	                       duration.days,
	                       (long)duration.ms, capacity);
	for (unsigned i = 0; i < w->program.n_rings; i++)
		if (strcmp(w->rings[i].identity, identity->str) == 0)
			slot = (int)i;
	if (slot < 0 && w->program.n_rings < WORLD_STATE) {
		slot = (int)w->program.n_rings++;
		w->rings[slot] = (struct nt_ring){ .identity = nt_arena_strdup(w->arena, identity->str), .event = event,
			                           .property = property, .duration = duration, .capacity = capacity };
	}
	g_string_free(identity, TRUE);
	return slot < 0 ? WORLD_STATE - 1 : slot;
}

static int world_stat(struct nt_scope *scope, int event, const char *property)
{
	struct world *w = scope->user;

	for (unsigned i = 0; i < w->program.n_stats; i++)
		if (w->stats[i].event == event && strcmp(w->stats[i].property, property) == 0)
			return (int)i;
	if (w->program.n_stats == WORLD_STATE)
		return WORLD_STATE - 1;
	w->stats[w->program.n_stats] = (struct nt_property_stat){ "stat", event, property };
	return (int)w->program.n_stats++;
}

static bool world_template(struct nt_scope *scope, const char *name, const char **nearest)
{
	static const char *const names[] = { "welcome", "case-study", NULL };

	(void)scope;
	*nearest = nt_nearest(name, names);
	return strcmp(name, "welcome") == 0 || strcmp(name, "case-study") == 0;
}

static void world_uses_segment(struct nt_scope *scope, int segment, struct nt_span span)
{
	struct world *w = scope->user;

	(void)span;
	w->segments_used |= 1 << segment;
}

static void world_names(struct world *w)
{
	static const struct nt_field fields[N_FIELDS] = {
		[NT_FIELD_ID] = { "id", NT_TYPE_TEXT, true, NULL },
		[NT_FIELD_EMAIL] = { "email", NT_TYPE_EMAIL, true, NULL },
		[NT_FIELD_PHONE] = { "phone", NT_TYPE_PHONE, true, NULL },
		[NT_FIELD_FAX] = { "fax", NT_TYPE_PHONE, true, NULL },
		[NT_FIELD_FIRST_NAME] = { "first_name", NT_TYPE_TEXT, true, NULL },
		[NT_FIELD_LAST_NAME] = { "last_name", NT_TYPE_TEXT, true, NULL },
		[NT_FIELD_COMPANY] = { "company", NT_TYPE_TEXT, true, NULL },
		[NT_FIELD_COUNTRY] = { "country", NT_TYPE_TEXT, true, world_countries },
		[NT_FIELD_REGION] = { "region", NT_TYPE_TEXT, true, NULL },
		[NT_FIELD_CITY] = { "city", NT_TYPE_TEXT, true, NULL },
		[NT_FIELD_POSTAL_CODE] = { "postal_code", NT_TYPE_TEXT, true, NULL },
		[NT_FIELD_POSTAL_ADDRESS] = { "postal_address", NT_TYPE_TEXT, true, NULL },
		[NT_FIELD_INCOME_BAND] = { "income_band", NT_TYPE_TEXT, true, NULL },
		[NT_FIELD_TIME_ZONE] = { "time_zone", NT_TYPE_TEXT, true, NULL },
		[NT_FIELD_LOCALE] = { "locale", NT_TYPE_TEXT, true, NULL },
		[NT_FIELD_CREATED_AT] = { "created_at", NT_TYPE_TIME, true, NULL },
		[F_COMPANY_SIZE] = { "company_size", NT_TYPE_NUMBER, false, NULL },
		[F_TRIAL_ENDS] = { "trial_ends", NT_TYPE_DATE, false, NULL },
		[F_VIP] = { "vip", NT_TYPE_YES_NO, false, NULL },
		[F_DELAY] = { "delay", NT_TYPE_DURATION, false, NULL },
		[F_SIGNED_AT] = { "signed_at", NT_TYPE_TIME, false, NULL },
		[F_INTERESTS] = { "interests", NT_TYPE_LIST, false, NULL },
		[F_PLAN] = { "plan", NT_TYPE_TEXT, false, world_plans },
	};
	static const struct nt_event_type events[N_EVENTS] = {
		[E_A_B] = { "a.b", false, NULL, 0 },
		[E_ORDER_PLACED] = { "order.placed", false, order_properties, G_N_ELEMENTS(order_properties) },
		[E_PRICING_VIEWED] = { "pricing.viewed", false, page_property, 1 },
		[E_APP_LOGIN] = { "app.login", false, NULL, 0 },
		[E_CART_FILLED] = { "cart.filled", false, cart_properties, G_N_ELEMENTS(cart_properties) },
	};

	memcpy(w->fields, fields, sizeof fields);
	memcpy(w->events, events, sizeof events);
	w->segments[S_ENTERPRISE].name = "enterprise";
	w->segments[S_DORMANT].name = "dormant";
	w->segments[S_BIG_AND_DORMANT].name = "big-and-dormant";
	w->campaigns[C_TRIAL_NURTURE].name = "trial-nurture";
	w->campaigns[C_WELCOME_SERIES].name = "welcome-series";
	w->channels[CH_EMAIL] = (struct nt_channel_policy){ .name = "email", .address_field = NT_FIELD_EMAIL };
	w->channels[CH_SMS] = (struct nt_channel_policy){ .name = "sms", .address_field = NT_FIELD_PHONE,
	                                                  .opt_in = true };
	w->levels[0] = (struct nt_level){ .name = "cold", .from = 0 };
	w->levels[1] = (struct nt_level){ .name = "warm", .from = 40 };
	w->levels[2] = (struct nt_level){ .name = "hot", .from = 80 };
}

static inline struct world *world_new(void)
{
	struct world *w = g_new0(struct world, 1);

	w->arena = nt_arena_new();
	w->out = g_string_new(NULL);
	w->diags = nt_diags_new();
	world_names(w);
	w->program = (struct nt_program){
		.fields = w->fields, .n_fields = N_FIELDS, .events = w->events, .n_events = N_EVENTS,
		.segments = w->segments, .n_segments = N_SEGMENTS, .campaigns = w->campaigns,
		.n_campaigns = N_CAMPAIGNS,
		.channels = w->channels, .n_channels = N_CHANNELS, .levels = w->levels, .n_levels = 3,
		.rings = w->rings, .stats = w->stats, .half_life = 14 * NT_DAY,
	};
	w->scope = (struct nt_scope){ .arena = w->arena, .program = &w->program, .ring = world_ring, .stat = world_stat,
		                      .template_exists = world_template, .uses_segment = world_uses_segment,
		                      .user = w };
	return w;
}

static inline void world_free(struct world *w)
{
	nt_diags_free(w->diags);
	g_string_free(w->out, TRUE);
	nt_arena_free(w->arena);
	g_free(w);
}

/* Parses a scalar as YAML gives it: `written` is what stands in the file behind "when: ", `text` its value. */
static inline const struct nt_expr *world_parse_scalar(struct world *w, const char *written, const char *text,
                                                       bool quoted, enum nt_type want, bool any)
{
	const struct nt_expr *e;
	struct nt_yaml scalar = { .type = NT_YAML_SCALAR, .text = text, .length = strlen(text), .quoted = quoted };
	char *line = g_strconcat("when: ", written, "\n", NULL);
	/* Expressions point into their source: it lives as long as they do. */
	struct nt_source *source = nt_arena_new0(w->arena, struct nt_source);

	source->path = "x.yaml";
	source->text = nt_arena_strdup(w->arena, line);
	source->length = strlen(line);
	nt_diags_free(w->diags);
	w->diags = nt_diags_new();
	w->scope.diags = w->diags;
	scalar.span = nt_span_of(source, 6, strlen(written));
	e = nt_expr_parse(&w->scope, &scalar, 0, want, any);
	g_string_truncate(w->out, 0);
	nt_diags_print(w->diags, w->out);
	g_free(line);
	return e;
}

static inline const struct nt_expr *world_parse(struct world *w, const char *text)
{
	return world_parse_scalar(w, text, text, false, NT_TYPE_NONE, true);
}

static inline const struct nt_expr *world_condition(struct world *w, const char *text)
{
	return world_parse_scalar(w, text, text, false, NT_TYPE_NONE, false);
}

#endif
