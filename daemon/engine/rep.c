#include "engine/rep.h"

#include "base/arena.h"
#include "base/civil.h"
#include "base/json.h"
#include "rules/program.h"

#include <string.h>

const struct nt_zone *nt_rep_zone(const struct nt_program *program, const struct nt_rep *rep)
{
	const struct nt_zone *zone = program->zones->find(program->zones, rep->time_zone);

	return zone != NULL ? zone : program->zones->utc;
}

const char *nt_rep_address(const struct nt_program *program, const struct nt_rep *rep, const char *channel)
{
	int slot = nt_program_channel(program, channel);
	int field = slot >= 0 ? program->channels[slot].address_field : NT_FIELD_EMAIL;

	if (field == NT_FIELD_EMAIL)
		return rep->email;
	if (field == NT_FIELD_PHONE)
		return rep->phone;
	return field < 0 ? "" : NULL;
}

bool nt_rep_away(const struct nt_rep *rep, int64_t day)
{
	for (unsigned i = 0; i < rep->n_away; i++)
		if (rep->away[i][0] <= day && day <= rep->away[i][1])
			return true;
	return false;
}

nt_time nt_rep_working(const struct nt_program *program, const struct nt_rep *rep, nt_time t)
{
	const struct nt_zone *zone = nt_rep_zone(program, rep);
	nt_time last = t + 400 * NT_DAY;

	while (t < last) {
		struct nt_civil civil;

		t = nt_windows_next(&rep->hours, zone, t);
		if (t == NT_NEVER)
			return t;
		civil = nt_civil_at(zone, t);
		if (!nt_rep_away(rep, nt_civil_days(civil.year, civil.month, civil.day)))
			return t;
		t = nt_civil_next_midnight(zone, t);
	}
	return NT_NEVER;
}

void nt_rep_put(struct nt_json_writer *w, const struct nt_rep *rep)
{
	nt_json_put_text(w, "time_zone", rep->time_zone);
	nt_json_object(w, "rep");
	nt_json_put_text(w, "name", rep->full_name != NULL ? rep->full_name : rep->name);
	nt_json_put_text(w, "email", rep->email);
	nt_json_put_text(w, "phone", rep->phone);
	nt_json_end_object(w);
}

const char *nt_rep_join(struct nt_arena *arena, const char *inner, const char *outer)
{
	size_t length = inner != NULL && inner[0] == '{' ? strlen(inner) : 0;

	if (length <= 2)
		return outer;
	return nt_arena_printf(arena, "%.*s,%s", (int)length - 1, inner, outer + 1);
}
