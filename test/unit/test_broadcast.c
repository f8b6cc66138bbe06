/* A broadcast that is loaded: the background pass reaches some leads after their own instant, the daemon is started
 * again in between, and each gets it once, or not at all, by when the rules were loaded. */
#include "engine_house.h"

#include <stdio.h>

#define LEADS 300u
#define EMPTY POLICY_TEXT "fields:\n  seats: number\n"
#define NEXT                                                                                       \
	EMPTY "---\ncampaign: c\nenter: { at: 2026-06-02 09:00, if: seats > 3 }\nagain: always\n" \
	      "steps: [ email: m1 ]\n"

static const char *const zone_names[] = { "Asia/Tokyo", "Europe/Berlin", "America/New_York" };

struct counted {
	unsigned sent[LEADS];
	nt_time at[LEADS];
};

static void count(void *user, const char *lead, const struct nt_input *input, const struct nt_effects *effects)
{
	struct counted *counted = user;

	(void)input;
	for (const struct nt_effect *e = effects->first; e != NULL; e = e->next)
		if (e->kind == NT_EFFECT_MESSAGE) {
			unsigned i = (unsigned)g_ascii_strtoull(lead + 5, NULL, 10);

			counted->sent[i]++;
			counted->at[i] = e->at;
		}
}

struct counting {
	struct house *h;
	struct counted counted;
	struct nt_program *old, *next;
};

static struct nt_program *older(void *user, const char *hash)
{
	struct counting *c = user;

	return strcmp(c->old->hash, hash) == 0 ? nt_program_ref(c->old) : NULL;
}

static void count_of(void *user, const char *lead, const struct nt_input *input, const struct nt_effects *effects)
{
	count(&((struct counting *)user)->counted, lead, input, effects);
}

static void open_again(struct counting *c, struct nt_program *program)
{
	struct nt_engine_options options = { .observe = count_of, .older_program = older, .user = c };
	const char *why = NULL;

	nt_engine_free(c->h->engine);
	c->h->engine = nt_engine_new(c->h->store, program, &options, &why);
	assert_non_null(c->h->engine);
}

static void people_come(struct house *h)
{
	for (unsigned i = 0; i < LEADS; i++) {
		const char *id = nt_arena_printf(h->arena, "lead-%u", i);

		assert_int_equal(fields(h, id,
		                        nt_arena_printf(h->arena,
		                                        "{\"email\":\"%s@example.org\",\"time_zone\":\"%s\","
		                                        "\"seats\":%u}",
		                                        id, zone_names[i % 3], i % 5 == 0 ? 1 : 9)),
		                 NT_ANSWER_OK);
	}
}

static void check(const struct counted *counted, nt_time loaded)
{
	for (unsigned i = 0; i < LEADS; i++) {
		nt_time own = at(zone_names[i % 3], "2026-06-02 09:00");
		bool wanted = own >= loaded && i % 5 != 0;

		if (counted->sent[i] != wanted)
			fail_msg("lead %u in %s got %u", i, zone_names[i % 3], counted->sent[i]);
		if (wanted) /* late, where the pass came later */
			assert_true(counted->at[i] >= own && counted->at[i] < own + 3 * NT_HOUR);
	}
}

/* Tokyo's nine o'clock is past as the rules are loaded, Berlin's comes before the pass is done. */
static void live(bool restarts, unsigned touches)
{
	struct counting c = { .h = house_of(EMPTY) };
	struct nt_request *load;
	nt_time loaded;

	c.old = nt_program_ref(c.h->program);
	c.next = program_of(NEXT);
	open_again(&c, c.old);
	people_come(c.h);
	c.h->now = loaded = at("Europe/Berlin", "2026-06-02 08:30");
	load = request(c.h, NT_REQUEST_LOAD);
	load->program = nt_program_ref(c.next);
	load->archive = (struct nt_blob){ "sources", 7 };
	assert_int_equal(nt_engine_turn(c.h->engine, c.h->now, load, 10, touches), NT_STORE_OK);
	assert_int_equal(load->code, NT_ANSWER_OK);
	while (c.h->now < at("UTC", "2026-06-05 00:00")) {
		if (restarts)
			open_again(&c, c.next);
		c.h->now += c.h->now < loaded + 9 * NT_HOUR ? NT_MINUTE : NT_HOUR;
		assert_int_equal(nt_engine_turn(c.h->engine, c.h->now, NULL, 10, touches), NT_STORE_OK);
	}
	assert_false(nt_engine_touching(c.h->engine));
	assert_true(nt_engine_due(c.h->engine) == NT_NEVER);
	check(&c.counted, loaded);
	nt_program_unref(c.old);
	nt_program_unref(c.next);
	house_free(c.h);
}

static void each_gets_it_by_when_the_rules_were_loaded(void **state)
{
	(void)state;
	live(false, 1000);
	live(false, 3); /* the pass takes longer than Berlin has */
}

static void a_restart_forgets_nothing(void **state)
{
	(void)state;
	live(true, 3);
}

/* ---- zones whose data changes between two starts ---- */

static bool moved;

static const struct nt_zone *find_moving(const struct nt_zones *zones, const char *name)
{
	(void)zones;
	return strcmp(name, "Moving/Place") == 0 ? zone(moved ? "America/New_York" : "America/Chicago") : zone(name);
}

#define MOVING                                                                                                  \
	POLICY_TEXT "fields:\n  ends: date\nevents:\n  a.b: {}\n---\n"                                         \
	"campaign: clock\nenter: { on: a.b }\nsteps: [ wait_until: 09:00, tag: clock ]\n---\n"                \
	"campaign: date\nenter: { date: ends, time: 12:00 }\nsteps: [ tag: date ]\n---\n"                     \
	"campaign: at\nenter: { at: 2026-06-02 15:00 }\nagain: always\nsteps: [ email: m1 ]\n---\n"           \
	"campaign: past\nenter: { at: 2026-06-01 12:30 }\nagain: always\nsteps: [ email: m2 ]\n"

static struct nt_program *load_moving(struct nt_zones *zones)
{
	static const char subject[] = "---\nsubject: Hello\n---\nHello\n";
	const struct nt_file templates[] = { { "templates/m1/email.txt", subject, sizeof subject - 1 },
		                             { "templates/m2/email.txt", subject, sizeof subject - 1 } };

	return program_from(MOVING, templates, G_N_ELEMENTS(templates), zones);
}

static void tags_are(struct house *h, nt_time t, const char *tags)
{
	GString *all = g_string_new(NULL);
	const struct nt_lead *ann;

	h->now = t;
	assert_int_equal(turn(h, NULL), NT_STORE_OK);
	ann = lead(h, "ann");
	for (unsigned i = 0; i < ann->n_tags; i++)
		g_string_append_printf(all, "%s ", ann->tags[i]);
	assert_string_equal(all->str, tags);
	g_string_free(all, TRUE);
}

/* The place was an hour behind when the timers were set, and is with New York now. */
static void other_zone_data_moves_what_waits(void **state)
{
	struct nt_zones zones = { .find = find_moving, .utc = zone("UTC"), .version = "1" };
	struct house *h = house_new();
	struct nt_lead *ann;

	(void)state;
	moved = false;
	nt_engine_free(h->engine);
	nt_program_unref(h->program);
	h->program = load_moving(&zones);
	open_engine(h);
	h->now = at("UTC", "2026-06-01 16:00");
	fields(h, "ann",
	       "{\"email\":\"ann@example.org\",\"time_zone\":\"Moving/Place\",\"ends\":\"2026-06-02\"}");
	event(h, "ann", "{\"event\":\"a.b\"}");
	assert_true(lead(h, "ann")->due == at("America/Chicago", "2026-06-01 12:30"));
	moved = true;
	zones.version = "2";
	nt_engine_free(h->engine);
	open_engine(h);
	h->now += 45 * NT_MINUTE;
	assert_int_equal(turn(h, NULL), NT_STORE_OK); /* 12:30 was awaited, and has passed all at once */
	SEEN(h, "ann m2; ");
	assert_true(lead(h, "ann")->due == at("America/New_York", "2026-06-02 09:00"));
	tags_are(h, at("America/New_York", "2026-06-02 09:00"), "clock ");
	tags_are(h, at("America/New_York", "2026-06-02 12:00"), "clock date ");
	h->now = at("America/New_York", "2026-06-02 15:00");
	assert_int_equal(turn(h, NULL), NT_STORE_OK);
	SEEN(h, "ann m1; ");

	nt_engine_free(h->engine); /* the same data: nothing counts anew */
	open_engine(h);
	h->now += 2 * NT_DAY;
	assert_int_equal(turn(h, NULL), NT_STORE_OK);
	assert_false(nt_engine_touching(h->engine));
	ann = lead(h, "ann");
	assert_true(ann->due == NT_NEVER && ann->last < h->now);
	SEEN(h, "");
	house_free(h);
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
		cmocka_unit_test(each_gets_it_by_when_the_rules_were_loaded),
		cmocka_unit_test(a_restart_forgets_nothing),
		cmocka_unit_test(other_zone_data_moves_what_waits),
	};

	return cmocka_run_group_tests(tests, NULL, forget_zones);
}
