#include "template/mark.h"

#include "base/arena.h"
#include "template/escape.h"

#include <string.h>

/* All of U+10F700-U+10F73F begins with these bytes; the fourth says which it is. */
#define LEAD "\xF4\x8F\x9C"
#define BEGIN 0x80
#define END 0x81
#define NIBBLE 0x90 /* + 0…15 */
#define WIDTH 4     /* bytes a character */

struct mark {
	const char *text;
	size_t length;
	bool url;
};

struct nt_marks {
	struct nt_arena *arena;
	struct mark *items;
	size_t n, room;
};

struct nt_marks *nt_marks_new(struct nt_arena *arena)
{
	struct nt_marks *marks = nt_arena_new0(arena, struct nt_marks);

	marks->arena = arena;
	return marks;
}

static void put_sign(GString *out, int sign)
{
	g_string_append(out, LEAD);
	g_string_append_c(out, (char)sign);
}

void nt_marks_put(struct nt_marks *marks, GString *out, const char *text, size_t length, bool url)
{
	int shift = 0;

	if (marks->n == marks->room) {
		size_t room = MAX(marks->room * 2, (size_t)16);
		struct mark *items = nt_arena_array(marks->arena, struct mark, room);

		if (marks->n > 0)
			memcpy(items, marks->items, marks->n * sizeof *items);
		marks->items = items;
		marks->room = room;
	}
	marks->items[marks->n] =
		(struct mark){ .text = nt_arena_strndup(marks->arena, text, length), .length = length, .url = url };
	put_sign(out, BEGIN);
	while (marks->n >> shift > 15)
		shift += 4;
	for (; shift >= 0; shift -= 4)
		put_sign(out, NIBBLE + (int)(marks->n >> shift & 15));
	put_sign(out, END);
	marks->n++;
}

/* The last byte of a sign at text, or 0. */
static int sign_at(const char *text, size_t length)
{
	int sign;

	if (length < WIDTH || memcmp(text, LEAD, 3) != 0)
		return 0;
	sign = (unsigned char)text[3];
	return sign == BEGIN || sign == END || (sign >= NIBBLE && sign <= NIBBLE + 15) ? sign : 0;
}

bool nt_marks_any(const char *text, size_t length)
{
	for (size_t i = 0; i + WIDTH <= length; i++)
		if (text[i] == LEAD[0] && sign_at(text + i, length - i) != 0)
			return true;
	return false;
}

/* The mark at text[0..length) and how long it is; NULL for a damaged one. */
static const struct mark *read_mark(const struct nt_marks *marks, const char *text, size_t length, size_t *used)
{
	size_t i = WIDTH, index = 0;
	int sign;

	*used = WIDTH;
	while ((sign = sign_at(text + i, length - i)) >= NIBBLE && i < 16 * WIDTH) {
		index = index << 4 | (size_t)(sign - NIBBLE);
		i += WIDTH;
	}
	if (sign != END || index >= marks->n)
		return NULL;
	*used = i + WIDTH;
	return &marks->items[index];
}

static void put_in_url(GString *out, size_t begin, const struct mark *mark)
{
	bool query = memchr(out->str + begin, '?', out->len - begin) != NULL;

	if (mark->url || out->len == begin) {
		g_string_append_len(out, mark->text, (gssize)mark->length);
		return;
	}
	for (size_t i = 0; i < mark->length;) {
		size_t n = strcspn(mark->text + i, "/");

		if (query)
			n = mark->length;
		n = MIN(n, mark->length - i);
		nt_escape(out, NT_ESCAPE_URL, mark->text + i, n);
		i += n;
		if (i < mark->length) {
			g_string_append_c(out, '/');
			i++;
		}
	}
}

void nt_marks_fill(const struct nt_marks *marks, GString *out, const char *text, size_t length, enum nt_marks_as as)
{
	size_t begin = out->len;

	for (size_t i = 0; i < length;) {
		const char *lead = memchr(text + i, LEAD[0], length - i);
		size_t before = lead == NULL ? length - i : (size_t)(lead - text) - i, used = 0;
		const struct mark *mark = NULL;
		int sign;

		g_string_append_len(out, text + i, (gssize)before);
		i += before;
		sign = sign_at(text + i, length - i);
		if (sign == BEGIN)
			mark = read_mark(marks, text + i, length - i, &used);
		if (mark != NULL) {
			if (as == NT_MARKS_HTML)
				nt_escape(out, NT_ESCAPE_HTML, mark->text, mark->length);
			else if (as == NT_MARKS_URL)
				put_in_url(out, begin, mark);
			else
				g_string_append_len(out, mark->text, (gssize)mark->length);
			i += used;
		} else if (sign != 0) {
			i += WIDTH;
		} else if (i < length) {
			g_string_append_c(out, text[i++]);
		}
	}
}
