/* How people write and read what base/civil.h holds. */
#include "base/civil.h"

#include "base/text.h"
#include "base/zone.h"

#include <string.h>

#define MOST_YEARS 1000 /* of a duration */
#define MOST_DAYS (MOST_YEARS * 366)

static const char *const weekdays[] = { "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday" };

struct cursor {
	const char *p, *end;
};

static void skip_blanks(struct cursor *in)
{
	while (in->p < in->end && (*in->p == ' ' || *in->p == '\t'))
		in->p++;
}

static struct cursor cursor_of(const char *text, size_t length)
{
	struct cursor in = { text, text + length };

	while (in.end > in.p && (in.end[-1] == ' ' || in.end[-1] == '\t'))
		in.end--;
	skip_blanks(&in);
	return in;
}

static bool take(struct cursor *in, char c)
{
	if (in->p == in->end || *in->p != c)
		return false;
	in->p++;
	return true;
}

/* Between `least` and `most` digits, no more following. */
static bool take_digits(struct cursor *in, int least, int most, int64_t *out)
{
	int n = 0;

	*out = 0;
	for (; in->p < in->end && g_ascii_isdigit(*in->p); in->p++, n++) {
		if (n == most)
			return false;
		*out = *out * 10 + (*in->p - '0');
	}
	return n >= least;
}

static bool no(const char **why, const char *message)
{
	if (why != NULL)
		*why = message;
	return false;
}

/* --- durations --- */

enum part { MONTHS, DAYS, MS };

static const struct unit {
	const char *name; /* singular */
	enum part part;
	int64_t size;
} units[] = {
	{ "year", MONTHS, 12 }, { "month", MONTHS, 1 },    { "week", DAYS, 7 },         { "day", DAYS, 1 },
	{ "hour", MS, NT_HOUR }, { "minute", MS, NT_MINUTE }, { "second", MS, NT_SECOND },
};

static const char not_a_duration[] =
	"a duration is written like '90 minutes', '3 days', '1 month' or '1 day 4 hours'";

static const struct unit *take_unit(struct cursor *in)
{
	const char *start = in->p;
	size_t length;

	while (in->p < in->end && g_ascii_isalpha(*in->p))
		in->p++;
	length = (size_t)(in->p - start);
	if (length > 1 && start[length - 1] == 's')
		length--;
	for (size_t i = 0; i < G_N_ELEMENTS(units); i++)
		if (strlen(units[i].name) == length && memcmp(units[i].name, start, length) == 0)
			return &units[i];
	return NULL;
}

/* Up to three decimals as thousandths: only seconds take them. */
static bool take_thousandths(struct cursor *in, int64_t *out)
{
	const char *start;

	*out = 0;
	if (!take(in, '.'))
		return true;
	start = in->p;
	if (!take_digits(in, 1, 3, out))
		return false;
	for (ptrdiff_t n = in->p - start; n < 3; n++)
		*out *= 10;
	return true;
}

bool nt_duration_parse(const char *text, size_t length, struct nt_duration *out, const char **why)
{
	struct cursor in = cursor_of(text, length);
	int64_t sums[] = { 0, 0, 0 };
	unsigned seen = 0;

	if (in.p == in.end)
		return no(why, not_a_duration);
	while (in.p < in.end) {
		const struct unit *unit;
		int64_t n, thousandths;

		if (!take_digits(&in, 1, 12, &n) || !take_thousandths(&in, &thousandths))
			return no(why, not_a_duration);
		skip_blanks(&in);
		unit = take_unit(&in);
		if (unit == NULL)
			return no(why, not_a_duration);
		if ((seen & 1u << (unit - units)) != 0)
			return no(why, "a unit stands twice in this duration");
		if (thousandths != 0 && unit->size != NT_SECOND)
			return no(why, "only seconds take decimals; write '90 minutes' for an hour and a half");
		seen |= 1u << (unit - units);
		if (n > MOST_DAYS * (NT_DAY / unit->size) && unit->part == MS)
			return no(why, "a duration is at most 1000 years");
		sums[unit->part] += n * unit->size + thousandths;
		if (sums[MONTHS] > MOST_YEARS * 12 || sums[DAYS] > MOST_DAYS || sums[MS] > MOST_DAYS * NT_DAY)
			return no(why, "a duration is at most 1000 years");
		skip_blanks(&in);
	}
	*out = (struct nt_duration){ (int32_t)sums[MONTHS], (int32_t)sums[DAYS], sums[MS] };
	return true;
}

static uint64_t size_of(int64_t n)
{
	return n < 0 ? 0 - (uint64_t)n : (uint64_t)n;
}

static void print_part(GString *out, size_t start, uint64_t n, const char *name)
{
	if (n == 0)
		return;
	g_string_append_printf(out, "%s%" G_GUINT64_FORMAT " %s%s", out->len > start ? " " : "", (guint64)n, name,
	                       nt_text_plural(n, "", "s"));
}

void nt_duration_print(struct nt_duration d, GString *out)
{
	uint64_t months = size_of(d.months), ms = size_of(d.ms);
	unsigned fraction = (unsigned)(ms % 1000);
	size_t start;

	if (d.months < 0 || d.days < 0 || d.ms < 0)
		g_string_append_c(out, '-');
	start = out->len;
	print_part(out, start, months / 12, "year");
	print_part(out, start, months % 12, "month");
	print_part(out, start, size_of(d.days), "day");
	print_part(out, start, ms / NT_HOUR, "hour");
	print_part(out, start, ms / NT_MINUTE % 60, "minute");
	if (fraction == 0) {
		print_part(out, start, ms / NT_SECOND % 60, "second");
	} else {
		g_string_append_printf(out, "%s%u.%03u", out->len > start ? " " : "",
		                       (unsigned)(ms / NT_SECOND % 60), fraction);
		while (out->str[out->len - 1] == '0')
			g_string_truncate(out, out->len - 1);
		g_string_append(out, " seconds");
	}
	if (out->len == start)
		g_string_append(out, "0 seconds");
}

/* --- clock, weekday, date, instant --- */

static bool take_clock(struct cursor *in, int64_t *hour, int64_t *minute)
{
	return take_digits(in, 1, 2, hour) && take(in, ':') && take_digits(in, 2, 2, minute);
}

bool nt_clock_parse(const char *text, size_t length, int *minutes, const char **why)
{
	struct cursor in = cursor_of(text, length);
	int64_t hour, minute;

	if (!take_clock(&in, &hour, &minute) || in.p != in.end)
		return no(why, "a time of day is written like '09:00'");
	if (hour > 23 || minute > 59)
		return no(why, "a time of day lies between 00:00 and 23:59");
	*minutes = (int)(hour * 60 + minute);
	return true;
}

bool nt_weekday_parse(const char *text, size_t length, int *weekday)
{
	struct cursor in = cursor_of(text, length);
	size_t n = (size_t)(in.end - in.p);

	for (int i = 0; i < 7; i++)
		if ((n == 3 || n == strlen(weekdays[i])) && g_ascii_strncasecmp(in.p, weekdays[i], n) == 0) {
			*weekday = i;
			return true;
		}
	return false;
}

static bool take_date(struct cursor *in, struct nt_civil *out, const char **why)
{
	int64_t year, month, day;

	if (!take_digits(in, 4, 4, &year) || !take(in, '-') || !take_digits(in, 2, 2, &month) || !take(in, '-') ||
	    !take_digits(in, 2, 2, &day))
		return no(why, "a date is written like '2026-12-01'");
	if (year < 1)
		return no(why, "a year lies between 0001 and 9999");
	if (month < 1 || month > 12)
		return no(why, "a month lies between 01 and 12");
	if (day < 1 || day > 31)
		return no(why, "a month has at most 31 days");
	if (day > nt_civil_month_days((int)year, (int)month))
		return no(why, "that month doesn't have so many days");
	*out = (struct nt_civil){ .year = (int)year, .month = (int)month, .day = (int)day };
	return true;
}

bool nt_date_parse(const char *text, size_t length, struct nt_civil *out, const char **why)
{
	struct cursor in = cursor_of(text, length);
	struct nt_civil civil;

	if (!take_date(&in, &civil, why))
		return false;
	if (in.p != in.end)
		return no(why, "a date is written like '2026-12-01'");
	*out = civil;
	return true;
}

static const char not_an_instant[] =
	"a time is written like '2026-12-01', '2026-12-01 09:00' or '2026-12-01T09:00:00Z'";

/* Any number of decimals; beyond milliseconds they are cut off, so that a time never moves into the future. */
static bool take_fraction(struct cursor *in, int *ms)
{
	int scale = 100;

	if (in->p == in->end || !g_ascii_isdigit(*in->p))
		return false;
	for (*ms = 0; in->p < in->end && g_ascii_isdigit(*in->p); in->p++, scale /= 10)
		*ms += (*in->p - '0') * scale;
	return true;
}

static bool take_time_of_day(struct cursor *in, struct nt_civil *civil, const char **why)
{
	int64_t hour, minute, second = 0;

	if (!take_clock(in, &hour, &minute))
		return no(why, not_an_instant);
	if (take(in, ':') &&
	    (!take_digits(in, 2, 2, &second) || (take(in, '.') && !take_fraction(in, &civil->millisecond))))
		return no(why, not_an_instant);
	if (hour > 23 || minute > 59 || second > 59)
		return no(why, "a time of day lies between 00:00:00 and 23:59:59");
	civil->hour = (int)hour;
	civil->minute = (int)minute;
	civil->second = (int)second;
	return true;
}

/* "Z", "-05:00" or nothing. */
static bool take_offset(struct cursor *in, bool *has_offset, nt_time *offset, const char **why)
{
	int64_t hour, minute;
	bool west;

	skip_blanks(in);
	*offset = 0;
	*has_offset = in->p < in->end;
	if (!*has_offset || take(in, 'Z') || take(in, 'z'))
		return in->p == in->end || no(why, not_an_instant);
	west = *in->p == '-';
	if ((!west && *in->p != '+') || (in->p++, !take_clock(in, &hour, &minute)) || in->p != in->end)
		return no(why, not_an_instant);
	if (hour > 23 || minute > 59)
		return no(why, "an offset from UTC lies between -23:59 and +23:59");
	*offset = (hour * NT_HOUR + minute * NT_MINUTE) * (west ? -1 : 1);
	return true;
}

bool nt_instant_parse(const char *text, size_t length, struct nt_civil *civil, bool *has_offset, nt_time *t,
                      const char **why)
{
	struct cursor in = cursor_of(text, length);
	struct nt_civil reading;
	bool found = false;
	nt_time offset = 0;

	if (!take_date(&in, &reading, why))
		return false;
	if (in.p < in.end) {
		if (!take(&in, 'T') && !take(&in, 't') && !take(&in, ' '))
			return no(why, not_an_instant);
		skip_blanks(&in);
		if (!take_time_of_day(&in, &reading, why) || !take_offset(&in, &found, &offset, why))
			return false;
	}
	*civil = reading;
	*has_offset = found;
	if (found)
		*t = CLAMP(nt_civil_utc(&reading) - offset, NT_TIME_MIN, NT_TIME_MAX);
	return true;
}

nt_time nt_instant_precision(const char *text, size_t length)
{
	struct cursor in = cursor_of(text, length);
	const char *end = in.end;
	int colons = 0;

	/* An offset comes after the time of day, which begins with byte 11. */
	for (const char *p = in.p + MIN((ptrdiff_t)10, in.end - in.p); p < end; p++) {
		if (*p == '.')
			return 1;
		if (*p == '+' || *p == '-')
			break;
		colons += *p == ':';
	}
	return colons == 0 ? NT_DAY : colons == 1 ? NT_MINUTE : NT_SECOND;
}

/* --- printing: timelines are made of instants, so by hand --- */

static char *put_digits(char *to, int n, int digits)
{
	for (int i = digits; i-- > 0; n /= 10)
		to[i] = (char)('0' + n % 10);
	return to + digits;
}

static char *put_date(char *to, const struct nt_civil *c, char after)
{
	to = put_digits(to, c->year, 4);
	*to++ = '-';
	to = put_digits(to, c->month, 2);
	*to++ = '-';
	to = put_digits(to, c->day, 2);
	*to++ = after;
	return to;
}

static char *put_clock(char *to, const struct nt_civil *c, bool seconds)
{
	to = put_digits(to, c->hour, 2);
	*to++ = ':';
	to = put_digits(to, c->minute, 2);
	if (seconds) {
		*to++ = ':';
		to = put_digits(to, c->second, 2);
	}
	if (c->millisecond != 0) {
		*to++ = '.';
		to = put_digits(to, c->millisecond, 3);
	}
	return to;
}

void nt_time_print_utc(nt_time t, GString *out)
{
	struct nt_civil c;
	char text[32], *end;

	if (t == NT_NEVER || t == NT_NO_TIME) {
		g_string_append(out, t == NT_NEVER ? "never" : "none");
		return;
	}
	c = nt_civil_from_utc(CLAMP(t, NT_TIME_MIN, NT_TIME_MAX));
	end = put_clock(put_date(text, &c, 'T'), &c, true);
	*end++ = 'Z';
	g_string_append_len(out, text, end - text);
}

void nt_time_print_local(const struct nt_zone *zone, nt_time t, GString *out)
{
	const char *abbreviation, *weekday;
	char text[40], *end = text;
	struct nt_civil c;

	if (t == NT_NEVER || t == NT_NO_TIME) {
		g_string_append(out, t == NT_NEVER ? "never" : "none");
		return;
	}
	c = nt_civil_at(zone, t);
	nt_zone_offset(zone, t, &abbreviation, NULL);
	weekday = weekdays[nt_civil_weekday(nt_civil_days(c.year, c.month, c.day))];
	*end++ = g_ascii_toupper(weekday[0]);
	*end++ = weekday[1];
	*end++ = weekday[2];
	*end++ = ' ';
	end = put_clock(put_date(end, &c, ' '), &c, c.second != 0 || c.millisecond != 0);
	*end++ = ' ';
	g_string_append_len(out, text, end - text);
	g_string_append(out, abbreviation);
}
