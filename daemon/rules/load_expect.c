/* What a test expects, and that the names in it are some that the rules can bring about: a name of none of them would
 * make a test that fails, and not say why. */
#define NT_DIAG_CODE NT_CODE_WRONG_TEST

#include "rules/loader.h"

#include "base/arena.h"
#include "template/message.h"

#include <string.h>

/* What a test can ask for at its end, beside fields and consent_CHANNEL. */
static const char *const standings[] = { "stage", "score", "fit", "engagement", "level", "owner", "handoff", "tags",
	"campaigns", "bounced_hard", "complained", "unsubscribed", NULL };

bool nt_load_test_instant(struct nt_loader *l, const struct nt_yaml *node, bool relative)
{
	struct nt_duration duration;
	struct nt_civil civil;
	bool has_offset;
	nt_time t;

	if (node == NULL)
		return true;
	if (relative && node->text[0] == '+') {
		if (nt_duration_parse(node->text + 1, node->length - 1, &duration, NULL))
			return true;
		nt_diags_error(l->diags, node->span, "'%s' is not a duration such as +2 days", node->text);
		return false;
	}
	if (nt_instant_parse(node->text, node->length, &civil, &has_offset, &t, NULL))
		return true;
	nt_diags_error(l->diags, node->span, "'%s' is not a time such as 2026-12-01 09:00%s", node->text,
	               relative ? " or +2 days" : "");
	return false;
}

/* ---- names that steps bring about ---- */

/* The values that stand in the rules, other than in their tests. */
static void collect_values(const struct nt_yaml *node, GHashTable *values)
{
	if (node->type == NT_YAML_SCALAR)
		g_hash_table_add(values, (gpointer)(uintptr_t)node->text);
	for (const struct nt_yaml *item = node->type != NT_YAML_SCALAR ? node->first : NULL; item != NULL;
	     item = item->next)
		if (item->key == NULL || strcmp(item->key->text, "tests") != 0)
			collect_values(item, values);
}

/* It belongs to something that is wrong and has had its message. */
static bool is_of_something_wrong(struct nt_loader *l, const char *text)
{
	if (nt_diags_errors(l->diags) == 0)
		return false;
	if (l->values == NULL) {
		l->values = g_hash_table_new(g_str_hash, g_str_equal);
		for (unsigned i = 0; i < l->documents->len; i++)
			collect_values(g_array_index(l->documents, struct nt_document, i).node, l->values);
	}
	return g_hash_table_contains(l->values, text);
}

static void add_steps(const struct nt_program *program, enum nt_step_kind kind, GPtrArray *names)
{
	for (unsigned i = 0; i < program->n_campaigns; i++)
		for (unsigned k = 0; k < program->campaigns[i].n_steps; k++) {
			const struct nt_step *step = &program->campaigns[i].steps[k];

			if (step->kind == kind && step->name != NULL)
				g_ptr_array_add(names, (gpointer)(uintptr_t)step->name);
		}
}

static void add_name(GPtrArray *names, const char *name)
{
	if (name != NULL)
		g_ptr_array_add(names, (gpointer)(uintptr_t)name);
}

/* Takes the array. */
static void check_name(struct nt_loader *l, const struct nt_yaml *node, const char *what, GPtrArray *names)
{
	g_ptr_array_add(names, NULL);
	if (!g_strv_contains((const gchar *const *)names->pdata, node->text) && !is_of_something_wrong(l, node->text))
		nt_keys_unknown(l->diags, node->span, what, node->text, "", (const char *const *)names->pdata);
	g_ptr_array_free(names, TRUE);
}

void nt_load_test_task(struct nt_loader *l, const struct nt_yaml *node)
{
	GPtrArray *names = g_ptr_array_new();

	add_steps(l->program, NT_STEP_TASK, names);
	check_name(l, node, "task", names);
}

/* The template, not who is told. */
static void check_tell(struct nt_loader *l, const struct nt_yaml *node)
{
	const struct nt_program *program = l->program;
	GPtrArray *names = g_ptr_array_new();

	add_steps(program, NT_STEP_TELL, names);
	add_steps(program, NT_STEP_TASK, names);
	for (unsigned i = 0; i < program->sales.n_tell; i++)
		add_name(names, program->sales.tell[i].template);
	for (unsigned i = 0; i < program->n_announcements; i++)
		add_name(names, program->announcements[i].template_name);
	g_ptr_array_add(names, NULL);
	if (!g_strv_contains((const gchar *const *)names->pdata, node->text) &&
	    (strcmp(node->text, "owner") == 0 || strcmp(node->text, "manager") == 0 ||
	     g_str_has_prefix(node->text, "team ") || g_str_has_prefix(node->text, "rep "))) {
		nt_diags_error(l->diags, node->span,
		               "'tell' in a test takes what is told, the message's name, such as tell: %s",
		               names->len > 1 ? (const char *)names->pdata[0] : "new-lead");
		g_ptr_array_free(names, TRUE);
		return;
	}
	g_ptr_array_set_size(names, (int)names->len - 1);
	check_name(l, node, "message to our own people", names);
}

static void check_stage(struct nt_loader *l, const struct nt_yaml *node)
{
	static const char *const own[] = { "lead", "sales_ready", "customer" };
	GPtrArray *names = g_ptr_array_new();

	for (unsigned i = 0; i < G_N_ELEMENTS(own); i++)
		add_name(names, own[i]);
	add_steps(l->program, NT_STEP_STAGE, names);
	for (unsigned i = 0; i < l->program->sales.n_reasons; i++)
		add_name(names, l->program->sales.reasons[i].stage);
	check_name(l, node, "stage", names);
}

static void check_hand_off(struct nt_loader *l, const struct nt_yaml *node)
{
	GPtrArray *names = g_ptr_array_new();

	add_steps(l->program, NT_STEP_HAND_OFF, names);
	for (unsigned i = 0; i < l->program->sales.n_ready; i++)
		add_name(names, l->program->sales.ready[i].reason);
	check_name(l, node, "reason", names);
}

static void check_of_step(struct nt_loader *l, const struct nt_yaml *node, enum nt_step_kind kind, const char *what)
{
	GPtrArray *names = g_ptr_array_new();

	add_steps(l->program, kind, names);
	check_name(l, node, what, names);
}

/* ---- at_end ---- */

/* campaigns: NAME, [NAMES] or none */
static void check_campaigns(struct nt_loader *l, const struct nt_yaml *node)
{
	if (node->type == NT_YAML_SCALAR && node->length > 0 && strcmp(node->text, "none") != 0)
		nt_load_campaign(l, node);
	for (const struct nt_yaml *item = node->type == NT_YAML_SEQUENCE ? node->first : NULL; item != NULL;
	     item = item->next)
		nt_load_campaign(l, item);
}

/* consent_sms: yes */
static bool is_consent(const struct nt_program *program, const char *name)
{
	return g_str_has_prefix(name, "consent_") && nt_program_channel(program, name + strlen("consent_")) >= 0;
}

static void check_at_end(struct nt_loader *l, const struct nt_yaml *node)
{
	for (const struct nt_yaml *item = node->first; item != NULL; item = item->next) {
		const struct nt_program *program = l->program;
		const char **names;
		unsigned n = program->n_fields;

		if (item->type == NT_YAML_MAPPING)
			nt_diags_error(l->diags, item->key->span, "'%s' takes a value, or a list of them",
			               item->key->text);
		if (strcmp(item->key->text, "campaigns") == 0)
			check_campaigns(l, item);
		if (strcmp(item->key->text, "owner") == 0 && strcmp(item->text != NULL ? item->text : "", "none") != 0)
			nt_load_rep(l, item);
		if (g_strv_contains(standings, item->key->text) || is_consent(program, item->key->text) ||
		    nt_program_field(program, item->key->text) >= 0)
			continue;
		names = g_new0(const char *, n + G_N_ELEMENTS(standings));
		for (unsigned i = 0; i < n; i++)
			names[i] = program->fields[i].name;
		for (unsigned i = 0; standings[i] != NULL; i++)
			names[n + i] = standings[i];
		nt_keys_unknown(l->diags, item->key->span, "name", item->key->text, "in 'at_end'", names);
		g_free(names);
	}
}

/* ---- expect ---- */

/* A template that isn't there, and that the rules have been told of: not on each line of the tests again. */
static bool is_missing_anyway(struct nt_loader *l, const struct nt_yaml *node)
{
	return node->type == NT_YAML_SCALAR && is_of_something_wrong(l, node->text) &&
	       nt_template_set_channels(l->program->templates, node->text) == NULL;
}

static const char **expect_names(struct nt_loader *l)
{
	const struct nt_program *program = l->program;
	const char **names = g_new0(const char *, NT_EXPECT_KEYS + program->n_channels + 2);
	unsigned n = 0;

	for (unsigned i = 0; i < NT_EXPECT_KEYS; i++)
		names[n++] = nt_expect_keys.keys[i].name;
	for (unsigned i = 0; i < program->n_channels; i++)
		names[n++] = program->channels[i].name;
	names[n] = "nothing_else";
	return names;
}

static void unknown_expectation(struct nt_loader *l, const struct nt_yaml *node)
{
	const char **names;

	if (strcmp(node->text, "nothing_else") == 0) {
		nt_diags_error(l->diags, node->span, "'nothing_else' is a word by itself: - nothing_else");
		return;
	}
	if (g_str_has_prefix(node->text, "nothing")) {
		nt_diags_error_as(l->diags, NT_CODE_UNKNOWN_NAME, node->span,
		                  "unknown expectation '%s' (did you mean 'nothing_else'?)", node->text);
		return;
	}
	names = expect_names(l);
	nt_keys_unknown(l->diags, node->span, "expectation", node->text, "", names);
	g_free(names);
}

/* `elsewhere`: other rules are loaded in the test, which may bring about more than these. */
static void check_what(struct nt_loader *l, int key, const struct nt_yaml *pair, bool elsewhere)
{
	if (key == NT_EXPECT_AT)
		nt_load_test_instant(l, pair, true);
	else if (key == NT_EXPECT_OFFER)
		nt_load_rep(l, pair);
	else if (key == NT_EXPECT_AT_END)
		check_at_end(l, pair);
	else if (elsewhere)
		return;
	else if (key == NT_EXPECT_TASK)
		nt_load_test_task(l, pair);
	else if (key == NT_EXPECT_TELL)
		check_tell(l, pair);
	else if (key == NT_EXPECT_WEBHOOK)
		check_of_step(l, pair, NT_STEP_WEBHOOK, "webhook");
	else if (key == NT_EXPECT_TAG)
		check_of_step(l, pair, NT_STEP_TAG, "tag");
	else if (key == NT_EXPECT_STAGE)
		check_stage(l, pair);
	else if (key == NT_EXPECT_HAND_OFF)
		check_hand_off(l, pair);
}

static void check_expect_pair(struct nt_loader *l, const struct nt_yaml *pair, bool elsewhere)
{
	int key = nt_keys_find(&nt_expect_keys, pair->key->text);
	const char *name;

	if (key < 0 && nt_program_channel(l->program, pair->key->text) >= 0) {
		if (!is_missing_anyway(l, pair))
			nt_load_template(l, pair, pair->key->text, &name);
		return;
	}
	if (key < 0) {
		unknown_expectation(l, pair->key);
		return;
	}
	if (nt_keys_check_shape(&nt_expect_keys.keys[key], pair, l->diags))
		check_what(l, key, pair, elsewhere);
}

void nt_load_expectation(struct nt_loader *l, const struct nt_yaml *item, bool elsewhere)
{
	unsigned what = 0;

	if (item->type == NT_YAML_SCALAR) {
		if (strcmp(item->text, "nothing_else") != 0)
			unknown_expectation(l, item);
		return;
	}
	if (item->type != NT_YAML_MAPPING) {
		nt_diags_error(l->diags, item->span,
		               "an expectation is a mapping such as { at: +2 days, email: welcome }");
		return;
	}
	for (const struct nt_yaml *pair = item->first; pair != NULL; pair = pair->next) {
		if (strcmp(pair->key->text, "at") != 0 && ++what == 2)
			nt_diags_error(l->diags, pair->key->span, "one thing is expected at a time: begin a new item");
		check_expect_pair(l, pair, elsewhere);
	}
	if (nt_yaml_get(item, "at") != NULL && nt_yaml_get(item, "at_end") != NULL)
		nt_diags_error(l->diags, nt_yaml_get(item, "at")->key->span,
		               "'at' does not go with 'at_end': that is when the test ends, by its 'until'");
	if (what == 0)
		nt_diags_error(l->diags, item->span, "nothing is expected here: add a message such as email: welcome");
}
