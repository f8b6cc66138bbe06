/* Campaigns: ways out, and what holds for the whole. Their ways in are load_enter.c's, their steps load_steps.c's. */
#define NT_DIAG_CODE NT_CODE_DOES_NOT_FIT

#include "rules/loader.h"

#include "base/arena.h"
#include "rules/index.h"
#include "rules/program_make.h"

#include <string.h>

static gint by_name(gconstpointer a, gconstpointer b)
{
	return strcmp(((const struct nt_campaign *)a)->name, ((const struct nt_campaign *)b)->name);
}

/* The name, or, where it is wrong, missing or taken, which is reported, one that stands in for it, so that the body is
 * looked at too. */
static const char *name_of_campaign(struct nt_loader *l, GHashTable *seen, const struct nt_yaml *node)
{
	const struct nt_yaml *before = node != NULL ? g_hash_table_lookup(seen, node->text) : NULL;
	const char *name = node != NULL ? nt_arena_strdup(l->arena, node->text) : "";
	bool good = node != NULL && nt_load_name(l, node, "campaign", &name);
	int line = 0, column;

	if (good && before != NULL) {
		if (!nt_diags_full(l->diags))
			nt_span_position(before->span, &line, &column);
		nt_diags_error_as(l->diags, NT_CODE_DECLARED_TWICE, node->span,
		                  "there are two campaigns '%s' (the first is at %s:%d)", node->text,
		               before->span.source->path, line);
	}
	while (g_hash_table_contains(seen, name)) /* numbered, so that many of one name cost no more than others */
		name = nt_arena_printf(l->arena, "%s, number %u", name, g_hash_table_size(seen) + 1);
	return name;
}

void nt_load_campaign_names(struct nt_loader *l)
{
	GArray *campaigns = g_array_new(FALSE, TRUE, sizeof(struct nt_campaign));
	const char **names = g_new0(const char *, l->documents->len + 1);
	GHashTable *seen = g_hash_table_new(g_str_hash, g_str_equal);

	for (unsigned d = 0; d < l->documents->len; d++) {
		struct nt_document *document = &g_array_index(l->documents, struct nt_document, d);
		const struct nt_yaml *node = document->is_campaign ? document->body[NT_CAMPAIGN_CAMPAIGN] : NULL;
		struct nt_campaign campaign = { .priority = 5, .first = -1 };

		if (!document->is_campaign)
			continue;
		names[d] = campaign.name = campaign.title = name_of_campaign(l, seen, node);
		campaign.span = node != NULL ? node->span : document->node->span;
		g_hash_table_insert(seen, (gpointer)(uintptr_t)campaign.name, (gpointer)(uintptr_t)node);
		g_array_append_val(campaigns, campaign);
	}
	g_array_sort(campaigns, by_name);
	l->program->campaigns = nt_load_take(l, campaigns, struct nt_campaign, &l->program->n_campaigns);
	nt_program_index(l->program);
	for (unsigned d = 0; d < l->documents->len; d++)
		g_array_index(l->documents, struct nt_document, d).campaign =
			names[d] != NULL ? nt_program_campaign(l->program, names[d]) : -1;
	g_hash_table_destroy(seen);
	g_free(names);
}

const struct nt_yaml *nt_load_first_item(const struct nt_yaml *node)
{
	return node == NULL ? NULL : node->type == NT_YAML_SEQUENCE ? node->first : node;
}

const struct nt_yaml *nt_load_next_item(const struct nt_yaml *node, const struct nt_yaml *item)
{
	return node->type == NT_YAML_SEQUENCE ? item->next : NULL;
}

static void collect_entry_events(struct nt_loader *l, const struct nt_campaign *campaign, struct nt_step_list *list)
{
	int *events = nt_arena_array(l->arena, int, campaign->n_enter + 1);

	list->entry_events = events;
	for (unsigned i = 0; i < campaign->n_enter; i++)
		if (campaign->enter[i].kind == NT_ENTER_ON)
			events[list->n_entry_events++] = campaign->enter[i].event;
}

/* ---- the key ---- */

static bool is_key(enum nt_type type)
{
	return nt_type_is_text(type) || type == NT_TYPE_NUMBER || type == NT_TYPE_DATE || type == NT_TYPE_TIME;
}

static bool gives_key(struct nt_loader *l, int event, const char *property)
{
	return nt_program_property(&l->program->events[event], property) >= 0;
}

bool nt_load_of(struct nt_loader *l, const struct nt_yaml *of, const int *events, unsigned n, struct nt_span span)
{
	if (of != NULL && l->per == NULL)
		nt_diags_error(l->diags, of->key->span, "'of' goes with a campaign's 'per': this one has none");
	if (of != NULL || l->per == NULL)
		return of != NULL;
	for (unsigned i = 0; i < n; i++)
		if (!gives_key(l, events[i], l->per))
			nt_diags_error(l->diags, span,
			               "event '%s' has no property '%s', by which this campaign tells its runs apart: "
			               "say of: anything",
			               l->program->events[events[i]].name, l->per);
	return false;
}

static bool check_way_in(struct nt_loader *l, const struct nt_yaml *node, const struct nt_enter *way, const char *per)
{
	const struct nt_event_type *event;
	int property;

	if (way->kind == NT_ENTER_BY_HAND)
		return true;
	if (way->kind != NT_ENTER_ON) {
		nt_diags_error(l->diags, node->span,
		               "'per' takes its value from an event: this campaign has a way in without one");
		return false;
	}
	event = &l->program->events[way->event];
	property = nt_program_property(event, per);
	if (property < 0)
		nt_diags_error(l->diags, node->span, "event '%s', which leads into this campaign, has no property '%s'",
		               event->name, per);
	else if (!is_key(event->properties[property].type))
		nt_diags_error(l->diags, node->span, "'per' takes a text, a number, a date or a time, not a %s",
		               nt_type_name(event->properties[property].type));
	return property >= 0;
}

static void load_per(struct nt_loader *l, const struct nt_yaml *node, struct nt_campaign *campaign)
{
	bool ok = true;

	if (node == NULL)
		return;
	if (!g_str_has_prefix(node->text, "event.") || node->text[6] == '\0') {
		nt_diags_error_as(l->diags, NT_CODE_WRONG_VALUE, node->span,
		                  "'%s' is not event.PROPERTY, such as event.order_id", node->text);
		return;
	}
	for (unsigned i = 0; i < campaign->n_enter && ok; i++)
		ok = check_way_in(l, node, &campaign->enter[i], node->text + 6);
	if (ok)
		l->per = campaign->per = nt_arena_strdup(l->arena, node->text + 6);
}

/* ---- ways out ---- */

static bool load_way_out(struct nt_step_list *list, const struct nt_yaml *item, const char *title,
                         struct nt_way_out *way)
{
	const struct nt_yaml *keys[NT_OUT_KEYS];
	struct nt_loader *l = list->l;
	int *event = NULL;

	if (!nt_keys_read(&nt_out_keys, item, title, l->diags, keys) ||
	    !nt_load_either(l, item, &nt_out_keys, title, keys[NT_OUT_ON], keys[NT_OUT_WHEN], keys[NT_OUT_IF]))
		return false;
	if (keys[NT_OUT_ON] != NULL) {
		way->event = nt_load_event(l, keys[NT_OUT_ON]);
		if (way->event < 0)
			return false;
		way->span = keys[NT_OUT_ON]->span;
		event = nt_arena_copy(l->arena, &way->event, sizeof way->event);
	}
	nt_load_scope(l, event, event != NULL, list->entry_events, list->n_entry_events, true);
	if (event != NULL)
		way->of_anything = nt_load_of(l, keys[NT_OUT_OF], event, 1, keys[NT_OUT_ON]->span);
	else if (keys[NT_OUT_OF] != NULL)
		nt_diags_error(l->diags, keys[NT_OUT_OF]->key->span, "'of' goes with 'on'");
	way->condition = nt_load_condition(l, event != NULL ? keys[NT_OUT_IF] : keys[NT_OUT_WHEN]);
	way->first_do = nt_load_steps(list, keys[NT_OUT_DO], event, event != NULL, true);
	return true;
}

static const struct nt_way_out *load_ways_out(struct nt_step_list *list, const struct nt_yaml *node, const char *title,
                                              unsigned *n)
{
	GArray *ways = g_array_new(FALSE, TRUE, sizeof(struct nt_way_out));

	for (const struct nt_yaml *item = nt_load_first_item(node); item != NULL;
	     item = nt_load_next_item(node, item)) {
		struct nt_way_out way = { .span = item->span, .event = -1, .first_do = -1 };

		if (load_way_out(list, item, title, &way))
			g_array_append_val(ways, way);
	}
	return nt_load_take(list->l, ways, struct nt_way_out, n);
}

/* ---- the whole ---- */

static void load_again(struct nt_loader *l, const struct nt_yaml *node, struct nt_campaign *campaign)
{
	static const char *const words[] = { "never", "always", NULL };
	int word;

	if (node == NULL || !nt_load_after(l, node, words, &word, &campaign->again_after))
		return;
	campaign->again = word < 0 ? NT_AGAIN_AFTER : word == 0 ? NT_AGAIN_NEVER : NT_AGAIN_ALWAYS;
}

static bool enters_on(const struct nt_campaign *campaign)
{
	bool on = campaign->n_enter == 0; /* they were wrong, and said to be */

	for (unsigned i = 0; i < campaign->n_enter; i++)
		on = on || campaign->enter[i].kind == NT_ENTER_ON;
	return on;
}

/* A date and a broadcast with `every` come round by themselves: `again` holds them back where it is said. */
static bool comes_round(struct nt_loader *l, struct nt_campaign *campaign, const struct nt_yaml *enter,
                        const struct nt_yaml *again)
{
	struct nt_enter *enters = (struct nt_enter *)(uintptr_t)campaign->enter; /* ours until handed out */
	bool any = false;
	unsigned once = 0;

	for (unsigned i = 0; i < campaign->n_enter; i++) {
		const struct nt_occasion *occasion = enters[i].kind == NT_ENTER_OCCASION ?
			&g_array_index(l->occasions, struct nt_occasion, (unsigned)enters[i].occasion) : NULL;

		once += occasion != NULL && occasion->field < 0 && !occasion->repeats;
		if (occasion == NULL || (occasion->field < 0 && !occasion->repeats))
			continue;
		enters[i].comes_round = again == NULL;
		any = true;
		if (occasion->repeats && again != NULL && strcmp(again->text, "never") == 0)
			nt_diags_warning(l->diags, NT_CODE_NO_EFFECT, again->key->span,
			                 "'every' has nothing to repeat: with 'again: never' a lead enters once");
	}
	if (once > 1 && again == NULL)
		nt_diags_warning(l->diags, NT_CODE_ENTERS_ONCE, enter->key->span,
		                 "a lead gets only the first of these broadcasts: without 'again' it enters once");
	return any;
}

/* For certain, whichever month it is. */
static bool is_longer(struct nt_duration a, struct nt_duration b)
{
	return (int64_t)a.months * 28 * NT_DAY + (int64_t)a.days * NT_DAY + a.ms >=
	       (int64_t)b.months * 31 * NT_DAY + (int64_t)b.days * NT_DAY + b.ms;
}

static void load_between(struct nt_loader *l, const struct nt_yaml *const *keys, struct nt_campaign *campaign)
{
	const struct nt_yaml *cooldown = keys[NT_CAMPAIGN_COOLDOWN], *during = keys[NT_CAMPAIGN_DURING];
	bool round;

	load_again(l, keys[NT_CAMPAIGN_AGAIN], campaign);
	round = comes_round(l, campaign, keys[NT_CAMPAIGN_ENTER], keys[NT_CAMPAIGN_AGAIN]);
	campaign->has_cooldown = cooldown != NULL && nt_load_duration(l, cooldown, &campaign->cooldown);
	campaign->restarts = during != NULL;
	if (campaign->has_cooldown && campaign->again == NT_AGAIN_NEVER &&
	    keys[NT_CAMPAIGN_AGAIN] == NULL && keys[NT_CAMPAIGN_PER] == NULL && !round)
		nt_diags_warning(l->diags, NT_CODE_NO_EFFECT, cooldown->key->span,
		                 "'cooldown' has nothing to hold back: without 'again' a lead enters once");
	if (campaign->has_cooldown && campaign->again == NT_AGAIN_AFTER && keys[NT_CAMPAIGN_PER] == NULL &&
	    is_longer(campaign->again_after, campaign->cooldown))
		nt_diags_warning(l->diags, NT_CODE_NO_EFFECT, cooldown->key->span,
		                 "'cooldown' has nothing to hold back: 'again' waits as long, or longer");
	if (campaign->restarts && !enters_on(campaign))
		nt_diags_error(l->diags, during->key->span,
		               "'during' goes with an 'enter' on an event: nothing else begins anew");
}

static void load_body(struct nt_loader *l, const struct nt_yaml *const *keys, struct nt_campaign *campaign)
{
	struct nt_step_list list = { .l = l, .campaign = campaign->name, .has_goal = keys[NT_CAMPAIGN_GOAL] != NULL };
	int64_t priority;

	list.steps = g_array_new(FALSE, TRUE, sizeof(struct nt_step));
	list.identities = g_hash_table_new(g_str_hash, g_str_equal);
	list.jumps = g_array_new(FALSE, FALSE, sizeof(struct nt_jump));
	list.renames = g_array_new(FALSE, FALSE, sizeof(struct nt_renamed));
	list.ordinals = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	if (keys[NT_CAMPAIGN_TITLE] != NULL)
		campaign->title = nt_arena_strdup(l->arena, keys[NT_CAMPAIGN_TITLE]->text);
	if (keys[NT_CAMPAIGN_PRIORITY] != NULL && nt_load_whole(l, keys[NT_CAMPAIGN_PRIORITY], 0, 9, &priority))
		campaign->priority = (int)priority;
	nt_load_enters(l, keys[NT_CAMPAIGN_ENTER], campaign);
	collect_entry_events(l, campaign, &list);
	load_between(l, keys, campaign);
	l->per = NULL;
	l->loading = (int)(campaign - l->program->campaigns);
	load_per(l, keys[NT_CAMPAIGN_PER], campaign);
	nt_load_scope(l, NULL, 0, list.entry_events, list.n_entry_events, true);
	campaign->pause = nt_load_condition(l, keys[NT_CAMPAIGN_PAUSE]);
	/* `do:` lists come after the steps, so that they never change the ordinals in these */
	campaign->first = nt_load_steps(&list, keys[NT_CAMPAIGN_STEPS], NULL, 0, false);
	nt_load_jumps(&list);
	campaign->goals = load_ways_out(&list, keys[NT_CAMPAIGN_GOAL], "'goal'", &campaign->n_goals);
	campaign->exits = load_ways_out(&list, keys[NT_CAMPAIGN_EXIT], "'exit'", &campaign->n_exits);
	nt_load_step_renames(&list, campaign);
	campaign->steps = nt_load_take(l, list.steps, struct nt_step, &campaign->n_steps);
	campaign->by_identity = nt_index_new(l->arena, campaign->steps, campaign->n_steps, sizeof(struct nt_step),
	                                     offsetof(struct nt_step, identity));
	l->per = NULL;
	l->loading = -1;
	g_array_unref(list.jumps);
	g_array_unref(list.renames);
	g_hash_table_destroy(list.identities);
	g_hash_table_destroy(list.ordinals);
}

/* A step hands its own run's key on. */
static bool has_key(const struct nt_loader *l, const struct nt_start *start, const struct nt_campaign *campaign)
{
	const char *own = start->from >= 0 ? l->program->campaigns[start->from].per : NULL;

	return own != NULL && strcmp(own, campaign->per) == 0;
}

void nt_load_check_starts(struct nt_loader *l)
{
	for (unsigned i = 0; i < l->starts->len; i++) {
		struct nt_start *start = &g_array_index(l->starts, struct nt_start, i);
		const struct nt_campaign *campaign = &l->program->campaigns[start->campaign];
		bool by_hand = campaign->n_enter == 0; /* its ways in were wrong, and said to be */

		for (unsigned e = 0; e < campaign->n_enter; e++)
			by_hand = by_hand || campaign->enter[e].kind == NT_ENTER_BY_HAND;
		if (campaign->per != NULL && !has_key(l, start, campaign))
			nt_diags_error(l->diags, start->span,
			               "campaign '%s' is entered per event.%s: whoever starts it has no such value at "
			               "hand",
			               campaign->name, campaign->per);
		if (!by_hand)
			nt_diags_error(l->diags, start->span,
			               "campaign '%s' cannot be started from outside: add { by_hand: true } to its "
			               "'enter'",
			               campaign->name);
	}
}

void nt_load_campaigns(struct nt_loader *l)
{
	/* ours until handed out */
	struct nt_campaign *campaigns = (struct nt_campaign *)(uintptr_t)l->program->campaigns;

	for (unsigned d = 0; d < l->documents->len; d++) {
		struct nt_document *document = &g_array_index(l->documents, struct nt_document, d);

		if (document->is_campaign)
			load_body(l, document->body, &campaigns[document->campaign]);
	}
	nt_load_campaign_renames(l);
}
