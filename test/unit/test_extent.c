#include "unit.h"

#include "base/arena.h"
#include "rules/extent.h"
#include "rules/phrases.h"

#include <glib.h>
#include <string.h>

/* Sets of the numbers -3 to 3, and a missing value, as bits; the same by extents. Everything outside goes with its
 * end. */
#define LOW (-3)
#define HIGH 3
#define MISSING (1u << (HIGH - LOW + 1))
#define ALL (MISSING * 2 - 1)

static bool has(struct nt_extent a, int64_t x)
{
	for (unsigned i = 0; i < a.n; i++)
		if (a.stretches[i].low <= x && x <= a.stretches[i].high)
			return true;
	return false;
}

static unsigned bits(struct nt_extent a)
{
	unsigned out = a.missing ? MISSING : 0;

	for (int x = LOW; x <= HIGH; x++)
		out |= has(a, x) ? 1u << (x - LOW) : 0;
	return out;
}

static struct nt_extent extent(struct nt_arena *arena, unsigned set)
{
	struct nt_extent out = nt_extent_of_numbers(arena, 1, 0, 1, (set & MISSING) != 0);

	for (int x = LOW; x <= HIGH; x++)
		if ((set & 1u << (x - LOW)) != 0)
			out = nt_extent_either(arena, out,
			                       nt_extent_of_numbers(arena, x == LOW ? INT64_MIN : x,
			                                            x == HIGH ? INT64_MAX : x, 1, false));
	return out;
}

static void numbers_are_as_sets_are(void **state)
{
	(void)state;
	for (unsigned a = 0; a <= ALL; a += 3) {
		struct nt_arena *arena = nt_arena_new();
		struct nt_extent x = extent(arena, a);

		assert_int_equal(bits(x), a);
		assert_int_equal(bits(nt_extent_without(arena, x)), ALL & ~a);
		assert_int_equal(nt_extent_is_empty(x), a == 0);
		assert_int_equal(nt_extent_has_all_values(x), (a | MISSING) == ALL);
		for (unsigned b = 0; b <= ALL; b += 5) {
			struct nt_extent y = extent(arena, b);

			assert_int_equal(bits(nt_extent_both(arena, x, y)), a & b);
			assert_int_equal(bits(nt_extent_either(arena, x, y)), a | b);
			assert_int_equal(nt_extent_within(arena, x, y), (a & ~b) == 0);
		}
		nt_arena_free(arena);
	}
}

static void whole_numbers_have_no_room_between(void **state)
{
	struct nt_arena *arena = nt_arena_new();
	struct nt_extent above = nt_extent_of_numbers(arena, 80000001, INT64_MAX, 1000000, false);
	struct nt_extent below = nt_extent_of_numbers(arena, INT64_MIN, 80999999, 1000000, false);

	(void)state;
	assert_true(nt_extent_is_empty(nt_extent_both(arena, above, below)));
	assert_true(nt_extent_has_all_values(nt_extent_either(arena, above, below)));
	assert_int_equal(above.stretches[0].low, 81000000);
	assert_int_equal(nt_extent_of_numbers(arena, -1500000, -500000, 1000000, false).stretches[0].low, -1000000);
	assert_int_equal(nt_extent_of_numbers(arena, -1500000, -500000, 1000000, false).stretches[0].high, -1000000);
	assert_true(nt_extent_is_empty(nt_extent_of_numbers(arena, 1, 999999, 1000000, false)));
	nt_arena_free(arena);
}

static struct nt_extent texts(struct nt_arena *arena, unsigned set, bool all_but)
{
	static const char *const names[] = { "a", "b", "c" };
	const char *some[3];
	unsigned n = 0;

	for (unsigned i = 0; i < 3; i++)
		if (((set >> i) & 1) != 0)
			some[n++] = names[i];
	return nt_extent_of_texts(arena, some, n, all_but, false);
}

static unsigned text_bits(struct nt_extent a)
{
	unsigned out = a.all_but ? 7 + 8 : 0; /* 8: any other text */

	for (unsigned i = 0; i < a.n; i++)
		out ^= 1u << (a.texts[i][0] - 'a');
	return out;
}

static void texts_are_as_sets_are(void **state)
{
	(void)state;
	for (unsigned a = 0; a < 16; a++)
		for (unsigned b = 0; b < 16; b++) {
			struct nt_arena *arena = nt_arena_new();
			struct nt_extent x = texts(arena, a & 7, a >= 8), y = texts(arena, b & 7, b >= 8);
			unsigned p = text_bits(x), q = text_bits(y);

			assert_int_equal(text_bits(nt_extent_both(arena, x, y)), p & q);
			assert_int_equal(text_bits(nt_extent_either(arena, x, y)), p | q);
			assert_int_equal(nt_extent_within(arena, x, y), (p & ~q) == 0);
			nt_arena_free(arena);
		}
}

/* The first phrase found, and how many words it has. */
static unsigned found(const char *text, bool subject, unsigned *at)
{
	struct nt_arena *arena = nt_arena_new();
	unsigned n, length = 0;
	const struct nt_word *words = nt_phrase_words(arena, text, strlen(text), &n);
	const char *better = NULL;

	for (*at = 0; *at < n && length == 0; ++*at)
		length = nt_phrase_at(&words[*at], n - *at, subject, &better);
	assert_true(length == 0 || better != NULL);
	nt_arena_free(arena);
	return length;
}

static void phrases_have_borders(void **state)
{
	static const char *const none[] = { "", "react now", "Act. Now that", "act nowhere", "It is free", "don't", "%",
		                            "hurry", "the cheapest", "a guaranteed way", "klicker hierzu",
		                            	"\xFF act now" };
	static const char *const some[] = { "ACT NOW", "so act\nnow!", "Don\xE2\x80\x99t miss", "risk-free",
					   "100% free",
		                            "100 % kostenlos", "NUR F\xC3\x9CR kurze Zeit", "(click here)",
		                            "Once in a lifetime." };
	unsigned at;

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(none); i++)
		assert_int_equal(found(none[i], false, &at), 0);
	for (unsigned i = 0; i < G_N_ELEMENTS(some); i++)
		assert_true(found(some[i], false, &at) > 0);
	assert_int_equal(found("satisfaction guaranteed", true, &at), 2);
	assert_int_equal(found("guaranteed", true, &at), 1);
	assert_int_equal(found("zufriedenheit garantiert", false, &at), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_as_sets_are),
		cmocka_unit_test(whole_numbers_have_no_room_between),
		cmocka_unit_test(texts_are_as_sets_are),
		cmocka_unit_test(phrases_have_borders),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
