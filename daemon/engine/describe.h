/* A lead, its timeline and the queue for people and programs: JSON and text. Pure. */
#ifndef NT_ENGINE_DESCRIBE_H
#define NT_ENGINE_DESCRIBE_H

#include "base/time.h"

#include <glib.h>

struct nt_lead;
struct nt_log_row;
struct nt_outbox_row;
struct nt_sales_entry;

/* {"id","fields":{},"tags":[],"stage","owner","score","fit","engagement","level","why":[{"points","reason"}],
 * "consent":{},"handoff","campaigns":[{"campaign","state","step","since","until"}],"due"} */
void nt_describe_lead_json(const struct nt_lead *lead, nt_time now, GString *out);
void nt_describe_lead_text(const struct nt_lead *lead, nt_time now, GString *out);
void nt_describe_entry_json(const struct nt_sales_entry *entry, GString *out);
void nt_describe_outbox_json(const struct nt_outbox_row *row, GString *out);
/* {"sequence","at","program","entry":{"input":{…},"effects":[…]}} */
void nt_describe_log_json(const struct nt_log_row *row, GString *out);

#endif
