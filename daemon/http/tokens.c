#include "http/tokens.h"

#include "base/bug.h"

#include <sodium.h>
#include <string.h>

struct known {
	struct nt_token token;
	unsigned char hash[crypto_generichash_BYTES];
};

struct nt_tokens {
	struct known *known;
	unsigned n;
};

static void hash_secret(const char *secret, unsigned char hash[crypto_generichash_BYTES])
{
	crypto_generichash(hash, crypto_generichash_BYTES, (const unsigned char *)secret, strlen(secret), NULL, 0);
}

struct nt_tokens *nt_tokens_new(const struct nt_token *tokens, unsigned n)
{
	struct nt_tokens *all = g_new0(struct nt_tokens, 1);

	NT_CHECK(sodium_init() >= 0);
	all->known = g_new0(struct known, n);
	all->n = n;
	for (unsigned i = 0; i < n; i++) {
		all->known[i].token.name = g_strdup(tokens[i].name);
		all->known[i].token.scopes = tokens[i].scopes;
		hash_secret(tokens[i].secret, all->known[i].hash);
	}
	return all;
}

void nt_tokens_free(struct nt_tokens *tokens)
{
	if (tokens == NULL)
		return;
	for (unsigned i = 0; i < tokens->n; i++)
		g_free((void *)(uintptr_t)tokens->known[i].token.name);
	g_free(tokens->known);
	g_free(tokens);
}

const struct nt_token *nt_tokens_find(const struct nt_tokens *tokens, const char *secret)
{
	unsigned char hash[crypto_generichash_BYTES];
	const struct nt_token *found = NULL;

	hash_secret(secret, hash);
	for (unsigned i = 0; i < tokens->n; i++)
		if (sodium_memcmp(hash, tokens->known[i].hash, sizeof hash) == 0)
			found = &tokens->known[i].token;
	return found;
}

const char *nt_scope_name(enum nt_token_scope scope)
{
	switch (scope) {
	case NT_SCOPE_EVENTS: return "events";
	case NT_SCOPE_LEADS_READ: return "leads:read";
	case NT_SCOPE_LEADS_WRITE: return "leads:write";
	case NT_SCOPE_QUEUE: return "queue";
	case NT_SCOPE_METRICS: return "metrics";
	case NT_SCOPE_ADMIN: return "admin";
	}
	NT_BUG("no such scope: %d", scope);
}
