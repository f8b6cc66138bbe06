/* What a field, a property or an expression holds. Texts are borrowed: they live in the program, in the lead's arena or
 * in the step's arena. */
#ifndef NT_RULES_VALUE_H
#define NT_RULES_VALUE_H

#include "base/civil.h"
#include "base/number.h"
#include "base/time.h"

#include <glib.h>
#include <stdbool.h>

struct nt_json;
struct nt_arena;
struct nt_zone;

enum nt_type {
	NT_TYPE_NONE, /* a missing value; every type may be missing */
	NT_TYPE_TEXT,
	NT_TYPE_NUMBER,
	NT_TYPE_YES_NO,
	NT_TYPE_DATE,     /* days since 1970-01-01; floats: reads as local midnight */
	NT_TYPE_TIME,
	NT_TYPE_DURATION,
	NT_TYPE_LIST,     /* of text */
	NT_TYPE_EMAIL,    /* text with a check at the door */
	NT_TYPE_PHONE,
};

struct nt_value {
	enum nt_type type;
	union {
		const char *text; /* TEXT, EMAIL, PHONE */
		nt_number number;
		bool yes;
		int64_t date;
		nt_time time;
		struct nt_duration duration;
		struct {
			const char *const *items;
			unsigned n;
		} list;
	};
};

#define NT_NONE ((struct nt_value){ .type = NT_TYPE_NONE })
#define NT_TEXT_VALUE(x) ((struct nt_value){ .type = NT_TYPE_TEXT, .text = (x) })
#define NT_NUMBER_VALUE(x) ((struct nt_value){ .type = NT_TYPE_NUMBER, .number = (x) })
#define NT_YES_NO_VALUE(x) ((struct nt_value){ .type = NT_TYPE_YES_NO, .yes = (x) })
#define NT_TIME_VALUE(x) ((struct nt_value){ .type = NT_TYPE_TIME, .time = (x) })

const char *nt_type_name(enum nt_type type); /* "yes_no" */
bool nt_type_parse(const char *name, enum nt_type *type);
bool nt_type_is_text(enum nt_type type); /* text, email, phone */

bool nt_value_equal(const struct nt_value *a, const struct nt_value *b);
/* A copy whose texts live in the arena. */
struct nt_value nt_value_copy(struct nt_arena *arena, const struct nt_value *value);
/* The same value as another type: text, email and phone for one another; a time as its local date and a date as its
 * local midnight in `zone`. NONE stays NONE, and is what any other pair gives. */
struct nt_value nt_value_as(const struct nt_value *value, enum nt_type type, const struct nt_zone *zone);
nt_time nt_date_midnight(const struct nt_zone *zone, int64_t days); /* the first instant of that local day */
/* From the outside world (JSON of the API, a CSV cell, YAML text), checked against the type. false and *why (in the
 * arena, e.g. "must be a number such as 12.5") if it doesn't fit. JSON null gives NONE. A time without offset is read
 * in `zone`. Text for a list is split at commas; empty text is a text, and refused by every other type but list. */
bool nt_value_from_json(struct nt_arena *arena, const struct nt_json *json, enum nt_type type,
                        const struct nt_zone *zone, struct nt_value *out, const char **why);
bool nt_value_from_text(struct nt_arena *arena, const char *text, enum nt_type type, const struct nt_zone *zone,
                        struct nt_value *out, const char **why);
/* As JSON: numbers as numbers, dates and times as ISO 8601 text, durations as written ("3 days"). */
void nt_value_to_json(const struct nt_value *value, GString *out);

#endif
