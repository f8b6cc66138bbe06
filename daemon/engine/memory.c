#include "engine/memory_private.h"

#include "base/arena.h"
#include "base/bug.h"
#include "base/number.h"

#include <string.h>

#define BATCH "batch"
#define FIRST_OF_TWIN (INT64_C(1) << 48) /* no store has numbered so many log rows */

static struct nt_memory *of(struct nt_store *store)
{
	return (struct nt_memory *)(void *)store;
}

struct nt_cell *nt_cell_new(const char *key, const void *bytes, size_t length)
{
	size_t size = strlen(key) + 1;
	struct nt_cell *cell = g_malloc(sizeof *cell + length + size);

	*cell = (struct nt_cell){ .key = cell->bytes + length, .length = length };
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
	const struct nt_cell *x = a, *y = b;
	int order = compare_time(x->time, y->time);

	(void)user;
	return order != 0 ? order : strcmp(x->key, y->key);
}

static int compare_released(const void *a, const void *b, void *user)
{
	const struct nt_cell *x = a, *y = b;
	int order = strcmp(x->row->message.channel, y->row->message.channel);

	(void)user;
	if (order == 0)
		order = compare_time(x->row->not_before, y->row->not_before);
	return order != 0 ? order : (x->order > y->order) - (x->order < y->order);
}

static GTree *index_of(const struct nt_memory *m, enum nt_cell_table table, const struct nt_cell *cell)
{
	if (cell == NULL)
		return NULL;
	if (table == NT_CELL_LEADS && cell->time != NT_NEVER)
		return m->timers;
	return table == NT_CELL_OUTBOX && cell->row->state == NT_OUTBOX_RELEASED ? m->released : NULL;
}

/* The only place that changes a table. cell NULL deletes. Gives what stood there before. */
static struct nt_cell *put(struct nt_memory *m, enum nt_cell_table table, const char *key, struct nt_cell *cell)
{
	struct nt_cell *old = g_hash_table_lookup(m->tables[table], key);
	GTree *index;

	if ((index = index_of(m, table, old)) != NULL)
		g_tree_remove(index, old);
	if (cell != NULL)
		g_hash_table_replace(m->tables[table], (void *)(uintptr_t)cell->key, cell);
	else if (old != NULL)
		g_hash_table_remove(m->tables[table], key);
	if ((index = index_of(m, table, cell)) != NULL)
		g_tree_insert(index, cell, cell);
	if (table == NT_CELL_LEADS && (old == NULL) != (cell == NULL))
		g_clear_pointer(&m->sorted, g_ptr_array_unref);
	return old;
}

void nt_memory_change(struct nt_memory *m, enum nt_cell_table table, const char *key, struct nt_cell *cell)
{
	struct nt_cell_change change = { .table = table };

	NT_CHECK(m->open);
	change.old = put(m, table, key, cell);
	if (cell == NULL && change.old == NULL)
		return;
	change.key = cell != NULL ? cell->key : change.old->key;
	g_array_append_val(m->journal, change);
}

struct nt_cell *nt_memory_look_up(const struct nt_memory *m, enum nt_cell_table table, const char *key)
{
	return g_hash_table_lookup(m->tables[table], key);
}

char *nt_memory_pair(const char *a, const char *b)
{
	size_t left = strlen(a), right = strlen(b);
	char *key = g_malloc(sizeof "18446744073709551615:" + left + right), *end = key;
	GString number = { key, 0, sizeof "18446744073709551615:" };

	nt_int_print((int64_t)left, &number);
	end += number.len;
	*end++ = ':';
	memcpy(end, a, left);
	memcpy(end + left, b, right + 1);
	return key;
}

/* ---- batches ---- */

static int memory_begin(struct nt_store *store)
{
	struct nt_memory *m = of(store);

	NT_CHECK(!m->open);
	m->open = true;
	m->log_before = m->log->len;
	return NT_STORE_OK;
}

static int memory_meta_put(struct nt_store *store, const char *key, const char *value)
{
	struct nt_cell *cell;

	if (strcmp(key, BATCH) == 0) {
		of(store)->batch = value != NULL ? g_ascii_strtoull(value, NULL, 10) : 0;
		return NT_STORE_OK;
	}
	cell = value != NULL ? nt_cell_new(key, value, strlen(value) + 1) : NULL;
	nt_memory_change(of(store), NT_CELL_META, key, cell);
	return NT_STORE_OK;
}

static int memory_commit(struct nt_store *store, uint64_t batch)
{
	struct nt_memory *m = of(store);

	NT_CHECK(m->open);
	m->batch = batch;
	for (unsigned i = 0; i < m->journal->len; i++) {
		struct nt_cell_change *done = &g_array_index(m->journal, struct nt_cell_change, i);

		g_free(done->old);
		g_free(done->log);
	}
	g_array_set_size(m->journal, 0);
	m->open = false;
	return NT_STORE_OK;
}

static void memory_rollback(struct nt_store *store)
{
	struct nt_memory *m = of(store);

	NT_CHECK(m->open);
	for (unsigned i = m->journal->len; i-- > 0;) {
		struct nt_cell_change *undo = &g_array_index(m->journal, struct nt_cell_change, i);

		if (undo->log != NULL)
			m->log->pdata[undo->log->row.sequence - m->log_base - 1] = undo->log;
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
		const struct nt_cell *cell = nt_memory_look_up(of(store), NT_CELL_LEADS, ids[i]);

		blobs[i] = (struct nt_blob){ 0 };
		if (cell != NULL)
			blobs[i] = (struct nt_blob){ nt_arena_copy(arena, cell->bytes, cell->length), cell->length };
	}
	return NT_STORE_OK;
}

static int memory_save(struct nt_store *store, const char *id, const void *bytes, size_t length, nt_time old_due,
                       nt_time due)
{
	struct nt_cell *old = nt_memory_look_up(of(store), NT_CELL_LEADS, id), *cell = nt_cell_new(id, bytes, length);

	NT_CHECK(old_due == (old != NULL ? old->time : NT_NEVER));
	cell->time = due;
	nt_memory_change(of(store), NT_CELL_LEADS, id, cell);
	return NT_STORE_OK;
}

/* One of this batch goes for good; an older one comes back with a rollback. */
static void forget_row(struct nt_memory *m, unsigned i)
{
	struct nt_cell_change gone = { .log = m->log->pdata[i] };

	m->log->pdata[i] = NULL;
	if (i < m->log_before)
		g_array_append_val(m->journal, gone);
	else
		g_free(gone.log);
}

static int memory_set_due(struct nt_store *store, const char *id, nt_time old_due, nt_time due)
{
	const struct nt_cell *old = nt_memory_look_up(of(store), NT_CELL_LEADS, id);

	return memory_save(store, id, old->bytes, old->length, old_due, due);
}

static int memory_erase(struct nt_store *store, const char *id, nt_time old_due, int64_t log_head)
{
	struct nt_memory *m = of(store);
	GHashTableIter iter;
	void *value;
	GPtrArray *rows = g_ptr_array_new();

	(void)old_due;
	(void)log_head; /* rows are looked through: this store is small */
	nt_memory_change(m, NT_CELL_LEADS, id, NULL);
	g_hash_table_iter_init(&iter, m->tables[NT_CELL_OUTBOX]);
	while (g_hash_table_iter_next(&iter, NULL, &value))
		if (strcmp(((struct nt_cell *)value)->row->message.lead, id) == 0)
			g_ptr_array_add(rows, value);
	for (unsigned i = 0; i < rows->len; i++)
		nt_memory_change(m, NT_CELL_OUTBOX, ((struct nt_cell *)rows->pdata[i])->key, NULL);
	g_ptr_array_unref(rows);
	for (unsigned i = 0; i < m->log->len; i++) {
		const struct nt_log_cell *cell = m->log->pdata[i];

		if (cell != NULL && strcmp(cell->row.lead, id) == 0)
			forget_row(m, i);
	}
	return NT_STORE_OK;
}

static int compare_keys(const void *a, const void *b)
{
	return strcmp((*(struct nt_cell *const *)a)->key, (*(struct nt_cell *const *)b)->key);
}

GPtrArray *nt_memory_sorted(const struct nt_memory *m, enum nt_cell_table which)
{
	GHashTable *table = m->tables[which];
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
	struct nt_memory *m = of(store);
	unsigned low = 0, high;

	if (m->sorted == NULL) {
		m->sorted = nt_memory_sorted(m, NT_CELL_LEADS);
		/* cells are replaced by saves; ids stay as long as the list */
		for (unsigned i = 0; i < m->sorted->len; i++)
			m->sorted->pdata[i] = g_strdup(((struct nt_cell *)m->sorted->pdata[i])->key);
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

static int memory_count_leads(struct nt_store *store, uint64_t *n)
{
	*n = g_hash_table_size(of(store)->tables[NT_CELL_LEADS]);
	return NT_STORE_OK;
}

static int memory_due(struct nt_store *store, struct nt_arena *arena, nt_time until, unsigned limit, struct nt_due *out,
                      unsigned *n)
{
	GTreeNode *node = g_tree_node_first(of(store)->timers);

	for (*n = 0; node != NULL && *n < limit; node = g_tree_node_next(node)) {
		const struct nt_cell *cell = g_tree_node_key(node);

		if (cell->time > until)
			break;
		out[(*n)++] = (struct nt_due){ nt_arena_strdup(arena, cell->key), cell->time };
	}
	return NT_STORE_OK;
}

static int memory_next_due(struct nt_store *store, nt_time *due)
{
	GTreeNode *node = g_tree_node_first(of(store)->timers);

	*due = node != NULL ? ((struct nt_cell *)g_tree_node_key(node))->time : NT_NEVER;
	return NT_STORE_OK;
}

/* ---- inputs, log ---- */

static int memory_put_input(struct nt_store *store, const char *source, const char *id, const char *lead, bool *fresh)
{
	struct nt_cell_change added = { .table = NT_CELL_INPUTS };
	char *key = nt_memory_pair(source, id);
	struct nt_memory *m = of(store);
	struct nt_cell *cell;

	(void)lead;
	*fresh = nt_memory_look_up(m, NT_CELL_INPUTS, key) == NULL;
	if (*fresh) { /* as nt_memory_change() would, but that nothing stood there is known */
		NT_CHECK(m->open);
		cell = nt_cell_new(key, NULL, 0);
		g_hash_table_insert(m->tables[NT_CELL_INPUTS], (void *)(uintptr_t)cell->key, cell);
		added.key = cell->key;
		g_array_append_val(m->journal, added);
	}
	g_free(key);
	return NT_STORE_OK;
}

static int memory_log_append(struct nt_store *store, struct nt_log_row *row)
{
	struct nt_memory *m = of(store);
	size_t lead = strlen(row->lead) + 1, body = strlen(row->body) + 1, hash = strlen(row->program_hash) + 1;
	struct nt_log_cell *cell = g_malloc(sizeof *cell + lead + body + hash);

	NT_CHECK(m->open);
	row->sequence = m->log_base + m->log->len + 1;
	cell->row = *row;
	cell->row.lead = memcpy(cell->bytes, row->lead, lead);
	cell->row.body = memcpy(cell->bytes + lead, row->body, body);
	cell->row.program_hash = memcpy(cell->bytes + lead + body, row->program_hash, hash);
	g_ptr_array_add(m->log, cell);
	return NT_STORE_OK;
}

static int memory_log_read(struct nt_store *store, struct nt_arena *arena, int64_t sequence, struct nt_log_row *row)
{
	struct nt_memory *m = of(store);
	const struct nt_log_cell *cell = NULL;

	*row = (struct nt_log_row){ .sequence = sequence };
	if (m->below != NULL && sequence <= m->log_base)
		return m->below->ops->log_read(m->below, arena, sequence, row);
	sequence -= m->log_base;
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

static int memory_log_prune(struct nt_store *store, nt_time before, unsigned limit, unsigned *n)
{
	struct nt_memory *m = of(store);
	unsigned seen = 0;

	NT_CHECK(m->open);
	*n = 0;
	for (unsigned i = 0; i + 1 < m->log->len && seen < limit; i++) {
		const struct nt_log_cell *cell = m->log->pdata[i];

		seen += cell != NULL;
		if (cell == NULL || cell->row.at >= before)
			continue;
		forget_row(m, i);
		++*n;
	}
	return NT_STORE_OK;
}

/* ---- meta ---- */

static int memory_meta_get(struct nt_store *store, struct nt_arena *arena, const char *key, const char **value)
{
	const struct nt_memory *m = of(store);
	const struct nt_cell *cell = nt_memory_look_up(m, NT_CELL_META, key);

	*value = cell != NULL ? nt_arena_strdup(arena, cell->bytes) : NULL;
	if (strcmp(key, BATCH) == 0 && m->batch > 0)
		*value = nt_arena_printf(arena, "%" G_GUINT64_FORMAT, m->batch);
	return NT_STORE_OK;
}

static int memory_meta_each(struct nt_store *store,
                            void (*each)(void *context, const char *key, const char *value), void *context)
{
	GPtrArray *cells = nt_memory_sorted(of(store), NT_CELL_META);
	bool told = of(store)->batch == 0;
	char batch[24];

	g_snprintf(batch, sizeof batch, "%" G_GUINT64_FORMAT, of(store)->batch);
	for (unsigned i = 0; i <= cells->len; i++) {
		const struct nt_cell *cell = i < cells->len ? cells->pdata[i] : NULL;

		if (!told && (cell == NULL || strcmp(cell->key, BATCH) > 0)) {
			each(context, BATCH, batch);
			told = true;
		}
		if (cell != NULL)
			each(context, cell->key, cell->bytes);
	}
	g_ptr_array_unref(cells);
	return NT_STORE_OK;
}

static int memory_counts(struct nt_store *store, struct nt_store_counts *out)
{
	struct nt_memory *m = of(store);
	GHashTableIter iter;
	void *value;

	*out = (struct nt_store_counts){
		.leads = g_hash_table_size(m->tables[NT_CELL_LEADS]),
		.inputs = g_hash_table_size(m->tables[NT_CELL_INPUTS]),
		.timers = (uint64_t)g_tree_nnodes(m->timers),
		.queue = g_hash_table_size(m->tables[NT_CELL_SALES]),
	};
	if (nt_memory_look_up(m, NT_CELL_SALES, "") != NULL) /* the turns */
		out->queue--;
	g_hash_table_iter_init(&iter, m->tables[NT_CELL_SUPPRESSIONS]);
	while (g_hash_table_iter_next(&iter, NULL, &value))
		out->suppressions += ((struct nt_cell *)value)->order != NT_SUPPRESSION_NONE;
	for (unsigned i = 0; i < m->log->len; i++)
		out->log_rows += m->log->pdata[i] != NULL;
	g_hash_table_iter_init(&iter, m->tables[NT_CELL_OUTBOX]);
	while (g_hash_table_iter_next(&iter, NULL, &value))
		out->outbox[((struct nt_cell *)value)->row->state]++;
	return NT_STORE_OK;
}

static const char *memory_error(struct nt_store *store)
{
	const struct nt_store *below = of(store)->below;

	return below != NULL ? below->ops->error(of(store)->below) : "memory never fails";
}

static void memory_free(struct nt_store *store)
{
	struct nt_memory *m = of(store);

	if (m->open)
		memory_rollback(store);
	g_tree_destroy(m->timers);
	g_tree_destroy(m->released);
	for (int i = 0; i < NT_CELL_TABLES; i++) {
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
	g_clear_pointer(&m->asked, g_hash_table_unref);
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
	.set_due = memory_set_due,
	.erase = memory_erase,
	.scan = memory_scan,
	.count_leads = memory_count_leads,
	.due = memory_due,
	.next_due = memory_next_due,
	.put_input = memory_put_input,
	.suppressed = nt_memory_suppressed,
	.suppress = nt_memory_suppress,
	.unsuppress = nt_memory_unsuppress,
	.log_append = memory_log_append,
	.log_read = memory_log_read,
	.log_prune = memory_log_prune,
	.outbox_put = nt_memory_outbox_put,
	.outbox_claim = nt_memory_outbox_claim,
	.outbox_next = nt_memory_outbox_next,
	.outbox_get = nt_memory_outbox_get,
	.outbox_state = nt_memory_outbox_state,
	.outbox_move = nt_memory_outbox_move,
	.outbox_list = nt_memory_outbox_list,
	.outbox_each = nt_memory_outbox_each,
	.sales_put = nt_memory_sales_put,
	.sales_turns = nt_memory_sales_turns,
	.sales_get = nt_memory_sales_get,
	.sales_each = nt_memory_sales_each,
	.subject_put = nt_memory_subject_put,
	.subject_get = nt_memory_subject_get,
	.subject_each = nt_memory_subject_each,
	.program_put = nt_memory_program_put,
	.program_get = nt_memory_program_get,
	.program_each = nt_memory_program_each,
	.meta_get = memory_meta_get,
	.meta_put = memory_meta_put,
	.meta_each = memory_meta_each,
	.counts = memory_counts,
};

struct nt_store *nt_memory_store_new(void)
{
	struct nt_memory *m = g_new0(struct nt_memory, 1);

	m->store.ops = &memory_ops;
	for (int i = 0; i < NT_CELL_TABLES; i++)
		m->tables[i] = g_hash_table_new(g_str_hash, g_str_equal);
	m->timers = g_tree_new_full(compare_timers, NULL, NULL, NULL);
	m->released = g_tree_new_full(compare_released, NULL, NULL, NULL);
	m->log = g_ptr_array_new_with_free_func(g_free);
	m->journal = g_array_new(FALSE, FALSE, sizeof(struct nt_cell_change));
	return &m->store;
}

struct nt_store *nt_memory_store_over(struct nt_store *below)
{
	struct nt_store *store = nt_memory_store_new();

	of(store)->below = below;
	of(store)->log_base = FIRST_OF_TWIN;
	of(store)->asked = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	return store;
}
