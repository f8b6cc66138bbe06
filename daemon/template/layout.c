#include "template/layout.h"

#include "base/arena.h"
#include "base/bug.h"

#include <string.h>

/* No tables: blocks of at most 600 pixels that any client, wide or narrow, lays out alike; styles inline since many
 * clients drop the head. */
static const char default_html[] =
	"<!DOCTYPE html>\n"
	"<html lang=\"{{ layout_lang }}\">\n"
	"<head>\n"
	"<meta charset=\"utf-8\">\n"
	"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	"<title>{{ subject }}</title>\n"
	"<style>img { max-width: 100%; height: auto; } blockquote { margin: 0 0 16px; padding-left: 12px; "
	"border-left: 3px solid #d4d4d8; }</style>\n"
	"</head>\n"
	"<body style=\"margin: 0; padding: 0; background: #f4f4f5; color: #27272a; "
	"font: 16px/1.5 -apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif;\">\n"
	"{% if preheader != blank %}"
	"<div style=\"display: none; max-height: 0; overflow: hidden;\">{{ preheader }}</div>\n"
	"{% endif %}"
	"<div style=\"max-width: 600px; margin: 0 auto; padding: 24px 16px;\">\n"
	"<div style=\"background: #ffffff; border-radius: 8px; padding: 24px;\">\n"
	"{{ content }}"
	"</div>\n"
	"{% if sender or unsubscribe_url %}"
	"<div style=\"padding: 16px 24px; color: #71717a; font-size: 13px;\">\n"
	"{% if sender.phone %}<p style=\"margin: 0 0 8px;\">{{ layout_call }} "
	"<a href=\"tel:{{ sender.phone | remove: ' ' | remove: '(' | remove: ')' | remove: '/' }}\" "
	"style=\"color: #52525b;\">{{ sender.phone }}</a></p>\n{% endif %}"
	"{% if sender.name or sender.address %}<p style=\"margin: 0 0 8px;\">{{ sender.name }}"
	"{% if sender.name and sender.address %}<br>\n{% endif %}{{ sender.address | newline_to_br }}</p>\n{% endif %}"
	"{% if unsubscribe_url %}<p style=\"margin: 0;\"><a href=\"{{ unsubscribe_url }}\" style=\"color: #52525b;\">"
	"{{ layout_unsubscribe }}</a></p>\n{% endif %}"
	"</div>\n"
	"{% endif %}"
	"</div>\n"
	"</body>\n"
	"</html>\n";

static const char default_text[] =
	"{{ content }}"
	"{% if sender or unsubscribe_url %}\n--\n"
	"{% if sender.phone %}{{ layout_call }} {{ sender.phone }}\n{% endif %}"
	"{% if sender.name %}{{ sender.name }}\n{% endif %}"
	"{% if sender.address %}{{ sender.address }}\n{% endif %}"
	"{% if unsubscribe_url %}{{ layout_unsubscribe }}: {{ unsubscribe_url }}\n{% endif %}"
	"{% endif %}";

static const char bare_html[] =
	"<!DOCTYPE html>\n"
	"<html lang=\"{{ layout_lang }}\">\n"
	"<head>\n"
	"<meta charset=\"utf-8\">\n"
	"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	"<title>{{ subject }}</title>\n"
	"</head>\n"
	"<body>\n"
	"{{ content }}"
	"</body>\n"
	"</html>\n";

static const char bare_text[] = "{{ content }}";

static const struct {
	const char *language, *call, *unsubscribe;
} words[] = {
	{ "en", "Questions? Call us:", "Unsubscribe" }, /* the first stands for languages that aren't here */
	{ "de", "Fragen? Rufen Sie uns an:", "Abmelden" },
	{ "es", "¿Preguntas? Llámenos:", "Darse de baja" },
	{ "fr", "Des questions ? Appelez-nous :", "Se désabonner" },
	{ "it", "Domande? Ci chiami:", "Annulla l’iscrizione" },
	{ "nl", "Vragen? Bel ons:", "Afmelden" },
	{ "pt", "Dúvidas? Ligue para nós:", "Cancelar a inscrição" },
};

static const struct nt_liquid *parse(struct nt_arena *arena, const char *text, struct nt_source *source)
{
	struct nt_diags *diags = nt_diags_new();
	const struct nt_liquid *program;

	*source = (struct nt_source){ .text = text, .length = strlen(text) };
	program = nt_liquid_parse(arena, source, 0, source->length, diags);
	NT_CHECK(program != NULL);
	nt_diags_free(diags);
	return program;
}

static const struct nt_layout *built_in(struct nt_arena *arena, const char *name, const char *html, const char *text)
{
	struct nt_layout *layout = nt_arena_new0(arena, struct nt_layout);

	layout->name = name;
	layout->html = parse(arena, html, &layout->html_source);
	layout->text = parse(arena, text, &layout->text_source);
	return layout;
}

const struct nt_layout *nt_layout_default(struct nt_arena *arena)
{
	return built_in(arena, "default", default_html, default_text);
}

const struct nt_layout *nt_layout_none(struct nt_arena *arena)
{
	return built_in(arena, "none", bare_html, bare_text);
}

static const char *const given[NT_LAYOUT_EXTRAS] = {
	"content", "subject", "preheader", "layout_lang", "layout_call", "layout_unsubscribe",
};

bool nt_layout_gives(const char *variable)
{
	for (size_t i = 0; i < G_N_ELEMENTS(given); i++)
		if (strcmp(given[i], variable) == 0)
			return true;
	return false;
}

static struct nt_datum text_of(const char *text)
{
	return text == NULL ? NT_DATUM_NOTHING : nt_datum_text(text, strlen(text));
}

void nt_layout_extras(struct nt_render_extra extras[NT_LAYOUT_EXTRAS], const char *locale, const char *content,
                      size_t length, const char *subject, const char *preheader)
{
	size_t language = 0;

	for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
		if (strncmp(locale, words[i].language, 2) == 0 && (locale[2] == '\0' || locale[2] == '-'))
			language = i;
	for (size_t i = 0; i < NT_LAYOUT_EXTRAS; i++)
		extras[i] = (struct nt_render_extra){ .name = given[i] };
	extras[0].value = nt_datum_text(content, length);
	extras[0].value.prepared = NT_PREPARED_PART;
	extras[1].value = text_of(subject);
	extras[2].value = text_of(preheader);
	extras[3].value = text_of(*locale == '\0' ? words[0].language : locale);
	extras[4].value = text_of(words[language].call);
	extras[5].value = text_of(words[language].unsubscribe);
}
