#define NT_DIAG_CODE NT_CODE_WRONG_VALUE

#include "rules/load.h"

#include "base/arena.h"
#include "base/bug.h"
#include "rules/accept.h"
#include "rules/loader.h"
#include "rules/program_make.h"
#include "rules/warn.h"
#include "template/message.h"

#include <string.h>

/* ---- one document ---- */

static bool looks_like_campaign(const struct nt_yaml *node)
{
	return nt_yaml_get(node, "campaign") != NULL || nt_yaml_get(node, "steps") != NULL ||
		nt_yaml_get(node, "enter") != NULL;
}

static void add_document(struct nt_loader *l, const struct nt_yaml *node)
{
	static const struct {
		int campaign, document;
	} shared[] = { { NT_CAMPAIGN_FIELDS, NT_DOC_FIELDS }, { NT_CAMPAIGN_EVENTS, NT_DOC_EVENTS },
		       { NT_CAMPAIGN_SEGMENTS, NT_DOC_SEGMENTS }, { NT_CAMPAIGN_TESTS, NT_DOC_TESTS } };
	struct nt_document document = { .node = node, .campaign = -1 };

	if (node->type != NT_YAML_MAPPING) {
		nt_diags_error(l->diags, node->span,
		               "a document is a mapping, with keys such as campaign, fields, policy or sales");
		return;
	}
	document.is_campaign = looks_like_campaign(node);
	if (!document.is_campaign) {
		nt_keys_read(&nt_document_keys, node, "a document", l->diags, document.keys);
	} else {
		nt_keys_read(&nt_campaign_keys, node, "a campaign", l->diags, document.body);
		for (unsigned i = 0; i < G_N_ELEMENTS(shared); i++)
			document.keys[shared[i].document] = document.body[shared[i].campaign];
	}
	g_array_append_val(l->documents, document);
}

/* ---- files ---- */

static gint by_path(gconstpointer a, gconstpointer b)
{
	return strcmp((*(const struct nt_file *const *)a)->path, (*(const struct nt_file *const *)b)->path);
}

/* In byte order of path, however they are handed in. */
static GPtrArray *sorted(const struct nt_file *files, unsigned n)
{
	GPtrArray *list = g_ptr_array_sized_new(n);

	for (unsigned i = 0; i < n; i++)
		g_ptr_array_add(list, (gpointer)(uintptr_t)&files[i]);
	g_ptr_array_sort(list, by_path);
	return list;
}

static void hash_files(GChecksum *checksum, const GPtrArray *files, const char *kind)
{
	for (unsigned i = 0; i < files->len; i++) {
		const struct nt_file *file = g_ptr_array_index(files, i);
		char *head = g_strdup_printf("%s %s\n%zu\n", kind, file->path, file->length);

		g_checksum_update(checksum, (const guchar *)head, (gssize)strlen(head));
		g_checksum_update(checksum, (const guchar *)file->bytes, (gssize)file->length);
		g_free(head);
	}
}

/* "rules/templates/welcome/email.md": what stands behind the templates folder, or NULL. */
static const char *below_templates(const char *path)
{
	static const char folder[] = "templates/";
	const char *found = NULL;

	for (const char *p = path; (p = strstr(p, folder)) != NULL; p++)
		if (p == path || p[-1] == '/')
			found = p + sizeof folder - 1;
	return found;
}

/* A template with errors isn't in the set; what names it is right all the same. */
static void remember_template(struct nt_loader *l, const char *path)
{
	const char *slash = strchr(path, '/'), *dot = slash != NULL ? strchr(slash, '.') : NULL;

	if (slash == NULL || nt_template_set_passes_over(path) || g_str_has_prefix(path, "layouts/"))
		return;
	g_hash_table_add(l->template_files, g_strndup(path, (gsize)(slash - path)));
	g_hash_table_add(l->template_files, dot != NULL ? g_strndup(path, (gsize)(dot - path)) : g_strdup(path));
	if (dot != NULL && strchr(dot + 1, '.') == NULL)
		g_hash_table_add(l->template_files, g_strndup(path, (gsize)(dot + 1 - path)));
}

/* Each folder is a layer; the first that is met wins. */
static struct nt_template_set *load_templates(struct nt_loader *l, const struct nt_rule_set_files *files)
{
	struct nt_template_set *set = nt_template_set_new();
	GPtrArray *layers = g_ptr_array_new_with_free_func(g_free);

	for (unsigned i = 0; i < files->n_templates; i++) {
		const struct nt_file *file = &files->templates[i];
		const char *path = below_templates(file->path);
		char *folder;
		unsigned layer = 0;

		if (path == NULL)
			path = file->path;
		folder = g_strndup(file->path, (gsize)(path - file->path));
		while (layer < layers->len && strcmp(g_ptr_array_index(layers, layer), folder) != 0)
			layer++;
		if (layer == layers->len)
			g_ptr_array_add(layers, folder);
		else
			g_free(folder);
		remember_template(l, path);
		nt_template_set_add(set, (int)layer, path, file->path, file->bytes, file->length, l->diags);
	}
	nt_template_set_finish(set, l->diags);
	g_ptr_array_free(layers, TRUE);
	return set;
}

const struct nt_source *nt_load_source(struct nt_loader *l, const struct nt_file *file)
{
	struct nt_source *source = nt_arena_new0(l->arena, struct nt_source);

	source->path = nt_arena_strdup(l->arena, file->path);
	source->text = nt_arena_strndup(l->arena, file->bytes, file->length);
	source->length = file->length;
	return source;
}

/* Gives the sources of files that could not be read. */
static GPtrArray *load_files(struct nt_loader *l, const GPtrArray *files)
{
	GPtrArray *broken = g_ptr_array_new();

	for (unsigned i = 0; i < files->len; i++) {
		const struct nt_source *source = nt_load_source(l, g_ptr_array_index(files, i));
		int errors = nt_diags_errors(l->diags);
		const struct nt_yaml *node = nt_yaml_parse(l->arena, source, l->diags);

		if (node == NULL && nt_diags_errors(l->diags) > errors)
			g_ptr_array_add(broken, (gpointer)(uintptr_t)source);
		for (; node != NULL; node = node->next)
			add_document(l, node);
	}
	return broken;
}

/* ---- diagnostics ---- */

static bool declares(const struct nt_source *source, const char *name)
{
	size_t length = strlen(name);

	for (const char *p = source->text; length > 0 && (p = strstr(p, name)) != NULL; p++) {
		bool key = p[length] == ':' && (p == source->text || strchr(" \t\n{,\"'", p[-1]) != NULL);
		bool campaign = p - source->text >= 10 && strncmp(p - 10, "campaign: ", 10) == 0;

		if (key || campaign)
			return true;
	}
	return false;
}

/* "unknown event 'trial.started'", when a file that can't be read declares it: the mistake is in that file, and
 * reported. */
static bool follows_from(const GPtrArray *broken, const char *message)
{
	const char *name, *end;
	bool found = false;
	char *copy;

	if (broken->len == 0 || strncmp(message, "unknown ", 8) != 0 || (name = strchr(message, '\'')) == NULL ||
	    (end = strchr(name + 1, '\'')) == NULL)
		return false;
	copy = g_strndup(name + 1, (gsize)(end - name - 1));
	for (unsigned i = 0; i < broken->len && !found; i++)
		found = declares(g_ptr_array_index(broken, i), copy);
	g_free(copy);
	return found;
}

/* A value that YAML cut off has been reported (yaml_explain.h); what an expression says of its text follows from
 * that. */
static bool is_cut(const struct nt_diag *diag)
{
	return strncmp(diag->message, "put the ", 8) == 0;
}

static bool follows_from_cut(const struct nt_diag *diag, const struct nt_diag *cut)
{
	return cut != NULL && !is_cut(diag) && cut->span.source == diag->span.source &&
		diag->span.start >= cut->span.start &&
	       diag->span.start <= cut->span.start + cut->span.length;
}

/* What an alias repeats stands where its anchor does, and is wrong once. */
static bool is_same(const struct nt_diag *diag, const struct nt_diag *last)
{
	return last != NULL && diag->span.source == last->span.source && diag->span.start == last->span.start &&
	       diag->span.source != NULL && strcmp(diag->message, last->message) == 0;
}

/* Comments that accept something are those of all files; one that accepts nothing is told of in a check only. */
static struct nt_accepts *read_accepts(struct nt_loader *l)
{
	struct nt_accepts *accepts = nt_accepts_new();
	const struct nt_message_template *message;
	const struct nt_diag *diag;
	unsigned accepted = 0;

	for (unsigned i = 0; i < l->documents->len; i++)
		nt_accepts_read(accepts, g_array_index(l->documents, struct nt_document, i).node->span.source);
	for (unsigned i = 0; (message = nt_template_set_peek(l->program->templates, i)) != NULL; i++)
		nt_accepts_read(accepts, nt_message_template_source(message));
	for (unsigned i = 0; (diag = nt_diags_peek(l->diags, i)) != NULL; i++)
		accepted += nt_accepts_take(accepts, diag);
	nt_diags_count_accepted(l->diags, accepted);
	if (l->context->advise && nt_diags_errors(l->diags) == 0)
		nt_accepts_report(accepts, l->diags);
	return accepts;
}

/* The caller's diagnostics may outlive the program, so their sources are copies. */
static void hand_over(struct nt_loader *l, struct nt_diags *to, const GPtrArray *broken)
{
	struct nt_accepts *accepts = read_accepts(l);
	struct nt_diags *from = l->diags;
	GHashTable *copies = g_hash_table_new(NULL, NULL);
	const struct nt_diag *diag, *last = NULL,
		*cut = NULL; /* in order of place: what follows from a cut comes behind it */

	for (unsigned i = 0; (diag = nt_diags_peek(from, i)) != NULL; i++) {
		struct nt_span span = diag->span;

		if (follows_from(broken, diag->message) || follows_from_cut(diag, cut) ||
		    nt_accepts_take(accepts, diag) || is_same(diag, last))
			continue;
		last = diag;
		if (is_cut(diag))
			cut = diag;
		if (span.source != NULL) {
			const struct nt_source *copy = g_hash_table_lookup(copies, span.source);

			if (copy == NULL) {
				copy = nt_diags_source(to, span.source->path, span.source->text, span.source->length);
				g_hash_table_insert(copies, (gpointer)(uintptr_t)span.source,
				                    (gpointer)(uintptr_t)copy);
			}
			span.source = copy;
		}
		if (diag->severity == NT_ERROR)
			nt_diags_error_as(to, diag->code, span, "%s", diag->message);
		else
			nt_diags_warning(to, diag->code, span, "%s", diag->message);
	}
	nt_diags_count_accepted(to, nt_diags_accepted(from));
	nt_accepts_free(accepts);
	g_hash_table_destroy(copies);
}

/* ---- the whole ---- */

static void load_subjects(struct nt_loader *l)
{
	struct nt_program *program = l->program;

	nt_load_scope_init(l);
	/* names first: expressions may use any of them, whatever file they stand in */
	nt_load_fields(l);
	nt_load_channels(l);
	nt_load_events(l);
	nt_load_campaign_names(l);
	nt_load_levels(l);
	nt_load_segments(l);
	nt_load_policy(l);
	nt_load_scoring(l);
	nt_load_sales(l);
	nt_load_campaigns(l);
	nt_load_announcements(l);
	nt_load_tests(l);
	nt_load_check_starts(l);
	nt_load_check_cycles(l);
	program->rings = nt_load_take(l, l->rings, struct nt_ring, &program->n_rings);
	program->stats = nt_load_take(l, l->stats, struct nt_property_stat, &program->n_stats);
	program->watchers = nt_load_take(l, l->watchers, struct nt_watcher, &program->n_watchers);
	program->occasions = nt_load_take(l, l->occasions, struct nt_occasion, &program->n_occasions);
	nt_program_index(program);
}

static void loader_init(struct nt_loader *l, const struct nt_rule_set_files *files,
                        const struct nt_load_context *context)
{
	*l = (struct nt_loader){ .context = context, .files = files, .diags = nt_diags_new(),
		                 .program = nt_program_new() };
	l->arena = nt_program_arena(l->program);
	l->documents = g_array_new(FALSE, TRUE, sizeof(struct nt_document));
	l->rings = g_array_new(FALSE, TRUE, sizeof(struct nt_ring));
	l->stats = g_array_new(FALSE, TRUE, sizeof(struct nt_property_stat));
	l->watchers = g_array_new(FALSE, TRUE, sizeof(struct nt_watcher));
	l->occasions = g_array_new(FALSE, TRUE, sizeof(struct nt_occasion));
	l->dependencies = g_array_new(FALSE, TRUE, sizeof(struct nt_dependency));
	l->loading = -1;
	l->starts = g_array_new(FALSE, TRUE, sizeof(struct nt_start));
	l->slots = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	l->template_files = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	l->checked_templates = g_hash_table_new(g_str_hash, g_str_equal);
	l->attachments = g_hash_table_new(g_str_hash, g_str_equal);
	l->program->zones = context->zones;
}

static void loader_clear(struct nt_loader *l)
{
	g_array_free(l->documents, TRUE);
	g_array_free(l->dependencies, TRUE);
	g_array_free(l->starts, TRUE);
	g_hash_table_destroy(l->slots);
	g_hash_table_destroy(l->template_files);
	g_clear_pointer(&l->values, g_hash_table_destroy);
	g_hash_table_destroy(l->checked_templates);
	g_hash_table_destroy(l->attachments);
	nt_diags_free(l->diags);
}

struct nt_program *nt_rules_load(const struct nt_rule_set_files *files, const struct nt_load_context *context,
                                 struct nt_diags *diags)
{
	GPtrArray *rules = sorted(files->rules, files->n_rules), *templates =
		sorted(files->templates, files->n_templates), *others = sorted(files->others, files->n_others);
	GChecksum *checksum = g_checksum_new(G_CHECKSUM_SHA256);
	struct nt_program *program;
	struct nt_loader l;
	GPtrArray *broken;

	NT_CHECK(context->zones != NULL);
	loader_init(&l, files, context);
	program = l.program;
	hash_files(checksum, rules, "rules");
	hash_files(checksum, templates, "template");
	hash_files(checksum, others, "other");
	g_strlcpy(program->hash, g_checksum_get_string(checksum), sizeof program->hash);
	program->templates = load_templates(&l, files);
	broken = load_files(&l, rules);
	l.sender_missed = broken->len > 0; /* it may stand in the file that can't be read */
	load_subjects(&l);
	nt_load_template_channels(&l);
	if (context->advise && nt_diags_errors(l.diags) == 0)
		nt_warn(&l);
	hand_over(&l, diags, broken);
	if (nt_diags_errors(l.diags) > 0) {
		nt_program_unref(program);
		program = NULL;
	}
	loader_clear(&l);
	g_ptr_array_free(broken, TRUE);
	g_ptr_array_free(rules, TRUE);
	g_ptr_array_free(templates, TRUE);
	g_ptr_array_free(others, TRUE);
	g_checksum_free(checksum);
	return program;
}
