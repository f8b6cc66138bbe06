/* From a rules folder on disk to a program: what check, test, simulate and the daemon have in common. */
#ifndef NT_MAIN_RULESET_H
#define NT_MAIN_RULESET_H

#include <stdbool.h>

struct nt_diags;
struct nt_program;
struct nt_zones;

/* What holds for every folder that is loaded. Must outlive the programs. */
struct nt_ruleset {
	const struct nt_zones *zones;
	char *templates;  /* folder, or NULL */
	char **channels;  /* names, NULL-terminated; NULL: not known, any goes */
	char **webhooks;
	char *store;      /* the configuration's SQLite file, or NULL */
};

/* `config` (NULL: none) is a nurtured.yaml: its templates folder, channels and webhooks; `templates` (NULL: the
 * configuration's) a folder. False: *why says what is wrong (g_free() it). */
bool nt_ruleset_init(struct nt_ruleset *ruleset, const char *config, const char *templates, char **why);
void nt_ruleset_clear(struct nt_ruleset *ruleset);

/* NULL with *why NULL: the rules have errors, which are in diags; with *why: they couldn't be read. */
struct nt_program *nt_ruleset_load(const struct nt_ruleset *ruleset, const char *folder, struct nt_diags *diags,
                                   char **why);

#endif
