#include "rules/extent.h"

#include "base/arena.h"

#include <string.h>

/* Inwards; what is without end stays so. */
static int64_t whole_up(int64_t x, int64_t step)
{
	int64_t rest = x % step;

	if (x == INT64_MIN || rest == 0)
		return x;
	if (rest < 0)
		return x - rest;
	return x > INT64_MAX - step ? INT64_MAX : x - rest + step;
}

static int64_t whole_down(int64_t x, int64_t step)
{
	int64_t rest = x % step;

	if (x == INT64_MAX || rest == 0)
		return x;
	if (rest > 0)
		return x - rest;
	return x < INT64_MIN + step ? INT64_MIN : x - rest - step;
}

struct nt_extent nt_extent_of_numbers(struct nt_arena *arena, int64_t low, int64_t high, int64_t step, bool missing)
{
	struct nt_stretch one = { whole_up(low, step), whole_down(high, step) };
	struct nt_extent a = { .missing = missing, .step = step, .n = one.low <= one.high };

	a.stretches = nt_arena_copy(arena, &one, sizeof one);
	return a;
}

struct nt_extent nt_extent_of_texts(struct nt_arena *arena, const char *const *texts, unsigned n, bool all_but,
                                    bool missing)
{
	struct nt_extent a = { .missing = missing, .of_texts = true, .all_but = all_but, .n = n };

	a.texts = nt_arena_copy(arena, texts, sizeof *texts * n);
	return a;
}

static struct nt_extent gaps(struct nt_arena *arena, struct nt_extent a)
{
	struct nt_stretch *stretches = nt_arena_array(arena, struct nt_stretch, a.n + 1);
	struct nt_extent out = a;
	int64_t from = INT64_MIN;
	bool open = true;

	out.n = 0;
	for (unsigned i = 0; i < a.n; i++) {
		if (a.stretches[i].low > from)
			stretches[out.n++] = (struct nt_stretch){ from, a.stretches[i].low - a.step };
		open = a.stretches[i].high < INT64_MAX - a.step;
		from = open ? a.stretches[i].high + a.step : INT64_MAX;
	}
	if (open)
		stretches[out.n++] = (struct nt_stretch){ from, INT64_MAX };
	out.stretches = stretches;
	return out;
}

struct nt_extent nt_extent_without(struct nt_arena *arena, struct nt_extent a)
{
	struct nt_extent out = a.of_texts ? a : gaps(arena, a);

	out.missing = !a.missing;
	if (a.of_texts)
		out.all_but = !a.all_but;
	return out;
}

static bool lists(struct nt_extent a, const char *text)
{
	for (unsigned i = 0; i < a.n; i++)
		if (strcmp(a.texts[i], text) == 0)
			return true;
	return false;
}

static struct nt_extent both_texts(struct nt_arena *arena, struct nt_extent a, struct nt_extent b)
{
	const char **texts = nt_arena_array(arena, const char *, a.n + b.n + 1);
	struct nt_extent out = { .of_texts = true, .all_but = a.all_but && b.all_but, .texts = texts };

	if (a.all_but && !b.all_but) {
		out = a;
		a = b;
		b = out;
		out = (struct nt_extent){ .of_texts = true, .texts = texts };
	}
	for (unsigned i = 0; i < a.n; i++)
		if (out.all_but || lists(b, a.texts[i]) != b.all_but)
			texts[out.n++] = a.texts[i];
	for (unsigned i = 0; out.all_but && i < b.n; i++)
		if (!lists(a, b.texts[i]))
			texts[out.n++] = b.texts[i];
	return out;
}

static struct nt_extent both_numbers(struct nt_arena *arena, struct nt_extent a, struct nt_extent b)
{
	struct nt_stretch *stretches = nt_arena_array(arena, struct nt_stretch, a.n + b.n + 1);
	struct nt_extent out = { .step = a.step, .stretches = stretches };
	unsigned i = 0, k = 0;

	while (i < a.n && k < b.n) {
		struct nt_stretch x = a.stretches[i], y = b.stretches[k];
		struct nt_stretch one = { x.low > y.low ? x.low : y.low, x.high < y.high ? x.high : y.high };

		if (one.low <= one.high)
			stretches[out.n++] = one;
		if (x.high < y.high)
			i++;
		else
			k++;
	}
	return out;
}

struct nt_extent nt_extent_both(struct nt_arena *arena, struct nt_extent a, struct nt_extent b)
{
	struct nt_extent out = a.of_texts ? both_texts(arena, a, b) : both_numbers(arena, a, b);

	out.missing = a.missing && b.missing;
	return out;
}

struct nt_extent nt_extent_either(struct nt_arena *arena, struct nt_extent a, struct nt_extent b)
{
	struct nt_extent neither = nt_extent_both(arena, nt_extent_without(arena, a), nt_extent_without(arena, b));

	return nt_extent_without(arena, neither);
}

bool nt_extent_is_empty(struct nt_extent a)
{
	return !a.missing && a.n == 0 && !a.all_but;
}

bool nt_extent_has_all_values(struct nt_extent a)
{
	if (a.of_texts)
		return a.all_but && a.n == 0;
	return a.n == 1 && a.stretches[0].low == INT64_MIN && a.stretches[0].high == INT64_MAX;
}

bool nt_extent_within(struct nt_arena *arena, struct nt_extent a, struct nt_extent b)
{
	return nt_extent_is_empty(nt_extent_both(arena, a, nt_extent_without(arena, b)));
}
