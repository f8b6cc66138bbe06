/* From files to a program. Pure: the shell reads the folder (os/folder.h) and hands the bytes in. */
#ifndef NT_RULES_LOAD_H
#define NT_RULES_LOAD_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

struct nt_diags;
struct nt_program;
struct nt_source;
struct nt_zones;

struct nt_file { /* relative path as people know it, and content; not necessarily NUL-terminated */
	const char *path;
	const char *bytes;
	size_t length;
};

struct nt_rule_set_files {
	const struct nt_file *rules; /* every *.yaml below the folder, in byte order of path */
	unsigned n_rules;
	const struct nt_file *templates; /* below templates/: paths like "templates/welcome/email.md"; the rule set's
	                                    own first */
	unsigned n_templates;
	const struct nt_file *others; /* what rules name by its path below the folder: "rules/holidays/us.ics" */
	unsigned n_others;
	const char *folder; /* what the paths of rules and others begin with, "rules"; NULL: they don't */
};

/* What `check --config` and the daemon know beyond the rules. All may be NULL (then any name goes). */
struct nt_load_context {
	const struct nt_zones *zones;          /* required */
	const char *const *channels;           /* configured channels, NULL-terminated */
	const char *const *webhooks;           /* configured webhooks */
	/* Appends the days (int64_t, since the epoch) of an iCalendar file; false: what is wrong went to diags, with
	 * its place in the source. Any thread; the same days for the same bytes. os/calendar.h has one. */
	bool (*calendar_days)(const struct nt_source *source, struct nt_diags *diags, GArray *days);
	bool advise;                           /* also warn of what works, but was hardly meant (warn.h) */
};

/* The program (reference 1), or NULL if there was any error; warnings don't prevent it. Never more than one
 * diagnostic for one mistake. */
struct nt_program *nt_rules_load(const struct nt_rule_set_files *files, const struct nt_load_context *context,
                                 struct nt_diags *diags);

/* The reference of the language, printed from the key tables: for nurture-rules(5). roff if `man`, else plain text. */
void nt_rules_reference(GString *out, bool man);
/* A JSON Schema (draft 7) of a document, for editors: from the same tables. What it refuses is wrong; what it lets pass
 * may be wrong all the same. `channels` (NULL-terminated, or NULL) are there besides the built-in ones. */
void nt_rules_schema(GString *out, const char *const *channels);

#endif
