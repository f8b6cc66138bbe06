/* A message template, from file to mail. The first byte says what kind of file ('m'd, 'h'tml, 't'xt, 'j'son, 'l'ayout),
 * the rest is the file; after a line "====" may come the variables, as JSON.
 * covers: daemon/template/date.c daemon/template/datum.c daemon/template/escape.c daemon/template/expr.c
 * covers: daemon/template/filter_list.c daemon/template/filter_number.c daemon/template/filter_text.c
 * covers: daemon/template/front.c daemon/template/lex.c daemon/template/mark.c daemon/template/markdown.c
 * covers: daemon/template/message.c daemon/template/message_parse.c daemon/template/parse.c daemon/template/plain.c
 * covers: daemon/template/plain_html.c daemon/template/render.c */
#include "fuzz.h"

#include "base/arena.h"
#include "base/bug.h"
#include "base/json.h"
#include "template/message.h"

#include <string.h>

static const char separator[] = "\n====\n";
static const char within[] = "---\nsubject: s\nlayout: own\n---\nHi";
static const char usual[] =
	"{\"first_name\":\"<nt-canary a='b'> & *c*\\r\\nBcc: x\",\"n\":2.5,\"zero\":0,\"yes\":true,\"none\":null,"
	"\"items\":[{\"name\":\"b\",\"price\":2},{\"name\":\"a\",\"price\":10.5},\"c\",3,null,[1,2]],"
	"\"event\":{\"amount\":99},"
	"\"sender\":{\"name\":\"Ada\",\"address\":\"1 Main St\\nSpringfield\",\"phone\":\"+1 (555) 0100\"},"
	"\"unsubscribe_url\":\"https://example.org/u?a=b&c=d\","
	"\"at\":\"2026-03-02T15:04:05Z\",\"url\":\"javascript:x\"}";

static void check_line(const char *line)
{
	for (; line != NULL && *line != '\0'; line++)
		NT_CHECK((unsigned char)*line >= 0x20 && *line != 0x7F);
}

static void check_text(const char *text)
{
	NT_CHECK(text == NULL || g_utf8_validate(text, -1, NULL));
}

static void render(const struct nt_message_template *message, struct nt_arena *arena, const struct nt_json *variables,
                   bool no_markup)
{
	struct nt_message_input input = { .variables = variables, .now = 1773144000000 };
	struct nt_rendered out;
	const char *error = NULL;

	if (!nt_message_render(message, arena, &input, &out, &error)) {
		NT_CHECK(error != NULL);
		return;
	}
	check_line(out.subject);
	check_line(out.preheader);
	check_line(out.from_name);
	check_line(out.reply_to);
	for (unsigned i = 0; i < out.n_headers; i++)
		check_line(out.headers[i].value);
	check_text(out.text);
	check_text(out.html);
	if (no_markup && out.html != NULL)
		NT_CHECK(strstr(out.html, "<nt-canary") == NULL);
}

static void check(struct nt_template_set *set, struct nt_diags *diags, struct nt_arena *arena,
                  const struct nt_json *variables, bool no_markup)
{
	const struct nt_message_template *message;
	struct nt_message_facts facts;

	for (unsigned i = 0; (message = nt_template_set_peek(set, i)) != NULL; i++) {
		nt_message_template_check(message, arena, diags, &facts);
		render(message, arena, variables, no_markup);
	}
}

static const char *path_of(uint8_t kind)
{
	switch (kind) {
	case 'm': return "a/email.md";
	case 'h': return "a/email.html";
	case 'j': return "a/webhook.json";
	case 'l': return "layouts/own.html";
	default: return "a/sms.txt";
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t length, json_length = sizeof usual - 1;
	const char *text, *cut, *json = usual;
	struct nt_template_set *set;
	struct nt_json *variables;
	struct nt_json_error error;
	struct nt_diags *diags;
	struct nt_arena *arena;
	GString *said;

	if (size < 1)
		return 0;
	text = (const char *)data + 1;
	length = size - 1;
	cut = memmem(text, length, separator, sizeof separator - 1);
	if (cut != NULL) {
		json = cut + sizeof separator - 1;
		json_length = length - (size_t)(json - text);
		length = (size_t)(cut - text);
	}
	arena = nt_arena_new();
	diags = nt_diags_new();
	set = nt_template_set_new();
	said = g_string_new(NULL);
	variables = nt_json_parse(arena, json, json_length, &error);
	nt_template_set_add(set, 0, path_of(*data), path_of(*data), text, length, diags);
	if (*data == 'l')
		nt_template_set_add(set, 0, "a/email.md", "a/email.md", within, sizeof within - 1, diags);
	nt_template_set_finish(set, diags);
	check(set, diags, arena, variables,
	      memchr(text, '<', length) == NULL && memmem(text, length, "raw", 3) == NULL);
	nt_diags_print(diags, said);
	g_string_free(said, TRUE);
	nt_template_set_free(set);
	nt_diags_free(diags);
	nt_arena_free(arena);
	return 0;
}
