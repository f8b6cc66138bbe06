/* What the API says of requests that it can't use: the status, the field, and the words. */
#include "api_world.h"

/* In a target or a body: ~N~ is N times 'a', #N# is N members "k0":1,"k1":1 … */
static char *unfold(const char *text)
{
	GString *out = g_string_new(NULL);
	char *end;

	for (; *text != '\0'; text++) {
		if ((*text != '~' && *text != '#') || !g_ascii_isdigit(text[1])) {
			g_string_append_c(out, *text);
			continue;
		}
		unsigned long n = strtoul(text + 1, &end, 10);

		for (unsigned long i = 0; i < n; i++)
			if (*text == '~')
				g_string_append_c(out, 'a');
			else
				g_string_append_printf(out, "%s\"k%lu\":1", i > 0 ? "," : "", i);
		text = end;
	}
	return g_string_free(out, FALSE);
}

struct refusal {
	const char *method, *path, *body;
	long status;
	const char *field, *message; /* field NULL: none */
};

#define EVENT(more) "{\"lead\":\"ann\",\"event\":\"order.placed\"," more "}"
#define EVENTS(more, field, message) { "POST", "/v1/events", (more), 400, (field), (message) }
#define LEAD(more, field, message) { "PUT", "/v1/leads/ann", (more), 400, (field), (message) }

static const struct refusal of_events[] = {
	EVENTS("{\"event\":\"order.placed\"}", "lead", "lead: is missing"),
	EVENTS("{\"lead\":7,\"event\":\"order.placed\"}", "lead", "lead: is missing"),
	EVENTS("{\"lead\":\" ann\",\"event\":\"order.placed\"}", "lead",
	       "lead: an id is 1 to 128 bytes of UTF-8 without control characters and without blanks at its ends"),
	EVENTS("{\"lead\":\"ann\"}", "event", "event: is missing"),
	EVENTS("{\"lead\":\"ann\",\"event\":7}", "event", "event: must be a name such as \\\"order.placed\\\""),
	EVENTS("{\"lead\":\"ann\",\"event\":\"~129~\"}", "event", "event: is longer than 128 bytes"),
	EVENTS("{\"lead\":\"ann\",\"event\":\"a\\tb\"}", "event", "event: has control characters"),
	EVENTS("{\"lead\":\"ann\",\"event\":\"email.sent\"}", "event",
	       "event: 'email.sent' is told by nurtured itself"),
	EVENTS(EVENT("\"id\":7"), "id", "id: must be text"),
	EVENTS(EVENT("\"id\":\"\""), "id", "id: is missing"),
	EVENTS(EVENT("\"id\":\"~129~\""), "id", "id: is longer than 128 bytes"),
	EVENTS(EVENT("\"at\":7"), "at", "at: must be a time such as 2026-12-01T09:00:00Z"),
	EVENTS(EVENT("\"at\":\"2026-03-02T10:05:01Z\""), "at", "at: is more than 5 minutes in the future"),
	EVENTS(EVENT("\"propertys\":{}"), "propertys", "propertys: unknown key (did you mean 'properties'?)"),
	EVENTS(EVENT("\"colour\":1"), "colour",
	       "colour: unknown key; an event has id, lead, event, at, properties, consent"),
	EVENTS(EVENT("\"properties\":7"), "properties", "properties: must be an object"),
	EVENTS(EVENT("\"properties\":{#65#}"), "properties", "properties: more than 64"),
	EVENTS(EVENT("\"properties\":{\"~129~\":1}"), "properties", "properties: is longer than 128 bytes"),
	EVENTS(EVENT("\"properties\":{\"note\":\"~4097~\"}"), "properties.note",
	       "properties.note: is longer than 4096 bytes"),
	EVENTS(EVENT("\"properties\":{\"other\":\"~4097~\"}"), "properties.other",
	       "properties.other: is longer than 4096 bytes"),
	EVENTS(EVENT("\"properties\":{\"other\":[\"~4097~\"]}"), "properties.other",
	       "properties.other: is longer than 4096 bytes"),
	EVENTS(EVENT("\"properties\":{\"amount\":true}"), "properties.amount",
	       "properties.amount: must be a number such as 12.5"),
	EVENTS(EVENT("\"consent\":true"), "consent", "consent: must be an object such as {\\\"sms\\\": true}"),
	EVENTS(EVENT("\"consent\":{\"pigeon\":true}"), "consent.pigeon", "consent.pigeon: there is no such channel"),
	EVENTS(EVENT("\"consent\":{\"email\":\"yes\"}"), "consent.email", "consent.email: must be true or false"),
	EVENTS("[7]", NULL, "an item must be a JSON object"),
	{ "POST", "/v1/outcomes", "{\"outcome\":\"opened\"}", 400, "message", "message: is missing" },
	{ "POST", "/v1/outcomes", "{\"message\":\"m\",\"outcome\":\"eaten\"}", 400, "outcome",
	  "outcome: must be one of delivered, opened, clicked, replied, bounced, failed, complained, unsubscribed" },
	{ "POST", "/v1/outcomes", "{\"message\":\"m\",\"outcome\":\"opened\",\"when\":1}", 400, "when",
	  "there may be message, outcome and detail" },
	{ "POST", "/v1/outcomes", "{\"message\":\"m\",\"outcome\":\"failed\",\"detail\":\"~1001~\"}", 400, "detail",
	  "detail: is longer than 1000 bytes" },
	{ "POST", "/v1/outcomes", "{\"message\":\"m\",\"outcome\":\"opened\"}", 400, "message",
	  "there is no such message" },
};

static const struct refusal of_leads[] = {
	LEAD("7", NULL, "the body must be one JSON object"),
	LEAD("{}{}", NULL, NULL),
	LEAD("{#257#}", NULL, "more than 256 fields"),
	LEAD("{\"~129~\":1}", "fields", "fields: is longer than 128 bytes"),
	LEAD("{\"id\":\"bob\"}", "id", "id: a lead's id can't be changed"),
	LEAD("{\"seats\":\"many\"}", "seats", "seats: must be a number such as 12.5"),
	LEAD("{\"plan\":\"middling\"}", "plan", "plan: must be one of small, big"),
	LEAD("{\"city\":\"~4097~\"}", "city", "city: is longer than 4096 bytes"),
	LEAD("{\"other\":\"~4097~\"}", "other", "other: is longer than 4096 bytes"),
	LEAD("{\"tags\":7}", "tags", NULL),
	LEAD("{\"time_zone\":\"Mars/Olympus\"}", "time_zone", "time_zone: there is no time zone 'Mars/Olympus'"),
	LEAD("{\"consent\":7}", "consent", "consent: must be an object such as {\\\"sms\\\": true}"),
	{ "PUT", "/v1/leads/~129~", "{}", 400, "id",
	  "id: is 1 to 128 bytes of UTF-8 without control characters and without blanks at its ends" },
	{ "GET", "/v1/leads/nobody", NULL, 404, "id", "there is no lead 'nobody'" },
	{ "DELETE", "/v1/leads/nobody", NULL, 404, "lead", "there is no lead 'nobody'" },
	{ "GET", "/v1/leads/~129~/timeline", NULL, 404, "id", "there is no such lead" },
	{ "GET", "/v1/leads/ann/timeline?limit=0", NULL, 400, "limit", "limit: must be a number from 1 to 1000" },
	{ "GET", "/v1/leads/ann/timeline?before=x", NULL, 400, "before",
	  "before: must be the `next` of an earlier answer" },
	{ "POST", "/v1/leads/ann/consent", "{}", 400, "given", "given: must be true or false" },
	{ "POST", "/v1/leads/ann/consent", "{\"given\":true,\"chanel\":\"sms\"}", 400, "chanel",
	  "chanel: unknown key; there may be channel, given, how, from" },
	{ "POST", "/v1/leads/ann/consent", "{\"given\":true,\"channel\":7}", 400, "channel", "channel: must be text" },
	{ "POST", "/v1/leads/ann/consent", "{\"given\":true,\"channel\":\"pigeon\"}", 400, "channel",
	  "channel: there is no channel 'pigeon'" },
	{ "POST", "/v1/leads/ann/consent", "{\"given\":true,\"how\":\"~201~\"}", 400, "how",
	  "how: at most 200 bytes, and from: at most 1000" },
	{ "POST", "/v1/leads/ann/campaigns/goodbye", NULL, 400, "campaign",
	  "campaign: there is no campaign 'goodbye'" },
};

static const struct refusal of_the_rest[] = {
	{ "GET", "/v1/outbox", NULL, 400, "state",
	  "state: must be one of released, handed, accepted, refused, cancelled, in_doubt" },
	{ "GET", "/v1/outbox?state=accepted&limit=1001", NULL, 400, "limit", "limit: must be a number from 1 to 1000" },
	{ "POST", "/v1/suppressions", "{\"channel\":\"email\"}", 400, "address", "address: is missing" },
	{ "POST", "/v1/suppressions", "{\"channel\":\"email\",\"address\":\"~513~\"}", 400, "address",
	  "address: is longer than 512 bytes" },
	{ "POST", "/v1/suppressions", "{\"channel\":\"pigeon\",\"address\":\"a@example.org\"}", 400, "channel",
	  "channel: there is no channel 'pigeon'" },
	{ "DELETE", "/v1/suppressions?channel=email", NULL, 400, "address", "address: is missing" },
	{ "POST", "/v1/queue/7/accept", "{\"rep\":7}", 400, "rep", "rep: must be text" },
	{ "POST", "/v1/queue/x/accept", "{\"rep\":\"anna\"}", 404, NULL, NULL },
	{ "GET", "/v1/nothing", NULL, 404, NULL, "there is nothing here" },
	{ "PUT", "/v1/events", "{}", 405, NULL, "this can't be done here; what can: POST, OPTIONS" },
	{ "POST", "/v1/outbox/m/retry", NULL, 403, NULL, "this token may not do this: it lacks the scope admin" },
};

static bool as_said(const struct refusal *r)
{
	char *path = unfold(r->path), *body = r->body != NULL ? unfold(r->body) : NULL;
	struct reply *reply = ask(.method = r->method, .path = path, .token = "shop",
	                          .type = body != NULL ? "application/json" : NULL, .body = body);
	char *wanted = r->field != NULL ? g_strdup_printf("{\"error\":{\"field\":\"%s\",\"message\":\"%s", r->field,
	                                                  r->message != NULL ? r->message : "") :
	                                  g_strdup_printf("{\"error\":{\"field\":null,\"message\":\"%s",
	                                                  r->message != NULL ? r->message : "");

	bool fine = reply->status == r->status && g_str_has_prefix(reply->body->str, wanted) &&
		(r->message == NULL || reply->body->str[strlen(wanted)] == '"');

	if (!fine)
		print_error("%s %s %.200s\nwanted: %ld %s\ngot:    %ld %.500s\n", r->method, r->path,
		            r->body != NULL ? r->body : "", r->status, wanted, reply->status, reply->body->str);
	g_free(wanted);
	g_free(body);
	g_free(path);
	return fine;
}

static void check_all(const struct refusal *all, size_t n)
{
	unsigned wrong = 0;

	assert_status(ask(.method = "PUT", .path = "/v1/leads/ann", .token = "shop", .type = "application/json",
	                  .body = "{\"city\":\"Ulm\"}"), 200);
	for (size_t i = 0; i < n; i++)
		wrong += !as_said(&all[i]);
	assert_int_equal(wrong, 0);
	assert_has(get("/v1/leads/ann")->body->str, "\"city\":\"Ulm\""); /* and nothing of it has been done */
	assert_has_not(get("/v1/leads/ann")->body->str, "order.placed");
}

static void events_and_outcomes(void **state)
{
	(void)state;
	check_all(of_events, G_N_ELEMENTS(of_events));
}

static void leads(void **state)
{
	(void)state;
	check_all(of_leads, G_N_ELEMENTS(of_leads));
}

static void all_else(void **state)
{
	(void)state;
	check_all(of_the_rest, G_N_ELEMENTS(of_the_rest));
}

/* What no rule declares is kept up to a limit, over several requests. */
static void undeclared_fields_have_an_end(void **state)
{
	char *fields = unfold("{#256#}");
	struct reply *reply = ask(.method = "PATCH", .path = "/v1/leads/ann", .token = "shop",
	                          .type = "application/json", .body = fields);

	(void)state;
	g_free(fields);
	assert_status(reply, 200);
	reply = ask(.method = "PATCH", .path = "/v1/leads/ann", .token = "shop", .type = "application/json",
	            .body = "{\"k1\":2}");
	assert_status(reply, 200);
	reply = ask(.method = "PATCH", .path = "/v1/leads/ann", .token = "shop", .type = "application/json",
	            .body = "{\"k256\":2}");
	assert_status(reply, 400);
	assert_has(reply->body->str, "k256: the lead has 256 fields already that no rule declares");
}

static void a_daemon_without_them_cannot(void **state)
{
	struct reply *reply = ask(.method = "POST", .path = "/control/reload", .control = true);

	(void)state;
	assert_status(reply, 501);
	assert_has(reply->body->str, "this daemon can't ");
}

static int start(void **state)
{
	(void)state;
	world_start();
	return 0;
}

static int end(void **state)
{
	(void)state;
	world_end();
	return 0;
}

#define api_test(name) cmocka_unit_test_setup_teardown(name, start, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		api_test(events_and_outcomes),
		api_test(leads),
		api_test(all_else),
		api_test(undeclared_fields_have_an_end),
		api_test(a_daemon_without_them_cannot),
	};

	curl_global_init(CURL_GLOBAL_DEFAULT);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
