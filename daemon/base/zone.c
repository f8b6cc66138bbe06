#include "base/zone.h"

#include "base/civil.h"

#include <glib.h>
#include <string.h>

#define HEADER_SIZE 44
#define TYPE_SIZE 6
#define MOST_TRANSITIONS 100000
#define EAST_MOST 93599  /* RFC 9636 section 3.2: an offset lies between -24:59:59 and +25:59:59 */
#define WEST_MOST (-89999)
#define CHANGES 8        /* two a year, of the year before to the second after */
#define WRITTEN_OUT ((nt_time)130 * 366 * NT_DAY) /* so far the footer's changes are looked up, not reckoned */
#define LATEST_HOUR 167  /* of a rule's time, RFC 9636 section 3.3.2 */

/* A kind of local time. */
struct type {
	int offset; /* seconds east of UTC */
	const char *abbreviation;
};

struct transition {
	nt_time at;
	unsigned type;
};

/* When a POSIX TZ string changes the clock: Mm.w.d, Jn or n, then the wall reading in seconds. */
enum day_kind { MONTH_WEEK_DAY, JULIAN_NO_LEAP, ZERO_BASED };

struct change {
	enum day_kind kind;
	int month, week, day;
	int seconds;
};

/* What the footer says: one type for ever, or two in turn. */
struct footer {
	bool present, two;
	unsigned standard, summer; /* types */
	struct change start, end;  /* of summer */
};

struct nt_zone {
	char *name;
	char *abbreviations;      /* NUL-separated */
	char *footer_names[2];
	struct type *types;       /* those of the data, then up to two of the footer */
	unsigned n_types, first;  /* first: what holds before the first transition */
	struct transition *transitions;
	unsigned n_transitions;
	struct footer footer;
};

/* --- the data block --- */

struct counts {
	uint32_t is_utc, is_standard, leaps, times, types, chars;
};

static uint32_t read_u32(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static int64_t read_time(const unsigned char *p, unsigned width)
{
	if (width == 4)
		return (int32_t)read_u32(p);
	return (int64_t)((uint64_t)read_u32(p) << 32 | read_u32(p + 4));
}

static void read_counts(const unsigned char *p, struct counts *c)
{
	*c = (struct counts){ read_u32(p + 20), read_u32(p + 24), read_u32(p + 28),
	                      read_u32(p + 32), read_u32(p + 36), read_u32(p + 40) };
}

static uint64_t block_size(const struct counts *c, unsigned width)
{
	return (uint64_t)c->times * (width + 1) + (uint64_t)c->types * TYPE_SIZE + c->chars +
	       (uint64_t)c->leaps * (width + 4) + c->is_standard + c->is_utc;
}

static const char *check_counts(const struct counts *c)
{
	if (c->types == 0 || c->types > 256 || c->chars == 0 || c->chars > 65536 || c->times > MOST_TRANSITIONS)
		return "its counts are out of range";
	if (c->leaps > 0)
		return "it counts leap seconds, which UTC milliseconds don't have";
	return NULL;
}

static const char *read_types(struct nt_zone *zone, const unsigned char *p, const struct counts *c)
{
	const unsigned char *chars = p + (size_t)c->types * TYPE_SIZE;

	if (chars[c->chars - 1] != '\0')
		return "an abbreviation isn't ended";
	zone->abbreviations = g_malloc(c->chars);
	memcpy(zone->abbreviations, chars, c->chars);
	zone->types = g_new0(struct type, c->types + 2);
	zone->n_types = c->types;
	for (uint32_t i = 0; i < c->types; i++, p += TYPE_SIZE) {
		int32_t offset = (int32_t)read_u32(p);

		if (offset < WEST_MOST || offset > EAST_MOST)
			return "an offset from UTC is out of range";
		if (p[5] >= c->chars)
			return "an abbreviation lies outside its table";
		zone->types[i].offset = offset;
		zone->types[i].abbreviation = zone->abbreviations + p[5];
	}
	return NULL;
}

static bool same_type(const struct nt_zone *zone, unsigned a, unsigned b)
{
	return a == b || (zone->types[a].offset == zone->types[b].offset &&
	                  strcmp(zone->types[a].abbreviation, zone->types[b].abbreviation) == 0);
}

/* Transitions that change nothing that we tell (only the DST flag, say) are left out; those before our
 * calendar only decide what it begins with. The very last one stays: from there on the footer is followed. */
static const char *read_transitions(struct nt_zone *zone, const unsigned char *p, const struct counts *c,
                                    unsigned width)
{
	const unsigned char *kinds = p + (size_t)c->times * width;
	unsigned current = 0;

	zone->transitions = g_new0(struct transition, c->times + 1);
	for (uint32_t i = 0; i < c->times; i++) {
		int64_t seconds = read_time(p + (size_t)i * width, width);

		if (i > 0 && seconds <= read_time(p + (size_t)(i - 1) * width, width))
			return "its transitions aren't in order";
		if (kinds[i] >= c->types)
			return "a transition names a type that isn't there";
		if (seconds > NT_TIME_MAX / NT_SECOND) { /* never reached, and neither is the footer */
			zone->transitions[zone->n_transitions++] = (struct transition){ NT_NEVER, kinds[i] };
			break;
		}
		if (seconds < NT_TIME_MIN / NT_SECOND)
			zone->first = kinds[i];
		else if (i + 1 == c->times || !same_type(zone, kinds[i], current))
			zone->transitions[zone->n_transitions++] = (struct transition){ seconds * NT_SECOND, kinds[i] };
		current = kinds[i];
	}
	return NULL;
}

static const char *read_block(struct nt_zone *zone, const unsigned char *p, const struct counts *c, unsigned width)
{
	const char *why = read_types(zone, p + (size_t)c->times * (width + 1), c);

	return why != NULL ? why : read_transitions(zone, p, c, width);
}

/* --- the footer: a POSIX TZ string with the extensions of RFC 9636 section 3.3.2 --- */

struct cursor {
	const char *p, *end;
};

static bool take(struct cursor *in, char c)
{
	if (in->p == in->end || *in->p != c)
		return false;
	in->p++;
	return true;
}

static bool take_number(struct cursor *in, int low, int high, int *out)
{
	const char *start = in->p;
	int n = 0;

	while (in->p < in->end && g_ascii_isdigit(*in->p) && in->p - start < 4)
		n = n * 10 + (*in->p++ - '0');
	*out = n;
	return in->p > start && n >= low && n <= high;
}

/* hh[:mm[:ss]], signed. */
static bool take_seconds(struct cursor *in, int hours, int *out)
{
	bool negative = take(in, '-');
	int h, m = 0, s = 0;

	if (!negative)
		take(in, '+');
	if (!take_number(in, 0, hours, &h))
		return false;
	if (take(in, ':') && (!take_number(in, 0, 59, &m) || (take(in, ':') && !take_number(in, 0, 59, &s))))
		return false;
	*out = (h * 60 + m) * 60 + s;
	if (negative)
		*out = -*out;
	return true;
}

static char *take_name(struct cursor *in)
{
	bool quoted = take(in, '<');
	const char *start = in->p;
	size_t length;

	while (in->p < in->end &&
	       (g_ascii_isalpha(*in->p) || (quoted && (g_ascii_isdigit(*in->p) || *in->p == '+' || *in->p == '-'))))
		in->p++;
	length = (size_t)(in->p - start);
	if (length < 3 || length > 31 || (quoted && !take(in, '>')))
		return NULL;
	return g_strndup(start, length);
}

static bool take_change(struct cursor *in, struct change *out)
{
	*out = (struct change){ .kind = ZERO_BASED, .seconds = 2 * 60 * 60 };
	if (take(in, 'M')) {
		out->kind = MONTH_WEEK_DAY;
		if (!take_number(in, 1, 12, &out->month) || !take(in, '.') || !take_number(in, 1, 5, &out->week) ||
		    !take(in, '.') || !take_number(in, 0, 6, &out->day))
			return false;
	} else if (take(in, 'J')) {
		out->kind = JULIAN_NO_LEAP;
		if (!take_number(in, 1, 365, &out->day))
			return false;
	} else if (!take_number(in, 0, 365, &out->day)) {
		return false;
	}
	return !take(in, '/') || take_seconds(in, LATEST_HOUR, &out->seconds);
}

static bool take_type(struct nt_zone *zone, struct cursor *in, int which, bool needs_offset)
{
	struct type *type = &zone->types[zone->n_types];
	int west = 0;

	zone->footer_names[which] = take_name(in);
	if (zone->footer_names[which] == NULL)
		return false;
	if (needs_offset || (in->p < in->end && *in->p != ',')) {
		if (!take_seconds(in, 24, &west))
			return false;
		type->offset = -west;
	} else {
		type->offset = zone->types[zone->footer.standard].offset + 60 * 60;
	}
	type->abbreviation = zone->footer_names[which];
	zone->n_types++;
	return true;
}

static bool read_footer(struct nt_zone *zone, const char *text, size_t length)
{
	struct cursor in = { text, text + length };
	struct footer *footer = &zone->footer;

	footer->standard = zone->n_types;
	if (!take_type(zone, &in, 0, true))
		return false;
	footer->present = true;
	if (in.p == in.end)
		return true;
	footer->two = true;
	footer->summer = zone->n_types;
	return take_type(zone, &in, 1, false) && take(&in, ',') && take_change(&in, &footer->start) && take(&in, ',') &&
	       take_change(&in, &footer->end) && in.p == in.end;
}

/* The wall reading, as seconds since the epoch, at which the clock is changed in that year. */
static int64_t change_reading(const struct change *change, int year)
{
	int64_t day;

	if (change->kind == MONTH_WEEK_DAY) {
		int64_t first = nt_civil_days(year, change->month, 1);
		int sunday_based = (nt_civil_weekday(first) + 1) % 7, length = nt_civil_month_days(year, change->month);
		int ahead = (change->day - sunday_based + 7) % 7 + (change->week - 1) * 7;

		day = first + (ahead >= length ? ahead - 7 : ahead);
	} else {
		day = nt_civil_days(year, 1, 1) + change->day;
		if (change->kind == JULIAN_NO_LEAP && !(change->day >= 60 && nt_civil_month_days(year, 2) == 29))
			day--;
	}
	return day * 86400 + change->seconds;
}

/* The changes around a year in order; one that another cancels at the same instant is gone (the start of summer
 * wins: "EST5EDT,0/0,J365/25" is summer all year), and so is the last, whose canceller might lie beyond. */
static unsigned footer_changes(const struct nt_zone *zone, int year, struct transition changes[CHANGES])
{
	const struct footer *footer = &zone->footer;
	int standard = zone->types[footer->standard].offset, summer = zone->types[footer->summer].offset;
	unsigned n = 0, kept = 0;

	for (int y = year - 1; y <= year + 2; y++) {
		struct transition two[2] = {
			{ (change_reading(&footer->end, y) - summer) * NT_SECOND, footer->standard },
			{ (change_reading(&footer->start, y) - standard) * NT_SECOND, footer->summer },
		};

		for (unsigned i = 0; i < 2; i++) {
			unsigned place = n++;

			for (; place > 0 && (changes[place - 1].at > two[i].at ||
			                     (changes[place - 1].at == two[i].at && two[i].type == footer->standard));
			     place--)
				changes[place] = changes[place - 1];
			changes[place] = two[i];
		}
	}
	for (unsigned i = 0; i + 1 < n; i++) {
		if (changes[i + 1].at == changes[i].at)
			continue;
		if (kept == 0 || changes[kept - 1].type != changes[i].type)
			changes[kept++] = changes[i];
	}
	return kept;
}

static unsigned footer_type(const struct nt_zone *zone, nt_time t, nt_time *until)
{
	struct transition changes[CHANGES] = { { 0 } };
	unsigned n, type;

	*until = NT_NEVER;
	if (!zone->footer.two)
		return zone->footer.standard;
	n = footer_changes(zone, nt_civil_from_utc(t).year, changes);
	type = changes[0].type;
	if (n == 1)
		return type;
	for (unsigned i = 0; i < n; i++) {
		if (changes[i].at > t) {
			*until = changes[i].at > NT_TIME_MAX ? NT_NEVER : changes[i].at;
			break;
		}
		type = changes[i].type;
	}
	return type;
}

/* Old tools pad the data with a last transition in 2038 that changes nothing. Where the footer already says what
 * holds since the one before it, it isn't needed to tell where the footer begins. */
static void drop_padding(struct nt_zone *zone)
{
	const struct transition *before, *last;
	nt_time until;

	if (!zone->footer.present || zone->n_transitions < 2)
		return;
	last = &zone->transitions[zone->n_transitions - 1];
	before = last - 1;
	if (same_type(zone, last->type, before->type) &&
	    same_type(zone, footer_type(zone, before->at, &until), before->type) && until > last->at)
		zone->n_transitions--;
}

/* Most of what is asked lies in years that only the footer knows: its changes of the next decades join the others. */
static void write_out(struct nt_zone *zone)
{
	unsigned n = zone->n_transitions, room = n;
	nt_time until;

	if (!zone->footer.present || !zone->footer.two || n == 0)
		return;
	zone->transitions[n - 1].type = footer_type(zone, zone->transitions[n - 1].at, &until);
	for (; until < WRITTEN_OUT; n++) {
		if (n == room)
			zone->transitions = g_renew(struct transition, zone->transitions, room += 64);
		zone->transitions[n] = (struct transition){ .at = until };
		zone->transitions[n].type = footer_type(zone, until, &until);
	}
	zone->n_transitions = n;
}

/* --- the zone --- */

static const char *parse(struct nt_zone *zone, const unsigned char *p, size_t length)
{
	struct counts c;
	const char *why, *footer, *end;
	unsigned version, width = 4;

	if (length < HEADER_SIZE || memcmp(p, "TZif", 4) != 0)
		return "it isn't TZif data";
	version = p[4];
	read_counts(p, &c);
	if (version >= '2') {
		uint64_t skip = HEADER_SIZE + block_size(&c, 4);

		if (skip + HEADER_SIZE > length || memcmp(p + skip, "TZif", 4) != 0)
			return "it is cut off";
		p += skip;
		length -= skip;
		read_counts(p, &c);
		width = 8;
	}
	if (block_size(&c, width) > length - HEADER_SIZE)
		return "it is cut off";
	why = check_counts(&c);
	if (why == NULL)
		why = read_block(zone, p + HEADER_SIZE, &c, width);
	if (why != NULL || version < '2')
		return why;
	p += HEADER_SIZE + block_size(&c, width);
	length -= HEADER_SIZE + block_size(&c, width);
	footer = (const char *)p + 1;
	if (length < 2 || p[0] != '\n' || (end = memchr(footer, '\n', length - 1)) == NULL)
		return "its footer is cut off";
	if (end > footer && !read_footer(zone, footer, (size_t)(end - footer)))
		return "its footer isn't a time zone rule";
	drop_padding(zone);
	write_out(zone);
	return NULL;
}

struct nt_zone *nt_zone_parse(const char *name, const void *data, size_t length, const char **why)
{
	struct nt_zone *zone = g_new0(struct nt_zone, 1);
	const char *wrong;

	zone->name = g_strdup(name);
	wrong = parse(zone, data, length);
	if (wrong == NULL)
		return zone;
	if (why != NULL)
		*why = wrong;
	nt_zone_free(zone);
	return NULL;
}

struct nt_zone *nt_zone_utc(void)
{
	struct nt_zone *zone = g_new0(struct nt_zone, 1);

	zone->name = g_strdup("UTC");
	zone->types = g_new0(struct type, 1);
	zone->types[0].abbreviation = zone->name;
	zone->n_types = 1;
	return zone;
}

void nt_zone_free(struct nt_zone *zone)
{
	if (zone == NULL)
		return;
	g_free(zone->name);
	g_free(zone->abbreviations);
	g_free(zone->footer_names[0]);
	g_free(zone->footer_names[1]);
	g_free(zone->types);
	g_free(zone->transitions);
	g_free(zone);
}

const char *nt_zone_name(const struct nt_zone *zone)
{
	return zone->name;
}

/* How many transitions lie at or before t. */
static unsigned transitions_before(const struct nt_zone *zone, nt_time t)
{
	unsigned low = 0, high = zone->n_transitions;

	while (low < high) {
		unsigned middle = low + (high - low) / 2;

		if (zone->transitions[middle].at <= t)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

int nt_zone_offset(const struct nt_zone *zone, nt_time t, const char **abbreviation, nt_time *until)
{
	nt_time end = NT_NEVER;
	unsigned passed, type;

	t = CLAMP(t, NT_TIME_MIN, NT_TIME_MAX);
	passed = transitions_before(zone, t);
	if (passed == zone->n_transitions && zone->footer.present) {
		type = footer_type(zone, t, &end);
	} else {
		type = passed == 0 ? zone->first : zone->transitions[passed - 1].type;
		if (passed < zone->n_transitions)
			end = zone->transitions[passed].at;
	}
	if (abbreviation != NULL)
		*abbreviation = zone->types[type].abbreviation;
	if (until != NULL)
		*until = end;
	return zone->types[type].offset;
}
