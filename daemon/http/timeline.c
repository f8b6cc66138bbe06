/* A lead's timeline: the log's rows that are chained from the lead, newest first. */
#include "http/route.h"

#include "base/json.h"
#include "base/text.h"
#include "engine/describe.h"
#include "engine/state.h"
#include "http/read.h"

#include <string.h>

static void put_row(struct nt_json_writer *w, const struct nt_log_row *row)
{
	GString *text = g_string_new(NULL);

	nt_describe_log_json(row, text);
	nt_json_put_raw(w, NULL, text->str);
	g_string_free(text, TRUE);
}

/* ?before=SEQUENCE goes on where the last answer ended. */
static void read_timeline(struct nt_exchange *x, struct nt_store *store)
{
	const char *id = x->arguments[0];
	long long limit, before, sequence;
	struct nt_json_writer w;
	struct nt_lead *lead = nt_read_lead(x, store, id);

	if (lead == NULL)
		return;
	nt_path_number(&x->path, "limit", 1, 1000, 100, &limit);
	nt_path_number(&x->path, "before", 1, INT64_MAX, 0, &before);
	sequence = before > 0 ? before : lead->log_head;
	nt_exchange_json(x, 200, &w);
	nt_json_put_text(&w, "lead", id);
	nt_json_array(&w, "timeline");
	for (long long i = 0; i < limit && sequence > 0; i++) {
		struct nt_log_row row;

		if (store->ops->log_read(store, x->arena, sequence, &row) != NT_STORE_OK) {
			nt_exchange_store_failed(x, store);
			return;
		}
		if (row.lead == NULL || strcmp(row.lead, id) != 0)
			sequence = 0; /* its end; or a sequence that is another's */
		else {
			put_row(&w, &row);
			sequence = row.previous;
		}
	}
	nt_json_end_array(&w);
	if (sequence > 0)
		nt_json_put_int(&w, "next", sequence);
	else
		nt_json_put_null(&w, "next");
	nt_exchange_json_end(&w);
}

void nt_timeline_get(struct nt_exchange *x)
{
	long long n;

	if (!nt_lead_id_valid(x->arguments[0]))
		nt_exchange_error(x, 404, "id", "there is no such lead");
	else if (!nt_path_number(&x->path, "limit", 1, 1000, 100, &n))
		nt_exchange_error(x, 400, "limit", "limit: must be a number from 1 to 1000");
	else if (!nt_path_number(&x->path, "before", 1, INT64_MAX, 0, &n))
		nt_exchange_error(x, 400, "before", "before: must be the `next` of an earlier answer");
	else
		nt_exchange_ask(x, read_timeline);
}
