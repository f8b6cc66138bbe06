#include "engine/tally_private.h"

#include "base/arena.h"
#include "base/civil.h"
#include "engine/rep.h"
#include "engine/state.h"
#include "rules/program.h"

#include <string.h>

static GHashTable *table_of(struct nt_tally *tally, bool named)
{
	GHashTable *table = named ? g_hash_table_new(g_str_hash, g_str_equal) :
	                            g_hash_table_new(g_int64_hash, g_int64_equal);

	g_ptr_array_add(tally->tables, table);
	return table;
}

static void destroy_table(void *table)
{
	g_hash_table_destroy(table);
}

struct nt_tally *nt_tally_new(const struct nt_program *program)
{
	struct nt_tally *tally = g_new0(struct nt_tally, 1);

	tally->program = program;
	tally->zone = program->zones->find(program->zones, program->policy.time_zone);
	if (tally->zone == NULL)
		tally->zone = program->zones->utc;
	tally->arena = nt_arena_new();
	tally->scratch = g_string_new(NULL);
	tally->tables = g_ptr_array_new_with_free_func(destroy_table);
	tally->campaigns = table_of(tally, true);
	tally->reps = table_of(tally, true);
	tally->messages = table_of(tally, true);
	tally->ready = table_of(tally, true);
	tally->load.hours = table_of(tally, false);
	tally->load.days = table_of(tally, false);
	tally->tasks.opened = table_of(tally, true);
	tally->announced = table_of(tally, true);
	return tally;
}

void nt_tally_free(struct nt_tally *tally)
{
	if (tally == NULL)
		return;
	g_ptr_array_unref(tally->tables);
	g_string_free(tally->scratch, TRUE);
	nt_arena_free(tally->arena);
	g_free(tally);
}

/* ---- counting ---- */

static void count_name(struct nt_tally *tally, GHashTable *table, const char *name, uint64_t more)
{
	uint64_t *n = g_hash_table_lookup(table, name != NULL ? name : "");

	if (n == NULL) {
		n = nt_arena_new0(tally->arena, uint64_t);
		g_hash_table_insert(table, nt_arena_strdup(tally->arena, name != NULL ? name : ""), n);
	}
	*n += more;
}

static void count_number(struct nt_tally *tally, GHashTable *table, int64_t number, uint64_t more)
{
	uint64_t *n = g_hash_table_lookup(table, &number);

	if (n == NULL) {
		n = nt_arena_new0(tally->arena, uint64_t);
		g_hash_table_insert(table, nt_arena_copy(tally->arena, &number, sizeof number), n);
	}
	*n += more;
}

/* Whose day it is, and whose hour: two zones, for the days of many leads are counted together. */
static void count_load(struct nt_tally *tally, struct nt_tally_load *load, nt_time at, const struct nt_zone *zone,
                       const struct nt_zone *of_hour)
{
	struct nt_civil civil = nt_civil_at(zone, at);

	load->n++;
	load->of_day[of_hour != zone ? nt_civil_at(of_hour, at).hour : civil.hour]++;
	count_number(tally, load->hours, at / NT_HOUR - (at % NT_HOUR < 0), 1);
	count_number(tally, load->days, nt_civil_days(civil.year, civil.month, civil.day), 1);
}

static struct nt_tally_campaign *campaign_of(struct nt_tally *tally, const char *name)
{
	struct nt_tally_campaign *campaign = g_hash_table_lookup(tally->campaigns, name);

	if (campaign != NULL)
		return campaign;
	campaign = nt_arena_new0(tally->arena, struct nt_tally_campaign);
	campaign->left = table_of(tally, true);
	campaign->not_entered = table_of(tally, true);
	campaign->hand_offs = table_of(tally, true);
	campaign->steps = table_of(tally, true);
	campaign->announced = table_of(tally, true);
	g_hash_table_insert(tally->campaigns, nt_arena_strdup(tally->arena, name), campaign);
	return campaign;
}

static struct nt_tally_line *line_of(struct nt_tally *tally, struct nt_tally_campaign *campaign, const char *step)
{
	struct nt_tally_line *line;

	step = step != NULL ? step : "";
	line = g_hash_table_lookup(campaign->steps, step);
	if (line != NULL)
		return line;
	line = nt_arena_new0(tally->arena, struct nt_tally_line);
	line->sent = table_of(tally, true);
	line->told = table_of(tally, true);
	line->skipped = table_of(tally, true);
	line->given_up = table_of(tally, true);
	g_hash_table_insert(campaign->steps, nt_arena_strdup(tally->arena, step), line);
	return line;
}

static struct nt_tally_rep *rep_of(struct nt_tally *tally, const char *name)
{
	struct nt_tally_rep *rep = g_hash_table_lookup(tally->reps, name);
	int slot;

	if (rep != NULL)
		return rep;
	slot = nt_program_rep(tally->program, name);
	rep = nt_arena_new0(tally->arena, struct nt_tally_rep);
	rep->zone = slot >= 0 ? nt_rep_zone(tally->program, &tally->program->sales.reps[slot]) : tally->zone;
	rep->offered.hours = table_of(tally, false);
	rep->offered.days = table_of(tally, false);
	rep->messages.hours = table_of(tally, false);
	rep->messages.days = table_of(tally, false);
	rep->answers = table_of(tally, true);
	g_hash_table_insert(tally->reps, nt_arena_strdup(tally->arena, name), rep);
	return rep;
}

/* "email welcome", until the next. */
static const char *title_of(struct nt_tally *tally, const struct nt_message *message)
{
	g_string_assign(tally->scratch, nt_message_channel(message));
	g_string_append_c(tally->scratch, ' ');
	g_string_append(tally->scratch, message->template_name);
	return tally->scratch->str;
}

static void count_rep_message(struct nt_tally *tally, const struct nt_message *message)
{
	struct nt_tally_rep *rep = rep_of(tally, message->rep);

	count_load(tally, &rep->messages, message->released, rep->zone, rep->zone);
}

static void count_message(struct nt_tally *tally, const struct nt_message *message)
{
	struct nt_tally_line *line = line_of(tally, campaign_of(tally, message->campaign), message->step);
	const char *title = title_of(tally, message);

	if (message->rep != NULL) {
		count_name(tally, line->told, title, 1);
		count_rep_message(tally, message);
		return;
	}
	count_name(tally, line->sent, title, 1);
	count_name(tally, tally->messages, title, 1);
	if (strcmp(nt_message_channel(message), "webhook") != 0) /* that is a system of our own */
		count_load(tally, &tally->load, message->released, tally->zone,
		           message->zone != NULL ? message->zone : tally->zone);
}

static void count_task(struct nt_tally *tally, const struct nt_effect *e)
{
	line_of(tally, campaign_of(tally, e->campaign), e->step)->opened++;
	count_name(tally, tally->tasks.opened, e->task->template_name, 1);
}

static void count_note(struct nt_tally *tally, const struct nt_effect *e)
{
	struct nt_tally_campaign *campaign;

	if (e->campaign == NULL || e->campaign[0] == '\0')
		return;
	campaign = campaign_of(tally, e->campaign);
	if (strcmp(e->what, "campaign.entered") == 0)
		campaign->entered++;
	else if (strcmp(e->what, "campaign.reached_goal") == 0)
		campaign->goals++;
	else if (strcmp(e->what, "campaign.left") == 0)
		count_name(tally, campaign->left, e->detail, 1);
	else if (strcmp(e->what, "campaign.not_entered") == 0)
		count_name(tally, campaign->not_entered, e->detail, 1);
	else if (strcmp(e->what, "hand_off") == 0)
		count_name(tally, campaign->hand_offs, e->detail, 1);
	else if (strcmp(e->what, "message.skipped") == 0)
		count_name(tally, line_of(tally, campaign, e->step)->skipped, e->detail, 1);
	else if (strcmp(e->what, "message.given_up") == 0)
		count_name(tally, line_of(tally, campaign, e->step)->given_up, e->detail, 1);
	else if (strcmp(e->what, "task.done") == 0)
		tally->tasks.done++;
}

static void count_handoff(struct nt_tally *tally, struct nt_tally_rep *rep, const struct nt_input *input)
{
	enum nt_handoff state = input->handoff.state;

	if (state == NT_HANDOFF_OFFERED)
		count_load(tally, &rep->offered, input->now, rep->zone, rep->zone);
	else if (state == NT_HANDOFF_ACCEPTED || state == NT_HANDOFF_SENT_BACK || state == NT_HANDOFF_WON ||
	         state == NT_HANDOFF_LOST)
		count_name(tally, rep->answers, nt_handoff_name(state), 1);
}

void nt_tally_step(struct nt_tally *tally, const struct nt_input *input, const struct nt_effects *effects)
{
	if (input->kind == NT_INPUT_HANDOFF && input->handoff.rep != NULL)
		count_handoff(tally, rep_of(tally, input->handoff.rep), input);
	for (const struct nt_effect *e = effects->first; e != NULL; e = e->next)
		if (e->kind == NT_EFFECT_MESSAGE)
			count_message(tally, e->message);
		else if (e->kind == NT_EFFECT_READY)
			count_name(tally, tally->ready, e->ready->reason, 1);
		else if (e->kind == NT_EFFECT_TASK)
			count_task(tally, e);
		else if (e->kind == NT_EFFECT_NOTE)
			count_note(tally, e);
}

void nt_tally_told(struct nt_tally *tally, const struct nt_message *message)
{
	count_rep_message(tally, message);
	if (message->lead[0] != '\0')
		return;
	count_name(tally, campaign_of(tally, message->campaign)->announced, title_of(tally, message), 1);
	count_name(tally, tally->announced, tally->scratch->str, 1);
}

void nt_tally_tasks_before(struct nt_tally *tally, uint64_t open)
{
	tally->tasks.before += open;
}

void nt_tally_tasks(struct nt_tally *tally, uint64_t open, uint64_t overdue)
{
	tally->tasks.open += open;
	tally->tasks.overdue += overdue;
}

void nt_tally_inside(struct nt_tally *tally, const char *campaign)
{
	campaign_of(tally, campaign)->inside++;
}

/* ---- adding up ---- */

static void add_names(struct nt_tally *tally, GHashTable *table, GHashTable *other)
{
	GHashTableIter iter;
	void *name, *n;

	g_hash_table_iter_init(&iter, other);
	while (g_hash_table_iter_next(&iter, &name, &n))
		count_name(tally, table, name, *(uint64_t *)n);
}

static void add_load(struct nt_tally *tally, struct nt_tally_load *load, const struct nt_tally_load *other)
{
	GHashTableIter iter;
	void *number, *n;

	g_hash_table_iter_init(&iter, other->hours);
	while (g_hash_table_iter_next(&iter, &number, &n))
		count_number(tally, load->hours, *(int64_t *)number, *(uint64_t *)n);
	g_hash_table_iter_init(&iter, other->days);
	while (g_hash_table_iter_next(&iter, &number, &n))
		count_number(tally, load->days, *(int64_t *)number, *(uint64_t *)n);
	for (unsigned hour = 0; hour < G_N_ELEMENTS(load->of_day); hour++)
		load->of_day[hour] += other->of_day[hour];
	load->n += other->n;
}

static void add_campaign(struct nt_tally *tally, struct nt_tally_campaign *campaign,
                         const struct nt_tally_campaign *other)
{
	GHashTableIter iter;
	void *step, *value;

	campaign->inside += other->inside;
	campaign->entered += other->entered;
	campaign->goals += other->goals;
	add_names(tally, campaign->left, other->left);
	add_names(tally, campaign->not_entered, other->not_entered);
	add_names(tally, campaign->hand_offs, other->hand_offs);
	add_names(tally, campaign->announced, other->announced);
	g_hash_table_iter_init(&iter, other->steps);
	while (g_hash_table_iter_next(&iter, &step, &value)) {
		const struct nt_tally_line *from = value;
		struct nt_tally_line *line = line_of(tally, campaign, step);

		add_names(tally, line->sent, from->sent);
		add_names(tally, line->told, from->told);
		line->opened += from->opened;
		add_names(tally, line->skipped, from->skipped);
		add_names(tally, line->given_up, from->given_up);
	}
}

void nt_tally_add(struct nt_tally *tally, const struct nt_tally *other)
{
	GHashTableIter iter;
	void *name, *value;

	g_hash_table_iter_init(&iter, other->campaigns);
	while (g_hash_table_iter_next(&iter, &name, &value))
		add_campaign(tally, campaign_of(tally, name), value);
	g_hash_table_iter_init(&iter, other->reps);
	while (g_hash_table_iter_next(&iter, &name, &value)) {
		const struct nt_tally_rep *from = value;
		struct nt_tally_rep *rep = rep_of(tally, name);

		add_load(tally, &rep->offered, &from->offered);
		add_names(tally, rep->answers, from->answers);
		add_load(tally, &rep->messages, &from->messages);
	}
	add_names(tally, tally->messages, other->messages);
	add_names(tally, tally->ready, other->ready);
	add_load(tally, &tally->load, &other->load);
	add_names(tally, tally->announced, other->announced);
	add_names(tally, tally->tasks.opened, other->tasks.opened);
	tally->tasks.before += other->tasks.before;
	tally->tasks.done += other->tasks.done;
	tally->tasks.open += other->tasks.open;
	tally->tasks.overdue += other->tasks.overdue;
}
