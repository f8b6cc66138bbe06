/* For unit tests: zones from the system's tzdata, and readings as people write them.
 *
 * A zone is loaded once and kept until the program ends (zones_free). */
#ifndef NT_TEST_ZONE_FILE_H
#define NT_TEST_ZONE_FILE_H

#include "base/civil.h"
#include "base/zone.h"

#include <glib.h>
#include <string.h>

#define ZONE_DIRECTORY "/usr/share/zoneinfo/"

static GHashTable *loaded_zones;

static inline void free_zone(void *zone)
{
	nt_zone_free(zone);
}

static inline void zones_free(void)
{
	g_clear_pointer(&loaded_zones, g_hash_table_destroy);
}

/* Aborts if it can't: a test can't go on without. */
static inline const struct nt_zone *zone(const char *name)
{
	const char *why = NULL;
	char *path, *data;
	struct nt_zone *found;
	gsize length;

	if (loaded_zones == NULL)
		loaded_zones = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_zone);
	found = g_hash_table_lookup(loaded_zones, name);
	if (found != NULL)
		return found;
	path = g_strconcat(ZONE_DIRECTORY, name, NULL);
	if (!g_file_get_contents(path, &data, &length, NULL))
		g_error("%s can't be read", path);
	found = nt_zone_parse(name, data, length, &why);
	if (found == NULL)
		g_error("%s: %s", path, why);
	g_hash_table_insert(loaded_zones, g_strdup(name), found);
	g_free(data);
	g_free(path);
	return found;
}

/* The instant of "2026-03-08 02:30" in that zone, or of "…Z" and "…-05:00" anywhere. */
static inline nt_time at(const char *name, const char *text)
{
	struct nt_civil civil;
	bool has_offset;
	nt_time t = 0;

	if (!nt_instant_parse(text, strlen(text), &civil, &has_offset, &t, NULL))
		g_error("'%s' is no time", text);
	return has_offset ? t : nt_civil_instant(zone(name), &civil);
}

/* "Mon 2026-03-02 10:00 EST"; borrowed until the eighth call after. */
static inline const char *shown(const char *name, nt_time t)
{
	static char texts[8][64];
	static unsigned turn;
	GString *out = g_string_new(NULL);
	char *text = texts[turn++ % 8];

	nt_time_print_local(zone(name), t, out);
	g_strlcpy(text, out->str, sizeof texts[0]);
	g_string_free(out, TRUE);
	return text;
}

#endif
