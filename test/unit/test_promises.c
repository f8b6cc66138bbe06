/* What we promise to people: no marketing message in the night, on a holiday or beyond the caps; none after a no; none
 * twice. And to ourselves: the same input gives the same bytes, in batches of any size, and across restarts.
 *
 * Rule sets and lives are random. What is allowed is worked out here, from what was asked of the engine, by other means
 * than its own. A seed is printed when something fails; NT_PROMISES_SEED and NT_PROMISES_RUNS choose others. */
#include "engine_house.h"

#include "base/civil.h"
#include "random_rules.h"

#include <stdio.h>
#include <stdlib.h>

#define LEADS 4u
#define GROUPS 90

enum channel { EMAIL, SMS, CHANNELS };
static const char *const channel_names[] = { "email", "sms" };
enum consent { UNKNOWN, GIVEN, REFUSED };

struct person {
	const char *id, *zone, *address[CHANNELS];
	bool there;
	enum consent consent[CHANNELS];
	GArray *releases;   /* nt_time: marketing, not called back */
	GPtrArray *messages; /* ids that reached the wire */
};

struct sent { /* a message that the engine has released */
	char *id, *step;
	unsigned lead;
	nt_time at;
	bool service, gone; /* gone: accepted by the relay */
};

/* How the same life is put to the engine. */
struct manner {
	bool one_by_one; /* each request in a turn of its own */
	bool restarts;   /* a new engine on the same store before every turn */
	nt_time late;    /* the engine looks up only so often; 0: when something is due */
	unsigned timers; /* leads whose timers run in one turn */
};

struct world {
	struct house house;
	struct random_policy policy;
	struct person people[LEADS];
	GHashTable *no;       /* "email ann@example.org" -> 1 soft, 2 hard */
	GHashTable *sent;     /* id -> struct sent */
	GHashTable *steps;    /* "lead campaign key entry step": each once in a life */
	GString *told;        /* all that was seen, in order */
	struct manner manner;
	unsigned released, wired, lives;
	bool mixed;           /* several things happen in one turn: what was said may have come after what is seen */
	uint64_t seed;
};

static const char *const zones[] = { "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kolkata" };
static const char *const emails[] = { "shared@example.org", "Shared@Example.org", "ann@example.org",
	                              "bob@example.org" };
static const char *const phones[] = { "+15550101", "+1 (555) 0101", "+15550102", "+15550103" };

/* ---- what people have said ---- */

/* By hand, not with the engine's own function. */
static char *key_of(enum channel channel, const char *address)
{
	GString *key = g_string_new(channel_names[channel]);

	g_string_append_c(key, ' ');
	for (; *address != '\0'; address++)
		if (channel == EMAIL ? *address != ' ' : g_ascii_isdigit(*address) || *address == '+')
			g_string_append_c(key, g_ascii_tolower(*address));
	return g_string_free(key, FALSE);
}

static int no_of(struct world *w, enum channel channel, const char *address)
{
	char *key = key_of(channel, address);
	int how = GPOINTER_TO_INT(g_hash_table_lookup(w->no, key));

	g_free(key);
	return how;
}

static void say_no(struct world *w, enum channel channel, const char *address, int how)
{
	if (address != NULL && no_of(w, channel, address) < how)
		g_hash_table_insert(w->no, key_of(channel, address), GINT_TO_POINTER(how));
}

static void take_back(struct world *w, enum channel channel, const char *address, int most)
{
	char *key = address != NULL ? key_of(channel, address) : NULL;

	if (key != NULL && no_of(w, channel, address) <= most)
		g_hash_table_remove(w->no, key);
	g_free(key);
}

static struct person *person(struct world *w, const char *id)
{
	for (unsigned i = 0; i < LEADS; i++)
		if (strcmp(w->people[i].id, id) == 0)
			return &w->people[i];
	fail_msg("nobody is called %s", id);
	return NULL;
}

static void forget_person(struct world *w, struct person *p)
{
	GHashTableIter iter;
	void *step;

	p->there = false;
	p->zone = "America/New_York";
	memset(p->address, 0, sizeof p->address);
	memset(p->consent, 0, sizeof p->consent);
	g_array_set_size(p->releases, 0);
	g_hash_table_iter_init(&iter, w->steps);
	while (g_hash_table_iter_next(&iter, &step, NULL))
		if (g_str_has_prefix(step, p->id))
			g_hash_table_iter_remove(&iter);
	g_hash_table_iter_init(&iter, w->sent);
	while (g_hash_table_iter_next(&iter, NULL, &step))
		if (&w->people[((struct sent *)step)->lead] == p)
			g_hash_table_iter_remove(&iter);
}

/* ---- what may be ---- */

static void check_hours(struct world *w, const struct person *p, const struct nt_message *m, nt_time t)
{
	const struct hours *hours = strcmp(m->channel, "sms") == 0 ? &w->policy.sms : &w->policy.send;
	struct nt_civil civil = nt_civil_at(zone(p->zone), t);
	int weekday = nt_civil_weekday(nt_civil_days(civil.year, civil.month, civil.day));
	char day[32];

	assert_true(hours->days[weekday]);
	/* an hour that the clock skips moves an opening; none of ours closes inside one */
	assert_true(civil.hour >= hours->from && civil.hour < hours->to);
	snprintf(day, sizeof day, "%04d-%02d-%02d", (int)civil.year, civil.month, civil.day);
	for (unsigned i = 0; i < G_N_ELEMENTS(holidays); i++)
		assert_string_not_equal(day, holidays[i]);
}

static void check_cap(const struct person *p, nt_time t, unsigned most, struct nt_duration d, bool calendar)
{
	const struct nt_zone *z = zone(p->zone);
	unsigned n = 0;

	for (unsigned i = 0; most > 0 && i < p->releases->len; i++) {
		nt_time x = g_array_index(p->releases, nt_time, i);

		if (calendar)
			n += nt_civil_midnight(z, x) == nt_civil_midnight(z, t);
		else
			n += x <= t && t < nt_time_plus(z, x, d);
	}
	if (most > 0)
		assert_in_range(n, 0, most - 1);
}

static void check_release(struct world *w, struct person *p, const struct nt_message *m, nt_time t)
{
	enum channel channel = strcmp(m->channel, "sms") == 0 ? SMS : EMAIL;
	bool opt_in = channel == SMS ? w->policy.sms_opt_in : w->policy.email_opt_in;

	if (!w->mixed) {
		assert_non_null(p->address[channel]);
		assert_string_equal(m->address, p->address[channel]);
		assert_true(no_of(w, channel, m->address) < (m->service ? 2 : 1));
	}
	if (m->service)
		return;
	if (!w->mixed) {
		assert_true(p->consent[channel] == GIVEN || (p->consent[channel] == UNKNOWN && !opt_in));
		check_hours(w, p, m, t);
	}
	check_cap(p, t, w->policy.per_day, (struct nt_duration){ .days = 1 }, w->policy.calendar);
	check_cap(p, t, w->policy.per_week, (struct nt_duration){ .days = 7 }, false);
	check_cap(p, t, w->policy.per_month, (struct nt_duration){ .months = 1 }, false);
	g_array_append_val(p->releases, t);
}

static void sent_free(void *memory)
{
	struct sent *sent = memory;

	g_free(sent->id);
	g_free(sent->step);
	g_free(sent);
}

static void note_release(struct world *w, const struct nt_message *m, nt_time t)
{
	struct person *p = person(w, m->lead);
	struct sent *sent = g_new0(struct sent, 1);

	sent->id = g_strdup(m->id);
	sent->step = g_strdup_printf("%s %s %s %u %s", m->lead, m->campaign, m->key, m->entry, m->step);
	sent->lead = (unsigned)(p - w->people);
	sent->at = t;
	sent->service = m->service;
	assert_true(g_hash_table_add(w->steps, g_strdup(sent->step)));
	assert_null(g_hash_table_lookup(w->sent, m->id));
	g_hash_table_insert(w->sent, sent->id, sent);
	w->released++;
	check_release(w, p, m, t);
}

/* Called back: it no longer counts, and must never be seen on the wire. */
static void note_cancel(struct world *w, struct person *p, const char *id)
{
	struct sent *sent = g_hash_table_lookup(w->sent, id);

	if (!p->there) /* erased, and forgotten here already */
		return;
	assert_non_null(sent);
	assert_false(sent->gone);
	for (unsigned i = 0; !sent->service && i < p->releases->len; i++)
		if (g_array_index(p->releases, nt_time, i) == sent->at) {
			g_array_remove_index(p->releases, i);
			break;
		}
	sent->gone = true;
}

static void watch(void *user, const char *lead, const struct nt_input *input, const struct nt_effects *effects)
{
	struct world *w = user;

	for (const struct nt_effect *e = effects->first; e != NULL; e = e->next) {
		g_string_append_printf(w->told, "%" G_GINT64_FORMAT " %s %s %s %s %s %s\n", (gint64)e->at, lead,
		                       e->what, e->campaign != NULL ? e->campaign : "", e->step != NULL ? e->step : "",
		                       e->detail != NULL ? e->detail : "", e->id != NULL ? e->id : "");
		if (e->kind == NT_EFFECT_MESSAGE) {
			g_string_append_printf(w->told, "  %s %s %s\n", e->message->id, e->message->address,
			                       e->message->values);
			note_release(w, e->message, e->at);
		}
		if (e->kind == NT_EFFECT_CANCEL)
			note_cancel(w, person(w, lead), e->id);
		if (e->kind == NT_EFFECT_SUPPRESS && e->campaign == NULL) { /* also by a step */
			struct person *p = person(w, lead);

			for (int c = 0; c < CHANNELS; c++)
				if (p->there && strcmp(e->channel, channel_names[c]) == 0)
					say_no(w, c, e->address, 1);
		}
		if (e->kind == NT_EFFECT_UNSUPPRESS && input->kind == NT_INPUT_CONSENT && input->consent.given)
			for (int c = 0; c < CHANNELS; c++) /* after what the rules had suppressed in the same turn */
				if (strcmp(e->channel, channel_names[c]) == 0)
					take_back(w, c, e->address, 1);
	}
}

/* ---- the engine ---- */

static void open_world(struct world *w)
{
	struct nt_engine_options options = { .observe = watch, .user = w,
		                             .retry = { .first = NT_HOUR, .longest = NT_DAY, .attempts = 6 } };
	const char *why = NULL;

	w->house.engine = nt_engine_new(w->house.store, w->house.program, &options, &why);
	assert_non_null(w->house.engine);
}

static void one_turn(struct world *w, struct nt_request *requests)
{
	if (w->manner.restarts) {
		nt_engine_free(w->house.engine);
		open_world(w);
	}
	assert_int_equal(nt_engine_turn(w->house.engine, w->house.now, requests, w->manner.timers, 100), NT_STORE_OK);
	for (; requests != NULL; requests = requests->next)
		assert_int_not_equal(requests->code, NT_ANSWER_FAILED);
}

static void post(struct world *w, struct nt_request *requests)
{
	while (w->manner.one_by_one && requests != NULL) {
		struct nt_request *next = requests->next;

		requests->next = NULL;
		one_turn(w, requests);
		requests = next;
	}
	one_turn(w, requests);
	while (nt_engine_due(w->house.engine) <= w->house.now)
		one_turn(w, NULL);
}

/* ---- the wire ---- */

static void check_wire(struct world *w, const struct nt_outbox_row *row)
{
	const struct nt_message *m = &row->message;
	enum channel channel = strcmp(m->channel, "sms") == 0 ? SMS : EMAIL;
	struct sent *sent = g_hash_table_lookup(w->sent, m->id);
	struct person *p = person(w, m->lead);

	g_string_append_printf(w->told, "%" G_GINT64_FORMAT " wire %s %s %u\n", (gint64)w->house.now, m->id, m->address,
	                       row->attempts);
	assert_non_null(sent);
	assert_false(sent->gone);
	assert_true(p->there);
	assert_true(no_of(w, channel, m->address) < (m->service ? 2 : 1));
	assert_true(m->service || p->consent[channel] != REFUSED);
	w->wired++;
}

/* What the relay says depends on the message and on nothing else. */
static void choose_answer(struct world *w, const struct nt_outbox_row *row, struct nt_request *r)
{
	const char *id = row->message.id;
	unsigned n = ((unsigned)(id[0] * 7 + id[1] * 3 + id[2]) + row->attempts * 5) % 24;
	struct sent *sent = g_hash_table_lookup(w->sent, row->message.id);
	enum channel channel = strcmp(row->message.channel, "sms") == 0 ? SMS : EMAIL;

	r->message = row->message.id;
	r->result = n < 4 ? NT_SEND_TEMPORARY : n == 4 ? NT_SEND_REFUSED : n == 5 ? NT_SEND_IN_DOUBT : NT_SEND_ACCEPTED;
	r->hard = r->result == NT_SEND_REFUSED && row->message.id[3] % 2 == 0;
	sent->gone = r->result == NT_SEND_ACCEPTED || r->result == NT_SEND_REFUSED ||
	             (r->result == NT_SEND_IN_DOUBT && !sent->service);
	if (r->hard)
		say_no(w, channel, row->message.address, 2);
	if (r->result == NT_SEND_ACCEPTED)
		g_ptr_array_add(person(w, row->message.lead)->messages, g_strdup(id));
}

static void deliver(struct world *w)
{
	for (int c = 0; c < CHANNELS; c++)
		for (;;) {
			struct nt_request *claim = request(&w->house, NT_REQUEST_CLAIM), *r;

			claim->channel = channel_names[c];
			claim->limit = 1; /* what is heard of one may hold back the next */
			claim->owner = "box/boot";
			one_turn(w, claim);
			if (claim->n_rows == 0)
				break;
			check_wire(w, &claim->rows[0]);
			r = request(&w->house, NT_REQUEST_OUTCOME);
			choose_answer(w, &claim->rows[0], r);
			post(w, r);
		}
}

static void run_until(struct world *w, nt_time end, bool relay)
{
	while (nt_engine_due(w->house.engine) <= end) {
		w->house.now = w->manner.late > 0 ? nt_time_earlier(w->house.now + w->manner.late, end) :
		                                    nt_time_later(w->house.now, nt_engine_due(w->house.engine));
		post(w, NULL);
		if (relay)
			deliver(w);
	}
	w->house.now = end;
}

/* ---- a life ---- */

static struct nt_request *with_json(struct world *w, enum nt_input_kind kind, const struct person *p,
                                    const char *format, ...)
	__attribute__((format(printf, 4, 5)));
static struct nt_request *with_json(struct world *w, enum nt_input_kind kind, const struct person *p,
                                    const char *format, ...)
{
	struct nt_request *r;
	va_list ap;

	va_start(ap, format);
	r = input(&w->house, kind, p->id, nt_arena_vprintf(w->house.arena, format, ap));
	va_end(ap);
	return r;
}

static struct nt_request *address(struct world *w, struct person *p)
{
	enum channel channel = once_in(&w->seed, 2) ? EMAIL : SMS;
	const char *address = channel == EMAIL ? PICK(&w->seed, emails) : PICK(&w->seed, phones);

	p->there = true;
	p->address[channel] = address;
	return with_json(w, NT_INPUT_FIELDS, p, "{\"%s\":\"%s\"}", channel == EMAIL ? "email" : "phone", address);
}

static void note_consent(struct world *w, struct person *p, enum channel channel, bool given)
{
	p->consent[channel] = given ? GIVEN : REFUSED;
	if (given)
		take_back(w, channel, p->address[channel], 1);
	else
		say_no(w, channel, p->address[channel], 1);
}

static struct nt_request *consent(struct world *w, struct person *p)
{
	struct nt_request *r = input(&w->house, NT_INPUT_CONSENT, p->id, NULL);
	unsigned choice = chance(&w->seed) % 5;

	r->given = choice < 3;
	r->channel = choice == 4 ? "" : channel_names[choice % 2];
	r->how = "told us";
	for (int c = 0; p->there && c < CHANNELS; c++)
		if (choice == 4 || (int)choice % 2 == c)
			note_consent(w, p, c, r->given);
	return r;
}

/* The link in a message that came, a complaint about it, or its late bounce. */
static struct nt_request *reply(struct world *w, struct person *p)
{
	static const enum nt_outcome outcomes[] = { NT_OUTCOME_UNSUBSCRIBED, NT_OUTCOME_COMPLAINED, NT_OUTCOME_BOUNCED,
		                                    NT_OUTCOME_OPENED, NT_OUTCOME_OPENED, NT_OUTCOME_CLICKED };
	struct nt_request *r = request(&w->house, NT_REQUEST_OUTCOME);
	struct nt_outbox_row out;
	enum channel channel;

	if (p->messages->len == 0)
		return NULL;
	r->message = p->messages->pdata[chance(&w->seed) % p->messages->len];
	r->is_later = true;
	r->later = PICK(&w->seed, outcomes);
	out = row(&w->house, r->message);
	if (out.state == NT_OUTBOX_ABSENT)
		return r;
	channel = strcmp(out.message.channel, "sms") == 0 ? SMS : EMAIL;
	if (r->later == NT_OUTCOME_UNSUBSCRIBED || r->later == NT_OUTCOME_COMPLAINED)
		p->consent[channel] = REFUSED;
	if (r->later == NT_OUTCOME_UNSUBSCRIBED || r->later == NT_OUTCOME_COMPLAINED)
		say_no(w, channel, out.message.address, 1);
	if (r->later == NT_OUTCOME_BOUNCED)
		say_no(w, channel, out.message.address, 2);
	return r;
}

static struct nt_request *by_hand(struct world *w)
{
	struct nt_request *r = request(&w->house, NT_REQUEST_SUPPRESS);
	enum channel channel = once_in(&w->seed, 2) ? EMAIL : SMS;

	r->channel = channel_names[channel];
	r->address = channel == EMAIL ? PICK(&w->seed, emails) : PICK(&w->seed, phones);
	r->lift = once_in(&w->seed, 2);
	if (r->lift)
		take_back(w, channel, r->address, 2);
	else
		say_no(w, channel, r->address, 1);
	return r;
}

/* One thing that happens to someone; the oracle learns of it as it is asked. Quiet: nothing that it would need to know.
 * Alone: it may also be the end of a lead. */
static struct nt_request *happen(struct world *w, bool quiet, bool alone)
{
	static const char *const events[] = { "a.b", "c.d", "x.y", "a.b", "c.d", "a.b" };
	struct person *p = &w->people[chance(&w->seed) % LEADS];
	struct nt_request *r;

	unsigned choice = chance(&w->seed) % (alone ? 20 : 19);

	if (quiet && choice < 8)
		choice = 11;
	switch (choice) {
	case 0:
	case 1:
		return address(w, p);
	case 2:
		p->there = true;
		p->zone = PICK(&w->seed, zones);
		return with_json(w, NT_INPUT_FIELDS, p, "{\"time_zone\":\"%s\"}", p->zone);
	case 3:
	case 4:
		return consent(w, p);
	case 5:
	case 6:
		return reply(w, p);
	case 7:
		return once_in(&w->seed, 3) ? by_hand(w) : NULL;
	case 19:
		if (!once_in(&w->seed, 4))
			return NULL;
		w->lives += p->there;
		forget_person(w, p);
		return input(&w->house, NT_INPUT_ERASE, p->id, NULL);
	case 9:
		r = input(&w->house, NT_INPUT_START, p->id, NULL);
		r->campaign = "two";
		return r;
	case 10:
		p->there = true;
		return with_json(w, NT_INPUT_FIELDS, p, "{\"seats\":%u,\"ends\":\"2026-03-%02u\"}",
		                 chance(&w->seed) % 7, 1 + chance(&w->seed) % 31);
	default:
		p->there = true;
		return with_json(w, NT_INPUT_EVENT, p, "{\"event\":\"%s\",\"properties\":{\"amount\":%u}}",
		                 PICK(&w->seed, events), chance(&w->seed) % 12);
	}
}

static struct world *world_begin(uint64_t seed, struct manner manner)
{
	static const char *const ids[LEADS] = { "ann", "bob", "cem", "dee" };
	struct world *w = g_new0(struct world, 1);
	char *rules;

	w->seed = seed * 0x9E3779B97F4A7C15u + 1;
	w->manner = manner;
	w->no = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	w->sent = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, sent_free);
	w->steps = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	w->told = g_string_new(NULL);
	rules = random_rules(&w->seed, &w->policy);
	if (g_getenv("NT_PROMISES_SHOW") != NULL)
		print_message("%s", rules);
	w->house.program = program_of(rules);
	g_free(rules);
	w->house.store = nt_memory_store_new();
	w->house.arena = nt_arena_new();
	w->house.now = at("UTC", "2026-02-20 10:00");
	for (unsigned i = 0; i < LEADS; i++) {
		w->people[i].id = ids[i];
		w->people[i].releases = g_array_new(FALSE, FALSE, sizeof(nt_time));
		w->people[i].messages = g_ptr_array_new_with_free_func(g_free);
		forget_person(w, &w->people[i]);
	}
	open_world(w);
	return w;
}

static void world_end(struct world *w)
{
	for (unsigned i = 0; i < LEADS; i++) {
		g_array_unref(w->people[i].releases);
		g_ptr_array_unref(w->people[i].messages);
	}
	g_hash_table_destroy(w->no);
	g_hash_table_destroy(w->sent);
	g_hash_table_destroy(w->steps);
	g_string_free(w->told, TRUE);
	nt_engine_free(w->house.engine);
	w->house.store->ops->free(w->house.store);
	nt_program_unref(w->house.program);
	nt_arena_free(w->house.arena);
	g_free(w);
}

/* Everyone has an address to begin with, two of them the same one. */
static void everyone_comes(struct world *w)
{
	static const unsigned email[LEADS] = { 0, 1, 2, 3 };

	for (unsigned i = 0; i < LEADS; i++) {
		struct person *p = &w->people[i];

		p->there = true;
		p->address[EMAIL] = emails[email[i]];
		p->address[SMS] = phones[i];
		p->zone = zones[i];
		post(w, with_json(w, NT_INPUT_FIELDS, p,
		                  "{\"email\":\"%s\",\"phone\":\"%s\",\"time_zone\":\"%s\"}", p->address[EMAIL],
		                  p->address[SMS], p->zone));
	}
}

static struct world *live(uint64_t seed, struct manner manner)
{
	struct world *w = world_begin(seed, manner);
	bool relay = true;

	everyone_comes(w);
	for (int i = 0; i < GROUPS; i++) {
		struct nt_request *first = NULL, **last = &first;
		int n = once_in(&w->seed, 3) ? 2 : 1;

		relay = once_in(&w->seed, 6) ? !relay : relay;
		run_until(w, w->house.now + 1 + chance(&w->seed) % (NT_DAY), relay);
		w->mixed = n > 1;
		for (int k = 0; k < n; k++) {
			*last = happen(w, k != i % n, n == 1);
			if (*last != NULL)
				last = &(*last)->next;
		}
		post(w, first);
		w->mixed = false;
		if (relay)
			deliver(w);
	}
	run_until(w, w->house.now + 20 * NT_DAY, true);
	return w;
}

/* ---- tests ---- */

static unsigned lived; /* the last seed: told at the end, and so also by a failure */

static unsigned number(const char *name, unsigned otherwise)
{
	const char *text = g_getenv(name);

	return text != NULL ? (unsigned)strtoul(text, NULL, 10) : otherwise;
}

static void check_same(uint64_t seed, const struct world *a, struct manner manner, const char *how)
{
	struct world *b = live(seed, manner);

	if (strcmp(a->told->str, b->told->str) != 0) {
		unsigned i = 0;

		while (a->told->str[i] == b->told->str[i])
			i++;
		while (i > 0 && a->told->str[i - 1] != '\n')
			i--;
		print_error("seed %u, %s:\n%.600s\n\ninstead of\n\n%.600s\n", (unsigned)seed, how, b->told->str + i,
		            a->told->str + i);
		fail();
	}
	world_end(b);
}

static void what_we_promise_holds(void **state)
{
	unsigned first = number("NT_PROMISES_SEED", 1), runs = number("NT_PROMISES_RUNS", 150), wired = 0, lives = 0;

	(void)state;
	for (unsigned seed = first; seed < first + runs; seed++) {
		struct world *w;

		lived = seed;
		w = live(seed, (struct manner){ .timers = 100 });

		check_same(seed, w, (struct manner){ .timers = 100 }, "once more");
		check_same(seed, w, (struct manner){ .timers = 1, .one_by_one = true }, "one by one");
		check_same(seed, w, (struct manner){ .timers = 100, .restarts = true }, "restarted before every turn");
		world_end(live(seed, (struct manner){ .timers = 100, .late = 7 * NT_HOUR + 13 }));
		wired += w->wired;
		lives += w->lives;
		world_end(w);
	}
	print_message("%u messages, %u erasures\n", wired, lives);
	if (runs >= 20) {
		assert_true(wired > 5 * runs);
		assert_true(lives > 0);
	}
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
	const struct CMUnitTest tests[] = { cmocka_unit_test_teardown(what_we_promise_holds, say_seed) };

	return cmocka_run_group_tests(tests, NULL, forget_zones);
}
