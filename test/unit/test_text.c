#include "unit.h"

#include "base/text.h"

#include <string.h>

static void assert_all(bool (*check)(const char *), const char *const *texts, bool expected)
{
	for (; *texts != NULL; texts++)
		if (check(*texts) != expected)
			fail_msg("'%s' was %s", *texts, expected ? "refused" : "taken");
	assert_false(check(NULL));
}

static void names(void **state)
{
	static const char *const hyphenated[] = { "a", "trial-nurture", "offer-2", "7-days", NULL };
	static const char *const not_hyphenated[] = { "",    "-a",  "a-",  "a--b",     "Trial",
						      "a_b", "a.b", "a b", "\xC3\xA9", NULL };
	static const char *const fields[] = { "a", "company_size", "address2", "line_2", NULL };
	static const char *const not_fields[] = { "", "_a", "a_", "a__b", "2nd", "Company", "a-b", "a.b", NULL };
	static const char *const events[] = { "trial.started", "sales_call.made", "form2.sent", NULL };
	static const char *const not_events[] = { "",     "trial", ".started", "trial.", "a.b.c",
						  "a..b", "A.b",   "a-b.c",    NULL };

	(void)state;
	assert_all(nt_name_is_hyphenated, hyphenated, true);
	assert_all(nt_name_is_hyphenated, not_hyphenated, false);
	assert_all(nt_name_is_field, fields, true);
	assert_all(nt_name_is_field, not_fields, false);
	assert_all(nt_name_is_event, events, true);
	assert_all(nt_name_is_event, not_events, false);
}

static void names_have_a_longest_length(void **state)
{
	char *name = g_strnfill(NT_NAME_LONGEST + 1, 'a');

	(void)state;
	assert_false(nt_name_is_hyphenated(name));
	name[NT_NAME_LONGEST] = '\0';
	assert_true(nt_name_is_hyphenated(name));
	g_free(name);
}

static void lead_ids(void **state)
{
	static const char *const right[] = { "1", "crm:42/a b", "J\xC3\xBCrgen", NULL };
	static const char *const wrong[] = { "", " a", "a ", "a\nb", "a\x7F", "a\xC2\x85z", "\xFF", NULL };
	char *id = g_strnfill(NT_LEAD_ID_LONGEST + 1, 'x');

	(void)state;
	assert_all(nt_lead_id_valid, right, true);
	assert_all(nt_lead_id_valid, wrong, false);
	assert_false(nt_lead_id_valid(id));
	assert_true(nt_lead_id_valid(id + 1));
	g_free(id);
}

static void email_addresses(void **state)
{
	static const char *const right[] = {
		"ann@example.org", "a.b+tag@mail.example.co.uk", "o'neil_x@example.org", "ops@localhost", "1@2.de",
		"j\xC3\xBCrgen@m\xC3\xBCller.de", "x@xn--mller-kva.de", "!#$%&'*+-/=?^_`{|}~@example.org", NULL,
	};
	static const char *const wrong[] = {
		"",
		"@",
		"ann",
		"ann@",
		"@example.org",
		"a@b@c.org",
		"ann @example.org",
		"ann@exam ple.org",
		".ann@example.org",
		"ann.@example.org",
		"a..n@example.org",
		"ann@-example.org",
		"ann@example-.org",
		"ann@example..org",
		"ann@.example.org",
		"ann@example.org.",
		"ann@example_x.org",
		"Ann <ann@example.org>",
		"ann@example.org>",
		"ann@example.org\r\nBcc: x@example.org",
		"ann\n@example.org",
		"\"a b\"@example.org",
		"ann@[127.0.0.1]",
		"a,b@example.org",
		"ann@example.org,bob@example.org",
		"a\xC2\xA0z@example.org",
		"a\xE2\x80\xA8@example.org",
		"a\xFF@example.org",
		"a:b@example.org",
		"a;b@example.org",
		"a(b)@example.org",
		"a\\b@example.org",
		NULL,
	};
	char *local = g_strnfill(65, 'a'), *label = g_strnfill(64, 'b'), *text;

	(void)state;
	assert_all(nt_email_valid, right, true);
	assert_all(nt_email_valid, wrong, false);
	text = g_strconcat(local, "@example.org", NULL);
	assert_false(nt_email_valid(text));
	assert_true(nt_email_valid(text + 1));
	g_free(text);
	text = g_strconcat("a@", label, ".org", NULL);
	assert_false(nt_email_valid(text));
	g_free(text);
	g_free(local);
	g_free(label);
	assert_string_equal(nt_email_domain("ann@example.org"), "example.org");
	assert_null(nt_email_domain("ann"));
}

static void assert_normal(void (*normalize)(GString *, const char *), const char *text, const char *expected)
{
	GString *out = g_string_new("email:");

	normalize(out, text);
	assert_string_equal(out->str + 6, expected);
	g_string_free(out, TRUE);
}

static void suppression_knows_an_address_in_any_spelling(void **state)
{
	(void)state;
	assert_normal(nt_email_normalize, "Ann.Berg@Example.ORG", "ann.berg@example.org");
	assert_normal(nt_email_normalize, "J\xC3\x9CRGEN@M\xC3\x9CLLER.DE", "j\xC3\xBCrgen@m\xC3\xBCller.de");
	/* The same letter, composed and not. */
	assert_normal(nt_email_normalize, "ju\xCC\x88rgen@example.org", "j\xC3\xBCrgen@example.org");
	assert_normal(nt_email_normalize, "ann+news@example.org", "ann+news@example.org");
	/* What isn't UTF-8 is no address, but does no harm. */
	assert_normal(nt_email_normalize, "ANN\xE2\x82", "ann\xE2\x82");
}

static void telephone_numbers(void **state)
{
	static const char *const right[] = { "+4930123456", "+1 (555) 010-0100", "030/123 456", "0049 30 123456",
					     "80808",       "+49 (0)30 123",     NULL };
	static const char *const wrong[] = {
		"",           "+",        "12",          "+1234567890123456", "555-HELP", "1+234567",
		"++49301234", "+0301234", "030 1234 x5", "+49\n30123",        NULL,
	};

	(void)state;
	assert_all(nt_phone_valid, right, true);
	assert_all(nt_phone_valid, wrong, false);
	assert_normal(nt_phone_normalize, "+1 (555) 010-0100", "+15550100100");
	assert_normal(nt_phone_normalize, "0049 30/123.456", "+4930123456");
	assert_normal(nt_phone_normalize, "+49 (0)30 123 456", "+4930123456");
	assert_normal(nt_phone_normalize, "0049 (0)30 123 456", "+4930123456");
	assert_normal(nt_phone_normalize, "030 123", "030123");
}

static void folding_and_utf8(void **state)
{
	char *text = nt_text_fold("\xC3\x89T\xC3\x89 \xCE\xA3 I stra\xC3\x9F""e");

	(void)state;
	assert_string_equal(text, "\xC3\xA9t\xC3\xA9 \xCF\x83 i stra\xC3\x9F""e");
	g_free(text);
	assert_true(nt_utf8_valid("", 0));
	assert_true(nt_utf8_valid("\xE2\x82\xAC", 3));
	assert_false(nt_utf8_valid("\xE2\x82\xAC", 2));
	assert_false(nt_utf8_valid("a\0b", 3));
	assert_false(nt_utf8_valid("\xC0\xAF", 2));
}

static void one_lead_and_two_leads(void **state)
{
	static const uint64_t many[] = { 0, 2, 11, 101, UINT64_MAX };

	(void)state;
	assert_string_equal(nt_text_plural(1, "lead", "leads"), "lead");
	for (unsigned i = 0; i < G_N_ELEMENTS(many); i++)
		assert_string_equal(nt_text_plural(many[i], "lead", "leads"), "leads");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(names_have_a_longest_length),
		cmocka_unit_test(lead_ids),
		cmocka_unit_test(email_addresses),
		cmocka_unit_test(suppression_knows_an_address_in_any_spelling),
		cmocka_unit_test(telephone_numbers),
		cmocka_unit_test(folding_and_utf8),
		cmocka_unit_test(one_lead_and_two_leads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
