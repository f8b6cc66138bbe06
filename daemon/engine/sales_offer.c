#include "engine/sales_queue.h"

#include "base/arena.h"
#include "base/civil.h"
#include "base/json.h"
#include "engine/rep.h"
#include "rules/program.h"
#include "template/message.h"

#include <string.h>

/* ---- who may have one ---- */

static bool away_on(void *context, int64_t day)
{
	return nt_rep_away(context, day);
}

static int64_t local_day(const struct nt_zone *zone, nt_time t)
{
	struct nt_civil civil = nt_civil_at(zone, t);

	return nt_civil_days(civil.year, civil.month, civil.day);
}

static unsigned open_of(const struct nt_sales *sales, const struct nt_rep *rep)
{
	return GPOINTER_TO_UINT(g_hash_table_lookup(sales->open, rep->name));
}

static bool eligible(const struct nt_sales_step *step, int slot)
{
	const struct nt_program *program = step->sales->program;
	const struct nt_rep *rep = &program->sales.reps[slot];

	if (rep->open_at_most > 0 && open_of(step->sales, rep) >= rep->open_at_most)
		return false;
	return !nt_rep_away(rep, local_day(nt_rep_zone(program, rep), step->now));
}

static bool was_offered(const struct nt_sales_entry *entry, const char *rep)
{
	for (unsigned i = 0; i < entry->offered_to->len; i++)
		if (strcmp(entry->offered_to->pdata[i], rep) == 0)
			return true;
	return false;
}

static unsigned turn_start(const struct nt_sales *sales, const struct nt_team *team, unsigned *used)
{
	const struct nt_sales_turn *turn = g_hash_table_lookup(sales->turns, team->name);

	*used = 0;
	for (unsigned i = 0; turn != NULL && i < team->n_reps; i++)
		if (strcmp(sales->program->sales.reps[team->reps[i]].name, turn->rep) == 0) {
			*used = turn->used;
			return i;
		}
	return 0;
}

/* The team's turn moves past the one who got it; a weighted rep keeps it for `weight` offers in a row. */
static void advance(struct nt_sales_step *step, const struct nt_team *team, unsigned start, unsigned used,
                    unsigned picked)
{
	const struct nt_rep *reps = step->sales->program->sales.reps;
	unsigned weight = reps[team->reps[picked]].weight;

	used = picked == start ? used + 1 : 1;
	if (team->turn != NT_TURN_WEIGHTED || used >= weight) {
		picked = (picked + 1) % team->n_reps;
		used = 0;
	}
	nt_sales_turn_set(step->sales, team->name, reps[team->reps[picked]].name, used);
	step->effects->turns_changed = true;
}

/* Whose turn it is among the eligible to whom it hasn't been offered yet; -1 nobody. */
static int pick(struct nt_sales_step *step, const struct nt_sales_entry *entry)
{
	const struct nt_sales_rules *rules = &step->sales->program->sales;
	int slot = entry->team != NULL ? nt_program_team(step->sales->program, entry->team) : -1;
	const struct nt_team *team = slot >= 0 ? &rules->teams[slot] : NULL;
	unsigned used, start, fewest = UINT_MAX;
	int picked = -1;

	if (team == NULL || team->n_reps == 0)
		return -1;
	start = turn_start(step->sales, team, &used);
	for (unsigned k = 0; k < team->n_reps; k++) {
		unsigned i = (start + k) % team->n_reps;
		const struct nt_rep *rep = &rules->reps[team->reps[i]];
		unsigned open = team->turn == NT_TURN_LEAST_OPEN ? open_of(step->sales, rep) : 0;

		if (was_offered(entry, rep->name) || !eligible(step, team->reps[i]) || open >= fewest)
			continue;
		fewest = open;
		picked = (int)i;
		if (open == 0)
			break;
	}
	if (picked < 0)
		return -1;
	advance(step, team, start, used, (unsigned)picked);
	return team->reps[picked];
}

int nt_sales_manager(const struct nt_sales *sales, const struct nt_sales_entry *entry)
{
	const struct nt_sales_rules *rules = &sales->program->sales;
	int team = entry->team != NULL ? nt_program_team(sales->program, entry->team) : -1;

	return team >= 0 ? rules->teams[team].manager : -1;
}

/* ---- telling ---- */

/* The lead's values (what the step has written), and beside them who gets it, why and until when. */
static const char *message_values(struct nt_sales_step *step, const struct nt_sales_entry *entry,
                                  const struct nt_rep *rep, const char *occasion)
{
	GString *extra = g_string_new(NULL), *text = g_string_new(NULL);
	struct nt_json_writer w;
	const char *values;

	nt_json_begin(&w, extra);
	nt_json_object(&w, NULL);
	nt_json_put_text(&w, "occasion", occasion);
	nt_json_put_text(&w, "lead_id", entry->lead);
	nt_rep_put(&w, rep);
	nt_json_put_text(&w, "offered_to", entry->rep);
	if (entry->reasons->len > 0)
		nt_json_put_text(&w, "reason",
		                 g_array_index(entry->reasons, struct nt_sales_reason, entry->reasons->len - 1).text);
	nt_json_array(&w, "reasons");
	for (unsigned i = 0; i < entry->reasons->len; i++)
		nt_json_put_text(&w, NULL, g_array_index(entry->reasons, struct nt_sales_reason, i).text);
	nt_json_end_array(&w);
	if (entry->state == NT_HANDOFF_OFFERED && entry->limit != NT_NEVER) {
		nt_time_print_utc(entry->limit, text);
		nt_json_put_text(&w, "accept_by", text->str);
	}
	nt_json_end_object(&w);
	values = nt_rep_join(step->effects->arena, entry->values, nt_arena_strdup(step->effects->arena, extra->str));
	g_string_free(extra, TRUE);
	g_string_free(text, TRUE);
	return values;
}

static const char *message_id(struct nt_sales_step *step, const struct nt_sales_entry *entry,
                              const struct nt_message *m, const char *occasion)
{
	struct nt_arena *arena = step->effects->arena;
	char *what = nt_arena_printf(
		arena, "sales\n%s\n%" G_GINT64_FORMAT "\n%" G_GUINT64_FORMAT "\n%s\n%s\n%s\n%s\n%" G_GINT64_FORMAT,
		entry->lead, (gint64)entry->queued, entry->offer, m->rep, m->channel, m->template_name, occasion,
		(gint64)step->now);
	char *hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, what, -1);
	const char *id = nt_arena_strndup(arena, hash, 32);

	g_free(hash);
	return id;
}

void nt_sales_tell(struct nt_sales_step *step, const struct nt_sales_entry *entry, int rep, const char *occasion)
{
	const struct nt_program *program = step->sales->program;
	struct nt_arena *arena = step->effects->arena;
	const struct nt_rep *to = &program->sales.reps[rep];

	for (unsigned i = 0; i < program->sales.n_tell; i++) {
		const char *channel = program->sales.tell[i].channel, *name = program->sales.tell[i].template;
		const char *address = nt_rep_address(program, to, channel);
		const struct nt_message_template *found;
		struct nt_message *m;

		if (address == NULL)
			continue;
		found = program->templates != NULL ? nt_template_set_find(program->templates, name, channel, NULL) :
		                                     NULL;
		m = nt_arena_new0(arena, struct nt_message);
		*m = (struct nt_message){
			.lead = nt_arena_strdup(arena, entry->lead),
			.rep = to->name,
			.campaign = "",
			.key = "",
			.step = nt_arena_strdup(arena, occasion),
			.channel = channel,
			.template_name = name,
			.template_hash = found != NULL ? nt_message_template_hash(found) : "",
			.program_hash = program->hash,
			.address = address,
			.address_name = to->full_name,
			.service = true,
			.released = step->now,
			.values = message_values(step, entry, to, occasion),
			.why = nt_arena_printf(arena, "sales: %s %s", occasion, to->name),
			.offer = entry->rep != NULL && strcmp(entry->rep, to->name) == 0 ? entry->offer : 0,
		};
		m->id = message_id(step, entry, m, occasion);
		g_ptr_array_add(step->effects->messages, m);
	}
}

static void tell_manager(struct nt_sales_step *step, struct nt_sales_entry *entry, const char *occasion)
{
	int manager = nt_sales_manager(step->sales, entry);

	entry->told = step->now;
	nt_sales_entry_touch(step, entry);
	if (manager >= 0)
		nt_sales_tell(step, entry, manager, occasion);
}

/* ---- time limits ---- */

/* A limit in hours and minutes is working time; one in days or longer is calendar time, moved to when the rep works. */
static nt_time limit_of(const struct nt_sales *sales, const struct nt_sales_entry *entry, const struct nt_rep *rep)
{
	const struct nt_sales_rules *rules = &sales->program->sales;
	struct nt_duration within = entry->has_accept_within ? entry->accept_within : rules->accept_within;
	const struct nt_zone *zone = nt_rep_zone(sales->program, rep);

	if (rules->accept_clock_always)
		return nt_time_plus(zone, entry->offered, within);
	if (within.months != 0 || within.days != 0)
		return nt_rep_working(sales->program, rep, nt_time_plus(zone, entry->offered, within));
	return nt_windows_spend(&rep->hours, zone, entry->offered, within.ms, away_on, (void *)(uintptr_t)rep);
}

static void offer(struct nt_sales_step *step, struct nt_sales_entry *entry, int slot, const char *occasion)
{
	const struct nt_rep *rep = &step->sales->program->sales.reps[slot];

	nt_sales_entry_move(step, entry, NT_HANDOFF_OFFERED, rep->name, NULL);
	entry->offer = ++step->sales->last_offer;
	step->effects->turns_changed = true;
	entry->offered = step->now;
	entry->limit = limit_of(step->sales, entry, rep);
	if (!was_offered(entry, rep->name))
		g_ptr_array_add(entry->offered_to, g_strdup(rep->name));
	nt_sales_tell(step, entry, slot, occasion);
}

bool nt_sales_place(struct nt_sales_step *step, struct nt_sales_entry *entry)
{
	int rep = entry->wanted != NULL ? nt_program_rep(step->sales->program, entry->wanted) : -1;

	if (rep < 0 || was_offered(entry, entry->wanted) || !eligible(step, rep))
		rep = pick(step, entry);
	if (rep < 0)
		return false;
	offer(step, entry, rep, "offer");
	return true;
}

/* The first team among the routes; the one that has sent it back only if there is no other. -1: none. */
static int routed_team(const struct nt_sales_step *step, const struct nt_ready_effect *ready, unsigned upto,
                       const char *not_team)
{
	const struct nt_sales_rules *rules = &step->sales->program->sales;
	int team = -1;

	for (unsigned i = 0; i < upto; i++) {
		const struct nt_route *route = &rules->route[ready->routes[i]];

		if (route->kind != NT_ROUTE_TEAM)
			continue;
		if (not_team == NULL || strcmp(rules->teams[route->target].name, not_team) != 0)
			return route->target;
		if (team < 0)
			team = route->target;
	}
	if (ready->n_routes == 0 && rules->n_route == 0 && rules->n_teams > 0)
		return 0; /* without routes: the first team */
	return team;
}

/* Routes are in order: an owner or a named rep who is there now comes before what follows; else a named rep is waited
 * for, while an owner gives way. */
void nt_sales_route(struct nt_sales_step *step, struct nt_sales_entry *entry, const struct nt_ready_effect *ready,
                    const char *not_team)
{
	const struct nt_sales_rules *rules = &step->sales->program->sales;
	unsigned upto = ready->n_routes;
	int wanted = -1, team;

	for (unsigned i = 0; i < ready->n_routes && wanted < 0; i++) {
		const struct nt_route *route = &rules->route[ready->routes[i]];

		if (route->kind == NT_ROUTE_TEAM)
			break;
		if (route->kind == NT_ROUTE_REP) {
			wanted = route->target;
			upto = i;
		} else if (ready->owner != NULL) {
			wanted = nt_program_rep(step->sales->program, ready->owner);
			if (wanted >= 0 && i + 1 < ready->n_routes && !eligible(step, wanted))
				wanted = -1;
		}
	}
	team = routed_team(step, ready, upto, not_team);
	entry->wanted = wanted >= 0 ? g_strdup(rules->reps[wanted].name) : NULL;
	entry->team = team >= 0 ? g_strdup(rules->teams[team].name) : NULL;
	if (!nt_sales_place(step, entry))
		tell_manager(step, entry, "waiting");
}

static int pick_of(struct nt_sales_step *step, const struct nt_ready_effect *ready, int team)
{
	struct nt_sales_entry *entry = nt_sales_entry_new(ready->lead);
	int rep;

	entry->team = g_strdup(step->sales->program->sales.teams[team].name);
	rep = pick(step, entry);
	nt_sales_entry_free(entry);
	return rep;
}

int nt_sales_assign(struct nt_sales_step *step, const struct nt_ready_effect *ready)
{
	const struct nt_sales_rules *rules = &step->sales->program->sales;
	int rep = -1;

	if (ready->team >= 0)
		return pick_of(step, ready, ready->team);
	for (unsigned i = 0; i < ready->n_routes && rep < 0; i++) {
		const struct nt_route *route = &rules->route[ready->routes[i]];

		if (route->kind == NT_ROUTE_TEAM)
			rep = pick_of(step, ready, route->target);
		else if (route->kind == NT_ROUTE_REP)
			rep = route->target;
		else if (ready->owner != NULL)
			rep = nt_program_rep(step->sales->program, ready->owner);
		if (rep >= 0 && route->kind != NT_ROUTE_TEAM && !eligible(step, rep))
			rep = -1;
	}
	return rep;
}

/* The next item of `then` that leads to somebody; false: none is left. */
static bool pass_on(struct nt_sales_step *step, struct nt_sales_entry *entry)
{
	const struct nt_sales_rules *rules = &step->sales->program->sales;

	while (entry->then_done < rules->n_then) {
		enum nt_then then = rules->then[entry->then_done++];
		int rep = then == NT_THEN_NEXT_REP ? pick(step, entry) : nt_sales_manager(step->sales, entry);

		if (rep < 0 || was_offered(entry, rules->reps[rep].name) || !eligible(step, rep))
			continue;
		offer(step, entry, rep, "offer");
		return true;
	}
	return false;
}

/* Nothing has been reported since it was accepted. */
static void no_progress(struct nt_sales_step *step, struct nt_sales_entry *entry)
{
	const struct nt_sales_rules *rules = &step->sales->program->sales;
	const struct nt_progress_limit *limit = &rules->after_accept[entry->progress_done++];
	int rep;

	nt_sales_entry_touch(step, entry);
	if (limit->then == NT_AFTER_TELL_MANAGER) {
		tell_manager(step, entry, "no_progress");
		return;
	}
	rep = pick(step, entry);
	if (rep < 0) {
		rep = nt_sales_manager(step->sales, entry);
		if (rep >= 0 && (strcmp(rules->reps[rep].name, entry->rep) == 0 || !eligible(step, rep)))
			rep = -1;
	}
	if (rep >= 0)
		offer(step, entry, rep, "offer");
	else
		tell_manager(step, entry, "no_progress");
}

void nt_sales_expire(struct nt_sales_step *step, struct nt_sales_entry *entry)
{
	if (entry->state == NT_HANDOFF_ACCEPTED) {
		no_progress(step, entry);
		return;
	}
	if (!entry->late && pass_on(step, entry))
		return;
	entry->late = true;
	tell_manager(step, entry, "late");
}

/* The manager's next working day after t. */
static nt_time next_telling(const struct nt_sales *sales, const struct nt_sales_entry *entry)
{
	int slot = nt_sales_manager(sales, entry);
	const struct nt_rep *manager;
	const struct nt_zone *zone;

	if (slot < 0)
		return NT_NEVER;
	manager = &sales->program->sales.reps[slot];
	zone = nt_rep_zone(sales->program, manager);
	if (manager->hours.n == 0)
		return nt_rep_working(sales->program, manager,
		                    nt_time_plus(zone, entry->told, (struct nt_duration){ .days = 1 }));
	return nt_rep_working(sales->program, manager, nt_civil_next_midnight(zone, entry->told));
}

/* When the next of those who might have it and are away comes back. */
static nt_time next_return(const struct nt_sales *sales, const struct nt_sales_entry *entry, nt_time now)
{
	const struct nt_program *program = sales->program;
	int team = entry->team != NULL ? nt_program_team(program, entry->team) : -1;
	int wanted = entry->wanted != NULL ? nt_program_rep(program, entry->wanted) : -1;
	unsigned n = team >= 0 ? program->sales.teams[team].n_reps : 0;
	nt_time due = NT_NEVER;

	for (unsigned i = 0; i <= n; i++) {
		int slot = i < n ? program->sales.teams[team].reps[i] : wanted;
		const struct nt_zone *zone;
		nt_time t = now;

		if (slot < 0)
			continue;
		zone = nt_rep_zone(program, &program->sales.reps[slot]);
		while (nt_rep_away(&program->sales.reps[slot], local_day(zone, t)) && t < now + 400 * NT_DAY)
			t = nt_civil_next_midnight(zone, t);
		if (t > now)
			due = nt_time_earlier(due, t);
	}
	return due;
}

nt_time nt_sales_entry_due(const struct nt_sales *sales, const struct nt_sales_entry *entry, nt_time now)
{
	const struct nt_sales_rules *rules = &sales->program->sales;
	int rep;

	if (!rules->present)
		return NT_NEVER;
	switch (entry->state) {
	case NT_HANDOFF_WAITING:
		return next_return(sales, entry, now);
	case NT_HANDOFF_OFFERED:
		return entry->late ? next_telling(sales, entry) : entry->limit;
	case NT_HANDOFF_ACCEPTED:
		rep = nt_program_rep(sales->program, entry->rep);
		if (rep < 0 || entry->progress_done >= rules->n_after_accept)
			return NT_NEVER;
		return nt_time_plus(nt_rep_zone(sales->program, &rules->reps[rep]), entry->since,
		                    rules->after_accept[entry->progress_done].within);
	default:
		return NT_NEVER;
	}
}

/* ---- loads ---- */

void nt_sales_keep_turns(struct nt_sales *sales, const struct nt_program *program)
{
	const struct nt_sales_rules *old = &sales->program->sales, *rules = &program->sales;

	for (unsigned t = 0; t < old->n_teams; t++) {
		const struct nt_team *team = &old->teams[t];
		int now = nt_program_team(program, team->name);
		unsigned used, start;

		if (now < 0 || team->n_reps == 0 || g_hash_table_lookup(sales->turns, team->name) == NULL)
			continue;
		start = turn_start(sales, team, &used);
		for (unsigned k = 0; k < team->n_reps; k++) { /* its successor in the old list who is still there */
			const char *name = old->reps[team->reps[(start + k) % team->n_reps]].name;
			bool present = false;

			for (unsigned i = 0; i < rules->teams[now].n_reps; i++)
				present |= strcmp(rules->reps[rules->teams[now].reps[i]].name, name) == 0;
			if (!present)
				continue;
			nt_sales_turn_set(sales, team->name, name, k == 0 ? used : 0);
			break;
		}
	}
}

/* Its team is gone: the one that the last route without a condition names. */
static void find_team(struct nt_sales *sales, struct nt_sales_entry *entry)
{
	const struct nt_sales_rules *rules = &sales->program->sales;

	if (entry->team == NULL || nt_program_team(sales->program, entry->team) >= 0)
		return;
	g_clear_pointer(&entry->team, g_free);
	for (unsigned i = 0; i < rules->n_route; i++)
		if (rules->route[i].condition == NULL && rules->route[i].kind == NT_ROUTE_TEAM)
			entry->team = g_strdup(rules->teams[rules->route[i].target].name);
}

void nt_sales_reload(struct nt_sales_step *step, struct nt_sales_entry *entry)
{
	const struct nt_sales_rules *rules = &step->sales->program->sales;
	int rep = entry->rep != NULL ? nt_program_rep(step->sales->program, entry->rep) : -1;
	int manager;

	find_team(step->sales, entry);
	nt_sales_entry_touch(step, entry);
	if (entry->state == NT_HANDOFF_WAITING)
		return; /* tried again at the end of the step */
	if (rep >= 0) {
		if (entry->state == NT_HANDOFF_OFFERED)
			entry->limit = limit_of(step->sales, entry, &rules->reps[rep]);
		return;
	}
	manager = nt_sales_manager(step->sales, entry);
	if (entry->state == NT_HANDOFF_ACCEPTED && manager >= 0) {
		nt_sales_entry_move(step, entry, NT_HANDOFF_ACCEPTED, rules->reps[manager].name, NULL);
		nt_sales_tell(step, entry, manager, "taken_over");
		return;
	}
	if (entry->state != NT_HANDOFF_OFFERED)
		return;
	entry->offer = 0;
	nt_sales_entry_move(step, entry, NT_HANDOFF_WAITING, NULL, NULL);
	if (nt_sales_place(step, entry))
		return;
	if (manager >= 0 && !was_offered(entry, rules->reps[manager].name) && eligible(step, manager))
		offer(step, entry, manager, "offer");
	else
		tell_manager(step, entry, "waiting");
}
