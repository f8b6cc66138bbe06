#include "os/zones.h"

#include <glib.h>
#include <stdint.h>
#include <string.h>

#define FOLDER "/usr/share/zoneinfo"
#define LIST "tzdata.zi"
#define LARGEST_ZONE (1024 * 1024)

struct own { /* the interface stands first */
	struct nt_zones zones;
	char *folder;
	char *version;      /* of the list, which says all that the files do */
	GPtrArray *names;   /* sorted, NULL-terminated; texts are ours */
	GMutex lock;        /* of what follows */
	GHashTable *loaded; /* name → zone, or NULL if its file is missing or damaged */
};

static struct own *own_of(const struct nt_zones *zones)
{
	return (struct own *)(uintptr_t)zones;
}

static gint compare(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool is_listed(const struct own *own, const char *name)
{
	size_t low = 0, high = own->names->len - 1; /* the last is the terminator */

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(name, g_ptr_array_index(own->names, middle));

		if (order == 0)
			return true;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return false;
}

static struct nt_zone *load(const struct own *own, const char *name)
{
	char *path = g_build_filename(own->folder, name, NULL), *data = NULL;
	struct nt_zone *zone = NULL;
	const char *why;
	gsize length;

	if (g_file_get_contents(path, &data, &length, NULL) && length <= LARGEST_ZONE)
		zone = nt_zone_parse(name, data, length, &why);
	g_free(data);
	g_free(path);
	return zone;
}

static const struct nt_zone *find(const struct nt_zones *zones, const char *name)
{
	struct own *own = own_of(zones);
	gpointer zone = NULL;

	if (!is_listed(own, name))
		return NULL;
	g_mutex_lock(&own->lock);
	if (!g_hash_table_lookup_extended(own->loaded, name, NULL, &zone)) {
		zone = load(own, name);
		g_hash_table_insert(own->loaded, g_strdup(name), zone);
	}
	g_mutex_unlock(&own->lock);
	return zone;
}

static const char *const *names(const struct nt_zones *zones)
{
	return (const char *const *)own_of(zones)->names->pdata;
}

/* tzdata.zi (zic's input, shortened): "Z NAME offset …" begins a zone, "L TARGET NAME" is a second name of one. */
static void read_list(struct own *own, char *text)
{
	char *rest = text;

	while (rest != NULL && *rest != '\0') {
		char *line = rest, *end = strchr(line, '\n');
		char **words;

		rest = end != NULL ? end + 1 : NULL;
		if (end != NULL)
			*end = '\0';
		if (strncmp(line, "Z ", 2) != 0 && strncmp(line, "L ", 2) != 0)
			continue;
		words = g_strsplit(line, " ", 4);
		if (words[0][0] == 'Z' && words[1] != NULL)
			g_ptr_array_add(own->names, g_strdup(words[1]));
		else if (words[1] != NULL && words[2] != NULL)
			g_ptr_array_add(own->names, g_strdup(words[2]));
		g_strfreev(words);
	}
	g_ptr_array_sort(own->names, compare);
	g_ptr_array_add(own->names, NULL);
}

static void free_zone(gpointer zone)
{
	nt_zone_free(zone);
}

const struct nt_zones *nt_zones_open(const char *folder, char **why)
{
	struct own *own = g_new0(struct own, 1);
	GError *error = NULL;
	char *path, *text;

	own->folder = g_strdup(folder != NULL ? folder : FOLDER);
	own->names = g_ptr_array_new_with_free_func(g_free);
	own->loaded = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_zone);
	own->zones = (struct nt_zones){ .find = find, .names = names, .utc = nt_zone_utc() };
	g_mutex_init(&own->lock);
	path = g_build_filename(own->folder, LIST, NULL);
	if (g_file_get_contents(path, &text, NULL, &error)) {
		own->version = g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, -1);
		own->zones.version = own->version;
		read_list(own, text);
		g_free(text);
	} else {
		*why = g_strdup_printf("time zones: %s (is tzdata installed?)", error->message);
		g_error_free(error);
		nt_zones_close(&own->zones);
		own = NULL;
	}
	g_free(path);
	return own != NULL ? &own->zones : NULL;
}

void nt_zones_close(const struct nt_zones *zones)
{
	struct own *own = own_of(zones);

	if (own == NULL)
		return;
	nt_zone_free((struct nt_zone *)(uintptr_t)own->zones.utc);
	g_hash_table_destroy(own->loaded);
	g_ptr_array_free(own->names, TRUE);
	g_mutex_clear(&own->lock);
	g_free(own->folder);
	g_free(own->version);
	g_free(own);
}
