/* Who may ask for what: bearer tokens (RFC 6750), found in constant time. Loop thread. */
#ifndef NT_HTTP_TOKENS_H
#define NT_HTTP_TOKENS_H

#include "http/api.h"

struct nt_tokens;

/* Copies; of the secrets only a hash is kept. */
struct nt_tokens *nt_tokens_new(const struct nt_token *tokens, unsigned n);
void nt_tokens_free(struct nt_tokens *tokens);
/* All are compared, whichever fits, so that time tells nothing. NULL: none; else borrowed, its secret NULL. */
const struct nt_token *nt_tokens_find(const struct nt_tokens *tokens, const char *secret);
/* "leads:read"; for messages. */
const char *nt_scope_name(enum nt_token_scope scope);

#endif
