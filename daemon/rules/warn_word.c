/* Shouting and hard sell in what leads read. Whoever is warned wrongly says it another way: there is no switch. */
#include "rules/warn.h"

#include "base/arena.h"
#include "base/text.h"
#include "rules/phrases.h"
#include "template/message.h"

#include <string.h>

struct text {
	struct nt_warner *w;
	const struct nt_source *source;
	const char *prose;
	struct nt_span subject;
	const struct nt_word *words;
	unsigned n;
	bool shouted, called; /* has been said of this template */
};

static bool in_subject(const struct text *text, size_t at)
{
	return at >= text->subject.start && at < text->subject.start + text->subject.length;
}

static struct nt_span words_span(const struct text *text, unsigned first, unsigned n)
{
	const struct nt_word *last = &text->words[first + n - 1];

	return nt_span_of(text->source, text->words[first].start,
			  last->start + last->length - text->words[first].start);
}

/* Words in capitals, one behind the other: how many, from here on. Names of firms, laws and file formats are short. */
static unsigned capitals(const struct text *text, unsigned first, unsigned *letters)
{
	unsigned n = 0;

	*letters = 0;
	while (first + n < text->n && text->words[first + n].capitals && (n == 0 || text->words[first + n].follows))
		*letters += text->words[first + n++].letters;
	return n;
}

static void look_at_capitals(struct text *text, unsigned i)
{
	bool subject = in_subject(text, text->words[i].start);
	unsigned letters, n;

	if (text->shouted || !text->words[i].capitals || (i > 0 && text->words[i - 1].capitals &&
							  text->words[i].follows))
		return;
	n = capitals(text, i, &letters);
	if (subject ? letters < 7 || letters < 4 * n : n < 3 || letters < 12)
		return;
	text->shouted = true;
	nt_diags_warning(text->w->diags, NT_CODE_SHOUTING, words_span(text, i, n),
	                 "capitals read like shouting, and filters take them for spam: write %s in small letters",
	                 nt_text_plural(n, "it", "them"));
}

static bool holds(const char *text, size_t length, char c)
{
	return memchr(text, c, length) != NULL;
}

static void look_at_marks(struct text *text)
{
	size_t length = text->source->length, marks = 0;
	const char *prose = text->prose;

	for (size_t i = 0; i < length && !text->called; i++) {
		bool subject = in_subject(text, i);
		size_t run = strspn(prose + i, prose[i] == '!' || prose[i] == '?' ? "!?" : prose[i] == '$' ? "$" : "");
		/* "?!" is one of both */
		bool row = run >= 2 && (prose[i] == '$' || (holds(prose + i, run, '!') &&
		                                           (run >= 3 || !holds(prose + i, run, '?'))));

		marks += subject && prose[i] == '!';
		if (!row && (marks < 2 || prose[i] != '!'))
			continue;
		text->called = true;
		nt_diags_warning(text->w->diags, NT_CODE_SHOUTING, nt_span_of(text->source, i, MAX(run, 1)),
		                 "%s: one is enough%s", prose[i] == '$' ? "a row of money" :
		                 row ? "a row of exclamation marks reads like shouting" :
		                            "a second exclamation mark in the subject reads like shouting",
		                 prose[i] == '$' ? ", and a price better" : ", and none often better");
	}
}

static void look_at_message(struct nt_warner *w, const struct nt_message_template *message, const struct nt_step *step,
                            void *user)
{
	struct nt_arena *arena;
	struct text text = { .w = w, .source = nt_message_template_source(message) };

	(void)step;
	(void)user;
	if (nt_message_template_kind(message) == NT_MESSAGE_JSON)
		return;
	arena = nt_arena_new(); /* the words of one at a time */
	text.prose = nt_message_template_prose(message, arena, &text.subject);
	text.words = nt_phrase_words(arena, text.prose, text.source->length, &text.n);
	for (unsigned i = 0; i < text.n; i++) {
		const char *better = NULL;
		unsigned n = nt_phrase_at(&text.words[i], text.n - i, in_subject(&text, text.words[i].start),
		                                &better);

		look_at_capitals(&text, i);
		if (n == 0)
			continue;
		nt_diags_warning(w->diags, NT_CODE_HARD_SELL, words_span(&text, i, n),
		                 "this sounds like hard sell, to people and to spam filters: %s", better);
		i += n - 1;
	}
	look_at_marks(&text);
	nt_arena_free(arena);
}

void nt_warn_words(struct nt_warner *w)
{
	nt_warn_each_message(w, look_at_message, NULL);
}
