/* How one mapping of nurtured.yaml is read into a struct by a table. */
#ifndef NT_MAIN_SETTINGS_TABLE_H
#define NT_MAIN_SETTINGS_TABLE_H

#include "channel/dispatcher.h"

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct nt_arena;
struct nt_diags;
struct nt_yaml;

enum nt_setting_kind {
	NT_SETTING_TEXT,     /* const char * */
	NT_SETTING_PATH,     /* const char *: relative to the configuration's folder */
	NT_SETTING_SECRET,   /* const char *: the key names a file; its content without the last line end */
	NT_SETTING_COUNT,    /* int64_t within least..most */
	NT_SETTING_DURATION, /* int64_t ms within least..most */
	NT_SETTING_SIZE,     /* int64_t bytes: "8 MiB" */
	NT_SETTING_CHOICE,   /* int64_t: index into choices */
	NT_SETTING_RATE,     /* struct nt_channel_limit */
	NT_SETTING_NODE,     /* const struct nt_yaml *: read by code of its own */
};

struct nt_setting {
	const char *key;
	enum nt_setting_kind kind;
	size_t offset;             /* in the target struct */
	bool required;
	int64_t fallback;          /* COUNT, DURATION, SIZE, CHOICE */
	const char *fallback_text; /* TEXT, PATH */
	int64_t least, most;
	const char *const *choices; /* NULL-terminated */
	const char *help;          /* one line, for the manual */
};

struct nt_setting_reader {
	struct nt_arena *arena;
	struct nt_diags *diags;
	const char *folder; /* of the configuration */
	GChecksum *read;    /* everything that was read */
};

/* Each key of the mapping is one of the table's; others are reported. */
bool nt_settings_known(struct nt_setting_reader *reader, const struct nt_yaml *mapping, const char *what,
                       const struct nt_setting *table);
/* Fills target from the mapping; unknown, missing and ill-formed ones are reported with their places. `table` ends with
 * key NULL. */
bool nt_settings_read(struct nt_setting_reader *reader, const struct nt_yaml *mapping, const char *what,
                      const struct nt_setting *table, void *target);
/* A file's content, for NAME_file: $CREDENTIALS_DIRECTORY first, then beside the configuration. NULL after reporting.
 */
const char *nt_settings_secret(struct nt_setting_reader *reader, const struct nt_yaml *scalar);
const char *nt_settings_path(struct nt_setting_reader *reader, const char *path);
void nt_settings_table_print(const struct nt_setting *table, GString *out, bool man);

#endif
