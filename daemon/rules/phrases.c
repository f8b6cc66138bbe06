#include "rules/phrases.h"

#include "base/arena.h"

#include <glib.h>
#include <string.h>

static const char hurry[] = "say until when it holds, and why";
static const char free_of_charge[] = "say what it costs, and what it doesn't";
static const char praise[] = "say what it does for the reader";
static const char leads[] = "say where the link leads";
static const char price[] = "say the price";
static const char doubt[] = "nobody believes it: leave it out";

/* In small letters, words with one blank between them, in order of the alphabet (bytes); S: counts in subjects only. */
#define S true
#define A false
static const struct phrase {
	const char *words;
	bool subject_only;
	const char *better;
} phrases[] = {
	{ "100 % free", A, free_of_charge }, { "100 % gratis", A, free_of_charge },
	{ "100 % kostenlos", A, free_of_charge }, { "100% free", A, free_of_charge },
	{ "100% gratis", A, free_of_charge }, { "100% kostenlos", A, free_of_charge },
	{ "absolut kostenlos", A, free_of_charge }, { "absolutely free", A, free_of_charge },
	{ "act fast", A, hurry }, { "act immediately", A, hurry }, { "act now", A, hurry },
	{ "amazing offer", A, praise }, { "bargain", S, price }, { "beeilen sie sich", A, hurry },
	{ "best price", A, price }, { "bester preis", A, price }, { "billig", S, price }, { "buy now", A, hurry },
	{ "call now", A, hurry }, { "cash bonus", A, doubt }, { "cheap", S, price }, { "click below", A, leads },
	{ "click here", A, leads }, { "dear friend", A, doubt }, { "don't miss", A, hurry },
	{ "double your", A, doubt }, { "dringend", S, hurry }, { "earn money", A, doubt },
	{ "einmalige chance", A, hurry }, { "einmalige gelegenheit", A, hurry }, { "exclusive deal", A, praise },
	{ "exklusives angebot", A, praise }, { "extra cash", A, doubt }, { "final notice", A, hurry },
	{ "for a limited time", A, hurry }, { "free gift", A, free_of_charge }, { "garantiert", S, praise },
	{ "geld verdienen", A, doubt }, { "get rich", A, doubt }, { "gratis geschenk", A, free_of_charge },
	{ "guaranteed", S, praise }, { "hier klicken", A, leads }, { "huge discount", A, price },
	{ "hurry", S, hurry }, { "hurry up", A, hurry }, { "incredible offer", A, praise }, { "jetzt bestellen", S,
		hurry },
	{ "jetzt kaufen", A, hurry }, { "jetzt oder nie", A, hurry }, { "jetzt zugreifen", A, hurry },
	{ "jetzt zuschlagen", A, hurry }, { "kein spam", A, doubt },
	{ "keine versteckten kosten", A, free_of_charge }, { "klick hier", A, leads }, { "klicke hier", A, leads },
	{ "klicken sie hier", A, leads }, { "kostenloses geschenk", A, free_of_charge }, { "last chance", A, hurry },
	{ "letzte chance", A, hurry }, { "letzte gelegenheit", A, hurry }, { "limited time", A, hurry },
	{ "lowest price", A, price }, { "lowest prices", A, price }, { "make money", A, doubt },
	{ "nicht verpassen", A, hurry }, { "niedrigster preis", A, price }, { "no catch", A, free_of_charge },
	{ "no hidden costs", A, free_of_charge }, { "no strings attached", A, free_of_charge },
	{ "now or never", A, hurry }, { "nur für kurze zeit", A, hurry }, { "nur heute", A, hurry },
	{ "nur noch heute", A, hurry }, { "ohne risiko", A, free_of_charge }, { "once in a lifetime", A, hurry },
	{ "only today", A, hurry }, { "order now", A, hurry }, { "risikofrei", A, free_of_charge },
	{ "risk free", A, free_of_charge }, { "satisfaction guaranteed", A, praise }, { "save big", A, price },
	{ "schnäppchen", A, price }, { "sensationell", A, praise }, { "sensationelles angebot", A, praise },
	{ "sie haben gewonnen", A, doubt }, { "sofort kaufen", A, hurry }, { "sofort zugreifen", A, hurry },
	{ "solange der vorrat reicht", A, hurry }, { "special promotion", A, praise },
	{ "super angebot", A, praise }, { "this is not spam", A, doubt }, { "this isn't spam", A, doubt },
	{ "tiefstpreis", A, price }, { "tiefstpreise", A, price }, { "today only", A, hurry },
	{ "unbelievable", S, praise }, { "unglaubliches angebot", A, praise }, { "unschlagbarer preis", A, price },
	{ "urgent", S, hurry }, { "verpassen sie nicht", A, hurry }, { "völlig kostenlos", A, free_of_charge },
	{ "what are you waiting for", A, hurry }, { "while stocks last", A, hurry },
	{ "while supplies last", A, hurry }, { "why wait", A, hurry }, { "worauf warten sie", A, hurry },
	{ "you have won", A, doubt }, { "you've won", A, doubt }, { "zufriedenheit garantiert", A, praise },
};

/* How many of the words say the phrase; 0: they don't. */
static unsigned match(const struct phrase *phrase, const struct nt_word *words, unsigned n)
{
	const char *rest = phrase->words;

	for (unsigned i = 0; i < n; i++) {
		size_t length = strlen(words[i].folded);

		if ((i > 0 && !words[i].follows) || strncmp(rest, words[i].folded, length) != 0)
			return 0;
		if (rest[length] == '\0')
			return i + 1;
		if (rest[length] != ' ')
			return 0;
		rest += length + 1;
	}
	return 0;
}

/* The first phrase that begins with this letter. */
static size_t first_with(char letter)
{
	size_t low = 0, high = G_N_ELEMENTS(phrases);

	while (low < high) {
		size_t middle = (low + high) / 2;

		if ((unsigned char)phrases[middle].words[0] < (unsigned char)letter)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

unsigned nt_phrase_at(const struct nt_word *words, unsigned n, bool subject, const char **better)
{
	char letter = n > 0 ? words[0].folded[0] : '\0';
	unsigned longest = 0;

	for (size_t i = first_with(letter); i < G_N_ELEMENTS(phrases) && phrases[i].words[0] == letter; i++) {
		unsigned found;

		if (phrases[i].subject_only && !subject)
			continue;
		found = match(&phrases[i], words, n);
		if (found > longest) {
			longest = found;
			*better = phrases[i].better;
		}
	}
	return longest;
}

static bool is_apostrophe(gunichar c)
{
	return c == '\'' || c == 0x2019;
}

/* In small letters, with the plain apostrophe. */
static const char *fold(struct nt_arena *arena, const char *text, size_t length)
{
	char *plain = nt_arena_strndup(arena, text, length), *lower, *mark;
	const char *out;
	size_t i;

	for (i = 0; i < length && (unsigned char)text[i] < 0x80; i++)
		plain[i] = g_ascii_tolower(text[i]);
	if (i == length)
		return plain;
	lower = g_utf8_strdown(text, (gssize)length);
	while ((mark = strstr(lower, "\xE2\x80\x99")) != NULL) {
		*mark = '\'';
		memmove(mark + 1, mark + 3, strlen(mark + 3) + 1);
	}
	out = nt_arena_strdup(arena, lower);
	g_free(lower);
	return out;
}

/* The end of the word that begins at `at`. */
static size_t word_end(const char *text, size_t at, size_t length, struct nt_word *word)
{
	unsigned large = 0;

	while (at < length) {
		gunichar c = g_utf8_get_char(text + at);
		size_t next = at + (size_t)(g_utf8_skip[(guchar)text[at]]);

		if (is_apostrophe(c)) {
			if (next >= length || !g_unichar_isalnum(g_utf8_get_char(text + next)))
				break;
		} else if (g_unichar_isalnum(c)) {
			word->letters += c >= '0' && c <= '9' ? 0 : 1;
			large += g_unichar_tolower(c) != c;
		} else {
			if (c == '%')
				at = next;
			break;
		}
		at = next;
	}
	word->capitals = word->letters > 1 && large == word->letters;
	return at;
}

const struct nt_word *nt_phrase_words(struct nt_arena *arena, const char *text, size_t length, unsigned *n)
{
	GArray *words = g_array_new(FALSE, TRUE, sizeof(struct nt_word));
	const struct nt_word *out;
	bool follows = false, readable = g_utf8_validate(text, (gssize)length, NULL);

	for (size_t at = 0; at < length && readable;) {
		gunichar c = g_utf8_get_char(text + at);
		struct nt_word word = { .start = at, .follows = follows };

		if (!g_unichar_isalnum(c) && c != '%') {
			follows = follows && (c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '-');
			at += (size_t)(g_utf8_skip[(guchar)text[at]]);
			continue;
		}
		at = c == '%' ? at + 1 : word_end(text, at, length, &word);
		word.length = at - word.start;
		word.folded = fold(arena, text + word.start, word.length);
		g_array_append_val(words, word);
		follows = true;
	}
	*n = words->len;
	out = nt_arena_copy(arena, words->data, words->len * sizeof(struct nt_word));
	g_array_free(words, TRUE);
	return out;
}
