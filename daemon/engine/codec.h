/* The lead's state as bytes: versioned, by name, independent of the program's slots. */
#ifndef NT_ENGINE_CODEC_H
#define NT_ENGINE_CODEC_H

#include <glib.h>
#include <stddef.h>

struct nt_arena;
struct nt_lead;
struct nt_program;

/* 2: the keys of campaigns with `per`. 3: schedules that runs are in; rounds of dates and broadcasts. Older ones are
 * read. */
#define NT_STATE_VERSION 3

void nt_lead_encode(const struct nt_lead *lead, GString *out);
/* Bound to `program`; what it doesn't declare goes to the extra lists; runs of campaigns or steps that it doesn't have
 * are resolved by nt_lead_migrate(), which needs the program that wrote the blob (nt_lead_program_hash). NULL and *why
 * if the bytes are damaged or of a newer version. */
struct nt_lead *nt_lead_decode(struct nt_arena *arena, const struct nt_program *program, const char *id,
                               const void *bytes, size_t length, const char **why);
/* The hash of the program that wrote it, without decoding the rest; NULL if damaged. Points into bytes (64 chars, not
 * terminated). */
const char *nt_lead_program_hash(const void *bytes, size_t length);

#endif
