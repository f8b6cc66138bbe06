/* The workers' notes as an earlier process left them, in whatever state: what is believed of them ends, is text, and
 * names a stage and a result that there are.
 * covers: daemon/channel/slots.c */
#include "fuzz.h"

#include "base/bug.h"
#include "channel/channel.h"
#include "channel/slots.h"

#include <glib.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

#define SLOT 16 /* texts of so many bytes are looked for */

static char *folder, *path, *left;

static void clear(void)
{
	g_remove(path);
	g_remove(left);
	g_rmdir(folder);
	g_free(folder);
	g_free(path);
	g_free(left);
}

static void check(const struct nt_slot *slot, const char *message)
{
	NT_CHECK(strcmp(slot->message, message) == 0);
	NT_CHECK(slot->stage > NT_SLOT_FREE && slot->stage <= NT_SLOT_ANSWERED);
	NT_CHECK(strnlen(slot->detail, sizeof slot->detail) < sizeof slot->detail);
	NT_CHECK(strnlen(slot->remote_id, sizeof slot->remote_id) < sizeof slot->remote_id);
	if (slot->stage == NT_SLOT_ANSWERED)
		NT_CHECK(slot->result >= NT_SEND_ACCEPTED && slot->result <= NT_SEND_UNTOUCHED &&
		         g_utf8_validate(slot->detail, -1, NULL) && g_utf8_validate(slot->remote_id, -1, NULL));
}

/* A worker's own notes, of an answer that says anything. */
static void note_and_die(struct nt_slots *slots, const uint8_t *data, size_t size)
{
	char *said = g_strndup((const char *)data, size), *text = g_utf8_make_valid(said, -1);
	int slot = nt_slots_take(slots, "00112233445566778899aabbccddeeff"), other = nt_slots_take(slots, "a");

	NT_CHECK(slot >= 0 && other >= 0 && nt_slots_take(slots, "b") < 0);
	nt_slots_stage(slots, slot, NT_SLOT_SENDING);
	if (size % 2 == 0)
		nt_slots_answer(slots, slot, NT_SEND_REFUSED, true, text, text);
	nt_slots_release(slots, other);
	g_free(said);
	g_free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const known[] = { "00112233445566778899aabbccddeeff", "", "a" };
	struct nt_slots *slots;
	char *why = NULL;

	if (folder == NULL) {
		folder = g_dir_make_tmp("nt-fuzz-XXXXXX", NULL);
		NT_CHECK(folder != NULL);
		path = g_build_filename(folder, "slots", NULL);
		left = g_strconcat(path, ".left", NULL);
		atexit(clear);
	}
	NT_CHECK(g_file_set_contents_full(left, (const char *)data, (gssize)size, G_FILE_SET_CONTENTS_NONE, 0600,
	                                  NULL));
	slots = nt_slots_open(path, 2, &why);
	NT_CHECK(slots != NULL && nt_slots_room(slots) == 2);
	nt_slots_same_boot(slots);
	for (unsigned i = 0; i < G_N_ELEMENTS(known); i++) {
		const struct nt_slot *slot = nt_slots_find_left(slots, known[i]);

		if (slot != NULL)
			check(slot, known[i]);
	}
	for (size_t at = 0; at + SLOT <= size && at < 64 * SLOT; at += SLOT) {
		char message[SLOT + 1] = "";
		const struct nt_slot *slot;

		memcpy(message, data + at, SLOT);
		slot = nt_slots_find_left(slots, message);
		if (slot != NULL)
			check(slot, message);
	}
	nt_slots_settled(slots);
	note_and_die(slots, data, size);
	nt_slots_free(slots);
	slots = nt_slots_open(path, 2, &why);
	NT_CHECK(slots != NULL && nt_slots_same_boot(slots) && nt_slots_find_left(slots, known[0]) != NULL);
	check(nt_slots_find_left(slots, known[0]), known[0]);
	NT_CHECK(nt_slots_find_left(slots, known[2]) == NULL);
	nt_slots_settled(slots);
	nt_slots_free(slots);
	return 0;
}
