#include "engine/tally_private.h"

#include "base/civil.h"
#include "base/json.h"
#include "base/text.h"
#include "rules/program.h"

#include <string.h>

#define BAR 40 /* characters of the longest bar */

static GList *sorted_names(GHashTable *table)
{
	return g_list_sort(g_hash_table_get_keys(table), (GCompareFunc)(void (*)(void))strcmp);
}

static int by_number(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

static GList *sorted_numbers(GHashTable *table)
{
	return g_list_sort(g_hash_table_get_keys(table), by_number);
}

static uint64_t count_of(GHashTable *table, const void *key)
{
	const uint64_t *n = g_hash_table_lookup(table, key);

	return n != NULL ? *n : 0;
}

static uint64_t sum_of(GHashTable *table)
{
	uint64_t sum = 0;
	GHashTableIter iter;
	void *n;

	g_hash_table_iter_init(&iter, table);
	while (g_hash_table_iter_next(&iter, NULL, &n))
		sum += *(uint64_t *)n;
	return sum;
}

/* Every campaign of the rules, in their order, then those that only the store knew. */
static GPtrArray *campaign_names(const struct nt_tally *tally)
{
	GPtrArray *names = g_ptr_array_new();
	GList *counted = sorted_names(tally->campaigns);

	for (unsigned i = 0; i < tally->program->n_campaigns; i++)
		g_ptr_array_add(names, (void *)(uintptr_t)tally->program->campaigns[i].name);
	for (GList *name = counted; name != NULL; name = name->next)
		if (nt_program_campaign(tally->program, name->data) < 0)
			g_ptr_array_add(names, name->data);
	g_list_free(counted);
	return names;
}

struct ordered { /* a step's place in its campaign's file */
	const char *identity;
	int slot;
};

static int by_slot(const void *a, const void *b)
{
	const struct ordered *x = a, *y = b;

	if (x->slot != y->slot)
		return x->slot < y->slot ? -1 : 1;
	return strcmp(x->identity, y->identity);
}

static GArray *steps_of(const struct nt_tally *tally, const char *name, const struct nt_tally_campaign *campaign)
{
	GArray *steps = g_array_new(FALSE, FALSE, sizeof(struct ordered));
	int slot = nt_program_campaign(tally->program, name);
	GHashTableIter iter;
	void *identity;

	g_hash_table_iter_init(&iter, campaign->steps);
	while (g_hash_table_iter_next(&iter, &identity, NULL)) {
		struct ordered step = { identity, G_MAXINT };

		if (slot >= 0 && nt_campaign_step(&tally->program->campaigns[slot], identity) >= 0)
			step.slot = nt_campaign_step(&tally->program->campaigns[slot], identity);
		g_array_append_val(steps, step);
	}
	g_array_sort(steps, by_slot);
	return steps;
}

/* ---- for people ---- */

/* 12,345 */
static void put_count(uint64_t n, unsigned width, GString *out)
{
	char digits[32], text[48];
	int length = g_snprintf(digits, sizeof digits, "%" G_GUINT64_FORMAT, n), k = 0;

	for (int i = 0; i < length; i++) {
		if (i > 0 && (length - i) % 3 == 0)
			text[k++] = ',';
		text[k++] = digits[i];
	}
	text[k] = '\0';
	g_string_append_printf(out, "%*s", (int)width, text);
}

static void put_counted(uint64_t n, const char *one, const char *many, GString *out)
{
	put_count(n, 10, out);
	g_string_append_printf(out, "  %s", nt_text_plural(n, one, many));
}

static void put_line(uint64_t n, const char *what, const char *which, const char *why, GString *out)
{
	put_count(n, 10, out);
	g_string_append_printf(out, "  %-9s  %s%s%s\n", what, which, why != NULL ? ": " : "", why != NULL ? why : "");
}

static void put_lines(GHashTable *table, const char *what, const char *which, GString *out)
{
	GList *names = sorted_names(table);

	for (GList *name = names; name != NULL; name = name->next)
		put_line(count_of(table, name->data), what, which != NULL ? which : name->data,
		         which != NULL ? name->data : NULL, out);
	g_list_free(names);
}

/* A step that sends, by what it sends. */
static const char *step_title(const struct nt_tally *tally, const char *campaign, const char *identity,
                              GString *scratch)
{
	int slot = nt_program_campaign(tally->program, campaign),
	    index = slot >= 0 ? nt_campaign_step(&tally->program->campaigns[slot], identity) : -1;
	const struct nt_step *step = index >= 0 ? &tally->program->campaigns[slot].steps[index] : NULL;

	if (step == NULL || step->kind == NT_STEP_FIRST_OF || step->name == NULL)
		return identity;
	g_string_printf(scratch, "%s %s",
	                step->kind == NT_STEP_WEBHOOK ? "webhook" :
	                step->kind == NT_STEP_TELL    ? "tell" :
	                step->kind == NT_STEP_TASK    ? "task" :
	                step->channel >= 0            ? tally->program->channels[step->channel].name :
	                                                "",
	                step->name);
	return scratch->str;
}

static void put_campaign(const struct nt_tally *tally, const char *name, GString *out)
{
	const struct nt_tally_campaign *campaign = g_hash_table_lookup(tally->campaigns, name);
	GString *scratch = g_string_new(NULL);
	GArray *steps;
	uint64_t inside;

	g_string_append_printf(out, "\n%s\n", name);
	if (campaign == NULL) {
		g_string_append(out, "         0  entered\n");
		g_string_free(scratch, TRUE);
		return;
	}
	if (campaign->inside > 0)
		put_line(campaign->inside, nt_text_plural(campaign->inside, "was", "were"), "in it before", NULL, out);
	put_count(campaign->entered, 10, out);
	g_string_append(out, "  entered\n");
	put_lines(campaign->not_entered, "not", "entered", out);
	put_lines(campaign->announced, "announced", NULL, out);
	steps = steps_of(tally, name, campaign);
	for (unsigned i = 0; i < steps->len; i++) {
		const char *identity = g_array_index(steps, struct ordered, i).identity;
		const struct nt_tally_line *line = g_hash_table_lookup(campaign->steps, identity);
		const char *title = step_title(tally, name, identity, scratch);

		put_lines(line->sent, "sent", NULL, out);
		put_lines(line->told, "told", NULL, out);
		if (line->opened > 0)
			put_line(line->opened, "opened", title, NULL, out);
		put_lines(line->skipped, "skipped", title, out);
		put_lines(line->given_up, "given up", title, out);
	}
	put_lines(campaign->hand_offs, "handed", "to sales", out);
	if (campaign->goals > 0) {
		put_count(campaign->goals, 10, out);
		g_string_append_printf(out, "  reached the goal, %" G_GUINT64_FORMAT "%%\n",
		                       campaign->goals * 100 / MAX(campaign->entered + campaign->inside, 1));
	}
	put_lines(campaign->left, "left", NULL, out);
	inside = campaign->inside + campaign->entered - MIN(campaign->inside + campaign->entered,
	                                                    sum_of(campaign->left));
	if (inside > 0)
		put_line(inside, nt_text_plural(inside, "is", "are"), "in it still", NULL, out);
	g_array_unref(steps);
	g_string_free(scratch, TRUE);
}

static void put_date(int64_t day, GString *out)
{
	static const char *const weekdays[] = { "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun" };
	int year, month, of_month;

	nt_civil_from_days(day, &year, &month, &of_month);
	g_string_append_printf(out, "%s %04d-%02d-%02d", weekdays[nt_civil_weekday(day)], year, month, of_month);
}

/* The number with the greatest count; of equal ones the first. */
static int64_t peak(GHashTable *table, uint64_t *n)
{
	GList *numbers = sorted_numbers(table);
	int64_t best = 0;

	*n = 0;
	for (GList *number = numbers; number != NULL; number = number->next)
		if (count_of(table, number->data) > *n) {
			*n = count_of(table, number->data);
			best = *(int64_t *)number->data;
		}
	g_list_free(numbers);
	return best;
}

static void put_peaks(const struct nt_tally_load *load, const struct nt_zone *zone, GString *out)
{
	uint64_t n;
	int64_t when = peak(load->days, &n);

	put_count(n, 10, out);
	g_string_append(out, "  on the busiest day, ");
	put_date(when, out);
	when = peak(load->hours, &n);
	g_string_append_c(out, '\n');
	put_count(n, 10, out);
	g_string_append(out, "  in the busiest hour, from ");
	nt_time_print_local(zone, when * NT_HOUR, out);
	g_string_append_c(out, '\n');
}

static void put_hours(const struct nt_tally *tally, GString *out)
{
	const uint64_t *of_day = tally->load.of_day;
	uint64_t most = 1;

	g_string_append(out, "  by the hour of each lead's own day\n");
	for (int i = 0; i < 24; i++)
		most = MAX(most, of_day[i]);
	for (int i = 0; i < 24; i++) {
		if (of_day[i] == 0)
			continue;
		put_count(of_day[i], 10, out);
		g_string_append_printf(out, "  %02d:00  ", i);
		for (uint64_t k = 0; k < (of_day[i] * BAR + most - 1) / most; k++)
			g_string_append_c(out, '#');
		g_string_append_c(out, '\n');
	}
}

static void put_messages(const struct nt_tally *tally, const struct nt_tally_frame *frame, GString *out)
{
	nt_time days = MAX((frame->until - frame->start + NT_DAY - 1) / NT_DAY, 1);

	g_string_append(out, "\nmessages to leads\n");
	put_count(tally->load.n, 10, out);
	g_string_append_printf(out, "  in all, %.1f a day\n", (double)tally->load.n / (double)days);
	if (tally->load.n == 0)
		return;
	put_peaks(&tally->load, tally->zone, out);
	put_hours(tally, out);
}

/* How many of them there were whose end is known. */
static uint64_t withdrawn(const struct nt_tally_tasks *tasks)
{
	uint64_t all = tasks->before + sum_of(tasks->opened);

	return all - MIN(all, tasks->done + tasks->open);
}

static void put_tasks(const struct nt_tally_tasks *tasks, GString *out)
{
	if (tasks->before + sum_of(tasks->opened) == 0)
		return;
	g_string_append(out, "\ntasks\n");
	if (tasks->before > 0)
		put_line(tasks->before, nt_text_plural(tasks->before, "was", "were"), "open before", NULL, out);
	put_lines(tasks->opened, "opened", NULL, out);
	if (tasks->done > 0)
		put_line(tasks->done, nt_text_plural(tasks->done, "was", "were"), "done", NULL, out);
	if (withdrawn(tasks) > 0)
		put_line(withdrawn(tasks), nt_text_plural(withdrawn(tasks), "was", "were"), "withdrawn", NULL, out);
	if (tasks->open > tasks->overdue)
		put_line(tasks->open - tasks->overdue, nt_text_plural(tasks->open - tasks->overdue, "is", "are"),
		         "open still", NULL, out);
	if (tasks->overdue > 0)
		put_line(tasks->overdue, nt_text_plural(tasks->overdue, "is", "are"), "overdue", NULL, out);
}

static void put_reps(const struct nt_tally *tally, GString *out)
{
	GList *reps = sorted_names(tally->reps);

	if (g_hash_table_size(tally->ready) > 0) {
		g_string_append(out, "\nready for sales\n");
		put_lines(tally->ready, "leads", NULL, out);
	}
	for (GList *name = reps; name != NULL; name = name->next) {
		const struct nt_tally_rep *rep = g_hash_table_lookup(tally->reps, name->data);

		g_string_append_printf(out, "\nrep %s\n", (char *)name->data);
		put_counted(rep->offered.n, "lead offered\n", "leads offered\n", out);
		if (rep->offered.n > 0)
			put_peaks(&rep->offered, rep->zone, out);
		put_lines(rep->answers, "leads", NULL, out);
		put_counted(rep->messages.n, "message\n", "messages\n", out);
		if (rep->messages.n > 0)
			put_peaks(&rep->messages, rep->zone, out);
	}
	g_list_free(reps);
}

static void put_after(uint64_t n, GString *out)
{
	if (n > 0)
		g_string_append_printf(out, ", %" G_GUINT64_FORMAT " more after the end", n);
}

void nt_tally_print(const struct nt_tally *tally, const struct nt_tally_frame *frame, GString *out)
{
	GPtrArray *names = campaign_names(tally);

	g_string_append(out, "from ");
	nt_time_print_local(tally->zone, frame->start, out);
	g_string_append(out, " to ");
	nt_time_print_local(tally->zone, frame->until, out);
	g_string_append_c(out, '\n');
	put_counted(frame->leads, "lead", "leads", out);
	put_after(frame->leads_after, out);
	g_string_append_c(out, '\n');
	put_counted(frame->events, "event", "events", out);
	put_after(frame->events_after, out);
	if (frame->duplicates > 0)
		g_string_append_printf(out, ", %" G_GUINT64_FORMAT " repeated", frame->duplicates);
	if (frame->refused > 0)
		g_string_append_printf(out, ", %" G_GUINT64_FORMAT " %s refused", frame->refused,
		                       nt_text_plural(frame->refused, "row", "rows"));
	g_string_append_c(out, '\n');
	for (unsigned i = 0; i < names->len; i++)
		put_campaign(tally, names->pdata[i], out);
	put_messages(tally, frame, out);
	put_tasks(&tally->tasks, out);
	if (g_hash_table_size(tally->announced) > 0) {
		g_string_append(out, "\nannouncements\n");
		put_lines(tally->announced, "sent", NULL, out);
	}
	put_reps(tally, out);
	g_ptr_array_unref(names);
}

/* ---- JSON ---- */

static void put_names_json(GHashTable *table, const char *key, struct nt_json_writer *w)
{
	GList *names = sorted_names(table);

	nt_json_object(w, key);
	for (GList *name = names; name != NULL; name = name->next)
		nt_json_put_int(w, name->data, (int64_t)count_of(table, name->data));
	nt_json_end_object(w);
	g_list_free(names);
}

static void put_load_json(const struct nt_tally_load *load, struct nt_json_writer *w)
{
	GList *hours = sorted_numbers(load->hours), *days = sorted_numbers(load->days);

	nt_json_put_int(w, "n", (int64_t)load->n);
	nt_json_array(w, "days");
	for (GList *day = days; day != NULL; day = day->next) {
		char text[32];
		int year, month, of_month;

		nt_civil_from_days(*(int64_t *)day->data, &year, &month, &of_month);
		g_snprintf(text, sizeof text, "%04d-%02d-%02d", year, month, of_month);
		nt_json_object(w, NULL);
		nt_json_put_text(w, "date", text);
		nt_json_put_int(w, "n", (int64_t)count_of(load->days, day->data));
		nt_json_end_object(w);
	}
	nt_json_end_array(w);
	nt_json_array(w, "hours");
	for (GList *hour = hours; hour != NULL; hour = hour->next) {
		nt_json_object(w, NULL);
		nt_json_put_time(w, "from", *(int64_t *)hour->data * NT_HOUR);
		nt_json_put_int(w, "n", (int64_t)count_of(load->hours, hour->data));
		nt_json_end_object(w);
	}
	nt_json_end_array(w);
	nt_json_array(w, "hours_of_day");
	for (int i = 0; i < 24; i++)
		nt_json_put_int(w, NULL, (int64_t)load->of_day[i]);
	nt_json_end_array(w);
	g_list_free(hours);
	g_list_free(days);
}

static void put_campaign_json(const struct nt_tally *tally, const char *name, struct nt_json_writer *w)
{
	const struct nt_tally_campaign *campaign = g_hash_table_lookup(tally->campaigns, name);
	GArray *steps;

	nt_json_object(w, NULL);
	nt_json_put_text(w, "campaign", name);
	nt_json_put_int(w, "entered", campaign != NULL ? (int64_t)campaign->entered : 0);
	if (campaign == NULL) {
		nt_json_end_object(w);
		return;
	}
	nt_json_put_int(w, "inside_before", (int64_t)campaign->inside);
	nt_json_put_int(w, "goals", (int64_t)campaign->goals);
	put_names_json(campaign->left, "left", w);
	put_names_json(campaign->not_entered, "not_entered", w);
	put_names_json(campaign->hand_offs, "hand_offs", w);
	put_names_json(campaign->announced, "announced", w);
	nt_json_array(w, "steps");
	steps = steps_of(tally, name, campaign);
	for (unsigned i = 0; i < steps->len; i++) {
		const char *identity = g_array_index(steps, struct ordered, i).identity;
		const struct nt_tally_line *line = g_hash_table_lookup(campaign->steps, identity);

		nt_json_object(w, NULL);
		nt_json_put_text(w, "step", identity);
		put_names_json(line->sent, "sent", w);
		put_names_json(line->told, "told", w);
		nt_json_put_int(w, "tasks", (int64_t)line->opened);
		put_names_json(line->skipped, "skipped", w);
		put_names_json(line->given_up, "given_up", w);
		nt_json_end_object(w);
	}
	nt_json_end_array(w);
	nt_json_end_object(w);
	g_array_unref(steps);
}

static void put_tasks_json(const struct nt_tally_tasks *tasks, struct nt_json_writer *w)
{
	nt_json_object(w, "tasks");
	nt_json_put_int(w, "before", (int64_t)tasks->before);
	put_names_json(tasks->opened, "opened", w);
	nt_json_put_int(w, "done", (int64_t)tasks->done);
	nt_json_put_int(w, "withdrawn", (int64_t)withdrawn(tasks));
	nt_json_put_int(w, "open", (int64_t)tasks->open);
	nt_json_put_int(w, "overdue", (int64_t)tasks->overdue);
	nt_json_end_object(w);
}

void nt_tally_put_json(const struct nt_tally *tally, const struct nt_tally_frame *frame, struct nt_json_writer *w)
{
	GPtrArray *names = campaign_names(tally);
	GList *reps = sorted_names(tally->reps);

	nt_json_put_time(w, "from", frame->start);
	nt_json_put_time(w, "until", frame->until);
	nt_json_put_int(w, "leads", (int64_t)frame->leads);
	nt_json_put_int(w, "events", (int64_t)frame->events);
	if (frame->leads_after > 0)
		nt_json_put_int(w, "leads_after_end", (int64_t)frame->leads_after);
	if (frame->events_after > 0)
		nt_json_put_int(w, "events_after_end", (int64_t)frame->events_after);
	nt_json_put_int(w, "duplicates", (int64_t)frame->duplicates);
	nt_json_put_int(w, "refused", (int64_t)frame->refused);
	nt_json_array(w, "campaigns");
	for (unsigned i = 0; i < names->len; i++)
		put_campaign_json(tally, names->pdata[i], w);
	nt_json_end_array(w);
	put_names_json(tally->messages, "sent", w);
	nt_json_object(w, "messages");
	put_load_json(&tally->load, w);
	nt_json_end_object(w);
	put_tasks_json(&tally->tasks, w);
	put_names_json(tally->announced, "announcements", w);
	put_names_json(tally->ready, "ready", w);
	nt_json_array(w, "reps");
	for (GList *name = reps; name != NULL; name = name->next) {
		const struct nt_tally_rep *rep = g_hash_table_lookup(tally->reps, name->data);

		nt_json_object(w, NULL);
		nt_json_put_text(w, "rep", name->data);
		nt_json_put_int(w, "told", (int64_t)rep->messages.n);
		nt_json_object(w, "offered");
		put_load_json(&rep->offered, w);
		nt_json_end_object(w);
		nt_json_object(w, "messages");
		put_load_json(&rep->messages, w);
		nt_json_end_object(w);
		put_names_json(rep->answers, "answers", w);
		nt_json_end_object(w);
	}
	nt_json_end_array(w);
	g_list_free(reps);
	g_ptr_array_unref(names);
}
