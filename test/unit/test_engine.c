#include "rules/changes.h"

#include "engine_house.h"

/* m2 comes after three hours, and there is a segment more. */
static const char rules_later[] = POLICY_TEXT
	"fields:\n  seats: number\nevents:\n  a.b: { amount: number }\n  c.d: {}\n"
	"---\ncampaign: first\nenter: { on: a.b }\nagain: always\nexit: [ { on: c.d } ]\n"
	"steps: [ email: m1, wait: 3 hours, email: m2, tag: done ]\n";

/* ---- what comes in ---- */

static void an_event_creates_its_lead(void **state)
{
	struct house *h = house_new();
	struct nt_log_row log;
	const struct nt_lead *ann;

	(void)state;
	assert_int_equal(fields(h, "ann", "{\"email\":\"ann@example.org\",\"seats\":5,\"shoe\":[1,2]}"), NT_ANSWER_OK);
	assert_int_equal(event(h, NULL,
	                       "{\"lead\":\"ann\",\"id\":\"1\",\"event\":\"a.b\",\"properties\":{\"amount\":12.5,"
	                       "\"odd\":true}}"),
	                 NT_ANSWER_OK);
	SEEN(h, "ann m1; ");
	assert_int_equal(event(h, "bob", "{\"event\":\"never.declared\"}"), NT_ANSWER_OK);
	ann = lead(h, "ann");
	assert_true(ann->exists);
	assert_int_equal(ann->fields[nt_program_field(h->program, "seats")].number, 5 * NT_NUMBER_ONE);
	assert_string_equal(ann->extra_fields->json, "[1,2]");
	assert_true(lead(h, "bob")->exists);
	assert_int_equal(h->store->ops->log_read(h->store, h->arena, ann->log_head, &log), NT_STORE_OK);
	assert_string_equal(log.lead, "ann");
	assert_non_null(strstr(
		log.body,
		"\"event\":\"a.b\",\"source\":\"shop\",\"id\":\"1\",\"properties\":{\"amount\":12.5,\"odd\":true}"));
	assert_non_null(strstr(log.body, "\"template\":\"m1\""));
	assert_int_equal(h->store->ops->log_read(h->store, h->arena, log.previous, &log), NT_STORE_OK);
	assert_non_null(strstr(log.body, "\"kind\":\"fields\""));
	house_free(h);
}

static void a_repeated_id_does_nothing(void **state)
{
	struct house *h = house_new();
	struct nt_request *twice, *r;

	(void)state;
	fields(h, "ann", "{\"email\":\"ann@example.org\"}");
	twice = input(h, NT_INPUT_EVENT, "ann", "{\"id\":\"1\",\"event\":\"a.b\"}");
	twice->next = input(h, NT_INPUT_EVENT, "ann", "{\"id\":\"1\",\"event\":\"a.b\"}");
	assert_int_equal(turn(h, twice), NT_STORE_OK);
	assert_int_equal(twice->code, NT_ANSWER_OK);
	assert_int_equal(twice->next->code, NT_ANSWER_DUPLICATE);
	assert_int_equal(event(h, "ann", "{\"id\":\"1\",\"event\":\"a.b\"}"), NT_ANSWER_DUPLICATE);
	SEEN(h, "ann m1; ");
	r = input(h, NT_INPUT_EVENT, "ann", "{\"id\":\"1\",\"event\":\"c.d\"}");
	r->source = "crm";
	assert_int_equal(ask(h, r), NT_ANSWER_OK);
	assert_int_equal(lead(h, "ann")->events[nt_program_event(h->program, "a.b")].count, 1);
	assert_int_equal(nt_engine_counters(h->engine).duplicates, 2);
	house_free(h);
}

static void what_is_wrong_is_named(void **state)
{
	static const struct {
		enum nt_input_kind kind;
		const char *lead, *json, *field, *message;
	} bad[] = {
		{ NT_INPUT_EVENT, NULL, "{\"event\":\"a.b\"}", "lead", "lead: is missing" },
		{ NT_INPUT_EVENT, "an\tn", "{\"event\":\"a.b\"}", "lead",
		  "lead: an id is 1 to 128 bytes of UTF-8 without control characters and without blanks at its "
		  "ends" },
		{ NT_INPUT_EVENT, "ann", "[]", NULL, "an event must be an object" },
		{ NT_INPUT_EVENT, "ann", "{}", "event", "event: is missing" },
		{ NT_INPUT_EVENT, "ann", "{\"event\":7}", "event", "event: must be a name such as \"order.placed\"" },
		{ NT_INPUT_EVENT, "ann", "{\"event\":\"a\\u0007b\"}", "event", "event: has control characters" },
		{ NT_INPUT_EVENT, "ann", "{\"event\":\"email.sent\"}", "event",
		  "event: 'email.sent' is told by nurtured itself" },
		{ NT_INPUT_EVENT, "ann", "{\"event\":\"a.b\",\"id\":5}", "id", "id: must be text" },
		{ NT_INPUT_EVENT, "ann", "{\"event\":\"a.b\",\"propertys\":{}}", "propertys",
		  "propertys: unknown key (did you mean 'properties'?)" },
		{ NT_INPUT_EVENT, "ann", "{\"event\":\"a.b\",\"properties\":3}", "properties",
		  "properties: must be an object" },
		{ NT_INPUT_EVENT, "ann", "{\"event\":\"a.b\",\"at\":\"2026-06-01T10:05:00.001Z\"}", "at",
		  "at: is more than 5 minutes in the future" },
		{ NT_INPUT_EVENT, "ann", "{\"event\":\"a.b\",\"at\":1780300800}", "at",
		  "at: must be a time such as 2026-12-01T09:00:00Z" },
		{ NT_INPUT_EVENT, "ann", "{\"event\":\"a.b\",\"consent\":{\"pigeon\":true}}", "consent.pigeon",
		  "consent.pigeon: there is no such channel" },
		{ NT_INPUT_FIELDS, "ann", "{\"plan\":\"huge\"}", "plan", "plan: must be one of small, big" },
		{ NT_INPUT_FIELDS, "ann", "{\"time_zone\":\"Mars/Olympus\"}", "time_zone",
		  "time_zone: there is no time zone 'Mars/Olympus'" },
		{ NT_INPUT_FIELDS, "ann", "{\"id\":\"bob\"}", "id", "id: a lead's id can't be changed" },
	};
	struct house *h = house_new();

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
		struct nt_request *r = input(h, bad[i].kind, bad[i].lead, bad[i].json);

		assert_int_equal(ask(h, r), NT_ANSWER_INVALID);
		assert_string_equal(r->message_text, bad[i].message);
		assert_true(g_strcmp0(r->field, bad[i].field) == 0);
	}
	assert_null(lead(h, "ann")); /* none of it did anything */
	assert_int_equal(nt_engine_counters(h->engine).rejected, G_N_ELEMENTS(bad));
	house_free(h);
}

static void values_are_held_against_their_declaration(void **state)
{
	struct house *h = house_new();
	struct nt_request *r = input(h, NT_INPUT_EVENT, "ann",
	                             "{\"event\":\"a.b\",\"properties\":{\"amount\":\"much\"}}");
	char *text = g_strnfill(4097, 'x'),
	     *json = g_strdup_printf("{\"event\":\"a.b\",\"properties\":{\"note\":\"%s\"}}", text);

	(void)state;
	assert_int_equal(ask(h, r), NT_ANSWER_INVALID);
	assert_string_equal(r->field, "properties.amount");
	r = input(h, NT_INPUT_EVENT, "ann", json);
	assert_int_equal(ask(h, r), NT_ANSWER_INVALID);
	assert_string_equal(r->message_text, "properties.note: is longer than 4096 bytes");
	g_free(json);
	json = g_strdup_printf("{\"tags\":[\"%.2000s\",\"%.2000s\",\"%.2000s\"]}", text, text, text);
	r = input(h, NT_INPUT_FIELDS, "ann", json);
	assert_int_equal(ask(h, r), NT_ANSWER_INVALID);
	assert_string_equal(r->message_text, "tags: is longer than 4096 bytes");
	r = input(h, NT_INPUT_FIELDS, "ann", "{\"seats\":\"many\"}");
	assert_int_equal(ask(h, r), NT_ANSWER_INVALID);
	assert_string_equal(r->field, "seats");
	g_free(text);
	g_free(json);
	house_free(h);
}

static void a_batch_is_answered_one_by_one(void **state)
{
	struct house *h = house_new();
	struct nt_request *first = input(h, NT_INPUT_FIELDS, "ann", "{\"email\":\"ann@example.org\"}");

	(void)state;
	first->next = input(h, NT_INPUT_EVENT, "ann", "{\"event\":\"\"}");
	first->next->next = input(h, NT_INPUT_EVENT, "ann", "{\"event\":\"a.b\"}");
	first->next->next->next = input(h, NT_INPUT_STOP, "nobody", NULL);
	first->next->next->next->campaign = "first";
	assert_int_equal(turn(h, first), NT_STORE_OK);
	assert_int_equal(first->code, NT_ANSWER_OK);
	assert_int_equal(first->next->code, NT_ANSWER_INVALID);
	assert_int_equal(first->next->next->code, NT_ANSWER_OK);
	assert_int_equal(first->next->next->next->code, NT_ANSWER_NOT_FOUND);
	SEEN(h, "ann m1; "); /* the lead at hand had its address already */
	house_free(h);
}

static void a_clock_behind_holds(void **state)
{
	struct house *h = house_new();

	(void)state;
	event(h, "ann", "{\"event\":\"c.d\"}");
	h->now -= NT_HOUR;
	event(h, "bob", "{\"event\":\"c.d\"}");
	assert_int_equal(nt_engine_now(h->engine), h->now + NT_HOUR);
	assert_int_equal(lead(h, "bob")->last, h->now + NT_HOUR);
	nt_engine_free(h->engine);
	open_engine(h);
	assert_int_equal(nt_engine_now(h->engine), h->now + NT_HOUR); /* also after a restart */
	house_free(h);
}

static void erasing_leaves_nothing(void **state)
{
	struct house *h = house_new();
	struct nt_store_counts counts;

	(void)state;
	fields(h, "ann", "{\"email\":\"ann@example.org\"}");
	event(h, "ann", "{\"id\":\"1\",\"event\":\"x.y\"}");
	assert_non_null(nt_sales_peek(nt_engine_sales(h->engine), "ann"));
	assert_int_equal(ask(h, input(h, NT_INPUT_ERASE, "ann", NULL)), NT_ANSWER_OK);
	assert_null(lead(h, "ann"));
	assert_null(nt_sales_peek(nt_engine_sales(h->engine), "ann"));
	h->store->ops->counts(h->store, &counts);
	assert_int_equal(counts.leads + counts.timers + counts.queue + counts.log_rows, 0);
	assert_int_equal(counts.outbox[NT_OUTBOX_RELEASED], 0);
	assert_int_equal(ask(h, input(h, NT_INPUT_ERASE, "ann", NULL)), NT_ANSWER_NOT_FOUND);
	assert_int_equal(event(h, "ann", "{\"id\":\"1\",\"event\":\"x.y\"}"), NT_ANSWER_DUPLICATE);
	house_free(h);
}

/* ---- new time zone data ---- */

/* The same place by two editions of tzdata: it has moved from New York's time to Berlin's. */
static const struct nt_zone *find_moved(const struct nt_zones *zones, const char *name)
{
	if (strcmp(name, "Test/Place") == 0)
		return zone(strcmp(zones->version, "2026b") == 0 ? "Europe/Berlin" : "America/New_York");
	return zone("UTC");
}

static struct nt_program *program_at(struct nt_zones *zones)
{
	static const char text[] = "fields:\n  seats: number\nevents:\n  a.b: {}\n---\n"
		"campaign: clock\nenter: { on: a.b }\nsteps: [ wait_until: 09:00, tag: clock ]\n---\n"
		"campaign: at\nenter: { on: a.b }\nsteps: [ wait_until: 2026-06-02 09:30, tag: at ]\n---\n"
		"campaign: hours\nenter: { on: a.b }\nsteps: [ wait: 11 hours, tag: hours ]\n";

	return program_from(text, NULL, 0, zones);
}

static void see_tags(void *user, const char *lead, const struct nt_input *input, const struct nt_effects *effects)
{
	struct house *h = user;

	(void)input;
	for (const struct nt_effect *e = effects->first; e != NULL; e = e->next)
		if (strcmp(e->what, "tag") == 0)
			g_string_append_printf(h->seen, "%s %s %s; ", lead, e->detail, shown("UTC", e->at));
}

/* At the restart it is ten by the new wall: the time that was named has passed, nine o'clock is tomorrow's. */
static void new_zone_data_moves_what_the_calendar_set(void **state)
{
	struct nt_zones editions[2] = { { .find = find_moved, .utc = zone("UTC"), .version = "2026a" },
		                        { .find = find_moved, .utc = zone("UTC"), .version = "2026b" } };
	struct nt_program *programs[2] = { program_at(&editions[0]), program_at(&editions[1]) };
	struct house h = { .arena = nt_arena_new(), .store = nt_memory_store_new(), .seen = g_string_new(NULL) };
	struct nt_engine_options options = { .observe = see_tags, .user = &h };
	const char *why;

	(void)state;
	for (int edition = 0; edition < 2; edition++) {
		h.program = programs[edition];
		h.now = at("UTC", edition == 0 ? "2026-06-01 22:00" : "2026-06-02 08:00");
		h.engine = nt_engine_new(h.store, h.program, &options, &why);
		assert_non_null(h.engine);
		if (edition == 0) {
			fields(&h, "ann", "{\"time_zone\":\"Test/Place\"}");
			event(&h, "ann", "{\"event\":\"a.b\"}");
		}
		do
			assert_int_equal(nt_engine_turn(h.engine, h.now, NULL, 10, 1), NT_STORE_OK);
		while (nt_engine_touching(h.engine));
		if (edition == 1)
			run_to(&h, "2026-06-05 00:00");
		nt_engine_free(h.engine);
	}
	SEEN(&h, "ann at Tue 2026-06-02 08:00 UTC; ann hours Tue 2026-06-02 09:00 UTC; "
	         "ann clock Wed 2026-06-03 07:00 UTC; ");
	h.store->ops->free(h.store);
	nt_arena_free(h.arena);
	g_string_free(h.seen, TRUE);
	nt_program_unref(programs[0]);
	nt_program_unref(programs[1]);
}

/* ---- sales ---- */

static enum nt_answer_code sales(struct house *h, enum nt_sales_verb verb, const char *who, const char *word)
{
	struct nt_request *r = request(h, NT_REQUEST_SALES);

	r->lead = who;
	r->verb = verb;
	r->rep = verb == NT_SALES_ACCEPT ? word : NULL;
	r->reason = word;
	return ask(h, r);
}

static void a_ready_lead_is_offered_and_accepted_by_its_link(void **state)
{
	struct house *h = house_new();
	struct nt_request *r, *accept;
	uint64_t offer;

	(void)state;
	fields(h, "ann", "{\"email\":\"ann@example.org\"}");
	event(h, "ann", "{\"event\":\"x.y\"}");
	assert_int_equal(lead(h, "ann")->handoff, NT_HANDOFF_OFFERED);
	assert_string_equal(lead(h, "ann")->stage, "sales_ready");
	r = claim(h, "email");
	assert_int_equal(r->n_rows, 1);
	assert_string_equal(r->rows[0].message.address, "anna@example.org");
	offer = r->rows[0].message.offer;
	assert_int_equal(outcome(h, r->rows[0].message.id, NT_SEND_ACCEPTED, false), NT_ANSWER_OK);
	accept = request(h, NT_REQUEST_SALES);
	accept->lead = "ann";
	accept->verb = NT_SALES_ACCEPT;
	accept->offer = offer + 1;
	assert_int_equal(ask(h, accept), NT_ANSWER_CONFLICT);
	accept->offer = offer;
	nt_engine_free(h->engine); /* the queue survives */
	open_engine(h);
	assert_int_equal(ask(h, accept), NT_ANSWER_OK);
	assert_int_equal(lead(h, "ann")->handoff, NT_HANDOFF_ACCEPTED);
	assert_string_equal(lead(h, "ann")->owner, "anna");
	assert_int_equal(ask(h, accept), NT_ANSWER_DUPLICATE);
	assert_int_equal(sales(h, NT_SALES_WON, "ann", NULL), NT_ANSWER_OK);
	assert_string_equal(lead(h, "ann")->stage, "customer");
	assert_int_equal(sales(h, NT_SALES_WON, "ann", NULL), NT_ANSWER_NOT_FOUND);
	house_free(h);
}

static void offers_pass_on_by_the_clock(void **state)
{
	struct house *h = house_new();

	(void)state;
	event(h, "ann", "{\"event\":\"x.y\"}");
	assert_string_equal(nt_sales_peek(nt_engine_sales(h->engine), "ann")->rep, "anna");
	run_to(h, "2026-06-01 10:30");
	assert_string_equal(nt_sales_peek(nt_engine_sales(h->engine), "ann")->rep, "bob");
	house_free(h);
}

static void sent_back_is_routed_again_or_not(void **state)
{
	struct house *h = house_new();

	(void)state;
	event(h, "ann", "{\"event\":\"x.y\"}");
	assert_int_equal(sales(h, NT_SALES_SEND_BACK, "ann", "lazy"), NT_ANSWER_INVALID);
	assert_int_equal(sales(h, NT_SALES_SEND_BACK, "ann", "wrong_team"), NT_ANSWER_OK);
	assert_string_equal(nt_sales_peek(nt_engine_sales(h->engine), "ann")->rep, "bob");
	assert_int_equal(lead(h, "ann")->handoff, NT_HANDOFF_OFFERED);
	assert_int_equal(sales(h, NT_SALES_SEND_BACK, "ann", "bad_fit"), NT_ANSWER_OK);
	assert_null(nt_sales_peek(nt_engine_sales(h->engine), "ann"));
	assert_int_equal(lead(h, "ann")->handoff, NT_HANDOFF_SENT_BACK);
	house_free(h);
}

/* ---- loads ---- */

static void a_load_moves_leads_when_touched_and_in_the_background(void **state)
{
	struct house *h = house_new();
	struct nt_request *load = request(h, NT_REQUEST_LOAD);
	struct nt_program *next = program_of(rules_later);
	struct nt_blob archive;
	nt_time when;

	(void)state;
	fields(h, "ann", "{\"email\":\"ann@example.org\"}");
	fields(h, "bea", "{\"email\":\"bea@example.org\"}");
	fields(h, "cyd", "{\"email\":\"cyd@example.org\"}");
	event(h, "ann", "{\"event\":\"a.b\"}");
	event(h, "bea", "{\"event\":\"a.b\"}");
	g_string_truncate(h->seen, 0);
	h->older = nt_program_ref(h->program);
	load->program = nt_program_ref(next);
	load->archive = (struct nt_blob){ "sources", 7 };
	h->now += 30 * NT_MINUTE;
	assert_int_equal(nt_engine_turn(h->engine, h->now, load, 100, 0), NT_STORE_OK);
	assert_int_equal(load->code, NT_ANSWER_OK);
	assert_null(load->program);
	h->store->ops->program_get(h->store, h->arena, next->hash, &archive, &when);
	assert_int_equal(archive.length, 7);
	assert_true(nt_engine_touching(h->engine));
	assert_ptr_equal(nt_engine_program(h->engine), next);
	nt_program_unref(h->program);
	h->program = nt_program_ref(next);
	nt_engine_free(h->engine); /* the pass survives a restart */
	open_engine(h);
	assert_true(nt_engine_touching(h->engine));
	assert_int_equal(nt_engine_turn(h->engine, h->now, NULL, 100, 2), NT_STORE_OK);
	assert_true(nt_engine_touching(h->engine));
	assert_string_equal(lead(h, "ann")->program_hash, next->hash);
	assert_string_not_equal(lead(h, "cyd")->program_hash, next->hash);
	assert_int_equal(nt_engine_turn(h->engine, h->now, NULL, 100, 2), NT_STORE_OK);
	assert_false(nt_engine_touching(h->engine));
	assert_string_equal(lead(h, "cyd")->program_hash, next->hash);
	run_to(h, "2026-06-01 12:59:59");
	SEEN(h, "");
	run_to(h, "2026-06-01 13:00"); /* three hours from the same anchor */
	SEEN(h, "ann m2; bea m2; ");
	nt_program_unref(next);
	house_free(h);
}

static void timers_before_a_load_run_under_the_old_rules(void **state)
{
	struct house *h = house_new();
	struct nt_request *load = request(h, NT_REQUEST_LOAD);
	struct nt_program *next = program_of(rules_later);

	(void)state;
	fields(h, "ann", "{\"email\":\"ann@example.org\"}");
	event(h, "ann", "{\"event\":\"a.b\"}");
	g_string_truncate(h->seen, 0);
	load->program = nt_program_ref(next);
	h->now += 2 * NT_HOUR; /* m2 was due an hour ago, but no turn came */
	assert_int_equal(nt_engine_turn(h->engine, h->now, load, 0, 0), NT_STORE_OK);
	run_to(h, "2026-06-01 12:00");
	SEEN(h, "ann m2; ");
	assert_int_equal(lead(h, "ann")->n_tags, 1);
	nt_program_unref(next);
	house_free(h);
}

static struct nt_program *named(const char *name, const char *was)
{
	struct nt_program *program;
	GString *text = g_string_new(RULES);
	char *names = g_strdup_printf("campaign: %s\nwas: %s\n", name, was);

	g_string_replace(text, "campaign: first\n", names, 1);
	g_string_replace(text, "wait: 1 hour", "{ id: hour, was: wait-1, wait: 1 hour }", 1);
	program = program_of(text->str);
	g_string_free(text, TRUE);
	g_free(names);
	return program;
}

/* Two loads pass before the lead is touched again. */
static void a_lead_follows_its_campaign_through_every_name(void **state)
{
	struct house *h = house_new();
	struct nt_request *load = request(h, NT_REQUEST_LOAD);
	const char *message;

	(void)state;
	fields(h, "ann", "{\"email\":\"ann@example.org\"}");
	event(h, "ann", "{\"event\":\"a.b\"}");
	message = lead(h, "ann")->pending->message;
	load->program = named("second", "first");
	assert_int_equal(nt_engine_turn(h->engine, h->now, load, 0, 0), NT_STORE_OK);
	h->now += NT_MINUTE;
	load = request(h, NT_REQUEST_LOAD);
	load->program = named("third", "second");
	assert_int_equal(nt_engine_turn(h->engine, h->now, load, 0, 0), NT_STORE_OK);
	h->now += NT_MINUTE;
	fields(h, "ann", "{\"seats\":3}");
	assert_string_equal(lead(h, "ann")->program_hash, nt_engine_program(h->engine)->hash);
	assert_null(nt_lead_campaign(lead(h, "ann"), "first"));
	assert_int_equal(nt_lead_campaign(lead(h, "ann"), "third")->entries, 1);
	assert_int_equal(row(h, message).state, NT_OUTBOX_RELEASED);
	event(h, "ann", "{\"event\":\"c.d\"}"); /* the exit, which calls back what isn't gone */
	assert_int_equal(row(h, message).state, NT_OUTBOX_CANCELLED);
	assert_null(lead(h, "ann")->runs);
	house_free(h);
}

/* As the plan tells it. */
static void a_rename_is_told_as_one(void **state)
{
	struct nt_program *before = program_of(RULES), *after = named("second", "first");
	struct nt_arena *arena = nt_arena_new();
	const struct nt_changes *changes = nt_changes_find(arena, before, after);

	(void)state;
	assert_int_equal(changes->n_campaigns, 1);
	assert_string_equal(changes->campaigns[0].name, "second");
	assert_string_equal(changes->campaigns[0].was, "first");
	assert_int_equal(changes->campaigns[0].n_steps, 1);
	assert_string_equal(changes->campaigns[0].steps[0].identity, "hour");
	assert_string_equal(changes->campaigns[0].steps[0].was, "wait-1");
	assert_int_equal(changes->campaigns[0].n_muddles, 0);
	nt_arena_free(arena);
	nt_program_unref(before);
	nt_program_unref(after);
}

/* ---- a store that fails ---- */

static bool commit_fails;
static int (*real_commit)(struct nt_store *store, uint64_t batch);

static int failing_commit(struct nt_store *store, uint64_t batch)
{
	return commit_fails ? NT_STORE_FULL : real_commit(store, batch);
}

static void what_cannot_be_kept_has_not_happened(void **state)
{
	struct house *h = house_new();
	struct nt_store_ops ops = *h->store->ops;
	struct nt_request *load = request(h, NT_REQUEST_LOAD), *first;
	struct nt_program *next = program_of(rules_later);

	(void)state;
	real_commit = ops.commit;
	ops.commit = failing_commit;
	h->store->ops = &ops;
	fields(h, "ann", "{\"email\":\"ann@example.org\"}");
	commit_fails = true;
	first = input(h, NT_INPUT_EVENT, "ann", "{\"id\":\"1\",\"event\":\"x.y\"}");
	first->next = input(h, NT_INPUT_EVENT, "ann", "{\"event\":\"\"}");
	first->next->next = load;
	load->program = nt_program_ref(next);
	assert_int_equal(turn(h, first), NT_STORE_FULL);
	assert_int_equal(first->code, NT_ANSWER_FAILED);
	assert_int_equal(first->next->code, NT_ANSWER_FAILED);
	assert_int_equal(load->code, NT_ANSWER_FAILED);
	assert_ptr_equal(load->program, next);
	assert_ptr_equal(nt_engine_program(h->engine), h->program);
	assert_null(nt_sales_peek(nt_engine_sales(h->engine), "ann"));
	SEEN(h, "");
	commit_fails = false;
	first->next = NULL;
	assert_int_equal(ask(h, first), NT_ANSWER_OK);
	assert_string_equal(nt_sales_peek(nt_engine_sales(h->engine), "ann")->rep, "anna");
	assert_int_equal(nt_sales_peek(nt_engine_sales(h->engine), "ann")->offer, 1);
	assert_int_equal(lead(h, "ann")->events[nt_program_event(h->program, "x.y")].count, 1);
	nt_program_unref(load->program);
	nt_program_unref(next);
	house_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_event_creates_its_lead),
		cmocka_unit_test(a_repeated_id_does_nothing),
		cmocka_unit_test(what_is_wrong_is_named),
		cmocka_unit_test(values_are_held_against_their_declaration),
		cmocka_unit_test(a_batch_is_answered_one_by_one),
		cmocka_unit_test(a_clock_behind_holds),
		cmocka_unit_test(erasing_leaves_nothing),
		cmocka_unit_test(new_zone_data_moves_what_the_calendar_set),
		cmocka_unit_test(a_ready_lead_is_offered_and_accepted_by_its_link),
		cmocka_unit_test(offers_pass_on_by_the_clock),
		cmocka_unit_test(sent_back_is_routed_again_or_not),
		cmocka_unit_test(a_load_moves_leads_when_touched_and_in_the_background),
		cmocka_unit_test(timers_before_a_load_run_under_the_old_rules),
		cmocka_unit_test(a_lead_follows_its_campaign_through_every_name),
		cmocka_unit_test(a_rename_is_told_as_one),
		cmocka_unit_test(what_cannot_be_kept_has_not_happened),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	zones_free();
	return failed;
}
