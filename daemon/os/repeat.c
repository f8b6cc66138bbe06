#include "os/repeat.h"

#include "base/civil.h"

#include <glib.h>
#include <string.h>

#define LONGEST 500u
#define CANDIDATES 400u /* days of a year of whole weeks, and to spare */
#define NO_RULE "this is no rule of repetition: write FREQ=YEARLY"

/* ---- reading ---- */

static const char *const week_day_names[] = { "MO", "TU", "WE", "TH", "FR", "SA", "SU" };

/* "12", "-1"; within ±most, and not 0. */
static bool read_number(const char *text, int most, int *out)
{
	bool minus = *text == '-';
	int n = 0, digits = 0;

	text += *text == '-' || *text == '+';
	for (; g_ascii_isdigit(*text) && digits < 6; text++, digits++)
		n = n * 10 + *text - '0';
	*out = minus ? -n : n;
	return *text == '\0' && digits > 0 && n > 0 && n <= most;
}

static bool read_week_day(const char *text, int *out)
{
	for (int i = 0; i < 7; i++)
		if (g_ascii_strcasecmp(text, week_day_names[i]) == 0) {
			*out = i;
			return true;
		}
	return false;
}

static bool add(struct nt_repeat_list *list, int item)
{
	if (list->n == NT_REPEAT_LIST)
		return false;
	list->items[list->n++] = (int16_t)item;
	return true;
}

/* "MO", "4TH", "-1SU" */
static bool read_ordinal_day(char *text, struct nt_repeat *repeat)
{
	size_t length = strlen(text);
	int ordinal = 0, day;

	if (length < 2 || !read_week_day(text + length - 2, &day))
		return false;
	text[length - 2] = '\0';
	if (length > 2 && !read_number(text, 53, &ordinal))
		return false;
	return add(&repeat->week_days, day) && add(&repeat->ordinals, ordinal);
}

static bool read_list(const char *value, int most, struct nt_repeat *repeat, struct nt_repeat_list *list)
{
	char **items = g_strsplit(value, ",", NT_REPEAT_LIST + 1);
	bool good = items[0] != NULL;
	int n;

	for (unsigned i = 0; good && items[i] != NULL; i++)
		good = list == &repeat->week_days ? read_ordinal_day(items[i], repeat) :
		                                    read_number(items[i], most, &n) && add(list, n);
	g_strfreev(items);
	return good;
}

/* A date, or a time, which counts as its date. */
static bool read_until(const char *text, int64_t *day)
{
	int digits[8], year, month;
	struct nt_civil civil = { 0 };

	for (int i = 0; i < 8; i++) {
		if (!g_ascii_isdigit(text[i]))
			return false;
		digits[i] = text[i] - '0';
	}
	if (text[8] != '\0' && text[8] != 'T' && text[8] != 't')
		return false;
	year = digits[0] * 1000 + digits[1] * 100 + digits[2] * 10 + digits[3];
	month = digits[4] * 10 + digits[5];
	civil = (struct nt_civil){ .year = year, .month = month, .day = digits[6] * 10 + digits[7] };
	if (!nt_civil_valid(&civil))
		return false;
	*day = nt_civil_days(civil.year, civil.month, civil.day);
	return true;
}

static const char *read_frequency(const char *value, struct nt_repeat *repeat)
{
	static const char *const words[] = { [NT_REPEAT_DAYS] = "DAILY", [NT_REPEAT_WEEKS] = "WEEKLY",
		                             [NT_REPEAT_MONTHS] = "MONTHLY", [NT_REPEAT_YEARS] = "YEARLY" };
	static const char *const within[] = { "HOURLY", "MINUTELY", "SECONDLY" };

	for (unsigned i = 0; i < G_N_ELEMENTS(words); i++)
		if (g_ascii_strcasecmp(value, words[i]) == 0) {
			repeat->each = (enum nt_repeat_each)i;
			return NULL;
		}
	for (unsigned i = 0; i < G_N_ELEMENTS(within); i++)
		if (g_ascii_strcasecmp(value, within[i]) == 0)
			return "a holiday repeats by days, not within one";
	return NO_RULE;
}

static const char *read_part(struct nt_repeat *repeat, const char *name, const char *value)
{
	const struct {
		const char *name;
		struct nt_repeat_list *list;
		int most;
	} lists[] = {
		{ "BYMONTH", &repeat->months, 12 },       { "BYMONTHDAY", &repeat->month_days, 31 },
		{ "BYYEARDAY", &repeat->year_days, 366 }, { "BYWEEKNO", &repeat->weeks, 53 },
		{ "BYSETPOS", &repeat->positions, 366 },  { "BYDAY", &repeat->week_days, 0 },
	};
	static const char *const within[] = { "BYHOUR", "BYMINUTE", "BYSECOND" };

	for (unsigned i = 0; i < G_N_ELEMENTS(lists); i++)
		if (g_ascii_strcasecmp(name, lists[i].name) == 0)
			return read_list(value, lists[i].most, repeat, lists[i].list) ? NULL : NO_RULE;
	for (unsigned i = 0; i < G_N_ELEMENTS(within); i++)
		if (g_ascii_strcasecmp(name, within[i]) == 0)
			return "a holiday repeats by days, not within one";
	if (g_ascii_strcasecmp(name, "FREQ") == 0)
		return read_frequency(value, repeat);
	if (g_ascii_strcasecmp(name, "INTERVAL") == 0)
		return read_number(value, 32767, &repeat->interval) && repeat->interval > 0 ? NULL : NO_RULE;
	if (g_ascii_strcasecmp(name, "COUNT") == 0)
		return read_number(value, 999999, &repeat->count) && repeat->count > 0 ? NULL : NO_RULE;
	if (g_ascii_strcasecmp(name, "UNTIL") == 0)
		return read_until(value, &repeat->until) ? NULL : NO_RULE;
	if (g_ascii_strcasecmp(name, "WKST") == 0)
		return read_week_day(value, &repeat->week_start) ? NULL : NO_RULE;
	if (g_ascii_strcasecmp(name, "RSCALE") == 0)
		return "RSCALE isn't supported: give the dates as events of their own";
	return NO_RULE;
}

/* What goes with what (RFC 5545, 3.3.10). */
static const char *unfit(const struct nt_repeat *repeat)
{
	bool by = repeat->months.n + repeat->month_days.n + repeat->year_days.n + repeat->weeks.n +
	                  repeat->week_days.n > 0;

	if (repeat->each == NT_REPEAT_DAYS &&
	    (by || repeat->positions.n > 0 || (repeat->count == 0 && repeat->until == INT64_MAX)))
		return "a daily rule needs COUNT or UNTIL, and takes no BY…: without an end no message would ever "
		       "go out";
	if (repeat->each != NT_REPEAT_YEARS && repeat->year_days.n + repeat->weeks.n > 0)
		return "BYYEARDAY and BYWEEKNO go with FREQ=YEARLY alone";
	if (repeat->each == NT_REPEAT_WEEKS && repeat->month_days.n > 0)
		return "BYMONTHDAY doesn't go with FREQ=WEEKLY";
	if (repeat->positions.n > 0 && !by)
		return "BYSETPOS goes with another BY… alone";
	for (unsigned i = 0; i < repeat->ordinals.n; i++)
		if (repeat->ordinals.items[i] != 0 && (repeat->each == NT_REPEAT_WEEKS || repeat->weeks.n > 0))
			return "a number in BYDAY goes with FREQ=MONTHLY or FREQ=YEARLY, and not with BYWEEKNO";
	for (unsigned i = 0; i < repeat->months.n; i++)
		if (repeat->months.items[i] < 0)
			return NO_RULE;
	return NULL;
}

bool nt_repeat_parse(const char *text, struct nt_repeat *repeat, const char **why)
{
	char **parts;
	bool frequency = false;

	*repeat = (struct nt_repeat){ .interval = 1, .until = INT64_MAX };
	*why = strlen(text) > LONGEST ? "this rule is too long" : NULL;
	if (*why != NULL)
		return false;
	parts = g_strsplit(text, ";", 0);
	for (unsigned i = 0; parts[i] != NULL && *why == NULL; i++) {
		char *equals = strchr(parts[i], '=');

		if (parts[i][0] == '\0' && parts[i + 1] == NULL && i > 0)
			break; /* some write a semicolon at the end */
		if (equals == NULL) {
			*why = NO_RULE;
			break;
		}
		*equals = '\0';
		for (unsigned k = 0; k < i && *why == NULL; k++)
			if (g_ascii_strcasecmp(parts[k], parts[i]) == 0)
				*why = NO_RULE;
		frequency |= g_ascii_strcasecmp(parts[i], "FREQ") == 0;
		if (*why == NULL)
			*why = read_part(repeat, parts[i], equals + 1);
	}
	if (*why == NULL)
		*why = frequency ? unfit(repeat) : NO_RULE;
	g_strfreev(parts);
	return *why == NULL;
}

/* ---- days ---- */

struct walk {
	const struct nt_repeat *repeat;
	int64_t start, last;
	unsigned *work;
	bool (*each)(void *user, int64_t day);
	void *user;
	int given;
	int64_t candidates[CANDIDATES]; /* of the period at hand */
	unsigned n;
	bool over, tired; /* there are no more; the work is used up */
};

/* Counted from the front, or from the back; an empty list allows all. */
static bool allows(const struct nt_repeat_list *list, int from_front, int length)
{
	for (unsigned i = 0; i < list->n; i++)
		if (list->items[i] == from_front || list->items[i] == from_front - length - 1)
			return true;
	return list->n == 0;
}

/* The n-th such weekday of its month, or of its year: where `of` is so many days long and this is its day `at`. */
static bool allows_week_day(const struct nt_repeat *repeat, int week_day, int at, int of)
{
	for (unsigned i = 0; i < repeat->week_days.n; i++) {
		int ordinal = repeat->ordinals.items[i];

		if (repeat->week_days.items[i] == week_day &&
		    (ordinal == 0 || ordinal == (at - 1) / 7 + 1 || ordinal == -((of - at) / 7 + 1)))
			return true;
	}
	return repeat->week_days.n == 0;
}

static bool fits(const struct nt_repeat *repeat, int64_t day)
{
	int year, month, at, length, at_year, of_year;

	nt_civil_from_days(day, &year, &month, &at);
	length = nt_civil_month_days(year, month);
	at_year = (int)(day - nt_civil_days(year, 1, 1)) + 1;
	of_year = (int)(nt_civil_days(year + 1, 1, 1) - nt_civil_days(year, 1, 1));
	if (!allows(&repeat->months, month, 1000) || !allows(&repeat->month_days, at, length) ||
	    !allows(&repeat->year_days, at_year, of_year))
		return false;
	if (repeat->each == NT_REPEAT_YEARS && repeat->months.n == 0)
		return allows_week_day(repeat, nt_civil_weekday(day), at_year, of_year);
	return allows_week_day(repeat, nt_civil_weekday(day), at, length);
}

static bool look_at(struct walk *walk)
{
	walk->tired |= *walk->work == 0;
	*walk->work -= *walk->work > 0;
	return !walk->tired;
}

static void collect(struct walk *walk, int64_t from, int64_t to)
{
	for (int64_t day = from; day < to && look_at(walk); day++)
		if (fits(walk->repeat, day) && walk->n < CANDIDATES)
			walk->candidates[walk->n++] = day;
}

/* A period is whole. */
static void give(struct walk *walk)
{
	const struct nt_repeat *repeat = walk->repeat;

	for (unsigned i = 0; i < walk->n && !walk->over; i++) {
		int64_t day = walk->candidates[i];

		if (day < walk->start || !allows(&repeat->positions, (int)i + 1, (int)walk->n))
			continue;
		walk->over = day > walk->last || day > repeat->until || !walk->each(walk->user, day) ||
		             ++walk->given == repeat->count;
	}
	walk->n = 0;
}

/* The first day of the year's first week: the one with four days in it. */
static int64_t first_week(const struct nt_repeat *repeat, int year)
{
	int64_t first = nt_civil_days(year, 1, 1);
	int behind = (nt_civil_weekday(first) - repeat->week_start + 7) % 7;

	return behind <= 3 ? first - behind : first - behind + 7;
}

static void walk_weeks_of_year(struct walk *walk, int year)
{
	int64_t first = first_week(walk->repeat, year);
	int n = (int)(first_week(walk->repeat, year + 1) - first) / 7;

	for (int i = 0; i < n && look_at(walk); i++)
		if (allows(&walk->repeat->weeks, i + 1, n))
			collect(walk, first + i * 7, first + i * 7 + 7);
}

static void walk_month(struct walk *walk, int year, int month)
{
	int64_t first = nt_civil_days(year, month, 1);

	if (look_at(walk) && allows(&walk->repeat->months, month, 1000))
		collect(walk, first, first + nt_civil_month_days(year, month));
}

static void walk_years(struct walk *walk)
{
	int year, month, day, last, unused;

	nt_civil_from_days(walk->start, &year, &month, &day);
	nt_civil_from_days(walk->last, &last, &unused, &unused);
	if (walk->repeat->weeks.n > 0 && walk->start < first_week(walk->repeat, year))
		year--;
	else if (walk->repeat->weeks.n > 0 && walk->start >= first_week(walk->repeat, year + 1))
		year++;
	for (; year <= last + 1 && !walk->over && !walk->tired; year += walk->repeat->interval) {
		if (walk->repeat->weeks.n > 0)
			walk_weeks_of_year(walk, year);
		for (month = 1; walk->repeat->weeks.n == 0 && month <= 12; month++)
			walk_month(walk, year, month);
		give(walk);
	}
}

static void walk_months(struct walk *walk)
{
	int year, month, day, last, unused;

	nt_civil_from_days(walk->start, &year, &month, &day);
	nt_civil_from_days(walk->last, &last, &unused, &unused);
	for (month += year * 12 - 1; month / 12 <= last && !walk->over && !walk->tired;
	     month += walk->repeat->interval) {
		walk_month(walk, month / 12, month % 12 + 1);
		give(walk);
	}
}

static void walk_days(struct walk *walk, int64_t from, int length)
{
	int64_t ahead = (int64_t)length * walk->repeat->interval;

	for (; from <= walk->last && !walk->over && !walk->tired; from += ahead) {
		collect(walk, from, from + length);
		give(walk);
	}
}

/* What the rule leaves open is as the first day has it. */
static void fill_in(struct nt_repeat *repeat, int64_t start)
{
	bool days = repeat->month_days.n + repeat->year_days.n + repeat->week_days.n > 0;
	int year, month, day;

	nt_civil_from_days(start, &year, &month, &day);
	if (repeat->each == NT_REPEAT_YEARS && repeat->month_days.n > 0 &&
	    repeat->months.n + repeat->year_days.n + repeat->weeks.n + repeat->week_days.n == 0)
		add(&repeat->months, month); /* the standard says each month: nobody means a holiday so */
	if (days || repeat->each == NT_REPEAT_DAYS)
		return;
	if (repeat->each == NT_REPEAT_WEEKS || repeat->weeks.n > 0) {
		add(&repeat->week_days, nt_civil_weekday(start));
		add(&repeat->ordinals, 0);
		return;
	}
	add(&repeat->month_days, day);
	if (repeat->each == NT_REPEAT_YEARS && repeat->months.n == 0)
		add(&repeat->months, month);
}

bool nt_repeat_days(const struct nt_repeat *repeat, int64_t start, int64_t last, unsigned *work,
                    bool (*each)(void *user, int64_t day), void *user)
{
	struct nt_repeat whole = *repeat;
	struct walk walk = { .repeat = &whole, .start = start, .last = last, .work = work, .each = each,
		             .user = user };

	fill_in(&whole, start);
	switch (whole.each) {
	case NT_REPEAT_DAYS:
		walk_days(&walk, start, 1);
		break;
	case NT_REPEAT_WEEKS:
		walk_days(&walk, start - (nt_civil_weekday(start) - whole.week_start + 7) % 7, 7);
		break;
	case NT_REPEAT_MONTHS:
		walk_months(&walk);
		break;
	case NT_REPEAT_YEARS:
		walk_years(&walk);
		break;
	}
	return !walk.tired;
}
