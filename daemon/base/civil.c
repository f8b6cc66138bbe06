#include "base/civil.h"

#include "base/zone.h"

#define FIRST_YEAR 1
#define LAST_YEAR 9999
/* No offset from UTC is as large as this (base/zone.c refuses more). */
#define WIDEST_OFFSET (26 * NT_HOUR)

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

static nt_time clamp(nt_time t)
{
	return CLAMP(t, NT_TIME_MIN, NT_TIME_MAX);
}

static bool is_sentinel(nt_time t)
{
	return t == NT_NEVER || t == NT_NO_TIME;
}

/* --- dates --- */

/* Years are counted from March, so that the leap day is a year's last: a month's start is then a linear formula. */
int64_t nt_civil_days(int year, int month, int day)
{
	int64_t y = (int64_t)year - (month <= 2), era = floor_div(y, 400);
	int64_t of_era = y - era * 400;
	int64_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

void nt_civil_from_days(int64_t days, int *year, int *month, int *day)
{
	int64_t shifted = days + 719468, era = floor_div(shifted, 146097), of_era = shifted - era * 146097;
	int64_t y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * y + y / 4 - y / 100), m = (5 * of_year + 2) / 153;

	*day = (int)(of_year - (153 * m + 2) / 5 + 1);
	*month = (int)(m < 10 ? m + 3 : m - 9);
	*year = (int)(y + era * 400 + (*month <= 2));
}

int nt_civil_month_days(int year, int month)
{
	static const int lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	if (month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0))
		return 29;
	return lengths[month - 1];
}

int nt_civil_weekday(int64_t days)
{
	return (int)(((days + 3) % 7 + 7) % 7); /* 1970-01-01 was a Thursday */
}

nt_time nt_civil_utc(const struct nt_civil *civil)
{
	if (civil->year > LAST_YEAR)
		return NT_TIME_MAX;
	if (civil->year < FIRST_YEAR)
		return NT_TIME_MIN;
	return nt_civil_days(civil->year, civil->month, civil->day) * NT_DAY + civil->hour * NT_HOUR +
	       civil->minute * NT_MINUTE + civil->second * NT_SECOND + civil->millisecond;
}

struct nt_civil nt_civil_from_utc(nt_time t)
{
	struct nt_civil civil;
	int64_t days = floor_div(t, NT_DAY);
	int rest = (int)((t % NT_DAY + NT_DAY) % NT_DAY);

	nt_civil_from_days(days, &civil.year, &civil.month, &civil.day);
	civil.hour = rest / (int)NT_HOUR;
	civil.minute = rest / (int)NT_MINUTE % 60;
	civil.second = rest / (int)NT_SECOND % 60;
	civil.millisecond = rest % 1000;
	return civil;
}

bool nt_civil_valid(const struct nt_civil *c)
{
	return c->year >= FIRST_YEAR && c->year <= LAST_YEAR && c->month >= 1 && c->month <= 12 && c->day >= 1 &&
	       c->day <= nt_civil_month_days(c->year, c->month) && c->hour >= 0 && c->hour <= 23 && c->minute >= 0 &&
	       c->minute <= 59 && c->second >= 0 && c->second <= 59 && c->millisecond >= 0 && c->millisecond <= 999;
}

/* --- wall clocks --- */

/* A wall reading as if it were UTC; may lie a day outside the calendar. */
static nt_time reading_at(const struct nt_zone *zone, nt_time t)
{
	return t + nt_zone_offset(zone, t, NULL, NULL) * NT_SECOND;
}

/* The first instant from `from` on at which the clock shows `reading` or has just jumped over it. */
static nt_time first_reading(const struct nt_zone *zone, nt_time from, nt_time reading)
{
	nt_time start = clamp(from);

	for (;;) {
		nt_time until, offset = nt_zone_offset(zone, start, NULL, &until) * NT_SECOND;

		if (reading <= start + offset)
			return start;
		if (until == NT_NEVER || reading < until + offset)
			return clamp(reading - offset);
		start = until;
	}
}

static nt_time instant_of_reading(const struct nt_zone *zone, nt_time reading)
{
	return first_reading(zone, reading - WIDEST_OFFSET, reading);
}

struct nt_civil nt_civil_at(const struct nt_zone *zone, nt_time t)
{
	return nt_civil_from_utc(clamp(reading_at(zone, clamp(t))));
}

nt_time nt_civil_instant(const struct nt_zone *zone, const struct nt_civil *civil)
{
	return instant_of_reading(zone, nt_civil_utc(civil));
}

nt_time nt_civil_midnight(const struct nt_zone *zone, nt_time t)
{
	nt_time reading = reading_at(zone, clamp(t));

	return instant_of_reading(zone, floor_div(reading, NT_DAY) * NT_DAY);
}

/* Not simply the next date's first 00:00: a clock put back from 00:01 to 23:01 shows that midnight twice. */
nt_time nt_civil_next_midnight(const struct nt_zone *zone, nt_time t)
{
	nt_time reading = reading_at(zone, clamp(t));

	return first_reading(zone, clamp(t), (floor_div(reading, NT_DAY) + 1) * NT_DAY);
}

/* --- durations --- */

static nt_time add_saturating(nt_time t, int64_t ms)
{
	nt_time sum;

	if (__builtin_add_overflow(t, ms, &sum))
		return ms > 0 ? NT_TIME_MAX : NT_TIME_MIN;
	return clamp(sum);
}

static void add_months(struct nt_civil *civil, int64_t months)
{
	int64_t all = (int64_t)civil->year * 12 + (civil->month - 1) + months;
	int64_t year = floor_div(all, 12);

	civil->year = (int)CLAMP(year, FIRST_YEAR - 1, LAST_YEAR + 1);
	civil->month = (int)(all - year * 12) + 1;
	civil->day = MIN(civil->day, nt_civil_month_days(civil->year, civil->month));
}

static nt_time forwards(const struct nt_zone *zone, nt_time t, int64_t months, int64_t days, int64_t ms)
{
	if (months != 0 || days != 0) {
		struct nt_civil civil = nt_civil_at(zone, t);

		add_months(&civil, months);
		t = instant_of_reading(zone, add_saturating(nt_civil_utc(&civil), days * NT_DAY));
	}
	return add_saturating(t, ms);
}

static nt_time backwards(const struct nt_zone *zone, nt_time t, int64_t months, int64_t days, int64_t ms)
{
	t = add_saturating(t, ms == INT64_MIN ? INT64_MAX : -ms);
	if (months != 0 || days != 0) {
		struct nt_civil civil =
			nt_civil_from_utc(add_saturating(reading_at(zone, t), -days * NT_DAY));

		add_months(&civil, -months);
		t = nt_civil_instant(zone, &civil);
	}
	return t;
}

static bool is_negative(struct nt_duration d)
{
	return d.months < 0 || d.days < 0 || d.ms < 0;
}

bool nt_duration_is_zero(struct nt_duration d)
{
	return d.months == 0 && d.days == 0 && d.ms == 0;
}

nt_time nt_time_plus(const struct nt_zone *zone, nt_time t, struct nt_duration d)
{
	if (is_sentinel(t))
		return t;
	t = clamp(t);
	if (is_negative(d))
		return backwards(zone, t, -(int64_t)d.months, -(int64_t)d.days, d.ms == INT64_MIN ? INT64_MAX : -d.ms);
	return forwards(zone, t, d.months, d.days, d.ms);
}

nt_time nt_time_minus(const struct nt_zone *zone, nt_time t, struct nt_duration d)
{
	if (is_sentinel(t))
		return t;
	t = clamp(t);
	if (is_negative(d))
		return forwards(zone, t, -(int64_t)d.months, -(int64_t)d.days, d.ms == INT64_MIN ? INT64_MAX : -d.ms);
	return backwards(zone, t, d.months, d.days, d.ms);
}

bool nt_time_within(const struct nt_zone *zone, nt_time x, nt_time t, struct nt_duration d)
{
	return x <= t && t < nt_time_plus(zone, x, d);
}
