/* The steps of one campaign: verbs, options, branches, identities. */
#define NT_DIAG_CODE NT_CODE_DOES_NOT_FIT

#include "rules/loader.h"

#include "base/arena.h"

#include <string.h>

/* ---- the verb ---- */

static int verb_of(struct nt_loader *l, const char *key)
{
	int verb = nt_keys_find(&nt_verb_keys, key);

	if (verb > NT_VERB_CHANNEL)
		return verb;
	return nt_program_channel(l->program, key) >= 0 ? NT_VERB_CHANNEL : -1;
}

static const char **step_names(struct nt_loader *l)
{
	const char **names = g_new0(const char *, NT_VERB_KEYS + l->program->n_channels + 1);
	unsigned n = 0;

	for (unsigned i = NT_VERB_CHANNEL + 1; i < NT_VERB_KEYS; i++)
		names[n++] = nt_verb_keys.keys[i].name;
	for (unsigned i = 0; i < l->program->n_channels; i++)
		names[n++] = l->program->channels[i].name;
	return names;
}

/* A step without a verb: the first key that is no option was meant to be one. Gives the pair as the verb nearest to
 * it, so that the rest of the step is looked at too. */
static const struct nt_yaml *guess_verb(struct nt_loader *l, const struct nt_yaml *node, int *verb)
{
	const char **names = step_names(l), *nearest;
	const struct nt_yaml *pair = node->first;

	while (pair != NULL && nt_keys_find(&nt_option_keys, pair->key->text) >= 0)
		pair = pair->next;
	if (pair == NULL && (nt_yaml_get(node, "then") != NULL || nt_yaml_get(node, "else") != NULL)) {
		nt_diags_error(l->diags, node->span,
		               "'then' and 'else' go with a verb: they stand below its key, without a '- ' of their "
		               "own");
	} else if (pair == NULL && node->first != NULL) {
		nt_diags_error(l->diags, node->span,
		               "a step needs a verb, such as email or wait: '%s' stands below that, without a '- ' of "
		               "its own",
		               node->first->key->text);
	} else if (pair == NULL) {
		nt_diags_error_as(l->diags, NT_CODE_MISSING_KEY, node->span,
		                  "a step needs a verb, such as email or wait");
	} else {
		nearest = nt_keys_unknown(l->diags, pair->key->span, "step", pair->key->text, "", names);
		*verb = nearest != NULL ? verb_of(l, nearest) : -1;
	}
	g_free(names);
	return *verb >= 0 ? pair : NULL;
}

static const struct nt_yaml *find_verb(struct nt_loader *l, const struct nt_yaml *node, int *verb)
{
	const struct nt_yaml *found = NULL, *condition = NULL;

	*verb = -1;
	for (const struct nt_yaml *pair = node->first; pair != NULL; pair = pair->next) {
		int v = verb_of(l, pair->key->text);

		if (v == NT_VERB_IF) {
			condition = pair;
		} else if (v >= 0 && found == NULL) {
			found = pair;
			*verb = v;
		} else if (v >= 0) {
			nt_diags_error(l->diags, pair->key->span,
			               "a step has one verb: '%s' and '%s' stand together (begin a new step with '- ')",
			               found->key->text, pair->key->text);
			return NULL;
		}
	}
	if (found != NULL)
		return found;
	if (condition != NULL && nt_yaml_get(node, "then") == NULL && nt_yaml_get(node, "else") == NULL) {
		/* `if` beside a misspelt verb */
		for (const struct nt_yaml *pair = node->first; pair != NULL; pair = pair->next)
			if (nt_keys_find(&nt_option_keys, pair->key->text) < 0)
				return guess_verb(l, node, verb);
	}
	if (condition != NULL) {
		if (nt_yaml_get(node, "then") == NULL && nt_yaml_get(node, "else") == NULL)
			nt_diags_error_as(l->diags, NT_CODE_MISSING_KEY, condition->key->span,
			               "'if' needs 'then' or 'else', or a verb beside it");
		*verb = NT_VERB_IF;
		return condition;
	}
	return guess_verb(l, node, verb);
}

/* ---- options ---- */

static void refuse_option(struct nt_loader *l, int verb, const struct nt_yaml *verb_node, const struct nt_yaml *pair)
{
	const char *names[NT_OPTION_KEYS + 1] = { NULL };
	const char *where = nt_arena_printf(l->arena, "beside '%s'", verb_node->key->text);
	unsigned n = 0;

	for (unsigned i = 0; i < NT_OPTION_KEYS; i++)
		if ((nt_verb_options[verb] & 1u << i) != 0)
			names[n++] = nt_option_keys.keys[i].name;
	if (nt_keys_find(&nt_option_keys, pair->key->text) >= 0)
		nt_diags_error(l->diags, pair->key->span, "'%s' does not go with '%s'", pair->key->text,
		               verb_node->key->text);
	else
		nt_keys_unknown(l->diags, pair->key->span, "key", pair->key->text, where, names);
}

static void read_options(struct nt_loader *l, const struct nt_yaml *node, int verb, const struct nt_yaml *verb_node,
                         const struct nt_yaml **options)
{
	for (const struct nt_yaml *pair = node->first; pair != NULL; pair = pair->next) {
		int i = nt_keys_find(&nt_option_keys, pair->key->text);

		if (pair == verb_node)
			continue;
		if (i < 0 || (nt_verb_options[verb] & 1u << i) == 0)
			refuse_option(l, verb, verb_node, pair);
		else if (nt_keys_check_shape(&nt_option_keys.keys[i], pair, l->diags))
			options[i] = pair;
	}
}

/* ---- identity ---- */

static void set_identity(struct nt_step_list *list, struct nt_step *step, const char *kind, const struct nt_yaml *id,
                         const struct nt_yaml *verb)
{
	struct nt_loader *l = list->l;
	const struct nt_span *before;
	struct nt_span *place = nt_arena_copy(l->arena, id != NULL ? &id->span : &verb->key->span, sizeof *place);
	int line = 0, column;

	step->named = id != NULL && nt_load_name(l, id, "step", &step->identity);
	if (!step->named) {
		char *base = step->name != NULL && step->kind != NT_STEP_HAND_OFF ? g_strconcat(kind, "-", step->name,
		                                                                                NULL) :
		                                                                    g_strdup(kind);
		int n = GPOINTER_TO_INT(g_hash_table_lookup(list->ordinals, base)) + 1;

		step->identity = nt_arena_printf(l->arena, "%s-%d", base, n);
		g_hash_table_insert(list->ordinals, base, GINT_TO_POINTER(n));
	}
	before = g_hash_table_lookup(list->identities, step->identity);
	if (before == NULL) {
		g_hash_table_insert(list->identities, (gpointer)(uintptr_t)step->identity, place);
		return;
	}
	if (!nt_diags_full(l->diags))
		nt_span_position(*before, &line, &column);
	nt_diags_error_as(l->diags, NT_CODE_DECLARED_TWICE, *place,
	               "two steps of this campaign are called '%s' (the other is on line %d): give one an id of its "
	               "own",
	               step->identity, line);
}

/* ---- verbs that change the lead ---- */

static bool load_change(struct nt_loader *l, int verb, const struct nt_yaml *node, const struct nt_yaml *const *options,
                        struct nt_step *step)
{
	static const enum nt_step_kind kinds[NT_VERB_KEYS] = {
		[NT_VERB_SET] = NT_STEP_SET, [NT_VERB_TAG] = NT_STEP_TAG, [NT_VERB_UNTAG] = NT_STEP_UNTAG,
		[NT_VERB_POINTS] = NT_STEP_POINTS, [NT_VERB_STAGE] = NT_STEP_STAGE, [NT_VERB_SUPPRESS] =
			NT_STEP_SUPPRESS,
		[NT_VERB_HAND_OFF] = NT_STEP_HAND_OFF, [NT_VERB_START] = NT_STEP_START, [NT_VERB_STOP] = NT_STEP_STOP,
		[NT_VERB_GO_TO] = NT_STEP_GO_TO, [NT_VERB_ASSIGN] = NT_STEP_ASSIGN,
	};

	step->kind = kinds[verb];
	switch (verb) {
	case NT_VERB_SET:
		step->assignments = nt_load_assignments(l, node, true, &step->n_assignments);
		return true;
	case NT_VERB_POINTS:
		if (options[NT_OPTION_REASON] != NULL)
			step->reason = nt_arena_strdup(l->arena, options[NT_OPTION_REASON]->text);
		return nt_load_points(l, node, &step->points, &step->expr);
	case NT_VERB_SUPPRESS:
		return nt_load_suppressed(l, node, &step->name);
	case NT_VERB_START:
		step->campaign = nt_load_started(l, node);
		step->name = step->campaign >= 0 ? l->program->campaigns[step->campaign].name : NULL;
		return step->campaign >= 0;
	case NT_VERB_ASSIGN:
		return nt_load_assign(l, step, node);
	case NT_VERB_STOP:
		if (node->type == NT_YAML_SCALAR && (node->length == 0 || nt_load_yes(node)))
			return true;
		nt_diags_error_as(l->diags, NT_CODE_WRONG_VALUE, node->span, "'stop' takes no value");
		return false;
	default:
		step->name = nt_arena_strdup(l->arena, node->text);
		return true;
	}
}

/* ---- one step ---- */

static bool takes_time(int verb)
{
	return verb == NT_VERB_CHANNEL || verb == NT_VERB_FIRST_OF || verb == NT_VERB_WEBHOOK || verb == NT_VERB_WAIT ||
		verb == NT_VERB_WAIT_UNTIL ||
	       verb == NT_VERB_WAIT_FOR || verb == NT_VERB_SCHEDULE || verb == NT_VERB_SPLIT;
}

static bool load_own(struct nt_loader *l, int verb, const struct nt_yaml *node, const struct nt_yaml *const *options,
                     struct nt_step *step)
{
	switch (verb) {
	case NT_VERB_CHANNEL:
		return nt_load_message(l, step, node, options);
	case NT_VERB_FIRST_OF:
		return nt_load_first_of(l, step, node, options);
	case NT_VERB_TELL:
		return nt_load_tell(l, step, node, options);
	case NT_VERB_TASK:
		return nt_load_task(l, step, node, options);
	case NT_VERB_WEBHOOK:
		return nt_load_webhook(l, step, node, options);
	case NT_VERB_WAIT:
		step->kind = NT_STEP_WAIT;
		return nt_load_duration(l, node, &step->duration);
	case NT_VERB_WAIT_UNTIL:
		return nt_load_wait_until(l, step, node, options);
	case NT_VERB_WAIT_FOR:
		return nt_load_wait_for(l, step, node, options);
	case NT_VERB_IF:
		step->kind = NT_STEP_IF;
		step->expr = nt_load_if_unless(l, node, options[NT_OPTION_UNLESS]);
		return step->expr != NULL;
	case NT_VERB_SPLIT:
		step->kind = NT_STEP_SPLIT;
		return true;
	case NT_VERB_CHOOSE:
		step->kind = NT_STEP_CHOOSE;
		return true;
	case NT_VERB_SCHEDULE:
		step->kind = NT_STEP_SCHEDULE;
		return true;
	default:
		return load_change(l, verb, node, options, step);
	}
}

static const char *kind_name(struct nt_loader *l, int verb, const struct nt_step *step)
{
	return verb == NT_VERB_CHANNEL ? l->program->channels[step->channel].name : nt_verb_keys.keys[verb].name;
}

/* Adds the step; its index, or -1 if it was given up. */
static int add_step(struct nt_step_list *list, const struct nt_yaml *node, int verb, const struct nt_yaml *verb_node,
                    struct nt_place *place)
{
	struct nt_loader *l = list->l;
	const struct nt_yaml *options[NT_OPTION_KEYS] = { NULL };
	struct nt_step step = { .span = verb_node->key->span, .parent = place->parent, .depth = place->depth, .next =
		-1, .channel = -1,
	                        .weekday = -1, .then_first = -1, .else_first = -1, .campaign = -1, .target = -1 };
	int index = (int)list->steps->len;
	bool ok;

	step.hand = place->n_events > 0 ? place->events : NULL;
	if (place->instant && takes_time(verb)) {
		nt_diags_error(l->diags, verb_node->key->span,
		               "'%s' takes time: 'do' holds only steps that take none, such as tag or stage",
		               verb_node->key->text);
		return -1;
	}
	read_options(l, node, verb, verb_node, options);
	if (!nt_keys_check_shape(&nt_verb_keys.keys[verb], verb_node, l->diags))
		return -1;
	if (verb != NT_VERB_WAIT_FOR && options[NT_OPTION_UNLESS] != NULL &&
	    (options[NT_OPTION_IF] != NULL || verb == NT_VERB_IF))
		nt_diags_error(l->diags, options[NT_OPTION_UNLESS]->key->span,
		               "a step takes 'if' or 'unless', not both: join them, as in if: a and not b");
	nt_load_scope(l, place->events, place->n_events, list->entry_events, list->n_entry_events, true);
	if (verb != NT_VERB_IF && verb != NT_VERB_WAIT_FOR)
		step.condition = nt_load_if_unless(l, options[NT_OPTION_IF], options[NT_OPTION_UNLESS]);
	else if (verb == NT_VERB_WAIT_FOR) /* its `if` filters the events */
		step.condition = nt_load_if_unless(l, NULL, options[NT_OPTION_UNLESS]);
	if (verb == NT_VERB_CHANNEL)
		step.channel = nt_program_channel(l->program, verb_node->key->text);
	if (step.channel < 0 && verb == NT_VERB_CHANNEL) /* misspelt, but meant: has had its message */
		return -1;
	if (verb == NT_VERB_GO_TO && place->instant) {
		nt_diags_error(l->diags, verb_node->key->span, "'go_to' has nowhere to go in 'do': the run has ended");
		return -1;
	}
	ok = load_own(l, verb, verb_node, options, &step);
	if (verb == NT_VERB_POINTS && step.reason == NULL)
		step.reason = nt_arena_printf(l->arena, "campaign %s", list->campaign);
	set_identity(list, &step, kind_name(l, verb, &step), options[NT_OPTION_ID], verb_node);
	g_array_append_val(list->steps, step);
	if (options[NT_OPTION_WAS] != NULL) {
		struct nt_renamed renamed = { .slot = index, .node = options[NT_OPTION_WAS] };

		g_array_append_val(list->renames, renamed);
	}
	if (verb == NT_VERB_GO_TO) {
		struct nt_jump jump = { .step = index, .node = verb_node };

		g_array_append_val(list->jumps, jump);
	}
	if (verb == NT_VERB_SPLIT)
		nt_load_split(list, verb_node, options[NT_OPTION_BEST_BY], index, place);
	else if (verb == NT_VERB_CHOOSE)
		nt_load_choose(list, verb_node, index, place);
	else if (verb == NT_VERB_SCHEDULE)
		nt_load_schedule(list, verb_node, index, place);
	else
		nt_load_branches(list, options, index, place);
	if (step.kind >= NT_STEP_WAIT && step.kind <= NT_STEP_SCHEDULE)
		place->n_events = 0;
	return ok ? index : -1;
}

/* email:welcome. Gives the colon. */
static const char *verb_with_colon(struct nt_loader *l, const char *text)
{
	const char *colon = strchr(text, ':');
	char *verb = colon != NULL ? g_strndup(text, (gsize)(colon - text)) : NULL;
	bool found = verb != NULL && colon[1] != '\0' && verb_of(l, verb) >= 0;

	g_free(verb);
	return found ? colon : NULL;
}

/* `- stop`, the one step that is a word of its own. */
static int load_word(struct nt_step_list *list, const struct nt_yaml *node, struct nt_place *place)
{
	struct nt_loader *l = list->l;
	struct nt_yaml *pair = nt_arena_new0(l->arena, struct nt_yaml), *mapping =
		nt_arena_new0(l->arena, struct nt_yaml);
	const char *space = strchr(node->text, ' '), *colon = verb_with_colon(l, node->text);
	char *word = space != NULL ? g_strndup(node->text, (gsize)(space - node->text)) : NULL;
	const char **names;

	if (strcmp(node->text, "stop") == 0) {
		*pair = (struct nt_yaml){ .type = NT_YAML_SCALAR, .span = node->span, .text = "", .key = node };
		*mapping = (struct nt_yaml){ .type = NT_YAML_MAPPING, .span = node->span, .first = pair, .n = 1 };
		return add_step(list, mapping, NT_VERB_STOP, pair, place);
	}
	if (verb_of(l, node->text) >= 0) {
		*pair = (struct nt_yaml){ .type = NT_YAML_SCALAR, .span = node->span, .text = "", .key = node };
		nt_keys_check_shape(&nt_verb_keys.keys[verb_of(l, node->text)], pair, l->diags);
	} else if (word != NULL && verb_of(l, word) >= 0) {
		nt_diags_error_as(l->diags, NT_CODE_YAML_SYNTAX, node->span,
		                  "a ':' is missing: %s: %s", word, space + 1);
	} else if (colon != NULL) {
		nt_diags_error_as(l->diags, NT_CODE_YAML_SYNTAX, node->span,
		                  "a space is missing behind the ':': %.*s: %s", (int)(colon - node->text), node->text,
		                  colon + 1);
	} else {
		names = step_names(l);
		nt_keys_unknown(l->diags, node->span, "step", node->text, "", names);
		g_free(names);
	}
	g_free(word);
	return -1;
}

static int load_step(struct nt_step_list *list, const struct nt_yaml *node, struct nt_place *place)
{
	const struct nt_yaml *verb_node;
	int verb;

	if (node->type == NT_YAML_SCALAR)
		return load_word(list, node, place);
	if (node->type != NT_YAML_MAPPING) {
		nt_diags_error(list->l->diags, node->span, "a step is a mapping such as email: welcome, not a list");
		return -1;
	}
	verb_node = find_verb(list->l, node, &verb);
	return verb_node != NULL ? add_step(list, node, verb, verb_node, place) : -1;
}

int nt_load_list(struct nt_step_list *list, const struct nt_yaml *node, struct nt_place *place)
{
	int first = -1, last = -1;

	for (const struct nt_yaml *item = node->first; item != NULL; item = item->next) {
		int index = load_step(list, item, place);

		if (index < 0) {
			list->broken = true;
			continue;
		}
		if (last < 0)
			first = index;
		else
			g_array_index(list->steps, struct nt_step, last).next = index;
		last = index;
	}
	return first;
}

int nt_load_steps(struct nt_step_list *list, const struct nt_yaml *node, const int *events, unsigned n_events,
                  bool instant)
{
	struct nt_place place = { .parent = -1, .instant = instant, .events = events, .n_events = n_events };

	return node != NULL ? nt_load_list(list, node, &place) : -1;
}
