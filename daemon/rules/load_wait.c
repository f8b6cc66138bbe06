/* Waits: for a time of day, a window, an instant, a condition, an event. */
#define NT_DIAG_CODE NT_CODE_DOES_NOT_FIT

#include "rules/loader.h"

#include "base/arena.h"

#include <string.h>

/* "monday 09:00": what stands before the blank, if it is a weekday. */
static const char *behind_weekday(const char *text, int *weekday)
{
	const char *blank = strchr(text, ' ');

	if (blank == NULL || !nt_weekday_parse(text, (size_t)(blank - text), weekday))
		return NULL;
	return blank + 1 + strspn(blank + 1, " ");
}

/* Begins like a time of day or a window, though it may not be a right one. */
static bool looks_like_clock(const char *text)
{
	size_t digits = strspn(text, "0123456789");

	return digits > 0 && digits <= 2 && text[digits] == ':';
}

static bool looks_like_date(const char *text)
{
	return g_ascii_isdigit(text[0]) && strchr(text, '-') != NULL;
}

static bool looks_like_window(const char *text)
{
	size_t word = strcspn(text, " ,-");
	int day;

	if (strncmp(text, "daily ", 6) == 0 || (word > 0 && nt_weekday_parse(text, word, &day)))
		return true;
	/* "weekdays 09:00-17:00" */
	word = strspn(text, "abcdefghijklmnopqrstuvwxyz,-");
	return word > 0 && text[word] == ' ' && looks_like_clock(text + word + 1) &&
	       strchr(text + word, '-') != NULL;
}

/* "mnday 09:00" */
static bool is_misspelt_weekday(struct nt_loader *l, const struct nt_yaml *node)
{
	static const char *const days[] = { "monday", "tuesday", "wednesday", "thursday", "friday", "saturday",
		"sunday", NULL };
	const char *blank = strchr(node->text, ' ');
	char *word;
	int minutes;

	if (blank == NULL || looks_like_window(node->text) ||
	    !nt_clock_parse(blank + 1, strlen(blank + 1), &minutes, NULL))
		return false;
	word = g_strndup(node->text, (gsize)(blank - node->text));
	nt_keys_unknown(l->diags, node->span, "weekday", word, "", days);
	g_free(word);
	return true;
}

static bool load_clock(struct nt_loader *l, const struct nt_yaml *node, struct nt_step *step, bool *is_clock)
{
	const char *why = NULL, *clock = behind_weekday(node->text, &step->weekday);

	*is_clock = true;
	step->kind = NT_STEP_WAIT_CLOCK;
	if (clock == NULL) {
		step->weekday = -1;
		clock = node->text;
	}
	if (nt_clock_parse(clock, strlen(clock), &step->minutes, &why))
		return true;
	if (looks_like_clock(clock) && strchr(clock, '-') == NULL) {
		nt_keys_refuse(l->diags, node, NT_KIND_CLOCK, why);
		return false;
	}
	if (step->weekday < 0 && !looks_like_date(node->text) && is_misspelt_weekday(l, node))
		return false;
	step->weekday = -1;
	*is_clock = false;
	return false;
}

static bool load_window(struct nt_loader *l, const struct nt_yaml *node, struct nt_step *step)
{
	step->kind = NT_STEP_WAIT_WINDOW;
	step->has_window = nt_load_windows(l, node, &step->window);
	return step->has_window;
}

static bool load_expression(struct nt_loader *l, const struct nt_yaml *node, struct nt_step *step)
{
	step->kind = NT_STEP_WAIT_CONDITION;
	step->expr = nt_expr_parse(&l->scope, node, 0, NT_TYPE_NONE, true);
	if (step->expr == NULL)
		return false;
	if (step->expr->type == NT_TYPE_TIME || step->expr->type == NT_TYPE_DATE) {
		step->kind = NT_STEP_WAIT_TIME;
		return true;
	}
	if (step->expr->type == NT_TYPE_YES_NO)
		return true;
	nt_diags_error_as(l->diags, NT_CODE_WRONG_VALUE, node->span,
	                  "'wait_until' takes %s, not a %s", nt_kind_text(NT_KIND_WAIT_UNTIL),
	               nt_type_name(step->expr->type));
	return false;
}

static void load_up_to(struct nt_loader *l, struct nt_step *step, const struct nt_yaml *const *options)
{
	step->has_up_to = options[NT_OPTION_UP_TO] != NULL &&
		nt_load_duration(l, options[NT_OPTION_UP_TO], &step->duration);
	if (options[NT_OPTION_ELSE] != NULL && options[NT_OPTION_UP_TO] == NULL)
		nt_diags_warning(l->diags, NT_CODE_UNREACHABLE_STEP, options[NT_OPTION_ELSE]->key->span,
		                 "these steps never run: without 'up_to' the wait has no end");
}

static void refuse(struct nt_loader *l, const struct nt_yaml *option)
{
	if (option != NULL)
		nt_diags_error(l->diags, option->key->span, "'%s' goes with a condition: this wait ends by itself",
		               option->key->text);
}

bool nt_load_wait_until(struct nt_loader *l, struct nt_step *step, const struct nt_yaml *verb,
                        const struct nt_yaml *const *options)
{
	struct nt_window window;
	bool ok, is_clock = false;

	if (verb->type == NT_YAML_SEQUENCE || nt_window_parse(verb->text, verb->length, &window, NULL)) {
		ok = load_window(l, verb, step);
	} else {
		ok = load_clock(l, verb, step, &is_clock);
		if (!is_clock)
			ok = looks_like_window(verb->text) || looks_like_clock(verb->text) ? load_window(l, verb,
			                                                                                 step) :
			                                                                     load_expression(l, verb,
			                                                                                     step);
	}
	if (step->kind == NT_STEP_WAIT_CONDITION) {
		load_up_to(l, step, options);
	} else {
		refuse(l, options[NT_OPTION_UP_TO]);
		refuse(l, options[NT_OPTION_THEN]);
		refuse(l, options[NT_OPTION_ELSE]);
	}
	return ok;
}

bool nt_load_wait_for(struct nt_loader *l, struct nt_step *step, const struct nt_yaml *verb,
                      const struct nt_yaml *const *options)
{
	int *events = nt_arena_array(l->arena, int, verb->n + 1);
	const int *entry = l->scope.entry_events;
	unsigned n_entry = l->scope.n_entry_events, wanted = verb->type == NT_YAML_SEQUENCE ? verb->n : 1;
	const struct nt_yaml *item = verb->type == NT_YAML_SEQUENCE ? verb->first : verb;

	step->kind = NT_STEP_WAIT_FOR;
	for (; item != NULL; item = verb->type == NT_YAML_SEQUENCE ? item->next : NULL) {
		int event = nt_load_event(l, item);

		if (event >= 0)
			events[step->n_events++] = event;
	}
	step->events = events;
	if (verb->type == NT_YAML_SEQUENCE && verb->n == 0)
		nt_diags_error_as(l->diags, NT_CODE_MISSING_KEY, verb->span, "'wait_for' needs an event");
	if (step->n_events == wanted) {
		nt_load_scope(l, events, step->n_events, entry, n_entry, true);
		step->expr = nt_load_condition(l, options[NT_OPTION_IF]);
	}
	step->of_anything = nt_load_of(l, options[NT_OPTION_OF], events, step->n_events, verb->span);
	load_up_to(l, step, options);
	return step->n_events > 0;
}
