#include "channel/mime.h"

#include "base/civil.h"
#include "base/zone.h"
#include "channel/channel.h"
#include "channel/render.h"

#include <gmime/gmime.h>
#include <string.h>

void nt_mime_start(void)
{
	g_mime_init();
}

bool nt_mime_mailbox_ok(const char *address)
{
	const char *at = strrchr(address, '@');

	if (at == NULL || at == address || at[1] == '\0' || strlen(address) > 254 || strchr(address, '@') != at)
		return false;
	for (const unsigned char *p = (const unsigned char *)address; *p != '\0'; p++)
		if (*p <= 0x20 || *p >= 0x7F || strchr("<>()[],;:\\\"", *p) != NULL)
			return false;
	return at[1] != '.' && at[1] != '-';
}

/* CR, LF and CR LF all become one LF, other controls go: a body can hold nothing that ends a line by itself. */
static char *plain_lines(const char *text)
{
	GString *out = g_string_sized_new(strlen(text) + 1);

	for (const unsigned char *p = (const unsigned char *)text; *p != '\0'; p++) {
		if (*p == '\r') {
			g_string_append_c(out, '\n');
			if (p[1] == '\n')
				p++;
		} else if (*p >= 0x20 || *p == '\n' || *p == '\t') {
			g_string_append_c(out, (char)*p);
		}
	}
	if (out->len == 0 || out->str[out->len - 1] != '\n')
		g_string_append_c(out, '\n');
	return g_string_free(out, FALSE);
}

static char *crlf_lines(const char *text)
{
	char **lines = g_strsplit(text, "\n", -1);
	char *joined = g_strjoinv("\r\n", lines);

	g_strfreev(lines);
	return joined;
}

/* Quoted-printable reads well in the raw; where most is not ASCII base64 is a third of its size. */
static GMimeContentEncoding encoding_for(const char *text)
{
	size_t high = 0, n = strlen(text);

	for (size_t i = 0; i < n; i++)
		high += ((unsigned char)text[i] & 0x80) != 0;
	return high * 5 > n ? GMIME_CONTENT_ENCODING_BASE64 : GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE;
}

static GMimeObject *text_part(const char *subtype, const char *text)
{
	GMimePart *part = g_mime_part_new_with_type("text", subtype);
	char *lines = plain_lines(text);
	GMimeContentEncoding encoding = encoding_for(lines);
	GMimeStream *stream;
	GMimeDataWrapper *content;

	/* Inside base64 nobody turns LF into CR LF any more (RFC 2045, 6.8): it goes in as CR LF. */
	if (encoding == GMIME_CONTENT_ENCODING_BASE64) {
		char *crlf = crlf_lines(lines);

		g_free(lines);
		lines = crlf;
	}
	stream = g_mime_stream_mem_new_with_buffer(lines, strlen(lines));
	content = g_mime_data_wrapper_new_with_stream(stream, GMIME_CONTENT_ENCODING_DEFAULT);
	g_mime_object_set_content_type_parameter(GMIME_OBJECT(part), "charset", "utf-8");
	g_mime_part_set_content(part, content);
	g_mime_part_set_content_encoding(part, encoding);
	g_object_unref(content);
	g_object_unref(stream);
	g_free(lines);
	return GMIME_OBJECT(part);
}

static GMimeObject *body(const struct nt_delivery *delivery, const struct nt_letter *letter)
{
	GMimeMultipart *multipart;
	GMimeObject *part;
	char *boundary;

	if (letter->rendered.html == NULL)
		return text_part("plain", letter->rendered.text != NULL ? letter->rendered.text : "");
	multipart = g_mime_multipart_new_with_subtype("alternative");
	/* From the message's id, so that a try repeated is the same to the octet. '=_' can't occur in quoted-printable or base64. */
	boundary = g_strdup_printf("=_%s", delivery->row.message.id);
	g_mime_multipart_set_boundary(multipart, boundary);
	g_free(boundary);
	part = text_part("plain", letter->rendered.text != NULL ? letter->rendered.text : "");
	g_mime_multipart_add(multipart, part);
	g_object_unref(part);
	part = text_part("html", letter->rendered.html);
	g_mime_multipart_add(multipart, part);
	g_object_unref(part);
	return GMIME_OBJECT(multipart);
}

/* One line of text for a header: GMime lets CR LF through inside an encoded word; and what looks like one already is left as it is,
 * so that a lead's name could hide anything in it: a blank takes it apart. */
static char *one_line(const char *text)
{
	GString *line = g_string_new(NULL);

	for (const char *p = text; *p != '\0'; p++) {
		g_string_append_c(line, (unsigned char)*p < 0x20 || *p == 0x7F ? ' ' : *p);
		if (p[0] == '=' && p[1] == '?')
			g_string_append_c(line, ' ');
	}
	return g_strstrip(g_string_free(line, FALSE));
}

static void set_header(GMimeMessage *message, const char *name, const char *value)
{
	char *line = one_line(value);

	g_mime_object_set_header(GMIME_OBJECT(message), name, line, "utf-8");
	g_free(line);
}

static void add_mailbox(GMimeMessage *message, GMimeAddressType type, const char *name, const char *address)
{
	char *line = name != NULL ? one_line(name) : NULL;

	g_mime_message_add_mailbox(message, type, line != NULL && line[0] != '\0' ? line : NULL, address);
	g_free(line);
}

static void set_date(GMimeMessage *message, nt_time t)
{
	GDateTime *date = g_date_time_new_from_unix_utc(t / 1000);

	g_mime_message_set_date(message, date);
	g_date_time_unref(date);
}

static void set_list_headers(GMimeMessage *message, const struct nt_letter *letter)
{
	char *value;

	if (letter->unsubscribe_url == NULL)
		return;
	/* In the raw: the library would make encoded words of so long a one, which RFC 2369 doesn't know. It fits into 998 octets. */
	value = g_strdup_printf(" <%s>\n", letter->unsubscribe_url);
	set_header(message, "List-Unsubscribe", "");
	g_mime_header_set_raw_value(g_mime_header_list_get_header(g_mime_object_get_header_list(GMIME_OBJECT(message)), "List-Unsubscribe"),
	                            value);
	g_free(value);
	set_header(message, "List-Unsubscribe-Post", "List-Unsubscribe=One-Click");
}

static void set_headers(GMimeMessage *message, const struct nt_delivery *delivery, const struct nt_letter *letter)
{
	const char *domain = strrchr(letter->from, '@') + 1;
	char *id = g_strdup_printf("%s@%s", delivery->row.message.id, domain);

	add_mailbox(message, GMIME_ADDRESS_TYPE_FROM, letter->from_name, letter->from);
	add_mailbox(message, GMIME_ADDRESS_TYPE_TO, letter->to_name, letter->to);
	if (letter->rendered.reply_to != NULL && nt_mime_mailbox_ok(letter->rendered.reply_to))
		add_mailbox(message, GMIME_ADDRESS_TYPE_REPLY_TO, NULL, letter->rendered.reply_to);
	if (letter->rendered.subject != NULL) {
		char *subject = one_line(letter->rendered.subject);

		g_mime_message_set_subject(message, subject, "utf-8");
		g_free(subject);
	}
	set_date(message, delivery->row.message.released);
	g_mime_message_set_message_id(message, id);
	g_free(id);
	set_list_headers(message, letter);
	for (unsigned i = 0; i < letter->rendered.n_headers; i++)
		set_header(message, letter->rendered.headers[i].name, letter->rendered.headers[i].value);
}

/* The last door before the wire: whatever the library left, no bare CR or LF gets out. */
static void append_crlf(GString *out, const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (bytes[i] == '\r' && i + 1 < n && bytes[i + 1] == '\n')
			i++;
		if (bytes[i] == '\n' || bytes[i] == '\r')
			g_string_append_len(out, "\r\n", 2);
		else
			g_string_append_c(out, bytes[i]);
	}
}

bool nt_mime_build(const struct nt_delivery *delivery, const struct nt_letter *letter, GString *out, const char **why)
{
	GMimeMessage *message;
	GMimeObject *part;
	GMimeFormatOptions *options;
	char *text;

	if (letter->from == NULL || !nt_mime_mailbox_ok(letter->from)) {
		*why = "the sender's email address can't be used in a message";
		return false;
	}
	if (!nt_mime_mailbox_ok(letter->to)) {
		*why = "the address can't be used in a message";
		return false;
	}
	message = g_mime_message_new(TRUE);
	set_headers(message, delivery, letter);
	part = body(delivery, letter);
	g_mime_message_set_mime_part(message, part);
	g_object_unref(part);
	options = g_mime_format_options_new();
	text = g_mime_object_to_string(GMIME_OBJECT(message), options);
	append_crlf(out, text, strlen(text));
	g_free(text);
	g_mime_format_options_free(options);
	g_object_unref(message);
	return true;
}
