#include "engine/test_end.h"

#include "base/arena.h"
#include "engine/state.h"
#include "rules/program.h"
#include "rules/yaml.h"

#include <string.h>

/* What a lead is, by a name that `at_end` may ask for, as text; NULL: none. */
static const char *standing(const struct nt_test_end *end, const char *name)
{
	nt_time half_life = end->lead->program->half_life;
	const char *shown = NULL;

	if (strcmp(name, "stage") == 0)
		return end->lead->stage;
	if (strcmp(name, "owner") == 0)
		return end->lead->owner;
	if (strcmp(name, "handoff") == 0)
		return nt_handoff_name(end->lead->handoff);
	if (strcmp(name, "level") == 0) {
		/* the level is the lead's at its last step; every crossing is a step */
		return end->lead->level >= 0 ? end->lead->program->levels[end->lead->level].name : NULL;
	}
	if (strcmp(name, "bounced_hard") == 0)
		return end->lead->bounced_hard ? "yes" : "no";
	if (strcmp(name, "complained") == 0)
		return end->lead->complained ? "yes" : "no";
	if (strcmp(name, "unsubscribed") == 0)
		return end->lead->unsubscribed ? "yes" : "no";
	if (g_str_has_prefix(name, "consent_"))
		return nt_lead_consents(end->lead, nt_program_channel(end->lead->program, name + strlen("consent_"))) ?
		               "yes" : "no";
	if (strcmp(name, "score") == 0)
		shown = nt_arena_printf(end->arena, "%" G_GINT64_FORMAT,
		                        (gint64)nt_score_points(&end->lead->engagement, end->lead->fit, end->at,
		                                        half_life));
	else if (strcmp(name, "engagement") == 0)
		shown = nt_arena_printf(end->arena, "%" G_GINT64_FORMAT,
		                        (gint64)nt_engagement_points(&end->lead->engagement, end->at, half_life));
	else if (strcmp(name, "fit") == 0)
		shown = nt_arena_printf(end->arena, "%" G_GINT64_FORMAT, (gint64)nt_number_round(end->lead->fit));
	return shown;
}

static bool same_field(const struct nt_test_end *end, const struct nt_yaml *pair, int field, const char **is)
{
	struct nt_value wanted = NT_NONE;
	const struct nt_value *value = &end->lead->fields[field];
	GString *text = g_string_new(NULL);
	const char *why;
	bool missing = pair->type == NT_YAML_SCALAR && !pair->quoted &&
	               (pair->length == 0 || strcmp(pair->text, "none") == 0);

	nt_value_to_json(value, text);
	*is = value->type == NT_TYPE_NONE ? "none" : nt_arena_strdup(end->arena, text->str);
	g_string_free(text, TRUE);
	if (missing || pair->type != NT_YAML_SCALAR)
		return missing && value->type == NT_TYPE_NONE;
	if (!nt_value_from_text(end->arena, pair->text, end->lead->program->fields[field].type, end->zone, &wanted,
	                        &why))
		return false;
	return nt_value_equal(&wanted, value);
}

static bool same_standing(const struct nt_yaml *pair, const char *is)
{
	static const char *const yes[] = { "yes", "true", NULL }, *const no[] = { "no", "false", NULL };

	if (pair->type != NT_YAML_SCALAR)
		return false;
	if (is == NULL)
		return strcmp(pair->text, "none") == 0;
	if (strcmp(is, "yes") == 0 || strcmp(is, "no") == 0)
		return g_strv_contains(strcmp(is, "yes") == 0 ? yes : no, pair->text);
	return strcmp(is, pair->text) == 0;
}

static bool is_named(const struct nt_yaml *pair, const char *name)
{
	if (pair->type == NT_YAML_SCALAR)
		return strcmp(pair->text, name) == 0;
	for (const struct nt_yaml *item = pair->first; item != NULL; item = item->next)
		if (item->text != NULL && strcmp(item->text, name) == 0)
			return true;
	return false;
}

/* The same names in any order: a list, one alone, or none. */
static bool same_names(const struct nt_test_end *end, const struct nt_yaml *pair, const char *const *names, unsigned n,
                       const char **is)
{
	bool none = pair->type == NT_YAML_SCALAR && !pair->quoted && strcmp(pair->text, "none") == 0;
	unsigned wanted = pair->type == NT_YAML_SEQUENCE ? pair->n : pair->length > 0 && !none, found = 0;

	*is = n > 0 ? "" : "none";
	for (unsigned i = 0; i < n; i++) {
		*is = nt_arena_printf(end->arena, "%s%s%s", *is, i > 0 ? ", " : "", names[i]);
		found += !none && is_named(pair, names[i]);
	}
	return found == wanted && wanted == n;
}

/* The campaigns that the lead is in, each once however many keys it is in it with. */
static bool same_campaigns(const struct nt_test_end *end, const struct nt_yaml *pair, const char **is)
{
	const char **names;
	unsigned n = 0;

	for (const struct nt_run *run = end->lead->runs; run != NULL; run = run->next)
		n++;
	names = nt_arena_array(end->arena, const char *, n + 1);
	n = 0;
	for (const struct nt_run *run = end->lead->runs; run != NULL; run = run->next) {
		const char *name = end->lead->program->campaigns[run->campaign].name;

		if (n == 0 || strcmp(names[n - 1], name) != 0) /* runs stand in the order of their campaigns */
			names[n++] = name;
	}
	return same_names(end, pair, names, n, is);
}

bool nt_test_end_is(const struct nt_test_end *end, const struct nt_yaml *at_end)
{
	bool ok = true;

	for (const struct nt_yaml *pair = at_end->first; pair != NULL; pair = pair->next) {
		int field = nt_program_field(end->lead->program, pair->key->text);
		const char *is = NULL;
		bool same;

		if (field >= 0) {
			same = same_field(end, pair, field, &is);
		} else if (strcmp(pair->key->text, "tags") == 0) {
			same = same_names(end, pair, end->lead->tags, end->lead->n_tags, &is);
		} else if (strcmp(pair->key->text, "campaigns") == 0) {
			same = same_campaigns(end, pair, &is);
		} else {
			is = standing(end, pair->key->text);
			same = same_standing(pair, is);
		}
		if (!same)
			end->differs(end->user, pair, is != NULL ? is : "none");
		ok = ok && same;
	}
	return ok;
}
