/* A link's token, as somebody on the net writes it. Half of the inputs are signed properly first, then read back.
 * covers: daemon/channel/links.c */
#include "fuzz.h"

#include "base/bug.h"
#include "channel/links.h"

#include <string.h>

static const char *const keys[] = { "a key of thirty-two bytes, or more", "another of thirty-two bytes, or more" };

static void read_anything(const struct nt_links *links, const uint8_t *data, size_t size)
{
	char *token = g_strndup((const char *)data, size);
	struct nt_link link;

	/* 128 bits stand between a stranger and a link that counts. */
	NT_CHECK(!nt_links_read(links, token, &link) || strlen(token) > 40);
	g_free(token);
}

/* First byte: action; eight of number, eight of expiry; then the id, a NUL, and the name. */
static void read_own(const struct nt_links *links, const uint8_t *data, size_t size)
{
	struct nt_link link = { .kind = NT_LINK_REP }, back;
	GString *url = g_string_new(NULL);
	const uint8_t *name;

	link.action = (char)data[0];
	memcpy(&link.number, data + 1, 8);
	memcpy(&link.expires, data + 9, 8);
	data += 17;
	size -= 17;
	name = memchr(data, 0, size);
	memcpy(link.id, data, MIN(name != NULL ? (size_t)(name - data) : size, sizeof link.id - 1));
	if (name != NULL)
		memcpy(link.name, name + 1, MIN(size - (size_t)(name - data) - 1, sizeof link.name - 1));
	nt_links_make(links, &link, url);
	NT_CHECK(nt_links_read(links, strrchr(url->str, '/') + 1, &back));
	NT_CHECK(back.kind == link.kind && back.action == link.action && back.number == link.number &&
	         back.expires == link.expires);
	NT_CHECK(strcmp(back.id, link.id) == 0 && strcmp(back.name, link.name) == 0);
	url->str[url->len / 2 + 10] ^= 1;
	NT_CHECK(!nt_links_read(links, strrchr(url->str, '/') + 1, &back));
	g_string_free(url, TRUE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nt_links *links = nt_links_new("https://hello.example.org", keys, 2);

	if (size > 0 && data[0] == '!' && size >= 18)
		read_own(links, data + 1, size - 1);
	else
		read_anything(links, data, size);
	nt_links_free(links);
	return 0;
}
