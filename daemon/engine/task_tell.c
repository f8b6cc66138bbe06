#include "engine/task_private.h"

#include "base/arena.h"
#include "base/civil.h"
#include "base/json.h"
#include "engine/rep.h"
#include "rules/program.h"
#include "template/message.h"

#include <string.h>

#define TEXT_LONGEST 200u
#define BODY_LONGEST 4000u
/* Stands for the task's link while its text is written: on the page behind that link it would lead to itself. */
#define NO_LINK "https://task.invalid/"

/* What the template gets beside the lead's values. rep NULL: the text that isn't to anybody. */
static const char *values_of(struct nt_arena *arena, const struct nt_task *task, const struct nt_rep *rep,
                             const char *occasion)
{
	GString *out = g_string_new(NULL), *due = g_string_new(NULL);
	struct nt_json_writer w;
	const char *values;

	nt_time_print_utc(task->due, due);
	nt_json_begin(&w, out);
	nt_json_object(&w, NULL);
	nt_json_put_text(&w, "occasion", occasion);
	nt_json_put_text(&w, "lead_id", task->lead);
	if (rep != NULL)
		nt_rep_put(&w, rep);
	else
		nt_json_put_text(&w, "task_url", NO_LINK);
	nt_json_object(&w, "task");
	nt_json_put_text(&w, "id", task->id);
	if (task->text != NULL)
		nt_json_put_text(&w, "text", task->text);
	nt_json_put_text(&w, "due", due->str);
	nt_json_put_bool(&w, "overdue", task->overdue);
	nt_json_end_object(&w);
	nt_json_end_object(&w);
	values = nt_rep_join(arena, task->values, nt_arena_strdup(arena, out->str));
	g_string_free(out, TRUE);
	g_string_free(due, TRUE);
	return values;
}

/* At most n bytes, whole characters. */
static char *cut(const char *text, size_t n)
{
	const char *end = text + strlen(text);

	if (end > text + n)
		for (end = text + n; end > text && ((unsigned char)*end & 0xc0) == 0x80;)
			end--;
	return g_strndup(text, (gsize)(end - text));
}

/* Without the lines that only lead to the task's page. */
static char *without_links(const char *text)
{
	char **lines = g_strsplit(text, "\n", -1), **to = lines, *all;

	for (char **line = lines; *line != NULL; line++) {
		if (strstr(*line, NO_LINK) != NULL)
			g_free(*line);
		else
			*to++ = *line;
	}
	*to = NULL;
	all = g_strjoinv("\n", lines);
	g_strfreev(lines);
	return g_strstrip(all);
}

/* Without a subject, the first line is what it is about. */
static void split(struct nt_task *task, const char *subject, char *body)
{
	char *end = subject == NULL ? strchr(body, '\n') : NULL;

	task->text = cut(subject != NULL ? subject : body, TEXT_LONGEST);
	if (subject == NULL) {
		task->text[strcspn(task->text, "\n")] = '\0';
		body = end != NULL ? g_strchug(end) : NULL;
	}
	if (body != NULL && body[0] != '\0')
		task->body = cut(body, BODY_LONGEST);
}

void nt_task_write(const struct nt_program *program, struct nt_task *task)
{
	struct nt_arena *arena = nt_arena_new();
	const char *channel = task->channels != NULL ? task->channels[0] : NULL, *error, *values;
	const struct nt_message_template *found = channel != NULL && program->templates != NULL ?
	        nt_template_set_find(program->templates, task->template_name, channel, NULL) : NULL;
	struct nt_message_input input = { .now = task->opened,
		                          .zone = program->zones->find(program->zones, program->policy.time_zone) };
	struct nt_rendered rendered = { 0 };
	struct nt_json_error wrong;
	char *body = NULL;

	if (task->values == NULL || task->values[0] == '\0') /* nobody will read it */
		found = NULL;
	values = values_of(arena, task, NULL, "task");
	input.variables = nt_json_parse(arena, values, strlen(values), &wrong);
	if (found != NULL && input.variables != NULL && nt_message_render(found, arena, &input, &rendered, &error) &&
	    rendered.text != NULL)
		body = without_links(rendered.text);
	if (rendered.subject != NULL || (body != NULL && body[0] != '\0'))
		split(task, rendered.subject, body);
	else
		task->text = g_strdup(task->template_name);
	g_free(body);
	nt_arena_free(arena);
}

static const char *message_id(struct nt_arena *arena, const struct nt_task *task, const char *channel,
                              const char *occasion)
{
	char *what = nt_arena_printf(arena, "task\n%s\n%s\n%s\n%s\n%" G_GINT64_FORMAT, task->id, task->rep, channel,
	                             occasion, (gint64)task->since);
	char *hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, what, -1);
	const char *id = nt_arena_strndup(arena, hash, 32);

	g_free(hash);
	return id;
}

void nt_task_tell(struct nt_task_step *step, const struct nt_task *task, const char *occasion)
{
	const struct nt_program *program = step->tasks->program;
	struct nt_arena *arena = step->effects->arena;
	int slot = nt_program_rep(program, task->rep);
	const struct nt_rep *rep = slot >= 0 ? &program->sales.reps[slot] : NULL;

	for (char **channel = rep != NULL ? task->channels : NULL; channel != NULL && *channel != NULL; channel++) {
		const char *address = nt_rep_address(program, rep, *channel);
		const struct nt_message_template *found;
		struct nt_message *m;

		if (address == NULL)
			continue;
		found = program->templates != NULL ?
		                nt_template_set_find(program->templates, task->template_name, *channel, NULL) :
		                NULL;
		m = nt_arena_new0(arena, struct nt_message);
		*m = (struct nt_message){
			.id = message_id(arena, task, *channel, occasion),
			.lead = nt_arena_strdup(arena, task->lead),
			.rep = rep->name,
			.campaign = "",
			.key = "",
			.step = nt_arena_strdup(arena, occasion),
			.channel = nt_arena_strdup(arena, *channel),
			.template_name = nt_arena_strdup(arena, task->template_name),
			.template_hash = found != NULL ? nt_message_template_hash(found) : "",
			.program_hash = program->hash,
			.address = address,
			.address_name = rep->full_name,
			.service = true,
			.released = step->now,
			.values = values_of(arena, task, rep, occasion),
			.why = nt_arena_printf(arena, "%s: %s", occasion, task->text),
		};
		g_ptr_array_add(step->effects->messages, m);
	}
}
