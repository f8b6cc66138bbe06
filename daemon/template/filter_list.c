#include "template/filter.h"

#include "base/arena.h"
#include "base/json.h"

#include <string.h>

/* ---- lists in and out ---- */

static void flatten(struct nt_filter_call *call, GArray *out, struct nt_datum value)
{
	size_t n = nt_datum_count(value);

	if (value.type != NT_DATUM_LIST && value.type != NT_DATUM_RANGE) {
		g_array_append_val(out, value);
		return;
	}
	for (size_t i = 0; i < n && !call->too_big; i++) {
		struct nt_datum item = nt_datum_item(call->arena, value, i);

		flatten(call, out, item);
		if (out->len > NT_FILTER_ITEMS)
			call->too_big = true;
	}
}

/* What Liquid's list filters work on: lists flattened, a range counted out, nil nothing, anything else alone. */
static GArray *take_items(struct nt_filter_call *call)
{
	GArray *items = g_array_new(FALSE, FALSE, sizeof(struct nt_datum));

	if (call->input.type != NT_DATUM_NIL && call->input.type != NT_DATUM_EMPTY &&
	    call->input.type != NT_DATUM_BLANK)
		flatten(call, items, call->input);
	return items;
}

static struct nt_datum item_at(const GArray *items, guint i)
{
	return g_array_index(items, struct nt_datum, i);
}

static struct nt_datum give_items(struct nt_filter_call *call, GArray *items)
{
	struct nt_datum list = { .type = NT_DATUM_LIST, .n = items->len };

	list.items = nt_arena_copy(call->arena, items->data, items->len * sizeof(struct nt_datum));
	g_array_free(items, TRUE);
	return list;
}

/* item[property], as Ruby has it: of an object its member, of a text the part that matches, of a number a bit.
 * False: this can't be asked of such an item. */
static bool property_of(struct nt_filter_call *call, struct nt_datum item, struct nt_datum property,
                        struct nt_datum *out)
{
	*out = NT_DATUM_NOTHING;
	switch (item.type) {
	case NT_DATUM_OBJECT:
		if (property.type == NT_DATUM_TEXT)
			*out = nt_datum_json(call->arena,
			                     nt_json_get(item.json,
			                                 nt_arena_strndup(call->arena, property.text,
			                                                  property.length)));
		return true;
	case NT_DATUM_TEXT:
		if (property.type == NT_DATUM_TEXT &&
		    memmem(item.text, item.length, property.text, property.length) != NULL)
			*out = property;
		return true;
	case NT_DATUM_NUMBER:
		if (property.type == NT_DATUM_NUMBER)
			*out = nt_datum_int(0);
		return property.type == NT_DATUM_NUMBER;
	default:
		return false;
	}
}

/* ---- asking each item ---- */

enum answer { NO, YES, CANT };

/* Whether item[args[0]] is args[1], or true where there is no args[1]. Nil and booleans have no properties: then the
 * whole filter gives nothing, as in Liquid. */
static enum answer ask(struct nt_filter_call *call, struct nt_datum item)
{
	struct nt_datum property = nt_filter_arg(call, 0), target = nt_filter_arg(call, 1), value;

	if (!property_of(call, item, property, &value)) {
		if (item.type == NT_DATUM_NUMBER)
			nt_filter_problem(call, "a number has no such property");
		return CANT;
	}
	return (target.type == NT_DATUM_NIL ? nt_datum_true(value) : nt_datum_equal(value, target)) ? YES : NO;
}

static struct nt_datum keep(struct nt_filter_call *call, enum answer wanted)
{
	GArray *items = take_items(call);
	guint n = 0;

	for (guint i = 0; i < items->len; i++) {
		struct nt_datum item = item_at(items, i);
		enum answer answer = ask(call, item);

		if (answer == CANT) {
			g_array_free(items, TRUE);
			return NT_DATUM_NOTHING;
		}
		if (answer == wanted)
			g_array_index(items, struct nt_datum, n++) = item;
	}
	g_array_set_size(items, n);
	return give_items(call, items);
}

struct nt_datum nt_filter_where(struct nt_filter_call *call)
{
	return keep(call, YES);
}

struct nt_datum nt_filter_reject(struct nt_filter_call *call)
{
	return keep(call, NO);
}

/* The first item that says yes, and its place; `cant` if one couldn't be asked before. */
static bool search(struct nt_filter_call *call, struct nt_datum *found, guint *place, bool *cant)
{
	GArray *items = take_items(call);
	bool yes = false;

	*cant = false;
	for (guint i = 0; i < items->len && !yes && !*cant; i++) {
		enum answer answer = ask(call, item_at(items, i));

		*cant = answer == CANT;
		yes = answer == YES;
		*found = item_at(items, i);
		*place = i;
	}
	g_array_free(items, TRUE);
	return yes;
}

struct nt_datum nt_filter_find(struct nt_filter_call *call)
{
	struct nt_datum found;
	guint place;
	bool cant;

	return search(call, &found, &place, &cant) ? found : NT_DATUM_NOTHING;
}

struct nt_datum nt_filter_find_index(struct nt_filter_call *call)
{
	struct nt_datum found;
	guint place;
	bool cant;

	return search(call, &found, &place, &cant) ? nt_datum_int(place) : NT_DATUM_NOTHING;
}

struct nt_datum nt_filter_has(struct nt_filter_call *call)
{
	struct nt_datum found;
	guint place;
	bool cant, yes = search(call, &found, &place, &cant);

	return cant ? NT_DATUM_NOTHING : nt_datum_bool(yes);
}

struct nt_datum nt_filter_map(struct nt_filter_call *call)
{
	GArray *items = take_items(call);

	for (guint i = 0; i < items->len; i++) {
		struct nt_datum item = item_at(items, i);

		if (item.type != NT_DATUM_OBJECT && item.type != NT_DATUM_NIL) {
			g_array_free(items, TRUE);
			return nt_filter_problem(call, "an item has no properties");
		}
		property_of(call, item, nt_filter_arg(call, 0), &g_array_index(items, struct nt_datum, i));
	}
	return give_items(call, items);
}

struct nt_datum nt_filter_compact(struct nt_filter_call *call)
{
	GArray *items = take_items(call);
	guint n = 0;

	for (guint i = 0; i < items->len; i++) {
		struct nt_datum item = item_at(items, i), value = item;

		if (call->n > 0)
			property_of(call, item, nt_filter_arg(call, 0), &value);
		if (value.type != NT_DATUM_NIL)
			g_array_index(items, struct nt_datum, n++) = item;
	}
	g_array_set_size(items, n);
	return give_items(call, items);
}

struct nt_datum nt_filter_uniq(struct nt_filter_call *call)
{
	GArray *items = take_items(call);
	GHashTable *seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	guint n = 0;

	for (guint i = 0; i < items->len; i++) {
		struct nt_datum item = item_at(items, i), value = item;
		GString *print = g_string_new(NULL);

		if (call->n > 0)
			property_of(call, item, nt_filter_arg(call, 0), &value);
		nt_datum_print_json(value, print);
		if (g_hash_table_add(seen, g_string_free(print, FALSE)))
			g_array_index(items, struct nt_datum, n++) = item;
	}
	g_hash_table_destroy(seen);
	g_array_set_size(items, n);
	return give_items(call, items);
}

struct nt_datum nt_filter_sum(struct nt_filter_call *call)
{
	GArray *items = take_items(call);
	nt_number sum = 0;
	bool any = false;

	for (guint i = 0; i < items->len; i++) {
		struct nt_datum item = item_at(items, i), value = item;
		bool fraction;

		if (call->n > 0)
			property_of(call, item, nt_filter_arg(call, 0), &value);
		sum = nt_number_add(sum, nt_filter_number(value, &fraction));
		any = any || fraction;
	}
	g_array_free(items, TRUE);
	return nt_datum_number(sum, any);
}

/* ---- order ---- */

struct order {
	struct nt_filter_call *call;
	bool natural, cant;
};

struct sorted {
	struct nt_datum item, key;
};

static bool is_nothing(struct nt_datum value)
{
	return value.type == NT_DATUM_NIL;
}

/* What is missing comes last. */
static gint compare_keys(gconstpointer a, gconstpointer b, gpointer context)
{
	struct order *order = context;
	struct nt_datum x = ((const struct sorted *)a)->key, y = ((const struct sorted *)b)->key;
	int result = 0;

	if (is_nothing(x) || is_nothing(y))
		return is_nothing(x) - is_nothing(y);
	if (!nt_datum_compare(x, y, &result))
		order->cant = true;
	return result;
}

static struct nt_datum fold(struct nt_filter_call *call, struct nt_datum key)
{
	struct nt_datum text = nt_datum_as_text(call->arena, key);
	char *folded;

	if (is_nothing(key) || !g_utf8_validate(text.text, (gssize)text.length, NULL))
		return key;
	folded = g_utf8_strdown(text.text, (gssize)text.length);
	text = nt_datum_text(nt_arena_strdup(call->arena, folded), strlen(folded));
	g_free(folded);
	return text;
}

static struct nt_datum sort(struct nt_filter_call *call, bool natural)
{
	struct order order = { .call = call, .natural = natural };
	GArray *items = take_items(call);
	struct sorted *sorted = g_new0(struct sorted, items->len + 1);

	for (guint i = 0; i < items->len; i++) {
		sorted[i].item = sorted[i].key = item_at(items, i);
		if (call->n > 0 && !property_of(call, sorted[i].item, nt_filter_arg(call, 0), &sorted[i].key))
			order.cant = true;
		if (natural)
			sorted[i].key = fold(call, sorted[i].key);
	}
	g_qsort_with_data(sorted, (gint)items->len, sizeof *sorted, compare_keys, &order);
	for (guint i = 0; i < items->len; i++)
		g_array_index(items, struct nt_datum, i) = sorted[i].item;
	g_free(sorted);
	if (!order.cant)
		return give_items(call, items);
	g_array_free(items, TRUE);
	return nt_filter_problem(call, "items of different kinds have no order");
}

struct nt_datum nt_filter_sort(struct nt_filter_call *call)
{
	return sort(call, false);
}

struct nt_datum nt_filter_sort_natural(struct nt_filter_call *call)
{
	return sort(call, true);
}

struct nt_datum nt_filter_reverse(struct nt_filter_call *call)
{
	GArray *items = take_items(call);

	for (guint i = 0; i < items->len / 2; i++) {
		struct nt_datum item = item_at(items, i);

		g_array_index(items, struct nt_datum, i) = item_at(items, items->len - 1 - i);
		g_array_index(items, struct nt_datum, items->len - 1 - i) = item;
	}
	return give_items(call, items);
}

struct nt_datum nt_filter_concat(struct nt_filter_call *call)
{
	struct nt_datum more = nt_filter_arg(call, 0);
	GArray *items;

	if (more.type != NT_DATUM_LIST && more.type != NT_DATUM_RANGE)
		return nt_filter_problem(call, "the argument is no list");
	items = take_items(call);
	for (size_t i = 0, n = nt_datum_count(more); i < n && !call->too_big; i++) {
		struct nt_datum item = nt_datum_item(call->arena, more, i);

		g_array_append_val(items, item);
		call->too_big = items->len > NT_FILTER_ITEMS;
	}
	return give_items(call, items);
}

/* ---- parts ---- */

struct nt_datum nt_filter_join(struct nt_filter_call *call)
{
	struct nt_datum glue = call->n > 0 ? nt_filter_text(call, nt_filter_arg(call, 0)) : nt_datum_text(" ", 1);
	GArray *items = take_items(call);
	GString *out = g_string_new(NULL);

	for (guint i = 0; i < items->len && out->len <= NT_FILTER_TEXT; i++) {
		if (i > 0)
			g_string_append_len(out, glue.text, (gssize)glue.length);
		nt_datum_print(item_at(items, i), out);
	}
	g_array_free(items, TRUE);
	return nt_filter_take(call, out);
}

static size_t next_char(struct nt_datum text, size_t i)
{
	i++;
	while (i < text.length && ((unsigned char)text.text[i] & 0xC0) == 0x80)
		i++;
	return i;
}

static struct nt_datum slice_text(struct nt_datum text, size_t first, size_t n)
{
	size_t begin = 0, end;

	while (first-- > 0 && begin < text.length)
		begin = next_char(text, begin);
	for (end = begin; n-- > 0 && end < text.length;)
		end = next_char(text, end);
	return nt_datum_text(text.text + begin, end - begin);
}

struct nt_datum nt_filter_slice(struct nt_filter_call *call)
{
	struct nt_datum input = call->input, first = nt_filter_arg(call, 0);
	int at, n = 1, count;

	if (first.type == NT_DATUM_NUMBER && first.fraction)
		return nt_filter_problem(call, "the place is no whole number");
	if (!nt_filter_int(first, &at) ||
	    (nt_filter_arg(call, 1).type != NT_DATUM_NIL && !nt_filter_int(nt_filter_arg(call, 1), &n)))
		return nt_filter_problem(call, "the place or the length is no number");
	if (input.type != NT_DATUM_LIST)
		input = nt_filter_text(call, input);
	count = (int)MIN(input.type == NT_DATUM_LIST ? (int64_t)input.n
	                 : (int64_t)g_utf8_strlen(input.text, (gssize)input.length), 1000000000);
	at = at < 0 ? at + count : at;
	if (at < 0 || at > count || n < 0)
		at = n = 0;
	n = MIN(n, count - at);
	if (input.type != NT_DATUM_LIST)
		return slice_text(input, (size_t)at, (size_t)n);
	input.items += at;
	input.n = (size_t)n;
	return input;
}

struct nt_datum nt_filter_first(struct nt_filter_call *call)
{
	struct nt_datum input = call->input;

	if (input.type == NT_DATUM_TEXT)
		return slice_text(input, 0, 1);
	if (input.type != NT_DATUM_LIST && input.type != NT_DATUM_RANGE && input.type != NT_DATUM_OBJECT)
		return NT_DATUM_NOTHING;
	return nt_datum_count(input) > 0 ? nt_datum_item(call->arena, input, 0) : NT_DATUM_NOTHING;
}

struct nt_datum nt_filter_last(struct nt_filter_call *call)
{
	struct nt_datum input = call->input;
	size_t n = nt_datum_count(input);

	if (input.type == NT_DATUM_TEXT)
		return n == 0 ? input : slice_text(input, (size_t)g_utf8_strlen(input.text, (gssize)input.length) - 1,
		                                   1);
	if (n == 0 || (input.type != NT_DATUM_LIST && input.type != NT_DATUM_RANGE))
		return NT_DATUM_NOTHING;
	return nt_datum_item(call->arena, input, n - 1);
}

struct nt_datum nt_filter_size(struct nt_filter_call *call)
{
	struct nt_datum input = call->input;

	if (input.type == NT_DATUM_TEXT)
		return nt_datum_int(g_utf8_strlen(input.text, (gssize)input.length));
	return nt_datum_int((int64_t)nt_datum_count(input));
}
