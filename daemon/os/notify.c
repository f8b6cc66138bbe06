#include "config.h"

#include "os/notify.h"

#include <ev.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#ifdef HAVE_SYSTEMD
#include <systemd/sd-daemon.h>
#else
#define sd_notify(unset, state) ((void)(state))
#define sd_notifyf(unset, ...) ((void)0)
#define sd_watchdog_enabled(unset, usec) ((void)(usec), 0)
#define sd_listen_fds(unset) 0
#define SD_LISTEN_FDS_START 3
#endif

static struct {
	ev_timer timer;
	int (*alive)(void *user);
	void *user;
} watchdog;

void nt_notify_ready(const char *status)
{
	sd_notifyf(0, "READY=1\nSTATUS=%s", status);
}

void nt_notify_status(const char *status)
{
	sd_notifyf(0, "STATUS=%s", status);
}

void nt_notify_reloading(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lld", (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
	(void)now;
}

void nt_notify_stopping(const char *status)
{
	sd_notifyf(0, "STOPPING=1\nSTATUS=%s", status);
}

static void pet(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)loop;
	(void)timer;
	(void)events;
	if (watchdog.alive(watchdog.user))
		sd_notify(0, "WATCHDOG=1");
}

void nt_notify_watchdog_start(struct ev_loop *loop, int (*alive)(void *user), void *user)
{
	uint64_t period = 0;

	if (sd_watchdog_enabled(0, &period) <= 0 || period == 0)
		return;
	watchdog.alive = alive;
	watchdog.user = user;
	ev_timer_init(&watchdog.timer, pet, 0., (double)period / 2e6);
	ev_timer_start(loop, &watchdog.timer);
}

void nt_notify_watchdog_stop(struct ev_loop *loop)
{
	ev_timer_stop(loop, &watchdog.timer);
}

int nt_notify_listen_fd(void)
{
	return sd_listen_fds(1) > 0 ? SD_LISTEN_FDS_START : -1;
}
