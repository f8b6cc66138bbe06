/* From a rules folder on disk to a program: what check, test, simulate and the daemon have in common. */
#ifndef NT_MAIN_RULESET_H
#define NT_MAIN_RULESET_H

#include <stdbool.h>

struct nt_diags;
struct nt_program;
struct nt_store;
struct nt_zones;

/* What holds for every folder that is loaded. Must outlive the programs. */
struct nt_ruleset {
	const struct nt_zones *zones;
	char *templates;  /* folder, or NULL */
	char **channels;  /* names, NULL-terminated; NULL: not known, any goes */
	char **webhooks;
	char *store;      /* the configuration's SQLite file, or NULL */
	char *rules;      /* the configuration's rules folder, or NULL */
	bool advise;      /* warn of what was hardly meant, too */
};

/* `config` (NULL: none) is a nurtured.yaml: its templates folder, channels and webhooks; `templates` (NULL: the
 * configuration's) a folder. False: *why says what is wrong (g_free() it). */
bool nt_ruleset_init(struct nt_ruleset *ruleset, const char *config, const char *templates, char **why);
void nt_ruleset_clear(struct nt_ruleset *ruleset);

/* NULL with *why NULL: the rules have errors, which are in diags; with *why: they couldn't be read. */
struct nt_program *nt_ruleset_load(const struct nt_ruleset *ruleset, const char *folder, struct nt_diags *diags,
                                   char **why);
/* And what the files say, whatever the folder is called (rules/content.h). */
struct nt_program *nt_ruleset_load_content(const struct nt_ruleset *ruleset, const char *folder, struct nt_diags *diags,
                                           char content[65], char **why);
/* One that a store keeps by its hash. NULL and *why: it isn't there, or can't be read any more. */
struct nt_program *nt_ruleset_load_kept(const struct nt_ruleset *ruleset, struct nt_store *store, const char *hash,
                                        char **why);

#endif
