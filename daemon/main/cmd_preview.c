/* nurturectl preview: a template as a lead would get it, in the terminal or as a page for the browser. */
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "channel/channel.h"
#include "main/sample.h"
#include "rules/program.h"
#include "template/escape.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

struct options {
	struct nt_sample_options sample;
	const char *page;
	bool html, json;
};

static bool read_options(int argc, char **argv, struct options *options, int *code)
{
	const struct nt_command_option table[] = {
		{ "config", &options->sample.config, NULL },     { "templates", &options->sample.templates, NULL },
		{ "store", &options->sample.store, NULL },       { "lead", &options->sample.lead, NULL },
		{ "channel", &options->sample.channel, NULL },   { "locale", &options->sample.locale, NULL },
		{ "page", &options->page, NULL },                { "html", NULL, &options->html },
		{ "json", NULL, &options->json },                { 0 },
	};

	if (!nt_command_options(&nt_command_preview, table, argc, argv, code))
		return false;
	if (options->sample.lead != NULL && options->sample.store == NULL)
		options->sample.config = nt_command_config(options->sample.config);
	if (options->html + options->json + (options->page != NULL) > 1) {
		*code = nt_command_misused(&nt_command_preview, "one of --html, --json and --page, please");
		return false;
	}
	return true;
}

/* ---- one variant ---- */

struct shown {
	const struct nt_message_template *variant;
	const char *whom; /* whom it is written to, in words */
	const struct nt_message *message;
	struct nt_letter letter;
	const char *const *missing;
};

static const char *whom(const struct nt_sample *sample, const struct nt_message *message)
{
	const char *lead = sample->options->lead != NULL ? nt_arena_printf(sample->arena, "lead %s", sample->lead) :
	                                                   "an invented lead";

	if (message->rep == NULL)
		return lead;
	if (message->lead[0] == '\0')
		return "a rep, about a broadcast";
	return nt_arena_printf(sample->arena, "a rep, about %s", lead);
}

static bool render(struct nt_sample *sample, const struct nt_message_template *variant, struct shown *shown,
                   const char **why)
{
	struct nt_delivery *delivery = nt_sample_delivery(sample, variant, why);

	if (delivery == NULL || !nt_letter_render(delivery, sample->links, &shown->letter, why))
		return false;
	shown->variant = variant;
	shown->message = &delivery->row.message;
	shown->whom = whom(sample, shown->message);
	shown->missing = nt_sample_missing(sample, variant, shown->letter.variables);
	return true;
}

typedef void put_pair(GString *out, const char *name, const char *value);

static void put_mailbox(GString *out, put_pair *put, const char *what, const char *name, const char *address)
{
	GString *text;

	if (address == NULL || address[0] == '\0')
		return;
	text = g_string_new(name);
	g_string_append_printf(text, name != NULL ? " <%s>" : "%s", address);
	put(out, what, text->str);
	g_string_free(text, TRUE);
}

static void put_unreached(GString *out, put_pair *put, const struct nt_message *message)
{
	GString *text = g_string_new(message->address_name != NULL ? message->address_name : message->rep);

	g_string_append_printf(text, ", for whom the rules have no address for %s", message->channel);
	put(out, "To", text->str);
	g_string_free(text, TRUE);
}

/* "price-list.pdf (application/pdf, 84.2 KiB)" */
static void put_attachment(GString *out, put_pair *put, const struct nt_attachment *file)
{
	GString *text = g_string_new(file->name);

	g_string_append_printf(text, " (%.*s, ", (int)strcspn(file->type, ";"), file->type);
	if (file->length < 1 << 10)
		g_string_append_printf(text, "%zu %s)", file->length, nt_text_plural(file->length, "byte", "bytes"));
	else if (file->length < 1 << 20)
		g_string_append_printf(text, "%.1f KiB)", (double)file->length / (1 << 10));
	else
		g_string_append_printf(text, "%.1f MiB)", (double)file->length / (1 << 20));
	put(out, "Attached", text->str);
	g_string_free(text, TRUE);
}

static void put_pairs(GString *out, put_pair *put, const struct shown *shown)
{
	const struct nt_letter *letter = &shown->letter;

	put(out, "Written to", shown->whom);
	if (strcmp(shown->message->channel, "email") == 0)
		put_mailbox(out, put, "From", letter->from_name, letter->from);
	if (shown->message->rep != NULL && letter->to[0] == '\0')
		put_unreached(out, put, shown->message);
	else
		put_mailbox(out, put, "To", letter->to_name, letter->to);
	if (letter->rendered.subject != NULL)
		put(out, "Subject", letter->rendered.subject);
	if (letter->rendered.preheader != NULL)
		put(out, "In the inbox", letter->rendered.preheader);
	for (unsigned i = 0; i < letter->rendered.n_headers; i++)
		put(out, letter->rendered.headers[i].name, letter->rendered.headers[i].value);
	for (unsigned i = 0; i < letter->n_attachments; i++)
		put_attachment(out, put, letter->attachments[i]);
}

static const char *locale_of(const struct shown *shown)
{
	const char *locale = nt_message_template_locale(shown->variant);

	return locale[0] != '\0' ? locale : "without a locale";
}

/* ---- terminal ---- */

static void put_line(GString *out, const char *name, const char *value)
{
	g_string_append_printf(out, "%s: ", name);
	nt_escape(out, NT_ESCAPE_HEADER, value, strlen(value));
	g_string_append_c(out, '\n');
}

static void say(const struct shown *shown, GString *out)
{
	const struct nt_rendered *rendered = &shown->letter.rendered;
	const char *body = rendered->json != NULL ? rendered->json : rendered->text;

	g_string_append_printf(out, "%s%s, %s, %s\n", out->len > 0 ? "\n" : "",
	                       nt_message_template_name(shown->variant), nt_message_template_channel(shown->variant),
	                       locale_of(shown));
	g_string_append(out, "----------------------------------------------------------------------------\n");
	put_pairs(out, put_line, shown);
	g_string_append_c(out, '\n');
	if (body != NULL)
		nt_escape(out, NT_ESCAPE_TEXT, body, strlen(body));
	if (out->str[out->len - 1] != '\n')
		g_string_append_c(out, '\n');
}

/* ---- JSON ---- */

static void put_json(const struct shown *shown, struct nt_json_writer *w)
{
	const struct nt_letter *letter = &shown->letter;

	nt_json_object(w, NULL);
	nt_json_put_text(w, "template", nt_message_template_name(shown->variant));
	nt_json_put_text(w, "channel", nt_message_template_channel(shown->variant));
	nt_json_put_text(w, "locale", nt_message_template_locale(shown->variant));
	nt_json_put_text(w, "file", nt_message_template_path(shown->variant));
	nt_json_put_text(w, "written_to", shown->whom);
	nt_json_put_text(w, "rep", shown->message->rep);
	nt_json_put_text(w, "from", letter->from);
	nt_json_put_text(w, "to", letter->to);
	nt_json_put_text(w, "subject", letter->rendered.subject);
	nt_json_put_text(w, "preheader", letter->rendered.preheader);
	nt_json_put_text(w, "text", letter->rendered.text);
	nt_json_put_text(w, "html", letter->rendered.html);
	nt_json_put_text(w, "json", letter->rendered.json);
	nt_json_array(w, "attachments");
	for (unsigned i = 0; i < letter->n_attachments; i++) {
		nt_json_object(w, NULL);
		nt_json_put_text(w, "name", letter->attachments[i]->name);
		nt_json_put_text(w, "type", letter->attachments[i]->type);
		nt_json_put_int(w, "size", (int64_t)letter->attachments[i]->length);
		nt_json_end_object(w);
	}
	nt_json_end_array(w);
	nt_json_put_json(w, "values", letter->variables);
	nt_json_array(w, "missing");
	for (unsigned i = 0; shown->missing[i] != NULL; i++)
		nt_json_put_text(w, NULL, shown->missing[i]);
	nt_json_end_array(w);
	nt_json_end_object(w);
}

/* ---- page ---- */

static const char style[] =
	"body{margin:2rem auto;max-width:52rem;padding:0 1rem;font:1rem/1.5 system-ui,sans-serif;color:#1c2430;"
	"background:#f2f4f7}h1{font-size:1.3rem}h2{font-size:1.05rem;margin:2.5rem 0 .5rem}"
	"dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1rem;margin:0 0 .75rem}"
	"dt{color:#5a6675}dd{margin:0}"
	"iframe{width:100%;height:46rem;resize:both;border:1px solid #d8dee6;border-radius:.5rem;background:#fff}"
	"pre{white-space:pre-wrap;overflow-wrap:anywhere;background:#fff;border:1px solid #d8dee6;border-radius:.5rem;"
	"padding:1rem;font-size:.9rem}summary{cursor:pointer;margin:.75rem 0}.note{color:#8a4b00}";

static void put_html(GString *out, const char *text)
{
	nt_escape(out, NT_ESCAPE_HTML, text, strlen(text));
}

static void put_term(GString *out, const char *name, const char *value)
{
	g_string_append(out, "<dt>");
	put_html(out, name);
	g_string_append(out, "</dt><dd>");
	put_html(out, value);
	g_string_append(out, "</dd>\n");
}

static void put_pre(GString *out, const char *text)
{
	g_string_append(out, "<pre>");
	put_html(out, text);
	g_string_append(out, "</pre>\n");
}

/* A frame without any rights: what a template holds can neither run nor fetch as this page. */
static void put_section(GString *out, const struct shown *shown)
{
	const struct nt_rendered *rendered = &shown->letter.rendered;

	g_string_append(out, "<h2>");
	put_html(out, nt_message_template_channel(shown->variant));
	g_string_append(out, ", ");
	put_html(out, locale_of(shown));
	g_string_append(out, "</h2>\n<dl>\n");
	put_pairs(out, put_term, shown);
	g_string_append(out, "</dl>\n");
	for (unsigned i = 0; shown->missing[i] != NULL; i++) {
		g_string_append(out, "<p class=\"note\">");
		put_html(out, shown->missing[i]);
		g_string_append(out, "</p>\n");
	}
	if (rendered->html != NULL) {
		g_string_append(out, "<iframe sandbox title=\"as it looks\" srcdoc=\"");
		put_html(out, rendered->html);
		g_string_append(out, "\"></iframe>\n<details><summary>As plain text</summary>\n");
		put_pre(out, rendered->text != NULL ? rendered->text : "");
		g_string_append(out, "</details>\n");
	} else {
		put_pre(out, rendered->json != NULL ? rendered->json : rendered->text != NULL ? rendered->text : "");
	}
}

static void begin_page(GString *out, const struct nt_sample *sample)
{
	g_string_append(out, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	                     "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>");
	put_html(out, sample->template_name);
	g_string_append_printf(out, "</title>\n<style>%s</style>\n</head>\n<body>\n<h1>", style);
	put_html(out, sample->template_name);
	g_string_append(out, "</h1>\n");
}

/* ---- the whole ---- */

static void warn(const struct shown *shown)
{
	const char *const *problems = shown->letter.rendered.problems;

	for (unsigned i = 0; shown->missing[i] != NULL; i++)
		fprintf(stderr, "%s\n", shown->missing[i]);
	for (unsigned i = 0; problems != NULL && problems[i] != NULL; i++)
		fprintf(stderr, "%s\n", problems[i]);
}

static int write_page(const char *path, GString *out)
{
	int code = NT_EXIT_FINE;

	g_string_append(out, "</body>\n</html>\n");
	if (nt_command_write(&nt_command_preview, path, out, &code))
		printf("%s: open it in a browser\n", path);
	return code;
}

static int preview(const struct options *options, struct nt_sample *sample, GString *out)
{
	const struct nt_message_template *variant;
	struct nt_json_writer w;
	int code = NT_EXIT_FINE;

	nt_json_begin(&w, out);
	if (options->json)
		nt_json_array(&w, NULL);
	if (options->page != NULL)
		begin_page(out, sample);
	for (unsigned i = 0; (variant = nt_sample_variant(sample, i)) != NULL; i++) {
		struct shown shown = { 0 };
		const char *why = "";

		if (!render(sample, variant, &shown, &why)) {
			fprintf(stderr, "%s: %s\n", nt_message_template_path(variant), why);
			code = NT_EXIT_WRONG;
			continue;
		}
		if (options->json)
			put_json(&shown, &w);
		else if (options->page != NULL)
			put_section(out, &shown);
		else if (!options->html)
			say(&shown, out);
		else if (shown.letter.rendered.html != NULL)
			g_string_append(out, shown.letter.rendered.html);
		warn(&shown);
	}
	if (options->json) {
		nt_json_end_array(&w);
		g_string_append_c(out, '\n');
	}
	if (options->page != NULL) {
		int written = write_page(options->page, out);

		return MAX(code, written);
	}
	fputs(out->str, stdout);
	return code;
}

static int run(int argc, char **argv)
{
	struct options options = { 0 };
	struct nt_sample sample = { .command = &nt_command_preview, .options = &options.sample };
	int code = NT_EXIT_FINE;
	GString *out;

	if (!read_options(argc, argv, &options, &code))
		return code;
	out = g_string_new(NULL);
	if (nt_sample_open(&sample, argc - optind, argv + optind, &code)) {
		code = preview(&options, &sample, out);
		nt_sample_warn_of_unused(&sample);
	}
	nt_sample_clear(&sample);
	g_string_free(out, TRUE);
	return code;
}

const struct nt_command nt_command_preview = {
	.name = "preview",
	.usage = "preview [--config FILE] [--templates FOLDER] [--lead ID] [--store FILE] [--channel CHANNEL] "
	         "[--locale LOCALE] [--html | --json | --page FILE.html] FOLDER TEMPLATE [NAME=VALUE…]",
	.help = "shows a template as a lead, or a rep, gets it, each channel and locale: in the terminal, or as a page "
	        "for the browser; nothing is sent",
	.run = run,
};
