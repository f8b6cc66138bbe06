#define NT_DIAG_CODE NT_CODE_WRONG_TEMPLATE

#include "template/lex.h"

#include "base/arena.h"

#include <string.h>

struct scanner {
	struct nt_arena *arena;
	const struct nt_source *source;
	struct nt_diags *diags;
	const char *text;
	size_t at, end;
	bool trim; /* the last bracket was -}} or -%}: white space after it goes */
	struct nt_chunk *head, *last, **tail;
};

/* One tag as it stands: "{%- name rest -%}". */
struct tag {
	size_t start, next;       /* from its bracket to behind its bracket */
	size_t name, name_length; /* '#' counts as a name */
	size_t end;               /* of the inside, without white space */
	bool trim_left, trim_right;
};

static bool blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool word(char c)
{
	return g_ascii_isalnum(c) || c == '_';
}

static void add(struct scanner *s, enum nt_chunk_kind kind, size_t start, size_t end, size_t name)
{
	struct nt_chunk *chunk = nt_arena_new0(s->arena, struct nt_chunk);

	*chunk = (struct nt_chunk){ .kind = kind, .start = start, .length = end - start, .name = name };
	*s->tail = chunk;
	s->tail = &chunk->next;
	s->last = chunk;
}

static void add_text(struct scanner *s, size_t start, size_t end)
{
	while (s->trim && start < end && blank(s->text[start]))
		start++;
	s->trim = false;
	if (start < end)
		add(s, NT_CHUNK_TEXT, start, end, 0);
	else
		s->last = NULL;
}

static void trim_before(struct scanner *s)
{
	struct nt_chunk *text = s->last;

	if (text != NULL && text->kind == NT_CHUNK_TEXT)
		while (text->length > 0 && blank(s->text[text->start + text->length - 1]))
			text->length--;
}

static void error(struct scanner *s, size_t start, size_t length, const char *message)
{
	nt_diags_error(s->diags, nt_span_of(s->source, start, length), "%s", message);
}

/* Where `close` ("}}" or "%}") begins; in quotes it doesn't count, unless a quote is never closed. 0 if nowhere. */
static size_t find_close(const struct scanner *s, size_t from, const char *close, bool quotes)
{
	for (size_t i = from; i + 1 < s->end; i++) {
		if (s->text[i] == close[0] && s->text[i + 1] == close[1])
			return i;
		if (quotes && (s->text[i] == '"' || s->text[i] == '\'')) {
			const char *other = memchr(s->text + i + 1, s->text[i], s->end - i - 1);

			if (other == NULL)
				quotes = false;
			else
				i = (size_t)(other - s->text);
		}
	}
	return quotes ? find_close(s, from, close, false) : 0;
}

/* Reads the tag whose "{%" stands at `at`; false if it isn't closed. */
static bool read_tag(const struct scanner *s, size_t at, struct tag *tag)
{
	size_t i = at + 2, close;
	bool plain;

	*tag = (struct tag){ .start = at };
	if (i < s->end && s->text[i] == '-') {
		tag->trim_left = true;
		i++;
	}
	while (i < s->end && blank(s->text[i]))
		i++;
	tag->name = i;
	if (i < s->end && s->text[i] == '#')
		i++;
	else
		while (i < s->end && word(s->text[i]))
			i++;
	tag->name_length = i - tag->name;
	plain = s->text[tag->name] == '#' || (tag->name_length == 6 && memcmp(s->text + tag->name, "liquid", 6) == 0);
	close = find_close(s, i, "%}", !plain);
	if (close == 0)
		return false;
	tag->next = close + 2;
	tag->trim_right = close > i && s->text[close - 1] == '-';
	tag->end = tag->trim_right ? close - 1 : close;
	while (tag->end > i && blank(s->text[tag->end - 1]))
		tag->end--;
	return true;
}

static bool named(const struct scanner *s, const struct tag *tag, const char *name)
{
	return strlen(name) == tag->name_length && memcmp(s->text + tag->name, name, tag->name_length) == 0;
}

/* The next "{% NAME %}" (or OTHER, if not NULL) at or after `from`, whatever stands between. */
static bool find_tag(const struct scanner *s, size_t from, const char *name, const char *other, struct tag *tag)
{
	for (size_t i = from; i + 1 < s->end; i++) {
		size_t j, n = 0;

		if (s->text[i] != '{' || s->text[i + 1] != '%')
			continue;
		j = i + 2 + (i + 2 < s->end && s->text[i + 2] == '-');
		while (j < s->end && blank(s->text[j]))
			j++;
		while (j + n < s->end && word(s->text[j + n]))
			n++;
		tag->name = j;
		tag->name_length = n;
		if ((named(s, tag, name) || (other != NULL && named(s, tag, other))) && read_tag(s, i, tag))
			return true;
	}
	return false;
}

static void scan_raw(struct scanner *s, const struct tag *begin)
{
	struct tag end;

	if (!find_tag(s, begin->next, "endraw", NULL, &end)) {
		error(s, begin->start, begin->next - begin->start, "'raw' isn't closed by {% endraw %}");
		s->at = s->end;
		return;
	}
	s->trim = begin->trim_right;
	add_text(s, begin->next, end.start);
	if (end.trim_left)
		trim_before(s);
	s->trim = end.trim_right;
	s->at = end.next;
}

/* Comments nest; what stands in them needn't be Liquid. */
static void scan_comment(struct scanner *s, const struct tag *begin)
{
	struct tag tag = *begin;
	int depth = 1;

	while (depth > 0) {
		if (!find_tag(s, tag.next, "endcomment", "comment", &tag)) {
			error(s, begin->start, begin->next - begin->start,
			      "'comment' isn't closed by {% endcomment %}");
			s->at = s->end;
			return;
		}
		depth += named(s, &tag, "comment") ? 1 : -1;
	}
	s->trim = tag.trim_right;
	s->at = tag.next;
}

static void scan_doc(struct scanner *s, const struct tag *begin)
{
	struct tag end, inner;

	s->at = s->end;
	if (!find_tag(s, begin->next, "enddoc", NULL, &end)) {
		error(s, begin->start, begin->next - begin->start, "'doc' isn't closed by {% enddoc %}");
		return;
	}
	if (begin->end > begin->name + begin->name_length)
		error(s, begin->name, begin->end - begin->name, "'doc' takes no words");
	if (find_tag(s, begin->next, "doc", NULL, &inner) && inner.start < end.start)
		error(s, inner.start, inner.next - inner.start, "'doc' can't stand inside 'doc'");
	s->trim = end.trim_right;
	s->at = end.next;
}

static bool line_is(const struct scanner *s, size_t start, size_t end, const char *name)
{
	size_t n = strlen(name);

	return end - start >= n && memcmp(s->text + start, name, n) == 0 &&
	       (end - start == n || !word(s->text[start + n]));
}

/* {% liquid %}: each line is a tag. */
static void scan_lines(struct scanner *s, const struct tag *tag)
{
	size_t at = tag->name + tag->name_length;
	int comments = 0;

	while (at < tag->end) {
		const char *newline = memchr(s->text + at, '\n', tag->end - at);
		size_t end = newline != NULL ? (size_t)(newline - s->text) : tag->end, next = end + 1, name = at;

		while (at < end && blank(s->text[at]))
			at++;
		while (end > at && blank(s->text[end - 1]))
			end--;
		for (name = at; name < end && word(s->text[name]);)
			name++;
		if (line_is(s, at, end, "comment"))
			comments++;
		else if (comments > 0 && line_is(s, at, end, "endcomment"))
			comments--;
		else if (comments == 0 && at < end && s->text[at] != '#')
			add(s, NT_CHUNK_TAG, at, end, name - at);
		at = next;
	}
	if (comments > 0)
		error(s, tag->name, tag->name_length, "'comment' isn't closed by 'endcomment'");
}

static void scan_tag(struct scanner *s)
{
	struct tag tag;

	if (!read_tag(s, s->at, &tag)) {
		error(s, s->at, 2, "'{%' isn't closed by '%}'");
		s->at = s->end;
		return;
	}
	if (tag.trim_left)
		trim_before(s);
	if (named(s, &tag, "raw")) {
		scan_raw(s, &tag);
		return;
	}
	s->trim = tag.trim_right;
	s->at = tag.next;
	if (named(s, &tag, "comment"))
		scan_comment(s, &tag);
	else if (named(s, &tag, "doc"))
		scan_doc(s, &tag);
	else if (named(s, &tag, "liquid"))
		scan_lines(s, &tag);
	else if (!named(s, &tag, "#"))
		add(s, NT_CHUNK_TAG, tag.name, tag.end, tag.name_length);
	s->last = NULL;
}

static void scan_output(struct scanner *s)
{
	size_t start = s->at + 2, end, close = find_close(s, start, "}}", true);

	if (close == 0) {
		error(s, s->at, 2, "'{{' isn't closed by '}}'");
		s->at = s->end;
		return;
	}
	end = close;
	if (s->text[start] == '-') {
		trim_before(s);
		start++;
	}
	s->trim = end > start && s->text[end - 1] == '-';
	if (s->trim)
		end--;
	while (start < end && blank(s->text[start]))
		start++;
	while (end > start && blank(s->text[end - 1]))
		end--;
	add(s, NT_CHUNK_OUTPUT, start, end, 0);
	s->at = close + 2;
}

struct nt_chunk *nt_chunks(struct nt_arena *arena, const struct nt_source *source, size_t start, size_t length,
                           struct nt_diags *diags)
{
	struct scanner s = { .arena = arena, .source = source, .diags = diags, .text = source->text,
	                     .at = start, .end = start + length };

	s.tail = &s.head;
	while (s.at < s.end) {
		size_t i = s.at;

		while (i < s.end &&
		       !(s.text[i] == '{' && i + 1 < s.end && (s.text[i + 1] == '{' || s.text[i + 1] == '%')))
			i++;
		if (i > s.at)
			add_text(&s, s.at, i);
		s.at = i;
		if (i == s.end)
			break;
		if (s.text[i + 1] == '{')
			scan_output(&s);
		else
			scan_tag(&s);
	}
	return s.head;
}

/* ---- lexemes ---- */

static const struct {
	const char *sign; /* longer ones first */
	enum nt_lexeme_kind kind;
} signs[] = {
	{ "==", NT_LEX_EQ },  { "!=", NT_LEX_NE },   { "<>", NT_LEX_NE },   { "<=", NT_LEX_LE },  { ">=", NT_LEX_GE },
	{ "..", NT_LEX_RANGE }, { "<", NT_LEX_LT },  { ">", NT_LEX_GT },    { "=", NT_LEX_ASSIGN }, { ".", NT_LEX_DOT },
	{ "[", NT_LEX_OPEN }, { "]", NT_LEX_CLOSE }, { "(", NT_LEX_LEFT },  { ")", NT_LEX_RIGHT }, { "|", NT_LEX_PIPE },
	{ ":", NT_LEX_COLON }, { ",", NT_LEX_COMMA },
};

/* Letters, digits, '_' and, inside, '-'. */
static size_t name_length(const char *text, size_t length)
{
	size_t n = 0;

	while (n < length && (word(text[n]) || (n > 0 && text[n] == '-') || (unsigned char)text[n] >= 0x80))
		n++;
	return n;
}

static size_t number_length(const char *text, size_t length)
{
	size_t n = length > 0 && text[0] == '-', digits = n;

	while (n < length && g_ascii_isdigit(text[n]))
		n++;
	if (n == digits)
		return 0;
	if (n + 1 < length && text[n] == '.' && g_ascii_isdigit(text[n + 1]))
		for (n++; n < length && g_ascii_isdigit(text[n]);)
			n++;
	return n;
}

static struct nt_lexeme lexeme(enum nt_lexeme_kind kind, size_t start, size_t length)
{
	return (struct nt_lexeme){ .kind = kind, .start = start, .length = length };
}

static struct nt_lexeme next(struct nt_lex *lex)
{
	const char *text = lex->source->text, *quote;
	size_t at, left, n;

	while (lex->at < lex->end && blank(text[lex->at]))
		lex->at++;
	at = lex->at;
	left = lex->end - at;
	text += at;
	if (left == 0)
		return lexeme(NT_LEX_END, at, 0);
	if (*text == '"' || *text == '\'') {
		quote = memchr(text + 1, *text, left - 1);
		if (quote == NULL)
			return lexeme(NT_LEX_WRONG, at, left);
		return lexeme(NT_LEX_TEXT, at, (size_t)(quote - text) + 1);
	}
	n = number_length(text, left);
	if (n > 0 && name_length(text, left) <= n)
		return lexeme(NT_LEX_NUMBER, at, n);
	n = name_length(text, left);
	if (n > 0)
		return lexeme(NT_LEX_NAME, at, n);
	for (size_t i = 0; i < G_N_ELEMENTS(signs); i++)
		if (strncmp(text, signs[i].sign, MIN(left, strlen(signs[i].sign))) == 0 &&
		    left >= strlen(signs[i].sign))
			return lexeme(signs[i].kind, at, strlen(signs[i].sign));
	return lexeme(NT_LEX_WRONG, at, 1);
}

static void advance(struct nt_lex *lex)
{
	lex->ahead = next(lex);
	lex->at = lex->ahead.start + lex->ahead.length;
}

void nt_lex_begin(struct nt_lex *lex, const struct nt_source *source, size_t start, size_t length)
{
	*lex = (struct nt_lex){ .source = source, .at = start, .end = start + length };
	advance(lex);
}

struct nt_lexeme nt_lex_take(struct nt_lex *lex)
{
	struct nt_lexeme taken = lex->ahead;

	advance(lex);
	return taken;
}

bool nt_lexeme_is(const struct nt_lex *lex, struct nt_lexeme item, const char *name)
{
	return item.kind == NT_LEX_NAME && item.length == strlen(name) &&
	       memcmp(lex->source->text + item.start, name, item.length) == 0;
}
