/* A lead, its timeline and the queue for people and programs: JSON and text. Pure. */
#ifndef NT_ENGINE_DESCRIBE_H
#define NT_ENGINE_DESCRIBE_H

#include "base/number.h"
#include "base/time.h"

#include <glib.h>

struct nt_lead;
struct nt_log_row;
struct nt_outbox_row;
struct nt_sales_entry;

/* {"id","fields":{},"tags":[],"stage","owner","score","fit","engagement","level","why":[{"points","reason"}],
 * "consent":{},"handoff","campaigns":[{"campaign","state","step","since","until"}],"due"} */
/* Why a lead scores what it scores at `now`: the fit rules that hold, what reps added to fit, then engagement's reasons
 * (those have a last time, and may have happened often; of the others last is NT_NO_TIME). */
typedef void nt_describe_reason_func(void *user, nt_number points, const char *reason, unsigned times, nt_time last);
void nt_describe_reasons(const struct nt_lead *lead, nt_time now, nt_describe_reason_func *each, void *user);

void nt_describe_lead_json(const struct nt_lead *lead, nt_time now, GString *out);
void nt_describe_lead_text(const struct nt_lead *lead, nt_time now, GString *out);
void nt_describe_entry_json(const struct nt_sales_entry *entry, GString *out);
void nt_describe_outbox_json(const struct nt_outbox_row *row, GString *out);
/* {"sequence","at","program","entry":{"input":{…},"effects":[…]}} */
void nt_describe_log_json(const struct nt_log_row *row, GString *out);

#endif
