/* Rendering a Liquid program: variables in, text out, escaped for the part it goes into.
 *
 * Always ends: output, steps, memory and nesting are bounded. The same input gives the same bytes. Safe from any thread
 * (the program is only read). */
#ifndef NT_TEMPLATE_RENDER_H
#define NT_TEMPLATE_RENDER_H

#include "base/time.h"
#include "template/escape.h"
#include "template/parse.h"

struct nt_marks;
struct nt_zone;

#define NT_RENDER_OUTPUT ((size_t)1024 * 1024)     /* bytes written */
#define NT_RENDER_MEMORY ((size_t)32 * 1024 * 1024) /* bytes of values made on the way */
#define NT_RENDER_STEPS 1000000                    /* statements, values looked up, and 64-byte pieces worked on */
#define NT_RENDER_PROBLEMS 20                      /* kept, of those noted */

/* A variable besides the JSON object's; wins over it. */
struct nt_render_extra {
	const char *name;
	struct nt_datum value;
};

struct nt_render_input {
	enum nt_escape context;
	struct nt_marks *marks;          /* MARKDOWN: where values go instead of into the source; needed then */
	const struct nt_json *variables; /* an object, or NULL */
	const struct nt_render_extra *extras;
	unsigned n_extras;
	nt_time now;                     /* NT_NO_TIME: unknown */
	const struct nt_zone *zone;      /* NULL: UTC */
	const char *locale;              /* of the template ("de-AT"): names in dates; NULL: English */
};

enum nt_render_limit { NT_RENDER_FITS, NT_RENDER_TOO_LONG, NT_RENDER_TOO_MANY_STEPS, NT_RENDER_TOO_MUCH_MEMORY };

struct nt_render_problem {
	size_t start;         /* in the source */
	const char *filter;   /* or NULL */
	const char *message;  /* "division by zero" */
};

struct nt_render_result {
	enum nt_render_limit limit;
	struct nt_render_problem problems[NT_RENDER_PROBLEMS];
	unsigned n_problems;
};

/* Appends to `out`. False if a limit was hit (result->limit says which); what was written until then stays. */
bool nt_liquid_render(const struct nt_liquid *program, struct nt_arena *arena, const struct nt_render_input *input,
                      GString *out, struct nt_render_result *result);
const char *nt_render_limit_text(enum nt_render_limit limit); /* "the output is longer than 1 MiB" */

#endif
