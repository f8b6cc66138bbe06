#include "base/json_private.h"

#include "base/arena.h"

#include <string.h>

#define MOST_NAMES 64u /* of an object: a walk finds a duplicate among so many */

struct plain {
	struct nt_arena *arena;
	char *at;           /* in a copy of the text, in which texts and numbers are ended with NULs where they stand */
	char *number_end;   /* of a number whose NUL has to wait until what follows it has been read; or NULL */
	unsigned n_values;
	bool ascii;
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The next character that isn't a blank; it stays. The copy ends with a NUL, which is no part of JSON. */
static char look(struct plain *p)
{
	char c;

	while ((c = *p->at) == ' ' || c == '\t' || c == '\n' || c == '\r')
		p->at++;
	if (p->number_end != NULL)
		*p->number_end = '\0';
	p->number_end = NULL;
	return c;
}

/* What stands between double quotes, the first of which is at hand; NULL: not plain. */
static char *read_text(struct plain *p, size_t *length)
{
	char *start = ++p->at;
	unsigned char c;

	while ((c = (unsigned char)*p->at) != '"') {
		if (c < 0x20 || c == '\\')
			return NULL;
		p->ascii &= c < 0x80;
		p->at++;
	}
	*length = (size_t)(p->at - start);
	*p->at++ = '\0';
	return start;
}

static bool read_digits(struct plain *p)
{
	char *start = p->at;

	while (is_digit(*p->at))
		p->at++;
	return p->at > start;
}

static bool read_number(struct plain *p, struct nt_json *value)
{
	char *start = p->at, *whole;

	if (*p->at == '-')
		p->at++;
	whole = p->at;
	if (!read_digits(p) || (*whole == '0' && p->at - whole > 1))
		return false;
	if (*p->at == '.') {
		p->at++;
		if (!read_digits(p))
			return false;
	}
	if (*p->at == 'e' || *p->at == 'E') {
		p->at++;
		if (*p->at == '+' || *p->at == '-')
			p->at++;
		if (!read_digits(p))
			return false;
	}
	value->type = NT_JSON_NUMBER;
	value->text = start;
	value->length = (size_t)(p->at - start);
	p->number_end = p->at;
	return true;
}

static bool read_word(struct plain *p, const char *word)
{
	size_t length = strlen(word);

	if (strncmp(p->at, word, length) != 0)
		return false;
	p->at += length;
	return true;
}

static struct nt_json *read_value(struct plain *p, int depth);

static bool has_name(const struct nt_json *object, const char *name)
{
	for (const struct nt_json *v = object->first; v != NULL; v = v->next)
		if (strcmp(v->key, name) == 0)
			return true;
	return false;
}

/* A name and its colon; NULL: not plain. */
static const char *read_name(struct plain *p, const struct nt_json *object)
{
	const char *name;
	size_t length;

	if (look(p) != '"')
		return NULL;
	name = read_text(p, &length);
	if (name == NULL || look(p) != ':' || object->n == MOST_NAMES || has_name(object, name))
		return NULL;
	p->at++;
	return name;
}

/* From behind the opening bracket on. */
static bool read_children(struct plain *p, struct nt_json *parent, char closing, int depth)
{
	struct nt_json **last = &parent->first;

	if (depth == NT_JSON_DEPTH)
		return false;
	p->at++;
	if (look(p) == closing) {
		p->at++;
		return true;
	}
	for (;;) {
		const char *name = NULL;
		char next;

		if (closing == '}' && (name = read_name(p, parent)) == NULL)
			return false;
		*last = read_value(p, depth + 1);
		if (*last == NULL)
			return false;
		(*last)->key = name;
		last = &(*last)->next;
		parent->n++;
		next = look(p);
		p->at++;
		if (next != ',')
			return next == closing;
	}
}

static struct nt_json *read_value(struct plain *p, int depth)
{
	struct nt_json *value;
	char c = look(p);
	bool ok;

	if (++p->n_values > NT_JSON_MOST_VALUES)
		return NULL;
	value = nt_arena_new0(p->arena, struct nt_json);
	if (c == '"') {
		value->type = NT_JSON_TEXT;
		value->text = read_text(p, &value->length);
		ok = value->text != NULL;
	} else if (c == '{' || c == '[') {
		value->type = c == '{' ? NT_JSON_OBJECT : NT_JSON_ARRAY;
		ok = read_children(p, value, c == '{' ? '}' : ']', depth);
	} else if (c == 't' || c == 'f') {
		value->type = NT_JSON_BOOL;
		value->boolean = c == 't';
		ok = read_word(p, c == 't' ? "true" : "false");
	} else if (c == 'n') {
		value->type = NT_JSON_NULL;
		ok = read_word(p, "null");
	} else {
		ok = read_number(p, value);
	}
	return ok ? value : NULL;
}

struct nt_json *nt_json_parse_plain(struct nt_arena *arena, const char *text, size_t length)
{
	struct plain p = { .arena = arena, .ascii = true };
	struct nt_json *root;
	char *copy;

	if (length > NT_JSON_MOST_BYTES)
		return NULL;
	copy = p.at = nt_arena_strndup(arena, text, length);
	root = read_value(&p, 0);
	if (root == NULL || look(&p) != '\0' || p.at != copy + length)
		return NULL;
	return p.ascii || g_utf8_validate(text, (gssize)length, NULL) ? root : NULL;
}
