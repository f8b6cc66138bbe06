#include "engine/task_private.h"

#include "base/arena.h"
#include "base/json.h"

#include <string.h>

#define TASK_VERSION 1

/* As rows of the rep queue: JSON; instants are milliseconds; what isn't set is left out. */

static const struct {
	const char *key;
	size_t offset;
} texts[] = {
	{ "id", offsetof(struct nt_task, id) },         { "lead", offsetof(struct nt_task, lead) },
	{ "title", offsetof(struct nt_task, title) },   { "campaign", offsetof(struct nt_task, campaign) },
	{ "key", offsetof(struct nt_task, key) },       { "step", offsetof(struct nt_task, step) },
	{ "text", offsetof(struct nt_task, text) },     { "template", offsetof(struct nt_task, template_name) },
	{ "body", offsetof(struct nt_task, body) },     { "values", offsetof(struct nt_task, values) },
	{ "owner", offsetof(struct nt_task, owner) },   { "team", offsetof(struct nt_task, team) },
	{ "rep", offsetof(struct nt_task, rep) },       { "by", offsetof(struct nt_task, by) },
	{ "why", offsetof(struct nt_task, why) },
};

static const struct {
	const char *key;
	size_t offset;
} times[] = {
	{ "opened", offsetof(struct nt_task, opened) }, { "due", offsetof(struct nt_task, due) },
	{ "since", offsetof(struct nt_task, since) },   { "closed", offsetof(struct nt_task, closed) },
	{ "told", offsetof(struct nt_task, told) },
};

static char **text_at(const struct nt_task *task, unsigned i)
{
	return (char **)(void *)((char *)(uintptr_t)task + texts[i].offset);
}

static nt_time *time_at(const struct nt_task *task, unsigned i)
{
	return (nt_time *)(void *)((char *)(uintptr_t)task + times[i].offset);
}

void nt_task_encode(const struct nt_task *task, GString *out)
{
	struct nt_json_writer w;

	nt_json_begin(&w, out);
	nt_json_object(&w, NULL);
	nt_json_put_int(&w, "version", TASK_VERSION);
	nt_json_put_text(&w, "state", nt_task_state_name(task->state));
	for (unsigned i = 0; i < G_N_ELEMENTS(texts); i++)
		if (*text_at(task, i) != NULL)
			nt_json_put_text(&w, texts[i].key, *text_at(task, i));
	for (unsigned i = 0; i < G_N_ELEMENTS(times); i++)
		if (*time_at(task, i) != NT_NO_TIME)
			nt_json_put_int(&w, times[i].key, *time_at(task, i));
	nt_json_put_int(&w, "entry", task->entry);
	if (task->overdue)
		nt_json_put_bool(&w, "overdue", true);
	nt_json_array(&w, "channels");
	for (char **channel = task->channels; channel != NULL && *channel != NULL; channel++)
		nt_json_put_text(&w, NULL, *channel);
	nt_json_end_array(&w);
	nt_json_end_object(&w);
}

/* ---- back ---- */

static nt_time get_int(const struct nt_json *object, const char *key, nt_time otherwise)
{
	const struct nt_json *value = nt_json_get(object, key);

	return value != NULL && value->type == NT_JSON_NUMBER ? g_ascii_strtoll(value->text, NULL, 10) : otherwise;
}

static bool get_state(const struct nt_json *object, enum nt_task_state *state)
{
	const char *name = nt_json_text(object, "state");

	for (int i = NT_TASK_OPEN; name != NULL && i <= NT_TASK_WITHDRAWN; i++)
		if (strcmp(nt_task_state_name((enum nt_task_state)i), name) == 0) {
			*state = (enum nt_task_state)i;
			return true;
		}
	return false;
}

static char **get_channels(const struct nt_json *object)
{
	const struct nt_json *list = nt_json_get(object, "channels");
	GPtrArray *channels = g_ptr_array_new();

	for (const struct nt_json *item = list != NULL ? list->first : NULL; item != NULL; item = item->next)
		if (item->type == NT_JSON_TEXT)
			g_ptr_array_add(channels, g_strdup(item->text));
	g_ptr_array_add(channels, NULL);
	return (char **)g_ptr_array_free(channels, FALSE);
}

static bool is_whole(const struct nt_task *task)
{
	bool closed = task->closed != NT_NO_TIME && task->closed > NT_TIME_MIN && task->closed < NT_TIME_MAX;

	return task->id != NULL && task->lead != NULL && task->campaign != NULL && task->key != NULL &&
	       task->step != NULL && task->template_name != NULL && task->text != NULL && task->due != NT_NO_TIME &&
	       (task->state == NT_TASK_OPEN || closed);
}

bool nt_tasks_restore(struct nt_tasks *tasks, const void *bytes, size_t length)
{
	struct nt_arena *arena = nt_arena_new();
	struct nt_json_error error;
	const struct nt_json *o = nt_json_parse(arena, bytes, length, &error), *overdue = nt_json_get(o, "overdue");
	struct nt_task *task = nt_task_new(NULL, NULL);
	bool ok = get_int(o, "version", 0) == TASK_VERSION && get_state(o, &task->state);

	for (unsigned i = 0; i < G_N_ELEMENTS(texts); i++)
		*text_at(task, i) = g_strdup(nt_json_text(o, texts[i].key));
	for (unsigned i = 0; i < G_N_ELEMENTS(times); i++)
		*time_at(task, i) = get_int(o, times[i].key, NT_NO_TIME);
	task->entry = (uint32_t)get_int(o, "entry", 0);
	task->overdue = overdue != NULL && overdue->boolean;
	task->channels = get_channels(o);
	ok = ok && is_whole(task) && nt_tasks_peek(tasks, task->id) == NULL;
	if (ok)
		nt_tasks_take(tasks, task);
	else
		nt_task_free(task);
	nt_arena_free(arena);
	return ok;
}
