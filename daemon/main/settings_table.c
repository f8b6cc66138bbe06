#include "main/settings_table.h"

#include "base/arena.h"
#include "base/civil.h"
#include "base/diag.h"
#include "rules/yaml.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SECRET_MOST 65536

static const char *const *keys_of(struct nt_arena *arena, const struct nt_setting *table)
{
	unsigned n = 0;
	const char **keys;

	while (table[n].key != NULL)
		n++;
	keys = nt_arena_array(arena, const char *, n + 1);
	for (unsigned i = 0; i < n; i++)
		keys[i] = table[i].key;
	return keys;
}

static bool fail(struct nt_setting_reader *reader, const struct nt_yaml *node, const char *what)
{
	nt_diags_error(reader->diags, node->span, "%s", what);
	return false;
}

const char *nt_settings_path(struct nt_setting_reader *reader, const char *path)
{
	char *joined;
	const char *copy;

	if (g_path_is_absolute(path))
		return nt_arena_strdup(reader->arena, path);
	joined = g_build_filename(reader->folder, path, NULL);
	copy = nt_arena_strdup(reader->arena, joined);
	g_free(joined);
	return copy;
}

const char *nt_settings_secret(struct nt_setting_reader *reader, const struct nt_yaml *scalar)
{
	const char *credentials = g_getenv("CREDENTIALS_DIRECTORY");
	char *path = NULL, *text = NULL;
	const char *copy = NULL;
	GError *error = NULL;
	gsize length;

	if (credentials != NULL && !g_path_is_absolute(scalar->text) && strchr(scalar->text, '/') == NULL)
		path = g_build_filename(credentials, scalar->text, NULL);
	if (path == NULL || !g_file_test(path, G_FILE_TEST_EXISTS)) {
		g_free(path);
		path = g_strdup(nt_settings_path(reader, scalar->text));
	}
	if (!g_file_get_contents(path, &text, &length, &error)) {
		nt_diags_error(reader->diags, scalar->span, "this secret can't be read: %s", error->message);
		g_error_free(error);
	} else if (length > SECRET_MOST || strlen(text) != length) {
		nt_diags_error(reader->diags, scalar->span, "'%s' holds no text that could be a secret", path);
	} else {
		g_checksum_update(reader->read, (const guchar *)text, (gssize)length + 1);
		g_strchomp(text);
		copy = nt_arena_strdup(reader->arena, text);
		if (copy[0] == '\0')
			nt_diags_error(reader->diags, scalar->span, "'%s' is empty", path);
	}
	if (text != NULL)
		explicit_bzero(text, length);
	g_free(text);
	g_free(path);
	return copy;
}

static bool read_count(struct nt_setting_reader *reader, const struct nt_yaml *node, const struct nt_setting *s,
                       int64_t *out)
{
	char *end;
	gint64 n;

	errno = 0;
	n = g_ascii_strtoll(node->text, &end, 10);
	if (errno != 0 || end == node->text || *end != '\0' || n < s->least || n > s->most) {
		nt_diags_error(reader->diags, node->span,
		               "'%s' must be a whole number from %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT, s->key,
		               s->least, s->most);
		return false;
	}
	*out = n;
	return true;
}

static bool read_duration(struct nt_setting_reader *reader, const struct nt_yaml *node, const struct nt_setting *s,
                          int64_t *out)
{
	struct nt_duration d;

	if (!nt_duration_parse(node->text, node->length, &d, NULL) || d.months != 0 || d.days != 0 || d.ms < s->least ||
	    d.ms > s->most) {
		nt_diags_error(reader->diags, node->span,
		               "'%s' must be a duration such as '30 seconds', from %g seconds to %g seconds", s->key,
		               (double)s->least / 1000, (double)s->most / 1000);
		return false;
	}
	*out = d.ms;
	return true;
}

static bool read_size(struct nt_setting_reader *reader, const struct nt_yaml *node, const struct nt_setting *s,
                      int64_t *out)
{
	static const struct {
		const char *unit;
		int64_t bytes;
	} units[] = { { "KiB", 1024 }, { "MiB", 1024 * 1024 }, { "GiB", 1024 * 1024 * 1024 }, { "", 1 } };
	char *end;
	gint64 n = g_ascii_strtoll(node->text, &end, 10);

	while (*end == ' ')
		end++;
	for (unsigned i = 0; n > 0 && n < 1000000000 && i < G_N_ELEMENTS(units); i++)
		if (strcmp(end, units[i].unit) == 0 && n * units[i].bytes >= s->least &&
		    n * units[i].bytes <= s->most) {
			*out = n * units[i].bytes;
			return true;
		}
	nt_diags_error(reader->diags, node->span, "'%s' must be a size such as '8 MiB'", s->key);
	return false;
}

static bool read_choice(struct nt_setting_reader *reader, const struct nt_yaml *node, const struct nt_setting *s,
                        int64_t *out)
{
	const char *nearest;
	char *all;

	for (int64_t i = 0; s->choices[i] != NULL; i++)
		if (strcmp(s->choices[i], node->text) == 0) {
			*out = i;
			return true;
		}
	nearest = nt_nearest(node->text, s->choices);
	all = g_strjoinv(", ", (char **)(guintptr)s->choices);
	if (nearest != NULL)
		nt_diags_error(reader->diags, node->span, "unknown %s '%s' (did you mean '%s'?)", s->key, node->text,
		               nearest);
	else
		nt_diags_error(reader->diags, node->span, "unknown %s '%s': one of %s", s->key, node->text, all);
	g_free(all);
	return false;
}

/* "20 per second": real time, unlike the rules' rates. */
static bool read_rate(struct nt_setting_reader *reader, const struct nt_yaml *node, struct nt_channel_limit *out)
{
	static const struct {
		const char *unit;
		nt_time ms;
	} units[] = { { "second", NT_SECOND }, { "minute", NT_MINUTE }, { "hour", NT_HOUR }, { "day", NT_DAY } };
	char **words = g_strsplit(node->text, " ", -1);
	bool done = false;

	if (g_strv_length(words) == 3 && strcmp(words[1], "per") == 0)
		for (unsigned i = 0; i < G_N_ELEMENTS(units); i++) {
			guint64 n;

			if (strcmp(words[2], units[i].unit) == 0 &&
			    g_ascii_string_to_unsigned(words[0], 10, 1, 1000000, &n, NULL)) {
				*out = (struct nt_channel_limit){ .n = (unsigned)n, .per = units[i].ms };
				done = true;
			}
		}
	g_strfreev(words);
	return done || fail(reader, node, "a rate reads '20 per second', or per minute, hour or day");
}

static bool read_value(struct nt_setting_reader *reader, const struct nt_yaml *node, const struct nt_setting *s,
                       char *target)
{
	void *at = target + s->offset;

	if (s->kind == NT_SETTING_NODE) {
		*(const struct nt_yaml **)at = node;
		return true;
	}
	if (node->type != NT_YAML_SCALAR || node->length == 0) {
		nt_diags_error(reader->diags, node->span, "'%s' needs one value", s->key);
		return false;
	}
	switch (s->kind) {
	case NT_SETTING_TEXT:
		*(const char **)at = nt_arena_strdup(reader->arena, node->text);
		return true;
	case NT_SETTING_PATH:
		*(const char **)at = nt_settings_path(reader, node->text);
		return true;
	case NT_SETTING_SECRET:
		*(const char **)at = nt_settings_secret(reader, node);
		return *(const char **)at != NULL;
	case NT_SETTING_COUNT:
		return read_count(reader, node, s, at);
	case NT_SETTING_DURATION:
		return read_duration(reader, node, s, at);
	case NT_SETTING_SIZE:
		return read_size(reader, node, s, at);
	case NT_SETTING_CHOICE:
		return read_choice(reader, node, s, at);
	case NT_SETTING_RATE:
		return read_rate(reader, node, at);
	case NT_SETTING_NODE:
		break;
	}
	return true;
}

static void set_fallbacks(struct nt_setting_reader *reader, const struct nt_setting *table, char *target)
{
	for (const struct nt_setting *s = table; s->key != NULL; s++) {
		void *at = target + s->offset;

		if (s->kind == NT_SETTING_COUNT || s->kind == NT_SETTING_DURATION || s->kind == NT_SETTING_SIZE ||
		    s->kind == NT_SETTING_CHOICE)
			*(int64_t *)at = s->fallback;
		else if (s->fallback_text != NULL)
			*(const char **)at = nt_arena_strdup(reader->arena, s->fallback_text);
	}
}

/* Was a slip in this key's name reported already? One mistake makes one message. */
static bool is_meant(struct nt_setting_reader *reader, const struct nt_yaml *mapping, const struct nt_setting *table,
                     const struct nt_setting *wanted)
{
	const char *const *keys = keys_of(reader->arena, table);

	for (const struct nt_yaml *node = mapping->first; node != NULL; node = node->next)
		if (!g_strv_contains(keys, node->key->text) &&
		    g_strcmp0(nt_nearest(node->key->text, keys), wanted->key) == 0)
			return true;
	return false;
}

bool nt_settings_known(struct nt_setting_reader *reader, const struct nt_yaml *mapping, const char *what,
                       const struct nt_setting *table)
{
	const char *const *keys = keys_of(reader->arena, table);
	bool known = true;

	for (const struct nt_yaml *node = mapping->first; node != NULL; node = node->next) {
		const char *nearest;

		if (g_strv_contains(keys, node->key->text))
			continue;
		known = false;
		nearest = nt_nearest(node->key->text, keys);
		if (nearest != NULL)
			nt_diags_error(reader->diags, node->key->span, "unknown key '%s' in %s (did you mean '%s'?)",
			               node->key->text, what, nearest);
		else
			nt_diags_error(reader->diags, node->key->span, "unknown key '%s' in %s", node->key->text, what);
	}
	return known;
}

bool nt_settings_read(struct nt_setting_reader *reader, const struct nt_yaml *mapping, const char *what,
                      const struct nt_setting *table, void *target)
{
	bool good;

	set_fallbacks(reader, table, target);
	if (mapping->type != NT_YAML_MAPPING) {
		nt_diags_error(reader->diags, mapping->span, "%s needs keys and values, such as '%s: …'", what,
		               table[0].key);
		return false;
	}
	good = nt_settings_known(reader, mapping, what, table);
	for (const struct nt_yaml *node = mapping->first; node != NULL; node = node->next)
		for (const struct nt_setting *s = table; s->key != NULL; s++)
			if (strcmp(s->key, node->key->text) == 0)
				good = read_value(reader, node, s, target) && good;
	for (const struct nt_setting *s = table; s->key != NULL; s++)
		if (s->required && nt_yaml_get(mapping, s->key) == NULL && !is_meant(reader, mapping, table, s)) {
			nt_diags_error(reader->diags, mapping->key != NULL ? mapping->key->span : mapping->span,
			               "%s needs '%s': %s", what, s->key, s->help);
			good = false;
		}
	return good;
}

void nt_settings_table_print(const struct nt_setting *table, GString *out, bool man)
{
	for (const struct nt_setting *s = table; s->key != NULL; s++) {
		g_string_append_printf(out, man ? ".TP\n.B %s\n" : "  %s\n", s->key);
		g_string_append_printf(out, man ? "%s" : "      %s", s->help);
		if (s->required)
			g_string_append(out, " (required)");
		else if (s->kind == NT_SETTING_CHOICE)
			g_string_append_printf(out, " (default: %s)", s->choices[s->fallback]);
		else if (s->kind == NT_SETTING_COUNT && s->fallback != 0)
			g_string_append_printf(out, " (default: %" G_GINT64_FORMAT ")", s->fallback);
		else if (s->kind == NT_SETTING_DURATION)
			g_string_append_printf(out, " (default: %g seconds)", (double)s->fallback / 1000);
		else if (s->kind == NT_SETTING_SIZE)
			g_string_append_printf(out, " (default: %" G_GINT64_FORMAT " MiB)", s->fallback >> 20);
		else if (s->fallback_text != NULL && !g_str_has_prefix(s->fallback_text, NT_DATADIR))
			g_string_append_printf(out, " (default: %s)", s->fallback_text);
		g_string_append_c(out, '\n');
	}
}
