/* Words that make a message look like every other hard sell: to people, and to their spam filters. */
#ifndef NT_RULES_PHRASES_H
#define NT_RULES_PHRASES_H

#include <stdbool.h>
#include <stddef.h>

struct nt_arena;

/* A word of a text: letters and digits, with an apostrophe inside or a '%' behind. */
struct nt_word {
	size_t start, length; /* bytes */
	const char *folded;   /* in small letters */
	unsigned letters;
	bool capitals;        /* letters, and all of them large */
	bool follows;         /* nothing but blanks and hyphens between it and the word before */
};

/* The words of a text, in the arena. */
const struct nt_word *nt_phrase_words(struct nt_arena *arena, const char *text, size_t length, unsigned *n);

/* How many words from here on are a phrase of the table; 0: none. `subject`: they stand in a subject line, where more
 * counts. *better: what to do instead. */
unsigned nt_phrase_at(const struct nt_word *words, unsigned n, bool subject, const char **better);

#endif
