#include "template/plain.h"

#include "template/escape.h"

#include <string.h>

/* Reading HTML: a stream of tags and text into a paragraph that is written at each block's edge. */
struct reader {
	struct nt_plain *plain;
	GString *paragraph;
	GString *href;       /* of the open link, or empty */
	size_t link_start;   /* in the paragraph */
	char hidden[16];     /* the element that hides what is in it, or "" */
	unsigned hidden_depth; /* of elements of that name inside it */
	char open[NT_PLAIN_LEVELS]; /* what is open, outermost first: 'l'ist, 'i'tem, 'q'uote */
	unsigned n_open;
	unsigned pre;
};

struct tag {
	char name[16]; /* lower case, cut if longer */
	bool end;
	const char *text; /* the whole of it */
	size_t length;
};

/* What an element does to the text. */
enum effect { NOTHING, BREAK, BLOCK, LIST, ITEM, QUOTE, RULE, CELL, LINK, IMAGE, HIDE, PRE };

static const struct {
	const char *name;
	enum effect effect;
} elements[] = {
	{ "a", LINK },       { "address", BLOCK }, { "article", BLOCK },  { "blockquote", QUOTE }, { "br", BREAK },
	{ "center", BLOCK }, { "dd", BREAK },      { "div", BREAK },      { "dl", BLOCK },         { "dt", BREAK },
	{ "footer", BLOCK }, { "form", BLOCK },    { "h1", BLOCK },       { "h2", BLOCK },         { "h3", BLOCK },
	{ "h4", BLOCK },     { "h5", BLOCK },      { "h6", BLOCK },       { "head", HIDE },        { "header", BLOCK },
	{ "hr", RULE },      { "img", IMAGE },     { "li", ITEM },        { "main", BLOCK },       { "ol", LIST },
	{ "p", BLOCK },      { "pre", PRE },       { "script", HIDE },    { "section", BLOCK },    { "style", HIDE },
	{ "table", BLOCK },  { "td", CELL },       { "template", HIDE },  { "th", CELL },          { "title", HIDE },
	{ "tr", BREAK },     { "ul", LIST },
};

static enum effect effect_of(const char *name)
{
	for (size_t i = 0; i < G_N_ELEMENTS(elements); i++)
		if (strcmp(elements[i].name, name) == 0)
			return elements[i].effect;
	return NOTHING;
}

static void flush(struct reader *r)
{
	if (r->pre > 0)
		nt_plain_lines(r->plain, r->paragraph->str, r->paragraph->len);
	else
		nt_plain_paragraph(r->plain, r->paragraph->str, r->paragraph->len);
	g_string_truncate(r->paragraph, 0);
	r->link_start = 0;
}

static void block(struct reader *r)
{
	flush(r);
	nt_plain_gap(r->plain);
}

static void open_block(struct reader *r, char kind)
{
	flush(r);
	if (r->n_open == NT_PLAIN_LEVELS)
		return;
	r->open[r->n_open++] = kind;
	if (kind == 'i')
		nt_plain_push(r->plain, "- ", "  ");
	else if (kind == 'q')
		nt_plain_push(r->plain, "> ", "> ");
}

/* Closes the innermost of its kind and what is open in it; nothing if a `within` stands between, or there is none. */
static void close_block(struct reader *r, char kind, char within)
{
	unsigned i = r->n_open;

	flush(r);
	while (i > 0 && r->open[i - 1] != kind && r->open[i - 1] != within)
		i--;
	if (i == 0 || r->open[i - 1] != kind)
		return;
	while (r->n_open >= i)
		if (r->open[--r->n_open] != 'l')
			nt_plain_pop(r->plain);
}

static bool in_item(const struct reader *r)
{
	return r->n_open > 0 && memchr(r->open, 'i', r->n_open) != NULL;
}

static void put_list(struct reader *r, bool end)
{
	if (end)
		close_block(r, 'l', 'l');
	flush(r);
	if (!in_item(r))
		nt_plain_gap(r->plain);
	if (!end)
		open_block(r, 'l');
}

/* An item ends where the next one begins, whether or not it says so. */
static void put_item(struct reader *r, bool end)
{
	close_block(r, 'i', 'l');
	if (!end)
		open_block(r, 'i');
}

static void put_quote(struct reader *r, bool end)
{
	block(r);
	if (end)
		close_block(r, 'q', 'q');
	else
		open_block(r, 'q');
	block(r);
}

/* White space is one space, unless in `pre`; entities are what they stand for. */
static void put_text(struct reader *r, const char *text, size_t length)
{
	GString *plain = g_string_new(NULL);

	nt_unescape_html(plain, text, length);
	for (size_t i = 0; i < plain->len; i++) {
		char c = plain->str[i];

		if (r->pre == 0 && g_ascii_isspace(c)) {
			if (r->paragraph->len > 0 && !g_ascii_isspace(r->paragraph->str[r->paragraph->len - 1]))
				g_string_append_c(r->paragraph, ' ');
		} else if (c != '\r') {
			g_string_append_c(r->paragraph, c);
		}
	}
	g_string_free(plain, TRUE);
}

/* Appends the value of an attribute, without its entities; false if the tag doesn't have it. */
static bool attribute(const struct tag *tag, const char *name, GString *out)
{
	size_t n = strlen(name), i = 1;

	while (i < tag->length && tag->text[i] != '>') {
		size_t start, end;
		char quote = 0;
		bool is;

		while (i < tag->length && !g_ascii_isspace(tag->text[i]))
			i++;
		while (i < tag->length && (g_ascii_isspace(tag->text[i]) || tag->text[i] == '/'))
			i++;
		is = tag->length - i > n && g_ascii_strncasecmp(tag->text + i, name, n) == 0 && tag->text[i + n] == '=';
		while (i < tag->length && strchr("=> \t\r\n", tag->text[i]) == NULL)
			i++;
		if (i >= tag->length || tag->text[i] != '=')
			continue;
		i++;
		if (i < tag->length && (tag->text[i] == '"' || tag->text[i] == '\''))
			quote = tag->text[i++];
		start = i;
		while (i < tag->length && (quote != 0 ? tag->text[i] != quote : strchr("> \t\r\n",
		                                                                       tag->text[i]) == NULL))
			i++;
		end = i;
		if (is) {
			nt_unescape_html(out, tag->text + start, end - start);
			return true;
		}
	}
	return false;
}

static void begin_link(struct reader *r, const struct tag *tag)
{
	g_string_truncate(r->href, 0);
	attribute(tag, "href", r->href);
	r->link_start = r->paragraph->len;
}

/* "text (url)", unless the text is the address itself. */
static void end_link(struct reader *r)
{
	const char *url = r->href->str, *text = r->paragraph->str + MIN(r->link_start, r->paragraph->len);

	if (strncmp(url, "mailto:", 7) == 0 || strncmp(url, "tel:", 4) == 0)
		url = strchr(url, ':') + 1;
	while (*text == ' ')
		text++;
	if (*url != '\0' && *url != '#' && *text == '\0')
		g_string_append(r->paragraph, url);
	else if (*url != '\0' && *url != '#' && strcmp(url, text) != 0)
		g_string_append_printf(r->paragraph, " (%s)", url);
	g_string_truncate(r->href, 0);
}

static bool hides(const struct tag *tag)
{
	GString *style = g_string_new(NULL);
	bool hidden = false;

	if (attribute(tag, "style", style)) {
		const char *display = strstr(style->str, "display");

		hidden = display != NULL && strncmp(display + 7 + strspn(display + 7, " :"), "none", 4) == 0;
	}
	g_string_free(style, TRUE);
	return hidden;
}

static bool is_void(const struct tag *tag)
{
	static const char *const names[] = { "area", "base", "br", "col", "hr", "img", "input", "link", "meta", "wbr" };

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
		if (strcmp(names[i], tag->name) == 0)
			return true;
	return tag->length > 1 && tag->text[tag->length - 2] == '/';
}

static void put_tag(struct reader *r, const struct tag *tag)
{
	enum effect effect = effect_of(tag->name);

	if (!tag->end && !is_void(tag) && (effect == HIDE || hides(tag))) {
		flush(r);
		g_strlcpy(r->hidden, tag->name, sizeof r->hidden);
		r->hidden_depth = 1;
		return;
	}
	switch (effect) {
	case BREAK: flush(r); break;
	case BLOCK: block(r); break;
	case LIST: put_list(r, tag->end); break;
	case ITEM: put_item(r, tag->end); break;
	case QUOTE: put_quote(r, tag->end); break;
	case RULE:
		block(r);
		nt_plain_lines(r->plain, "----", 4);
		nt_plain_gap(r->plain);
		break;
	case CELL: put_text(r, " ", 1); break;
	case LINK: tag->end ? end_link(r) : begin_link(r, tag); break;
	case IMAGE: attribute(tag, "alt", r->paragraph); break;
	case PRE:
		block(r);
		r->pre = !tag->end;
		break;
	case HIDE:
	case NOTHING: break;
	}
}

static void count_hidden(struct reader *r, const struct tag *tag)
{
	if (strcmp(tag->name, r->hidden) != 0 || (!tag->end && is_void(tag)))
		return;
	r->hidden_depth += tag->end ? -1u : 1u;
	if (r->hidden_depth == 0)
		r->hidden[0] = '\0';
}

/* The tag, comment or declaration at html; 0 if it is only a '<'. */
static size_t read_tag(const char *html, size_t length, struct tag *tag)
{
	size_t i = 1, n = 0;
	char quote = 0;

	*tag = (struct tag){ .text = html };
	if (length >= 4 && memcmp(html, "<!--", 4) == 0) {
		const char *end = memmem(html + 4, length - 4, "-->", 3);

		return end == NULL ? length : (size_t)(end - html) + 3;
	}
	if (i < length && html[i] == '/') {
		tag->end = true;
		i++;
	}
	if (i >= length || (!g_ascii_isalpha(html[i]) && html[i] != '!' && html[i] != '?'))
		return 0;
	for (; i < length && g_ascii_isalnum(html[i]); i++)
		if (n + 1 < sizeof tag->name)
			tag->name[n++] = g_ascii_tolower(html[i]);
	for (; i < length && (quote != 0 || html[i] != '>'); i++) {
		if (quote != 0)
			quote = html[i] == quote ? 0 : quote;
		else if (html[i] == '"' || html[i] == '\'')
			quote = html[i];
	}
	tag->length = MIN(i + 1, length);
	return tag->length;
}

void nt_plain_html(struct nt_plain *plain, const char *html, size_t length)
{
	struct reader r = { .plain = plain, .paragraph = g_string_new(NULL), .href = g_string_new(NULL) };

	for (size_t i = 0; i < length;) {
		size_t start = i, n;
		struct tag tag;

		n = html[i] == '<' ? read_tag(html + i, length - i, &tag) : 0;
		if (n > 0) {
			i += n;
			if (r.hidden[0] != '\0')
				count_hidden(&r, &tag);
			else if (tag.name[0] != '\0')
				put_tag(&r, &tag);
			continue;
		}
		for (i++; i < length && html[i] != '<';)
			i++;
		if (r.hidden[0] == '\0')
			put_text(&r, html + start, i - start);
	}
	flush(&r);
	while (r.n_open > 0)
		close_block(&r, r.open[r.n_open - 1], r.open[r.n_open - 1]);
	g_string_free(r.paragraph, TRUE);
	g_string_free(r.href, TRUE);
}
