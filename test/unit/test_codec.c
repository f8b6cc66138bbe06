#include "unit.h"

#include "engine/wire.h"
#include "lead_world.h"

static const char rules[] = "policy:\n" SENDER "  time_zone: America/New_York\n  at_most: 2 per day\n---\n"
	"fields:\n  seats: number\n  ends: date\n  kinds: list\n  vip: yes_no\n---\n"
	"events:\n  a.b: { amount: number }\n  c.d: { page: text }\n  never.there: {}\n---\n"
	"scoring:\n  half_life: 14 days\n  engagement:\n    - on: a.b\n      points: 10\n      at_most: 30 per week\n"
	"  levels: { cold: 0, warm: 15 }\n---\n"
	"segments:\n  busy: count(\"a.b\", 7 days) >= 3\n"
	"  rich: total(\"a.b\", \"amount\", 30 days) > 10 or last_value(\"a.b\", \"amount\") > 5\n---\n"
	"campaign: c\nenter: { on: a.b }\ngoal: { on: never.there }\nsteps:\n  - id: s\n    split:\n"
	"      - { share: 50%, steps: [ tag: left ] }\n"
	"      - { share: 50%, steps: [ tag: right ] }\n"
	"  - id: best\n    split:\n      - { share: 50%, steps: [ sms: m1 ] }\n"
	"      - { share: 50%, steps: [ sms: m2 ] }\n    best_by: goal\n"
	"  - email: m1\n  - wait_for: c.d\n    then:\n      - email: m2\n        window: daily 08:00-09:00\n"
	"      - email: m3\n---\n"
	"campaign: f\nenter: { on: a.b }\nsteps:\n  - wait_for: c.d\n    then:\n      - schedule:\n"
	"          - { after: 1 hour, of: entered, steps: [ untag: soon, wait: 3 days ] }\n"
	"          - { before: 3 days, of: ends, id: x, steps: [ email: m4 ] }\n---\n"
	"campaign: d\nenter: { when: in_segment(\"busy\") }\nsteps: [ wait: 3 days, sms: m1 ]\n---\n"
	"campaign: e\nenter: { when: in_segment(\"rich\") }\nsteps: [ wait: 30 days ]\n";

/* A lead that has something of everything. */
static struct lead_world *lived(void)
{
	struct lead_world *w = world_new(rules);
	struct nt_input consent = { .kind = NT_INPUT_CONSENT, .now = world_time("2026-06-01 09:30") };

	world_set(w, "2026-06-01 09:00", "{\"email\":\"ann@example.org\",\"phone\":\"+15550101\","
	                                 "\"first_name\":\"Ännchen\","
	                                 "\"seats\":12.5,"
	                                 "\"ends\":\"2026-12-01\",\"unheard\":\"of\"}");
	consent.consent.channel = nt_program_channel(w->program, "sms");
	consent.consent.given = true;
	consent.consent.how = "form";
	consent.consent.from = "shop";
	world_step(w, &consent);
	world_event(w, "2026-06-01 10:00", "never.declared");
	for (int i = 0; i < 3; i++)
		world_happened(w, "2026-06-01 10:00", NULL, "a.b", "{\"amount\":4.25}");
	w->keeps = true;
	world_happened(w, "2026-06-01 11:00", NULL, "c.d", "{\"page\":\"prices\"}");
	world_outcome(w, "2026-06-01 12:00", "m1", NT_OUTCOME_CLICKED);
	return w;
}

static GString *bytes_of(const struct nt_lead *lead)
{
	GString *out = g_string_new(NULL);

	nt_lead_encode(lead, out);
	return out;
}

static void everything_comes_back(void **state)
{
	struct lead_world *w = lived();
	const struct nt_lead *lead = w->lead; /* each step has gone through bytes */
	const struct nt_event *hand;
	int a_b = nt_program_event(w->program, "a.b");

	(void)state;
	assert_string_equal(lead->fields[NT_FIELD_FIRST_NAME].text, "Ännchen");
	assert_int_equal(lead->fields[nt_program_field(w->program, "seats")].number, 12500000);
	assert_string_equal(lead->extra_fields->name, "unheard");
	assert_string_equal(lead->extra_fields->json, "\"of\"");
	assert_int_equal(lead->extra_events->stat.count, 1);
	assert_int_equal(nt_lead_event(lead, a_b).count, 3);
	assert_true(nt_lead_event(lead, a_b).last == world_time("2026-06-01 10:00"));
	assert_string_equal(lead->consent[nt_program_channel(w->program, "sms")].how, "form");
	assert_int_equal(lead->n_tags, 1);
	assert_string_equal(lead->arms->step, "s");
	assert_int_equal(lead->arms->mark, 0);
	assert_in_range(lead->arms->next->arm, 0, 1);
	assert_true(lead->arms->next->mark != 0);
	assert_false(lead->arms->next->won);
	assert_non_null(nt_lead_template(lead, "m1"));
	assert_true(nt_lead_template(lead, "m1")->clicked == world_time("2026-06-01 12:00"));
	assert_non_null(nt_lead_run(lead, nt_program_campaign(w->program, "d"), ""));
	hand = nt_lead_run(lead, nt_program_campaign(w->program, "c"), "")->hand;
	assert_string_equal(hand->properties[0].value.text, "prices");
	assert_string_equal(w->program->levels[lead->level].name, "warm");
	assert_string_equal(lead->reasons->reason, "a.b");
	assert_int_equal(lead->reasons->times, 3);
	world_free(w);
}

static void a_run_in_a_schedule_comes_back(void **state)
{
	struct lead_world *w = lived();
	const struct nt_run *run = nt_lead_run(w->lead, nt_program_campaign(w->program, "f"), "");
	const struct nt_schedule_state *schedule = run->schedules;

	(void)state;
	assert_string_equal(schedule->step, "schedule-1");
	assert_true(schedule->arrived == world_time("2026-06-01 11:00"));
	assert_string_equal(schedule->hand->properties[0].value.text, "prices");
	assert_string_equal(schedule->points->point, "point-1");
	assert_true(schedule->points->at == NT_NEVER);
	assert_string_equal(schedule->points->next->point, "x");
	assert_true(schedule->points->next->at == world_time("2026-11-28 00:00"));
	assert_null(schedule->points->next->next);
	assert_null(schedule->next);
	world_free(w);
}

static void an_idle_lead_is_small(void **state)
{
	struct lead_world *w = world_new(rules);
	GString *bytes;

	(void)state;
	world_set(w, "2026-06-01 09:00", "{\"email\":\"ann@example.org\"}");
	bytes = bytes_of(w->lead);
	assert_in_range(bytes->len, 100, 300);
	g_string_free(bytes, TRUE);
	world_free(w);
}

static void cut_or_flipped_bytes_are_reported(void **state)
{
	struct lead_world *w = lived();
	GString *bytes = bytes_of(w->lead);
	struct nt_arena *arena = nt_arena_new();
	const char *why;

	(void)state;
	for (size_t length = 0; length < bytes->len; length++) {
		why = NULL;
		assert_null(nt_lead_decode(arena, w->program, "ann", bytes->str, length, &why));
		assert_non_null(why);
		nt_arena_reset(arena);
	}
	for (size_t bit = 0; bit < bytes->len * 8; bit++) {
		bytes->str[bit / 8] = (char)(bytes->str[bit / 8] ^ 1 << bit % 8);
		why = NULL;
		assert_null(nt_lead_decode(arena, w->program, "ann", bytes->str, bytes->len, &why));
		assert_non_null(why);
		bytes->str[bit / 8] = (char)(bytes->str[bit / 8] ^ 1 << bit % 8);
		nt_arena_reset(arena);
	}
	assert_non_null(nt_lead_decode(arena, w->program, "ann", bytes->str, bytes->len, &why));
	bytes->str[3] = NT_STATE_VERSION + 1;
	assert_null(nt_lead_decode(arena, w->program, "ann", bytes->str, bytes->len, &why));
	assert_string_equal(why, "written by a newer version of nurtured");
	nt_arena_free(arena);
	g_string_free(bytes, TRUE);
	world_free(w);
}

static void seal(GString *bytes)
{
	uint64_t sum = nt_wire_frame_sum((const unsigned char *)bytes->str, bytes->len);

	memcpy(bytes->str + NT_WIRE_SUM, &sum, sizeof sum);
}

static void rounds_come_back(void **state)
{
	struct lead_world *w = world_new(POLICY "fields: { ends: date }\n---\ncampaign: c\n"
	                                        "enter: [ { date: ends, every: week }, { at: 2026-06-03 09:00 } ]\n"
	                                        "steps: [ tag: t ]\n");
	const struct nt_occasion_state *dates, *broadcast;

	(void)state;
	world_set(w, "2026-06-01 09:00", "{\"ends\":\"2026-06-02\"}");
	world_until(w, "2026-06-03 10:00"); /* each step has gone through bytes */
	dates = w->lead->occasions;
	assert_string_equal(dates->identity, "c date ends");
	assert_int_equal(dates->n, 1);
	assert_true(dates->marks[0] == at("UTC", "2026-06-02 00:00"));
	broadcast = dates->next;
	assert_string_equal(broadcast->identity, "c at");
	assert_true(broadcast->marks[0] == at("UTC", "2026-06-03 09:00"));
	world_until(w, "2026-06-09 10:00");
	assert_int_equal(w->lead->occasions->n, 2);
	assert_null(w->lead->occasions->next);
	world_free(w);
}

/* What the first version wrote ends before the keys, the second's before the rounds. */
static void an_older_version_is_read(void **state)
{
	struct lead_world *w = lived();
	GString *bytes = bytes_of(w->lead), *again;
	struct nt_arena *arena = nt_arena_new();
	struct nt_lead *lead;
	const char *why;

	(void)state;
	g_string_truncate(bytes, bytes->len - 2);
	bytes->str[3] = 1;
	seal(bytes);
	lead = nt_lead_decode(arena, w->program, "ann", bytes->str, bytes->len, &why);
	assert_non_null(lead);
	again = bytes_of(lead);
	assert_int_equal(again->str[3], NT_STATE_VERSION);
	assert_memory_equal(again->str + NT_WIRE_BODY, bytes->str + NT_WIRE_BODY, bytes->len - NT_WIRE_BODY);
	g_string_free(bytes, TRUE);
	g_string_free(again, TRUE);
	nt_arena_free(arena);
	world_free(w);
}

/* Even with a right sum: never a crash, and what decodes can be stepped and encoded. */
static void nonsense_with_a_right_sum_does_no_harm(void **state)
{
	struct lead_world *w = lived();
	GString *bytes = bytes_of(w->lead), *broken = g_string_new(NULL);
	struct nt_arena *arena = nt_arena_new();
	uint32_t seed = 20261122;
	unsigned decoded = 0;

	(void)state;
	for (int round = 0; round < 4000; round++) {
		struct nt_input input = { .kind = NT_INPUT_TIMER, .now = world_time("2026-07-01 10:00") };
		struct nt_effects effects;
		struct nt_lead *lead;
		const char *why = NULL;

		g_string_truncate(broken, 0);
		g_string_append_len(broken, bytes->str, (gssize)bytes->len);
		for (int i = 0; i < 1 + round % 3; i++) {
			seed = seed * 1664525 + 1013904223;
			broken->str[NT_WIRE_BODY + (seed >> 8) % (bytes->len - NT_WIRE_BODY)] = (char)(seed >> 3);
		}
		if (round % 5 == 0)
			g_string_truncate(broken, NT_WIRE_BODY + (seed >> 4) % (bytes->len - NT_WIRE_BODY));
		seal(broken);
		lead = nt_lead_decode(arena, w->program, "ann", broken->str, broken->len, &why);
		if (lead == NULL) {
			assert_non_null(why);
		} else {
			decoded++;
			input.clock = input.now;
			nt_effects_init(&effects);
			nt_step(lead, &input, &effects);
			g_string_truncate(broken, 0);
			nt_lead_encode(lead, broken);
		}
		nt_arena_reset(arena);
	}
	assert_in_range(decoded, 100, 3999);
	nt_arena_free(arena);
	g_string_free(bytes, TRUE);
	g_string_free(broken, TRUE);
	world_free(w);
}

static void other_rules_keep_what_they_dont_declare(void **state)
{
	static const char fewer[] = POLICY "---\nevents:\n  c.d: { page: text }\n";
	struct lead_world *w = lived();
	GString *bytes = bytes_of(w->lead);
	struct nt_program *program = world_load(fewer);
	struct nt_arena *arena = nt_arena_new();
	struct nt_lead *lead;
	GString *again;
	const char *why;

	(void)state;
	lead = nt_lead_decode(arena, program, "ann", bytes->str, bytes->len, &why);
	assert_non_null(lead);
	assert_memory_equal(nt_lead_program_hash(bytes->str, bytes->len), w->program->hash, 64);
	assert_memory_equal(lead->program_hash, w->program->hash, 64);
	assert_null(lead->runs);
	again = bytes_of(lead);
	lead = nt_lead_decode(arena, w->program, "ann", again->str, again->len, &why);
	assert_int_equal(lead->fields[nt_program_field(w->program, "seats")].number, 12500000);
	assert_int_equal(lead->fields[nt_program_field(w->program, "ends")].type, NT_TYPE_DATE);
	assert_string_equal(lead->extra_fields->name, "unheard");
	assert_null(lead->extra_fields->next);
	assert_int_equal(nt_lead_event(lead, nt_program_event(w->program, "a.b")).count, 3);
	assert_int_equal(nt_lead_campaign(lead, "d")->entries, 1);
	nt_arena_free(arena);
	nt_program_unref(program);
	g_string_free(bytes, TRUE);
	g_string_free(again, TRUE);
	world_free(w);
}

static char *renamed(void)
{
	GString *text = g_string_new(rules);

	g_string_replace(text, "campaign: c\n", "campaign: carts\nwas: c\n", 1);
	g_string_replace(text, "  - id: s\n", "  - id: sides\n    was: s\n", 1);
	g_string_replace(text, "campaign: d\n", "campaign: days\nwas: d\n", 1);
	g_string_replace(text, "campaign: f\n", "campaign: fixed\nwas: f\n", 1);
	g_string_replace(text, "      - schedule:\n",
	                 "      - id: dates\n        was: schedule-1\n        schedule:\n", 1);
	g_string_replace(text, "id: x, steps", "id: y, was: x, steps", 1);
	return g_string_free(text, FALSE);
}

static void what_has_another_name_is_found_under_it(void **state)
{
	struct lead_world *w = lived();
	GString *bytes = bytes_of(w->lead);
	char *text = renamed();
	struct nt_program *program = world_load(text);
	struct nt_arena *arena = nt_arena_new();
	struct nt_lead *lead;
	const struct nt_run *run;
	const char *why;

	(void)state;
	lead = nt_lead_decode(arena, program, "ann", bytes->str, bytes->len, &why);
	assert_non_null(lead);
	assert_string_equal(lead->arms->campaign, "carts");
	assert_string_equal(lead->arms->step, "sides");
	assert_null(nt_lead_campaign(lead, "c"));
	assert_int_equal(nt_lead_campaign(lead, "carts")->entries, 1);
	assert_true(lead->watchers[nt_program_watcher(program, "campaign days enter 1")]);
	run = nt_lead_run(lead, nt_program_campaign(program, "carts"), "");
	assert_string_equal(program->campaigns[run->campaign].steps[run->step].identity, "email-m2-1");
	run = nt_lead_run(lead, nt_program_campaign(program, "fixed"), "");
	assert_string_equal(run->schedules->step, "dates");
	assert_string_equal(run->schedules->points->next->point, "y");
	g_free(text);
	nt_arena_free(arena);
	nt_program_unref(program);
	g_string_free(bytes, TRUE);
	world_free(w);
}

static int forget_zones(void **state)
{
	(void)state;
	zones_free();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_comes_back),
		cmocka_unit_test(a_run_in_a_schedule_comes_back),
		cmocka_unit_test(an_idle_lead_is_small),
		cmocka_unit_test(cut_or_flipped_bytes_are_reported),
		cmocka_unit_test(rounds_come_back),
		cmocka_unit_test(an_older_version_is_read),
		cmocka_unit_test(nonsense_with_a_right_sum_does_no_harm),
		cmocka_unit_test(other_rules_keep_what_they_dont_declare),
		cmocka_unit_test(what_has_another_name_is_found_under_it),
	};

	return cmocka_run_group_tests(tests, NULL, forget_zones);
}
