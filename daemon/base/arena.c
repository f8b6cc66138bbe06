#include "base/arena.h"

#include "base/bug.h"

#include <glib.h>
#include <stdalign.h>
#include <stdint.h>
#include <string.h>

#define FIRST_BLOCK 4096
#define LARGEST_BLOCK (256 * 1024)
#define ALIGN alignof(max_align_t)

struct block {
	struct block *next;
	size_t size, used; /* of data */
	alignas(max_align_t) char data[];
};

struct nt_arena {
	struct block *current; /* newest first; the last in the list is the first block */
	size_t held;
};

static struct block *block_new(struct nt_arena *arena, size_t size)
{
	struct block *block = g_malloc(sizeof *block + size);

	block->next = arena->current;
	block->size = size;
	block->used = 0;
	arena->current = block;
	arena->held += size;
	return block;
}

struct nt_arena *nt_arena_new(void)
{
	struct nt_arena *arena = g_new0(struct nt_arena, 1);

	block_new(arena, FIRST_BLOCK);
	return arena;
}

static void free_blocks_but_first(struct nt_arena *arena)
{
	while (arena->current->next != NULL) {
		struct block *block = arena->current;

		arena->current = block->next;
		arena->held -= block->size;
		g_free(block);
	}
}

void nt_arena_reset(struct nt_arena *arena)
{
	free_blocks_but_first(arena);
	arena->current->used = 0;
}

void nt_arena_free(struct nt_arena *arena)
{
	if (arena == NULL)
		return;
	free_blocks_but_first(arena);
	g_free(arena->current);
	g_free(arena);
}

size_t nt_arena_size(const struct nt_arena *arena)
{
	return arena->held;
}

/* As the last user left it. */
static void *take(struct nt_arena *arena, size_t size)
{
	struct block *block = arena->current;
	void *memory;

	NT_CHECK(size < SIZE_MAX / 2);
	size = (size + ALIGN - 1) & ~(ALIGN - 1);
	if (block->size - block->used < size) {
		size_t next = MIN(block->size * 2, (size_t)LARGEST_BLOCK);

		block = block_new(arena, MAX(next, size));
	}
	memory = block->data + block->used;
	block->used += size;
	return memory;
}

void *nt_arena_alloc(struct nt_arena *arena, size_t size)
{
	return memset(take(arena, size), 0, size);
}

void *nt_arena_copy(struct nt_arena *arena, const void *data, size_t size)
{
	void *memory = take(arena, size);

	if (size > 0)
		memcpy(memory, data, size);
	return memory;
}

char *nt_arena_strndup(struct nt_arena *arena, const char *text, size_t length)
{
	char *copy = take(arena, length + 1);

	memcpy(copy, text, length);
	copy[length] = '\0';
	return copy;
}

char *nt_arena_strdup(struct nt_arena *arena, const char *text)
{
	return text == NULL ? NULL : nt_arena_strndup(arena, text, strlen(text));
}

char *nt_arena_join(struct nt_arena *arena, const char *first, ...)
{
	size_t length = strlen(first);
	const char *text;
	char *all, *end;
	va_list ap;

	va_start(ap, first);
	while ((text = va_arg(ap, const char *)) != NULL)
		length += strlen(text);
	va_end(ap);
	all = take(arena, length + 1);
	length = strlen(first);
	memcpy(all, first, length);
	end = all + length;
	va_start(ap, first);
	while ((text = va_arg(ap, const char *)) != NULL) {
		length = strlen(text);
		memcpy(end, text, length);
		end += length;
	}
	va_end(ap);
	*end = '\0';
	return all;
}

char *nt_arena_vprintf(struct nt_arena *arena, const char *format, va_list ap)
{
	char *text = g_strdup_vprintf(format, ap);
	char *copy = nt_arena_strdup(arena, text);

	g_free(text);
	return copy;
}

char *nt_arena_printf(struct nt_arena *arena, const char *format, ...)
{
	va_list ap;
	char *text;

	va_start(ap, format);
	text = nt_arena_vprintf(arena, format, ap);
	va_end(ap);
	return text;
}
