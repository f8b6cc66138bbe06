/* A gateway's definition, the call that it makes of a message, and after a line "====" its answer: three digits of
 * status, then the body.
 * covers: daemon/channel/provider.c daemon/channel/provider_request.c daemon/channel/inbound.c */
#include "fuzz.h"

#include "base/arena.h"
#include "base/bug.h"
#include "base/diag.h"
#include "channel/inbound.h"
#include "channel/links.h"
#include "channel/provider.h"
#include "channel/provider_private.h"
#include "channel/provider_request.h"
#include "engine/reply.h"
#include "rules/program.h"
#include "template/message.h"

#include <string.h>

static const char separator[] = "\n====\n";
static const char *const settings[][2] = {
	{ "account", "a" }, { "token", "0123456789abcdef" }, { "url", "http://gw/" }, { "from", "1" }
};

static void check_text(const char *text, size_t most)
{
	NT_CHECK(text == NULL || (g_utf8_validate(text, -1, NULL) && strlen(text) <= most));
	for (; text != NULL && *text != '\0'; text++)
		NT_CHECK((unsigned char)*text >= 0x20 && *text != 0x7F);
}

static void hear(const struct nt_provider *provider, const char *answer, size_t length)
{
	struct nt_arena *arena = nt_arena_new();
	struct nt_delivery delivery = { .arena = arena };
	struct nt_delivery_outcome outcome = { 0 };
	char *body; /* of its own, so that reading past its end is seen */
	long status = 0;

	for (unsigned i = 0; i < 3 && length > 0; i++, length--)
		status = status * 10 + (long)((unsigned char)*answer++ % 10);
	body = g_memdup2(answer, length);
	nt_call_answer(provider, &delivery, status, body != NULL ? body : "", length, &outcome);
	check_text(outcome.detail, 4 * 200);
	check_text(outcome.remote_id, 4 * 100);
	NT_CHECK(!outcome.hard || outcome.result == NT_SEND_REFUSED);
	NT_CHECK(status < 500 || provider->success.n > 1 || outcome.result != NT_SEND_REFUSED);
	g_free(body);
	nt_arena_free(arena);
}

static void check_line(const char *line)
{
	for (; line != NULL && *line != '\0'; line++)
		NT_CHECK((unsigned char)*line >= 0x20 && *line != 0x7F);
}

static const struct nt_zone *no_zone(const struct nt_zones *zones, const char *name)
{
	(void)zones;
	(void)name;
	return NULL;
}

/* Whatever a lead says of itself, it begins no line and ends no header. */
static void call(const struct nt_provider *provider)
{
	static const char *const keys[] = { "a key of thirty-two bytes, or more" };
	static const struct nt_zones zones = { .find = no_zone };
	static struct nt_program program = { .zones = &zones };
	static struct nt_template_set *templates;
	static struct nt_links *links;
	struct nt_diags *diags = nt_diags_new();
	struct nt_arena *arena = nt_arena_new();
	struct nt_delivery delivery = { .arena = arena };
	struct nt_message *m = &delivery.row.message;
	const char *why = NULL;
	struct nt_call out;

	if (templates == NULL) {
		links = nt_links_new("https://hello.example.org", keys, 1);
		templates = nt_template_set_new();
		nt_template_set_add(templates, 0, "text/sms.txt", "text/sms.txt", "{{ body }}", 10, diags);
		NT_CHECK(nt_template_set_finish(templates, diags));
	}
	delivery.program = &program;
	delivery.templates = templates;
	m->id = "00112233445566778899aabbccddeeff";
	m->channel = "sms";
	m->template_name = "text";
	m->address = "+1\"5\r\nX: y";
	m->lead = "a\"}\\,\"x\":1,{\"\r\nX-Evil: 1\t/../?b&c#d\xC3\xA4";
	m->values = "{\"body\":\"\\\"},\\\"evil\\\":[\\u2028\\r\\n\",\"n\":7}";
	m->campaign = "c";
	m->key = "";
	m->released = INT64_C(1772445600000);
	if (nt_call_make(provider, &delivery, links, m->released, &out, &why)) {
		check_line(out.url);
		check_line(out.content_type);
		for (const char **header = out.headers; *header != NULL; header++)
			check_line(*header);
		NT_CHECK(out.method != NULL && (out.length == 0 || out.body != NULL));
	} else {
		NT_CHECK(why != NULL);
	}
	nt_arena_free(arena);
	nt_diags_free(diags);
}

static const char *no_header(void *user, const char *name)
{
	(void)name;
	return user;
}

/* The same bytes as what a gateway brings: "name=value&…", the first line its signature. Nobody here has the secret's
 * signature, so what is signed never comes in. */
static void come_in(const struct nt_provider *provider, const char *bytes, size_t length)
{
	char *text = g_strndup(bytes, length), **items, *signature = g_strndup(text, strcspn(text, "\n"));
	const char *pairs[32][2];
	struct nt_inbound_call in = { .method = "POST", .url = "http://us/in/sms",
		                      .parameters = (const char *const (*)[2])pairs, .header = no_header,
		                      .user = signature };
	struct nt_inbound_message message = { 0 };

	items = g_strsplit(text, "&", G_N_ELEMENTS(pairs));
	for (; items[in.n_parameters] != NULL; in.n_parameters++) {
		char *equals = strchr(items[in.n_parameters], '=');

		pairs[in.n_parameters][0] = items[in.n_parameters];
		pairs[in.n_parameters][1] = equals != NULL ? equals + 1 : "";
		if (equals != NULL)
			*equals = '\0';
	}
	if (nt_inbound_read(provider, &in, &message) == NT_INBOUND_OK) {
		NT_CHECK(provider->inbound.key != NULL && strlen(message.from) <= 64 && message.text != NULL);
		nt_reply_read(message.text);
	}
	nt_reply_read(g_utf8_validate(text, -1, NULL) ? text : "");
	g_strfreev(items);
	g_free(signature);
	g_free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data, *cut = memmem(data, size, separator, sizeof separator - 1);
	size_t length = cut != NULL ? (size_t)(cut - text) : size;
	struct nt_diags *diags = nt_diags_new();
	GString *said = g_string_new(NULL);
	struct nt_provider *provider =
		nt_provider_load("gw.yaml", text, length, settings, G_N_ELEMENTS(settings), diags);

	NT_CHECK((provider == NULL) == (nt_diags_errors(diags) > 0));
	nt_diags_print(diags, said);
	if (provider != NULL)
		call(provider);
	if (provider != NULL && cut != NULL)
		hear(provider, cut + sizeof separator - 1, size - length - (sizeof separator - 1));
	if (provider != NULL && cut != NULL)
		come_in(provider, cut + sizeof separator - 1, size - length - (sizeof separator - 1));
	g_string_free(said, TRUE);
	nt_provider_free(provider);
	nt_diags_free(diags);
	return 0;
}
