#include "channel/links.h"

#include "base/bug.h"

#include <sodium.h>
#include <string.h>

#define KEYS 8
#define MAC                                                                                                            \
	16 /* bytes of HMAC-SHA-512-256 kept: 128 bits can't be guessed, and links stay short enough for text messages \
	    */
#define LONGEST 400

struct nt_links {
	char *public_url;
	unsigned char keys[KEYS][crypto_auth_KEYBYTES];
	unsigned n_keys;
};

struct nt_links *nt_links_new(const char *public_url, const char *const *keys, unsigned n_keys)
{
	struct nt_links *links = g_new0(struct nt_links, 1);

	NT_CHECK(sodium_init() >= 0 && n_keys > 0);
	links->public_url = g_strdup(public_url);
	while (g_str_has_suffix(links->public_url, "/"))
		links->public_url[strlen(links->public_url) - 1] = '\0';
	links->n_keys = MIN(n_keys, KEYS);
	for (unsigned i = 0; i < links->n_keys; i++)
		crypto_generichash(links->keys[i], sizeof links->keys[i], (const unsigned char *)keys[i],
		                   strlen(keys[i]), NULL, 0);
	return links;
}

void nt_links_free(struct nt_links *links)
{
	if (links == NULL)
		return;
	sodium_memzero(links->keys, sizeof links->keys);
	g_free(links->public_url);
	g_free(links);
}

const char *nt_links_public_url(const struct nt_links *links)
{
	return links->public_url;
}

/* A key's name in the link: lets a verifier go straight to the right one. It tells nothing of the key. */
static unsigned char key_number(const unsigned char key[crypto_auth_KEYBYTES])
{
	unsigned char hash[crypto_generichash_BYTES_MIN];

	crypto_generichash(hash, sizeof hash, key, crypto_auth_KEYBYTES, (const unsigned char *)"key number", 10);
	return hash[0];
}

static void sign(const unsigned char *bytes, size_t n, const unsigned char *key, unsigned char mac[MAC])
{
	unsigned char whole[crypto_auth_BYTES];

	crypto_auth(whole, bytes, n, key);
	memcpy(mac, whole, MAC);
}

/* Bytes: key number, kind, action, expiry (8), number (8), id NUL, name NUL; then the MAC over all of that. */
void nt_links_make(const struct nt_links *links, const struct nt_link *link, GString *url)
{
	GByteArray *bytes = g_byte_array_new();
	guint64 expires = GUINT64_TO_BE((guint64)link->expires), number = GUINT64_TO_BE(link->number);
	unsigned char head[3] = { key_number(links->keys[0]), (unsigned char)link->kind, (unsigned char)link->action };
	unsigned char mac[MAC];
	char text[LONGEST * 2];

	g_byte_array_append(bytes, head, sizeof head);
	g_byte_array_append(bytes, (const guint8 *)&expires, sizeof expires);
	g_byte_array_append(bytes, (const guint8 *)&number, sizeof number);
	g_byte_array_append(bytes, (const guint8 *)link->id, (guint)strlen(link->id) + 1);
	g_byte_array_append(bytes, (const guint8 *)link->name, (guint)strlen(link->name) + 1);
	sign(bytes->data, bytes->len, links->keys[0], mac);
	g_byte_array_append(bytes, mac, sizeof mac);
	NT_CHECK(bytes->len <= LONGEST);
	sodium_bin2base64(text, sizeof text, bytes->data, bytes->len, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	if (link->kind == NT_LINK_CALENDAR) /* named as calendar programs like it */
		g_string_append_printf(url, "%s/calendar/%s.ics", links->public_url, text);
	else
		g_string_append_printf(url, "%s/%c/%s", links->public_url, (char)link->kind, text);
	g_byte_array_free(bytes, TRUE);
}

static bool verified(const struct nt_links *links, const unsigned char *bytes, size_t n)
{
	for (unsigned i = 0; i < links->n_keys; i++) {
		unsigned char mac[MAC];

		if (key_number(links->keys[i]) != bytes[0])
			continue;
		sign(bytes, n - MAC, links->keys[i], mac);
		if (sodium_memcmp(mac, bytes + n - MAC, MAC) == 0)
			return true;
	}
	return false;
}

static bool take_text(const unsigned char **p, const unsigned char *end, char *out, size_t room)
{
	const unsigned char *nul = memchr(*p, 0, (size_t)(end - *p));
	size_t length = nul != NULL ? (size_t)(nul - *p) : room;

	if (length >= room)
		return false;
	memcpy(out, *p, length + 1);
	*p = nul + 1;
	return true;
}

bool nt_links_read(const struct nt_links *links, const char *token, struct nt_link *out)
{
	unsigned char bytes[LONGEST];
	const unsigned char *p = bytes + 3, *end;
	guint64 expires, number;
	size_t n;

	memset(out, 0, sizeof *out);
	if (strlen(token) > LONGEST * 2 ||
	    sodium_base642bin(bytes, sizeof bytes, token, strlen(token), NULL, &n, NULL,
	                      sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0 ||
	    n < 3 + 16 + 2 + MAC || !verified(links, bytes, n))
		return false;
	end = bytes + n - MAC;
	out->kind = (enum nt_link_kind)bytes[1];
	out->action = (char)bytes[2];
	memcpy(&expires, p, 8);
	memcpy(&number, p + 8, 8);
	p += 16;
	out->expires = (nt_time)GUINT64_FROM_BE(expires);
	out->number = GUINT64_FROM_BE(number);
	return take_text(&p, end, out->id, sizeof out->id) && take_text(&p, end, out->name, sizeof out->name) &&
	       p == end;
}
