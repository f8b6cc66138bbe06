/* A queue between threads. Senders are any threads; the receiver is either the loop thread (woken through ev_async) or
 * a worker that waits. Items are pointers; the mailbox owns none of them. */
#ifndef NT_OS_MAILBOX_H
#define NT_OS_MAILBOX_H

#include <stdbool.h>
#include <stdint.h>

struct ev_loop;
struct nt_mailbox;

/* For a worker: take with nt_mailbox_wait(). */
struct nt_mailbox *nt_mailbox_new(void);
/* For the loop thread: `receive` is called there for each item, in order sent. */
struct nt_mailbox *nt_mailbox_new_loop(struct ev_loop *loop, void (*receive)(void *user, void *item), void *user);
void nt_mailbox_free(struct nt_mailbox *mailbox); /* must be empty or its items owned elsewhere */

void nt_mailbox_send(struct nt_mailbox *mailbox, void *item);
/* Oldest item; waits at most `ms` (-1: for ever). NULL: time is up, or it was poked, or closed and empty. */
void *nt_mailbox_wait(struct nt_mailbox *mailbox, int64_t ms);
void nt_mailbox_poke(struct nt_mailbox *mailbox);  /* ends one wait without an item */
void nt_mailbox_close(struct nt_mailbox *mailbox); /* waits end at once from now on; items left are still given */
bool nt_mailbox_closed(struct nt_mailbox *mailbox);
/* Loop thread: gives what is there to `receive` now instead of at the next turn of the loop. */
void nt_mailbox_flush(struct nt_mailbox *mailbox);
unsigned nt_mailbox_length(struct nt_mailbox *mailbox);

#endif
