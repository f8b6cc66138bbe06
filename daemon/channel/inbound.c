#include "channel/inbound.h"

#include "base/json.h"
#include "channel/provider_private.h"

#include <glib.h>
#include <sodium.h>
#include <string.h>

#define NUMBER_LONGEST 64

static const char *parameter(const struct nt_inbound_call *call, const char *name)
{
	for (unsigned i = 0; name != NULL && i < call->n_parameters; i++)
		if (strcmp(call->parameters[i][0], name) == 0)
			return call->parameters[i][1];
	return NULL;
}

/* Hashed first, so that not even a length is told. */
static bool is_same(const char *a, const char *b)
{
	unsigned char x[32], y[32];

	crypto_generichash(x, sizeof x, (const unsigned char *)a, strlen(a), NULL, 0);
	crypto_generichash(y, sizeof y, (const unsigned char *)b, strlen(b), NULL, 0);
	return sodium_memcmp(x, y, sizeof x) == 0;
}

static int by_name(gconstpointer a, gconstpointer b)
{
	const char *const *x = *(const char *const *const *)a, *const *y = *(const char *const *const *)b;
	int order = strcmp(x[0], y[0]);

	return order != 0 ? order : strcmp(x[1], y[1]);
}

/* Twilio: HMAC-SHA1 over the URL and all parameters by name, each as name and value without anything between. */
static bool twilio_signed(const struct nt_inbound_call *call, const char *token, const char *given)
{
	GPtrArray *sorted = g_ptr_array_new();
	GHmac *hmac = g_hmac_new(G_CHECKSUM_SHA1, (const guchar *)token, strlen(token));
	guint8 digest[20];
	gsize length = sizeof digest;
	char *wanted;
	bool same;

	for (unsigned i = 0; i < call->n_parameters; i++)
		g_ptr_array_add(sorted, (gpointer)(guintptr)&call->parameters[i][0]);
	g_ptr_array_sort(sorted, by_name);
	g_hmac_update(hmac, (const guchar *)call->url, (gssize)strlen(call->url));
	for (unsigned i = 0; i < sorted->len; i++) {
		const char *const *pair = g_ptr_array_index(sorted, i);

		g_hmac_update(hmac, (const guchar *)pair[0], (gssize)strlen(pair[0]));
		g_hmac_update(hmac, (const guchar *)pair[1], (gssize)strlen(pair[1]));
	}
	g_hmac_get_digest(hmac, digest, &length);
	wanted = g_base64_encode(digest, length);
	same = is_same(wanted, given);
	g_free(wanted);
	g_hmac_unref(hmac);
	g_ptr_array_free(sorted, TRUE);
	return same;
}

static bool is_theirs(const struct nt_provider_inbound *inbound, const struct nt_inbound_call *call, const char *secret)
{
	const char *given;

	if (inbound->key != NULL) {
		given = parameter(call, inbound->key);
		return given != NULL && is_same(given, secret);
	}
	given = call->header(call->user, inbound->header);
	return given != NULL && twilio_signed(call, secret, given);
}

enum nt_inbound_result nt_inbound_read(const struct nt_provider *provider, const struct nt_inbound_call *call,
                                       struct nt_inbound_message *out)
{
	const struct nt_provider_inbound *inbound = &provider->inbound;
	const char *secret = inbound->setting != NULL ? nt_json_text(provider->settings, inbound->setting) : NULL;

	if (secret == NULL || secret[0] == '\0')
		return NT_INBOUND_OFF;
	if (strcmp(inbound->method, call->method) != 0)
		return NT_INBOUND_METHOD;
	if (!is_theirs(inbound, call, secret))
		return NT_INBOUND_FORGED;
	out->from = parameter(call, inbound->from);
	out->text = parameter(call, inbound->text);
	out->id = parameter(call, inbound->id);
	if (out->id != NULL && (out->id[0] == '\0' || strlen(out->id) > 200))
		out->id = NULL;
	/* an empty text is one: a picture came without words */
	if (out->from == NULL || out->text == NULL || strlen(out->from) > NUMBER_LONGEST ||
	    strpbrk(out->from, "0123456789") == NULL)
		return NT_INBOUND_INCOMPLETE;
	return NT_INBOUND_OK;
}
