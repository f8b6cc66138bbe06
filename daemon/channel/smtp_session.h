/* One SMTP session through libesmtp (RFC 5321, 3207, 4954), carrying one delivery after another. Blocks: workers only.
 */
#ifndef NT_CHANNEL_SMTP_SESSION_H
#define NT_CHANNEL_SMTP_SESSION_H

#include "channel/channel.h"

struct nt_smtp_tls; /* certificates to trust, shared by all sessions of a channel */
struct nt_smtp_tls *nt_smtp_tls_new(const struct nt_smtp_settings *settings);
void nt_smtp_tls_free(struct nt_smtp_tls *tls);

struct nt_smtp_session_house {
	const struct nt_smtp_settings *settings;
	const struct nt_links *links;
	struct nt_slots *slots;
	struct nt_smtp_tls *tls;
	/* Once for each delivery, as soon as its fate is known. */
	void (*report)(void *user, struct nt_delivery *delivery, const struct nt_delivery_outcome *outcome);
	/* The next one for the same session, waiting at most ms; NULL: none. */
	struct nt_delivery *(*more)(void *user, int64_t ms);
	void *user;
};

/* libesmtp fills a character table lazily: once, before there are threads. */
void nt_smtp_session_warm_up(void);
/* Sends the first and whatever `more` gives, until it gives none or the session has carried enough. false: the relay
 * can't be reached, or not as it must be; others would fare no better now. */
bool nt_smtp_session_run(const struct nt_smtp_session_house *house, struct nt_delivery *first);

/* What three replies mean, for the message and for its address. Codes: 0 none. `whole`: the body had gone out to its
 * end. */
struct nt_smtp_replies {
	int mail, rcpt, data;      /* reply codes */
	int enhanced[3];           /* of rcpt: class, subject, detail; 0 none (RFC 3463) */
	bool whole;
};
enum nt_send_result nt_smtp_result(const struct nt_smtp_replies *replies, bool *hard);

#endif
