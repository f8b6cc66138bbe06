/* Time zones from the system's tzdata, read when first asked for and kept.
 *
 * A name is looked up in tzdata's own list (tzdata.zi) before it becomes part of a path, so no name leads out of the
 * folder. Any thread may ask at any time. */
#ifndef NT_OS_ZONES_H
#define NT_OS_ZONES_H

#include "base/zone.h"

/* folder NULL: /usr/share/zoneinfo. NULL and *why (g_free() it) if the list can't be read. */
const struct nt_zones *nt_zones_open(const char *folder, char **why);
void nt_zones_close(const struct nt_zones *zones); /* and every zone it gave; NULL is fine */

#endif
