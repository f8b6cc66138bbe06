/* A value holds until the instant that was given with it: every condition of random rules of the whole language, on a
 * lead that lives under them, asked again at every minute of the day that follows, and a millisecond before and at the
 * bound itself. Zones change their clocks in between.
 *
 * A seed is printed when something differs; NT_UNTIL_SEED, NT_UNTIL_RUNS and NT_UNTIL_DAYS choose others. */
#include "unit.h"

#include "base/arena.h"
#include "base/civil.h"
#include "engine/codec.h"
#include "engine/eval.h"
#include "engine/step.h"
#include "random_language.h"

#include <stdio.h>
#include <stdlib.h>

static uint64_t seed;
static unsigned lived;
static unsigned long asked, bounded;

static unsigned long number(const char *name, unsigned long otherwise)
{
	const char *text = g_getenv(name);

	return text != NULL ? strtoul(text, NULL, 10) : otherwise;
}

/* ---- a life ---- */

static struct nt_lead *through_bytes(struct nt_lead *lead)
{
	struct nt_arena *arena = nt_arena_new();
	GString *bytes = g_string_new(NULL);
	const char *why = "";
	struct nt_lead *copy;

	nt_lead_encode(lead, bytes);
	copy = nt_lead_decode(arena, lead->program, "ann", bytes->str, bytes->len, &why);
	assert_non_null(copy);
	nt_arena_free(lead->arena);
	g_string_free(bytes, TRUE);
	return copy;
}

static void step(struct nt_lead *lead, struct nt_input input, nt_time now)
{
	struct nt_effects effects;

	input.now = input.clock = now;
	nt_effects_init(&effects);
	nt_step(lead, &input, &effects);
	for (const struct nt_effect *e = effects.first; e != NULL; e = e->next) {
		static const enum nt_outcome outcomes[] = { NT_OUTCOME_SENT, NT_OUTCOME_SENT, NT_OUTCOME_OPENED,
			                                    NT_OUTCOME_CLICKED, NT_OUTCOME_REPLIED };
		struct nt_input outcome = { .kind = NT_INPUT_OUTCOME, .now = now, .clock = now };
		struct nt_effects more;

		if (e->kind != NT_EFFECT_MESSAGE || e->message->rep != NULL)
			continue;
		outcome.outcome.message = e->message->id;
		outcome.outcome.channel = nt_message_channel(e->message);
		outcome.outcome.template_name = e->message->template_name;
		outcome.outcome.campaign = e->message->campaign;
		outcome.outcome.key = e->message->key;
		outcome.outcome.outcome = PICK(&seed, outcomes);
		nt_effects_init(&more);
		nt_step(lead, &outcome, &more);
	}
}

static void field(struct nt_lead *lead, const char *name, struct nt_value value, nt_time now)
{
	struct nt_field_change change = { .name = name, .value = value };

	change.field = nt_program_field(lead->program, name);
	step(lead, (struct nt_input){ .kind = NT_INPUT_FIELDS, .fields = { .changes = &change, .n = 1 } }, now);
}

static void some_event(struct nt_lead *lead, nt_time now)
{
	static const char *const names[] = { "a.b", "a.b", "c.d", "c.d", "x.y" };
	static const char *const pages[] = { "home", "away", "prices" };
	struct nt_property_value properties[] = {
		{ "amount", NT_NUMBER_VALUE(nt_number_from_int(chance(&seed) % 14)) },
		{ "page", NT_TEXT_VALUE(PICK(&seed, pages)) },
		{ "order_id", NT_TEXT_VALUE("X") },
	};
	struct nt_event event = { .name = PICK(&seed, names), .at = now, .properties = properties };

	if (once_in(&seed, 4))
		event.at -= chance(&seed) % (10 * NT_DAY);
	event.type = nt_program_event(lead->program, event.name);
	event.n_properties = event.name[0] == 'x' ? 0 : G_N_ELEMENTS(properties);
	step(lead, (struct nt_input){ .kind = NT_INPUT_EVENT, .event = event }, now);
}

static void some_field(struct nt_lead *lead, nt_time now)
{
	static const char *const zones[] = { "America/New_York", "Europe/Berlin", "Australia/Lord_Howe",
		                             "America/Santiago", "Pacific/Auckland", "Africa/Casablanca" };
	int64_t days = now / NT_DAY - 5 + chance(&seed) % 30;

	switch (chance(&seed) % 6) {
	case 0:
		field(lead, "seats", NT_NUMBER_VALUE(nt_number_from_int(chance(&seed) % 8)), now);
		return;
	case 1:
		field(lead, "ends", (struct nt_value){ .type = NT_TYPE_DATE, .date = days }, now);
		return;
	case 2:
		field(lead, "starts", NT_TIME_VALUE(now + (nt_time)(chance(&seed) % (20 * NT_DAY)) - 10 * NT_DAY), now);
		return;
	case 3:
		field(lead, "delay", (struct nt_value){ .type = NT_TYPE_DURATION, .duration = { .days = 3 } }, now);
		return;
	case 4:
		field(lead, "plan", NT_TEXT_VALUE("pro-x"), now);
		return;
	default:
		field(lead, "time_zone", NT_TEXT_VALUE(PICK(&seed, zones)), now);
		return;
	}
}

/* ---- the property ---- */

static void differs(const struct nt_lead *lead, const struct nt_expr *e, nt_time now, nt_time until, nt_time t,
                    const char *what)
{
	const char *name = nt_zone_name(lead->zone);

	fail_msg("seed %u, %s: %.*s in %s, asked at %lld, until %lld, at %lld", lived, what, (int)e->span.length,
	         e->span.source->text + e->span.start, name, (long long)now, (long long)until, (long long)t);
}

static void holds_at(const struct nt_lead *lead, const struct nt_run *run, const struct nt_expr *e, nt_time now,
                     bool value, nt_time until, nt_time t)
{
	struct nt_eval_context context = { .lead = lead, .now = t, .run = run };
	nt_time later = NT_NEVER;

	asked++;
	if (nt_holds(e, &context, &later) != value)
		differs(lead, e, now, until, t, "overshoots");
	if (later <= t)
		differs(lead, e, now, until, t, "ends before it begins");
}

static void check(const struct nt_lead *lead, const struct nt_run *run, const struct nt_expr *e)
{
	static unsigned long days;
	nt_time now = lead->last, until = NT_NEVER, end;
	struct nt_eval_context context = { .lead = lead, .now = now, .run = run };
	bool value;

	if (e == NULL)
		return;
	if (days == 0)
		days = number("NT_UNTIL_DAYS", 1);
	value = nt_holds(e, &context, &until);
	if (until <= now)
		differs(lead, e, now, until, now, "ends before it begins");
	bounded += until != NT_NEVER;
	end = nt_time_earlier(until, now + 60 * NT_DAY);
	for (nt_time t = now + NT_MINUTE; t < end && t < now + (nt_time)days * NT_DAY; t += NT_MINUTE)
		holds_at(lead, run, e, now, value, until, t);
	for (nt_time t = end - NT_MINUTE; t > now && t > end - 40 * NT_MINUTE; t -= NT_MINUTE)
		holds_at(lead, run, e, now, value, until, t);
	for (unsigned i = 0; i < 30; i++)
		holds_at(lead, run, e, now, value, until, now + (nt_time)(chance(&seed) % (uint64_t)(end - now)));
	holds_at(lead, run, e, now, value, until, end - 1);
}

static void check_some(const struct nt_lead *lead)
{
	const struct nt_program *program = lead->program;

	for (unsigned n = 0; n < 6; n++)
		check(lead, NULL, program->watchers[chance(&seed) % program->n_watchers].condition);
	check(lead, NULL, program->segments[chance(&seed) % program->n_segments].condition);
	check(lead, NULL, program->fit[chance(&seed) % program->n_fit].condition);
	for (unsigned n = 0; n < 12; n++) {
		const struct nt_campaign *campaign = &program->campaigns[chance(&seed) % program->n_campaigns];
		const struct nt_step *at = &campaign->steps[chance(&seed) % campaign->n_steps];
		const struct nt_run *run = nt_lead_run(lead, (int)(campaign - program->campaigns), NULL);

		check(lead, run, campaign->pause);
		check(lead, run, at->condition);
		if (at->kind == NT_STEP_IF || at->kind == NT_STEP_WAIT_CONDITION)
			check(lead, run, at->expr);
		for (unsigned i = 0; at->kind == NT_STEP_CHOOSE && i < at->n_arms; i++)
			check(lead, run, at->arms[i].condition);
		for (unsigned i = 0; i < campaign->n_exits; i++)
			if (campaign->exits[i].event < 0)
				check(lead, run, campaign->exits[i].condition);
	}
}

static void one_life(void)
{
	static const char *const begins[] = { "2026-02-20 10:00", "2026-03-20 10:00", "2026-09-01 10:00",
		                              "2026-10-20 10:00" };
	char *rules = random_language(&seed, false);
	struct nt_program *program = language_program(rules, 0, true);
	struct nt_lead *lead = nt_lead_new(nt_arena_new(), program, "ann");
	nt_time now = at("UTC", PICK(&seed, begins));

	field(lead, "email", NT_TEXT_VALUE("ann@example.org"), now);
	field(lead, "phone", NT_TEXT_VALUE("+15550101"), now);
	for (unsigned i = 0; i < 40; i++) {
		now += 1 + (nt_time)(chance(&seed) % (uint64_t)NT_DAY);
		if (once_in(&seed, 3))
			some_field(lead, now);
		else
			some_event(lead, now);
		lead = through_bytes(lead);
		if (i % 8 == 7)
			check_some(lead);
	}
	nt_arena_free(lead->arena);
	nt_program_unref(program);
	g_free(rules);
}

static void no_value_outlives_its_bound(void **state)
{
	unsigned first = (unsigned)number("NT_UNTIL_SEED", 1), runs = (unsigned)number("NT_UNTIL_RUNS", 60);

	(void)state;
	for (lived = first; lived < first + runs; lived++) {
		seed = lived * 0x9E3779B97F4A7C15u + 7;
		one_life();
	}
	print_message("%u lives from seed %u: %lu answers with a bound, asked again %lu times\n", runs, first, bounded,
	              asked);
}

static int forget_zones(void **state)
{
	(void)state;
	zones_free();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(no_value_outlives_its_bound) };

	return cmocka_run_group_tests(tests, NULL, forget_zones);
}
