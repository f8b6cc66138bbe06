/* `was`: what had another name before. */
#define NT_DIAG_CODE NT_CODE_DOES_NOT_FIT

#include "rules/loader.h"

#include "base/arena.h"

#include <string.h>

static int line_of(struct nt_loader *l, struct nt_span span)
{
	int line = 0, column;

	if (!nt_diags_full(l->diags))
		nt_span_position(span, &line, &column);
	return line;
}

/* ---- campaigns ---- */

static bool check_campaign(struct nt_loader *l, const struct nt_yaml *node, int slot, const GArray *renames)
{
	const struct nt_program *program = l->program;
	int there = nt_program_campaign(program, node->text);

	if (there == slot) {
		nt_diags_error(l->diags, node->span, "'was' names the campaign itself: it takes the name from before");
		return false;
	}
	if (there >= 0) {
		nt_diags_error_as(l->diags, NT_CODE_DECLARED_TWICE, node->span,
		               "there still is a campaign '%s' (%s:%d): 'was' takes a name that no campaign has now",
		               node->text, program->campaigns[there].span.source->path,
		               line_of(l, program->campaigns[there].span));
		return false;
	}
	for (unsigned i = 0; i < renames->len; i++) {
		const struct nt_rename *other = &g_array_index(renames, struct nt_rename, i);

		if (strcmp(other->was, node->text) != 0)
			continue;
		nt_diags_error_as(l->diags, NT_CODE_DECLARED_TWICE, node->span,
		                  "campaign '%s' says already that it was '%s'",
		               program->campaigns[other->slot].name, node->text);
		return false;
	}
	return true;
}

/* Watchers are called after their campaigns. */
static void rename_watchers(struct nt_loader *l, const struct nt_campaign *campaign)
{
	const char *prefix = nt_arena_printf(l->arena, "campaign %s ", campaign->name);

	for (unsigned i = 0; i < l->watchers->len; i++) {
		struct nt_watcher *watcher = &g_array_index(l->watchers, struct nt_watcher, i);

		if (g_str_has_prefix(watcher->identity, prefix))
			watcher->was = nt_arena_printf(l->arena, "campaign %s %s", campaign->was,
			                               watcher->identity + strlen(prefix));
	}
}

void nt_load_campaign_renames(struct nt_loader *l)
{
	/* ours until handed out */
	struct nt_campaign *campaigns = (struct nt_campaign *)(uintptr_t)l->program->campaigns;
	GArray *renames = g_array_new(FALSE, FALSE, sizeof(struct nt_rename));

	for (unsigned d = 0; d < l->documents->len; d++) {
		const struct nt_document *document = &g_array_index(l->documents, struct nt_document, d);
		const struct nt_yaml *was = document->is_campaign ? document->body[NT_CAMPAIGN_WAS] : NULL;
		struct nt_rename rename = { .slot = document->campaign };

		if (was == NULL || !nt_load_name(l, was, "campaign", &rename.was) ||
		    !check_campaign(l, was, document->campaign, renames))
			continue;
		campaigns[document->campaign].was = rename.was;
		rename_watchers(l, &campaigns[document->campaign]);
		g_array_append_val(renames, rename);
	}
	l->program->renames = nt_load_take(l, renames, struct nt_rename, &l->program->n_renames);
}

/* ---- steps ---- */

static bool check_step(struct nt_step_list *list, const struct nt_renamed *renamed, unsigned i)
{
	struct nt_loader *l = list->l;
	const struct nt_yaml *node = renamed->node;
	const struct nt_step *step = &g_array_index(list->steps, struct nt_step, renamed->slot);
	const struct nt_span *there = g_hash_table_lookup(list->identities, node->text);

	if (strcmp(step->identity, node->text) == 0) {
		nt_diags_error(l->diags, node->span, "'was' names the step itself: it takes the name from before");
		return false;
	}
	if (there != NULL) {
		nt_diags_error_as(l->diags, NT_CODE_DECLARED_TWICE, node->span,
		               "this campaign still has a step '%s' (on line %d): 'was' takes a name that no step has "
		               "now",
		               node->text, line_of(l, *there));
		return false;
	}
	while (i-- > 0) {
		const struct nt_yaml *other = g_array_index(list->renames, struct nt_renamed, i).node;

		if (strcmp(other->text, node->text) != 0)
			continue;
		nt_diags_error_as(l->diags, NT_CODE_DECLARED_TWICE, node->span,
		               "two steps of this campaign say that they were '%s' (the other is on line %d)",
		               node->text, line_of(l, other->span));
		return false;
	}
	return true;
}

void nt_load_step_renames(struct nt_step_list *list, struct nt_campaign *campaign)
{
	GArray *renames = g_array_new(FALSE, FALSE, sizeof(struct nt_rename));

	for (unsigned i = 0; i < list->renames->len; i++) {
		const struct nt_renamed *renamed = &g_array_index(list->renames, struct nt_renamed, i);
		struct nt_rename rename = { .slot = renamed->slot };

		if (!check_step(list, renamed, i))
			continue;
		rename.was = nt_arena_strdup(list->l->arena, renamed->node->text);
		g_array_append_val(renames, rename);
	}
	campaign->renames = nt_load_take(list->l, renames, struct nt_rename, &campaign->n_renames);
}

/* ---- points of a schedule ---- */

void nt_load_point_was(struct nt_loader *l, const struct nt_yaml *const *was, struct nt_point *points, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		if (was[i] == NULL)
			continue;
		for (unsigned k = 0; k < n; k++)
			if (strcmp(points[k].identity, was[i]->text) == 0)
				nt_diags_error_as(l->diags, NT_CODE_DECLARED_TWICE, was[i]->span,
				               "this schedule still has a point '%s': 'was' takes a name that none has "
				               "now",
				               was[i]->text);
			else if (k < i && g_strcmp0(points[k].was, was[i]->text) == 0)
				nt_diags_error_as(l->diags, NT_CODE_DECLARED_TWICE, was[i]->span,
				               "two points of this schedule say that they were '%s'", was[i]->text);
		points[i].was = nt_arena_strdup(l->arena, was[i]->text);
	}
}
