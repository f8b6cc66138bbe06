#include "engine/memory.h"

#include "base/arena.h"
#include "base/bug.h"
#include "engine/store.h"

#include <string.h>

/* Everything is a cell in a table by key. A change puts the cell that it replaces into the journal: commit frees those,
 * rollback puts them back, latest first. Indexes hang on the one door through which a table changes. */
enum table { LEADS, INPUTS, SUPPRESSIONS, OUTBOX, SALES, PROGRAMS, META, TABLES };

struct cell { /* one block */
	const char *key;            /* behind bytes */
	nt_time time;               /* LEADS: due; PROGRAMS, SUPPRESSIONS: when put */
	uint64_t order;             /* OUTBOX: order of arrival; SUPPRESSIONS: enum nt_suppression */
	struct nt_outbox_row *row;  /* OUTBOX: in bytes */
	size_t length;
	_Alignas(8) char bytes[];
};

struct log_cell {
	struct nt_log_row row;
	char bytes[];
};

struct change {
	enum table table;
	const char *key;      /* in `old` or in the cell that replaced it */
	struct cell *old;     /* NULL: there was none */
	struct log_cell *log; /* an erased log row: then table doesn't count */
};

struct memory {
	struct nt_store store;
	GHashTable *tables[TABLES];
	GTree *timers;        /* LEADS with a due, by (due, id) */
	GTree *released;      /* OUTBOX in RELEASED, by (channel, not_before, order) */
	GPtrArray *log;       /* row of sequence i at i - 1; NULL erased */
	GPtrArray *sorted;    /* LEADS by id, or NULL: has to be made anew */
	GArray *journal;
	unsigned log_before;  /* its length at begin */
	uint64_t next_order;
	bool open;
};

static struct memory *of(struct nt_store *store)
{
	return (struct memory *)(void *)store;
}

static struct cell *cell_new(const char *key, const void *bytes, size_t length)
{
	size_t size = strlen(key) + 1;
	struct cell *cell = g_malloc(sizeof *cell + length + size);

	*cell = (struct cell){ .key = cell->bytes + length, .length = length };
	if (bytes != NULL && length > 0)
		memcpy(cell->bytes, bytes, length);
	memcpy(cell->bytes + length, key, size);
	return cell;
}

static int compare_time(nt_time a, nt_time b)
{
	return a < b ? -1 : a > b;
}

static int compare_timers(const void *a, const void *b, void *user)
{
	const struct cell *x = a, *y = b;
	int order = compare_time(x->time, y->time);

	(void)user;
	return order != 0 ? order : strcmp(x->key, y->key);
}

static int compare_released(const void *a, const void *b, void *user)
{
	const struct cell *x = a, *y = b;
	int order = strcmp(x->row->message.channel, y->row->message.channel);

	(void)user;
	if (order == 0)
		order = compare_time(x->row->not_before, y->row->not_before);
	return order != 0 ? order : (x->order > y->order) - (x->order < y->order);
}

static GTree *index_of(const struct memory *m, enum table table, const struct cell *cell)
{
	if (cell == NULL)
		return NULL;
	if (table == LEADS && cell->time != NT_NEVER)
		return m->timers;
	return table == OUTBOX && cell->row->state == NT_OUTBOX_RELEASED ? m->released : NULL;
}

/* The only place that changes a table. cell NULL deletes. Gives what stood there before. */
static struct cell *put(struct memory *m, enum table table, const char *key, struct cell *cell)
{
	struct cell *old = g_hash_table_lookup(m->tables[table], key);
	GTree *index;

	if ((index = index_of(m, table, old)) != NULL)
		g_tree_remove(index, old);
	if (cell != NULL)
		g_hash_table_replace(m->tables[table], (void *)(uintptr_t)cell->key, cell);
	else if (old != NULL)
		g_hash_table_remove(m->tables[table], key);
	if ((index = index_of(m, table, cell)) != NULL)
		g_tree_insert(index, cell, cell);
	if (table == LEADS && (old == NULL) != (cell == NULL))
		g_clear_pointer(&m->sorted, g_ptr_array_unref);
	return old;
}

static void change(struct memory *m, enum table table, const char *key, struct cell *cell)
{
	struct change change = { .table = table };

	NT_CHECK(m->open);
	change.old = put(m, table, key, cell);
	if (cell == NULL && change.old == NULL)
		return;
	change.key = cell != NULL ? cell->key : change.old->key;
	g_array_append_val(m->journal, change);
}

static struct cell *look_up(const struct memory *m, enum table table, const char *key)
{
	return g_hash_table_lookup(m->tables[table], key);
}

/* Two texts as one key that can't be mistaken for another pair's. */
static char *pair(const char *a, const char *b)
{
	return g_strdup_printf("%zu:%s%s", strlen(a), a, b);
}

/* ---- batches ---- */

static int memory_begin(struct nt_store *store)
{
	struct memory *m = of(store);

	NT_CHECK(!m->open);
	m->open = true;
	m->log_before = m->log->len;
	return NT_STORE_OK;
}

static int memory_meta_put(struct nt_store *store, const char *key, const char *value)
{
	change(of(store), META, key, value != NULL ? cell_new(key, value, strlen(value) + 1) : NULL);
	return NT_STORE_OK;
}

static int memory_commit(struct nt_store *store, uint64_t batch)
{
	struct memory *m = of(store);
	char number[24];

	NT_CHECK(m->open);
	g_snprintf(number, sizeof number, "%" G_GUINT64_FORMAT, batch);
	memory_meta_put(store, "batch", number);
	for (unsigned i = 0; i < m->journal->len; i++) {
		struct change *done = &g_array_index(m->journal, struct change, i);

		g_free(done->old);
		g_free(done->log);
	}
	g_array_set_size(m->journal, 0);
	m->open = false;
	return NT_STORE_OK;
}

static void memory_rollback(struct nt_store *store)
{
	struct memory *m = of(store);

	NT_CHECK(m->open);
	for (unsigned i = m->journal->len; i-- > 0;) {
		struct change *undo = &g_array_index(m->journal, struct change, i);

		if (undo->log != NULL)
			m->log->pdata[undo->log->row.sequence - 1] = undo->log;
		else
			g_free(put(m, undo->table, undo->key, undo->old));
	}
	g_array_set_size(m->journal, 0);
	while (m->log->len > m->log_before)
		g_free(g_ptr_array_steal_index(m->log, m->log->len - 1));
	m->open = false;
}

/* ---- leads and timers ---- */

static int memory_load(struct nt_store *store, struct nt_arena *arena, const char *const *ids, unsigned n,
                       struct nt_blob *blobs)
{
	for (unsigned i = 0; i < n; i++) {
		const struct cell *cell = look_up(of(store), LEADS, ids[i]);

		blobs[i] = (struct nt_blob){ 0 };
		if (cell != NULL)
			blobs[i] = (struct nt_blob){ nt_arena_copy(arena, cell->bytes, cell->length), cell->length };
	}
	return NT_STORE_OK;
}

static int memory_save(struct nt_store *store, const char *id, const void *bytes, size_t length, nt_time old_due,
                       nt_time due)
{
	struct cell *old = look_up(of(store), LEADS, id), *cell = cell_new(id, bytes, length);

	NT_CHECK(old_due == (old != NULL ? old->time : NT_NEVER));
	cell->time = due;
	change(of(store), LEADS, id, cell);
	return NT_STORE_OK;
}

static int memory_erase(struct nt_store *store, const char *id, nt_time old_due, int64_t log_head)
{
	struct memory *m = of(store);
	GHashTableIter iter;
	void *value;
	GPtrArray *rows = g_ptr_array_new();

	(void)old_due;
	(void)log_head; /* rows are looked through: this store is small */
	change(m, LEADS, id, NULL);
	g_hash_table_iter_init(&iter, m->tables[OUTBOX]);
	while (g_hash_table_iter_next(&iter, NULL, &value))
		if (strcmp(((struct cell *)value)->row->message.lead, id) == 0)
			g_ptr_array_add(rows, value);
	for (unsigned i = 0; i < rows->len; i++)
		change(m, OUTBOX, ((struct cell *)rows->pdata[i])->key, NULL);
	g_ptr_array_unref(rows);
	for (unsigned i = 0; i < m->log->len; i++) {
		struct change erased = { .log = m->log->pdata[i] };

		if (erased.log == NULL || strcmp(erased.log->row.lead, id) != 0)
			continue;
		m->log->pdata[i] = NULL;
		if (i < m->log_before)
			g_array_append_val(m->journal, erased);
		else
			g_free(erased.log);
	}
	return NT_STORE_OK;
}

static int compare_keys(const void *a, const void *b)
{
	return strcmp((*(struct cell *const *)a)->key, (*(struct cell *const *)b)->key);
}

static GPtrArray *sorted_cells(GHashTable *table)
{
	GPtrArray *cells = g_ptr_array_sized_new(g_hash_table_size(table));
	GHashTableIter iter;
	void *value;

	g_hash_table_iter_init(&iter, table);
	while (g_hash_table_iter_next(&iter, NULL, &value))
		g_ptr_array_add(cells, value);
	g_ptr_array_sort(cells, compare_keys);
	return cells;
}

static int memory_scan(struct nt_store *store, struct nt_arena *arena, const char *after, unsigned limit,
                       const char **ids, unsigned *n)
{
	struct memory *m = of(store);
	unsigned low = 0, high;

	if (m->sorted == NULL) {
		m->sorted = sorted_cells(m->tables[LEADS]);
		/* cells are replaced by saves; ids stay as long as the list */
		for (unsigned i = 0; i < m->sorted->len; i++)
			m->sorted->pdata[i] = g_strdup(((struct cell *)m->sorted->pdata[i])->key);
		g_ptr_array_set_free_func(m->sorted, g_free);
	}
	high = m->sorted->len;
	while (low < high) {
		unsigned middle = low + (high - low) / 2;

		if (strcmp(m->sorted->pdata[middle], after) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (*n = 0; *n < limit && low < m->sorted->len; low++)
		ids[(*n)++] = nt_arena_strdup(arena, m->sorted->pdata[low]);
	return NT_STORE_OK;
}

static int memory_due(struct nt_store *store, struct nt_arena *arena, nt_time until, unsigned limit, struct nt_due *out,
                      unsigned *n)
{
	GTreeNode *node = g_tree_node_first(of(store)->timers);

	for (*n = 0; node != NULL && *n < limit; node = g_tree_node_next(node)) {
		const struct cell *cell = g_tree_node_key(node);

		if (cell->time > until)
			break;
		out[(*n)++] = (struct nt_due){ nt_arena_strdup(arena, cell->key), cell->time };
	}
	return NT_STORE_OK;
}

static int memory_next_due(struct nt_store *store, nt_time *due)
{
	GTreeNode *node = g_tree_node_first(of(store)->timers);

	*due = node != NULL ? ((struct cell *)g_tree_node_key(node))->time : NT_NEVER;
	return NT_STORE_OK;
}

/* ---- inputs, suppressions, log ---- */

static int memory_put_input(struct nt_store *store, const char *source, const char *id, const char *lead, bool *fresh)
{
	char *key = pair(source, id);

	(void)lead;
	*fresh = look_up(of(store), INPUTS, key) == NULL;
	if (*fresh)
		change(of(store), INPUTS, key, cell_new(key, NULL, 0));
	g_free(key);
	return NT_STORE_OK;
}

static int memory_suppressed(struct nt_store *store, const struct nt_address *addresses, unsigned n,
                             enum nt_suppression *out)
{
	bool none = g_hash_table_size(of(store)->tables[SUPPRESSIONS]) == 0;

	for (unsigned i = 0; i < n; i++) {
		const struct cell *cell;
		char *key;

		out[i] = NT_SUPPRESSION_NONE;
		if (none)
			continue;
		key = pair(addresses[i].channel, addresses[i].address);
		cell = look_up(of(store), SUPPRESSIONS, key);
		if (cell != NULL)
			out[i] = cell->order;
		g_free(key);
	}
	return NT_STORE_OK;
}

static int memory_suppress(struct nt_store *store, const struct nt_address *address, enum nt_suppression how,
                           const char *reason, nt_time at)
{
	char *key = pair(address->channel, address->address);
	struct cell *cell = look_up(of(store), SUPPRESSIONS, key);

	if (cell == NULL || cell->order < how) {
		cell = cell_new(key, reason, reason != NULL ? strlen(reason) + 1 : 0);
		cell->time = at;
		cell->order = how;
		change(of(store), SUPPRESSIONS, key, cell);
	}
	g_free(key);
	return NT_STORE_OK;
}

static int memory_unsuppress(struct nt_store *store, const struct nt_address *address)
{
	char *key = pair(address->channel, address->address);

	change(of(store), SUPPRESSIONS, key, NULL);
	g_free(key);
	return NT_STORE_OK;
}

static int memory_log_append(struct nt_store *store, struct nt_log_row *row)
{
	struct memory *m = of(store);
	size_t lead = strlen(row->lead) + 1, body = strlen(row->body) + 1, hash = strlen(row->program_hash) + 1;
	struct log_cell *cell = g_malloc(sizeof *cell + lead + body + hash);

	NT_CHECK(m->open);
	row->sequence = m->log->len + 1;
	cell->row = *row;
	cell->row.lead = memcpy(cell->bytes, row->lead, lead);
	cell->row.body = memcpy(cell->bytes + lead, row->body, body);
	cell->row.program_hash = memcpy(cell->bytes + lead + body, row->program_hash, hash);
	g_ptr_array_add(m->log, cell);
	return NT_STORE_OK;
}

static int memory_log_read(struct nt_store *store, struct nt_arena *arena, int64_t sequence, struct nt_log_row *row)
{
	struct memory *m = of(store);
	const struct log_cell *cell = NULL;

	*row = (struct nt_log_row){ .sequence = sequence };
	if (sequence >= 1 && sequence <= (int64_t)m->log->len)
		cell = m->log->pdata[sequence - 1];
	if (cell == NULL)
		return NT_STORE_OK;
	*row = cell->row;
	row->lead = nt_arena_strdup(arena, row->lead);
	row->body = nt_arena_strdup(arena, row->body);
	row->program_hash = nt_arena_strdup(arena, row->program_hash);
	return NT_STORE_OK;
}

/* ---- outbox ---- */

static struct cell *row_cell(const struct nt_outbox_row *row, uint64_t order)
{
	struct cell *cell = cell_new(row->message.id, NULL, (nt_outbox_row_size(row) + 7) & ~(size_t)7);

	cell->row = nt_outbox_row_pack(row, cell->bytes);
	cell->order = order;
	return cell;
}

static int memory_outbox_put(struct nt_store *store, const struct nt_message *message)
{
	struct memory *m = of(store);
	struct nt_outbox_row row = { .message = *message, .state = NT_OUTBOX_RELEASED, .not_before = message->released,
		                     .slot = -1, .changed = message->released };

	if (look_up(m, OUTBOX, message->id) == NULL)
		change(m, OUTBOX, message->id, row_cell(&row, m->next_order++));
	return NT_STORE_OK;
}

/* The first released message of a channel, by not_before. */
static GTreeNode *first_released(struct memory *m, const char *channel)
{
	struct nt_outbox_row row = { .message.channel = channel, .not_before = NT_NO_TIME };
	struct cell probe = { .row = &row };
	GTreeNode *node = g_tree_lower_bound(m->released, &probe);

	if (node == NULL || strcmp(((struct cell *)g_tree_node_key(node))->row->message.channel, channel) != 0)
		return NULL;
	return node;
}

static int memory_outbox_claim(struct nt_store *store, struct nt_arena *arena, const char *channel, nt_time now,
                               unsigned limit, const char *owner, struct nt_outbox_row *out, unsigned *n)
{
	struct memory *m = of(store);

	for (*n = 0; *n < limit; (*n)++) {
		GTreeNode *node = first_released(m, channel);
		const struct cell *cell = node != NULL ? g_tree_node_key(node) : NULL;
		struct nt_outbox_row row;

		if (cell == NULL || cell->row->not_before > now)
			break;
		row = *cell->row;
		row.state = NT_OUTBOX_HANDED;
		row.owner = owner;
		row.slot = -1;
		row.changed = now;
		out[*n] = nt_outbox_row_copy(arena, &row);
		change(m, OUTBOX, row.message.id, row_cell(&row, cell->order));
	}
	return NT_STORE_OK;
}

static int memory_outbox_next(struct nt_store *store, const char *channel, nt_time *not_before)
{
	GTreeNode *node = first_released(of(store), channel);

	*not_before = node != NULL ? ((struct cell *)g_tree_node_key(node))->row->not_before : NT_NEVER;
	return NT_STORE_OK;
}

static int memory_outbox_get(struct nt_store *store, struct nt_arena *arena, const char *id, struct nt_outbox_row *out)
{
	const struct cell *cell = look_up(of(store), OUTBOX, id);

	*out = (struct nt_outbox_row){ .state = NT_OUTBOX_ABSENT, .slot = -1 };
	if (cell != NULL)
		*out = nt_outbox_row_copy(arena, cell->row);
	return NT_STORE_OK;
}

static int memory_outbox_state(struct nt_store *store, const char *id, enum nt_outbox_state *state)
{
	const struct cell *cell = look_up(of(store), OUTBOX, id);

	*state = cell != NULL ? cell->row->state : NT_OUTBOX_ABSENT;
	return NT_STORE_OK;
}

static int memory_outbox_move(struct nt_store *store, const char *id, enum nt_outbox_state from,
                              const struct nt_outbox_row *row, bool *done)
{
	const struct cell *cell = look_up(of(store), OUTBOX, id);
	struct nt_outbox_row moved = *row;

	*done = cell != NULL && cell->row->state == from;
	if (!*done)
		return NT_STORE_OK;
	moved.message = cell->row->message;
	change(of(store), OUTBOX, moved.message.id, row_cell(&moved, cell->order));
	return NT_STORE_OK;
}

static int memory_outbox_list(struct nt_store *store, struct nt_arena *arena, enum nt_outbox_state state,
                              const char *after, unsigned limit, struct nt_outbox_row *out, unsigned *n)
{
	GPtrArray *cells = sorted_cells(of(store)->tables[OUTBOX]);

	*n = 0;
	for (unsigned i = 0; i < cells->len && *n < limit; i++) {
		const struct cell *cell = cells->pdata[i];

		if (cell->row->state == state && strcmp(cell->key, after) > 0)
			out[(*n)++] = nt_outbox_row_copy(arena, cell->row);
	}
	g_ptr_array_unref(cells);
	return NT_STORE_OK;
}

/* ---- sales, programs, meta ---- */

static int memory_sales_put(struct nt_store *store, const char *lead, const void *bytes, size_t length)
{
	change(of(store), SALES, lead, bytes != NULL ? cell_new(lead, bytes, length) : NULL);
	return NT_STORE_OK;
}

static int memory_sales_turns(struct nt_store *store, const void *bytes, size_t length)
{
	return memory_sales_put(store, "", bytes, length);
}

static int memory_sales_each(struct nt_store *store,
                             void (*each)(void *context, const char *lead, const void *bytes, size_t length),
                             void *context)
{
	GPtrArray *cells = sorted_cells(of(store)->tables[SALES]);

	for (unsigned i = 0; i < cells->len; i++) {
		const struct cell *cell = cells->pdata[i];

		each(context, cell->key, cell->bytes, cell->length);
	}
	g_ptr_array_unref(cells);
	return NT_STORE_OK;
}

static int memory_program_put(struct nt_store *store, const char *hash, const void *bytes, size_t length, nt_time at)
{
	struct cell *cell = cell_new(hash, bytes, length);

	cell->time = at;
	change(of(store), PROGRAMS, hash, cell);
	return NT_STORE_OK;
}

static int memory_program_get(struct nt_store *store, struct nt_arena *arena, const char *hash, struct nt_blob *out,
                              nt_time *at)
{
	const struct cell *cell = look_up(of(store), PROGRAMS, hash);

	*out = (struct nt_blob){ 0 };
	*at = NT_NO_TIME;
	if (cell == NULL)
		return NT_STORE_OK;
	*out = (struct nt_blob){ nt_arena_copy(arena, cell->bytes, cell->length), cell->length };
	*at = cell->time;
	return NT_STORE_OK;
}

static int memory_meta_get(struct nt_store *store, struct nt_arena *arena, const char *key, const char **value)
{
	const struct cell *cell = look_up(of(store), META, key);

	*value = cell != NULL ? nt_arena_strdup(arena, cell->bytes) : NULL;
	return NT_STORE_OK;
}

static int memory_counts(struct nt_store *store, struct nt_store_counts *out)
{
	struct memory *m = of(store);
	GHashTableIter iter;
	void *value;

	*out = (struct nt_store_counts){
		.leads = g_hash_table_size(m->tables[LEADS]),
		.inputs = g_hash_table_size(m->tables[INPUTS]),
		.suppressions = g_hash_table_size(m->tables[SUPPRESSIONS]),
		.timers = (uint64_t)g_tree_nnodes(m->timers),
		.queue = g_hash_table_size(m->tables[SALES]) - (look_up(m, SALES, "") != NULL),
	};
	for (unsigned i = 0; i < m->log->len; i++)
		out->log_rows += m->log->pdata[i] != NULL;
	g_hash_table_iter_init(&iter, m->tables[OUTBOX]);
	while (g_hash_table_iter_next(&iter, NULL, &value))
		out->outbox[((struct cell *)value)->row->state]++;
	return NT_STORE_OK;
}

static const char *memory_error(struct nt_store *store)
{
	(void)store;
	return "memory never fails";
}

static void memory_free(struct nt_store *store)
{
	struct memory *m = of(store);

	if (m->open)
		memory_rollback(store);
	g_tree_destroy(m->timers);
	g_tree_destroy(m->released);
	for (int i = 0; i < TABLES; i++) {
		GHashTableIter iter;
		void *value;

		g_hash_table_iter_init(&iter, m->tables[i]);
		while (g_hash_table_iter_next(&iter, NULL, &value))
			g_free(value);
		g_hash_table_destroy(m->tables[i]);
	}
	g_ptr_array_unref(m->log);
	g_clear_pointer(&m->sorted, g_ptr_array_unref);
	g_array_unref(m->journal);
	g_free(m);
}

static const struct nt_store_ops memory_ops = {
	.name = "memory",
	.free = memory_free,
	.error = memory_error,
	.begin = memory_begin,
	.commit = memory_commit,
	.rollback = memory_rollback,
	.load = memory_load,
	.save = memory_save,
	.erase = memory_erase,
	.scan = memory_scan,
	.due = memory_due,
	.next_due = memory_next_due,
	.put_input = memory_put_input,
	.suppressed = memory_suppressed,
	.suppress = memory_suppress,
	.unsuppress = memory_unsuppress,
	.log_append = memory_log_append,
	.log_read = memory_log_read,
	.outbox_put = memory_outbox_put,
	.outbox_claim = memory_outbox_claim,
	.outbox_next = memory_outbox_next,
	.outbox_get = memory_outbox_get,
	.outbox_state = memory_outbox_state,
	.outbox_move = memory_outbox_move,
	.outbox_list = memory_outbox_list,
	.sales_put = memory_sales_put,
	.sales_turns = memory_sales_turns,
	.sales_each = memory_sales_each,
	.program_put = memory_program_put,
	.program_get = memory_program_get,
	.meta_get = memory_meta_get,
	.meta_put = memory_meta_put,
	.counts = memory_counts,
};

struct nt_store *nt_memory_store_new(void)
{
	struct memory *m = g_new0(struct memory, 1);

	m->store.ops = &memory_ops;
	for (int i = 0; i < TABLES; i++)
		m->tables[i] = g_hash_table_new(g_str_hash, g_str_equal);
	m->timers = g_tree_new_full(compare_timers, NULL, NULL, NULL);
	m->released = g_tree_new_full(compare_released, NULL, NULL, NULL);
	m->log = g_ptr_array_new_with_free_func(g_free);
	m->journal = g_array_new(FALSE, FALSE, sizeof(struct change));
	return &m->store;
}
