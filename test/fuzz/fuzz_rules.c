/* A rule file from anyone: refused with places inside it, or a program whose parts fit together.
 *
 * A line "%%%%" ends one file and begins the next.
 * covers: daemon/rules/yaml.c daemon/rules/yaml_explain.c daemon/rules/keys_read.c daemon/rules/index.c
 * covers: daemon/rules/load.c daemon/rules/load_campaign.c daemon/rules/load_dictionary.c daemon/rules/load_expr.c
 * covers: daemon/rules/load_message.c daemon/rules/load_name.c daemon/rules/load_policy.c daemon/rules/load_sales.c
 * covers: daemon/rules/load_scoring.c daemon/rules/load_steps.c daemon/rules/load_tests.c daemon/rules/load_value.c
 * covers: daemon/rules/load_wait.c daemon/rules/load_branches.c daemon/rules/load_jumps.c daemon/rules/load_enter.c
 * covers: daemon/rules/load_schedule.c daemon/rules/load_renames.c daemon/rules/occasion.c
 * covers: daemon/rules/load_attach.c daemon/rules/load_announce.c daemon/rules/load_expect.c */
#include "fuzz.h"

#include "base/bug.h"
#include "base/diag.h"
#include "rules/load.h"
#include "rules/program.h"

#include <string.h>

#define FILES 8

static const struct nt_zone *find_zone(const struct nt_zones *zones, const char *name)
{
	return strcmp(name, "UTC") == 0 || strcmp(name, "Europe/Berlin") == 0 ? zones->utc : NULL;
}

static const char *const *zone_names(const struct nt_zones *zones)
{
	static const char *const names[] = { "Europe/Berlin", "UTC", NULL };

	(void)zones;
	return names;
}

static void check_steps(const struct nt_program *program, const struct nt_campaign *campaign)
{
	int n = (int)campaign->n_steps;

	NT_CHECK(campaign->first >= -1 && campaign->first < n);
	for (int i = 0; i < n; i++) {
		const struct nt_step *step = &campaign->steps[i];

		NT_CHECK(nt_campaign_step(campaign, step->identity) == i);
		/* forward only: no walk over the steps is endless */
		NT_CHECK(step->next == -1 || (step->next > i && step->next < n));
		NT_CHECK(step->then_first == -1 || (step->then_first > i && step->then_first < n));
		NT_CHECK(step->else_first == -1 || (step->else_first > i && step->else_first < n));
		NT_CHECK(step->parent >= -1 && step->parent < i);
		NT_CHECK(step->kind != NT_STEP_MESSAGE || (step->channel >= 0 &&
		                                           step->channel < (int)program->n_channels));
		for (unsigned c = 0; c < step->n_choices; c++)
			NT_CHECK(step->choices[c].channel >= 0 &&
			         step->choices[c].channel < (int)program->n_channels);
		for (unsigned c = 0; c < step->n_ways; c++)
			NT_CHECK(step->ways[c] >= 0 && step->ways[c] < (int)program->n_channels);
		NT_CHECK(step->kind != NT_STEP_GO_TO || (step->target >= 0 && step->target < n));
		for (unsigned a = 0; a < step->n_arms; a++)
			NT_CHECK(step->arms[a].first == -1 || (step->arms[a].first > i && step->arms[a].first < n));
		for (unsigned p = 0; p < step->n_points; p++) {
			NT_CHECK(step->schedule[p].of != NULL && step->schedule[p].identity != NULL);
			NT_CHECK(step->schedule[p].first == -1 || (step->schedule[p].first > i &&
			                                         step->schedule[p].first < n));
		}
		NT_CHECK(step->kind != NT_STEP_SPLIT || step->n_arms == 0 ||
		         step->arms[step->n_arms - 1].upto == 1000000);
	}
}

/* Its rounds come in their order, and end. */
static void check_occasion(const struct nt_program *program, int slot)
{
	const struct nt_occasion *o = &program->occasions[slot];
	struct nt_value date = { .type = NT_TYPE_DATE, .date = 20000 };
	nt_time t = 0;

	NT_CHECK(nt_program_occasion(program, o->identity) == slot);
	NT_CHECK(o->campaign >= 0 && o->campaign < (int)program->n_campaigns);
	for (int i = 0; i < 3; i++) {
		int64_t round = nt_occasion_after(o, &date, program->zones->utc, t);

		if (round < 0)
			return;
		NT_CHECK(nt_occasion_instant(o, &date, program->zones->utc, round) > t);
		t = nt_occasion_instant(o, &date, program->zones->utc, round);
	}
	NT_CHECK(o->repeats);
}

static void check_program(const struct nt_program *program)
{
	for (unsigned i = 0; i < program->n_occasions; i++)
		check_occasion(program, (int)i);
	for (unsigned i = 0; i < program->n_announcements; i++) {
		const struct nt_announcement *a = &program->announcements[i];
		unsigned n = a->kind == NT_ROUTE_TEAM ? program->sales.n_teams : program->sales.n_reps;

		NT_CHECK(a->campaign >= 0 && a->campaign < (int)program->n_campaigns);
		NT_CHECK(a->target >= 0 && a->target < (int)n && a->template_name != NULL);
	}

	for (unsigned i = 0; i < program->n_campaigns; i++) {
		NT_CHECK(nt_program_campaign(program, program->campaigns[i].name) == (int)i);
		check_steps(program, &program->campaigns[i]);
	}
	for (unsigned i = 0; i < program->n_segments; i++)
		NT_CHECK(program->segments[i].condition != NULL);
	for (unsigned i = 0; i < program->n_watchers; i++)
		NT_CHECK(nt_program_watcher(program, program->watchers[i].identity) == (int)i);
	for (unsigned i = 0; i < program->n_rings; i++)
		NT_CHECK(nt_program_ring(program, program->rings[i].identity) == (int)i);
}

static void check_diags(struct nt_diags *diags, const struct nt_program *program)
{
	const struct nt_diag *diag;
	GString *out = g_string_new(NULL);

	NT_CHECK((nt_diags_errors(diags) > 0) == (program == NULL));
	for (unsigned i = 0; (diag = nt_diags_peek(diags, i)) != NULL; i++) {
		NT_CHECK(diag->span.source != NULL && diag->span.start <= diag->span.source->length);
		NT_CHECK(diag->message[0] != '\0');
	}
	nt_diags_print(diags, out);
	g_string_free(out, TRUE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char email[] = "---\nsubject: Hi\n---\nHello.\n", paths[FILES][13] =
		{ "rules/a.yaml", "rules/b.yaml",
		"rules/c.yaml", "rules/d.yaml", "rules/e.yaml", "rules/f.yaml", "rules/g.yaml", "rules/h.yaml" };
	static const struct nt_file templates[] = { { "templates/hello/email.md", email, sizeof email - 1 },
		{ "templates/hello/sms.txt", "Hello.\n", 7 } };
	struct nt_zones zones = { .find = find_zone, .names = zone_names };
	struct nt_zone *utc = nt_zone_utc();
	struct nt_load_context context = { .zones = &zones, .advise = true };
	struct nt_file files[FILES];
	static const struct nt_file others[] = { { "rules/attachments/a.pdf", "%PDF", 4 },
		{ "rules/attachments/b.csv", "a;b\n", 4 }, { "rules/attachments/c", "", 0 } };
	struct nt_rule_set_files set = { .rules = files, .templates = templates, .n_templates = 2, .others = others,
		                         .n_others = 3, .folder = "rules" };
	struct nt_diags *diags = nt_diags_new();
	const char *text = (const char *)data, *end = text + size;
	struct nt_program *program;

	zones.utc = utc;
	while (set.n_rules < FILES) {
		const char *cut = memmem(text, (size_t)(end - text), "\n%%%%\n", 6);
		size_t length = (size_t)((cut != NULL ? cut : end) - text);

		files[set.n_rules] = (struct nt_file){ .path = paths[set.n_rules], .bytes = text, .length = length };
		set.n_rules++;
		if (cut == NULL)
			break;
		text = cut + 6;
	}
	program = nt_rules_load(&set, &context, diags);
	check_diags(diags, program);
	if (program != NULL)
		check_program(program);
	nt_program_unref(program);
	nt_diags_free(diags);
	nt_zone_free(utc);
	return 0;
}
