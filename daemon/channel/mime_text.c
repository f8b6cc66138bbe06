#include "channel/mime_text.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define LINE 76
#define WORD_MOST 200 /* octets without a blank: longer ones can't be folded and go as encoded words */
#define ENCODED 45 /* octets of text in an encoded word: four thirds of it and its frame stay below 75 (RFC 2047, 2) \
	            */

static const char hex[] = "0123456789ABCDEF";

/* ---- headers ---- */

static bool is_text(unsigned char c)
{
	return c >= 0x20 && c < 0x7F;
}

/* Controls become blanks, and those at the ends go. g_free() it. */
static char *one_line(const char *value)
{
	char *line = g_strdup(value);

	for (char *p = line; *p != '\0'; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7F)
			*p = ' ';
	return g_strstrip(line);
}

/* Goes as it is: ASCII, nothing that would be read as an encoded word, no word too long to be folded. */
static bool is_plain(const char *value)
{
	size_t word = 0;

	for (const char *p = value; *p != '\0'; p++) {
		word = *p == ' ' ? 0 : word + 1;
		if (!is_text((unsigned char)*p) || word > WORD_MOST || (*p == '=' && p[1] == '?'))
			return false;
	}
	return true;
}

/* In an encoded word that may stand in a name, too (RFC 2047, 5 (3)). */
static bool stands_for_itself(unsigned char c)
{
	return g_ascii_isalnum(c) || (c != '\0' && strchr("!*+-/", c) != NULL);
}

static size_t width(unsigned char c)
{
	return stands_for_itself(c) || c == ' ' ? 1 : 3;
}

/* How much of a text goes into one encoded word: no character is cut in two. */
static size_t portion(const char *text, size_t length, bool quoted)
{
	size_t n = 0, room = ENCODED / 3 * 4;

	while (quoted && n < length && width((unsigned char)text[n]) <= room)
		room -= width((unsigned char)text[n++]);
	if (!quoted)
		n = MIN(length, (size_t)ENCODED);
	for (size_t back = 0; back < 3 && n < length && n > 1 && ((unsigned char)text[n] & 0xC0) == 0x80; back++)
		n--;
	return n;
}

static bool mostly_ascii(const char *text, size_t length)
{
	size_t high = 0;

	for (size_t i = 0; i < length; i++)
		high += ((unsigned char)text[i] & 0x80) != 0;
	return high * 5 <= length;
}

static void put_base64(GString *out, const char *bytes, size_t n)
{
	char text[ENCODED * 2 + 8];
	gint state = 0, save = 0;
	size_t used = g_base64_encode_step((const guchar *)bytes, n, FALSE, text, &state, &save);

	used += g_base64_encode_close(FALSE, text + used, &state, &save);
	g_string_append_len(out, text, (gssize)used);
}

/* The whole value in encoded words, with a blank between each: blanks between them don't count when they are read. */
static void encode_words(GString *out, const char *value)
{
	size_t length = strlen(value);
	bool quoted = mostly_ascii(value, length);

	while (length > 0) {
		size_t n = portion(value, length, quoted);

		g_string_append(out, quoted ? "=?utf-8?Q?" : "=?utf-8?B?");
		for (size_t i = 0; quoted && i < n; i++) {
			unsigned char c = (unsigned char)value[i];

			if (c == ' ')
				g_string_append_c(out, '_');
			else if (stands_for_itself(c))
				g_string_append_c(out, (char)c);
			else
				g_string_append_printf(out, "=%02X", c);
		}
		if (!quoted)
			put_base64(out, value, n);
		g_string_append(out, "?=");
		value += n;
		length -= n;
		if (length > 0)
			g_string_append_c(out, ' ');
	}
}

/* Lines are broken before blanks, but never before the first word: a line of blanks alone isn't allowed. */
static void put_folded(GString *out, const char *name, const char *value)
{
	size_t column = strlen(name) + 2;
	bool first = true;

	g_string_append(out, name);
	g_string_append(out, ": ");
	while (*value != '\0') {
		size_t blanks = strspn(value, " "), n = blanks + strcspn(value + blanks, " ");

		if (!first && column + n > LINE) {
			g_string_append_len(out, "\r\n", 2);
			column = 0;
		}
		g_string_append_len(out, value, (gssize)n);
		column += n;
		value += n;
		first = false;
	}
	g_string_append_len(out, "\r\n", 2);
}

void nt_mime_put_header(GString *out, const char *name, const char *value)
{
	char *line = one_line(value);

	if (is_plain(line)) {
		put_folded(out, name, line);
	} else {
		GString *encoded = g_string_new(NULL);

		encode_words(encoded, line);
		put_folded(out, name, encoded->str);
		g_string_free(encoded, TRUE);
	}
	g_free(line);
}

/* A display name as atoms, in quotes, or encoded (RFC 5322, 3.2). */
static void put_phrase(GString *out, const char *display)
{
	bool atoms = true;

	if (!is_plain(display)) {
		encode_words(out, display);
		return;
	}
	for (const char *p = display; *p != '\0'; p++)
		atoms &= g_ascii_isalnum(*p) || strchr(" !#$%&'*+-/=?^_`{|}~", *p) != NULL;
	if (atoms) {
		g_string_append(out, display);
		return;
	}
	g_string_append_c(out, '"');
	for (const char *p = display; *p != '\0'; p++) {
		if (*p == '"' || *p == '\\')
			g_string_append_c(out, '\\');
		g_string_append_c(out, *p);
	}
	g_string_append_c(out, '"');
}

void nt_mime_put_mailbox(GString *out, const char *name, const char *display, const char *address)
{
	char *line = display != NULL ? one_line(display) : NULL;
	GString *value = g_string_sized_new(128);

	if (line != NULL && line[0] != '\0') {
		put_phrase(value, line);
		g_string_append_printf(value, " <%s>", address);
	} else {
		g_string_append(value, address);
	}
	put_folded(out, name, value->str);
	g_string_free(value, TRUE);
	g_free(line);
}

/* ---- bodies ---- */

/* Leaves out what has no place in a text. */
static const unsigned char *skip(const unsigned char *p)
{
	while ((*p < 0x20 && *p != '\0' && *p != '\t' && *p != '\n' && *p != '\r') || *p == 0x7F)
		p++;
	return p;
}

/* Behind a line end of any kind; NULL: there is none here. */
static const unsigned char *line_end(const unsigned char *p)
{
	if (*p == '\r')
		return p[1] == '\n' ? p + 2 : p + 1;
	return *p == '\n' ? p + 1 : NULL;
}

struct quoted { /* the line at hand */
	GString *out;
	char line[LINE + 2];
	size_t n;
};

static void end_line(struct quoted *q, const char *end)
{
	size_t length = strlen(end);

	memcpy(q->line + q->n, end, length);
	g_string_append_len(q->out, q->line, (gssize)(q->n + length));
	q->n = 0;
}

static void quote(struct quoted *q, unsigned char c, bool as_it_is)
{
	if (q->n + (as_it_is ? 1 : 3) > LINE - 1) /* one for the '=' that says that the line goes on */
		end_line(q, "=\r\n");
	if (as_it_is) {
		q->line[q->n++] = (char)c;
		return;
	}
	q->line[q->n++] = '=';
	q->line[q->n++] = hex[c >> 4];
	q->line[q->n++] = hex[c & 15];
}

static void put_quoted(GString *out, const char *text)
{
	struct quoted q = { .out = out };
	const unsigned char *p = skip((const unsigned char *)text), *next;

	while (*p != '\0') {
		next = line_end(p);
		if (next != NULL) {
			end_line(&q, "\r\n");
		} else {
			next = p + 1;
			if (*p == ' ' || *p == '\t') {
				const unsigned char *behind = skip(next);

				quote(&q, *p, *behind != '\0' && line_end(behind) == NULL); /* at a line's end it might
				                                                               get lost */
			} else {
				quote(&q, *p, is_text(*p) && *p != '=');
			}
		}
		p = skip(next);
	}
	if (q.n > 0 || text[0] == '\0')
		end_line(&q, "\r\n");
}

/* Nobody turns LF into CR LF inside base64 (RFC 2045, 6.8): it goes in as CR LF. */
static void put_encoded(GString *out, const char *text)
{
	const unsigned char *p = skip((const unsigned char *)text), *next;
	GString *lines = g_string_sized_new(strlen(text) + 64);

	while (*p != '\0') {
		next = line_end(p);
		if (next != NULL)
			g_string_append_len(lines, "\r\n", 2);
		else
			g_string_append_c(lines, (char)*p);
		p = skip(next != NULL ? next : p + 1);
	}
	if (lines->len == 0 || lines->str[lines->len - 1] != '\n')
		g_string_append_len(lines, "\r\n", 2);
	for (size_t i = 0; i < lines->len; i += ENCODED) {
		put_base64(out, lines->str + i, MIN(lines->len - i, (size_t)ENCODED));
		g_string_append_len(out, "\r\n", 2);
	}
	g_string_free(lines, TRUE);
}

void nt_mime_put_text(GString *out, const char *subtype, const char *text)
{
	bool quoted = mostly_ascii(text, strlen(text));

	g_string_append_printf(out, "Content-Type: text/%s; charset=utf-8\r\nContent-Transfer-Encoding: %s\r\n\r\n",
	                       subtype, quoted ? "quoted-printable" : "base64");
	if (quoted)
		put_quoted(out, text);
	else
		put_encoded(out, text);
}

/* ---- files ---- */

#define PIECE 60 /* octets of a name on a line */

static bool is_plain_name(const char *name)
{
	for (const char *p = name; *p != '\0'; p++)
		if (!g_ascii_isalnum(*p) && strchr(" !#$&()+,-.;@[]_{}~", *p) == NULL)
			return false;
	return strlen(name) <= PIECE;
}

/* RFC 2231: percent-encoded, in pieces that fit on a line. */
static void put_name_in_pieces(GString *out, const char *name)
{
	GString *piece = g_string_new("UTF-8''");
	unsigned n = 0;

	for (const unsigned char *p = (const unsigned char *)name; *p != '\0'; p++) {
		if (g_ascii_isalnum(*p) || strchr("-._~", *p) != NULL)
			g_string_append_c(piece, (char)*p);
		else
			g_string_append_printf(piece, "%%%c%c", hex[*p >> 4], hex[*p & 15]);
		if (piece->len > PIECE && p[1] != '\0') {
			g_string_append_printf(out, ";\r\n filename*%u*=%s", n++, piece->str);
			g_string_truncate(piece, 0);
		}
	}
	if (n == 0)
		g_string_append_printf(out, ";\r\n filename*=%s", piece->str);
	else
		g_string_append_printf(out, ";\r\n filename*%u*=%s", n, piece->str);
	g_string_free(piece, TRUE);
}

void nt_mime_put_file(GString *out, const char *type, const char *name, const void *bytes, size_t length)
{
	const char *p = bytes;

	g_string_append_printf(out, "Content-Type: %s\r\nContent-Disposition: attachment", type);
	if (is_plain_name(name))
		g_string_append_printf(out, ";\r\n filename=\"%s\"", name);
	else
		put_name_in_pieces(out, name);
	g_string_append(out, "\r\nContent-Transfer-Encoding: base64\r\n\r\n");
	for (size_t i = 0; i < length; i += ENCODED) {
		put_base64(out, p + i, MIN(length - i, (size_t)ENCODED));
		g_string_append_len(out, "\r\n", 2);
	}
}
