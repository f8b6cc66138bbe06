#include "base/arena.h"
#include "template/mark.h"
#include "template/markdown.h"
#include "template/plain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* In `source`, each of the characters 1-9 stands for values[0-8]. */
static void check(const char *source, const char *const *values, const char *html, const char *text)
{
	struct nt_arena *arena = nt_arena_new();
	struct nt_marks *marks = nt_marks_new(arena);
	GString *marked = g_string_new(""), *html_out = g_string_new(""), *text_out = g_string_new("");
	const char *why = NULL;

	for (; *source != '\0'; source++) {
		if (values != NULL && *source >= '1' && *source <= '9')
			nt_marks_put(marks, marked, values[*source - '1'], strlen(values[*source - '1']), false);
		else
			g_string_append_c(marked, *source);
	}
	assert_true(nt_markdown_render(marked->str, marked->len, marks, html_out, text_out, &why));
	if (html != NULL)
		assert_string_equal(html_out->str, html);
	if (text != NULL)
		assert_string_equal(text_out->str, text);
	g_string_free(marked, TRUE);
	g_string_free(html_out, TRUE);
	g_string_free(text_out, TRUE);
	nt_arena_free(arena);
}

#define VALUES(...) ((const char *const[]){ __VA_ARGS__ })

static void writes_both_twins(void **state)
{
	(void)state;
	check("# Welcome\n\nThis is **your** [trial](https://example.org/t).\n\n- one\n- two\n  more\n\n"
	      "> quoted\n\n1. first\n2. second\n\n```\ncode  here\n```\n",
	      NULL,
	      "<h1>Welcome</h1>\n<p>This is <strong>your</strong> <a href=\"https://example.org/t\">trial</a>.</p>\n"
	      "<ul>\n<li>one</li>\n<li>two\nmore</li>\n</ul>\n<blockquote>\n<p>quoted</p>\n</blockquote>\n"
	      "<ol>\n<li>first</li>\n<li>second</li>\n</ol>\n<pre><code>code  here\n</code></pre>\n",
	      "Welcome\n=======\n\nThis is your trial (https://example.org/t).\n\n- one\n- two more\n\n> quoted\n\n"
	      "1. first\n2. second\n\n    code  here\n");
}

static void values_stay_text(void **state)
{
	(void)state;
	check("Hi 1, 2", VALUES("*x* [a](b)", "<script>alert(1)</script> & `c`"),
	      "<p>Hi *x* [a](b), &lt;script&gt;alert(1)&lt;/script&gt; &amp; `c`</p>\n",
	      "Hi *x* [a](b), <script>alert(1)</script> & `c`\n");
	check("1", VALUES("# no heading"), "<p># no heading</p>\n", "# no heading\n");
	check("1", VALUES("- a\n- b\n\n> c"), "<p>- a<br />\n- b<br />\n<br />\n&gt; c</p>\n", "- a\n- b\n\n> c\n");
	check("**1** and `2`", VALUES("a*b", "SAVE-20_x*"),
	      "<p><strong>a*b</strong> and <code>SAVE-20_x*</code></p>\n", "a*b and SAVE-20_x*\n");
	check("<b title=\"1\">2</b>", VALUES("\"><i>", "<i>"),
	      "<p><b title=\"&quot;&gt;&lt;i&gt;\">&lt;i&gt;</b></p>\n", "<i>\n");
	check("<div>1</div>\n", VALUES("<i>"), "<div>&lt;i&gt;</div>\n", "<i>\n");
}

static void values_in_urls(void **state)
{
	(void)state;
	check("[go](1)", VALUES("https://example.org/a_b?c=d&e=*f*"),
	      "<p><a href=\"https://example.org/a_b?c=d&amp;e=*f*\">go</a></p>\n",
	      "go (https://example.org/a_b?c=d&e=*f*)\n");
	check("[go](https://example.org/1?q=2&r=3)", VALUES("a/b c", "x&y=z/ü", "#"),
	      "<p><a href=\"https://example.org/a/b%20c?q=x%26y%3Dz%2F%C3%BC&amp;r=%23\">go</a></p>\n", NULL);
	check("[go](1) [on](2)", VALUES("javascript:alert(1)", "\" onclick=\"x"),
	      "<p>go <a href=\"%22%20onclick=%22x\">on</a></p>\n",
	      "go on (\"%20onclick=\"x)\n");
	check("[x](JaVaScRiPt:1)", NULL, "<p>x</p>\n", "x\n");
	check("[ada@example.org](mailto:ada@example.org) <https://example.org>", NULL, NULL,
	      "ada@example.org https://example.org\n");
}

static void takes_out_what_is_empty(void **state)
{
	(void)state;
	check("a\n\n1\n\n- 1\n- b\n\n**1** [1](https://example.org)\n\n- 1\n", VALUES(""),
	      "<p>a</p>\n<ul>\n<li>b</li>\n</ul>\n", "a\n\n- b\n");
}

static void authors_html_stays(void **state)
{
	(void)state;
	check("a <em>b</em><br>c\n\n<table><tr><td>x</td><td>y</td></tr></table>\n", NULL,
	      "<p>a <em>b</em><br>c</p>\n<table><tr><td>x</td><td>y</td></tr></table>\n", "a b\nc\n\nx y\n");
}

static void wraps(void **state)
{
	(void)state;
	check("aaaaaaaaa bbbbbbbbb ccccccccc ddddddddd eeeeeeeee fffffffff ggggggggg hhhhh iiiiii jjj", NULL, NULL,
	      "aaaaaaaaa bbbbbbbbb ccccccccc ddddddddd eeeeeeeee fffffffff ggggggggg hhhhh\niiiiii jjj\n");
	check("> - aaaaaaaaa bbbbbbbbb ccccccccc ddddddddd eeeeeeeee fffffffff ggggggggg hhhhh iiiiii\n>\n> - b", NULL,
	      NULL,
	      "> - aaaaaaaaa bbbbbbbbb ccccccccc ddddddddd eeeeeeeee fffffffff ggggggggg\n"
	      ">   hhhhh iiiiii\n>\n> - b\n");
	check("see https://example.org/0123456789012345678901234567890123456789012345678901234567890123456789 now",
	      NULL, NULL,
	      "see\nhttps://example.org/0123456789012345678901234567890123456789012345678901234567890123456789\nnow\n");
}

static void nested_lists(void **state)
{
	(void)state;
	check("- a\n  - b\n    - c\n\n10. x\n11. y\n", NULL, NULL, "- a\n  - b\n    - c\n\n10. x\n11. y\n");
	check("- a\n\n  second\n- b\n", NULL, NULL, "- a\n\n  second\n\n- b\n");
}

static void is_bounded(void **state)
{
	GString *deep = g_string_new(""), *html = g_string_new("");
	const char *why = NULL;

	(void)state;
	for (int i = 0; i < 150; i++)
		g_string_append(deep, "> ");
	g_string_append(deep, "x");
	assert_false(nt_markdown_render(deep->str, deep->len, NULL, html, NULL, &why));
	assert_string_equal(why, "the Markdown is nested more than 100 deep");
	assert_string_equal(html->str, "");
	g_string_free(deep, TRUE);
	g_string_free(html, TRUE);
}

/* ---- HTML to text ---- */

static void check_html(const char *html, const char *expected)
{
	GString *out = g_string_new("");
	struct nt_plain plain = { .out = out };

	nt_plain_html(&plain, html, strlen(html));
	assert_string_equal(out->str, expected);
	g_string_free(out, TRUE);
}

static void reads_html(void **state)
{
	(void)state;
	check_html("<html><head><title>T</title><style>p { x }</style></head><body><h1>Hello</h1>\n"
	           "<p>Dear <b>Ann</b>,<br>"
	           "see <a href='https://example.org/?a=1&amp;b=2'>this &amp;\n that</a>.</p>"
	           "<ul><li>one<li>two</li></ul>"
	           "<div style=\"display:none\">hidden <div>x</div></div><hr/><!-- c > d --><img src=x alt=\"Logo\">"
	           "<p>5 &lt; 6 &copy; &nbsp;2026</p><script>if (a<b) {}</script></body></html>",
	           "Hello\n\nDear Ann,\nsee this & that (https://example.org/?a=1&b=2).\n\n"
	           "- one\n- two\n\n----\n\nLogo\n\n"
	           "5 < 6 © \xc2\xa0" "2026\n");
	check_html("<a href=\"https://example.org\">https://example.org</a> <a href=\"tel:+1 555\">+1 555</a>",
	           "https://example.org +1 555\n");
	check_html("<blockquote><p>a</p><p>b</p></blockquote><pre>x  y\n z</pre>", "> a\n>\n> b\n\nx  y\n z\n");
	check_html("a < b <", "a < b <\n");
	check_html("</li></blockquote></div><p", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_both_twins),
		cmocka_unit_test(values_stay_text),
		cmocka_unit_test(values_in_urls),
		cmocka_unit_test(takes_out_what_is_empty),
		cmocka_unit_test(authors_html_stays),
		cmocka_unit_test(wraps),
		cmocka_unit_test(nested_lists),
		cmocka_unit_test(is_bounded),
		cmocka_unit_test(reads_html),
	};

	return cmocka_run_group_tests_name("markdown", tests, NULL, NULL);
}
