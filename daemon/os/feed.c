#include "os/feed.h"

#include "base/civil.h"
#include "config.h"
#include "os/ical.h"

#include <libical/ical.h>
#include <string.h>

struct nt_feed {
	icalcomponent *calendar;
	nt_time now;
};

/* libical escapes what RFC 5545 (3.3.11) has escaped; other control characters have no business in a text. */
static char *plain(const char *text)
{
	char *copy = g_strdup(text != NULL ? text : "");

	for (char *c = copy; *c != '\0'; c++)
		if (((unsigned char)*c < 0x20 && *c != '\n') || *c == 0x7f)
			*c = ' ';
	return copy;
}

static struct icaltimetype time_of(nt_time t, bool utc)
{
	struct nt_civil civil = nt_civil_from_utc(t);
	struct icaltimetype time = icaltime_null_time();

	time.year = civil.year;
	time.month = civil.month;
	time.day = civil.day;
	time.hour = civil.hour;
	time.minute = civil.minute;
	time.second = civil.second;
	if (utc)
		time.zone = icaltimezone_get_utc_timezone();
	return time;
}

static void add_text(icalcomponent *component, icalproperty *(*make)(const char *), const char *text)
{
	char *copy = plain(text);

	if (copy[0] != '\0')
		icalcomponent_add_property(component, make(copy));
	g_free(copy);
}

/* What isn't in libical's list of properties, but in every calendar program's. */
static void add_name(icalcomponent *calendar, const char *name)
{
	char *copy = plain(name[0] != '\0' ? name : "Calendar");
	icalproperty *property = icalproperty_new_x(copy);

	icalproperty_set_x_name(property, "X-WR-CALNAME");
	icalcomponent_add_property(calendar, property);
	g_free(copy);
}

struct nt_feed *nt_feed_new(const char *name, nt_time now)
{
	struct nt_feed *feed = g_new0(struct nt_feed, 1);

	nt_ical_lock();
	feed->now = now;
	feed->calendar = icalcomponent_new(ICAL_VCALENDAR_COMPONENT);
	icalcomponent_add_property(feed->calendar, icalproperty_new_version("2.0"));
	icalcomponent_add_property(feed->calendar,
	                           icalproperty_new_prodid("-//nurtured//nurtured " PACKAGE_VERSION "//EN"));
	add_name(feed->calendar, name);
	nt_ical_unlock();
	return feed;
}

void nt_feed_add(struct nt_feed *feed, const struct nt_feed_event *event)
{
	icalcomponent *component;

	nt_ical_lock();
	component = icalcomponent_new(ICAL_VEVENT_COMPONENT);
	icalcomponent_add_property(component, icalproperty_new_uid(event->uid));
	icalcomponent_add_property(component, icalproperty_new_dtstamp(time_of(feed->now, true)));
	icalcomponent_add_property(component, icalproperty_new_dtstart(time_of(event->start, !event->floating)));
	add_text(component, icalproperty_new_summary, event->summary);
	add_text(component, icalproperty_new_description, event->description);
	if (event->url != NULL)
		icalcomponent_add_property(component, icalproperty_new_url(event->url));
	if (event->transparent)
		icalcomponent_add_property(component, icalproperty_new_transp(ICAL_TRANSP_TRANSPARENT));
	icalcomponent_add_component(feed->calendar, component);
	nt_ical_unlock();
}

char *nt_feed_end(struct nt_feed *feed)
{
	char *text, *copy;

	nt_ical_lock();
	text = icalcomponent_as_ical_string_r(feed->calendar);
	copy = g_strdup(text);
	icalmemory_free_buffer(text);
	icalcomponent_free(feed->calendar);
	nt_ical_unlock();
	g_free(feed);
	return copy;
}
