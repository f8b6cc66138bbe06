/* Whole lives under rules of the whole language, put to the engine in different ways that must not matter: once more,
 * with a new engine before every turn, one request a turn, the rules in other files, unrelated events the other way
 * round, leads brought to new rules one by one, timers hours late.
 *
 * Rules, lives and edits of the rules are random. A seed is printed when something differs; NT_LIVES_SEED and
 * NT_LIVES_RUNS choose others, NT_LIVES_SHOW prints the rules. */
#include "engine_house.h"

#include "base/civil.h"
#include "base/diag.h"
#include "random_language.h"
#include "random_life.h"

#include <stdio.h>
#include <stdlib.h>

#define ODD (5 * NT_HOUR + 13 * NT_MINUTE + 7)

static const char *const channels[] = { "email", "sms", "letter", "push", "webhook:crm" };

/* How the same life is put to the engine. */
struct manner {
	const char *name;
	bool one_by_one, restarts, shuffled, swapped, late, pestered;
	bool kept;        /* leads stay decoded between turns */
	bool undelivered; /* no channel takes what is released */
	unsigned timers, touches;
};

struct world {
	struct house house;
	const struct script *script;
	struct manner manner;
	struct nt_program *programs[PROGRAMS];
	GString *told[LEADS + 1];   /* the last: about no lead */
	GPtrArray *messages[LEADS]; /* ids, as released */
};

/* ---- the rules ---- */

/* The same rules with a few lines changed, gone, there twice, or the other way round. Where that leaves an option
 * without its step behind, or a jump without its aim, they don't load, and are edited once more. */
static char *edited(const char *text, uint64_t *seed)
{
	char **lines = g_strsplit(text, "\n", -1);
	unsigned n = g_strv_length(lines);
	GString *out = g_string_new(NULL);

	for (unsigned i = 0; i < n; i++) {
		const char *wait = strstr(lines[i], "wait: "), *up_to = strstr(lines[i], "up_to: ");
		const char *cut = wait != NULL ? wait + 6 : up_to != NULL ? up_to + 7 : NULL;
		bool step = g_str_has_prefix(lines[i] + strspn(lines[i], " "), "- ");

		if (cut != NULL && strstr(cut, "# a round") == NULL && once_in(seed, 5)) {
			g_string_append_printf(out, "%.*s%s\n", (int)(cut - lines[i]), lines[i], PICK(seed, lasting));
			continue;
		}
		if (step && once_in(seed, 40))
			continue;
		if (step && once_in(seed, 40))
			g_string_append_printf(out, "%s\n", lines[i + 1 < n && once_in(seed, 2) ? i + 1 : i]);
		g_string_append_printf(out, "%s\n", lines[i]);
	}
	g_strfreev(lines);
	return g_string_free(out, FALSE);
}

static void write_rules(struct script *s, uint64_t *seed)
{
	s->texts[0] = random_language(seed, s->quiet);
	for (unsigned i = 1; i < PROGRAMS; i++) {
		struct nt_program *program;

		for (unsigned k = 0; k < 60 && s->texts[i] == NULL; k++) {
			s->texts[i] = edited(s->texts[i - 1], seed);
			program = language_program(s->texts[i], 0, false);
			if (program == NULL)
				g_clear_pointer(&s->texts[i], g_free);
			nt_program_unref(program);
		}
		if (s->texts[i] == NULL)
			s->texts[i] = g_strdup(s->texts[i - 1]);
	}
}

/* ---- the engine ---- */

static unsigned lead_of(const char *id)
{
	unsigned i = 0;

	if (id[0] == '\0')
		return LEADS;
	while (i < LEADS && strcmp(life_leads[i], id) != 0)
		i++;
	assert_in_range(i, 0, LEADS - 1);
	return i;
}

static void tell(GString *told, const struct nt_message *m)
{
	g_string_append_printf(told, "%" G_GINT64_FORMAT "  %s %s to %s %s: %s\n", (gint64)m->released, m->id,
	                       m->template_name, m->rep != NULL ? m->rep : "", m->address, m->values);
}

static void watch(void *user, const char *lead, const struct nt_input *input, const struct nt_effects *effects)
{
	struct world *w = user;
	unsigned i = lead_of(lead);

	(void)input;
	for (const struct nt_effect *e = effects->first; e != NULL; e = e->next) {
		g_string_append_printf(w->told[i], "%" G_GINT64_FORMAT " %s %s %s %s %s\n", (gint64)e->at, e->what,
		                       e->campaign != NULL ? e->campaign : "", e->key != NULL ? e->key : "",
		                       e->step != NULL ? e->step : "", e->detail != NULL ? e->detail : "");
		if (e->kind != NT_EFFECT_MESSAGE)
			continue;
		tell(w->told[i], e->message);
		if (e->message->rep == NULL)
			g_ptr_array_add(w->messages[i], g_strdup(e->message->id));
	}
}

static void watch_rep(void *user, const struct nt_message *message)
{
	struct world *w = user;

	tell(w->told[lead_of(message->lead)], message);
}

static struct nt_program *older(void *user, const char *hash)
{
	struct world *w = user;

	for (unsigned i = 0; i < PROGRAMS; i++)
		if (strcmp(w->programs[i]->hash, hash) == 0)
			return nt_program_ref(w->programs[i]);
	return NULL;
}

static void open_world(struct world *w, struct nt_program *program)
{
	struct nt_engine_options options = { .observe = watch, .observe_rep = watch_rep, .older_program = older,
		                             .user = w,
		                             .retry = { .first = NT_HOUR, .longest = NT_DAY, .attempts = 6 } };
	const char *why = NULL;

	options.keep = w->manner.kept ? 1 << 16 : 0;
	w->house.engine = nt_engine_new(w->house.store, program, &options, &why);
	assert_non_null(w->house.engine);
}

static void one_turn(struct world *w, struct nt_request *requests, unsigned timers)
{
	if (w->manner.restarts) {
		struct nt_program *program = nt_program_ref(nt_engine_program(w->house.engine));

		nt_engine_free(w->house.engine);
		open_world(w, program);
		nt_program_unref(program);
	}
	assert_int_equal(nt_engine_turn(w->house.engine, w->house.now, requests, timers, w->manner.touches),
	                 NT_STORE_OK);
}

/* Until nothing is due, and everyone has the latest rules. */
static void settle_world(struct world *w)
{
	while (nt_engine_due(w->house.engine) <= w->house.now || nt_engine_touching(w->house.engine))
		one_turn(w, NULL, w->manner.timers);
}

static void post(struct world *w, struct nt_request *requests)
{
	while (w->manner.one_by_one && requests != NULL && requests->next != NULL) {
		struct nt_request *next = requests->next;

		requests->next = NULL;
		one_turn(w, requests, 0); /* timers due at this instant follow all of its events (II.1) */
		requests = next;
	}
	one_turn(w, requests, w->manner.timers);
	settle_world(w);
}

/* What becomes of a message depends on it and on nothing else. */
static void deliver(struct world *w)
{
	for (unsigned c = 0; !w->script->quiet && !w->manner.undelivered && c < G_N_ELEMENTS(channels); c++)
		for (;;) {
			struct nt_request *claim = request(&w->house, NT_REQUEST_CLAIM), *r;
			unsigned n;

			claim->channel = channels[c];
			claim->limit = 1;
			claim->owner = "box/boot";
			one_turn(w, claim, w->manner.timers);
			if (claim->n_rows == 0)
				break;
			r = request(&w->house, NT_REQUEST_OUTCOME);
			r->message = claim->rows[0].message.id;
			n = ((unsigned)(r->message[0] * 7 + r->message[1]) + claim->rows[0].attempts * 5) % 20;
			r->result = n < 3 ? NT_SEND_TEMPORARY : n == 3 ? NT_SEND_REFUSED : NT_SEND_ACCEPTED;
			r->hard = n == 3 && r->message[2] % 4 == 0;
			post(w, r);
		}
}

/* Everyone is stepped at an odd moment, with nothing new. */
static void pester(struct world *w, nt_time now)
{
	struct nt_request *first = NULL;

	w->house.now = now;
	for (unsigned i = 0; i < LEADS; i++) {
		struct nt_request *r;

		if (lead(&w->house, life_leads[i]) == NULL)
			continue;
		r = input(&w->house, NT_INPUT_FIELDS, life_leads[i], "{}");
		r->next = first;
		first = r;
	}
	post(w, first);
}

static void run_until(struct world *w, nt_time end)
{
	while (w->manner.pestered && w->house.now + ODD < end) {
		nt_time odd = w->house.now + ODD;

		while (nt_engine_due(w->house.engine) < odd) {
			w->house.now = nt_time_later(w->house.now, nt_engine_due(w->house.engine));
			post(w, NULL);
		}
		pester(w, odd);
	}
	while (!w->manner.late && nt_engine_due(w->house.engine) < end) {
		w->house.now = nt_time_later(w->house.now, nt_engine_due(w->house.engine));
		post(w, NULL);
		deliver(w);
	}
	w->house.now = end;
}

/* ---- a life ---- */

static struct nt_request *sales_request(struct world *w, const struct happening *h)
{
	static const char *const reps[] = { "anna", "bob", "cem" };
	static const char *const reasons[] = { "too_early", "no_budget", "bad_fit", "bad_data", "wrong_team" };
	struct nt_request *r = request(&w->house, NT_REQUEST_SALES);

	r->lead = life_leads[h->lead];
	r->verb = h->what == HAPPEN_ACCEPT ? NT_SALES_ACCEPT : h->what == HAPPEN_SEND_BACK ? NT_SALES_SEND_BACK :
	          h->choice % 2 == 0 ? NT_SALES_WON : NT_SALES_LOST;
	if (h->what == HAPPEN_ACCEPT)
		r->rep = reps[h->choice % G_N_ELEMENTS(reps)];
	if (h->what == HAPPEN_SEND_BACK)
		r->reason = reasons[h->choice % G_N_ELEMENTS(reasons)];
	return r;
}

/* A task of the lead's, by its owner, another rep or by hand. */
static struct nt_request *done_request(struct world *w, const struct happening *h)
{
	static const char *const reps[] = { "anna", "bob", "cem", "nobody" };
	static const char *const templates[] = { "call", "visit", "call" };
	const struct nt_tasks *tasks = nt_engine_tasks(w->house.engine);
	const struct nt_task *task = NULL;
	struct nt_request *r;

	for (unsigned i = 0; i < 2 && task == NULL; i++)
		task = nt_tasks_latest(tasks, life_leads[h->lead], templates[h->choice % 2 + i]);
	if (task == NULL)
		return NULL;
	r = request(&w->house, NT_REQUEST_TASK);
	r->task = nt_arena_strdup(w->house.arena, task->id);
	if (h->choice / 4 % 3 > 0)
		r->rep = h->choice / 16 % 4 == 0 ? reps[h->choice / 64 % G_N_ELEMENTS(reps)] :
		                                   nt_arena_strdup(w->house.arena, task->rep);
	r->only_theirs = r->rep != NULL && h->choice / 512 % 2 == 0;
	return r;
}

static struct nt_request *later_request(struct world *w, const struct happening *h)
{
	static const enum nt_outcome outcomes[] = { NT_OUTCOME_OPENED, NT_OUTCOME_CLICKED, NT_OUTCOME_OPENED,
		                                    NT_OUTCOME_CLICKED, NT_OUTCOME_REPLIED, NT_OUTCOME_DELIVERED,
		                                    NT_OUTCOME_BOUNCED, NT_OUTCOME_UNSUBSCRIBED,
		                                    NT_OUTCOME_COMPLAINED };
	struct nt_request *r = request(&w->house, NT_REQUEST_OUTCOME);
	const GPtrArray *messages = w->messages[h->lead];

	if (messages->len == 0)
		return NULL;
	r->message = messages->pdata[messages->len - 1 - h->choice / 16 % MIN(messages->len, 3)];
	r->is_later = true;
	r->later = outcomes[h->choice % G_N_ELEMENTS(outcomes)];
	return r;
}

static struct nt_request *request_of(struct world *w, const struct happening *h)
{
	static const char *const started[] = { "one", "two", "three" };
	struct nt_request *r;

	switch (h->what) {
	case HAPPEN_EVENT:
		return input(&w->house, NT_INPUT_EVENT, life_leads[h->lead], h->json);
	case HAPPEN_FIELDS:
		return input(&w->house, NT_INPUT_FIELDS, life_leads[h->lead], h->json);
	case HAPPEN_CONSENT:
		r = input(&w->house, NT_INPUT_CONSENT, life_leads[h->lead], NULL);
		r->channel = h->choice % 5 == 0 ? "" : channels[h->choice % 2];
		r->given = h->choice % 7 < 5;
		r->how = "told us";
		return r;
	case HAPPEN_START:
	case HAPPEN_STOP:
		r = input(&w->house, h->what == HAPPEN_START ? NT_INPUT_START : NT_INPUT_STOP, life_leads[h->lead],
		          NULL);
		r->campaign = started[h->choice % G_N_ELEMENTS(started)];
		return r;
	case HAPPEN_LOAD:
		r = request(&w->house, NT_REQUEST_LOAD);
		r->program = nt_program_ref(w->programs[h->choice % PROGRAMS]);
		return r;
	case HAPPEN_ERASE:
		return input(&w->house, NT_INPUT_ERASE, life_leads[h->lead], NULL);
	case HAPPEN_LATER:
		return later_request(w, h);
	case HAPPEN_DONE:
		return done_request(w, h);
	default:
		return sales_request(w, h);
	}
}

static struct world *world_begin(const struct script *script, struct manner manner)
{
	struct world *w = g_new0(struct world, 1);

	w->script = script;
	w->manner = manner;
	w->told[LEADS] = g_string_new(NULL);
	for (unsigned i = 0; i < LEADS; i++) {
		w->told[i] = g_string_new(NULL);
		w->messages[i] = g_ptr_array_new_with_free_func(g_free);
	}
	for (unsigned i = 0; i < PROGRAMS; i++)
		w->programs[i] = language_program(script->texts[i], manner.shuffled ? 0x9E3779B97F4A7C15u : 0,
		                                  true);
	w->house.store = nt_memory_store_new();
	w->house.arena = nt_arena_new();
	w->house.now = script->all[0].at;
	open_world(w, w->programs[0]);
	return w;
}

static void world_end(struct world *w)
{
	g_string_free(w->told[LEADS], TRUE);
	for (unsigned i = 0; i < LEADS; i++) {
		g_string_free(w->told[i], TRUE);
		g_ptr_array_unref(w->messages[i]);
	}
	nt_engine_free(w->house.engine);
	w->house.store->ops->free(w->house.store);
	for (unsigned i = 0; i < PROGRAMS; i++)
		nt_program_unref(w->programs[i]);
	nt_arena_free(w->house.arena);
	g_free(w);
}

static struct world *live(const struct script *script, struct manner manner)
{
	struct world *w = world_begin(script, manner);

	for (unsigned i = 0; i < script->n;) {
		struct nt_request *first = NULL, **last = &first;
		bool loads = false; /* which isn't unrelated to anything */

		for (unsigned k = i; k < script->n && (k == i || script->all[k].together); k++)
			loads |= script->all[k].what == HAPPEN_LOAD;
		run_until(w, script->all[i].at);
		do {
			struct nt_request *r = request_of(w, &script->all[i++]);

			if (r == NULL)
				continue;
			if (manner.swapped && !loads) {
				r->next = first;
				first = r;
				continue;
			}
			*last = r;
			last = &r->next;
		} while (i < script->n && script->all[i].together);
		post(w, first);
		deliver(w);
	}
	run_until(w, w->house.now + 30 * NT_DAY);
	post(w, NULL);
	return w;
}

/* ---- what is kept ---- */

static void dump_sales(void *context, const char *lead, const void *bytes, size_t length)
{
	GString *out = context;

	g_string_append_printf(out, "sales %s ", lead);
	g_string_append_len(out, bytes, (gssize)length);
	g_string_append_c(out, '\n');
}

static void dump_subject(void *context, const char *id, const char *lead, const void *bytes, size_t length)
{
	GString *out = context;

	g_string_append_printf(out, "subject %s %s ", id, lead != NULL ? lead : "");
	g_string_append_len(out, bytes, (gssize)length);
	g_string_append_c(out, '\n');
}

static void dump_outbox(struct world *w, GString *out)
{
	for (unsigned i = 0; i < LEADS; i++)
		for (unsigned k = 0; k < w->messages[i]->len; k++) {
			struct nt_outbox_row r = row(&w->house, w->messages[i]->pdata[k]);

			if (r.state != NT_OUTBOX_ABSENT)
				g_string_append_printf(out, "outbox %s %d %u %" G_GINT64_FORMAT " %s\n", r.message.id,
				                       (int)r.state, r.attempts, (gint64)r.changed, r.message.values);
		}
}

/* Every byte that the store keeps, in an order of its own. */
static GString *dump(struct world *w)
{
	const struct nt_store_ops *ops = w->house.store->ops;
	GString *out = g_string_new(NULL);
	struct nt_blob blobs[LEADS];

	assert_int_equal(ops->load(w->house.store, w->house.arena, life_leads, LEADS, blobs), NT_STORE_OK);
	for (unsigned i = 0; i < LEADS; i++) {
		g_string_append_printf(out, "lead %s ", life_leads[i]);
		if (blobs[i].bytes != NULL)
			g_string_append_len(out, blobs[i].bytes, (gssize)blobs[i].length);
		g_string_append_c(out, '\n');
	}
	for (int64_t i = 1, gap = 0; gap < 1000; i++) { /* erasing takes rows away, never so many in a row */
		struct nt_log_row r;

		assert_int_equal(ops->log_read(w->house.store, w->house.arena, i, &r), NT_STORE_OK);
		gap = r.lead == NULL ? gap + 1 : 0;
		if (r.lead != NULL)
			g_string_append_printf(out, "log %s %" G_GINT64_FORMAT " %s %s\n", r.lead, (gint64)r.at,
			                       r.program_hash, r.body);
	}
	assert_int_equal(ops->sales_each(w->house.store, dump_sales, out), NT_STORE_OK);
	for (unsigned i = 0; nt_subject_kinds[i] != NULL; i++)
		assert_int_equal(ops->subject_each(w->house.store, nt_subject_kinds[i], NULL, dump_subject, out),
		                 NT_STORE_OK);
	dump_outbox(w, out);
	return out;
}

/* ---- tests ---- */

static unsigned lived; /* the last seed: told at the end, and so also by a failure */

static unsigned number(const char *name, unsigned otherwise)
{
	const char *text = g_getenv(name);

	return text != NULL ? (unsigned)strtoul(text, NULL, 10) : otherwise;
}

static void check_told(unsigned seed, const struct world *a, const struct world *b)
{
	for (unsigned lead = 0; lead <= LEADS; lead++) {
		const char *x = a->told[lead]->str, *y = b->told[lead]->str;
		size_t i = 0;

		if (strcmp(x, y) == 0)
			continue;
		while (x[i] == y[i])
			i++;
		for (unsigned lines = 0; i > 0 && lines < 6; i--)
			lines += x[i - 1] == '\n';
		fprintf(stderr, "seed %u, %s, %s:\n%.1800s\n\ninstead of\n\n%.1800s\n", seed, b->manner.name,
		        lead < LEADS ? life_leads[lead] : "nobody", y + i, x + i);
		fail();
	}
}

static void show_some(const char *word, const GString *bytes, size_t from)
{
	fprintf(stderr, "%s\n", word);
	for (size_t i = from; i < MIN(bytes->len, from + 300); i++)
		fprintf(stderr, g_ascii_isprint(bytes->str[i]) ? "%c" : "\\%02x", (unsigned char)bytes->str[i]);
	fprintf(stderr, "\n");
}

static void show_bytes(unsigned seed, const char *how, const GString *a, const GString *b)
{
	size_t i = 0;

	while (i < a->len && i < b->len && a->str[i] == b->str[i])
		i++;
	fprintf(stderr, "seed %u, %s, byte %zu:\n", seed, how, i);
	i -= MIN(i, 100);
	show_some("is", a, i);
	show_some("instead of", b, i);
	fail();
}

static void check(unsigned seed, const struct world *a, struct manner manner, const GString *kept)
{
	struct world *b = live(a->script, manner);

	check_told(seed, a, b);
	if (kept != NULL) {
		GString *also = dump(b);

		if (also->len != kept->len || memcmp(also->str, kept->str, kept->len) != 0)
			show_bytes(seed, manner.name, also, kept);
		g_string_free(also, TRUE);
	}
	world_end(b);
}

/* What the lives were full of: a property that nothing puts to the test proves nothing. */
static const char *const matters[] = { "campaign.entered", "campaign.left", "message.released", "message.skipped",
	                               "message.given_up", "handoff", "score.crossed", "point.reached",
	                               "task.opened", "task.done", "\"occasion\":\"task\"",
	                               "\"occasion\":\"task_overdue\"", "\"occasion\":\"announcement\"" };
static unsigned seen[2][G_N_ELEMENTS(matters)];

static void count_matters(const struct world *w)
{
	for (unsigned lead = 0; lead <= LEADS; lead++)
		for (unsigned i = 0; i < G_N_ELEMENTS(matters); i++)
			for (const char *at = w->told[lead]->str; (at = strstr(at, matters[i])) != NULL; at++)
				seen[w->script->quiet][i]++;
}

static void one_life(unsigned seed, bool quiet)
{
	struct script s = { .quiet = quiet };
	uint64_t random = seed * 0x9E3779B97F4A7C15u + quiet;
	struct world *w;
	GString *kept;

	write_rules(&s, &random);
	write_script(&s, &random);
	if (g_getenv("NT_LIVES_SHOW") != NULL)
		show(&s);
	w = live(&s, (struct manner){ .name = "plain", .timers = 100, .touches = 100 });
	kept = dump(w);
	check(seed, w, (struct manner){ .name = "once more", .timers = 100, .touches = 100 }, kept);
	check(seed, w, (struct manner){ .name = "restarted", .timers = 100, .touches = 100, .restarts = true }, kept);
	check(seed, w, (struct manner){ .name = "one by one", .timers = 1, .touches = 1, .one_by_one = true }, NULL);
	check(seed, w, (struct manner){ .name = "other files", .timers = 100, .touches = 100, .shuffled = true }, NULL);
	check(seed, w, (struct manner){ .name = "kept", .timers = 100, .touches = 100, .kept = true }, NULL);
	if (quiet) {
		check(seed, w, (struct manner){ .name = "pestered", .timers = 100, .touches = 100, .pestered = true },
		      NULL);
		check(seed, w, (struct manner){ .name = "late", .timers = 100, .touches = 100, .late = true }, NULL);
		check(seed, w, (struct manner){ .name = "swapped", .timers = 2, .touches = 1, .swapped = true }, NULL);
	}
	count_matters(w);
	if (!quiet) {
		struct manner still = { .name = "undelivered", .timers = 100, .touches = 100, .undelivered = true };
		struct world *u = live(&s, still);

		still.name = "undelivered and pestered";
		still.pestered = true;
		check(seed, u, still, NULL);
		world_end(u);
	}
	g_string_free(kept, TRUE);
	world_end(w);
	for (unsigned i = 0; i < PROGRAMS; i++)
		g_free(s.texts[i]);
}

static void lives(bool quiet, const char *runs_name, unsigned otherwise)
{
	unsigned first = number("NT_LIVES_SEED", 1), runs = number(runs_name, otherwise);

	for (unsigned seed = first; seed < first + runs; seed++) {
		lived = seed;
		one_life(seed, quiet);
	}
	print_message("%s: %u lives from seed %u", quiet ? "quiet" : "whole", runs, first);
	for (unsigned i = 0; i < G_N_ELEMENTS(matters); i++) {
		bool sent = strncmp(matters[i], "message", 7) == 0 || strcmp(matters[i], "handoff") == 0 ||
		            strncmp(matters[i], "task", 4) == 0 || matters[i][0] == '"';

		print_message(", %u %s", seen[quiet][i], matters[i]);
		assert_true(seen[quiet][i] > runs / 4 || runs < 20 || (quiet && sent));
	}
	print_message("\n");
}

static void how_it_is_put_to_the_engine_does_not_matter(void **state)
{
	(void)state;
	lives(false, "NT_LIVES_RUNS", 20);
}

static void nor_does_when_it_is_done_where_nothing_is_sent(void **state)
{
	(void)state;
	lives(true, "NT_LIVES_RUNS", 20);
}

static int say_seed(void **state)
{
	(void)state;
	print_message("the last seed was %u\n", lived);
	return 0;
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
		cmocka_unit_test_teardown(how_it_is_put_to_the_engine_does_not_matter, say_seed),
		cmocka_unit_test_teardown(nor_does_when_it_is_done_where_nothing_is_sent, say_seed),
	};

	return cmocka_run_group_tests(tests, NULL, forget_zones);
}
