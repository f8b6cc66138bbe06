/* Text messages that a gateway brings to us, as its definition describes (contrib/providers/NAME.yaml):
 *
 *     inbound:
 *       method: POST
 *       from: From                     # the parameters that hold the sender's number, the text, and the gateway's id
 *       text: Body
 *       id: MessageSid
 *       signature: { scheme: twilio, header: X-Twilio-Signature, setting: token }
 *
 * or, for gateways that don't sign, a key that only they know, in a parameter of the query:
 *       key: { parameter: key, setting: inbound_key }
 *
 * Nothing is taken without one of them. Pure but for the comparison in constant time; any thread. */
#ifndef NT_CHANNEL_INBOUND_H
#define NT_CHANNEL_INBOUND_H

#include <stdbool.h>

struct nt_provider;

struct nt_inbound_call {
	const char *method;
	const char *url;                       /* as the gateway knows it, without a query */
	const char *const (*parameters)[2];    /* name, value, decoded, in order: of the query, or of the form */
	unsigned n_parameters;
	const char *(*header)(void *user, const char *name); /* NULL: not there */
	void *user;
};

enum nt_inbound_result {
	NT_INBOUND_OK,
	NT_INBOUND_OFF,        /* the gateway, or its settings, have nothing for it */
	NT_INBOUND_METHOD,
	NT_INBOUND_FORGED,
	NT_INBOUND_INCOMPLETE,
};

struct nt_inbound_message { /* borrowed from the call */
	const char *from, *text, *id; /* id NULL: it gave none */
};

enum nt_inbound_result nt_inbound_read(const struct nt_provider *provider, const struct nt_inbound_call *call,
                                       struct nt_inbound_message *out);

#endif
