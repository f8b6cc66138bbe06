#include "base/diag.h"

#include "base/arena.h"
#include "base/json.h"

#include <string.h>

#define LINE_SHOWN 240    /* bytes of a line */
#define MESSAGE_SHOWN 600

struct nt_diags {
	struct nt_arena *arena;
	GArray *items; /* struct nt_diag */
	bool sorted;
	int errors, warnings;
	unsigned accepted;
};

struct nt_diags *nt_diags_new(void)
{
	struct nt_diags *diags = g_new0(struct nt_diags, 1);

	diags->arena = nt_arena_new();
	diags->items = g_array_new(FALSE, TRUE, sizeof(struct nt_diag));
	return diags;
}

void nt_diags_free(struct nt_diags *diags)
{
	if (diags == NULL)
		return;
	g_array_free(diags->items, TRUE);
	nt_arena_free(diags->arena);
	g_free(diags);
}

struct nt_arena *nt_diags_arena(struct nt_diags *diags)
{
	return diags->arena;
}

const struct nt_source *nt_diags_source(struct nt_diags *diags, const char *path, const char *text, size_t length)
{
	struct nt_source *source = nt_arena_new0(diags->arena, struct nt_source);

	source->path = nt_arena_strdup(diags->arena, path);
	source->text = nt_arena_strndup(diags->arena, text, length);
	source->length = length;
	return source;
}

struct nt_span nt_span_of(const struct nt_source *source, size_t start, size_t length)
{
	return (struct nt_span){ .source = source, .start = start, .length = length };
}

/* UTF-8 continuation bytes take no column of their own. */
static int characters(const char *text, size_t length)
{
	int n = 0;

	for (size_t i = 0; i < length; i++)
		n += ((unsigned char)text[i] & 0xC0) != 0x80;
	return n;
}

static size_t line_start(struct nt_span span)
{
	size_t start = MIN(span.start, span.source->length);

	while (start > 0 && span.source->text[start - 1] != '\n')
		start--;
	return start;
}

void nt_span_position(struct nt_span span, int *line, int *column)
{
	size_t begin, end;

	*line = *column = 0;
	if (span.source == NULL)
		return;
	begin = line_start(span);
	end = MIN(span.start, span.source->length);
	*line = 1;
	for (const char *p = span.source->text, *stop = p + begin; (p = memchr(p, '\n', (size_t)(stop - p))) != NULL;
	     p++)
		++*line;
	*column = 1 + characters(span.source->text + begin, end - begin);
}

/* A message may quote what people wrote; a screenful of it helps nobody. */
static const char *shortened(struct nt_arena *arena, const char *message)
{
	size_t length = strlen(message), head, tail;

	if (length <= MESSAGE_SHOWN)
		return message;
	for (head = MESSAGE_SHOWN / 4; head > 0 && ((unsigned char)message[head] & 0xC0) == 0x80; head--)
		;
	for (tail = length - MESSAGE_SHOWN / 2; tail < length && ((unsigned char)message[tail] & 0xC0) == 0x80; tail++)
		;
	return nt_arena_printf(arena, "%.*s…%s", (int)head, message, message + tail);
}

__attribute__((format(printf, 5, 0)))
static void add(struct nt_diags *diags, enum nt_severity severity, enum nt_diag_code code, struct nt_span span,
                const char *format, va_list ap)
{
	struct nt_diag diag = { .severity = severity, .code = code, .span = span };

	if (nt_diags_full(diags))
		return;
	nt_span_position(span, &diag.line, &diag.column);
	diag.message = shortened(diags->arena, nt_arena_vprintf(diags->arena, format, ap));
	g_array_append_val(diags->items, diag);
	diags->sorted = false;
}

void nt_diags_error_as(struct nt_diags *diags, enum nt_diag_code code, struct nt_span span, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	add(diags, NT_ERROR, code, span, format, ap);
	va_end(ap);
	diags->errors++;
}

void nt_diags_warning(struct nt_diags *diags, enum nt_diag_code code, struct nt_span span, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	add(diags, NT_WARNING, code, span, format, ap);
	va_end(ap);
	diags->warnings++;
}

bool nt_diags_full(const struct nt_diags *diags)
{
	return diags->items->len >= NT_DIAGS_KEPT;
}

int nt_diags_errors(const struct nt_diags *diags)
{
	return diags->errors;
}

int nt_diags_warnings(const struct nt_diags *diags)
{
	return diags->warnings;
}

void nt_diags_count_accepted(struct nt_diags *diags, unsigned n)
{
	diags->accepted += n;
}

unsigned nt_diags_accepted(const struct nt_diags *diags)
{
	return diags->accepted;
}

static const char *path_of(const struct nt_diag *diag)
{
	return diag->span.source != NULL ? diag->span.source->path : NULL;
}

static const char *severity_name(const struct nt_diag *diag)
{
	return diag->severity == NT_ERROR ? "error" : "warning";
}

static void print_code(const struct nt_diag *diag, GString *out)
{
	if (diag->code != NT_CODE_NONE)
		g_string_append_printf(out, " [%s]", nt_diag_code_name(diag->code));
	g_string_append_c(out, '\n');
}

static gint compare(gconstpointer a, gconstpointer b)
{
	const struct nt_diag *x = a, *y = b;
	int order = g_strcmp0(path_of(x), path_of(y));

	if (order == 0)
		order = (x->line > y->line) - (x->line < y->line);
	if (order == 0)
		order = (x->column > y->column) - (x->column < y->column);
	return order;
}

const struct nt_diag *nt_diags_peek(struct nt_diags *diags, unsigned i)
{
	if (!diags->sorted) {
		g_array_sort(diags->items, compare); /* GLib's sort is stable */
		diags->sorted = true;
	}
	return i < diags->items->len ? &g_array_index(diags->items, struct nt_diag, i) : NULL;
}

/* As people can see it: what is no UTF-8 and what would steer a terminal becomes a mark as wide as it counts. */
static void print_text(const char *text, size_t length, GString *out)
{
	while (length > 0) {
		gunichar c = g_utf8_get_char_validated(text, (gssize)length);
		bool bad = c == (gunichar)-1 || c == (gunichar)-2;
		size_t n = bad || c == 0 ? 1 : (size_t)g_unichar_to_utf8(c, NULL);

		if (bad || (c != '\t' && (c < 0x20 || (c >= 0x7F && c < 0xA0))))
			g_string_append(out, characters(text, n) > 0 ? "\xEF\xBF\xBD" : "");
		else
			g_string_append_len(out, text, (gssize)n);
		text += n;
		length -= n;
	}
}

/* Back to where the character that holds the byte begins. */
static size_t character_start(const char *text, size_t least, size_t at)
{
	while (at > least && ((unsigned char)text[at] & 0xC0) == 0x80)
		at--;
	return at;
}

/* The marked line; of a very long one the piece around the mark. Tabs stay tabs in both lines, so that the caret stands
 * under its character. */
static void print_line(const struct nt_diag *diag, GString *out)
{
	const struct nt_source *source = diag->span.source;
	size_t begin = line_start(diag->span), end = begin, start = MIN(diag->span.start, source->length);
	bool cut_before = false, cut_after = false;
	int marks;

	while (end < source->length && source->text[end] != '\n')
		end++;
	if (end > begin && source->text[end - 1] == '\r')
		end--;
	start = MIN(start, end);
	if (end - begin > LINE_SHOWN) {
		size_t from = start - begin > LINE_SHOWN / 2
		                      ? character_start(source->text, begin, start - LINE_SHOWN / 2)
		                      : begin;
		size_t to = end - from > LINE_SHOWN ? character_start(source->text, start, from + LINE_SHOWN) : end;

		cut_before = from > begin;
		cut_after = to < end;
		begin = from;
		end = to;
	}
	g_string_append_printf(out, "%5d | %s", diag->line, cut_before ? "…" : "");
	print_text(source->text + begin, end - begin, out);
	g_string_append_printf(out, "%s\n      | %s", cut_after ? "…" : "", cut_before ? " " : "");
	for (size_t i = begin; i < start; i++)
		if (source->text[i] == '\t')
			g_string_append_c(out, '\t');
		else if (((unsigned char)source->text[i] & 0xC0) != 0x80)
			g_string_append_c(out, ' ');
	g_string_append_c(out, '^');
	marks = characters(source->text + start, MIN(diag->span.length, end - start));
	for (int i = 1; i < marks; i++)
		g_string_append_c(out, '~');
	g_string_append_c(out, '\n');
}

void nt_diags_print(struct nt_diags *diags, GString *out)
{
	const struct nt_diag *diag;

	for (unsigned i = 0; i < NT_DIAGS_SHOWN && (diag = nt_diags_peek(diags, i)) != NULL; i++) {
		if (diag->span.source != NULL)
			g_string_append_printf(out, "%s:%d:%d: ", diag->span.source->path, diag->line, diag->column);
		g_string_append_printf(out, "%s: %s", severity_name(diag), diag->message);
		print_code(diag, out);
		if (diag->span.source != NULL)
			print_line(diag, out);
	}
	if (diags->items->len > NT_DIAGS_SHOWN)
		g_string_append_printf(out, "... and %s%u more\n", nt_diags_full(diags) ? "at least " : "",
		                       diags->items->len - NT_DIAGS_SHOWN);
}

/* The first column behind the span, or behind its first line. */
static int end_column(const struct nt_diag *diag)
{
	const struct nt_source *source = diag->span.source;
	const char *start, *newline;
	size_t length;

	if (source == NULL)
		return 0;
	start = source->text + MIN(diag->span.start, source->length);
	length = MIN(diag->span.length, (size_t)(source->text + source->length - start));
	newline = memchr(start, '\n', length);
	return diag->column + characters(start, newline != NULL ? (size_t)(newline - start) : length);
}

void nt_diags_print_lines(struct nt_diags *diags, GString *out)
{
	const struct nt_diag *diag;

	for (unsigned i = 0; (diag = nt_diags_peek(diags, i)) != NULL; i++) {
		if (diag->span.source != NULL) {
			print_text(diag->span.source->path, strlen(diag->span.source->path), out);
			g_string_append_printf(out, ":%d:%d: ", diag->line, diag->column);
		}
		g_string_append_printf(out, "%s: ", severity_name(diag));
		print_text(diag->message, strlen(diag->message), out);
		print_code(diag, out);
	}
}

/* What would end a value, or the command, is written as %XX. */
static void put_escaped(const char *text, const char *special, GString *out)
{
	for (; *text != '\0'; text++)
		if (strchr(special, *text) != NULL)
			g_string_append_printf(out, "%%%02X", (unsigned char)*text);
		else
			g_string_append_c(out, *text);
}

void nt_diags_print_github(struct nt_diags *diags, GString *out)
{
	const struct nt_diag *diag;

	for (unsigned i = 0; (diag = nt_diags_peek(diags, i)) != NULL; i++) {
		const char *title = nt_diag_code_name(diag->code);

		g_string_append_printf(out, "::%s", severity_name(diag));
		if (diag->span.source != NULL) {
			g_string_append(out, " file=");
			put_escaped(diag->span.source->path, "%\r\n:,", out);
			g_string_append_printf(out, ",line=%d,col=%d,endColumn=%d", diag->line, diag->column,
			                       end_column(diag));
		}
		if (title != NULL)
			g_string_append_printf(out, "%stitle=%s", diag->span.source != NULL ? "," : " ", title);
		g_string_append(out, "::");
		put_escaped(diag->message, "%\r\n", out);
		g_string_append_c(out, '\n');
	}
}

void nt_diags_print_json(struct nt_diags *diags, GString *out)
{
	const struct nt_diag *diag;

	g_string_append_c(out, '[');
	for (unsigned i = 0; (diag = nt_diags_peek(diags, i)) != NULL; i++) {
		struct nt_json_writer w;

		g_string_append(out, i > 0 ? ",\n " : "");
		nt_json_begin(&w, out);
		nt_json_object(&w, NULL);
		nt_json_put_text(&w, "file", diag->span.source != NULL ? diag->span.source->path : "");
		nt_json_put_int(&w, "line", diag->line);
		nt_json_put_int(&w, "column", diag->column);
		nt_json_put_int(&w, "end_column", end_column(diag));
		nt_json_put_text(&w, "severity", severity_name(diag));
		nt_json_put_text(&w, "code", diag->code != NT_CODE_NONE ? nt_diag_code_name(diag->code) : "");
		nt_json_put_text(&w, "message", diag->message);
		nt_json_end_object(&w);
	}
	g_string_append(out, "]\n");
}

/* Optimal string alignment distance, three rows. */
static unsigned distance(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b);
	unsigned *rows, *two, *one, *now, result;

	if (n > 100 || m > 100)
		return 1000;
	rows = g_new0(unsigned, 3 * (m + 1));
	two = rows, one = rows + (m + 1), now = rows + 2 * (m + 1);
	for (size_t j = 0; j <= m; j++)
		one[j] = (unsigned)j;
	for (size_t i = 1; i <= n; i++) {
		unsigned *spare = two;

		now[0] = (unsigned)i;
		for (size_t j = 1; j <= m; j++) {
			unsigned best = MIN(MIN(one[j] + 1, now[j - 1] + 1), one[j - 1] + (a[i - 1] != b[j - 1]));

			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				best = MIN(best, two[j - 2] + 1);
			now[j] = best;
		}
		two = one, one = now, now = spare;
	}
	result = one[m];
	g_free(rows);
	return result;
}

const char *nt_nearest(const char *name, const char *const *candidates)
{
	unsigned limit = MAX(1u, (unsigned)strlen(name) / 3), best = limit + 1;
	const char *nearest = NULL;

	for (; *candidates != NULL; candidates++) {
		size_t length = strlen(*candidates), own = strlen(name);
		unsigned d;

		/* at least so many letters have to come or go */
		if ((length > own ? length - own : own - length) >= best)
			continue;
		d = distance(name, *candidates);
		if (d < best) {
			best = d;
			nearest = *candidates;
		}
	}
	return nearest;
}
