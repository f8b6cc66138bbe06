/* Fills a store with leads, as the API would, but without the network in between: seed CONFIG RULES STORE COUNT.
 * Each turn of the engine takes a thousand; their names and fields follow from their numbers (see person()). */
#include "base/arena.h"
#include "base/diag.h"
#include "base/json.h"
#include "engine/engine.h"
#include "main/ruleset.h"
#include "os/clock.h"
#include "rules/program.h"
#include "store/sqlite.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define A_TURN 1000

static int failed(const char *what, const char *why)
{
	fprintf(stderr, "seed: %s: %s\n", what, why);
	return 1;
}

static void person(GString *out, unsigned i)
{
	static const char *const first[] = { "Ada", "Ben", "Cleo", "Dag", "Edda", "Finn", "Greta", "Hugo", "Ida", "Jos\xc3\xa9" };
	static const char *const last[] = { "Alder", "Birch", "Cole", "Dahl", "Evans", "Frost", "Grant" };
	static const char *const zones[] = { "America/New_York", "America/Chicago", "Europe/Berlin", "Europe/Vienna" };
	static const char *const countries[] = { "US", "US", "DE", "AT" };

	g_string_printf(out,
	                "{\"email\":\"lead%u@example.net\",\"first_name\":\"%s\",\"last_name\":\"%s\",\"company\":\"%s Bakery %u\","
	                "\"country\":\"%s\",\"time_zone\":\"%s\",\"company_size\":%u}",
	                i, first[i % 10], last[i % 7], last[i % 5], i % 1000, countries[i % 4], zones[i % 4], 1 + i % 900);
}

static struct nt_request *make(struct nt_arena *arena, unsigned i, GString *scratch)
{
	struct nt_request *request = nt_arena_new0(arena, struct nt_request);
	struct nt_json_error error;

	person(scratch, i);
	request->arena = arena;
	request->kind = NT_REQUEST_INPUT;
	request->input_kind = NT_INPUT_FIELDS;
	request->lead = nt_arena_printf(arena, "lead%u", i);
	request->source = "seed";
	request->cause = "seed";
	request->json = nt_json_parse(arena, nt_arena_strndup(arena, scratch->str, scratch->len), scratch->len, &error);
	return request;
}

static int fill(struct nt_engine *engine, struct nt_store *store, unsigned count)
{
	struct nt_clock *clock = nt_clock_new_real();
	struct nt_arena *arena = nt_arena_new();
	GString *scratch = g_string_new(NULL);
	int code = 0;

	for (unsigned done = 0; code == 0 && done < count;) {
		struct nt_request *first = NULL, **last = &first;
		unsigned until = MIN(done + A_TURN, count);

		nt_arena_reset(arena);
		for (; done < until; done++) {
			*last = make(arena, done, scratch);
			last = &(*last)->next;
		}
		if (nt_engine_turn(engine, nt_clock_now(clock), first, 0, 0) != NT_STORE_OK)
			code = failed("store", store->ops->error(store));
		for (struct nt_request *request = first; code == 0 && request != NULL; request = request->next)
			if (request->code != NT_ANSWER_OK)
				code = failed(request->lead, request->message_text);
		if (done % 100000 == 0 && isatty(STDERR_FILENO))
			fprintf(stderr, "\r%u leads\033[K", done);
	}
	if (isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
	g_string_free(scratch, TRUE);
	nt_arena_free(arena);
	nt_clock_free(clock);
	return code;
}

static struct nt_program *load(struct nt_ruleset *ruleset, const char *config, const char *rules)
{
	struct nt_diags *diags = nt_diags_new();
	GString *report = g_string_new(NULL);
	struct nt_program *program = NULL;
	char *why = NULL;

	if (nt_ruleset_init(ruleset, config, NULL, &why))
		program = nt_ruleset_load(ruleset, rules, diags, &why);
	nt_diags_print(diags, report);
	fputs(report->str, stderr);
	if (why != NULL)
		failed("rules", why);
	g_string_free(report, TRUE);
	nt_diags_free(diags);
	g_free(why);
	return program;
}

int main(int argc, char **argv)
{
	struct nt_sqlite_options options = { .mode = NT_SQLITE_WRITE };
	struct nt_ruleset ruleset;
	struct nt_program *program;
	struct nt_engine *engine;
	struct nt_store *store;
	const char *wrong = NULL;
	char *why = NULL;
	int code;

	if (argc != 5)
		return failed("usage", "seed CONFIG RULES STORE COUNT");
	program = load(&ruleset, argv[1], argv[2]);
	if (program == NULL)
		return 1;
	options.path = argv[3];
	store = nt_sqlite_store_open(&options, &why);
	if (store == NULL)
		return failed("store", why);
	engine = nt_engine_new(store, program, NULL, &wrong);
	if (engine == NULL)
		return failed("engine", wrong);
	code = fill(engine, store, (unsigned)strtoul(argv[4], NULL, 10));
	nt_sqlite_store_checkpoint(store);
	nt_engine_free(engine);
	store->ops->free(store);
	nt_program_unref(program);
	nt_ruleset_clear(&ruleset);
	return code;
}
