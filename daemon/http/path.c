#include "http/path.h"

#include "base/arena.h"
#include "base/text.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

/* NULL: a bad escape, NUL, or no UTF-8. In a form or a query "+" is a blank. */
static const char *decode(struct nt_arena *arena, const char *text, size_t length, bool plus, const char **why)
{
	char *out = nt_arena_alloc(arena, length + 1);
	size_t n = 0;

	for (size_t i = 0; i < length; i++) {
		char c = text[i];

		if (c == '%') {
			int high = i + 2 < length ? g_ascii_xdigit_value(text[i + 1]) : -1;
			int low = i + 2 < length ? g_ascii_xdigit_value(text[i + 2]) : -1;

			if (high < 0 || low < 0) {
				*why = "a % that isn't followed by two hexadecimal digits";
				return NULL;
			}
			c = (char)(high * 16 + low);
			i += 2;
		} else if (c == '+' && plus) {
			c = ' ';
		}
		out[n++] = c;
	}
	if (!nt_utf8_valid(out, n)) {
		*why = "not UTF-8 once decoded";
		return NULL;
	}
	return out;
}

static bool add_segment(struct nt_arena *arena, const char *text, size_t length, struct nt_path *out, const char **why)
{
	const char *segment;

	*why = "too many parts";
	if (out->n_segments == NT_PATH_SEGMENTS)
		return false;
	segment = decode(arena, text, length, false, why);
	if (segment == NULL)
		return false;
	*why = "a part that is empty, \".\" or \"..\"";
	if (segment[0] == '\0' || strcmp(segment, ".") == 0 || strcmp(segment, "..") == 0)
		return false;
	out->segments[out->n_segments++] = segment;
	return true;
}

static bool read_segments(struct nt_arena *arena, const char *p, const char *end, struct nt_path *out, const char **why)
{
	if (p == end || *p != '/') {
		*why = "it must begin with a slash";
		return false;
	}
	for (p++; p < end;) {
		const char *slash = memchr(p, '/', (size_t)(end - p)), *stop = slash != NULL ? slash : end;

		if (!add_segment(arena, p, (size_t)(stop - p), out, why))
			return false;
		p = slash != NULL ? slash + 1 : end;
	}
	return true;
}

bool nt_path_parse_form(struct nt_arena *arena, const char *form, size_t length, struct nt_path *out, const char **why)
{
	const char *p = form, *end = form + length;

	out->n_parameters = 0;
	while (p < end) {
		const char *and = memchr(p, '&', (size_t)(end - p)), *stop = and != NULL ? and : end;
		const char *equals = memchr(p, '=', (size_t)(stop - p)), *name_end = equals != NULL ? equals : stop;
		struct nt_parameter *parameter = &out->parameters[out->n_parameters];

		if (stop > p) {
			if (out->n_parameters == NT_PATH_PARAMETERS) {
				*why = "too many parameters";
				return false;
			}
			parameter->name = decode(arena, p, (size_t)(name_end - p), true, why);
			parameter->value =
				equals != NULL ? decode(arena, equals + 1, (size_t)(stop - equals - 1), true, why) : "";
			if (parameter->name == NULL || parameter->value == NULL)
				return false;
			out->n_parameters++;
		}
		p = and != NULL ? and + 1 : end;
	}
	return true;
}

bool nt_path_parse(struct nt_arena *arena, const char *target, struct nt_path *out, const char **why)
{
	size_t length = strlen(target);
	const char *end = target + length, *question = memchr(target, '?', length);

	memset(out, 0, sizeof *out);
	if (strcmp(target, "*") == 0) {
		out->any = true;
		return true;
	}
	*why = "too long";
	if (length > NT_PATH_LONGEST)
		return false;
	*why = "characters that must be percent-encoded";
	for (const char *p = target; p < end; p++)
		if ((unsigned char)*p <= 0x20 || (unsigned char)*p >= 0x7F || strchr("#\"<>\\^`{|}", *p) != NULL)
			return false;
	if (!read_segments(arena, target, question != NULL ? question : end, out, why))
		return false;
	return question == NULL || nt_path_parse_form(arena, question + 1, (size_t)(end - question - 1), out, why);
}

const char *nt_path_parameter(const struct nt_path *path, const char *name)
{
	for (unsigned i = 0; i < path->n_parameters; i++)
		if (strcmp(path->parameters[i].name, name) == 0)
			return path->parameters[i].value;
	return NULL;
}

bool nt_path_number(const struct nt_path *path, const char *name, long long least, long long most, long long fallback,
                    long long *out)
{
	const char *text = nt_path_parameter(path, name);
	char *end;

	*out = fallback;
	if (text == NULL)
		return true;
	if (!g_ascii_isdigit(text[0]) || strlen(text) > 18)
		return false;
	*out = strtoll(text, &end, 10);
	return *end == '\0' && *out >= least && *out <= most;
}
