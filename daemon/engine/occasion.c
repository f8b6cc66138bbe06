/* Ways in by the calendar: a date of the lead's, a broadcast (I.6, II.6).
 *
 * A round is asked at its own instant, which is a timer's; what has been asked is kept by its mark, so that neither a
 * lead who moves nor rules that are loaded again ask twice. What was never awaited and has passed is missed, whether
 * the rules came later or the lead did: no instant at which it counted for this lead shows that, and nothing has to be
 * kept. What was awaited and has passed all at once (the lead has moved, a date's `before` was edited) is asked now. */
#include "engine/instant.h"

#include "base/arena.h"
#include "base/zone.h"

#include <string.h>

#define LAST_ZONE (12 * NT_HOUR) /* in UTC-12 a wall's reading comes last: so long after the same in UTC */
#define LONG_PAST (2 * NT_DAY)   /* after its mark a round has passed by any clock, whatever offset was written */

static const struct nt_value none = { .type = NT_TYPE_NONE };

static const struct nt_value *date_of(const struct nt_lead *lead, const struct nt_occasion *occasion)
{
	return occasion->field >= 0 ? &lead->fields[occasion->field] : &none;
}

/* Campaigns that don't take part in a test have no ways in. */
static bool is_open(const struct nt_program *program, const struct nt_occasion *occasion)
{
	return program->campaigns[occasion->campaign].n_enter > 0;
}

/* ---- what has been asked ---- */

static const struct nt_occasion_state *asked(const struct nt_lead *lead, const char *identity)
{
	const struct nt_occasion_state *state = lead->occasions;

	while (state != NULL && strcmp(state->identity, identity) != 0)
		state = state->next;
	return state;
}

static nt_time latest(const struct nt_occasion_state *state)
{
	nt_time mark = NT_NO_TIME;
	unsigned i;

	for (i = 0; state != NULL && i < state->n; i++)
		mark = nt_time_later(mark, state->marks[i]);
	return mark;
}

/* A broadcast's rounds are over in their order; a date may move back. */
static bool was_asked(const struct nt_occasion *occasion, const struct nt_occasion_state *state, nt_time mark)
{
	unsigned i;

	if (occasion->field < 0)
		return mark <= latest(state);
	for (i = 0; state != NULL && i < state->n; i++)
		if (state->marks[i] == mark)
			return true;
	return false;
}

static void settle(struct nt_instant *in, const struct nt_occasion *occasion, nt_time mark)
{
	struct nt_occasion_state **link = &in->lead->occasions, *state;

	while (*link != NULL && strcmp((*link)->identity, occasion->identity) != 0)
		link = &(*link)->next;
	if (*link == NULL) {
		*link = nt_arena_new0(in->arena, struct nt_occasion_state);
		(*link)->identity = occasion->identity;
	}
	state = *link;
	if (occasion->field < 0)
		state->n = 0;
	if (state->n == NT_ROUNDS_KEPT)
		memmove(state->marks, state->marks + 1, --state->n * sizeof *state->marks);
	state->marks[state->n++] = mark;
}

/* A broadcast that has passed in every zone comes to nobody any more; what the rules no longer have may come back, but
 * not what is as old. At the instant's end: what is to come is reckoned from there, and needs to know no more. */
static void forget(struct nt_instant *in)
{
	struct nt_occasion_state **link = &in->lead->occasions;

	while (*link != NULL) {
		int slot = nt_program_occasion(in->program, (*link)->identity);

		if ((slot < 0 || in->program->occasions[slot].field < 0) && latest(*link) + LONG_PAST < in->now)
			*link = (*link)->next;
		else
			link = &(*link)->next;
	}
}

/* ---- what is to come ---- */

/* The first round whose instant is after t and that hasn't been asked; -1: none. */
static int64_t next_round(const struct nt_lead *lead, const struct nt_occasion *occasion, const struct nt_value *date,
                          const struct nt_zone *zone, nt_time t)
{
	const struct nt_occasion_state *state = asked(lead, occasion->identity);
	int64_t round = nt_occasion_after(occasion, date, zone, t);

	if (round >= 0 && occasion->field < 0 && was_asked(occasion, state, nt_occasion_mark(occasion, date, round)))
		round = nt_occasion_marked_after(occasion, date, latest(state));
	while (round >= 0 && was_asked(occasion, state, nt_occasion_mark(occasion, date, round)))
		round = occasion->repeats ? round + 1 : -1;
	return round;
}

static nt_time next_mark(const struct nt_lead *lead, const struct nt_occasion *occasion, const struct nt_value *date,
                         const struct nt_zone *zone, nt_time t)
{
	int64_t round = next_round(lead, occasion, date, zone, t);

	return round >= 0 ? nt_occasion_mark(occasion, date, round) : NT_NEVER;
}

nt_time nt_occasion_next(const struct nt_lead *lead, unsigned slot)
{
	const struct nt_occasion *occasion = &lead->program->occasions[slot];
	const struct nt_value *date = date_of(lead, occasion);
	nt_time t = NT_NEVER;
	int64_t round = -1;

	if (is_open(lead->program, occasion))
		round = next_round(lead, occasion, date, lead->zone, lead->last);
	if (round >= 0)
		t = nt_occasion_instant(occasion, date, lead->zone, round);
	return t < NT_TIME_MAX ? t : NT_NEVER;
}

nt_time nt_occasion_due(struct nt_instant *in)
{
	nt_time due = NT_NEVER;
	unsigned i;

	if (in->program->n_occasions == 0)
		return NT_NEVER;
	forget(in);
	if (nt_occasion_is_quiet(in))
		return in->lead->calendar;
	for (i = 0; i < in->program->n_occasions; i++)
		due = nt_time_earlier(due, nt_occasion_next(in->lead, i));
	in->lead->calendar = due;
	return due;
}

/* ---- an instant ---- */

void nt_occasion_begin(struct nt_instant *in, nt_time last, bool loading)
{
	const struct nt_lead *lead = in->lead;
	unsigned i;

	if (in->program->n_occasions == 0)
		return;
	in->before.dates = nt_arena_array(in->arena, struct nt_value, in->program->n_occasions);
	for (i = 0; i < in->program->n_occasions; i++)
		in->before.dates[i] = *date_of(lead, &in->program->occasions[i]);
	in->before.zone = lead->zone;
	in->before.last = last;
	in->before.fresh = loading || !lead->exists;
	in->before.known = !in->before.fresh && lead->calendar != NT_NO_TIME;
}

bool nt_occasion_is_quiet(const struct nt_instant *in)
{
	unsigned i;

	if (in->program->n_occasions == 0)
		return true;
	if (!in->before.known || in->lead->calendar <= in->now || in->lead->zone != in->before.zone)
		return false;
	for (i = 0; i < in->program->n_occasions; i++) {
		const struct nt_occasion *occasion = &in->program->occasions[i];

		if (occasion->field >= 0 && !nt_value_equal(date_of(in->lead, occasion), &in->before.dates[i]))
			return false;
	}
	return true;
}

/* The mark of the round that was awaited as the instant began; NT_NEVER: none. */
static nt_time awaited_mark(const struct nt_instant *in, unsigned slot)
{
	const struct nt_lead *lead = in->lead;

	if (in->before.fresh) /* a new lead awaits nothing yet; one under new rules, what it did under the old */
		return lead->awaited != NULL ? lead->awaited[slot] : NT_NEVER;
	return next_mark(lead, &in->program->occasions[slot], &in->before.dates[slot], in->before.zone,
	                 in->before.last);
}

/* The round of that mark; -1: there is none any more. */
static int64_t round_marked(const struct nt_occasion *occasion, const struct nt_value *date, nt_time mark)
{
	int64_t round = mark != NT_NEVER ? nt_occasion_marked_after(occasion, date, mark - 1) : -1;

	return round >= 0 && nt_occasion_mark(occasion, date, round) == mark ? round : -1;
}

/* One that was awaited has come, or has passed all at once. */
static int64_t awaited(const struct nt_instant *in, const struct nt_occasion *occasion, const struct nt_value *date,
                       nt_time mark)
{
	int64_t round = nt_occasion_has(occasion, date) ? round_marked(occasion, date, mark) : -1;
	nt_time t = round >= 0 ? nt_occasion_instant(occasion, date, in->lead->zone, round) : NT_NEVER;

	if (t > in->now)
		return -1;
	if (t == in->now || occasion->field >= 0)
		return round;
	return !occasion->everywhere && in->now < mark + LAST_ZONE ? round : -1;
}

static int64_t of_this_instant(const struct nt_instant *in, const struct nt_occasion *occasion,
                               const struct nt_value *date)
{
	int64_t round = nt_occasion_after(occasion, date, in->lead->zone, in->now - 1);

	return round >= 0 && nt_occasion_instant(occasion, date, in->lead->zone, round) == in->now ? round : -1;
}

/* late: enter. The date has become known only now. */
static int64_t known_late(const struct nt_instant *in, const struct nt_occasion *occasion, const struct nt_value *date,
                          const struct nt_value *before)
{
	int64_t next;

	if (!occasion->late || !nt_occasion_has(occasion, date) || nt_value_equal(date, before))
		return -1;
	next = nt_occasion_after(occasion, date, in->lead->zone, in->now);
	if (next >= 0)
		return next - 1;
	/* beyond the calendar there are no rounds */
	return nt_occasion_instant(occasion, date, in->lead->zone, 0) <= in->now ? 0 : -1;
}

/* The mark of the round that asks to be let in; NT_NEVER: none. */
static nt_time comes(const struct nt_instant *in, unsigned slot)
{
	const struct nt_occasion *occasion = &in->program->occasions[slot];
	const struct nt_occasion_state *state = asked(in->lead, occasion->identity);
	const struct nt_value *date = date_of(in->lead, occasion);
	int64_t rounds[3];
	unsigned i;

	if (!is_open(in->program, occasion))
		return NT_NEVER;
	rounds[0] = awaited(in, occasion, date, awaited_mark(in, slot));
	rounds[1] = of_this_instant(in, occasion, date);
	rounds[2] = known_late(in, occasion, date, &in->before.dates[slot]);
	for (i = 0; i < G_N_ELEMENTS(rounds); i++)
		if (rounds[i] >= 0) {
			nt_time mark = nt_occasion_mark(occasion, date, rounds[i]);

			if (!was_asked(occasion, state, mark))
				return mark;
		}
	return NT_NEVER;
}

bool nt_occasion_is_due(const struct nt_instant *in)
{
	unsigned i;

	if (nt_occasion_is_quiet(in))
		return false;
	for (i = 0; i < in->program->n_occasions; i++)
		if (comes(in, i) != NT_NEVER)
			return true;
	return false;
}

/* Of a broadcast that passed several times at once, as the lead moved, the others go with it. */
static nt_time with_others(const struct nt_instant *in, const struct nt_occasion *occasion, nt_time mark)
{
	int64_t next = nt_occasion_after(occasion, &none, in->lead->zone, in->now);

	return next > 0 ? nt_time_later(mark, nt_occasion_mark(occasion, &none, next - 1)) : mark;
}

bool nt_occasion_takes(struct nt_instant *in, int slot)
{
	const struct nt_occasion *occasion = &in->program->occasions[slot];
	nt_time mark = comes(in, (unsigned)slot);

	if (mark == NT_NEVER)
		return false;
	settle(in, occasion, occasion->field < 0 ? with_others(in, occasion, mark) : mark);
	return true;
}

/* ---- edited rules ---- */

static bool same_duration(struct nt_duration a, struct nt_duration b)
{
	return a.months == b.months && a.days == b.days && a.ms == b.ms;
}

static bool same_zone(const struct nt_zone *a, const struct nt_zone *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(nt_zone_name(a), nt_zone_name(b)) == 0;
}

static bool same_time(const struct nt_occasion *a, const struct nt_occasion *b)
{
	return a->repeats == b->repeats && same_duration(a->every, b->every) && a->before == b->before &&
	       same_duration(a->shift, b->shift) && a->minutes == b->minutes && a->reading == b->reading &&
	       a->everywhere == b->everywhere && a->first == b->first && same_zone(a->zone, b->zone);
}

/* The campaign's, by the same date or both broadcasts. */
static bool same_kind(const struct nt_program *program, const struct nt_occasion *a, const struct nt_program *old,
                      const struct nt_occasion *b)
{
	if (nt_program_campaign_kept(program, old->campaigns[b->campaign].name) != a->campaign)
		return false;
	if (a->field < 0 || b->field < 0)
		return a->field < 0 && b->field < 0;
	return strcmp(program->fields[a->field].name, old->fields[b->field].name) == 0;
}

static int first_like(const struct nt_program *program, const struct nt_occasion *occasion,
                      const struct nt_program *old, const bool *taken, bool exactly)
{
	unsigned k;

	for (k = 0; k < old->n_occasions; k++)
		if (!taken[k] && same_kind(program, occasion, old, &old->occasions[k]) &&
		    (!exactly || same_time(occasion, &old->occasions[k])))
			return (int)k;
	return -1;
}

/* Which of the old ways in each of the new ones is: the one of the same time, so that one put in before it doesn't
 * take its place; else, in their order, one that was edited. */
static void match(const struct nt_program *program, const struct nt_program *old, bool *taken, int *slots)
{
	unsigned i, exactly;

	for (i = 0; i < program->n_occasions; i++)
		slots[i] = -1;
	for (exactly = 2; exactly-- > 0;)
		for (i = 0; i < program->n_occasions; i++) {
			if (slots[i] < 0)
				slots[i] = first_like(program, &program->occasions[i], old, taken, exactly != 0);
			if (slots[i] >= 0)
				taken[slots[i]] = true;
		}
}

/* What has been asked goes by the new names; what the rules no longer have keeps its own, unless another has it. */
static void rename_asked(struct nt_lead *lead, const struct nt_lead *old_lead, const int *slots)
{
	const struct nt_program *program = lead->program;
	const struct nt_occasion_state *state;
	struct nt_occasion_state **end = &lead->occasions;

	for (state = old_lead->occasions; state != NULL; state = state->next) {
		int slot = nt_program_occasion(old_lead->program, state->identity);
		unsigned i = 0;

		while (i < program->n_occasions && (slot < 0 || slots[i] != slot))
			i++;
		if (i == program->n_occasions && nt_program_occasion(program, state->identity) >= 0)
			continue;
		*end = nt_arena_copy(lead->arena, state, sizeof *state);
		if (i < program->n_occasions)
			(*end)->identity = program->occasions[i].identity;
		end = &(*end)->next;
	}
	*end = NULL;
}

void nt_occasion_carry(struct nt_lead *lead, const struct nt_lead *old_lead)
{
	const struct nt_program *program = lead->program, *old = old_lead->program;
	nt_time *marks = nt_arena_array(lead->arena, nt_time, program->n_occasions);
	int *slots = nt_arena_array(lead->arena, int, program->n_occasions);
	unsigned i;

	match(program, old, nt_arena_array(lead->arena, bool, old->n_occasions), slots);
	rename_asked(lead, old_lead, slots);
	for (i = 0; i < program->n_occasions; i++) {
		const struct nt_occasion *before = slots[i] >= 0 ? &old->occasions[slots[i]] : NULL;

		marks[i] = before != NULL && old_lead->exists && is_open(old, before)
		                   ? next_mark(old_lead, before, date_of(old_lead, before), old_lead->zone,
		                               old_lead->last)
		                   : NT_NEVER;
	}
	lead->awaited = marks;
}
