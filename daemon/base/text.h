/* Checks on short texts: names as rules write them, email addresses, telephone numbers; and their normal forms.
 *
 * All take NUL-terminated texts. NULL and what isn't UTF-8 are not valid; a normalizer wants a text, valid or not.
 * Syntax only: whether an address exists is for its channel to find. */
#ifndef NT_BASE_TEXT_H
#define NT_BASE_TEXT_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define NT_NAME_LONGEST 128    /* bytes of a name in rules */
#define NT_LEAD_ID_LONGEST 128 /* bytes of a lead's id */

/* "trial-nurture": lower-case letters and digits, begun by either, with single hyphens in between. */
bool nt_name_is_hyphenated(const char *name);
/* "company_size": begun by a letter, with single underscores in between. */
bool nt_name_is_field(const char *name);
/* "trial.started": two field names and a dot. */
bool nt_name_is_event(const char *name);
/* 1-128 bytes of UTF-8, no control characters, no blank at either end. */
bool nt_lead_id_valid(const char *id);

/* The addr-spec of RFC 5321 without quoted local parts and address literals, with the lengths of its section 4.5.3.1;
 * UTF-8 in either part is fine (RFC 6531). The domain needs no dot ("ops@localhost"). No control character or
 * angle bracket passes, so that a valid address can't break out of a header or a command. */
bool nt_email_valid(const char *email);
/* Appends the form by which suppression knows an address: both parts folded to lower case. */
void nt_email_normalize(GString *out, const char *email);
/* The part after the last "@"; NULL if there is none. Borrowed from `email`. */
const char *nt_email_domain(const char *email);

/* 3 to 15 digits (ITU-T E.164), with a "+" before them if the country's code is there, and with blanks and - . / ( )
 * between them. */
bool nt_phone_valid(const char *phone);
/* Appends the digits, after a "+" if the number has one or begins with "00"; the "(0)" of "+49 (0)30 …", which isn't
 * dialled from abroad, is left out. */
void nt_phone_normalize(GString *out, const char *phone);

/* The word that goes with a number: `one` for 1, else `many`. */
const char *nt_text_plural(uint64_t n, const char *one, const char *many);

/* Whole text is UTF-8 without NUL. */
bool nt_utf8_valid(const char *text, gsize length);
/* Each character's lower case by Unicode's simple mapping, the same in every locale, so that what has no capital ("ß")
 * stays: lower(x) of the rule language. Free with g_free(). */
char *nt_text_fold(const char *text);

#endif
