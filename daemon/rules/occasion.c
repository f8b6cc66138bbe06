#include "rules/occasion.h"

#include "base/zone.h"

static int64_t times(int64_t n, int64_t round, int64_t most)
{
	int64_t product;

	if (__builtin_mul_overflow(n, round, &product))
		return most;
	return MIN(product, most);
}

/* A thousand years at most, a round at least a minute: what doesn't fit lies beyond the calendar. */
static struct nt_duration rounds(const struct nt_occasion *o, int64_t round)
{
	return (struct nt_duration){ (int32_t)times(o->every.months, round, INT32_MAX),
		                     (int32_t)times(o->every.days, round, INT32_MAX),
		                     times(o->every.ms, round, NT_TIME_MAX - NT_TIME_MIN) };
}

static nt_time add_days(nt_time reading, int64_t days)
{
	return nt_time_earlier(reading + days * NT_DAY, NT_TIME_MAX);
}

/* Months from the first one's day, so that a 31st comes back after a February; then days. */
static nt_time reading_of(nt_time first, struct nt_duration d)
{
	struct nt_civil civil = nt_civil_from_utc(first);
	int64_t month = (int64_t)civil.year * 12 + civil.month - 1 + d.months;

	if (month / 12 > 9999)
		return NT_TIME_MAX;
	civil.year = (int)(month / 12);
	civil.month = (int)(month % 12) + 1;
	civil.day = MIN(civil.day, nt_civil_month_days(civil.year, civil.month));
	return add_days(nt_civil_utc(&civil), d.days);
}

static nt_time add_elapsed(nt_time t, nt_time ms)
{
	return ms > NT_TIME_MAX - t ? NT_TIME_MAX : t + ms;
}

static nt_time on_the_wall(const struct nt_zone *zone, nt_time reading)
{
	struct nt_civil civil = nt_civil_from_utc(reading);

	return reading >= NT_TIME_MAX ? NT_TIME_MAX : nt_civil_instant(zone, &civil);
}

/* ---- a date ---- */

static nt_time base_of(const struct nt_value *value)
{
	return value->type == NT_TYPE_DATE ? value->date * NT_DAY : value->time;
}

static nt_time shifted(const struct nt_occasion *o, const struct nt_zone *zone, nt_time t)
{
	struct nt_civil civil;

	t = o->before ? nt_time_minus(zone, t, o->shift) : nt_time_plus(zone, t, o->shift);
	if (o->minutes < 0 || t >= NT_TIME_MAX)
		return t;
	civil = nt_civil_at(zone, t);
	civil.hour = o->minutes / 60;
	civil.minute = o->minutes % 60;
	civil.second = civil.millisecond = 0;
	return nt_civil_instant(zone, &civil);
}

static nt_time date_instant(const struct nt_occasion *o, const struct nt_value *value, const struct nt_zone *zone,
                            int64_t round)
{
	nt_time t;

	if (value->type == NT_TYPE_DATE)
		t = on_the_wall(zone, nt_occasion_mark(o, value, round));
	else
		t = nt_time_plus(zone, value->time, rounds(o, round));
	return t >= NT_TIME_MAX ? NT_TIME_MAX : shifted(o, zone, t);
}

/* ---- both ---- */

bool nt_occasion_has(const struct nt_occasion *o, const struct nt_value *value)
{
	if (o->field < 0)
		return true;
	return value->type == NT_TYPE_DATE ||
	       (value->type == NT_TYPE_TIME && value->time != NT_NEVER && value->time != NT_NO_TIME);
}

nt_time nt_occasion_mark(const struct nt_occasion *o, const struct nt_value *value, int64_t round)
{
	struct nt_duration d = rounds(o, round);
	nt_time first = o->field < 0 ? o->reading : base_of(value);

	return add_elapsed(reading_of(first, d), d.ms);
}

nt_time nt_occasion_instant(const struct nt_occasion *o, const struct nt_value *value, const struct nt_zone *zone,
                            int64_t round)
{
	struct nt_duration d = rounds(o, round);
	nt_time reading;

	if (o->field >= 0)
		return date_instant(o, value, zone, round);
	if (o->everywhere && d.months == 0 && d.days == 0) /* an offset tells the two of an overlap apart */
		return add_elapsed(o->first, d.ms);
	reading = reading_of(o->reading, d);
	if (reading >= NT_TIME_MAX)
		return NT_TIME_MAX;
	if (o->everywhere && o->zone == NULL)
		return add_elapsed(reading - o->behind, d.ms);
	return add_elapsed(on_the_wall(o->everywhere ? o->zone : zone, reading), d.ms);
}

/* zone NULL: by mark */
static nt_time where(const struct nt_occasion *o, const struct nt_value *value, const struct nt_zone *zone,
                     int64_t round)
{
	return zone != NULL ? nt_occasion_instant(o, value, zone, round) : nt_occasion_mark(o, value, round);
}

/* About how long a round lasts, in ms. */
static int64_t period(const struct nt_occasion *o)
{
	const int64_t year = 31556952000; /* of the Gregorian calendar, on the average */

	return o->every.months * (year / 12) + o->every.days * NT_DAY + o->every.ms;
}

/* From a guess that is off by a few: doubling steps find the border, halving ones the round. */
static int64_t first_after(const struct nt_occasion *o, const struct nt_value *value, const struct nt_zone *zone,
                           nt_time t)
{
	int64_t low = 0, high, step = 1; /* low: not after it, high: after it */
	nt_time first;

	if (!nt_occasion_has(o, value) || t >= NT_TIME_MAX)
		return -1;
	if (o->field < 0 && !o->repeats && t > o->reading + NT_DAY) /* passed in every zone: most that a rule set has */
		return -1;
	first = where(o, value, zone, 0);
	if (first > t)
		return first < NT_TIME_MAX ? 0 : -1;
	if (!o->repeats)
		return -1;
	high = (t - first) / period(o) + 1;
	if (where(o, value, zone, high) > t) {
		while (high - step > 0 && where(o, value, zone, high - step) > t) {
			high -= step;
			step *= 2;
		}
		low = MAX(high - step, 0);
	} else {
		do {
			low = high;
			high += step;
			step *= 2;
		} while (where(o, value, zone, high) <= t);
	}
	while (high - low > 1) {
		int64_t middle = low + (high - low) / 2;

		if (where(o, value, zone, middle) > t)
			high = middle;
		else
			low = middle;
	}
	return where(o, value, zone, high) < NT_TIME_MAX ? high : -1;
}

int64_t nt_occasion_after(const struct nt_occasion *o, const struct nt_value *value, const struct nt_zone *zone,
                          nt_time t)
{
	return first_after(o, value, zone, t);
}

int64_t nt_occasion_marked_after(const struct nt_occasion *o, const struct nt_value *value, nt_time mark)
{
	return first_after(o, value, NULL, mark);
}
