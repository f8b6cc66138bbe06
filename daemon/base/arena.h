/* Memory that is given back all at once: one arena per compile, per step, per request.
 *
 * What an arena hands out lives until the arena is freed or reset. Memory is zeroed and aligned for any type.
 * Running out of memory aborts (callers bound their input sizes first). Not thread-safe: one owner. */
#ifndef NT_BASE_ARENA_H
#define NT_BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

struct nt_arena;

struct nt_arena *nt_arena_new(void);
void nt_arena_free(struct nt_arena *arena); /* NULL is fine */
void nt_arena_reset(struct nt_arena *arena); /* gives back everything, keeps the first block */
size_t nt_arena_size(const struct nt_arena *arena); /* bytes held, for limits and metrics */

void *nt_arena_alloc(struct nt_arena *arena, size_t size);
void *nt_arena_copy(struct nt_arena *arena, const void *data, size_t size);
char *nt_arena_strdup(struct nt_arena *arena, const char *text); /* NULL gives NULL */
char *nt_arena_strndup(struct nt_arena *arena, const char *text, size_t length);
/* Texts one after the other, up to a NULL. */
char *nt_arena_join(struct nt_arena *arena, const char *first, ...) __attribute__((sentinel));
char *nt_arena_printf(struct nt_arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
char *nt_arena_vprintf(struct nt_arena *arena, const char *format, va_list ap) __attribute__((format(printf, 2, 0)));

#define nt_arena_new0(arena, type) ((type *)nt_arena_alloc((arena), sizeof(type)))
#define nt_arena_array(arena, type, n) ((type *)nt_arena_alloc((arena), sizeof(type) * (size_t)(n)))

#endif
