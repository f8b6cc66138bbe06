/* The rules that a fuzzer goes by, loaded once: with the zone UTC and one template, m, for sms. */
#ifndef NT_TEST_FUZZ_PROGRAM_H
#define NT_TEST_FUZZ_PROGRAM_H

#include "base/bug.h"
#include "base/diag.h"
#include "base/zone.h"
#include "rules/load.h"
#include "rules/program.h"

#include <string.h>

static const struct nt_zone *find_fuzz_zone(const struct nt_zones *zones, const char *name)
{
	return strcmp(name, "UTC") == 0 ? zones->utc : NULL;
}

static struct nt_zones fuzz_zones = { .find = find_fuzz_zone };

static inline struct nt_program *nt_fuzz_program(const char *rules)
{
	static struct nt_program *program;
	struct nt_file file = { "rules.yaml", rules, strlen(rules) };
	struct nt_file template = { "templates/m/sms.txt", "Hello", 5 };
	struct nt_rule_set_files files = { .rules = &file, .n_rules = 1, .templates = &template, .n_templates = 1 };
	struct nt_load_context context = { .zones = &fuzz_zones };
	struct nt_diags *diags;

	if (program != NULL)
		return program;
	fuzz_zones.utc = nt_zone_utc();
	diags = nt_diags_new();
	program = nt_rules_load(&files, &context, diags);
	if (program == NULL)
		NT_BUG("%s", nt_diags_peek(diags, 0)->message);
	nt_diags_free(diags);
	return program;
}

#endif
