/* What questions find in the store. Reader's thread; all in the exchange's arena. */
#ifndef NT_HTTP_READ_H
#define NT_HTTP_READ_H

#include "http/exchange.h"

struct nt_lead;
struct nt_sales;
struct nt_tasks;

/* Under the current rule set. NULL after answering: not there, damaged, or the store failed. */
struct nt_lead *nt_read_lead(struct nt_exchange *x, struct nt_store *store, const char *id);
/* The queue, or its one lead if that is in it; free with nt_sales_free(). NULL after answering. */
struct nt_sales *nt_read_queue(struct nt_exchange *x, struct nt_store *store, const char *lead);
/* All tasks of a lead (NULL: of all leads), or the one of this id if it is there; nt_tasks_free(). NULL after
 * answering. */
struct nt_tasks *nt_read_tasks(struct nt_exchange *x, struct nt_store *store, const char *lead);
struct nt_tasks *nt_read_task(struct nt_exchange *x, struct nt_store *store, const char *id);
/* False after answering: the store failed. Not there: state ABSENT. */
bool nt_read_message(struct nt_exchange *x, struct nt_store *store, const char *id, struct nt_outbox_row *out);

#endif
