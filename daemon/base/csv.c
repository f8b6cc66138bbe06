#include "base/csv.h"

#include "base/arena.h"
#include "base/diag.h"
#include "base/text.h"

#include <glib.h>
#include <string.h>

struct reader {
	struct nt_arena *arena;
	const struct nt_source *source;
	struct nt_diags *diags;
	const char *p, *end;
	GPtrArray *cells;
	GArray *offsets; /* size_t */
	GString *cell;
	unsigned wrong_rows;
	bool row_is_wrong;
};

/* One fault a row; when very many rows are wrong, only their number is of use. */
static bool may_complain(struct reader *r)
{
	bool first = !r->row_is_wrong;

	r->row_is_wrong = true;
	return first && ++r->wrong_rows <= NT_DIAGS_SHOWN;
}

static struct nt_span span_from(struct reader *r, const char *start, size_t length)
{
	return nt_span_of(r->source, (size_t)(start - r->source->text), length);
}

static bool at_line_end(const struct reader *r)
{
	return r->p == r->end || *r->p == '\n' || (*r->p == '\r' && r->p + 1 < r->end && r->p[1] == '\n');
}

static void read_plain(struct reader *r)
{
	const char *start = r->p;

	while (!at_line_end(r) && *r->p != ',')
		r->p++;
	g_string_append_len(r->cell, start, r->p - start);
}

static void read_quoted(struct reader *r)
{
	const char *open = r->p++;

	for (;;) {
		const char *quote = memchr(r->p, '"', (size_t)(r->end - r->p));

		if (quote == NULL) {
			if (may_complain(r))
				nt_diags_error(r->diags, span_from(r, open, 1), "this quote is never closed");
			r->p = r->end;
			return;
		}
		g_string_append_len(r->cell, r->p, quote - r->p);
		r->p = quote + 1;
		if (r->p == r->end || *r->p != '"')
			break;
		g_string_append_c(r->cell, '"');
		r->p++;
	}
	if (!at_line_end(r) && *r->p != ',') {
		const char *start = r->p;

		read_plain(r);
		if (may_complain(r))
			nt_diags_error(r->diags, span_from(r, start, (size_t)(r->p - start)),
			               "text after a closing quote; a quote inside a quoted cell is written twice");
	}
}

static void check_text(struct reader *r, const char *start)
{
	const char *wrong;

	if (g_utf8_validate(r->cell->str, (gssize)r->cell->len, &wrong) || !may_complain(r))
		return;
	nt_diags_error(r->diags, span_from(r, start, (size_t)(r->p - start)), "%s",
	               *wrong == '\0' ? "a NUL byte" : "not UTF-8; save the file as UTF-8");
}

/* Reads one line (more, if quotes say so) into cells and offsets. */
static void read_row(struct reader *r)
{
	g_ptr_array_set_size(r->cells, 0);
	g_array_set_size(r->offsets, 0);
	r->row_is_wrong = false;
	for (;;) {
		const char *start = r->p;
		size_t offset = (size_t)(start - r->source->text);

		g_string_truncate(r->cell, 0);
		if (r->p < r->end && *r->p == '"')
			read_quoted(r);
		else
			read_plain(r);
		check_text(r, start);
		g_ptr_array_add(r->cells, nt_arena_strndup(r->arena, r->cell->str, r->cell->len));
		g_array_append_val(r->offsets, offset);
		if (r->p == r->end || *r->p != ',')
			break;
		r->p++;
	}
	if (r->p < r->end && *r->p == '\r')
		r->p++;
	if (r->p < r->end)
		r->p++;
}

static struct nt_csv_row *keep_row(struct reader *r)
{
	struct nt_csv_row *row = nt_arena_new0(r->arena, struct nt_csv_row);

	row->n = r->cells->len;
	row->cells = nt_arena_copy(r->arena, r->cells->pdata, row->n * sizeof *row->cells);
	row->offsets = nt_arena_copy(r->arena, r->offsets->data, row->n * sizeof *row->offsets);
	return row;
}

static bool skip_empty_lines(struct reader *r)
{
	while (r->p < r->end && at_line_end(r))
		r->p += *r->p == '\r' ? 2 : 1;
	return r->p < r->end;
}

static void check_header(struct reader *r, const struct nt_csv_row *header)
{
	if (header->n == 1 && strchr(header->cells[0], ';') != NULL)
		nt_diags_error(r->diags, nt_span_of(r->source, header->offsets[0], strlen(header->cells[0])),
		               "cells are separated by commas, not by semicolons");
}

static void check_length(struct reader *r, const struct nt_csv_row *header)
{
	size_t start = g_array_index(r->offsets, size_t, 0);

	if (r->cells->len != header->n && may_complain(r))
		nt_diags_error(r->diags, nt_span_of(r->source, start, (size_t)(r->p - r->source->text) - start),
		               "this row has %u %s, the header has %u", r->cells->len,
		               nt_text_plural(r->cells->len, "cell", "cells"), header->n);
}

static struct nt_csv_row *read_all(struct reader *r)
{
	struct nt_csv_row *header, *last;

	if (r->end - r->p >= 3 && memcmp(r->p, "\xEF\xBB\xBF", 3) == 0)
		r->p += 3;
	if (!skip_empty_lines(r)) {
		nt_diags_error(r->diags, nt_span_of(r->source, 0, 0), "there is no header line with the fields' names");
		return NULL;
	}
	read_row(r);
	header = last = keep_row(r);
	check_header(r, header);
	while (skip_empty_lines(r)) {
		read_row(r);
		check_length(r, header);
		if (!r->row_is_wrong)
			last = last->next = keep_row(r);
	}
	if (r->wrong_rows > NT_DIAGS_SHOWN)
		nt_diags_error(r->diags, nt_span_of(r->source, r->source->length, 0), "%u more %s wrong",
		               r->wrong_rows - NT_DIAGS_SHOWN,
		               nt_text_plural(r->wrong_rows - NT_DIAGS_SHOWN, "row is", "rows are"));
	return header;
}

struct nt_csv_row *nt_csv_parse(struct nt_arena *arena, const struct nt_source *source, struct nt_diags *diags)
{
	struct reader r = {
		.arena = arena, .source = source, .diags = diags,
		.p = source->text, .end = source->text + source->length,
		.cells = g_ptr_array_new(), .offsets = g_array_new(FALSE, FALSE, sizeof(size_t)),
		.cell = g_string_new(NULL),
	};
	struct nt_csv_row *header = read_all(&r);

	g_ptr_array_free(r.cells, TRUE);
	g_array_free(r.offsets, TRUE);
	g_string_free(r.cell, TRUE);
	return header;
}
