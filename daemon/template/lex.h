/* Liquid's two levels of tokens.
 *
 * Chunks cut a template into text, {{ output }} and {% tag %}; whitespace control ({{- -}}, {%- -%}), raw, comment and
 * doc blocks are dealt with here, and {% liquid %} becomes one tag chunk a line. Lexemes cut the inside of an output or
 * a tag into names, literals and signs. Offsets are bytes into the source. */
#ifndef NT_TEMPLATE_LEX_H
#define NT_TEMPLATE_LEX_H

#include "base/diag.h"

#include <stdbool.h>
#include <stddef.h>

struct nt_arena;

enum nt_chunk_kind { NT_CHUNK_TEXT, NT_CHUNK_OUTPUT, NT_CHUNK_TAG };

struct nt_chunk {
	enum nt_chunk_kind kind;
	size_t start, length; /* TEXT: what is written; OUTPUT, TAG: the inside, without its brackets */
	size_t name;          /* TAG: length of its name, which stands at start */
	struct nt_chunk *next;
};

/* The list of chunks of source[start..start+length), in the arena; what can't be understood is reported and left out.
 * */
struct nt_chunk *nt_chunks(struct nt_arena *arena, const struct nt_source *source, size_t start, size_t length,
                           struct nt_diags *diags);

enum nt_lexeme_kind {
	NT_LEX_END,
	NT_LEX_NAME,
	NT_LEX_NUMBER,
	NT_LEX_TEXT,    /* with its quotes */
	NT_LEX_DOT,
	NT_LEX_RANGE,   /* .. */
	NT_LEX_OPEN,    /* [ */
	NT_LEX_CLOSE,   /* ] */
	NT_LEX_LEFT,    /* ( */
	NT_LEX_RIGHT,   /* ) */
	NT_LEX_PIPE,
	NT_LEX_COLON,
	NT_LEX_COMMA,
	NT_LEX_ASSIGN,  /* = */
	NT_LEX_EQ,
	NT_LEX_NE,
	NT_LEX_LT,
	NT_LEX_LE,
	NT_LEX_GT,
	NT_LEX_GE,
	NT_LEX_WRONG,   /* a character that means nothing here, or a text without its closing quote */
};

struct nt_lexeme {
	enum nt_lexeme_kind kind;
	size_t start, length;
};

struct nt_lex {
	const struct nt_source *source;
	size_t at, end;
	struct nt_lexeme ahead; /* the next one */
};

void nt_lex_begin(struct nt_lex *lex, const struct nt_source *source, size_t start, size_t length);
struct nt_lexeme nt_lex_take(struct nt_lex *lex); /* gives `ahead` and moves on; stays at END */
bool nt_lexeme_is(const struct nt_lex *lex, struct nt_lexeme lexeme, const char *word);

#endif
