/* Messages as they go out, read back by a library that had no part in writing them. */
#include "unit.h"

#include "base/arena.h"
#include "channel/channel.h"
#include "channel/mime.h"
#include "channel/render.h"
#include "rules/program.h"

#include <gmime/gmime.h>
#include <string.h>

#define RELEASED 1772463905000 /* 2026-03-02 15:05:05 UTC */

struct world {
	struct nt_delivery delivery;
	struct nt_letter letter;
	GString *bytes;
	GMimeMessage *message; /* as read */
};

static void world_init(struct world *w)
{
	*w = (struct world){ .bytes = g_string_new(NULL) };
	w->delivery.row.message = (struct nt_message){ .id = "0123456789abcdef0123456789abcdef", .released = RELEASED };
	w->letter = (struct nt_letter){ .to = "ann@example.org",
		                        .to_name = "Ann Holm",
		                        .from = "ruth@tarnscales.example",
		                        .from_name = "Ruth at Tarn Scales" };
	w->letter.rendered = (struct nt_rendered){ .subject = "Hello", .text = "Hi\n", .html = "<p>Hi</p>\n" };
}

static void world_clear(struct world *w)
{
	g_clear_object(&w->message);
	g_string_free(w->bytes, TRUE);
}

/* What has to be true of every message, whatever was put in. */
static void check_wire(const GString *bytes)
{
	size_t column = 0;

	assert_true(bytes->len > 2 && memcmp(bytes->str + bytes->len - 2, "\r\n", 2) == 0);
	for (size_t i = 0; i < bytes->len; i++) {
		unsigned char c = (unsigned char)bytes->str[i];

		assert_true(c < 0x7F && (c >= 0x20 || c == '\r' || c == '\n' || c == '\t'));
		if (c == '\r')
			assert_int_equal(bytes->str[i + 1], '\n');
		if (c == '\n') {
			assert_int_equal(bytes->str[i - 1], '\r');
			column = 0;
		} else {
			assert_true(++column <= 999); /* with the CR */
		}
	}
}

static void build(struct world *w)
{
	const char *why = NULL;
	GMimeStream *stream;
	GMimeParser *parser;

	g_string_truncate(w->bytes, 0);
	g_clear_object(&w->message);
	assert_true(nt_mime_build(&w->delivery, &w->letter, w->bytes, &why));
	check_wire(w->bytes);
	stream = g_mime_stream_mem_new_with_buffer(w->bytes->str, w->bytes->len);
	parser = g_mime_parser_new_with_stream(stream);
	w->message = g_mime_parser_construct_message(parser, NULL);
	assert_non_null(w->message);
	g_object_unref(parser);
	g_object_unref(stream);
}

static const char *header(struct world *w, const char *name)
{
	return g_mime_object_get_header(GMIME_OBJECT(w->message), name);
}

/* Part i as decoded bytes. */
static char *part(struct world *w, int i)
{
	GMimeObject *body = g_mime_message_get_mime_part(w->message);
	GMimeStream *out = g_mime_stream_mem_new();
	GByteArray *bytes;
	char *text;

	if (GMIME_IS_MULTIPART(body))
		body = g_mime_multipart_get_part(GMIME_MULTIPART(body), i);
	assert_true(GMIME_IS_PART(body));
	g_mime_data_wrapper_write_to_stream(g_mime_part_get_content(GMIME_PART(body)), out);
	bytes = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(out));
	text = g_strndup((const char *)bytes->data, bytes->len);
	g_object_unref(out);
	return text;
}

static void check_part(struct world *w, int i, const char *expected)
{
	char *text = part(w, i);

	assert_string_equal(text, expected);
	g_free(text);
}

static const char *mailbox(InternetAddressList *list, const char **name)
{
	InternetAddress *address = internet_address_list_get_address(list, 0);

	assert_int_equal(internet_address_list_length(list), 1);
	*name = internet_address_get_name(address);
	return internet_address_mailbox_get_addr(INTERNET_ADDRESS_MAILBOX(address));
}

static void test_letter(void **state)
{
	struct world w;
	const char *name;

	(void)state;
	world_init(&w);
	w.letter.unsubscribe_url = "https://hello.example/u/"
	                           "AbCdEfGhIjKlMnOpQrStUvWxYzAbCdEfGhIjKlMnOpQrStUvWxYzAbCdEfGhIjKlMnOpQrStUvWxYz";
	w.letter.rendered.reply_to = "answers@tarnscales.example";
	build(&w);
	assert_string_equal(mailbox(g_mime_message_get_from(w.message), &name), "ruth@tarnscales.example");
	assert_string_equal(name, "Ruth at Tarn Scales");
	assert_string_equal(mailbox(g_mime_message_get_to(w.message), &name), "ann@example.org");
	assert_string_equal(name, "Ann Holm");
	assert_string_equal(mailbox(g_mime_message_get_reply_to(w.message), &name), "answers@tarnscales.example");
	assert_string_equal(g_mime_message_get_subject(w.message), "Hello");
	assert_non_null(strstr(w.bytes->str, "\r\nDate: Mon, 02 Mar 2026 15:05:05 +0000\r\n"));
	assert_string_equal(header(&w, "Message-ID"), "<0123456789abcdef0123456789abcdef@tarnscales.example>");
	assert_non_null(strstr(w.bytes->str, "\r\nList-Unsubscribe: "
	                                     "<https://hello.example/u/AbCdEfGhIjKlMnOpQrStUvWxYzAbCdEfGhIjKlMnOpQr"
	                                     "StUvWxYzAbCdEfGhIjKlMnOpQrStUvWxYz>\r\nList-Unsubscribe-Post: "
	                                     "List-Unsubscribe=One-Click\r\n"));
	check_part(&w, 0, "Hi\r\n");
	check_part(&w, 1, "<p>Hi</p>\r\n");
	world_clear(&w);
}

static void test_text_only(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	w.letter.rendered.html = NULL;
	build(&w);
	assert_true(GMIME_IS_PART(g_mime_message_get_mime_part(w.message)));
	check_part(&w, 0, "Hi\r\n");
	world_clear(&w);
}

static void check_file(struct world *w, int i, const struct nt_attachment *file, const char *type)
{
	GMimeObject *body = g_mime_message_get_mime_part(w->message), *part;
	GMimeStream *out = g_mime_stream_mem_new();
	GByteArray *bytes;
	char *mime;

	assert_true(GMIME_IS_MULTIPART(body));
	part = g_mime_multipart_get_part(GMIME_MULTIPART(body), i);
	assert_true(GMIME_IS_PART(part));
	assert_string_equal(g_mime_object_get_disposition(part), "attachment");
	assert_string_equal(g_mime_part_get_filename(GMIME_PART(part)), file->name);
	mime = g_mime_content_type_get_mime_type(g_mime_object_get_content_type(part));
	assert_string_equal(mime, type);
	g_free(mime);
	g_mime_data_wrapper_write_to_stream(g_mime_part_get_content(GMIME_PART(part)), out);
	bytes = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(out));
	assert_int_equal(bytes->len, file->length);
	assert_memory_equal(bytes->data, file->bytes, file->length);
	g_object_unref(out);
}

/* Every byte as it was, whatever the file is called; the letter stands first, as it would alone. */
static void test_attachments(void **state)
{
	static const char *const names[] = { "price-list.pdf", "price list (2026).pdf",
		"Preisliste f\303\274r \303\226sterreich.pdf", "a\"; filename=\"b.exe",
		"x\r\nBcc: eve@example.org\r\n\r\n", "=?utf-8?q?a?=.pdf", "50%.pdf", "it's.pdf", "\\.pdf",
		"\345\203\271\346\240\274\350\241\250\345\203\271\346\240\274\350\241\250\345\203\271\346\240\274"
		"\350\241\250\345\203\271\346\240\274\350\241\250\345\203\271\346\240\274\350\241\250.pdf",
		"a-very-long-name-of-a-file-that-nobody-would-write-by-hand-but-a-program-well-might-have-done.pdf" };
	unsigned char bytes[1000];

	(void)state;
	for (unsigned i = 0; i < sizeof bytes; i++)
		bytes[i] = (unsigned char)(i * 7 + i / 256);
	for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
		struct nt_attachment first = { .name = names[i], .type = "application/pdf", .bytes = bytes },
				     second = { .name = "b.csv", .type = "text/csv; charset=utf-8",
					        .bytes = "a\nb\r\n--=_mixed_0123", .length = 20 };
		const struct nt_attachment *both[] = { &first, &second };
		struct world w;
		GMimeMultipart *mixed;
		GMimeObject *letter;

		first.length = sizeof bytes - i;
		world_init(&w);
		w.letter.attachments = both;
		w.letter.n_attachments = 2;
		build(&w);
		assert_null(header(&w, "Bcc"));
		mixed = GMIME_MULTIPART(g_mime_message_get_mime_part(w.message));
		assert_int_equal(g_mime_multipart_get_count(mixed), 3);
		letter = g_mime_multipart_get_part(mixed, 0);
		assert_true(GMIME_IS_MULTIPART(letter));
		assert_int_equal(g_mime_multipart_get_count(GMIME_MULTIPART(letter)), 2);
		check_file(&w, 1, &first, "application/pdf");
		check_file(&w, 2, &second, "text/csv");
		w.letter.rendered.html = NULL;
		build(&w);
		check_part(&w, 0, "Hi\r\n");
		check_file(&w, 1, &first, "application/pdf");
		world_clear(&w);
	}
}

static void test_no_header_gets_in(void **state)
{
	struct nt_rendered_header headers[] = { { "X-Kind", "letter\r\nCc: eve@example.org" } };
	struct world w;
	const char *name;

	(void)state;
	world_init(&w);
	w.letter.rendered.subject = "Hi\r\nBcc: eve@example.org\r\n\r\nBody";
	w.letter.from_name = "Ruth\r\nBcc: eve@example.org";
	w.letter.to_name = "Ann \"Eve\\\" Holm, <eve@example.org>";
	w.letter.rendered.headers = headers;
	w.letter.rendered.n_headers = 1;
	build(&w);
	assert_null(header(&w, "Bcc"));
	assert_null(header(&w, "Cc"));
	assert_string_equal(g_mime_message_get_subject(w.message), "Hi  Bcc: eve@example.org    Body");
	assert_string_equal(header(&w, "X-Kind"), "letter  Cc: eve@example.org");
	assert_string_equal(mailbox(g_mime_message_get_to(w.message), &name), "ann@example.org");
	assert_string_equal(name, "Ann \"Eve\\\" Holm, <eve@example.org>");
	world_clear(&w);
}

static void test_beyond_ascii(void **state)
{
	static const char *const subjects[] = {
		"Grüße aus Burlington, José: drei Wägen zum Preis von zweien, und eine Waage, die spricht – bis Ende "
		"März",
		"値段のことでご相談ください。いつでもお電話をお待ちしております。どうぞよろしくお願いいたします。ありが"
		"とうございます",
		"=?utf-8?Q?not_what_it_seems?=",
		"= ? _ \"quoted\" (and so on) 100%",
	};
	struct world w;
	const char *name;

	(void)state;
	world_init(&w);
	w.letter.to_name = "José Grüner, Prof. 値";
	for (unsigned i = 0; i < G_N_ELEMENTS(subjects); i++) {
		w.letter.rendered.subject = subjects[i];
		build(&w);
		assert_string_equal(g_mime_message_get_subject(w.message), subjects[i]);
		mailbox(g_mime_message_get_to(w.message), &name);
		assert_string_equal(name, w.letter.to_name);
		for (const char *p = strstr(w.bytes->str, "=?utf-8?"); p != NULL; p = strstr(p + 1, "=?utf-8?"))
			assert_true(strcspn(p, " \r") <= 75);
	}
	world_clear(&w);
}

static void test_long_header(void **state)
{
	GString *word = g_string_new(NULL), *words = g_string_new("a");
	struct world w;

	(void)state;
	world_init(&w);
	while (word->len < 3000)
		g_string_append(word, "longer");
	while (words->len < 3000)
		g_string_append(words, " and more");
	w.letter.rendered.subject = word->str;
	build(&w);
	assert_string_equal(g_mime_message_get_subject(w.message), word->str);
	w.letter.rendered.subject = words->str;
	build(&w);
	assert_string_equal(g_mime_message_get_subject(w.message), words->str);
	g_string_free(word, TRUE);
	g_string_free(words, TRUE);
	world_clear(&w);
}

static void test_bodies(void **state)
{
	static const struct {
		const char *text, *read;
	} cases[] = {
		{ "", "\r\n" },
		{ "no end", "no end\r\n" },
		{ "one\ntwo\rthree\r\nfour\n\nfive\n", "one\r\ntwo\r\nthree\r\nfour\r\n\r\nfive\r\n" },
		{ "a\n.\r\nb\r.\rQUIT\n", "a\r\n.\r\nb\r\n.\r\nQUIT\r\n" },
		{ "blanks \t\n \nend ", "blanks \t\r\n \r\nend \r\n" },
		{ "blank \001\n", "blank \r\n" },
		{ "bell \a\v\033 gone\177\n", "bell  gone\r\n" },
		{ "1 + 1 = 2; =41=\n", "1 + 1 = 2; =41=\r\n" },
		{ "Grüße – und Tschüß\n", "Grüße – und Tschüß\r\n" },
		{ "値段のことで\nご相談\r\n", "値段のことで\r\nご相談\r\n" },
	};
	struct world w;

	(void)state;
	world_init(&w);
	for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
		w.letter.rendered.text = w.letter.rendered.html = cases[i].text;
		build(&w);
		check_part(&w, 0, cases[i].read);
		check_part(&w, 1, cases[i].read);
	}
	world_clear(&w);
}

/* Any text comes back as it was, in lines of 76. */
static void test_random_bodies(void **state)
{
	static const char *const pieces[] = {
		"word ", "=", " ", "\t", "ü", "値", "x", "sixteen letters.", ".", "From "
	};
	guint32 random = 20260302;
	struct world w;

	(void)state;
	world_init(&w);
	for (unsigned i = 0; i < 300; i++) {
		GString *text = g_string_new(NULL), *read = g_string_new(NULL);
		const char *body;

		for (unsigned n = i * 3; n > 0; n--) {
			random = random * 1664525 + 1013904223;
			if (random >> 28 == 0) {
				g_string_append_c(text, '\n');
				g_string_append(read, "\r\n");
			} else {
				g_string_append(text, pieces[(random >> 16) % (i % 3 == 0 ? 4 : G_N_ELEMENTS(pieces))]);
				g_string_append(read, text->str + text->len -
				                              strlen(pieces[(random >> 16) %
				                                            (i % 3 == 0 ? 4 : G_N_ELEMENTS(pieces))]));
			}
		}
		if (read->len == 0 || read->str[read->len - 1] != '\n')
			g_string_append(read, "\r\n");
		w.letter.rendered.text = text->str;
		build(&w);
		check_part(&w, 0, read->str);
		for (body = strstr(w.bytes->str, "\r\n\r\n"); body != NULL; body = strstr(body + 2, "\r\n"))
			assert_true(strcspn(body + 2, "\r") <= 76);
		g_string_free(text, TRUE);
		g_string_free(read, TRUE);
	}
	world_clear(&w);
}

static void test_again_the_same(void **state)
{
	struct world w;
	GString *first;

	(void)state;
	world_init(&w);
	build(&w);
	first = g_string_new_len(w.bytes->str, (gssize)w.bytes->len);
	build(&w);
	assert_int_equal(first->len, w.bytes->len);
	assert_memory_equal(first->str, w.bytes->str, first->len);
	g_string_free(first, TRUE);
	world_clear(&w);
}

static void test_addresses(void **state)
{
	static const char *const bad[] = { "",
		                           "ann",
		                           "@example.org",
		                           "ann@",
		                           "ann@b@c",
		                           "a n@example.org",
		                           "<ann@example.org>",
		                           "ann@example.org\r\nBcc: e@f",
		                           "jos\xc3\xa9@example.org",
		                           "ann@.org",
		                           "ann@-x.org",
		                           "a,b@c" };
	const char *why = NULL;
	struct world w;

	(void)state;
	world_init(&w);
	assert_true(nt_mime_mailbox_ok("o'hara+list@example.org"));
	for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
		assert_false(nt_mime_mailbox_ok(bad[i]));
		w.letter.to = bad[i];
		assert_false(nt_mime_build(&w.delivery, &w.letter, w.bytes, &why));
		assert_string_equal(why, "the address can't be used in a message");
		assert_int_equal(w.bytes->len, 0);
	}
	w.letter.to = "ann@example.org";
	w.letter.from = "ruth at work";
	assert_false(nt_mime_build(&w.delivery, &w.letter, w.bytes, &why));
	assert_string_equal(why, "the sender's email address can't be used in a message");
	world_clear(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_letter),
		cmocka_unit_test(test_text_only),
		cmocka_unit_test(test_attachments),
		cmocka_unit_test(test_no_header_gets_in),
		cmocka_unit_test(test_beyond_ascii),
		cmocka_unit_test(test_long_header),
		cmocka_unit_test(test_bodies),
		cmocka_unit_test(test_random_bodies),
		cmocka_unit_test(test_again_the_same),
		cmocka_unit_test(test_addresses),
	};

	g_mime_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
