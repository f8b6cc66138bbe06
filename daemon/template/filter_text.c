#include "template/filter.h"

#include "base/arena.h"

#include <string.h>

static struct nt_datum take_length(struct nt_filter_call *call, const char *text, size_t length)
{
	return nt_datum_text(nt_arena_strndup(call->arena, text, length), length);
}

static bool blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* ---- letters ---- */

static struct nt_datum change_case(struct nt_filter_call *call, char *(*change)(const char *, gssize))
{
	struct nt_datum text = nt_filter_text(call, call->input);
	char *changed;
	GString *out;

	if (!g_utf8_validate(text.text, (gssize)text.length, NULL))
		return text;
	changed = change(text.text, (gssize)text.length);
	out = g_string_new(changed);
	g_free(changed);
	return nt_filter_take(call, out);
}

struct nt_datum nt_filter_upcase(struct nt_filter_call *call)
{
	return change_case(call, g_utf8_strup);
}

struct nt_datum nt_filter_downcase(struct nt_filter_call *call)
{
	return change_case(call, g_utf8_strdown);
}

static char *capitalized(const char *text, gssize length)
{
	gssize first = length > 0 ? g_utf8_skip[(unsigned char)*text] : 0;
	char *head = g_utf8_strup(text, first), *tail = g_utf8_strdown(text + first, length - first);
	char *both = g_strconcat(head, tail, NULL);

	g_free(head);
	g_free(tail);
	return both;
}

struct nt_datum nt_filter_capitalize(struct nt_filter_call *call)
{
	return change_case(call, capitalized);
}

/* ---- joining and trimming ---- */

static struct nt_datum join_two(struct nt_filter_call *call, struct nt_datum a, struct nt_datum b)
{
	GString *out = g_string_new(NULL);

	g_string_append_len(out, a.text, (gssize)a.length);
	g_string_append_len(out, b.text, (gssize)b.length);
	return nt_filter_take(call, out);
}

struct nt_datum nt_filter_append(struct nt_filter_call *call)
{
	return join_two(call, nt_filter_text(call, call->input), nt_filter_text(call, nt_filter_arg(call, 0)));
}

struct nt_datum nt_filter_prepend(struct nt_filter_call *call)
{
	return join_two(call, nt_filter_text(call, nt_filter_arg(call, 0)), nt_filter_text(call, call->input));
}

static struct nt_datum trim(struct nt_filter_call *call, bool left, bool right)
{
	struct nt_datum text = nt_filter_text(call, call->input);

	while (left && text.length > 0 && blank(*text.text))
		text.text++, text.length--;
	while (right && text.length > 0 && blank(text.text[text.length - 1]))
		text.length--;
	return take_length(call, text.text, text.length);
}

struct nt_datum nt_filter_strip(struct nt_filter_call *call)
{
	return trim(call, true, true);
}

struct nt_datum nt_filter_lstrip(struct nt_filter_call *call)
{
	return trim(call, true, false);
}

struct nt_datum nt_filter_rstrip(struct nt_filter_call *call)
{
	return trim(call, false, true);
}

struct nt_datum nt_filter_strip_newlines(struct nt_filter_call *call)
{
	struct nt_datum text = nt_filter_text(call, call->input);
	GString *out = g_string_new(NULL);

	for (size_t i = 0; i < text.length; i++)
		if (text.text[i] != '\n' && text.text[i] != '\r')
			g_string_append_c(out, text.text[i]);
	return nt_filter_take(call, out);
}

struct nt_datum nt_filter_squish(struct nt_filter_call *call)
{
	struct nt_datum text = nt_filter_text(call, call->input);
	GString *out = g_string_new(NULL);

	for (size_t i = 0; i < text.length; i++) {
		if (!blank(text.text[i]))
			g_string_append_c(out, text.text[i]);
		else if (out->len > 0 && out->str[out->len - 1] != ' ')
			g_string_append_c(out, ' ');
	}
	if (out->len > 0 && out->str[out->len - 1] == ' ')
		g_string_truncate(out, out->len - 1);
	return nt_filter_take(call, out);
}

/* ---- replacing ---- */

enum which { ALL, FIRST, LAST };

static const char *find(const char *text, size_t length, struct nt_datum what)
{
	return what.length == 0 ? text : memmem(text, length, what.text, what.length);
}

static const char *find_last(struct nt_datum text, struct nt_datum what)
{
	for (size_t i = text.length + 1; i-- > 0;)
		if (text.length - i >= what.length && memcmp(text.text + i, what.text, what.length) == 0)
			return text.text + i;
	return NULL;
}

static struct nt_datum replace_one(struct nt_filter_call *call, struct nt_datum text, const char *at, size_t length,
                                   struct nt_datum with)
{
	GString *out = g_string_new(NULL);
	size_t before;

	if (at == NULL) {
		g_string_free(out, TRUE);
		return text;
	}
	before = (size_t)(at - text.text);
	g_string_append_len(out, text.text, (gssize)before);
	g_string_append_len(out, with.text, (gssize)with.length);
	g_string_append_len(out, at + length, (gssize)(text.length - before - length));
	return nt_filter_take(call, out);
}

/* An empty `what` stands before every character and at the end, as in Ruby. */
static struct nt_datum replace_all(struct nt_filter_call *call, struct nt_datum text, struct nt_datum what,
                                   struct nt_datum with)
{
	const char *at = text.text, *end = text.text + text.length;
	GString *out = g_string_new(NULL);

	while (out->len <= NT_FILTER_TEXT) {
		const char *found = find(at, (size_t)(end - at), what);

		if (found == NULL)
			break;
		g_string_append_len(out, at, found - at);
		g_string_append_len(out, with.text, (gssize)with.length);
		at = found + what.length;
		if (what.length > 0)
			continue;
		if (at == end)
			break;
		do
			g_string_append_c(out, *at++);
		while (at < end && ((unsigned char)*at & 0xC0) == 0x80);
	}
	g_string_append_len(out, at, end - at);
	return nt_filter_take(call, out);
}

static struct nt_datum replace(struct nt_filter_call *call, enum which which, struct nt_datum with)
{
	struct nt_datum text = nt_filter_text(call, call->input);
	struct nt_datum what = nt_filter_text(call, nt_filter_arg(call, 0));

	with = nt_filter_text(call, with);
	if (which == ALL)
		return replace_all(call, text, what, with);
	return replace_one(call, text, which == FIRST ? find(text.text, text.length, what) : find_last(text, what),
	                   what.length, with);
}

struct nt_datum nt_filter_replace(struct nt_filter_call *call)
{
	return replace(call, ALL, nt_filter_arg(call, 1));
}

struct nt_datum nt_filter_replace_first(struct nt_filter_call *call)
{
	return replace(call, FIRST, nt_filter_arg(call, 1));
}

struct nt_datum nt_filter_replace_last(struct nt_filter_call *call)
{
	return replace(call, LAST, nt_filter_arg(call, 1));
}

struct nt_datum nt_filter_remove(struct nt_filter_call *call)
{
	return replace(call, ALL, NT_DATUM_NOTHING);
}

struct nt_datum nt_filter_remove_first(struct nt_filter_call *call)
{
	return replace(call, FIRST, NT_DATUM_NOTHING);
}

struct nt_datum nt_filter_remove_last(struct nt_filter_call *call)
{
	return replace(call, LAST, NT_DATUM_NOTHING);
}

/* ---- cutting ---- */

static size_t char_length(const char *text, size_t length)
{
	size_t n = 1;

	while (n < length && ((unsigned char)text[n] & 0xC0) == 0x80)
		n++;
	return n;
}

static size_t count_chars(struct nt_datum text)
{
	size_t n = 0;

	for (size_t i = 0; i < text.length; i++)
		n += ((unsigned char)text.text[i] & 0xC0) != 0x80;
	return n;
}

/* Bytes of the first n characters. */
static size_t chars_to_bytes(struct nt_datum text, size_t n)
{
	size_t i = 0;

	while (i < text.length && n-- > 0)
		i += char_length(text.text + i, text.length - i);
	return i;
}

static struct nt_datum ellipsis(struct nt_filter_call *call)
{
	return call->n > 1 ? nt_filter_text(call, nt_filter_arg(call, 1)) : nt_datum_text("...", 3);
}

struct nt_datum nt_filter_truncate(struct nt_filter_call *call)
{
	struct nt_datum text = nt_filter_text(call, call->input), more = ellipsis(call);
	size_t dots = count_chars(more);
	int length = 50;

	if (call->n > 0 && !nt_filter_int(nt_filter_arg(call, 0), &length))
		return nt_filter_problem(call, "the length is no number");
	if (call->input.type == NT_DATUM_NIL || count_chars(text) <= (size_t)MAX(length, 0))
		return text;
	text.length = chars_to_bytes(text, (size_t)MAX(length, 0) > dots ? (size_t)length - dots : 0);
	return join_two(call, text, more);
}

struct nt_datum nt_filter_truncatewords(struct nt_filter_call *call)
{
	struct nt_datum text = nt_filter_text(call, call->input), more = ellipsis(call);
	GString *out;
	int words = 15;
	size_t i = 0;

	if (call->n > 0 && !nt_filter_int(nt_filter_arg(call, 0), &words))
		return nt_filter_problem(call, "the number of words is no number");
	words = MAX(words, 1);
	out = g_string_new(NULL);
	for (int n = 0;; n++) {
		size_t start;

		while (i < text.length && blank(text.text[i]))
			i++;
		start = i;
		while (i < text.length && !blank(text.text[i]))
			i++;
		if (start == i) {
			g_string_free(out, TRUE);
			return text;
		}
		if (n == words)
			break;
		if (n > 0)
			g_string_append_c(out, ' ');
		g_string_append_len(out, text.text + start, (gssize)(i - start));
	}
	g_string_append_len(out, more.text, (gssize)more.length);
	return nt_filter_take(call, out);
}

/* Where the next piece ends and the one after it begins. */
static void next_piece(struct nt_datum text, struct nt_datum by, size_t at, size_t *end, size_t *next)
{
	const char *found;

	if (by.length == 0) {
		*end = *next = at + char_length(text.text + at, text.length - at);
	} else if (by.length == 1 && *by.text == ' ') {
		for (*end = at; *end < text.length && !blank(text.text[*end]);)
			++*end;
		for (*next = *end; *next < text.length && blank(text.text[*next]);)
			++*next;
	} else {
		found = memmem(text.text + at, text.length - at, by.text, by.length);
		*end = found == NULL ? text.length : (size_t)(found - text.text);
		*next = found == NULL ? text.length : *end + by.length;
	}
}

/* As in Ruby: a single space splits at runs of white space, nothing splits into characters, empty pieces at the end go.
 * */
struct nt_datum nt_filter_split(struct nt_filter_call *call)
{
	struct nt_datum text = nt_filter_text(call, call->input), by = nt_filter_text(call, nt_filter_arg(call, 0));
	GArray *pieces = g_array_new(FALSE, FALSE, sizeof(struct nt_datum));
	struct nt_datum list = { .type = NT_DATUM_LIST };
	size_t at = 0, end, next;

	while (by.length == 1 && *by.text == ' ' && at < text.length && blank(text.text[at]))
		at++;
	while (at < text.length) {
		struct nt_datum piece;

		next_piece(text, by, at, &end, &next);
		piece = nt_datum_text(text.text + at, end - at);
		g_array_append_val(pieces, piece);
		at = next;
		if (pieces->len > NT_FILTER_ITEMS) {
			call->too_big = true;
			break;
		}
	}
	while (pieces->len > 0 && g_array_index(pieces, struct nt_datum, pieces->len - 1).length == 0)
		g_array_set_size(pieces, pieces->len - 1);
	list.n = pieces->len;
	list.items = nt_arena_copy(call->arena, pieces->data, pieces->len * sizeof(struct nt_datum));
	g_array_free(pieces, TRUE);
	return list;
}

/* ---- HTML ---- */

struct nt_datum nt_filter_raw(struct nt_filter_call *call)
{
	struct nt_datum text = nt_filter_text(call, call->input);

	text.prepared = NT_PREPARED_PART;
	return text;
}

/* HTML and Markdown parts escape every value anyway; elsewhere it makes entities, as in Liquid. */
struct nt_datum nt_filter_escape(struct nt_filter_call *call)
{
	struct nt_datum text = nt_filter_text(call, call->input);
	GString *out;

	if (call->input.type == NT_DATUM_NIL || call->context == NT_ESCAPE_HTML || call->context == NT_ESCAPE_MARKDOWN)
		return call->input;
	out = g_string_new(NULL);
	nt_escape(out, NT_ESCAPE_HTML, text.text, text.length);
	return nt_filter_take(call, out);
}

struct nt_datum nt_filter_escape_once(struct nt_filter_call *call)
{
	struct nt_datum text = nt_filter_text(call, call->input);
	GString *plain = g_string_new(NULL), *out = g_string_new(NULL);

	nt_unescape_html(plain, text.text, text.length);
	if (call->context == NT_ESCAPE_HTML || call->context == NT_ESCAPE_MARKDOWN)
		g_string_append_len(out, plain->str, (gssize)plain->len);
	else
		nt_escape(out, NT_ESCAPE_HTML, plain->str, plain->len);
	g_string_free(plain, TRUE);
	return nt_filter_take(call, out);
}

/* In Markdown a value's line ends become line breaks by themselves. */
struct nt_datum nt_filter_newline_to_br(struct nt_filter_call *call)
{
	struct nt_datum text = nt_filter_text(call, call->input), value;
	bool html = call->context == NT_ESCAPE_HTML;
	GString *out;

	if (call->input.type == NT_DATUM_NIL || call->context == NT_ESCAPE_MARKDOWN)
		return call->input;
	out = g_string_new(NULL);
	for (size_t i = 0; i < text.length && out->len <= NT_FILTER_TEXT; i++) {
		size_t line = i;

		while (i < text.length && text.text[i] != '\n' && text.text[i] != '\r')
			i++;
		if (html && text.prepared != NT_PREPARED_PART)
			nt_escape(out, NT_ESCAPE_HTML, text.text + line, i - line);
		else
			g_string_append_len(out, text.text + line, (gssize)(i - line));
		if (i < text.length)
			g_string_append(out, "<br />\n");
		if (i + 1 < text.length && text.text[i] == '\r' && text.text[i + 1] == '\n')
			i++;
	}
	value = nt_filter_take(call, out);
	if (html)
		value.prepared = NT_PREPARED_PART;
	return value;
}

/* What is taken out with all that stands in it; `missing` notes that none ends any more, so that it is looked for once.
 * */
static const struct {
	const char *begin, *end;
} blocks[] = { { "<!--", "-->" }, { "<script", "</script>" }, { "<style", "</style>" } };

/* The length of the comment, element or tag at text, or 0. */
static size_t markup_length(const char *text, size_t length, bool missing[G_N_ELEMENTS(blocks)])
{
	const char *end;

	for (size_t i = 0; i < G_N_ELEMENTS(blocks); i++) {
		size_t n = strlen(blocks[i].begin);

		if (missing[i] || length < n || g_ascii_strncasecmp(text, blocks[i].begin, n) != 0)
			continue;
		end = memmem(text + n, length - n, blocks[i].end, strlen(blocks[i].end));
		if (end != NULL)
			return (size_t)(end - text) + strlen(blocks[i].end);
		missing[i] = true;
	}
	end = memchr(text, '>', length);
	return end == NULL ? 0 : (size_t)(end - text) + 1;
}

struct nt_datum nt_filter_strip_html(struct nt_filter_call *call)
{
	struct nt_datum text = nt_filter_text(call, call->input);
	GString *out = g_string_new(NULL);
	bool missing[G_N_ELEMENTS(blocks)] = { false }, last = false; /* no '>' is to come any more */

	for (size_t i = 0; i < text.length;) {
		bool tag = text.text[i] == '<' && !last;
		size_t n = tag ? markup_length(text.text + i, text.length - i, missing) : 0;

		last = last || (tag && n == 0);
		if (n == 0)
			g_string_append_c(out, text.text[i]);
		i += MAX(n, (size_t)1);
	}
	return nt_filter_take(call, out);
}

/* ---- URLs and base64 ---- */

/* As a form does it: a space is '+'. In a URL part it is then written as it is. */
struct nt_datum nt_filter_url_encode(struct nt_filter_call *call)
{
	struct nt_datum text = nt_filter_text(call, call->input), value;
	GString *out = g_string_new(NULL);

	for (size_t i = 0; i < text.length && out->len <= NT_FILTER_TEXT; i++) {
		if (text.text[i] == ' ')
			g_string_append_c(out, '+');
		else if (g_ascii_isalnum(text.text[i]) || (text.text[i] != '\0' && strchr("-._~",
		                                                                          text.text[i]) != NULL))
			g_string_append_c(out, text.text[i]);
		else
			g_string_append_printf(out, "%%%02X", (unsigned char)text.text[i]);
	}
	value = nt_filter_take(call, out);
	value.prepared = NT_PREPARED_URL;
	return value;
}

static struct nt_datum only_utf8(struct nt_filter_call *call, GString *out)
{
	if (g_utf8_validate(out->str, (gssize)out->len, NULL))
		return nt_filter_take(call, out);
	g_string_free(out, TRUE);
	return nt_filter_problem(call, "the result is no UTF-8 text");
}

struct nt_datum nt_filter_url_decode(struct nt_filter_call *call)
{
	struct nt_datum text = nt_filter_text(call, call->input);
	GString *out = g_string_new(NULL);

	nt_unescape_url(out, text.text, text.length);
	return only_utf8(call, out);
}

static struct nt_datum base64_encode(struct nt_filter_call *call, bool url)
{
	struct nt_datum text = nt_filter_text(call, call->input);
	char *encoded = g_base64_encode((const guchar *)text.text, text.length);
	GString *out = g_string_new(encoded);

	g_free(encoded);
	for (size_t i = 0; url && i < out->len; i++)
		out->str[i] = out->str[i] == '+' ? '-' : out->str[i] == '/' ? '_' : out->str[i];
	return nt_filter_take(call, out);
}

static struct nt_datum base64_decode(struct nt_filter_call *call, bool url)
{
	struct nt_datum text = nt_filter_text(call, call->input);
	GString *out = g_string_new(NULL);
	guchar *decoded;
	gsize length = 0;

	g_string_append_len(out, text.text, (gssize)text.length);
	for (size_t i = 0; url && i < out->len; i++)
		out->str[i] = out->str[i] == '-' ? '+' : out->str[i] == '_' ? '/' : out->str[i];
	while (out->len % 4 != 0)
		g_string_append_c(out, '=');
	decoded = out->len > 0 ? g_base64_decode(out->str, &length) : NULL;
	g_string_truncate(out, 0);
	g_string_append_len(out, (const char *)decoded, (gssize)length);
	g_free(decoded);
	return only_utf8(call, out);
}

struct nt_datum nt_filter_base64_encode(struct nt_filter_call *call)
{
	return base64_encode(call, false);
}

struct nt_datum nt_filter_base64_decode(struct nt_filter_call *call)
{
	return base64_decode(call, false);
}

struct nt_datum nt_filter_base64_url_encode(struct nt_filter_call *call)
{
	return base64_encode(call, true);
}

struct nt_datum nt_filter_base64_url_decode(struct nt_filter_call *call)
{
	return base64_decode(call, true);
}
