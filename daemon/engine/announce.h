/* Announcements (rule-language I.9): which rep has been told of which round of a broadcast, and who is told next. One
 * subject, in one row of the store. Pure.
 *
 * Each rep is told once of a round by a template, whatever is loaded, restarted or edited; a round that is moved to
 * another time is another one. What is declared when its time has come already is told at once, as long as the
 * broadcast hasn't begun. Like offers, announcements go out whatever the hour. */
#ifndef NT_ENGINE_ANNOUNCE_H
#define NT_ENGINE_ANNOUNCE_H

#include "base/time.h"

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

struct nt_announcement;
struct nt_announcements;
struct nt_arena;
struct nt_message;
struct nt_program;

#define NT_ANNOUNCEMENTS_ROW "told" /* its id */

/* The program is borrowed, and must live until the next nt_announcements_set_program(). */
struct nt_announcements *nt_announcements_new(const struct nt_program *program);
void nt_announcements_free(struct nt_announcements *announcements);
void nt_announcements_set_program(struct nt_announcements *announcements, const struct nt_program *program);
bool nt_announcements_restore(struct nt_announcements *announcements, const void *bytes, size_t length);
void nt_announcements_encode(const struct nt_announcements *announcements, GString *out);

/* Adds to `messages` (struct nt_message *, in the arena) what is to be told by now, which never goes back. True: the
 * row has changed. */
bool nt_announcements_step(struct nt_announcements *announcements, nt_time now, struct nt_arena *arena,
                           GPtrArray *messages);
nt_time nt_announcements_due(const struct nt_announcements *announcements);

/* What the first of its reps who can be told reads of the next round (without one, of the first): for preview. In the
 * arena; NULL: nobody can be told. */
struct nt_message *nt_announcement_message(const struct nt_program *program, const struct nt_announcement *announcement,
                                           nt_time now, struct nt_arena *arena);

#endif
