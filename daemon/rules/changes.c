#include "rules/changes.h"

#include "base/arena.h"
#include "rules/words.h"
#include "template/message.h"

#include <string.h>

struct finder {
	struct nt_arena *arena;
	const struct nt_program *before, *after;
};

/* ---- facts ---- */

struct fact {
	const char *key, *text;
	bool met; /* the other side has it too */
};

struct fact_list {
	struct nt_arena *arena;
	GArray *facts;
};

static void keep_fact(void *user, const char *key, const char *text)
{
	struct fact_list *list = user;
	struct fact fact = { nt_arena_strdup(list->arena, key), nt_arena_strdup(list->arena, text), false };

	g_array_append_val(list->facts, fact);
}

static struct fact_list facts_new(const struct finder *f)
{
	return (struct fact_list){ f->arena, g_array_new(FALSE, FALSE, sizeof(struct fact)) };
}

static struct nt_fact_change **add_change(const struct finder *f, struct nt_fact_change **end, const char *key,
                                          const char *before, const char *after)
{
	struct nt_fact_change *change = nt_arena_new0(f->arena, struct nt_fact_change);

	change->key = key;
	change->before = before;
	change->after = after;
	*end = change;
	return &change->next;
}

/* The one of the same key and text (text NULL: of the key) that has not been met. */
static struct fact *find_fact(const struct fact_list *list, const char *key, const char *text)
{
	for (unsigned i = 0; i < list->facts->len; i++) {
		struct fact *fact = &g_array_index(list->facts, struct fact, i);

		if (!fact->met && strcmp(fact->key, key) == 0 && (text == NULL || strcmp(fact->text, text) == 0))
			return fact;
	}
	return NULL;
}

/* What is said of both is no change; what is left is paired by key, in order. */
static struct nt_fact_change **compare_facts(const struct finder *f, struct fact_list *before, struct fact_list *after,
                                             struct nt_fact_change **end)
{
	struct fact *other;

	for (unsigned i = 0; i < after->facts->len; i++) {
		struct fact *fact = &g_array_index(after->facts, struct fact, i);

		other = find_fact(before, fact->key, fact->text);
		if (other != NULL)
			fact->met = other->met = true;
	}
	for (unsigned i = 0; i < before->facts->len; i++) {
		struct fact *fact = &g_array_index(before->facts, struct fact, i);

		if (fact->met)
			continue;
		other = find_fact(after, fact->key, NULL);
		if (other != NULL)
			other->met = true;
		end = add_change(f, end, fact->key, fact->text, other != NULL ? other->text : NULL);
	}
	for (unsigned i = 0; i < after->facts->len; i++) {
		const struct fact *fact = &g_array_index(after->facts, struct fact, i);

		if (!fact->met)
			end = add_change(f, end, fact->key, NULL, fact->text);
	}
	g_array_unref(before->facts);
	g_array_unref(after->facts);
	return end;
}

/* ---- texts ---- */

static struct nt_fact_change **compare_text(const struct finder *f, const char *name, const char *channel,
                                            struct nt_fact_change **end)
{
	const struct nt_message_template *one;

	for (unsigned i = 0; (one = nt_template_set_peek(f->after->templates, i)) != NULL; i++) {
		const char *locale = nt_message_template_locale(one);
		const struct nt_message_template *old;

		if (strcmp(nt_message_template_name(one), name) != 0 ||
		    strcmp(nt_message_template_channel(one), channel) != 0)
			continue;
		old = nt_template_set_find(f->before->templates, name, channel, locale);
		if (old == NULL || strcmp(nt_message_template_locale(old), locale) != 0)
			end = add_change(f, end, "text", NULL, nt_message_template_path(one));
		else if (strcmp(nt_message_template_hash(old), nt_message_template_hash(one)) != 0)
			end = add_change(f, end, "text", nt_message_template_path(old), nt_message_template_path(one));
	}
	for (unsigned i = 0; (one = nt_template_set_peek(f->before->templates, i)) != NULL; i++) {
		const char *locale = nt_message_template_locale(one);
		const struct nt_message_template *now;

		if (strcmp(nt_message_template_name(one), name) != 0 ||
		    strcmp(nt_message_template_channel(one), channel) != 0)
			continue;
		now = nt_template_set_find(f->after->templates, name, channel, locale);
		if (now == NULL || strcmp(nt_message_template_locale(now), locale) != 0)
			end = add_change(f, end, "text", nt_message_template_path(one), NULL);
	}
	return end;
}

static bool same_channel(const struct finder *f, int before, int after)
{
	return strcmp(f->before->channels[before].name, f->after->channels[after].name) == 0;
}

static struct nt_fact_change **compare_task_texts(const struct finder *f, const struct nt_step *before,
                                                  const struct nt_step *after, struct nt_fact_change **end)
{
	for (unsigned i = 0; i < after->n_ways; i++)
		for (unsigned k = 0; k < before->n_ways; k++)
			if (same_channel(f, before->ways[k], after->ways[i]))
				end = compare_text(f, after->name, f->after->channels[after->ways[i]].name, end);
	return end;
}

/* The texts of a template that the step sends now as it did before. */
static struct nt_fact_change **compare_texts(const struct finder *f, const struct nt_step *before,
                                             const struct nt_step *after, struct nt_fact_change **end)
{
	if (before->kind != after->kind)
		return end;
	if (after->kind == NT_STEP_MESSAGE && strcmp(before->name, after->name) == 0)
		return compare_text(f, after->name, f->after->channels[after->channel].name, end);
	if (after->kind == NT_STEP_TELL && same_channel(f, before->channel, after->channel) &&
	    strcmp(before->name, after->name) == 0)
		return compare_text(f, after->name, f->after->channels[after->channel].name, end);
	if (after->kind == NT_STEP_TASK && strcmp(before->name, after->name) == 0)
		return compare_task_texts(f, before, after, end);
	for (unsigned i = 0; i < after->n_choices; i++) {
		const struct nt_choice *choice = &after->choices[i];

		for (unsigned k = 0; k < before->n_choices; k++)
			if (strcmp(before->choices[k].name, choice->name) == 0 &&
			    same_channel(f, before->choices[k].channel, choice->channel))
				end = compare_text(f, choice->name, f->after->channels[choice->channel].name, end);
	}
	return end;
}

/* ---- places ---- */

/* In which list each step stands: "then of if-1"; and its number there. */
struct place {
	const char *list;
	unsigned number;
};

static void walk(struct nt_arena *arena, const struct nt_campaign *campaign, int first, const char *list,
                 struct place *places)
{
	unsigned number = 0;

	for (int i = first; i >= 0; i = campaign->steps[i].next) {
		const struct nt_step *step = &campaign->steps[i];

		places[i] = (struct place){ list, number++ };
		walk(arena, campaign, step->then_first, nt_arena_printf(arena, "then of %s", step->identity), places);
		walk(arena, campaign, step->else_first, nt_arena_printf(arena, "else of %s", step->identity), places);
		for (unsigned k = 0; k < step->n_arms; k++)
			walk(arena, campaign, step->arms[k].first,
			     nt_arena_printf(arena, "arm %u of %s", k, step->identity), places);
		for (unsigned k = 0; k < step->n_points; k++)
			walk(arena, campaign, step->schedule[k].first,
			     nt_arena_printf(arena, "%s of %s", step->schedule[k].identity, step->identity), places);
	}
}

static struct place *find_places(struct nt_arena *arena, const struct nt_campaign *campaign)
{
	struct place *places = nt_arena_array(arena, struct place, campaign->n_steps);

	walk(arena, campaign, campaign->first, "steps", places);
	for (unsigned i = 0; i < campaign->n_goals; i++)
		walk(arena, campaign, campaign->goals[i].first_do, nt_arena_printf(arena, "do of goal %u", i), places);
	for (unsigned i = 0; i < campaign->n_exits; i++)
		walk(arena, campaign, campaign->exits[i].first_do, nt_arena_printf(arena, "do of exit %u", i), places);
	return places;
}

/* ---- steps ---- */

struct pair { /* a step of the new campaign, and the one that it was */
	int before;
	bool moved;
};

/* Of the steps that are in the same list before and after, as few as possible are said to have moved: those that aren't
 * in the longest run of them that has kept its order. */
static void mark_moved(struct nt_arena *arena, const struct place *before, const struct place *after,
                       struct pair *pairs, unsigned n, const char *list)
{
	int *members = nt_arena_array(arena, int, n + 1), *length = nt_arena_array(arena, int, n + 1);
	int *previous = nt_arena_array(arena, int, n + 1);
	int count = 0, best = -1;

	for (unsigned i = 0; i < n; i++)
		if (pairs[i].before >= 0 && after[i].list != NULL && strcmp(after[i].list, list) == 0) {
			if (before[pairs[i].before].list != NULL && strcmp(before[pairs[i].before].list, list) == 0)
				members[count++] = (int)i;
			pairs[i].moved = true;
		}
	for (int i = 0; i < count; i++) {
		length[i] = 1;
		previous[i] = -1;
		for (int k = 0; k < i; k++)
			if (before[pairs[members[k]].before].number < before[pairs[members[i]].before].number &&
			    length[k] + 1 > length[i]) {
				length[i] = length[k] + 1;
				previous[i] = k;
			}
		if (best < 0 || length[i] > length[best])
			best = i;
	}
	for (; best >= 0; best = previous[best])
		pairs[members[best]].moved = false;
}

static struct pair *pair_steps(const struct finder *f, const struct nt_campaign *before,
                               const struct nt_campaign *after)
{
	struct place *old = find_places(f->arena, before), *now = find_places(f->arena, after);
	struct pair *pairs = nt_arena_array(f->arena, struct pair, after->n_steps);
	GHashTable *lists = g_hash_table_new(g_str_hash, g_str_equal);

	for (unsigned i = 0; i < after->n_steps; i++)
		pairs[i].before = -1;
	for (unsigned i = 0; i < before->n_steps; i++) {
		int kept = nt_campaign_step_kept(after, before->steps[i].identity);

		if (kept >= 0)
			pairs[kept].before = (int)i;
	}
	for (unsigned i = 0; i < after->n_steps; i++)
		if (now[i].list != NULL && g_hash_table_add(lists, (void *)(uintptr_t)now[i].list))
			mark_moved(f->arena, old, now, pairs, after->n_steps, now[i].list);
	g_hash_table_destroy(lists);
	return pairs;
}

static const char *step_words(const struct finder *f, const struct nt_program *program,
                              const struct nt_campaign *campaign, int step)
{
	GString *words = g_string_new(NULL);
	const char *kept;

	nt_words_step(program, campaign, &campaign->steps[step], words);
	kept = nt_arena_strdup(f->arena, words->str);
	g_string_free(words, TRUE);
	return kept;
}

static struct nt_fact_change *step_facts(const struct finder *f, const struct nt_campaign *before, int old,
                                         const struct nt_campaign *after, int now)
{
	struct fact_list a = facts_new(f), b = facts_new(f);
	struct nt_fact_change *first = NULL, **end;

	nt_words_step_facts(f->before, before, &before->steps[old], keep_fact, &a);
	nt_words_step_facts(f->after, after, &after->steps[now], keep_fact, &b);
	end = compare_facts(f, &a, &b, &first);
	compare_texts(f, &before->steps[old], &after->steps[now], end);
	return first;
}

static void compare_steps(const struct finder *f, const struct nt_campaign *before, const struct nt_campaign *after,
                          struct nt_campaign_change *change)
{
	GArray *steps = g_array_new(FALSE, FALSE, sizeof(struct nt_step_change));
	struct pair *pairs = pair_steps(f, before, after);
	bool *met = nt_arena_array(f->arena, bool, before->n_steps);

	for (unsigned i = 0; i < after->n_steps; i++) {
		struct nt_step_change step = { .identity = after->steps[i].identity, .before = pairs[i].before,
			                       .after = (int)i, .moved = pairs[i].moved };

		if (step.before >= 0) {
			met[step.before] = true;
			step.facts = step_facts(f, before, step.before, after, (int)i);
			if (strcmp(before->steps[step.before].identity, step.identity) != 0)
				step.was = before->steps[step.before].identity;
		}
		if (step.before >= 0 && !step.moved && step.facts == NULL && step.was == NULL)
			continue;
		step.words = step_words(f, f->after, after, (int)i);
		g_array_append_val(steps, step);
	}
	for (unsigned i = 0; i < before->n_steps; i++) {
		struct nt_step_change step = { .identity = before->steps[i].identity, .before = (int)i, .after = -1 };

		if (met[i])
			continue;
		step.words = step_words(f, f->before, before, (int)i);
		g_array_append_val(steps, step);
	}
	change->n_steps = steps->len;
	change->steps = nt_arena_copy(f->arena, steps->data, steps->len * sizeof(struct nt_step_change));
	g_array_unref(steps);
}

/* ---- equals ---- */

/* "email-welcome" of "email-welcome-2"; NULL: it has an id of its own. */
static char *base_of(const struct nt_step *step)
{
	const char *dash = strrchr(step->identity, '-');

	return step->named || dash == NULL ? NULL : g_strndup(step->identity, (gsize)(dash - step->identity));
}

static GHashTable *equals(const struct nt_campaign *campaign)
{
	GHashTable *table = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_array_unref);

	for (unsigned i = 0; i < campaign->n_steps; i++) {
		char *base = base_of(&campaign->steps[i]);
		GArray *steps = base != NULL ? g_hash_table_lookup(table, base) : NULL;
		int step = (int)i;

		if (base == NULL)
			continue;
		if (steps == NULL) {
			steps = g_array_new(FALSE, FALSE, sizeof(int));
			g_hash_table_insert(table, g_strdup(base), steps);
		}
		g_array_append_val(steps, step);
		g_free(base);
	}
	return table;
}

static void find_muddles(const struct finder *f, const struct nt_campaign *before, const struct nt_campaign *after,
                         struct nt_campaign_change *change)
{
	GArray *muddles = g_array_new(FALSE, FALSE, sizeof(struct nt_step_muddle));
	GHashTable *old = equals(before), *now = equals(after);

	for (unsigned i = 0; i < before->n_steps; i++) {
		char *base = base_of(&before->steps[i]);
		GArray *a = base != NULL ? g_hash_table_lookup(old, base) : NULL;
		GArray *b = base != NULL ? g_hash_table_lookup(now, base) : NULL;
		struct nt_step_muddle muddle = { .base = base };

		if (a != NULL && b != NULL && a->len != b->len && g_array_index(a, int, 0) == (int)i) {
			muddle.base = nt_arena_strdup(f->arena, base);
			muddle.n_before = a->len;
			muddle.n_after = b->len;
			muddle.before = nt_arena_copy(f->arena, a->data, a->len * sizeof(int));
			muddle.after = nt_arena_copy(f->arena, b->data, b->len * sizeof(int));
			g_array_append_val(muddles, muddle);
		}
		g_free(base);
	}
	change->n_muddles = muddles->len;
	change->muddles = nt_arena_copy(f->arena, muddles->data, muddles->len * sizeof(struct nt_step_muddle));
	g_array_unref(muddles);
	g_hash_table_destroy(old);
	g_hash_table_destroy(now);
}

/* ---- campaigns ---- */

static bool compare_campaigns(const struct finder *f, int before, int after, struct nt_campaign_change *change)
{
	const struct nt_campaign *old = &f->before->campaigns[before], *now = &f->after->campaigns[after];
	struct fact_list a = facts_new(f), b = facts_new(f);

	*change = (struct nt_campaign_change){ .name = now->name, .before = before, .after = after };
	if (strcmp(old->name, now->name) != 0)
		change->was = old->name;
	nt_words_campaign_facts(f->before, old, keep_fact, &a);
	nt_words_campaign_facts(f->after, now, keep_fact, &b);
	compare_facts(f, &a, &b, &change->facts);
	compare_steps(f, old, now, change);
	find_muddles(f, old, now, change);
	return change->was != NULL || change->facts != NULL || change->n_steps > 0;
}

static int by_name(const void *a, const void *b)
{
	const struct nt_campaign_change *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static void find_campaigns(const struct finder *f, struct nt_changes *changes)
{
	GArray *list = g_array_new(FALSE, FALSE, sizeof(struct nt_campaign_change));
	int *was = nt_arena_array(f->arena, int, f->after->n_campaigns);
	struct nt_campaign_change change;
	int kept;

	for (unsigned i = 0; i < f->after->n_campaigns; i++)
		was[i] = -1;
	for (unsigned i = 0; i < f->before->n_campaigns; i++) {
		kept = nt_program_campaign_kept(f->after, f->before->campaigns[i].name);
		/* a name that is still the same counts more than one that it had */
		if (kept >= 0 && (was[kept] < 0 || nt_program_campaign(f->after, f->before->campaigns[i].name) >= 0))
			was[kept] = (int)i;
	}
	for (unsigned i = 0; i < f->after->n_campaigns; i++) {
		change = (struct nt_campaign_change){ .name = f->after->campaigns[i].name, .before = -1,
			                              .after = (int)i };
		if (was[i] < 0 || compare_campaigns(f, was[i], (int)i, &change))
			g_array_append_val(list, change);
	}
	for (unsigned i = 0; i < f->before->n_campaigns; i++) {
		change = (struct nt_campaign_change){ .name = f->before->campaigns[i].name, .before = (int)i,
			                              .after = -1 };
		kept = nt_program_campaign_kept(f->after, change.name);
		if (kept < 0 || was[kept] != (int)i)
			g_array_append_val(list, change);
	}
	g_array_sort(list, by_name);
	changes->n_campaigns = list->len;
	changes->campaigns = nt_arena_copy(f->arena, list->data, list->len * sizeof change);
	g_array_unref(list);
}

/* ---- announcements ---- */

/* The one of the new rules that it is; -1: it is gone. */
static int kept_announcement(const struct finder *f, const struct nt_announcement *old)
{
	int campaign = nt_program_campaign_kept(f->after, f->before->campaigns[old->campaign].name);

	for (unsigned i = 0; campaign >= 0 && i < f->after->n_announcements; i++) {
		const struct nt_announcement *now = &f->after->announcements[i];

		if (now->campaign == campaign && now->ordinal == old->ordinal &&
		    strcmp(now->template_name, old->template_name) == 0)
			return (int)i;
	}
	return -1;
}

static struct nt_fact_change *announcement_facts(const struct finder *f, const struct nt_announcement *old,
                                                 const struct nt_announcement *now)
{
	struct fact_list a = facts_new(f), b = facts_new(f);
	struct nt_fact_change *first = NULL, **end;

	nt_words_announcement_facts(f->before, old, keep_fact, &a);
	nt_words_announcement_facts(f->after, now, keep_fact, &b);
	end = compare_facts(f, &a, &b, &first);
	if (same_channel(f, old->channel, now->channel))
		compare_text(f, now->template_name, f->after->channels[now->channel].name, end);
	return first;
}

static void compare_announcements(const struct finder *f, struct nt_changes *changes)
{
	unsigned n = f->after->n_announcements;
	int *was = nt_arena_array(f->arena, int, n + 1);
	GArray *list = g_array_new(FALSE, FALSE, sizeof(struct nt_announcement_change));

	for (unsigned i = 0; i < n; i++)
		was[i] = -1;
	for (unsigned i = 0; i < f->before->n_announcements; i++) {
		int kept = kept_announcement(f, &f->before->announcements[i]);

		if (kept >= 0)
			was[kept] = (int)i;
	}
	for (unsigned i = 0; i < n; i++) {
		const struct nt_announcement *now = &f->after->announcements[i];
		struct nt_announcement_change change = { .campaign = f->after->campaigns[now->campaign].name,
			                                 .message = now->template_name, .before = was[i],
			                                 .after = (int)i };

		if (was[i] >= 0)
			change.facts = announcement_facts(f, &f->before->announcements[was[i]], now);
		if (was[i] < 0 || change.facts != NULL)
			g_array_append_val(list, change);
	}
	for (unsigned i = 0; i < f->before->n_announcements; i++) {
		const struct nt_announcement *old = &f->before->announcements[i];
		const char *name = f->before->campaigns[old->campaign].name;
		int campaign = nt_program_campaign_kept(f->after, name), kept = kept_announcement(f, old);
		struct nt_announcement_change change = {
			.campaign = campaign >= 0 ? f->after->campaigns[campaign].name : name,
			.message = old->template_name, .before = (int)i, .after = -1 };

		if (kept < 0 || was[kept] != (int)i)
			g_array_append_val(list, change);
	}
	changes->n_announcements = list->len;
	changes->announcements = nt_arena_copy(f->arena, list->data, list->len * sizeof(struct nt_announcement_change));
	g_array_unref(list);
}

/* ---- the rest of the rules ---- */

static void compare_others(const struct finder *f, struct nt_changes *changes)
{
	const struct nt_sales_rules *old = &f->before->sales, *now = &f->after->sales;
	struct fact_list a = facts_new(f), b = facts_new(f);
	struct nt_fact_change **end;

	nt_words_other_facts(f->before, keep_fact, &a);
	nt_words_other_facts(f->after, keep_fact, &b);
	end = compare_facts(f, &a, &b, &changes->others);
	for (unsigned i = 0; i < now->n_tell; i++)
		for (unsigned k = 0; k < old->n_tell; k++)
			if (strcmp(old->tell[k].channel, now->tell[i].channel) == 0 &&
			    strcmp(old->tell[k].template, now->tell[i].template) == 0)
				end = compare_text(f, now->tell[i].template, now->tell[i].channel, end);
}

const struct nt_changes *nt_changes_find(struct nt_arena *arena, const struct nt_program *before,
                                         const struct nt_program *after)
{
	struct finder f = { arena, before, after };
	struct nt_changes *changes = nt_arena_new0(arena, struct nt_changes);

	find_campaigns(&f, changes);
	compare_announcements(&f, changes);
	compare_others(&f, changes);
	changes->none = changes->n_campaigns == 0 && changes->n_announcements == 0 && changes->others == NULL;
	return changes;
}
