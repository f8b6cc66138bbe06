#include "channel/smtp_session.h"

#include "base/arena.h"
#include "base/bug.h"
#include "channel/connect.h"
#include "channel/mime.h"
#include "channel/render.h"
#include "channel/slots.h"
#include "os/log.h"

#include <auth-client.h>
#include <openssl/ssl.h>
#include <libesmtp.h>
#include <string.h>

#define IDLE_MS 500          /* an open session waits so long for the next message */
#define CONNECT_MS 10000
#define DATA_END_FACTOR 5    /* RFC 5321, 4.5.3.2.6: the reply to the end of DATA may take far longer */

/* A message of the session. Its bytes live until the session is destroyed: libesmtp keeps pointers. */
struct item {
	struct nt_delivery *delivery; /* NULL once reported */
	smtp_message_t message;
	smtp_recipient_t recipient;
	GString *bytes;
	bool given, whole; /* the body was asked for; … to its end: from now on the other side may have it all */
	struct session *session;
};

struct session {
	const struct nt_smtp_session_house *house;
	smtp_session_t smtp;
	GPtrArray *items;
	bool greeted;
	bool carried;         /* the server has answered for a message of it */
	const char *tls_problem;
	enum { LOGIN_NONE, LOGIN_ASKED, LOGIN_DONE, LOGIN_REFUSED } login;
	char login_reply[120];
};

struct nt_smtp_tls {
	SSL_CTX *context;
};

struct nt_smtp_tls *nt_smtp_tls_new(const struct nt_smtp_settings *settings)
{
	struct nt_smtp_tls *tls;

	if (settings->tls == NT_TLS_NONE)
		return NULL;
	tls = g_new0(struct nt_smtp_tls, 1);
	tls->context = SSL_CTX_new(TLS_client_method());
	NT_CHECK(tls->context != NULL);
	SSL_CTX_set_min_proto_version(tls->context, TLS1_2_VERSION);
	/* TLS 1.3 servers send session tickets after the handshake. libesmtp takes them for the reply to an EHLO that
	 * is still in its buffer, and waits for the rest until its time-out. */
	SSL_CTX_set_max_proto_version(tls->context, TLS1_2_VERSION);
	/* Instead of the system's: a file that can't be read leaves nobody to trust, which the settings have seen to.
	 */
	if (settings->ca_file == NULL)
		SSL_CTX_set_default_verify_paths(tls->context);
	else if (SSL_CTX_load_verify_locations(tls->context, settings->ca_file, NULL) != 1)
		nt_log(NT_LOG_ERROR, "no certificate can be read from ca_file", "path", settings->ca_file, NULL);
	return tls;
}

void nt_smtp_tls_free(struct nt_smtp_tls *tls)
{
	if (tls == NULL)
		return;
	SSL_CTX_free(tls->context);
	g_free(tls);
}

/* ---- what became of it ---- */

static int digit(int code)
{
	return code / 100;
}

/* The address is at fault, not what we said or who we are: 5.1.x bad address, or no enhanced code with a reply that RFC
 * 5321 (4.2.3) keeps for mailboxes. 5.7.x is policy, 5.2.2 a full mailbox. */
static bool address_at_fault(const struct nt_smtp_replies *r)
{
	if (r->enhanced[0] == 5)
		return r->enhanced[1] == 1 || (r->enhanced[1] == 2 && r->enhanced[2] == 1);
	return r->rcpt == 550 || r->rcpt == 551 || r->rcpt == 553;
}

enum nt_send_result nt_smtp_result(const struct nt_smtp_replies *r, bool *hard)
{
	*hard = false;
	if (digit(r->rcpt) == 5) {
		*hard = address_at_fault(r);
		return NT_SEND_REFUSED;
	}
	if (digit(r->rcpt) == 4)
		return NT_SEND_TEMPORARY;
	if (digit(r->mail) == 5)
		return NT_SEND_REFUSED;
	if (digit(r->mail) == 4)
		return NT_SEND_TEMPORARY;
	switch (digit(r->data)) {
	case 2:
		/* Without a recipient that was accepted it went nowhere, whatever the server said of the data. */
		return digit(r->rcpt) == 2 ? NT_SEND_ACCEPTED : NT_SEND_TEMPORARY;
	case 4:
		return NT_SEND_TEMPORARY;
	case 5:
		return NT_SEND_REFUSED;
	default:
		return r->whole ? NT_SEND_IN_DOUBT : NT_SEND_UNTOUCHED;
	}
}

static int code_of(const smtp_status_t *status)
{
	return status != NULL ? status->code : 0;
}

static const char *text_of(const smtp_status_t *mail, const smtp_status_t *rcpt, const smtp_status_t *data)
{
	const smtp_status_t *said[] = { rcpt, mail, data };

	for (unsigned i = 0; i < G_N_ELEMENTS(said); i++)
		if (said[i] != NULL && digit(said[i]->code) >= 4 && said[i]->text != NULL)
			return said[i]->text;
	return data != NULL && digit(data->code) == 2 ? data->text : NULL;
}

static void report(struct item *item, const struct nt_delivery_outcome *outcome)
{
	struct nt_delivery *delivery = item->delivery;

	item->delivery = NULL;
	item->session->house->report(item->session->house->user, delivery, outcome);
}

/* `broken`: why the session ended early, or NULL while it goes on; broke_it: this was the message at hand. */
static void settle(struct item *item, const char *broken, bool broke_it)
{
	const smtp_status_t *mail = smtp_reverse_path_status(item->message),
			    *rcpt = smtp_recipient_status(item->recipient),
			    *data = smtp_message_transfer_status(item->message);
	struct nt_smtp_replies replies = {
		.mail = code_of(mail), .rcpt = code_of(rcpt), .data = code_of(data), .whole = item->whole
	};
	struct nt_delivery_outcome outcome = { 0 };
	const struct nt_smtp_settings *settings = item->session->house->settings;
	const char *said = text_of(mail, rcpt, data);
	char *detail, *line;

	if (rcpt != NULL) {
		replies.enhanced[0] = rcpt->enh_class;
		replies.enhanced[1] = rcpt->enh_subject;
		replies.enhanced[2] = rcpt->enh_detail;
	}
	outcome.result = nt_smtp_result(&replies, &outcome.hard);
	/* A wrong password is for us to mend: no message is lost by it. */
	if (outcome.result == NT_SEND_REFUSED && settings->user != NULL && item->session->login != LOGIN_DONE) {
		outcome = (struct nt_delivery_outcome){ .result = NT_SEND_TEMPORARY, .down = true };
		said = NULL;
		broken = item->session->login == LOGIN_REFUSED ? item->session->login_reply
		                                               : "the server offers no way to log in that we know";
	}
	/* What the session broke on counts as a try, or a server that always hangs up would be asked for ever. But one
	 * that ends a session after so many messages (RFC 5321, 3.8: with 421, or without a word) has nothing against
	 * the next: that is the first of a session to come, and counts there. */
	if (item->session->carried && (replies.mail == 421 || replies.mail == 0) && replies.rcpt == 0 &&
	    replies.data == 0 && !replies.whole)
		outcome.result = NT_SEND_UNTOUCHED;
	else if (outcome.result == NT_SEND_UNTOUCHED && broke_it)
		outcome.result = NT_SEND_TEMPORARY;
	if (outcome.result == NT_SEND_ACCEPTED)
		item->session->carried = true;
	if (said != NULL) {
		int code = digit(replies.rcpt) >= 4   ? replies.rcpt
		           : digit(replies.mail) >= 4 ? replies.mail
		                                      : replies.data;

		detail = g_strdup_printf("%d %s", code, said);
	} else {
		detail = g_strdup(broken != NULL ? broken : "no answer");
	}
	line = g_utf8_make_valid(detail, -1);                      /* a server's answer may be of any alphabet */
	outcome.detail = g_strchomp(g_strdelimit(line, "\r\n", ' ')); /* replies of several lines become one */
	report(item, &outcome);
	g_free(line);
	g_free(detail);
}

/* ---- the session ---- */

/* Called for the body: NULL length asks to start again. One piece, then its end: once that is asked for, the final dot
 * follows, and from then on only an answer tells whether the other side has it. */
static const char *give_bytes(void **context, int *length, void *arg)
{
	struct item *item = arg;

	(void)context;
	if (length == NULL) {
		item->given = false;
		return NULL;
	}
	if (!item->given) {
		item->given = true;
		*length = (int)item->bytes->len;
		return item->bytes->str;
	}
	item->whole = true;
	if (item->delivery != NULL && item->delivery->slot >= 0)
		nt_slots_stage(item->session->house->slots, item->delivery->slot, NT_SLOT_SENDING);
	*length = 0;
	return NULL;
}

static void item_free(gpointer data)
{
	struct item *item = data;

	g_string_free(item->bytes, TRUE);
	g_free(item);
}

/* Renders and adds it to the session. false: it could not become a message and has been reported. */
static bool add(struct session *session, struct nt_delivery *delivery)
{
	const struct nt_smtp_settings *settings = session->house->settings;
	struct nt_delivery_outcome outcome = { .result = NT_SEND_REFUSED };
	struct nt_letter letter;
	struct item *item;
	GString *bytes = g_string_sized_new(8192);
	const char *why = NULL;

	if (!nt_letter_render(delivery, session->house->links, &letter, &why) ||
	    !nt_mime_build(delivery, &letter, bytes, &why)) {
		outcome.detail = why;
		g_string_free(bytes, TRUE);
		session->house->report(session->house->user, delivery, &outcome);
		return false;
	}
	item = g_new0(struct item, 1);
	item->session = session;
	item->delivery = delivery;
	item->bytes = bytes;
	item->message = smtp_add_message(session->smtp);
	NT_CHECK(item->message != NULL);
	smtp_set_reverse_path(item->message, settings->bounce_address != NULL ? settings->bounce_address : letter.from);
	item->recipient = smtp_add_recipient(item->message, letter.to);
	smtp_set_messagecb(item->message, give_bytes, item);
	smtp_8bitmime_set_body(item->message, E8bitmime_NOTSET);
	g_ptr_array_add(session->items, item);
	return true;
}

/* The next one for this connection, if there is one soon. */
static void add_next(struct session *session, int64_t ms)
{
	struct nt_delivery *delivery;

	while (session->items->len < session->house->settings->messages_per_session &&
	       (delivery = session->house->more(session->house->user, ms)) != NULL)
		if (add(session, delivery))
			return;
}

static struct item *find_item(struct session *session, smtp_message_t message)
{
	for (guint i = session->items->len; i > 0; i--) {
		struct item *item = g_ptr_array_index(session->items, i - 1);

		if (item->message == message)
			return item;
	}
	return NULL;
}

/* All but the newest that still wait for a report: libesmtp has gone on to the newest, so their replies are all there.
 */
static void settle_older(struct session *session)
{
	for (guint i = 0; i + 1 < session->items->len; i++) {
		struct item *item = g_ptr_array_index(session->items, i);

		if (item->delivery != NULL)
			settle(item, NULL, false);
	}
}

static void certificate(struct session *session, const char *problem, int *ok)
{
	/* Encrypted to somebody unknown is no better than in the clear: only where TLS is optional is it taken. */
	*ok = session->house->settings->tls != NT_TLS_REQUIRED;
	if (!*ok)
		session->tls_problem = problem;
}

static void event(smtp_session_t smtp, int number, void *arg, ...)
{
	struct session *session = arg;
	struct item *item;
	va_list ap;

	(void)smtp;
	va_start(ap, arg);
	switch (number) {
	case SMTP_EV_MAILSTATUS:
		session->greeted = true;
		settle_older(session);
		break;
	case SMTP_EV_RCPTSTATUS: {
		const char *mailbox = va_arg(ap, const char *);
		smtp_recipient_t recipient = va_arg(ap, smtp_recipient_t);

		(void)mailbox;
		/* Refused: no MESSAGESENT follows, and without a further message the session would end here. */
		if (digit(code_of(smtp_recipient_status(recipient))) != 2)
			add_next(session, 0);
		break;
	}
	case SMTP_EV_MESSAGESENT:
		item = find_item(session, va_arg(ap, smtp_message_t));
		NT_CHECK(item != NULL);
		if (item->delivery != NULL)
			settle(item, NULL, false);
		/* Refused at DATA, before its body: the library has looked for a further message already, and is about
		 * to leave. */
		if (item->whole && item == g_ptr_array_index(session->items, session->items->len - 1))
			add_next(session, IDLE_MS);
		break;
	case SMTP_EV_WEAK_CIPHER: {
		va_arg(ap, long);
		certificate(session, "the server's cipher is too weak", va_arg(ap, int *));
		break;
	}
	case SMTP_EV_INVALID_PEER_CERTIFICATE: {
		va_arg(ap, long);
		certificate(session, "the server's certificate isn't trusted (ca_file names your own authority)",
		            va_arg(ap, int *));
		break;
	}
	case SMTP_EV_NO_PEER_CERTIFICATE:
		certificate(session, "the server has no certificate", va_arg(ap, int *));
		break;
	case SMTP_EV_WRONG_PEER_CERTIFICATE:
		certificate(session, "the server's certificate is for another host", va_arg(ap, int *));
		break;
	case SMTP_EV_NO_CLIENT_CERTIFICATE:
		*va_arg(ap, int *) = 1; /* we have none, and need none */
		break;
	case SMTP_EV_EXTNA_STARTTLS:
		session->tls_problem = "the server offers no STARTTLS";
		break;
	default:
		break;
	}
	va_end(ap);
}

static int login(auth_client_request_t request, char **result, int fields, void *arg)
{
	const struct nt_smtp_settings *settings = arg;

	for (int i = 0; i < fields; i++)
		/* The library only reads what it is given, and frees nothing. */
		result[i] =
			(char *)(guintptr)((request[i].flags & AUTH_PASS) != 0 ? settings->password : settings->user);
	return 1;
}

/* What is written and read beside messages: the library keeps to itself whether the login was taken. */
static void watch_login(const char *bytes, int length, int writing, void *arg)
{
	struct session *session = arg;

	if (writing == SMTP_CB_WRITING) {
		if (length > 5 && g_ascii_strncasecmp(bytes, "AUTH ", 5) == 0)
			session->login = LOGIN_ASKED;
	} else if (writing == SMTP_CB_READING && session->login == LOGIN_ASKED && length > 0 && bytes[0] != '3') {
		session->login = bytes[0] == '2' ? LOGIN_DONE : LOGIN_REFUSED;
		g_snprintf(session->login_reply, sizeof session->login_reply, "login: %.*s", MIN(length, 100), bytes);
	}
}

static auth_context_t authenticate(smtp_session_t smtp, const struct nt_smtp_settings *settings)
{
	auth_context_t auth;

	if (settings->user == NULL)
		return NULL;
	auth = auth_create_context();
	auth_set_mechanism_flags(auth, AUTH_PLUGIN_PLAIN, 0);
	auth_set_interact_cb(auth, login, (void *)(guintptr)settings);
	smtp_auth_set_context(smtp, auth);
	return auth;
}

static void set_timeouts(smtp_session_t smtp, unsigned ms)
{
	static const int which[] = { Timeout_GREETING, Timeout_ENVELOPE, Timeout_DATA, Timeout_TRANSFER };

	for (unsigned i = 0; i < G_N_ELEMENTS(which); i++)
		smtp_set_timeout(smtp, which[i] | Timeout_OVERRIDE_RFC2822_MINIMUM, (long)ms);
	smtp_set_timeout(smtp, Timeout_DATA2 | Timeout_OVERRIDE_RFC2822_MINIMUM, (long)ms * DATA_END_FACTOR);
}

/* The session is over: whoever has no outcome yet gets one. The first of them is what it broke on. */
static void settle_rest(struct session *session)
{
	char buffer[200];
	const char *broken = session->tls_problem != NULL ? session->tls_problem
	                                                  : smtp_strerror(smtp_errno(), buffer, sizeof buffer);
	bool first = true;

	for (guint i = 0; i < session->items->len; i++) {
		struct item *item = g_ptr_array_index(session->items, i);
		struct nt_delivery_outcome outcome = { .result = NT_SEND_TEMPORARY, .down = true, .detail = broken };

		if (item->delivery == NULL)
			continue;
		if (session->greeted || item->whole) {
			settle(item, broken != NULL && broken[0] != '\0' ? broken : "the connection was closed", first);
		} else {
			outcome.result = first ? NT_SEND_TEMPORARY : NT_SEND_UNTOUCHED;
			report(item, &outcome);
		}
		first = false;
	}
}

static void configure(struct session *session)
{
	const struct nt_smtp_settings *settings = session->house->settings;
	char *server = g_strdup_printf("%s:%u", settings->host, settings->port);

	smtp_set_server(session->smtp, server);
	g_free(server);
	if (settings->hello != NULL)
		smtp_set_hostname(session->smtp, settings->hello);
	smtp_set_eventcb(session->smtp, event, session);
	if (settings->user != NULL)
		smtp_set_monitorcb(session->smtp, watch_login, session, 0);
	set_timeouts(session->smtp, settings->timeout_ms);
	nt_connect_limit(MIN(CONNECT_MS, (int)settings->timeout_ms));
	if (session->house->tls != NULL) {
		smtp_starttls_set_ctx(session->smtp, session->house->tls->context);
		smtp_starttls_enable(session->smtp,
		                     settings->tls == NT_TLS_REQUIRED ? Starttls_REQUIRED : Starttls_ENABLED);
	}
}

bool nt_smtp_session_run(const struct nt_smtp_session_house *house, struct nt_delivery *first)
{
	struct session session = { .house = house, .items = g_ptr_array_new_with_free_func(item_free) };
	auth_context_t auth;
	bool reached = true;

	session.smtp = smtp_create_session();
	NT_CHECK(session.smtp != NULL);
	configure(&session);
	auth = authenticate(session.smtp, house->settings);
	if (add(&session, first)) {
		smtp_start_session(session.smtp); /* what it returns says little (it is 1 even when the server hung up):
		                                     the statuses do */
		settle_rest(&session);
		reached = session.greeted;
	}
	smtp_destroy_session(session.smtp);
	if (auth != NULL)
		auth_destroy_context(auth);
	g_ptr_array_free(session.items, TRUE);
	return reached;
}

void nt_smtp_session_warm_up(void)
{
	static bool warm;
	smtp_session_t session;

	if (warm)
		return;
	warm = true;
	auth_client_init();
	session = smtp_create_session();
	smtp_set_server(session, "127.0.0.1:0");
	smtp_start_session(session);
	smtp_destroy_session(session);
}
