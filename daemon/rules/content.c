#include "rules/content.h"

#include "rules/load.h"

#include <glib.h>
#include <stdint.h>
#include <string.h>

/* The path below the rules' folder; a template of another folder: what stands below that. */
static const char *below(const struct nt_rule_set_files *files, const char *path)
{
	size_t length = files->folder != NULL ? strlen(files->folder) : 0;
	const char *found = NULL;

	if (length > 0 && strncmp(path, files->folder, length) == 0 && path[length] == '/')
		return path + length + 1;
	for (const char *p = path; (p = strstr(p, "/templates/")) != NULL; p++)
		found = p;
	return found != NULL ? found : path;
}

static int by_path(const void *a, const void *b)
{
	const struct nt_file *const *x = a, *const *y = b;

	return strcmp((*x)->path, (*y)->path);
}

static void add(GChecksum *checksum, const struct nt_rule_set_files *files, const struct nt_file *list, unsigned n,
                const char *kind)
{
	GPtrArray *sorted = g_ptr_array_new();

	for (unsigned i = 0; i < n; i++)
		g_ptr_array_add(sorted, (void *)(uintptr_t)&list[i]);
	g_ptr_array_sort(sorted, by_path);
	for (unsigned i = 0; i < n; i++) {
		const struct nt_file *file = sorted->pdata[i];
		char *head = g_strdup_printf("%s %s\n%zu\n", kind, below(files, file->path), file->length);

		g_checksum_update(checksum, (const guchar *)head, (gssize)strlen(head));
		g_checksum_update(checksum, (const guchar *)file->bytes, (gssize)file->length);
		g_free(head);
	}
	g_ptr_array_unref(sorted);
}

void nt_content_hash(const struct nt_rule_set_files *files, char out[65])
{
	GChecksum *checksum = g_checksum_new(G_CHECKSUM_SHA256);

	add(checksum, files, files->rules, files->n_rules, "rules");
	add(checksum, files, files->templates, files->n_templates, "template");
	add(checksum, files, files->others, files->n_others, "other");
	g_strlcpy(out, g_checksum_get_string(checksum), 65);
	g_checksum_free(checksum);
}
