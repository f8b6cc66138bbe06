#include "engine/coverage.h"

#include "base/json.h"
#include "base/text.h"
#include "rules/program.h"

#include <string.h>

static int64_t key_of(int campaign, enum nt_reached what, int step, unsigned n)
{
	return (int64_t)campaign << 44 | (int64_t)(step + 1) << 24 | (int64_t)what << 16 | (int64_t)n;
}

static void add(struct nt_coverage *coverage, int campaign, enum nt_reached what, int step, unsigned n,
                struct nt_span span)
{
	struct nt_coverage_item item = { .key = key_of(campaign, what, step, n), .campaign = campaign,
		                         .what = what, .step = step, .n = n, .span = span };

	g_array_append_val(coverage->items, item);
}

static void add_branches(struct nt_coverage *coverage, int campaign, int slot, const struct nt_step *step)
{
	bool waits = step->kind == NT_STEP_WAIT_FOR || step->kind == NT_STEP_WAIT_CONDITION;
	unsigned i;

	if (step->condition != NULL)
		add(coverage, campaign, NT_REACHED_PASSED, slot, 0, step->span);
	if (step->kind == NT_STEP_IF || waits)
		add(coverage, campaign, NT_REACHED_THEN, slot, 0, step->span);
	if (step->kind == NT_STEP_IF || (waits && step->has_up_to))
		add(coverage, campaign, NT_REACHED_ELSE, slot, 0, step->span);
	for (i = 0; i < step->n_points; i++)
		add(coverage, campaign, NT_REACHED_ARM, slot, i, step->schedule[i].span);
	for (i = 0; i < step->n_choices; i++)
		add(coverage, campaign, NT_REACHED_ARM, slot, i, step->choices[i].span);
	for (i = 0; i < step->n_arms; i++)
		add(coverage, campaign, NT_REACHED_ARM, slot, i, step->arms[i].span);
	if (step->kind == NT_STEP_CHOOSE && i > 0 && step->arms[i - 1].condition != NULL)
		add(coverage, campaign, NT_REACHED_ARM, slot, i, step->span);
}

static void add_campaign(struct nt_coverage *coverage, int slot)
{
	const struct nt_campaign *campaign = &coverage->program->campaigns[slot];
	unsigned i;

	for (i = 0; i < campaign->n_enter; i++)
		add(coverage, slot, NT_REACHED_ENTER, -1, i, campaign->enter[i].span);
	for (i = 0; i < campaign->n_goals; i++)
		add(coverage, slot, NT_REACHED_GOAL, -1, i, campaign->goals[i].span);
	for (i = 0; i < campaign->n_exits; i++)
		add(coverage, slot, NT_REACHED_EXIT, -1, i, campaign->exits[i].span);
	for (i = 0; i < campaign->n_steps; i++) {
		add(coverage, slot, NT_REACHED_STEP, (int)i, 0, campaign->steps[i].span);
		add_branches(coverage, slot, (int)i, &campaign->steps[i]);
	}
}

static int by_place(const void *a, const void *b)
{
	const struct nt_coverage_item *x = a, *y = b;

	if (x->campaign != y->campaign)
		return x->campaign < y->campaign ? -1 : 1;
	if (x->span.start != y->span.start)
		return x->span.start < y->span.start ? -1 : 1;
	return x->key < y->key ? -1 : x->key > y->key;
}

/* Slots are the same in every program that nt_program_only() makes of this one; rules that a test loads are others. */
static void reached(void *user, const struct nt_program *program, int campaign, enum nt_reached what, int step,
                    unsigned n)
{
	struct nt_coverage *coverage = user;
	int64_t key = key_of(campaign, what, step, n);
	unsigned slot = GPOINTER_TO_UINT(g_hash_table_lookup(coverage->index, &key));

	if (slot > 0 && (program == coverage->program || strcmp(program->hash, coverage->program->hash) == 0))
		g_array_index(coverage->items, struct nt_coverage_item, slot - 1).reached = true;
}

struct nt_coverage *nt_coverage_new(const struct nt_program *program)
{
	struct nt_coverage *coverage = g_new0(struct nt_coverage, 1);

	coverage->program = program;
	coverage->items = g_array_new(FALSE, FALSE, sizeof(struct nt_coverage_item));
	coverage->index = g_hash_table_new(g_int64_hash, g_int64_equal);
	coverage->trace = (struct nt_trace){ reached, coverage };
	for (unsigned i = 0; i < program->n_campaigns; i++)
		add_campaign(coverage, (int)i);
	g_array_sort(coverage->items, by_place);
	for (unsigned i = 0; i < coverage->items->len; i++)
		g_hash_table_insert(coverage->index, &g_array_index(coverage->items, struct nt_coverage_item, i).key,
		                    GUINT_TO_POINTER(i + 1));
	return coverage;
}

void nt_coverage_free(struct nt_coverage *coverage)
{
	g_hash_table_destroy(coverage->index);
	g_array_unref(coverage->items);
	g_free(coverage);
}

/* ---- what it says ---- */

struct nt_coverage_sum nt_coverage_sum(const struct nt_coverage *coverage, int campaign)
{
	struct nt_coverage_sum sum = { 0 };

	for (unsigned i = 0; i < coverage->items->len; i++) {
		const struct nt_coverage_item *item = &g_array_index(coverage->items, struct nt_coverage_item, i);

		if (campaign >= 0 && item->campaign != campaign)
			continue;
		if (item->what == NT_REACHED_STEP) {
			sum.steps++;
			sum.steps_reached += item->reached;
		} else {
			sum.ways++;
			sum.ways_reached += item->reached;
		}
	}
	return sum;
}

unsigned nt_coverage_percent(const struct nt_coverage_sum *sum)
{
	unsigned all = sum->steps + sum->ways;

	return all == 0 ? 100 : (sum->steps_reached + sum->ways_reached) * 100 / all;
}

static const struct nt_step *step_of(const struct nt_coverage *coverage, const struct nt_coverage_item *item)
{
	return item->step >= 0 ? &coverage->program->campaigns[item->campaign].steps[item->step] : NULL;
}

const char *nt_coverage_says(const struct nt_coverage *coverage, const struct nt_coverage_item *item)
{
	const struct nt_step *step = step_of(coverage, item);

	switch (item->what) {
	case NT_REACHED_ENTER:
		return "no test comes in this way";
	case NT_REACHED_GOAL:
		return "no test reaches this goal";
	case NT_REACHED_EXIT:
		return "no test leaves this way";
	case NT_REACHED_STEP:
		return "no test comes to this step";
	case NT_REACHED_PASSED:
		return "no test passes this step over";
	case NT_REACHED_THEN:
		return step->kind == NT_STEP_IF ? "in no test does this hold" : "in no test does this come in time";
	case NT_REACHED_ELSE:
		return step->kind == NT_STEP_IF ? "in no test does this not hold" : "in no test does the time run out";
	case NT_REACHED_ARM:
		if (step->kind == NT_STEP_SCHEDULE)
			return "in no test does this point come";
		if (step->kind == NT_STEP_FIRST_OF)
			return "in no test is this the first that reaches the lead";
		if (item->n == step->n_arms)
			return "in no test does none of these hold";
		return step->kind == NT_STEP_SPLIT ? "no test takes this arm" : "no test takes this choice";
	}
	return "";
}

static int line_of(const struct nt_coverage_item *item)
{
	int line = 0, column;

	if (item->span.source != NULL)
		nt_span_position(item->span, &line, &column);
	return line;
}

/* The line as it stands in the file, without the blanks before it. */
static void put_source(const struct nt_span *span, GString *out)
{
	const char *text = span->source->text, *end = text + span->source->length, *from = text + span->start, *to;

	while (from > text && from[-1] != '\n')
		from--;
	to = memchr(from, '\n', (size_t)(end - from));
	to = to != NULL ? to : end;
	while (from < to && (*from == ' ' || *from == '\t'))
		from++;
	while (to > from && g_ascii_isspace(to[-1]))
		to--;
	g_string_append_len(out, from, to - from);
}

static void put_item(const struct nt_coverage *coverage, const struct nt_coverage_item *item, GString *out)
{
	if (item->span.source == NULL)
		return;
	g_string_append_printf(out, "%s:%d: %s:  ", item->span.source->path, line_of(item),
	                       nt_coverage_says(coverage, item));
	put_source(&item->span, out);
	g_string_append_c(out, '\n');
}

/* A step on the very line of a way that isn't gone needs no line of its own. */
static void put_items(const struct nt_coverage *coverage, GString *out)
{
	const struct nt_coverage_item *last = NULL;

	for (unsigned i = 0; i < coverage->items->len; i++) {
		const struct nt_coverage_item *item = &g_array_index(coverage->items, struct nt_coverage_item, i);

		if (item->reached || (last != NULL && last->campaign == item->campaign &&
		                      item->what == NT_REACHED_STEP && line_of(last) == line_of(item)))
			continue;
		put_item(coverage, item, out);
		last = item;
	}
}

static void put_sum(const struct nt_coverage_sum *sum, const char *name, GString *out)
{
	g_string_append_printf(out, "  %3u%%  %-28s %u of %u %s, %u of %u %s\n", nt_coverage_percent(sum), name,
	                       sum->steps_reached, sum->steps, nt_text_plural(sum->steps, "step", "steps"),
	                       sum->ways_reached, sum->ways, nt_text_plural(sum->ways, "way", "ways"));
}

void nt_coverage_print(const struct nt_coverage *coverage, GString *out)
{
	struct nt_coverage_sum all = nt_coverage_sum(coverage, -1);

	for (unsigned i = 0; i < coverage->program->n_campaigns; i++) {
		struct nt_coverage_sum sum = nt_coverage_sum(coverage, (int)i);

		put_sum(&sum, coverage->program->campaigns[i].name, out);
	}
	put_sum(&all, "in all", out);
	put_items(coverage, out);
}

static void put_sum_json(const struct nt_coverage_sum *sum, struct nt_json_writer *w)
{
	nt_json_put_int(w, "percent", nt_coverage_percent(sum));
	nt_json_put_int(w, "steps", sum->steps);
	nt_json_put_int(w, "steps_reached", sum->steps_reached);
	nt_json_put_int(w, "ways", sum->ways);
	nt_json_put_int(w, "ways_reached", sum->ways_reached);
}

static void put_item_json(const struct nt_coverage *coverage, const struct nt_coverage_item *item,
                          struct nt_json_writer *w)
{
	static const char *const names[] = {
		[NT_REACHED_ENTER] = "enter", [NT_REACHED_GOAL] = "goal",     [NT_REACHED_EXIT] = "exit",
		[NT_REACHED_STEP] = "step",   [NT_REACHED_PASSED] = "passed", [NT_REACHED_THEN] = "then",
		[NT_REACHED_ELSE] = "else",   [NT_REACHED_ARM] = "arm",
	};
	const struct nt_step *step = step_of(coverage, item);

	nt_json_object(w, NULL);
	nt_json_put_text(w, "file", item->span.source != NULL ? item->span.source->path : NULL);
	nt_json_put_int(w, "line", line_of(item));
	nt_json_put_text(w, "what", names[item->what]);
	if (step != NULL)
		nt_json_put_text(w, "step", step->identity);
	if (step == NULL || item->what == NT_REACHED_ARM)
		nt_json_put_int(w, "number", (int64_t)item->n + 1);
	nt_json_put_text(w, "message", nt_coverage_says(coverage, item));
	nt_json_end_object(w);
}

void nt_coverage_put_json(const struct nt_coverage *coverage, struct nt_json_writer *w)
{
	struct nt_coverage_sum all = nt_coverage_sum(coverage, -1);

	put_sum_json(&all, w);
	nt_json_array(w, "campaigns");
	for (unsigned i = 0; i < coverage->program->n_campaigns; i++) {
		struct nt_coverage_sum sum = nt_coverage_sum(coverage, (int)i);

		nt_json_object(w, NULL);
		nt_json_put_text(w, "campaign", coverage->program->campaigns[i].name);
		put_sum_json(&sum, w);
		nt_json_array(w, "not_reached");
		for (unsigned k = 0; k < coverage->items->len; k++) {
			const struct nt_coverage_item *item =
				&g_array_index(coverage->items, struct nt_coverage_item, k);

			if (item->campaign == (int)i && !item->reached)
				put_item_json(coverage, item, w);
		}
		nt_json_end_array(w);
		nt_json_end_object(w);
	}
	nt_json_end_array(w);
}
