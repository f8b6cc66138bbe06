/* Tasks of reps through the engine: opened once, told, passed on, done, withdrawn, erased; their rows. */
#include "engine_house.h"

#include "engine/task.h"
#include "rules/load.h"

#define REP_LINES                                                                                                    \
	"    anna: { email: anna@example.org, time_zone: Europe/Berlin, hours: mon-fri 09:00-17:30 }\n"              \
	"    bob: { email: bob@example.org, phone: \"+4930100\", time_zone: Europe/Berlin }\n"
#define HEAD                                                                                                         \
	POLICY_TEXT "events:\n  a.b: {}\n  c.d: {}\n  x.y: {}\n---\n"
#define SALES_OF(reps, members)                                                                                      \
	"sales:\n  ready: [ { on: x.y, reason: asked } ]\n  reps:\n" reps                                            \
	"  teams: { dach: { reps: [ " members " ], manager: bob } }\n  route: [ { to: team dach } ]\n"             \
	"  tell: [ email: new-lead, sms: call ]\n---\n"
#define CAMPAIGN_BODY                                                                                                \
	"enter: { on: a.b }\nagain: always\nexit: [ { on: c.d } ]\n"                                               \
	"steps: [ { task: call, due: 1 day }, wait: 60 days ]\n"
#define CAMPAIGN "campaign: first\n" CAMPAIGN_BODY

static const char both[] = HEAD SALES_OF(REP_LINES, "anna") CAMPAIGN;
static const char without_anna[] =
	HEAD SALES_OF("    bob: { email: bob@example.org, time_zone: Europe/Berlin }\n", "bob") CAMPAIGN;

static struct nt_program *program_with(const char *text)
{
	static const char mail[] = "---\nsubject: Call {{ lead.email }}\n---\nShe asked on Monday.\n\nDone? Press "
	                           "{{ task_url }}\n\nThank you, {{ rep.name }}\n",
			  plain[] = "Call {{ lead.email }} about\nher order. {{ task_url }}\n";
	const struct nt_file templates[] = {
		{ "templates/call/email.txt", mail, sizeof mail - 1 },
		{ "templates/call/sms.txt", plain, sizeof plain - 1 },
		{ "templates/new-lead/email.txt", mail, sizeof mail - 1 },
	};

	return program_from(text, templates, G_N_ELEMENTS(templates), program_zones());
}

static struct house *office(void)
{
	struct house *h = house_with(program_with(both));

	assert_int_equal(fields(h, "ann", "{\"email\":\"ann@example.org\"}"), NT_ANSWER_OK);
	return h;
}

static void restart(struct house *h)
{
	nt_engine_free(h->engine);
	open_engine(h);
}

static const struct nt_task *only_task(struct house *h)
{
	GPtrArray *all = nt_tasks_list(nt_engine_tasks(h->engine), false);
	const struct nt_task *task;

	assert_int_equal(all->len, 1);
	task = all->pdata[0];
	g_ptr_array_free(all, TRUE);
	return task;
}

static enum nt_answer_code mark(struct house *h, const char *id, const char *rep, bool only_theirs)
{
	struct nt_request *r = request(h, NT_REQUEST_TASK);

	r->task = nt_arena_strdup(h->arena, id);
	r->rep = rep;
	r->only_theirs = only_theirs;
	return ask(h, r);
}

static void accept(struct house *h, const char *rep)
{
	struct nt_request *r = request(h, NT_REQUEST_SALES);

	r->verb = NT_SALES_ACCEPT;
	r->lead = "ann";
	r->rep = rep;
	assert_int_equal(ask(h, r), NT_ANSWER_OK);
}

/* "bob task, bob task_overdue" of what waits on a channel, which is then sent. */
static const char *told(struct house *h, const char *channel)
{
	struct nt_request *r = claim(h, channel);
	const char *all = "";

	for (unsigned i = 0; i < r->n_rows; i++) {
		all = nt_arena_printf(h->arena, "%s%s%s %s", all, i > 0 ? ", " : "", r->rows[i].message.rep,
		                      r->rows[i].message.step);
		outcome(h, r->rows[i].message.id, NT_SEND_ACCEPTED, false);
	}
	return all;
}

static bool logged(struct house *h, const char *id, const char *text)
{
	int64_t sequence = lead(h, id)->log_head;

	while (sequence > 0) {
		struct nt_log_row row;

		assert_int_equal(h->store->ops->log_read(h->store, h->arena, sequence, &row), NT_STORE_OK);
		if (strstr(row.body, text) != NULL)
			return true;
		sequence = row.previous;
	}
	return false;
}

static void count_row(void *context, const char *id, const char *lead, const void *bytes, size_t length)
{
	unsigned *n = context;

	(void)id;
	(void)lead;
	(void)bytes;
	(void)length;
	++*n;
}

static unsigned rows(struct house *h)
{
	unsigned n = 0;

	assert_int_equal(h->store->ops->subject_each(h->store, "task", NULL, count_row, &n), NT_STORE_OK);
	return n;
}

static void one_is_opened_told_and_done(void **state)
{
	struct house *h = office();
	const char *id;

	(void)state;
	event(h, "ann", "{\"event\":\"a.b\"}");
	assert_string_equal(only_task(h)->text, "Call ann@example.org");
	assert_string_equal(only_task(h)->body, "She asked on Monday.\n\n\nThank you,");
	assert_string_equal(only_task(h)->rep, "bob"); /* nobody owns the lead: the manager */
	assert_string_equal(told(h, "email"), "bob task");
	assert_string_equal(told(h, "sms"), "bob task");
	id = nt_arena_strdup(h->arena, only_task(h)->id);
	for (int i = 0; i < 2; i++) {
		restart(h);
		event(h, "ann", "{\"event\":\"a.b\"}"); /* is inside already */
		assert_string_equal(only_task(h)->id, id);
		assert_string_equal(told(h, "email"), "");
	}
	assert_int_equal(mark(h, "0123", NULL, false), NT_ANSWER_NOT_FOUND);
	assert_int_equal(mark(h, id, "bib", false), NT_ANSWER_INVALID);
	assert_int_equal(mark(h, id, "anna", true), NT_ANSWER_CONFLICT);
	assert_int_equal(mark(h, id, "anna", false), NT_ANSWER_OK);
	assert_int_equal(mark(h, id, "bob", true), NT_ANSWER_DUPLICATE);
	assert_string_equal(only_task(h)->by, "anna");
	assert_int_equal(nt_tasks_open(nt_engine_tasks(h->engine)), 0);
	assert_true(logged(h, "ann", "\"what\":\"task.opened\",\"campaign\":\"first\""));
	assert_true(logged(h, "ann", "\"detail\":\"call: by anna\""));
	assert_int_equal(lead(h, "ann")->events[nt_program_event(h->program, "task.done")].count, 1);
	house_free(h);
}

static void it_is_overdue_once(void **state)
{
	struct house *h = office();

	(void)state;
	event(h, "ann", "{\"event\":\"a.b\"}");
	told(h, "email");
	run_to(h, "2026-06-02 09:59");
	assert_int_equal(nt_tasks_overdue(nt_engine_tasks(h->engine)), 0);
	run_to(h, "2026-06-02 10:00");
	assert_int_equal(nt_tasks_overdue(nt_engine_tasks(h->engine)), 1);
	assert_string_equal(told(h, "email"), "bob task_overdue");
	assert_true(logged(h, "ann", "\"what\":\"task.overdue\""));
	restart(h);
	run_to(h, "2026-06-20 10:00");
	assert_string_equal(told(h, "email"), "");
	assert_int_equal(nt_tasks_overdue(nt_engine_tasks(h->engine)), 1);
	event(h, "ann", "{\"event\":\"c.d\"}");
	assert_int_equal(nt_tasks_overdue(nt_engine_tasks(h->engine)), 0);
	assert_int_equal(only_task(h)->state, NT_TASK_WITHDRAWN);
	assert_true(logged(h, "ann", "\"what\":\"task.withdrawn\""));
	assert_true(logged(h, "ann", "\"detail\":\"call: exit: c.d\""));
	assert_int_equal(mark(h, only_task(h)->id, NULL, false), NT_ANSWER_CONFLICT);
	house_free(h);
}

static void late_at_night_nobody_is_told(void **state)
{
	struct house *h = office();

	(void)state;
	event(h, "ann", "{\"event\":\"x.y\"}");
	accept(h, "anna");
	h->now = at("UTC", "2026-06-05 20:00"); /* a Friday */
	event(h, "ann", "{\"event\":\"a.b\"}");
	told(h, "email");
	run_to(h, "2026-06-06 20:00");
	assert_int_equal(nt_tasks_overdue(nt_engine_tasks(h->engine)), 1);
	restart(h);
	run_to(h, "2026-06-08 06:59");
	assert_string_equal(told(h, "email"), "");
	run_to(h, "2026-06-08 07:00");
	assert_string_equal(told(h, "email"), "anna task_overdue");
	house_free(h);
}

/* Before a lead has gone through the load, and after it. */
static void it_goes_with_its_campaign_under_another_name(void **state)
{
	static const char renamed[] = HEAD SALES_OF(REP_LINES, "anna") "campaign: other\nwas: first\n" CAMPAIGN_BODY;

	for (unsigned touched = 0; touched < 2; touched++) {
		struct house *h = office();
		struct nt_request *r;

		(void)state;
		event(h, "ann", "{\"event\":\"a.b\"}");
		assert_string_equal(only_task(h)->campaign, "first");
		h->now += NT_MINUTE;
		r = request(h, NT_REQUEST_LOAD);
		r->program = program_with(renamed);
		assert_int_equal(ask(h, r), NT_ANSWER_OK);
		if (touched == 1)
			event(h, "ann", "{\"event\":\"x.y\"}");
		assert_string_equal(only_task(h)->campaign, "other");
		event(h, "ann", "{\"event\":\"c.d\"}");
		assert_int_equal(only_task(h)->state, NT_TASK_WITHDRAWN);
		house_free(h);
	}
}

static void it_goes_with_the_lead_and_with_the_rules(void **state)
{
	struct house *h = office();
	struct nt_request *r;

	(void)state;
	event(h, "ann", "{\"event\":\"a.b\"}");
	event(h, "ann", "{\"event\":\"x.y\"}");
	told(h, "email");
	accept(h, "anna");
	assert_string_equal(only_task(h)->rep, "anna");
	assert_string_equal(told(h, "email"), "anna task");
	assert_true(logged(h, "ann", "\"detail\":\"call: from bob to anna\""));
	h->now += NT_MINUTE;
	r = request(h, NT_REQUEST_LOAD);
	r->program = program_with(without_anna);
	assert_int_equal(ask(h, r), NT_ANSWER_OK);
	assert_string_equal(only_task(h)->rep, "bob");
	assert_non_null(strstr(told(h, "email"), "bob task"));
	r = request(h, NT_REQUEST_LOAD);
	r->program = program_with(both);
	assert_int_equal(ask(h, r), NT_ANSWER_OK);
	assert_string_equal(only_task(h)->rep, "bob"); /* who has the lead now keeps it */
	house_free(h);
}

static void erasure_takes_them(void **state)
{
	struct house *h = office();

	(void)state;
	event(h, "ann", "{\"event\":\"a.b\"}");
	assert_int_equal(rows(h), 1);
	assert_int_equal(ask(h, input(h, NT_INPUT_ERASE, "ann", NULL)), NT_ANSWER_OK);
	assert_int_equal(rows(h), 0);
	assert_int_equal(nt_tasks_open(nt_engine_tasks(h->engine)), 0);
	assert_true(nt_tasks_due(nt_engine_tasks(h->engine)) == NT_NEVER);
	event(h, "ann", "{\"event\":\"a.b\"}"); /* another Ann: another task */
	assert_int_equal(rows(h), 1);
	house_free(h);
}

static void a_closed_one_goes_after_a_month(void **state)
{
	struct house *h = office();

	(void)state;
	event(h, "ann", "{\"event\":\"a.b\"}");
	assert_int_equal(mark(h, only_task(h)->id, NULL, false), NT_ANSWER_OK);
	assert_string_equal(only_task(h)->by, "");
	assert_true(logged(h, "ann", "\"detail\":\"call: by hand\""));
	restart(h);
	run_to(h, "2026-07-01 09:59");
	assert_int_equal(rows(h), 1);
	run_to(h, "2026-07-01 10:00");
	assert_int_equal(rows(h), 0);
	house_free(h);
}

static void rows_come_back_as_they_were(void **state)
{
	struct house *h = office();
	struct nt_tasks *back = nt_tasks_new(h->program);
	GString *before = g_string_new(NULL), *after = g_string_new(NULL);
	static const char *const damaged[] = { "", "garbage", "{}", "{\"version\":1}", "[1",
		                               "{\"version\":2,\"state\":\"open\"}" };

	(void)state;
	event(h, "ann", "{\"event\":\"a.b\"}");
	run_to(h, "2026-06-02 10:00");
	nt_task_encode(only_task(h), before);
	assert_true(nt_tasks_restore(back, before->str, before->len));
	nt_task_encode(nt_tasks_peek(back, only_task(h)->id), after);
	assert_string_equal(before->str, after->str);
	assert_false(nt_tasks_restore(back, before->str, before->len)); /* twice */
	for (size_t i = 0; i < G_N_ELEMENTS(damaged); i++)
		assert_false(nt_tasks_restore(back, damaged[i], strlen(damaged[i])));
	for (size_t n = 1; n < before->len; n += 7)
		assert_false(nt_tasks_restore(back, before->str, n));
	assert_int_equal(nt_tasks_overdue(back), 1);
	nt_tasks_free(back);
	g_string_free(before, TRUE);
	g_string_free(after, TRUE);
	house_free(h);
}

static void without_a_subject_the_first_line_is_the_text(void **state)
{
	struct house *h = office();
	char *text = g_strdup(both), *tell = strstr(text, "email: new-lead, sms: call");
	struct nt_request *r = request(h, NT_REQUEST_LOAD);

	(void)state;
	memcpy(tell, "sms: call, email: new-lead", strlen("sms: call, email: new-lead"));
	r->program = program_with(text);
	assert_int_equal(ask(h, r), NT_ANSWER_OK);
	event(h, "ann", "{\"event\":\"a.b\"}");
	assert_string_equal(only_task(h)->text, "Call ann@example.org about");
	assert_null(only_task(h)->body); /* but for the link there was nothing more */
	g_free(text);
	house_free(h);
}

static void open_some(struct nt_tasks *tasks, struct nt_arena *arena, const char *const *ids, unsigned n)
{
	static const char *const channels[] = { "email", NULL };
	struct nt_task_effects effects;

	nt_task_effects_init(&effects, arena);
	for (unsigned i = 0; i < n; i++) {
		struct nt_task_effect task = { .lead = "ann", .campaign = "first", .key = "", .entry = 1, .id = ids[i],
			                       .step = ids[i], .template_name = "call", .channels = channels,
			                       .team = "dach", .title = "Ann", .values = "{}", .opened = NT_DAY,
			                       .due = 2 * NT_DAY };
		struct nt_task_input input = { .verb = NT_TASKS_OPEN, .now = NT_DAY, .lead = "ann", .task = &task };

		assert_int_equal(nt_tasks_step(tasks, &input, &effects), NT_TASKS_DONE);
	}
	nt_task_effects_clear(&effects);
}

/* Opened in one order and read from their rows in another, they are told of in the same one: a restart is no event. */
static void who_accepts_is_told_in_the_same_order(void **state)
{
	static const char *const opened[] = { "cc", "aa", "bb" };
	static const char *const rows[] = { "aa", "bb", "cc" };
	struct house *h = office();
	const char *told_of[2] = { "", "" };

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct nt_tasks *tasks = nt_tasks_new(h->program);
		struct nt_task_input input = { .verb = NT_TASKS_OWNER, .now = NT_DAY + 1, .lead = "ann",
		                               .rep = "anna" };
		struct nt_task_effects effects;

		open_some(tasks, h->arena, i == 0 ? opened : rows, G_N_ELEMENTS(rows));
		nt_task_effects_init(&effects, h->arena);
		nt_tasks_step(tasks, &input, &effects);
		assert_int_equal(effects.messages->len, G_N_ELEMENTS(rows));
		for (unsigned k = 0; k < effects.messages->len; k++)
			told_of[i] = nt_arena_printf(h->arena, "%s %s", told_of[i],
			                             ((const struct nt_message *)effects.messages->pdata[k])->id);
		nt_task_effects_clear(&effects);
		assert_string_equal(nt_tasks_latest(tasks, "ann", "call")->id, "cc");
		nt_tasks_free(tasks);
	}
	assert_string_equal(told_of[0], told_of[1]);
	house_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_is_opened_told_and_done),
		cmocka_unit_test(it_is_overdue_once),
		cmocka_unit_test(late_at_night_nobody_is_told),
		cmocka_unit_test(it_goes_with_its_campaign_under_another_name),
		cmocka_unit_test(it_goes_with_the_lead_and_with_the_rules),
		cmocka_unit_test(erasure_takes_them),
		cmocka_unit_test(a_closed_one_goes_after_a_month),
		cmocka_unit_test(rows_come_back_as_they_were),
		cmocka_unit_test(without_a_subject_the_first_line_is_the_text),
		cmocka_unit_test(who_accepts_is_told_in_the_same_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
