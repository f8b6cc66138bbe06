/* Shared by the two readers of JSON. Nobody else includes this, but a test that holds them against each other. */
#ifndef NT_BASE_JSON_PRIVATE_H
#define NT_BASE_JSON_PRIVATE_H

#include "base/json.h"

#define NT_JSON_MOST_BYTES (16u << 20)
#define NT_JSON_MOST_VALUES 1000000u /* a value takes some forty times the room of the shortest that can be written */

/* Reads what nearly all JSON is: well-formed, without escapes, objects of few names. NULL: not that, or wrong; then the
 * other reader has to look at it, and to say what is wrong. What it reads, the other would read the same. */
struct nt_json *nt_json_parse_plain(struct nt_arena *arena, const char *text, size_t length);
/* Reads all JSON, and says what is wrong with what isn't. */
struct nt_json *nt_json_parse_any(struct nt_arena *arena, const char *text, size_t length, struct nt_json_error *error);

#endif
