#include "engine/rate.h"

#include "base/arena.h"
#include "base/civil.h"
#include "engine/step.h"
#include "rules/program.h"

#include <string.h>

/* A window keeps every claim for itself while they are few. Of more, those that fall into the same 240th of the window
 * are kept as if all had happened at its last one: never too many go out, and the last of them 0.5 % late. */
#define PIECES 240

struct entry {
	nt_time at;
	uint32_t n;
};

/* One rate of one channel, as of the turn's instant: what has expired isn't there. */
struct window {
	const struct nt_rate *rate;
	const struct nt_zone *zone;
	const char *key; /* in the meta table */
	GArray *entries; /* struct entry, by time */
};

static const struct nt_channel_policy *policy_of(const struct nt_batch *turn, const char *lane)
{
	const struct nt_program *program = turn->engine->program;
	struct nt_message message = { .channel = lane };
	int channel = nt_program_channel(program, nt_message_channel(&message));

	return channel >= 0 && program->channels[channel].n_rates > 0 ? &program->channels[channel] : NULL;
}

static nt_time begins(const struct window *window, nt_time at)
{
	return window->rate->calendar ? nt_civil_midnight(window->zone, at) : at;
}

static nt_time expires(const struct window *window, nt_time at)
{
	return nt_time_plus(window->zone, begins(window, at), window->rate->per);
}

/* "TIME N TIME N …" */
static void read_entries(struct window *window, const char *text, nt_time now)
{
	char *end;

	while (text != NULL && *text != '\0') {
		struct entry entry = { .at = g_ascii_strtoll(text, &end, 10) };

		entry.n = (uint32_t)g_ascii_strtoull(end, &end, 10);
		if (end == text)
			return;
		text = end + strspn(end, " ");
		if (expires(window, entry.at) > now)
			g_array_append_val(window->entries, entry);
	}
}

static bool window_open(struct nt_batch *turn, const struct nt_channel_policy *channel, unsigned i,
                        struct window *window)
{
	const struct nt_program *program = turn->engine->program;
	const struct nt_rate *rate = &channel->rates[i];
	const char *text = NULL;

	*window = (struct window){ .rate = rate };
	window->zone = program->zones->find(program->zones, program->policy.time_zone);
	window->key = nt_arena_printf(turn->arena, "rate %s %s%d %d %" G_GINT64_FORMAT, channel->name,
	                              rate->calendar ? "calendar " : "", rate->per.months, rate->per.days,
	                              rate->per.ms);
	if (!nt_turn_ok(turn, turn->store->ops->meta_get(turn->store, turn->arena, window->key, &text)))
		return false;
	window->entries = g_array_new(FALSE, FALSE, sizeof(struct entry));
	read_entries(window, text, turn->now);
	return true;
}

static void window_close(struct nt_batch *turn, struct window *window, bool keep)
{
	GString *text;

	if (keep) {
		text = g_string_new(NULL);
		for (unsigned i = 0; i < window->entries->len; i++) {
			const struct entry *entry = &g_array_index(window->entries, struct entry, i);

			g_string_append_printf(text, "%s%" G_GINT64_FORMAT " %u", i > 0 ? " " : "", entry->at,
			                       entry->n);
		}
		nt_turn_ok(turn, turn->store->ops->meta_put(turn->store, window->key, text->str));
		g_string_free(text, TRUE);
	}
	g_array_free(window->entries, TRUE);
}

/* At the end of a month plus() runs backwards, so the earliest to expire needn't be the first. */
static nt_time room_of(const struct window *window, unsigned *room)
{
	nt_time opens = NT_NEVER;
	uint64_t used = 0;

	for (unsigned i = 0; i < window->entries->len; i++) {
		const struct entry *entry = &g_array_index(window->entries, struct entry, i);

		used += entry->n;
		opens = nt_time_earlier(opens, expires(window, entry->at));
	}
	*room = used < window->rate->n ? (unsigned)(window->rate->n - used) : 0;
	return opens;
}

unsigned nt_rate_room(struct nt_batch *turn, const char *lane, unsigned wanted, nt_time *opens)
{
	const struct nt_channel_policy *channel = policy_of(turn, lane);
	unsigned least = wanted;

	*opens = NT_NO_TIME;
	for (unsigned i = 0; channel != NULL && i < channel->n_rates; i++) {
		struct window window;
		unsigned room;
		nt_time next;

		if (!window_open(turn, channel, i, &window))
			return 0;
		next = room_of(&window, &room);
		window_close(turn, &window, false);
		if (room < wanted)
			*opens = *opens == NT_NO_TIME ? next : nt_time_later(*opens, next);
		least = MIN(least, room);
	}
	return least;
}

static void add(struct window *window, nt_time at, unsigned n)
{
	nt_time piece = MAX((expires(window, at) - begins(window, at)) / PIECES, 1);
	struct entry entry = { .at = at, .n = n }, *last = NULL;

	if (window->entries->len > 0)
		last = &g_array_index(window->entries, struct entry, window->entries->len - 1);
	if (last != NULL && (last->at >= at || (window->rate->n > PIECES && last->at / piece == at / piece))) {
		last->at = MAX(last->at, at);
		last->n += n;
	} else {
		g_array_append_val(window->entries, entry);
	}
}

void nt_rate_count(struct nt_batch *turn, const char *lane, unsigned n)
{
	const struct nt_channel_policy *channel = policy_of(turn, lane);
	struct window window;

	for (unsigned i = 0; n > 0 && channel != NULL && i < channel->n_rates; i++)
		if (window_open(turn, channel, i, &window)) {
			add(&window, turn->now, n);
			window_close(turn, &window, true);
		}
}

void nt_rate_give_back(struct nt_batch *turn, const char *lane)
{
	const struct nt_channel_policy *channel = policy_of(turn, lane);
	struct window window;

	for (unsigned i = 0; channel != NULL && i < channel->n_rates; i++)
		if (window_open(turn, channel, i, &window)) {
			unsigned n = window.entries->len;

			if (n > 0 && --g_array_index(window.entries, struct entry, n - 1).n == 0)
				g_array_set_size(window.entries, n - 1);
			window_close(turn, &window, true);
		}
}
