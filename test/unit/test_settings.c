/* nurtured.yaml with all that it can hold; secrets and where they are looked for; what counts as a change. Faults:
 * test/bad/config-*. */
#include "main/settings.h"

#include "base/diag.h"

#include "unit.h"

#include <glib/gstdio.h>
#include <string.h>

static char *folder;

static void put(const char *name, const char *text)
{
	char *path = g_build_filename(folder, name, NULL);

	assert_true(g_file_set_contents(path, text, -1, NULL));
	g_free(path);
}

static const char whole[] =
	"rules: rules\ntemplates: /srv/templates\nstore: { path: data/nurtured.db }\nlisten: \"[::1]:8480\"\n"
	"public_url: https://hello.example.org/n\nsocket: /run/x.sock\nproviders: gateways\nbody_limit: 2 "
        "MiB\nrequest_timeout: 5 seconds\n"
	"connections: 50\nstop_within: 0 seconds\n"
	"tokens:\n  shop: { file: token, scopes: [ events, \"leads:read\", \"leads:write\", queue, metrics ] }\n"
	"secrets: { links: [ key, older ] }\n"
	"channels:\n"
	"  email:\n    type: smtp\n    host: relay.example.org\n    port: 587\n    tls: starttls\n    ca_file: "
        "ca.pem\n    auth_user: ann\n"
	"    auth_password_file: password\n    connections: 3\n    messages_per_connection: 7\n    timeout: 20 "
        "seconds\n    hello: us.example.org\n"
	"    bounce_address: bounces@example.org\n    rate: 90 per minute\n"
	"  sms:\n    type: http\n    provider: gw\n    settings: { from: \"15550100\", token_file: token }\n    "
        "connections: 2\n    timeout: 4 seconds\n"
	"  fax: { type: exec, command: [ /bin/true, --quiet, \"\" ], connections: 1, timeout: 2 minutes }\n"
	"  letter: { type: spool, path: out }\n"
	"webhooks:\n  crm: { url: \"http://127.0.0.1:1/x\", secret_file: key, headers: { X-Key: k, X-Token_file: token "
        "}, rate: 5 per second }\n";

static const char gw[] = "name: gw\nsettings: { from: required, token: secret }\nrequest: { url: \"http://gw/\", "
                         "headers: { X-T: \"{{ settings.token }}\" } }\n";

static int start(void **state)
{
	char *gateways;

	(void)state;
	folder = g_dir_make_tmp("nt-settings-XXXXXX", NULL);
	gateways = g_build_filename(folder, "gateways", NULL);
	g_mkdir(gateways, 0700);
	g_free(gateways);
	put("gateways/gw.yaml", gw);
	put("key", "0123456789abcdef0123456789abcdef\n");
	put("older", "fedcba9876543210fedcba9876543210\r\n");
	put("token", "t0123456789abcdef0123456789abcdef  \n");
	put("password", "  pass word\n");
	put("ca.pem", "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n");
	put("nurtured.yaml", whole);
	return 0;
}

static void remove_all(const char *path)
{
	GDir *dir = g_dir_open(path, 0, NULL);
	const char *name;

	while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
		char *inner = g_build_filename(path, name, NULL);

		remove_all(inner);
		g_free(inner);
	}
	if (dir != NULL)
		g_dir_close(dir);
	g_remove(path);
}

static int end(void **state)
{
	(void)state;
	g_unsetenv("CREDENTIALS_DIRECTORY");
	remove_all(folder);
	g_clear_pointer(&folder, g_free);
	return 0;
}

/* *said: the report, without the folder's name; g_free. */
static struct nt_settings *load(char **said)
{
	char *path = g_build_filename(folder, "nurtured.yaml", NULL);
	struct nt_diags *diags = nt_diags_new();
	struct nt_settings *settings = nt_settings_load(path, diags);
	GString *report = g_string_new(NULL);
	char **parts;

	nt_diags_print(diags, report);
	parts = g_strsplit(report->str, folder, -1);
	*said = g_strjoinv("", parts);
	g_strfreev(parts);
	g_string_free(report, TRUE);
	nt_diags_free(diags);
	g_free(path);
	return settings;
}

static struct nt_settings *load_good(void)
{
	char *said;
	struct nt_settings *settings = load(&said);

	if (settings == NULL)
		fail_msg("%s", said);
	assert_string_equal(said, "");
	g_free(said);
	return settings;
}

static void assert_below(const char *path, const char *name)
{
	char *expected = g_build_filename(folder, name, NULL);

	assert_string_equal(path, expected);
	g_free(expected);
}

static void everything_is_read(void **state)
{
	struct nt_settings *s = load_good();

	(void)state;
	assert_below(s->rules, "rules");
	assert_string_equal(s->templates, "/srv/templates");
	assert_below(s->store_path, "data/nurtured.db");
	assert_string_equal(s->listen, "[::1]:8480");
	assert_string_equal(s->public_url, "https://hello.example.org/n");
	assert_string_equal(s->socket, "/run/x.sock");
	assert_int_equal(s->body_limit, 2 << 20);
	assert_int_equal(s->request_timeout_ms, 5000);
	assert_int_equal(s->connections, 50);
	assert_int_equal(s->stop_limit_ms, 0);
	assert_int_equal(s->n_tokens, 1);
	assert_string_equal(s->tokens[0].name, "shop");
	assert_string_equal(s->tokens[0].secret, "t0123456789abcdef0123456789abcdef");
	assert_int_equal(s->tokens[0].scopes, NT_SCOPE_EVENTS | NT_SCOPE_LEADS_READ | NT_SCOPE_LEADS_WRITE |
	                                              NT_SCOPE_QUEUE | NT_SCOPE_METRICS);
	assert_int_equal(s->n_link_keys, 2);
	assert_string_equal(s->link_keys[0], "0123456789abcdef0123456789abcdef");
	assert_string_equal(s->link_keys[1], "fedcba9876543210fedcba9876543210");
	nt_settings_free(s);
}

static void channels_are_read(void **state)
{
	struct nt_settings *s = load_good();
	const struct nt_channel_settings *c = s->channels;

	(void)state;
	assert_int_equal(s->n_channels, 4);
	assert_string_equal(c[0].name, "email");
	assert_string_equal(c[0].smtp.host, "relay.example.org");
	assert_int_equal(c[0].smtp.port, 587);
	assert_int_equal(c[0].smtp.tls, NT_TLS_REQUIRED);
	assert_below(c[0].smtp.ca_file, "ca.pem");
	assert_string_equal(c[0].smtp.user, "ann");
	assert_string_equal(c[0].smtp.password, "  pass word");
	assert_int_equal(c[0].smtp.connections, 3);
	assert_int_equal(c[0].smtp.messages_per_session, 7);
	assert_int_equal(c[0].smtp.timeout_ms, 20000);
	assert_string_equal(c[0].smtp.bounce_address, "bounces@example.org");
	assert_int_equal(c[0].limit.n, 90);
	assert_int_equal(c[0].limit.per, 60000);
	assert_int_equal(c[1].type, NT_CHANNEL_HTTP);
	assert_non_null(c[1].http.provider);
	assert_int_equal(c[1].http.timeout_ms, 4000);
	assert_int_equal(c[1].limit.n, 0);
	assert_string_equal(c[2].exec.argv[0], "/bin/true");
	assert_string_equal(c[2].exec.argv[2], "");
	assert_null(c[2].exec.argv[3]);
	assert_int_equal(c[2].exec.timeout_ms, 120000);
	assert_below(c[3].spool.path, "out");
	assert_int_equal(s->n_webhooks, 1);
	assert_string_equal(s->webhooks[0].name, "crm");
	assert_string_equal(s->webhooks[0].lane, "webhook:crm");
	assert_int_equal(s->webhooks[0].limit.per, 1000);
	assert_string_equal(nt_settings_channel_names(s)[3], "letter");
	assert_null(nt_settings_channel_names(s)[4]);
	assert_string_equal(nt_settings_webhook_names(s)[0], "crm");
	nt_settings_free(s);
	nt_settings_free(NULL);
}

static void little_is_enough(void **state)
{
	struct nt_settings *s;

	(void)state;
	put("nurtured.yaml", "rules: r\nstore: { path: s }\npublic_url: http://x\nsecrets: { links: [ key ] }\n"
	                     "channels: { email: { type: smtp, host: localhost } }\n");
	s = load_good();
	assert_null(s->listen);
	assert_string_equal(s->socket, "/run/nurtured/control.sock");
	assert_int_equal(s->body_limit, 8 << 20);
	assert_int_equal(s->stop_limit_ms, 30000);
	assert_int_equal(s->channels[0].smtp.port, 25);
	assert_int_equal(s->channels[0].smtp.tls, NT_TLS_IF_OFFERED);
	assert_int_equal(s->channels[0].smtp.connections, 8);
	nt_settings_free(s);
}

/* ---- secrets ---- */

static void systemds_credentials_come_first(void **state)
{
	char *credentials = g_build_filename(folder, "gateways", NULL), *absolute;
	struct nt_settings *s;

	(void)state;
	g_setenv("CREDENTIALS_DIRECTORY", credentials, TRUE);
	put("gateways/password", "from systemd\n");
	s = load_good();
	assert_string_equal(s->channels[0].smtp.password, "from systemd");
	assert_string_equal(s->tokens[0].secret, "t0123456789abcdef0123456789abcdef"); /* isn't there: beside the file
	                                                                                */
	nt_settings_free(s);
	/* a path is a path */
	absolute = g_strdup_printf("rules: r\nstore: { path: s }\npublic_url: http://x\nsecrets: { links: [ key ] }\n"
	                           "channels: { email: { type: smtp, host: localhost, auth_user: u, "
	                           "auth_password_file: %s/password } }\n",
	                           folder);
	put("nurtured.yaml", absolute);
	s = load_good();
	assert_string_equal(s->channels[0].smtp.password, "  pass word");
	nt_settings_free(s);
	g_free(absolute);
	g_free(credentials);
}

static void a_missing_secret_is_named_with_its_place(void **state)
{
	char *said, *path = g_build_filename(folder, "password", NULL);

	(void)state;
	g_remove(path);
	assert_null(load(&said));
	assert_true(g_str_has_prefix(said, "/nurtured.yaml:23:25: error: this secret can't be read: Failed to open "
	                                   "file “/password”: No such file or directory\n"
	                                   "   23 |     auth_password_file: password\n"));
	g_free(said);
	g_free(path);
}

static void a_secret_is_never_shown(void **state)
{
	char *said;

	(void)state;
	put("token", "too-short-to-be-safe");
	assert_null(load(&said));
	assert_null(strstr(said, "too-short"));
	assert_non_null(strstr(said, "this token is too short to be safe"));
	g_free(said);
}

/* ---- what is a change ---- */

static void the_fingerprint_sees_all_that_was_read(void **state)
{
	static const char *const changes[][2] = {
		{ "key", "another0123456789abcdef0123456789abcdef" },
		{ "token", "u0123456789abcdef0123456789abcdef" },
		{ "password", "new" },
		{ "ca.pem", "-----BEGIN CERTIFICATE-----\ny\n-----END CERTIFICATE-----\n" },
		{ "gateways/gw.yaml",
		  "name: gw\nsettings: { from: required, token: secret }\nrequest: { url: \"http://gw2/\" }\n" },
	};
	struct nt_settings *before = load_good(), *same = load_good();

	(void)state;
	assert_string_equal(before->fingerprint, same->fingerprint);
	nt_settings_free(same);
	for (unsigned i = 0; i < G_N_ELEMENTS(changes); i++) {
		struct nt_settings *after;

		put(changes[i][0], changes[i][1]);
		after = load_good();
		assert_string_not_equal(before->fingerprint, after->fingerprint);
		nt_settings_free(before);
		before = after;
	}
	nt_settings_free(before);
}

static void faults_of_a_gateway_are_told_at_its_own_place(void **state)
{
	char *said;

	(void)state;
	put("gateways/gw.yaml",
	    "name: gw\nsettings: { from: required, token: secret }\nrequest: { ulr: \"http://gw/\" }\n");
	assert_null(load(&said));
	assert_true(g_str_has_prefix(said, "/gateways/gw.yaml:3:"));
	assert_non_null(strstr(said, "unknown key 'ulr' in request (did you mean 'url'?)"));
	g_free(said);
}

static void all_faults_come_in_one_run(void **state)
{
	char *said;

	(void)state;
	put("nurtured.yaml",
	    "rules: r\nstore: { path: s }\npublic_url: ftp://x\nlisten: x\nsecrets: { links: [ nowhere ] }\n"
	    "channels: { Email: { type: smtp, host: localhost, port: 0 }, fax: { type: telex } }\nwebhooks: { a b: { "
	    "url: x } }\n");
	assert_null(load(&said));
	assert_non_null(strstr(said, ":3:13: error: 'public_url' begins with https://"));
	assert_non_null(strstr(said, ":4:9: error: 'listen' is an address and a port"));
	assert_non_null(strstr(said, ":5:21: error: this secret can't be read"));
	assert_non_null(strstr(said, ":6:13: error: a channel's name is lower-case letters"));
	assert_non_null(strstr(said, "error: 'port' must be a whole number from 1 to 65535"));
	assert_non_null(strstr(said, "error: channel 'fax' needs a type: smtp, http, exec or spool"));
	assert_non_null(strstr(said, ":7:25: error: a webhook's URL begins with https:// or http://"));
	g_free(said);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(everything_is_read, start, end),
		cmocka_unit_test_setup_teardown(channels_are_read, start, end),
		cmocka_unit_test_setup_teardown(little_is_enough, start, end),
		cmocka_unit_test_setup_teardown(systemds_credentials_come_first, start, end),
		cmocka_unit_test_setup_teardown(a_missing_secret_is_named_with_its_place, start, end),
		cmocka_unit_test_setup_teardown(a_secret_is_never_shown, start, end),
		cmocka_unit_test_setup_teardown(the_fingerprint_sees_all_that_was_read, start, end),
		cmocka_unit_test_setup_teardown(faults_of_a_gateway_are_told_at_its_own_place, start, end),
		cmocka_unit_test_setup_teardown(all_faults_come_in_one_run, start, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
