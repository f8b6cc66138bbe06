#include "template/markdown.h"

#include "template/mark.h"
#include "template/plain.h"

#include <cmark.h>
#include <stdlib.h>
#include <string.h>

static void put_blocks(struct nt_plain *plain, cmark_node *parent, bool tight);

/* ---- filling marks in ---- */

static char *filled(const struct nt_marks *marks, const char *text, enum nt_marks_as as)
{
	GString *out = g_string_new(NULL);

	if (text != NULL && marks != NULL)
		nt_marks_fill(marks, out, text, strlen(text), as);
	else if (text != NULL)
		g_string_append(out, text);
	return g_string_free(out, FALSE);
}

/* A line end in a text can only come from a value: it is shown as a line break. */
static void split_lines(cmark_node *node, char *text)
{
	char *line = text, *newline;

	while ((newline = strchr(line, '\n')) != NULL) {
		cmark_node *before = cmark_node_new(CMARK_NODE_TEXT), *end = cmark_node_new(CMARK_NODE_LINEBREAK);

		*newline = '\0';
		if (newline > line && newline[-1] == '\r')
			newline[-1] = '\0';
		cmark_node_set_literal(before, line);
		cmark_node_insert_before(node, before);
		cmark_node_insert_before(node, end);
		line = newline + 1;
	}
	cmark_node_set_literal(node, line);
}

static bool scheme_is_fine(const char *url)
{
	static const char *const fine[] = { "http", "https", "mailto", "tel", "sms" };
	size_t n = strcspn(url, ":/?#");

	if (url[n] != ':')
		return true;
	for (size_t i = 0; i < G_N_ELEMENTS(fine); i++)
		if (strlen(fine[i]) == n && g_ascii_strncasecmp(url, fine[i], n) == 0)
			return true;
	return false;
}

/* A URL holds no white space; what of it came from a value is gone or encoded here. */
static char *clean_url(const char *url)
{
	GString *out = g_string_new(NULL);

	for (; *url != '\0'; url++) {
		if (*url == ' ')
			g_string_append(out, "%20");
		else if ((unsigned char)*url > 0x20)
			g_string_append_c(out, *url);
	}
	return g_string_free(out, FALSE);
}

static void fill_link(cmark_node *node, const struct nt_marks *marks)
{
	char *url = filled(marks, cmark_node_get_url(node), NT_MARKS_URL), *clean = clean_url(url);
	char *title = filled(marks, cmark_node_get_title(node), NT_MARKS_TEXT);

	cmark_node_set_url(node, scheme_is_fine(clean) ? clean : "");
	cmark_node_set_title(node, title);
	g_free(url);
	g_free(clean);
	g_free(title);
}

static void fill_literal(cmark_node *node, const struct nt_marks *marks, enum nt_marks_as as)
{
	char *text = filled(marks, cmark_node_get_literal(node), as);

	if (cmark_node_get_type(node) == CMARK_NODE_TEXT)
		split_lines(node, text);
	else
		cmark_node_set_literal(node, text);
	g_free(text);
}

static void fill_node(cmark_node *node, const struct nt_marks *marks)
{
	switch (cmark_node_get_type(node)) {
	case CMARK_NODE_TEXT:
	case CMARK_NODE_CODE:
	case CMARK_NODE_CODE_BLOCK: fill_literal(node, marks, NT_MARKS_TEXT); break;
	case CMARK_NODE_HTML_BLOCK:
	case CMARK_NODE_HTML_INLINE: fill_literal(node, marks, NT_MARKS_HTML); break;
	case CMARK_NODE_LINK:
	case CMARK_NODE_IMAGE: fill_link(node, marks); break;
	default: break;
	}
}

/* ---- taking out what is empty ---- */

static bool only_space(cmark_node *node)
{
	const char *text = cmark_node_get_literal(node);

	if (cmark_node_get_type(node) == CMARK_NODE_SOFTBREAK || cmark_node_get_type(node) == CMARK_NODE_LINEBREAK)
		return true;
	return cmark_node_get_type(node) == CMARK_NODE_TEXT && (text == NULL || text[strspn(text, " \t\r\n")] == '\0');
}

static bool is_empty(cmark_node *node)
{
	for (cmark_node *child = cmark_node_first_child(node); child != NULL; child = cmark_node_next(child))
		if (!only_space(child))
			return false;
	return true;
}

static void remove_node(cmark_node *node)
{
	cmark_node_unlink(node);
	cmark_node_free(node);
}

/* A link without an address is its text. */
static void unwrap(cmark_node *link)
{
	cmark_node *child;

	while ((child = cmark_node_first_child(link)) != NULL)
		cmark_node_insert_before(link, child);
	remove_node(link);
}

static void tidy_node(cmark_node *node)
{
	switch (cmark_node_get_type(node)) {
	case CMARK_NODE_LINK:
		if (is_empty(node))
			remove_node(node);
		else if (cmark_node_get_url(node)[0] == '\0')
			unwrap(node);
		break;
	case CMARK_NODE_EMPH:
	case CMARK_NODE_STRONG:
	case CMARK_NODE_PARAGRAPH:
	case CMARK_NODE_HEADING:
	case CMARK_NODE_ITEM:
	case CMARK_NODE_LIST:
	case CMARK_NODE_BLOCK_QUOTE:
		if (is_empty(node))
			remove_node(node);
		break;
	default: break;
	}
}

/* False if it is nested too deeply. A leaf, and a node that is left, may be changed while iterating. */
static bool fill_and_tidy(cmark_node *root, const struct nt_marks *marks)
{
	cmark_iter *iter = cmark_iter_new(root);
	int depth = 0;
	cmark_event_type event;

	while (depth <= NT_MARKDOWN_DEPTH && (event = cmark_iter_next(iter)) != CMARK_EVENT_DONE) {
		cmark_node *node = cmark_iter_get_node(iter);
		cmark_node_type type = cmark_node_get_type(node);
		bool leaf = type == CMARK_NODE_TEXT || type == CMARK_NODE_CODE || type == CMARK_NODE_CODE_BLOCK ||
		            type == CMARK_NODE_HTML_BLOCK || type == CMARK_NODE_HTML_INLINE ||
		            type == CMARK_NODE_THEMATIC_BREAK || type == CMARK_NODE_SOFTBREAK ||
		            type == CMARK_NODE_LINEBREAK;

		if (event == CMARK_EVENT_ENTER) {
			depth += !leaf;
			fill_node(node, marks);
		} else {
			depth--;
			tidy_node(node);
		}
	}
	cmark_iter_free(iter);
	return depth <= NT_MARKDOWN_DEPTH;
}

/* ---- plain text ---- */

static void put_link(GString *out, cmark_node *node, size_t start)
{
	const char *url = cmark_node_get_url(node);

	if (strncmp(url, "mailto:", 7) == 0 || strncmp(url, "tel:", 4) == 0)
		url = strchr(url, ':') + 1;
	if (*url != '\0' && *url != '#' && strcmp(out->str + start, url) != 0)
		g_string_append_printf(out, " (%s)", url);
}

static void put_inlines(GString *out, cmark_node *parent)
{
	for (cmark_node *node = cmark_node_first_child(parent); node != NULL; node = cmark_node_next(node)) {
		const char *text = cmark_node_get_literal(node);
		size_t start = out->len;

		switch (cmark_node_get_type(node)) {
		case CMARK_NODE_TEXT:
		case CMARK_NODE_CODE: g_string_append(out, text); break;
		case CMARK_NODE_SOFTBREAK: g_string_append_c(out, ' '); break;
		case CMARK_NODE_LINEBREAK: g_string_append_c(out, '\n'); break;
		case CMARK_NODE_HTML_INLINE:
			if (g_ascii_strncasecmp(text, "<br", 3) == 0)
				g_string_append_c(out, '\n');
			break;
		case CMARK_NODE_LINK:
			put_inlines(out, node);
			put_link(out, node, start);
			break;
		default: put_inlines(out, node);
		}
	}
}

static void put_paragraph(struct nt_plain *plain, cmark_node *node)
{
	GString *text = g_string_new(NULL);

	put_inlines(text, node);
	nt_plain_paragraph(plain, text->str, text->len);
	g_string_free(text, TRUE);
}

static void put_heading(struct nt_plain *plain, cmark_node *node)
{
	int level = cmark_node_get_heading_level(node);
	GString *text = g_string_new(NULL), *line = g_string_new(NULL);

	put_inlines(text, node);
	for (size_t i = 0; i < text->len; i++)
		if (text->str[i] == '\n')
			text->str[i] = ' ';
	g_strstrip(text->str);
	g_string_truncate(text, strlen(text->str));
	nt_plain_paragraph(plain, text->str, text->len);
	for (size_t n = MIN(nt_plain_columns(text->str, text->len), (size_t)NT_PLAIN_WIDTH); n > 0; n--)
		g_string_append_c(line, level == 1 ? '=' : '-');
	if (level <= 2)
		nt_plain_lines(plain, line->str, line->len);
	g_string_free(text, TRUE);
	g_string_free(line, TRUE);
}

static void put_list(struct nt_plain *plain, cmark_node *list)
{
	bool tight = cmark_node_get_list_tight(list), ordered = cmark_node_get_list_type(list) == CMARK_ORDERED_LIST;
	int number = cmark_node_get_list_start(list);

	for (cmark_node *item = cmark_node_first_child(list); item != NULL; item = cmark_node_next(item)) {
		char marker[16] = "- ", rest[16];

		if (ordered)
			g_snprintf(marker, sizeof marker, "%d. ", number++);
		memset(rest, ' ', sizeof rest);
		rest[strlen(marker)] = '\0';
		if (!tight)
			nt_plain_gap(plain);
		nt_plain_push(plain, marker, rest);
		put_blocks(plain, item, tight);
		nt_plain_pop(plain);
	}
}

static void put_block(struct nt_plain *plain, cmark_node *node, bool tight)
{
	const char *literal = cmark_node_get_literal(node);

	switch (cmark_node_get_type(node)) {
	case CMARK_NODE_PARAGRAPH: put_paragraph(plain, node); break;
	case CMARK_NODE_HEADING: put_heading(plain, node); break;
	case CMARK_NODE_LIST: put_list(plain, node); break;
	case CMARK_NODE_THEMATIC_BREAK: nt_plain_lines(plain, "----", 4); break;
	case CMARK_NODE_HTML_BLOCK: nt_plain_html(plain, literal, strlen(literal)); break;
	case CMARK_NODE_CODE_BLOCK:
		nt_plain_push(plain, "    ", "    ");
		nt_plain_lines(plain, literal, strlen(literal));
		nt_plain_pop(plain);
		break;
	case CMARK_NODE_BLOCK_QUOTE:
		nt_plain_push(plain, "> ", "> ");
		put_blocks(plain, node, false);
		nt_plain_pop(plain);
		break;
	default: put_blocks(plain, node, tight);
	}
}

static void put_blocks(struct nt_plain *plain, cmark_node *parent, bool tight)
{
	for (cmark_node *node = cmark_node_first_child(parent); node != NULL; node = cmark_node_next(node)) {
		if (!tight && cmark_node_previous(node) != NULL)
			nt_plain_gap(plain);
		put_block(plain, node, tight);
	}
}

/* ---- the whole ---- */

bool nt_markdown_render(const char *source, size_t length, const struct nt_marks *marks, GString *html, GString *text,
                        const char **why)
{
	cmark_node *root;
	bool fits;

	if (length > NT_MARKDOWN_SIZE) {
		*why = "the Markdown is longer than 1 MiB";
		return false;
	}
	root = cmark_parse_document(source, length, CMARK_OPT_DEFAULT | CMARK_OPT_VALIDATE_UTF8);
	fits = fill_and_tidy(root, marks);
	if (!fits)
		*why = "the Markdown is nested more than 100 deep";
	if (fits && html != NULL) {
		char *rendered = cmark_render_html(root, CMARK_OPT_UNSAFE);

		g_string_append(html, rendered);
		cmark_get_default_mem_allocator()->free(rendered);
	}
	if (fits && text != NULL) {
		struct nt_plain plain = { .out = text };

		put_blocks(&plain, root, false);
	}
	cmark_node_free(root);
	return fits;
}
