/* A gateway's definition, and after a line "====" its answer: three digits of status, then the body.
 * covers: daemon/channel/provider.c daemon/channel/provider_request.c */
#include "fuzz.h"

#include "base/arena.h"
#include "base/bug.h"
#include "base/diag.h"
#include "channel/provider.h"
#include "channel/provider_private.h"
#include "channel/provider_request.h"

#include <string.h>

static const char separator[] = "\n====\n";
static const char *const settings[][2] = {
	{ "account", "a" }, { "token", "t" }, { "url", "http://gw/" }, { "from", "1" }
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
	if (provider != NULL && cut != NULL)
		hear(provider, cut + sizeof separator - 1, size - length - (sizeof separator - 1));
	g_string_free(said, TRUE);
	nt_provider_free(provider);
	nt_diags_free(diags);
	return 0;
}
