/* For unit tests: rule sets made of texts, loaded as from a folder. */
#ifndef NT_TEST_LOAD_FILES_H
#define NT_TEST_LOAD_FILES_H

#include "base/diag.h"
#include "rules/load.h"
#include "rules/program.h"
#include "zone_file.h"

#define LOADED_FILES 8

struct loaded {
	struct nt_program *program;
	struct nt_diags *diags;
	GString *says; /* "path:line:column: message", a line each; warnings say so */
};

static inline const struct nt_zone *find_known_zone(const struct nt_zones *zones, const char *name)
{
	static const char *const known[] = { "UTC", "America/New_York", "Europe/Berlin", NULL };

	(void)zones;
	return g_strv_contains(known, name) ? zone(name) : NULL;
}

static inline const char *const *known_zone_names(const struct nt_zones *zones)
{
	static const char *const known[] = { "America/New_York", "Europe/Berlin", "UTC", NULL };

	(void)zones;
	return known;
}

/* files: path, text, path, text …, NULL. Templates are those whose path holds "templates/". */
static inline struct loaded load_with(const char *const *files, const char *const *channels,
                                      const char *const *webhooks)
{
	static struct nt_zones zones = { .find = find_known_zone, .names = known_zone_names };
	struct nt_file rules[LOADED_FILES], templates[LOADED_FILES];
	struct nt_rule_set_files set = { .rules = rules, .templates = templates };
	struct nt_load_context context = { .zones = &zones, .channels = channels, .webhooks = webhooks };
	struct loaded loaded = { .diags = nt_diags_new(), .says = g_string_new(NULL) };
	const struct nt_diag *diag;

	zones.utc = zone("UTC");
	for (; *files != NULL; files += 2) {
		struct nt_file file = { .path = files[0], .bytes = files[1], .length = strlen(files[1]) };

		if (strstr(file.path, "templates/") != NULL)
			templates[set.n_templates++] = file;
		else
			rules[set.n_rules++] = file;
	}
	loaded.program = nt_rules_load(&set, &context, loaded.diags);
	for (unsigned i = 0; (diag = nt_diags_peek(loaded.diags, i)) != NULL; i++)
		g_string_append_printf(loaded.says, "%s%s:%d:%d: %s%s", i > 0 ? "\n" : "",
		                       diag->span.source != NULL ? diag->span.source->path : "", diag->line,
		                       diag->column,
		                       diag->severity == NT_WARNING ? "warning: " : "", diag->message);
	return loaded;
}

static inline struct loaded load_files(const char *const *files)
{
	return load_with(files, NULL, NULL);
}

static inline void unload(struct loaded *loaded)
{
	nt_program_unref(loaded->program);
	nt_diags_free(loaded->diags);
	g_string_free(loaded->says, TRUE);
}

#endif
