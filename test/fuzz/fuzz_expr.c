/* Expressions: any text is refused with a place or compiled, and what is compiled has a value that holds until the
 * instant given with it. A first byte of 0-3 chooses how the scalar was quoted.
 * covers: daemon/rules/expr_lex.c daemon/rules/expr_parse.c daemon/rules/expr_type.c daemon/rules/expr_name.c
 * covers: daemon/rules/expr_function.c */
#include "fuzz.h"

#include "../unit/expr_world.h"

#include "base/bug.h"
#include "base/zone.h"
#include "engine/eval.h"
#include "engine/state.h"

#include <string.h>

static const struct nt_zone *utc;

static const struct nt_zone *find(const struct nt_zones *zones, const char *name)
{
	(void)zones;
	(void)name;
	return utc;
}

static struct nt_lead *lead_new(struct world *w)
{
	struct nt_lead *lead = nt_lead_new(w->arena, &w->program, "ann");

	lead->engagement = (struct nt_engagement){ INT64_C(90000000000), 5 * NT_DAY };
	lead->fit = nt_number_from_int(7);
	lead->fields[F_COMPANY_SIZE] = NT_NUMBER_VALUE(nt_number_from_int(60));
	lead->fields[F_SIGNED_AT] = NT_TIME_VALUE(NT_DAY);
	lead->fields[NT_FIELD_CITY] = NT_TEXT_VALUE("Sankt G\xC3\xA4llen");
	for (int i = 0; i < N_EVENTS; i += 2)
		lead->events[i] = (struct nt_event_stat){ 3, NT_DAY, 9 * NT_DAY };
	for (unsigned i = 0; i < w->program.n_rings; i++)
		for (nt_time t = 1; t < 9; t += 2)
			nt_ring_add(w->arena, &lead->rings[i], w->rings[i].capacity, t * NT_DAY, 1,
			            nt_number_from_int(t));
	return lead;
}

static void same(const struct nt_expr *e, const struct nt_eval_context *context, nt_time t, bool value)
{
	struct nt_eval_context later = *context;

	later.now = t;
	if (nt_holds(e, &later, NULL) != value)
		NT_BUG("a value changed before its end");
}

static void evaluate(struct world *w, const struct nt_expr *e)
{
	struct nt_eval_context context = { .lead = lead_new(w), .now = 10 * NT_DAY };
	struct nt_result r = nt_eval(e, &context);

	NT_CHECK(r.until > context.now);
	NT_CHECK(r.value.type == NT_TYPE_NONE || e->type == r.value.type || nt_type_is_text(r.value.type) ||
	         r.value.type == NT_TYPE_DATE);
	if (e->type != NT_TYPE_YES_NO)
		return;
	same(e, &context, nt_time_earlier(r.until, 800 * NT_DAY) - 1, nt_holds(e, &context, NULL));
	same(e, &context, context.now + (nt_time_earlier(r.until, 800 * NT_DAY) - context.now) / 3,
	     nt_holds(e, &context, NULL));
}

static void compile(struct world *w, char *text, unsigned quoting)
{
	static const int events[] = { E_ORDER_PLACED };
	static const char *const quotes[] = { "", "'", "\"", "" };
	char *written = g_strconcat(quotes[quoting], text, quotes[quoting], NULL);
	const struct nt_expr *e;

	w->scope.events = w->scope.entry_events = events;
	w->scope.n_events = w->scope.n_entry_events = 1;
	w->scope.has_run = true;
	w->segments[S_ENTERPRISE].condition = world_condition(w, "company_size >= 50");
	w->segments[S_DORMANT].condition = world_condition(w, "now >= 1970-01-20");
	w->segments[S_BIG_AND_DORMANT].condition =
		world_condition(w, "in_segment('enterprise') and in_segment('dormant')");
	e = world_parse_scalar(w, written, text, quoting == 1 || quoting == 2, NT_TYPE_NONE, quoting != 3);
	NT_CHECK((e == NULL) == (nt_diags_errors(w->diags) > 0));
	if (e != NULL && w->program.n_rings < WORLD_STATE && w->program.n_stats < WORLD_STATE)
		evaluate(w, e);
	g_free(written);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned quoting = size > 0 && data[0] < 4 ? data[0] : 0;
	struct nt_zone *zone = nt_zone_utc();
	struct world *w = world_new();
	struct nt_zones zones = { .find = find, .utc = zone };
	char *text;

	utc = zone;
	w->program.zones = &zones;
	text = g_strndup((const char *)data, size);
	compile(w, text + (size > 0 && data[0] > 0 && data[0] < 4), quoting);
	g_free(text);
	world_free(w);
	nt_zone_free(zone);
	return 0;
}
