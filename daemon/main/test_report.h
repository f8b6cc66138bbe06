/* What `nurturectl test` prints of its results: as text, TAP, JUnit's XML, JSON. */
#ifndef NT_MAIN_TEST_REPORT_H
#define NT_MAIN_TEST_REPORT_H

#include <glib.h>
#include <stdbool.h>

enum nt_test_format { NT_TEST_TEXT, NT_TEST_TAP, NT_TEST_JUNIT, NT_TEST_JSON };

struct nt_test_case {
	unsigned folder;        /* which of the report's */
	char *campaign, *name;  /* campaign: "" for a test of the whole rule set */
	char *file;                     /* "" unknown */
	int line;
	bool passed, broken;            /* broken: there was no test, the rules are wrong */
	char *report;                   /* unless it passed */
};

struct nt_test_folder {
	char *name, *coverage, *coverage_json; /* the last two: NULL if nobody asked */
};

struct nt_test_report {
	GArray *cases;   /* struct nt_test_case, in order */
	GArray *folders; /* struct nt_test_folder */
};

void nt_test_report_init(struct nt_test_report *report);
void nt_test_report_clear(struct nt_test_report *report);

/* By name; false: there is no such format. */
bool nt_test_format_find(const char *name, enum nt_test_format *format);
/* Text and TAP are printed as they come; verbose: those that pass, too. `number` counts from 1. */
void nt_test_report_case(const struct nt_test_case *one, enum nt_test_format format, bool verbose, unsigned number,
                         GString *out);
/* What comes after the cases; of XML and JSON everything. */
void nt_test_report_end(const struct nt_test_report *report, enum nt_test_format format, GString *out);
/* Each line after `before`; empty ones are left out. */
void nt_test_report_indent(const char *text, const char *before, GString *out);

#endif
