#include "conformance.h"

#include "base/arena.h"
#include "engine/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct nt_store *(*open_store)(void *user);
static void *open_user;

struct place {
	struct nt_store *store;
	struct nt_arena *arena;
	uint64_t batch;
};

static int setup(void **state)
{
	struct place *p = g_new0(struct place, 1);

	p->store = open_store(open_user);
	p->arena = nt_arena_new();
	*state = p;
	return p->store != NULL ? 0 : -1;
}

static int teardown(void **state)
{
	struct place *p = *state;

	p->store->ops->free(p->store);
	nt_arena_free(p->arena);
	g_free(p);
	return 0;
}

#define OK(p, call, ...) assert_int_equal((p)->store->ops->call((p)->store, ##__VA_ARGS__), NT_STORE_OK)

static void begin(struct place *p)
{
	OK(p, begin);
}

static void commit(struct place *p)
{
	OK(p, commit, ++p->batch);
}

static void rollback(struct place *p)
{
	p->store->ops->rollback(p->store);
}

static void save(struct place *p, const char *id, const char *bytes, nt_time old_due, nt_time due)
{
	OK(p, save, id, bytes, strlen(bytes), old_due, due);
}

/* A lead's bytes as text; NULL if it isn't there. */
static const char *load(struct place *p, const char *id)
{
	struct nt_blob blob = { (const void *)"x", 1 };

	OK(p, load, p->arena, &id, 1, &blob);
	return blob.bytes != NULL ? nt_arena_strndup(p->arena, blob.bytes, blob.length) : NULL;
}

/* "ann@5 bob@7" */
static const char *due(struct place *p, nt_time until, unsigned limit)
{
	struct nt_due out[16];
	unsigned n = 99;
	const char *text = "";

	OK(p, due, p->arena, until, limit, out, &n);
	assert_in_range(n, 0, limit);
	for (unsigned i = 0; i < n; i++)
		text = nt_arena_printf(p->arena, "%s%s%s@%d", text, i > 0 ? " " : "", out[i].lead, (int)out[i].due);
	return text;
}

static nt_time next_due(struct place *p)
{
	nt_time t = 0;

	OK(p, next_due, &t);
	return t;
}

static void leads_are_kept_by_id(void **state)
{
	struct place *p = *state;
	const char *ids[] = { "bob", "nobody", "ann" };
	struct nt_blob blobs[3];
	char binary[] = { 'a', 0, (char)0xff, 'b' };

	begin(p);
	save(p, "ann", "one", NT_NEVER, NT_NEVER);
	assert_string_equal(load(p, "ann"), "one");
	OK(p, save, "bob", binary, sizeof binary, NT_NEVER, NT_NEVER);
	commit(p);
	begin(p);
	save(p, "ann", "two", NT_NEVER, NT_NEVER);
	OK(p, load, p->arena, ids, 3, blobs);
	assert_int_equal(blobs[0].length, sizeof binary);
	assert_memory_equal(blobs[0].bytes, binary, sizeof binary);
	assert_null(blobs[1].bytes);
	assert_int_equal(blobs[2].length, 3);
	assert_memory_equal(blobs[2].bytes, "two", 3);
	commit(p);
	assert_null(load(p, "An"));
	assert_null(load(p, "ANN"));
}

static void timers_come_earliest_first(void **state)
{
	struct place *p = *state;

	assert_true(next_due(p) == NT_NEVER);
	begin(p);
	save(p, "cem", "-", NT_NEVER, 7);
	save(p, "bob", "-", NT_NEVER, 7);
	save(p, "ann", "-", NT_NEVER, 9);
	save(p, "dee", "-", NT_NEVER, NT_NEVER);
	save(p, "old", "-", NT_NEVER, -5);
	assert_true(next_due(p) == -5);
	commit(p);
	assert_string_equal(due(p, 8, 16), "old@-5 bob@7 cem@7");
	assert_string_equal(due(p, 9, 2), "old@-5 bob@7");
	begin(p);
	save(p, "old", "-", -5, 20);
	save(p, "bob", "-", 7, NT_NEVER);
	save(p, "ann", "-", 9, 7);
	assert_string_equal(due(p, 9, 16), "ann@7 cem@7");
	commit(p);
	assert_string_equal(due(p, 20, 16), "ann@7 cem@7 old@20");
	assert_true(next_due(p) == 7);
}

/* The order is the store's own: what counts is that each lead comes once, whatever the size of the pages. */
static void scan_goes_through_all_leads(void **state)
{
	static const char *const all[] = { "lead-0", "lead-1", "lead-2", "lead-3", "lead-4", "Z" };
	struct place *p = *state;
	const char *ids[8], *after = "";
	unsigned seen[G_N_ELEMENTS(all)] = { 0 }, n = 9;
	uint64_t count = 0;

	begin(p);
	for (unsigned i = 0; i < G_N_ELEMENTS(all); i++)
		save(p, all[i], "-", NT_NEVER, NT_NEVER);
	commit(p);
	do {
		OK(p, scan, p->arena, after, 4, ids, &n);
		for (unsigned i = 0; i < n; i++)
			for (unsigned k = 0; k < G_N_ELEMENTS(all); k++)
				seen[k] += strcmp(all[k], ids[i]) == 0;
		begin(p);
		save(p, all[0], "saved on the way", NT_NEVER, NT_NEVER);
		commit(p);
		after = n > 0 ? nt_arena_strdup(p->arena, ids[n - 1]) : after;
	} while (n == 4);
	for (unsigned k = 0; k < G_N_ELEMENTS(all); k++)
		assert_int_equal(seen[k], 1);
	OK(p, scan, p->arena, after, 8, ids, &n);
	assert_int_equal(n, 0);
	OK(p, count_leads, &count);
	assert_int_equal(count, G_N_ELEMENTS(all));
}

static void inputs_are_fresh_once_per_source(void **state)
{
	struct place *p = *state;
	bool fresh = false;

	begin(p);
	OK(p, put_input, "shop", "1", "ann", &fresh);
	assert_true(fresh);
	OK(p, put_input, "shop", "1", "ann", &fresh);
	assert_false(fresh);
	OK(p, put_input, "crm", "1", "ann", &fresh);
	assert_true(fresh);
	OK(p, put_input, "sho", "p1", "ann", &fresh);
	assert_true(fresh);
	commit(p);
	begin(p);
	OK(p, put_input, "shop", "1", "ann", &fresh);
	assert_false(fresh);
	OK(p, put_input, "shop", "2", "ann", &fresh);
	assert_true(fresh);
	rollback(p);
	begin(p);
	OK(p, put_input, "shop", "2", "ann", &fresh);
	assert_true(fresh);
	commit(p);
}

static void suppressions_span_leads(void **state)
{
	struct place *p = *state;
	struct nt_address ann = { "email", "ann@example.org" }, phone = { "sms", "ann@example.org" };
	struct nt_address all[] = { { "email", "bob@example.org" }, ann, phone };
	enum nt_suppression out[3] = { NT_SUPPRESSION_HARD, NT_SUPPRESSION_NONE, NT_SUPPRESSION_SOFT };

	begin(p);
	OK(p, suppress, &ann, NT_SUPPRESSION_SOFT, "unsubscribed", 5);
	OK(p, suppress, &ann, NT_SUPPRESSION_SOFT, "complained", 6);
	OK(p, suppressed, all, 3, out);
	assert_int_equal(out[0], NT_SUPPRESSION_NONE);
	assert_int_equal(out[1], NT_SUPPRESSION_SOFT);
	assert_int_equal(out[2], NT_SUPPRESSION_NONE);
	commit(p);
	begin(p);
	OK(p, suppress, &ann, NT_SUPPRESSION_HARD, "bounced", 7);
	OK(p, suppress, &ann, NT_SUPPRESSION_SOFT, "unsubscribed", 8);
	OK(p, suppressed, all, 3, out);
	assert_int_equal(out[1], NT_SUPPRESSION_HARD);
	rollback(p);
	begin(p);
	OK(p, unsuppress, &ann);
	OK(p, unsuppress, &phone);
	OK(p, suppressed, all, 3, out);
	assert_int_equal(out[1], NT_SUPPRESSION_NONE);
	rollback(p);
	OK(p, suppressed, all, 3, out);
	assert_int_equal(out[1], NT_SUPPRESSION_SOFT);
}

static int64_t append(struct place *p, const char *lead, int64_t previous, const char *body)
{
	struct nt_log_row row = { .previous = previous, .lead = lead, .at = 42, .program_hash = "h", .body = body };

	OK(p, log_append, &row);
	return row.sequence;
}

static void log_rows_are_chained(void **state)
{
	struct place *p = *state;
	struct nt_log_row row;
	int64_t first, other, second;

	begin(p);
	first = append(p, "ann", 0, "{}");
	other = append(p, "bob", 0, "{\"a\":\"\xc3\xa4\"}");
	second = append(p, "ann", first, "[1]");
	assert_true(first > 0 && other > first && second > other);
	commit(p);
	OK(p, log_read, p->arena, second, &row);
	assert_string_equal(row.lead, "ann");
	assert_string_equal(row.body, "[1]");
	assert_string_equal(row.program_hash, "h");
	assert_int_equal(row.at, 42);
	assert_int_equal(row.previous, first);
	OK(p, log_read, p->arena, other, &row);
	assert_string_equal(row.body, "{\"a\":\"\xc3\xa4\"}");
	OK(p, log_read, p->arena, second + 1, &row);
	assert_null(row.lead);
	OK(p, log_read, p->arena, 0, &row);
	assert_null(row.lead);
	begin(p);
	append(p, "bob", other, "gone");
	rollback(p);
	OK(p, log_read, p->arena, second + 1, &row);
	assert_null(row.lead);
}

static void the_oldest_log_rows_go(void **state)
{
	struct place *p = *state;
	struct nt_log_row row = { .lead = "ann", .program_hash = "h", .body = "{}" };
	int64_t first = 0;
	unsigned n;

	begin(p);
	for (int i = 0; i < 5; i++) {
		row.at = 100 + i;
		OK(p, log_append, &row);
		first = i == 0 ? row.sequence : first;
	}
	commit(p);
	begin(p);
	OK(p, log_prune, 102, 1, &n); /* of one only */
	assert_int_equal(n, 1);
	rollback(p);
	OK(p, log_read, p->arena, first, &row);
	assert_non_null(row.lead);
	begin(p);
	OK(p, log_prune, 102, 10, &n);
	assert_int_equal(n, 2);
	OK(p, log_prune, 1000, 10, &n); /* but never the newest */
	assert_int_equal(n, 2);
	OK(p, log_prune, 1000, 10, &n);
	assert_int_equal(n, 0);
	commit(p);
	OK(p, log_read, p->arena, first + 3, &row);
	assert_null(row.lead);
	OK(p, log_read, p->arena, first + 4, &row);
	assert_int_equal(row.at, 104);
}

static struct nt_message message(const char *id, const char *lead, const char *channel, nt_time released)
{
	return (struct nt_message){
		.id = id,
		.lead = lead,
		.campaign = "trial",
		.key = "",
		.entry = 2,
		.step = "email-welcome-1",
		.channel = channel,
		.template_name = "welcome",
		.template_hash = "abc",
		.program_hash = "5f3a",
		.address = "Ann@example.org",
		.address_name = "Ann",
		.values = "{\"first_name\":\"Ann\"}",
		.released = released,
		.why = "trial: welcome",
	};
}

static void put_message(struct place *p, const char *id, const char *lead, const char *channel, nt_time released)
{
	struct nt_message m = message(id, lead, channel, released);

	OK(p, outbox_put, &m);
}

static struct nt_outbox_row get(struct place *p, const char *id)
{
	enum nt_outbox_state state = NT_OUTBOX_ABSENT;
	struct nt_outbox_row row;

	OK(p, outbox_get, p->arena, id, &row);
	OK(p, outbox_state, id, &state);
	assert_int_equal(state, row.state);
	return row;
}

static const char *claim(struct place *p, const char *channel, nt_time now, unsigned limit)
{
	struct nt_outbox_row out[16];
	unsigned n = 99;
	const char *text = "";

	OK(p, outbox_claim, p->arena, channel, now, limit, "box/boot", out, &n);
	for (unsigned i = 0; i < n; i++) {
		assert_int_equal(out[i].state, NT_OUTBOX_HANDED);
		assert_string_equal(out[i].owner, "box/boot");
		text = nt_arena_printf(p->arena, "%s%s%s", text, i > 0 ? " " : "", out[i].message.id);
	}
	return text;
}

static nt_time outbox_next(struct place *p, const char *channel)
{
	nt_time t = 0;

	OK(p, outbox_next, channel, &t);
	return t;
}

static void a_message_is_kept_whole(void **state)
{
	struct place *p = *state;
	struct nt_message m = message("m1", "ann", "email", 10);
	struct nt_outbox_row row;

	m.rep = "anna";
	m.locale = "de";
	m.offer = 77;
	m.service = true;
	begin(p);
	OK(p, outbox_put, &m);
	put_message(p, "m1", "bob", "sms", 11); /* the same id again: nothing */
	commit(p);
	row = get(p, "m1");
	assert_int_equal(row.state, NT_OUTBOX_RELEASED);
	assert_int_equal(row.not_before, 10);
	assert_int_equal(row.changed, 10);
	assert_int_equal(row.attempts, 0);
	assert_null(row.owner);
	assert_string_equal(row.message.lead, "ann");
	assert_string_equal(row.message.rep, "anna");
	assert_string_equal(row.message.campaign, "trial");
	assert_string_equal(row.message.key, "");
	assert_int_equal(row.message.entry, 2);
	assert_string_equal(row.message.step, "email-welcome-1");
	assert_string_equal(row.message.channel, "email");
	assert_string_equal(row.message.template_name, "welcome");
	assert_string_equal(row.message.template_hash, "abc");
	assert_string_equal(row.message.program_hash, "5f3a");
	assert_string_equal(row.message.locale, "de");
	assert_string_equal(row.message.address, "Ann@example.org");
	assert_string_equal(row.message.address_name, "Ann");
	assert_string_equal(row.message.values, "{\"first_name\":\"Ann\"}");
	assert_string_equal(row.message.why, "trial: welcome");
	assert_true(row.message.service);
	assert_int_equal(row.message.released, 10);
	assert_int_equal(row.message.offer, 77);
	assert_int_equal(get(p, "m2").state, NT_OUTBOX_ABSENT);
}

static void claims_take_what_is_due_in_order(void **state)
{
	struct place *p = *state;

	begin(p);
	put_message(p, "c", "ann", "email", 10);
	put_message(p, "a", "ann", "email", 10);
	put_message(p, "z", "ann", "email", 5);
	put_message(p, "s", "ann", "sms", 1);
	put_message(p, "later", "ann", "email", 30);
	commit(p);
	assert_int_equal(outbox_next(p, "email"), 5);
	assert_true(outbox_next(p, "fax") == NT_NEVER);
	begin(p);
	assert_string_equal(claim(p, "email", 20, 2), "z c");
	assert_string_equal(claim(p, "email", 20, 9), "a");
	assert_string_equal(claim(p, "email", 20, 9), "");
	rollback(p);
	assert_int_equal(outbox_next(p, "email"), 5);
	begin(p);
	assert_string_equal(claim(p, "email", 20, 9), "z c a");
	commit(p);
	assert_int_equal(outbox_next(p, "email"), 30);
	assert_int_equal(get(p, "z").changed, 20);
	assert_int_equal(get(p, "s").state, NT_OUTBOX_RELEASED);
}

static bool move(struct place *p, const char *id, enum nt_outbox_state from, enum nt_outbox_state to,
                 nt_time not_before)
{
	struct nt_outbox_row row = { .state = to, .not_before = not_before, .attempts = 3, .slot = -1, .changed = 50,
		                     .remote_id = "sm-1", .detail = "451 later" };
	bool done = false;

	OK(p, outbox_move, id, from, &row, &done);
	return done;
}

static void moves_compare_and_set(void **state)
{
	struct place *p = *state;
	struct nt_outbox_row row;

	begin(p);
	put_message(p, "m", "ann", "email", 10);
	assert_false(move(p, "m", NT_OUTBOX_HANDED, NT_OUTBOX_ACCEPTED, 10));
	assert_false(move(p, "absent", NT_OUTBOX_RELEASED, NT_OUTBOX_CANCELLED, 10));
	assert_string_equal(claim(p, "email", 20, 9), "m");
	assert_false(move(p, "m", NT_OUTBOX_RELEASED, NT_OUTBOX_CANCELLED, 10));
	assert_true(move(p, "m", NT_OUTBOX_HANDED, NT_OUTBOX_RELEASED, 60));
	commit(p);
	row = get(p, "m");
	assert_int_equal(row.attempts, 3);
	assert_null(row.owner);
	assert_string_equal(row.detail, "451 later");
	assert_string_equal(row.remote_id, "sm-1");
	assert_int_equal(row.changed, 50);
	assert_string_equal(row.message.template_name, "welcome");
	assert_int_equal(outbox_next(p, "email"), 60);
	begin(p);
	assert_string_equal(claim(p, "email", 59, 9), "");
	assert_string_equal(claim(p, "email", 60, 9), "m");
	assert_true(move(p, "m", NT_OUTBOX_HANDED, NT_OUTBOX_ACCEPTED, 60));
	commit(p);
	assert_true(outbox_next(p, "email") == NT_NEVER);
}

static void outbox_lists_by_state(void **state)
{
	struct place *p = *state;
	struct nt_outbox_row out[8];
	unsigned n = 9;

	begin(p);
	put_message(p, "b", "ann", "email", 1);
	put_message(p, "a", "ann", "sms", 2);
	put_message(p, "c", "ann", "email", 3);
	assert_string_equal(claim(p, "email", 2, 1), "b");
	commit(p);
	OK(p, outbox_list, p->arena, NT_OUTBOX_RELEASED, "", 8, out, &n);
	assert_int_equal(n, 2);
	assert_string_equal(out[0].message.id, "a");
	assert_string_equal(out[1].message.id, "c");
	OK(p, outbox_list, p->arena, NT_OUTBOX_RELEASED, "a", 1, out, &n);
	assert_int_equal(n, 1);
	assert_string_equal(out[0].message.id, "c");
	OK(p, outbox_list, p->arena, NT_OUTBOX_HANDED, "", 8, out, &n);
	assert_int_equal(n, 1);
	assert_string_equal(out[0].owner, "box/boot");
	assert_int_equal(out[0].slot, -1);
}

static void list_row(void *context, const struct nt_outbox_row *row)
{
	g_string_append_printf(context, "%s/%s/%u ", row->message.id, row->message.template_name, row->attempts);
}

static void what_is_under_way_is_gone_through(void **state)
{
	struct place *p = *state;
	GString *seen = g_string_new(NULL);

	begin(p);
	put_message(p, "b", "ann", "email", 1);
	put_message(p, "a", "ann", "sms", 2);
	put_message(p, "d", "ann", "sms", 3);
	assert_string_equal(claim(p, "email", 2, 1), "b");
	assert_true(move(p, "d", NT_OUTBOX_RELEASED, NT_OUTBOX_CANCELLED, 3));
	commit(p);
	OK(p, outbox_each, NT_OUTBOX_RELEASED, list_row, seen);
	assert_string_equal(seen->str, "a/welcome/0 ");
	g_string_truncate(seen, 0);
	OK(p, outbox_each, NT_OUTBOX_HANDED, list_row, seen);
	assert_string_equal(seen->str, "b/welcome/0 ");
	g_string_truncate(seen, 0);
	OK(p, outbox_each, NT_OUTBOX_IN_DOUBT, list_row, seen);
	assert_string_equal(seen->str, "");
	g_string_free(seen, TRUE);
}

static void erasing_takes_all_but_the_inputs(void **state)
{
	struct place *p = *state;
	struct nt_log_row row;
	int64_t mine, other;
	bool fresh = true;

	begin(p);
	save(p, "ann", "-", NT_NEVER, 5);
	save(p, "bob", "-", NT_NEVER, 6);
	put_message(p, "m1", "ann", "email", 1);
	put_message(p, "m2", "bob", "email", 1);
	mine = append(p, "ann", 0, "a");
	other = append(p, "bob", 0, "b");
	OK(p, put_input, "shop", "1", "ann", &fresh);
	commit(p);
	begin(p);
	OK(p, erase, "ann", 5, mine);
	rollback(p);
	assert_non_null(load(p, "ann"));
	assert_int_equal(get(p, "m1").state, NT_OUTBOX_RELEASED);
	OK(p, log_read, p->arena, mine, &row);
	assert_string_equal(row.lead, "ann");
	begin(p);
	OK(p, erase, "ann", 5, mine);
	OK(p, erase, "nobody", NT_NEVER, 0);
	commit(p);
	assert_null(load(p, "ann"));
	assert_string_equal(due(p, 99, 16), "bob@6");
	assert_int_equal(get(p, "m1").state, NT_OUTBOX_ABSENT);
	assert_int_equal(get(p, "m2").state, NT_OUTBOX_RELEASED);
	OK(p, log_read, p->arena, mine, &row);
	assert_null(row.lead);
	OK(p, log_read, p->arena, other, &row);
	assert_string_equal(row.body, "b");
	begin(p);
	OK(p, put_input, "shop", "1", "ann", &fresh);
	assert_false(fresh);
	commit(p);
}

static void collect(void *context, const char *lead, const void *bytes, size_t length)
{
	GString *out = context;

	g_string_append_printf(out, "%s=%.*s;", lead, (int)length, (const char *)bytes);
}

static void sales_rows_are_kept(void **state)
{
	struct place *p = *state;
	GString *seen = g_string_new(NULL);
	struct nt_store_counts counts;
	struct nt_blob blob;

	begin(p);
	OK(p, sales_put, "bob", "2", 1);
	OK(p, sales_put, "ann", "1", 1);
	OK(p, sales_turns, "turns", 5);
	commit(p);
	begin(p);
	OK(p, sales_put, "ann", "11", 2);
	OK(p, sales_put, "bob", NULL, 0);
	OK(p, sales_put, "nobody", NULL, 0);
	OK(p, sales_put, "cem", "3", 1);
	commit(p);
	OK(p, counts, &counts);
	assert_int_equal(counts.queue, 2);
	begin(p);
	OK(p, sales_turns, "other", 5);
	OK(p, sales_put, "cem", NULL, 0);
	rollback(p);
	OK(p, sales_each, collect, seen);
	assert_string_equal(seen->str, "=turns;ann=11;cem=3;");
	OK(p, sales_get, p->arena, "ann", &blob);
	assert_int_equal(blob.length, 2);
	assert_memory_equal(blob.bytes, "11", 2);
	OK(p, sales_get, p->arena, "bob", &blob);
	assert_null(blob.bytes);
	g_string_free(seen, TRUE);
}

static void list_program(void *context, const char *hash, const void *bytes, size_t length, nt_time at)
{
	g_string_append_printf(context, "%s=%.*s@%d;", hash, (int)length, (const char *)bytes, (int)at);
}

static void list_meta(void *context, const char *key, const char *value)
{
	g_string_append_printf(context, "%s=%s;", key, value);
}

/* What a copy is made of. What the store keeps for itself isn't shown. */
static void programs_and_meta_are_gone_through(void **state)
{
	struct place *p = *state;
	GString *seen = g_string_new(NULL);

	begin(p);
	OK(p, program_put, "b", "2", 1, 18);
	OK(p, program_put, "a", "1", 1, 17);
	OK(p, meta_put, "instant", "12");
	OK(p, meta_put, "cursor", " ann");
	append(p, "ann", 0, "{}"); /* under a program without an archive */
	commit(p);
	OK(p, program_each, list_program, seen);
	assert_string_equal(seen->str, "a=1@17;b=2@18;");
	g_string_truncate(seen, 0);
	OK(p, meta_each, list_meta, seen);
	assert_string_equal(seen->str, "batch=1;cursor= ann;instant=12;");
	g_string_free(seen, TRUE);
}

static void list_subject(void *context, const char *id, const char *lead, const void *bytes, size_t length)
{
	g_string_append_printf(context, "%s%s%s=%.*s;", id, lead != NULL ? " of " : "", lead != NULL ? lead : "",
	                       (int)length, (const char *)bytes);
}

static void rows_of_subjects_are_kept(void **state)
{
	struct place *p = *state;
	GString *seen = g_string_new(NULL);
	struct nt_blob blob;

	begin(p);
	OK(p, subject_put, "task", "b", "ann", "2", 1);
	OK(p, subject_put, "task", "a", "bob", "1", 1);
	OK(p, subject_put, "tas", "c", NULL, "other", 5);
	commit(p);
	begin(p);
	OK(p, subject_put, "task", "a", "bob", "11", 2);
	OK(p, subject_put, "task", "b", NULL, NULL, 0);
	OK(p, subject_put, "task", "nothing", NULL, NULL, 0);
	OK(p, subject_put, "task", "d", NULL, "3", 1);
	OK(p, subject_get, p->arena, "task", "a", &blob);
	assert_int_equal(blob.length, 2);
	commit(p);
	begin(p);
	OK(p, subject_put, "task", "d", NULL, "33", 2);
	OK(p, subject_put, "task", "a", "bob", NULL, 0);
	rollback(p);
	OK(p, subject_each, "task", NULL, list_subject, seen);
	assert_string_equal(seen->str, "a of bob=11;d=3;");
	OK(p, subject_get, p->arena, "task", "d", &blob);
	assert_memory_equal(blob.bytes, "3", 1);
	OK(p, subject_get, p->arena, "task", "c", &blob);
	assert_null(blob.bytes);
	g_string_truncate(seen, 0);
	OK(p, subject_each, "task ", NULL, list_subject, seen);
	assert_string_equal(seen->str, "");
	g_string_free(seen, TRUE);
}

static void rows_of_subjects_are_found_by_lead(void **state)
{
	struct place *p = *state;
	GString *seen = g_string_new(NULL);

	begin(p);
	OK(p, subject_put, "task", "3", "ann", "x", 1);
	OK(p, subject_put, "task", "1", "ann", "", 0);
	OK(p, subject_put, "task", "2", "ann b", "z", 1);
	OK(p, subject_put, "call", "4", "ann", "other", 5);
	OK(p, subject_put, "task", "5", NULL, "nobody's", 8);
	OK(p, subject_put, "task", "6", "ann", "gone", 4);
	OK(p, subject_each, "task", "ann", list_subject, seen);
	assert_string_equal(seen->str, "1 of ann=;3 of ann=x;6 of ann=gone;");
	commit(p);
	begin(p);
	OK(p, subject_put, "task", "6", "ann", NULL, 0);
	OK(p, subject_put, "task", "3", "ann", "xx", 2);
	commit(p);
	g_string_truncate(seen, 0);
	OK(p, subject_each, "task", "ann", list_subject, seen);
	OK(p, subject_each, "task", "an", list_subject, seen);
	OK(p, subject_each, "task", "", list_subject, seen);
	assert_string_equal(seen->str, "1 of ann=;3 of ann=xx;");
	g_string_truncate(seen, 0);
	OK(p, subject_each, "task", NULL, list_subject, seen);
	assert_string_equal(seen->str, "1 of ann=;2 of ann b=z;3 of ann=xx;5=nobody's;");
	g_string_free(seen, TRUE);
}

static void programs_and_meta_are_kept(void **state)
{
	struct place *p = *state;
	struct nt_blob blob;
	const char *value = "x";
	nt_time at = 0;

	OK(p, meta_get, p->arena, "batch", &value);
	assert_null(value);
	begin(p);
	OK(p, program_put, "abc", "a\0b", 3, 17);
	OK(p, meta_put, "instant", "12");
	OK(p, meta_put, "gone", "soon");
	commit(p);
	begin(p);
	OK(p, meta_put, "instant", "13");
	OK(p, meta_put, "gone", NULL);
	commit(p);
	begin(p);
	OK(p, meta_put, "instant", "14");
	rollback(p);
	OK(p, meta_get, p->arena, "instant", &value);
	assert_string_equal(value, "13");
	OK(p, meta_get, p->arena, "gone", &value);
	assert_null(value);
	OK(p, meta_get, p->arena, "batch", &value);
	assert_string_equal(value, "2");
	OK(p, program_get, p->arena, "abc", &blob, &at);
	assert_int_equal(blob.length, 3);
	assert_memory_equal(blob.bytes, "a\0b", 3);
	assert_int_equal(at, 17);
	OK(p, program_get, p->arena, "abd", &blob, &at);
	assert_null(blob.bytes);
}

static void rollback_undoes_everything(void **state)
{
	struct place *p = *state;
	struct nt_store_counts before, after;
	bool fresh;

	begin(p);
	save(p, "ann", "one", NT_NEVER, 5);
	put_message(p, "m", "ann", "email", 1);
	commit(p);
	OK(p, counts, &before);
	begin(p);
	save(p, "ann", "two", 5, 8);
	save(p, "ann", "three", 8, 3);
	save(p, "bob", "-", NT_NEVER, 4);
	put_message(p, "n", "ann", "email", 1);
	assert_string_equal(claim(p, "email", 9, 9), "m n");
	append(p, "ann", 0, "x");
	OK(p, put_input, "s", "1", "ann", &fresh);
	OK(p, suppress, &(struct nt_address){ "email", "a@b" }, NT_SUPPRESSION_SOFT, "x", 1);
	OK(p, erase, "ann", 3, 0);
	rollback(p);
	OK(p, counts, &after);
	assert_memory_equal(&before, &after, sizeof before);
	assert_string_equal(load(p, "ann"), "one");
	assert_null(load(p, "bob"));
	assert_string_equal(due(p, 99, 16), "ann@5");
	assert_int_equal(get(p, "m").state, NT_OUTBOX_RELEASED);
	assert_int_equal(outbox_next(p, "email"), 1);
}

static void counts_count(void **state)
{
	struct place *p = *state;
	struct nt_store_counts counts;
	bool fresh;

	begin(p);
	save(p, "ann", "-", NT_NEVER, 5);
	save(p, "bob", "-", NT_NEVER, NT_NEVER);
	put_message(p, "m", "ann", "email", 1);
	put_message(p, "n", "ann", "email", 1);
	claim(p, "email", 9, 1);
	append(p, "ann", 0, "x");
	OK(p, put_input, "s", "1", "ann", &fresh);
	OK(p, suppress, &(struct nt_address){ "email", "a@b" }, NT_SUPPRESSION_SOFT, "x", 1);
	commit(p);
	OK(p, counts, &counts);
	assert_int_equal(counts.leads, 2);
	assert_int_equal(counts.timers, 1);
	assert_int_equal(counts.inputs, 1);
	assert_int_equal(counts.log_rows, 1);
	assert_int_equal(counts.suppressions, 1);
	assert_int_equal(counts.outbox[NT_OUTBOX_RELEASED], 1);
	assert_int_equal(counts.outbox[NT_OUTBOX_HANDED], 1);
	assert_int_equal(counts.outbox[NT_OUTBOX_ACCEPTED], 0);
}

int nt_store_conformance(const char *name, struct nt_store *(*open)(void *user), void *user)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(leads_are_kept_by_id), TEST(timers_come_earliest_first), TEST(scan_goes_through_all_leads),
		TEST(inputs_are_fresh_once_per_source), TEST(suppressions_span_leads), TEST(log_rows_are_chained),
		TEST(the_oldest_log_rows_go),
		TEST(a_message_is_kept_whole), TEST(claims_take_what_is_due_in_order), TEST(moves_compare_and_set),
		TEST(outbox_lists_by_state), TEST(what_is_under_way_is_gone_through),
		TEST(programs_and_meta_are_gone_through), TEST(erasing_takes_all_but_the_inputs),
		TEST(sales_rows_are_kept), TEST(rows_of_subjects_are_kept), TEST(rows_of_subjects_are_found_by_lead),
		TEST(programs_and_meta_are_kept), TEST(rollback_undoes_everything), TEST(counts_count),
	};
#undef TEST

	(void)name;
	open_store = open;
	open_user = user;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
