/* Gateways as data: what is wrong with a definition and where; calls to the octet; answers and what they mean. */
#include "channel_world.h"

#include "base/json.h"
#include "channel/inbound.h"
#include "channel/provider.h"
#include "channel/provider_request.h"

#include <stdlib.h>

/* HMAC-SHA-256 of "m1.1700000000.{"a":1}" by OpenSSL. */
#define VECTOR_BASE64 "v1,wgUuzcYfD8yrMDANbtOydGtQNIF2WJLpK5h8R2RmLpU="
#define REQUEST "request:\n  url: http://x/\n"

/* ---- loading ---- */

static struct nt_provider *load(const char *text, const char *const (*settings)[2], unsigned n, GString *said)
{
	struct nt_diags *diags = nt_diags_new();
	struct nt_provider *provider = nt_provider_load("gw.yaml", text, strlen(text), settings, n, diags);

	nt_diags_print(diags, said);
	nt_diags_free(diags);
	return provider;
}

static const struct {
	const char *text, *said;
} faults[] = {
	{ "name: x\n", "gw.yaml:1:1: error: a provider needs 'request'\n" },
	{ "- x\n", "gw.yaml:1:1: error: " },
	{ "request: POST\n", "gw.yaml:1:10: error: request needs keys and values\n" },
	{ "request: { method: POST }\n", "gw.yaml:1:1: error: request needs 'url'\n" },
	{ "reqest: { url: x }\n",
	  "gw.yaml:1:1: error: unknown key 'reqest' in a provider (did you mean 'request'?)\n" },
	{ "request: { url: x, methd: POST }\n",
	  "gw.yaml:1:20: error: unknown key 'methd' in request (did you mean 'method'?)\n" },
	{ "request: { url: x, method: DELETE }\n", "gw.yaml:1:28: error: 'method' is GET, POST or PUT\n" },
	{ "request: { url: \"{{ x\" }\n", "gw.yaml:1:17: error: " },
	{ "request: { url: [ x ] }\n", "gw.yaml:1:17: error: one text is wanted here\n" },
	{ "request: { url: x, form: x }\n", "gw.yaml:1:26: error: names and values are wanted here\n" },
	{ "request: { url: x, form: { a: [ b ] } }\n", "gw.yaml:1:31: error: one text is wanted here\n" },
	{ "request: { url: x, form: { a: b }, json: { a: b } }\n",
	  "gw.yaml:1:36: error: a request has one body: 'form' or 'json'\n" },
	{ "request: { url: x, method: GET, json: { a: b } }\n",
	  "gw.yaml:1:33: error: a GET request has no body: use 'form', or POST\n" },
	{ "request: { url: x, headers: { \"a: b\": c } }\n", "gw.yaml:1:31: error: 'a: b' can't be a header's name\n" },
	{ "request: { url: x, headers: { \"a\\r\\nb\": c } }\n", "gw.yaml:1:31: error: 'a" },
	{ "request: { url: x, auth: { user: x, pass: y } }\n", "gw.yaml:1:37: error: unknown key 'pass' in auth" },
	{ "request: { url: x, idempotent: maybe }\n", "gw.yaml:1:32: error: 'idempotent' is yes or no\n" },
	{ REQUEST "success: { status: ok }\n",
	  "gw.yaml:3:20: error: 'status' is a list of HTTP codes: [200, 201] or [500-599]\n" },
	{ REQUEST "success: { status: [200, 99] }\n", "gw.yaml:3:26: error: 'status' is a list of HTTP codes" },
	{ REQUEST "success: { status: [299-200] }\n", "gw.yaml:3:21: error: 'status' is a list of HTTP codes" },
	{ REQUEST "success: { status: [[200]] }\n", "gw.yaml:3:21: error: 'status' is a list of HTTP codes" },
	{ REQUEST "temporary: { status: [1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17] }\n",
	  "gw.yaml:3:22: error: 'status' has room for 16 entries: use ranges\n" },
	{ REQUEST "hard: { status: 400, json: code }\n",
	  "gw.yaml:3:1: error: under 'hard', 'json' names a field and 'in' its values: they go together\n" },
	{ REQUEST "hard: { status: 400, json: code, in: 5 }\n", "gw.yaml:3:38: error: 'in' is a list of values\n" },
	{ REQUEST "hard: { json: code, in: [ 5 ] }\n", "gw.yaml:3:1: error: hard needs 'status'\n" },
	{ REQUEST "id: { jsn: sid }\n", "gw.yaml:3:7: error: unknown key 'jsn' in id (did you mean 'json'?)\n" },
	{ REQUEST "id: { after: \"\" }\n", "gw.yaml:3:5: error: 'after' is the text before the id: \"id=\"\n" },
	{ REQUEST "settings: { account: needed }\n",
	  "gw.yaml:3:22: error: a setting is required, secret or optional\n" },
	{ REQUEST "settings: x\n",
	  "gw.yaml:3:11: error: 'settings' names what nurtured.yaml has to give: { account: required }\n" },
	{ REQUEST "settings: { account: required }\n",
	  "gw.yaml:3:13: error: this gateway needs 'account' under 'settings' of its channel\n" },
	{ REQUEST "settings: { token: secret }\n", "gw.yaml:3:13: error: this gateway needs 'token' under 'settings' "
	                                           "of its channel (as …_file: it is a secret)\n" },
	{ REQUEST "inbound: { method: GET, from: f, text: t }\n",
	  "gw.yaml:3:1: error: inbound needs 'key' or 'signature', one of them: else anybody could write to us\n" },
	{ REQUEST "inbound: { method: GET, text: t, key: { parameter: k, setting: s } }\n",
	  "gw.yaml:3:1: error: inbound needs 'from'\n" },
	{ REQUEST "inbound: { method: PUT, from: f, text: t, key: { parameter: k, setting: s } }\n",
	  "gw.yaml:3:20: error: 'method' is GET or POST here\n" },
	{ REQUEST "inbound: { method: GET, from: f, text: t, key: { parameter: k } }\n",
	  "gw.yaml:3:43: error: key needs 'parameter' and 'setting'\n" },
	{ REQUEST "inbound: { method: GET, from: f, text: t, signature: { scheme: x, header: h, setting: s } }\n",
	  "gw.yaml:3:64: error: the only 'scheme' known is twilio\n" },
	{ REQUEST "inbound: { method: GET, from: f, text: t, signature: { scheme: twilio } }\n",
	  "gw.yaml:3:43: error: signature needs 'scheme', 'header' and 'setting'\n" },
	{ REQUEST "inbound: { method: GET, from: f, txt: t, key: { parameter: k, setting: s } }\n",
	  "gw.yaml:3:1: error: inbound needs 'text'\n" },
	{ REQUEST "inbound: yes\n", "gw.yaml:3:10: error: inbound needs keys and values\n" },
	{ "", "error: gw.yaml is empty\n" },
	{ "# to be written\n", "error: gw.yaml is empty\n" },
	{ "request: {\n", "gw.yaml:" },
};

static void faults_are_named_with_their_place(void **state)
{
	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(faults); i++) {
		GString *said = g_string_new(NULL);
		struct nt_provider *provider = load(faults[i].text, NULL, 0, said);

		if (provider != NULL || !g_str_has_prefix(said->str, faults[i].said))
			fail_msg("%s\nsaid: %s", faults[i].text, said->str);
		g_string_free(said, TRUE);
	}
}

static void settings_that_nobody_asked_for_are_named(void **state)
{
	static const char *const settings[][2] = { { "colour", "blue" } };
	GString *said = g_string_new(NULL);

	(void)state;
	assert_null(load("name: gw\n" REQUEST, settings, 1, said));
	assert_string_equal(said->str, "error: the gateway 'gw' knows no setting 'colour'\n");
	g_string_free(said, TRUE);
}

/* ---- calls ---- */

static struct nt_provider *load_good(const char *text, const char *const (*settings)[2], unsigned n)
{
	GString *said = g_string_new(NULL);
	struct nt_provider *provider = load(text, settings, n, said);

	if (provider == NULL)
		fail_msg("%s", said->str);
	g_string_free(said, TRUE);
	return provider;
}

static struct nt_provider *shipped(const char *name, const char *const (*settings)[2], unsigned n)
{
	const char *source = g_getenv("NT_SRCDIR");
	char *path = g_build_filename(source != NULL ? source : ".", "contrib", "providers", name, NULL), *text;
	struct nt_provider *provider;

	if (!g_file_get_contents(path, &text, NULL, NULL))
		fail_msg("%s can't be read", path);
	provider = load_good(text, settings, n);
	g_free(text);
	g_free(path);
	return provider;
}

static const char *const twilio_settings[][2] = { { "account", "AC/1" },
	                                          { "token", "s3cret" },
	                                          { "from", "+15550100" } };
static const char *const kannel_settings[][2] = { { "url", "http://127.0.0.1:13013/cgi-bin/sendsms" },
	                                          { "username", "n" },
	                                          { "password", "p&w" },
	                                          { "from", "15550100" } };

static struct nt_call call_of(const struct nt_provider *provider, struct nt_delivery *d)
{
	struct nt_call call;
	const char *why = NULL;

	if (!nt_call_make(provider, d, world.links, RELEASED, &call, &why))
		fail_msg("%s", why);
	return call;
}

static void twilio_is_called_exactly(void **state)
{
	struct nt_provider *provider = shipped("twilio.yaml", twilio_settings, 3);
	struct nt_delivery *d =
		delivery(.channel = "sms", .address = "+15550101", .values = "{\"body\":\"Tom & Ann: 5% + ä\"}");
	struct nt_call call = call_of(provider, d);

	(void)state;
	assert_string_equal(call.method, "POST");
	assert_string_equal(call.url, "https://api.twilio.com/2010-04-01/Accounts/AC%2F1/Messages.json");
	assert_string_equal(call.user, "AC/1");
	assert_string_equal(call.password, "s3cret");
	assert_string_equal(call.content_type, "application/x-www-form-urlencoded");
	assert_string_equal(call.body, "To=%2B15550101&From=%2B15550100&Body=Tom%20%26%20Ann%3A%205%25%20%2B%20%C3%A4");
	assert_int_equal(call.length, strlen(call.body));
	assert_null(call.headers[0]);
	world_drop(d);
	nt_provider_free(provider);
}

static void kannel_is_called_exactly(void **state)
{
	struct nt_provider *provider = shipped("kannel.yaml", kannel_settings, 4);
	struct nt_delivery *d = delivery(.channel = "sms", .address = "+15550101", .values = "{\"body\":\"Hi\"}");
	struct nt_call call = call_of(provider, d);

	(void)state;
	assert_string_equal(call.method, "GET");
	assert_string_equal(call.url, "http://127.0.0.1:13013/cgi-bin/"
	                              "sendsms?username=n&password=p%26w&from=15550100&to=%2B15550101&text=Hi&"
	                              "coding=0&charset=UTF-8");
	assert_int_equal(call.length, 0);
	assert_null(call.content_type);
	world_drop(d);
	d = delivery(.channel = "sms", .values = "{\"body\":\"Щ\"}");
	call = call_of(provider, d);
	assert_non_null(strstr(call.url, "&text=%D0%A9&coding=2&"));
	world_drop(d);
	nt_provider_free(provider);
}

/* Whatever a lead says of itself stays a value. */
static void nothing_gets_out_of_its_place(void **state)
{
	static const char text[] =
		"request:\n  url: \"http://gw/{{ lead }}?to={{ to }}\"\n  headers: { X-Lead: \"{{ lead }}\" }\n"
		"  json: { to: \"{{ to }}\", n: 5, yes: true, none: null, quoted: \"7\", empty: {}, in: { text: \"{{ "
	        "text }}\" } }\n";
	static const char evil[] = "a\"}\\,\"x\":1,{\"\r\nX-Evil: 1\t/../?b&c#d";
	struct nt_provider *provider = load_good(text, NULL, 0);
	struct nt_delivery *d = delivery(.channel = "sms", .lead = evil, .address = "+1\"5",
	                                 .values = "{\"body\":\"\\\"},\\\"evil\\\":[\\u2028\\n\"}");
	struct nt_call call = call_of(provider, d);
	struct nt_json_error error;
	const struct nt_json *body = nt_json_parse(d->arena, call.body, call.length, &error);

	(void)state;
	assert_string_equal(call.url,
	                    "http://gw/"
	                    "a%22%7D%5C%2C%22x%22%3A1%2C%7B%22%0D%0AX-Evil%3A%201%09%2F..%2F%3Fb%26c%23d?to=%2B1%225");
	assert_string_equal(call.headers[0], "X-Lead: a\"}\\,\"x\":1,{\" X-Evil: 1 /../?b&c#d");
	assert_null(call.headers[1]);
	assert_non_null(body);
	assert_int_equal(body->n, 7);
	assert_string_equal(nt_json_text(body, "to"), "+1\"5");
	assert_string_equal(nt_json_text(nt_json_get(body, "in"), "text"), "\"},\"evil\":[\xE2\x80\xA8");
	assert_int_equal(nt_json_get(body, "n")->type, NT_JSON_NUMBER);
	assert_int_equal(nt_json_get(body, "quoted")->type, NT_JSON_TEXT);
	assert_int_equal(nt_json_get(body, "empty")->type, NT_JSON_OBJECT);
	world_drop(d);
	nt_provider_free(provider);
}

static void a_call_without_end_is_refused(void **state)
{
	struct nt_provider *provider = load_good("request:\n  url: http://gw/\n  form: { a: \"{% for i in "
	                                         "(1..100000000) %}x{% endfor %}\" }\n",
	                                         NULL, 0);
	struct nt_delivery *d = delivery(.channel = "sms");
	struct nt_call call;
	const char *why = NULL;

	(void)state;
	assert_false(nt_call_make(provider, d, world.links, RELEASED, &call, &why));
	assert_non_null(why);
	world_drop(d);
	nt_provider_free(provider);
}

/* ---- answers ---- */

static struct nt_delivery_outcome answer(const struct nt_provider *provider, struct nt_delivery *d, long status,
                                         const char *body)
{
	struct nt_delivery_outcome outcome = { 0 };

	nt_call_answer(provider, d, status, body, strlen(body), &outcome);
	return outcome;
}

static void twilios_answers_are_understood(void **state)
{
	static const struct {
		long status;
		const char *body;
		enum nt_send_result result;
		bool hard;
		const char *id;
	} rows[] = {
		{ 201, "{\"sid\":\"SM1\",\"status\":\"queued\"}", NT_SEND_ACCEPTED, false, "SM1" },
		{ 200, "{}", NT_SEND_ACCEPTED, false, NULL },
		{ 201, "no json", NT_SEND_ACCEPTED, false, NULL },
		{ 202, "{}", NT_SEND_REFUSED, false, NULL },
		{ 400, "{\"code\":21211}", NT_SEND_REFUSED, true, NULL },
		{ 400, "{\"code\":\"21614\"}", NT_SEND_REFUSED, true, NULL },
		{ 400, "{\"code\":21606}", NT_SEND_REFUSED, false, NULL },
		{ 400, "[21211]", NT_SEND_REFUSED, false, NULL },
		{ 400, "", NT_SEND_REFUSED, false, NULL },
		{ 404, "{\"code\":21211}", NT_SEND_REFUSED, false, NULL },
		{ 401, "{\"code\":20003}", NT_SEND_TEMPORARY, false, NULL },
		{ 408, "", NT_SEND_TEMPORARY, false, NULL },
		{ 429, "", NT_SEND_TEMPORARY, false, NULL },
		{ 500, "{\"code\":21211}", NT_SEND_TEMPORARY, false, NULL },
		{ 503, "<html>", NT_SEND_TEMPORARY, false, NULL },
		{ 301, "", NT_SEND_REFUSED, false, NULL },
	};
	struct nt_provider *provider = shipped("twilio.yaml", twilio_settings, 3);
	struct nt_delivery *d = delivery(.channel = "sms");

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct nt_delivery_outcome o = answer(provider, d, rows[i].status, rows[i].body);

		if (o.result != rows[i].result || o.hard != rows[i].hard || g_strcmp0(o.remote_id, rows[i].id) != 0)
			fail_msg("%ld %s: %d %d %s", rows[i].status, rows[i].body, o.result, o.hard, o.remote_id);
	}
	world_drop(d);
	nt_provider_free(provider);
}

static void kannels_answers_are_understood(void **state)
{
	struct nt_provider *provider = shipped("kannel.yaml", kannel_settings, 4);
	struct nt_delivery *d = delivery(.channel = "sms");

	(void)state;
	assert_int_equal(answer(provider, d, 202, "0: Accepted for delivery").result, NT_SEND_ACCEPTED);
	assert_int_equal(answer(provider, d, 202, "3: Queued for later delivery").result, NT_SEND_ACCEPTED);
	assert_int_equal(answer(provider, d, 503, "Temporal failure, try again later.").result, NT_SEND_TEMPORARY);
	assert_int_equal(answer(provider, d, 403, "Authorization failed for sendsms").result, NT_SEND_TEMPORARY);
	assert_int_equal(answer(provider, d, 400, "Sender missing and no global set, rejected").result,
	                 NT_SEND_REFUSED);
	world_drop(d);
	nt_provider_free(provider);
}

static void plain_answers_begin_as_told_and_hold_an_id(void **state)
{
	struct nt_provider *provider =
		load_good(REQUEST "success: { status: 200, body_begins: \"OK\" }\nid: { after: \"id=\" }\n", NULL, 0);
	struct nt_delivery *d = delivery(.channel = "sms");
	struct nt_delivery_outcome o = answer(provider, d, 200, "OK id=42 cost=1");
	char *long_id = g_strnfill(5000, 'x'), *long_body = g_strconcat("OK id=", long_id, NULL);

	(void)state;
	assert_int_equal(o.result, NT_SEND_ACCEPTED);
	assert_string_equal(o.remote_id, "42");
	assert_int_equal(answer(provider, d, 200, "ERR: no credit").result, NT_SEND_REFUSED);
	assert_int_equal(answer(provider, d, 200, "O").result, NT_SEND_REFUSED);
	assert_null(answer(provider, d, 200, "OK id= 7").remote_id);
	assert_int_equal(strlen(answer(provider, d, 200, long_body).remote_id), 99);
	o = answer(provider, d, 500, "a\r\nb\xFF\x01 c");
	assert_string_equal(o.detail, "500 a b\xEF\xBF\xBD c");
	g_free(long_body);
	g_free(long_id);
	world_drop(d);
	nt_provider_free(provider);
}

/* ---- webhooks ---- */

static const char *signature(struct nt_arena *arena, const char *secret, const char *id, int64_t timestamp,
                             const char *payload)
{
	GString *body = g_string_new(payload);
	const char *header = nt_webhook_signature(arena, secret, id, timestamp, body);

	g_string_free(body, TRUE);
	assert_true(g_str_has_prefix(header, "webhook-signature: "));
	return header + strlen("webhook-signature: ");
}

static void signatures_are_right(void **state)
{
	struct nt_arena *arena = nt_arena_new();

	(void)state;
	assert_string_equal(signature(arena, "whsec_a2V5LW9mLXR3ZW50eS1mb3VyLWJ5dGVz", "m1", 1700000000, "{\"a\":1}"),
	                    VECTOR_BASE64);
	assert_string_equal(signature(arena, "key-of-twenty-four-bytes", "m1", 1700000000, "{\"a\":1}"), VECTOR_BASE64);
	nt_arena_free(arena);
}

/* $NT_WEBHOOK_VECTORS: the folder of Standard Webhooks' vectors.json. */
static void the_standards_own_vectors_hold(void **state)
{
	const char *folder = g_getenv("NT_WEBHOOK_VECTORS");
	char *path = folder != NULL ? g_build_filename(folder, "vectors.json", NULL) : NULL, *text = NULL;
	struct nt_json_error error;
	const struct nt_json *all;
	struct nt_arena *arena;
	gsize length = 0;

	(void)state;
	if (path == NULL || !g_file_get_contents(path, &text, &length, NULL)) {
		g_free(path);
		skip();
	}
	arena = nt_arena_new();
	all = nt_json_parse(arena, text, length, &error);
	assert_non_null(all);
	for (const struct nt_json *v = all->first; v != NULL; v = v->next)
		assert_string_equal(signature(arena, nt_json_text(v, "secret"), nt_json_text(v, "webhook-id"),
		                              strtoll(nt_json_get(v, "webhook-timestamp")->text, NULL, 10),
		                              nt_json_text(v, "payload")),
		                    nt_json_text(v, "webhook-signature"));
	nt_arena_free(arena);
	g_free(text);
	g_free(path);
}

/* $NT_TWILIO_OPENAPI: Twilio's own description of the API, twilio_api_v2010.json. */
static void twilio_knows_what_we_send(void **state)
{
	static const char *const steps[] = { "paths",   "/2010-04-01/Accounts/{AccountSid}/Messages.json",
		                             "post",    "requestBody",
		                             "content", "application/x-www-form-urlencoded",
		                             "schema",  "properties" };
	const char *path = g_getenv("NT_TWILIO_OPENAPI");
	struct nt_provider *provider;
	struct nt_json_error error;
	const struct nt_json *node;
	struct nt_delivery *d;
	struct nt_call call;
	char *text = NULL, **pairs;
	gsize length = 0;

	(void)state;
	if (path == NULL || !g_file_get_contents(path, &text, &length, NULL))
		skip();
	provider = shipped("twilio.yaml", twilio_settings, 3);
	d = delivery(.channel = "sms");
	call = call_of(provider, d);
	node = nt_json_parse(d->arena, text, length, &error);
	for (unsigned i = 0; i < G_N_ELEMENTS(steps); i++) {
		if (node == NULL)
			fail_msg("the description has no %s", steps[i]);
		node = nt_json_get(node, steps[i]);
	}
	assert_non_null(node);
	pairs = g_strsplit(call.body, "&", -1);
	for (unsigned i = 0; pairs[i] != NULL; i++) {
		*strchr(pairs[i], '=') = '\0';
		assert_non_null(nt_json_get(node, pairs[i]));
	}
	g_strfreev(pairs);
	world_drop(d);
	nt_provider_free(provider);
	g_free(text);
}

/* ---- what comes in ---- */

struct brought {
	const char *(*pairs)[2];
	unsigned n;
	const char *header;
};

static const char *give_header(void *user, const char *name)
{
	const struct brought *brought = user;

	return strcmp(name, "X-Twilio-Signature") == 0 ? brought->header : NULL;
}

static enum nt_inbound_result bring(const struct nt_provider *provider, const char *method, const char *url,
                                    struct brought *brought, struct nt_inbound_message *out)
{
	struct nt_inbound_call call = { .method = method, .url = url,
		                        .parameters = (const char *const (*)[2])brought->pairs,
		                        .n_parameters = brought->n, .header = give_header, .user = brought };

	memset(out, 0, sizeof *out);
	return nt_inbound_read(provider, &call, out);
}

/* The example of Twilio's own documentation. */
static void twilios_signature_is_checked(void **state)
{
	static const char *const settings[][2] = { { "account", "AC" }, { "token", "12345" }, { "from", "+1" } };
	static const char url[] = "https://mycompany.com/myapp.php?foo=1&bar=2";
	const char *pairs[][2] = { { "To", "+18005551212" }, { "Digits", "1234" }, { "From", "+14158675309" },
		                   { "Caller", "+14158675309" }, { "CallSid", "CA1234567890ABCDE" }, { "Body", "" } };
	struct brought brought = { pairs, 5, "RSOYDt4T1cUTdK1PDd93/VVr8B8=" };
	struct nt_provider *provider = shipped("twilio.yaml", settings, 3);
	struct nt_inbound_message message;

	(void)state;
	assert_int_equal(bring(provider, "POST", url, &brought, &message), NT_INBOUND_INCOMPLETE); /* right, no Body */
	assert_int_equal(bring(provider, "GET", url, &brought, &message), NT_INBOUND_METHOD);
	assert_int_equal(bring(provider, "POST", "https://mycompany.com/myapp.php", &brought, &message),
	                 NT_INBOUND_FORGED);
	pairs[2][1] = "+14158675310";
	assert_int_equal(bring(provider, "POST", url, &brought, &message), NT_INBOUND_FORGED);
	pairs[2][1] = "+14158675309";
	brought.n = 6; /* one more parameter, even an empty one: its name is signed, too */
	assert_int_equal(bring(provider, "POST", url, &brought, &message), NT_INBOUND_FORGED);
	brought.n = 5;
	brought.header = "RSOYDt4T1cUTdK1PDd93/VVr8B8";
	assert_int_equal(bring(provider, "POST", url, &brought, &message), NT_INBOUND_FORGED);
	brought.header = NULL;
	assert_int_equal(bring(provider, "POST", url, &brought, &message), NT_INBOUND_FORGED);
	nt_provider_free(provider);
}

static void kannels_key_is_checked(void **state)
{
	static const char *const settings[][2] = { { "url", "http://gw/" }, { "username", "n" }, { "password", "p" },
		                                   { "from", "1" }, { "inbound_key", "0123456789abcdef" } };
	const char *pairs[][2] = { { "key", "0123456789abcdef" }, { "from", "+15550101" }, { "text", "STOP" },
		                   { "id", "7" } };
	struct brought brought = { pairs, 4, NULL };
	struct nt_provider *provider = shipped("kannel.yaml", settings, 5);
	struct nt_inbound_message message;
	GString *said = g_string_new(NULL);

	(void)state;
	assert_int_equal(bring(provider, "GET", "", &brought, &message), NT_INBOUND_OK);
	assert_string_equal(message.from, "+15550101");
	assert_string_equal(message.text, "STOP");
	assert_string_equal(message.id, "7");
	brought.n = 3;
	assert_int_equal(bring(provider, "GET", "", &brought, &message), NT_INBOUND_OK);
	assert_null(message.id);
	pairs[1][1] = "nobody";
	assert_int_equal(bring(provider, "GET", "", &brought, &message), NT_INBOUND_INCOMPLETE);
	pairs[0][1] = "0123456789abcdeF";
	assert_int_equal(bring(provider, "GET", "", &brought, &message), NT_INBOUND_FORGED);
	brought.n = 0;
	assert_int_equal(bring(provider, "GET", "", &brought, &message), NT_INBOUND_FORGED);
	nt_provider_free(provider);
	/* without a key nothing comes in */
	provider = shipped("kannel.yaml", settings, 4);
	assert_int_equal(bring(provider, "GET", "", &brought, &message), NT_INBOUND_OFF);
	nt_provider_free(provider);
	assert_null(load("settings: { k: optional }\n" REQUEST
	                 "inbound: { method: GET, from: f, text: t, key: { parameter: k, setting: k } }\n",
	                 (const char *const[][2]){ { "k", "short" } }, 1, said));
	assert_string_equal(said->str, "error: the gateway's 'k' is too short: give it 16 characters or more\n");
	g_string_free(said, TRUE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(faults_are_named_with_their_place),
		cmocka_unit_test(settings_that_nobody_asked_for_are_named),
		cmocka_unit_test_setup_teardown(twilio_is_called_exactly, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(kannel_is_called_exactly, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(nothing_gets_out_of_its_place, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(a_call_without_end_is_refused, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(twilios_answers_are_understood, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(kannels_answers_are_understood, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(plain_answers_begin_as_told_and_hold_an_id, world_setup,
		                                world_teardown),
		cmocka_unit_test(twilios_signature_is_checked),
		cmocka_unit_test(kannels_key_is_checked),
		cmocka_unit_test(signatures_are_right),
		cmocka_unit_test(the_standards_own_vectors_hold),
		cmocka_unit_test_setup_teardown(twilio_knows_what_we_send, world_setup, world_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
