/* For unit tests: a program from the text of one rules file, with its own templates, or with m1, m2 and new-lead for
 * email and sms. */
#ifndef NT_TEST_PROGRAM_TEXT_H
#define NT_TEST_PROGRAM_TEXT_H

#include "rules/load.h"
#include "rules/program.h"

#include "zone_file.h"

#include <string.h>

#define POLICY_TEXT \
	"policy:\n" \
	"  sender: { name: Ada, email: ada@example.org, address: \"1 Main St\", phone: \"+1 555 0100\" }\n" \
	"  time_zone: America/New_York\n" \
	"---\n"

static inline const struct nt_zone *program_find_zone(const struct nt_zones *zones, const char *name)
{
	char *path = g_strconcat(ZONE_DIRECTORY, name, NULL);
	bool there = name[0] != '\0' && g_file_test(path, G_FILE_TEST_IS_REGULAR);

	(void)zones;
	g_free(path);
	return there ? zone(name) : NULL;
}

static inline const char *const *program_zone_names(const struct nt_zones *zones)
{
	static const char *const names[] = { "America/New_York", "Europe/Berlin", "UTC", NULL };

	(void)zones;
	return names;
}

static inline const struct nt_zones *program_zones(void)
{
	static struct nt_zones zones = { .find = program_find_zone, .names = program_zone_names };

	zones.utc = zone("UTC");
	return &zones;
}

/* Of this rules file and these templates. Stops the test program, with the loader's words, if something is wrong. */
static inline struct nt_program *program_from(const char *text, const struct nt_file *templates, unsigned n_templates,
                                              const struct nt_zones *zones)
{
	struct nt_file rules = { "rules.yaml", text, strlen(text) };
	struct nt_rule_set_files files = { .rules = &rules, .n_rules = 1, .templates = templates,
		                           .n_templates = n_templates };
	struct nt_load_context context = { .zones = zones };
	struct nt_diags *diags = nt_diags_new();
	struct nt_program *program = nt_rules_load(&files, &context, diags);

	if (program == NULL) {
		GString *out = g_string_new(NULL);

		nt_diags_print(diags, out);
		g_error("%s", out->str);
	}
	nt_diags_free(diags);
	return program;
}

static inline struct nt_program *program_of(const char *text)
{
	static const char subject[] = "---\nsubject: Hello\n---\nHello {{ first_name | default: \"you\" }}\n",
			  plain[] = "Hello\n";
	static const struct nt_file templates[] = {
		{ "templates/m1/email.txt", subject, sizeof subject - 1 },
		{ "templates/m1/sms.txt", plain, sizeof plain - 1 },
		{ "templates/m2/email.txt", subject, sizeof subject - 1 },
		{ "templates/new-lead/email.txt", subject, sizeof subject - 1 },
	};

	return program_from(text, templates, G_N_ELEMENTS(templates), program_zones());
}

#endif
