/* Spans anywhere in any text: the first four bytes say where, the rest is the text.
 * covers: daemon/base/diag.c */
#include "fuzz.h"

#include "base/arena.h"
#include "base/diag.h"

#include <string.h>

static void print(struct nt_diags *diags)
{
	GString *out = g_string_new(NULL);

	nt_diags_print(diags, out);
	nt_diags_print_json(diags, out);
	g_string_free(out, TRUE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *const names[] = { "email", "wait", "wait_for", "wait_until", NULL };
	const struct nt_source *source;
	struct nt_diags *diags;
	size_t start, length;

	if (size < 4)
		return 0;
	start = data[0] | (size_t)data[1] << 8;
	length = data[2] | (size_t)data[3] << 8;
	data += 4;
	size -= 4;
	diags = nt_diags_new();
	source = nt_diags_source(diags, "fuzz.yaml", (const char *)data, size);
	start = start > size ? size : start;
	length = length > size - start ? size - start : length;
	char *word = nt_arena_strndup(nt_diags_arena(diags), source->text + start, length);
	const char *near = nt_nearest(word, names);

	nt_diags_error(diags, nt_span_of(source, start, length), "unknown name '%s'", near ? near : "");
	nt_diags_warning(diags, NT_CODE_SHOUTING, nt_span_of(source, 0, size), "all of it");
	print(diags);
	nt_diags_free(diags);
	return 0;
}
