/* What systemd is told (sd_notify(3)); nothing happens when it didn't start us. Loop thread. */
#ifndef NT_OS_NOTIFY_H
#define NT_OS_NOTIFY_H

struct ev_loop;

void nt_notify_ready(const char *status);
void nt_notify_status(const char *status);
void nt_notify_reloading(void); /* with the monotonic stamp */
void nt_notify_stopping(const char *status);
/* Pets the watchdog at half its period as long as the loop turns and `alive` says so. Owned by the loop until stop. */
void nt_notify_watchdog_start(struct ev_loop *loop, int (*alive)(void *user), void *user);
void nt_notify_watchdog_stop(struct ev_loop *loop);
/* The socket handed over by systemd (the first), or -1. */
int nt_notify_listen_fd(void);

#endif
