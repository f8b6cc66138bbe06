#include "engine/memory_private.h"

#include <string.h>

#define ASKED_KEPT 500000u

static struct nt_memory *of(struct nt_store *store)
{
	return (struct nt_memory *)(void *)store;
}

/* The store below is asked once of each address: it is read-only, and a twin asks at every step of a lead. */
static int ask_below(struct nt_memory *m, const char *key, const struct nt_address *address, enum nt_suppression *out)
{
	void *said;
	int code = NT_STORE_OK;

	*out = NT_SUPPRESSION_NONE;
	if (m->below == NULL)
		return NT_STORE_OK;
	if (g_hash_table_lookup_extended(m->asked, key, NULL, &said)) {
		*out = GPOINTER_TO_UINT(said);
		return NT_STORE_OK;
	}
	code = m->below->ops->suppressed(m->below, address, 1, out);
	if (code == NT_STORE_OK && g_hash_table_size(m->asked) < ASKED_KEPT)
		g_hash_table_insert(m->asked, g_strdup(key), GUINT_TO_POINTER(*out));
	return code;
}

static int look_up(struct nt_memory *m, const char *key, const struct nt_address *address, enum nt_suppression *out)
{
	const struct nt_cell *cell = nt_memory_look_up(m, NT_CELL_SUPPRESSIONS, key);

	if (cell == NULL)
		return ask_below(m, key, address, out);
	*out = cell->order;
	return NT_STORE_OK;
}

int nt_memory_suppressed(struct nt_store *store, const struct nt_address *addresses, unsigned n,
                             enum nt_suppression *out)
{
	struct nt_memory *m = of(store);
	bool none = m->below == NULL && g_hash_table_size(m->tables[NT_CELL_SUPPRESSIONS]) == 0;
	int code = NT_STORE_OK;

	for (unsigned i = 0; i < n && code == NT_STORE_OK; i++) {
		char *key;

		out[i] = NT_SUPPRESSION_NONE;
		if (none)
			continue;
		key = nt_memory_pair(addresses[i].channel, addresses[i].address);
		code = look_up(m, key, &addresses[i], &out[i]);
		g_free(key);
	}
	return code;
}

static void put_suppression(struct nt_memory *m, const char *key, enum nt_suppression how, const char *reason,
                            nt_time at)
{
	struct nt_cell *cell = nt_cell_new(key, reason, reason != NULL ? strlen(reason) + 1 : 0);

	cell->time = at;
	cell->order = how;
	nt_memory_change(m, NT_CELL_SUPPRESSIONS, key, cell);
}

int nt_memory_suppress(struct nt_store *store, const struct nt_address *address, enum nt_suppression how,
                           const char *reason, nt_time at)
{
	char *key = nt_memory_pair(address->channel, address->address);
	enum nt_suppression before;
	int code = look_up(of(store), key, address, &before);

	if (code == NT_STORE_OK && before < how)
		put_suppression(of(store), key, how, reason, at);
	g_free(key);
	return code;
}

int nt_memory_unsuppress(struct nt_store *store, const struct nt_address *address)
{
	char *key = nt_memory_pair(address->channel, address->address);

	if (of(store)->below != NULL)
		put_suppression(of(store), key, NT_SUPPRESSION_NONE, NULL, NT_NO_TIME); /* it is there still, below */
	else
		nt_memory_change(of(store), NT_CELL_SUPPRESSIONS, key, NULL);
	g_free(key);
	return NT_STORE_OK;
}
