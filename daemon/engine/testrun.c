#include "engine/testrun_private.h"

#include "base/arena.h"
#include "engine/codec.h"
#include "engine/driver.h"
#include "engine/test_end.h"
#include "engine/test_expect.h"
#include "rules/program.h"
#include "rules/yaml.h"

#include <string.h>

bool nt_testrun_wrong(struct nt_testrun *run, const struct nt_yaml *node, const char *format, ...)
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

static void add(struct nt_testrun *run, nt_time at, const char *what, const char *value, bool message)
{
	struct nt_test_item item = { .what = nt_arena_strdup(run->arena, what), .at = at, .message = message };

	item.value = nt_arena_strdup(run->arena, value != NULL ? value : "");
	g_array_append_val(run->happened, item);
}

static void add_message(struct nt_testrun *run, const struct nt_message *message)
{
	struct nt_test_sent sent = { nt_arena_strdup(run->arena, message->id),
		             nt_arena_strdup(run->arena, nt_message_channel(message)),
		             nt_arena_strdup(run->arena, message->template_name),
		             nt_arena_strdup(run->arena, message->campaign) };

	add(run, message->released, nt_message_channel(message), message->template_name,
	    strcmp(nt_message_channel(message), "webhook") != 0);
	g_array_append_val(run->sent, sent);
}

static void observe_rep(void *user, const struct nt_message *message)
{
	struct nt_testrun *run = user;

	if (strcmp(message->lead, run->lead) == 0 || message->lead[0] == '\0')
		add(run, message->released, "tell", message->template_name, false);
}

/* Shown beside what happened: most failures are explained by what didn't go out, and why. */
static void add_skipped(struct nt_testrun *run, const struct nt_effect *note)
{
	/* what tells our own people has no channel yet */
	const char *channel = note->channel != NULL ? note->channel : "tell",
		   *name = note->template_name != NULL ? note->template_name : note->campaign;

	add(run, note->at, strcmp(note->what, "message.given_up") == 0 ? "given up" : "skipped",
	    nt_arena_printf(run->arena, "%s %s (%s)", channel, name != NULL ? name : "", note->detail), false);
}

static void observe(void *user, const char *lead, const struct nt_input *input, const struct nt_effects *effects)
{
	struct nt_testrun *run = user;

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
		else if (e->kind == NT_EFFECT_NOTE && (strcmp(e->what, "message.skipped") == 0 ||
		                                       strcmp(e->what, "message.given_up") == 0))
			add_skipped(run, e);
	}
}

/* ---- times ---- */

/* "2026-03-02 10:00" in the lead's zone, with an offset anywhere, or "+2 days" from the first event. `upto` is the
 * end of what was written: of its day, minute, second or millisecond; of a duration's: a minute, or a second if it
 * names seconds. */
static bool read_time(struct nt_testrun *run, const struct nt_yaml *node, nt_time *at, nt_time *upto)
{
	struct nt_duration d;
	struct nt_civil civil;
	bool has_offset;
	const char *why = NULL;
	nt_time precision;

	if (node->type == NT_YAML_SCALAR && node->text[0] == '+') {
		if (!nt_duration_parse(node->text + 1, node->length - 1, &d, &why))
			return nt_testrun_wrong(run, node, "'%s' is not a duration such as +2 days", node->text);
		*at = nt_time_plus(run->zone, run->first, d);
		*upto = *at + (d.ms % NT_MINUTE == 0 ? NT_MINUTE : NT_SECOND);
		return true;
	}
	if (node->type != NT_YAML_SCALAR || !nt_instant_parse(node->text, node->length, &civil, &has_offset, at, &why))
		return nt_testrun_wrong(run, node, "'%s' is not a time such as 2026-12-01 09:00",
		                        node->text != NULL ? node->text : "");
	if (!has_offset)
		*at = nt_civil_instant(run->zone, &civil);
	precision = nt_instant_precision(node->text, node->length);
	*upto = precision >= NT_DAY ? nt_time_plus(run->zone, *at, (struct nt_duration){ .days = 1 }) : *at + precision;
	return true;
}

bool nt_testrun_time(struct nt_testrun *run, const struct nt_yaml *mapping, const char *key, nt_time *at)
{
	const struct nt_yaml *node = nt_yaml_get(mapping, key);
	nt_time upto;

	return node == NULL || read_time(run, node, at, &upto);
}

/* ---- expectations ---- */

static bool read_expectation(struct nt_testrun *run, const struct nt_yaml *item)
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
			return nt_testrun_wrong(run, pair, "'%s' must be a plain value", pair->key->text);
		expected.what = pair->key->text;
		expected.value = pair->text;
	}
	if (expected.what == NULL)
		return nt_testrun_wrong(run, item, "nothing is expected here");
	nt_span_position(item->span, &expected.line, &column);
	g_array_append_val(run->expected, expected);
	return true;
}

/* ---- the end ---- */

static void differs(void *user, const struct nt_yaml *pair, const char *is)
{
	struct nt_testrun *run = user;

	nt_testrun_wrong(run, pair, "at the end %s is %s, not %s", pair->key->text, is,
	                 nt_test_written(run->arena, pair));
}

static bool check_at_end(struct nt_testrun *run, const struct nt_yaml *at_end, nt_time until)
{
	const struct nt_lead *lead = nt_driver_lead(run->driver, run->arena, run->lead);
	const struct nt_test_end end = { lead, run->arena, run->zone, until, differs, run };

	return lead != NULL && nt_test_end_is(&end, at_end);
}

static bool check_ends(struct nt_testrun *run, nt_time until)
{
	const struct nt_yaml *expect = nt_yaml_get(run->test->node, "expect");
	bool ok = true;

	for (const struct nt_yaml *item = expect != NULL ? expect->first : NULL; item != NULL; item = item->next)
		if (item->type == NT_YAML_MAPPING && nt_yaml_get(item, "at_end") != NULL)
			ok &= check_at_end(run, nt_yaml_get(item, "at_end"), until);
	return ok;
}

/* ---- a test ---- */

struct nt_program *nt_testrun_restricted(const struct nt_testrun *run, struct nt_program *program)
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

static bool is_before(const char *text, const char *end, const char *name)
{
	return strlen(name) == (size_t)(end - text) && strncmp(text, name, (size_t)(end - text)) == 0;
}

/* Pinned splits, and who owns the lead, are part of the state before it is created. */
static void begin_state(struct nt_testrun *run, const struct nt_yaml *arms, const struct nt_yaml *owner)
{
	struct nt_store *store = nt_driver_store(run->driver);
	struct nt_lead *lead;
	GString *bytes;

	if (arms == NULL && owner == NULL)
		return;
	lead = nt_lead_new(run->arena, run->program, run->lead);
	lead->owner = owner != NULL ? owner->text : NULL;
	for (const struct nt_yaml *pin = arms != NULL ? arms->first : NULL; pin != NULL; pin = pin->next)
		for (unsigned i = 0; i < run->program->n_campaigns; i++) {
			const struct nt_campaign *campaign = &run->program->campaigns[i];
			const char *slash = strchr(pin->key->text, '/');
			const char *step = slash != NULL ? slash + 1 : pin->key->text;
			struct nt_arm_state *arm;

			if (nt_campaign_step(campaign, step) < 0 || (slash != NULL && !is_before(pin->key->text, slash,
			                                                                         campaign->name)))
				continue;
			arm = nt_arena_new0(run->arena, struct nt_arm_state);
			arm->campaign = campaign->name;
			arm->step = step;
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

static bool find_zone(struct nt_testrun *run, const struct nt_yaml *lead)
{
	const struct nt_yaml *named = lead != NULL ? nt_yaml_get(lead, "time_zone") : NULL;
	const char *name = named != NULL ? named->text : run->program->policy.time_zone;

	run->zone = run->program->zones->find(run->program->zones, name);
	return run->zone != NULL || nt_testrun_wrong(run, named, "there is no time zone '%s'", name);
}

/* The first event's instant, from which durations count, and the start, which is the same unless the test says
 * otherwise. */
static bool find_start(struct nt_testrun *run, const struct nt_yaml *events)
{
	const struct nt_yaml *node = run->test->node, *first = events != NULL ? events->first : NULL;

	run->start = NT_NO_TIME;
	if (!nt_testrun_time(run, node, "start", &run->start))
		return false;
	run->first = run->start;
	if (first != NULL && !nt_testrun_time(run, first, "at", &run->first))
		return false;
	if (run->first == NT_NO_TIME)
		return nt_testrun_wrong(run, NULL, "a test needs a 'start', or an 'at' in its first event");
	if (run->start == NT_NO_TIME)
		run->start = run->first;
	run->last = run->first;
	return true;
}

static bool play(struct nt_testrun *run)
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
		return nt_testrun_wrong(run, NULL, "%s", why);
	begin_state(run, nt_yaml_get(node, "arms"), lead != NULL ? nt_yaml_get(lead, "owner") : NULL);
	if (!nt_testrun_fields(run, lead, run->start))
		return false;
	for (const struct nt_yaml *item = events != NULL ? events->first : NULL; item != NULL; item = item->next)
		if (!nt_testrun_happen(run, item, item == events->first))
			return false;
	until = nt_time_plus(run->zone, run->last, (struct nt_duration){ .days = 90 });
	if (!nt_testrun_time(run, node, "until", &until))
		return false;
	if (until < run->last)
		return nt_testrun_wrong(run, nt_yaml_get(node, "until"), "the test would end before its last event");
	nt_driver_run(run->driver, until, true);
	if (!nt_test_match(run->expected, run->happened, run->nothing_else)) {
		nt_testrun_wrong(run, NULL, "not what was expected:");
		nt_test_compare(run->expected, run->happened, run->nothing_else, run->zone,
		                run->options->width, run->report);
		check_ends(run, until);
		return false;
	}
	return check_ends(run, until);
}

struct nt_test_result nt_test_run(struct nt_program *program, unsigned i, const struct nt_test_options *options)
{
	struct nt_testrun run = { .test = &program->tests[i], .original = program, .options = options };
	struct nt_test_result result = { .name = program->tests[i].name };

	run.arena = nt_arena_new();
	run.expected = g_array_new(FALSE, FALSE, sizeof(struct nt_test_item));
	run.happened = g_array_new(FALSE, FALSE, sizeof(struct nt_test_item));
	run.sent = g_array_new(FALSE, FALSE, sizeof(struct nt_test_sent));
	run.report = g_string_new(NULL);
	run.program = nt_testrun_restricted(&run, program);
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
