/* A request's target taken apart: "/v1/leads/ann%40example.org/timeline?limit=20" (RFC 9112, 3.2.1; RFC 3986).
 *
 * Pure. Strict where two readers could differ: a bad escape, an encoded NUL, what isn't UTF-8 once decoded, a fragment,
 * or a segment that climbs ("..") is refused, so that what a proxy in front let through is what is served. */
#ifndef NT_HTTP_PATH_H
#define NT_HTTP_PATH_H

#include <stdbool.h>
#include <stddef.h>

struct nt_arena;

#define NT_PATH_LONGEST 4096
#define NT_PATH_SEGMENTS 8
#define NT_PATH_PARAMETERS 48

struct nt_parameter {
	const char *name, *value; /* decoded; value "" without "=" */
};

struct nt_path {
	bool any; /* "*" of OPTIONS */
	const char *segments[NT_PATH_SEGMENTS]; /* decoded; "/" has none; one slash at the end is no segment */
	unsigned n_segments;
	struct nt_parameter parameters[NT_PATH_PARAMETERS];
	unsigned n_parameters;
};

/* False: *why is a static text. Texts live in the arena. */
bool nt_path_parse(struct nt_arena *arena, const char *target, struct nt_path *out, const char **why);
/* The first of that name; NULL: none. */
const char *nt_path_parameter(const struct nt_path *path, const char *name);
/* application/x-www-form-urlencoded of a body, into path->parameters (instead of what is there). */
bool nt_path_parse_form(struct nt_arena *arena, const char *form, size_t length, struct nt_path *out, const char **why);
/* "?limit=20": a whole number within least..most; `fallback` if it isn't given. False: it is something else. */
bool nt_path_number(const struct nt_path *path, const char *name, long long least, long long most, long long fallback,
                    long long *out);

#endif
