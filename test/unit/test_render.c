/* From a delivery to what the person reads: who gets which links, and what can't be sent at all. */
#include "channel_world.h"

#include "base/json.h"
#include "channel/mime.h"
#include "channel/render.h"

static const char *mail_of(struct nt_delivery *d, GString *out)
{
	struct nt_letter letter;
	const char *why = NULL;

	g_string_truncate(out, 0);
	if (!nt_letter_render(d, world.links, &letter, &why) || !nt_mime_build(d, &letter, out, &why))
		fail_msg("%s", why);
	return out->str;
}

/* RFC 8058: one click, by a link that is the message's own. */
static void marketing_can_be_refused_with_one_click(void **state)
{
	struct nt_delivery *d = delivery(.template = "page");
	GString *out = g_string_new(NULL);
	const char *mail = mail_of(d, out), *link;
	struct nt_link read;
	char *token;

	(void)state;
	assert_non_null(strstr(mail, "\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"));
	link = strstr(mail, "\r\nList-Unsubscribe: <https://hello.example.org/u/");
	if (link == NULL)
		link = strstr(mail, "\r\nList-Unsubscribe:\r\n <https://hello.example.org/u/");
	assert_non_null(link);
	link = strstr(link, "/u/") + 3;
	token = g_strndup(link, strcspn(link, ">"));
	assert_true(nt_links_read(world.links, token, &read));
	assert_int_equal(read.kind, NT_LINK_UNSUBSCRIBE);
	assert_string_equal(read.id, d->row.message.id);
	assert_true(read.expires == NT_NEVER);
	g_free(token);
	g_string_free(out, TRUE);
	world_drop(d);
}

static void service_and_our_own_people_get_no_such_link(void **state)
{
	struct nt_delivery *service = delivery(.service = true), *rep = delivery(.rep = "anna", .offer = 7);
	GString *out = g_string_new(NULL);

	(void)state;
	assert_null(strstr(mail_of(service, out), "List-Unsubscribe"));
	assert_null(strstr(mail_of(rep, out), "List-Unsubscribe"));
	g_string_free(out, TRUE);
	world_drop(service);
	world_drop(rep);
}

static void read_link(const struct nt_letter *letter, const char *name, struct nt_link *link)
{
	const char *url = nt_json_text(letter->variables, name);

	assert_non_null(url);
	assert_true(g_str_has_prefix(url, "https://hello.example.org/r/"));
	assert_true(nt_links_read(world.links, strrchr(url, '/') + 1, link));
}

static void a_rep_gets_links_of_the_offer(void **state)
{
	char *lead = g_strnfill(128, 'x');
	struct nt_delivery *d = delivery(.rep = "anna", .offer = 7, .lead = lead);
	struct nt_letter letter;
	struct nt_link link;
	const char *why = NULL;

	(void)state;
	assert_true(nt_letter_render(d, world.links, &letter, &why));
	read_link(&letter, "accept_url", &link);
	assert_int_equal(link.action, 'a');
	assert_true(link.number == 7);
	assert_string_equal(link.id, lead);
	assert_string_equal(link.name, "anna");
	assert_true(link.expires == RELEASED + 30 * NT_DAY);
	read_link(&letter, "send_back_url", &link);
	assert_int_equal(link.action, 's');
	world_drop(d);
	g_free(lead);
}

static void a_rep_gets_the_link_of_a_task(void **state)
{
	struct nt_delivery *d = delivery(.rep = "anna", .values = "{\"subject\":\"Hi\",\"body\":\"x\",\"task\":{\"id\":"
	                                                          "\"00ff\"}}");
	struct nt_letter letter;
	struct nt_link link;
	const char *why = NULL, *url;

	(void)state;
	assert_true(nt_letter_render(d, world.links, &letter, &why));
	url = nt_json_text(letter.variables, "task_url");
	assert_non_null(url);
	assert_true(g_str_has_prefix(url, "https://hello.example.org/t/"));
	assert_true(nt_links_read(world.links, strrchr(url, '/') + 1, &link));
	assert_int_equal(link.kind, NT_LINK_TASK);
	assert_string_equal(link.id, "00ff");
	assert_string_equal(link.name, "anna");
	assert_null(nt_json_get(letter.variables, "accept_url"));
	world_drop(d);
}

static void what_can_never_be_sent_says_why(void **state)
{
	static const struct {
		struct sending sending;
		const char *why;
	} rows[] = {
		{ { .template = "gone" }, "template 'gone' for email is no longer there" },
		{ { .values = "{" }, "the message's values are damaged" },
		{ { .values = "7" }, "the message's values are damaged" },
	};

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct nt_delivery *d = world_delivery_of(&rows[i].sending);
		struct nt_letter letter;
		const char *why = NULL;

		assert_false(nt_letter_render(d, world.links, &letter, &why));
		assert_string_equal(why, rows[i].why);
		world_drop(d);
	}
}

static void the_sender_is_who_it_was_when_it_was_released(void **state)
{
	struct nt_delivery *d = delivery(.values = "{\"subject\":\"Hi\",\"body\":\"x\",\"sender\":{\"name\":\"Bob\","
	                                           "\"email\":\"bob@example.org\"}}");
	GString *out = g_string_new(NULL);

	(void)state;
	assert_non_null(strstr(mail_of(d, out), "From: Bob <bob@example.org>\r\n"));
	g_string_free(out, TRUE);
	world_drop(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(marketing_can_be_refused_with_one_click, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(service_and_our_own_people_get_no_such_link, world_setup,
		                                world_teardown),
		cmocka_unit_test_setup_teardown(a_rep_gets_links_of_the_offer, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(a_rep_gets_the_link_of_a_task, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(what_can_never_be_sent_says_why, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(the_sender_is_who_it_was_when_it_was_released, world_setup,
		                                world_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
