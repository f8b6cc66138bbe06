/* Values as templates see them: what Liquid calls nil, booleans, numbers, strings, arrays, ranges and hashes.
 *
 * A struct nt_value is small and passed by value; what it points to is owned by the render's arena, the program or the
 * caller's variables, and never changes. Numbers are nt_number, with a flag for those written with a fraction, since
 * Liquid divides whole numbers without one ("5 | divided_by: 2" is 2, "5.0 | divided_by: 2" is 2.5). */
#ifndef NT_TEMPLATE_VALUE_H
#define NT_TEMPLATE_VALUE_H

#include "base/number.h"

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct nt_arena;
struct nt_json;

enum nt_value_type {
	NT_VALUE_NIL,
	NT_VALUE_BOOL,
	NT_VALUE_NUMBER,
	NT_VALUE_TEXT,
	NT_VALUE_LIST,
	NT_VALUE_RANGE,
	NT_VALUE_OBJECT, /* a JSON object */
	NT_VALUE_LOOP,   /* `forloop` */
	NT_VALUE_EMPTY,  /* the words `empty` and `blank`, which compare specially */
	NT_VALUE_BLANK,
};

/* How much of the escaping a text has behind it already. */
enum nt_prepared {
	NT_PREPARED_NO,
	NT_PREPARED_URL,  /* percent-encoded: in a URL it is written as it is */
	NT_PREPARED_PART, /* fit for the part that is being written: written as it is, except in a header */
};

struct nt_loop {
	struct nt_loop *parent; /* of an enclosing `for` */
	const char *name;       /* "item-list" */
	unsigned index, length; /* index from 0 */
};

struct nt_value {
	enum nt_value_type type;
	bool boolean;
	bool fraction;
	enum nt_prepared prepared;
	nt_number number;
	union {
		struct {
			const char *text; /* UTF-8, not NUL-terminated */
			size_t length;
		};
		struct {
			const struct nt_value *items;
			size_t n;
		};
		struct {
			int64_t from, to; /* inclusive */
		};
		const struct nt_json *json;
		const struct nt_loop *loop;
	};
};

#define NT_VALUE_NOTHING ((struct nt_value){ .type = NT_VALUE_NIL })

struct nt_value nt_value_bool(bool yes);
struct nt_value nt_value_number(nt_number number, bool fraction);
struct nt_value nt_value_int(int64_t n);
struct nt_value nt_value_text(const char *text, size_t length); /* borrowed */
/* Arrays become lists in the arena; everything else is borrowed. NULL gives nil. */
struct nt_value nt_value_json(struct nt_arena *arena, const struct nt_json *json);

bool nt_value_true(struct nt_value value);  /* all but nil and false */
bool nt_value_empty(struct nt_value value); /* "", [], {}: what the `default` filter replaces beside nil and false */
bool nt_value_equal(struct nt_value a, struct nt_value b);
/* Sets *order to -1, 0, 1 for numbers among each other and texts among each other; false for anything else. */
bool nt_value_compare(struct nt_value a, struct nt_value b, int *order);
/* Number, or text that is one; false otherwise (*out and *fraction are 0 then). */
bool nt_value_to_number(struct nt_value value, nt_number *out, bool *fraction);

/* As `{{ value }}` shows it, before escaping: nil is nothing, a list is its items one after the other, an object is
 * JSON. Bounded by the value's size. */
void nt_value_print(struct nt_value value, GString *out);
void nt_value_print_json(struct nt_value value, GString *out);
/* The same as a text in the arena; a text is given back as it is. */
struct nt_value nt_value_as_text(struct nt_arena *arena, struct nt_value value);

/* object.name, list.first, text.size …; nil if there is none. */
struct nt_value nt_value_member(struct nt_arena *arena, struct nt_value value, const char *name, size_t length);
/* list[i], list[-1], object["name"]. */
struct nt_value nt_value_index(struct nt_arena *arena, struct nt_value value, struct nt_value index);
/* How many a loop would see: list, range, object (pairs), non-empty text (1), else 0; and the i-th of them. */
size_t nt_value_count(struct nt_value value);
struct nt_value nt_value_item(struct nt_arena *arena, struct nt_value value, size_t i);

#endif
