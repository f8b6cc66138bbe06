#include "engine/test_expect.h"

#include "base/arena.h"
#include "rules/yaml.h"

#include <string.h>

#define NARROWEST 60
#define USUAL 80

static bool fits(const struct nt_test_item *expected, const struct nt_test_item *happened)
{
	if (strcmp(expected->what, happened->what) != 0 || strcmp(expected->value, happened->value) != 0)
		return false;
	return expected->at == NT_NO_TIME || (expected->at <= happened->at && happened->at < expected->upto);
}

/* Of those that it fits, the one whose time ends first: so none is left over that another order would have paired. */
static void pair(GArray *expected, struct nt_test_item *happened)
{
	struct nt_test_item *best = NULL;

	for (unsigned i = 0; i < expected->len; i++) {
		struct nt_test_item *e = &g_array_index(expected, struct nt_test_item, i);

		if (e->partner == NULL && fits(e, happened) && (best == NULL || e->upto < best->upto))
			best = e;
	}
	happened->partner = best;
	if (best != NULL)
		best->partner = happened;
}

bool nt_test_match(GArray *expected, GArray *happened, bool nothing_else)
{
	bool all = true;

	for (unsigned k = 0; k < happened->len; k++) {
		struct nt_test_item *h = &g_array_index(happened, struct nt_test_item, k);

		pair(expected, h);
		all &= h->partner != NULL || !h->message || !nothing_else;
	}
	for (unsigned i = 0; i < expected->len; i++)
		all &= g_array_index(expected, struct nt_test_item, i).partner != NULL;
	return all;
}

/* ---- side by side ---- */

struct columns {
	const struct nt_zone *zone;
	unsigned time, left, right; /* widths in characters */
	GString *out;
};

static const char any_time[] = "(any time)";

static char *time_text(const struct columns *columns, const struct nt_test_item *item)
{
	GString *text = g_string_new(item->at == NT_NO_TIME ? any_time : NULL);

	if (item->at != NT_NO_TIME)
		nt_time_print_local(columns->zone, item->at, text);
	return g_string_free(text, FALSE);
}

static char *item_text(const struct nt_test_item *item)
{
	return item != NULL ? g_strdup_printf("%s: %s", item->what, item->value) : g_strdup("");
}

static unsigned characters(const char *text)
{
	return (unsigned)g_utf8_strlen(text, -1);
}

/* The widest that is needed; of both columns together, what is there: the wider one gives way. */
static void measure(struct columns *columns, const GArray *expected, const GArray *happened, unsigned width)
{
	const GArray *all[] = { expected, happened };
	unsigned widest[] = { (unsigned)strlen("expected"), (unsigned)strlen("happened") }, room;

	columns->time = (unsigned)strlen(any_time);
	for (unsigned k = 0; k < 2; k++)
		for (unsigned i = 0; i < all[k]->len; i++) {
			const struct nt_test_item *item = &g_array_index(all[k], struct nt_test_item, i);
			char *time = time_text(columns, item), *text = item_text(item);

			columns->time = MAX(columns->time, characters(time));
			widest[k] = MAX(widest[k], characters(text));
			g_free(time);
			g_free(text);
		}
	room = MAX(width != 0 ? width : USUAL, NARROWEST) - columns->time - 8;
	columns->left = widest[0] + widest[1] <= room || widest[0] <= room / 2 ? widest[0] :
	                widest[1] <= room / 2                                  ? room - widest[1] :
	                                                                         room / 2;
	columns->right = room - columns->left;
}

/* Where the text may end within `width` characters: at a blank, behind a hyphen, else where there is no more room. */
static const char *piece_end(const char *text, unsigned width)
{
	const char *end = g_utf8_offset_to_pointer(text, MIN(characters(text), width));

	if (*end == '\0' || *end == ' ')
		return end;
	for (const char *p = end; p > text; p--)
		if (p[-1] == ' ' || p[-1] == '-')
			return p - (p[-1] == ' ');
	return end;
}

/* Up to `width` characters of *text, which then begins behind them. */
static void put_piece(const char **text, unsigned width, bool pad, GString *out)
{
	const char *end = piece_end(*text, width);
	unsigned n = (unsigned)g_utf8_strlen(*text, end - *text);

	g_string_append_len(out, *text, end - *text);
	for (; pad && n < width; n++)
		g_string_append_c(out, ' ');
	*text = end + (*end == ' ');
}

static void put_row(const struct columns *columns, char mark, const char *time, const char *left, const char *right)
{
	do {
		g_string_append_printf(columns->out, "  %c ", mark);
		put_piece(&time, columns->time, true, columns->out);
		g_string_append(columns->out, "  ");
		put_piece(&left, columns->left, *right != '\0', columns->out);
		if (*right != '\0') {
			g_string_append(columns->out, "  ");
			put_piece(&right, columns->right, false, columns->out);
		}
		g_string_append_c(columns->out, '\n');
		mark = ' ';
	} while (*left != '\0' || *right != '\0');
}

static void put_items(const struct columns *columns, char mark, const struct nt_test_item *left,
                      const struct nt_test_item *right)
{
	char *time = time_text(columns, right != NULL ? right : left), *expected = item_text(left),
	     *happened = item_text(right);

	put_row(columns, mark, time, expected, happened);
	g_free(time);
	g_free(expected);
	g_free(happened);
}

static int by_time(const void *a, const void *b)
{
	const struct nt_test_item *x = *(const struct nt_test_item *const *)a,
				  *y = *(const struct nt_test_item *const *)b;

	return x->at < y->at ? -1 : x->at > y->at;
}

void nt_test_compare(const GArray *expected, const GArray *happened, bool nothing_else, const struct nt_zone *zone,
                     unsigned width, GString *out)
{
	struct columns columns = { .zone = zone, .out = out };
	GPtrArray *missing = g_ptr_array_new();
	unsigned k = 0;

	for (unsigned i = 0; i < expected->len; i++)
		if (g_array_index(expected, struct nt_test_item, i).partner == NULL)
			g_ptr_array_add(missing, &g_array_index(expected, struct nt_test_item, i));
	g_ptr_array_sort(missing, by_time);
	measure(&columns, expected, happened, width);
	put_row(&columns, ' ', "", "expected", "happened");
	for (unsigned i = 0; i < happened->len; i++) {
		const struct nt_test_item *h = &g_array_index(happened, struct nt_test_item, i);

		for (; k < missing->len && ((struct nt_test_item *)missing->pdata[k])->at <= h->at; k++)
			put_items(&columns, '-', missing->pdata[k], NULL);
		if (h->partner != NULL)
			put_items(&columns, '=', h->partner, h);
		else
			put_items(&columns, h->message && nothing_else ? '+' : ' ', NULL, h);
	}
	for (; k < missing->len; k++)
		put_items(&columns, '-', missing->pdata[k], NULL);
	g_ptr_array_unref(missing);
}

const char *nt_test_written(struct nt_arena *arena, const struct nt_yaml *value)
{
	const char *text = "";

	if (value->type == NT_YAML_SCALAR)
		return value->text;
	for (const struct nt_yaml *item = value->first; item != NULL; item = item->next)
		text = nt_arena_printf(arena, "%s%s%s", text, *text != '\0' ? ", " : "",
		                       item->text != NULL ? item->text : "…");
	return nt_arena_printf(arena, "[%s]", text);
}
