/* Shared by daemon.c (life), daemon_store.c (the store that is its own), daemon_reload.c (new rules and settings) and
 * daemon_control.c (status and clock). */
#ifndef NT_MAIN_DAEMON_PRIVATE_H
#define NT_MAIN_DAEMON_PRIVATE_H

#include "main/daemon.h"

#include <ev.h>

struct nt_api_plan;
struct nt_program;
struct nt_request;
struct nt_settings;

struct nt_daemon {
	struct nt_daemon_options options;
	struct nt_settings *settings;
	struct nt_settings *old_settings;  /* whose channels are still draining, or NULL */
	struct nt_links *links, *old_links;
	const struct nt_zones *zones;
	struct nt_program *program;        /* the loop's reference to what the engine runs */
	struct nt_clock *clock;
	int lock;                          /* of the store: one daemon a file */
	struct nt_store *store;
	struct nt_engine *engine;
	struct ev_loop *loop;
	struct nt_slots *slots;
	char *owner;                       /* "instance/boot" */
	struct nt_engine_thread *thread;
	struct nt_dispatcher *dispatcher;
	struct nt_reader *reader;
	struct nt_api *api;
	ev_signal on_term, on_int, on_hup;
	ev_timer stop_limit, idle, reload_later;
	bool settled;                      /* what an earlier process left on the wire is dealt with */
	bool stopping, stopped_hard, drained;
	bool reloading;                    /* a LOAD is on its way through the engine */
	struct nt_program *loading;
	struct nt_settings *loading_settings;
	char *last_reload;                 /* what the last one came to, for status */
	int exit_code;
};

/* Reads the rule set that the settings name. NULL: *report says what is wrong, as printed for people. The archive of
 * the sources is appended to `archive`; `content` is the hash of what they say (rules/content.h). */
struct nt_program *nt_daemon_read_rules(const struct nt_settings *settings, const struct nt_zones *zones,
                                        GString *archive, char content[65], GString *report);
void nt_daemon_post_load(struct nt_daemon *daemon, struct nt_program *program, const GString *archive,
                         void (*done)(struct nt_request *request, void *user));
/* `nurturectl reload`. false: nothing changed, *out says why. */
bool nt_daemon_reload(void *user, GString *out);
/* `nurturectl apply`: likewise, if nothing of the plan has changed. */
bool nt_daemon_apply(void *user, const struct nt_api_plan *plan, GString *out);
void nt_daemon_reload_signal(struct nt_daemon *daemon); /* SIGHUP: again by itself if it can't be done right now */

/* Opens the store that the settings name, for this process alone, on the clock that it has always lived by, and makes
 * up the owner. False: logged. */
bool nt_daemon_open_store(struct nt_daemon *daemon);

void nt_daemon_status(void *user, GString *out);
bool nt_daemon_clock_set(void *user, nt_time t, GString *out);

#endif
