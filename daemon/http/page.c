#include "http/page.h"

#include "base/arena.h"
#include "base/text.h"
#include "http/exchange.h"
#include "rules/program.h"
#include "template/escape.h"

#include <sodium.h>
#include <string.h>

static const char style[] =
	":root{color-scheme:light dark;--ink:#1c2430;--quiet:#5a6675;--paper:#fff;--ground:#f2f4f7;"
	"--line:#d8dee6;--act:#0b5cad}"
	"@media(prefers-color-scheme:dark){:root{--ink:#e8ecf1;--quiet:#a5b0bd;--paper:#1b222b;--ground:#11161c;"
	"--line:#38424e;--act:#6db3f8}}"
	"*{box-sizing:border-box}"
	"body{margin:0;background:var(--ground);color:var(--ink);font:1.0625rem/1.55 system-ui,sans-serif}"
	"main{max-width:36rem;margin:2rem auto;padding:1.5rem;background:var(--paper);border:1px solid var(--line);"
	"border-radius:.75rem}"
	"@media(max-width:38rem){main{margin:0;border:0;border-radius:0;min-height:100vh}}"
	"h1{font-size:1.4rem;line-height:1.25;margin:0 0 1rem}h2{font-size:1.05rem;margin:1.75rem 0 .5rem}"
	"p{margin:0 0 1rem}.quiet{color:var(--quiet);font-size:.95rem}"
	"dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1rem;margin:0}dt{color:var(--quiet)}"
	"dd{margin:0;overflow-wrap:anywhere}"
	"ul{margin:0 0 1rem;padding-left:1.2rem}a{color:var(--act)}"
	"table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.3rem 0;"
	"border-bottom:1px solid var(--line)}"
	"td:first-child,th:first-child{width:5rem;text-align:right;padding-right:1rem;"
	"font-variant-numeric:tabular-nums}"
	"form{margin:1.25rem 0}"
	"fieldset{border:1px solid var(--line);border-radius:.5rem;margin:0 0 1rem;padding:.75rem 1rem}"
	"legend{padding:0 .4rem}label{display:block;padding:.35rem 0}"
	"button{font:inherit;font-weight:600;min-height:2.75rem;padding:.5rem 1.5rem;border-radius:.5rem;"
	"border:2px solid var(--act);"
	"background:var(--act);color:var(--paper);cursor:pointer}"
	"button.second{background:transparent;color:var(--act)}"
	"button:focus-visible,input:focus-visible,a:focus-visible{outline:3px solid var(--act);outline-offset:2px}";

char *nt_page_policy(void)
{
	unsigned char hash[crypto_hash_sha256_BYTES];
	char text[sodium_base64_ENCODED_LEN(sizeof hash, sodium_base64_VARIANT_ORIGINAL)];

	crypto_hash_sha256(hash, (const unsigned char *)style, strlen(style));
	sodium_bin2base64(text, sizeof text, hash, sizeof hash, sodium_base64_VARIANT_ORIGINAL);
	return g_strdup_printf("default-src 'none'; style-src 'sha256-%s'; form-action 'self'; base-uri 'none'; "
	                       "frame-ancestors 'none'", text);
}

void nt_page_text(GString *out, const char *text)
{
	if (text != NULL)
		nt_escape(out, NT_ESCAPE_HTML, text, strlen(text));
}

void nt_page_paragraph(GString *out, const char *text)
{
	if (text == NULL || text[0] == '\0')
		return;
	g_string_append(out, "<p>");
	nt_page_text(out, text);
	g_string_append(out, "</p>\n");
}

GString *nt_page_begin(struct nt_exchange *x, unsigned status, const char *title)
{
	GString *out = nt_exchange_begin(x, status, "text/html; charset=utf-8");

	g_string_append(out, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	                     "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	                     "<meta name=\"robots\" content=\"noindex, nofollow\">\n<title>");
	nt_page_text(out, title);
	g_string_append(out, "</title>\n<style>");
	g_string_append(out, style);
	g_string_append(out, "</style>\n</head>\n<body>\n<main>\n<h1>");
	nt_page_text(out, title);
	g_string_append(out, "</h1>\n");
	return out;
}

void nt_page_end(GString *out)
{
	g_string_append(out, "</main>\n</body>\n</html>\n");
}

void nt_page_message(struct nt_exchange *x, unsigned status, const char *title, const char *message)
{
	GString *out = nt_page_begin(x, status, title);

	nt_page_paragraph(out, message);
	nt_page_end(out);
}

const char *nt_page_veiled(struct nt_exchange *x, const char *address)
{
	const char *at = strrchr(address, '@');
	size_t length = strlen(address);

	if (at != NULL && at > address)
		return nt_arena_printf(x->arena, "%.*s…%s", (int)g_utf8_skip[(unsigned char)address[0]], address, at);
	if (nt_phone_valid(address) && length > 4)
		return nt_arena_printf(x->arena, "…%s", address + length - 4);
	return NULL;
}

const char *nt_page_sender(const struct nt_program *program)
{
	return program->policy.sender_name != NULL ? program->policy.sender_name : "us";
}
