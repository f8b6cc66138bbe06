/* A text message that somebody has sent to us: STOP, START, or an answer. */
#ifndef NT_ENGINE_REPLY_H
#define NT_ENGINE_REPLY_H

#include "engine/turn.h"

enum nt_reply {
	NT_REPLY_WORDS,      /* anything: rules may care */
	NT_REPLY_STOP,       /* a no */
	NT_REPLY_STOP_WORDS, /* a no, with more that somebody should read */
	NT_REPLY_START,      /* a yes */
	NT_REPLY_YES,        /* a yes, and perhaps an answer */
};

/* The words that networks and people know, in English and German, whatever their case, width and punctuation. "stop" at
 * the beginning is a no, whatever follows: to write once too little is the smaller mistake. A yes stands alone. */
enum nt_reply nt_reply_read(const char *text);

void nt_request_reply(struct nt_batch *turn, struct nt_request *request);

#endif
