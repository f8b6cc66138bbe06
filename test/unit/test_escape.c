#include "template/escape.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void check(enum nt_escape context, const char *text, size_t length, const char *expected)
{
	GString *out = g_string_new("");

	nt_escape(out, context, text, length);
	assert_string_equal(out->str, expected);
	g_string_free(out, TRUE);
}

#define CHECK(context, text, expected) check(NT_ESCAPE_##context, text, strlen(text), expected)

static void html(void **state)
{
	(void)state;
	CHECK(HTML, "<script>alert(\"1\" & '2')</script>",
	      "&lt;script&gt;alert(&quot;1&quot; &amp; &#39;2&#39;)&lt;/script&gt;");
	CHECK(HTML, "Jürgen\n& co", "Jürgen\n&amp; co");
	CHECK(HTML, "a\x01\x02\x7f\xc2\x85z", "az");
	CHECK(HTML, "bad \xff\xc3(", "bad \xef\xbf\xbd\xef\xbf\xbd(");
	check(NT_ESCAPE_HTML, "a\0b", 3, "ab");
}

static void text(void **state)
{
	(void)state;
	CHECK(TEXT, "a <b> & \"c\"\r\n\td\x1b[31m", "a <b> & \"c\"\r\n\td[31m");
}

/* What would let a name add a header of its own. */
static void header(void **state)
{
	(void)state;
	CHECK(HEADER, "Ann\r\nBcc: all@example.org", "Ann Bcc: all@example.org");
	CHECK(HEADER, "  a \t\n b  ", "a b");
	CHECK(HEADER, "a\xe2\x80\xa8" "b", "a b");
	CHECK(HEADER, "\r\n\r\n", "");
	CHECK(HEADER, "Grüße, <Ann> & Bob", "Grüße, <Ann> & Bob");
	check(NT_ESCAPE_HEADER, "a\0b", 3, "a b");
}

static void url(void **state)
{
	(void)state;
	CHECK(URL, "a b/c?d=e&f#g%", "a%20b%2Fc%3Fd%3De%26f%23g%25");
	CHECK(URL, "Az09-._~", "Az09-._~");
	CHECK(URL, "ü", "%C3%BC");
	check(NT_ESCAPE_URL, "\0", 1, "%00");
}

static void json(void **state)
{
	(void)state;
	CHECK(JSON, "say \"hi\" \\ \n\r\t\x01\x7f", "say \\\"hi\\\" \\\\ \\n\\r\\t\\u0001\\u007f");
	CHECK(JSON, "a\xe2\x80\xa8", "a\\u2028");
	CHECK(JSON, "ü</script>", "ü</script>");
	check(NT_ESCAPE_JSON, "\0", 1, "\\u0000");
}

static void markdown(void **state)
{
	(void)state;
	CHECK(MARKDOWN, "*x* [a](b) <script> `c`", "\\*x\\* \\[a\\]\\(b\\) \\<script\\> \\`c\\`");
	CHECK(MARKDOWN, "one\n# two", "one&#10;\\# two");
	CHECK(MARKDOWN, "&amp;", "\\&amp\\;");
}

static void unescape(void **state)
{
	GString *out = g_string_new("");

	(void)state;
	const char *known = "&lt;b&gt; &amp; &quot;&#39;&#x41;&euro; &nosuch; &# &";
	const char *broken = "&#0;&#xD800;&#99999999;&#x110000;";

	nt_unescape_html(out, known, strlen(known));
	assert_string_equal(out->str, "<b> & \"'A€ &nosuch; &# &");
	g_string_truncate(out, 0);
	nt_unescape_html(out, broken, strlen(broken));
	assert_string_equal(out->str, broken);
	g_string_truncate(out, 0);
	nt_unescape_url(out, "a+b%40c%2", 9);
	assert_string_equal(out->str, "a b@c%2");
	g_string_free(out, TRUE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(html),   cmocka_unit_test(text), cmocka_unit_test(header),  cmocka_unit_test(url),
		cmocka_unit_test(json),   cmocka_unit_test(markdown), cmocka_unit_test(unescape),
	};

	return cmocka_run_group_tests_name("escape", tests, NULL, NULL);
}
