/* Leads that stay decoded between turns: whatever the rules and whatever happens, all is as if each had been read from
 * the store anew. */
#include "engine/codec.h"
#include "engine/driver.h"

#include "base/arena.h"
#include "base/civil.h"
#include "base/json.h"

#include "program_text.h"
#include "random_rules.h"
#include "unit.h"

#define LEADS 5
#define LOADS 3
#define SUM 68 /* of a lead's bytes */
#define SUM_LENGTH 8

struct world {
	struct nt_driver *driver;
	struct nt_program *programs[LOADS];
	struct nt_arena *arena;
	GString *seen;
	bool loads;         /* rules are loaded, too */
	char *last_message; /* the latest that went out; or NULL */
};

static void see(void *user, const char *lead, const struct nt_input *input, const struct nt_effects *effects)
{
	struct world *w = user;

	g_string_append_printf(w->seen, "%s %d\n", lead, (int)input->kind);
	for (const struct nt_effect *e = effects->first; e != NULL; e = e->next) {
		nt_time_print_utc(e->at, w->seen);
		g_string_append_printf(w->seen, " %s %s %s %s", e->what, e->campaign != NULL ? e->campaign : "",
		                       e->step != NULL ? e->step : "", e->detail != NULL ? e->detail : "");
		if (e->message != NULL) {
			g_string_append_printf(w->seen, " %s %s", e->message->id, e->message->address);
			g_free(w->last_message);
			w->last_message = g_strdup(e->message->id);
		}
		g_string_append_c(w->seen, '\n');
	}
}

static struct nt_program *give_older(void *user, const char *hash)
{
	struct world *w = user;

	for (unsigned i = 0; i < LOADS; i++)
		if (strcmp(w->programs[i]->hash, hash) == 0)
			return nt_program_ref(w->programs[i]);
	return NULL;
}

static struct nt_request *request_new(struct world *w, enum nt_input_kind kind, const char *lead, const char *json)
{
	struct nt_request *request = nt_arena_new0(w->arena, struct nt_request);
	struct nt_json_error error;

	request->arena = w->arena;
	request->kind = NT_REQUEST_INPUT;
	request->input_kind = kind;
	request->lead = lead;
	request->source = "test";
	if (json != NULL)
		request->json = nt_json_parse(w->arena, json, strlen(json), &error);
	return request;
}

static void happen(struct world *w, nt_time at, uint64_t *seed)
{
	static const char *const leads[LEADS] = { "ann", "bea", "cyd", "dan", "eve" };
	static const enum nt_outcome outcomes[] = { NT_OUTCOME_OPENED, NT_OUTCOME_CLICKED, NT_OUTCOME_BOUNCED,
		                                    NT_OUTCOME_COMPLAINED, NT_OUTCOME_UNSUBSCRIBED };
	const char *lead = leads[chance(seed) % LEADS];
	struct nt_request *request = NULL;
	uint32_t n = chance(seed);

	switch (n % 16) {
	case 0: /* some share an address */
		request = request_new(w, NT_INPUT_FIELDS, lead,
		                      nt_arena_printf(w->arena, "{\"email\":\"%u@example.org\",\"phone\":\"+1555%u\"}",
		                                      n / 16 % 3, 100 + n / 64 % 3));
		break;
	case 1:
		request = request_new(w, NT_INPUT_FIELDS, lead,
		                      nt_arena_printf(w->arena, "{\"seats\":%u,\"ends\":\"2026-%02u-%02u\",\"x\":[%u]}",
		                                      n / 16 % 7, 1 + n / 128 % 12, 1 + n / 2048 % 28, n / 16));
		break;
	case 2:
		request = request_new(w, NT_INPUT_FIELDS, lead, n & 16 ? "{\"time_zone\":\"Europe/Berlin\"}"
		                                                       : "{\"time_zone\":null}");
		break;
	case 3:
		request = request_new(w, NT_INPUT_EVENT, lead, "{\"event\":\"x.y\"}");
		break;
	case 4:
		request = request_new(w, NT_INPUT_CONSENT, lead, NULL);
		request->channel = n & 16 ? "sms" : "email";
		request->given = !(n & 32);
		break;
	case 5:
		request = request_new(w, n & 16 ? NT_INPUT_START : NT_INPUT_STOP, lead, NULL);
		request->campaign = n & 32 ? "one" : "three";
		break;
	case 6:
	case 7:
		request = request_new(w, NT_INPUT_EVENT, lead, NULL);
		request->kind = NT_REQUEST_OUTCOME;
		request->message = w->last_message != NULL ? nt_arena_strdup(w->arena, w->last_message) : "";
		request->is_later = true;
		request->later = PICK(seed, outcomes);
		break;
	case 8:
		if (n / 16 % 8 == 0)
			request = request_new(w, NT_INPUT_ERASE, lead, NULL);
		else if (n / 16 % 8 == 1 && w->loads) {
			request = request_new(w, NT_INPUT_EVENT, NULL, NULL);
			request->kind = NT_REQUEST_LOAD;
			request->program = nt_program_ref(w->programs[n / 128 % LOADS]);
		}
		break;
	case 9:
	case 10:
	case 11:
		request = request_new(w, NT_INPUT_EVENT, lead, "{\"event\":\"c.d\"}");
		break;
	default:
		request = request_new(
			w, NT_INPUT_EVENT, lead,
			nt_arena_printf(w->arena, "{\"event\":\"a.b\",\"id\":\"%u\",\"properties\":{\"amount\":%u}}",
		                        n / 16 % 4096, n / 16 % 9));
		break;
	}
	if (request == NULL)
		return;
	nt_driver_post(w->driver, at, request);
	g_string_append_printf(w->seen, "%s: answer %d\n", lead, (int)request->code);
}

static void check_end(struct world *w, const char *lead)
{
	struct nt_lead *end = nt_driver_lead(w->driver, w->arena, lead);
	GString *bytes = g_string_new(NULL);

	if (end != NULL) {
		nt_lead_encode(end, bytes);
		memset(bytes->str + SUM, 0, SUM_LENGTH); /* of all bytes: says nothing of where they differ */
	}
	for (unsigned i = 0; i < bytes->len; i++)
		g_string_append_printf(w->seen, g_ascii_isgraph(bytes->str[i]) ? "%c" : "\\%02x",
		                       (unsigned char)bytes->str[i]);
	g_string_append_c(w->seen, '\n');
	g_string_free(bytes, TRUE);
}

/* The rules and what happens come from the seed alone. */
static GString *live(uint64_t seed, size_t keep, bool dry, bool loads)
{
	struct world w = { .arena = nt_arena_new(), .seen = g_string_new(NULL), .loads = loads };
	const struct nt_engine_options options = {
		.observe = see, .older_program = give_older, .user = &w, .keep = keep, .dry = dry
	};
	struct random_policy policy;
	nt_time now = 1772400000000; /* early in March 2026 */
	const char *why = NULL;

	seed = seed * 0x9E3779B97F4A7C15u + 1;
	for (unsigned i = 0; i < LOADS; i++) {
		char *rules = random_rules(&seed, &policy);

		w.programs[i] = program_of(rules);
		g_free(rules);
	}
	w.driver = nt_driver_new(w.programs[0], now, &options, &why);
	assert_non_null(w.driver);
	for (int i = 0; i < 120; i++) {
		struct nt_arena *arena = nt_arena_new(); /* what came with a request is gone when the next comes */

		nt_arena_free(w.arena);
		w.arena = arena;
		now += once_in(&seed, 4) ? 0 : (nt_time)(chance(&seed) % (20 * (uint32_t)NT_HOUR));
		happen(&w, now, &seed);
	}
	nt_driver_run(w.driver, now + 20 * NT_DAY, true);
	for (const char *const *lead = (const char *const[]){ "ann", "bea", "cyd", "dan", "eve", NULL }; *lead; lead++)
		check_end(&w, *lead);
	nt_driver_free(w.driver);
	for (unsigned i = 0; i < LOADS; i++)
		nt_program_unref(w.programs[i]);
	nt_arena_free(w.arena);
	g_free(w.last_message);
	return w.seen;
}

static void assert_same(uint64_t seed, const char *what, const GString *one, const GString *other)
{
	unsigned at = 0;

	while (one->str[at] != '\0' && one->str[at] == other->str[at])
		at++;
	if (one->str[at] == other->str[at])
		return;
	at = at > 300 ? at - 300 : 0;
	fail_msg("seed %" G_GUINT64_FORMAT ", %s:\n%.600s\n---- instead of\n%.600s", seed, what, other->str + at,
	         one->str + at);
}

static void what_is_kept_is_as_if_it_were_read_anew(void **state)
{
	const char *runs = g_getenv("NT_RUNS"), *first = g_getenv("NT_SEED");
	uint64_t from = first != NULL ? g_ascii_strtoull(first, NULL, 10) : 1,
		 n = runs != NULL ? g_ascii_strtoull(runs, NULL, 10) : 60;

	(void)state;
	for (uint64_t seed = from; seed < from + n; seed++) {
		GString *anew = live(seed, 0, false, true), *all = live(seed, (size_t)1 << 30, false, true),
			*few = live(seed, 20000, false, true), *none = live(seed, 1, false, true);

		assert_true(anew->len > 1000);
		assert_same(seed, "all are kept", anew, all);
		assert_same(seed, "some are kept", anew, few);
		assert_same(seed, "none is kept for long", anew, none);
		g_string_free(anew, TRUE);
		g_string_free(all, TRUE);
		g_string_free(few, TRUE);
		g_string_free(none, TRUE);
	}
}

/* But for the leads' bytes, which know where their log begins, and for what new rules read in it. */
static void a_dry_run_does_the_same(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 10; seed++) {
		GString *wet = live(seed, 0, false, false), *dry = live(seed, (size_t)1 << 30, true, false);

		for (int i = 0; i < LEADS; i++) {
			g_string_truncate(wet, wet->len - 1);
			g_string_truncate(dry, dry->len - 1);
			g_string_truncate(wet, (gsize)(strrchr(wet->str, '\n') - wet->str) + 1);
			g_string_truncate(dry, (gsize)(strrchr(dry->str, '\n') - dry->str) + 1);
		}
		assert_same(seed, "dry", wet, dry);
		g_string_free(wet, TRUE);
		g_string_free(dry, TRUE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_kept_is_as_if_it_were_read_anew),
		cmocka_unit_test(a_dry_run_does_the_same),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	zones_free();
	return failed;
}
