/* What people write to us by text message: a no is a no, whoever sends it; nothing that is written does more. */
#include "engine_house.h"

#include "engine/phone.h"
#include "engine/reply.h"
#include "rules/program.h"

#define TALK \
	"policy:\n" \
	"  sender: { name: Ada, email: ada@example.org, address: \"1 Main St\", phone: \"+1 555 0100\" }\n" \
	"  time_zone: America/New_York\n  consent: { sms: opt_in, voice: opt_out }\n---\n" \
	"events: { a.b: {} }\n---\n" \
	"campaign: texts\nenter: { on: a.b }\nagain: always\nsteps: [ sms: m1 ]\n---\n" \
	"campaign: answers\nenter: { on: sms.replied }\nagain: always\n" \
	"steps: [ { if: 'entry.detail contains \"price\"', then: [ tag: price ], else: [ tag: other ] } ]\n---\n" \
	"campaign: gone\nenter: { on: sms.unsubscribed }\nagain: always\nsteps: [ points: -1 ]\n"

static void use(struct house *h)
{
	nt_engine_free(h->engine);
	nt_program_unref(h->older);
	h->older = h->program;
	h->program = program_of(TALK);
	open_engine(h);
}

static struct house *talking(void)
{
	struct house *h = house_new();

	use(h);
	fields(h, "ann", "{\"phone\":\"+1 (555) 010-1234\"}");
	fields(h, "ben", "{\"phone\":\"+15550101234\"}"); /* they share it */
	fields(h, "cem", "{\"phone\":\"+4915112345\"}");
	return h;
}

static enum nt_answer_code say(struct house *h, const char *from, const char *text, const char *id)
{
	struct nt_request *r = request(h, NT_REQUEST_REPLY);

	r->channel = "sms";
	r->address = from;
	r->text = text;
	r->id = id;
	return ask(h, r);
}

static enum nt_suppression suppressed(struct house *h, const char *phone)
{
	struct nt_address address = { "sms", phone };
	enum nt_suppression how;

	assert_int_equal(h->store->ops->suppressed(h->store, &address, 1, &how), NT_STORE_OK);
	return how;
}

static const struct nt_consent *consent(struct house *h, const char *id)
{
	return &lead(h, id)->consent[nt_program_channel(h->program, "sms")];
}

static bool is_tagged(struct house *h, const char *id, const char *tag)
{
	const struct nt_lead *l = lead(h, id);

	for (unsigned i = 0; i < l->n_tags; i++)
		if (strcmp(l->tags[i], tag) == 0)
			return true;
	return false;
}

static void words_are_known(void **state)
{
	static const struct {
		const char *text;
		enum nt_reply reply;
	} cases[] = {
		{ "STOP", NT_REPLY_STOP }, { "stop", NT_REPLY_STOP }, { " Stop! ", NT_REPLY_STOP },
		{ "\"stop\"", NT_REPLY_STOP }, { "Stopp.", NT_REPLY_STOP }, { "STOP ALL", NT_REPLY_STOP },
		{ "StopAll", NT_REPLY_STOP }, { "unsubscribe", NT_REPLY_STOP }, { "CANCEL", NT_REPLY_STOP },
		{ "End", NT_REPLY_STOP }, { "quit", NT_REPLY_STOP }, { "opt-out", NT_REPLY_STOP },
		{ "OPTOUT", NT_REPLY_STOP }, { "revoke", NT_REPLY_STOP }, { "Abmelden", NT_REPLY_STOP },
		{ "\xef\xbc\xb3\xef\xbc\xb4\xef\xbc\xaf\xef\xbc\xb0", NT_REPLY_STOP }, /* full width */
		{ "S\xe2\x80\x8bT\xe2\x80\x8dOP\n", NT_REPLY_STOP },                     /* with nothing in between */
		{ "stop texting me", NT_REPLY_STOP_WORDS }, { "Stop, please", NT_REPLY_STOP_WORDS },
		{ "STOP\nand never again", NT_REPLY_STOP_WORDS },
		{ "START", NT_REPLY_START }, { "unstop", NT_REPLY_START }, { "Anmelden!", NT_REPLY_START },
		{ "Yes.", NT_REPLY_YES }, { "ja", NT_REPLY_YES },
		{ "", NT_REPLY_WORDS }, { "...", NT_REPLY_WORDS }, { "don't stop", NT_REPLY_WORDS },
		{ "please cancel my order", NT_REPLY_WORDS }, { "the end", NT_REPLY_WORDS },
		{ "end of month?", NT_REPLY_WORDS }, { "unstoppable", NT_REPLY_WORDS },
		{ "start the trial", NT_REPLY_WORDS }, { "yes but STOP", NT_REPLY_WORDS },
		{ "yesterday", NT_REPLY_WORDS },
		{ "\xff\xfe", NT_REPLY_WORDS }, { "STOP\xff", NT_REPLY_WORDS },
	};

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++)
		if (nt_reply_read(cases[i].text) != cases[i].reply)
			fail_msg("'%s' is %d", cases[i].text, nt_reply_read(cases[i].text));
}

static void a_stop_is_for_the_number_and_all_who_have_it(void **state)
{
	struct house *h = talking();

	(void)state;
	assert_int_equal(say(h, "+15550101234", "START", NULL), NT_ANSWER_OK);
	assert_int_equal(consent(h, "ann")->state, NT_CONSENT_GIVEN);
	assert_string_equal(consent(h, "ann")->how, "START by text message");
	assert_string_equal(consent(h, "ann")->from, "from +15550101234");
	assert_int_equal(consent(h, "ann")->at, h->now);
	assert_int_equal(consent(h, "ben")->state, NT_CONSENT_GIVEN);
	assert_int_equal(consent(h, "cem")->state, NT_CONSENT_UNKNOWN);
	event(h, "ann", "{\"event\":\"a.b\"}");
	SEEN(h, "ann m1; ");
	h->now += NT_MINUTE;
	assert_int_equal(say(h, "15550101234", "Stop", NULL), NT_ANSWER_OK); /* a gateway that gives no plus */
	assert_int_equal(consent(h, "ann")->state, NT_CONSENT_REFUSED);
	assert_string_equal(consent(h, "ann")->how, "STOP by text message");
	assert_int_equal(consent(h, "ben")->state, NT_CONSENT_REFUSED);
	assert_true(lead(h, "ben")->unsubscribed);
	assert_int_equal(suppressed(h, "+15550101234"), NT_SUPPRESSION_SOFT);
	assert_int_equal(claim(h, "sms")->n_rows, 0); /* what hadn't gone out is called back */
	event(h, "ann", "{\"event\":\"a.b\"}");
	event(h, "ben", "{\"event\":\"a.b\"}");
	SEEN(h, "");
	/* a yes after it is a yes again */
	assert_int_equal(say(h, "+15550101234", "UNSTOP", NULL), NT_ANSWER_OK);
	assert_int_equal(suppressed(h, "+15550101234"), NT_SUPPRESSION_NONE);
	event(h, "ben", "{\"event\":\"a.b\"}");
	SEEN(h, "ben m1; ");
	house_free(h);
}

static void a_number_is_the_same_however_it_is_written(void **state)
{
	struct house *h = talking();

	(void)state;
	fields(h, "dee", "{\"phone\":\"0049 (0)30 123456\"}");
	fields(h, "eve", "{\"phone\":\"+49 (0)30/123456\"}");
	assert_int_equal(say(h, "+4930123456", "STOP", NULL), NT_ANSWER_OK);
	assert_int_equal(consent(h, "dee")->state, NT_CONSENT_REFUSED);
	assert_int_equal(consent(h, "eve")->state, NT_CONSENT_REFUSED);
	assert_int_equal(consent(h, "cem")->state, NT_CONSENT_UNKNOWN);
	house_free(h);
}

static void numbers_that_nobody_has_are_kept_too(void **state)
{
	struct house *h = talking();

	(void)state;
	assert_int_equal(say(h, "+999123456", "STOP", NULL), NT_ANSWER_OK);
	assert_int_equal(suppressed(h, "+999123456"), NT_SUPPRESSION_SOFT);
	assert_int_equal(say(h, "+999123456", "hello?", NULL), NT_ANSWER_OK);
	assert_null(lead(h, "+999123456"));
	fields(h, "dee", "{\"phone\":\"+999 123 456\"}");
	event(h, "dee", "{\"event\":\"a.b\"}");
	SEEN(h, "");
	assert_int_equal(say(h, "+999123456", "START", NULL), NT_ANSWER_OK);
	assert_int_equal(suppressed(h, "+999123456"), NT_SUPPRESSION_NONE);
	event(h, "dee", "{\"event\":\"a.b\"}");
	SEEN(h, "dee m1; ");
	assert_int_equal(say(h, "Bank", "STOP", NULL), NT_ANSWER_INVALID);
	house_free(h);
}

static void other_words_are_an_event(void **state)
{
	struct house *h = talking();

	(void)state;
	assert_int_equal(say(h, "+4915112345", "What's the price?", "m-1"), NT_ANSWER_OK);
	assert_true(is_tagged(h, "cem", "price"));
	assert_false(is_tagged(h, "ann", "price"));
	assert_int_equal(consent(h, "cem")->state, NT_CONSENT_UNKNOWN);
	/* a no with more to it is a no, and somebody may read it */
	assert_int_equal(say(h, "+4915112345", "Stop it!!", "m-2"), NT_ANSWER_OK);
	assert_int_equal(consent(h, "cem")->state, NT_CONSENT_REFUSED);
	assert_true(is_tagged(h, "cem", "other"));
	/* what comes twice counts once */
	assert_int_equal(say(h, "+4915112345", "START", "m-3"), NT_ANSWER_OK);
	assert_int_equal(say(h, "+4915112345", "STOP", "m-4"), NT_ANSWER_OK);
	assert_int_equal(say(h, "+4915112345", "START", "m-3"), NT_ANSWER_DUPLICATE);
	assert_int_equal(consent(h, "cem")->state, NT_CONSENT_REFUSED);
	house_free(h);
}

/* Nothing in a text gets further than the event's detail: one line, valid, not too long. */
static void no_text_does_harm(void **state)
{
	struct house *h = talking();
	char *large = g_strnfill(100000, 'x');
	const char *texts[] = { "{{ first_name }}", "\"}],\"event\":\"a.b\"", "a\r\nBcc: eve@example.org",
		                "\x01\x1b[2J", "= 1/0", large, "\xf0\x9f\x98\x80", "" };

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(texts); i++)
		assert_int_equal(say(h, "+4915112345", texts[i], NULL), NT_ANSWER_OK);
	assert_int_equal(consent(h, "cem")->state, NT_CONSENT_UNKNOWN);
	SEEN(h, "");
	g_free(large);
	house_free(h);
}

static unsigned leads_of(struct house *h, const char *phone)
{
	char *key = g_strdup_printf("phone %s", phone);
	const char *list = NULL;
	unsigned n = 0;

	assert_int_equal(h->store->ops->meta_get(h->store, h->arena, key, &list), NT_STORE_OK);
	for (; list != NULL && (list = strchr(list, '\n')) != NULL; list++)
		n++;
	g_free(key);
	return n;
}

static void numbers_are_followed(void **state)
{
	struct house *h = talking();

	(void)state;
	assert_int_equal(leads_of(h, "+15550101234"), 2);
	fields(h, "ann", "{\"phone\":\"+1 555 010 1234\",\"first_name\":\"Ann\"}"); /* the same */
	assert_int_equal(leads_of(h, "+15550101234"), 2);
	fields(h, "ann", "{\"phone\":\"+1 555 010 9999\"}");
	assert_int_equal(leads_of(h, "+15550101234"), 1);
	assert_int_equal(leads_of(h, "+15550109999"), 1);
	assert_int_equal(say(h, "+15550101234", "STOP", NULL), NT_ANSWER_OK);
	assert_int_equal(consent(h, "ann")->state, NT_CONSENT_UNKNOWN);
	assert_int_equal(consent(h, "ben")->state, NT_CONSENT_REFUSED);
	fields(h, "ann", "{\"phone\":null}");
	assert_int_equal(leads_of(h, "+15550109999"), 0);
	ask(h, input(h, NT_INPUT_ERASE, "ben", NULL));
	assert_int_equal(leads_of(h, "+15550101234"), 0);
	for (unsigned i = 0; i < NT_PHONE_LEADS + 3; i++)
		fields(h, nt_arena_printf(h->arena, "s%u", i), "{\"phone\":\"+100200300\"}");
	assert_int_equal(leads_of(h, "+100200300"), NT_PHONE_LEADS);
	house_free(h);
}

/* A store of a version that kept no list: the pass that touches all leads makes one. */
static void an_older_store_learns_its_numbers(void **state)
{
	struct house *h = talking();

	(void)state;
	assert_int_equal(h->store->ops->begin(h->store), NT_STORE_OK);
	h->store->ops->meta_put(h->store, "phones", NULL);
	h->store->ops->meta_put(h->store, "phone +15550101234", NULL);
	h->store->ops->meta_put(h->store, "phone +4915112345", NULL);
	assert_int_equal(h->store->ops->commit(h->store, 1000000), NT_STORE_OK);
	nt_engine_free(h->engine);
	open_engine(h);
	assert_true(nt_engine_touching(h->engine));
	assert_int_equal(turn(h, NULL), NT_STORE_OK);
	assert_false(nt_engine_touching(h->engine));
	assert_int_equal(leads_of(h, "+15550101234"), 2);
	assert_int_equal(leads_of(h, "+4915112345"), 1);
	nt_engine_free(h->engine);
	open_engine(h);
	assert_false(nt_engine_touching(h->engine));
	house_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_known),
		cmocka_unit_test(a_stop_is_for_the_number_and_all_who_have_it),
		cmocka_unit_test(a_number_is_the_same_however_it_is_written),
		cmocka_unit_test(numbers_that_nobody_has_are_kept_too),
		cmocka_unit_test(other_words_are_an_event),
		cmocka_unit_test(no_text_does_harm),
		cmocka_unit_test(numbers_are_followed),
		cmocka_unit_test(an_older_store_learns_its_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
