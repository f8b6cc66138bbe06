/* libmicrohttpd inside the loop: its epoll descriptor is a watcher, it runs only on the loop thread, and whoever is
 * slow is cut off. One server for TCP, one for the control socket. Loop thread only. */
#ifndef NT_HTTP_SERVER_H
#define NT_HTTP_SERVER_H

#include <stdbool.h>

struct nt_api;
struct nt_exchange;
struct nt_server;

/* fd listens, and is the server's from here. NULL and *why (g_free). */
struct nt_server *nt_server_new(struct nt_api *api, int fd, bool control, char **why);
struct nt_api *nt_server_api(const struct nt_server *server);
bool nt_server_is_control(const struct nt_server *server);
int nt_server_fd(const struct nt_server *server); /* -1: no longer listens */
unsigned nt_server_connections(const struct nt_server *server);
/* Stops listening; connections between two requests are closed. */
void nt_server_quiesce(struct nt_server *server);
/* Cuts what is left. No exchange may be with another thread. */
void nt_server_free(struct nt_server *server);

/* The exchange waits for another thread: no reading, no deadline. */
void nt_server_suspend(struct nt_exchange *x);
/* It has its answer now. */
void nt_server_resume(struct nt_exchange *x);

#endif
