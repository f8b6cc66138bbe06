#include "engine/plan_private.h"

#include "base/arena.h"
#include "rules/program.h"

#include <string.h>

const char *nt_plan_text(struct nt_maker *maker, const char *text)
{
	char *kept;

	if (text == NULL)
		return NULL;
	kept = g_hash_table_lookup(maker->texts, text);
	if (kept == NULL) {
		kept = nt_arena_strdup(maker->arena, text);
		g_hash_table_insert(maker->texts, kept, kept);
	}
	return kept;
}

/* The smallest ids, sorted: the same whatever order they come in. */
void nt_plan_count(struct nt_maker *maker, struct nt_plan_leads *leads, const char *id)
{
	unsigned i = leads->n_examples;

	leads->n++;
	if (i == NT_PLAN_EXAMPLES && strcmp(id, leads->examples[i - 1]) >= 0)
		return;
	for (unsigned k = 0; k < leads->n_examples; k++)
		if (strcmp(leads->examples[k], id) == 0)
			return;
	if (i == NT_PLAN_EXAMPLES)
		i--;
	else
		leads->n_examples++;
	for (; i > 0 && strcmp(leads->examples[i - 1], id) > 0; i--)
		leads->examples[i] = leads->examples[i - 1];
	leads->examples[i] = nt_plan_text(maker, id);
}

void *nt_plan_entry(struct nt_maker *maker, GHashTable *table, const char *key, size_t size)
{
	void *found = g_hash_table_lookup(table, key);

	if (found == NULL) {
		found = nt_arena_alloc(maker->arena, size);
		g_hash_table_insert(table, nt_arena_strdup(maker->arena, key), found);
	}
	return found;
}

static struct nt_plan_traffic *traffic_of(struct nt_maker *maker, const char *campaign)
{
	struct nt_plan_traffic *traffic = nt_plan_entry(maker, maker->traffic, campaign, sizeof *traffic);

	traffic->campaign = campaign;
	return traffic;
}

static void tally_sent(struct nt_maker *maker, const struct nt_plan_record *r, unsigned rules, bool day)
{
	char *key = g_strdup_printf("%s\n%s\n%s\n%d", r->campaign, r->channel, r->template_name, r->rep);
	struct nt_plan_sent *sent = nt_plan_entry(maker, maker->sent, key, sizeof *sent);

	sent->campaign = r->campaign;
	sent->channel = r->channel;
	sent->template_name = r->template_name;
	sent->rep = r->rep;
	sent->day[rules] += day;
	sent->week[rules]++;
	g_free(key);
}

static void tally_cancelled(struct nt_maker *maker, const struct nt_plan_record *r)
{
	char *key = g_strdup_printf("%s\n%s\n%s", r->campaign, r->channel, r->template_name);
	struct nt_plan_cancelled *cancelled = nt_plan_entry(maker, maker->cancelled, key, sizeof *cancelled);

	cancelled->campaign = r->campaign;
	cancelled->channel = r->channel;
	cancelled->template_name = r->template_name;
	nt_plan_count(maker, &cancelled->leads, r->lead);
	g_free(key);
}

static void tally_move(struct nt_maker *maker, const struct nt_plan_record *r)
{
	char *key = g_strdup_printf("%s\n%d\n%s\n%s\n%s", r->campaign, (int)r->move, r->from != NULL ? r->from : "",
	                            r->to != NULL ? r->to : "", r->why != NULL ? r->why : "");
	struct nt_plan_move *move = nt_plan_entry(maker, maker->moves, key, sizeof *move);

	*move = (struct nt_plan_move){ .kind = r->move, .campaign = r->campaign, .from = r->from,
		                       .from_words = r->from_words, .to = r->to, .to_words = r->to_words,
		                       .why = r->why, .leads = move->leads };
	nt_plan_count(maker, &move->leads, r->lead);
	if (r->from_step >= 0)
		nt_plan_count(maker, &maker->standing[r->from_campaign][r->from_step], r->lead);
	g_free(key);
}

void nt_plan_tally(struct nt_maker *maker, const struct nt_plan_record *record, unsigned rules)
{
	nt_time now = maker->planning->now;
	bool day = record->at <= now + NT_DAY;

	if (record->at > now + 7 * NT_DAY)
		return;
	switch (record->kind) {
	case NT_RECORD_SENT:
		tally_sent(maker, record, rules, day);
		break;
	case NT_RECORD_ENTERED:
		traffic_of(maker, record->campaign)->entered_day[rules] += day;
		traffic_of(maker, record->campaign)->entered_week[rules]++;
		break;
	case NT_RECORD_LEFT:
		traffic_of(maker, record->campaign)->left_week[rules]++;
		break;
	case NT_RECORD_GOAL:
		traffic_of(maker, record->campaign)->goals_week[rules]++;
		break;
	case NT_RECORD_CANCELLED:
		tally_cancelled(maker, record);
		break;
	case NT_RECORD_UNDER_WAY:
		maker->under_way++;
		break;
	case NT_RECORD_MOVE:
		tally_move(maker, record);
		break;
	case NT_RECORD_TOLD:
		nt_plan_tally_told(maker, record, rules);
		break;
	case NT_RECORD_CONCERNED:
		maker->concerned[record->occasion]++;
		break;
	}
}

/* ---- lists ---- */

static int by_key(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The entries in order of their keys, as one array. */
static void *list_of(struct nt_maker *maker, GHashTable *table, size_t size, unsigned *n)
{
	GPtrArray *keys = g_ptr_array_new();
	GHashTableIter iter;
	void *key;
	char *list;

	g_hash_table_iter_init(&iter, table);
	while (g_hash_table_iter_next(&iter, &key, NULL))
		g_ptr_array_add(keys, key);
	g_ptr_array_sort(keys, by_key);
	*n = keys->len;
	list = nt_arena_alloc(maker->arena, size * (keys->len + 1));
	for (unsigned i = 0; i < keys->len; i++)
		memcpy(list + size * i, g_hash_table_lookup(table, keys->pdata[i]), size);
	g_ptr_array_unref(keys);
	return list;
}

static void add_leads(struct nt_maker *maker, struct nt_plan_leads *sum, const struct nt_plan_leads *more)
{
	uint64_t n = sum->n + more->n;

	for (unsigned i = 0; i < more->n_examples; i++)
		nt_plan_count(maker, sum, more->examples[i]);
	sum->n = n;
}

static void find_demands(struct nt_maker *maker)
{
	GArray *demands = g_array_new(FALSE, FALSE, sizeof(struct nt_plan_demand));

	for (unsigned i = 0; i < maker->plan->changes->n_campaigns; i++) {
		const struct nt_campaign_change *change = &maker->plan->changes->campaigns[i];

		for (unsigned k = 0; k < change->n_muddles; k++) {
			struct nt_plan_demand demand = { .campaign = change, .muddle = &change->muddles[k] };

			for (unsigned s = 0; s < demand.muddle->n_before; s++)
				add_leads(maker, &demand.leads,
				          &maker->standing[change->before][demand.muddle->before[s]]);
			if (demand.leads.n > 0)
				g_array_append_val(demands, demand);
		}
	}
	maker->plan->n_demands = demands->len;
	maker->plan->demands = nt_arena_copy(maker->arena, demands->data, demands->len * sizeof(struct nt_plan_demand));
	g_array_unref(demands);
}

static int by_lead(const void *a, const void *b)
{
	return strcmp(((const struct nt_plan_offer *)a)->lead, ((const struct nt_plan_offer *)b)->lead);
}

void nt_plan_finish(struct nt_maker *maker)
{
	struct nt_plan *plan = maker->plan;
	struct nt_plan_told *told;

	plan->moves = list_of(maker, maker->moves, sizeof *plan->moves, &plan->n_moves);
	plan->cancelled = list_of(maker, maker->cancelled, sizeof *plan->cancelled, &plan->n_cancelled);
	plan->sent = list_of(maker, maker->sent, sizeof *plan->sent, &plan->n_sent);
	plan->told = told = list_of(maker, maker->told, sizeof *plan->told, &plan->n_told);
	for (unsigned i = 0; i < plan->n_told; i++)
		told[i].leads = told[i].occasion >= 0 ? maker->concerned[told[i].occasion] : 0;
	plan->traffic = list_of(maker, maker->traffic, sizeof *plan->traffic, &plan->n_traffic);
	g_array_sort(maker->offers, by_lead);
	plan->n_offers = maker->offers->len;
	plan->offers = nt_arena_copy(maker->arena, maker->offers->data,
	                             maker->offers->len * sizeof(struct nt_plan_offer));
	for (unsigned i = 0; i < plan->n_cancelled; i++)
		maker->called_back += plan->cancelled[i].leads.n;
	plan->under_way = maker->under_way - MIN(maker->under_way, maker->called_back);
	find_demands(maker);
}
