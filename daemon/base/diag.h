/* Messages for people about text they wrote: where, what, and the name that would have been right.
 *
 *     rules/trial.yaml:14:7: error: unknown step 'emial' (did you mean 'email'?) [unknown-name]
 *        14 |     - emial: welcome
 *           |       ^~~~~
 *
 * A struct nt_diags collects; nothing in the core prints. Order of printing: path, line, column, then order added. */
#ifndef NT_BASE_DIAG_H
#define NT_BASE_DIAG_H

#include "base/diag_code.h"

#include <glib.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct nt_arena;

/* A text that spans point into. Owned by whoever loaded it; must outlive the diagnostics (use the diags' arena). */
struct nt_source {
	const char *path; /* as people know it, e.g. "rules/trial.yaml" */
	const char *text; /* whole file, need not end in NUL */
	size_t length;
};

/* A piece of one line (or of several: then the first line is marked to its end). Byte offsets; columns are derived
 * in characters, counted from 1. source == NULL means "no place known". */
struct nt_span {
	const struct nt_source *source;
	size_t start, length; /* bytes */
};

enum nt_severity { NT_ERROR, NT_WARNING };

struct nt_diag {
	enum nt_severity severity;
	enum nt_diag_code code; /* NONE: it has no name */
	struct nt_span span;
	int line, column; /* from 1; 0 without a place */
	const char *message;
};

#define NT_DIAGS_SHOWN 100
#define NT_DIAGS_KEPT 1000 /* the rest is only counted: no text can make work without end */

struct nt_diags;

struct nt_diags *nt_diags_new(void);
void nt_diags_free(struct nt_diags *diags);
struct nt_arena *nt_diags_arena(struct nt_diags *diags); /* lives as long as the diags; for sources and texts */
/* Copies path and text into the diags' arena. */
const struct nt_source *nt_diags_source(struct nt_diags *diags, const char *path, const char *text, size_t length);

void nt_diags_error_as(struct nt_diags *diags, enum nt_diag_code code, struct nt_span span, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
void nt_diags_warning(struct nt_diags *diags, enum nt_diag_code code, struct nt_span span, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* An error by the name that most of a file's errors have: it defines NT_DIAG_CODE before it includes anything. */
#define nt_diags_error(diags, span, ...) nt_diags_error_as(diags, NT_DIAG_CODE, span, __VA_ARGS__)
#ifndef NT_DIAG_CODE
#define NT_DIAG_CODE NT_CODE_NONE
#endif

/* No more are kept: who adds another may spare himself the search for words. */
bool nt_diags_full(const struct nt_diags *diags);
int nt_diags_errors(const struct nt_diags *diags);
int nt_diags_warnings(const struct nt_diags *diags);
/* The i-th in printing order; NULL past the end. The pointer holds until the next message is added. */
const struct nt_diag *nt_diags_peek(struct nt_diags *diags, unsigned i);

/* Warnings that somebody meant (rules/accept.h) aren't kept; how many there were. */
void nt_diags_count_accepted(struct nt_diags *diags, unsigned n);
unsigned nt_diags_accepted(const struct nt_diags *diags);

/* As shown above, at most NT_DIAGS_SHOWN, then a line saying how many more. Of very long lines and messages a piece is
 * shown; control characters and bytes that are no UTF-8 appear as U+FFFD. */
void nt_diags_print(struct nt_diags *diags, GString *out);
/* All of them, one a line, as compilers do:
 * "rules/trial.yaml:14:7: error: unknown step 'emial' [unknown-name]". */
void nt_diags_print_lines(struct nt_diags *diags, GString *out);
/* All of them as workflow commands:
 * "::error file=rules/trial.yaml,line=14,col=7,endColumn=12,title=unknown-name::unknown step …". */
void nt_diags_print_github(struct nt_diags *diags, GString *out);
/* A JSON array of {file,line,column,end_column,severity,code,message}; all of them. Columns count characters, the end
 * is the first behind the span; without a place file is "" and the numbers are 0, without a name is code "". */
void nt_diags_print_json(struct nt_diags *diags, GString *out);

struct nt_span nt_span_of(const struct nt_source *source, size_t start, size_t length);
#define NT_NOWHERE ((struct nt_span){ 0 })
/* Line and column, both from 1; column in characters. */
void nt_span_position(struct nt_span span, int *line, int *column);

/* The candidate nearest to `name` by edit distance (transposition counts one), or NULL if none is near enough to be
 * a likely slip (at most a third of the length, at least 1). `candidates` is a NULL-terminated array. */
const char *nt_nearest(const char *name, const char *const *candidates);

#endif
