/* Message and webhook steps, and the values that go with them. */
#define NT_DIAG_CODE NT_CODE_DOES_NOT_FIT

#include "rules/loader.h"

#include "base/arena.h"
#include "template/message.h"

#include <string.h>

static bool load_list_value(struct nt_loader *l, const struct nt_yaml *node, struct nt_value *out)
{
	if (node->type == NT_YAML_MAPPING) {
		nt_diags_error_as(l->diags, NT_CODE_WRONG_VALUE, node->key->span,
		                  "'%s' takes a text, a number, a list or = EXPRESSION",
		               node->key->text);
		return false;
	}
	if (node->type == NT_YAML_SEQUENCE)
		return nt_load_literal(l, node, NT_TYPE_LIST, NULL, out);
	*out = NT_TEXT_VALUE(nt_arena_strdup(l->arena, node->text));
	return true;
}

bool nt_load_is_none(struct nt_loader *l, const struct nt_yaml *node, enum nt_type type)
{
	if (node->type != NT_YAML_SCALAR || node->quoted || nt_type_is_text(type) || strcmp(node->text, "none") != 0)
		return false;
	nt_diags_error(l->diags, node->span, "to take the field away, leave nothing behind the colon: %s:",
	               node->key->text);
	return true;
}

/* A time without an offset is the lead's own, so another instant in each zone: an expression. An empty value takes
 * the field away, as it does in a test and by the API. */
static bool load_field_value(struct nt_loader *l, const struct nt_yaml *node, const struct nt_field *field,
                             struct nt_assignment *out)
{
	struct nt_civil civil;
	bool has_offset = true;
	const char *zone;
	nt_time t;

	out->literal = NT_NONE;
	if (node->type == NT_YAML_SCALAR && node->length == 0)
		return true;
	if (nt_load_is_none(l, node, field->type))
		return false;
	if (field == &l->program->fields[NT_FIELD_TIME_ZONE] && !nt_load_zone(l, node, &zone))
		return false;
	if (field->type == NT_TYPE_TIME && node->type == NT_YAML_SCALAR &&
	    nt_instant_parse(node->text, node->length, &civil, &has_offset, &t, NULL) && !has_offset) {
		out->expr = nt_expr_parse(&l->scope, node, 0, NT_TYPE_TIME, false);
		return out->expr != NULL;
	}
	return nt_load_literal(l, node, field->type, field->one_of, &out->literal);
}

/* What reads like a field and isn't one. */
static const char *const derived[] = { "score", "fit", "engagement", "level", "stage", "owner", "handoff", "tags",
	"unsubscribed", "bounced_hard", "complained", NULL };

bool nt_load_is_derived(const char *name)
{
	return g_strv_contains(derived, name);
}

static bool load_assignment(struct nt_loader *l, const struct nt_yaml *node, bool fields, struct nt_assignment *out)
{
	const struct nt_field *field = NULL;
	enum nt_type type = NT_TYPE_NONE;
	size_t skip;

	out->field = -1;
	if (fields) {
		if (nt_program_field(l->program, node->key->text) < 0 && nt_load_is_derived(node->key->text)) {
			nt_diags_error(l->diags, node->key->span, "'%s' cannot be set: it follows from what "
			                                          "happens, or has a step of its own",
			               node->key->text);
			return false;
		}
		out->field = nt_load_field(l, node->key);
		if (out->field < 0)
			return false;
		field = &l->program->fields[out->field];
		type = field->type;
		if (out->field == NT_FIELD_ID || out->field == NT_FIELD_CREATED_AT) {
			nt_diags_error(l->diags, node->key->span, "'%s' cannot be set", field->name);
			return false;
		}
	}
	out->name = nt_arena_strdup(l->arena, node->key->text);
	if (!fields && !nt_load_key_name(l, node->key, "value", "_", &out->name))
		return false;
	if (node->type == NT_YAML_SCALAR && strstr(node->text, "{{") != NULL) {
		nt_diags_error(l->diags, node->span,
		               "{{ … }} is filled in only in templates: here stands = EXPRESSION, such as = "
		               "first_name");
		return false;
	}
	if (!nt_load_is_expression(node, &skip))
		return fields ? load_field_value(l, node, field, out) : load_list_value(l, node, &out->literal);
	out->expr = nt_expr_parse(&l->scope, node, skip, type, !fields);
	return out->expr != NULL;
}

const struct nt_assignment *nt_load_assignments(struct nt_loader *l, const struct nt_yaml *mapping, bool fields,
                                                unsigned *n)
{
	struct nt_assignment *items = nt_arena_array(l->arena, struct nt_assignment, mapping->n + 1);

	*n = 0;
	for (const struct nt_yaml *item = mapping->first; item != NULL; item = item->next)
		if (load_assignment(l, item, fields, &items[*n]))
			(*n)++;
	return items;
}

static bool is_configured(const char *const *names, const char *name)
{
	return names == NULL || g_strv_contains(names, name);
}

/* Marketing email has to say who writes and how to make it stop. Looked at once per template, and once for the
 * sender. */
static void check_marketing_email(struct nt_loader *l, const struct nt_yaml *verb)
{
	const struct nt_message_template *message;

	if (l->program->policy.sender_address == NULL && !l->sender_missed) {
		l->sender_missed = true;
		nt_diags_error_as(l->diags, NT_CODE_NO_ADDRESS, verb->span,
		               "marketing email needs a postal address: give policy a sender with an address (or "
		               "the step 'kind: service')");
	}
	if (!g_hash_table_add(l->checked_templates, (gpointer)(uintptr_t)verb->text))
		return;
	for (unsigned i = 0; (message = nt_template_set_peek(l->program->templates, i)) != NULL; i++) {
		struct nt_message_facts facts = { 0 };

		if (strcmp(nt_message_template_name(message), verb->text) != 0 ||
		    strcmp(nt_message_template_channel(message), "email") != 0)
			continue;
		nt_message_template_check(message, l->arena, l->diags, &facts);
		if (!facts.has_unsubscribe)
			nt_diags_error_as(l->diags, NT_CODE_NO_UNSUBSCRIBE, verb->span,
			               "%s has no way to unsubscribe: put {{ unsubscribe_url }} into it or its layout",
			               nt_message_template_path(message));
		if (!facts.has_address)
			nt_diags_error_as(l->diags, NT_CODE_NO_ADDRESS, verb->span,
			               "%s lacks our postal address: put {{ sender.address }} into it or its layout",
			               nt_message_template_path(message));
	}
}

/* Only service messages have a link to confirm by: a marketing one would show nothing there. */
static void check_confirmation(struct nt_loader *l, const struct nt_yaml *verb, const char *channel)
{
	const char *key = nt_arena_printf(l->arena, "%s/%s confirms", verb->text, channel);
	const struct nt_message_template *message;

	if (!g_hash_table_add(l->checked_templates, (gpointer)(uintptr_t)key))
		return;
	for (unsigned i = 0; (message = nt_template_set_peek(l->program->templates, i)) != NULL; i++) {
		struct nt_message_facts facts = { 0 };

		if (strcmp(nt_message_template_name(message), verb->text) != 0 ||
		    strcmp(nt_message_template_channel(message), channel) != 0)
			continue;
		nt_message_template_check(message, l->arena, l->diags, &facts);
		if (!facts.has_confirm)
			continue;
		nt_diags_error(l->diags, verb->span,
		               "%s has {{ confirm_url }}, which only service messages can fill: add 'kind: service'",
		               nt_message_template_path(message));
		return;
	}
}

bool nt_load_way(struct nt_loader *l, const struct nt_yaml *pair, const char *channel, const char **template)
{
	bool ok = nt_load_template(l, pair, channel, template);

	if (is_configured(l->context->channels, channel))
		return ok;
	nt_diags_error_as(l->diags, NT_CODE_UNKNOWN_NAME, pair->key->span, "channel '%s' is not configured", channel);
	return false;
}

static void load_kind(struct nt_loader *l, struct nt_step *step, const struct nt_yaml *node)
{
	if (node == NULL)
		return;
	step->service = strcmp(node->text, "service") == 0;
	if (!step->service && strcmp(node->text, "marketing") != 0)
		nt_diags_error_as(l->diags, NT_CODE_WRONG_VALUE, node->span,
		                  "'kind' is marketing or service, not '%s'", node->text);
}

static void load_options(struct nt_loader *l, struct nt_step *step, const struct nt_yaml *const *options)
{
	if (options[NT_OPTION_WITH] != NULL)
		step->assignments = nt_load_assignments(l, options[NT_OPTION_WITH], false, &step->n_assignments);
	step->has_window = options[NT_OPTION_WINDOW] != NULL &&
		nt_load_windows(l, options[NT_OPTION_WINDOW], &step->window);
	step->give_up_after = (struct nt_duration){ .days = step->service ? 0 : 7 };
	if (options[NT_OPTION_GIVE_UP_AFTER] != NULL)
		nt_load_some_time(l, options[NT_OPTION_GIVE_UP_AFTER], &step->give_up_after);
}

bool nt_load_message(struct nt_loader *l, struct nt_step *step, const struct nt_yaml *verb,
                     const struct nt_yaml *const *options)
{
	const char *channel = l->program->channels[step->channel].name;
	bool ok = nt_load_way(l, verb, channel, &step->name);

	step->kind = NT_STEP_MESSAGE;
	load_kind(l, step, options[NT_OPTION_KIND]);
	load_options(l, step, options);
	if (options[NT_OPTION_ATTACH] != NULL)
		nt_load_attach(l, step, options[NT_OPTION_ATTACH]);
	if (ok && !step->service)
		check_confirmation(l, verb, channel);
	if (ok && !step->service && strcmp(channel, "email") == 0)
		check_marketing_email(l, verb);
	return ok;
}

static bool load_choice(struct nt_loader *l, const struct nt_yaml *item, bool service, struct nt_choice *choice)
{
	const struct nt_yaml *pair = item->first;

	for (; item->type == NT_YAML_MAPPING && item->n > 1 && pair != NULL; pair = pair->next)
		if (nt_keys_find(&nt_option_keys, pair->key->text) >= 0) {
			nt_diags_error(l->diags, pair->key->span,
			               "'%s' stands beside first_of, not in its list: it holds for whichever is sent",
			               pair->key->text);
			return false;
		}
	pair = item->first;
	if (item->type != NT_YAML_MAPPING || item->n != 1) {
		nt_diags_error_as(l->diags, NT_CODE_WRONG_VALUE, item->span,
		                  "'first_of' takes CHANNEL: TEMPLATE, such as email: welcome");
		return false;
	}
	if (strcmp(pair->key->text, "webhook") == 0) {
		nt_diags_error(l->diags, pair->key->span, "nobody is reached by a webhook: give it a step of its own");
		return false;
	}
	choice->span = item->span;
	choice->channel = nt_load_channel(l, pair->key);
	if (choice->channel < 0 || !nt_load_way(l, pair, pair->key->text, &choice->name))
		return false;
	if (!service)
		check_confirmation(l, pair, pair->key->text);
	if (!service && strcmp(pair->key->text, "email") == 0)
		check_marketing_email(l, pair);
	return true;
}

static bool is_first(struct nt_loader *l, const struct nt_yaml *pair, const struct nt_choice *choices, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (choices[i].channel == choices[n].channel) {
			nt_diags_error(l->diags, pair->key->span,
			               "'%s' stands here twice: the second is never chosen", pair->key->text);
			return false;
		}
	return true;
}

bool nt_load_first_of(struct nt_loader *l, struct nt_step *step, const struct nt_yaml *verb,
                      const struct nt_yaml *const *options)
{
	struct nt_choice *choices = nt_arena_array(l->arena, struct nt_choice, verb->n + 1);

	step->kind = NT_STEP_FIRST_OF;
	load_kind(l, step, options[NT_OPTION_KIND]);
	load_options(l, step, options);
	if (verb->n < 2)
		nt_diags_error_as(l->diags, NT_CODE_MISSING_KEY, verb->key->span,
		                  "'first_of' needs two channels or more to choose from");
	for (const struct nt_yaml *item = verb->first; item != NULL; item = item->next)
		if (load_choice(l, item, step->service, &choices[step->n_choices]) &&
		    is_first(l, item->first, choices, step->n_choices))
			step->n_choices++;
	step->choices = choices;
	if (options[NT_OPTION_ATTACH] != NULL && step->n_choices == verb->n)
		nt_load_attach(l, step, options[NT_OPTION_ATTACH]);
	return step->n_choices == verb->n;
}

static bool load_whom(struct nt_loader *l, struct nt_step *step, const struct nt_yaml *node)
{
	const struct nt_sales_rules *sales = &l->program->sales;
	enum nt_route_kind kind = NT_ROUTE_OWNER;
	unsigned managed = 0;

	if (strcmp(node->text, "owner") == 0) {
		step->whom = NT_WHOM_OWNER;
	} else if (strcmp(node->text, "manager") == 0) {
		step->whom = NT_WHOM_MANAGER;
		for (unsigned i = 0; i < sales->n_teams; i++)
			managed += sales->teams[i].manager >= 0;
		if (sales->n_reps > 0 && managed == 0) {
			nt_diags_error_as(l->diags, NT_CODE_MISSING_KEY, node->span, "no team has a manager");
			return false;
		}
	} else {
		if (!nt_load_target(l, node, NT_KIND_WHOM, &kind, &step->who))
			return false;
		step->whom = kind == NT_ROUTE_TEAM ? NT_WHOM_TEAM : NT_WHOM_REP;
		return true;
	}
	if (sales->n_reps == 0)
		nt_diags_error_as(l->diags, NT_CODE_MISSING_KEY, node->span,
		                  "there is nobody to tell: the rule set has no sales reps");
	return sales->n_reps > 0;
}

bool nt_load_assign(struct nt_loader *l, struct nt_step *step, const struct nt_yaml *verb)
{
	enum nt_route_kind kind = NT_ROUTE_OWNER;

	step->whom = NT_WHOM_ROUTE;
	if (strcmp(verb->text, "by_route") != 0) {
		if (!nt_load_target(l, verb, NT_KIND_ASSIGN, &kind, &step->who))
			return false;
		step->whom = kind == NT_ROUTE_TEAM ? NT_WHOM_TEAM : NT_WHOM_REP;
	} else if (l->program->sales.n_route == 0) {
		nt_diags_error_as(l->diags, NT_CODE_MISSING_KEY, verb->span,
		                  "there is no route to assign by: 'sales' has none");
		return false;
	}
	step->name = nt_arena_strdup(l->arena, verb->text);
	for (char *p = (char *)(uintptr_t)step->name; *p != '\0'; p++) /* part of the step's identity */
		if (*p == ' ' || *p == '_')
			*p = '-';
	return true;
}

/* By email, or where the template has nothing for that, to the telephone. */
int nt_load_way_to_reps(struct nt_loader *l, const char *template)
{
	const struct nt_program *program = l->program;
	const char *const *channels = nt_template_set_channels(program->templates, template);

	for (unsigned i = 0; channels != NULL && !g_strv_contains(channels, "email") && i < program->n_channels; i++)
		if (program->channels[i].address_field == NT_FIELD_PHONE &&
		    g_strv_contains(channels, program->channels[i].name))
			return (int)i;
	return nt_program_channel(program, "email");
}

bool nt_load_tell(struct nt_loader *l, struct nt_step *step, const struct nt_yaml *verb,
                  const struct nt_yaml *const *options)
{
	const struct nt_yaml *message = options[NT_OPTION_MESSAGE];
	bool ok = load_whom(l, step, verb);

	step->kind = NT_STEP_TELL;
	step->service = true;
	if (message == NULL) {
		nt_diags_error_as(l->diags, NT_CODE_MISSING_KEY, verb->key->span,
		                  "'tell' needs 'message': the template of what they are told");
		return false;
	}
	step->channel = nt_load_way_to_reps(l, message->text);
	return nt_load_way(l, message, l->program->channels[step->channel].name, &step->name) && ok;
}

/* The channels of sales' own `tell` for which the template has something; without one, as `tell` steps do it. */
static void ways_to_owner(struct nt_loader *l, struct nt_step *step, const char *template)
{
	const struct nt_sales_rules *sales = &l->program->sales;
	const char *const *has = nt_template_set_channels(l->program->templates, template);
	int *ways = nt_arena_array(l->arena, int, sales->n_tell + 1);

	for (unsigned i = 0; i < sales->n_tell; i++) {
		int channel = nt_program_channel(l->program, sales->tell[i].channel);
		bool twice = false;

		for (unsigned k = 0; k < step->n_ways; k++)
			twice = twice || ways[k] == channel;
		if (!twice && channel >= 0 && has != NULL && g_strv_contains(has, sales->tell[i].channel))
			ways[step->n_ways++] = channel;
	}
	if (step->n_ways == 0)
		ways[step->n_ways++] = nt_load_way_to_reps(l, template);
	step->ways = ways;
}

bool nt_load_task(struct nt_loader *l, struct nt_step *step, const struct nt_yaml *verb,
                  const struct nt_yaml *const *options)
{
	bool ok = l->program->sales.n_reps > 0;

	step->kind = NT_STEP_TASK;
	if (!ok)
		nt_diags_error_as(l->diags, NT_CODE_MISSING_KEY, verb->span,
		                  "there is nobody to do it: the rule set has no sales reps");
	ways_to_owner(l, step, verb->text);
	if (options[NT_OPTION_DUE] == NULL)
		nt_diags_error_as(l->diags, NT_CODE_MISSING_KEY, verb->key->span,
		               "'task' needs 'due': how long there is to do it, such as due: 2 days");
	else
		nt_load_some_time(l, options[NT_OPTION_DUE], &step->duration);
	for (unsigned i = 0; i < step->n_ways; i++)
		ok = nt_load_way(l, verb, l->program->channels[step->ways[i]].name, &step->name) && ok;
	return ok;
}

bool nt_load_webhook(struct nt_loader *l, struct nt_step *step, const struct nt_yaml *verb,
                     const struct nt_yaml *const *options)
{
	step->kind = NT_STEP_WEBHOOK;
	step->channel = nt_program_channel(l->program, "webhook");
	step->service = true; /* a call to a system of our own */
	if (l->context->webhooks != NULL && !g_strv_contains(l->context->webhooks, verb->text)) {
		nt_keys_unknown(l->diags, verb->span, "webhook", verb->text, "", l->context->webhooks);
		return false;
	}
	step->name = nt_arena_strdup(l->arena, verb->text);
	if (options[NT_OPTION_WITH] != NULL)
		step->assignments = nt_load_assignments(l, options[NT_OPTION_WITH], false, &step->n_assignments);
	return true;
}
