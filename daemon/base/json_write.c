/* The writing half of base/json.h. */
#include "base/json.h"

#include "base/bug.h"
#include "base/civil.h"

#include <inttypes.h>
#include <string.h>

static void quote_char(GString *out, unsigned char c)
{
	static const char shorts[] = "\"\"\\\\\bb\ff\nn\rr\tt"; /* pairs: character, its letter after a backslash */

	for (size_t i = 0; i + 1 < sizeof shorts; i += 2)
		if ((unsigned char)shorts[i] == c) {
			g_string_append_c(out, '\\');
			g_string_append_c(out, shorts[i + 1]);
			return;
		}
	g_string_append_printf(out, "\\u%04x", c);
}

void nt_json_quote(GString *out, const char *text, size_t length)
{
	const char *end = text + length, *plain = text;

	g_string_append_c(out, '"');
	for (const char *p = text; p < end;) {
		unsigned char c = (unsigned char)*p;
		gunichar character;

		if (c >= 0x20 && c < 0x80 && c != '"' && c != '\\') {
			p++;
			continue;
		}
		character = c < 0x80 ? 0 : g_utf8_get_char_validated(p, (gssize)(end - p));
		if (c >= 0x80 && character != (gunichar)-1 && character != (gunichar)-2) {
			p += g_utf8_skip[c];
			continue;
		}
		g_string_append_len(out, plain, (gssize)(p - plain));
		if (c < 0x80)
			quote_char(out, c);
		else
			g_string_append(out, "\xEF\xBF\xBD");
		plain = ++p;
	}
	g_string_append_len(out, plain, (gssize)(end - plain));
	g_string_append_c(out, '"');
}

void nt_json_begin(struct nt_json_writer *w, GString *out)
{
	*w = (struct nt_json_writer){ .out = out };
}

/* The comma and the name before a value. */
static void lead_in(struct nt_json_writer *w, const char *key)
{
	if (w->comma[w->depth])
		g_string_append_c(w->out, ',');
	w->comma[w->depth] = true;
	if (key != NULL) {
		nt_json_quote(w->out, key, strlen(key));
		g_string_append_c(w->out, ':');
	}
}

static void open_level(struct nt_json_writer *w, const char *key, char bracket)
{
	lead_in(w, key);
	NT_CHECK(w->depth < NT_JSON_DEPTH);
	g_string_append_c(w->out, bracket);
	w->comma[++w->depth] = false;
}

static void close_level(struct nt_json_writer *w, char bracket)
{
	NT_CHECK(w->depth > 0);
	w->depth--;
	g_string_append_c(w->out, bracket);
}

void nt_json_object(struct nt_json_writer *w, const char *key)
{
	open_level(w, key, '{');
}

void nt_json_array(struct nt_json_writer *w, const char *key)
{
	open_level(w, key, '[');
}

void nt_json_end_object(struct nt_json_writer *w)
{
	close_level(w, '}');
}

void nt_json_end_array(struct nt_json_writer *w)
{
	close_level(w, ']');
}

void nt_json_put_raw(struct nt_json_writer *w, const char *key, const char *json)
{
	lead_in(w, key);
	g_string_append(w->out, json);
}

void nt_json_put_text(struct nt_json_writer *w, const char *key, const char *text)
{
	if (text == NULL) {
		nt_json_put_null(w, key);
		return;
	}
	lead_in(w, key);
	nt_json_quote(w->out, text, strlen(text));
}

void nt_json_put_int(struct nt_json_writer *w, const char *key, int64_t n)
{
	lead_in(w, key);
	nt_int_print(n, w->out);
}

void nt_json_put_time(struct nt_json_writer *w, const char *key, nt_time t)
{
	char text[64];
	GString out = { text, 0, sizeof text }; /* long enough for any instant, so it never grows */

	if (t == NT_NO_TIME || t == NT_NEVER) {
		nt_json_put_null(w, key);
		return;
	}
	nt_time_print_utc(t, &out);
	nt_json_put_text(w, key, out.str);
}

void nt_json_put_number(struct nt_json_writer *w, const char *key, nt_number n)
{
	lead_in(w, key);
	nt_number_print(n, w->out);
}

void nt_json_put_bool(struct nt_json_writer *w, const char *key, bool yes)
{
	nt_json_put_raw(w, key, yes ? "true" : "false");
}

void nt_json_put_null(struct nt_json_writer *w, const char *key)
{
	nt_json_put_raw(w, key, "null");
}

static void put_children(struct nt_json_writer *w, const struct nt_json *value)
{
	for (const struct nt_json *child = value->first; child != NULL; child = child->next)
		nt_json_put_json(w, child->key, child);
}

/* Recursion is as deep as the tree, which is bounded by NT_JSON_DEPTH. */
void nt_json_put_json(struct nt_json_writer *w, const char *key, const struct nt_json *value)
{
	switch (value->type) {
	case NT_JSON_NULL:
		nt_json_put_null(w, key);
		break;
	case NT_JSON_BOOL:
		nt_json_put_bool(w, key, value->boolean);
		break;
	case NT_JSON_NUMBER:
		nt_json_put_raw(w, key, value->text);
		break;
	case NT_JSON_TEXT:
		lead_in(w, key);
		nt_json_quote(w->out, value->text, value->length);
		break;
	case NT_JSON_ARRAY:
		nt_json_array(w, key);
		put_children(w, value);
		nt_json_end_array(w);
		break;
	case NT_JSON_OBJECT:
		nt_json_object(w, key);
		put_children(w, value);
		nt_json_end_object(w);
		break;
	}
}
