/* connect() as libesmtp must see it: it sets no TCP_NODELAY (which stalls every message for 40 ms) and waits for ever.
 * The executable's own connect() comes first in symbol order, so the library's call ends here; see connect.c. */
#ifndef NT_CHANNEL_CONNECT_H
#define NT_CHANNEL_CONNECT_H

/* For the calling thread: connects that take longer fail with ETIMEDOUT. 0: no limit of ours. */
void nt_connect_limit(int ms);
/* How many stream sockets were given TCP_NODELAY so far: for the test that this isn't lost. */
unsigned nt_connect_count(void);

#endif
