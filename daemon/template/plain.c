#include "template/plain.h"

#include <string.h>

#define NARROWEST 20 /* columns left for text however deep the prefixes */

size_t nt_plain_columns(const char *text, size_t length)
{
	const char *end = text + length;
	size_t n = 0;

	while (text < end) {
		gunichar c;

		if ((unsigned char)*text < 0x80) {
			n++, text++;
			continue;
		}
		c = g_utf8_get_char_validated(text, end - text);
		if (c == (gunichar)-1 || c == (gunichar)-2) {
			n++, text++;
			continue;
		}
		n += g_unichar_iszerowidth(c) ? 0 : g_unichar_iswide(c) ? 2 : 1;
		text += g_utf8_skip[(unsigned char)*text];
	}
	return n;
}

void nt_plain_push(struct nt_plain *plain, const char *first, const char *rest)
{
	if (plain->depth < NT_PLAIN_LEVELS) {
		struct nt_plain_level *level = &plain->levels[plain->depth];

		*level = (struct nt_plain_level){ .begun = false };
		g_strlcpy(level->first, first, sizeof level->first);
		g_strlcpy(level->rest, rest, sizeof level->rest);
	}
	plain->depth++;
}

void nt_plain_pop(struct nt_plain *plain)
{
	plain->depth--;
}

void nt_plain_gap(struct nt_plain *plain)
{
	plain->gap = plain->begun;
}

/* An empty line carries the prefixes of what has begun, so that a quote stays one. */
static void put_gap(struct nt_plain *plain)
{
	GString *out = plain->out;

	plain->gap = false;
	for (unsigned i = 0; i < MIN(plain->depth, NT_PLAIN_LEVELS) && plain->levels[i].begun; i++)
		g_string_append(out, plain->levels[i].rest);
	while (out->len > 0 && out->str[out->len - 1] == ' ')
		g_string_truncate(out, out->len - 1);
	g_string_append_c(out, '\n');
}

static size_t begin_line(struct nt_plain *plain)
{
	size_t start;

	if (plain->gap)
		put_gap(plain);
	start = plain->out->len;
	plain->begun = true;
	for (unsigned i = 0; i < MIN(plain->depth, NT_PLAIN_LEVELS); i++) {
		struct nt_plain_level *level = &plain->levels[i];

		g_string_append(plain->out, level->begun ? level->rest : level->first);
		level->begun = true;
	}
	return nt_plain_columns(plain->out->str + start, plain->out->len - start);
}

static void end_line(struct nt_plain *plain)
{
	GString *out = plain->out;

	while (out->len > 0 && (out->str[out->len - 1] == ' ' || out->str[out->len - 1] == '\t'))
		g_string_truncate(out, out->len - 1);
	g_string_append_c(out, '\n');
}

static bool space(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* One line of the source, wrapped. */
static void wrap(struct nt_plain *plain, const char *text, size_t length)
{
	size_t column = begin_line(plain), width = MAX((size_t)NT_PLAIN_WIDTH, column + NARROWEST), i = 0;
	bool first = true;

	while (i < length) {
		size_t start, columns;

		while (i < length && space(text[i]))
			i++;
		start = i;
		while (i < length && !space(text[i]))
			i++;
		if (start == i)
			break;
		columns = nt_plain_columns(text + start, i - start);
		if (!first && column + 1 + columns > width) {
			end_line(plain);
			column = begin_line(plain);
			first = true;
		}
		if (!first) {
			g_string_append_c(plain->out, ' ');
			column++;
		}
		g_string_append_len(plain->out, text + start, (gssize)(i - start));
		column += columns;
		first = false;
	}
	end_line(plain);
}

void nt_plain_paragraph(struct nt_plain *plain, const char *text, size_t length)
{
	while (length > 0 && (space(*text) || *text == '\n'))
		text++, length--;
	while (length > 0 && (space(text[length - 1]) || text[length - 1] == '\n'))
		length--;
	while (length > 0) {
		const char *newline = memchr(text, '\n', length);
		size_t n = newline == NULL ? length : (size_t)(newline - text);

		wrap(plain, text, n);
		n += newline != NULL;
		text += n;
		length -= n;
	}
}

void nt_plain_lines(struct nt_plain *plain, const char *text, size_t length)
{
	while (length > 0) {
		const char *newline = memchr(text, '\n', length);
		size_t n = newline == NULL ? length : (size_t)(newline - text);

		begin_line(plain);
		g_string_append_len(plain->out, text, (gssize)n);
		end_line(plain);
		n += newline != NULL;
		text += n;
		length -= n;
	}
}
