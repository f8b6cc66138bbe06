#include "engine/test_expect.h"

#include "base/arena.h"
#include "rules/yaml.h"

#include <string.h>

#define COLUMN 58

static bool fits(const struct nt_test_item *expected, const struct nt_test_item *happened)
{
	if (strcmp(expected->what, happened->what) != 0 || strcmp(expected->value, happened->value) != 0)
		return false;
	return expected->at == NT_NO_TIME || (expected->at <= happened->at && happened->at < expected->upto);
}

bool nt_test_match(GArray *expected, GArray *happened, bool nothing_else)
{
	bool all = true;

	for (unsigned i = 0; i < expected->len; i++) {
		struct nt_test_item *e = &g_array_index(expected, struct nt_test_item, i);

		for (unsigned k = 0; k < happened->len && !e->matched; k++) {
			struct nt_test_item *h = &g_array_index(happened, struct nt_test_item, k);

			if (!h->matched && fits(e, h))
				e->matched = h->matched = true;
		}
		all &= e->matched;
	}
	for (unsigned k = 0; nothing_else && k < happened->len; k++) {
		const struct nt_test_item *h = &g_array_index(happened, struct nt_test_item, k);

		all &= h->matched || !h->message;
	}
	return all;
}

static void print(const struct nt_test_item *item, const struct nt_zone *zone, GString *out)
{
	if (item->at == NT_NO_TIME)
		g_string_append(out, "(any time)");
	else
		nt_time_print_local(zone, item->at, out);
	g_string_append_printf(out, "  %s: %s", item->what, item->value);
}

static void print_row(char mark, const struct nt_test_item *left, const struct nt_test_item *right,
                      const struct nt_zone *zone, GString *out)
{
	GString *cell = g_string_new(NULL);
	long width;

	if (left != NULL)
		print(left, zone, cell);
	width = g_utf8_strlen(cell->str, -1);
	g_string_append_printf(out, "  %c %s", mark, cell->str);
	if (right != NULL) {
		for (; width < COLUMN; width++)
			g_string_append_c(out, ' ');
		g_string_append_c(out, ' ');
		print(right, zone, out);
	}
	g_string_append_c(out, '\n');
	g_string_free(cell, TRUE);
}

/* A matched pair stands at the instant at which it happened. */
static const struct nt_test_item *partner(const GArray *expected, const struct nt_test_item *happened, GHashTable *used)
{
	for (unsigned i = 0; i < expected->len; i++) {
		const struct nt_test_item *e = &g_array_index(expected, struct nt_test_item, i);

		if (e->matched && fits(e, happened) && g_hash_table_add(used, (void *)(uintptr_t)e))
			return e;
	}
	return NULL;
}

static int by_time(const void *a, const void *b)
{
	const struct nt_test_item *x = *(const struct nt_test_item *const *)a,
				  *y = *(const struct nt_test_item *const *)b;

	return x->at < y->at ? -1 : x->at > y->at;
}

void nt_test_compare(const GArray *expected, const GArray *happened, bool nothing_else, const struct nt_zone *zone,
                     GString *out)
{
	GHashTable *used = g_hash_table_new(NULL, NULL);
	GPtrArray *missing = g_ptr_array_new();
	unsigned k = 0;

	for (unsigned i = 0; i < expected->len; i++)
		if (!g_array_index(expected, struct nt_test_item, i).matched)
			g_ptr_array_add(missing, &g_array_index(expected, struct nt_test_item, i));
	g_ptr_array_sort(missing, by_time);
	g_string_append_printf(out, "    %-*s %s\n", COLUMN, "expected", "happened");
	for (unsigned i = 0; i < happened->len; i++) {
		const struct nt_test_item *h = &g_array_index(happened, struct nt_test_item, i);

		for (; k < missing->len && ((struct nt_test_item *)missing->pdata[k])->at <= h->at; k++)
			print_row('-', missing->pdata[k], NULL, zone, out);
		if (h->matched)
			print_row('=', partner(expected, h, used), h, zone, out);
		else
			print_row(h->message && nothing_else ? '+' : ' ', NULL, h, zone, out);
	}
	for (; k < missing->len; k++)
		print_row('-', missing->pdata[k], NULL, zone, out);
	g_ptr_array_unref(missing);
	g_hash_table_destroy(used);
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
