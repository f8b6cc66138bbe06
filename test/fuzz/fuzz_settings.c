/* nurtured.yaml, in a folder with secrets, a certificate and two gateways. Refused with a place in it, or settings
 * within their bounds. What leads out of the folder isn't tried: the machine's own files are no matter of chance.
 * covers: daemon/main/settings.c daemon/main/settings_channels.c daemon/main/settings_table.c */
#include "fuzz.h"

#include "base/bug.h"
#include "base/diag.h"
#include "main/settings.h"

#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

static char *folder;

static const char *const files[][2] = {
	{ "key", "0123456789abcdef0123456789abcdef\n" }, { "older", "fedcba9876543210fedcba9876543210\n" },
	{ "short", "s\n" }, { "empty", "" },
	{ "ca.pem", "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n" },
	{ "gw.yaml", "name: gw\nsettings: { from: required, token: secret }\n"
	             "request: { url: \"http://gw/\", headers: { X-T: \"{{ settings.token }}\" } }\n" },
	{ "in.yaml", "name: in\nsettings: { key: secret }\nrequest: { url: \"http://gw/\" }\n"
	             "inbound: { from: f, text: t, id: i, key: { parameter: key, setting: key } }\n" },
	{ "nurtured.yaml", "" },
};

static void clear(void)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(files); i++) {
		char *path = g_build_filename(folder, files[i][0], NULL);

		g_remove(path);
		g_free(path);
	}
	g_rmdir(folder);
	g_free(folder);
}

static void put(const char *name, const char *text, size_t length)
{
	char *path = g_build_filename(folder, name, NULL);
	FILE *file = g_fopen(path, "w");

	NT_CHECK(file != NULL && fwrite(text, 1, length, file) == length && fclose(file) == 0);
	g_free(path);
}

static bool leads_out(const char *text, size_t size)
{
	static const char *const ways[] = { "..", "/dev", "/proc", "/sys", "\\" };

	for (unsigned i = 0; i < G_N_ELEMENTS(ways); i++)
		if (memmem(text, size, ways[i], strlen(ways[i])) != NULL)
			return true;
	return false;
}

static void check(const struct nt_settings *settings)
{
	NT_CHECK(settings->rules != NULL && settings->public_url != NULL && settings->store_path != NULL);
	NT_CHECK(settings->n_link_keys > 0 && strlen(settings->fingerprint) == 64);
	NT_CHECK(settings->body_limit >= 1024 && settings->connections >= 10);
	for (unsigned i = 0; i < settings->n_link_keys; i++)
		NT_CHECK(strlen(settings->link_keys[i]) >= 32);
	for (unsigned i = 0; i < settings->n_channels; i++)
		NT_CHECK(settings->channels[i].type != NT_CHANNEL_HTTP || settings->channels[i].http.provider != NULL);
	for (unsigned i = 0; i < settings->n_webhooks; i++)
		NT_CHECK(g_str_has_prefix(settings->webhooks[i].lane, "webhook:"));
	NT_CHECK(g_strv_length((char **)(uintptr_t)nt_settings_channel_names(settings)) == settings->n_channels);
	NT_CHECK(g_strv_length((char **)(uintptr_t)nt_settings_webhook_names(settings)) == settings->n_webhooks);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nt_diags *diags;
	struct nt_settings *settings;
	GString *said;
	char *path;

	if (leads_out((const char *)data, size))
		return 0;
	if (folder == NULL) {
		folder = g_dir_make_tmp("nt-fuzz-XXXXXX", NULL);
		NT_CHECK(folder != NULL);
		for (unsigned i = 0; i < G_N_ELEMENTS(files); i++)
			put(files[i][0], files[i][1], strlen(files[i][1]));
		atexit(clear);
	}
	put("nurtured.yaml", (const char *)data, size);
	diags = nt_diags_new();
	said = g_string_new(NULL);
	path = g_build_filename(folder, "nurtured.yaml", NULL);
	settings = nt_settings_load(path, diags);
	NT_CHECK((settings == NULL) == (nt_diags_errors(diags) > 0));
	if (settings != NULL)
		check(settings);
	nt_diags_print(diags, said);
	nt_settings_free(settings);
	g_string_free(said, TRUE);
	nt_diags_free(diags);
	g_free(path);
	return 0;
}
