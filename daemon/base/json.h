/* JSON in and out, exact: a number stays its text, a duplicate key is an error, NUL in a text and bad UTF-8 are errors,
 * depth (NT_JSON_DEPTH) and size (16 MiB, a million values) are bounded. Parsing is yajl's; the tree lives in the
 * caller's arena. (RFC 8259) */
#ifndef NT_BASE_JSON_H
#define NT_BASE_JSON_H

#include "base/number.h"
#include "base/time.h"

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

struct nt_arena;

enum nt_json_type { NT_JSON_NULL, NT_JSON_BOOL, NT_JSON_NUMBER, NT_JSON_TEXT, NT_JSON_ARRAY, NT_JSON_OBJECT };

struct nt_json {
	enum nt_json_type type;
	bool boolean;
	const char *text;   /* TEXT: UTF-8, NUL-terminated; NUMBER: as written */
	size_t length;
	const char *key;    /* name within the object that holds it, else NULL */
	struct nt_json *first, *next; /* children in order; siblings */
	unsigned n;         /* children */
};

struct nt_json_error {
	size_t offset;      /* bytes into the input */
	const char *message; /* in the arena, for people: what is wrong */
};

#define NT_JSON_DEPTH 32

/* NULL and *error on failure. */
struct nt_json *nt_json_parse(struct nt_arena *arena, const char *text, size_t length, struct nt_json_error *error);
struct nt_json *nt_json_get(const struct nt_json *object, const char *key); /* NULL if absent or no object */
const char *nt_json_text(const struct nt_json *object, const char *key);    /* NULL if absent or no text */
bool nt_json_number(const struct nt_json *value, nt_number *out);

/* Writer: appends to a GString, puts the commas itself. Nesting up to NT_JSON_DEPTH. */
struct nt_json_writer {
	GString *out;
	int depth;
	bool comma[NT_JSON_DEPTH + 1];
};
void nt_json_begin(struct nt_json_writer *w, GString *out);
void nt_json_object(struct nt_json_writer *w, const char *key); /* key NULL inside arrays and at the top */
void nt_json_array(struct nt_json_writer *w, const char *key);
void nt_json_end_object(struct nt_json_writer *w);
void nt_json_end_array(struct nt_json_writer *w);
void nt_json_put_text(struct nt_json_writer *w, const char *key, const char *text); /* NULL text writes null */
void nt_json_put_int(struct nt_json_writer *w, const char *key, int64_t n);
void nt_json_put_time(struct nt_json_writer *w, const char *key, nt_time t); /* in UTC; null for NT_NO_TIME, NT_NEVER */
void nt_json_put_number(struct nt_json_writer *w, const char *key, nt_number n);
void nt_json_put_bool(struct nt_json_writer *w, const char *key, bool yes);
void nt_json_put_null(struct nt_json_writer *w, const char *key);
void nt_json_put_raw(struct nt_json_writer *w, const char *key, const char *json); /* already JSON */
void nt_json_put_json(struct nt_json_writer *w, const char *key, const struct nt_json *value);
void nt_json_quote(GString *out, const char *text, size_t length); /* "…" with escapes; invalid UTF-8 becomes U+FFFD */

#endif
