/* CSV with a header line (RFC 4180), for leads. UTF-8; a BOM, CR LF or LF, quoted fields with line breaks are fine. */
#ifndef NT_BASE_CSV_H
#define NT_BASE_CSV_H

#include <stdbool.h>
#include <stddef.h>

struct nt_arena;
struct nt_diags;
struct nt_source;

struct nt_csv_row {
	const char **cells; /* n of them, NUL-terminated, in the arena */
	size_t *offsets;    /* where each cell begins in the source: for spans */
	unsigned n;
	struct nt_csv_row *next;
};

/* The first row is the header. Empty lines are skipped. Rows whose number of cells differs from the header's, or that
 * aren't well-formed, are reported (one fault each, at most NT_DIAGS_SHOWN, then their number) and left out. NULL only
 * if there is no header. */
struct nt_csv_row *nt_csv_parse(struct nt_arena *arena, const struct nt_source *source, struct nt_diags *diags);

#endif
