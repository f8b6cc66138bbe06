/* What a request must be before its body is read: framed in one way only, of a size, from somebody who may ask. */
#ifndef NT_HTTP_GUARD_H
#define NT_HTTP_GUARD_H

#include "http/exchange.h"

#define NT_HEADERS_MOST 16384u /* bytes of the request line and headers together */

/* How long a route's body may be: pages and what takes none are open to all, so they get little. */
size_t nt_guard_limit(const struct nt_exchange *x);
/* Finds route and caller. Answers (x->status) if it is refused. *length: what its Content-Length says; SIZE_MAX:
 * chunked. *waits: the client waits for our leave to send the body. */
void nt_guard_check(struct nt_exchange *x, const char *method, const char *version, size_t *length, bool *waits);

#endif
