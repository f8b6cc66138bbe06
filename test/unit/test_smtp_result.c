/* What three replies mean: RFC 5321 codes, RFC 3463 enhanced codes, and what libesmtp shows of sessions that broke. */
#include "channel/smtp_session.h"

#include "unit.h"

struct row {
	const char *what;
	struct nt_smtp_replies replies;
	enum nt_send_result result;
	bool hard;
};

static const struct row table[] = {
	{ "taken", { .mail = 250, .rcpt = 250, .data = 250, .whole = true }, NT_SEND_ACCEPTED, false },
	{ "taken for another host (251)",
	  { .mail = 250, .rcpt = 251, .data = 250, .whole = true },
	  NT_SEND_ACCEPTED,
	  false },
	{ "cannot verify (252), taken",
	  { .mail = 250, .rcpt = 252, .data = 250, .whole = true },
	  NT_SEND_ACCEPTED,
	  false },
	/* a session that broke: the table in the notes on the library */
	{ "dropped at the final dot", { .mail = 250, .rcpt = 250, .data = 0, .whole = true }, NT_SEND_IN_DOUBT, false },
	{ "421 at the final dot", { .mail = 250, .rcpt = 250, .data = 421, .whole = true }, NT_SEND_TEMPORARY, false },
	{ "time-out at the final dot: still 354",
	  { .mail = 250, .rcpt = 250, .data = 354, .whole = true },
	  NT_SEND_IN_DOUBT,
	  false },
	{ "dropped within the body",
	  { .mail = 250, .rcpt = 250, .data = 354, .whole = false },
	  NT_SEND_UNTOUCHED,
	  false },
	{ "never reached", { .mail = 0, .rcpt = 0, .data = 0, .whole = false }, NT_SEND_UNTOUCHED, false },
	{ "421 at MAIL", { .mail = 421 }, NT_SEND_TEMPORARY, false },
	{ "421 at RCPT", { .mail = 250, .rcpt = 421 }, NT_SEND_TEMPORARY, false },
	{ "451 at the final dot", { .mail = 250, .rcpt = 250, .data = 451, .whole = true }, NT_SEND_TEMPORARY, false },
	{ "RCPT 450 and DATA taken all the same",
	  { .mail = 250, .rcpt = 450, .data = 250, .whole = true },
	  NT_SEND_TEMPORARY,
	  false },
	{ "RCPT 550 and DATA taken all the same",
	  { .mail = 250, .rcpt = 550, .data = 250, .whole = true },
	  NT_SEND_REFUSED,
	  true },
	{ "DATA taken without a word on RCPT",
	  { .mail = 250, .rcpt = 0, .data = 250, .whole = true },
	  NT_SEND_TEMPORARY,
	  false },
	{ "RCPT refused, DATA refused after it", { .mail = 250, .rcpt = 550, .data = 554 }, NT_SEND_REFUSED, true },
	{ "RCPT 450, DATA 554 after it", { .mail = 250, .rcpt = 450, .data = 554 }, NT_SEND_TEMPORARY, false },
	/* the sender or we ourselves */
	{ "sender refused", { .mail = 550 }, NT_SEND_REFUSED, false },
	{ "sender's domain unknown", { .mail = 553 }, NT_SEND_REFUSED, false },
	{ "too busy", { .mail = 452 }, NT_SEND_TEMPORARY, false },
	{ "login wanted", { .mail = 530 }, NT_SEND_REFUSED, false },
	{ "content refused", { .mail = 250, .rcpt = 250, .data = 554, .whole = true }, NT_SEND_REFUSED, false },
	{ "too large", { .mail = 250, .rcpt = 250, .data = 552, .whole = true }, NT_SEND_REFUSED, false },
	/* the address, by code alone (RFC 5321, 4.2.3) */
	{ "no mailbox", { .mail = 250, .rcpt = 550 }, NT_SEND_REFUSED, true },
	{ "not local", { .mail = 250, .rcpt = 551 }, NT_SEND_REFUSED, true },
	{ "mailbox name not allowed", { .mail = 250, .rcpt = 553 }, NT_SEND_REFUSED, true },
	{ "too much storage", { .mail = 250, .rcpt = 552 }, NT_SEND_REFUSED, false },
	{ "transaction failed", { .mail = 250, .rcpt = 554 }, NT_SEND_REFUSED, false },
	{ "greylisted", { .mail = 250, .rcpt = 451 }, NT_SEND_TEMPORARY, false },
	{ "mailbox busy", { .mail = 250, .rcpt = 450 }, NT_SEND_TEMPORARY, false },
	/* the address, by enhanced code (RFC 3463) */
	{ "5.1.1 bad mailbox", { .mail = 250, .rcpt = 554, .enhanced = { 5, 1, 1 } }, NT_SEND_REFUSED, true },
	{ "5.1.2 bad system", { .mail = 250, .rcpt = 550, .enhanced = { 5, 1, 2 } }, NT_SEND_REFUSED, true },
	{ "5.1.3 bad syntax", { .mail = 250, .rcpt = 501, .enhanced = { 5, 1, 3 } }, NT_SEND_REFUSED, true },
	{ "5.1.10 null MX", { .mail = 250, .rcpt = 556, .enhanced = { 5, 1, 10 } }, NT_SEND_REFUSED, true },
	{ "5.2.1 mailbox disabled", { .mail = 250, .rcpt = 550, .enhanced = { 5, 2, 1 } }, NT_SEND_REFUSED, true },
	{ "5.2.2 mailbox full", { .mail = 250, .rcpt = 550, .enhanced = { 5, 2, 2 } }, NT_SEND_REFUSED, false },
	{ "5.4.1 no answer from host", { .mail = 250, .rcpt = 550, .enhanced = { 5, 4, 1 } }, NT_SEND_REFUSED, false },
	{ "5.7.1 policy", { .mail = 250, .rcpt = 550, .enhanced = { 5, 7, 1 } }, NT_SEND_REFUSED, false },
	{ "5.7.26 not authenticated", { .mail = 250, .rcpt = 550, .enhanced = { 5, 7, 26 } }, NT_SEND_REFUSED, false },
	{ "4.2.2 full for now", { .mail = 250, .rcpt = 452, .enhanced = { 4, 2, 2 } }, NT_SEND_TEMPORARY, false },
};

static void replies_mean_what_the_table_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		bool hard = !table[i].hard;
		enum nt_send_result result = nt_smtp_result(&table[i].replies, &hard);

		if (result != table[i].result || hard != table[i].hard)
			fail_msg("%s: %d%s", table[i].what, result, hard ? ", hard" : "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(replies_mean_what_the_table_says) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
