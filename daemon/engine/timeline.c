#include "engine/timeline.h"

#include "base/civil.h"
#include "base/json.h"
#include "engine/step.h"
#include "rules/program.h"

#include <string.h>

#define TIME 25 /* columns: CET and CEST */
#define WHAT 21

static void sent_clear(void *memory)
{
	struct nt_timeline_sent *sent = memory;

	g_free(sent->id);
	g_free(sent->channel);
	g_free(sent->template_name);
}

static void timeline_free(void *memory)
{
	struct nt_timeline *timeline = memory;

	g_string_free(timeline->lines, TRUE);
	g_clear_pointer(&timeline->sent, g_array_unref);
	g_free(timeline->lead);
	g_free(timeline);
}

void nt_timelines_init(struct nt_timelines *timelines, const struct nt_program *program, bool json)
{
	timelines->program = program;
	timelines->json = json;
	timelines->leads = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, timeline_free);
}

void nt_timelines_clear(struct nt_timelines *timelines)
{
	g_hash_table_destroy(timelines->leads);
}

struct nt_timeline *nt_timelines_of(struct nt_timelines *timelines, const char *lead)
{
	struct nt_timeline *timeline = g_hash_table_lookup(timelines->leads, lead);
	const struct nt_zones *zones = timelines->program->zones;

	if (timeline != NULL)
		return timeline;
	timeline = g_new0(struct nt_timeline, 1);
	timeline->lead = g_strdup(lead);
	timeline->number = g_hash_table_size(timelines->leads);
	timeline->lines = g_string_new(NULL);
	timeline->zone = zones->find(zones, timelines->program->policy.time_zone);
	if (timeline->zone == NULL)
		timeline->zone = zones->utc;
	timeline->printed = NT_NO_TIME;
	g_hash_table_insert(timelines->leads, timeline->lead, timeline);
	return timeline;
}

/* ---- lines ---- */

static void put_json(const struct nt_timeline *timeline, const struct nt_timeline_line *line, GString *out)
{
	const struct nt_message *message = line->message;
	struct nt_json_writer w;

	nt_json_begin(&w, out);
	nt_json_object(&w, NULL);
	nt_json_put_text(&w, "lead", timeline->lead);
	nt_json_put_text(&w, "at", timeline->time);
	nt_json_put_text(&w, "what", line->what);
	if (line->campaign != NULL)
		nt_json_put_text(&w, "campaign", line->campaign);
	if (line->step != NULL)
		nt_json_put_text(&w, "step", line->step);
	if (message != NULL) {
		nt_json_put_text(&w, "id", message->id);
		nt_json_put_text(&w, "channel", nt_message_channel(message));
		nt_json_put_text(&w, "template", message->template_name);
		nt_json_put_text(&w, "to", message->address);
		if (message->rep != NULL)
			nt_json_put_text(&w, "rep", message->rep);
	}
	if (line->detail != NULL)
		nt_json_put_text(&w, "detail", line->detail);
	nt_json_end_object(&w);
	g_string_append_c(out, '\n');
}

/* ASCII, so that bytes are columns. */
static void put_padded(const char *text, size_t width, GString *out)
{
	static const char blanks[] = "                                ";
	size_t length = strlen(text);

	g_string_append_len(out, text, (gssize)length);
	if (length < width)
		g_string_append_len(out, blanks, (gssize)MIN(width - length, sizeof blanks - 1));
}

static void put_text(const struct nt_timeline *timeline, const struct nt_timeline_line *line, GString *out)
{
	const struct nt_message *message = line->message;
	const char *what = message != NULL ? nt_message_channel(message) : line->what,
		   *detail = message != NULL ? message->template_name : line->detail;
	const char *to = message != NULL ? message->rep : NULL, *campaign = line->campaign;

	g_string_append_len(out, "  ", 2);
	put_padded(timeline->time, TIME, out);
	g_string_append_len(out, "  ", 2);
	put_padded(what, detail != NULL ? WHAT : 0, out);
	if (detail != NULL) {
		g_string_append_c(out, ' ');
		g_string_append(out, detail);
	}
	if (to != NULL || (campaign != NULL && campaign[0] != '\0')) {
		g_string_append(out, to != NULL ? " (to " : " (");
		g_string_append(out, to != NULL ? to : campaign);
		g_string_append_c(out, ')');
	}
	g_string_append_c(out, '\n');
}

/* Many lines stand at one instant. */
static void print_time(const struct nt_timelines *timelines, struct nt_timeline *timeline, nt_time at)
{
	GString text = { timeline->time, 0, sizeof timeline->time }; /* no zone's name is so long that it would grow */

	if (timeline->printed == at)
		return;
	if (timelines->json)
		nt_time_print_utc(at, &text);
	else
		nt_time_print_local(timeline->zone, at, &text);
	timeline->printed = at;
}

void nt_timeline_add(const struct nt_timelines *timelines, struct nt_timeline *timeline,
                     const struct nt_timeline_line *line)
{
	print_time(timelines, timeline, line->at);
	if (timelines->json)
		put_json(timeline, line, timeline->lines);
	else
		put_text(timeline, line, timeline->lines);
}

static void print(const struct nt_timelines *timelines, const struct nt_timeline *timeline, GString *out)
{
	if (timeline->lines->len == 0)
		return;
	if (!timelines->json)
		g_string_append_printf(out, "%s\n", timeline->lead[0] != '\0' ? timeline->lead : "(announcements)");
	g_string_append_len(out, timeline->lines->str, (gssize)timeline->lines->len);
}

void nt_timelines_print(const struct nt_timelines *timelines, GString *out)
{
	const struct nt_timeline *nobody = g_hash_table_lookup(timelines->leads, "");
	GList *leads = g_list_sort(g_hash_table_get_keys(timelines->leads), (GCompareFunc)(void (*)(void))strcmp);

	for (GList *lead = leads; lead != NULL; lead = lead->next)
		if (((const char *)lead->data)[0] != '\0')
			print(timelines, g_hash_table_lookup(timelines->leads, lead->data), out);
	if (nobody != NULL)
		print(timelines, nobody, out);
	g_list_free(leads);
}

/* ---- messages ---- */

void nt_timeline_keep_sent(struct nt_timeline *timeline, const struct nt_message *message)
{
	struct nt_timeline_sent sent = { g_strdup(message->id), g_strdup(nt_message_channel(message)),
		                         g_strdup(message->template_name) };

	if (timeline->sent == NULL) {
		timeline->sent = g_array_new(FALSE, FALSE, sizeof(struct nt_timeline_sent));
		g_array_set_clear_func(timeline->sent, sent_clear);
	}
	g_array_append_val(timeline->sent, sent);
}

const struct nt_timeline_sent *nt_timeline_find_sent(const struct nt_timeline *timeline, const char *channel,
                                                     const char *template_name)
{
	for (unsigned i = timeline->sent != NULL ? timeline->sent->len : 0; i-- > 0;) {
		const struct nt_timeline_sent *sent = &g_array_index(timeline->sent, struct nt_timeline_sent, i);

		if (strcmp(sent->channel, channel) == 0 &&
		    (template_name == NULL || strcmp(sent->template_name, template_name) == 0))
			return sent;
	}
	return NULL;
}
