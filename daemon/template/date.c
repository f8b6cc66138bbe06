#include "template/date.h"

#include "base/zone.h"
#include "template/date_names.h"

#include <string.h>

/* ---- reading ---- */

static void show_instant(nt_time t, const struct nt_zone *zone, struct nt_civil *civil, struct nt_date_place *place)
{
	const char *abbreviation = "UTC";

	t = CLAMP(t, NT_TIME_MIN, NT_TIME_MAX);
	place->offset = 0;
	if (zone == NULL) {
		*civil = nt_civil_from_utc(t);
	} else {
		*civil = nt_civil_at(zone, t);
		place->offset = nt_zone_offset(zone, t, &abbreviation, NULL);
	}
	g_strlcpy(place->abbreviation, abbreviation, sizeof place->abbreviation);
}

static void show_reading(const struct nt_zone *zone, struct nt_civil *civil, struct nt_date_place *place)
{
	struct nt_civil same;

	if (zone == NULL)
		show_instant(nt_civil_utc(civil), NULL, &same, place);
	else
		show_instant(nt_civil_instant(zone, civil), zone, &same, place);
}

/* "March 14, 2016", "14 March 2016", "Mar 14 2016". */
static bool read_words(const char *text, struct nt_civil *civil)
{
	gchar **words = g_strsplit_set(text, " ,.", 12);
	const struct nt_date_names *names = nt_date_names(NULL);
	int numbers[2] = { 0 }, n = 0, month = 0;
	bool good = true;

	for (gchar **word = words; *word != NULL; word++) {
		size_t length = strlen(*word);

		if (length == 0)
			continue;
		if (g_ascii_isdigit(**word) && n < 2 && length <= 4) {
			numbers[n++] = (int)g_ascii_strtoll(*word, NULL, 10);
			continue;
		}
		good = good && month == 0;
		for (int i = 0; i < 12 && length >= 3 && month == 0; i++)
			if (g_ascii_strncasecmp(*word, names->months[i], length) == 0)
				month = i + 1;
		good = good && month != 0;
	}
	g_strfreev(words);
	if (!good || n != 2 || month == 0)
		return false;
	*civil = (struct nt_civil){ .year = MAX(numbers[0], numbers[1]), .month = month,
	                           .day = MIN(numbers[0], numbers[1]) };
	return civil->year >= 1000 && nt_civil_valid(civil);
}

static bool read_text(struct nt_datum value, nt_time now, const struct nt_zone *zone, struct nt_civil *civil,
                      struct nt_date_place *place)
{
	char text[64];
	bool has_offset = false;
	nt_time t = 0;

	if (value.length == 0 || value.length >= sizeof text)
		return false;
	memcpy(text, value.text, value.length);
	text[value.length] = '\0';
	if (strcmp(text, "now") == 0 || strcmp(text, "today") == 0) {
		if (now != NT_NO_TIME)
			show_instant(now, zone, civil, place);
		return now != NT_NO_TIME;
	}
	if (nt_instant_parse(text, value.length, civil, &has_offset, &t, NULL)) {
		if (has_offset)
			show_instant(t, zone, civil, place);
		else
			show_reading(zone, civil, place);
		return true;
	}
	if (!read_words(text, civil))
		return false;
	show_reading(zone, civil, place);
	return true;
}

bool nt_date_read(struct nt_datum value, nt_time now, const struct nt_zone *zone, struct nt_civil *civil,
                  struct nt_date_place *place)
{
	nt_number seconds;
	bool fraction;

	if (value.type != NT_DATUM_TEXT && value.type != NT_DATUM_NUMBER)
		return false;
	if (!nt_datum_to_number(value, &seconds, &fraction))
		return read_text(value, now, zone, civil, place);
	show_instant(seconds / (NT_NUMBER_ONE / 1000), zone, civil, place);
	return true;
}

/* ---- printing ---- */

struct letter {
	bool bare, upper; /* flags - and ^ */
	char pad;         /* 0: the letter's own */
};

static void put_number(GString *out, struct letter flags, int n, int width, char pad)
{
	if (flags.pad != 0)
		pad = flags.pad;
	if (flags.bare)
		g_string_append_printf(out, "%d", n);
	else if (pad == '0')
		g_string_append_printf(out, "%0*d", width, n);
	else
		g_string_append_printf(out, "%*d", width, n);
}

static void put_name(GString *out, struct letter flags, const char *name)
{
	char *upper = flags.upper ? g_utf8_strup(name, -1) : NULL;

	g_string_append(out, flags.upper ? upper : name);
	g_free(upper);
}

static int day_of_year(const struct nt_civil *civil)
{
	return (int)(nt_civil_days(civil->year, civil->month, civil->day) - nt_civil_days(civil->year, 1, 1)) + 1;
}

static void put_compound(GString *out, const char *format, const struct nt_civil *civil,
                         const struct nt_date_place *place)
{
	nt_date_print(out, format, strlen(format), civil, place);
}

static bool put_clock(GString *out, char letter, struct letter flags, const struct nt_civil *civil,
                      const struct nt_date_place *place)
{
	int hour12 = civil->hour % 12 == 0 ? 12 : civil->hour % 12;
	int offset = place->offset < 0 ? -place->offset : place->offset;

	switch (letter) {
	case 'H': put_number(out, flags, civil->hour, 2, '0'); break;
	case 'k': put_number(out, flags, civil->hour, 2, ' '); break;
	case 'I': put_number(out, flags, hour12, 2, '0'); break;
	case 'l': put_number(out, flags, hour12, 2, ' '); break;
	case 'M': put_number(out, flags, civil->minute, 2, '0'); break;
	case 'S': put_number(out, flags, civil->second, 2, '0'); break;
	case 'L': put_number(out, flags, civil->millisecond, 3, '0'); break;
	case 'p': g_string_append(out, civil->hour < 12 ? "AM" : "PM"); break;
	case 'P': g_string_append(out, civil->hour < 12 ? "am" : "pm"); break;
	case 'T':
	case 'X': put_compound(out, "%H:%M:%S", civil, place); break;
	case 'R': put_compound(out, "%H:%M", civil, place); break;
	case 'r': put_compound(out, "%I:%M:%S %p", civil, place); break;
	case 'z':
		g_string_append_printf(out, "%c%02d%02d", place->offset < 0 ? '-' : '+', offset / 3600,
		                       offset / 60 % 60);
		break;
	case 'Z': g_string_append(out, place->abbreviation); break;
	case 's': g_string_append_printf(out, "%" G_GINT64_FORMAT,
	                                 nt_civil_utc(civil) / NT_SECOND - place->offset); break;
	default: return false;
	}
	return true;
}

static bool put_date(GString *out, char letter, struct letter flags, const struct nt_civil *civil,
                     const struct nt_date_place *place)
{
	const struct nt_date_names *names = nt_date_names(place->locale);
	int weekday = nt_civil_weekday(nt_civil_days(civil->year, civil->month, civil->day));

	switch (letter) {
	case 'Y': g_string_append_printf(out, "%d", civil->year); break;
	case 'C': put_number(out, flags, civil->year / 100, 2, '0'); break;
	case 'y': put_number(out, flags, civil->year % 100, 2, '0'); break;
	case 'm': put_number(out, flags, civil->month, 2, '0'); break;
	case 'd': put_number(out, flags, civil->day, 2, '0'); break;
	case 'e': put_number(out, flags, civil->day, 2, ' '); break;
	case 'j': put_number(out, flags, day_of_year(civil), 3, '0'); break;
	case 'u': put_number(out, flags, weekday + 1, 1, '0'); break;
	case 'w': put_number(out, flags, (weekday + 1) % 7, 1, '0'); break;
	case 'B': put_name(out, flags, names->months[civil->month - 1]); break;
	case 'b':
	case 'h': put_name(out, flags, names->short_months[civil->month - 1]); break;
	case 'A': put_name(out, flags, names->days[weekday]); break;
	case 'a': put_name(out, flags, names->short_days[weekday]); break;
	case 'F': put_compound(out, "%Y-%m-%d", civil, place); break;
	case 'D':
	case 'x': put_compound(out, "%m/%d/%y", civil, place); break;
	case 'c': put_compound(out, "%a %b %e %H:%M:%S %Y", civil, place); break;
	case 'n': g_string_append_c(out, '\n'); break;
	case 't': g_string_append_c(out, '\t'); break;
	case '%': g_string_append_c(out, '%'); break;
	default: return false;
	}
	return true;
}

void nt_date_print(GString *out, const char *format, size_t length, const struct nt_civil *civil,
                   const struct nt_date_place *place)
{
	for (size_t i = 0; i < length; i++) {
		struct letter flags = { 0 };
		size_t j = i + 1;

		if (format[i] != '%' || j == length) {
			g_string_append_c(out, format[i]);
			continue;
		}
		for (; j < length && strchr("-0_^", format[j]) != NULL && format[j] != '\0'; j++) {
			flags.bare = flags.bare || format[j] == '-';
			flags.upper = flags.upper || format[j] == '^';
			flags.pad = format[j] == '0' ? '0' : format[j] == '_' ? ' ' : flags.pad;
		}
		if (j < length && (put_date(out, format[j], flags, civil, place) ||
		                   put_clock(out, format[j], flags, civil, place)))
			i = j;
		else
			g_string_append_c(out, '%');
	}
}
