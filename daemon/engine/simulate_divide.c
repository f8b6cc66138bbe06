#include "engine/simulate_private.h"

#include "base/arena.h"
#include "base/csv.h"
#include "engine/state.h"
#include "rules/program.h"

#include <string.h>

/* So few that all that belongs to them stays in a processor's cache while their months go by; an engine of its own for
 * each costs little. */
#define LEADS_A_SHARD 64u

struct nt_sim_shard *nt_sim_shard_new(void)
{
	struct nt_sim_shard *shard = g_new0(struct nt_sim_shard, 1);

	shard->rows = g_array_new(FALSE, FALSE, sizeof(struct nt_sim_row));
	shard->events = g_array_new(FALSE, FALSE, sizeof(struct nt_sim_event));
	return shard;
}

void nt_sim_shard_free(void *memory)
{
	struct nt_sim_shard *shard = memory;

	g_array_unref(shard->rows);
	g_array_unref(shard->events);
	g_free(shard);
}

static struct nt_sim_shard *shard_at(const struct nt_sim *sim, unsigned i)
{
	return sim->shards->pdata[i];
}

/* ---- whether leads meet ---- */

static bool sets_address(const struct nt_program *program, const struct nt_step *step)
{
	for (unsigned i = 0; i < step->n_assignments; i++)
		for (unsigned c = 0; c < program->n_channels; c++)
			if (step->assignments[i].field == program->channels[c].address_field)
				return true;
	return false;
}

/* Leads share reps, rates, and what is learnt of a split's arms. They also share addresses, and whose those are must be
 * known beforehand. */
static bool do_meet(const struct nt_program *program)
{
	if (program->sales.present)
		return true;
	for (unsigned c = 0; c < program->n_channels; c++)
		if (program->channels[c].n_rates > 0)
			return true;
	for (unsigned c = 0; c < program->n_campaigns; c++)
		for (unsigned i = 0; i < program->campaigns[c].n_steps; i++) {
			const struct nt_step *step = &program->campaigns[c].steps[i];

			if (step->best_by != NT_BEST_BY_NONE || sets_address(program, step))
				return true;
		}
	return false;
}

/* ---- which leads have to do with each other: one address, or one event's id. A forest (union-find) ---- */

struct ties {
	struct nt_sim *sim;
	unsigned *above;    /* [leads] */
	GHashTable *known;  /* text -> lead's number + 1 */
	struct nt_arena *arena;
};

static unsigned root_of(unsigned *above, unsigned lead)
{
	while (above[lead] != lead)
		lead = above[lead] = above[above[lead]];
	return lead;
}

/* The first to come stays on top, so that shards keep the order of the file. */
static void tie(struct ties *ties, unsigned a, unsigned b)
{
	a = root_of(ties->above, a);
	b = root_of(ties->above, b);
	ties->above[MAX(a, b)] = MIN(a, b);
}

/* `text` must live as long as the ties. */
static void has(struct ties *ties, unsigned lead, const char *text)
{
	void *other = g_hash_table_lookup(ties->known, text);

	if (other == NULL)
		g_hash_table_insert(ties->known, (void *)(uintptr_t)text, GUINT_TO_POINTER(lead + 1));
	else if (GPOINTER_TO_UINT(other) != lead + 1)
		tie(ties, lead, GPOINTER_TO_UINT(other) - 1);
}

static void tie_addresses(struct ties *ties, int field)
{
	const struct nt_sim *sim = ties->sim;
	const struct nt_csv_row *header = sim->rows.header;
	int column = header != NULL ? nt_sim_column(header, sim->program->fields[field].name) : -1;

	g_hash_table_remove_all(ties->known);
	for (const struct nt_csv_row *row = column >= 0 ? header->next : NULL; row != NULL; row = row->next)
		if (row->cells[column][0] != '\0')
			has(ties, nt_sim_timeline(ties->sim, row->cells[sim->rows.id])->number,
			    nt_address_normalise(ties->arena, field, row->cells[column]));
}

static void tie_ids(struct ties *ties)
{
	g_hash_table_remove_all(ties->known);
	for (unsigned i = 0; i < ties->sim->events->len; i++) {
		const struct nt_sim_event *event = &g_array_index(ties->sim->events, struct nt_sim_event, i);

		if (event->id != NULL)
			has(ties, event->lead, event->id);
	}
}

static unsigned *find_ties(struct nt_sim *sim)
{
	struct ties ties = { sim, nt_arena_array(sim->arena, unsigned, sim->leads->len),
		             g_hash_table_new(g_str_hash, g_str_equal), nt_arena_new() };

	for (unsigned i = 0; i < sim->leads->len; i++)
		ties.above[i] = i;
	for (unsigned c = 0; c < sim->program->n_channels; c++)
		if (sim->program->channels[c].address_field >= 0)
			tie_addresses(&ties, sim->program->channels[c].address_field);
	tie_ids(&ties);
	g_hash_table_destroy(ties.known);
	nt_arena_free(ties.arena);
	return ties.above;
}

/* ---- shards ---- */

/* Of each lead, the number of its shard. */
static unsigned *number_shards(struct nt_sim *sim)
{
	unsigned *above = find_ties(sim), *shards = nt_arena_array(sim->arena, unsigned, sim->leads->len),
		 most = sim->options->leads_a_shard != 0 ? sim->options->leads_a_shard : LEADS_A_SHARD, n = 0;

	for (unsigned lead = 0; lead < sim->leads->len; lead++) {
		unsigned root = root_of(above, lead);

		if (root < lead) {
			shards[lead] = shards[root];
			continue;
		}
		if (n == 0 || shard_at(sim, n - 1)->leads >= most) {
			g_ptr_array_add(sim->shards, nt_sim_shard_new());
			n++;
		}
		shards[lead] = n - 1;
		shard_at(sim, n - 1)->leads++;
	}
	return shards;
}

void nt_sim_divide(struct nt_sim *sim)
{
	const struct nt_csv_row *row = sim->rows.header != NULL ? sim->rows.header->next : NULL;
	unsigned *shards;

	if (sim->shards->len == 0 && (do_meet(sim->program) || sim->leads->len == 0))
		g_ptr_array_add(sim->shards, nt_sim_shard_new());
	shards = sim->shards->len > 0 ? nt_arena_array(sim->arena, unsigned, sim->leads->len) : number_shards(sim);
	for (; row != NULL; row = row->next) {
		struct nt_sim_row one = { row, nt_sim_timeline(sim, row->cells[sim->rows.id])->number, NT_NO_TIME };

		g_array_append_val(shard_at(sim, shards[one.lead])->rows, one);
	}
	for (unsigned i = 0; i < sim->events->len; i++) {
		const struct nt_sim_event *event = &g_array_index(sim->events, struct nt_sim_event, i);

		g_array_append_val(shard_at(sim, shards[event->lead])->events, *event);
	}
	g_clear_pointer(&sim->events, g_array_unref);
}
