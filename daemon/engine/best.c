#include "engine/best.h"

#include "base/civil.h"
#include "base/json.h"
#include "engine/odds.h"
#include "engine/step.h"
#include "rules/program.h"

#include <string.h>

/* At full hours, so that it doesn't depend on which turn comes by first. */
#define DECIDE_EVERY NT_HOUR
#define EVENLY 10  /* one lead of so many goes to any arm alike, so that none is given up for good */
#define GRAIN 1000 /* shares are whole tenths of a percent */
#define MILLION 1000000u

struct nt_best {
	GPtrArray *splits;  /* struct nt_best_split */
	GHashTable *index;  /* "campaign step" → struct nt_best_split */
	nt_time due;
};

/* ---- what there is ---- */

static void split_free(void *item)
{
	struct nt_best_split *split = item;

	g_free((void *)(uintptr_t)split->campaign);
	g_free((void *)(uintptr_t)split->step);
	g_free(split->arms);
	g_free(split->upto);
	g_free(split);
}

static char *key_of(const char *campaign, const char *step)
{
	return g_strconcat(campaign, " ", step, NULL);
}

static struct nt_best_split *find(const struct nt_best *best, const char *campaign, const char *step)
{
	char *key = key_of(campaign, step);
	struct nt_best_split *split = g_hash_table_lookup(best->index, key);

	g_free(key);
	return split;
}

static void add_split(struct nt_best *best, const char *campaign, const struct nt_step *step)
{
	struct nt_best_split *split = g_new0(struct nt_best_split, 1);
	uint32_t before = 0;

	split->campaign = g_strdup(campaign);
	split->step = g_strdup(step->identity);
	split->by = nt_best_by_name(step->best_by);
	split->mark = step->mark;
	split->n = step->n_arms;
	split->arms = g_new0(struct nt_best_arm, split->n);
	split->upto = g_new(uint32_t, split->n);
	split->due = NT_NEVER;
	split->since = NT_NO_TIME;
	for (unsigned i = 0; i < split->n; i++) {
		split->arms[i].hold_out = step->arms[i].hold_out;
		split->arms[i].share = step->arms[i].upto - before;
		before = split->upto[i] = step->arms[i].upto;
	}
	g_ptr_array_add(best->splits, split);
	g_hash_table_insert(best->index, key_of(campaign, step->identity), split);
}

static void set_shares(struct nt_best_split *split, const uint32_t *shares)
{
	uint32_t sum = 0;

	for (unsigned i = 0; i < split->n; i++) {
		split->arms[i].share = shares[i];
		split->upto[i] = sum += shares[i];
	}
}

/* ---- as text: a line a split ---- */

void nt_best_text(const struct nt_best *best, GString *out)
{
	for (unsigned i = 0; i < best->splits->len; i++) {
		const struct nt_best_split *s = best->splits->pdata[i];

		g_string_append_printf(out,
		                       "%s %s %s %" G_GUINT32_FORMAT " %" G_GINT64_FORMAT " %" G_GINT64_FORMAT
		                       " %" G_GINT64_FORMAT,
		                       s->campaign, s->step, s->by, s->mark, (gint64)s->due, (gint64)s->since,
		                       (gint64)s->log_head);
		for (unsigned a = 0; a < s->n; a++)
			g_string_append_printf(out, " %" G_GUINT64_FORMAT "/%" G_GUINT64_FORMAT "/%" G_GUINT32_FORMAT,
			                       s->arms[a].wins, s->arms[a].trials, s->arms[a].share);
		g_string_append_c(out, '\n');
	}
}

static bool read_number(const char **text, char end, uint64_t *out)
{
	char *after;

	if (!g_ascii_isdigit(**text))
		return false;
	*out = g_ascii_strtoull(*text, &after, 10);
	if (*after != end)
		return false;
	*text = after + (end != '\0');
	return true;
}

static bool read_arm(const char *text, struct nt_best_arm *arm)
{
	uint64_t share;

	if (!read_number(&text, '/', &arm->wins) || !read_number(&text, '/', &arm->trials) ||
	    !read_number(&text, '\0', &share) || share > MILLION || arm->wins > arm->trials)
		return false;
	arm->share = (uint32_t)share;
	return true;
}

enum { CAMPAIGN, STEP, BY, MARK, DUE, SINCE, LOG_HEAD, ARMS };

/* False: the line is no such thing. One about arms that aren't there any more says nothing. */
static bool take_line(struct nt_best *best, const struct nt_program *program, char **words)
{
	unsigned n = 0;
	int campaign, step;
	struct nt_best_split *split;
	struct nt_best_arm *arms;
	uint32_t *shares, sum = 0;
	bool ok = true;

	while (words[n] != NULL)
		n++;
	if (n <= ARMS)
		return false;
	campaign = nt_program_campaign_kept(program, words[CAMPAIGN]);
	step = campaign >= 0 ? nt_campaign_step_kept(&program->campaigns[campaign], words[STEP]) : -1;
	split = step < 0 ? NULL : find(best, program->campaigns[campaign].name,
	                               program->campaigns[campaign].steps[step].identity);
	if (split == NULL || split->n != n - ARMS || strcmp(split->by, words[BY]) != 0 ||
	    g_ascii_strtoull(words[MARK], NULL, 10) != split->mark)
		return true;
	arms = g_new0(struct nt_best_arm, split->n);
	shares = g_new0(uint32_t, split->n);
	for (unsigned i = 0; i < split->n; i++) {
		ok = ok && read_arm(words[ARMS + i], &arms[i]);
		sum += shares[i] = arms[i].share;
		arms[i].hold_out = split->arms[i].hold_out;
	}
	ok = ok && sum == MILLION;
	if (ok) {
		memcpy(split->arms, arms, split->n * sizeof *arms);
		set_shares(split, shares);
		split->due = g_ascii_strtoll(words[DUE], NULL, 10);
		split->since = g_ascii_strtoll(words[SINCE], NULL, 10);
		split->log_head = g_ascii_strtoll(words[LOG_HEAD], NULL, 10);
		best->due = nt_time_earlier(best->due, split->due);
	}
	g_free(arms);
	g_free(shares);
	return ok;
}

static bool take_over(struct nt_best *best, const struct nt_program *program, const char *kept)
{
	char **lines = g_strsplit(kept, "\n", -1);
	bool ok = true;

	for (unsigned i = 0; lines[i] != NULL && ok; i++) {
		char **words = lines[i][0] != '\0' ? g_strsplit(lines[i], " ", -1) : NULL;

		ok = words == NULL || take_line(best, program, words);
		g_strfreev(words);
	}
	g_strfreev(lines);
	return ok;
}

struct nt_best *nt_best_new(const struct nt_program *program, const char *kept)
{
	struct nt_best *best = g_new0(struct nt_best, 1);

	best->splits = g_ptr_array_new_with_free_func(split_free);
	best->index = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	best->due = NT_NEVER;
	for (unsigned i = 0; i < program->n_campaigns; i++)
		for (unsigned k = 0; k < program->campaigns[i].n_steps; k++)
			if (program->campaigns[i].steps[k].best_by != NT_BEST_BY_NONE)
				add_split(best, program->campaigns[i].name, &program->campaigns[i].steps[k]);
	if (kept == NULL || take_over(best, program, kept))
		return best;
	nt_best_free(best);
	return NULL;
}

void nt_best_free(struct nt_best *best)
{
	if (best == NULL)
		return;
	g_hash_table_destroy(best->index);
	g_ptr_array_unref(best->splits);
	g_free(best);
}

unsigned nt_best_splits(const struct nt_best *best)
{
	return best->splits->len;
}

struct nt_best_split *nt_best_split(const struct nt_best *best, unsigned i)
{
	return best->splits->pdata[i];
}

const uint32_t *nt_best_shares(const struct nt_best *best, const char *campaign, const struct nt_step *step)
{
	const struct nt_best_split *split = best != NULL && step->best_by != NT_BEST_BY_NONE ?
	                                            find(best, campaign, step->identity) :
	                                            NULL;

	return split != NULL && split->mark == step->mark && split->n == step->n_arms ? split->upto : NULL;
}

/* ---- counting and deciding ---- */

bool nt_best_count(struct nt_best *best, const char *campaign, const char *step, const struct nt_trial *trial,
                   nt_time now)
{
	struct nt_best_split *split = find(best, campaign, step);
	struct nt_best_arm *arm;

	if (split == NULL || split->mark != trial->mark || trial->arm >= split->n)
		return false;
	arm = &split->arms[trial->arm];
	if (!trial->won)
		arm->trials++;
	else if (arm->wins < arm->trials) /* who drew before counting began */
		arm->wins++;
	if (split->due == NT_NEVER)
		split->due = nt_time_earlier(now - now % DECIDE_EVERY + DECIDE_EVERY, NT_TIME_MAX);
	best->due = nt_time_earlier(best->due, split->due);
	return true;
}

nt_time nt_best_due(const struct nt_best *best)
{
	return best->due;
}

/* By probability, but for what goes evenly; the best gets what rounding leaves. */
static void share_out(const struct nt_best_split *split, uint32_t *shares)
{
	uint64_t *trials = g_new(uint64_t, split->n), *wins = g_new(uint64_t, split->n);
	uint32_t *odds = g_new(uint32_t, split->n), all = 0, left;
	unsigned n = 0, best = 0, i, k = 0;

	for (i = 0; i < split->n; i++) {
		shares[i] = split->arms[i].share;
		if (split->arms[i].hold_out)
			continue;
		all += split->arms[i].share;
		trials[n] = split->arms[i].trials;
		wins[n++] = split->arms[i].wins;
	}
	nt_odds_best(trials, wins, n, odds);
	left = all;
	for (i = 0; i < split->n; i++) {
		uint32_t even = all / EVENLY / n;

		if (split->arms[i].hold_out)
			continue;
		shares[i] = even + (uint32_t)((uint64_t)(all - even * n) * odds[k] / NT_ODDS_ONE);
		shares[i] -= shares[i] % GRAIN;
		left -= shares[i];
		best = k == 0 || shares[i] > shares[best] ? i : best;
		k++;
	}
	shares[best] += left;
	g_free(trials);
	g_free(wins);
	g_free(odds);
}

static bool has_enough(const struct nt_best_split *split)
{
	for (unsigned i = 0; i < split->n; i++)
		if (!split->arms[i].hold_out && split->arms[i].trials < NT_BEST_TRIALS)
			return false;
	return true;
}

bool nt_best_decide(struct nt_best *best, struct nt_best_split *split, nt_time now)
{
	uint32_t *shares;
	bool other = false;

	if (split->due > now)
		return false;
	split->due = best->due = NT_NEVER;
	for (unsigned i = 0; i < best->splits->len; i++)
		best->due = nt_time_earlier(best->due, nt_best_split(best, i)->due);
	if (!has_enough(split))
		return false;
	shares = g_new(uint32_t, split->n);
	share_out(split, shares);
	for (unsigned i = 0; i < split->n; i++)
		other = other || shares[i] != split->arms[i].share;
	if (other) {
		set_shares(split, shares);
		split->since = now;
	}
	g_free(shares);
	return other;
}

/* ---- for people ---- */

static void put_percent(GString *out, uint32_t share)
{
	g_string_append_printf(out, "%" G_GUINT32_FORMAT, share / 10000);
	if (share % 10000 >= GRAIN)
		g_string_append_printf(out, ".%" G_GUINT32_FORMAT, share % 10000 / GRAIN);
}

void nt_best_describe(const struct nt_best_split *split, GString *out)
{
	for (unsigned i = 0; i < split->n; i++) {
		g_string_append(out, i > 0 ? " " : "");
		put_percent(out, split->arms[i].share);
		g_string_append_c(out, '%');
	}
	g_string_append_printf(out, "; %s ", split->by);
	for (unsigned i = 0; i < split->n; i++)
		g_string_append_printf(out, "%s%" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT, i > 0 ? ", " : "",
		                       split->arms[i].wins, split->arms[i].trials);
}

void nt_best_json(const struct nt_best *best, GString *out)
{
	struct nt_json_writer w;

	nt_json_begin(&w, out);
	nt_json_array(&w, NULL);
	for (unsigned i = 0; i < best->splits->len; i++) {
		const struct nt_best_split *split = nt_best_split(best, i);

		nt_json_object(&w, NULL);
		nt_json_put_text(&w, "campaign", split->campaign);
		nt_json_put_text(&w, "step", split->step);
		nt_json_put_text(&w, "by", split->by);
		nt_json_put_time(&w, "since", split->since);
		nt_json_array(&w, "arms");
		for (unsigned a = 0; a < split->n; a++) {
			GString *share = g_string_new(NULL);

			put_percent(share, split->arms[a].share);
			nt_json_object(&w, NULL);
			nt_json_put_raw(&w, "share", share->str);
			nt_json_put_int(&w, "leads", (int64_t)split->arms[a].trials);
			nt_json_put_int(&w, "won", (int64_t)split->arms[a].wins);
			nt_json_put_bool(&w, "hold_out", split->arms[a].hold_out);
			nt_json_end_object(&w);
			g_string_free(share, TRUE);
		}
		nt_json_end_array(&w);
		nt_json_end_object(&w);
	}
	nt_json_end_array(&w);
}
