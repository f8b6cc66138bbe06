/* What a request carries: one JSON object, an array of them, or NDJSON: one a line. Pure.
 *
 * An item that is broken by itself (a line that isn't JSON) is told of beside the others; a body that is broken as a
 * whole (one text that isn't JSON, more items than `most`) is not usable. */
#ifndef NT_HTTP_BODY_H
#define NT_HTTP_BODY_H

#include <stdbool.h>
#include <stddef.h>

struct nt_arena;
struct nt_json;

enum nt_body_form {
	NT_BODY_JSON,   /* one or an array; several objects, each on a line of its own, are seen to be lines */
	NT_BODY_LINES,  /* NDJSON, by its content type */
};

struct nt_body_item {
	const struct nt_json *json; /* NULL: broken */
	const char *wrong;          /* then: why, with its place: "line 3, column 7: …" */
	unsigned line;              /* from 1, of lines; else 0 */
};

struct nt_body {
	bool many;                  /* an array or lines */
	struct nt_body_item *items;
	unsigned n;
};

/* Why a body isn't usable, for people, and where: bytes from 0, line and column (in characters) from 1. */
struct nt_body_error {
	const char *message;
	size_t offset;
	unsigned line, column;
	bool too_many;
};

/* All in the arena. */
bool nt_body_parse(struct nt_arena *arena, const char *text, size_t length, enum nt_body_form form, unsigned most,
                   struct nt_body *out, struct nt_body_error *error);

#endif
