#include "base/text.h"

#include <string.h>

#define LOCAL_LONGEST 64
#define DOMAIN_LONGEST 253
#define LABEL_LONGEST 63
#define EMAIL_LONGEST 254
#define PHONE_LEAST 3
#define PHONE_MOST 15

static bool is_lower_or_digit(char c)
{
	return g_ascii_islower(c) || g_ascii_isdigit(c);
}

/* Letters and digits in groups with one joint between two. */
static bool is_joined(const char *name, size_t length, char joint)
{
	if (length == 0 || length > NT_NAME_LONGEST)
		return false;
	for (size_t i = 0; i < length; i++) {
		if (is_lower_or_digit(name[i]))
			continue;
		if (name[i] != joint || i == 0 || i + 1 == length || name[i - 1] == joint)
			return false;
	}
	return true;
}

bool nt_name_is_hyphenated(const char *name)
{
	return name != NULL && is_joined(name, strlen(name), '-');
}

static bool is_field(const char *name, size_t length)
{
	return is_joined(name, length, '_') && g_ascii_islower(name[0]);
}

bool nt_name_is_field(const char *name)
{
	return name != NULL && is_field(name, strlen(name));
}

bool nt_name_is_event(const char *name)
{
	const char *dot = name != NULL ? strchr(name, '.') : NULL;

	return dot != NULL && is_field(name, (size_t)(dot - name)) && is_field(dot + 1, strlen(dot + 1));
}

const char *nt_text_plural(uint64_t n, const char *one, const char *many)
{
	return n == 1 ? one : many;
}

bool nt_utf8_valid(const char *text, gsize length)
{
	return g_utf8_validate(text, (gssize)length, NULL);
}

/* UTF-8 without control characters (C0, DEL, C1); `blanks` says whether white space may stand in it. */
static bool is_printable(const char *text, size_t length, bool blanks)
{
	if (!g_utf8_validate(text, (gssize)length, NULL))
		return false;
	for (const char *p = text; p < text + length; p += g_utf8_skip[(unsigned char)*p]) {
		gunichar c = g_utf8_get_char(p);

		if (c < 0x20 || (c >= 0x7F && c < 0xA0) || (!blanks && g_unichar_isspace(c)))
			return false;
	}
	return true;
}

bool nt_lead_id_valid(const char *id)
{
	size_t length = id != NULL ? strlen(id) : 0;

	return length > 0 && length <= NT_LEAD_ID_LONGEST && id[0] != ' ' && id[length - 1] != ' ' &&
	       is_printable(id, length, true);
}

/* --- email --- */

const char *nt_email_domain(const char *email)
{
	const char *at = email != NULL ? strrchr(email, '@') : NULL;

	return at != NULL ? at + 1 : NULL;
}

static bool is_local_part(const char *text, size_t length)
{
	if (length == 0 || length > LOCAL_LONGEST || text[0] == '.' || text[length - 1] == '.')
		return false;
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c == '.') {
			if (text[i - 1] == '.')
				return false;
		} else if (c < 0x80 && !g_ascii_isalnum(c) && strchr("!#$%&'*+-/=?^_`{|}~", c) == NULL) {
			return false;
		}
	}
	return true;
}

static bool is_domain(const char *text)
{
	size_t length = strlen(text), label = 0;

	if (length == 0 || length > DOMAIN_LONGEST)
		return false;
	for (size_t i = 0; i <= length; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c == '.' || c == '\0') {
			if (label == 0 || label > LABEL_LONGEST || text[i - 1] == '-')
				return false;
			label = 0;
		} else if (c >= 0x80 || g_ascii_isalnum(c) || (c == '-' && label > 0)) {
			label++;
		} else {
			return false;
		}
	}
	return true;
}

bool nt_email_valid(const char *email)
{
	const char *domain = nt_email_domain(email);
	size_t length;

	if (domain == NULL)
		return false;
	length = strlen(email);
	return length <= EMAIL_LONGEST && is_printable(email, length, false) &&
	       is_local_part(email, (size_t)(domain - 1 - email)) && is_domain(domain);
}

void nt_email_normalize(GString *out, const char *email)
{
	char *folded = nt_text_fold(email), *composed = NULL;

	if (g_utf8_validate(folded, -1, NULL))
		composed = g_utf8_normalize(folded, -1, G_NORMALIZE_NFC);
	g_string_append(out, composed != NULL ? composed : folded);
	g_free(composed);
	g_free(folded);
}

/* --- telephone --- */

bool nt_phone_valid(const char *phone)
{
	int digits = 0, plus = 0;

	if (phone == NULL)
		return false;
	for (const char *p = phone; *p != '\0'; p++) {
		if (g_ascii_isdigit(*p)) {
			if (++digits == 1 && plus > 0 && *p == '0')
				return false; /* no country's code begins with 0 */
		} else if (*p == '+') {
			if (digits > 0 || plus++ > 0)
				return false;
		} else if (strchr(" -./()", *p) == NULL) {
			return false;
		}
	}
	return digits >= PHONE_LEAST && digits <= PHONE_MOST;
}

void nt_phone_normalize(GString *out, const char *phone)
{
	size_t start = out->len;

	for (const char *p = phone; *p != '\0'; p++) {
		const char *sofar = out->str + start;
		bool abroad = sofar[0] == '+' || strncmp(sofar, "00", 2) == 0;

		if (abroad && strncmp(p, "(0)", 3) == 0)
			p += 2;
		else if (g_ascii_isdigit(*p) || (*p == '+' && out->len == start))
			g_string_append_c(out, *p);
	}
	if (out->len >= start + 2 && memcmp(out->str + start, "00", 2) == 0) {
		g_string_erase(out, (gssize)start, 2);
		g_string_insert_c(out, (gssize)start, '+');
	}
}

char *nt_text_fold(const char *text)
{
	GString *out = g_string_new(NULL);
	const char *end;

	g_utf8_validate(text, -1, &end);
	for (const char *p = text; p < end; p += g_utf8_skip[(unsigned char)*p])
		g_string_append_unichar(out, g_unichar_tolower(g_utf8_get_char(p)));
	g_string_append(out, end);
	return g_string_free(out, FALSE);
}
