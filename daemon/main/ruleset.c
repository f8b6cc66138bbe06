#include "main/ruleset.h"

#include "base/arena.h"
#include "base/diag.h"
#include "engine/store.h"
#include "main/settings.h"
#include "os/calendar.h"
#include "os/folder.h"
#include "os/zones.h"
#include "rules/archive.h"
#include "rules/content.h"
#include "rules/yaml.h"

#include <glib.h>
#include <string.h>

/* The names under a key of the configuration: of channels, of webhooks. */
static char **names_under(const struct nt_yaml *config, const char *key)
{
	const struct nt_yaml *mapping = nt_yaml_get(config, key);
	GPtrArray *names = g_ptr_array_new();

	if (mapping != NULL && mapping->type == NT_YAML_MAPPING)
		for (const struct nt_yaml *item = mapping->first; item != NULL; item = item->next)
			g_ptr_array_add(names, g_strdup(item->key->text));
	g_ptr_array_add(names, NULL);
	return (char **)g_ptr_array_free(names, FALSE);
}

/* A path of the configuration counts from where the file stands. NULL: it says none. */
static char *path_of(const struct nt_yaml *node, const char *config)
{
	char *beside, *path;

	if (node == NULL || node->type != NT_YAML_SCALAR)
		return NULL;
	if (g_path_is_absolute(node->text))
		return g_strdup(node->text);
	beside = g_path_get_dirname(config);
	path = g_build_filename(beside, node->text, NULL);
	g_free(beside);
	return path;
}

static void use_config(struct nt_ruleset *ruleset, const struct nt_yaml *config, const char *path)
{
	const struct nt_yaml *store = nt_yaml_get(config, "store");

	ruleset->channels = names_under(config, "channels");
	ruleset->webhooks = names_under(config, "webhooks");
	ruleset->rules = path_of(nt_yaml_get(config, "rules"), path);
	if (ruleset->templates == NULL)
		ruleset->templates = path_of(nt_yaml_get(config, "templates"), path);
	if (store != NULL && store->type == NT_YAML_MAPPING)
		ruleset->store = path_of(nt_yaml_get(store, "path"), path);
}

static bool read_config(struct nt_ruleset *ruleset, const char *path, char **why)
{
	struct nt_diags *diags = nt_diags_new();
	const struct nt_yaml *config = NULL;
	GError *error = NULL;
	gsize length;
	char *text;

	if (!g_file_get_contents(path, &text, &length, &error)) {
		*why = g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_NOENT) ?
		               g_strdup_printf("there is no configuration %s (--config FILE names another)", path) :
		               g_strdup(error->message);
		g_error_free(error);
	} else {
		config = nt_yaml_parse(nt_diags_arena(diags), nt_diags_source(diags, path, text, length), diags);
		g_free(text);
		if (config != NULL)
			nt_settings_check_keys(config, diags);
		if (nt_diags_errors(diags) > 0 || config == NULL) {
			GString *out = g_string_new(NULL);

			nt_diags_print(diags, out);
			*why = out->len > 0 ? g_strchomp(g_string_free(out, FALSE)) :
				g_strdup_printf("%s: it is empty", path);
			config = NULL;
		} else {
			use_config(ruleset, config, path);
		}
	}
	nt_diags_free(diags);
	return config != NULL;
}

bool nt_ruleset_init(struct nt_ruleset *ruleset, const char *config, const char *templates, char **why)
{
	*ruleset = (struct nt_ruleset){ .templates = g_strdup(templates) };
	ruleset->zones = nt_zones_open(NULL, why);
	if (ruleset->zones != NULL && (config == NULL || read_config(ruleset, config, why)))
		return true;
	nt_ruleset_clear(ruleset);
	return false;
}

void nt_ruleset_clear(struct nt_ruleset *ruleset)
{
	nt_zones_close(ruleset->zones);
	g_free(ruleset->templates);
	g_strfreev(ruleset->channels);
	g_strfreev(ruleset->webhooks);
	g_free(ruleset->store);
	g_free(ruleset->rules);
	*ruleset = (struct nt_ruleset){ 0 };
}

static struct nt_load_context context_of(const struct nt_ruleset *ruleset)
{
	return (struct nt_load_context){ .zones = ruleset->zones, .channels = (const char *const *)ruleset->channels,
		                         .webhooks = (const char *const *)ruleset->webhooks,
		                         .calendar_days = nt_calendar_days, .advise = ruleset->advise };
}

struct nt_program *nt_ruleset_load(const struct nt_ruleset *ruleset, const char *folder, struct nt_diags *diags,
                                   char **why)
{
	char content[65];

	return nt_ruleset_load_content(ruleset, folder, diags, content, why);
}

struct nt_program *nt_ruleset_load_content(const struct nt_ruleset *ruleset, const char *folder, struct nt_diags *diags,
                                           char content[65], char **why)
{
	struct nt_load_context context = context_of(ruleset);
	struct nt_program *program;
	struct nt_folder *files;
	int code;

	*why = NULL;
	files = nt_folder_read(folder, ruleset->templates, &code, why);
	if (files == NULL)
		return NULL;
	nt_content_hash(&files->files, content);
	program = nt_rules_load(&files->files, &context, diags);
	nt_folder_free(files);
	return program;
}

/* What is configured now may be less than was then: the rules were good when they were kept. */
static struct nt_program *load_once_good(const struct nt_ruleset *ruleset, const struct nt_rule_set_files *files)
{
	struct nt_load_context context = context_of(ruleset);
	struct nt_program *program = NULL;

	for (int attempt = 0; attempt < 2 && program == NULL; attempt++) {
		struct nt_diags *diags = nt_diags_new();

		program = nt_rules_load(files, &context, diags);
		context.channels = context.webhooks = NULL; /* any goes */
		nt_diags_free(diags);
	}
	return program;
}

struct nt_program *nt_ruleset_load_kept(const struct nt_ruleset *ruleset, struct nt_store *store, const char *hash,
                                        char **why)
{
	struct nt_arena *arena = nt_arena_new();
	struct nt_program *program = NULL;
	struct nt_rule_set_files files;
	struct nt_blob archive = { 0 };
	nt_time at;

	*why = NULL;
	if (store->ops->program_get(store, arena, hash, &archive, &at) != NT_STORE_OK)
		*why = g_strdup(store->ops->error(store));
	else if (archive.bytes == NULL)
		*why = g_strdup_printf("the store doesn't have the rules %.12s", hash);
	else if (!nt_archive_unpack(arena, archive.bytes, archive.length, &files) ||
	         (program = load_once_good(ruleset, &files)) == NULL)
		*why = g_strdup_printf("the rules %.12s that the store keeps can't be read by this version", hash);
	nt_arena_free(arena);
	return program;
}
