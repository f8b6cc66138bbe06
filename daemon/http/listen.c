#include "http/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 511

/* "[::1]:80" -> "::1", "80"; host NULL: every address. */
static bool split_address(const char *address, char **host, char **port)
{
	const char *colon = strrchr(address, ':');
	size_t length;

	if (colon == NULL || colon[1] == '\0' || strspn(colon + 1, "0123456789") != strlen(colon + 1) ||
	    strlen(colon + 1) > 5 || g_ascii_strtoull(colon + 1, NULL, 10) > G_MAXUINT16)
		return false;
	length = (size_t)(colon - address);
	if (address[0] == '[') {
		if (length < 3 || address[length - 1] != ']')
			return false;
		*host = g_strndup(address + 1, length - 2);
	} else if (memchr(address, ':', length) != NULL) {
		return false;
	} else {
		*host = length > 0 ? g_strndup(address, length) : NULL;
	}
	*port = g_strdup(colon + 1);
	return true;
}

static int open_socket(const struct addrinfo *info)
{
	int fd = socket(info->ai_family, info->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, info->ai_protocol), one = 1,
	    code;

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (bind(fd, info->ai_addr, info->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	code = errno;
	close(fd);
	errno = code;
	return -1;
}

int nt_listen_tcp(const char *address, char **why)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV }, *found = NULL;
	char *host = NULL, *port = NULL;
	int fd = -1, code;

	if (!split_address(address, &host, &port)) {
		*why = g_strdup_printf("'%s' is no address to listen on; write 127.0.0.1:8480 or [::1]:8480", address);
		return -1;
	}
	code = getaddrinfo(host, port, &hints, &found);
	if (code != 0) {
		*why = g_strdup_printf("can't listen on %s: %s", address, gai_strerror(code));
	} else {
		for (const struct addrinfo *info = found; info != NULL && fd < 0; info = info->ai_next)
			fd = open_socket(info);
		if (fd < 0)
			*why = g_strdup_printf("can't listen on %s: %s", address, g_strerror(errno));
		freeaddrinfo(found);
	}
	g_free(host);
	g_free(port);
	return fd;
}

int nt_listen_inherited(int fd, char **why)
{
	int flags = fcntl(fd, F_GETFL), listening = 0;
	socklen_t size = sizeof listening;

	if (flags >= 0 && getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) == 0 && listening &&
	    fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0 && fcntl(fd, F_SETFD, FD_CLOEXEC) == 0)
		return fd;
	*why = g_strdup_printf("the descriptor %d that was handed in is no listening socket", fd);
	return -1;
}

/* Whether somebody listens there. */
static bool answers(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	bool there =
		fd >= 0 && (connect(fd, (const struct sockaddr *)address, sizeof *address) == 0 || errno == EAGAIN);

	if (fd >= 0)
		close(fd);
	return there;
}

int nt_listen_unix(const char *path, char **why)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct stat status;
	int fd;

	if (strlen(path) >= sizeof address.sun_path) {
		*why = g_strdup_printf("'%s' is too long for a socket's path", path);
		return -1;
	}
	g_strlcpy(address.sun_path, path, sizeof address.sun_path);
	if (answers(&address)) {
		*why = g_strdup_printf("another nurtured listens on %s", path);
		return -1;
	}
	if (lstat(path, &status) == 0 && S_ISSOCK(status.st_mode))
		unlink(path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	/* the mode before it listens: nobody gets in meanwhile */
	if (fd >= 0 && bind(fd, (const struct sockaddr *)&address, sizeof address) == 0 && chmod(path, 0660) == 0 &&
	    listen(fd, BACKLOG) == 0)
		return fd;
	*why = g_strdup_printf("can't listen on %s: %s", path, g_strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

unsigned nt_listen_port(int fd)
{
	struct sockaddr_storage address;
	socklen_t size = sizeof address;

	if (getsockname(fd, (struct sockaddr *)&address, &size) != 0)
		return 0;
	if (address.ss_family == AF_INET)
		return ntohs(((const struct sockaddr_in *)&address)->sin_port);
	if (address.ss_family == AF_INET6)
		return ntohs(((const struct sockaddr_in6 *)&address)->sin6_port);
	return 0;
}
