#include "channel/mime.h"

#include "base/civil.h"
#include "channel/channel.h"
#include "channel/mime_text.h"
#include "channel/render.h"
#include "rules/program.h"

#include <string.h>

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

/* RFC 5322, 3.3 */
static void put_date(GString *out, nt_time t)
{
	static const char days[7][4] = { "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun" };
	static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
		                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	struct nt_civil c = nt_civil_from_utc(t);

	g_string_append_printf(out, "Date: %s, %02d %s %04d %02d:%02d:%02d +0000\r\n",
	                       days[nt_civil_weekday(nt_civil_days(c.year, c.month, c.day))], c.day,
	                       months[c.month - 1], c.year, c.hour, c.minute, c.second);
}

static void put_headers(GString *out, const struct nt_delivery *delivery, const struct nt_letter *letter)
{
	nt_mime_put_mailbox(out, "From", letter->from_name, letter->from);
	nt_mime_put_mailbox(out, "To", letter->to_name, letter->to);
	if (letter->rendered.reply_to != NULL && nt_mime_mailbox_ok(letter->rendered.reply_to))
		nt_mime_put_mailbox(out, "Reply-To", NULL, letter->rendered.reply_to);
	if (letter->rendered.subject != NULL)
		nt_mime_put_header(out, "Subject", letter->rendered.subject);
	put_date(out, delivery->row.message.released);
	g_string_append_printf(out, "Message-ID: <%s@%s>\r\n", delivery->row.message.id,
	                       strrchr(letter->from, '@') + 1);
	/* Never as encoded words, however long: RFC 2369 doesn't know them. It fits into 998 octets. */
	if (letter->unsubscribe_url != NULL)
		g_string_append_printf(out,
		                       "List-Unsubscribe: <%s>\r\nList-Unsubscribe-Post: "
		                       "List-Unsubscribe=One-Click\r\n",
		                       letter->unsubscribe_url);
	for (unsigned i = 0; i < letter->rendered.n_headers; i++)
		nt_mime_put_header(out, letter->rendered.headers[i].name, letter->rendered.headers[i].value);
	g_string_append(out, "MIME-Version: 1.0\r\n");
}

static void put_body(GString *out, const struct nt_delivery *delivery, const struct nt_letter *letter)
{
	const char *text = letter->rendered.text != NULL ? letter->rendered.text : "", *id = delivery->row.message.id;

	if (letter->rendered.html == NULL) {
		nt_mime_put_text(out, "plain", text);
		return;
	}
	/* From the message's id, so that a try repeated is the same to the octet. '=_' can't occur in quoted-printable
	 * or base64. */
	g_string_append_printf(out, "Content-Type: multipart/alternative; boundary=\"=_%s\"\r\n\r\n--=_%s\r\n", id, id);
	nt_mime_put_text(out, "plain", text);
	g_string_append_printf(out, "\r\n--=_%s\r\n", id);
	nt_mime_put_text(out, "html", letter->rendered.html);
	g_string_append_printf(out, "\r\n--=_%s--\r\n", id);
}

/* The letter first, then each file. The delimiter isn't the beginning of another one. */
static void put_mixed(GString *out, const struct nt_delivery *delivery, const struct nt_letter *letter)
{
	const char *id = delivery->row.message.id;

	g_string_append_printf(out, "Content-Type: multipart/mixed; boundary=\"=_mixed_%s\"\r\n\r\n", id);
	g_string_append_printf(out, "--=_mixed_%s\r\n", id);
	put_body(out, delivery, letter);
	for (unsigned i = 0; i < letter->n_attachments; i++) {
		const struct nt_attachment *file = letter->attachments[i];

		g_string_append_printf(out, "\r\n--=_mixed_%s\r\n", id);
		nt_mime_put_file(out, file->type, file->name, file->bytes, file->length);
	}
	g_string_append_printf(out, "\r\n--=_mixed_%s--\r\n", id);
}

bool nt_mime_build(const struct nt_delivery *delivery, const struct nt_letter *letter, GString *out, const char **why)
{
	if (letter->from == NULL || !nt_mime_mailbox_ok(letter->from)) {
		*why = "the sender's email address can't be used in a message";
		return false;
	}
	if (!nt_mime_mailbox_ok(letter->to)) {
		*why = "the address can't be used in a message";
		return false;
	}
	put_headers(out, delivery, letter);
	if (letter->n_attachments > 0)
		put_mixed(out, delivery, letter);
	else
		put_body(out, delivery, letter);
	return true;
}
