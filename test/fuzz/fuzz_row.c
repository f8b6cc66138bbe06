/* A row of the store that isn't a lead's, the first byte says which: an entry of the sales queue, its turns, a task,
 * what was announced, shares of splits, a rule set as it is kept. Damaged, or read so that it is written as it was
 * read, and can be gone on with.
 * covers: daemon/engine/sales_codec.c daemon/engine/task_codec.c daemon/rules/archive.c */
#include "fuzz.h"
#include "fuzz_program.h"

#include "base/arena.h"
#include "base/bug.h"
#include "engine/announce.h"
#include "engine/best.h"
#include "engine/sales.h"
#include "engine/task.h"
#include "rules/archive.h"
#include "rules/program.h"

#include <string.h>

#define NOW INT64_C(1772445600000)

static const char rules[] =
	"policy:\n  sender: { phone: \"+1 555 0100\" }\n  time_zone: UTC\n---\n"
	"events: { a.b: {}, x.y: {} }\n---\n"
	"sales:\n  ready: [ { on: x.y, reason: asked } ]\n  reps:\n"
	"    anna: { email: anna@example.org, time_zone: UTC, hours: mon-fri 09:00-17:30, open_at_most: 2 }\n"
	"    bob: { email: bob@example.org, phone: \"+15550100\", time_zone: UTC }\n"
	"  teams: { all: { reps: [ anna, bob ], manager: bob, turn: weighted } }\n  route: [ { to: team all } ]\n"
	"  tell: [ sms: m ]\n  then: [ next_rep, manager ]\n"
	"  after_accept: [ { within: 24 hours, then: tell manager }, { within: 3 days, then: next_rep } ]\n---\n"
	"campaign: c\nenter: { at: 2026-03-04 10:00, every: 1 week }\nsteps:\n  - { task: m, due: 1 day }\n"
	"  - id: s\n    split:\n      - { share: 50%, steps: [ sms: m ] }\n      - { share: 50%, steps: [ sms: m ] }\n"
	"    best_by: goal\ngoal: { on: a.b }\n---\n"
	"announcements: [ { campaign: c, tell: team all, before: 3 days, message: m } ]\n";

/* ---- sales ---- */

static GString *sales_bytes(struct nt_sales *sales, bool turns)
{
	GString *out = g_string_new(NULL);
	GPtrArray *all = nt_sales_list(sales);

	if (turns)
		nt_sales_encode_turns(sales, out);
	for (unsigned i = 0; !turns && i < all->len; i++)
		nt_sales_encode_entry(all->pdata[i], out);
	g_ptr_array_free(all, TRUE);
	return out;
}

static bool sales_read(struct nt_sales *sales, const char *bytes, size_t length, bool turns)
{
	return turns ? nt_sales_restore_turns(sales, bytes, length) : nt_sales_restore_entry(sales, bytes, length);
}

static void go_on_selling(struct nt_sales *sales, struct nt_arena *arena)
{
	struct nt_sales_input input = { .verb = NT_SALES_TIMER, .now = NOW };
	struct nt_sales_effects effects;

	nt_sales_resume(sales, NOW);
	for (unsigned i = 0; i < 3 && nt_sales_due(sales) < NT_NEVER; i++) {
		input.now = nt_time_later(input.now, nt_sales_due(sales));
		nt_sales_effects_init(&effects, arena);
		nt_sales_step(sales, &input, &effects);
		nt_sales_effects_clear(&effects);
	}
}

static void sell(struct nt_arena *arena, const char *bytes, size_t length, bool turns)
{
	struct nt_sales *sales = nt_sales_new(nt_fuzz_program(rules)), *again = nt_sales_new(nt_fuzz_program(rules));

	if (sales_read(sales, bytes, length, turns)) {
		GString *once = sales_bytes(sales, turns), *twice;

		NT_CHECK(sales_read(again, once->str, once->len, turns));
		twice = sales_bytes(again, turns);
		NT_CHECK(g_string_equal(once, twice));
		g_string_free(once, TRUE);
		g_string_free(twice, TRUE);
		go_on_selling(sales, arena);
	}
	nt_sales_free(sales);
	nt_sales_free(again);
}

/* ---- tasks ---- */

static void go_on_with(struct nt_tasks *tasks, const char *lead, struct nt_arena *arena)
{
	static const enum nt_task_verb verbs[] = { NT_TASKS_TIMER, NT_TASKS_LOAD, NT_TASKS_OWNER, NT_TASKS_TIMER,
		                                   NT_TASKS_ERASE };
	struct nt_task_input input = { .now = NOW, .lead = lead, .rep = "anna" };
	struct nt_task_effects effects;

	for (unsigned i = 0; i < G_N_ELEMENTS(verbs); i++) {
		input.verb = verbs[i];
		if (input.verb == NT_TASKS_TIMER && nt_tasks_due(tasks) < NT_NEVER)
			input.now = nt_time_later(input.now, nt_tasks_due(tasks));
		nt_task_effects_init(&effects, arena);
		nt_tasks_step(tasks, &input, &effects);
		nt_task_effects_clear(&effects);
	}
}

static void do_tasks(struct nt_arena *arena, const char *bytes, size_t length)
{
	struct nt_tasks *tasks = nt_tasks_new(nt_fuzz_program(rules)), *again = nt_tasks_new(nt_fuzz_program(rules));

	if (nt_tasks_restore(tasks, bytes, length)) {
		GString *once = g_string_new(NULL), *twice = g_string_new(NULL);
		GPtrArray *all = nt_tasks_list(tasks, false), *others;

		NT_CHECK(all->len == 1);
		nt_task_encode(all->pdata[0], once);
		NT_CHECK(nt_tasks_restore(again, once->str, once->len));
		others = nt_tasks_list(again, false);
		nt_task_encode(others->pdata[0], twice);
		NT_CHECK(g_string_equal(once, twice));
		go_on_with(tasks, nt_arena_strdup(arena, ((const struct nt_task *)all->pdata[0])->lead), arena);
		g_ptr_array_free(all, TRUE);
		g_ptr_array_free(others, TRUE);
		g_string_free(once, TRUE);
		g_string_free(twice, TRUE);
	}
	nt_tasks_free(tasks);
	nt_tasks_free(again);
}

/* ---- the rest ---- */

static void announce(struct nt_arena *arena, const char *bytes, size_t length)
{
	struct nt_announcements *announcements = nt_announcements_new(nt_fuzz_program(rules));
	GPtrArray *messages = g_ptr_array_new();

	if (nt_announcements_restore(announcements, bytes, length)) {
		nt_announcements_step(announcements, NOW, arena, messages);
		NT_CHECK(nt_announcements_due(announcements) > NOW);
	}
	g_ptr_array_unref(messages);
	nt_announcements_free(announcements);
}

static void share(const char *bytes, size_t length)
{
	char *text = g_strndup(bytes, length);
	struct nt_best *best = nt_best_new(nt_fuzz_program(rules), text), *again;

	if (best != NULL) {
		GString *once = g_string_new(NULL), *twice = g_string_new(NULL);

		nt_best_text(best, once);
		again = nt_best_new(nt_fuzz_program(rules), once->str);
		NT_CHECK(again != NULL);
		nt_best_text(again, twice);
		NT_CHECK(g_string_equal(once, twice));
		for (unsigned i = 0; i < nt_best_splits(best); i++)
			nt_best_decide(best, nt_best_split(best, i), NOW);
		nt_best_free(again);
		g_string_free(once, TRUE);
		g_string_free(twice, TRUE);
	}
	nt_best_free(best);
	g_free(text);
}

static void unpack(struct nt_arena *arena, const char *bytes, size_t length)
{
	struct nt_rule_set_files files, again;
	GString *once = g_string_new(NULL), *twice = g_string_new(NULL);

	if (nt_archive_unpack(arena, bytes, length, &files)) {
		nt_archive_pack(&files, once);
		NT_CHECK(nt_archive_unpack(arena, once->str, once->len, &again));
		nt_archive_pack(&again, twice);
		NT_CHECK(g_string_equal(once, twice));
	}
	g_string_free(once, TRUE);
	g_string_free(twice, TRUE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *bytes = (const char *)data + 1;
	struct nt_arena *arena;

	if (size == 0)
		return 0;
	arena = nt_arena_new();
	switch (data[0]) {
	case 's':
	case 'u':
		sell(arena, bytes, size - 1, data[0] == 'u');
		break;
	case 't':
		do_tasks(arena, bytes, size - 1);
		break;
	case 'a':
		announce(arena, bytes, size - 1);
		break;
	case 'b':
		share(bytes, size - 1);
		break;
	default:
		unpack(arena, bytes, size - 1);
		break;
	}
	nt_arena_free(arena);
	return 0;
}
