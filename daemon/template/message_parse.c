#define NT_DIAG_CODE NT_CODE_WRONG_TEMPLATE

#include "template/message_private.h"

#include "base/arena.h"
#include "template/front.h"
#include "template/mark.h"

#include <string.h>

static const char *const keys[] = { "subject", "preheader", "layout", "from_name", "reply_to", "note", NULL };

/* Headers that are ours to write: a template must not. */
static const char *const reserved[] = { "x-nurtured", "x-mailer" };

/* Shared with layouts: bytes that no template may hold. */
static bool check_bytes(const struct nt_source *source, struct nt_diags *diags)
{
	const char *end;

	if (source->length > NT_TEMPLATE_SIZE) {
		nt_diags_error(diags, nt_span_of(source, 0, 1), "a template file has at most %d KiB",
		               NT_TEMPLATE_SIZE / 1024);
		return false;
	}
	if (!g_utf8_validate(source->text, (gssize)source->length, &end)) {
		nt_diags_error(diags, nt_span_of(source, (size_t)(end - source->text), 1),
		               "this is not UTF-8: save the file as UTF-8");
		return false;
	}
	if (nt_marks_any(source->text, source->length)) {
		nt_diags_error(diags, nt_span_of(source, 0, 1), "private characters U+10F700-U+10F73F can't be used");
		return false;
	}
	return true;
}

/* x-campaign-note → X-Campaign-Note */
static const char *header_name(struct nt_arena *arena, const char *key)
{
	char *name = nt_arena_strdup(arena, key);

	for (char *c = name; *c != '\0'; c++)
		if (c == name || c[-1] == '-')
			*c = g_ascii_toupper(*c);
	return name;
}

static bool is_header(const char *key)
{
	size_t n = strlen(key);

	return n >= 3 && n <= 60 && g_ascii_strncasecmp(key, "x-", 2) == 0 && strchr(key, '_') == NULL;
}

static void check_key(const struct nt_source *source, struct nt_diags *diags, const struct nt_front *front)
{
	struct nt_span span = nt_span_of(source, front->key_start, strlen(front->key));
	const char *nearest;

	if (is_header(front->key)) {
		for (size_t i = 0; i < G_N_ELEMENTS(reserved); i++)
			if (g_ascii_strncasecmp(front->key, reserved[i], strlen(reserved[i])) == 0)
				nt_diags_error(diags, span, "header '%s' is written by nurtured itself", front->key);
		return;
	}
	for (size_t i = 0; keys[i] != NULL; i++)
		if (strcmp(keys[i], front->key) == 0)
			return;
	nearest = nt_nearest(front->key, keys);
	if (nearest != NULL)
		nt_diags_error(diags, span, "unknown key '%s' (did you mean '%s'?)", front->key, nearest);
	else
		nt_diags_error(diags, span,
		               "unknown key '%s' (known are subject, preheader, layout, from_name, reply_to, "
		               "note and x-… headers)", front->key);
}

static void take_layout(struct nt_message_template *message, struct nt_arena *arena, const struct nt_source *source,
                        struct nt_diags *diags, const struct nt_front *front)
{
	const char *text = source->text + front->start;

	for (size_t i = 0; i < front->length; i++)
		if (!g_ascii_islower(text[i]) && !g_ascii_isdigit(text[i]) && text[i] != '-') {
			nt_diags_error(diags, nt_span_of(source, front->start, front->length),
			               "a layout's name has lower-case letters, digits and hyphens");
			return;
		}
	message->layout_name = nt_arena_strndup(arena, text, front->length);
	message->layout_start = front->start;
}

static void take_front(struct nt_message_template *message, struct nt_arena *arena, const struct nt_source *source,
                       struct nt_diags *diags, const struct nt_front *front)
{
	struct nt_message_part **tail = &message->parts;

	for (; front != NULL; front = front->next) {
		struct nt_message_part *part;

		check_key(source, diags, front);
		if (strcmp(front->key, "layout") == 0)
			take_layout(message, arena, source, diags, front);
		if (strcmp(front->key, "layout") == 0 || strcmp(front->key, "note") == 0)
			continue;
		part = nt_arena_new0(arena, struct nt_message_part);
		part->key = front->key;
		part->written = nt_arena_strndup(arena, source->text + front->start, front->length);
		part->name = is_header(front->key) ? header_name(arena, front->key) : NULL;
		part->program = nt_liquid_parse(arena, source, front->start, front->length, diags);
		*tail = part;
		tail = &part->next;
	}
}

const struct nt_message_part *nt_message_part_find(const struct nt_message_template *message, const char *key)
{
	const struct nt_message_part *part = message->parts;

	while (part != NULL && strcmp(part->key, key) != 0)
		part = part->next;
	return part;
}

const char *nt_message_template_subject(const struct nt_message_template *message)
{
	const struct nt_message_part *part = nt_message_part_find(message, "subject");

	return part != NULL ? part->written : NULL;
}

static bool is_document(const char *text, size_t length)
{
	char *lower = g_ascii_strdown(text, (gssize)length);
	bool document = strstr(lower, "<html") != NULL || strstr(lower, "<!doctype") != NULL;

	g_free(lower);
	return document;
}

static void check_subject(const struct nt_message_template *message, const struct nt_source *source,
                          struct nt_diags *diags)
{
	if (message->kind == NT_MESSAGE_JSON && strcmp(message->channel, "email") == 0)
		nt_diags_error(diags, nt_span_of(source, 0, 1), "an email is written as md, html or txt");
	else if (strcmp(message->channel, "email") == 0 && nt_message_part_find(message, "subject") == NULL)
		nt_diags_error(diags, nt_span_of(source, 0, 1),
		               "this email has no subject (front matter: 'subject: …')");
}

bool nt_message_template_parse(struct nt_message_template *message, struct nt_arena *arena, struct nt_diags *diags)
{
	int errors = nt_diags_errors(diags);
	const struct nt_source *source = nt_diags_source(diags, message->source.path, message->source.text,
	                                                 message->source.length);
	size_t body;

	if (!check_bytes(source, diags))
		return false;
	take_front(message, arena, source, diags, nt_front_parse(arena, source, diags, &body));
	message->body = nt_liquid_parse(arena, source, body, source->length - body, diags);
	message->document = message->kind == NT_MESSAGE_HTML && is_document(source->text + body, source->length - body);
	if (nt_diags_errors(diags) == errors) /* a slip in the front matter may be the subject's own */
		check_subject(message, source, diags);
	return nt_diags_errors(diags) == errors;
}

const struct nt_liquid *nt_layout_parse(const struct nt_source *source, struct nt_arena *arena, struct nt_diags *diags)
{
	const struct nt_source *copy = nt_diags_source(diags, source->path, source->text, source->length);
	const struct nt_liquid *program;

	if (!check_bytes(copy, diags))
		return NULL;
	program = nt_liquid_parse(arena, copy, 0, copy->length, diags);
	if (program == NULL)
		return NULL;
	for (const struct nt_liquid_use *use = program->uses; use != NULL; use = use->next)
		if (strcmp(use->path, "content") == 0)
			return program;
	nt_diags_error(diags, nt_span_of(copy, 0, 1), "this layout has no {{ content }}");
	return NULL;
}
