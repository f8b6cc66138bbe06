#include "channel/sheet.h"

#include "base/civil.h"
#include "channel/channel.h"
#include "channel/mime.h"
#include "channel/render.h"
#include "template/escape.h"

#include <string.h>

static bool is_email(const struct nt_delivery *delivery)
{
	return strcmp(delivery->row.message.channel, "email") == 0;
}

const char *nt_sheet_extension(const struct nt_delivery *delivery)
{
	return is_email(delivery) ? "eml" : "txt";
}

static void header(GString *out, const char *name, const char *value)
{
	if (value == NULL || value[0] == '\0')
		return;
	g_string_append_printf(out, "%s: ", name);
	nt_escape(out, NT_ESCAPE_HEADER, value, strlen(value)); /* one line, whatever a lead is called */
	g_string_append_c(out, '\n');
}

bool nt_sheet_build(struct nt_delivery *delivery, const struct nt_links *links, GString *out, const char **why)
{
	const struct nt_message *message = &delivery->row.message;
	GString *date;
	struct nt_letter letter;

	if (!nt_letter_render(delivery, links, &letter, why))
		return false;
	if (is_email(delivery))
		return nt_mime_build(delivery, &letter, out, why);
	date = g_string_new(NULL);
	nt_time_print_utc(message->released, date);
	header(out, "Message-Id", message->id);
	header(out, "Date", date->str);
	header(out, "Channel", message->channel);
	header(out, "To", letter.to);
	header(out, "Name", letter.to_name);
	header(out, "Lead", message->lead);
	header(out, "Template", message->template_name);
	header(out, "Campaign", message->campaign);
	header(out, "Subject", letter.rendered.subject);
	header(out, "Content-Type",
	       letter.rendered.html != NULL ? "text/html; charset=utf-8" : "text/plain; charset=utf-8");
	g_string_append_c(out, '\n');
	g_string_append(out, letter.rendered.html != NULL   ? letter.rendered.html
	                     : letter.rendered.text != NULL ? letter.rendered.text
	                                                    : "");
	if (out->str[out->len - 1] != '\n')
		g_string_append_c(out, '\n');
	g_string_free(date, TRUE);
	return true;
}
