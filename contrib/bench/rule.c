/* How often a second the segment ten-conditions of the bench's rules is evaluated for a lead that meets all ten:
 * rule CONFIG RULES SECONDS. */
#include "base/arena.h"
#include "base/diag.h"
#include "engine/eval.h"
#include "engine/step.h"
#include "main/ruleset.h"
#include "rules/program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const struct {
	const char *name, *text;
	int64_t number;
} fields[] = {
	{ "country", "US", 0 },  { "company_size", NULL, 300 }, { "plan", "team", 0 },         { "city", "Burlington", 0 },
	{ "region", "VT", 0 },   { "locale", "en-US", 0 },      { "income_band", "c", 0 },     { "postal_code", "05401", 0 },
	{ "company", "Mill Bakery", 0 },
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static struct nt_lead *person(struct nt_arena *arena, struct nt_program *program, nt_time at)
{
	struct nt_lead *lead = nt_lead_new(arena, program, "ann");
	struct nt_field_change changes[G_N_ELEMENTS(fields)];
	struct nt_input input = { .kind = NT_INPUT_FIELDS, .now = at, .clock = at };
	struct nt_effects effects;

	for (unsigned i = 0; i < G_N_ELEMENTS(fields); i++)
		changes[i] = (struct nt_field_change){
			.name = fields[i].name, .field = nt_program_field(program, fields[i].name),
			.value = fields[i].text != NULL ? NT_TEXT_VALUE(fields[i].text) : NT_NUMBER_VALUE(fields[i].number * NT_NUMBER_ONE),
		};
	lead->suppressed = nt_arena_array(arena, bool, program->n_channels);
	lead->suppressed_hard = nt_arena_array(arena, bool, program->n_channels);
	input.fields.n = G_N_ELEMENTS(fields);
	input.fields.changes = changes;
	nt_effects_init(&effects);
	nt_step(lead, &input, &effects);
	return lead;
}

static int measure(struct nt_program *program, double seconds)
{
	const nt_time at = 1772000000000;
	struct nt_arena *arena = nt_arena_new();
	struct nt_eval_context context = { .lead = person(arena, program, at), .now = at };
	const struct nt_expr *condition = program->segments[nt_program_segment(program, "ten-conditions")].condition;
	unsigned long long n = 0, met = 0;
	double start = now(), end = start;

	while (end - start < seconds) {
		for (int i = 0; i < 10000; i++, n++) {
			nt_time until = NT_NEVER;

			met += nt_holds(condition, &context, &until);
		}
		end = now();
	}
	nt_arena_free(arena);
	if (met != n) {
		fputs("rule: the lead doesn't meet the conditions\n", stderr);
		return 1;
	}
	printf("%.0f\n", (double)n / (end - start));
	return 0;
}

int main(int argc, char **argv)
{
	struct nt_diags *diags = nt_diags_new();
	struct nt_ruleset ruleset;
	struct nt_program *program = NULL;
	char *why = NULL;
	int code = 1;

	if (argc != 4)
		return 2;
	if (nt_ruleset_init(&ruleset, argv[1], NULL, &why)) {
		program = nt_ruleset_load(&ruleset, argv[2], diags, &why);
		if (program != NULL)
			code = measure(program, atof(argv[3]));
		else
			fprintf(stderr, "rule: %s\n", why != NULL ? why : "the rules have errors");
		nt_program_unref(program);
		nt_ruleset_clear(&ruleset);
	}
	g_free(why);
	nt_diags_free(diags);
	return code;
}
