/* announcements: what our own people are told of broadcasts, before these go out. */
#define NT_DIAG_CODE NT_CODE_DOES_NOT_FIT

#include "rules/loader.h"

#include "base/arena.h"
#include "base/civil.h"

#include <string.h>

/* The i-th of its broadcasts; NULL past the last. The program has them when all is loaded. */
static const struct nt_occasion *broadcast_of(const struct nt_loader *l, int campaign, unsigned i)
{
	for (unsigned k = 0; k < l->occasions->len; k++) {
		const struct nt_occasion *occasion = &g_array_index(l->occasions, struct nt_occasion, k);

		if (occasion->campaign == campaign && occasion->field < 0 && i-- == 0)
			return occasion;
	}
	return NULL;
}

static bool load_whom(struct nt_loader *l, const struct nt_yaml *node, struct nt_announcement *a)
{
	if (strcmp(node->text, "owner") == 0 || strcmp(node->text, "manager") == 0) {
		nt_diags_error(l->diags, node->span,
		               "an announcement is about no one lead, so it has no %s: say team NAME or rep NAME",
		               node->text);
		return false;
	}
	if (!g_str_has_prefix(node->text, "team ") && !g_str_has_prefix(node->text, "rep ")) {
		nt_diags_error_as(l->diags, NT_CODE_WRONG_VALUE, node->span,
		                  "'%s' is not team NAME or rep NAME", node->text);
		return false;
	}
	return nt_load_target(l, node, NT_KIND_WHOM, &a->kind, &a->target);
}

/* Longer than any duration of so many months and days, or shorter. */
static nt_time most(struct nt_duration d)
{
	return (d.months * (nt_time)31 + d.days) * NT_DAY + d.ms;
}

static nt_time least(struct nt_duration d)
{
	return (d.months * (nt_time)28 + d.days) * NT_DAY + d.ms;
}

static bool load_before(struct nt_loader *l, const struct nt_yaml *node, struct nt_announcement *a)
{
	const struct nt_occasion *broadcast;

	if (!nt_load_some_time(l, node, &a->before))
		return false;
	for (unsigned i = 0; a->campaign >= 0 && (broadcast = broadcast_of(l, a->campaign, i)) != NULL; i++) {
		if (!broadcast->repeats || most(a->before) < least(broadcast->every))
			continue;
		nt_diags_error(l->diags, node->span,
		               "'before' must be shorter than the broadcast's 'every': the next one would be "
		               "announced before this one has gone out");
		return false;
	}
	return true;
}

static bool load_campaign(struct nt_loader *l, const struct nt_yaml *node, struct nt_announcement *a)
{
	a->campaign = nt_load_campaign(l, node);
	if (a->campaign < 0 || l->program->campaigns[a->campaign].n_enter == 0) /* its ways in were wrong */
		return false;
	if (broadcast_of(l, a->campaign, 0) != NULL)
		return true;
	nt_diags_error(l->diags, node->span,
	               "'%s' has no fixed date to announce: each lead enters at a time of its own. Give it a "
	               "broadcast (enter: { at: … }), or tell reps by a 'tell' step in it",
	               node->text);
	return false;
}

static void load_announcement(struct nt_loader *l, const struct nt_yaml *item, GArray *all)
{
	const struct nt_yaml *keys[NT_ANNOUNCE_KEYS], *message;
	struct nt_announcement a = { .campaign = -1, .target = -1 };
	bool ok;

	if (!nt_keys_read(&nt_announcement_keys, item, "an announcement", l->diags, keys))
		return;
	message = keys[NT_ANNOUNCE_MESSAGE];
	ok = keys[NT_ANNOUNCE_CAMPAIGN] != NULL && load_campaign(l, keys[NT_ANNOUNCE_CAMPAIGN], &a);
	ok = keys[NT_ANNOUNCE_TELL] != NULL && load_whom(l, keys[NT_ANNOUNCE_TELL], &a) && ok;
	ok = keys[NT_ANNOUNCE_BEFORE] != NULL && load_before(l, keys[NT_ANNOUNCE_BEFORE], &a) && ok;
	if (message == NULL)
		return;
	a.channel = nt_load_way_to_reps(l, message->text);
	if (!nt_load_way(l, message, l->program->channels[a.channel].name, &a.template_name) || !ok)
		return;
	for (unsigned i = 0; i < all->len; i++) {
		const struct nt_announcement *other = &g_array_index(all, struct nt_announcement, i);

		a.ordinal += other->campaign == a.campaign && strcmp(other->template_name, a.template_name) == 0;
	}
	g_array_append_val(all, a);
}

void nt_load_announcements(struct nt_loader *l)
{
	GArray *all = g_array_new(FALSE, TRUE, sizeof(struct nt_announcement));

	for (unsigned d = 0; d < l->documents->len; d++) {
		const struct nt_document *document = &g_array_index(l->documents, struct nt_document, d);
		const struct nt_yaml *node = document->keys[NT_DOC_ANNOUNCEMENTS];

		for (const struct nt_yaml *item = node != NULL ? node->first : NULL; item != NULL; item = item->next)
			load_announcement(l, item, all);
	}
	l->program->announcements = nt_load_take(l, all, struct nt_announcement, &l->program->n_announcements);
}
