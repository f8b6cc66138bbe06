#include "rules/program.h"

#include "base/arena.h"
#include "rules/index.h"
#include "rules/program_make.h"
#include "template/message.h"

#include <glib.h>
#include <stddef.h>
#include <string.h>

enum { FIELDS, EVENTS, SEGMENTS, STATS, RINGS, WATCHERS, OCCASIONS, CHANNELS, CAMPAIGNS, REPS, TEAMS, TABLES };

/* The program stands first, so that a pointer to it is one to this. */
struct whole {
	struct nt_program program;
	struct nt_arena *arena;
	struct nt_program *parent; /* of nt_program_only(): what everything but the campaigns belongs to */
	int references; /* atomic */
	struct nt_index *tables[TABLES];
};

static struct whole *whole_of(struct nt_program *program)
{
	return (struct whole *)program;
}

static int find(const struct nt_program *program, unsigned table, const char *name)
{
	return nt_index_find(((const struct whole *)program)->tables[table], name);
}

struct nt_program *nt_program_new(void)
{
	struct whole *whole = g_new0(struct whole, 1);

	whole->arena = nt_arena_new();
	whole->references = 1;
	return &whole->program;
}

struct nt_arena *nt_program_arena(struct nt_program *program)
{
	return whole_of(program)->arena;
}

struct nt_program *nt_program_ref(struct nt_program *program)
{
	g_atomic_int_inc(&whole_of(program)->references);
	return program;
}

void nt_program_unref(struct nt_program *program)
{
	struct whole *whole;
	struct nt_template_set *templates;

	if (program == NULL || !g_atomic_int_dec_and_test(&whole_of(program)->references))
		return;
	whole = whole_of(program);
	if (whole->parent != NULL) {
		nt_program_unref(whole->parent);
	} else {
		/* made by the loader for this program alone: const for everybody else */
		memcpy(&templates, &program->templates, sizeof templates);
		nt_template_set_free(templates);
	}
	nt_arena_free(whole->arena);
	g_free(whole);
}

#define INDEX(table, items, n, type, member) \
	(whole->tables[table] = nt_index_new(whole->arena, items, n, sizeof(type), offsetof(type, member)))

void nt_program_index(struct nt_program *program)
{
	struct whole *whole = whole_of(program);

	INDEX(FIELDS, program->fields, program->n_fields, struct nt_field, name);
	INDEX(EVENTS, program->events, program->n_events, struct nt_event_type, name);
	INDEX(SEGMENTS, program->segments, program->n_segments, struct nt_segment, name);
	INDEX(STATS, program->stats, program->n_stats, struct nt_property_stat, identity);
	INDEX(RINGS, program->rings, program->n_rings, struct nt_ring, identity);
	INDEX(WATCHERS, program->watchers, program->n_watchers, struct nt_watcher, identity);
	INDEX(OCCASIONS, program->occasions, program->n_occasions, struct nt_occasion, identity);
	INDEX(CHANNELS, program->channels, program->n_channels, struct nt_channel_policy, name);
	INDEX(CAMPAIGNS, program->campaigns, program->n_campaigns, struct nt_campaign, name);
	INDEX(REPS, program->sales.reps, program->sales.n_reps, struct nt_rep, name);
	INDEX(TEAMS, program->sales.teams, program->sales.n_teams, struct nt_team, name);
}

struct nt_program *nt_program_only(struct nt_program *program, const int *campaigns, unsigned n)
{
	struct nt_program *only = nt_program_new();
	struct nt_campaign *copies = nt_arena_array(whole_of(only)->arena, struct nt_campaign, program->n_campaigns);

	*only = *program;
	whole_of(only)->parent = nt_program_ref(program);
	for (unsigned i = 0; i < program->n_campaigns; i++) {
		bool kept = false;

		for (unsigned k = 0; k < n; k++)
			kept |= campaigns[k] == (int)i;
		copies[i] = program->campaigns[i];
		if (kept)
			continue;
		copies[i].n_enter = copies[i].n_goals = copies[i].n_exits = 0;
		copies[i].pause = NULL;
		copies[i].first = -1;
	}
	only->campaigns = copies;
	nt_program_index(only);
	return only;
}

int nt_program_field(const struct nt_program *program, const char *name) { return find(program, FIELDS, name); }
int nt_program_event(const struct nt_program *program, const char *name) { return find(program, EVENTS, name); }
int nt_program_campaign(const struct nt_program *program, const char *name) { return find(program, CAMPAIGNS, name); }
int nt_program_channel(const struct nt_program *program, const char *name) { return find(program, CHANNELS, name); }
int nt_program_segment(const struct nt_program *program, const char *name) { return find(program, SEGMENTS, name); }
int nt_program_ring(const struct nt_program *program, const char *identity) { return find(program, RINGS, identity); }
int nt_program_stat(const struct nt_program *program, const char *identity) { return find(program, STATS, identity); }
int nt_program_watcher(const struct nt_program *program, const char *identity) { return find(program, WATCHERS,
                                                                                             identity); }
int nt_program_occasion(const struct nt_program *program, const char *identity) { return find(program, OCCASIONS,
                                                                                              identity); }
int nt_program_rep(const struct nt_program *program, const char *name) { return find(program, REPS, name); }
int nt_program_team(const struct nt_program *program, const char *name) { return find(program, TEAMS, name); }

int nt_program_property(const struct nt_event_type *event, const char *name)
{
	for (unsigned i = 0; i < event->n_properties; i++)
		if (strcmp(event->properties[i].name, name) == 0)
			return (int)i;
	return -1;
}

int nt_campaign_step(const struct nt_campaign *campaign, const char *identity)
{
	return nt_index_find(campaign->by_identity, identity);
}

const char *nt_best_by_name(enum nt_best_by by)
{
	static const char *const names[] = { NULL, "opened", "clicked", "replied", "goal" };

	return names[by];
}

/* Few, and asked for rarely. */
static int renamed(const struct nt_rename *renames, unsigned n, const char *name)
{
	for (unsigned i = 0; i < n; i++)
		if (strcmp(renames[i].was, name) == 0)
			return renames[i].slot;
	return -1;
}

int nt_program_campaign_kept(const struct nt_program *program, const char *name)
{
	int slot = nt_program_campaign(program, name);

	return slot >= 0 ? slot : renamed(program->renames, program->n_renames, name);
}

int nt_program_watcher_kept(const struct nt_program *program, const char *identity)
{
	int slot = nt_program_watcher(program, identity);

	for (unsigned i = 0; slot < 0 && program->n_renames > 0 && i < program->n_watchers; i++)
		if (g_strcmp0(program->watchers[i].was, identity) == 0)
			slot = (int)i;
	return slot;
}

int nt_campaign_step_kept(const struct nt_campaign *campaign, const char *identity)
{
	int slot = nt_campaign_step(campaign, identity);

	return slot >= 0 ? slot : renamed(campaign->renames, campaign->n_renames, identity);
}

int nt_step_point_kept(const struct nt_step *schedule, const char *identity)
{
	for (unsigned i = 0; i < schedule->n_points; i++)
		if (strcmp(schedule->schedule[i].identity, identity) == 0)
			return (int)i;
	for (unsigned i = 0; i < schedule->n_points; i++)
		if (g_strcmp0(schedule->schedule[i].was, identity) == 0)
			return (int)i;
	return -1;
}
