#include "engine/memory_private.h"

#include "base/arena.h"

#include <string.h>

static struct nt_memory *of(struct nt_store *store)
{
	return (struct nt_memory *)(void *)store;
}

static struct nt_cell *row_cell(const struct nt_outbox_row *row, uint64_t order)
{
	struct nt_cell *cell = nt_cell_new(row->message.id, NULL, (nt_outbox_row_size(row) + 7) & ~(size_t)7);

	cell->row = nt_outbox_row_pack(row, cell->bytes);
	cell->order = order;
	return cell;
}

int nt_memory_outbox_put(struct nt_store *store, const struct nt_message *message)
{
	struct nt_memory *m = of(store);
	struct nt_outbox_row row = { .message = *message, .state = NT_OUTBOX_RELEASED, .not_before = message->released,
		                     .slot = -1, .changed = message->released };

	if (nt_memory_look_up(m, NT_CELL_OUTBOX, message->id) == NULL)
		nt_memory_change(m, NT_CELL_OUTBOX, message->id, row_cell(&row, m->next_order++));
	return NT_STORE_OK;
}

/* The first released message of a channel, by not_before. */
static GTreeNode *first_released(struct nt_memory *m, const char *channel)
{
	struct nt_outbox_row row = { .message.channel = channel, .not_before = NT_NO_TIME };
	struct nt_cell probe = { .row = &row };
	GTreeNode *node = g_tree_lower_bound(m->released, &probe);

	if (node == NULL || strcmp(((struct nt_cell *)g_tree_node_key(node))->row->message.channel, channel) != 0)
		return NULL;
	return node;
}

int nt_memory_outbox_claim(struct nt_store *store, struct nt_arena *arena, const char *channel, nt_time now,
                           unsigned limit, const char *owner, struct nt_outbox_row *out, unsigned *n)
{
	struct nt_memory *m = of(store);

	for (*n = 0; *n < limit; (*n)++) {
		GTreeNode *node = first_released(m, channel);
		const struct nt_cell *cell = node != NULL ? g_tree_node_key(node) : NULL;
		struct nt_outbox_row row;

		if (cell == NULL || cell->row->not_before > now)
			break;
		row = *cell->row;
		row.state = NT_OUTBOX_HANDED;
		row.owner = owner;
		row.slot = -1;
		row.changed = now;
		out[*n] = nt_outbox_row_copy(arena, &row);
		nt_memory_change(m, NT_CELL_OUTBOX, row.message.id, row_cell(&row, cell->order));
	}
	return NT_STORE_OK;
}

int nt_memory_outbox_next(struct nt_store *store, const char *channel, nt_time *not_before)
{
	GTreeNode *node = first_released(of(store), channel);

	*not_before = node != NULL ? ((struct nt_cell *)g_tree_node_key(node))->row->not_before : NT_NEVER;
	return NT_STORE_OK;
}

int nt_memory_outbox_get(struct nt_store *store, struct nt_arena *arena, const char *id, struct nt_outbox_row *out)
{
	const struct nt_cell *cell = nt_memory_look_up(of(store), NT_CELL_OUTBOX, id);
	struct nt_store *below = of(store)->below;

	*out = (struct nt_outbox_row){ .state = NT_OUTBOX_ABSENT, .slot = -1 };
	if (cell != NULL)
		*out = nt_outbox_row_copy(arena, cell->row);
	else if (below != NULL)
		return below->ops->outbox_get(below, arena, id, out);
	return NT_STORE_OK;
}

int nt_memory_outbox_state(struct nt_store *store, const char *id, enum nt_outbox_state *state)
{
	const struct nt_cell *cell = nt_memory_look_up(of(store), NT_CELL_OUTBOX, id);

	*state = cell != NULL ? cell->row->state : NT_OUTBOX_ABSENT;
	return NT_STORE_OK;
}

int nt_memory_outbox_move(struct nt_store *store, const char *id, enum nt_outbox_state from,
                              const struct nt_outbox_row *row, bool *done)
{
	const struct nt_cell *cell = nt_memory_look_up(of(store), NT_CELL_OUTBOX, id);
	struct nt_outbox_row moved = *row;

	*done = cell != NULL && cell->row->state == from;
	if (!*done)
		return NT_STORE_OK;
	moved.message = cell->row->message;
	nt_memory_change(of(store), NT_CELL_OUTBOX, moved.message.id, row_cell(&moved, cell->order));
	return NT_STORE_OK;
}

int nt_memory_outbox_list(struct nt_store *store, struct nt_arena *arena, enum nt_outbox_state state,
                              const char *after, unsigned limit, struct nt_outbox_row *out, unsigned *n)
{
	GPtrArray *cells = nt_memory_sorted(of(store), NT_CELL_OUTBOX);

	*n = 0;
	for (unsigned i = 0; i < cells->len && *n < limit; i++) {
		const struct nt_cell *cell = cells->pdata[i];

		if (cell->row->state == state && strcmp(cell->key, after) > 0)
			out[(*n)++] = nt_outbox_row_copy(arena, cell->row);
	}
	g_ptr_array_unref(cells);
	return NT_STORE_OK;
}

int nt_memory_outbox_each(struct nt_store *store, enum nt_outbox_state state,
                          void (*each)(void *context, const struct nt_outbox_row *row), void *context)
{
	GPtrArray *cells = nt_memory_sorted(of(store), NT_CELL_OUTBOX);

	for (unsigned i = 0; i < cells->len; i++) {
		const struct nt_cell *cell = cells->pdata[i];

		if (cell->row->state == state)
			each(context, cell->row);
	}
	g_ptr_array_unref(cells);
	return NT_STORE_OK;
}
