#include "template/escape.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static bool is_control(gunichar c)
{
	return c < 0x20 || c == 0x7F || (c >= 0x80 && c < 0xA0);
}

static bool is_layout(gunichar c)
{
	return c == '\t' || c == '\n' || c == '\r';
}

static void put_html(GString *out, gunichar c)
{
	switch (c) {
	case '&': g_string_append(out, "&amp;"); break;
	case '<': g_string_append(out, "&lt;"); break;
	case '>': g_string_append(out, "&gt;"); break;
	case '"': g_string_append(out, "&quot;"); break;
	case '\'': g_string_append(out, "&#39;"); break;
	default: g_string_append_unichar(out, c);
	}
}

static void put_url(GString *out, const char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)bytes[i];

		if (g_ascii_isalnum(c) || (c != 0 && strchr("-._~", c) != NULL))
			g_string_append_c(out, (char)c);
		else
			g_string_append_printf(out, "%%%02X", c);
	}
}

static void put_json(GString *out, gunichar c)
{
	switch (c) {
	case '"': g_string_append(out, "\\\""); break;
	case '\\': g_string_append(out, "\\\\"); break;
	case '\n': g_string_append(out, "\\n"); break;
	case '\r': g_string_append(out, "\\r"); break;
	case '\t': g_string_append(out, "\\t"); break;
	case '\b': g_string_append(out, "\\b"); break;
	case '\f': g_string_append(out, "\\f"); break;
	default:
		/* U+2028 and U+2029 end lines in old JavaScript. */
		if (c < 0x20 || c == 0x7F || c == 0x2028 || c == 0x2029)
			g_string_append_printf(out, "\\u%04x", c);
		else
			g_string_append_unichar(out, c);
	}
}

/* A line end would end the paragraph or open a block; as a character reference it is only a character. */
static void put_markdown(GString *out, gunichar c)
{
	if (c == '\n')
		g_string_append(out, "&#10;");
	else if (c == '\t' || c == '\r')
		g_string_append_c(out, ' ');
	else if (c < 0x80 && g_ascii_ispunct((char)c))
		g_string_append_printf(out, "\\%c", (char)c);
	else
		g_string_append_unichar(out, c);
}

/* One space for a run; the caller drops what stands at the end. */
static void put_header(GString *out, size_t begin, gunichar c)
{
	if (!is_control(c) && c != ' ' && c != 0x2028 && c != 0x2029)
		g_string_append_unichar(out, c);
	else if (out->len > begin && out->str[out->len - 1] != ' ')
		g_string_append_c(out, ' ');
}

/* Letters and digits, of which most text is made, are the same in every context. */
static size_t plain_run(enum nt_escape context, const char *text, const char *end)
{
	const char *at = text;

	while (at < end && (g_ascii_isalnum(*at) || (*at == ' ' && context <= NT_ESCAPE_HTML)))
		at++;
	return (size_t)(at - text);
}

void nt_escape(GString *out, enum nt_escape context, const char *text, size_t length)
{
	const char *end = text + length;
	size_t begin = out->len;

	while (text < end) {
		size_t run = plain_run(context, text, end);
		gunichar c;
		bool valid;
		const char *next;

		g_string_append_len(out, text, (gssize)run);
		text += run;
		if (text == end)
			break;
		c = *text == '\0' ? 0 : g_utf8_get_char_validated(text, end - text); /* which refuses NUL */
		valid = c != (gunichar)-1 && c != (gunichar)-2;
		next = text + (valid ? g_utf8_skip[(unsigned char)*text] : 1);

		if (!valid)
			c = 0xFFFD;
		if (context == NT_ESCAPE_HEADER)
			put_header(out, begin, c);
		else if (context == NT_ESCAPE_JSON)
			put_json(out, c);
		else if (context == NT_ESCAPE_URL)
			put_url(out, text, (size_t)(next - text));
		else if (is_control(c) && !is_layout(c))
			;
		else if (context == NT_ESCAPE_HTML)
			put_html(out, c);
		else if (context == NT_ESCAPE_MARKDOWN)
			put_markdown(out, c);
		else
			g_string_append_unichar(out, c);
		text = next;
	}
	if (context == NT_ESCAPE_HEADER && out->len > begin && out->str[out->len - 1] == ' ')
		g_string_truncate(out, out->len - 1);
}

static const struct {
	const char *name, *text;
} entities[] = {
	{ "amp", "&" },      { "lt", "<" },       { "gt", ">" },       { "quot", "\"" },    { "apos", "'" },
	{ "nbsp", "\u00a0" }, { "copy", "©" },     { "reg", "®" },      { "trade", "™" },    { "euro", "€" },
	{ "mdash", "—" },    { "ndash", "–" },    { "hellip", "…" },   { "middot", "·" },   { "bull", "•" },
	{ "lsquo", "‘" },    { "rsquo", "’" },    { "ldquo", "“" },    { "rdquo", "”" },    { "larr", "←" },
	{ "rarr", "→" },     { "auml", "ä" },     { "ouml", "ö" },     { "uuml", "ü" },     { "szlig", "ß" },
	{ "zwnj", "" },      { "shy", "" },
};

/* "&#39;" or "&#x27;" at text: its character and length, else 0. */
static size_t numeric_entity(const char *text, size_t length, gunichar *c)
{
	bool hex = length > 3 && (text[2] == 'x' || text[2] == 'X');
	size_t i = hex ? 3 : 2, digits = 0;
	uint32_t value = 0;

	for (; i < length && digits < 8; i++, digits++) {
		int digit = hex ? g_ascii_xdigit_value(text[i]) : g_ascii_digit_value(text[i]);

		if (digit < 0)
			break;
		value = value * (hex ? 16 : 10) + (uint32_t)digit;
	}
	if (digits == 0 || i >= length || text[i] != ';' || value == 0 || !g_unichar_validate(value))
		return 0;
	*c = value;
	return i + 1;
}

static size_t named_entity(const char *text, size_t length, const char **stands_for)
{
	for (size_t i = 0; i < G_N_ELEMENTS(entities); i++) {
		size_t n = strlen(entities[i].name);

		if (length >= n + 2 && memcmp(text + 1, entities[i].name, n) == 0 && text[n + 1] == ';') {
			*stands_for = entities[i].text;
			return n + 2;
		}
	}
	return 0;
}

void nt_unescape_html(GString *out, const char *html, size_t length)
{
	for (size_t i = 0; i < length;) {
		const char *text = NULL;
		gunichar c = 0;
		size_t n = 0;

		if (html[i] == '&' && i + 1 < length)
			n = html[i + 1] == '#' ? numeric_entity(html + i, length - i, &c)
			                       : named_entity(html + i, length - i, &text);
		if (n == 0) {
			g_string_append_c(out, html[i++]);
			continue;
		}
		if (text != NULL)
			g_string_append(out, text);
		else
			g_string_append_unichar(out, c);
		i += n;
	}
}

void nt_unescape_url(GString *out, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '+') {
			g_string_append_c(out, ' ');
		} else if (text[i] == '%' && i + 2 < length && g_ascii_isxdigit(text[i + 1]) &&
		           g_ascii_isxdigit(text[i + 2])) {
			g_string_append_c(out, (char)(g_ascii_xdigit_value(text[i + 1]) * 16 +
			                              g_ascii_xdigit_value(text[i + 2])));
			i += 2;
		} else {
			g_string_append_c(out, text[i]);
		}
	}
}
