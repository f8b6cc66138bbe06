/* A time zone's file (TZif): refused with a reason, or offsets that lie within a day or so of UTC and an end to each,
 * later than its beginning. (Where a footer's two changes overtake each other, nobody knows which holds.)
 * covers: daemon/base/zone.c */
#include "fuzz.h"

#include "base/bug.h"
#include "base/civil.h"
#include "base/zone.h"

static void walk(const struct nt_zone *zone, nt_time t)
{
	for (unsigned i = 0; i < 20 && t != NT_NEVER; i++) {
		const char *abbreviation = NULL;
		nt_time until = t;
		int offset = nt_zone_offset(zone, t, &abbreviation, &until);
		struct nt_civil civil = nt_civil_at(zone, t);

		NT_CHECK(offset > -26 * 3600 && offset < 26 * 3600 && abbreviation != NULL && until > t);
		NT_CHECK(civil.month >= 1 && civil.month <= 12 && civil.day >= 1 && civil.day <= 31);
		nt_civil_instant(zone, &civil);
		if (until == NT_NEVER)
			return;
		t = until;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int years[] = { 1850, 1969, 1970, 2026, 2037, 2038, 2400 };
	const char *why = NULL;
	struct nt_zone *zone = nt_zone_parse("Zone", data, size, &why);

	NT_CHECK((zone == NULL) == (why != NULL));
	for (unsigned i = 0; zone != NULL && i < sizeof years / sizeof *years; i++)
		walk(zone, nt_civil_days(years[i], 3, 1) * NT_DAY);
	nt_zone_free(zone);
	return 0;
}
