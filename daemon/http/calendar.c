/* What goes out at a fixed date, and when reps are told: for programs, and as an iCalendar feed behind a link. */
#include "http/route.h"

#include "base/arena.h"
#include "base/civil.h"
#include "base/json.h"
#include "channel/links.h"
#include "engine/broadcast.h"
#include "engine/rep.h"
#include "http/page.h"
#include "os/feed.h"
#include "rules/program.h"

#include <string.h>

#define AHEAD (400 * NT_DAY)
#define ROUNDS_MOST 60 /* of one campaign */
#define ITEMS_MOST 2000u

struct item {
	struct nt_round round;
	const struct nt_announcement *announcement; /* NULL: the broadcast itself */
	nt_time at;
};

static int by_time(const void *a, const void *b)
{
	const struct item *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	if (x->round.campaign != y->round.campaign)
		return x->round.campaign - y->round.campaign;
	return (x->announcement > y->announcement) - (x->announcement < y->announcement);
}

/* The announcement's telling that concerns this rep (-1: its first); -1 none. */
static int whom(const struct nt_program *program, const struct nt_announcement *announcement, int rep)
{
	for (unsigned i = 0; i < nt_announcement_reps(program, announcement); i++)
		if (rep < 0 || nt_announcement_rep(program, announcement, i) == rep)
			return nt_announcement_rep(program, announcement, i);
	return -1;
}

static void add_announcements(const struct nt_program *program, const struct nt_round *round, int rep, nt_time now,
                              GArray *items)
{
	for (unsigned i = 0; i < program->n_announcements; i++) {
		const struct nt_announcement *a = &program->announcements[i];
		struct item item = { *round, a, 0 };
		int told = a->campaign == round->campaign ? whom(program, a, rep) : -1;

		if (told < 0)
			continue;
		item.at = nt_announcement_at(program, a, &program->sales.reps[told], round);
		if (item.at >= now && items->len < ITEMS_MOST)
			g_array_append_val(items, item);
	}
}

/* From what hasn't ended yet to what comes within the year. */
static GArray *coming(const struct nt_exchange *x, int rep)
{
	GArray *items = g_array_new(FALSE, FALSE, sizeof(struct item));

	for (unsigned c = 0; c < x->program->n_campaigns; c++) {
		nt_time from = x->now - 2 * NT_DAY;
		struct nt_round round;

		for (unsigned n = 0; n < ROUNDS_MOST && items->len < ITEMS_MOST &&
		                     nt_broadcast_next(x->program, (int)c, from, &round) &&
		                     round.first < x->now + AHEAD;) {
			struct item item = { round, NULL, round.first };

			from = round.first;
			if (round.last < x->now)
				continue;
			g_array_append_val(items, item);
			add_announcements(x->program, &round, rep, x->now, items);
			n++;
		}
	}
	g_array_sort(items, by_time);
	return items;
}

static const char *target_of(const struct nt_exchange *x, const struct nt_announcement *a)
{
	return a->kind == NT_ROUTE_TEAM ?
	               nt_arena_printf(x->arena, "team %s", x->program->sales.teams[a->target].name) :
	               nt_arena_printf(x->arena, "rep %s", x->program->sales.reps[a->target].name);
}

static const struct nt_zone *zone_of(const struct nt_exchange *x, int rep)
{
	const struct nt_zone *zone;

	if (rep >= 0)
		return nt_rep_zone(x->program, &x->program->sales.reps[rep]);
	zone = x->program->zones->find(x->program->zones, x->program->policy.time_zone);
	return zone != NULL ? zone : x->program->zones->utc;
}

/* ---- JSON ---- */

static void put_message(void *user, const char *channel, const char *template_name, const char *subject)
{
	struct nt_json_writer *w = user;

	nt_json_object(w, NULL);
	nt_json_put_text(w, "channel", channel);
	nt_json_put_text(w, "template", template_name);
	nt_json_put_text(w, "subject", subject);
	nt_json_end_object(w);
}

static void put_item(const struct nt_exchange *x, struct nt_json_writer *w, const struct item *item, int rep)
{
	const struct nt_campaign *campaign = &x->program->campaigns[item->round.campaign];
	GString *when = g_string_new(NULL);

	nt_broadcast_when(&item->round, zone_of(x, rep), when);
	nt_json_object(w, NULL);
	nt_json_put_text(w, "kind", item->announcement != NULL ? "announcement" : "broadcast");
	nt_json_put_time(w, "at", item->at);
	nt_json_put_text(w, "campaign", campaign->name);
	nt_json_put_text(w, "title", campaign->title);
	if (item->announcement != NULL) {
		nt_json_put_text(w, "tell", target_of(x, item->announcement));
		nt_json_put_text(w, "template", item->announcement->template_name);
	}
	nt_json_put_text(w, "when", when->str);
	nt_json_put_time(w, "first", item->round.first);
	nt_json_put_time(w, "last", item->round.last);
	nt_json_put_text(w, "to_whom", item->round.filter != NULL ? item->round.filter : "all leads");
	nt_json_array(w, "messages");
	nt_broadcast_messages(x->program, item->round.campaign, put_message, w);
	nt_json_end_array(w);
	nt_json_end_object(w);
	g_string_free(when, TRUE);
}

static void show(struct nt_exchange *x, struct nt_store *store)
{
	const char *name = nt_path_parameter(&x->path, "rep");
	int rep = name != NULL ? nt_program_rep(x->program, name) : -1;
	struct nt_link link = { .kind = NT_LINK_CALENDAR, .expires = NT_NEVER };
	GString *url = g_string_new(NULL);
	struct nt_json_writer w;
	GArray *items;

	(void)store;
	if (name != NULL && rep < 0) {
		nt_exchange_error(x, 404, "rep", "rep: the rules know no rep '%s'", name);
		g_string_free(url, TRUE);
		return;
	}
	g_strlcpy(link.name, name != NULL ? name : "", sizeof link.name);
	if (x->links != NULL)
		nt_links_make(x->links, &link, url);
	items = coming(x, rep);
	nt_exchange_json(x, 200, &w);
	nt_json_put_text(&w, "url", url->len > 0 ? url->str : NULL);
	nt_json_array(&w, "calendar");
	for (unsigned i = 0; i < items->len; i++)
		put_item(x, &w, &g_array_index(items, struct item, i), rep);
	nt_json_end_array(&w);
	nt_exchange_json_end(&w);
	g_array_free(items, TRUE);
	g_string_free(url, TRUE);
}

void nt_calendar_get(struct nt_exchange *x)
{
	nt_exchange_ask(x, show);
}

/* ---- iCalendar ---- */

static void say_message(void *user, const char *channel, const char *template_name, const char *subject)
{
	g_string_append_printf(user, "\n- %s: %s", channel, subject != NULL ? subject : template_name);
}

static void describe(const struct nt_exchange *x, const struct item *item, int rep, GString *out)
{
	g_string_append(out, "Goes out ");
	nt_broadcast_when(&item->round, zone_of(x, rep), out);
	if (item->round.first != item->round.last) {
		g_string_append(out, ": to the first from ");
		nt_time_print_local(zone_of(x, rep), item->round.first, out);
		g_string_append(out, ", to the last by ");
		nt_time_print_local(zone_of(x, rep), item->round.last, out);
	}
	g_string_append_printf(out, ".\nTo: %s",
	                       item->round.filter != NULL ? item->round.filter : "all leads");
	nt_broadcast_messages(x->program, item->round.campaign, say_message, out);
}

static void add_event(const struct nt_exchange *x, struct nt_feed *feed, const struct item *item, int rep)
{
	const struct nt_campaign *campaign = &x->program->campaigns[item->round.campaign];
	const struct nt_announcement *a = item->announcement;
	GString *description = g_string_new(NULL);
	const char *what = nt_arena_printf(x->arena, "%s\n%s\n%" G_GINT64_FORMAT "\n%s\n%u",
	                                   a != NULL ? target_of(x, a) : "broadcast", campaign->name,
	                                   (gint64)item->round.mark, a != NULL ? a->template_name : "",
	                                   a != NULL ? a->ordinal : 0);
	char *hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, what, -1);
	struct nt_feed_event event = {
		.uid = nt_arena_printf(x->arena, "%.32s@nurtured", hash),
		.start = item->at,
		.summary = campaign->title,
		.transparent = true,
	};

	describe(x, item, rep, description);
	event.description = description->str;
	if (a != NULL)
		event.summary = nt_arena_printf(x->arena, "%s is announced to %s", campaign->title, target_of(x, a));
	else if (!item->round.occasion->everywhere) {
		event.start = item->round.mark; /* ten o'clock here, as it is for the leads here */
		event.floating = true;
	}
	nt_feed_add(feed, &event);
	g_free(hash);
	g_string_free(description, TRUE);
}

static void write_feed(struct nt_exchange *x, struct nt_store *store)
{
	const struct nt_link *link = x->data;
	int rep = link->name[0] != '\0' ? nt_program_rep(x->program, link->name) : -1;
	const char *sender = x->program->policy.sender_name;
	struct nt_feed *feed;
	GString *out;
	GArray *items;
	char *text;

	(void)store;
	if (link->name[0] != '\0' && rep < 0) {
		nt_page_message(x, 410, "This calendar is no longer there", "It belonged to somebody who has left.");
		return;
	}
	items = coming(x, rep);
	feed = nt_feed_new(sender != NULL ? nt_arena_printf(x->arena, "%s: what goes out", sender) : "What goes out",
	                   x->now);
	for (unsigned i = 0; i < items->len; i++)
		add_event(x, feed, &g_array_index(items, struct item, i), rep);
	text = nt_feed_end(feed);
	out = nt_exchange_begin(x, 200, "text/calendar; charset=utf-8");
	g_string_append(out, text);
	g_free(text);
	g_array_free(items, TRUE);
}

void nt_calendar_feed_get(struct nt_exchange *x)
{
	const char *argument = x->arguments[0];
	size_t length = strlen(argument);

	if (length > 4 && strcmp(argument + length - 4, ".ics") == 0)
		argument = nt_arena_strndup(x->arena, argument, length - 4);
	if (nt_page_link(x, argument, NT_LINK_CALENDAR, ""))
		nt_exchange_ask(x, write_feed);
}
