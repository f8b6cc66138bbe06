/* Sockets to listen on: non-blocking, close-on-exec. -1 and *why (g_free) if it can't be had. */
#ifndef NT_HTTP_LISTEN_H
#define NT_HTTP_LISTEN_H

/* "127.0.0.1:8480", "[::]:8480", "localhost:0". */
int nt_listen_tcp(const char *address, char **why);
/* One handed in by systemd. */
int nt_listen_inherited(int fd, char **why);
/* A Unix socket with mode 0660. One left behind by a process that is gone is replaced; one that answers isn't. */
int nt_listen_unix(const char *path, char **why);
unsigned nt_listen_port(int fd); /* 0: none */

#endif
