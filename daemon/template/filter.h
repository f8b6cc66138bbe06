/* Liquid's filters: one table.
 *
 * A filter never fails a render: what it can't work with makes it note a problem and give nil. Its cost is charged by
 * the renderer from the sizes of its input and result. */
#ifndef NT_TEMPLATE_FILTER_H
#define NT_TEMPLATE_FILTER_H

#include "base/time.h"
#include "template/escape.h"
#include "template/datum.h"

struct nt_zone;

#define NT_FILTER_TEXT ((size_t)1024 * 1024) /* longest text that a filter may make */
#define NT_FILTER_ITEMS 50000                /* longest list */

struct nt_filter_call {
	struct nt_arena *arena;
	struct nt_datum input;
	const struct nt_datum *args; /* by position; nil beyond n */
	unsigned n;
	struct nt_datum keyword;     /* the named argument, nil without */
	enum nt_escape context;      /* of the part that is being written */
	nt_time now;
	const struct nt_zone *zone;
	const char *locale;          /* of the template: names of months and days */
	const char *problem;         /* static text, set by the filter */
	bool too_big;                /* set: a limit above was hit */
};

/* What a filter does with text that is already escaped (nt_prepared). */
enum nt_filter_escaping {
	NT_FILTER_PLAIN, /* gets plain text (the renderer takes the escaping off), gives plain text
	                  * or text that it has prepared */
	NT_FILTER_KEEPS, /* may get escaped text and then gives escaped text; its text arguments come escaped too */
	NT_FILTER_SETS,  /* sees to it itself */
};

struct nt_filter {
	const char *name;
	unsigned least, most; /* arguments by position */
	const char *keyword;  /* the one named argument, or NULL */
	enum nt_filter_escaping escaping;
	struct nt_datum (*apply)(struct nt_filter_call *call);
};

const struct nt_filter *nt_filter_lookup(const char *name, size_t length);
const char **nt_filter_names(void); /* NULL-terminated; g_free the array */

/* ---- for the files that hold the filters ---- */

struct nt_datum nt_filter_arg(const struct nt_filter_call *call, unsigned i);  /* nil if absent */
struct nt_datum nt_filter_text(struct nt_filter_call *call, struct nt_datum value); /* as nt_datum_as_text */
/* Frees `out`; its text in the arena. Notes too_big and gives nil if it has grown too long. */
struct nt_datum nt_filter_take(struct nt_filter_call *call, GString *out);
struct nt_datum nt_filter_problem(struct nt_filter_call *call, const char *problem); /* gives nil */
/* A number for arithmetic: 0 for what is none. */
nt_number nt_filter_number(struct nt_datum value, bool *fraction);
/* A whole number as an argument; false if it is none. Clamped to ±1,000,000,000. */
bool nt_filter_int(struct nt_datum value, int *out);

#define NT_FILTER(name) struct nt_datum nt_filter_##name(struct nt_filter_call *call)
NT_FILTER(append); NT_FILTER(base64_decode); NT_FILTER(base64_encode); NT_FILTER(base64_url_decode);
NT_FILTER(base64_url_encode); NT_FILTER(capitalize); NT_FILTER(downcase); NT_FILTER(escape); NT_FILTER(escape_once);
NT_FILTER(lstrip); NT_FILTER(newline_to_br); NT_FILTER(prepend); NT_FILTER(raw); NT_FILTER(remove);
NT_FILTER(remove_first); NT_FILTER(remove_last); NT_FILTER(replace); NT_FILTER(replace_first); NT_FILTER(replace_last);
NT_FILTER(rstrip); NT_FILTER(split); NT_FILTER(squish); NT_FILTER(strip); NT_FILTER(strip_html);
NT_FILTER(strip_newlines); NT_FILTER(truncate); NT_FILTER(truncatewords); NT_FILTER(upcase); NT_FILTER(url_decode);
NT_FILTER(url_encode);

NT_FILTER(abs); NT_FILTER(at_least); NT_FILTER(at_most); NT_FILTER(ceil); NT_FILTER(divided_by); NT_FILTER(floor);
NT_FILTER(minus); NT_FILTER(modulo); NT_FILTER(plus); NT_FILTER(round); NT_FILTER(times);

NT_FILTER(compact); NT_FILTER(concat); NT_FILTER(find); NT_FILTER(find_index); NT_FILTER(first); NT_FILTER(has);
NT_FILTER(join); NT_FILTER(last); NT_FILTER(map); NT_FILTER(reject); NT_FILTER(reverse); NT_FILTER(size);
NT_FILTER(slice); NT_FILTER(sort); NT_FILTER(sort_natural); NT_FILTER(sum); NT_FILTER(uniq); NT_FILTER(where);

NT_FILTER(date); NT_FILTER(default); NT_FILTER(json);
#undef NT_FILTER

#endif
