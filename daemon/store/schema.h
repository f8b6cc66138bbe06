/* The SQLite schema and its migrations. */
#ifndef NT_STORE_SCHEMA_H
#define NT_STORE_SCHEMA_H

#include <sqlite3.h>
#include <stdbool.h>

#define NT_SCHEMA_VERSION 3

/* Brings the file to NT_SCHEMA_VERSION in one transaction. false and *why (g_free) if it is newer, or SQLite refuses.
 */
bool nt_schema_migrate(sqlite3 *db, char **why);
/* For readers: only checks. */
bool nt_schema_check(sqlite3 *db, char **why);

#endif
