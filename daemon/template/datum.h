/* Values as templates see them: what Liquid calls nil, booleans, numbers, strings, arrays, ranges and hashes.
 *
 * A struct nt_datum is small and passed by value; what it points to is owned by the render's arena, the program or the
 * caller's variables, and never changes. Numbers are nt_number, with a flag for those written with a fraction, since
 * Liquid divides whole numbers without one ("5 | divided_by: 2" is 2, "5.0 | divided_by: 2" is 2.5). */
#ifndef NT_TEMPLATE_DATUM_H
#define NT_TEMPLATE_DATUM_H

#include "base/number.h"

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct nt_arena;
struct nt_json;

enum nt_datum_type {
	NT_DATUM_NIL,
	NT_DATUM_BOOL,
	NT_DATUM_NUMBER,
	NT_DATUM_TEXT,
	NT_DATUM_LIST,
	NT_DATUM_RANGE,
	NT_DATUM_OBJECT, /* a JSON object */
	NT_DATUM_LOOP,   /* `forloop` */
	NT_DATUM_EMPTY,  /* the words `empty` and `blank`, which compare specially */
	NT_DATUM_BLANK,
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

struct nt_datum {
	enum nt_datum_type type;
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
			const struct nt_datum *items;
			size_t n;
		};
		struct {
			int64_t from, to; /* inclusive */
		};
		const struct nt_json *json;
		const struct nt_loop *loop;
	};
};

#define NT_DATUM_NOTHING ((struct nt_datum){ .type = NT_DATUM_NIL })

struct nt_datum nt_datum_bool(bool yes);
struct nt_datum nt_datum_number(nt_number number, bool fraction);
struct nt_datum nt_datum_int(int64_t n);
struct nt_datum nt_datum_text(const char *text, size_t length); /* borrowed */
/* Arrays become lists in the arena; everything else is borrowed. NULL gives nil. */
struct nt_datum nt_datum_json(struct nt_arena *arena, const struct nt_json *json);

bool nt_datum_true(struct nt_datum value);  /* all but nil and false */
bool nt_datum_empty(struct nt_datum value); /* "", [], {}: what the `default` filter replaces beside nil and false */
bool nt_datum_equal(struct nt_datum a, struct nt_datum b);
/* Sets *order to -1, 0, 1 for numbers among each other and texts among each other; false for anything else. */
bool nt_datum_compare(struct nt_datum a, struct nt_datum b, int *order);
/* Number, or text that is one; false otherwise (*out and *fraction are 0 then). */
bool nt_datum_to_number(struct nt_datum value, nt_number *out, bool *fraction);

/* As `{{ value }}` shows it, before escaping: nil is nothing, a list is its items one after the other, an object is
 * JSON. Bounded by the value's size. */
void nt_datum_print(struct nt_datum value, GString *out);
void nt_datum_print_json(struct nt_datum value, GString *out);
/* The same as a text in the arena; a text is given back as it is. */
struct nt_datum nt_datum_as_text(struct nt_arena *arena, struct nt_datum value);

/* object.name, list.first, text.size …; nil if there is none. */
struct nt_datum nt_datum_member(struct nt_arena *arena, struct nt_datum value, const char *name, size_t length);
/* list[i], list[-1], object["name"]. */
struct nt_datum nt_datum_index(struct nt_arena *arena, struct nt_datum value, struct nt_datum index);
/* How many a loop would see: list, range, object (pairs), non-empty text (1), else 0; and the i-th of them. */
size_t nt_datum_count(struct nt_datum value);
struct nt_datum nt_datum_item(struct nt_arena *arena, struct nt_datum value, size_t i);

#endif
