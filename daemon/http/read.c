#include "http/read.h"

#include "base/arena.h"
#include "engine/codec.h"
#include "engine/sales.h"
#include "engine/task.h"

struct nt_lead *nt_read_lead(struct nt_exchange *x, struct nt_store *store, const char *id)
{
	struct nt_blob blob;
	struct nt_lead *lead;
	const char *why;

	if (store->ops->load(store, x->arena, &id, 1, &blob) != NT_STORE_OK) {
		nt_exchange_store_failed(x, store);
		return NULL;
	}
	if (blob.bytes == NULL) {
		nt_exchange_error(x, 404, "id", "there is no lead '%s'", id);
		return NULL;
	}
	lead = nt_lead_decode(x->arena, x->program, id, blob.bytes, blob.length, &why);
	if (lead == NULL)
		nt_exchange_error(x, 500, NULL, "what is stored of this lead can't be read: %s", why);
	return lead;
}

struct queue {
	struct nt_sales *sales;
	bool fine;
};

static void restore(void *user, const char *lead, const void *bytes, size_t length)
{
	struct queue *queue = user;

	if (lead[0] != '\0' && !nt_sales_restore_entry(queue->sales, bytes, length))
		queue->fine = false;
}

struct nt_sales *nt_read_queue(struct nt_exchange *x, struct nt_store *store, const char *lead)
{
	struct queue queue = { nt_sales_new(x->program), true };
	struct nt_blob blob = { 0 };
	int code;

	if (lead == NULL)
		code = store->ops->sales_each(store, restore, &queue);
	else
		code = store->ops->sales_get(store, x->arena, lead, &blob);
	if (code == NT_STORE_OK && blob.bytes != NULL)
		restore(&queue, lead, blob.bytes, blob.length);
	if (code != NT_STORE_OK)
		nt_exchange_store_failed(x, store);
	else if (!queue.fine)
		nt_exchange_error(x, 500, NULL, "a row of the queue is damaged");
	else
		return queue.sales;
	nt_sales_free(queue.sales);
	return NULL;
}

struct tasks {
	struct nt_tasks *tasks;
	bool fine;
};

static void restore_task(void *user, const char *id, const char *lead, const void *bytes, size_t length)
{
	struct tasks *tasks = user;

	(void)id;
	(void)lead;
	if (!nt_tasks_restore(tasks->tasks, bytes, length))
		tasks->fine = false;
}

/* id NULL: all of the lead, or of all leads. */
static struct nt_tasks *read_tasks(struct nt_exchange *x, struct nt_store *store, const char *lead, const char *id)
{
	struct tasks tasks = { nt_tasks_new(x->program), true };
	struct nt_blob blob = { 0 };
	int code;

	if (id == NULL)
		code = store->ops->subject_each(store, NT_SUBJECT_TASK, lead, restore_task, &tasks);
	else
		code = store->ops->subject_get(store, x->arena, NT_SUBJECT_TASK, id, &blob);
	if (code == NT_STORE_OK && blob.bytes != NULL)
		restore_task(&tasks, id, NULL, blob.bytes, blob.length);
	if (code == NT_STORE_OK && tasks.fine)
		return tasks.tasks;
	if (code != NT_STORE_OK)
		nt_exchange_store_failed(x, store);
	else
		nt_exchange_error(x, 500, NULL, "what is stored of a task is damaged");
	nt_tasks_free(tasks.tasks);
	return NULL;
}

struct nt_tasks *nt_read_tasks(struct nt_exchange *x, struct nt_store *store, const char *lead)
{
	return read_tasks(x, store, lead, NULL);
}

struct nt_tasks *nt_read_task(struct nt_exchange *x, struct nt_store *store, const char *id)
{
	return read_tasks(x, store, NULL, id);
}

bool nt_read_message(struct nt_exchange *x, struct nt_store *store, const char *id, struct nt_outbox_row *out)
{
	if (store->ops->outbox_get(store, x->arena, id, out) == NT_STORE_OK)
		return true;
	nt_exchange_store_failed(x, store);
	return false;
}
