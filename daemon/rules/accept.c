#include "rules/accept.h"

#include <stdint.h>
#include <string.h>

#define WORD "accept:"

struct mark {
	struct nt_span span;      /* of the name */
	enum nt_diag_code code;   /* NONE: there is no such name */
	size_t from, to;          /* what it holds for: bytes of the source */
	bool used;
};

struct nt_accepts {
	GHashTable *read; /* path → GArray of struct mark; sources are copied on their way, their paths stay */
};

static void free_marks(gpointer marks)
{
	g_array_free(marks, TRUE);
}

struct nt_accepts *nt_accepts_new(void)
{
	struct nt_accepts *accepts = g_new0(struct nt_accepts, 1);

	accepts->read = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_marks);
	return accepts;
}

void nt_accepts_free(struct nt_accepts *accepts)
{
	g_hash_table_destroy(accepts->read);
	g_free(accepts);
}

/* ---- comments ---- */

static size_t skip_blanks(const struct nt_source *source, size_t at)
{
	while (at < source->length && (source->text[at] == ' ' || source->text[at] == '\t'))
		at++;
	return at;
}

static bool begins(const struct nt_source *source, size_t at, const char *word)
{
	size_t length = strlen(word);

	return source->length - at >= length && memcmp(source->text + at, word, length) == 0;
}

static size_t line_end(const struct nt_source *source, size_t at)
{
	const char *end = memchr(source->text + at, '\n', source->length - at);

	return end != NULL ? (size_t)(end - source->text) : source->length;
}

static bool is_of_name(char c)
{
	return g_ascii_islower(c) || c == '-';
}

/* The names from `at` on, which hold for bytes from..to. */
static void read_names(const struct nt_source *source, size_t at, size_t from, size_t to, GArray *marks)
{
	for (;;) {
		struct mark mark = { .from = from, .to = to };
		size_t end = at = skip_blanks(source, at);
		char *name;

		while (end < source->length && is_of_name(source->text[end]))
			end++;
		if (end == at)
			return;
		mark.span = nt_span_of(source, at, end - at);
		name = g_strndup(source->text + at, end - at);
		mark.code = nt_diag_code_find(name);
		g_free(name);
		g_array_append_val(marks, mark);
		end = skip_blanks(source, end);
		if (end >= source->length || source->text[end] != ',')
			return;
		at = end + 1;
	}
}

/* The line that a comment on a line of its own is about: the next one that says something. */
static size_t next_line(const struct nt_source *source, size_t at)
{
	while ((at = line_end(source, at)) < source->length) {
		size_t word = skip_blanks(source, ++at);

		if (word < source->length && strchr("#\r\n", source->text[word]) == NULL)
			break;
	}
	return at;
}

/* The end of what a comment about the line at `at` holds for: its own, or the block's. */
static size_t block_end(const struct nt_source *source, size_t at, size_t comment)
{
	size_t end = line_end(source, at), begin = skip_blanks(source, at);
	size_t last = comment > at ? MIN(end, comment) : end;
	bool item = begin < source->length && source->text[begin] == '-';

	while (last > at && g_ascii_isspace(source->text[last - 1]))
		last--;
	if (last == at || source->text[last - 1] != ':')
		return end;
	for (size_t next = end; next < source->length; next = line_end(source, next)) {
		size_t word = skip_blanks(source, ++next);

		if (word >= source->length || strchr("#\r\n", source->text[word]) != NULL)
			continue;
		if (word - next < begin - at || (word - next == begin - at && (item || source->text[word] != '-')) ||
		    begins(source, next, "---"))
			break;
		end = line_end(source, next);
	}
	return end;
}

/* One a line: what stands behind its names is for people, also a '#'. Comments may stand above one line in numbers:
 * that line, and the block that it opens, are looked for once. */
static void read_yaml(const struct nt_source *source, GArray *marks)
{
	const char *p = source->text, *stop = source->text + source->length;
	size_t next = 0, next_end = 0;

	for (; (p = memchr(p, '#', (size_t)(stop - p))) != NULL; p++) {
		size_t at = (size_t)(p - source->text), word = skip_blanks(source, at + 1), begin = at;

		if (!begins(source, word, WORD) || (at > 0 && strchr(" \t\n", p[-1]) == NULL))
			continue;
		while (begin > 0 && source->text[begin - 1] != '\n')
			begin--;
		word += strlen(WORD);
		if (skip_blanks(source, begin) != at) {
			read_names(source, word, begin, block_end(source, begin, at), marks);
		} else {
			if (next <= at) {
				next = next_line(source, at);
				next_end = block_end(source, next, at);
			}
			read_names(source, word, next, next_end, marks);
		}
		p = source->text + line_end(source, at) - 1;
	}
}

/* {% comment %}accept: … {% endcomment %} */
static void read_template(const struct nt_source *source, GArray *marks)
{
	const char *text = source->text;

	for (size_t at = 0; at < source->length; at++) {
		size_t word = at + 2;

		if (!begins(source, at, "{%"))
			continue;
		word = skip_blanks(source, word + (word < source->length && text[word] == '-'));
		if (!begins(source, word, "comment"))
			continue;
		word = skip_blanks(source, word + strlen("comment"));
		word += word < source->length && text[word] == '-';
		if (!begins(source, word, "%}"))
			continue;
		for (word += 2; word < source->length && g_ascii_isspace(text[word]);)
			word++;
		if (begins(source, word, WORD))
			read_names(source, word + strlen(WORD), 0, source->length, marks);
	}
}

void nt_accepts_read(struct nt_accepts *accepts, const struct nt_source *source)
{
	GArray *marks;

	if (g_hash_table_contains(accepts->read, source->path))
		return;
	marks = g_array_new(FALSE, FALSE, sizeof(struct mark));
	if (g_str_has_suffix(source->path, ".yaml"))
		read_yaml(source, marks);
	else
		read_template(source, marks);
	g_hash_table_insert(accepts->read, (gpointer)(uintptr_t)source->path, marks);
}

/* ---- what they do ---- */

bool nt_accepts_take(struct nt_accepts *accepts, const struct nt_diag *diag)
{
	const struct nt_source *source = diag->span.source;
	GArray *marks;
	bool taken = false;

	if (source == NULL || diag->severity != NT_WARNING || diag->code == NT_CODE_ACCEPTS_NOTHING)
		return false;
	nt_accepts_read(accepts, source);
	marks = g_hash_table_lookup(accepts->read, source->path);
	for (unsigned i = 0; i < marks->len; i++) {
		struct mark *mark = &g_array_index(marks, struct mark, i);

		if (mark->code == diag->code && mark->from <= diag->span.start && diag->span.start <= mark->to)
			mark->used = taken = true;
	}
	return taken;
}

static const char *nearest(const char *name)
{
	const char *names[NT_DIAG_CODES - NT_FIRST_WARNING + 1] = { NULL };

	for (unsigned i = NT_FIRST_WARNING; i < NT_DIAG_CODES; i++)
		names[i - NT_FIRST_WARNING] = nt_diag_code_name(i);
	return nt_nearest(name, names);
}

/* A comment may just begin with that word: only what looks like a name of ours is taken for a slip. */
static void report_unknown(const struct mark *mark, struct nt_diags *diags)
{
	char *name = g_strndup(mark->span.source->text + mark->span.start, mark->span.length);
	const char *meant = nearest(name);

	if (meant != NULL || strchr(name, '-') != NULL)
		nt_diags_warning(diags, NT_CODE_ACCEPTS_NOTHING, mark->span,
		                 "there is no warning '%s' to accept%s%s%s", name,
		                 meant != NULL ? " (did you mean '" : "", meant != NULL ? meant : "",
		                 meant != NULL ? "'?)" : "");
	g_free(name);
}

static void report(const struct mark *mark, struct nt_diags *diags)
{
	const char *name = nt_diag_code_name(mark->code);

	if (name == NULL)
		report_unknown(mark, diags);
	else if (!nt_diag_code_is_warning(mark->code))
		nt_diags_warning(diags, NT_CODE_ACCEPTS_NOTHING, mark->span,
		                 "'%s' names errors: they have to be mended, and can't be accepted", name);
	else if (!mark->used)
		nt_diags_warning(diags, NT_CODE_ACCEPTS_NOTHING, mark->span,
		                 "nothing here is '%s' (any more): this comment accepts nothing", name);
}

void nt_accepts_report(const struct nt_accepts *accepts, struct nt_diags *diags)
{
	GHashTableIter iter;
	gpointer marks;

	g_hash_table_iter_init(&iter, accepts->read);
	while (g_hash_table_iter_next(&iter, NULL, &marks)) /* printing sorts them */
		for (unsigned i = 0; i < ((GArray *)marks)->len; i++)
			report(&g_array_index((GArray *)marks, struct mark, i), diags);
}
