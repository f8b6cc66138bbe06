/* A lead, its timeline and the queue for people and programs: JSON and text. Pure. */
#ifndef NT_ENGINE_DESCRIBE_H
#define NT_ENGINE_DESCRIBE_H

#include "base/number.h"
#include "base/time.h"

#include <glib.h>

struct nt_arena;
struct nt_consent;
struct nt_lead;
struct nt_log_row;
struct nt_outbox_row;
struct nt_program;
struct nt_sales_entry;
struct nt_store;
struct nt_task;

/* Why a lead scores what it scores at `now`: the fit rules that hold, what reps added to fit, then engagement's reasons
 * (those have a last time, and may have happened often; of the others last is NT_NO_TIME). */
typedef void nt_describe_reason_func(void *user, nt_number points, const char *reason, unsigned times, nt_time last);
void nt_describe_reasons(const struct nt_lead *lead, nt_time now, nt_describe_reason_func *each, void *user);

/* What became of a message, oldest first. */
struct nt_described_outcome {
	const char *what;   /* "message.opened" */
	nt_time at;
	const char *detail; /* what the server said, why it was called back; or NULL */
	struct nt_described_outcome *next;
};
/* One that was released, skipped or given up, or that went to one of our own people about the lead. Newest first. */
struct nt_described_message {
	const char *what;   /* "message.released", "message.skipped", "message.given_up", "rep.told" */
	nt_time at;
	const char *id, *campaign, *step, *channel, *template_name; /* NULL: there is none */
	const char *detail; /* why it was skipped; to which rep */
	const char *state;  /* released: of the outbox, if that still knows it */
	struct nt_described_outcome *outcomes;
	struct nt_described_message *next;
};
/* From the lead's log, at most `limit`, in the arena; looks at a bounded number of rows. A code of the store. */
int nt_describe_messages(struct nt_store *store, struct nt_arena *arena, const struct nt_lead *lead, unsigned limit,
                         struct nt_described_message **out);

/* {"id","fields":{},"tags":[],"stage","owner","score","fit","engagement","level","why":[{"points","reason"}],
 * "consent":{},"handoff","campaigns":[{"campaign","state","step","does","since","until"}],
 * "tasks":[],"to_come":[{"at","campaign","way"}],"messages":[],"due"}; tasks: struct nt_task, or NULL for none. */
void nt_describe_lead_json(const struct nt_lead *lead, nt_time now, const struct nt_described_message *messages,
                           const GPtrArray *tasks, GString *out);
void nt_describe_lead_text(const struct nt_lead *lead, nt_time now, const struct nt_described_message *messages,
                           const GPtrArray *tasks, GString *screen);
const char *nt_describe_consent(const struct nt_consent *consent); /* "given" */
void nt_describe_entry_json(const struct nt_sales_entry *entry, GString *out);
void nt_describe_task_json(const struct nt_program *program, const struct nt_task *task, GString *out);
void nt_describe_outbox_json(const struct nt_outbox_row *row, GString *out);
/* {"sequence","at","program","entry":{"input":{…},"effects":[…]}} */
void nt_describe_log_json(const struct nt_log_row *row, GString *out);

#endif
