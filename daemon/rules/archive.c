#include "rules/archive.h"

#include "base/arena.h"

#include <string.h>

#define MAGIC "nurture rules 2\n"
#define MAGIC_1 "nurture rules 1\n" /* without others and folder: kept by versions before */

static void put_number(GString *out, size_t n)
{
	guint32 big = GUINT32_TO_BE((guint32)n);

	g_string_append_len(out, (const char *)&big, sizeof big);
}

static void put_files(GString *out, const struct nt_file *files, unsigned n)
{
	put_number(out, n);
	for (unsigned i = 0; i < n; i++) {
		put_number(out, strlen(files[i].path));
		g_string_append(out, files[i].path);
		put_number(out, files[i].length);
		g_string_append_len(out, files[i].bytes, (gssize)files[i].length);
	}
}

void nt_archive_pack(const struct nt_rule_set_files *files, GString *out)
{
	g_string_append(out, MAGIC);
	put_files(out, files->rules, files->n_rules);
	put_files(out, files->templates, files->n_templates);
	put_files(out, files->others, files->n_others);
	put_number(out, files->folder != NULL ? strlen(files->folder) : 0);
	g_string_append(out, files->folder != NULL ? files->folder : "");
}

struct reader {
	struct nt_arena *arena;
	const char *at, *end;
};

static bool take_number(struct reader *r, size_t *n)
{
	guint32 big;

	if ((size_t)(r->end - r->at) < sizeof big)
		return false;
	memcpy(&big, r->at, sizeof big);
	r->at += sizeof big;
	*n = GUINT32_FROM_BE(big);
	return *n <= (size_t)(r->end - r->at); /* counts and lengths alike: nothing is smaller than a byte */
}

static bool take_bytes(struct reader *r, const char **bytes, size_t *length)
{
	if (!take_number(r, length))
		return false;
	*bytes = nt_arena_strndup(r->arena, r->at, *length);
	r->at += *length;
	return true;
}

static bool take_files(struct reader *r, const struct nt_file **out, unsigned *n)
{
	struct nt_file *files;
	size_t count, length;

	if (!take_number(r, &count))
		return false;
	files = nt_arena_array(r->arena, struct nt_file, count);
	for (size_t i = 0; i < count; i++)
		if (!take_bytes(r, &files[i].path, &length) || !take_bytes(r, &files[i].bytes, &files[i].length))
			return false;
	*out = files;
	*n = (unsigned)count;
	return true;
}

bool nt_archive_unpack(struct nt_arena *arena, const void *bytes, size_t length, struct nt_rule_set_files *files)
{
	struct reader r = { .arena = arena, .at = bytes, .end = (const char *)bytes + length };
	bool first;
	size_t n;

	*files = (struct nt_rule_set_files){ 0 };
	if (length < strlen(MAGIC))
		return false;
	first = memcmp(bytes, MAGIC_1, strlen(MAGIC_1)) == 0;
	if (!first && memcmp(bytes, MAGIC, strlen(MAGIC)) != 0)
		return false;
	r.at += strlen(MAGIC);
	if (!take_files(&r, &files->rules, &files->n_rules) || !take_files(&r, &files->templates, &files->n_templates))
		return false;
	if (!first && (!take_files(&r, &files->others, &files->n_others) || !take_bytes(&r, &files->folder, &n)))
		return false;
	return r.at == r.end;
}
