/* A rule set's sources as one piece of bytes: kept in the store by hash, so that a restart can finish what an old
 * version began. */
#ifndef NT_RULES_ARCHIVE_H
#define NT_RULES_ARCHIVE_H

#include "rules/load.h"

#include <glib.h>
#include <stdbool.h>

struct nt_arena;

void nt_archive_pack(const struct nt_rule_set_files *files, GString *out);
/* Files in the arena; false if damaged. */
bool nt_archive_unpack(struct nt_arena *arena, const void *bytes, size_t length, struct nt_rule_set_files *files);

#endif
