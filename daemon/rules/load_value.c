/* Values that rule authors write, read from the text as it stands: quoting never changes a value's kind. */
#define NT_DIAG_CODE NT_CODE_WRONG_VALUE

#include "rules/loader.h"

#include "base/arena.h"
#include "base/text.h"
#include "rules/yaml_explain.h"

#include <string.h>

static bool refuse(struct nt_loader *l, const struct nt_yaml *node, enum nt_kind kind, const char *why)
{
	nt_keys_refuse(l->diags, node, kind, why);
	return false;
}

static bool is_scalar(struct nt_loader *l, const struct nt_yaml *node, enum nt_kind kind)
{
	if (node->type == NT_YAML_SCALAR && node->length > 0)
		return true;
	nt_diags_error(l->diags, node->span.length > 0 || node->key == NULL ? node->span : node->key->span,
	               "this takes %s",
	               nt_kind_text(kind));
	return false;
}

static bool name_fits(const char *name, const char *joiners)
{
	size_t length = strlen(name);

	/* what may stand in an expression begins with a letter */
	if (length == 0 || strchr(joiners, name[length - 1]) != NULL ||
	    !(strcmp(joiners, "_") == 0 ? g_ascii_islower(name[0]) : g_ascii_isalnum(name[0])))
		return false;
	for (; *name != '\0'; name++)
		if (!g_ascii_islower(*name) && !g_ascii_isdigit(*name) && strchr(joiners, *name) == NULL)
			return false;
	return true;
}

bool nt_load_name_length(struct nt_loader *l, const struct nt_yaml *key, const char *what)
{
	if (strlen(key->text) <= NT_NAME_LONGEST)
		return true;
	nt_diags_error(l->diags, key->span, "this name of %s has %zu characters: shorten it to %d at most", what,
	               strlen(key->text), NT_NAME_LONGEST);
	return false;
}

bool nt_load_key_name(struct nt_loader *l, const struct nt_yaml *key, const char *what, const char *joiners,
                      const char **out)
{
	const char *style = strcmp(joiners, "_") == 0 ? "lower_case, with underscores" :
		strcmp(joiners, "-") == 0 ? "lower-case-with-hyphens" : "lower case, with hyphens or underscores";

	*out = nt_arena_strdup(l->arena, key->text);
	if (name_fits(key->text, joiners))
		return nt_load_name_length(l, key, nt_arena_printf(l->arena, "a %s", what));
	nt_diags_error(l->diags, key->span, "'%s' is no name for a %s: names are %s", key->text, what, style);
	return false;
}

bool nt_load_name(struct nt_loader *l, const struct nt_yaml *node, const char *what, const char **out)
{
	return is_scalar(l, node, NT_KIND_NAME) && nt_load_key_name(l, node, what, "-", out);
}

bool nt_load_duration(struct nt_loader *l, const struct nt_yaml *node, struct nt_duration *out)
{
	const char *why = NULL;

	if (!is_scalar(l, node, NT_KIND_DURATION))
		return false;
	if (!nt_duration_parse(node->text, node->length, out, &why))
		return refuse(l, node, NT_KIND_DURATION, why);
	if (out->months < 0 || out->days < 0 || out->ms < 0)
		return refuse(l, node, NT_KIND_DURATION, "it cannot be negative here");
	return true;
}

bool nt_load_some_time(struct nt_loader *l, const struct nt_yaml *node, struct nt_duration *out)
{
	if (!nt_load_duration(l, node, out))
		return false;
	if (nt_duration_is_zero(*out))
		nt_diags_error(l->diags, node->span, "'%s' has to be longer than nothing", node->key->text);
	return true;
}

bool nt_load_clock(struct nt_loader *l, const struct nt_yaml *node, int *minutes)
{
	const char *why = NULL;

	if (!is_scalar(l, node, NT_KIND_CLOCK))
		return false;
	return nt_clock_parse(node->text, node->length, minutes, &why) || refuse(l, node, NT_KIND_CLOCK, why);
}

bool nt_load_every(struct nt_loader *l, const struct nt_yaml *node, struct nt_duration *out)
{
	static const struct {
		const char *word;
		struct nt_duration every;
	} words[] = { { "year", { .months = 12 } }, { "month", { .months = 1 } }, { "week", { .days = 7 } },
		      { "day", { .days = 1 } } };
	const char *names[G_N_ELEMENTS(words) + 1] = { NULL }, *why = NULL;

	if (!is_scalar(l, node, NT_KIND_EVERY))
		return false;
	for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
		names[i] = words[i].word;
		if (strcmp(node->text, words[i].word) == 0) {
			*out = words[i].every;
			return true;
		}
	}
	if (g_ascii_isalpha(node->text[0])) {
		nt_keys_unknown(l->diags, node->span, "period", node->text, "", names);
		return false;
	}
	if (!nt_duration_parse(node->text, node->length, out, &why))
		return refuse(l, node, NT_KIND_EVERY, why);
	if (out->months == 0 && out->days == 0 && out->ms < NT_MINUTE)
		return refuse(l, node, NT_KIND_EVERY, "it is a minute at least");
	return true;
}

static bool is_weekdays_only(const struct nt_yaml *node)
{
	int day;

	return node->type == NT_YAML_SCALAR && nt_weekday_parse(node->text, node->length, &day);
}

static bool load_window(struct nt_loader *l, const struct nt_yaml *node, struct nt_window *out)
{
	const char *why = NULL;

	if (!is_scalar(l, node, NT_KIND_WINDOWS))
		return false;
	if (nt_window_parse(node->text, node->length, out, &why))
		return true;
	/* [ sat,sun 10:00-14:00 ]: the comma has made two items of it */
	if (!node->quoted && node->next != NULL && is_weekdays_only(node)) {
		size_t end = node->next->span.start + node->next->span.length;

		if (end > node->span.start) /* the next may be an alias, whose place is its anchor's */
			nt_diags_error_as(l->diags, NT_CODE_YAML_SYNTAX, node->span,
			                  "%s (inside [ ] a comma ends the value)",
			               nt_yaml_put_in_quotes(l->arena, NULL, node->span.source->text + node->span.start,
			                                     end - node->span.start));
		else
			refuse(l, node, NT_KIND_WINDOWS, why);
		return false;
	}
	return refuse(l, node, NT_KIND_WINDOWS, why);
}

bool nt_load_windows(struct nt_loader *l, const struct nt_yaml *node, struct nt_windows *out)
{
	struct nt_window *items = nt_arena_array(l->arena, struct nt_window, MAX(node->n, 1u));
	bool ok = true;
	unsigned n = 0;

	if (node->type == NT_YAML_SCALAR) {
		ok = load_window(l, node, &items[n++]);
	} else if (node->type == NT_YAML_SEQUENCE && node->n > 0) {
		for (const struct nt_yaml *item = node->first; item != NULL; item = item->next) {
			bool fine = load_window(l, item, &items[n++]);

			/* the second half of a window cut by a comma was part of the message */
			if (!fine && !item->quoted && item->next != NULL && is_weekdays_only(item))
				item = item->next;
			ok = ok && fine;
		}
	} else {
		ok = is_scalar(l, node, NT_KIND_WINDOWS);
	}
	*out = (struct nt_windows){ .items = items, .n = n };
	return ok;
}

/* "2 per day", "30 per 2 weeks", "2 per calendar day" */
bool nt_load_rate(struct nt_loader *l, const struct nt_yaml *node, struct nt_rate *out)
{
	static const char calendar[] = "calendar ";
	const char *text = node->text, *why = NULL, *per;
	struct nt_rate rate = { .span = node->span };
	guint64 n;
	char *end, *one;
	bool ok;

	if (!is_scalar(l, node, NT_KIND_RATE))
		return false;
	n = g_ascii_strtoull(text, &end, 10);
	if (end == text || !g_ascii_isdigit(text[strspn(text, " ")]) || n > 1000000000 || n == 0)
		return refuse(l, node, NT_KIND_RATE, end == text ? NULL : "the number is 1 to 1000000000");
	per = end + strspn(end, " ");
	if (per == end || strncmp(per, "per ", 4) != 0)
		return refuse(l, node, NT_KIND_RATE, NULL);
	per += 4 + strspn(per + 4, " ");
	if (strncmp(per, calendar, sizeof calendar - 1) == 0) {
		rate.calendar = true;
		per += sizeof calendar - 1;
		if (strcmp(per, "day") != 0)
			return refuse(l, node, NT_KIND_RATE, "of calendar time there is only 'per calendar day'");
	}
	one = g_ascii_isdigit(per[0]) ? g_strdup(per) : g_strconcat("1 ", per, NULL);
	ok = nt_duration_parse(one, strlen(one), &rate.per, &why) && !nt_duration_is_zero(rate.per);
	g_free(one);
	if (!ok)
		return refuse(l, node, NT_KIND_RATE, why);
	rate.n = (uint32_t)n;
	*out = rate;
	return true;
}

bool nt_load_share(struct nt_loader *l, const struct nt_yaml *node, uint32_t *millionths)
{
	nt_number n;
	size_t length;

	if (!is_scalar(l, node, NT_KIND_SHARE))
		return false;
	length = node->length;
	if (node->text[length - 1] != '%')
		return refuse(l, node, NT_KIND_SHARE, NULL);
	for (length--; length > 0 && node->text[length - 1] == ' '; length--)
		;
	if (!nt_number_parse(node->text, length, &n))
		return refuse(l, node, NT_KIND_SHARE, NULL);
	if (n < 0 || n > 100 * NT_NUMBER_ONE)
		return refuse(l, node, NT_KIND_SHARE, "it is 0% to 100%");
	if (n % 100 != 0)
		return refuse(l, node, NT_KIND_SHARE, "it has at most four decimals");
	*millionths = (uint32_t)(n / 100);
	return true;
}

bool nt_load_number(struct nt_loader *l, const struct nt_yaml *node, nt_number *out)
{
	if (!is_scalar(l, node, NT_KIND_NUMBER))
		return false;
	return nt_number_parse(node->text, node->length, out) || refuse(l, node, NT_KIND_NUMBER, NULL);
}

bool nt_load_whole(struct nt_loader *l, const struct nt_yaml *node, int64_t least, int64_t most, int64_t *out)
{
	nt_number n;

	if (!is_scalar(l, node, NT_KIND_WHOLE))
		return false;
	if (!nt_number_parse(node->text, node->length, &n) || n % NT_NUMBER_ONE != 0)
		return refuse(l, node, NT_KIND_WHOLE, NULL);
	if (n / NT_NUMBER_ONE < least || n / NT_NUMBER_ONE > most) {
		nt_diags_error(l->diags, node->span,
		               "'%s' is out of range: it goes from %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT,
		               node->text, least, most);
		return false;
	}
	*out = n / NT_NUMBER_ONE;
	return true;
}

bool nt_load_date(struct nt_loader *l, const struct nt_yaml *node, int64_t *days)
{
	struct nt_civil civil;
	const char *why = NULL;

	if (!is_scalar(l, node, NT_KIND_DATE))
		return false;
	if (!nt_date_parse(node->text, node->length, &civil, &why))
		return refuse(l, node, NT_KIND_DATE, why);
	*days = nt_civil_days(civil.year, civil.month, civil.day);
	return true;
}

/* "New York" is America/New_York; NULL: none is called so. */
static const char *zone_of_city(const char *const *names, const char *text)
{
	char *city = g_strdup(text);
	const char *found = NULL;

	for (char *p = city; *p != '\0'; p++)
		*p = *p == ' ' ? '_' : *p;
	for (; names != NULL && *names != NULL && found == NULL; names++) {
		const char *last = strrchr(*names, '/');

		if (last != NULL && g_ascii_strcasecmp(last + 1, city) == 0)
			found = *names;
	}
	g_free(city);
	return found;
}

bool nt_load_zone(struct nt_loader *l, const struct nt_yaml *node, const char **out)
{
	const struct nt_zones *zones = l->context->zones;

	if (!is_scalar(l, node, NT_KIND_ZONE))
		return false;
	if (zones->find(zones, node->text) == NULL) {
		const char *const *names = zones->names != NULL ? zones->names(zones) : NULL;
		const char *city = zone_of_city(names, node->text);

		if (city != NULL)
			nt_diags_error_as(l->diags, NT_CODE_UNKNOWN_NAME,
			                  node->span, "unknown time zone '%s' (did you mean '%s'?)", node->text,
			               city);
		else
			nt_keys_unknown(l->diags, node->span, "time zone", node->text, "", names);
		return false;
	}
	*out = nt_arena_strdup(l->arena, node->text);
	return true;
}

static bool load_address(struct nt_loader *l, const struct nt_yaml *node, enum nt_type type, const char **out)
{
	struct nt_value value;
	const char *why = NULL;

	if (!is_scalar(l, node, NT_KIND_TEXT))
		return false;
	if (!nt_value_from_text(l->arena, node->text, type, l->context->zones->utc, &value, &why)) {
		nt_diags_error(l->diags, node->span, "'%s' %s", node->text, why);
		return false;
	}
	*out = value.text;
	return true;
}

bool nt_load_email(struct nt_loader *l, const struct nt_yaml *node, const char **out)
{
	return load_address(l, node, NT_TYPE_EMAIL, out);
}

bool nt_load_phone(struct nt_loader *l, const struct nt_yaml *node, const char **out)
{
	return load_address(l, node, NT_TYPE_PHONE, out);
}

bool nt_load_yes(const struct nt_yaml *node)
{
	return node != NULL && (strcmp(node->text, "true") == 0 || strcmp(node->text, "yes") == 0);
}

bool nt_load_after(struct nt_loader *l, const struct nt_yaml *node, const char *const *words, int *word,
                   struct nt_duration *out)
{
	const char *why = NULL;
	GString *allowed;

	if (!is_scalar(l, node, NT_KIND_AFTER))
		return false;
	*word = -1;
	if (strncmp(node->text, "after ", 6) == 0 && nt_duration_parse(node->text + 6, node->length - 6, out, &why))
		return true;
	for (int i = 0; words[i] != NULL; i++)
		if (strcmp(words[i], node->text) == 0) {
			*word = i;
			return true;
		}
	allowed = g_string_new(NULL);
	for (int i = 0; words[i] != NULL; i++)
		g_string_append_printf(allowed, "%s, %s", words[i], words[i + 1] == NULL ? "or " : "");
	nt_diags_error(l->diags, node->span, "'%s' takes %safter DURATION, such as after 90 days",
	               node->key != NULL ? node->key->text : "this", allowed->str);
	g_string_free(allowed, TRUE);
	return false;
}

static void refuse_one_of(struct nt_loader *l, const struct nt_yaml *node, const char *const *one_of)
{
	char *list = g_strjoinv(", ", (gchar **)(uintptr_t)one_of);
	const char *nearest = nt_nearest(node->text, one_of);
	const char *meant = nearest != NULL ? nt_arena_printf(l->arena, " (did you mean '%s'?)", nearest) : "";

	nt_diags_error(l->diags, node->span, "%s%s%sis never '%s': it is one of %s%s", node->key != NULL ? "'" :
	               "this ",
	               node->key != NULL ? node->key->text : "", node->key != NULL ? "' " : "", node->text, list,
	               meant);
	g_free(list);
}

static bool load_list(struct nt_loader *l, const struct nt_yaml *node, struct nt_value *out)
{
	const char **items = nt_arena_array(l->arena, const char *, node->n);
	unsigned n = 0;

	for (const struct nt_yaml *item = node->first; item != NULL; item = item->next) {
		if (item->type != NT_YAML_SCALAR) {
			nt_diags_error(l->diags, item->span, "a list holds texts only");
			return false;
		}
		items[n++] = nt_arena_strdup(l->arena, item->text);
	}
	*out = (struct nt_value){ .type = NT_TYPE_LIST, .list = { .items = items, .n = n } };
	return true;
}

bool nt_load_literal(struct nt_loader *l, const struct nt_yaml *node, enum nt_type type, const char *const *one_of,
                     struct nt_value *out)
{
	const char *why = NULL;

	if (type == NT_TYPE_LIST && node->type == NT_YAML_SEQUENCE)
		return load_list(l, node, out);
	if (node->type != NT_YAML_SCALAR) {
		nt_diags_error(l->diags, node->span, "this takes a %s", nt_type_name(type));
		return false;
	}
	if (!nt_value_from_text(l->arena, node->text, type, l->context->zones->utc, out, &why)) {
		nt_diags_error(l->diags, node->span.length > 0 || node->key == NULL ? node->span : node->key->span,
		               "'%s' %s",
		               node->text, why);
		return false;
	}
	if (one_of != NULL && !g_strv_contains(one_of, node->text)) {
		refuse_one_of(l, node, one_of);
		return false;
	}
	return true;
}

bool nt_load_either(struct nt_loader *l, const struct nt_yaml *item, const struct nt_key_table *table,
                    const char *title,
                    const struct nt_yaml *on, const struct nt_yaml *when, const struct nt_yaml *filter)
{
	if (on != NULL && when != NULL) {
		nt_diags_error_as(l->diags, NT_CODE_DOES_NOT_FIT, when->key->span,
		                  "%s has either 'on' or 'when', not both", title);
		return false;
	}
	if (on == NULL && when == NULL) {
		/* one that was there, and wrong, has had its message */
		if (nt_yaml_get(item, "on") == NULL && nt_yaml_get(item, "when") == NULL &&
		    !nt_keys_has_unknown(table, item))
			nt_diags_error_as(l->diags, NT_CODE_MISSING_KEY, item->span,
			                  "%s needs 'on' (an event) or 'when' (a condition)", title);
		return false;
	}
	if (when != NULL && filter != NULL) {
		nt_diags_error_as(l->diags, NT_CODE_DOES_NOT_FIT, filter->key->span,
		               "'if' goes with 'on': join it to the condition of 'when' by 'and'");
		return false;
	}
	return true;
}

const void *nt_load_take_array(struct nt_loader *l, GArray *array, unsigned *n)
{
	const void *copy = nt_arena_copy(l->arena, array->data, (size_t)array->len * g_array_get_element_size(array));

	*n = array->len;
	g_array_free(array, TRUE);
	return copy;
}

/* What stands behind the rule set's folder; NULL: the path isn't below it. */
static const char *below_folder(const struct nt_rule_set_files *files, const char *path)
{
	size_t length = files->folder != NULL ? strlen(files->folder) : 0;

	if (length == 0)
		return path;
	return strncmp(path, files->folder, length) == 0 && path[length] == '/' ? path + length + 1 : NULL;
}

static bool leads_out(const char *path)
{
	char **parts = g_strsplit(path, "/", -1);
	bool out = path[0] == '/' || g_strv_contains((const char *const *)parts, "..") ||
	           g_strv_contains((const char *const *)parts, ".");

	g_strfreev(parts);
	return out;
}

static void refuse_other_file(struct nt_loader *l, const struct nt_yaml *node, const char *const *known,
                              const char *example)
{
	const char *slash = strrchr(node->text, '/'), *name = slash != NULL ? slash + 1 : node->text;

	if (leads_out(node->text)) {
		nt_diags_error_as(l->diags, NT_CODE_WRONG_FILE, node->span,
		               "a path leads from the rule set's folder to a file below it, like %s", example);
		return;
	}
	/* right but for the folder */
	for (unsigned i = 0; known[i] != NULL; i++)
		if (strrchr(known[i], '/') != NULL && strcmp(strrchr(known[i], '/') + 1, name) == 0) {
			nt_diags_error_as(l->diags, NT_CODE_WRONG_FILE, node->span,
			               "unknown file '%s' below the rule set's folder (did you mean '%s'?)",
			               node->text, known[i]);
			return;
		}
	nt_keys_unknown(l->diags, node->span, "file", node->text, "below the rule set's folder", known);
}

const struct nt_file *nt_load_other_file(struct nt_loader *l, const struct nt_yaml *node, const char *example)
{
	GPtrArray *known = g_ptr_array_new();
	const struct nt_file *found = NULL;

	for (unsigned i = 0; i < l->files->n_others && found == NULL; i++) {
		const char *path = below_folder(l->files, l->files->others[i].path);

		if (path != NULL && strcmp(path, node->text) == 0)
			found = &l->files->others[i];
		else if (path != NULL)
			g_ptr_array_add(known, (gpointer)(uintptr_t)path);
	}
	g_ptr_array_add(known, NULL);
	if (found == NULL)
		refuse_other_file(l, node, (const char *const *)known->pdata, example);
	g_ptr_array_free(known, TRUE);
	return found;
}
