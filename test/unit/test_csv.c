#include "unit.h"

#include "base/arena.h"
#include "base/csv.h"
#include "base/diag.h"

#include <string.h>

struct fixture {
	struct nt_diags *diags;
	const struct nt_source *source;
	struct nt_csv_row *rows;
};

static struct fixture read_bytes(const char *text, size_t length)
{
	struct fixture f = { .diags = nt_diags_new() };

	f.source = nt_diags_source(f.diags, "leads.csv", text, length);
	f.rows = nt_csv_parse(nt_diags_arena(f.diags), f.source, f.diags);
	return f;
}

static struct fixture read_text(const char *text)
{
	return read_bytes(text, strlen(text));
}

/* Rows by line, cells between bars; holds until the next call. */
static const char *flat(const struct fixture *f)
{
	static char text[512];
	GString *out = g_string_new(NULL);

	for (const struct nt_csv_row *row = f->rows; row != NULL; row = row->next) {
		for (unsigned i = 0; i < row->n; i++)
			g_string_append_printf(out, "%s%s", i > 0 ? "|" : "", row->cells[i]);
		g_string_append_c(out, ';');
	}
	g_strlcpy(text, out->str, sizeof text);
	g_string_free(out, TRUE);
	return text;
}

static void assert_rows(const char *text, const char *expected)
{
	struct fixture f = read_text(text);

	assert_string_equal(flat(&f), expected);
	assert_int_equal(nt_diags_errors(f.diags), 0);
	nt_diags_free(f.diags);
}

static void assert_error(const char *text, const char *rows, int line, int column, const char *message)
{
	struct fixture f = read_text(text);
	const struct nt_diag *diag = nt_diags_peek(f.diags, 0);

	assert_string_equal(flat(&f), rows);
	assert_int_equal(nt_diags_errors(f.diags), 1);
	assert_int_equal(diag->line, line);
	assert_int_equal(diag->column, column);
	if (strstr(diag->message, message) == NULL)
		fail_msg("%s", diag->message);
	nt_diags_free(f.diags);
}

static void rows_and_cells(void **state)
{
	(void)state;
	assert_rows("id,email\nann,ann@example.org\nbob,\n", "id|email;ann|ann@example.org;bob|;");
	assert_rows("id,email\r\nann,a\r\nbob,b", "id|email;ann|a;bob|b;");
	assert_rows("id\nann\n\n\r\nbob\n\n", "id;ann;bob;");
	assert_rows("\xEF\xBB\xBFid,name\n1,J\xC3\xBCrgen\n", "id|name;1|J\xC3\xBCrgen;");
	assert_rows("a,b,c\n,,\n , x ,\n", "a|b|c;||; | x |;");
	assert_rows("id\n", "id;");
}

static void quoted_cells(void **state)
{
	(void)state;
	assert_rows("\"id\",\"full name\"\n1,\"Berg, Anna\"\n", "id|full name;1|Berg, Anna;");
	assert_rows("id,note\n1,\"two\r\nlines\"\n2,\"a \"\"b\"\" c\"\n", "id|note;1|two\r\nlines;2|a \"b\" c;");
	assert_rows("id,note\n1,\"\"\n2,\"\"\"\"", "id|note;1|;2|\";");
	assert_rows("id,size\n1,5\" disk\n", "id|size;1|5\" disk;");
}

static void cells_know_their_place(void **state)
{
	struct fixture f = read_text("\xEF\xBB\xBFid,note\n1,\"x\ny\"\n2,z\n");
	const struct nt_csv_row *last = f.rows->next->next;
	int line, column;

	(void)state;
	assert_int_equal(f.rows->offsets[0], 3);
	nt_span_position(nt_span_of(f.source, last->offsets[1], 1), &line, &column);
	assert_int_equal(line, 4);
	assert_int_equal(column, 3);
	nt_diags_free(f.diags);
}

static void wrong_rows_are_reported_and_left_out(void **state)
{
	(void)state;
	assert_error("id,email\n1\n2,b\n", "id|email;2|b;", 2, 1, "this row has 1 cell, the header has 2");
	assert_error("id,email\n1,a,x\n2,b\n", "id|email;2|b;", 2, 1, "this row has 3 cells, the header has 2");
	assert_error("id,email\n1,\"a\" x\n2,b\n", "id|email;2|b;", 2, 6, "after a closing quote");
	assert_error("id,email\n1,a\n2,\"b\n3,c\n", "id|email;1|a;", 3, 3, "never closed");
	assert_error("id,name\n1,J\xFCrgen\n2,b\n", "id|name;2|b;", 2, 3, "UTF-8");
	assert_error("id;email\n", "id;email;", 1, 1, "not by semicolons");
	assert_error("", "", 1, 1, "no header line");
	assert_error("\n\n", "", 1, 1, "no header line");
}

static void a_nul_byte_is_refused(void **state)
{
	struct fixture f = read_bytes("id\na\0b\nc\n", 9);

	(void)state;
	assert_string_equal(flat(&f), "id;c;");
	assert_int_equal(nt_diags_errors(f.diags), 1);
	assert_string_equal(nt_diags_peek(f.diags, 0)->message, "a NUL byte");
	nt_diags_free(f.diags);
}

static void very_many_wrong_rows_are_counted(void **state)
{
	GString *text = g_string_new("id,email\n");
	struct fixture f;

	(void)state;
	for (int i = 0; i < 5000; i++)
		g_string_append(text, "only one\n");
	f = read_text(text->str);
	assert_int_equal(nt_diags_errors(f.diags), NT_DIAGS_SHOWN + 1);
	assert_string_equal(nt_diags_peek(f.diags, NT_DIAGS_SHOWN)->message, "4900 more rows are wrong");
	nt_diags_free(f.diags);
	g_string_free(text, TRUE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_and_cells),
		cmocka_unit_test(quoted_cells),
		cmocka_unit_test(cells_know_their_place),
		cmocka_unit_test(wrong_rows_are_reported_and_left_out),
		cmocka_unit_test(a_nul_byte_is_refused),
		cmocka_unit_test(very_many_wrong_rows_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
