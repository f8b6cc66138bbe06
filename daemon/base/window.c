#include "base/window.h"

#include "base/civil.h"
#include "base/zone.h"

#include <string.h>

#define HORIZON (400 * NT_DAY)
#define DAY_MINUTES 1440
#define ALL_DAYS 0x7F

static const char *const short_days[] = { "mon", "tue", "wed", "thu", "fri", "sat", "sun" };

/* --- reading and printing --- */

static const char not_a_window[] =
	"a window is written like 'mon-fri 09:00-17:00', 'daily 08:00-20:00' or 'sat,sun 10:00-14:00'";

static bool no(const char **why, const char *message)
{
	if (why != NULL)
		*why = message;
	return false;
}

/* "24:00" ends a day; no other time of day allows it. */
static bool parse_end(const char *text, size_t length, int *minutes, const char **why)
{
	while (length > 0 && (*text == ' ' || *text == '\t'))
		text++, length--;
	if (length == 5 && memcmp(text, "24:00", 5) == 0) {
		*minutes = DAY_MINUTES;
		return true;
	}
	return nt_clock_parse(text, length, minutes, why);
}

static bool parse_hours(const char *text, size_t length, struct nt_window *out, const char **why)
{
	const char *dash = memchr(text, '-', length);
	int start, end;

	if (dash == NULL)
		return no(why, not_a_window);
	if (!nt_clock_parse(text, (size_t)(dash - text), &start, why) ||
	    !parse_end(dash + 1, length - (size_t)(dash + 1 - text), &end, why))
		return false;
	if (start == end)
		return no(why, "a window can't end when it begins; a whole day is 00:00-24:00");
	out->start = (short)start;
	out->end = (short)(end > start ? end : end + DAY_MINUTES);
	return true;
}

/* "mon" or "mon-fri"; a range may pass the week's end. */
static bool parse_range(const char *text, size_t length, struct nt_window *out)
{
	const char *dash = memchr(text, '-', length);
	size_t first_length = dash == NULL ? length : (size_t)(dash - text);
	int first, last;

	if (!nt_weekday_parse(text, first_length, &first))
		return false;
	last = first;
	if (dash != NULL && !nt_weekday_parse(dash + 1, length - first_length - 1, &last))
		return false;
	for (int day = first;; day = (day + 1) % 7) {
		out->days |= (unsigned char)(1u << day);
		if (day == last)
			return true;
	}
}

static bool parse_days(const char *text, size_t length, struct nt_window *out, const char **why)
{
	const char *end = text + length;

	if (length == 0 || (length == 5 && g_ascii_strncasecmp(text, "daily", 5) == 0)) {
		out->days = ALL_DAYS;
		return true;
	}
	for (;;) {
		const char *comma = memchr(text, ',', (size_t)(end - text));

		if (!parse_range(text, (size_t)((comma != NULL ? comma : end) - text), out))
			return no(why, "days are written like 'mon', 'mon-fri', 'sat,sun' or 'daily'");
		if (comma == NULL)
			return true;
		text = comma + 1;
	}
}

bool nt_window_parse(const char *text, size_t length, struct nt_window *out, const char **why)
{
	struct nt_window window = { 0 };
	size_t days = 0, end;

	while (length > 0 && (*text == ' ' || *text == '\t'))
		text++, length--;
	while (days < length && !g_ascii_isdigit(text[days]))
		days++;
	if (days == length)
		return no(why, not_a_window);
	for (end = days; end > 0 && (text[end - 1] == ' ' || text[end - 1] == '\t');)
		end--;
	if (end == days && days > 0)
		return no(why, not_a_window);
	if (!parse_days(text, end, &window, why) || !parse_hours(text + days, length - days, &window, why))
		return false;
	*out = window;
	return true;
}

static void print_days(unsigned char days, GString *out)
{
	size_t start = out->len;

	if (days == ALL_DAYS) {
		g_string_append(out, "daily");
		return;
	}
	for (int first = 0, last; first < 7; first = last + 1) {
		last = first;
		if ((days & 1u << first) == 0)
			continue;
		while (last < 6 && (days & 1u << (last + 1)) != 0)
			last++;
		g_string_append_printf(out, "%s%s", out->len > start ? "," : "", short_days[first]);
		if (last > first)
			g_string_append_printf(out, "%c%s", last > first + 1 ? '-' : ',', short_days[last]);
	}
}

void nt_window_print(struct nt_window window, GString *out)
{
	int end = window.end > DAY_MINUTES ? window.end - DAY_MINUTES : window.end;

	print_days(window.days, out);
	g_string_append_printf(out, " %02d:%02d-%02d:%02d", window.start / 60, window.start % 60, end / 60, end % 60);
}

/* --- instants --- */

static int64_t local_day(const struct nt_zone *zone, nt_time t)
{
	struct nt_civil civil = nt_civil_at(zone, t);

	return nt_civil_days(civil.year, civil.month, civil.day);
}

static nt_time instant(const struct nt_zone *zone, int64_t day, int minutes)
{
	struct nt_civil civil = { .hour = minutes % DAY_MINUTES / 60, .minute = minutes % 60 };

	nt_civil_from_days(day + minutes / DAY_MINUTES, &civil.year, &civil.month, &civil.day);
	return nt_civil_instant(zone, &civil);
}

static bool opens_on(const struct nt_window *window, int64_t day)
{
	return (window->days & 1u << nt_civil_weekday(day)) != 0;
}

/* The latest end of the windows that hold t; t if none does. A window of the day before may pass midnight, and where
 * a clock was put back over midnight one of the day after may already be open. */
static nt_time latest_end(const struct nt_windows *windows, const struct nt_zone *zone, nt_time t)
{
	int64_t today = local_day(zone, t);
	nt_time latest = t;

	for (unsigned i = 0; i < windows->n; i++)
		for (int64_t day = today - 1; day <= today + 1; day++) {
			const struct nt_window *window = &windows->items[i];

			if (opens_on(window, day) && instant(zone, day, window->start) <= t)
				latest = nt_time_later(latest, instant(zone, day, window->end));
		}
	return latest;
}

/* The first start after t of a window that isn't swallowed whole by a gap in the clock. */
static nt_time next_start(const struct nt_windows *windows, const struct nt_zone *zone, nt_time t)
{
	int64_t first = local_day(zone, t);

	for (int64_t day = first - 1; day <= first + HORIZON / NT_DAY + 1; day++) {
		nt_time best = NT_NEVER;

		for (unsigned i = 0; i < windows->n; i++) {
			const struct nt_window *window = &windows->items[i];
			nt_time start;

			if (!opens_on(window, day))
				continue;
			start = instant(zone, day, window->start);
			if (start > t && start < best && instant(zone, day, window->end) > start)
				best = start;
		}
		if (best != NT_NEVER)
			return best - t <= HORIZON ? best : NT_NEVER;
	}
	return NT_NEVER;
}

bool nt_windows_contain(const struct nt_windows *windows, const struct nt_zone *zone, nt_time t)
{
	return windows->n == 0 || latest_end(windows, zone, t) > t;
}

nt_time nt_windows_next(const struct nt_windows *windows, const struct nt_zone *zone, nt_time t)
{
	return nt_windows_contain(windows, zone, t) ? t : next_start(windows, zone, t);
}

nt_time nt_windows_end(const struct nt_windows *windows, const struct nt_zone *zone, nt_time t)
{
	nt_time end = t;

	if (windows->n == 0)
		return NT_NEVER;
	for (;;) {
		nt_time further = latest_end(windows, zone, end);

		if (further == end)
			return end;
		if (further - t > HORIZON)
			return NT_NEVER;
		end = further;
	}
}

nt_time nt_windows_spend(const struct nt_windows *windows, const struct nt_zone *zone, nt_time t, nt_time ms,
                         bool (*skip)(void *context, int64_t local_days), void *context)
{
	nt_time now = t;

	while (ms > 0) {
		nt_time midnight, end;

		now = nt_windows_next(windows, zone, now);
		if (now == NT_NEVER || now - t > HORIZON || now >= NT_TIME_MAX)
			return NT_NEVER;
		midnight = nt_civil_next_midnight(zone, now);
		if (skip != NULL && skip(context, local_day(zone, now))) {
			now = midnight;
			continue;
		}
		end = windows->n == 0 ? midnight : nt_time_earlier(midnight, latest_end(windows, zone, now));
		if (end - now >= ms)
			return now + ms;
		ms -= end - now;
		now = end;
	}
	return now;
}
