/* The one interface of all channels: smtp, http, exec, spool (and the null one for staging).
 *
 * A channel is handed messages by the dispatcher (loop thread) and reports one outcome each, on the loop thread, at any
 * later time. How it gets there (worker threads, curl multi, child processes) is its own matter. It never blocks the
 * loop. */
#ifndef NT_CHANNEL_CHANNEL_H
#define NT_CHANNEL_CHANNEL_H

#include "engine/engine.h"

#include <stdbool.h>

struct ev_loop;
struct nt_channel;
struct nt_clock;
struct nt_links;
struct nt_template_set;

/* A claimed row on its way. Lives from the dispatcher's hand-over until its outcome has been reported; the channel
 * borrows it. */
struct nt_delivery {
	struct nt_outbox_row row;          /* texts in `arena` */
	struct nt_arena *arena;
	const struct nt_template_set *templates; /* of the rule set that released it; held by `program` */
	struct nt_program *program;
	int slot;                          /* in the slot file; -1 */
	bool is_test;                      /* to ourselves, and marked so */
	void *owner;                       /* the dispatcher's */
	struct nt_delivery *next;          /* for whoever holds it */
};

struct nt_delivery_outcome {
	enum nt_send_result result;
	bool hard;              /* REFUSED: the address is at fault (bounce): suppress it */
	const char *detail;     /* the last answer, for people; copied */
	const char *remote_id;  /* the gateway's, or NULL; copied */
	nt_time retry_after;    /* ms, 0 none */
	bool down; /* the relay or gateway can't be reached at all: nothing is handed to the channel for a while */
};

/* What a channel needs from the house. */
struct nt_channel_house {
	struct ev_loop *loop;
	struct nt_clock *clock;
	const struct nt_links *links;   /* makes signed links for {{ unsubscribe_url }} … */
	struct nt_slots *slots;
	/* Call on the loop thread, once for each delivery. */
	void (*done)(struct nt_delivery *delivery, const struct nt_delivery_outcome *outcome);
};

struct nt_channel_ops {
	const char *type;   /* "smtp" */
	/* Takes the delivery on. false: no room now (the dispatcher keeps it back until has_room says so). */
	bool (*send)(struct nt_channel *channel, struct nt_delivery *delivery);
	/* How many more it takes now. */
	unsigned (*room)(const struct nt_channel *channel);
	/* No more will come: finish what is on the wire, report UNTOUCHED for the rest. `drained` is called on the loop
	 * thread when nothing is left. */
	void (*drain)(struct nt_channel *channel, void (*drained)(void *user), void *user);
	void (*free)(struct nt_channel *channel); /* after drained, or to break off hard: what is on the wire stays
	                                             handed */
};

struct nt_channel { /* implementations embed it first */
	const struct nt_channel_ops *ops;
	const char *name;       /* "email"; owned by the configuration */
};

/* What smtp, http, exec and spool are told by the configuration (main/settings.c fills these). All texts are borrowed
 * and must outlive the channel. */
struct nt_smtp_settings {
	const char *host;
	unsigned port;             /* default 25 */
	enum { NT_TLS_NONE, NT_TLS_IF_OFFERED, NT_TLS_REQUIRED } tls; /* STARTTLS */
	const char *ca_file;       /* NULL: the system's */
	const char *user, *password; /* AUTH; NULL none */
	unsigned connections;      /* workers, 1-64; default 8 */
	unsigned messages_per_session; /* default 200 */
	unsigned timeout_ms;       /* per command; default 60 s; 5 minutes after DATA's end */
	const char *hello;         /* our name in EHLO; NULL: the host's */
	const char *bounce_address; /* MAIL FROM; NULL: the sender's */
};
struct nt_provider;
struct nt_http_settings {
	const struct nt_provider *provider;  /* contrib/providers/NAME.yaml, filled in */
	unsigned connections;      /* default 16 */
	unsigned timeout_ms;       /* default 30 s */
};
struct nt_exec_settings {
	const char *const *argv;   /* argv[0] is an absolute path; the message comes on standard input */
	unsigned processes;        /* at the same time; default 4 */
	unsigned timeout_ms;       /* then killed; default 60 s */
};
struct nt_spool_settings {
	const char *path;          /* a folder with tmp/ and new/, made if need be; one file a message */
};

struct nt_channel *nt_smtp_channel_new(const char *name, const struct nt_smtp_settings *settings,
                                       const struct nt_channel_house *house);
struct nt_channel *nt_http_channel_new(const char *name, const struct nt_http_settings *settings,
                                       const struct nt_channel_house *house);
struct nt_channel *nt_exec_channel_new(const char *name, const struct nt_exec_settings *settings,
                                       const struct nt_channel_house *house);
struct nt_channel *nt_spool_channel_new(const char *name, const struct nt_spool_settings *settings,
                                        const struct nt_channel_house *house);

#endif
