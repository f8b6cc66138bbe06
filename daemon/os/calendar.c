#define NT_DIAG_CODE NT_CODE_WRONG_FILE

#include "os/calendar.h"

#include "base/civil.h"
#include "os/ical.h"
#include "os/repeat.h"

#include <libical/ical.h>
#include <string.h>

#define FIRST_YEAR 1900 /* an old rule may begin so early */
#define COUNTED_YEAR 2000
#define LAST_YEAR 2100
#define DEPTH 8        /* of components */
#define LINE 65536     /* bytes, unfolded, of what is read */
#define SPAN_DAYS 366

struct line { /* a content line, unfolded; texts are in `text` */
	struct nt_span span;       /* its first line in the file */
	char *name, *parameters, *value; /* name in capitals; parameters: "VALUE=DATE;TZID=…" in capitals, or "" */
};

struct event {
	struct nt_span begin, rule_span;
	char *uid;
	struct nt_repeat *rule;
	const char *rule_wrong;
	int64_t start, end;    /* days; end: the first after */
	int64_t length;        /* days, by DURATION; 0 none */
	int64_t replaces;      /* RECURRENCE-ID */
	bool has_start, has_end, has_replaces, cancelled;
	GArray *more, *less;   /* RDATE, EXDATE: int64_t */
};

struct reading {
	const struct nt_source *source;
	struct nt_diags *diags;
	size_t at;
	GString *text;
	const char *open[DEPTH]; /* components around */
	unsigned depth;
	GPtrArray *events;       /* struct event */
	struct event *event;     /* being read */
	unsigned rules, calendars, instances;
	unsigned work;           /* days that rules may still look at */
	GHashTable *replaced;    /* "UID day" of replaced instances */
	GArray *days;
	bool failed;
};

static void fault(struct reading *r, struct nt_span span, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
static void fault(struct reading *r, struct nt_span span, const char *format, ...)
{
	va_list arguments;
	char *message;

	va_start(arguments, format);
	message = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	nt_diags_error(r->diags, span, "%s", message);
	g_free(message);
	r->failed = true;
}

/* ---- lines ---- */

/* Where the line that begins at `from` ends, without its CR LF; *next: where the one after begins. */
static size_t line_end(const struct nt_source *source, size_t from, size_t *next)
{
	const char *lf = memchr(source->text + from, '\n', source->length - from);
	size_t end = lf != NULL ? (size_t)(lf - source->text) : source->length;

	*next = lf != NULL ? end + 1 : end;
	return end > from && source->text[end - 1] == '\r' ? end - 1 : end;
}

/* Cuts the text into name, parameters and value; a colon or semicolon in double quotes doesn't count. */
static bool cut_line(struct reading *r, struct line *line)
{
	char *p = r->text->str, *colon = NULL, *semicolon = NULL;
	bool quoted = false;

	for (; *p != '\0' && colon == NULL; p++) {
		if (*p == '"')
			quoted = !quoted;
		else if (!quoted && *p == ':')
			colon = p;
		else if (!quoted && *p == ';' && semicolon == NULL)
			semicolon = p;
	}
	if (colon == NULL)
		return false;
	*colon = '\0';
	line->name = r->text->str;
	line->parameters = colon;
	if (semicolon != NULL) {
		*semicolon = '\0';
		line->parameters = semicolon + 1;
	}
	line->value = colon + 1;
	for (p = r->text->str; p < colon; p++)
		*p = g_ascii_toupper(*p);
	return line->name[0] != '\0';
}

/* The next content line; false at the end of the file, or where there can be no going on. Long lines (a picture) are
 * cut: nothing that is read here is so long. */
static bool next_line(struct reading *r, struct line *line)
{
	const struct nt_source *source = r->source;

	while (r->at < source->length) {
		size_t from = r->at, next, end = line_end(source, from, &next);

		line->span = nt_span_of(source, from, end - from);
		g_string_truncate(r->text, 0);
		g_string_append_len(r->text, source->text + from, (gssize)(end - from));
		while (next < source->length && (source->text[next] == ' ' || source->text[next] == '\t')) {
			from = next + 1;
			end = line_end(source, next, &next);
			if (r->text->len < LINE && end > from)
				g_string_append_len(r->text, source->text + from, (gssize)(end - from));
		}
		r->at = next;
		if (r->text->len == 0)
			continue;
		if (strlen(r->text->str) == r->text->len && cut_line(r, line))
			return true;
		fault(r, line->span, "this is no line of an iCalendar file: NAME:VALUE");
		return false;
	}
	return false;
}

/* ---- values ---- */

/* "20261225", "20261225T090000", "20261225T090000Z"; *within: at a time that isn't midnight. */
static bool read_day(const char *text, size_t length, int64_t *day, bool *within)
{
	struct nt_civil civil = { 0 };
	int digits[14] = { 0 };
	unsigned n = 0;

	if (length == 16 && text[15] == 'Z')
		length--;
	if (length != 8 && (length != 15 || text[8] != 'T'))
		return false;
	for (size_t i = 0; i < length; i++) {
		if (i == 8)
			continue;
		if (!g_ascii_isdigit(text[i]))
			return false;
		digits[n++] = text[i] - '0';
	}
	civil.year = digits[0] * 1000 + digits[1] * 100 + digits[2] * 10 + digits[3];
	civil.month = digits[4] * 10 + digits[5];
	civil.day = digits[6] * 10 + digits[7];
	civil.hour = digits[8] * 10 + digits[9];
	civil.minute = digits[10] * 10 + digits[11];
	civil.second = digits[12] * 10 + digits[13];
	if (civil.second == 60)
		civil.second = 59;
	if (civil.year < FIRST_YEAR || civil.year > LAST_YEAR || !nt_civil_valid(&civil))
		return false;
	*day = nt_civil_days(civil.year, civil.month, civil.day);
	*within = civil.hour + civil.minute + civil.second > 0;
	return true;
}

static bool take_day(struct reading *r, const struct line *line, int64_t *day, bool *within)
{
	if (read_day(line->value, strlen(line->value), day, within))
		return true;
	fault(r, line->span, "%s is no date between %d and %d: write 20261225", line->name, FIRST_YEAR, LAST_YEAR);
	return false;
}

/* A list with commas; of a period (RDATE;VALUE=PERIOD) its start. */
static void take_days(struct reading *r, const struct line *line, GArray *days)
{
	char **items = g_strsplit(line->value, ",", NT_CALENDAR_DAYS);

	for (unsigned i = 0; items[i] != NULL; i++) {
		int64_t day;
		bool within;

		if (!read_day(items[i], strcspn(items[i], "/"), &day, &within)) {
			fault(r, line->span, "%s holds what is no date between %d and %d: write 20261225", line->name,
			      FIRST_YEAR, LAST_YEAR);
			break;
		}
		g_array_append_val(days, day);
	}
	g_strfreev(items);
}

static void take_duration(struct reading *r, const struct line *line, struct event *event)
{
	struct icaldurationtype d = icaldurationtype_from_string(line->value);
	int64_t seconds = ((int64_t)d.hours * 60 + d.minutes) * 60 + d.seconds;

	event->length = (int64_t)d.weeks * 7 + d.days + (seconds + 86399) / 86400;
	if (strlen(line->value) > 40 || icaldurationtype_is_bad_duration(d) || d.is_neg || event->length < 0)
		fault(r, line->span, "DURATION is no duration: write P1D for a day");
}

/* ---- rules ---- */

static void add_days(struct reading *r, const struct event *event, int64_t first)
{
	int64_t low = nt_civil_days(COUNTED_YEAR, 1, 1), high = nt_civil_days(LAST_YEAR, 12, 31);
	int64_t last = first + event->end - event->start;

	for (int64_t day = MAX(first, low); day < last && day <= high && r->days->len < NT_CALENDAR_DAYS; day++)
		g_array_append_val(r->days, day);
	if (r->days->len >= NT_CALENDAR_DAYS && !r->failed)
		fault(r, event->begin, "the events up to this one cover more than %d days", NT_CALENDAR_DAYS);
}

static gint by_day(gconstpointer a, gconstpointer b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static char *instance_key(const struct event *event, int64_t day)
{
	return g_strdup_printf("%" G_GINT64_FORMAT " %s", day, event->uid != NULL ? event->uid : "");
}

static void add_instance(struct reading *r, const struct event *event, int64_t day)
{
	char *key = instance_key(event, day);

	if (++r->instances > NT_CALENDAR_DAYS)
		fault(r, event->begin, "the events up to this one repeat more than %d times", NT_CALENDAR_DAYS);
	else if (!g_array_binary_search(event->less, &day, by_day, NULL) &&
	         (event->has_replaces || !g_hash_table_contains(r->replaced, key)))
		add_days(r, event, day);
	g_free(key);
}

struct repeating {
	struct reading *reading;
	const struct event *event;
	bool comes;
};

static bool add_repeated(void *user, int64_t day)
{
	struct repeating *repeating = user;

	repeating->comes = true;
	add_instance(repeating->reading, repeating->event, day);
	return !repeating->reading->failed;
}

static void add_rule(struct reading *r, const struct event *event)
{
	struct repeating repeating = { r, event, false };

	if (!nt_repeat_days(event->rule, event->start, nt_civil_days(LAST_YEAR, 12, 31), &r->work, add_repeated,
	                    &repeating))
		fault(r, event->rule_span,
		      "the rules up to this one are too much to work out: give their dates as events of their own, or "
		      "add COUNT, UNTIL or BYMONTH");
	else if (!repeating.comes && event->rule->until >= event->start)
		fault(r, event->rule_span, "this rule gives no day up to %d: is it meant so?", LAST_YEAR);
}

static void add_event(struct reading *r, const struct event *event)
{
	if (event->rule_wrong != NULL) /* said when all is read: what is wrong may be that the file was cut here */
		fault(r, event->rule_span, "%s", event->rule_wrong);
	if (event->cancelled || r->failed)
		return;
	if (event->rule != NULL)
		add_rule(r, event);
	else
		add_instance(r, event, event->start);
	for (unsigned i = 0; i < event->more->len && !r->failed; i++)
		add_instance(r, event, g_array_index(event->more, int64_t, i));
}

/* ---- events ---- */

static void free_event(gpointer data)
{
	struct event *event = data;

	g_free(event->uid);
	g_free(event->rule);
	g_array_free(event->more, TRUE);
	g_array_free(event->less, TRUE);
	g_free(event);
}

static void begin_event(struct reading *r, const struct line *line)
{
	struct event *event = g_new0(struct event, 1);

	event->begin = line->span;
	event->more = g_array_new(FALSE, FALSE, sizeof(int64_t));
	event->less = g_array_new(FALSE, FALSE, sizeof(int64_t));
	r->event = event;
	g_ptr_array_add(r->events, event);
	if (r->events->len > NT_CALENDAR_EVENTS)
		fault(r, line->span, "more than %d events in a file", NT_CALENDAR_EVENTS);
}

static void end_event(struct reading *r)
{
	struct event *event = r->event;

	r->event = NULL;
	if (!event->has_start) {
		fault(r, event->begin, "this event has no DTSTART");
		return;
	}
	if (!event->has_end)
		event->end = event->start + MAX(event->length, 1);
	if (event->end <= event->start)
		event->end = event->start + 1; /* the same day in both: people mean it */
	if (event->end - event->start > SPAN_DAYS)
		fault(r, event->begin, "this event lasts longer than a year: is its DTEND right?");
	if (event->has_replaces)
		g_hash_table_add(r->replaced, instance_key(event, event->replaces));
	g_array_sort(event->less, by_day);
}

static void take_rule(struct reading *r, const struct line *line, struct event *event)
{
	if (event->rule != NULL) {
		fault(r, line->span, "an event has one RRULE");
		return;
	}
	if (++r->rules > NT_CALENDAR_RULES) {
		fault(r, line->span, "too many events that repeat in a file: give their dates");
		return;
	}
	event->rule_span = line->span;
	event->rule = g_new(struct nt_repeat, 1);
	nt_repeat_parse(line->value, event->rule, &event->rule_wrong);
}

static void take_property(struct reading *r, const struct line *line)
{
	struct event *event = r->event;
	bool within = false;

	if (strcmp(line->name, "DTSTART") == 0) {
		event->has_start = take_day(r, line, &event->start, &within);
	} else if (strcmp(line->name, "DTEND") == 0) {
		event->has_end = take_day(r, line, &event->end, &within);
		event->end += within;
	} else if (strcmp(line->name, "DURATION") == 0) {
		take_duration(r, line, event);
	} else if (strcmp(line->name, "RRULE") == 0) {
		take_rule(r, line, event);
	} else if (strcmp(line->name, "EXRULE") == 0) {
		fault(r, line->span, "EXRULE isn't supported: list the dates in EXDATE");
	} else if (strcmp(line->name, "RDATE") == 0) {
		take_days(r, line, event->more);
	} else if (strcmp(line->name, "EXDATE") == 0) {
		take_days(r, line, event->less);
	} else if (strcmp(line->name, "RECURRENCE-ID") == 0) {
		event->has_replaces = take_day(r, line, &event->replaces, &within);
	} else if (strcmp(line->name, "UID") == 0 && event->uid == NULL) {
		event->uid = g_strdup(line->value);
	} else if (strcmp(line->name, "STATUS") == 0) {
		event->cancelled = g_ascii_strcasecmp(g_strstrip(line->value), "CANCELLED") == 0;
	}
}

/* ---- the file ---- */

static void begin(struct reading *r, const struct line *line)
{
	static const char *const known[] = { "VCALENDAR", "VEVENT", NULL };
	const char *name = "other";

	for (unsigned i = 0; known[i] != NULL; i++)
		if (g_ascii_strcasecmp(line->value, known[i]) == 0)
			name = known[i];
	if (r->depth == DEPTH) {
		fault(r, line->span, "components are nested too deeply");
		return;
	}
	if (r->depth == 0 && name != known[0]) {
		fault(r, line->span, "an iCalendar file begins with BEGIN:VCALENDAR");
		return;
	}
	r->calendars += r->depth == 0;
	if (r->depth == 1 && name == known[1])
		begin_event(r, line);
	r->open[r->depth++] = name;
}

static void end(struct reading *r, const struct line *line)
{
	const char *name;

	if (r->depth == 0) {
		fault(r, line->span, "END without a BEGIN");
		return;
	}
	name = r->open[--r->depth];
	if (strcmp(name, "other") != 0 && g_ascii_strcasecmp(line->value, name) != 0)
		fault(r, line->span, "END:%s is wanted here", name);
	else if (r->depth == 1 && r->event != NULL)
		end_event(r);
}

static void read_lines(struct reading *r)
{
	struct line line;

	if (r->source->length >= 3 && memcmp(r->source->text, "\xef\xbb\xbf", 3) == 0)
		r->at = 3;
	while (!r->failed && next_line(r, &line)) {
		g_strchomp(line.value);
		if (strcmp(line.name, "BEGIN") == 0)
			begin(r, &line);
		else if (strcmp(line.name, "END") == 0)
			end(r, &line);
		else if (r->depth == 0)
			fault(r, line.span, "an iCalendar file begins with BEGIN:VCALENDAR");
		else if (r->depth == 2 && r->event != NULL)
			take_property(r, &line);
	}
	if (r->failed)
		return;
	if (r->depth > 0)
		fault(r, nt_span_of(r->source, r->source->length, 0), "the file ends before END:%s: it is cut off",
		      strcmp(r->open[r->depth - 1], "other") != 0 ? r->open[r->depth - 1] : "VCALENDAR");
	else if (r->calendars == 0)
		fault(r, nt_span_of(r->source, 0, 0), "an iCalendar file begins with BEGIN:VCALENDAR");
	else if (r->events->len == 0)
		fault(r, nt_span_of(r->source, 0, 0), "there is no event in this file");
}

bool nt_calendar_days(const struct nt_source *source, struct nt_diags *diags, GArray *days)
{
	struct reading r = { .source = source, .diags = diags, .days = days, .work = NT_CALENDAR_WORK };

	if (source->length > NT_CALENDAR_SIZE) {
		fault(&r, nt_span_of(source, 0, 0), "this file is too large for holidays (more than %d KiB)",
		      NT_CALENDAR_SIZE / 1024);
		return false;
	}
	r.text = g_string_new(NULL);
	r.events = g_ptr_array_new_with_free_func(free_event);
	r.replaced = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	nt_ical_lock();
	read_lines(&r);
	for (unsigned i = 0; i < r.events->len && !r.failed; i++)
		add_event(&r, g_ptr_array_index(r.events, i));
	nt_ical_unlock();
	g_hash_table_destroy(r.replaced);
	g_ptr_array_free(r.events, TRUE);
	g_string_free(r.text, TRUE);
	return !r.failed;
}
