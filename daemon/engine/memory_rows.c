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

int nt_memory_sales_get(struct nt_store *store, struct nt_arena *arena, const char *lead, struct nt_blob *out)
{
	const struct nt_cell *cell = nt_memory_look_up(of(store), NT_CELL_SALES, lead);

	*out = (struct nt_blob){ 0 };
	if (cell != NULL)
		*out = (struct nt_blob){ nt_arena_copy(arena, cell->bytes, cell->length), cell->length };
	return NT_STORE_OK;
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

/* A subject's cell: its lead ("": none), NUL, its bytes. */

int nt_memory_subject_put(struct nt_store *store, const char *kind, const char *id, const char *lead,
                          const void *bytes, size_t length)
{
	char *key = g_strconcat(kind, " ", id, NULL);
	GString *cell = g_string_new(lead);

	g_string_append_c(cell, '\0');
	if (bytes != NULL)
		g_string_append_len(cell, bytes, (gssize)length);
	nt_memory_change(of(store), NT_CELL_SUBJECTS, key,
	                 bytes != NULL ? nt_cell_new(key, cell->str, cell->len) : NULL);
	g_string_free(cell, TRUE);
	g_free(key);
	return NT_STORE_OK;
}

static struct nt_blob blob_of(const struct nt_cell *cell)
{
	size_t head = strlen(cell->bytes) + 1;

	return (struct nt_blob){ cell->bytes + head, cell->length - head };
}

int nt_memory_subject_get(struct nt_store *store, struct nt_arena *arena, const char *kind, const char *id,
                          struct nt_blob *out)
{
	char *key = g_strconcat(kind, " ", id, NULL);
	const struct nt_cell *cell = nt_memory_look_up(of(store), NT_CELL_SUBJECTS, key);

	*out = (struct nt_blob){ 0 };
	if (cell != NULL) {
		*out = blob_of(cell);
		out->bytes = nt_arena_copy(arena, out->bytes, out->length);
	}
	g_free(key);
	return NT_STORE_OK;
}

int nt_memory_subject_each(struct nt_store *store, const char *kind, const char *lead,
                           void (*each)(void *context, const char *id, const char *lead, const void *bytes,
                                        size_t length),
                           void *context)
{
	GPtrArray *cells = nt_memory_sorted(of(store), NT_CELL_SUBJECTS);
	size_t length = strlen(kind);

	for (unsigned i = 0; i < cells->len; i++) {
		const struct nt_cell *cell = cells->pdata[i];
		const char *about = cell->bytes[0] != '\0' ? cell->bytes : NULL;
		struct nt_blob blob = blob_of(cell);

		if (strncmp(cell->key, kind, length) == 0 && cell->key[length] == ' ' &&
		    (lead == NULL || g_strcmp0(about, lead) == 0))
			each(context, cell->key + length + 1, about, blob.bytes, blob.length);
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
