#include "engine/testrun_private.h"

#include "base/arena.h"
#include "base/json.h"
#include "engine/driver.h"
#include "rules/program.h"
#include "rules/yaml.h"

#include <string.h>

/* ---- values ---- */

/* A YAML value as the JSON that the API would have brought. */
static bool put_value(struct nt_testrun *run, struct nt_json_writer *w, const struct nt_yaml *node, enum nt_type type)
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
		return nt_testrun_wrong(run, node, "'%s' must be a plain value", node->key->text);
	if (node->length == 0 && !node->quoted) {
		nt_json_put_null(w, node->key->text);
		return true;
	}
	if (type == NT_TYPE_NONE || nt_type_is_text(type)) {
		nt_json_put_text(w, node->key->text, node->text);
		return true;
	}
	if (!nt_value_from_text(run->arena, node->text, type, run->zone, &value, &why))
		return nt_testrun_wrong(run, node, "%s: %s", node->key->text, why != NULL ? why : "doesn't fit");
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

static bool put_fields(struct nt_testrun *run, struct nt_json_writer *w, const struct nt_yaml *mapping)
{
	for (const struct nt_yaml *item = mapping != NULL ? mapping->first : NULL; item != NULL; item = item->next) {
		int field = nt_program_field(run->program, item->key->text);
		enum nt_type type = field >= 0 ? run->program->fields[field].type : NT_TYPE_NONE;

		if (strcmp(item->key->text, "consent") == 0 && item->type == NT_YAML_MAPPING)
			put_consent(w, item);
		else if (strcmp(item->key->text, "owner") != 0 && !put_value(run, w, item, type))
			return false;
	}
	return true;
}

static bool put_properties(struct nt_testrun *run, struct nt_json_writer *w, const struct nt_yaml *with, int event)
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

static struct nt_request *request_new(struct nt_testrun *run, enum nt_request_kind kind)
{
	struct nt_request *request = nt_arena_new0(run->arena, struct nt_request);

	request->arena = run->arena;
	request->kind = kind;
	request->lead = run->lead;
	request->source = "test";
	return request;
}

static bool post(struct nt_testrun *run, const struct nt_yaml *node, nt_time at, struct nt_request *request)
{
	nt_driver_post(run->driver, at, request);
	if (request->code == NT_ANSWER_OK)
		return true;
	return nt_testrun_wrong(run, node, "this can't happen here: %s",
	                        request->message_text != NULL ? request->message_text : "it did nothing");
}

static const struct nt_json *parsed(struct nt_testrun *run, GString *text)
{
	struct nt_json_error error;
	const struct nt_json *json = nt_json_parse(run->arena, text->str, text->len, &error);

	g_string_free(text, TRUE);
	return json;
}

bool nt_testrun_fields(struct nt_testrun *run, const struct nt_yaml *node, nt_time at)
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
static bool post_outcome(struct nt_testrun *run, const struct nt_yaml *item, nt_time at, const char *channel,
                         enum nt_outcome outcome)
{
	const struct nt_yaml *with = nt_yaml_get(item, "with");
	const struct nt_yaml *wanted = with != NULL ? nt_yaml_get(with, "template") : NULL;
	const struct nt_yaml *campaign = with != NULL ? nt_yaml_get(with, "campaign") : NULL;
	const struct nt_yaml *said = with != NULL ? nt_yaml_get(with, "detail") : NULL;
	struct nt_request *request = request_new(run, NT_REQUEST_OUTCOME);

	if (nt_yaml_get(item, "happened") != NULL || nt_yaml_get(item, "consent") != NULL)
		return nt_testrun_wrong(run, item, "what becomes of our own messages happens as it is known, and gives "
		                                   "no consent");
	nt_driver_run(run->driver, at, false);
	for (unsigned i = run->sent->len; i-- > 0 && request->message == NULL;) {
		const struct nt_test_sent *sent = &g_array_index(run->sent, struct nt_test_sent, i);

		if (strcmp(sent->channel, channel) == 0 && is_wanted(wanted, sent->template_name) &&
		    is_wanted(campaign, sent->campaign))
			request->message = sent->id;
	}
	if (request->message == NULL)
		return nt_testrun_wrong(run, item, "no %s%s%s has gone out by then", channel, wanted != NULL ? " " : "",
		                        wanted != NULL ? wanted->text : "");
	request->is_later = true;
	request->later = outcome;
	request->detail = said != NULL ? said->text : NULL;
	return post(run, item, at, request);
}

static bool post_event(struct nt_testrun *run, const struct nt_yaml *item, const char *name, nt_time at)
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
	ok = nt_testrun_time(run, item, "happened", &happened);
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

static bool post_sales(struct nt_testrun *run, const struct nt_yaml *item, nt_time at, enum nt_sales_verb verb,
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

static bool post_task(struct nt_testrun *run, const struct nt_yaml *item, nt_time at, const char *template_name)
{
	struct nt_request *request = request_new(run, NT_REQUEST_TASK);
	const struct nt_task *task;

	nt_driver_run(run->driver, at, false);
	task = nt_tasks_latest(nt_engine_tasks(nt_driver_engine(run->driver)), run->lead, template_name);
	if (task == NULL)
		return nt_testrun_wrong(run, item, "there is no open task %s by then", template_name);
	request->task = nt_arena_strdup(run->arena, task->id);
	request->rep = nt_arena_strdup(run->arena, task->rep);
	return post(run, item, at, request);
}

static bool post_load(struct nt_testrun *run, const struct nt_yaml *item, const struct nt_yaml *folder, nt_time at)
{
	struct nt_request *request = request_new(run, NT_REQUEST_LOAD);
	GString *why = g_string_new(NULL);
	const char *file = run->test->span.source != NULL ? run->test->span.source->path : "";
	struct nt_program *loaded = run->options->load != NULL ?
	                                    run->options->load(run->options->user, file, folder->text, why) :
	                                    NULL;

	if (loaded == NULL) {
		nt_testrun_wrong(run, folder, "%s can't be loaded%s%s", folder->text, why->len > 0 ? ":\n" : "",
		                 why->str);
		g_string_free(why, TRUE);
		return false;
	}
	g_string_free(why, TRUE);
	nt_program_unref(run->program);
	run->program = nt_testrun_restricted(run, loaded);
	nt_program_unref(loaded);
	request->program = nt_program_ref(run->program);
	return post(run, item, at, request);
}

/* Into run->last. The first event's has been read: where it is a duration, it counts from the start. */
static bool read_when(struct nt_testrun *run, const struct nt_yaml *item, bool first)
{
	const struct nt_yaml *node = nt_yaml_get(item, "at");
	nt_time at = run->last;

	if (first && at < run->start)
		return nt_testrun_wrong(run, node, "the test starts after this: begin with a 'start' that is as early");
	if (!first && !nt_testrun_time(run, item, "at", &at))
		return false;
	if (at < run->last)
		return nt_testrun_wrong(run, node, "events stand in the order of time: this one would come before the "
		                                   "one above");
	run->last = at;
	return true;
}

bool nt_testrun_happen(struct nt_testrun *run, const struct nt_yaml *item, bool first)
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
		return nt_testrun_fields(run, node, at);
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
		return nt_testrun_wrong(run, item, "nothing happens here");
	if (nt_driver_outcome(run->program, node->text, &channel, &outcome))
		return post_outcome(run, item, at, channel, outcome);
	return post_event(run, item, node->text, at);
}
