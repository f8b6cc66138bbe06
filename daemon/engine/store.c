#include "engine/store.h"

#include "base/arena.h"
#include "base/bug.h"

#include <string.h>

const char *const nt_subject_kinds[] = { NT_SUBJECT_TASK, NT_SUBJECT_ANNOUNCED, NULL };

const char *nt_outbox_state_name(enum nt_outbox_state state)
{
	static const char *const names[] = {
		[NT_OUTBOX_RELEASED] = "released", [NT_OUTBOX_HANDED] = "handed",
		[NT_OUTBOX_ACCEPTED] = "accepted", [NT_OUTBOX_REFUSED] = "refused",
		[NT_OUTBOX_CANCELLED] = "cancelled", [NT_OUTBOX_IN_DOUBT] = "in doubt",
		[NT_OUTBOX_ABSENT] = "absent",
	};

	NT_CHECK((unsigned)state < G_N_ELEMENTS(names));
	return names[state];
}

/* Every text of a row, so that copies can't forget one. */
static const size_t row_texts[] = {
#define TEXT(member) offsetof(struct nt_outbox_row, member)
	TEXT(message.id),
	TEXT(message.lead),
	TEXT(message.rep),
	TEXT(message.campaign),
	TEXT(message.key),
	TEXT(message.step),
	TEXT(message.channel),
	TEXT(message.template_name),
	TEXT(message.locale),
	TEXT(message.template_hash),
	TEXT(message.program_hash),
	TEXT(message.address),
	TEXT(message.address_name),
	TEXT(message.values),
	TEXT(message.why),
	TEXT(owner),
	TEXT(remote_id),
	TEXT(detail),
#undef TEXT
};

static const char **text_of(struct nt_outbox_row *row, size_t i)
{
	return (const char **)(void *)((char *)row + row_texts[i]);
}

static const char *text_in(const struct nt_outbox_row *row, size_t i)
{
	return *(const char *const *)(const void *)((const char *)row + row_texts[i]);
}

struct nt_outbox_row nt_outbox_row_copy(struct nt_arena *arena, const struct nt_outbox_row *row)
{
	struct nt_outbox_row copy = *row;

	for (size_t i = 0; i < G_N_ELEMENTS(row_texts); i++)
		*text_of(&copy, i) = nt_arena_strdup(arena, text_in(row, i));
	return copy;
}

size_t nt_outbox_row_size(const struct nt_outbox_row *row)
{
	size_t size = sizeof *row;

	for (size_t i = 0; i < G_N_ELEMENTS(row_texts); i++)
		if (text_in(row, i) != NULL)
			size += strlen(text_in(row, i)) + 1;
	return size;
}

struct nt_outbox_row *nt_outbox_row_pack(const struct nt_outbox_row *row, void *memory)
{
	struct nt_outbox_row *copy = memory;
	char *text = (char *)(copy + 1);

	*copy = *row;
	for (size_t i = 0; i < G_N_ELEMENTS(row_texts); i++) {
		const char *from = text_in(row, i);
		size_t size;

		if (from == NULL)
			continue;
		size = strlen(from) + 1;
		memcpy(text, from, size);
		*text_of(copy, i) = text;
		text += size;
	}
	return copy;
}
