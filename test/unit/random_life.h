/* For unit tests: what happens to a few leads over two months, as chance has it, at the turns of clocks too. */
#ifndef NT_TEST_RANDOM_LIFE_H
#define NT_TEST_RANDOM_LIFE_H

#include "random_rules.h"
#include "unit.h"

#include "base/civil.h"
#include "zone_file.h"

#include <stdio.h>

#define LEADS 4u
#define GROUPS 60u
#define PROGRAMS 4u

static const char *const life_leads[LEADS] = { "ann", "bob", "cem", "dee" };

enum what { HAPPEN_EVENT, HAPPEN_FIELDS, HAPPEN_CONSENT, HAPPEN_START, HAPPEN_STOP, HAPPEN_ACCEPT, HAPPEN_SEND_BACK,
	    HAPPEN_CLOSE, HAPPEN_LATER, HAPPEN_LOAD, HAPPEN_ERASE, HAPPEN_DONE };

struct happening {
	nt_time at;
	bool together; /* with the one before */
	unsigned lead;
	enum what what;
	char json[256];
	unsigned choice;
};

struct script {
	bool quiet;
	char *texts[PROGRAMS]; /* the rules, and what they become */
	struct happening all[GROUPS * 3];
	unsigned n;
};

static inline const char *utc(nt_time t)
{
	static char text[64];
	GString *out = g_string_new(NULL);

	nt_time_print_utc(t, out);
	g_strlcpy(text, out->str, sizeof text);
	g_string_free(out, TRUE);
	return text;
}

static inline void some_event(uint64_t *seed, struct happening *h)
{
	static const char *const names[] = { "a.b", "a.b", "c.d", "c.d", "x.y" };
	static const char *const pages[] = { "home", "away", "prices" };
	static const char *const orders[] = { "X", "Y", "Z" };
	nt_time at = h->at;
	const char *name = PICK(seed, names);
	GString *properties = g_string_new(NULL);

	if (once_in(seed, 5))
		at -= chance(seed) % (5 * NT_DAY);
	else if (once_in(seed, 8))
		at += 2 * NT_MINUTE;
	if (!once_in(seed, 3))
		g_string_append_printf(properties, "\"order_id\":\"%s\",", PICK(seed, orders));
	if (name[0] == 'a')
		g_string_append_printf(properties, "\"amount\":%u.%u,", chance(seed) % 14, chance(seed) % 10);
	if (name[0] == 'c')
		g_string_append_printf(properties, "\"page\":\"%s\",", PICK(seed, pages));
	if (properties->len > 0)
		g_string_truncate(properties, properties->len - 1);
	snprintf(h->json, sizeof h->json, "{\"event\":\"%s\",\"at\":\"%s\",\"properties\":{%s}}", name, utc(at),
	         properties->str);
	g_string_free(properties, TRUE);
}

static inline void some_fields(uint64_t *seed, struct happening *h)
{
	static const char *const zones[] = { "America/New_York", "Europe/Berlin", "Australia/Lord_Howe",
		                             "America/Santiago", "Pacific/Auckland", "Asia/Kolkata" };
	static const char *const others[] = { "{\"country\":\"DE\"}", "{\"country\":\"US\",\"vip\":true}",
		                              "{\"plan\":\"pro-x\"}", "{\"plan\":null,\"vip\":null}",
		                              "{\"delay\":\"2 days\"}", "{\"delay\":\"1 month\",\"vip\":false}",
		                              "{\"ends\":null}", "{\"postal_address\":\"1 Elm St\"}" };

	switch (chance(seed) % 6) {
	case 0:
	case 1:
		snprintf(h->json, sizeof h->json, "{\"seats\":%u}", chance(seed) % 8);
		return;
	case 2:
		snprintf(h->json, sizeof h->json, "{\"ends\":\"2026-%02u-%02u\"}", 3 + chance(seed) % 2,
		         1 + chance(seed) % 30);
		return;
	case 3:
		snprintf(h->json, sizeof h->json, "{\"starts\":\"%s\"}",
		         utc(h->at + (nt_time)(chance(seed) % (20 * NT_DAY)) - 10 * NT_DAY));
		return;
	case 4:
		snprintf(h->json, sizeof h->json, "{\"time_zone\":\"%s\"}", PICK(seed, zones));
		return;
	default:
		g_strlcpy(h->json, PICK(seed, others), sizeof h->json);
		return;
	}
}

static inline void some_happening(uint64_t *seed, struct happening *h, bool quiet)
{
	static const enum what whats[] = { HAPPEN_CONSENT, HAPPEN_ACCEPT, HAPPEN_SEND_BACK, HAPPEN_CLOSE, HAPPEN_LATER,
		                           HAPPEN_LATER, HAPPEN_ACCEPT, HAPPEN_LATER };

	h->choice = chance(seed);
	if (!quiet && once_in(seed, 9)) {
		h->what = HAPPEN_DONE;
		return;
	}
	if (once_in(seed, 18))
		h->what = once_in(seed, 6) ? HAPPEN_ERASE : HAPPEN_LOAD;
	else if (once_in(seed, 12))
		h->what = once_in(seed, 3) ? HAPPEN_STOP : HAPPEN_START;
	else if (!quiet && once_in(seed, 4))
		h->what = PICK(seed, whats);
	else
		h->what = once_in(seed, 3) ? HAPPEN_FIELDS : HAPPEN_EVENT;
	if (h->what == HAPPEN_EVENT)
		some_event(seed, h);
	if (h->what == HAPPEN_FIELDS)
		some_fields(seed, h);
}

static inline void everyone_comes(struct script *s, nt_time t)
{
	static const char *const who[LEADS] = {
		"{\"email\":\"ann@example.org\",\"phone\":\"+15550101\",\"time_zone\":\"America/New_York\","
		"\"seats\":4}",
		"{\"email\":\"bob@example.org\",\"time_zone\":\"Europe/Berlin\",\"country\":\"DE\"}",
		"{\"phone\":\"+15550103\",\"time_zone\":\"Australia/Lord_Howe\",\"postal_address\":\"2 Elm St\"}",
		"{\"email\":\"dee@example.org\",\"phone\":\"+15550104\",\"time_zone\":\"America/Santiago\","
		"\"seats\":2}",
	};

	for (unsigned i = 0; i < LEADS; i++) {
		struct happening *h = &s->all[s->n++];

		*h = (struct happening){ .at = t, .together = i > 0, .lead = i, .what = HAPPEN_FIELDS };
		g_strlcpy(h->json, who[i], sizeof h->json);
	}
}

/* Of a group each lead has at most one, in the order of their names, as sales takes them. */
static inline void write_script(struct script *s, uint64_t *seed)
{
	static const char *const turns[] = { "2026-03-08 06:30", "2026-03-29 00:30", "2026-04-04 14:30",
		                             "2026-04-05 02:30" };
	nt_time t = at("UTC", "2026-02-20 10:00");

	everyone_comes(s, t);
	while (s->n < GROUPS) {
		bool together = false;

		t += 1 + (once_in(seed, 5) ? chance(seed) % 1000 : (nt_time)(chance(seed) % (36 * NT_HOUR)));
		if (once_in(seed, 20))
			t = nt_time_later(t, at("UTC", PICK(seed, turns)));
		for (unsigned lead = 0; lead < LEADS && s->n < GROUPS; lead++) {
			struct happening *h = &s->all[s->n];

			if (!once_in(seed, 3))
				continue;
			*h = (struct happening){ .at = t, .together = together, .lead = lead };
			do
				some_happening(seed, h, s->quiet);
			while (together && h->what == HAPPEN_LOAD); /* there and back at once is no load at all */
			together = true;
			s->n++;
		}
	}
}

static inline void show(const struct script *s)
{
	static const char *const words[] = { "event", "fields", "consent", "start", "stop", "accept", "send back",
		                             "close", "later", "load", "erase", "done" };

	for (unsigned i = 0; i < PROGRAMS; i++)
		printf("# rules %u\n%s", i, s->texts[i]);
	for (unsigned i = 0; i < s->n; i++)
		printf("# %s %" G_GINT64_FORMAT "%s %s %s %s %u\n", utc(s->all[i].at), (gint64)s->all[i].at,
		       s->all[i].together ? " +" : "", life_leads[s->all[i].lead], words[s->all[i].what],
		       s->all[i].json, s->all[i].choice);
}

#endif
