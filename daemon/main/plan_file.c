#include "main/plan_file.h"

#include "base/arena.h"
#include "base/civil.h"
#include "base/json.h"
#include "engine/plan.h"

#include <string.h>

#define FORMAT "nurtured plan"
#define VERSION 1

void nt_plan_file_write(const struct nt_plan *plan, const char *folder, const char *content, GString *out)
{
	struct nt_json_writer w;

	nt_json_begin(&w, out);
	nt_json_object(&w, NULL);
	nt_json_put_text(&w, "format", FORMAT);
	nt_json_put_int(&w, "version", VERSION);
	nt_json_object(&w, "rules");
	nt_json_put_text(&w, "folder", folder);
	nt_json_put_text(&w, "content", content);
	nt_json_end_object(&w);
	nt_plan_put_json(plan, &w);
	nt_json_end_object(&w);
	g_string_append_c(out, '\n');
}

static bool is_hash(const char *text)
{
	return text != NULL && strlen(text) == 64 && strspn(text, "0123456789abcdef") == 64;
}

static bool is_instant(const char *text)
{
	struct nt_civil civil;
	bool has_offset = false;
	nt_time t;

	return nt_instant_parse(text, strlen(text), &civil, &has_offset, &t, NULL) && has_offset;
}

bool nt_plan_file_read(struct nt_arena *arena, const char *text, size_t length, struct nt_plan_file *file,
                       const char **why)
{
	struct nt_json_error error;
	const struct nt_json *plan = nt_json_parse(arena, text, length, &error);
	const struct nt_json *version, *base, *rules, *demands, *loaded;
	const char *format;
	nt_number number = 0;

	*file = (struct nt_plan_file){ 0 };
	if (plan == NULL) {
		*why = nt_arena_printf(arena, "it is no plan: %s", error.message);
		return false;
	}
	format = nt_json_text(plan, "format");
	version = nt_json_get(plan, "version");
	if (format == NULL || strcmp(format, FORMAT) != 0 || version == NULL || !nt_json_number(version, &number)) {
		*why = "it is no plan of nurturectl plan";
		return false;
	}
	if (number != nt_number_from_int(VERSION)) {
		*why = "another version of nurturectl wrote it: plan anew";
		return false;
	}
	base = nt_json_get(plan, "base");
	rules = nt_json_get(plan, "rules");
	demands = nt_json_get(plan, "demands");
	loaded = nt_json_get(base, "loaded");
	file->base = nt_json_text(base, "program");
	file->loaded = nt_json_text(base, "loaded");
	file->content = nt_json_text(rules, "content");
	file->folder = nt_json_text(rules, "folder");
	*why = "it is damaged: plan anew";
	if (!is_hash(file->base) || !is_hash(file->content) || file->folder == NULL || loaded == NULL ||
	    (file->loaded != NULL ? !is_instant(file->loaded) : loaded->type != NT_JSON_NULL) || demands == NULL ||
	    demands->type != NT_JSON_ARRAY)
		return false;
	if (demands->n > 0)
		*why = "some steps need ids first: see what nurturectl plan says";
	return demands->n == 0;
}
