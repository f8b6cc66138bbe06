#include "engine/phone.h"

#include "base/arena.h"
#include "rules/program.h"

#include <string.h>

#define META_WHOLE "phones"

static const char *raw(const struct nt_turn_lead *tl)
{
	const struct nt_value *value = tl->lead != NULL && tl->lead->exists ? &tl->lead->fields[NT_FIELD_PHONE] : NULL;

	return value != NULL && nt_type_is_text(value->type) && value->text[0] != '\0' ? value->text : NULL;
}

static const char *normal(struct nt_batch *turn, const char *text)
{
	const char *key = text != NULL ? nt_address_normalise(turn->arena, NT_FIELD_PHONE, text) : NULL;

	return key != NULL && key[0] != '\0' ? key : NULL;
}

static const char *meta_key(struct nt_batch *turn, const char *phone)
{
	return nt_arena_printf(turn->arena, "phone %s", phone);
}

static bool read_list(struct nt_batch *turn, const char *phone, const char **list)
{
	*list = NULL;
	return nt_turn_ok(turn, turn->store->ops->meta_get(turn->store, turn->arena, meta_key(turn, phone), list));
}

static unsigned lines_of(const char *list)
{
	unsigned n = 0;

	for (; list != NULL && (list = strchr(list, '\n')) != NULL; list++)
		n++;
	return n;
}

/* Where the lead's line is; NULL: it isn't there. */
static const char *line_of(const char *list, const char *lead)
{
	size_t length = strlen(lead);

	for (const char *line = list; line != NULL && *line != '\0'; line = strchr(line, '\n') + 1)
		if (strncmp(line, lead, length) == 0 && line[length] == '\n')
			return line;
	return NULL;
}

static void add(struct nt_batch *turn, const char *phone, const char *lead)
{
	const char *list;

	if (!read_list(turn, phone, &list) || line_of(list, lead) != NULL || lines_of(list) >= NT_PHONE_LEADS)
		return;
	list = nt_arena_printf(turn->arena, "%s%s\n", list != NULL ? list : "", lead);
	nt_turn_ok(turn, turn->store->ops->meta_put(turn->store, meta_key(turn, phone), list));
}

static void drop(struct nt_batch *turn, const char *phone, const char *lead)
{
	const char *list, *line;

	if (!read_list(turn, phone, &list) || (line = line_of(list, lead)) == NULL)
		return;
	list = nt_arena_printf(turn->arena, "%.*s%s", (int)(line - list), list, line + strlen(lead) + 1);
	nt_turn_ok(turn, turn->store->ops->meta_put(turn->store, meta_key(turn, phone), list[0] != '\0' ? list : NULL));
}

/* Who keeps leads in memory plays through what might be: nobody answers there. */
static bool has_no_gateways(const struct nt_batch *turn)
{
	return turn->engine->options.keep > 0;
}

void nt_phone_remember(struct nt_turn_lead *tl)
{
	tl->phone = raw(tl);
}

void nt_phone_keep(struct nt_batch *turn, struct nt_turn_lead *tl)
{
	const char *was = tl->phone, *is = raw(tl);

	if (was == is || g_strcmp0(was, is) == 0 || has_no_gateways(turn))
		return;
	tl->phone = is;
	was = normal(turn, was);
	is = normal(turn, is);
	if (g_strcmp0(was, is) == 0)
		return;
	if (was != NULL)
		drop(turn, was, tl->id);
	if (is != NULL)
		add(turn, is, tl->id);
}

void nt_phone_forget(struct nt_batch *turn, struct nt_turn_lead *tl)
{
	const char *was = has_no_gateways(turn) ? NULL : normal(turn, tl->phone);

	if (was != NULL)
		drop(turn, was, tl->id);
	tl->phone = NULL;
}

void nt_phone_index(struct nt_batch *turn, const struct nt_turn_lead *tl)
{
	const char *phone = tl != NULL ? normal(turn, tl->phone) : NULL;

	if (phone != NULL)
		add(turn, phone, tl->id);
}

const char **nt_phone_leads(struct nt_batch *turn, const char *phone, unsigned *n)
{
	const char *list, **ids;

	*n = 0;
	if (!read_list(turn, phone, &list) || list == NULL)
		return NULL;
	ids = nt_arena_array(turn->arena, const char *, lines_of(list));
	for (const char *line = list; *line != '\0'; line = strchr(line, '\n') + 1)
		ids[(*n)++] = nt_arena_strndup(turn->arena, line, strcspn(line, "\n"));
	return ids;
}

bool nt_phone_whole(struct nt_engine *engine, bool *whole)
{
	const char *value = NULL;

	if (engine->store->ops->meta_get(engine->store, engine->arena, META_WHOLE, &value) != NT_STORE_OK)
		return false;
	*whole = value != NULL;
	return true;
}

void nt_phone_set_whole(struct nt_batch *turn)
{
	nt_turn_ok(turn, turn->store->ops->meta_put(turn->store, META_WHOLE, "whole"));
}
