#include "main/test_report.h"

#include "base/json.h"

#include <string.h>

static void clear_case(void *memory)
{
	struct nt_test_case *one = memory;

	g_free(one->campaign);
	g_free(one->name);
	g_free(one->file);
	g_free(one->report);
}

static void clear_folder(void *memory)
{
	struct nt_test_folder *folder = memory;

	g_free(folder->name);
	g_free(folder->coverage);
	g_free(folder->coverage_json);
}

void nt_test_report_init(struct nt_test_report *report)
{
	report->cases = g_array_new(FALSE, FALSE, sizeof(struct nt_test_case));
	report->folders = g_array_new(FALSE, FALSE, sizeof(struct nt_test_folder));
	g_array_set_clear_func(report->cases, clear_case);
	g_array_set_clear_func(report->folders, clear_folder);
}

void nt_test_report_clear(struct nt_test_report *report)
{
	g_array_unref(report->cases);
	g_array_unref(report->folders);
}

bool nt_test_format_find(const char *name, enum nt_test_format *format)
{
	static const char *const names[] = { "text", "tap", "junit", "json" };

	for (unsigned i = 0; i < G_N_ELEMENTS(names); i++)
		if (strcmp(name, names[i]) == 0) {
			*format = (enum nt_test_format)i;
			return true;
		}
	return false;
}

void nt_test_report_indent(const char *text, const char *before, GString *out)
{
	char **lines = g_strsplit(text, "\n", -1);

	for (unsigned i = 0; lines[i] != NULL; i++)
		if (lines[i][0] != '\0')
			g_string_append_printf(out, "%s%s\n", before, lines[i]);
	g_strfreev(lines);
}

#define EVERY UINT_MAX

struct counts {
	unsigned all, passed, broken;
};

static struct counts counts_of(const struct nt_test_report *report, unsigned folder)
{
	struct counts counts = { 0 };

	for (unsigned i = 0; i < report->cases->len; i++) {
		const struct nt_test_case *one = &g_array_index(report->cases, struct nt_test_case, i);

		if (folder != EVERY && one->folder != folder)
			continue;
		counts.all++;
		counts.passed += one->passed;
		counts.broken += one->broken;
	}
	return counts;
}

/* ---- text and TAP ---- */

/* In a test's description TAP reads "#" as a directive, and what stands between has to be one line. */
static void put_tap_name(const char *name, GString *out)
{
	for (; *name != '\0'; name++) {
		if (*name == '#' || *name == '\\')
			g_string_append_c(out, '\\');
		g_string_append_c(out, (unsigned char)*name < 0x20 ? ' ' : *name);
	}
}

void nt_test_report_case(const struct nt_test_case *one, enum nt_test_format format, bool verbose, unsigned number,
                         GString *out)
{
	const char *between = one->campaign[0] != '\0' ? ": " : "";

	if (format == NT_TEST_TAP) {
		g_string_append_printf(out, "%s %u - %s%s", one->passed ? "ok" : "not ok", number, one->campaign,
		                       between);
		put_tap_name(one->name, out);
		g_string_append_c(out, '\n');
		if (!one->passed && !one->broken)
			nt_test_report_indent(one->report, "# ", out);
	} else if (format == NT_TEST_TEXT && !one->broken) {
		if (!one->passed || verbose)
			g_string_append_printf(out, "%s: %s%s%s\n", one->passed ? "passed" : "FAILED", one->campaign,
			                       between, one->name);
		if (!one->passed)
			nt_test_report_indent(one->report, "  ", out);
	}
}

static void end_text(const struct nt_test_report *report, enum nt_test_format format, GString *out)
{
	struct counts counts = counts_of(report, EVERY);
	const char *before = format == NT_TEST_TAP ? "# " : "";

	for (unsigned i = 0; i < report->cases->len; i++) {
		const struct nt_test_case *one = &g_array_index(report->cases, struct nt_test_case, i);

		if (one->broken)
			nt_test_report_indent(one->report, before, out);
	}
	for (unsigned i = 0; i < report->folders->len; i++) {
		const struct nt_test_folder *folder = &g_array_index(report->folders, struct nt_test_folder, i);

		if (folder->coverage == NULL)
			continue;
		g_string_append_printf(out, "%swhat the tests of %s reach:\n", before, folder->name);
		nt_test_report_indent(folder->coverage, before, out);
	}
	if (format == NT_TEST_TAP)
		g_string_append_printf(out, "1..%u\n", counts.all);
	g_string_append_printf(out, "%s%u passed, %u failed\n", before, counts.passed, counts.all - counts.passed);
}

/* ---- XML (JUnit's, as CI servers read it) ---- */

/* XML 1.0 has no way to write most control characters, nor U+FFFE and U+FFFF (2.2): they become U+FFFD. */
static bool is_xml(gunichar c)
{
	return c == '\t' || c == '\n' || c == '\r' || (c >= 0x20 && c <= 0xd7ff) || (c >= 0xe000 && c <= 0xfffd) ||
	       (c >= 0x10000 && c <= 0x10ffff);
}

/* In an attribute, line ends and tabs would be read as blanks: they are written as references. */
static void put_xml(const char *text, bool attribute, GString *out)
{
	char *valid = g_utf8_make_valid(text, -1);

	for (char *at = valid; *at != '\0'; at = g_utf8_next_char(at)) {
		gunichar c = g_utf8_get_char(at);

		if (c == '&')
			g_string_append(out, "&amp;");
		else if (c == '<')
			g_string_append(out, "&lt;");
		else if (c == '>')
			g_string_append(out, "&gt;");
		else if (c == '"')
			g_string_append(out, "&quot;");
		else if (c == '\r' || (attribute && c < 0x20 && is_xml(c)))
			g_string_append_printf(out, "&#%u;", c);
		else
			g_string_append_unichar(out, is_xml(c) ? c : 0xfffd);
	}
	g_free(valid);
}

static void put_attribute(const char *name, const char *value, GString *out)
{
	g_string_append_printf(out, " %s=\"", name);
	put_xml(value, true, out);
	g_string_append_c(out, '"');
}

static void put_xml_case(const struct nt_test_case *one, const char *folder, GString *out)
{
	const char *kind = one->broken ? "error" : "failure";

	g_string_append(out, "    <testcase");
	put_attribute("classname", one->campaign[0] != '\0' ? one->campaign : folder, out);
	put_attribute("name", one->name, out);
	if (one->file[0] != '\0') {
		put_attribute("file", one->file, out);
		g_string_append_printf(out, " line=\"%d\"", one->line);
	}
	if (one->passed) {
		g_string_append(out, "/>\n");
		return;
	}
	g_string_append_printf(out, ">\n      <%s", kind);
	put_attribute("message", one->broken ? "the rules are wrong" : "not what was expected", out);
	g_string_append_c(out, '>');
	put_xml(one->report, false, out);
	g_string_append_printf(out, "</%s>\n    </testcase>\n", kind);
}

static void put_counts(const struct counts *counts, GString *out)
{
	g_string_append_printf(out, " tests=\"%u\" failures=\"%u\" errors=\"%u\">\n", counts->all,
	                       counts->all - counts->passed - counts->broken, counts->broken);
}

static void end_junit(const struct nt_test_report *report, GString *out)
{
	struct counts counts = counts_of(report, EVERY);

	g_string_append(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites");
	put_counts(&counts, out);
	for (unsigned i = 0; i < report->folders->len; i++) {
		const struct nt_test_folder *folder = &g_array_index(report->folders, struct nt_test_folder, i);

		counts = counts_of(report, i);
		g_string_append(out, "  <testsuite");
		put_attribute("name", folder->name, out);
		put_counts(&counts, out);
		for (unsigned k = 0; k < report->cases->len; k++) {
			const struct nt_test_case *one = &g_array_index(report->cases, struct nt_test_case, k);

			if (one->folder == i)
				put_xml_case(one, folder->name, out);
		}
		if (folder->coverage != NULL) {
			g_string_append(out, "    <system-out>");
			put_xml(folder->coverage, false, out);
			g_string_append(out, "</system-out>\n");
		}
		g_string_append(out, "  </testsuite>\n");
	}
	g_string_append(out, "</testsuites>\n");
}

/* ---- JSON ---- */

static void end_json(const struct nt_test_report *report, GString *out)
{
	struct counts counts = counts_of(report, EVERY);
	struct nt_json_writer w;

	nt_json_begin(&w, out);
	nt_json_object(&w, NULL);
	nt_json_put_int(&w, "passed", counts.passed);
	nt_json_put_int(&w, "failed", counts.all - counts.passed);
	nt_json_array(&w, "tests");
	for (unsigned i = 0; i < report->cases->len; i++) {
		const struct nt_test_case *one = &g_array_index(report->cases, struct nt_test_case, i);

		nt_json_object(&w, NULL);
		nt_json_put_text(&w, "folder",
		                 g_array_index(report->folders, struct nt_test_folder, one->folder).name);
		if (one->campaign[0] != '\0')
			nt_json_put_text(&w, "campaign", one->campaign);
		nt_json_put_text(&w, "name", one->name);
		if (one->file[0] != '\0') {
			nt_json_put_text(&w, "file", one->file);
			nt_json_put_int(&w, "line", one->line);
		}
		nt_json_put_bool(&w, "passed", one->passed);
		if (!one->passed)
			nt_json_put_text(&w, "report", one->report);
		nt_json_end_object(&w);
	}
	nt_json_end_array(&w);
	nt_json_array(&w, "coverage");
	for (unsigned i = 0; i < report->folders->len; i++)
		if (g_array_index(report->folders, struct nt_test_folder, i).coverage_json != NULL)
			nt_json_put_raw(&w, NULL,
			                g_array_index(report->folders, struct nt_test_folder, i).coverage_json);
	nt_json_end_array(&w);
	nt_json_end_object(&w);
	g_string_append_c(out, '\n');
}

void nt_test_report_end(const struct nt_test_report *report, enum nt_test_format format, GString *out)
{
	switch (format) {
	case NT_TEST_TEXT:
	case NT_TEST_TAP:
		end_text(report, format, out);
		break;
	case NT_TEST_JUNIT:
		end_junit(report, out);
		break;
	case NT_TEST_JSON:
		end_json(report, out);
		break;
	}
}
