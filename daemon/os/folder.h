/* A rules folder, read into memory: every *.yaml and *.ics below it, its attachments/ and templates/, and the
 * configured templates. */
#ifndef NT_OS_FOLDER_H
#define NT_OS_FOLDER_H

#include "rules/load.h"

#define NT_FOLDER_FILES 20000
#define NT_FOLDER_FILE_SIZE (4 * 1024 * 1024)
#define NT_FOLDER_SIZE (256 * 1024 * 1024)
#define NT_FOLDER_DEPTH 16

struct nt_folder {
	struct nt_rule_set_files files; /* paths begin with the folder's name as given: "rules/trial.yaml" */
};

/* `templates` (NULL: none) is a further templates folder, which the rule set's own goes before; its paths are shown
 * as given, and end up below ".../templates/" whatever the folder is called. Names that begin with '.' or end in '~'
 * are passed over. NULL on failure: *code is a negative errno, *why says what and where (g_free() it). */
struct nt_folder *nt_folder_read(const char *rules, const char *templates, int *code, char **why);
void nt_folder_free(struct nt_folder *folder); /* NULL is fine */

#endif
