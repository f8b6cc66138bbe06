/* A campaign's ways in: on an event, when a condition turns true, at a date of the lead's, as a broadcast, by hand. */
#define NT_DIAG_CODE NT_CODE_DOES_NOT_FIT

#include "rules/loader.h"

#include "base/arena.h"

#include <string.h>

/* Keys that are a way in, and what each of the others goes with. */
static const int ways[] = { NT_ENTER_KEY_ON, NT_ENTER_KEY_WHEN, NT_ENTER_KEY_DATE, NT_ENTER_KEY_AT };
static const struct {
	int key;
	unsigned with; /* 1 << key of the way */
	const char *text;
} aides[] = {
	{ NT_ENTER_KEY_EXISTING, 1u << NT_ENTER_KEY_WHEN, "'when'" },
	{ NT_ENTER_KEY_BEFORE, 1u << NT_ENTER_KEY_DATE, "'date'" },
	{ NT_ENTER_KEY_AFTER, 1u << NT_ENTER_KEY_DATE, "'date'" },
	{ NT_ENTER_KEY_TIME, 1u << NT_ENTER_KEY_DATE, "'date'" },
	{ NT_ENTER_KEY_LATE, 1u << NT_ENTER_KEY_DATE, "'date'" },
	{ NT_ENTER_KEY_EVERY, 1u << NT_ENTER_KEY_DATE | 1u << NT_ENTER_KEY_AT, "'date' or 'at'" },
	{ NT_ENTER_KEY_ZONE, 1u << NT_ENTER_KEY_AT, "'at'" },
};

/* ---- what goes with what ---- */

/* The key of the way in that this is; also one whose value was wrong, which has had its message. False: reported. */
static bool find_way(struct nt_loader *l, const struct nt_yaml *item, const struct nt_yaml *const *keys, int *way)
{
	*way = nt_load_yes(keys[NT_ENTER_KEY_BY_HAND]) ? NT_ENTER_KEY_BY_HAND : -1;
	for (size_t i = 0; i < G_N_ELEMENTS(ways); i++) {
		const struct nt_yaml *node = keys[ways[i]];

		if (node == NULL)
			node = nt_yaml_get(item, nt_enter_keys.keys[ways[i]].name);
		if (node == NULL)
			continue;
		if (*way == NT_ENTER_KEY_BY_HAND) {
			nt_diags_error(l->diags, keys[NT_ENTER_KEY_BY_HAND]->key->span,
			               "'by_hand' is a way in of its own: make 'enter' a list");
			return false;
		}
		if (*way >= 0) {
			nt_diags_error(l->diags, node->key->span,
			               "a way in has either '%s' or '%s', not both: make 'enter' a list",
			               nt_enter_keys.keys[*way].name, node->key->text);
			return false;
		}
		*way = ways[i];
	}
	if (*way >= 0)
		return true;
	if (!nt_keys_has_unknown(&nt_enter_keys, item) &&
	    (keys[NT_ENTER_KEY_BY_HAND] != NULL || nt_yaml_get(item, "by_hand") == NULL))
		nt_diags_error_as(l->diags, NT_CODE_MISSING_KEY, item->span,
		               "a way in needs 'on' (an event), 'when' (a condition), 'date' (a field), 'at' (a "
		               "broadcast) or 'by_hand: true'");
	return false;
}

static bool check_aides(struct nt_loader *l, const struct nt_yaml *const *keys, int way)
{
	const struct nt_yaml *filter = keys[NT_ENTER_KEY_IF];
	bool ok = true;

	for (size_t i = 0; i < G_N_ELEMENTS(aides); i++) {
		const struct nt_yaml *node = keys[aides[i].key];

		if (node == NULL || (aides[i].with & 1u << way) != 0)
			continue;
		nt_diags_error(l->diags, node->key->span, "'%s' goes with %s", node->key->text, aides[i].text);
		ok = false;
	}
	if (filter != NULL && way == NT_ENTER_KEY_BY_HAND)
		nt_diags_error(l->diags, filter->key->span, "'if' does not go with 'by_hand'");
	if (filter != NULL && way == NT_ENTER_KEY_WHEN)
		nt_diags_error(l->diags, filter->key->span,
		               "'if' goes with 'on', 'date' or 'at': join it to the condition of 'when' by 'and'");
	return ok && (filter == NULL || (way != NT_ENTER_KEY_BY_HAND && way != NT_ENTER_KEY_WHEN));
}

/* ---- dates and broadcasts ---- */

static bool load_date(struct nt_loader *l, const struct nt_yaml *const *keys, struct nt_occasion *occasion)
{
	const struct nt_yaml *node = keys[NT_ENTER_KEY_DATE], *every = keys[NT_ENTER_KEY_EVERY],
			     *before = keys[NT_ENTER_KEY_BEFORE], *after = keys[NT_ENTER_KEY_AFTER];
	enum nt_type type = NT_TYPE_DATE;
	bool ok;

	occasion->field = nt_load_field(l, node);
	ok = occasion->field >= 0;
	if (ok)
		type = l->program->fields[occasion->field].type;
	if (type != NT_TYPE_DATE && type != NT_TYPE_TIME) {
		nt_diags_error_as(l->diags, NT_CODE_WRONG_VALUE, node->span,
		                  "'%s' is of type %s: 'date' takes a field of type date or time",
		               node->text, nt_type_name(type));
		ok = false;
	}
	if (before != NULL && after != NULL) {
		nt_diags_error(l->diags, after->key->span, "a way in has either 'before' or 'after', not both");
		ok = false;
	}
	occasion->before = before != NULL;
	if (before != NULL || after != NULL)
		ok &= nt_load_duration(l, before != NULL ? before : after, &occasion->shift);
	if (keys[NT_ENTER_KEY_TIME] != NULL)
		ok &= nt_load_clock(l, keys[NT_ENTER_KEY_TIME], &occasion->minutes);
	if (every != NULL && occasion->repeats && occasion->every.ms != 0) {
		nt_diags_error_as(l->diags, NT_CODE_WRONG_VALUE, every->span,
		                  "a date comes round in years, months, weeks or days");
		ok = false;
	}
	occasion->late = keys[NT_ENTER_KEY_LATE] != NULL;
	if (occasion->late && every != NULL)
		nt_diags_warning(l->diags, NT_CODE_NO_EFFECT, keys[NT_ENTER_KEY_LATE]->key->span,
		                 "with 'every' each lead enters as soon as its date is known, for the last time "
		                 "that it came round");
	return ok;
}

static bool load_at(struct nt_loader *l, const struct nt_yaml *const *keys, struct nt_occasion *occasion)
{
	const struct nt_yaml *node = keys[NT_ENTER_KEY_AT], *zone = keys[NT_ENTER_KEY_ZONE];
	const struct nt_zones *zones = l->context->zones;
	struct nt_civil civil;
	bool has_offset;
	const char *why = NULL, *name;

	if (!nt_instant_parse(node->text, node->length, &civil, &has_offset, &occasion->first, &why)) {
		nt_keys_refuse(l->diags, node, NT_KIND_INSTANT, why);
		return false;
	}
	occasion->reading = nt_civil_utc(&civil);
	occasion->everywhere = has_offset || zone != NULL;
	if (zone != NULL) {
		if (!nt_load_zone(l, zone, &name))
			return false;
		occasion->zone = zones->find(zones, name);
		if (!has_offset)
			occasion->first = nt_civil_instant(occasion->zone, &civil);
		civil = nt_civil_at(occasion->zone, occasion->first); /* from which it comes round */
		if (has_offset)
			occasion->reading = nt_civil_utc(&civil);
	}
	if (has_offset)
		occasion->behind = occasion->reading - occasion->first;
	return true;
}

static unsigned equals(const struct nt_loader *l, const char *prefix)
{
	size_t length = strlen(prefix);
	unsigned n = 0;

	for (unsigned i = 0; i < l->occasions->len; i++) {
		const char *identity = g_array_index(l->occasions, struct nt_occasion, i).identity;

		n += strncmp(identity, prefix, length) == 0 && (identity[length] == '\0' || identity[length] == ' ');
	}
	return n;
}

static bool load_occasion(struct nt_loader *l, const struct nt_yaml *const *keys, const struct nt_campaign *campaign,
                          int way, struct nt_enter *enter)
{
	struct nt_occasion occasion = { .campaign = (int)(campaign - l->program->campaigns), .field = -1,
		                        .minutes = -1 };
	bool is_date = way == NT_ENTER_KEY_DATE, ok = true;
	unsigned n;

	enter->kind = NT_ENTER_OCCASION;
	if (keys[NT_ENTER_KEY_EVERY] != NULL)
		ok = occasion.repeats = nt_load_every(l, keys[NT_ENTER_KEY_EVERY], &occasion.every);
	nt_load_scope(l, NULL, 0, NULL, 0, false);
	enter->condition = nt_load_condition(l, keys[NT_ENTER_KEY_IF]);
	if (keys[NT_ENTER_KEY_IF] != NULL)
		enter->filter = nt_arena_strdup(l->arena, keys[NT_ENTER_KEY_IF]->text);
	ok &= is_date ? load_date(l, keys, &occasion) : load_at(l, keys, &occasion);
	if (!ok)
		return false;
	occasion.identity = is_date ? nt_arena_printf(l->arena, "%s date %s", campaign->name,
	                                              keys[NT_ENTER_KEY_DATE]->text)
	                            : nt_arena_printf(l->arena, "%s at", campaign->name);
	n = equals(l, occasion.identity);
	if (n > 0)
		occasion.identity = nt_arena_printf(l->arena, "%s %u", occasion.identity, n + 1);
	enter->occasion = (int)l->occasions->len;
	g_array_append_val(l->occasions, occasion);
	return true;
}

/* ---- the others ---- */

static bool load_on(struct nt_loader *l, const struct nt_yaml *const *keys, struct nt_enter *enter)
{
	int *event;

	enter->kind = NT_ENTER_ON;
	enter->event = nt_load_event(l, keys[NT_ENTER_KEY_ON]);
	if (enter->event < 0)
		return false;
	enter->span = keys[NT_ENTER_KEY_ON]->span;
	event = nt_arena_copy(l->arena, &enter->event, sizeof enter->event);
	nt_load_scope(l, event, 1, NULL, 0, false);
	enter->condition = nt_load_condition(l, keys[NT_ENTER_KEY_IF]);
	return true;
}

static void load_when(struct nt_loader *l, const struct nt_yaml *const *keys, const char *campaign, unsigned n,
                      struct nt_enter *enter)
{
	enter->kind = NT_ENTER_WHEN;
	nt_load_scope(l, NULL, 0, NULL, 0, false);
	enter->watcher = nt_load_watcher(l, nt_load_condition(l, keys[NT_ENTER_KEY_WHEN]),
	                                 nt_arena_printf(l->arena, "campaign %s enter %u", campaign, n));
	enter->existing = keys[NT_ENTER_KEY_EXISTING] != NULL;
}

static bool load_enter(struct nt_loader *l, const struct nt_yaml *item, const struct nt_campaign *campaign, unsigned n,
                       struct nt_enter *enter)
{
	const struct nt_yaml *keys[NT_ENTER_KEYS];
	int way;

	if (!nt_keys_read(&nt_enter_keys, item, "a way in", l->diags, keys) || !find_way(l, item, keys, &way) ||
	    !check_aides(l, keys, way) || keys[way] == NULL)
		return false;
	if (way == NT_ENTER_KEY_ON)
		return load_on(l, keys, enter);
	if (way == NT_ENTER_KEY_DATE || way == NT_ENTER_KEY_AT)
		return load_occasion(l, keys, campaign, way, enter);
	if (way == NT_ENTER_KEY_WHEN)
		load_when(l, keys, campaign->name, n, enter);
	else
		enter->kind = NT_ENTER_BY_HAND;
	return true;
}

void nt_load_enters(struct nt_loader *l, const struct nt_yaml *node, struct nt_campaign *campaign)
{
	GArray *enters = g_array_new(FALSE, TRUE, sizeof(struct nt_enter));
	unsigned n = 0;

	for (const struct nt_yaml *item = nt_load_first_item(node); item != NULL;
	     item = nt_load_next_item(node, item)) {
		struct nt_enter enter = { .span = item->span, .event = -1, .watcher = -1, .occasion = -1 };

		if (load_enter(l, item, campaign, ++n, &enter))
			g_array_append_val(enters, enter);
	}
	if (node != NULL && node->type == NT_YAML_SEQUENCE && node->n == 0)
		nt_diags_error_as(l->diags, NT_CODE_MISSING_KEY,
		                  node->key->span, "'enter' is empty: nobody would ever enter");
	campaign->enter = nt_load_take(l, enters, struct nt_enter, &campaign->n_enter);
}
