/* Rows that nobody here looks into: sales, subjects, programs. */
#include "engine/memory_private.h"

#include "base/arena.h"

#include <string.h>

static struct nt_memory *of(struct nt_store *store)
{
	return (struct nt_memory *)(void *)store;
}

int nt_memory_sales_put(struct nt_store *store, const char *lead, const void *bytes, size_t length)
{
	nt_memory_change(of(store), NT_CELL_SALES, lead, bytes != NULL ? nt_cell_new(lead, bytes, length) : NULL);
	return NT_STORE_OK;
}

int nt_memory_sales_turns(struct nt_store *store, const void *bytes, size_t length)
{
	return nt_memory_sales_put(store, "", bytes, length);
}

int nt_memory_sales_each(struct nt_store *store,
                         void (*each)(void *context, const char *lead, const void *bytes, size_t length),
                         void *context)
{
	GPtrArray *cells = nt_memory_sorted(of(store), NT_CELL_SALES);

	for (unsigned i = 0; i < cells->len; i++) {
		const struct nt_cell *cell = cells->pdata[i];

		each(context, cell->key, cell->bytes, cell->length);
	}
	g_ptr_array_unref(cells);
	return NT_STORE_OK;
}

int nt_memory_subject_put(struct nt_store *store, const char *kind, const char *id, const void *bytes,
                          size_t length)
{
	char *key = g_strconcat(kind, " ", id, NULL);

	nt_memory_change(of(store), NT_CELL_SUBJECTS, key, bytes != NULL ? nt_cell_new(key, bytes, length) : NULL);
	g_free(key);
	return NT_STORE_OK;
}

int nt_memory_subject_get(struct nt_store *store, struct nt_arena *arena, const char *kind, const char *id,
                          struct nt_blob *out)
{
	char *key = g_strconcat(kind, " ", id, NULL);
	const struct nt_cell *cell = nt_memory_look_up(of(store), NT_CELL_SUBJECTS, key);

	*out = (struct nt_blob){ 0 };
	if (cell != NULL)
		*out = (struct nt_blob){ nt_arena_copy(arena, cell->bytes, cell->length), cell->length };
	g_free(key);
	return NT_STORE_OK;
}

int nt_memory_subject_each(struct nt_store *store, const char *kind,
                           void (*each)(void *context, const char *id, const void *bytes, size_t length),
                           void *context)
{
	GPtrArray *cells = nt_memory_sorted(of(store), NT_CELL_SUBJECTS);
	size_t length = strlen(kind);

	for (unsigned i = 0; i < cells->len; i++) {
		const struct nt_cell *cell = cells->pdata[i];

		if (strncmp(cell->key, kind, length) == 0 && cell->key[length] == ' ')
			each(context, cell->key + length + 1, cell->bytes, cell->length);
	}
	g_ptr_array_unref(cells);
	return NT_STORE_OK;
}

int nt_memory_program_put(struct nt_store *store, const char *hash, const void *bytes, size_t length, nt_time at)
{
	struct nt_cell *cell = nt_cell_new(hash, bytes, length);

	cell->time = at;
	nt_memory_change(of(store), NT_CELL_PROGRAMS, hash, cell);
	return NT_STORE_OK;
}

int nt_memory_program_get(struct nt_store *store, struct nt_arena *arena, const char *hash, struct nt_blob *out,
                          nt_time *at)
{
	const struct nt_cell *cell = nt_memory_look_up(of(store), NT_CELL_PROGRAMS, hash);

	*out = (struct nt_blob){ 0 };
	*at = NT_NO_TIME;
	if (cell == NULL)
		return NT_STORE_OK;
	*out = (struct nt_blob){ nt_arena_copy(arena, cell->bytes, cell->length), cell->length };
	*at = cell->time;
	return NT_STORE_OK;
}

int nt_memory_program_each(struct nt_store *store,
                           void (*each)(void *context, const char *hash, const void *bytes, size_t length,
                                        nt_time at),
                           void *context)
{
	GPtrArray *cells = nt_memory_sorted(of(store), NT_CELL_PROGRAMS);

	for (unsigned i = 0; i < cells->len; i++) {
		const struct nt_cell *cell = cells->pdata[i];

		each(context, cell->key, cell->bytes, cell->length, cell->time);
	}
	g_ptr_array_unref(cells);
	return NT_STORE_OK;
}
