#include "channel/provider_request.h"

#include "base/arena.h"
#include "base/civil.h"
#include "base/json.h"
#include "base/text.h"
#include "channel/provider_private.h"
#include "channel/render.h"
#include "template/render.h"

#include <sodium.h>
#include <string.h>

#define DETAIL_MOST 160
#define REMOTE_ID_MOST 99

/* The default alphabet of GSM 03.38 with its extension table: 160 characters a text message. One character beyond it,
 * and the whole goes as UCS-2, 70 a message. */
static bool fits_gsm(const char *text)
{
	static const char alphabet[] =
		"\n\r @£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ!\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
		"¿abcdefghijklmnopqrstuvwxyzäöñüà^{}\\[~]|€";

	for (const char *p = text; *p != '\0'; p += g_utf8_skip[(guchar)*p])
		if (g_utf8_strchr(alphabet, -1, g_utf8_get_char(p)) == NULL)
			return false;
	return true;
}

static const char *percent_encoded(struct nt_arena *arena, const char *text)
{
	GString *out = g_string_new(NULL);
	const char *copy;

	nt_escape(out, NT_ESCAPE_URL, text, strlen(text));
	copy = nt_arena_strndup(arena, out->str, out->len);
	g_string_free(out, TRUE);
	return copy;
}

/* What a provider's texts may name: to, to_name, text, alphabet (of the text: gsm or ucs2), html, subject, id, lead,
 * settings. For a URL all but the settings are percent-encoded: a lead can't say where a call goes. */
static struct nt_json *values_of(struct nt_arena *arena, const struct nt_provider *provider,
                                 const struct nt_delivery *delivery, const struct nt_letter *letter, bool for_url)
{
	const char *const pairs[][2] = {
		{ "to", letter->to },
		{ "to_name", letter->to_name },
		{ "text", letter->rendered.text },
		{ "alphabet", letter->rendered.text == NULL ? NULL : fits_gsm(letter->rendered.text) ? "gsm" : "ucs2" },
		{ "html", letter->rendered.html },
		{ "subject", letter->rendered.subject },
		{ "id", delivery->row.message.id },
		{ "lead", delivery->row.message.lead },
		{ "sender_phone", letter->phone },
	};
	struct nt_json *object = nt_arena_new0(arena, struct nt_json), **last = &object->first, *settings;

	object->type = NT_JSON_OBJECT;
	for (unsigned i = 0; i < G_N_ELEMENTS(pairs); i++) {
		struct nt_json *node;

		if (pairs[i][1] == NULL)
			continue;
		node = nt_arena_new0(arena, struct nt_json);
		node->type = NT_JSON_TEXT;
		node->key = pairs[i][0];
		node->text = for_url ? percent_encoded(arena, pairs[i][1]) : pairs[i][1];
		node->length = strlen(node->text);
		*last = node;
		last = &node->next;
		object->n++;
	}
	settings = nt_arena_copy(arena, provider->settings, sizeof *settings);
	settings->next = NULL;
	*last = settings;
	object->n++;
	return object;
}

/* All that a call is made of. `failed`: a text that hit a limit, with why. */
struct making {
	struct nt_arena *arena;
	const struct nt_json *values;
	const char *failed;
};

static const char *render(struct making *making, const struct nt_liquid *program, enum nt_escape context)
{
	struct nt_render_input input = { .context = context, .variables = making->values, .now = NT_NO_TIME };
	struct nt_render_result result;
	GString *out = g_string_new(NULL);
	const char *copy;

	if (!nt_liquid_render(program, making->arena, &input, out, &result))
		making->failed = nt_render_limit_text(result.limit);
	copy = nt_arena_strndup(making->arena, out->str, out->len);
	g_string_free(out, TRUE);
	return copy;
}

/* ---- bodies ---- */

static void put_form(GString *out, const char *text)
{
	char *escaped = g_uri_escape_string(text, NULL, FALSE);

	g_string_append(out, escaped);
	g_free(escaped);
}

static void make_form(struct making *making, const struct nt_provider *provider, GString *out)
{
	for (const struct nt_provider_pair *pair = provider->form; pair != NULL; pair = pair->next) {
		if (out->len > 0)
			g_string_append_c(out, '&');
		put_form(out, pair->name);
		g_string_append_c(out, '=');
		put_form(out, render(making, pair->text, NT_ESCAPE_TEXT));
	}
}

static void make_json(struct making *making, const struct nt_provider_pair *pairs, struct nt_json_writer *w,
                      const char *key)
{
	nt_json_object(w, key);
	for (const struct nt_provider_pair *pair = pairs; pair != NULL; pair = pair->next) {
		if (pair->nested)
			make_json(making, pair->children, w, pair->name);
		else if (pair->literal != NULL)
			nt_json_put_raw(w, pair->name, pair->literal);
		else
			nt_json_put_text(w, pair->name, render(making, pair->text, NT_ESCAPE_TEXT));
	}
	nt_json_end_object(w);
}

static void make_headers(struct making *making, const struct nt_provider *provider, GPtrArray *headers)
{
	for (const struct nt_provider_pair *pair = provider->headers; pair != NULL; pair = pair->next)
		g_ptr_array_add(headers, nt_arena_printf(making->arena, "%s: %s", pair->name,
		                                         render(making, pair->text, NT_ESCAPE_HEADER)));
}

static void finish(struct nt_arena *arena, struct nt_call *call, GPtrArray *headers, GString *body)
{
	g_ptr_array_add(headers, NULL);
	call->headers = nt_arena_copy(arena, headers->pdata, sizeof(char *) * headers->len);
	call->body = nt_arena_strndup(arena, body->str, body->len);
	call->length = body->len;
	g_ptr_array_free(headers, TRUE);
	g_string_free(body, TRUE);
}

static bool make_gateway_call(const struct nt_provider *provider, struct nt_delivery *delivery,
                              const struct nt_letter *letter, struct nt_call *call, const char **why)
{
	struct nt_arena *arena = delivery->arena;
	struct making making = { .arena = arena, .values = values_of(arena, provider, delivery, letter, true) };
	GPtrArray *headers = g_ptr_array_new();
	GString *body = g_string_new(NULL);

	call->method = provider->method;
	call->url = render(&making, provider->url, NT_ESCAPE_HEADER);
	making.values = values_of(arena, provider, delivery, letter, false);
	if (provider->user != NULL)
		call->user = render(&making, provider->user, NT_ESCAPE_TEXT);
	if (provider->password != NULL)
		call->password = render(&making, provider->password, NT_ESCAPE_TEXT);
	make_headers(&making, provider, headers);
	if (provider->json != NULL) {
		struct nt_json_writer w;

		nt_json_begin(&w, body);
		make_json(&making, provider->json, &w, NULL);
		call->content_type = "application/json";
	} else if (provider->form != NULL) {
		make_form(&making, provider, body);
		if (strcmp(call->method, "GET") == 0) {
			call->url = nt_arena_printf(arena, "%s%s%s", call->url,
			                            strchr(call->url, '?') != NULL ? "&" : "?", body->str);
			g_string_truncate(body, 0);
		} else {
			call->content_type = "application/x-www-form-urlencoded";
		}
	}
	finish(arena, call, headers, body);
	*why = making.failed;
	return making.failed == NULL;
}

/* ---- webhooks (Standard Webhooks 1.0.0) ---- */

static void default_body(const struct nt_delivery *delivery, GString *body)
{
	const struct nt_message *m = &delivery->row.message;
	struct nt_json_writer w;
	GString *at = g_string_new(NULL);

	nt_time_print_utc(m->released, at);
	nt_json_begin(&w, body);
	nt_json_object(&w, NULL);
	nt_json_put_text(&w, "type", m->template_name);
	nt_json_put_text(&w, "id", m->id);
	nt_json_put_text(&w, "timestamp", at->str);
	nt_json_put_text(&w, "lead", m->lead);
	nt_json_put_text(&w, "campaign", m->campaign);
	nt_json_put_raw(&w, "data", m->values);
	nt_json_end_object(&w);
	g_string_free(at, TRUE);
}

const char *nt_webhook_signature(struct nt_arena *arena, const char *secret, const char *id, int64_t timestamp,
                                 const GString *body)
{
	unsigned char decoded[256], mac[crypto_auth_hmacsha256_BYTES];
	const unsigned char *key = decoded;
	crypto_auth_hmacsha256_state state;
	char head[128], text[64];
	size_t n = 0;

	/* "whsec_" and base64, as the standard writes secrets; anything else is the key itself. */
	if (!g_str_has_prefix(secret, "whsec_") ||
	    sodium_base642bin(decoded, sizeof decoded, secret + 6, strlen(secret + 6), NULL, &n, NULL,
	                      sodium_base64_VARIANT_ORIGINAL) != 0) {
		key = (const unsigned char *)secret;
		n = strlen(secret);
	}
	g_snprintf(head, sizeof head, "%s.%" G_GINT64_FORMAT ".", id, timestamp);
	crypto_auth_hmacsha256_init(&state, key, n);
	crypto_auth_hmacsha256_update(&state, (const unsigned char *)head, strlen(head));
	crypto_auth_hmacsha256_update(&state, (const unsigned char *)body->str, body->len);
	crypto_auth_hmacsha256_final(&state, mac);
	sodium_memzero(decoded, sizeof decoded);
	sodium_memzero(&state, sizeof state);
	sodium_bin2base64(text, sizeof text, mac, sizeof mac, sodium_base64_VARIANT_ORIGINAL);
	return nt_arena_printf(arena, "webhook-signature: v1,%s", text);
}

static bool make_webhook_call(const struct nt_provider *provider, struct nt_delivery *delivery,
                              const struct nt_links *links, nt_time now, struct nt_call *call, const char **why)
{
	struct nt_arena *arena = delivery->arena;
	const struct nt_message *m = &delivery->row.message;
	GPtrArray *headers = g_ptr_array_new();
	GString *body = g_string_new(NULL);
	struct nt_letter letter;

	/* A template NAME/webhook.json says the body; without one the frozen values go as they are. */
	if (nt_template_set_find(delivery->templates, m->template_name, "webhook", m->locale) == NULL) {
		default_body(delivery, body);
	} else if (nt_letter_render(delivery, links, &letter, why)) {
		g_string_append(body, letter.rendered.json != NULL ? letter.rendered.json : "{}");
	} else {
		g_ptr_array_free(headers, TRUE);
		g_string_free(body, TRUE);
		return false;
	}
	call->method = "POST";
	call->url = provider->fixed_url;
	call->content_type = "application/json";
	for (unsigned i = 0; i < provider->n_fixed_headers; i++)
		g_ptr_array_add(headers, nt_arena_printf(arena, "%s: %s", provider->fixed_headers[i][0],
		                                         provider->fixed_headers[i][1]));
	g_ptr_array_add(headers, nt_arena_printf(arena, "webhook-id: %s", m->id));
	g_ptr_array_add(headers, nt_arena_printf(arena, "webhook-timestamp: %" G_GINT64_FORMAT, now / 1000));
	if (provider->secret != NULL)
		g_ptr_array_add(headers, (gpointer)(guintptr)nt_webhook_signature(arena, provider->secret, m->id,
		                                                                  now / 1000, body));
	g_ptr_array_add(headers, nt_arena_printf(arena, "Idempotency-Key: %s", m->id));
	finish(arena, call, headers, body);
	return true;
}

bool nt_call_make(const struct nt_provider *provider, struct nt_delivery *delivery, const struct nt_links *links,
                  nt_time now, struct nt_call *out, const char **why)
{
	struct nt_letter letter;

	memset(out, 0, sizeof *out);
	if (provider->webhook)
		return make_webhook_call(provider, delivery, links, now, out, why);
	if (!nt_letter_render(delivery, links, &letter, why))
		return false;
	if (letter.n_attachments > 0) {
		*why = "this gateway can't carry attachments: send such mail by smtp";
		return false;
	}
	return make_gateway_call(provider, delivery, &letter, out, why);
}

/* ---- answers ---- */

static bool among(const struct nt_provider_statuses *statuses, long status)
{
	for (unsigned i = 0; i < statuses->n; i++)
		if (status >= statuses->ranges[i].from && status <= statuses->ranges[i].to)
			return true;
	return false;
}

/* A gateway's words, kept short and on one line, whatever it sends: cut where a character ends. */
static const char *one_line(struct nt_arena *arena, const char *text, size_t length, size_t most)
{
	char *valid = g_utf8_make_valid(text, (gssize)MIN(length, most));
	GString *line = g_string_new(NULL);
	const char *copy;

	nt_escape(line, NT_ESCAPE_HEADER, valid, strlen(valid));
	copy = nt_arena_strdup(arena, line->str);
	g_free(valid);
	g_string_free(line, TRUE);
	return copy;
}

/* A field of the answer as text; NULL if it isn't there. */
static const char *field(struct nt_arena *arena, const struct nt_json *answer, const char *name)
{
	const struct nt_json *value =
		answer != NULL && answer->type == NT_JSON_OBJECT && name != NULL ? nt_json_get(answer, name) : NULL;

	if (value == NULL || (value->type != NT_JSON_TEXT && value->type != NT_JSON_NUMBER))
		return NULL;
	return one_line(arena, value->text, value->length, REMOTE_ID_MOST);
}

static bool address_at_fault(struct nt_arena *arena, const struct nt_provider *provider, const struct nt_json *answer,
                             long status)
{
	const char *value = field(arena, answer, provider->hard_json);

	if (provider->hard.n == 0 || !among(&provider->hard, status))
		return false;
	if (provider->hard_json == NULL)
		return true;
	for (const char **in = provider->hard_in; value != NULL && in != NULL && *in != NULL; in++)
		if (strcmp(*in, value) == 0)
			return true;
	return false;
}

/* What stands after `prefix`, up to the next blank or line end. */
static const char *word_after(struct nt_arena *arena, const char *body, size_t length, const char *prefix)
{
	const char *found = memmem(body, length, prefix, strlen(prefix)), *end = body + length, *p;

	if (found == NULL)
		return NULL;
	found += strlen(prefix);
	for (p = found; p < end && (unsigned char)*p > ' '; p++)
		;
	return p > found ? one_line(arena, found, (size_t)(p - found), REMOTE_ID_MOST) : NULL;
}

/* The gateway doesn't know us: no message is to blame, and all of them wait until the password is right again. */
static bool is_ours_to_mend(long status)
{
	return status == 401 || status == 407;
}

static bool begins(const char *body, size_t length, const char *prefix)
{
	return length >= strlen(prefix) && memcmp(body, prefix, strlen(prefix)) == 0;
}

void nt_call_answer(const struct nt_provider *provider, struct nt_delivery *delivery, long status, const char *body,
                    size_t length, struct nt_delivery_outcome *out)
{
	struct nt_arena *arena = delivery->arena;
	struct nt_json_error error;
	const struct nt_json *answer = NULL;

	if (provider->id_json != NULL || provider->hard_json != NULL)
		answer = nt_json_parse(arena, body, length, &error);
	out->detail = g_strchomp(nt_arena_printf(arena, "%ld %s", status, one_line(arena, body, length, DETAIL_MOST)));
	out->remote_id = provider->id_prefix != NULL ? word_after(arena, body, length, provider->id_prefix) :
	                                               field(arena, answer, provider->id_json);
	if (among(&provider->success, status) &&
	    (provider->success_prefix == NULL || begins(body, length, provider->success_prefix)))
		out->result = NT_SEND_ACCEPTED;
	else if (among(&provider->temporary, status) || status >= 500 || is_ours_to_mend(status) || status == 408 ||
	         status == 425 || status == 429)
		out->result = NT_SEND_TEMPORARY;
	else
		out->result = NT_SEND_REFUSED;
	out->hard = out->result == NT_SEND_REFUSED && address_at_fault(arena, provider, answer, status);
}
