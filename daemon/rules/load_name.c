/* Names that refer to something declared elsewhere in the rule set. */
#define NT_DIAG_CODE NT_CODE_UNKNOWN_NAME

#include "rules/loader.h"

#include "base/arena.h"
#include "template/message.h"

#include <string.h>

const char **nt_load_names(const void *items, unsigned n, size_t size, size_t offset)
{
	const char **names = g_new0(const char *, (size_t)n + 1);

	for (unsigned i = 0; i < n; i++)
		names[i] = *(const char *const *)(const void *)((const char *)items + i * size + offset);
	return names;
}

#define NAMES(items, n, type) nt_load_names(items, n, sizeof(type), offsetof(type, name))

static int unknown(struct nt_loader *l, struct nt_span span, const char *what, const char *name, const char **names)
{
	nt_keys_unknown(l->diags, span, what, name, "", names);
	g_free(names);
	return -1;
}

static bool is_name(struct nt_loader *l, const struct nt_yaml *node, const char *what)
{
	if (node->type == NT_YAML_SCALAR && node->length > 0)
		return true;
	nt_diags_error_as(l->diags, NT_CODE_WRONG_VALUE,
	                  node->span.length > 0 || node->key == NULL ? node->span : node->key->span,
	               "this takes the name of a %s", what);
	return false;
}

int nt_load_event(struct nt_loader *l, const struct nt_yaml *node)
{
	const struct nt_program *program = l->program;
	int event;

	if (!is_name(l, node, "declared event"))
		return -1;
	event = nt_program_event(program, node->text);
	return event >= 0 ? event : unknown(l, node->span, "event", node->text,
	                                    NAMES(program->events, program->n_events, struct nt_event_type));
}

int nt_load_field(struct nt_loader *l, const struct nt_yaml *key)
{
	const struct nt_program *program = l->program;
	int field = nt_program_field(program, key->text);

	return field >= 0 ? field : unknown(l, key->span, "field", key->text,
	                                    NAMES(program->fields, program->n_fields, struct nt_field));
}

int nt_load_campaign(struct nt_loader *l, const struct nt_yaml *node)
{
	const struct nt_program *program = l->program;
	int campaign;

	if (!is_name(l, node, "campaign"))
		return -1;
	campaign = nt_program_campaign(program, node->text);
	return campaign >= 0 ? campaign : unknown(l, node->span, "campaign", node->text,
	                                          NAMES(program->campaigns, program->n_campaigns, struct nt_campaign));
}

int nt_load_started(struct nt_loader *l, const struct nt_yaml *node)
{
	struct nt_start start = { .campaign = nt_load_campaign(l, node), .from = l->loading,
		                  .span = node->span };

	if (start.campaign >= 0)
		g_array_append_val(l->starts, start);
	return start.campaign;
}

int nt_load_channel(struct nt_loader *l, const struct nt_yaml *key)
{
	const struct nt_program *program = l->program;
	int channel = nt_program_channel(program, key->text);

	return channel >= 0 ? channel : unknown(l, key->span, "channel", key->text,
	                                        NAMES(program->channels, program->n_channels,
	                                              struct nt_channel_policy));
}

int nt_load_way_to_leads(struct nt_loader *l, const struct nt_yaml *key)
{
	int channel = nt_load_channel(l, key);

	if (channel < 0 || strcmp(key->text, "webhook") != 0)
		return channel;
	nt_diags_error_as(l->diags, NT_CODE_DOES_NOT_FIT,
	                  key->span, "'webhook' is no way to a lead: it calls a system of our own");
	return -1;
}

int nt_load_rep(struct nt_loader *l, const struct nt_yaml *node)
{
	const struct nt_sales_rules *sales = &l->program->sales;
	int rep;

	if (!is_name(l, node, "rep"))
		return -1;
	rep = nt_program_rep(l->program, node->text);
	return rep >= 0 ? rep : unknown(l, node->span, "rep", node->text, NAMES(sales->reps, sales->n_reps,
	                                                                        struct nt_rep));
}

int nt_load_team(struct nt_loader *l, struct nt_span span, const char *name)
{
	const struct nt_sales_rules *sales = &l->program->sales;
	int team = nt_program_team(l->program, name);

	return team >= 0 ? team : unknown(l, span, "team", name, NAMES(sales->teams, sales->n_teams, struct nt_team));
}

bool nt_load_target(struct nt_loader *l, const struct nt_yaml *node, enum nt_kind kind, enum nt_route_kind *which,
                    int *target)
{
	const char *name = strchr(node->text, ' ');
	size_t before = name != NULL ? (size_t)(name + 1 - node->text) : 0;
	struct nt_yaml rep = { .type = NT_YAML_SCALAR, .span = node->span };

	*target = -1;
	if (name != NULL) {
		rep.text = name + 1;
		rep.length = node->length - before;
		rep.span.start += before + (node->quoted ? 1 : 0);
		rep.span.length = rep.length;
	}
	if (g_str_has_prefix(node->text, "team ")) {
		*which = NT_ROUTE_TEAM;
		*target = nt_load_team(l, rep.span, rep.text);
	} else if (g_str_has_prefix(node->text, "rep ")) {
		*which = NT_ROUTE_REP;
		*target = nt_load_rep(l, &rep);
	} else {
		nt_diags_error_as(l->diags, NT_CODE_WRONG_VALUE, node->span,
		                  "'%s' is not %s", node->text, nt_kind_text(kind));
	}
	return *target >= 0;
}

/* Whoever has none of its locales would get nothing. Said once for each. */
static bool is_for_all(struct nt_loader *l, const struct nt_yaml *node, const char *channel)
{
	char *plain = g_strdup_printf("%s/%s.", node->text, channel);
	bool there = g_hash_table_contains(l->template_files, plain);

	if (there) {
		g_free(plain);
		return true;
	}
	nt_diags_error(l->diags, node->span,
	               "template '%s' speaks only some languages: leads of all others need a file without a locale, "
	               "templates/%s/%s.*",
	               node->text, node->text, channel);
	g_hash_table_add(l->template_files, plain);
	return false;
}

/* One message then does for all: the folder is missing, not each of them. */
static bool has_none(struct nt_loader *l, const struct nt_yaml *node)
{
	if (l->files->n_templates > 0)
		return false;
	if (!l->templates_missed)
		nt_diags_error(l->diags, node->span,
		               "unknown template '%s': there are no templates at all (they stand in a folder "
		               "'templates' in the rule set, or in one that --templates or the configuration names)",
		               node->text);
	l->templates_missed = true;
	return true;
}

/* Where it would stand, if it isn't another one misspelt. */
static void unknown_template(struct nt_loader *l, const struct nt_yaml *node, const char *channel)
{
	const char *const *names = nt_template_set_names(l->program->templates);
	const char *ending = strcmp(channel, "email") == 0 ? "md" : strcmp(channel, "letter") == 0 ? "html" :
	                     strcmp(channel, "webhook") == 0 ? "json" : "txt";

	if (strchr(node->text, '/') != NULL || nt_diags_full(l->diags) || nt_nearest(node->text, names) != NULL)
		nt_keys_unknown(l->diags, node->span, "template", node->text, "", names);
	else
		nt_diags_error(l->diags, node->span, "unknown template '%s': it would stand in templates/%s/%s.%s",
		               node->text, node->text, channel, ending);
}

/* It is there and wrong, which has been said. */
static bool has_file(const struct nt_loader *l, const char *name)
{
	return nt_diags_errors(l->diags) > 0 && g_hash_table_contains(l->template_files, name);
}

/* False without a message if the template is there, but wrong. */
bool nt_load_template(struct nt_loader *l, const struct nt_yaml *node, const char *channel, const char **out)
{
	const struct nt_template_set *set = l->program->templates;
	const char *const *channels;

	if (!is_name(l, node, "template"))
		return false;
	channels = nt_template_set_channels(set, node->text);
	if (channels == NULL && strchr(node->text, '/') == NULL && has_file(l, node->text))
		return false;
	if (channels == NULL && has_none(l, node))
		return false;
	if (channels == NULL) {
		unknown_template(l, node, channel);
		return false;
	}
	if (!g_strv_contains(channels, channel)) {
		char *list, *path = g_strdup_printf("%s/%s", node->text, channel);
		bool wrong = has_file(l, path);

		g_free(path);
		if (wrong)
			return false;
		list = g_strjoinv(", ", (gchar **)(uintptr_t)channels);
		nt_diags_error(l->diags, node->span,
		               "template '%s' has nothing for %s (only for %s): templates/%s/%s.* is missing",
		               node->text, channel, list, node->text, channel);
		g_free(list);
		return false;
	}
	*out = nt_arena_strdup(l->arena, node->text);
	return is_for_all(l, node, channel);
}

/* The channels' names, and "marketing"; g_free() the array. */
static const char **suppressible(const struct nt_program *program)
{
	const char **names = g_new0(const char *, (size_t)program->n_channels + 2);

	for (unsigned i = 0; i < program->n_channels; i++)
		names[i] = program->channels[i].name;
	names[program->n_channels] = "marketing";
	return names;
}

bool nt_load_suppressed(struct nt_loader *l, const struct nt_yaml *node, const char **out)
{
	const char **names;

	if (!is_name(l, node, "channel, or marketing"))
		return false;
	if (strcmp(node->text, "webhook") == 0)
		return nt_load_way_to_leads(l, node) >= 0;
	if (strcmp(node->text, "marketing") == 0 || nt_program_channel(l->program, node->text) >= 0) {
		*out = nt_arena_strdup(l->arena, node->text);
		return true;
	}
	names = suppressible(l->program);
	if (nt_nearest(node->text, names) == NULL)
		nt_diags_error_as(l->diags, NT_CODE_WRONG_VALUE, node->span,
		               "'suppress' takes a channel, or marketing for all of them, not '%s'", node->text);
	else
		nt_keys_unknown(l->diags, node->span, "channel", node->text, "", names);
	g_free(names);
	return false;
}

void nt_load_template_channels(struct nt_loader *l)
{
	const char **names = NAMES(l->program->channels, l->program->n_channels, struct nt_channel_policy);
	const struct nt_message_template *message;

	for (unsigned i = 0; (message = nt_template_set_peek(l->program->templates, i)) != NULL; i++) {
		const char *channel = nt_message_template_channel(message), *nearest;
		const struct nt_source *source = nt_message_template_source(message);

		if (g_strv_contains(names, channel))
			continue;
		nearest = nt_nearest(channel, names);
		if (nearest != NULL)
			nt_diags_error_as(l->diags, NT_CODE_UNKNOWN_NAME,
			                  nt_span_of(source, 0, strcspn(source->text, "\n")),
			                  "this file is for a channel '%s', which the rules don't know (did you mean "
			                  "'%s'?)", channel, nearest);
	}
	g_free(names);
}
