#include "engine_house.h"

#include "engine/copy.h"
#include "engine/driver.h"

#include <string.h>

static void count_progress(void *user, uint64_t leads, uint64_t total)
{
	*(unsigned *)user += 1;
	assert_true(leads <= total);
}

static struct nt_copy copy_of(struct house *h)
{
	return (struct nt_copy){ .from = h->store, .to = nt_memory_store_over(h->store), .program = h->program,
		                 .due_before = NT_NO_TIME };
}

static struct nt_driver *drive(struct house *h, struct nt_store *twin)
{
	struct nt_engine_options options = { .observe = see, .older_program = give_older, .user = h };
	struct nt_driver *driver;
	const char *why = NULL;

	driver = nt_driver_new_over(twin, h->program, &options, &why);
	assert_non_null(driver);
	nt_driver_begin(driver, NT_TIME_MIN);
	return driver;
}

static GString *dump(struct nt_store *store, struct nt_arena *arena)
{
	GString *out = g_string_new(NULL);
	const char *ids[100], *text;
	unsigned n;

	assert_int_equal(store->ops->scan(store, arena, "", 100, ids, &n), NT_STORE_OK);
	for (unsigned i = 0; i < n; i++) {
		struct nt_blob blob;

		assert_int_equal(store->ops->load(store, arena, &ids[i], 1, &blob), NT_STORE_OK);
		g_string_append_printf(out, "%s:", ids[i]);
		g_string_append_len(out, blob.bytes, (gssize)blob.length);
	}
	assert_int_equal(store->ops->meta_get(store, arena, "instant", &text), NT_STORE_OK);
	g_string_append(out, text);
	return out;
}

static void assert_same(GString *a, GString *b)
{
	assert_int_equal(a->len, b->len);
	assert_memory_equal(a->str, b->str, a->len);
	g_string_free(a, TRUE);
	g_string_free(b, TRUE);
}

static void settle(struct house *h)
{
	struct nt_request *claimed = claim(h, "email");

	for (unsigned i = 0; i < claimed->n_rows; i++)
		outcome(h, claimed->rows[i].message.id, NT_SEND_ACCEPTED, false);
}

static void test_twin_goes_on_where_the_original_stands(void **state)
{
	struct house *h = house_new();
	struct nt_copy copy = copy_of(h);
	struct nt_driver *driver;
	unsigned told = 0;
	const char *why;
	GString *before;

	(void)state;
	fields(h, "ann", "{\"email\":\"ann@example.org\"}");
	fields(h, "bob", "{\"email\":\"bob@example.org\"}");
	event(h, "ann", "{\"event\":\"a.b\"}");
	event(h, "bob", "{\"event\":\"x.y\"}");
	settle(h);
	run_to(h, "2026-06-01 10:20");
	event(h, "bob", "{\"event\":\"a.b\"}");
	settle(h);
	SEEN(h, "ann m1; bob m1; ");
	copy.progress = count_progress;
	copy.user = &told;
	before = dump(h->store, h->arena);
	assert_true(nt_copy_all(&copy, &why));
	assert_same(before, dump(h->store, h->arena));
	assert_same(dump(h->store, h->arena), dump(copy.to, h->arena));
	assert_int_equal(copy.leads, 2);
	assert_int_equal(copy.messages, 0);
	assert_int_equal(told, 1);
	driver = drive(h, copy.to);
	nt_driver_run(driver, at("UTC", "2026-06-01 11:30"), true);
	SEEN(h, "ann m2; bob m2; ");
	assert_non_null(nt_sales_peek(nt_engine_sales(nt_driver_engine(driver)),
	                              "bob"));
	run_to(h, "2026-06-01 11:00");
	settle(h);
	run_to(h, "2026-06-01 11:20");
	settle(h);
	run_to(h, "2026-06-01 11:30");
	SEEN(h, "ann m2; bob m2; ");
	nt_driver_free(driver);
	house_free(h);
}

/* Released, handed over, and to be tried again: the twin brings each to its end. */
static void test_messages_under_way_come_along(void **state)
{
	struct house *h = house_new();
	struct nt_copy copy = copy_of(h);
	struct nt_driver *driver;
	struct nt_outbox_row row;
	struct nt_request *claimed;
	const char *why, *tried, *handed;

	(void)state;
	fields(h, "ann", "{\"email\":\"ann@example.org\"}");
	fields(h, "bob", "{\"email\":\"bob@example.org\"}");
	fields(h, "cem", "{\"email\":\"cem@example.org\"}");
	event(h, "ann", "{\"event\":\"a.b\"}");
	event(h, "bob", "{\"event\":\"a.b\"}");
	claimed = claim(h, "email");
	assert_int_equal(claimed->n_rows, 2);
	tried = claimed->rows[0].message.id;
	handed = claimed->rows[1].message.id;
	assert_int_equal(outcome(h, tried, NT_SEND_TEMPORARY, false), NT_ANSWER_OK);
	event(h, "cem", "{\"event\":\"a.b\"}");
	assert_true(nt_copy_all(&copy, &why));
	assert_int_equal(copy.messages, 3);
	assert_int_equal(copy.to->ops->outbox_get(copy.to, h->arena, tried, &row), NT_STORE_OK);
	assert_int_equal(row.attempts, 1);
	assert_true(row.not_before > h->now);
	driver = drive(h, copy.to);
	nt_driver_run(driver, h->now, true);
	assert_int_equal(copy.to->ops->outbox_get(copy.to, h->arena, handed, &row), NT_STORE_OK);
	assert_int_equal(row.state, NT_OUTBOX_ACCEPTED);
	assert_int_equal(copy.to->ops->outbox_get(copy.to, h->arena, tried, &row), NT_STORE_OK);
	assert_int_equal(row.state, NT_OUTBOX_RELEASED);
	nt_driver_run(driver, at("UTC", "2026-06-01 10:55"), true);
	assert_int_equal(copy.to->ops->outbox_get(copy.to, h->arena, tried, &row), NT_STORE_OK);
	assert_int_equal(row.state, NT_OUTBOX_ACCEPTED);
	assert_int_equal(h->store->ops->outbox_get(h->store, h->arena, handed, &row), NT_STORE_OK);
	assert_int_equal(row.state, NT_OUTBOX_HANDED);
	nt_driver_free(driver);
	house_free(h);
}

static void test_some_leads_alone(void **state)
{
	struct house *h = house_new();
	struct nt_copy copy = copy_of(h);
	const char *ids[] = { "ann", "nobody" }, *why;
	struct nt_store_counts counts;

	(void)state;
	fields(h, "ann", "{\"email\":\"ann@example.org\"}");
	fields(h, "bob", "{\"email\":\"bob@example.org\"}");
	event(h, "ann", "{\"event\":\"a.b\"}");
	event(h, "bob", "{\"event\":\"a.b\"}");
	event(h, "bob", "{\"event\":\"x.y\"}");
	assert_true(nt_copy_frame(&copy, &why));
	assert_true(nt_copy_leads(&copy, ids, 2, &why));
	copy.to->ops->counts(copy.to, &counts);
	assert_int_equal(counts.leads, 1);
	assert_int_equal(counts.timers, 1);
	assert_int_equal(counts.queue, 1);
	assert_int_equal(counts.outbox[NT_OUTBOX_RELEASED], 1);
	assert_int_equal(counts.log_rows, 0);
	copy.to->ops->free(copy.to);
	house_free(h);
}

static void test_damaged_leads_are_left_out(void **state)
{
	struct house *h = house_new();
	struct nt_copy copy = copy_of(h);
	const char *why;

	(void)state;
	fields(h, "ann", "{\"email\":\"ann@example.org\"}");
	h->store->ops->begin(h->store);
	h->store->ops->save(h->store, "bob", "rubbish", 7, NT_NEVER, NT_NEVER);
	h->store->ops->commit(h->store, 77);
	assert_true(nt_copy_all(&copy, &why));
	assert_int_equal(copy.leads, 1);
	assert_int_equal(copy.damaged, 1);
	copy.to->ops->free(copy.to);
	house_free(h);
}

/* A no counts in the twin as it does below; what changes in the twin stays there. */
static void test_suppressions_are_asked_below(void **state)
{
	struct house *h = house_new();
	struct nt_store *twin = nt_memory_store_over(h->store);
	struct nt_address ann = { "email", "ann@example.org" }, bob = { "email", "bob@example.org" };
	struct nt_store_counts counts;
	enum nt_suppression how;

	(void)state;
	h->store->ops->begin(h->store);
	h->store->ops->suppress(h->store, &ann, NT_SUPPRESSION_SOFT, "unsubscribed", 1);
	h->store->ops->commit(h->store, 77);
	assert_int_equal(twin->ops->suppressed(twin, &ann, 1, &how), NT_STORE_OK);
	assert_int_equal(how, NT_SUPPRESSION_SOFT);
	twin->ops->suppressed(twin, &bob, 1, &how);
	assert_int_equal(how, NT_SUPPRESSION_NONE);
	twin->ops->begin(twin);
	twin->ops->suppress(twin, &bob, NT_SUPPRESSION_SOFT, "unsubscribed", 1);
	twin->ops->suppress(twin, &ann, NT_SUPPRESSION_HARD, "bounced", 1);
	twin->ops->suppressed(twin, &ann, 1, &how);
	assert_int_equal(how, NT_SUPPRESSION_HARD);
	twin->ops->unsuppress(twin, &ann);
	twin->ops->commit(twin, 1);
	twin->ops->suppressed(twin, &ann, 1, &how);
	assert_int_equal(how, NT_SUPPRESSION_NONE);
	twin->ops->suppressed(twin, &bob, 1, &how);
	assert_int_equal(how, NT_SUPPRESSION_SOFT);
	twin->ops->counts(twin, &counts);
	assert_int_equal(counts.suppressions, 1);
	h->store->ops->suppressed(h->store, &ann, 1, &how);
	assert_int_equal(how, NT_SUPPRESSION_SOFT);
	h->store->ops->suppressed(h->store, &bob, 1, &how);
	assert_int_equal(how, NT_SUPPRESSION_NONE);
	twin->ops->free(twin);
	house_free(h);
}

/* What has been logged is read below; what the twin logs goes on from there, and stays in it. */
static void test_the_log_goes_on(void **state)
{
	struct house *h = house_new();
	struct nt_copy copy = copy_of(h);
	struct nt_driver *driver;
	struct nt_log_row row;
	struct nt_lead *twin;
	const char *why;
	int64_t head;

	(void)state;
	fields(h, "ann", "{\"email\":\"ann@example.org\"}");
	event(h, "ann", "{\"event\":\"a.b\"}");
	head = lead(h, "ann")->log_head;
	assert_true(nt_copy_all(&copy, &why));
	driver = drive(h, copy.to);
	nt_driver_run(driver, at("UTC", "2026-06-01 12:00"), true);
	twin = nt_driver_lead(driver, h->arena, "ann");
	assert_true(twin->log_head > head);
	for (row.previous = twin->log_head; row.previous > head;)
		assert_int_equal(copy.to->ops->log_read(copy.to, h->arena, row.previous, &row), NT_STORE_OK);
	assert_int_equal(row.previous, head);
	assert_int_equal(copy.to->ops->log_read(copy.to, h->arena, head, &row), NT_STORE_OK);
	assert_string_equal(row.lead, "ann");
	assert_int_equal(h->store->ops->log_read(h->store, h->arena, twin->log_head, &row), NT_STORE_OK);
	assert_null(row.lead);
	nt_driver_free(driver);
	house_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_twin_goes_on_where_the_original_stands),
		cmocka_unit_test(test_messages_under_way_come_along),
		cmocka_unit_test(test_some_leads_alone),
		cmocka_unit_test(test_damaged_leads_are_left_out),
		cmocka_unit_test(test_suppressions_are_asked_below),
		cmocka_unit_test(test_the_log_goes_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
