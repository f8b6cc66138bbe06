#define NT_DIAG_CODE NT_CODE_WRONG_TEMPLATE

#include "template/front.h"

#include "base/arena.h"

#include <string.h>

#define LINES 200

struct line {
	size_t start, end, next; /* without its line end; where the next one begins */
};

static struct line line_at(const struct nt_source *source, size_t start)
{
	const char *newline = memchr(source->text + start, '\n', source->length - start);
	struct line line = { .start = start, .end = source->length, .next = source->length };

	if (newline != NULL) {
		line.end = (size_t)(newline - source->text);
		line.next = line.end + 1;
	}
	while (line.end > start && g_ascii_isspace(source->text[line.end - 1]))
		line.end--;
	return line;
}

static bool is_fence(const struct nt_source *source, struct line line)
{
	return line.end - line.start == 3 && memcmp(source->text + line.start, "---", 3) == 0;
}

/* Is there another fence below? */
static bool is_closed(const struct nt_source *source, struct line line)
{
	while (line.next < source->length) {
		line = line_at(source, line.next);
		if (is_fence(source, line))
			return true;
	}
	return false;
}

static size_t key_length(const char *text, size_t length)
{
	size_t n = 0;

	while (n < length && (g_ascii_isalnum(text[n]) || text[n] == '_' || text[n] == '-'))
		n++;
	return n;
}

/* The line's key and value; NULL after an error. */
static struct nt_front *read_line(struct nt_arena *arena, const struct nt_source *source, struct nt_diags *diags,
                                  struct line line)
{
	const char *text = source->text + line.start;
	size_t length = line.end - line.start, n = key_length(text, length), value = n + 1;
	struct nt_front *front;

	if (n == 0 || n >= length || text[n] != ':') {
		nt_diags_error(diags, nt_span_of(source, line.start, length), "expected 'key: value'");
		return NULL;
	}
	while (value < length && g_ascii_isspace(text[value]))
		value++;
	if (length - value == 1 && strchr("|>", text[value]) != NULL) {
		nt_diags_error(diags, nt_span_of(source, line.start + value, 1), "a value stands on one line here");
		return NULL;
	}
	front = nt_arena_new0(arena, struct nt_front);
	front->key = nt_arena_strndup(arena, text, n);
	front->key_start = line.start;
	if (length - value >= 2 && strchr("\"'", text[value]) != NULL && text[length - 1] == text[value]) {
		value++;
		length--;
	}
	front->start = line.start + value;
	front->length = length - value;
	return front;
}

static void add(const struct nt_source *source, struct nt_diags *diags, struct nt_front **list, struct nt_front *front)
{
	for (; *list != NULL; list = &(*list)->next)
		if (strcmp((*list)->key, front->key) == 0) {
			nt_diags_error(diags, nt_span_of(source, front->key_start, strlen(front->key)),
			               "'%s' stands here twice", front->key);
			return;
		}
	*list = front;
}

struct nt_front *nt_front_parse(struct nt_arena *arena, const struct nt_source *source, struct nt_diags *diags,
                                size_t *body)
{
	static const char bom[] = "\xEF\xBB\xBF";
	size_t start = source->length >= 3 && memcmp(source->text, bom, 3) == 0 ? 3 : 0;
	struct line line = line_at(source, start);
	struct nt_front *list = NULL;
	int lines = 0;

	*body = start;
	if (!is_fence(source, line))
		return NULL;
	if (!is_closed(source, line)) {
		nt_diags_error(diags, nt_span_of(source, start, 3), "this isn't closed by a line '---'");
		*body = source->length;
		return NULL;
	}
	for (line = line_at(source, line.next); !is_fence(source, line); line = line_at(source, line.next)) {
		bool passed = line.start == line.end || source->text[line.start] == '#';
		struct nt_front *front = NULL;

		if (++lines > LINES) {
			nt_diags_error(diags, nt_span_of(source, start, 3), "front matter has at most %d lines", LINES);
			*body = source->length;
			return list;
		}
		if (!passed)
			front = read_line(arena, source, diags, line);
		if (front != NULL)
			add(source, diags, &list, front);
	}
	*body = line.next;
	return list;
}
