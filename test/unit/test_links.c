/* Signed links: whoever holds one can use it, nobody can make or change one. */
#include "channel/links.h"

#include "unit.h"

#include <string.h>

#define FIRST "the first key, of more than 32 bytes"
#define SECOND "the second key, of more than 32 bytes"

static struct nt_links *links_with(const char *first, const char *second)
{
	const char *keys[] = { first, second };

	return nt_links_new("https://hello.example.org/", keys, second != NULL ? 2 : 1);
}

static struct nt_link offer(void)
{
	struct nt_link link = {
		.kind = NT_LINK_REP, .action = 'a', .number = 9007199254740993u, .expires = 1772445600000
	};

	g_strlcpy(link.id, "lead 7/ä&?", sizeof link.id);
	g_strlcpy(link.name, "anna", sizeof link.name);
	return link;
}

/* The part after the last slash. */
static char *token_of(const struct nt_links *links, const struct nt_link *link)
{
	GString *url = g_string_new(NULL);
	char *token;

	nt_links_make(links, link, url);
	token = g_strdup(strrchr(url->str, '/') + 1);
	g_string_free(url, TRUE);
	return token;
}

static void assert_same(const struct nt_link *a, const struct nt_link *b)
{
	assert_int_equal(a->kind, b->kind);
	assert_int_equal(a->action, b->action);
	assert_string_equal(a->id, b->id);
	assert_string_equal(a->name, b->name);
	assert_true(a->number == b->number);
	assert_true(a->expires == b->expires);
}

static void reads_what_it_makes(void **state)
{
	struct nt_links *links = links_with(FIRST, NULL);
	struct nt_link link = offer(), read;
	GString *url = g_string_new(NULL);
	char *token = token_of(links, &link);

	(void)state;
	nt_links_make(links, &link, url);
	assert_true(g_str_has_prefix(url->str, "https://hello.example.org/r/"));
	assert_null(strpbrk(url->str, "+=\"<> "));
	assert_true(nt_links_read(links, token, &read));
	assert_same(&link, &read);
	link = (struct nt_link){ .kind = NT_LINK_UNSUBSCRIBE,
		                 .expires = NT_NEVER,
		                 .id = "00112233445566778899aabbccddeeff" };
	g_free(token);
	token = token_of(links, &link);
	assert_true(nt_links_read(links, token, &read));
	assert_same(&link, &read);
	g_free(token);
	g_string_free(url, TRUE);
	nt_links_free(links);
}

static void carries_the_longest_names(void **state)
{
	struct nt_links *links = links_with(FIRST, NULL);
	struct nt_link link = { .kind = NT_LINK_REP, .action = 's', .number = UINT64_MAX, .expires = NT_NEVER }, read;
	char *token;

	(void)state;
	memset(link.id, 'x', 128);
	memset(link.name, 'y', sizeof link.name - 1);
	token = token_of(links, &link);
	assert_true(nt_links_read(links, token, &read));
	assert_same(&link, &read);
	memset(link.id, 0xFF, sizeof link.id - 1);
	g_free(token);
	token = token_of(links, &link);
	assert_true(nt_links_read(links, token, &read));
	assert_same(&link, &read);
	g_free(token);
	nt_links_free(links);
}

static void refuses_every_change(void **state)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	struct nt_links *links = links_with(FIRST, NULL);
	struct nt_link link = offer(), read;
	char *token = token_of(links, &link);
	size_t length = strlen(token);

	(void)state;
	for (size_t i = 0; i < length; i++) {
		char was = token[i];

		for (unsigned k = 0; k < 64; k += 21) {
			token[i] = alphabet[k];
			if (token[i] != was)
				assert_false(nt_links_read(links, token, &read));
		}
		token[i] = was;
	}
	assert_true(nt_links_read(links, token, &read));
	g_free(token);
	nt_links_free(links);
}

static void refuses_parts_and_rubbish(void **state)
{
	static const char *const rubbish[] = { "",     "a",
		                               "AAAA", "not base64 at all!",
		                               "====", "..",
		                               "%00",  "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" };
	struct nt_links *links = links_with(FIRST, NULL);
	struct nt_link link = offer(), read;
	char *token = token_of(links, &link), *longer = g_strconcat(token, "A", NULL),
	     *twice = g_strconcat(token, token, NULL);
	char *huge = g_strnfill(100000, 'A');

	(void)state;
	assert_false(nt_links_read(links, longer, &read));
	assert_false(nt_links_read(links, twice, &read));
	assert_false(nt_links_read(links, huge, &read));
	for (size_t n = strlen(token); n-- > 0;) {
		token[n] = '\0';
		assert_false(nt_links_read(links, token, &read));
	}
	for (unsigned i = 0; i < G_N_ELEMENTS(rubbish); i++)
		assert_false(nt_links_read(links, rubbish[i], &read));
	g_free(huge);
	g_free(twice);
	g_free(longer);
	g_free(token);
	nt_links_free(links);
}

static void refuses_another_key(void **state)
{
	struct nt_links *ours = links_with(FIRST, NULL), *theirs = links_with(SECOND, NULL);
	struct nt_link link = offer(), read;
	char *token = token_of(theirs, &link);

	(void)state;
	assert_false(nt_links_read(ours, token, &read));
	g_free(token);
	nt_links_free(ours);
	nt_links_free(theirs);
}

static void keys_rotate(void **state)
{
	struct nt_links *before = links_with(FIRST, NULL), *between = links_with(SECOND, FIRST),
			*after = links_with(SECOND, NULL);
	struct nt_link link = offer(), read;
	char *old = token_of(before, &link), *new = token_of(between, &link);

	(void)state;
	assert_true(nt_links_read(between, old, &read));
	assert_same(&link, &read);
	assert_true(nt_links_read(between, new, &read));
	assert_true(nt_links_read(after, new, &read));
	assert_false(nt_links_read(after, old, &read));
	assert_false(nt_links_read(before, new, &read));
	g_free(old);
	g_free(new);
	nt_links_free(before);
	nt_links_free(between);
	nt_links_free(after);
}

static void slashes_at_the_end_go(void **state)
{
	struct nt_links *links = links_with(FIRST, NULL);

	(void)state;
	assert_string_equal(nt_links_public_url(links), "https://hello.example.org");
	nt_links_free(links);
	nt_links_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_it_makes),    cmocka_unit_test(carries_the_longest_names),
		cmocka_unit_test(refuses_every_change),   cmocka_unit_test(refuses_parts_and_rubbish),
		cmocka_unit_test(refuses_another_key),    cmocka_unit_test(keys_rotate),
		cmocka_unit_test(slashes_at_the_end_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
