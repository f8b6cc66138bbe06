#define NT_DIAG_CODE NT_CODE_EXPRESSION_SYNTAX

#include "rules/expr_build.h"

#include "base/arena.h"
#include "rules/keys.h"
#include "rules/yaml.h"

#include <string.h>

struct word {
	const char *text;
	enum nt_token_kind kind;
};

static const struct word keywords[] = {
	{ "or", NT_TOKEN_OR }, { "and", NT_TOKEN_AND }, { "not", NT_TOKEN_NOT }, { "or_else", NT_TOKEN_OR_ELSE },
	{ "in", NT_TOKEN_IN }, { "contains", NT_TOKEN_CONTAINS }, { "starts_with", NT_TOKEN_STARTS_WITH },
	{ "ends_with", NT_TOKEN_ENDS_WITH }, { "matches", NT_TOKEN_MATCHES }, { "true", NT_TOKEN_TRUE },
	{ "yes", NT_TOKEN_TRUE }, { "false", NT_TOKEN_FALSE }, { "no", NT_TOKEN_FALSE }, { "none", NT_TOKEN_NONE },
};

/* Longest first. BAD ones carry what to write instead. */
static const struct sign {
	const char *text;
	enum nt_token_kind kind;
	const char *instead;
} signs[] = {
	{ "===", NT_TOKEN_BAD, "write '=='" },
	{ "!==", NT_TOKEN_BAD, "write '!='" },
	{ "==", NT_TOKEN_EQUAL, NULL },
	{ "!=", NT_TOKEN_NOT_EQUAL, NULL },
	{ "<=", NT_TOKEN_LESS_EQUAL, NULL },
	{ ">=", NT_TOKEN_GREATER_EQUAL, NULL },
	{ "<>", NT_TOKEN_BAD, "write '!='" },
	{ "=>", NT_TOKEN_BAD, "write '>='" },
	{ "=<", NT_TOKEN_BAD, "write '<='" },
	{ "&&", NT_TOKEN_BAD, "write 'and'" },
	{ "||", NT_TOKEN_BAD, "write 'or'" },
	{ "\xE2\x89\xA5", NT_TOKEN_BAD, "write '>='" },
	{ "\xE2\x89\xA4", NT_TOKEN_BAD, "write '<='" },
	{ "\xE2\x89\xA0", NT_TOKEN_BAD, "write '!='" },
	{ "\xE2\x80\x9C", NT_TOKEN_BAD, "text goes between straight quotes: \"…\"" },
	{ "\xE2\x80\x9D", NT_TOKEN_BAD, "text goes between straight quotes: \"…\"" },
	{ "\xE2\x80\x9E", NT_TOKEN_BAD, "text goes between straight quotes: \"…\"" },
	{ "\xE2\x80\x98", NT_TOKEN_BAD, "text goes between straight quotes: '…'" },
	{ "\xE2\x80\x99", NT_TOKEN_BAD, "text goes between straight quotes: '…'" },
	{ "\xC3\x97", NT_TOKEN_BAD, "write '*'" },
	{ "<", NT_TOKEN_LESS, NULL },
	{ ">", NT_TOKEN_GREATER, NULL },
	{ "+", NT_TOKEN_PLUS, NULL },
	{ "-", NT_TOKEN_MINUS, NULL },
	{ "*", NT_TOKEN_STAR, NULL },
	{ "/", NT_TOKEN_SLASH, NULL },
	{ "(", NT_TOKEN_OPEN, NULL },
	{ ")", NT_TOKEN_CLOSE, NULL },
	{ "[", NT_TOKEN_OPEN_LIST, NULL },
	{ "]", NT_TOKEN_CLOSE_LIST, NULL },
	{ ",", NT_TOKEN_COMMA, NULL },
	{ ".", NT_TOKEN_DOT, NULL },
	{ "=", NT_TOKEN_BAD, "'=' compares nothing: use '=='" },
	{ "!", NT_TOKEN_BAD, "write 'not'" },
	{ "&", NT_TOKEN_BAD, "write 'and'" },
	{ "|", NT_TOKEN_BAD, "write 'or'" },
	{ "%", NT_TOKEN_BAD, "a share such as 50% stands only in 'split'" },
	{ "{", NT_TOKEN_BAD, "group with '(' and ')'; a list stands between '[' and ']'" },
	{ "}", NT_TOKEN_BAD, "group with '(' and ')'; a list stands between '[' and ']'" },
};

/* ---- where a byte of the scalar stands in the source ---- */

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* A scalar's text differs from what was written where lines are folded and where quotes are escaped. Each byte is
 * matched with the next place that can have made it; a byte that no place explains gets the place reached. */
static void map_places(const struct nt_yaml *scalar, size_t *places)
{
	const char *source = scalar->span.source->text;
	size_t at = scalar->span.start, end = MIN(at + scalar->span.length, scalar->span.source->length);

	if (scalar->quoted && at < end && (source[at] == '"' || source[at] == '\''))
		at++;
	else if (!scalar->quoted && at < end && (source[at] == '|' || source[at] == '>'))
		while (at < end && source[at] != '\n')
			at++;
	for (size_t i = 0; i < scalar->length; i++) {
		size_t try = at;
		bool found;

		if (blank(scalar->text[i])) {
			places[i] = MIN(at, end);
			if (at < end && blank(source[at]))
				at++;
			continue;
		}
		while (try < end && source[try] != scalar->text[i] &&
		       (blank(source[try]) || strchr("\\'", source[try]) != NULL))
			try++;
		found = try < end && source[try] == scalar->text[i];
		if (found)
			at = try;
		places[i] = MIN(at, end);
		at += found;
	}
	places[scalar->length] = MIN(at, end);
}

bool nt_expr_lex_begin(struct nt_expr_parser *p, const struct nt_yaml *scalar, size_t skip)
{
	size_t *places;

	p->whole = scalar->span;
	if (scalar->length > NT_EXPR_LENGTH) {
		nt_diags_error(p->scope->diags, scalar->span,
		               "this expression is longer than %d characters: name parts of it in 'segments'",
		               NT_EXPR_LENGTH);
		return false;
	}
	if (scalar->span.source != NULL) {
		places = nt_arena_array(p->scope->arena, size_t, scalar->length + 1);
		map_places(scalar, places);
		p->places = places + skip;
	}
	p->text = scalar->text + skip;
	p->length = scalar->length - skip;
	p->token = (struct nt_token){ .kind = NT_TOKEN_END };
	return true;
}

struct nt_span nt_expr_place(const struct nt_expr_parser *p, size_t start, size_t end)
{
	size_t from, to;

	if (p->places == NULL)
		return p->whole;
	from = p->places[start];
	to = end > start ? p->places[end - 1] + 1 : from;
	return nt_span_of(p->whole.source, from, MAX(to - from, (size_t)1));
}

struct nt_span nt_expr_token_span(const struct nt_expr_parser *p)
{
	return nt_expr_place(p, p->token.start, p->token.start + p->token.length);
}

char *nt_expr_token_text(const struct nt_expr_parser *p)
{
	size_t quote = p->token.kind == NT_TOKEN_TEXT ? 1 : 0;

	return nt_arena_strndup(p->scope->arena, p->text + p->token.start + quote, p->token.length - 2 * quote);
}

/* ---- tokens ---- */

static void token(struct nt_expr_parser *p, enum nt_token_kind kind, size_t start, size_t end)
{
	p->token = (struct nt_token){ .kind = kind, .start = start, .length = end - start };
}

static void __attribute__((format(printf, 4, 5)))
bad(struct nt_expr_parser *p, size_t start, size_t end, const char *format, ...)
{
	va_list ap;
	char *message;

	va_start(ap, format);
	message = nt_arena_vprintf(p->scope->arena, format, ap);
	va_end(ap);
	token(p, NT_TOKEN_BAD, start, end);
	nt_diags_error(p->scope->diags, nt_expr_token_span(p), "%s", message);
}

static bool word_starts(char c)
{
	return g_ascii_isalpha(c) || c == '_';
}

static size_t word_end(const struct nt_expr_parser *p, size_t at)
{
	while (g_ascii_isalnum(p->text[at]) || p->text[at] == '_')
		at++;
	return at;
}

static size_t skip_blanks(const struct nt_expr_parser *p, size_t at)
{
	while (blank(p->text[at]))
		at++;
	return at;
}

static size_t digits_end(const struct nt_expr_parser *p, size_t at)
{
	while (g_ascii_isdigit(p->text[at]))
		at++;
	return at;
}

static const struct word *keyword_at(const struct nt_expr_parser *p, size_t start, size_t end, bool any_case)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(keywords); i++) {
		const char *text = keywords[i].text;

		if (strlen(text) != end - start)
			continue;
		if (any_case ? g_ascii_strncasecmp(text, p->text + start, end - start) == 0 :
		               strncmp(text, p->text + start, end - start) == 0)
			return &keywords[i];
	}
	return NULL;
}

/* `AND`, `Or`: said at once, since as a field's name it would only puzzle. */
static void lex_word(struct nt_expr_parser *p, size_t start)
{
	size_t end = word_end(p, start);
	const struct word *keyword = keyword_at(p, start, end, false);

	if (keyword != NULL)
		token(p, keyword->kind, start, end);
	else if ((keyword = keyword_at(p, start, end, true)) != NULL)
		bad(p, start, end, "write '%s' in small letters", keyword->text);
	else
		token(p, NT_TOKEN_NAME, start, end);
}

static void lex_text(struct nt_expr_parser *p, size_t start)
{
	const char *end = strchr(p->text + start + 1, p->text[start]);

	if (end == NULL)
		bad(p, start, p->length, "this text never ends: its closing %c is missing", p->text[start]);
	else
		token(p, NT_TOKEN_TEXT, start, (size_t)(end - p->text) + 1);
}

static bool pattern(const char *text, const char *shape) /* 9: a digit; others themselves */
{
	for (; *shape != '\0'; text++, shape++)
		if (*shape == '9' ? !g_ascii_isdigit(*text) : *text != *shape)
			return false;
	return true;
}

/* 2026-12-01, perhaps with a time of day and an offset behind it; base/civil.h checks what it says. */
static void lex_instant(struct nt_expr_parser *p, size_t start)
{
	size_t end = start + 10, at = end;
	const char *why = NULL;
	struct nt_civil civil;
	bool has_offset;
	nt_time t;

	if (p->text[at] == 'T' && g_ascii_isdigit(p->text[at + 1]))
		at++;
	else
		at = skip_blanks(p, at);
	if (at > end && (pattern(p->text + at, "99:99") || pattern(p->text + at, "9:99"))) {
		end = at + (p->text[at + 1] == ':' ? 4 : 5);
		if (pattern(p->text + end, ":99"))
			end += 3;
		if (p->text[end] == '.' && g_ascii_isdigit(p->text[end + 1]))
			end = digits_end(p, end + 1);
		if (p->text[end] == 'Z')
			end++;
		else if ((p->text[end] == '+' || p->text[end] == '-') && pattern(p->text + end + 1, "99:99"))
			end += 6;
		else if ((p->text[end] == '+' || p->text[end] == '-') && pattern(p->text + end + 1, "9999"))
			return bad(p, start, end + 5, "an offset from UTC has a colon: %.3s:%.2s", p->text + end,
			           p->text + end + 3);
	}
	if (nt_instant_parse(p->text + start, end - start, &civil, &has_offset, &t, &why))
		token(p, NT_TOKEN_INSTANT, start, end);
	else
		bad(p, start, end, "this is no date or time%s%s", why != NULL ? ": " : "", why != NULL ? why : "");
}

static const char *const units[] = { "seconds", "minutes", "hours", "days", "weeks", "months", "years", "second",
	                             "minute", "hour", "day", "week", "month", "year", NULL };

static bool is_unit(const struct nt_expr_parser *p, size_t start, size_t end)
{
	for (const char *const *unit = units; *unit != NULL; unit++)
		if (strlen(*unit) == end - start && strncmp(*unit, p->text + start, end - start) == 0)
			return true;
	return false;
}

static size_t number_end(const struct nt_expr_parser *p, size_t at)
{
	at = digits_end(p, at);
	if (p->text[at] == '.' && g_ascii_isdigit(p->text[at + 1]))
		at = digits_end(p, at + 1);
	return at;
}

/* The first number and its unit have been seen; more pairs may follow. */
static void lex_duration(struct nt_expr_parser *p, size_t start, size_t end)
{
	struct nt_duration duration;
	const char *why = NULL;

	for (;;) {
		size_t number = skip_blanks(p, end), word;

		if (!g_ascii_isdigit(p->text[number]))
			break;
		word = skip_blanks(p, number_end(p, number));
		if (!is_unit(p, word, word_end(p, word)))
			break;
		end = word_end(p, word);
	}
	if (nt_duration_parse(p->text + start, end - start, &duration, &why))
		token(p, NT_TOKEN_DURATION, start, end);
	else
		bad(p, start, end, "this is no duration%s%s", why != NULL ? ": " : "", why != NULL ? why : "");
}

static void unknown_unit(struct nt_expr_parser *p, size_t start, size_t end)
{
	char *word = nt_arena_strndup(p->scope->arena, p->text + start, end - start);
	const char *nearest = nt_nearest(word, units);

	if (strcmp(word, "d") == 0 || strcmp(word, "h") == 0 || strcmp(word, "min") == 0 || strcmp(word, "m") == 0)
		nearest = word[0] == 'd' ? "days" : word[0] == 'h' ? "hours" : "minutes";
	if (g_ascii_strcasecmp(word, "am") == 0 || g_ascii_strcasecmp(word, "pm") == 0)
		bad(p, start, end, "a time of day is written like 09:00 or 17:30");
	else if (nearest == NULL)
		bad(p, start, end, "'%s' is no unit of time: or is 'and' or 'or' missing before it?", word);
	else
		bad(p, start, end, "unknown unit '%s'%s", word, nt_expr_did_you_mean(p, nearest));
}

static bool begins_year(const char *text)
{
	return pattern(text, "9999") && (strncmp(text, "19", 2) == 0 || strncmp(text, "20", 2) == 0);
}

/* 2026-2-1, 01.02.2026, 02/01/2026: gives where it ends, or `start` if it is none. */
static size_t other_date_end(const struct nt_expr_parser *p, size_t start)
{
	size_t end = start;
	char sign = '\0';

	for (int part = 0; part < 3; part++) {
		size_t digits = digits_end(p, end) - end;

		if (digits == 0 || digits == 3 || digits > 4 || (part == 1 && digits > 2))
			return start;
		end += digits;
		if (part == 0)
			sign = p->text[end];
		if (part < 2 && (sign == '\0' || strchr("-./", sign) == NULL || p->text[end++] != sign))
			return start;
	}
	/* a year of our days at one end: 10-2-1 and 1000/2/5 are sums */
	return begins_year(p->text + start) != begins_year(p->text + end - 4) ? end : start;
}

static void lex_number(struct nt_expr_parser *p, size_t start)
{
	size_t end = number_end(p, start), word;

	if (pattern(p->text + start, "9999-99-99")) {
		lex_instant(p, start);
		return;
	}
	if (other_date_end(p, start) > start) {
		bad(p, start, other_date_end(p, start), "a date is written like 2026-12-01");
		return;
	}
	if (pattern(p->text + end, ":99")) {
		bad(p, start, end + 3, "a time of day has no place in an expression: use 'wait_until' or a window");
		return;
	}
	if (pattern(p->text + end, ",999") && !g_ascii_isdigit(p->text[end + 4]) && end - start <= 3) {
		bad(p, start, end + 4, "write numbers without a comma");
		return;
	}
	word = skip_blanks(p, end);
	if (!word_starts(p->text[word]) || keyword_at(p, word, word_end(p, word), true) != NULL)
		token(p, NT_TOKEN_NUMBER, start, end);
	else if (is_unit(p, word, word_end(p, word)))
		lex_duration(p, start, word_end(p, word));
	else
		unknown_unit(p, word, word_end(p, word));
}

static void lex_sign(struct nt_expr_parser *p, size_t start)
{
	size_t stranger;
	const char *instead = nt_keys_stranger(p->text + start, &stranger);
	int size;

	if (instead != NULL) {
		bad(p, start, start + stranger, "%s", instead);
		return;
	}
	for (unsigned i = 0; i < G_N_ELEMENTS(signs); i++) {
		size_t length = strlen(signs[i].text);

		if (strncmp(p->text + start, signs[i].text, length) != 0)
			continue;
		if (signs[i].kind != NT_TOKEN_BAD)
			token(p, signs[i].kind, start, start + length);
		else if (signs[i].instead[0] == '\'')
			bad(p, start, start + length, "%s", signs[i].instead);
		else
			bad(p, start, start + length, "'%s' isn't part of the language: %s", signs[i].text,
			    signs[i].instead);
		return;
	}
	if (g_utf8_get_char_validated(p->text + start, (gssize)(p->length - start)) >= (gunichar)-2)
		size = 1;
	else
		size = MAX(g_utf8_skip[(guchar)p->text[start]], 1);
	bad(p, start, start + (size_t)size, "unexpected character '%.*s'", size, p->text + start);
}

void nt_expr_next(struct nt_expr_parser *p)
{
	size_t start;

	p->last_end = p->token.start + p->token.length;
	start = skip_blanks(p, p->last_end);
	if (start >= p->length)
		token(p, NT_TOKEN_END, p->length, p->length);
	else if (word_starts(p->text[start]))
		lex_word(p, start);
	else if (p->text[start] == '"' || p->text[start] == '\'')
		lex_text(p, start);
	else if (g_ascii_isdigit(p->text[start]))
		lex_number(p, start);
	else
		lex_sign(p, start);
}
