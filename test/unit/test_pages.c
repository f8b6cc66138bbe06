/* Pages behind the links in mails: following one changes nothing, a button does; forged and stale ones are told apart.
 */
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

#define page(from) ask(.method = "GET", .path = (from))
#define press(on, form) ask(.method = "POST", .path = (on), .type = "application/x-www-form-urlencoded", .body = (form))

/* A marketing message to Ann has been released: the link at its end. */
static char *unsubscribe_path(void)
{
	struct nt_link link = { .kind = NT_LINK_UNSUBSCRIBE, .expires = NT_NEVER };
	struct nt_arena *arena = nt_arena_new();
	struct nt_outbox_row row;

	ask(.method = "PUT", .path = "/v1/leads/ann", .token = "shop", .body = "{\"email\":\"ann@example.org\"}");
	assert_status(post_json("/v1/events", "{\"lead\":\"ann\",\"event\":\"order.placed\"}"), 200);
	assert_true(world_message(arena, false, &row));
	g_strlcpy(link.id, row.message.id, sizeof link.id);
	nt_arena_free(arena);
	return world_link(link);
}

static void is_guarded(const struct reply *r)
{
	assert_has(r->head->str, "Content-Type: text/html; charset=utf-8");
	assert_has(r->head->str, "Content-Security-Policy: default-src 'none'; style-src 'sha256-");
	assert_has(r->head->str, "frame-ancestors 'none'");
	assert_has(r->head->str, "Cache-Control: no-store");
	assert_has(r->head->str, "X-Robots-Tag: noindex");
	assert_has(r->head->str, "X-Content-Type-Options: nosniff");
	assert_has(r->head->str, "Referrer-Policy: no-referrer");
	assert_has(r->body->str, "<html lang=\"en\">");
	assert_has_not(r->body->str, "<script");
}

static void following_the_unsubscribe_link_changes_nothing(void **state)
{
	char *path = unsubscribe_path(), *before;
	struct reply *r;

	(void)state;
	before = g_strdup(get("/v1/leads/ann")->body->str);
	for (int i = 0; i < 2; i++) {
		r = page(path);
		assert_status(r, 200);
		is_guarded(r);
		assert_has(r->body->str, "Ada at Example");
		assert_has(r->body->str, "a…@example.org");
		assert_has_not(r->body->str, "ann@example.org");
		assert_has(r->body->str, "<form method=\"post\">");
	}
	assert_status(ask(.method = "HEAD", .path = path), 200);
	assert_string_equal(get("/v1/leads/ann")->body->str, before);
	g_free(before);
	g_free(path);
}

static void the_button_unsubscribes_and_may_be_pressed_again(void **state)
{
	char *path = unsubscribe_path();
	struct reply *r;

	(void)state;
	for (int i = 0; i < 2; i++) {
		r = press(path, "confirm=yes");
		assert_status(r, 200);
		is_guarded(r);
		assert_has(r->body->str, "You&#39;re unsubscribed");
	}
	r = get("/v1/leads/ann");
	assert_has(r->body->str, "\"email\":{\"state\":\"refused\"");
	assert_has(get("/v1/leads/ann/timeline")->body->str, "\"cause\":\"unsubscribe link\"");
	g_free(path);
}

static void a_mail_program_unsubscribes_with_one_click(void **state)
{
	char *path = unsubscribe_path();

	(void)state;
	assert_status(press(path, "List-Unsubscribe=One-Click"), 200);
	assert_has(get("/v1/leads/ann")->body->str, "\"email\":{\"state\":\"refused\"");
	g_free(path);
	path = unsubscribe_path();
	assert_status(ask(.method = "POST", .path = path, .type = "multipart/form-data; boundary=x",
	                  .body = "--x\r\nContent-Disposition: form-data; "
	                          "name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--x--\r\n"),
	              200);
	g_free(path);
}

static void a_link_outlives_its_lead(void **state)
{
	char *path = unsubscribe_path();

	(void)state;
	assert_status(ask(.method = "DELETE", .path = "/v1/leads/ann", .token = "shop"), 200);
	assert_status(page(path), 200);
	assert_status(press(path, "confirm=yes"), 200);
	assert_status(get("/v1/leads/ann"), 404);
	g_free(path);
}

/* Ann was asked whether she wants mail: the link in that message. */
static char *confirm_path(nt_time expires)
{
	struct nt_link link = { .kind = NT_LINK_CONFIRM, .expires = expires };
	struct nt_arena *arena = nt_arena_new();
	struct nt_outbox_row row;

	g_free(unsubscribe_path());
	assert_true(world_message(arena, false, &row));
	g_strlcpy(link.id, row.message.id, sizeof link.id);
	nt_arena_free(arena);
	return world_link(link);
}

static void following_the_confirmation_changes_nothing_the_button_does(void **state)
{
	char *path = confirm_path(NT_NEVER), *before;
	struct reply *r;

	(void)state;
	before = g_strdup(get("/v1/leads/ann")->body->str);
	for (int i = 0; i < 2; i++) {
		r = page(path);
		assert_status(r, 200);
		is_guarded(r);
		assert_has(r->body->str, "Ada at Example");
		assert_has(r->body->str, "a…@example.org");
		assert_has(r->body->str, "<form method=\"post\">");
	}
	assert_status(ask(.method = "HEAD", .path = path), 200);
	assert_string_equal(get("/v1/leads/ann")->body->str, before);
	for (int i = 0; i < 2; i++) {
		r = press(path, "confirm=yes");
		assert_status(r, 200);
		is_guarded(r);
		assert_has(r->body->str, "Thank you");
	}
	r = get("/v1/leads/ann");
	assert_has(r->body->str, "\"email\":{\"state\":\"given\"");
	assert_has(r->body->str, "\"how\":\"double opt-in\",\"from\":\"m1, message ");
	r = get("/v1/leads/ann/timeline");
	assert_has(r->body->str, "\"cause\":\"confirmation link\"");
	assert_null(strstr(strstr(r->body->str, "message.confirmed") + 1, "message.confirmed")); /* once */
	g_free(before);
	g_free(path);
}

static void a_confirmation_that_came_too_late_says_so(void **state)
{
	char *path = confirm_path(1), *unsubscribe;
	struct reply *r;

	(void)state;
	assert_has((r = page(path))->body->str, "This link has expired");
	assert_status(r, 410);
	is_guarded(r);
	assert_status(press(path, "confirm=yes"), 410);
	assert_has_not(get("/v1/leads/ann")->body->str, "double opt-in");
	g_free(path);
	/* another address by now */
	path = confirm_path(NT_NEVER);
	ask(.method = "PUT", .path = "/v1/leads/ann", .token = "shop", .body = "{\"email\":\"ann@other.example\"}");
	assert_status(press(path, "confirm=yes"), 409);
	assert_has_not(get("/v1/leads/ann")->body->str, "double opt-in");
	/* letters of another case are the same one */
	ask(.method = "PUT", .path = "/v1/leads/ann", .token = "shop", .body = "{\"email\":\"ANN@example.org\"}");
	assert_status(press(path, "confirm=yes"), 200);
	assert_has(get("/v1/leads/ann")->body->str, "double opt-in");
	/* a no that came after the question stands */
	unsubscribe = unsubscribe_path();
	assert_status(press(unsubscribe, "confirm=yes"), 200);
	r = press(path, "confirm=yes");
	assert_status(r, 409);
	is_guarded(r);
	assert_has(r->body->str, "doesn&#39;t count any more");
	assert_has(get("/v1/leads/ann")->body->str, "\"email\":{\"state\":\"refused\"");
	/* and the lead may be gone */
	assert_status(ask(.method = "DELETE", .path = "/v1/leads/ann", .token = "shop"), 200);
	assert_status(page(path), 410);
	assert_has(press(path, "confirm=yes")->body->str, "nothing to confirm");
	assert_status(get("/v1/leads/ann"), 404);
	g_free(unsubscribe);
	g_free(path);
}

static void forged_links_do_nothing(void **state)
{
	char *path = unsubscribe_path(), *as_rep = g_strdup(path);
	size_t length = strlen(path);

	(void)state;
	as_rep[1] = 'r';
	assert_status(page(as_rep), 404);
	as_rep[1] = 'k'; /* a no isn't a yes */
	assert_status(page(as_rep), 404);
	assert_status(press(as_rep, "confirm=yes"), 404);
	assert_has_not(get("/v1/leads/ann")->body->str, "double opt-in");
	for (size_t i = 3; i < length; i += 7) {
		char was = path[i];

		path[i] = was == 'A' ? 'B' : 'A';
		assert_status(press(path, "confirm=yes"), 404);
		path[i] = was;
	}
	path[length - 4] = '\0';
	assert_status(page(path), 404);
	assert_has(page("/u/x")->body->str, "This link isn&#39;t complete");
	assert_status(page("/u/"), 404);
	assert_has(get("/v1/leads/ann")->body->str, "\"consent\":{}");
	g_free(as_rep);
	g_free(path);
}

/* ---- reps ---- */

/* Ann wants a demonstration and is offered to a rep: the link in the mail to that one. */
static char *rep_path(char action, char *name, size_t room)
{
	struct nt_link link = { .kind = NT_LINK_REP, .action = action, .expires = NT_NEVER };
	struct nt_arena *arena = nt_arena_new();
	struct nt_outbox_row row;

	ask(.method = "PUT", .path = "/v1/leads/ann", .token = "shop",
	    .body = "{\"first_name\":\"Ann "
	            "<b>\",\"phone\":\"+4930123456\",\"email\":\"ann@example.org\",\"seats\":12}");
	assert_status(post_json("/v1/events", "[{\"lead\":\"ann\",\"event\":\"page.viewed\"},{\"lead\":\"ann\","
	                                      "\"event\":\"demo.requested\"}]"),
	              200);
	assert_true(world_message(arena, true, &row));
	g_strlcpy(link.id, row.message.lead, sizeof link.id);
	g_strlcpy(link.name, row.message.rep, sizeof link.name);
	g_strlcpy(name, row.message.rep, room);
	link.number = row.message.offer;
	nt_arena_free(arena);
	return world_link(link);
}

static void a_rep_sees_the_lead_and_accepts_it(void **state)
{
	char rep[64], *path = rep_path('a', rep, sizeof rep), *mine;
	struct reply *r;

	(void)state;
	for (int i = 0; i < 2; i++) {
		r = page(path);
		assert_status(r, 200);
		is_guarded(r);
		assert_has(r->body->str, "Ann &lt;b&gt;");
		assert_has(r->body->str, "<a href=\"tel:+4930123456\">");
		assert_has(r->body->str, "<dt>Seats</dt><dd>12</dd>");
		assert_has(r->body->str, "asked for a demo");
		assert_has(r->body->str, "<td>+15</td><td>page.viewed");
		assert_has(r->body->str, "Accept this lead");
		assert_has(r->body->str, "value=\"bad_fit\"> bad fit");
	}
	assert_has(get("/v1/queue?state=offered")->body->str, "\"lead\":\"ann\"");
	r = press(path, "do=accept");
	assert_status(r, 200);
	assert_has(r->body->str, "It&#39;s yours");
	mine = g_strdup_printf("/v1/queue?state=accepted&rep=%s", rep);
	assert_has(get(mine)->body->str, "\"lead\":\"ann\"");
	r = press(path, "do=accept");
	assert_status(r, 200);
	assert_has(r->body->str, "You had accepted this lead before");
	r = page(path);
	assert_has(r->body->str, "You have accepted this lead");
	assert_has_not(r->body->str, "Accept this lead");
	g_free(mine);
	g_free(path);
}

static void a_rep_sends_it_back_with_a_reason(void **state)
{
	char rep[64], *path = rep_path('s', rep, sizeof rep);
	struct reply *r = press(path, "do=send_back");

	(void)state;
	assert_status(r, 400);
	assert_has(r->body->str, "choose a reason");
	assert_status(press(path, "do=dance"), 400);
	assert_status(press(path, "do=%zz"), 400);
	r = press(path, "do=send_back&reason=too_early");
	assert_status(r, 200);
	assert_has(r->body->str, "Sent back");
	assert_has(get("/v1/queue")->body->str, "{\"queue\":[]}");
	r = press(path, "do=accept");
	assert_status(r, 409);
	assert_has(r->body->str, "This lead has passed on");
	r = page(path);
	assert_status(r, 410);
	assert_has(r->body->str, "no longer in the queue");
	g_free(path);
}

static void anothers_acceptance_ends_an_offer(void **state)
{
	char rep[64], *path = rep_path('a', rep, sizeof rep);
	struct reply *r;

	(void)state;
	assert_status(post_json("/v1/queue/ann/accept",
	                        strcmp(rep, "anna") == 0 ? "{\"rep\":\"bob\"}" : "{\"rep\":\"anna\"}"),
	              200);
	r = page(path);
	assert_status(r, 410);
	assert_has(r->body->str, "Somebody has accepted it");
	assert_status(press(path, "do=accept"), 409);
	assert_status(press(path, "do=send_back&reason=bad_fit"), 409);
	g_free(path);
}

static void a_reps_link_ends(void **state)
{
	struct nt_link link = { .kind = NT_LINK_REP, .action = 'a', .id = "ann", .name = "anna", .number = 1,
		                .expires = 1772445600000 - 1 };
	char *path = world_link(link), *forged = g_strdup(path);

	(void)state;
	assert_status(page(path), 410);
	assert_has(press(path, "do=accept")->body->str, "This link has expired");
	forged[5] = forged[5] == 'A' ? 'B' : 'A';
	assert_status(press(forged, "do=accept"), 404);
	g_free(forged);
	g_free(path);
}

/* Ann wants to be called; whoever owns her, or else the manager, has a task: the link in the mail about it. */
static char *task_path(char *id, size_t room)
{
	struct nt_link link = { .kind = NT_LINK_TASK, .expires = NT_NEVER };
	struct nt_arena *arena = nt_arena_new();
	struct nt_outbox_row row;
	const char *found;

	ask(.method = "PUT", .path = "/v1/leads/ann", .token = "shop",
	    .body = "{\"first_name\":\"Ann <b>\",\"phone\":\"+4930123456\",\"email\":\"ann@example.org\"}");
	assert_status(post_json("/v1/events", "{\"lead\":\"ann\",\"event\":\"call.wanted\"}"), 200);
	assert_true(world_message(arena, true, &row));
	found = strstr(row.message.values, "\"task\":{\"id\":\"");
	assert_non_null(found);
	g_strlcpy(link.id, found + strlen("\"task\":{\"id\":\""), 33);
	g_strlcpy(link.name, row.message.rep, sizeof link.name);
	g_strlcpy(id, link.id, room);
	nt_arena_free(arena);
	return world_link(link);
}

static void a_rep_marks_a_task_done(void **state)
{
	char id[64], *path = task_path(id, sizeof id), *timeline;
	struct reply *r;

	(void)state;
	for (int i = 0; i < 2; i++) {
		r = page(path);
		assert_status(r, 200);
		is_guarded(r);
		assert_has(r->body->str, "<h1>Call Ann &lt;b&gt;</h1>");
		assert_has(r->body->str, "<p>She asked for it.</p>");
		assert_has_not(r->body->str, "task.invalid");
		assert_has(r->body->str, "To be done by ");
		assert_has(r->body->str, "<a href=\"tel:+4930123456\">");
	}
	r = get("/v1/tasks?rep=bob&lead=ann");
	assert_has(r->body->str, id);
	assert_has(r->body->str, "\"text\":\"Call Ann <b>\"");
	assert_has(r->body->str, "\"open\":1,\"overdue\":0");
	r = ask(.method = "GET", .path = "/metrics", .token = "monitor");
	assert_has(r->body->str, "\nnurtured_tasks_open 1\n");
	assert_status(press(path, "do=dance"), 400);
	assert_status(press(path, "do=%zz"), 400);
	for (int i = 0; i < 2; i++) {
		r = press(path, "do=done");
		assert_status(r, 200);
		is_guarded(r);
		assert_has(r->body->str, "<h1>Done</h1>");
		assert_has(r->body->str, i == 0 ? "off your list" : "marked done before");
	}
	r = page(path);
	assert_status(r, 200);
	assert_has(r->body->str, "Marked done by bob");
	assert_has_not(r->body->str, "tel:");
	timeline = g_strdup(get("/v1/leads/ann/timeline")->body->str);
	assert_has(timeline, "\"what\":\"task.done\"");
	assert_has(timeline, "\"cause\":\"link of bob\"");
	assert_has(get("/v1/tasks")->body->str, "\"tasks\":[]");
	assert_has(get("/v1/tasks?state=done")->body->str, "\"by\":\"bob\"");
	assert_has(get("/v1/tasks?state=all")->body->str, id);
	g_free(timeline);
	g_free(path);
}

/* Each lead's own, wherever it is asked for. */
static void a_lead_shows_its_open_tasks(void **state)
{
	static const char both[] = "\"open\":2,\"overdue\":0";
	char id[64], *path = task_path(id, sizeof id);
	struct reply *r;

	(void)state;
	assert_status(post_json("/v1/events", "{\"lead\":\"bob\",\"event\":\"call.wanted\"}"), 200);
	r = get("/v1/tasks?lead=ann");
	assert_has(r->body->str, id);
	assert_has_not(r->body->str, "\"lead\":\"bob\"");
	assert_has(r->body->str, both);
	assert_has(get("/v1/tasks")->body->str, both);
	assert_has(get("/v1/tasks?lead=nobody")->body->str, "\"tasks\":[]");
	r = get("/v1/leads/ann");
	assert_has(r->body->str, "\"tasks\":[{\"id\":\"");
	assert_has(r->body->str, id);
	assert_has(r->body->str, "\"text\":\"Call Ann <b>\",");
	assert_has_not(r->body->str, "\"lead\":\"bob\"");
	assert_has(get("/v1/leads/ann?as=text")->body->str, "\nopen tasks\n  Call Ann <b>: bob, due ");
	assert_status(press(path, "do=done"), 200);
	assert_has(get("/v1/leads/ann")->body->str, "\"tasks\":[],");
	assert_has_not(get("/v1/leads/ann?as=text")->body->str, "open tasks");
	assert_has(get("/v1/leads/bob")->body->str, "\"tasks\":[{");
	g_free(path);
}

static void a_task_that_passed_on_is_no_longer_shown(void **state)
{
	char id[64], *path = task_path(id, sizeof id), *forged = g_strdup(path);
	struct nt_link link = { .kind = NT_LINK_TASK, .id = "0123", .name = "bob", .expires = NT_NEVER };
	struct reply *r;

	(void)state;
	assert_status(post_json("/v1/events", "{\"lead\":\"ann\",\"event\":\"demo.requested\"}"), 200);
	assert_status(post_json("/v1/queue/ann/accept", "{\"rep\":\"anna\"}"), 200);
	r = page(path);
	assert_status(r, 410);
	assert_has(r->body->str, "This task has passed on");
	assert_has_not(r->body->str, "tel:");
	assert_status(press(path, "do=done"), 409);
	assert_has(get("/v1/tasks?rep=anna")->body->str, id);
	forged[1] = 'r';
	assert_status(page(forged), 404);
	forged[1] = 't';
	forged[9] = forged[9] == 'A' ? 'B' : 'A';
	assert_status(page(forged), 404);
	assert_status(press(forged, "do=done"), 404);
	g_free(forged);
	g_free(path);
	path = world_link(link);
	assert_status(page(path), 410);
	assert_status(press(path, "do=done"), 409);
	g_free(path);
}

static void a_lead_s_page_shows_its_tasks(void **state)
{
	char id[64], rep[64], *task = task_path(id, sizeof id), *path;
	struct nt_link link = { .kind = NT_LINK_REP, .action = 'a', .id = "ann", .expires = NT_NEVER };
	struct reply *r;
	const char *offer;

	(void)state;
	assert_status(post_json("/v1/events", "{\"lead\":\"ann\",\"event\":\"demo.requested\"}"), 200);
	r = get("/v1/queue");
	offer = strstr(r->body->str, "\"offer\":");
	link.number = g_ascii_strtoull(offer + strlen("\"offer\":"), NULL, 10);
	g_strlcpy(rep, strstr(r->body->str, "\"rep\":\"") + strlen("\"rep\":\""), sizeof rep);
	*strchr(rep, '"') = '\0';
	g_strlcpy(link.name, rep, sizeof link.name);
	path = world_link(link);
	r = page(path);
	assert_status(r, 200);
	assert_has(r->body->str, "<h2>Open tasks</h2>\n<ul>\n<li>Call Ann &lt;b&gt;, by ");
	assert_status(press(path, "do=accept"), 200);
	r = page(path);
	assert_has(r->body->str, "/t/");
	assert_has(r->body->str, "\">Call Ann &lt;b&gt;</a>, by ");
	g_free(path);
	g_free(task);
}

static void the_calendar_is_served_as_a_feed(void **state)
{
	struct nt_link link = { .kind = NT_LINK_CALENDAR, .name = "anna", .expires = NT_NEVER };
	char *path = world_link(link), *forged = g_strdup(path), *first;
	struct reply *r;

	(void)state;
	assert_true(g_str_has_prefix(path, "/calendar/") && g_str_has_suffix(path, ".ics"));
	r = page(path);
	assert_status(r, 200);
	assert_has(r->head->str, "Content-Type: text/calendar; charset=utf-8");
	assert_has(r->body->str, "X-WR-CALNAME:Ada at Example: what goes out\r\n");
	/* each lead's own ten o'clock, and anna's being told of it: at 22:00 in Berlin, three days before */
	assert_has(r->body->str, "DTSTART:20260401T100000\r\nSUMMARY:Spring\\; offer\\, \"2026\"\r\n");
	assert_has(r->body->str, "DTSTART:20260328T210000Z\r\n");
	assert_has(r->body->str, "To: seats > 3\\n- email: Hello");
	assert_has(r->body->str, "DTSTART:20260309T080000Z\r\nSUMMARY:Weekly\r\n");
	assert_has(r->body->str, "DTSTART:20260330T070000Z\r\nSUMMARY:Weekly\r\n");
	first = g_strdup(r->body->str);
	assert_string_equal(page(path)->body->str, first);
	assert_status(press(path, "a=b"), 405);
	forged[strlen(forged) / 2] = forged[strlen(forged) / 2] == 'A' ? 'B' : 'A';
	assert_status(page(forged), 404);
	assert_status(page("/calendar/x.ics"), 404);
	assert_status(page("/calendar/.ics"), 404);
	g_free(path);
	g_free(forged);
	g_strlcpy(link.name, "bob", sizeof link.name); /* isn't told */
	path = world_link(link);
	assert_has_not(page(path)->body->str, "20260328T210000Z");
	g_free(path);
	g_strlcpy(link.name, "gone", sizeof link.name);
	path = world_link(link);
	assert_status(page(path), 410);
	g_free(path);
	g_free(first);
}

static void the_calendar_is_shown_to_programs(void **state)
{
	struct reply *r = get("/v1/calendar?rep=anna");
	const char *url;
	char *path;

	(void)state;
	assert_status(r, 200);
	assert_has(r->body->str, "\"kind\":\"announcement\",\"at\":\"2026-03-28T21:00:00Z\",\"campaign\":\"spring\"");
	assert_has(r->body->str, "\"when\":\"Wed 2026-04-01 10:00 in each lead's own time zone\"");
	assert_has(r->body->str, "\"first\":\"2026-03-31T20:00:00Z\",\"last\":\"2026-04-01T22:00:00Z\"");
	url = strstr(r->body->str, "/calendar/");
	path = g_strndup(url, (gsize)(strchr(url, '"') - url));
	assert_status(page(path), 200);
	assert_status(get("/v1/calendar?rep=ann"), 404);
	assert_status(get("/v1/calendar"), 200);
	assert_status(ask(.method = "GET", .path = "/v1/calendar", .token = "site"), 403);
	g_free(path);
}

static void errors_of_pages_are_pages(void **state)
{
	struct reply *r = ask(.method = "DELETE", .path = "/u/x");

	(void)state;
	assert_status(r, 405);
	is_guarded(r);
	assert_has(r->head->str, "Allow: GET, HEAD, POST, OPTIONS");
}

#define page_test(f) cmocka_unit_test_setup_teardown(f, start, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		page_test(following_the_unsubscribe_link_changes_nothing),
		page_test(the_button_unsubscribes_and_may_be_pressed_again),
		page_test(following_the_confirmation_changes_nothing_the_button_does),
		page_test(a_confirmation_that_came_too_late_says_so),
		page_test(a_mail_program_unsubscribes_with_one_click),
		page_test(a_link_outlives_its_lead),
		page_test(forged_links_do_nothing),
		page_test(a_rep_sees_the_lead_and_accepts_it),
		page_test(a_rep_sends_it_back_with_a_reason),
		page_test(anothers_acceptance_ends_an_offer),
		page_test(a_reps_link_ends),
		page_test(a_rep_marks_a_task_done),
		page_test(a_task_that_passed_on_is_no_longer_shown),
		page_test(a_lead_s_page_shows_its_tasks),
		page_test(a_lead_shows_its_open_tasks),
		page_test(the_calendar_is_served_as_a_feed),
		page_test(the_calendar_is_shown_to_programs),
		page_test(errors_of_pages_are_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
