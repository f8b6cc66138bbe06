/* What happened to each lead in a run in virtual time, a line each, as text or JSON. */
#ifndef NT_ENGINE_TIMELINE_H
#define NT_ENGINE_TIMELINE_H

#include "base/time.h"

#include <glib.h>
#include <stdbool.h>

struct nt_message;
struct nt_program;
struct nt_zone;

struct nt_timeline_sent { /* a message, for those who speak of it later */
	char *id, *channel, *template_name;
};

struct nt_timeline { /* of one lead */
	char *lead;
	unsigned number;       /* how many came before */
	GString *lines;
	const struct nt_zone *zone;
	GArray *sent;          /* struct nt_timeline_sent; NULL: none was kept */
	nt_time printed;       /* the instant that `time` shows */
	char time[48];
};

struct nt_timeline_line {
	nt_time at;
	const char *what, *detail, *campaign, *step; /* the last three may be NULL */
	const struct nt_message *message;            /* or NULL */
};

struct nt_timelines {
	const struct nt_program *program;
	bool json;        /* NDJSON instead of text */
	GHashTable *leads; /* id -> struct nt_timeline */
};

void nt_timelines_init(struct nt_timelines *timelines, const struct nt_program *program, bool json);
void nt_timelines_clear(struct nt_timelines *timelines);
/* A lead's; a new one has the rules' zone. */
struct nt_timeline *nt_timelines_of(struct nt_timelines *timelines, const char *lead);
void nt_timeline_add(const struct nt_timelines *timelines, struct nt_timeline *timeline,
                     const struct nt_timeline_line *line);
void nt_timeline_keep_sent(struct nt_timeline *timeline, const struct nt_message *message);
/* The latest on that channel, of that template unless it is NULL; NULL: there is none. */
const struct nt_timeline_sent *nt_timeline_find_sent(const struct nt_timeline *timeline, const char *channel,
                                                     const char *template_name);
/* By lead, of those to whom something happened. What is about no lead (announcements: its id is "") comes last. */
void nt_timelines_print(const struct nt_timelines *timelines, GString *out);

#endif
