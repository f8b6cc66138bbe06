#include "rules/value.h"

#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "base/zone.h"

#include <string.h>

#define TEXT_LIMIT 16384
#define LIST_LIMIT 256

static const char *const type_names[] = {
	[NT_TYPE_NONE] = "none", [NT_TYPE_TEXT] = "text", [NT_TYPE_NUMBER] = "number", [NT_TYPE_YES_NO] = "yes_no",
	[NT_TYPE_DATE] = "date", [NT_TYPE_TIME] = "time", [NT_TYPE_DURATION] = "duration", [NT_TYPE_LIST] = "list",
	[NT_TYPE_EMAIL] = "email", [NT_TYPE_PHONE] = "phone",
};

const char *nt_type_name(enum nt_type type)
{
	return type_names[type];
}

bool nt_type_parse(const char *name, enum nt_type *type)
{
	for (unsigned i = NT_TYPE_TEXT; i < G_N_ELEMENTS(type_names); i++)
		if (strcmp(type_names[i], name) == 0) {
			*type = (enum nt_type)i;
			return true;
		}
	return false;
}

bool nt_type_is_text(enum nt_type type)
{
	return type == NT_TYPE_TEXT || type == NT_TYPE_EMAIL || type == NT_TYPE_PHONE;
}

static bool lists_equal(const struct nt_value *a, const struct nt_value *b)
{
	if (a->list.n != b->list.n)
		return false;
	for (unsigned i = 0; i < a->list.n; i++)
		if (strcmp(a->list.items[i], b->list.items[i]) != 0)
			return false;
	return true;
}

bool nt_value_equal(const struct nt_value *a, const struct nt_value *b)
{
	if (nt_type_is_text(a->type) && nt_type_is_text(b->type))
		return strcmp(a->text, b->text) == 0;
	if (a->type != b->type)
		return false;
	switch (a->type) {
	case NT_TYPE_NONE:
		return true;
	case NT_TYPE_NUMBER:
		return a->number == b->number;
	case NT_TYPE_YES_NO:
		return a->yes == b->yes;
	case NT_TYPE_DATE:
		return a->date == b->date;
	case NT_TYPE_TIME:
		return a->time == b->time;
	case NT_TYPE_DURATION:
		return a->duration.months == b->duration.months && a->duration.days == b->duration.days &&
		       a->duration.ms == b->duration.ms;
	case NT_TYPE_LIST:
		return lists_equal(a, b);
	case NT_TYPE_TEXT:
	case NT_TYPE_EMAIL:
	case NT_TYPE_PHONE:
		break;
	}
	return false;
}

struct nt_value nt_value_copy(struct nt_arena *arena, const struct nt_value *value)
{
	struct nt_value copy = *value;

	if (nt_type_is_text(value->type)) {
		copy.text = nt_arena_strdup(arena, value->text);
	} else if (value->type == NT_TYPE_LIST) {
		const char **items = nt_arena_array(arena, const char *, value->list.n + 1);

		for (unsigned i = 0; i < value->list.n; i++)
			items[i] = nt_arena_strdup(arena, value->list.items[i]);
		copy.list.items = items;
	}
	return copy;
}

struct nt_value nt_value_as(const struct nt_value *value, enum nt_type type, const struct nt_zone *zone)
{
	struct nt_value out = *value;

	if (value->type == type || value->type == NT_TYPE_NONE)
		return out;
	if (nt_type_is_text(type) && nt_type_is_text(value->type)) {
		out.type = type;
	} else if (type == NT_TYPE_DATE && value->type == NT_TYPE_TIME) {
		struct nt_civil civil = nt_civil_at(zone, value->time);

		out.type = NT_TYPE_DATE;
		out.date = nt_civil_days(civil.year, civil.month, civil.day);
	} else if (type == NT_TYPE_TIME && value->type == NT_TYPE_DATE) {
		out.type = NT_TYPE_TIME;
		out.time = nt_date_midnight(zone, value->date);
	} else {
		return NT_NONE;
	}
	return out;
}

nt_time nt_date_midnight(const struct nt_zone *zone, int64_t days)
{
	struct nt_civil civil = { 0 };

	nt_civil_from_days(days, &civil.year, &civil.month, &civil.day);
	return nt_civil_instant(zone, &civil);
}

/* ---- from outside ---- */

static bool yes_no_from_text(const char *text, bool *yes)
{
	static const char *const words[] = { "no", "yes", "false", "true", "off", "on" };

	for (unsigned i = 0; i < G_N_ELEMENTS(words); i++)
		if (g_ascii_strcasecmp(text, words[i]) == 0) {
			*yes = i % 2 == 1;
			return true;
		}
	return false;
}

static bool date_from_text(const char *text, struct nt_value *out, const char **detail)
{
	struct nt_civil civil;

	if (!nt_date_parse(text, strlen(text), &civil, detail))
		return false;
	out->date = nt_civil_days(civil.year, civil.month, civil.day);
	return true;
}

static bool time_from_text(const char *text, const struct nt_zone *zone, struct nt_value *out, const char **detail)
{
	struct nt_civil civil;
	bool has_offset;

	if (!nt_instant_parse(text, strlen(text), &civil, &has_offset, &out->time, detail))
		return false;
	if (!has_offset)
		out->time = nt_civil_instant(zone, &civil);
	return true;
}

/* Commas separate; blanks around an item and empty items don't count. */
static bool list_from_text(struct nt_arena *arena, const char *text, struct nt_value *out)
{
	const char **items = nt_arena_array(arena, const char *, LIST_LIMIT + 1);
	unsigned n = 0;

	while (*text != '\0') {
		size_t length = strcspn(text, ","), begin = 0, end = length;

		while (begin < end && g_ascii_isspace(text[begin]))
			begin++;
		while (end > begin && g_ascii_isspace(text[end - 1]))
			end--;
		if (end > begin) {
			if (n == LIST_LIMIT)
				return false;
			items[n++] = nt_arena_strndup(arena, text + begin, end - begin);
		}
		text += length + (text[length] == ',');
	}
	out->list.items = items;
	out->list.n = n;
	return true;
}

static const char *what_it_must_be(enum nt_type type)
{
	switch (type) {
	case NT_TYPE_NUMBER:
		return "must be a number such as 12.5";
	case NT_TYPE_YES_NO:
		return "must be true or false";
	case NT_TYPE_DATE:
		return "must be a date such as 2026-12-01";
	case NT_TYPE_TIME:
		return "must be a time such as 2026-12-01T09:00:00Z";
	case NT_TYPE_DURATION:
		return "must be a duration such as 3 days";
	case NT_TYPE_LIST:
		return "must be a list of at most 256 texts";
	case NT_TYPE_EMAIL:
		return "must be an email address such as ann@example.org";
	case NT_TYPE_PHONE:
		return "must be a phone number such as +1 555 0100";
	case NT_TYPE_TEXT:
	case NT_TYPE_NONE:
		break;
	}
	return "must be text";
}

static bool refuse(struct nt_arena *arena, enum nt_type type, const char *detail, const char **why)
{
	*why = what_it_must_be(type);
	if (detail != NULL)
		*why = nt_arena_printf(arena, "%s: %s", *why, detail);
	return false;
}

static bool text_too_long(const char *text, const char **why)
{
	if (strlen(text) <= TEXT_LIMIT)
		return false;
	*why = "is too long: a text has at most 16384 bytes";
	return true;
}

bool nt_value_from_text(struct nt_arena *arena, const char *text, enum nt_type type, const struct nt_zone *zone,
                        struct nt_value *out, const char **why)
{
	struct nt_value value = { .type = type };
	const char *detail = NULL;
	bool ok = true;

	if (text_too_long(text, why))
		return false;
	switch (type) {
	case NT_TYPE_EMAIL:
	case NT_TYPE_PHONE:
		ok = type == NT_TYPE_EMAIL ? nt_email_valid(text) : nt_phone_valid(text);
		value.text = nt_arena_strdup(arena, text);
		break;
	case NT_TYPE_TEXT:
		value.text = nt_arena_strdup(arena, text);
		break;
	case NT_TYPE_NUMBER:
		ok = nt_number_parse(text, strlen(text), &value.number);
		break;
	case NT_TYPE_YES_NO:
		ok = yes_no_from_text(text, &value.yes);
		break;
	case NT_TYPE_DATE:
		ok = date_from_text(text, &value, &detail);
		break;
	case NT_TYPE_TIME:
		ok = time_from_text(text, zone, &value, &detail);
		break;
	case NT_TYPE_DURATION:
		ok = nt_duration_parse(text, strlen(text), &value.duration, &detail);
		break;
	case NT_TYPE_LIST:
		ok = list_from_text(arena, text, &value);
		break;
	case NT_TYPE_NONE:
		ok = false;
		break;
	}
	if (!ok)
		return refuse(arena, type, detail, why);
	*out = value;
	return true;
}

static bool list_from_json(struct nt_arena *arena, const struct nt_json *json, struct nt_value *out, const char **why)
{
	const char **items;
	unsigned n = 0;

	if (json->type != NT_JSON_ARRAY || json->n > LIST_LIMIT)
		return refuse(arena, NT_TYPE_LIST, NULL, why);
	items = nt_arena_array(arena, const char *, json->n + 1);
	for (const struct nt_json *item = json->first; item != NULL; item = item->next) {
		if (item->type != NT_JSON_TEXT)
			return refuse(arena, NT_TYPE_LIST, NULL, why);
		if (text_too_long(item->text, why))
			return false;
		items[n++] = nt_arena_strdup(arena, item->text);
	}
	*out = (struct nt_value){ .type = NT_TYPE_LIST, .list = { .items = items, .n = n } };
	return true;
}

bool nt_value_from_json(struct nt_arena *arena, const struct nt_json *json, enum nt_type type,
                        const struct nt_zone *zone, struct nt_value *out, const char **why)
{
	if (json->type == NT_JSON_NULL) {
		*out = NT_NONE;
		return true;
	}
	if (type == NT_TYPE_LIST)
		return list_from_json(arena, json, out, why);
	if (type == NT_TYPE_NUMBER && json->type == NT_JSON_NUMBER) {
		*out = (struct nt_value){ .type = NT_TYPE_NUMBER };
		return nt_json_number(json, &out->number) || refuse(arena, type, NULL, why);
	}
	if (type == NT_TYPE_YES_NO && json->type == NT_JSON_BOOL) {
		*out = NT_YES_NO_VALUE(json->boolean);
		return true;
	}
	if (type == NT_TYPE_NUMBER || type == NT_TYPE_YES_NO || json->type != NT_JSON_TEXT)
		return refuse(arena, type, NULL, why);
	return nt_value_from_text(arena, json->text, type, zone, out, why);
}

static void date_print(int64_t days, GString *out)
{
	int year, month, day;

	nt_civil_from_days(days, &year, &month, &day);
	g_string_append_printf(out, "\"%04d-%02d-%02d\"", year, month, day);
}

void nt_value_to_json(const struct nt_value *value, GString *out)
{
	switch (value->type) {
	case NT_TYPE_NONE:
		g_string_append(out, "null");
		break;
	case NT_TYPE_TEXT:
	case NT_TYPE_EMAIL:
	case NT_TYPE_PHONE:
		nt_json_quote(out, value->text, strlen(value->text));
		break;
	case NT_TYPE_NUMBER:
		nt_number_print(value->number, out);
		break;
	case NT_TYPE_YES_NO:
		g_string_append(out, value->yes ? "true" : "false");
		break;
	case NT_TYPE_DATE:
		date_print(value->date, out);
		break;
	case NT_TYPE_TIME:
		g_string_append_c(out, '"');
		nt_time_print_utc(value->time, out);
		g_string_append_c(out, '"');
		break;
	case NT_TYPE_DURATION:
		g_string_append_c(out, '"');
		nt_duration_print(value->duration, out);
		g_string_append_c(out, '"');
		break;
	case NT_TYPE_LIST:
		g_string_append_c(out, '[');
		for (unsigned i = 0; i < value->list.n; i++) {
			if (i > 0)
				g_string_append_c(out, ',');
			nt_json_quote(out, value->list.items[i], strlen(value->list.items[i]));
		}
		g_string_append_c(out, ']');
		break;
	}
}
