#include "template/message.h"

#include "base/arena.h"
#include "base/json.h"
#include "template/mark.h"
#include "template/markdown.h"
#include "template/message_private.h"
#include "template/plain.h"

#include <string.h>

const char *nt_message_template_name(const struct nt_message_template *message)
{
	return message->name;
}

const char *nt_message_template_channel(const struct nt_message_template *message)
{
	return message->channel;
}

const char *nt_message_template_locale(const struct nt_message_template *message)
{
	return message->locale;
}

const char *nt_message_template_path(const struct nt_message_template *message)
{
	return message->source.path;
}

enum nt_message_kind nt_message_template_kind(const struct nt_message_template *message)
{
	return message->kind;
}

const char *nt_message_template_hash(const struct nt_message_template *message)
{
	return message->hash;
}

const struct nt_source *nt_message_template_source(const struct nt_message_template *message)
{
	return &message->source;
}

/* ---- facts ---- */

struct facts {
	struct nt_arena *arena;
	GHashTable *seen; /* path → struct nt_message_variable * */
	GPtrArray *list;
};

static bool uses(const struct nt_liquid *program, const char *path)
{
	for (const struct nt_liquid_use *use = program == NULL ? NULL : program->uses; use != NULL; use = use->next)
		if (strcmp(use->path, path) == 0)
			return true;
	return false;
}

static void add_use(struct facts *facts, const struct nt_liquid_use *use, const struct nt_source *source)
{
	struct nt_span span = source == NULL ? NT_NOWHERE : nt_span_of(source, use->start, use->length);
	struct nt_message_variable *variable = g_hash_table_lookup(facts->seen, use->path);

	if (variable == NULL) {
		variable = nt_arena_new0(facts->arena, struct nt_message_variable);
		variable->path = nt_arena_strdup(facts->arena, use->path);
		variable->has_default = true;
		variable->span = span;
		g_hash_table_insert(facts->seen, (gpointer)(uintptr_t)variable->path, variable);
		g_ptr_array_add(facts->list, variable);
	}
	if (variable->has_default && !use->has_default) {
		variable->has_default = false;
		variable->span = span;
	}
}

static void add_uses(struct facts *facts, const struct nt_liquid *program, const struct nt_source *source, bool layout)
{
	for (const struct nt_liquid_use *use = program == NULL ? NULL : program->uses; use != NULL; use = use->next)
		if (!layout || !nt_layout_gives(use->path))
			add_use(facts, use, source);
}

static void add_layout(struct facts *facts, const struct nt_liquid *program, const struct nt_source *source,
                       struct nt_diags *diags)
{
	if (source->path != NULL)
		source = nt_diags_source(diags, source->path, source->text, source->length);
	else
		source = NULL;
	add_uses(facts, program, source, true);
}

static bool has_html(const struct nt_message_template *message)
{
	return message->kind == NT_MESSAGE_MARKDOWN || message->kind == NT_MESSAGE_HTML;
}

/* Whether every part that goes out shows it. */
static bool shows(const struct nt_message_template *message, const char *path)
{
	const struct nt_layout *layout = message->layout;

	if (uses(message->body, path))
		return true;
	if (layout == NULL)
		return false;
	return (!has_html(message) || uses(layout->html, path)) && uses(layout->text, path);
}

/* Between the digits of a telephone number. */
static bool is_between(char c)
{
	return c == ' ' || c == '-' || c == '/' || c == '(' || c == ')' || c == '.' || c == '+';
}

/* A telephone number written out: "+49 30 23125 014", "(802) 555-0142". */
static bool has_digits(const struct nt_source *source)
{
	unsigned digits = 0;

	for (size_t i = 0; i < source->length; i++) {
		if (g_ascii_isdigit(source->text[i]))
			digits++;
		else if (!is_between(source->text[i]))
			digits = 0;
		if (digits >= 7)
			return true;
	}
	return false;
}

static bool has_number(const struct nt_message_template *message)
{
	const struct nt_layout *layout = message->layout;

	return has_digits(&message->source) ||
	       (layout != NULL && layout->html_source.path != NULL && has_digits(&layout->html_source)) ||
	       (layout != NULL && layout->text_source.path != NULL && has_digits(&layout->text_source));
}

void nt_message_template_check(const struct nt_message_template *message, struct nt_arena *arena,
                               struct nt_diags *diags, struct nt_message_facts *out)
{
	const struct nt_source *source = nt_diags_source(diags, message->source.path, message->source.text,
	                                                 message->source.length);
	struct facts facts = { .arena = arena, .seen = g_hash_table_new(g_str_hash, g_str_equal),
	                       .list = g_ptr_array_new() };
	struct nt_message_variable *variables;

	for (const struct nt_message_part *part = message->parts; part != NULL; part = part->next)
		add_uses(&facts, part->program, source, false);
	add_uses(&facts, message->body, source, false);
	if (message->layout != NULL && has_html(message))
		add_layout(&facts, message->layout->html, &message->layout->html_source, diags);
	if (message->layout != NULL)
		add_layout(&facts, message->layout->text, &message->layout->text_source, diags);
	variables = nt_arena_array(arena, struct nt_message_variable, facts.list->len + 1);
	for (guint i = 0; i < facts.list->len; i++)
		variables[i] = *(const struct nt_message_variable *)g_ptr_array_index(facts.list, i);
	*out = (struct nt_message_facts){
		.variables = variables,
		.n = facts.list->len,
		.has_subject = nt_message_part_find(message, "subject") != NULL,
		.has_unsubscribe = shows(message, "unsubscribe_url"),
		.has_confirm = shows(message, "confirm_url"),
		.has_address = shows(message, "sender.address"),
		.has_phone = shows(message, "sender.phone"),
		.has_number = has_number(message),
	};
	g_hash_table_destroy(facts.seen);
	g_ptr_array_free(facts.list, TRUE);
}

static bool may_link(const struct nt_source *source)
{
	static const char *const signs[] = { "http", "href", "](", "www.", "link", "url" };
	static const char no[] = "unsubscribe_url";
	size_t length = sizeof no - 1;

	for (size_t i = 0; i < source->length; i++) {
		const char *at = source->text + i;

		if (g_ascii_tolower(at[0]) == no[0] && source->length - i >= length &&
		    g_ascii_strncasecmp(at, no, length) == 0) {
			i += length - 1;
			continue;
		}
		for (unsigned k = 0; k < G_N_ELEMENTS(signs); k++)
			if (g_ascii_tolower(at[0]) == signs[k][0] && source->length - i >= strlen(signs[k]) &&
			    g_ascii_strncasecmp(at, signs[k], strlen(signs[k])) == 0)
				return true;
	}
	return false;
}

bool nt_message_template_has_link(const struct nt_message_template *message)
{
	const struct nt_layout *layout = message->layout;

	return may_link(&message->source) ||
	       (layout != NULL && layout->html_source.path != NULL && may_link(&layout->html_source)) ||
	       (layout != NULL && layout->text_source.path != NULL && may_link(&layout->text_source));
}

/* ---- rendering ---- */

struct run {
	const struct nt_message_template *message;
	const struct nt_message_input *input;
	struct nt_arena *arena;
	GPtrArray *problems;
	const char *error;
};

static void note_problems(struct run *run, const struct nt_source *source, const struct nt_render_result *result)
{
	for (unsigned i = 0; i < result->n_problems; i++) {
		const struct nt_render_problem *problem = &result->problems[i];
		int line, column;

		nt_span_position(nt_span_of(source, problem->start, 1), &line, &column);
		g_ptr_array_add(run->problems,
		                nt_arena_printf(run->arena, "%s:%d: %s%s%s", source->path != NULL ? source->path
		                                : "layout", line,
		                                problem->filter != NULL ? problem->filter : "",
		                                problem->filter != NULL ? ": " : "", problem->message));
	}
}

/* The program's output in a fresh string, or NULL and run->error. */
static GString *render(struct run *run, const struct nt_liquid *program, const struct nt_source *source,
                       struct nt_render_input *input)
{
	GString *out = g_string_new(NULL);
	struct nt_render_result result;
	bool fits;

	input->variables = run->input->variables;
	input->now = run->input->now;
	input->zone = run->input->zone;
	input->locale = run->message->locale;
	fits = nt_liquid_render(program, run->arena, input, out, &result);
	note_problems(run, source, &result);
	if (fits)
		return out;
	run->error = nt_arena_printf(run->arena, "%s: %s", run->message->source.path,
	                             nt_render_limit_text(result.limit));
	g_string_free(out, TRUE);
	return NULL;
}

/* Moves a string into the arena. */
static const char *settle(struct run *run, GString *text)
{
	const char *settled = nt_arena_strndup(run->arena, text->str, text->len);

	g_string_free(text, TRUE);
	return settled;
}

/* One line, whatever the author and the values hold. */
static const char *render_line(struct run *run, const struct nt_liquid *program)
{
	struct nt_render_input input = { .context = NT_ESCAPE_HEADER };
	GString *text = render(run, program, &run->message->source, &input), *line;

	if (text == NULL)
		return NULL;
	line = g_string_new(NULL);
	nt_escape(line, NT_ESCAPE_HEADER, text->str, text->len);
	g_string_free(text, TRUE);
	return settle(run, line);
}

static bool render_parts(struct run *run, struct nt_rendered *out)
{
	struct nt_rendered_header *headers;
	unsigned n = 0;

	for (const struct nt_message_part *part = run->message->parts; part != NULL; part = part->next)
		n++;
	headers = nt_arena_array(run->arena, struct nt_rendered_header, n + 1);
	out->headers = headers;
	for (const struct nt_message_part *part = run->message->parts; part != NULL; part = part->next) {
		const char *line = render_line(run, part->program);

		if (line == NULL)
			return false;
		if (part->name != NULL)
			headers[out->n_headers++] = (struct nt_rendered_header){ .name = part->name, .value = line };
		else if (strcmp(part->key, "subject") == 0)
			out->subject = line;
		else if (strcmp(part->key, "preheader") == 0)
			out->preheader = line;
		else if (strcmp(part->key, "from_name") == 0)
			out->from_name = line;
		else if (strcmp(part->key, "reply_to") == 0)
			out->reply_to = line;
	}
	return true;
}

static void trim(GString *text)
{
	size_t begin = 0;

	while (text->len > 0 && g_ascii_isspace(text->str[text->len - 1]))
		g_string_truncate(text, text->len - 1);
	while (begin < text->len && (text->str[begin] == '\n' || text->str[begin] == '\r'))
		begin++;
	g_string_erase(text, 0, (gssize)begin);
}

/* Puts the layout around a content that is fit for its part; consumes it. */
static const char *wrap(struct run *run, enum nt_escape context, GString *content, const struct nt_rendered *out)
{
	const struct nt_layout *layout = run->message->layout;
	bool html = context == NT_ESCAPE_HTML;
	struct nt_render_extra extras[NT_LAYOUT_EXTRAS];
	struct nt_render_input input = { .context = context, .extras = extras, .n_extras = NT_LAYOUT_EXTRAS };
	GString *whole;

	trim(content);
	if (html || strcmp(run->message->channel, "email") == 0)
		g_string_append_c(content, '\n');
	nt_layout_extras(extras, run->message->locale, content->str, content->len, out->subject, out->preheader);
	whole = render(run, html ? layout->html : layout->text, html ? &layout->html_source : &layout->text_source,
	               &input);
	g_string_free(content, TRUE);
	return whole == NULL ? NULL : settle(run, whole);
}

static bool render_markdown(struct run *run, struct nt_rendered *out)
{
	struct nt_marks *marks = nt_marks_new(run->arena);
	struct nt_render_input input = { .context = NT_ESCAPE_MARKDOWN, .marks = marks };
	GString *source = render(run, run->message->body, &run->message->source, &input), *html, *text;
	const char *why;
	bool fits;

	if (source == NULL)
		return false;
	html = g_string_new(NULL);
	text = g_string_new(NULL);
	fits = nt_markdown_render(source->str, source->len, marks, html, text, &why);
	g_string_free(source, TRUE);
	if (!fits) {
		run->error = nt_arena_printf(run->arena, "%s: %s", run->message->source.path, why);
		g_string_free(html, TRUE);
		g_string_free(text, TRUE);
		return false;
	}
	out->html = wrap(run, NT_ESCAPE_HTML, html, out);
	out->text = wrap(run, NT_ESCAPE_TEXT, text, out);
	return out->html != NULL && out->text != NULL;
}

static bool render_html(struct run *run, struct nt_rendered *out)
{
	struct nt_render_input input = { .context = NT_ESCAPE_HTML };
	GString *html = render(run, run->message->body, &run->message->source, &input);
	struct nt_plain plain = { .out = NULL };

	if (html == NULL)
		return false;
	plain.out = g_string_new(NULL);
	nt_plain_html(&plain, html->str, html->len);
	out->text = wrap(run, NT_ESCAPE_TEXT, plain.out, out);
	if (run->message->document && run->message->layout_name == NULL)
		out->html = settle(run, html);
	else
		out->html = wrap(run, NT_ESCAPE_HTML, html, out);
	return out->html != NULL && out->text != NULL;
}

static bool render_text(struct run *run, struct nt_rendered *out)
{
	struct nt_render_input input = { .context = NT_ESCAPE_TEXT };
	GString *text = render(run, run->message->body, &run->message->source, &input);

	if (text != NULL)
		out->text = wrap(run, NT_ESCAPE_TEXT, text, out);
	return out->text != NULL;
}

static bool render_json(struct run *run, struct nt_rendered *out)
{
	struct nt_render_input input = { .context = NT_ESCAPE_JSON };
	GString *json = render(run, run->message->body, &run->message->source, &input);
	struct nt_json_error error;

	if (json == NULL)
		return false;
	trim(json);
	out->json = settle(run, json);
	if (nt_json_parse(run->arena, out->json, strlen(out->json), &error) != NULL)
		return true;
	run->error = nt_arena_printf(run->arena, "%s: the result is no JSON: %s (byte %zu of it)",
	                             run->message->source.path, error.message, error.offset);
	out->json = NULL;
	return false;
}

static bool render_body(struct run *run, struct nt_rendered *out)
{
	switch (run->message->kind) {
	case NT_MESSAGE_MARKDOWN: return render_markdown(run, out);
	case NT_MESSAGE_HTML: return render_html(run, out);
	case NT_MESSAGE_TEXT: return render_text(run, out);
	case NT_MESSAGE_JSON: return render_json(run, out);
	}
	return false;
}

bool nt_message_render(const struct nt_message_template *message, struct nt_arena *arena,
                       const struct nt_message_input *input, struct nt_rendered *out, const char **error)
{
	struct run run = { .message = message, .input = input, .arena = arena, .problems = g_ptr_array_new() };
	bool rendered;

	*out = (struct nt_rendered){ 0 };
	rendered = render_parts(&run, out) && render_body(&run, out);
	g_ptr_array_add(run.problems, NULL);
	out->problems = nt_arena_copy(arena, run.problems->pdata, run.problems->len * sizeof(gpointer));
	g_ptr_array_free(run.problems, TRUE);
	if (!rendered)
		*error = run.error;
	return rendered;
}
