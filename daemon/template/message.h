/* Message templates: a set of files NAME/CHANNEL[.LOCALE].EXT, and what they say to one person.
 *
 * A file begins with optional front matter between two lines "---": `key: value`, one a line (keys: subject, preheader,
 * layout, from_name, reply_to, note, and x-… for extra headers); each value is Liquid, written in HEADER context. The
 * rest is the body, Liquid too. EXT says what it becomes:
 *
 *     md     Markdown → html and text, through a layout (default: the built-in one for email, none elsewhere)
 *     html   html, and a text derived from it; through a layout unless the body is a document of its own (<html …)
 *     txt    text (email: with the layout's text twin around it; sms, voice, push …: as it is)
 *     json   a webhook's body; values are escaped for JSON texts, the result must parse
 *
 * Layouts are files layouts/NAME.html and layouts/NAME.txt with {{ content }} in them; `layout: none` does without.
 * Line ends in results are LF; whoever puts them on a wire makes them CR LF.
 *
 * A finished set is immutable and may be used from many threads at once. */
#ifndef NT_TEMPLATE_MESSAGE_H
#define NT_TEMPLATE_MESSAGE_H

#include "base/diag.h"
#include "base/time.h"

#include <stdbool.h>
#include <stddef.h>

struct nt_arena;
struct nt_json;
struct nt_zone;
struct nt_template_set;
struct nt_message_template; /* owned by its set */

#define NT_TEMPLATE_SIZE (256 * 1024) /* largest file */
#define NT_TEMPLATE_FILES 10000       /* most files in a set */

/* What lies beside templates and is none: a picture, a README, an editor's copy. `path` as of nt_template_set_add(). */
bool nt_template_set_passes_over(const char *path);

/* Building. Paths are relative to the templates folder ("welcome/email.de.md", "layouts/brand.html"); `shown` is how
 * people know the file, for messages. Several folders: add the one that wins with the lowest layer; within one layer
 * two files for the same (name, channel, locale) are an error. Files that can't be a template (no folder, unknown
 * extension) are errors; hidden files, editors' copies, a README, pictures and documents are passed over. Bytes are
 * copied. False: errors were added. */
struct nt_template_set *nt_template_set_new(void);
void nt_template_set_free(struct nt_template_set *set); /* NULL is fine */
bool nt_template_set_add(struct nt_template_set *set, int layer, const char *path, const char *shown, const void *bytes,
                         size_t length, struct nt_diags *diags);
/* Parses everything, joins layouts; once, after the last add. The set is usable (for what was right) even on false. */
bool nt_template_set_finish(struct nt_template_set *set, struct nt_diags *diags);

/* Lookup. With locale "de-AT": de-AT, else de, else the one without; locale may be NULL. "de_AT" and case don't matter.
 * NULL if there is none. */
const struct nt_message_template *nt_template_set_find(const struct nt_template_set *set, const char *name,
                                                       const char *channel, const char *locale);
const struct nt_message_template *nt_template_set_find_hash(const struct nt_template_set *set, const char *hash);
/* Sorted, NULL-terminated, owned by the set: all template names; channels of one name (NULL if no such name). For
 * "did you mean" and for lists. */
const char *const *nt_template_set_names(const struct nt_template_set *set);
const char *const *nt_template_set_channels(const struct nt_template_set *set, const char *name);
/* All templates in order of path; NULL past the end. */
const struct nt_message_template *nt_template_set_peek(const struct nt_template_set *set, unsigned i);

enum nt_message_kind { NT_MESSAGE_MARKDOWN, NT_MESSAGE_HTML, NT_MESSAGE_TEXT, NT_MESSAGE_JSON };

const char *nt_message_template_name(const struct nt_message_template *message);
const char *nt_message_template_channel(const struct nt_message_template *message);
const char *nt_message_template_locale(const struct nt_message_template *message); /* "" without */
const char *nt_message_template_path(const struct nt_message_template *message);   /* as shown */
/* The subject as it is written, placeholders and all; NULL: none. */
const char *nt_message_template_subject(const struct nt_message_template *message);
enum nt_message_kind nt_message_template_kind(const struct nt_message_template *message);
/* SHA-256 in hex over everything that decides what is written: the file, its kind and its layouts. */
const char *nt_message_template_hash(const struct nt_message_template *message);

/* The file, which lives as long as its set. */
const struct nt_source *nt_message_template_source(const struct nt_message_template *message);
/* What people read of it: the file's text, byte for byte, with blanks for all else (values, tags, comments, HTML, where
 * links lead, front matter but for subject and preheader). In the arena, as long as the file. *subject: where the
 * subject stands, of length 0 without one. */
const char *nt_message_template_prose(const struct nt_message_template *message, struct nt_arena *arena,
                                      struct nt_span *subject);
/* Somewhere in it or its layout stands what may become a link, other than that for unsubscribing. */
bool nt_message_template_has_link(const struct nt_message_template *message);

/* What the rules' checker wants to know. */
struct nt_message_variable {
	/* "first_name", "event.amount", "items[0].name": constant parts only, up to the first computed one */
	const char *path;
	/* Nothing is missed if it is missing: it has a `default` filter, or is only asked for in a condition, or stands
	 * inside an `if` that asks for it. */
	bool has_default;
	struct nt_span span; /* of its first use without a default, else of its first use */
};

struct nt_message_facts {
	const struct nt_message_variable *variables; /* each path once, in order of first use; what the template itself
	                                              * assigns is left out; includes the layouts' */
	unsigned n;
	bool has_subject;
	bool has_confirm;     /* {{ confirm_url }} likewise */
	bool has_unsubscribe; /* {{ unsubscribe_url }} in the body or its layout */
	bool has_address;     /* {{ sender.address }} likewise */
	bool has_phone;       /* {{ sender.phone }} likewise: the invitation to call */
	bool has_number;      /* something like a telephone number is written out in it or its layout */
};

/* `diags` gets a copy of the sources, so that the spans live as long as it does; no message is added. The rest lives in
 * the arena. */
void nt_message_template_check(const struct nt_message_template *message, struct nt_arena *arena,
                               struct nt_diags *diags, struct nt_message_facts *facts);

/* Rendering. `variables` is an object: the lead's fields at the top (first_name, …), and beside them `event`, `entry`,
 * `sender` {name, email, address, phone}, `unsubscribe_url` (not in service messages) or `confirm_url` (only there),
 * and the step's `with` values. What is missing renders as nothing. */
struct nt_message_input {
	const struct nt_json *variables;
	nt_time now;                /* what the `date` filter calls "now"; NT_NO_TIME: it gives nothing */
	const struct nt_zone *zone; /* of dates and times; NULL: UTC */
};

struct nt_rendered_header {
	const char *name;  /* in canonical case: "X-Campaign-Note" */
	const char *value; /* one line, UTF-8, not yet encoded */
};

/* UTF-8, NUL-terminated, in the arena. What the template doesn't give is NULL. */
struct nt_rendered {
	const char *subject, *preheader, *from_name, *reply_to; /* one line each, not yet encoded for a header */
	const char *text; /* md, html and txt always have it; lines of 76 columns at most, but for long words */
	const char *html; /* md, html */
	const char *json; /* json */
	const struct nt_rendered_header *headers;
	unsigned n_headers;
	/* NULL-terminated: filters that couldn't work on their values, and wrote nothing;
	 * "templates/welcome/email.md:12: divided_by: division by zero" */
	const char *const *problems;
};

/* False: nothing was rendered, *error (in the arena) says why: a limit was hit (output 1 MiB, steps, memory), or a json
 * template's result is no JSON. The same input always gives the same bytes. Safe from any thread. */
bool nt_message_render(const struct nt_message_template *message, struct nt_arena *arena,
                       const struct nt_message_input *input, struct nt_rendered *out, const char **error);

#endif
