/* The set of all templates: from files to lookups. */
#define NT_DIAG_CODE NT_CODE_WRONG_TEMPLATE

#include "template/message_private.h"

#include "base/arena.h"
#include "base/bug.h"

#include <string.h>

struct layout_file {
	const char *key; /* "brand.html", "brand.de.html" */
	int layer;
	struct nt_source source;
	const struct nt_liquid *program; /* NULL: wrong */
};

struct nt_template_set {
	struct nt_arena *arena;
	GHashTable *messages; /* "name\nchannel\nlocale" in lower case → struct entry * */
	GHashTable *layouts;  /* key → struct layout_file * */
	GHashTable *hashes;   /* hash → struct nt_message_template * */
	GPtrArray *list;      /* struct nt_message_template *, in order of path */
	GPtrArray *names;     /* NULL-terminated */
	GHashTable *channels; /* name → GPtrArray of channels, NULL-terminated */
	const struct nt_layout *standard, *bare;
	unsigned files;
	bool finished;
};

struct entry {
	int layer;
	struct nt_message_template *message;
};

struct nt_template_set *nt_template_set_new(void)
{
	struct nt_template_set *set = g_new0(struct nt_template_set, 1);

	set->arena = nt_arena_new();
	set->messages = g_hash_table_new(g_str_hash, g_str_equal);
	set->layouts = g_hash_table_new(g_str_hash, g_str_equal);
	set->hashes = g_hash_table_new(g_str_hash, g_str_equal);
	set->channels = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)g_ptr_array_unref);
	set->list = g_ptr_array_new();
	set->names = g_ptr_array_new();
	set->standard = nt_layout_default(set->arena);
	set->bare = nt_layout_none(set->arena);
	return set;
}

void nt_template_set_free(struct nt_template_set *set)
{
	if (set == NULL)
		return;
	g_hash_table_destroy(set->messages);
	g_hash_table_destroy(set->layouts);
	g_hash_table_destroy(set->hashes);
	g_hash_table_destroy(set->channels);
	g_ptr_array_free(set->list, TRUE);
	g_ptr_array_free(set->names, TRUE);
	nt_arena_free(set->arena);
	g_free(set);
}

/* ---- paths ---- */

/* "welcome/email.de.md" in its pieces; all point into one copy. */
struct path {
	char *name, *channel, *locale, *ext;
};

static bool is_name(const char *text, const char *also)
{
	if (!g_ascii_islower(*text))
		return false;
	for (; *text != '\0'; text++)
		if (!g_ascii_islower(*text) && !g_ascii_isdigit(*text) && strchr(also, *text) == NULL)
			return false;
	return true;
}

/* de, de-AT, zh-Hant-TW (RFC 5646); '_' is taken for '-'. Language in lower case, a region of two letters in upper
 * case, of which there is one. */
static bool tidy_locale(char *locale)
{
	unsigned part = 0, length = 0, regions = 0;

	for (char *c = locale;; c++) {
		if (*c == '_')
			*c = '-';
		if (*c == '-' || *c == '\0') {
			regions += part > 0 && length <= 3;
			if (length < 2 || length > 8 || (part == 0 && length > 3) || regions > 1)
				return false;
			for (unsigned i = 1; part > 0 && length == 2 && i <= 2; i++)
				c[-(int)i] = g_ascii_toupper(c[-(int)i]);
			part++;
			length = 0;
			if (*c == '\0')
				return true;
			continue;
		}
		if (!g_ascii_isalnum(*c))
			return false;
		*c = g_ascii_tolower(*c);
		length++;
	}
}

/* Cuts `copy` into pieces; says in words what is wrong, or NULL. */
static const char *read_path(char *copy, struct path *path)
{
	char *slash = strchr(copy, '/'), *last;

	*path = (struct path){ .name = copy, .locale = NULL };
	if (slash == NULL || strchr(slash + 1, '/') != NULL)
		return "a template is a file NAME/CHANNEL.EXT, one folder deep";
	*slash = '\0';
	path->channel = slash + 1;
	last = strrchr(path->channel, '.');
	if (last == NULL)
		return "a template's file ends in .md, .html, .txt or .json";
	*last = '\0';
	path->ext = last + 1;
	path->locale = strchr(path->channel, '.');
	if (path->locale != NULL)
		*path->locale++ = '\0';
	if (!is_name(path->name, "-"))
		return "a template's name has lower-case letters, digits and hyphens, and begins with a letter";
	if (!is_name(path->channel, "-_"))
		return "a channel's name has lower-case letters, digits, '-' and '_', and begins with a letter";
	if (path->locale != NULL && !tidy_locale(path->locale))
		return "between channel and ending stands a locale such as 'de' or 'de-AT'";
	return NULL;
}

static bool kind_of(const char *ext, enum nt_message_kind *kind)
{
	static const struct {
		const char *ext;
		enum nt_message_kind kind;
	} kinds[] = {
		{ "md", NT_MESSAGE_MARKDOWN }, { "html", NT_MESSAGE_HTML }, { "txt", NT_MESSAGE_TEXT },
		{ "json", NT_MESSAGE_JSON },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
		if (strcmp(kinds[i].ext, ext) == 0) {
			*kind = kinds[i].kind;
			return true;
		}
	return false;
}

/* Hidden files, editors' copies, a README, and what is sent along or shown: no templates, but no mistakes either. */
bool nt_template_set_passes_over(const char *path)
{
	static const char *const endings[] = { "~", ".pdf", ".png", ".jpg", ".jpeg", ".gif", ".svg", ".ics", ".vcf",
	                                      ".css" };
	const char *file = strrchr(path, '/');

	file = file == NULL ? path : file + 1;
	if (*path == '.' || *file == '.' || strstr(path, "/.") != NULL || g_str_has_prefix(file, "README"))
		return true;
	for (size_t i = 0; i < G_N_ELEMENTS(endings); i++)
		if (g_str_has_suffix(file, endings[i]))
			return true;
	return false;
}

/* ---- adding ---- */

static const char *message_key(const char *name, const char *channel, const char *locale)
{
	char *lower = g_ascii_strdown(locale, -1), *key = g_strjoin("\n", name, channel, lower, NULL);

	g_free(lower);
	return key;
}

static bool wrong(struct nt_diags *diags, const char *shown, const char *message)
{
	const struct nt_source *source = nt_diags_source(diags, shown, "", 0);

	nt_diags_error(diags, nt_span_of(source, 0, 0), "%s", message);
	return false;
}

static struct nt_source keep_source(struct nt_template_set *set, const char *shown, const void *bytes, size_t length)
{
	struct nt_source source = { .path = nt_arena_strdup(set->arena, shown), .length = length };

	source.text = nt_arena_strndup(set->arena, bytes, length);
	return source;
}

static bool add_layout(struct nt_template_set *set, int layer, const struct path *path, struct nt_source source,
                       struct nt_diags *diags)
{
	struct layout_file *file = nt_arena_new0(set->arena, struct layout_file), *other;
	char *lower = path->locale == NULL ? NULL : g_ascii_strdown(path->locale, -1);

	if (strcmp(path->ext, "html") != 0 && strcmp(path->ext, "txt") != 0) {
		g_free(lower);
		return wrong(diags, source.path, "a layout is a file layouts/NAME.html or layouts/NAME.txt");
	}
	file->key = lower == NULL ? nt_arena_printf(set->arena, "%s.%s", path->channel, path->ext)
	                          : nt_arena_printf(set->arena, "%s.%s.%s", path->channel, lower, path->ext);
	g_free(lower);
	file->layer = layer;
	file->source = source;
	if (strcmp(path->channel, "default") == 0 || strcmp(path->channel, "none") == 0)
		return wrong(diags, source.path, "the names 'default' and 'none' are the built-in layouts'");
	other = g_hash_table_lookup(set->layouts, file->key);
	if (other == NULL || layer < other->layer)
		g_hash_table_replace(set->layouts, (gpointer)(uintptr_t)file->key, file);
	return true;
}

static bool add_message(struct nt_template_set *set, int layer, const struct path *path, enum nt_message_kind kind,
                        struct nt_source source, struct nt_diags *diags)
{
	const char *locale = path->locale == NULL ? "" : path->locale;
	const char *joined = message_key(path->name, path->channel, locale);
	const char *key = nt_arena_strdup(set->arena, joined);
	struct entry *entry = g_hash_table_lookup(set->messages, key);
	struct nt_message_template *message;

	g_free((gpointer)(uintptr_t)joined);
	if (entry != NULL && entry->layer == layer) {
		const char *text = nt_arena_printf(nt_diags_arena(diags), "this is the same template as %s; keep one",
		                                   entry->message->source.path);

		return wrong(diags, source.path, text);
	}
	if (entry != NULL && entry->layer < layer)
		return true;
	message = nt_arena_new0(set->arena, struct nt_message_template);
	message->name = nt_arena_strdup(set->arena, path->name);
	message->channel = nt_arena_strdup(set->arena, path->channel);
	message->locale = nt_arena_strdup(set->arena, locale);
	message->kind = kind;
	message->source = source;
	entry = nt_arena_new0(set->arena, struct entry);
	entry->layer = layer;
	entry->message = message;
	g_hash_table_replace(set->messages, (gpointer)(uintptr_t)key, entry);
	return true;
}

bool nt_template_set_add(struct nt_template_set *set, int layer, const char *path, const char *shown, const void *bytes,
                         size_t length, struct nt_diags *diags)
{
	enum nt_message_kind kind;
	struct path pieces;
	const char *why;
	char *copy;
	bool good;

	NT_CHECK(!set->finished);
	if (nt_template_set_passes_over(path))
		return true;
	if (length > NT_TEMPLATE_SIZE)
		return wrong(diags, shown, "a template file has at most 256 KiB");
	if (++set->files > NT_TEMPLATE_FILES)
		return set->files > NT_TEMPLATE_FILES + 1 || wrong(diags, shown,
		                                                   "there are more than 10,000 template files");
	copy = g_strdup(path);
	why = read_path(copy, &pieces);
	if (why != NULL)
		good = wrong(diags, shown, why);
	else if (strcmp(pieces.name, "layouts") == 0)
		good = add_layout(set, layer, &pieces, keep_source(set, shown, bytes, length), diags);
	else if (!kind_of(pieces.ext, &kind))
		good = wrong(diags, shown, "a template's file ends in .md, .html, .txt or .json");
	else
		good = add_message(set, layer, &pieces, kind, keep_source(set, shown, bytes, length), diags);
	g_free(copy);
	return good;
}

/* ---- finishing ---- */

/* The layout's file for a locale: brand.de-at.html, brand.de.html, brand.html. */
static const struct layout_file *find_layout(const struct nt_template_set *set, const char *name, const char *locale,
                                             const char *ext)
{
	char *left = g_ascii_strdown(locale, -1);
	const struct layout_file *file = NULL;

	while (file == NULL && *left != '\0') {
		char *key = g_strconcat(name, ".", left, ".", ext, NULL), *hyphen = strrchr(left, '-');

		file = g_hash_table_lookup(set->layouts, key);
		g_free(key);
		*(hyphen == NULL ? left : hyphen) = '\0';
	}
	if (file == NULL) {
		char *key = g_strconcat(name, ".", ext, NULL);

		file = g_hash_table_lookup(set->layouts, key);
		g_free(key);
	}
	g_free(left);
	return file;
}

/* Where a custom layout lacks a twin, the default's stands in. */
static const struct nt_layout *join_layout(struct nt_template_set *set, const struct nt_message_template *message)
{
	const struct layout_file *html = find_layout(set, message->layout_name, message->locale, "html");
	const struct layout_file *text = find_layout(set, message->layout_name, message->locale, "txt");
	struct nt_layout *layout;

	if (html == NULL && text == NULL)
		return NULL;
	layout = nt_arena_copy(set->arena, set->standard, sizeof *layout);
	layout->name = message->layout_name;
	if (html != NULL) {
		layout->html = html->program;
		layout->html_source = html->source;
	}
	if (text != NULL) {
		layout->text = text->program;
		layout->text_source = text->source;
	}
	return layout;
}

static void unknown_layout(struct nt_template_set *set, const struct nt_message_template *message,
                           struct nt_diags *diags)
{
	const struct nt_source *source = nt_diags_source(diags, message->source.path, message->source.text,
	                                                 message->source.length);
	struct nt_span span = nt_span_of(source, message->layout_start, strlen(message->layout_name));
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
	GHashTableIter iter;
	gpointer key;
	const char *nearest;

	g_ptr_array_add(names, g_strdup("default"));
	g_ptr_array_add(names, g_strdup("none"));
	g_hash_table_iter_init(&iter, set->layouts);
	while (g_hash_table_iter_next(&iter, &key, NULL))
		g_ptr_array_add(names, g_strndup(key, strcspn(key, ".")));
	g_ptr_array_add(names, NULL);
	nearest = nt_nearest(message->layout_name, (const char *const *)names->pdata);
	if (nearest != NULL)
		nt_diags_error(diags, span, "there is no layout '%s' (did you mean '%s'?)", message->layout_name,
		               nearest);
	else
		nt_diags_error(diags, span, "there is no layout '%s' (layouts/%s.html or .txt)", message->layout_name,
		               message->layout_name);
	g_ptr_array_free(names, TRUE);
}

static void choose_layout(struct nt_template_set *set, struct nt_message_template *message, struct nt_diags *diags)
{
	const char *name = message->layout_name;

	if (message->kind == NT_MESSAGE_JSON) {
		if (name != NULL)
			unknown_layout(set, message, diags);
		return;
	}
	if (name == NULL)
		name = strcmp(message->channel, "email") == 0 ? "default" : "none";
	if (strcmp(name, "default") == 0)
		message->layout = set->standard;
	else if (strcmp(name, "none") == 0)
		message->layout = set->bare;
	else
		message->layout = join_layout(set, message);
	/* An HTML document of its own has what stands around it in itself; its text too. */
	if (message->document && message->layout_name == NULL)
		message->layout = set->bare;
	if (message->layout == NULL)
		unknown_layout(set, message, diags);
}

static void hash_bytes(GChecksum *checksum, const char *bytes, size_t length)
{
	char size[24];

	g_snprintf(size, sizeof size, "%zu:", length);
	g_checksum_update(checksum, (const guchar *)size, -1);
	g_checksum_update(checksum, (const guchar *)bytes, (gssize)length);
}

static void put_hash(struct nt_message_template *message)
{
	GChecksum *checksum = g_checksum_new(G_CHECKSUM_SHA256);
	char kind = (char)('0' + message->kind);

	hash_bytes(checksum, &kind, 1);
	hash_bytes(checksum, message->channel, strlen(message->channel));
	hash_bytes(checksum, message->locale, strlen(message->locale));
	hash_bytes(checksum, message->source.text, message->source.length);
	if (message->layout != NULL) {
		hash_bytes(checksum, message->layout->html_source.text, message->layout->html_source.length);
		hash_bytes(checksum, message->layout->text_source.text, message->layout->text_source.length);
	}
	g_strlcpy(message->hash, g_checksum_get_string(checksum), sizeof message->hash);
	g_checksum_free(checksum);
}

static gint compare_paths(gconstpointer a, gconstpointer b)
{
	const struct nt_message_template *x = *(const struct nt_message_template *const *)a;
	const struct nt_message_template *y = *(const struct nt_message_template *const *)b;
	int order = strcmp(x->name, y->name);

	if (order == 0)
		order = strcmp(x->channel, y->channel);
	return order != 0 ? order : strcmp(x->locale, y->locale);
}

/* A layout that is wrong has been reported; messages that name it can't be used then. */
static bool usable(const struct nt_message_template *message)
{
	if (message->kind == NT_MESSAGE_JSON)
		return true;
	return message->layout != NULL && message->layout->html != NULL && message->layout->text != NULL;
}

static void index_message(struct nt_template_set *set, struct nt_message_template *message)
{
	GPtrArray *channels = g_hash_table_lookup(set->channels, message->name);
	const char *last;

	g_hash_table_insert(set->hashes, message->hash, message);
	if (channels == NULL) {
		channels = g_ptr_array_new();
		g_hash_table_insert(set->channels, (gpointer)(uintptr_t)message->name, channels);
		g_ptr_array_add(set->names, (gpointer)(uintptr_t)message->name);
	}
	last = channels->len == 0 ? NULL : g_ptr_array_index(channels, channels->len - 1);
	if (g_strcmp0(last, message->channel) != 0)
		g_ptr_array_add(channels, (gpointer)(uintptr_t)message->channel);
}

bool nt_template_set_finish(struct nt_template_set *set, struct nt_diags *diags)
{
	int errors = nt_diags_errors(diags);
	GPtrArray *all = g_ptr_array_new();
	GHashTableIter iter;
	gpointer value;

	NT_CHECK(!set->finished);
	set->finished = true;
	g_hash_table_iter_init(&iter, set->layouts);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		struct layout_file *file = value;

		file->program = nt_layout_parse(&file->source, set->arena, diags);
	}
	g_hash_table_iter_init(&iter, set->messages);
	while (g_hash_table_iter_next(&iter, NULL, &value))
		g_ptr_array_add(all, ((struct entry *)value)->message);
	g_ptr_array_sort(all, compare_paths);
	for (guint i = 0; i < all->len; i++) {
		struct nt_message_template *message = g_ptr_array_index(all, i);
		bool parsed = nt_message_template_parse(message, set->arena, diags);

		choose_layout(set, message, diags);
		if (!parsed || !usable(message))
			continue;
		put_hash(message);
		g_ptr_array_add(set->list, message);
		index_message(set, message);
	}
	g_ptr_array_free(all, TRUE);
	g_ptr_array_add(set->names, NULL);
	g_hash_table_iter_init(&iter, set->channels);
	while (g_hash_table_iter_next(&iter, NULL, &value))
		g_ptr_array_add(value, NULL);
	return nt_diags_errors(diags) == errors;
}

/* ---- lookups ---- */

static const struct nt_message_template *look_up(const struct nt_template_set *set, const char *name,
                                                 const char *channel, const char *locale)
{
	const char *key = message_key(name, channel, locale);
	const struct entry *entry = g_hash_table_lookup(set->messages, key);

	g_free((gpointer)(uintptr_t)key);
	return entry != NULL && entry->message->hash[0] != '\0' ? entry->message : NULL;
}

const struct nt_message_template *nt_template_set_find(const struct nt_template_set *set, const char *name,
                                                       const char *channel, const char *locale)
{
	char *left = g_strndup(locale == NULL ? "" : locale, 64);
	const struct nt_message_template *message = NULL;

	for (char *c = left; *c != '\0'; c++)
		if (*c == '_' || *c == '.')
			*c = *c == '_' ? '-' : '\0';
	while (message == NULL && *left != '\0') {
		char *hyphen = strrchr(left, '-');

		message = look_up(set, name, channel, left);
		*(hyphen == NULL ? left : hyphen) = '\0';
	}
	if (message == NULL)
		message = look_up(set, name, channel, "");
	g_free(left);
	return message;
}

const struct nt_message_template *nt_template_set_find_hash(const struct nt_template_set *set, const char *hash)
{
	return g_hash_table_lookup(set->hashes, hash);
}

const char *const *nt_template_set_names(const struct nt_template_set *set)
{
	return (const char *const *)set->names->pdata;
}

const char *const *nt_template_set_channels(const struct nt_template_set *set, const char *name)
{
	GPtrArray *channels = g_hash_table_lookup(set->channels, name);

	return channels == NULL ? NULL : (const char *const *)channels->pdata;
}

const struct nt_message_template *nt_template_set_peek(const struct nt_template_set *set, unsigned i)
{
	return i < set->list->len ? g_ptr_array_index(set->list, i) : NULL;
}
