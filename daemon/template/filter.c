#include "template/filter.h"

#include "base/arena.h"
#include "template/date.h"

#include <stdlib.h>
#include <string.h>

static const struct nt_filter filters[] = { /* sorted by name */
	{ "abs", 0, 0, NULL, NT_FILTER_PLAIN, nt_filter_abs },
	{ "append", 1, 1, NULL, NT_FILTER_KEEPS, nt_filter_append },
	{ "at_least", 1, 1, NULL, NT_FILTER_PLAIN, nt_filter_at_least },
	{ "at_most", 1, 1, NULL, NT_FILTER_PLAIN, nt_filter_at_most },
	{ "base64_decode", 0, 0, NULL, NT_FILTER_PLAIN, nt_filter_base64_decode },
	{ "base64_encode", 0, 0, NULL, NT_FILTER_PLAIN, nt_filter_base64_encode },
	{ "base64_url_safe_decode", 0, 0, NULL, NT_FILTER_PLAIN, nt_filter_base64_url_decode },
	{ "base64_url_safe_encode", 0, 0, NULL, NT_FILTER_PLAIN, nt_filter_base64_url_encode },
	{ "capitalize", 0, 0, NULL, NT_FILTER_PLAIN, nt_filter_capitalize },
	{ "ceil", 0, 0, NULL, NT_FILTER_PLAIN, nt_filter_ceil },
	{ "compact", 0, 1, NULL, NT_FILTER_PLAIN, nt_filter_compact },
	{ "concat", 1, 1, NULL, NT_FILTER_PLAIN, nt_filter_concat },
	{ "date", 1, 1, NULL, NT_FILTER_PLAIN, nt_filter_date },
	{ "default", 0, 1, "allow_false", NT_FILTER_KEEPS, nt_filter_default },
	{ "divided_by", 1, 1, NULL, NT_FILTER_PLAIN, nt_filter_divided_by },
	{ "downcase", 0, 0, NULL, NT_FILTER_PLAIN, nt_filter_downcase },
	{ "escape", 0, 0, NULL, NT_FILTER_SETS, nt_filter_escape },
	{ "escape_once", 0, 0, NULL, NT_FILTER_SETS, nt_filter_escape_once },
	{ "find", 1, 2, NULL, NT_FILTER_PLAIN, nt_filter_find },
	{ "find_index", 1, 2, NULL, NT_FILTER_PLAIN, nt_filter_find_index },
	{ "first", 0, 0, NULL, NT_FILTER_PLAIN, nt_filter_first },
	{ "floor", 0, 0, NULL, NT_FILTER_PLAIN, nt_filter_floor },
	{ "h", 0, 0, NULL, NT_FILTER_SETS, nt_filter_escape },
	{ "has", 1, 2, NULL, NT_FILTER_PLAIN, nt_filter_has },
	{ "join", 0, 1, NULL, NT_FILTER_PLAIN, nt_filter_join },
	{ "json", 0, 0, NULL, NT_FILTER_PLAIN, nt_filter_json },
	{ "last", 0, 0, NULL, NT_FILTER_PLAIN, nt_filter_last },
	{ "lstrip", 0, 0, NULL, NT_FILTER_KEEPS, nt_filter_lstrip },
	{ "map", 1, 1, NULL, NT_FILTER_PLAIN, nt_filter_map },
	{ "minus", 1, 1, NULL, NT_FILTER_PLAIN, nt_filter_minus },
	{ "modulo", 1, 1, NULL, NT_FILTER_PLAIN, nt_filter_modulo },
	{ "newline_to_br", 0, 0, NULL, NT_FILTER_SETS, nt_filter_newline_to_br },
	{ "plus", 1, 1, NULL, NT_FILTER_PLAIN, nt_filter_plus },
	{ "prepend", 1, 1, NULL, NT_FILTER_KEEPS, nt_filter_prepend },
	{ "raw", 0, 0, NULL, NT_FILTER_SETS, nt_filter_raw },
	{ "reject", 1, 2, NULL, NT_FILTER_PLAIN, nt_filter_reject },
	{ "remove", 1, 1, NULL, NT_FILTER_PLAIN, nt_filter_remove },
	{ "remove_first", 1, 1, NULL, NT_FILTER_PLAIN, nt_filter_remove_first },
	{ "remove_last", 1, 1, NULL, NT_FILTER_PLAIN, nt_filter_remove_last },
	{ "replace", 1, 2, NULL, NT_FILTER_PLAIN, nt_filter_replace },
	{ "replace_first", 1, 2, NULL, NT_FILTER_PLAIN, nt_filter_replace_first },
	{ "replace_last", 2, 2, NULL, NT_FILTER_PLAIN, nt_filter_replace_last },
	{ "reverse", 0, 0, NULL, NT_FILTER_PLAIN, nt_filter_reverse },
	{ "round", 0, 1, NULL, NT_FILTER_PLAIN, nt_filter_round },
	{ "rstrip", 0, 0, NULL, NT_FILTER_KEEPS, nt_filter_rstrip },
	{ "size", 0, 0, NULL, NT_FILTER_PLAIN, nt_filter_size },
	{ "slice", 1, 2, NULL, NT_FILTER_PLAIN, nt_filter_slice },
	{ "sort", 0, 1, NULL, NT_FILTER_PLAIN, nt_filter_sort },
	{ "sort_natural", 0, 1, NULL, NT_FILTER_PLAIN, nt_filter_sort_natural },
	{ "split", 1, 1, NULL, NT_FILTER_PLAIN, nt_filter_split },
	{ "squish", 0, 0, NULL, NT_FILTER_PLAIN, nt_filter_squish },
	{ "strip", 0, 0, NULL, NT_FILTER_KEEPS, nt_filter_strip },
	{ "strip_html", 0, 0, NULL, NT_FILTER_PLAIN, nt_filter_strip_html },
	{ "strip_newlines", 0, 0, NULL, NT_FILTER_PLAIN, nt_filter_strip_newlines },
	{ "sum", 0, 1, NULL, NT_FILTER_PLAIN, nt_filter_sum },
	{ "times", 1, 1, NULL, NT_FILTER_PLAIN, nt_filter_times },
	{ "truncate", 0, 2, NULL, NT_FILTER_PLAIN, nt_filter_truncate },
	{ "truncatewords", 0, 2, NULL, NT_FILTER_PLAIN, nt_filter_truncatewords },
	{ "uniq", 0, 1, NULL, NT_FILTER_PLAIN, nt_filter_uniq },
	{ "upcase", 0, 0, NULL, NT_FILTER_PLAIN, nt_filter_upcase },
	{ "url_decode", 0, 0, NULL, NT_FILTER_PLAIN, nt_filter_url_decode },
	{ "url_encode", 0, 0, NULL, NT_FILTER_PLAIN, nt_filter_url_encode },
	{ "where", 1, 2, NULL, NT_FILTER_PLAIN, nt_filter_where },
};

struct key {
	const char *name;
	size_t length;
};

static int compare_name(const void *key, const void *item)
{
	const struct key *name = key;
	const struct nt_filter *filter = item;
	int order = strncmp(name->name, filter->name, name->length);

	return order != 0 ? order : -(filter->name[name->length] != '\0');
}

const struct nt_filter *nt_filter_lookup(const char *name, size_t length)
{
	struct key key = { .name = name, .length = length };

	return bsearch(&key, filters, G_N_ELEMENTS(filters), sizeof filters[0], compare_name);
}

const char **nt_filter_names(void)
{
	const char **names = g_new0(const char *, G_N_ELEMENTS(filters) + 1);

	for (size_t i = 0; i < G_N_ELEMENTS(filters); i++)
		names[i] = filters[i].name;
	return names;
}

/* ---- help for all ---- */

struct nt_datum nt_filter_arg(const struct nt_filter_call *call, unsigned i)
{
	return i < call->n ? call->args[i] : NT_DATUM_NOTHING;
}

struct nt_datum nt_filter_text(struct nt_filter_call *call, struct nt_datum value)
{
	return nt_datum_as_text(call->arena, value);
}

struct nt_datum nt_filter_take(struct nt_filter_call *call, GString *out)
{
	struct nt_datum value = NT_DATUM_NOTHING;

	if (out->len > NT_FILTER_TEXT)
		call->too_big = true;
	else
		value = nt_datum_text(nt_arena_strndup(call->arena, out->str, out->len), out->len);
	g_string_free(out, TRUE);
	return value;
}

struct nt_datum nt_filter_problem(struct nt_filter_call *call, const char *problem)
{
	call->problem = problem;
	return NT_DATUM_NOTHING;
}

nt_number nt_filter_number(struct nt_datum value, bool *fraction)
{
	nt_number number;

	nt_datum_to_number(value, &number, fraction);
	return number;
}

bool nt_filter_int(struct nt_datum value, int *out)
{
	nt_number number, limit = 1000000000 * NT_NUMBER_ONE;
	bool fraction;

	if (!nt_datum_to_number(value, &number, &fraction))
		return false;
	*out = (int)(CLAMP(number, -limit, limit) / NT_NUMBER_ONE);
	return true;
}

/* ---- filters that fit nowhere else ---- */

struct nt_datum nt_filter_default(struct nt_filter_call *call)
{
	struct nt_datum input = call->input;
	bool missing = input.type == NT_DATUM_NIL || nt_datum_empty(input);

	if (input.type == NT_DATUM_BOOL && !input.boolean)
		missing = !nt_datum_true(call->keyword);
	return missing ? nt_filter_arg(call, 0) : input;
}

/* In a JSON part the value is written as the JSON that it is; elsewhere it is text like any other. */
struct nt_datum nt_filter_json(struct nt_filter_call *call)
{
	GString *out = g_string_new(NULL);
	struct nt_datum value;

	nt_datum_print_json(call->input, out);
	value = nt_filter_take(call, out);
	if (call->context == NT_ESCAPE_JSON)
		value.prepared = NT_PREPARED_PART;
	return value;
}

struct nt_datum nt_filter_date(struct nt_filter_call *call)
{
	struct nt_datum format = nt_filter_text(call, nt_filter_arg(call, 0));
	struct nt_civil civil;
	struct nt_date_place place = { .locale = call->locale };
	GString *out;

	if (format.length == 0)
		return call->input;
	if (!nt_date_read(call->input, call->now, call->zone, &civil, &place))
		return call->input;
	out = g_string_new(NULL);
	nt_date_print(out, format.text, format.length, &civil, &place);
	return nt_filter_take(call, out);
}
