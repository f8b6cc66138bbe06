/* The daemon as one object: what it owns and in which order it comes up and goes down. Wiring only. */
#ifndef NT_MAIN_DAEMON_H
#define NT_MAIN_DAEMON_H

#include "base/time.h"

#include <glib.h>
#include <stdbool.h>

struct nt_daemon;

struct nt_daemon_options {
	const char *config;
	double clock_speed;      /* 0: the real clock */
	nt_time clock_start;     /* NT_NO_TIME: now; for a fast or manual clock */
	bool clock_manual;
	bool live;               /* a line on standard output for every message, hand-off and answer */
};

/* Reads configuration and rules, and says what is wrong. 0: all is well, 1: errors (printed). */
int nt_daemon_check(const char *config);
/* Comes up, runs until SIGTERM or SIGINT, goes down. Exit code. */
int nt_daemon_run(const struct nt_daemon_options *options);

#endif
