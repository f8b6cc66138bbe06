/* A gateway's definition, read: provider.c makes it, provider_request.c uses it. */
#ifndef NT_CHANNEL_PROVIDER_PRIVATE_H
#define NT_CHANNEL_PROVIDER_PRIVATE_H

#include "channel/provider.h"
#include "template/parse.h"

struct nt_provider_pair { /* a name and a text with values in it; children: a nested JSON object */
	const char *name;
	const struct nt_liquid *text;
	const char *literal;   /* JSON as written: true, 12; then text is NULL */
	bool nested;           /* an object: `children`, none if it is empty */
	const struct nt_provider_pair *children;
	struct nt_provider_pair *next;
};

struct nt_provider_statuses { /* ranges of HTTP status codes */
	struct { int from, to; } ranges[16];
	unsigned n;
};

struct nt_provider_inbound { /* channel/inbound.h */
	const char *method;             /* GET or POST */
	const char *from, *text, *id;   /* names of parameters; id NULL: none */
	const char *key;                /* name of the parameter that holds the secret; or … */
	const char *header;             /* … of the header with the signature */
	const char *setting;            /* which setting is the secret; NULL: nothing comes in */
};

struct nt_provider {
	struct nt_arena *arena;
	const char *name, *method;
	const struct nt_liquid *url, *user, *password;
	const struct nt_provider_pair *headers, *form, *json;
	const struct nt_json *settings;  /* what {{ settings.NAME }} reads */
	struct nt_provider_statuses success, temporary, hard;
	const char *success_prefix;      /* of the body, or NULL */
	const char *id_json, *id_prefix; /* where the gateway's id stands: a field of a JSON answer; or after this text
	                                    in a plain one */
	const char *hard_json;           /* a field of a JSON answer whose value … */
	const char **hard_in;            /* … is one of these: the address is at fault */
	struct nt_provider_inbound inbound;
	bool idempotent;                 /* the gateway knows a repeated call by its key: no call is ever in doubt */
	/* webhook */
	bool webhook;
	const char *fixed_url, *secret;
	const char *const (*fixed_headers)[2];
	unsigned n_fixed_headers;
};

#endif
