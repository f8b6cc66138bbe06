/* Plan files: what nurturectl plan writes and nurturectl apply reads. JSON; for apply only a few members count. */
#ifndef NT_MAIN_PLAN_FILE_H
#define NT_MAIN_PLAN_FILE_H

#include <glib.h>
#include <stdbool.h>

struct nt_arena;
struct nt_plan;

struct nt_plan_file {
	const char *base;    /* hash of the rules that the daemon ran */
	const char *loaded;  /* when it had loaded them; NULL: it never had */
	const char *content; /* hash of what the planned files say */
	const char *folder;  /* where they stood */
};

/* content: of the planned files. */
void nt_plan_file_write(const struct nt_plan *plan, const char *folder, const char *content, GString *out);
/* From anywhere: nothing of it is trusted. False: *why (in the arena) says what is wrong. */
bool nt_plan_file_read(struct nt_arena *arena, const char *text, size_t length, struct nt_plan_file *file,
                       const char **why);

#endif
