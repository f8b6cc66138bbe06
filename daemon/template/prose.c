/* What people read of a template, and nothing else. */
#include "template/message_private.h"

#include "base/arena.h"
#include "template/front.h"

#include <string.h>

static void blank(char *text, size_t start, size_t end)
{
	for (size_t i = start; i < end; i++)
		if (text[i] != '\n')
			text[i] = ' ';
}

static size_t find(const char *text, size_t start, size_t end, const char *what)
{
	size_t length = strlen(what);

	for (size_t i = start; i + length <= end; i++)
		if (g_ascii_tolower(text[i]) == what[0] && g_ascii_strncasecmp(text + i, what, length) == 0)
			return i;
	return end;
}

static bool begins(const char *text, size_t at, size_t end, const char *what)
{
	return end - at >= strlen(what) && g_ascii_strncasecmp(text + at, what, strlen(what)) == 0;
}

/* Behind what begins here and isn't read; `at` itself where nothing does. */
static size_t skip(const char *text, size_t at, size_t end)
{
	static const struct {
		const char *from, *to;
	} pairs[] = {
		{ "{% comment", "endcomment" }, { "{%- comment", "endcomment" }, { "{{", "}}" }, { "{%", "%}" },
		{ "<!--", "-->" }, { "<style", "</style>" }, { "<script", "</script>" }, { "<title", "</title>" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(pairs); i++)
		if (begins(text, at, end, pairs[i].from))
			return MIN(find(text, at, end, pairs[i].to) + strlen(pairs[i].to), end);
	if (text[at] == '<' && at + 1 < end && (g_ascii_isalpha(text[at + 1]) || text[at + 1] == '/'))
		return MIN(find(text, at, end, ">") + 1, end);
	if (begins(text, at, end, "](")) /* Markdown: where the link leads */
		return MIN(find(text, at, end, ")") + 1, end);
	if (begins(text, at, end, "http://") || begins(text, at, end, "https://") || begins(text, at, end, "mailto:"))
		while (at < end && !g_ascii_isspace(text[at]) && strchr("<>()[]\"'", text[at]) == NULL)
			at++;
	return at;
}

/* What is no prose begins with one of these: few characters are, and every text is looked through. */
static bool may_begin(char c)
{
	return c == '{' || c == '<' || c == ']' || c == 'h' || c == 'H' || c == 'm' || c == 'M';
}

static void strip(char *text, size_t start, size_t end)
{
	for (size_t i = start; i < end;) {
		size_t behind = may_begin(text[i]) ? skip(text, i, end) : i;

		if (behind > i)
			blank(text, i, behind);
		i = MAX(behind, i + 1);
	}
}

const char *nt_message_template_prose(const struct nt_message_template *message, struct nt_arena *arena,
                                      struct nt_span *subject)
{
	const struct nt_source *source = &message->source;
	char *text = nt_arena_strndup(arena, source->text, source->length);
	struct nt_diags *diags = nt_diags_new(); /* it has been read before: nothing is wrong with it */
	size_t body = 0, done = 0;
	struct nt_front *front = nt_front_parse(arena, source, diags, &body);

	*subject = nt_span_of(source, 0, 0);
	for (; front != NULL; front = front->next) {
		bool is_subject = strcmp(front->key, "subject") == 0;

		if (!is_subject && strcmp(front->key, "preheader") != 0)
			continue;
		blank(text, done, front->start);
		done = front->start + front->length;
		strip(text, front->start, done);
		if (is_subject)
			*subject = nt_span_of(source, front->start, front->length);
	}
	blank(text, done, body);
	strip(text, body, source->length);
	nt_diags_free(diags);
	return text;
}
