/* The API as programs see it: events, leads, the queue, who may do what. What goes wrong on the wire is
 * test_api_wire.c's. */
#include "api_world.h"

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

/* ---- events ---- */

static void one_event_is_stored(void **state)
{
	struct reply *r = post_json("/v1/events", "{\"id\":\"e1\",\"lead\":\"ann\",\"event\":\"page.viewed\"}");

	(void)state;
	assert_status(r, 200);
	assert_string_equal(r->body->str, "{\"stored\":1,\"duplicate\":0,\"invalid\":0,\"failed\":0,"
	                                  "\"results\":[{\"id\":\"e1\",\"status\":\"stored\"}]}\n");
	assert_has(r->head->str, "application/json");
	r = get("/v1/leads/ann");
	assert_status(r, 200);
	assert_has(r->body->str, "\"score\":15");
}

static void a_repeated_id_is_success_and_does_nothing(void **state)
{
	struct reply *r;

	(void)state;
	for (int i = 0; i < 2; i++)
		r = post_json("/v1/events", "{\"id\":\"e1\",\"lead\":\"ann\",\"event\":\"page.viewed\"}");
	assert_status(r, 200);
	assert_has(r->body->str, "\"stored\":0,\"duplicate\":1");
	assert_has(r->body->str, "{\"id\":\"e1\",\"status\":\"duplicate\"}");
	/* ids are the source's own */
	r = ask(.method = "POST", .path = "/v1/events", .token = "site", .type = "application/json",
	        .body = "{\"id\":\"e1\",\"lead\":\"ann\",\"event\":\"page.viewed\"}");
	assert_has(r->body->str, "\"stored\":1");
	assert_has(get("/v1/leads/ann")->body->str, "\"score\":30");
}

static void a_batch_is_answered_in_its_order(void **state)
{
	const char *lines =
		"{\"id\":\"1\",\"lead\":\"ann\",\"event\":\"page.viewed\"}\n"
		"{\"id\":\"2\",\"lead\":\"bob\",\"event\":\"order.placed\",\"properties\":{\"amount\":\"much\"}}\n"
		"\n"
		"{\"id\":\"3\",\"lead\":\"bob\"\n"
		"{\"id\":\"1\",\"lead\":\"ann\",\"event\":\"page.viewed\"}\r\n"
		"7\n"
		"{\"id\":\"5\",\"lead\":\"cem\",\"event\":\"page.viewed\",\"colour\":1}\n"
		"{\"id\":\"6\",\"lead\":\"cem\",\"event\":\"page.viewed\"}";
	struct reply *r = ask(.method = "POST", .path = "/v1/events", .token = "shop", .type = "application/x-ndjson",
	                      .body = lines);
	static const char *const order[] = {
		"{\"id\":\"1\",\"status\":\"stored\"}",
		"{\"id\":\"2\",\"status\":\"invalid\",\"field\":\"properties.amount\"",
		"\"message\":\"line 4, column 23: it ends too early\"",
		"{\"id\":\"1\",\"status\":\"duplicate\"}",
		"\"message\":\"an item must be a JSON object\"",
		"{\"id\":\"5\",\"status\":\"invalid\",\"field\":\"colour\"",
		"{\"id\":\"6\",\"status\":\"stored\"}",
	};
	const char *at;

	(void)state;
	assert_status(r, 200);
	assert_has(r->body->str, "{\"stored\":2,\"duplicate\":1,\"invalid\":4,\"failed\":0,");
	at = r->body->str;
	for (unsigned i = 0; i < G_N_ELEMENTS(order); i++) {
		assert_has(at, order[i]);
		at = strstr(at, order[i]);
	}
}

static void an_array_is_a_batch_and_lines_are_seen(void **state)
{
	struct reply *r = post_json("/v1/events", "[{\"lead\":\"ann\",\"event\":\"page.viewed\"},{\"lead\":\"ann\"}]");

	(void)state;
	assert_status(r, 200);
	assert_has(r->body->str, "\"stored\":1,\"duplicate\":0,\"invalid\":1");
	assert_has(r->body->str, "\"field\":\"event\"");
	r = post_json("/v1/events",
	              "{\"lead\":\"a\",\"event\":\"page.viewed\"}\n{\"lead\":\"b\",\"event\":\"page.viewed\"}\n");
	assert_has(r->body->str, "\"stored\":2");
	r = post_json("/v1/events", "[]");
	assert_status(r, 200);
	assert_has(r->body->str, "\"results\":[]");
}

static void nothing_usable_is_an_error(void **state)
{
	struct reply *r = post_json("/v1/events",
	                            "{\"lead\":\"ann\",\"event\":\"order.placed\",\"properties\":{\"amount\":true}}");

	(void)state;
	assert_status(r, 400);
	assert_has(r->body->str, "{\"error\":{\"field\":\"properties.amount\",\"message\":\"properties.amount: ");
	r = post_json("/v1/events", "{\"event\":\"page.viewed\"}");
	assert_status(r, 400);
	assert_has(r->body->str, "\"field\":\"lead\"");
	r = post_json("/v1/events", "{\n  \"lead\": \"ann\",\n  \"event\": nope\n}");
	assert_status(r, 400);
	assert_has(r->body->str, "\"line\":3,\"column\":");
	assert_has(r->body->str, "\"offset\":");
	r = post_json("/v1/events", "   ");
	assert_status(r, 400);
	assert_has(r->body->str, "there is nothing in it");
	r = ask(.method = "POST", .path = "/v1/events", .token = "shop", .type = "application/json",
	        .body = "{\"lead\":\"a\xff\"}", .length = 12);
	assert_status(r, 400);
	assert_has(r->body->str, "not valid UTF-8");
	assert_has(r->body->str, "\"offset\":10");
}

/* Read aside, and answered the same. */
static void a_large_body_is_a_batch_like_any_other(void **state)
{
	GString *lines = g_string_new(NULL);
	struct reply *r;

	(void)state;
	for (int i = 0; i < 3000; i++)
		g_string_append_printf(lines, "{\"id\":\"n%d\",\"lead\":\"lead-%d\",\"event\":\"page.viewed\","
		                       "\"properties\":{\"page\":\"%0100d\"}}\n", i, i % 10, i);
	assert_true(lines->len > 300 * 1024);
	g_string_append(lines, "nothing\n");
	r = ask(.method = "POST", .path = "/v1/events", .token = "shop", .type = "application/x-ndjson",
	        .body = lines->str);
	assert_status(r, 200);
	assert_has(r->body->str, "{\"stored\":3000,\"duplicate\":0,\"invalid\":1,");
	assert_has(r->body->str, "line 3001, column ");
	r = post_json("/v1/events", lines->str + 5);
	assert_status(r, 400);
	assert_has(r->body->str, "\"line\":1,\"column\":");
	g_string_free(lines, TRUE);
}

static void thousands_at_once(void **state)
{
	GString *lines = g_string_new(NULL);
	struct reply *r;

	(void)state;
	for (int i = 0; i < 2500; i++)
		g_string_append_printf(lines, "{\"id\":\"n%d\",\"lead\":\"lead-%d\",\"event\":\"page.viewed\"}\n", i,
		                       i % 100);
	r = ask(.method = "POST", .path = "/v1/events", .token = "shop", .type = "application/x-ndjson",
	        .body = lines->str);
	assert_status(r, 200);
	assert_has(r->body->str, "{\"stored\":2500,\"duplicate\":0,");
	assert_has(get("/v1/leads/lead-7")->body->str, "\"score\":375");
	g_string_truncate(lines, 0);
	for (int i = 0; i < 10001; i++)
		g_string_append(lines, "{}\n");
	r = ask(.method = "POST", .path = "/v1/events", .token = "shop", .type = "application/x-ndjson",
	        .body = lines->str);
	assert_status(r, 413);
	assert_has(r->body->str, "more than 10000 items");
	g_string_free(lines, TRUE);
}

static void what_cannot_be_kept_is_not_answered_as_kept(void **state)
{
	struct reply *r;

	(void)state;
	world_set(&world.fail_commits, true);
	r = post_json("/v1/events", "{\"id\":\"e1\",\"lead\":\"ann\",\"event\":\"page.viewed\"}");
	assert_status(r, 503);
	assert_has(r->head->str, "Retry-After: ");
	assert_has(r->body->str, "\"status\":\"failed\"");
	r = ask(.method = "PATCH", .path = "/v1/leads/ann", .token = "shop", .body = "{\"seats\":1}");
	assert_status(r, 503);
	r = ask(.method = "GET", .path = "/healthz");
	assert_status(r, 503);
	assert_has(r->body->str, "\"status\":\"trouble\"");
	world_set(&world.fail_commits, false);
	r = post_json("/v1/events", "{\"id\":\"e1\",\"lead\":\"ann\",\"event\":\"page.viewed\"}");
	assert_has(r->body->str, "\"stored\":1");
	assert_status(ask(.method = "GET", .path = "/healthz"), 200);
}

/* ---- leads ---- */

static void a_lead_is_put_patched_and_erased(void **state)
{
	struct reply *r = ask(.method = "PUT", .path = "/v1/leads/ann%40example.org%2F1", .token = "shop",
	                      .type = "application/json",
	                      .body = "{\"email\":\"ann@example.org\",\"first_name\":\"Ann\",\"seats\":5}");

	(void)state;
	assert_status(r, 200);
	assert_string_equal(r->body->str, "{\"id\":\"ann@example.org/1\",\"status\":\"stored\"}\n");
	r = ask(.method = "PATCH", .path = "/v1/leads/ann%40example.org%2F1", .token = "shop",
	        .body = "{\"seats\":7,\"first_name\":null}");
	assert_status(r, 200);
	r = get("/v1/leads/ann%40example.org%2F1");
	assert_has(r->body->str, "\"seats\":7");
	assert_has_not(r->body->str, "Ann");
	r = ask(.method = "PATCH", .path = "/v1/leads/ann%40example.org%2F1", .token = "shop",
	        .body = "{\"plan\":\"huge\"}");
	assert_status(r, 400);
	assert_has(r->body->str, "{\"error\":{\"field\":\"plan\",\"message\":\"plan: must be one of small, big\"}}");
	assert_status(ask(.method = "DELETE", .path = "/v1/leads/ann%40example.org%2F1", .token = "shop"), 200);
	assert_status(get("/v1/leads/ann%40example.org%2F1"), 404);
	assert_status(ask(.method = "DELETE", .path = "/v1/leads/ann%40example.org%2F1", .token = "shop"), 404);
}

static void ids_are_read_strictly(void **state)
{
	(void)state;
	assert_status(get("/v1/leads/%zz"), 400);
	assert_status(get("/v1/leads/a%00b"), 400);
	assert_status(get("/v1/leads/%ff"), 400);
	assert_status(get("/v1/leads/%20ann"), 400);
	assert_status(get("/v1/leads/../events"), 400);
	assert_status(get("/v1/leads/%2e%2e"), 400);
	assert_status(get("/v1/leads//timeline"), 400);
	assert_status(get("/v1/leads/ann/else"), 404);
	assert_status(get("/v2/leads/ann"), 404);
}

static void a_timeline_is_read_newest_first_in_pieces(void **state)
{
	struct reply *r;
	char *next;

	(void)state;
	for (int i = 0; i < 5; i++) {
		char *event = g_strdup_printf("{\"id\":\"e%d\",\"lead\":\"ann\",\"event\":\"page.viewed\"}", i);

		assert_status(post_json("/v1/events", event), 200);
		g_free(event);
	}
	r = get("/v1/leads/ann/timeline?limit=2");
	assert_status(r, 200);
	assert_has(r->body->str, "\"id\":\"e4\"");
	assert_true(strstr(r->body->str, "\"e4\"") < strstr(r->body->str, "\"e3\""));
	assert_has_not(r->body->str, "\"e2\"");
	assert_has(r->body->str, "\"cause\":\"api token shop\"");
	next = g_strdup_printf("/v1/leads/ann/timeline?before=%d", atoi(strstr(r->body->str, "\"next\":") + 7));
	r = get(next);
	assert_has(r->body->str, "\"e2\"");
	assert_has(r->body->str, "\"e0\"");
	assert_has(r->body->str, "\"next\":null");
	assert_has_not(r->body->str, "\"e3\"");
	g_free(next);
	assert_status(get("/v1/leads/ann/timeline?limit=0"), 400);
	assert_status(get("/v1/leads/ann/timeline?limit=x"), 400);
	assert_status(get("/v1/leads/nobody/timeline"), 404);
	/* another's rows aren't shown */
	assert_status(post_json("/v1/events", "{\"lead\":\"bob\",\"event\":\"page.viewed\"}"), 200);
	assert_has(get("/v1/leads/bob/timeline?before=1")->body->str, "\"timeline\":[]");
}

static void consent_and_campaigns_by_hand(void **state)
{
	struct reply *r;

	(void)state;
	assert_status(post_json("/v1/leads/ann/consent", "{\"channel\":\"email\",\"given\":true}"), 404);
	ask(.method = "PUT", .path = "/v1/leads/ann", .token = "shop", .body = "{\"email\":\"ann@example.org\"}");
	r = post_json("/v1/leads/ann/consent", "{\"channel\":\"email\",\"given\":false,\"how\":\"by telephone\"}");
	assert_status(r, 200);
	assert_has(get("/v1/leads/ann")->body->str, "by telephone");
	r = post_json("/v1/leads/ann/consent", "{\"channel\":\"pigeon\",\"given\":true}");
	assert_status(r, 400);
	assert_has(r->body->str, "\"field\":\"channel\"");
	r = post_json("/v1/leads/ann/consent", "{\"given\":true}");
	assert_status(r, 400); /* a yes is to something */
	r = post_json("/v1/leads/ann/consent", "{\"given\":\"yes\"}");
	assert_status(r, 400);
	assert_has(r->body->str, "\"field\":\"given\"");
	assert_status(post_json("/v1/leads/ann/consent", "{\"channel\":\"email\",\"given\":true}"), 200);
	assert_status(ask(.method = "POST", .path = "/v1/leads/ann/campaigns/welcome", .token = "shop"), 200);
	assert_has(get("/v1/leads/ann")->body->str, "\"campaign\":\"welcome\",\"state\":\"inside\"");
	assert_status(ask(.method = "DELETE", .path = "/v1/leads/ann/campaigns/welcome", .token = "shop"), 200);
	assert_has_not(get("/v1/leads/ann")->body->str, "\"inside\"");
	r = ask(.method = "POST", .path = "/v1/leads/ann/campaigns/nothing", .token = "shop");
	assert_status(r, 400);
	assert_has(r->body->str, "there is no campaign 'nothing'");
}

/* ---- messages ---- */

static void suppressions_and_outcomes(void **state)
{
	struct nt_arena *arena = nt_arena_new();
	struct nt_outbox_row row;
	struct reply *r;
	char *body;

	(void)state;
	r = post_json("/v1/suppressions",
	              "{\"channel\":\"email\",\"address\":\"Ann@example.org\",\"reason\":\"asked to\"}");
	assert_status(r, 200);
	ask(.method = "PUT", .path = "/v1/leads/ann", .token = "shop", .body = "{\"email\":\"ann@example.org\"}");
	post_json("/v1/events", "{\"lead\":\"ann\",\"event\":\"order.placed\"}");
	assert_has(get("/v1/outbox?state=released")->body->str, "\"messages\":[]");
	r = ask(.method = "DELETE", .path = "/v1/suppressions?channel=email&address=ann%40example.org",
	        .token = "shop");
	assert_status(r, 200);
	post_json("/v1/events", "{\"lead\":\"bob\",\"event\":\"page.viewed\"}");
	ask(.method = "PUT", .path = "/v1/leads/bob", .token = "shop", .body = "{\"email\":\"bob@example.org\"}");
	post_json("/v1/events", "{\"lead\":\"bob\",\"event\":\"order.placed\"}");
	r = get("/v1/outbox?state=released");
	assert_has(r->body->str, "\"lead\":\"bob\"");
	assert_has(r->body->str, "\"next\":null");
	assert_status(get("/v1/outbox?state=in_doubt"), 200);
	assert_status(get("/v1/outbox?state=lost"), 400);
	assert_status(get("/v1/outbox"), 400);
	assert_true(world_message(arena, false, &row));
	body = g_strdup_printf(
		"[{\"message\":\"%s\",\"outcome\":\"bounced\",\"detail\":\"no such user\"},"
		"{\"message\":\"none\",\"outcome\":\"opened\"},{\"message\":\"x\",\"outcome\":\"eaten\"}]",
		row.message.id);
	r = post_json("/v1/outcomes", body);
	assert_status(r, 200);
	assert_has(r->body->str, "\"stored\":1,\"duplicate\":0,\"invalid\":2");
	assert_has(r->body->str, "there is no such message");
	assert_has(r->body->str, "\"field\":\"outcome\"");
	assert_has(get("/v1/leads/bob/timeline")->body->str, "no such user");
	g_free(body);
	nt_arena_free(arena);
}

/* ---- the queue ---- */

static void the_queue_by_program(void **state)
{
	struct reply *r;

	(void)state;
	assert_has(get("/v1/queue")->body->str, "{\"queue\":[]}");
	post_json("/v1/events",
	          "[{\"lead\":\"ann\",\"event\":\"demo.requested\"},{\"lead\":\"bob\",\"event\":\"demo.requested\"},"
	          "{\"lead\":\"cem\",\"event\":\"demo.requested\"}]");
	r = get("/v1/queue");
	assert_has(r->body->str, "\"lead\":\"ann\"");
	assert_has(r->body->str, "asked for a demo");
	assert_has_not(get("/v1/queue?state=accepted")->body->str, "ann");
	r = post_json("/v1/queue/ann/accept", "{\"rep\":\"anna\"}");
	assert_status(r, 200);
	assert_string_equal(r->body->str, "{\"id\":\"ann\",\"status\":\"accepted\"}\n");
	assert_has(post_json("/v1/queue/ann/accept", "{\"rep\":\"anna\"}")->body->str, "\"status\":\"duplicate\"");
	assert_status(post_json("/v1/queue/ann/accept", "{\"rep\":\"zoe\"}"), 400);
	assert_status(post_json("/v1/queue/ann/accept", "{}"), 400);
	assert_status(post_json("/v1/queue/nobody/accept", "{\"rep\":\"anna\"}"), 404);
	assert_has(get("/v1/queue?rep=anna&state=accepted")->body->str, "\"lead\":\"ann\"");
	assert_status(post_json("/v1/queue/bob/send_back", "{\"rep\":\"bob\",\"reason\":\"too_late\"}"), 400);
	assert_has(post_json("/v1/queue/bob/send_back", "{\"rep\":\"bob\",\"reason\":\"too_early\"}")->body->str,
	           "\"sent_back\"");
	assert_has(ask(.method = "POST", .path = "/v1/queue/ann/won", .token = "shop")->body->str, "\"won\"");
	assert_has(get("/v1/leads/ann")->body->str, "\"stage\":\"customer\"");
	assert_status(post_json("/v1/queue/cem/accept", "{\"rep\":\"bob\"}"), 200);
	assert_has(post_json("/v1/queue/cem/lost", "{\"reason\":\"price\"}")->body->str, "\"lost\"");
	assert_has(get("/v1/queue")->body->str, "{\"queue\":[]}");
}

/* ---- who may ---- */

static void tokens_have_scopes(void **state)
{
	struct reply *r = ask(.method = "GET", .path = "/v1/leads/ann");

	(void)state;
	assert_status(r, 401);
	assert_has(r->head->str, "WWW-Authenticate: Bearer");
	assert_has(r->body->str, "{\"error\":{\"field\":null,\"message\":\"a token is needed");
	assert_status(ask(.method = "GET", .path = "/v1/leads/ann", .token = "stranger"), 401);
	assert_status(ask(.method = "GET", .path = "/v1/leads/ann", .header = "Authorization: Basic c2hvcDpzaG9w"),
	              401);
	assert_status(ask(.method = "GET", .path = "/v1/leads/ann", .header = "Authorization: Bearer"), 401);
	r = ask(.method = "GET", .path = "/v1/leads/ann", .token = "site");
	assert_status(r, 403);
	assert_has(r->body->str, "it lacks the scope leads:read");
	assert_status(ask(.method = "GET", .path = "/metrics", .token = "shop"), 403);
	r = ask(.method = "GET", .path = "/metrics", .token = "monitor");
	assert_status(r, 200);
	assert_has(r->head->str, "version=0.0.4");
	assert_has(r->body->str, "\nnurtured_inputs_total ");
	assert_has(r->body->str, "nurtured_build_info{version=\"");
	assert_status(ask(.method = "GET", .path = "/healthz"), 200);
}

static void tell_new_tokens(struct world *w)
{
	static const struct nt_token tokens[] = { { "shop", "token-of-the-new", NT_SCOPE_ADMIN } };

	nt_api_set_tokens(w->api, tokens, 1);
}

static void tokens_are_replaced(void **state)
{
	(void)state;
	world_call(tell_new_tokens);
	assert_status(ask(.method = "GET", .path = "/v1/queue", .token = "shop"), 401);
	assert_status(ask(.method = "GET", .path = "/v1/queue", .token = "new"), 200);
	assert_status(ask(.method = "GET", .path = "/metrics", .token = "new"), 200);
}

static void methods_and_types(void **state)
{
	struct reply *r = ask(.method = "PUT", .path = "/v1/events", .token = "shop", .body = "{}");

	(void)state;
	assert_status(r, 405);
	assert_has(r->head->str, "Allow: POST, OPTIONS\r\n");
	r = ask(.method = "OPTIONS", .path = "/v1/leads/ann");
	assert_status(r, 204);
	assert_has(r->head->str, "Allow: GET, HEAD, PUT, PATCH, DELETE, OPTIONS\r\n");
	assert_status(ask(.method = "OPTIONS", .path = "/nowhere"), 404);
	assert_status(ask(.method = "BREW", .path = "/v1/events", .token = "shop"), 501);
	r = ask(.method = "HEAD", .path = "/healthz");
	assert_status(r, 200);
	assert_int_equal(r->body->len, 0);
	assert_has(r->head->str, "Content-Length: ");
	r = ask(.method = "POST", .path = "/v1/events", .token = "shop", .type = "text/plain", .body = "{}");
	assert_status(r, 415);
	assert_has(r->body->str, "application/json or application/x-ndjson, not text/plain");
	r = ask(.method = "PUT", .path = "/v1/leads/ann", .token = "shop", .type = "application/x-ndjson",
	        .body = "{}");
	assert_status(r, 415);
	r = ask(.method = "PUT", .path = "/v1/leads/ann", .token = "shop", .type = "application/json; charset=latin1",
	        .body = "{}");
	assert_status(r, 415);
	r = ask(.method = "PUT", .path = "/v1/leads/ann", .token = "shop", .type = "application/json; charset=UTF-8",
	        .body = "{}");
	assert_status(r, 200);
	assert_status(ask(.method = "GET", .path = "/control/status", .token = "shop"), 404);
}

#define api_test(f) cmocka_unit_test_setup_teardown(f, start, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		api_test(one_event_is_stored),
		api_test(a_repeated_id_is_success_and_does_nothing),
		api_test(a_batch_is_answered_in_its_order),
		api_test(an_array_is_a_batch_and_lines_are_seen),
		api_test(nothing_usable_is_an_error),
		api_test(a_large_body_is_a_batch_like_any_other),
		api_test(thousands_at_once),
		api_test(what_cannot_be_kept_is_not_answered_as_kept),
		api_test(a_lead_is_put_patched_and_erased),
		api_test(ids_are_read_strictly),
		api_test(a_timeline_is_read_newest_first_in_pieces),
		api_test(consent_and_campaigns_by_hand),
		api_test(suppressions_and_outcomes),
		api_test(the_queue_by_program),
		api_test(tokens_have_scopes),
		api_test(tokens_are_replaced),
		api_test(methods_and_types),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
