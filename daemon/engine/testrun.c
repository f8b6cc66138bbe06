#include "engine/testrun.h"

#include "base/arena.h"
#include "base/json.h"
#include "engine/codec.h"
#include "engine/driver.h"
#include "engine/test_end.h"
#include "engine/test_expect.h"
#include "rules/program.h"
#include "rules/yaml.h"

#include <string.h>

struct sent { /* to find a message when the test says that it was clicked */
	const char *id, *channel, *template_name, *campaign;
};

struct run {
	const struct nt_test *test;
	struct nt_program *original, *program; /* program: with only the campaigns of this test */
	const struct nt_test_options *options;
	struct nt_arena *arena;
	struct nt_driver *driver;
	const struct nt_zone *zone;
	const char *lead;
	nt_time start, first, last; /* first: event, from which +DURATION counts; last: the one before */
	GArray *expected, *happened; /* struct nt_test_item */
	GArray *sent;                /* struct sent */
	bool nothing_else;
	GString *report;
};

/* Reports where and why, and gives false. */
static bool wrong(struct run *run, const struct nt_yaml *node, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
static bool wrong(struct run *run, const struct nt_yaml *node, const char *format, ...)
{
	struct nt_span span = node != NULL ? node->span : run->test->span;
	int line, column;
	va_list ap;

	if (span.source != NULL) {
		nt_span_position(span, &line, &column);
		g_string_append_printf(run->report, "%s:%d:%d: ", span.source->path, line, column);
	}
	va_start(ap, format);
	g_string_append_vprintf(run->report, format, ap);
	va_end(ap);
	g_string_append_c(run->report, '\n');
	return false;
}

/* ---- what happens ---- */

static void add(struct run *run, nt_time at, const char *what, const char *value, bool message)
{
	struct nt_test_item item = { .what = nt_arena_strdup(run->arena, what), .at = at, .message = message };

	item.value = nt_arena_strdup(run->arena, value != NULL ? value : "");
	g_array_append_val(run->happened, item);
}

static void add_message(struct run *run, const struct nt_message *message)
{
	struct sent sent = { nt_arena_strdup(run->arena, message->id),
		             nt_arena_strdup(run->arena, nt_message_channel(message)),
		             nt_arena_strdup(run->arena, message->template_name),
		             nt_arena_strdup(run->arena, message->campaign) };

	add(run, message->released, nt_message_channel(message), message->template_name,
	    strcmp(nt_message_channel(message), "webhook") != 0);
	g_array_append_val(run->sent, sent);
}

static void observe_rep(void *user, const struct nt_message *message)
{
	struct run *run = user;

	if (strcmp(message->lead, run->lead) == 0 || message->lead[0] == '\0')
		add(run, message->released, "tell", message->template_name, false);
}

static void observe(void *user, const char *lead, const struct nt_input *input, const struct nt_effects *effects)
{
	struct run *run = user;

	if (strcmp(lead, run->lead) != 0)
		return;
	if (input->kind == NT_INPUT_HANDOFF && input->handoff.state == NT_HANDOFF_OFFERED)
		add(run, input->now, "offer", input->handoff.rep, false);
	for (const struct nt_effect *e = effects->first; e != NULL; e = e->next) {
		if (e->kind == NT_EFFECT_MESSAGE && e->message->rep != NULL)
			observe_rep(run, e->message);
		else if (e->kind == NT_EFFECT_MESSAGE)
			add_message(run, e->message);
		else if (e->kind == NT_EFFECT_TASK)
			add(run, e->at, "task", e->task->template_name, false);
		else if (e->kind == NT_EFFECT_READY)
			add(run, e->at, "hand_off", e->ready->reason, false);
		else if (e->kind == NT_EFFECT_NOTE && (strcmp(e->what, "tag") == 0 || strcmp(e->what, "stage") == 0))
			add(run, e->at, e->what, e->detail, false);
	}
}

/* ---- times ---- */

/* "2026-03-02 10:00" in the lead's zone, with an offset anywhere, or "+2 days" from the first event. `upto` is the
 * end of what was written: of its day, minute, second or millisecond; of a duration's: a minute, or a second if it
 * names seconds. */
static bool read_time(struct run *run, const struct nt_yaml *node, nt_time *at, nt_time *upto)
{
	struct nt_duration d;
	struct nt_civil civil;
	bool has_offset;
	const char *why = NULL;
	nt_time precision;

	if (node->type == NT_YAML_SCALAR && node->text[0] == '+') {
		if (!nt_duration_parse(node->text + 1, node->length - 1, &d, &why))
			return wrong(run, node, "'%s' is not a duration such as +2 days", node->text);
		*at = nt_time_plus(run->zone, run->first, d);
		*upto = *at + (d.ms % NT_MINUTE == 0 ? NT_MINUTE : NT_SECOND);
		return true;
	}
	if (node->type != NT_YAML_SCALAR || !nt_instant_parse(node->text, node->length, &civil, &has_offset, at, &why))
		return wrong(run, node, "'%s' is not a time such as 2026-12-01 09:00",
		             node->text != NULL ? node->text : "");
	if (!has_offset)
		*at = nt_civil_instant(run->zone, &civil);
	precision = nt_instant_precision(node->text, node->length);
	*upto = precision >= NT_DAY ? nt_time_plus(run->zone, *at, (struct nt_duration){ .days = 1 }) : *at + precision;
	return true;
}

static bool read_time_of(struct run *run, const struct nt_yaml *mapping, const char *key, nt_time *at)
{
	const struct nt_yaml *node = nt_yaml_get(mapping, key);
	nt_time upto;

	return node == NULL || read_time(run, node, at, &upto);
}

/* ---- values ---- */

/* A YAML value as the JSON that the API would have brought. */
static bool put_value(struct run *run, struct nt_json_writer *w, const struct nt_yaml *node, enum nt_type type)
{
	const char *why = NULL;
	struct nt_value value;
	GString *text;

	if (node->type == NT_YAML_SEQUENCE) {
		nt_json_array(w, node->key->text);
		for (const struct nt_yaml *item = node->first; item != NULL; item = item->next)
			nt_json_put_text(w, NULL, item->text);
		nt_json_end_array(w);
		return true;
	}
	if (node->type != NT_YAML_SCALAR)
		return wrong(run, node, "'%s' must be a plain value", node->key->text);
	if (node->length == 0 && !node->quoted) {
		nt_json_put_null(w, node->key->text);
		return true;
	}
	if (type == NT_TYPE_NONE || nt_type_is_text(type)) {
		nt_json_put_text(w, node->key->text, node->text);
		return true;
	}
	if (!nt_value_from_text(run->arena, node->text, type, run->zone, &value, &why))
		return wrong(run, node, "%s: %s", node->key->text, why != NULL ? why : "doesn't fit");
	text = g_string_new(NULL);
	nt_value_to_json(&value, text);
	nt_json_put_raw(w, node->key->text, text->str);
	g_string_free(text, TRUE);
	return true;
}

static bool is_yes(const struct nt_yaml *node)
{
	return node->type == NT_YAML_SCALAR && (strcmp(node->text, "true") == 0 || strcmp(node->text, "yes") == 0);
}

static void put_consent(struct nt_json_writer *w, const struct nt_yaml *node)
{
	nt_json_object(w, "consent");
	for (const struct nt_yaml *item = node->first; item != NULL; item = item->next)
		nt_json_put_bool(w, item->key->text, is_yes(item));
	nt_json_end_object(w);
}

static bool put_fields(struct run *run, struct nt_json_writer *w, const struct nt_yaml *mapping)
{
	for (const struct nt_yaml *item = mapping != NULL ? mapping->first : NULL; item != NULL; item = item->next) {
		int field = nt_program_field(run->program, item->key->text);
		enum nt_type type = field >= 0 ? run->program->fields[field].type : NT_TYPE_NONE;

		if (strcmp(item->key->text, "consent") == 0 && item->type == NT_YAML_MAPPING)
			put_consent(w, item);
		else if (!put_value(run, w, item, type))
			return false;
	}
	return true;
}

static bool put_properties(struct run *run, struct nt_json_writer *w, const struct nt_yaml *with, int event)
{
	nt_json_object(w, "properties");
	for (const struct nt_yaml *item = with->first; item != NULL; item = item->next) {
		const struct nt_event_type *type = event >= 0 ? &run->program->events[event] : NULL;
		int property = type != NULL ? nt_program_property(type, item->key->text) : -1;

		if (item->type == NT_YAML_MAPPING)
			continue; /* consent: written beside */
		if (!put_value(run, w, item, property >= 0 ? type->properties[property].type : NT_TYPE_NONE))
			return false;
	}
	nt_json_end_object(w);
	return true;
}

/* ---- requests ---- */

static struct nt_request *request_new(struct run *run, enum nt_request_kind kind)
{
	struct nt_request *request = nt_arena_new0(run->arena, struct nt_request);

	request->arena = run->arena;
	request->kind = kind;
	request->lead = run->lead;
	request->source = "test";
	return request;
}

static bool post(struct run *run, const struct nt_yaml *node, nt_time at, struct nt_request *request)
{
	nt_driver_post(run->driver, at, request);
	if (request->code == NT_ANSWER_OK)
		return true;
	return wrong(run, node, "this can't happen here: %s",
	             request->message_text != NULL ? request->message_text : "it did nothing");
}

static const struct nt_json *parsed(struct run *run, GString *text)
{
	struct nt_json_error error;
	const struct nt_json *json = nt_json_parse(run->arena, text->str, text->len, &error);

	g_string_free(text, TRUE);
	return json;
}

static bool post_fields(struct run *run, const struct nt_yaml *node, nt_time at)
{
	struct nt_request *request = request_new(run, NT_REQUEST_INPUT);
	GString *text = g_string_new(NULL);
	struct nt_json_writer w;

	request->input_kind = NT_INPUT_FIELDS;
	nt_json_begin(&w, text);
	nt_json_object(&w, NULL);
	if (!put_fields(run, &w, node)) {
		g_string_free(text, TRUE);
		return false;
	}
	nt_json_end_object(&w);
	request->json = parsed(run, text);
	return post(run, node, at, request);
}

/* Neither asked for, or the one that is. */
static bool is_wanted(const struct nt_yaml *wanted, const char *name)
{
	return wanted == NULL || g_strcmp0(wanted->text, name) == 0;
}

/* "email.clicked": of the latest message on that channel, of the template and the campaign that `with` names if it
 * does; its detail is what the lead wrote, or the server said. */
static bool post_outcome(struct run *run, const struct nt_yaml *item, nt_time at, const char *channel,
                         enum nt_outcome outcome)
{
	const struct nt_yaml *with = nt_yaml_get(item, "with");
	const struct nt_yaml *wanted = with != NULL ? nt_yaml_get(with, "template") : NULL;
	const struct nt_yaml *campaign = with != NULL ? nt_yaml_get(with, "campaign") : NULL;
	const struct nt_yaml *said = with != NULL ? nt_yaml_get(with, "detail") : NULL;
	struct nt_request *request = request_new(run, NT_REQUEST_OUTCOME);

	if (nt_yaml_get(item, "happened") != NULL || nt_yaml_get(item, "consent") != NULL)
		return wrong(run, item, "what becomes of our own messages happens as it is known, and gives no "
		                        "consent");
	nt_driver_run(run->driver, at, false);
	for (unsigned i = run->sent->len; i-- > 0 && request->message == NULL;) {
		const struct sent *sent = &g_array_index(run->sent, struct sent, i);

		if (strcmp(sent->channel, channel) == 0 && is_wanted(wanted, sent->template_name) &&
		    is_wanted(campaign, sent->campaign))
			request->message = sent->id;
	}
	if (request->message == NULL)
		return wrong(run, item, "no %s%s%s has gone out by then", channel, wanted != NULL ? " " : "",
		             wanted != NULL ? wanted->text : "");
	request->is_later = true;
	request->later = outcome;
	request->detail = said != NULL ? said->text : NULL;
	return post(run, item, at, request);
}

static bool post_event(struct run *run, const struct nt_yaml *item, const char *name, nt_time at)
{
	const struct nt_yaml *with = nt_yaml_get(item, "with"), *consent = nt_yaml_get(item, "consent");
	struct nt_request *request = request_new(run, NT_REQUEST_INPUT);
	GString *text = g_string_new(NULL), *when = g_string_new(NULL);
	nt_time happened = at;
	struct nt_json_writer w;
	bool ok;

	request->input_kind = NT_INPUT_EVENT;
	nt_json_begin(&w, text);
	nt_json_object(&w, NULL);
	nt_json_put_text(&w, "event", name);
	ok = read_time_of(run, item, "happened", &happened);
	nt_time_print_utc(happened, when);
	nt_json_put_text(&w, "at", when->str);
	g_string_free(when, TRUE);
	if (consent == NULL && with != NULL)
		consent = nt_yaml_get(with, "consent");
	if (consent != NULL && consent->type == NT_YAML_MAPPING)
		put_consent(&w, consent);
	if (with != NULL)
		ok = ok && put_properties(run, &w, with, nt_program_event(run->program, name));
	if (!ok) {
		g_string_free(text, TRUE);
		return false;
	}
	nt_json_end_object(&w);
	request->json = parsed(run, text);
	return post(run, item, at, request);
}

static bool post_sales(struct run *run, const struct nt_yaml *item, nt_time at, enum nt_sales_verb verb,
                       const char *word)
{
	struct nt_request *request = request_new(run, NT_REQUEST_SALES);

	request->verb = verb;
	if (verb == NT_SALES_ACCEPT)
		request->rep = word;
	if (verb == NT_SALES_SEND_BACK)
		request->reason = word;
	return post(run, item, at, request);
}

static bool post_task(struct run *run, const struct nt_yaml *item, nt_time at, const char *template_name)
{
	struct nt_request *request = request_new(run, NT_REQUEST_TASK);
	const struct nt_task *task;

	nt_driver_run(run->driver, at, false);
	task = nt_tasks_latest(nt_engine_tasks(nt_driver_engine(run->driver)), run->lead, template_name);
	if (task == NULL)
		return wrong(run, item, "there is no open task %s by then", template_name);
	request->task = nt_arena_strdup(run->arena, task->id);
	request->rep = nt_arena_strdup(run->arena, task->rep);
	return post(run, item, at, request);
}

/* The program in which only the test's campaigns run. By name, for rules that a test loads have slots of their own. */
static struct nt_program *restricted(const struct run *run, struct nt_program *program)
{
	const struct nt_test *test = run->test;
	int *kept = g_new(int, test->n_with_campaigns + 1);
	struct nt_program *only;
	unsigned n = 0;

	if (test->campaign < 0) {
		g_free(kept);
		return nt_program_ref(program);
	}
	for (unsigned i = 0; i <= test->n_with_campaigns; i++) {
		int slot = i == 0 ? test->campaign : test->with_campaigns[i - 1];

		slot = nt_program_campaign_kept(program, run->original->campaigns[slot].name);
		if (slot >= 0)
			kept[n++] = slot;
	}
	only = nt_program_only(program, kept, n);
	g_free(kept);
	return only;
}

static bool post_load(struct run *run, const struct nt_yaml *item, const struct nt_yaml *folder, nt_time at)
{
	struct nt_request *request = request_new(run, NT_REQUEST_LOAD);
	GString *why = g_string_new(NULL);
	const char *file = run->test->span.source != NULL ? run->test->span.source->path : "";
	struct nt_program *loaded = run->options->load != NULL ?
	                                    run->options->load(run->options->user, file, folder->text, why) :
	                                    NULL;

	if (loaded == NULL) {
		wrong(run, folder, "%s can't be loaded%s%s", folder->text, why->len > 0 ? ":\n" : "", why->str);
		g_string_free(why, TRUE);
		return false;
	}
	g_string_free(why, TRUE);
	nt_program_unref(run->program);
	run->program = restricted(run, loaded);
	nt_program_unref(loaded);
	request->program = nt_program_ref(run->program);
	return post(run, item, at, request);
}

/* Into run->last. The first event's has been read: where it is a duration, it counts from the start. */
static bool read_when(struct run *run, const struct nt_yaml *item, bool first)
{
	const struct nt_yaml *node = nt_yaml_get(item, "at");
	nt_time at = run->last;

	if (first && at < run->start)
		return wrong(run, node, "the test starts after this: begin with a 'start' that is as early");
	if (!first && !read_time_of(run, item, "at", &at))
		return false;
	if (at < run->last)
		return wrong(run, node, "events stand in the order of time: this one would come before the one above");
	run->last = at;
	return true;
}

static bool happen(struct run *run, const struct nt_yaml *item, bool first)
{
	static const struct {
		const char *key;
		enum nt_sales_verb verb;
	} sales[] = { { "accept", NT_SALES_ACCEPT },
		      { "send_back", NT_SALES_SEND_BACK },
		      { "won", NT_SALES_WON },
		      { "lost", NT_SALES_LOST } };
	const struct nt_yaml *node;
	const char *channel;
	enum nt_outcome outcome;
	nt_time at;

	if (!read_when(run, item, first))
		return false;
	at = run->last;
	for (size_t i = 0; i < G_N_ELEMENTS(sales); i++)
		if ((node = nt_yaml_get(item, sales[i].key)) != NULL ||
		    (item->type == NT_YAML_SCALAR && strcmp(item->text, sales[i].key) == 0))
			return post_sales(run, item, at, sales[i].verb, node != NULL ? node->text : NULL);
	if ((node = nt_yaml_get(item, "set")) != NULL)
		return post_fields(run, node, at);
	if ((node = nt_yaml_get(item, "done")) != NULL)
		return post_task(run, item, at, node->text);
	if ((node = nt_yaml_get(item, "load")) != NULL)
		return post_load(run, item, node, at);
	if ((node = nt_yaml_get(item, "start")) != NULL) {
		struct nt_request *request = request_new(run, NT_REQUEST_INPUT);

		request->input_kind = NT_INPUT_START;
		request->campaign = node->text;
		return post(run, item, at, request);
	}
	if ((node = nt_yaml_get(item, "on")) == NULL)
		return wrong(run, item, "nothing happens here");
	if (nt_driver_outcome(run->program, node->text, &channel, &outcome))
		return post_outcome(run, item, at, channel, outcome);
	return post_event(run, item, node->text, at);
}

/* ---- expectations ---- */

static bool read_expectation(struct run *run, const struct nt_yaml *item)
{
	struct nt_test_item expected = { .at = NT_NO_TIME, .upto = NT_NEVER };
	int column;

	if (item->type == NT_YAML_SCALAR) {
		run->nothing_else |= strcmp(item->text, "nothing_else") == 0;
		return true;
	}
	for (const struct nt_yaml *pair = item->first; pair != NULL; pair = pair->next) {
		if (strcmp(pair->key->text, "at_end") == 0)
			return true; /* asked at the end */
		if (strcmp(pair->key->text, "at") == 0) {
			if (!read_time(run, pair, &expected.at, &expected.upto))
				return false;
			continue;
		}
		if (pair->type != NT_YAML_SCALAR)
			return wrong(run, pair, "'%s' must be a plain value", pair->key->text);
		expected.what = pair->key->text;
		expected.value = pair->text;
	}
	if (expected.what == NULL)
		return wrong(run, item, "nothing is expected here");
	nt_span_position(item->span, &expected.line, &column);
	g_array_append_val(run->expected, expected);
	return true;
}

/* ---- the end ---- */

static void differs(void *user, const struct nt_yaml *pair, const char *is)
{
	struct run *run = user;

	wrong(run, pair, "at the end %s is %s, not %s", pair->key->text, is, nt_test_written(run->arena, pair));
}

static bool check_at_end(struct run *run, const struct nt_yaml *at_end, nt_time until)
{
	const struct nt_lead *lead = nt_driver_lead(run->driver, run->arena, run->lead);
	const struct nt_test_end end = { lead, run->arena, run->zone, until, differs, run };

	return lead != NULL && nt_test_end_is(&end, at_end);
}

static bool check_ends(struct run *run, nt_time until)
{
	const struct nt_yaml *expect = nt_yaml_get(run->test->node, "expect");
	bool ok = true;

	for (const struct nt_yaml *item = expect != NULL ? expect->first : NULL; item != NULL; item = item->next)
		if (item->type == NT_YAML_MAPPING && nt_yaml_get(item, "at_end") != NULL)
			ok &= check_at_end(run, nt_yaml_get(item, "at_end"), until);
	return ok;
}

/* ---- a test ---- */

/* Pinned splits are part of the state before the lead is created. */
static void pin_arms(struct run *run, const struct nt_yaml *arms)
{
	struct nt_store *store = nt_driver_store(run->driver);
	struct nt_lead *lead;
	GString *bytes;

	if (arms == NULL)
		return;
	lead = nt_lead_new(run->arena, run->program, run->lead);
	for (const struct nt_yaml *pin = arms->first; pin != NULL; pin = pin->next)
		for (unsigned i = 0; i < run->program->n_campaigns; i++) {
			const struct nt_campaign *campaign = &run->program->campaigns[i];
			struct nt_arm_state *arm;

			if (nt_campaign_step(campaign, pin->key->text) < 0)
				continue;
			arm = nt_arena_new0(run->arena, struct nt_arm_state);
			arm->campaign = campaign->name;
			arm->step = pin->key->text;
			arm->arm = (int)g_ascii_strtoll(pin->text, NULL, 10) - 1;
			arm->next = lead->arms;
			lead->arms = arm;
		}
	bytes = g_string_new(NULL);
	nt_lead_encode(lead, bytes);
	store->ops->begin(store);
	store->ops->save(store, run->lead, bytes->str, bytes->len, NT_NEVER, NT_NEVER);
	store->ops->commit(store, 0);
	g_string_free(bytes, TRUE);
}

static bool find_zone(struct run *run, const struct nt_yaml *lead)
{
	const struct nt_yaml *named = lead != NULL ? nt_yaml_get(lead, "time_zone") : NULL;
	const char *name = named != NULL ? named->text : run->program->policy.time_zone;

	run->zone = run->program->zones->find(run->program->zones, name);
	return run->zone != NULL || wrong(run, named, "there is no time zone '%s'", name);
}

/* The first event's instant, from which durations count, and the start, which is the same unless the test says
 * otherwise. */
static bool find_start(struct run *run, const struct nt_yaml *events)
{
	const struct nt_yaml *node = run->test->node, *first = events != NULL ? events->first : NULL;

	run->start = NT_NO_TIME;
	if (!read_time_of(run, node, "start", &run->start))
		return false;
	run->first = run->start;
	if (first != NULL && !read_time_of(run, first, "at", &run->first))
		return false;
	if (run->first == NT_NO_TIME)
		return wrong(run, NULL, "a test needs a 'start', or an 'at' in its first event");
	if (run->start == NT_NO_TIME)
		run->start = run->first;
	run->last = run->first;
	return true;
}

static bool play(struct run *run)
{
	const struct nt_yaml *node = run->test->node, *lead = nt_yaml_get(node, "lead"),
			     *events = nt_yaml_get(node, "events"), *expect = nt_yaml_get(node, "expect"),
			     *id = lead != NULL ? nt_yaml_get(lead, "id") : NULL;
	const struct nt_engine_options options = { .observe = observe, .observe_rep = observe_rep, .user = run,
		                                   .trace = run->options->trace };
	const char *why = NULL;
	nt_time until;

	run->lead = id != NULL ? id->text : "lead";
	if (!find_zone(run, lead) || !find_start(run, events))
		return false;
	for (const struct nt_yaml *item = expect != NULL ? expect->first : NULL; item != NULL; item = item->next)
		if (!read_expectation(run, item))
			return false;
	run->driver = nt_driver_new(run->program, run->start, &options, &why);
	if (run->driver == NULL)
		return wrong(run, NULL, "%s", why);
	pin_arms(run, nt_yaml_get(node, "arms"));
	if (!post_fields(run, lead, run->start))
		return false;
	for (const struct nt_yaml *item = events != NULL ? events->first : NULL; item != NULL; item = item->next)
		if (!happen(run, item, item == events->first))
			return false;
	until = nt_time_plus(run->zone, run->last, (struct nt_duration){ .days = 90 });
	if (!read_time_of(run, node, "until", &until))
		return false;
	if (until < run->last)
		return wrong(run, nt_yaml_get(node, "until"), "the test would end before its last event");
	nt_driver_run(run->driver, until, true);
	if (!nt_test_match(run->expected, run->happened, run->nothing_else)) {
		wrong(run, NULL, "not what was expected:");
		nt_test_compare(run->expected, run->happened, run->nothing_else, run->zone,
		                run->options->width, run->report);
		check_ends(run, until);
		return false;
	}
	return check_ends(run, until);
}

struct nt_test_result nt_test_run(struct nt_program *program, unsigned i, const struct nt_test_options *options)
{
	struct run run = { .test = &program->tests[i], .original = program, .options = options };
	struct nt_test_result result = { .name = program->tests[i].name };

	run.arena = nt_arena_new();
	run.expected = g_array_new(FALSE, FALSE, sizeof(struct nt_test_item));
	run.happened = g_array_new(FALSE, FALSE, sizeof(struct nt_test_item));
	run.sent = g_array_new(FALSE, FALSE, sizeof(struct sent));
	run.report = g_string_new(NULL);
	run.program = restricted(&run, program);
	result.passed = play(&run);
	result.report = run.report;
	nt_driver_free(run.driver);
	nt_program_unref(run.program);
	g_array_unref(run.expected);
	g_array_unref(run.happened);
	g_array_unref(run.sent);
	nt_arena_free(run.arena);
	return result;
}

void nt_test_result_clear(struct nt_test_result *result)
{
	if (result->report != NULL)
		g_string_free(result->report, TRUE);
	result->report = NULL;
}
