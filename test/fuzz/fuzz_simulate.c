/* A file of leads (CSV), and after a line "====" one of events (a JSON object a line), as nurturectl simulate takes
 * them: bad rows are said with their places, the others run, and it comes out the same once more.
 * covers: daemon/base/csv.c daemon/engine/simulate_read.c daemon/engine/simulate_row.c daemon/engine/simulate_play.c
 * covers: daemon/engine/request.c */
#include "fuzz.h"
#include "fuzz_program.h"

#include "base/bug.h"
#include "base/diag.h"
#include "engine/simulate.h"
#include "rules/program.h"

#include <string.h>

static const char separator[] = "\n====\n";
static const char rules[] =
	"policy:\n  sender: { phone: \"+1 555 0100\" }\n  time_zone: UTC\n  consent: { sms: opt_out }\n---\n"
	"fields:\n  seats: number\n  ends: date\n  kinds: list\n  vip: yes_no\n  delay: duration\n"
	"  plan: { type: text, one_of: [ small, big ] }\n---\n"
	"events:\n  a.b: { amount: number, order_id: text }\n  c.d: { page: text, at: time }\n---\n"
	"scoring:\n  engagement:\n    - { on: a.b, points: = event.amount }\n---\n"
	"campaign: c\nenter: { on: a.b }\nagain: always\ngoal: { on: sms.clicked }\n"
	"steps: [ sms: m, wait: 3 days, tag: x ]\n"
	"---\n"
	"campaign: d\nenter: { on: c.d }\nper: event.page\nsteps: [ wait: 1 day, set: { seats: 4 } ]\n---\n"
	"events: { e.f: { page: text } }\n";

static void check_spans(struct nt_diags *diags)
{
	const struct nt_diag *diag;

	for (unsigned i = 0; (diag = nt_diags_peek(diags, i)) != NULL; i++)
		NT_CHECK(diag->span.source == NULL ||
		         diag->span.start + diag->span.length <= diag->span.source->length + 1);
}

static GString *simulate(const char *text, size_t length, bool json)
{
	const char *cut = memmem(text, length, separator, sizeof separator - 1);
	size_t first = cut != NULL ? (size_t)(cut - text) : length;
	struct nt_simulation simulation = { .program = nt_fuzz_program(rules), .start = INT64_C(1772445600000),
		                            .until = INT64_C(1775000000000), .json = json, .leads_a_shard = 2 };
	struct nt_diags *diags = nt_diags_new();
	GString *out = g_string_new(NULL);

	simulation.leads = nt_diags_source(diags, "leads.csv", text, first);
	if (cut != NULL)
		simulation.events = nt_diags_source(diags, "events.ndjson", cut + sizeof separator - 1,
		                                    length - first - (sizeof separator - 1));
	if (nt_simulate(&simulation, diags, out))
		NT_CHECK(out->len > 0);
	else
		NT_CHECK(nt_diags_errors(diags) > 0);
	NT_CHECK(g_utf8_validate(out->str, (gssize)out->len, NULL));
	check_spans(diags);
	nt_diags_print(diags, out);
	nt_diags_free(diags);
	return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned how = size > 0 ? data[size - 1] : 0;
	GString *once = simulate((const char *)data, size, how % 2 == 0), *again;

	if (how % 16 == 10) { /* a line's end */
		again = simulate((const char *)data, size, how % 2 == 0);
		NT_CHECK(g_string_equal(once, again));
		g_string_free(again, TRUE);
	}
	g_string_free(once, TRUE);
	return 0;
}
