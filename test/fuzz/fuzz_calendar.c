/* An iCalendar file from anyone: refused with a place in it, or days of the years that count, not too many.
 * covers: daemon/os/calendar.c daemon/os/repeat.c */
#include "fuzz.h"

#include "base/bug.h"
#include "base/civil.h"
#include "os/calendar.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nt_diags *diags = nt_diags_new();
	const struct nt_source *source = nt_diags_source(diags, "us.ics", (const char *)data, size);
	GArray *days = g_array_new(FALSE, FALSE, sizeof(int64_t));
	bool good = nt_calendar_days(source, diags, days);
	const struct nt_diag *diag = nt_diags_peek(diags, 0);

	NT_CHECK(good == (nt_diags_errors(diags) == 0));
	NT_CHECK(good || (diag->span.source == source && diag->span.start + diag->span.length <= size));
	NT_CHECK(days->len <= NT_CALENDAR_DAYS);
	for (unsigned i = 0; i < days->len; i++) {
		int64_t day = g_array_index(days, int64_t, i);

		NT_CHECK(day >= nt_civil_days(2000, 1, 1) && day <= nt_civil_days(2100, 12, 31));
	}
	g_array_free(days, TRUE);
	nt_diags_free(diags);
	return 0;
}
