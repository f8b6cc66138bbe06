#define NT_DIAG_CODE NT_CODE_YAML_SYNTAX

#include "rules/yaml_explain.h"

#include "base/arena.h"

#include <string.h>

/* libyaml's problem (and context), where to point, and what a rule author should know. The first that fits. */
static const struct {
	const char *problem, *context;
	bool at_context;
	const char *words;
} plain_words[] = {
	{ "mapping values are not allowed", NULL, false,
	  "': ' is not allowed here: put a value that contains ': ' in quotes, and check the indentation" },
	{ "found unexpected end of stream", "quoted scalar", true, "this quote is never closed" },
	{ "found unexpected document indicator", "quoted scalar", true, "this quote is never closed" },
	{ "found unknown escape character", NULL, false,
	  "unknown '\\' escape in double quotes: use single quotes, or write '\\\\'" },
	{ "did not find expected hexdecimal number", NULL, false, "a '\\x' or '\\u' escape needs hexadecimal digits" },
	{ "found invalid Unicode character", NULL, false, "this escape is no Unicode character" },
	{ "did not find expected ',' or '}'", NULL, true,
	  "this '{' is not closed, or a ',' is missing after one of its values" },
	{ "did not find expected ',' or ']'", NULL, true,
	  "this '[' is not closed, or a ',' is missing after one of its values" },
	{ "did not find expected '-' indicator", NULL, false,
	  "this line should begin with '- ' like the others of its list, or is indented wrongly" },
	{ "did not find expected key", NULL, false,
	  "a 'key: value' was expected here: check the indentation, or put the value in quotes" },
	{ "could not find expected ':'", NULL, true, "a ': ' is missing after this, or the line is indented wrongly" },
	{ "block sequence entries are not allowed", NULL, false,
	  "a list cannot begin here: put '- ' on a line of its own, further in" },
	{ "mapping keys are not allowed", NULL, false, "a key cannot begin here: check the indentation" },
	{ "found a tab character", NULL, false, "indent with spaces: YAML does not allow tabs" },
	{ "found character that cannot start any token", NULL, false,
	  "a value cannot begin with this character: put the value in quotes" },
	{ "did not find expected comment or line break", NULL, false,
	  "put the value in quotes: '>' and '|' at its beginning have a meaning of their own in YAML" },
	{ "did not find expected alphabetic or numeric character", NULL, false,
	  "put the value in quotes: '*' and '&' at its beginning have a meaning of their own in YAML" },
	{ "did not find expected whitespace or line break", NULL, false,
	  "put the value in quotes: '!' at its beginning has a meaning of its own in YAML" },
	{ "found unknown directive", NULL, false,
	  "put the value in quotes: '%' at the beginning of a line has a meaning of its own in YAML" },
	{ "did not find expected <document start>", NULL, false,
	  "a document has to begin here: check the indentation" },
	{ "found undefined tag handle", NULL, false,
	  "YAML tags ('!') are not part of the rule language: put the value in quotes" },
	{ "control characters are not allowed", NULL, false, "a control character: remove it" },
	{ "exceeded maximum depth", NULL, false, "nested too deeply" },
	{ NULL, NULL, false, NULL },
};

bool nt_yaml_is_cut_off(const char *text, size_t length)
{
	int depth = 0;
	char quote = 0;

	for (size_t i = 0; i < length; i++) {
		char c = text[i];

		if (quote != 0) {
			if (c == quote)
				quote = 0;
		} else if (c == '"' || (c == '\'' && (i == 0 || strchr(" (,[=", text[i - 1]) != NULL))) {
			quote = c;
		} else if (c == '(' || c == '[') {
			depth++;
		} else if ((c == ')' || c == ']') && depth > 0) {
			depth--;
		}
	}
	return depth > 0 || quote != 0;
}

static bool is_condition_key(const char *key)
{
	return key != NULL && (strcmp(key, "if") == 0 || strcmp(key, "unless") == 0 || strcmp(key, "when") == 0 ||
	                       strcmp(key, "pause") == 0 || strcmp(key, "suppress_if") == 0);
}

static bool is_window_key(const char *key)
{
	return key != NULL && (strcmp(key, "window") == 0 || strcmp(key, "hours") == 0 || strcmp(key, "send") == 0);
}

const char *nt_yaml_put_in_quotes(struct nt_arena *arena, const char *key, const char *value, size_t length)
{
	GString *out = g_string_new("put the ");
	const char *result;

	g_string_append(out, is_condition_key(key) ? "condition" : is_window_key(key) ? "window" : "value");
	g_string_append(out, " in quotes: ");
	if (key != NULL)
		g_string_append_printf(out, "%s: ", key);
	g_string_append_c(out, '\'');
	for (size_t i = 0; i < length; i++) {
		if (value[i] == '\'')
			g_string_append_c(out, '\'');
		g_string_append_c(out, value[i] == '\n' || value[i] == '\r' ? ' ' : value[i]);
	}
	g_string_append_c(out, '\'');
	result = nt_arena_strdup(arena, out->str);
	g_string_free(out, TRUE);
	return result;
}

/* A `key: value` on one line, as offsets into the source. In a flow map the value ends where its author meant it to:
 * brackets and quotes are honoured. */
struct pair {
	size_t key, key_length, value, value_length;
	bool flow;
};

static bool is_name_byte(char c)
{
	return g_ascii_isalnum(c) || c == '_' || c == '-' || c == '.';
}

static size_t value_end(const struct nt_source *source, size_t at, size_t line_end, bool flow)
{
	int depth = 0;
	char quote = 0;

	for (; at < line_end; at++) {
		char c = source->text[at];

		if (quote != 0) {
			if (c == quote)
				quote = 0;
		} else if (c == '"') {
			quote = c;
		} else if (c == '(' || c == '[' || c == '{') {
			depth++;
		} else if (c == ')' || c == ']' || c == '}') {
			if (flow && depth == 0)
				break;
			depth--;
		} else if ((flow && c == ',' && depth <= 0) ||
		           (c == '#' && at > 0 && g_ascii_isspace(source->text[at - 1]))) {
			break;
		}
	}
	while (at > 0 && g_ascii_isspace(source->text[at - 1]))
		at--;
	return at;
}

/* The pair whose key begins at `at`, behind blanks and list dashes. */
static bool read_pair(const struct nt_source *source, size_t at, size_t line_end, bool flow, struct pair *pair)
{
	const char *text = source->text;

	while (at < line_end && (text[at] == ' ' || text[at] == '\t' ||
	                         (text[at] == '-' && at + 1 < line_end && text[at + 1] == ' ')))
		at++;
	pair->key = at;
	while (at < line_end && is_name_byte(text[at]))
		at++;
	pair->key_length = at - pair->key;
	if (pair->key_length == 0 || at + 1 >= line_end || text[at] != ':' || text[at + 1] != ' ')
		return false;
	at++;
	while (at < line_end && text[at] == ' ')
		at++;
	pair->value = at;
	at = value_end(source, at, line_end, flow);
	pair->value_length = at > pair->value ? at - pair->value : 0;
	pair->flow = flow;
	return pair->value_length > 0;
}

static void line_of(const struct nt_source *source, size_t at, size_t *start, size_t *end)
{
	at = MIN(at, source->length);
	for (*start = at; *start > 0 && source->text[*start - 1] != '\n'; (*start)--)
		;
	for (*end = at; *end < source->length && source->text[*end] != '\n'; (*end)++)
		;
}

/* Where a quoted or bracketed beginning ends; 0 if nowhere. */
static size_t opening_ends(const char *value, size_t length)
{
	char open = value[0], close = open == '[' ? ']' : open == '{' ? '}' : open;
	int depth = 0;

	for (size_t i = open == close ? 1 : 0; i < length; i++) {
		if (open != close && value[i] == open)
			depth++;
		else if (value[i] == close && (open == close || --depth == 0))
			return i + 1;
	}
	return 0;
}

/* "| " and ">-2" and the like open a block of text, and are right. */
static bool is_block_header(const char *value, size_t length)
{
	for (size_t i = 1; i < length; i++)
		if (strchr("+-123456789", value[i]) == NULL)
			return false;
	return length > 0 && (value[0] == '|' || value[0] == '>');
}

static size_t until_comma(const char *value, size_t length)
{
	const char *comma = memchr(value, ',', length);

	return comma != NULL ? (size_t)(comma - value) : 0;
}

/* *name */
static bool is_alias(const char *value, size_t length)
{
	for (size_t i = 1; i < length; i++)
		if (!g_ascii_isalnum(value[i]) && value[i] != '-' && value[i] != '_')
			return false;
	return true;
}

/* Why this value needs quotes, or NULL. */
static const char *needs_quotes(const char *value, size_t length, bool flow)
{
	if (strchr("\"'[{", value[0]) != NULL) {
		size_t end = opening_ends(value, length);

		while (end > 0 && end < length && value[end] == ' ')
			end++;
		if (end == 0 || end == length || value[end] == '#')
			return NULL;
		return value[0] == '"' || value[0] == '\''
		               ? "it begins with a quote, and goes on after the closing one"
		               : "it begins with a bracket, and goes on after the closing one";
	}
	if (value[0] == '-' && length > 1 && value[1] == ' ')
		return NULL; /* a list, in the wrong place */
	if (value[0] == '*' && length > 1 && is_alias(value, length))
		return "YAML reads it as a repetition of what the same name behind '&' marks, and above there is none";
	if (strchr("*!%@&`", value[0]) != NULL ||
	    ((value[0] == '>' || value[0] == '|') && !is_block_header(value, length)))
		return "the character at its beginning has a meaning of its own in YAML";
	for (size_t i = 0; i + 1 < length; i++)
		if (value[i] == ':' && value[i + 1] == ' ')
			return "': ' has a meaning of its own in YAML";
	if (flow && memchr(value, '[', length) != NULL)
		return "a list inside { } or [ ] ends the value";
	if (flow && memchr(value, '{', length) != NULL)
		return "a '{' inside { } or [ ] ends the value";
	if (flow && nt_yaml_is_cut_off(value, until_comma(value, length)))
		return "inside { } and [ ] a comma ends the value";
	return NULL;
}

static bool explain_pair(const struct nt_source *source, struct nt_arena *arena, const struct pair *pair,
                         struct nt_diags *diags)
{
	const char *value = source->text + pair->value;
	const char *why = needs_quotes(value, pair->value_length, pair->flow);

	if (why == NULL)
		return false;
	nt_diags_error(diags, nt_span_of(source, pair->value, pair->value_length), "%s (%s)",
	               nt_yaml_put_in_quotes(arena, nt_arena_strndup(arena, source->text + pair->key,
	                                                             pair->key_length), value,
	                                     pair->value_length), why);
	return true;
}

bool nt_yaml_explain_line(const struct nt_source *source, struct nt_arena *arena, size_t at, struct nt_diags *diags)
{
	size_t start, end;
	struct pair pair;

	line_of(source, at, &start, &end);
	/* flow maps: a pair behind each '{', '[' or ',' of the line; the author's bracket, not one inside a value */
	for (size_t i = start; i < end; i++) {
		char c = source->text[i];

		if ((c == '{' || c == '[' || c == ',') && read_pair(source, i + 1, end, true, &pair)) {
			if (explain_pair(source, arena, &pair, diags))
				return true;
			i = pair.value + pair.value_length - 1;
		}
	}
	return read_pair(source, start, end, false, &pair) && source->text[pair.value] != '{' &&
	       explain_pair(source, arena, &pair, diags);
}

/* ` #` inside an open bracket hides the bracket that closes it. */
static bool explain_hidden_end(const struct nt_source *source, size_t at, struct nt_diags *diags)
{
	size_t start, end;

	line_of(source, at, &start, &end);
	for (size_t i = MAX(at, start + 1); i < end; i++)
		if (source->text[i] == '#' && g_ascii_isspace(source->text[i - 1]) && i + 1 < end &&
		    !g_ascii_isspace(source->text[i + 1])) {
			nt_diags_error(diags, nt_span_of(source, i, end - i),
			               "' #' begins a comment, so the rest of the line is cut off: put the value in "
			               "quotes");
			return true;
		}
	return false;
}

static bool mentions(const char *text, const char *words)
{
	return text != NULL && strstr(text, words) != NULL;
}

void nt_yaml_explain(const struct nt_source *source, struct nt_arena *arena, const struct nt_yaml_problem *problem,
                     struct nt_diags *diags)
{
	size_t at = MIN(problem->at, source->length);
	size_t line_start, line_end;

	line_of(source, at, &line_start, &line_end);
	if (at < source->length && source->text[at] == '\t') {
		nt_diags_error(diags, nt_span_of(source, at, 1), "indent with spaces: YAML does not allow tabs");
		return;
	}
	if (mentions(problem->context, "flow") && explain_hidden_end(source, problem->context_at, diags))
		return;
	if (nt_yaml_explain_line(source, arena, at, diags))
		return;
	/* the parser often notices only on the next line */
	if (mentions(problem->problem, "expected key") && line_start > 0 &&
	    nt_yaml_explain_line(source, arena, line_start - 1, diags))
		return;
	for (unsigned i = 0; plain_words[i].problem != NULL; i++)
		if (mentions(problem->problem, plain_words[i].problem) &&
		    (plain_words[i].context == NULL || mentions(problem->context, plain_words[i].context))) {
			nt_diags_error(diags, nt_span_of(source, plain_words[i].at_context ? problem->context_at : at,
			                                 1), "%s",
			               plain_words[i].words);
			return;
		}
	nt_diags_error(diags, nt_span_of(source, at, 1), "broken YAML: %s",
	               problem->problem != NULL ? problem->problem : "it cannot be read");
}
