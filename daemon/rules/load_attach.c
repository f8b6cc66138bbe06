/* attach: the files that go with a mail. */
#define NT_DIAG_CODE NT_CODE_WRONG_FILE

#include "rules/loader.h"

#include "base/arena.h"

#include <string.h>

/* By ending; what isn't here goes as application/octet-stream. */
static const struct {
	const char *ending, *type;
	bool text;
} types[] = {
	{ "pdf", "application/pdf", false },
	{ "txt", "text/plain", true },
	{ "md", "text/markdown", true },
	{ "csv", "text/csv", true },
	{ "html", "text/html", true },
	{ "htm", "text/html", true },
	{ "ics", "text/calendar", true },
	{ "vcf", "text/vcard", true },
	{ "json", "application/json", false },
	{ "xml", "application/xml", false },
	{ "rtf", "application/rtf", false },
	{ "png", "image/png", false },
	{ "jpg", "image/jpeg", false },
	{ "jpeg", "image/jpeg", false },
	{ "gif", "image/gif", false },
	{ "webp", "image/webp", false },
	{ "svg", "image/svg+xml", false },
	{ "mp3", "audio/mpeg", false },
	{ "mp4", "video/mp4", false },
	{ "zip", "application/zip", false },
	{ "epub", "application/epub+zip", false },
	{ "doc", "application/msword", false },
	{ "xls", "application/vnd.ms-excel", false },
	{ "ppt", "application/vnd.ms-powerpoint", false },
	{ "docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", false },
	{ "xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", false },
	{ "pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation", false },
	{ "odt", "application/vnd.oasis.opendocument.text", false },
	{ "ods", "application/vnd.oasis.opendocument.spreadsheet", false },
	{ "odp", "application/vnd.oasis.opendocument.presentation", false },
};

/* Receivers refuse the whole mail for one of these. */
static const char *const dangerous[] = { "exe", "com", "bat", "cmd", "msi", "scr", "pif", "js", "jse", "vbs", "vbe",
	"wsf", "ps1", "jar", "lnk", "hta", "reg", "cpl", "iso", "img", NULL };

static const char *ending_of(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot != NULL && dot != name ? dot + 1 : "";
}

static const char *type_of(struct nt_loader *l, const char *name, const struct nt_file *file)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(types); i++) {
		if (g_ascii_strcasecmp(ending_of(name), types[i].ending) != 0)
			continue;
		if (!types[i].text || !g_utf8_validate(file->bytes, (gssize)file->length, NULL))
			return types[i].type;
		return nt_arena_printf(l->arena, "%s; charset=utf-8", types[i].type);
	}
	return "application/octet-stream";
}

static bool is_harmful(const char *name)
{
	for (unsigned i = 0; dangerous[i] != NULL; i++)
		if (g_ascii_strcasecmp(ending_of(name), dangerous[i]) == 0)
			return true;
	return false;
}

static bool has_controls(const char *name)
{
	if (!g_utf8_validate(name, -1, NULL))
		return true;
	for (const char *p = name; *p != '\0'; p += g_utf8_skip[(guchar)*p]) {
		GUnicodeType type = g_unichar_type(g_utf8_get_char(p));

		if (type == G_UNICODE_CONTROL || type == G_UNICODE_FORMAT)
			return true;
	}
	return false;
}

/* Each file once in the program, however many steps send it. */
static const struct nt_attachment *load_file(struct nt_loader *l, const struct nt_yaml *node)
{
	struct nt_attachment *attachment = g_hash_table_lookup(l->attachments, node->text);
	const struct nt_file *file;
	const char *slash;

	if (attachment != NULL)
		return attachment;
	file = nt_load_other_file(l, node, "attachments/price-list.pdf");
	if (file == NULL)
		return NULL;
	attachment = nt_arena_new0(l->arena, struct nt_attachment);
	attachment->path = nt_arena_strdup(l->arena, node->text);
	slash = strrchr(attachment->path, '/');
	attachment->name = slash != NULL ? slash + 1 : attachment->path;
	attachment->type = type_of(l, attachment->name, file);
	attachment->length = file->length;
	attachment->bytes = nt_arena_copy(l->arena, file->bytes, file->length);
	g_hash_table_insert(l->attachments, (gpointer)(uintptr_t)attachment->path, attachment);
	return attachment;
}

static const struct nt_attachment *load_item(struct nt_loader *l, const struct nt_yaml *node)
{
	const struct nt_attachment *attachment;

	if (node->type != NT_YAML_SCALAR || node->length == 0) {
		nt_diags_error(l->diags, node->length > 0 || node->key == NULL ? node->span : node->key->span,
		               "'attach' takes files, such as attachments/price-list.pdf");
		return NULL;
	}
	if (has_controls(node->text) || is_harmful(node->text)) {
		nt_diags_error(l->diags, node->span, has_controls(node->text) ?
		               "the name of an attached file is shown to people: no invisible characters in it" :
		               "many receivers refuse mail with a file like this: link to it instead");
		return NULL;
	}
	if (!g_str_has_prefix(node->text, "attachments/")) {
		const char *slash = strrchr(node->text, '/');

		nt_diags_error(l->diags, node->span, "attached files stand in the rule set's folder attachments: write "
		               "attachments/%s", slash != NULL ? slash + 1 : node->text);
		return NULL;
	}
	attachment = load_file(l, node);
	if (attachment != NULL && attachment->length == 0) {
		nt_diags_error(l->diags, node->span, "this file is empty");
		return NULL;
	}
	return attachment;
}

static bool has_email(const struct nt_loader *l, const struct nt_step *step)
{
	int email = nt_program_channel(l->program, "email");

	for (unsigned i = 0; i < step->n_choices; i++)
		if (step->choices[i].channel == email)
			return true;
	return step->kind == NT_STEP_MESSAGE && step->channel == email;
}

static bool is_among(const struct nt_attachment *const *items, unsigned n, const struct nt_attachment *item)
{
	for (unsigned i = 0; i < n; i++)
		if (strcmp(items[i]->name, item->name) == 0)
			return true;
	return false;
}

void nt_load_attach(struct nt_loader *l, struct nt_step *step, const struct nt_yaml *node)
{
	bool list = node->type == NT_YAML_SEQUENCE;
	const struct nt_attachment **items = nt_arena_array(l->arena, const struct nt_attachment *, node->n + 1);
	size_t total = 0;

	if (!has_email(l, step)) {
		nt_diags_error(l->diags, node->key->span, "'attach' goes with email: nothing else that we send carries "
		                                          "files (give a link instead)");
		return;
	}
	for (const struct nt_yaml *item = list ? node->first : node; item != NULL; item = list ? item->next : NULL) {
		const struct nt_attachment *attachment = load_item(l, item);

		if (attachment == NULL)
			continue;
		if (is_among(items, step->n_attachments, attachment)) {
			nt_diags_error(l->diags, item->span, "a mail has each file name once");
			continue;
		}
		total += attachment->length;
		items[step->n_attachments++] = attachment;
	}
	if (list && node->n == 0)
		nt_diags_error(l->diags, node->key->span, "'attach' takes one file or more");
	if (total > NT_ATTACH_SIZE)
		nt_diags_error(l->diags, node->key->span,
		               "these files have %.1f MiB together; a mail carries at most %d, or many receivers "
		               "refuse it",
		               (double)total / (1 << 20), NT_ATTACH_SIZE >> 20);
	if (step->n_attachments > NT_ATTACH_FILES)
		nt_diags_error(l->diags, node->key->span, "a mail carries at most %d files", NT_ATTACH_FILES);
	step->attachments = items;
}
