/* How far each worker has got with its message, in a small mapped file that survives the process (not the machine:
 * after a power cut everything handed counts as in doubt unless it says otherwise; see nt_slots_open).
 *
 * Slots are taken and released on the loop thread; between the two a slot belongs to the worker that sends. Read at the
 * next start. */
#ifndef NT_CHANNEL_SLOTS_H
#define NT_CHANNEL_SLOTS_H

#include <stdbool.h>

enum nt_slot_stage {
	NT_SLOT_FREE,
	NT_SLOT_CLAIMED,   /* no byte of the body has gone out */
	NT_SLOT_SENDING,   /* the body may be complete at the other side: in doubt if cut off here */
	NT_SLOT_ANSWERED,  /* the answer is in `result`, `detail` */
};

#define NT_SLOT_RESULT_MOST 4 /* the last of enum nt_send_result */

struct nt_slot {
	char message[40];  /* id */
	int stage;         /* enum nt_slot_stage; written last */
	int result;        /* enum nt_send_result */
	bool hard;
	char detail[200];
	char remote_id[100];
};

struct nt_slots;
/* A fresh file at PATH with n slots, preallocated. What an earlier process left is kept as PATH.left, and answered for
 * by nt_slots_find_left(), until nt_slots_settled(). If the machine was started anew in between (nt_slots_same_boot is
 * false) pages of the file may have been lost: only ANSWERED is to be believed, everything else that was handed is in
 * doubt. NULL and *why (g_free). */
struct nt_slots *nt_slots_open(const char *path, unsigned n, char **why);
void nt_slots_free(struct nt_slots *slots);
unsigned nt_slots_room(const struct nt_slots *slots); /* how many are free */
int nt_slots_take(struct nt_slots *slots, const char *message); /* CLAIMED; -1: none free */
void nt_slots_stage(struct nt_slots *slots, int slot, enum nt_slot_stage stage);
void nt_slots_answer(struct nt_slots *slots, int slot, int result, bool hard, const char *detail,
                     const char *remote_id);
void nt_slots_release(struct nt_slots *slots, int slot);       /* after the outcome is durable */
/* What the earlier process noted of a message: NULL if nothing (it was claimed and no worker had begun: no byte went
 * out). */
const struct nt_slot *nt_slots_find_left(const struct nt_slots *slots, const char *message);
bool nt_slots_same_boot(const struct nt_slots *slots); /* the earlier process ran since the machine last started */

/* The outcomes of all that was left are durable. */
void nt_slots_settled(struct nt_slots *slots);

#endif
