/* tests: their structure, and the names that they use. engine/testrun.c reads the rest of each mapping and runs it. */
#define NT_DIAG_CODE NT_CODE_WRONG_TEST

#include "rules/loader.h"

#include "base/arena.h"

#include <string.h>

/* consent: { sms: true } */
static void check_consent(struct nt_loader *l, const struct nt_yaml *node)
{
	static const char *const words[] = { "true", "yes", "false", "no", NULL };

	if (!nt_keys_check_shape(&(struct nt_key){ .name = "consent", .kind = NT_KIND_MAP }, node, l->diags))
		return;
	for (const struct nt_yaml *item = node->first; item != NULL; item = item->next) {
		if (nt_load_way_to_leads(l, item->key) < 0)
			continue;
		if (item->type != NT_YAML_SCALAR || !g_strv_contains(words, item->text))
			nt_diags_error(l->diags, item->key->span, "consent for %s is true or false", item->key->text);
	}
}

/* `begins`: what the lead is as it is created, which may have an owner. */
static void check_fields(struct nt_loader *l, const struct nt_yaml *node, bool begins)
{
	struct nt_value value;
	const char *zone;

	for (const struct nt_yaml *item = node != NULL ? node->first : NULL; item != NULL; item = item->next) {
		int field;

		if (strcmp(item->key->text, "consent") == 0) {
			check_consent(l, item);
			continue;
		}
		if (begins && strcmp(item->key->text, "owner") == 0) {
			nt_load_rep(l, item);
			continue;
		}
		if (nt_load_is_derived(item->key->text)) {
			nt_diags_error(l->diags, item->key->span, "'%s' can't be given: it follows from what happens",
			               item->key->text);
			continue;
		}
		field = nt_load_field(l, item->key);
		if (field < 0 || (item->type == NT_YAML_SCALAR && item->length == 0 && !item->quoted))
			continue; /* an empty value: the field is missing */
		if (!begins && nt_load_is_none(l, item, l->program->fields[field].type))
			continue;
		if (field == NT_FIELD_TIME_ZONE) {
			nt_load_zone(l, item, &zone);
			continue;
		}
		nt_load_literal(l, item, l->program->fields[field].type, l->program->fields[field].one_of, &value);
	}
}

static void check_properties(struct nt_loader *l, const struct nt_yaml *node, int event)
{
	const struct nt_event_type *type = &l->program->events[event];
	struct nt_value value;

	for (const struct nt_yaml *item = node != NULL ? node->first : NULL; item != NULL; item = item->next) {
		int property = nt_program_property(type, item->key->text);

		if (property < 0 && strcmp(item->key->text, "consent") == 0) {
			nt_diags_error(l->diags, item->key->span,
			               "'consent' stands beside 'with', not in it: "
			               "{ on: %s, with: { … }, consent: { sms: true } }", type->name);
		} else if (property < 0) {
			const char **names = nt_load_names(type->properties, type->n_properties,
			                                   sizeof(struct nt_property),
			                                   offsetof(struct nt_property, name));

			nt_keys_unknown(l->diags, item->key->span, "property", item->key->text,
			                nt_arena_printf(l->arena, "of event '%s'", type->name), names);
			g_free(names);
		} else {
			nt_load_literal(l, item, type->properties[property].type, type->properties[property].one_of,
			                &value);
		}
	}
}

static void check_reason(struct nt_loader *l, const struct nt_yaml *node)
{
	const struct nt_sales_rules *sales = &l->program->sales;
	const char **names;

	for (unsigned i = 0; i < sales->n_reasons; i++)
		if (strcmp(sales->reasons[i].name, node->text) == 0)
			return;
	names = nt_load_names(sales->reasons, sales->n_reasons, sizeof(struct nt_reject_reason),
	                      offsetof(struct nt_reject_reason, name));
	nt_keys_unknown(l->diags, node->span, "reason", node->text, "", names);
	g_free(names);
}

/* { at: …, won }: a value would be passed over. */
static void check_word(struct nt_loader *l, const struct nt_yaml *node)
{
	if (node != NULL && (node->type != NT_YAML_SCALAR || (node->length > 0 && !nt_load_yes(node))))
		nt_diags_error(l->diags, node->span, "'%s' takes no value", node->key->text);
}

static void check_what_happens(struct nt_loader *l, const struct nt_yaml *item)
{
	static const int acts[] = { NT_HAPPENS_ON, NT_HAPPENS_SET, NT_HAPPENS_START, NT_HAPPENS_ACCEPT,
		NT_HAPPENS_SEND_BACK,
		NT_HAPPENS_WON, NT_HAPPENS_LOST, NT_HAPPENS_LOAD, NT_HAPPENS_DONE };
	static const char *const words[] = { "won", "lost", NULL };
	const struct nt_yaml *keys[NT_HAPPENS_KEYS], *wrong = NULL;
	int event, n = 0;

	if (item->type == NT_YAML_SCALAR && g_strv_contains(words, item->text))
		return;
	if (item->type == NT_YAML_SCALAR && nt_nearest(item->text, words) != NULL) {
		nt_keys_unknown(l->diags, item->span, "word", item->text, "", words);
		return;
	}
	if (!nt_keys_read(&nt_happens_keys, item, "a test's event", l->diags, keys))
		return;
	for (unsigned i = 0; i < G_N_ELEMENTS(acts); i++) {
		n += keys[acts[i]] != NULL;
		if (wrong == NULL && keys[acts[i]] == NULL)
			wrong = nt_yaml_get(item, nt_happens_keys.keys[acts[i]].name);
	}
	if (n > 1 || (n == 0 && wrong == NULL && !nt_keys_has_unknown(&nt_happens_keys, item)))
		nt_diags_error(l->diags, item->span, n == 0 ?
		               "nothing happens here: say on, set, start, accept, send_back, won, lost, done or load" :
		                                              "one thing happens at a time: begin a new item");
	nt_load_test_instant(l, keys[NT_HAPPENS_AT], true);
	nt_load_test_instant(l, keys[NT_HAPPENS_HAPPENED], true);
	event = keys[NT_HAPPENS_ON] != NULL ? nt_load_event(l, keys[NT_HAPPENS_ON]) : -1;
	if (event >= 0)
		check_properties(l, keys[NT_HAPPENS_WITH], event);
	else if (keys[NT_HAPPENS_WITH] != NULL && nt_yaml_get(item, "on") == NULL)
		nt_diags_error(l->diags, keys[NT_HAPPENS_WITH]->key->span, "'with' goes with 'on'");
	if (keys[NT_HAPPENS_HAPPENED] != NULL && nt_yaml_get(item, "on") == NULL)
		nt_diags_error(l->diags, keys[NT_HAPPENS_HAPPENED]->key->span, "'happened' goes with 'on'");
	if (keys[NT_HAPPENS_CONSENT] != NULL)
		check_consent(l, keys[NT_HAPPENS_CONSENT]);
	if (keys[NT_HAPPENS_CONSENT] != NULL && nt_yaml_get(item, "on") == NULL)
		nt_diags_error(l->diags, keys[NT_HAPPENS_CONSENT]->key->span, "'consent' goes with 'on'");
	check_fields(l, keys[NT_HAPPENS_SET], false);
	if (keys[NT_HAPPENS_START] != NULL)
		nt_load_started(l, keys[NT_HAPPENS_START]);
	if (keys[NT_HAPPENS_ACCEPT] != NULL)
		nt_load_rep(l, keys[NT_HAPPENS_ACCEPT]);
	if (keys[NT_HAPPENS_DONE] != NULL)
		nt_load_test_task(l, keys[NT_HAPPENS_DONE]);
	check_word(l, keys[NT_HAPPENS_WON]);
	check_word(l, keys[NT_HAPPENS_LOST]);
	if (keys[NT_HAPPENS_SEND_BACK] != NULL)
		check_reason(l, keys[NT_HAPPENS_SEND_BACK]);
}

static const struct nt_step *find_split(const struct nt_campaign *campaign, const char *identity)
{
	int step = nt_campaign_step(campaign, identity);

	return step >= 0 && campaign->steps[step].kind == NT_STEP_SPLIT ? &campaign->steps[step] : NULL;
}

/* CAMPAIGN/STEP, where several have a step of that name. False: there is no such campaign, which has been said. */
static bool read_campaign_of(struct nt_loader *l, const struct nt_yaml *key, const char **step, int *campaign)
{
	const char *slash = strchr(key->text, '/');
	struct nt_yaml name = { .type = NT_YAML_SCALAR, .span = key->span };

	*step = slash != NULL ? slash + 1 : key->text;
	if (slash == NULL)
		return true;
	name.length = (size_t)(slash - key->text);
	name.text = nt_arena_strndup(l->arena, key->text, name.length);
	name.span.length = name.length + (key->quoted ? 1 : 0);
	*campaign = nt_load_campaign(l, &name);
	return *campaign >= 0;
}

static void check_arms(struct nt_loader *l, const struct nt_yaml *node, int alone)
{
	const struct nt_program *program = l->program;

	for (const struct nt_yaml *item = node != NULL ? node->first : NULL; item != NULL; item = item->next) {
		const struct nt_step *split = NULL;
		int campaign = alone;
		const char *step;
		int64_t arm;

		if (!read_campaign_of(l, item->key, &step, &campaign))
			continue;
		for (unsigned i = 0; i < program->n_campaigns && split == NULL; i++)
			if (campaign < 0 || campaign == (int)i)
				split = find_split(&program->campaigns[i], step);
		if (split == NULL)
			nt_diags_error(l->diags, item->key->span,
			               "there is no split '%s' (its id, else split-1, split-2 … in the campaign's "
			               "order; CAMPAIGN/split-1 where several have one)",
			               step);
		else
			nt_load_whole(l, item, 1, split->n_arms, &arm);
	}
}

static void load_with_campaigns(struct nt_loader *l, const struct nt_yaml *node, struct nt_test *test)
{
	int *campaigns = nt_arena_array(l->arena, int, node->n + 1);

	for (const struct nt_yaml *item = node->first; item != NULL; item = item->next) {
		int campaign = nt_load_campaign(l, item);

		if (campaign >= 0)
			campaigns[test->n_with_campaigns++] = campaign;
	}
	test->with_campaigns = campaigns;
	if (test->campaign < 0)
		nt_diags_error(l->diags, node->key->span,
		               "'with_campaigns' goes with a test in a campaign's document: this one runs them all");
}

static void load_test(struct nt_loader *l, const struct nt_yaml *node, int campaign, GArray *tests)
{
	const struct nt_yaml *keys[NT_TEST_KEYS];
	int errors = nt_diags_errors(l->diags);
	struct nt_test test = { .span = node->span, .campaign = campaign, .node = node, .name = "" };
	bool elsewhere = false;

	if (!nt_keys_read(&nt_test_keys, node, "a test", l->diags, keys))
		return;
	if (keys[NT_TEST_NAME] != NULL) {
		test.name = nt_arena_strdup(l->arena, keys[NT_TEST_NAME]->text);
		test.span = keys[NT_TEST_NAME]->span;
	}
	if (keys[NT_TEST_WITH_CAMPAIGNS] != NULL)
		load_with_campaigns(l, keys[NT_TEST_WITH_CAMPAIGNS], &test);
	check_fields(l, keys[NT_TEST_LEAD], true);
	check_arms(l, keys[NT_TEST_ARMS], test.n_with_campaigns > 0 ? -1 : campaign);
	nt_load_test_instant(l, keys[NT_TEST_START], false);
	nt_load_test_instant(l, keys[NT_TEST_UNTIL], true);
	for (const struct nt_yaml *item = keys[NT_TEST_EVENTS] != NULL ? keys[NT_TEST_EVENTS]->first :
	     NULL; item != NULL;
	     item = item->next) {
		check_what_happens(l, item);
		elsewhere = elsewhere || (item->type == NT_YAML_MAPPING && nt_yaml_get(item, "load") != NULL);
	}
	for (const struct nt_yaml *item = keys[NT_TEST_EXPECT] != NULL ? keys[NT_TEST_EXPECT]->first :
	     NULL; item != NULL;
	     item = item->next)
		nt_load_expectation(l, item, elsewhere);
	if (keys[NT_TEST_START] == NULL && (keys[NT_TEST_EVENTS] == NULL || keys[NT_TEST_EVENTS]->n == 0) &&
	    nt_diags_errors(l->diags) == errors)
		nt_diags_error(l->diags, test.span, "a test without events needs a 'start'");
	g_array_append_val(tests, test);
}

void nt_load_tests(struct nt_loader *l)
{
	GArray *tests = g_array_new(FALSE, TRUE, sizeof(struct nt_test));

	for (unsigned d = 0; d < l->documents->len; d++) {
		const struct nt_document *document = &g_array_index(l->documents, struct nt_document, d);
		const struct nt_yaml *node = document->keys[NT_DOC_TESTS];

		for (const struct nt_yaml *item = node != NULL ? node->first : NULL; item != NULL; item = item->next)
			load_test(l, item, document->is_campaign ? document->campaign : -1, tests);
	}
	l->program->tests = nt_load_take(l, tests, struct nt_test, &l->program->n_tests);
}
