/* Which leads have a telephone number, so that what comes from one finds them: in the store's meta table under "phone
 * NUMBER", lead ids with a line each. Kept whenever a lead is saved; leads of older stores are added by the pass that
 * touches all of them. */
#ifndef NT_ENGINE_PHONE_H
#define NT_ENGINE_PHONE_H

#include "engine/turn.h"

#define NT_PHONE_LEADS 100 /* of one number; a switchboard's further leads aren't found by it */

/* A lead has just been decoded: what its number is as stored. */
void nt_phone_remember(struct nt_turn_lead *tl);
/* It is about to be saved: if the number is another by now, the lists are changed. */
void nt_phone_keep(struct nt_batch *turn, struct nt_turn_lead *tl);
/* It is erased. */
void nt_phone_forget(struct nt_batch *turn, struct nt_turn_lead *tl);
/* Its number as stored gets onto the list, if it isn't there. */
void nt_phone_index(struct nt_batch *turn, const struct nt_turn_lead *tl);
/* Leads of a normalised number; in the turn's arena. */
const char **nt_phone_leads(struct nt_batch *turn, const char *phone, unsigned *n);

/* The list is whole; or, in a store that an older version wrote, not yet. */
bool nt_phone_whole(struct nt_engine *engine, bool *whole); /* false: the store failed */
void nt_phone_set_whole(struct nt_batch *turn);

#endif
